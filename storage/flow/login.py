"""A log-in, in three steps of which none waits within another: count the try, look at the password, open the session.

What a crash leaves, step by step:
  after the count      a try that counts as a wrong one
  after the look       the same: whoever typed it right has one try less, and no row of the access trail says how it ended
  after the session    a token that nobody knows; it ends by itself
No connection is held while a password is hashed, and no more log-ins than there are places hold one at all.
"""

import secrets
from typing import NamedTuple

from pydantic import Field

from schemas.actor import Actor
from schemas.base import Frozen
from schemas.errors import NotAuthenticated, Refusal
from schemas.login import BROWSER_BYTES, ELSEWHERE, BrowserSeal, KnownBrowser
from schemas.refusals_actor import LOGIN_FAILED, LOGIN_GUARDED
from schemas.trail import TrailResult
from storage.actor.actor import Credential
from storage.actor.session import Session
from storage.flow.login_queue import LoginQueue
from storage.login import Counted
from storage.password import is_password
from storage.settings import StorageSettings, seed
from storage.store import Store, Transaction


class LoginIn(Frozen):
    """Who wants to log in, where from, and what a browser has kept of a log-in before; empty where nothing.

    `address` as `schemas.address.origin` gives it.
    """

    login: str
    password: str = Field(repr=False)
    address: str
    kept: str = Field(default="", repr=False)


class Entered(NamedTuple):
    """A session, and what the browser keeps to be known by; empty where this server has no key for it."""

    session: Session
    kept: str


def log_in(store: Store, queue: LoginQueue, wish: LoginIn) -> Entered:
    """Log somebody in.

    Raises:
        NotAuthenticated: name or password is wrong (slug `login-failed`), or no try is left: from this address
            (`login-locked`), or for whoever did not log in before in this browser (`login-guarded`).
        Busy: too many log in at once; the try does not count (slug `login-busy`).
    """
    seal = _seal(store.settings)
    known = seal.read(wish.kept, wish.login, store.clock()) if seal and wish.kept else None
    sender = wish.address if known is None else known.browser.hex()
    with queue.place(sender, is_known=known is not None):
        with store.begin(wish.address) as tx:
            credential = tx.accounts.credential_of(wish.login)
            browser = _still_known(seal, known, credential)
            account_id = credential.account_id if credential else None
            counted = tx.login_tries.count(wish.login, account_id, address=wish.address, browser=browser)
            if counted.refusal is not None:
                _note_refused(tx, wish.login, counted.refusal)
        if counted.refusal is not None:
            raise counted.refusal("no try is left")
        kept = credential.password_hash if credential else None
        is_right = is_password(kept, wish.password)
        session = _enter(store, wish, credential, counted) if credential is not None and is_right else None
        if session is None or credential is None:
            with store.begin(wish.address) as tx:
                tx.trail.login(wish.login, TrailResult.FAILED, LOGIN_FAILED.slug)
            raise LOGIN_FAILED("wrong login or password, or it was changed meanwhile")
    mark = browser or secrets.token_bytes(BROWSER_BYTES)
    return Entered(session, sealed(store, wish.login, credential.password_hash, mark))


def sealed(store: Store, login: str, password_hash: str, mark: bytes) -> str:
    """Return what a browser keeps to be known by under this password; nothing where this server has no key for it."""
    seal = _seal(store.settings)
    return "" if seal is None else seal.written(login, password_hash, mark, store.clock())


def actor_of_password(store: Store, login: str, password: str) -> Actor | None:
    """Return whose password this is; None when it is not, or nobody may log in by it.

    Counts nothing and is stopped by no count: for whoever runs the server and keeps the password beside its data,
    never for what was typed by somebody outside.
    """
    with store.begin() as tx:
        credential = tx.accounts.credential_of(login)
    if credential is None or not is_password(credential.password_hash, password):
        return None
    with store.begin() as tx:
        return tx.accounts.account_actor(credential.account_id)


def _enter(store: Store, wish: LoginIn, looked_at: Credential, counted: Counted) -> Session | None:
    """Open the session; None where the password was changed meanwhile."""
    with store.begin(wish.address) as tx:
        if tx.accounts.credential_of(wish.login) != looked_at:
            return None
        tx.login_tries.succeed(counted)
        tx.trail.login(wish.login, TrailResult.DONE)
        return tx.accounts.open_session(looked_at.account_id, address=wish.address)


def _note_refused(tx: Transaction, login: str, why: Refusal[NotAuthenticated]) -> None:
    """Tries that are refused wherever they come from are counted without their addresses."""
    address = ELSEWHERE if why is LOGIN_GUARDED else None
    tx.trail.login(login, TrailResult.REFUSED, why.slug, address=address)


def _seal(settings: StorageSettings) -> BrowserSeal | None:
    if settings.registry_key is None:
        return None
    return BrowserSeal(seed(settings.registry_key, "REGISTRY_KEY"))


def _still_known(
    seal: BrowserSeal | None, known: KnownBrowser | None, credential: Credential | None
) -> bytes | None:
    """Return the browser, where the password under which it logged in still stands."""
    if seal is None or known is None or credential is None:
        return None
    return known.browser if seal.fingerprint(credential.password_hash) == known.fingerprint else None
