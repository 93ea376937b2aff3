"""How much findings weigh for an agency: within bounds, and over nothing that is a claim about the bytes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.checks.claims import DIGEST
from schemas.checks.examined import EXAMINED
from schemas.checks.steps import TRACK_STEPS
from schemas.checks.structure import CONTAINER
from schemas.checks.table import CHECKS, FINDINGS
from schemas.integrity import Outcome, Severity, Verdict
from schemas.verdict import BINDING_CHECKS, breaks_binding, verdict
from schemas.weight import SETTABLE, is_weight, weighed, weight_meant, weight_said
from schemas.words import Language
from tests.unit.test_examined import HELD

JUMP = TRACK_STEPS.found("track-jump", count=3)
CUT = CONTAINER.found("mp4-truncated", box="mdat", missing_bytes=4)


@pytest.mark.parametrize(
    "item", ["digest-mismatch=info", "mp4-truncated=info", "mp4-truncated=remark", "track-jump", "track-jump=",
             "track-jump=grave", "nothing=warn", "=warn", "track-jump=none", "track-jump=warn=warn"],
)  # fmt: skip
def test_what_means_nothing_or_hides_damage_is_no_weight(item: str) -> None:
    """A claim about the bytes, damage below a doubt, an unknown finding, an unknown weight, silence."""
    assert not is_weight(item)


def test_a_weight_changes_the_verdict_and_nothing_else() -> None:
    """A jump that an agency takes seriously makes a doubt of it; code, outcome, version and parameters stay."""
    (again,) = weighed([JUMP], ["track-jump=warn", "mp4-padding=remark"])

    assert again == JUMP.model_copy(update={"severity": Severity.WARN})
    whole = [*HELD, CONTAINER.held(), EXAMINED.held()]
    assert verdict([*whole, JUMP]) is Verdict.VERIFIED
    assert verdict([*whole, again]) is Verdict.DOUBTFUL
    assert weighed([JUMP, CUT], []) == (JUMP, CUT)


@given(st.lists(st.sampled_from([f"{code}={one}" for code in FINDINGS for one in Severity]), max_size=8))
def test_no_list_that_may_stand_hides_damage_or_a_broken_claim(items: list[str]) -> None:
    """Whatever lawful list is set: a broken claim quarantines as before, and damage is still for a person to judge."""
    lawful = [item for item in items if is_weight(item)]
    wrong = DIGEST.found("digest-mismatch", declared="a", actual="b")

    for one in weighed([wrong, CUT], lawful):
        assert breaks_binding(one) is (one.name == "digest")
        assert one.severity.rank >= Severity.WARN.rank
        assert one.outcome is Outcome.MISMATCH
    assert not SETTABLE.keys() & {row.code for name in BINDING_CHECKS for row in CHECKS[name].findings}


@pytest.mark.parametrize("typed", ["track-jump=存疑", "track-jump = doubtful", "track-jump=warn"])
def test_a_weight_is_typed_and_shown_in_words(typed: str) -> None:
    """In either language or as the name of the weight; what means nothing stays as it was typed, to be refused."""
    assert weight_meant(typed) == "track-jump=warn"
    assert [weight_said("track-jump=warn", one) for one in Language] == [
        "track-jump=存疑",
        "track-jump=doubtful",
    ]
    assert not is_weight(weight_meant("track-jump=严重"))
