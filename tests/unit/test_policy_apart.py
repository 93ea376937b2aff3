"""What must stay apart, over every route: administrators see no content, supervisors change nothing that they inspect."""

from collections.abc import Iterable
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.asks import OWN, PUBLIC, Ask
from api.policy import ROUTES
from schemas.actor import ADMINISTERING, Actor, ActorKind, Grant, Role
from schemas.policy import NONE, Action, Relation, Subject, holds, may

AT = datetime(2026, 11, 29, 8, tzinfo=UTC)
MINE, BELOW, ENTRUSTED = UUID(int=1), UUID(int=2), UUID(int=3)

CONTENT = frozenset(
    {
        "approvals",
        "audits",
        "cases",
        "denials",
        "equipment",
        "exports",
        "manifests",
        "monitoring",
        "recordings",
    }
    | {"rectifications", "reviews", "uploads"}
)
"""Nouns behind which evidence, cases and what is said of them stand."""
CONTENT_ACTIONS = frozenset(
    action
    for action in Action
    if action.value.partition(":")[0]
    in {"recording", "case", "monitoring", "audit", "rectification", "equipment"}
)

WATCHING = {
    "looks": "says why it looks, which is a trace and no change",
    "approval": "asks the head to be let in",
    "print": "puts on paper what is seen, and says why",
}
SUPERVISION = {
    **WATCHING,
    "approvals": WATCHING["approval"],
    "recusals": "stays away from a case, by their own word",
    "audits": "their own work",
    "rectifications": "their own work",
}
"""Last noun of an address → why whoever supervises may send something there."""


def somebody(roles: Iterable[Role]) -> Actor:
    return Actor(
        id=UUID(int=9),
        kind=ActorKind.ACCOUNT,
        agency_id=MINE,
        agency_ids=frozenset({MINE, BELOW}),
        entrusted_ids=frozenset({ENTRUSTED}),
        grants=tuple(Grant(role=role, since=AT, until=None) for role in sorted(roles)),
        name="x",
    )


def enters(actor: Actor, ask: Ask) -> bool:
    """Whether a route is open to somebody on whatever subject, at its most generous."""
    granted = all(holds(actor, action, AT) for action in ask.actions)
    return granted and (not ask.either or any(holds(actor, action, AT) for action in ask.either))


def nouns_of(route: str) -> list[str]:
    """The fixed words of an address, without the roots that all have."""
    words = route.partition(" ")[2].strip("/").split("/")
    return [
        word.partition(".")[0] for word in words if not word.startswith("{") and word not in ("v1", "console")
    ]


ASKED = {route: ask for route, ask in ROUTES.items() if ask not in (PUBLIC, OWN)}


@given(st.sets(st.sampled_from(sorted(ADMINISTERING)), min_size=1))
def test_no_administrator_enters_where_content_is(roles: set[Role]) -> None:
    """Whatever administering roles one account joins: no route to evidence, cases, reviews or audits opens."""
    actor = somebody(roles)
    inside = [route for route, ask in ASKED.items() if nouns_of(route)[0] in CONTENT]

    assert len(inside) > 100
    assert [route for route in inside if enters(actor, ASKED[route])] == []


@given(
    st.sets(st.sampled_from(sorted(ADMINISTERING)), min_size=1),
    st.sampled_from(sorted(CONTENT_ACTIONS)),
    st.sampled_from([MINE, BELOW, ENTRUSTED]),
    st.sets(st.sampled_from(list(Relation))),
)
def test_nothing_of_content_is_an_administrators(
    roles: set[Role], action: Action, agency: UUID, related: set[Relation]
) -> None:
    """However the thing stands to them: as whoever sent it, as inspector, by an approval that was granted before."""
    how = NONE
    for one in related:
        how |= one
    assert not may(somebody(roles), action, Subject(agency_id=agency, related=how), AT)


@pytest.mark.parametrize("roles", [{Role.SUPERVISOR}, {Role.INSPECTOR}, {Role.SUPERVISOR, Role.INSPECTOR}])
def test_a_supervisor_changes_nothing_that_they_inspect(roles: set[Role]) -> None:
    """What they may send goes to their own work, or says why they look: no case, recording or record moves by it."""
    actor = somebody(roles)
    changing = {
        route
        for route, ask in ASKED.items()
        if route.partition(" ")[0] not in ("GET", "HEAD", "OPTIONS") and enters(actor, ask)
    }

    assert changing
    assert [route for route in sorted(changing) if not set(nouns_of(route)) & set(SUPERVISION)] == []


@given(st.sets(st.sampled_from(list(Relation))), st.sampled_from([MINE, BELOW, ENTRUSTED]))
def test_no_relation_lets_a_supervisor_change_a_case(related: set[Relation], agency: UUID) -> None:
    """However a case, a record or equipment stands to them."""
    how = NONE
    for one in related:
        how |= one
    subject = Subject(agency_id=agency, related=how)
    changing = {
        *(Action.CASE_OPEN, Action.CASE_LINK, Action.CASE_RUN, Action.CASE_DECIDE, Action.CASE_REVIEW),
        *(Action.EQUIPMENT_KEEP, Action.MONITORING_LINK, Action.MONITORING_NOTIFY, Action.RECORDING_SUBMIT),
        *(Action.MONITORING_REVIEW_FIRST, Action.MONITORING_REVIEW_SECOND, Action.APPROVAL_GIVE),
        Action.RECTIFICATION_ANSWER,
    }
    actor = somebody({Role.SUPERVISOR, Role.INSPECTOR})
    assert [action for action in changing if may(actor, action, subject, AT)] == []
