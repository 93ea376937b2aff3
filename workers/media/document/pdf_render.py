"""Pages drawn by PDFium: the first one as a small picture, and pictures whose coder only it has.

It is built without scripts, and draws neither forms nor notes here.
"""

from collections.abc import Iterator
from typing import cast

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from workers.media.result import Derivative, Limits
from workers.media.source import Source
from workers.media.still.jpeg import Pixels
from workers.media.still.picture import picture
from workers.media.work import Work

TOOL = f"pypdfium2 {pdfium.version.PYPDFIUM_INFO}, pdfium {pdfium.version.PDFIUM_INFO}"

_MOST_POINTS = 1_000_000
"""A page is a few hundred points wide."""


class Drawing:
    """A document that PDFium opened; `is_open` is false where it could not."""

    def __init__(self, source: Source) -> None:
        self._reader = source.open()
        self._document: pdfium.PdfDocument | None = None
        try:
            self._document = pdfium.PdfDocument(self._reader)
        except (pdfium.PdfiumError, ValueError):
            self.close()

    @property
    def is_open(self) -> bool:
        """PDFium opened it."""
        return self._document is not None

    @property
    def count(self) -> int:
        """How many pages PDFium finds."""
        return 0 if self._document is None else len(self._document)

    def first_page(self, limits: Limits) -> Derivative | None:
        """Draw the first page; None where PDFium cannot.

        It is shown without a look, so it is drawn too small to be read: half of what a photo is shown in.
        """
        return self.page(0, limits.thumbnail_px // 2, kind="thumbnail")

    def page(self, place: int, longest_px: int, *, kind: str) -> Derivative | None:
        """Draw a page, counted from 0; None where PDFium cannot."""
        if self._document is None:
            return None
        try:
            page = self._document[place]
            width, height = page.get_size()
            longest = max(width, height)
            if not 0 < longest < _MOST_POINTS:
                return None
            shown = page.render(
                scale=longest_px / longest,
                may_draw_forms=False,
                draw_annots=False,
                rev_byteorder=False,
            )
            pixels: Pixels = shown.to_numpy()[:, :, :3].copy()
            page.close()
        except (pdfium.PdfiumError, IndexError, ValueError):
            return None
        return picture(pixels, kind=kind, orientation=1, longest_px=longest_px, tool=TOOL)

    def pictures(self, coders: frozenset[str], limits: Limits, work: Work) -> tuple[int, int]:
        """Decode every picture of these coders on all pages; return how many decoded, and how many did not."""
        done = damaged = 0
        if self._document is None:
            return 0, 0
        for number in range(len(self._document)):
            work.pieces()
            for width, height, is_whole in self._decoded(number, coders, limits):
                work.pixels(width * height)
                done, damaged = done + is_whole, damaged + (not is_whole)
        return done, damaged

    def _decoded(
        self, number: int, coders: frozenset[str], limits: Limits
    ) -> Iterator[tuple[int, int, bool]]:
        """Yield size and state of each picture of a page; of a page that PDFium cannot load there are none."""
        try:
            page = cast("pdfium.PdfDocument", self._document)[number]
        except pdfium.PdfiumError:
            return
        for one in page.get_objects(filter=[pdfium_c.FPDF_PAGEOBJ_IMAGE]):
            width, height = one.get_px_size()
            if coders & set(one.get_filters()) and width * height <= limits.pixels:
                yield width, height, _is_decoded(one)
        page.close()

    def close(self) -> None:
        """Close it; what was drawn stays."""
        if self._document is not None:
            self._document.close()
            self._document = None
        self._reader.close()


def _is_decoded(one: pdfium.PdfImage) -> bool:
    try:
        one.get_bitmap(render=False)
    except pdfium.PdfiumError:
        return False
    return True
