"""Look at every part the product needs, and say what is wrong and what to do – never a secret."""

import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography.x509 import Certificate
from kombu.connection import Connection
from kombu.exceptions import OperationalError as BrokerError
from pydantic import ValidationError

from schemas.base import Frozen
from schemas.catalogue import words_of
from schemas.errors import EvidenceError, Unavailable
from schemas.health import Health, HealthPart
from schemas.words import Words
from schemas.work import signs
from storage.personal import personal_seal
from storage.reseal import ends
from storage.settings import StorageSettings, is_set, seed, unreadable
from storage.setup.application import embedded_address, standing
from storage.setup.authority import LEAF_DAYS, fingerprint, seen
from storage.setup.embedded import running_url
from storage.setup.home import Home
from storage.setup.migrate import is_read_only, pending
from storage.store import Store
from workers.listening import console_url, is_local, plain_to_others, read_listening
from workers.media.sandbox.floor import measure, uninstalled

_KEYS = {
    "log_key": HealthPart.LOG_KEY,
    "registry_key": HealthPart.REGISTRY_KEY,
    "export_key": HealthPart.EXPORT_KEY,
    "personal_key": HealthPart.PERSONAL_KEY,
}
_APART = ("log_key", "registry_key", "export_key")
"""What each is for is done by another process; in the embedded default the signer alone is one of its own."""


class Finding(Frozen):
    """One part: good, or what is wrong and what to do; one sentence in Chinese, one in English.

    `is_warned` is for what works and still wants a person's eye: it leaves a health check green.
    """

    part: HealthPart
    code: Health
    is_good: bool
    is_warned: bool = False
    zh: str
    en: str

    def __str__(self) -> str:
        """The line a person reads."""
        mark = "!" if self.is_warned else "✓" if self.is_good else "✗"
        return f"{mark} {words_of(self.part)}: {Words(self.zh, self.en)}"


def _good(part: HealthPart, code: Health, **seen: object) -> Finding:
    said = words_of(code).filled(**seen)
    return Finding(part=part, code=code, is_good=True, zh=said.zh, en=said.en)


def _warned(part: HealthPart, code: Health, **seen: object) -> Finding:
    return _good(part, code, **seen).model_copy(update={"is_warned": True})


def _bad(part: HealthPart, code: Health, **seen: object) -> Finding:
    return _good(part, code, **seen).model_copy(update={"is_good": False})


def examine(home: Home) -> Iterator[Finding]:
    """Yield one finding a part. Where an address is not set, the embedded default in `home` is looked at."""
    yield _sm3()
    yield _sandbox()
    yield from _tls(home)
    embedded: dict[str, Any] = {}
    if not (is_set("DATABASE_URL") and is_set("OBJECTS_URL")):
        yield (folder := _folder(home))
        if not folder.is_good or not home.path.exists():
            return
        embedded = _embedded(home)
        if not is_set("DATABASE_URL") and "database_url" not in embedded:
            yield _good(HealthPart.DATABASE, Health.DATABASE_NOT_RUNNING)
            return
    try:
        settings = StorageSettings(**embedded)
    except (ValidationError, OSError) as err:
        yield _bad(HealthPart.SETTINGS, Health.SETTINGS_UNREADABLE, names=unreadable(err))
        return
    yield from _keys(settings)
    yield from _key_before(settings)
    settings = _openable(settings)
    yield _factors(settings)
    yield _calendar(settings)
    yield _broker(settings)
    try:
        store = Store(settings)
    except ValueError:
        yield _bad(HealthPart.ADDRESSES, Health.ADDRESS_UNREADABLE)
        return
    try:
        yield from _database(store)
        yield from _objects(store)
    finally:
        store.close()


def _tls(home: Home) -> Iterator[Finding]:
    """Say by what TLS is spoken, and where a page answers other machines without it."""
    listening = read_listening(home)
    open_at = plain_to_others(listening) if listening else None
    if open_at is None and console_url().startswith("http://") and not is_local(console_url()):
        open_at = console_url()
    if open_at is not None:
        yield _warned(HealthPart.TLS, Health.TLS_OPEN, url=open_at)
    pair = seen(home.tls_dir)
    if pair is not None and (listening is None or listening.is_tls):
        yield _authority(*pair)
    elif console_url().startswith("https://"):
        yield _good(HealthPart.TLS, Health.TLS_BEFORE, url=console_url())
    elif open_at is None:
        yield _good(HealthPart.TLS, Health.TLS_ABSENT)


def _authority(own: Certificate, leaf: Certificate) -> Finding:
    until = f"{own.not_valid_after_utc:%Y-%m-%d}"
    if own.not_valid_after_utc - datetime.now(UTC) < timedelta(days=LEAF_DAYS):
        return _warned(HealthPart.TLS, Health.TLS_OWN_ENDS, until=until)
    told = {"leaf_until": f"{leaf.not_valid_after_utc:%Y-%m-%d}", "sha256": fingerprint(own)}
    return _good(HealthPart.TLS, Health.TLS_OWN, until=until, **told)


def _folder(home: Home) -> Finding:
    part, path = HealthPart.HOME, home.path
    if path.exists():
        if path.is_dir() and os.access(path, os.R_OK | os.W_OK | os.X_OK):
            free_gib = f"{shutil.disk_usage(path).free / 1024**3:.1f}"
            return _good(part, Health.HOME_READY, path=path, free_gib=free_gib)
    else:
        above = next(one for one in path.parents if one.exists())
        if above.is_dir() and os.access(above, os.W_OK | os.X_OK):
            return _good(part, Health.HOME_ABSENT, path=path)
    return _bad(part, Health.HOME_UNUSABLE, path=path)


def _embedded(home: Home) -> dict[str, Any]:
    """Return what `quancheng serve` would choose for what is not set; nothing is made or started."""
    chosen: dict[str, Any] = {"quancheng_home": home.path}
    if not is_set("LOG_ORIGIN"):
        chosen["log_origin"] = home.log_origin
    with suppress(OSError):  # before the first start there are no keys; their absence is a finding below
        chosen |= {name: seed for name, seed in home.keys().items() if not is_set(name.upper())}
    if not is_set("DATABASE_URL") and (running := running_url(home.database_dir)):
        chosen["database_url"] = embedded_address(running, home.database_dir) or running
    if not is_set("OBJECTS_URL"):
        chosen["objects_url"] = home.objects_url
    return chosen


def _sm3() -> Finding:
    is_native = "sm3" in hashlib.algorithms_available
    return _good(HealthPart.SM3, Health.SM3_NATIVE if is_native else Health.SM3_BUNDLED)


def _sandbox() -> Finding:
    """Without its floor, or a package that it imports, no decoder runs, and every recording's content is `not_checked`."""
    missing = uninstalled()
    if missing:
        return _bad(HealthPart.SANDBOX, Health.DECODERS_MISSING, names=", ".join(missing))
    floor = measure()
    if floor.missing:
        return _bad(HealthPart.SANDBOX, Health.SANDBOX_ABSENT, missing=floor.missing)
    return _good(HealthPart.SANDBOX, Health.SANDBOX_HOLDS, layers=", ".join(floor.layers))


def _keys(settings: StorageSettings) -> Iterator[Finding]:
    """Say of each key whether it is here and can be used, and which of those that sign apart are held together."""
    for name, part in _KEYS.items():
        key = getattr(settings, name)
        if key is None and name in _APART:
            yield _good(part, Health.KEY_ELSEWHERE)
            continue
        try:
            seed(key, name.upper())
        except ValueError:
            yield _bad(part, Health.KEY_UNUSABLE, name=name.upper())
        else:
            yield _good(part, Health.KEY_PRESENT)
    together = [name.upper() for name in _APART if getattr(settings, name) is not None]
    if settings.broker_url is None and not os.environ.get("LOG_KEY") and together:
        together.remove(
            "LOG_KEY"
        )  # without a broker it is the signer's alone: a file, which no other process reads
    if len(together) > 1:
        yield _warned(HealthPart.KEYS_APART, Health.KEYS_TOGETHER, names=", ".join(together))
    if settings.log_key is not None and not settings.log_origin:
        yield _bad(HealthPart.LOG_KEY, Health.ORIGIN_MISSING)


def _key_before(settings: StorageSettings) -> Iterator[Finding]:
    """Name the key before where it is given and means nothing: no store opens with it."""
    if settings.personal_key_before:
        try:
            seed(settings.personal_key_before, "PERSONAL_KEY_BEFORE")
        except ValueError:
            yield _bad(HealthPart.PERSONAL_KEY, Health.KEY_UNUSABLE, name="PERSONAL_KEY_BEFORE")


def _openable(settings: StorageSettings) -> StorageSettings:
    """Return settings with which the stores open: a key of personal data that is malformed was named already."""
    try:
        personal_seal(settings)
    except ValueError:
        return settings.model_copy(update={"personal_key": None})
    return settings


def _factors(settings: StorageSettings) -> Finding:
    """Second factors may be left out, but not where some are demanded."""
    part = HealthPart.FACTOR_KEY
    if settings.factor_key is None:
        is_asked = bool(settings.second_factor_roles)
        return _bad(part, Health.FACTORS_DEMANDED) if is_asked else _warned(part, Health.FACTORS_OFF)
    try:
        seed(settings.factor_key, "FACTOR_KEY")
    except ValueError:
        return _bad(part, Health.KEY_UNUSABLE, name="FACTOR_KEY")
    return _good(part, Health.KEY_PRESENT)


def _calendar(settings: StorageSettings) -> Finding:
    """Deadlines are counted in working days: a year without its notice is counted as if it had no holiday."""
    years, now = settings.calendar.years, datetime.now(UTC).year
    if not years:
        return _warned(HealthPart.CALENDAR, Health.CALENDAR_EMPTY)
    listed = ", ".join(map(str, sorted(years)))
    if now not in years:
        return _warned(HealthPart.CALENDAR, Health.CALENDAR_OUTDATED, listed=listed, now=now)
    return _good(HealthPart.CALENDAR, Health.CALENDAR_LOADED, listed=listed)


def _broker(settings: StorageSettings) -> Finding:
    if settings.broker_url is None:
        return _good(HealthPart.BROKER, Health.BROKER_NOT_SET)
    try:
        broker = settings.broker_url.get_secret_value()
        with Connection(broker, connect_timeout=3) as connection:  # type: ignore[no-untyped-call] # kombu has no types
            connection.ensure_connection(max_retries=1, timeout=3)
    except (BrokerError, OSError):
        return _bad(HealthPart.BROKER, Health.BROKER_SILENT)
    return _good(HealthPart.BROKER, Health.BROKER_ANSWERS)


def _database(store: Store) -> Iterator[Finding]:
    try:
        with store.begin() as tx:
            version = int(tx.connection.exec_driver_sql("SHOW server_version_num").scalar() or 0)
            takes_nothing = is_read_only(tx.connection)
            behind = pending(store.engine)
    except Unavailable:
        yield _bad(HealthPart.DATABASE, Health.DATABASE_SILENT)
        return
    if version >= 180000:  # noqa: PLR2004 - uuidv7() came with PostgreSQL 18
        yield _good(HealthPart.DATABASE, Health.DATABASE_ANSWERS, version=version)
    else:
        yield _bad(HealthPart.DATABASE, Health.DATABASE_TOO_OLD, version=version)
    if takes_nothing:
        yield _bad(HealthPart.DATABASE, Health.DATABASE_READ_ONLY)
    if behind:
        yield _bad(HealthPart.SCHEMA, Health.SCHEMA_BEHIND)
    else:
        yield _good(HealthPart.SCHEMA, Health.SCHEMA_CURRENT)
        yield from _role(store)
        yield from _personal(store)
        yield from _work(store)


def _role(store: Store) -> Iterator[Finding]:
    """Say whether the database itself keeps us from what only its owner may do."""
    try:
        with store.begin() as tx:
            found = standing(tx.connection)
    except Unavailable:
        yield _bad(HealthPart.DATABASE, Health.DATABASE_SILENT)
        return
    if found is not None and found.is_apart:
        yield _good(HealthPart.ROLE, Health.ROLE_APART)
    else:
        yield _warned(HealthPart.ROLE, Health.ROLE_OWNER)


def _personal(store: Store) -> Iterator[Finding]:
    """Say where values stand under more than one key, or under one that is not here."""
    seal = personal_seal(store.settings)
    if seal is None:
        return
    try:
        with store.begin() as tx:
            heads = ends(tx.connection)
    except Unavailable:
        yield _bad(HealthPart.DATABASE, Health.DATABASE_SILENT)
        return
    if heads - {one.head for one in seal.known}:
        yield _bad(HealthPart.PERSONAL_KEY, Health.KEY_OTHER)
    elif heads - {seal.head}:
        yield _warned(HealthPart.PERSONAL_KEY, Health.KEYS_MIXED)


def _work(store: Store) -> Iterator[Finding]:
    """Look at the work itself, by what the database holds: no loop is asked, and no broker."""
    try:
        with store.begin() as tx:
            seen = signs(tx.heartbeats.work())
    except Unavailable:
        yield _bad(HealthPart.DATABASE, Health.DATABASE_SILENT)
        return
    for sign in seen:
        found = _good(sign.part, sign.code, **sign.seen)
        yield found.model_copy(update={"is_good": sign.is_good, "is_warned": sign.is_warned})


def _objects(store: Store) -> Iterator[Finding]:
    part = HealthPart.OBJECTS
    try:
        faults = store.objects.check()
        is_told = store.objects.free_bytes() is not None
    except EvidenceError as err:
        yield _bad(part, Health.OBJECTS_SILENT, problem=Words(err.refusal.zh, err.refusal.en))
        return
    for code, words in faults:
        yield Finding(part=part, code=code, is_good=False, zh=words.zh, en=words.en)
    if not faults:
        yield _good(part, Health.OBJECTS_ANSWER if is_told else Health.OBJECTS_ROOM_UNTOLD)
