"""What leaves make of the rows of duties, kept manifests, and recordings with all that belongs to them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from schemas.integrity import Verdict
from schemas.leaves_presence import PresenceConfirmByCode, PresenceDeny
from schemas.life_evidence import AnswerLife, ManifestLife, RecordingLife
from schemas.life_shift import DutyLife
from schemas.manifest import ManifestState
from schemas.reference import ident_of, noun_of
from schemas.replay import Folded
from storage.fsck.mirror import NOT_TOLD, Mirror, Told, ident, value_of
from storage.tables.answer import finding_answers
from storage.tables.presence import presences
from storage.tables.recording import checks, derivatives, manifests, recordings
from storage.tables.shift import shifts

Row = Mapping[str, object]

MANIFEST_MIRRORS = (
    Mirror(
        manifests,
        manifests.c.id,
        (),
        ("agency_id", "device_id", "kid", "seq", "sha256", "state", "problem", "declared_at"),
        condition=manifests.c.state == ManifestState.DECLARED,
        digests=("payload", "signature"),
    ),
    Mirror(
        presences,
        presences.c.manifest_id,
        ("id",),
        (
            *("account_id", "certificate_id", "state", "way", "partner_id", "reason"),
            *("answered_at", "leaf", "settlement", "settled_by", "settled_at"),
        ),
    ),
)
_VERIFIED = ("sha256", "sm3", "media_type", "captured_at", "corrected_at", "retain_until")
_CHECK = ("position", "version", "outcome", "severity", "code", "params")
_DERIVATIVE = ("media_type", "width", "height", "tool", "object_key", "version_id", "size_bytes", "sha256")
RECORDING_MIRRORS = (
    Mirror(
        recordings,
        recordings.c.id,
        (),
        (
            *(
                "agency_id",
                "upload_id",
                "device_id",
                "account_id",
                "state",
                "verdict",
                "filename",
                "size_bytes",
            ),
            *("declared_sha256", "object_key", "version_id", "file_index", "stated_case", "received_at"),
            *("verified_at", "run", "facts", *_VERIFIED),
        ),
    ),
    Mirror(checks, checks.c.recording_id, ("run", "name"), ("at", *_CHECK)),
    Mirror(derivatives, derivatives.c.recording_id, ("kind",), ("made_at", "parent_sha256", *_DERIVATIVE)),
    Mirror(
        finding_answers,
        finding_answers.c.recording_id,
        ("id",),
        ("code", "text", "answered_by", "answered_at"),
    ),
)
DUTY_MIRRORS = (
    Mirror(
        shifts,
        shifts.c.id,
        (),
        (
            *("agency_id", "device_id", "person_id", "partner_id", "from_at", "until_at", "due_at"),
            *("opened_at", "closed_at"),
        ),
    ),
)


def manifest_rows(life: ManifestLife, folded: Folded) -> Told:
    """Return the rows that the leaves of a kept manifest make."""
    del folded
    return {
        "manifests": [
            {
                "agency_id": ident_of(life.agency),
                "device_id": ident_of(life.device),
                "kid": life.kid,
                "seq": life.seq,
                "sha256": life.sha256,
                "state": ManifestState.DECLARED,
                "problem": None,
                "declared_at": life.at,
                "payload": life.sha256,
                "signature": life.signature_sha256,
            }
        ],
        "presences": [_answer(name, one) for name, one in life.answers.items()],
    }


def _answer(name: str, one: AnswerLife) -> Row:
    said, settled = one.said, one.settled
    return {
        "id": ident_of(name),
        "account_id": ident_of(said.person),
        "certificate_id": ident_of(said.certificate),
        "state": one.state,
        "way": said.way,
        "partner_id": ident(said.partner) if isinstance(said, PresenceConfirmByCode) else None,
        "reason": value_of(said.reason) if isinstance(said, PresenceDeny) else None,
        "answered_at": one.at,
        "leaf": one.digest,
        "settlement": None if settled is None else value_of(settled.text),
        "settled_by": ident(one.settled_by),
        "settled_at": one.settled_at,
    }


def recording_rows(life: RecordingLife, folded: Folded) -> Told:
    """Return the rows that the leaves of a recording make; what its manifest says is held against the document."""
    del folded
    report = _report(life)
    return {
        "recordings": [_recording(life, report)],
        "checks": _checks(life, report),
        "derivatives": _derivatives(life, report),
        "finding_answers": [
            {
                "id": ident_of(name),
                "code": one.answer.code,
                "text": value_of(one.answer.text),
                "answered_by": ident_of(one.by),
                "answered_at": one.at,
            }
            for name, one in life.explained.items()
        ],
    }


def duty_rows(life: DutyLife, folded: Folded) -> Told:
    """Return the row that the leaves of a duty make."""
    del folded
    person, *others = life.persons
    return {
        "shifts": [
            {
                "agency_id": ident_of(life.agency),
                "device_id": ident_of(life.device),
                "person_id": ident_of(person),
                "partner_id": ident_of(others[0]) if others else None,
                "from_at": life.from_,
                "until_at": life.until,
                "due_at": life.due_at,
                "opened_at": life.opened_at,
                "closed_at": life.closed_at,
            }
        ]
    }


def _report(life: RecordingLife) -> Mapping[str, Any] | None:
    """Return the report of the verification; None where there is none, or nobody can see it."""
    report = None if life.verified is None else value_of(life.verified.report)
    return report if isinstance(report, Mapping) else None


def _recording(life: RecordingLife, report: Mapping[str, Any] | None) -> Row:
    received, verified = life.received, life.verified
    is_device = noun_of(life.by) == "device"
    said = ("size_bytes", "declared_sha256", "object_key", "version_id", "file_index")
    told: dict[str, object] = {name: getattr(received, name) for name in said}
    for name in _VERIFIED:
        # Before the conclusion the manifest says it; bytes that could not be read have no type of their own.
        told[name] = _before(name) if verified is None else getattr(verified, name)
    return {
        **told,
        "agency_id": ident_of(received.agency),
        "upload_id": received.upload,
        "device_id": ident_of(life.by) if is_device else None,
        "account_id": None if is_device else ident_of(life.by),
        "state": life.state,
        "verdict": Verdict.NOT_CHECKED if verified is None else verified.verdict,
        "filename": value_of(received.filename),
        "stated_case": value_of(received.stated_case),
        "received_at": life.received_at,
        "verified_at": life.verified_at,
        "run": 0 if verified is None else verified.run,
        "facts": ({} if verified is None else NOT_TOLD) if report is None else report["facts"],
    }


def _before(name: str) -> object:
    return NOT_TOLD if name in ("media_type", "captured_at", "corrected_at") else None


def _checks(life: RecordingLife, report: Mapping[str, Any] | None) -> Sequence[Row]:
    if report is None or life.verified is None:
        return ()
    run, at = life.verified.run, life.verified_at
    return [
        {"run": run, "at": at, "position": position, **_check(one)}
        for position, one in enumerate(report["checks"])
    ]


def _check(one: Mapping[str, Any]) -> Row:
    return {
        name: one.get(name, "" if name == "code" else {}) for name in ("name", *_CHECK) if name != "position"
    }


def _derivatives(life: RecordingLife, report: Mapping[str, Any] | None) -> Sequence[Row]:
    return [] if report is None else list(_made(life, report))


def _made(life: RecordingLife, report: Mapping[str, Any]) -> Iterator[Row]:
    for one in report["derivatives"]:
        yield {"kind": one["kind"], "made_at": life.verified_at, "parent_sha256": one["parent_sha256"]} | {
            name: one[name] for name in _DERIVATIVE
        }
