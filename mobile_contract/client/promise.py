"""What a server promised by its answers: a leaf for each act, which its log must hold within a day.

Each act's answer carries `Custody-Ticket: DIGEST KID TICKET`, the server's signature over the digest of the leaf. Should
the log never hold that digest, the signature stands against whoever gave it.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import httpx

from schemas.base import Frozen, HexDigest, Sha256Hex, UtcDatetime
from schemas.checkpoint import Checkpoint, parse_checkpoint
from schemas.errors import EvidenceError
from schemas.manifest import Anchor
from schemas.note import encode64

HEADER: Final = "Custody-Ticket"
WITHIN: Final = timedelta(hours=24)
"""So long a log may take until a signed checkpoint covers what was promised; as a rule it is a second."""

_LINE = re.compile(r"([0-9a-f]{64}) ([A-Za-z0-9_-]{1,100}) ([A-Za-z0-9+/=]{1,200})", re.ASCII)


class Promise(Frozen):
    """One leaf that the server signed for, and when it answered, by the device's corrected clock."""

    digest: Sha256Hex
    kid: str
    ticket: str
    at: UtcDatetime


class SeenLog(Frozen):
    """The log as the device knows it: a key of it, believed at the first contact, and the last checkpoint that held."""

    vkey: str
    checkpoint: str | None = None

    @property
    def head(self) -> Checkpoint | None:
        """The checkpoint, read; it was verified before it was kept."""
        return (
            None if self.checkpoint is None else parse_checkpoint(self.checkpoint.partition("\n\n")[0] + "\n")
        )

    @property
    def anchor(self) -> Anchor | None:
        """The checkpoint as a manifest quotes it: the capture cannot be older."""
        head = self.head
        return None if head is None else Anchor(origin=head.origin, size=head.size, root=encode64(head.root))


def promised(response: httpx.Response, at: datetime) -> tuple[Promise, ...]:
    """Return what an answer promises; a line that is none promises nothing."""
    lines = (_LINE.fullmatch(line.strip()) for line in response.headers.get_list(HEADER, split_commas=True))
    return tuple(
        Promise(digest=HexDigest(line[1]), kid=line[2], ticket=line[3], at=at)
        for line in lines
        if line is not None
    )


def receipted(receipt: Mapping[str, Any], at: datetime) -> tuple[Promise, ...]:
    """Return what a receipt promises; one of a server of before has no ticket."""
    try:
        made = Promise(digest=receipt["digest"], kid=receipt["ticket_kid"], ticket=receipt["ticket"], at=at)
    except (EvidenceError, LookupError, ValueError):
        return ()
    return (made,)


def merged(kept: Iterable[Promise], new: Iterable[Promise]) -> tuple[Promise, ...]:
    """Return both, each digest once, oldest first: a request that is repeated is answered by the same promise."""
    found: dict[str, Promise] = {}
    for one in (*kept, *new):
        found.setdefault(one.digest, one)
    return tuple(found.values())
