"""The policy's two forms are one: what a list shows is what `may` grants, in any world and at any time."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Table, select
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, Range
from sqlalchemy.types import Boolean, DateTime, Integer, LargeBinary, Uuid

from schemas.actor import Role
from schemas.audit import AuditState
from schemas.case import CaseState
from schemas.monitoring import MonitoringState
from schemas.policy import POLICY, Action, Subject, may
from storage.reads.policy import within
from storage.store import Store
from storage.tables.actor import accounts, agencies, certificates, role_grants
from storage.tables.approval import approvals
from storage.tables.audit import audit_entries, audit_inspectors, audit_rechecks, audit_sample, audits
from storage.tables.case import case_handlers, case_links, cases
from storage.tables.device import devices
from storage.tables.equipment import equipment
from storage.tables.export import exports
from storage.tables.monitoring import (
    monitoring_links,
    monitoring_media,
    monitoring_opinions,
    monitoring_records,
)
from storage.tables.recording import recordings
from storage.tables.rectification import rectification_steps, rectifications
from storage.tables.review import reviews
from storage.transaction import Transaction
from tests.factories import folder_url, make_settings
from tests.owner import unguarded
from tests.policy_world import Kept, Reference, Row, as_kept

AT = datetime(2026, 9, 1, tzinfo=UTC)
DAY = timedelta(days=1)
PEOPLE, AGENCIES = 6, 6
NOUNS: dict[str, tuple[Table, frozenset[Action]]] = {
    "approvals": (approvals, frozenset({Action.APPROVAL_GIVE})),
    "recordings": (
        recordings,
        frozenset(
            {
                Action.APPROVAL_ASK,
                Action.FINDING_ANSWER,
                Action.LIKENESS_VIEW,
                Action.LOOK_VIEW,
                Action.NOTE_KEEP,
                Action.RECORDING_COUNT,
                Action.RECORDING_EXAMINE,
                Action.RETENTION_MARK,
                Action.RECORDING_VIEW,
                Action.RECORDING_WATCH,
            }
        ),
    ),
    "cases": (
        cases,
        frozenset(
            {
                Action.CASE_VIEW,
                Action.CASE_PARTY,
                Action.CASE_LINK,
                Action.CASE_EXPORT,
                Action.CASE_RUN,
                Action.CASE_DECIDE,
                Action.CASE_REVIEW,
                Action.NOTE_KEEP,
            }
        ),
    ),
    "reviews": (reviews, frozenset({Action.CASE_REVIEW})),
    "exports": (exports, frozenset({Action.CASE_EXPORT})),
    "monitoring_records": (
        monitoring_records,
        frozenset(
            {
                Action.MONITORING_VIEW,
                Action.MONITORING_PARTY,
                Action.MONITORING_REVIEW_FIRST,
                Action.MONITORING_REVIEW_SECOND,
            }
        ),
    ),
    "audits": (audits, frozenset({Action.AUDIT_VIEW})),
    "rectifications": (rectifications, frozenset({Action.RECTIFICATION_VIEW})),
    "equipment": (equipment, frozenset({Action.EQUIPMENT_VIEW, Action.EQUIPMENT_KEEP})),
    "devices": (devices, frozenset({Action.DEVICE_VIEW, Action.DEVICE_REVOKE, Action.DEVICE_KEEP})),
    "accounts": (
        accounts,
        frozenset({Action.ACCOUNT_VIEW, Action.ACCOUNT_KEEP, Action.ACCOUNT_UNLOCK, Action.ROLE_GRANT}),
    ),
}
"""What is listed, and what may be done to a row of it."""


@dataclass
class World:
    """Rows put at random; what refers to what is all that matters of them."""

    tx: Transaction
    chance: Random
    kept: Kept = field(default_factory=Kept)

    def put(self, table: Table, **known: Any) -> Row:
        """Put one row; what must have a value and was given none gets one by its type."""
        made = {**{one.name: _value(one.type) for one in table.c if _is_needed(one)}, **known}
        self.tx.connection.execute(table.insert().values(**made))
        self.kept.rows.setdefault(table.name, []).append(made)
        return made

    def all(self, table: Table) -> Sequence[Row]:
        return self.kept.all(table)

    def any(self, table: Table) -> UUID:
        found: UUID = self.chance.choice(self.all(table))["id"]
        return found

    def sometimes(self, value: Any) -> Any:
        return self.chance.choice([value, None])


def _is_needed(column: Any) -> bool:
    return not column.nullable and (column.server_default is None or column.name == "id")


def _value(kind: Any) -> Any:
    if isinstance(kind, Uuid):
        return uuid4()
    if isinstance(kind, DateTime):
        return AT
    if isinstance(kind, Boolean):
        return False
    if isinstance(kind, Integer):
        return 1
    if isinstance(kind, LargeBinary):
        return uuid4().bytes
    return [] if isinstance(kind, (ARRAY, JSONB)) else uuid4().hex


def _people(world: World) -> None:
    chance = world.chance
    for _ in range(AGENCIES):
        known = [row["id"] for row in world.all(agencies)]
        world.put(
            agencies,
            parent_id=chance.choice([None, *known]),
            principal_id=chance.choice([None, None, *known]),
            kind="agency",
            is_supervising=chance.random() < 0.4,
        )
    for _ in range(PEOPLE):
        person = world.put(accounts, agency_id=world.any(agencies), kind="person", is_active=True)
        for role in chance.sample(list(Role), chance.randint(0, 3)):
            begins = AT + chance.randint(-3, 1) * DAY
            until = chance.choice([None, begins + chance.randint(1, 4) * DAY])
            ended = chance.choice([None, None, begins + chance.randint(1, 3) * DAY])
            ends = min((one for one in (until, ended) if one), default=None)
            told = {"account_id": person["id"], "role": role, "reach": "agency", "grant_id": uuid4()}
            told["valid_during"] = Range(begins, ends)
            corrected = chance.choice([None, None, AT - 5 * DAY])
            if corrected is not None:  # what was said before counts no more
                before = {**told, "valid_during": Range(AT - 9 * DAY, AT + 9 * DAY)}
                world.put(role_grants, **before, known_during=Range(AT - 9 * DAY, corrected))
            world.put(role_grants, **told, known_during=Range(corrected or AT - 9 * DAY, None))
        if chance.random() < 0.5:
            world.put(
                certificates,
                account_id=person["id"],
                kind="enforcement",
                state="valid",
                valid_from=AT - DAY,
                valid_until=AT + DAY,
            )


def _evidence(world: World) -> None:
    chance, numbers = world.chance, [row["number"] for row in world.all(certificates)]
    for _ in range(8):
        world.put(
            recordings,
            agency_id=world.any(agencies),
            account_id=world.sometimes(world.any(accounts)),
            officers=chance.sample(numbers, min(len(numbers), chance.randint(0, 2))),
            state="received",
            verdict="not_checked",
        )
    for _ in range(4):
        asker, head = chance.sample(world.all(accounts), 2)
        granted = AT + chance.randint(-3, 1) * DAY
        ended = {"ended_at": AT, "ended_by": asker["id"], "end_reason": "x"}
        world.put(
            approvals,
            agency_id=world.any(agencies),
            recording_id=world.any(recordings),
            account_id=asker["id"],
            asked_at=AT - 9 * DAY,
            until_at=AT + chance.randint(-2, 3) * DAY,
            **({"granted_by": head["id"], "granted_at": granted} if chance.random() < 0.7 else {}),
            **(ended if chance.random() < 0.3 else {}),
        )
    for _ in range(6):
        case = world.put(cases, agency_id=world.any(agencies), state=CaseState.LEAD)["id"]
        for person in chance.sample(world.all(accounts), chance.randint(0, 2)):
            world.put(case_handlers, case_id=case, account_id=person["id"])
        for recording in chance.sample(world.all(recordings), chance.randint(0, 3)):
            world.put(case_links, case_id=case, recording_id=recording["id"], unlinked_at=world.sometimes(AT))
        for number in range(chance.randint(0, 2)):
            given = chance.random() < 0.6
            said = {"opinion": "pass", "reviewer_id": world.any(accounts), "given_at": AT, "statement": "x"}
            agency = next(row["agency_id"] for row in world.all(cases) if row["id"] == case)
            world.put(
                reviews,
                case_id=case,
                agency_id=agency,
                round=number + 1,
                evidence={},
                state="given" if given else "open",
                **(said if given else {}),
            )
        world.put(
            exports,
            case_id=case,
            agency_id=world.any(agencies),
            requested_by=world.any(accounts),
            state="building",
        )


def _records(world: World) -> None:
    chance = world.chance
    for _ in range(6):
        record = world.put(
            monitoring_records, agency_id=world.any(agencies), state=chance.choice(list(MonitoringState))
        )["id"]
        for position, recording in enumerate(chance.sample(world.all(recordings), chance.randint(0, 2))):
            world.put(monitoring_media, monitoring_id=record, position=position, recording_id=recording["id"])
        for stage, person in zip(("first", "second"), chance.sample(world.all(accounts), 2), strict=True):
            if chance.random() < 0.4:
                opinion = {"stage": stage, "reviewer_id": person["id"], "opinion": "valid"}
                world.put(monitoring_opinions, monitoring_id=record, **opinion)
        for case in chance.sample(world.all(cases), chance.randint(0, 2)):
            tie = {"case_id": case["id"], "basis": "manual", "unlinked_at": world.sometimes(AT)}
            world.put(monitoring_links, monitoring_id=record, **tie)


def _audits(world: World) -> None:
    chance = world.chance
    for _ in range(4):
        audit = world.put(
            audits,
            agency_id=world.any(agencies),
            target_agency_id=world.any(agencies),
            kind="closed_cases",
            state=chance.choice([AuditState.FROZEN, AuditState.ENTERED, AuditState.DRAWN]),
            until_at=AT + DAY,
            population_root=b"x",
            seed=b"x",
            confirmed_by=world.sometimes(world.any(accounts)),
        )["id"]
        for person in chance.sample(world.all(accounts), chance.randint(0, 2)):
            world.put(audit_inspectors, audit_id=audit, account_id=person["id"])
        for rank, case in enumerate(chance.sample(world.all(cases), chance.randint(0, 2))):
            world.put(audit_sample, audit_id=audit, rank=rank, member_id=case["id"])
        for recording in chance.sample(world.all(recordings), chance.randint(0, 1)):
            world.put(audit_rechecks, audit_id=audit, recording_id=recording["id"], outcome="waiting")
        raised = world.put(
            rectifications,
            audit_id=audit,
            agency_id=world.any(agencies),
            raised_by=world.any(accounts),
            state=chance.choice(["raised", "verified", "closed"]),
            member_id=world.any(chance.choice([cases, recordings])),
            recording_id=world.sometimes(world.any(recordings)),
        )["id"]
        if chance.random() < 0.5:
            said = {"step": "enter", "typed": ["3"], "reason": None}
            world.put(audit_entries, audit_id=audit, said_by=world.any(accounts), **said)
        proof = {"proof_recording_id": world.sometimes(world.any(recordings)), "step": "answer"}
        world.put(rectification_steps, rectification_id=raised, **proof)
    for table in (equipment, devices):
        for _ in range(2):
            state = {"kind": "axle_scale", "state": "in_service"} if table is equipment else {"jwk": {}}
            world.put(table, agency_id=world.any(agencies), **state)


class _Undo(Exception):
    pass


@pytest.fixture(scope="module")
def clock() -> list[datetime]:
    return [AT]


@pytest.fixture(scope="module")
def store(
    database_url: str, clock: list[datetime], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Store]:
    made = Store(
        make_settings(database_url, folder_url(tmp_path_factory.mktemp("policy"))), clock=lambda: clock[0]
    )
    yield made
    made.close()


@settings(max_examples=40)
@given(chance=st.randoms(use_true_random=False), hours=st.integers(-80, 80))
def test_a_list_shows_what_the_single_question_grants(
    store: Store, clock: list[datetime], chance: Random, hours: int
) -> None:
    """Over random trees, units, grants, ties and times, the rows within a scope are those of which `may` says yes."""
    clock[0] = AT + timedelta(hours=hours)
    with suppress(_Undo), unguarded(store) as tx:
        world = World(tx, chance)
        for build in (_people, _evidence, _records, _audits):
            build(world)
        for person in world.all(accounts):
            _compare(world, person, clock[0])
        raise _Undo


def _compare(world: World, person: Row, at: datetime) -> None:
    asking, known = world.tx.accounts.account_actor(person["id"]), as_kept(world.kept, person, at)
    reference = Reference(world.kept, known, at)
    for noun, (table, actions) in NOUNS.items():
        asked = [within(asking, one, world.tx.now, table).label(one.value) for one in actions]
        told = world.tx.connection.execute(select(table.c.id, *asked)).mappings().all()
        for action in actions:
            shown = {row["id"] for row in told if row[action.value]}
            granted = {
                row["id"]
                for row in world.all(table)
                if may(
                    known, action, Subject(agency_id=row["agency_id"], related=reference.of(noun, row)), at
                )
            }
            assert shown & {row["id"] for row in world.all(table)} == granted, (noun, action, known.roles)


def test_every_action_about_a_row_is_compared() -> None:
    """What the property leaves out has no row: it is asked of an agency alone, or of nothing."""
    compared = frozenset[Action]().union(*(actions for _, actions in NOUNS.values()))
    granted = {action for rules in POLICY.values() for action in rules}

    assert granted - compared == {
        Action.RECORDING_SUBMIT,
        Action.CASE_OPEN,
        Action.MONITORING_SUBMIT,
        Action.MONITORING_NOTIFY,
        Action.MONITORING_LINK,
        Action.AUDIT_DEFINE,
        Action.AUDIT_CONFIRM,
        Action.AUDIT_SCORE,
        Action.AUDIT_RESULT,
        Action.RECTIFICATION_ANSWER,
        Action.RECTIFICATION_VERIFY,
        Action.DEVICE_ENROL,
        Action.AGENCY_KEEP,
        Action.DUTY_KEEP,
        Action.DUTY_VIEW,
        Action.SETTING_KEEP,
        Action.SETTING_VIEW,
        Action.CERTIFICATE_KEEP,
        Action.CERTIFICATE_VIEW,
        Action.CUSTODY_VIEW,
        Action.TRAIL_VIEW,
        Action.WORK_VIEW,
    }
