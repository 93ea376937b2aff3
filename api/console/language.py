"""Chinese is the source text, English a catalogue read at start; nothing is compiled or installed."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from schemas.words import Language

COOKIE = "qc_lang"
LOCALE = Path(__file__).parent / "locale"


def language_of(cookies: Mapping[str, str]) -> Language:
    """Return what the visitor chose; Chinese when nothing, or nothing known, was chosen."""
    return Language.EN if cookies.get(COOKIE) == Language.EN else Language.ZH


@cache
def english() -> Mapping[str, str]:
    """Return every Chinese source text by its English sentence, from the catalogues `locale/en*.po`."""
    return {
        str(message.id): str(message.string)
        for path in sorted(LOCALE.glob("en*.po"))
        for message in _catalogue(path)
        if message.id and message.string
    }


def _catalogue(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, locale="en")


def gettext(language: Language, text: str) -> str:
    """Return `text` in `language`; a text without a translation is shown in Chinese."""
    return english().get(text, text) if language is Language.EN else text
