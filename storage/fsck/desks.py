"""The audit of the desks' rows: what they keep, held against its own bytes, the rules and the log's leaves.

Codes of the faults:

* `intake-altered`: a batch's manifest has no longer the digest that the log took.
* `intake-rows-differ`: the rows that are kept do not make the root that was signed.
* `record-state-differs`: the opinions on a monitoring record, or the log, lead to another state.
* `record-links-differ`: the count of ties that stand is another than the ties.
* `review-evidence-altered`: what a round rested on has no longer the digest that the log took.
* `audit-plan-altered`: an audit's plan is not the one the log took at the freeze.
* `population-changed`: the frozen members do not have the plan's root.
* `sample-differs`: members and public values give another seed or another sample, or the log holds other ones.

The signature on an intake manifest is checked by whoever verifies a package: its key is not at hand here.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Connection, Row, Select, func, select

from schemas.audit import AuditPlan, parse_plan, value_bytes
from schemas.custody import Event, subject
from schemas.draw import draw, population_root, seed_of
from schemas.errors import Invalid
from schemas.intake import parse_intake, rows_root
from schemas.monitoring import Given, MonitoringState, state_of
from schemas.review import evidence_digest
from storage.audit.population import members, sample_of
from storage.custody import CustodyLog
from storage.fsck.custody import LogFault
from storage.monitoring.values import given_of
from storage.tables.audit import audits
from storage.tables.custody import custody_entries
from storage.tables.monitoring import intakes, monitoring_links, monitoring_opinions, monitoring_records
from storage.tables.review import reviews

PAGE_ROWS = 1000
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

    def _paged(self, query: Select[*tuple[Any, ...]], ident: Column[UUID]) -> Iterator[Row[Any]]:
        for page in self._pages(query, ident):
            yield from page

    def _pages(self, query: Select[*tuple[Any, ...]], ident: Column[UUID]) -> Iterator[Sequence[Row[Any]]]:
        """Yield every row, by id and a page at a time: what has to be read grows for years."""
        after = UUID(int=0)
        while page := self._connection.execute(
            query.where(ident > after).order_by(ident).limit(PAGE_ROWS)
        ).all():
            yield page
            after = page[-1].id

    def _intakes(self) -> Iterator[LogFault]:
        for row in self._paged(select(intakes), intakes.c.id):
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
        shown = select(monitoring_records.c.id, monitoring_records.c.state, monitoring_records.c.links)
        for page in self._pages(shown, monitoring_records.c.id):
            yield from self._page_of_records(page)

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
        ).mappings():
            found[row["monitoring_id"]].append(given_of(row))
        return found

    def _ties(self, idents: Sequence[UUID]) -> dict[UUID, int]:
        rows = self._connection.execute(
            select(monitoring_links.c.monitoring_id, func.count().label("ties"))
            .where(monitoring_links.c.monitoring_id.in_(idents), monitoring_links.c.unlinked_at.is_(None))
            .group_by(monitoring_links.c.monitoring_id)
        )
        return {row.monitoring_id: row.ties for row in rows}

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
        for row in self._paged(select(reviews), reviews.c.id):
            digest = evidence_digest(row.evidence)
            logged = [
                facts.get("evidence_sha256")
                for facts in self._logged(subject("case", row.case_id), Event.CASE_SUBMIT)
                if facts.get("review") == str(row.id)
            ]
            if row.evidence_sha256 != digest or logged != [digest]:
                yield LogFault(code="review-evidence-altered", subject=subject("review", row.id))

    def _audits(self) -> Iterator[LogFault]:
        for row in self._paged(select(audits).where(audits.c.plan.is_not(None)), audits.c.id):
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
        wanted, stated = [], []
        if row.seed is not None:
            seed = _seed(plan, row._mapping["values"])  # noqa: SLF001 - public by its documentation
            wanted = list(draw(population, plan.size, seed))
            listed = hashlib.sha256("\n".join(sample).encode()).hexdigest()
            stated = [(bytes(row.seed).hex(), listed)] if seed == bytes(row.seed) else []
        if sample != wanted or logged != stated:
            yield LogFault(code="sample-differs", subject=about)


def _seed(plan: AuditPlan, values: Sequence[str]) -> bytes:
    try:
        return seed_of(bytes.fromhex(plan.root), value_bytes(plan.sources, values))
    except Invalid:
        return b""
