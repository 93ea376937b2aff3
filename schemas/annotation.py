"""Notes and tags: what people write beside a case or a recording. Nothing that was signed changes by it.

Each is a dated entry, undone by another one and never deleted: a note is taken back by whoever wrote it, a tag by
whoever works on the thing.
"""

import unicodedata
from datetime import datetime
from typing import Annotated, Literal, NamedTuple
from uuid import UUID

from pydantic import AfterValidator, Field

from schemas.base import Frozen, Reason, WireIn
from schemas.ids import AccountId, NoteId, TagId

MOST_CHARACTERS = 2000
MOST_WORD = 40


AnnotatedNoun = Literal["case", "recording"]
"""Nouns of the things that may be annotated."""


def tag_word(text: str) -> str:
    """Return a tag as it is kept: widths and blanks are one (NFKC), so that nobody looks for it in vain."""
    return " ".join(unicodedata.normalize("NFKC", text).split())


def is_tag(text: str) -> bool:
    """Say whether a text may stand in a list of tags."""
    return text == tag_word(text) and 0 < len(text) <= MOST_WORD


def _kept(text: str) -> str:
    word = tag_word(text)
    if not word:
        raise ValueError("a tag has a word")
    return word


Word = Annotated[
    str, Field(min_length=1, max_length=MOST_WORD, pattern=r"^[^\x00-\x1f\x7f]+$"), AfterValidator(_kept)
]
"""The word of a tag, as it is typed."""


class About(NamedTuple):
    """What a note or a tag is about."""

    noun: AnnotatedNoun
    ident: UUID


class NoteIn(WireIn):
    """A note."""

    text: Annotated[str, Field(min_length=1, max_length=MOST_CHARACTERS, pattern=r"\S")]


class NoteEndIn(WireIn):
    """Why a note is taken back."""

    reason: Reason


class TagIn(WireIn):
    """A word that is put on a thing, or, with `stands` false, taken off."""

    word: Word
    stands: bool = True


class Noted(Frozen):
    """A note, by whom and when; and why its author took it back, if they did."""

    id: NoteId
    text: str
    author: str
    written_by: AccountId
    written_at: datetime
    withdrawn_at: datetime | None
    withdraw_reason: str | None

    @property
    def stands(self) -> bool:
        """Nobody took it back."""
        return self.withdrawn_at is None


class Tagged(Frozen):
    """A word on a thing, by whom and when."""

    id: TagId
    word: str
    author: str
    set_at: datetime


class Annotations(NamedTuple):
    """What is written beside a thing: notes, the newest first, and the tags that stand."""

    notes: tuple[Noted, ...]
    tags: tuple[Tagged, ...]
