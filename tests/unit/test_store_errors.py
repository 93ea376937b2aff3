"""What a store answers, in our tree of errors."""

import pytest

from schemas.errors import Unavailable
from schemas.next_steps import LATER
from storage.objects.errors import error_of


@pytest.mark.parametrize("code", ["InvalidArgument", "NoSuchBucket", "EntityTooLarge", "AccessDenied"])
def test_what_never_comes_true_is_not_put_off(code: str) -> None:
    """A request that the store does not take as it stands is a person's matter: nobody is told to try later."""
    made = error_of(code)

    assert isinstance(made, Unavailable)
    assert (made.refusal.next_zh, made.refusal.next_en) != LATER


@pytest.mark.parametrize("code", ["SlowDown", "ServiceUnavailable", "InternalError", "OperationAborted"])
def test_what_passes_is_put_off(code: str) -> None:
    """A store that is busy or broken is asked again later."""
    made = error_of(code)

    assert (made.refusal.next_zh, made.refusal.next_en) == LATER
