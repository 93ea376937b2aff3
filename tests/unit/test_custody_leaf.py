"""Leaf bytes are canonical, say exactly their entry, and name only known events."""

import re
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.custody import (
    MAX_LEAF_BYTES,
    CustodyEntry,
    Event,
    commitment,
    leaf_bytes,
    parse_event,
    parse_leaf,
    subject,
)
from schemas.errors import Invalid

ENTRY_ID = UUID("0192f000-0000-7000-8000-000000000001")
FACTS = st.dictionaries(
    st.text("abcdefgh_", min_size=1),
    st.integers(-(2**53) + 1, 2**53 - 1) | st.text(st.characters(codec="utf-8")) | st.booleans(),
    max_size=6,
)


def _entry(**facts: object) -> CustodyEntry:
    return CustodyEntry(
        entry_id=ENTRY_ID,
        event=Event.RECORDING_SEAL,
        actor="system",
        subject=subject("recording", ENTRY_ID),
        at=datetime(2026, 11, 25, 8, 0, 0, 123_000, tzinfo=UTC),
        facts=facts,
    )


def test_leaf_bytes_never_change() -> None:
    """The leaf of a given entry is these bytes, in every version of the program."""
    assert (
        leaf_bytes(_entry(sha256="ab" * 32, size_bytes=7))
        == (
            '{"actor":"system","at":"2026-11-25T08:00:00.123Z","event":"recording:seal",'
            '"facts":{"sha256":"' + "ab" * 32 + '","size_bytes":7},'
            '"id":"0192f000-0000-7000-8000-000000000001",'
            '"subject":"recording/0192f000-0000-7000-8000-000000000001","v":1}'
        ).encode()
    )


@given(
    event=st.sampled_from(Event),
    facts=FACTS,
    actor=st.text(st.characters(codec="utf-8"), min_size=1),
    seconds=st.integers(0, 10**9),
)
def test_a_leaf_parses_back_to_its_entry(event: Event, facts: dict, actor: str, seconds: int) -> None:
    """Parsing leaf bytes gives the entry they were made of."""
    at = datetime(2020, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds, milliseconds=seconds % 1000)
    entry = CustodyEntry(entry_id=ENTRY_ID, event=event, actor=actor, subject="case/x", at=at, facts=facts)
    assert parse_leaf(leaf_bytes(entry)) == entry


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"v":1', b'"v":2'),
        (b',"v":1', b""),
        (b'"event":"recording:seal"', b'"event":[]'),
        (b'"v":1', b'"v":1,"w":1'),
        (b'"actor":"system",', b""),
        (b'"actor":"system"', b'"actor":7'),
        (b"recording:seal", b"recording:lose"),
        (b"08:00:00.123Z", b"08:00:00.1239Z"),
        (b"08:00:00.123Z", b"08:00:00.123+00:00"),
        (b"0192f000-", b"0192F000-"),
        (b'"facts":{}', b'"facts":[]'),
        (b'"v":1', b'"v": 1'),
        (b'"v":1', b'"v":true'),
    ],
)
def test_other_bytes_are_no_leaf(old: bytes, new: bytes) -> None:
    """Another version, a field more or less, another spelling of a value: refused."""
    leaf = leaf_bytes(_entry())
    assert old in leaf
    with pytest.raises(Invalid):
        parse_leaf(leaf.replace(old, new, 1))


def test_the_longest_leaf_fits_an_entry_bundle() -> None:
    """A leaf of 65,535 bytes is accepted, one byte more is refused (C2SP tlog-tiles)."""
    room = MAX_LEAF_BYTES - len(leaf_bytes(_entry(note="")))
    assert len(leaf_bytes(_entry(note="x" * room))) == MAX_LEAF_BYTES
    with pytest.raises(Invalid) as caught:
        leaf_bytes(_entry(note="x" * (room + 1)))
    assert caught.value.slug == "leaf-too-long"
    longest = leaf_bytes(_entry(note="x" * room))
    parse_leaf(longest)
    with pytest.raises(Invalid):
        parse_leaf(longest.replace(b"xx", b"xxx", 1))


@pytest.mark.parametrize("value", [1.5, None, 2**53])
def test_facts_outside_the_profile_are_refused(value: object) -> None:
    """A float, a null or a huge integer never reaches the log."""
    with pytest.raises(Invalid):
        leaf_bytes(_entry(fact=value))


def test_events_are_noun_and_verb() -> None:
    """Every event has exactly two parts and parses to itself; anything else is unknown."""
    for event in Event:
        assert re.fullmatch(r"[a-z_]+:[a-z_]+", event.value)
        assert parse_event(event.value) is event
    for text in ("", "recording", "recording:lose", "recording:seal:", "RECORDING_SEAL"):
        with pytest.raises(Invalid) as caught:
            parse_event(text)
        assert caught.value.slug == "event-unknown"


def test_commitments_depend_on_salt_and_text() -> None:
    """Without the salt a commitment tells nothing about its text; with it, it is reproducible."""
    made = {commitment(salt, text) for salt in (b"1" * 16, b"2" * 16) for text in ("a", "b")}
    assert len(made) == 4
    assert commitment(b"1" * 16, "a") in made
