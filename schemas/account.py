"""Accounts of people: what is typed to make one, what lists show of it, and how long its links and sessions last."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, Field, model_validator

from schemas.actor import Role
from schemas.base import Frozen, Moment, Reason, WireIn, WireOut
from schemas.ids import AccountId, AgencyId
from schemas.leaves_account import AccountKind
from schemas.password import MOST_CHARACTERS
from schemas.uscc import is_uscc

ADMISSION_LIFETIME = timedelta(minutes=30)
"""So long an administrator's link lives: whoever asks for it sits before the machine."""

LINK_LIFETIME = timedelta(days=3)
"""So long the link to a person's password lives: it is handed over by hand, before a week-end too."""


def _uscc(code: str) -> str:
    if not is_uscc(code):
        raise ValueError("the last character does not check the others (GB 32100-2015)")
    return code


Login = Annotated[str, Field(min_length=2, max_length=32, pattern=r"^[a-z][a-z0-9._-]*$")]
"""Lower-case letters, digits, `.`, `_` and `-`: no two names look alike."""

Name = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f]*\S[^\x00-\x1f\x7f]*$")]
AgencyName = Annotated[
    str, Field(min_length=2, max_length=128, pattern=r"^[^\x00-\x1f\x7f]*\S[^\x00-\x1f\x7f]*$")
]
Uscc = Annotated[str, Field(min_length=18, max_length=18), AfterValidator(_uscc)]
Password = Annotated[str, Field(min_length=1, max_length=MOST_CHARACTERS)]
Code = Annotated[str, Field(min_length=1, max_length=64)]


class AccountState(StrEnum):
    """invited → active → closed."""

    INVITED = "invited"
    ACTIVE = "active"
    CLOSED = "closed"


class AccountNeed(StrEnum):
    """What an administrator has to do about an account."""

    LOCKED = "locked"
    ROLELESS = "roleless"
    ENDING = "ending"


class AdmissionIn(WireIn):
    """Whoever comes in by an administrator's link; the agency is founded where there is none yet."""

    code: Code
    login: Login
    name: Name
    agency_name: AgencyName | None = None
    agency_code: Uscc | None = None


class AccountIn(WireIn):
    """A person who gets an account; the password is set by its owner alone."""

    login: Login
    name: Name
    agency_id: AgencyId


class AccountAmendIn(WireIn):
    """What is said of a person, corrected; what is left out stays."""

    name: Name | None = None
    login: Login | None = None
    reason: Reason


class RoleIn(WireIn):
    """A role, from a time on (now, where none is given) until another (open, where none is given)."""

    role: Role
    valid_from: Moment | None = None
    valid_until: Moment | None = None

    @model_validator(mode="after")
    def _lasts(self) -> "RoleIn":
        if self.valid_from and self.valid_until and self.valid_until <= self.valid_from:
            raise ValueError("a role ends after it begins")
        return self


class ReasonIn(WireIn):
    """Why somebody does what touches another person."""

    reason: Reason


class Link(WireOut):
    """A one-time link's code, shown once: only its digest is kept."""

    code: str
    expires_at: datetime


class Account(Frozen):
    """An account as lists show it; `roles` are those of now, `link_until` is the end of a link that may still be used."""

    id: AccountId
    login: str
    name: str
    kind: AccountKind
    agency_id: AgencyId
    agency_name: str
    created_at: datetime
    is_active: bool
    has_password: bool
    roles: tuple[Role, ...]
    sessions: int
    used_at: datetime | None
    link_until: datetime | None

    @property
    def state(self) -> AccountState:
        """Where its life stands."""
        if not self.is_active:
            return AccountState.CLOSED
        return AccountState.ACTIVE if self.has_password else AccountState.INVITED


class OwnSession(Frozen):
    """A session of one's own, as its owner sees it."""

    id: UUID
    address: str
    created_at: datetime
    used_at: datetime
    expires_at: datetime
    is_current: bool
