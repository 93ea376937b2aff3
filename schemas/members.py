"""The types that may stand clear in a leaf; there are no others, and a test walks every class.

Ids, slugs, states, counts, times, keys, and digests of documents that nobody can guess. Nothing here can hold a
name, a plate, an address or a sentence: text enters salted, as a commitment (`opening`).
"""

import re
from datetime import UTC, datetime
from typing import Annotated

from pydantic import BeforeValidator, Field, WithJsonSchema

from schemas.canonical import MAX_INTEGER

TIME_FORM = (
    r"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
    r"T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\.[0-9]{3}Z"
)
_TIME = re.compile(TIME_FORM)
_MILLISECOND = 1_000


def parse_time(value: object) -> datetime:
    """Return the time that stands in a leaf; a datetime passes where it is one of whole milliseconds in UTC.

    Raises:
        ValueError: another spelling than `2026-11-28T05:12:33.417Z`.
    """
    if isinstance(value, datetime):
        if value.tzinfo is None or value.utcoffset() or value.microsecond % _MILLISECOND:
            raise ValueError("a time in a leaf is UTC and has whole milliseconds")
        return value.astimezone(UTC)
    if not isinstance(value, str) or not _TIME.fullmatch(value):
        raise ValueError("a time in a leaf has milliseconds and ends in Z")
    return datetime.fromisoformat(value)


Time = Annotated[
    datetime,
    BeforeValidator(parse_time),
    WithJsonSchema({"type": "string", "format": "date-time", "pattern": rf"^{_TIME.pattern}$"}),
]
"""UTC, whole milliseconds, one spelling."""

Flag = Annotated[bool, Field(strict=True)]
Count = Annotated[int, Field(strict=True, ge=0, le=MAX_INTEGER)]
"""A number of things, a size in bytes, a position from 0."""

Ordinal = Annotated[int, Field(strict=True, ge=1, le=MAX_INTEGER)]
"""A position from 1."""

Digest256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
"""Hex SHA-256 of a document that nobody can guess, or of public bytes; SM3 has the same form."""

LeafDigest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
"""How a leaf names another leaf."""

Root = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
"""An RFC 6962 root, hex."""

Day = Annotated[str, Field(pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$")]
"""A calendar day, `2026-11-28`; of which zone of time says its event."""

Slug = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,63}$")]
"""A word of a closed list that lives elsewhere: a problem, a code, the name of a tool's rule."""

CheckName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
CheckWord = Annotated[
    str, Field(pattern=r"^(verified|mismatch|not_checked)/([a-z][a-z0-9-]{0,63})?/[1-9][0-9]{0,5}$")
]
"""outcome/code/version of one binding check."""

EventName = Annotated[str, Field(pattern=r"^[a-z]{1,16}:[a-z]{1,16}$")]
ItemCode = Annotated[str, Field(pattern=r"^[A-Z][0-9]{1,2}$")]
StandardCode = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9-]{0,15}$")]
MediaType = Annotated[str, Field(pattern=r"^[a-z]{1,32}/[a-z0-9.+-]{1,96}$")]
ObjectKey = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9/._-]{0,254}$")]
"""Where an object lies: made of ids by the server, never of a file's name."""

MemberPath = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,40}(\.[1-9][0-9]{0,3})?$")]
"""A member of a leaf, as its class names it; of the k-th element of a list `text.k`."""

VersionId = Annotated[str, Field(pattern=r"^[A-Za-z0-9+/=._~-]{1,1024}$")]
"""What the object store calls one version; opaque. Of S3 it has up to 1,024 bytes, of base64 too: `+`, `/`, `=`."""

ReleaseVersion = Annotated[str, Field(pattern=r"^[0-9]{1,6}(\.[0-9]{1,6}){0,3}([a-z0-9.+-]{1,32})?$")]
KeyId = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{8,64}$")]
"""A thumbprint (RFC 7638) or another name made from the key alone."""

PublicKey = Annotated[str, Field(pattern=r"^[A-Za-z0-9+/]{16,400}={0,2}$")]
Signature = Annotated[str, Field(pattern=r"^[A-Za-z0-9+/]{16,400}={0,2}$")]
Origin = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9./-]{0,127}$")]
"""The name of a log or of an authority of time, like a host and a path."""

VerifierKey = Annotated[
    str, Field(pattern=r"^[a-z0-9][a-z0-9./-]{0,127}\+[0-9a-f]{8}\+[A-Za-z0-9+/]{44,}={0,2}$")
]
"""C2SP signed-note: name, key id, key."""
