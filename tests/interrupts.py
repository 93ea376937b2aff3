"""`quancheng serve`, interrupted many times at random moments: `python -m tests.interrupts [ROUNDS [SEED]]`.

Every round ends with exit code 0 and with nothing running, whatever it was about to do. A round is repeated by its
seed, as far as moments can be; five rounds share a data folder, so that first starts and later ones are met.
"""

import os
import random
import secrets
import signal
import sys
import tempfile
import time
from pathlib import Path

from tests.command import Serving, left_over, serving
from tests.stand import FIRST_SECONDS, PATIENCE_SECONDS, free_port, until

ROUNDS_OF_A_HOME = 5
STEPS = (
    "starting", "home", "postgres", "objects", "migrating", "demo", "workers", "up", "enrolment_code",
    "demo_sending", "stopping",
)  # fmt: skip
LONGEST_SECONDS = 6.0


def interrupted(home: Path, seed: int) -> None:
    """One round: wait for a moment, send a volley, hold that all has ended."""
    chance = random.Random(seed)
    with serving(home, free_port()) as one:
        one.wait_until_heard()
        _wait_for_a_moment(one, chance)
        for _ in range(chance.randint(1, 12)):
            _send(one, chance)
        code = one.process.wait(timeout=PATIENCE_SECONDS)
    assert code == 0, f"round {seed} ended with {code}:\n{one.said()}"
    assert left_over(home) == [], f"round {seed} left something:\n{one.said()}"


def _wait_for_a_moment(one: Serving, chance: random.Random) -> None:
    if chance.random() < 0.5:
        time.sleep(chance.uniform(0, LONGEST_SECONDS))
        return
    step = chance.choice(STEPS)
    if step == "stopping":  # which nobody says before being told
        one.wait_for("up")
        one.process.send_signal(signal.SIGTERM)
    until(
        lambda: one.has_said(step) or one.has_said("demo_sending") or one.has_ended,
        one.said,
        slowest_seconds=FIRST_SECONDS,
    )
    time.sleep(chance.choice((0, chance.uniform(0, 0.5))))


def _send(one: Serving, chance: random.Random) -> None:
    """To the command alone, as a supervisor does, or to its whole group, as a terminal does."""
    send = os.killpg if chance.random() < 0.5 else os.kill
    if not one.has_ended:
        send(one.process.pid, chance.choice((signal.SIGINT, signal.SIGTERM)))
    time.sleep(chance.choice((0, chance.uniform(0, 0.3))))


def main(rounds: int = 100, seed: int | None = None) -> None:
    """Run many rounds; the first that goes wrong ends the run with its seed."""
    first = secrets.randbelow(2**32) if seed is None else seed
    for at in range(0, rounds, ROUNDS_OF_A_HOME):
        with tempfile.TemporaryDirectory(prefix="quancheng-interrupts-") as folder:
            for number in range(at, min(at + ROUNDS_OF_A_HOME, rounds)):
                interrupted(Path(folder, "home"), first + number)
                print(f"{number + 1} of {rounds}: seed {first + number} ended well", flush=True)


if __name__ == "__main__":
    main(*(int(word) for word in sys.argv[1:]))
