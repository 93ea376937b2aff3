"""Checks: each declared once and done by one function, and nothing is said that no declaration holds."""

import ast
import importlib
import inspect
import string
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from schemas.checks.claims import CLAIMS, VERIFICATION, not_reached
from schemas.checks.sound import FRAMES
from schemas.checks.structure import CONTAINER
from schemas.checks.table import CHECKS, FINDINGS
from schemas.errors import ManifestInvalid, SignatureInvalid
from schemas.integrity import Check, DeclaredFinding, Examiner, Outcome, Severity
from schemas.manifest import RULES
from schemas.media import Medium, medium_of
from schemas.refusals import REFUSALS
from schemas.verdict import BINDING_CHECKS
from tests.media import gpx, jpeg, mp4
from workers.media.probe import probe
from workers.media.result import Limits

ROOT = Path(__file__).resolve().parents[2]
DATUMS = {"location-datum-gcj02", "location-datum-bd09"}


def examiners() -> list[Examiner[..., object]]:
    """Every pair of check and function that the product holds, found where its function was written."""
    found = []
    for path in sorted(
        path for folder in ("schemas", "storage", "workers") for path in (ROOT / folder).rglob("*.py")
    ):
        if "@examines(" in path.read_text(encoding="utf-8"):
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            here = vars(importlib.import_module(name)).values()
            found += [one for one in here if isinstance(one, Examiner) and one.function.__module__ == name]
    return found


EXAMINERS = examiners()


def calls(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            yield called, node


def literals(value: ast.expr) -> Iterator[str]:
    if isinstance(value, ast.IfExp):
        yield from literals(value.body)
        yield from literals(value.orelse)
    elif isinstance(value, ast.Constant) and isinstance(value.value, str):
        yield value.value


def said(tree: ast.AST, maker: str) -> Iterator[tuple[str, set[str] | None]]:
    """Every literal code that a call of `maker` names, with the parameters it gives, if known."""
    for called, node in calls(tree):
        if called == maker and node.args:
            given = {word.arg for word in node.keywords if word.arg}
            known = None if any(word.arg is None for word in node.keywords) else given
            yield from ((code, known) for code in literals(node.args[0]))


def blanks(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}


def modules() -> Iterator[tuple[str, ast.Module]]:
    for package in ("schemas", "storage", "workers", "api", "mobile_contract"):
        for path in sorted((ROOT / package).rglob("*.py")):
            yield str(path.relative_to(ROOT)), ast.parse(path.read_text(encoding="utf-8"))


def wrong(made: Iterator[tuple[str, set[str] | None]], check: Check) -> list[tuple[str, set[str]]]:
    """Codes that the check does not declare, or whose sentence would show an unfilled blank."""
    declared = {row.code: row for row in check.findings}
    faults = []
    for code, given in made:
        if code not in declared:
            faults.append((code, {"undeclared"}))
        elif given is not None and not blanks(declared[code].en) <= given:
            faults.append((code, blanks(declared[code].en) - given))
    return faults


def test_every_check_is_done_by_one_function() -> None:
    """Declarations and functions pair one to one: none is missing, none stands twice, none is unknown."""
    done = Counter(one.check.name for one in EXAMINERS)

    assert done == dict.fromkeys(CHECKS, 1)
    assert all(CHECKS[one.check.name] is one.check for one in EXAMINERS)


def test_no_two_checks_share_a_name_or_a_code() -> None:
    """Every name is one declaration's, and every code belongs to exactly one check."""
    declared = {id(one.check): one.check for one in EXAMINERS}.values()
    codes = Counter(row.code for check in declared for row in check.findings)

    assert max(Counter(check.name for check in declared).values()) == 1
    assert max(codes.values()) == 1
    assert set(codes) == set(FINDINGS)


def test_the_search_finds_what_is_said() -> None:
    """The search sees codes alone, in a choice and with parameters, so that the next tests can fail."""
    tree = ast.parse("check.found('a', n=1); check.found('b' if x else 'c', **more); note('d')")

    assert list(said(tree, "found")) == [("a", {"n"}), ("b", None), ("c", None)]
    assert wrong(said(tree, "note"), CONTAINER) == [("d", {"undeclared"})]


@pytest.mark.parametrize("one", EXAMINERS, ids=lambda one: one.check.name)
def test_a_function_says_only_what_its_check_declares(one: Examiner[..., object]) -> None:
    """A function takes its declaration, makes every code from it, and fills every blank of the sentence."""
    tree = ast.parse(inspect.getsource(one.function))

    assert next(iter(inspect.signature(one.function).parameters)) == "check"
    assert wrong(said(tree, "found"), one.check) == []


def test_a_reader_notes_only_what_the_container_check_declares() -> None:
    """What the readers of all media note is declared, and every blank of its sentence is filled."""
    made = {(where, code) for where, tree in modules() for code, _ in said(tree, "note")}
    faults = [fault for _, tree in modules() for fault in wrong(said(tree, "note"), CONTAINER)]

    assert len(made) > 10
    assert faults == []


def test_the_walk_over_a_sound_file_says_only_what_its_check_declares() -> None:
    """What is met between frames, pages and chunks is declared, and every blank of its sentence is filled."""
    tree = dict(modules())["workers/media/streams/soundfile.py"]

    assert len(list(said(tree, "_about"))) > 5
    assert wrong(said(tree, "_about"), FRAMES) == []


def makers(tree: ast.AST) -> Iterator[int]:
    """Lines on which a result is made: by its class, or by a method of it that reads one back."""
    for _, node in calls(tree):
        maker = node.func.value if isinstance(node.func, ast.Attribute) else node.func
        if isinstance(maker, ast.Name) and maker.id == "CheckResult":
            yield node.lineno


def test_no_result_is_made_but_by_its_declaration() -> None:
    """Only a declaration makes a result; what was kept or packed before is read back in three places."""
    declared, packed = "schemas/integrity.py", "mobile_contract/client/verify_recording.py"
    kept = {"storage/reads/recording.py", "storage/recording/manifest.py"}

    assert len(list(makers(ast.parse("CheckResult(name='x'); CheckResult.of_row(row)")))) == 2
    assert {where for where, tree in modules() if any(makers(tree))} == {declared, packed, *kept}


def test_no_declared_finding_is_left_over() -> None:
    """Every code is named by the code that finds it, or follows from a refusal, a datum, giving up."""
    outside = [tree for where, tree in modules() if not where.startswith("schemas/checks/")]
    named = {
        node.value
        for tree in outside
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    given_up = {not_reached(check, "x").code for check in CLAIMS if check.is_binding}

    assert set(FINDINGS) - named - {*DATUMS, *given_up, *(rule.slug for rule in REFUSALS.values())} == set()


def test_every_way_to_refuse_a_manifest_is_a_finding() -> None:
    """A rule that a kept manifest broke has its sentence when the recordings it names are verified."""
    refused = {
        rule.slug for rule in REFUSALS.values() if issubclass(rule.kind, ManifestInvalid | SignatureInvalid)
    }
    codes = {row.code for check in CLAIMS for row in check.findings}

    assert len(refused) > 10
    assert refused | {rule.slug for rule in RULES} <= codes


def test_binding_follows_from_the_declarations() -> None:
    """Exactly the four claims about the bytes bind; a mismatch of each is a failure, giving up another matter."""
    assert set(BINDING_CHECKS) == {"digest", "size", "manifest_signature", "device_key"}
    for check in CLAIMS:
        for row in check.findings:
            assert row.outcome is not Outcome.MISMATCH or row.severity is Severity.FAIL
    assert VERIFICATION.name not in BINDING_CHECKS


@pytest.mark.parametrize("check", CHECKS.values(), ids=lambda check: check.name)
def test_every_check_speaks_both_languages(check: Check) -> None:
    """A check has a name, what it proves and what it does not prove, in Chinese and in English."""
    for words in (check.title, check.proves, check.leaves):
        assert is_chinese(words.zh)
        assert not is_chinese(words.en)


@pytest.mark.parametrize("row", FINDINGS.values(), ids=lambda row: row.code)
def test_every_finding_speaks_both_languages(row: DeclaredFinding) -> None:
    """Sentence and next step stand in Chinese and English alike and name the same parameters."""
    assert bool(row.next_zh) == bool(row.next_en)
    assert is_chinese(row.zh)
    assert not is_chinese(row.en)
    assert blanks(row.zh) == blanks(row.en)


@pytest.mark.parametrize("row", FINDINGS.values(), ids=lambda row: row.code)
def test_a_finding_weighs_something(row: DeclaredFinding) -> None:
    """What is worth a sentence is worth at least a remark."""
    assert row.severity is not Severity.NONE


def test_a_result_carries_its_check_and_version() -> None:
    """Name, version, outcome and weight of a result are the declaration's."""
    later = CONTAINER.model_copy(update={"version": 7})
    made = later.found("zero-bytes")

    assert (made.name, made.version, made.outcome) == ("container", 7, Outcome.MISMATCH)
    assert made.word == "mismatch/zero-bytes/7"
    assert later.held().version == 7
    with pytest.raises(KeyError, match="declares no finding"):
        later.found("digest-mismatch")


@pytest.mark.parametrize(("name", "medium"), [("a.jpg", Medium.PHOTO), ("a.mp4", Medium.VIDEO)])
def test_a_medium_meets_only_checks_that_apply_to_it(tmp_path: Path, name: str, medium: Medium) -> None:
    """Whatever a look at a file reports is declared for its kind of media."""
    path = tmp_path / name
    if medium is Medium.PHOTO:
        path.write_bytes(jpeg(320, 240))
    else:
        mp4(path)
    assert applied(path) == medium


def test_a_track_and_a_stranger_meet_only_checks_that_apply(tmp_path: Path) -> None:
    """A track meets the checks of tracks; bytes of no known kind meet those of every file."""
    drive, strange = tmp_path / "a.gpx", tmp_path / "a.bin"
    drive.write_bytes(gpx(20))
    strange.write_bytes(b"\x00\x01\x02\x03")

    assert applied(drive) is Medium.TRACK
    assert applied(strange) is Medium.OTHER


def applied(path: Path) -> Medium:
    """Look at a file; every check that reports must be declared for its medium, which is returned."""
    found = probe(path, filename=path.name, limits=Limits())
    medium = medium_of(found.media_type)
    assert [one.name for one in found.checks if medium not in CHECKS[one.name].media] == []
    assert len({one.name for one in found.checks}) == len(found.checks)
    return medium


def is_chinese(text: str) -> bool:
    return any("\u4e00" <= letter <= "\u9fff" for letter in text)
