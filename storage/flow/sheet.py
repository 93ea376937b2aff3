"""The cells of a sheet that somebody sends: XLSX (ECMA-376), or CSV in UTF-8, with or without its mark, or GB18030."""

import base64
import csv
import lzma
import re
import zipfile
import zlib
from collections.abc import Iterator
from io import BytesIO
from xml.etree.ElementTree import Element, ParseError

from defusedxml.ElementTree import fromstring

from schemas.refusals_account import ROSTER_UNREADABLE

Table = list[list[str]]

MOST_BYTES = 16 * 1024 * 1024
"""Of what is packed inside a file: a small file can hold a large one."""

MOST_COLUMNS = 64
_NAMESPACE = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_PLACE = re.compile(r"([A-Z]{1,3})[0-9]{1,7}")
_ZIP = b"PK\x03\x04"
_UNREADABLE = (
    ValueError,
    LookupError,
    EOFError,
    OSError,
    RuntimeError,  # it asks a password, or is packed in a way that is not known here
    csv.Error,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    ParseError,
)


def table_of(payload: bytes) -> Table:
    """Return the cells of the first sheet, row by row.

    Raises:
        Invalid: it is none of the forms that are read (slug `roster-unreadable`).
    """
    try:
        return _of_xlsx(payload) if payload.startswith(_ZIP) else _of_csv(payload)
    except _UNREADABLE as err:
        raise ROSTER_UNREADABLE(f"the file cannot be read: {type(err).__name__}") from err


def _of_csv(payload: bytes) -> Table:
    text = _text(payload)
    if "\0" in text:
        raise ValueError("no text holds a NUL")
    head = text.partition("\n")[0]
    separator = max("\t,;", key=head.count)
    lines = (f"{line}\n" for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"))
    return [row[:MOST_COLUMNS] for row in csv.reader(lines, delimiter=separator)]


def _text(payload: bytes) -> str:
    try:
        return payload.decode("utf-8-sig")
    except UnicodeDecodeError:
        return payload.decode("gb18030")


def _of_xlsx(payload: bytes) -> Table:
    with zipfile.ZipFile(BytesIO(payload)) as book:
        if sum(one.file_size for one in book.infolist()) > MOST_BYTES:
            raise ValueError("the file is too large when it is unpacked")
        names = book.namelist()
        sheets = sorted(name for name in names if re.fullmatch(r"xl/worksheets/sheet[0-9]+\.xml", name))
        strings = "xl/sharedStrings.xml"
        shared = (
            [_said(one) for one in _xml(book, strings).iter(f"{_NAMESPACE}si")] if strings in names else []
        )
        rows = _xml(book, sheets[0]).iter(f"{_NAMESPACE}row")
        return [list(_cells(row, shared)) for row in rows]


def _xml(book: zipfile.ZipFile, name: str) -> Element:
    with book.open(name) as part:
        text = part.read(MOST_BYTES + 1)
    if len(text) > MOST_BYTES:
        raise ValueError("no sheet is like this")
    # No sheet has a document type; whoever sends one, in whatever encoding, wants entities to be expanded.
    made: Element = fromstring(text, forbid_dtd=True)
    return made


def _cells(row: Element, shared: list[str]) -> Iterator[str]:
    """Yield the cells of a row from column A on; those that a file leaves out are empty."""
    filled = 0
    for cell in row.iter(f"{_NAMESPACE}c"):
        place = _PLACE.fullmatch(cell.get("r") or "")
        column = _column(place[1]) if place else filled
        if column >= MOST_COLUMNS:
            return
        yield from [""] * (column - filled)
        yield _value(cell, shared)
        filled = max(filled, column) + 1


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1


def _value(cell: Element, shared: list[str]) -> str:
    kind, value = cell.get("t"), cell.findtext(f"{_NAMESPACE}v") or ""
    if kind == "s":
        return shared[int(value)]
    return _said(cell) if kind == "inlineStr" else value


def _said(holder: Element) -> str:
    """Return the text of a string: one run, or several with a style each; what only tells how to read it is left out."""
    return "".join(one.text or "" for one in holder.iter(f"{_NAMESPACE}t"))


def sheet_bytes(text: str) -> bytes:
    """Return the bytes of a sheet that came as base64.

    Raises:
        Invalid: it is not base64 (slug `roster-unreadable`).
    """
    try:
        return base64.b64decode(text, validate=True)
    except ValueError as err:
        raise ROSTER_UNREADABLE("the sheet is not base64") from err
