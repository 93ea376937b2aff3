"""Coming in by an issuer: its word was checked, and names an open account, or nobody.

What a crash leaves, step by step:
  after the state was used   nothing: whoever came back begins the sign-on again
  after the session          a token that nobody knows; it ends by itself
"""

from schemas.errors import AnyRefusal
from schemas.refusals_sso import SSO_ACCOUNT_MISSING, SSO_STATE_UNKNOWN
from schemas.sso import SsoMatch
from schemas.trail import LoginWay, Noted, TrailEvent, TrailResult
from storage.actor.session import Session
from storage.store import Store


def use_state(store: Store, state: str) -> None:
    """Use up a state that came back.

    Raises:
        Refused: it was used before (slug `sso-state-unknown`).
    """
    with store.begin() as tx:
        is_first = tx.sign_ons.take(state)
    if not is_first:
        raise SSO_STATE_UNKNOWN("the state was used before")


def sign_on(store: Store, said: str, matches: SsoMatch, address: str) -> Session:
    """Log in whom an issuer's word names.

    Raises:
        Refused: no open account is theirs (slug `sso-account-missing`).
    """
    with store.begin(address) as tx:
        known = tx.sign_ons.known(said, matches)
        if known is not None:
            tx.trail.login(known.login, TrailResult.DONE, LoginWay.SSO.value)
            return tx.accounts.open_session(known.account_id, address=address)
        if matches is SsoMatch.LOGIN:
            tx.trail.login(said, TrailResult.FAILED, SSO_ACCOUNT_MISSING.slug)
        else:
            note = Noted(TrailEvent.LOGIN, TrailResult.FAILED, name=said, code=SSO_ACCOUNT_MISSING.slug)
            tx.trail.note(note)
    raise SSO_ACCOUNT_MISSING("no open account is theirs")


def note_refused(store: Store, why: AnyRefusal, address: str) -> None:
    """Note a sign-on that was refused before anybody was known."""
    with store.begin(address) as tx:
        tx.trail.note(Noted(TrailEvent.LOGIN, TrailResult.FAILED, code=why.slug))
