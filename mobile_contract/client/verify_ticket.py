"""The claim that every leaf of a package was written by a process of the product: its ticket."""

from collections.abc import Iterable

from mobile_contract.client.verify_bag import Bag
from mobile_contract.client.verify_report import Ledger
from schemas.claim import ClaimFault, PackageClaim
from schemas.errors import Invalid
from schemas.leaf import Leaf, parse_leaf
from schemas.leaves_log import KeyRevoke
from schemas.package import LEAVES
from schemas.ticket_keys import KnownKeys, TicketFault


def verify_tickets(bag: Bag, ledger: Ledger) -> None:
    """Hold the ticket of each leaf that is shown against the keys that the log, whole in every package, announced before.

    A log of before there were tickets makes no such claim. What is withheld is bound by its chain alone.
    """
    known, held = KnownKeys(), 0
    is_broken = False
    read = []
    for line in sorted(bag.leaves):
        try:
            leaf = parse_leaf(line.leaf)
        except Invalid:
            continue  # named where leaves are read
        read.append((line, leaf))
        known.learn(leaf)
        wrong = known.fault(leaf, line.digest, line.kid, line.ticket)
        held += bool(line.ticket)
        if wrong is not None:
            is_broken = True
            code = ClaimFault.TICKET_MISSING if wrong is TicketFault.MISSING else ClaimFault.TICKET_INVALID
            ledger.fail(PackageClaim.TICKET, line.digest, code, detail=wrong.value)
    if known.is_asked and held and not is_broken:
        ledger.hold_origin(PackageClaim.TICKET, LEAVES)
    revoked = [leaf.act for _, leaf in read if isinstance(leaf.act, KeyRevoke)]
    for line, leaf in read:
        if line.kid and _is_suspect(line.index, leaf, revoked, line.kid):
            suspect = ClaimFault.KEY_SUSPECT
            ledger.skip(PackageClaim.TICKET, line.digest, suspect, is_required=False, detail=line.kid)


def _is_suspect(index: int, leaf: Leaf, acts: Iterable[KeyRevoke], kid: str) -> bool:
    """Say whether a leaf was signed by a key that is revoked as of a place, or a time, before it."""
    for act in acts:
        if act.kid == kid and act.suspect_from is not None:
            since = act.suspect_from
            if index >= since if isinstance(since, int) else leaf.at >= since:
                return True
    return False
