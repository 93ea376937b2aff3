"""XML as UTF-8, whatever it was written in, read by expat without a document type (XML 1.0, 4.3.3 and appendix F).

A document type declaration is refused before a single entity expands: a track never needs one, and it is how a few
hundred bytes become gigabytes. What the first bytes are decides over what the declaration says.
"""

import codecs
import re
from collections.abc import Iterator
from xml.parsers import expat  # no document type is let through, see `parser`

from workers.media.source import Source

READ_BYTES = 512 * 1024
DEPTH = 64
_DECLARED = re.compile(rb"""<\?xml[^>]{0,100}?\bencoding\s*=\s*["']([A-Za-z0-9._:-]{1,40})["']""")
_MARKS = (
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
    (b"<\x00\x00\x00", "utf-32-le"),
    (b"\x00\x00\x00<", "utf-32-be"),
    (b"<\x00", "utf-16-le"),
    (b"\x00<", "utf-16-be"),
)
_WIDER = {
    **dict.fromkeys(("gb2312", "gbk", "cp936", "x-gbk", "gb_2312-80"), "gb18030"),
    **dict.fromkeys(("big5", "cp950", "x-x-big5"), "big5hkscs"),
}
"""What Chinese programs declare, and the encoding that holds all they write (GB 18030 holds those before it)."""
_SPACE = b" \t\r\n"


class DocumentTypeError(Exception):
    """The document declares a type."""


class NotTextError(Exception):
    """The bytes are not text in the encoding that they declare, or nobody here reads that encoding."""


class BrokenXmlError(Exception):
    """The document is not well-formed."""

    def __init__(self, line: int) -> None:
        super().__init__(str(line))
        self.line = line


def parser() -> expat.XMLParserType:
    """Return a parser of UTF-8 that refuses document types.

    Its `Parse` raises `DocumentTypeError`, and `expat.ExpatError`, which `broken` explains.
    """
    made = expat.ParserCreate("utf-8")
    made.buffer_text = True
    made.StartDoctypeDeclHandler = _refuse
    return made


class Elements:
    """A reader of elements: whoever takes them gives `_start`, `_end` and `_text`."""

    def __init__(self) -> None:
        self._parser = parser()
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._text

    def _parse(self, piece: bytes, *, is_last: bool = False, lines: int = 0) -> None:
        """Read on; `lines` were passed over beside the parser.

        Raises:
            BrokenXmlError: the document is not well-formed.
            DocumentTypeError: it declares a type.
        """
        try:
            self._parser.Parse(piece, is_last)
        except expat.ExpatError as why:
            raise BrokenXmlError(why.lineno + lines) from why

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        raise NotImplementedError

    def _end(self, name: str) -> None:
        raise NotImplementedError

    def _text(self, text: str) -> None:
        raise NotImplementedError


def utf8(source: Source) -> Iterator[tuple[bytes, int]]:
    """Yield the document piece by piece as UTF-8, each with the bytes of the file that were read so far.

    Space before the declaration, which some loggers write, is left out.

    Raises:
        NotTextError: it is not in the encoding that its first bytes or its declaration name.
    """
    read = 0
    with source.open() as stream:
        chunk = stream.read(READ_BYTES)
        decoder = decoder_of(chunk)
        chunk, read = _unspaced(chunk), len(chunk) - len(_unspaced(chunk))
        while chunk:
            read += len(chunk)
            yield (chunk if decoder is None else _decoded(decoder, chunk)), read
            chunk = stream.read(READ_BYTES)
    if decoder is not None:
        yield _decoded(decoder, b"", is_last=True), read


def _unspaced(chunk: bytes) -> bytes:
    bare = chunk.lstrip(_SPACE)
    return bare if bare.startswith(b"<") else chunk


def _decoded(decoder: codecs.IncrementalDecoder, chunk: bytes, *, is_last: bool = False) -> bytes:
    try:
        return str(decoder.decode(chunk, final=is_last)).encode()
    except UnicodeError as why:
        raise NotTextError(str(why)) from why


def decoder_of(head: bytes) -> codecs.IncrementalDecoder | None:
    """Return what turns the bytes of a document into text, by its first ones; None where they are UTF-8.

    Raises:
        NotTextError: nobody here reads the encoding that it declares.
    """
    name = _encoding(head)
    if name == "utf-8":
        return None
    try:
        # Only what turns bytes into text, and reads the declaration as it was read here.
        is_text = name.startswith("utf-") or b"<".decode(name) == "<"
        found = codecs.lookup(name).incrementaldecoder
    except (LookupError, ValueError) as why:
        raise NotTextError(name) from why
    if found is None or not is_text:
        raise NotTextError(name)
    return found()


def _encoding(head: bytes) -> str:
    marked = next((name for start, name in _MARKS if head.startswith(start)), None)
    if marked is not None:
        return marked
    declared = _DECLARED.match(head.lstrip(_SPACE))
    name = declared[1].decode("ascii").lower() if declared else "utf-8"
    # Bytes in which a declaration can be read as ASCII are no UTF-16: programs write it to strings and save those as UTF-8.
    is_wide = name.startswith(("utf-16", "utf16", "utf-32", "ucs-2", "iso-10646-ucs"))
    return "utf-8" if is_wide or name in {"utf8", "ascii", "us-ascii"} else _WIDER.get(name, name)


def _refuse(*_: object) -> None:
    raise DocumentTypeError
