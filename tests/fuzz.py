"""Mutated files of every kind, looked at as a worker does: whatever is changed, an answer of the house comes back.

    python -m tests.fuzz [COUNT] [--seed N]

Each case is made from its seed alone – a whole file, where it is changed, and how – and is looked at in a fork that has
loaded the decoders, under the limits of the child. An exception, a signal, an unknown word or more seconds than any case
needs is a failure, which prints seed and case; `--seed N --case N` makes that one again.
"""

import argparse
import os
import select
import signal
import struct
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator
from functools import cache, partial
from pathlib import Path
from random import Random
from typing import NamedTuple

from schemas.checks.table import FINDINGS
from tests import media_documents as made_of
from tests.crowds import CROWDS
from tests.media import jpeg, mp4, png, wav
from tests.media_containers import avi, film
from tests.media_credentials import signed_jpeg
from tests.media_sound import sound
from tests.media_stills import dng, exif_block, moving, saved, text, with_exif
from tests.media_tracks import FORMATS, drive
from workers.media.probe import look
from workers.media.result import Limits, Probe
from workers.media.sandbox.confine import bound
from workers.media.source import Source
from workers.media.work import Budget, Lane

LITTLE = Budget(pixels=40_000_000, packets=30_000, pieces=30_000, samples=6_000_000)
"""A tenth of the quick lane: nothing that is mutated here needs more, and what asks for more is answered so."""

SECONDS = 120
"""No verdict by the clock: a case that takes so long on whatever machine goes on for ever."""

RSS_BYTES = 300 * 1024 * 1024
"""Most resident memory of a worker over all cases."""

PER_FORK = 25


class Case(NamedTuple):
    """One mutated file."""

    kind: str
    number: int
    name: str
    payload: bytes


class Ended(NamedTuple):
    """How a case ended: empty where the house answered."""

    case: Case
    fault: str
    peak_rss_bytes: int = 0


def _made(name: str, make: Callable[[Path], object]) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, name)
        make(path)
        return path.read_bytes()


def _film(name: str, **options: object) -> bytes:
    return _made(name, lambda path: film(path, seconds=1, **options))


SMALL = {"frag_keyframe": {"movflags": "frag_keyframe+empty_moov"}}
KINDS: dict[str, tuple[str, Callable[[], bytes]]] = {
    "jpeg": ("a.jpg", lambda: with_exif(exif_block([text(0x010F, b"maker")]), jpeg(160, 120))),
    "signed jpeg": ("b.jpg", lambda: signed_jpeg(jpeg(160, 120))),
    "png": ("a.png", partial(png, 64, 48)),
    "gif": ("a.gif", partial(moving, "GIF")),
    "webp": ("a.webp", partial(moving, "WEBP")),
    "tiff": ("a.tif", lambda: saved("TIFF", compression="tiff_lzw")),
    "dng": ("a.dng", partial(dng, 96, 64)),
    "avif": ("a.avif", lambda: saved("AVIF")),
    "mp4": ("a.mp4", lambda: _made("a.mp4", lambda path: mp4(path, seconds=1, size=(64, 48)))),
    "mp4 in fragments": ("b.mp4", lambda: _film("b.mp4", options=SMALL["frag_keyframe"], sound=True)),
    "avi": ("a.avi", avi),
    "mkv": ("a.mkv", lambda: _film("a.mkv", sound=True)),
    "ts": ("a.ts", lambda: _film("a.ts", form="mpegts", sound=True)),
    "ps": ("a.mpg", lambda: _film("a.mpg", form="vob", codec="mpeg2video", sound=True)),
    "h264": ("a.h264", lambda: _film("a.h264", form="h264")),
    "wav": ("a.wav", wav),
    **{
        name: (f"a.{name}", partial(_made, f"a.{name}", sound))
        for name in ("mp3", "m4a", "flac", "ogg", "aac")
    },
    **{name: (f"a.{name}", lambda make=make: make(drive(40))) for name, make in FORMATS.items()},
    "pdf": ("a.pdf", lambda: made_of.signed(made_of.pdf())),
    "pdf in packed objects": ("a.pdf", lambda: made_of.pdf(is_table=False)),
    "docx": ("a.docx", lambda: made_of.letter(picture=False)),
    "ofd": ("a.ofd", lambda: made_of.ofd(is_signed=True)),
    "zip": (
        "a.zip",
        lambda: made_of.archive([("a.txt", b"words " * 60), ("b.bin", bytes(90))], is_wide=True),
    ),
    "doc": ("a.doc", made_of.ole),
    **{f"many {kind}": (name, partial(make, 60)) for kind, (name, make) in CROWDS.items()},
}
"""A whole file of each kind, small: what is changed in it meets a reader, not its bulk."""


@cache
def whole(kind: str) -> bytes:
    return KINDS[kind][1]()


def made(seed: int, number: int) -> Case:
    """Make one case from its seed: kinds in turn, with one change to five."""
    kind = sorted(KINDS)[number % len(KINDS)]
    chance, payload = Random(seed * 1_000_003 + number), whole(kind)
    for _ in range(chance.choice((1, 1, 2, 3, 5))):
        payload = chance.choice(CHANGES)(payload, chance)
    return Case(kind, number, KINDS[kind][0], payload)


def _at(payload: bytes, chance: Random) -> int:
    """A place: headers and tables stand at both ends, so these are chosen more often."""
    size = max(1, len(payload))
    near = min(size, 600)
    return chance.choice((chance.randrange(size), chance.randrange(near), size - 1 - chance.randrange(near)))


def _bytes(payload: bytes, chance: Random) -> bytes:
    at = _at(payload, chance)
    return payload[:at] + chance.randbytes(chance.choice((1, 2, 4, 16))) + payload[at + 1 :]


def _number(payload: bytes, chance: Random) -> bytes:
    """A field that says how long or how many something is, as the least, the most, or one off."""
    at, width = _at(payload, chance), chance.choice("BHIQ")
    order = chance.choice("<>")
    size = struct.calcsize(order + width)
    if at + size > len(payload):
        return payload
    now = struct.unpack_from(order + width, payload, at)[0]
    most = (1 << 8 * size) - 1
    new = (
        chance.choice((0, 1, most, most >> 1, most // 2 + 1, now + 1, now - 1, now * 2, len(payload))) & most
    )
    return payload[:at] + struct.pack(order + width, new) + payload[at + size :]


def _cut(payload: bytes, chance: Random) -> bytes:
    return payload[: _at(payload, chance)]


def _gone(payload: bytes, chance: Random) -> bytes:
    at = _at(payload, chance)
    return payload[:at] + payload[at + chance.choice((1, 3, 8, 64, 700)) :]


def _again(payload: bytes, chance: Random) -> bytes:
    """A stretch once more, here or elsewhere: elements within themselves, indexes of the wrong things."""
    at, length = _at(payload, chance), chance.choice((4, 8, 24, 188, 900))
    there = _at(payload, chance)
    return payload[:there] + payload[at : at + length] + payload[there:]


def _filled(payload: bytes, chance: Random) -> bytes:
    at, length = _at(payload, chance), chance.choice((1, 4, 64, 512))
    return (
        payload[:at] + chance.choice((b"\x00", b"\xff", b" ", b"7", b"<")) * length + payload[at + length :]
    )


CHANGES = (_bytes, _number, _number, _cut, _gone, _again, _filled)


def run(seed: int, numbers: range) -> Iterator[Ended]:
    """Look at all cases, some to a fork; one that ends its fork is made again alone, and named."""
    for kind in KINDS:
        whole(kind)
    for start in range(numbers.start, numbers.stop, PER_FORK):
        part = range(start, min(numbers.stop, start + PER_FORK))
        ended, how = _in_fork(seed, part)
        yield from ended
        for number in range(part.start + len(ended), part.stop):
            alone, how = _in_fork(seed, range(number, number + 1))
            yield from alone or [Ended(made(seed, number), how)]


def _in_fork(seed: int, numbers: range) -> tuple[list[Ended], str]:
    """Return what came back, and how the fork ended."""
    told, tell = os.pipe()
    child = os.fork()
    if not child:
        os.close(told)
        _work(seed, numbers, tell)
    os.close(tell)
    parts, how = [], ""
    while not how:
        ready, _, _ = select.select([told], [], [], SECONDS)
        block = os.read(told, 1 << 16) if ready else b""
        how = "" if block else "ended" if ready else f"no answer in {SECONDS} s"
        parts.append(block)
    os.close(told)
    if how != "ended":
        os.kill(child, signal.SIGKILL)
    _, status, used = os.wait4(child, 0)
    said, at = b"".join(parts), 0
    met = []
    while at + 8 <= len(said):
        number, length = struct.unpack_from("<II", said, at)
        met.append(Ended(made(seed, number), said[at + 8 : at + 8 + length].decode(), used.ru_maxrss * 1024))
        at += 8 + length
    code = os.waitstatus_to_exitcode(status)
    return met, f"{how} with {code}"


def _work(seed: int, numbers: range, tell: int) -> None:
    """Look at some cases under the child's limits, and say of each how it ended; no file is written from then on."""
    try:
        cases = [made(seed, number) for number in numbers]
        files = [os.memfd_create(case.name) for case in cases]
        for case, file in zip(cases, files, strict=True):
            os.write(file, case.payload)
        bound(Limits(), cpu_seconds=SECONDS)
        for case, file in zip(cases, files, strict=True):
            fault = answer(case, file).encode()
            os.write(tell, struct.pack("<II", case.number, len(fault)) + fault)
    except BaseException:  # noqa: BLE001 - the fork ends here
        traceback.print_exc()
    finally:
        os._exit(0)


def answer(case: Case, file: int) -> str:
    """Look at one case; return what is wrong with the answer, empty where nothing is."""
    try:
        seen = look(Source(file), filename=case.name, limits=Limits(quick=LITTLE), lane=Lane.QUICK)
    except MemoryError:
        return ""  # the child says so itself: `decoder-memory`
    except BaseException:  # noqa: BLE001 - whatever it is, it is a failure
        return traceback.format_exc()
    return _unknown(seen)


def _unknown(seen: Probe) -> str:
    """Every word is one of the house, and the answer crosses the pipe."""
    words = {check.code for check in seen.checks if check.code} - set(FINDINGS)
    if (
        Probe.model_validate_json(seen.model_copy(update={"derivatives": ()}).model_dump_json()).checks
        != seen.checks
    ):
        return "another answer behind the pipe"
    return f"unknown words {sorted(words)}" if words else ""


def main() -> int:
    """Print every failure with its case; 1 when there is one, or when a look took more memory than a worker should."""
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("count", nargs="?", type=int, default=2_000)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--case", type=int)
    asked = options.parse_args()
    numbers = range(asked.count) if asked.case is None else range(asked.case, asked.case + 1)
    failed, peak = 0, 0
    for one in run(asked.seed, numbers):
        peak = max(peak, one.peak_rss_bytes)
        if one.fault:
            failed += 1
            print(f"--seed {asked.seed} --case {one.case.number} ({one.case.kind})\n{one.fault}", flush=True)
            Path(tempfile.gettempdir(), f"fuzz-{asked.seed}-{one.case.number}-{one.case.name}").write_bytes(
                one.case.payload
            )
    print(
        f"{len(numbers)} cases of {len(KINDS)} kinds, seed {asked.seed}: {failed} failed; peak RSS {peak >> 20} MB "
        f"of {Limits().address_space_bytes >> 20} MB that the child may have"
    )
    return int(failed > 0 or peak > RSS_BYTES)


if __name__ == "__main__":
    sys.exit(main())
