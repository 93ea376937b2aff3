"""Look at every part the product needs, and say what is wrong and what to do – never a secret."""

import hashlib
from collections.abc import Iterator

from kombu.connection import Connection
from kombu.exceptions import OperationalError as BrokerError
from pydantic import ValidationError

from schemas.base import Frozen
from schemas.errors import EvidenceError, Unavailable
from storage.migrate import pending
from storage.settings import StorageSettings, seed
from storage.store import Store


class Finding(Frozen):
    """One part: good, or what is wrong and what to do."""

    part: str
    is_good: bool
    text: str


def examine() -> Iterator[Finding]:
    """Yield one finding a part. Where an address is not set, the embedded default is in use."""
    yield _sm3()
    try:
        settings = StorageSettings()
    except ValidationError as err:
        names = ", ".join(str(problem["loc"][0]).upper() for problem in err.errors())
        yield Finding(
            part="settings",
            is_good=True,
            text=f"{names} not set: `quancheng serve` uses the embedded default for it",
        )
        return
    yield from _keys(settings)
    yield from _broker(settings)
    try:
        store = Store(settings)
    except ValueError:
        text = "an address cannot be read: check the form of DATABASE_URL and OBJECTS_URL"
        yield Finding(part="addresses", is_good=False, text=text)
        return
    try:
        yield from _database(store)
        yield from _objects(store)
    finally:
        store.close()


def _sm3() -> Finding:
    native = "sm3" in hashlib.algorithms_available
    how = "by the system's OpenSSL" if native else "by the OpenSSL inside `cryptography` (slower)"
    return Finding(part="sm3", is_good=True, text=f"computed {how}")


def _keys(settings: StorageSettings) -> Iterator[Finding]:
    for name in ("log_key", "registry_key", "export_key"):
        try:
            seed(getattr(settings, name), name.upper())
        except ValueError as err:
            yield Finding(part=name, is_good=False, text=f"{err}; set it to base64 of 32 random bytes")
        else:
            yield Finding(part=name, is_good=True, text="present")


def _broker(settings: StorageSettings) -> Iterator[Finding]:
    if settings.broker_url is None:
        yield Finding(part="broker", is_good=True, text="not set: jobs run inside the API process")
        return
    try:
        broker = settings.broker_url.get_secret_value()
        with Connection(broker, connect_timeout=3) as connection:  # type: ignore[no-untyped-call] # kombu has no types
            connection.ensure_connection(max_retries=1, timeout=3)
    except (BrokerError, OSError):
        yield Finding(part="broker", is_good=False, text="does not answer; check BROKER_URL and start it")
    else:
        yield Finding(part="broker", is_good=True, text="answers")


def _database(store: Store) -> Iterator[Finding]:
    try:
        with store.begin() as tx:
            version = tx.connection.exec_driver_sql("SHOW server_version_num").scalar()
            behind = pending(store.engine)
    except Unavailable:
        yield Finding(part="database", is_good=False, text="does not answer; check DATABASE_URL and start it")
        return
    good = int(version or 0) >= 180000  # noqa: PLR2004 - uuidv7() came with PostgreSQL 18
    yield Finding(
        part="database", is_good=good, text=f"version {version}" + ("" if good else ": 18 or later is needed")
    )
    yield Finding(
        part="schema",
        is_good=not behind,
        text="run `python -m storage.migrate`" if behind else "up to date",
    )


def _objects(store: Store) -> Iterator[Finding]:
    try:
        faults = store.objects.check()
    except EvidenceError as err:
        yield Finding(
            part="objects", is_good=False, text=f"does not answer ({err.problem}); check OBJECTS_URL"
        )
        return
    for part, fault in faults:
        yield Finding(part=part, is_good=False, text=fault)
    if not faults:
        yield Finding(part="objects", is_good=True, text="answers, versioned and lockable")
