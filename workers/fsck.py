"""Re-derive everything and tell it: each fault with its sentence, what was not looked at, and how much was.

Returns 0 when nothing differs, 1 when something does, 3 when a part did not answer: then not everything was checked,
and no absence of faults may be read from it.
"""

import time
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Protocol

from schemas.catalogue import words_of
from schemas.fsck import Checked, Fault, Found, Part, Unchecked
from storage.custody.log_keys import log_signers
from storage.fsck.run import examine
from storage.store import Store

PROGRESS_SECONDS = 5.0
OK, DIFFERS, NOT_CHECKED = 0, 1, 3


class Teller(Protocol):
    """Where a run says what it does: an event with facts for a program, a text for a person.

    What is called `progress` is for a person only.
    """

    def __call__(self, event: str, text: str, **facts: object) -> None: ...


def run(store: Store, say: Teller, *, with_bytes: bool = True) -> int:
    """Check everything and say what was found.

    Raises:
        Unavailable: the database does not answer at all, so that nothing can be checked.
    """
    with store.begin():
        pass
    telling = _Telling(say)
    for found in findings(store, with_bytes=with_bytes):
        telling.tell(found)
    return telling.end(with_bytes=with_bytes)


def findings(store: Store, *, with_bytes: bool = True) -> Iterator[Found]:
    """Yield all that a run comes upon, in the order of the checks."""
    with store.begin() as tx:
        signers = log_signers(tx.connection, store.settings)
    return examine(store.engine, store.objects, signers, with_bytes=with_bytes)


class _Telling:
    """Counts what a run comes upon and says it; how far it has come now and then."""

    def __init__(self, say: Teller) -> None:
        self._say = say
        self._differences = 0
        self._checked: Counter[Part] = Counter()
        self._unchecked: Counter[Part] = Counter()
        self._said_at = time.monotonic()

    def tell(self, found: Found) -> None:
        if isinstance(found, Checked):
            self._checked[found.part] += found.count
            self._say_progress()
        elif isinstance(found, Unchecked):
            self._unchecked[found.part] += found.count
            self._say_unchecked(found)
        else:
            self._differences += 1
            self._say_fault(found)

    def _say_fault(self, fault: Fault) -> None:
        text = f"✗ {fault.code} {fault.subject} {words_of(fault.code)}"
        self._say("difference", f"{text} ({fault.detail})" if fault.detail else text, **fault.model_dump())

    def _say_unchecked(self, one: Unchecked) -> None:
        more = "" if one.count == 1 else f" ×{one.count}"
        text = f"? 未能检查 not checked: {words_of(one.part)}, {one.subject}{more} ({one.detail})"
        self._say("unchecked", text, **one.model_dump())

    def _say_progress(self) -> None:
        if time.monotonic() - self._said_at >= PROGRESS_SECONDS:
            self._said_at = time.monotonic()
            self._say("progress", f"… {_counted(self._checked)}")

    def end(self, *, with_bytes: bool) -> int:
        """Say what it comes to and return the exit code."""
        checked = {part: self._checked[part] for part in Part if with_bytes or part is not Part.BYTES}
        said = [f"已检查 checked: {_counted(checked)}", f"{self._differences} 处不一致 differences"]
        if not with_bytes:
            said.append("未重读文件字节 objects were not read again (--no-bytes)")
        if self._unchecked:
            said.append(f"未能检查 not checked: {_counted(self._unchecked)}")
        self._say(
            "done",
            "; ".join(said),
            checked={part.value: count for part, count in checked.items()},
            unchecked={part.value: count for part, count in self._unchecked.items()},
            differences=self._differences,
            with_bytes=with_bytes,
        )
        if self._unchecked:
            return NOT_CHECKED
        return DIFFERS if self._differences else OK


def _counted(counts: Mapping[Part, int]) -> str:
    return ", ".join(f"{count} {words_of(part)}" for part, count in counts.items())
