"""What the leaves of a supervision audit make of its rows, and of what it asks agencies to put right."""

from collections.abc import Iterator, Mapping

from schemas.act import Act
from schemas.audit import AuditState, RecheckOutcome
from schemas.leaves_audit import AuditAmend, AuditDefine, AuditRetract
from schemas.leaves_rectification import RectificationRaisePlaced
from schemas.leaves_scoring import AuditAssign, AuditClose, AuditCloseTold, AuditThird
from schemas.life_audit import Amended, AuditLife, Done, Moved, RectificationLife
from schemas.rectification import RectificationState
from schemas.reference import ident_of
from schemas.replay import Folded
from storage.fsck.mirror import Mirror, Told, ident, value_of
from storage.tables.audit import (
    audit_amendments,
    audit_entries,
    audit_inspectors,
    audit_rechecks,
    audit_scores,
    audit_thirds,
    audits,
)
from storage.tables.rectification import rectification_steps, rectifications

Row = Mapping[str, object]

AUDIT_MIRRORS = (
    Mirror(
        audits,
        audits.c.id,
        (),
        (
            *("agency_id", "target_agency_id", "title", "kind", "from_at", "until_at", "defect_permille"),
            *("confidence_permille", "size", "state", "population_count", "population_root", "plan_sha256"),
            *("seed", "defined_by", "defined_at", "frozen_at", "freeze_entry_id", "entered_by", "entered_at"),
            *(
                "enter_entry_id",
                "confirmed_by",
                "confirmed_at",
                "confirm_entry_id",
                "drawn_at",
                "draw_entry_id",
            ),
            *("dropped_by", "dropped_at", "drop_reason", "closed_by", "closed_at", "version"),
            *("close_missing", "close_wide", "close_unmended", "close_reason"),
        ),
        digests=("plan",),
    ),
    Mirror(
        audit_amendments,
        audit_amendments.c.audit_id,
        ("entry_id",),
        (
            *("target_agency_id", "title", "kind", "from_at", "until_at", "defect_permille"),
            *("confidence_permille", "size", "reason", "amended_by", "amended_at"),
        ),
    ),
    Mirror(audit_entries, audit_entries.c.audit_id, ("entry_id",), ("step", "reason", "said_by", "said_at")),
    Mirror(audit_inspectors, audit_inspectors.c.audit_id, ("account_id",), ("assigned_by", "assigned_at")),
    Mirror(
        audit_thirds,
        audit_thirds.c.audit_id,
        ("member_id",),
        ("account_id", "assigned_by", "assigned_at"),
    ),
    Mirror(
        audit_scores,
        audit_scores.c.audit_id,
        ("member_id", "inspector_id", "item_code"),
        ("points", "remark", "given_at"),
    ),
    Mirror(
        audit_rechecks,
        audit_rechecks.c.audit_id,
        ("member_id", "recording_id"),
        ("outcome", "code", "sha256", "checked_at"),
        condition=audit_rechecks.c.outcome != RecheckOutcome.WAITING,
    ),
    Mirror(
        rectifications,
        rectifications.c.audit_id,
        ("id",),
        (
            *("member_id", "agency_id", "item_code", "text", "state", "due_at", "raised_by", "raised_at"),
            *("recording_id", "at_second"),
            *("closed_at", "version"),
        ),
    ),
    Mirror(
        rectification_steps,
        rectifications.c.audit_id,
        ("rectification_id", "step"),
        ("text", "proof_recording_id", "taken_by", "taken_at"),
        rectification_steps.join(
            rectifications, rectifications.c.id == rectification_steps.c.rectification_id
        ),
    ),
)


def audit_rows(life: AuditLife, folded: Folded) -> Told:
    """Return the rows that the leaves of an audit make."""
    found = life.rectifications or {}
    return {
        "audits": [_audit(life, folded)],
        "audit_amendments": [_amendment(one) for one in life.earlier],
        "audit_entries": [_entry(act, moved) for act, moved in life.entries],
        "audit_inspectors": [
            {"account_id": ident_of(name), "assigned_by": one.by, "assigned_at": one.at}
            for name, one in _panel(life).items()
        ],
        "audit_thirds": [
            {
                "member_id": ident_of(member),
                "account_id": ident_of(one.what.inspector),
                "assigned_by": one.by,
                "assigned_at": one.at,
            }
            for member, one in life.thirds.items()
        ],
        "audit_scores": list(_scores(life)),
        "audit_rechecks": [
            {
                "member_id": ident_of(member),
                "recording_id": ident_of(recording),
                "outcome": one.what.outcome,
                "code": one.what.code or "",
                "sha256": one.what.sha256,
                "checked_at": one.at,
            }
            for (member, recording), one in life.rechecks.items()
        ],
        "rectifications": [_rectification(name, one, folded) for name, one in found.items()],
        "rectification_steps": [row for name, one in found.items() for row in _steps(name, one)],
    }


_SAID = ("kind", "from_at", "until_at", "defect_permille", "confidence_permille")


def _said(said: AuditDefine | AuditAmend) -> Row:
    return {
        **{name: getattr(said, name) for name in _SAID},
        "size": said.size,
        "target_agency_id": ident_of(said.target),
        "title": value_of(said.title),
    }


def _amendment(one: Amended) -> Row:
    return {
        **_said(one.was),
        "entry_id": one.moved.leaf,
        "reason": value_of(one.act.reason),
        "amended_by": ident_of(one.moved.by),
        "amended_at": one.moved.at,
    }


def _entry(act: Act, moved: Moved) -> Row:
    return {
        "entry_id": moved.leaf,
        "step": act.event.partition(":")[2],
        "reason": value_of(act.reason) if isinstance(act, AuditRetract) else None,
        "said_by": ident_of(moved.by),
        "said_at": moved.at,
    }


def _audit(life: AuditLife, folded: Folded) -> Row:
    frozen, drawn = life.frozen, life.drawn
    said = _said(life.said)
    return {
        **said,
        "size": frozen.size if frozen else said["size"],
        "agency_id": ident_of(life.defined.agency),
        "state": life.state,
        "version": folded.versions.get(folded.of),
        "population_count": frozen.count if frozen else None,
        "population_root": frozen.root if frozen else None,
        "plan_sha256": frozen.plan_sha256 if frozen else None,
        "plan": frozen.plan_sha256 if frozen else None,
        "seed": drawn.seed if drawn else None,
        "defined_by": ident_of(life.by),
        "defined_at": life.at,
        **_moved(life, AuditState.FROZEN, at="frozen_at", entry="freeze_entry_id"),
        **_moved(life, AuditState.ENTERED, at="entered_at", entry="enter_entry_id", by="entered_by"),
        **_moved(life, AuditState.CONFIRMED, at="confirmed_at", entry="confirm_entry_id", by="confirmed_by"),
        **_moved(life, AuditState.DRAWN, at="drawn_at", entry="draw_entry_id"),
        **_ended(life),
    }


def _ended(life: AuditLife) -> Row:
    """What a version 1 of its end says of what was missing is in no column."""
    dropped, closed = life.dropped, life.closed
    told = closed if closed and isinstance(closed.what, AuditCloseTold) else None
    return {
        "dropped_by": ident_of(dropped.by) if dropped else None,
        "dropped_at": dropped.at if dropped else None,
        "drop_reason": value_of(dropped.what.reason) if dropped else None,
        "closed_by": ident_of(told.by) if told else None,
        "closed_at": closed.at if closed else None,
        **_lacked(None if told is None else told.what),
    }


def _lacked(act: AuditClose | AuditCloseTold | None) -> Row:
    if not isinstance(act, AuditCloseTold):
        return dict.fromkeys(("close_missing", "close_wide", "close_unmended", "close_reason"))
    return {
        "close_missing": act.missing,
        "close_wide": act.wide,
        "close_unmended": act.unmended,
        "close_reason": value_of(act.reason),
    }


def _moved(life: AuditLife, state: AuditState, *, at: str, entry: str = "", by: str = "") -> Row:
    step = life.moved.get(state)
    named: dict[str, object] = {at: step.at if step else None}
    if entry:
        named[entry] = step.leaf if step else None
    if by:
        named[by] = ident_of(step.by) if step else None
    return named


def _panel(life: AuditLife) -> Mapping[str, Done[AuditAssign] | Done[AuditThird]]:
    """Return everybody who scores, since they were named first: for all files, or for one."""
    first: dict[str, Done[AuditAssign] | Done[AuditThird]] = dict(life.inspectors)
    for one in life.thirds.values():
        first.setdefault(one.what.inspector, one)
    return first


def _scores(life: AuditLife) -> Iterator[Row]:
    for (member, inspector), one in life.scores.items():
        for score in one.what.scores:
            yield {
                "member_id": ident_of(member),
                "inspector_id": ident_of(inspector),
                "item_code": score.code,
                "points": score.points,
                "remark": value_of(score.remark) or "",
                "given_at": one.at,
            }


def _rectification(name: str, one: RectificationLife, folded: Folded) -> Row:
    closed = next((step.at for step in one.steps if step.step == "close"), None)
    placed = one.raised if isinstance(one.raised, RectificationRaisePlaced) else None
    return {
        "id": ident_of(name),
        "member_id": ident_of(one.raised.member),
        "agency_id": ident_of(one.raised.agency),
        "item_code": one.raised.item,
        "text": value_of(one.raised.text),
        "state": one.state,
        "recording_id": ident(placed.recording) if placed else None,
        "at_second": placed.at_second if placed else None,
        "due_at": one.raised.due_at,
        "raised_by": ident_of(one.by),
        "raised_at": one.at,
        "closed_at": closed if one.state == RectificationState.CLOSED else None,
        "version": folded.versions.get(name),
    }


def _steps(name: str, one: RectificationLife) -> Iterator[Row]:
    for step in one.steps:
        yield {
            "rectification_id": ident_of(name),
            "step": step.step,
            "text": value_of(step.text),
            "proof_recording_id": ident(step.proof),
            "taken_by": ident_of(step.by),
            "taken_at": step.at,
        }
