"""What somebody who can write to the database, and holds no key, puts there: leaves that look as if we had written them."""

import secrets
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple
from uuid import uuid4

from sqlalchemy import Connection, text

from schemas.act import Act
from schemas.base import whole_milliseconds
from schemas.chain import entry_hash, genesis, leaf_digest, step
from schemas.leaf import Leaf, Place, sealed_bytes
from schemas.leaves_case import CaseLink
from schemas.ticket import Ticket
from storage.custody.chains import chains_of
from storage.store import Store, utc_now
from storage.transaction import Transaction
from tests.casework import Bureau, make_bureau
from tests.owner import unguarded
from workers.custody import integrate

Signs = Callable[[str, str], Ticket | None]
"""What a forger signs with: event and digest in, a ticket out; None: it leaves the columns empty."""

_ENTRY = text(
    """
    INSERT INTO custody_entries (entry_id, event, ev, actor, subject, at, leaf, digest, leaf_hash, ticket, ticket_kid)
    VALUES (:id, :event, :ev, :actor, :subject, :at, :leaf, :digest, :leaf_hash, :ticket, :kid) RETURNING id
    """
)
_PLACE = text("INSERT INTO chain_places (of, n, entry) VALUES (:of, :n, :entry)")
_HEAD = text(
    "INSERT INTO chains (of, n, head, last_at) VALUES (:of, :n, :head, :at)"
    " ON CONFLICT (of) DO UPDATE SET n = excluded.n, head = excluded.head, last_at = excluded.last_at"
)


class Forged(NamedTuple):
    """A leaf that was put there: its row's id and its digest, hex."""

    row: int
    digest: str


def as_superuser(store: Store) -> AbstractContextManager[Transaction]:
    """A transaction in which no trigger fires; it commits."""
    return unguarded(store)


def next_place(tx: Transaction, of: str) -> Place:
    """Where a chain goes on, by its leaves: a forger reads them as well as we do."""
    n, head = 0, genesis(of)
    for one in tx.custody.chain(of):
        n, head = n + 1, step(head, one.digest, one.leaf.event)
    return Place(n=n + 1, of=of, prev=head)


def forge(
    tx: Transaction, act: Act, about: str, *within: str, actor: str, at: datetime, sign: Signs | None = None
) -> Forged:
    """Insert a leaf whose form and chains are in order, at a time of the forger's choosing."""
    places = [next_place(tx, of) for of in chains_of(act, about, within)]
    leaf = Leaf(
        id=str(uuid4()),
        salt=secrets.token_hex(16),
        actor=actor,
        subject=about,
        at=at,
        chains=tuple(places),
        act=act,
    )
    payload, _ = sealed_bytes(leaf, act)
    return insert(
        tx.connection, leaf, payload, None if sign is None else sign(leaf.event, leaf_digest(payload))
    )


def insert(connection: Connection, leaf: Leaf, payload: bytes, ticket: Ticket | None) -> Forged:
    """Insert the row of a leaf, and move its chains on."""
    digest = leaf_digest(payload)
    row: int = connection.execute(
        _ENTRY,
        {
            "id": leaf.id,
            "event": leaf.event,
            "ev": leaf.ev,
            "actor": leaf.actor,
            "subject": leaf.subject,
            "at": leaf.at,
            "leaf": payload,
            "digest": bytes.fromhex(digest),
            "leaf_hash": bytes.fromhex(entry_hash(digest)),
            "ticket": None if ticket is None else ticket.signature,
            "kid": None if ticket is None else ticket.kid,
        },
    ).scalar_one()
    for place in leaf.chains:
        connection.execute(_PLACE, {"of": place.of, "n": place.n, "entry": row})
        head = bytes.fromhex(step(place.prev, digest, leaf.event))
        connection.execute(_HEAD, {"of": place.of, "n": place.n, "head": head, "at": leaf.at})
    return Forged(row, digest)


def forged_tie(bureau: Bureau, sign: Signs | None = None) -> tuple[str, str, Forged]:
    """Another agency's photo in a case, dated eight days before the case existed, with the row of the tie."""
    store, case, stranger = bureau.store, bureau.open(), make_bureau(bureau.store, officers=("9", "8"))
    photo = stranger.capture()
    integrate(store)
    with as_superuser(store) as tx:
        tie = CaseLink(case=f"case/{case.id}", recording=f"recording/{photo}")
        put = partial(
            forge,
            actor=bureau.handler.reference,
            at=whole_milliseconds(utc_now() - timedelta(days=8)),
            sign=sign,
        )
        made = put(tx, tie, f"case/{case.id}")
        tx.connection.execute(
            text(
                "INSERT INTO case_links (case_id, recording_id, linked_by, linked_at)"
                " VALUES (:case, :photo, :who, now() - interval '8 days')"
            ),
            {"case": case.id, "photo": photo, "who": bureau.handler.id},
        )
    return f"case/{case.id}", f"recording/{photo}", made
