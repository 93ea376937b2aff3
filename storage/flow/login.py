"""A log-in: count the try, look at the password, ask for the second factor where there is one, open the session.

No step waits within another. What a crash leaves, step by step:
  after the count      a try that counts as a wrong one
  after the look       the same: whoever typed it right has one try less, and no row of the access trail says how it ended
  after the wait began a log-in that nobody finishes: the trail says so when its time is over
  after the session    a token that nobody knows; it ends by itself
No connection is held while a password is hashed, and no more log-ins than there are places hold one at all. A code is
counted as a password is, in the same places; until one is right the try of the password counts as wrong, so that whoever
has the password alone is let guess no longer than anybody else.
"""

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple, TypeVar

from pydantic import Field

from schemas.actor import Actor
from schemas.base import Frozen
from schemas.errors import NotAuthenticated, Refusal
from schemas.factor import CodeFault, Demand
from schemas.ids import AccountId
from schemas.login import BROWSER_BYTES, ELSEWHERE, BrowserSeal, KnownBrowser
from schemas.refusals_actor import LOGIN_FAILED, LOGIN_GUARDED
from schemas.refusals_factor import (
    LOGIN_CODE_NEEDED,
    LOGIN_CODE_USED,
    LOGIN_CODE_WRONG,
    LOGIN_FACTOR_NEEDED,
    LOGIN_HALFWAY_OVER,
)
from schemas.trail import FactorDeed, LoginWay, Noted, SessionEnd, TrailEvent, TrailResult
from storage.actor.actor import Credential
from storage.actor.factor import Half
from storage.actor.session import Session, end_sessions
from storage.flow.login_queue import LoginQueue
from storage.login import Counted
from storage.password import is_password
from storage.settings import StorageSettings, seed
from storage.store import Store
from storage.transaction import Transaction

LoginRefusal = Refusal[NotAuthenticated]

CODE_REFUSALS = {CodeFault.WRONG: LOGIN_CODE_WRONG, CodeFault.USED: LOGIN_CODE_USED}
NEEDED = {Demand.CODE: LOGIN_CODE_NEEDED, Demand.ENROL: LOGIN_FACTOR_NEEDED}


class LoginIn(Frozen):
    """Who wants to log in, where from, and what a browser has kept of a log-in before; empty where nothing.

    `address` as `schemas.address.origin` gives it. `code` is that of the second factor, where all is sent at once.
    """

    login: str
    password: str = Field(repr=False)
    code: str = Field(default="", repr=False)
    address: str
    kept: str = Field(default="", repr=False)


class CodeIn(Frozen):
    """The code of a log-in that waits for it; `offer` where it is the first one of a secret that was shown."""

    token: str = Field(repr=False)
    code: str = Field(repr=False)
    offer: str = Field(default="", repr=False)
    address: str


class Entered(NamedTuple):
    """A session, and what the browser keeps to be known by; empty where this server has no key for it.

    `codes`: recovery codes of a second factor that was set up on the way, shown this once.
    """

    session: Session
    kept: str
    codes: tuple[str, ...] = ()


class Halfway(NamedTuple):
    """A log-in whose password was right: by `token` it goes on, and wants what `demand` says."""

    token: str
    demand: Demand


D = TypeVar("D", bound=Entered | Halfway)


class _Proof(NamedTuple):
    """A password that was right, its try, and the browser that proved a log-in before."""

    credential: Credential
    counted: Counted
    browser: bytes | None


def begin_log_in(store: Store, queue: LoginQueue, wish: LoginIn) -> Entered | Halfway:
    """Log somebody in, or find out what is wanted beside the password.

    Raises:
        NotAuthenticated: name or password is wrong (slug `login-failed`), or no try is left: from this address
            (`login-locked`), or for whoever did not log in before in this browser (`login-guarded`).
        Busy: too many log in at once; the try does not count (slug `login-busy`).
    """

    def act(tx: Transaction, proof: _Proof) -> Entered | Halfway | LoginRefusal:
        account_id = proof.credential.account_id
        demand = tx.factors.demand(account_id)
        if demand is None:
            return _enter(tx, wish.login, proof, LoginWay.PASSWORD)
        return _wait(tx, account_id, proof, demand)

    with _right_password(store, queue, wish) as proof:
        return _acted(store, wish, proof, act)


def log_in(store: Store, queue: LoginQueue, wish: LoginIn) -> Entered:
    """Log somebody in, in one go: the code comes with the password.

    Raises:
        NotAuthenticated: as where a log-in begins; the code is missing (slug `login-code-needed`), wrong
            (`login-code-wrong`) or used (`login-code-used`), or a second factor has to be set up (`login-factor-needed`).
        Busy: too many log in at once; the try does not count (slug `login-busy`).
    """

    def act(tx: Transaction, proof: _Proof) -> Entered | LoginRefusal:
        account_id = proof.credential.account_id
        demand = tx.factors.demand(account_id)
        if demand is None:
            return _enter(tx, wish.login, proof, LoginWay.PASSWORD)
        if demand is Demand.ENROL or not wish.code:
            return NEEDED[demand]
        way = tx.factors.prove(account_id, wish.code)
        return CODE_REFUSALS[way] if isinstance(way, CodeFault) else _enter(tx, wish.login, proof, way)

    with _right_password(store, queue, wish) as proof:
        return _acted(store, wish, proof, act)


def finish_log_in(store: Store, queue: LoginQueue, wish: CodeIn) -> Entered:
    """Finish a log-in that waits for the code of its second factor, or for one to be set up.

    Raises:
        NotAuthenticated: the code is wrong or used (slugs `login-code-wrong`, `login-code-used`), no try is left
            (`login-locked`, `login-guarded`), or the time is over (`login-halfway-over`).
        Conflict: the secret that was shown counts no more (slug `factor-offer-over`).
        Busy: too many log in at once; the try does not count (slug `login-busy`).
    """
    login_waiting(store, wish.token)
    # Whoever waits knew the password: strangers, however many, do not fill the queue before them.
    with queue.place(wish.address, is_known=True), store.begin(wish.address) as tx:
        half = tx.halfways.find(wish.token, is_held=True)
        said = LOGIN_HALFWAY_OVER if half is None else _finished(tx, wish, half)
    if isinstance(said, Refusal):
        raise said("the log-in was not finished")
    return said


def login_waiting(store: Store, token: str) -> tuple[Half, Demand]:
    """Return the log-in that waits under a token, and what it wants.

    Raises:
        NotAuthenticated: its time is over (slug `login-halfway-over`).
    """
    with store.begin() as tx:
        half = tx.halfways.find(token)
        demand = None if half is None else tx.factors.demand(half.account_id)
    if half is None or demand is None:
        raise LOGIN_HALFWAY_OVER("no log-in waits for this")
    return half, demand


def entered(door: Entered | Halfway) -> Entered:
    """Return the session behind a door that wants nothing more.

    Raises:
        NotAuthenticated: it wants a second factor (slugs `login-code-needed`, `login-factor-needed`).
    """
    if isinstance(door, Halfway):
        raise NEEDED[door.demand]("a second factor is asked for")
    return door


def let_through(tx: Transaction, account_id: AccountId, login: str, password_hash: str) -> Entered | Halfway:
    """Log in whoever has just set the password by a link; it stands, and the second factor is asked for as ever."""
    demand = tx.factors.demand(account_id)
    if demand is not None:
        token = tx.halfways.open(account_id, password_hash, demand)
        return Halfway(token, demand)
    session = tx.accounts.open_session(account_id, address=tx.address)
    return Entered(session, sealed(tx, login, password_hash, secrets.token_bytes(BROWSER_BYTES)))


def _finished(tx: Transaction, wish: CodeIn, half: Half) -> Entered | LoginRefusal:
    """Count the code and look at it, in one transaction: nobody is told anything before its commit."""
    counted = tx.login_tries.count(half.login, half.account_id, address=wish.address, browser=half.browser)
    if counted.refusal is not None:
        _note_refused(tx, half.login, counted.refusal)
        return counted.refusal
    way, codes = _proved(tx, wish, half)
    if isinstance(way, Refusal):
        tx.trail.login(half.login, TrailResult.FAILED, way.slug)
        return way
    tx.halfways.close(wish.token)
    if half.try_id is not None:
        tx.login_tries.succeed(Counted(half.try_id, None))
    credential = Credential(account_id=half.account_id, password_hash=half.password_hash)
    entered = _enter(tx, half.login, _Proof(credential, counted, half.browser), way)
    return entered._replace(codes=codes)


def _proved(tx: Transaction, wish: CodeIn, half: Half) -> tuple[LoginWay | LoginRefusal, tuple[str, ...]]:
    tx.factors.hold(half.account_id)  # somebody may set one up on the account page at the same time
    demand = tx.factors.demand(half.account_id)
    if demand is Demand.CODE:
        way = tx.factors.prove(half.account_id, wish.code)
        return (CODE_REFUSALS[way] if isinstance(way, CodeFault) else way), ()
    if demand is None:
        return LOGIN_HALFWAY_OVER, ()  # taken away meanwhile
    confirmed = tx.factors.confirmed(half.account_id, wish.offer, wish.code)
    if isinstance(confirmed, CodeFault):
        return CODE_REFUSALS[confirmed], ()
    codes = tx.factors.enrol(half.account_id, confirmed)
    tx.trail.note(Noted(TrailEvent.FACTOR, TrailResult.DONE, half.account_id, code=FactorDeed.ENROLLED.value))
    end_sessions(tx, half.account_id, SessionEnd.FACTOR)
    return LoginWay.ENROLMENT, codes


@contextmanager
def _right_password(store: Store, queue: LoginQueue, wish: LoginIn) -> Iterator[_Proof]:
    """Count the try and look at the password, in a place of the queue that is held on."""
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
        if not is_password(kept, wish.password) or credential is None:
            with store.begin(wish.address) as tx:
                tx.trail.login(wish.login, TrailResult.FAILED, LOGIN_FAILED.slug)
            raise LOGIN_FAILED("wrong login or password")
        yield _Proof(credential, counted, browser)


def _acted(
    store: Store, wish: LoginIn, proof: _Proof, act: Callable[[Transaction, _Proof], D | LoginRefusal]
) -> D:
    """Go on behind a right password, where it still stands; what refuses is noted, and told after the commit."""
    with store.begin(wish.address) as tx:
        is_same = tx.accounts.credential_of(wish.login) == proof.credential
        said = act(tx, proof) if is_same else LOGIN_FAILED
        if isinstance(said, Refusal):
            tx.trail.login(wish.login, TrailResult.FAILED, said.slug)
    if isinstance(said, Refusal):
        raise said("the log-in came to nothing, or the password was changed meanwhile")
    return said


def _enter(tx: Transaction, login: str, proof: _Proof, way: LoginWay) -> Entered:
    tx.login_tries.succeed(proof.counted)
    tx.trail.login(login, TrailResult.DONE, way.value)
    session = tx.accounts.open_session(proof.credential.account_id, address=tx.address)
    mark = proof.browser or secrets.token_bytes(BROWSER_BYTES)
    return Entered(session, sealed(tx, login, proof.credential.password_hash, mark))


def _wait(tx: Transaction, account_id: AccountId, proof: _Proof, demand: Demand) -> Halfway:
    kept, counted = proof.credential.password_hash, proof.counted
    token = tx.halfways.open(account_id, kept, demand, browser=proof.browser, try_id=counted.id)
    return Halfway(token, demand)


def sealed(tx: Transaction, login: str, password_hash: str, mark: bytes) -> str:
    """Return what a browser keeps to be known by under this password; nothing where this server has no key for it."""
    seal = _seal(tx.settings)
    return "" if seal is None else seal.written(login, password_hash, mark, tx.now)


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


def _note_refused(tx: Transaction, login: str, why: LoginRefusal) -> None:
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
