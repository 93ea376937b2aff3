"""Lists: the filters in the address, and the page that they give."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Annotated, Any, NamedTuple, TypeVar
from urllib.parse import urlencode
from uuid import UUID

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)

from schemas.page import Cursor, Page

Id = TypeVar("Id")

PAGE_ROWS = 50
_MOST = 200


def _cut(text: object) -> object:
    return text.replace("\0", "").strip()[:_MOST] if isinstance(text, str) else text


def _or_none(text: Any, parse: ValidatorFunctionWrapHandler) -> Any:  # noqa: ANN401 - of any type of filter
    try:
        return parse(text)
    except ValidationError:
        return None


Sought = Annotated[str, BeforeValidator(_cut)]
"""What is typed into a filter, cut at 200 characters."""

IGNORED = WrapValidator(_or_none)
"""Lets a filter narrow nothing where its text is none of its values: addresses are kept, shared and shortened."""


class Asked(BaseModel):
    """The filters of a list; empty or None means any. `after` is where its page begins."""

    model_config = ConfigDict(frozen=True)

    after: Sought = ""

    @property
    def query(self) -> dict[str, str]:
        """What narrows something, under its name in an address."""
        given = self.model_dump(mode="json", by_alias=True, exclude={"after"})
        return {name: text for name, text in given.items() if text}

    @property
    def sort(self) -> str:
        """By what the reader has sorted it, downwards behind a minus; empty where nobody did."""
        return getattr(self, "by", None) or ""

    def cursor(self) -> Cursor | None:
        """Return where the page begins; None for the first one.

        Raises:
            Invalid: the cursor is not one of ours (slug `cursor-invalid`).
        """
        return Cursor.parse(self.after) if self.after else None


class Head(NamedTuple):
    """The head of a column by which a list is sorted: where a click leads, and how the list stands now (aria-sort)."""

    href: str
    direction: str


class Listing(NamedTuple):
    """The page of a list: its rows, its filters, and the address of the page behind it."""

    rows: Sequence[object]
    asked: Asked
    is_filtered: bool
    next_url: str | None
    heads: Mapping[str, Head] = MappingProxyType({})


def _heads(path: str, asked: Asked, sorts: Iterable[str]) -> dict[str, Head]:
    """Return the heads of the columns by which a list may be sorted: first upwards, then downwards."""
    made = {}
    for name in sorts:
        wanted = f"-{name}" if asked.sort == name else name
        stands = {name: "ascending", f"-{name}": "descending"}.get(asked.sort, "none")
        made[name] = Head(address(path, {**asked.query, "by": wanted}), stands)
    return made


def listed(path: str, asked: Asked, page: Page[Any], sorts: Iterable[str] = ()) -> Listing:
    """Return the page of the list that stands at `path`."""
    query = asked.query
    next_url = address(path, {**query, "after": page.next_text}) if page.next_text else None
    is_filtered = bool(query.keys() - {"by"})
    return Listing(page.rows, asked, is_filtered, next_url, _heads(path, asked, sorts))


def address(path: str, query: dict[str, str]) -> str:
    """Return a path with its query."""
    return f"{path}?{urlencode(query)}" if query else path


def id_or_none(kind: Callable[[UUID], Id], text: str) -> Id | None:
    """Return the id that `text` is, if it is one."""
    try:
        return kind(UUID(text))
    except ValueError:
        return None
