"""What may stand in a leaf is fixed by types: a test that walks every class, so that no new one forgets it."""

import re
from collections.abc import Iterator, Mapping
from enum import Enum
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import pytest
from pydantic import TypeAdapter, ValidationError

from schemas import members, reference
from schemas.act import ANY_CHAIN, Act, Element, Part
from schemas.leaf import leaf_bytes
from schemas.leaves import CHAIN_NOUNS, EVENTS, LEAVES, RESERVED, RESERVED_NOUNS
from schemas.opening import Salted
from storage.tables.base import metadata
from tests.leaf_examples import examples

CLEAR = [
    kind for module in (members, reference) for kind in vars(module).values() if get_origin(kind) is Annotated
]
KINDS = sorted(LEAVES.values(), key=lambda kind: kind.spec.event)
NAMED = pytest.mark.parametrize("kind", KINDS, ids=[kind.spec.event for kind in KINDS])
GUESSABLE = re.compile(r"plate|phone|login|password|email|address|hash$|row_sha256|code_sha256")


def _hints(kind: type[Any]) -> dict[str, Any]:
    hints = get_type_hints(kind, include_extras=True)
    return {name: hint for name, hint in hints.items() if name in kind.model_fields}


def _refused(hint: Any, label: str) -> Iterator[str]:
    """Name every part of a type that could hold words, a float or a null."""
    if hint in CLEAR:
        return
    origin, args = get_origin(hint), get_args(hint)
    if origin is Annotated and isinstance(args[1], Salted):
        return
    if origin in (Union, UnionType):
        for one in args:
            yield from () if one is NoneType else _refused(one, label)
    elif origin is Literal:
        yield from (label for word in args if not isinstance(word, str) or not _is_slug(word))
    elif origin is tuple and args[1:] == (...,):
        yield from _refused(args[0], label)
    elif isinstance(origin, type) and issubclass(origin, Mapping):
        yield from (*_refused(args[0], label), *_refused(args[1], label))
    elif isinstance(hint, type) and issubclass(hint, Enum):
        yield from (label for word in hint if not _is_slug(word.value))
    elif isinstance(hint, type) and issubclass(hint, (Element, Part)):
        for name, inner in _hints(hint).items():
            yield from _refused(inner, f"{label}.{name}")
    else:
        yield label


def _is_slug(word: object) -> bool:
    return isinstance(word, str) and re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]{0,39}", word) is not None


@NAMED
def test_nothing_a_person_wrote_can_be_a_clear_member(kind: type[Act]) -> None:
    """Every clear member is of a type that holds ids, slugs, states, counts, times, keys or digests only."""
    refused = [found for name, hint in _hints(kind).items() for found in _refused(hint, name)]
    assert refused == []
    assert [name for name in kind.model_fields if name not in kind.salted and GUESSABLE.search(name)] == []


@pytest.mark.parametrize(
    "words", ["苏J12345", "Zhang San", "zhang@example.cn", "33.3380,120.1540", "a b", "", "A\n"]
)
def test_no_clear_type_takes_words(words: str) -> None:
    """A plate, a name, an address, a coordinate or a line of text fits no type of a clear member."""
    for kind in CLEAR:
        with pytest.raises(ValidationError):
            TypeAdapter(kind).validate_python(words)


@NAMED
def test_absent_is_the_only_way_to_say_nothing(kind: type[Act]) -> None:
    """A member is required, or absent by default; no other default could be left out of the bytes."""
    defaults = {name: one.default for name, one in kind.model_fields.items() if not one.is_required()}
    assert set(defaults.values()) <= {None}


@NAMED
def test_salted_and_clear_members_never_share_a_name(kind: type[Act]) -> None:
    """A member of an element has a name that no other list and no member of the class has."""
    names = [*kind.model_fields, *(name for one in kind.elements.values() for name in one.salted)]
    aliases = {one.alias or name for name, one in kind.model_fields.items()}
    assert len(names) == len(set(names))
    assert all(re.fullmatch(r"[a-z][a-z0-9_]{0,31}", name) for name in {*names, *aliases} if name[-1] != "_")


@NAMED
def test_what_is_known_of_an_event(kind: type[Act]) -> None:
    """Its chains exist and are sorted, its writer, roles, things and words are said."""
    spec = kind.spec
    assert re.fullmatch(r"[a-z]{1,16}:[a-z]{1,16}", spec.event)
    assert list(spec.chains) == sorted(spec.chains)
    assert set(spec.chains) <= {*CHAIN_NOUNS, ANY_CHAIN}
    assert set(spec.neutral) <= {*spec.chains, *spec.among}
    assert set(spec.among) <= set(CHAIN_NOUNS)
    assert not spec.among or spec.chains == (ANY_CHAIN,)
    assert set(spec.actors) <= {"account", "device", "party", "service"}
    assert bool(spec.roles or spec.by_itself) is ("account" in spec.actors)
    assert all(word.strip() for word in (spec.words.zh, spec.words.en, spec.follows))
    assert kind.__doc__
    assert not spec.opens or spec.noun in spec.chains


def test_every_chain_begins_somewhere() -> None:
    """One event opens each chain; those of records and sources begin with whatever comes first."""
    opened = sorted(kind.spec.noun for kind in KINDS if kind.spec.opens)
    assert opened == sorted(set(CHAIN_NOUNS) - {"monitoring", "source"})


def test_neutral_is_said_of_a_name_for_ever() -> None:
    """Heads bind no version: whatever its version, an event leaves the same states alone."""
    said = {
        event: {kind.spec.neutral for pair, kind in LEAVES.items() if pair[0] == event} for event in EVENTS
    }
    assert {event: len(neutral) for event, neutral in said.items() if len(neutral) != 1} == {}


def test_reserved_names_are_used_by_nobody() -> None:
    """What is still to come keeps its name, its subject and its chain."""
    assert RESERVED.keys() & set(EVENTS) == set()
    assert {event.partition(":")[0] for event in EVENTS} & RESERVED_NOUNS == set()
    for one in RESERVED.values():
        assert re.fullmatch(r"[a-z]{1,16}:[a-z]{1,16}", one.event)
        assert set(one.chains) <= {*CHAIN_NOUNS, "*", "instrument", "package"}


@NAMED
def test_columns_exist(kind: type[Act]) -> None:
    """What the map of columns names is a member of the leaf, and a column of the database."""
    aliases = {one.alias or name for name, one in kind.model_fields.items()}
    inner = {name for one in kind.elements.values() for name in one.salted}
    known = {*aliases, *inner, "at", "actor", "subject", "n"}
    assert set(kind.spec.columns) - known <= {"to"}
    for columns in kind.spec.columns.values():
        for column in columns.split():
            table, _, name = column.partition(".")
            assert name in metadata.tables[table].c, column


def test_marked_texts_reach_no_leaf() -> None:
    """Every salted text of every class is in its opening and nowhere in the leaf."""
    for name, leaf in examples():
        payload = leaf_bytes(leaf)
        for member, opening in leaf.act.openings().items():
            value = leaf.act.committed()[member].value  # type: ignore[union-attr]
            assert str(value) in opening.decode() or not isinstance(value, str), name
            assert not isinstance(value, str) or value.encode() not in payload, (name, member)
