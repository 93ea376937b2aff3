"""The forms of a case: what is typed to open it, to move it, and to say what it rests on."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, NamedTuple

from pydantic import Field, TypeAdapter, ValidationError

from api.case import AssignIn, UnlinkIn
from api.console.annotation_form import NoteEndForm, NoteForm, TagForm
from api.console.look_form import WhyForm
from api.console.procedure_form import ClosingForm, DecisionForm, DocumentForm, DocumentWithdrawForm
from api.console.summary_form import RecordForm, RetractForm
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
    labels,
    read,
    seen,
    time_or_none,
)
from schemas.base import Reason
from schemas.case import CaseIn
from schemas.decision import DecisionOutcome
from schemas.fact import AcceptanceWhy, FactIn, ProofIn
from schemas.ids import RecordingId
from schemas.leaves_recusal import RecusalGround
from schemas.recusal import RecusalIn, RecusalLiftIn
from schemas.review import AnswerIn
from schemas.review_scope import ScopeAnswerIn, ScopeKind


class CaseForm(Typed[CaseIn]):
    """A new case."""

    number: str = label("案号")
    party: str = label("当事人")
    matter: str = label("案由")
    place: str = label("地点")
    occurred_at: str = label("违法行为发生时间（东八区，可不填）")
    number_is_sure: str = label("案号确实这样写")

    def wish(self) -> CaseIn:
        is_sure = bool(self.number_is_sure)
        return into(self, CaseIn, occurred_at=time_or_none(self, "occurred_at"), number_is_sure=is_sure)


_REASON = TypeAdapter(Annotated[str, Field(max_length=500)])


_GROUND = TypeAdapter[str](Reason)
_OUTCOME = TypeAdapter[DecisionOutcome](DecisionOutcome)
_ANSWERS: Mapping[str, bool] = MappingProxyType({"yes": True, "no": False})


class Conclusion(NamedTuple):
    """What is said at the end of an investigation."""

    reason: str
    answers: tuple[ScopeAnswerIn, ...]
    proposal: DecisionOutcome


class StepForm(Versioned[Change[str]]):
    """Why a step is taken."""

    reason: str = label("说明（可不填）")

    def wish(self) -> Change[str]:
        return Change(read(self, "reason", _REASON), seen(self))


class ReasonForm(Versioned[Change[str]]):
    """Why a step is taken that nobody takes without saying why."""

    reason: str = label("理由")

    def wish(self) -> Change[str]:
        return Change(read(self, "reason", _GROUND), seen(self))


class ConcludeForm(Versioned[Change[Conclusion]]):
    """The end of an investigation: of which kinds of art. 58 the case is, and why; what the handler proposes."""

    public_interest: str = label("涉及重大公共利益")
    public_interest_ground: str = label("理由：涉及重大公共利益")
    major_rights: str = label("直接关系当事人或者第三人重大权益，经过听证程序")
    major_rights_ground: str = label("理由：直接关系当事人或者第三人重大权益，经过听证程序")
    difficult: str = label("案件情况疑难复杂、涉及多个法律关系")
    difficult_ground: str = label("理由：案件情况疑难复杂、涉及多个法律关系")
    other_law: str = label("法律、法规规定应当进行法制审核的其他情形")
    other_law_ground: str = label("理由：法律、法规规定应当进行法制审核的其他情形")
    proposal: str = label("建议的处理结果")
    reason: str = label("说明（可不填）")

    def wish(self) -> Change[Conclusion]:
        answers = tuple(self._answer(kind) for kind in ScopeKind)
        proposal = read(self, "proposal", _OUTCOME)
        return Change(Conclusion(read(self, "reason", _REASON), answers, proposal), seen(self))

    def _answer(self, kind: ScopeKind) -> ScopeAnswerIn:
        applies = getattr(self, kind.value)
        if applies not in _ANSWERS:
            raise Mistaken(kind.value, Fault.NOT_LISTED if applies else Fault.MISSING)
        ground = read(self, f"{kind.value}_ground", _GROUND)
        return ScopeAnswerIn(kind=kind, applies=_ANSWERS[applies], ground=ground)


class HandlerForm(Versioned[Change[AssignIn]]):
    """One more handler."""

    login: str = label("增加承办人")

    def wish(self) -> Change[AssignIn]:
        return change_of(self, AssignIn)


class RecusalForm(Typed[RecusalIn]):
    """Who is barred and why; without a log-in name whoever types, and that by their own word whatever else is chosen."""

    login: str = label("须回避人员")
    ground: str = label("回避方式")
    reason: str = label("回避理由")

    def wish(self) -> RecusalIn:
        ground = self.ground if self.login else RecusalGround.OWN
        return into(self, RecusalIn, login=self.login or None, ground=ground)


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


class ProofForm(Versioned[Change[tuple[ProofIn, ...]]]):
    """Evidence of a fact, each as `noun/uuid`."""

    proof: list[str] = labels("证据")

    def wish(self) -> Change[tuple[ProofIn, ...]]:
        if not self.proof:
            raise Mistaken("proof", Fault.MISSING)
        return Change(tuple(map(self._proof, dict.fromkeys(self.proof))), seen(self))

    def _proof(self, text: str) -> ProofIn:
        noun, _, ident = text.partition("/")
        if noun not in ("recording", "monitoring"):
            raise Mistaken("proof", Fault.NOT_LISTED)
        try:
            return ProofIn.model_validate({f"{noun}_id": ident})
        except ValidationError as err:
            raise Mistaken("proof", Fault.NOT_LISTED) from err


class AcceptanceForm(Versioned[Change[AcceptanceWhy]]):
    """Why a recording proves a fact although its checks alone do not carry it."""

    ground: str = label("采信理由")
    text: str = label("具体说明")

    def wish(self) -> Change[AcceptanceWhy]:
        return change_of(self, AcceptanceWhy)


class AnswerForm(Versioned[Change[AnswerIn]]):
    """The answer to one ground; `version` is that of the round."""

    text: str = label("答复")

    def wish(self) -> Change[AnswerIn]:
        return change_of(self, AnswerIn)


_RECORDINGS = TypeAdapter[tuple[RecordingId, ...]](Annotated[tuple[RecordingId, ...], Field(min_length=1)])


class LinkForm(Versioned[Change[tuple[RecordingId, ...]]]):
    """Recordings that belong to the case."""

    recording_id: list[str] = labels("音像记录")

    def wish(self) -> Change[tuple[RecordingId, ...]]:
        return Change(read(self, "recording_id", _RECORDINGS), seen(self))


class UnlinkForm(Versioned[Change[UnlinkIn]]):
    """Why a tie ends."""

    reason: str = label("理由")

    def wish(self) -> Change[UnlinkIn]:
        return change_of(self, UnlinkIn)


class CaseForms(Forms):
    """The forms of one case."""

    step: StepForm = StepForm()
    reasoned: ReasonForm = ReasonForm()
    conclude: ConcludeForm = ConcludeForm()
    handler: HandlerForm = HandlerForm()
    recusal: RecusalForm = RecusalForm()
    lift: LiftForm = LiftForm()
    decision: DecisionForm = DecisionForm()
    closing: ClosingForm = ClosingForm()
    record: RecordForm = RecordForm()
    retract: RetractForm = RetractForm()
    document: DocumentForm = DocumentForm()
    document_end: DocumentWithdrawForm = DocumentWithdrawForm()
    fact: FactForm = FactForm()
    proof: ProofForm = ProofForm()
    acceptance: AcceptanceForm = AcceptanceForm()
    answer: AnswerForm = AnswerForm()
    unlink: UnlinkForm = UnlinkForm()
    why: WhyForm = WhyForm()
    note: NoteForm = NoteForm()
    note_end: NoteEndForm = NoteEndForm()
    tag: TagForm = TagForm()
