"""Rows of fixed equipment as they arrive: what a line must be, its values and units, its inline pictures.

What a row says is kept verbatim; parsing decides only whether it is one, and what can be looked for in it.
"""

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated, Any, NamedTuple

from pydantic import BeforeValidator, Field, TypeAdapter, ValidationError, model_validator

from schemas.base import WireIn
from schemas.ids import UploadId
from schemas.manifest import Datum, WireTime
from schemas.refusals_monitoring import (
    INLINE_MEDIA_INVALID,
    ROW_IN_FUTURE,
    ROW_INVALID,
    UNIT_MIXED_UP,
    VALUE_IMPLAUSIBLE,
)
from schemas.whole_text import check_whole

MAX_ROWS = 1_000
MAX_BATCH_BYTES = 32 * 1024 * 1024
MAX_LINE_BYTES = 2 * 1024 * 1024
MAX_JPEG_BYTES = 256 * 1024
MAX_MEDIA = 4
"""Fixed equipment keeps time by the network; a minute ahead of us is a broken clock, not a capture."""


_JPEG_START = b"\xff\xd8\xff"
_NUMBER = re.compile(r"-?\d{1,15}(\.\d{1,9})?")
_PLATE = re.compile(r"[\u4e00-\u9fff][A-Z][A-Z0-9]{4,6}[\u4e00-\u9fff]?")


class Quantity(StrEnum):
    """Quantities we know; a row may carry others under their own names."""

    GROSS_WEIGHT = "gross_weight"
    AXLE_WEIGHT = "axle_weight"
    AXLE_COUNT = "axle_count"
    SPEED = "speed"
    LENGTH = "length"
    WIDTH = "width"
    HEIGHT = "height"
    NOISE = "noise"
    PM10 = "pm10"
    PM2_5 = "pm2_5"
    CONCENTRATION = "concentration"
    PH = "ph"
    FLOW = "flow"
    TEMPERATURE = "temperature"


QUANTITIES: Mapping[str, Mapping[str, tuple[Decimal, Decimal]]] = MappingProxyType(
    {
        name.value: MappingProxyType(
            {unit: (Decimal(low), Decimal(high)) for unit, (low, high) in units.items()}
        )
        for name, units in {
            Quantity.GROSS_WEIGHT: {"kg": ("500", "300000"), "t": ("0.5", "300")},
            Quantity.AXLE_WEIGHT: {"kg": ("100", "60000"), "t": ("0.1", "60")},
            Quantity.AXLE_COUNT: {"": ("1", "30")},
            Quantity.SPEED: {"km/h": ("0", "400")},
            Quantity.LENGTH: {"mm": ("500", "60000"), "m": ("0.5", "60")},
            Quantity.WIDTH: {"mm": ("500", "10000"), "m": ("0.5", "10")},
            Quantity.HEIGHT: {"mm": ("500", "10000"), "m": ("0.5", "10")},
            Quantity.NOISE: {"dB(A)": ("0", "180")},
            Quantity.PM10: {"mg/m3": ("0", "100"), "ug/m3": ("0", "100000")},
            Quantity.PM2_5: {"mg/m3": ("0", "100"), "ug/m3": ("0", "100000")},
            Quantity.CONCENTRATION: {
                "mg/m3": ("0", "100000"),
                "ug/m3": ("0", "100000000"),
                "mg/L": ("0", "1000000"),
            },
            Quantity.PH: {"": ("0", "14")},
            Quantity.FLOW: {"m3/h": ("0", "10000000"), "L/s": ("0", "10000000")},
            Quantity.TEMPERATURE: {"C": ("-90", "3000")},
        }.items()
    }
)
"""Quantity → unit → what is possible at all. Another name is taken as it is; a known one in a foreign unit, or
with a number that only another unit explains, is a row whose units were mixed up."""


class RowOutcome(StrEnum):
    """What became of one row of a batch."""

    RECEIVED = "received"
    DUPLICATE = "duplicate"
    CONFLICT = "conflict"
    REFUSED = "refused"


def _as_text(value: object) -> object:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


NumberText = Annotated[str, BeforeValidator(_as_text), Field(max_length=26, pattern=rf"^{_NUMBER.pattern}$")]


Line = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]


class ValueIn(WireIn):
    """One measured value as written; numbers stay text, so that no digit is rounded on the way."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,31}$")]
    value: NumberText
    unit: Annotated[str, Field(max_length=16, pattern=r"^[^\x00-\x1f\x7f]*$")] = ""
    limit: NumberText | None = None


class MediaIn(WireIn):
    """A completed upload of the same source, or a small JPEG as standard base64."""

    upload: UploadId | None = None
    jpeg: str | None = None
    filename: Annotated[str, Field(min_length=1, max_length=100)] = "overview.jpg"

    @model_validator(mode="after")
    def _one_of_two(self) -> "MediaIn":
        if (self.upload is None) == (self.jpeg is None):
            raise ValueError("media is either an upload or a jpeg")
        return self


class MonitoringIn(WireIn):
    """One row of a batch; `equipment` is the register's number, `record_id` the equipment's own."""

    equipment: Annotated[str, Field(min_length=1, max_length=64)]
    record_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9._:/-]{1,64}$")]
    captured_at: WireTime
    matter: Line
    place: Line
    plate: Annotated[str, Field(min_length=2, max_length=16, pattern=r"^[^\s\x00-\x1f\x7f]+$")] | None = None
    party: Line | None = None
    party_code: Annotated[str, Field(min_length=8, max_length=18, pattern=r"^[0-9A-Z]+$")] | None = None
    lat_e7: Annotated[int, Field(ge=-900_000_000, le=900_000_000)] | None = None
    lon_e7: Annotated[int, Field(ge=-1_800_000_000, le=1_800_000_000)] | None = None
    crs: Datum | None = None
    values: Annotated[tuple[ValueIn, ...], Field(max_length=32)] = ()
    media: Annotated[tuple[MediaIn, ...], Field(max_length=MAX_MEDIA)] = ()

    @model_validator(mode="after")
    def _place_is_whole(self) -> "MonitoringIn":
        given = [part is not None for part in (self.lat_e7, self.lon_e7, self.crs)]
        if any(given) and not all(given):
            raise ValueError("a position needs latitude, longitude and datum")
        return self


class ParsedRow(NamedTuple):
    """A row that keeps its rules. `raw` is the line as kept, with each inline JPEG's text as its digest."""

    row: MonitoringIn
    raw: bytes
    content_sha256: bytes
    jpegs: Mapping[int, bytes]


_ROW = TypeAdapter(MonitoringIn)


def parse_row(line: bytes) -> ParsedRow:
    """Parse one line of a batch.

    Inline JPEGs are taken out: in what is kept, their base64 text is replaced by `sha256:<hex>`, which can be
    undone, because the JPEG's bytes are kept as a recording and standard base64 has one spelling.

    Raises:
        Invalid: `row-invalid` with the field, `unit-mixed-up`, `value-implausible`, `inline-media-invalid`.
    """
    members = _members(line)
    raw, jpegs = _take_jpegs(line, members)
    try:
        row = _ROW.validate_python(members)
    except ValidationError as err:
        first = err.errors(include_url=False, include_input=False)[0]
        field = ".".join(str(step) for step in first["loc"]) or "row"
        raise ROW_INVALID(f"{field}: {first['msg']}", field=field) from err
    for value in row.values:
        _check_unit(value)
    return ParsedRow(row, raw, _digest(members), jpegs)


def kept_row(raw: bytes) -> ParsedRow:
    """Return a row as it is kept, with the digests of its inline pictures in their place.

    Raises:
        Invalid: `row-invalid`; no row that was received reads like this.
    """
    members = _members(raw)
    try:
        row = _ROW.validate_python(members)
    except ValidationError as err:
        raise ROW_INVALID("the kept bytes are no row", field="row") from err
    return ParsedRow(row, raw, _digest(members), {})


def _digest(members: dict[str, Any]) -> bytes:
    return hashlib.sha256(_CONTENT.encode(members).encode()).digest()


def _members(line: bytes) -> dict[str, Any]:
    try:
        members = _JSON.decode(line.decode("utf-8-sig"))
        check_whole(line, members)
    except (ValueError, RecursionError) as err:
        raise ROW_INVALID("the line is not one JSON object", field="row") from err
    if not isinstance(members, dict):
        raise ROW_INVALID("the line is not one JSON object", field="row")
    return members


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a key stands twice")
    return made


def _no_constant(text: str) -> None:
    raise ValueError(f"{text} is not a number")


# One each for all rows: making them costs as much as reading a short row.
_JSON = json.JSONDecoder(object_pairs_hook=_no_duplicates, parse_float=str, parse_constant=_no_constant)
_CONTENT = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def _take_jpegs(line: bytes, members: dict[str, Any]) -> tuple[bytes, dict[int, bytes]]:
    media = members.get("media")
    jpegs: dict[int, bytes] = {}
    if not isinstance(media, list) or len(media) > MAX_MEDIA:
        return line, jpegs
    for position, one in enumerate(media):
        if isinstance(one, dict) and isinstance(one.get("jpeg"), str):
            text = one["jpeg"]
            jpegs[position] = payload = _jpeg(text)
            shown = f"sha256:{hashlib.sha256(payload).hexdigest()}"
            if line.count(text.encode()) != 1:
                raise INLINE_MEDIA_INVALID("base64 must be written plainly, and once", at=position)
            line = line.replace(text.encode(), shown.encode())
            one["jpeg"] = shown
    return line, jpegs


def _jpeg(text: str) -> bytes:
    try:
        payload = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as err:
        raise INLINE_MEDIA_INVALID("the inline picture is not base64") from err
    if base64.b64encode(payload).decode() != text:
        raise INLINE_MEDIA_INVALID("the inline picture is not canonical base64")
    if len(payload) > MAX_JPEG_BYTES or not payload.startswith(_JPEG_START):
        raise INLINE_MEDIA_INVALID(
            f"an inline picture is a JPEG of at most {MAX_JPEG_BYTES} bytes", limit_bytes=MAX_JPEG_BYTES
        )
    return payload


def _check_unit(value: ValueIn) -> None:
    units = QUANTITIES.get(value.name)
    if units is None:
        return
    span = units.get(value.unit)
    if span is None:
        raise UNIT_MIXED_UP(
            f"{value.name} is not measured in {value.unit or 'no unit'}",
            field=value.name,
            allowed=sorted(units),
        )
    for text in (value.value, value.limit):
        if text is not None and not span[0] <= Decimal(text) <= span[1]:
            raise VALUE_IMPLAUSIBLE(
                f"{value.name} of {text} {value.unit} is not possible: is the unit right?", field=value.name
            )


def check_capture(captured_at: datetime, now: datetime, allowed: timedelta) -> None:
    """Refuse a row from the future: from later than its agency allows.

    Raises:
        Invalid: slug `row-in-future`.
    """
    if captured_at > now + allowed:
        ahead = int((captured_at - now).total_seconds())
        raise ROW_IN_FUTURE(
            f"captured {ahead} s in the future: set the clock of the equipment", ahead_seconds=ahead
        )


def is_plate(text: str) -> bool:
    """Say whether this is a whole mainland plate: province, office, five or six more, perhaps a special last one.

    GA 36-2018 for the form. It decides only how something is looked for; a row keeps whatever its camera read.
    """
    return _PLATE.fullmatch(text) is not None
