"""Tails that a crash left behind are cleared away, and never one that a row names."""

from collections.abc import Iterator
from datetime import timedelta
from hashlib import sha256
from uuid import uuid4

import pytest

from schemas.actor import Role
from storage.flow.receive import Receiving
from storage.recording.upload import NewUpload
from storage.store import Store, utc_now
from tests.factories import enrol_device, folder_url, make_account, make_agency, make_settings
from workers.scheduler import Scheduler
from workers.settings import WorkersSettings


@pytest.fixture(scope="module")
def store(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    made = Store(
        make_settings(database_url, folder_url(tmp_path_factory.mktemp("tails"))),
        clock=lambda: utc_now() + timedelta(days=2),
    )
    yield made
    made.close()


def test_a_tail_without_a_row_goes_and_a_named_one_stays(store: Store) -> None:
    """The sweep deletes what no row names, and the bytes a client was told are kept stay readable."""
    device = enrol_device(store, make_account(store, make_agency(store), Role.CUSTODIAN)[1])
    with store.begin() as tx:
        upload = tx.uploads.open(device.actor, NewUpload(length_bytes=10, filename="a"))
    receiving = Receiving.begin(store, device.actor, upload.id, offset=0, content_length=4)
    receiving.keep([b"kept"])
    orphan = f"tails/{uuid4()}/1"
    store.objects.put_staging(orphan, [b"lost"], sha256=sha256(b"lost").digest())

    Scheduler(store, WorkersSettings(), lambda _: None).sweep_tails()
    with store.begin() as tx:
        (named,) = (tail.key for tail in tx.uploads.tails(upload.id))

    assert named is not None
    assert store.objects.read_staging(named) == b"kept"
    assert orphan not in set(store.objects.old_staging(store.clock()))
