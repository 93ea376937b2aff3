"""Agencies and their units as one tree: 区 → 部门 or 镇街 → 队 or 所 (rules.md 0).

An entrusted body acts in its principal's name (Administrative Penalty Law art. 20), so it names one; nobody else does.
"""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import Field, model_validator

from schemas.account import AgencyName
from schemas.base import Frozen, WireIn
from schemas.ids import AgencyId
from schemas.leaves_agency import AgencyKind
from schemas.uscc import is_uscc

USCC_LENGTH = 18

AgencyCode = Annotated[str, Field(min_length=1, max_length=32, pattern=r"^[A-Za-z0-9-]+$")]
"""A unified social credit code, or for a unit without one a code of the agency's own."""


def code_holds(code: str) -> bool:
    """Say whether a code of 18 characters has its right check character; a shorter one is one's own."""
    return len(code) != USCC_LENGTH or is_uscc(code)


class AgencyIn(WireIn):
    """A unit below another; `supervising`: its people see all that lies below it."""

    parent_id: AgencyId
    name: AgencyName
    code: AgencyCode
    kind: AgencyKind = AgencyKind.AGENCY
    principal_id: AgencyId | None = None
    supervising: bool = False

    @model_validator(mode="after")
    def _names_its_principal(self) -> "AgencyIn":
        if (self.kind is AgencyKind.ENTRUSTED) is not (self.principal_id is not None):
            raise ValueError("an entrusted body, and only one, names the agency in whose name it acts")
        return self


class AgencyAmendIn(WireIn):
    """What is said of a unit otherwise; what is left out stays."""

    parent_id: AgencyId | None = None
    name: AgencyName | None = None
    code: AgencyCode | None = None
    supervising: bool | None = None


class Standing(StrEnum):
    """What keeps an agency from being closed while it stands there."""

    PEOPLE = "people"
    DEVICES = "devices"
    CODES = "codes"
    CASES = "cases"
    UNITS = "units"
    ENTRUSTED = "entrusted"


class StandingThere(Frozen):
    """How many of one kind stand in an agency, and the names of the first of them."""

    kind: Standing
    count: int
    names: tuple[str, ...]


class Agency(Frozen):
    """An agency in the tree: `depth` from 0 at the top of what is shown, `people` in use of its own.

    A closed one takes in nothing new and stays readable.
    """

    id: AgencyId
    parent_id: AgencyId | None
    principal_id: AgencyId | None
    principal_name: str | None
    name: str
    code: str
    kind: AgencyKind
    is_supervising: bool
    closed_at: datetime | None
    depth: int
    people: int
    version: int
