"""What an outsider needs to trust a package: the public keys and the newest checkpoint."""

import base64
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi import APIRouter
from fastapi.responses import PlainTextResponse

from api.deps import Tx
from api.route import Route
from schemas.base import WireOut
from schemas.note import vkey_of_seed
from schemas.refusals_custody import PROOF_PENDING
from storage.settings import StorageSettings, seed

router = APIRouter(prefix="/v1", tags=["custody"], route_class=Route)


class TrustOut(WireOut):
    """Fetch it apart from any package. Keys are public; `checkpoint` is the log's newest signed state."""

    v: int
    origin: str
    log_vkey: str
    registry_key: str
    export_vkey: str
    checkpoint: str | None


def trust_of(settings: StorageSettings) -> dict[str, Any]:
    """Return the public side of the server's keys."""
    origin = settings.log_origin
    registry = Ed25519PrivateKey.from_private_bytes(seed(settings.registry_key, "REGISTRY_KEY"))
    return {
        "v": 1,
        "origin": origin,
        "log_vkey": vkey_of_seed(origin, seed(settings.log_key, "LOG_KEY")),
        "registry_key": base64.b64encode(registry.public_key().public_bytes_raw()).decode(),
        "export_vkey": vkey_of_seed(f"{origin}/export", seed(settings.export_key, "EXPORT_KEY")),
    }


@router.get("/trust", operation_id="getTrust")
def trust(tx: Tx) -> TrustOut:
    """Publish what is needed to check packages and proofs."""
    return TrustOut(**trust_of(tx.settings), checkpoint=tx.custody.latest_checkpoint())


@router.get("/checkpoint", operation_id="getCheckpoint", response_class=PlainTextResponse)
def checkpoint(tx: Tx) -> PlainTextResponse:
    """Return the newest checkpoint as a signed note (C2SP tlog-checkpoint)."""
    note = tx.custody.latest_checkpoint()
    if note is None:
        raise PROOF_PENDING("nothing has been signed yet")
    return PlainTextResponse(note)
