"""The check of supervision audits: standard, sources, population, values and sample once more, from bytes and log."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Connection, Text, cast, func, select

from schemas.audit import AuditKind, AuditPlan, parse_plan
from schemas.digest import sha256_hex
from schemas.draw import draw, population_root, seed_of, ticket
from schemas.errors import Invalid
from schemas.fsck import Checked, Fault, FaultCode, Found, Part
from schemas.leaf import Leaf
from schemas.leaves_audit import (
    AuditAmend,
    AuditConfirm,
    AuditDefine,
    AuditDraw,
    AuditEnter,
    AuditMismatch,
    AuditRetract,
)
from schemas.randomness import SourceIn, canonical, is_same, sources_bytes, value_bytes, values_digest
from schemas.reference import reference
from storage.fsck.reading import Record, acts_of, leaves_about, pages
from storage.tables.audit import (
    audit_amendments,
    audit_entries,
    audit_population,
    audit_rechecks,
    audit_sample,
    audits,
    standards,
)

_OWN = (Invalid, AttributeError, LookupError, TypeError, ValueError, RecursionError)
"""What a document raises that is none of ours."""

_AUDITS = select(
    audits.c.id,
    audits.c.plan,
    audits.c.seed,
    cast(audits.c.sources, Text).label("sources"),
    cast(audits.c["values"], Text).label("entered"),
    standards.c.sha256.label("standard_sha256"),
).outerjoin(standards, standards.c.id == audits.c.standard_id)


class _Member(NamedTuple):
    number: int
    member: str
    ticket: bytes


def check_audits(connection: Connection) -> Iterator[Found]:
    """Yield every audit whose definition, population, sample or rechecks cannot be derived again."""
    yield from _recheck_faults(connection)
    for page in pages(connection, _AUDITS, audits.c.id):
        leaves = leaves_about(connection, [reference("audit", row.id) for row in page])
        for row in page:
            about = reference("audit", row.id)
            yield from _definition_faults(row, about, leaves[about], _before(connection, row.id))
            yield from _draw_faults(connection, row, about, leaves[about])
        yield Checked(part=Part.AUDITS, count=len(page))


def _recheck_faults(connection: Connection) -> Iterator[Fault]:
    """What waits to be rechecked has a row and no leaf yet: one for each recording that was drawn, and no other."""
    drawn, waits = audit_sample.c, audit_rechecks.c
    rows = connection.execute(
        select(func.coalesce(drawn.audit_id, waits.audit_id).label("audit_id"), waits.id, drawn.member_id)
        .select_from(audit_sample)
        .join(
            audit_rechecks,
            (waits.audit_id == drawn.audit_id) & (waits.member_id == drawn.member_id),
            full=True,
        )
        .outerjoin(audits, audits.c.id == drawn.audit_id)
        .where(waits.id.is_(None) & (audits.c.kind == AuditKind.SEALED_RECORDINGS) | drawn.audit_id.is_(None))
    )
    for row in rows:
        code = FaultCode.LEAF_WITHOUT_ROW if row.id is None else FaultCode.ROW_WITHOUT_LEAF
        yield Fault(code=code, subject=reference("audit", row.audit_id), detail="audit_rechecks")


def _definition_faults(
    row: Record, about: str, leaves: Sequence[Leaf], before: Sequence[str]
) -> Iterator[Fault]:
    """Hold the sources against what was said last, and those of before an amendment against what was said then."""
    said = [one.act for one in leaves if isinstance(one.act, (AuditDefine, AuditAmend))]
    if not said:
        return
    if _sources(row.sources) != said[-1].sources_sha256:
        yield Fault(code=FaultCode.COLUMN_DIFFERS, subject=about, detail="audits.sources")
    if row.standard_sha256 != said[-1].standard_sha256:
        yield Fault(code=FaultCode.COLUMN_DIFFERS, subject=about, detail="audits.standard_id")
    kept = [_sources(one) for one in before]
    if len(kept) == len(said) - 1 and kept != [one.sources_sha256 for one in said[:-1]]:
        yield Fault(code=FaultCode.COLUMN_DIFFERS, subject=about, detail="audit_amendments.sources")


def _before(connection: Connection, audit_id: UUID) -> list[str]:
    """The sources that a draft named until each of its amendments, in their order."""
    rows = connection.execute(
        select(cast(audit_amendments.c.sources, Text))
        .where(audit_amendments.c.audit_id == audit_id)
        .order_by(audit_amendments.c.amended_at, audit_amendments.c.entry_id)
    )
    return [row[0] for row in rows]


def _sources(document: str) -> str:
    try:
        return sha256_hex(sources_bytes([SourceIn.model_validate(one) for one in json.loads(document)]))
    except _OWN:
        return ""


def _draw_faults(connection: Connection, row: Record, about: str, leaves: Sequence[Leaf]) -> Iterator[Fault]:
    plan = None if row.plan is None else _parsed(bytes(row.plan))
    if plan is None:  # none yet, or not the bytes of the leaf, which is named
        return
    population = _population(connection, row.id)
    listed = [one.member for one in population]
    in_order = [one.number for one in population] == list(range(len(population))) and listed == sorted(listed)
    if not in_order or _root(listed) != plan.root:
        yield Fault(code=FaultCode.POPULATION_CHANGED, subject=about)
        return
    values = _values(plan, row.entered)
    if (None if values is None else values_digest(values)) != _standing(leaves):
        yield Fault(code=FaultCode.COLUMN_DIFFERS, subject=about, detail="audits.values")
        return
    yield from _typed_faults(connection, row, about, plan, leaves)
    if not _is_drawn(
        plan, listed, values, sample=_sample(connection, row.id), logged=acts_of(leaves, AuditDraw)
    ):
        yield Fault(code=FaultCode.SAMPLE_DIFFERS, subject=about)


def _standing(leaves: Sequence[Leaf]) -> str | None:
    """Return the digest of the values that count: those entered last, unless they were withdrawn since."""
    standing = None
    for act in (one.act for one in leaves):
        if isinstance(act, AuditEnter):
            standing = act.values_sha256
        elif isinstance(act, (AuditRetract, AuditMismatch)):
            standing = None
    return standing


def _typed_faults(
    connection: Connection, row: Record, about: str, plan: AuditPlan, leaves: Sequence[Leaf]
) -> Iterator[Fault]:
    """What was typed has the digest that its leaf says: in its canonical form, or as it stands, as all had before."""
    said = {
        str(one.id): one.act.values_sha256
        for one in leaves
        if isinstance(one.act, (AuditEnter, AuditMismatch, AuditConfirm))
    }
    rows = connection.execute(
        select(audit_entries.c.entry_id, cast(audit_entries.c.typed, Text).label("typed"))
        .where(audit_entries.c.audit_id == row.id, audit_entries.c.typed.is_not(None))
        .order_by(audit_entries.c.entry_id)
    )
    for one in rows:
        known = said.get(str(one.entry_id))
        if known is not None and known not in _digests(plan, one.typed, row.entered):
            yield Fault(code=FaultCode.COLUMN_DIFFERS, subject=about, detail="audit_entries.typed")


def _digests(plan: AuditPlan, typed: str, entered: str | None) -> set[str]:
    """Return what a leaf may say of a text: its canonical form, itself, or the entry that it means the same as."""
    found, sources = set(), plan.sources
    try:
        said = json.loads(typed)
        found.add(values_digest(value_bytes(sources, said)))
        found.add(values_digest(value_bytes(sources, canonical(sources, said))))
    except _OWN:  # it is no value in this form
        pass
    try:
        kept = json.loads(entered or "[]")
        if is_same(sources, kept, json.loads(typed)):
            found.add(values_digest(value_bytes(sources, kept)))
    except _OWN:  # as above
        pass
    return found


def _parsed(payload: bytes) -> AuditPlan | None:
    try:
        return parse_plan(payload)
    except Invalid:
        return None


def _population(connection: Connection, audit_id: UUID) -> list[_Member]:
    rows = connection.execute(
        select(audit_population.c.position, audit_population.c.member_id)
        .where(audit_population.c.audit_id == audit_id)
        .order_by(audit_population.c.position)
    )
    return [_Member(row.position, str(row.member_id), b"") for row in rows]


def _sample(connection: Connection, audit_id: UUID) -> list[_Member]:
    rows = connection.execute(
        select(audit_sample.c.rank, audit_sample.c.member_id, audit_sample.c.ticket)
        .where(audit_sample.c.audit_id == audit_id)
        .order_by(audit_sample.c.rank)
    )
    return [_Member(row.rank, str(row.member_id), bytes(row.ticket)) for row in rows]


def _root(population: Sequence[str]) -> str:
    try:
        return population_root(population).hex()
    except Invalid:
        return ""


def _values(plan: AuditPlan, document: str | None) -> list[bytes] | None:
    try:
        return None if document is None else value_bytes(plan.sources, json.loads(document))
    except _OWN:  # the values are no list of texts
        return []


def _is_drawn(
    plan: AuditPlan,
    population: Sequence[str],
    values: Sequence[bytes] | None,
    *,
    sample: Sequence[_Member],
    logged: Sequence[AuditDraw],
) -> bool:
    """Say whether the public values give the sample that is kept and logged; before the draw, that there is none."""
    if not logged or values is None:
        return not sample and not logged
    seed = seed_of(bytes.fromhex(plan.root), values)
    wanted = draw(population, plan.size, seed)
    listed = hashlib.sha256("\n".join(wanted).encode()).hexdigest()
    kept = [_Member(rank, one, ticket(seed, one)) for rank, one in enumerate(wanted, start=1)]
    return list(sample) == kept and [(one.seed, one.sample_sha256) for one in logged] == [
        (seed.hex(), listed)
    ]
