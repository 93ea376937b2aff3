"""Notes and tags beside cases and recordings: entries that end by other entries, in the chain of their thing."""

from uuid import UUID

from sqlalchemy import insert, select, update

from schemas.actor import Actor
from schemas.annotation import About, Annotations, Noted, NoteIn, Tagged, TagIn
from schemas.ids import AgencyId, CaseId, NoteId, TagId
from schemas.leaves_annotation import NoteAdd, NoteWithdraw, TagSet
from schemas.policy import Action
from schemas.reference import reference
from schemas.refusals_annotation import NOTE_FOREIGN, NOTE_OVER, NOTE_UNKNOWN, TAG_ABSENT, TAG_STANDS
from schemas.refusals_recording import RECORDING_UNKNOWN
from schemas.setting_list import Items, ListSetting
from storage.act import fresh_id
from storage.case.case import Cases
from storage.collection import Collection, Unit
from storage.custody.values import shown
from storage.reads.account import with_name
from storage.reads.policy import require_within
from storage.reads.setting import list_at
from storage.tables.annotation import notes, tags
from storage.tables.recording import recordings


class AnnotationBook(Collection):
    """Notes and tags; who may see a thing sees what stands beside it."""

    def __init__(self, unit: Unit, cases_: Cases) -> None:
        super().__init__(unit)
        self._cases = cases_

    def of(self, about: About) -> Annotations:
        """Return what stands beside a thing that the caller may see."""
        said = with_name(select(notes), notes.c.written_by, "author")
        said = said.where(notes.c[f"{about.noun}_id"] == about.ident).order_by(notes.c.id.desc())
        stand = with_name(select(tags), tags.c.set_by, "author")
        stand = stand.where(tags.c[f"{about.noun}_id"] == about.ident, tags.c.ended_at.is_(None))
        return Annotations(
            tuple(map(Noted.of_row, self._connection.execute(said).mappings())),
            tuple(map(Tagged.of_row, self._connection.execute(stand.order_by(tags.c.word)).mappings())),
        )

    def offered(self, agency_id: AgencyId) -> Items:
        """Return the tags that an agency's list offers now; others may be typed all the same."""
        return list_at(self._connection, self._unit.settings, agency_id, ListSetting.TAGS, self._now)

    def note(self, actor: Actor, about: About, wish: NoteIn) -> Noted:
        """Write a note.

        Raises:
            NotFound: no such thing within the actor's scope.
            Refused: the actor does not work on it, or is barred from it (slug `recused`).
        """
        agency_id, of = self._annotated(actor, about), reference(about.noun, about.ident)
        deed = self._begin(actor, agency_id, of)
        self._annotated(actor, about)
        made, text = NoteId(fresh_id()), wish.text.strip()
        thing = {f"{about.noun}_id": about.ident}
        self._connection.execute(
            insert(notes).values(id=made, text=text, written_by=actor.account_id, written_at=deed.at, **thing)
        )
        deed.write(NoteAdd(text=shown(text)), reference("note", made), of)
        return self._noted(about, made)

    def withdraw(self, actor: Actor, about: About, ident: NoteId, reason: str) -> Noted:
        """Take a note of one's own back, with a reason; it stays to be read.

        Raises:
            NotFound: no such thing within the actor's scope, or no such note beside it (slug `note-unknown`).
            Refused: the actor does not work on it (or `recused`), or somebody else wrote the note (`note-foreign`).
            Conflict: it was taken back already (slug `note-over`).
        """
        agency_id, of = self._annotated(actor, about), reference(about.noun, about.ident)
        deed = self._begin(actor, agency_id, of)
        self._annotated(actor, about)
        known, why = self._noted(about, ident), reason.strip()
        if known.written_by != actor.account_id:
            raise NOTE_FOREIGN("somebody else wrote it")
        if not known.stands:
            raise NOTE_OVER("it was taken back already")
        ended = {"withdrawn_by": actor.account_id, "withdrawn_at": deed.at, "withdraw_reason": why}
        self._connection.execute(update(notes).where(notes.c.id == ident).values(**ended))
        deed.write(NoteWithdraw(reason=shown(why)), reference("note", ident), of)
        return self._noted(about, ident)

    def _noted(self, about: About, ident: NoteId) -> Noted:
        found = next((one for one in self.of(about).notes if one.id == ident), None)
        if found is None:
            raise NOTE_UNKNOWN("no such note beside it")
        return found

    def tag(self, actor: Actor, about: About, wish: TagIn) -> Annotations:
        """Put a word on a thing, or take it off.

        Raises:
            NotFound: no such thing within the actor's scope.
            Refused: the actor does not work on it, or is barred from it (slug `recused`).
            Conflict: it stands already (slug `tag-stands`), or does not (`tag-absent`).
        """
        agency_id, of = self._annotated(actor, about), reference(about.noun, about.ident)
        deed = self._begin(actor, agency_id, of)
        self._annotated(actor, about)
        known = next((one for one in self.of(about).tags if one.word == wish.word), None)
        if (known is not None) is wish.stands:
            raise (TAG_STANDS if wish.stands else TAG_ABSENT)("it is so already")
        ident = known.id if known else TagId(fresh_id())
        if known is not None:
            ended = {"ended_by": actor.account_id, "ended_at": deed.at}
            self._connection.execute(update(tags).where(tags.c.id == ident).values(**ended))
        else:
            thing = {f"{about.noun}_id": about.ident}
            self._connection.execute(
                insert(tags).values(
                    id=ident, word=wish.word, set_by=actor.account_id, set_at=deed.at, **thing
                )
            )
        deed.write(TagSet(stands=wish.stands, word=shown(wish.word)), reference("tag", ident), of)
        return self.of(about)

    def _annotated(self, actor: Actor, about: About) -> AgencyId:
        """Return the agency of a thing that the actor works on."""
        if about.noun == "case":
            return self._cases.writable(actor, CaseId(about.ident), Action.NOTE_KEEP).agency_id
        mine = require_within(actor, Action.NOTE_KEEP, self._now, recordings)
        found: UUID | None = self._connection.scalar(
            select(recordings.c.agency_id).where(recordings.c.id == about.ident, mine)
        )
        if found is None:
            raise RECORDING_UNKNOWN("no such recording")
        return AgencyId(found)
