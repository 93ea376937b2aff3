"""By which role, and by which qualification, somebody acted: parts of what other answers say."""

from datetime import datetime

from schemas.actor import Role
from schemas.base import WireOut
from schemas.leaves_certificate_issue import CertificateKind


class OfficeOut(WireOut):
    """A role by which somebody acted, as the register had said it since `known_from`; `is_said`: it still says so."""

    role: Role
    valid_from: datetime
    valid_until: datetime | None
    known_from: datetime
    is_said: bool


class QualificationOut(WireOut):
    """What qualified a legal reviewer, as known then (art. 58); `is_said`: the register still says so of that time."""

    kind: CertificateKind
    valid_from: datetime
    valid_until: datetime
    known_from: datetime
    is_said: bool
