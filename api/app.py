"""The application: routers, problem handlers, and the few limits that hold for every request."""

import asyncio
import math
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from fastapi.responses import RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import (
    account,
    agency,
    annotation,
    approval,
    audit,
    audit_member,
    auth,
    case,
    certificate,
    custody,
    derivative,
    device,
    equipment,
    examination,
    export,
    factor,
    health,
    holding,
    likeness,
    look,
    manifest,
    monitoring,
    overlap,
    presence,
    problems,
    procedure,
    public_log,
    recording,
    rectification,
    recusal,
    retention,
    review,
    roster,
    setting,
    shift,
    summary,
    trail,
    training,
    training_sheet,
    tus,
    upload,
)
from api.budget import Budget
from api.concat import Joins
from api.console import mount
from api.document import completed
from api.edge import SETTINGS
from api.front import Front
from api.handover import Handover
from api.noting import noted
from api.openings import Openings, Senders
from api.places import Places, Rules
from api.problems import problem
from api.provider import Provider
from api.roster import SHEETS
from api.settings import ApiSettings
from api.sso_settings import SsoSettings
from schemas.act import Process
from schemas.errors import AnyRefusal
from schemas.refusals_request import BODY_TIMEOUT, BODY_TOO_LARGE
from storage.flow.login_queue import LoginQueue
from storage.flow.sheet import SENT_BYTES
from storage.settings import StorageSettings
from storage.setup.writer import require_writer
from storage.store import Store
from storage.telemetry import configure

ROUTERS = (
    health.router,
    holding.router,
    auth.router,
    account.router,
    roster.router,
    factor.router,
    agency.router,
    certificate.router,
    approval.router,
    setting.router,
    device.router,
    manifest.router,
    presence.router,
    retention.router,
    annotation.router,
    shift.router,
    upload.router,
    recording.router,
    case.router,
    recusal.router,
    procedure.router,
    summary.router,
    overlap.router,
    review.router,
    trail.router,
    training_sheet.router,  # before the people, whose ids stand in the same place
    training.router,
    equipment.router,
    derivative.router,
    examination.router,
    likeness.router,
    monitoring.router,
    audit.router,
    audit_member.router,
    rectification.router,
    export.router,
    look.router,
    custody.router,
    public_log.router,
)
UPLOADS = "/v1/uploads"
"""Addresses whose bodies are streamed under limits of their own; so is the one of batches, but for its time."""


_STREAMED = {monitoring.BATCHES: math.inf, **dict.fromkeys(SHEETS, SENT_BYTES)}
"""Addresses whose body is read by whoever is let in there, and how many bytes of it."""


class _App(FastAPI):
    """The application with its published document whole."""

    def openapi(self) -> dict[str, Any]:
        """Return the document, made once."""
        if self.openapi_schema is None:
            self.openapi_schema = completed(super().openapi())
        return self.openapi_schema


class BodyLimit:
    """Refuses a body over the limit or beyond its time, but for the streamed paths; reads no body itself."""

    def __init__(self, app: ASGIApp, *, limit_bytes: int, seconds: float) -> None:
        self._app = app
        self._limit = limit_bytes
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer 413 or 408."""
        if scope["type"] != "http" or scope["path"].startswith(UPLOADS):
            await self._app(scope, receive, send)
            return
        limit = _STREAMED.get(scope["path"], self._limit)
        lengths = [value for name, value in scope["headers"] if name == b"content-length"]
        if lengths and (not lengths[0].isdigit() or int(lengths[0]) > limit):
            await problem(BODY_TOO_LARGE)(scope, receive, send)
            return
        body = _Bounded(receive, send, limit_bytes=limit, seconds=self._seconds)
        await self._app(scope, body.receive, body.send)
        if body.refusal is not None:
            await problem(body.refusal)(scope, receive, send)


class _Bounded:
    """A body whose length nobody announced, or that comes too slowly: it ends, and its answer is not sent."""

    def __init__(self, receive: Receive, send: Send, *, limit_bytes: float, seconds: float) -> None:
        self._receive = receive
        self._send = send
        self._left = limit_bytes
        self._ends = asyncio.get_running_loop().time() + seconds
        self._is_whole = False
        self._has_started = False
        self._fault: AnyRefusal | None = None

    @property
    def refusal(self) -> AnyRefusal | None:
        """What was passed before the answer began; a streamed answer goes on regardless."""
        return None if self._has_started else self._fault

    async def receive(self) -> Message:
        if self._is_whole or self._has_started:
            return await self._receive()  # that the client has gone is told whenever it goes
        try:
            async with asyncio.timeout_at(self._ends):
                message = await self._receive()
        except TimeoutError:
            self._fault = BODY_TIMEOUT
            return {"type": "http.disconnect"}
        self._is_whole = not message.get("more_body", False)
        self._left -= len(message.get("body", b""))
        if self._left < 0:
            self._fault = BODY_TOO_LARGE
            return {"type": "http.disconnect"}
        return message

    async def send(self, message: Message) -> None:
        if self.refusal is None:
            self._has_started = True
            await self._send(message)


class TusHeaders:
    """The upload routes say which version is spoken, and take X-HTTP-Method-Override for the method (tus 1.0, Core)."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Ask for the method that is meant; add the two headers where they are missing."""
        if scope["type"] != "http" or not scope["path"].startswith(UPLOADS):
            await self._app(scope, receive, send)
            return

        meant = [value for name, value in scope["headers"] if name == b"x-http-method-override"]
        if meant:
            scope = {**scope, "method": meant[0].decode("latin-1").strip().upper()}

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                names = {name.lower() for name, _ in message["headers"]}
                version = tus.VERSION.encode()
                extra = [(b"tus-resumable", version), (b"tus-version", version)]
                missing = [(name, value) for name, value in extra if name not in names]
                message = {**message, "headers": [*message["headers"], *missing]}
            await send(message)

        await self._app(scope, receive, sending)


def create_app(settings: ApiSettings, store: Store, sso: SsoSettings | None = None) -> FastAPI:
    """Build the application over an open store; the caller closes the store. `sso`: an issuer by which people log in."""
    configure()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[dict[str, object]]:
        app.state.places = Places(Rules.of(settings))
        app.state.openings = Openings(
            queue=settings.sender_waiting_uploads, wait_seconds=settings.place_wait_seconds
        )
        app.state.senders = Senders()
        app.state.budget = Budget(settings.held_bytes)
        app.state.handover = Handover(store)
        app.state.joins = Joins(store)
        watch = asyncio.create_task(app.state.handover.watch())
        with ThreadPoolExecutor(settings.upload_threads, thread_name_prefix="upload") as pool:
            app.state.upload_pool = pool
            yield {SETTINGS: settings}
        app.state.joins.stop()
        watch.cancel()

    app = _routes(lifespan)
    # A route is found by asking one after the other, and most requests are of transfers. The document keeps its order.
    app.router.routes.sort(key=lambda one: not getattr(one, "path", "").startswith(UPLOADS))
    app.state.store = store
    app.state.settings = settings
    app.state.provider = Provider(sso) if sso is not None and sso.issuer else None
    app.state.glance = health.Glance()
    app.state.login_queue = LoginQueue(
        length=settings.login_queue, patience_seconds=settings.login_wait_seconds
    )
    app.add_middleware(TusHeaders)
    app.add_middleware(BodyLimit, limit_bytes=settings.json_limit_bytes, seconds=settings.body_seconds)
    app.add_middleware(
        Front,
        hosts=settings.host_names,
        health_by_address=settings.health_by_address,
        proxies=settings.proxies,
        hsts_seconds=settings.hsts_seconds,
    )  # last is outermost
    return app


def _routes(lifespan: Any = None) -> FastAPI:  # noqa: ANN401 - Starlette's lifespan type is private
    app = _App(
        title="Quancheng",
        version="1",
        description="Whole-process enforcement recording: what devices, reviewers and courts may ask.",
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
    )
    problems.install(app, noted)
    # Taken as they were declared: to include a router makes each of its routes anew, for every application, and looks for
    # the one that is asked once more on every level.
    for router in ROUTERS:
        app.router.routes.extend(router.routes)
    mount(app)

    @app.get("/", include_in_schema=False)
    def root() -> RedirectResponse:
        return RedirectResponse("/console", status_code=303)

    return app


def openapi_document() -> dict[str, Any]:
    """Return the OpenAPI document; needs no database."""
    return _routes().openapi()


def application() -> FastAPI:
    """Build the application from the environment, for an ASGI server's factory option.

    Raises:
        SystemExit: with one sentence, where what it would write could never enter the log.
    """
    store = Store(StorageSettings())
    require_writer(store, Process.API)
    return create_app(ApiSettings(), store, SsoSettings())
