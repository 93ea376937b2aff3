"""axe-core over a page: what would keep somebody with a keyboard, a screen reader or weak sight from using it."""

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

_BARRIERS = frozenset({"serious", "critical"})
_RUN = """(within) => axe
    .run(within.length ? {include: within.map((one) => [one])} : document, {resultTypes: ["violations"]})
    .then((found) => found.violations)"""
_TARGETS = """axe.run({exclude: [[".clock svg"]]}, {runOnly: ["target-size"], resultTypes: ["violations"]})
    .then((found) => found.violations.flatMap((one) => one.nodes.map((node) => node.html.slice(0, 200))))"""


def barriers(page: Page, *within: str) -> list[str]:
    """Return each serious or critical finding with the first element it is about.

    `within` are selectors of the parts that are looked at; the whole page where there is none.
    """
    if not page.evaluate("'axe' in window"):  # a page that is looked at in both widths reads it once
        page.evaluate(AXE_SCRIPT)
    found = page.evaluate(_RUN, list(within))
    return [f"{one['id']}: {one['nodes'][0]['html'][:200]}" for one in found if one["impact"] in _BARRIERS]


def small_targets(page: Page) -> list[str]:
    """Return what is smaller than 24 pixels and too near to others (WCAG 2.2, 2.5.8), with all that unfolds unfolded.

    Bars of a time picture are left out: where one stands is when it was, and each is a row of a table, too.
    """
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    page.evaluate("document.querySelectorAll('main details').forEach((one) => one.setAttribute('open', ''))")
    found: list[str] = page.evaluate(_TARGETS)
    return found
