"""`quancheng serve`: API, console and – without a broker – the workers, from the first signal to the last part that ends.

Imports are lazy on purpose: it is said that the server starts before its libraries are loaded.
"""

from __future__ import annotations

import argparse
import os
import sys
import threading
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from quancheng_stop import STOP, ToldToStopError
from quancheng_tell import MISUSED, OK, UNREACHABLE, Teller, guarded, say_link

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from starlette.types import ASGIApp

    from api.listen import Listener
    from api.settings import ApiSettings
    from quancheng_demo_run import Demo
    from quancheng_tls import Tls
    from schemas.account import Link
    from storage.setup.home import Home
    from storage.store import Store
    from workers.listening import Listening
    from workers.signing import SignerProcess

MAX_PORT = 65_535
COMMAND = Path(__file__).with_name("quancheng.py")
DEMO_MEDIA = COMMAND.parent / "mobile_contract" / "demo"


def serve_arguments(one: argparse.ArgumentParser) -> None:
    """Add the arguments of `quancheng serve`."""
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


def serve(args: argparse.Namespace) -> int:
    """Run API, console and – without a broker – the workers, until Ctrl-C; stop all that was started."""
    STOP.listen()
    say = Teller(as_json=args.json)
    say("starting", "正在启动全程 starting Quancheng …")
    try:
        return guarded(say, lambda: _serve_until_told(args, say))
    finally:
        STOP.deafen()


def _serve_until_told(args: argparse.Namespace, say: Teller) -> int:
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


def _serve(args: argparse.Namespace, say: Teller, started: ExitStack) -> None:
    from api.app import create_app
    from api.settings import ApiSettings
    from api.sso_settings import SsoSettings
    from quancheng_parts import migrate, open_home, opened, read, settings_of
    from schemas.act import Process
    from storage.settings import is_set
    from storage.setup.home import SIGNER_ALONE
    from storage.setup.migrate import check_key
    from storage.setup.writer import check_writer
    from workers.listening import Listening

    STOP.check()
    home = open_home(say)
    say("home", f"数据目录 data folder {home.path}", home=str(home.path))
    # Beside a broker the scheduler signs; else a process of its own does, and nobody else has its keys.
    signer = None if is_set("BROKER_URL") else _signer(home, started)
    settings = settings_of(home, say, started, without=SIGNER_ALONE if signer else ())
    STOP.check()
    store = opened(settings)
    started.callback(store.close)
    if signer is not None:
        started.callback(signer.stop)  # before the database, which was started behind it
    say("migrating", "正在检查数据库结构 migrating the database")
    migrate(store)
    check_key(store.engine)
    for process in (Process.API, Process.WORKER) if signer else (Process.API,):
        check_writer(store, process, announces=signer is not None)
    if signer is not None:
        signer.work(settings, STOP.check)
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
    if signer is not None:
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


def _say_reach(say: Teller, home: Home, listening: Listening, tls: Tls | None) -> None:
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


def _signer(home: Home, started: ExitStack) -> SignerProcess:
    from workers.signing import SignerProcess

    signer = SignerProcess(_loop_ended)
    started.callback(signer.stop)
    signer.start(home.path)
    return signer


def _start_workers(store: Store, say: Teller, started: ExitStack) -> None:
    from quancheng_parts import read
    from workers.embedded import EmbeddedWorkers
    from workers.settings import WorkersSettings

    # A store of their own: requests that take every connection of the API's stop no work.
    started.callback(store.close)
    workers = EmbeddedWorkers(store, read(WorkersSettings), on_end=_loop_ended, signs=False)
    workers.start()
    started.callback(workers.stop)
    say("workers", "核验任务已就绪 workers ready (in process)")


def _loop_ended(name: str) -> None:
    STOP.fail(f"后台任务意外结束 a background loop has ended: {name}; see the log and start again")


def _demo(home: Home, store: Store, address: str, say: Teller, tls: Tls | None) -> Demo:
    from quancheng_demo_run import Demo

    demo = Demo(home, store, say, media=DEMO_MEDIA, command=(sys.executable, str(COMMAND)))
    demo.make(address, authority=tls.trusted if tls else None)
    return demo


def _introduction(
    say: Teller, address: str, link: Link | None, demo: Demo | None, *, is_new: bool
) -> Callable[[], None]:
    """Return what is said once the server is up: how the first administrator comes in, or who the demo's people are."""

    def introduce() -> None:
        if link is not None:
            say_link(say, address, link)
        elif is_new:
            said = "还没有系统管理员，请运行 nobody administers this server, run: quancheng admit"
            say("admission_missing", said)
        if demo is not None:
            demo.introduce()

    return introduce


@contextmanager
def _beside(
    server: Listener, say: Teller, address: str, demo: Demo | None, introduce: Callable[[], None]
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
    server: Listener, say: Teller, address: str, introduce: Callable[[], None], is_over: threading.Event
) -> None:
    while not server.started:
        if is_over.wait(0.05):
            return
    say("up", f"控制台 console {address}/console", url=f"{address}/console")
    introduce()
