"""A PDF from its index to the last byte of each stream: what is listed against what is there."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from schemas.document import Risk
from workers.media.document.found import Found
from workers.media.document.pdf_filters import (
    PICTURES,
    DamagedStreamError,
    IrregularStreamError,
    UnreadFilterError,
    unpack,
)
from workers.media.document.pdf_lexer import Name, Ref, SyntaxFault, Value
from workers.media.document.pdf_objects import OFFSET, PACKED, Entry, Indirect, Objects
from workers.media.document.pdf_picture import MOST_PICTURE_BYTES, is_picture_whole
from workers.media.result import Limits

_ACTIONS = {
    "JavaScript": Risk.JAVASCRIPT,
    "Launch": Risk.LAUNCH,
    "SubmitForm": Risk.FORM_SUBMIT,
    "ImportData": Risk.FORM_SUBMIT,
    "GoToR": Risk.OTHER_FILE,
    "GoToE": Risk.OTHER_FILE,
    "Rendition": Risk.MULTIMEDIA,
    "Movie": Risk.MULTIMEDIA,
    "Sound": Risk.MULTIMEDIA,
    "RichMediaExecute": Risk.MULTIMEDIA,
}
_KEYS = {"XFA": Risk.DYNAMIC_FORM, "EF": Risk.ATTACHMENT, "RichMediaContent": Risk.MULTIMEDIA}
_NO_CONTENT = frozenset({"XRef", "ObjStm"})


class Signature(NamedTuple):
    """A signature's ranges of bytes, as stated, and how long its value is."""

    ranges: list[int]
    contents: int


class PdfReader:
    """Goes through every object that the index lists; what it meets it counts in `found`."""

    def __init__(self, objects: Objects, found: Found, limits: Limits) -> None:
        self.objects, self.found, self._limits = objects, found, limits
        self.signatures: list[Signature] = []
        self.unread_pictures = 0
        self._named: set[int] = set()
        self._missed: list[int] = []

    def read(self, entries: Mapping[int, Entry], trailer: dict[str, Value]) -> None:
        """Read all objects, in the order of the file."""
        index = self.found.index
        self._scan(trailer)
        loose = sorted((one for one in entries.items() if one[1][0] == OFFSET), key=lambda one: one[1][1])
        packed = sorted((one for one in entries.items() if one[1][0] == PACKED), key=lambda one: one[1][1:])
        index.of = len(loose) + len(packed)
        for number, (_, offset, _) in loose:
            index.done += 1
            self._loose(number, offset)
        for number, (_, holder, _) in packed:
            index.done += 1
            self._packed(number, holder)
        for number in sorted(self._missed):
            if number in self._named:
                index.wrong.add(number)
            else:
                index.irregular += 1

    def _loose(self, number: int, offset: int) -> None:
        try:
            found = self.objects.at(self.objects.base + offset)
        except (SyntaxFault, RecursionError):
            self._missed.append(number)
            return
        if found.number != number:
            self._missed.append(number)
            return
        self._scan(found.value)
        if found.stream is None:
            self.found.index.irregular += not found.is_closed
        else:
            self._stream(found)

    def _packed(self, number: int, holder: int) -> None:
        try:
            rows = self.objects.packed(holder)
        except (SyntaxFault, DamagedStreamError, UnreadFilterError, RecursionError):
            self._missed.append(number)
            return
        value = next((value for one, value in rows if one == number), _ABSENT)
        if value is _ABSENT:
            self._missed.append(number)
        else:
            self._scan(value)

    def _stream(self, found: Indirect) -> None:
        """Unpack one stream to its end; a picture is decoded."""
        said, content = found.value, self.found.content
        if found.stream is None:
            return
        content.of += 1
        is_odd = not found.stream.is_regular or not found.is_closed
        filters = self.objects.filters(said)
        picture = filters.pop() if filters and filters[-1][0] in PICTURES else None
        names = [name for name, _ in filters]
        try:
            pieces = unpack(self.objects.raw(found), names, self.objects.work)
            if picture is not None:
                self._picture(found, *picture, b"".join(_bounded(pieces)))
                return
            for _ in pieces:
                pass
        except IrregularStreamError:
            is_odd = True
        except UnreadFilterError:
            return
        except DamagedStreamError:
            content.damaged.add(found.number)
            return
        content.done += 1
        content.irregular += is_odd

    def _picture(self, found: Indirect, coder: str, coded: dict[str, Value], payload: bytes) -> None:
        said = coded | {"Height": self.objects.get(found.value.get("Height", found.value.get("H")))}
        is_whole = is_picture_whole(payload, coder, said, self._limits, self.objects.work)
        if is_whole is None:
            self.unread_pictures += 1
        elif is_whole:
            self.found.content.done += 1
        else:
            self.found.content.damaged.add(found.number)

    def _scan(self, value: Value) -> None:
        """Look through one object for what may run, for links and for signatures, and note what it refers to."""
        waits = [value]
        while waits:
            one = waits.pop()
            if isinstance(one, Ref):
                self._named.add(one.number)
            elif isinstance(one, list):
                waits.extend(one)
            elif isinstance(one, dict):
                self._met(one)
                waits.extend(one.values())

    def _met(self, said: dict[str, Value]) -> None:
        action = said.get("S")
        risk = _ACTIONS.get(action) if isinstance(action, Name) else None
        if risk is not None and (risk is not Risk.MULTIMEDIA or said.get("Type", "Action") == "Action"):
            self.found.risks.add(risk)
        self.found.links += action == "URI" and "URI" in said
        if "JS" in said:
            self.found.risks.add(Risk.JAVASCRIPT)
        self.found.risks.update(risk for key, risk in _KEYS.items() if said.get(key) is not None)
        ranges = said.get("ByteRange")
        if isinstance(ranges, list) and isinstance(said.get("Contents"), bytes):
            whole = [one for one in ranges if isinstance(one, int)]
            self.signatures.append(Signature(whole, len(said["Contents"])))


_ABSENT = object()


def _bounded(pieces: Iterator[bytes]) -> Iterator[bytes]:
    held = 0
    for piece in pieces:
        held += len(piece)
        if held > MOST_PICTURE_BYTES:
            raise UnreadFilterError("too large")
        yield piece
