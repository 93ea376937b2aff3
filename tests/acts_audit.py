"""Acts of supervision on the world of `tests.acts`, drawn by chance."""

from datetime import timedelta
from random import Random
from uuid import UUID

from sqlalchemy import Table, select

from schemas.audit import AuditAmendIn, AuditCloseIn, AuditKind, AuditReasonIn, AuditState, RecheckOutcome
from schemas.randomness import SourceIn, SourceKind
from schemas.rectification import RectificationIn, RectificationStep, RectificationStepIn
from schemas.standard import ItemScore
from storage.audit.values import Audit
from storage.tables.audit import audit_rechecks, audits
from storage.tables.rectification import rectifications
from storage.transaction import Transaction
from tests.acts import NOBODY, Act, World
from tests.supervision import VALUE
from workers.custody import integrate


def _some(tx: Transaction, chance: Random, table: Table) -> UUID:
    """The id of one of the newest rows."""
    idents = list(tx.connection.scalars(select(table.c.id).order_by(table.c.id.desc()).limit(3)))
    return chance.choice(idents) if idents else NOBODY


def define_audit(world: World, chance: Random) -> None:
    kind = chance.choice(list(AuditKind))
    size = chance.choice([1, 2, None])
    source = SourceIn(
        name="双色球第 2026137 期",
        kind=SourceKind.LOTTERY,
        happens_at=world.above.clock() + timedelta(hours=12),
    )
    wish = world.above.wish(kind=kind, size=size, sources=[source])
    with world.store.begin() as tx:
        tx.audit_drafts.define(world.who(chance, world.above.supervisor), wish)


def go_on_with_audit(world: World, chance: Random) -> None:
    """The next step of an audit, or its end."""
    with world.store.begin() as tx:
        audit = tx.audits.get(world.above.supervisor, _some(tx, chance, audits))
        actor = world.who(chance, world.above.supervisor)
        match audit.state:
            case AuditState.DEFINED:
                _draft(tx, world, chance, audit)
            case AuditState.FROZEN:
                tx.audit_values.enter(actor, audit.id, [VALUE], audit.version)
            case AuditState.ENTERED if chance.random() < 0.2:
                said = AuditReasonIn(reason="看错一位")
                tx.audit_values.retract(actor, audit.id, said, audit.version)
            case AuditState.ENTERED:
                value = VALUE if chance.random() < 0.9 else "1"
                second = world.who(chance, world.above.colleague)
                tx.audit_values.confirm(second, audit.id, [value], audit.version)
            case AuditState.CONFIRMED:
                tx.audits.draw(actor, audit.id, audit.version)
            case _:
                lacking = tx.audit_ends.lacking(audit).model_dump()
                wish = AuditCloseIn(**lacking, reason=chance.choice(["时间已到", None]))
                tx.audit_ends.close(actor, audit.id, wish, audit.version)


def _draft(tx: Transaction, world: World, chance: Random, audit: Audit) -> None:
    """A draft is frozen, and sometimes said anew or dropped."""
    actor, luck = world.who(chance, world.above.supervisor), chance.random()
    if luck < 0.6:
        tx.audits.freeze(actor, audit.id, audit.version)
    elif luck < 0.9:
        happens_at = world.above.clock() + timedelta(hours=12)
        source = SourceIn(name="上证指数收盘", kind=SourceKind.INDEX, happens_at=happens_at)
        said = world.above.wish(size=chance.choice([1, None]), sources=[source]).model_dump()
        wish = AuditAmendIn(**said, reason=chance.choice(["改期", None]))
        tx.audit_drafts.amend(actor, audit.id, wish, audit.version)
    else:
        tx.audit_drafts.drop(actor, audit.id, AuditReasonIn(reason="另行安排"), audit.version)


def assign_inspector(world: World, chance: Random) -> None:
    with world.store.begin() as tx:
        audit = tx.audits.get(world.above.supervisor, _drawn(tx, chance))
        inspector = chance.choice([*world.above.inspectors, world.bureau.handler]).account_id
        tx.audit_scores.assign(world.who(chance, world.above.supervisor), audit.id, inspector, audit.version)


def name_third(world: World, chance: Random) -> None:
    with world.store.begin() as tx:
        audit = tx.audits.get(world.above.supervisor, _drawn(tx, chance))
        third = chance.choice(
            [*world.above.inspectors, world.above.colleague, world.bureau.handler]
        ).account_id
        member = _member(tx, world, audit, chance)
        actor = world.who(chance, world.above.supervisor)
        tx.audit_thirds.name(actor, audit.id, member, third, audit.version)


def _drawn(tx: Transaction, chance: Random) -> UUID:
    """An audit whose sample is drawn, where there is one."""
    drawn = select(audits.c.id).where(audits.c.state == AuditState.DRAWN).order_by(audits.c.id)
    idents = list(tx.connection.scalars(drawn))
    return chance.choice(idents) if idents else _some(tx, chance, audits)


def recheck(world: World, chance: Random) -> None:
    """What a worker found, said once; a second time changes nothing."""
    with world.store.begin() as tx:
        ident = _some(tx, chance, audit_rechecks)
        if ident is NOBODY:
            return
        task = tx.rechecks.get(ident)
        if chance.random() < 0.2:
            tx.rechecks.conclude(task, RecheckOutcome.NOT_CHECKED, code="object-gone")
            return
        seal = tx.rechecks.seal_of(task.recording_id)
        assert seal is not None
        tx.rechecks.conclude(task, RecheckOutcome.VERIFIED, sha256=seal.sha256)


def score(world: World, chance: Random) -> None:
    with world.store.begin() as tx:
        inspector = world.who(chance, *world.above.inspectors)
        audit = tx.audits.get(world.above.supervisor, _drawn(tx, chance))
        points = [
            ItemScore(code=item.code, points=item.points) for item in tx.audit_scores.standard(audit).items
        ]
        lost = chance.choice([{}, {"points": 0, "remark": "未告知"}, {"points": 0}])
        points[0] = points[0].model_copy(update=lost)
        tx.audit_scores.score(inspector, audit.id, _member(tx, world, audit, chance), points)


def _member(tx: Transaction, world: World, audit: Audit, chance: Random) -> UUID:
    """A member of the sample."""
    drawn = tx.audit_scores.drawn(world.above.supervisor, audit.id)
    return chance.choice(drawn).member_id if drawn else NOBODY


def raise_finding(world: World, chance: Random) -> None:
    with world.store.begin() as tx:
        actor = world.who(chance, world.above.supervisor, *world.above.inspectors)
        audit = tx.audits.get(world.above.supervisor, _drawn(tx, chance))
        code = tx.audit_scores.standard(audit).items[0].code
        member = _member(tx, world, audit, chance)
        where = _where(tx, world, audit, member, chance)
        found = RectificationIn(member_id=member, item_code=code, text="补正告知", **where)
        tx.rectifications.raise_(actor, audit.id, found)


def _where(tx: Transaction, world: World, audit: Audit, member: UUID, chance: Random) -> dict[str, object]:
    """A recording of what was drawn, and sometimes a second of it; or another one, or none."""
    if member is NOBODY or chance.random() < 0.4:
        return {}
    drawn = tx.audit_scores.member(world.above.supervisor, audit.id, member).rechecks
    known = [one.recording.id for one in drawn] or [NOBODY]
    where = {"recording_id": chance.choice([*known, NOBODY]) if chance.random() < 0.2 else known[0]}
    return where if chance.random() < 0.5 else {**where, "at_second": chance.randint(0, 90)}


def mend(world: World, chance: Random) -> None:
    """A step of a rectification."""
    said = RectificationStepIn(text="已整改")
    with world.store.begin() as tx:
        step = chance.choice(list(RectificationStep))
        right = world.bureau.head if step is RectificationStep.ANSWER else world.above.supervisor
        held = tx.rectifications.get(world.above.supervisor, _some(tx, chance, rectifications))
        tx.rectifications.step(world.who(chance, right), held.id, step, said, held.version)


def hours_pass(world: World, chance: Random) -> None:
    world.above.clock.ahead += timedelta(hours=chance.randint(1, 16))


def sign(world: World, _chance: Random) -> None:
    integrate(world.store)


AUDIT: tuple[Act, ...] = (
    define_audit, go_on_with_audit, assign_inspector, recheck, score, name_third, raise_finding, mend, hours_pass, sign,
)  # fmt: skip
