"""Training of people as a custodian keeps it: hours attended, wrong entries withdrawn, and whose year is short.

What a year lacks is a warning: nothing here keeps anybody from the work.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, ScalarSelect, and_, case, exists, func, literal, or_, select, update

from schemas.actor import Actor
from schemas.ids import AccountId, AgencyId
from schemas.leaves_account import AccountKind
from schemas.leaves_certificate_issue import CertificateKind
from schemas.leaves_training import TrainingEnter, TrainingKind, TrainingWithdraw
from schemas.page import Cursor, Page
from schemas.policy import Action, Subject, require, require_scope
from schemas.reference import reference
from schemas.refusals_account import ACCOUNT_NOT_FOUND
from schemas.refusals_training import TRAINING_CLOSED, TRAINING_DAY, TRAINING_UNKNOWN, TRAINING_WITHDRAWN
from schemas.setting import Setting
from schemas.trail import day_of
from schemas.training import (
    JudgedYear,
    PersonTraining,
    Training,
    TrainingIn,
    TrainingWithdrawIn,
    Wanted,
    asked_at,
    years_of,
)
from storage.act import Deed, fresh_id
from storage.collection import Collection, Order
from storage.custody.values import shown
from storage.reads.agency import with_agency
from storage.reads.certificate import kept_until_after
from storage.reads.membership import agency_at
from storage.reads.setting import Said, said_each
from storage.tables.actor import accounts, certificates, memberships
from storage.tables.training import trainings

_NEWEST = Order(accounts.c.id)
_HOURS = (Setting.TRAINING_PUBLIC_LAW_HOURS, Setting.TRAINING_PROFESSIONAL_HOURS)
"""In the order of `Wanted`."""


class TrainingFilter(NamedTuple):
    """What a list is narrowed by: a year, and those alone whose year is short; part of a name."""

    year: int
    is_short: bool = False
    text: str | None = None


class Trainee(NamedTuple):
    """A person whose training is kept."""

    id: AccountId
    name: str
    agency_id: AgencyId
    agency_name: str
    is_active: bool


class Trainings(Collection):
    """Training of the people whom an actor reaches."""

    def wanted(self, agency_id: AgencyId, year: int) -> Wanted:
        """Return how many hours a year asks for in an agency, by its settings: `asked_at`."""
        return self._wanted((agency_id,), asked_at(year, self._now))[agency_id]

    def _wanted(self, agency_ids: Iterable[AgencyId], at: datetime) -> Mapping[AgencyId, Wanted]:
        told = said_each(self._connection, set(agency_ids), _HOURS)
        return {of: self._wanted_of(one, at) for of, one in told.items()}

    def _wanted_of(self, told: Said, at: datetime) -> Wanted:
        return Wanted(*(told.at(name, at, self._unit.settings).value for name in _HOURS))

    def judged(self, account_id: AccountId, entries: Iterable[Training]) -> tuple[JudgedYear, ...]:
        """Return the years of a person beside what each asked for where they belonged then; the caller has looked."""
        years = years_of(entries, self._now)
        times = [asked_at(one.year, self._now) for one in years]
        where = select(*(agency_at(at, self._now).label(f"at_{k}") for k, at in enumerate(times)))
        found = self._connection.execute(where.where(accounts.c.id == account_id)).one_or_none()
        if found is None:  # a device, which nobody trains
            return ()
        told = said_each(self._connection, set(found), _HOURS)
        return tuple(
            JudgedYear(one, self._wanted_of(told[of], at))
            for one, at, of in zip(years, times, found, strict=True)
        )

    def page(
        self, actor: Actor, wanted: TrainingFilter, *, after: Cursor | None = None, limit: int = 50
    ) -> Page[PersonTraining]:
        """List people who hold an officer's certificate, with their hours of a year, who came last first.

        Raises:
            Refused: the actor may not see certificates.
        """
        allowed = require_scope(actor, Action.CERTIFICATE_VIEW, self._now)
        public_law, professional = (self._hours(wanted.year, kind) for kind in TrainingKind)
        least_law, least_work = self._asked(allowed.agency_ids, wanted.year)
        officer = exists().where(
            certificates.c.account_id == accounts.c.id,
            certificates.c.kind == CertificateKind.ENFORCEMENT.value,
            kept_until_after(self._now),
        )
        conditions = [
            accounts.c.agency_id.in_(sorted(allowed.agency_ids)),
            accounts.c.is_active,
            accounts.c.kind == AccountKind.PERSON.value,
            officer,
        ]
        if wanted.text:
            conditions.append(accounts.c.name.icontains(wanted.text, autoescape=True))
        if wanted.is_short:
            conditions.append(or_(public_law < least_law, professional < least_work))
        query = select(
            accounts.c.id,
            accounts.c.name,
            literal(wanted.year).label("year"),
            public_law.label("public_law"),
            professional.label("professional"),
            least_law.label("wanted_public_law"),
            least_work.label("wanted_professional"),
        ).where(*conditions)
        query = with_agency(query, accounts.c.agency_id)
        return self._page(query, _NEWEST, after=after, limit=limit).each(PersonTraining.of_row)

    def _asked(self, reached: Iterable[AgencyId], year: int) -> tuple[ColumnElement[int], ...]:
        """Return what a year asks of a row of `accounts`, by kind: whoever moved may have belonged anywhere then."""
        at = asked_at(year, self._now)
        elsewhere = self._connection.scalars(select(memberships.c.agency_id).distinct())
        wanted = self._wanted({*reached, *map(AgencyId, elsewhere)}, at)
        where = agency_at(at, self._now)
        return tuple(
            _number_of(where, {of: one[k] for of, one in wanted.items()}) for k in range(len(_HOURS))
        )

    def _hours(self, year: int, kind: TrainingKind) -> ScalarSelect[Any]:
        known = trainings.c
        return (
            select(func.coalesce(func.sum(known.hours), 0))
            .where(
                known.account_id == accounts.c.id,
                known.kind == kind.value,
                known.held_on >= func.make_date(year, 1, 1),
                known.held_on < func.make_date(year + 1, 1, 1),
                _stands(),
            )
            .scalar_subquery()
        )

    def person(self, actor: Actor, account_id: AccountId) -> Trainee:
        """Return a person whose training the actor may see.

        Raises:
            NotFound: no such person within the actor's reach (slug `account-not-found`).
            Refused: the actor may not see certificates.
        """
        allowed = require_scope(actor, Action.CERTIFICATE_VIEW, self._now)
        query = select(accounts.c.id, accounts.c.name, accounts.c.agency_id, accounts.c.is_active).where(
            accounts.c.id == account_id,
            accounts.c.kind == AccountKind.PERSON.value,
            accounts.c.agency_id.in_(sorted(allowed.agency_ids)),
        )
        return self._one(
            with_agency(query, accounts.c.agency_id),
            lambda row: Trainee(**row),
            ACCOUNT_NOT_FOUND("no such person"),
        )

    def of_person(self, actor: Actor, account_id: AccountId) -> tuple[Training, ...]:
        """Return every entry of a person, withdrawn ones too, the last day first.

        Raises:
            NotFound: no such person within the actor's reach (slug `account-not-found`).
            Refused: the actor may not see certificates.
        """
        self.person(actor, account_id)
        return self._entries(trainings.c.account_id == account_id)

    def own(self, actor: Actor) -> tuple[Training, ...]:
        """Return every entry of whoever asks that was not withdrawn, the last day first."""
        return self._entries(and_(trainings.c.account_id == actor.id, _stands()))

    def enter(self, actor: Actor, account_id: AccountId, wish: TrainingIn) -> Training:
        """Enter training that a person attended.

        Raises:
            NotFound: no such person within the actor's reach (slug `account-not-found`).
            Refused: the actor does not keep certificates.
            Invalid: the day lies in the future (slug `training-day`).
            Conflict: the account is closed (slug `training-closed`).
        """
        agency_id = self.person(actor, account_id).agency_id
        act = self._open(actor, agency_id, account_id)
        if wish.held_on > day_of(act.at):
            raise TRAINING_DAY("the day lies in the future")
        ident = fresh_id()
        entry = TrainingEnter(
            kind=wish.kind, hours=wish.hours, on=wish.held_on.isoformat(), topic=shown(wish.topic)
        )
        leaf = act.write(entry, reference("training", ident), f"account/{account_id}")
        made = trainings.insert().values(
            id=ident,
            account_id=account_id,
            kind=wish.kind,
            hours=wish.hours,
            held_on=wish.held_on,
            topic=wish.topic,
            entered_by=actor.id,
            entered_at=act.at,
            leaf=bytes.fromhex(leaf.digest),
        )
        self._connection.execute(made)
        return self._known(ident)

    def withdraw(
        self, actor: Actor, account_id: AccountId, ident: UUID, wish: TrainingWithdrawIn
    ) -> Training:
        """Say that an entry was wrong: it is kept, and counts no more.

        Raises:
            NotFound: no such person within the actor's reach, or no such entry of theirs (slugs `account-not-found`,
                `training-unknown`).
            Refused: the actor does not keep certificates.
            Conflict: it was withdrawn, or the account is closed (slugs `training-withdrawn`, `training-closed`).
        """
        agency_id = self.person(actor, account_id).agency_id
        mine = and_(trainings.c.id == ident, trainings.c.account_id == account_id)
        if not self._connection.scalar(select(exists().where(mine))):
            raise TRAINING_UNKNOWN("no such entry of this person")
        act = self._open(actor, agency_id, account_id)
        ended = {"withdrawn_by": actor.id, "withdrawn_at": act.at, "reason": wish.reason}
        leaf: bytes | None = self._connection.scalar(
            update(trainings).where(mine, _stands()).values(**ended).returning(trainings.c.leaf)
        )
        if leaf is None:
            raise TRAINING_WITHDRAWN("the entry was withdrawn")
        said = TrainingWithdraw(entry=bytes(leaf).hex(), reason=shown(wish.reason))
        act.write(said, reference("training", ident), f"account/{account_id}")
        return self._known(ident)

    def _open(self, actor: Actor, agency_id: AgencyId, account_id: AccountId) -> Deed:
        """Begin an act about a person whose account was not closed, by the time that its chain is held."""
        require(actor, Action.CERTIFICATE_KEEP, Subject(agency_id=agency_id), self._now)
        act = self._begin(actor, agency_id, f"account/{account_id}")
        if not self._connection.scalar(select(accounts.c.is_active).where(accounts.c.id == account_id)):
            raise TRAINING_CLOSED("the account is closed")
        return act

    def _entries(self, condition: ColumnElement[bool]) -> tuple[Training, ...]:
        rows = self._connection.execute(
            select(trainings)
            .where(condition)
            .order_by(trainings.c.held_on.desc(), trainings.c.entered_at.desc(), trainings.c.id)
        ).mappings()
        return tuple(map(Training.of_row, rows))

    def _known(self, ident: UUID) -> Training:
        (found,) = self._entries(trainings.c.id == ident)
        return found


def _number_of(where: ColumnElement[Any], numbers: Mapping[AgencyId, int]) -> ColumnElement[int]:
    """Return the number of an agency in a query; of most agencies it is the same."""
    ((most, _),) = Counter(numbers.values()).most_common(1)
    others = {of: number for of, number in numbers.items() if number != most}
    return case(others, value=where, else_=most) if others else literal(most)


def _stands() -> ColumnElement[bool]:
    return trainings.c.withdrawn_at.is_(None)
