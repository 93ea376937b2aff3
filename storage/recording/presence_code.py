"""Codes on the spot: an officer shows one, the partner scans it, and captures that name both are confirmed by it.

A code is in flight for ten minutes and no evidence: what was confirmed by it, and who showed it, stands in the leaf. A
crash before the answer leaves a code that nobody knows, until the next one of its maker takes its place.

A try is counted, and committed, before its code is looked at, as a log-in's is: of many at once each sees those before
it. A crash in between leaves a try that counts.
"""

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Row, and_, case, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from schemas.actor import Actor
from schemas.presence import PresencesIn, Question
from schemas.presence_code import (
    CODE_CHARACTERS,
    CODE_LIFETIME,
    MOST_TRIES,
    TRIES_TIME,
    PartnerCode,
    Scan,
    ScanIn,
    code_digest,
    confirmable,
)
from schemas.refusals_presence import (
    PARTNER_CODE_ENDED,
    PARTNER_CODE_FOREIGN,
    PARTNER_CODE_OWN,
    PARTNER_CODE_TRIES_SPENT,
    PARTNER_CODE_UNKNOWN,
    PARTNER_CODE_UNNAMED,
)
from schemas.trail import Noted, TrailEvent, TrailResult
from storage.code import drawn_code
from storage.collection import Collection, Unit
from storage.reads.account import is_open
from storage.reads.certificate import numbers_of
from storage.reads.presence import Partner
from storage.reads.shift import common_duty
from storage.recording.presence import Presences
from storage.settings import seed
from storage.tables.presence import partner_code_tries, partner_codes
from storage.tables.recording import recordings
from storage.trail.note import note

_CODES = partner_codes.c
_TRIES = partner_code_tries.c
MOST_SHOWN = 200
"""Captures of one duty that one press confirms."""


class Try(NamedTuple):
    """A try that was counted: whose, with those since when. Without one no code is looked at."""

    actor: Actor
    since: datetime


class PartnerCodes(Collection):
    """Codes that officers show their partners."""

    def __init__(self, unit: Unit, presences: Presences) -> None:
        super().__init__(unit)
        self._presences = presences

    def show(self, actor: Actor) -> PartnerCode:
        """Make a code; an earlier one of the actor counts no more.

        Raises:
            Conflict: the actor holds no certificate, so no capture names them (slug `partner-code-unnamed`).
        """
        if not actor.certificates:
            raise PARTNER_CODE_UNNAMED("the actor holds no certificate")
        code, expires_at = drawn_code(CODE_CHARACTERS), self._now + CODE_LIFETIME
        row = {
            "code_hash": self._digest(code),
            "made_at": self._now,
            "expires_at": expires_at,
            "voided_at": None,
            "used_by": [],
        }
        put = insert(partner_codes).values(account_id=actor.id, **row)
        self._connection.execute(put.on_conflict_do_update(index_elements=[_CODES.account_id], set_=row))
        note(self._unit, Noted(TrailEvent.PARTNER_CODE_MADE, TrailResult.DONE).by(actor))
        return PartnerCode(code=code, expires_at=expires_at)

    def open_until(self, actor: Actor) -> datetime | None:
        """Return until when the actor's code counts; None where there is none."""
        found: datetime | None = self._connection.scalar(
            select(_CODES.expires_at).where(_CODES.account_id == actor.id, self._counts())
        )
        return found

    def void(self, actor: Actor) -> None:
        """Take the actor's code back: nobody confirms by it any more. One that has ended already stays so."""
        voided = self._connection.execute(
            update(partner_codes)
            .where(_CODES.account_id == actor.id, self._counts())
            .values(voided_at=self._now)
        )
        if voided.rowcount:
            note(self._unit, Noted(TrailEvent.PARTNER_CODE_VOID, TrailResult.DONE).by(actor))

    def count(self, actor: Actor) -> Try:
        """Count a try before its code is looked at; the caller commits in between. One that is right counts no more.

        Raises:
            Conflict: the actor holds no certificate, so no capture names them (slug `partner-code-unnamed`).
            Refused: the actor has tried too many that are none (slug `partner-code-tries-spent`).
        """
        if not actor.certificates:
            raise PARTNER_CODE_UNNAMED("the actor holds no certificate")
        is_over = _TRIES.since <= self._now - TRIES_TIME
        put = insert(partner_code_tries).values(account_id=actor.id, since=self._now, tries=1)
        # One statement: of two at once the second waits for the row, and reads what the first left in it.
        since = self._connection.scalar(
            put.on_conflict_do_update(
                index_elements=[_TRIES.account_id],
                set_={
                    "since": case((is_over, self._now), else_=_TRIES.since),
                    "tries": case((is_over, 1), else_=_TRIES.tries + 1),
                },
                where=or_(is_over, _TRIES.tries < MOST_TRIES),
            ).returning(_TRIES.since)
        )
        if since is None:
            raise PARTNER_CODE_TRIES_SPENT("too many codes that are none")
        return Try(actor, since)

    def scan(self, tried: Try, code: str) -> Scan:
        """Return what the actor would confirm by a code: the captures of the duty that name both, the newest first.

        Raises:
            NotFound: no such code (slug `partner-code-unknown`).
            Conflict: it has ended for the actor, is their own, or nothing that names both waits for them (slugs
                `partner-code-ended`, `-own`, `-foreign`).
        """
        actor, row = tried.actor, self._standing(tried, code)
        partner = self._partner(actor, row)
        found = self._presences.questions(actor, partner, limit=MOST_SHOWN)
        if not found:
            raise PARTNER_CODE_FOREIGN("nothing that names both waits for the actor")
        number = self._number(found[0], partner)
        self._was_right(tried)
        return Scan(partner=number, expires_at=row.expires_at, questions=found)

    def confirm(self, tried: Try, wish: ScanIn) -> int:
        """Say that the actor was at captures that name both: all of them, or none. Returns how many.

        Raises:
            NotFound, Conflict: as for a look at the code, and as for captures that are answered at the own page.
        """
        actor, row = tried.actor, self._standing(tried, wish.code)
        # Once for each who scans: of two at once the second waits for the row and finds the first there.
        used = self._connection.execute(
            update(partner_codes)
            .where(
                _CODES.code_hash == row.code_hash,
                self._counts(),
                ~_CODES.used_by.contains([actor.account_id]),
            )
            .values(used_by=func.array_append(_CODES.used_by, actor.account_id))
        )
        if not used.rowcount:
            raise PARTNER_CODE_ENDED("it has ended meanwhile")
        confirmed = self._presences.confirm(
            actor, PresencesIn(manifest_ids=wish.manifest_ids), self._partner(actor, row)
        )
        done = Noted(TrailEvent.PARTNER_CODE_USE, TrailResult.DONE, about=f"account/{row.account_id}")
        note(self._unit, done.by(actor))
        self._was_right(tried)
        return confirmed

    def _was_right(self, tried: Try) -> None:
        self._connection.execute(
            update(partner_code_tries)
            .where(_TRIES.account_id == tried.actor.id, _TRIES.since == tried.since)
            .values(tries=_TRIES.tries - 1)
        )

    def _standing(self, tried: Try, code: str) -> Row[Any]:
        """Return the row of a code that counts for the actor."""
        actor = tried.actor
        row = self._connection.execute(
            select(partner_codes, and_(self._counts(), is_open(_CODES.account_id)).label("counts")).where(
                _CODES.code_hash == self._digest(code)
            )
        ).one_or_none()
        if row is None:
            raise PARTNER_CODE_UNKNOWN("no such code")
        if row.account_id == actor.id:
            raise PARTNER_CODE_OWN("the actor's own code")
        if not row.counts or actor.id in row.used_by:
            raise PARTNER_CODE_ENDED("it has expired, was taken back, or the actor has confirmed by it")
        return row

    def _partner(self, actor: Actor, row: Row[Any]) -> Partner:
        held, both = numbers_of(self._connection, row.account_id), (row.account_id, actor.id)
        duty = common_duty(self._connection, both, row.made_at, row.expires_at)
        return Partner(row.account_id, held, confirmable(row.made_at, row.expires_at, duty))

    def _number(self, question: Question, partner: Partner) -> str:
        """Return by which certificate a capture names the partner; of several, the lowest."""
        named = select(recordings.c.officers).where(recordings.c.id == question.recording_id)
        return min(partner.certificates.intersection(self._connection.execute(named).scalar_one()))

    def _counts(self) -> ColumnElement[bool]:
        return and_(_CODES.voided_at.is_(None), _CODES.expires_at > self._now)

    def _digest(self, code: str) -> bytes:
        return code_digest(seed(self._unit.settings.registry_key, "REGISTRY_KEY"), code)
