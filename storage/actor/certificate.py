"""Certificates of people as a custodian keeps them: issued, suspended, given back, withdrawn, cancelled, verified.

What the register said is never overwritten: an act closes the rows that no longer hold, and adds those that hold now.
"""

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, func, or_, select
from sqlalchemy.dialects.postgresql import Range, insert

from schemas.actor import Actor
from schemas.base import whole_milliseconds
from schemas.certificate import (
    STEPS,
    VERIFIABLE,
    Certificate,
    CertificateFact,
    CertificateIssueIn,
    CertificateNeed,
    CertificateStep,
    CertificateStepIn,
    CertificateVerifyIn,
    CitedCertificate,
    fact_at,
)
from schemas.ids import AccountId, AgencyId, CertificateId
from schemas.leaves_account import AccountKind
from schemas.leaves_certificate import (
    CertificateCancel,
    CertificateRestore,
    CertificateState,
    CertificateSuspend,
    CertificateVerify,
    CertificateWithdraw,
)
from schemas.leaves_certificate_issue import CertificateIssueNamed, CertificateKind
from schemas.page import Cursor, Page
from schemas.policy import Action, Subject, require, require_scope
from schemas.recording import Recording
from schemas.refusals_account import ACCOUNT_NOT_FOUND
from schemas.refusals_certificate import (
    CERTIFICATE_HOLDER_CLOSED,
    CERTIFICATE_NUMBER_TAKEN,
    CERTIFICATE_STEP_REFUSED,
    CERTIFICATE_TIME,
    CERTIFICATE_UNKNOWN,
)
from storage.act import Deed, fresh_id
from storage.collection import Collection, Order
from storage.custody.values import shown
from storage.reads.account import people
from storage.reads.agency import with_agency
from storage.reads.certificate import facts_of, needing
from storage.reads.recording import declared_at
from storage.reads.setting import certificate_terms
from storage.tables.actor import accounts, certificate_facts, certificates
from storage.told import tell_from
from storage.version import change_to, require_version

_NEWEST = Order(certificates.c.id)
_LEAVES = {
    CertificateStep.SUSPEND: CertificateSuspend,
    CertificateStep.RESTORE: CertificateRestore,
    CertificateStep.WITHDRAW: CertificateWithdraw,
    CertificateStep.CANCEL: CertificateCancel,
}


class CertificateFilter(NamedTuple):
    """What narrows a list of certificates."""

    text: str | None = None
    state: CertificateState | None = None
    agency_id: AgencyId | None = None
    only: CertificateNeed | None = None


class Holder(NamedTuple):
    """Somebody who may be given a certificate."""

    id: AccountId
    name: str
    agency_name: str


def issue_certificate(
    connection: Connection,
    act: Deed,
    account_id: AccountId,
    *,
    number: str,
    kind: CertificateKind,
    valid_from: datetime,
    valid_until: datetime,
) -> CertificateId:
    """Enter a certificate of an account, valid from the first time inclusive to the second exclusive; its chain is held.

    Raises:
        Conflict: somebody holds a certificate of this number (slug `certificate-number-taken`).
    """
    made, holder = CertificateId(fresh_id()), f"account/{account_id}"
    since, until = whole_milliseconds(valid_from), whole_milliseconds(valid_until)
    kept = connection.scalar(
        insert(certificates)
        .values(
            id=made,
            account_id=account_id,
            number=number,
            kind=kind,
            valid_from=since,
            valid_until=until,
            state=STEPS.begin.state,
            version=act.next_number(holder),
        )
        .on_conflict_do_nothing(index_elements=[certificates.c.number])
        .returning(certificates.c.id)
    )
    if kept is None:
        raise CERTIFICATE_NUMBER_TAKEN("somebody holds a certificate of this number")
    issued = CertificateIssueNamed(from_=since, until=until, kind=kind, number=shown(number))
    leaf = act.write(issued, f"certificate/{made}", holder)
    connection.execute(
        certificate_facts.insert().values(
            certificate_id=made,
            state=STEPS.begin.state,
            valid_during=Range(since, until),
            known_during=Range(act.at, None),
            leaf=bytes.fromhex(leaf.digest),
        )
    )
    return made


class Certificates(Collection):
    """Certificates of the people whom an actor reaches."""

    def page(
        self, actor: Actor, wanted: CertificateFilter, *, after: Cursor | None = None, limit: int = 50
    ) -> Page[Certificate]:
        """List certificates, newest first.

        Raises:
            Refused: the actor may not see certificates.
        """
        query = self._select().where(self._visible(actor), *self._conditions(actor, wanted))
        return self._page(query, _NEWEST, after=after, limit=limit).each(Certificate.of_row)

    def get(self, actor: Actor, ident: CertificateId) -> Certificate:
        """Return one certificate.

        Raises:
            NotFound: no such certificate within the actor's reach (slug `certificate-unknown`).
            Refused: the actor may not see certificates.
        """
        query = self._select().where(certificates.c.id == ident, self._visible(actor))
        return self._one(query, Certificate.of_row, CERTIFICATE_UNKNOWN("no such certificate"))

    def own(self, actor: Actor) -> tuple[Certificate, ...]:
        """Return the certificates of whoever asks, the last to end first."""
        query = self._select().where(certificates.c.account_id == actor.id)
        rows = self._connection.execute(query.order_by(certificates.c.valid_until.desc())).mappings()
        return tuple(map(Certificate.of_row, rows))

    def facts(self, ident: CertificateId) -> tuple[CertificateFact, ...]:
        """Return everything the register ever said of a certificate; the caller has looked at it."""
        return facts_of(self._connection, [ident])[ident]

    def cited(self, actor: Actor, recording: Recording) -> tuple[CitedCertificate, ...]:
        """Return what the register says of the certificates that a recording names, as far as the actor's reach goes.

        Without a corrected time there is nothing to ask; the caller has looked at the recording.
        """
        if recording.corrected_at is None or recording.manifest_id is None:
            return ()
        declared = declared_at(self._connection, recording.manifest_id)
        inside = or_(accounts.c.agency_id.in_(sorted(actor.agency_ids)), accounts.c.id == actor.id)
        rows = self._connection.execute(
            self._select().where(certificates.c.number.in_(recording.officers), inside)
        ).all()
        told = facts_of(self._connection, [row.id for row in rows])
        return tuple(
            CitedCertificate(
                number=row.number,
                holder=row.holder,
                kind=CertificateKind(row.kind),
                then=fact_at(told[row.id], recording.corrected_at, declared),
                now=fact_at(told[row.id], recording.corrected_at, self._now),
            )
            for row in rows
        )

    def holders(self, actor: Actor) -> tuple[Holder, ...]:
        """Return the people who may be given a certificate, by name.

        Raises:
            Refused: the actor does not keep certificates.
        """
        allowed = require_scope(actor, Action.CERTIFICATE_KEEP, self._now)
        inside = select(accounts.c.id).where(
            accounts.c.agency_id.in_(sorted(allowed.agency_ids)),
            accounts.c.is_active,
            accounts.c.kind == AccountKind.PERSON.value,
        )
        return tuple(
            Holder(one["id"], one["name"], one["agency_name"]) for one in people(self._connection, inside)
        )

    def issue(self, actor: Actor, wish: CertificateIssueIn) -> Certificate:
        """Enter a certificate of a person.

        Raises:
            Refused: the actor does not keep certificates.
            NotFound: no such person within the actor's reach (slug `account-not-found`).
            Conflict: the number is taken, or the account is closed (slug `certificate-holder-closed`).
        """
        agency_id = self._agency_of(actor, wish.account_id)
        act = self._begin(actor, agency_id, f"account/{wish.account_id}")
        if not self._connection.scalar(select(accounts.c.is_active).where(accounts.c.id == wish.account_id)):
            raise CERTIFICATE_HOLDER_CLOSED("the account is closed")
        made = issue_certificate(
            self._connection,
            act,
            wish.account_id,
            number=wish.number,
            kind=wish.kind,
            valid_from=wish.valid_from,
            valid_until=wish.valid_until,
        )
        return self.get(actor, made)

    def step(
        self, actor: Actor, ident: CertificateId, step: CertificateStep, wish: CertificateStepIn, seen: int
    ) -> Certificate:
        """Suspend, restore, withdraw or cancel a certificate from a time on, which may lie in the past.

        Raises:
            NotFound, Refused, VersionConflict: as for every change of a certificate.
            TransitionRefused: no such step from its state (slug `certificate-step-refused`).
            Invalid: the time lies outside its dates or in the future (slug `certificate-time`).
        """
        act, held = self._take(actor, ident, seen)
        end = STEPS.after(held.state, step, None)
        since = self._past(held, act, wish.from_at)
        if since >= held.valid_until and step is not CertificateStep.CANCEL:
            raise CERTIFICATE_TIME("it had run out by then")
        stated = _LEAVES[step].model_validate({"from": since, "to": end, "reason": shown(wish.reason)})
        about = f"account/{held.account_id}"
        leaf = act.write(stated, f"certificate/{ident}", about)
        self._restate(held, act.at, since, end, leaf=bytes.fromhex(leaf.digest), reason=wish.reason)
        change_to(self._connection, certificates, ident, seen, leaf.places[about], state=end)
        return self.get(actor, ident)

    def verify(self, actor: Actor, ident: CertificateId, wish: CertificateVerifyIn, seen: int) -> Certificate:
        """Enter that a certificate passed its annual verification.

        Raises:
            NotFound, Refused, VersionConflict: as for every change of a certificate.
            TransitionRefused: it was withdrawn or cancelled (slug `certificate-step-refused`).
            Invalid: the time lies before its first or in the future (slug `certificate-time`).
        """
        act, held = self._take(actor, ident, seen)
        if held.state not in VERIFIABLE:
            raise CERTIFICATE_STEP_REFUSED("it is withdrawn or cancelled", state=held.state)
        at = self._past(held, act, wish.verified_at)
        about = f"account/{held.account_id}"
        leaf = act.write(
            CertificateVerify(verified_at=at, reason=shown(wish.reason)), f"certificate/{ident}", about
        )
        change_to(self._connection, certificates, ident, seen, leaf.places[about], verified_at=at)
        return self.get(actor, ident)

    def _past(self, held: Certificate, act: Deed, at: datetime | None) -> datetime:
        """Return a time that is typed, or now: neither before the certificate's first nor in the future."""
        stated = act.at if at is None else whole_milliseconds(at)
        if not held.valid_from <= stated <= act.at:
            raise CERTIFICATE_TIME("it lies before the certificate's first time, or in the future")
        return stated

    def _restate(
        self,
        held: Certificate,
        at: datetime,
        since: datetime,
        state: CertificateState,
        *,
        leaf: bytes,
        reason: str,
    ) -> None:
        """Say from now on that a certificate is in a state from `since` to its end; what was said before is closed."""
        row = {
            "certificate_id": held.id,
            "state": state,
            "valid_during": Range(since, held.valid_until),
            "reason": reason,
            "leaf": leaf,
        }
        mine = certificate_facts.c.certificate_id == held.id
        lasts = since < held.valid_until
        tell_from(self._connection, certificate_facts, mine, since=since, at=at, row=row if lasts else None)

    def _take(self, actor: Actor, ident: CertificateId, seen: int) -> tuple[Deed, Certificate]:
        """Hold the chain of a certificate's holder, and return the certificate as it stands then."""
        known = self.get(actor, ident)
        require(actor, Action.CERTIFICATE_KEEP, Subject(agency_id=known.agency_id), self._now)
        act = self._begin(actor, known.agency_id, f"account/{known.account_id}")
        held = self.get(actor, ident)
        require_version(held.version, seen)
        return act, held

    def _agency_of(self, actor: Actor, account_id: AccountId) -> AgencyId:
        allowed = require_scope(actor, Action.CERTIFICATE_KEEP, self._now)
        agency_id: AgencyId | None = self._connection.scalar(
            select(accounts.c.agency_id).where(
                accounts.c.id == account_id,
                accounts.c.kind == AccountKind.PERSON.value,
                accounts.c.agency_id.in_(sorted(allowed.agency_ids)),
            )
        )
        if agency_id is None:
            raise ACCOUNT_NOT_FOUND("no such person")
        return agency_id

    def _visible(self, actor: Actor) -> ColumnElement[bool]:
        allowed = require_scope(actor, Action.CERTIFICATE_VIEW, self._now)
        return accounts.c.agency_id.in_(sorted(allowed.agency_ids))

    def _conditions(self, actor: Actor, wanted: CertificateFilter) -> list[ColumnElement[bool]]:
        found: list[ColumnElement[bool]] = []
        if wanted.text:
            written = func.concat_ws(" ", certificates.c.number, accounts.c.name)
            found.append(written.icontains(wanted.text, autoescape=True))
        if wanted.state is not None:
            found.append(certificates.c.state == wanted.state.value)
        if wanted.agency_id is not None:
            found.append(accounts.c.agency_id == wanted.agency_id)
        if wanted.only is not None:
            terms = certificate_terms(self._connection, self._unit.settings, actor.agency_id, self._now)
            found.append(needing(wanted.only, self._now, terms))
        return found

    def _select(self) -> Select[tuple[Any, ...]]:
        query = select(certificates, accounts.c.name.label("holder"), accounts.c.agency_id).join(
            accounts, accounts.c.id == certificates.c.account_id
        )
        return with_agency(query, accounts.c.agency_id)
