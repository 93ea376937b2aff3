"""What was drawn, one member at a time: its evidence, the pre-checks, two blind scores, and what must be mended."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from fastapi import Form
from pydantic import ValidationError
from starlette.responses import Response

from api.audit import AssignIn
from api.console.audit_form import AssignForm
from api.console.evidence import evidence_of, names_of
from api.console.guard import Acting, Visiting
from api.console.office import each_once
from api.console.recording import found_in
from api.console.typed import Change, Fault, Forms, Mistaken, Typed, into, label, labels, mistaken
from api.console.visit import Mistake, Visit, go, submit, to
from api.route import pages
from schemas.audit import AuditState
from schemas.findings import sentence
from schemas.ids import AuditId, MemberId
from schemas.integrity import CheckResult
from schemas.policy import Action
from schemas.rectification import FoundIn, Rectification, RectificationIn
from schemas.standard import ItemScore
from schemas.words import Language
from storage.audit.values import Member

_PLACES = (1, 60, 3600)
_LONG = 8
_CODE = 4
"""Letters of an item's code: a row is named by no more."""

router = pages()


class ScoresForm(Typed[list[ItemScore]]):
    """All points of a member: three lists that stand side by side, a row for each item of the standard."""

    code: list[str] = labels("评查项")
    points: list[str] = labels("得分")
    remark: list[str] = labels("扣分理由")

    def wish(self) -> list[ItemScore]:
        if not self.code:
            raise Mistaken("code", Fault.MISSING)
        if not len(self.code) == len(self.points) == len(self.remark):
            raise Mistaken("points", Fault.HALF)
        rows = zip(self.code, self.points, self.remark, strict=True)
        return [self._score(code, points, remark) for code, points, remark in rows]

    def _score(self, code: str, points: str, remark: str) -> ItemScore:
        try:
            return ItemScore.model_validate({"code": code, "points": points, "remark": remark})
        except ValidationError as err:
            raise mistaken(self, err, about=code[:_CODE]) from err

    def row(self, place: int) -> tuple[str, str] | None:
        """Return points and remark that were typed in one row; None where there was none."""
        rows = list(zip(self.points, self.remark, strict=False))
        return rows[place] if place < len(rows) else None


class FoundForm(Typed[FoundIn]):
    """What was found on a member, and where: a recording of it, and a position typed as a player shows it."""

    item_code: str = label("评查项")
    text: str = label("发现的问题")
    recording_id: str = label("所在的音像记录（可不选）")
    at: str = label("位置（分:秒，可不填）")

    renamed: ClassVar[Mapping[str, str]] = {"at_second": "at"}
    whole: ClassVar[tuple[str, Fault]] = ("at", Fault.HALF)

    def wish(self) -> FoundIn:
        return into(self, FoundIn, **({} if not self.at else {"at_second": second_at(self, "at")}))


def second_at(form: Typed[Any], name: str) -> int:
    """Return a position in a recording in whole seconds: `83`, `1:23` or `1:02:03`, also with a full-width colon.

    Raises:
        Mistaken: it is none.
    """
    parts = getattr(form, name).replace("：", ":").split(":")
    if len(parts) > len(_PLACES) or not all(
        one.isascii() and one.isdecimal() and len(one) < _LONG for one in parts
    ):
        raise Mistaken(name, Fault.MALFORMED)
    return sum(int(one) * unit for one, unit in zip(reversed(parts), _PLACES, strict=False))


class MemberForms(Forms):
    """The forms of a drawn member."""

    scores: ScoresForm = ScoresForm()
    third: AssignForm = AssignForm()
    found: FoundForm = FoundForm()


@router.get("/audits/{audit_id}/members/{member_id}")
def member(visit: Visiting, audit_id: AuditId, member_id: MemberId) -> Response:
    """Show a drawn member: its evidence, what the system found out, and the form to score it."""
    return _member(visit, audit_id, member_id)


def _member(visit: Visit, audit_id: AuditId, member_id: MemberId, mistake: Mistake | None = None) -> Response:
    tx, actor = visit.tx, visit.actor
    found = tx.audit_scores.member(actor, audit_id, member_id)
    case_id = tx.audit_scores.case_id_of(found.audit, member_id)
    case = tx.cases.known(case_id) if case_id else None
    evidence = evidence_of(tx, actor, case, visit.language) if case else None
    raised = tx.rectifications.of_audit(actor, audit_id)
    idents = [one.recording.id for one in found.rechecks]
    may_name = visit.may(Action.AUDIT_DEFINE, found.audit.agency_id) and found.audit.state is AuditState.DRAWN
    return visit.page(
        "audit_member.html",
        forms=MemberForms,
        mistake=mistake,
        here="audits",
        audit=found.audit,
        member=found,
        case=case,
        may_see_case=case_id in tx.cases.visible(actor, [case_id] if case_id else []),
        evidence=evidence,
        subjects=names_of(case, evidence) if case and evidence else {},
        standard=tx.audit_scores.standard(found.audit),
        pre_checks=pre_checks_of(found, visit.language),
        drawn_recordings=[one.recording for one in found.rechecks],
        rectifications=[one for one in raised if one.member_id == member_id],
        thirds=tx.audit_thirds.offered(actor, found) if may_name else (),
        may_name=may_name,
        may_raise=tx.rectifications.may_raise(actor, found.audit),
        seen=tx.recordings.visible(actor, idents) | (evidence.seen if evidence else frozenset()),
        watched=tx.recordings.watched(actor, idents),
        found_in=found_in(visit, idents),
        is_english=visit.language is Language.EN,
        roles=each_once((one.inspector, one.given_as) for one in found.scores),
    )


def pre_checks_of(found: Member, language: Language) -> dict[str, tuple[CheckResult, str]]:
    """Return item → what the system found out for it, and the sentence that says so."""
    return {one.item: (one.check, _said(one.check, language)) for one in found.pre_checks}


def _said(check: CheckResult, language: Language) -> str:
    if not check.code:
        return ""
    text = sentence(check.code, check.params)
    return text.en if language is Language.EN else text.zh


@router.post("/audits/{audit_id}/members/{member_id}/scores")
def score(
    visit: Acting, audit_id: AuditId, member_id: MemberId, form: Annotated[ScoresForm, Form()]
) -> Response:
    """Give all points of a member, once."""
    return submit(
        visit,
        form,
        lambda wish: visit.tx.audit_scores.score(visit.actor, audit_id, member_id, wish),
        again=lambda mistake: _member(visit, audit_id, member_id, mistake),
        then=to(f"/console/audits/{audit_id}/members/{member_id}"),
    )


@router.post("/audits/{audit_id}/members/{member_id}/third")
def name_third(
    visit: Acting, audit_id: AuditId, member_id: MemberId, form: Annotated[AssignForm, Form()]
) -> Response:
    """Name a third inspector for a member whose totals lie too far apart."""

    def act(asked: Change[AssignIn]) -> None:
        visit.tx.audit_thirds.name(visit.actor, audit_id, member_id, asked.wish.account_id, asked.seen)

    return submit(
        visit,
        form,
        act,
        again=lambda mistake: _member(visit, audit_id, member_id, mistake),
        then=to(f"/console/audits/{audit_id}/members/{member_id}"),
    )


@router.post("/audits/{audit_id}/members/{member_id}/rectification")
def raise_rectification(
    visit: Acting, audit_id: AuditId, member_id: MemberId, form: Annotated[FoundForm, Form()]
) -> Response:
    """Raise what was found on this member."""

    def act(found: FoundIn) -> Rectification:
        wish = RectificationIn(member_id=member_id, **dict(found))
        return visit.tx.rectifications.raise_(visit.actor, audit_id, wish)

    return submit(
        visit,
        form,
        act,
        again=lambda mistake: _member(visit, audit_id, member_id, mistake),
        then=lambda made: go(f"/console/rectifications/{made.id}"),
    )
