"""Receiving files beside other receivers of the same protocol: `@tus/server` and tusd, on the same MinIO, interleaved.

    python -m tests.stand run --durable -- python bench/upload.py [--quick] [--photos N] [--rounds N] [--tusd PATH]

Each round sends every load to every receiver, one after the other, through the same client. Prints seconds, MB/s and
CPU-seconds of the receiver (medians of the rounds), then ours against each peer: speed as a ratio, and what part of
the peer's CPU ours takes. Ours authenticates, writes durable rows, hashes every part and ends with a receipt that can be
fetched; the peers do none of it. tusd is built by Go unless `--tusd` names one; it is left out, and that is said, where
there is neither, and from a quick run that would have to build it.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from urllib.parse import urlsplit

import httpx
from minio import Minio

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bench.processes import Watch  # noqa: E402
from schemas.actor import Role  # noqa: E402
from storage.settings import StorageSettings  # noqa: E402
from storage.setup.migrate import upgrade  # noqa: E402
from storage.store import Store  # noqa: E402
from tests.factories import enrol_device, make_account, make_agency  # noqa: E402
from tests.stand import ATTACH, COMMANDS, MissingPartError, accepts, free_port, until  # noqa: E402
from tests.stand.foreign import find_node, find_tusd, npm_room  # noqa: E402
from tests.tus import BODY, VERSION, bearer, metadata  # noqa: E402

MIB = 1024 * 1024
BLOCK = os.urandom(MIB)
BUCKET = "peers"


@dataclass(frozen=True)
class Load:
    """So many files of one size, so many at once."""

    files: int
    size_bytes: int
    at_once: int


@dataclass(frozen=True)
class Receiver:
    """A running server: where uploads are opened, what a request needs, and its process."""

    name: str
    url: str
    headers: Mapping[str, str]
    process: subprocess.Popen[bytes]


@dataclass(frozen=True)
class Taken:
    """What one load took."""

    seconds: float
    cpu_seconds: float
    peak_rss_mb: float


def loads(*, is_quick: bool) -> list[Load]:
    """The three figures that are held: one large file, eight at once, many photos."""
    part = 8 if is_quick else 1
    return [
        Load(1, 1024 * MIB // part, 1),
        Load(8, 128 * MIB // part, 8),
        Load(500 // (part * 2 if is_quick else 1), 4_000_000, 8),
    ]


def send(client: httpx.Client, receiver: Receiver, size_bytes: int) -> None:
    """Open an upload and send all of it in one request."""
    stated = {**VERSION, **receiver.headers}
    opening = {**stated, "Upload-Length": str(size_bytes), "Upload-Metadata": metadata(filename="a.jpg")}
    opened = client.post(receiver.url, headers=opening)
    opened.raise_for_status()
    appending = {**stated, **BODY, "Upload-Offset": "0", "Content-Length": str(size_bytes)}
    url = httpx.URL(receiver.url).join(opened.headers["Location"])
    answer = client.patch(url, content=blocks(size_bytes), headers=appending)
    answer.raise_for_status()
    if int(answer.headers["Upload-Offset"]) != size_bytes:
        raise SystemExit(f"{receiver.name} did not take the file whole")


def blocks(size_bytes: int) -> Iterator[bytes]:
    """The same megabyte again and again."""
    for begin in range(0, size_bytes, MIB):
        yield BLOCK[: min(MIB, size_bytes - begin)]


def run(receiver: Receiver, load: Load) -> Taken:
    """Send a load; the CPU is that of the receiver's process and its children."""
    watch = Watch({receiver.name: receiver.process.pid})
    limits = httpx.Limits(max_connections=load.at_once)
    with httpx.Client(timeout=600, limits=limits) as client, ThreadPoolExecutor(load.at_once) as pool:
        began = monotonic()
        for done in [pool.submit(send, client, receiver, load.size_bytes) for _ in range(load.files)]:
            done.result()
        seconds = monotonic() - began
    watch.stop()
    return Taken(seconds, sum(watch.cpu_seconds.values()), sum(watch.peak_rss_mb.values()))


@contextmanager
def started(
    name: str, words: list[str], port: int, env: Mapping[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    """A server in a process of its own, ready to be asked."""
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(words, cwd=ROOT, env={**os.environ, **env}, stdout=log, stderr=log)
        try:
            until(lambda: accepts(port) or process.poll() is not None, f"{name} listens")
            yield process
        finally:
            process.terminate()
            process.wait(timeout=60)


@contextmanager
def ours(store: Store) -> Iterator[Receiver]:
    """Our API by the words of the compose file, and a device's token."""
    device = enrol_device(store, make_account(store, make_agency(store), Role.CUSTODIAN)[1])
    port = free_port()
    words = [word.format(host="127.0.0.1", port=port) for word in COMMANDS["api"]]
    words[0] = str(Path(sys.executable).parent / words[0])
    with started("quancheng", words, port, {"PYTHONPATH": str(ROOT)}) as process:
        url = f"http://127.0.0.1:{port}/v1/uploads"
        yield Receiver("quancheng", url, bearer(device.token), process)


@contextmanager
def node_server(root: Mapping[str, str]) -> Iterator[Receiver]:
    """`@tus/server` with `@tus/s3-store`."""
    room, port = npm_room(ROOT / "bench" / "peers"), free_port()
    words = [str(find_node()), str(room / "server.mjs"), str(port), root["endpoint"], BUCKET]
    with started("@tus/server", words, port, credential(root)) as process:
        yield Receiver("@tus/server", f"http://127.0.0.1:{port}/files", {}, process)


@contextmanager
def tusd(program: Path, root: Mapping[str, str]) -> Iterator[Receiver]:
    """The reference server."""
    port = free_port()
    words = [str(program), "-host", "127.0.0.1", "-port", str(port), "-s3-bucket", BUCKET]
    words += ["-s3-endpoint", root["endpoint"], "-base-path", "/files/", "-show-greeting=false"]
    with started("tusd", words, port, credential(root) | {"AWS_REGION": "us-east-1"}) as process:
        yield Receiver("tusd", f"http://127.0.0.1:{port}/files/", {}, process)


def credential(root: Mapping[str, str]) -> dict[str, str]:
    """The store's own credential, as the peers take it."""
    return {"AWS_ACCESS_KEY_ID": root["user"], "AWS_SECRET_ACCESS_KEY": root["password"]}


def store_root() -> dict[str, str]:
    """The credential of the stand's MinIO, and a bucket of the peers."""
    kept = json.loads((Path(os.environ[ATTACH]) / "provision.json").read_text())
    address = urlsplit(os.environ["OBJECTS_URL"])
    host, user, password = (
        f"{address.hostname}:{address.port}",
        kept["minio_root_user"],
        kept["minio_root_password"],
    )
    minio = Minio(host, user, password, region="us-east-1", secure=False)
    if not minio.bucket_exists(BUCKET):
        minio.make_bucket(BUCKET)
    return {"endpoint": f"http://{host}", "user": user, "password": password}


def tusd_or_none(named: Path | None, *, may_build: bool) -> Path | None:
    """Return tusd, or say that it is left out."""
    try:
        return named or find_tusd(may_build=may_build)
    except MissingPartError as why:
        print(f"tusd is left out: {why}")
        return None


def report(load: Load, taken: Mapping[str, list[Taken]]) -> None:
    """Print the medians, then ours against each peer."""
    total = load.files * load.size_bytes
    print(f"\n{load.files} files of {load.size_bytes / 1e6:.0f} MB, {load.at_once} at once")
    seconds = {name: statistics.median(one.seconds for one in runs) for name, runs in taken.items()}
    cpu = {name: statistics.median(one.cpu_seconds for one in runs) for name, runs in taken.items()}
    for name, runs in taken.items():
        peak = max(one.peak_rss_mb for one in runs)
        print(
            f"  {name:12} {seconds[name]:7.2f} s  {load.files / seconds[name]:6.1f} files/s"
            f"  {total / seconds[name] / 1e6:6.0f} MB/s  CPU {cpu[name]:6.2f} s"
            f"  {1000 * cpu[name] / load.files:7.2f} ms a file  peak {peak:5.0f} MB"
        )
    for name in taken:
        if name != "quancheng":
            print(
                f"  ratio quancheng/{name}: {seconds[name] / seconds['quancheng']:.2f}"
                f" at {cpu['quancheng'] / cpu[name]:.2f} of its CPU"
            )


def main() -> int:
    """Measure every load on every receiver, round by round."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("--quick", action="store_true", help="an eighth of the load, one round")
    options.add_argument("--photos", type=int, help="so many photos of 4 MB, 8 at once, and nothing else")
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--tusd", type=Path, help="a tusd that is there already")
    args = options.parse_args()
    store = Store(StorageSettings())
    upgrade(store.engine)
    root, program = store_root(), tusd_or_none(args.tusd, may_build=not args.quick)
    rounds = 1 if args.quick else args.rounds
    with ExitStack() as running:
        receivers = [running.enter_context(ours(store)), running.enter_context(node_server(root))]
        receivers += [running.enter_context(tusd(program, root))] if program else []
        for one in receivers:
            run(one, Load(8, MIB, 8))
        sent = [Load(args.photos, 4_000_000, 8)] if args.photos else loads(is_quick=args.quick)
        for load in sent:
            taken: dict[str, list[Taken]] = {one.name: [] for one in receivers}
            for number in range(rounds):
                for one in receivers[number % len(receivers) :] + receivers[: number % len(receivers)]:
                    taken[one.name].append(run(one, load))
            report(load, taken)
    store.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
