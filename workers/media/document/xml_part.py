"""One XML part of an archive, read by expat without a document type; elements are handed on where somebody asks."""

import codecs
from collections.abc import Callable, Mapping
from xml.parsers import expat  # no document type is let through

from workers.media.track.xml_text import DocumentTypeError, NotTextError, decoder_of
from workers.media.work import Work

Take = Callable[[str, Mapping[str, str], str], None]
"""Called at the end of each element with its local name, its attributes and its own text."""

DEPTH = 256
_TEXT = 4096


class DamagedPartError(Exception):
    """The part is not well-formed."""

    def __init__(self, line: int) -> None:
        super().__init__(str(line))
        self.line = line


class XmlPart:
    """A part that is fed piece by piece. Without `take` only its form is looked at."""

    def __init__(self, work: Work, take: Take | None = None) -> None:
        self._parser = expat.ParserCreate("utf-8", " ")
        self._parser.buffer_text = True
        self._parser.StartDoctypeDeclHandler = _refuse
        self._work = work
        self._take = take
        self._decoder: codecs.IncrementalDecoder | None = None
        self._is_begun = False
        self._open: list[tuple[str, Mapping[str, str], list[str]]] = []
        if take is not None:
            self._parser.StartElementHandler = self._start
            self._parser.EndElementHandler = self._end
            self._parser.CharacterDataHandler = self._text

    def feed(self, piece: bytes) -> None:
        """Parse one more piece.

        Raises:
            DamagedPartError: it is not well-formed, or not in the encoding that it declares.
            DocumentTypeError: it declares a document type.
        """
        self._parse(self._text_of(piece), is_last=False)

    def close(self) -> None:
        """Parse to the end; raises as `feed`."""
        self._parse(self._text_of(b"", is_last=True), is_last=True)

    def _text_of(self, piece: bytes, *, is_last: bool = False) -> bytes:
        """Return a piece as UTF-8."""
        try:
            if not self._is_begun:
                self._decoder, self._is_begun = decoder_of(piece), True
            return piece if self._decoder is None else self._decoder.decode(piece, is_last).encode()
        except (NotTextError, UnicodeError) as why:
            raise DamagedPartError(self._parser.CurrentLineNumber) from why

    def _parse(self, text: bytes, *, is_last: bool) -> None:
        try:
            self._parser.Parse(text, is_last)
        except expat.ExpatError as why:
            raise DamagedPartError(self._parser.CurrentLineNumber) from why

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._work.pieces()
        if len(self._open) >= DEPTH:
            raise DamagedPartError(self._parser.CurrentLineNumber)
        plain = {key.rpartition(" ")[2]: value for key, value in attributes.items()}
        self._open.append((name.rpartition(" ")[2], plain, []))

    def _text(self, text: str) -> None:
        if self._open and sum(map(len, self._open[-1][2])) < _TEXT:
            self._open[-1][2].append(text)

    def _end(self, _: str) -> None:
        name, attributes, texts = self._open.pop()
        if self._take is not None:
            self._take(name, attributes, "".join(texts).strip())


def _refuse(*_: object) -> None:
    raise DocumentTypeError
