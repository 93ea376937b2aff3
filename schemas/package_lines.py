r"""The lines of a package's part of the log: leaves, what is withheld of them, and what opens their commitments.

    log/leaves.jsonl      {"digest","index","kid"?,"leaf","ticket"?}       a leaf: base64 of its bytes; its ticket
                          {"digest","event","ground","index","n","of"}     withheld: its place in a chain of the package
    log/openings.jsonl    {"leaf","opening":{"member","salt","value"}}     what opens one member of the leaf of this digest

Every line is RFC 8785 and ends with a newline. Leaves stand in order of the log, openings by leaf and member. A leaf
that is withheld from two chains of the package has a line for each.
"""

import base64
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple, TypeVar

from schemas.canonical import canonical_bytes, parse_canonical
from schemas.chain import leaf_digest
from schemas.errors import Invalid
from schemas.opening import Opening, opening_bytes
from schemas.refusals_custody import LEAF_INVALID
from schemas.refusals_export import ENTRIES_INVALID

Line = TypeVar("Line")


@dataclass(frozen=True, slots=True, order=True)
class LeafLine:
    """A leaf that is shown."""

    index: int
    digest: str
    leaf: bytes
    kid: str = ""
    ticket: str = ""


@dataclass(frozen=True, slots=True, order=True)
class WithheldLine:
    """A place in a chain whose leaf is not shown: digest and event are bound by the head all the same."""

    index: int
    of: str
    n: int
    digest: str
    event: str
    ground: str


class OpeningLine(NamedTuple):
    """What opens one member of a leaf, as its exact bytes."""

    leaf: str
    member: str
    opening: bytes


def leaves_text(shown: Iterable[LeafLine], withheld: Iterable[WithheldLine]) -> bytes:
    """Return the bytes of `log/leaves.jsonl`."""
    lines = [((line.index, ""), _members_of_leaf(line)) for line in shown]
    lines += [((line.index, line.of), asdict(line)) for line in withheld]
    return b"".join(canonical_bytes(members) + b"\n" for _, members in sorted(lines, key=lambda one: one[0]))


def parse_leaves(payload: bytes) -> tuple[tuple[LeafLine, ...], tuple[WithheldLine, ...]]:
    """Return what `log/leaves.jsonl` says; nothing but the bytes that `leaves_text` makes is one.

    A leaf whose bytes do not have their digest is refused here; whether they are a leaf is for its reader to say.

    Raises:
        Invalid: slug `entries-invalid`.
    """
    found = _lines(payload, _leaf_or_withheld)
    shown = tuple(one for one in found if isinstance(one, LeafLine))
    withheld = tuple(one for one in found if isinstance(one, WithheldLine))
    is_doubled = len({one.digest for one in shown}) != len(shown) or _has_two(withheld)
    if is_doubled or {one.digest for one in shown} & {one.digest for one in withheld}:
        raise ENTRIES_INVALID("a leaf stands twice, or is shown and withheld")
    if leaves_text(shown, withheld) != payload:
        raise ENTRIES_INVALID("the leaves are not in order and in canonical form")
    return shown, withheld


def openings_text(openings: Mapping[str, Mapping[str, bytes]]) -> bytes:
    """Return the bytes of `log/openings.jsonl`, of digest → member → opening."""
    lines = []
    for leaf, members in sorted(openings.items()):
        for _, opening in sorted(members.items()):
            lines.append(canonical_bytes({"leaf": leaf, "opening": parse_canonical(opening)}) + b"\n")
    return b"".join(lines)


def parse_openings(payload: bytes) -> dict[str, dict[str, bytes]]:
    """Return digest → member → opening; nothing but the bytes that `openings_text` makes is read.

    Raises:
        Invalid: slug `entries-invalid`.
    """
    openings: dict[str, dict[str, bytes]] = {}
    for line in _lines(payload, _opening_line):
        openings.setdefault(line.leaf, {})[line.member] = line.opening
    if openings_text(openings) != payload:
        raise ENTRIES_INVALID("the openings are not in order and in canonical form")
    return openings


def _lines(payload: bytes, line_of: Callable[[dict[str, Any]], Line]) -> list[Line]:
    try:
        return [line_of(parse_canonical(line)) for line in payload.split(b"\n")[:-1]]
    except (Invalid, KeyError, TypeError, ValueError) as err:
        raise ENTRIES_INVALID("a line of the log cannot be read") from err


def _members_of_leaf(line: LeafLine) -> dict[str, Any]:
    signed = {"kid": line.kid, "ticket": line.ticket} if line.ticket else {}
    return {
        "digest": line.digest,
        "index": line.index,
        "leaf": base64.b64encode(line.leaf).decode(),
        **signed,
    }


def _leaf_or_withheld(members: dict[str, Any]) -> LeafLine | WithheldLine:
    if _int(members["index"]) < 0:
        raise ValueError("an index counts from 0")
    if "leaf" not in members:
        line = WithheldLine(**members)
        texts = (line.of, line.digest, line.event, line.ground)
        if _int(line.n) < 1 or not all(isinstance(text, str) and text.isascii() for text in texts):
            raise ValueError("a place has a number from 1; all else is text")
        bytes.fromhex(line.digest)
        return line
    leaf = base64.b64decode(members["leaf"], validate=True)
    if leaf_digest(leaf) != members["digest"]:
        raise LEAF_INVALID("the leaf has another digest than its line says")
    if members.keys() not in ({"digest", "index", "leaf"}, {"digest", "index", "kid", "leaf", "ticket"}):
        raise ValueError("a line of a leaf has other members")
    kid, ticket = members.get("kid", ""), members.get("ticket", "")
    if not (isinstance(kid, str) and isinstance(ticket, str)):
        raise TypeError("a ticket and its key are text")
    return LeafLine(members["index"], members["digest"], leaf, kid, ticket)


def _opening_line(members: dict[str, Any]) -> OpeningLine:
    if members.keys() != {"leaf", "opening"} or not isinstance(members["leaf"], str):
        raise ValueError("a line names a leaf and holds an opening")
    opening = Opening(**members["opening"])
    return OpeningLine(members["leaf"], opening.member, opening_bytes(*opening))


def _int(value: object) -> int:
    if type(value) is not int:
        raise TypeError("not an integer")
    return value


def _has_two(withheld: tuple[WithheldLine, ...]) -> bool:
    return len({(one.index, one.of) for one in withheld}) != len(withheld)
