"""The access trail as it is read: by its reader, and by everyone of themselves."""

from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, cast, func, literal, or_, select
from sqlalchemy.dialects.postgresql import UUID

from schemas.actor import Actor
from schemas.page import Cursor, Page
from schemas.policy import Action, require_scope
from schemas.trail import Noted, TrailEvent, TrailFilter, TrailResult, TrailRow, name_digest
from storage.collection import Collection, Order
from storage.reads.account import account_called, accounts_named, login_of, name_of
from storage.reads.agency import is_top
from storage.reads.device import devices_named, name_of_device
from storage.settings import seed
from storage.tables.trail import trail_rows, trail_seals
from storage.trail.note import note

_NEWEST = Order(trail_rows.c.id)
OWN_SHOWN = 50


class Trail(Collection):
    """Who came in, was refused, was let go."""

    def note(self, noted: Noted, *, address: str | None = None) -> None:
        """Note one thing in this transaction: `storage.trail.note`."""
        note(self._unit, noted, address=address)

    def login(self, login: str, result: TrailResult, code: str = "", *, address: str | None = None) -> None:
        """Note a log-in by what was typed as the name: under the account that has it, closed or not, or as nobody's.

        `code` is the way by which somebody came in, or the slug of what kept them out.
        """
        account_id = account_called(self._connection, login)
        name = "" if account_id else login
        self.note(Noted(TrailEvent.LOGIN, result, account_id, name=name, code=code), address=address)

    def page(
        self, actor: Actor, wanted: TrailFilter, *, after: Cursor | None = None, limit: int = 50
    ) -> Page[TrailRow]:
        """Search the trail, newest first. Rows of people nobody knows are for whoever reads that of a top agency.

        Raises:
            Refused: the actor may not read the trail.
            Invalid: the cursor is not one of ours.
        """
        query = _select().where(self._visible(actor), *self._narrowed(wanted))
        return self._page(query, _NEWEST, after=after, limit=limit).each(TrailRow.of_row)

    def export(self, actor: Actor) -> None:
        """Note that the actor takes an extract away; the caller commits before the first byte.

        Raises:
            Refused: the actor may not read the trail.
        """
        require_scope(actor, Action.TRAIL_VIEW, self._now)
        self.note(Noted(TrailEvent.EXPORT, TrailResult.DONE, account_id=actor.id))

    def own(self, actor: Actor) -> tuple[TrailRow, ...]:
        """Return what the actor did last, and what others tried under the actor's name."""
        me = trail_rows.c.account_id == actor.id
        about = trail_rows.c.about == f"account/{actor.id}"
        mine = _select().where(me).order_by(trail_rows.c.id.desc()).limit(OWN_SHOWN)
        done_to = _select().where(about, ~me).order_by(trail_rows.c.id.desc()).limit(OWN_SHOWN)
        found = [
            TrailRow.of_row(row)
            for query in (mine, done_to)
            for row in self._connection.execute(query).mappings()
        ]
        return tuple(sorted(found, key=lambda one: one.id, reverse=True)[:OWN_SHOWN])

    def sealed_until(self) -> tuple[date, date] | None:
        """Return the last day that is sealed and the first of which rows are kept; None before the first seal."""
        row = self._connection.execute(
            select(trail_seals.c.day, trail_seals.c.kept_from).order_by(trail_seals.c.day.desc()).limit(1)
        ).one_or_none()
        return None if row is None else (row.day, row.kept_from)

    def _visible(self, actor: Actor) -> ColumnElement[bool]:
        allowed = sorted(require_scope(actor, Action.TRAIL_VIEW, self._now).agency_ids)
        strangers = and_(trail_rows.c.agency_id.is_(None), literal(is_top(self._connection, allowed)))
        return or_(trail_rows.c.agency_id.in_(allowed), strangers)

    def _narrowed(self, wanted: TrailFilter) -> list[ColumnElement[bool]]:
        rows = trail_rows.c
        found: list[ColumnElement[bool]] = []
        if wanted.person is not None:
            found.append(self._of_person(wanted.person))
        if wanted.address is not None:
            found.append(rows.address == wanted.address)
        if wanted.event is not None:
            found.append(rows.event == wanted.event)
        if wanted.result is not None:
            found.append(rows.result == wanted.result)
        if wanted.since is not None:
            found.append(rows.last_at >= wanted.since)
        if wanted.until is not None:
            found.append(rows.at < wanted.until)
        return found

    def _of_person(self, text: str) -> ColumnElement[bool]:
        """Somebody whose name or log-in holds the text, a device so called, or a name nobody has, typed as it was."""
        rows = trail_rows.c
        ways: list[ColumnElement[bool]] = [
            rows.account_id.in_(accounts_named(self._connection, text)),
            rows.device_id.in_(devices_named(text)),
        ]
        key = self._unit.settings.registry_key
        if key is not None:
            ways.append(rows.name_digest == name_digest(seed(key, "REGISTRY_KEY"), text))
        return or_(*ways)


def _select() -> Select[tuple[Any, ...]]:
    rows = trail_rows.c
    about_id = case(
        (rows.about != "", cast(func.split_part(rows.about, "/", 2), UUID(as_uuid=True))), else_=None
    )
    is_sealed = rows.digest.is_not(None)
    return select(
        *(rows.id, rows.at, rows.last_at, rows.times, rows.event, rows.result, rows.code, rows.asked),
        *(rows.account_id, rows.device_id, rows.about, rows.agency_id, rows.address),
        name_of(rows.account_id).label("account_name"),
        login_of(rows.account_id).label("account_login"),
        name_of_device(rows.device_id).label("device_name"),
        func.coalesce(name_of(about_id), name_of_device(about_id)).label("about_name"),
        rows.name_digest.is_not(None).label("is_named"),
        is_sealed.label("is_sealed"),
    )
