from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.actor import ADMINISTERING, Actor, ActorKind, Grant, Role
from schemas.policy import FAR, NEAR, NONE, Action, Relation, Subject, holds, may, scope

AT = datetime(2026, 1, 1, tzinfo=UTC)
MINE, BELOW, ENTRUSTED, OTHER = UUID(int=1), UUID(int=2), UUID(int=3), UUID(int=4)
ANYHOW = st.sets(st.sampled_from([one for one in Relation if one in NEAR | FAR])).map(
    lambda some: Relation(sum(one.value for one in some))
)


def account(*roles: Role, since: datetime = AT, until: datetime | None = None) -> Actor:
    return Actor(
        id=UUID(int=9),
        kind=ActorKind.ACCOUNT,
        agency_id=MINE,
        agency_ids=frozenset({MINE, BELOW}),
        entrusted_ids=frozenset({ENTRUSTED}),
        grants=tuple(Grant(role=role, since=since, until=until) for role in roles),
        name="x",
    )


@given(st.sets(st.sampled_from(Role)), st.sampled_from(Action))
def test_nobody_reaches_another_agency(roles: set[Role], action: Action) -> None:
    """No set of roles reaches what is of another agency, unless an audit drew it."""
    assert not may(account(*roles), action, Subject(agency_id=OTHER, related=NEAR), AT)


@given(st.sets(st.sampled_from(Role)), st.sampled_from(Action), ANYHOW)
def test_only_who_supervises_or_administers_reaches_below(
    roles: set[Role], action: Action, related: Relation
) -> None:
    """The tree below an agency is open to roles that supervise or administer it, to no others."""
    below = Subject(agency_id=BELOW, related=related & ~FAR)
    if may(account(*roles), action, below, AT):
        assert roles & {Role.SUPERVISOR, Role.INSPECTOR, *ADMINISTERING}


@given(st.sets(st.sampled_from(Role)), st.sampled_from(Action), ANYHOW)
def test_list_and_single_question_agree(roles: set[Role], action: Action, related: Relation) -> None:
    """What a scope holds is what a single question grants, and an empty one holds nothing."""
    actor, subject = account(*roles), Subject(agency_id=MINE, related=related)
    allowed = scope(actor, action, AT)

    assert may(actor, action, subject, AT) == allowed.holds(subject)
    assert holds(actor, action, AT) is not allowed.is_empty
    assert not (allowed.is_empty and allowed.holds(subject))


@given(
    st.sampled_from(Role),
    st.sampled_from(Action),
    st.integers(-3, 3),
    st.integers(-3, 3),
    st.integers(1, 3) | st.none(),
)
def test_the_time_counts(role: Role, action: Action, asked: int, since: int, lasting: int | None) -> None:
    """A permission is there from the first instant of its grant until its end, which is no part of it."""
    begin = AT + timedelta(days=since)
    until = None if lasting is None else begin + timedelta(days=lasting)
    at = AT + timedelta(days=asked)
    mine = Subject(agency_id=MINE, related=NEAR | FAR)
    stands = begin <= at and (until is None or at < until)

    assert may(account(role, since=begin, until=until), action, mine, at) == (
        stands and may(account(role), action, mine, AT)
    )


@pytest.mark.parametrize("action", list(Action))
def test_no_role_no_permission(action: Action) -> None:
    """An account without a role may do nothing."""
    assert not holds(account(), action, AT)


def test_separation_of_the_matrix() -> None:
    """The table of rules section 10, line by line, on somebody else's evidence of one's own agency."""
    theirs = Subject(agency_id=MINE)

    def allows(role: Role, action: Action, related: Relation = NONE) -> bool:
        return may(account(role), action, theirs.model_copy(update={"related": related}), AT)

    watch, case = Action.RECORDING_WATCH, Action.CASE_VIEW
    for role in set(Role) - {Role.HEAD}:
        assert not allows(role, watch), role
        assert not allows(role, case), role
    assert allows(Role.HEAD, watch)
    assert allows(Role.OFFICER, case, Relation.OWN)
    assert allows(Role.LEGAL_REVIEWER, case, Relation.ASSIGNED)
    assert allows(Role.LEGAL_REVIEWER, watch, Relation.ASSIGNED)
    assert not allows(Role.LEGAL_REVIEWER, Action.CASE_RUN, Relation.ASSIGNED | Relation.HANDLED)
    assert allows(Role.EVIDENCE_REVIEWER, watch, Relation.JUDGED)
    assert allows(Role.SUPERVISOR, watch, Relation.SAMPLED)
    assert allows(Role.SUPERVISOR, Action.RECORDING_COUNT)
    assert allows(Role.INSPECTOR, case, Relation.INSPECTED)
    assert allows(Role.CUSTODIAN, Action.RECORDING_VIEW)
    assert not any(holds(account(Role.PARTY), action, AT) for action in Action)
    content = [Action.RECORDING_VIEW, watch, case, Action.MONITORING_VIEW, Action.CASE_EXPORT]
    assert not any(holds(account(Role.ADMIN), action, AT) for action in content)
    assert not holds(account(Role.LEGAL_REVIEWER), Action.CASE_LINK, AT)


def test_an_entrusting_principal_decides_for_the_body_it_entrusts() -> None:
    """Administrative Penalty Law art. 20: its head and its legal reviewers reach the cases of that body."""
    theirs = Subject(agency_id=ENTRUSTED)

    assert may(account(Role.HEAD), Action.CASE_DECIDE, theirs, AT)
    assert may(account(Role.LEGAL_REVIEWER), Action.CASE_REVIEW, theirs, AT)
    assert not may(account(Role.HEAD), Action.CASE_RUN, theirs, AT)
    assert not may(account(Role.HANDLER), Action.CASE_VIEW, theirs, AT)


def test_device_only_submits_and_looks_at_its_own() -> None:
    """A device has no other permission than to hand in, to follow what it handed in, and to keep its own duties."""
    device = account().model_copy(update={"kind": ActorKind.DEVICE})

    granted = {action for action in Action if holds(device, action, AT)}
    assert granted == {Action.RECORDING_SUBMIT, Action.RECORDING_VIEW, Action.DUTY_KEEP}
