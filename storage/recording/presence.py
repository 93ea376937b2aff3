"""Whoever a capture names is asked once whether they were there; a denial waits for the head of the agency."""

from collections.abc import Sequence
from itertools import groupby
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Text, and_, cast, exists, func, select, true, update
from sqlalchemy.dialects.postgresql import distinct_on

from schemas.actor import Actor
from schemas.ids import AgencyId, ManifestId, RecordingId
from schemas.leaves_presence import (
    PresenceConfirm,
    PresenceConfirmByCode,
    PresenceDeny,
    PresenceSettle,
    PresenceWay,
)
from schemas.policy import Action, require_scope
from schemas.presence import (
    Attendance,
    Denial,
    PresenceAnswer,
    PresenceIn,
    PresencesIn,
    PresenceState,
    Question,
    SettlementIn,
)
from schemas.recording import Recording
from schemas.reference import reference
from schemas.refusals_presence import DENIAL_UNKNOWN, PRESENCE_ANSWERED, PRESENCE_UNASKED
from storage.act import Deed, fresh_id
from storage.collection import Collection
from storage.custody.values import shown
from storage.reads.account import with_name
from storage.reads.agency import with_agency
from storage.reads.among import among
from storage.reads.certificate import certificate_naming
from storage.reads.device import with_device
from storage.reads.presence import Partner, attendances, naming, unanswered, unsettled
from storage.recording.question import end_presence
from storage.tables.presence import presences
from storage.tables.recording import derivatives, manifests, recordings

LISTED = 50
"""Questions that one page asks, the newest first."""


class Presences(Collection):
    """What is asked of the people whom captures name, and what they answered."""

    def questions(
        self, actor: Actor, partner: Partner | None = None, *, limit: int = LISTED
    ) -> tuple[Question, ...]:
        """Return the captures that name the actor and were not answered yet, the newest first.

        With a `partner` those alone that name both. A capture of another agency's device asks, too; its picture is not
        shown.
        """
        query = self._files(and_(unanswered(actor), _of_both(partner))).subquery()
        rows = self._connection.execute(
            select(query).order_by(query.c.corrected_at.desc(), query.c.manifest_id).limit(limit)
        ).mappings()
        return tuple(self._question(actor, row) for row in rows)

    def _files(self, asked: ColumnElement[bool]) -> Select[tuple[Any, ...]]:
        """Return a query of one row for each capture: its first file, and how many there are."""
        thumbnail = exists().where(
            derivatives.c.recording_id == recordings.c.id, derivatives.c.kind.in_(("thumbnail", "poster"))
        )
        query = select(
            recordings.c.manifest_id,
            recordings.c.id.label("recording_id"),
            recordings.c.agency_id,
            recordings.c.officers,
            recordings.c.corrected_at,
            recordings.c.lat_e7,
            recordings.c.lon_e7,
            recordings.c.crs,
            recordings.c.filename,
            thumbnail.label("has_thumbnail"),
            func.count().over(partition_by=recordings.c.manifest_id).label("files"),
        ).where(asked)
        query = with_device(with_agency(query, recordings.c.agency_id), recordings.c.device_id)
        first = (recordings.c.manifest_id, recordings.c.file_index, cast(recordings.c.id, Text))
        return query.ext(distinct_on(recordings.c.manifest_id)).order_by(*first)

    def _question(self, actor: Actor, row: Any) -> Question:  # noqa: ANN401 - a row
        return Question.of_row(
            row,
            at=row["corrected_at"],
            certificate=next(one for one in row["officers"] if one in actor.certificates),
            is_within=row["agency_id"] in actor.agency_ids,
            device_name=row["device_name"] or "",
        )

    def answer(self, actor: Actor, manifest_id: ManifestId, wish: PresenceIn) -> None:
        """Say of a capture that names the actor whether they were there.

        Raises:
            NotFound: no capture of this id names the actor (slug `presence-unasked`).
            Conflict: it was answered so, or denied (slug `presence-answered`).
        """
        agency_id = self._asking(actor, [manifest_id])[manifest_id]
        act = self._begin(actor, agency_id, reference("manifest", manifest_id))
        self._enter(act, actor, manifest_id, wish)
        end_presence(self._connection, [manifest_id], actor.certificates)

    def confirm(self, actor: Actor, wish: PresencesIn, partner: Partner | None = None) -> int:
        """Say of several captures that the actor was there: all of them, or none. Returns how many.

        With a `partner` whose code was scanned each must name both.

        Raises:
            NotFound, Conflict: as for one of them.
        """
        asking = self._asking(actor, wish.manifest_ids, partner)
        yes = PresenceIn(answer=PresenceAnswer.CONFIRMED)
        by_agency = sorted(asking.items(), key=lambda one: (one[1], one[0]))
        for agency_id, some in groupby(by_agency, key=lambda one: one[1]):
            idents = [ident for ident, _ in some]
            act = self._begin(actor, agency_id, *(reference("manifest", ident) for ident in idents))
            for ident in idents:
                self._enter(act, actor, ident, yes, partner)
        end_presence(self._connection, wish.manifest_ids, actor.certificates)
        return len(asking)

    def _asking(
        self, actor: Actor, idents: Sequence[ManifestId], partner: Partner | None = None
    ) -> dict[ManifestId, AgencyId]:
        """Return the agency of each capture, all of which name the actor."""
        rows = self._connection.execute(
            select(recordings.c.manifest_id, recordings.c.agency_id)
            .where(recordings.c.manifest_id.in_(idents), naming(actor), _of_both(partner))
            .distinct()
        ).all()
        found = {ManifestId(row.manifest_id): AgencyId(row.agency_id) for row in rows}
        if set(idents) - found.keys():
            raise PRESENCE_UNASKED("no such capture names the actor")
        return found

    def _enter(
        self,
        act: Deed,
        actor: Actor,
        manifest_id: ManifestId,
        wish: PresenceIn,
        partner: Partner | None = None,
    ) -> None:
        given = set(
            self._connection.scalars(
                select(presences.c.state).where(
                    presences.c.manifest_id == manifest_id, presences.c.account_id == actor.id
                )
            )
        )
        if wish.answer in given or PresenceAnswer.DENIED in given:
            raise PRESENCE_ANSWERED("the actor has answered")
        ident, certificate_id = fresh_id(), self._certificate_of(actor, manifest_id)
        who = {"person": actor.reference, "certificate": reference("certificate", certificate_id)}
        said = _said(who, wish, partner)
        leaf = act.write(said, reference("presence", ident), reference("manifest", manifest_id))
        self._connection.execute(
            presences.insert().values(
                id=ident,
                manifest_id=manifest_id,
                account_id=actor.id,
                certificate_id=certificate_id,
                state=wish.answer,
                way=said.way,
                partner_id=partner and partner.id,
                reason=wish.reason,
                answered_at=act.at,
                leaf=bytes.fromhex(leaf.digest),
            )
        )

    def _certificate_of(self, actor: Actor, manifest_id: ManifestId) -> UUID:
        """Return the certificate by which a capture names the actor; of several, the lowest number."""
        numbers: list[str] = self._connection.execute(
            select(recordings.c.officers).where(recordings.c.manifest_id == manifest_id).limit(1)
        ).scalar_one()
        return certificate_naming(self._connection, actor.account_id, numbers)

    def of_recording(self, recording: Recording) -> Attendance | None:
        """Return who was at the capture; None where no person captures. The caller has looked at the recording."""
        return attendances(self._connection, [recording.id]).get(recording.id)

    def denied_among(self, idents: Sequence[RecordingId]) -> int:
        """Return of how many recordings somebody named denies to have been there. The caller has looked at them."""
        told = self._connection.scalars(
            select(recordings.c.id)
            .join(presences, presences.c.manifest_id == recordings.c.manifest_id)
            .where(among(recordings.c.id, idents), presences.c.state == PresenceAnswer.DENIED.value)
            .distinct()
        ).all()
        there = attendances(self._connection, told).values() if told else ()
        return sum(one.people(PresenceState.DENIED) > 0 for one in there)

    def denials(self, actor: Actor) -> tuple[Denial, ...]:
        """Return the denials that wait for the head of an agency, the oldest first.

        Raises:
            Refused: the actor decides nothing.
        """
        allowed = require_scope(actor, Action.CASE_DECIDE, self._now)
        files = recordings.alias("files")
        first = (
            select(files.c.id)
            .where(files.c.manifest_id == presences.c.manifest_id)
            .order_by(files.c.file_index, cast(files.c.id, Text))
            .limit(1)
            .scalar_subquery()
        )
        query = (
            select(
                presences.c.id,
                presences.c.reason,
                presences.c.answered_at,
                recordings.c.id.label("recording_id"),
                recordings.c.filename,
                recordings.c.corrected_at.label("at"),
            )
            .select_from(presences)
            .join(recordings, recordings.c.id == first)
            .where(unsettled(), recordings.c.agency_id.in_(sorted(allowed.agency_ids)))
            .order_by(presences.c.answered_at, cast(presences.c.id, Text))
        )
        rows = self._connection.execute(with_name(query, presences.c.account_id, "person")).mappings()
        return tuple(map(Denial.of_row, rows))

    def settle(self, actor: Actor, denial_id: UUID, wish: SettlementIn) -> None:
        """Say what came of a denial.

        Raises:
            NotFound: no such denial within the actor's reach, or it was settled (slug `denial-unknown`).
            Refused: the actor decides nothing.
        """
        allowed = require_scope(actor, Action.CASE_DECIDE, self._now)
        row = self._connection.execute(
            select(presences.c.manifest_id, manifests.c.agency_id)
            .join(manifests, manifests.c.id == presences.c.manifest_id)
            .where(presences.c.id == denial_id, manifests.c.agency_id.in_(sorted(allowed.agency_ids)))
        ).one_or_none()
        if row is None:
            raise DENIAL_UNKNOWN("no such denial")
        of = reference("manifest", row.manifest_id)
        act = self._begin(actor, row.agency_id, of)
        leaf: bytes | None = self._connection.scalar(
            update(presences)
            .where(presences.c.id == denial_id, unsettled())
            .values(settlement=wish.text, settled_by=actor.id, settled_at=act.at)
            .returning(presences.c.leaf)
        )
        if leaf is None:
            raise DENIAL_UNKNOWN("it was settled")
        settled = PresenceSettle(denial=bytes(leaf).hex(), text=shown(wish.text))
        act.write(settled, reference("presence", denial_id), of)


def _of_both(partner: Partner | None) -> ColumnElement[bool]:
    return true() if partner is None else partner.shared()


def _said(
    who: dict[str, str], wish: PresenceIn, partner: Partner | None
) -> PresenceConfirm | PresenceConfirmByCode | PresenceDeny:
    """Return what is written: a denial is always by own log-in."""
    reason = shown(wish.reason)
    if reason is not None:
        return PresenceDeny(**who, way=PresenceWay.LOGIN, reason=reason)
    if partner is None:
        return PresenceConfirm(**who, way=PresenceWay.LOGIN)
    shown_by = reference("account", partner.id)
    return PresenceConfirmByCode(**who, way=PresenceWay.SCAN, partner=shown_by)
