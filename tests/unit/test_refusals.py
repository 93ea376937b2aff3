"""A refusal is declared once, in words, and nothing is refused that was not declared."""

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

import schemas.errors
from schemas import refusals
from schemas.errors import EvidenceError, IntegrityBroken, Invalid, Level, Refusal, Refused, Unavailable
from schemas.refusals import ANSWERED, COMMAND_FAMILIES, REFUSALS, SERVER_FAMILIES

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = ("schemas", "storage", "workers", "api", "mobile_contract")
CLASSES = {
    name
    for name, value in vars(schemas.errors).items()
    if isinstance(value, type) and issubclass(value, EvidenceError)
}
BY_NAME = {
    name: value
    for family in (*SERVER_FAMILIES, *COMMAND_FAMILIES)
    for name, value in vars(family).items()
    if isinstance(value, Refusal)
}
OF_AN_ANSWER = "Answered"
"""The one error that is not made by its refusal: it reads one out of a server's answer, by look-up."""


def product() -> dict[str, ast.Module]:
    paths = [path for folder in PRODUCT for path in sorted((ROOT / folder).rglob("*.py"))]
    paths += sorted(ROOT.glob("quancheng*.py"))
    return {str(path.relative_to(ROOT)): ast.parse(path.read_text(encoding="utf-8")) for path in paths}


TREES = product()


def is_declaration(where: str) -> bool:
    return where.startswith("schemas/refusals")


def raised(tree: ast.Module) -> Iterator[ast.expr]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Raise) and node.exc is not None:
            yield node.exc


def called(node: ast.expr) -> str:
    return node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else ""


def made_without_refusal(tree: ast.Module) -> list[int]:
    """Lines where a class of the tree is called, or raised bare: both go past the declarations."""
    lines = [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CLASSES
    ]
    return lines + [exc.lineno for exc in raised(tree) if isinstance(exc, ast.Name) and exc.id in CLASSES]


def slug_texts(tree: ast.Module) -> list[str]:
    """Every place that names a refusal by text: an argument or variable called `slug`, or the slug itself."""
    found = [
        f"{node.value.lineno}: slug="
        for node in ast.walk(tree)
        if isinstance(node, ast.keyword) and node.arg == "slug" and isinstance(node.value, ast.Constant)
    ]
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
            names = [target.id for target in node.targets if isinstance(target, ast.Name)]
            found += [f"{node.lineno}: {name} =" for name in names if name == "slug"]
        if isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
            texts = [one.value for one in sides if isinstance(one, ast.Constant)]
            found += [f"{node.lineno}: {text}" for text in texts if text in REFUSALS and is_slug(sides)]
    found += [
        f"{node.lineno}: look-up"
        for node in ast.walk(tree)
        if isinstance(node, ast.Subscript)
        and isinstance(node.value, ast.Name)
        and node.value.id in {"REFUSALS", "ANSWERED"}
        and isinstance(node.slice, ast.Constant)
    ]
    return found


def is_slug(sides: list[ast.expr]) -> bool:
    return any(isinstance(one, ast.Attribute) and one.attr in {"slug", "problem", "said"} for one in sides)


def test_the_search_finds_what_it_forbids() -> None:
    """An error made by its class, a bare class, and slugs as text are all seen, so that the next tests can fail."""
    source = (
        "def f(err):\n"
        "    raise NotFound('x')\n"
        "    raise Busy\n"
        "    slug = 'case-unknown'\n"
        "    g(slug='case-unknown')\n"
        "    return err.slug == 'case-unknown', REFUSALS['case-unknown']\n"
    )
    tree = ast.parse(source)

    assert made_without_refusal(tree) == [2, 3]
    assert len(slug_texts(tree)) == 4


@pytest.mark.parametrize("where", sorted(TREES))
def test_every_error_comes_from_its_declaration(where: str) -> None:
    """No error of the tree is made by its class: whoever raises needs the declared refusal."""
    assert made_without_refusal(TREES[where]) == []


def test_every_raise_is_known() -> None:
    """Whatever product code raises is a declared refusal, an error that was caught or made before, or none of ours."""
    names = {name for tree in TREES.values() for exc in raised(tree) if (name := called(exc)).isupper()}

    assert names - set(BY_NAME) == set()


@pytest.mark.parametrize("where", sorted(where for where in TREES if not is_declaration(where)))
def test_no_slug_is_text(where: str) -> None:
    """Nobody outside the declarations spells a slug where an error is made, compared or answered."""
    assert slug_texts(TREES[where]) == []


def test_no_subclass_hides_elsewhere() -> None:
    """Every class of the tree stands in one file; beside it there is only the answer of a server."""
    elsewhere = [
        node.name
        for where, tree in TREES.items()
        if where != "schemas/errors.py"
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
        and any(isinstance(base, ast.Name) and base.id in CLASSES for base in node.bases)
    ]

    assert elsewhere == [OF_AN_ANSWER]


def test_every_refusal_is_used() -> None:
    """No declaration is dead: product code names each of them outside the file that declares it."""
    used = {
        node.id
        for where, tree in TREES.items()
        if not is_declaration(where)
        for node in ast.walk(tree)
        if isinstance(node, ast.Name)
    } | {
        alias.name
        for where, tree in TREES.items()
        if not is_declaration(where)
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if alias.asname
    }

    assert sorted(set(BY_NAME) - used) == []


def test_every_family_is_listed() -> None:
    """No file of declarations is left out of the list that the contract and every look-up read."""
    files = {path.stem for path in (ROOT / "schemas").glob("refusals_*.py")}

    assert {family.__name__.rpartition(".")[2] for family in (*SERVER_FAMILIES, *COMMAND_FAMILIES)} == files


def test_no_slug_means_two_things() -> None:
    """Every declaration has a slug and a name of its own, and the name is the slug."""
    every = [
        (name, value)
        for family in (*SERVER_FAMILIES, *COMMAND_FAMILIES)
        for name, value in vars(family).items()
        if isinstance(value, Refusal)
    ]

    assert [slug for slug, count in Counter(value.slug for _, value in every).items() if count > 1] == []
    assert len(every) == len(BY_NAME) == len(REFUSALS)
    assert [name for name, value in every if name != value.slug.upper().replace("-", "_")] == []


def test_what_commands_say_is_not_published() -> None:
    """The contract lists what the server answers, and nothing that only a command says."""
    families = (refusals.refusals_command, refusals.refusals_follow)
    said = {value.slug for one in families for value in vars(one).values() if isinstance(value, Refusal)}

    assert set(REFUSALS) - set(ANSWERED) == said


@pytest.mark.parametrize("slug", sorted(REFUSALS))
def test_every_refusal_speaks_both_languages(slug: str) -> None:
    """Each says what is wrong and what to do next, in Chinese and in English, as parts of a sentence to be joined."""
    one = REFUSALS[slug]

    for text in (one.zh, one.next_zh):
        assert any("\u4e00" <= letter <= "\u9fff" for letter in text)
    for text in (one.en, one.next_en):
        assert text
        assert not any("\u4e00" <= letter <= "\u9fff" for letter in text)
    for text in (one.zh, one.next_zh, one.en, one.next_en):
        assert text == text.strip()
        assert text[-1] not in "。.；;，,：: "


@pytest.mark.parametrize("slug", sorted(REFUSALS))
def test_the_level_follows_who_must_act(slug: str) -> None:
    """Altered evidence is critical and nothing else is; what the sender mends is never a fault of ours."""
    one = REFUSALS[slug]

    assert (one.level is Level.CRITICAL) is issubclass(one.kind, IntegrityBroken)
    if issubclass(one.kind, Refused):
        assert one.level <= Level.INFO


def test_bad_evidence_and_an_altered_store_share_only_the_root() -> None:
    """No `except` for what was submitted, or for what may be retried, can catch what was altered."""
    for kind in (Invalid, Unavailable):
        assert not issubclass(IntegrityBroken, kind)
        assert not issubclass(kind, IntegrityBroken)
    assert IntegrityBroken.__bases__ == (EvidenceError,)


def test_a_refusal_gives_its_error() -> None:
    """The error is of the declared class and carries declaration, detail and facts."""
    declared = REFUSALS["case-unknown"]
    made = declared("no such case", id="x")

    assert type(made) is declared.kind
    assert (made.refusal, made.slug, made.detail, made.facts) == (
        declared,
        "case-unknown",
        "no such case",
        {"id": "x"},
    )
