"""`quancheng record`: the reference device. Its options, its enrolment, and how it begins and ends."""

import argparse
import os
import platform
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import httpx
from rich.console import Console

from mobile_contract.client.batch import record_all
from mobile_contract.client.capture import MODEL
from mobile_contract.client.device import DeviceFolder, DeviceState, utc_now
from mobile_contract.client.failure import Failure, failure_of
from mobile_contract.client.hand_in import Run, check_wish
from mobile_contract.client.local import Demo, chosen_server, demo_of, trusted
from mobile_contract.client.misuse import refuse, regular_file, seconds
from mobile_contract.client.promise import merged
from mobile_contract.client.transport import ClockFacts, Server
from mobile_contract.client.wire import server_address
from schemas.errors import EvidenceError
from schemas.jws import public_jwk, thumbprint
from schemas.refusals_command import NOT_ENROLLED


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the command."""
    add = parser.add_argument
    add("files", nargs="+", metavar="FILE", type=Path, help="photo, video, sound or GPX track")
    add("--server", metavar="URL", help="default: QUANCHENG_SERVER, the demo's, or this machine")
    add(
        "--authority",
        metavar="FILE",
        type=Path,
        help="certificate of the authority behind the server's (default: QUANCHENG_AUTHORITY, the demo's, the well-known)",
    )
    add("--case", metavar="NO", help="number of the case the recording serves")
    add("--officer", metavar="CERT", action="append", help="certificate number; give it twice or more")
    add("--article", metavar="TEXT", help="the article that allows fewer than two officers")
    add("--place", metavar="LAT,LON", help="WGS 84 degrees, for files that bring none of their own")
    add("--enrol", metavar="CODE", help="one-time code from the custodian, for a device not yet enrolled")
    add("--state", metavar="DIR", type=Path, help="the device's memory (default: QUANCHENG_HOME/device)")
    add(
        "--wait",
        metavar="SECONDS",
        type=seconds,
        default=120.0,
        help="for the next verdict (default: %(default)s)",
    )
    add(
        "--patience", metavar="SECONDS", type=seconds, default=120.0, help="without progress before giving up"
    )
    add("--json", action="store_true", help="print one JSON object per recording")


def run(args: argparse.Namespace, *, now: Callable[[], datetime] = utc_now) -> int:
    """Record every file and return the exit code of the product's commands; `now` is the device's own clock."""
    console = Console(stderr=True)
    try:
        if failures := _hopeless(args):
            return max(refuse(args, one.code, one.text, problem=one.problem) for one in failures)
        with _running(args, console, now) as session:
            return record_all(args, session)
    except (KeyboardInterrupt, EvidenceError, OSError, ValueError) as err:
        return _refused(args, err)


def _hopeless(args: argparse.Namespace) -> list[Failure]:
    """Return why each file cannot be read, when that is so of every one: then nothing is begun at all."""
    failures: list[Failure] = []
    for path in args.files:
        try:
            regular_file(path)
        except (EvidenceError, OSError) as err:
            failures.append(failure_of(err))
    return failures if len(failures) == len(args.files) else []


def _refused(args: argparse.Namespace, err: BaseException) -> int:
    code, text, problem = failure_of(err)
    return refuse(args, code, text, problem=problem)


@contextmanager
def _running(args: argparse.Namespace, console: Console, now: Callable[[], datetime]) -> Iterator[Run]:
    # A mistyped option must not leave an enrolled device or half a hand-in behind.
    check_wish(args)
    home = Path(os.environ.get("QUANCHENG_HOME", ".quancheng"))
    folder = DeviceFolder(args.state or home / "device")
    demo = demo_of(home)
    chosen = chosen_server(args.server, demo)
    address, trust = server_address(chosen), trusted(args.authority, chosen, demo)
    with httpx.Client(follow_redirects=False, verify=trust) as client, folder.locked():
        server = Server(address, client, patience_seconds=args.patience, now=now)
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
            clock_synced_at=session.server.now(),
            officers=officers,
            promises=merged((), session.server.promised()),
        )
    )


def _clock_update(clock: ClockFacts) -> dict[str, object]:
    return {
        "clock_offset_ms": clock.offset_ms,
        "clock_uncertainty_ms": clock.uncertainty_ms,
        "clock_synced_at": clock.synced_at,
    }
