"""Words inside of names, found by an index of their characters, singly and in pairs.

Chinese has no spaces to cut at, and names of two characters are common: an index of three-letter pieces finds neither.
What is looked for is folded as Unicode NFKC and lower case, so that full-width and capital letters are found too.
"""

from sqlalchemy import ColumnElement, Connection, String, and_, func, literal, or_, select, text, true
from sqlalchemy.dialects.postgresql import ARRAY

FEW = 1_000
"""Up to this many hits are fetched by the index and then named one by one."""


def matching(
    connection: Connection,
    ident: ColumnElement[object],
    searched: ColumnElement[str],
    wanted: str,
    *others: ColumnElement[bool],
) -> ColumnElement[bool]:
    """Return the condition that `searched` holds every word of `wanted`, or that one of `others` holds.

    A list is read in its own order, page by page: that meets a common word soon and a rare one only at the end of the
    history. So the hits of a rare one are fetched first; a common one is left to the list.

    Args:
        connection: Where the few hits are fetched.
        ident: The id of the table that is listed.
        searched: The very expression that the table's `…_words` index is made of.
        wanted: What was typed; words are separated by white space, and every one must occur.
        others: Conditions with an index of their own.
    """
    words = wanted.split()
    if not words:
        return true()
    indexed = [_grams(searched).contains(_grams(literal(word))) for word in words]
    held = [func.strpos(func.search_fold(searched), func.search_fold(word)) > 0 for word in words]
    # How common a word is decides the plan, so no plan is kept for all words.
    connection.execute(text("SET LOCAL plan_cache_mode = force_custom_plan"))
    hits = connection.scalars(select(ident).where(or_(and_(*held, *indexed), *others)).limit(FEW + 1)).all()
    return ident.in_(hits) if len(hits) <= FEW else or_(and_(*held), *others)


def _grams(words: ColumnElement[str]) -> ColumnElement[list[str]]:
    return func.search_grams(words, type_=ARRAY(String))
