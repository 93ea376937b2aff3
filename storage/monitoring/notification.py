"""Attempts to tell a party of a monitoring record (art. 41): they are only ever added."""

from sqlalchemy import RowMapping, insert, select

from schemas.actor import Actor
from schemas.ids import MonitoringId
from schemas.leaves_monitoring import MonitoringNotify
from schemas.monitoring import NotificationIn, NotifyChannel, NotifyOutcome
from schemas.personal import masked
from schemas.policy import Action, Subject, require
from schemas.reference import reference
from schemas.refusals_monitoring import FACT_IN_FUTURE
from storage.act import fresh_id
from storage.collection import Collection, Unit
from storage.custody.values import shown
from storage.monitoring.record import Monitoring
from storage.monitoring.values import MonitoringRecord, Notification
from storage.personal import opened, sealed
from storage.reads.account import with_name
from storage.reads.recording import require_of_agency
from storage.tables.monitoring import monitoring_records, notifications
from storage.version import change_to


class Notifications(Collection):
    """What was tried to tell the party of a record."""

    def __init__(self, unit: Unit, monitoring: Monitoring) -> None:
        super().__init__(unit)
        self._monitoring = monitoring

    def add(self, actor: Actor, ident: MonitoringId, wish: NotificationIn) -> None:
        """Record an attempt to tell the party (art. 41); attempts are only ever added.

        Raises:
            NotFound: no such record, or no such recording of the same agency as its proof.
            Refused: the actor may not notify.
            Invalid: the attempt lies in the future (slug `fact-in-future`).
        """
        record = self._monitoring.get(actor, ident)
        require(actor, Action.MONITORING_NOTIFY, Subject(agency_id=record.agency_id), self._now)
        if wish.proof_recording_id is not None:
            require_of_agency(self._connection, wish.proof_recording_id, record.agency_id)
        about = reference("monitoring", ident)
        deed = self._begin(actor, record.agency_id, about)
        version, _ = self._monitoring.locked(ident)
        if wish.attempted_at > deed.at:
            raise FACT_IN_FUTURE("an attempt lies in the past")
        made = fresh_id()
        self._connection.execute(
            insert(notifications).values(
                id=made,
                monitoring_id=ident,
                channel=wish.channel,
                outcome=wish.outcome,
                proof=sealed(self._connection, notifications.c.proof, made, wish.proof.strip()),
                proof_recording_id=wish.proof_recording_id,
                attempted_at=wish.attempted_at,
                recorded_by=actor.id,
                recorded_at=deed.at,
            )
        )
        proof = wish.proof_recording_id
        notified = MonitoringNotify(
            channel=wish.channel,
            outcome=wish.outcome,
            attempted_at=wish.attempted_at,
            proof_recording=None if proof is None else reference("recording", proof),
            proof=shown(wish.proof.strip()),
        )
        number = deed.write(notified, about).places[about]
        change_to(self._connection, monitoring_records, ident, version, number)

    def of(self, record: MonitoringRecord) -> tuple[Notification, ...]:
        """Return the attempts to tell the party, oldest first, as whoever was given the record reads it."""
        rows = self._connection.execute(
            with_name(select(notifications), notifications.c.recorded_by, "recorder")
            .where(notifications.c.monitoring_id == record.id)
            .order_by(notifications.c.id)
        ).mappings()
        return tuple(
            Notification(
                channel=NotifyChannel(row["channel"]),
                outcome=NotifyOutcome(row["outcome"]),
                recorded_by=row["recorder"],
                proof=self._proof(record, row),
                **{name: row[name] for name in ("proof_recording_id", "attempted_at")},
            )
            for row in rows
        )

    def _proof(self, record: MonitoringRecord, row: RowMapping) -> str:
        """A message's number or a call's: a telephone number may stand in it."""
        text = opened(self._connection, notifications.c.proof, row["id"], row["proof"]) or ""
        return masked("proof", text) if record.is_masked else text
