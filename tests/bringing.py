"""A person who hands in files from a browser: what the page sends, as thin as can be."""

import json
from typing import Any
from uuid import UUID

import httpx

from api.deps import COOKIE
from api.form_token import FORM_TOKEN, form_token
from schemas.actor import Actor
from schemas.declaration import Declaration
from schemas.digest import sha256_hex
from storage.recording.upload import NewUpload
from storage.store import Store
from tests.factories import append
from tests.stand import PATIENCE_SECONDS
from tests.tus import opened, patched
from tests.web import TRUST

TAKEN = {"origin": "taken"}
FULL = {
    "origin": "copied",
    "source": "某店监控主机硬盘",
    "maker": "王执法",
    "made_at": "2026-11-29T10:00:00+08:00",
    "method": "现场复制",
    "document": "interview_record",
    "media_type": "application/pdf",
}


def browser(url: str, token: str, **headers: str) -> httpx.Client:
    """A client with the console's cookie and the token of its forms, as the script of the page has them."""
    given = {FORM_TOKEN: form_token(token), "Sec-Fetch-Site": "same-origin", **headers}
    return httpx.Client(
        base_url=url, cookies={COOKIE: token}, headers=given, verify=TRUST, timeout=PATIENCE_SECONDS
    )


def brought(client: httpx.Client, payload: bytes, said: dict[str, Any], **pairs: str) -> UUID:
    """Hand in a file with what is declared of it; returns the recording's id, out of its receipt."""
    names = {"filename": "件.bin", "sha256": sha256_hex(payload), **pairs}
    url = opened(client, len(payload), **names, declaration=json.dumps(said))
    if payload:
        assert patched(client, url, payload).status_code == 204
    return UUID(client.get(f"{url}/receipt").json()["recording_id"])


def bring(store: Store, actor: Actor, name: str, payload: bytes, said: Declaration, **wish: Any) -> UUID:
    """The same without HTTP."""
    asked = NewUpload(
        length_bytes=len(payload),
        filename=name,
        declared_sha256=sha256_hex(payload),
        declaration=said,
        **wish,
    )
    with store.begin() as tx:
        upload = tx.uploads.open(actor, asked)
    done = append(store, actor, upload.id, payload)
    assert done.recording_id is not None
    return done.recording_id
