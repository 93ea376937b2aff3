"""Claims about what the desks add to a case: rows of fixed equipment, opinions, review rounds, facts, ties."""

import itertools
import json
from collections import Counter
from collections.abc import Iterable
from typing import Any

from mobile_contract.client.verify_recording import Case
from schemas.base import parse_rfc3339, rfc3339
from schemas.claim import ClaimFault, PackageClaim
from schemas.custody import CustodyEntry
from schemas.digest import sha256_hex
from schemas.errors import Invalid
from schemas.event import Event
from schemas.export import PackageIndex
from schemas.export_desks import PackagedDesks, PackagedFact, PackagedIntake, PackagedRecord, PackagedRound
from schemas.intake import IntakeManifest, parse_intake, verify_intake, verify_row
from schemas.review import STEPS

_OPINIONS = {row.name.value: row.logs for row in STEPS}
_Logged = tuple[int, CustodyEntry]


def verify_desks(case: Case, index: PackageIndex) -> None:
    """Enter every claim about the desks' part of a package.

    Packages from before the desks have no such part; then the log they carry must not speak of one either.
    """
    desks = index.desks
    if desks is None:
        if _speaks_of_desks(case, f"case/{index.case.id}"):
            case.ledger.fail(PackageClaim.DESKS_COMPLETE, f"case/{index.case.id}", ClaimFault.DESKS_OMITTED)
        return
    manifests = {one.sha256: _verify_intake(case, one) for one in desks.intakes}
    for record in desks.records:
        _verify_row(case, record, manifests.get(record.intake))
        _verify_media(case, index, record)
        _verify_reviewed(case, index.case.id, record)
    for one in desks.rounds:
        _verify_round(case, index.case.id, one)
    for fact in desks.facts:
        _verify_fact(case, index.case.id, fact)
    _verify_ties(case, index.case.id, desks)


def _speaks_of_desks(case: Case, about: str) -> bool:
    events = (Event.CASE_LINK, Event.CASE_UNLINK, Event.CASE_AMEND, Event.CASE_SUBMIT)
    return any(
        entry.event is Event.CASE_SUBMIT or "monitoring" in entry.facts or "fact" in entry.facts
        for _, entry in case.log.about(about, *events)
    )


def _verify_intake(case: Case, intake: PackagedIntake) -> IntakeManifest | None:
    payload = case.bag.text(intake.file)
    signature = case.bag.text(intake.signature_file).decode("ascii", "replace")
    received = case.log.about(f"intake/{intake.id}", Event.MONITORING_RECEIVE)
    logged = [entry.facts.get("sha256") for _, entry in received]
    if sha256_hex(payload) != intake.sha256 or logged != [intake.sha256]:
        case.ledger.fail(
            PackageClaim.INTAKE_LOGGED,
            intake.id,
            ClaimFault.LEAF_DIFFERS if logged else ClaimFault.LEAF_MISSING,
        )
        return None
    case.ledger.hold(PackageClaim.INTAKE_LOGGED, intake.id)
    try:
        manifest = parse_intake(payload)
        if case.trust is not None:
            verify_intake(payload, signature, case.trust.registry_key)
    except Invalid as err:
        case.ledger.fail_as(
            PackageClaim.INTAKE_SIGNATURE, intake.id, err, otherwise=ClaimFault.INTAKE_INVALID
        )
        return None
    case.ledger.hold_origin(PackageClaim.INTAKE_SIGNATURE, intake.id)
    return manifest


def _verify_row(case: Case, record: PackagedRecord, manifest: IntakeManifest | None) -> None:
    row = case.bag.text(record.file)
    if manifest is None:
        case.ledger.fail(PackageClaim.RECORD_ROW, record.id, ClaimFault.NOT_REACHED)
        return
    try:
        salt, path = bytes.fromhex(record.salt), [bytes.fromhex(one) for one in record.path]
        verify_row(manifest, row, salt=salt, index=record.intake_index, path=path)
        members = json.loads(row)
    except Invalid as err:
        case.ledger.fail_as(PackageClaim.RECORD_ROW, record.id, err, otherwise=ClaimFault.PROOF_INVALID)
        return
    except (ValueError, RecursionError):
        case.ledger.fail(PackageClaim.RECORD_ROW, record.id, ClaimFault.ROW_DIFFERS)
        return
    if not isinstance(members, dict) or not _as_row(record, members, manifest):
        case.ledger.fail(PackageClaim.RECORD_ROW, record.id, ClaimFault.ROW_DIFFERS)
    else:
        case.ledger.hold(PackageClaim.RECORD_ROW, record.id)


def _as_row(record: PackagedRecord, members: dict[str, Any], manifest: IntakeManifest) -> bool:
    """Compare what the index repeats of a record with its row and with the batch it came in."""
    try:
        captured_at = rfc3339(parse_rfc3339(members["captured_at"]))
    except (KeyError, TypeError, ValueError, Invalid):
        return False
    named = (members.get("record_id"), members.get("equipment"), captured_at, manifest.received_at)
    return named == (record.record_id, record.equipment, record.captured_at, record.received_at)


def _verify_media(case: Case, index: PackageIndex, record: PackagedRecord) -> None:
    """The row names each picture by its digest, or by the upload that became the recording."""
    known = {one.id: one for one in index.recordings}
    named = _media_of(case.bag.text(record.file))
    if len(named) != len(record.media):
        case.ledger.fail(PackageClaim.RECORD_MEDIA, record.id, ClaimFault.ROW_DIFFERS)
        return
    for recording_id, one in zip(record.media, named, strict=True):
        recording = known.get(recording_id)
        received = case.log.about(f"recording/{recording_id}", Event.RECORDING_RECEIVE)
        uploads = [entry.facts.get("upload") for _, entry in received]
        by_digest = recording is not None and one.get("jpeg") == f"sha256:{recording.sha256}"
        by_upload = recording is not None and one.get("upload") in uploads and "upload" in one
        if not by_digest and not by_upload:
            case.ledger.fail(
                PackageClaim.RECORD_MEDIA, record.id, ClaimFault.MEDIA_DIFFERS, detail=recording_id
            )
            return
    case.ledger.hold(PackageClaim.RECORD_MEDIA, record.id)


def _media_of(row: bytes) -> list[dict[str, Any]]:
    try:
        media = json.loads(row).get("media", [])
    except (ValueError, RecursionError, AttributeError):
        return []
    return [one for one in media if isinstance(one, dict)] if isinstance(media, list) else []


def _verify_reviewed(case: Case, case_id: str, record: PackagedRecord) -> None:
    """Two different people found it valid, then it was accepted, then it was tied to the case."""
    about = f"monitoring/{record.id}"
    given = case.log.about(about, Event.MONITORING_OPINE)
    stated = [
        (one.stage, one.opinion, one.reason_code, one.reason and one.reason.commitment, one.given_at)
        for one in record.opinions
    ]
    names = ("stage", "opinion", "reason_code", "reason")
    logged = [(*(entry.facts.get(name) for name in names), rfc3339(entry.at)) for _, entry in given]
    if sorted(map(str, stated)) != sorted(map(str, logged)):
        case.ledger.fail(PackageClaim.RECORD_REVIEWED, record.id, ClaimFault.LEAF_DIFFERS)
        return
    accepted = case.log.about(about, Event.MONITORING_ACCEPT)
    tied = [
        row
        for row in case.log.about(about, Event.MONITORING_LINK)
        if row[1].facts.get("case") == case_id and rfc3339(row[1].at) == record.linked_at
    ]
    if not _in_turn(given, accepted, tied) or len({entry.actor for _, entry in given}) != len(given):
        case.ledger.fail(PackageClaim.RECORD_REVIEWED, record.id, ClaimFault.ORDER_DIFFERS)
    elif record.state != "valid" or {(one.stage, one.opinion) for one in record.opinions} != {
        ("first", "valid"),
        ("second", "valid"),
    }:
        case.ledger.fail(PackageClaim.RECORD_REVIEWED, record.id, ClaimFault.NOT_FOUND_VALID)
    else:
        case.ledger.hold(PackageClaim.RECORD_REVIEWED, record.id)


def _in_turn(*groups: Iterable[_Logged]) -> bool:
    """Say whether each group is there and stands wholly before the next in the log."""
    positions = [[index for index, _ in group] for group in groups]
    if not all(positions):
        return False
    return all(max(first) < min(then) for first, then in itertools.pairwise(positions))


def _verify_round(case: Case, case_id: str, one: PackagedRound) -> None:
    submitted = [
        row
        for row in case.log.about(f"case/{case_id}", Event.CASE_SUBMIT)
        if row[1].facts.get("review") == one.id
    ]
    digest = sha256_hex(case.bag.text(one.evidence_file))
    if not submitted:
        case.ledger.fail(PackageClaim.REVIEW_LOGGED, one.id, ClaimFault.LEAF_MISSING)
        return
    facts = submitted[0][1].facts
    same = (facts.get("evidence_sha256"), facts.get("round")) == (digest, one.round)
    same = same and one.evidence_sha256 == digest and rfc3339(submitted[0][1].at) == one.submitted_at
    if not same or not _is_opinion(case, one, submitted):
        case.ledger.fail(PackageClaim.REVIEW_LOGGED, one.id, ClaimFault.LEAF_DIFFERS)
    else:
        case.ledger.hold(PackageClaim.REVIEW_LOGGED, one.id)


def _is_opinion(case: Case, one: PackagedRound, submitted: list[_Logged]) -> bool:
    """Compare opinion, statement, grounds and answers with their entries, and their order with the log's."""
    given = case.log.about(f"review/{one.id}", *_OPINIONS.values())
    if one.opinion is None or one.statement is None:
        return not given
    grounds = {str(ground.position): _ground(ground) for ground in one.grounds}
    if len(given) != 1 or not _in_turn(submitted, given):
        return False
    entry = given[0][1]
    return (
        entry.event is _OPINIONS.get(one.opinion)
        and rfc3339(entry.at) == one.given_at
        and entry.facts.get("statement") == one.statement.commitment
        and entry.facts.get("grounds") == grounds
        and _answers(case, one)
    )


def _ground(ground: Any) -> dict[str, str]:  # noqa: ANN401 - a packaged ground
    stated = {"item": ground.item, "text": ground.text.commitment}
    return stated if ground.subject is None else {**stated, "subject": ground.subject}


def _answers(case: Case, one: PackagedRound) -> bool:
    logged = {
        str(entry.facts.get("position")): entry.facts.get("answer")
        for _, entry in case.log.about(f"review/{one.id}", Event.REVIEW_ANSWER)
    }
    return logged == {
        str(ground.position): ground.answer.commitment for ground in one.grounds if ground.answer
    }


def _verify_fact(case: Case, case_id: str, fact: PackagedFact) -> None:
    """Replay the fact's entries: its words, and the evidence that stands."""
    words, standing = None, dict[str, None]()
    for _, entry in case.log.about(f"case/{case_id}", Event.CASE_AMEND):
        if entry.facts.get("fact") != fact.id:
            continue
        change, evidence = entry.facts.get("change"), str(entry.facts.get("evidence"))
        if change == "added":
            words = entry.facts.get("text")
        elif change == "proved":
            standing[evidence] = None
        elif change == "unproved":
            standing.pop(evidence, None)
    if words != fact.text.commitment or set(standing) != set(fact.evidence):
        case.ledger.fail(
            PackageClaim.FACT_LOGGED, fact.id, ClaimFault.LEAF_DIFFERS if words else ClaimFault.LEAF_MISSING
        )
    else:
        case.ledger.hold(PackageClaim.FACT_LOGGED, fact.id)


def _verify_ties(case: Case, case_id: str, desks: PackagedDesks) -> None:
    """Replay the case's entries: no record, round, fact or ended tie may be left out or stand twice."""
    about = f"case/{case_id}"
    linked, ended = _replayed(case, about)
    faults = [
        (f"monitoring/{one}", ClaimFault.RECORD_OMITTED) for one in linked ^ {one.id for one in desks.records}
    ]
    stated = {(one.subject, one.unlinked_at): one for one in desks.ended_ties}
    faults += [(name, ClaimFault.TIE_OMITTED) for name, _ in ended.keys() ^ stated.keys()]
    faults += [
        (name, ClaimFault.LEAF_DIFFERS)
        for (name, at), reason in ended.items()
        if (tie := stated.get((name, at))) and (tie.reason and tie.reason.commitment) != reason
    ]
    faults += [
        (f"fact/{one}", ClaimFault.FACT_OMITTED)
        for one in _standing(case, about) ^ {f.id for f in desks.facts}
    ]
    faults += [(one, ClaimFault.STANDS_TWICE) for one, times in _stated(desks).items() if times > 1]
    rounds = {str(entry.facts.get("review")) for _, entry in case.log.about(about, Event.CASE_SUBMIT)}
    faults += [
        (f"review/{one}", ClaimFault.ROUND_OMITTED) for one in rounds ^ {one.id for one in desks.rounds}
    ]
    for subject, code in sorted(set(faults)):
        case.ledger.fail(PackageClaim.DESKS_COMPLETE, subject, code)
    if not faults:
        case.ledger.hold(PackageClaim.DESKS_COMPLETE, about)


def _replayed(case: Case, about: str) -> tuple[set[str], dict[tuple[str, str], Any]]:
    """Return the records tied at the end of the log, and every ended tie with the commitment to its reason."""
    linked: set[str] = set()
    ended: dict[tuple[str, str], Any] = {}
    for _, entry in case.log.about(about, Event.CASE_LINK, Event.CASE_UNLINK):
        noun = "monitoring" if "monitoring" in entry.facts else "recording"
        ident = str(entry.facts.get(noun))
        if entry.event is Event.CASE_UNLINK:
            ended[f"{noun}/{ident}", rfc3339(entry.at)] = entry.facts.get("reason")
        if noun == "monitoring":
            (linked.add if entry.event is Event.CASE_LINK else linked.discard)(ident)
    return linked, ended


def _standing(case: Case, about: str) -> set[str]:
    """Return the facts that were added and not withdrawn at the end of the log."""
    standing: set[str] = set()
    for _, entry in case.log.about(about, Event.CASE_AMEND):
        if entry.facts.get("change") == "added":
            standing.add(str(entry.facts.get("fact")))
        elif entry.facts.get("change") == "withdrawn":
            standing.discard(str(entry.facts.get("fact")))
    return standing


def _stated(desks: PackagedDesks) -> Counter[str]:
    return Counter(
        [
            *(f"monitoring/{one.id}" for one in desks.records),
            *(f"intake/{one.sha256}" for one in desks.intakes),
            *(f"review/{one.id}" for one in desks.rounds),
            *(f"fact/{one.id}" for one in desks.facts),
            *(f"{one.subject} {one.unlinked_at}" for one in desks.ended_ties),
        ]
    )
