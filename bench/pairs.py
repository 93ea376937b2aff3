"""Two sides of one figure, measured in turn: ours, the peer, ours, the peer; medians, and one line of print."""

import os
import time
from collections.abc import Callable
from statistics import median
from typing import NamedTuple

ROUNDS = 5
"""Fewest rounds of a figure that is printed as one."""


class Figure(NamedTuple):
    """A figure: what is measured, against whom, and what it should be.

    `at_least`: how fast ours is by the peer's speed. `at_most`: what ours costs by the peer's costs. One of them is set.
    """

    name: str
    peer: str
    at_least: float | None = None
    at_most: float | None = None


class Sides(NamedTuple):
    """Seconds of each round."""

    ours: list[float]
    peer: list[float]


def wall(work: Callable[[], object]) -> float:
    """Return the seconds that something takes by the clock."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def cpu(work: Callable[[], object]) -> float:
    """Return the processor seconds that something takes in this process, all threads together."""
    began = time.process_time()
    work()
    return time.process_time() - began


def in_turn(
    ours: Callable[[], float], peer: Callable[[], float], *, rounds: int = ROUNDS, warm: bool = True
) -> Sides:
    """Measure both in turn, the peer first in every other round; `warm` takes each once before."""
    if warm:
        ours()
        peer()
    sides = Sides([], [])
    for number in range(rounds):
        for is_ours in (True, False) if number % 2 else (False, True):
            (sides.ours if is_ours else sides.peer).append((ours if is_ours else peer)())
    return sides


def tell(figure: Figure, sides: Sides, unit: str = "s") -> None:
    """Print a figure as one line: medians of both sides, their ratio, its span over the rounds, and its target."""
    one, other = median(sides.ours), median(sides.peer)
    is_speed = figure.at_least is not None
    ratios = [b / a if is_speed else a / b for a, b in zip(*sides, strict=True)]
    ratio = other / one if is_speed else one / other
    limit = figure.at_least if is_speed else figure.at_most
    is_met = ratio >= (limit or 0) if is_speed else ratio <= (limit or 0)
    print(
        f"{figure.name}: {one:.3f} {unit} | {figure.peer}: {other:.3f} {unit} | ratio {ratio:.2f} "
        f"({min(ratios):.2f}–{max(ratios):.2f} in {len(ratios)} rounds) | target {'≥' if is_speed else '≤'} {limit} "
        f"{'met' if is_met else 'MISSED'}",
        flush=True,
    )


def tell_of_the_machine() -> None:
    """Print how busy the machine is: on a busy one only ratios mean something."""
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores", flush=True)
