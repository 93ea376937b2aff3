"""What a person says of a file that they hand in, and what it is worth."""

import json

import pytest

from schemas.actor import Role
from schemas.checks.claims import BY_BROWSER, DEVICE_KEY, DIGEST, MANIFEST_SIGNATURE, SIZE
from schemas.checks.examined import EXAMINED
from schemas.checks.structure import CONTAINER
from schemas.declaration import Declaration, HandInWay, Origin, parse_declaration
from schemas.errors import Malformed
from schemas.integrity import CheckResult, Outcome, Verdict
from schemas.leaves_recording import RecordingDeclare, RecordingSeal
from schemas.life import FaultCode
from schemas.media import Exif, Gps, MediaFacts
from schemas.unsigned import unsigned
from schemas.verdict import verdict
from tests.bringing import FULL, TAKEN
from tests.leaf_history import WORKER, World, begin, received

HELD = (DIGEST.held(), SIZE.held(bytes=1), CONTAINER.held(), EXAMINED.held())
BROUGHT = (*HELD, MANIFEST_SIGNATURE.found(BY_BROWSER), DEVICE_KEY.found("device-key-no-manifest"))
TELLING = MediaFacts(exif=Exif(datetime_original="2026:11:29 10:00:00"), gps=Gps(lat_e7=1, lon_e7=1))


@pytest.mark.parametrize("way", HandInWay)
def test_only_the_origin_must_be_said(way: HandInWay) -> None:
    """What is left out stays absent; what is said is kept, a time in UTC."""
    assert parse_declaration(json.dumps(TAKEN), way) == Declaration(way=way, origin=Origin.TAKEN)
    full = parse_declaration(json.dumps(FULL), way)
    assert {name: value for name, value in full.model_dump(mode="json").items() if name != "made_at"} == {
        **{name: value for name, value in FULL.items() if name != "made_at"},
        "way": way,
    }
    assert full.made_at is not None
    assert full.made_at.isoformat() == "2026-11-29T02:00:00+00:00"


@pytest.mark.parametrize(
    ("said", "fields"),
    [
        ({}, ["origin"]),
        ({"origin": "found"}, ["origin"]),
        ({"origin": "copied"}, []),
        ({"origin": "taken", "source": "硬盘"}, []),
        ({"origin": "copied", "source": " \n"}, ["source"]),
        ({"origin": "taken", "maker": "王\0"}, ["maker"]),
        ({"origin": "taken", "maker": "王" * 101}, ["maker"]),
        ({"origin": "taken", "made_at": "2026-11-29T10:00:00"}, ["made_at"]),
        ({"origin": "taken", "made_at": "0001-01-01T00:00:00Z"}, []),
        ({"origin": "taken", "document": "poem"}, ["document"]),
        ({"origin": "taken", "media_type": "a b"}, ["media_type"]),
        ({"origin": "taken", "place": "here"}, ["place"]),
    ],
)
def test_what_breaks_a_rule_is_refused_before_a_byte_is_sent(said: dict[str, str], fields: list[str]) -> None:
    """The refusal names the fields; a rule that two of them break together names none."""
    with pytest.raises(Malformed) as caught:
        parse_declaration(json.dumps(said), HandInWay.BROWSER)
    assert (caught.value.slug, caught.value.facts["fields"]) == ("declaration-invalid", fields)


def test_text_that_is_no_json_is_refused() -> None:
    """As every other declaration that says nothing."""
    for text in ("", "{", "[]", '"taken"'):
        with pytest.raises(Malformed):
            parse_declaration(text, HandInWay.BROWSER)


def test_a_paper_is_verified_as_the_bytes_that_were_declared() -> None:
    """It has no scene of which place and time could be asked, and no signature that could be wanting."""
    assert list(unsigned(MediaFacts(), "application/pdf")) == []
    assert verdict(BROUGHT) is Verdict.VERIFIED


@pytest.mark.parametrize("media_type", ["image/jpeg", "video/mp4", "audio/wav"])
def test_a_scene_of_which_nobody_says_place_and_time_is_not_passed(media_type: str) -> None:
    """Absence weighs, whoever declared the bytes; a file that says both itself is verified as these bytes."""
    assert verdict([*BROUGHT, *unsigned(MediaFacts(), media_type)]) is Verdict.NOT_CHECKED
    assert verdict([*BROUGHT, *unsigned(TELLING, media_type)]) is Verdict.VERIFIED


@pytest.mark.parametrize("at", range(len(HELD)))
def test_every_other_claim_is_still_asked(at: int) -> None:
    """Without digest, size, structure or what was examined nothing is verified."""
    assert verdict([one for n, one in enumerate(BROUGHT) if n != at]) is not Verdict.VERIFIED


def test_other_bytes_than_declared_are_a_mismatch() -> None:
    """That a person declared them makes a broken claim no smaller."""
    broken = DIGEST.found("digest-mismatch", declared="a", actual="b")
    assert verdict([broken, *BROUGHT[1:]]) is Verdict.MISMATCH


def test_without_the_declaration_nothing_is_verified() -> None:
    """The same rows under a manifest that is absent: nobody answers for the bytes."""
    rows: list[CheckResult] = [*HELD, MANIFEST_SIGNATURE.found("manifest-absent"), BROUGHT[-1]]
    assert verdict(rows) is Verdict.NOT_CHECKED
    assert MANIFEST_SIGNATURE.found(BY_BROWSER).outcome is Outcome.NOT_CHECKED


def _brought(world: World) -> tuple[str, str]:
    person = world.people[Role.OFFICER]
    return received(world, person), person


def _faults(world: World, of: str) -> set[FaultCode]:
    return {fault.code for fault in world.history.folded()[of].faults}


def test_a_declaration_is_made_once_by_whoever_handed_it_in_and_before_the_verdict() -> None:
    """Twice, by another person, behind the seal, or without the source of a copy: each is a fault of the record."""
    said = {"way": HandInWay.BROWSER, "origin": Origin.TAKEN, "source": None}
    for case in ("lawful", "twice", "other", "late", "unsourced"):
        world = begin()
        of, person = _brought(world)
        if case == "late":
            world.history.write(RecordingSeal, of, WORKER, size_bytes=7)
        who = world.people[Role.HANDLER] if case == "other" else person
        origin = {"origin": Origin.COPIED} if case == "unsourced" else {}
        world.history.write(RecordingDeclare, of, who, **{**said, **origin})
        if case == "twice":
            world.history.write(RecordingDeclare, of, person, **said)
        assert (
            _faults(world, of)
            == {
                "lawful": set(),
                "twice": {FaultCode.TWICE},
                "other": {FaultCode.ACTOR},
                "late": {FaultCode.STEP},
                "unsourced": {FaultCode.OUTCOME},
            }[case]
        )


@pytest.mark.parametrize("way", [None, *HandInWay])
def test_a_verdict_by_declaration_rests_on_one(way: HandInWay | None) -> None:
    """A seal that names a person's word in the place of a signature, and no such word in the log, is a fault."""
    world = begin()
    of, person = _brought(world)
    if way is not None:
        said = {"way": way, "origin": Origin.TAKEN, "source": None}
        world.history.write(RecordingDeclare, of, person, **said)
    words = {MANIFEST_SIGNATURE.name: f"not_checked/{BY_BROWSER}/1"}
    world.history.write(RecordingSeal, of, WORKER, size_bytes=7, checks=words)
    assert _faults(world, of) == (set() if way is HandInWay.BROWSER else {FaultCode.OUTCOME})
