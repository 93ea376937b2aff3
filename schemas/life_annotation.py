"""What stands beside a thing by its own chain: notes with their ends, and tags."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import NamedTuple

from schemas.leaf import Leaf
from schemas.leaves_annotation import NoteAdd, NoteWithdraw, TagSet
from schemas.life import FaultCode, Here, Unlawful, is_hidden, law
from schemas.opening import Shown


class NoteLife(NamedTuple):
    """A note, and how it was taken back."""

    act: NoteAdd
    by: str
    at: datetime
    ended: NoteWithdraw | None = None
    ended_at: datetime | None = None


class TagLife(NamedTuple):
    """A word on a thing, and how it was taken off."""

    act: TagSet
    by: str
    at: datetime
    ended_by: str | None = None
    ended_at: datetime | None = None


class Annotations(NamedTuple):
    """Notes and tags by the names of their subjects."""

    notes: Mapping[str, NoteLife] = MappingProxyType({})
    tags: Mapping[str, TagLife] = MappingProxyType({})


def annotated(
    known: Annotations, leaf: Leaf, act: NoteAdd | NoteWithdraw | TagSet, here: Here
) -> Annotations:
    """Return what stands beside a thing after this leaf.

    Raises:
        Unlawful: a rule does not hold.
    """
    match act:
        case NoteAdd():
            law(leaf.subject not in known.notes, FaultCode.BEGUN_TWICE)
            return known._replace(notes={**known.notes, leaf.subject: NoteLife(act, leaf.actor, leaf.at)})
        case NoteWithdraw():
            return _withdrawn(known, leaf, act, here)
        case TagSet(stands=True):
            law(leaf.subject not in known.tags, FaultCode.BEGUN_TWICE)
            law(not _stands(known, act), FaultCode.TWICE)
            return known._replace(tags={**known.tags, leaf.subject: TagLife(act, leaf.actor, leaf.at)})
        case TagSet():
            return _taken_off(known, leaf, act, here)


def _withdrawn(known: Annotations, leaf: Leaf, act: NoteWithdraw, here: Here) -> Annotations:
    note = known.notes.get(leaf.subject)
    if is_hidden(note, here):
        return known
    if note is None:
        raise Unlawful(FaultCode.NOT_BEGUN)
    law(note.ended is None, FaultCode.TWICE)
    law(note.by == leaf.actor, FaultCode.ACTOR)
    ended = note._replace(ended=act, ended_at=leaf.at)
    return known._replace(notes={**known.notes, leaf.subject: ended})


def _taken_off(known: Annotations, leaf: Leaf, act: TagSet, here: Here) -> Annotations:
    tag = known.tags.get(leaf.subject)
    if is_hidden(tag, here):
        return known
    if tag is None:
        raise Unlawful(FaultCode.NOT_BEGUN)
    law(tag.ended_at is None, FaultCode.TWICE)
    law(_said(tag.act) in (None, _said(act)) or _said(act) is None, FaultCode.OUTCOME)
    ended = tag._replace(ended_by=leaf.actor, ended_at=leaf.at)
    return known._replace(tags={**known.tags, leaf.subject: ended})


def _stands(known: Annotations, act: TagSet) -> bool:
    word = _said(act)
    standing = (_said(one.act) for one in known.tags.values() if one.ended_at is None)
    return word is not None and word in standing


def _said(act: TagSet) -> str | None:
    return act.word.value if isinstance(act.word, Shown) else None
