"""Notes and tags on the pages of cases and recordings."""

from collections.abc import Callable
from typing import Annotated

from fastapi import Form
from starlette.responses import Response

from api.console import case, recording
from api.console.annotation_form import NoteEndForm, NoteForm, TagForm
from api.console.guard import Acting
from api.console.typed import Typed, W
from api.console.visit import Mistake, Visit, submit, to
from api.route import pages
from schemas.annotation import About
from schemas.ids import CaseId, NoteId, RecordingId

router = pages()


def _sent(visit: Visit, about: About, form: Typed[W], act: Callable[[W], object]) -> Response:
    """Make one entry beside a thing, and come back to its page."""

    def again(mistake: Mistake) -> Response:
        if about.noun == "case":
            return case.shown(visit, CaseId(about.ident), mistake)
        return recording.shown(visit, RecordingId(about.ident), mistake)

    there = to(f"/console/{about.noun}s/{about.ident}#notes")
    return submit(visit, form, act, again=again, then=there)


def _note(visit: Visit, about: About, form: NoteForm) -> Response:
    return _sent(visit, about, form, lambda wish: visit.tx.annotations.note(visit.actor, about, wish))


def _withdraw(visit: Visit, about: About, note_id: NoteId, form: NoteEndForm) -> Response:
    book = visit.tx.annotations
    return _sent(visit, about, form, lambda wish: book.withdraw(visit.actor, about, note_id, wish.reason))


def _tag(visit: Visit, about: About, form: TagForm) -> Response:
    return _sent(visit, about, form, lambda wish: visit.tx.annotations.tag(visit.actor, about, wish))


@router.post("/cases/{case_id}/notes")
def note_case(visit: Acting, case_id: CaseId, form: Annotated[NoteForm, Form()]) -> Response:
    """Write a note beside a case."""
    return _note(visit, About("case", case_id), form)


@router.post("/cases/{case_id}/notes/{note_id}/withdraw")
def withdraw_of_case(
    visit: Acting, case_id: CaseId, note_id: NoteId, form: Annotated[NoteEndForm, Form()]
) -> Response:
    """Take a note of one's own back."""
    return _withdraw(visit, About("case", case_id), note_id, form)


@router.post("/cases/{case_id}/tags")
def tag_case(visit: Acting, case_id: CaseId, form: Annotated[TagForm, Form()]) -> Response:
    """Put a tag on a case, or take it off."""
    return _tag(visit, About("case", case_id), form)


@router.post("/recordings/{recording_id}/notes")
def note_recording(visit: Acting, recording_id: RecordingId, form: Annotated[NoteForm, Form()]) -> Response:
    """Write a note beside a recording."""
    return _note(visit, About("recording", recording_id), form)


@router.post("/recordings/{recording_id}/notes/{note_id}/withdraw")
def withdraw_of_recording(
    visit: Acting, recording_id: RecordingId, note_id: NoteId, form: Annotated[NoteEndForm, Form()]
) -> Response:
    """Take a note of one's own back."""
    return _withdraw(visit, About("recording", recording_id), note_id, form)


@router.post("/recordings/{recording_id}/tags")
def tag_recording(visit: Acting, recording_id: RecordingId, form: Annotated[TagForm, Form()]) -> Response:
    """Put a tag on a recording, or take it off."""
    return _tag(visit, About("recording", recording_id), form)
