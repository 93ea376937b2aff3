"""Chromium for tests: one window a person, as patient as the rest of the suite."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.stand import PATIENCE_SECONDS

WIDE, NARROW = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
_MILLISECONDS = PATIENCE_SECONDS * 1000

_DRAWN = """() => new Promise((done) => {
  requestAnimationFrame(() => requestAnimationFrame(done));
  setTimeout(done, 5000);
})"""
"""A window that is not composed gets no frame, and asking for one has no time limit of its own."""

expect.set_options(timeout=_MILLISECONDS)


@contextmanager
def browsing(chromium: Path, *words: str, home: Path | None = None) -> Iterator[Browser]:
    """A browser for the length of a block; `home` is whose certificates it trusts."""
    arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", *words]
    env = {**os.environ, "HOME": str(home)} if home else None
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(
            executable_path=str(chromium), args=arguments, env=env, timeout=_MILLISECONDS
        )
        yield running
        running.close()


def trust(certutil: Path, certificate: Path, home: Path) -> None:
    """Let the browsers of `home` trust an authority, as a person does by installing it."""
    store = home / ".pki" / "nssdb"
    store.mkdir(parents=True)
    for words in (["-N", "--empty-password"], ["-A", "-t", "C,,", "-n", "ours", "-i", str(certificate)]):
        subprocess.run([certutil, "-d", f"sql:{store}", *words], check=True, capture_output=True)


def window(browser: Browser, *, size: dict[str, int] = WIDE, **options: object) -> BrowserContext:
    """A window of its own cookies; whoever opens it closes it."""
    context = browser.new_context(viewport=size, locale="zh-CN", **options)
    context.set_default_timeout(_MILLISECONDS)
    return context


def keep(page: Page, name: str) -> None:
    """Keep a picture of the whole page for somebody who wants to look, in the folder that `SHOTS` names; else nothing.

    No test looks at one, and taking them keeps a browser busy for as long as showing the page does.
    """
    folder = os.environ.get("SHOTS")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


def widths(page: Page) -> Iterator[int]:
    """Show one loaded page at both widths, each until it is drawn; it is wide again at the end."""
    page.wait_for_load_state("networkidle")
    for size in (WIDE, NARROW):
        page.set_viewport_size(size)
        page.evaluate(_DRAWN)
        yield size["width"]
    page.set_viewport_size(WIDE)


_CUT = "() => { const menu = document.querySelector('.bar nav'); return !!menu && menu.scrollWidth > menu.clientWidth }"


def overflows(page: Page) -> bool:
    """Whether something sticks out sideways, or the menu is cut; on a phone it is one line that is moved by a finger."""
    width = page.viewport_size["width"]
    is_cut = width > NARROW["width"] and page.evaluate(_CUT)
    return is_cut or bool(page.evaluate("document.documentElement.scrollWidth") > width)
