"""A step is a row: from which states, to which, who may take it, what the log says of it, what else must hold.

Each noun with a state has one table of such rows, `STEPS`, in its own module. The machine is derived from it; storage
looks up event, action and time column there; the console asks it what to offer. So the three cannot disagree.
"""

from collections.abc import Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Generic, TypeVar

from schemas.errors import AnyRefusal, EvidenceError
from schemas.event import Event
from schemas.policy import Action

Name = TypeVar("Name", bound=StrEnum)
State = TypeVar("State", bound=StrEnum)
Facts = TypeVar("Facts")


def _logged(event: Event | None, of: StrEnum) -> Event:
    if event is None:
        raise LookupError(f"{of} has no event")
    return event


@dataclass(frozen=True)
class Begin(Generic[State]):
    """How a thing comes to be: its first state, its event, its time column; no event where another noun's says it."""

    state: State
    event: Event | None = None
    dated: str | None = None

    @property
    def logs(self) -> Event:
        """The event of this beginning.

        Raises:
            LookupError: it does not enter the log by itself.
        """
        return _logged(self.event, self.state)


@dataclass(frozen=True)
class Step(Generic[Name, State, Facts]):
    """One step. `action` is asked of the policy, absent where the system itself takes the step; `event` enters the log.

    `gate` is a pure rule over what the step looks at besides the state; it raises what forbids the step. `dated` is
    the column that keeps the time of the step, `undated` one that a step back empties.
    """

    name: Name
    starts: AbstractSet[State]
    end: State
    action: Action | None = None
    event: Event | None = None
    gate: Callable[[Facts], None] | None = None
    dated: str | None = None
    undated: str | None = None

    @property
    def asks(self) -> Action:
        """The permission this step asks for.

        Raises:
            LookupError: nobody asks for it; the system takes it.
        """
        if self.action is None:
            raise LookupError(f"{self.name} is taken by the system")
        return self.action

    @property
    def logs(self) -> Event:
        """The event of this step.

        Raises:
            LookupError: it does not enter the log by itself.
        """
        return _logged(self.event, self.name)

    def check(self, facts: Facts) -> None:
        """Raise what forbids the step besides the state."""
        if self.gate is not None:
            self.gate(facts)

    def stamp(self, at: datetime) -> dict[str, datetime | None]:
        """Return the time column of this step with its time, and that which it empties, if any."""
        emptied: dict[str, datetime | None] = {} if self.undated is None else {self.undated: None}
        return emptied if self.dated is None else {**emptied, self.dated: at}


@dataclass(frozen=True)
class Steps(Generic[Name, State, Facts]):
    """The table of one noun. `refused` is said of a step from a wrong state, `refused_from` of some states."""

    begins: tuple[Begin[State], ...]
    rows: tuple[Step[Name, State, Facts], ...]
    refused: AnyRefusal
    refused_from: Mapping[State, AnyRefusal] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if len({row.name for row in self.rows}) != len(self.rows):
            raise ValueError("a step has one row")

    def __getitem__(self, name: Name) -> Step[Name, State, Facts]:
        return next(row for row in self.rows if row.name is name)

    def __iter__(self) -> Iterator[Step[Name, State, Facts]]:
        return iter(self.rows)

    @property
    def begin(self) -> Begin[State]:
        """The one way in which such a thing comes to be."""
        (only,) = self.begins
        return only

    def start(self, state: State, name: Name) -> Step[Name, State, Facts]:
        """Return the row of a step that starts from `state`.

        Raises:
            EvidenceError: no such step from this state, as the table says.
        """
        row = self[name]
        if state not in row.starts:
            refused = self.refused_from.get(state, self.refused)
            raise refused(f"{name} is no step from {state}", state=state)
        return row

    def after(self, state: State, name: Name, facts: Facts) -> State:
        """Return the state after a step.

        Raises:
            EvidenceError: the state or a gate does not allow it.
        """
        row = self.start(state, name)
        row.check(facts)
        return row.end

    def possible(self, state: State) -> list[Step[Name, State, Facts]]:
        """Return the steps that start from a state, in the order of the table; none from a final one."""
        return [row for row in self.rows if state in row.starts]

    def offered(self, state: State, may: Callable[[Action], bool]) -> list[Step[Name, State, Facts]]:
        """Return the steps from a state that a person may take, as far as the policy goes; their gates may yet forbid."""
        return [row for row in self.possible(state) if row.action is not None and may(row.action)]

    def waiting(self, action: Action) -> frozenset[State]:
        """Return the states in which a step waits for somebody with this permission."""
        return frozenset(state for row in self.rows if row.action is action for state in row.starts)

    def why_not(self, state: State, name: Name, facts: Facts) -> EvidenceError | None:
        """Return what forbids a step now, or nothing."""
        try:
            self.after(state, name, facts)
        except EvidenceError as err:
            return err
        return None
