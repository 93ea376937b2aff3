"""`quancheng monitor`: follow the public log of a server, keep what was seen, and shout where it contradicts itself.

A stranger's tool: no account, no database, and nothing of the server is believed but what its key has signed and what
hashes to that. Each kind of misbehaviour has a slug and an exit code of its own.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType

import httpx

from mobile_contract.client.failure import failure_of
from mobile_contract.client.local import demo_of, trusted
from mobile_contract.client.misuse import HOLDS, refuse, seconds
from mobile_contract.client.monitor_follow import Follower, Look
from mobile_contract.client.monitor_fork import read_fork
from mobile_contract.client.monitor_kept import Kept
from mobile_contract.client.monitor_log import RemoteLog
from mobile_contract.client.verify import read_trust
from mobile_contract.client.wire import server_address
from schemas.errors import EvidenceError, Unavailable
from schemas.refusals_command import CLAIM_INVALID
from schemas.refusals_follow import LOG_FOREIGN, LOG_FORKED, LOG_SHRANK, LOG_UNPROVEN, MONITOR_KEY_MISSING
from schemas.visible import printable

FORKED, SHRANK, FOREIGN, UNPROVEN = 10, 11, 12, 13
EXITS = MappingProxyType(
    {
        LOG_FORKED.slug: FORKED,
        LOG_SHRANK.slug: SHRANK,
        LOG_FOREIGN.slug: FOREIGN,
        LOG_UNPROVEN.slug: UNPROVEN,
    }
)
"""How the command ends by what the log did; a log that does not answer ends it only with `--once`, by 3."""
DEFAULT_STATE = Path("quancheng-monitor")
INTERVAL_SECONDS = 20.0
PATIENCE_SECONDS = 30.0
"""So long one look is tried again before the log is called silent."""

FIRST_USE = (
    "⚠ 密钥取自服务器本身（首次使用即信任）：由此只能知道它此后是否自相矛盾，不能知道它是谁。"
    "请另寻途径核对。\n"
    "  The key came from the server itself (trust on first use): from now on you learn whether it contradicts\n"
    "  itself, not who it is. Compare the key by another way"
)


class _Tell:
    """Text for a person or JSON lines for a program, never both."""

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json

    def __call__(self, event: str, text: str, **facts: object) -> None:
        said = json.dumps({"event": event, **facts}, ensure_ascii=False) if self._as_json else printable(text)
        sys.stdout.write(f"{said}\n")
        sys.stdout.flush()


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `quancheng monitor`."""
    parser.add_argument(
        "url", metavar="URL", nargs="?", help="address of the server, or of its log (…/v1/log)"
    )
    parser.add_argument(
        "--fork",
        type=Path,
        metavar="FILE",
        help="check a kept proof of a fork instead, and ask no server: ends by 10 where it is one",
    )
    key = parser.add_mutually_exclusive_group()
    key.add_argument("--trust", type=Path, metavar="FILE", help="trust file that was obtained another way")
    key.add_argument("--vkey", metavar="KEY", help="the log's key (name+id+base64), obtained another way")
    key.add_argument(
        "--trust-on-first-use",
        action="store_true",
        help="take the key that the server itself names, and keep to it from then on",
    )
    parser.add_argument(
        "--state",
        type=Path,
        default=DEFAULT_STATE,
        metavar="DIR",
        help="folder with what was seen (default: ./%(default)s)",
    )
    parser.add_argument("--once", action="store_true", help="look once and end")
    parser.add_argument(
        "--interval",
        type=seconds,
        default=INTERVAL_SECONDS,
        metavar="SECONDS",
        help="between two looks (default: %(default)g)",
    )
    parser.add_argument(
        "--patience",
        type=seconds,
        default=PATIENCE_SECONDS,
        metavar="SECONDS",
        help="so long a look is tried again before the log is called silent (default: %(default)g)",
    )
    parser.add_argument(
        "--authority",
        type=Path,
        metavar="FILE",
        help="certificate of the authority that is believed over TLS",
    )
    parser.add_argument("--json", action="store_true", help="print JSON lines instead of text")
    parser.epilog = (
        f"Exit: 0 seen and consistent (--once), 2 used wrongly, 3 silent (--once), {FORKED} forked, {SHRANK} shrank, "
        f"{FOREIGN} another key or origin, {UNPROVEN} served what it did not sign, or withheld it."
    )


def run(args: argparse.Namespace) -> int:
    """Follow the log until it misbehaves, or look once; returns the exit code."""
    tell = _Tell(as_json=args.json)
    try:
        if args.fork is not None:
            return _check_fork(args, tell)
        if args.url is None:
            raise CLAIM_INVALID("请给出服务器地址或 --fork 文件 name a server, or a file by --fork")
        with _following(args, tell) as follower:
            return _follow(args, tell, follower)
    except (KeyboardInterrupt, EvidenceError, OSError, ValueError) as err:
        if isinstance(err, EvidenceError) and err.slug in EXITS:
            return _shout(args, err)
        found = failure_of(err)
        return refuse(args, found.code, found.text, problem=found.problem, event="ended")


def _check_fork(args: argparse.Namespace, tell: _Tell) -> int:
    vkey: str | None = args.vkey if args.trust is None else read_trust(args.trust).log_vkey
    found = read_fork(args.fork, vkey)
    said = f"✗ 分叉属实：同一密钥签署了两部日志 a fork: one key signed two histories\n{chr(10).join(found.lines)}"
    if vkey is None:
        said += "\n  请另寻途径核对此密钥 compare this key by another way, or give it: --trust, --vkey"
    tell(
        "fork",
        said,
        problem=LOG_FORKED.slug,
        vkey=found.vkey,
        is_key_given=vkey is not None,
        older={"size": found.older.size, "root": found.older.root.hex()},
        newer={"size": found.newer.size, "root": found.newer.root.hex()},
    )
    return FORKED


@contextmanager
def _following(args: argparse.Namespace, tell: _Tell) -> Iterator[Follower]:
    home = Path(os.environ.get("QUANCHENG_HOME", ".quancheng"))
    verify = trusted(args.authority, args.url, demo_of(home))
    kept = Kept(args.state)
    with httpx.Client(verify=verify) as client, kept.locked():
        log = RemoteLog(server_address(args.url), client, patience_seconds=args.patience)
        vkey, known = _key(args, tell, kept, log)
        kept.open(vkey)
        seen = 0 if kept.head is None else kept.head.size
        text = f"跟随 following {args.url}\n  密钥 key {vkey}\n  已见 seen {seen} · {args.state}"
        tell("following", text, url=args.url, vkey=vkey, seen=seen, state=str(args.state))
        for proof in kept.forks():
            tell("fork_kept", f"⚠ 此前已有分叉的证明 a fork was proven before: {proof}", proof=str(proof))
        yield Follower(log, kept, kept.key() or vkey, known=known)


def _key(args: argparse.Namespace, tell: _Tell, kept: Kept, log: RemoteLog) -> tuple[str, str | None]:
    """Return the key to follow, and the checkpoint that came with it."""
    if args.trust is not None:
        keys = [one for _, one in read_trust(args.trust).signers.keys]
        vkey = bound if (bound := kept.key()) in keys else keys[-1]
        return vkey, json.loads(args.trust.read_bytes()).get("checkpoint")
    given: str | None = args.vkey or kept.key()
    if given is not None:
        return given, None
    if not args.trust_on_first_use:
        raise MONITOR_KEY_MISSING(
            "请用 --trust 或 --vkey 给出另行取得的密钥；或用 --trust-on-first-use 采信服务器自称的密钥 · "
            "give a key that came another way: --trust or --vkey; or believe the server once: --trust-on-first-use"
        )
    vkey = log.key()
    tell("trusted_on_first_use", f"{FIRST_USE}: {vkey}", vkey=vkey)
    return vkey, None


def _follow(args: argparse.Namespace, tell: _Tell, follower: Follower) -> int:
    silent_since: float | None = None
    while True:
        try:
            look = follower.look()
        except Unavailable as err:
            if args.once:
                raise
            now = time.monotonic()
            silent_since = now if silent_since is None else silent_since
            _tell_silence(tell, err, now - silent_since)
        else:
            _tell_look(args, tell, look, answers_again=silent_since is not None)
            silent_since = None
        if args.once:
            return HOLDS
        time.sleep(args.interval)


def _tell_silence(tell: _Tell, err: Unavailable, seconds_silent: float) -> None:
    text = f"⚠ 日志无应答 the log is silent ({seconds_silent:.0f} s): {err.detail}"
    tell("silent", text, problem=err.slug, seconds=round(seconds_silent), detail=err.detail)


def _tell_look(args: argparse.Namespace, tell: _Tell, look: Look, *, answers_again: bool) -> None:
    if look.key is not None:
        text = f"→ 日志的密钥已更换，由原密钥签署 the log's key gave way, by its own signature, to {look.key}"
        tell("key_changed", text, vkey=look.key)
    root = None if look.root is None else look.root.hex()
    if not (args.json or args.once or look.new or answers_again):
        return  # a person is told what changes
    if root is None:
        text = "○ 日志尚无检查点 the log has no checkpoint yet"
    else:
        counted = f"{look.size} 条，新增 {look.new} entries, new ones {look.new}"
        text = f"✓ {counted}；与此前所见一致 consistent with all that was seen\n  {root}"
    tell("seen", text, size=look.size, root=root, new=look.new)


def _shout(args: argparse.Namespace, err: EvidenceError) -> int:
    proof = err.facts.get("proof")
    lines = [f"{err.refusal.zh} {err.refusal.en} ({err.slug})", f"  {err.detail}"]
    if proof is not None:
        lines.append(f"  已保存 kept: {proof}")
    lines += [f"  {err.refusal.next_zh}", f"  {err.refusal.next_en}"]
    facts = {"detail": err.detail, "proof": None if proof is None else str(proof)}
    return refuse(args, EXITS[err.slug], "\n".join(lines), problem=err.slug, event="misbehaved", **facts)
