"""A case of hundreds of recordings as rows, made from the schema: every second one with all that may be absent, the
others with none of it.

Acts would take minutes. What the rows say is alike on purpose: most recordings have the same findings, as an hour with
an unsigned camera gives them, and some have one of their own.
"""

import hashlib
from datetime import timedelta
from uuid import UUID

from schemas.case import Case
from schemas.checks import manifest as of_manifest
from schemas.checks.unsigned import UNSIGNED_PLACE, UNSIGNED_TIME
from schemas.digest import sha256_hex
from schemas.integrity import CheckResult
from storage.act import fresh_id
from storage.tables.recording import checks, derivatives, manifests, recordings, uploads
from tests.casework import Bureau
from tests.factories import OFFICERS
from tests.media import jpeg
from tests.rows import AT, Rows

STEP = timedelta(minutes=2)
"""From one capture to the next."""

EVERY_OWN = 20
"""One of so many has a finding of its own."""

ALIKE = (UNSIGNED_PLACE.found("place-unknown"), UNSIGNED_TIME.found("time-unknown"))
"""What is found in every recording."""


def put_recordings(bureau: Bureau, case: Case, many: int) -> list[UUID]:
    """Link so many recordings to a case, oldest first."""
    payload = jpeg(64, 48)
    key = f"recordings/{bureau.agency}/{case.id}"
    stored = bureau.store.objects.put(key, [payload], sha256=hashlib.sha256(payload).digest())
    kept = {"version_id": stored.version_id, "size_bytes": len(payload)}
    kept |= {f"{table}.object_key": key for table in ("recordings", "derivatives")}
    kept |= {"derivatives.sha256": sha256_hex(payload)}
    known = {
        "agencies": bureau.agency,
        "accounts": bureau.handler.id,
        "colleague": bureau.head.id,
        "cases": case.id,
        "devices": bureau.device.id,
    }
    with bureau.store.begin() as tx:
        sparse, full = (Rows(tx.connection, known, is_full=one, **kept) for one in (False, True))
        made = [
            _put(full if number % 2 else sparse, number, is_full=bool(number % 2)) for number in range(many)
        ]
        seen = tx.cases.get(bureau.handler, case.id).version
        for ident in made:
            tx.cases.link(bureau.handler, case.id, ident, seen)
        return made


def _put(rows: Rows, number: int, *, is_full: bool) -> UUID:
    at = AT + STEP * number
    rows.put(manifests, state="declared", captured_at=at, payload=b"{}")
    rows.put(uploads, state="received")
    given = {
        "filename": f"现场{number + 1:03}.jpg",
        "received_at": at,
        "verdict": "verified",
        "run": 1,
        "id": fresh_id(),
    }
    if is_full:
        given |= {"captured_at": at, "corrected_at": at, "officers": list(OFFICERS), "account_id": None}
    rows.put(recordings, state="sealed", **given)
    ident = rows.ids["recordings"][-1]
    if is_full:
        rows.put(derivatives, kind="thumbnail")
    for position, check in enumerate(_checks(number)):
        rows.put(checks, position=position, at=at, **_row(check))
    return ident


def _checks(number: int) -> list[CheckResult]:
    own = (
        [] if number % EVERY_OWN else [of_manifest.OFFICERS.found("officers-fewer-than-two", officers=number)]
    )
    return [*ALIKE, *own]


def _row(check: CheckResult) -> dict[str, object]:
    return {**check.model_dump(mode="json"), "run": 1}
