"""Cases of the demo that were decided: one its whole way, one on the spot, and two that needed no legal review.

The first has a duty that is not recorded; the one on the spot waits for the head to file it; the others and the first
are closed, so that an audit can draw from them.

Names, numbers and documents are made up.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple

from schemas.actor import Actor
from schemas.case import Case, CaseIn, CaseStep
from schemas.decision import ClosingIn, DecisionIn, DecisionOutcome, PenaltyKind, UnrecordedIn
from schemas.fact import FactIn, ProofIn
from schemas.ids import CaseId, RecordingId
from schemas.integrity import Verdict
from schemas.procedure import DocumentIn, Formality
from schemas.recording import RecordingFilter
from schemas.review import OpinionWord, ReviewOpinionIn
from schemas.review_scope import ScopeAnswerIn, ScopeKind
from schemas.summary import PartyKind, PenaliseIn
from schemas.trail import day_of
from storage.store import Store
from storage.transaction import Transaction

WISH = CaseIn(
    number="示城管立字〔2026〕第002号",
    party="某某水果店",
    matter="占道经营",
    place="建军路 88 号门前",
)

_DOCUMENTS = (
    (Formality.NOTICE, "行政处罚事先告知书", "示城管罚告字〔2026〕第002号"),
    (Formality.PLEA, "陈述申辩笔录及复核意见", None),
    (Formality.DISCUSSION, "重大案件集体讨论记录", "〔2026〕第7次"),
    (Formality.CONTENTS, "行政处罚决定书", "示城管罚决字〔2026〕第002号"),
)

_ANSWERS = (
    (ScopeKind.PUBLIC_INTEREST, False, "只涉及一处门店"),
    (ScopeKind.MAJOR_RIGHTS, False, "未经听证，罚款数额较小"),
    (ScopeKind.DIFFICULT, True, "占道范围的认定有争议，涉及多个法律关系"),
    (ScopeKind.OTHER_LAW, False, "没有其他规定"),
)

_NO_HEARING = "不适用：罚款数额未达到听证标准，当事人也没有申请听证"

_SERVED = "不适用：决定书当场宣告并交付当事人，签收记在决定书上"

EXEMPT = (
    CaseIn(
        number="示城管立字〔2026〕第003号",
        party="某某服装店",
        matter="占道经营",
        place="解放路 56 号门前",
    ),
    CaseIn(
        number="示城管立字〔2026〕第004号",
        party="某某文具店",
        matter="擅自设置户外广告",
        place="青年路 3 号门前",
    ),
)
_NONE_APPLY = (
    (ScopeKind.PUBLIC_INTEREST, "只涉及一处门店"),
    (ScopeKind.MAJOR_RIGHTS, "只予警告，未经听证"),
    (ScopeKind.DIFFICULT, "事实清楚，当事人无异议"),
    (ScopeKind.OTHER_LAW, "没有其他规定"),
)
_NO_DISCUSSION = "不适用：情节简单，不属于情节复杂或者重大违法行为"


ON_THE_SPOT = CaseIn(
    number="示城管简字〔2026〕第001号",
    party="周某某",
    matter="占用人行道堆放物品",
    place="解放路 12 号门前",
)
_SAID_ON_THE_SPOT = (
    (Formality.NOTICE, "当场口头告知，决定书已载明"),
    (Formality.PLEA, "当事人当场表示不陈述、不申辩"),
    (Formality.SERVICE, "当场交付，签收记在决定书上"),
)


class Desk(NamedTuple):
    """The three who take a case through: each does what is theirs alone."""

    handler: Actor
    head: Actor
    reviewer: Actor


def decide_one(store: Store, desk: Desk, *, beside: str) -> Case | None:
    """Take one case from its lead to its decision, in one transaction; nothing the second time.

    It rests on the first verified recording of the case whose number is `beside`; None where there is none.
    """
    with store.begin() as tx:
        if tx.cases.page(desk.handler, number=WISH.number).rows:
            return None
        sound = _sound(tx, desk, beside)
        return _closed(tx, desk, _decided(tx, desk, sound[-1])) if sound else None


def exempt_two(store: Store, desk: Desk, *, beside: str) -> None:
    """Take two cases to their end without a legal review: four times no by the handler, and the head agrees (art. 58)."""
    with store.begin() as tx:
        if tx.cases.page(desk.handler, number=EXEMPT[0].number).rows:
            return
        for wish, recording_id in zip(EXEMPT, _sound(tx, desk, beside), strict=False):
            _closed(tx, desk, _warned(tx, desk, wish, recording_id))


def penalise_one(store: Store, desk: Desk, officers: Sequence[str], *, beside: str) -> Case | None:
    """Enter one penalty that two officers, by their certificates, decided on the spot; otherwise as `decide_one`."""
    with store.begin() as tx:
        if tx.cases.page(desk.handler, number=ON_THE_SPOT.number).rows:
            return None
        sound = _sound(tx, desk, beside)
        return _penalised(tx, desk.handler, sound[0], officers) if sound else None


def _penalised(tx: Transaction, handler: Actor, recording_id: RecordingId, officers: Sequence[str]) -> Case:
    case = tx.cases.open(handler, ON_THE_SPOT)
    tx.cases.link(handler, case.id, recording_id, case.version)
    _prove(tx, handler, case.id, recording_id, "当事人将杂物堆放在人行道上，当场清理")
    number = "示城管当罚〔2026〕第001号"
    paper = DocumentIn(
        formality=Formality.CONTENTS, title="当场行政处罚决定书", number=number, dated=day_of(tx.now)
    )
    tx.procedures.file(handler, case.id, paper)
    wish = PenaliseIn(
        party_kind=PartyKind.CITIZEN,
        penalties=[PenaltyKind.FINE],
        fine_fen=5_000,
        basis="《城市市容和环境卫生管理条例》第三十四条",
        number=number,
        made_at=tx.now - timedelta(minutes=30),
        place=ON_THE_SPOT.place,
        officers=list(officers),
        is_refused=False,
        unrecorded=[UnrecordedIn(formality=one, reason=why) for one, why in _SAID_ON_THE_SPOT],
    )
    return tx.summaries.penalise(handler, case.id, wish, tx.cases.get(handler, case.id).version)


def _sound(tx: Transaction, desk: Desk, beside: str) -> list[RecordingId]:
    page = tx.recordings.page(desk.handler, RecordingFilter(case_number=beside))
    return [row.id for row in page.rows if row.verdict is Verdict.VERIFIED]


def _decided(tx: Transaction, desk: Desk, recording_id: RecordingId) -> Case:
    handler, head, reviewer = desk
    answers = [ScopeAnswerIn(kind=kind, applies=applies, ground=ground) for kind, applies, ground in _ANSWERS]
    case = _concluded(tx, desk, WISH, recording_id, answers)
    tx.cases.step(handler, case.id, CaseStep.SUBMIT, "", case.version)
    review = tx.reviews.of_case(case.id)[-1]
    passed = ReviewOpinionIn(opinion=OpinionWord.PASS, statement="事实清楚、证据充分、程序合法，同意。")
    tx.reviews.opine(reviewer, review.id, passed, review.version)
    _file(tx, handler, case.id, _DOCUMENTS)
    wish = DecisionIn(
        outcome=DecisionOutcome.PENALTY,
        penalties=[PenaltyKind.WARNING, PenaltyKind.FINE],
        fine_fen=20_000,
        unrecorded=[UnrecordedIn(formality=Formality.HEARING, reason=_NO_HEARING)],
    )
    return tx.decisions.decide(head, case.id, wish, tx.cases.get(head, case.id).version)


def _warned(tx: Transaction, desk: Desk, wish: CaseIn, recording_id: RecordingId) -> Case:
    handler, head, _ = desk
    answers = [ScopeAnswerIn(kind=kind, applies=False, ground=ground) for kind, ground in _NONE_APPLY]
    case = _concluded(tx, desk, wish, recording_id, answers)
    seen = tx.cases.step(head, case.id, CaseStep.EXEMPT, "四种情形均不属于，同意不经法制审核", case.version)
    number = wish.number.replace("立字", "罚决字")
    _file(
        tx,
        handler,
        case.id,
        (
            (Formality.NOTICE, "行政处罚事先告知书", wish.number.replace("立字", "罚告字")),
            (Formality.PLEA, "当事人放弃陈述申辩的书面声明", None),
            (Formality.CONTENTS, "行政处罚决定书", number),
        ),
    )
    unsaid = ((Formality.HEARING, _NO_HEARING), (Formality.DISCUSSION, _NO_DISCUSSION))
    decision = DecisionIn(
        outcome=DecisionOutcome.PENALTY,
        penalties=[PenaltyKind.WARNING],
        unrecorded=[UnrecordedIn(formality=one, reason=why) for one, why in unsaid],
    )
    return tx.decisions.decide(head, case.id, decision, tx.cases.get(head, seen.id).version)


def _concluded(
    tx: Transaction, desk: Desk, wish: CaseIn, recording_id: RecordingId, answers: list[ScopeAnswerIn]
) -> Case:
    """Take a case from its lead to the end of its investigation, with one fact that one recording proves."""
    handler, head, _ = desk
    case = tx.cases.open(handler, wish)
    case = tx.cases.step(head, case.id, CaseStep.FILE, "现场检查发现，符合立案条件", case.version)
    case = tx.cases.step(handler, case.id, CaseStep.INVESTIGATE, "", case.version)
    tx.cases.link(handler, case.id, recording_id, case.version)
    _prove(tx, handler, case.id, recording_id, f"当事人在{wish.place}{wish.matter}")
    step, proposal = CaseStep.CONCLUDE, DecisionOutcome.PENALTY
    seen = tx.cases.get(handler, case.id).version
    return tx.cases.step(handler, case.id, step, "", seen, answers=answers, proposal=proposal)


def _file(
    tx: Transaction, handler: Actor, case_id: CaseId, papers: Sequence[tuple[Formality, str, str | None]]
) -> None:
    for formality, title, number in papers:
        dated = day_of(tx.now - timedelta(days=1))
        paper = DocumentIn(formality=formality, title=title, number=number, dated=dated)
        tx.procedures.file(handler, case_id, paper)


def _closed(tx: Transaction, desk: Desk, case: Case) -> Case:
    said = ClosingIn(unrecorded=[UnrecordedIn(formality=Formality.SERVICE, reason=_SERVED)])
    return tx.decisions.close(desk.handler, case.id, said, case.version)


def _prove(tx: Transaction, handler: Actor, case_id: CaseId, recording_id: RecordingId, text: str) -> None:
    seen = tx.cases.get(handler, case_id).version
    fact = tx.facts.add(handler, case_id, FactIn(text=text), seen)
    tx.facts.prove(handler, case_id, fact.id, ProofIn(recording_id=recording_id), seen=seen)
