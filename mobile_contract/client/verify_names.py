"""Claims about what things are called: the number that the case is asked for by, and the name of every file.

A file of the package lies where its leaf says, under the name that its leaf says: whoever unpacks it and looks
no further is not told a name that only the export key vouches for.
"""

import re
from collections.abc import Iterator, Mapping

from mobile_contract.client.verify_record import Case
from schemas.case_number import number_key
from schemas.claim import ClaimFault, PackageClaim
from schemas.leaves_monitoring import IntakeReceive
from schemas.leaves_recording import ManifestDeclare
from schemas.life_device import DeviceLife
from schemas.life_evidence import RecordingLife
from schemas.life_of_case import CaseLife
from schemas.opening import Shown
from schemas.package import (
    UNNAMED,
    FileRole,
    IndexedFile,
    derivative_name,
    evidence_name,
    intake_names,
    key_name,
    manifest_names,
    original_name,
    package_stem,
    row_names,
)

_NUMBER = re.compile(r"\((?:19|20)\d{2}\)第?\d+|第\d+号")
"""What only case numbers have, once folded: a year in brackets before a number, or a number between 第 and 号."""


def verify_number(case: Case, asked: str | None, filename: str) -> None:
    """Check that the case is the one that was asked for, and the one that the package's file name is of.

    Args:
        case: The package.
        asked: The number whoever checks expects; None where nobody said.
        filename: What the package's file is called; looked at only where it says a case number.
    """
    told, named = _number(case), number_key(filename.removesuffix(".zip"))
    is_named = _NUMBER.search(named) is not None
    if asked is None and not is_named:
        return
    if told is None:
        case.ledger.skip(PackageClaim.CASE_NUMBER, case.of, ClaimFault.NOT_SHOWN)
    elif (asked is not None and number_key(asked) != number_key(told)) or (
        is_named and not _is_in(number_key(package_stem(told)), named)
    ):
        case.ledger.fail(PackageClaim.CASE_NUMBER, case.of, ClaimFault.CASE_DIFFERS, detail=told)
    else:
        case.ledger.hold(PackageClaim.CASE_NUMBER, case.of)


def _is_in(number: str, name: str) -> bool:
    """Say whether a name holds this number, and not one that only begins or ends like it."""
    return re.search(rf"(?<![0-9a-z]){re.escape(number)}(?![0-9])", name) is not None


def _number(case: Case) -> str | None:
    folded = case.folded(case.of)
    life = None if folded is None else folded.life
    number = life.values.get("number") if isinstance(life, CaseLife) else None
    return str(number.value) if isinstance(number, Shown) else None


def verify_names(case: Case) -> None:
    """Check that every file is called as the leaves say."""
    wrong = [one.file for one in case.index.files if one.file not in _names(case, one)]
    for name in sorted(wrong):
        case.ledger.fail(PackageClaim.INDEX, name, ClaimFault.NAME_DIFFERS)


def _names(case: Case, one: IndexedFile) -> tuple[str, ...]:
    """Return what a file of this thing may be called; its own name where its thing is not known, a fault of its own."""
    folded, leaf = case.folded(one.of), case.alone_of(one.of)
    life = None if folded is None else folded.life
    act = None if leaf is None else leaf.leaf.act
    if one.role in (FileRole.ORIGINAL, FileRole.DERIVATIVE):
        found = tuple(_of_recording(one, life)) if isinstance(life, RecordingLife) else (one.file,)
    elif one.role is FileRole.KEY:
        found = (key_name(life.kid) if isinstance(life, DeviceLife) else one.file,)
    elif one.role is FileRole.EVIDENCE:
        found = (evidence_name(one.of),)
    elif one.role in (FileRole.ROW, FileRole.ROW_PATH):
        found = (row_names(one.of)[one.role is FileRole.ROW_PATH],)
    elif isinstance(act, ManifestDeclare):
        found = (manifest_names(act.sha256)[one.role is FileRole.MANIFEST_SIGNATURE],)
    elif isinstance(act, IntakeReceive):
        found = (intake_names(act.sha256)[one.role is FileRole.INTAKE_SIGNATURE],)
    else:
        found = (one.file,)
    return found


def _of_recording(one: IndexedFile, life: RecordingLife) -> Iterator[str]:
    if one.role is FileRole.ORIGINAL:
        name = life.received.filename
        yield original_name(one.of, str(name.value) if isinstance(name, Shown) else UNNAMED)
        return
    report = None if life.verified is None else life.verified.report
    told = report.value if isinstance(report, Shown) else None
    made = told.get("derivatives", []) if isinstance(told, Mapping) else []
    for each in made if isinstance(made, list) else []:
        if isinstance(each, dict):
            yield derivative_name(one.of, str(each.get("kind")), str(each.get("media_type")))
