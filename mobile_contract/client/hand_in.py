"""One capture on its way: sign, declare, upload, complete, receipt.

What a stop at any moment leaves: before the state file is replaced, nothing; after it, an unfinished capture
that the same command sends on from the server's offset. Nothing is signed twice, no `seq` is lost.
"""

import argparse
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import TypeAdapter
from rich.console import Console

from mobile_contract.client.capture import CaptureWish, Seen, look_at, manifest_for
from mobile_contract.client.device import DeviceFolder, DeviceState, Pending
from mobile_contract.client.place import Fix, parse_place
from mobile_contract.client.promise import receipted
from mobile_contract.client.report import Progress, show_receipt
from mobile_contract.client.transport import Server, Upload
from mobile_contract.client.wire import Answered, is_gone
from schemas.jws import sign_detached
from schemas.manifest import (
    MANIFEST_TYP,
    CertificateNumber,
    Context,
    OfficerException,
    build_manifest,
    manifest_digest,
    parse_manifest,
)
from schemas.refusals_command import DEVICE_STATE_MISSING, PLACE_INVALID
from schemas.visible import printable

_LONG_BYTES = 64 * 1024 * 1024
"""Hashing less takes under a second; more is shown as it goes."""


class Run(NamedTuple):
    """One call of the command: where things are, who answers, and how to speak."""

    folder: DeviceFolder
    server: Server
    console: Console
    is_json: bool
    wait_seconds: float

    def say(self, text: str) -> None:
        """Print a sentence to the person, beside the results."""
        self.console.print(printable(text), highlight=False, markup=False, soft_wrap=True)

    @property
    def state(self) -> DeviceState:
        """What the device knows now.

        Raises:
            Invalid: its memory was emptied in the meantime.
        """
        state = self.folder.load()
        if state is None:
            raise DEVICE_STATE_MISSING(f"{self.folder.path} was emptied while in use")
        return state

    def keep_promises(self) -> None:
        """Keep what answers have promised, before anything else is sent."""
        if promises := self.server.promised():
            self.folder.save(self.state.with_promises(promises))


class HandedIn(NamedTuple):
    """A file whose bytes the server answers for: its receipt is here, its verdict is still to come."""

    path: Path
    completed: dict[str, Any]
    receipt: dict[str, Any]
    was_received: bool
    left_out: tuple[str, ...]


def place_of(args: argparse.Namespace) -> Fix | None:
    """Return the place that was typed.

    Raises:
        Invalid: it is none.
    """
    if args.place is None:
        return None
    try:
        return parse_place(args.place)
    except ValueError as err:
        raise PLACE_INVALID(
            f"--place 应为“纬度,经度”（WGS 84，度） --place is LAT,LON in degrees, not: {args.place}"
        ) from err


def check_wish(args: argparse.Namespace) -> None:
    """Look at what was typed before anything is done: it would fail for every file.

    Raises:
        Invalid: the place is none.
        ValueError: another value breaks a rule of the manifest.
    """
    place_of(args)
    TypeAdapter(tuple[CertificateNumber, ...]).validate_python(tuple(args.officer or ()))
    if args.case:
        Context(case=args.case)
    if args.article:
        OfficerException(article=args.article)


def hand_in(path: Path, args: argparse.Namespace, session: Run) -> HandedIn:
    """Bring one file to the server and return its receipt.

    Raises:
        OSError, Invalid: the file cannot be read, or changed meanwhile.
        Answered: the server refused it.
        Unavailable: the server does not answer.
    """
    path = path.resolve(strict=True)
    pending, left_out = _signed(path, args, session)
    listed = declare(pending, session)
    address = pending.upload_url or (listed.get("upload") and session.server.absolute(listed["upload"]))
    completed = _sent(pending, address, session)
    receipt = session.server.get(completed["receipt_url"])
    # From here the server answers for the recording; the device's own copy is no longer the only one.
    said = receipted(receipt, session.server.corrected_now())
    session.folder.save(session.state.without(pending).with_promises(said))
    if not session.is_json:
        show_receipt(session.console, receipt)
    return HandedIn(path, completed, receipt, listed.get("recording_id") is not None, left_out)


def declare(pending: Pending, session: Run) -> dict[str, Any]:
    """Return what the server lists for the capture's file; empty when it refused but keeps the manifest.

    A refused manifest still names its file: the bytes go on, arrive, and are quarantined with the reason.
    """
    try:
        answer = session.server.declare(pending.payload.encode(), pending.signature)
    except Answered as err:
        if not err.document.get("kept"):
            raise
        session.say(f"清单被拒 · manifest refused: {err.detail} ({err.said})")
        return {}
    session.keep_promises()
    listed: dict[str, Any] = answer["files"][0]
    return listed


def _signed(path: Path, args: argparse.Namespace, session: Run) -> tuple[Pending, tuple[str, ...]]:
    """Return the capture of this file: the unfinished one, or a new one that is now signed and kept."""
    place, state = place_of(args), session.state
    seen = _seen(path, place, session)
    for sentence in seen.left_out:
        session.say(f"{path.name}: {sentence}")
    unfinished = state.find(path, seen.file.sha256)
    if unfinished is not None:
        session.say(f"从断点继续 · going on with {path.name}")
        return unfinished, seen.left_out
    wish = CaptureWish(
        officers=tuple(args.officer or state.officers), case=args.case, place=place, article=args.article
    )
    payload = build_manifest(manifest_for(seen, wish, state))
    signature = sign_detached(payload, session.folder.key(), kid=state.kid, typ=MANIFEST_TYP)
    pending = Pending.of(
        path, seq=state.seq + 1, payload=payload.decode(), signature=signature, sha256=seen.file.sha256
    )
    signed = state.with_pending(pending).model_copy(
        update={"seq": pending.seq, "prev": manifest_digest(payload)}
    )
    session.folder.save(signed)
    return pending, seen.left_out


def _seen(path: Path, place: Fix | None, session: Run) -> Seen:
    size_bytes = path.stat().st_size
    is_shown = not session.is_json and size_bytes > _LONG_BYTES
    words = f"计算完整性校验值（哈希值） hashing {printable(path.name)}"
    with Progress(session.console, words, size_bytes, is_shown=is_shown) as bar:
        return look_at(path, place=place, progress=bar.reached, now=session.server.now)


def _sent(pending: Pending, address: str | None, session: Run) -> dict[str, Any]:
    upload = _upload(pending)
    if address is not None:
        try:
            return _send(address, upload, session)
        except Answered as err:
            if not is_gone(err):
                raise
    opened = session.server.open_upload(upload)
    session.folder.save(session.state.with_pending(pending.model_copy(update={"upload_url": opened})))
    return _send(opened, upload, session)


def _send(address: str, upload: Upload, session: Run) -> dict[str, Any]:
    name = printable(upload.path.name)
    with Progress(session.console, name, upload.size_bytes, is_shown=not session.is_json) as bar:
        session.server.send(address, upload, bar.reached)
    completed = session.server.complete(address)
    session.keep_promises()
    return completed


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
    return Upload(pending.file, listed.size, metadata)
