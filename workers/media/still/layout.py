"""Where things stand in a still: the values that the walks over its structure hand on."""

from typing import NamedTuple

from workers.media.container import Note


class Span(NamedTuple):
    """A run of bytes, from `start` up to and without `end`."""

    start: int
    end: int


class Layout(NamedTuple):
    """What the walk over a still's own structure met.

    `end` is where the structure ends, in bytes, and None where it does not come to an end. `met` is damage. `texts`
    are the places for free text: comments and metadata. `inner` are further pictures that an index names.
    """

    end: int | None = None
    met: Note | None = None
    texts: tuple[Span, ...] = ()
    inner: tuple[Span, ...] = ()
