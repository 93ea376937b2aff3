"""Whether this process can do its work; says nothing that a stranger may not know."""

from datetime import datetime

from fastapi import APIRouter

from api.deps import Tx
from schemas.base import WireOut

router = APIRouter(prefix="/v1", tags=["health"])


class HealthOut(WireOut):
    """`server_time` lets a device measure its clock before its first contact."""

    status: str
    server_time: datetime


@router.get("/health", operation_id="getHealth")
def health(tx: Tx) -> HealthOut:
    """Answer 200 when the database answers; 503 comes from the transaction otherwise."""
    return HealthOut(status="ok", server_time=tx.now)
