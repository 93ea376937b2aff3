"""What follows the end of a still, and other files that are hidden in one.

Phones write more behind a photo: a second picture, a short video, a map of brightness, blocks of their own. Those are
known and explained. An archive, a page, a program or a script behind or inside a picture serves somebody else.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from schemas.checks.stills import STILL_END
from schemas.integrity import Check, CheckResult, examines
from workers.media.container import Note, note
from workers.media.still.layout import Layout, Span

_SCAN_BYTES = 16 * 1024 * 1024
_LARGE_BYTES = 64 * 1024
_ZIP_TAIL_BYTES = 22 + 0xFFFF
_PDF_HEAD_BYTES = 1024
_SNIFF_BYTES = 64

_SCRIPTS = {
    b"<?php": "PHP",
    b"<script": "HTML",
    b"<html": "HTML",
    b"<!doctype html": "HTML",
    b"<iframe": "HTML",
}
_FILES = {
    b"%PDF-": "PDF",
    b"Rar!\x1a\x07": "RAR",
    b"7z\xbc\xaf\x27\x1c": "7z",
    b"\x7fELF": "ELF",
    b"#!/": "script",
}
_COMPANIONS = {
    b"\xff\xd8\xff": "JPEG",
    b"CANON OPTIONAL DATA\x00": "Canon",
    b"MMMMRAWP": "camera data",
    b"Samsung": "Samsung",
    b"vivo{": "vivo",
    b"IIII\x01": "camera data",
    b"QVMI": "camera data",
    b"AFCP": "AFCP",
    b"AXS!": "AFCP",
    b"cbipcbbl": "PhotoMechanic",
    b"\x00\x00\x00\x00SEFH": "Samsung",
}
_COMPANION_TAILS = {
    b"SEFT": "Samsung",
    b"8db42d694ccc418790edff439fe026bf": "Insta360",
    b"cbipcbbl": "PhotoMechanic",
    b"\x00CANON OPTIONAL DATA\x00": "Canon",
}
_TAIL_MARKS = {b"LIVE_": "Huawei", b"MotionPhoto_Data": "Samsung", b"jxrs": "OPPO", b"xiaomi": "Xiaomi"}


class _Behind(NamedTuple):
    """The bytes behind the end: where they begin in the file, and how many of them an index names."""

    payload: bytes
    start: int
    inner: Sequence[Span]

    @property
    def size(self) -> int:
        """How many bytes they are."""
        return len(self.payload) - self.start

    @property
    def rest(self) -> bytes:
        """The first of them, as many as are looked through."""
        return self.payload[self.start : self.start + _SCAN_BYTES]

    @property
    def is_padding(self) -> bool:
        """They are the same byte again and again: zeros, or what an empty memory holds."""
        return not self.rest.strip(b"\x00") or not self.rest.strip(b"\xff")


class _Hidden(NamedTuple):
    """Another file, and the byte where it begins."""

    kind: str
    offset: int


@examines(STILL_END)
def check_still_end(
    check: Check, payload: bytes, layout: Layout, promised: Sequence[str], damaged: int | None
) -> CheckResult | None:
    """Say what follows the picture; one that does not come to its end has nothing behind it.

    `promised` are kinds of what the metadata say should follow, `damaged` is the number of an indexed picture that
    does not decode.
    """
    if layout.end is None:
        return None
    behind = _Behind(payload, layout.end, layout.inner)
    hidden = _hidden(behind, layout.texts)
    if hidden is not None:
        return check.found("still-hidden-file", kind=hidden.kind, offset=hidden.offset)
    if damaged is not None:
        return check.found("still-companion-damaged", number=damaged)
    return _followed(check, behind, promised)


def _followed(check: Check, behind: _Behind, promised: Sequence[str]) -> CheckResult:
    if behind.size <= 0:
        return check.found("still-companion-gone", kind="、".join(promised)) if promised else check.held()
    if behind.is_padding:
        return check.found("still-padding", count=behind.size)
    kind = _companion(behind) or "、".join(promised)
    if kind:
        return check.found("still-companion", kind=kind, count=behind.size)
    if behind.size > max(behind.start, _LARGE_BYTES):
        return check.found("still-large-trailer", count=behind.size, picture=behind.start)
    return check.found("still-trailing-bytes", count=behind.size)


def cut_companion(payload: bytes, layout: Layout) -> Note | None:
    """Say that a video behind the picture does not come to its end: the file is cut."""
    start = payload.find(b"ftyp", layout.end or 0, (layout.end or 0) + _LARGE_BYTES) - 4
    if layout.end is None or start < layout.end:
        return None
    at = start
    while at + 8 <= len(payload):
        size = int.from_bytes(payload[at : at + 4])
        if size == 1:
            size = int.from_bytes(payload[at + 8 : at + 16])
        if size < 8 or not payload[at + 4 : at + 8].isalnum():  # noqa: PLR2004 - a box holds its own header
            return None
        at += size
    return note("media-truncated", missing_bytes=at - len(payload)) if at > len(payload) else None


def _companion(behind: _Behind) -> str:
    """Name what a device wrote, by an index, by its first bytes behind padding, or by its last ones."""
    if behind.inner:
        return "JPEG"
    rest = behind.rest
    begin = rest.lstrip(b"\x00")[:_SNIFF_BYTES]
    if b"ftyp" in rest[:_LARGE_BYTES]:
        return "MP4"
    starts = (name for mark, name in _COMPANIONS.items() if begin.startswith(mark.lstrip(b"\x00")))
    tail = behind.payload[-_SNIFF_BYTES:]
    ends = (
        name
        for mark, name in _COMPANION_TAILS.items()
        if tail.rstrip(b"\x00 ").endswith(mark.rstrip(b"\x00"))
    )
    inside = (name for mark, name in _TAIL_MARKS.items() if mark in tail or mark in rest[:_LARGE_BYTES])
    return next((name for names in (starts, ends, inside) for name in names), "")


def _hidden(behind: _Behind, texts: Iterable[Span]) -> _Hidden | None:
    """Look for another file: an archive at the end, a document at the beginning, code in what is no picture."""
    payload = behind.payload
    archive = _archive(payload)
    if archive is not None:
        return _Hidden("ZIP", archive)
    at = payload.find(b"%PDF-", 0, _PDF_HEAD_BYTES)
    if at >= 0:
        return _Hidden("PDF", at)
    for span in texts:
        met = _script(payload, span)
        if met is not None:
            return met
    return _file_behind(behind)


def _file_behind(behind: _Behind) -> _Hidden | None:
    rest = behind.rest
    begin = len(rest) - len(rest.lstrip(b"\x00\r\n\t "))
    for mark, kind in _FILES.items():
        if rest.startswith(mark, begin):
            return _Hidden(kind, behind.start + begin)
    if rest.startswith(b"MZ", begin) and _is_program(rest[begin:]):
        return _Hidden("EXE", behind.start + begin)
    if rest.startswith(b"PK\x03\x04", begin):
        return _Hidden("ZIP", behind.start + begin)
    return _script(behind.payload, Span(behind.start, behind.start + len(rest)))


def _script(payload: bytes, span: Span) -> _Hidden | None:
    text = payload[span.start : span.end].lower()
    for mark, kind in _SCRIPTS.items():
        at = text.find(mark)
        if at >= 0:
            return _Hidden(kind, span.start + at)
    return None


def _archive(payload: bytes) -> int | None:
    """Return where a ZIP begins whose directory stands at the end (APPNOTE 4.3.16), whatever stands before it."""
    floor = max(0, len(payload) - _ZIP_TAIL_BYTES)
    at = payload.rfind(b"PK\x05\x06", floor)
    if at < 0 or at + 22 > len(payload):
        return None
    size = int.from_bytes(payload[at + 12 : at + 16], "little")
    start = at - size
    if size and payload[max(0, start) : start + 4] == b"PK\x01\x02":
        first = payload.find(
            b"PK\x03\x04", max(0, start - int.from_bytes(payload[at + 16 : at + 20], "little"))
        )
        return first if 0 <= first < start else start
    return None


def _is_program(rest: bytes) -> bool:
    at = int.from_bytes(rest[60:64], "little")
    return rest[at : at + 4] == b"PE\x00\x00"
