"""Recordings by the hundred thousand as acts write them, without the acts.

One case with one recording is made by real acts: opened, received with the case stated, verified. It is the pattern.
Copies of it have ids, bytes and salts of their own; their rows are the pattern's, in every table that names it, and
their leaves are made of the same classes, numbered and linked by the same rules. Times and actors stay those of the
pattern. `COPY` writes them, so a recording costs what its rows cost and not what its commit costs.
"""

import json
import secrets
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from sqlalchemy import Connection, func, select, text

from schemas.act import Act
from schemas.chain import entry_hash, genesis, leaf_digest, step
from schemas.digest import sha256_hex
from schemas.leaf import Leaf, Place, Unknown, sealed_bytes
from schemas.leaves_case import CaseLink
from schemas.opening import Shown
from schemas.recording import Recording
from schemas.reference import ident_of
from storage.act import fresh_id
from storage.custody.custody import CustodyLog
from storage.custody.values import shown
from storage.fsck.columns import LOG
from storage.objects.values import sha256_of
from storage.personal import kept_opening, opened
from storage.recording.upload import NewUpload
from storage.store import Store
from storage.tables.base import metadata
from storage.tables.case import cases
from storage.tables.custody import custody_entries
from storage.ticket import ticket_for
from tests.casework import Bureau, conclusion
from tests.owner import owning
from tests.personal import seal_rows

TOGETHER = 1_000
"""Recordings of one transaction."""

PER_CASE = 20
_numbers = count(1)

Names = Mapping[str, str]
"""What the pattern is called → what a copy is called: ids, keys, digests, the number of a case."""


class Row(NamedTuple):
    """A row as `COPY` spells it, without what the database numbers by itself."""

    table: str
    columns: tuple[str, ...]
    line: str


class Said(NamedTuple):
    """A leaf with all that opens it, and for whom it is listed."""

    leaf: Leaf
    agency: UUID | None


@dataclass(frozen=True)
class Pattern:
    """A thing that real acts made: the ids that are its own, its rows, its leaves."""

    ids: frozenset[str]
    rows: tuple[Row, ...]
    leaves: tuple[Said, ...]

    def names(self) -> dict[str, str]:
        """Return what a copy of it is called instead."""
        return {one: str(fresh_id()) for one in self.ids}


@dataclass
class Log:
    """The entries of copies, and how far each of their chains goes; `last` is the row id of the last entry."""

    connection: Connection
    last: int
    chains: dict[str, tuple[int, str, datetime]] = field(default_factory=dict)
    entries: list[tuple[object, ...]] = field(default_factory=list)
    places: list[tuple[object, ...]] = field(default_factory=list)
    openings: list[tuple[object, ...]] = field(default_factory=list)

    def append(self, said: Said, names: Names) -> None:
        """Write the leaf of a copy: another id, other salts, and its own places."""
        old = said.leaf
        assert not isinstance(old.act, Unknown)
        act = _renamed_act(old.act, names)
        leaf = Leaf(
            id=str(uuid4()),
            salt=secrets.token_hex(16),
            actor=old.actor,
            subject=_renamed(old.subject, names),
            at=old.at,
            chains=tuple(self._place(of) for of in sorted(_renamed(one.of, names) for one in old.chains)),
            act=act,
        )
        payload, opened = sealed_bytes(leaf, act)
        digest = leaf_digest(payload)
        hashes = (bytes.fromhex(digest), bytes.fromhex(entry_hash(digest)))
        ticket = ticket_for(self.connection, leaf.event, digest)
        self.last += 1
        known = (leaf.id, leaf.event, leaf.ev, leaf.actor, leaf.subject, said.agency, leaf.at)
        self.entries.append((self.last, *known, payload, *hashes, ticket.signature, ticket.kid))
        for place in leaf.chains:
            self.places.append((place.of, place.n, self.last))
            self.chains[place.of] = (place.n, step(place.prev, digest, leaf.event), leaf.at)
        self.openings += [
            (hashes[0], member, kept_opening(self.connection, type(act), hashes[0], member, opening))
            for member, opening in opened.items()
        ]

    def _place(self, of: str) -> Place:
        n, head = self.chains[of][:2] if of in self.chains else (0, genesis(of))
        return Place(n=n + 1, of=of, prev=head)

    def write(self, connection: Connection) -> None:
        """Put all of it into the tables of the record, whose own numbers go on behind it."""
        columns = ("id", "entry_id", "event", "ev", "actor", "subject", "agency_id", "at", "leaf")
        _copy(
            connection,
            "custody_entries",
            (*columns, "digest", "leaf_hash", "ticket", "ticket_kid"),
            self.entries,
        )
        _copy(connection, "chain_places", ("of", "n", "entry"), self.places)
        heads = [(of, n, bytes.fromhex(head), at) for of, (n, head, at) in self.chains.items()]
        _copy(connection, "chains", ("of", "n", "head", "last_at"), heads)
        _copy(connection, "openings", ("digest", "member", "opening"), self.openings)
        number = text("SELECT setval(pg_get_serial_sequence('custody_entries', 'id'), :last)")
        connection.execute(number, {"last": self.last})


def fill(bureau: Bureau, many: int) -> None:
    """Add so many recordings that were received, verified and tied to cases; nobody else may write meanwhile."""
    made, number = _made(bureau)
    with bureau.store.begin() as tx:
        case, recording = _patterns(tx.connection, tx.custody, made)
    with ThreadPoolExecutor() as pool:
        for start in range(1, many, TOGETHER):  # the pattern is the first
            some = range(min(TOGETHER, many - start))
            named = list(pool.map(lambda _: _kept(bureau.store, made, recording), some))
            with owning(bureau.store) as tx:
                _write(tx.connection, case, recording, named, number=number)


def _made(bureau: Bureau) -> tuple[Recording, str]:
    """Open a case, receive a recording that states it, verify it: three transactions of real acts."""
    case, payload, store = bureau.open(number=_number()), _payload(), bureau.store
    wish = NewUpload(length_bytes=len(payload), filename="a.bin", case_number=case.number)
    with store.begin() as tx:
        upload = tx.uploads.open(bureau.officers[0], wish)
    stored = store.objects.put(upload.object_key, [payload], sha256=sha256_of([payload]))
    with store.begin() as tx:
        ident = tx.uploads.complete(upload, stored, key=upload.object_key).recording_id
    assert ident is not None
    with store.begin() as tx:
        found = conclusion(payload, at_retain=tx.now)
        store.objects.retain(upload.object_key, stored.version_id, found.retain_until)
        tx.recordings.conclude(ident, found)
        return tx.recordings.known(ident), case.number


def _number() -> str:
    return f"批量-{uuid4().hex}"


def _payload() -> bytes:
    return f"{next(_numbers):016}".encode()


def _patterns(connection: Connection, log: CustodyLog, made: Recording) -> tuple[Pattern, Pattern]:
    """Return what was made of the case, and of the recording with its tie."""
    of_recording = _leaves(connection, log, f"recording/{made.id}")
    (case_id,) = {one.leaf.act.case for one in of_recording.values() if isinstance(one.leaf.act, CaseLink)}
    of_case = _leaves(connection, log, case_id)
    idents = {str(made.id), str(made.upload_id)}
    rows = _rows(connection, idents)
    known = set(rows)
    own = {ident_of(case_id)}
    return (
        Pattern(
            frozenset(own),
            tuple(row for row in _rows(connection, own) if row not in known),
            tuple(said for digest, said in of_case.items() if digest not in of_recording),
        ),
        Pattern(frozenset(idents | _keys(rows)), tuple(rows), tuple(of_recording.values())),
    )


def _leaves(connection: Connection, log: CustodyLog, of: str) -> dict[str, Said]:
    """Return digest → leaf of a chain, opened."""
    found: dict[str, Said] = {}
    chain = log.chain(of)
    openings = log.openings_of(one.digest for one in chain)
    for one in chain:
        assert not isinstance(one.act, Unknown)
        agency = connection.scalar(
            select(custody_entries.c.agency_id).where(custody_entries.c.entry_id == one.entry_id)
        )
        leaf = one.leaf.telling(one.act.revealed(openings.get(one.digest, {})))
        found[one.digest] = Said(leaf, agency)
    return found


def _rows(connection: Connection, idents: Iterable[str]) -> list[Row]:
    """Return the rows of every table that name one of these things, parents first."""
    found = []
    for table in metadata.sorted_tables:
        if table.name in LOG:
            continue
        columns = tuple(one.name for one in table.columns if one.identity is None and one.computed is None)
        listed = ", ".join(f'"{one}"' for one in columns)
        named = " OR ".join(f"one::text LIKE '%{UUID(ident)}%'" for ident in idents)
        with _cursor(connection).copy(
            f'COPY (SELECT {listed} FROM "{table.name}" AS one WHERE {named}) TO STDOUT'
        ) as lines:
            found += [Row(table.name, columns, bytes(line).decode()) for line in lines]
    return found


def _keys(rows: Iterable[Row]) -> set[str]:
    """Return the ids of rows that are things of their own, a tie's for one."""
    return {row.line.split("\t")[row.columns.index("id")] for row in rows if "id" in row.columns}


def _kept(store: Store, made: Recording, pattern: Pattern) -> dict[str, str]:
    """Store and lock the bytes of a copy; returns what it is called."""
    assert made.sha256 is not None
    assert made.retain_until is not None
    names, payload = pattern.names(), _payload()
    key = _renamed(made.object_key, names)
    stored = store.objects.put(key, [payload], sha256=sha256_of([payload]))
    store.objects.retain(key, stored.version_id, made.retain_until)
    return {**names, made.sha256: sha256_hex(payload), made.version_id: stored.version_id}


def _write(
    connection: Connection, case: Pattern, recording: Pattern, named: Sequence[Names], *, number: str
) -> None:
    last = connection.scalar(select(func.max(custody_entries.c.id)))
    log, rows = Log(connection, last or 0), defaultdict[tuple[str, tuple[str, ...]], list[str]](list)

    def add(pattern: Pattern, names: Names) -> None:
        for row in pattern.rows:
            rows[row.table, row.columns].append(_renamed(row.line, names))
        for said in pattern.leaves:
            log.append(said, names)

    of_case: Names = {}
    made: list[UUID] = []
    (pattern,) = case.ids
    for position, names in enumerate(named):
        if position % PER_CASE == 0:
            of_case = {**case.names(), number: _number()}
            add(case, of_case)
            made.append(UUID(of_case[pattern]))
        add(recording, {**names, **of_case})
    log.write(connection)
    for table in metadata.sorted_tables:
        for (name, columns), lines in rows.items():
            if name == table.name:
                _copy_lines(connection, name, columns, lines)
    # What is sealed is bound to its row: a copy of it opens nothing.
    seal_rows(connection, cases, dict.fromkeys(made, _party(connection, UUID(pattern))))


def _party(connection: Connection, ident: UUID) -> dict[str, str | None]:
    row = connection.execute(select(cases.c.party, cases.c.party_code).where(cases.c.id == ident)).one()
    return {
        name: opened(connection, cases.c[name], ident, getattr(row, name)) for name in ("party", "party_code")
    }


def _renamed(words: str, names: Names) -> str:
    for old, new in names.items():
        words = words.replace(old, new)
    return words


def _renamed_value(value: object, names: Names) -> Any:
    return json.loads(_renamed(json.dumps(value, ensure_ascii=False), names))


def _renamed_act(act: Act, names: Names) -> Act:
    salted = {
        member: shown(_renamed_value(one.value, names))
        for member, one in act.committed().items()
        if isinstance(one, Shown)
    }
    return type(act).model_validate({**_renamed_value(act.facts(), names), **salted})


def _copy(
    connection: Connection, table: str, columns: Sequence[str], rows: Iterable[Sequence[object]]
) -> None:
    with _into(connection, table, columns) as lines:
        for row in rows:
            lines.write_row(row)


def _copy_lines(connection: Connection, table: str, columns: Sequence[str], lines: Iterable[str]) -> None:
    with _into(connection, table, columns) as into:
        into.write("".join(lines))


def _into(connection: Connection, table: str, columns: Sequence[str]) -> Any:
    listed = ", ".join(f'"{one}"' for one in columns)
    return _cursor(connection).copy(f'COPY "{table}" ({listed}) FROM STDIN')


def _cursor(connection: Connection) -> Any:
    return connection.connection.cursor()
