"""Where two meet at a constraint in spite of the look before the insert: a conflict with a name."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import text

from schemas.actor import Role
from schemas.errors import Conflict
from schemas.factor import SECRET_BYTES, Demand
from schemas.holding import CheckedIn, CheckIn, CheckPoint
from schemas.setting import Setting, SettingIn
from schemas.trail import day_of
from storage.actor.factor import Confirmed
from storage.store import Store
from tests.factories import enrol_device, folder_url, make_account, make_agency, make_settings
from tests.owner import unguarded
from tests.rows import Rows
from tests.unique import LOOKS


@pytest.fixture(scope="module")
def store(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    opened = Store(make_settings(database_url, folder_url(tmp_path_factory.mktemp("unique"))))
    agency = make_agency(opened)
    actors = [make_account(opened, agency, Role.CUSTODIAN, certificate=f"证-{number}")[1] for number in "12"]
    known = {"agencies": agency, "accounts": actors[0].id, "colleague": actors[1].id}
    admin = make_account(opened, agency, Role.ADMIN)[1]
    device = enrol_device(opened, actors[0])
    with opened.begin() as tx:
        tx.links.offer()
        wish = SettingIn(name=Setting.LINK_DAYS, value=9, from_at=tx.now, source="办法")
        tx.agency_settings.change(admin, agency, wish)
        tx.people.hand_out_link(admin, actors[0].id)
        looked = CheckIn(items=(CheckedIn(item=CheckPoint.LENS, ok=True),))
        tx.device_checks.enter(actors[0], device.id, looked)
        while day := tx.trail_seals.due(day_of(tx.now) + timedelta(days=1)):
            tx.trail_seals.seal(day)
        tx.factors.enrol(actors[0].account_id, Confirmed(bytes(SECRET_BYTES), 0))
        tx.sign_ons.take("state")
        tx.halfways.open(actors[0].account_id, "kept", Demand.CODE)
        Rows(tx.connection, known, is_full=True).put_all()
        tx.connection.execute(
            text(
                "INSERT INTO jobs (kind, subject_id, sender_id, turn, state)"
                " VALUES ('verify', uuidv7(), uuidv7(), 0, 'ready')"
            )
        )
        tx.connection.execute(text("INSERT INTO assertions (kid, jti, expires_at) VALUES ('k', 'j', now())"))
    yield opened
    opened.close()


EMPTY = frozenset(
    {
        "checkpoints",
        "enrolment_codes",
        "heartbeats",
        "idempotency_keys",
        "log_tiles",
        "object_chunks",
        "partner_code_tries",
        "partner_codes",
        "presences",
        "readings",
        "recusals",
        "renewals",
        "scrubs",
        "case_decisions",
        "case_documents",
        "case_formalities",
        "case_proposals",
        "case_summaries",
        "upload_parts",
        "upload_tails",
    }
)
"""Tables without a row here: written by one process under a lock, or by ON CONFLICT alone."""


def put_again(store: Store, table: str) -> None:
    again = f"INSERT INTO {table} OVERRIDING SYSTEM VALUE SELECT * FROM {table} LIMIT 1"
    with unguarded(store) as tx:
        tx.connection.execute(text(again))


@pytest.mark.parametrize("table", sorted({name.partition(".")[0] for name in LOOKS} - EMPTY))
def test_two_that_meet_at_a_constraint_are_told(store: Store, table: str) -> None:
    """A row that is there already is a conflict with a name, never a fault of ours, and nothing was written."""
    with store.begin() as tx:
        before = tx.connection.scalar(text(f"SELECT count(*) FROM {table}"))
    with pytest.raises(Conflict) as caught:
        put_again(store, table)
    with store.begin() as tx:
        after = tx.connection.scalar(text(f"SELECT count(*) FROM {table}"))

    assert before
    assert caught.value.slug == "already-there"
    assert after == before
