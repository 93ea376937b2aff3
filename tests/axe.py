"""axe-core over a page: what would keep somebody with a keyboard, a screen reader or weak sight from using it."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

_BARRIERS = frozenset({"serious", "critical"})


def barriers(page: Page) -> list[str]:
    """Return each serious or critical finding with the first element it is about."""
    found = Axe().run(page).response["violations"]
    return [f"{one['id']}: {one['nodes'][0]['html'][:200]}" for one in found if one["impact"] in _BARRIERS]
