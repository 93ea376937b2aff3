"""What a file and its name say of the device, held against what the register and the manifest say.

A plate is typed by people – in Chinese, with a trade name, with the code or without – and a file is written by firmware.
So texts are compared by their letters and digits alone, one may hold the other, and what is absent is unknown and never
a doubt.
"""

import unicodedata
from collections.abc import Sequence
from datetime import timedelta
from types import MappingProxyType
from typing import Final, NamedTuple

from schemas.checks.register import DEVICE_AGREES, NAME_AGREES
from schemas.integrity import Check, CheckResult, examines
from schemas.manifest import CaptureManifest
from schemas.media import MediaFacts
from schemas.name_profile import CHINA, SHIPPED, NameFacts, NameProfile, read_name
from schemas.stated_time import local_time
from schemas.tolerance import DECLARED_TOLERANCES

_HOUR = timedelta(hours=1)
_WIDEST_HOURS = 14
_LEAST_SERIAL = 4
"""Fewer signs are a number that somebody counted, and no maker's."""

_MAKERS: Final = MappingProxyType(
    {
        "华为": "huawei",
        "荣耀": "honor",
        "小米": "xiaomi",
        "苹果": "apple",
        "三星": "samsung",
        "海康": "hikvision",
        "大华": "dahua",
        "海能达": "hytera",
        "大疆": "dji",
        "佳能": "canon",
        "尼康": "nikon",
        "索尼": "sony",
        "松下": "panasonic",
        "中兴": "zte",
        "联想": "lenovo",
        "摩托罗拉": "motorola",
        "影石": "insta360",
    }
)
"""Makers as plates of this country write them → as their firmware does. Whoever is not here is not compared."""


class Described(NamedTuple):
    """What the register says that a device is."""

    maker: str
    model: str
    serial: str


class Known(NamedTuple):
    """What is known beside a file: its device by the register, how names are read, and how far apart times may lie."""

    described: Described | None = None
    profiles: Sequence[NameProfile] = SHIPPED
    close: timedelta = timedelta(seconds=DECLARED_TOLERANCES.time_apart_seconds)


def register_agreement(
    facts: MediaFacts, filename: str, manifest: CaptureManifest, known: Known
) -> list[CheckResult]:
    """Compare what both sides state; of what is silent there is no result."""
    made = (
        None if known.described is None else check_device_agrees(facts, known.described),
        check_name_agrees(facts, filename, manifest, known),
    )
    return [one for one in made if one is not None]


@examines(DEVICE_AGREES)
def check_device_agrees(check: Check, facts: MediaFacts, described: Described) -> CheckResult | None:
    """Name the gravest difference: a serial number before a maker, a maker before a model."""
    exif = facts.exif
    if exif is None or not (exif.make or exif.model or exif.serial):
        return None
    serial, registered = _plain(exif.serial or ""), _plain(described.serial)
    if min(len(serial), len(registered)) >= _LEAST_SERIAL and not _holds(serial, registered):
        return check.found("device-serial-differs")
    stated, plate = _maker(exif.make or ""), _maker(described.maker)
    if stated and plate and stated != plate:
        return check.found("device-maker-differs", stated=exif.make)
    if exif.model and described.model and not _is_model(exif.make or "", exif.model, described):
        return check.found("device-model-differs", stated=exif.model)
    return check.held()


def _is_model(make: str, model: str, described: Described) -> bool:
    """Say whether the model in a file is the registered one, with the maker's name before either or without it."""
    names = {_plain(model), _plain(make + model), _plain(model).removeprefix(_plain(make))}
    plate = _plain(described.maker + described.model)
    return any(name and (name in plate or _plain(described.model) in name) for name in names)


def _maker(written: str) -> str:
    """Return the maker as firmware writes it; empty where it is none that is known under both its names."""
    plain = _plain(written)
    for chinese, latin in _MAKERS.items():
        if chinese in written or plain.startswith(latin):
            return latin
    return ""


def _plain(written: str) -> str:
    """Return the letters and digits of a text, wide ones as narrow ones, in lower case."""
    return "".join(sign for sign in unicodedata.normalize("NFKC", written).casefold() if sign.isalnum())


def _holds(one: str, other: str) -> bool:
    return one in other or other in one


@examines(NAME_AGREES)
def check_name_agrees(
    check: Check, facts: MediaFacts, filename: str, manifest: CaptureManifest, known: Known
) -> CheckResult | None:
    """Compare what the name states, where a profile reads it, with manifest, register and file, in this order.

    A recording takes its name where it begins or where it ends: so far apart as it is long the times agree.
    """
    said = read_name(filename, known.profiles)
    if said is None or (said.at is None and said.device is None):
        return None
    length = timedelta(milliseconds=facts.duration_ms or 0)
    return (
        _against_manifest(check, said, manifest, (known.close, length))
        or _against_register(check, said, known.described)
        or _against_file(check, said, facts, known.close + length)
        or check.held()
    )


def _against_manifest(
    check: Check, said: NameFacts, manifest: CaptureManifest, allowed: tuple[timedelta, timedelta]
) -> CheckResult | None:
    if said.at is None:
        return None
    close, length = allowed
    apart = min((said.at - at for at in (manifest.captured_at, manifest.corrected_at)), key=abs)
    if abs(apart) <= close + length:
        return None
    hours = round(apart / _HOUR)
    if 0 < abs(hours) <= _WIDEST_HOURS and abs(apart - hours * _HOUR) <= close:
        return check.found("name-time-zone", hours=abs(hours))
    return check.found("name-time-differs", seconds=int(abs(apart).total_seconds()))


def _against_register(check: Check, said: NameFacts, described: Described | None) -> CheckResult | None:
    number, serial = _plain(said.device or ""), _plain(described.serial if described else "")
    is_compared = min(len(number), len(serial)) >= _LEAST_SERIAL
    return check.found("name-device-differs") if is_compared and not _holds(number, serial) else None


def _against_file(check: Check, said: NameFacts, facts: MediaFacts, allowed: timedelta) -> CheckResult | None:
    local = local_time(facts)
    if said.at is None or local is None:
        return None
    apart = abs(said.at - local.replace(tzinfo=CHINA))
    return None if apart <= allowed else check.found("name-file-differs", seconds=int(apart.total_seconds()))
