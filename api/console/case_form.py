"""The forms of a case: what is typed to open it, to move it, and to say what it rests on."""

from collections.abc import Mapping
from typing import Annotated, ClassVar

from pydantic import Field, TypeAdapter

from api.case import AssignIn, LinkIn, UnlinkIn
from api.console.look_form import WhyForm
from api.console.typed import (
    Change,
    Fault,
    Forms,
    Mistaken,
    Typed,
    Versioned,
    change_of,
    into,
    label,
    read,
    seen,
    time_or_none,
)
from schemas.case import CaseIn
from schemas.fact import FactIn, ProofIn
from schemas.leaves_recusal import RecusalGround
from schemas.recusal import RecusalIn, RecusalLiftIn
from schemas.review import AnswerIn


class CaseForm(Typed[CaseIn]):
    """A new case."""

    number: str = label("案号")
    party: str = label("当事人")
    matter: str = label("案由")
    place: str = label("地点")
    occurred_at: str = label("违法行为发生时间（东八区，可不填）")

    def wish(self) -> CaseIn:
        return into(self, CaseIn, occurred_at=time_or_none(self, "occurred_at"))


_REASON = TypeAdapter(Annotated[str, Field(max_length=500)])


class StepForm(Versioned[Change[str]]):
    """Why a step is taken."""

    reason: str = label("说明（可不填）")

    def wish(self) -> Change[str]:
        return Change(read(self, "reason", _REASON), seen(self))


class HandlerForm(Versioned[Change[AssignIn]]):
    """One more handler."""

    login: str = label("增加承办人（登录名）")

    def wish(self) -> Change[AssignIn]:
        return change_of(self, AssignIn)


class RecusalForm(Typed[RecusalIn]):
    """Who is barred and why; without a log-in name whoever types."""

    login: str = label("须回避人员（登录名；自行回避可不填）")
    ground: str = label("回避方式")
    reason: str = label("回避理由")

    def wish(self) -> RecusalIn:
        return into(self, RecusalIn, login=self.login or None, ground=self.ground or RecusalGround.OWN)


class LiftForm(Typed[RecusalLiftIn]):
    """Why somebody is barred no longer."""

    reason: str = label("解除回避的理由")

    def wish(self) -> RecusalLiftIn:
        return into(self, RecusalLiftIn)


class FactForm(Versioned[Change[FactIn]]):
    """A fact to be proven."""

    text: str = label("增加待证事实")

    def wish(self) -> Change[FactIn]:
        return change_of(self, FactIn)


class ProofForm(Versioned[Change[ProofIn]]):
    """Evidence of a fact, as `noun/uuid`."""

    proof: str = label("证据")

    renamed: ClassVar[Mapping[str, str]] = {"recording_id": "proof", "monitoring_id": "proof"}

    def wish(self) -> Change[ProofIn]:
        noun, _, ident = self.proof.partition("/")
        if noun not in ("recording", "monitoring"):
            raise Mistaken("proof", Fault.NOT_LISTED if self.proof else Fault.MISSING)
        return Change(ProofIn.model_validate({f"{noun}_id": ident}), seen(self))


class AnswerForm(Versioned[Change[AnswerIn]]):
    """The answer to one ground; `version` is that of the round."""

    text: str = label("答复")

    def wish(self) -> Change[AnswerIn]:
        return change_of(self, AnswerIn)


class LinkForm(Versioned[Change[LinkIn]]):
    """A recording that belongs to the case."""

    recording_id: str = label("音像记录")

    def wish(self) -> Change[LinkIn]:
        return change_of(self, LinkIn)


class UnlinkForm(Versioned[Change[UnlinkIn]]):
    """Why a tie ends."""

    reason: str = label("理由")

    def wish(self) -> Change[UnlinkIn]:
        return change_of(self, UnlinkIn)


class CaseForms(Forms):
    """The forms of one case."""

    step: StepForm = StepForm()
    handler: HandlerForm = HandlerForm()
    recusal: RecusalForm = RecusalForm()
    lift: LiftForm = LiftForm()
    fact: FactForm = FactForm()
    proof: ProofForm = ProofForm()
    answer: AnswerForm = AnswerForm()
    unlink: UnlinkForm = UnlinkForm()
    why: WhyForm = WhyForm()
