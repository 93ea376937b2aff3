"""`quancheng verify`: what an outsider is told about a package, and about one that somebody has touched."""

import random
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest

from mobile_contract.client.verify import verify_package
from mobile_contract.client.verify_origin import Trust
from mobile_contract.client.verify_report import Ledger, Report
from schemas import leaves_device as things
from schemas.actor import Role
from schemas.catalogue import words_of
from schemas.claim import ClaimFault, PackageClaim
from schemas.container import read_container
from schemas.errors import Invalid
from schemas.integrity import Outcome
from schemas.note import sign_note, vkey_of_seed
from schemas.package import (
    CATALOGUE,
    CHAINS,
    CHECKPOINT,
    HIDDEN,
    INDEX,
    LEAVES,
    NOTE,
    OPENINGS,
    TAG_MANIFEST,
    FileRole,
    Packed,
    digest_lines,
    export_key_name,
    note_text,
    packed,
)
from schemas.refusals_custody import PROOF_INVALID
from schemas.refusals_manifest import MANIFEST_FLOAT
from schemas.refusals_monitoring import INTAKE_INVALID
from tests.package import Made, begun, make_package, trust_file, trust_members, whole, zipped
from tests.package_bureau import ORIGIN, Office, make_bureau, seed

ORIGIN_CLAIMS = {
    "package_signature",
    "checkpoint_signature",
    "log_inclusion",
    "ticket",
    "manifest_signature",
    "device_key",
}


@pytest.fixture
def made() -> Made:
    return make_package()


def check(path: Path, content: bytes, trust: Trust | None) -> Report:
    path.write_bytes(content)
    return verify_package(path, trust)


ASKED = {"case_number"}
"""Made where a number is asked for, or the file is called by one."""

DESK_CLAIMS = {
    "intake_logged", "intake_signature", "record_row", "record_media", "record_gate", "record_reviewed",
    "review_logged",
}  # fmt: skip
"""Made about cases with monitoring records and review rounds; a case without them makes none and still holds."""


def mismatches(report: Report) -> set[tuple[str, str]]:
    return {(c.claim, c.code) for c in report.claims if c.outcome is Outcome.MISMATCH}


def resigned(made: Made, files: list[Packed], *, secret: bytes) -> bytes:
    """Make lists, note and container anew over changed files, as somebody with the key `secret` could."""
    kept = {f.name: f for f in files if f.name not in (TAG_MANIFEST, NOTE, "manifest-sha256.txt")}
    payload = [f for name, f in kept.items() if name.startswith("data/")]
    kept["manifest-sha256.txt"] = packed("manifest-sha256.txt", digest_lines(payload))
    tags = packed(TAG_MANIFEST, digest_lines(f for n, f in kept.items() if not n.startswith("data/")))
    note = sign_note(note_text(made.index(), tags.sha256), export_key_name(ORIGIN), secret)
    return zipped([*kept.values(), tags, packed(NOTE, note.encode())])


def test_a_true_package_holds_under_its_trust_file(made: Made, tmp_path: Path):
    """Every claim about an untouched package is verified when the keys are known."""
    report = verify_package(made.write(tmp_path / "p.zip"), Trust.parse(trust_file(made.bureau)))

    assert report.holds
    assert {c.outcome for c in report.claims} == {Outcome.VERIFIED}
    assert {c.claim for c in report.claims} == set(PackageClaim) - DESK_CLAIMS - ASKED


def test_everything_of_the_desks_is_proven(tmp_path: Path):
    """A case with a record, rounds, ended ties and a neighbour's case: every kind of claim is made, and verified."""
    made = whole().close()
    report = verify_package(made.write(tmp_path / "p.zip"), Trust.parse(trust_file(made.bureau)))

    assert report.holds, report.failed()
    assert {c.claim for c in report.claims} == set(PackageClaim) - ASKED
    told = {(c.claim, c.code) for c in report.claims if c.outcome is not Outcome.VERIFIED}
    names = ("manifest_agrees", "manifest_signature", "device_key")
    assert told == {(name, "manifest-absent") for name in names}  # of the picture that came with the batch


def test_without_trust_no_claim_of_origin_is_made(made: Made, tmp_path: Path):
    """Without a trust file every claim of origin says that there is no anchor, and that is no pass."""
    report = verify_package(made.write(tmp_path / "p.zip"), None)

    assert (report.holds, report.verdict.exit_code) == (False, 3)
    assert {c.claim for c in report.failed()} == ORIGIN_CLAIMS
    assert {c.claim for c in report.claims if c.code == "no-trust-anchor"} == ORIGIN_CLAIMS
    assert not any(c.claim in ORIGIN_CLAIMS and c.outcome is Outcome.VERIFIED for c in report.claims)


@pytest.mark.parametrize("is_anchored", [True, False])
def test_a_flipped_bit_is_named(is_anchored: bool, tmp_path: Path):
    """A flipped bit fails, and the failure names the file that holds it, or the container.

    Bits of the container are all tried in its own test; here the ends and some inner bytes of every file
    and a sample of the headers are, through the whole verification.
    """
    made = make_package(contents=(b"one",))
    content, trust = made.bytes(), made.office.trust if is_anchored else None
    chance = random.Random(20261125)
    for owner, places in places_by_owner(content).items():
        inner = chance.sample(places, min(len(places), 60 if owner == "container" else 2))
        for at in {places[0], places[-1], *inner}:
            mask = 1 << chance.randrange(8)
            assert_named(content, at, mask, owner=owner, path=tmp_path / "p.zip", trust=trust)


def assert_named(content: bytes, at: int, mask: int, *, owner: str, path: Path, trust: Trust | None) -> None:
    flipped = bytearray(content)
    flipped[at] ^= mask
    report = check(path, bytes(flipped), trust)
    assert not report.holds
    assert owner in {c.subject for c in report.failed() if c.outcome is Outcome.MISMATCH}, at


def places_by_owner(content: bytes) -> dict[str, list[int]]:
    owners, found = owner_of_each_byte(content), defaultdict(list)
    for at in range(len(content)):
        found[owners.get(at, "container")].append(at)
    return found


def owner_of_each_byte(content: bytes) -> dict[int, str]:
    members = read_container(lambda at, n: content[at : at + n], len(content))
    return {at: m.name for m in members for at in range(m.content_at, m.content_at + m.size_bytes)}


def original(made: Made, position: int = 0) -> Packed:
    return made.files[made.recordings[position], FileRole.ORIGINAL][0]


def test_a_swap_of_two_originals_is_found(made: Made, tmp_path: Path):
    """Two originals that change places fail by digest, even when all lists are made anew and signed."""
    first, second = original(made, 0), original(made, 1)
    made.put(made.recordings[0], FileRole.ORIGINAL, second.payload or b"")
    made.put(made.recordings[1], FileRole.ORIGINAL, first.payload or b"")

    report = verify_package(made.write(tmp_path / "p.zip"), made.office.trust)

    assert mismatches(report) == {("recording_digest", "digest-differs")}


def test_a_recording_that_was_left_out_is_missed(made: Made, tmp_path: Path):
    """Dropping the files of a recording from package and index is found by the leaf that tied it to the case."""
    gone = made.recordings[1]
    made.files = {key: files for key, files in made.files.items() if key[0] != gone}

    report = verify_package(made.write(tmp_path / "p.zip"), made.office.trust)

    assert mismatches(report) == {("recording_digest", "file-missing"), ("derivative", "file-missing")}
    assert {c.subject for c in report.failed()} == {gone}


def test_an_ended_tie_shows_its_chain_and_no_bytes(tmp_path: Path):
    """Of a recording whose tie has ended the package holds the chain, none of its words and none of its bytes."""
    made = begun()
    made.bureau.untie(made.case, made.recordings[1])
    made.close()
    report = verify_package(made.write(tmp_path / "p.zip"), made.office.trust)

    assert report.holds, report.failed()
    assert report.story is not None
    ended = {one.id: one for one in report.story.recordings}[made.recordings[1].partition("/")[2]]
    assert (ended.is_evidence, ended.filename.not_shown) == (False, "tie-ended")
    assert not any(ended.id in file.name for file in made.pack())


def test_a_removed_file_is_missed(made: Made, tmp_path: Path):
    """A file that was taken out of the container alone is named."""
    name = original(made).name
    files = [f for f in made.pack() if f.name != name]

    report = check(tmp_path / "p.zip", zipped(files), made.office.trust)

    assert name in {c.subject for c in report.failed() if c.code == "file-missing"}


def test_an_added_file_is_named(made: Made, tmp_path: Path):
    """A file that nothing lists is named; one that is listed, or indexed to nothing of the case, is too."""
    stray = packed("data/originals/stray/evidence.jpg", b"planted")

    loose = check(tmp_path / "p.zip", zipped([*made.pack(), stray]), made.office.trust)
    listed = check(
        tmp_path / "q.zip",
        resigned(made, [*made.pack(), stray], secret=made.office.export_seed),
        made.office.trust,
    )
    made.files[f"recording/{'0' * 8}-0000-7000-8000-{'0' * 12}", FileRole.ORIGINAL] = [stray]
    indexed = verify_package(made.write(tmp_path / "r.zip"), made.office.trust)

    assert (stray.name, "file-not-listed") in {(c.subject, c.code) for c in loose.failed()}
    assert (stray.name, "layout-differs") in {(c.subject, c.code) for c in listed.failed()}
    assert [(c.subject, c.code) for c in indexed.failed()] == [(stray.name, "layout-differs")]


def test_a_bag_made_anew_by_a_stranger_is_not_signed(made: Made, tmp_path: Path):
    """Somebody who changes a file and re-makes all lists cannot sign them."""
    stranger = resigned(made, made.pack(), secret=seed())

    report = check(tmp_path / "p.zip", stranger, made.office.trust)

    assert mismatches(report) == {("package_signature", "signature-invalid")}


def test_a_signature_of_another_package_does_not_count(made: Made, tmp_path: Path):
    """The true note of one export under another's files says that it is of another package."""
    other = next(f for f in make_package().pack() if f.name == NOTE)
    files = [other if f.name == NOTE else f for f in made.pack()]

    report = check(tmp_path / "p.zip", zipped(files), None)

    assert mismatches(report) == {("package_signature", "note-differs")}


@pytest.mark.parametrize(
    ("field", "claims"),
    [
        ("registry_key", {"device_key"}),
        ("export_vkey", {"package_signature"}),
        ("log_vkey", {"checkpoint_signature"}),
    ],
)
def test_a_key_of_another_operator_fails_its_own_claim(
    made: Made, tmp_path: Path, field: str, claims: set[str]
):
    """With one wrong key in the trust file exactly the claims that rest on it fail."""
    path = made.write(tmp_path / "p.zip")
    wrong = made.office.trust.model_copy(update={field: getattr(Office().trust, field)})

    report = verify_package(path, wrong)

    assert {claim for claim, _ in mismatches(report)} == claims
    assert not report.holds


def test_a_recording_without_a_verdict_does_not_hold(tmp_path: Path):
    """What the server had not verified is not checked, and that is not passed."""
    made = begun(contents=(b"verified",))
    manifest = made.bureau.declare([b"just received"])
    late = made.bureau.receive(b"just received", manifest, 0, declared_sha256=None)
    made.bureau.tie(made.case, late, made.bureau.device)
    made.close()

    report = verify_package(made.write(tmp_path / "p.zip"), made.office.trust)

    failed = {(c.claim, c.subject, c.code) for c in report.failed()}
    assert {
        ("recording_logged", late, "not-verified-yet"),
        ("recording_digest", late, "digest-unknown"),
    } <= failed
    assert not report.holds


def test_a_verdict_that_came_after_the_request_is_carried(tmp_path: Path):
    """A recording that was being verified when the package was asked for goes on to its verdict."""
    made = begun(contents=(b"verified",))
    late = made.bureau.receive(b"late", made.bureau.declare([b"late"]), 0)
    made.bureau.tie(made.case, late, made.bureau.device)
    made.close()
    made.bureau.conclude(late)
    made.gather()

    report = verify_package(made.write(tmp_path / "p.zip"), made.office.trust)

    assert report.holds, report.failed()
    assert ("recording_digest", late) in {(c.claim, c.subject) for c in report.claims}


def test_a_quarantined_recording_does_not_spoil_the_package(tmp_path: Path):
    """A recording is quarantined because a claim fails: the package says so, and holds."""
    made = begun(contents=(b"good",))
    swapped = made.bureau.receive(b"swapped", made.bureau.declare([b"declared"]), 0)
    made.bureau.tie(made.case, swapped, made.bureau.device)
    made.bureau.conclude(swapped, broken="digest")
    made.close()

    report = verify_package(made.write(tmp_path / "p.zip"), made.office.trust)

    assert mismatches(report) == {("manifest_agrees", "file-not-in-manifest")}
    assert report.holds, report.failed()


def test_a_key_revoked_before_the_declaration_does_not_count(tmp_path: Path):
    """The log's order decides whether the key was still in force when the manifest came."""
    revoked = {}
    for is_before in (False, True):
        bureau = make_bureau()
        custodian, kid = bureau.people[Role.CUSTODIAN], bureau.registration.kid
        told = {"kid": kid, "reason_code": "lost"}
        if is_before:
            bureau.write(things.DeviceRevoke, bureau.device, custodian, bureau.device, **told)
        made = begun(bureau=bureau)
        if not is_before:
            bureau.write(things.DeviceRevoke, bureau.device, custodian, bureau.device, **told)
        made.close()
        path = made.write(tmp_path / f"{is_before}.zip")
        revoked[is_before] = verify_package(path, made.office.trust)

    assert revoked[False].holds, revoked[False].failed()
    assert ("device_key", "device-key-revoked") in mismatches(revoked[True])
    assert ("state", "unlawful") in mismatches(revoked[True])


def test_a_signature_that_is_not_the_declared_one_does_not_count(made: Made, tmp_path: Path):
    """Other bytes under the manifest, or another signature, fail against the leaf that declared it."""
    manifest = next(of for of, role in made.files if role is FileRole.MANIFEST)
    made.put(manifest, FileRole.MANIFEST_SIGNATURE, b"not..a-jws")
    report = verify_package(made.write(tmp_path / "p.zip"), made.office.trust)
    assert mismatches(report) == {("manifest_signature", "leaf-differs")}

    made.put(manifest, FileRole.MANIFEST, b"{}")
    report = verify_package(made.write(tmp_path / "p.zip"), made.office.trust)
    assert ("manifest_agrees", "manifest-digest-differs") in mismatches(report)


def test_another_registration_of_the_key_does_not_count(made: Made, tmp_path: Path):
    """The registration is the one whose digest the enrolment states, signed by this registry."""
    other = make_bureau(made.office)
    (key,) = other.files[other.device, FileRole.KEY]
    made.put(made.bureau.device, FileRole.KEY, key.payload or b"")

    report = verify_package(made.write(tmp_path / "p.zip"), made.office.trust)

    assert ("device_key", "key-differs") in mismatches(report)


@pytest.mark.parametrize(
    ("name", "payload", "claim"),
    [
        (CHECKPOINT, b"", "checkpoint_signature"),
        (CHECKPOINT, b"\xff\xfe", "checkpoint_signature"),
        (LEAVES, b"[" * 100_000, "log_inclusion"),
        (LEAVES, b'{"digest":"x"}\n', "log_inclusion"),
        (LEAVES, b'{"digest":"x","index":0,"leaf":"?"}\n', "log_inclusion"),
        (OPENINGS, b"{" * 100_000, "opening"),
        (OPENINGS, b'{"leaf":"x","opening":1}\n', "opening"),
        (CHAINS, b"case/1 1 x\n", "request"),
        (HIDDEN, b"\xff", "request"),
        (CATALOGUE, b"[" * 100_000, "catalogue"),
        (INDEX, b"{" * 100_000, "index"),
        (INDEX, b'{"typ":"quancheng-export","v":2}', "index"),
        ("bagit.txt", b"BagIt-Version: 0.97\n", "bag"),
        ("bag-info.txt", b"Payload-Oxum: 1.1\n", "bag"),
        (NOTE, b"hello", "package_signature"),
    ],
)
@pytest.mark.parametrize("is_anchored", [True, False])
def test_malformed_files_are_findings_never_crashes(
    made: Made, tmp_path: Path, *, name: str, payload: bytes, claim: str, is_anchored: bool
):
    """Whatever stands in a file of the package, the verifier answers with a claim that fails."""
    files = [packed(name, payload) if f.name == name else f for f in made.pack()]
    trust = made.office.trust if is_anchored else None

    report = check(tmp_path / "p.zip", zipped(files), trust)

    assert claim in {c.claim for c in report.failed()}
    assert not report.holds


@pytest.mark.parametrize("size", [0, 1, 21, 22, 1000])
def test_a_file_that_is_no_package_is_refused(tmp_path: Path, size: int):
    """Noise and emptiness fail as a container, without a crash."""
    report = check(tmp_path / "p.zip", random.Random(1).randbytes(size), None)

    assert [(c.claim, c.subject) for c in report.failed()] == [("container", "container")]


def test_a_report_that_requires_nothing_does_not_hold():
    """No required claim at all is no proof."""
    ledger = Ledger(is_anchored=False)
    assert not ledger.report().holds
    ledger.skip(PackageClaim.PACKAGE_SIGNATURE, "x", ClaimFault.NO_TRUST_ANCHOR, is_required=False)
    assert not ledger.report().holds


@pytest.mark.parametrize(
    "change",
    [
        {"v": 2},
        {"origin": "other.test/log"},
        {"registry_key": "AAAA"},
        {"registry_key": "?"},
        {"log_vkey": "nonsense"},
        {"export_vkey": vkey_of_seed("x", b"\x01" * 32)[:-4]},
    ],
)
def test_a_trust_file_that_contradicts_itself_is_refused(change: dict[str, object]):
    """A trust file of another version, with a malformed key, or of two logs, anchors nothing."""
    with pytest.raises(Invalid):
        Trust.parse(trust_members(Office()) | change)


def test_a_fault_is_never_told_as_the_claim_that_failed():
    """An error that no report knows by name is told as the fault of its place, a known one as itself."""
    ledger = Ledger(is_anchored=True)
    for refusal in (PROOF_INVALID, INTAKE_INVALID, MANIFEST_FLOAT):
        ledger.fail_as(PackageClaim.RECORD_ROW, "a", refusal("why"), otherwise=ClaimFault.ROW_DIFFERS)

    claims = ledger.report().claims
    assert [claim.code for claim in claims] == [
        ClaimFault.PROOF_INVALID,
        ClaimFault.INTAKE_INVALID,
        ClaimFault.ROW_DIFFERS,
    ]
    assert not {claim.words for claim in claims} & {words_of(PackageClaim.RECORD_ROW)}


def test_the_verifier_loads_no_server_library(made: Made, tmp_path: Path):
    """Verification needs cryptography and pydantic; no database, object store or web framework."""
    path = made.write(tmp_path / "p.zip")
    program = (
        "import sys; from pathlib import Path; from mobile_contract.client.verify import verify_package;"
        f"verify_package(Path({str(path)!r}), None);"
        "banned = {'sqlalchemy', 'psycopg', 'minio', 'celery', 'fastapi', 'httpx', 'cv2', 'PIL', 'storage', 'rich',"
        "'rfc8785'};"
        "sys.exit(str(banned & {name.partition('.')[0] for name in sys.modules}) if banned & "
        "{name.partition('.')[0] for name in sys.modules} else 0)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")
