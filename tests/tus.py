"""A client's side of the upload routes, as thin as can be: what is sent stands in the test."""

import base64
from typing import Any
from uuid import UUID

import httpx

from schemas.digest import sha256_hex
from schemas.ids import UploadId
from schemas.recording import Recording
from storage.objects.hashing import hash_object, object_blocks
from storage.store import Store
from tests.factories import TestDevice

VERSION = {"Tus-Resumable": "1.0.0"}
BODY = {"Content-Type": "application/offset+octet-stream"}


def bearer(token: str) -> dict[str, str]:
    """The header that carries a token."""
    return {"Authorization": f"Bearer {token}"}


def metadata(**pairs: str) -> str:
    """An Upload-Metadata header."""
    return ",".join(f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in pairs.items())


def opened(client: httpx.Client, length: int, **pairs: str) -> str:
    """Open an upload; returns its address."""
    answer = client.post(
        "/v1/uploads",
        headers={**VERSION, "Upload-Length": str(length), "Upload-Metadata": metadata(**pairs)},
    )
    assert answer.status_code == 201, answer.text
    return answer.headers["Location"]


def patched(client: httpx.Client, url: str, body: Any, offset: int = 0, **headers: str) -> httpx.Response:
    """Append `body` (bytes, or an iterator for chunked transfer) at `offset`."""
    stated = {**VERSION, **BODY, "Upload-Offset": str(offset), **headers}
    return client.patch(url, content=body, headers=stated)


def offset_of(client: httpx.Client, url: str) -> int:
    """What the server says it holds."""
    answer = client.head(url, headers=VERSION)
    assert answer.status_code == 200
    return int(answer.headers["Upload-Offset"])


def sent(client: httpx.Client, payload: bytes, **pairs: str) -> UUID:
    """Open, send everything in one request and complete; returns the recording's id."""
    url = opened(client, len(payload), **pairs)
    if payload:
        assert patched(client, url, payload).status_code == 204
    return UUID(client.post(f"{url}/complete").json()["recording_id"])


def declared(client: httpx.Client, device: TestDevice, manifest: bytes, **headers: str) -> httpx.Response:
    """Declare a manifest under the device's signature, or under the one in `headers`."""
    return client.post(
        "/v1/manifests",
        content=manifest,
        headers={"Quancheng-Signature": device.sign(manifest), **headers},
    )


def captured(client: httpx.Client, device: TestDevice, name: str, payload: bytes, **changed: Any) -> UUID:
    """Declare a manifest of one file and send the file."""
    manifest = device.manifest({name: payload}, **changed)
    assert declared(client, device, manifest).status_code == 201
    return sent(client, payload, filename=name, manifest=sha256_hex(manifest), sha256=sha256_hex(payload))


def recorded(store: Store, upload: str | UUID) -> Recording:
    """The recording that an upload became; `upload` is its id or its address."""
    ident = upload if isinstance(upload, UUID) else UUID(upload.rsplit("/", 1)[1])
    with store.begin() as tx:
        became = tx.uploads.known(UploadId(ident)).recording_id
        assert became is not None
        return tx.recordings.known(became)


def stored(store: Store, upload: str | UUID) -> bytes:
    """The bytes of the recording that an upload became, read back from the store."""
    found = recorded(store, upload)
    return b"".join(map(bytes, object_blocks(store.objects, found.object_key, found.version_id)))


def stored_sha256(store: Store, upload: str | UUID) -> str:
    """Their digest."""
    found = recorded(store, upload)
    return hash_object(store.objects, found.object_key, found.version_id).sha256.value
