"""A leaf is exactly its bytes: what parses gives them back, and nothing else parses."""

import json
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from shutil import which
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.chain import genesis, leaf_digest, step
from schemas.errors import Invalid
from schemas.leaf import MAX_LEAF_BYTES, Leaf, Place, Unknown, leaf_bytes, parse_leaf
from schemas.leaves import LEAVES
from schemas.leaves_case import CaseAmend, CaseOpen
from schemas.leaves_log import ChainMend
from schemas.leaves_review import ReviewReject
from schemas.opening import Erased, Hidden, Shown, commitment, opening_bytes, parse_opening
from tests.leaf_examples import drawn, example, examples, members_of, salt_of, sparse, thing

EVERY = [*examples(), *((f"{name}-sparse", leaf) for name, leaf in sparse())]
OPEN = example(CaseOpen, is_full=True)


@pytest.mark.parametrize(("name", "leaf"), EVERY, ids=[name for name, _ in EVERY])
def test_a_leaf_parses_back(name: str, leaf: Leaf) -> None:
    """Bytes → leaf → bytes is the identity; openings give back the very values that were committed."""
    payload = leaf_bytes(leaf)
    parsed = parse_leaf(payload)
    assert leaf_bytes(parsed) == payload
    assert parsed.act.revealed(leaf.act.openings()) == leaf.act
    assert not any(isinstance(value, Shown) for value in parsed.act.committed().values())


@pytest.mark.parametrize(("name", "leaf"), EVERY, ids=[name for name, _ in EVERY])
def test_sorted_json_of_any_library_is_the_leaf(name: str, leaf: Leaf) -> None:
    """Re-encoding with sorted keys gives the same bytes: no escape, no space, printable ASCII only."""
    payload = leaf_bytes(leaf)
    assert json.dumps(json.loads(payload), sort_keys=True, separators=(",", ":")).encode() == payload
    assert b"\\" not in payload
    assert all(0x20 <= byte <= 0x7E for byte in payload)


def _put(path: str, value: object) -> Callable[[dict[str, Any]], None]:
    def change(leaf: dict[str, Any]) -> None:
        *steps, last = (int(part) if part.isdigit() else part for part in path.split("."))
        inner: Any = leaf
        for part in steps:
            inner = inner[part]
        inner[last] = value

    return change


def _drop(*path: str) -> Callable[[dict[str, Any]], None]:
    def change(leaf: dict[str, Any]) -> None:
        inner = leaf
        for part in path[:-1]:
            inner = inner[part]
        del inner[path[-1]]

    return change


CHANGES = [
    _put("v", 2),
    _put("v", True),
    _put("v", "1"),
    _put("ev", True),
    _put("ev", 0),
    _put("ev", "1"),
    _put("event", "case:Open"),
    _put("event", "case"),
    _put("event", "file:open"),
    _put("w", 1),
    _drop("salt"),
    _drop("salted"),
    _drop("chains"),
    _put("id", drawn("x").upper()),
    _put("salt", "0" * 31),
    _put("actor", "system"),
    _put("actor", "service/api"),
    _put("actor", f"device/{drawn('x')}"),
    _put("actor", 7),
    _put("subject", f"recording/{drawn('x')}"),
    _put("subject", f"case/{drawn('another')}"),
    _put("at", "2026-11-28T05:12:33Z"),
    _put("at", "2026-11-28T05:12:33.4170Z"),
    _put("at", "2026-11-28T13:12:33.417+08:00"),
    _put("at", "2026-02-30T05:12:33.417Z"),
    _put("at", 1_772_415_000),
    _put("chains", []),
    _put("chains.0.n", 0),
    _put("chains.0.n", "1"),
    _put("chains.0.n", 2**53),
    _put("chains.0.prev", "ab"),
    _put("chains.0.of", f"recording/{drawn('x')}"),
    _put("chains.0.head", "ab"),
    _put("facts", []),
    _put("facts.to", "filed"),
    _put("facts.to", None),
    _put("facts.principal", None),
    _put("facts.agency", "agency/1"),
    _put("facts.colour", "blue"),
    _put("facts.party", "Zhang San"),
    _put("facts.party_code", "91320900MA1XXXXXXX"),
    _drop("facts", "to"),
    _put("salted.to", "0" * 64),
    _put("salted.colour", "0" * 64),
    _put("salted.party", "0" * 63),
    _put("salted.party", None),
    _drop("salted", "number"),
]


@pytest.mark.parametrize("change", CHANGES, ids=range(len(CHANGES)))
def test_other_values_are_no_leaf(change: Callable[[dict[str, Any]], None]) -> None:
    """Another version, a member more or less, another type, spelling or half of the leaf: refused."""
    value = json.loads(leaf_bytes(OPEN))
    change(value)
    payload = json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
    with pytest.raises(Invalid) as caught:
        parse_leaf(payload)
    assert caught.value.slug == "leaf-invalid"


@pytest.mark.parametrize(
    "rewrite",
    [
        lambda p: p + b"\n",
        lambda p: b" " + p,
        lambda p: p.replace(b'"v":1', b'"v": 1'),
        lambda p: p.replace(b'"v":1', b'"v":1.0'),
        lambda p: p.replace(b'"v":1', b'"v":1e0'),
        lambda p: p.replace(b'"ev":1', b'"ev":01'),
        lambda p: p.replace(b'"ev":1', b'"ev":1,"ev":1'),
        lambda p: p.replace(b"lead", b"l\\u0065ad"),
        lambda p: p.replace(b"lead", "lé".encode()),
        lambda p: p.replace(b"lead", b"le\x7fad"),
        lambda p: p.replace(b"lead", b"le\nad"),
        lambda p: p[:-1],
        lambda p: b"[" + p + b"]",
        lambda p: b"",
        lambda p: b"\xef\xbb\xbf" + p,
        lambda p: b"{" + b'"a":{' * 3000 + b"}" * 3001,
        lambda p: p.replace(b'"ev":1', b'"ev":' + b"1" * 5000),
        lambda p: p.replace(b'"ev":1', b'"ev":NaN'),
    ],
)
def test_other_bytes_are_no_leaf(rewrite: Callable[[bytes], bytes]) -> None:
    """Another spelling of the same, or no JSON at all: refused as such, whatever it is."""
    with pytest.raises(Invalid) as caught:
        parse_leaf(rewrite(leaf_bytes(OPEN)))
    assert caught.value.slug == "leaf-invalid"


@given(place=st.integers(0), change=st.binary(min_size=0, max_size=3))
@settings(max_examples=400)
def test_a_changed_byte_never_gives_the_same_leaf(place: int, change: bytes) -> None:
    """Bytes put over bytes either parse to exactly what they spell, or are refused."""
    payload = leaf_bytes(OPEN)
    at = place % len(payload)
    changed = payload[:at] + change + payload[at + 1 :]
    try:
        parsed = parse_leaf(changed)
    except Invalid:
        return
    assert leaf_bytes(parsed) == changed


def _places_of(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    if isinstance(value, (dict, list)):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _places_of(inner, (*path, key))


@pytest.mark.parametrize(("name", "leaf"), EVERY, ids=[name for name, _ in EVERY])
def test_no_value_is_read_as_another(name: str, leaf: Leaf) -> None:
    """Whatever stands in the place of a value – null, a float, a number for a text, a list for one – is refused,
    or is exactly what the leaf says.
    """
    payload = leaf_bytes(leaf)
    for path in _places_of(json.loads(payload)):
        for other in (None, True, 0, 1, 1.0, -1, 2**53, "", "1", "true", [], {}, ["1"], {"0": "1"}):
            value = {"top": json.loads(payload)}
            inner: Any = value
            for key in ("top", *path)[:-1]:
                inner = inner[key]
            inner[("top", *path)[-1]] = other
            changed = json.dumps(value["top"], sort_keys=True, separators=(",", ":")).encode()
            try:
                parsed = parse_leaf(changed)
            except Invalid:
                continue
            assert leaf_bytes(parsed) == changed, (name, path, other)


def test_the_length_has_a_limit() -> None:
    """A leaf ends at 16,384 bytes, written or read."""
    grounds = members_of(ReviewReject, is_full=True)["grounds"][:1] * 50
    full = ReviewReject(**{**members_of(ReviewReject, is_full=True), "grounds": grounds})
    longest = leaf_bytes(replace(example(ReviewReject, is_full=True), act=full))
    assert len(longest) < MAX_LEAF_BYTES
    many = Unknown(event="case:foretell", ev=1, members={}, committed={f"m{k}": "0" * 64 for k in range(220)})
    with pytest.raises(Invalid) as caught:
        leaf_bytes(replace(OPEN, act=many))
    assert caught.value.slug == "leaf-too-long"


@pytest.mark.parametrize("text", ["say ”hello“", 'a"b', "a\\b", "a\nb", "é"])
def test_a_text_outside_the_profile_is_never_written(text: str) -> None:
    """A quote, a backslash, a control character or a letter beyond ASCII reaches no leaf."""
    odd = replace(OPEN, act=Unknown(event="case:foretell", ev=1, members={"odd": text}, committed={}))
    with pytest.raises(Invalid):
        leaf_bytes(odd)


@pytest.mark.parametrize("pair", [("case:foretell", 1), ("case:open", 2), ("omen:see", 1)])
def test_an_unknown_pair_is_neither_skipped_nor_refused(pair: tuple[str, int]) -> None:
    """Its envelope is read and its bytes are kept; what its members mean nobody says."""
    value = json.loads(leaf_bytes(OPEN))
    value["event"], value["ev"] = pair
    value["subject"] = value["subject"].replace("case", pair[0].split(":")[0])
    payload = json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
    parsed = parse_leaf(payload)
    assert isinstance(parsed.act, Unknown)
    assert (parsed.event, parsed.ev) == pair
    assert leaf_bytes(parsed) == payload


@pytest.mark.parametrize("odd", [None, 2**53, -(2**53), [[None]], {"a": None}])
def test_an_unknown_pair_keeps_to_the_profile(odd: object) -> None:
    """No null and no integer of 2^53 or more, at any depth, whoever wrote it."""
    value = json.loads(leaf_bytes(OPEN))
    value["ev"] = 2
    value["facts"]["odd"] = odd
    with pytest.raises(Invalid):
        parse_leaf(json.dumps(value, sort_keys=True, separators=(",", ":")).encode())


def test_places_are_sorted_and_of_their_things() -> None:
    """A thing stands once, in the order of names, and no more than three of them."""
    places = [Place(n=1, of=thing(noun), prev=genesis(thing(noun))) for noun in ("case", "recording")]
    for chains in (places[::-1], places[:1] * 2, places * 2):
        with pytest.raises(ValueError):
            replace(OPEN, chains=tuple(chains))


def test_a_mended_chain_is_that_of_the_subject() -> None:
    """`chain:mend` takes its place in the chain of the thing it is about, of whatever noun, approved by two."""
    mend = example(ChainMend, is_full=True)
    other = Place(n=2, of=thing("case"), prev="0" * 64)
    with pytest.raises(ValueError):
        replace(mend, chains=(other,))
    members = members_of(ChainMend, is_full=True)
    for approvals in (members["approvals"][:1], members["approvals"][:1] * 2, members["approvals"][::-1]):
        with pytest.raises(ValueError):
            ChainMend(**{**members, "approvals": approvals})


def test_an_amendment_names_what_it_changes() -> None:
    """A value of a field that is not named is refused; party, matter and place cannot be taken away."""
    reason, party = Shown("misread", salt_of("r")), Shown("甲", salt_of("p"))
    assert CaseAmend(fields=["party"], party=party, reason=reason).plates is None
    assert CaseAmend(fields=["plates"], reason=reason).plates is None
    for fields, given_party in (
        (["place"], party),
        (["party"], None),
        ([], None),
        (["party", "party"], party),
    ):
        with pytest.raises(ValueError):
            CaseAmend(fields=fields, party=given_party, reason=reason)


def test_openings_are_their_bytes() -> None:
    """An opening parses to what it was made of; a number is not its text; other bytes are refused."""
    payload = opening_bytes("party", "ab" * 16, 12)
    assert parse_opening(payload) == ("party", "ab" * 16, 12)
    assert commitment("party", "ab" * 16, 12) != commitment("party", "ab" * 16, "12")
    for other in (b"", payload + b"\n", payload.replace(b"abab", b"ABAB"), b'{"member":"a","value":1}'):
        with pytest.raises(Invalid):
            parse_opening(other)
    with pytest.raises(Invalid):
        opening_bytes("party", "ab" * 15, "x")


def test_only_its_own_opening_reveals_a_member() -> None:
    """Another salt, another member's opening, a value of another type, a member nobody committed to: refused."""
    hidden = parse_leaf(leaf_bytes(OPEN)).act
    openings = OPEN.act.openings()
    for wrong in (
        {"party": openings["matter"]},
        {"party": opening_bytes("party", "ab" * 16, "x")},
        {"colour": openings["party"]},
    ):
        with pytest.raises(Invalid):
            hidden.revealed(wrong)
    number = opening_bytes("party", "ab" * 16, 12)
    forged = hidden.model_copy(update={"party": Hidden(commitment("party", "ab" * 16, 12))})
    with pytest.raises(Invalid):
        forged.revealed({"party": number})


def test_erased_members_keep_their_commitment() -> None:
    """What was erased reads as erased by that leaf, and the leaf's bytes stay what they were."""
    payload = leaf_bytes(OPEN)
    act = parse_leaf(payload).act.revealed({}, erased={"party": "cd" * 32})
    assert isinstance(act.party, Erased)
    assert leaf_bytes(replace(OPEN, act=act)) == payload


def test_a_head_binds_order_digest_event_and_thing() -> None:
    """Two chains differ in their first head; a head differs with every part of its step."""
    first = genesis(thing("case"))
    assert first != genesis(thing("recording"))
    heads = {step(first, "ab" * 32, "case:open"), step(first, "ab" * 32, "case:file")}
    heads |= {step(first, "cd" * 32, "case:open"), step("00" * 32, "ab" * 32, "case:open")}
    assert len(heads) == 4


@pytest.mark.skipif(not (which("jq") and which("sha256sum")), reason="needs jq and sha256sum")
def test_jq_and_sha256sum_agree(tmp_path: Any) -> None:
    """A judge's tools see the same: `jq -cS .` leaves the bytes alone, `sha256sum` prints the digest."""
    payload = b"".join(leaf_bytes(leaf) + b"\n" for _, leaf in EVERY)
    same = subprocess.run(["jq", "-cS", "."], input=payload, capture_output=True, check=True)
    assert same.stdout == payload
    (tmp_path / "leaf").write_bytes(leaf_bytes(OPEN))
    printed = subprocess.run(["sha256sum", tmp_path / "leaf"], capture_output=True, check=True, text=True)
    assert printed.stdout.split()[0] == leaf_digest(leaf_bytes(OPEN))


def test_every_pair_has_one_class() -> None:
    """The catalogue's key is what the class says of itself."""
    assert all((kind.spec.event, kind.spec.ev) == pair for pair, kind in LEAVES.items())
