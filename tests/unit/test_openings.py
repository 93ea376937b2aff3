"""Whose opening is at work and whose waits."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from api.openings import TURNS, Openings, Senders
from schemas.errors import Busy, ShareSpent
from schemas.refusals_upload import UPLOADS_OPEN
from tests.stand import PATIENCE_SECONDS


class Desk:
    """Openings that stay at work until they are told to end."""

    def __init__(self, *, queue: int = 64, wait_seconds: float = PATIENCE_SECONDS) -> None:
        self.openings = Openings(queue=queue, wait_seconds=wait_seconds)
        self.at_work: list[str] = []
        self.ends = asyncio.Event()

    async def asks(self, sender: str, *, is_refused: bool = False) -> None:
        async with self.openings.turn(sender):
            self.at_work.append(sender)
            await self.ends.wait()
            if is_refused:
                raise UPLOADS_OPEN("finish the open ones first", limit=0)


async def settled() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


def at_desk(play: Callable[[Desk], Awaitable[None]], **options: float) -> None:
    async def run() -> None:
        await play(Desk(**options))  # type: ignore[arg-type] # one is a count

    asyncio.run(run())


def test_a_flood_of_one_sender_waits_behind_itself() -> None:
    """Of many openings of one sender few are at work; another sender's begins at once, and all come to their turn."""

    async def play(desk: Desk) -> None:
        flood = [asyncio.create_task(desk.asks("a")) for _ in range(16)]
        await settled()
        other = asyncio.create_task(desk.asks("b"))
        await settled()
        assert desk.at_work == ["a"] * TURNS + ["b"]
        desk.ends.set()
        await asyncio.gather(*flood, other)
        assert desk.at_work.count("a") == 16

    at_desk(play)


def test_a_refusal_is_told_at_once_and_keeps_its_turn_for_a_moment() -> None:
    """Whoever is refused reads it; whoever of the same sender asks on waits, until the moment is over."""

    async def play(desk: Desk) -> None:
        desk.ends.set()
        for _ in range(TURNS):
            with pytest.raises(ShareSpent):
                await desk.asks("a", is_refused=True)
        later = asyncio.create_task(desk.asks("a"))
        await settled()
        assert len(desk.at_work) == TURNS
        await later
        assert len(desk.at_work) == TURNS + 1

    at_desk(play)


def test_a_queue_has_an_end() -> None:
    """More of one sender than may wait are refused at once, and nobody waits for ever."""

    async def play(desk: Desk) -> None:
        held = [asyncio.create_task(desk.asks("a")) for _ in range(TURNS + 1)]
        await settled()
        with pytest.raises(Busy):
            await desk.asks("a")
        with pytest.raises(Busy):
            await held[-1]
        desk.ends.set()
        await asyncio.gather(*held[:TURNS])

    at_desk(play, queue=1, wait_seconds=0.01)


def test_who_goes_away_while_it_waits_keeps_nothing() -> None:
    """A turn that nobody takes any more goes to the next."""

    async def play(desk: Desk) -> None:
        held = [asyncio.create_task(desk.asks("a")) for _ in range(TURNS)]
        await settled()
        gone, stays = (asyncio.create_task(desk.asks("a")) for _ in range(2))
        await settled()
        gone.cancel()
        desk.ends.set()
        await asyncio.gather(*held, stays)
        assert gone.cancelled()
        desk.ends.clear()
        again = asyncio.create_task(desk.asks("a"))
        await settled()
        assert desk.at_work.count("a") == TURNS + 2
        desk.ends.set()
        await again

    at_desk(play)


def test_a_sender_is_remembered_and_not_for_ever() -> None:
    """A token's holder is known after the first look; of very many the oldest are looked up again."""
    senders = Senders()
    senders.note("first", "device/1")
    assert (senders.of("first"), senders.of("second")) == ("device/1", None)
    assert senders.of_or_alone("first") == "device/1"
    assert senders.of_or_alone("second") != senders.of_or_alone("third")
    for number in range(5000):
        senders.note(str(number), "device/2")
    assert senders.of("first") is None
