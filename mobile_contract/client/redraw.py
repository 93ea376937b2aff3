"""`quancheng redraw`: repeat a supervision draw from its published file. No server, no database.

Recomputes population root, seed, tickets and sample from what the file carries, compares them with the plan and
with the log's own leaves, and checks that every public event lies behind the freeze by the lead that the plan promises, and
that the freeze stands before the value, the value before its confirmation
and that before the draw, each the very next leaf of the audit's chain; values that were withdrawn and entered again
stand between, each with what withdrew it. What leans on the log is said to be not
checked unless a trust file shows that the leaves are the log's: whoever writes a draw file can write its leaves, too.
"""

import argparse
import hashlib
import itertools
import json
import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from pydantic import ValidationError

from mobile_contract.client.misuse import os_sentence, quiet_end, refuse, regular_file
from mobile_contract.client.verify import MARKS, add_consistency, read_given, read_trust
from mobile_contract.client.verify_history import compared
from mobile_contract.client.verify_origin import Trust
from schemas.act import Act
from schemas.audit import AuditPlan, DrawFile, parse_plan
from schemas.base import Frozen, parse_rfc3339, rfc3339
from schemas.chain import leaf_digest, step, tree_hash
from schemas.checkpoint import Checkpoint
from schemas.claim import DrawClaim, DrawFault
from schemas.consistency import Given, parse_tiles
from schemas.draw import draw, population_root, seed_of
from schemas.errors import Invalid
from schemas.integrity import Outcome
from schemas.leaf import Leaf, Unknown, leaf_bytes, parse_leaf
from schemas.leaves_audit import AuditConfirm, AuditDraw, AuditEnter, AuditFreeze, AuditMismatch, AuditRetract
from schemas.merkle import Tiles
from schemas.note import decode64
from schemas.randomness import value_bytes
from schemas.refusals_audit import DRAW_INVALID, PLAN_INVALID
from schemas.refusals_command import FILE_UNREADABLE
from schemas.refusals_custody import LEAF_INVALID
from schemas.visible import printable
from schemas.words import Words
from schemas.words_claim import DRAW_CLAIMS, DRAW_FAULTS

HOLDS, FAILS, MISUSED, UNPROVEN = 0, 1, 2, 3
"""3: the arithmetic repeats, and nobody knows whose log it is; as `verify` ends then."""

MAX_FILE_BYTES = 256 * 1024 * 1024
_LETTERS: Mapping[type[Act | Unknown], str] = MappingProxyType(
    {
        AuditFreeze: "F",
        AuditEnter: "E",
        AuditRetract: "W",
        AuditMismatch: "W",
        AuditConfirm: "C",
        AuditDraw: "D",
    }
)
_ORDER = re.compile(r"F(EW)*ECD")
"""Frozen, entered – and withdrawn, as often as that was –, confirmed, drawn."""

_UNPROVEN = {
    False: (
        "○ 可重算，来源未知：名单、随机数和先后仅为文件自述（另行取得信任文件，用 --trust）\n"
        "  the arithmetic repeats, the origin is unknown: list, values and order are the file's own word "
        "(get a trust file by another way: --trust)"
    ),
    True: (
        "○ 可重算，未证明与信任文件所载为同一部日志（用 --consistency 给出日志公布的证明）\n"
        "  the arithmetic repeats; that its log is the one of the trust file is not proven "
        "(give what the log publishes: --consistency)"
    ),
}

A = TypeVar("A", bound=Act)
_Entries = list[tuple[int, Leaf]]
"""The leaves of the file with their indices, in its order."""

ON_THE_LOG = frozenset(
    {DrawClaim.PLAN, DrawClaim.LEAD, DrawClaim.POPULATION, DrawClaim.VALUES, DrawClaim.ORDER}
)
"""Claims that say what was fixed before what: without the log they are the file's own word."""


class RedrawClaim(Frozen):
    """One claim and what became of it."""

    claim: DrawClaim
    outcome: Outcome
    code: DrawFault | None = None
    detail: str = ""

    @property
    def words(self) -> Words:
        """What to tell a person: what was claimed, and why it does not hold."""
        claim = DRAW_CLAIMS[self.claim]
        if self.code is None:
            return claim
        why = DRAW_FAULTS[self.code]
        return Words(f"{claim.zh}（{why.zh}）", f"{claim.en} ({why.en})")

    def to_json(self) -> dict[str, Any]:
        """Return the members of one claim of `--json`."""
        said = {"code": self.code or "", "zh": self.words.zh, "en": self.words.en}
        return {**self.model_dump(mode="json"), **said}


def redraw(document: DrawFile, trust: Trust | None, given: Given | None = None) -> list[RedrawClaim]:
    """Repeat a draw and return one result for each claim, in the order of `DrawClaim`.

    Args:
        document: The draw.
        trust: What was obtained apart from it.
        given: A proof between the checkpoints of both that the log published, where the trust file does not reach.
    """
    entries = _entries(document)
    try:
        plan = parse_plan(decode64(document.plan, PLAN_INVALID))
    except Invalid as err:
        return [_broken(DrawClaim.PLAN, DrawFault.PLAN_INVALID, err.detail)]
    logged = _log(document, trust, given)
    claims = [*_drawn(document, plan, entries), _order(document, entries)]
    return [*(_leaning(claim, logged) for claim in claims), logged]


def _leaning(claim: RedrawClaim, logged: RedrawClaim) -> RedrawClaim:
    """Take back what the file only says of itself; what contradicts itself stays a mismatch."""
    if (
        logged.outcome is Outcome.VERIFIED
        or claim.claim not in ON_THE_LOG
        or claim.outcome is not Outcome.VERIFIED
    ):
        return claim
    return RedrawClaim(claim=claim.claim, outcome=Outcome.NOT_CHECKED, code=DrawFault.LOG_NOT_CHECKED)


def _claim(claim: DrawClaim, otherwise: DrawFault, *, holds: bool) -> RedrawClaim:
    return RedrawClaim(claim=claim, outcome=Outcome.VERIFIED) if holds else _broken(claim, otherwise)


def _broken(claim: DrawClaim, code: DrawFault, detail: str = "") -> RedrawClaim:
    return RedrawClaim(claim=claim, outcome=Outcome.MISMATCH, code=code, detail=detail)


def _drawn(document: DrawFile, plan: AuditPlan, entries: _Entries) -> Iterator[RedrawClaim]:
    frozen, drawn = _act(entries, AuditFreeze), _act(entries, AuditDraw)
    sha256 = hashlib.sha256(decode64(document.plan, PLAN_INVALID)).hexdigest()
    subjects = {leaf.subject for _, leaf in entries}
    same = frozen is not None and frozen.plan_sha256 == sha256 and subjects == {f"audit/{plan.audit}"}
    yield _claim(DrawClaim.PLAN, DrawFault.PLAN_DIFFERS, holds=same)
    yield _lead(plan, entries)
    try:
        root = population_root(document.population)
        values = value_bytes(plan.sources, document.values)
    except Invalid as err:
        yield _broken(DrawClaim.POPULATION, DrawFault.POPULATION_INVALID, err.detail)
        return
    same = (root.hex(), len(document.population)) == (plan.root, plan.count)
    same = same and frozen is not None and (frozen.root, frozen.count) == (plan.root, plan.count)
    yield _claim(DrawClaim.POPULATION, DrawFault.POPULATION_DIFFERS, holds=same)
    told = {one and one.values_sha256 for one in (_act(entries, AuditEnter), _act(entries, AuditConfirm))}
    yield _claim(DrawClaim.VALUES, DrawFault.VALUE_DIFFERS, holds=told == {_values_sha256(values)})
    seed = seed_of(bytes.fromhex(plan.root), values)
    same = drawn is not None and seed.hex() == document.seed == drawn.seed
    yield _claim(DrawClaim.SEED, DrawFault.SEED_DIFFERS, holds=same)
    try:
        sample = list(draw(document.population, plan.size, seed))
    except Invalid as err:
        yield _broken(DrawClaim.SAMPLE, DrawFault.SAMPLE_IMPOSSIBLE, err.detail)
        return
    listed = hashlib.sha256("\n".join(sample).encode()).hexdigest()
    same = drawn is not None and sample == document.sample and drawn.sample_sha256 == listed
    yield _claim(DrawClaim.SAMPLE, DrawFault.SAMPLE_DIFFERS, holds=same)


def _lead(plan: AuditPlan, entries: _Entries) -> RedrawClaim:
    """The freeze's own leaf says when it was; every event must be as far behind it as the plan promises."""
    frozen_at = next((leaf.at for _, leaf in entries if isinstance(leaf.act, AuditFreeze)), None)
    lead = timedelta(seconds=plan.lead_seconds or 0)
    try:
        events = [parse_rfc3339(one.happens_at) for one in plan.sources]
    except (ValueError, Invalid):
        return _broken(DrawClaim.LEAD, DrawFault.PLAN_INVALID)
    if frozen_at is None:
        return _broken(DrawClaim.LEAD, DrawFault.ORDER_DIFFERS)
    first = min(events)
    if first < frozen_at + lead:
        detail = f"{rfc3339(frozen_at)} + {int(lead.total_seconds())} s > {rfc3339(first)}"
        return _broken(DrawClaim.LEAD, DrawFault.LEAD_BROKEN, detail)
    return RedrawClaim(claim=DrawClaim.LEAD, outcome=Outcome.VERIFIED)


def _values_sha256(values: list[bytes]) -> str:
    return hashlib.sha256(b"".join(len(one).to_bytes(4, "big") + one for one in values)).hexdigest()


def _entries(document: DrawFile) -> _Entries:
    found: _Entries = []
    for row in document.entries:
        try:
            found.append((int(row["index"]), parse_leaf(decode64(str(row["leaf"]), LEAF_INVALID))))
        except (Invalid, KeyError, ValueError, TypeError):
            continue  # what is missing then is reported by the claims that need it
    return found


def _act(entries: _Entries, kind: type[A]) -> A | None:
    """Return the last act of a kind: what was said before it was withdrawn."""
    return next((leaf.act for _, leaf in reversed(entries) if isinstance(leaf.act, kind)), None)


def _order(document: DrawFile, entries: _Entries) -> RedrawClaim:
    positions = [index for index, _ in entries]
    said = "".join(_LETTERS.get(type(leaf.act), "?") for _, leaf in entries)
    is_whole = len(entries) == len(document.entries) and _ORDER.fullmatch(said) is not None
    in_turn = is_whole and positions == sorted(set(positions)) and _follow([leaf for _, leaf in entries])
    return _claim(DrawClaim.ORDER, DrawFault.ORDER_DIFFERS, holds=in_turn)


def _follow(leaves: list[Leaf]) -> bool:
    """Say whether each is the very next of the audit's chain: nothing was frozen, entered or drawn twice."""
    for before, after in itertools.pairwise(leaves):
        (here,), (then,) = before.chains, after.chains
        head = step(here.prev, leaf_digest(leaf_bytes(before)), before.event)
        if then != (here.n + 1, here.of, head):
            return False
    return True


def _log(document: DrawFile, trust: Trust | None, given: Given | None) -> RedrawClaim:
    if trust is None:
        return RedrawClaim(claim=DrawClaim.LOG, outcome=Outcome.NOT_CHECKED, code=DrawFault.NO_TRUST_ANCHOR)
    if len(document.proofs) != len(document.entries):
        return _broken(DrawClaim.LOG, DrawFault.PROOF_MISSING)
    try:
        for row, proof in zip(document.entries, document.proofs, strict=True):
            leaf = decode64(str(row["leaf"]), LEAF_INVALID)
            checkpoint = trust.signers.verify_proof(proof, leaf=tree_hash(leaf))
            if f"\nindex {row['index']}\n" not in proof:
                return _broken(DrawClaim.LOG, DrawFault.INDEX_DIFFERS)
    except (Invalid, KeyError, TypeError) as err:
        return _broken(DrawClaim.LOG, DrawFault.PROOF_INVALID, str(err))
    return _history(document, checkpoint, trust, given)


def _history(document: DrawFile, checkpoint: Checkpoint, trust: Trust, given: Given | None) -> RedrawClaim:
    """The draw's log is the one that the trust file knows: where that holds a checkpoint, one extends the other."""
    if trust.checkpoint is None:
        return RedrawClaim(claim=DrawClaim.LOG, outcome=Outcome.VERIFIED)
    found = compared(checkpoint, trust.checkpoint, given, (_tiles(document), trust.tiles))
    detail = f"{checkpoint.size}, {trust.checkpoint.size}"
    if found is None:
        unproven = DrawFault.HISTORY_UNPROVEN
        return RedrawClaim(claim=DrawClaim.LOG, outcome=Outcome.NOT_CHECKED, code=unproven, detail=detail)
    return _claim(DrawClaim.LOG, DrawFault.LOG_FORKED, holds=found)


def _tiles(document: DrawFile) -> Tiles:
    """Return the tiles that the file carries; what cannot be read proves nothing."""
    try:
        return parse_tiles(document.tiles)
    except Invalid:
        return {}


def read_draw(path: Path) -> DrawFile:
    """Read a draw file.

    Raises:
        OSError: the file cannot be read.
        Invalid: it is no draw file (slug `draw-invalid`).
    """
    regular_file(path)
    with path.open("rb") as stream:
        payload = stream.read(MAX_FILE_BYTES + 1)
    if len(payload) > MAX_FILE_BYTES:
        raise DRAW_INVALID("the file is too long")
    try:
        return DrawFile.model_validate(json.loads(payload))
    except (ValidationError, ValueError, RecursionError) as err:
        raise DRAW_INVALID("the file is not a draw file") from err


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `quancheng redraw`."""
    parser.add_argument("draw", type=Path, metavar="FILE", help="the draw file (GET /v1/audits/{id}/draw)")
    parser.add_argument(
        "--trust",
        type=Path,
        metavar="FILE",
        help="trust file (GET /v1/trust), obtained apart from the draw file",
    )
    add_consistency(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of text")
    parser.epilog = (
        "Exit: 0 the draw repeats and its log is the trust file's, 1 it does not repeat, 2 used wrongly, "
        "3 the arithmetic repeats and the origin is unknown."
    )


def run(args: argparse.Namespace) -> int:
    """Repeat one draw, print each claim and return the exit code."""
    try:
        document = read_draw(args.draw)
        trust = None if args.trust is None else read_trust(args.trust)
        given = None if args.consistency is None else read_given(args.consistency)
    except OSError as err:
        code, text = os_sentence(err, args.draw)
        return refuse(args, code, text, problem=FILE_UNREADABLE.slug, holds=False)
    except Invalid as err:
        return refuse(args, MISUSED, f"文件无效 {err.detail}", problem=err.slug, holds=False)
    claims = redraw(document, trust, given)
    holds = all(claim.outcome is not Outcome.MISMATCH for claim in claims)
    with quiet_end():
        if args.json:
            _print_json(claims, document, holds=holds)
        else:
            _print_text(claims, document, holds=holds)
    if not holds:
        return FAILS
    return HOLDS if _is_logged(claims) else UNPROVEN


def _is_logged(claims: list[RedrawClaim]) -> bool:
    return all(claim.outcome is Outcome.VERIFIED for claim in claims)


def _print_json(claims: list[RedrawClaim], document: DrawFile, *, holds: bool) -> None:
    report: dict[str, Any] = {
        "holds": holds,
        "claims": [claim.to_json() for claim in claims],
        "sample": document.sample,
    }
    print(json.dumps(report, ensure_ascii=False))  # noqa: T201


def _print_text(claims: list[RedrawClaim], document: DrawFile, *, holds: bool) -> None:
    for claim in claims:
        detail = f" [{claim.detail}]" if claim.detail else ""
        print(printable(f"{MARKS[claim.outcome]} {claim.words}{detail}"))  # noqa: T201
    print(f"  {len(document.sample)} / {len(document.population)}")  # noqa: T201
    if holds:
        for one in document.sample:
            print(f"  {printable(one)}")  # noqa: T201
    if not holds:
        verdict = "✗ 不符 the draw does not repeat"
    elif _is_logged(claims):
        verdict = "✓ 抽样可重现 the draw repeats"
    else:
        verdict = _UNPROVEN[claims[-1].code is DrawFault.HISTORY_UNPROVEN]
    print(verdict)  # noqa: T201
