"""What it costs to open a recording: its page, the entry that says why, and the first byte under it; few looks, and many.

    python -m tests.stand run --parts database --durable -- python bench/looks.py [--quick]

What a look costs is measured against a peer in the same run, try by try in turns: as many requests by the same reader, but
the first asks for what is known of the recording instead of entering a look, and the content is given under a look that
stands already. So the difference is the entry: its commit, and what it asks before it. Target: 5 ms.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median, quantiles

import httpx
from sqlalchemy import text

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "bench")]

from desks import database  # noqa: E402

from schemas.actor import Role  # noqa: E402
from storage.outbox import JobKind  # noqa: E402
from storage.setup.migrate import upgrade  # noqa: E402
from storage.store import Store  # noqa: E402
from tests.casework import Bureau, make_bureau  # noqa: E402
from tests.factories import folder_url, make_account, make_settings  # noqa: E402
from tests.media import jpeg  # noqa: E402
from tests.server import serving  # noqa: E402
from tests.supervision import drain  # noqa: E402
from workers.custody import integrate  # noqa: E402

TIMEOUT = 600.0
AGAIN = "content again, under a look that stands"
ENTERED, PEER = "reason and content, a new entry each", "peer: what is known, content without an entry"
COPIES = """
INSERT INTO looks (leaf, kind, way, recording_id, account_id, reason_code, address, opened_at, seen_at, expires_at,
  closed_at, seconds)
SELECT sha256(('copy ' || n)::bytea), 'open', 'api', :recording, account_id, reason_code, address, opened_at, seen_at,
  expires_at, opened_at, 1
FROM looks, generate_series(1, :many) AS n WHERE looks.id = (SELECT id FROM looks ORDER BY id LIMIT 1)
"""


def timed(act: Callable[[int], object], tries: int) -> list[float]:
    """Milliseconds of each try, the first ten left out."""
    took = []
    for number in range(tries + 10):
        start = time.perf_counter()
        act(number)
        if number >= 10:
            took.append((time.perf_counter() - start) * 1000)
    return took


class Desk:
    """One person at a server: a browser and a program."""

    def __init__(self, address: str, token: str, photo: object, size: int) -> None:
        self.page = f"/console/recordings/{photo}"
        self.thing = f"/v1/recordings/{photo}"
        self.size = size
        self.browser = httpx.Client(base_url=address, cookies={"qc_session": token}, timeout=TIMEOUT)
        bearer = {"Authorization": f"Bearer {token}"}
        self.program = httpx.Client(base_url=address, headers=bearer, timeout=TIMEOUT)

    def show(self, _: int = 0) -> None:
        assert self.browser.get(self.page).status_code == 200

    def look(self, number: int) -> str:
        """A look that none stands for yet."""
        wish = {"reason_code": "dispute", "reason": f"{time.time_ns()} {number}"}
        answer = self.program.post(f"{self.thing}/looks", json=wish)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["content_url"])

    def content(self, address: str) -> None:
        answer = self.program.get(address)
        assert len(answer.content) == self.size, answer.text

    def open(self, number: int) -> None:
        """The entry, and the content."""
        self.content(self.look(number))

    def open_again(self, address: str) -> None:
        """The peer: what is known of the recording, and the content under a look that stands."""
        assert self.program.get(self.thing).status_code == 200
        self.content(address)


def measured(desks: dict[str, Desk], tries: int) -> dict[str, list[float]]:
    """Everything that somebody does who opens a recording."""
    took = {}
    for who, desk in desks.items():
        took[f"page of a recording, {who}"] = timed(desk.show, tries)
    desk = desks["reader"]
    address = desk.look(0)
    took[AGAIN] = timed(lambda _: desk.content(address), tries)
    took[ENTERED], took[PEER] = in_turns(desk.open, lambda _: desk.open_again(address), tries)
    return took


def in_turns(
    act: Callable[[int], object], peer: Callable[[int], object], tries: int
) -> tuple[list[float], list[float]]:
    """Milliseconds of both, one after the other: whatever else the machine does meets both alike."""
    took: tuple[list[float], list[float]] = ([], [])
    for number in range(tries + 10):
        for one, into in zip((act, peer), took, strict=True):
            start = time.perf_counter()
            one(number)
            into.append((time.perf_counter() - start) * 1000)
    return took[0][10:], took[1][10:]


def _spread(took: list[float]) -> str:
    twentieths = quantiles(took, n=20)
    return f"{twentieths[1]:6.1f} {median(took):6.1f} {twentieths[-1]:6.1f}"


def main() -> int:
    """Measure with few looks and with many, and print both."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--quick", action="store_true", help="a tenth of the looks")
    many, tries = (20_000, 100) if options.parse_args().quick else (200_000, 300)
    with (
        tempfile.TemporaryDirectory(prefix="quancheng-looks-") as folder,
        database(os.environ["DATABASE_URL"], "bench_looks") as url,
    ):
        store = Store(make_settings(url, folder_url(Path(folder))))
        upgrade(store.engine)
        bureau: Bureau = make_bureau(store)
        integrate(store)
        payload = jpeg(640, 480)
        photo = bureau.device.capture("photo.jpg", payload, context={"case": bureau.open().number})
        drain(store, JobKind.VERIFY)
        tokens = {
            "reader": make_account(store, bureau.agency, Role.HEAD)[0],
            "head": make_account(store, bureau.agency, Role.HEAD)[0],
        }
        with serving(store) as address:
            desks = {who: Desk(address, token, photo, len(payload)) for who, token in tokens.items()}
            few = measured(desks, tries)
            with store.begin() as tx:
                tx.connection.execute(text(COPIES), {"recording": photo, "many": many})
                tx.connection.execute(text("ANALYZE looks"))
            full = measured(desks, tries)
        store.close()
    print(
        f"opening a recording, ms, p10, median and p95 of {tries} tries: few looks, then {many:,} at this recording"
    )
    for label, took in few.items():
        told = [_spread(one) for one in (took, full[label])]
        print(f"  {label:46} {told[0]}   {told[1]}")
    for name, took in (("few", few), ("many", full)):
        more = [one - other for one, other in zip(took[ENTERED], took[PEER], strict=True)]
        alone = median(took[ENTERED]) - median(took[AGAIN])
        print(
            f"  {name} looks: the entry costs {median(more):.1f} ms (target 5); as a request of its own {alone:.1f} ms"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
