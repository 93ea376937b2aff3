"""Leaves of what people write beside a thing: notes, and words by which it is found. They change nothing of its state."""

from typing import ClassVar

from schemas.act import ANY_CHAIN, Act, Spec
from schemas.actor import Role
from schemas.members import Flag
from schemas.opening import SaltedText
from schemas.words import Words

ANNOTATED = ("case", "recording")
"""Nouns of the things that notes and tags are about."""

_ROLES = frozenset(
    {Role.OFFICER, Role.AUXILIARY, Role.HANDLER, Role.HEAD, Role.CUSTODIAN, Role.LEGAL_REVIEWER}
)


class NoteAdd(Act):
    """Somebody who works on a thing writes down what others should know of it."""

    spec: ClassVar = Spec(
        event="note:add",
        chains=(ANY_CHAIN,),
        among=ANNOTATED,
        roles=_ROLES,
        neutral=ANNOTATED,
        words=Words("添加备注", "Note added"),
        follows="the thing is there",
        columns={
            "subject": "notes.id",
            "text": "notes.text",
            "actor": "notes.written_by",
            "at": "notes.written_at",
        },
    )
    text: SaltedText


class NoteWithdraw(Act):
    """Whoever wrote a note takes it back; it stays to be read, with the reason."""

    spec: ClassVar = Spec(
        event="note:withdraw",
        chains=(ANY_CHAIN,),
        among=ANNOTATED,
        roles=_ROLES,
        neutral=ANNOTATED,
        words=Words("撤回备注", "Note withdrawn"),
        follows="the note stands, and the actor wrote it",
        columns={
            "reason": "notes.withdraw_reason",
            "actor": "notes.withdrawn_by",
            "at": "notes.withdrawn_at",
        },
    )
    reason: SaltedText


class TagSet(Act):
    """A word by which a thing is found is put on it, or taken off: the subject is the word's stay on the thing."""

    spec: ClassVar = Spec(
        event="tag:set",
        chains=(ANY_CHAIN,),
        among=ANNOTATED,
        roles=_ROLES,
        neutral=ANNOTATED,
        words=Words("标签变更", "Tag set"),
        follows="the word does not stand on the thing; or it does, and is taken off",
        columns={
            "subject": "tags.id",
            "word": "tags.word",
            "actor": "tags.set_by tags.ended_by",
            "at": "tags.set_at tags.ended_at",
        },
    )
    stands: Flag
    word: SaltedText
