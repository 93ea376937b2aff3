"""Two people at one form: what stands now beside what the second one typed, field by field.

Whoever is told that something was changed since their page was opened sees both, keeps their text, and may send it
again: the form then stands on what is shown.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from api.console.typed import Typed
from api.console.view import field_label
from api.console.visit import Mistake
from schemas.refusals_request import VERSION_CONFLICT
from schemas.words import Language

_NOTHING: Mapping[str, str] = MappingProxyType({})
_OWN = frozenset({"version", "reason", "whole_party"})
"""What says nothing of the thing itself."""


class Apart(NamedTuple):
    """One field of which two people say something else."""

    label: str
    now: str
    typed: str


def is_conflict(mistake: Mistake | None) -> bool:
    """Say whether a form is shown again because something was changed since its page was opened."""
    return mistake is not None and mistake.slug == VERSION_CONFLICT.slug


def apart(
    mistake: Mistake | None,
    standing: Typed[Any],
    language: Language,
    *,
    is_partial: bool = False,
    said: Mapping[str, str] = _NOTHING,
) -> list[Apart]:
    """Return where what was typed differs from what stands now; nothing but after a conflict at this form.

    Args:
        mistake: Why the form is shown again.
        standing: The form as it would be filled in now.
        language: The visitor's.
        is_partial: An empty field leaves things as they are, so that it differs from nothing.
        said: Words for values that are no words: ids and the members of lists.
    """
    if mistake is None or not is_conflict(mistake) or type(mistake.form) is not type(standing):
        return []
    names = [name for name in type(standing).model_fields if name not in _OWN]
    pairs = [(name, getattr(standing, name), getattr(mistake.form, name)) for name in names]
    return [
        Apart(field_label(language, standing, name), said.get(now, now), said.get(typed, typed))
        for name, now, typed in pairs
        if now != typed and (typed or not is_partial)
    ]


def version_of(mistake: Mistake | None, now: int) -> str:
    """Return the version that a form which is shown again stands on: another mistake shows nothing new of the thing."""
    kept = "" if mistake is None or is_conflict(mistake) else getattr(mistake.form, "version", "")
    return kept or str(now)
