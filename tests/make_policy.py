"""Write the role matrix and what every route asks as data, for people who read it: `python -m tests.make_policy`."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fastapi import FastAPI

from api.asks import Ask
from api.policy import ROUTES
from schemas.policy import DEVICE_POLICY, POLICY, Relation

FILE = Path(__file__).parent.parent / "docs" / "policy.json"


def document() -> dict[str, Any]:
    """Return the matrix role × action × relation, and the routes."""
    roles = {
        role.value: {action.value: _names(reached) for action, reached in sorted(rules.items())}
        for role, rules in POLICY.items()
    }
    devices = {action.value: _names(reached) for action, reached in sorted(DEVICE_POLICY.items())}
    return {
        "roles": roles,
        "device": devices,
        "routes": {route: _asked(ask) for route, ask in sorted(ROUTES.items())},
    }


def _names(reached: Relation) -> list[str]:
    return [str(one.name).lower() for one in Relation if one in reached]


def _asked(ask: Ask) -> Any:
    if not ask.actions and not ask.either:
        return "public" if ask.is_public else "own"
    either = {"either": [one.value for one in ask.either]} if ask.either else {}
    return {"asks": [one.value for one in ask.actions], **either}


def payload() -> str:
    """Return the file's text."""
    return json.dumps(document(), ensure_ascii=False, indent=1) + "\n"


def routes_of(app: FastAPI) -> Iterator[str]:
    """Return method and path of everything an application answers; HEAD beside GET is the framework's own."""
    for route in _walked(app.routes):
        methods = set(route.methods or ())
        for method in sorted(methods - ({"HEAD"} if "GET" in methods else set())):
            yield f"{method} {route.path}"


def _walked(routes: Any) -> Iterator[Any]:
    for route in routes:
        if hasattr(route, "effective_candidates"):
            yield from _walked(route.effective_candidates())
        else:
            yield route


if __name__ == "__main__":
    FILE.write_text(payload(), encoding="utf-8")
