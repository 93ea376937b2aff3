"""Who may ask what over HTTP: nobody without a token, nothing outside one's agencies, nothing without permission."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import update

from api.app import create_app
from api.settings import ApiSettings
from schemas.actor import Actor, Role
from schemas.case import CaseIn
from storage.setup.home import TICKET_KEYS
from storage.store import Store
from storage.tables.actor import sessions
from tests.casework import make_bureau
from tests.factories import (
    LOST,
    OFFICERS,
    PASSWORD,
    TestDevice,
    enrol_device,
    folder_url,
    make_account,
    make_agency,
    make_settings,
)
from tests.media import jpeg
from tests.monitoring import make_highway
from tests.server import serving
from tests.stand import PATIENCE_SECONDS
from tests.tus import BODY, VERSION, bearer, opened
from tests.web import TRUST
from workers.custody import integrate

PUBLIC = {
    ("GET", "/"),
    ("GET", "/openapi.json"),
    ("GET", "/v1/health"),
    ("GET", "/v1/trust"),
    ("GET", "/v1/checkpoint"),
    ("GET", "/v1/log/checkpoint"),
    ("HEAD", "/v1/log/checkpoint"),
    ("GET", "/v1/log/checkpoint/{size}"),
    ("HEAD", "/v1/log/checkpoint/{size}"),
    ("GET", "/v1/log/consistency"),
    ("HEAD", "/v1/log/consistency"),
    ("GET", "/v1/log/keys"),
    ("GET", "/v1/log/proof/{digest}"),
    ("HEAD", "/v1/log/proof/{digest}"),
    ("GET", "/v1/log/tile/{path:path}"),
    ("HEAD", "/v1/log/tile/{path:path}"),
    ("POST", "/v1/token"),
    ("POST", "/v1/sessions"),
    ("POST", "/v1/devices"),
    ("POST", "/v1/admissions"),
    ("POST", "/v1/links"),
    ("GET", "/console/admit/{code}"),
    ("POST", "/console/admit/{code}"),
    ("GET", "/console/link/{code}"),
    ("POST", "/console/link/{code}"),
    ("OPTIONS", "/v1/uploads"),
    ("OPTIONS", "/v1/uploads/{upload_id}"),
    ("GET", "/console/login"),
    ("POST", "/console/login"),
    ("POST", "/console/login/code"),
    ("POST", "/console/login/again"),
    ("POST", "/console/sso"),
    ("GET", "/console/sso/callback"),
    ("POST", "/console/language"),
    ("GET", "/console/static/{name}"),
}
"""Everything a stranger may ask. Adding a route elsewhere makes it protected, or the test below fails."""

EVERY_ROLE = tuple(Role)

WORDS = {"code": "x", "kind": "thumbnail", "name": "x", "stage": "first", "step": "answer", "act": "withdraw"}
"""Parameters of a path that are no id."""

SEEN = {"If-Match": '"v1"'}


@dataclass
class World:
    """One agency with one of everything, and a stranger of another agency who holds every role there."""

    store: Store
    url: str
    agency: UUID
    device: TestDevice
    ids: dict[str, UUID]
    handler: Actor
    without_permission: httpx.Client

    def client(self, token: str) -> httpx.Client:
        return httpx.Client(base_url=self.url, headers=bearer(token), verify=TRUST, timeout=PATIENCE_SECONDS)

    def holder(self, *roles: Role) -> httpx.Client:
        return self.client(make_account(self.store, self.agency, *roles)[0])


@pytest.fixture(scope="module")
def world(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    store = Store(make_settings(database_url, folder_url(tmp_path_factory.mktemp("access"))))
    bureau = make_bureau(store)
    integrate(store)  # opens the log
    agency, handler, device = bureau.agency, bureau.handler, bureau.device
    recording_id = device.capture("a.jpg", jpeg())
    with store.begin() as tx:
        case = tx.cases.open(handler, CaseIn(number="访-1", party="x", matter="x", place="x"))
        tx.cases.link(handler, case.id, recording_id, case.version)
        export = tx.exports.request(handler, case.id)
    highway = make_highway(store)
    _, review = bureau.submitted()
    with store.begin() as tx:
        certificate = tx.certificates.own(bureau.officers[0])[0].id
    with serving(store) as url:
        with httpx.Client(
            base_url=url, headers=bearer(device.token), verify=TRUST, timeout=PATIENCE_SECONDS
        ) as own:
            upload_id = UUID(opened(own, 3).rsplit("/", 1)[1])
        keeper = make_account(store, agency, Role.CUSTODIAN)[1]
        with store.begin() as tx:
            tx.enrolments.issue_code(keeper)
            code = tx.enrolments.codes(keeper)[0]
        ids = {
            "code_id": code.id,
            "recording_id": recording_id,
            "case_id": case.id,
            "export_id": export.id,
            "upload_id": upload_id,
            "device_id": device.id,
            "equipment_id": highway.equipment_id,
            "monitoring_id": highway.one(),
            "review_id": review.id,
            "account_id": handler.id,
            "agency_id": bureau.agency,
            "certificate_id": certificate,
        }
        token, _ = make_account(store, make_agency(store), Role.SOURCE)
        with httpx.Client(
            base_url=url, headers=bearer(token), verify=TRUST, timeout=PATIENCE_SECONDS
        ) as nobody:
            yield World(store, url, agency, device, ids, handler, nobody)
    store.close()


def walked(routes: list) -> Iterator[tuple[str, str]]:
    """Every (method, path) that the application answers, included routers and all."""
    for route in routes:
        if hasattr(route, "effective_candidates"):
            yield from walked(route.effective_candidates())
            continue
        for method in sorted(route.methods - ({"HEAD"} if "GET" in route.methods else set())):
            yield method, route.path


def every_route(store: Store) -> list[tuple[str, str]]:
    return list(walked(create_app(ApiSettings(), store).routes))


def body_of(wish: dict, ids: dict[str, UUID]) -> dict:
    """The body with the parameters in its texts filled in; numbers stay as they are."""
    return {name: filled(value, ids) if isinstance(value, str) else value for name, value in wish.items()}


def filled(path: str, ids: dict[str, UUID]) -> str:
    """The path with its parameters filled in."""
    for name, value in ids.items():
        path = path.replace(f"{{{name}}}", str(value))
    for name, word in WORDS.items():
        path = path.replace(f"{{{name}}}", word)
    return re.sub(r"\{[a-z]+_id\}", lambda _: str(uuid4()), path)


def asked(client: httpx.Client, method: str, path: str) -> httpx.Response:
    headers = {**VERSION, **BODY, "Upload-Offset": "0"} if "/uploads" in path else {}
    return client.request(method, path, headers=headers)


def test_the_walk_sees_the_routes(world: World) -> None:
    """The walk over the routes finds those of every part, so that the test below means something."""
    found = every_route(world.store)

    assert set(found) >= PUBLIC | {
        ("PATCH", "/v1/uploads/{upload_id}"),
        ("GET", "/v1/recordings/{recording_id}/media"),
        ("POST", "/v1/cases/{case_id}/exports"),
        ("GET", "/console"),
    }
    assert len(found) > 40


@pytest.mark.parametrize("token", [None, "nonsense", "é", "x" * 5000])
def test_nothing_is_answered_to_a_stranger(world: World, token: str | None) -> None:
    """Every route but the public ones answers 401 without a valid token; console pages lead to the log-in."""
    headers = {} if token is None else {b"Authorization": b"Bearer " + token.encode()}
    answers = {}
    with httpx.Client(base_url=world.url, headers=headers, verify=TRUST, timeout=PATIENCE_SECONDS) as client:
        for method, path in every_route(world.store):
            if (method, path) not in PUBLIC:
                answers[method, path] = asked(client, method, filled(path, world.ids))
    open_doors = {
        route: answer.status_code
        for route, answer in answers.items()
        if answer.status_code != (303 if route[1].startswith("/console") else 401)
    }

    assert open_doors == {}
    for (_, path), answer in answers.items():
        if path.startswith("/console"):
            assert answer.headers["Location"].startswith("/console/login")
        else:
            assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_public_routes_answer_strangers(world: World) -> None:
    """Health, trust and the contract need no token, and hold no secret."""
    secrets = [
        getattr(world.store.settings, name).get_secret_value()
        for name in (
            "log_key",
            "registry_key",
            "export_key",
            *TICKET_KEYS,
            "factor_key",
            "personal_key",
            "database_url",
            "objects_url",
        )
    ]
    for path in ("/v1/health", "/v1/trust", "/openapi.json", "/console/login"):
        answer = httpx.get(f"{world.url}{path}", verify=TRUST, timeout=PATIENCE_SECONDS)
        assert answer.status_code == 200, path
        assert not any(secret in answer.text for secret in secrets)


STRANGE: list[tuple[str, str, dict | None]] = [
    ("GET", "/v1/recordings/{recording_id}", None),
    ("GET", "/v1/recordings/{recording_id}/media", None),
    ("GET", "/v1/recordings/{recording_id}/thumbnail", None),
    ("GET", "/v1/recordings/{recording_id}/proof", None),
    ("GET", "/v1/cases/{case_id}", None),
    ("POST", "/v1/cases/{case_id}/recordings", {"recording_id": "{recording_id}"}),
    ("POST", "/v1/cases/{case_id}/recordings/{recording_id}/unlink", {"reason": "x"}),
    ("POST", "/v1/cases/{case_id}/exports", None),
    ("GET", "/v1/exports/{export_id}", None),
    ("GET", "/v1/exports/{export_id}/package", None),
    ("POST", "/v1/exports/{export_id}/looks", {"reason_code": "dispute"}),
    ("POST", "/v1/recordings/{recording_id}/looks", {"reason_code": "dispute"}),
    ("GET", "/v1/recordings/{recording_id}/looks", None),
    ("DELETE", "/v1/enrolment-codes/{code_id}", None),
    ("POST", "/v1/devices/{device_id}/name", {"name": "x"}),
    ("POST", "/v1/devices/{device_id}/revoke", LOST.model_dump()),
    ("PATCH", "/v1/uploads/{upload_id}", None),
    ("DELETE", "/v1/uploads/{upload_id}", None),
    ("POST", "/v1/uploads/{upload_id}/complete", None),
    ("GET", "/v1/uploads/{upload_id}/receipt", None),
    ("PATCH", "/v1/cases/{case_id}", {"party": "x", "matter": "x", "place": "x", "reason": "x"}),
    ("POST", "/v1/cases/{case_id}/steps", {"step": "file"}),
    ("POST", "/v1/cases/{case_id}/monitoring", {"monitoring_id": "{monitoring_id}"}),
    ("GET", "/v1/cases/{case_id}/facts", None),
    ("POST", "/v1/cases/{case_id}/facts", {"text": "x"}),
    ("GET", "/v1/cases/{case_id}/findings", None),
    ("GET", "/v1/cases/{case_id}/reviews", None),
    ("GET", "/v1/reviews/{review_id}", None),
    ("POST", "/v1/reviews/{review_id}/opinion", {"opinion": "pass", "statement": "x"}),
    ("GET", "/v1/equipment/{equipment_id}", None),
    ("GET", "/v1/equipment/{equipment_id}/gate", None),
    (
        "POST",
        f"/v1/equipment/{{equipment_id}}/certificates/{'0' * 64}/annul",
        {"reason": "x", "records": 0, "cases": 0},
    ),
    ("GET", f"/v1/equipment/{{equipment_id}}/certificates/{'0' * 64}/annulment", None),
    ("POST", f"/v1/equipment/{{equipment_id}}/facts/{'0' * 64}/amend", {"number": "x", "reason": "x"}),
    ("POST", "/v1/equipment/{equipment_id}/suspend", {"reason": "x", "from_at": "2026-01-01T00:00:00Z"}),
    ("GET", "/v1/monitoring/records/{monitoring_id}", None),
    ("GET", "/v1/monitoring/records/{monitoring_id}/raw", None),
    ("GET", "/v1/monitoring/records/{monitoring_id}/suggestions", None),
    ("POST", "/v1/monitoring/records/{monitoring_id}/opinions/{stage}", {"opinion": "valid", "reason": "x"}),
    ("GET", "/v1/agencies/{agency_id}", None),
    ("PATCH", "/v1/agencies/{agency_id}", {"name": "他局"}),
    ("GET", "/v1/accounts/{account_id}", None),
    ("POST", "/v1/accounts/{account_id}/link", None),
    ("POST", "/v1/accounts/{account_id}/unlock", None),
    ("POST", "/v1/accounts/{account_id}/transfer", {"agency_id": str(UUID(int=7)), "reason": "x"}),
    ("POST", "/v1/accounts/{account_id}/close", {"reason": "x"}),
    ("POST", "/v1/accounts/{account_id}/signout", {"reason": "x"}),
    ("POST", "/v1/accounts/{account_id}/roles", {"role": "head"}),
    ("GET", "/v1/accounts/{account_id}/roles", None),
    ("POST", "/v1/accounts/{account_id}/roles/{grant_id}/end", {"reason": "x"}),
    (
        "POST",
        "/v1/accounts/{account_id}/roles/{grant_id}/amend",
        {"leaf": "0" * 64, "valid_from": "2026-01-01T00:00:00Z", "reason": "x"},
    ),
]


@pytest.mark.parametrize(("method", "path", "wish"), STRANGE, ids=[path for _, path, _ in STRANGE])
def test_another_agencys_ids_do_not_exist(world: World, method: str, path: str, wish: dict | None) -> None:
    """An id of another agency is answered exactly like one that names nothing, with every role in hand."""
    token, _ = make_account(world.store, make_agency(world.store), *EVERY_ROLE)
    answers = []
    with world.client(token) as stranger:
        for ids in (world.ids, {name: uuid4() for name in world.ids}):
            headers = {**VERSION, **BODY, "Upload-Offset": "0"} if "/uploads" in path else SEEN
            sent = body_of(wish or {}, ids)
            answers.append(
                stranger.request(method, filled(path, ids), json=sent, headers=headers)
                if wish
                else stranger.request(method, filled(path, ids), headers=headers)
            )

    bodies = [answer.json() for answer in answers]
    for body in bodies:
        body.pop("reference")
    assert [answer.status_code for answer in answers] == [404, 404]
    assert bodies[0] == bodies[1]


@pytest.mark.parametrize(("method", "path", "wish"), STRANGE, ids=[path for _, path, _ in STRANGE])
def test_who_may_nothing_learns_nothing_of_another_agencys_ids(
    world: World, method: str, path: str, wish: dict | None
) -> None:
    """Also to an account without the permission an id of another agency and none at all look the same."""
    stranger = world.without_permission
    answers = [
        stranger.request(
            method,
            filled(path, ids),
            json=body_of(wish, ids) if wish else None,
            headers={**VERSION, **BODY, "Upload-Offset": "0"} if "/uploads" in path else SEEN,
        )
        for ids in (world.ids, {name: uuid4() for name in world.ids})
    ]
    bodies = [{**answer.json(), "reference": ""} for answer in answers]
    assert bodies[0] == bodies[1]
    assert answers[0].status_code == answers[1].status_code
    assert answers[0].status_code == (404 if "/reviews/" in path else answers[0].status_code)


def test_a_strangers_lists_are_empty(world: World) -> None:
    """Lists of another agency's actor hold nothing of ours, whatever is searched for."""
    token, _ = make_account(world.store, make_agency(world.store), *EVERY_ROLE)
    with world.client(token) as stranger:
        queries = ("", f"?device={world.device.id}", f"?officer={OFFICERS[0]}", "?case=访-1", "?q=a.jpg")
        for query in queries:
            assert stranger.get(f"/v1/recordings{query}").json()["recordings"] == []
        assert stranger.get("/v1/cases").json()["cases"] == []
        assert stranger.get("/v1/devices").json()["devices"] == []


def test_a_sibling_device_has_not_sent_it(world: World) -> None:
    """An upload is its sender's alone: another device of the same agency finds neither it nor the recording."""
    sibling = enrol_device(world.store, make_account(world.store, world.agency, Role.CUSTODIAN)[1])
    with world.client(sibling.token) as client:
        url = f"/v1/uploads/{world.ids['upload_id']}"
        answers = [
            client.head(url, headers=VERSION),
            client.patch(url, content=b"abc", headers={**VERSION, **BODY, "Upload-Offset": "0"}),
            client.get(f"{url}/receipt"),
            client.get(f"/v1/recordings/{world.ids['recording_id']}"),
        ]

    assert [answer.status_code for answer in answers] == [404] * 4


REFUSED: list[tuple[Role, str, str, str]] = [
    (Role.CUSTODIAN, "GET", "/v1/recordings/{recording_id}/media", "recording:watch"),
    (Role.CUSTODIAN, "GET", "/v1/recordings/{recording_id}/thumbnail", "recording:watch"),
    (Role.PARTY, "GET", "/v1/recordings", "recording:view"),
    (Role.OFFICER, "POST", "/v1/cases", "case:open"),
    (Role.CUSTODIAN, "GET", "/v1/cases", "case:view"),
    (Role.CUSTODIAN, "GET", "/v1/cases/{case_id}", "case:view"),
    (Role.HEAD, "GET", "/v1/reviews", "case:review"),
    (Role.SUPERVISOR, "GET", "/v1/exports/{export_id}", "case:export"),
    (Role.OFFICER, "GET", "/v1/devices", "device:view"),
    (Role.HANDLER, "POST", "/v1/enrolment-codes", "device:enrol"),
    (Role.ADMIN, "POST", "/v1/devices/{device_id}/revoke", "device:revoke"),
    (Role.LEGAL_REVIEWER, "POST", "/v1/uploads", "recording:submit"),
    (Role.HANDLER, "GET", "/v1/audits", "audit:view"),
    (Role.OFFICER, "GET", "/v1/equipment", "equipment:view"),
    (Role.OFFICER, "GET", "/v1/rectifications", "rectification:view"),
    (Role.HANDLER, "GET", "/v1/reviews", "case:review"),
    (Role.SOURCE, "GET", "/v1/monitoring/records", "monitoring:view"),
    (Role.HANDLER, "GET", "/v1/monitoring/queue?stage=first", "monitoring:review-first"),
    (Role.HANDLER, "POST", "/v1/monitoring/records", "monitoring:submit"),
    (Role.HEAD, "GET", "/v1/accounts", "account:view"),
    (Role.CUSTODIAN, "GET", "/v1/accounts/{account_id}", "account:view"),
    (Role.HEAD, "GET", "/v1/agencies", "account:view"),
    (Role.ADMIN, "GET", "/v1/cases", "case:view"),
    (Role.ADMIN, "GET", "/v1/recordings", "recording:view"),
]  # fmt: skip


WISHES: dict[str, dict[str, str]] = {
    "/v1/devices/{device_id}/revoke": {"reason_code": "lost", "reason": "x"},
    "/v1/recordings/{recording_id}/looks": {"reason_code": "dispute"},
    "/v1/exports/{export_id}/looks": {"reason_code": "dispute"},
    "/v1/cases": {"number": "x", "party": "x", "matter": "x", "place": "x"},
    "/v1/cases/{case_id}/recordings": {"recording_id": "{recording_id}"},
}


@pytest.mark.parametrize(
    ("role", "method", "path", "permission"),
    REFUSED,
    ids=[f"{role.value} {method} {path}" for role, method, path, _ in REFUSED],
)
def test_a_missing_permission_is_named(
    world: World, role: Role, method: str, path: str, permission: str
) -> None:
    """Inside one's own agency a missing permission answers 403 and says which one it is."""
    headers = {**VERSION, "Upload-Length": "3"} if "/uploads" in path else SEEN
    sent = {name: filled(value, world.ids) for name, value in WISHES.get(path, {}).items()} or None
    with world.holder(role) as client:
        answer = client.request(method, filled(path, world.ids), headers=headers, json=sent)

    assert answer.status_code == 403, answer.text
    assert answer.json()["slug"] == "permission-missing"
    assert answer.json()["permission"] == permission


def test_an_inspector_sees_nothing_that_was_not_drawn(world: World) -> None:
    """Only what a draw gave them exists for an inspector: the list is empty and an id unknown."""
    with world.holder(Role.INSPECTOR) as client:
        assert client.get("/v1/recordings").json()["recordings"] == []
        assert client.get(f"/v1/recordings/{world.ids['recording_id']}").status_code == 404


def test_a_reviewer_declares_no_manifest(world: World) -> None:
    """Who may not submit recordings may not declare manifests either, and nothing is kept of it."""
    manifest = world.device.manifest({"x.jpg": b"x"})
    with world.holder(Role.LEGAL_REVIEWER) as client:
        answer = client.post(
            "/v1/manifests", content=manifest, headers={"Quancheng-Signature": world.device.sign(manifest)}
        )

    assert (answer.status_code, answer.json()["permission"]) == (403, "recording:submit")


def test_a_log_out_ends_the_token(world: World) -> None:
    """After the log-out the token opens nothing, and another session of the account goes on."""
    _, actor = make_account(world.store, world.agency, Role.OFFICER)
    wish = {"login": actor.login, "password": PASSWORD}
    one, other = (
        httpx.post(f"{world.url}/v1/sessions", json=wish, verify=TRUST, timeout=PATIENCE_SECONDS).json()[
            "token"
        ]
        for _ in range(2)
    )
    with world.client(one) as client:
        assert client.get("/v1/sessions/current").json()["id"] == str(actor.id)
        assert client.delete("/v1/sessions/current").status_code == 204
        assert client.get("/v1/sessions/current").status_code == 401
    with world.client(other) as client:
        assert client.get("/v1/sessions/current").status_code == 200


def test_an_expired_token_opens_nothing(world: World) -> None:
    """A token past its end answers 401."""
    token, actor = make_account(world.store, world.agency, Role.OFFICER)
    with world.client(token) as client:
        assert client.get("/v1/recordings").status_code == 200
        with world.store.begin() as tx:
            past = tx.now - timedelta(seconds=1)
            tx.connection.execute(
                update(sessions).where(sessions.c.account_id == actor.id).values(expires_at=past)
            )
        assert client.get("/v1/recordings").status_code == 401


def test_a_revocation_ends_the_devices_token(world: World) -> None:
    """A revoked device is answered 401 from the next request on."""
    with world.holder(Role.CUSTODIAN) as custodian:
        device = enrol_device(world.store, make_account(world.store, world.agency, Role.CUSTODIAN)[1])
        with world.client(device.token) as client:
            url = opened(client, 3)
            assert (
                custodian.post(f"/v1/devices/{device.id}/revoke", json=LOST.model_dump()).status_code == 204
            )
            assert client.head(url, headers=VERSION).status_code == 401
            assert client.get("/v1/recordings").status_code == 401


def test_wrong_passwords_are_counted_over_http(world: World) -> None:
    """A wrong password answers 401 and counts: the tenth locks, and then the right one is refused too."""
    _, actor = make_account(world.store, world.agency, Role.OFFICER)
    wish = {"login": actor.login, "password": "wrong"}
    slugs = [
        httpx.post(f"{world.url}/v1/sessions", json=wish, verify=TRUST, timeout=PATIENCE_SECONDS).json()[
            "slug"
        ]
        for _ in range(10)
    ]
    locked = httpx.post(
        f"{world.url}/v1/sessions",
        json={**wish, "password": PASSWORD},
        verify=TRUST,
        timeout=PATIENCE_SECONDS,
    )

    assert slugs == ["login-failed"] * 10
    assert (locked.status_code, locked.json()["slug"]) == (401, "login-locked")
