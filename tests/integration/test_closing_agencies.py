"""Closing agencies: refused by name while anything stands there, final afterwards, and the history stays readable."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import UUID, uuid4

import pytest

from schemas.account import AccountIn
from schemas.actor import Actor, Role
from schemas.agency import AgencyAmendIn, AgencyIn
from schemas.case import CaseIn
from schemas.device import RevokeIn, RevokeReason
from schemas.errors import EvidenceError
from schemas.leaves_agency import AgencyClose, AgencyKind
from schemas.roster import RosterFault, parse_roster
from storage.store import Store
from storage.transaction import Transaction
from tests.factories import (
    acts_of,
    enrol_device,
    faults,
    folder_url,
    make_account,
    make_agency,
    make_settings,
)
from tests.stand import PATIENCE_SECONDS
from workers.custody import integrate


@pytest.fixture(scope="module")
def store(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    made = Store(make_settings(database_url, folder_url(tmp_path_factory.mktemp("closing"))))
    make_agency(made)
    integrate(made)  # opens the log
    yield made
    made.close()


@pytest.fixture
def admin(store: Store) -> Actor:
    """The administrator of a supervising agency."""
    return make_account(store, make_agency(store, is_supervising=True), Role.ADMIN)[1]


def again(store: Store, actor: Actor) -> Actor:
    """The same person, with what they reach by now."""
    with store.begin() as tx:
        return tx.accounts.account_actor(actor.account_id)


def unit(store: Store, admin: Actor, **changed: object) -> UUID:
    wish = {"parent_id": admin.agency_id, "name": "一中队", "code": f"U-{uuid4().hex[:8]}", **changed}
    with store.begin() as tx:
        return tx.agencies.open(admin, AgencyIn.model_validate(wish)).id


def close(store: Store, admin: Actor, agency_id: UUID) -> None:
    with store.begin() as tx:
        tx.agencies.close(admin, agency_id, tx.agencies.get(admin, agency_id).version)


def refused(slug: str) -> object:
    return pytest.raises(EvidenceError, check=lambda err: err.slug == slug)


def test_what_stands_there_is_counted_and_named(store: Store, admin: Actor) -> None:
    """People, a device, a code, a case, a unit and an entrusted body keep it open, each by name; without them it closes."""
    agency = unit(store, admin, name="要停用的队")
    admin = again(store, admin)
    unit(store, admin, parent_id=agency, name="下面的组")
    unit(store, admin, name="受托站", kind=AgencyKind.ENTRUSTED, principal_id=agency)
    handler, keeper = (make_account(store, agency, role)[1] for role in (Role.HANDLER, Role.CUSTODIAN))
    enrol_device(store, keeper)
    with store.begin() as tx:
        tx.cases.open(handler, CaseIn(number="未结-1", party="某店", matter="占道", place="建军路"))
        tx.enrolments.issue_code(keeper)
    with pytest.raises(EvidenceError) as caught:
        close(store, again(store, admin), agency)
    assert caught.value.slug == "agency-standing"
    counts = {"people": 2, "devices": 1, "codes": 1, "cases": 1, "units": 1, "entrusted": 1}
    assert caught.value.facts["standing"] == counts
    named = caught.value.facts["names"]
    assert (named["cases"], named["units"], named["entrusted"]) == (["未结-1"], ["下面的组"], ["受托站"])
    assert acts_of(store, f"agency/{agency}")[-1:] != [AgencyClose()]


def test_a_closed_agency_takes_in_nothing_and_stays_readable(store: Store, admin: Actor) -> None:
    """Nobody is admitted, nothing is moved below it or changed, and what was done in it is told as before."""
    agency, other = unit(store, admin), unit(store, admin, name="二中队")
    admin = again(store, admin)
    keeper = make_account(store, agency, Role.CUSTODIAN)[1]
    device = enrol_device(store, keeper)
    ident = device.capture("a.bin", b"abc")
    with store.begin() as tx:
        tx.devices.revoke(keeper, device.id, RevokeIn(reason_code=RevokeReason.RETIRED, reason="单位撤并"))
    with store.begin() as tx:
        tx.people.close(admin, keeper.account_id, "单位撤并")
    close(store, admin, agency)

    lines = parse_roster(
        [["姓名", "登录名", "单位代码"], ["甲", f"c{uuid4().hex[:8]}", _code(store, admin, agency)]]
    )
    account = AccountIn(login=f"c{uuid4().hex[:8]}", name="甲", agency_id=agency)
    below = AgencyIn(parent_id=agency, name="新组", code=f"U-{uuid4().hex[:8]}")
    tries: dict[str, Callable[[Transaction], object]] = {
        "account": lambda tx: tx.people.open(admin, account),
        "unit": lambda tx: tx.agencies.open(admin, below),
        "name": lambda tx: tx.agencies.amend(
            admin, agency, AgencyAmendIn(name="改名"), _version(tx, admin, agency)
        ),
        "move": lambda tx: tx.agencies.amend(
            admin, other, AgencyAmendIn(parent_id=agency), _version(tx, admin, other)
        ),
        "close": lambda tx: tx.agencies.close(admin, agency, _version(tx, admin, agency)),
    }
    for name, act in tries.items():
        with refused("agency-closed"), store.begin() as tx:
            act(tx)
            pytest.fail(name)
    with store.begin() as tx:
        assert [line.faults for line in tx.rosters.looked_at(admin, lines)] == [(RosterFault.AGENCY,)]
        assert tx.agencies.get(admin, agency).closed_at is not None
        assert tx.recordings.known(ident).agency_id == agency
        assert agency in {one.id for one in tx.agencies.tree(admin)}
    assert acts_of(store, f"agency/{agency}")[-1] == AgencyClose()
    assert faults(store, agency) == []


def _version(tx: Transaction, admin: Actor, agency_id: UUID) -> int:
    return tx.agencies.get(admin, agency_id).version


def _code(store: Store, admin: Actor, agency_id: UUID) -> str:
    with store.begin() as tx:
        return tx.agencies.get(admin, agency_id).code


def test_the_last_administrators_agency_is_not_closed(store: Store, admin: Actor) -> None:
    """Whoever closes agencies stands in one themselves: that one stays, whatever else is empty."""
    with refused("agency-standing"):
        close(store, admin, admin.agency_id)
    with refused("agency-not-found"):
        close(store, admin, make_agency(store))


def test_of_an_admission_and_a_closing_at_once_one_is_told(store: Store, admin: Actor) -> None:
    """Either somebody is in it and it stays open, or it is closed and nobody came in."""
    agency = unit(store, admin)
    admin = again(store, admin)
    gate = Barrier(2)

    def attempt(act: Callable[[Transaction], object]) -> str:
        try:
            with store.begin() as tx:
                gate.wait(PATIENCE_SECONDS)
                act(tx)
        except EvidenceError as err:
            return err.slug
        return ""

    wish = AccountIn(login=f"c{uuid4().hex[:8]}", name="甲", agency_id=agency)
    with ThreadPoolExecutor(2) as pool:
        told = list(
            pool.map(
                attempt,
                (
                    lambda tx: tx.people.open(admin, wish),
                    lambda tx: tx.agencies.close(admin, agency, _version(tx, admin, agency)),
                ),
            )
        )
    assert told in (["", "agency-standing"], ["agency-closed", ""])
