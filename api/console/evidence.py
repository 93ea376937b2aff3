"""What a case rests on, as its page and the reviewer's screen show it: time picture, facts, findings."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from api.console.case_walk import within_case
from api.console.language import gettext
from api.console.places import place_href
from api.console.timeline import Flag, Span, Timeline, timeline
from schemas.actor import Actor
from schemas.case import OVER_STATES, Case
from schemas.case import STEPS as CASE_STEPS
from schemas.catalogue import words_of
from schemas.event import Event
from schemas.fact import Fact
from schemas.findings import sentence
from schemas.ids import RecordingId
from schemas.integrity import CheckResult
from schemas.likeness import CaseLikenesses
from schemas.monitoring import MonitoringState
from schemas.recording import Recording, counted_once
from schemas.reference import noun_of
from schemas.review import STEPS as OPINIONS
from schemas.review import Review
from schemas.review_findings import Finding
from schemas.verdict import shown
from schemas.words import Language
from storage.monitoring.values import MonitoringRecord
from storage.reads.gaps import SequenceGap
from storage.transaction import Transaction

_NUMBERS, _MISSING, _ELSEWHERE = "序号 %(numbers)s", "%(many)s 份未送达", "%(many)s 份未关联本案"
TEXTS = ("未登记的设备", _NUMBERS, _MISSING, _ELSEWHERE)
"""Source texts used outside the templates; each stands in the catalogue."""


class SaidFinding(NamedTuple):
    """A finding with its sentences, and what it is about by name."""

    noun: str
    name: str
    href: str
    check: CheckResult
    sentence: str
    next: str


class Evidence(NamedTuple):
    """Everything a page about a case shows of its evidence."""

    recordings: tuple[Recording, ...]
    records: tuple[MonitoringRecord, ...]
    facts: tuple[Fact, ...]
    rounds: tuple[Review, ...]
    picture: Timeline | None
    seen: frozenset[UUID]
    watched: frozenset[RecordingId]
    likenesses: CaseLikenesses


def evidence_of(tx: Transaction, actor: Actor, case: Case, language: Language) -> Evidence:
    """Read what a case rests on; the caller has checked the case.

    `seen` are the recordings and monitoring records whose own pages the reader may open, `watched` those whose media.
    """
    recordings = tx.recordings.of_case(case.id)
    records = tx.monitoring_links.of_case(case)
    rounds = tx.reviews.of_case(case.id)
    idents = [one.id for one in recordings]
    seen: frozenset[UUID] = tx.recordings.visible(actor, idents)
    seen |= tx.monitoring.visible(actor, [one.id for one in records])
    spans = [*_recorded(case, recordings, seen, language), *_monitored(records, seen)]
    holes = [_hole(gap, language) for gap in tx.recordings.gaps_of_case(case.id)]
    picture = timeline(spans, _flags(case, rounds, language), holes)
    facts, watched = tx.facts.of_case(case.id), tx.recordings.watched(actor, idents)
    alike = tx.likenesses.of_case(actor, case.id, recordings)
    return Evidence(recordings, records, facts, rounds, picture, seen, watched, alike)


def _recorded(
    case: Case, recordings: Sequence[Recording], seen: frozenset[UUID], language: Language
) -> list[Span]:
    spans = []
    for one in counted_once(recordings):
        start = one.corrected_at or one.captured_at or one.received_at
        length = one.facts.duration_ms or 0
        spans.append(
            Span(
                lane=one.source_name or gettext(language, "未登记的设备"),
                start_at=start,
                end_at=start + timedelta(milliseconds=length),
                label=one.filename,
                href=within_case(f"/console/recordings/{one.id}", case.id) if one.id in seen else "",
                kind=shown(one.verdict, one.remarks).value,
            )
        )
    return spans


def _hole(gap: SequenceGap, language: Language) -> Span:
    start, end = sorted((gap.after_at, gap.before_at))
    numbers = str(gap.first_seq) if gap.first_seq == gap.last_seq else f"{gap.first_seq}–{gap.last_seq}"
    said = [gettext(language, _NUMBERS) % {"numbers": numbers}]
    said += [
        gettext(language, text) % {"many": many}
        for text, many in ((_MISSING, gap.missing), (_ELSEWHERE, gap.elsewhere))
        if many
    ]
    return Span(
        lane=gap.device_name or gettext(language, "未登记的设备"),
        start_at=start,
        end_at=end,
        label=" · ".join(said),
        href="",
        kind="missing" if gap.missing else "elsewhere",
    )


def _monitored(records: Sequence[MonitoringRecord], seen: frozenset[UUID]) -> list[Span]:
    return [
        Span(
            lane=one.equipment_name,
            start_at=one.captured_at,
            end_at=one.captured_at,
            label=one.plate or one.record_id,
            href=f"/console/monitoring/{one.id}" if one.id in seen else "",
            kind="verified" if one.state is MonitoringState.VALID else "not_checked",
        )
        for one in records
    ]


def _flags(case: Case, rounds: Sequence[Review], language: Language) -> list[Flag]:
    taken: list[tuple[datetime | None, Event]] = [(case.opened_at, Event.CASE_OPEN)]
    other = Event.CASE_DECIDE if case.is_summary else Event.CASE_PENALISE
    # A case that is over has one end: the steps to the others would date by the same column.
    rows = [
        row
        for row in CASE_STEPS
        if row.dated is not None
        and row.event is not other
        and (row.end is case.state or row.end not in OVER_STATES)
    ]
    taken += [(getattr(case, row.dated or ""), row.logs) for row in rows]
    for one in rounds:
        taken.append((one.submitted_at, Event.CASE_SUBMIT))
        if one.opinion is not None:
            taken.append((one.given_at, OPINIONS[one.opinion].logs))
    return [Flag(at=at, label=words_of(event).spoken(language)) for at, event in taken if at is not None]


def names_of(case: Case, evidence: Evidence) -> dict[str, tuple[str, str]]:
    """Return `noun/uuid` → name and page, if the reader may open it, of what a finding or a ground may be about."""
    named = {f"case/{case.id}": (case.number, f"/console/cases/{case.id}")}
    for one in evidence.recordings:
        href = within_case(f"/console/recordings/{one.id}", case.id) if one.id in evidence.seen else ""
        named[f"recording/{one.id}"] = (one.filename, href)
    for record in evidence.records:
        href = f"/console/monitoring/{record.id}" if record.id in evidence.seen else ""
        named[f"monitoring/{record.id}"] = (record.plate or record.record_id, href)
    for fact in evidence.facts:
        named[f"fact/{fact.id}"] = (fact.text, f"/console/cases/{case.id}#facts")
    return named


def said(
    findings: Sequence[Finding], names: dict[str, tuple[str, str]], language: Language
) -> list[SaidFinding]:
    """Return findings with their sentences in the visitor's language."""
    made = []
    for one in findings:
        text = sentence(one.check.code, one.check.params)
        words = (text.en, text.next_en) if language is Language.EN else (text.zh, text.next_zh)
        name, href = names.get(one.subject, (one.subject, ""))
        if href and one.subject.startswith("recording/"):
            href = place_href(href, one.check)
        made.append(SaidFinding(noun_of(one.subject), name, href, one.check, *words))
    return made
