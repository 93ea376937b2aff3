"""Content of pages that is stored as it is: without a coder there is no checksum, and only its grammar shows damage.

ISO 32000-2, 7.8.2 and annex A.
"""

import re
from collections.abc import Iterator

from workers.media.document.pdf_lexer import CutShort, Lexer, Ref, SyntaxFault, Word
from workers.media.document.pdf_objects import OFFSET, Indirect, Objects
from workers.media.document.pdf_pages import Page
from workers.media.work import Work

_OPERATORS = frozenset(
    (  # noqa: SIM905 - as annex A lists them
        "b B b* B* BDC BI BMC BT BX c cm CS cs d d0 d1 Do DP EMC ET EX f F f* G g gs h i j J K k l m M MP n q Q re RG rg"
        " ri s S SC sc SCN scn sh T* Tc Td TD Tf Tj TJ TL Tm Tr Ts Tw Tz v w W W* y ' \""
    ).split()
)
_INLINE = re.compile(rb"[\x00\t\n\x0c\r ]EI(?=[\x00\t\n\x0c\r ]|$)")
_MOST_BYTES = 16 * 1024 * 1024


def plain_contents(objects: Objects, page: Page) -> Iterator[Indirect]:
    """Yield the content of a page, as far as it is stored as it is."""
    contents = objects.get(page.said.get("Contents"))
    for one in contents if isinstance(contents, list) else [page.said.get("Contents")]:
        kind, place, _ = objects.entries.get(one.number, (0, 0, 0)) if isinstance(one, Ref) else (0, 0, 0)
        if kind != OFFSET:
            continue
        try:
            found = objects.at(objects.base + place)
        except SyntaxFault:
            continue
        if found.stream is not None and "Filter" not in found.value and found.stream.length <= _MOST_BYTES:
            yield found


def is_drawing(text: bytes, work: Work) -> bool:
    """Say whether a piece of content is made of objects and operators from end to end."""
    lexer, is_free = Lexer(text, has_refs=False), False
    try:
        while not lexer.is_at_end():
            value = lexer.value()
            if not isinstance(value, Word):
                continue
            if value in {b"BX", b"EX"}:
                is_free = value == b"BX"
            elif value == b"ID":
                _skip_inline(lexer)
            elif value.decode("ascii") not in _OPERATORS and not is_free:
                return False
    except (SyntaxFault, CutShort):
        return False
    finally:
        work.pieces(lexer.tokens)
    return True


def _skip_inline(lexer: Lexer) -> None:
    end = _INLINE.search(lexer.buffer, lexer.at)
    if end is None:
        raise CutShort
    lexer.at = end.end()
