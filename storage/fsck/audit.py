"""The check of supervision audits: plan, population, seed and sample once more, from bytes, public values and log."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from uuid import UUID

from sqlalchemy import Column, Connection, Table, Text, cast, select

from schemas.audit import AuditPlan, parse_plan, value_bytes
from schemas.custody import subject
from schemas.digest import sha256_hex
from schemas.draw import draw, population_root, seed_of
from schemas.errors import Invalid
from schemas.fsck import Checked, Fault, FaultCode, Found, Part
from schemas.leaf import Leaf
from schemas.leaves_audit import AuditDraw, AuditFreeze
from storage.fsck.reading import Record, acts_of, leaves_about, pages
from storage.tables.audit import audit_population, audit_sample, audits


def check_audits(connection: Connection) -> Iterator[Found]:
    """Yield every frozen audit whose plan, population or sample cannot be derived again."""
    query = select(
        audits.c.id,
        audits.c.plan,
        audits.c.plan_sha256,
        audits.c.seed,
        cast(audits.c["values"], Text).label("entered"),
    ).where(audits.c.plan.is_not(None))
    for page in pages(connection, query, audits.c.id):
        leaves = leaves_about(connection, [subject("audit", row.id) for row in page])
        for row in page:
            about = subject("audit", row.id)
            yield from _audit_faults(connection, row, about, leaves[about])
        yield Checked(part=Part.AUDITS, count=len(page))


def _audit_faults(connection: Connection, row: Record, about: str, leaves: Sequence[Leaf]) -> Iterator[Fault]:
    payload = bytes(row.plan)
    plan = _parsed(payload)
    logged = [act.plan_sha256 for act in acts_of(leaves, AuditFreeze)]
    if plan is None or row.plan_sha256 != sha256_hex(payload) or logged != [row.plan_sha256]:
        yield Fault(code=FaultCode.AUDIT_PLAN_ALTERED, subject=about)
        return
    population = _listed(connection, audit_population, audit_population.c.position, row.id)
    if _root(population) != plan.root:
        yield Fault(code=FaultCode.POPULATION_CHANGED, subject=about)
        return
    sample = _listed(connection, audit_sample, audit_sample.c.rank, row.id)
    drawn = [(act.seed, act.sample_sha256) for act in acts_of(leaves, AuditDraw)]
    if not _is_drawn(row, plan, population, sample=sample, logged=drawn):
        yield Fault(code=FaultCode.SAMPLE_DIFFERS, subject=about)


def _parsed(payload: bytes) -> AuditPlan | None:
    try:
        return parse_plan(payload)
    except Invalid:
        return None


def _listed(connection: Connection, table: Table, order: Column[int], audit_id: UUID) -> list[str]:
    members = select(table.c.member_id).where(table.c.audit_id == audit_id).order_by(order)
    return list(map(str, connection.scalars(members)))


def _root(population: Sequence[str]) -> str:
    try:
        return population_root(population).hex()
    except Invalid:
        return ""


def _is_drawn(
    row: Record,
    plan: AuditPlan,
    population: Sequence[str],
    *,
    sample: Sequence[str],
    logged: Sequence[tuple[str, str]],
) -> bool:
    """Say whether the public values give the sample that is kept and logged; without a seed, that there is none."""
    if row.seed is None:
        return not sample and not logged
    try:
        seed = seed_of(bytes.fromhex(plan.root), value_bytes(plan.sources, json.loads(row.entered)))
        wanted = list(draw(population, plan.size, seed))
    except (
        Invalid,
        AttributeError,
        TypeError,
        ValueError,
        RecursionError,
    ):  # the values are no list of texts
        return False
    listed = hashlib.sha256("\n".join(wanted).encode()).hexdigest()
    return seed == bytes(row.seed) and sample == wanted and logged == [(seed.hex(), listed)]
