"""Approvals: one recording is opened to one named person, for a time; asked for, granted by the head, ended.

What an approval opens is asked in `reads.policy`, like every right. It stands in the chain of whoever asked: two heads at
once, or a head and whoever withdraws, meet there.
"""

from functools import cache

from sqlalchemy import ColumnElement, Select, and_, exists, insert, or_, select, update

from schemas.actor import Actor
from schemas.approval import Approval, ApprovalIn, ApprovalState
from schemas.ids import AccountId, ApprovalId, RecordingId
from schemas.leaves_approval import ApprovalAsk, ApprovalEnd, ApprovalGrant
from schemas.page import Cursor, Page
from schemas.policy import Action, missing, require_scope
from schemas.recording import Recording
from schemas.reference import reference
from schemas.refusals_approval import (
    APPROVAL_NEEDLESS,
    APPROVAL_OVER,
    APPROVAL_OWN,
    APPROVAL_STANDS,
    APPROVAL_UNKNOWN,
)
from schemas.refusals_recording import RECORDING_UNKNOWN
from storage.act import Deed, fresh_id
from storage.collection import Collection, Order, Unit
from storage.custody.values import shown
from storage.reads.account import with_name
from storage.reads.agency import with_agency
from storage.reads.policy import within
from storage.reads.recording import with_filename
from storage.recording.recording import Recordings
from storage.tables.approval import approvals

_NEWEST = Order(approvals.c.id)


class Approvals(Collection):
    """What was asked for, and by whom it was granted or ended."""

    def __init__(self, unit: Unit, recordings_: Recordings) -> None:
        super().__init__(unit)
        self._recordings = recordings_

    def may_ask(self, actor: Actor, recording_id: RecordingId) -> bool:
        """Say whether the actor may ask to watch a recording that they may not watch, and has not asked."""
        return (
            bool(self._recordings.reached(actor, Action.APPROVAL_ASK, [recording_id]))
            and not self._recordings.watched(actor, [recording_id])
            and not self._is_open(actor, recording_id)
        )

    def _is_open(self, actor: Actor, recording_id: RecordingId) -> bool:
        mine = and_(approvals.c.account_id == actor.id, approvals.c.recording_id == recording_id)
        lasting = and_(approvals.c.ended_at.is_(None), approvals.c.until_at > self._now)
        return bool(self._connection.scalar(select(exists().where(mine, lasting))))

    def asked_about(self, actor: Actor, recording_id: RecordingId) -> str:
        """Return the file name of a recording that the actor may ask about, whether they may see its facts or not.

        Raises:
            NotFound, Refused: as for `ask`.
        """
        return self._askable(actor, recording_id).filename

    def _askable(self, actor: Actor, recording_id: RecordingId) -> Recording:
        require_scope(actor, Action.APPROVAL_ASK, self._now)
        if not self._recordings.reached(actor, Action.APPROVAL_ASK, [recording_id]):
            raise RECORDING_UNKNOWN("no such recording")
        return self._recordings.known(recording_id)

    def ask(self, actor: Actor, recording_id: RecordingId, wish: ApprovalIn) -> Approval:
        """Ask to watch a recording until a time.

        Raises:
            NotFound: no such recording where the actor may ask (slug `recording-unknown`).
            Refused: the actor asks for no approvals.
            Conflict: the actor may watch it already (`approval-needless`), or has asked (`approval-stands`).
        """
        agency_id = self._askable(actor, recording_id).agency_id
        who = reference("account", actor.id)
        deed = self._begin(actor, None, who, relies=(reference("agency", agency_id),))
        if self._recordings.watched(actor, [recording_id]):
            raise APPROVAL_NEEDLESS("the recording may be watched already")
        if self._is_open(actor, recording_id):
            raise APPROVAL_STANDS("it was asked for already")
        made, until = ApprovalId(fresh_id()), wish.until(deed.at)
        asked = ApprovalAsk(
            agency=reference("agency", agency_id),
            recording=reference("recording", recording_id),
            until=until,
            reason=shown(wish.reason.strip()),
        )
        leaf = deed.write(asked, reference("approval", made), who)
        self._connection.execute(
            insert(approvals).values(
                id=made,
                agency_id=agency_id,
                recording_id=recording_id,
                account_id=actor.account_id,
                reason=wish.reason.strip(),
                asked_at=deed.at,
                until_at=until,
                leaf=bytes.fromhex(leaf.digest),
            )
        )
        return self.get(actor, made)

    def grant(self, actor: Actor, ident: ApprovalId) -> Approval:
        """Grant what was asked for; it ends at the time that was named.

        Raises:
            NotFound: no such approval within the actor's scope (slug `approval-unknown`).
            Refused: the actor grants none here, or asked for it (`approval-own`).
            Conflict: it was granted, has ended or has run out (`approval-over`).
        """
        found = self.get(actor, ident)
        if not self.grantable(actor, [found]):
            raise missing(Action.APPROVAL_GIVE)
        if found.account_id == actor.id:
            raise APPROVAL_OWN("nobody grants their own")
        deed, leaf = self._changing(actor, found)
        if self.get(actor, ident).state(deed.at) is not ApprovalState.ASKED:
            raise APPROVAL_OVER("it waits for nobody")
        self._change(ident, granted_by=actor.id, granted_at=deed.at)
        deed.write(ApprovalGrant(ask=leaf), reference("approval", ident), self._chain(found))
        return self.get(actor, ident)

    def end(self, actor: Actor, ident: ApprovalId, reason: str) -> Approval:
        """Refuse, withdraw or give back, before its time; the head of the agency does, or whoever asked.

        Raises:
            NotFound: no such approval within the actor's scope (slug `approval-unknown`).
            Conflict: it has ended or run out (`approval-over`).
        """
        found = self.get(actor, ident)
        deed, leaf = self._changing(actor, found)
        if self.get(actor, ident).state(deed.at) is ApprovalState.OVER:
            raise APPROVAL_OVER("it is over")
        text = reason.strip()
        self._change(ident, ended_by=actor.id, ended_at=deed.at, end_reason=text)
        deed.write(
            ApprovalEnd(ask=leaf, reason=shown(text)), reference("approval", ident), self._chain(found)
        )
        return self.get(actor, ident)

    def _changing(self, actor: Actor, found: Approval) -> tuple[Deed, str]:
        deed = self._begin(actor, found.agency_id, self._chain(found))
        held = select(approvals.c.leaf).where(approvals.c.id == found.id).with_for_update(key_share=True)
        return deed, bytes(self._connection.execute(held).scalar_one()).hex()

    def _change(self, ident: ApprovalId, **values: object) -> None:
        self._connection.execute(update(approvals).where(approvals.c.id == ident).values(**values))

    @staticmethod
    def _chain(found: Approval) -> str:
        return reference("account", AccountId(found.account_id))

    def page(self, actor: Actor, *, after: Cursor | None = None, limit: int = 50) -> Page[Approval]:
        """List what the actor asked for, and of the agencies whose head they are what anybody did, newest first."""
        query = _select().where(self._visible(actor))
        return self._page(query, _NEWEST, after=after, limit=limit).each(Approval.of_row)

    def get(self, actor: Actor, ident: ApprovalId) -> Approval:
        """Return one approval.

        Raises:
            NotFound: no such approval within the actor's scope.
        """
        query = _select().where(approvals.c.id == ident, self._visible(actor))
        return self._one(query, Approval.of_row, APPROVAL_UNKNOWN("no such approval"))

    def _visible(self, actor: Actor) -> ColumnElement[bool]:
        given = within(actor, Action.APPROVAL_GIVE, self._now, approvals)
        return or_(approvals.c.account_id == actor.id, given)

    def grantable(self, actor: Actor, rows: list[Approval]) -> frozenset[ApprovalId]:
        """Return those of the approvals that lie with the actor as head, whoever asked."""
        given = within(actor, Action.APPROVAL_GIVE, self._now, approvals)
        idents = [one.id for one in rows]
        return frozenset(
            self._connection.scalars(select(approvals.c.id).where(approvals.c.id.in_(idents), given))
        )


@cache
def _select() -> Select[tuple[object, ...]]:
    query = with_agency(select(approvals), approvals.c.agency_id)
    query = with_filename(query, approvals.c.recording_id)
    query = with_name(query, approvals.c.account_id, "asker")
    query = with_name(query, approvals.c.granted_by, "granter", is_optional=True)
    return with_name(query, approvals.c.ended_by, "ender", is_optional=True)
