"""Monitoring records: rows of fixed equipment, the two people who look at each, and what may become evidence.

Administrative Penalty Law (2021) art. 41: what the equipment recorded must be reviewed by the agency; unreviewed
or failed content is no evidence. The first reviewer looks at the evidence, the second at the law; neither sees
the other's opinion before giving their own.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated

from pydantic import Field

from schemas.base import Frozen, Moment, WireIn
from schemas.event import Event
from schemas.ids import AccountId, RecordingId
from schemas.policy import Action
from schemas.refusals_case import REVIEW_GIVEN
from schemas.refusals_monitoring import (
    REASON_MISSING,
    REVIEW_CONCLUDED,
    REVIEW_SAME_PERSON,
    REVIEW_UNSEALED,
)
from schemas.step import Begin, Step, Steps


class MonitoringState(StrEnum):
    """received → reviewing → valid | invalid; valid → recheck where what its equipment needed was annulled."""

    RECEIVED = "received"
    REVIEWING = "reviewing"
    VALID = "valid"
    INVALID = "invalid"
    RECHECK = "recheck"


FIRST_ROUND = 1
"""Both stages are given in a round; each re-opening begins another."""


class ReviewStage(StrEnum):
    """First the evidence (证据审核), second the law (法制审核); the order in time is free."""

    FIRST = "first"
    SECOND = "second"


class MonitoringStep(StrEnum):
    """What happens to a record: an opinion leaves it open or ends it, and an annulled certificate re-opens it."""

    OPINE = "opine"
    ACCEPT = "accept"
    REJECT = "reject"
    REOPEN = "reopen"


class OpinionWord(StrEnum):
    """What a reviewer says of a record."""

    VALID = "valid"
    INVALID = "invalid"


class InvalidReason(StrEnum):
    """Why a record is not evidence; after the cancellation list of the road traffic rules (2020) art. 22."""

    UNCLEAR = "unclear"
    INCOMPLETE = "incomplete"
    INACCURATE = "inaccurate"
    PLATE_MISREAD = "plate-misread"
    EMERGENCY_VEHICLE = "emergency-vehicle"
    CLONED_PLATE = "cloned-plate"
    HANDLED_ON_SITE = "handled-on-site"
    EQUIPMENT_FAULT = "equipment-fault"
    NO_VIOLATION = "no-violation"
    OTHER = "other"


class LinkBasis(StrEnum):
    """Why a record and a case belong together: by hand, by opening the case, or by an accepted suggestion."""

    MANUAL = "manual"
    OPENED = "opened"
    PLATE = "plate"
    PARTY_CODE = "party_code"
    PLACE_TIME = "place_time"


class ReviewFault(StrEnum):
    """What the review itself leaves missing before a record may be evidence."""

    NOT_REVIEWED = "not-reviewed"
    FOUND_INVALID = "found-invalid"


class NotifyChannel(StrEnum):
    """By what the party was told (art. 41: promptly, by information technology or otherwise)."""

    SMS = "sms"
    APP = "app"
    PHONE = "phone"
    POST = "post"
    ON_SITE = "on_site"
    ANNOUNCEMENT = "announcement"


class NotifyOutcome(StrEnum):
    """How far the attempt came."""

    DELIVERED = "delivered"
    SENT = "sent"
    FAILED = "failed"
    REFUSED = "refused"


class MeasuredValue(Frozen):
    """One measured value of a record as written; every member is there, also where the row left it out."""

    name: str
    value: str
    unit: str = ""
    limit: str | None = None


Reason = Annotated[str, Field(min_length=1, max_length=500, pattern=r"\S")]


class OpinionIn(WireIn):
    """An opinion on a record; `invalid` needs a reason from the list."""

    opinion: OpinionWord
    reason_code: InvalidReason | None = None
    reason: Annotated[str, Field(max_length=500)] = ""


class NotificationIn(WireIn):
    """An attempt to tell the party; `proof` says what shows it (message number, call record, receipt)."""

    channel: NotifyChannel
    outcome: NotifyOutcome
    attempted_at: Moment
    proof: Reason
    proof_recording_id: RecordingId | None = None


class Given(Frozen):
    """An opinion that was given, as the rules need it."""

    stage: ReviewStage
    reviewer_id: AccountId
    opinion: OpinionWord


def waiting_in(round_: int) -> MonitoringState:
    """Return the state of a record of which nobody has given an opinion in this round."""
    return MonitoringState.RECEIVED if round_ == FIRST_ROUND else MonitoringState.RECHECK


def state_of(given: Collection[Given], round_: int = FIRST_ROUND) -> MonitoringState:
    """Return the state that the opinions of this round lead to: one `invalid` ends it, `valid` needs both."""
    if any(one.opinion is OpinionWord.INVALID for one in given):
        return MonitoringState.INVALID
    stages = {one.stage for one in given}
    if stages == set(ReviewStage):
        return MonitoringState.VALID
    return MonitoringState.REVIEWING if stages else waiting_in(round_)


@dataclass(frozen=True)
class RecordFacts:
    """What the gate of an opinion looks at: those given before in this round, this one and who gives it, the recordings."""

    given: Collection[Given]
    wish: OpinionIn
    stage: ReviewStage
    reviewer_id: AccountId
    is_sealed: bool


def step_of(given: Collection[Given], opinion: OpinionWord) -> MonitoringStep:
    """Return what an opinion does after those that were given: one `invalid` ends it, `valid` needs both."""
    if opinion is OpinionWord.INVALID:
        return MonitoringStep.REJECT
    return MonitoringStep.ACCEPT if given else MonitoringStep.OPINE


def _check_opinion(facts: RecordFacts) -> None:
    if any(one.reviewer_id == facts.reviewer_id for one in facts.given):
        raise REVIEW_SAME_PERSON("two different people review a record")
    if any(one.stage is facts.stage for one in facts.given):
        raise REVIEW_GIVEN("this review has been given")
    if not facts.is_sealed:
        raise REVIEW_UNSEALED("a recording of it has no verdict yet, or is quarantined")
    wish = facts.wish
    if wish.opinion is OpinionWord.INVALID and (wish.reason_code is None or not wish.reason.strip()):
        raise REASON_MISSING("invalid needs a reason from the list and a sentence")


STAGE_ACTIONS: Mapping[ReviewStage, Action] = MappingProxyType(
    {
        ReviewStage.FIRST: Action.MONITORING_REVIEW_FIRST,
        ReviewStage.SECOND: Action.MONITORING_REVIEW_SECOND,
    }
)
"""What the policy is asked for an opinion: its stage decides, whatever it says."""

_UNJUDGED = frozenset({MonitoringState.RECEIVED, MonitoringState.RECHECK})

STEPS: Steps[MonitoringStep, MonitoringState, RecordFacts] = Steps(
    begins=(Begin(MonitoringState.RECEIVED),),
    refused=REVIEW_CONCLUDED,
    rows=(
        Step(
            name=MonitoringStep.OPINE,
            starts=_UNJUDGED,
            end=MonitoringState.REVIEWING,
            event=Event.MONITORING_OPINE,
            gate=_check_opinion,
        ),
        Step(
            name=MonitoringStep.ACCEPT,
            starts=frozenset({MonitoringState.REVIEWING}),
            end=MonitoringState.VALID,
            event=Event.MONITORING_OPINE,
            gate=_check_opinion,
            dated="concluded_at",
        ),
        Step(
            name=MonitoringStep.REJECT,
            starts=_UNJUDGED | {MonitoringState.REVIEWING},
            end=MonitoringState.INVALID,
            event=Event.MONITORING_OPINE,
            gate=_check_opinion,
            dated="concluded_at",
        ),
        Step(
            name=MonitoringStep.REOPEN,
            starts=frozenset({MonitoringState.VALID}),
            end=MonitoringState.RECHECK,
            action=Action.EQUIPMENT_KEEP,
            event=Event.MONITORING_REOPEN,
        ),
    ),
)
"""A record is begun by its batch. Every step but one is an opinion, and the leaf of an opinion says the state after it."""

OPEN_STATES = frozenset(state for row in STEPS if row.event is Event.MONITORING_OPINE for state in row.starts)
"""A record that waits for an opinion; to whoever has given none, both look the same."""
