"""A TCP line between two programs that is cut, falls silent, is held or is taken away: real sockets, no fake.

What is cut where is drawn from a seed: the same seed draws the same cuts. Bytes are counted once they have reached the
other side's kernel: what a broken line swallows was never sent.
"""

import fcntl
import random
import socket
import struct
import termios
import threading
from collections.abc import Iterable, Iterator
from contextlib import suppress
from enum import Enum
from types import TracebackType
from typing import NamedTuple, Self

from tests.stand import PATIENCE_SECONDS, until

_BLOCK = 64 * 1024
_ABORT = struct.pack("ii", 1, 0)


class How(Enum):
    """How a line ends: in good order, by a reset, or unseen by the server, which goes on waiting."""

    FIN = "fin"
    RST = "rst"
    SILENT = "silent"


class Cut(NamedTuple):
    """Where one connection ends: after so many bytes from the client."""

    after_bytes: int
    how: How


def drawn_cuts(number: int, size_bytes: int, seed: int) -> list[Cut]:
    """Draw the cuts of one body: every byte of it may be the last one of a connection."""
    chance = random.Random(seed)
    places = sorted(chance.sample(range(1, size_bytes), number))
    return [
        Cut(place - before, chance.choice(list(How)))
        for before, place in zip([0, *places], places, strict=False)
    ]


class Proxy:
    """Forwards to one port of loopback; each connection takes the next cut, and those after the last are whole."""

    def __init__(self, port: int, cuts: Iterable[Cut] = ()) -> None:
        self._target = port
        self._cuts: Iterator[Cut] = iter(cuts)
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._flow = threading.Event()
        self._flow.set()
        self._allowance: int | None = None
        self.is_holding = threading.Event()
        self.sent_bytes = 0
        self.made_cuts = 0
        self._listener = _bound(0)
        self.port = int(self._listener.getsockname()[1])
        self.back()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, err: BaseException | None, at: TracebackType | None
    ) -> None:
        self.away()
        self._listener.close()

    def cut(self, cuts: Iterable[Cut]) -> None:
        """Have the connections from now on end at these places."""
        with self._lock:
            self._cuts = iter(cuts)

    def away(self) -> None:
        """End every connection and refuse new ones, until `back`; the port stays ours."""
        _wake(self._listener)
        self._listener.close()
        self._listener = _bound(self.port)
        self.let_go()
        with self._lock:
            ended = list(self._open)
        for one in ended:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            _reset(one)

    def back(self) -> None:
        """Take connections."""
        self._listener.listen(100)
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def hold_answers(self, after_bytes: int) -> None:
        """Let so many bytes of the target's answers pass and no more; `is_holding` is set when one waits for more."""
        self.is_holding.clear()
        self._allowance = after_bytes
        self._flow.clear()

    def let_go(self) -> None:
        """Hold nothing any more."""
        self._allowance = None
        self._flow.set()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._connect, args=(client,), daemon=True).start()

    def _connect(self, client: socket.socket) -> None:
        try:
            target = socket.create_connection(("127.0.0.1", self._target), timeout=PATIENCE_SECONDS)
        except OSError:  # it is away, and that is what whoever asked is to meet
            _reset(client)
            return
        for one in (client, target):
            one.settimeout(None)
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with self._lock:
            cut = next(self._cuts, None)
            self._open |= {client, target}
        answering = threading.Thread(target=self._answer, args=(target, client), daemon=True)
        answering.start()
        self._send(client, target, cut)
        answering.join()
        with self._lock:
            self._open -= {client, target}
        for one in (client, target):
            one.close()

    def _send(self, client: socket.socket, target: socket.socket, cut: Cut | None) -> None:
        left = cut.after_bytes if cut else None
        with suppress(OSError):
            while left != 0 and (block := client.recv(_BLOCK if left is None else min(_BLOCK, left))):
                target.sendall(block)
                with self._lock:
                    self.sent_bytes += len(block)
                left = None if left is None else left - len(block)
            if cut is None or left:
                target.shutdown(socket.SHUT_WR)
                return
            until(lambda: _unsent_bytes(target) == 0, "what was sent has arrived")
            with self._lock:
                self.made_cuts += 1
            _reset(client)
            if cut.how is How.RST:
                _reset(target)
            elif cut.how is How.FIN:
                target.shutdown(socket.SHUT_WR)

    def _answer(self, target: socket.socket, client: socket.socket) -> None:
        with suppress(OSError):
            while block := target.recv(_BLOCK):
                while block:
                    taken = self._passing(len(block))
                    client.sendall(block[:taken])
                    block = block[taken:]
            client.shutdown(socket.SHUT_WR)

    def _passing(self, wanted: int) -> int:
        """Wait until some of so many bytes may pass; returns how many."""
        with self._lock:
            if self._allowance is None:
                return wanted
            taken = min(wanted, self._allowance)
            self._allowance -= taken
        if not taken:
            self.is_holding.set()
            self._flow.wait()
        return taken


def _bound(port: int) -> socket.socket:
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.bind(("127.0.0.1", port))
    return made


def _unsent_bytes(one: socket.socket) -> int:
    return int(struct.unpack("i", fcntl.ioctl(one.fileno(), termios.TIOCOUTQ, b"\0" * 4))[0])


def _wake(one: socket.socket) -> None:
    """End the wait of whoever reads from it or accepts on it: closing alone does not."""
    with suppress(OSError):
        one.shutdown(socket.SHUT_RD)


def _reset(one: socket.socket) -> None:
    with suppress(OSError):
        one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _ABORT)
        _wake(one)
        one.close()
