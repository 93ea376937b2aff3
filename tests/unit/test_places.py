"""Who receives and who waits, on a clock that the test turns."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace

import pytest

from api.filling import Body
from api.places import Place, Places, Rules
from api.settings import ApiSettings
from schemas.errors import Busy
from tests.stand import PATIENCE_SECONDS

KIB = 1024
ANY_BYTES = 1024 * KIB
"""More than a sender of these tests sends at once."""
RULES = replace(Rules.of(ApiSettings()), wait_seconds=PATIENCE_SECONDS)
FEW = replace(RULES, places=4, sender_places=2)


class Hall:
    """Places, the clock they look at, and those who came in."""

    def __init__(self, rules: Rules, stack: AsyncExitStack) -> None:
        self.now = 0.0
        self.places = Places(rules, clock=lambda: self.now)
        self._stack = stack
        self.leaving: dict[Place, asyncio.Event] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self.inside: list[Place] = []

    async def asks(self, sender: str) -> asyncio.Task[None]:
        """Somebody asks for a place and keeps it until told to leave; runs as far as it comes."""
        task = asyncio.create_task(self._stay(sender))
        self._tasks.append(task)
        await settled()
        return task

    async def _stay(self, sender: str) -> None:
        async with self.places.place(sender) as place:
            self.inside.append(place)
            self.leaving[place] = asyncio.Event()
            await self.leaving[place].wait()
        self.inside.remove(place)

    async def leaves(self, place: Place) -> None:
        self.leaving[place].set()
        await settled()

    def senders(self) -> str:
        return "".join(sorted(place.sender for place in self.inside))

    def lost(self) -> str:
        return "".join(sorted(place.sender for place in self.inside if place.is_lost))

    async def ends(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def settled() -> None:
    """Let everybody come as far as they can."""
    for _ in range(10):
        await asyncio.sleep(0)


def in_hall(rules: Rules, play: Callable[[Hall], Awaitable[None]]) -> None:
    @asynccontextmanager
    async def open_hall() -> AsyncIterator[Hall]:
        async with AsyncExitStack() as stack:
            hall = Hall(rules, stack)
            try:
                yield hall
            finally:
                await hall.ends()

    async def run() -> None:
        async with open_hall() as hall:
            await play(hall)

    asyncio.run(run())


def test_the_defaults_are_the_published_ones() -> None:
    """64 places, eight of a sender, 8 KiB/s over 30 s."""
    assert (RULES.places, RULES.sender_places) == (64, 8)
    assert (RULES.least_bytes, RULES.slow_seconds) == (8 * KIB * 30, 30)


def test_one_sender_may_have_every_place_while_nobody_waits() -> None:
    """Places are there to be used: no share counts and nothing is slow as long as one is free."""

    async def play(hall: Hall) -> None:
        for _ in range(RULES.places):
            await hall.asks("a")
        hall.now = 3600
        hall.places.tend()

        assert len(hall.inside) == RULES.places
        assert hall.lost() == ""

    in_hall(RULES, play)


def test_who_has_more_than_its_share_gives_up_one_for_each_that_waits() -> None:
    """A place beyond the share goes to whoever waits and has fewer; nobody loses more than are waited for."""

    async def play(hall: Hall) -> None:
        for _ in range(4):
            await hall.asks("a")
        await hall.asks("b")
        hall.places.tend()
        assert hall.lost() == "a"

        await hall.leaves(next(place for place in hall.inside if place.is_lost))
        assert hall.senders() == "aaab"
        assert hall.lost() == ""

        for _ in range(3):
            await hall.asks("b")
        assert hall.lost() == "a"  # then both have their share, and the rest wait for who is done

    in_hall(FEW, play)


def test_the_more_senders_the_smaller_the_share() -> None:
    """Senders that keep to their share together leave no place out of reach: each new one comes to its own."""

    async def play(hall: Hall) -> None:
        for sender in "aabb":
            await hall.asks(sender)
        await hall.asks("c")
        assert len(hall.lost()) == 1
        await hall.asks("d")
        assert hall.lost() == "ab"
        await hall.asks("e")
        assert hall.lost() == "ab"  # four have one each

    in_hall(FEW, play)


def test_all_places_may_be_on_their_way_at_once() -> None:
    """Where every place is being given up, more who ask wait for those."""

    async def play(hall: Hall) -> None:
        for _ in range(4):
            await hall.asks("a")
        for place in hall.inside:
            place.lose()
        for sender in "bbbbbbbc":
            await hall.asks(sender)
        hall.places.tend()
        for place in list(hall.inside):
            await hall.leaves(place)

        assert hall.senders() == "bbbc"

    in_hall(FEW, play)


def test_a_free_place_goes_to_the_sender_that_has_the_fewest() -> None:
    """One with many requests does not crowd out one with one that came later."""

    async def play(hall: Hall) -> None:
        for sender in "aabb":
            await hall.asks(sender)
        for sender in "aaac":
            await hall.asks(sender)
        await hall.leaves(hall.inside[-1])

        assert hall.senders() == "aabc"

    in_hall(FEW, play)


def test_a_slow_sender_loses_its_place_only_when_another_waits() -> None:
    """Silence is no fault until somebody waits; then the slowest goes, and whoever sends enough stays."""

    async def play(hall: Hall) -> None:
        for sender in "abcd":
            await hall.asks(sender)
        bodies = {place.sender: Sender(hall, place) for place in hall.inside}
        for _ in range(10):
            for body in bodies.values():
                await body.waits()
            hall.now += 4
            for sender, pace in {"a": 9, "b": 2, "c": 7, "d": 8.1}.items():
                await bodies[sender].sends(int(pace * 4 * KIB))
        hall.places.tend()
        assert hall.lost() == ""

        await hall.asks("e")
        assert hall.lost() == "b"
        await hall.asks("f")
        assert hall.lost() == "bc"
        await hall.asks("g")
        assert hall.lost() == "bc"

    in_hall(FEW, play)


def test_nobody_is_slow_before_the_time_is_over() -> None:
    """A sender has its 30 seconds, and a later pause counts over the last 30 seconds alone."""

    async def play(hall: Hall) -> None:
        for sender in "abcd":
            await hall.asks(sender)
        bodies = [Sender(hall, place) for place in hall.inside]
        await bodies[0].waits()
        hall.now = 29
        await hall.asks("e")
        assert hall.lost() == ""
        hall.now = 31
        hall.places.tend()
        assert hall.lost() == "a"

    in_hall(FEW, play)


def test_time_in_which_we_store_is_not_the_senders() -> None:
    """While a part is being stored nobody waits for the sender, however long the store takes."""

    async def play(hall: Hall) -> None:
        for sender in "abcd":
            await hall.asks(sender)
        bodies = [Sender(hall, place) for place in hall.inside]
        for body in bodies:
            await body.sends(KIB)
        hall.now = 3600
        await hall.asks("e")

        assert hall.lost() == ""

    in_hall(FEW, play)


def test_the_body_of_a_lost_place_ends_in_words() -> None:
    """The read that is under way ends at once, and so does the next one."""

    async def play(hall: Hall) -> None:
        await hall.asks("a")
        (place,) = hall.inside
        body = Sender(hall, place)
        await body.waits()
        place.lose()
        await settled()
        assert isinstance(body.fault, Busy)
        assert body.fault.slug == "place-lost"

    in_hall(FEW, play)


def test_a_wait_has_an_end() -> None:
    """Where no place becomes free whoever waits is told to ask again."""

    async def play(hall: Hall) -> None:
        await hall.asks("a")
        waiting = await hall.asks("a")
        with pytest.raises(Busy) as caught:
            await waiting
        assert caught.value.slug == "busy"

    in_hall(replace(FEW, places=1, wait_seconds=0.01), play)


def test_the_queue_has_room_for_everybody() -> None:
    """A sender that fills the queue gives up its newest for whoever has fewer; its own next is refused."""

    async def play(hall: Hall) -> None:
        await hall.asks("x")
        mine = [await hall.asks("a") for _ in range(3)]
        other = await hall.asks("b")
        assert mine[-1].done()
        assert isinstance(mine[-1].exception(), Busy)
        assert not other.done()
        refused = await hall.asks("a")
        assert isinstance(refused.exception(), Busy)

    in_hall(replace(FEW, places=1, queue=3), play)


def test_a_sender_may_wait_for_so_many() -> None:
    """Beyond its own part of the queue a sender is told to ask again, though the queue has room."""

    async def play(hall: Hall) -> None:
        await hall.asks("x")
        for _ in range(2):
            await hall.asks("a")
        refused = await hall.asks("a")

        assert isinstance(refused.exception(), Busy)

    in_hall(replace(FEW, places=1, sender_queue=2), play)


@pytest.mark.parametrize("is_given", [False, True])
def test_who_goes_away_while_it_waits_keeps_nothing(is_given: bool) -> None:
    """A cancelled wait leaves no place behind, also when one was given at that very moment."""

    async def play(hall: Hall) -> None:
        await hall.asks("x")
        gone, _ = await hall.asks("a"), await hall.asks("b")
        if not is_given:
            gone.cancel()
        hall.leaving[hall.inside[0]].set()
        await asyncio.sleep(0)  # the place is given, and nobody has run with it yet
        gone.cancel()
        await settled()

        assert hall.senders() == "b"

    in_hall(replace(FEW, places=1), play)


class Sender:
    """The body behind a place, sent as the test says."""

    def __init__(self, hall: Hall, place: Place) -> None:
        self._pieces: asyncio.Queue[bytes] = asyncio.Queue()
        self._place = place.reads(Body(self._body()))
        self._read: asyncio.Task[int] | None = None
        self.fault: BaseException | None = None

    async def _body(self) -> AsyncIterator[bytes]:
        while True:
            yield await self._pieces.get()

    async def waits(self) -> None:
        """The server waits for bytes from now on."""
        self._read = asyncio.create_task(self._next())
        await settled()

    async def _next(self) -> int:
        try:
            return await self._place.readinto(memoryview(bytearray(ANY_BYTES)))
        except Busy as err:
            self.fault = err
            return 0

    async def sends(self, size: int) -> None:
        """Send so many bytes, for which the server has been waiting; it does not wait for more."""
        if self._read is None:
            await self.waits()
        assert self._read is not None
        self._pieces.put_nowait(b"a" * size)
        await self._read
        self._read = None
