"""The list of recordings, one recording with everything known of it, and the list as CSV."""

from collections.abc import Iterable
from typing import Annotated, Any, NamedTuple

from fastapi import Query
from starlette.responses import Response

from api.console import continuity
from api.console.answer_form import AnswerForm
from api.console.case_walk import walk_of
from api.console.guard import Visiting
from api.console.look_form import RecordingForms
from api.console.office import each_once
from api.console.paging import paging_of
from api.console.picture import MapPicture, MapPoint, Station, course, map_picture
from api.console.places import Wanted, place_href, places_of
from api.console.view import HEADERS
from api.console.visit import Mistake, Visit
from api.look import content_url, look_from
from api.route import pages
from schemas.actor import Actor
from schemas.annotation import About
from schemas.catalogue import words_of
from schemas.derivative import DerivationState, DerivativeKind, plays
from schemas.examination import Examination, ExaminationState, changes, is_of_every_frame
from schemas.findings import sentence
from schemas.hand_in import LATE_CODES
from schemas.ids import RecordingId
from schemas.integrity import CheckResult, FindingText, Outcome, Severity
from schemas.leaves_recording import RecordingQuarantine, RecordingSeal
from schemas.likeness import Likenesses
from schemas.look import LookWay
from schemas.media import SEEN, Medium, medium_of
from schemas.policy import Action
from schemas.recording import Recording, RecordingState, Sight, sight_of
from schemas.reference import reference
from schemas.verdict import BINDING_CHECKS, breaks_binding
from schemas.words import Language
from storage.custody.values import Logged
from storage.recording.neighbours import Neighbours
from storage.recording.values import CheckRow
from storage.transaction import Transaction

SHOWN_OFFSET_MS = 1000
"""Below a second the corrected time is written, but is no station of its own on the time line."""
CSV_ROWS = 5000
"""Rows of one CSV: a spreadsheet's worth; narrower filters give the rest."""

LATEST_LOOKS = 5
"""Of those who looked, so many stand on the page of a recording; the rest on a page of its own."""

_BROWSER_IMAGES = frozenset({"image/jpeg", "image/png", "image/webp", "image/gif"})

router = pages()


def names_for(visit: Visit, rows: Iterable[Recording]) -> dict[str, str]:
    """Return the names of the officers that recordings state, as far as the visitor's reach goes."""
    numbers = [number for row in rows for number in row.officers]
    return visit.tx.accounts.names(visit.actor, numbers)


@router.get("/recordings/{recording_id}")
def recording(visit: Visiting, recording_id: RecordingId, wanted: Annotated[Wanted, Query()]) -> Response:
    """Show one recording with everything known of it, opened on a finding where one is asked for."""
    return shown(visit, recording_id, wanted=wanted)


_NOWHERE = Wanted()


def shown(
    visit: Visit, recording_id: RecordingId, mistake: Mistake | None = None, *, wanted: Wanted = _NOWHERE
) -> Response:
    """Return the page of a recording; its content is on it while a look stands."""
    tx = visit.tx
    found = tx.recordings.get(visit.actor, recording_id)
    walk = walk_of(visit, recording_id, wanted.case)
    wanted = wanted.model_copy(update={"case": walk and walk.case_id})
    origin = look_from(visit.request, LookWay.CONSOLE)
    look = tx.looks.standing(visit.actor, [recording_id], origin).get(recording_id)
    told = told_of_recording(visit, found, wanted)
    copies, examined, near = told["copies"], told["examinations"], told["near"]
    resembling = () if told["likenesses"] is None else (one.recording.id for one in told["likenesses"].alike)
    watched = tx.recordings.watched(visit.actor, [recording_id, *resembling])
    may_mark = bool(tx.recordings.reached(visit.actor, Action.RETENTION_MARK, [recording_id]))
    return visit.page(
        "recording.html",
        forms=RecordingForms,
        mistake=mistake,
        here="recordings",
        **{**told, "may_mark": may_mark},
        look=look,
        may_watch=recording_id in watched,
        watched=watched,
        may_ask=tx.approvals.may_ask(visit.actor, recording_id),
        media_url="" if look is None else content_url(look),
        proxy=next((one for one in copies if one.kind is DerivativeKind.PROXY and one.made_at), None),
        proxy_waits=any(
            one.kind is DerivativeKind.PROXY and one.state is DerivationState.WAITING for one in copies
        ),
        wanted=wanted,
        walk=walk,
        of_case=f"&case={walk.case_id}" if walk else "",
        paging=paging_of(copies, wanted),
        seen_near=_watched(visit, near),
        store_find=tx.examinations.store_find(found),
        may_ask_frames=medium_of(found.media_type) is Medium.VIDEO
        and not is_of_every_frame(found.facts)
        and not any(
            one.asked.every_frame and one.asked.state is ExaminationState.WAITING for one in examined
        ),
        may_examine=bool(tx.recordings.reached(visit.actor, Action.RECORDING_EXAMINE, [recording_id])),
        blank_answer=AnswerForm(),
        explainable=tx.finding_answers.askable(visit.actor, recording_id),
        may_note=bool(tx.recordings.reached(visit.actor, Action.NOTE_KEEP, [recording_id])),
        offered_tags=tx.annotations.offered(found.agency_id),
        may_delete_local=tx.recordings.may_delete_local(found),
    )


def told_of_recording(visit: Visit, found: Recording, wanted: Wanted = _NOWHERE) -> dict[str, Any]:
    """Return what this visitor is told of a recording, on its page and on paper."""
    tx, recording_id = visit.tx, found.id
    entries, links = entries_of(tx, found), tx.recordings.links(recording_id)
    names = tx.accounts.names(visit.actor, [*found.officers, *(one.leaf.actor for one in entries)])
    holder = tx.holdings.cited(found)
    had = [reference("account", one.person_id) for one in (holder.facts if holder else ())]
    attendance = tx.presences.of_recording(found)
    offices, captors = tx.offices.of(entries), tx.offices.at_capture(found, attendance)
    reader = tx.lookers.reader(visit.actor, found)
    beside = continuity.shown(visit, tx.courses.of_recording(found), of=recording_id)
    checks = tx.recordings.checks(recording_id)
    open_cases = tx.cases.visible(visit.actor, [link.case_id for link in links])
    current = [link.case_id for link in links if link.unlinked_at is None and link.case_id in open_cases]
    return {
        "recording": found,
        "facts": found.facts,
        "may_read_looks": reader.may_read,
        "lookers": tx.lookers.listed(reader, found, limit=LATEST_LOOKS).rows if reader.may_read else (),
        "now": tx.now,
        "likenesses": _likenesses(tx, visit.actor, found),
        "shown_as": shown_as(found),
        "copies": tx.derivations.of_recording(recording_id),
        "picture": _map(found),
        "stations": _stations(found),
        "checks": explained(checks, visit.language),
        "places": places_of(found, [row.check for row in checks], wanted),
        "near": tx.recordings.neighbours(visit.actor, found, current),
        "explanations": tx.finding_answers.of_recording(recording_id),
        "examinations": _examinations(tx, recording_id, visit.language),
        "beside": beside,
        "neighbours": beside.course.around(recording_id),
        "entries": entries,
        "proof_text": _proof(tx, entries),
        "links": links,
        "retentions": tx.retentions.of_recording(recording_id),
        "marks": tx.retention_marks.of_recording(recording_id),
        "may_mark": False,
        "beside_notes": tx.annotations.of(About("recording", recording_id)),
        "same_bytes": tx.recordings.same_bytes(visit.actor, found),
        "open_cases": open_cases,
        "derivatives": tx.recordings.derivatives(recording_id),
        "attendance": attendance and attendance.within(names),
        "cited": tx.certificates.cited(visit.actor, found),
        "holder": holder,
        "had": tx.accounts.names(visit.actor, had),
        "names": names,
        "offices": offices,
        "captors": captors,
        "roles": each_once((one.leaf.actor, offices[one.leaf.id]) for one in entries),
        "duty": tx.shifts.of_recording(found),
        "has_stopped": tx.recordings.has_stopped(recording_id),
    }


def _watched(visit: Visit, near: Neighbours) -> frozenset[RecordingId]:
    """Return whose thumbnails may be shown beside a recording."""
    others = [one for one in (near.before, near.after, *near.of_cases) if one is not None]
    return visit.tx.recordings.watched(visit.actor, [one.recording.id for one in others])


def _likenesses(tx: Transaction, actor: Actor, found: Recording) -> Likenesses | None:
    """Return what a sealed picture or film looks like, as far as the reader is told hints."""
    is_compared = medium_of(found.media_type) in SEEN and found.state is RecordingState.SEALED
    return tx.likenesses.of_recording(actor, found) if is_compared else None


@router.get("/recordings/{recording_id}/state")
def state(visit: Visiting, recording_id: RecordingId) -> Response:
    """Tell a waiting page to load itself again once the recording is no longer merely received."""
    found = visit.tx.recordings.get(visit.actor, recording_id)
    is_waiting = found.state is RecordingState.RECEIVED
    return Response(status_code=204, headers=HEADERS if is_waiting else {**HEADERS, "HX-Refresh": "true"})


class Explained(NamedTuple):
    """One check with its sentence and next step in the visitor's language; empty when all is well."""

    check: CheckResult
    sentence: str
    next: str

    @property
    def is_doubt(self) -> bool:
        """A person has to judge this."""
        return self.check.severity.rank >= Severity.WARN.rank

    @property
    def is_remark(self) -> bool:
        """A rule of conduct or form failed, or a person should at least know it."""
        return self.check.severity.rank >= Severity.REMARK.rank

    @property
    def is_unchecked(self) -> bool:
        """The check did not run."""
        return self.check.outcome is Outcome.NOT_CHECKED

    @property
    def is_late(self) -> bool:
        """It asks the holder for an explanation."""
        return self.check.code in LATE_CODES

    @property
    def is_claim(self) -> bool:
        """It compares the bytes with what was declared."""
        return self.check.name in BINDING_CHECKS

    @property
    def is_broken(self) -> bool:
        """This is why the recording is quarantined."""
        return breaks_binding(self.check)


def explained(rows: Iterable[CheckRow], language: Language) -> list[Explained]:
    """Return checks with their sentences, what was found wrong first."""
    made = []
    for row in rows:
        text = sentence(row.check.code, row.check.params) if row.check.code else FindingText(zh="", en="")
        words = (text.en, text.next_en) if language is Language.EN else (text.zh, text.next_zh)
        made.append(Explained(row.check, *words))
    return sorted(made, key=lambda one: (not one.is_broken, not one.is_doubt, not one.is_remark))


class FoundIn(NamedTuple):
    """A finding of one recording among others: its sentence, and where it opens on the page of the recording."""

    check: CheckResult
    sentence: str
    href: str


def found_in(visit: Visit, idents: Iterable[RecordingId]) -> dict[RecordingId, list[FoundIn]]:
    """Return what weighs at least a remark in each of the recordings, the gravest first."""
    found = visit.tx.recordings.findings(idents)
    return {
        ident: _found(f"/console/recordings/{ident}", rows, visit.language) for ident, rows in found.items()
    }


def _found(page: str, rows: Iterable[CheckResult], language: Language) -> list[FoundIn]:
    made = [FoundIn(one, _said(one, language), place_href(page, one)) for one in rows if one.code]
    return sorted(made, key=lambda one: -one.check.severity.rank)


class Again(NamedTuple):
    """An examination after the first, and what it says otherwise, before and after, in the visitor's language."""

    asked: Examination
    changes: list[tuple[str, str, str]]


def _examinations(tx: Transaction, recording_id: RecordingId, language: Language) -> list[Again]:
    """Return how a recording was examined again, newest first."""
    made = []
    for one in tx.examinations.of_recording(recording_id):
        said = () if one.run is None else changes(*tx.examinations.beside(one))
        rows = [(row.name, _said(row.before, language), _said(row.after, language)) for row in said]
        made.append(Again(one, rows))
    return made


def _said(check: CheckResult | None, language: Language) -> str:
    """Return what a check says: its sentence, else its outcome; nothing where it was not made."""
    if check is None:
        return ""
    if not check.code:
        return words_of(check.outcome).spoken(language)
    text = sentence(check.code, check.params)
    return text.en if language is Language.EN else text.zh


def shown_as(found: Recording) -> str:
    """Return how a browser can show the media: image, video, audio, track, picture or copy (ours), waiting or nothing.

    The original of a picture is shown once its size is known and within the limit; else what we made of it is.
    """
    kind = found.media_type.partition("/")[0]
    if kind in {"video", "audio"}:
        is_known = found.state is not RecordingState.RECEIVED and found.facts.container is not None
        return "copy" if is_known and not plays(found.media_type, found.facts) else kind
    if found.media_type in _BROWSER_IMAGES and sight_of(found) is Sight.WHOLE:
        return kind
    if kind == "image" and found.state is RecordingState.RECEIVED:
        return "waiting"
    if medium_of(found.media_type) is Medium.TRACK:
        return "track"
    return "picture" if found.has_thumbnail else "nothing"


def _map(found: Recording) -> MapPicture | None:
    facts = found.facts
    points = []
    if found.place is not None:
        points.append(MapPoint(**found.place.model_dump(), source="device"))
    if facts.gps is not None:
        gps = facts.gps
        points.append(
            MapPoint(
                lat_e7=gps.lat_e7,
                lon_e7=gps.lon_e7,
                accuracy_cm=gps.acc_cm,
                crs=gps.datum or "WGS84",
                source="file",
            )
        )
    return map_picture(points, facts.track.line_e7 if facts.track else ())


def _stations(found: Recording) -> tuple[Station, ...]:
    return course(
        [
            ("captured", found.captured_at),
            ("corrected", found.corrected_at if abs(found.clock_offset_ms or 0) >= SHOWN_OFFSET_MS else None),
            ("received", found.received_at),
            ("verified", found.verified_at),
        ]
    )


def entries_of(tx: Transaction, found: Recording) -> list[Logged]:
    """Return the custody of a recording, in the order of its chain."""
    return list(tx.custody.entries_for(reference("recording", found.id)))


def _proof(tx: Transaction, entries: list[Logged]) -> str | None:
    """Return the proof of the seal or the quarantine; None while no checkpoint holds it."""
    concluded = (RecordingSeal, RecordingQuarantine)
    last = next((one for one in reversed(entries) if isinstance(one.act, concluded)), None)
    return None if last is None else tx.custody.proof(last.entry_id)
