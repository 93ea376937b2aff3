"""Objects of PDF (ISO 32000-2, 7.2 and 7.3) from bytes: read strictly enough to see damage, without recursion too deep."""

import re
from typing import Any, NamedTuple

DEPTH = 64
_TOKEN = re.compile(
    rb"(?:[\x00\t\n\x0c\r ]++|%[^\r\n]*+)*+"
    rb"(?:(?P<number>[+-]{0,2}(?:\d+\.?\d*|\.\d+)(?:[-+]\d*)?)(?=[\x00\t\n\x0c\r ()<>\[\]{}/%]|$)"
    rb"|/(?P<name>[^\x00\t\n\x0c\r ()<>\[\]{}/%]*)"
    rb"|(?P<open><<|\[)|(?P<close>>>|\])"
    rb"|(?P<string>\()|<(?P<hex>[0-9A-Fa-f\x00\t\n\x0c\r ]*)>"
    rb"|(?P<word>[A-Za-z'\"*][A-Za-z0-9*'\"]*))"
)
_REFERENCE = re.compile(
    rb"[\x00\t\n\x0c\r ]+(\d{1,10})[\x00\t\n\x0c\r ]+R(?=[\x00\t\n\x0c\r ()<>\[\]{}/%]|$)"
)
_ESCAPED = re.compile(rb"\\(?:([0-7]{1,3})|(\r\n|[\r\n])|(.))", re.DOTALL)
_SPECIAL = re.compile(rb"[()\\]")
_HASHED = re.compile(rb"#([0-9A-Fa-f]{2})")
_LETTERS = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\x0c"}
_BLANK = re.compile(rb"[\x00\t\n\x0c\r ]+")
_WORDS = {b"true": True, b"false": False, b"null": None}


class SyntaxFault(Exception):
    """What stands here is no object of PDF."""


class CutShort(Exception):
    """The bytes end inside of an object: more of them may make it whole."""


class Name(str):
    """A name, without its slash."""

    __slots__ = ()


class Ref(NamedTuple):
    """A reference to an indirect object."""

    number: int
    generation: int


class Word(bytes):
    """A keyword or an operator."""

    __slots__ = ()


Value = Any
"""None, bool, int, float, bytes (a string), `Name`, `Ref`, `Word`, list or dict."""


class Lexer:
    """Reads objects one by one from a buffer; `at` is where the next begins, `tokens` how many were read."""

    def __init__(self, buffer: bytes, at: int = 0, *, has_refs: bool = True) -> None:
        self.buffer = buffer
        self.at = at
        self.tokens = 0
        self._has_refs = has_refs

    def is_at_end(self) -> bool:
        """Say whether nothing but blanks and remarks is left."""
        found = re.compile(rb"(?:[\x00\t\n\x0c\r ]++|%[^\r\n]*+)*+").match(self.buffer, self.at)
        return found is not None and found.end() >= len(self.buffer)

    def value(self, depth: int = 0) -> Value:
        """Return the next object.

        Raises:
            SyntaxFault: it is none.
            CutShort: the buffer ends before it does.
        """
        found = self._token()
        kind, text = found.lastgroup, found[found.lastgroup or 0]
        if kind == "number":
            return self._number(text)
        if kind == "name":
            return name_of(text)
        if kind == "open":
            return self._list(depth) if text == b"[" else self._dict(depth)
        if kind == "string":
            return self._string()
        if kind == "hex":
            digits = _BLANK.sub(b"", text)
            return bytes.fromhex((digits + b"0" * (len(digits) % 2)).decode())
        if kind == "word":
            return _WORDS[text] if text in _WORDS else Word(text)
        raise SyntaxFault(f"{text!r}")

    def _token(self) -> "re.Match[bytes]":
        found = _TOKEN.match(self.buffer, self.at)
        if found is None:
            rest = self.buffer[self.at :]
            bare = _BLANK.sub(b"", rest[:256])
            if self.is_at_end() or (bare.startswith(b"<") and b">" not in rest):
                raise CutShort
            raise SyntaxFault(f"{rest[:16]!r}")
        self.tokens += 1
        self.at = found.end()
        return found

    def _number(self, text: bytes) -> Value:
        if self._has_refs and text.isdigit() and len(text) <= 10:  # noqa: PLR2004 - as many digits as an offset has
            found = _REFERENCE.match(self.buffer, self.at)
            if found is not None:
                self.at = found.end()
                return Ref(int(text), int(found[1]))
        try:
            return int(text) if len(text) < 20 else 0  # noqa: PLR2004 - no number of a file is longer
        except ValueError:
            return _real(text)

    def _list(self, depth: int) -> list[Value]:
        made: list[Value] = []
        self._deeper(depth)
        while not self._closes(b"]"):
            made.append(self.value(depth + 1))
        return made

    def _dict(self, depth: int) -> dict[str, Value]:
        made: dict[str, Value] = {}
        self._deeper(depth)
        while not self._closes(b">>"):
            key = self.value(depth + 1)
            if not isinstance(key, Name):
                raise SyntaxFault(f"{key!r} for a key")
            made[key] = self.value(depth + 1) if not self._closes(b">>", is_peek=True) else None
        return made

    def _closes(self, mark: bytes, *, is_peek: bool = False) -> bool:
        found = _TOKEN.match(self.buffer, self.at)
        if found is None or found.lastgroup != "close":
            return False
        if found["close"] != mark:
            raise SyntaxFault(f"{found['close']!r} for {mark!r}")
        if not is_peek:
            self.tokens += 1
            self.at = found.end()
        return True

    def _deeper(self, depth: int) -> None:
        if depth >= DEPTH:
            raise SyntaxFault("too deep")

    def _string(self) -> bytes:
        """Read a string with its balanced brackets; its opening one was read (7.3.4.2)."""
        start, depth = self.at, 1
        while depth:
            found = _SPECIAL.search(self.buffer, self.at)
            if found is None:
                raise CutShort
            self.at = found.end() + (found[0] == b"\\")
            depth += (found[0] == b"(") - (found[0] == b")")
        raw = self.buffer[start : self.at - 1]
        return _ESCAPED.sub(_unescaped, raw) if b"\\" in raw else raw


def name_of(text: bytes) -> Name:
    """Return a name with its #xx read."""
    plain = _HASHED.sub(lambda found: bytes.fromhex(found[1].decode()), text) if b"#" in text else text
    return Name(plain.decode("utf-8", "surrogateescape") if not plain.isascii() else plain.decode())


def _real(text: bytes) -> float:
    """Read a real number; what sloppy writers put behind a second sign is left out."""
    found = re.match(rb"[+-]*(\d*\.?\d*)", text)
    digits = found[1] if found else b""
    number = float(digits) if digits.strip(b".") else 0.0
    return -number if text.startswith((b"-", b"+-")) else number


def _unescaped(found: "re.Match[bytes]") -> bytes:
    octal, line, letter = found.groups()
    if octal:
        return bytes((int(octal, 8) & 0xFF,))
    return b"" if line else _LETTERS.get(letter, letter)
