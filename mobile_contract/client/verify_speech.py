"""How the report says what a package tells, in Chinese and English: one line for each thing."""

import itertools
from collections.abc import Iterator
from datetime import timedelta, timezone

from mobile_contract.client.verify_said import DeclaredTold, Said
from mobile_contract.client.verify_summary import SummaryTold
from mobile_contract.client.verify_told import CorrectionTold, FormalityTold, Story
from schemas.actor import Role
from schemas.base import parse_rfc3339
from schemas.case import CaseState
from schemas.decision import DecisionOutcome, PenaltyKind
from schemas.declaration import DocumentKind, HandInWay, Origin
from schemas.event import Event
from schemas.integrity import Verdict
from schemas.leaves_recusal import RecusalGround
from schemas.monitoring import MonitoringState
from schemas.package_scope import Ground
from schemas.procedure import Formality
from schemas.recording import RecordingState
from schemas.review import OpinionWord
from schemas.review_scope import ScopeKind
from schemas.summary import PartyKind
from schemas.words import Words
from schemas.words_case import CASE_STATES, OPINIONS, RECUSAL_GROUNDS, SCOPE_KINDS
from schemas.words_claim import GROUNDS
from schemas.words_declaration import DOCUMENT_KINDS, HAND_IN_WAYS, ORIGINS
from schemas.words_event import EVENTS
from schemas.words_line import RECORDING_STATES, VERDICTS
from schemas.words_monitoring import MONITORING_STATES
from schemas.words_procedure import DECISION_OUTCOMES, FORMALITIES, PENALTY_KINDS
from schemas.words_role import ROLES
from schemas.words_summary import PARTY_KINDS

_CHINA = timezone(timedelta(hours=8))


def headline(story: Story) -> str:
    """Return the first line of a report: number, party, agency, date, origin, size."""
    size = "–" if story.size is None else f"{story.size:,}"
    state = f"{_as_of(story.as_of)} · {story.origin} · 日志 {size} 条 entries"
    if story.case is None:
        return f"案件不明 no case can be read · {state}"
    told = story.case
    return " · ".join((spoken(told.number), spoken(told.party), spoken(told.agency), state))


def _as_of(moment: str) -> str:
    if not moment:
        return "日期不明 no date"
    return f"截至 as of {_moment(moment)}"


def _moment(moment: str) -> str:
    return f"{parse_rfc3339(moment).astimezone(_CHINA):%Y-%m-%d %H:%M:%S} +08:00"


def sentences(story: Story) -> Iterator[str]:
    """Yield a line for the case, each piece of evidence, round and fact, and for what is not shown."""
    if story.case is not None:
        told = story.case
        unknown = (
            "" if told.unknown_from is None else f" · 自第 {told.unknown_from} 号起不明 not known from there"
        )
        yield f"案件 case: {CASE_STATES[CaseState(told.state)]}{unknown}"
        if told.agency_said_at is not None:
            yield f"机关名称 the agency's name: {spoken(told.agency)} · 自 as of {_moment(told.agency_said_at)} 的记录"
        yield f"案由 matter: {spoken(told.matter)} · 地点 place: {spoken(told.place)}"
        yield f"承办人 handlers: {', '.join(map(spoken, told.handlers))}"
    if story.looks is not None:
        yield f"申请时日志所载的查看 looks that the log held: {story.looks} · 不在包内 none of them is in the package"
    yield from _recordings(story)
    for record in story.records:
        state = MONITORING_STATES[MonitoringState(record.state)]
        yield f"非现场监管记录 record {record.id}: {state} · 告知 notified: {len(record.notifications)}"
    for fact in story.facts:
        yield f"待证事实 fact: {spoken(fact.text)} · 证据 evidence: {len(fact.evidence)}"
    for given in story.rounds:
        opinion = "–" if given.opinion is None else str(OPINIONS[OpinionWord(given.opinion)])
        yield f"法制审核第 {given.round} 轮 round {given.round}: {opinion} · {spoken(given.statement)}"
    yield from _scope(story)
    yield from itertools.chain.from_iterable(map(_summary, story.summaries))
    yield from _procedure(story)
    yield from _acts(story)
    for bar in story.recusals:
        ended = (
            "" if bar.lifted_at is None else f" · 已解除 lifted {bar.lifted_at}: {spoken(bar.lift_reason)}"
        )
        ground = RECUSAL_GROUNDS[RecusalGround(bar.ground)]
        yield (
            f"回避 barred: {spoken(bar.person)} · {ground} · 自 from {bar.barred_at}: {spoken(bar.reason)}{ended}"
        )
    for one in story.corrections:
        yield _corrected(one)
    yield from _withheld(story)


def _corrected(told: CorrectionTold) -> str:
    what = "" if told.event is None else f"{_event(told.event)} "
    values = "; ".join(f"{one.member} = {spoken(one.value)}" for one in told.members)
    persons = ", ".join(spoken(one) for one in told.approvals)
    return (
        f"更正 an entry is wrong: {what}{told.entry[:16]}… · {told.at} · {values} · {spoken(told.reason)}"
        f" · 批准 approved by {persons}"
    )


def _recordings(story: Story) -> Iterator[str]:
    for one in story.recordings:
        state, verdict = RECORDING_STATES[RecordingState(one.state)], VERDICTS[Verdict(one.verdict)]
        ended = "" if one.is_evidence else " · 不是本案证据 no evidence of this case"
        yield f"{spoken(one.filename)}: {verdict}; {state}{ended}"
        if one.declared is not None:
            yield f"{spoken(one.filename)}: {_declared(one.declared)}"
        for later in one.again:
            was, now = (VERDICTS[Verdict(word)] for word in (later.was, later.verdict))
            yield f"{spoken(one.filename)}: 重新检查 examined again {later.at}: {was} → {now}"
        for met in one.store:
            yield f"{spoken(one.filename)}: 存储与登记不一致 the store differed {met.at}: {met.code}"


def _declared(told: DeclaredTold) -> str:
    kind = "" if told.document is None else f"{DOCUMENT_KINDS[DocumentKind(told.document)]} · "
    return (
        f"交来说明 declared: {kind}{HAND_IN_WAYS[HandInWay(told.way)]} · 来源 origin: {ORIGINS[Origin(told.origin)]}"
        f" {spoken(told.source)} · 制作人 made by: {spoken(told.maker)} {told.made_at or ''}"
        f" · 收集方式 collected by: {spoken(told.method)}"
    )


def _scope(story: Story) -> Iterator[str]:
    if story.scope is not None:
        yield f"第五十八条 art. 58: {spoken(story.scope.person)} · {story.scope.at}"
        for one in story.scope.answers:
            applies = "是 yes" if one.applies else "否 no"
            yield f"{SCOPE_KINDS[ScopeKind(one.kind)]}: {applies} · {spoken(one.ground)}"
        if story.scope.proposal is not None:
            outcome = DECISION_OUTCOMES[DecisionOutcome(story.scope.proposal)]
            yield f"承办人建议 proposed by the handler: {outcome}"
    if story.exemption is not None:
        told = story.exemption
        yield f"认定无须法制审核 no legal review needed: {spoken(told.person)} · {told.at}: {spoken(told.reason)}"


def _summary(told: SummaryTold) -> Iterator[str]:
    """Yield a penalty on the spot, who decided it, and what became of it. None of it is a verdict."""
    kinds = "、".join(str(PENALTY_KINDS[PenaltyKind(one)]) for one in told.penalties)
    fine = "" if told.fine_fen is None else f" · {told.fine_fen / 100:,.2f} 元 yuan"
    party = PARTY_KINDS[PartyKind(told.party_kind)]
    yield f"当场处罚 penalty on the spot: {kinds}{fine} · {party} · {told.made_at} · {spoken(told.place)}"
    signed = "拒绝签收 refused to sign" if told.is_refused else "已签收 signed"
    yield f"决定书 decision: {spoken(told.number)} · {spoken(told.basis)} · {signed}"
    yield f"执法人员 officers: {'、'.join(map(spoken, told.officers))} · 登记 entered: {spoken(told.enterer)}"
    if told.exception.value is not None:
        yield f"由一名执法人员决定，依据 by one officer, under: {spoken(told.exception)}"
    if told.retracter is not None:
        why = spoken(told.retract_reason)
        yield f"撤回登记 entry taken back: {spoken(told.retracter)} · {told.retracted_at}: {why}"
    elif told.recorder is not None:
        yield f"备案 filed with the agency: {spoken(told.recorder)} · {told.recorded_at}"
    else:
        yield "待备案 not filed with the agency"


def _procedure(story: Story) -> Iterator[str]:
    """Yield what the case ended in, and every duty of procedure: recorded, or not and why. None of it is a verdict."""
    told = story.decision
    if told is not None and told.is_listed:
        kinds = "、".join(str(PENALTY_KINDS[PenaltyKind(one)]) for one in told.penalties)
        fine = "" if told.fine_fen is None else f" · {told.fine_fen / 100:,.2f} 元 yuan"
        outcome = DECISION_OUTCOMES[DecisionOutcome(told.outcome)]
        yield f"处理结果 outcome: {outcome}{f' · {kinds}' if kinds else ''}{fine}"
    elif told is not None:
        yield "作出决定时未登记程序事项 the decision listed no duties of procedure"
    for one in story.formalities:
        documents = "".join(f" · {spoken(document)}" for document in one.documents)
        yield f"程序事项 procedure: {FORMALITIES[Formality(one.formality)]}: {_found(one)}{documents}"


def _found(one: FormalityTold) -> str:
    if one.formality == Formality.TERM and one.why == Said():
        return "在期限内 within the term"
    if one.at_step or (one.at_step is None and one.documents):
        return "已记录 recorded"
    return f"未记录 not recorded: {spoken(one.why)}"


def _acts(story: Story) -> Iterator[str]:
    for act in story.acts:
        roles = "、".join(str(ROLES[Role(one)]) for one in act.roles)
        since = " · 任期后来有更正 its term was corrected later" if act.corrected else ""
        yield f"{act.at} {_event(act.event)}: {spoken(act.person)}{f' · {roles}' if roles else ''}{since}"


def _withheld(story: Story) -> Iterator[str]:
    for of, lines in itertools.groupby(story.withheld, key=lambda one: one.of):
        those = list(lines)
        told = "; ".join(f"{one.n} {_event(one.event)} ({ground_words(one.ground)})" for one in those)
        yield f"不予展示 withheld, {len(those)} of {those[0].last}: {of}: {told}"
    if story.hidden:
        yield f"另有 {story.hidden} 项已承诺、不予展示 committed, not shown: {story.hidden}"


def _event(name: str) -> Words | str:
    return EVENTS[Event(name)] if name in set(Event) else name


def spoken(said: Said) -> str:
    """Return what is said, or that it is committed and not shown, and why."""
    if said.erased:
        return "已依法删除 erased"
    if said.not_shown is not None:
        return f"已承诺、不予展示 committed, not shown: {ground_words(said.not_shown)}"
    return "–" if said.value is None else str(said.value)


def ground_words(ground: str) -> Words | str:
    """Return what a ground is called; one that nobody knows here stands as it is."""
    return GROUNDS[Ground(ground)] if ground in set(Ground) else ground
