"""What every reducer shares: where a leaf stands, and the ways in which it can be against the rules.

A reducer takes the life of a thing so far and one leaf, and returns the life after it. It never writes, and it
never stops a chain: a leaf against the rules is a fault, and the life keeps its last lawful value.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol, Self, TypeVar

from schemas.act import Act
from schemas.directory import Directory
from schemas.leaf import Leaf
from schemas.leaf_steps import STATE_STEPS

LifeOf = TypeVar("LifeOf")


class Told(Protocol):
    """What was said from one moment until another; without the other it is still said."""

    @property
    def known_from(self) -> datetime: ...

    @property
    def known_until(self) -> datetime | None: ...

    def _replace(self, *, known_until: datetime | None = ...) -> Self: ...


ToldOf = TypeVar("ToldOf", bound=Told)


def told_until(one: ToldOf, at: datetime) -> tuple[ToldOf, ...]:
    """Return what is left of something said once something else is said of it at a time.

    Nothing is, where it was said for no moment: two acts of one millisecond, or a clock that stepped back behind it.
    """
    until = at if one.known_until is None else min(one.known_until, at)
    return (one._replace(known_until=until),) if one.known_from < until else ()


class FaultCode(StrEnum):
    """What can be wrong with a leaf in its chain, or with the chain itself."""

    HOLE = "chain-hole"
    ORDER = "chain-order"
    BROKEN = "chain-broken"
    UNREADABLE = "leaf-unreadable"
    TIME_BACK = "time-back"
    NOT_BEGUN = "not-begun"
    BEGUN_TWICE = "begun-twice"
    STEP = "step-refused"
    EVENT = "event-of-another-noun"
    ACTOR = "actor-not-alive"
    ROLE = "actor-without-role"
    AGENCY = "agency-differs"
    CLOSED = "thing-closed"
    STANDING = "agency-standing"
    TIE = "tie-unknown"
    TIE_TWICE = "tie-twice"
    EVIDENCE = "evidence-not-there"
    FACT = "fact-unknown"
    FACTS = "facts-missing"
    UNPROVEN = "fact-unproven"
    POSITION = "position-taken"
    ROUND = "round-differs"
    NOT_PASSED = "round-not-passed"
    SCOPE = "review-needed"
    UNANSWERED = "grounds-unanswered"
    ANSWERED = "answered-twice"
    SAME_PERSON = "same-person"
    BARRED = "actor-barred"
    UNQUALIFIED = "reviewer-unqualified"
    BAR = "bar-unknown"
    DOCUMENT = "document-unknown"
    LISTED = "formalities-differ"
    UNSAID = "formality-unsaid"
    DIFFERS = "proposal-differs"
    SUMMARY = "summary-unknown"
    UNRECORDED = "summary-unrecorded"
    LIMITS = "summary-limits"
    STAGE = "stage-given"
    OUTCOME = "outcome-differs"
    REQUEST = "request-unknown"
    KEY = "key-unknown"
    CODE = "code-unusable"
    MANIFEST = "manifest-unknown"
    SEQUENCE = "sequence-differs"
    FUTURE = "in-the-future"
    PERIOD = "period-reversed"
    GRANT = "grant-unknown"
    HANDLER = "handler-already"
    VALUES = "values-differ"
    MEMBER = "member-unknown"
    INSPECTOR = "inspector-unknown"
    TWICE = "done-twice"


class Unlawful(Exception):
    """A leaf against a rule of its noun. It never leaves the fold, which keeps it as a value."""

    def __init__(self, code: FaultCode) -> None:
        super().__init__(code.value)
        self.code = code


@dataclass(slots=True)
class Here:
    """Where the leaf stands. Not frozen: one is made for every leaf, and a frozen one takes thrice as long to make.

    `index` is its place in the log, None while it has none; `is_whole` says that nothing before it was withheld,
    so what is not known was not there.
    """

    of: str
    n: int
    digest: str
    index: int | None
    seen: Directory
    is_whole: bool


def law(holds: bool | None, code: FaultCode) -> None:  # noqa: FBT001 - the rule is the one thing asked
    """Refuse where a rule does not hold; None, nobody can tell here, refuses nothing.

    Raises:
        Unlawful: it does not hold.
    """
    if holds is False:
        raise Unlawful(code)


def is_hidden(known: object | None, here: Here) -> bool:
    """Say whether what a leaf goes on with may be among what is withheld: then nobody can tell, and nothing is told."""
    return known is None and not here.is_whole


def given(act: Act, names: tuple[str, ...]) -> dict[str, Any]:
    """Return the members that an act names; one that is left out stays as it was."""
    return {name: value for name in names if (value := getattr(act, name)) is not None}


Take = Callable[[LifeOf, Leaf, Any, Here], LifeOf]
"""What one class of acts makes of a life that has begun; the third is the act, of the class it stands for."""

Takes = Mapping[type, Take[LifeOf]]
"""Class of an act → what takes it: one look-up, where asking for each class in turn took a tenth of the fold."""


def taken(takes: Takes[LifeOf], life: LifeOf | None, leaf: Leaf, here: Here) -> LifeOf:
    """Return a life after a leaf that does not begin it.

    Raises:
        Unlawful: it has not begun, the event is none of its noun's, or a rule does not hold.
    """
    if life is None:
        raise Unlawful(FaultCode.NOT_BEGUN)
    take = takes.get(type(leaf.act))
    if take is None:
        raise Unlawful(FaultCode.EVENT)
    return take(life, leaf, leaf.act, here)


def check_step(leaf: Leaf, state: str | None, end: str) -> None:
    """Refuse a step that is no row of the noun's table.

    Raises:
        Unlawful: `step-refused`, or `begun-twice` for what begins a thing that is there.
    """
    rows = STATE_STEPS[leaf.event]
    if not rows[0].starts:
        law(state is None, FaultCode.BEGUN_TWICE)
    law(any(end == row.end and (state in row.starts or not row.starts) for row in rows), FaultCode.STEP)
