"""Other files in front of a document or behind it: an archive, a program, a page, a second document."""

from workers.media.container import Note
from workers.media.document.bytes_at import Bytes
from workers.media.document.found import Edges
from workers.media.document.zip_directory import find_end

_SEEN_BYTES = 1 << 20
_FILES = {
    b"PK\x03\x04": "ZIP",
    b"%PDF-": "PDF",
    b"Rar!\x1a\x07": "RAR",
    b"7z\xbc\xaf\x27\x1c": "7z",
    b"\x7fELF": "ELF",
    b"MZ": "EXE",
    b"#!/": "script",
    b"\xff\xd8\xff": "JPEG",
    b"\xd0\xcf\x11\xe0": "OLE",
}
_SCRIPTS = {
    b"<?php": "PHP",
    b"<script": "HTML",
    b"<html": "HTML",
    b"<!doctype html": "HTML",
    b"<iframe": "HTML",
}


def hidden_in(data: Bytes, edges: Edges, *, is_archive: bool = False) -> tuple[str, int] | None:
    """Return kind and place of another file around a document; `is_archive`: the document itself is one."""
    front = _file(data.at(0, min(edges.start, _SEEN_BYTES)), 0) if edges.start else None
    if front is not None:
        return front
    behind = None
    if edges.end is not None and edges.end < data.size:
        behind = _file(data.at(edges.end, _SEEN_BYTES), edges.end)
    return behind or (None if is_archive else _archive(data))


def _file(stretch: bytes, offset: int) -> tuple[str, int] | None:
    begin = len(stretch) - len(stretch.lstrip(b"\x00\r\n\t "))
    for mark, kind in _FILES.items():
        if stretch.startswith(mark, begin):
            return kind, offset + begin
    low = stretch.lower()
    for mark, kind in _SCRIPTS.items():
        at = low.find(mark)
        if at >= 0:
            return kind, offset + at
    return None


def _archive(data: Bytes) -> tuple[str, int] | None:
    """An archive whose directory ends the file makes any program that reads from the end see it alone."""
    end = find_end(data)
    if isinstance(end, Note) or not end.entries or end.end < data.size - 2:
        return None
    return "ZIP", end.start
