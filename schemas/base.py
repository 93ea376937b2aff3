"""The frozen value every noun is built on, and the few types all nouns share."""

from datetime import UTC, datetime, timedelta
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field


class Frozen(BaseModel):
    """An immutable value: unknown fields and silent coercions are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class WireIn(BaseModel):
    """What a client sends: unknown fields are refused, JSON types are parsed, then nothing changes."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class WireOut(BaseModel):
    """What we send: built from values, never read back."""

    model_config = ConfigDict(frozen=True, extra="forbid", from_attributes=True)


def _to_utc(value: datetime) -> datetime:
    if value.tzinfo is None or value.utcoffset() != timedelta(0):
        raise ValueError("a time must carry the UTC zone")
    return value.astimezone(UTC)


UtcDatetime = Annotated[datetime, AfterValidator(_to_utc)]
"""An aware datetime in UTC; offsets other than zero are refused, not converted."""

Sha256Hex = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
"""64 lower-case hexadecimal digits."""


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


def short_id(value: UUID) -> str:
    """Return the last eight hexadecimal digits, for screens where the full id stands beside it."""
    return value.hex[-8:]
