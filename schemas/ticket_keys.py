"""Which ticket keys a log knows at a place in it, and whether a ticket holds there: one pass, in the log's order."""

from enum import StrEnum

from schemas.errors import SignatureInvalid
from schemas.leaf import Leaf, Unknown
from schemas.leaves_log import KeyAnnounce, KeyRevoke, KeyRole, KeyRotate, LogOpen
from schemas.ticket import TicketKey, verify_ticket


class TicketFault(StrEnum):
    """Why a leaf is not one that a process of the product wrote."""

    MISSING = "missing"
    KEY_UNKNOWN = "key-unknown"
    NOT_FOR_EVENT = "not-for-event"
    SIGNATURE = "signature"


class KnownKeys:
    """Learns from leaves in their order which keys are alive, and holds tickets against them.

    From the first key of a process on that the log announces, each leaf carries a ticket.
    """

    def __init__(self) -> None:
        self._keys: dict[str, TicketKey] = {}
        self._ending: str | None = None
        """The key that the last leaf ended: that leaf itself may be signed by it."""
        self.is_asked = False
        """The log has announced a key: from here on a leaf without a ticket is none."""

    def knows(self, kid: str) -> bool:
        """Say whether a key is alive behind the last leaf."""
        return kid in self._keys and kid != self._ending

    def learn(self, leaf: Leaf) -> None:
        """Take what a leaf of the log says of keys, before its own ticket is looked at."""
        if self._ending is not None:
            self._keys.pop(self._ending, None)
            self._ending = None
        match leaf.act:
            case LogOpen() as act:
                self._keys |= {kid: TicketKey(public, None) for kid, public in act.tickets.items()}
            case KeyAnnounce(role=KeyRole.TICKET) as act:
                self.is_asked = True
                events = None if act.events is None else frozenset(act.events)
                self._keys[act.kid] = TicketKey(act.public, events)
            case KeyRotate(role=KeyRole.TICKET) as act:
                before = self._keys.get(act.old, TicketKey("", frozenset()))
                self._keys[act.new] = TicketKey(act.public, before.events)
                self._ending = act.old
            case KeyRevoke(role=KeyRole.TICKET) as act:
                self._ending = act.kid
            case _:
                pass

    def fault(self, leaf: Leaf, digest: str, kid: str | None, ticket: str | None) -> TicketFault | None:
        """Return what is wrong with the ticket of a leaf; None where it holds, and where none is there nor asked for.

        What stands beside a leaf of before the first announcement is held against the keys that `log:open` named; what
        waits in a log that is not open yet, against none: nobody has named any.

        Args:
            leaf: The leaf.
            digest: Its digest, hex.
            kid: By which key; None or empty without a ticket.
            ticket: The signature in base64; None or empty without one.
        """
        is_held = bool(self._keys) and bool(kid or ticket)
        if not (self.is_asked or is_held):
            return None
        if not kid or not ticket:
            return TicketFault.MISSING
        key = self._keys.get(kid)
        if key is None:
            return TicketFault.KEY_UNKNOWN
        if key.events is not None and leaf.event not in key.events and not isinstance(leaf.act, Unknown):
            return TicketFault.NOT_FOR_EVENT
        try:
            verify_ticket(ticket, digest, key.public)
        except SignatureInvalid:
            return TicketFault.SIGNATURE
        return None
