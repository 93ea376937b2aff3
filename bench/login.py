"""Guesses at passwords, and everybody else: pages, memory and the owner's own log-in while strangers try.

    python -m tests.stand run --parts database --durable -- python bench/login.py [--quick]

Sixty strangers, each from an address of its own and never waiting when it is told to, try made-up names and that of
one officer. The peer of every figure is the same officer's same page, or log-in, without strangers. API, PostgreSQL
and strangers share the machine.
"""

import argparse
import http.client
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from statistics import median, quantiles

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "bench")]

from desks import database  # noqa: E402

from api.deps import COOKIE  # noqa: E402
from quancheng_demo import found  # noqa: E402
from storage.setup.home import TICKET_KEYS  # noqa: E402
from storage.setup.migrate import upgrade  # noqa: E402
from storage.store import Store  # noqa: E402
from tests.factories import make_settings  # noqa: E402
from tests.server import running  # noqa: E402
from tests.stand import free_port  # noqa: E402
from tests.stand.wait import answers, until  # noqa: E402

STRANGERS = 60
WRONG_TRIES = 1_000
AT_ONCE = 80
OFFICER, GUESSED = "wang", "chen"
PAGE_RATIO, MEMORY_MB, OWNER_SECONDS = 2.0, 150.0, 2.0


class Person:
    """One connection from one address of this machine's loopback network."""

    def __init__(self, port: int, address: str) -> None:
        self._line = http.client.HTTPConnection("127.0.0.1", port, timeout=300, source_address=(address, 0))
        self.cookies: dict[str, str] = {}

    def log_in(self, login: str, password: str) -> str:
        """Return the slug of the refusal, or nothing."""
        body = json.dumps({"login": login, "password": password})
        status, said = self._ask("POST", "/v1/sessions", body)
        if status == 201:
            self.cookies[COOKIE] = json.loads(said)["token"]
            return ""
        return str(json.loads(said)["slug"])

    def page(self) -> float:
        """Return how many milliseconds the home page took."""
        began = time.perf_counter()
        status, _ = self._ask("GET", "/console", None)
        if status != 200:
            raise SystemExit(f"the home page answered {status}")
        return (time.perf_counter() - began) * 1000

    def _ask(self, method: str, path: str, body: str | None) -> tuple[int, bytes]:
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        self._line.request(method, path, body, headers | {"Content-Type": "application/json"})
        answer = self._line.getresponse()
        for name, value in answer.getheaders():
            if name.lower() == "set-cookie":
                key, _, kept = value.partition(";")[0].partition("=")
                self.cookies[key] = kept
        return answer.status, answer.read()


def strange(port: int, seconds: float) -> int:
    """Be the strangers, for so long; prints what they were answered, as JSON."""
    ends, said = time.monotonic() + seconds, Counter[str]()

    def one(number: int) -> None:
        person = Person(port, f"127.0.1.{number + 1}")
        while time.monotonic() < ends:
            made_up = f"nobody-{random.randrange(10**9)}"
            slug = person.log_in(random.choice((made_up, GUESSED)), "guess")
            said[slug] += 1

    with ThreadPoolExecutor(STRANGERS) as people:
        list(people.map(one, range(STRANGERS)))
    print(json.dumps(said))
    return 0


@contextmanager
def serving(url: str, folder: Path) -> Iterator[tuple[Store, int, int, dict[str, str]]]:
    """The API by its own command over a demo organisation: store, pid, port and passwords."""
    settings = make_settings(url, f"file://{folder}")
    store = Store(settings)
    upgrade(store.engine)
    passwords = found(store)
    port = free_port()
    secrets = {
        name: getattr(settings, name).get_secret_value()
        for name in ("registry_key", "log_key", "export_key", "personal_key", *TICKET_KEYS)
    }
    told = {
        "DATABASE_URL": url,
        "OBJECTS_URL": f"file://{folder}",
        **{k.upper(): v for k, v in secrets.items()},
    }
    told["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    with running("api", os.environ | told, folder / "api.log", host="127.0.0.1", port=port) as process:
        until(lambda: answers(f"http://127.0.0.1:{port}/v1/health"), "the API answers")
        yield store, process.pid, port, passwords
    store.close()


def rss_mb(pid: int) -> float:
    """Return the resident memory of a process now."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1024**2


def looks(person: Person, seconds: float) -> list[float]:
    """Open the home page four times a second, and say how long each took."""
    ends, took = time.monotonic() + seconds, []
    while time.monotonic() < ends:
        took.append(person.page())
        time.sleep(0.25)
    return took


def timed(act: Callable[[], str]) -> tuple[float, str]:
    began = time.perf_counter()
    said = act()
    return time.perf_counter() - began, said


def insisting(person: Person, password: str) -> tuple[float, int]:
    """Log in, again two seconds after each refusal for want of room; seconds in all, and how often it was refused."""
    began, refused = time.perf_counter(), 0
    while (said := person.log_in(OFFICER, password)) == "login-busy":
        refused += 1
        time.sleep(2)
    if said:
        raise SystemExit(f"the owner was refused: {said}")
    return time.perf_counter() - began, refused


def measure(port: int, pid: int, passwords: dict[str, str], seconds: float) -> None:
    """Measure alone, then among strangers, and print both."""
    officer = Person(port, "127.0.0.2")
    officer.log_in(OFFICER, passwords[OFFICER])
    looks(officer, 5)
    alone, before = looks(officer, 20), rss_mb(pid)
    peak, stop = [before], threading.Event()

    def watch() -> None:
        while not stop.wait(0.05):
            peak.append(rss_mb(pid))

    watcher = threading.Thread(target=watch)
    watcher.start()
    command = [sys.executable, __file__, "--strangers", str(port), "--seconds", str(seconds)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as strangers:
        time.sleep(2)
        among = looks(officer, seconds - 15)
        known = insisting(officer, passwords[OFFICER])
        fresh = insisting(Person(port, "127.0.0.3"), passwords[OFFICER])
        answered = json.loads(strangers.communicate()[0])
    stop.set()
    watcher.join()
    for label, of in (("median", median), ("p95", lambda took: quantiles(took, n=20)[-1])):
        one, other = of(alone), of(among)
        ratio = f"ratio {other / one:.2f} (target {PAGE_RATIO})"
        print(f"  home page, {label:6}     {one:7.1f} ms alone {other:7.1f} ms  {ratio}")
    more = f"more {max(peak) - before:.0f} (target {MEMORY_MB:.0f})"
    print(f"  memory of the API      {before:7.0f} MB alone {max(peak):7.0f} MB  {more}")
    print(f"  strangers were answered {answered}")
    for label, (took, refused) in (("a known browser", known), ("a new one", fresh)):
        print(f"  the owner, in {label}: {took:.2f} s, of it refused for want of room {refused} times")


def guesses(port: int, passwords: dict[str, str]) -> None:
    """A thousand from one address, then the owner; eighty at once."""
    guesser = Person(port, "127.0.0.66")
    took, said = timed(lambda: str(Counter(guesser.log_in(OFFICER, "guess") for _ in range(WRONG_TRIES))))
    print(f"  {WRONG_TRIES:,} wrong tries from one address: {took:.1f} s, {said}")
    took, said = timed(lambda: Person(port, "127.0.0.67").log_in(OFFICER, passwords[OFFICER]))
    print(f"  then its owner from another: {took:.2f} s {said or 'logged in'} (target {OWNER_SECONDS} s)")
    with ThreadPoolExecutor(AT_ONCE) as people:
        said_to = Counter(
            slug
            for _ in range(2)
            for slug in people.map(lambda _: Person(port, "127.0.0.68").log_in("li", "guess"), range(AT_ONCE))
        )
    print(
        f"  {AT_ONCE} guesses at once, twice: {said_to['login-failed']} looked at (target 10), {dict(said_to)}"
    )


def main() -> int:
    """Measure, or be the strangers."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--quick", action="store_true", help="a tenth of the time")
    options.add_argument("--seconds", type=float, default=240)
    options.add_argument("--strangers", type=int, metavar="PORT", help=argparse.SUPPRESS)
    args = options.parse_args()
    if args.strangers:
        return strange(args.strangers, args.seconds)
    seconds = max(24, args.seconds / 10) if args.quick else args.seconds
    with (
        tempfile.TemporaryDirectory(prefix="quancheng-login-") as folder,
        database(os.environ["DATABASE_URL"], "bench_login") as url,
        serving(url, Path(folder)) as (_, pid, port, passwords),
    ):
        print(f"{STRANGERS} strangers for {seconds:.0f} s")
        measure(port, pid, passwords, seconds)
        guesses(port, passwords)
    return 0


if __name__ == "__main__":
    sys.exit(main())
