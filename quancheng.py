#!/usr/bin/env python3
"""The command. It and the files beside it are the composition root: they alone may see both the API and the workers.

Imports are lazy on purpose: `quancheng verify` runs on a machine that has no server library at all.
Exit codes: 0 = every required claim holds, 1 = one does not, 2 = used wrongly, 3 = a part is not reachable; of `verify`,
which reaches nothing, 3 = the bytes hold and the origin is unknown, 4 = of a kind that this version does not know;
of `monitor` 10 to 13 = what the log did that it follows.
"""

from __future__ import annotations

import quancheng_stop  # noqa: F401 - it takes the signals of `serve` before anything else is imported

# isort: split
import argparse
import importlib
import os
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from quancheng_tell import OK, UNREACHABLE, Teller, guarded, say_link

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    AddArguments = Callable[[argparse.ArgumentParser], None]
    Run = Callable[[argparse.Namespace], int]


def _device_side(name: str) -> tuple[AddArguments, Run]:
    module = importlib.import_module(f"mobile_contract.client.{name}")
    return module.add_arguments, module.run


def _serving() -> tuple[AddArguments, Run]:
    from quancheng_serve import serve, serve_arguments

    return serve_arguments, serve


def _commands() -> dict[str, tuple[str, Callable[[], tuple[AddArguments, Run]]]]:
    """Return name → (summary, how to load it). Only the command that was called is loaded."""
    return {
        "serve": (
            "run the server (embedded default: nothing else to install)",
            _serving,
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
        "monitor": (
            "follow the public log of a server, keep what was seen, shout where it contradicts itself",
            lambda: _device_side("monitor"),
        ),
        "redraw": (
            "repeat a supervision draw from its file, without server or database",
            lambda: _device_side("redraw"),
        ),
        "derive": (
            "have copies for viewing made that are missing, failed, or were made by an older version",
            lambda: (_derive_arguments, derive),
        ),
        "doctor": (
            "tell which part is missing or misconfigured and what to do",
            lambda: (_doctor_arguments, doctor),
        ),
        "examine": (
            "have sealed recordings examined again whose checks are older than today's",
            lambda: (_examine_arguments, examine),
        ),
        "fsck": (
            "re-derive every digest, root and state from bytes; trust nothing",
            lambda: (_fsck_arguments, fsck),
        ),
        "keys": (
            "show the keys of the server as its log knows them, exchange one, end one",
            lambda: (_keys_arguments, keys),
        ),
        "log": (
            (
                "bring the log of a restored database to where it was published, let a stopped chain go on,"
                " answer an entry that is wrong"
            ),
            lambda: (_log_arguments, log),
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


def _derive_arguments(one: argparse.ArgumentParser) -> None:
    del one


def _examine_arguments(one: argparse.ArgumentParser) -> None:
    one.add_argument("--count", action="store_true", help="say how many there are, and ask for nothing")


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


def admit(args: argparse.Namespace) -> int:
    """Hand out a link by which an administrator comes in; also where the only one is lost. It is logged."""
    say = Teller(as_json=args.json)
    return guarded(say, lambda: _admit(args, say))


def _admit(args: argparse.Namespace, say: Teller) -> int:
    from quancheng_parts import migrate, open_store
    from schemas.act import Process
    from storage.setup.writer import check_log

    with ExitStack() as started:
        store = open_store(say, started)
        migrate(store)
        check_log(store, Process.API)
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
        say_link(say, args.address or store.settings.console_url or f"http://127.0.0.1:{port}", link)
    return OK


def doctor(args: argparse.Namespace) -> int:
    """Check every part and say what to do about each that is missing."""
    from storage.setup.home import Home
    from workers.doctor import examine

    say = Teller(as_json=args.json)
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


def derive(args: argparse.Namespace) -> int:
    """Ask for every copy for viewing that today's version would make and has not; the workers do it behind all else."""
    say = Teller(as_json=args.json)
    return guarded(say, lambda: _derive(say))


def _derive(say: Teller) -> int:
    from quancheng_parts import open_store
    from workers.derivative import ask_for_copies

    with ExitStack() as started:
        number = ask_for_copies(open_store(say, started))
        say("asked", f"已安排生成 {number} 份预览副本 · copies for viewing will be made", number=number)
    return OK


def examine(args: argparse.Namespace) -> int:
    """Ask that whatever older checks were made of is examined again; the workers do it behind what comes in."""
    say = Teller(as_json=args.json)
    return guarded(say, lambda: _examine(args, say))


def _examine(args: argparse.Namespace, say: Teller) -> int:
    from quancheng_parts import open_store
    from workers.examination import ask_for_outdated, count_outdated, take_up_stopped

    with ExitStack() as started:
        store = open_store(say, started)
        if args.count:
            number = count_outdated(store)
            say(
                "outdated",
                f"{number} 份音像记录的检查早于现在的方法 · recordings checked by older methods",
                number=number,
            )
            return OK
        if stopped := take_up_stopped(store):
            say("verifying", f"再次核验 {stopped} 份中断的音像记录 · verified again", number=stopped)
        number = ask_for_outdated(store)
        say("asked", f"已安排重新检查 {number} 份音像记录 · recordings will be examined again", number=number)
    return OK


def fsck(args: argparse.Namespace) -> int:
    """Re-derive what is recorded from bytes; exit 1 when anything differs, 3 when not all could be looked at."""
    say = Teller(as_json=args.json)
    return guarded(say, lambda: _fsck(args, say))


def _fsck(args: argparse.Namespace, say: Teller) -> int:
    from quancheng_parts import open_store
    from workers.fsck import run

    with ExitStack() as started:
        return run(open_store(say, started), say, with_bytes=not args.no_bytes)


def _keys_arguments(one: argparse.ArgumentParser) -> None:
    from workers.keys import KINDS

    told = argparse.ArgumentParser(add_help=False)
    told.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help=argparse.SUPPRESS)
    acts = one.add_subparsers(dest="act", required=True, metavar="ACT")
    acts.add_parser(
        "show", parents=[told], help="what each key is for, since which entry, and whether it is in force"
    )
    rotating = acts.add_parser(
        "rotate", parents=[told], help="the old key signs the new one; while nothing else runs"
    )
    rotating.add_argument("kind", choices=[*KINDS], metavar="KEY", help=", ".join(KINDS))
    rotating.add_argument(
        "--new", type=Path, metavar="FILE", help="the new key (default: drawn in the data folder)"
    )
    rotating.add_argument(
        "--old", type=Path, metavar="FILE", help="the key in force (default: of the settings)"
    )
    ending = acts.add_parser(
        "revoke", parents=[told], help="dead from now on, never earlier; beside a running server"
    )
    ending.add_argument("kid", metavar="KID", help="as `keys show` tells it")
    ending.add_argument("--reason", required=True, help="why; it is logged")
    ending.add_argument(
        "--suspect-from",
        metavar="WHEN",
        help="others may have had it since: an entry's number, or a time like 2026-12-01T08:00:00Z",
    )


def keys(args: argparse.Namespace) -> int:
    """Show, exchange or end keys: where the keys of log and tickets are, a data folder or the scheduler's container."""
    say = Teller(as_json=args.json)
    return guarded(say, lambda: _keys(args, say))


def _keys(args: argparse.Namespace, say: Teller) -> int:
    from quancheng_parts import open_store
    from storage.settings import is_set
    from storage.setup.home import Home
    from workers.keys import KINDS, Change, end, exchange, parse_when, show

    with ExitStack() as started:
        store = open_store(say, started)
        if args.act == "show":
            return show(store, say)
        if args.act == "revoke":
            return end(store, args.kid, args.reason, parse_when(args.suspect_from), say)
        kind = KINDS[args.kind]
        home, is_ours = Home(store.settings.quancheng_home), not is_set(kind.setting.upper())
        new = args.new or (home.next_key(kind.setting) if is_ours else None)
        keep = (lambda: home.take_next(kind.setting)) if args.new is None and is_ours else (lambda: None)
        return exchange(store, Change(kind, args.old, new), say, keep)


def _log_arguments(one: argparse.ArgumentParser) -> None:
    told = argparse.ArgumentParser(add_help=False)
    told.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help=argparse.SUPPRESS)
    acts = one.add_subparsers(dest="act", required=True, metavar="ACT")
    acts.add_parser(
        "rebuild",
        parents=[told],
        help="enter what the evidence store keeps and the database lacks; while nothing else runs",
    )
    acts.add_parser(
        "stopped", parents=[told], help="which chains stand still, as the log refuses their last entry"
    )
    mending = acts.add_parser(
        "mend", parents=[told], help="let such a chain go on; two persons say so; beside a running server"
    )
    mending.add_argument("of", metavar="CHAIN", help="as `log stopped` tells it")
    _approved(mending)
    correcting = acts.add_parser(
        "correct",
        parents=[told],
        help="answer an entry that is wrong by what is true; two persons say so; beside a running server",
    )
    correcting.add_argument("digest", metavar="DIGEST", help="of the entry, as packages and receipts tell it")
    correcting.add_argument(
        "--member",
        action="append",
        required=True,
        metavar="NAME=VALUE",
        help="what a member should have said; may be given again",
    )
    _approved(correcting)


def _approved(one: argparse.ArgumentParser) -> None:
    """Ask an act of the log for the two who approve it, and why."""
    one.add_argument(
        "--by",
        action="append",
        required=True,
        metavar="LOGIN",
        help="who approves; twice, a password is asked of each",
    )
    one.add_argument("--reason", required=True, help="why; it is logged")


def log(args: argparse.Namespace) -> int:
    """Rebuild the log, mend a chain, correct an entry; in a data folder or the scheduler's container."""
    say = Teller(as_json=args.json)
    return guarded(say, lambda: _log(args, say))


def _log(args: argparse.Namespace, say: Teller) -> int:
    from quancheng_parts import migrate, open_store, require_owner
    from workers.correct import Correction, parse_values
    from workers.correct import run as correct
    from workers.mend import Mend, show
    from workers.mend import run as mend
    from workers.rebuild import run as rebuild

    with ExitStack() as started:
        # Entries that follow on nothing give up their places, which are append-only to every other role.
        store = open_store(say, started, is_owner=args.act == "rebuild")
        if args.act == "stopped":
            return show(store, say)
        if args.act == "mend":
            return mend(store, Mend(args.of, args.by, args.reason), _asked, say)
        if args.act == "correct":
            values = parse_values(args.member)
            return correct(store, Correction(args.digest, values, args.by, args.reason), _asked, say)
        migrate(store)
        require_owner(store)
        return rebuild(store, say)


def _asked(question: str) -> str:
    """Ask at the terminal, unseen; a program answers line by line."""
    import getpass

    return getpass.getpass(question) if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")


def reseal(args: argparse.Namespace) -> int:
    """Move personal data to the new key; exit 1 when something did not open or is left under the key before."""
    say = Teller(as_json=args.json)
    return guarded(say, lambda: _reseal(say))


def _reseal(say: Teller) -> int:
    from quancheng_parts import migrate, open_store, require_owner
    from workers.reseal import run

    with ExitStack() as started:
        # What is sealed anew is append-only to every other role.
        store = open_store(say, started, is_owner=True)
        migrate(store)
        require_owner(store)
        return run(store, say)


if __name__ == "__main__":
    sys.exit(main())
