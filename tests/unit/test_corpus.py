"""The examination of media against files whose state is known: a tenth of the corpus; `make corpus` takes all of it."""

from tests.corpus.report import bounds, is_good, lines
from tests.corpus.run import Looked, brokens, look, tenth, wholes

SEED = 20_261_129
"""The same tenth in every run, so that what passed once does not fail by chance; other seeds are `tests.corpus`'s."""


def test_a_tenth_of_the_corpus() -> None:
    """No alarm on a sound file, and of the damage no less is found than 98 % can mean in so small a draw."""
    rows = list(look(tenth(SEED), SEED))

    assert is_good(rows, is_drawn=True), "\n".join([f"--tenth {SEED}", *lines(rows)])


def test_the_corpus_is_as_large_as_it_claims() -> None:
    """At least 200 classes of damage and 600 sound files, some of every medium, each with a true finding."""
    assert len(brokens()) >= 200
    assert len(wholes()) >= 600
    assert {medium for medium, _ in brokens()} == {medium for medium, _ in wholes()}
    assert all(one.codes for one in brokens().values())


def _looked(count: int, *, found: int, alarms: int = 0) -> list[Looked]:
    hurt = [
        Looked("photo", "k", n, "a.jpg", ("b",), "warn", (("c", "b", "warn"),) if n < found else ())
        for n in range(count)
    ]
    return [
        *hurt,
        *(Looked("photo", "w", -1, "a.jpg", (), "none", (("c", "b", "warn"),)) for _ in range(alarms)),
    ]


def test_what_is_good_enough() -> None:
    """Two in a hundred may be missed, an alarm on a sound file never; a draw is judged by its bound."""
    assert is_good(_looked(100, found=98))
    assert not is_good(_looked(100, found=97))
    assert not is_good(_looked(100, found=100, alarms=1))
    assert is_good(_looked(100, found=97), is_drawn=True)
    assert not is_good(_looked(100, found=90), is_drawn=True)
    assert not is_good(_looked(100, found=100, alarms=1), is_drawn=True)


def test_bounds_of_a_share() -> None:
    """Wilson's bounds, held against values from his formula worked out by hand."""
    low, high = bounds(95, 100)
    assert (round(low, 4), round(high, 4)) == (0.8882, 0.9785)
    assert bounds(0, 0) == (0.0, 1.0)
    assert round(bounds(10, 10)[1], 9) == 1.0


def test_the_same_seed_makes_the_same_files() -> None:
    """What failed once can be made again."""
    chosen = [one for one in tenth(5) if one[0] in {"track", "metadata"}][:20]
    assert list(look(chosen, 5)) == list(look(chosen, 5))
    assert tenth(5) == tenth(5) != tenth(6)
