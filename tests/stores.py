"""The object stores that the contract tests run against, and a wire between us and them that can be cut."""

import os
import socket
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest

from schemas.upload import Part
from storage.objects.port import Objects

MIB = 1024 * 1024
MIN_PART_BYTES = 5 * MIB  # S3 takes no smaller part, except the last

STORES = ["folder", "minio", *(["second"] if "SECOND_OBJECTS_URL" in os.environ else [])]
"""`make s3-contract` sets `SECOND_OBJECTS_URL`; a second store is no part of the ordinary run."""


def store_urls(request: pytest.FixtureRequest, folder: Path) -> tuple[str, str]:
    """Addresses of the parameter's store: for the services, and for the keeper."""
    if request.param == "folder":
        return (folder_url(folder),) * 2
    if request.param == "second":
        return (os.environ["SECOND_OBJECTS_URL"],) * 2
    return request.getfixturevalue("objects_url"), request.getfixturevalue("keeper_url")


def folder_url(folder: Path) -> str:
    """Address of a folder store that leaves no reserve, so that a test also runs on a small disk."""
    return f"file://{folder}/objects?min_free_bytes=0"


def fresh_key() -> str:
    """A key that nobody has used; keys of one test never collide with those of another."""
    return f"contract/{uuid.uuid4()}"


def digest(*pieces: bytes) -> bytes:
    """Raw SHA-256 of the pieces."""
    return sha256(b"".join(pieces)).digest()


def sent(objects: Objects, key: str, ref: str, number: int, body: bytes) -> Part:
    """Send a part and describe it as the database would."""
    etag = objects.put_part(key, ref, number, [body], sha256=digest(body))
    return Part(number=number, start_bytes=0, size_bytes=len(body), sha256=digest(body), etag=etag)


def read(objects: Objects, key: str, version_id: str, **window: int | None) -> bytes:
    """Read a version to its end with a buffer that does not divide its size."""
    whole = bytearray()
    buffer = memoryview(bytearray(1000 * 1000))
    with objects.open(key, version_id, **window) as source:
        while count := source.readinto(buffer):
            whole += buffer[:count]
    return bytes(whole)


class Wire:
    """A TCP relay in front of a store.

    `lose(n)`: the next `n` answers are lost; the request has been carried out and the connection closes.
    `cut(n)`: the next answer breaks off after `n` bytes. `connections` counts what was accepted.
    `hold(n)`: after `n` bytes of requests nothing more goes through, `is_held` is set, until `let_go()`.
    """

    def __init__(self, url: str) -> None:
        target = urlsplit(url)
        self._upstream = (target.hostname, target.port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        port = self._listener.getsockname()[1]
        secret, at, _ = target.netloc.rpartition("@")
        self.url = urlunsplit(target._replace(netloc=f"{secret}{at}127.0.0.1:{port}"))
        self.connections = 0
        self._losses = 0
        self._cut_bytes: int | None = None
        self._hold_bytes: int | None = None
        self.is_held = threading.Event()
        self._goes_on = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    def lose(self, answers: int) -> None:
        self._losses = answers

    def cut(self, after_bytes: int) -> None:
        self._cut_bytes = after_bytes

    def hold(self, after_bytes: int) -> None:
        self._hold_bytes = after_bytes

    def let_go(self) -> None:
        self._hold_bytes = None
        self._goes_on.set()

    def close(self) -> None:
        self.let_go()
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self.connections += 1
                upstream = socket.create_connection(self._upstream)
                threading.Thread(target=self._relay, args=(client, upstream), daemon=True).start()
                threading.Thread(target=self._answer, args=(upstream, client), daemon=True).start()

    def _relay(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while received := source.recv(65536):
                self._wait_if_held(len(received))
                target.sendall(received)
        _end(source, target)

    def _wait_if_held(self, arrived: int) -> None:
        if self._hold_bytes is None:
            return
        self._hold_bytes -= arrived
        if self._hold_bytes <= 0:
            self.is_held.set()
            self._goes_on.wait()

    def _answer(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while received := source.recv(65536):
                if self._losses:
                    self._losses -= 1
                    break
                if self._cut_bytes is not None:
                    target.sendall(received[: self._cut_bytes])
                    self._cut_bytes -= len(received)
                    if self._cut_bytes <= 0:
                        self._cut_bytes = None
                        break
                    continue
                target.sendall(received)
        _end(source, target)


@contextmanager
def wire(url: str) -> Iterator[Wire]:
    """A wire to the store at `url` for the length of a block."""
    made = Wire(url)
    try:
        yield made
    finally:
        made.close()


def _end(*ends: socket.socket) -> None:
    for end in ends:
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
        end.close()
