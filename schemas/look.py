"""Looks at evidence: what is opened and why, how long a look lasts, and who reads who looked.

Whoever opens the content of a recording, or takes a package away, says why; the entry is true before the first byte.
Everybody does, the officer who captured it too. Lists, posters and thumbnails are no looks.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated, Literal, Self
from uuid import UUID, uuid5

from pydantic import StringConstraints, model_validator

from schemas.actor import Role
from schemas.base import Frozen, WireIn
from schemas.digest import sha256_hex
from schemas.ids import AccountId, ExportId, LookId, RecordingId

LEFT_LIFETIME = timedelta(minutes=3)
"""A page that is left ends its look so much later: another tab may still show it, and a page may be loaded again."""

SIGN_OF_LIFE = timedelta(seconds=10)
"""A look that is used notes it no more often: a range of a film is no write."""

LEAST_CHARACTERS = 2
"""Of the text of another reason."""


class LookKind(StrEnum):
    """What is done: content is shown, an original or a package is taken away, a recording is put on paper."""

    OPEN = "open"
    DOWNLOAD = "download"
    PRINT = "print"
    FETCH = "fetch"


class LookWay(StrEnum):
    """By which door: a page of the console, or a program of one's own."""

    CONSOLE = "console"
    API = "api"


class LookReason(StrEnum):
    """Why somebody looks. The list is closed; what it lacks is `other`, with a text."""

    CASE_HANDLING = "case-handling"
    EVIDENCE_CHECK = "evidence-check"
    LEGAL_REVIEW = "legal-review"
    SUPERVISION = "supervision"
    DISPUTE = "dispute"
    QUALITY_CHECK = "quality-check"
    OTHER = "other"


_USUAL: Mapping[Role, LookReason] = MappingProxyType(
    {
        Role.INSPECTOR: LookReason.SUPERVISION,
        Role.SUPERVISOR: LookReason.SUPERVISION,
        Role.LEGAL_REVIEWER: LookReason.LEGAL_REVIEW,
        Role.EVIDENCE_REVIEWER: LookReason.EVIDENCE_CHECK,
        Role.HANDLER: LookReason.CASE_HANDLING,
        Role.HEAD: LookReason.CASE_HANDLING,
        Role.OFFICER: LookReason.EVIDENCE_CHECK,
        Role.AUXILIARY: LookReason.EVIDENCE_CHECK,
        Role.CUSTODIAN: LookReason.QUALITY_CHECK,
    }
)
"""What each role usually looks for, the narrowest role first."""


def usual_reason(roles: Iterable[Role]) -> LookReason:
    """Return the reason that is offered first to whoever holds these roles."""
    held = frozenset(roles)
    return next((reason for role, reason in _USUAL.items() if role in held), LookReason.OTHER)


ReasonText = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=500, pattern=r"^[^\x00-\x08\x0b-\x1f\x7f]*$")
]


class WhyIn(WireIn):
    """Why somebody looks; `other` asks for a text, of two characters at least."""

    reason_code: LookReason
    reason: ReasonText = ""

    @model_validator(mode="after")
    def _says_which(self) -> Self:
        if self.reason_code is LookReason.OTHER and len(self.reason) < LEAST_CHARACTERS:
            raise ValueError("another reason is said in words")
        return self


class LookIn(WhyIn):
    """What somebody does with a recording, and why."""

    kind: Literal[LookKind.OPEN, LookKind.DOWNLOAD, LookKind.PRINT] = LookKind.OPEN


class Pictures(StrEnum):
    """Whether the print of a case shows pictures of its recordings."""

    WITHOUT = "without"
    WITH = "with"


class PrintIn(WhyIn):
    """Why somebody prints a case, and how."""

    pictures: Pictures


class LookFrom(Frozen):
    """By which door somebody looks, and from which address."""

    way: LookWay
    address: str


class Look(Frozen):
    """A look: who, at what, why, from where. `seconds` is known once it is closed, by the log's own entry."""

    id: LookId
    kind: LookKind
    way: LookWay
    recording_id: RecordingId | None
    export_id: ExportId | None
    account_id: AccountId
    reason_code: LookReason
    reason: str | None
    address: str
    opened_at: datetime
    seen_at: datetime
    expires_at: datetime
    closed_at: datetime | None
    seconds: int | None

    @property
    def seconds_so_far(self) -> int:
        """From the opening to the last sign of life, by the server's clock."""
        return seconds_between(self.opened_at, self.seen_at)


class LookFilter(Frozen):
    """What a search of the trail reader is narrowed by; None is any. `person`: part of a name or a log-in name."""

    person: str | None = None
    address: str | None = None
    since: datetime | None = None
    until: datetime | None = None


class SeenLook(Frozen):
    """A look as it is shown: with names; `address` is masked for whoever has no right to it."""

    look: Look
    name: str
    roles: tuple[Role, ...]
    about: str
    address: str


def seconds_between(opened_at: datetime, seen_at: datetime) -> int:
    """Return the whole seconds of a look; a clock that went back makes none."""
    return max(0, int((seen_at - opened_at) / timedelta(seconds=1)))


def masked(address: str) -> str:
    """Return an address without the half that tells one machine from its neighbours."""
    if ":" in address:
        return ":".join(address.split(":")[:2]) + ":*"
    return ".".join([*address.split(".")[:2], "*", "*"]) if address.count(".") == 3 else address  # noqa: PLR2004 - four numbers


def reads_sha256(digests: Iterable[str]) -> str:
    """Return the digest over the leaves of looks, hex digests in order of their indices, each with its newline."""
    return sha256_hex("".join(f"{digest}\n" for digest in digests).encode())


def closing_id(look_id: UUID) -> UUID:
    """Return the id of the leaf that ends a look: a look cannot be said to have ended twice."""
    return uuid5(look_id, "view:close")
