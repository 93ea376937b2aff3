"""How the work stands, as a stranger, the operator and everybody else are told."""

from collections.abc import Iterator
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import func, update

from api.deps import COOKIE
from schemas.actor import Role
from schemas.health import Health, HealthPart
from schemas.work import LoopPart, signs
from storage.outbox import JobKind
from storage.store import Store
from storage.tables.heartbeat import heartbeats
from storage.tables.outbox import jobs
from tests.factories import folder_url, make_account, make_agency, make_settings
from tests.owner import owning
from tests.server import serving
from tests.stand import PATIENCE_SECONDS, wait_until
from tests.web import TRUST

LOST = "worker 甲机 0"


@pytest.fixture(scope="module")
def store(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    made = Store(make_settings(database_url, folder_url(tmp_path_factory.mktemp("seen"))))
    yield made
    made.close()


@pytest.fixture(scope="module")
def address(store: Store) -> Iterator[str]:
    with serving(store) as made:
        yield made


@pytest.fixture
def lost(store: Store) -> None:
    """A worker that was killed beside one that lives, and a job that nobody has brought to its end for an hour."""
    with owning(store) as tx:
        tx.connection.execute(heartbeats.delete())
        tx.heartbeats.begin(LOST, LoopPart.WORKER, every_seconds=60)
        tx.connection.execute(
            update(heartbeats).values(
                due_at=func.now() - func.make_interval(0, 0, 0, 0, 0, 1),
                worked_at=func.now() - func.make_interval(0, 0, 0, 0, 1),
            )
        )
        tx.heartbeats.begin("scheduler 甲机", LoopPart.SCHEDULER, every_seconds=60)
        tx.connection.execute(jobs.delete())
        tx.jobs.enqueue(JobKind.RECHECK, uuid4(), sender_id=uuid4())
        tx.connection.execute(update(jobs).values(created_at=func.now() - func.make_interval(0, 0, 0, 0, 1)))


def get(address: str, path: str, **headers: str) -> httpx.Response:
    return httpx.get(f"{address}{path}", headers=headers, verify=TRUST, timeout=PATIENCE_SECONDS)


@pytest.mark.usefixtures("lost")
def test_a_stranger_is_told_that_something_is_wrong_and_nothing_else(address: str) -> None:
    """Without a token the answer stays 200 and names neither machine nor number nor age."""
    told = {
        "status": "degraded",
        "log": "current",
        "workers": "degraded",
        "scheduler": "ok",
        "jobs": "degraded",
        "sealing": "ok",
    }

    def said() -> object:
        answer = get(address, "/v1/health")
        assert answer.status_code == 200
        return {name: word for name, word in answer.json().items() if name != "server_time"}

    # Another test's look may be told for a moment longer.
    assert wait_until(lambda: said() == told), said()


@pytest.mark.usefixtures("lost")
def test_the_operator_alone_is_told_what(store: Store, address: str) -> None:
    """An administrator sees places, ages and what to do, by the API and on the home page; no other role does."""
    agency = make_agency(store)
    for role in Role:
        token = make_account(store, agency, role)[0]
        answer = get(address, "/v1/work", Authorization=f"Bearer {token}")
        page = get(address, "/console", Cookie=f"{COOKIE}={token}")
        assert page.status_code == 200
        assert (LOST in page.text) is (role is Role.ADMIN), role
        assert answer.status_code == (200 if role is Role.ADMIN else 403), role
        if role is Role.ADMIN:
            said = answer.json()
            parts = {one["part"]: (one["code"], one["is_good"]) for one in said["parts"]}
            assert parts["workers"] == ("loop-lost", False)
            assert parts["jobs"] == ("work-stands", False)
            assert [one["place"] for one in said["heartbeats"]] == ["scheduler 甲机", LOST]
            assert said["waiting"] == {"recheck": 1}
    assert get(address, "/v1/work").status_code == 401


def test_a_place_is_one_row_and_is_forgotten_in_the_end(store: Store) -> None:
    """Who follows at a place replaces who was lost there; places that were given up or lost for long are dropped."""

    def rows() -> dict[str, bool]:
        with store.begin() as tx:
            return {row.place: row.has_ended for row in tx.connection.execute(heartbeats.select())}

    with store.begin() as tx:
        tx.connection.execute(heartbeats.delete())
        for place in ("lost", "given up", "lost long ago", "taken again"):
            tx.heartbeats.begin(place, LoopPart.WORKER, every_seconds=0)
        tx.heartbeats.end("given up")
        tx.connection.execute(
            update(heartbeats).values(due_at=func.now() - func.make_interval(0, 0, 0, 0, 0, 1))
        )
        tx.connection.execute(
            update(heartbeats)
            .where(heartbeats.c.place == "lost long ago")
            .values(due_at=func.now() - func.make_interval(0, 0, 0, 0, 1))
        )
        tx.heartbeats.begin("taken again", LoopPart.WORKER, every_seconds=60)
        tx.heartbeats.forget()
    assert rows() == {"lost": False, "taken again": False}
    with store.begin() as tx:
        (sign,) = (one for one in signs(tx.heartbeats.work()) if one.part is HealthPart.WORKERS)
    assert (sign.code, sign.seen["places"]) == (Health.LOOP_LOST, "lost")
