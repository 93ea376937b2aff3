"""The audit of the desks' rows: what they keep, held against its own bytes, the rules and the log's leaves.

Codes of the faults:

* `intake-altered`: a batch's manifest has no longer the digest that the log took.
* `intake-rows-differ`: the rows that are kept do not make the root that was signed.
* `record-state-differs`: the opinions on a monitoring record, or the log, lead to another state.
* `record-links-differ`: the count of ties that stand is another than the ties.
* `review-evidence-altered`: what a round rested on has no longer the digest that the log took.
* `audit-plan-altered`: an audit's plan is not the one the log took at the freeze.
* `population-changed`, `sample-differs`: the frozen members do not have the plan's root, or draw another sample.

The signature on an intake manifest is checked by whoever verifies a package: its key is not at hand here.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, func, select

from schemas.audit import parse_plan
from schemas.custody import Event, subject
from schemas.draw import draw, population_root
from schemas.errors import Invalid
from schemas.intake import parse_intake, rows_root
from schemas.monitoring import Given, MonitoringState, OpinionWord, ReviewStage, state_of
from schemas.review import evidence_digest
from storage.audit_population import members, sample_of
from storage.custody import CustodyLog
from storage.custody_audit import LogFault
from storage.tables import custody_entries
from storage.tables_audit import audits
from storage.tables_monitoring import intakes, monitoring_links, monitoring_opinions, monitoring_records
from storage.tables_review import reviews

PAGE_RECORDS = 1000
_CONCLUSIONS = {
    MonitoringState.VALID: {Event.MONITORING_ACCEPT.value},
    MonitoringState.INVALID: {Event.MONITORING_REJECT.value},
}


class DesksAudit:
    """Looks at every batch, record, round and audit; changes nothing."""

    def __init__(self, connection: Connection, custody: CustodyLog) -> None:
        self._connection = connection
        self._custody = custody

    def run(self) -> Iterator[LogFault]:
        """Yield every contradiction.

        Raises:
            IntegrityBroken: a leaf is no custody entry.
        """
        yield from self._intakes()
        yield from self._records()
        yield from self._rounds()
        yield from self._audits()

    def _logged(self, about: str, event: Event) -> list[dict[str, Any]]:
        entries = (one.entry for one in self._custody.entries_for(about))
        return [dict(entry.facts) for entry in entries if entry.event is event]

    def _intakes(self) -> Iterator[LogFault]:
        for row in self._connection.execute(select(intakes).order_by(intakes.c.id)).all():
            about = subject("intake", row.id)
            logged = [facts.get("sha256") for facts in self._logged(about, Event.MONITORING_RECEIVE)]
            digest = hashlib.sha256(row.payload).hexdigest()
            if row.sha256 != digest or logged != [digest]:
                yield LogFault(code="intake-altered", subject=about)
                continue
            manifest = parse_intake(bytes(row.payload))
            kept = self._connection.scalars(
                select(monitoring_records.c.raw)
                .where(monitoring_records.c.intake_id == row.id)
                .order_by(monitoring_records.c.intake_index)
            ).all()
            if len(kept) != manifest.rows or rows_root([bytes(raw) for raw in kept]).hex() != manifest.root:
                yield LogFault(code="intake-rows-differ", subject=about)

    def _records(self) -> Iterator[LogFault]:
        after = UUID(int=0)
        while True:
            page = self._connection.execute(
                select(monitoring_records.c.id, monitoring_records.c.state, monitoring_records.c.links)
                .where(monitoring_records.c.id > after)
                .order_by(monitoring_records.c.id)
                .limit(PAGE_RECORDS)
            ).all()
            if not page:
                return
            yield from self._page_of_records(page)
            after = page[-1].id

    def _page_of_records(self, page: Sequence[Row[*tuple[Any, ...]]]) -> Iterator[LogFault]:
        idents = [row.id for row in page]
        given, ties, concluded = self._given(idents), self._ties(idents), self._concluded(idents)
        for row in page:
            about = subject("monitoring", row.id)
            state = state_of(given[row.id])
            if row.state != state or concluded[about] != _CONCLUSIONS.get(state, set()):
                yield LogFault(code="record-state-differs", subject=about, detail=str(row.state))
            if row.links != ties.get(row.id, 0):
                yield LogFault(code="record-links-differ", subject=about, detail=str(row.links))

    def _given(self, idents: Sequence[UUID]) -> dict[UUID, list[Given]]:
        found: dict[UUID, list[Given]] = defaultdict(list)
        for row in self._connection.execute(
            select(monitoring_opinions).where(monitoring_opinions.c.monitoring_id.in_(idents))
        ):
            one = Given(
                stage=ReviewStage(row.stage), reviewer_id=row.reviewer_id, opinion=OpinionWord(row.opinion)
            )
            found[row.monitoring_id].append(one)
        return found

    def _ties(self, idents: Sequence[UUID]) -> dict[UUID, int]:
        rows = self._connection.execute(
            select(monitoring_links.c.monitoring_id, func.count())
            .where(monitoring_links.c.monitoring_id.in_(idents), monitoring_links.c.unlinked_at.is_(None))
            .group_by(monitoring_links.c.monitoring_id)
        )
        return {ident: count for ident, count in rows}  # noqa: C416 - rows are no pairs to the type checker

    def _concluded(self, idents: Sequence[UUID]) -> dict[str, set[str]]:
        """Columns of the log's rows are enough here: their own audit holds them against the leaves."""
        found: dict[str, set[str]] = defaultdict(set)
        wanted = sorted(event for events in _CONCLUSIONS.values() for event in events)
        for row in self._connection.execute(
            select(custody_entries.c.subject, custody_entries.c.event).where(
                custody_entries.c.subject.in_([subject("monitoring", one) for one in idents]),
                custody_entries.c.event.in_(wanted),
            )
        ):
            found[row.subject].add(row.event)
        return found

    def _rounds(self) -> Iterator[LogFault]:
        for row in self._connection.execute(select(reviews).order_by(reviews.c.id)).all():
            digest = evidence_digest(row.evidence)
            logged = [
                facts.get("evidence_sha256")
                for facts in self._logged(subject("case", row.case_id), Event.CASE_SUBMIT)
                if facts.get("review") == str(row.id)
            ]
            if row.evidence_sha256 != digest or logged != [digest]:
                yield LogFault(code="review-evidence-altered", subject=subject("review", row.id))

    def _audits(self) -> Iterator[LogFault]:
        frozen = select(audits).where(audits.c.plan.is_not(None)).order_by(audits.c.id)
        for row in self._connection.execute(frozen).all():
            about = subject("audit", row.id)
            payload = bytes(row.plan)
            digest = hashlib.sha256(payload).hexdigest()
            logged = [facts.get("plan_sha256") for facts in self._logged(about, Event.AUDIT_FREEZE)]
            if row.plan_sha256 != digest or logged != [digest]:
                yield LogFault(code="audit-plan-altered", subject=about)
                continue
            yield from self._drawn(row, about, payload)

    def _drawn(self, row: Row[Any], about: str, payload: bytes) -> Iterator[LogFault]:
        plan, population = parse_plan(payload), members(self._connection, row.id)
        try:
            root = population_root(population).hex()
        except Invalid:
            root = ""
        if root != plan.root:
            yield LogFault(code="population-changed", subject=about)
            return
        sample = sample_of(self._connection, row.id)
        logged = [
            (facts.get("seed"), facts.get("sample_sha256")) for facts in self._logged(about, Event.AUDIT_DRAW)
        ]
        if row.seed is None:
            wanted, stated = [], []
        else:
            wanted = list(draw(population, plan.size, bytes(row.seed)))
            listed = hashlib.sha256("\n".join(sample).encode()).hexdigest()
            stated = [(bytes(row.seed).hex(), listed)]
        if sample != wanted or logged != stated:
            yield LogFault(code="sample-differs", subject=about)
