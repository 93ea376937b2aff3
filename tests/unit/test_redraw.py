"""A draw whose randomness could be known at the freeze, or whose log is another, does not repeat, whoever signed it."""

import argparse
import base64
import hashlib
import json
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from mobile_contract.client import redraw as command
from mobile_contract.client.redraw import redraw
from mobile_contract.client.verify_origin import Trust
from schemas import leaves_audit as audits
from schemas.audit import AuditKind, AuditPlan, AuditState, DrawFile, parse_plan, plan_bytes
from schemas.base import rfc3339
from schemas.chain import tree_hash
from schemas.checkpoint import Checkpoint, checkpoint_text, open_checkpoint, proof_text
from schemas.consistency import Given, tiles_text
from schemas.digest import sha256_hex
from schemas.draw import draw, population_root, seed_of
from schemas.errors import Invalid
from schemas.integrity import Outcome
from schemas.merkle import consistency_proof, extend, inclusion_proof, root_from_tiles
from schemas.note import sign_note
from schemas.randomness import PlanSource, value_bytes
from tests.leaf_history import History
from tests.package_bureau import ORIGIN, Office

FROZEN = datetime(2026, 12, 1, 1, 0, tzinfo=UTC)
IDS = [f"00000000-0000-4000-8000-00000000000{n}" for n in range(5)]


def plan_of(audit: str, *, events: list[timedelta], lead: int | None) -> AuditPlan:
    return AuditPlan(
        v=1 if lead is None else 2,
        audit=audit,
        kind=AuditKind.SEALED_RECORDINGS,
        agency=IDS[0],
        from_at=rfc3339(FROZEN - timedelta(days=9)),
        until_at=rfc3339(FROZEN - timedelta(days=1)),
        count=len(IDS),
        root=population_root(IDS).hex(),
        size=2,
        defect_permille=10,
        confidence_permille=950,
        sources=[
            PlanSource(name="掷骰", kind="dice", encoding="text", happens_at=rfc3339(FROZEN + one))
            for one in events
        ],
        standard_sha256="0" * 64,
        lead_seconds=lead,
    )


def drawn(plan_like: dict[str, Any], office: Office) -> DrawFile:
    """The file of a draw whose every leaf stands in a log that is signed by the office, as a server would write it."""
    history = History(random.Random(1), at=FROZEN - timedelta(seconds=10))
    audit = history.thing("audit")
    plan = plan_of(audit.partition("/")[2], **plan_like)
    values = value_bytes(plan.sources, ["3 5 6 1"] * len(plan.sources))
    seed = seed_of(bytes.fromhex(plan.root), values)
    sample = list(draw(IDS, plan.size, seed))
    told = sha256_hex(b"".join(len(one).to_bytes(4, "big") + one for one in values))
    supervisor, colleague = history.thing("account"), history.thing("account")
    history.at = FROZEN - timedelta(milliseconds=1)
    history.rng = Still()
    history.write(
        audits.AuditFreeze, audit, supervisor, plan_sha256=sha256_hex(plan_bytes(plan)), root=plan.root,
        count=plan.count, size=plan.size, to=AuditState.FROZEN,
    )  # fmt: skip
    history.write(audits.AuditEnter, audit, supervisor, values_sha256=told, to=AuditState.ENTERED)
    history.write(audits.AuditConfirm, audit, colleague, values_sha256=told, to=AuditState.CONFIRMED)
    history.write(
        audits.AuditDraw, audit, supervisor, seed=seed.hex(), size=plan.size,
        sample_sha256=hashlib.sha256("\n".join(sample).encode()).hexdigest(), to=AuditState.DRAWN,
    )  # fmt: skip
    hashes = [tree_hash(leaf) for leaf in history.payloads]
    tiles = extend(lambda *_: b"", 0, hashes)
    root = root_from_tiles(len(hashes), lambda level, n: tiles[level, n])
    text = checkpoint_text(Checkpoint(origin=ORIGIN, size=len(hashes), root=root))
    note = sign_note(text, ORIGIN, office.log_seed)
    paths = [inclusion_proof(n, len(hashes), lambda level, n: tiles[level, n]) for n in range(len(hashes))]
    return DrawFile(
        plan=base64.b64encode(plan_bytes(plan)).decode(),
        population=IDS,
        values=["3 5 6 1"] * len(plan.sources),
        seed=seed.hex(),
        sample=sample,
        entries=[
            {"index": n, "leaf": base64.b64encode(leaf).decode()} for n, leaf in enumerate(history.payloads)
        ],
        proofs=[proof_text(n, path, note) for n, path in enumerate(paths)],
        checkpoint=note,
    )


class Still(random.Random):
    """Lets no more than a millisecond pass between two leaves."""

    def randrange(self, *_: Any) -> int:
        return 1


def failed(file: DrawFile, trust: Trust | None) -> set[tuple[str, str | None]]:
    return {(one.claim, one.code) for one in redraw(file, trust) if one.outcome is Outcome.MISMATCH}


MINUTES = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("events", "lead", "is_broken"),
    [
        ([10 * MINUTES + timedelta(seconds=1)], 600, False),
        ([9 * MINUTES], 600, True),
        ([60 * MINUTES, 9 * MINUTES], 600, True),
        ([-MINUTES], 0, True),
        ([MINUTES], 0, False),
        ([MINUTES], None, False),
        ([-MINUTES], None, True),
    ],
)
def test_the_promised_lead_is_kept_or_the_draw_fails(
    events: list[timedelta], lead: int | None, is_broken: bool, tmp_path: Path
):
    """Keys, proofs, order and arithmetic are all good; plans of before promised no lead, and are held to the freeze."""
    office = Office()
    file = drawn({"events": events, "lead": lead}, office)

    for trust in (office.trust, None):
        assert failed(file, trust) == ({("lead", "lead-broken")} if is_broken else set())

    path, trusted = tmp_path / "draw.json", tmp_path / "trust.json"
    path.write_text(file.model_dump_json())
    members = {"v": 1, "origin": ORIGIN, "checkpoint": None} | {
        "log_vkey": office.trust.log_vkey,
        "export_vkey": office.trust.export_vkey,
        "registry_key": base64.b64encode(office.trust.registry_key).decode(),
    }
    trusted.write_text(json.dumps(members))
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    assert command.run(parser.parse_args([str(path), "--trust", str(trusted)])) == int(is_broken)
    assert command.run(parser.parse_args([str(path)])) == (1 if is_broken else 3)


def test_a_plan_says_its_lead_from_version_2_on():
    """One form for each version; a plan of before keeps its bytes."""
    plan = plan_of(IDS[0], events=[MINUTES], lead=None)
    assert b"lead" not in plan_bytes(plan)
    assert parse_plan(plan_bytes(plan)) == plan
    newer = plan_of(IDS[0], events=[MINUTES], lead=600)
    assert parse_plan(plan_bytes(newer)) == newer
    for payload in (
        plan_bytes(plan).replace(b'"v":1', b'"v":2'),
        plan_bytes(newer).replace(b'"v":2', b'"v":1'),
    ):
        with pytest.raises(Invalid):
            parse_plan(payload)


def test_a_draw_of_another_history_does_not_repeat():
    """The checkpoint of a trust file is compared: one tree, one that goes on, or two; without a proof nothing is said."""
    office = Office()
    file = drawn({"events": [MINUTES], "lead": 0}, office)
    other = drawn({"events": [2 * MINUTES], "lead": 0}, office)
    mine, theirs = (open_checkpoint(one.checkpoint, office.trust.log_vkey) for one in (file, other))

    def found(checkpoint: Checkpoint) -> tuple[str, str | None]:
        trust = office.trust.model_copy(update={"checkpoint": checkpoint})
        logged = redraw(file, trust)[-1]
        return logged.outcome, logged.code

    assert found(mine) == ("verified", None)
    assert found(theirs) == ("mismatch", "log-forked")
    assert found(mine.model_copy(update={"size": 3})) == ("not_checked", "history-unproven")
    proof = consistency_proof_of(file)
    older = Checkpoint(origin=ORIGIN, size=3, root=proof[0])
    trust = office.trust.model_copy(update={"checkpoint": older})
    assert redraw(file, trust, Given(old=3, hashes=proof[1]))[-1].outcome is Outcome.VERIFIED


def test_a_draw_carries_what_proves_older_checkpoints():
    """With the tiles of its own tree a file of today needs no other proof; tiles that are none prove nothing."""
    office = Office()
    file = drawn({"events": [MINUTES], "lead": 0}, office)
    hashes = [tree_hash(base64.b64decode(one["leaf"])) for one in file.entries]
    kept = extend(lambda *_: b"", 0, hashes)
    tiles = tiles_text(len(hashes), 4, lambda level, n: kept.get((level, n), b""))
    older = Checkpoint(origin=ORIGIN, size=3, root=consistency_proof_of(file)[0])
    for root, said, code in (
        (older.root, tiles, None),
        (older.root, "x", "history-unproven"),
        (bytes(32), tiles, "log-forked"),
    ):
        trust = office.trust.model_copy(update={"checkpoint": older.model_copy(update={"root": root})})
        assert redraw(file.model_copy(update={"tiles": said}), trust)[-1].code == code


def consistency_proof_of(file: DrawFile) -> tuple[bytes, tuple[bytes, ...]]:
    """The root over a draw's first three leaves, and what leads from there to all four."""
    hashes = [tree_hash(base64.b64decode(one["leaf"])) for one in file.entries]
    tiles = extend(lambda *_: b"", 0, hashes)
    root = root_from_tiles(3, lambda level, n: tiles[level, n])
    return root, tuple(consistency_proof(3, len(hashes), lambda level, n: tiles[level, n]))
