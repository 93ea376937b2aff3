"""A whole batch: every file is tried, bytes first, then the verdicts; what went wrong and what is open is named.

One bad file ends nothing but itself. Only what every other file would meet as well ends the batch: a server that
does not answer, a memory that cannot be written, a hand on Ctrl-C; then the files that were not tried are open.
"""

import argparse
import json
import sys
import time
from collections.abc import Sequence
from typing import Any

from rich.console import Console

from mobile_contract.client.contact import Contact, ask_for_promises
from mobile_contract.client.device import MemoryUnwritableError
from mobile_contract.client.failure import Failure, failure_of
from mobile_contract.client.hand_in import HandedIn, Run, declare, hand_in
from mobile_contract.client.misuse import BROKEN, HOLDS, UNREACHABLE
from mobile_contract.client.report import show_verdict, waiting
from schemas.errors import EvidenceError, Unavailable
from schemas.refusals_command import (
    DEVICE_MEMORY_DAMAGED,
    DEVICE_STATE_MISSING,
    NOT_TRIED,
    NOT_VERIFIED_YET,
)
from schemas.visible import printable

_FINAL_STATES = frozenset({"sealed", "quarantined"})
_POLL_SECONDS = 0.3
_LONGEST_POLL_SECONDS = 2.0
_CHECKPOINT_SECONDS = 5.0
_OF_THE_DEVICE = frozenset({DEVICE_MEMORY_DAMAGED.slug, DEVICE_STATE_MISSING.slug})

NOT_TRIED_YET = Failure(UNREACHABLE, f"{NOT_TRIED.zh} {NOT_TRIED.en}", NOT_TRIED.slug)


class Batch:
    """What came of each file so far. `worst` is the exit code."""

    def __init__(self, session: Run) -> None:
        self._session = session
        self._named: list[tuple[str, Failure]] = []
        self.worst = HOLDS

    def name(self, file: object, failure: Failure, **members: object) -> None:
        """Keep what went wrong with a file for the end; a program is told at once."""
        self._named.append((str(file), failure))
        self.worst = max(self.worst, failure.code)
        if self._session.is_json:
            said = {"error": failure.text, "problem": failure.problem, "exit_code": failure.code}
            _tell({"file": printable(str(file)), **said, **members})

    def shout(self, failure: Failure, members: dict[str, object]) -> None:
        """Say at once that the server's log does not hold: of no file, and worse than any."""
        self.worst = max(self.worst, failure.code)
        self._session.say(f"✗ {failure.text}")
        if self._session.is_json:
            _tell({"error": failure.text, "problem": failure.problem, "exit_code": failure.code, **members})

    def conclude(self, handed: HandedIn, recording: dict[str, Any]) -> None:
        """Show a verdict."""
        session = self._session
        if handed.was_received:
            session.say(_received_before(recording))
        others = {"receipt": handed.receipt, "received_before": handed.was_received}
        if session.is_json:
            _tell({**recording, **others, "left_out": list(handed.left_out)})
        else:
            show_verdict(Console(), recording)
        is_bad = recording["state"] == "quarantined" or recording["verdict"] == "mismatch"
        self.worst = max(self.worst, BROKEN if is_bad else HOLDS)

    def finish(self) -> int:
        """Name what went wrong and what earlier runs have left open; return the exit code."""
        if self._named:
            self._session.say(f"✗ {len(self._named)} 个文件未完成 files are not done:")
        for file, failure in self._named:
            self._session.say(f"  {file}\n    {failure.text}")
        names = {file for file, _ in self._named}
        open_files = [str(each.file) for each in self._session.state.pending]
        earlier = [file for file in open_files if file not in names]
        if earlier:
            self._session.say("先前签名、尚未送达 signed before and not yet handed in (record them again):")
        for file in earlier:
            self._session.say(f"  {file}")
        return self.worst


def record_all(args: argparse.Namespace, session: Run) -> int:
    """Hand in every file, then wait for the verdicts; return the exit code of the product's commands."""
    batch = Batch(session)
    ask_for_promises(Contact(session.folder, session.server, session.say, batch.shout))
    _declare_pending(session)
    handed, is_over = _hand_in_all(args, session, batch)
    verdicts = _Waiting(handed, session, batch)
    if is_over:
        verdicts.give_up(None)
    with waiting(session.console, is_shown=not session.is_json and bool(handed)):
        verdicts.run()
    return batch.finish()


def _hand_in_all(args: argparse.Namespace, session: Run, batch: Batch) -> tuple[list[HandedIn], bool]:
    """Return what is received, and whether the batch ended before its end."""
    handed: list[HandedIn] = []
    for number, path in enumerate(args.files):
        try:
            handed.append(hand_in(path, args, session))
        except (KeyboardInterrupt, EvidenceError, OSError, ValueError) as err:
            batch.name(path, failure_of(err))
            if is_end(err):
                for untried in args.files[number + 1 :]:
                    batch.name(untried, NOT_TRIED_YET)
                return handed, True
    return handed, False


def is_end(err: BaseException) -> bool:
    """Say whether every other file would meet the same."""
    if isinstance(err, EvidenceError):
        return isinstance(err, Unavailable) or err.slug in _OF_THE_DEVICE
    return isinstance(err, (KeyboardInterrupt, MemoryUnwritableError))


def _declare_pending(session: Run) -> None:
    """Declare what an interrupted run signed, oldest first, so that the sequence arrives without a hole.

    One that the server refuses for good stays open and is named; it holds up nothing.
    """
    for pending in sorted(session.state.pending, key=lambda each: each.seq):
        try:
            declare(pending, session)
        except EvidenceError as err:
            if is_end(err):
                raise
            session.say(f"{pending.file}: {failure_of(err).text}")


class _Waiting:
    """Recordings whose verdict is still to come. They are asked for in turn and shown in the order of the files."""

    def __init__(self, handed: Sequence[HandedIn], session: Run, batch: Batch) -> None:
        self._session = session
        self._batch = batch
        self._open = list(handed)
        self._order = list(handed)
        self._ended: dict[str, dict[str, Any] | BaseException] = {}
        self._final_since: dict[str, float] = {}

    def run(self) -> None:
        """Wait until all have come, or none has for the whole wait; name what is still open then."""
        delay, until = _POLL_SECONDS, time.monotonic() + self._session.wait_seconds
        while self._open:
            if self._asked():
                delay, until = _POLL_SECONDS, time.monotonic() + self._session.wait_seconds
                continue
            if time.monotonic() > until:
                self.give_up(None)
                return
            time.sleep(delay)
            delay = min(delay * 1.5, _LONGEST_POLL_SECONDS)

    def _asked(self) -> bool:
        """Ask once for each; say whether one has ended."""
        before = len(self._open)
        for one in list(self._open):
            ended: dict[str, Any] | BaseException | None
            try:
                ended = self._verdict(one)
            except (KeyboardInterrupt, EvidenceError) as err:
                if is_end(err):
                    self.give_up(err)
                    return True
                ended = err
            if ended is not None:
                self._open.remove(one)
                self._ended[_ident(one)] = ended
        self._show()
        return len(self._open) < before

    def _verdict(self, one: HandedIn) -> dict[str, Any] | None:
        recording = self._session.server.get(one.completed["status_url"])
        if recording["state"] not in _FINAL_STATES:
            return None
        # The checkpoint that lets the device delete its copy follows the verdict within a second or two.
        since = self._final_since.setdefault(_ident(one), time.monotonic())
        is_settled = recording["state"] == "quarantined" or recording["may_delete_local"]
        return recording if is_settled or time.monotonic() - since > _CHECKPOINT_SECONDS else None

    def _show(self) -> None:
        while self._order and _ident(self._order[0]) in self._ended:
            self._conclude(self._order.pop(0), None)

    def give_up(self, err: BaseException | None) -> None:
        """Show what has come and name the others as received and not concluded."""
        for one in self._order:
            self._conclude(one, err)
        self._open, self._order = [], []

    def _conclude(self, one: HandedIn, err: BaseException | None) -> None:
        address = one.completed["status_url"]
        ended = self._ended.get(_ident(one)) or err
        if isinstance(ended, dict):
            self._batch.conclude(one, ended)
            return
        found = ended or NOT_VERIFIED_YET(f"已收到，尚未核验 received, but not yet verified: {address}")
        self._batch.name(one.path, failure_of(found), recording_id=_ident(one), receipt=one.receipt)


def _ident(one: HandedIn) -> str:
    return str(one.receipt["recording_id"])


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


def _tell(said: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(said, ensure_ascii=False) + "\n")
    sys.stdout.flush()
