"""The capture manifest: what a device says, and signs, about one capture (design: "Manifest profile").

A manifest is UTF-8 JSON in RFC 8785 form of at most 64 KiB: ASCII keys, integers in scaled units, no floats,
no null, no duplicate keys, times of RFC 3339 that end in Z. Its identity is the SHA-256 of its bytes. Per key
`seq` has no gaps and `prev` is the digest of the manifest before it, so what was taken away leaves a hole.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, PlainSerializer, ValidationError, model_validator

from schemas.base import Frozen, Sha256Hex, UtcDatetime, parse_rfc3339, rfc3339
from schemas.canonical import MAX_INTEGER, canonical_bytes, parse_canonical
from schemas.device import Thumbprint
from schemas.digest import sha256_hex
from schemas.errors import ManifestInvalid
from schemas.refusals_manifest import (
    MANIFEST_CRIT_UNKNOWN,
    MANIFEST_DUPLICATE_KEY,
    MANIFEST_FIELD_INVALID,
    MANIFEST_FIELD_MISSING,
    MANIFEST_FIELD_UNKNOWN,
    MANIFEST_FLOAT,
    MANIFEST_INTEGER_RANGE,
    MANIFEST_NOT_CANONICAL,
    MANIFEST_NOT_JSON,
    MANIFEST_NULL,
    MANIFEST_TOO_LARGE,
)

MANIFEST_TYP = "quancheng-manifest+jws"
MAX_MANIFEST_BYTES = 65_536
MAX_FILES = 64
MAX_OFFICERS = 32

RULES = (
    MANIFEST_TOO_LARGE,
    MANIFEST_NOT_JSON,
    MANIFEST_DUPLICATE_KEY,
    MANIFEST_FLOAT,
    MANIFEST_NULL,
    MANIFEST_INTEGER_RANGE,
    MANIFEST_NOT_CANONICAL,
    MANIFEST_FIELD_MISSING,
    MANIFEST_FIELD_UNKNOWN,
    MANIFEST_FIELD_INVALID,
    MANIFEST_CRIT_UNKNOWN,
)
"""Every refusal `parse_manifest` may raise, in the order in which the rules are tried."""


class ManifestState(StrEnum):
    """Both are final: a refused manifest is kept, so that its files can arrive and be quarantined with the reason."""

    DECLARED = "declared"
    REFUSED = "refused"


KNOWN_CRITICAL: frozenset[str] = frozenset()
"""Names in `crit` a reader of version 1 understands: none yet, so any name there refuses the manifest."""

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z")
_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST = datetime(9000, 1, 1, tzinfo=UTC)
_MAX_OFFSET_MS = 4 * 10**12
"""About 126 years: a clock that fell back to 1970 can say so, and the corrected time still is a date."""


def _wire_time(value: object) -> object:
    if isinstance(value, str):
        if not _TIME.fullmatch(value):
            raise ValueError("a time is RFC 3339 with seconds and a trailing Z")
        value = parse_rfc3339(value)
    if isinstance(value, datetime) and not _EARLIEST <= value.astimezone(UTC) < _LATEST:
        raise ValueError("a time lies between the years 1970 and 9000")
    return value


def _whole_number(value: object) -> object:
    if isinstance(value, bool):  # true == 1, and a literal compares by value
        raise ValueError("the version is a number")  # noqa: TRY004 - pydantic turns it into a broken field
    return value


WireTime = Annotated[UtcDatetime, BeforeValidator(_wire_time), PlainSerializer(rfc3339)]
Text = Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[^\x00-\x1f\x7f]*$")]
Word = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,31}$")]
Ident = Annotated[str, Field(pattern=r"^[A-Za-z0-9._:-]{1,64}$")]
CertificateNumber = Annotated[str, Field(min_length=1, max_length=32, pattern=r"^[^\s\x00-\x1f\x7f]+$")]
Amount = Annotated[int, Field(ge=0, le=MAX_INTEGER)]
Positive = Annotated[int, Field(ge=1, le=MAX_INTEGER)]
FileName = Annotated[str, Field(min_length=1, max_length=255, pattern=r"^[^/\\\x00-\x1f\x7f]+$")]
MediaType = Annotated[str, Field(max_length=127, pattern=r"^[a-z0-9][a-z0-9.+-]*/[a-z0-9][a-z0-9.+-]*$")]


class Datum(StrEnum):
    """Reference of a position, as the device says; GCJ02 and BD09 are shifted by hundreds of metres."""

    WGS84 = "WGS84"
    CGCS2000 = "CGCS2000"
    GCJ02 = "GCJ02"
    BD09 = "BD09"


class CaptureDevice(Frozen):
    """Which key on which hardware and software signed."""

    id: Ident
    kid: Thumbprint
    model: Text
    fw: Text
    app_id: Text
    app_ver: Text


UNCHECKED_SOURCES = frozenset({"none", "rtc", "device"})
"""What `clock.source` says where a clock was compared with no other: nothing, the chip's own, the device's own."""


class Clock(Frozen):
    """The device clock at its last comparison. `offset_ms` = server time minus device time."""

    source: Word
    offset_ms: Annotated[int, Field(ge=-_MAX_OFFSET_MS, le=_MAX_OFFSET_MS)]
    uncertainty_ms: Amount
    synced_at: WireTime

    @property
    def is_unchecked(self) -> bool:
        """The device says that nobody ever compared its clock: what stands beside is a default, not a measurement."""
        return self.source in UNCHECKED_SOURCES


class Anchor(Frozen):
    """The checkpoint the device saw last: the capture cannot be older. `root` is base64 as in C2SP."""

    origin: Text
    size: Amount
    root: Annotated[str, Field(pattern=r"^[A-Za-z0-9+/]{43}=$")]


class Location(Frozen):
    """A position fix in 1e-7 degrees with its accuracy in centimetres, never converted by the device."""

    lat_e7: Annotated[int, Field(ge=-900_000_000, le=900_000_000)]
    lon_e7: Annotated[int, Field(ge=-1_800_000_000, le=1_800_000_000)]
    acc_cm: Amount
    crs: Datum
    src: Word
    mock: bool
    fix_at: WireTime


class OfficerException(Frozen):
    """Why fewer than two officers acted: the article that allows it, never free text alone."""

    article: Text
    reason: Annotated[str, Field(min_length=1, max_length=500)] | None = None


class Context(Frozen):
    """What the capture serves: a case number and the stage of the procedure."""

    case: Text
    stage: Text | None = None


class ManifestFile(Frozen):
    """One file of the capture. `size` in bytes, `duration_ms` in milliseconds, `w` and `h` in pixels."""

    name: FileName
    role: Word
    media_type: MediaType
    size: Amount
    sha256: Sha256Hex
    sm3: Sha256Hex | None = None
    duration_ms: Amount | None = None
    w: Positive | None = None
    h: Positive | None = None

    @model_validator(mode="after")
    def _plain_name(self) -> Self:
        if self.name in (".", ".."):
            raise ValueError("a file name is not a folder")
        return self


class CaptureManifest(Frozen):
    """One capture with all its files. `mono_ms` is the time since boot when the manifest was signed."""

    typ: Literal["quancheng-manifest"] = "quancheng-manifest"
    v: Annotated[Literal[1], BeforeValidator(_whole_number)] = 1
    device: CaptureDevice
    seq: Positive
    prev: Sha256Hex
    boot_id: Ident
    mono_ms: Amount
    captured_at: WireTime
    clock: Clock
    anchor: Anchor | None = None
    loc: Location | None = None
    officers: Annotated[tuple[CertificateNumber, ...], Field(max_length=MAX_OFFICERS)]
    exception: OfficerException | None = None
    context: Context | None = None
    files: Annotated[tuple[ManifestFile, ...], Field(min_length=1, max_length=MAX_FILES)]
    ext: Mapping[str, Any] | None = None
    crit: tuple[Text, ...] | None = None

    @model_validator(mode="after")
    def _names_are_unique(self) -> Self:
        # Two names that differ in case alone would collide when a package is unpacked on a desktop.
        if len({file.name.casefold() for file in self.files}) != len(self.files):
            raise ValueError("two files of one capture have the same name")
        return self

    @property
    def corrected_at(self) -> datetime:
        """The capture time in server time; the device's own time is never overwritten."""
        return self.captured_at + timedelta(milliseconds=self.clock.offset_ms)


def parse_manifest(payload: bytes) -> CaptureManifest:
    """Parse manifest bytes; what they say is a claim until the signature over them verified.

    Raises:
        TooLarge: more than 64 KiB.
        ManifestInvalid: another rule of `RULES` is broken; the fact `field` names the place.
    """
    if len(payload) > MAX_MANIFEST_BYTES:
        raise MANIFEST_TOO_LARGE(
            f"{len(payload)} bytes are more than {MAX_MANIFEST_BYTES}", limit_bytes=MAX_MANIFEST_BYTES
        )
    members = parse_canonical(payload)
    if members.keys() >= {"typ", "v"}:
        return _validate(payload)
    raise MANIFEST_FIELD_MISSING(
        "typ and v are missing: not a manifest", field="v" if "typ" in members else "typ"
    )


def build_manifest(manifest: CaptureManifest) -> bytes:
    """Return the canonical bytes to sign; absent fields are left out.

    Raises:
        ManifestInvalid: `ext` holds a value outside the profile.
        TooLarge: the bytes exceed 64 KiB.
    """
    payload = canonical_bytes(_without_none(manifest.model_dump(mode="json")))
    if len(payload) > MAX_MANIFEST_BYTES:
        raise MANIFEST_TOO_LARGE("the manifest is too long")
    return payload


def manifest_digest(payload: bytes) -> str:
    """Return the identity of a manifest: the SHA-256 of its bytes in lower-case hex."""
    return sha256_hex(payload)


def manifest_schema() -> dict[str, Any]:
    """Return the JSON Schema of a manifest; absent is the only way to say nothing, so no null remains."""
    schema: dict[str, Any] = _without_null(CaptureManifest.model_json_schema())
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def _validate(payload: bytes) -> CaptureManifest:
    # The bytes are proven canonical by now, so this second parser can read them in one way only.
    try:
        manifest = CaptureManifest.model_validate_json(payload)
    except ValidationError as err:
        raise _broken_field(err) from err
    unknown = [name for name in manifest.crit or () if name not in KNOWN_CRITICAL]
    if unknown:
        raise MANIFEST_CRIT_UNKNOWN(
            f"{unknown[0]} is marked critical and not understood here", field=unknown[0]
        )
    return manifest


def _broken_field(err: ValidationError) -> ManifestInvalid:
    first = err.errors(include_url=False, include_input=False)[0]
    kinds = {"missing": MANIFEST_FIELD_MISSING, "extra_forbidden": MANIFEST_FIELD_UNKNOWN}
    field = ".".join(str(step) for step in first["loc"]) or "files"
    refusal = kinds.get(first["type"], MANIFEST_FIELD_INVALID)
    return refusal(f"{field}: {first['msg']}", field=field)


def _without_none(value: Any) -> Any:  # noqa: ANN401 - a JSON value
    if isinstance(value, dict):
        return {key: _without_none(inner) for key, inner in value.items() if inner is not None}
    if isinstance(value, list):
        return [_without_none(inner) for inner in value]
    return value


def _without_null(value: Any) -> Any:  # noqa: ANN401 - a JSON value
    if isinstance(value, list):
        return [_without_null(inner) for inner in value if inner != {"type": "null"}]
    if not isinstance(value, dict):
        return value
    made = {
        key: _without_null(inner) for key, inner in value.items() if not (key == "default" and inner is None)
    }
    if len(made.get("anyOf", ())) == 1:
        only = made.pop("anyOf")[0]
        return {**only, **made}
    return made
