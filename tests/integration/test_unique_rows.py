"""What may be there once: each constraint has a look before its insert, and where two still meet, a name."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Table, UniqueConstraint, text

import storage.tables  # noqa: F401 - the metadata is whole with it
from schemas.actor import Role
from schemas.errors import Conflict
from schemas.trail import day_of
from storage.store import Store
from storage.tables.base import metadata
from tests.factories import folder_url, make_account, make_agency, make_settings
from tests.rows import Rows

OWN_LOCK = "numbered behind the lock of the chain that the row belongs to"
OWN_KEY = "the key is made for the row"
ON_CONFLICT = "ON CONFLICT: the one that is there is taken, or named"

LOOKS = {
    "account_links.code_hash": "drawn at random",
    "admissions.code_hash": "drawn at random",
    "agencies.code": "looked for; of two at once the second reads the name of the conflict",
    "accounts.login": "looked for; of two at once the second reads the name of the conflict",
    "certificates.number": ON_CONFLICT,
    "assertions.kid+jti": ON_CONFLICT,
    "audit_inspectors.audit_id+account_id": "looked for behind the lock of the audit's chain",
    "audit_population.audit_id+position": OWN_LOCK,
    "audit_rechecks.audit_id+member_id+recording_id": "drawn once, behind the lock of the audit's chain",
    "audit_sample.audit_id+member_id": "drawn once, behind the lock of the audit's chain",
    "audit_sample.audit_id+rank": "drawn once, behind the lock of the audit's chain",
    "audit_scores.audit_id+member_id+inspector_id+item_code": "looked for behind the lock of the audit's chain",
    "case_facts.case_id+position": OWN_LOCK,
    "case_handlers.case_id+account_id": "looked for behind the lock of the case's chain",
    "case_links.case_id+recording_id": ON_CONFLICT,
    "cases.agency_id+number": ON_CONFLICT,
    "chain_places.of+n": OWN_LOCK,
    "chains.of": ON_CONFLICT,
    "checkpoints.size": "one signer at a time, under its lock",
    "checks.recording_id+run+name": "a run is concluded once, behind the lock of the recording's chain",
    "custody_entries.digest": "a leaf holds its own place and random salts",
    "custody_entries.entry_id": OWN_KEY,
    "custody_entries.leaf_index": "one signer at a time, under its lock",
    "derivatives.recording_id+kind": ON_CONFLICT,
    "devices.kid": ON_CONFLICT,
    "enrolment_codes.code_hash": "drawn at random",
    "enrolment_codes.device_id": OWN_KEY,
    "equipment.agency_id+number": ON_CONFLICT,
    "equipment_suspensions.equipment_id": "the state is read behind the lock of the equipment's chain",
    "fact_evidence.fact_id+recording_id+monitoring_id": ON_CONFLICT,
    "heartbeats.place": ON_CONFLICT,
    "idempotency_keys.sender+key": ON_CONFLICT,
    "intakes.sha256": "a batch's manifest holds its number and the salted root of its rows",
    "intakes.source_id+seq": OWN_LOCK,
    "jobs.kind+subject_id": ON_CONFLICT,
    "log_tiles.level+n": ON_CONFLICT,
    "approvals.leaf": "a leaf holds its own id and random salts",
    "looks.leaf": "a leaf holds its own id and random salts",
    "manifests.agency_id+sha256": "looked for under the lock of the manifest's digest",
    "manifests.agency_id+device_id+sha256+signature": "looked for under the lock of the manifest's digest",
    "monitoring_links.case_id+monitoring_id": ON_CONFLICT,
    "monitoring_media.monitoring_id+position": OWN_KEY,
    "monitoring_opinions.monitoring_id+reviewer_id": "looked for behind the lock of the record's chain",
    "monitoring_opinions.monitoring_id+stage": "looked for behind the lock of the record's chain",
    "monitoring_records.record_id+equipment_id": "looked for behind the lock of the source's chain",
    "openings.digest+member": OWN_KEY,
    "presences.manifest_id+account_id+state": "looked for behind the lock of the manifest's chain",
    "recordings.upload_id": "the upload's state is read behind its row's lock",
    "review_grounds.review_id+position": OWN_LOCK,
    "reviews.case_id+round": OWN_LOCK,
    "role_grants.leaf": "a leaf holds its own place and random salts",
    "sessions.token_hash": "drawn at random",
    "standards.code+version": ON_CONFLICT,
    "trail_rows.day+n": "one seal of a day at a time, and the second meets the first's",
    "trail_rows.fold": ON_CONFLICT,
    "trail_seals.day": "of two at once the second reads the name of the conflict",
    "upload_parts.upload_id+number": "numbers are drawn from the upload's row, under its lease",
    "upload_tails.upload_id+start_bytes": "begins at the offset of the upload's row, under its lease",
    "uploads.device_id+manifest_sha256+file_index": ON_CONFLICT,
    "uploads.object_key": OWN_KEY,
}
"""Every constraint, by table and columns, and what keeps an insert from meeting it."""


def constraints(table: Table) -> Iterator[str]:
    """What may be there once, but for keys that are made for their row."""
    lists = [[column.name for column in table.primary_key]]
    lists += [
        [column.name for column in one.columns]
        for one in table.constraints
        if isinstance(one, UniqueConstraint)
    ]
    lists += [[column.name for column in index.columns] for index in table.indexes if index.unique]
    yield from (f"{table.name}.{'+'.join(names)}" for names in lists if names != ["id"])


def test_every_unique_constraint_has_a_look() -> None:
    """Whoever adds a constraint says here how its insert looks first; what is gone is taken out."""
    assert {name for table in metadata.sorted_tables for name in constraints(table)} == LOOKS.keys()


@pytest.fixture(scope="module")
def store(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    opened = Store(make_settings(database_url, folder_url(tmp_path_factory.mktemp("unique"))))
    agency = make_agency(opened)
    actors = [make_account(opened, agency, Role.CUSTODIAN, certificate=f"证-{number}")[1] for number in "12"]
    known = {"agencies": agency, "accounts": actors[0].id, "colleague": actors[1].id}
    admin = make_account(opened, agency, Role.ADMIN)[1]
    with opened.begin() as tx:
        tx.links.offer()
        tx.people.hand_out_link(admin, actors[0].id)
        tx.trail_seals.seal(day_of(tx.now))
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
        "presences",
        "upload_parts",
        "upload_tails",
    }
)
"""Tables without a row here: written by one process under a lock, or by ON CONFLICT alone."""


def put_again(store: Store, table: str) -> None:
    again = f"INSERT INTO {table} OVERRIDING SYSTEM VALUE SELECT * FROM {table} LIMIT 1"
    with store.begin() as tx:
        tx.connection.execute(text("SET LOCAL session_replication_role = replica"))
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
