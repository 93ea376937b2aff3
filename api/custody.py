"""What an outsider needs to trust a package: the public keys, as the log itself says them, and the newest checkpoint."""

import base64
from datetime import datetime

from fastapi import APIRouter, Request, Response
from fastapi.responses import PlainTextResponse

from api.deps import Tx
from api.public_log import told
from api.route import Route
from schemas.base import WireOut
from schemas.consistency import TRUST_REACH
from schemas.leaves_log import KeyRole
from schemas.log_keys import LogKey, LogKeys
from schemas.note import vkey
from schemas.package import export_key_name
from schemas.refusals_custody import LOG_UNSIGNED
from storage.custody.log_keys import log_keys, open_head
from storage.transaction import Transaction

router = APIRouter(prefix="/v1", tags=["custody"], route_class=Route)


class EndedOut(WireOut):
    """A key of packages that is dead from the entry `ended` on. Others may have had it since an entry, or a time."""

    vkey: str
    ended: int
    suspect_entry: int | None
    suspect_at: datetime | None


class LogKeyOut(WireOut):
    """A key of the log itself: it signs checkpoints of `since` entries or more, until the next one does."""

    vkey: str
    since: int


class TrustOut(WireOut):
    """Fetch it apart from any package. Keys are public; `checkpoint` is the log's newest signed state.

    `log_vkey`, `registry_key` and `export_vkey` are those in force; the lists are of all that there ever were, oldest
    first: what they signed while they were in force holds. `ended` says of those of packages until when that was.

    `tiles` are the end of its tree, a line each: level, place, hashes in base64. They prove a package of the last 4,096
    entries to be of the same history; for older ones ask `/v1/log/consistency`.
    """

    v: int
    origin: str
    log_vkey: str
    log_keys: list[LogKeyOut]
    registry_key: str
    registry_keys: list[str]
    export_vkey: str
    export_vkeys: list[str]
    ended: list[EndedOut]
    checkpoint: str | None
    tiles: str


def trust_file(tx: Transaction) -> TrustOut:
    """Return what an outsider keeps: the keys, as the log itself says them, and the log as it is signed now.

    Raises:
        NotFound: it has not begun, or has not named every key yet (slug `log-unsigned`).
        IntegrityBroken: a leaf of its own chain was altered, or the checkpoint is not signed by the key beside it
            (slug `log-key-differs`).
    """
    keys, note = log_keys(tx.connection), tx.custody.latest_checkpoint()
    if keys is None:
        raise LOG_UNSIGNED("the log has not begun")
    if note is not None:
        open_head(note, keys)
    return TrustOut(
        v=1,
        origin=keys.origin,
        log_vkey=keys.vkey,
        log_keys=[LogKeyOut(vkey=one, since=since) for since, one in keys.signers.keys],
        registry_key=_in_force(keys, KeyRole.REGISTRY),
        registry_keys=_all(keys, KeyRole.REGISTRY),
        export_vkey=_vkey(keys, _in_force(keys, KeyRole.EXPORT)),
        export_vkeys=[_vkey(keys, one) for one in _all(keys, KeyRole.EXPORT)],
        ended=[_end(keys, one) for one in keys.keys if one.role is KeyRole.EXPORT and one.ended is not None],
        checkpoint=note,
        tiles=tx.custody.tree_end(TRUST_REACH),
    )


def _in_force(keys: LogKeys, role: KeyRole) -> str:
    """Return the key in force, or the last one where it was ended and none has followed yet."""
    every = _all(keys, role)
    if not every:
        raise LOG_UNSIGNED(f"the log has not named its {role.value} key yet")
    found = keys.in_force(role)
    return every[-1] if found is None else found.public


def _end(keys: LogKeys, key: LogKey) -> EndedOut:
    since = key.suspect_from
    is_time = isinstance(since, datetime)
    return EndedOut(
        vkey=_vkey(keys, key.public),
        ended=key.ended or 0,
        suspect_entry=None if is_time else since,
        suspect_at=since if is_time else None,
    )


def _all(keys: LogKeys, role: KeyRole) -> list[str]:
    return [one.public for one in keys.keys if one.role is role]


def _vkey(keys: LogKeys, public: str) -> str:
    return vkey(export_key_name(keys.origin), base64.b64decode(public))


@router.get("/trust", operation_id="getTrust")
def trust(tx: Tx) -> TrustOut:
    """Publish what is needed to check packages and proofs."""
    return trust_file(tx)


@router.get("/checkpoint", operation_id="getCheckpoint", response_class=PlainTextResponse)
def checkpoint(tx: Tx, request: Request) -> Response:
    """Return the newest checkpoint as a signed note (C2SP tlog-checkpoint); the same as `/v1/log/checkpoint`."""
    return told(request, tx.public_log.checkpoint())
