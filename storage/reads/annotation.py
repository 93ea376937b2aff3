"""What other nouns ask of tags: which things have a word."""

from typing import Any

from sqlalchemy import ColumnElement, select

from schemas.annotation import AnnotatedNoun, tag_word
from storage.tables.annotation import tags


def is_tagged(noun: AnnotatedNoun, ident: ColumnElement[Any], word: str) -> ColumnElement[bool]:
    """Return the condition that a word stands on the thing of a row; as a set, so that a rare one is read first."""
    of = tags.c[f"{noun}_id"]
    return ident.in_(
        select(of).where(tags.c.word == tag_word(word), of.is_not(None), tags.c.ended_at.is_(None))
    )
