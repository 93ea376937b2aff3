"""Public randomness of an audit: named events of a later time, their values in one canonical form, two persons' word.

One result is published in many spellings – `03 11 15 + 05`, `3,11,15|5`, full-width digits – and two people type it as
they read it. So each kind of source has one canonical form (`canonical`): it is what is compared, what the log's digest
is over, and what gives the seed. What was typed is kept beside it. An audit whose value was entered before there were
canonical forms keeps the bytes that its leaf says: `value_bytes` takes a kept value as it stands.
"""

import binascii
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated, Literal

from pydantic import Field

from schemas.base import Frozen, Moment, WireIn
from schemas.canonical import canonical_bytes
from schemas.digest import sha256_hex
from schemas.errors import Invalid
from schemas.ids import AccountId
from schemas.refusals_audit import (
    CONFIRM_SAME_PERSON,
    RANDOMNESS_INVALID,
    RANDOMNESS_TOO_EARLY,
    RANDOMNESS_TOO_NEAR,
)

MAX_SOURCES = 4


class SourceKind(StrEnum):
    """What kind of public event gives the randomness."""

    LOTTERY = "lottery"
    DICE = "dice"
    DRAND = "drand"
    INDEX = "index"
    OTHER = "other"


Line = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*\S[^\x00-\x1f\x7f]*$")]


class SourceIn(WireIn):
    """A named public event; its value is text (UTF-8, in the canonical form of its kind) or hex."""

    name: Line
    kind: SourceKind
    encoding: Literal["text", "hex"] = "text"
    happens_at: Moment


class PlanSource(WireIn):
    """A source as fixed."""

    name: str
    kind: str
    encoding: Literal["text", "hex"]
    happens_at: str


class Source(Frozen):
    """A source as kept, and its value once it is known."""

    name: str
    kind: SourceKind
    encoding: Literal["text", "hex"]
    happens_at: datetime


def sources_bytes(sources: Sequence[SourceIn]) -> bytes:
    """Return the RFC 8785 bytes of the sources of an audit that is not frozen yet; its definition commits to them."""
    return canonical_bytes({"sources": [one.model_dump(mode="json") for one in sources]})


def values_digest(values: Sequence[bytes]) -> str:
    """Return one digest over the values; their lengths keep two of them from becoming one."""
    return sha256_hex(b"".join(len(value).to_bytes(4, "big") + value for value in values))


_APART = re.compile(r"[\s,;:.+|/·、。\-–—]+|红球|蓝球|前区|后区|特别号|号")
"""What stands between the numbers of a draw, once it is in NFKC: signs and the words that name its parts."""

_MAX_BALL_DIGITS = 2
_INDEX = re.compile(r"([0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.([0-9]+))?")


def _numbers(text: str) -> list[str]:
    found = [one for one in _APART.split(text) if one]
    if not found or not all(re.fullmatch(r"[0-9]+", one) for one in found):
        raise ValueError("not numbers")
    return found


def _lottery(text: str) -> str:
    """Balls in the order given, without leading zeros; one longer run of digits is a number game, digit by digit."""
    found = _numbers(text)
    if len(found) == 1 and len(found[0]) > _MAX_BALL_DIGITS:
        found = list(found[0])
    if any(len(one) > _MAX_BALL_DIGITS for one in found):
        raise ValueError("a ball has two digits at most")
    return " ".join(str(int(one)) for one in found)


def _dice(text: str) -> str:
    """One digit for each die, in the order given, whether there was something between them or not."""
    return " ".join("".join(_numbers(text)))


def _hex(text: str) -> str:
    """Lower case, without a prefix and without anything in between."""
    bare = re.sub(r"[\s:\-]", "", text).lower().removeprefix("0x")
    if not re.fullmatch(r"(?:[0-9a-f]{2})+", bare):
        raise ValueError("not hex")
    return bare


def _index(text: str) -> str:
    """A decimal number without separators of thousands, and without zeros that say nothing."""
    found = _INDEX.fullmatch(re.sub(r"\s", "", text))
    if found is None:
        raise ValueError("not a number")
    whole, part = str(int(found[1].replace(",", ""))), (found[2] or "").rstrip("0")
    return f"{whole}.{part}" if part else whole


def _words(text: str) -> str:
    """Widths are one, and so is any space."""
    return " ".join(text.split())


_FORMS: Mapping[str, Callable[[str], str]] = MappingProxyType(
    {
        SourceKind.LOTTERY: _lottery,
        SourceKind.DICE: _dice,
        SourceKind.DRAND: _hex,
        SourceKind.INDEX: _index,
        SourceKind.OTHER: _words,
    }
)


def canonical(sources: Sequence[SourceIn | Source | PlanSource], typed: Sequence[str]) -> list[str]:
    """Return the values of the sources in their canonical forms; a canonical form is its own.

    Raises:
        Invalid: not one value for each source, or none of its kind (slug `randomness-invalid`; the fact `source`).
    """
    if len(typed) != len(sources):
        raise RANDOMNESS_INVALID("one value for each source, in their order")
    return [_canonical(source, text) for source, text in zip(sources, typed, strict=True)]


def _canonical(source: SourceIn | Source | PlanSource, typed: str) -> str:
    form = _hex if source.encoding == "hex" else _FORMS.get(source.kind, _words)
    try:
        value = form(unicodedata.normalize("NFKC", typed).strip())
    except ValueError as err:
        raise RANDOMNESS_INVALID(f"the value of {source.name}: {err}", source=source.name) from err
    if not value:
        raise RANDOMNESS_INVALID(f"the value of {source.name} is empty", source=source.name)
    return value


def value_bytes(sources: Sequence[PlanSource], values: Sequence[str]) -> list[bytes]:
    """Return kept values as the bytes that enter the seed.

    Raises:
        Invalid: not one value for each source, an empty one, or not hex (slug `randomness-invalid`).
    """
    if len(values) != len(sources):
        raise RANDOMNESS_INVALID("one value for each source, in their order")
    return [_value(source, value.strip()) for source, value in zip(sources, values, strict=True)]


def _value(source: PlanSource, value: str) -> bytes:
    try:
        raw = binascii.unhexlify(value) if source.encoding == "hex" else value.encode()
    except (binascii.Error, ValueError) as err:
        raise RANDOMNESS_INVALID(f"the value of {source.name} is not hex") from err
    if not raw:
        raise RANDOMNESS_INVALID(f"the value of {source.name} is empty")
    return raw


def is_same(sources: Sequence[PlanSource], kept: Sequence[str], typed: Sequence[str]) -> bool:
    """Say whether two people mean the same values: their canonical forms are equal.

    Raises:
        Invalid: what was typed is no value (slug `randomness-invalid`).
    """
    said = canonical(sources, typed)
    try:
        return said == canonical(sources, kept)
    except Invalid:
        # Entered before there were canonical forms, in none of them: then only its own spelling confirms it.
        return value_bytes(sources, typed) == value_bytes(sources, kept)


def near(sources: Sequence[SourceIn | Source], now: datetime, lead: timedelta) -> list[str]:
    """Return the names of the events that happen too soon after `now`, or are over: they might be known at the freeze."""
    return [one.name for one in sources if one.happens_at < now + lead]


def check_sources(sources: Sequence[SourceIn], now: datetime, lead: timedelta) -> None:
    """Refuse randomness that could be known at the freeze.

    Raises:
        Invalid: a source happens before `now + lead` (slug `randomness-too-near`).
    """
    found = near(sources, now, lead)
    if found:
        raise RANDOMNESS_TOO_NEAR(
            f"{found[0]} happens too soon: it must be at least {int(lead.total_seconds())} s ahead of the freeze",
            lead_seconds=int(lead.total_seconds()),
        )


def check_entry(sources: Sequence[SourceIn], now: datetime) -> None:
    """Refuse a value before the event has taken place.

    Raises:
        TransitionRefused: slug `randomness-too-early`, with the time of the latest event.
    """
    latest = max(one.happens_at for one in sources)
    if now < latest:
        raise RANDOMNESS_TOO_EARLY("the public event has not taken place yet", happens_at=latest.isoformat())


def check_second_person(entered_by: AccountId | None, second: AccountId | None) -> None:
    """Refuse a confirmation that confirms nothing.

    Raises:
        Refused: the same person (slug `confirm-same-person`).
    """
    if entered_by is None or entered_by == second:
        raise CONFIRM_SAME_PERSON("a second person confirms the value")
