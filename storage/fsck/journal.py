"""The check of the log against what the evidence store keeps of it: each piece is there, and is what the database says."""

from collections.abc import Iterator
from contextlib import suppress

from sqlalchemy import Connection, select

from schemas.errors import IntegrityBroken, Invalid, NotFound
from schemas.fsck import Checked, Fault, FaultCode, Found, Part
from schemas.journal import Journal, anchor_key, parse_journal
from schemas.log_signers import LogSigners
from storage.objects.port import Objects
from storage.tables.custody import checkpoints, custody_entries

_BLOCK_BYTES = 1024 * 1024
_NONE = "0" * 32
"""A version that nothing has."""


class JournalCheck:
    """One pass over the pieces, from the first on; one piece is in memory."""

    def __init__(self, connection: Connection, objects: Objects, signers: LogSigners) -> None:
        self._connection = connection
        self._objects = objects
        self._signers = signers

    def run(self) -> Iterator[Found]:
        """Yield every piece that is missing, that says something else, or that goes on where the database does not."""
        told = self._told()
        start = 0
        while (payload := self._read(start)) is not None or start in told:
            name = f"journal/{start}"
            yield Checked(part=Part.JOURNAL, count=1)
            if payload is None:
                yield Fault(code=FaultCode.JOURNAL_MISSING, subject=name)
                start = told[start][0]
                continue
            try:
                journal, head = parse_journal(payload, self._signers)
            except IntegrityBroken as err:
                yield Fault(code=FaultCode.JOURNAL_DIFFERS, subject=name, detail=err.slug)
                if start not in told:
                    return
                start = told[start][0]
                continue
            yield from self._compared(name, journal, told.get(start))
            start = head.size

    def _told(self) -> dict[int, tuple[int, str]]:
        """Return start → end and note of the pieces that the database calls published."""
        rows = self._connection.execute(
            select(checkpoints.c.size, checkpoints.c.note, checkpoints.c.published_from).where(
                checkpoints.c.published_from.is_not(None)
            )
        )
        return {row.published_from: (row.size, row.note) for row in rows}

    def _compared(self, name: str, journal: Journal, told: tuple[int, str] | None) -> Iterator[Fault]:
        # What a crash left kept and not noted is the next piece: its checkpoint is there all the same.
        note = self._connection.scalar(select(checkpoints.c.note).where(checkpoints.c.size == journal.end))
        if note is None:
            yield Fault(code=FaultCode.JOURNAL_AHEAD, subject=name, detail=str(journal.end))
            return
        if note != journal.note or (told is not None and told != (journal.end, journal.note)):
            yield Fault(code=FaultCode.JOURNAL_DIFFERS, subject=name, detail="checkpoint")
        rows = self._connection.execute(
            select(custody_entries.c.leaf, custody_entries.c.ticket)
            .where(custody_entries.c.leaf_index >= journal.start, custody_entries.c.leaf_index < journal.end)
            .order_by(custody_entries.c.leaf_index)
        ).all()
        here = [(bytes(row.leaf), None if row.ticket is None else bytes(row.ticket)) for row in rows]
        there = [(one.leaf, None if one.ticket is None else one.ticket.signature) for one in journal.leaves]
        if here != there:
            yield Fault(code=FaultCode.JOURNAL_DIFFERS, subject=name, detail="leaves")

    def _read(self, start: int) -> bytes | None:
        key = anchor_key(self._signers.opened, start)
        version = self._objects.newest(key)
        if version is None:
            with suppress(NotFound, Invalid):
                self._objects.stat(
                    key, _NONE
                )  # raises where the store does not answer: then nothing is missing
            return None
        blocks = []
        with self._objects.open(key, version) as source:
            buffer = bytearray(_BLOCK_BYTES)
            while size := source.readinto(buffer):
                blocks.append(bytes(buffer[:size]))
        return b"".join(blocks)
