"""The list of recordings: its filters, its page, and the same as a file."""

from typing import Annotated, Literal

from fastapi import Query
from pydantic import Field
from starlette.responses import Response

from api.console.form import day_start
from api.console.guard import Visiting
from api.console.listing import IGNORED, PAGE_ROWS, Asked, Sought, address, listed
from api.console.recording import names_for
from api.console.sheet import gathered
from api.console.table import MOST_ROWS, FileKind, file_of
from api.console.table_recording import recordings_table
from api.route import pages
from schemas.declaration import DocumentKind
from schemas.ids import DeviceId
from schemas.integrity import Verdict
from schemas.recording import RecordingFilter, RecordingState

SHOWN_OFFSET_MS = 1000
"""Below a second the corrected time is written, but is no station of its own on the time line."""
CSV_ROWS = 5000
"""Rows of one CSV: a spreadsheet's worth; narrower filters give the rest."""

LATEST_LOOKS = 5
"""Of those who looked, so many stand on the page of a recording; the rest on a page of its own."""

_BROWSER_IMAGES = frozenset({"image/jpeg", "image/png", "image/webp", "image/gif"})

router = pages()


_Sorts = Literal["received", "-received", "captured", "-captured", "size", "-size"]


class RecordingFilters(Asked):
    """The filters of the list of recordings."""

    state: Annotated[RecordingState | None, IGNORED] = None
    verdict: Annotated[Verdict | None, IGNORED] = None
    case: Sought = ""
    officer: Sought = ""
    device: Annotated[DeviceId | None, IGNORED] = None
    from_day: Annotated[Sought, Field(alias="from")] = ""
    until_day: Annotated[Sought, Field(alias="to")] = ""
    q: Sought = ""
    tag: Sought = ""
    only: Annotated[Literal["fault", "remark"] | None, IGNORED] = None
    by: Annotated[_Sorts | None, IGNORED] = None
    document: Annotated[DocumentKind | None, IGNORED] = None

    def wanted(self) -> RecordingFilter:
        """Return the filter; a text that is no day narrows nothing."""
        return RecordingFilter(
            state=self.state,
            verdict=self.verdict,
            case_number=self.case or None,
            officer=self.officer or None,
            device_id=self.device,
            from_at=day_start(self.from_day),
            until_at=day_start(self.until_day, days=1),
            text=self.q or None,
            tag=self.tag or None,
            at_fault=self.only == "fault",
            document=self.document,
            is_remarked=self.only == "remark",
            sort=self.by,
        )


@router.get("/recordings")
def recordings(visit: Visiting, asked: Annotated[RecordingFilters, Query()]) -> Response:
    """Show a page of recordings, newest first."""
    tx, actor, path = visit.tx, visit.actor, "/console/recordings"
    page = tx.recordings.page(actor, asked.wanted(), after=asked.cursor(), limit=PAGE_ROWS)
    query = asked.query
    return visit.page(
        "recordings.html",
        here="recordings",
        listing=listed(path, asked, page, ("captured", "size", "received")),
        counts=tx.recordings.counts(actor),
        total_bytes=sum(row.size_bytes for row in page.rows),
        total_ms=sum(row.facts.duration_ms or 0 for row in page.rows),
        is_later=bool(asked.after),
        first_url=address(path, query),
        files={one: address(f"{path}.{one}", query) for one in FileKind},
        without_device=address(path, {name: text for name, text in query.items() if name != "device"}),
        watched=tx.recordings.watched(actor, [row.id for row in page.rows]),
        names=names_for(visit, page.rows),
    )


@router.get("/recordings.csv")
@router.get("/recordings.xlsx")
def as_file(visit: Visiting, asked: Annotated[RecordingFilters, Query()]) -> Response:
    """Answer with what the filters show, as a file for a spreadsheet, at most 5,000 rows."""
    rows, is_whole = gathered(
        lambda after: visit.tx.recordings.page(visit.actor, asked.wanted(), after=after, limit=200), MOST_ROWS
    )
    return file_of(recordings_table(names_for(visit, rows)), rows, visit, is_whole=is_whole)
