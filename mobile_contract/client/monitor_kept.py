"""What a follower keeps of a log: every entry and tile it has verified, in the form in which logs are served.

    key                        the key it follows
    checkpoint                 the last checkpoint it accepted, as it was signed
    tile/…, tile/entries/…     all that this checkpoint covers: the folder can be served as a copy of the log
    proofs/                    what contradicted it: forks as JSON, notes as they came

Files of a new checkpoint are written first, the checkpoint last: a crash between leaves the old checkpoint, whose
files stand until the new one is safe. Whoever loses this folder loses what a rewritten past is seen by.
"""

import fcntl
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from mobile_contract.client.durable import write_durably
from schemas.checkpoint import Checkpoint, open_checkpoint
from schemas.digest import sha256_hex
from schemas.errors import Conflict, EvidenceError
from schemas.fork import Fork
from schemas.log_tile import TilePath
from schemas.merkle import HASH_BYTES, TILE_WIDTH, Tiles, root_from_tiles, tile_width
from schemas.note import parse_vkey
from schemas.refusals_follow import MONITOR_BUSY, MONITOR_DAMAGED, MONITOR_OF_ANOTHER

_FILE_MODE = 0o644


class Kept:
    """The folder of one follower of one log."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.head: Checkpoint | None = None
        """The last checkpoint that was accepted; None before the first."""
        self.note = ""

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the folder for this program alone.

        Raises:
            Conflict: another program holds it.
            OSError: it cannot be made.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as err:
                raise MONITOR_BUSY(f"另一个 monitor 正在使用 another monitor uses {self.folder}") from err
            yield

    def key(self) -> str | None:
        """Return the key this folder follows, the last one that the log handed on to; None in a new one."""
        keys = self.keys()
        return keys[-1] if keys else None

    def keys(self) -> list[str]:
        """Return every key of the log that this folder has followed, oldest first."""
        path = self.folder / "key"
        return path.read_text().split() if path.exists() else []

    def hand_on(self, vkey: str) -> None:
        """Follow the next key of the log from here on; those of before are kept, for what they signed.

        Raises:
            OSError: it cannot be written.
        """
        lines = "".join(f"{one}\n" for one in (*self.keys(), vkey))
        write_durably(self.folder / "key", lines.encode(), mode=_FILE_MODE)

    def opened(self, note: str) -> Checkpoint:
        """Return a checkpoint that was accepted before, or came with a trust file, by whichever key of the log signed it.

        Raises:
            SignatureInvalid, Invalid: as `open_checkpoint`, with the newest key.
        """
        for one in self.keys()[:-1]:
            with suppress(EvidenceError):
                return open_checkpoint(note, one)
        return open_checkpoint(note, self.key() or "")

    def open(self, vkey: str) -> None:
        """Bind the folder to a key, and read what it holds.

        Raises:
            Invalid: this is no key (slug `vkey-invalid`).
            Conflict: it follows another key, or what it holds is damaged.
        """
        name = parse_vkey(vkey).name
        bound = self.keys()
        if not bound:
            write_durably(self.folder / "key", f"{vkey}\n".encode(), mode=_FILE_MODE)
        elif vkey not in bound:
            raise MONITOR_OF_ANOTHER(
                f"{self.folder} 跟随的是另一密钥 follows another key: {bound[-1]}；现给出 now given: {name}. "
                "用 --state 换一个文件夹 name another folder with --state"
            )
        path = self.folder / "checkpoint"
        if not path.exists():
            return
        try:
            self.note = path.read_bytes().decode()
            self.head = self.opened(self.note)
            root = root_from_tiles(self.head.size, self.tile)
        except (EvidenceError, UnicodeDecodeError) as err:
            raise self._damaged(path) from err
        if root != self.head.root:
            raise self._damaged(path)

    def tile(self, level: int, n: int) -> bytes:
        """Return what the accepted checkpoint covers of a tile; nothing where there is none.

        Raises:
            Conflict: the file is damaged or gone.
        """
        width = tile_width(level, n, 0 if self.head is None else self.head.size)
        if width == 0:
            return b""
        path = self._path(TilePath(level, n, width))
        hashes = path.read_bytes() if path.exists() else b""
        if len(hashes) != width * HASH_BYTES:
            raise self._damaged(path)
        return hashes

    def keep(self, note: str, head: Checkpoint, tiles: Tiles, bundles: Mapping[int, bytes]) -> None:
        """Keep a checkpoint that was verified, with all that it covers and the one before did not.

        Raises:
            OSError: it cannot be written; the checkpoint of before stands.
        """
        for (level, n), hashes in tiles.items():
            self._write(TilePath(level, n, len(hashes) // HASH_BYTES), hashes)
        for n, bundle in bundles.items():
            self._write(TilePath(None, n, tile_width(0, n, head.size)), bundle)
        write_durably(self.folder / "checkpoint", note.encode(), mode=_FILE_MODE)
        before, self.head, self.note = self.head, head, note
        if before is not None:
            for level, n in tiles:
                self._drop(TilePath(level, n, tile_width(level, n, before.size)), head)
            for n in bundles:
                self._drop(TilePath(None, n, tile_width(0, n, before.size)), head)

    def keep_fork(self, fork: Fork) -> Path:
        """Keep the proof of a fork and return its file; the same proof again is the same file."""
        text = json.dumps(fork.model_dump(mode="json"), ensure_ascii=False, indent=1) + "\n"
        return self._keep_proof("fork", "json", text)

    def keep_note(self, why: str, note: str) -> Path:
        """Keep a note that was shown and not accepted, as it came, and return its file."""
        return self._keep_proof(why, "txt", note)

    def forks(self) -> list[Path]:
        """Return the proofs of forks that are kept."""
        return sorted((self.folder / "proofs").glob("fork-*.json"))

    def _keep_proof(self, why: str, ending: str, text: str) -> Path:
        path = self.folder / "proofs" / f"{why}-{sha256_hex(text.encode())[:16]}.{ending}"
        path.parent.mkdir(exist_ok=True)
        write_durably(path, text.encode(), mode=_FILE_MODE)
        return path

    def _write(self, path: TilePath, payload: bytes) -> None:
        file = self._path(path)
        file.parent.mkdir(parents=True, exist_ok=True)
        write_durably(file, payload, mode=_FILE_MODE)

    def _drop(self, path: TilePath, head: Checkpoint) -> None:
        """Remove a partial tile of the checkpoint of before, once the new one stands."""
        if path.width in (0, TILE_WIDTH, tile_width(path.level or 0, path.n, head.size)):
            return
        file = self._path(path)
        file.unlink(missing_ok=True)
        if not any(file.parent.iterdir()):
            file.parent.rmdir()

    def _path(self, path: TilePath) -> Path:
        return self.folder / path.text

    def damaged(self) -> Conflict:
        """Return what says that the files here contradict the checkpoint that was accepted."""
        return self._damaged(self.folder / "tile")

    def _damaged(self, path: Path) -> Conflict:
        return MONITOR_DAMAGED(
            f"所保存的日志副本已损坏 what was kept of the log is damaged: {path}\n"
            "保留此文件夹，另用 --state 重新开始 · keep this folder, begin anew in another one with --state"
        )
