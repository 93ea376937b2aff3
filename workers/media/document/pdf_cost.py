"""How much a page asks to be drawn, counted before anybody draws it: forms that draw forms multiply.

A page whose words are in a font that is not in the document would be drawn without them, and look empty.
"""

import re

from workers.media.document.pdf_filters import DamagedStreamError, IrregularStreamError, UnreadFilterError
from workers.media.document.pdf_lexer import Ref, SyntaxFault, Value, name_of
from workers.media.document.pdf_objects import OFFSET, Objects
from workers.media.document.pdf_pages import Page

_DRAWN = re.compile(rb"/([^\x00\t\n\x0c\r ()<>\[\]{}/%]+)[\x00\t\n\x0c\r ]+Do(?![A-Za-z])")
_MOST_CONTENT_BYTES = 16 * 1024 * 1024
MOST_DRAWN = 20_000
"""Forms and pictures that one page may draw, each as often as it is drawn."""

_DEPTH = 24


class PageCost:
    """What one page draws: `pixels` of its pictures, whether its fonts are there, and if it stays in bounds."""

    def __init__(self, objects: Objects, page: Page) -> None:
        self._objects = objects
        self._costs: dict[int, int] = {}
        self._bytes = 0
        self.pixels = 0
        self.has_its_fonts = True
        contents = objects.get(page.said.get("Contents"))
        streams = contents if isinstance(contents, list) else [page.said.get("Contents")]
        resources = _inherited(objects, page.said, "Resources")
        text = b"\n".join(self._content(one) for one in streams if isinstance(one, Ref))
        self._drawn = self._cost_of(text, resources, 0)

    @property
    def is_bearable(self) -> bool:
        """It draws no more than a page of paper holds."""
        return self._drawn <= MOST_DRAWN and self._bytes <= _MOST_CONTENT_BYTES

    def _cost_of(self, text: bytes, resources: Value, depth: int) -> int:
        held = self._objects.get(resources.get("XObject")) if isinstance(resources, dict) else None
        names = held if isinstance(held, dict) else {}
        fonts = self._objects.get(resources.get("Font")) if isinstance(resources, dict) else None
        if isinstance(fonts, dict) and not all(_is_here(self._objects, one) for one in fonts.values()):
            self.has_its_fonts = False
        cost = 1
        for found in _DRAWN.finditer(text):
            cost += self._of_object(names.get(name_of(found[1])), depth)
            if cost > MOST_DRAWN:
                break
        return cost

    def _of_object(self, ref: Value, depth: int) -> int:
        if not isinstance(ref, Ref):
            return 1
        if depth >= _DEPTH:
            return MOST_DRAWN
        if ref.number not in self._costs:
            self._costs[ref.number] = 1  # a form that draws itself is drawn once
            self._costs[ref.number] = self._of_stream(ref, depth)
        return self._costs[ref.number]

    def _of_stream(self, ref: Ref, depth: int) -> int:
        said = self._objects.get(ref)
        if not isinstance(said, dict):
            return 1
        if said.get("Subtype") == "Image":
            width, height = (self._objects.get(said.get(one)) for one in ("Width", "Height"))
            self.pixels += width * height if isinstance(width, int) and isinstance(height, int) else 0
            return 1
        return self._cost_of(self._content(ref), self._objects.get(said.get("Resources")), depth + 1)

    def _content(self, ref: Ref) -> bytes:
        """Return a content stream unpacked, cut at the bound; what does not unpack draws nothing more."""
        kind, place, _ = self._objects.entries.get(ref.number, (0, 0, 0))
        made = bytearray()
        try:
            found = self._objects.at(self._objects.base + place) if kind == OFFSET else None
            if found is None or found.stream is None:
                return b""
            for piece in self._objects.unpacked(found):
                made += piece
                if len(made) > _MOST_CONTENT_BYTES:
                    break
        except (SyntaxFault, DamagedStreamError, IrregularStreamError, UnreadFilterError):
            pass
        self._bytes += len(made)
        return bytes(made)


def _is_here(objects: Objects, font: Value) -> bool:
    """Say whether a font can be drawn: PDFium has Latin ones, of all others the document has to hold the file."""
    said = objects.get(font)
    if not isinstance(said, dict) or said.get("Subtype") != "Type0":
        return True
    kids = objects.get(said.get("DescendantFonts"))
    first = objects.get(kids[0]) if isinstance(kids, list) and kids else None
    held = objects.get(first.get("FontDescriptor")) if isinstance(first, dict) else None
    return isinstance(held, dict) and any(name in held for name in ("FontFile", "FontFile2", "FontFile3"))


def _inherited(objects: Objects, said: dict[str, Value], key: str) -> Value:
    """Return what a page says, or the nearest branch of the tree above it (7.7.3.4)."""
    for _ in range(_DEPTH):
        if key in said:
            return objects.get(said[key])
        above = objects.get(said.get("Parent"))
        if not isinstance(above, dict):
            return None
        said = above
    return None
