"""The unified social credit code (GB 32100-2015): 18 characters, the last of which checks the others."""

_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_LENGTH = 18
_MODULUS = 31


def check_character(body: str) -> str:
    """Return the last character of the code whose first 17 are `body`: weights 3^i mod 31 (GB 32100, annex A).

    Raises:
        ValueError: a character is none of the 31 that a code may have (I, O, S, V and Z are not), or there are not 17.
    """
    if len(body) != _LENGTH - 1:
        raise ValueError("17 characters stand before the one that checks them")
    total = sum(_ALPHABET.index(one) * pow(3, place, _MODULUS) for place, one in enumerate(body))
    return _ALPHABET[-total % _MODULUS]


def is_uscc(code: str) -> bool:
    """Say whether a text is such a code."""
    try:
        return len(code) == _LENGTH and check_character(code[:-1]) == code[-1]
    except ValueError:
        return False
