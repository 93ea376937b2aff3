#!/usr/bin/env python3
"""The command, and the composition root: the only file that may see both the API and the workers.

Imports are lazy on purpose: `quancheng verify` runs on a machine that has no server library at all.
Exit codes: 0 = every required claim holds, 1 = one does not, 2 = used wrongly, 3 = a part is not reachable.
"""

from __future__ import annotations

from quancheng_stop import STOP, ToldToStopError  # isort: split

import argparse
import importlib
import json
import os
import sys
import threading
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from starlette.types import ASGIApp

    from api.listen import Listener
    from api.settings import ApiSettings
    from quancheng_demo_run import Demo
    from quancheng_tls import Tls
    from schemas.account import Link
    from storage.setup.home import Home
    from storage.store import Store
    from workers.listening import Listening

    AddArguments = Callable[[argparse.ArgumentParser], None]
    Run = Callable[[argparse.Namespace], int]

OK, BROKEN, MISUSED, UNREACHABLE = 0, 1, 2, 3
MAX_PORT = 65_535
DEMO_MEDIA = Path(__file__).parent / "mobile_contract" / "demo"


def _device_side(name: str) -> tuple[AddArguments, Run]:
    module = importlib.import_module(f"mobile_contract.client.{name}")
    return module.add_arguments, module.run


def _commands() -> dict[str, tuple[str, Callable[[], tuple[AddArguments, Run]]]]:
    """Return name → (summary, how to load it). Only the command that was called is loaded."""
    return {
        "serve": (
            "run the server (embedded default: nothing else to install)",
            lambda: (_serve_arguments, serve),
        ),
        "admit": (
            "hand out a one-time link by which an administrator comes in",
            lambda: (_admit_arguments, admit),
        ),
        "record": (
            "act as the field device: sign, upload, wait for the verdict",
            lambda: _device_side("record"),
        ),
        "export": ("build and download the package of a case", lambda: _device_side("export")),
        "verify": ("check a package offline, without server or database", lambda: _device_side("verify")),
        "redraw": (
            "repeat a supervision draw from its file, without server or database",
            lambda: _device_side("redraw"),
        ),
        "doctor": (
            "tell which part is missing or misconfigured and what to do",
            lambda: (_doctor_arguments, doctor),
        ),
        "fsck": (
            "re-derive every digest, root and state from bytes; trust nothing",
            lambda: (_fsck_arguments, fsck),
        ),
        "reseal": (
            "move personal data from PERSONAL_KEY_BEFORE to PERSONAL_KEY, beside a running server",
            lambda: (lambda _: None, reseal),
        ),
    }


def parser(called: str | None) -> argparse.ArgumentParser:
    """Return the parser; only `called` gets its arguments, so that `verify` needs no HTTP client."""
    top = argparse.ArgumentParser(
        prog="quancheng",
        description="Whole-process enforcement recording (行政执法全过程记录): receive, verify, prove.",
        epilog="Exit: 0 every required claim holds, 1 one does not, 2 used wrongly, 3 a part is unreachable.",
    )
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, (summary, load) in _commands().items():
        one = commands.add_parser(name, help=summary, description=summary)
        if name != called:
            continue
        add_arguments, run = load()
        add_arguments(one)
        if "--json" not in one.format_help():
            one.add_argument("--json", action="store_true", help="print JSON lines instead of text")
        one.set_defaults(run=run)
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    called = next((word for word in words if not word.startswith("-")), None)
    args = parser(called).parse_args(words)
    run: Callable[[argparse.Namespace], int] = args.run
    return run(args)


def _doctor_arguments(one: argparse.ArgumentParser) -> None:
    from schemas.health import HealthPart

    parts = [part.value for part in HealthPart]
    one.add_argument("--part", choices=parts, metavar="PART", help=f"this one alone: {', '.join(parts)}")


def _fsck_arguments(one: argparse.ArgumentParser) -> None:
    one.add_argument(
        "--no-bytes", action="store_true", help="check rows, log and locks, do not re-read objects"
    )


def _admit_arguments(one: argparse.ArgumentParser) -> None:
    one.add_argument(
        "--first", action="store_true", help="only on a server on which nobody has an account, and once"
    )
    one.add_argument(
        "--address",
        help="how people reach the console (default: CONSOLE_URL, else this machine's QUANCHENG_PORT)",
    )


def _serve_arguments(one: argparse.ArgumentParser) -> None:
    one.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    port = os.environ.get("QUANCHENG_PORT", "8080")  # text: argparse then names a wrong one
    one.add_argument(
        "--port", type=_port, default=port, help="port to listen on (default: QUANCHENG_PORT or 8080)"
    )
    one.add_argument(
        "--tls",
        action="store_true",
        help="speak TLS with a certificate of an authority of our own; --port then only shows the way to it",
    )
    tls_port = os.environ.get("QUANCHENG_TLS_PORT", "8443")
    one.add_argument(
        "--tls-port",
        type=_port,
        default=tls_port,
        help="port of TLS (default: QUANCHENG_TLS_PORT or 8443)",
    )
    one.add_argument(
        "--no-demo",
        action="store_true",
        help="do not make the demo organisation (never made on a DATABASE_URL)",
    )


def _port(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and 0 < int(text) <= MAX_PORT):
        raise argparse.ArgumentTypeError(f"{text!r} is no port: 1 to {MAX_PORT}")
    return int(text)


class _Teller:
    """Tells a person what happens, or a program in JSON lines; never both. `progress` is for a person only."""

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json
        self._began = time.monotonic()

    def __call__(self, event: str, text: str, **facts: object) -> None:
        if self._as_json:
            if event != "progress":
                print(json.dumps({"event": event, **facts}, ensure_ascii=False), flush=True)
        else:
            print(f"[{time.monotonic() - self._began:5.1f} s] {text}", flush=True)


def serve(args: argparse.Namespace) -> int:
    """Run API, console and – without a broker – the workers, until Ctrl-C; stop all that was started."""
    STOP.listen()
    say = _Teller(as_json=args.json)
    say("starting", "正在启动全程 starting Quancheng …")
    try:
        return _guarded(say, lambda: _serve_until_told(args, say))
    finally:
        STOP.deafen()


def _serve_until_told(args: argparse.Namespace, say: _Teller) -> int:
    from api.listen import listening_fault
    from schemas.errors import EvidenceError

    for port in (args.port, args.tls_port) if args.tls else (args.port,):
        fault = listening_fault(args.host, port)
        if fault is not None and not STOP.is_asked:
            say(fault.event, f"✗ {fault.text}", host=args.host, port=port)
            return MISUSED if fault.is_misuse else UNREACHABLE
    with ExitStack() as started:
        try:
            _serve(args, say, started)
        except ToldToStopError:
            pass
        except EvidenceError:
            # The terminal, or a supervisor, may have told a part to end before we came to it.
            if not STOP.is_asked:
                raise
        say("stopping", "正在停止 stopping …")
    say("stopped", "已停止 stopped: everything that was started here has ended")
    if STOP.fault is not None:
        say("part_ended", f"✗ {STOP.fault}")
        return UNREACHABLE
    return OK


def _guarded(say: _Teller, run: Callable[[], int]) -> int:
    """Turn what a person can mend into one sentence and an exit code; never a trace, never a secret."""
    from schemas.errors import EvidenceError, IntegrityBroken, Invalid

    try:
        return run()
    except Invalid as err:
        say("used_wrongly", f"✗ {err.detail}", problem=err.slug)
        return MISUSED
    except IntegrityBroken as err:
        say("integrity_broken", f"✗ {err.refusal.zh} {err.refusal.en}: {err.detail}", problem=err.slug)
        return BROKEN
    except EvidenceError as err:
        say("part_missing", f"✗ {err.detail}", problem=err.slug)
        return UNREACHABLE


def _serve(args: argparse.Namespace, say: _Teller, started: ExitStack) -> None:
    from api.app import create_app
    from api.settings import ApiSettings
    from api.sso_settings import SsoSettings
    from quancheng_parts import migrate, open_home, opened, read, settings_of
    from storage.settings import is_set
    from storage.setup.migrate import check_key
    from workers.listening import Listening

    STOP.check()
    home = open_home(say)
    say("home", f"数据目录 data folder {home.path}", home=str(home.path))
    settings = settings_of(home, say, started)
    STOP.check()
    store = opened(settings)
    started.callback(store.close)
    say("migrating", "正在检查数据库结构 migrating the database")
    migrate(store)
    check_key(store.engine)
    STOP.check()
    api_settings = read(ApiSettings).answering_to(args.host)
    sso = read(SsoSettings)
    tls = _tls(args, home, api_settings) if args.tls else None
    address = tls.address if tls else f"http://{args.host}:{args.port}"
    # Accounts with passwords that are written down have no place in a database of somebody's own.
    has_demo = not args.no_demo and not is_set("DATABASE_URL")
    demo = _demo(home, store, tls.local_address if tls else address, say, tls) if has_demo else None
    with store.begin() as tx:
        link = tx.links.offer_first()
        is_unadministered = tx.links.is_unadministered()
    STOP.check()
    if settings.broker_url is None:
        _start_workers(opened(settings), say, started)
    server = _listener(args, create_app(api_settings, store, sso), tls, started)
    started.callback(home.listening_path.unlink, missing_ok=True)
    listening = Listening(args.host, args.port, is_tls=tls is not None)
    introduce = _introduction(say, settings.console_url or address, link, demo, is_new=is_unadministered)

    def is_up() -> None:
        _say_reach(say, home, listening, tls)
        introduce()

    started.enter_context(_beside(server, say, address, demo, is_up))
    server.run()


def _say_reach(say: _Teller, home: Home, listening: Listening, tls: Tls | None) -> None:
    """Write down what is listened on, for the doctor, and say how other machines come: by TLS, or without it."""
    from workers.listening import plain_to_others, write_listening

    write_listening(home, listening)
    if tls is not None:
        tls.introduce(say)
    elif (url := plain_to_others(listening)) is not None:
        said = "可从其他机器不经加密访问，请用 --tls other machines are answered without TLS, use --tls"
        say("without_tls", f"! {url} {said}", url=url)


def _tls(args: argparse.Namespace, home: Home, settings: ApiSettings) -> Tls:
    from quancheng_tls import Tls

    return Tls(home, settings, host=args.host, port=args.tls_port, plain_port=args.port)


def _listener(args: argparse.Namespace, app: ASGIApp, tls: Tls | None, started: ExitStack) -> Listener:
    """Return what listens for the application; with TLS the plain port is served beside it."""
    from api.listen import Listener, configured

    if tls is None:
        return Listener(configured(app, host=args.host, port=args.port), lambda: STOP.is_asked)
    tls.serve_plain(started)
    config = configured(app, host=args.host, port=args.tls_port, certificate=tls.certificate)
    return Listener(config, lambda: STOP.is_asked, renewed=tls.renewed)


def _start_workers(store: Store, say: _Teller, started: ExitStack) -> None:
    from quancheng_parts import read
    from workers.embedded import EmbeddedWorkers
    from workers.settings import WorkersSettings

    # A store of their own: requests that take every connection of the API's stop no work.
    started.callback(store.close)
    workers = EmbeddedWorkers(store, read(WorkersSettings), on_end=_loop_ended)
    workers.start()
    started.callback(workers.stop)
    say("workers", "核验任务已就绪 workers ready (in process)")


def _loop_ended(name: str) -> None:
    STOP.fail(f"后台任务意外结束 a background loop has ended: {name}; see the log and start again")


def _demo(home: Home, store: Store, address: str, say: _Teller, tls: Tls | None) -> Demo:
    from quancheng_demo_run import Demo

    demo = Demo(home, store, say, media=DEMO_MEDIA, command=(sys.executable, __file__))
    demo.make(address, authority=tls.trusted if tls else None)
    return demo


def _introduction(
    say: _Teller, address: str, link: Link | None, demo: Demo | None, *, is_new: bool
) -> Callable[[], None]:
    """Return what is said once the server is up: how the first administrator comes in, or who the demo's people are."""

    def introduce() -> None:
        if link is not None:
            _say_link(say, address, link)
        elif is_new:
            said = "还没有系统管理员，请运行 nobody administers this server, run: quancheng admit"
            say("admission_missing", said)
        if demo is not None:
            demo.introduce()

    return introduce


def _say_link(say: _Teller, address: str, link: Link) -> None:
    """Say where an administrator comes in: to whoever runs the server, and to nobody's log."""
    from schemas.base import rfc3339

    url = f"{address}/console/admit/{link.code}"
    said = "开通系统管理员的一次性链接，30 分钟内有效 for the administrator, once, within 30 minutes"
    say("admission", f"{said}:\n  {url}", url=url, expires_at=rfc3339(link.expires_at))


@contextmanager
def _beside(
    server: Listener, say: _Teller, address: str, demo: Demo | None, introduce: Callable[[], None]
) -> Iterator[None]:
    """Tell, beside the server, that it is up, and let the demo's device hand in; both end with the block."""
    is_over = threading.Event()
    teller = threading.Thread(target=_when_up, args=(server, say, address, introduce, is_over))
    teller.start()
    try:
        yield
    finally:
        is_over.set()
        if demo is not None:
            demo.stop()
        teller.join()  # it may still hold the store


def _when_up(
    server: Listener, say: _Teller, address: str, introduce: Callable[[], None], is_over: threading.Event
) -> None:
    while not server.started:
        if is_over.wait(0.05):
            return
    say("up", f"控制台 console {address}/console", url=f"{address}/console")
    introduce()


def admit(args: argparse.Namespace) -> int:
    """Hand out a link by which an administrator comes in; also where the only one is lost. It is logged."""
    say = _Teller(as_json=args.json)
    return _guarded(say, lambda: _admit(args, say))


def _admit(args: argparse.Namespace, say: _Teller) -> int:
    from quancheng_parts import migrate, open_store

    with ExitStack() as started:
        store = open_store(say, started)
        migrate(store)
        with store.begin() as tx:
            link = tx.links.offer_first() if args.first else tx.links.offer()
        if link is None:
            said = "已签发过首位管理员的链接，或已有账号；需要时运行 quancheng admit"
            say(
                "admission_known",
                f"{said} a link was handed out, or somebody has an account: run `quancheng admit`",
            )
            return OK
        port = os.environ.get("QUANCHENG_PORT", "8080")
        _say_link(say, args.address or store.settings.console_url or f"http://127.0.0.1:{port}", link)
    return OK


def doctor(args: argparse.Namespace) -> int:
    """Check every part and say what to do about each that is missing."""
    from storage.setup.home import Home
    from workers.doctor import examine

    say = _Teller(as_json=args.json)
    worst = OK if args.part is None else UNREACHABLE  # what is asked for and cannot be looked at is not well
    for finding in examine(Home(Path(os.environ.get("QUANCHENG_HOME", ".quancheng")))):
        if args.part is None:
            worst = worst if finding.is_good else UNREACHABLE
        elif finding.part == args.part:
            worst = OK if finding.is_good else UNREACHABLE
        else:
            continue
        say("part", str(finding), **finding.model_dump())
    return worst


def fsck(args: argparse.Namespace) -> int:
    """Re-derive what is recorded from bytes; exit 1 when anything differs, 3 when not all could be looked at."""
    say = _Teller(as_json=args.json)
    return _guarded(say, lambda: _fsck(args, say))


def _fsck(args: argparse.Namespace, say: _Teller) -> int:
    from quancheng_parts import open_store
    from workers.fsck import run

    with ExitStack() as started:
        return run(open_store(say, started), say, with_bytes=not args.no_bytes)


def reseal(args: argparse.Namespace) -> int:
    """Move personal data to the new key; exit 1 when something did not open or is left under the key before."""
    say = _Teller(as_json=args.json)
    return _guarded(say, lambda: _reseal(say))


def _reseal(say: _Teller) -> int:
    from quancheng_parts import migrate, open_store
    from workers.reseal import run

    with ExitStack() as started:
        store = open_store(say, started)
        migrate(store)
        return run(store, say)


if __name__ == "__main__":
    sys.exit(main())
