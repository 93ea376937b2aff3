"""An operator of a log with one key and as many histories as it likes: what it shows, it can change behind its followers.

It answers as a public log is read (`answer`), for a client without sockets or, with `serving_log`, over HTTP.
"""

import base64
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from schemas.checkpoint import Checkpoint, checkpoint_text
from schemas.log_tile import entry_bundle, parse_tile_path
from schemas.merkle import HASH_BYTES, Tiles, extend, leaf_hash, root_from_tiles, tile_width
from schemas.note import sign_note, vkey_of_seed
from schemas.own_chain import OwnChain

ORIGIN = "quancheng.test/log"
SEED = bytes(range(32))
LOG = "/v1/log/"
Answer = tuple[int, bytes]


def entries(count: int, mark: str = "") -> list[bytes]:
    """Entries of one history; another mark, another history."""
    return [f"{mark}{number}".encode().rjust(32, b".") for number in range(count)]


@dataclass
class History:
    """Entries with their tree, as far as somebody cared to sign."""

    entries: list[bytes]
    origin: str = ORIGIN
    seed: bytes = SEED
    tiles: Tiles = field(default_factory=dict)

    def __post_init__(self) -> None:
        hashes = [leaf_hash(one) for one in self.entries]
        self.tiles = extend(lambda level, n: b"", 0, hashes)

    @property
    def size(self) -> int:
        return len(self.entries)

    def note(self) -> str:
        """The checkpoint of all its entries."""
        root = root_from_tiles(self.size, self.tile)
        text = checkpoint_text(Checkpoint(origin=self.origin, size=self.size, root=root))
        return sign_note(text, self.origin, self.seed)

    def tile(self, level: int, n: int) -> bytes:
        return self.tiles.get((level, n), b"")

    def served(self, path: str) -> bytes | None:
        """What lies under the path of a tile; None beyond the last entry."""
        wanted = parse_tile_path(path)
        if wanted.width > tile_width(wanted.level or 0, wanted.n, self.size):
            return None
        if wanted.level is None:
            start = wanted.n * 256
            return entry_bundle(self.entries[start : start + wanted.width])
        return self.tile(wanted.level, wanted.n)[: wanted.width * HASH_BYTES]


@dataclass
class Operator:
    """Shows one history at a time. `twist` may change any answer; `looks` counts how often its checkpoint was asked for."""

    shown: History | None
    twist: Callable[[str, Answer], Answer] | None = None
    looks: int = 0
    chain: OwnChain | None = None
    """What it says of its own keys, where it says anything."""
    asked: list[str] = field(default_factory=list)

    @property
    def vkey(self) -> str:
        return vkey_of_seed(ORIGIN, SEED)

    def answer(self, path: str) -> Answer:
        """Answer GET of a path."""
        self.asked.append(path)
        found = self._answer(path)
        return found if self.twist is None else self.twist(path.removeprefix(LOG), found)

    def _answer(self, path: str) -> Answer:
        history = self.shown
        if path == "/v1/trust":
            return 200, json.dumps({"v": 1, "log_vkey": self.vkey}).encode()
        if path == f"{LOG}checkpoint":
            self.looks += 1
            return _problem("log-unsigned") if history is None else (200, history.note().encode())
        if path == f"{LOG}keys":
            return (
                _problem("log-unsigned")
                if self.chain is None
                else (200, self.chain.model_dump_json().encode())
            )
        found = None if history is None else history.served(path.removeprefix(LOG))
        return _problem("tile-unknown") if found is None else (200, found)


def trust_file(vkey: str, checkpoint: str | None = None) -> str:
    """A trust file with this key and checkpoint of the log, and other keys that nobody asks for here."""
    return json.dumps(
        {
            "v": 1,
            "origin": ORIGIN,
            "log_vkey": vkey,
            "registry_key": base64.b64encode(bytes(32)).decode(),
            "export_vkey": vkey_of_seed(f"{ORIGIN}/export", SEED),
            "checkpoint": checkpoint,
        }
    )


def _problem(slug: str) -> Answer:
    return 404, json.dumps({"slug": slug, "status": 404}).encode()


@contextmanager
def serving_log(operator: Operator) -> Iterator[str]:
    """Serve what the operator answers; yields the address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = operator.answer(self.path)
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            """Nobody reads it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
