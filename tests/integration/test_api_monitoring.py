"""The monitoring desk over HTTP: batches row by row, their limits, two reviewers, and the way into a case."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import httpx
import pytest
from sqlalchemy import func, select

from schemas.actor import Role
from schemas.base import rfc3339
from schemas.monitoring_row import MAX_BATCH_BYTES, MAX_ROWS
from storage.store import Store, utc_now
from storage.tables.monitoring import monitoring_records
from tests.factories import folder_url, make_account, make_settings
from tests.monitoring import Highway, make_highway
from tests.server import serving
from tests.stand import PATIENCE_SECONDS
from tests.tus import bearer
from tests.web import TRUST

RECORDS = "/v1/monitoring/records"
NDJSON = {"Content-Type": "application/x-ndjson"}


@dataclass
class Road:
    """A highway, and a client for each of its people."""

    highway: Highway
    source: httpx.Client
    first: httpx.Client
    second: httpx.Client
    handler: httpx.Client
    custodian: httpx.Client

    def send(self, *rows: object) -> dict:
        body = "\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows)
        answer = self.source.post(RECORDS, content=body.encode(), headers=NDJSON)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def one(self, **changed: object) -> str:
        ident: str = self.send(self.highway.row(**changed))["rows"][0]["id"]
        return ident

    def opine(self, ident: str, stage: str, wish: dict | None = None) -> httpx.Response:
        client = self.first if stage == "first" else self.second
        tag = client.get(f"{RECORDS}/{ident}").headers["ETag"]
        said = wish or {"opinion": "valid", "reason": "清楚"}
        return client.post(f"{RECORDS}/{ident}/opinions/{stage}", json=said, headers={"If-Match": tag})

    def valid(self, **changed: object) -> str:
        ident = self.one(**changed)
        assert [self.opine(ident, stage).status_code for stage in ("first", "second")] == [200, 200]
        return ident


@pytest.fixture(scope="module")
def store(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    made = Store(make_settings(database_url, folder_url(tmp_path_factory.mktemp("api-monitoring"))))
    yield made
    made.close()


@pytest.fixture(scope="module")
def road(store: Store) -> Iterator[Road]:
    highway = make_highway(store)
    with serving(store) as url, ExitStack() as opened:

        def client(token: str) -> httpx.Client:
            return opened.enter_context(
                httpx.Client(base_url=url, headers=bearer(token), verify=TRUST, timeout=PATIENCE_SECONDS)
            )

        def holder(role: Role) -> httpx.Client:
            return client(make_account(store, highway.agency, role)[0])

        yield Road(
            highway=highway,
            source=client(highway.source_token),
            first=holder(Role.EVIDENCE_REVIEWER),
            second=holder(Role.LEGAL_REVIEWER),
            handler=holder(Role.HANDLER),
            custodian=holder(Role.CUSTODIAN),
        )


def kept(store: Store) -> int:
    with store.begin() as tx:
        return tx.connection.scalar(select(func.count()).select_from(monitoring_records)) or 0


def test_every_row_is_answered(road: Road) -> None:
    """Good, repeated, contradicting and broken rows of one batch each get their own result, with words."""
    row = road.highway.row()
    road.send(row)
    answer = road.send(
        road.highway.row(),
        row,
        {**row, "matter": "另一事由"},
        "{broken",
        road.highway.row(captured_at=rfc3339(utc_now() + timedelta(hours=2))),
        road.highway.row(values=[{"name": "gross_weight", "value": "52300", "unit": "km/h"}]),
        road.highway.row(equipment="NOBODYS-1"),
    )

    assert [one["outcome"] for one in answer["rows"]] == [
        "received",
        "duplicate",
        "conflict",
        *["refused"] * 4,
    ]
    problems = [one["problem"] for one in answer["rows"][2:]]
    assert problems == [
        "record-conflict",
        "row-invalid",
        "row-in-future",
        "unit-mixed-up",
        "equipment-unknown",
    ]
    assert all(one["zh"] and one["en"] for one in answer["rows"][2:])
    counts = [answer[name] for name in ("received", "duplicates", "conflicts", "refused")]
    assert counts == [1, 1, 1, 4]
    assert [one["line"] for one in answer["rows"]] == [1, 2, 3, 4, 5, 6, 7]


def test_the_same_batch_again_changes_nothing(store: Store, road: Road) -> None:
    """A source that heard no answer sends its batch again and gets the ids it would have got."""
    rows = [road.highway.row() for _ in range(3)]
    first, before = road.send(*rows), kept(store)
    again = road.send(*rows)

    assert [one["id"] for one in again["rows"]] == [one["id"] for one in first["rows"]]
    assert (again["duplicates"], again["intake_id"], kept(store)) == (3, None, before)


@pytest.mark.parametrize(
    ("body", "status", "slug"),
    [
        (b"", 422, "batch-empty"),
        (b"\n \n", 422, "batch-empty"),
        (b"{}\n" * (MAX_ROWS + 1), 413, "batch-too-large"),
        (b"x" * (3 * 1024 * 1024), 413, "batch-too-large"),
        ((b"y" * 1_000_000 + b"\n") * (MAX_BATCH_BYTES // 1_000_000 + 1), 413, "batch-too-large"),
    ],
    ids=["nothing", "blank lines", "1,001 rows", "one endless line", "over 32 MiB"],
)  # fmt: skip
def test_a_batch_over_its_limits_writes_nothing(
    store: Store, road: Road, body: bytes, status: int, slug: str
) -> None:
    """The whole batch is refused with a problem; no row of it is kept."""
    before = kept(store)
    answer = road.source.post(RECORDS, content=iter([body]), headers=NDJSON)

    assert (answer.status_code, answer.json()["slug"]) == (status, slug)
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert kept(store) == before


def test_whoever_is_no_source_is_refused_before_the_batch_is_read(road: Road) -> None:
    """A handler's batch is answered 403 with the permission, whatever stands in it."""
    answer = road.handler.post(RECORDS, content=b"", headers=NDJSON)

    assert (answer.status_code, answer.json()["permission"]) == (403, "monitoring:submit")


def test_what_was_sent_is_kept_verbatim(road: Road) -> None:
    """The raw row comes back byte for byte, spaces and all."""
    row = road.highway.row()
    text = json.dumps(row, ensure_ascii=False, indent=None, separators=(" , ", " : "))
    ident = road.send(text)["rows"][0]["id"]

    assert road.handler.get(f"{RECORDS}/{ident}/raw").content == text.encode()
    refused = road.first.get(f"{RECORDS}/{ident}/raw")
    assert (refused.status_code, refused.json()["permission"]) == (403, "monitoring:party")


def test_a_list_is_paged_and_filtered(road: Road) -> None:
    """Keyset pages cover the list once, newest first; a plate finds its record."""
    idents = [road.one(plate=f"苏K{number:05d}") for number in range(5)]
    seen, after = [], None
    while True:
        query = {"limit": 2, **({"after": after} if after else {})}
        page = road.first.get(RECORDS, params=query).json()
        seen += [one["id"] for one in page["records"]]
        after = page["next"]
        if after is None:
            break
    found = road.first.get(RECORDS, params={"q": "苏k00003"}).json()["records"]

    assert seen[:5] == idents[::-1]
    assert len(seen) == len(set(seen))
    assert [one["id"] for one in found] == [idents[3]]


@pytest.mark.parametrize("text", ["2026-01-01T00:00:00", "yesterday", ""])
def test_a_time_without_its_zone_is_no_filter(road: Road, text: str) -> None:
    """A query that would mean something else elsewhere is a problem, not an empty list."""
    answer = road.first.get(RECORDS, params={"from": text})

    assert (answer.status_code, answer.json()["slug"]) == (422, "request-invalid")


def test_reviewers_are_blind_and_two(road: Road) -> None:
    """Neither sees the other before both have spoken; If-Match is needed and a stale one is told."""
    ident = road.one()
    path = f"{RECORDS}/{ident}/opinions"
    said = {"opinion": "valid", "reason": "清楚"}
    assert road.first.post(f"{path}/first", json=said).status_code == 428
    assert road.opine(ident, "first").status_code == 200
    shown = road.second.get(f"{RECORDS}/{ident}").json()
    assert (shown["opinions"], shown["record"]["state"]) == ([], "received")
    stale = road.second.post(f"{path}/second", json=said, headers={"If-Match": '"v99"'})
    assert (stale.status_code, stale.json()["slug"]) == (412, "version-conflict")
    assert road.opine(ident, "second").json()["state"] == "valid"
    assert len(road.second.get(f"{RECORDS}/{ident}").json()["opinions"]) == 2


def test_invalid_needs_a_reason_and_ends_it(road: Road) -> None:
    """One invalid with a reason from the list ends the record; without one it is a problem."""
    ident = road.one()
    bare = road.opine(ident, "first", {"opinion": "invalid", "reason": "错"})
    tag = road.second.get(f"{RECORDS}/{ident}").headers["ETag"]
    ended = road.opine(ident, "first", {"opinion": "invalid", "reason_code": "plate-misread", "reason": "错"})
    said = {"opinion": "valid", "reason": "清楚"}
    late = road.second.post(f"{RECORDS}/{ident}/opinions/second", json=said, headers={"If-Match": tag})

    assert (bare.status_code, bare.json()["slug"]) == (422, "reason-missing")
    assert ended.json()["state"] == "invalid"
    assert (late.status_code, late.json()["slug"]) == (409, "review-concluded")


def test_the_way_into_a_case(road: Road) -> None:
    """A valid record suggests its case, is tied once, untied by a counter-entry, and tied again."""
    ident = road.valid(plate="苏K77777")
    wish = {"number": "路政-1", "party": "某公司", "matter": "超限", "place": "S229", "plates": ["苏K77777"]}
    early = road.handler.post(f"{RECORDS}/{ident}/case", json=wish)
    assert (early.status_code, early.json()["slug"]) == (409, "notification-missing")
    attempt = {"channel": "sms", "outcome": "sent", "attempted_at": rfc3339(utc_now()), "proof": "短信 1"}
    future = {**attempt, "attempted_at": rfc3339(utc_now() + timedelta(hours=1))}
    answers = [road.handler.post(f"{RECORDS}/{ident}/notifications", json=one) for one in (future, attempt)]
    assert [one.status_code for one in answers] == [422, 201]
    case = road.handler.post(f"{RECORDS}/{ident}/case", json=wish).json()
    assert case["number"] == "路政-1"

    other = road.valid(plate="苏K77777")
    suggested = road.handler.get(f"{RECORDS}/{other}/suggestions").json()
    assert [(one["case_number"], "plate" in one["bases"]) for one in suggested] == [("路政-1", True)]
    path = f"/v1/cases/{case['id']}/monitoring"
    tie = {"monitoring_id": other, "basis": "plate"}
    assert road.handler.post(path, json=tie).status_code == 428
    first = road.handler.post(path, json=tie, headers={"If-Match": f'"v{case["version"]}"'})
    again = road.handler.post(path, json=tie, headers={"If-Match": first.headers["ETag"]})
    assert (first.json()["id"], again.status_code) == (again.json()["id"], 201)
    assert road.first.get(f"{RECORDS}/{other}").json()["record"]["is_linked"]
    gone = road.handler.post(
        f"{path}/{other}/unlink", json={"reason": "另案"}, headers={"If-Match": again.headers["ETag"]}
    )
    assert gone.status_code == 204
    shown = road.first.get(f"{RECORDS}/{other}").json()
    assert not shown["record"]["is_linked"]
    assert [one["unlinked_at"] is None for one in shown["links"]] == [False]
    waiting = road.handler.get(RECORDS, params={"state": "valid", "linked": False}).json()["records"]
    assert other in [one["id"] for one in waiting]


def test_a_closed_gate_names_article_41_over_http(store: Store, road: Road) -> None:
    """A record of equipment without its facts is kept, reviewed – and refused as evidence with what is missing."""
    closed = make_highway(store, is_admitted=False)
    ident = closed.valid()
    attempt = {"channel": "sms", "outcome": "sent", "attempted_at": rfc3339(utc_now()), "proof": "短信"}
    token, _ = make_account(store, closed.agency, Role.HANDLER)
    with httpx.Client(
        base_url=road.first.base_url, headers=bearer(token), verify=TRUST, timeout=PATIENCE_SECONDS
    ) as handler:
        assert handler.post(f"{RECORDS}/{ident}/notifications", json=attempt).status_code == 201
        wish = {"number": "路政-9", "party": "x", "matter": "x", "place": "x"}
        answer = handler.post(f"{RECORDS}/{ident}/case", json=wish)

    assert (answer.status_code, answer.json()["slug"]) == (409, "article-41")
    assert answer.json()["article"] == "计量法第九条、行政处罚法第四十一条"
    assert "certificate-missing" in answer.json()["missing"]


def test_the_register_over_http(road: Road) -> None:
    """Facts are entered one by one under a version each; the gate opens with the last of them."""
    wish = {"number": "CAM-HTTP-1", "name": "卡口", "kind": "camera", "site": "S229", "standard": "GA/T 497"}
    made = road.custodian.post("/v1/equipment", json=wish)
    path = f"/v1/equipment/{made.json()['equipment']['id']}"
    since, until = (rfc3339(utc_now() + timedelta(days=days)) for days in (-30, 30))
    facts = [
        ("certificates", {"number": "C", "issuer": "院", "valid_from": since, "valid_until": until}),
        ("reviews", {"kind": "technical", "document": "文 1", "reviewed_at": since}),
        ("reviews", {"kind": "legal", "document": "文 2", "reviewed_at": since}),
        ("publications", {"url": "https://example.invalid/p", "published_at": since}),
    ]
    tag, open_after = made.headers["ETag"], []
    for name, fact in facts:
        answer = road.custodian.post(f"{path}/{name}", json=fact, headers={"If-Match": tag})
        assert answer.status_code == 201, answer.text
        stale = road.custodian.post(f"{path}/{name}", json=fact, headers={"If-Match": tag})
        assert stale.status_code == 412
        tag = answer.headers["ETag"]
        open_after.append(answer.json()["gate_faults"] == [])
    naive = {"from_at": "2026-01-01T00:00:00", "reason": "坏"}
    refused = road.custodian.post(f"{path}/suspend", json=naive, headers={"If-Match": tag})

    assert open_after == [False, False, False, True]
    assert (refused.status_code, refused.json()["slug"]) == (422, "request-invalid")
    assert UUID(made.json()["equipment"]["id"])
