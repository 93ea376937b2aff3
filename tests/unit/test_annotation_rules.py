"""Notes and tags: which words are one, and what the fold says of an entry that nobody may make."""

from dataclasses import replace

import pytest
from pydantic import ValidationError

from schemas.act import Act
from schemas.actor import Role
from schemas.annotation import TagIn, is_tag
from schemas.leaf import Leaf
from schemas.leaves_annotation import NoteAdd, NoteWithdraw, TagSet
from schemas.life import FaultCode
from schemas.life_evidence import RecordingLife
from schemas.opening import Shown
from schemas.replay import Folded, Turn, fold
from tests.leaf_examples import salt_of
from tests.leaf_history import History, World, begin, received


@pytest.mark.parametrize("typed", ["疑难 案件", " 疑难  案件 ", "疑难\u3000案件"])
def test_widths_and_blanks_of_a_tag_are_one(typed: str) -> None:
    """Nobody looks in vain for a tag that somebody typed with another key."""
    assert TagIn(word=typed).word == "疑难 案件"


@pytest.mark.parametrize("typed", ["", "  ", "字" * 41, "行\n行"])
def test_a_tag_is_a_short_word(typed: str) -> None:
    """Blanks, long texts and lines are none."""
    with pytest.raises(ValidationError):
        TagIn(word=typed)


@pytest.mark.parametrize(
    ("item", "may"), [("复查", True), (" 复查", False), ("ＡＢ", False), ("字" * 41, False)]
)
def test_a_list_offers_tags_as_they_are_kept(item: str, may: bool) -> None:
    """What an agency offers is found under the same word."""
    assert is_tag(item) is may


@pytest.fixture
def world() -> World:
    return begin()


@pytest.fixture
def recording(world: World) -> str:
    return received(world)


def faults(world: World, recording: str) -> list[FaultCode]:
    return [one.code for one in told(world, recording).faults]


def shown(history: History, turn: Turn) -> Turn:
    leaf = turn.leaf
    assert isinstance(leaf, Leaf)
    assert isinstance(leaf.act, Act)
    return replace(turn, leaf=leaf.telling(leaf.act.revealed(history.openings[turn.digest])))


def told(world: World, recording: str) -> Folded:
    """The fold of a chain by somebody who sees every text."""
    history = world.history
    turns = [shown(history, one) for one in history.turns[recording]]
    return fold(recording, turns, history.directory())


def word(text: str) -> Shown[str]:
    return Shown(text, salt_of(text))


def test_only_who_wrote_a_note_takes_it_back(world: World, recording: str) -> None:
    """And only once."""
    history, note = world.history, world.history.thing("note")
    history.write(NoteAdd, note, world.people[Role.OFFICER], of=(recording,))
    history.write(NoteWithdraw, note, world.people[Role.HEAD], of=(recording,))
    history.write(NoteWithdraw, note, world.people[Role.OFFICER], of=(recording,))
    history.write(NoteWithdraw, note, world.people[Role.OFFICER], of=(recording,))

    assert faults(world, recording) == [FaultCode.ACTOR, FaultCode.TWICE]


def test_a_word_stands_once_and_is_taken_off_as_itself(world: World, recording: str) -> None:
    """Twice the same word, another word under its name, and one that never stood are faults; the first stands."""
    history, who = world.history, world.people[Role.HEAD]
    one, two, three = (history.thing("tag") for _ in range(3))
    history.write(TagSet, one, who, of=(recording,), stands=True, word=word("疑难"))
    history.write(TagSet, two, who, of=(recording,), stands=True, word=word("疑难"))
    history.write(TagSet, one, who, of=(recording,), stands=False, word=word("复查"))
    history.write(TagSet, three, who, of=(recording,), stands=False, word=word("复查"))

    assert faults(world, recording) == [FaultCode.TWICE, FaultCode.OUTCOME, FaultCode.NOT_BEGUN]
    life = told(world, recording).life
    assert isinstance(life, RecordingLife)
    assert [tag.ended_at for tag in life.beside.tags.values()] == [None]
