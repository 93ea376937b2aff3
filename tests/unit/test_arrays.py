"""Arrays as the log sends them: words that mean themselves, bytes as hex."""

import pytest

from storage.custody.values import bytes_array, words_array


def test_words_and_bytes_are_spelled_as_postgresql_reads_them() -> None:
    """No word is quoted, the backslash of each value is; nothing is an empty array."""
    assert words_array(["case/1", "text.1", "t"]) == "{case/1,text.1,t}"
    assert bytes_array([b"\x00\xff", b""]) == r"{\\x00ff,\\x}"
    assert words_array([]) == bytes_array([]) == "{}"


@pytest.mark.parametrize("word", ["a,b", "a}", "{a", 'a"', "a\\b", "a b", "案", "a\nb"])
def test_a_word_that_needs_quoting_is_refused(word: str) -> None:
    """It would be two words, or none: nothing of ours is called so, and nobody else's name comes here."""
    with pytest.raises(ValueError, match="quoting"):
        words_array(["case/1", word])
