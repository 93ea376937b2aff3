"""Who is given a place, who waits, and who is told to come again."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from schemas.errors import Busy
from storage.flow.login_queue import LoginQueue
from tests.stand.wait import PATIENCE_SECONDS, until


class Crowd:
    """People at one queue whose only place is taken: who was called, and who was turned away."""

    def __init__(self, length: int) -> None:
        self.queue = LoginQueue(length=length, places=1, patience_seconds=PATIENCE_SECONDS)
        self.called: list[str] = []
        self.turned_away: list[str] = []
        self._people: list[threading.Thread] = []

    def come(self, sender: str, *, is_known: bool = False) -> None:
        """One more comes and waits, or is turned away, or turns another away."""
        before = self._seen()
        person = threading.Thread(target=self._wait, args=(sender,), kwargs={"is_known": is_known})
        self._people.append(person)
        person.start()
        until(lambda: self._seen() > before, "the newcomer waits or was turned away")

    def _seen(self) -> int:
        return self.queue.waiting + len(self.turned_away)

    def _wait(self, sender: str, *, is_known: bool) -> None:
        try:
            with self.queue.place(sender, is_known=is_known):
                self.called.append(sender)
        except Busy:
            self.turned_away.append(sender)

    def end(self) -> None:
        for person in self._people:
            person.join()


@contextmanager
def crowd(length: int) -> Iterator[Crowd]:
    made = Crowd(length)
    with made.queue.place("first", is_known=False):
        yield made
    made.end()


def test_places_are_given_in_turn() -> None:
    """Whoever came first is called first, and nobody who found room is left out."""
    with crowd(3) as people:
        for sender in ("a", "b", "c"):
            people.come(sender)

    assert (people.called, people.turned_away) == (["a", "b", "c"], [])


def test_a_full_queue_refuses_at_once() -> None:
    """Where every sender has one in the queue, the next one is told to come again, and nobody loses a place."""
    with crowd(3) as people:
        for sender in ("a", "b", "c", "d"):
            people.come(sender)
        assert people.turned_away == ["d"]

    assert people.called == ["a", "b", "c"]


def test_one_sender_cannot_fill_the_queue() -> None:
    """A newcomer takes the newest place of the sender who has most of them, until both have as many."""
    with crowd(4) as people:
        for sender in ("a", "a", "a", "a", "b", "b", "b"):
            people.come(sender)
        assert people.turned_away == ["a", "a", "b"]

    assert people.called == ["a", "a", "b", "b"]


def test_a_known_browser_finds_room() -> None:
    """Strangers, from however many addresses, do not keep out a browser that logged in before; known ones share."""
    with crowd(3) as people:
        for sender in ("a", "b", "c"):
            people.come(sender)
        for sender in ("x", "y", "z", "w"):
            people.come(sender, is_known=True)
        people.come("d")
        assert people.turned_away == ["c", "b", "a", "w", "d"]

    assert people.called == ["x", "y", "z"]


def test_a_place_comes_back_however_it_was_used() -> None:
    """An error while a place is held gives it to the next one."""
    queue = LoginQueue(length=0, places=1)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError), queue.place("a", is_known=False):
            raise ZeroDivisionError

    with queue.place("a", is_known=False), pytest.raises(Busy), queue.place("b", is_known=True):
        pass
