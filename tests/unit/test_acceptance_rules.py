"""What proves a fact: what the checks verified, and what a person accepts with a reason."""

from itertools import product
from uuid import uuid4

import pytest

from schemas.acceptance import CARRIED, AcceptanceGround, carries
from schemas.integrity import Severity, Shown, Verdict
from schemas.media import Exif, Gps, MediaFacts
from schemas.review_findings import SeenFact, case_findings
from schemas.unsigned import unsigned

CASE = f"case/{uuid4()}"


@pytest.mark.parametrize("verdict", Verdict)
def test_without_a_persons_word_only_what_is_verified_proves(verdict: Verdict) -> None:
    """Absence weighs like a broken claim: not checked is as little proof as doubtful or mismatch."""
    assert carries(None, verdict) is (verdict is Verdict.VERIFIED)


def test_an_acceptance_covers_what_it_was_given_of_and_what_is_better() -> None:
    """What turns worse afterwards is covered no more: nobody accepted that."""
    order = [Verdict.VERIFIED, Verdict.NOT_CHECKED, Verdict.DOUBTFUL, Verdict.MISMATCH]
    for was, now in product(order, repeat=2):
        is_verified = now is Verdict.VERIFIED
        assert carries(was, now) is (is_verified or order.index(now) <= order.index(was)), (was, now)
        assert ((was, now) in CARRIED) is carries(was, now)


@pytest.mark.parametrize(
    ("proofs", "accepted", "code"),
    [
        (0, 0, "fact-without-evidence"),
        (1, 1, "fact-by-acceptance"),
        (2, 1, ""),
        (2, 2, "fact-by-acceptance"),
        (1, 0, ""),
    ],
)
def test_a_reviewer_sees_what_rests_on_a_word_alone(proofs: int, accepted: int, code: str) -> None:
    """A fact of which nothing is verified is told, unless one piece of its evidence is verified as well."""
    fact = SeenFact(subject=f"fact/{uuid4()}", proofs=proofs, accepted=accepted)

    found = [one.check for one in case_findings(CASE, recordings=[], records=[], facts=[fact])]
    told = [one for one in found if one.name == "proof"]

    assert [one.code for one in told] == [code] * bool(code)
    assert all(one.severity is Severity.WARN for one in told)


def test_every_ground_is_a_name_of_its_own() -> None:
    """The values stand in leaves for ever."""
    assert {one.value for one in AcceptanceGround} == {
        *("original_seen", "maker_confirms", "party_confirms", "other_evidence", "beside_the_fact", "other")
    }


PLACED = MediaFacts(gps=Gps(lat_e7=333_400_000, lon_e7=1_201_500_000))
DATED = MediaFacts(exif=Exif(datetime_original="2026:11:20 10:00:00"))
MADE = MediaFacts(created_raw="2026-11-20T10:00:00Z")


@pytest.mark.parametrize(
    ("facts", "codes"),
    [
        (MediaFacts(), ["place-unknown", "time-unknown"]),
        (PLACED, ["place-by-file-alone", "time-unknown"]),
        (DATED, ["place-unknown", "time-by-file-alone"]),
        (MADE, ["place-unknown", "time-by-file-alone"]),
    ],
)
def test_a_missing_place_or_time_weighs_without_a_manifest_too(facts: MediaFacts, codes: list[str]) -> None:
    """A file that says nothing gets a remark for each; what it says of itself nobody checked, and neither is green."""
    made = list(unsigned(facts, "image/jpeg"))

    assert [one.code for one in made] == codes
    assert [one.shown for one in made] == [
        Shown.REMARKED if one.code.endswith("unknown") else Shown.NOT_CHECKED for one in made
    ]


@pytest.mark.parametrize("media_type", ["application/pdf", "application/gpx+xml", "application/octet-stream"])
def test_paper_and_tracks_have_no_scene(media_type: str) -> None:
    """Of a record of an interview no place of capture is asked."""
    assert list(unsigned(MediaFacts(), media_type)) == []
