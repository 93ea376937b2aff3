"""One look at a log: is what it shows now the continuation of what it showed before?

1. The checkpoint must be signed by the key that is followed, under its origin.
2. Same size: same root. Fewer entries: never; whether they are at least the beginning of what was seen tells a log that
   was set back from one that was forked.
3. More entries: all new ones are fetched, hashed, and appended to the tree that is kept. The root must be the signed one:
   then the tree that was seen is the beginning of the new one, entry by entry, and nobody's proof was needed. The tiles
   that are served must be the ones that follow from the entries.
4. Where it is not, the tiles that are served say why: if they lead to the signed root and do not begin with the tree that
   was seen, both checkpoints together are proof of a fork, for anybody. Else the log serves what it did not sign.

Nothing is kept before all of it was verified.
"""

import itertools
from functools import cache
from typing import NamedTuple

from mobile_contract.client.monitor_kept import Kept
from mobile_contract.client.monitor_log import RemoteLog
from schemas.checkpoint import Checkpoint, open_checkpoint
from schemas.errors import EvidenceError, IntegrityBroken, Invalid, Unavailable
from schemas.fork import Fork, open_fork
from schemas.log_tile import parse_bundle
from schemas.merkle import (
    HASH_BYTES,
    TILE_WIDTH,
    ReadTile,
    Tiles,
    consistency_proof,
    extend,
    leaf_hashes,
    root_from_tiles,
    tile_width,
)
from schemas.note import encode64
from schemas.own_chain import proven_keys
from schemas.refusals_command import ANSWER_FOREIGN
from schemas.refusals_custody import NOTE_MALFORMED
from schemas.refusals_follow import LOG_FOREIGN, LOG_FORKED, LOG_SHRANK, LOG_UNPROVEN


class Look(NamedTuple):
    """What a look found: the log's entries, its root (none where nothing was signed yet), and how many entries are new."""

    size: int
    root: bytes | None
    new: int
    key: str | None = None
    """The key that the log has handed on to since the look before."""


class Follower:
    """Follows one log into one folder, which is open."""

    def __init__(self, log: RemoteLog, kept: Kept, vkey: str, *, known: str | None = None) -> None:
        self._log = log
        self._kept = kept
        self._vkey = vkey
        self._known = known
        """A checkpoint that came another way, in a trust file: the log must extend it, too."""

    def look(self) -> Look:
        """Look once.

        Raises:
            Unavailable: the log does not answer, or something else does.
            IntegrityBroken: slug `log-forked`, `log-shrank`, `log-foreign` or `log-unproven`; the member `proof` is the
                file that was kept of it.
            OSError: what was verified cannot be kept.
        """
        note, before = self._log.checkpoint(), self._kept.head
        if note is None:
            if before is not None:
                raise LOG_SHRANK(
                    f"已见过 {before.size} 条，现称尚无检查点 {before.size} were signed, now none"
                )
            return Look(0, None, 0)
        vkey = self._vkey
        seen = self._opened(note)
        known = None if self._known is None else self._kept.opened(self._known)
        if known is not None and seen.size < known.size:
            raise LOG_SHRANK(
                f"信任文件载有 {known.size} 条，现为 {seen.size} 条 the trust file has {known.size}, now {seen.size}",
                proof=self._kept.keep_note("shrank", note),
            )
        size = 0 if before is None else before.size
        if seen.size > size or before is None:
            self._grow_or_say(seen, note)
        elif seen.size < size:
            raise self._behind(seen, note, before)
        elif seen.root != before.root:
            raise self._forked(self._kept.note, note, seen.root, [])
        self._require_known(seen, note, self._kept.tile)
        return Look(seen.size, seen.root, seen.size - size, None if vkey == self._vkey else self._vkey)

    def _opened(self, note: str) -> Checkpoint:
        try:
            return open_checkpoint(note, self._vkey)
        except Invalid as err:
            if err.refusal is NOTE_MALFORMED:
                raise ANSWER_FOREIGN("应答的不是检查点 what answers is no checkpoint: not a log") from err
            if (handed := self._handed_on(note)) is not None:
                return handed
            raise LOG_FOREIGN(
                f"{note.partition(chr(10))[0][:80]}: {err.detail}",
                proof=self._kept.keep_note("foreign", note),
            ) from err

    def _handed_on(self, note: str) -> Checkpoint | None:
        """Return what the next key of the log signed, where the one that is followed signed that key; else None.

        The chain that says so lies in the log's own tree, and its leaf is proven by the old key's signature.
        """
        try:
            keys, _ = proven_keys(self._log.own(), self._vkey)
            seen = keys.signers.checkpoint(note)
        except (Invalid, Unavailable):
            return None
        if keys.vkey == self._vkey:
            return None
        self._kept.hand_on(keys.vkey)
        self._vkey = keys.vkey
        return seen

    def _grow_or_say(self, seen: Checkpoint, note: str) -> None:
        try:
            self._grow(seen, note)
        except IntegrityBroken as err:
            if err.refusal is LOG_UNPROVEN and "proof" not in err.facts:
                raise self._unproven(note, err.detail) from err
            raise

    def _grow(self, seen: Checkpoint, note: str) -> None:
        old = 0 if self._kept.head is None else self._kept.head.size
        bundles = {
            n: self._log.bundle(n, tile_width(0, n, seen.size))
            for n in range(old // TILE_WIDTH, -(-seen.size // TILE_WIDTH))
        }
        grown, begins = self._appended(bundles, old, seen.size)

        def tree(level: int, n: int) -> bytes:
            return grown.get((level, n)) or self._kept.tile(level, n)

        if root_from_tiles(seen.size, tree) != seen.root or not begins:
            raise self._torn(seen, note)
        self._require_known(seen, note, tree)
        for (level, n), hashes in grown.items():
            if self._log.hashes(level, n, len(hashes) // HASH_BYTES) != hashes:
                raise LOG_UNPROVEN(f"tile {level}/{n} 与条目不符 does not follow from the entries")
        self._kept.keep(note, seen, grown, {n: _front(bundle, seen, n) for n, bundle in bundles.items()})

    def _appended(self, bundles: dict[int, bytes], old: int, size: int) -> tuple[Tiles, bool]:
        """Return the tiles that the new entries change, and whether the served bundle begins with what was seen."""
        hashes = leaf_hashes(entry for n, bundle in bundles.items() for entry in _entries(bundle, size, n))
        first = old // TILE_WIDTH
        again, new = hashes[: old - first * TILE_WIDTH], hashes[old - first * TILE_WIDTH :]
        return extend(self._kept.tile, old, new), b"".join(again) == self._kept.tile(0, first)

    def _require_known(self, seen: Checkpoint, note: str, tree: ReadTile) -> None:
        """Check that the log begins with the checkpoint of the trust file; `tree` leads to what it signed now."""
        if self._known is None:
            return
        known = self._kept.opened(self._known)
        if known.size and root_from_tiles(known.size, tree) != known.root:
            raise self._fork_of(known, seen, tree, older=self._known, newer=note)

    def _torn(self, seen: Checkpoint, note: str) -> IntegrityBroken:
        """Say what is wrong where the entries that are served do not continue the tree that was seen."""
        before = self._kept.head
        served = cache(lambda level, n: self._log.hashes(level, n, tile_width(level, n, seen.size)))
        if root_from_tiles(seen.size, served) != seen.root:
            return self._unproven(note, "哈希块与所签的根不符 the tiles do not lead to the signed root")
        if before is None or not before.size or root_from_tiles(before.size, served) == before.root:
            return self._unproven(note, "条目与哈希块不符 the entries do not lead to the tiles")
        try:
            return self._fork_of(before, seen, served, older=self._kept.note, newer=note)
        except Invalid:
            return self._unproven(note, "哈希块自相矛盾 the tiles contradict each other")

    def _behind(self, seen: Checkpoint, note: str, before: Checkpoint) -> EvidenceError:
        if seen.size and root_from_tiles(seen.size, self._kept.tile) != seen.root:
            try:
                return self._fork_of(seen, before, self._kept.tile, older=note, newer=self._kept.note)
            except Invalid:  # what we kept does not lead to what we accepted: no word against the log
                return self._kept.damaged()
        said = (
            f"已见过 {before.size} 条，现为 {seen.size} 条 {before.size} entries were signed, now {seen.size}"
        )
        return LOG_SHRANK(said, proof=self._kept.keep_note("shrank", note))

    def _fork_of(
        self, first: Checkpoint, second: Checkpoint, read_tile: ReadTile, *, older: str, newer: str
    ) -> IntegrityBroken:
        root = root_from_tiles(first.size, read_tile)
        return self._forked(older, newer, root, consistency_proof(first.size, second.size, read_tile))

    def _forked(self, older: str, newer: str, root: bytes, proof: list[bytes]) -> IntegrityBroken:
        """Return the accusation, with its proof kept.

        Raises:
            Invalid: this would convince nobody.
        """
        fork = Fork(
            vkey=self._vkey, older=older, newer=newer, root=encode64(root), hashes=tuple(map(encode64, proof))
        )
        first, second = open_fork(fork)
        return LOG_FORKED(
            f"{first.size} 条与 {second.size} 条的检查点矛盾 the checkpoints of {first.size} and of {second.size}"
            " entries contradict each other",
            proof=self._kept.keep_fork(fork),
        )

    def _unproven(self, note: str, why: str) -> IntegrityBroken:
        return LOG_UNPROVEN(why, proof=self._kept.keep_note("unproven", note))


def _entries(bundle: bytes, size: int, n: int) -> list[bytes]:
    width = tile_width(0, n, size)
    try:
        entries = parse_bundle(bundle)[:width]
    except Invalid as err:
        raise LOG_UNPROVEN(f"tile/entries {n}: {err.detail}") from err
    if len(entries) != width:
        raise LOG_UNPROVEN(f"tile/entries {n}: {len(entries)} 条，应为 entries, not {width}")
    return entries


def _front(bundle: bytes, seen: Checkpoint, n: int) -> bytes:
    """A bundle may come whole where a part was asked for; what the checkpoint covers of it is kept."""
    width = tile_width(0, n, seen.size)
    length = sum(2 + len(entry) for entry in itertools.islice(parse_bundle(bundle), width))
    return bundle[:length]
