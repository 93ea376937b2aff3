"""A connection on which the test writes every byte itself."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from tests.factories import TestDevice
from tests.stand import PATIENCE_SECONDS
from tests.tus import BODY, VERSION, bearer


@contextmanager
def line(url: str) -> Iterator[socket.socket]:
    """A connection to a server."""
    address = urlsplit(url)
    with socket.create_connection((address.hostname, address.port), timeout=PATIENCE_SECONDS) as made:
        yield made


@contextmanager
def begun(url: str, device: TestDevice, path: str, length: int, first: bytes) -> Iterator[socket.socket]:
    """A PATCH of `length` bytes whose head and first bytes are sent."""
    stated = {
        **bearer(device.token),
        **VERSION,
        **BODY,
        "Host": "localhost",
        "Upload-Offset": "0",
        "Content-Length": str(length),
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in stated.items())
    with line(url) as wire:
        wire.sendall(f"PATCH {path} HTTP/1.1\r\n{head}\r\n".encode() + first)
        yield wire
