"""Two histories of one log, signed by the same keys: a checkpoint that was kept elsewhere tells them apart."""

import copy
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mobile_contract.client import verify
from mobile_contract.client.verify import verify_package
from mobile_contract.client.verify_origin import Trust
from mobile_contract.client.verify_report import Report
from schemas.checkpoint import witness_request
from schemas.claim import PackageClaim, PackageVerdict
from schemas.consistency import Given
from schemas.merkle import consistency_proof
from schemas.package import TREE
from tests.package import Made, begun, make_package, signed_log, trust_file
from tests.package_bureau import Bureau, make_bureau, open_case
from tests.unit.test_verify_answers import run_verify


def history_of(report: Report) -> list[tuple[str, str | None, bool]]:
    return [(c.outcome, c.code, c.is_required) for c in report.claims if c.claim is PackageClaim.LOG_HISTORY]


HOLDS = [("verified", None, True)]
FORKED = [("mismatch", "log-forked", True)]
UNPROVEN = [("not_checked", "history-unproven", True)]


def go_on(bureau: Bureau, *, cases: int) -> None:
    for number in range(cases):
        open_case(bureau, f"另案{number}")


def test_a_package_of_the_same_history_holds(tmp_path: Path):
    """Whether the trust file was fetched before the package, with it, or after it."""
    made = begun(contents=(b"one",))
    before = Trust.parse(trust_file(made.bureau))
    made.close()
    same = Trust.parse(trust_file(made.bureau))
    path = made.write(tmp_path / "p.zip")
    go_on(made.bureau, cases=5)
    after = Trust.parse(trust_file(made.bureau))

    for trust in (before, same, after):
        report = verify_package(path, trust)
        assert (report.verdict, history_of(report)) == (PackageVerdict.HOLDS, HOLDS)


@pytest.mark.parametrize("more", [0, 1, 40])
def test_two_histories_do_not_both_verify(tmp_path: Path, more: int):
    """A database that was rolled back and written on: its package, shorter or longer than the kept checkpoint, fails.

    Keys, proofs and signatures of both are good; the checkpoint of the first history is what tells.
    """
    first = begun(contents=(b"one",))
    restored = copied(first)
    go_on(first.bureau, cases=10)
    first.close()
    trust = Trust.parse(trust_file(first.bureau))
    go_on(restored.bureau, cases=more)
    restored.close()

    assert verify_package(first.write(tmp_path / "a.zip"), trust).verdict is PackageVerdict.HOLDS
    report = verify_package(restored.write(tmp_path / "b.zip"), trust)
    assert report.verdict is PackageVerdict.FAILS
    assert {c.claim for c in report.failed()} == {PackageClaim.LOG_HISTORY}
    assert history_of(report) == FORKED


def test_a_leaf_that_was_exchanged_forks_the_log(tmp_path: Path):
    """Everything behind it made and signed anew: the package's own proofs hold, and the kept checkpoint does not."""
    bureau = make_bureau()
    go_on(bureau, cases=3)
    made = begun(contents=(b"one",), bureau=bureau)
    trust = Trust.parse(trust_file(bureau))
    made.close()
    at = next(n for n, leaf in enumerate(bureau.history.payloads) if b'"event":"case:open"' in leaf)
    bureau.history.payloads[at] = bureau.history.payloads[at].replace(b"salted", b"zalted", 1)

    report = verify_package(made.write(tmp_path / "p.zip"), trust)

    assert {(c.claim, c.code) for c in report.failed()} == {("log_history", "log-forked")}


def copied(made: Made) -> Made:
    """The same database as of now, restored elsewhere: keys are the same, the leaves are its own from here."""
    bureau = replace(made.bureau, history=copy.deepcopy(made.bureau.history), files=dict(made.bureau.files))
    return Made(bureau, made.case, made.recordings)


def without_tiles(made: Made) -> None:
    made.over[TREE] = b""


def with_wrong_tiles(made: Made) -> None:
    made.over[TREE] = b"0 0 ?\n"


@pytest.mark.parametrize("change", [without_tiles, with_wrong_tiles])
def test_a_checkpoint_that_nothing_leads_to_is_not_proven(
    tmp_path: Path, change: Callable[[Made], None], capsys: pytest.CaptureFixture[str]
):
    """Then the command ends 3 and says where the proof is to be had; with it, it ends 0."""
    made = begun(contents=(b"one",))
    kept = trust_file(made.bureau)
    older = len(made.bureau.history.payloads)
    go_on(made.bureau, cases=2)
    made.close()
    change(made)
    path, trust, proof = made.write(tmp_path / "p.zip"), tmp_path / "trust.json", tmp_path / "proof.txt"
    trust.write_text(json.dumps(kept))
    hashes, tiles, note = signed_log(made.bureau)

    report = verify_package(path, Trust.parse(kept))
    assert (report.verdict, history_of(report)) == (PackageVerdict.ORIGIN_UNKNOWN, UNPROVEN)
    assert run_verify(str(path), "--trust", str(trust)) == 3
    said = capsys.readouterr().out
    assert f"/v1/log/consistency?first={older}&second={len(hashes)}" in said

    found = consistency_proof(older, len(hashes), lambda level, n: tiles[level, n])
    proof.write_text(witness_request(older, found, note))
    assert run_verify(str(path), "--trust", str(trust), "--consistency", str(proof)) == 0
    proof.write_text(witness_request(older, found[::-1], note))
    assert run_verify(str(path), "--trust", str(trust), "--consistency", str(proof)) == 1
    proof.write_text("nothing\n")
    assert run_verify(str(path), "--trust", str(trust), "--consistency", str(proof)) == 2


def test_a_proof_of_other_checkpoints_is_none(tmp_path: Path):
    """A proof from another size is not tried: it can only not lead there."""
    made = begun(contents=(b"one",))
    kept = Trust.parse(trust_file(made.bureau))
    made.close()
    without_tiles(made)

    report = verify_package(made.write(tmp_path / "p.zip"), kept, given=Given(old=1, hashes=()))

    assert history_of(report) == UNPROVEN


def test_a_trust_file_without_a_checkpoint_says_so(tmp_path: Path):
    """Keys alone: the package holds, and that histories cannot be told apart is said, and required of nobody."""
    made = make_package(contents=(b"one",))

    report = verify_package(made.write(tmp_path / "p.zip"), made.office.trust)

    assert report.verdict is PackageVerdict.HOLDS
    assert history_of(report) == [("not_checked", "no-trusted-checkpoint", False)]


@pytest.mark.parametrize("change", [{"checkpoint": "hello"}, {"tiles": "0 0 ?\n"}, {"checkpoint": 1}])
def test_a_trust_file_with_a_checkpoint_of_another_anchors_nothing(change: dict[str, Any], tmp_path: Path):
    """Its checkpoint is signed by its own log key, and its tiles are tiles; else it is wrong use."""
    made = make_package(contents=(b"one",))
    path = tmp_path / "trust.json"
    for members in (trust_file(made.bureau) | change, trust_file(made.bureau) | other_checkpoint()):
        path.write_text(json.dumps(members))
        assert run_verify(str(made.write(tmp_path / "p.zip")), "--trust", str(path)) == verify.MISUSED


def other_checkpoint() -> dict[str, object]:
    return {"checkpoint": trust_file(make_bureau())["checkpoint"]}
