"""Look at every part the product needs, and say what is wrong and what to do – never a secret."""

import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from kombu.connection import Connection
from kombu.exceptions import OperationalError as BrokerError
from pydantic import ValidationError

from schemas.base import Frozen
from schemas.errors import EvidenceError, Unavailable
from storage.settings import StorageSettings, is_set, seed, unreadable
from storage.setup.embedded import running_url
from storage.setup.home import Home
from storage.setup.migrate import pending
from storage.store import Store


class Finding(Frozen):
    """One part: good, or what is wrong and what to do; one sentence in Chinese, one in English.

    `is_warned` is for what works and still wants a person's eye: it leaves a health check green.
    """

    part: str
    is_good: bool
    is_warned: bool = False
    zh: str
    en: str


def examine(home: Home) -> Iterator[Finding]:
    """Yield one finding a part. Where an address is not set, the embedded default in `home` is looked at."""
    yield _sm3()
    embedded: dict[str, Any] = {}
    if not (is_set("DATABASE_URL") and is_set("OBJECTS_URL")):
        yield (folder := _folder(home))
        if not folder.is_good or not home.path.exists():
            return
        embedded = _embedded(home)
        if not is_set("DATABASE_URL") and "database_url" not in embedded:
            zh, en = "没有运行：用 quancheng serve 启动", "not running: `quancheng serve` starts it"
            yield Finding(part="database", is_good=True, zh=zh, en=en)
            return
    try:
        settings = StorageSettings(**embedded)
    except (ValidationError, OSError) as err:
        yield _unreadable(err)
        return
    yield from _keys(settings)
    yield _calendar(settings)
    yield from _broker(settings)
    try:
        store = Store(settings)
    except ValueError:
        yield Finding(
            part="addresses",
            is_good=False,
            zh="地址无法识别：检查 DATABASE_URL、OBJECTS_URL 的写法",
            en="an address cannot be read: check the form of DATABASE_URL and OBJECTS_URL",
        )
        return
    try:
        yield from _database(store)
        yield from _objects(store)
    finally:
        store.close()


def _folder(home: Home) -> Finding:
    part = "home"
    if home.path.exists():
        is_good = home.path.is_dir() and os.access(home.path, os.R_OK | os.W_OK | os.X_OK)
        if is_good:
            free_gib = shutil.disk_usage(home.path).free / 1024**3
            return Finding(
                part=part,
                is_good=True,
                zh=f"{home.path}，剩余空间 {free_gib:.1f} GiB",
                en=f"{free_gib:.1f} GiB free",
            )
    else:
        above = next(one for one in home.path.parents if one.exists())
        is_good = above.is_dir() and os.access(above, os.W_OK | os.X_OK)
        if is_good:
            return Finding(
                part=part,
                is_good=True,
                zh=f"{home.path} 尚未建立，quancheng serve 会建立",
                en="not there yet, `quancheng serve` makes it",
            )
    return Finding(
        part=part,
        is_good=False,
        zh=f"{home.path} 不可用：检查权限，或另设 QUANCHENG_HOME",
        en="cannot be used: check its permissions, or set QUANCHENG_HOME",
    )


def _embedded(home: Home) -> dict[str, Any]:
    """Return what `quancheng serve` would choose for what is not set; nothing is made or started."""
    chosen: dict[str, Any] = {"quancheng_home": home.path}
    with suppress(OSError):  # before the first start there are no keys; their absence is a finding below
        chosen |= {name: seed for name, seed in home.keys().items() if not is_set(name.upper())}
    if not is_set("DATABASE_URL") and (running := running_url(home.database_dir)):
        chosen["database_url"] = running
    if not is_set("OBJECTS_URL"):
        chosen["objects_url"] = home.objects_url
    return chosen


def _unreadable(err: ValidationError | OSError) -> Finding:
    names = unreadable(err)
    return Finding(
        part="settings",
        is_good=False,
        zh=f"无法读取：{names}",
        en=f"cannot be read: {names}; correct or set it",
    )


def _sm3() -> Finding:
    is_native = "sm3" in hashlib.algorithms_available
    zh = "由系统 OpenSSL 计算" if is_native else "由 cryptography 自带的 OpenSSL 计算（较慢）"
    how = "by the system's OpenSSL" if is_native else "by the OpenSSL inside `cryptography` (slower)"
    return Finding(part="sm3", is_good=True, zh=zh, en=f"computed {how}")


def _keys(settings: StorageSettings) -> Iterator[Finding]:
    for name in ("log_key", "registry_key", "export_key"):
        try:
            seed(getattr(settings, name), name.upper())
        except ValueError as err:
            zh = f"{name.upper()} 缺失或格式不对：设为 32 个随机字节的 base64"
            yield Finding(part=name, is_good=False, zh=zh, en=f"{err}; set it to base64 of 32 random bytes")
        else:
            yield Finding(part=name, is_good=True, zh="已设置", en="present")


def _calendar(settings: StorageSettings) -> Finding:
    """Deadlines are counted in working days: a year without its notice is counted as if it had no holiday."""
    years, now = settings.calendar.years, datetime.now(UTC).year
    if not years:
        zh = "未载入节假日，期限按周一至周五计：把国务院办公厅的放假通知写入 CALENDAR_FILE"
        en = "no holidays are loaded, deadlines count Monday to Friday: enter the notices into CALENDAR_FILE"
        return Finding(part="calendar", is_good=True, is_warned=True, zh=zh, en=en)
    listed = ", ".join(map(str, sorted(years)))
    if now not in years:
        zh, en = (
            f"只有 {listed} 年：缺 {now} 年的放假通知",
            f"holds {listed} only: the notice for {now} is missing",
        )
        return Finding(part="calendar", is_good=True, is_warned=True, zh=zh, en=en)
    return Finding(part="calendar", is_good=True, zh=f"已载入 {listed} 年", en=f"holds {listed}")


def _broker(settings: StorageSettings) -> Iterator[Finding]:
    if settings.broker_url is None:
        zh, en = "未设置：任务在 API 进程内运行", "not set: jobs run inside the API process"
        yield Finding(part="broker", is_good=True, zh=zh, en=en)
        return
    try:
        broker = settings.broker_url.get_secret_value()
        with Connection(broker, connect_timeout=3) as connection:  # type: ignore[no-untyped-call] # kombu has no types
            connection.ensure_connection(max_retries=1, timeout=3)
    except (BrokerError, OSError):
        zh, en = "没有应答：检查 BROKER_URL 并启动", "does not answer; check BROKER_URL and start it"
        yield Finding(part="broker", is_good=False, zh=zh, en=en)
    else:
        yield Finding(part="broker", is_good=True, zh="有应答", en="answers")


def _database(store: Store) -> Iterator[Finding]:
    try:
        with store.begin() as tx:
            version = tx.connection.exec_driver_sql("SHOW server_version_num").scalar()
            behind = pending(store.engine)
    except Unavailable:
        zh, en = "没有应答：检查 DATABASE_URL 并启动", "does not answer; check DATABASE_URL and start it"
        yield Finding(part="database", is_good=False, zh=zh, en=en)
        return
    good = int(version or 0) >= 180000  # noqa: PLR2004 - uuidv7() came with PostgreSQL 18
    yield Finding(
        part="database",
        is_good=good,
        zh=f"版本 {version}" + ("" if good else "：需要 18 或以上"),
        en=f"version {version}" + ("" if good else ": 18 or later is needed"),
    )
    yield Finding(
        part="schema",
        is_good=not behind,
        zh="需运行 python -m storage.setup.migrate" if behind else "为最新",
        en="run `python -m storage.setup.migrate`" if behind else "up to date",
    )


def _objects(store: Store) -> Iterator[Finding]:
    try:
        faults = store.objects.check()
    except EvidenceError as err:
        yield Finding(
            part="objects",
            is_good=False,
            zh=f"没有应答（{err.slug}）：检查 OBJECTS_URL",
            en=f"does not answer ({err.slug}); check OBJECTS_URL",
        )
        return
    for part, fault in faults:
        yield Finding(part=part, is_good=False, zh="存储配置有误", en=fault)
    if not faults:
        yield Finding(
            part="objects", is_good=True, zh="有应答，有版本、可加锁", en="answers, versioned and lockable"
        )
