"""The console on made data, as Chromium paints it: first contentful paint of what each role opens all day.

    python -m tests.stand run --parts database --durable -- python bench/pages.py [--quick]

Browser, API and PostgreSQL share the machine. Every page is compared with the same page on a tenth of the data; the
target is one second. A load is a navigation in a browser that has the style sheet and scripts already, as on the
second page of the day.
"""

import argparse
import logging
import os
import sys
import tempfile
from pathlib import Path
from statistics import quantiles

import structlog
from playwright.sync_api import Browser, sync_playwright
from sqlalchemy import text

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "bench")]

from desks import World, database  # noqa: E402

from tests.server import serving  # noqa: E402
from tests.stand import find_chromium  # noqa: E402

PAINT = "() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? null"
TARGET_MS = 1_000


def pages(world: World) -> list[tuple[str, str, str]]:
    """Return label, login and path of every page that is opened."""
    with world.store.begin() as tx:
        case, review = tx.connection.execute(
            text("SELECT case_id, id FROM reviews WHERE state = 'open' ORDER BY id LIMIT 1")
        ).one()
        middle = tx.connection.scalar(
            text("SELECT id FROM recordings ORDER BY id OFFSET (SELECT count(*) / 2 FROM recordings) LIMIT 1")
        )
    return [
        ("home of a handler", "chen", "/console"),
        ("home of a reviewer", "xu", "/console"),
        ("recordings", "zhang", "/console/recordings"),
        ("recordings, in the middle", "zhang", f"/console/recordings?after={middle}"),
        ("recordings by words", "zhang", "/console/recordings?q=photo-4242"),
        ("one recording", "zhang", f"/console/recordings/{middle}"),
        ("cases", "chen", "/console/cases"),
        ("one case", "chen", f"/console/cases/{case}"),
        ("monitoring records", "liu", "/console/monitoring"),
        ("queue, first review", "liu", "/console/monitoring/queue?stage=first"),
        ("queue, legal review", "xu", "/console/reviews"),
        ("one review", "xu", f"/console/reviews/{review}"),
        ("audits", "wu", "/console/audits"),
    ]


def paints(browser: Browser, address: str, world: World, loads: int) -> dict[str, list[float]]:
    """Milliseconds from navigation to first paint with content, `loads` times a page."""
    took: dict[str, list[float]] = {}
    contexts = {}
    for label, login, path in pages(world):
        if login not in contexts:
            contexts[login] = browser.new_context(viewport={"width": 1440, "height": 900}, locale="zh-CN")
            page = contexts[login].new_page()
            page.goto(f"{address}/console/login")
            page.fill("input[name=login]", login)
            page.fill("input[name=password]", world.passwords[login])
            page.keyboard.press("Enter")
            page.wait_for_url(lambda url: "login" not in url)
        page = contexts[login].pages[0]
        took[label] = []
        for number in range(loads + 2):
            response = page.goto(address + path)
            if response is None or response.status != 200:
                raise SystemExit(f"{label}: {response and response.status}")
            page.wait_for_function(PAINT)
            if number >= 2:
                took[label].append(page.evaluate(PAINT))
    for context in contexts.values():
        context.close()
    return took


def main() -> int:
    """Measure at a tenth and at the whole, and print both."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--quick", action="store_true", help="a tenth of the data")
    many, loads = (10_000, 10) if options.parse_args().quick else (100_000, 30)
    server = os.environ["DATABASE_URL"]
    results = []
    with sync_playwright() as driver, tempfile.TemporaryDirectory(prefix="quancheng-pages-") as folder:
        browser = driver.chromium.launch(executable_path=str(find_chromium()), args=["--no-sandbox"])
        for size in (many // 10, many):
            with database(server, f"bench_pages_{size}") as url:
                world = World(url, Path(folder), size)
                with serving(world.store) as address:
                    # The made recordings have no bytes in the store: their missing pictures are no news.
                    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
                    results.append(paints(browser, address, world, loads))
                world.store.close()
        browser.close()
    small, large = results
    print(f"first contentful paint, p95 of {loads} loads: {many // 10:,} and {many:,} of each kind of record")
    for label, few in small.items():
        before, after = (quantiles(one, n=20)[-1] for one in (few, large[label]))
        print(
            f"  {label:26} {before:7.0f} ms {after:7.0f} ms  ratio {after / before:.2f} (target {TARGET_MS:,} ms)"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
