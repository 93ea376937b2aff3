"""Words for a person, in Chinese and English: the form that every sentence of the product has.

The words themselves stand in `words_*.py`, by family; `catalogue.py` finds them. Code names things by their enum
and never by a sentence; what a person reads is looked up at the very edge, on a page or in a command.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TypeVar

Said = TypeVar("Said", bound=StrEnum)


class Language(StrEnum):
    """The languages of the product."""

    ZH = "zh"
    EN = "en"


@dataclass(frozen=True, slots=True)
class Words:
    """The same thing said in Chinese and in English; neither is ever missing."""

    zh: str
    en: str

    def __post_init__(self) -> None:
        if not (self.zh.strip() and self.en.strip()):
            raise ValueError(f"a word is missing: {self}")

    def __str__(self) -> str:
        """Both languages in one line, as the commands print them."""
        return self.zh if self.zh == self.en else f"{self.zh} · {self.en}"

    def spoken(self, language: Language) -> str:
        """Return the words of one language."""
        return self.en if language is Language.EN else self.zh

    def filled(self, **params: object) -> "Words":
        """Return the words with their `{blanks}` filled; `Words` as a parameter speak their own language.

        Raises:
            KeyError: a blank that nothing fills.
        """
        return Words(*(self._filled(language, params) for language in Language))

    def _filled(self, language: Language, params: Mapping[str, object]) -> str:
        said = {
            name: value.spoken(language) if isinstance(value, Words) else value
            for name, value in params.items()
        }
        return self.spoken(language).format_map(said)


def joined(many: Iterable[Words]) -> Words:
    """Return several words as one list: 甲、乙 and a, b."""
    every = list(many)
    return Words("、".join(one.zh for one in every), ", ".join(one.en for one in every))


def vocabulary(kind: type[Said], said: Mapping[Said, tuple[str, str]]) -> Mapping[Said, Words]:
    """Return the words of an enum: every member has some, nothing else has.

    Raises:
        ValueError: at import, when a member was added and its words were not.
    """
    if said.keys() != set(kind):
        raise ValueError(f"{kind.__name__}: words and members differ by {set(kind) ^ said.keys()}")
    return MappingProxyType({member: Words(*pair) for member, pair in said.items()})
