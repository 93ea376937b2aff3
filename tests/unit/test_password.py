"""What is kept of a password, and of nobody's."""

from argon2 import extract_parameters

from storage.password import _NOBODY, hash_of, is_password


def test_a_password_is_known_by_what_is_kept() -> None:
    """The password that was hashed is the one, and no other."""
    kept = hash_of("正确")

    assert is_password(kept, "正确")
    assert not is_password(kept, "不正确")


def test_nobody_has_a_password_and_looking_costs_as_much() -> None:
    """A look at a login that is unknown runs argon2 with the very parameters of everybody, and ends with no."""
    assert not is_password(None, "")
    assert extract_parameters(_NOBODY) == extract_parameters(hash_of("any"))
