"""What every reducer shares: where a leaf stands, and the ways in which it can be against the rules.

A reducer takes the life of a thing so far and one leaf, and returns the life after it. It never writes, and it
never stops a chain: a leaf against the rules is a fault, and the life keeps its last lawful value.
"""

from dataclasses import dataclass
from enum import StrEnum

from schemas.directory import Directory
from schemas.leaf import Leaf
from schemas.leaf_steps import STATE_STEPS


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
    TIE = "tie-unknown"
    TIE_TWICE = "tie-twice"
    EVIDENCE = "evidence-not-there"
    FACT = "fact-unknown"
    FACTS = "facts-missing"
    UNPROVEN = "fact-unproven"
    POSITION = "position-taken"
    ROUND = "round-differs"
    NOT_PASSED = "round-not-passed"
    UNANSWERED = "grounds-unanswered"
    ANSWERED = "answered-twice"
    SAME_PERSON = "same-person"
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


def check_step(leaf: Leaf, state: str | None, end: str) -> None:
    """Refuse a step that is no row of the noun's table.

    Raises:
        Unlawful: `step-refused`, or `begun-twice` for what begins a thing that is there.
    """
    rows = STATE_STEPS[leaf.event]
    if not rows[0].starts:
        law(state is None, FaultCode.BEGUN_TWICE)
    law(any(end == row.end and (state in row.starts or not row.starts) for row in rows), FaultCode.STEP)
