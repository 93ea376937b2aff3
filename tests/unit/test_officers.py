"""Officers are people: who counts under art. 42, and what is said where too few do."""

from uuid import UUID

import pytest

from schemas.ids import AccountId
from schemas.integrity import Outcome, Severity
from schemas.manifest import CaptureManifest, Clock, OfficerException
from schemas.officer import NamedOfficer, check_officers
from tests.make_contract import AT, valid_manifest

UNCHECKED = Clock(source="none", offset_ms=0, uncertainty_ms=0, synced_at=AT)


def officer(number: str, person: int, **changed: bool) -> NamedOfficer:
    plain = {"is_valid": True, "is_ours": True, "is_auxiliary": False}
    return NamedOfficer(number=number, person=AccountId(UUID(int=person)), **(plain | changed))


def naming(*numbers: str, **update: object) -> CaptureManifest:
    return CaptureManifest.model_validate({**dict(valid_manifest()), "officers": numbers, **update})


def weight_of(code: str) -> Severity:
    """Too few is a rule of conduct; a certificate that is not what it says casts a doubt."""
    return {"": Severity.NONE, "officers-fewer-than-two": Severity.REMARK}.get(code, Severity.WARN)


ONE, TWO = officer("10320001001", 1), officer("10320001002", 2)


@pytest.mark.parametrize(
    ("second", "code", "count"),
    [
        (TWO, "", 2),
        (officer("10320001002", 1), "officers-fewer-than-two", 1),
        (officer("10320001002", 2, is_auxiliary=True), "officers-fewer-than-two", 1),
        (officer("10320001002", 2, is_valid=False), "officers-invalid-certificate", 1),
        (officer("10320001002", 2, is_ours=False), "officers-other-agency", 1),
    ],
    ids=["two people", "two certificates of one", "an auxiliary", "run out", "another agency's"],
)
def test_two_certificates_are_two_officers_only_of_two_who_count(
    second: NamedOfficer, code: str, count: int
) -> None:
    """One person is one officer, an auxiliary none; an invalid certificate and another agency's are told apart."""
    result = check_officers(naming(ONE.number, second.number), (ONE, second))

    assert result.code == code
    assert list(result.params.values()) == [count]
    assert result.version == 3
    assert result.severity is weight_of(code)


def test_who_stands_beside_two_officers_takes_nothing_from_them() -> None:
    """An auxiliary named beside two officers is no fault."""
    helper = officer("10320001003", 3, is_auxiliary=True)

    result = check_officers(naming(ONE.number, TWO.number, helper.number), (ONE, TWO, helper))

    assert (result.outcome, result.code, dict(result.params)) == (Outcome.VERIFIED, "", {"officers": 2})


def test_a_certificate_that_nobody_holds_is_counted_as_such() -> None:
    """Three numbers of which the register knows two: one is unknown."""
    result = check_officers(naming(ONE.number, TWO.number, "10329999999"), (ONE, TWO))

    assert (result.code, dict(result.params)) == ("officers-unknown-certificate", {"unknown": 1})


@pytest.mark.parametrize(
    "manifest", [None, naming(), naming(clock=UNCHECKED)], ids=["none", "empty", "no clock"]
)
def test_whoever_names_nobody_gets_the_finding_of_too_few(manifest: CaptureManifest | None) -> None:
    """Without a manifest, with one that names nobody, whatever its clock: fewer than two."""
    result = check_officers(manifest)

    assert (result.outcome, result.code) == (Outcome.MISMATCH, "officers-fewer-than-two")
    assert (result.severity, dict(result.params)) == (Severity.REMARK, {"officers": 0})


def test_a_clock_that_was_never_compared_leaves_it_unchecked() -> None:
    """Nobody knows at which time the certificates would have to be valid; no exception changes that."""
    article = OfficerException(article="行政处罚法 art. 51")
    for named in (
        naming(ONE.number, TWO.number, clock=UNCHECKED),
        naming(ONE.number, clock=UNCHECKED, exception=article),
    ):
        result = check_officers(named, (ONE, TWO))
        assert (result.outcome, result.code) == (Outcome.NOT_CHECKED, "officers-clock-unchecked")


def test_an_exception_says_why_one_was_enough() -> None:
    """One person and an article is a remark, two certificates of that person change nothing."""
    article = OfficerException(article="行政处罚法 art. 51")
    twice = officer("10320001002", 1)

    result = check_officers(naming(ONE.number, twice.number, exception=article), (ONE, twice))

    assert (result.outcome, result.code) == (Outcome.VERIFIED, "officers-exception")
