"""Classes 14, 15, 37 to 40 and 42: packages that the product built, made anew by whoever holds them or the export key."""

import random
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

from schemas.chain import tree_hash
from schemas.checkpoint import parse_proof, proof_text
from schemas.digest import sha256_hex
from schemas.merkle import node_hash
from schemas.package import (
    BAG_INFO,
    BAGIT,
    CHECKPOINT,
    GUIDE_NAME,
    INDEX,
    LEAVES,
    MANIFEST,
    NOTE,
    TAG_MANIFEST,
    FileRole,
    PackageIndex,
    complete,
    export_key_name,
    packed,
    parse_index,
    proof_name,
)
from schemas.package_lines import LeafLine, leaves_text, parse_leaves
from storage.objects.folder import FolderObjects
from storage.settings import StorageSettings, seed
from tests.evidence import Copy
from tests.guide import run_guide
from tests.package import zipped
from tests.tamper.asking import verified
from tests.tamper.ground import Ground
from tests.tamper.table import Probe, Seen

MADE_ANEW = {INDEX, GUIDE_NAME, BAGIT, BAG_INFO, MANIFEST, TAG_MANIFEST, NOTE}


@dataclass
class Parts:
    """A package taken apart; put together again it is whole, and signed by the export key that made the first."""

    settings: StorageSettings
    index: PackageIndex
    files: dict[str, bytes] = field(default_factory=dict)

    @classmethod
    def of(cls, ground: Ground) -> "Parts":
        archive = zipfile.ZipFile(ground.package)
        files = {name: archive.read(name) for name in archive.namelist()}
        index = parse_index(files[INDEX])
        return cls(
            ground.world.settings, index, {name: one for name, one in files.items() if name not in MADE_ANEW}
        )

    def content(self) -> bytes:
        """The package, its lists and signature made anew."""
        origin = self.settings.log_origin
        files, _ = complete(
            self.index,
            [packed(*one) for one in self.files.items()],
            signer=export_key_name(origin),
            seed=seed(self.settings.export_key, "EXPORT_KEY"),
        )
        return zipped(files)

    def of_role(self, role: FileRole) -> list[str]:
        """The files that are something of this kind."""
        return [one.file for one in self.index.files if one.role is role]

    def leaves(self) -> list[LeafLine]:
        return list(parse_leaves(self.files[LEAVES])[0])

    def put_leaves(self, shown: list[LeafLine]) -> None:
        """State these leaves instead; what was withheld stays."""
        self.files[LEAVES] = leaves_text(shown, parse_leaves(self.files[LEAVES])[1])


def remade(change: Callable[[Parts], object]) -> Probe:
    """The export key was stolen: a package is changed, its lists and signature are made anew."""

    def probe(ground: Ground) -> Seen:
        honest, forged = Parts.of(ground), Parts.of(ground)
        assert honest.content() == ground.package.read_bytes(), (
            "an unchanged package is made anew byte for byte"
        )
        change(forged)
        return _asked(ground, forged.content())

    return probe


def rewritten(change: Callable[[bytes], bytes]) -> Probe:
    """No key: the bytes of the container are changed."""

    def probe(ground: Ground) -> Seen:
        return _asked(ground, change(ground.package.read_bytes()))

    return probe


def _asked(ground: Ground, content: bytes) -> Seen:
    path = ground.fresh("package") / ground.package.name
    path.write_bytes(content)
    return Seen(verified(ground.package, ground.trust), verified(path, ground.trust))


def rebagged(content: bytes) -> bytes:
    """An original is exchanged, and every list of the bag that needs no key is made to fit."""
    archive = zipfile.ZipFile(BytesIO(content))
    files = {name: archive.read(name) for name in archive.namelist()}
    name = next(one for one in files if one.startswith("data/originals/"))
    before, files[name] = files[name], files[name][:-1] + b"?"
    for listed, exchanged in ((MANIFEST, name), (TAG_MANIFEST, MANIFEST)):
        was, now = (sha256_hex(one) for one in (before, files[exchanged]))
        before = files[listed]
        files[listed] = before.replace(was.encode(), now.encode())
    return zipped([packed(*one) for one in files.items()])


def stored(change: Callable[[Path], object]) -> Callable[[Copy, Ground], object]:
    """Whoever writes to the evidence store changes the package that lies there."""

    def inject(copy: Copy, _: Ground) -> None:
        place = "FROM exports WHERE state = 'ready'"
        key, version = (copy.scalar(f"SELECT {one} {place}") for one in ("object_key", "version_id"))
        assert isinstance(copy.store.objects, FolderObjects)
        change(copy.store.objects.path(key, version))

    return inject


def node_as_leaf(parts: Parts) -> None:
    """The 64 bytes of two nodes are stated as a leaf, with the shorter proof that fits a node."""
    line = parts.leaves()[0]
    proof = parse_proof(parts.files[proof_name(line.digest)].decode())
    own = tree_hash(line.leaf)
    pair = (own + proof.hashes[0]) if proof.index % 2 == 0 else (proof.hashes[0] + own)
    assert node_hash(pair[:32], pair[32:])
    forged = LeafLine(proof.index // 2, sha256_hex(pair), pair, line.kid, line.ticket)
    parts.files[proof_name(forged.digest)] = proof_text(forged.index, proof.hashes[1:], proof.note).encode()
    parts.put_leaves([*parts.leaves(), forged])


def proof_forged(parts: Parts) -> None:
    """One hash of one path is another."""
    name = proof_name(random.choice(parts.leaves()).digest)
    proof = parse_proof(parts.files[name].decode())
    hashes = [bytes(32), *proof.hashes[1:]]
    parts.files[name] = proof_text(proof.index, hashes, proof.note).encode()


def checkpoint_stale(ground: Ground) -> Seen:
    """Every proof rests on the present checkpoint; the one that the package states is of before, and truly signed."""
    with ground.copy() as copy, copy.store.begin() as tx:
        older = tx.connection.exec_driver_sql(
            "SELECT note FROM checkpoints WHERE published_at IS NOT NULL ORDER BY size LIMIT 1"
        ).scalar_one()
    parts = Parts.of(ground)
    parts.files[CHECKPOINT] = older.encode()
    return _asked(ground, parts.content())


def ground_dropped(parts: Parts) -> None:
    """One photo, its files and every leaf about it are left out, as if there had never been one."""
    gone = next(one.of for one in parts.index.files if one.role is FileRole.ORIGINAL)
    mine = [one for one in parts.index.files if one.of == gone]
    for one in mine:
        del parts.files[one.file]
    parts.index = parts.index.model_copy(
        update={"files": [one for one in parts.index.files if one not in mine]}
    )
    dropped = [one for one in parts.leaves() if gone.encode() in one.leaf]
    parts.put_leaves([one for one in parts.leaves() if one not in dropped])
    for one in dropped:
        del parts.files[proof_name(one.digest)]


def original_altered(parts: Parts) -> None:
    """One byte of an original is another, and every list and the signature of the bag fit it."""
    name = parts.of_role(FileRole.ORIGINAL)[0]
    parts.files[name] = parts.files[name][:-1] + b"?"


def redaction_as_original(parts: Parts) -> None:
    """A copy for viewing lies where the original was."""
    original, copy = parts.of_role(FileRole.ORIGINAL)[0], parts.of_role(FileRole.DERIVATIVE)[0]
    parts.files[original] = parts.files[copy]


def doubled(content: bytes) -> bytes:
    """A second file under a name that is there already, as lenient readers take the last."""
    return _appended(content, "data/index.json")


def climbing(content: bytes) -> bytes:
    """A file that would be unpacked outside."""
    return _appended(content, "../../escaped.txt")


def _appended(content: bytes, name: str) -> bytes:
    out = BytesIO(content)
    with zipfile.ZipFile(out, "a") as archive:
        archive.writestr(zipfile.ZipInfo(name), b"x")
    return out.getvalue()


def bomb(content: bytes) -> bytes:
    """A file that is a thousand times what the container holds of it."""
    out = BytesIO(content)
    with zipfile.ZipFile(out, "a") as archive:
        archive.writestr(zipfile.ZipInfo("data/bomb"), bytes(20_000_000), zipfile.ZIP_DEFLATED)
    return out.getvalue()


def verifier_replaced(ground: Ground) -> Seen:
    """A verifier that says yes to everything; whoever follows VERIFY.md needs none of ours.

    The package is a re-signed one, so that lists and signatures of the bag hold: what says no are the leaves.
    """
    parts = Parts.of(ground)
    redaction_as_original(parts)
    return Seen(_by_hand(ground, ground.package.read_bytes()), _by_hand(ground, parts.content()))


def _by_hand(ground: Ground, content: bytes) -> frozenset[str]:
    folder = ground.fresh("hand")
    (folder / ground.package.name).write_bytes(content)
    (folder / "trust.json").write_bytes(ground.trust.read_bytes())
    done = run_guide(folder, until=4, stem=ground.package.stem)
    return frozenset() if done.returncode == 0 else frozenset({" ".join(done.stderr.split()[-3:])})
