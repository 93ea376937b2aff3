"""What looking at one file costs alone, without store, database or queue; in one process, one thread.

    python bench/integrity_readers.py [--quick]

Costs are processor seconds, of digests seconds by the clock: they overlap with reading. Each side reads its file from the
page cache.
"""

import argparse
import hashlib
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from xml.parsers import expat

import av
import cv2
import numpy as np
from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bench import media  # noqa: E402
from bench.pairs import ROUNDS, Figure, cpu, in_turn, tell, tell_of_the_machine, wall  # noqa: E402
from schemas.digest import CHUNK_BYTES  # noqa: E402
from storage.objects.folder import FolderObjects  # noqa: E402
from storage.objects.hashing import hash_object  # noqa: E402
from tests.media import write_gpx  # noqa: E402
from tests.media_sound import voice  # noqa: E402
from workers.media.probe import probe  # noqa: E402
from workers.media.result import Limits  # noqa: E402
from workers.media.work import Lane  # noqa: E402

MIB = 1024 * 1024
PHOTOS = Figure(
    "all photo checks and the thumbnail", "Pillow load, thumbnail, DCT hash, Laplacian", at_least=4.0
)
FILM = Figure("film by its structure, one key frame", "SHA-256 of the file", at_most=1.6)
SOUND = Figure("sound decoded and judged", "PyAV decoding the same, nothing else", at_least=0.9)
TRACK = Figure("track of points, all checks", "expat alone, without handlers", at_most=2.0)
BOTH = Figure("SHA-256 and SM3 in one pass of a stored object", "SM3 of the file alone", at_least=0.9)


def look(path: Path, limits: Limits | None = None) -> None:
    """What the decoder child does with a file, without the child."""
    probe(path, filename=path.name, limits=limits or Limits(), lane=Lane.SLOW)


def by_hand(path: Path) -> None:
    """What people write for photos: Pillow, the perceptual hash of imagehash (its DCT by OpenCV), a Laplacian."""
    with Image.open(path) as image:
        image.load()
        small = image.copy()
    grey = image.convert("L")
    _dct_hash(grey)
    cv2.Laplacian(np.asarray(grey), cv2.CV_64F).var()
    small.thumbnail((512, 512))
    small.save(path.with_suffix(".thumb"), "JPEG", quality=80)


def _dct_hash(grey: Image.Image) -> np.ndarray:
    """As imagehash.phash does it: 32 × 32, a DCT, the lowest 8 × 8 against their median."""
    pixels = np.asarray(grey.resize((32, 32), Image.Resampling.LANCZOS), np.float32)
    low = cv2.dct(pixels)[:8, :8]
    return low > np.median(low)


def photos(folder: Path, rounds: int) -> None:
    """Look at photos of 12 MP, some 4 MB each."""
    paths = []
    for number, base in enumerate(media.photo_bases(2, np.random.default_rng(7))):
        paths.append(folder / f"{number}.jpg")
        paths[-1].write_bytes(base)
    tell(PHOTOS, in_turn(lambda: _each(look, paths), lambda: _each(by_hand, paths), rounds=rounds), "CPU s")


def _each(work: Callable[[Path], object], paths: list[Path]) -> float:
    return cpu(lambda: [work(path) for path in paths])


def film(folder: Path, rounds: int, size_bytes: int) -> None:
    """Look at a long film: one key frame stands for those that are decoded, whose cost is the decoder's."""
    path = folder / "film.mp4"
    media.video(path, size_bytes, seed=3)
    limits = Limits(keyframes_all_bytes=0, keyframes_sampled=1)
    sides = in_turn(
        lambda: cpu(lambda: look(path, limits)), lambda: cpu(lambda: _sha256(path)), rounds=rounds
    )
    tell(FILM, sides, "CPU s")
    path.unlink()


def _sha256(path: Path) -> str:
    with path.open("rb", buffering=0) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sound(folder: Path, rounds: int, seconds: int) -> None:
    """Look at speech in AAC, two channels of 48 kHz."""
    path = folder / "voice.m4a"
    heard = np.tile(voice(10.0, 48_000, channels=2), (1, seconds // 10)).astype(np.float32)
    with av.open(str(path), "w", format="ipod") as out:
        stream = out.add_stream("aac", rate=48_000, layout="stereo")
        for at in range(0, heard.shape[1], 1024):
            piece = np.ascontiguousarray(heard[:, at : at + 1024])
            frame = av.AudioFrame.from_ndarray(piece, format="fltp", layout="stereo")
            frame.sample_rate, frame.pts = 48_000, at
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    sides = in_turn(lambda: cpu(lambda: look(path)), lambda: cpu(lambda: _decoded(path)), rounds=rounds)
    tell(SOUND, sides, "CPU s")


def _decoded(path: Path) -> int:
    with av.open(str(path)) as container:
        container.streams.audio[0].thread_type = "NONE"
        return sum(frame.samples for frame in container.decode(audio=0))


def track(folder: Path, rounds: int, points: int) -> None:
    """Look at a long GPX."""
    path = write_gpx(folder / "track.gpx", points)
    sides = in_turn(lambda: cpu(lambda: look(path)), lambda: cpu(lambda: _expat(path)), rounds=rounds)
    tell(TRACK._replace(name=f"track of {points} points, all checks"), sides, "CPU s")


def _expat(path: Path) -> None:
    parser = expat.ParserCreate("utf-8")
    with path.open("rb") as file:
        parser.ParseFile(file)


def digests(folder: Path, rounds: int, size_bytes: int) -> None:
    """Read an object of the folder store."""
    store = FolderObjects(folder / "store")
    block = np.random.default_rng(5).bytes(CHUNK_BYTES)
    stored = store.put_stream("evidence/large", _blocks(block, size_bytes))
    path = folder / "large"
    path.write_bytes(block * (size_bytes // len(block)))
    sides = in_turn(
        lambda: wall(lambda: hash_object(store, "evidence/large", stored.version_id, with_sm3=True)),
        lambda: wall(lambda: _sm3(path)),
        rounds=rounds,
    )
    tell(BOTH, sides)


def _blocks(block: bytes, size_bytes: int) -> Iterator[bytes]:
    for _ in range(size_bytes // len(block)):
        yield block


def _sm3(path: Path) -> str:
    made, buffer = hashlib.new("sm3"), memoryview(bytearray(CHUNK_BYTES))
    with path.open("rb", buffering=0) as file:
        while count := file.readinto(buffer):
            made.update(buffer[:count])
    return made.hexdigest()


def readers(*, is_quick: bool, rounds: int, only: str | None = None) -> None:
    """Measure all and print."""
    cv2.setNumThreads(1)
    with tempfile.TemporaryDirectory(prefix="quancheng-bench-") as name:
        folder = Path(name)
        for one, work in {
            "photos": lambda: photos(folder, rounds),
            "film": lambda: film(folder, rounds, (64 if is_quick else 512) * MIB),
            "sound": lambda: sound(folder, rounds, 60 if is_quick else 600),
            "track": lambda: track(folder, rounds, 100_000 if is_quick else 1_000_000),
            "digests": lambda: digests(folder, rounds, (64 if is_quick else 512) * MIB),
        }.items():
            if only in {None, one}:
                work()


def main() -> int:
    """Read the command line."""
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--quick", action="store_true", help="smaller files, the same rounds")
    options.add_argument("--rounds", type=int, default=ROUNDS)
    options.add_argument("--only", choices=("photos", "film", "sound", "track", "digests"))
    asked = options.parse_args()
    tell_of_the_machine()
    readers(is_quick=asked.quick, rounds=asked.rounds, only=asked.only)
    return 0


if __name__ == "__main__":
    sys.exit(main())
