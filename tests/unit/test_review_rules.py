"""Rules of legal review: who may review, what an opinion must say, and what a case gives away by itself."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.checks.claims import DEVICE_KEY, DIGEST, SIZE
from schemas.checks.facts import EXIF
from schemas.checks.manifest import HAND_IN, OFFICERS, SEQUENCE
from schemas.checks.table import FINDINGS
from schemas.errors import Invalid
from schemas.findings import sentence
from schemas.integrity import CheckResult, Severity, Verdict
from schemas.recording import RecordingState
from schemas.review import (
    EvidenceItem,
    GroundIn,
    GroundItem,
    OpinionWord,
    ReviewOpinionIn,
    check_opinion,
    evidence_digest,
    evidence_document,
)
from schemas.review_findings import Finding, SeenFact, SeenRecord, SeenRecording, case_findings
from schemas.separation import Part

CASE = f"case/{uuid4()}"
AT = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)
GROUND = GroundIn(item=GroundItem.EVIDENCE, text="只有一名执法人员")


def recording(
    *checks: CheckResult, state: RecordingState = RecordingState.SEALED, linked_at: datetime = AT
) -> SeenRecording:
    return SeenRecording(
        subject=f"recording/{uuid4()}",
        state=state,
        verdict=Verdict.VERIFIED,
        checks=checks,
        linked_at=linked_at,
    )


def record(*faults: str, is_recorded_later: bool = False, linked_at: datetime = AT) -> SeenRecord:
    return SeenRecord(
        subject=f"monitoring/{uuid4()}",
        faults=faults,
        is_recorded_later=is_recorded_later,
        linked_at=linked_at,
    )


def codes(found: list[Finding]) -> list[str]:
    return [one.check.code for one in found]


@pytest.mark.parametrize(
    ("opinion", "statement", "grounds", "holds"),
    [
        (OpinionWord.PASS, "同意", [], True),
        (OpinionWord.PASS, "同意", [GROUND], True),
        (OpinionWord.PASS, " ", [], False),
        (OpinionWord.SUPPLEMENT, "补充", [GROUND], True),
        (OpinionWord.SUPPLEMENT, "补充", [], False),
        (OpinionWord.REJECT, "退回", [], False),
        (OpinionWord.REJECT, "", [GROUND], False),
    ],
)
def test_an_opinion_says_why(
    opinion: OpinionWord, statement: str, grounds: list[GroundIn], holds: bool
) -> None:
    """Every opinion needs a statement, and one that returns the case needs a ground."""
    wish = ReviewOpinionIn(opinion=opinion, statement=statement, grounds=grounds)
    if holds:
        check_opinion(wish)
        return
    with pytest.raises(Invalid) as refused:
        check_opinion(wish)

    assert refused.value.slug == "opinion-without-grounds"


@given(st.permutations([(uuid4(), name) for name in "abcde"]), st.permutations([uuid4() for _ in range(4)]))
def test_the_snapshot_knows_no_order(rows: list[tuple[UUID, str]], facts: list[UUID]) -> None:
    """The same evidence and facts in any order have one digest; any other state has another."""
    items = [EvidenceItem(subject=f"recording/{ident}", sha256=name, state="sealed") for ident, name in rows]
    digest = evidence_digest(evidence_document(items, facts))

    assert digest == evidence_digest(
        evidence_document(sorted(items, key=lambda one: one.sha256), sorted(facts))
    )
    changed = [items[0].model_copy(update={"state": "quarantined"}), *items[1:]]
    assert digest != evidence_digest(evidence_document(changed, facts))
    assert digest != evidence_digest(evidence_document(items, facts[1:]))


def test_findings_of_recordings_reach_the_reviewer() -> None:
    """Officers, gaps, forks, mismatches and late hand-in are passed on; what held says nothing."""
    telling = [
        OFFICERS.found("officers-fewer-than-two", officers=1),
        SEQUENCE.found("sequence-gap", seq=4, missing=1),
        HAND_IN.found("late-handin", hours=30),
        DIGEST.found("digest-mismatch"),
    ]
    silent = [SIZE.held(), DEVICE_KEY.held(), EXIF.found("exif-absent")]
    one = recording(*telling, *silent)

    found = case_findings(CASE, recordings=[one], records=[], facts=[])

    assert sorted(codes(found)) == sorted(check.code for check in telling)
    assert found[0].check.code == "digest-mismatch"
    assert {finding.subject for finding in found} == {one.subject}


def test_a_closed_gate_is_named_with_what_is_missing() -> None:
    """A monitoring record with gate faults is a failure that lists them; a fact entered later is a warning."""
    closed = record("certificate-missing", "suspended", is_recorded_later=True)
    later = record(is_recorded_later=True)

    found = case_findings(CASE, recordings=[], records=[later, closed], facts=[])

    assert codes(found) == ["gate-closed", "gate-recorded-later"]
    assert found[0].check.params["faults"] == ["certificate-missing", "suspended"]
    assert found[0].check.severity is Severity.FAIL


def test_what_came_late_is_told_apart() -> None:
    """What was linked after the submission, and what was linked after the decision, each says so."""
    before, between, after = (AT + timedelta(hours=hours) for hours in (0, 2, 4))
    linked = [recording(linked_at=before), recording(linked_at=between), recording(linked_at=after)]
    records = [record(linked_at=between)]

    found = case_findings(
        CASE,
        recordings=linked,
        records=records,
        facts=[],
        submitted_at=AT + timedelta(hours=1),
        decided_at=AT + timedelta(hours=3),
    )

    assert {(one.subject, one.check.code) for one in found} == {
        (linked[1].subject, "evidence-after-submission"),
        (records[0].subject, "evidence-after-submission"),
        (linked[2].subject, "evidence-after-decision"),
    }


def test_an_unproven_fact_and_an_empty_case_are_seen() -> None:
    """A fact without proof, a case without evidence and a recording still verified are each a finding."""
    facts = [SeenFact(subject=f"fact/{uuid4()}", proofs=0), SeenFact(subject=f"fact/{uuid4()}", proofs=1)]

    empty = case_findings(CASE, recordings=[], records=[], facts=facts)
    waiting = case_findings(
        CASE, recordings=[recording(state=RecordingState.RECEIVED)], records=[], facts=facts[1:]
    )

    assert sorted((one.subject, one.check.code) for one in empty) == sorted(
        [(CASE, "case-without-evidence"), (facts[0].subject, "fact-without-evidence")]
    )
    assert codes(waiting) == ["recording-not-verified-yet"]


def test_the_one_who_looks_is_told_that_they_took_part() -> None:
    """A reviewer who took part sees it at the top, before trying."""
    found = case_findings(CASE, recordings=[recording()], records=[], facts=[], parts=[Part.CAPTURED])

    assert [(one.subject, one.check.code) for one in found] == [(CASE, "reviewer-took-part")]


def test_every_finding_of_a_case_has_words() -> None:
    """Each code that a case's findings can carry has a Chinese and an English sentence."""
    linked = AT + timedelta(hours=2)
    found = case_findings(
        CASE,
        recordings=[recording(state=RecordingState.RECEIVED, linked_at=linked)],
        records=[record("suspended"), record(is_recorded_later=True)],
        facts=[SeenFact(subject=f"fact/{uuid4()}", proofs=0)],
        submitted_at=AT,
        decided_at=linked - timedelta(hours=1),
        parts=list(Part),
    ) + case_findings(CASE, recordings=[], records=[], facts=[])  # fmt: skip

    assert set(codes(found)) <= set(FINDINGS)
    assert all("{" not in sentence(one.check.code, one.check.params).zh for one in found)


@pytest.mark.parametrize("subject", ["case/x", "recording/1", "fact", "fact/../../etc"])
def test_a_ground_names_evidence_or_a_fact(subject: str) -> None:
    """The subject of a ground is a recording, a monitoring record or a fact, by its id."""
    with pytest.raises(ValueError, match="subject"):
        GroundIn(item=GroundItem.FACTS, subject=subject, text="x")
