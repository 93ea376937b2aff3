"""Kinds of things that the one search finds, and who may find them."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

from schemas.actor import Actor
from schemas.policy import Action, holds

SOUGHT: Mapping[str, Action] = MappingProxyType(
    {
        "cases": Action.CASE_VIEW,
        "recordings": Action.RECORDING_VIEW,
        "captured": Action.RECORDING_VIEW,
        "monitoring": Action.MONITORING_VIEW,
        "accounts": Action.ACCOUNT_VIEW,
        "certificates": Action.CERTIFICATE_VIEW,
        "equipment": Action.EQUIPMENT_VIEW,
    }
)
"""By kind; whoever may see a list of one may search."""


def may_seek(actor: Actor, at: datetime) -> bool:
    """Say whether there is anything that this actor may look for."""
    return any(holds(actor, action, at) for action in SOUGHT.values())
