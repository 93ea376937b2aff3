"""The unified social credit code (GB 32100-2015): 18 characters, the last of which checks the others."""

from operator import mul

_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_MODULUS = 31
_VALUES = {letter: value for value, letter in enumerate(_ALPHABET)}
_WEIGHTS = tuple(pow(3, place, _MODULUS) for place in range(17))


def check_character(body: str) -> str:
    """Return the last character of the code whose first 17 are `body`: weights 3^i mod 31 (GB 32100, annex A).

    Raises:
        ValueError: a character is none of the 31 that a code may have (I, O, S, V and Z are not), or there are not 17.
    """
    values = [_VALUES.get(letter, -1) for letter in body]
    if len(values) != len(_WEIGHTS) or min(values) < 0:
        raise ValueError("17 characters of the 31 stand before the one that checks them")
    return _ALPHABET[-sum(map(mul, values, _WEIGHTS)) % _MODULUS]


def is_uscc(code: str) -> bool:
    """Say whether a text is such a code."""
    try:
        return check_character(code[:-1]) == code[-1:]
    except ValueError:
        return False
