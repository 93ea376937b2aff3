"""Wire forms are made of their values."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest
from pydantic import ValidationError

from api.audit_member import RecheckOut
from api.manifest import FindingOut
from api.recording import RecordingOut, entry_out
from schemas.audit import RecheckOutcome
from schemas.base import HexOut, WireOut
from schemas.chain import entry_hash, leaf_digest, tree_hash
from schemas.digest import sha256_hex
from schemas.ids import AgencyId, RecordingId, UploadId
from schemas.integrity import CheckResult, Outcome, Severity, Verdict
from schemas.leaf import leaf_bytes
from schemas.leaves_recording import RecordingReceive
from schemas.media import MediaFacts
from schemas.recording import Place, Recording, RecordingState
from storage.audit.values import Recheck
from storage.custody.values import Logged
from tests.leaf_examples import example

AT = datetime(2026, 11, 28, 5, 12, tzinfo=UTC)


class Small(WireOut):
    """A wire form with one member in another form than the value has it."""

    name: str
    digest: HexOut


class Value:
    """Something with more than is sent."""

    name = "a"
    digest = b"\xab"
    secret = "s"


def _recording() -> Recording:
    return Recording.model_construct(
        **{
            **dict.fromkeys(Recording.model_fields),
            "id": RecordingId(uuid4()),
            "upload_id": UploadId(uuid4()),
            "agency_id": AgencyId(uuid4()),
            "agency_name": "支队",
            "state": RecordingState.SEALED,
            "verdict": Verdict.VERIFIED,
            "filename": "a.jpg",
            "media_type": "image/jpeg",
            "size_bytes": 7,
            "officers": ("09-1", "09-2"),
            "received_at": AT,
            "place": Place(lat_e7=1, lon_e7=2, accuracy_cm=None, crs="wgs84"),
            "stated_case": "苏-1",
            "has_thumbnail": True,
            "remarks": 0,
            "facts": MediaFacts(),
        },
    )


def test_a_wire_form_takes_its_members_and_nothing_else() -> None:
    """What is sent is what the form lists; bytes travel as hexadecimal."""
    assert Small.of(Value()).model_dump() == {"name": "a", "digest": "ab"}


def test_a_member_may_be_put_beside_the_value() -> None:
    """What the value calls otherwise, or does not have, is given by name and wins."""
    assert Small.of(Value(), name="b").name == "b"


def test_a_value_that_lacks_a_member_is_no_such_thing() -> None:
    """A member that is missing is a fault of ours and never an empty field."""
    with pytest.raises(ValidationError):
        Small.of(object(), name="b")


def test_a_recording_tells_its_stated_case() -> None:
    """The stated number is sent as `case`, tuples as lists, the place whole."""
    sent = RecordingOut.of(_recording()).model_dump(mode="json")
    assert (sent["case"], sent["officers"]) == ("苏-1", ["09-1", "09-2"])
    assert (sent["place"]["lat_e7"], sent["state"]) == (1, "sealed")


def test_a_recheck_names_its_recording() -> None:
    """Id and file name come from the recording within."""
    found = _recording()
    recheck = Recheck.model_construct(
        recording=found, outcome=RecheckOutcome.VERIFIED, code="", sha256=None, checked_at=AT
    )
    sent = RecheckOut.of(recheck)
    assert (sent.recording_id, sent.filename) == (found.id, "a.jpg")


def test_a_finding_and_an_entry_are_plain() -> None:
    """Enums travel as words, facts and parameters as they are."""
    check = CheckResult(
        name="size", version=1, outcome=Outcome.VERIFIED, severity=Severity.INFO, code="", params={"bytes": 7}
    )
    sent = FindingOut.of(check, zh="", en="").model_dump(mode="json")
    assert (sent["outcome"], sent["params"]) == ("verified", {"bytes": 7})
    leaf = example(RecordingReceive, is_full=False)
    payload = leaf_bytes(leaf)
    kept = Logged(leaf=leaf, digest=leaf_digest(payload), leaf_hash=tree_hash(payload), leaf_index=None)
    told = entry_out(kept, ()).model_dump(mode="json")
    assert (told["event"], told["facts"]) == ("recording:receive", leaf.act.facts())
    assert (told["entry_id"], told["digest"]) == (leaf.id, sha256_hex(payload))
    assert told["offices"] == []
    assert told["leaf_hash"] == entry_hash(told["digest"])
