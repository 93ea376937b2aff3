"""What leaves make of the rows of notes and tags, of whatever thing they stand beside."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Column

from schemas.life_annotation import Annotations, NoteLife, TagLife
from schemas.reference import ident_of
from storage.fsck.mirror import Mirror, ident, value_of
from storage.tables.annotation import notes, tags

Row = Mapping[str, object]


def annotation_mirrors(thing: str) -> tuple[Mirror, Mirror]:
    """Return the mirrors of what stands beside things whose id is in the column `thing`."""
    of_note: Column[Any] = notes.c[thing]
    of_tag: Column[Any] = tags.c[thing]
    return (
        Mirror(
            notes,
            of_note,
            ("id",),
            ("text", "written_by", "written_at", "withdrawn_by", "withdrawn_at", "withdraw_reason"),
            condition=of_note.is_not(None),
        ),
        Mirror(
            tags,
            of_tag,
            ("id",),
            ("word", "set_by", "set_at", "ended_by", "ended_at"),
            condition=of_tag.is_not(None),
        ),
    )


def annotation_rows(beside: Annotations) -> dict[str, list[Row]]:
    """Return the rows that leaves make of notes and tags."""
    return {
        "notes": [_note(name, one) for name, one in beside.notes.items()],
        "tags": [_tag(name, one) for name, one in beside.tags.items()],
    }


def _note(name: str, one: NoteLife) -> Row:
    return {
        "id": ident_of(name),
        "text": value_of(one.act.text),
        "written_by": ident_of(one.by),
        "written_at": one.at,
        "withdrawn_by": None if one.ended is None else ident_of(one.by),
        "withdrawn_at": one.ended_at,
        "withdraw_reason": None if one.ended is None else value_of(one.ended.reason),
    }


def _tag(name: str, one: TagLife) -> Row:
    return {
        "id": ident_of(name),
        "word": value_of(one.act.word),
        "set_by": ident_of(one.by),
        "set_at": one.at,
        "ended_by": ident(one.ended_by),
        "ended_at": one.ended_at,
    }
