"""Words inside of names, found by an index of their characters, singly and in pairs.

Chinese has no spaces to cut at, and names of two characters are common: an index of three-letter pieces finds neither.
What is looked for is folded as Unicode NFKC and lower case, so that full-width and capital letters are found too.

Names of parties are sealed: of them the index holds keyed tokens of the same characters and pairs. What it lets through
is opened and read again, so nobody is shown a name that does not hold what was typed.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    RowMapping,
    Text,
    and_,
    func,
    literal,
    or_,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY

from schemas.personal import fold
from storage.personal import asked_tokens, opened

FEW = 1_000
"""Up to this many hits are fetched by the index and then named one by one."""


def matching(
    connection: Connection,
    ident: Column[Any],
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
    indexed = [_grams(searched).contains(rare) for rare in _rare_grams(connection, ident, words)]
    held = [func.strpos(func.search_fold(searched), func.search_fold(word)) > 0 for word in words]
    hits = _first(connection, ident, or_(and_(*held, *indexed), *others))
    return ident.in_(hits) if len(hits) <= FEW else or_(and_(*held), *others)


class Party(NamedTuple):
    """The sealed names of a table, beside the text that is searched in clear.

    Attributes:
        ident: The table's id, to which a name is bound.
        clear: What the table's `…_words` index is made of, as a column.
        name: The sealed column.
        tokens: Where its tokens stand.
        is_whole: Whose names may be read whole by who searches; the others' are not searched: a hit would tell them.
        written: How the clear text is folded before it is compared, in Python as in the index.
    """

    ident: Column[Any]
    clear: Column[object]
    name: Column[object]
    tokens: Column[object]
    is_whole: ColumnElement[bool]
    written: Callable[[str], str] = fold


class Sought(NamedTuple):
    """A condition, and what a row that meets it is still asked.

    Attributes:
        condition: What the index can tell.
        keep: Says whether a row really is a hit; None where the condition tells all.
        columns: What the query must select for it, beside the party's columns and `is_whole`.
    """

    condition: ColumnElement[bool]
    keep: Callable[[RowMapping], bool] | None = None
    columns: tuple[ColumnElement[bool], ...] = ()


def matching_party(
    connection: Connection,
    party: Party,
    searched: ColumnElement[str],
    wanted: str,
    *others: ColumnElement[bool],
) -> Sought:
    """Return the same for a table with sealed names: every word stands in `searched` or in the name.

    Args:
        connection: Where the few hits are fetched.
        party: The names.
        searched: The very expression that the table's `…_words` index is made of.
        wanted: What was typed.
        others: Conditions with an index of their own.

    Raises:
        IntegrityBroken: a name does not open (slug `personal-unreadable`).
        Unavailable: this process has no key (slug `personal-key-missing`).
    """
    words = wanted.split()
    if not words:
        return Sought(true())
    named = [
        and_(or_(*map(party.tokens.contains, asked_tokens(connection, party.name, word))), party.is_whole)
        for word in words
    ]
    plain = [party.written(word) for word in words]
    rare = _rare_grams(connection, party.ident, plain)
    indexed = [or_(_grams(searched).contains(some), one) for some, one in zip(rare, named, strict=True)]
    # A list is read row by row: pieces of every number would be cut anew, so it looks for the word itself.
    held = [
        or_(one, func.strpos(func.search_fold(searched), func.search_fold(word)) > 0)
        for word, one in zip(plain, named, strict=True)
    ]
    is_other = (or_(*others) if others else literal(value=False)).label("is_other")
    hits = _first(connection, party.ident, or_(and_(*indexed), *others))

    def holds(row: RowMapping) -> bool:
        return bool(row["is_other"]) or _holds(connection, party, row, words)

    found = party.ident.in_(hits) if len(hits) <= FEW else or_(and_(*held), *others)
    return Sought(found, holds, (is_other,))


def _holds(connection: Connection, party: Party, row: RowMapping, words: list[str]) -> bool:
    said = party.written(row[party.clear.name] or "")
    name = opened(connection, party.name, row[party.ident], row[party.name]) if row["is_whole"] else None
    held = fold(name or "")
    return all(party.written(word) in said or fold(word) in held for word in words)


def _first(connection: Connection, ident: Column[Any], condition: ColumnElement[bool]) -> Sequence[object]:
    """Return the ids of some hits, one more than are few.

    Whoever looks for a thousand rows alone would rather read the table, and cut the pieces of each row that is no hit. So
    the hits are planned for all of them: PostgreSQL takes no query apart that has an offset.
    """
    every = select(ident.label("ident")).where(condition).offset(0).subquery("every")
    return connection.scalars(select(every.c.ident).limit(FEW + 1)).all()


def _rare_grams(
    connection: Connection, ident: Column[Any], words: Sequence[str]
) -> list[ColumnElement[list[str]]]:
    """Return for each word those of its pairs by which the index of a table is asked: a few, the rarest.

    A pair that most rows hold leaves out nothing, and asking for it costs as much as reading all of them. How common a
    word is decides the plan too, so none is kept for all words; and cutting a text into its pieces costs more than the one
    operator for which the planner takes it, which would rather read the table than the index.
    """
    index = literal(f"ix_{ident.table.name}_words")
    asked = [func.rare_grams(index, word, type_=ARRAY(Text)) for word in words]
    custom = func.set_config("plan_cache_mode", "force_custom_plan", true())
    dear = func.set_config("cpu_operator_cost", "0.02", true())
    _, _, *rare = connection.execute(select(custom, dear, *asked)).one()
    return [literal(one, ARRAY(Text)) for one in rare]


def _grams(words: ColumnElement[str]) -> ColumnElement[list[str]]:
    return func.search_grams(words, type_=ARRAY(Text))
