"""The desks' pure rules: no order of steps leads to an unlawful state, and every gate says what is missing."""

import itertools
import re
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from pydantic import ValidationError

from schemas.audit import (
    STEPS as AUDIT_STEPS,
)
from schemas.audit import AuditFacts, AuditState, AuditStep, check_order
from schemas.calendar import Calendar, parse_calendar
from schemas.equipment import STEPS as EQUIPMENT_STEPS
from schemas.equipment import (
    Certificate,
    CertificateIn,
    EquipmentFacts,
    EquipmentReview,
    EquipmentReviewIn,
    EquipmentState,
    EquipmentStep,
    GateFault,
    Publication,
    PublicationIn,
    ReviewKind,
    Suspension,
    SuspensionIn,
)
from schemas.errors import Conflict, EvidenceError, Invalid, Refused, TransitionRefused
from schemas.gate import (
    check_evidence,
    gate_faults,
    recorded_later,
)
from schemas.monitoring import (
    STEPS as MONITORING_STEPS,
)
from schemas.monitoring import (
    Given,
    InvalidReason,
    MonitoringState,
    OpinionIn,
    OpinionWord,
    RecordFacts,
    ReviewStage,
    state_of,
    step_of,
)
from schemas.monitoring_row import is_plate
from schemas.randomness import SourceIn, SourceKind, check_entry, check_sources
from schemas.rectification import STEPS as RECTIFICATION_STEPS
from schemas.rectification import RectificationFacts, RectificationState, RectificationStep
from schemas.uscc import is_uscc

NOW = datetime(2026, 11, 25, 4, tzinfo=UTC)
DAY = timedelta(days=1)
PEOPLE = [UUID(int=number) for number in range(1, 4)]
VALID = OpinionIn(opinion=OpinionWord.VALID, reason="清楚")
INVALID = OpinionIn(opinion=OpinionWord.INVALID, reason_code=InvalidReason.PLATE_MISREAD, reason="错字")


class RecordDesk(RuleBasedStateMachine):
    """Three people try every opinion at both stages, in any order, sealed or not."""

    def __init__(self) -> None:
        super().__init__()
        self.given: list[Given] = []

    @rule(
        who=st.sampled_from(PEOPLE),
        stage=st.sampled_from(ReviewStage),
        wish=st.sampled_from([VALID, INVALID, OpinionIn(opinion=OpinionWord.INVALID)]),
        is_sealed=st.booleans(),
    )
    def opine(self, who: UUID, stage: ReviewStage, wish: OpinionIn, is_sealed: bool) -> None:
        before, step = state_of(self.given), step_of(self.given, wish.opinion)
        facts = RecordFacts(self.given, wish, stage, who, is_sealed=is_sealed)
        try:
            after = MONITORING_STEPS.after(before, step, facts)
        except EvidenceError:
            return
        assert is_sealed
        assert before in (MonitoringState.RECEIVED, MonitoringState.REVIEWING)
        assert wish.opinion is OpinionWord.VALID or wish.reason_code is not None
        self.given = [*self.given, Given(stage=stage, reviewer_id=who, opinion=wish.opinion)]
        assert state_of(self.given) is after

    @invariant()
    def two_people_or_one_no(self) -> None:
        state = state_of(self.given)
        assert len({one.reviewer_id for one in self.given}) == len(self.given) <= 2
        assert len({one.stage for one in self.given}) == len(self.given)
        if state is MonitoringState.VALID:
            assert [one.opinion for one in self.given] == [OpinionWord.VALID] * 2
        if state is MonitoringState.INVALID:
            assert self.given[-1].opinion is OpinionWord.INVALID
        try:
            check_evidence(state, ())
        except Conflict:
            assert state is not MonitoringState.VALID
        else:
            assert state is MonitoringState.VALID


class AuditDesk(RuleBasedStateMachine):
    """Two people try every step of an audit in any order; the log gives each entry the next position."""

    LETTERS: ClassVar = dict(zip(AuditStep, "AXFERMCDZ", strict=True))

    def __init__(self) -> None:
        super().__init__()
        self.state = AuditState.DEFINED
        self.log: list[tuple[AuditStep, UUID]] = []

    @rule(
        step=st.sampled_from(AuditStep),
        who=st.sampled_from(PEOPLE[:2]),
        is_same=st.booleans(),
        lacking=st.integers(0, 1),
        is_explained=st.booleans(),
    )
    def take(self, step: AuditStep, who: UUID, is_same: bool, lacking: int, is_explained: bool) -> None:
        facts = AuditFacts(
            now=NOW if step is AuditStep.FREEZE else NOW + 2 * DAY,
            sources=[SourceIn(name="双色球", kind=SourceKind.LOTTERY, happens_at=NOW + DAY)],
            lead=timedelta(minutes=10),
            positions=tuple(range(len(self.log))),
            entered_by=next((by for one, by in self.log[::-1] if one is AuditStep.ENTER), None),
            taken_by=who,
            is_same=is_same,
            lacking=lacking,
            is_explained=is_explained,
        )
        try:
            after = AUDIT_STEPS.after(self.state, step, facts)
        except EvidenceError:
            return
        assert step is not AuditStep.CLOSE or is_explained or not lacking
        assert (step is AuditStep.MISMATCH) <= (not is_same)
        assert (step is AuditStep.CONFIRM) <= is_same
        self.state = after
        self.log.append((step, who))

    @invariant()
    def freeze_then_randomness_then_draw(self) -> None:
        steps = [step for step, _ in self.log]
        said = "".join(self.LETTERS[step] for step in steps)
        assert re.fullmatch(r"A*X?|A*F(E[RM])*(E(C(D(Z)?)?)?)?", said), said
        for (step, who), (_, before) in zip(self.log[1:], self.log, strict=False):
            if step in (AuditStep.CONFIRM, AuditStep.MISMATCH):
                assert who != before
            if step is AuditStep.RETRACT:
                assert who == before
        if self.state in (AuditState.DRAWN, AuditState.CLOSED):
            assert {AuditStep.FREEZE, AuditStep.ENTER, AuditStep.CONFIRM, AuditStep.DRAW} <= set(steps)


class RectificationDesk(RuleBasedStateMachine):
    """An agency and a supervisor try every step in any order; either may be the same person."""

    def __init__(self) -> None:
        super().__init__()
        self.state = RectificationState.RAISED
        self.steps: list[tuple[RectificationStep, UUID]] = []

    @rule(step=st.sampled_from(RectificationStep), who=st.sampled_from(PEOPLE[:2]))
    def take(self, step: RectificationStep, who: UUID) -> None:
        answered_by = next((by for one, by in self.steps[::-1] if one is RectificationStep.ANSWER), None)
        try:
            facts = RectificationFacts(taken_by=who, is_of_agency=True, answered_by=answered_by)
            after = RECTIFICATION_STEPS.after(self.state, step, facts)
        except EvidenceError:
            return
        self.state = after
        self.steps.append((step, who))

    @invariant()
    def closed_only_after_somebody_else_verified(self) -> None:
        if self.state is RectificationState.CLOSED:
            (answer, by), (verify, verifier), (close, _) = self.steps[-3:]
            assert [answer, verify, close] == [
                RectificationStep.ANSWER,
                RectificationStep.VERIFY,
                RectificationStep.CLOSE,
            ]
            assert verifier != by


TestRecordDesk = RecordDesk.TestCase
TestAuditDesk = AuditDesk.TestCase
TestRectificationDesk = RectificationDesk.TestCase


@pytest.mark.parametrize(
    ("state", "faults", "missing"),
    [
        (MonitoringState.RECEIVED, (), ["not-reviewed"]),
        (MonitoringState.REVIEWING, (), ["not-reviewed"]),
        (MonitoringState.INVALID, (), ["found-invalid"]),
        (MonitoringState.VALID, (GateFault.SUSPENDED,), ["suspended"]),
        (MonitoringState.RECEIVED, (GateFault.SUSPENDED,), ["not-reviewed", "suspended"]),
    ],
)
def test_the_refusal_names_the_article_and_what_is_missing(
    state: MonitoringState, faults: tuple[GateFault, ...], missing: list[str]
) -> None:
    """Nothing unreviewed and nothing captured behind a closed gate becomes evidence (Penalty Law art. 41)."""
    with pytest.raises(Conflict) as refused:
        check_evidence(state, faults)

    assert (refused.value.slug, refused.value.facts["missing"]) == ("article-41", missing)
    assert "第四十一条" in str(refused.value.facts["article"])


def told(known: datetime, until: datetime | None = None) -> dict[str, Any]:
    """When a fact was said, by leaves that do not matter."""
    return {"entry": "e", "leaf": "e", "known_from": known, "known_until": until}


def facts(**changed: object) -> EquipmentFacts:
    """A register that is in order since a year before `NOW`."""
    since = NOW - 365 * DAY
    whole = {
        "certificates": (
            Certificate(number="C", issuer="院", valid_from=since, valid_until=NOW + 30 * DAY, **told(since)),
        ),
        "reviews": tuple(
            EquipmentReview(kind=kind, document="文", reviewed_at=since, **told(since)) for kind in ReviewKind
        ),
        "publications": (Publication(url="https://x", published_at=since, **told(since)),),
    }
    return EquipmentFacts(**{**whole, **changed})


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"certificates": ()}, GateFault.CERTIFICATE_MISSING),
        ({"reviews": facts().reviews[:1]}, GateFault.LEGAL_REVIEW_MISSING),
        ({"reviews": facts().reviews[1:]}, GateFault.TECHNICAL_REVIEW_MISSING),
        ({"publications": ()}, GateFault.PUBLICATION_MISSING),
        (
            {"suspensions": (Suspension(from_at=NOW - DAY, until_at=None, reason="坏", **told(NOW)),)},
            GateFault.SUSPENDED,
        ),
    ],
)
def test_every_gate_closes_alone(changed: dict[str, object], fault: GateFault) -> None:
    """Each of the five facts closes the gate by itself, and only by its own name."""
    assert gate_faults(facts(), NOW, certificate=True) == ()
    assert gate_faults(facts(**changed), NOW, certificate=True) == (fault,)


@pytest.mark.parametrize(
    ("at", "is_open"),
    [
        (NOW - 365 * DAY, True),
        (NOW - 365 * DAY - timedelta(seconds=1), False),
        (NOW + 30 * DAY - timedelta(seconds=1), True),
        (NOW + 30 * DAY, False),
    ],
)
def test_the_edges_of_a_certificate(at: datetime, is_open: bool) -> None:
    """A certificate is valid from its first moment to just before its end; one that starts tomorrow is none."""
    assert (gate_faults(facts(), at, certificate=True) == ()) is is_open


def test_a_suspension_that_ended_closes_only_its_own_time() -> None:
    """What was captured before and after a suspension stays evidence."""
    stopped = Suspension(from_at=NOW - 2 * DAY, until_at=NOW - DAY, reason="检修", **told(NOW))
    known = facts(suspensions=(stopped,))

    assert gate_faults(known, NOW - 2 * DAY, certificate=True) == (GateFault.SUSPENDED,)
    assert gate_faults(known, NOW - 2 * DAY - timedelta(seconds=1), certificate=True) == ()
    assert gate_faults(known, NOW - DAY, certificate=True) == ()


def test_a_gate_opened_by_a_later_entry_is_seen() -> None:
    """A publication entered after the capture counts, and the reviewer sees that it came later."""
    late = facts(publications=(Publication(url="https://x", published_at=NOW - DAY, **told(NOW + DAY)),))

    assert gate_faults(late, NOW, certificate=True) == ()
    assert recorded_later(late, NOW, certificate=True)
    assert not recorded_later(facts(), NOW, certificate=True)


def test_a_number_that_is_corrected_later_was_known_before() -> None:
    """A typing mistake that is corrected after the capture opens no gate: it was open by what was said then."""
    since, until = NOW - 365 * DAY, NOW + 30 * DAY
    paper = {"issuer": "院", "valid_from": since, "valid_until": until}
    wrong = Certificate(number="C", **paper, **told(since, NOW + DAY))
    right = Certificate(number="D", **paper, **told(NOW + DAY))
    corrected = facts(certificates=(wrong, right))

    assert gate_faults(corrected, NOW, certificate=True) == ()
    assert not recorded_later(corrected, NOW, certificate=True)
    assert corrected.said().certificates == (right,)
    assert corrected.said(NOW).certificates == corrected.past().certificates == (wrong,)


def test_dates_that_are_corrected_later_are_seen() -> None:
    """Told to have been too short: the gate is shut by what is said now, and was open as known before."""
    since = NOW - 365 * DAY
    paper = {"number": "C", "issuer": "院", "valid_from": since}
    before = Certificate(valid_until=NOW + 30 * DAY, **paper, **told(since, NOW + DAY))
    after = Certificate(valid_until=NOW - DAY, **paper, **told(NOW + DAY))
    corrected = facts(certificates=(before, after))

    assert gate_faults(corrected, NOW, certificate=True) == (GateFault.CERTIFICATE_MISSING,)
    assert gate_faults(corrected, NOW, NOW, certificate=True) == ()
    assert gate_faults(corrected, NOW, NOW + DAY, certificate=True) == (GateFault.CERTIFICATE_MISSING,)
    assert not recorded_later(corrected, NOW, certificate=True)
    swapped = Certificate(valid_until=NOW - DAY, **paper, **told(since, NOW + DAY))
    mended = Certificate(valid_until=NOW + 30 * DAY, **paper, **told(NOW + DAY))
    assert recorded_later(facts(certificates=(swapped, mended)), NOW, certificate=True)


def test_equipment_is_suspended_once_and_resumed_once() -> None:
    """A second suspension or a resumption of what is in service is refused."""
    stopped = EQUIPMENT_STEPS.after(EquipmentState.IN_SERVICE, EquipmentStep.SUSPEND, None)
    assert EQUIPMENT_STEPS.after(stopped, EquipmentStep.RESUME, None) is EquipmentState.IN_SERVICE
    for state, step in ((stopped, EquipmentStep.SUSPEND), (EquipmentState.IN_SERVICE, EquipmentStep.RESUME)):
        with pytest.raises(TransitionRefused):
            EQUIPMENT_STEPS.after(state, step, None)


@pytest.mark.parametrize(
    ("kind", "members"),
    [
        (CertificateIn, {"number": "C", "issuer": "x", "valid_from": "T", "valid_until": "T"}),
        (EquipmentReviewIn, {"kind": "legal", "document": "x", "reviewed_at": "T"}),
        (PublicationIn, {"url": "https://x", "published_at": "T"}),
        (SuspensionIn, {"from_at": "T", "reason": "x"}),
        (SourceIn, {"name": "x", "kind": "dice", "happens_at": "T"}),
    ],
)
def test_a_time_without_its_zone_is_refused(kind: type, members: dict[str, str]) -> None:
    """A local time would mean another moment on another machine."""
    naive = {name: "2026-01-01T00:00:00" if text == "T" else text for name, text in members.items()}

    with pytest.raises(ValidationError):
        kind.model_validate(naive)


@given(days=st.integers(0, 40), minutes=st.integers(0, 366 * 24 * 60))
def test_working_days_are_counted_one_by_one(days: int, minutes: int) -> None:
    """The deadline is the end of a working day of Beijing, and exactly `days` of them lie in between."""
    at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    end = Calendar().after(at, days)
    first, last = (moment.astimezone(UTC) + timedelta(hours=8) for moment in (at, end))
    between = [first.date() + offset * DAY for offset in range(1, (last.date() - first.date()).days)]

    assert sum(map(Calendar().is_working_day, between)) == days
    assert (last.hour, last.minute) == (0, 0)
    assert days == 0 or Calendar().is_working_day(last.date() - DAY)


def test_holidays_and_shifted_days_are_data() -> None:
    """A holiday on a Thursday moves the deadline, a worked Saturday moves it back (art. 85)."""
    wednesday = datetime(2026, 9, 30, 4, tzinfo=UTC)
    notice = "date,is_workday,source\n2026-10-01,no,某通知\n2026-10-02,no,某通知\n"
    plain = Calendar().after(wednesday, 1)
    off = parse_calendar(notice).after(wednesday, 1)
    worked = parse_calendar(f"\ufeff{notice}2026-10-03,yes,某通知\r\n").after(wednesday, 1)

    assert [one + timedelta(hours=8) for one in (plain, off, worked)] == [
        datetime(2026, 10, day, tzinfo=UTC) for day in (2, 6, 4)
    ]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", "first line"),
        ("date,is_workday\n2026-10-01,no\n", "first line"),
        ("date,is_workday,source\n2026-10-01,no,x\n2026-13-01,no,x\n", "line 3"),
        ("date,is_workday,source\n2026-10-01,off,x\n", "line 2"),
        ("date,is_workday,source\n2026-10-01,no,\n", "line 2"),
        ("date,is_workday,source\n2026-10-01,no,x,y\n", "line 2"),
        ("date,is_workday,source\n2026-10-01,no,x\n2026-10-01,yes,x\n", "line 3"),
        ("date,is_workday,source\n2026-10-01\n", "line 2"),
    ],
)
def test_a_calendar_that_is_none_names_its_line(text: str, line: str) -> None:
    """A wrong day would move deadlines silently: nothing is guessed, and who wrote the file is told where."""
    with pytest.raises(ValueError, match=line):
        parse_calendar(text)


def test_randomness_is_unknown_at_the_freeze_and_known_at_its_entry() -> None:
    """A source that happens too soon, or a value before its event, is refused with the time to wait for."""
    source = SourceIn(name="双色球", kind=SourceKind.LOTTERY, happens_at=NOW)
    lead = timedelta(minutes=10)

    check_sources([source], NOW - lead, lead)
    with pytest.raises(Invalid) as near:
        check_sources([source], NOW - lead + timedelta(seconds=1), lead)
    check_entry([source], NOW)
    with pytest.raises(TransitionRefused) as early:
        check_entry([source], NOW - timedelta(seconds=1))
    assert (near.value.slug, early.value.slug) == ("randomness-too-near", "randomness-too-early")


@given(st.lists(st.one_of(st.none(), st.integers(0, 5)), min_size=1, max_size=4))
def test_only_growing_positions_pass(positions: list[int | None]) -> None:
    """Freeze, value and confirmation stand in the log in this order, all of them, none twice."""
    known = [one for one in positions if one is not None]
    grows = len(known) == len(positions) and all(a < b for a, b in itertools.pairwise(known))
    if grows:
        check_order(*positions)
        return
    with pytest.raises(Conflict):
        check_order(*positions)


def test_nobody_judges_their_own_answer() -> None:
    """Returning, verifying and closing need somebody else; answering again does not."""
    own = RectificationFacts(taken_by=PEOPLE[0], is_of_agency=True, answered_by=PEOPLE[0])
    RECTIFICATION_STEPS[RectificationStep.ANSWER].check(own)
    for step in (RectificationStep.RETURN, RectificationStep.VERIFY, RectificationStep.CLOSE):
        with pytest.raises(Refused):
            RECTIFICATION_STEPS[step].check(own)


def test_only_the_audited_agency_answers() -> None:
    """Whoever else may answer somewhere cannot answer for another agency."""
    with pytest.raises(TransitionRefused):
        RECTIFICATION_STEPS[RectificationStep.ANSWER].check(RectificationFacts(taken_by=PEOPLE[0]))


@pytest.mark.parametrize(
    ("code", "is_right"),
    [
        ("91320903MA1DEM001U", True),
        ("91320903MA1DEM001V", False),
        ("91320903MA1DEM001", False),
        ("91320903MA1DEMO01U", False),
        ("", False),
    ],
)
def test_credit_codes_have_a_check_character(code: str, is_right: bool) -> None:
    """One wrong letter of a 统一社会信用代码 is seen (GB 32100-2015); I, O, S, V and Z never stand in one."""
    assert is_uscc(code) is is_right


@given(st.integers(0, 16), st.sampled_from("0123456789ABCDEFGHJKLMNPQRTUWXY"))
def test_every_single_wrong_character_is_seen(position: int, letter: str) -> None:
    """The weights are powers of a generator modulo the prime 31, so that no single change goes unseen."""
    right = "91320903MA1DEM001U"
    changed = right[:position] + letter + right[position + 1 :]

    assert is_uscc(changed) is (changed == right)


@pytest.mark.parametrize(
    ("text", "is_whole"),
    [("苏J12345", True), ("苏JD12345", True), ("粤Z1234港", True), ("苏J", False), ("某运输公司", False)],
)
def test_a_whole_plate_is_told_from_words(text: str, is_whole: bool) -> None:
    """Only a whole plate is looked up as one; anything else is searched for as words."""
    assert is_plate(text) is is_whole
