"""At each contact a device asks what became of the promises it holds, and sees how far the log is.

1. The log's own chain, from the key that the device knows (believed once, at the first contact): which key signs
   checkpoints now, which ones sign tickets.
2. For each promise, by its digest: is it in a signed tree? Its ticket must be by a key of the log, its path must lead to
   the root, and every checkpoint must extend the one that the device saw last.
3. The newest checkpoint is kept; the next manifest quotes it.

What the log has is forgotten. What it never had, or refuses, is kept in a file of its own, with the server's signature:
that proves it to anybody. None of this holds up evidence: a log that does not answer is asked again next time.
"""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, NamedTuple

from mobile_contract.client.device import DeviceFolder, DeviceState
from mobile_contract.client.durable import write_durably
from mobile_contract.client.failure import Failure
from mobile_contract.client.misuse import BROKEN
from mobile_contract.client.promise import WITHIN, Promise, SeenLog
from mobile_contract.client.transport import Server
from mobile_contract.client.wire import Answered, document_of
from schemas.base import rfc3339
from schemas.chain import entry_hash
from schemas.checkpoint import Checkpoint
from schemas.consistency import parse_given, verify_same_log
from schemas.errors import EvidenceError, Invalid, Unavailable
from schemas.leaves_log import KeyRole
from schemas.log_keys import LogKeys
from schemas.own_chain import OwnChain, proven_keys
from schemas.refusals_command import DEVICE_STATE_MISSING, PROMISE_BROKEN, PROMISE_INVALID, PROMISE_LATE
from schemas.refusals_custody import ENTRY_REFUSED, ENTRY_UNKNOWN, LOG_UNSIGNED, PROOF_PENDING
from schemas.refusals_follow import LOG_FORKED, LOG_SHRANK, LOG_UNPROVEN
from schemas.ticket import verify_ticket

ASKED_AT_ONCE = 200
"""So many promises are asked for at one contact, oldest first."""

BROKEN_FOLDER = "broken"
_OVER: Final[Mapping[str, str]] = {
    ENTRY_UNKNOWN.slug: "服务器说日志从未收到它 the server says that the log was never given it",
    ENTRY_REFUSED.slug: "日志拒绝收录它 the log refuses it",
}
"""What the log will never have, by the slug of its answer."""


class Contact(NamedTuple):
    """What is asked with: the device's memory, the server, and where it is told what does not hold."""

    folder: DeviceFolder
    server: Server
    say: Callable[[str], None]
    shout: Callable[[Failure, dict[str, object]], None]


def ask_for_promises(contact: Contact) -> None:
    """Ask for every promise that is held, and keep what was seen of the log; nothing that it meets is raised."""
    state = contact.folder.load()
    if state is None:
        return
    for path in sorted((contact.folder.path / BROKEN_FOLDER).glob("*.json")):
        contact.say(f"⚠ 此前有承诺未兑现 a promise was broken before: {path}")
    try:
        _ask(contact, state)
    except (Unavailable, Answered) as err:
        # An older server publishes none of it, a line breaks: the promises wait for the next contact.
        contact.say(f"日志未核对 the log was not asked ({len(state.promises)}): {err.detail}")
    except EvidenceError as err:
        contact.shout(_failure(err), {})


def _ask(contact: Contact, state: DeviceState) -> None:
    chain = _chain(contact.server)
    if chain is None:
        return
    known = _pinned(contact, state)
    try:
        keys, newest = proven_keys(chain, known.vkey)
    except Invalid as err:
        raise LOG_UNPROVEN(f"日志的密钥未获证明 its keys are not proven: {err.detail or err.slug}") from err
    _require_extended(contact.server, known.head, newest)
    seen = SeenLog(vkey=known.vkey, checkpoint=chain.checkpoint)
    contact.folder.save(_state(contact).model_copy(update={"log": seen}))
    asking = _Asking(contact, chain, keys, newest)
    for promise in state.promises[:ASKED_AT_ONCE]:
        asking.settle(promise)


def _chain(server: Server) -> OwnChain | None:
    """Return what the log says of itself; None before anything is signed."""
    try:
        answer = server.glance("/v1/log/keys")
        document_of(answer)
    except Answered as err:
        if err.said == LOG_UNSIGNED.slug:
            return None
        raise
    try:
        return OwnChain.model_validate_json(answer.content)
    except ValueError as err:
        raise LOG_UNPROVEN("日志的密钥无法读取 what it says of its keys cannot be read") from err


def _pinned(contact: Contact, state: DeviceState) -> SeenLog:
    """Return the log as it is known; at the first contact the server is believed once, and what it says is kept."""
    if state.log is not None:
        return state.log
    vkey = str(document_of(contact.server.glance("/v1/trust"))["log_vkey"])
    contact.say(f"首次接触，采信日志的密钥 the log's key, believed at the first contact: {vkey}")
    return SeenLog(vkey=vkey)


def _require_extended(server: Server, before: Checkpoint | None, newest: Checkpoint) -> None:
    """Check that a checkpoint goes on from one that was seen before.

    Raises:
        IntegrityBroken: the log shrank (slug `log-shrank`), or went another way (`log-forked`).
    """
    if before is None or before == newest:
        return
    if newest.size < before.size:
        raise LOG_SHRANK(f"此前 before: {before.size}; 现在 now: {newest.size}")
    hashes: tuple[bytes, ...] = ()
    try:
        if before.size not in (0, newest.size):
            path = f"/v1/log/consistency?first={before.size}&second={newest.size}"
            hashes = parse_given(server.glance(path).text).hashes
        verify_same_log(hashes, before, newest)
    except Invalid as err:
        raise LOG_FORKED(
            f"{before.size} 条与 {newest.size} 条的检查点矛盾 the checkpoints contradict"
        ) from err


class _Asking:
    """One contact: what was read of the log, and each promise held against it."""

    def __init__(self, contact: Contact, chain: OwnChain, keys: LogKeys, newest: Checkpoint) -> None:
        self._contact = contact
        self._chain = chain
        self._keys = keys
        self._newest = newest
        self._tickets = {one.kid: one.public for one in keys.keys if one.role is KeyRole.TICKET}

    def settle(self, promise: Promise) -> None:
        """Forget a promise that was kept; keep the proof of one that was broken, and shout; leave what is open.

        Raises:
            IntegrityBroken: the log proves nothing for it (slug `log-unproven`), or `_require_extended`.
            Answered, Unavailable: it was not asked.
        """
        answer, failure = self._answer(promise)
        if answer == PROOF_PENDING.slug or promise.kid not in self._tickets:
            self._shout_late(promise)  # a key that was not heard of may be newer than what was read
            return
        try:
            verify_ticket(promise.ticket, promise.digest, self._tickets[promise.kid])
        except Invalid:
            failure = PROMISE_INVALID(f"{promise.digest}: {promise.kid}")
        if failure is None:
            self._require_there(promise, answer)
        else:
            path = self._keep_broken(promise, answer)
            self._contact.shout(_failure(failure), {"digest": promise.digest, "kept": str(path)})
        state = _state(self._contact)
        rest = tuple(one for one in state.promises if one.digest != promise.digest)
        self._contact.folder.save(state.model_copy(update={"promises": rest}))

    def _answer(self, promise: Promise) -> tuple[str, EvidenceError | None]:
        """Return the proof that the log gives, or the slug by which it has none, and what that means."""
        try:
            return self._contact.server.glance(f"/v1/log/proof/{promise.digest}").text, None
        except Answered as err:
            if err.said not in (PROOF_PENDING.slug, *_OVER):
                raise
            words = _OVER.get(err.said)
            return err.said, None if words is None else PROMISE_BROKEN(f"{promise.digest}: {words}")

    def _shout_late(self, promise: Promise) -> None:
        if self._contact.server.corrected_now() - promise.at > WITHIN:
            late = PROMISE_LATE(f"{promise.digest}: 承诺于 promised at {rfc3339(promise.at)}")
            self._contact.shout(_failure(late), {"digest": promise.digest})

    def _require_there(self, promise: Promise, answer: str) -> None:
        try:
            leaf = bytes.fromhex(entry_hash(promise.digest))
            checkpoint = self._keys.signers.verify_proof(answer, leaf=leaf)
        except Invalid as err:
            raise LOG_UNPROVEN(f"{promise.digest}: 证明不成立 the proof does not hold ({err.slug})") from err
        _require_extended(self._contact.server, self._newest, checkpoint)
        self._newest = checkpoint

    def _keep_broken(self, promise: Promise, answer: str) -> Path:
        """Keep what shows a broken promise: the signature, the log's own word for its key, and what was answered when."""
        folder = self._contact.folder.path / BROKEN_FOLDER
        folder.mkdir(mode=0o700, exist_ok=True)
        path = folder / f"{promise.digest}.json"
        kept = {
            "v": 1,
            **promise.model_dump(mode="json"),
            "asked_at": rfc3339(self._contact.server.corrected_now()),
            "answer": answer,
            "log": self._chain.model_dump(mode="json"),
        }
        write_durably(path, json.dumps(kept, ensure_ascii=False, indent=1).encode())
        return path


def _state(contact: Contact) -> DeviceState:
    state = contact.folder.load()
    if state is None:
        raise DEVICE_STATE_MISSING(f"{contact.folder.path} was emptied while in use")
    return state


def _failure(err: EvidenceError) -> Failure:
    said = err.refusal
    words = f"{said.zh} {said.en} ({err.slug})\n  {err.detail}\n  {said.next_zh}\n  {said.next_en}"
    return Failure(BROKEN, words, err.slug)
