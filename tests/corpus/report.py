"""The table: by check, by medium and by class of damage, with bounds of 95 %."""

import math
from collections.abc import Iterator, Sequence

from schemas.checks.table import CHECKS
from tests.corpus.run import Looked

LEAST_SHARE = 0.98
_Z = 1.959964


def bounds(found: int, of: int) -> tuple[float, float]:
    """Bounds of 95 % of a share (Wilson 1927)."""
    if not of:
        return 0.0, 1.0
    share, square = found / of, _Z * _Z
    middle = (share + square / (2 * of)) / (1 + square / of)
    half = _Z * math.sqrt(share * (1 - share) / of + square / (4 * of * of)) / (1 + square / of)
    return max(0.0, middle - half), min(1.0, middle + half)


def is_good(rows: Sequence[Looked], *, is_drawn: bool = False) -> bool:
    """At least 98 % of the damage found, and not one false alarm.

    In a draw chance misses more or fewer: there the share fails when its upper bound does.
    """
    damaged = [one for one in rows if one.codes]
    found = sum(one.is_found for one in damaged)
    share = bounds(found, len(damaged))[1] if is_drawn else found / max(1, len(damaged))
    return share >= LEAST_SHARE and all(one.is_right for one in rows if not one.codes)


def lines(rows: Sequence[Looked]) -> Iterator[str]:
    """Everything that a person reads."""
    yield from _by_check(rows)
    yield ""
    yield from _by_class(rows)
    yield ""
    yield from _by_medium(rows)
    yield from _wrong(rows)


def _line(words: str, found: int, of: int) -> str:
    low, high = bounds(found, of)
    return f"{words:<44} {found:>5} of {of:<5} {low:7.1%} – {high:.1%}"


def _by_check(rows: Sequence[Looked]) -> Iterator[str]:
    """A check is true where it warns of a damaged file, false where of a sound one.

    It missed where the damage is one of those that it names, and neither it nor another check that names it did.
    """
    named = {finding.code: check.name for check in CHECKS.values() for finding in check.findings}
    yield f"{'check':<24} {'true':>6} {'false':>6} {'missed':>7}"
    table: dict[str, list[int]] = {}
    for one in rows:
        for name in {check for check, _, _ in one.alarms}:
            table.setdefault(name, [0, 0, 0])[0 if one.codes else 1] += 1
        if one.codes and not one.is_found:
            for name in {named[code] for code in one.codes}:
                table.setdefault(name, [0, 0, 0])[2] += 1
    for name, (true, false, missed) in sorted(table.items()):
        yield f"{name:<24} {true:>6} {false:>6} {missed:>7}"


def _by_class(rows: Sequence[Looked]) -> Iterator[str]:
    classes: dict[tuple[str, str], list[Looked]] = {}
    for one in rows:
        if one.codes:
            classes.setdefault((one.medium, one.kind), []).append(one)
    for (medium, kind), files in sorted(classes.items()):
        yield _line(f"{medium:<8} {kind}", sum(one.is_found for one in files), len(files))
    yield f"{len(classes)} classes of damage"


def _by_medium(rows: Sequence[Looked]) -> Iterator[str]:
    for medium in sorted({one.medium for one in rows}):
        damaged = [one for one in rows if one.codes and one.medium == medium]
        sound = [one for one in rows if not one.codes and one.medium == medium]
        yield _line(f"{medium}: damage found", sum(one.is_found for one in damaged), len(damaged))
        yield _line(
            f"{medium}: sound files with an alarm", sum(not one.is_right for one in sound), len(sound)
        )
    damaged, sound = [one for one in rows if one.codes], [one for one in rows if not one.codes]
    yield _line("damage found", sum(one.is_found for one in damaged), len(damaged))
    yield _line("sound files with an alarm", sum(not one.is_right for one in sound), len(sound))


def _wrong(rows: Sequence[Looked]) -> Iterator[str]:
    for one in rows:
        if not one.is_right:
            what = "missed" if one.codes else "false alarm"
            said = ", ".join(f"{code} ({heavy})" for _, code, heavy in one.said) or "nothing said"
            yield f"{what}: {one.medium}: {one.kind} #{one.number} ({one.name}): {said}"
