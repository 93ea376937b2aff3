"""The parts of an XLSX (ECMA-376) as they are unpacked: shared texts and rows, with no tree of either.

Whoever sends a book decides what is in it: what a part holds is counted while it is unpacked, a name or a text in it has a
bound of its own, and a document type is refused, in whatever encoding: no sheet has one, and entities expand.
"""

import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from typing import Generic, NoReturn, TypeVar
from xml.parsers import expat

Made = TypeVar("Made")

MOST_BYTES = 96 * 1024 * 1024
"""Of what is packed inside a file: a small file can hold a large one. 100,000 people take half of it."""

MOST_TEXTS = 1_000_000
"""Shared texts of a book: ten for each row of the longest sheet."""

MOST_COLUMNS = 64
ROW_BYTES = 4 * 1024 * 1024
"""Of what stands between two marks, and of the texts of a row: nothing of a file is held beyond it."""

_PIECE = 64 * 1024
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_ROW, _CELL, _ITEM, _VALUE, _TEXT, _READING = (
    f"{_MAIN}{name}" for name in ("row", "c", "si", "v", "t", "rPh")
)
_PLACE = re.compile(r"([A-Z]{1,3})[0-9]{1,7}")


class Part(Generic[Made]):
    """What a part holds, made as its marks come; `made` is emptied by whoever reads."""

    def __init__(self) -> None:
        self.made: list[Made] = []
        self._texts: list[str] = []
        self._left = ROW_BYTES
        self._takes = False
        self._skips = False

    def starts(self, name: str, marks: Mapping[str, str]) -> None:
        """Note what begins."""
        del marks
        self._skips = self._skips or name == _READING  # how a text is read aloud is no part of it

    def ends(self, name: str) -> None:
        """Note what ends."""
        self._takes = False
        self._skips = self._skips and name != _READING

    def says(self, text: str) -> None:
        """Take a text where one is looked for."""
        if self._takes and not self._skips:
            self._left -= len(text)
            if self._left < 0:
                raise ValueError("no row holds so much")
            self._texts.append(text)

    def _said(self) -> str:
        said = "".join(self._texts)
        self._texts.clear()
        return said


class SharedTexts(Part[str]):
    """The texts that cells name by their number."""

    def __init__(self) -> None:
        super().__init__()
        self._count = 0

    def starts(self, name: str, marks: Mapping[str, str]) -> None:
        """Note what begins: a text is one run, or several with a style each."""
        super().starts(name, marks)
        self._takes = name == _TEXT

    def ends(self, name: str) -> None:
        """Note what ends."""
        super().ends(name)
        if name == _ITEM:
            self._count += 1
            self._left = ROW_BYTES
            if self._count > MOST_TEXTS:
                raise ValueError("no sheet has so many texts")
            self.made.append(self._said())


class Rows(Part[list[str]]):
    """The cells of each row from column A on; those that a file leaves out are empty."""

    def __init__(self, shared: Sequence[str]) -> None:
        super().__init__()
        self._shared = shared
        self._cells: list[str] = []
        self._kind = ""
        self._column = 0

    def starts(self, name: str, marks: Mapping[str, str]) -> None:
        """Note what begins."""
        super().starts(name, marks)
        if name == _CELL:
            self._kind = marks.get("t", "")
            place = _PLACE.fullmatch(marks.get("r", ""))
            self._column = _column(place[1]) if place else len(self._cells)
        self._takes = name == (_TEXT if self._kind == "inlineStr" else _VALUE)

    def ends(self, name: str) -> None:
        """Note what ends."""
        super().ends(name)
        if name == _CELL:
            self._put(self._said())
        elif name == _ROW:
            self.made.append(self._cells)
            self._cells = []
            self._left = ROW_BYTES

    def _put(self, said: str) -> None:
        if self._column >= MOST_COLUMNS:
            return
        self._cells += [""] * (self._column + 1 - len(self._cells))
        self._cells[self._column] = self._shared[int(said)] if self._kind == "s" else said


def read(book: zipfile.ZipFile, name: str, part: Part[Made]) -> Iterator[Made]:
    """Yield what a part of a book holds, as it is unpacked.

    Raises:
        ValueError, expat.ExpatError, and what `zipfile` raises: it is no such part, or holds too much.
    """
    left, token = MOST_BYTES, ROW_BYTES

    def starts(element: str, marks: Mapping[str, str]) -> None:
        nonlocal token
        token = ROW_BYTES
        part.starts(element, marks)

    parser = expat.ParserCreate(namespace_separator="}")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refused
    parser.StartElementHandler, parser.EndElementHandler = starts, part.ends
    parser.CharacterDataHandler = part.says
    with book.open(name) as opened:
        while piece := opened.read(_PIECE):
            left, token = left - len(piece), token - len(piece)
            if left < 0 or token < 0:
                raise ValueError("the part is too large when it is unpacked")
            parser.Parse(piece, False)  # noqa: FBT003 - expat names no argument
            yield from part.made
            part.made.clear()
    parser.Parse(b"", True)  # noqa: FBT003 - as above
    yield from part.made


def _refused(*_: object) -> NoReturn:
    raise ValueError("no sheet has a document type")


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1
