"""What a newer result says otherwise, and what is judged anew at all."""

import pytest

from schemas.checks.structure import CONTAINER, CONTAINER_END
from schemas.checks.table import CHECKS
from schemas.examination import AS_OF_RECEIPT, changes, edition, edition_of, is_outdated, is_worse
from schemas.integrity import Verdict
from schemas.media import Medium
from schemas.verdict import BINDING_CHECKS

WELL, CUT = CONTAINER.held(), CONTAINER.found("mp4-truncated", box="mdat", missing_bytes=4)
PADDED = CONTAINER_END.found("mp4-padding", count=4)


def test_only_what_says_otherwise_is_a_change() -> None:
    """Another version, or other parameters of a check that held, change nothing; what is new, gone or other does."""
    older = WELL.model_copy(update={"version": 0, "params": {"n": 1}})

    assert changes([WELL], [WELL]) == changes([older], [WELL]) == ()
    assert changes([WELL], [CUT]) == (("container", WELL, CUT),)
    assert changes([WELL], [WELL, PADDED]) == (("container_end", None, PADDED),)
    assert changes([WELL, PADDED], [WELL]) == (("container_end", PADDED, None),)


@pytest.mark.parametrize(
    ("was", "now", "worse"),
    [
        (Verdict.VERIFIED, Verdict.NOT_CHECKED, True),
        (Verdict.NOT_CHECKED, Verdict.DOUBTFUL, True),
        (Verdict.DOUBTFUL, Verdict.NOT_CHECKED, False),
        (Verdict.DOUBTFUL, Verdict.DOUBTFUL, False),
    ],
)
def test_a_doubt_weighs_more_than_what_nobody_looked_at(was: Verdict, now: Verdict, *, worse: bool) -> None:
    """Head and reviewer of a decided case hear of the one and not of the other."""
    assert is_worse(was, now) is worse


def test_old_is_what_older_checks_of_the_bytes_made() -> None:
    """Checks of people and clocks are never made anew, whatever their version."""
    today = edition_of("video/mp4")

    assert is_outdated({"container": CONTAINER.version - 1}, today)
    assert not is_outdated({"container": CONTAINER.version, "officers": 0, "of-another-product": 0}, today)


def test_old_is_also_what_a_shorter_list_of_checks_made() -> None:
    """A check that is added at version 1 makes older results of its medium old, and of files that nobody could read."""
    made = {"container": CONTAINER.version}
    before = [one for name, one in CHECKS.items() if name != "timing"]
    old = {medium: edition(medium, before) for medium in Medium}

    assert is_outdated(made, None)
    assert {medium for medium, name in old.items() if is_outdated(made, name)} == {Medium.VIDEO, Medium.OTHER}


def test_claims_about_bytes_are_made_anew_and_those_about_keys_are_not() -> None:
    """The digest is compared again; a key that was revoked since does not reach back."""
    assert set(BINDING_CHECKS) - AS_OF_RECEIPT == {"digest", "size"}
    assert set(CHECKS) > AS_OF_RECEIPT
