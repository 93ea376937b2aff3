"""Ids made before their row: version 7, sorted by time, never twice."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from storage.act import fresh_id


def test_ids_are_of_version_seven_and_sort_by_time() -> None:
    """Ten thousand ids in a row: each of RFC 9562's form, none twice, milliseconds never running back."""
    before = datetime.now(UTC)
    made = [fresh_id() for _ in range(10_000)]
    assert {(one.version, one.variant) for one in made} == {(7, "specified in RFC 4122")}
    assert len(set(made)) == len(made)
    assert all(first.int >> 68 <= second.int >> 68 for first, second in pairwise(made))
    told = datetime.fromtimestamp((made[0].int >> 80) / 1000, UTC)
    assert timedelta(milliseconds=-1) <= told - before < timedelta(minutes=1)
