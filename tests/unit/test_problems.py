import asyncio
import json
import re
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from api.problem_texts import PROBLEMS
from api.problems import answer, catalogue, install
from schemas.errors import EvidenceError, IntegrityBroken, Invalid, NotFound

ROOT = Path(__file__).resolve().parents[2]
SLUG = re.compile(r'slug\s*=\s*"([a-z0-9-]+)"')


def subclasses(kind: type[EvidenceError]) -> set[type[EvidenceError]]:
    return {kind}.union(*(subclasses(one) for one in kind.__subclasses__()))


def slugs_in_code() -> set[str]:
    """Every slug that server code names."""
    found = set()
    for folder in ("storage", "api", "workers"):
        for path in (ROOT / folder).rglob("*.py"):
            found |= set(SLUG.findall(path.read_text(encoding="utf-8")))
    return found


def test_every_error_class_has_a_text() -> None:
    """Every class of the tree has a problem of its own or of a parent, in two languages."""
    for kind in subclasses(EvidenceError):
        assert kind.slug in PROBLEMS, kind


def test_every_slug_in_code_has_a_text() -> None:
    """No slug is answered that the published catalogue does not explain."""
    assert sorted(slugs_in_code() - set(PROBLEMS)) == []


def test_no_slug_means_two_things() -> None:
    """A slug stands in one table only: the second would silently take the place of the first."""
    found = [
        slug
        for path in sorted((ROOT / "api").glob("problem_texts*.py"))
        for slug in re.findall(
            r'^    "([a-z0-9-]+)": ProblemText', path.read_text(encoding="utf-8"), re.MULTILINE
        )
    ]

    assert sorted(found) == sorted(PROBLEMS)


@pytest.mark.parametrize("slug", sorted(PROBLEMS))
def test_every_text_is_whole(slug: str) -> None:
    """Each problem says what is wrong and what to do next, in Chinese and in English."""
    text = PROBLEMS[slug]

    assert all((text.zh, text.en, text.next_zh, text.next_en))
    assert any("一" <= letter <= "鿿" for letter in text.zh)
    assert 400 <= text.status < 600


def test_a_problem_document_is_whole() -> None:
    """The answer carries type, title, status, detail, slug, reference and both languages (RFC 9457)."""
    made = answer(NotFound("no such recording", slug="recording-unknown", id="x"))
    body = json.loads(made.body)

    assert made.media_type == "application/problem+json"
    assert made.status_code == body["status"] == 404
    assert body["type"] == "urn:quancheng:problem:recording-unknown"
    assert body["id"] == "x"
    assert {"title", "detail", "slug", "reference", "zh", "en"} <= body.keys()


def test_unknown_slug_falls_back_to_its_class() -> None:
    """A slug without a text is answered as its class, never as a fault of ours."""
    assert answer(Invalid("x", slug="never-heard-of")).status_code == 422


def test_broken_integrity_tells_strangers_nothing() -> None:
    """What was found altered goes to the operator's log, not to the client."""
    assert b"row 17" not in answer(IntegrityBroken("leaf of row 17 was altered")).body


def test_a_fault_of_ours_has_no_trace() -> None:
    """An unexpected exception answers 500 with a reference and without a stack trace."""
    app = FastAPI()
    install(app)

    @app.get("/boom")
    def boom() -> None:
        raise RuntimeError("secret detail")

    async def ask() -> httpx.Response:
        inside = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=inside, base_url="http://test") as client:
            return await client.get("/boom")

    got = asyncio.run(ask())

    assert got.status_code == 500
    assert got.json()["slug"] == "internal"
    assert "secret detail" not in got.text


def test_the_catalogue_is_the_table() -> None:
    """What is published is every problem there is."""
    assert {one["slug"] for one in catalogue()} == set(PROBLEMS)
