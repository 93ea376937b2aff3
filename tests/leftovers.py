"""What may not be left on a page: raw slugs, units and words of the other language. Used by tests that read pages."""

import re
from collections.abc import Collection, Iterator
from functools import cache
from html.parser import HTMLParser

from api.console.language import english
from schemas.catalogue import CATALOGUE
from schemas.checks.table import CHECKS, FINDINGS
from schemas.refusals import REFUSALS
from schemas.words import Language
from schemas.words_unit import Unit

NAMES = frozenset({"SM3"})
"""The name of a standard is the same in every language, also where the catalogue says more in one of them."""

UNSEEN = frozenset({"script", "style", "pre", "code", "kbd"})
SAID = frozenset({"title", "alt", "aria-label", "placeholder"})
PIECES = re.compile(r"[·、，。：；（）()\[\]/|—\n]|: |, ")
COMPOUND = re.compile(r"[a-z0-9]+(?:[_:-][a-z0-9]+)+")
ENGLISH_UNIT = re.compile(r"(?<![0-9A-Za-z])\d[\d.,]* ?(?:d|h|min|s|m|km|B|bytes)(?![0-9A-Za-z/])")
IDENT = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@cache
def slugs() -> frozenset[str]:
    """Every name by which code, log and contract know something; none of them is a word of a page."""
    members = {
        str(member) for table in CATALOGUE.values() for member, one in table.items() if one.zh != member
    }
    return frozenset({*members, *CHECKS, *FINDINGS, *REFUSALS})


@cache
def words(language: Language) -> frozenset[str]:
    """Everything the catalogue says in one language only."""
    said = [one for kind, table in CATALOGUE.items() if kind is not Unit for one in table.values()]
    said += [check.title for check in CHECKS.values()]
    return frozenset(one.spoken(language) for one in said if one.zh != one.en)


def leftovers(page: str, language: Language, data: Collection[str] = ()) -> list[str]:
    """Return what of a page's visible text is a slug, an English unit or a word of the other language.

    Args:
        page: Its HTML.
        language: The language it was asked for.
        data: Texts that people or devices gave, such as log-ins; they are shown as they are.
    """
    reader = _Reader()
    reader.feed(page)
    return [
        text for text in reader.pieces if text not in data and any(_faults(text, language, frozenset(data)))
    ]


def _faults(text: str, language: Language, data: frozenset[str]) -> Iterator[bool]:
    pieces = {text, *(piece.strip() for piece in PIECES.split(text))} - data - NAMES
    other = Language.ZH if language is Language.EN else Language.EN
    yield bool(pieces & words(other))
    yield any(found in slugs() for found in COMPOUND.findall(text))
    if language is Language.ZH:
        yield bool(pieces & slugs() - words(language))  # in English many a slug is a word
        yield bool(ENGLISH_UNIT.search(IDENT.sub("", text)))
    else:
        yield any(source in pieces for source, said in english().items() if said != source)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[str] = []
        self._unseen = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._unseen += tag in UNSEEN
        self.pieces += [value.strip() for name, value in attrs if name in SAID and value and value.strip()]

    def handle_endtag(self, tag: str) -> None:
        self._unseen -= tag in UNSEEN

    def handle_data(self, data: str) -> None:
        if not self._unseen and data.strip():
            self.pieces.append(data.strip())
