"""Damage to the log of a copied world, by whoever holds its database; each injector returns what it is about."""

from dataclasses import replace
from uuid import uuid4

from schemas.case import CaseState
from schemas.chain import tree_hash
from schemas.leaf import leaf_bytes, parse_leaf
from schemas.leaves_case import CaseClose
from schemas.note import vkey_of_seed
from storage.settings import seed
from tests.evidence import Copy
from tests.traces import leave_trace
from workers.custody import integrate

ENROLMENT = "FROM custody_entries WHERE subject = :about AND event = 'device:enrol' ORDER BY id LIMIT 1"
OF_SPARE = f"digest = (SELECT digest {ENROLMENT})"


def entry_of_spare(copy: Copy) -> str:
    return f"entry/{copy.scalar(f'SELECT entry_id {ENROLMENT}', about=f'device/{copy.world.spare}')}"


def last_checkpoint(copy: Copy) -> str:
    return f"checkpoint/{copy.scalar('SELECT max(size) FROM checkpoints')}"


def leaf_altered(copy: Copy) -> str:
    copy.damage(
        "UPDATE custody_entries SET leaf = leaf || ' ' WHERE subject = :about AND event = 'device:enrol'",
        about=f"device/{copy.world.spare}",
    )
    return entry_of_spare(copy)


def leaf_of_nonsense(copy: Copy) -> str:
    ident = uuid4()
    copy.damage(
        "INSERT INTO custody_entries (entry_id, event, ev, actor, subject, at, leaf, digest, leaf_hash)"
        " VALUES (:id, 'device:enrol', 0, 'system', :about, now(), :leaf, sha256(:leaf), :hash)",
        id=ident,
        about=f"device/{copy.world.spare}",
        leaf=b"no json",
        hash=tree_hash(b"no json"),
    )
    return f"entry/{ident}"


def actor_changed(copy: Copy) -> str:
    copy.damage(
        "UPDATE custody_entries SET actor = 'account/x' WHERE subject = :about AND event = 'device:enrol'",
        about=f"device/{copy.world.spare}",
    )
    return entry_of_spare(copy)


def entry_dropped(copy: Copy) -> str:
    about = f"device/{copy.world.bureau.device.id}"
    enrolled = "FROM custody_entries WHERE subject = :about AND event = 'device:enrol'"
    index = copy.scalar(f"SELECT leaf_index {enrolled}", about=about)
    copy.damage(f"DELETE {enrolled}", about=about)
    return f"leaf_index/{index}"


def tile_dropped(copy: Copy) -> str:
    copy.damage("DELETE FROM log_tiles WHERE level = 0 AND n = 0")
    return "tile/0/0"


def tile_altered(copy: Copy) -> str:
    copy.damage("UPDATE log_tiles SET hashes = set_byte(hashes, 0, 255 - get_byte(hashes, 0))")
    return "tile/0/0"


def tile_added(copy: Copy) -> str:
    copy.damage("INSERT INTO log_tiles VALUES (0, 9, 'x')")
    return "tile/0/9"


def note_altered(copy: Copy) -> str:
    copy.damage("UPDATE checkpoints SET note = note || 'x' WHERE size = (SELECT max(size) FROM checkpoints)")
    return last_checkpoint(copy)


def root_altered(copy: Copy) -> str:
    copy.damage("UPDATE checkpoints SET root = sha256(root) WHERE size = (SELECT max(size) FROM checkpoints)")
    return last_checkpoint(copy)


def history_rewritten(copy: Copy) -> str:
    last = copy.scalar("SELECT max(leaf_index) FROM custody_entries")
    leaf = parse_leaf(
        bytes(copy.scalar("SELECT leaf FROM custody_entries WHERE leaf_index = :last", last=last))
    )
    copy.relog(last, leaf_bytes(replace(leaf, salt="0" * 32)))
    return last_checkpoint(copy)


def ticket_dropped(copy: Copy) -> str:
    copy.damage(
        f"UPDATE custody_entries SET ticket = NULL WHERE {OF_SPARE}", about=f"device/{copy.world.spare}"
    )
    return entry_of_spare(copy)


def ticket_exchanged(copy: Copy) -> str:
    """The ticket of another leaf, by the same process."""
    other = copy.scalar("SELECT ticket FROM custody_entries WHERE event = 'agency:open' LIMIT 1")
    copy.damage(
        f"UPDATE custody_entries SET ticket = :other WHERE {OF_SPARE}",
        other=other,
        about=f"device/{copy.world.spare}",
    )
    return entry_of_spare(copy)


def insert_refused(copy: Copy) -> str:
    """A leaf that stands in no chain, and that nobody signed."""
    with copy.store.begin() as tx:
        made = leave_trace(tx.custody)
    copy.damage("UPDATE custody_entries SET ticket = NULL WHERE entry_id = :id", id=made.entry_id)
    integrate(copy.store)
    return f"entry/{made.entry_id}"


def vkey_of(copy: Copy) -> str:
    settings = copy.store.settings
    return vkey_of_seed(settings.log_origin, seed(settings.log_key, "LOG_KEY"))


def published_elsewhere(copy: Copy) -> str:
    """The database knows nothing of the checkpoint that it told last."""
    last = copy.scalar("SELECT max(published_from) FROM checkpoints")
    copy.damage("DELETE FROM checkpoints WHERE size = (SELECT max(size) FROM checkpoints)")
    return f"journal/{last}"


def checkpoint_dropped(copy: Copy) -> str:
    size = copy.scalar("SELECT max(size) FROM checkpoints")
    copy.damage("DELETE FROM checkpoints WHERE size = :size", size=size)
    return f"checkpoint/{size}"


def log_cut(copy: Copy) -> str:
    copy.damage(
        "DELETE FROM custody_entries WHERE leaf_index = (SELECT max(leaf_index) FROM custody_entries)"
    )
    copy.retile()
    return last_checkpoint(copy)


def chain_torn(copy: Copy) -> str:
    """A leaf is put in the place of another: nothing after it follows."""
    about = f"case/{copy.world.case}"
    copy.damage(
        "UPDATE chain_places SET n = n + 100 WHERE of = :about AND n = 2",
        about=about,
    )
    return about


def chain_set_back(copy: Copy) -> str:
    about = f"device/{copy.world.spare}"
    copy.damage("UPDATE chains SET n = 0 WHERE of = :about", about=about)
    return about


def acts_unlawfully(copy: Copy) -> str:
    """Somebody logs for a case what its rules do not allow, with a chain that holds."""
    about = f"case/{copy.world.case}"
    with copy.store.begin() as tx:
        tx.custody.hold(about)
        tx.custody.append(CaseClose(to=CaseState.CLOSED), about, actor=copy.bureau.handler.reference)
    return about


def place_moved(copy: Copy) -> str:
    about = f"device/{copy.world.spare}"
    copy.damage(
        "UPDATE chain_places SET of = :other WHERE of = :about", about=about, other=f"device/{uuid4()}"
    )
    return entry_of_spare(copy)
