"""A case with a monitoring record, review rounds and ended ties, as a package that an outsider can check."""

import json
import random
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from mobile_contract.client.verify import verify_package
from mobile_contract.client.verify_origin import Trust
from mobile_contract.client.verify_said import Said
from mobile_contract.client.verify_speech import sentences
from schemas.actor import Actor, Role
from schemas.container import container_chunks
from schemas.declaration import HandInWay, parse_declaration
from schemas.digest import sha256_hex
from schemas.event import Event
from schemas.ids import CaseId
from schemas.integrity import Outcome
from schemas.leaf import Leaf, parse_leaf
from schemas.package import (
    INDEX,
    LEAVES,
    NOTE,
    OPENINGS,
    TAG_MANIFEST,
    Packed,
    complete,
    export_key_name,
    packed,
    parse_index,
    proof_name,
)
from schemas.package_lines import leaves_text, openings_text, parse_leaves, parse_openings
from schemas.procedure import Formality
from schemas.review_scope import ScopeKind
from schemas.words_event import EVENTS
from storage.outbox import JobKind
from storage.settings import seed
from storage.store import Store
from tests.bringing import FULL, TAKEN, bring
from tests.casework import UNRECORDED
from tests.desk_case import make_desk_case, packed_case
from tests.factories import folder_url, make_account, make_settings
from tests.media_documents import report
from tests.trust import trust_of
from workers.media.sandbox.parent import Sandbox
from workers.runner import Runner
from workers.settings import WorkersSettings

DESK_CLAIMS = {
    "intake_logged", "intake_signature", "record_row", "record_media", "record_gate", "record_reviewed",
    "review_logged", "chain", "state", "completeness",
}  # fmt: skip


@dataclass
class Package:
    """A package, the keys to check it, and the seed by which its operator could sign another."""

    path: Path
    trust: Trust
    export_seed: bytes
    origin: str

    @property
    def bytes(self) -> bytes:
        return self.path.read_bytes()


@pytest.fixture(scope="module")
def store(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    made = Store(make_settings(database_url, folder_url(tmp_path_factory.mktemp("desks"))))
    yield made
    made.close()


def _hand_in(store: Store, handler: Actor) -> None:
    for name, said in (("送达回证.pdf", FULL), ("补拍.pdf", TAKEN)):
        declared = parse_declaration(json.dumps(said), HandInWay.BROWSER)
        bring(store, handler, name, report(pages=len(name)), declared, case_number="包-1")


@pytest.fixture(scope="module")
def package(store: Store, tmp_path_factory: pytest.TempPathFactory) -> Package:
    settings = WorkersSettings()
    with Sandbox() as sandbox:
        runner = Runner(store, sandbox, settings)
        case_id, handler = make_desk_case(store, runner, lambda handler: _hand_in(store, handler))
        served = parse_declaration(json.dumps({**TAKEN, "document": "service_receipt"}), HandInWay.BROWSER)
        bring(store, handler, "回证.pdf", report(pages=2), served, case_number="包-1")
        runner.drain(JobKind.VERIFY)
        custodian = make_account(store, handler.agency_id, Role.CUSTODIAN)[1]
        with store.begin() as tx:
            for one in tx.recordings.of_case(CaseId(case_id)):
                tx.examinations.ask(custodian, one.id)
        runner.drain(JobKind.EXAMINE)
        payload = packed_case(store, runner, handler, CaseId(case_id))
    path = tmp_path_factory.mktemp("package") / "case.zip"
    path.write_bytes(payload)
    export_seed = seed(store.settings.export_key, "EXPORT_KEY")
    return Package(path, Trust.parse(trust_of(store.settings)), export_seed, store.settings.log_origin)


def test_everything_of_the_desks_is_proven(package: Package) -> None:
    """With the trust file every claim about rows, opinions, rounds, facts and ties is verified."""
    report = verify_package(package.path, package.trust)

    assert report.holds, [claim for claim in report.claims if claim.outcome is not Outcome.VERIFIED]
    assert {claim.claim for claim in report.claims} >= DESK_CLAIMS
    assert {claim.outcome for claim in report.claims if claim.claim in DESK_CLAIMS} == {Outcome.VERIFIED}
    assert report.story is not None
    assert report.story.case is not None
    assert (report.story.case.number.value, report.story.case.state) == ("包-1", "decided")
    assert [one.opinion for one in report.story.rounds] == ["supplement", "pass"]
    assert [one.notifications != () for one in report.story.records if one.is_evidence] == [True]


def test_a_later_examination_is_told_beside_the_sealed_verdict(package: Package) -> None:
    """What was examined again before the request stands in the package, verified and in words."""
    report = verify_package(package.path, package.trust)

    assert report.story is not None
    again = {one.filename.value: one.again for one in report.story.recordings if one.again}
    assert again
    assert all((one.was, one.verdict) == ("verified", "verified") for told in again.values() for one in told)
    assert any("重新检查 examined again" in line for line in sentences(report.story))


def test_what_was_declared_at_a_hand_in_is_told(package: Package) -> None:
    """Every member of it, opened and in words; what was left out stays absent, and a device declares nothing."""
    made = verify_package(package.path, package.trust)

    assert made.story is not None
    told = {one.filename.value: one.declared for one in made.story.recordings}
    full, sparse = told["送达回证.pdf"], told["补拍.pdf"]
    assert full is not None
    assert sparse is not None
    assert (full.way, full.origin, full.document) == ("browser", "copied", "interview_record")
    assert (full.source.value, full.maker.value, full.method.value) == (
        FULL["source"],
        FULL["maker"],
        FULL["method"],
    )
    assert full.made_at == "2026-11-29T02:00:00.000Z"
    assert (sparse.source, sparse.maker, sparse.made_at, sparse.document) == (Said(), Said(), None, None)
    after = told["回证.pdf"]
    assert after is not None
    assert after.document == "service_receipt"
    assert [name for name, one in told.items() if one is None]
    lines = [line for line in sentences(made.story) if "交来说明 declared" in line]
    assert len(lines) == 3
    assert any("询问笔录" in line and FULL["source"] in line for line in lines)


def test_what_the_conclusion_answered_of_article_58_is_told(package: Package) -> None:
    """The last answers stand in the package, opened and in words; a reviewed case tells no agreement."""
    report = verify_package(package.path, package.trust)

    assert report.story is not None
    assert report.story.scope is not None
    told = [(one.kind, one.applies, one.ground.value) for one in report.story.scope.answers]
    assert told == [(kind.value, False, "不属于该情形") for kind in ScopeKind]
    assert report.story.exemption is None
    assert sum("否 no · 不属于该情形" in line for line in sentences(report.story)) == len(ScopeKind)


def test_the_decision_and_its_lines_are_told(package: Package) -> None:
    """What was decided, and of each duty why it is not recorded, stand in the package, opened and in words; none passes."""
    report = verify_package(package.path, package.trust)

    assert report.story is not None
    assert report.story.decision is not None
    assert (report.story.decision.outcome, report.story.decision.penalties) == ("penalty", ("warning",))
    told = {one.formality: one.why.value for one in report.story.formalities}
    assert told == {one.value: None if one is Formality.TERM else UNRECORDED for one in list(Formality)[:6]}
    lines = [line for line in sentences(report.story) if line.startswith("程序事项")]
    assert sum(f"未记录 not recorded: {UNRECORDED}" in line for line in lines) == 5
    assert not any("通过" in line for line in lines)


def test_every_act_says_by_which_role_it_was_done(package: Package) -> None:
    """Handler, reviewer and head of the case, as the log held their roles before each act; in words, too."""
    report = verify_package(package.path, package.trust)

    assert report.story is not None
    roles = {one.event: one.roles for one in report.story.acts}
    assert {roles[name] for name in ("case:open", "case:submit", "case:conclude")} == {("handler",)}
    assert (roles["review:pass"], roles["case:decide"]) == (("legal_reviewer",), ("head",))
    assert not any(one.corrected for one in report.story.acts)
    decided = next(line for line in sentences(report.story) if "行政机关负责人" in line)
    assert str(EVENTS[Event.CASE_DECIDE]) in decided or str(EVENTS[Event.CASE_FILE]) in decided


def test_without_trust_the_signature_is_not_checked(package: Package) -> None:
    """Without a trust file the batch's signature is said to be not checked."""
    report = verify_package(package.path, None)
    outcome = {claim.outcome for claim in report.claims if claim.claim == "intake_signature"}

    assert outcome == {Outcome.NOT_CHECKED}


def test_no_other_row_of_the_batch_is_disclosed(package: Package, tmp_path: Path) -> None:
    """A package holds the case's own row and nothing of the rows that came with it."""
    rows = [name for name in names_of(package) if name.startswith("data/monitoring/")]
    assert [name.endswith(".path.json") for name in rows] == [False, True]
    payload = package.bytes
    assert payload.count("苏J".encode()) <= 2


def test_any_flipped_bit_is_found(package: Package, tmp_path: Path) -> None:
    """One flipped bit anywhere in the package fails a claim that names its file, or the container."""
    whole, rng, touched = bytearray(package.bytes), random.Random(11), tmp_path / "touched.zip"
    for place in (rng.randrange(len(whole)) for _ in range(80)):
        whole[place] ^= 1 << rng.randrange(8)
        touched.write_bytes(whole)
        broken = [c for c in verify_package(touched, None).claims if c.outcome is Outcome.MISMATCH]
        assert broken, place
        whole[place] = package.bytes[place]


def names_of(package: Package) -> list[str]:
    return [file.name for file in unpacked(package)]


def unpacked(package: Package) -> list[Packed]:
    with zipfile.ZipFile(package.path) as archive:
        return [packed(name, archive.read(name)) for name in archive.namelist()]


def forged(package: Package, path: Path, change: Callable[[dict[str, bytes]], None]) -> Path:
    """What the operator itself could sign: other files, complete and signed anew."""
    files = {file.name: file.payload or b"" for file in unpacked(package)}
    change(files)
    index = parse_index(files[INDEX])
    index = index.model_copy(update={"files": [one for one in index.files if one.file in files]})
    made = {INDEX, NOTE, TAG_MANIFEST, "manifest-sha256.txt", "VERIFY.md", "bagit.txt", "bag-info.txt"}
    given = [packed(name, payload) for name, payload in files.items() if name not in made]
    signed, _ = complete(index, given, signer=export_key_name(package.origin), seed=package.export_seed)
    by_name = {file.name: file for file in signed}
    chunks = container_chunks(signed, lambda member: [by_name[member.name].payload or b""])
    path.write_bytes(b"".join(chunks))
    return path


def without(files: dict[str, bytes], is_gone: Callable[[Leaf], bool]) -> None:
    """Drop leaves with their proofs and openings, as an exporter could."""
    shown, withheld = parse_leaves(files[LEAVES])
    gone = {one.digest for one in shown if is_gone(parse_leaf(one.leaf))}
    assert gone
    files[LEAVES] = leaves_text([one for one in shown if one.digest not in gone], withheld)
    openings = parse_openings(files[OPENINGS])
    files[OPENINGS] = openings_text({one: kept for one, kept in openings.items() if one not in gone})
    for digest in gone:
        del files[proof_name(digest)]


def saying(event: str) -> Callable[[dict[str, bytes]], None]:
    return lambda files: without(files, lambda leaf: leaf.event == event)


def drop_files(prefix: str) -> Callable[[dict[str, bytes]], None]:
    def change(files: dict[str, bytes]) -> None:
        for name in [name for name in files if name.startswith(prefix)]:
            del files[name]

    return change


def replaced(prefix: str, old: bytes, new: bytes) -> Callable[[dict[str, bytes]], None]:
    def change(files: dict[str, bytes]) -> None:
        names = [name for name in files if name.startswith(prefix) and old in files[name]]
        assert names
        for name in names:
            files[name] = files[name].replace(old, new)

    return change


def drop_round(files: dict[str, bytes]) -> None:
    """The round that asked for more, with its submission and the answer to it."""
    shown, _ = parse_leaves(files[LEAVES])
    (opinion,) = (one for one in (parse_leaf(o.leaf) for o in shown) if one.event == "review:supplement")
    without(files, lambda leaf: opinion.subject in (leaf.subject, leaf.act.facts().get("review")))


@pytest.mark.parametrize(
    ("change", "claim"),
    [
        (saying("monitoring:link"), "chain"),
        (saying("monitoring:unlink"), "chain"),
        (saying("case:unlink"), "chain"),
        (saying("fact:unprove"), "chain"),
        (saying("monitoring:opine"), "chain"),
        (saying("monitoring:notify"), "chain"),
        (saying("equipment:certify"), "chain"),
        (saying("log:open"), "chain"),
        (saying("intake:receive"), "intake_logged"),
        (saying("agency:open"), "completeness"),
        (drop_round, "chain"),
        (drop_files("data/monitoring"), "record_row"),
        (drop_files("data/reviews"), "review_logged"),
        (drop_files("data/intakes"), "intake_logged"),
        (replaced("data/monitoring", b"52300", b"92300"), "record_row"),
        (replaced(OPENINGS, "请补充".encode(), "很齐全".encode()), "opening"),
        (replaced(OPENINGS, "已说明".encode(), "没问题".encode()), "opening"),
        (replaced(OPENINGS, "该车超限".encode(), "该车合法".encode()), "opening"),
        (replaced(OPENINGS, "误关联".encode(), "有问题".encode()), "opening"),
    ],
)
def test_what_the_operator_signs_anew_still_contradicts_the_log(
    package: Package, tmp_path: Path, change: Callable[..., None], claim: str
) -> None:
    """Leaving out or changing a record, round, word, fact or tie fails even when the package is signed anew."""
    report = verify_package(forged(package, tmp_path / "forged.zip", change), package.trust)

    assert claim in {one.claim for one in report.claims if one.outcome is Outcome.MISMATCH}
    assert not report.holds


def test_a_forgery_without_a_change_holds(package: Package, tmp_path: Path) -> None:
    """Packing the same again gives the same bytes, so that the test above fails for its change alone."""
    same = forged(package, tmp_path / "same.zip", lambda files: None)

    assert sha256_hex(same.read_bytes()) == sha256_hex(package.bytes)
