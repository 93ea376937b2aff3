"""Claims about records of fixed equipment and about review rounds: batch, row, gate, opinions, what a round rested on."""

from typing import Any
from uuid import UUID

from mobile_contract.client.verify_record import Case
from mobile_contract.client.verify_scope import (
    captured_at,
    equipment_of,
    media_of,
    path_of,
    picture_of,
    row_of,
)
from schemas.base import rfc3339
from schemas.claim import ClaimFault, PackageClaim
from schemas.digest import sha256_hex
from schemas.equipment import EquipmentFacts
from schemas.equipment_facts import facts_of
from schemas.errors import Invalid
from schemas.gate import gate_faults
from schemas.intake import IntakeManifest, parse_intake, verify_intake, verify_row
from schemas.leaf import Leaf
from schemas.leaves_case import CaseSubmit, MonitoringLinkRuled
from schemas.leaves_monitoring import IntakeReceive
from schemas.life_equipment import EquipmentLife
from schemas.life_monitoring import MonitoringLife
from schemas.monitoring import MonitoringState, OpinionWord, ReviewStage
from schemas.package import FileRole, RowPath
from schemas.package_record import Carried
from schemas.record_id import record_id
from schemas.reference import ident_of
from schemas.replay import Turn


def verify_record(case: Case, of: str, intakes: dict[str, IntakeManifest | None]) -> list[str]:
    """Enter every claim about one record of the case; return the recordings that are its pictures.

    Args:
        case: The package.
        of: The record.
        intakes: Batches that were looked at already, by name; this one is added.
    """
    row, path = row_of(case, of), path_of(case, of)
    if path is None:
        case.ledger.fail(PackageClaim.RECORD_ROW, of, ClaimFault.FILE_MISSING)
        return []
    leaf, lacks = _intake_leaf(case, path)
    if leaf is None:
        if lacks is ClaimFault.NOT_UNDERSTOOD:
            case.ledger.skip(PackageClaim.INTAKE_LOGGED, path.intake, lacks)
        else:
            case.ledger.fail(PackageClaim.INTAKE_LOGGED, path.intake, lacks)
    elif path.intake not in intakes:
        intakes[path.intake] = _verify_intake(case, leaf)
    manifest = intakes.get(path.intake)
    _verify_row(case, of, path, leaf, manifest)
    pictures = _verify_media(case, of, path, row)
    _verify_gate(case, of, row)
    _verify_reviewed(case, of)
    return pictures


def _intake_leaf(case: Case, path: RowPath) -> tuple[Carried | None, ClaimFault]:
    _, lacks = case.alone(IntakeReceive.spec.event)
    one = case.alone_of(path.intake)
    return (one if one is not None and isinstance(one.leaf.act, IntakeReceive) else None), lacks


def _verify_intake(case: Case, leaf: Carried) -> IntakeManifest | None:
    act, name = leaf.leaf.act, leaf.leaf.subject
    file = case.bag.take(name, FileRole.INTAKE)
    signature = case.bag.take(name, FileRole.INTAKE_SIGNATURE)
    if file is None or signature is None or not isinstance(act, IntakeReceive):
        case.ledger.fail(PackageClaim.INTAKE_LOGGED, name, ClaimFault.FILE_MISSING)
        return None
    try:
        manifest = parse_intake(file.payload or b"")
    except Invalid as err:
        case.ledger.fail_as(PackageClaim.INTAKE_LOGGED, name, err, otherwise=ClaimFault.INTAKE_INVALID)
        return None
    stated = (act.sha256, act.signature_sha256, act.rows, act.root, act.seq)
    found = (file.sha256, signature.sha256, manifest.rows, manifest.root, manifest.seq)
    sent = (ident_of(leaf.leaf.actor), rfc3339(leaf.leaf.at))
    if stated != found or sent != (manifest.source, manifest.received_at):
        case.ledger.fail(PackageClaim.INTAKE_LOGGED, name, ClaimFault.LEAF_DIFFERS)
        return None
    case.ledger.hold(PackageClaim.INTAKE_LOGGED, name)
    if case.trust is not None:
        told = (signature.payload or b"").decode("ascii", "replace")
        try:
            keys = (case.trust.registry_key, *case.trust.registry_keys)
            verify_intake(file.payload or b"", told, *keys)
        except Invalid as err:
            case.ledger.fail_as(PackageClaim.INTAKE_SIGNATURE, name, err, otherwise=ClaimFault.INTAKE_INVALID)
            return manifest
    case.ledger.hold_origin(PackageClaim.INTAKE_SIGNATURE, name)
    return manifest


def _verify_row(
    case: Case, of: str, path: RowPath, leaf: Carried | None, manifest: IntakeManifest | None
) -> None:
    """The id of a record follows from its batch and its place there, the row from salt and path."""
    file = case.bag.take(of, FileRole.ROW)
    if manifest is None or leaf is None or file is None or not isinstance(leaf.leaf.act, IntakeReceive):
        case.ledger.fail(PackageClaim.RECORD_ROW, of, ClaimFault.NOT_REACHED)
        return
    ident = record_id(leaf.leaf.at, leaf.leaf.act.sha256, path.position)
    try:
        verify_row(
            manifest,
            file.payload or b"",
            salt=bytes.fromhex(path.salt),
            index=path.position,
            path=[bytes.fromhex(one) for one in path.path],
        )
    except Invalid as err:
        case.ledger.fail_as(PackageClaim.RECORD_ROW, of, err, otherwise=ClaimFault.PROOF_INVALID)
        return
    if ident != UUID(ident_of(of)):
        case.ledger.fail(PackageClaim.RECORD_ROW, of, ClaimFault.ROW_DIFFERS)
    else:
        case.ledger.hold(PackageClaim.RECORD_ROW, of)


def _verify_media(case: Case, of: str, path: RowPath, row: dict[str, Any]) -> list[str]:
    """The row names each picture by its digest, or by the upload that became the recording."""
    pictures: list[str] = []
    for named in media_of(row):
        picture = picture_of(case, named, path)
        if picture is None:
            case.ledger.fail(PackageClaim.RECORD_MEDIA, of, ClaimFault.MEDIA_DIFFERS)
            return pictures
        pictures.append(picture)
    case.ledger.hold(PackageClaim.RECORD_MEDIA, of)
    return pictures


def _verify_gate(case: Case, of: str, row: dict[str, Any]) -> None:
    """The gate, from the equipment's own chain as it was when the record was tied to the case, by the rule of the tie."""
    equipment, hides = equipment_of(case, row)
    if equipment is None:
        code = ClaimFault.NOT_SHOWN if hides else ClaimFault.CHAIN_MISSING
        case.ledger.skip(PackageClaim.RECORD_GATE, of, code, is_required=not hides)
        return
    tied = _tie(case, of)
    facts = _facts_before(case, equipment, 0 if tied is None else tied.index or 0)
    captured = captured_at(row)
    if isinstance(facts, ClaimFault):
        case.ledger.skip(PackageClaim.RECORD_GATE, of, facts)
    elif captured is None:
        case.ledger.fail(PackageClaim.RECORD_GATE, of, ClaimFault.ROW_DIFFERS)
    elif faults := gate_faults(facts, captured, certificate=_is_certificate_asked(tied)):
        case.ledger.fail(PackageClaim.RECORD_GATE, of, ClaimFault.GATE_CLOSED, detail=", ".join(faults))
    else:
        case.ledger.hold(PackageClaim.RECORD_GATE, of)


def _tie(case: Case, of: str) -> Turn | None:
    """Return the last leaf of the package that ties a record to the case."""
    tied = [
        turn
        for turn in case.record.turns.get(of, ())
        if turn.event == "monitoring:link" and case.record.carried.get(turn.digest) and turn.index is not None
    ]
    return max(tied, key=lambda turn: turn.index or 0, default=None)


def _is_certificate_asked(tied: Turn | None) -> bool:
    """Say whether who tied the record was asked for a certificate: the leaf says it, version 1 was whatever the kind."""
    leaf = None if tied is None else tied.leaf
    act = leaf.act if isinstance(leaf, Leaf) else None
    return act.needs_certificate if isinstance(act, MonitoringLinkRuled) else True


def _facts_before(case: Case, equipment: str, index: int) -> EquipmentFacts | ClaimFault:
    folded, turns = case.record.folded_before(equipment, index)
    if folded.not_understood_from is not None:
        return ClaimFault.NOT_UNDERSTOOD
    if folded.unknown_from is not None:
        return ClaimFault.WITHHELD_FROM
    if not isinstance(folded.life, EquipmentLife):
        return ClaimFault.LEAF_MISSING
    leaves = case.record.leaves(equipment)
    return facts_of((turn.digest, leaves[turn.digest]) for turn in turns)


def _verify_reviewed(case: Case, of: str) -> None:
    """Two people, each of one stage, found it valid; the fold has judged that they were two, and in which order."""
    folded = case.folded(of)
    life = None if folded is None else folded.life
    if doubt := case.doubt(of):
        case.ledger.skip(PackageClaim.RECORD_REVIEWED, of, doubt)
        return
    given = (life.given or {}) if isinstance(life, MonitoringLife) else {}
    words = {stage: one.opinion for stage, one in given.items()}
    is_valid = isinstance(life, MonitoringLife) and life.state == MonitoringState.VALID
    if is_valid and words == dict.fromkeys(ReviewStage, OpinionWord.VALID):
        case.ledger.hold(PackageClaim.RECORD_REVIEWED, of)
    else:
        case.ledger.fail(PackageClaim.RECORD_REVIEWED, of, ClaimFault.NOT_FOUND_VALID)


def verify_rounds(case: Case) -> None:
    """Check that what each round of legal review rested on is the document whose digest its submission states."""
    for leaf in case.record.leaves(case.of).values() if case.of in case.heads else ():
        if isinstance(leaf.act, CaseSubmit):
            file = case.bag.take(leaf.act.review, FileRole.EVIDENCE)
            if file is None:
                case.ledger.fail(PackageClaim.REVIEW_LOGGED, leaf.act.review, ClaimFault.FILE_MISSING)
            elif sha256_hex(file.payload or b"") != leaf.act.evidence_sha256:
                case.ledger.fail(PackageClaim.REVIEW_LOGGED, leaf.act.review, ClaimFault.LEAF_DIFFERS)
            else:
                case.ledger.hold(PackageClaim.REVIEW_LOGGED, leaf.act.review)
