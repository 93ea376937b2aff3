"""The capture manifest and what it gives away."""

import json
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from schemas.canonical import canonical_bytes
from schemas.capture import ClockLimits, Previous, manifest_findings
from schemas.errors import ManifestInvalid, TooLarge
from schemas.ids import AccountId
from schemas.integrity import CheckResult, Outcome, Severity
from schemas.manifest import (
    MAX_MANIFEST_BYTES,
    RULES,
    CaptureManifest,
    Clock,
    Datum,
    Location,
    OfficerException,
    build_manifest,
    manifest_digest,
    parse_manifest,
)
from schemas.officer import NamedOfficer
from schemas.tolerance import DECLARED_TOLERANCES
from schemas.verdict import breaks_binding
from tests.make_contract import AT, CHALLENGE, valid_manifest

RECEIVED_AT = AT + timedelta(minutes=3)
ENROLMENT = Previous(seq=0, sha256=CHALLENGE)
REGISTERED = tuple(
    NamedOfficer(
        number=number, person=AccountId(UUID(int=turn)), is_valid=True, is_ours=True, is_auxiliary=False
    )
    for turn, number in enumerate(("10320001001", "10320001002"), 1)
)


def changed(**update: object) -> CaptureManifest:
    return CaptureManifest.model_validate({**dict(valid_manifest()), **update})


def clock(offset_ms: int, uncertainty_ms: int = 35) -> Clock:
    return Clock(source="server", offset_ms=offset_ms, uncertainty_ms=uncertainty_ms, synced_at=AT)


def at_place(**update: object) -> Location:
    return Location.model_validate({**dict(valid_manifest().loc), **update})


LIMITS = ClockLimits(5_000, 60_000)


def findings(
    manifest: CaptureManifest,
    *,
    previous: Previous | None = ENROLMENT,
    is_quoted: bool | None = None,
    **told: int,
) -> dict[str, CheckResult]:
    """What is found, by what is declared but for the tolerances in `told`."""
    results = manifest_findings(
        manifest,
        previous=previous,
        received_at=RECEIVED_AT,
        officers=REGISTERED,
        clock=LIMITS,
        allowed=DECLARED_TOLERANCES.model_copy(update=told),
        is_quoted=is_quoted,
    )
    return {result.name: result for result in results}


def broken(payload: bytes) -> ManifestInvalid | TooLarge:
    with pytest.raises((ManifestInvalid, TooLarge)) as caught:
        parse_manifest(payload)
    return caught.value


def test_round_trip():
    """What is built parses to the same value, and building that gives the same bytes."""
    payload = build_manifest(valid_manifest())
    assert parse_manifest(payload) == valid_manifest()
    assert build_manifest(parse_manifest(payload)) == payload


def test_absent_fields_are_left_out_of_the_bytes():
    """No null is ever signed: an optional field that says nothing is not there."""
    members = json.loads(build_manifest(changed(loc=None, anchor=None, context=None)))
    assert not members.keys() & {"loc", "anchor", "context", "exception", "ext", "crit"}


@given(st.binary(max_size=300))
def test_arbitrary_bytes_break_a_named_rule(payload):
    """No other exception leaks, and the rule is one of the published ones."""
    assert broken(payload).refusal in RULES


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
        max_leaves=8,
    )
)
def test_any_value_in_any_field_breaks_a_named_rule_or_is_valid(value):
    """A field of any JSON kind ends in a published rule, never in a crash."""
    members = json.loads(build_manifest(valid_manifest()))
    for name in members:
        payload = json.dumps(
            {**members, name: value}, ensure_ascii=False, separators=(",", ":"), sort_keys=True
        )
        try:
            parse_manifest(payload.encode("utf-8", "surrogatepass"))
        except ManifestInvalid as err:
            assert err.refusal in RULES  # noqa: PT017 - both ways are allowed


def test_the_limit_is_exact():
    """64 KiB are accepted, one byte more is not."""
    room = MAX_MANIFEST_BYTES - len(build_manifest(changed(ext={"pad": ""})))
    assert len(build_manifest(changed(ext={"pad": "x" * room}))) == MAX_MANIFEST_BYTES
    parse_manifest(build_manifest(changed(ext={"pad": "x" * room})))
    with pytest.raises(TooLarge):
        build_manifest(changed(ext={"pad": "x" * (room + 1)}))


def test_a_broken_field_is_named():
    """The answer says where: the path of the field, not only that something is wrong."""
    members = json.loads(build_manifest(valid_manifest()))
    members["files"][0]["size"] = -1
    assert broken(canonical_bytes(members)).facts["field"] == "files.0.size"


def test_a_manifest_without_typ_says_so_first():
    """Foreign JSON is recognised by the missing type, whatever else is missing."""
    assert broken(b'{"v":1}').facts["field"] == "typ"
    assert broken(b'{"typ":"quancheng-manifest"}').facts["field"] == "v"


def test_deep_nesting_is_refused_without_recursion_errors():
    """A bomb of brackets answers like any other broken document."""
    assert broken(b'{"a":' * 50_000 + b"1" + b"}" * 50_000).refusal in RULES
    nested: dict[str, object] = {}
    for _ in range(20):
        nested = {"a": nested}
    members = {**json.loads(build_manifest(valid_manifest())), "ext": nested}
    payload = json.dumps(members, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()
    assert broken(payload).slug == "manifest-not-canonical"


def test_ten_thousand_digits_are_not_an_integer():
    """A number longer than the interpreter converts answers as broken JSON."""
    assert broken(b'{"seq":' + b"9" * 10_000 + b"}").slug == "manifest-not-json"


def test_corrected_time_is_capture_time_plus_offset():
    """Offset is server minus device: a device 420 ms ahead is corrected backwards."""
    manifest = changed(clock=clock(-420))
    assert manifest.corrected_at == AT - timedelta(milliseconds=420)
    assert manifest.captured_at == AT


@pytest.mark.parametrize("at", [datetime(1970, 1, 1, tzinfo=UTC), datetime(8999, 12, 31, tzinfo=UTC)])
@pytest.mark.parametrize("offset_ms", [-4 * 10**12, 4 * 10**12])
def test_corrected_time_never_leaves_the_calendar(at, offset_ms):
    """The widest allowed time and offset still give a date."""
    assert changed(captured_at=at, clock=clock(offset_ms)).corrected_at.tzinfo is UTC


def test_a_local_time_cannot_be_built():
    """A value with another zone is refused before it is signed."""
    with pytest.raises(ValidationError):
        changed(captured_at=AT.astimezone(timezone(timedelta(hours=8))))


def test_a_good_manifest_has_no_finding():
    """First of its key, good clock, two known officers, a real fix: every check is verified."""
    results = findings(valid_manifest())
    assert list(results) == ["manifest_sequence", "clock", "capture_time", "officers", "place"]
    assert {result.outcome for result in results.values()} == {Outcome.VERIFIED}
    assert {result.code for result in results.values()} == {""}


def test_the_chain_is_followed():
    """The second manifest names the digest of the first."""
    first = build_manifest(valid_manifest())
    before = Previous(seq=1, sha256=manifest_digest(first), manifest=parse_manifest(first))
    second = changed(seq=2, prev=manifest_digest(first), mono_ms=86_500_000)
    assert findings(second, previous=before)["manifest_sequence"].outcome is Outcome.VERIFIED


FORK = Previous(seq=0, sha256=CHALLENGE, sibling_sha256="ab" * 32)


@pytest.mark.parametrize(
    ("update", "previous", "code", "severity"),
    [
        ({"seq": 4}, ENROLMENT, "sequence-gap", Severity.WARN),
        ({"prev": "00" * 32}, ENROLMENT, "sequence-fork", Severity.FAIL),
        ({}, FORK, "sequence-fork", Severity.FAIL),
        ({"seq": 5}, Previous(seq=5, sha256=CHALLENGE), "sequence-fork", Severity.FAIL),
        ({}, None, "sequence-unknown", Severity.WARN),
    ],
)
def test_gaps_and_forks_are_findings(update, previous, code, severity):
    """A hole, another predecessor, a twin and a missing predecessor are told apart."""
    result = findings(changed(**update), previous=previous)["manifest_sequence"]
    assert (result.code, result.severity) == (code, severity)
    assert result.outcome is not Outcome.VERIFIED


def test_a_gap_says_how_many_are_missing():
    """Sequence 4 straight after enrolment misses three captures."""
    assert findings(changed(seq=4))["manifest_sequence"].params["missing"] == 3


@pytest.mark.parametrize(
    ("offset_ms", "code"),
    [
        (5_000, ""),
        (-5_000, ""),
        (5_001, "clock-offset-warn"),
        (-60_000, "clock-offset-warn"),
        (60_001, "clock-offset-large"),
        (-60_001, "clock-offset-large"),
    ],
)
def test_clock_bands(offset_ms, code):
    """Rules 3: up to 5 s is good, up to 60 s a warning, beyond that it needs an explanation."""
    result = findings(changed(clock=clock(offset_ms)))["clock"]
    assert result.code == code
    assert result.severity is (Severity.WARN if code else Severity.NONE)


@pytest.mark.parametrize("source", ["none", "rtc", "device"])
def test_a_clock_that_was_never_compared_supports_nothing(source):
    """No offset of it is a measurement: neither the clock nor the certificates of that time were checked."""
    results = findings(changed(clock=Clock(source=source, offset_ms=0, uncertainty_ms=0, synced_at=AT)))
    for name, code in (("clock", "clock-never-checked"), ("officers", "officers-clock-unchecked")):
        assert (results[name].outcome, results[name].code) == (Outcome.NOT_CHECKED, code)
        assert results[name].severity is Severity.WARN


@pytest.mark.parametrize(
    ("ahead_seconds", "code"), [(5, ""), (6, "captured-in-future"), (86_400, "captured-in-future")]
)
def test_a_capture_after_its_receipt_is_found(ahead_seconds, code):
    """The corrected time may pass the receipt by the tolerance only."""
    manifest = changed(captured_at=RECEIVED_AT + timedelta(seconds=ahead_seconds), clock=clock(0))
    assert findings(manifest)["capture_time"].code == code


def test_an_uncertain_clock_cannot_excuse_any_future():
    """A device that claims years of uncertainty gets one minute."""
    manifest = changed(captured_at=RECEIVED_AT + timedelta(hours=1), clock=clock(0, 10**15))
    assert findings(manifest)["capture_time"].code == "captured-in-future"


def test_a_monotonic_clock_that_went_back_within_one_boot_is_found():
    """Time since boot only grows; after a reboot it may be anything."""
    before = Previous(seq=1, sha256="00" * 32, manifest=valid_manifest())
    same_boot = changed(seq=2, prev="00" * 32, mono_ms=5)
    assert findings(same_boot, previous=before)["capture_time"].code == "clock-mono-back"
    rebooted = changed(seq=2, prev="00" * 32, mono_ms=5, boot_id="another")
    assert findings(rebooted, previous=before)["capture_time"].code == ""


@pytest.mark.parametrize("is_quoted", [None, True, False])
def test_a_checkpoint_that_the_log_never_had_is_found(is_quoted: bool | None):
    """What is quoted must be of the log; what is of another one, or is not quoted, says nothing."""
    anchor = {"origin": "log.example", "size": 17, "root": "A" * 43 + "="}
    result = findings(changed(anchor=anchor), is_quoted=is_quoted)["capture_time"]
    assert (result.code, result.outcome) == (
        ("quoted-checkpoint-unknown", Outcome.MISMATCH) if is_quoted is False else ("", Outcome.VERIFIED)
    )


@pytest.mark.parametrize(
    ("officers", "code", "outcome"),
    [
        (("10320001001", "10320001002"), "", Outcome.VERIFIED),
        (("10320001001",), "officers-fewer-than-two", Outcome.MISMATCH),
        (("10320001001", "10320001001"), "officers-fewer-than-two", Outcome.MISMATCH),
        ((), "officers-fewer-than-two", Outcome.MISMATCH),
        (("10320001001", "10329999999"), "officers-unknown-certificate", Outcome.MISMATCH),
    ],
)
def test_two_distinct_officers_with_known_certificates(officers, code, outcome):
    """Administrative Penalty Law art. 42: too few is a remark, an unknown certificate a doubt, and neither a refusal."""
    result = findings(changed(officers=officers))["officers"]
    assert (result.code, result.outcome) == (code, outcome)
    too_few = Severity.REMARK if code == "officers-fewer-than-two" else Severity.WARN
    assert result.severity is (too_few if code else Severity.NONE)
    assert not breaks_binding(result)


def test_a_cited_article_lifts_the_two_officer_rule():
    """One officer with an article is a remark; the article is shown."""
    manifest = changed(officers=("10320001001",), exception=OfficerException(article="行政处罚法 art. 51"))
    result = findings(manifest)["officers"]
    assert (result.outcome, result.code) == (Outcome.VERIFIED, "officers-exception")
    assert result.params["article"] == "行政处罚法 art. 51"


def test_no_finding_carries_a_certificate_number():
    """Certificate numbers name persons and stay out of stored parameters."""
    for officers in ((), ("10320001001",), ("10329999999", "10328888888")):
        assert "1032" not in str(findings(changed(officers=officers))["officers"].params)


@pytest.mark.parametrize(
    ("loc", "code", "outcome"),
    [
        (None, "location-absent", Outcome.MISMATCH),
        (at_place(mock=True), "location-mock", Outcome.MISMATCH),
        (at_place(fix_at=AT + timedelta(seconds=61)), "location-fix-in-future", Outcome.MISMATCH),
        (at_place(crs=Datum.GCJ02), "location-datum-gcj02", Outcome.VERIFIED),
        (at_place(crs=Datum.BD09), "location-datum-bd09", Outcome.VERIFIED),
        (at_place(crs=Datum.CGCS2000), "", Outcome.VERIFIED),
    ],
)
def test_places(loc, code, outcome):
    """No place, a mocked one, a fix from the future and a shifted datum are each told."""
    result = findings(changed(loc=loc))["place"]
    assert (result.code, result.outcome) == (code, outcome)


@pytest.mark.parametrize(("seconds", "code"), [(60, "location-jump"), (3 * 3600, "")])
def test_a_jump_is_faster_than_a_car(seconds, code):
    """Rules 6: 300 km in one minute is found, in three hours it is not."""
    before = Previous(seq=1, sha256="00" * 32, manifest=valid_manifest())
    there = at_place(lat_e7=333_380_000 + 27_000_000, fix_at=AT + timedelta(seconds=seconds))
    later = changed(seq=2, prev="00" * 32, loc=there, captured_at=AT + timedelta(seconds=seconds))
    assert findings(later, previous=before)["place"].code == code


@pytest.mark.parametrize(
    ("told", "code"), [({}, "location-jump"), ({"jump_metres": 1500}, ""), ({"jump_speed_kmh": 300}, "")]
)
def test_how_far_somebody_goes_is_what_the_agency_allows(told, code):
    """1.3 km in fifteen seconds is a jump under what is declared, and none where more is allowed."""
    before = Previous(seq=1, sha256="00" * 32, manifest=valid_manifest())
    at = AT + timedelta(seconds=15)
    there = at_place(lat_e7=valid_manifest().loc.lat_e7 + 117_000, fix_at=at)
    later = changed(seq=2, prev="00" * 32, loc=there, captured_at=at)
    assert findings(later, previous=before, **told)["place"].code == code


def test_how_far_ahead_of_its_receipt_a_capture_lies_is_a_setting():
    """Half a minute ahead: in the future under what is declared, and not where a minute is allowed."""
    ahead = changed(captured_at=RECEIVED_AT + timedelta(seconds=30))
    assert findings(ahead)["capture_time"].code == "captured-in-future"
    assert findings(ahead, ahead_seconds=60)["capture_time"].code == ""


def test_a_change_of_datum_is_not_a_jump():
    """The same spot in WGS 84 and GCJ-02 lies half a kilometre apart on paper only."""
    before = Previous(seq=1, sha256="00" * 32, manifest=valid_manifest())
    later = changed(seq=2, prev="00" * 32, loc=at_place(crs=Datum.GCJ02, lon_e7=1_201_640_000))
    assert findings(later, previous=before)["place"].code == "location-datum-gcj02"
