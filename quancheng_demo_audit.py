"""Two audits of the demo: one that was drawn, scored and closed with something to be put right, and a draft.

The first is taken through by its own steps, while the server runs: each waits until the log has taken the one before.
Its public event is a demo's: five dice, thrown by this machine some seconds after the freeze, as its plan says. What a
start breaks off, the next one goes on with.
"""

import secrets
from collections.abc import Callable, Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import NamedTuple

from schemas.actor import Actor
from schemas.audit import AuditCloseIn, AuditIn, AuditKind, AuditState
from schemas.errors import EvidenceError
from schemas.ids import AgencyId, MemberId
from schemas.randomness import SourceIn, SourceKind
from schemas.rectification import RectificationIn
from schemas.refusals_audit import AUDIT_NOT_LOGGED, RANDOMNESS_TOO_EARLY, RECHECK_WAITING
from schemas.standard import ItemScore
from storage.audit.audit import kept_plan
from storage.audit.values import Audit
from storage.store import Store
from storage.transaction import Transaction

TITLE = "示例：城管结案案卷评查"
DRAFT = "示例：交通运输音像记录抽查（草稿）"
_LEAD = timedelta(seconds=1)
_NOT_YET = frozenset({AUDIT_NOT_LOGGED.slug, RANDOMNESS_TOO_EARLY.slug, RECHECK_WAITING.slug})
_DICE, _SIDES = 5, 6

_LOST = (
    {
        "A3": (4, "拍摄两个多月后才上交，未说明原因"),
        "B2": (7, "亮证之后到现场勘验之间有间断，没有说明"),
        "B6": (4, "街面噪声较大"),
    },
    {"A3": (5, "上交超过规定时限"), "B2": (6, "现场勘验前的录像有间断，未说明原因")},
)
"""What each of the two inspectors takes from every file: item → points that are left, and why."""
_FOUND = ("B2", "现场勘验前的录像有间断，案卷内没有说明。请补充说明间断原因，并就全过程记录组织一次培训。")
_WHY_CLOSED = "评分已完成；一项整改尚在期限内，另行跟踪。"


class Bureau(NamedTuple):
    """Who runs the audits, the two who score, and the agencies that are audited."""

    supervisor: Actor
    inspectors: tuple[Actor, Actor]
    closed_cases_of: AgencyId
    recordings_of: AgencyId


class DemoAudit:
    """The audits of one bureau, for the time of one `serve`."""

    def __init__(self, store: Store, bureau: Bureau) -> None:
        self._store = store
        self._bureau = bureau

    def go_on(self) -> bool:
        """Take the next step, if it can be taken yet; say whether the first audit is closed."""
        try:
            with self._store.begin() as tx:
                known = self._known(tx)
                step = _STEPS.get(known.state) if known else None
                if known is not None and step is not None:
                    step(tx, self._bureau, known)
            if known is None:
                self._begin()
        except EvidenceError as err:
            if err.slug not in _NOT_YET:
                raise
            return False
        return known is not None and known.state is AuditState.CLOSED

    def _known(self, tx: Transaction) -> Audit | None:
        rows = tx.audits.page(self._bureau.supervisor).rows
        return next((one for one in rows if one.title == TITLE), None)

    def _begin(self) -> None:
        """Define and freeze in one commit, by a setting of the demo's own: its event is near."""
        near = self._store.settings.model_copy(update={"randomness_lead_seconds": int(_LEAD.total_seconds())})
        store = Store(near, clock=self._store.clock)
        try:
            with store.begin() as tx:
                supervisor = self._bureau.supervisor
                made = tx.audit_drafts.define(supervisor, self._wish(tx, _LEAD * 2))
                tx.audits.freeze(supervisor, made.id, made.version)
                tx.audit_drafts.define(supervisor, self._draft(tx))
        finally:
            store.close()

    def _wish(self, tx: Transaction, ahead: timedelta) -> AuditIn:
        dice = SourceIn(name="演示用骰子（五枚）", kind=SourceKind.DICE, happens_at=tx.now + ahead)
        return AuditIn(
            title=TITLE,
            kind=AuditKind.CLOSED_CASES,
            target_agency_id=self._bureau.closed_cases_of,
            from_at=tx.now - timedelta(days=90),
            until_at=tx.now,
            size=2,
            sources=[dice],
        )

    def _draft(self, tx: Transaction) -> AuditIn:
        lottery = SourceIn(
            name="双色球下一期开奖号码", kind=SourceKind.LOTTERY, happens_at=tx.now + timedelta(days=30)
        )
        return AuditIn(
            title=DRAFT,
            kind=AuditKind.SEALED_RECORDINGS,
            target_agency_id=self._bureau.recordings_of,
            from_at=tx.now - timedelta(days=90),
            until_at=tx.now + timedelta(days=1),
            sources=[lottery],
        )


def _enter(tx: Transaction, bureau: Bureau, audit: Audit) -> None:
    """Throw the dice, once their time has come."""
    dice = " ".join(str(secrets.randbelow(_SIDES) + 1) for _ in range(_DICE))
    tx.audit_values.enter(bureau.supervisor, audit.id, [dice], audit.version)


def _confirm(tx: Transaction, bureau: Bureau, audit: Audit) -> None:
    """Let another person read the dice as they lie."""
    lying = tx.audits.values(audit.id, kept_plan(audit).sources)
    tx.audit_values.confirm(bureau.inspectors[0], audit.id, lying, audit.version)


def _draw(tx: Transaction, bureau: Bureau, audit: Audit) -> None:
    tx.audits.draw(bureau.supervisor, audit.id, audit.version)


def _finish(tx: Transaction, bureau: Bureau, audit: Audit) -> None:
    """Name both inspectors, let them score every file, raise what they found, and close: all or nothing."""
    supervisor, drawn = bureau.supervisor, tx.audit_scores.drawn(bureau.supervisor, audit.id)
    for inspector in bureau.inspectors:
        seen = tx.audits.get(supervisor, audit.id).version
        tx.audit_scores.assign(supervisor, audit.id, inspector.account_id, seen)
    for inspector, lost in zip(bureau.inspectors, _LOST, strict=True):
        for one in drawn:
            tx.audit_scores.score(inspector, audit.id, one.member_id, _points(tx, audit, lost))
    _raise(tx, bureau.inspectors[0], audit, drawn[0].member_id)
    held = tx.audits.get(supervisor, audit.id)
    wish = AuditCloseIn(**tx.audit_ends.lacking(held).model_dump(), reason=_WHY_CLOSED)
    tx.audit_ends.close(supervisor, audit.id, wish, held.version)


def _points(tx: Transaction, audit: Audit, lost: Mapping[str, tuple[int, str]]) -> list[ItemScore]:
    given = (
        (item.code, lost.get(item.code, (item.points, ""))) for item in tx.audit_scores.standard(audit).items
    )
    return [ItemScore(code=code, points=points, remark=why) for code, (points, why) in given]


def _raise(tx: Transaction, inspector: Actor, audit: Audit, member_id: MemberId) -> None:
    code, text = _FOUND
    rechecks = tx.audit_scores.member(inspector, audit.id, member_id).rechecks
    recording_id = rechecks[0].recording.id if rechecks else None
    found = RectificationIn(member_id=member_id, item_code=code, text=text, recording_id=recording_id)
    tx.rectifications.raise_(inspector, audit.id, found)


_STEPS: Mapping[AuditState, Callable[[Transaction, Bureau, Audit], None]] = MappingProxyType(
    {
        AuditState.FROZEN: _enter,
        AuditState.ENTERED: _confirm,
        AuditState.CONFIRMED: _draw,
        AuditState.DRAWN: _finish,
    }
)
"""The next step by the state of the audit; what is closed waits for none."""
