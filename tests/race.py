"""Many acts at once on few shared things: `python -m tests.race [ACTS [SEED]]` on the database of the stand.

Eight people and devices at one agency file into the same two cases, tie, judge, ask for packages and hand in batches,
while codes are issued and used, devices are revoked and equipment is suspended and comes back. Nobody waits in a ring,
whoever is refused is told why, and at the end every leaf folds to the rows that are there.
"""

import faulthandler
import os
import secrets
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from itertools import count
from pathlib import Path
from random import Random

from psycopg.errors import DeadlockDetected

from schemas.note import vkey_of_seed
from storage.settings import seed as seed_of
from storage.setup.migrate import upgrade
from storage.store import Store
from tests.acts import (
    LINE,
    Act,
    World,
    add_fact,
    amend,
    answer,
    ask_for_package,
    fail_package,
    give_opinion,
    go_on_with_case,
    issue_code,
    judge_record,
    link,
    link_record,
    make_world,
    notify,
    open_case,
    open_from_record,
    prove,
    receive,
    resume,
    suspend,
    take_in,
    tried,
    unlink,
    unlink_record,
    unprove,
)
from tests.acts_audit import sign
from tests.acts_look import LOOKS
from tests.factories import folder_url, make_settings
from tests.supervision import Clock
from tests.tampering import examined
from workers.custody import integrate

THREADS = 8
TOLD_ACTS = 1_000
STALL_SECONDS = 120
"""An act takes a fraction of a second: where so many take as long as this, it is shown who waits for what."""

RACING: tuple[Act, ...] = (
    *LINE, issue_code, open_case, receive, receive, receive, link, link, unlink, add_fact, prove, unprove, give_opinion,
    answer, ask_for_package, ask_for_package, fail_package, go_on_with_case, amend, take_in, take_in, judge_record, notify,
    link_record, unlink_record, open_from_record, suspend, resume, sign, *LOOKS,
)  # fmt: skip


def raced(
    world: World, acts: int, seed: int, *, tell: Callable[[int], None] = lambda _: None
) -> Counter[tuple[str, str]]:
    """Take so many acts from eight threads; returns how often each came to what. `tell` hears how far it is.

    Raises:
        AssertionError: an act ended with what no act may end with; its cause is that.
    """
    told: Counter[tuple[str, str]] = Counter()
    wrong: list[BaseException] = []
    numbers = count()

    def work(chance: Random) -> None:
        while not wrong and (number := next(numbers)) < acts:
            if number % TOLD_ACTS == 0:
                tell(number)
            act = chance.choice(RACING)
            try:
                refused = tried(world, act, chance)
            except BaseException as err:  # noqa: BLE001 - the first that goes wrong ends the race
                err.add_note(f"in {act.__name__}")
                wrong.append(err)
                return
            told[act.__name__, "done" if refused is None else refused.slug] += 1

    threads = [threading.Thread(target=work, args=(Random(f"{seed} {one}"),)) for one in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if wrong:
        ring = any(isinstance(one, DeadlockDetected) for one in _causes(wrong[0]))
        raise AssertionError("acts waited in a ring" if ring else "an act went wrong") from wrong[0]
    return told


def _causes(err: BaseException | None) -> Iterator[BaseException]:
    """An error and what it came from, down to the database's own."""
    while err is not None:
        yield err
        err = getattr(err, "orig", None) or err.__cause__


def left(store: Store) -> list[object]:
    """What `fsck` finds in rows and log once everything is signed."""
    integrate(store)
    vkey = vkey_of_seed(store.settings.log_origin, seed_of(store.settings.log_key, "LOG_KEY"))
    with store.engine.connect() as connection:
        return [*examined(connection, vkey)]


def _tell(began: float, number: int) -> None:
    faulthandler.dump_traceback_later(STALL_SECONDS, repeat=True)
    print(f"{number:6} acts in {time.monotonic() - began:4.0f} s", flush=True)


def main(acts: int = 1_000, seed: int | None = None) -> int:
    """Race, examine, and say how it went; a race that goes wrong is told with its seed."""
    seed = secrets.randbelow(2**32) if seed is None else seed
    print(f"race of {acts} acts, seed {seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="quancheng-race-") as folder:
        settings = make_settings(os.environ["DATABASE_URL"], folder_url(Path(folder)), pool_size=2 * THREADS)
        with closing(Store(settings)) as store:
            upgrade(store.engine)
            began = time.monotonic()
            told = raced(make_world(store, Clock()), acts, seed, tell=partial(_tell, began))
            ended = time.monotonic()
            faulthandler.cancel_dump_traceback_later()
            found = left(store)
            took = f"{ended - began:.0f} s, examined in {time.monotonic() - ended:.0f} s"
    for (act, end), times in sorted(told.items()):
        print(f"{act:20} {end:28} {times:6}")
    for fault in found:
        print(fault)
    print(f"{told.total()} acts in {took}: {len(found)} faults")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(*(int(word) for word in sys.argv[1:])))
