"""Names are a stranger's words: what turns the reading direction, or steers a terminal, is shown and not obeyed.

A name like `photo<U+202E>gpj.exe` reads as "photoexe.jpg" wherever the mark is obeyed (Unicode TR 36, 3.4;
CVE-2021-42574). The bytes and the kept name stay as they came; what a person reads shows a sign in the mark's place.
"""

import re

_DIRECTION = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def visible(text: str) -> str:
    """Return `text` with every directional control character written out, like ⟨U+202E⟩."""
    return _DIRECTION.sub(lambda found: f"⟨U+{ord(found[0]):04X}⟩", text)


def printable(text: str) -> str:
    """Return `text` for a terminal: directional controls written out, other controls dropped, line ends kept."""
    return "".join(c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in visible(text))
