"""Chinese is the source text, English a catalogue read at start; nothing is compiled or installed."""

from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from pathlib import Path

from babel.messages.pofile import read_po

COOKIE = "qc_lang"
LOCALE = Path(__file__).parent / "locale"


class Language(StrEnum):
    """The languages of the console."""

    ZH = "zh"
    EN = "en"


def language_of(cookies: Mapping[str, str]) -> Language:
    """Return what the visitor chose; Chinese when nothing, or nothing known, was chosen."""
    return Language.EN if cookies.get(COOKIE) == Language.EN else Language.ZH


@cache
def english() -> Mapping[str, str]:
    """Return every Chinese source text by its English sentence, from `locale/en.po`."""
    with (LOCALE / "en.po").open("rb") as file:
        catalogue = read_po(file, locale="en")
    return {str(message.id): str(message.string) for message in catalogue if message.id and message.string}


def gettext(language: Language, text: str) -> str:
    """Return `text` in `language`; a text without a translation is shown in Chinese."""
    return english().get(text, text) if language is Language.EN else text
