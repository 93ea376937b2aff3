"""Pictures of the pages of a PDF, so that it is read in place: drawn in the confined child, and nothing of it is run.

A page is drawn where it holds its fonts and asks for no more than paper does; of any other it is said that there is no
picture, and why. A picture that lacks words would be worse than none.
"""

from typing import BinaryIO

from schemas.derivative import (
    MAKERS,
    MOST_PAGES,
    PAGES_TYPE,
    DerivationFailure,
    DerivativeKind,
    PagePicture,
    PagePictures,
    Undrawn,
    UndrawnWhy,
)
from workers.media.document.bytes_at import Bytes
from workers.media.document.pdf import pages_of
from workers.media.document.pdf_cost import PageCost
from workers.media.document.pdf_objects import Objects
from workers.media.document.pdf_pages import Page
from workers.media.document.pdf_render import TOOL, Drawing
from workers.media.making.wish import CannotError, Made, Until
from workers.media.result import Limits
from workers.media.source import Source
from workers.media.work import Lane, OverBudgetError, Work

LONGEST_PX = 1_400
"""Of a page of A4, 120 points an inch: small print is read, and a stamp is seen."""


class _Pages:
    """The pictures as they are made, one behind the other."""

    def __init__(self, drawing: Drawing, objects: Objects, limits: Limits, work: Work, out: BinaryIO) -> None:
        self._drawing, self._objects, self._limits, self._work = drawing, objects, limits, work
        self._out = out
        self._at = 0
        self.made: list[PagePicture] = []
        self.undrawn: list[Undrawn] = []

    def take(self, number: int, page: Page) -> None:
        """Draw one page, or say why not.

        Raises:
            OverBudgetError: it is more than is left for the document.
        """
        why = self._why_not(page)
        drawn = None if why else self._drawing.page(number - 1, LONGEST_PX, kind="page")
        if drawn is None:
            self.undrawn.append(Undrawn(number=number, why=why or UndrawnWhy.UNREADABLE))
            return
        self._out.write(drawn.payload)
        size = len(drawn.payload)
        place = PagePicture(number=number, at=self._at, size=size, width=drawn.width, height=drawn.height)
        self.made.append(place)
        self._at += size

    def _why_not(self, page: Page) -> UndrawnWhy | None:
        cost = PageCost(self._objects, page)
        if not cost.is_bearable or cost.pixels > self._limits.pixels:
            return UndrawnWhy.WORK
        if not cost.has_its_fonts:
            return UndrawnWhy.FONTS
        self._work.pixels(cost.pixels + LONGEST_PX * LONGEST_PX)
        return None


def make_pages(source: Source, limits: Limits, out: BinaryIO) -> Made:
    """Make pictures of the first pages.

    Raises:
        CannotError: of no page one could be made.
    """
    work = limits.work(Lane.LATER)
    try:
        read = pages_of(Bytes(source, work), work)
    except OverBudgetError as why:
        raise CannotError(DerivationFailure.WORK) from why
    if read is None or not read[1].pages:
        raise CannotError(DerivationFailure.UNREADABLE)
    objects, tree = read
    drawing, until = Drawing(source), None
    try:
        if drawing.count != len(tree.pages):  # it would be another page that has a number
            raise CannotError(DerivationFailure.UNREADABLE)
        pages = _Pages(drawing, objects, limits, work, out)
        until = _drawn(pages, tree.pages[:MOST_PAGES])
    finally:
        drawing.close()
    return _told(pages, len(tree.pages), until)


def _drawn(pages: _Pages, wanted: list[Page]) -> Until | None:
    try:
        for number, page in enumerate(wanted, 1):
            pages.take(number, page)
    except OverBudgetError:
        return Until.WORK
    return None


def _told(pages: _Pages, count: int, until: Until | None) -> Made:
    if not pages.made:
        is_fonts = any(one.why is UndrawnWhy.FONTS for one in pages.undrawn)
        raise CannotError(DerivationFailure.FONTS if is_fonts else DerivationFailure.NOTHING)
    reached = len(pages.made) + len(pages.undrawn)
    told = PagePictures(
        of=count, pages=tuple(pages.made), undrawn=tuple(pages.undrawn), is_cut=reached < count
    ).model_dump(mode="json")
    params = {"tool": TOOL, "version": MAKERS[DerivativeKind.PAGES], **told}
    return Made(media_type=PAGES_TYPE, params=params | ({} if until is None else {"until": until.value}))
