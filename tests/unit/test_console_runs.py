"""What repeats on a page is said once, and none of it is lost."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from api.console.case_rows import PartAsked, part_of
from api.console.evidence import SaidFinding
from api.console.listing import PAGE_ROWS
from api.console.runs import alike, in_runs
from schemas.case_change import CaseChange
from schemas.checks.unsigned import UNSIGNED_PLACE, UNSIGNED_TIME
from schemas.event import Event
from schemas.integrity import Shown, Verdict
from schemas.recording import Recording
from tests.members import made

PLACE, TIME = UNSIGNED_PLACE.found("place-unknown"), UNSIGNED_TIME.found("time-unknown")
_SAID = st.tuples(st.sampled_from(["recording", "fact"]), st.sampled_from([PLACE, TIME]), st.integers())


def _finding(said: tuple[str, object, int]) -> SaidFinding:
    noun, check, number = said
    return SaidFinding(noun, f"{number}.jpg", "", check, check.code, "")


@given(st.lists(_SAID.map(_finding)))
def test_findings_that_say_the_same_stand_together(findings: list[SaidFinding]) -> None:
    """Each is in one group, in order; no two groups say the same of the same kind of thing."""
    groups = alike(findings)
    assert sorted((one for told in groups for one in told.each), key=repr) == sorted(findings, key=repr)
    assert [told.first for told in groups] == [told.each[0] for told in groups]
    heads = [(told.first.noun, told.first.sentence) for told in groups]
    assert len(set(heads)) == len(heads)
    assert all(
        {(one.noun, one.sentence) for one in told.each} == {head}
        for told, head in zip(groups, heads, strict=True)
    )


def _change(event: Event, *, by: str = "account/1", reason: str = "") -> CaseChange:
    at = datetime(2026, 9, 1, tzinfo=UTC)
    given = {"n": 1, "subject": "case/1", "before": {}, "leaf_index": None}
    return CaseChange(event=event, changed_by=by, changed_at=at, reason=reason, **given)


def test_only_acts_that_say_nothing_more_are_counted_together() -> None:
    """Another person, another kind and a reason each begin anew; nothing is left out."""
    link, step = Event.CASE_LINK, Event.CASE_FILE
    history = [
        *[_change(link)] * 3,
        _change(link, by="account/2"),
        *[_change(Event.CASE_UNLINK, reason="误关联")] * 2,
        _change(step),
        _change(link),
    ]
    runs = in_runs(history)
    assert [len(run) for run in runs] == [3, 1, 1, 1, 1, 1]
    assert [one for run in runs for one in run] == history


def _recordings(many: int) -> list[Recording]:
    words = {"state": "sealed", "remarks": 0}
    verdicts = [Verdict.VERIFIED, Verdict.DOUBTFUL]
    return [made(Recording, is_full=False, **words, verdict=verdicts[n % 7 == 0]) for n in range(many)]


def test_the_parts_of_a_case_are_the_whole() -> None:
    """Every recording is in one part, whatever number is asked for; a word has its own parts and its own count."""
    rows = _recordings(2 * PAGE_ROWS + 3)
    parts = [part_of(rows, PartAsked(part=number), "/c") for number in (1, 2, 3)]
    assert [one for part in parts for one in part.rows] == rows
    assert [(part.first, part.total, len(part.ways)) for part in parts] == [
        (1, len(rows), 3),
        (PAGE_ROWS + 1, len(rows), 3),
        (2 * PAGE_ROWS + 1, len(rows), 3),
    ]
    assert part_of(rows, PartAsked(part=99), "/c").rows == parts[2].rows
    doubtful = part_of(rows, PartAsked(only=Shown.DOUBTFUL), "/c")
    assert list(doubtful.rows) == [one for one in rows if one.verdict is Verdict.DOUBTFUL]
    assert {way.word: way.number for way in doubtful.words} == {
        None: len(rows),
        Shown.VERIFIED: len(rows) - doubtful.total,
        Shown.DOUBTFUL: doubtful.total,
    }


def test_a_short_case_is_one_part_without_ways() -> None:
    """And nonsense in the address narrows nothing."""
    rows = _recordings(3)
    asked = PartAsked.model_validate({"part": "-1", "only": "nonsense"})
    part = part_of(rows, asked, "/c")
    assert (list(part.rows), part.ways, part.words) == (rows, (), ())
