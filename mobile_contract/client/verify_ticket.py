"""The claim that every leaf of a package was written by a process of the product, and which keys were doubtful by then."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from types import MappingProxyType

from mobile_contract.client.verify_bag import Bag
from mobile_contract.client.verify_report import Ledger
from schemas.act import Act
from schemas.claim import ClaimFault, PackageClaim
from schemas.errors import Invalid
from schemas.leaf import Leaf, Unknown, parse_leaf
from schemas.leaves_device import DeviceEnrol
from schemas.leaves_log import KeyRevoke, KeyRole
from schemas.leaves_monitoring import IntakeReceive
from schemas.log_keys import LogKeys, said_keys
from schemas.package import LEAVES
from schemas.ticket_keys import KnownKeys, TicketFault

_SIGNED: Mapping[type[Act | Unknown], PackageClaim] = MappingProxyType(
    {DeviceEnrol: PackageClaim.DEVICE_KEY, IntakeReceive: PackageClaim.INTAKE_SIGNATURE}
)
"""Leaves that name what the registry signed, and the claim that rests on it."""


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


def verify_registered(bag: Bag, ledger: Ledger) -> None:
    """Say which devices and batches the registry signed for in days when others may have had its key.

    The newest key at a leaf's place signed what it names; what the log says of it stands whole in every package.
    """
    read = []
    for line in sorted(bag.leaves):
        with suppress(Invalid):  # named where leaves are read
            read.append((line.index, parse_leaf(line.leaf)))
    with suppress(Invalid):
        keys = said_keys((index, leaf.act) for index, leaf in read)
        for index, leaf in read:
            claim = _SIGNED.get(type(leaf.act))
            kid = None if claim is None or keys is None else _doubtful(keys, index, leaf)
            if claim is not None and kid is not None:
                ledger.skip(claim, leaf.subject, ClaimFault.KEY_SUSPECT, is_required=False, detail=kid)


def _doubtful(keys: LogKeys, index: int, leaf: Leaf) -> str | None:
    """Return the id of the registry's newest key at a place, ended or not, where others may have had it by then."""
    known = [one for one in keys.keys if one.role is KeyRole.REGISTRY and (one.since or 0) <= index]
    since = known[-1].suspect_from if known else None
    if since is None:
        return None
    is_doubtful = index >= since if isinstance(since, int) else leaf.at >= since
    return known[-1].kid if is_doubtful else None


def _is_suspect(index: int, leaf: Leaf, acts: Iterable[KeyRevoke], kid: str) -> bool:
    """Say whether a leaf was signed by a key that is revoked as of a place, or a time, before it."""
    for act in acts:
        if act.kid == kid and act.suspect_from is not None:
            since = act.suspect_from
            if index >= since if isinstance(since, int) else leaf.at >= since:
                return True
    return False
