"""`quancheng record`: the reference device. Sign, declare, upload, complete, wait for the verdict.

What a stop at any moment leaves: before the state file is replaced, nothing; after it, an unfinished capture
that the same command sends on from the server's offset. Nothing is signed twice, no `seq` is lost.
"""

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import httpx
from rich.console import Console

from mobile_contract.client.capture import (
    MODEL,
    CaptureWish,
    Fix,
    Seen,
    look_at,
    manifest_for,
    parse_place,
)
from mobile_contract.client.device import DeviceFolder, DeviceState, Pending, utc_now
from mobile_contract.client.failure import failure_of
from mobile_contract.client.local import Demo, chosen_server, demo_of
from mobile_contract.client.misuse import BROKEN, HOLDS, refuse, regular_file, seconds
from mobile_contract.client.report import Progress, show_receipt, show_verdict, waiting
from mobile_contract.client.transport import ClockFacts, Server, Upload
from mobile_contract.client.wire import Answered, is_gone, server_address
from schemas.errors import EvidenceError
from schemas.jws import public_jwk, sign_detached, thumbprint
from schemas.manifest import MANIFEST_TYP, build_manifest, manifest_digest, parse_manifest
from schemas.refusals_command import DEVICE_STATE_MISSING, NOT_ENROLLED, NOT_VERIFIED_YET, PLACE_INVALID

_FINAL_STATES = frozenset({"sealed", "quarantined"})
_POLL_SECONDS = 0.3
_LONGEST_POLL_SECONDS = 2.0
_CHECKPOINT_SECONDS = 5.0
_LONG_BYTES = 64 * 1024 * 1024
"""Hashing less takes under a second; more is shown as it goes."""


class Run(NamedTuple):
    """One call of the command: where things are, who answers, and how to speak."""

    folder: DeviceFolder
    server: Server
    console: Console
    is_json: bool
    wait_seconds: float


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the command."""
    add = parser.add_argument
    add("files", nargs="+", metavar="FILE", type=Path, help="photo, video, sound or GPX track")
    add("--server", metavar="URL", help="default: QUANCHENG_SERVER, the demo's, or this machine")
    add("--case", metavar="NO", help="number of the case the recording serves")
    add("--officer", metavar="CERT", action="append", help="certificate number; give it twice or more")
    add("--article", metavar="TEXT", help="the article that allows fewer than two officers")
    add("--place", metavar="LAT,LON", help="WGS 84 degrees; a GPX track brings its own")
    add("--enrol", metavar="CODE", help="one-time code from the custodian, for a device not yet enrolled")
    add("--state", metavar="DIR", type=Path, help="the device's memory (default: QUANCHENG_HOME/device)")
    add(
        "--wait",
        metavar="SECONDS",
        type=seconds,
        default=120.0,
        help="for the verdict (default: %(default)s)",
    )
    add(
        "--patience", metavar="SECONDS", type=seconds, default=120.0, help="without progress before giving up"
    )
    add("--json", action="store_true", help="print one JSON object per recording")


def run(args: argparse.Namespace) -> int:
    """Record every file and return the exit code of the product's commands."""
    console = Console(stderr=True)
    try:
        with _running(args, console) as session:
            return _record_all(args, session)
    except (KeyboardInterrupt, EvidenceError, OSError, ValueError) as err:
        return _refused(args, err)


def _refused(args: argparse.Namespace, err: BaseException) -> int:
    code, text, problem = failure_of(err)
    return refuse(args, code, text, problem=problem)


@contextmanager
def _running(args: argparse.Namespace, console: Console) -> Iterator[Run]:
    # A mistyped name must not leave an enrolled device or half a hand-in behind.
    _place(args)
    for path in args.files:
        regular_file(path)
    home = Path(os.environ.get("QUANCHENG_HOME", ".quancheng"))
    folder = DeviceFolder(args.state or home / "device")
    demo = demo_of(home)
    address = server_address(chosen_server(args.server, demo))
    with httpx.Client(follow_redirects=False) as client, folder.locked():
        server = Server(address, client, patience_seconds=args.patience)
        session = Run(folder, server, console, is_json=args.json, wait_seconds=args.wait)
        _introduce(args, session, demo)
        yield session


def _introduce(args: argparse.Namespace, session: Run, demo: Demo) -> None:
    """Enrol if this device is new; then obtain a token and take the server's time."""
    state = session.folder.load()
    if state is None:
        code = args.enrol or demo.enrolment_code
        if code is None:
            raise NOT_ENROLLED("设备尚未注册 · not enrolled: --enrol CODE (from the custodian)")
        state = _enrol(code, session, officers=tuple(args.officer or demo.officers))
    clock = session.server.identify(session.folder.key(), state.kid)
    session.folder.save(state.model_copy(update=_clock_update(clock)))


def _enrol(code: str, session: Run, *, officers: tuple[str, ...]) -> DeviceState:
    key = session.folder.new_key()
    kid = thumbprint(public_jwk(key.public_key()))
    answer = session.server.enrol(code, key, model=MODEL, name=platform.node() or "device")
    session.console.print(f"设备已注册 · enrolled: {answer['device_id']}", highlight=False)
    return session.folder.save(
        DeviceState(
            device_id=answer["device_id"],
            kid=kid,
            agency_id=answer["agency_id"],
            seq=0,
            prev=answer["challenge"],
            clock_offset_ms=0,
            clock_uncertainty_ms=0,
            clock_synced_at=utc_now(),
            officers=officers,
        )
    )


def _record_all(args: argparse.Namespace, session: Run) -> int:
    paths = [path.resolve(strict=True) for path in args.files]
    worst = HOLDS
    _declare_pending(session)
    for path in paths:
        pending = _signed(path, args, session)
        recording = _deliver(pending, session)
        worst = max(worst, _conclude(recording, session))
    return worst


def _signed(path: Path, args: argparse.Namespace, session: Run) -> Pending:
    """Return the capture of this file: the unfinished one, or a new one that is now signed and kept."""
    place = _place(args)
    state = _state(session)
    seen = _seen(path, place, session)
    unfinished = state.find(path, seen.file.sha256)
    if unfinished is not None:
        session.console.print(f"从断点继续 · going on with {path.name}", highlight=False)
        return unfinished
    wish = CaptureWish(
        officers=tuple(args.officer or state.officers), case=args.case, place=place, article=args.article
    )
    payload = build_manifest(manifest_for(seen, wish, state))
    signature = sign_detached(payload, session.folder.key(), kid=state.kid, typ=MANIFEST_TYP)
    pending = Pending(
        seq=state.seq + 1,
        path=str(path),
        payload=payload.decode(),
        signature=signature,
        sha256=seen.file.sha256,
    )
    signed = state.with_pending(pending).model_copy(
        update={"seq": pending.seq, "prev": manifest_digest(payload)}
    )
    session.folder.save(signed)
    return pending


def _place(args: argparse.Namespace) -> Fix | None:
    if args.place is None:
        return None
    try:
        return parse_place(args.place, utc_now())
    except ValueError as err:
        raise PLACE_INVALID(
            f"--place 应为“纬度,经度”（WGS 84，度） --place is LAT,LON in degrees, not: {args.place}"
        ) from err


def _seen(path: Path, place: Fix | None, session: Run) -> Seen:
    size_bytes = path.stat().st_size
    is_shown = not session.is_json and size_bytes > _LONG_BYTES
    words = f"计算完整性校验值（哈希值） hashing {path.name}"
    with Progress(session.console, words, size_bytes, is_shown=is_shown) as bar:
        return look_at(path, place=place, progress=bar.reached)


def _declare_pending(session: Run) -> None:
    """Declare what an interrupted run signed, oldest first, so that the sequence arrives without a hole."""
    for pending in sorted(_state(session).pending, key=lambda each: each.seq):
        _declare(pending, session)


def _declare(pending: Pending, session: Run) -> dict[str, Any]:
    """Return what the server lists for the capture's file; empty when it refused but keeps the manifest.

    A refused manifest still names its file: the bytes go on, arrive, and are quarantined with the reason.
    """
    try:
        answer = session.server.declare(pending.payload.encode(), pending.signature)
    except Answered as err:
        if not err.document.get("kept"):
            raise
        session.console.print(f"[red]清单被拒 · manifest refused:[/red] {err.detail} ({err.said})")
        return {}
    listed: dict[str, Any] = answer["files"][0]
    return listed


def _deliver(pending: Pending, session: Run) -> dict[str, Any]:
    """Bring one capture to the server and return the recording once its verdict is known.

    Raises:
        Unavailable: the server does not answer, or the verdict does not come in time.
    """
    listed = _declare(pending, session)
    address = pending.upload_url or (listed.get("upload") and session.server.absolute(listed["upload"]))
    was_received = listed.get("recording_id") is not None
    completed = _sent(pending, address, session)
    receipt = session.server.get(completed["receipt_url"])
    # From here the server answers for the recording; the device's own copy is no longer the only one.
    session.folder.save(_state(session).without(pending))
    if not session.is_json:
        show_receipt(session.console, receipt)
    with waiting(session.console, is_shown=not session.is_json):
        recording = _verdict(completed, session)
    if was_received:
        session.console.print(_received_before(recording), highlight=False, markup=False, soft_wrap=True)
    return {**recording, "receipt": receipt, "received_before": was_received}


def _received_before(recording: dict[str, Any]) -> str:
    """Say what a repeated hand-in means: the server keeps the first bytes, whatever the file holds now."""
    if recording["state"] != "quarantined":
        return (
            "此清单的文件先前已收到，未再发送 · received before under this manifest: no byte was sent again"
        )
    return (
        "此清单的文件先前已收到并隔离，本次未再发送；隔离的原件不会被替换。"
        "再次运行本命令，将以新清单签名并发送现在的文件 · "
        "received before under this manifest and quarantined: no byte was sent again, what is kept is never "
        "replaced. Run the command once more to sign and send the file as it is now."
    )


def _sent(pending: Pending, address: str | None, session: Run) -> dict[str, Any]:
    upload = _upload(pending)
    if address is not None:
        try:
            return _send(address, upload, session)
        except Answered as err:
            if not is_gone(err):
                raise
    opened = session.server.open_upload(upload)
    session.folder.save(_state(session).with_pending(pending.model_copy(update={"upload_url": opened})))
    return _send(opened, upload, session)


def _send(address: str, upload: Upload, session: Run) -> dict[str, Any]:
    with Progress(session.console, upload.path.name, upload.size_bytes, is_shown=not session.is_json) as bar:
        session.server.send(address, upload, bar.reached)
    return session.server.complete(address)


def _upload(pending: Pending) -> Upload:
    payload = pending.payload.encode()
    manifest = parse_manifest(payload)
    listed = manifest.files[0]
    metadata = {
        "filename": listed.name,
        "filetype": listed.media_type,
        "sha256": listed.sha256,
        "manifest": manifest_digest(payload),
    }
    if manifest.context is not None:
        metadata["case"] = manifest.context.case
    return Upload(Path(pending.path), listed.size, metadata)


def _verdict(completed: dict[str, Any], session: Run) -> dict[str, Any]:
    delay, until = _POLL_SECONDS, time.monotonic() + session.wait_seconds
    while True:
        recording = session.server.get(completed["status_url"])
        if recording["state"] in _FINAL_STATES:
            # The checkpoint that lets the device delete its copy follows the verdict within a second or two.
            return recording if recording["may_delete_local"] else _settled(completed, session)
        if time.monotonic() > until:
            raise NOT_VERIFIED_YET(
                f"已收到，尚未核验 received, but not yet verified: {completed['status_url']}"
            )
        time.sleep(delay)
        delay = min(delay * 1.5, _LONGEST_POLL_SECONDS)


def _settled(completed: dict[str, Any], session: Run) -> dict[str, Any]:
    until = time.monotonic() + _CHECKPOINT_SECONDS
    while True:
        recording = session.server.get(completed["status_url"])
        is_final = recording["state"] == "quarantined" or recording["may_delete_local"]
        if is_final or time.monotonic() > until:
            return recording
        time.sleep(_POLL_SECONDS)


def _conclude(recording: dict[str, Any], session: Run) -> int:
    if session.is_json:
        sys.stdout.write(json.dumps(recording, ensure_ascii=False) + "\n")
        sys.stdout.flush()
    else:
        show_verdict(Console(), recording)
    is_bad = recording["state"] == "quarantined" or recording["verdict"] == "mismatch"
    return BROKEN if is_bad else HOLDS


def _state(session: Run) -> DeviceState:
    state = session.folder.load()
    if state is None:
        raise DEVICE_STATE_MISSING(f"{session.folder.path} was emptied while in use")
    return state


def _clock_update(clock: ClockFacts) -> dict[str, object]:
    return {
        "clock_offset_ms": clock.offset_ms,
        "clock_uncertainty_ms": clock.uncertainty_ms,
        "clock_synced_at": clock.synced_at,
    }
