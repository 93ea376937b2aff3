"""What repeats on a page is said once: findings of one sentence, acts of one kind in a row."""

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import NamedTuple, Protocol

from schemas.case_change import CaseChange
from schemas.integrity import CheckResult

SPELLED_OUT = 3
"""So many things of one finding are named beside it; more are counted, and unfold."""


class Told(Protocol):
    """A finding with its sentences, and what it is about."""

    @property
    def noun(self) -> str: ...

    @property
    def check(self) -> CheckResult: ...

    @property
    def sentence(self) -> str: ...

    @property
    def next(self) -> str: ...


class Alike(NamedTuple):
    """Findings that say the same of several things: `first` stands for all of them, each has its own address."""

    first: Told
    each: Sequence[Told]

    @property
    def is_long(self) -> bool:
        """Whether they are more than are named beside the finding."""
        return len(self.each) > SPELLED_OUT


def alike(findings: Iterable[Told]) -> list[Alike]:
    """Return findings by what they say, in the order in which each is said first."""
    found: dict[object, list[Told]] = {}
    for one in findings:
        said = (one.noun, one.check.name, one.check.outcome, one.check.severity, one.sentence, one.next)
        found.setdefault(said, []).append(one)
    return [Alike(each[0], each) for each in found.values()]


def in_runs(history: Iterable[CaseChange]) -> list[list[CaseChange]]:
    """Return acts of one kind by one person that follow each other together; whatever says more stands alone."""
    runs = groupby(enumerate(history), lambda one: _run(*one))
    return [[change for _, change in run] for _, run in runs]


def _run(position: int, change: CaseChange) -> object:
    if change.reason or change.before:
        return position
    return (change.event, change.changed_by, change.offices)
