"""One copy of one file: what is asked for chooses the maker."""

from typing import BinaryIO

from schemas.derivative import DerivationFailure, DerivativeKind
from workers.media.making.film import film_of
from workers.media.making.pages import make_pages
from workers.media.making.proxy import make_proxy
from workers.media.making.sheet import make_sheet
from workers.media.making.wave import make_wave
from workers.media.making.wish import CannotError, Made, Wish
from workers.media.result import Limits
from workers.media.source import Source
from workers.media.work import Lane, OverBudgetError


def make(source: Source, wish: Wish, limits: Limits, out: BinaryIO) -> Made:
    """Make the copy that is wished for, of an open file, into `out`.

    Raises:
        CannotError: none can be made of it.
        MemoryError: a decoder needed more than the child may have.
    """
    if wish.kind is DerivativeKind.PAGES:
        return make_pages(source, limits, out)
    stands = None
    if wish.kind is DerivativeKind.PROXY:  # its size is fixed before the first packet is written
        with film_of(source, limits.work(Lane.LATER)) as film:
            stands = film.first_stands() if film.picture else None
    with film_of(source, limits.work(Lane.LATER)) as film:
        try:
            if wish.kind is DerivativeKind.PROXY:
                return make_proxy(film, wish, out, stands)
            made, payload = make_sheet(film) if wish.kind is DerivativeKind.SHEET else make_wave(film)
        except OverBudgetError as why:
            raise CannotError(DerivationFailure.WORK) from why
    out.write(payload)
    return made
