"""What is committed in mobile_contract/ is what the code would write today."""

import pytest

from tests.make_contract import ROOT, contract, kept

MADE = contract()


@pytest.mark.parametrize("name", sorted(MADE))
def test_derived_files_are_current(name):
    """A change of a format shows in the diff of the contract; `python -m tests.make_contract` writes it."""
    assert (ROOT / name).read_bytes() == MADE[name], f"{name} is stale: run python -m tests.make_contract"


def test_no_stale_vector_is_left():
    """A vector or a page whose rule or event is gone is gone."""
    assert kept() == {name for name in MADE if name.startswith(("vectors/", "events/"))}
