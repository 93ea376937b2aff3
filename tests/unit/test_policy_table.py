"""The policy as a table that people can read: complete, true, and no route beside it."""

from api.app import _routes
from api.asks import OWN, PUBLIC
from api.policy import ROUTES
from schemas.actor import Role
from schemas.policy import POLICY, Action
from tests.make_policy import FILE, payload, routes_of


def test_every_route_says_what_it_asks() -> None:
    """A route of the API or the console that is not in the table fails here, and so does a line without its route."""
    found = list(routes_of(_routes()))

    assert len(found) == len(set(found))
    assert set(found) == set(ROUTES)


def test_the_committed_matrix_is_the_policy() -> None:
    """`docs/policy.json` is what `python -m tests.make_policy` writes."""
    assert FILE.read_text(encoding="utf-8") == payload()


def test_every_action_is_granted_and_asked() -> None:
    """No action stands for nothing: some role has it, and some route asks it.

    But for what only a page's numbers ask, and by what a case is shown whole or masked.
    """
    granted = {action for rules in POLICY.values() for action in rules}
    asked = {action for ask in ROUTES.values() for action in (*ask.actions, *ask.either)}

    assert set(POLICY) == set(Role)
    assert granted == set(Action)
    assert set(Action) - asked == {Action.RECORDING_COUNT, Action.CASE_PARTY}


def test_no_route_that_names_a_thing_of_others_is_open() -> None:
    """What an address names is asked for, but what is its owner's, their name too, one-time codes, and the public log."""
    open_ = {route for route, ask in ROUTES.items() if ask in (PUBLIC, OWN) and "{" in route}

    assert {route.partition("{")[2].partition("}")[0] for route in open_} == {
        "session_id",
        "duty_id",
        "look_id",
        "manifest_id",
        "upload_id",
        "code",
        "name",
        "size",
        "path:path",
        "digest",
    }
