"""Whether this process can do its work; says nothing that a stranger may not know."""

from datetime import datetime, timedelta
from typing import Literal

from fastapi import APIRouter

from api.deps import Tx
from api.route import Route
from schemas.base import WireOut

LOG_PATIENCE = timedelta(minutes=1)

router = APIRouter(prefix="/v1", tags=["health"], route_class=Route)


class HealthOut(WireOut):
    """`log` is behind when an entry has waited for its index for a minute: look at the scheduler.

    `server_time` lets a device measure its clock before its first contact.
    """

    status: Literal["ok", "degraded"]
    log: Literal["current", "behind"]
    server_time: datetime


@router.get("/health", operation_id="getHealth")
def health(tx: Tx) -> HealthOut:
    """Answer 200 when the database answers; 503 comes from the transaction otherwise."""
    oldest = tx.custody.waiting_since()
    if oldest is not None and tx.now - oldest > LOG_PATIENCE:
        return HealthOut(status="degraded", log="behind", server_time=tx.now)
    return HealthOut(status="ok", log="current", server_time=tx.now)
