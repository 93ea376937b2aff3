"""Who was at the captures behind recordings, as the people say whom they name."""

from collections import defaultdict
from collections.abc import Collection
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, Text, and_, any_, cast, exists, func, select
from sqlalchemy.dialects.postgresql import JSONB

from schemas.actor import Actor, Role
from schemas.ids import AccountId, ManifestId, RecordingId
from schemas.leaves_account import AccountKind
from schemas.leaves_certificate_issue import CertificateKind
from schemas.leaves_presence import PresenceWay
from schemas.manifest import ManifestState
from schemas.presence import Attendance, Holder, Named, PresenceAnswer, PresenceState, attendance_of
from schemas.presence_code import Period
from storage.reads.account import has_role
from storage.reads.among import among
from storage.reads.monitoring import monitored
from storage.reads.question import is_asked
from storage.tables.actor import accounts, certificates
from storage.tables.presence import presences
from storage.tables.question import QuestionKind
from storage.tables.recording import manifests, recordings


def attendances(
    connection: Connection, recording_ids: Collection[RecordingId]
) -> dict[RecordingId, Attendance]:
    """Return who was at the capture of each recording; what fixed equipment or a machine hands in has nobody there."""
    document = cast(func.convert_from(manifests.c.payload, "UTF8"), JSONB)
    rows = connection.execute(
        select(
            recordings.c.id,
            recordings.c.manifest_id,
            recordings.c.officers,
            document["exception"]["article"].astext.label("article"),
        )
        .outerjoin(accounts, accounts.c.id == recordings.c.account_id)
        .outerjoin(
            manifests,
            (manifests.c.id == recordings.c.manifest_id) & (manifests.c.state == ManifestState.DECLARED),
        )
        .where(
            among(recordings.c.id, recording_ids), accounts.c.kind.is_distinct_from(AccountKind.MACHINE.value)
        )
    ).all()
    by_equipment = monitored(connection, [row.id for row in rows])
    holders = _holders(connection, [row.id for row in rows])
    answers = _answers(connection, {row.manifest_id for row in rows if row.manifest_id})
    return {
        row.id: attendance_of(row.officers, holders[row.id], answers[row.manifest_id], row.article)
        for row in rows
        if row.id not in by_equipment
    }


def _holders(
    connection: Connection, recording_ids: Collection[RecordingId]
) -> defaultdict[RecordingId, dict[str, Holder]]:
    """Return who holds the certificates that recordings name: an officer by the certificate, and by the role then."""
    known = certificates.c
    is_officer = and_(
        known.kind == CertificateKind.ENFORCEMENT.value,
        ~has_role(Role.AUXILIARY, recordings.c.corrected_at),
    )
    rows = connection.execute(
        select(recordings.c.id, known.number, known.account_id, is_officer.label("is_officer"))
        .join(certificates, known.number == any_(recordings.c.officers))
        .join(accounts, accounts.c.id == known.account_id)
        .where(among(recordings.c.id, recording_ids))
    )
    found: defaultdict[RecordingId, dict[str, Holder]] = defaultdict(dict)
    for row in rows:
        found[row.id][row.number] = Holder(row.account_id, row.is_officer)
    return found


def _answers(
    connection: Connection, manifest_ids: Collection[ManifestId]
) -> defaultdict[ManifestId | None, dict[AccountId, Named]]:
    """Return the last answer of each person."""
    found: defaultdict[ManifestId | None, dict[AccountId, Named]] = defaultdict(dict)
    rows = connection.execute(
        select(presences)
        .where(among(presences.c.manifest_id, manifest_ids))
        .order_by(presences.c.answered_at, cast(presences.c.id, Text))
    )
    for row in rows:
        found[row.manifest_id][row.account_id] = Named(
            certificate="",
            person=row.account_id,
            state=PresenceState(row.state),
            answered_at=row.answered_at,
            way=PresenceWay(row.way),
            partner=row.partner_id,
            reason=row.reason,
            settlement=row.settlement,
        )
    return found


def naming(actor: Actor) -> ColumnElement[bool]:
    """Say of a recording whether its capture names the actor; its time is known then."""
    return and_(
        recordings.c.manifest_id.is_not(None),
        recordings.c.officers.overlap(sorted(actor.certificates)),
        recordings.c.corrected_at.is_not(None),
    )


def unanswered(actor: Actor) -> ColumnElement[bool]:
    """Say of a recording whether its capture names the actor, who has said nothing of it."""
    asked = is_asked(recordings.c.manifest_id, QuestionKind.PRESENCE, actor)
    answered = exists().where(
        presences.c.manifest_id == recordings.c.manifest_id, presences.c.account_id == actor.id
    )
    return and_(asked, naming(actor), ~answered)


class Partner(NamedTuple):
    """Whoever shows a code: their certificates, and when captures were made that it may confirm."""

    id: AccountId
    certificates: frozenset[str]
    period: Period

    def shared(self) -> ColumnElement[bool]:
        """Say of a recording whether its capture names the partner, too, and was made within the period."""
        return and_(
            recordings.c.officers.overlap(sorted(self.certificates)),
            recordings.c.corrected_at >= self.period.since,
            recordings.c.corrected_at <= self.period.until,
        )


def unsettled() -> ColumnElement[bool]:
    """Say of an answer whether it is a denial that waits for the head."""
    return and_(presences.c.state == PresenceAnswer.DENIED.value, presences.c.settled_at.is_(None))
