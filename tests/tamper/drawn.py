"""Class 41: a sample picked by hand, by whoever publishes the draw; and a freeze that comes too late."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from sqlalchemy import text

from schemas.actor import Role
from schemas.audit import AuditIn, AuditKind
from schemas.randomness import SourceIn, SourceKind
from storage.store import utc_now
from tests.factories import make_account
from tests.tamper.asking import redrawn, refused
from tests.tamper.ground import Ground
from tests.tamper.table import Probe, Seen


def published(change: Callable[[dict[str, Any]], object]) -> Probe:
    """The draw file of the server, changed before anybody repeats it."""

    def probe(ground: Ground) -> Seen:
        said = json.loads(ground.draw.read_bytes())
        change(said)
        path = ground.fresh("draw") / "draw.json"
        path.write_text(json.dumps(said))
        return Seen(redrawn(ground.draw, ground.trust), redrawn(path, ground.trust))

    return probe


def list_changed(said: dict[str, Any]) -> None:
    """Another member stands in the list that was frozen."""
    said["population"][0] = "0" * 8 + said["population"][0][8:]


def value_ground(said: dict[str, Any]) -> None:
    """Another public value, as whoever tries seeds would state it."""
    said["values"] = ["1 2 3 4 5 + 6" for _ in said["values"]]


def picked_by_hand(said: dict[str, Any]) -> None:
    """Another member than the drawn one."""
    others = [one for one in said["population"] if one not in said["sample"]]
    said["sample"] = [*said["sample"][:-1], others[0]]


def frozen_late(ground: Ground) -> Seen:
    """The list is frozen when the public event is over in a minute: what the product answers."""
    with ground.copy() as copy:
        row = copy.store
        with row.begin() as tx:
            top, target = tx.connection.execute(
                text("SELECT agency_id, target_agency_id FROM audits WHERE id = :id"),
                {"id": copy.world.audit},
            ).one()
        supervisor = make_account(row, top, Role.SUPERVISOR)[1]

        def freeze(ahead: timedelta) -> None:
            now = utc_now()
            source = SourceIn(name="双色球", kind=SourceKind.LOTTERY, happens_at=now + ahead)
            wish = AuditIn(
                title="抽查",
                kind=AuditKind.SEALED_RECORDINGS,
                target_agency_id=target,
                from_at=now - timedelta(days=1),
                until_at=now + timedelta(days=1),
                size=1,
                sources=[source],
            )
            with row.begin() as tx:
                made = tx.audit_drafts.define(supervisor, wish)
                tx.audits.freeze(supervisor, made.id, made.version)

        early = refused(lambda: freeze(timedelta(hours=1)))
        return Seen(early, refused(lambda: freeze(timedelta(minutes=1))))
