"""The frozen value every noun is built on, and the few types all nouns share."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, NewType, Protocol, Self

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field


class Frozen(BaseModel):
    """An immutable value: unknown fields and silent coercions are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    @classmethod
    def of_row(cls, row: "Row", **others: object) -> Self:
        """Return the value whose members a kept row names; words and lists of the store become ours.

        Args:
            row: What was kept, by names.
            others: Members that the row calls otherwise, or does not have.
        """
        kept = {name: row[name] for name in cls.model_fields if name not in others}
        return cls.model_validate({**kept, **others}, strict=False)


class Row(Protocol):
    """What is read by names: a row of a table, a mapping."""

    def __getitem__(self, name: str, /) -> object:
        """Return the member of this name."""


class WireIn(BaseModel):
    """What a client sends: unknown fields are refused, JSON types are parsed, then nothing changes."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class WireOut(BaseModel):
    """What we send: built from values, never read back."""

    model_config = ConfigDict(frozen=True, extra="forbid", from_attributes=True)

    @classmethod
    def of(cls, value: object, **others: object) -> Self:
        """Return the wire form of a value: what it calls by the same names, nested forms too.

        Args:
            value: Where the members come from.
            others: Members that the value does not have, or that are sent in another form.
        """
        return cls.model_validate(_Told(value, others) if others else value)


class _Told:
    """A value with some members put beside it."""

    def __init__(self, value: object, others: Mapping[str, object]) -> None:
        self._value = value
        self._others = others

    def __getattr__(self, name: str) -> object:
        return self._others[name] if name in self._others else getattr(self._value, name)


def _hex(value: object) -> object:
    return value.hex() if isinstance(value, bytes) else value


HexOut = Annotated[str, BeforeValidator(_hex)]
"""Bytes as they are sent: lower-case hexadecimal."""


def _to_utc(value: datetime) -> datetime:
    if value.tzinfo is None or value.utcoffset() != timedelta(0):
        raise ValueError("a time must carry the UTC zone")
    return value.astimezone(UTC)


UtcDatetime = Annotated[datetime, AfterValidator(_to_utc)]
"""An aware datetime in UTC; offsets other than zero are refused, not converted."""

HexDigest = NewType("HexDigest", str)
"""A digest of ours, SHA-256 or SM3, as 64 lower-case hexadecimal digits: no other text stands in its place."""

Sha256Hex = Annotated[HexDigest, Field(pattern=r"^[0-9a-f]{64}$")]
"""The same where it comes from outside: anything else is refused."""


def whole_milliseconds(value: datetime) -> datetime:
    """Return `value` in UTC, cut to the milliseconds that rows and leaves hold."""
    moved = value.astimezone(UTC)
    return moved.replace(microsecond=moved.microsecond // 1000 * 1000)


def _stated(value: datetime) -> datetime:
    try:
        return whole_milliseconds(value)
    except OverflowError as err:
        raise ValueError("a time lies within the years 1 to 9999") from err


Moment = Annotated[AwareDatetime, AfterValidator(_stated)]
"""A time that somebody states, as rows and leaves hold it: UTC, cut to the millisecond."""

Reason = Annotated[str, Field(min_length=1, max_length=500, pattern=r"\S")]
"""Why somebody does what touches another: in words, which blanks are none."""


def rfc3339(value: datetime) -> str:
    """Return `value` in UTC with a trailing Z and milliseconds (RFC 3339)."""
    return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse_rfc3339(text: str) -> datetime:
    """Parse an RFC 3339 time that ends in Z.

    Raises:
        ValueError: the text is not such a time.
    """
    if not text.endswith("Z"):
        raise ValueError("a time must end in Z")
    return _to_utc(datetime.fromisoformat(text))
