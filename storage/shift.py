"""Duties: who has which device, from when to when; opened, amended and ended by whoever is on them.

Every act holds the chain of the duty and that of its device: two duties of one device meet there, and the exclusion
constraint would stop whatever passed it by.
"""

from collections.abc import Collection as Some
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import ColumnElement, and_, func, insert, literal, or_, select, update

from schemas.actor import Actor, ActorKind, Role
from schemas.hand_in import DutyTime
from schemas.ids import AccountId, AgencyId, DeviceId, ShiftId
from schemas.leaves_shift import MOST_PERSONS, DutyAmend, DutyClose, DutyOpen
from schemas.page import Cursor, Page
from schemas.policy import Action, Relation, Subject, holds, may, require, require_scope, scope
from schemas.recording import Recording
from schemas.reference import reference
from schemas.refusals_actor import DEVICE_UNKNOWN
from schemas.refusals_shift import DUTY_OVER, DUTY_OVERLAPS, DUTY_PEOPLE, DUTY_UNKNOWN
from schemas.setting import Setting
from schemas.shift import Shift, ShiftAmendIn, ShiftCloseIn, ShiftIn, check_times
from storage.act import Deed, fresh_id
from storage.collection import Collection, Order
from storage.custody.values import shown
from storage.reads.account import with_name
from storage.reads.agency import Query, with_agency
from storage.reads.certificate import colleagues, holders_of
from storage.reads.device import in_use, trusted, with_device
from storage.reads.setting import setting_at
from storage.reads.shift import captured_in, covering, duty_time
from storage.recording.question import ask_late_of
from storage.tables.shift import shifts

_NEWEST = Order(shifts.c.id)


class _Span(NamedTuple):
    from_at: datetime
    until_at: datetime | None


class Shifts(Collection):
    """Duties, of oneself and of the agency whose devices one keeps."""

    def duty_time(self, recording: Recording) -> DutyTime | None:
        """Return the duty of the device that captured a recording at the time of the capture; for the product itself."""
        return duty_time(self._connection, recording.captured_by, recording.corrected_at)

    def open(self, actor: Actor, wish: ShiftIn) -> Shift:
        """Begin a duty, or enter one that is over.

        Raises:
            Refused: the actor may keep no duties.
            NotFound: the agency has no such device in use (slug `device-unknown`).
            Invalid: the people (`duty-people`) or the times (`duty-times`) cannot be.
            Conflict: the device is on another duty within that time (`duty-overlaps`).
        """
        own = Subject(agency_id=actor.agency_id, related=Relation.OWN)
        require(actor, Action.DUTY_KEEP, own, self._now)
        device_id, people = self._device(actor, wish.device_id), self._people(actor, wish.officers)
        made = ShiftId(fresh_id())
        deed = self._holding(actor, actor.agency_id, made, device_id, people)
        self._device(actor, device_id)  # revoked while this waited for its chain
        span = _Span(wish.from_at or deed.at, wish.until_at)
        check_times(span.from_at, span.until_at, deed.at)
        self._require_free(device_id, span)
        due_at = None if span.until_at is None else self._due_at(actor.agency_id, span.until_at)
        self._connection.execute(
            insert(shifts).values(
                id=made,
                agency_id=actor.agency_id,
                device_id=device_id,
                **_columns(people),
                from_at=span.from_at,
                until_at=span.until_at,
                due_at=due_at,
                opened_at=deed.at,
                closed_at=None if span.until_at is None else deed.at,
            )
        )
        if span.until_at is not None:
            ask_late_of(self._connection, made)
        opened = DutyOpen(
            agency=reference("agency", actor.agency_id),
            device=reference("device", device_id),
            persons=_persons(people),
            from_=span.from_at,
            until=span.until_at,
            due_at=due_at,
        )
        deed.write(opened, reference("duty", made))
        return self.get(actor, made)

    def amend(self, actor: Actor, ident: ShiftId, wish: ShiftAmendIn) -> Shift:
        """Correct who is on a duty that goes on, or since when.

        Raises:
            NotFound: no such duty within the actor's reach (slug `duty-unknown`).
            Conflict: it is over (`duty-over`), or the device was on another one (`duty-overlaps`).
            Invalid: the people or the times cannot be.
        """
        found = self._changeable(actor, ident)
        people = self._people(actor, wish.officers, found) if wish.officers else found.people
        deed = self._changing(actor, found, people)
        span = _Span(wish.from_at or found.from_at, None)
        check_times(span.from_at, span.until_at, deed.at)
        self._require_free(found.device_id, span, but=ident)
        self._change(ident, **_columns(people), from_at=span.from_at)
        amended = DutyAmend(
            persons=_persons(people) if wish.officers else None,
            from_=wish.from_at,
            reason=shown(wish.reason.strip()),
        )
        deed.write(amended, reference("duty", ident))
        return self.get(actor, ident)

    def close(self, actor: Actor, ident: ShiftId, wish: ShiftCloseIn) -> Shift:
        """End a duty, now or since a time before; its recordings are judged by that end, and then never again.

        Raises:
            NotFound: no such duty within the actor's reach (slug `duty-unknown`).
            Conflict: it is over (`duty-over`).
            Invalid: it would end before it began, or in the future (`duty-times`).
        """
        found = self._changeable(actor, ident)
        deed = self._changing(actor, found, found.people)
        until = wish.until_at or deed.at
        check_times(found.from_at, until, deed.at)
        due_at = self._due_at(found.agency_id, until)
        self._change(ident, until_at=until, due_at=due_at, closed_at=deed.at)
        ask_late_of(self._connection, ident)
        deed.write(DutyClose(until=until, due_at=due_at), reference("duty", ident))
        return self.get(actor, ident)

    def get(self, actor: Actor, ident: ShiftId) -> Shift:
        """Return one duty.

        Raises:
            NotFound: no such duty within the actor's reach (slug `duty-unknown`).
        """
        query = _select().where(shifts.c.id == ident, self._visible(actor))
        return self._one(query, Shift.of_row, DUTY_UNKNOWN("no such duty"))

    def page(self, actor: Actor, *, after: Cursor | None = None, limit: int = 50) -> Page[Shift]:
        """List the actor's own duties, and of the agency whose duties they see what anybody's are, newest first.

        Raises:
            Refused: the actor keeps no duties and sees none.
        """
        if not holds(actor, Action.DUTY_KEEP, self._now):
            require_scope(actor, Action.DUTY_VIEW, self._now)
        query = _select().where(self._visible(actor))
        return self._page(query, _NEWEST, after=after, limit=limit).each(Shift.of_row)

    def going_on(self, actor: Actor) -> tuple[Shift, ...]:
        """Return the actor's own duties that nobody ended yet."""
        query = _select().where(_is_on(actor), shifts.c.until_at.is_(None)).order_by(shifts.c.id)
        return tuple(map(Shift.of_row, self._connection.execute(query).mappings()))

    def of_device(self, actor: Actor, device_id: DeviceId) -> Shift | None:
        """Return the duty that goes on with a device, where the actor sees it."""
        going = and_(shifts.c.device_id == device_id, shifts.c.until_at.is_(None))
        row = self._connection.execute(_select().where(going, self._visible(actor))).mappings().one_or_none()
        return None if row is None else Shift.of_row(row)

    def of_recording(self, recording: Recording) -> Shift | None:
        """Return the duty of the capture, by its device and corrected time; the caller has looked at the recording."""
        device_id, at = recording.captured_by, recording.corrected_at
        if device_id is None or at is None:
            return None
        met = covering(literal(device_id, shifts.c.device_id.type), literal(at, shifts.c.from_at.type))
        row = self._connection.execute(_select().where(met)).mappings().one_or_none()
        return None if row is None else Shift.of_row(row)

    def devices(self, actor: Actor) -> tuple[tuple[DeviceId, str], ...]:
        """Return id and name of the devices in use of the actor's agency, by name."""
        return in_use(self._connection, actor.agency_id)

    def partners(self, actor: Actor) -> tuple[tuple[str, str], ...]:
        """Return number and name of those with whom the actor may be on a duty: certificates of the own agency's people."""
        found = colleagues(self._connection, actor.agency_id)
        return tuple(one for one in found if one[0] not in actor.certificates)

    def changeable(self, actor: Actor, rows: Some[Shift]) -> frozenset[ShiftId]:
        """Return those of the duties that go on and that the actor may end."""
        return frozenset(one.id for one in rows if one.is_open and self._may_change(actor, one))

    def _may_change(self, actor: Actor, found: Shift) -> bool:
        if actor.id == found.device_id or actor.id in found.people:
            return True
        return may(actor, Action.DUTY_KEEP, Subject(agency_id=found.agency_id), self._now)

    def _changeable(self, actor: Actor, ident: ShiftId) -> Shift:
        found = self.get(actor, ident)
        if not self._may_change(actor, found):
            raise DUTY_UNKNOWN("it is others' duty")
        return found

    def _changing(self, actor: Actor, found: Shift, people: Some[AccountId]) -> Deed:
        deed = self._holding(actor, found.agency_id, found.id, found.device_id, people)
        if not self.get(actor, found.id).is_open:
            raise DUTY_OVER("the duty is over")
        return deed

    def _holding(
        self, actor: Actor, agency_id: AgencyId, ident: ShiftId, device: DeviceId, people: Some[AccountId]
    ) -> Deed:
        relies = [reference("account", one) for one in people]
        return self._begin(
            actor, agency_id, reference("duty", ident), reference("device", device), relies=relies
        )

    def _device(self, actor: Actor, device_id: DeviceId | None) -> DeviceId:
        """Return the device that is meant: a device's own, or one of the agency that is in use."""
        own = DeviceId(actor.id) if actor.kind is ActorKind.DEVICE else None
        wanted = device_id or own
        row = None if wanted is None else trusted(self._connection, wanted)
        if row is None or row.agency_id != actor.agency_id or (own is not None and wanted != own):
            raise DEVICE_UNKNOWN("the agency has no such device in use")
        return DeviceId(row.id)

    def _people(self, actor: Actor, numbers: Some[str], found: Shift | None = None) -> tuple[AccountId, ...]:
        """Return who is on the duty: whom the numbers name, and whoever is on it by acting."""
        agency_id = actor.agency_id if found is None else found.agency_id
        held = holders_of(self._connection, agency_id, numbers)
        named = set(held.values())
        if actor.kind is ActorKind.ACCOUNT and not actor.roles.isdisjoint({Role.OFFICER, Role.AUXILIARY}):
            named.add(actor.account_id)
        if len(held) < len(set(numbers)) or not 0 < len(named) <= MOST_PERSONS:
            raise DUTY_PEOPLE("one or two people of the agency are on a duty")
        return tuple(sorted(named, key=str))

    def _require_free(self, device_id: DeviceId, span: _Span, *, but: ShiftId | None = None) -> None:
        during = func.tstzrange(shifts.c.from_at, shifts.c.until_at)
        other = select(shifts.c.id).where(
            shifts.c.device_id == device_id,
            during.bool_op("&&")(func.tstzrange(span.from_at, span.until_at)),
            shifts.c.id.is_distinct_from(but),
        )
        met = self._connection.scalar(other.limit(1))
        if met is not None:
            raise DUTY_OVERLAPS("the device is on another duty within that time", duty_id=str(met))

    def _due_at(self, agency_id: AgencyId, until_at: datetime) -> datetime:
        """Return until when the recordings of a duty are due: so long as its agency gives, as of its end."""
        settings = self._unit.settings
        hours = setting_at(self._connection, settings, agency_id, Setting.HAND_IN_HOURS, until_at)
        return until_at + timedelta(hours=hours)

    def _change(self, ident: ShiftId, **values: object) -> None:
        self._connection.execute(update(shifts).where(shifts.c.id == ident).values(**values))

    def _visible(self, actor: Actor) -> ColumnElement[bool]:
        allowed = scope(actor, Action.DUTY_VIEW, self._now).agency_ids
        return or_(_is_on(actor), shifts.c.agency_id.in_(sorted(allowed)))


def _is_on(actor: Actor) -> ColumnElement[bool]:
    if actor.kind is ActorKind.DEVICE:
        return shifts.c.device_id == actor.id
    return or_(shifts.c.person_id == actor.id, shifts.c.partner_id == actor.id)


def _columns(people: tuple[AccountId, ...]) -> dict[str, AccountId | None]:
    return {"person_id": people[0], "partner_id": people[1] if len(people) > 1 else None}


def _persons(people: tuple[AccountId, ...]) -> tuple[str, ...]:
    return tuple(sorted(reference("account", one) for one in people))


def _select() -> Query:
    query: Query = with_agency(select(shifts), shifts.c.agency_id)
    query = with_device(query, shifts.c.device_id)
    query = with_name(query, shifts.c.person_id, "person")
    query = with_name(query, shifts.c.partner_id, "partner", is_optional=True)
    return query.add_columns(captured_in().label("recordings"), captured_in(is_late=True).label("late"))
