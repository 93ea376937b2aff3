"""A supervision audit: population, plan, public randomness, draw – in an order that the log's positions prove.

defined → frozen → entered → confirmed → drawn → closed. The population and the sources of randomness are fixed at
the freeze; their values are public facts of a later time, entered by one person and confirmed by another.
"""

import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, model_validator

from schemas.base import Frozen, Moment, Sha256Hex, WireIn
from schemas.canonical import canonical_bytes, parse_canonical
from schemas.digest import sha256_hex
from schemas.errors import ManifestInvalid
from schemas.event import Event
from schemas.ids import AccountId, AgencyId
from schemas.policy import Action
from schemas.refusals_audit import (
    AUDIT_NOT_FROZEN,
    AUDIT_NOT_LOGGED,
    AUDIT_ORDER_BROKEN,
    AUDIT_STEP_REFUSED,
    CONFIRM_SAME_PERSON,
    PLAN_INVALID,
    POPULATION_EMPTY,
    POPULATION_TOO_LARGE,
    RANDOMNESS_DIFFERS,
    RANDOMNESS_INVALID,
    RANDOMNESS_TOO_EARLY,
    RANDOMNESS_TOO_NEAR,
    SIZE_OVER_POPULATION,
)
from schemas.step import Begin, Step, Steps

MAX_POPULATION = 1_000_000
MAX_SOURCES = 4


class AuditKind(StrEnum):
    """What is drawn from."""

    CLOSED_CASES = "closed_cases"
    SEALED_RECORDINGS = "sealed_recordings"


class AuditState(StrEnum):
    """defined → frozen → entered → confirmed → drawn → closed."""

    DEFINED = "defined"
    FROZEN = "frozen"
    ENTERED = "entered"
    CONFIRMED = "confirmed"
    DRAWN = "drawn"
    CLOSED = "closed"


class AuditStep(StrEnum):
    """What moves an audit; the value is the verb of its custody entry."""

    FREEZE = "freeze"
    ENTER = "enter"
    CONFIRM = "confirm"
    DRAW = "draw"
    CLOSE = "close"


class SourceKind(StrEnum):
    """What kind of public event gives the randomness."""

    LOTTERY = "lottery"
    DICE = "dice"
    DRAND = "drand"
    OTHER = "other"


class RecheckOutcome(StrEnum):
    """What the re-hash of a drawn recording gave; waiting until a worker has done it."""

    WAITING = "waiting"
    VERIFIED = "verified"
    MISMATCH = "mismatch"
    NOT_CHECKED = "not_checked"


Line = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*\S[^\x00-\x1f\x7f]*$")]


class SourceIn(WireIn):
    """A named public event; its value is text (UTF-8, spaces at the ends dropped) or hex."""

    name: Line
    kind: SourceKind
    encoding: Literal["text", "hex"] = "text"
    happens_at: Moment


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


class PlanSource(WireIn):
    """A source as fixed."""

    name: str
    kind: str
    encoding: Literal["text", "hex"]
    happens_at: str


class AuditPlan(WireIn):
    """Everything that is fixed at the freeze; its RFC 8785 bytes are what the log commits to."""

    typ: Literal["quancheng-audit-plan"] = "quancheng-audit-plan"
    v: Literal[1] = 1
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


def plan_bytes(plan: AuditPlan) -> bytes:
    """Return the RFC 8785 bytes of a plan."""
    return canonical_bytes(plan.model_dump(mode="json"))


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


def sources_bytes(sources: Sequence[SourceIn]) -> bytes:
    """Return the RFC 8785 bytes of the sources of an audit that is not frozen yet; its definition commits to them."""
    return canonical_bytes({"sources": [one.model_dump(mode="json") for one in sources]})


def values_digest(values: Sequence[bytes]) -> str:
    """Return one digest over the values; their lengths keep two of them from becoming one."""
    return sha256_hex(b"".join(len(value).to_bytes(4, "big") + value for value in values))


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


def check_sources(sources: Sequence[SourceIn], now: datetime, lead: timedelta) -> None:
    """Refuse randomness that could be known at the freeze.

    Raises:
        Invalid: a source happens before `now + lead` (slug `randomness-too-near`).
    """
    near = [one.name for one in sources if one.happens_at < now + lead]
    if near:
        raise RANDOMNESS_TOO_NEAR(
            f"{near[0]} happens too soon: it must be at least {int(lead.total_seconds())} s ahead of the freeze",
            lead_seconds=int(lead.total_seconds()),
        )


def value_bytes(sources: Sequence[PlanSource], values: Sequence[str]) -> list[bytes]:
    """Return the values as the bytes that enter the seed.

    Raises:
        Invalid: not one value for each source, an empty one, or not hex (slug `randomness-invalid`).
    """
    if len(values) != len(sources):
        raise RANDOMNESS_INVALID("one value for each source, in their order")
    return [_value(source, value.strip()) for source, value in zip(sources, values, strict=True)]


def _value(source: PlanSource, value: str) -> bytes:
    try:
        raw = binascii.unhexlify(value) if source.encoding == "hex" else value.encode()
    except (binascii.Error, ValueError) as err:
        raise RANDOMNESS_INVALID(f"the value of {source.name} is not hex") from err
    if not raw:
        raise RANDOMNESS_INVALID(f"the value of {source.name} is empty")
    return raw


def check_entry(sources: Sequence[SourceIn], now: datetime) -> None:
    """Refuse a value before the event has taken place.

    Raises:
        TransitionRefused: slug `randomness-too-early`, with the time of the latest event.
    """
    latest = max(one.happens_at for one in sources)
    if now < latest:
        raise RANDOMNESS_TOO_EARLY("the public event has not taken place yet", happens_at=latest.isoformat())


def check_confirmation(
    *, entered_by: AccountId | None, confirmed_by: AccountId | None, is_same: bool
) -> None:
    """Refuse a confirmation that confirms nothing.

    Raises:
        Refused: the same person (slug `confirm-same-person`).
        Conflict: the two values differ (slug `randomness-differs`); neither is believed.
    """
    if entered_by is None or entered_by == confirmed_by:
        raise CONFIRM_SAME_PERSON("a second person confirms the value")
    if not is_same:
        raise RANDOMNESS_DIFFERS("the value differs from the one that was entered")


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
    confirmed_by: AccountId | None = None
    is_same: bool = False


def _check_freeze(facts: AuditFacts) -> None:
    check_sources(facts.sources, facts.now, facts.lead)


def _check_enter(facts: AuditFacts) -> None:
    check_entry(facts.sources, facts.now)
    check_order(*facts.positions)


def _check_confirm(facts: AuditFacts) -> None:
    check_confirmation(entered_by=facts.entered_by, confirmed_by=facts.confirmed_by, is_same=facts.is_same)
    check_order(*facts.positions)


def _check_draw(facts: AuditFacts) -> None:
    check_order(*facts.positions)


STEPS: Steps[AuditStep, AuditState, AuditFacts] = Steps(
    begins=(Begin(AuditState.DEFINED, Event.AUDIT_DEFINE, dated="defined_at"),),
    refused=AUDIT_STEP_REFUSED,
    refused_from={AuditState.DEFINED: AUDIT_NOT_FROZEN},
    rows=(
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
            dated="closed_at",
        ),
    ),
)

DRAWN_STATES = frozenset({AuditState.DRAWN, AuditState.CLOSED})
"""From the draw on there is a sample."""


class DrawFile(WireIn):
    """What `quancheng redraw` reads: everything needed to repeat a draw, and the log's proof of its order."""

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


class Source(Frozen):
    """A source as kept, and its value once it is known."""

    name: str
    kind: SourceKind
    encoding: Literal["text", "hex"]
    happens_at: datetime
