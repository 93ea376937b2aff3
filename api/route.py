"""How the body of a request is read: in time that grows with its bytes, off the event loop, and as whole text.

The framework reads JSON and forms on the event loop, where a megabyte of separators holds everybody up; takes JSON in
whatever encoding; and lets a sender choose the codec of a multipart form, among them one that takes minutes and one
that makes half characters. Here JSON is UTF-8 (RFC 8259 section 8.1), a form is URL-encoded, and half a character –
a lone surrogate, which no database and no answer can hold – makes the body unreadable (400).
"""

import json
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, TypeVar
from urllib.parse import parse_qsl

from anyio.to_thread import run_sync
from fastapi import APIRouter, Request, Response
from fastapi.routing import APIRoute
from starlette.datastructures import FormData, UploadFile

from api.idempotency import PARAMETER, SECRET, Repeated, claim_of
from schemas.refusals_request import REQUEST_UNREADABLE
from schemas.whole_text import check_whole
from storage.custody.promised import promising
from storage.custody.values import Appended

Made = TypeVar("Made")

FORM_TYPE = "application/x-www-form-urlencoded"
MAX_FIELDS = 1000
CLAIMING = "current_actor"
"""The dependency that takes the key of a request (`api.deps`)."""
PROMISE = "Custody-Ticket"
"""The header of an answer to an act, once for each leaf: its digest, the key's id, and the ticket in base64."""

TRIVIAL_BYTES = 16 * 1024
"""A body up to this is read at once: handing it to a thread would cost more."""


class Asked(Request):
    """A request whose JSON and form are read as the module says."""

    async def body(self) -> bytes:
        """Return the body; the key of a repeated request is compared by it."""
        self.state.payload = payload = await super().body()
        return payload

    async def json(self) -> Any:  # noqa: ANN401 - a JSON value
        """Return the body as JSON; the framework answers 400 or 422 when it is none."""
        return await _apart(read_json, await self.body())

    async def form(self, **_: Any) -> FormData:  # type: ignore[override] # noqa: ANN401 - no parser needs limits
        """Return the body as a form; the framework answers 400 when it is none."""
        payload = await self.body()
        is_form = self.headers.get("content-type", "").partition(";")[0].strip().lower() == FORM_TYPE
        if payload and not is_form:
            raise REQUEST_UNREADABLE(f"a form is sent as {FORM_TYPE}")
        return await _apart(read_form, payload)


class Route(APIRoute):
    """The class of every route, so that no body is read in another way, and no answer under a key is lost."""

    def __init__(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 - the framework's own
        super().__init__(*args, **options)
        names = {getattr(one.call, "__name__", "") for one in self.dependant.dependencies}
        self.is_kept = (
            "POST" in (self.methods or ()) and CLAIMING in names and self.operation_id not in SECRET
        )
        if self.is_kept:
            extra = self.openapi_extra or {}
            self.openapi_extra = {**extra, "parameters": [*extra.get("parameters", ()), dict(PARAMETER)]}

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the framework's handler, over a request that reads its body as the module says."""
        handle = super().get_route_handler()

        async def handled(request: Request) -> Response:
            asked = Asked(request.scope, request.receive)
            asked.state.is_kept = self.is_kept
            try:
                with promising() as made:
                    response = await handle(asked)
            except Repeated as err:
                return err.answer.response()
            _promise(asked, made, response)
            if (claim := claim_of(asked)) is not None:
                # Before the request's transaction ends: the answer stands or falls with the act.
                await run_sync(claim.keep, response)
            return response

        return handled


def _promise(request: Request, made: Sequence[Appended], response: Response) -> None:
    """Tell the leaves that the request wrote, each digest with its ticket.

    They are committed already, or stand and fall with the commit that follows.
    """
    unit = getattr(request.state, "unit", None)
    for one in (*made, *(() if unit is None else unit.promised)):
        response.headers.append(PROMISE, f"{one.digest} {one.ticket.kid} {one.ticket.text}")


async def _apart(read: Callable[[bytes], Made], payload: bytes) -> Made:
    return read(payload) if len(payload) <= TRIVIAL_BYTES else await run_sync(read, payload)


def read_json(payload: bytes) -> Any:  # noqa: ANN401 - a JSON value
    """Return the value of a JSON text.

    Raises:
        ValueError: it is not JSON in UTF-8, or a text in it holds half a character.
        RecursionError: it is nested too deeply.
    """
    value = json.loads(payload.decode("utf-8-sig"))
    check_whole(payload, value)
    return value


def read_form(payload: bytes) -> FormData:
    """Return the fields of a URL-encoded form; bytes that are no UTF-8 become replacement characters.

    Raises:
        ValueError: more than 1,000 fields.
    """
    text = payload.decode("utf-8", "replace")
    pairs = parse_qsl(text, keep_blank_values=True, errors="replace", max_num_fields=MAX_FIELDS)
    fields: list[tuple[str, UploadFile | str]] = [*pairs]
    return FormData(fields)


def pages() -> APIRouter:
    """Return a table for pages of the console, which the published document does not name."""
    return APIRouter(prefix="/console", include_in_schema=False, route_class=Route)
