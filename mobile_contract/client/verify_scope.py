"""Claims about the whole: every chain that must stand for this case stands, and every file belongs to something."""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from mobile_contract.client.verify_record import Case
from schemas.base import parse_rfc3339
from schemas.claim import ClaimFault, PackageClaim
from schemas.errors import Invalid
from schemas.leaf import Leaf
from schemas.leaves_recording import ManifestDeclare
from schemas.life_described import number_told
from schemas.life_evidence import RecordingLife
from schemas.life_of_case import CaseLife
from schemas.package import INDEX, LOG_FILES, TREE, FileRole, RowPath, parse_path, proof_name
from schemas.package_record import Carried
from schemas.package_scope import actors_of, evidence_of, is_followed
from schemas.reference import noun_of


def standing(case: Case, noun: str) -> list[str]:
    """Return the evidence of a noun that is tied to the case at the end of its chain, in order of its names."""
    ties = evidence_of(case.record.leaves(case.of).values()) if case.of in case.heads else {}
    return sorted(name for name, stands in ties.items() if stands and noun_of(name) == noun)


def row_of(case: Case, record: str) -> dict[str, Any]:
    """Return the members of a record's row; none where it is not here or cannot be read, which has its own claim."""
    file = case.bag.take(record, FileRole.ROW)
    try:
        members = json.loads((file.payload if file else None) or b"")
    except (ValueError, RecursionError):
        return {}
    return members if isinstance(members, dict) else {}


def media_of(row: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what a row names as its media."""
    media = row.get("media", [])
    return [one for one in media if isinstance(one, dict)] if isinstance(media, list) else []


def path_of(case: Case, record: str) -> RowPath | None:
    """Return where a record's row stands in its batch; None where that is not here or cannot be read."""
    file = case.bag.take(record, FileRole.ROW_PATH)
    try:
        return None if file is None else parse_path(file.payload or b"")
    except Invalid:
        return None


def picture_of(case: Case, named: dict[str, Any], path: RowPath) -> str | None:
    """Return the recording that a row means: by its digest, or by the upload it came by.

    What came in a batch itself is a picture of its own row alone, whatever other row has the same bytes.
    """
    names = (str(named[key]) for key in ("jpeg", "upload") if key in named)
    for of in (of for name in names for of in case.pictures.get(name, ())):
        life = case.record.folded[of].life
        if isinstance(life, RecordingLife) and (
            life.received.intake is None
            or (life.received.intake, life.received.row) == (path.intake, path.position)
        ):
            return of
    return None


def equipment_of(case: Case, row: dict[str, Any]) -> tuple[str | None, bool]:
    """Return the equipment that had the number of a row at its capture, and whether one of the package hides its own."""
    hides, captured = False, captured_at(row)
    for of, life in case.equipment:
        is_its = number_told(life.described, captured, row.get("equipment"))
        if is_its:
            return of, False
        hides = hides or is_its is None
    return None, hides


def captured_at(row: dict[str, Any]) -> datetime | None:
    """Return when a row says that it was captured; None where it says no time."""
    try:
        return parse_rfc3339(row["captured_at"])
    except (KeyError, TypeError, ValueError, Invalid):
        return None


def declared_by(case: Case, recording: str) -> tuple[Carried | None, ClaimFault]:
    """Return the leaf that declared a recording's manifest, or why there is none."""
    folded = case.folded(recording)
    life = folded.life if folded is not None else None
    wanted = life.received.manifest_sha256 if isinstance(life, RecordingLife) else None
    _, lacks = case.alone(ManifestDeclare.spec.event)
    return case.declarations.get(wanted or ""), lacks


def verify_scope(case: Case) -> None:
    """Derive from the leaves which chains must stand; one too few fails."""
    missing = sorted(set(_needed(case)) - case.heads.keys())
    for of in missing:
        case.ledger.fail(PackageClaim.COMPLETENESS, of, ClaimFault.CHAIN_MISSING)
    found, lacks = case.alone("agency:open")
    unnamed = _agencies(case) - {one.leaf.subject for one in found}
    for of in sorted(unnamed):
        case.ledger.fail(PackageClaim.COMPLETENESS, of, lacks)
    if sum(noun_of(of) == "log" for of in case.heads) != 1:
        case.ledger.fail(PackageClaim.COMPLETENESS, "log", ClaimFault.CHAIN_MISSING)
    elif not missing and not unnamed:
        case.ledger.hold(PackageClaim.COMPLETENESS, case.of)


def _agencies(case: Case) -> set[str]:
    """Return the agency that acts, and the one in whose name: each must be said by a leaf."""
    folded = case.folded(case.of)
    life = None if folded is None else folded.life
    if not isinstance(life, CaseLife):
        return set()
    return {life.agency} | ({life.principal} if life.principal else set())


def _needed(case: Case) -> Iterator[str]:
    yield case.of
    if case.of in case.heads:
        yield from evidence_of(case.record.leaves(case.of).values())
    recordings = standing(case, "recording")
    for record in standing(case, "monitoring"):
        row = row_of(case, record)
        equipment, hides = equipment_of(case, row)
        if equipment is None and not hides:
            yield f"equipment of {record}"
        if (path := path_of(case, record)) is not None:
            recordings += [of for one in media_of(row) if (of := picture_of(case, one, path))]
    for recording in recordings:
        declared, _ = declared_by(case, recording)
        if declared is not None and isinstance(declared.leaf.act, ManifestDeclare):
            yield declared.leaf.act.device
    yield from actors_of(_acting(case))


def _acting(case: Case) -> Iterator[Leaf]:
    for of in case.heads:
        if is_followed(of):
            yield from case.record.leaves(of).values()
    for one in case.record.standing_alone:
        if is_followed(one.leaf.subject):
            yield one.leaf


def verify_layout(case: Case) -> None:
    """Check that the package holds exactly the files that its index and its leaves ask for."""
    listed = {one.file for one in case.index.files}
    proofs = {proof_name(digest) for _, digest in case.bag.places}
    expected = {INDEX, *LOG_FILES, *proofs, *listed} | ({TREE} & case.bag.files.keys())
    actual = {name for name in case.bag.files if name.startswith(("data/", "keys/", "log/"))}
    faults = (expected ^ actual) | (listed - case.bag.used)
    for name in sorted(faults):
        case.ledger.fail(PackageClaim.INDEX, name, ClaimFault.LAYOUT_DIFFERS)
    if not faults:
        case.ledger.hold(PackageClaim.INDEX, INDEX)
