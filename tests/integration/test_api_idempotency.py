"""A request that is sent again under its key is done once: an answer that was lost on the way makes nothing twice."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import func, select

from api.app import openapi_document
from api.idempotency import SECRET
from schemas.actor import Role
from schemas.base import Frozen
from schemas.errors import Conflict
from storage.idempotency import IdempotencyKey
from storage.store import Store
from storage.tables.case import cases
from storage.tables.idempotency import idempotency_keys
from storage.tables.recording import uploads
from tests.factories import TestDevice, enrol_device, folder_url, make_account, make_settings
from tests.media import jpeg
from tests.monitoring import Highway, make_highway
from tests.server import serving
from tests.stand import PATIENCE_SECONDS
from tests.supervision import Clock
from tests.tus import BODY, VERSION, bearer, declared, metadata
from tests.web import TRUST

AT_ONCE = 8


@pytest.fixture(scope="module")
def store(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    opened = Store(make_settings(database_url, folder_url(tmp_path_factory.mktemp("once"))))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def road(store: Store) -> Highway:
    return make_highway(store)


@pytest.fixture(scope="module")
def device(store: Store, road: Highway) -> TestDevice:
    return enrol_device(store, road.custodian)


@pytest.fixture(scope="module")
def url(store: Store) -> Iterator[str]:
    with serving(store) as address:
        yield address


@pytest.fixture(scope="module")
def handler(store: Store, road: Highway, url: str) -> Iterator[httpx.Client]:
    yield from client_of(url, make_account(store, road.agency, Role.HANDLER, Role.OFFICER)[0])


@pytest.fixture(scope="module")
def camera(device: TestDevice, url: str) -> Iterator[httpx.Client]:
    yield from client_of(url, device.token)


@pytest.fixture(scope="module")
def source(road: Highway, url: str) -> Iterator[httpx.Client]:
    yield from client_of(url, road.source_token)


def client_of(url: str, token: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=url, headers=bearer(token), verify=TRUST, timeout=PATIENCE_SECONDS) as made:
        yield made


def fresh_key() -> dict[str, str]:
    return {"Idempotency-Key": f'"{uuid4()}"'}


def case_wish(**changed: str) -> dict[str, str]:
    return {"number": f"案-{uuid4().hex[:8]}", "party": "x", "matter": "x", "place": "x", **changed}


def post_upload(client: httpx.Client, key: dict[str, str], **changed: Any) -> httpx.Response:
    stated = {"Upload-Length": "3", "Upload-Metadata": metadata(filename="a.jpg"), **changed}
    return client.post("/v1/uploads", headers={**VERSION, **stated, **key}, content=b"")


def count(store: Store, *conditions: Any) -> int:
    with store.begin() as tx:
        return tx.connection.scalar(select(func.count()).where(*conditions)) or 0


def test_an_upload_whose_answer_was_lost_is_one_upload(handler: httpx.Client, camera: httpx.Client) -> None:
    """The same POST under its key gives the same upload, where it stands; without a key, and for others, another."""
    key = fresh_key()
    first = post_upload(handler, key).headers["Location"]
    handler.patch(first, content=b"ab", headers={**VERSION, **BODY, "Upload-Offset": "0"})
    again = post_upload(handler, key)

    assert again.status_code == 201
    assert (again.headers["Location"], again.headers["Upload-Offset"]) == (first, "2")
    assert post_upload(handler, {}).headers["Location"] != first
    assert post_upload(handler, fresh_key()).headers["Location"] != first
    assert post_upload(camera, key).headers["Location"] != first


def test_a_repeat_that_brings_its_bytes_makes_one_recording(handler: httpx.Client) -> None:
    """Creation with the whole body, sent twice under one key, is one upload that is complete."""
    payload = jpeg()
    headers = {**VERSION, **BODY, **fresh_key(), "Upload-Length": str(len(payload))}
    answers = [handler.post("/v1/uploads", content=payload, headers=headers) for _ in range(2)]

    assert len({answer.headers["Location"] for answer in answers}) == 1
    assert [answer.headers["Upload-Offset"] for answer in answers] == [str(len(payload))] * 2


def test_a_key_names_one_request(handler: httpx.Client) -> None:
    """Another body, another length or another address under a used key is 409, and nothing is made."""
    key = fresh_key()
    assert post_upload(handler, key).status_code == 201
    others = [
        post_upload(handler, key, **{"Upload-Length": "4"}),
        post_upload(handler, key, **{"Upload-Metadata": metadata(filename="b.jpg")}),
        handler.post("/v1/cases", json=case_wish(), headers=key),
    ]

    assert [answer.status_code for answer in others] == [409] * 3
    assert {answer.json()["slug"] for answer in others} == {"idempotency-key-reused"}


@pytest.mark.parametrize("key", ["", '""', "x" * 256, "a b", "é".encode(), b'"\xff"'])
def test_what_is_no_key_is_refused(handler: httpx.Client, key: str | bytes) -> None:
    """A key is 1 to 255 printable characters; whatever else is sent is named, and nothing is made."""
    for answer in (
        handler.post("/v1/cases", json=case_wish(), headers={"Idempotency-Key": key}),
        post_upload(handler, {"Idempotency-Key": key}),
    ):
        assert (answer.status_code, answer.json()["slug"]) == (400, "header-invalid")


def test_a_case_is_opened_once_and_answered_alike(store: Store, handler: httpx.Client) -> None:
    """The repeat of a create is answered to the byte, with its version; one that was refused may be sent again."""
    key, wish = fresh_key(), case_wish()
    first, again = (handler.post("/v1/cases", json=wish, headers=key) for _ in range(2))
    taken = fresh_key()
    refused = handler.post("/v1/cases", json=wish, headers=taken)
    other = handler.post("/v1/cases", json=case_wish(), headers=taken)

    assert first.status_code == 201
    assert (again.status_code, again.content, again.headers["ETag"], again.headers["Content-Type"]) == (
        201, first.content, first.headers["ETag"], first.headers["Content-Type"],
    )  # fmt: skip
    assert count(store, cases.c.number == wish["number"]) == 1
    assert (refused.status_code, refused.json()["slug"]) == (409, "case-number-taken")
    assert other.status_code == 201


def test_two_at_once_act_once(store: Store, handler: httpx.Client) -> None:
    """Of many that send the same request under one key at the same moment one acts, and all hear its answer."""
    key, wish, start = fresh_key(), case_wish(), Barrier(AT_ONCE)
    upload_key, name = fresh_key(), f"{uuid4()}.jpg"

    def send(_: int) -> tuple[bytes, str]:
        start.wait(PATIENCE_SECONDS)
        case = handler.post("/v1/cases", json=wish, headers=key)
        opened = post_upload(handler, upload_key, **{"Upload-Metadata": metadata(filename=name)})
        return case.content, opened.headers["Location"]

    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = set(pool.map(send, range(AT_ONCE)))

    assert len(answers) == 1
    assert count(store, cases.c.number == wish["number"]) == 1
    assert count(store, uploads.c.filename == name) == 1


def test_a_batch_and_a_manifest_are_answered_again(
    road: Highway, device: TestDevice, source: httpx.Client, camera: httpx.Client
) -> None:
    """The receipt of a batch and the answer to a declaration come again as they were; other bytes are 409."""
    rows = [json.dumps(road.row()).encode() for _ in range(2)]
    batch_key, manifest_key = fresh_key(), fresh_key()
    manifests = [device.manifest({name: b"x"}) for name in ("a.jpg", "b.jpg")]
    address = "/v1/monitoring/records"
    first, again, other = (
        source.post(address, content=body, headers=batch_key) for body in (rows[0], rows[0], rows[1])
    )
    made, repeated, strange = (
        declared(camera, device, payload, **manifest_key) for payload in (manifests[0], *manifests)
    )
    made_body, repeated_body = (
        {name: value for name, value in answer.json().items() if name != "server_time"}
        for answer in (made, repeated)
    )

    assert first.json()["received"] == 1
    assert again.json() == first.json()
    assert (made.status_code, repeated.status_code) == (201, 201)
    assert repeated_body == made_body
    assert (other.status_code, strange.status_code) == (409, 409)


class Made(Frozen):
    """What an act of these tests gives."""

    number: int


def test_a_key_stands_and_falls_with_its_act(store: Store, road: Highway) -> None:
    """An act that was rolled back leaves no key, so its repeat acts; one that committed is not done again."""
    key = IdempotencyKey(key=str(uuid4()), fingerprint=b"x")

    def fail() -> Made:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), store.begin() as tx:
        tx.idempotency.once(road.handler, key, Made, fail)
    with store.begin() as tx:
        assert tx.idempotency.once(road.handler, key, Made, lambda: Made(number=1)).number == 1
    with store.begin() as tx:
        assert tx.idempotency.once(road.handler, key, Made, fail).number == 1
    with pytest.raises(Conflict), store.begin() as tx:
        tx.idempotency.once(
            road.handler, key.model_copy(update={"fingerprint": b"y"}), Made, lambda: Made(number=2)
        )


def test_keys_are_kept_for_their_time_and_swept(store: Store, road: Highway) -> None:
    """Behind its time a key names a new request, whether it was swept or not."""
    clock = Clock()
    later = Store(store.settings.model_copy(update={"idempotency_seconds": 60}), clock=clock)
    keys = [IdempotencyKey(key=str(uuid4()), fingerprint=b"x") for _ in range(2)]
    with later.begin() as tx:
        for key in keys:
            tx.idempotency.once(road.handler, key, Made, lambda: Made(number=1))
    clock.ahead = timedelta(seconds=61)
    with later.begin() as tx:
        other = keys[0].model_copy(update={"fingerprint": b"y"})
        assert tx.idempotency.once(road.handler, other, Made, lambda: Made(number=2)).number == 2
        tx.idempotency.forget_ended()

    names = [key.key for key in keys]
    with later.begin() as tx:
        kept = select(idempotency_keys.c.key).where(idempotency_keys.c.key.in_(names))
        assert list(tx.connection.scalars(kept)) == names[:1]
    later.close()


NO_KEY = {
    *(
        "createToken",
        "logIn",
        "takeAdmission",
        "setPassword",
        "changePassword",
        "enrolDevice",
        "completeUpload",
        "giveUpSecondFactor",
        "sendRosterSheet",
    ),
    *SECRET,
}
"""Whoever sends these is not known yet, nothing is made that the address does not name already, or it is a secret."""


def test_a_secret_is_not_kept(store: Store, road: Highway, url: str) -> None:
    """A code, or a password of a source, is told once: its repeat makes another, and no row holds it."""
    token, _ = make_account(store, road.agency, Role.CUSTODIAN)
    key = fresh_key()
    with httpx.Client(
        base_url=url, headers=bearer(token), verify=TRUST, timeout=PATIENCE_SECONDS
    ) as custodian:
        codes = [custodian.post("/v1/enrolment-codes", headers=key).json()["code"] for _ in range(2)]
        sources = [
            custodian.post("/v1/equipment/sources", json={"name": "站"}, headers=key).json()["password"]
            for _ in range(2)
        ]
        factors = [custodian.post("/v1/factor/offer", headers=key).json()["secret"] for _ in range(2)]
    officer, _ = make_account(store, road.agency, Role.OFFICER, certificate=f"证-{uuid4().hex[:8]}")
    with httpx.Client(
        base_url=url, headers=bearer(officer), verify=TRUST, timeout=PATIENCE_SECONDS
    ) as person:
        shown = [person.post("/v1/presence/codes", headers=key).json()["code"] for _ in range(2)]

    assert len({*codes, *sources, *factors, *shown}) == 8
    assert count(store, idempotency_keys.c.key == key["Idempotency-Key"].strip('"')) == 0


def test_the_contract_names_the_header_on_every_create() -> None:
    """Each POST of somebody who is known takes the header."""
    posts = [methods["post"] for methods in openapi_document()["paths"].values() if "post" in methods]
    without = {
        one["operationId"]
        for one in posts
        if "Idempotency-Key" not in [parameter["name"] for parameter in one.get("parameters", ())]
    }

    assert without == NO_KEY
