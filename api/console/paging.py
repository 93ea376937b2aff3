"""A document read in place: one page at a time, as the picture that was made of it, with the way to the next."""

from collections.abc import Iterable
from typing import NamedTuple

from api.console.places import Wanted
from schemas.derivative import (
    Derivation,
    DerivationState,
    DerivativeKind,
    PagePicture,
    PagePictures,
    Undrawn,
    pages_in,
)


class Paging(NamedTuple):
    """Which page is open, out of which; `copy` waits or failed while there is no picture."""

    copy: Derivation
    told: PagePictures
    number: int

    @property
    def is_made(self) -> bool:
        """There are pictures."""
        return self.copy.state is DerivationState.MADE

    @property
    def reached(self) -> int:
        """Up to which page something is told: its picture, or why there is none."""
        return len(self.told.pages) + len(self.told.undrawn)

    @property
    def picture(self) -> PagePicture | None:
        """The picture of the open page."""
        return self.told.page(self.number)

    @property
    def undrawn(self) -> Undrawn | None:
        """Why the open page has none."""
        return next((one for one in self.told.undrawn if one.number == self.number), None)

    @property
    def around(self) -> tuple[int | None, int | None]:
        """The pages before and behind the open one."""
        before = self.number - 1 if self.number > 1 else None
        return before, self.number + 1 if self.number < self.reached else None


def paging_of(copies: Iterable[Derivation], wanted: Wanted) -> Paging | None:
    """Return how the pages of a document are shown; None of what has none. A page beyond the last is the last."""
    copy = next((one for one in copies if one.kind is DerivativeKind.PAGES), None)
    if copy is None:
        return None
    told = pages_in(copy.params)
    reached = len(told.pages) + len(told.undrawn)
    return Paging(copy, told, max(1, min(wanted.page or 1, reached)))
