"""Bodies of every route: half a character anywhere is the sender's mistake, and one that takes long holds up nobody."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from api.app import create_app, openapi_document
from api.route import TRIVIAL_BYTES, Route
from api.settings import ApiSettings
from schemas.actor import Role
from storage.store import Store
from tests.factories import folder_url, make_account, make_agency, make_settings
from tests.monitoring import Highway, make_highway
from tests.server import serving
from tests.stand import PATIENCE_SECONDS
from tests.tus import VERSION, bearer
from tests.web import TRUST

HALF_JSON = "\\ud800"
HALF_BYTES = b"\xed\xa0\x80"
HALF_IN_ADDRESS = "%ED%A0%80"
IDENT = "d082cfcb-a1e1-496b-b693-d4ffc4bd58bc"
MIB = 1024 * 1024
PIECE = 64 * 1024


@pytest.fixture(scope="module")
def store(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    opened = Store(make_settings(database_url, folder_url(tmp_path_factory.mktemp("bodies"))))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def client(store: Store) -> Iterator[httpx.Client]:
    token, _ = make_account(store, make_agency(store), *Role)
    with (
        serving(store) as url,
        httpx.Client(base_url=url, headers=bearer(token), verify=TRUST, timeout=PATIENCE_SECONDS) as made,
    ):
        yield made


CONTRACT = openapi_document()


def operations() -> dict[str, tuple[str, str, dict[str, Any]]]:
    """Every operation of the contract by its name: method, path, and what it says of itself."""
    return {
        f"{method} {path}": (method.upper(), path, said)
        for path, methods in CONTRACT["paths"].items()
        for method, said in methods.items()
    }


OPERATIONS = operations()


def bodies(said: dict[str, Any]) -> Iterator[tuple[str, bytes]]:
    """Bodies of an operation with half a character in every member, in a key, and as bytes of no encoding."""
    for media_type, wanted in said.get("requestBody", {}).get("content", {}).items():
        names = members(wanted["schema"]) or {"member"}
        if "form" in media_type:
            yield media_type, "&".join(f"{name}={HALF_IN_ADDRESS}" for name in names).encode()
            yield media_type, f"{HALF_IN_ADDRESS}=1".encode()
            continue
        yield media_type, ("{" + ",".join(f'"{name}":"{HALF_JSON}"' for name in names) + "}").encode()
        yield media_type, ("{" + ",".join(f'"{name}":["{HALF_JSON}"]' for name in names) + "}").encode()
        yield media_type, ('{"' + HALF_JSON + '":1}').encode()
        yield media_type, b'{"x":"' + HALF_BYTES + b'"}'
        yield media_type, '{"x":"\U0001f600"}'.encode("utf-16")


def members(schema: dict[str, Any]) -> set[str]:
    """The names of an object's members."""
    name = schema.get("$ref", "").rpartition("/")[2]
    return set(CONTRACT["components"]["schemas"].get(name, schema).get("properties", ()))


@pytest.mark.parametrize("name", OPERATIONS)
def test_half_a_character_is_never_a_fault_of_ours(client: httpx.Client, name: str) -> None:
    """A lone surrogate in path, query, headers or body is refused as bad input, or read as another character."""
    method, path, said = OPERATIONS[name]
    places = {one["name"]: one["in"] for one in said.get("parameters", ())}
    query = "&".join(f"{one}={HALF_IN_ADDRESS}" for one, place in places.items() if place == "query")
    names = [one for one, place in places.items() if place == "header"]
    address = path
    for one in places:
        address = address.replace("{" + one + "}", IDENT)
    headers = {**VERSION, "If-Match": '"v1"', "Quancheng-Signature": "x"}
    strange = {**dict.fromkeys(names, HALF_BYTES), "Idempotency-Key": HALF_BYTES, "Cookie": HALF_BYTES}
    answers = [
        client.request(method, f"{path.replace('{', '').replace('}', '')}{HALF_IN_ADDRESS}", headers=headers),
        client.request(method, f"{address}?{query}", headers=headers),
        client.request(method, address, headers={**headers, **strange}),
        client.request(method, address, headers={**headers, "Authorization": b"Bearer " + HALF_BYTES}),
    ]
    assert [answer.status_code for answer in answers if answer.status_code >= 500] == []
    for media_type, body in bodies(said):
        answer = client.request(
            method, address, content=body, headers={**headers, "Content-Type": media_type}
        )
        is_json = media_type == "application/json" and path != "/v1/manifests"
        assert answer.status_code in ((400,) if is_json else (400, 401, 403, 404, 422)), (body, answer.text)
        assert answer.json()["slug"]


def test_every_route_reads_its_body_in_the_one_way(store: Store) -> None:
    """No route, of the interface or of the console, is of another class."""
    pending, seen = list(create_app(ApiSettings(), store).router.routes), []
    while pending:
        route = pending.pop()
        pending += getattr(getattr(route, "original_router", route), "routes", ()) or ()
        if hasattr(route, "dependant"):
            seen.append(route)

    strangers = {route.path for route in seen if not isinstance(route, Route)}
    assert strangers == {"/"}
    assert len(seen) > len(OPERATIONS)


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("multipart/form-data; boundary=x; charset=punycode", b"--x\r\n" + b"a" * (MIB // 2)),
        ("multipart/form-data; boundary=x; charset=raw_unicode_escape", b"--x\r\n"),
        ("application/x-www-form-urlencoded", b"&" * (MIB - 1)),
        ("text/plain", b"grant_type=x"),
    ],
)
def test_a_form_in_another_form_is_unreadable(client: httpx.Client, content_type: str, body: bytes) -> None:
    """A form is URL-encoded and has 1,000 fields at most: no sender chooses a codec, or a million of nothing."""
    answer = client.post("/v1/token", content=body, headers={"Content-Type": content_type})

    assert (answer.status_code, answer.json()["slug"]) == (400, "request-unreadable")


def test_a_large_body_is_read_like_a_small_one(client: httpx.Client) -> None:
    """What is read beside the event loop is refused, or taken, by the same rules."""
    for padding in ("", " " * (2 * TRIVIAL_BYTES)):
        for text, slug in (
            ('{"login":"\\ud800"%}', "request-unreadable"),
            ('{"login":%', "request-invalid"),
            ('{"login":"x","password":"y"%}', "login-failed"),
        ):
            headers = {"Content-Type": "application/json"}
            answer = client.post("/v1/sessions", content=text.replace("%", padding), headers=headers)
            assert answer.json()["slug"] == slug, (len(padding), answer.text)


@pytest.fixture(scope="module")
def road(store: Store) -> Highway:
    return make_highway(store)


SHAPES = {
    "newlines": (b"\n", 422, "batch-empty"),
    "one line": (b"x", 413, "batch-too-large"),
    "tiny rows": (b"{}\n", 413, "batch-too-large"),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_others_are_answered_while_a_huge_batch_arrives(
    store: Store, client: httpx.Client, road: Highway, shape: str
) -> None:
    """In the midst of 32 MiB of nothing, of one line, of tiny rows, another request is answered."""
    unit, status, slug = SHAPES[shape]
    piece = unit * (PIECE // len(unit))
    seen: list[int] = []

    def sent() -> Iterator[bytes]:
        for number in range(32 * MIB // PIECE):
            yield piece
            if number % 128 == 0:
                seen.append(client.get("/v1/health").status_code)

    with httpx.Client(
        base_url=client.base_url, headers=bearer(road.source_token), verify=TRUST, timeout=PATIENCE_SECONDS
    ) as source:
        headers = {"Content-Type": "application/x-ndjson"}
        answer = source.post("/v1/monitoring/records", content=sent(), headers=headers)

    assert (answer.status_code, answer.json()["slug"]) == (status, slug)
    assert seen
    assert set(seen) == {200}


def test_a_row_with_half_a_character_refuses_itself_only(store: Store, road: Highway) -> None:
    """Half a character in a key or a text, or a NUL where a text is kept, costs its own row and no other."""
    bad = [
        b'{"\\ud800":1}',
        json.dumps(road.row(place="%")).replace("%", HALF_JSON).encode(),
        json.dumps(road.row(values=[{"name": "ph", "value": "7", "unit": "\0"}])).encode(),
        json.dumps(road.row(plate="a\0b")).encode(),
    ]
    results = road.send(*bad, road.row()).results

    assert [one.outcome for one in results] == ["refused"] * len(bad) + ["received"]
    assert {one.problem for one in results[:-1]} == {"row-invalid"}
    assert all(one.detail.encode() for one in results[:-1])
