"""A receipt is sent after the commit: when the commit fails, the client must hear of it."""

from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest
from sqlalchemy import func, select, text

from schemas.actor import Role
from storage.store import Store
from storage.tables.case import cases
from storage.tables.recording import recordings
from tests.factories import folder_url, make_account, make_agency, make_settings
from tests.owner import owning
from tests.server import serving
from tests.stand import PATIENCE_SECONDS
from tests.web import TRUST

# Deferred: the statement succeeds and the COMMIT fails, as with a full disk or a lost connection.
BREAK = """
CREATE FUNCTION break_commit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'the commit fails'; END $$;
CREATE CONSTRAINT TRIGGER break_commit AFTER INSERT ON {table}
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION break_commit();
"""
MEND = "DROP TRIGGER break_commit ON {table}; DROP FUNCTION break_commit()"


@pytest.fixture(scope="module")
def store(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    made = Store(make_settings(database_url, folder_url(tmp_path_factory.mktemp("commit"))))
    yield made
    made.close()


@pytest.fixture(scope="module")
def client(store: Store) -> Iterator[httpx.Client]:
    token, _ = make_account(store, make_agency(store), Role.HANDLER, Role.OFFICER)
    headers = {"Authorization": f"Bearer {token}"}
    with (
        serving(store) as url,
        httpx.Client(base_url=url, headers=headers, verify=TRUST, timeout=PATIENCE_SECONDS) as made,
    ):
        yield made


@contextmanager
def broken_commits(store: Store, table: str) -> Iterator[None]:
    """Every commit that inserted into `table` fails inside the block."""
    with owning(store) as tx:
        tx.connection.execute(text(BREAK.format(table=table)))
    try:
        yield
    finally:
        with owning(store) as tx:
            tx.connection.execute(text(MEND.format(table=table)))


def test_a_failing_commit_is_never_answered_with_success(store: Store, client: httpx.Client) -> None:
    """When the commit fails after the handler has returned, the answer is an error and nothing is there."""
    wish = {"number": "坏-1", "party": "x", "matter": "x", "place": "x"}
    with broken_commits(store, "cases"):
        answer = client.post("/v1/cases", json=wish)

    assert answer.status_code == 500
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert "the commit fails" not in answer.text
    with store.begin() as tx:
        assert tx.connection.scalar(select(func.count()).select_from(cases)) == 0
    assert client.post("/v1/cases", json=wish).status_code == 201


def test_no_receipt_without_the_commit(store: Store, client: httpx.Client) -> None:
    """The last PATCH is an error while its commit fails; afterwards the same bytes complete, once."""
    tus = {"Tus-Resumable": "1.0.0"}
    opened = client.post("/v1/uploads", headers={**tus, "Upload-Length": "3"})
    url = opened.headers["Location"]
    patch = {**tus, "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
    with broken_commits(store, "recordings"):
        failed = client.patch(url, content=b"abc", headers=patch)
        receipt = client.get(f"{url}/receipt")

    assert failed.status_code == 500
    assert receipt.status_code == 409
    offset = client.head(url, headers=tus).headers["Upload-Offset"]
    client.patch(url, content=b"abc"[int(offset) :], headers={**patch, "Upload-Offset": offset})
    assert client.get(f"{url}/receipt").status_code == 200
    with store.begin() as tx:
        assert tx.connection.scalar(select(func.count()).select_from(recordings)) == 1
