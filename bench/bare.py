"""The peer: two processes that do the same work with no API, database, queue or log around it.

PUT to the same MinIO, read back, SHA-256 + SM3 in one pass, strict decode and thumbnail by the same
libraries.
"""

import io
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from tempfile import NamedTemporaryFile
from xml.parsers import expat

import av
import numpy as np
import simplejpeg
from minio import Minio
from PIL import Image

from schemas.digest import CHUNK_BYTES, Hasher
from storage.objects.port import open_objects

PART_BYTES = 32 * 1024 * 1024


def run(url: str, files: list[Path], bucket_prefix: str) -> float:
    """Do the work on all files with two processes; return seconds from first PUT to last result."""
    began = time.monotonic()
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        began = time.monotonic() if list(pool.map(_warm, range(2))) else began
        list(pool.map(_one, [url] * len(files), files, [bucket_prefix] * len(files)))
    return time.monotonic() - began


def _warm(_: int) -> bool:
    return Minio is not None


def _one(url: str, path: Path, prefix: str) -> str:
    objects = open_objects(url)
    key = f"{prefix}/{path.name}"
    with path.open("rb") as file:
        stored = objects.put_stream(key, iter(lambda: file.read(4 * CHUNK_BYTES), b""), part_bytes=PART_BYTES)
    hasher = Hasher()
    buffer = memoryview(bytearray(CHUNK_BYTES))
    with NamedTemporaryFile() as copy, objects.open(key, stored.version_id) as source:
        while count := source.readinto(buffer):
            hasher.update(buffer[:count])
            copy.write(buffer[:count])
        copy.flush()
        _look(Path(copy.name), path.suffix)
    return hasher.sha256.value


def _look(path: Path, suffix: str) -> None:
    if suffix == ".jpg":
        pixels = simplejpeg.decode_jpeg(path.read_bytes(), min_height=378, min_width=504, strict=True)
        _thumbnail(pixels)
        return
    if suffix == ".gpx":
        with path.open("rb") as file:
            expat.ParserCreate("utf-8").ParseFile(file)
        return
    with av.open(str(path)) as container:
        for _ in container.demux(video=0):
            pass
    with av.open(str(path)) as container:
        container.streams.video[0].codec_context.skip_frame = "NONKEY"
        for number, frame in enumerate(container.decode(video=0)):
            if number == 0:
                _thumbnail(frame.to_ndarray(format="rgb24"))
            if number == 2:
                break


def _thumbnail(pixels: np.ndarray) -> None:
    picture = Image.fromarray(pixels)
    picture.thumbnail((512, 512))
    picture.save(io.BytesIO(), "JPEG", quality=80)


if __name__ == "__main__":
    print(run(sys.argv[1], [Path(name) for name in sys.argv[2:]], f"derivatives/bench-{time.time_ns()}"))
