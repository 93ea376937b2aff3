"""JSON (RFC 8259) read token by token: a file of any size costs memory for one token.

Several texts may follow each other, also after the record separators of RFC 8142.
"""

import codecs
import re
from collections.abc import Generator, Iterator
from typing import NamedTuple

from workers.media.source import Source
from workers.media.track.xml_text import READ_BYTES
from workers.media.work import Work

DEPTH = 64
MAX_TOKEN = 64 * 1024
"""Characters of the longest token; a longer text is one that no track has."""
_TOKEN = re.compile(
    r'[ \t\r\n\x1e]*(?:([\[\]{}:,])|"((?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4}))*)"'
    r"|(-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)(?=[ \t\r\n\x1e\[\]{}:,]))"
)
_SPACE = " \t\r\n\x1e"
_NUMBER = r"\s*-?(?:0|[1-9]\d{0,14})(?:\.\d{1,20})?(?:[eE][+-]?\d{1,3})?\s*"
_RUN = re.compile(r"(?:\s*\[" + _NUMBER + "," + _NUMBER + r"(?:," + _NUMBER + r")*\]\s*,){1,256}", re.ASCII)
"""Arrays of numbers with a comma behind each, as they stand in an array."""


class BrokenJsonError(Exception):
    """The text is no JSON."""

    def __init__(self, line: int) -> None:
        super().__init__(str(line))
        self.line = line


class Token(NamedTuple):
    """A sign, a text or a word; `kind` is the sign itself, `"` for a text and `0` for a number or a literal.

    `[[` is many elements of an array at once, each an array of numbers with its comma.
    """

    kind: str
    text: str


class Tokens:
    """The tokens of a file, one after the other; `read` are the bytes gone through."""

    def __init__(self, source: Source, work: Work) -> None:
        self._work = work
        self.read = 0
        self._line = 1
        self._tokens = self._all(source)
        self._held: Token | None = None
        self._is_in_array = False
        self._last = ""

    def peek(self) -> Token | None:
        """Return the next token without taking it; None at the end."""
        if self._held is None:
            self._held = next(self._tokens, None)
        return self._held

    def take(self, kind: str = "") -> Token:
        """Take the next token, which has to be of a kind where one is given.

        Raises:
            BrokenJsonError: it is another, or there is none.
        """
        found = self.peek()
        self._held = None
        if found is None or (kind and found.kind != kind):
            raise self.broken()
        self._last = found.kind
        return found

    def peek_kind(self) -> str:
        """Return the kind of the next token; empty at the end."""
        found = self.peek()
        return found.kind if found else ""

    def goes_on(self, end: str) -> bool:
        """Take the comma before the next element, or the end of all; say whether there is a next one.

        Raises:
            BrokenJsonError: it is neither.
        """
        if self._last in {"[", "{"}:
            is_end = self.peek_kind() == end
            if is_end:
                self.take()
            return not is_end
        if self._last != "[[":
            kind = self.take().kind
            if kind == end:
                return False
            if kind != ",":
                raise self.broken()
        if self.peek_kind() == end:
            raise self.broken()
        return True

    def broken(self) -> BrokenJsonError:
        """Return what is to be raised where the text is none."""
        return BrokenJsonError(self._line)

    def _all(self, source: Source) -> Iterator[Token]:
        decoder = codecs.getincrementaldecoder("utf-8-sig")()
        text = ""
        with source.open() as stream:
            while chunk := stream.read(READ_BYTES):
                self.read += len(chunk)
                text += self._decoded(decoder, chunk, is_last=False)
                text = yield from self._of(text)
                if len(text) > MAX_TOKEN:
                    raise self.broken()
        # A number ends where the text does.
        text = yield from self._of(text + self._decoded(decoder, b"", is_last=True) + "\n")
        if text.strip(_SPACE):
            raise self.broken()

    def _of(self, text: str) -> Generator[Token, None, str]:
        """Yield the whole tokens of a text; return what is left of it."""
        at, kind = 0, ""
        while True:
            found = _RUN.match(text, at) if self._is_in_array else None
            if found is not None:
                kind, said = "[[", found[0]
            elif (found := _TOKEN.match(text, at)) is not None:
                kind = found[1] or ('"' if found.lastindex == 2 else "0")  # noqa: PLR2004 - the group of texts
                said = found[found.lastindex or 1]
            else:
                return text[at:]
            self._is_in_array = kind in {"[", "[["}
            self._work.pieces()
            self._line += text.count("\n", at, found.end())
            at = found.end()
            yield Token(kind, said)

    def _decoded(self, decoder: codecs.IncrementalDecoder, chunk: bytes, *, is_last: bool) -> str:
        try:
            return str(decoder.decode(chunk, final=is_last))
        except UnicodeDecodeError as why:
            raise self.broken() from why
