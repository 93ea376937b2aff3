"""What leaves make of the rows of duties, kept manifests, and recordings with all that belongs to them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from schemas.integrity import Verdict
from schemas.leaves_presence import PresenceConfirmByCode, PresenceDeny
from schemas.leaves_recording import Declared, RecordingExamine, RecordingQuarantine, RecordingSeal
from schemas.life_evidence import (
    AnswerLife,
    ExaminedLife,
    KeptLife,
    MadeLife,
    ManifestLife,
    MarkLife,
    RecordingLife,
)
from schemas.life_shift import DutyLife
from schemas.manifest import ManifestState
from schemas.reference import ident_of, noun_of
from schemas.replay import Folded
from schemas.retention import RetentionClass
from storage.fsck.mirror import NOT_TOLD, Mirror, Told, ident, value_of
from storage.fsck.rows_annotation import annotation_mirrors, annotation_rows
from storage.tables.answer import finding_answers
from storage.tables.declaration import declarations
from storage.tables.derivative import derivations
from storage.tables.examination import examinations
from storage.tables.presence import presences
from storage.tables.recording import checks, derivatives, manifests, recordings
from storage.tables.retention import retention_marks, retentions
from storage.tables.scrub import scrub_finds
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
            *("verified_at", "run", "facts", "retention", "kept_until", *_VERIFIED),
        ),
    ),
    Mirror(
        declarations,
        declarations.c.recording_id,
        (),
        ("way", "origin", "document", "made_at", "source", "maker", "method", "media_type"),
    ),
    Mirror(checks, checks.c.recording_id, ("run", "name"), ("at", *_CHECK)),
    Mirror(derivatives, derivatives.c.recording_id, ("kind",), ("made_at", "parent_sha256", *_DERIVATIVE)),
    Mirror(
        examinations,
        examinations.c.recording_id,
        ("id",),
        ("asked_by", "run", "verdict", "was", "examined_at"),
        condition=examinations.c.run.is_not(None),
    ),
    Mirror(scrub_finds, scrub_finds.c.recording_id, ("id",), ("code", "sha256", "found_at")),
    Mirror(
        derivations,
        derivations.c.recording_id,
        ("id",),
        (
            *("kind", "asked_by", "media_type", "object_key", "version_id", "size_bytes"),
            *("sha256", "parent_sha256", "params", "made_at"),
        ),
        condition=derivations.c.made_at.is_not(None),
    ),
    Mirror(
        retentions,
        retentions.c.recording_id,
        ("id",),
        ("retention", "until", "case_id", "locked_until", "raised_at"),
        condition=retentions.c.raised_at.is_not(None),
    ),
    Mirror(
        retention_marks,
        retention_marks.c.recording_id,
        ("id",),
        ("stands", "reason", "marked_by", "marked_at"),
    ),
    Mirror(
        finding_answers,
        finding_answers.c.recording_id,
        ("id",),
        ("code", "text", "answered_by", "answered_at"),
    ),
    *annotation_mirrors("recording_id"),
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
    runs = _runs(life)
    return {
        "recordings": [_recording(life, runs)],
        "declarations": [] if life.declared is None else [_declaration(life.declared)],
        "checks": [row for run in runs for row in _checks(run)],
        "derivatives": _derivatives(runs),
        "examinations": [_examination(one) for one in life.examined],
        "scrub_finds": [
            {"id": ident_of(name), "code": one.made.code, "sha256": one.made.sha256, "found_at": one.at}
            for name, one in life.found.items()
        ],
        "derivations": [_copy(name, one) for name, one in life.copies.items()],
        "retentions": [_kept(name, one) for name, one in life.kept.items()],
        "retention_marks": [_mark(name, one) for name, one in life.marks.items()],
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
        **annotation_rows(life.beside),
    }


def _declaration(made: Declared) -> Row:
    clear = {name: getattr(made, name) for name in ("way", "origin", "document", "made_at")}
    return clear | {
        name: value_of(getattr(made, name)) for name in ("source", "maker", "method", "media_type")
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


class _Run(NamedTuple):
    """One result of a recording: its leaf, when it was made, and its report where somebody can see it."""

    made: RecordingSeal | RecordingQuarantine | RecordingExamine
    at: datetime | None
    report: Mapping[str, Any] | None


def _runs(life: RecordingLife) -> Sequence[_Run]:
    """Return every result of a recording, the first first."""
    first = [] if life.verified is None else [(life.verified, life.verified_at)]
    runs = [*first, *((one.made, one.at) for one in life.examined)]
    return [_Run(made, at, _report(made)) for made, at in runs]


def _report(made: RecordingSeal | RecordingQuarantine | RecordingExamine) -> Mapping[str, Any] | None:
    report = value_of(made.report)
    return report if isinstance(report, Mapping) else None


def _examination(one: ExaminedLife) -> Row:
    return {
        "id": one.made.examination,
        "asked_by": ident(one.made.asked_by),
        "run": one.made.run,
        "verdict": one.made.verdict,
        "was": one.made.was,
        "examined_at": one.at,
    }


def _copy(name: str, one: MadeLife) -> Row:
    made = one.made
    said = ("kind", "media_type", "object_key", "version_id", "size_bytes", "sha256", "parent_sha256")
    told = {member: getattr(made, member) for member in said}
    params = value_of(made.params)
    return told | {
        "id": ident_of(name),
        "asked_by": ident(made.asked_by),
        "params": params,
        "made_at": one.at,
    }


def _kept(name: str, one: KeptLife) -> Row:
    return {
        "id": ident_of(name),
        "retention": one.raised.class_,
        "until": one.raised.until,
        "case_id": ident(one.raised.because),
        "locked_until": one.raised.locked_until,
        "raised_at": one.at,
    }


def _mark(name: str, one: MarkLife) -> Row:
    return {
        "id": ident_of(name),
        "stands": one.made.stands,
        "reason": value_of(one.made.reason),
        "marked_by": ident_of(one.by),
        "marked_at": one.at,
    }


def _recording(life: RecordingLife, runs: Sequence[_Run]) -> Row:
    received, verified = life.received, life.verified
    latest = runs[-1] if runs else None
    is_device = noun_of(life.by) == "device"
    said = ("size_bytes", "declared_sha256", "object_key", "version_id", "file_index")
    told: dict[str, object] = {name: getattr(received, name) for name in said}
    for name in _VERIFIED:
        # Before the conclusion the manifest says it; bytes that could not be read have no type of their own.
        told[name] = _before(name) if verified is None else getattr(verified, name)
    if latest is not None:
        told["media_type"] = latest.made.media_type
    return {
        **told,
        "agency_id": ident_of(received.agency),
        "upload_id": received.upload,
        "device_id": ident_of(life.by) if is_device else None,
        "account_id": None if is_device else ident_of(life.by),
        "state": life.state,
        "verdict": Verdict.NOT_CHECKED if latest is None else latest.made.verdict,
        "filename": value_of(received.filename),
        "stated_case": value_of(received.stated_case),
        "received_at": life.received_at,
        "verified_at": life.verified_at,
        "run": 0 if latest is None else latest.made.run,
        "facts": _facts(latest),
        **_retention(life),
    }


def _retention(life: RecordingLife) -> Row:
    """Return for what it is kept now: as the last change says, else as its seal does."""
    for one in reversed(tuple(life.kept.values())):
        return {"retention": one.raised.class_, "kept_until": one.raised.until}
    if life.verified is None:
        return {"retention": None, "kept_until": None}
    return {"retention": RetentionClass.ROUTINE, "kept_until": life.verified.retain_until}


def _before(name: str) -> object:
    return NOT_TOLD if name in ("media_type", "captured_at", "corrected_at") else None


def _facts(latest: _Run | None) -> object:
    if latest is None:
        return {}
    return NOT_TOLD if latest.report is None else latest.report["facts"]


def _checks(run: _Run) -> Sequence[Row]:
    if run.report is None:
        return ()
    return [
        {"run": run.made.run, "at": run.at, "position": position, **_check(one)}
        for position, one in enumerate(run.report["checks"])
    ]


def _check(one: Mapping[str, Any]) -> Row:
    return {
        name: one.get(name, "" if name == "code" else {}) for name in ("name", *_CHECK) if name != "position"
    }


def _derivatives(runs: Sequence[_Run]) -> Sequence[Row]:
    """Return what was made, by each run what there was none of before."""
    return [
        {"kind": one["kind"], "made_at": run.at, "parent_sha256": one["parent_sha256"]}
        | {name: one[name] for name in _DERIVATIVE}
        for run in runs
        if run.report is not None
        for one in run.report["derivatives"]
    ]
