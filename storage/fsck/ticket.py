"""The check of tickets: in a log that has announced the keys of its processes, nobody else's INSERT is a leaf."""

import base64
from collections.abc import Iterator

from schemas.fsck import Fault, FaultCode
from schemas.key_rotation import is_proven
from schemas.leaf import Leaf
from schemas.leaves_log import KeyAnnounce, KeyRotate, LogOpen, LogRefuse
from schemas.note import public_of_vkey
from schemas.ticket import kid_of
from schemas.ticket_keys import KnownKeys, TicketFault
from storage.fsck.reading import Record


class TicketCheck:
    """Holds each ticket against the keys that the log has announced before it, and notes what the log refuses."""

    def __init__(self) -> None:
        self._known = KnownKeys()
        self._publics: dict[str, str] = {}
        self.refused: dict[str, str] = {}
        """The digest of each `log:refuse` → the digest of what it refuses; what is left was never told."""
        self.codes: dict[str, str] = {}
        """The digest of each `log:refuse` → why."""

    def check(self, row: Record, leaf: Leaf, digest: str) -> Iterator[Fault]:
        """Yield what is wrong with the ticket of an entry, or with a new key's proof, and learn what its leaf says."""
        self._known.learn(leaf)
        if not self._is_proven(leaf):
            yield Fault(code=FaultCode.TICKET_INVALID, subject=f"entry/{row.entry_id}", detail="rotation")
        if isinstance(leaf.act, LogRefuse):
            self.refused[digest] = leaf.act.digest
            self.codes[digest] = leaf.act.code
        ticket = None if row.ticket is None else base64.b64encode(bytes(row.ticket)).decode()
        wrong = self._known.fault(leaf, digest, row.ticket_kid, ticket)
        if wrong is TicketFault.MISSING:
            yield Fault(code=FaultCode.TICKET_MISSING, subject=f"entry/{row.entry_id}")
        elif wrong is not None:
            yield Fault(code=FaultCode.TICKET_INVALID, subject=f"entry/{row.entry_id}", detail=wrong.value)

    def _is_proven(self, leaf: Leaf) -> bool:
        """Say whether the key before signed the new one, where the leaf exchanges a key; learn what it names."""
        match leaf.act:
            case LogOpen() as act:
                own = public_of_vkey(act.vkey)
                self._publics |= act.tickets
                if own is not None:
                    self._publics[kid_of(own)] = own
            case KeyAnnounce() as act:
                self._publics[act.kid] = act.public
            case KeyRotate() as act:
                self._publics[act.new] = act.public
                return is_proven(act, self._publics.get(act.old, ""))
            case _:
                pass
        return True
