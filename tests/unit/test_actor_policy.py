from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.actor import Action, Actor, ActorKind, Role, Subject, holds, may, scope

AT = datetime(2026, 1, 1, tzinfo=UTC)
MINE, OTHER = UUID(int=1), UUID(int=2)


def account(*roles: Role) -> Actor:
    return Actor(
        id=UUID(int=9),
        kind=ActorKind.ACCOUNT,
        agency_id=MINE,
        agency_ids=frozenset({MINE}),
        roles=frozenset(roles),
        name="x",
    )


@given(st.sets(st.sampled_from(Role)), st.sampled_from(Action), st.booleans())
def test_nobody_reaches_another_agency(roles: set[Role], action: Action, is_own: bool) -> None:
    """No set of roles reaches a subject outside the actor's agencies."""
    assert not may(account(*roles), action, Subject(agency_id=OTHER, is_own=is_own), AT)


@given(st.sets(st.sampled_from(Role)), st.sampled_from(Action), st.booleans())
def test_list_and_single_question_agree(roles: set[Role], action: Action, is_own: bool) -> None:
    """What a list shows is what a single question grants."""
    actor = account(*roles)
    listed = scope(actor, action)
    shown = MINE in listed.agency_ids and (is_own or not listed.own_only)

    assert may(actor, action, Subject(agency_id=MINE, is_own=is_own), AT) == shown


@pytest.mark.parametrize("action", list(Action))
def test_no_role_no_permission(action: Action) -> None:
    """An account without a role may do nothing."""
    assert not holds(account(), action)


def test_separation_of_the_matrix() -> None:
    """A supervisor and a custodian see facts but no media; an administrator neither; an officer own ones only."""
    theirs = Subject(agency_id=MINE)

    for role in (Role.SUPERVISOR, Role.CUSTODIAN):
        assert may(account(role), Action.RECORDING_VIEW, theirs, AT)
        assert not may(account(role), Action.RECORDING_WATCH, theirs, AT)
    assert not holds(account(Role.ADMIN), Action.RECORDING_VIEW)
    assert not may(account(Role.OFFICER), Action.RECORDING_VIEW, theirs, AT)
    assert not holds(account(Role.LEGAL_REVIEWER), Action.CASE_OPEN)
    assert not holds(account(Role.LEGAL_REVIEWER), Action.CASE_LINK)


def test_device_only_submits_and_looks_at_its_own() -> None:
    """A device has no other permission than to hand in and to follow what it handed in."""
    device = account().model_copy(update={"kind": ActorKind.DEVICE})

    granted = {action for action in Action if holds(device, action)}
    assert granted == {Action.RECORDING_SUBMIT, Action.RECORDING_VIEW}
