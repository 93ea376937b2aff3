"""One upload over a line that is cut again and again: `python -m tests.cuts [CUTS [MB [SEED]]]` on the stand.

Prints the seed, what was sent against the size, and the seconds; ends with 1 when more than 1.05 of the size went over
the line, or when what is stored, receipted or signed is anything but what was sent.
"""

import base64
import os
import random
import sys
import time
from contextlib import closing
from dataclasses import dataclass, field
from tempfile import TemporaryFile
from uuid import UUID

import httpx

from schemas.actor import Role
from schemas.digest import sha256_hex
from storage.objects.hashing import hash_object
from storage.setup.migrate import upgrade
from storage.store import Store
from tests.factories import TestDevice, enrol_device, make_account, make_agency, make_settings
from tests.proxy import Proxy, drawn_cuts
from tests.server import serving_apart
from tests.stand import PATIENCE_SECONDS, until
from tests.tus import BODY, VERSION, bearer, declared, opened
from tests.web import TRUST

PIECE = 64 * 1024
MOST = 1.05
"""So much of the size may go over the line, heads of the requests and all."""


@dataclass
class Sender:
    """A stock client with one upload: after whatever went wrong it asks for the offset and goes on from there.

    `acknowledged` is what it was told is held; a smaller offset than one it was told before is bytes lost.
    """

    client: httpx.Client
    payload: bytes
    url: str = ""
    acknowledged: int = 0
    refusals: list[tuple[int, str]] = field(default_factory=list)

    def finish(self) -> None:
        """Send what is left; the patience is for one step, not for all of them."""
        while self.acknowledged < len(self.payload):
            before = self.acknowledged
            until(lambda before=before: self.has_moved(before), f"more than {before}: {self.refusals[-3:]}")

    def has_moved(self, before: int = -1) -> bool:
        """Ask for the offset, send the rest; whether more is held than before."""
        try:
            if self.ask() < len(self.payload):
                self.told(self.send(self.acknowledged))
        except httpx.TransportError:  # the line broke, or nobody is there
            pass
        return self.acknowledged > before

    def ask(self) -> int:
        """The offset by HEAD, or the last one that was told while nobody tells another."""
        self.told(self.client.head(self.url, headers=VERSION))
        return self.acknowledged

    def send(self, offset: int) -> httpx.Response:
        """One PATCH of all that is left."""
        pieces = (self.payload[at : at + PIECE] for at in range(offset, len(self.payload), PIECE))
        stated = {"Upload-Offset": str(offset), "Content-Length": str(len(self.payload) - offset)}
        return self.client.patch(self.url, content=pieces, headers={**VERSION, **BODY, **stated})

    def told(self, answer: httpx.Response) -> None:
        """Take an offset, or a refusal in the form that every refusal has."""
        if answer.is_success:
            offset = int(answer.headers["Upload-Offset"])
            assert offset >= self.acknowledged, f"{self.acknowledged} were acknowledged, now {offset}"
            self.acknowledged = offset
            return
        slug = ""
        if answer.request.method != "HEAD":
            assert answer.headers["Content-Type"].startswith("application/problem+json"), answer.text
            slug = answer.json()["type"].rpartition(":")[2]
        self.refusals.append((answer.status_code, slug))
        assert answer.status_code != httpx.codes.INTERNAL_SERVER_ERROR, answer.text


def begun(client: httpx.Client, device: TestDevice, payload: bytes, name: str = "现场.bin") -> Sender:
    """Declare a file under the device's signature and open its upload."""
    manifest = device.manifest({name: payload})
    assert declared(client, device, manifest).status_code == httpx.codes.CREATED
    pairs = {"filename": name, "manifest": sha256_hex(manifest), "sha256": sha256_hex(payload)}
    return Sender(client, payload, opened(client, len(payload), **pairs))


def recording_of(store: Store, sender: Sender) -> UUID:
    """What the upload became; the receipt is asked of the server and held against the log."""
    said = sender.client.get(f"{sender.url}/receipt").raise_for_status().json()
    ident = UUID(said["recording_id"])
    with store.begin() as tx:
        leaves = {entry.digest for entry in tx.custody.entries_for(f"recording/{ident}")}
    assert said["size_bytes"] == len(sender.payload)
    assert said["declared_sha256"] == sha256_hex(sender.payload)
    assert sha256_hex(base64.b64decode(said["leaf"])) == said["digest"]
    assert said["digest"] in leaves, "the receipt names a leaf that nobody holds"
    return ident


def stored_sha256(store: Store, ident: UUID) -> str:
    """The digest of what the store holds under a recording."""
    with store.begin() as tx:
        found = tx.recordings.known(ident)
    return hash_object(store.objects, found.object_key, found.version_id).sha256.value


def client_of(address: str, device: TestDevice) -> httpx.Client:
    """A client with the device's token."""
    return httpx.Client(
        base_url=address, headers=bearer(device.token), verify=TRUST, timeout=PATIENCE_SECONDS
    )


def cut_again_and_again(
    store: Store, device: TestDevice, port: int, *, cuts: int, payload: bytes, seed: int
) -> float:
    """Send `payload` to the server on `port` over a line with so many cuts; returns what was sent, in sizes of it.

    Raises:
        AssertionError: something that was acknowledged is not there, or something else is.
    """
    with Proxy(port) as line, client_of(f"http://127.0.0.1:{line.port}", device) as client:
        sender = begun(client, device, payload)
        client.close()  # the connection that opened the upload is none of those that are cut
        line.cut(drawn_cuts(cuts, len(payload), seed))
        before = line.sent_bytes
        with client_of(f"http://127.0.0.1:{line.port}", device) as sender.client:
            sender.finish()
            sent = (line.sent_bytes - before) / len(payload)
            assert line.made_cuts == cuts
            ident = recording_of(store, sender)
    assert stored_sha256(store, ident) == sha256_hex(payload)
    return sent


def main(cuts: int = 1_000, megabytes: int = 200, seed: int | None = None) -> int:
    """Cut one upload so often, say what it cost, and hold that everything is there."""
    seed = random.SystemRandom().randrange(2**32) if seed is None else seed
    print(f"{cuts} cuts of {megabytes} MB, seed {seed}", flush=True)
    payload = random.Random(seed).randbytes(megabytes * 1_000_000)
    settings = make_settings(os.environ["DATABASE_URL"], os.environ["OBJECTS_URL"])
    with closing(Store(settings)) as store:
        upgrade(store.engine)
        device = enrol_device(store, make_account(store, make_agency(store), Role.CUSTODIAN)[1])
        with TemporaryFile() as log, serving_apart(store, log=log) as (_, address):
            port, began = int(address.rpartition(":")[2]), time.monotonic()
            sent = cut_again_and_again(store, device, port, cuts=cuts, payload=payload, seed=seed)
    print(f"sent {sent:.4f} of the size in {time.monotonic() - began:.0f} s; everything is there")
    return 0 if sent <= MOST else 1


if __name__ == "__main__":
    sys.exit(main(*(int(word) for word in sys.argv[1:])))
