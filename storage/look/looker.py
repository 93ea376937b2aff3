"""Who reads who looked: handlers of the case, the head, the trail reader of all people, and everybody their own."""

from collections.abc import Mapping
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, RowMapping, and_, func, select

from schemas.actor import Actor, Role
from schemas.ids import RecordingId
from schemas.look import Look, LookFilter, SeenLook, masked
from schemas.page import Cursor, Page
from schemas.policy import Action, Relation, missing, require_scope, scope
from schemas.recording import Recording
from storage.collection import Collection, Order, Unit
from storage.reads.account import accounts_named, accounts_of, roles_of, with_name
from storage.reads.look import is_handled, names_of_things
from storage.recording.recording import Recordings
from storage.tables.look import looks

COUNTED = 1000
"""Looks at one recording are counted so far: what a page costs does not grow with them."""

_NEWEST = Order(looks.c.id)


class LookReader(NamedTuple):
    """What somebody is shown of who looked at a recording."""

    may_read: bool
    sees_addresses: bool


class Lookers(Collection):
    """Who looked, with names, roles at that time, and how long."""

    def __init__(self, unit: Unit, recordings: Recordings) -> None:
        super().__init__(unit)
        self._recordings = recordings

    def reader(self, actor: Actor, recording: Recording) -> LookReader:
        """Say what the actor is shown of who looked at a recording that the actor may see.

        The handlers of a case that it is tied to see the looks, whoever may see those of the whole agency also
        the addresses.
        """
        allowed = scope(actor, Action.LOOK_VIEW, self._now)
        if recording.agency_id in allowed.agency_ids:
            return LookReader(may_read=True, sees_addresses=True)
        if Relation.HANDLED not in allowed.relations or recording.agency_id not in allowed.near_ids:
            return LookReader(may_read=False, sees_addresses=False)
        handled = self._connection.scalar(select(is_handled(actor, recording.id)))
        return LookReader(may_read=bool(handled), sees_addresses=False)

    def of_recording(
        self, actor: Actor, recording_id: RecordingId, *, after: Cursor | None = None, limit: int = 50
    ) -> Page[SeenLook]:
        """List who looked at a recording, newest first.

        Raises:
            NotFound: no such recording within the actor's scope.
            Refused: who looked is not the actor's to see.
        """
        recording = self._recordings.get(actor, recording_id)
        return self.listed(self.reader(actor, recording), recording, after=after, limit=limit)

    def listed(
        self, reader: LookReader, recording: Recording, *, after: Cursor | None = None, limit: int = 50
    ) -> Page[SeenLook]:
        """List who looked at a recording, newest first, as this reader sees it.

        Raises:
            Refused: who looked is not the reader's to see.
        """
        if not reader.may_read:
            raise missing(Action.LOOK_VIEW)
        page = self._rows(looks.c.recording_id == recording.id, after=after, limit=limit)
        named: dict[UUID, str] = {recording.id: recording.filename}
        return page.each(lambda row: _seen(row, named, is_masked=not reader.sees_addresses))

    def trail(
        self, actor: Actor, wanted: LookFilter, *, after: Cursor | None = None, limit: int = 50
    ) -> Page[SeenLook]:
        """Search the looks of the people whose trail the actor reads, newest first; what was looked at stays an id.

        Raises:
            Refused: the actor may not read the trail.
        """
        allowed = require_scope(actor, Action.TRAIL_VIEW, self._now).agency_ids
        asked: list[ColumnElement[bool]] = [looks.c.account_id.in_(accounts_of(allowed))]
        if wanted.person is not None:
            asked.append(looks.c.account_id.in_(accounts_named(self._connection, wanted.person)))
        if wanted.address is not None:
            asked.append(looks.c.address == wanted.address)
        if wanted.since is not None:
            asked.append(looks.c.opened_at >= wanted.since)
        if wanted.until is not None:
            asked.append(looks.c.opened_at < wanted.until)
        return self._rows(and_(*asked), after=after, limit=limit).each(lambda row: _seen(row, {}))

    def own(self, actor: Actor, *, after: Cursor | None = None, limit: int = 50) -> Page[SeenLook]:
        """List the actor's own looks, newest first."""
        page = self._rows(looks.c.account_id == actor.id, after=after, limit=limit)
        named = names_of_things(
            self._connection,
            [look.recording_id for look, _ in page.rows if look.recording_id],
            [look.export_id for look, _ in page.rows if look.export_id],
        )
        return page.each(lambda row: _seen(row, named))

    def count(self, recording_id: RecordingId) -> int:
        """Count the looks at a recording, as far as `COUNTED`; the caller has asked whether the actor may know."""
        some = select(looks.c.id).where(looks.c.recording_id == recording_id).limit(COUNTED).subquery()
        return self._connection.scalar(select(func.count()).select_from(some)) or 0

    def _rows(
        self, condition: ColumnElement[bool], *, after: Cursor | None, limit: int
    ) -> Page[tuple[Look, RowMapping]]:
        page = self._page(select(looks).where(condition), _NEWEST, after=after, limit=limit).each(Look.of_row)
        # Of the page alone: beside the limit the planner would weigh the roles of every look there is.
        roles = roles_of(looks.c.account_id, looks.c.opened_at).label("roles")
        query = with_name(select(looks.c.id, roles), looks.c.account_id, "looker")
        people = {
            row["id"]: row
            for row in self._connection.execute(
                query.where(looks.c.id.in_([look.id for look in page.rows]))
            ).mappings()
        }
        return page.each(lambda look: (look, people[look.id]))


def _seen(row: tuple[Look, RowMapping], named: Mapping[UUID, str], *, is_masked: bool = False) -> SeenLook:
    look, person = row
    return SeenLook(
        look=look,
        name=person["looker"],
        roles=tuple(Role(role) for role in person["roles"]),
        about=named.get(look.recording_id or look.export_id or look.id, ""),
        address=masked(look.address) if is_masked else look.address,
    )
