"""The list of recordings, one recording with everything known of it, and the list as CSV."""

from collections.abc import Callable, Iterable
from typing import Annotated, NamedTuple, TypeVar
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from api.console.form import day_start
from api.console.guard import Visiting
from api.console.language import language_of
from api.console.picture import MapPicture, MapPoint, Station, course, map_picture
from api.console.sheet import csv_text
from api.console.view import HEADERS
from api.deps import After, Tx
from schemas.actor import Action, Actor, holds, scope
from schemas.custody import Event, SequencedEntry, subject
from schemas.errors import Refused
from schemas.findings import sentence
from schemas.ids import DeviceId, RecordingId
from schemas.integrity import CheckResult, FindingText, Outcome, Severity, Verdict
from schemas.page import Cursor
from schemas.recording import Recording, RecordingFilter, RecordingState
from schemas.verdict import BINDING_CHECKS, breaks_binding
from schemas.words import Language
from storage.recording.values import CheckRow
from storage.store import Transaction

PAGE_ROWS = 50
SHOWN_OFFSET_MS = 1000
"""Below a second the corrected time is written, but is no station of its own on the time line."""
CSV_ROWS = 5000
"""Rows of one CSV: a spreadsheet's worth; narrower filters give the rest."""

Id = TypeVar("Id")
_BROWSER_IMAGES = frozenset({"image/jpeg", "image/png", "image/webp", "image/gif"})

router = APIRouter()


class Asked(NamedTuple):
    """The filters as typed; empty text means any."""

    state: str = ""
    verdict: str = ""
    case: str = ""
    officer: str = ""
    device: str = ""
    from_day: str = ""
    until_day: str = ""
    q: str = ""

    @property
    def query(self) -> dict[str, str]:
        """The filters that narrow something, under their names in an address."""
        named = self._asdict() | {"from": self.from_day, "to": self.until_day}
        return {name: text for name, text in named.items() if text and not name.endswith("_day")}

    def wanted(self) -> RecordingFilter:
        """Return the filter; a text that is no state, verdict, device or day narrows nothing."""
        return RecordingFilter(
            state=RecordingState(self.state) if self.state in set(RecordingState) else None,
            verdict=Verdict(self.verdict) if self.verdict in set(Verdict) else None,
            case_number=self.case or None,
            officer=self.officer or None,
            device_id=id_or_none(DeviceId, self.device),
            from_at=day_start(self.from_day),
            until_at=day_start(self.until_day, days=1),
            text=self.q or None,
        )


def asked(request: Request) -> Asked:
    """Read the filters from the address; every one is cut at 200 characters."""
    given = {name: value.strip()[:200] for name, value in request.query_params.items()}
    return Asked(
        **{name: given.get(name, "") for name in ("state", "verdict", "case", "officer", "device", "q")},
        from_day=given.get("from", ""),
        until_day=given.get("to", ""),
    )


def id_or_none(kind: Callable[[UUID], Id], text: str) -> Id | None:
    """Return the id that `text` is, if it is one."""
    try:
        return kind(UUID(text))
    except ValueError:
        return None


Filters = Annotated[Asked, Depends(asked)]


@router.get("/recordings")
def recordings(request: Request, tx: Tx, who: Visiting, asked: Filters, after: After) -> Response:
    """Show a page of recordings, newest first."""
    page = tx.recordings.page(who.actor, asked.wanted(), after=after, limit=PAGE_ROWS)
    query = asked.query
    return who.page(
        request,
        "recordings.html",
        here="recordings",
        rows=page.rows,
        counts=tx.recordings.counts(who.actor),
        asked={**asked._asdict(), "from": asked.from_day, "to": asked.until_day},
        is_filtered=bool(query),
        is_later=bool(after),
        first_url=address("/console/recordings", query),
        next_url=address("/console/recordings", {**query, "after": str(page.next)}) if page.next else None,
        csv_url=address("/console/recordings.csv", query),
        without_device=address("/console/recordings", {k: v for k, v in query.items() if k != "device"}),
        may_watch=may_watch_all(who.actor),
        names=names_for(tx, page.rows),
    )


def address(path: str, query: dict[str, str]) -> str:
    """Return a path with its query."""
    return f"{path}?{urlencode(query)}" if query else path


def may_watch_all(actor: Actor) -> bool:
    """Say whether everything the actor may list may also be watched: only then a list shows thumbnails."""
    return scope(actor, Action.RECORDING_WATCH) == scope(actor, Action.RECORDING_VIEW)


def names_for(tx: Transaction, rows: Iterable[Recording]) -> dict[str, str]:
    """Return the names of the officers that recordings state."""
    return tx.accounts.names(number for row in rows for number in row.officers)


@router.get("/recordings.csv")
def as_csv(request: Request, tx: Tx, who: Visiting, asked: Filters) -> Response:
    """Answer with what the filters show, times in UTC, at most 5,000 rows."""
    rows: list[Recording] = []
    after: Cursor | None = None
    while len(rows) < CSV_ROWS:
        page = tx.recordings.page(who.actor, asked.wanted(), after=after, limit=200)
        rows += page.rows
        after = page.next
        if after is None:
            break
    headers = {**HEADERS, "Content-Disposition": 'attachment; filename="recordings.csv"'}
    text = csv_text(rows[:CSV_ROWS], language_of(request.cookies))
    return Response(text, media_type="text/csv; charset=utf-8", headers=headers)


@router.get("/recordings/{recording_id}")
def recording(request: Request, tx: Tx, who: Visiting, recording_id: RecordingId) -> Response:
    """Show one recording with everything known of it."""
    found = tx.recordings.get(who.actor, recording_id)
    entries = _entries(tx, found)
    return who.page(
        request,
        "recording.html",
        here="recordings",
        recording=found,
        facts=found.facts,
        may_watch=_may_watch(tx, who.actor, recording_id),
        media_url=f"/v1/recordings/{recording_id}/media",
        shown_as=shown_as(found),
        picture=_map(found),
        stations=_stations(found),
        checks=explained(tx.recordings.checks(recording_id), language_of(request.cookies)),
        entries=entries,
        proof_text=_proof(tx, entries),
        may_delete_local=tx.recordings.may_delete_local(found),
        links=tx.recordings.links(recording_id),
        may_open_cases=holds(who.actor, Action.CASE_VIEW),
        derivatives=tx.recordings.derivatives(recording_id),
        names=tx.accounts.names([*found.officers, *(one.entry.actor for one in entries)]),
    )


@router.get("/recordings/{recording_id}/state")
def state(tx: Tx, who: Visiting, recording_id: RecordingId) -> Response:
    """Tell a waiting page to load itself again once the recording is no longer merely received."""
    found = tx.recordings.get(who.actor, recording_id)
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
    def is_unchecked(self) -> bool:
        """The check did not run."""
        return self.check.outcome is Outcome.NOT_CHECKED

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
    return sorted(made, key=lambda one: (not one.is_broken, not one.is_doubt))


def shown_as(found: Recording) -> str:
    """Return how a browser can show the media: image, video, audio, track, picture (ours) or nothing."""
    kind = found.media_type.partition("/")[0]
    if found.media_type in _BROWSER_IMAGES or kind in {"video", "audio"}:
        return kind
    if "gpx" in found.media_type:
        return "track"
    return "picture" if found.has_thumbnail else "nothing"


def _may_watch(tx: Transaction, actor: Actor, recording_id: RecordingId) -> bool:
    try:
        tx.recordings.watchable(actor, recording_id)
    except Refused:
        return False
    return True


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


def _entries(tx: Transaction, found: Recording) -> list[SequencedEntry]:
    """Return the custody of a recording from its upload on, in the order of time."""
    upload = tx.custody.entries_for(subject("upload", found.upload_id))
    return [*upload, *tx.custody.entries_for(subject("recording", found.id))]


def _proof(tx: Transaction, entries: list[SequencedEntry]) -> str | None:
    """Return the proof of the seal or the quarantine; None while no checkpoint holds it."""
    concluded = {Event.RECORDING_SEAL, Event.RECORDING_QUARANTINE}
    last = next((one.entry for one in reversed(entries) if one.entry.event in concluded), None)
    return None if last is None else tx.custody.proof(last.entry_id)
