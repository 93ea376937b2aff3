"""The body reader over a receiving end that remembers what it was given."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any, cast

import pytest
from pydantic import ValidationError

from api.budget import READ_BYTES, Blocks, Budget
from api.filling import Body
from api.places import Place, Rules
from api.receive import Reader
from api.settings import ApiSettings
from schemas.errors import Busy, Conflict, EvidenceError, TooLarge
from schemas.refusals_objects import OBJECTS_UNAVAILABLE
from schemas.upload import MIB
from tests.stand import PATIENCE_SECONDS


class Remembers:
    """Stands for `Receiving`: parts of four bytes, a file of ten."""

    def __init__(self, length: int = 10, part: int = 4) -> None:
        self.upload = SimpleNamespace(offset_bytes=0, length_bytes=length, part_bytes=part, tail_bytes=0)
        self.is_over = self.runs_ahead = False
        self.stored: list[bytes] = []
        self.kept = b""
        self.is_kept = threading.Event()
        self.answers: list[tuple[int, int]] = []
        self.is_answered = threading.Event()

    @property
    def needed_bytes(self) -> int:
        return min(self.upload.part_bytes, self.upload.length_bytes - self.upload.offset_bytes)

    def store(self, body: list[bytes]) -> int:
        self.stored.append(b"".join(body))
        reached = self.upload.offset_bytes + len(self.stored[-1])
        self.upload = SimpleNamespace(**{**vars(self.upload), "offset_bytes": reached})
        return int(self.upload.offset_bytes)

    def keep(self, body: list[bytes], *, is_last: bool = False) -> int:
        del is_last
        piece = b"".join(body)
        self.kept += piece
        if piece:
            self.is_kept.set()
        reached = self.upload.offset_bytes + len(piece)
        self.upload = SimpleNamespace(**{**vars(self.upload), "offset_bytes": reached})
        return int(reached)

    def answer(self, ask: int) -> None:
        self.answers.append((ask, self.upload.offset_bytes))
        self.is_answered.set()

    def finish(self) -> SimpleNamespace:
        return self.upload


async def read(
    receiving: Remembers,
    body: AsyncIterator[bytes] | Place,
    *,
    seconds: float = PATIENCE_SECONDS,
    silent: float = PATIENCE_SECONDS,
    budget: Budget | None = None,
    threads: int = 1,
) -> None:
    with ThreadPoolExecutor(threads) as pool:
        reader = Reader(
            cast("Any", receiving),
            pool,
            budget=budget or Budget(64 * MIB),
            timeout_seconds=seconds,
            silent_seconds=silent,
        )
        await reader.run(body if isinstance(body, Place) else Body(body))


async def sending(*pieces: bytes, is_sent: asyncio.Event | None = None) -> AsyncIterator[bytes]:
    """The pieces, and then the end – or, with an event that tells of it, silence for ever."""
    for piece in pieces:
        yield piece
    if is_sent is not None:
        is_sent.set()
        await asyncio.Event().wait()


def test_parts_are_cut_where_they_end() -> None:
    """Whatever the sizes of the messages, parts are full and in order, and the rest ends the file."""
    receiving = Remembers()
    asyncio.run(read(receiving, sending(b"a", b"bcdefg", b"hij")))

    assert receiving.stored == [b"abcd", b"efgh", b"ij"]
    assert receiving.kept == b""


class RunsAhead(Remembers):
    """A store that takes parts out of order: `sends` says what the sending of each meets."""

    def __init__(self, length: int, **sends: Callable[[], None]) -> None:
        super().__init__(length)
        self.runs_ahead = True
        self.number = self.added = 0
        self._sends = sends

    def next_number(self) -> int:
        self.number += 1
        return self.number

    def send(self, body: list[bytes], *, number: int, start_bytes: int) -> tuple[int, int, bytes]:
        part = b"".join(body)
        self._sends.get(part.decode(), lambda: None)()
        return number, start_bytes, part

    def add(self, part: tuple[int, int, bytes]) -> int:
        number, start_bytes, body = part
        assert (number, start_bytes) == (self.added + 1, self.upload.offset_bytes)
        self.added = number
        return super().store([body])


def test_parts_that_run_ahead_are_counted_in_order() -> None:
    """A part whose predecessor is still on its way is sent beside it, and counted behind it."""
    is_behind = threading.Event()

    def until_the_next_is_sent() -> None:
        assert is_behind.wait(PATIENCE_SECONDS)

    receiving = RunsAhead(18, efgh=until_the_next_is_sent, ijkl=is_behind.set)
    asyncio.run(read(receiving, sending(b"abcdefghijklmnopqr"), threads=2))

    assert receiving.stored == [b"abcd", b"efgh", b"ijkl", b"mnop", b"qr"]


def test_behind_a_part_that_fails_none_is_counted() -> None:
    """What was sent beside a part that could not be stored leaves no trace in the offset."""
    is_behind = threading.Event()

    def fail() -> None:
        assert is_behind.wait(PATIENCE_SECONDS)
        raise OBJECTS_UNAVAILABLE("the store does not answer")

    receiving = RunsAhead(18, efgh=fail, ijkl=is_behind.set)
    with pytest.raises(EvidenceError, check=lambda err: err.slug == "objects-unavailable"):
        asyncio.run(read(receiving, sending(b"abcdefghijklmnopqr"), threads=2))

    assert (receiving.stored, receiving.kept) == ([b"abcd"], b"")


def test_a_request_ends_when_nothing_of_it_is_on_its_way() -> None:
    """Whatever ends a request, a part that was on its way has been counted or has failed: none is counted later."""
    has_failed = threading.Event()

    class Fails(RunsAhead):
        def next_number(self) -> int:
            if self.number == 2:
                has_failed.set()
                raise OBJECTS_UNAVAILABLE("the database does not answer")
            return super().next_number()

    def until_the_next_has_failed() -> None:
        assert has_failed.wait(PATIENCE_SECONDS)

    receiving = Fails(18, efgh=until_the_next_has_failed)
    with pytest.raises(EvidenceError, check=lambda err: err.slug == "objects-unavailable"):
        asyncio.run(read(receiving, sending(b"abcdefghijklmnopqr"), threads=2))

    assert receiving.stored == [b"abcd", b"efgh"]


def test_nothing_runs_ahead_of_what_is_kept() -> None:
    """Bytes that fill no part stand before the next part, which waits for them."""
    goes_on = threading.Event()

    class Slow(RunsAhead):
        is_keeping = False
        is_begun = threading.Event()

        def keep(self, body: list[bytes], *, is_last: bool = False) -> int:
            self.is_keeping = True
            self.is_begun.set()
            assert goes_on.wait(PATIENCE_SECONDS)
            threading.Event().wait(0.05)  # time for a part to be sent that does not wait
            self.is_keeping = False
            taken.append(b"".join(body))
            return super().keep(body, is_last=is_last)

        def send(self, body: list[bytes], *, number: int, start_bytes: int) -> tuple[int, int, bytes]:
            assert not self.is_keeping
            return super().send(body, number=number, start_bytes=start_bytes)

        def add(self, part: tuple[int, int, bytes]) -> int:
            taken.append(part[2])
            return super().add(part)

    receiving, taken = Slow(18), list[bytes]()

    async def silent_for_a_while() -> AsyncIterator[bytes]:
        yield b"abcdef"
        assert await asyncio.to_thread(receiving.is_begun.wait, PATIENCE_SECONDS)
        goes_on.set()
        yield b"ghijklmnopqr"

    asyncio.run(read(receiving, silent_for_a_while(), silent=0.01, threads=2))
    # On a busy machine the reader itself is silent for long enough that more is kept: in its order, too.
    assert (taken[:2], b"".join(taken)) == ([b"abcd", b"ef"], b"abcdefghijklmnopqr")


def test_a_short_body_is_kept() -> None:
    """What does not fill a part is kept."""
    receiving = Remembers()
    asyncio.run(read(receiving, sending(b"abcde")))

    assert (receiving.stored, receiving.kept) == ([b"abcd"], b"e")


def test_a_stalled_body_is_kept_and_said() -> None:
    """A sender that stalls is told so after its bytes were kept."""
    receiving = Remembers()
    with pytest.raises(Busy) as caught:
        asyncio.run(read(receiving, sending(b"abcdef", is_sent=asyncio.Event()), seconds=0.05))

    assert caught.value.slug == "receive-timeout"
    assert (receiving.stored, receiving.kept) == ([b"abcd"], b"ef")


def test_what_a_silent_sender_brought_is_kept_while_it_is_silent() -> None:
    """Bytes that no further byte follows become durable; the request goes on, and so does the file."""
    receiving = Remembers()

    async def silent_for_a_while() -> AsyncIterator[bytes]:
        yield b"abcdef"
        assert await asyncio.to_thread(receiving.is_kept.wait, PATIENCE_SECONDS)
        yield b"ghij"

    asyncio.run(read(receiving, silent_for_a_while(), silent=0.01))
    assert (receiving.stored, receiving.kept) == ([b"abcd", b"ghij"], b"ef")


def test_a_store_that_fails_meanwhile_ends_the_wait() -> None:
    """A silent sender is told at once that its bytes could not be kept."""

    class Fails(Remembers):
        def keep(self, body: list[bytes], *, is_last: bool = False) -> int:
            del body, is_last
            raise OBJECTS_UNAVAILABLE("the store does not answer")

    with pytest.raises(EvidenceError, check=lambda err: err.slug == "objects-unavailable"):
        asyncio.run(read(Fails(), sending(b"ab", is_sent=asyncio.Event()), silent=0.01))


def test_an_asked_reader_stores_what_it_holds_and_goes_on() -> None:
    """Who asks for the offset gets it with what was held; the body goes on behind it."""
    receiving = Remembers()

    async def asking() -> None:
        with ThreadPoolExecutor(1) as pool:
            reader = Reader(
                cast("Any", receiving), pool, budget=Budget(64 * MIB), timeout_seconds=PATIENCE_SECONDS
            )

            async def body() -> AsyncIterator[bytes]:
                yield b"abcdef"
                reader.asked(7, ends=False)
                assert await asyncio.to_thread(receiving.is_answered.wait, PATIENCE_SECONDS)
                yield b"ghij"

            await reader.run(Body(body()))

    asyncio.run(asking())
    assert (receiving.stored, receiving.kept) == ([b"abcd", b"ghij"], b"ef")
    assert receiving.answers == [(7, 6)]


def test_who_asks_at_the_end_finds_nothing_twice() -> None:
    """An ask that meets the end of a body stores none of its bytes a second time."""
    receiving = Remembers()

    async def ending() -> None:
        with ThreadPoolExecutor(1) as pool:
            reader = Reader(
                cast("Any", receiving), pool, budget=Budget(64 * MIB), timeout_seconds=PATIENCE_SECONDS
            )

            async def body() -> AsyncIterator[bytes]:
                yield b"abcdef"
                asyncio.get_running_loop().call_soon(lambda: reader.asked(7, ends=False))

            await reader.run(Body(body()))
            assert await asyncio.to_thread(receiving.is_answered.wait, PATIENCE_SECONDS)

    asyncio.run(ending())
    assert (receiving.stored, receiving.kept) == ([b"abcd"], b"ef")


def test_a_beaten_reader_stores_what_it_holds_and_ends() -> None:
    """A request in whose place a newer one goes on keeps what arrived, and says why it ended."""
    receiving = Remembers()

    async def beaten() -> None:
        with ThreadPoolExecutor(1) as pool:
            reader = Reader(
                cast("Any", receiving), pool, budget=Budget(64 * MIB), timeout_seconds=PATIENCE_SECONDS
            )

            async def body() -> AsyncIterator[bytes]:
                yield b"abcdef"
                asyncio.get_running_loop().call_soon(lambda: reader.asked(7, ends=True))
                await asyncio.Event().wait()

            await reader.run(Body(body()))

    with pytest.raises(Conflict, check=lambda err: err.slug == "upload-preempted"):
        asyncio.run(beaten())
    assert (receiving.stored, receiving.kept) == ([b"abcd"], b"ef")


def test_bytes_past_the_length_are_refused_and_the_rest_is_whole() -> None:
    """Nothing of the excess is kept; what belongs to the file is."""
    receiving = Remembers()
    with pytest.raises(TooLarge):
        asyncio.run(read(receiving, sending(b"abcdefghijKLM")))

    assert b"".join(receiving.stored) == b"abcdefghij"
    assert receiving.kept == b""


def test_a_stopping_server_keeps_what_arrived() -> None:
    """A request that is cancelled by the shutdown keeps its bytes before it goes."""
    receiving = Remembers()

    async def stopping() -> None:
        is_sent = asyncio.Event()
        task = asyncio.create_task(read(receiving, sending(b"abcdef", is_sent=is_sent)))
        await is_sent.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(stopping())
    assert (receiving.stored, receiving.kept) == ([b"abcd"], b"ef")


def test_a_failing_store_ends_the_request() -> None:
    """When a part cannot be stored the sender hears of it and nothing after it is stored."""

    class Fails(Remembers):
        def store(self, body: list[bytes]) -> int:
            del body
            raise OBJECTS_UNAVAILABLE("the store does not answer")

    receiving = Fails()
    with pytest.raises(EvidenceError):
        asyncio.run(read(receiving, sending(b"abcd", b"efgh", b"ij")))

    assert (receiving.stored, receiving.kept) == ([], b"")


def test_a_lost_place_keeps_what_arrived() -> None:
    """Whoever loses its place in the middle of a body is told so after every byte was kept."""
    receiving = Remembers()

    async def losing() -> None:
        is_sent = asyncio.Event()
        place = Place("a", Rules.of(ApiSettings()), asyncio.get_running_loop().time)
        body = sending(b"abcdef", is_sent=is_sent)
        task = asyncio.create_task(read(receiving, place.reads(Body(body))))
        await is_sent.wait()
        place.lose()
        with pytest.raises(Busy) as caught:
            await task
        assert caught.value.slug == "place-lost"

    asyncio.run(losing())
    assert (receiving.stored, receiving.kept) == ([b"abcd"], b"ef")


def test_what_was_taken_is_given_back() -> None:
    """However a body ends, nothing of the budget stays taken."""

    class Fails(Remembers):
        def store(self, body: list[bytes]) -> int:
            del body
            raise OBJECTS_UNAVAILABLE("the store does not answer")

    budget = Budget(64 * MIB)
    asyncio.run(read(Remembers(), sending(b"abcd", b"ef"), budget=budget))
    with pytest.raises(TooLarge):
        asyncio.run(read(Remembers(), sending(b"abcdefghijKLM"), budget=budget))
    with pytest.raises(Busy):
        asyncio.run(read(Remembers(), sending(b"ab", is_sent=asyncio.Event()), seconds=0.05, budget=budget))
    with pytest.raises(EvidenceError):
        asyncio.run(read(Fails(), sending(b"abcd", b"efgh", b"ij"), budget=budget))

    assert budget.bodies.taken_bytes == 0
    assert budget.joins.taken_bytes == 0


def test_beyond_the_budget_reading_waits_and_nothing_fails() -> None:
    """Eight bodies over a budget for three: at no time is more taken, and every byte of each arrives."""
    piece = b"x" * READ_BYTES
    budget, most = Budget(4 * READ_BYTES), [0]

    async def body() -> AsyncIterator[bytes]:
        for _ in range(6):
            most[0] = max(most[0], budget.bodies.taken_bytes)
            yield piece
            await asyncio.sleep(0)

    async def all_at_once() -> list[Remembers]:
        ends = [Remembers(6 * READ_BYTES, 4 * READ_BYTES) for _ in range(8)]
        await asyncio.gather(*(read(end, body(), budget=budget) for end in ends))
        return ends

    ends = asyncio.run(all_at_once())
    assert most[0] <= 3 * READ_BYTES
    assert all(sum(map(len, end.stored)) + len(end.kept) == 6 * READ_BYTES for end in ends)


def test_a_block_is_used_again_when_nobody_looks_at_it() -> None:
    """Memory goes round; as long as one view of it is left, nobody else is given it."""
    blocks = Blocks()
    first = blocks.take(READ_BYTES)
    view = first[10:20]
    blocks.give(first)
    second = blocks.take(READ_BYTES)
    assert second.obj is not view.obj

    memory = second.obj
    blocks.give(second)
    assert blocks.take(READ_BYTES).obj is memory
    blocks.clear()
    assert blocks.take(READ_BYTES).obj is not memory


def test_who_holds_most_is_served_first() -> None:
    """A part that is nearly full is finished before another is begun; who gives up its place takes nothing."""

    async def served() -> list[str]:
        share, order = Budget(4 * READ_BYTES).bodies, list[str]()
        await share.take(3 * READ_BYTES)

        async def wait(name: str, held: int) -> None:
            await share.take(READ_BYTES, held=held)
            order.append(name)

        waiting = {
            name: asyncio.create_task(wait(name, held))
            for name, held in (("empty", 0), ("gone", 99), ("half", 5), ("nearly", 9))
        }
        await asyncio.sleep(0)
        waiting.pop("gone").cancel()
        for _ in range(3):
            share.give(READ_BYTES)
            await asyncio.sleep(0)
        await asyncio.gather(*waiting.values())
        return order

    assert asyncio.run(served()) == ["nearly", "half", "empty"]


def test_a_budget_has_room_for_every_place() -> None:
    """A budget that silent senders alone could use up is refused before anything is served."""
    with pytest.raises(ValidationError, match="API_HELD_BYTES"):
        ApiSettings(active_uploads=1000)
    assert ApiSettings(active_uploads=64, held_bytes=32 * MIB).held_bytes == 32 * MIB
