"""What storage does with a step is what its row says: state, event and time column, in every state of the noun."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import Table, select

from schemas.actor import Role
from schemas.case import OPINION_STEPS, SUMMARY_STEPS, Case, CaseState, CaseStep
from schemas.case import STEPS as CASE_STEPS
from schemas.equipment import STEPS as EQUIPMENT_STEPS
from schemas.equipment import EquipmentIn, EquipmentKind, EquipmentState, EquipmentStep, SuspensionIn
from schemas.errors import EvidenceError
from schemas.policy import Action
from schemas.reference import reference
from schemas.step import Step
from storage.store import Store
from storage.tables.case import cases
from storage.tables.equipment import equipment
from storage.transaction import Transaction
from tests.casework import Bureau, make_bureau, take
from tests.factories import folder_url, make_account, make_agency, make_settings


class _UndoneError(Exception):
    """The step was looked at; nothing of it stays."""


def _undo() -> None:
    raise _UndoneError


@pytest.fixture(scope="module")
def store(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    made = Store(make_settings(database_url, folder_url(tmp_path_factory.mktemp("steps"))))
    yield made
    made.close()


@pytest.fixture(scope="module")
def bureau(store: Store) -> Bureau:
    return make_bureau(store)


def kept(tx: Transaction, table: Table, ident: object) -> dict[str, Any]:
    return dict(tx.connection.execute(select(table).where(table.c.id == ident)).mappings().one())


def try_step(
    store: Store,
    row: Step[Any, Any, Any],
    table: Table,
    ident: Any,
    take: Callable[[Transaction], object],
) -> EvidenceError | None:
    """Take a step, hold what is kept and logged against its row, and take it back; or return what forbids it."""
    try:
        with store.begin() as tx:
            before = kept(tx, table, ident)
            take(tx)
            after = kept(tx, table, ident)
            last = tx.custody.entries_for(reference(row.logs.value.partition(":")[0], ident))[-1].leaf
            stamped = {name for name in after if name.endswith("_at") and after[name] != before[name]}

            assert after["state"] == row.end
            assert last.event == row.logs
            emptied = {row.undated} if row.undated and before[row.undated] else set()
            assert stamped == {row.dated, *emptied} - {None}
            assert all(after[name] == (last.at if name == row.dated else None) for name in stamped)
            _undo()
    except _UndoneError:
        return None
    except EvidenceError as err:
        return err


@pytest.mark.parametrize("state", CaseState)
def test_a_case_takes_exactly_the_steps_of_its_table(bureau: Bureau, state: CaseState) -> None:
    """In every state a step is taken as its row says, or refused as the table says before anybody tries it."""
    case = bureau.at(state)
    taken = set()
    for step in sorted(set(CaseStep) - OPINION_STEPS):
        row = CASE_STEPS[step]
        actor = bureau.head if row.asks is Action.CASE_DECIDE else bureau.handler
        with bureau.store.begin() as tx:
            foretold = CASE_STEPS.why_not(state, step, tx.cases.gate_facts(case))
        met = try_step(
            bureau.store,
            row,
            cases,
            case.id,
            lambda tx, actor=actor, step=step: take(tx, actor, case.id, step, seen=case.version),
        )
        assert (met is None, met.slug if met else "") == (foretold is None, foretold.slug if foretold else "")
        taken |= {step} if met is None else set()

    by_hand = {row.name for row in CASE_STEPS.offered(state, lambda _: True)} - OPINION_STEPS - SUMMARY_STEPS
    assert taken <= by_hand
    assert taken == by_hand or state in (CaseState.INVESTIGATION_CLOSED, CaseState.LEGAL_REVIEW)
    assert state is not CaseState.REVIEW_NOT_NEEDED or CaseStep.DECIDE in taken


def test_a_case_that_is_decided_on_the_spot_takes_the_steps_of_its_table(bureau: Bureau) -> None:
    """It is entered, filed and taken back as the rows say; a step back empties the time of the decision."""
    case = bureau.found()

    def tried(case: Case, step: CaseStep) -> EvidenceError | None:
        actor = bureau.who(step)
        return try_step(
            bureau.store, CASE_STEPS[step], cases, case.id, lambda tx: take(tx, actor, case.id, step)
        )

    assert tried(case, CaseStep.PENALISE) is None
    case = bureau.step(case, CaseStep.PENALISE)
    assert [tried(case, step) for step in (CaseStep.RECORD, CaseStep.RETRACT)] == [None, None]
    unfiled = tried(case, CaseStep.CLOSE)
    assert unfiled is not None
    assert unfiled.slug == "summary-unrecorded"
    case = bureau.step(case, CaseStep.RECORD)
    assert tried(case, CaseStep.CLOSE) is None


@pytest.mark.parametrize("state", EquipmentState)
def test_equipment_takes_exactly_the_steps_of_its_table(store: Store, state: EquipmentState) -> None:
    """Equipment in service is suspended, suspended equipment resumed, and neither twice."""
    _, keeper = make_account(store, make_agency(store), Role.CUSTODIAN)
    wish = EquipmentIn(number="K-1", name="卡口", kind=EquipmentKind.CAMERA, site="路口", standard="GB")
    with store.begin() as tx:
        made = tx.equipment.register(keeper, wish)
        pause = SuspensionIn(from_at=tx.now, reason="检修")
    if state is EquipmentState.SUSPENDED:
        with store.begin() as tx:
            made = tx.equipment.suspend(keeper, made.id, pause, made.version)
    takes: dict[EquipmentStep, Callable[[Transaction], object]] = {
        EquipmentStep.SUSPEND: lambda tx: tx.equipment.suspend(keeper, made.id, pause, made.version),
        EquipmentStep.RESUME: lambda tx: tx.equipment.resume(keeper, made.id, made.version),
    }
    for step, act in takes.items():
        foretold = EQUIPMENT_STEPS.why_not(state, step, None)
        met = try_step(store, EQUIPMENT_STEPS[step], equipment, made.id, act)
        assert (met is None) is (foretold is None)
