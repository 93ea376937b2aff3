"""Codes that a person reads and types: signs that are not mistaken for each other, in groups of four."""

import secrets

_SIGNS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
_GROUP = 4


def drawn_code(characters: int) -> str:
    """Return a code of so many characters, five bits each, drawn by the system's random source."""
    drawn = "".join(secrets.choice(_SIGNS) for _ in range(characters))
    return "-".join(drawn[start : start + _GROUP] for start in range(0, characters, _GROUP))
