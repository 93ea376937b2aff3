"""What is said of a track once it was read, whatever format it came in."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from schemas.checks.steps import TRACK_CLOCK, TRACK_GAPS, TRACK_PACE, TRACK_STEPS, TRACK_TIMES
from schemas.checks.tracks import (
    TRACK_ERA,
    TRACK_FIXES,
    TRACK_LINE,
    TRACK_POINTS,
    TRACK_REPEATS,
    TRACK_SENTENCES,
)
from schemas.integrity import Check, CheckResult, examines
from schemas.media import MAX_LINE_POINTS
from workers.media.track.fixes import Fixes, instant
from workers.media.track.nmea import NmeaReader
from workers.media.track.repeats import Repeats
from workers.media.track.steps import Clock, Met, Steps

ROLLOVER = timedelta(weeks=1024)
YOUNGEST_TURN = datetime(2019, 4, 7, tzinfo=UTC)
"""The last turn of the week number: this product is younger, and so is everything that is recorded for it."""
LAST = datetime(2100, 1, 1, tzinfo=UTC)


class Seen:
    """A track while it is read: its points, and who watches them."""

    def __init__(self, fixes: Fixes, steps: Steps, clock: Clock, repeats: Repeats) -> None:
        self.fixes = fixes
        self.steps = steps
        self.clock = clock
        self.repeats = repeats
        self.sentences: NmeaReader | None = None

    def finish(self) -> None:
        """Take what is left; nothing is read afterwards."""
        self.fixes.finish()
        self.clock.finish()


@examines(TRACK_POINTS)
def check_points(check: Check, seen: Seen) -> CheckResult:
    """Say whether there are points, and all of them on the earth."""
    fixes = seen.fixes
    if fixes.bad:
        return check.found("track-point-invalid", count=fixes.bad, point=fixes.first_bad or 0)
    if fixes.points:
        return check.held()
    return check.found("track-marks-only", count=fixes.marks) if fixes.marks else check.found("track-empty")


@examines(TRACK_FIXES)
def check_fixes(check: Check, seen: Seen) -> CheckResult | None:
    """Count the points that a receiver wrote without knowing where it was, and the times it said so."""
    fixes = seen.fixes
    if not fixes.points:
        return None
    if fixes.zeros == fixes.points:
        return check.found("track-nowhere", count=fixes.zeros)
    if fixes.zeros:
        return check.found("track-zero-island", count=fixes.zeros, point=fixes.first_zero or 0)
    voids = seen.sentences.voids if seen.sentences else 0
    return check.found("track-fix-void", count=voids) if voids else check.held()


@examines(TRACK_STEPS)
def check_steps(check: Check, seen: Seen) -> CheckResult | None:
    """Count the steps that nothing could have made, and those no car could; without times there is no speed to judge."""
    if not seen.fixes.is_timed:
        return None
    leaps, jumps = seen.steps.impossible, seen.steps.fast
    if leaps.count:
        return check.found("track-teleport", count=leaps.count, kmh=round(leaps.worst), **_where(leaps))
    return check.found("track-jump", count=jumps.count, **_where(jumps)) if jumps.count else check.held()


@examines(TRACK_PACE)
def check_pace(check: Check, seen: Seen) -> CheckResult | None:
    """Count abrupt changes of speed."""
    if not seen.fixes.is_timed:
        return None
    harsh = seen.steps.harsh
    return check.found("track-harsh", count=harsh.count, **_where(harsh)) if harsh.count else check.held()


@examines(TRACK_TIMES)
def check_times(check: Check, seen: Seen) -> CheckResult | None:
    """Count the steps back in time and the times that nobody can read; a track without times claims none."""
    unreadable, back, wavered = seen.fixes.bad_times, seen.steps.backwards, seen.steps.wavered
    if back.count:
        found = check.found("track-time-order", count=back.count, seconds=round(back.worst), **_where(back))
    elif unreadable:
        found = check.found("track-time-unreadable", count=unreadable)
    elif not seen.fixes.is_timed:
        return None
    elif wavered.count:
        found = check.found("track-time-backwards", count=wavered.count, **_where(wavered))
    else:
        found = check.held()
    return found


@examines(TRACK_CLOCK)
def check_clock(check: Check, seen: Seen) -> CheckResult | None:
    """Say where points move while their time stands; stamps of whole minutes stand by their nature."""
    if not seen.fixes.is_timed:
        return None
    clock = seen.clock
    if not clock.stopped or clock.is_coarse:
        return check.held()
    between = {"from": clock.stopped_from, "to": clock.stopped_to}
    return check.found("track-clock-stopped", count=clock.stopped, **between)


@examines(TRACK_GAPS)
def check_gaps(check: Check, seen: Seen) -> CheckResult | None:
    """Name the longest stretch without a point, if it is far longer than usual."""
    if not seen.fixes.is_timed:
        return None
    gaps = seen.clock.gaps()
    if not gaps:
        return check.held()
    seconds, before, after = gaps[0]
    return check.found("track-gap", count=len(gaps), seconds=round(seconds), **{"from": before, "to": after})


@examines(TRACK_ERA)
def check_era(check: Check, seen: Seen) -> CheckResult | None:
    """Say when the times are of years in which this cannot have been recorded; nothing is set right."""
    start, end = (instant(one) for one in seen.fixes.span_us or (None, None))
    if start is None or end is None:
        return None
    if end >= LAST:
        return check.found("track-time-far", end=end.date().isoformat())
    if start >= YOUNGEST_TURN:
        return check.held()
    shifted = start + ROLLOVER
    if shifted < YOUNGEST_TURN:
        return check.found("track-time-old", start=start.date().isoformat())
    return check.found(
        "track-time-rollover", start=start.date().isoformat(), shifted=shifted.date().isoformat()
    )


@examines(TRACK_REPEATS)
def check_repeats(check: Check, seen: Seen) -> CheckResult | None:
    """Say which stretch stands twice."""
    if not seen.fixes.points:
        return None
    doubled = seen.repeats.doubled()
    if doubled is None:
        return check.held()
    code = "track-doubled" if doubled.is_timed else "track-places-doubled"
    return check.found(code, original=doubled.original, **{"from": doubled.start, "to": doubled.end})


@examines(TRACK_SENTENCES)
def check_sentences(check: Check, seen: Seen) -> CheckResult | None:
    """Hold the sentences of a receiver against their checksums."""
    log = seen.sentences
    if log is None:
        return None
    if log.wrong:
        found = check.found("nmea-checksum-wrong", count=log.wrong, line=log.first_wrong)
    elif log.strange:
        found = check.found("nmea-strange-lines", count=log.strange, line=log.first_strange)
    elif log.cut_line:
        found = check.found("nmea-cut", line=log.cut_line)
    elif log.bare:
        found = check.found("nmea-no-checksum", count=log.bare)
    else:
        found = check.held()
    return found


@examines(TRACK_LINE)
def check_line(check: Check, seen: Seen) -> CheckResult | None:
    """Say when the line on the map shows fewer points than the track has."""
    points = seen.fixes.points
    if not points:
        return None
    if points > MAX_LINE_POINTS:
        return check.found("track-thinned", points=points, kept=len(seen.fixes.kept))
    return check.held()


CHECKS: tuple[Callable[[Seen], CheckResult | None], ...] = (
    check_points,
    check_fixes,
    check_steps,
    check_pace,
    check_times,
    check_clock,
    check_gaps,
    check_era,
    check_repeats,
    check_sentences,
    check_line,
)


def _where(met: Met) -> dict[str, int]:
    return {"point": met.point, "lat": met.lat_e7, "lon": met.lon_e7}
