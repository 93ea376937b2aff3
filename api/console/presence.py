"""Whoever a capture names is asked after the log-in: "I was there", "I was not"; the head settles denials."""

from collections.abc import Iterable
from datetime import datetime
from itertools import groupby
from typing import Annotated, NamedTuple
from uuid import UUID

from fastapi import Form
from pydantic import TypeAdapter
from starlette.responses import Response

from api.console.form import ZONE
from api.console.guard import Acting, Visiting
from api.console.typed import Forms, NoFields, Typed, into, label, labels, read
from api.console.visit import Mistake, Visit, submit, to
from api.route import pages
from schemas.base import Reason
from schemas.ids import ManifestId, RecordingId
from schemas.policy import Action
from schemas.presence import PresenceAnswer, PresenceIn, PresencesIn, Question, SettlementIn
from schemas.presence_code import ScanIn

router = pages()
_REASON = TypeAdapter[str](Reason)
_HOME = "/console"


class DayForm(Typed[PresencesIn]):
    """All captures of a day at which one was."""

    manifest_ids: list[str] = labels("采集")

    def wish(self) -> PresencesIn:
        return PresencesIn.model_validate({"manifest_ids": self.manifest_ids}, strict=False)


class DenyForm(Typed[PresenceIn]):
    """Why one was not there."""

    reason: str = label("为什么写明了您（如：设备交给他人、当日休假）")

    def wish(self) -> PresenceIn:
        return PresenceIn(answer=PresenceAnswer.DENIED, reason=read(self, "reason", _REASON))


class ScanForm(Typed[ScanIn]):
    """The code, and the captures that stood on the page."""

    code: str = label("同伴确认码")
    manifest_ids: list[str] = labels("采集")

    def wish(self) -> ScanIn:
        return ScanIn.model_validate({"code": self.code, "manifest_ids": self.manifest_ids}, strict=False)


class SettleForm(Typed[SettlementIn]):
    """What came of a denial."""

    text: str = label("处理结果")

    def wish(self) -> SettlementIn:
        return into(self, SettlementIn)


class PresenceForms(Forms):
    """The forms of whoever is asked."""

    day: DayForm = DayForm()
    deny: DenyForm = DenyForm()
    scan: ScanForm = ScanForm()


class DenialForms(Forms):
    """The form of the head."""

    settle: SettleForm = SettleForm()


class Day(NamedTuple):
    """What asks of one day in UTC+8."""

    at: datetime
    questions: tuple[Question, ...]


def by_day(questions: Iterable[Question]) -> tuple[Day, ...]:
    """Return what asks, day by day, the newest first."""
    days = groupby(questions, key=lambda one: one.at.astimezone(ZONE).date())
    made = [tuple(some) for _, some in days]
    return tuple(Day(some[0].at, some) for some in made)


@router.get("/presence")
def presence(visit: Visiting) -> Response:
    """Show the captures that name the visitor and were not answered."""
    return shown(visit)


def shown(visit: Visit, mistake: Mistake | None = None) -> Response:
    """Return the page of whoever is asked, with what may be shown to a partner on the spot."""
    questions = visit.tx.presences.questions(visit.actor)
    idents = [one.recording_id for one in questions]
    return visit.page(
        "presence.html",
        forms=PresenceForms,
        mistake=mistake,
        here="home",
        days=by_day(questions),
        watched=visit.tx.recordings.watched(visit.actor, idents),
        opened=opened(visit, questions),
        may_show=bool(visit.actor.certificates),
        open_until=visit.tx.partner_codes.open_until(visit.actor),
    )


def opened(visit: Visit, questions: Iterable[Question]) -> frozenset[RecordingId]:
    """Return the recordings behind questions whose pages the visitor may open."""
    if not visit.holds(Action.RECORDING_VIEW):
        return frozenset()
    return visit.tx.recordings.visible(visit.actor, [one.recording_id for one in questions])


@router.post("/presence/day")
def confirm_day(visit: Acting, form: Annotated[DayForm, Form()]) -> Response:
    """Confirm all that stood on the page of a day."""
    return submit(
        visit,
        form,
        lambda wish: visit.tx.presences.confirm(visit.actor, wish),
        again=lambda mistake: shown(visit, mistake),
        then=to(_HOME),
    )


@router.post("/presence/{manifest_id}/confirm")
def confirm(visit: Acting, manifest_id: ManifestId, form: Annotated[NoFields, Form()]) -> Response:
    """Say "I was there"."""
    yes = PresenceIn(answer=PresenceAnswer.CONFIRMED)
    return submit(
        visit,
        form,
        lambda _: visit.tx.presences.answer(visit.actor, manifest_id, yes),
        again=lambda mistake: shown(visit, mistake),
        then=to(_HOME),
    )


@router.post("/presence/{manifest_id}/deny")
def deny(visit: Acting, manifest_id: ManifestId, form: Annotated[DenyForm, Form()]) -> Response:
    """Say "I was not", and why one was named."""
    return submit(
        visit,
        form,
        lambda wish: visit.tx.presences.answer(visit.actor, manifest_id, wish),
        again=lambda mistake: shown(visit, mistake),
        then=to(_HOME),
    )


@router.get("/denials")
def denials(visit: Visiting) -> Response:
    """Show the denials that wait for the head."""
    return _denials(visit)


def _denials(visit: Visit, mistake: Mistake | None = None) -> Response:
    return visit.page(
        "denials.html",
        forms=DenialForms,
        mistake=mistake,
        here="home",
        denials=visit.tx.presences.denials(visit.actor),
    )


@router.post("/denials/{denial_id}")
def settle(visit: Acting, denial_id: UUID, form: Annotated[SettleForm, Form()]) -> Response:
    """Say what came of a denial."""
    return submit(
        visit,
        form,
        lambda wish: visit.tx.presences.settle(visit.actor, denial_id, wish),
        again=lambda mistake: _denials(visit, mistake),
        then=to("/console/denials"),
    )
