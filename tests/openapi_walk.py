"""Every operation of the published document, asked with made-up requests: no fault, no answer that it does not name.

    python -m tests.openapi_walk ROUNDS     on a database of the stand, for `make soak`

Inputs are Hypothesis' own, by the schemas of the document, and for a part of them anything at all. Who asks is drawn
too: somebody with every role, a device, a stranger of another agency, nobody. What is asked may be refused in any
declared way and with any declared status; 5xx, an undeclared status, a refusal that is no problem document and an
answer without the plain headers are findings.
"""

import json
import os
import string
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine

from api.app import openapi_document
from api.problems import MEDIA_TYPE
from schemas.actor import Role
from storage.setup.migrate import upgrade
from storage.store import Store
from tests.casework import make_bureau
from tests.factories import folder_url, make_account, make_agency, make_settings
from tests.monitoring import make_highway
from tests.server import serving
from tests.stand import PATIENCE_SECONDS
from tests.tus import bearer
from tests.web import TRUST
from workers.custody import integrate

ROUND_EXAMPLES = 20
"""Requests to each operation in a round of `make soak`."""

DOCUMENT = openapi_document()
_HEADER_TEXT = st.text(string.printable.strip(), max_size=40)
_ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
_KEEPS_SESSION = frozenset({"logOut"})
"""Asked with a token of its own that may end."""


@dataclass
class World:
    """A server, and who may ask it for what."""

    url: str
    tokens: Mapping[str, str]
    ids: Sequence[str]
    asked: Counter[tuple[str, int]] = field(default_factory=Counter)
    findings: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Ask:
    """One made-up request."""

    who: str
    path: str
    query: list[tuple[str, str]]
    headers: dict[str, str]
    body: bytes | None


def strategy(schema: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    """Return values of a JSON schema of the document, for the words that it uses."""
    if "$ref" in schema:
        return st.deferred(lambda: strategy(_named(schema["$ref"])))
    if "const" in schema:
        return st.just(schema["const"])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if "anyOf" in schema:
        return st.one_of(*map(strategy, schema["anyOf"]))
    makers = {
        "string": _text, "integer": _integer, "number": _integer, "boolean": lambda _: st.booleans(),
        "array": _array, "object": _object, "null": lambda _: st.none(),
    }  # fmt: skip
    return makers[schema["type"]](schema) if "type" in schema else _ANY_JSON


def _named(reference: str) -> Mapping[str, Any]:
    found: Any = DOCUMENT
    for step in reference.removeprefix("#/").split("/"):
        found = found[step]
    return dict(found)


def _text(schema: Mapping[str, Any]) -> st.SearchStrategy[str]:
    kind = schema.get("format")
    if kind == "uuid":
        return st.uuids().map(str)
    if kind == "date-time":
        return st.datetimes().map(lambda at: f"{at.isoformat()}Z")
    if kind == "date":
        return st.dates().map(str)
    if "pattern" in schema:
        return st.from_regex(schema["pattern"])
    return st.text(min_size=schema.get("minLength", 0), max_size=min(schema.get("maxLength", 40), 80))


def _integer(schema: Mapping[str, Any]) -> st.SearchStrategy[int]:
    return st.integers(schema.get("minimum", -(2**63)), schema.get("maximum", 2**63))


def _array(schema: Mapping[str, Any]) -> st.SearchStrategy[list[Any]]:
    least = schema.get("minItems", 0)
    return st.lists(strategy(schema.get("items", {})), min_size=least, max_size=least + 2)


def _object(schema: Mapping[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    members = schema.get("properties", {})
    wanted = {name: strategy(inner) for name, inner in members.items() if name in schema.get("required", ())}
    others = {name: strategy(inner) for name, inner in members.items() if name not in wanted}
    return st.fixed_dictionaries(wanted, optional=others)


def asks(path: str, operation: Mapping[str, Any], ids: Sequence[str]) -> st.SearchStrategy[Ask]:
    """Return requests for one operation."""

    @st.composite
    def made(draw: st.DrawFn) -> Ask:
        filled, query, headers = path, [], {}
        for one in operation.get("parameters", ()):
            if one["in"] == "path":
                known = st.sampled_from(ids) if one["schema"].get("format") == "uuid" else st.nothing()
                value = draw(
                    known | strategy(one["schema"]) | st.text(string.ascii_letters + "-%.", min_size=1)
                )
                filled = filled.replace(f"{{{one['name']}}}", str(value).strip("./") or "x")
            elif draw(st.booleans()):
                value = draw(strategy(one["schema"]) | st.text(max_size=20))
                if one["in"] == "query":
                    query.append((one["name"], _as_text(value)))
                else:
                    headers[one["name"]] = draw(st.sampled_from(['"v1"', '"v2"']) | _HEADER_TEXT)
        if "/uploads" in path:
            headers |= draw(_TUS_HEADERS)
        body = draw(_body(operation))
        who = draw(st.sampled_from(["all", "all", "all", "device", "source", "stranger", "nobody"]))
        if body is not None and "Content-Type" not in headers:
            headers["Content-Type"] = next(iter(operation["requestBody"]["content"]))
        return Ask(who, filled, query, {**headers, **draw(_RANGES)}, body)

    return made()


_RANGES = st.just({}) | st.fixed_dictionaries(
    {"Range": st.sampled_from(["bytes=0-0", "bytes=9-", "bytes=-1", "x"])}
)
_TUS_HEADERS = st.fixed_dictionaries(
    {"Tus-Resumable": st.sampled_from(["1.0.0"] * 4 + ["0.2.2"])},
    optional={
        "Upload-Offset": st.sampled_from(["0", "1"]) | _HEADER_TEXT,
        "Upload-Length": st.sampled_from(["0", "3"]) | _HEADER_TEXT,
        "Upload-Metadata": st.sampled_from(["filename YS5qcGc="]) | _HEADER_TEXT,
        "Content-Type": st.sampled_from(["application/offset+octet-stream", "text/plain"]),
    },
)


def _body(operation: Mapping[str, Any]) -> st.SearchStrategy[bytes | None]:
    if "requestBody" not in operation:
        return st.none()
    ((kind, content),) = operation["requestBody"]["content"].items()
    if kind == "application/x-www-form-urlencoded":
        named = strategy(content["schema"]).map(lambda fields: str(httpx.QueryParams(fields)).encode())
        return named | st.binary(max_size=60)
    valid = strategy(content["schema"]).map(_json)
    return valid | valid | _ANY_JSON.map(_json) | st.binary(max_size=60)


def _json(value: object) -> bytes:
    return json.dumps(value).encode()


def _as_text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def send(world: World, client: httpx.Client, method: str, operation: Mapping[str, Any], ask: Ask) -> None:
    """Send one request and keep what is wrong with its answer."""
    headers = {name: text.encode("latin-1", "replace") for name, text in ask.headers.items()}
    headers |= {
        name: text.encode() for name, text in bearer(world.tokens[ask.who]).items() if world.tokens[ask.who]
    }
    try:
        answer = client.request(
            method, world.url + ask.path, params=ask.query, headers=headers, content=ask.body
        )
    except (httpx.InvalidURL, UnicodeError):
        return  # what no client can send
    world.asked[operation["operationId"], answer.status_code] += 1
    wrong = _wrong(operation, answer)
    if wrong:
        world.findings.append(
            f"{method} {ask.path} {wrong}: {ask} → {answer.status_code} {answer.text[:300]}"
        )


def _wrong(operation: Mapping[str, Any], answer: httpx.Response) -> str:
    status = answer.status_code
    if status >= httpx.codes.INTERNAL_SERVER_ERROR:
        return "failed"
    if str(status) not in operation["responses"] and not _is_elsewhere(answer):
        return "undocumented"
    if answer.is_client_error and answer.content and answer.headers.get("Content-Type") != MEDIA_TYPE:
        return "no problem document"
    return "" if answer.headers.get("X-Content-Type-Options") == "nosniff" else "may be sniffed"


def _is_elsewhere(answer: httpx.Response) -> bool:
    """A made-up id can lead to another address of ours (`/v1/equipment/sources`), which knows another method."""
    return answer.status_code in (httpx.codes.METHOD_NOT_ALLOWED, httpx.codes.NOT_FOUND)


def walk(world: World, *, examples: int, number: int = 0) -> None:
    """Ask every operation `examples` times, with requests that follow from `number`."""
    with httpx.Client(verify=TRUST, timeout=PATIENCE_SECONDS) as client:
        for path, item in DOCUMENT["paths"].items():
            for method, operation in item.items():
                if operation["operationId"] in _KEEPS_SESSION:
                    continue
                _ask_one(world, client, (method.upper(), path, operation), examples, number)


def _ask_one(
    world: World, client: httpx.Client, one: tuple[str, str, Mapping[str, Any]], examples: int, number: int
) -> None:
    method, path, operation = one

    @seed(number)
    @settings(
        max_examples=examples, deadline=None, database=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(asks(path, operation, world.ids))
    def ask(made: Ask) -> None:
        send(world, client, method, operation, made)

    ask()


@contextmanager
def world_of(database_url: str, folder: Path) -> Iterator[World]:
    """Serve an agency with one of everything; yields who may ask."""
    store = Store(make_settings(database_url, folder_url(folder)))
    try:
        bureau = make_bureau(store)
        integrate(store)
        highway = make_highway(store)
        case, review = bureau.submitted()
        roles = [role for role in Role if role is not Role.SOURCE]
        tokens = {
            "all": make_account(store, bureau.agency, *roles)[0],
            "source": make_account(store, bureau.agency, Role.SOURCE)[0],
            "stranger": make_account(store, make_agency(store), *roles)[0],
            "device": bureau.device.token,
            "nobody": "",
        }
        known = (case.id, review.id, bureau.device.id, highway.equipment_id, highway.one())
        with serving(store) as url:
            yield World(url, tokens, [str(one) for one in known])
    finally:
        store.close()


def main(words: Sequence[str]) -> int:
    """Walk so many rounds; say what was asked, and everything that is wrong."""
    engine = create_engine(os.environ["DATABASE_URL"])
    upgrade(engine)
    engine.dispose()
    with (
        tempfile.TemporaryDirectory() as folder,
        world_of(os.environ["DATABASE_URL"], Path(folder)) as world,
    ):
        for number in range(int(words[0])):
            walk(world, examples=ROUND_EXAMPLES, number=number)
    statuses = Counter(status for _, status in world.asked.elements())
    sys.stdout.write(f"{world.asked.total()} requests, by status {dict(sorted(statuses.items()))}\n")
    for finding in world.findings[:50]:
        sys.stdout.write(f"{finding}\n")
    sys.stdout.write(f"{len(world.findings)} findings\n")
    return 1 if world.findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
