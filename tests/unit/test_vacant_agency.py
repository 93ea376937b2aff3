"""An agency is closed once nobody and nothing at work stands in it: the log alone tells who does."""

from collections.abc import Callable

import pytest

from schemas.actor import Role
from schemas.leaves_account import AccountAmend, AccountClose, AccountOpen
from schemas.leaves_agency import AgencyAmend, AgencyClose, AgencyOpen
from schemas.leaves_device import DeviceCode, DeviceEnrol, DeviceRevoke
from schemas.life import FaultCode
from tests.leaf_examples import drawn, members_of
from tests.leaf_history import API, World, begin
from tests.unit.test_separation_rules import faults


def agency_below(world: World, above: str) -> str:
    agency = world.history.thing("agency")
    world.history.write(AgencyOpen, agency, world.people[Role.ADMIN], parent=above, principal=None)
    return agency


def account(world: World, agency: str) -> Callable[[], object]:
    """Somebody of the agency; what is returned closes the account."""
    one, admin = world.history.thing("account"), world.people[Role.ADMIN]
    world.history.write(AccountOpen, one, API, agency=agency)
    return lambda: world.history.write(AccountClose, one, admin)


def somebody_who_moved_in(world: World, agency: str) -> Callable[[], object]:
    one, admin = world.history.thing("account"), world.people[Role.ADMIN]
    world.history.write(AccountOpen, one, API, agency=world.agency)
    world.history.write(AccountAmend, one, admin, agency=agency)
    return lambda: world.history.write(AccountAmend, one, admin, agency=world.agency)


def device(world: World, agency: str) -> Callable[[], object]:
    one, custodian = world.history.thing("device"), world.people[Role.CUSTODIAN]
    code, later = drawn(one), world.history.at.replace(year=2099)
    given = {"agency": agency, "code": code}
    world.history.write(DeviceCode, one, custodian, of=(agency,), expires_at=later, **given)
    world.history.write(DeviceEnrol, one, one, **given)
    kid = members_of(DeviceEnrol, is_full=True)["kid"]
    return lambda: world.history.write(DeviceRevoke, one, custodian, kid=kid)


def one_below(world: World, agency: str) -> Callable[[], object]:
    below = agency_below(world, agency)
    return lambda: world.history.write(AgencyClose, below, world.people[Role.ADMIN])


def one_that_came_below(world: World, agency: str) -> Callable[[], object]:
    below, admin = agency_below(world, world.agency), world.people[Role.ADMIN]
    moved = {"principal": None, "kind": None, "supervising": None}
    world.history.write(AgencyAmend, below, admin, parent=agency, **moved)
    return lambda: world.history.write(AgencyAmend, below, admin, parent=world.agency, **moved)


@pytest.mark.parametrize("there", [account, somebody_who_moved_in, device, one_below, one_that_came_below])
@pytest.mark.parametrize("is_gone", [True, False])
def test_whoever_stands_there_keeps_it_open(
    there: Callable[[World, str], Callable[[], object]], *, is_gone: bool
) -> None:
    """Closed over somebody's head: named. Once they have gone: nothing is said."""
    world = begin(11)
    agency = agency_below(world, world.agency)
    leave = there(world, agency)
    if is_gone:
        leave()
    world.history.write(AgencyClose, agency, world.people[Role.ADMIN])
    assert faults(world, agency) == ([] if is_gone else [FaultCode.STANDING])


def test_whoever_is_seen_in_a_part_of_the_log_only_is_told() -> None:
    """Where chains are withheld nobody can tell that an agency was empty; who is seen there is."""
    for is_empty in (True, False):
        world = begin(12)
        agency = agency_below(world, world.agency)
        if not is_empty:
            account(world, agency)
        seen = world.history.directory()
        seen.is_complete = False
        assert seen.is_vacant(agency, len(world.history.payloads)) is (None if is_empty else False)
        assert seen.is_vacant(agency, None) is None
