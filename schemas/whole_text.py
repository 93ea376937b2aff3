"""Half a character: the escape of a lone surrogate, which JSON can write and neither a database nor an answer can hold."""

import json
import re

_ESCAPED = re.compile(rb"\\u[dD][89a-fA-F]")


def check_whole(payload: bytes, value: object) -> None:
    """Refuse a JSON text in UTF-8, already read as `value`, of which a key or a text holds half a character.

    Raises:
        ValueError: one does.
    """
    if not _ESCAPED.search(payload):
        return  # UTF-8 holds none, and nothing was escaped into one
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError as err:
        raise ValueError("a text holds half a character") from err
