"""The code of a party that somebody types: of an organisation (GB 32100-2015), or of a person (GB 11643-1999).

Only codes of 18 characters have a character that checks the others; shorter ones – of registrations, passports, old cards –
are taken as they are. What a machine read is kept as it came, with a finding: it is never refused.
"""

from datetime import date
from operator import mul

from schemas.refusals_case import PARTY_CODE_WRONG
from schemas.uscc import is_uscc

_LENGTH = 18
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS = "10X98765432"


def is_resident_id(code: str) -> bool:
    """Say whether a text is the number of a resident's identity card (GB 11643-1999).

    Its day of birth is one, and the last character checks the others. The region may be one of former times: none is
    refused.
    """
    body = code[:-1]
    if len(code) != _LENGTH or not (body.isascii() and body.isdigit()):
        return False
    try:
        date.fromisoformat(f"{body[6:10]}-{body[10:12]}-{body[12:14]}")
    except ValueError:
        return False
    return _CHECKS[sum(map(mul, map(int, body), _WEIGHTS)) % len(_CHECKS)] == code[-1]


def check_party_code(code: str | None) -> None:
    """Refuse a code of 18 characters that is neither an organisation's nor a person's.

    Raises:
        Invalid: one of its characters is wrong (slug `party-code-wrong`).
    """
    if code is not None and len(code) == _LENGTH and not (is_uscc(code) or is_resident_id(code)):
        raise PARTY_CODE_WRONG("the last character does not check the others")
