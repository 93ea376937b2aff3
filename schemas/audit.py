"""A supervision audit: population, plan, public randomness, draw – in an order that the log's positions prove.

defined → frozen → entered → confirmed → drawn → closed. The population and the sources of randomness are fixed at
the freeze; their values are public facts of a later time, entered by one person and confirmed by another. Until the
freeze a draft may be amended or dropped; a value that the second person reads otherwise, or the first takes back, is
withdrawn by an entry of its own, and both enter again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, model_validator

from schemas.base import Moment, Sha256Hex, WireIn
from schemas.canonical import canonical_bytes, parse_canonical
from schemas.errors import ManifestInvalid
from schemas.event import Event
from schemas.ids import AccountId, AgencyId
from schemas.policy import Action
from schemas.randomness import (
    MAX_SOURCES,
    Line,
    PlanSource,
    SourceIn,
    check_entry,
    check_second_person,
    check_sources,
)
from schemas.refusals_audit import (
    AUDIT_CLOSE_UNSAID,
    AUDIT_NOT_FROZEN,
    AUDIT_NOT_LOGGED,
    AUDIT_ORDER_BROKEN,
    AUDIT_STEP_REFUSED,
    PLAN_INVALID,
    POPULATION_EMPTY,
    POPULATION_TOO_LARGE,
    RETRACT_NOT_OWN,
    SIZE_OVER_POPULATION,
)
from schemas.step import Begin, Step, Steps

MAX_POPULATION = 1_000_000
MAX_LEAD_SECONDS = 10 * 366 * 86_400


class AuditKind(StrEnum):
    """What is drawn from."""

    CLOSED_CASES = "closed_cases"
    SEALED_RECORDINGS = "sealed_recordings"


class AuditState(StrEnum):
    """defined → frozen → entered → confirmed → drawn → closed; a draft may be dropped."""

    DEFINED = "defined"
    DROPPED = "dropped"
    FROZEN = "frozen"
    ENTERED = "entered"
    CONFIRMED = "confirmed"
    DRAWN = "drawn"
    CLOSED = "closed"


class AuditStep(StrEnum):
    """What moves an audit; the value is the verb of its custody entry."""

    AMEND = "amend"
    DROP = "drop"
    FREEZE = "freeze"
    ENTER = "enter"
    RETRACT = "retract"
    MISMATCH = "mismatch"
    CONFIRM = "confirm"
    DRAW = "draw"
    CLOSE = "close"


class RecheckOutcome(StrEnum):
    """What the re-hash of a drawn recording gave; waiting until a worker has done it."""

    WAITING = "waiting"
    VERIFIED = "verified"
    MISMATCH = "mismatch"
    NOT_CHECKED = "not_checked"


class AuditIn(WireIn):
    """What a supervisor defines. Rates are per mille: 50 and 950 find one of 5 % bad files with 95 %."""

    title: Line
    kind: AuditKind
    target_agency_id: AgencyId
    from_at: Moment
    until_at: Moment
    defect_permille: Annotated[int, Field(ge=1, le=1000)] = 50
    confidence_permille: Annotated[int, Field(ge=500, le=999)] = 950
    size: Annotated[int, Field(ge=1, le=MAX_POPULATION)] | None = None
    sources: Annotated[list[SourceIn], Field(min_length=1, max_length=MAX_SOURCES)]

    @model_validator(mode="after")
    def _period_is_one(self) -> "AuditIn":
        if self.until_at <= self.from_at:
            raise ValueError("the period ends before it begins")
        return self


Reason = Annotated[str, Field(min_length=1, max_length=2000, pattern=r"\S")]


class AuditAmendIn(AuditIn):
    """What a draft says from now on, whole; what it said before stays beside it."""

    reason: Reason | None = None


class AuditReasonIn(WireIn):
    """Why a draft is dropped, or an entered value taken back."""

    reason: Reason


class Lacking(WireIn):
    """What an audit lacks at its end: scores never given, members whose totals lie too far apart, rectifications open."""

    missing: Annotated[int, Field(ge=0)]
    wide: Annotated[int, Field(ge=0)]
    unmended: Annotated[int, Field(ge=0)]

    @property
    def total(self) -> int:
        """How much there is to be explained."""
        return self.missing + self.wide + self.unmended


class AuditCloseIn(Lacking):
    """The end of an audit: what its closer was shown, and why it ends where something is missing."""

    reason: Reason | None = None


class AuditPlan(WireIn):
    """Everything that is fixed at the freeze; its RFC 8785 bytes are what the log commits to.

    `lead_seconds`: so long behind the freeze every event of the randomness is, at least. Version 1 promised none.
    """

    typ: Literal["quancheng-audit-plan"] = "quancheng-audit-plan"
    v: Literal[1, 2] = 2
    audit: str
    kind: AuditKind
    agency: str
    from_at: str
    until_at: str
    count: Annotated[int, Field(ge=1, le=MAX_POPULATION)]
    root: Sha256Hex
    size: Annotated[int, Field(ge=1)]
    defect_permille: int
    confidence_permille: int
    sources: Annotated[list[PlanSource], Field(min_length=1, max_length=MAX_SOURCES)]
    standard_sha256: Sha256Hex
    lead_seconds: Annotated[int, Field(ge=0, le=MAX_LEAD_SECONDS)] | None = None

    @model_validator(mode="after")
    def _lead_is_promised(self) -> "AuditPlan":
        if (self.v == 1) != (self.lead_seconds is None):
            raise ValueError("a plan states its lead from version 2 on")
        return self


def plan_bytes(plan: AuditPlan) -> bytes:
    """Return the RFC 8785 bytes of a plan."""
    return canonical_bytes(plan.model_dump(mode="json", exclude_none=True))


def parse_plan(payload: bytes) -> AuditPlan:
    """Parse a plan; nothing but the bytes `plan_bytes` makes is one.

    Raises:
        Invalid: slug `plan-invalid`.
    """
    try:
        plan = AuditPlan.model_validate(parse_canonical(payload))
    except (ValidationError, ManifestInvalid) as err:
        raise PLAN_INVALID("the bytes are not an audit plan") from err
    if plan_bytes(plan) != payload:
        raise PLAN_INVALID("the bytes say more or less than an audit plan")
    return plan


def check_size(count: int, size: int) -> None:
    """Refuse an empty population and a sample larger than it.

    Raises:
        Invalid: `population-empty`, `population-too-large` or `size-over-population`.
    """
    if count == 0:
        raise POPULATION_EMPTY("nothing in the period matches")
    if count > MAX_POPULATION:
        raise POPULATION_TOO_LARGE(f"more than {MAX_POPULATION}", population=count)
    if size > count:
        raise SIZE_OVER_POPULATION(f"{size} cannot be drawn of {count}", size=size, population=count)


def check_order(*positions: int | None) -> None:
    """Refuse to go on while an earlier entry has no place in the log, or they stand in another order.

    Raises:
        Conflict: an entry is not under a signed checkpoint yet (slug `audit-not-logged`), or the order is wrong
            (slug `audit-order-broken`).
    """
    known = [position for position in positions if position is not None]
    if len(known) != len(positions):
        raise AUDIT_NOT_LOGGED("the log has not taken the earlier entry yet")
    if known != sorted(set(known)):
        raise AUDIT_ORDER_BROKEN("the log's positions contradict the order of the audit")


@dataclass(frozen=True)
class AuditFacts:
    """What the gates of an audit's steps look at; each looks at its own part.

    `positions` are the places in the log of the earlier steps' entries, in the order in which they were taken.
    """

    now: datetime
    sources: Sequence[SourceIn] = ()
    lead: timedelta = timedelta(0)
    positions: tuple[int | None, ...] = ()
    entered_by: AccountId | None = None
    taken_by: AccountId | None = None
    is_same: bool = False
    is_explained: bool = False
    lacking: int = 0


def _check_freeze(facts: AuditFacts) -> None:
    check_sources(facts.sources, facts.now, facts.lead)


def _check_enter(facts: AuditFacts) -> None:
    check_entry(facts.sources, facts.now)
    check_order(*facts.positions)


def _check_retract(facts: AuditFacts) -> None:
    if facts.entered_by is None or facts.entered_by != facts.taken_by:
        raise RETRACT_NOT_OWN("only who entered a value takes it back")


def _check_confirm(facts: AuditFacts) -> None:
    check_second_person(facts.entered_by, facts.taken_by)
    if not facts.is_same:
        raise AUDIT_STEP_REFUSED("the two values differ")
    check_order(*facts.positions)


def _check_mismatch(facts: AuditFacts) -> None:
    check_second_person(facts.entered_by, facts.taken_by)
    if facts.is_same:
        raise AUDIT_STEP_REFUSED("the two values are the same")
    check_order(*facts.positions)


def _check_draw(facts: AuditFacts) -> None:
    check_order(*facts.positions)


def _check_close(facts: AuditFacts) -> None:
    if facts.lacking and not facts.is_explained:
        raise AUDIT_CLOSE_UNSAID("something is missing, and no reason says why it ends all the same")


STEPS: Steps[AuditStep, AuditState, AuditFacts] = Steps(
    begins=(Begin(AuditState.DEFINED, Event.AUDIT_DEFINE, dated="defined_at"),),
    refused=AUDIT_STEP_REFUSED,
    refused_from={AuditState.DEFINED: AUDIT_NOT_FROZEN},
    rows=(
        Step(
            name=AuditStep.AMEND,
            starts=frozenset({AuditState.DEFINED}),
            end=AuditState.DEFINED,
            action=Action.AUDIT_DEFINE,
            event=Event.AUDIT_AMEND,
        ),
        Step(
            name=AuditStep.DROP,
            starts=frozenset({AuditState.DEFINED}),
            end=AuditState.DROPPED,
            action=Action.AUDIT_DEFINE,
            event=Event.AUDIT_DROP,
            dated="dropped_at",
        ),
        Step(
            name=AuditStep.FREEZE,
            starts=frozenset({AuditState.DEFINED}),
            end=AuditState.FROZEN,
            action=Action.AUDIT_DEFINE,
            event=Event.AUDIT_FREEZE,
            gate=_check_freeze,
            dated="frozen_at",
        ),
        Step(
            name=AuditStep.ENTER,
            starts=frozenset({AuditState.FROZEN}),
            end=AuditState.ENTERED,
            action=Action.AUDIT_DEFINE,
            event=Event.AUDIT_ENTER,
            gate=_check_enter,
            dated="entered_at",
        ),
        Step(
            name=AuditStep.RETRACT,
            starts=frozenset({AuditState.ENTERED}),
            end=AuditState.FROZEN,
            action=Action.AUDIT_DEFINE,
            event=Event.AUDIT_RETRACT,
            gate=_check_retract,
        ),
        Step(
            name=AuditStep.MISMATCH,
            starts=frozenset({AuditState.ENTERED}),
            end=AuditState.FROZEN,
            action=Action.AUDIT_CONFIRM,
            event=Event.AUDIT_MISMATCH,
            gate=_check_mismatch,
        ),
        Step(
            name=AuditStep.CONFIRM,
            starts=frozenset({AuditState.ENTERED}),
            end=AuditState.CONFIRMED,
            action=Action.AUDIT_CONFIRM,
            event=Event.AUDIT_CONFIRM,
            gate=_check_confirm,
            dated="confirmed_at",
        ),
        Step(
            name=AuditStep.DRAW,
            starts=frozenset({AuditState.CONFIRMED}),
            end=AuditState.DRAWN,
            action=Action.AUDIT_DEFINE,
            event=Event.AUDIT_DRAW,
            gate=_check_draw,
            dated="drawn_at",
        ),
        Step(
            name=AuditStep.CLOSE,
            starts=frozenset({AuditState.DRAWN}),
            end=AuditState.CLOSED,
            action=Action.AUDIT_DEFINE,
            event=Event.AUDIT_CLOSE,
            gate=_check_close,
            dated="closed_at",
        ),
    ),
)

DRAFT_STATES = frozenset({AuditState.DEFINED, AuditState.DROPPED})
"""Nothing is fixed, and nothing was: a draft is for those who may define audits, and for nobody else."""

DRAWN_STATES = frozenset({AuditState.DRAWN, AuditState.CLOSED})
"""From the draw on there is a sample."""


class DrawFile(WireIn):
    """What `quancheng redraw` reads: everything needed to repeat a draw, and the log's proof of its order.

    `tiles` is the end of the tree at its checkpoint, as in a trust file: it proves older ones; empty in files of before.
    """

    typ: Literal["quancheng-draw"] = "quancheng-draw"
    v: Literal[1] = 1
    plan: str
    population: list[str]
    values: list[str]
    seed: Sha256Hex
    sample: list[str]
    entries: list[dict[str, Any]]
    proofs: list[str]
    checkpoint: str
    tiles: str = ""
