"""Damage to rows, openings and the access trail of a copied world; each injector returns what it is about."""

import hashlib
from dataclasses import replace
from datetime import date, timedelta

from schemas.chain import tree_hash
from schemas.leaf import leaf_bytes, parse_leaf
from schemas.leaves_log import TrailSeal
from storage.personal import opened_bytes, sealed
from storage.tables.monitoring import monitoring_records
from tests.evidence import Copy
from tests.injectors_log import OF_SPARE, entry_of_spare
from tests.owner import unguarded
from tests.tampering import chained_anew


def row_dropped(copy: Copy) -> str:
    copy.damage("DELETE FROM devices WHERE id = :id", id=copy.world.spare)
    return f"device/{copy.world.spare}"


def row_added(copy: Copy) -> str:
    copy.damage(
        "INSERT INTO case_handlers (case_id, account_id) VALUES (:case, :other)",
        case=copy.world.case,
        other=copy.bureau.reviewer.id,
    )
    return f"case/{copy.world.case}"


def column_changed(copy: Copy) -> str:
    copy.damage("UPDATE recordings SET sm3 = 'x' WHERE id = :id", id=copy.world.photo)
    return f"recording/{copy.world.photo}"


def opening_dropped(copy: Copy) -> str:
    copy.damage(
        f"DELETE FROM openings WHERE {OF_SPARE} AND member = 'name'", about=f"device/{copy.world.spare}"
    )
    return entry_of_spare(copy)


def opening_exchanged(copy: Copy) -> str:
    copy.damage(
        f"UPDATE openings SET opening = 'x' WHERE {OF_SPARE} AND member = 'name'",
        about=f"device/{copy.world.spare}",
    )
    return entry_of_spare(copy)


def opening_added(copy: Copy) -> str:
    copy.damage("INSERT INTO openings (digest, member, opening) VALUES (sha256('x'), 'name', 'x')")
    return f"leaf/{hashlib.sha256(b'x').hexdigest()}"


def batch_row_altered(copy: Copy) -> str:
    """Somebody with the key writes the row as another; whoever has none spoils it, which is named too."""
    kept = copy.scalar("SELECT raw FROM monitoring_records WHERE id = :id", id=copy.world.record)
    with copy.store.begin() as tx:
        column = monitoring_records.c.raw
        raw = opened_bytes(tx.connection, column, copy.world.record, kept) + b" "
        made = sealed(tx.connection, column, copy.world.record, raw)
    copy.damage("UPDATE monitoring_records SET raw = :raw WHERE id = :id", raw=made, id=copy.world.record)
    ident = copy.scalar("SELECT intake_id FROM monitoring_records WHERE id = :id", id=copy.world.record)
    return f"intake/{ident}"


def party_spoilt(copy: Copy) -> str:
    copy.damage(
        "UPDATE cases SET party = set_byte(party, 30, 255 - get_byte(party, 30)) WHERE id = :id",
        id=copy.world.case,
    )
    return f"case/{copy.world.case}"


def evidence_exchanged(copy: Copy) -> str:
    copy.damage("UPDATE reviews SET evidence = '{\"facts\": []}' WHERE id = :id", id=copy.world.review)
    return f"review/{copy.world.review}"


def member_exchanged(copy: Copy) -> str:
    copy.damage("UPDATE audit_population SET member_id = gen_random_uuid() WHERE position = 0")
    return f"audit/{copy.world.audit}"


def sample_exchanged(copy: Copy) -> str:
    copy.damage("UPDATE audit_sample SET member_id = gen_random_uuid()")
    return f"audit/{copy.world.audit}"


def signature_altered(copy: Copy) -> str:
    copy.damage(
        "UPDATE manifests SET signature = signature || 'A'"
        " WHERE id = (SELECT manifest_id FROM recordings WHERE id = :id)",
        id=copy.world.photo,
    )
    return f"recording/{copy.world.photo}"


_DAY = "(SELECT day FROM trail_rows GROUP BY day ORDER BY count(*) DESC LIMIT 1)"
_SECOND = f"FROM trail_rows WHERE day = {_DAY} AND n = 2"
_EMPTY = "FROM custody_entries WHERE event = 'trail:seal' ORDER BY id DESC OFFSET 1 LIMIT 1"
_LIKE = "event, result, code, asked, about, address, at, last_at"


def trail_row_changed(copy: Copy) -> str:
    copy.damage(f"UPDATE trail_rows SET address = '10.9.9.9' WHERE id = (SELECT id {_SECOND})")
    return f"trail/{copy.scalar(f'SELECT id {_SECOND}')}"


def trail_row_dropped(copy: Copy) -> str:
    day = copy.scalar(f"SELECT day::text {_SECOND}")
    copy.damage(f"DELETE {_SECOND}")
    return f"trail/{day}"


def trail_row_inserted(copy: Copy) -> str:
    copy.damage(f"INSERT INTO trail_rows (day, {_LIKE}) SELECT day, {_LIKE} {_SECOND}")
    return f"trail/{copy.scalar(f'SELECT id FROM trail_rows WHERE day = {_DAY} AND n IS NULL')}"


def trail_day_rewritten(copy: Copy) -> str:
    day = copy.scalar(f"SELECT day {_SECOND}")
    copy.damage(f"UPDATE trail_rows SET address = '10.9.9.9' WHERE day = {_DAY}")
    with unguarded(copy.store) as tx:
        chained_anew(tx.connection, day)
    return f"trail/{day}"


def trail_day_dropped(copy: Copy) -> str:
    """A day without rows, whose seal the log has not integrated: nothing else tells."""
    day = copy.scalar("SELECT day FROM trail_seals ORDER BY day DESC OFFSET 1 LIMIT 1")
    copy.damage(f"DELETE FROM custody_entries WHERE id = (SELECT id {_EMPTY})")
    copy.damage("DELETE FROM trail_seals WHERE day = :day", day=day)
    return f"trail/{day}"


def trail_dropped_early(copy: Copy) -> str:
    """The last seal, which the log has not integrated, lets all rows go."""
    newest = "FROM custody_entries WHERE event = 'trail:seal' ORDER BY id DESC LIMIT 1"
    leaf = parse_leaf(bytes(copy.scalar(f"SELECT leaf {newest}")))
    assert isinstance(leaf.act, TrailSeal)
    after = (date.fromisoformat(leaf.act.day) + timedelta(days=1)).isoformat()
    made = leaf_bytes(replace(leaf, act=leaf.act.model_copy(update={"kept_from": after})))
    copy.damage(
        "UPDATE custody_entries SET leaf = :leaf, digest = sha256(:leaf), leaf_hash = :hash"
        f" WHERE id = (SELECT id {newest})",
        leaf=made,
        hash=tree_hash(made),
    )
    copy.damage("UPDATE trail_seals SET kept_from = :after WHERE day = :day", after=after, day=leaf.act.day)
    copy.damage("DELETE FROM trail_rows")
    return f"trail/{leaf.act.day}"
