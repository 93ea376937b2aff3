"""The whole line, from declared to sealed, beside a bare script that does the same work without it.

    python -m tests.stand run --durable -- python bench/line.py [--quick | --soak MINUTES]

Prints recordings/s, MB/s, CPU-seconds per GiB and the peak memory of each process, then the ratio to the bare
script of the same run. `--soak` repeats the load, kills a worker in every round, and ends with `fsck`.
"""

import argparse
import base64
import hashlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import httpx
import numpy as np
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import func, select

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bench import bare, media  # noqa: E402
from bench.processes import Watch  # noqa: E402
from quancheng_demo import found, is_empty  # noqa: E402
from schemas.base import rfc3339  # noqa: E402
from schemas.canonical import canonical_bytes  # noqa: E402
from schemas.device import ENROL_TYP  # noqa: E402
from schemas.digest import sha256_hex  # noqa: E402
from schemas.jws import public_jwk, sign_compact, sign_detached, thumbprint  # noqa: E402
from schemas.manifest import MANIFEST_TYP  # noqa: E402
from storage.flow.login import actor_of_password  # noqa: E402
from storage.settings import StorageSettings  # noqa: E402
from storage.setup.migrate import upgrade  # noqa: E402
from storage.store import Store, utc_now  # noqa: E402
from storage.tables.recording import recordings  # noqa: E402
from tests.server import free_port  # noqa: E402
from tests.stand import COMMANDS  # noqa: E402

MIB = 1024 * 1024
PATCH_BYTES = 256 * MIB
SENDERS = 4


class Device:
    """A reference device without progress bars: declares one manifest per file and sends it."""

    def __init__(self, client: httpx.Client, code: str) -> None:
        self._client = client
        self._key = ec.generate_private_key(ec.SECP256R1())
        jwk = public_jwk(self._key.public_key())
        self._kid = thumbprint(jwk)
        proof = sign_detached(code.encode(), self._key, kid=self._kid, typ=ENROL_TYP)
        wish = {"code": code, "jwk": jwk, "model": "bench", "name": "bench", "proof": proof}
        enrolled = client.post("/v1/devices", json=wish)
        enrolled.raise_for_status()
        self._id, self._prev = enrolled.json()["device_id"], enrolled.json()["challenge"]
        self._seq = 0
        self._token = self._assert()

    def _assert(self) -> str:
        now = int(time.time())
        claims = {"iss": self._kid, "sub": self._kid, "aud": "quancheng", "iat": now, "exp": now + 120}
        assertion = sign_compact({**claims, "jti": str(uuid4())}, self._key, kid=self._kid, typ="JWT")
        grant = {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": assertion}
        answer = self._client.post("/v1/token", data=grant)
        answer.raise_for_status()
        return str(answer.json()["access_token"])

    def manifest(self, path: Path, sha256: str) -> tuple[bytes, str]:
        """Sign the next manifest of the sequence for one file."""
        self._seq += 1
        is_photo = path.suffix == ".jpg"
        now = rfc3339(utc_now())
        payload = canonical_bytes(
            {
                "typ": "quancheng-manifest",
                "v": 1,
                "device": {
                    "id": self._id,
                    "kid": self._kid,
                    "model": "bench",
                    "fw": "1",
                    "app_id": "bench",
                    "app_ver": "1",
                },
                "seq": self._seq,
                "prev": self._prev,
                "boot_id": "bench",
                "mono_ms": int(time.monotonic() * 1000),
                "captured_at": now,
                "clock": {"source": "ntp", "offset_ms": 0, "uncertainty_ms": 10, "synced_at": now},
                "officers": ["10320001001", "10320001002"],
                "files": [
                    {
                        "name": path.name,
                        "role": "original",
                        "media_type": "image/jpeg" if is_photo else "video/mp4",
                        "size": path.stat().st_size,
                        "sha256": sha256,
                    }
                ],
            }
        )
        self._prev = sha256_hex(payload)
        return payload, sign_detached(payload, self._key, kid=self._kid, typ=MANIFEST_TYP)

    def send(self, path: Path, signed: tuple[bytes, str]) -> None:
        """Declare and upload one file."""
        headers = {"Authorization": f"Bearer {self._token}", "Tus-Resumable": "1.0.0"}
        payload, signature = signed
        declared = self._client.post(
            "/v1/manifests", content=payload, headers={**headers, "Quancheng-Signature": signature}
        )
        declared.raise_for_status()
        metadata = {
            "filename": path.name,
            "manifest": sha256_hex(payload),
            "sha256": declared.json()["files"][0]["sha256"],
        }
        pairs = ",".join(f"{k} {_b64(v)}" for k, v in metadata.items())
        size = path.stat().st_size
        opened = self._client.post(
            "/v1/uploads", headers={**headers, "Upload-Length": str(size), "Upload-Metadata": pairs}
        )
        opened.raise_for_status()
        offset = 0
        while offset < size:
            offset = self._patch(opened.headers["Location"], path, offset, headers)

    def _patch(self, url: str, path: Path, offset: int, headers: dict[str, str]) -> int:
        length = min(PATCH_BYTES, path.stat().st_size - offset)
        answer = self._client.patch(
            url,
            content=_slice(path, offset, length),
            headers={
                **headers,
                "Upload-Offset": str(offset),
                "Content-Length": str(length),
                "Content-Type": "application/offset+octet-stream",
            },
        )
        answer.raise_for_status()
        return int(answer.headers["Upload-Offset"])


def _b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _slice(path: Path, offset: int, length: int) -> Iterator[bytes]:
    with path.open("rb") as file:
        file.seek(offset)
        while length > 0:
            block = file.read(min(MIB, length))
            length -= len(block)
            yield block


def make_files(folder: Path, *, photos: int, videos: int, video_bytes: int) -> list[Path]:
    """Make the load: every photo has its own digest, every video its own seed."""
    bases = media.photo_bases(4, np.random.default_rng(7))
    files = []
    for number in range(photos):
        files.append(folder / f"photo-{number:04d}.jpg")
        files[-1].write_bytes(media.vary(bases[number % 4], number))
    for number in range(videos):
        files.append(folder / f"video-{number}.mp4")
        media.video(files[-1], video_bytes, seed=number)
    return files


@contextmanager
def product(port: int) -> Iterator[dict[str, subprocess.Popen[bytes]]]:
    """Start api, worker and scheduler by the commands of the compose file."""
    folder = os.environ["PATH"]
    env = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{folder}", "PYTHONPATH": str(ROOT)}
    running = {}
    try:
        for name in ("api", "worker", "slow-worker", "scheduler"):
            words = [word.format(host="127.0.0.1", port=port) for word in COMMANDS[name]]
            running[name] = subprocess.Popen(
                words, env=env, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
        yield running
    finally:
        for process in running.values():
            process.terminate()
        for process in running.values():
            process.wait(timeout=60)


def wait_up(client: httpx.Client) -> None:
    """Wait until the API answers."""
    for _ in range(3000):
        try:
            if client.get("/v1/health").is_success:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise SystemExit("the API did not come up")


def sealed(store: Store) -> int:
    """Count what is concluded."""
    with store.begin() as tx:
        return int(tx.connection.scalar(select(func.count()).where(recordings.c.state != "received")) or 0)


def run_line(store: Store, client: httpx.Client, files: Sequence[Path], code: str) -> float:
    """Send all files with four senders and wait until the last is concluded; return seconds."""
    device = Device(client, code)
    before = sealed(store)
    signed = {path: device.manifest(path, _digest(path)) for path in files}
    began = time.monotonic()
    with ThreadPoolExecutor(SENDERS) as pool:
        list(pool.map(lambda path: device.send(path, signed[path]), files))
    received = time.monotonic() - began
    while sealed(store) < before + len(files):
        time.sleep(0.1)
    seconds = time.monotonic() - began
    print(f"  received after {received:.1f} s, concluded after {seconds:.1f} s")
    return seconds


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def warm_up(store: Store, client: httpx.Client, path: Path, code: str) -> None:
    """Let both worker processes and their decoders start, as the bare script's pool has: four small files."""
    device = Device(client, code)
    before = sealed(store)
    for number in range(4):
        small = path.with_name(f"warm-{number}.jpg")
        small.write_bytes(b"\xff\xd8\xff warm")
        device.send(small, device.manifest(small, _digest(small)))
        small.unlink()
    while sealed(store) < before + 4:
        time.sleep(0.1)


def measure(label: str, files: Sequence[Path], store: Store, port: int, codes: Iterator[str]) -> None:
    """Run line and bare script one after the other on the same files and print both."""
    total = sum(path.stat().st_size for path in files)
    with product(port) as running, httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=600) as client:
        wait_up(client)
        warm_up(store, client, files[0], next(codes))
        watch = Watch({name: process.pid for name, process in running.items()})
        seconds = run_line(store, client, files, next(codes))
        watch.stop()
    peer = bare.run(os.environ["OBJECTS_URL"], list(files), f"derivatives/bare-{uuid4()}")
    print(f"\n{label}: {len(files)} files, {total / MIB:.0f} MiB")
    for name, took in (("line", seconds), ("bare", peer)):
        print(
            f"  {name}: {took:7.1f} s  {len(files) / took:6.1f} recordings/s  {total / took / 1e6:6.0f} MB/s"
        )
    print(f"  ratio line/bare: {peer / seconds:.2f}  (target 0.60)")
    cpu = sum(watch.cpu_seconds.values())
    print(f"  CPU of the product: {cpu:.1f} s, {cpu / (total / 1024**3):.1f} CPU-seconds per GiB")
    for key in sorted(watch.peak_rss_mb):
        print(f"    {key:32} peak RSS {watch.peak_rss_mb[key]:5.0f} MB  CPU {watch.cpu_seconds[key]:6.1f} s")


def soak(minutes: float, folder: Path, store: Store, port: int, codes: Iterator[str]) -> int:
    """Keep the line under load, kill one worker child in every round, then re-derive everything."""
    # What a killed worker held comes back when its lease ends: shorter leases give more rounds.
    os.environ |= {"WORKERS_LEASE_SECONDS": "10", "WORKERS_SWEEP_SECONDS": "2"}
    ends = time.monotonic() + minutes * 60
    rounds = 0
    with product(port) as running, httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=600) as client:
        wait_up(client)
        while time.monotonic() < ends:
            rounds += 1
            files = make_files(folder, photos=40, videos=1, video_bytes=64 * MIB)
            files = [path.rename(path.with_stem(f"{path.stem}-{rounds}")) for path in files]
            for path in files[:40]:
                path.write_bytes(media.vary(path.read_bytes(), rounds * 1000))
            _kill_later(running["worker"].pid)
            run_line(store, client, files, next(codes))
            for path in files:
                path.unlink()
    print(f"soak: {rounds} rounds, {sealed(store)} recordings concluded")
    return subprocess.run([sys.executable, "quancheng.py", "fsck"], cwd=ROOT, check=False).returncode


def _kill_later(worker: int) -> None:
    """Kill one of the worker's processes in two seconds; the pool's own tracker is not one of them."""

    def kill() -> None:
        children = Path(f"/proc/{worker}/task/{worker}/children").read_text().split()
        working = [pid for pid in children if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()]
        if working:
            os.kill(int(random.choice(working)), signal.SIGKILL)

    threading.Timer(2.0, kill).start()


def codes_of(store: Store) -> Iterator[str]:
    """Issue enrolment codes of the demo organisation's custodian."""
    passwords = found(store) if is_empty(store) else {}
    custodian = actor_of_password(store, "sun", passwords["sun"]) if passwords else None
    if custodian is None:
        raise SystemExit("the bench needs an empty database")
    while True:
        with store.begin() as tx:
            code = tx.enrolments.issue_code(custodian).code
        yield code


def main() -> int:
    """Measure, or soak."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--quick", action="store_true", help="a tenth of the load")
    options.add_argument("--soak", type=float, metavar="MINUTES")
    args = options.parse_args()
    store = Store(StorageSettings())
    upgrade(store.engine)
    codes = codes_of(store)
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="quancheng-bench-") as name:
        if args.soak:
            return soak(args.soak, Path(name), store, port, codes)
        photos, video_bytes = (40, 96 * MIB) if args.quick else (200, 1024 * MIB)
        files = make_files(Path(name), photos=photos, videos=2, video_bytes=video_bytes)
        measure("photos", files[:photos], store, port, codes)
        measure("videos", files[photos:], store, port, codes)
        measure("both", files, store, port, codes)
    store.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
