"""What the reference device shows a person: progress, the receipt, and the verdict with its reasons."""

import base64
from contextlib import AbstractContextManager, nullcontext
from types import TracebackType
from typing import Any, Self

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn, TransferSpeedColumn
from rich.progress import Progress as Bars
from rich.table import Table

from schemas.chain import leaf_digest
from schemas.integrity import Outcome, Severity, Shown, Verdict, row_word
from schemas.officer_word import OfficerWord
from schemas.recording import RecordingState
from schemas.verdict import shown
from schemas.visible import printable
from schemas.words_check import check_words
from schemas.words_line import OFFICER_WORDS, RECORDING_STATES, SHOWN, verdict_words

_MARKS = {
    Shown.VERIFIED: ("green", "✓"),
    Shown.REMARKED: ("blue", "ⓘ"),
    Shown.DOUBTFUL: ("yellow", "△"),
    Shown.MISMATCH: ("red", "✗"),
    Shown.NOT_CHECKED: ("cyan", "○"),
}


class Progress:
    """One bar for one file; told the offset the server has, it may go back after a lost piece."""

    def __init__(self, console: Console, name: str, size_bytes: int, *, is_shown: bool) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
        self._bars = Bars(
            *columns, TransferSpeedColumn(), TimeRemainingColumn(), console=console, disable=not is_shown
        )
        self._task = self._bars.add_task(escape(name), total=max(size_bytes, 1))
        self._size_bytes = size_bytes

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, err: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.stop()

    def reached(self, offset: int) -> None:
        """Show that the server has `offset` bytes."""
        self._bars.update(self._task, completed=offset if self._size_bytes else 1)


def waiting(console: Console, *, is_shown: bool) -> AbstractContextManager[object]:
    """Show that the verdict is waited for; on a terminal only, since nothing of it shall stay."""
    if not is_shown:
        return nullcontext()
    return console.status("等待核验结论 · waiting for the verdict …")


def show_receipt(console: Console, receipt: dict[str, Any]) -> None:
    """Print what the device may rely on: the recording's id, the time and the digest that the log will hold.

    The digest is made here from the leaf's bytes, not taken from the answer: it is what the device asks for later.
    """
    digest = leaf_digest(base64.b64decode(receipt["leaf"]))
    console.print(
        f"回执 receipt  {receipt['recording_id']}  {receipt['received_at']}\n"
        f"  {receipt['size_bytes']} 字节 bytes · 存证摘要 digest {digest}",
        highlight=False,
        soft_wrap=True,
    )


def show_verdict(console: Console, recording: dict[str, Any]) -> None:
    """Print state, verdict and every check with its reason in Chinese and English."""
    verdict, state = Verdict(recording["verdict"]), RECORDING_STATES[RecordingState(recording["state"])]
    remarks = recording["remarks"]
    colour, _ = _MARKS[shown(verdict, remarks)]
    text = f"[bold {colour}]{verdict_words(verdict, remarks)}[/]"
    console.print(f"{escape(printable(recording['filename']))}  {text}  {state}", highlight=False)
    console.print(_to_officer(recording), highlight=False)
    table = Table(box=box.SIMPLE, show_header=False, padding=(0, 1))
    for check in recording["checks"]:
        table.add_row(_mark(check), str(check_words(check["name"])), _reason(check))
    console.print(table)
    may_delete = "是 yes" if recording["may_delete_local"] else "暂不 not yet"
    console.print(f"可删除本机原件 local copy may be deleted: {may_delete}", highlight=False)


def _to_officer(recording: dict[str, Any]) -> str:
    """Say in one line what is to be done, while whoever recorded may still be on site."""
    word, finding = OfficerWord(recording["officer_word"]), recording["officer_finding"]
    return f"[bold]{OFFICER_WORDS[word]}[/]" + (f"  {_reason(finding)}" if finding else "")


def _mark(check: dict[str, Any]) -> str:
    word = row_word(Outcome(check["outcome"]), Severity(check["severity"]))
    colour, mark = _MARKS[word]
    return f"[{colour}]{mark} {SHOWN[word]}[/{colour}]"


def _reason(check: dict[str, Any]) -> str:
    sentences = [check.get("zh"), check.get("en")]
    return escape(printable("\n".join(str(sentence) for sentence in sentences if sentence)))
