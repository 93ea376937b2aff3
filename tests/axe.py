"""axe-core over a page: what would keep somebody with a keyboard, a screen reader or weak sight from using it."""

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

_BARRIERS = frozenset({"serious", "critical"})
_RUN = 'axe.run({resultTypes: ["violations"]}).then((found) => found.violations)'


def barriers(page: Page) -> list[str]:
    """Return each serious or critical finding with the first element it is about."""
    if not page.evaluate("'axe' in window"):  # a page that is looked at in both widths reads it once
        page.evaluate(AXE_SCRIPT)
    found = page.evaluate(_RUN)
    return [f"{one['id']}: {one['nodes'][0]['html'][:200]}" for one in found if one["impact"] in _BARRIERS]
