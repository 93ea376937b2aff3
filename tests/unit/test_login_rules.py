"""How often a password may be tried, and what a browser proves that logged in before."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.login import (
    ACCOUNT_TRIES,
    BROWSER_LIFETIME,
    LANE_TRIES,
    BrowserSeal,
    Tally,
    refusal,
)
from schemas.refusals_actor import LOGIN_GUARDED, LOGIN_LOCKED

AT = datetime(2026, 9, 1, tzinfo=UTC)
SEAL = BrowserSeal(b"s" * 32)
BROWSER = b"b" * 16
HASH = "$argon2id$v=19$m=65536,t=3,p=4$c2FsdA$aGFzaA"


@pytest.mark.parametrize(
    ("tally", "is_known", "said"),
    [
        (Tally(0, 0), False, None),
        (Tally(LANE_TRIES - 1, ACCOUNT_TRIES - 1), False, None),
        (Tally(LANE_TRIES, LANE_TRIES), False, LOGIN_LOCKED),
        (Tally(LANE_TRIES, ACCOUNT_TRIES), False, LOGIN_LOCKED),
        (Tally(0, ACCOUNT_TRIES), False, LOGIN_GUARDED),
        (Tally(0, ACCOUNT_TRIES), True, None),
        (Tally(LANE_TRIES - 1, 10 * ACCOUNT_TRIES), True, None),
        (Tally(LANE_TRIES, 0), True, LOGIN_LOCKED),
    ],
)
def test_a_try_is_allowed_by_its_address_and_its_account(tally: Tally, is_known: bool, said: object) -> None:
    """Ten from one address and a hundred on one account; a browser that logged in before minds its own ten alone."""
    assert refusal(tally, is_known=is_known) is said


def test_a_browser_proves_its_log_in() -> None:
    """What is written at a log-in is read for the same account until half a year later."""
    kept = SEAL.written("wang", HASH, BROWSER, AT)
    proven = SEAL.read(kept, "wang", AT + BROWSER_LIFETIME)

    assert proven is not None
    assert (proven.browser, proven.fingerprint) == (BROWSER, SEAL.fingerprint(HASH))
    assert SEAL.read(kept, "wang", AT + BROWSER_LIFETIME + timedelta(seconds=1)) is None


def test_a_browser_is_known_to_its_account_alone() -> None:
    """What one account's log-in wrote proves nothing for another name, and nothing to a server with another key."""
    kept = SEAL.written("wang", HASH, BROWSER, AT)

    assert SEAL.read(kept, "li", AT) is None
    assert BrowserSeal(b"t" * 32).read(kept, "wang", AT) is None


def test_the_proof_ends_with_the_password() -> None:
    """Another password has another fingerprint, and neither tells anything of what is kept of it."""
    kept = SEAL.written("wang", HASH, BROWSER, AT)
    proven = SEAL.read(kept, "wang", AT)

    assert proven is not None
    assert proven.fingerprint != SEAL.fingerprint(HASH + "x")
    assert HASH not in kept


@given(st.data())
def test_no_altered_proof_is_read(data: st.DataObject) -> None:
    """One character changed anywhere, and nothing is proven; whatever is sent, nothing breaks."""
    kept = SEAL.written("wang", HASH, BROWSER, AT)
    place = data.draw(st.integers(0, len(kept) - 1))
    other = data.draw(st.characters().filter(lambda one: one != kept[place]))

    assert SEAL.read(kept[:place] + other + kept[place + 1 :], "wang", AT) is None


@given(st.text())
def test_a_made_up_proof_is_none(text: str) -> None:
    """Text that this server did not write proves nothing."""
    assert SEAL.read(text, "wang", AT) is None
