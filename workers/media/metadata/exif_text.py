"""Text in Exif as makers write it: UTF-8 or GB18030 in fields that the standard calls ASCII, UTF-16, eight-byte heads."""

import re

from schemas.media import MAX_TEXT

_CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]+")
_MARKED = {
    b"ASCII\x00\x00\x00": "",
    b"UNICODE\x00": "utf-16",
    b"JIS\x00\x00\x00\x00\x00": "iso2022_jp",
    bytes(8): "",
}
"""Heads of a user comment (Exif 2.32, 4.6.5); ASCII and undefined hold what the maker's system used."""


def clean(value: object) -> str | None:
    """Return text fit for storage: no control characters, at most `MAX_TEXT` characters, None when blank."""
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
    return _CONTROL.sub(" ", text).strip()[:MAX_TEXT].strip() or None


def maker_text(value: object) -> str | None:
    """Read a field that the standard calls ASCII, clean.

    A string is what Pillow made of bytes, one character each. They are UTF-8, else GB18030, which holds GBK and
    GB 2312; what is neither stays as Pillow read it.
    """
    if isinstance(value, str):
        try:
            raw = value.encode("latin-1")
        except UnicodeEncodeError:
            return clean(value)
        return clean(_read(raw) or value)
    return clean((_read(value) or value) if isinstance(value, bytes) else value)


def _read(raw: bytes) -> str | None:
    for encoding in ("utf-8", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return None


def read_wide(value: object) -> str | None:
    """Read one of the fields that Windows writes (XPTitle and its like): UTF-16, little-endian."""
    raw = bytes(value) if isinstance(value, bytes | tuple) else b""
    return clean(raw.decode("utf-16-le", "replace").rstrip("\x00")) if raw else None


def read_comment(value: object, *, order: str) -> str | None:
    """Read a user comment by its head; UTF-16 without a mark of its own is in the byte order of the directory."""
    if not isinstance(value, bytes):
        return None
    encoding = _MARKED.get(value[:8])
    body = value if encoding is None else value[8:]
    if not encoding:
        return maker_text(body.rstrip(b"\x00 "))
    if encoding == "utf-16" and body[:2] not in {b"\xff\xfe", b"\xfe\xff"}:
        encoding = "utf-16-le" if order == "<" else "utf-16-be"
    return clean(body.decode(encoding, "replace").rstrip("\x00 "))
