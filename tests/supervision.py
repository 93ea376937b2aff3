"""A bureau above one agency with sealed recordings, and audits of it in any state."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from schemas.actor import Actor, Role
from schemas.audit import AuditCloseIn, AuditIn, AuditKind, AuditReasonIn
from schemas.randomness import SourceIn, SourceKind
from schemas.standard import DEMO_STANDARD, ItemScore
from storage.audit.values import Audit
from storage.outbox import JobKind
from storage.store import Store, utc_now
from tests.factories import TestDevice, enrol_device, make_account, make_agency
from tests.media import jpeg
from workers.custody import integrate
from workers.media.sandbox.parent import Sandbox
from workers.runner import Runner
from workers.settings import WorkersSettings

VALUE = "03 07 12 21 29 + 05"


class Clock:
    """Server time that a test moves forward."""

    def __init__(self, ahead: timedelta = timedelta(0)) -> None:
        self.ahead = ahead

    def __call__(self) -> datetime:
        return utc_now() + self.ahead


@dataclass
class Bureau:
    """A bureau above one agency with sealed recordings."""

    store: Store
    clock: Clock
    agency: UUID
    supervisor: Actor
    colleague: Actor
    inspectors: list[Actor]
    head: Actor
    device: TestDevice
    recordings: list[UUID]

    def wish(self, **changed: object) -> AuditIn:
        now = self.clock()
        given = {
            "title": "三季度抽查",
            "kind": AuditKind.SEALED_RECORDINGS,
            "target_agency_id": self.agency,
            "from_at": now - timedelta(days=30),
            "until_at": now + timedelta(days=30),
            "size": 3,
            "sources": [
                SourceIn(
                    name="双色球第 2026137 期",
                    kind=SourceKind.LOTTERY,
                    happens_at=now + timedelta(minutes=30),
                )
            ],
        }
        return AuditIn(**{**given, **changed})

    def defined(self, **changed: object) -> Audit:
        with self.store.begin() as tx:
            return tx.audit_drafts.define(self.supervisor, self.wish(**changed))

    def frozen(self, **changed: object) -> Audit:
        made = self.defined(**changed)
        with self.store.begin() as tx:
            made = tx.audits.freeze(self.supervisor, made.id, made.version)
        integrate(self.store)
        return made

    def frozen_and_over(self, **changed: object) -> Audit:
        """Frozen, and its public event has taken place."""
        made = self.frozen(**changed)
        self.clock.ahead += timedelta(hours=1)
        return made

    def entered(self, **changed: object) -> Audit:
        made = self.frozen_and_over(**changed)
        with self.store.begin() as tx:
            made = tx.audit_values.enter(self.supervisor, made.id, [VALUE], made.version)
        integrate(self.store)
        return made

    def misread(self, **changed: object) -> Audit:
        """Entered, and read otherwise by the second person: both enter again."""
        made = self.entered(**changed)
        with self.store.begin() as tx:
            made = tx.audit_values.confirm(self.colleague, made.id, ["03 07 12 21 29 + 06"], made.version)
        integrate(self.store)
        return made

    def retracted(self, **changed: object) -> Audit:
        """Entered, and taken back by who entered it."""
        made = self.entered(**changed)
        with self.store.begin() as tx:
            wish = AuditReasonIn(reason="看错一位")
            made = tx.audit_values.retract(self.supervisor, made.id, wish, made.version)
        integrate(self.store)
        return made

    def audit(self, ident: UUID) -> Audit:
        """An audit as it is now."""
        with self.store.begin() as tx:
            return tx.audits.get(self.supervisor, ident)

    def close(self, audit: Audit, reason: str | None = "时间已到") -> Audit:
        """End an audit by what it lacks."""
        with self.store.begin() as tx:
            held = tx.audits.get(self.supervisor, audit.id)
            wish = AuditCloseIn(**tx.audit_ends.lacking(held).model_dump(), reason=reason)
            return tx.audit_ends.close(self.supervisor, held.id, wish, held.version)

    def confirmed(self, **changed: object) -> Audit:
        made = self.entered(**changed)
        with self.store.begin() as tx:
            made = tx.audit_values.confirm(self.colleague, made.id, [f" {VALUE} "], made.version)
        integrate(self.store)
        return made

    def drawn(self, **changed: object) -> Audit:
        made = self.confirmed(**changed)
        with self.store.begin() as tx:
            made = tx.audits.draw(self.supervisor, made.id, made.version)
        integrate(self.store)
        return made

    def rechecked(self, **changed: object) -> Audit:
        made = self.drawn(**changed)
        drain(self.store, JobKind.RECHECK)
        return made

    def assigned(self) -> Audit:
        made = self.rechecked()
        for inspector in self.inspectors:
            with self.store.begin() as tx:
                seen = tx.audits.get(self.supervisor, made.id).version
                tx.audit_scores.assign(self.supervisor, made.id, inspector.id, seen)
        return made

    def points(self, lost: int = 0) -> list[ItemScore]:
        """All points of the demo's standard, but so many of its first item."""
        first, *others = DEMO_STANDARD.items
        low = ItemScore(code=first.code, points=first.points - lost, remark="未告知" if lost else "")
        return [low, *(ItemScore(code=one.code, points=one.points) for one in others)]

    def apart(self, lost: int = 20) -> tuple[Audit, UUID]:
        """An audit and a member of it that the first inspector scored by so many points less than the second."""
        audit = self.assigned()
        with self.store.begin() as tx:
            member = tx.audit_scores.drawn(self.supervisor, audit.id)[0].member_id
        for inspector, less in zip(self.inspectors, (lost, 0), strict=True):
            with self.store.begin() as tx:
                tx.audit_scores.score(inspector, audit.id, member, self.points(less))
        return self.audit(audit.id), member

    def another(self, *roles: Role) -> Actor:
        """One more person of the supervising agency, an inspector by default."""
        return make_account(self.store, self.supervisor.agency_id, *(roles or (Role.INSPECTOR,)))[1]


def drain(store: Store, kind: JobKind) -> None:
    sandbox = Sandbox()
    settings = WorkersSettings(lease_seconds=30)
    try:
        Runner(store, sandbox, settings).drain(kind)
    finally:
        sandbox.close()


def make_supervision(store: Store, clock: Clock, *, recordings: int = 8) -> Bureau:
    """A bureau with one of everybody; `clock` is that of the store."""
    top = make_agency(store, is_supervising=True)
    agency = make_agency(store, parent=top)
    device = enrol_device(store, make_account(store, agency, Role.CUSTODIAN)[1])
    idents = [device.capture(f"{n}.jpg", jpeg(64 + n, 48)) for n in range(recordings)]
    drain(store, JobKind.VERIFY)
    integrate(store)
    return Bureau(
        store=store,
        clock=clock,
        agency=agency,
        supervisor=make_account(store, top, Role.SUPERVISOR)[1],
        colleague=make_account(store, top, Role.SUPERVISOR)[1],
        inspectors=[make_account(store, top, Role.INSPECTOR)[1] for _ in range(2)],
        head=make_account(store, agency, Role.HEAD)[1],
        device=device,
        recordings=idents,
    )
