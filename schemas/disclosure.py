"""What a package says of itself before it is built: its chains with their heads, and what of them is not shown.

Both are lines of ASCII, sorted by bytes, each with its newline; their digests stand in `export:request`, so they
are the word of whoever asked, never of whoever built.

    log/chains.txt      of n head               n = 0 with the genesis: a chain without leaves
    log/hidden.txt      digest * ground         a whole leaf is withheld
                        digest member ground    one of its openings is not shown
"""

import re
from collections.abc import Callable, Iterable
from typing import NamedTuple, TypeVar

from schemas.reference import is_reference
from schemas.refusals_custody import LEAF_INVALID

WHOLE_LEAF = "*"

Line = TypeVar("Line", bound=tuple[object, ...])

_HEX = re.compile(r"[0-9a-f]{64}")
_NUMBER = re.compile(r"0|[1-9][0-9]{0,15}")
_MEMBER = re.compile(r"\*|[a-z][a-z0-9_]{0,31}(\.[1-9][0-9]{0,4})?")
_GROUND = re.compile(r"[a-z][a-z0-9-]{0,63}")


class ChainHead(NamedTuple):
    """How far a chain goes in a package."""

    of: str
    n: int
    head: str


class NotShown(NamedTuple):
    """One thing that is committed and not shown; `member` is `*` for the whole leaf."""

    digest: str
    member: str
    ground: str


def chains_text(heads: Iterable[ChainHead]) -> bytes:
    """Return the bytes of `log/chains.txt`."""
    return _text(heads)


def parse_chains(payload: bytes) -> tuple[ChainHead, ...]:
    """Return what `log/chains.txt` says.

    Raises:
        Invalid: slug `leaf-invalid`; nothing but the bytes that `chains_text` makes is one.
    """
    heads = _parse(payload, _chain_head)
    if len({head.of for head in heads}) != len(heads):
        raise LEAF_INVALID("a chain stands twice")
    return heads


def hidden_text(lines: Iterable[NotShown]) -> bytes:
    """Return the bytes of `log/hidden.txt`."""
    return _text(lines)


def parse_hidden(payload: bytes) -> tuple[NotShown, ...]:
    """Return what `log/hidden.txt` says.

    Raises:
        Invalid: slug `leaf-invalid`; nothing but the bytes that `hidden_text` makes is one.
    """
    lines = _parse(payload, _not_shown)
    if len({line[:2] for line in lines}) != len(lines):
        raise LEAF_INVALID("one thing is hidden on two grounds")
    return lines


def _text(lines: Iterable[tuple[object, ...]]) -> bytes:
    spelled = sorted(" ".join(map(str, line)).encode("ascii") + b"\n" for line in lines)
    return b"".join(spelled)


def _parse(payload: bytes, line_of: Callable[[list[str]], Line]) -> tuple[Line, ...]:
    try:
        lines = [line_of(line.split(" ")) for line in payload.decode("ascii").split("\n")[:-1]]
    except ValueError as err:
        raise LEAF_INVALID("a line is malformed") from err
    if _text(lines) != payload:
        raise LEAF_INVALID("the lines are not sorted, or end without a newline")
    return tuple(lines)


def _chain_head(parts: list[str]) -> ChainHead:
    of, n, head = parts
    if not (is_reference(of) and _NUMBER.fullmatch(n) and _HEX.fullmatch(head)):
        raise ValueError("not a chain, a number and a head")
    return ChainHead(of, int(n), head)


def _not_shown(parts: list[str]) -> NotShown:
    digest, member, ground = parts
    if not (_HEX.fullmatch(digest) and _MEMBER.fullmatch(member) and _GROUND.fullmatch(ground)):
        raise ValueError("not a digest, a member and a ground")
    return NotShown(digest, member, ground)
