"""Requests that a sender may repeat: a key, what was asked under it, and what was answered, in the act's own commit.

The key enters with the act and stands or falls with it: a crash before the commit leaves neither, so the repeat acts;
behind it the repeat finds the answer. Two at once meet at the key, and the second waits for the first's end.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert

from schemas.actor import Actor
from schemas.base import Frozen
from schemas.refusals_request import IDEMPOTENCY_KEY_REUSED
from storage.collection import Collection
from storage.personal import kept_answer, kept_fingerprints, shown_answer
from storage.tables.idempotency import idempotency_keys

Answer = TypeVar("Answer", bound=Frozen)

_KEPT = idempotency_keys.c


class IdempotencyKey(Frozen):
    """A sender's name for one request. `fingerprint` is the SHA-256 of all that the request asks."""

    key: str
    fingerprint: bytes


class IdempotencyKeys(Collection):
    """Keys of requests, each of one sender, for `IDEMPOTENCY_SECONDS`."""

    def once(
        self, actor: Actor, key: IdempotencyKey | None, kind: type[Answer], act: Callable[[], Answer]
    ) -> Answer:
        """Act, or return what the same request was answered before; without a key, act.

        Raises:
            Conflict: the key was used for another request (slug `idempotency-key-reused`).
        """
        if key is None:
            return act()
        kept = self.claim(actor, key)
        if kept is not None:
            return kind.model_validate_json(kept)
        answer = act()
        self.keep(actor, key, answer.model_dump_json().encode())
        return answer

    def claim(self, actor: Actor, key: IdempotencyKey) -> bytes | None:
        """Take a key for the act that follows in this transaction, or return the answer that was kept under it.

        Raises:
            Conflict: the key was used for another request (slug `idempotency-key-reused`).
        """
        expires_at = self._now + timedelta(seconds=self._unit.settings.idempotency_seconds)
        asked = kept_fingerprints(self._connection, key.fingerprint)
        fresh = insert(idempotency_keys).values(
            sender=actor.reference, key=key.key, fingerprint=asked[0], expires_at=expires_at
        )
        # Waits for whoever has inserted the same key and not committed; takes over one that has ended.
        taken = self._connection.scalar(
            fresh.on_conflict_do_update(
                index_elements=[_KEPT.sender, _KEPT.key],
                set_={"fingerprint": asked[0], "answer": None, "expires_at": expires_at},
                where=_KEPT.expires_at <= self._now,
            ).returning(_KEPT.key)
        )
        if taken is not None:
            return None
        kept = self._connection.execute(
            select(_KEPT.fingerprint, _KEPT.answer).where(
                _KEPT.sender == actor.reference, _KEPT.key == key.key
            )
        ).one()
        if bytes(kept.fingerprint) not in asked:
            raise IDEMPOTENCY_KEY_REUSED("the key was used for another request")
        return shown_answer(self._connection, actor.reference, key.key, bytes(kept.answer))

    def keep(self, actor: Actor, key: IdempotencyKey, answer: bytes) -> None:
        """Keep what is answered under a key that this transaction took."""
        # A crash before the commit leaves no key and no act; behind it the repeat gets this answer.
        self._connection.execute(
            update(idempotency_keys)
            .where(_KEPT.sender == actor.reference, _KEPT.key == key.key)
            .values(answer=kept_answer(self._connection, actor.reference, key.key, answer))
        )

    def drop(self, actor: Actor, key: IdempotencyKey) -> None:
        """Forget a key that this transaction took: its request was refused, and may be sent again."""
        self._connection.execute(
            delete(idempotency_keys).where(_KEPT.sender == actor.reference, _KEPT.key == key.key)
        )

    def forget_ended(self) -> None:
        """Delete keys past their time; again after a crash."""
        self._connection.execute(delete(idempotency_keys).where(_KEPT.expires_at <= self._now))
