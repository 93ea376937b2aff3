"""To which agency a person belonged at a time, as far as it was known at another (隶属关系，调动)."""

from datetime import datetime

from schemas.base import Frozen, Moment, Reason, WireIn
from schemas.ids import AgencyId


class TransferIn(WireIn):
    """To which agency a person moves, from when on – now where it is left out; a time that has passed is a correction."""

    agency_id: AgencyId
    from_at: Moment | None = None
    reason: Reason


class Membership(Frozen):
    """A row of the register: who belonged there in [`valid_from`, `valid_until`), as said in [`known_from`, `known_until`).

    Without `valid_from` always before, without `valid_until` ever since. `leaf` is the digest of the leaf that stated
    it, hex. Whoever never moved has no row: they always belonged to the agency of their account.
    """

    agency_id: AgencyId
    agency_name: str
    valid_from: datetime | None
    valid_until: datetime | None
    known_from: datetime
    known_until: datetime | None
    reason: str | None
    leaf: str
