"""What is drawn of a PDF that was gone through: its first page, and the pictures that only PDFium decodes."""

from workers.media.document.found import Found
from workers.media.document.pdf import Read
from workers.media.document.pdf_cost import PageCost
from workers.media.document.pdf_render import Drawing
from workers.media.result import Derivative, Limits
from workers.media.source import Source
from workers.media.work import Work

_ONLY_THERE = frozenset({"JBIG2Decode", "JPXDecode"})


def drawn(source: Source, read: Read, found: Found, limits: Limits, work: Work) -> tuple[Derivative, ...]:
    """Draw the first page where it asks for no more than a page holds, and count the pictures that decode.

    Raises:
        OverBudgetError: the pictures have more pixels than are left.
    """
    if not read.tree.pages:
        return ()
    cost = PageCost(read.objects, read.tree.pages[0])
    is_bearable = cost.is_bearable and cost.has_its_fonts and cost.pixels <= limits.pixels
    if not is_bearable and not read.unread_pictures:
        return ()
    drawing = Drawing(source)
    try:
        if read.unread_pictures:
            _pictures(drawing, read.unread_pictures, found, limits, work)
        if not is_bearable:
            return ()
        work.pixels(cost.pixels)
        first = drawing.first_page(limits)
    finally:
        drawing.close()
    return () if first is None else (first,)


def _pictures(drawing: Drawing, unread: int, found: Found, limits: Limits, work: Work) -> None:
    done, damaged = drawing.pictures(_ONLY_THERE, limits, work)
    found.content.done += min(done, unread)
    if damaged:
        found.content.damaged.add(0)
