"""The lines of a package's log: one form for what they say, and nothing else is read."""

import random

import pytest

from schemas.disclosure import NotShown
from schemas.errors import Invalid
from schemas.package import PackageIndex, index_bytes, parse_index
from schemas.package_lines import (
    LeafLine,
    WithheldLine,
    leaves_text,
    openings_text,
    parse_leaves,
    parse_openings,
)
from schemas.package_record import disclosed, record_of
from schemas.package_scope import Ground, not_shown
from schemas.replay import fold
from tests.leaf_history import told
from tests.package import lines_of, make_package, whole


def test_lines_say_what_they_were_made_of() -> None:
    """Leaves, withheld places and openings come back from their bytes, in whatever order they went in."""
    made = whole().close()
    shown, withheld = made.shown[:], made.withheld[:]
    random.Random(1).shuffle(shown)

    assert parse_leaves(leaves_text(shown, withheld)) == (tuple(made.shown), tuple(sorted(withheld)))
    assert parse_openings(openings_text(made.openings)) == made.openings


@pytest.mark.parametrize("change", range(7))
def test_no_second_spelling_is_read(change: int) -> None:
    """Another order, a doubled line, a lost newline, a digest that is not the leaf's: none of it is read."""
    made = whole().close()
    payload = leaves_text(made.shown, made.withheld)
    lines = payload.split(b"\n")
    twice = made.withheld[0]
    changed = [
        b"\n".join([lines[1], lines[0], *lines[2:]]),
        lines[0] + b"\n" + payload,
        payload.rstrip(b"\n"),
        payload.replace(b'"index":', b'"index": ', 1),
        payload.replace(made.shown[0].digest.encode(), made.shown[1].digest.encode(), 1),
        leaves_text([*made.shown, LeafLine(0, made.shown[0].digest, made.shown[0].leaf)], made.withheld),
        leaves_text(made.shown, [*made.withheld, twice]),
    ][change]

    with pytest.raises(Invalid, match=r"leaves|line|leaf"):
        parse_leaves(changed)


@pytest.mark.parametrize(
    "line",
    [
        b'{"digest":"zz","event":"a:b","ground":"g","index":1,"n":1,"of":"case/x"}\n',
        b'{"digest":"00","event":"a:b","ground":"g","index":-1,"n":1,"of":"case/x"}\n',
        b'{"digest":"00","event":"a:b","ground":"g","index":1,"n":0,"of":"case/x"}\n',
        b'{"digest":"00","event":"a:b","ground":1,"index":1,"n":1,"of":"case/x"}\n',
        b'{"digest":"00","index":true,"leaf":""}\n',
        b"[]\n",
        b"{}\n",
    ],
)
def test_a_malformed_line_is_refused(line: bytes) -> None:
    """A line of another form is refused, never guessed at."""
    with pytest.raises(Invalid, match="line"):
        parse_leaves(line)


def test_the_record_of_a_whole_log_folds_as_the_log_does() -> None:
    """With every leaf and opening at hand the record gives the heads and numbers of the history itself."""
    history = told(11).history
    record = record_of(history.turns, lines_of(history), (), history.openings)

    assert record.opening_faults == ()
    for of, turns in history.turns.items():
        folded = fold(of, turns, record.seen)
        assert (record.folded[of].head, record.folded[of].n) == (folded.head, folded.n)
        assert record.head(of, folded.n) == folded.head
        assert record.folded[of].faults == []


@pytest.mark.parametrize("seed", range(20))
def test_what_is_withheld_keeps_every_head(seed: int) -> None:
    """Whatever leaves are withheld, numbers and heads of the chains stay what they were, and nothing becomes a fault."""
    history, rng = told(12).history, random.Random(seed)
    lines = lines_of(history)
    hidden = [NotShown(one.digest, "*", "third-party") for one in lines if rng.random() < 0.4]
    left = disclosed(history.turns, lines, history.openings, hidden)
    record = record_of(history.turns, *left)

    assert {one.digest for one in left.withheld} == {
        one.digest for one in hidden if _has_chain(lines, one.digest)
    }
    for of in history.turns:
        assert (record.folded[of].n, record.folded[of].head) == history.heads[of]
        assert record.folded[of].faults == []


def _has_chain(lines: list[LeafLine], digest: str) -> bool:
    leaf = next(one.leaf for one in lines if one.digest == digest)
    return b'"chains":[]' not in leaf


def test_only_what_others_may_not_see_is_hidden() -> None:
    """By itself a package hides leaves of other cases, words of ended ties, and what is personnel's; nothing else."""
    plain, rich = make_package(), whole().close()
    grounds = {one.ground for one in plain.hidden}

    assert grounds == {Ground.STAFF_RECORD}
    assert {one.ground for one in rich.hidden} == set(Ground)
    assert not_shown("case/x", None, {}) == []


def test_an_index_names_each_file_once() -> None:
    """Its files are sorted and stand once; another spelling is none."""
    made = make_package(contents=(b"one",))
    payload = index_bytes(made.index())

    assert index_bytes(parse_index(payload)) == payload
    index = made.index()
    for changed in (
        payload.replace(b'"v":2', b'"v":1'),
        payload + b" ",
        index_bytes(PackageIndex(**{**dict(index), "files": [*index.files, index.files[0]]})),
    ):
        with pytest.raises(Invalid):
            parse_index(changed)


def test_a_withheld_line_stands_for_every_chain_of_the_package() -> None:
    """A leaf in two chains of a package is withheld from both, one line each."""
    made = whole()
    history = made.bureau.history
    tie = next(turn for turn in history.turns[made.case] if turn.event == "case:link")
    left = disclosed(history.turns, lines_of(history), {}, [NotShown(tie.digest, "*", "g")])

    assert {one.of for one in left.withheld} == {made.case, made.recordings[0]}
    assert all(isinstance(one, WithheldLine) for one in left.withheld)
