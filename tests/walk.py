"""Walking the console: every link and page that a person can reach by GET, a few of each shape."""

import re
from collections import Counter, deque
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

import httpx

from api.console.language import COOKIE as LANGUAGE
from api.deps import COOKIE
from schemas.words import Language
from tests.stand import PATIENCE_SECONDS
from tests.web import TRUST

EVERY_SHAPE = 3
"""So many addresses of one shape are followed by one person in one language: the first of a list, and neighbours."""

LINKS = {
    "a": "href",
    "img": "src",
    "video": "src",
    "audio": "src",
    "source": "src",
    "script": "src",
    "link": "href",
}
FETCHES = frozenset({"data-count", "hx-get", "poster"})
_NAMES = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|(?<=/)\d+(?=/|$)", re.IGNORECASE
)
_THING = re.compile(r"/console(/[a-z]+/…)+")
"""Shapes of the pages of single things: their address ends in a name."""
_NEXT = re.compile(r"<p [^>]*data-next>([^<]*\S[^<]*)</p>")
_LOOK = '<form class="form look"'
_ACTION = re.compile(_LOOK + '[^>]*? method="post" action="([^"]+)"')
_CSRF = re.compile('name="csrf" value="([^"]+)"')
_CHOICES = frozenset({"stage", "state", "verdict"})
"""Parameters whose value makes another page, not another row."""


@dataclass(frozen=True)
class Step:
    """One address that was asked for, where its link stood, and what came of it."""

    path: str
    found_on: str
    status: int
    kind: str
    text: str = field(repr=False)

    @property
    def is_page(self) -> bool:
        return self.kind.startswith("text/html")

    @property
    def is_silent(self) -> bool:
        """Bytes that are the same in every language: pictures, sound, styles."""
        return self.kind.startswith(("image/", "video/", "audio/", "font/", "text/css", "text/javascript"))

    @property
    def is_of_a_thing(self) -> bool:
        """The page of one thing: a case, a recording, a device …"""
        return self.is_whole and _THING.fullmatch(shape(self.path).partition("?")[0]) is not None

    @property
    def next_steps(self) -> list[str]:
        """What the page says is to be done next, and by whom, or that nothing is."""
        return next_steps(self.text)

    @property
    def is_whole(self) -> bool:
        """A page with its head, not a piece that another page fetches."""
        return self.is_page and self.text.lstrip().lower().startswith("<!doctype")


def shape(path: str) -> str:
    """Return what addresses of one kind have in common: their path without ids, the names of what is asked.

    A list that is narrowed and sorted is of the kind of the narrowed one.
    """
    parts = urlsplit(path)
    named = parse_qsl(parts.query)
    asked = sorted(
        (name, value if name in _CHOICES else "")
        for name, value in named
        if name != "sort" or len(named) == 1
    )
    return _NAMES.sub("…", parts.path) + ("?" + urlencode(asked) if asked else "")


def next_steps(page: str) -> list[str]:
    """Return what a page says is to be done next, and by whom, or that nothing is."""
    return _NEXT.findall(page)


def links(page: str) -> list[str]:
    """Return every address that a page leads to, loads or fetches by itself."""
    reader = _Links()
    reader.feed(page)
    return reader.found


def walk(
    address: str, token: str, language: Language, *, known: Collection[str] = frozenset()
) -> Iterator[Step]:
    """Go everywhere from the home page, as whoever holds the token; what is known already is not asked for."""
    cookies = {COOKIE: token, LANGUAGE: language.value}
    with httpx.Client(
        base_url=address, cookies=cookies, verify=TRUST, timeout=PATIENCE_SECONDS, follow_redirects=True
    ) as client:
        seen, met = {"/console"}, Counter[str]()
        ahead = deque([("/console", "")])
        while ahead:
            path, found_on = ahead.popleft()
            step = _taken(client, path, found_on)
            yield step
            asking = f"look {shape(path)}"
            if _LOOK in step.text and met[asking] < EVERY_SHAPE:
                met[asking] += 1
                step = _looked(client, step)
                yield step
            for link in links(step.text) if step.is_page else ():
                target = _own(link, address, path)
                if target is None or target in seen or met[shape(target)] >= EVERY_SHAPE:
                    continue
                seen.add(target)
                met[shape(target)] += 1
                if target not in known:
                    ahead.append((target, path))


def _taken(client: httpx.Client, path: str, found_on: str) -> Step:
    answer = client.get(path)
    kind = answer.headers.get("Content-Type", "")
    text = answer.text if kind.startswith("text/html") else ""
    return Step(path, found_on, answer.status_code, kind, text)


def _looked(client: httpx.Client, step: Step) -> Step:
    """Say why, as the page asks before it shows content, and come back to the page with it."""
    action, csrf = (found[1] for found in (_ACTION.search(step.text), _CSRF.search(step.text)) if found)
    answer = client.post(action, data={"csrf": csrf, "reason_code": "supervision", "kind": "open"})
    return Step(step.path, step.found_on, answer.status_code, answer.headers["Content-Type"], answer.text)


def _own(link: str, address: str, here: str) -> str | None:
    """The path and query of a link of our own; None for another site, a fragment or data."""
    target = urlsplit(urljoin(f"{address}{here}", link))
    if f"{target.scheme}://{target.netloc}" != address:
        return None
    return target.path + (f"?{target.query}" if target.query else "")


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if value and (name == LINKS.get(tag) or name in FETCHES):
                self.found.append(value)
