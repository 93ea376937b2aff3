import asyncio
import json
from contextlib import suppress
from http import HTTPStatus
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from structlog.testing import capture_logs

from api.problems import STATUS, answer, catalogue, install, problem, status_of
from schemas.errors import EvidenceError, IntegrityBroken, Level, StoredAltered
from schemas.refusals import ANSWERED
from schemas.refusals_custody import LEAF_BROKEN
from schemas.refusals_recording import RECORDING_UNKNOWN
from schemas.refusals_request import INTERNAL, NOT_FOUND
from schemas.refusals_upload import BUSY

PUBLISHED = Path(__file__).resolve().parents[2] / "mobile_contract" / "problems.json"


def subclasses(kind: type[EvidenceError]) -> set[type[EvidenceError]]:
    return {kind}.union(*(subclasses(one) for one in kind.__subclasses__()))


def test_every_class_has_one_status() -> None:
    """The table names each class of the tree by itself: none inherits a status that nobody decided."""
    of_the_tree = {kind for kind in subclasses(EvidenceError) if kind.__module__ == "schemas.errors"}

    assert set(STATUS) == of_the_tree
    assert all(400 <= status < 600 for status in STATUS.values())


def test_the_published_statuses_are_those_of_the_classes() -> None:
    """What a client reads in the contract is what the server answers, for every refusal and no other."""
    published = json.loads(PUBLISHED.read_text(encoding="utf-8"))["problems"]

    assert {slug: one["status"] for slug, one in published.items()} == {
        slug: status_of(refusal) for slug, refusal in ANSWERED.items()
    }


def test_a_problem_document_is_whole() -> None:
    """The answer carries type, title, status, detail, slug, reference and both languages (RFC 9457)."""
    made = answer(RECORDING_UNKNOWN("no such recording", id="x"))
    body = json.loads(made.body)

    assert made.media_type == "application/problem+json"
    assert made.status_code == body["status"] == 404
    assert body["type"] == "urn:quancheng:problem:recording-unknown"
    assert body["id"] == "x"
    assert {"title", "detail", "slug", "reference", "zh", "en"} <= body.keys()


@pytest.mark.parametrize("slug", sorted(ANSWERED))
def test_an_answer_is_logged_once_at_its_level(slug: str) -> None:
    """One line for each answer, as loud as was declared, with the reference that the client was given."""
    refusal = ANSWERED[slug]
    with capture_logs() as lines:
        made = answer(refusal("what happened"))

    (line,) = lines
    assert line["log_level"] == refusal.level.name.lower()
    assert line["reference"] == json.loads(made.body)["reference"]
    assert ("detail" in line) is (refusal.level >= Level.ERROR)


def test_broken_integrity_tells_strangers_nothing() -> None:
    """What was found altered goes to the operator's log, not to the client."""
    with capture_logs() as lines:
        body = answer(LEAF_BROKEN("leaf of row 17 was altered", row=17)).body

    assert b"row 17" not in body
    assert b'"row"' not in body
    assert lines[0]["detail"] == "leaf of row 17 was altered"


def test_who_may_ask_again_is_told_when() -> None:
    """A refusal for want of a place names the seconds to wait; one that no waiting mends names none."""
    assert "Retry-After" in problem(BUSY).headers
    assert "Retry-After" not in answer(LEAF_BROKEN("x")).headers


def answered(app: FastAPI, path: str, method: str = "GET") -> httpx.Response:
    async def ask() -> httpx.Response:
        inside = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=inside, base_url="http://test") as client:
            return await client.request(method, path)

    return asyncio.run(ask())


def test_a_fault_of_ours_has_no_trace() -> None:
    """An unexpected exception answers 500 with a reference and without a stack trace."""
    app = FastAPI()
    install(app, lambda _, err: err)

    @app.get("/boom")
    def boom() -> None:
        raise RuntimeError("secret detail")

    got = answered(app, "/boom")

    assert got.status_code == 500
    assert got.json()["slug"] == INTERNAL.slug
    assert "secret detail" not in got.text


def test_who_leaves_tells_the_log_no_one_time_code() -> None:
    """A client that goes in the middle of its body is noted by the route, whose address may hold a link's code."""
    app = FastAPI()
    install(app, lambda _, err: err)

    @app.post("/admit/{code}")
    async def gone(code: str) -> None:
        del code
        raise ClientDisconnect

    async def left() -> None:
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            await client.post("/admit/one-time-secret")

    with capture_logs() as lines, suppress(AssertionError):  # nobody is answered, and the transport misses it
        asyncio.run(left())
    assert [line["event"] for line in lines] == ["client_left"]
    assert lines[0]["route"] == "/admit/{code}"
    assert "one-time-secret" not in str(lines)


@pytest.mark.parametrize("status", [400, 404, 405, 413, 418])
def test_the_framework_answers_in_our_words(status: int) -> None:
    """What the framework refuses by a bare status is a declared refusal with the status of its class."""
    app = FastAPI()
    install(app, lambda _, err: err)

    @app.get("/bare")
    def bare() -> None:
        raise HTTPException(status)

    got = answered(app, "/bare")
    body = got.json()

    assert got.status_code == body["status"] == status_of(ANSWERED[body["slug"]])
    assert got.status_code == (status if status != HTTPStatus.IM_A_TEAPOT else 422)


def test_a_path_that_is_not_there_is_not_found() -> None:
    """An address that nobody serves is answered like an id that names nothing."""
    app = FastAPI()
    install(app, lambda _, err: err)

    assert answered(app, "/nowhere").json()["slug"] == NOT_FOUND.slug


def test_the_catalogue_is_what_was_declared() -> None:
    """What is published is every refusal the server may answer, and integrity is always a fault of ours."""
    assert {one["slug"] for one in catalogue()} == set(ANSWERED)
    assert {status_of(one) for one in ANSWERED.values() if one.kind is IntegrityBroken} == {500}
    assert {status_of(one) for one in ANSWERED.values() if one.kind is StoredAltered} == {502}
