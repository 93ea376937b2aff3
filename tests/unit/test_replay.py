"""The fold: lawful histories have no fault, every other history is named, and hiding changes no verdict."""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.actor import Role
from schemas.chain import leaf_digest
from schemas.directory import Directory
from schemas.leaf import Leaf, Place, Unknown, leaf_bytes, parse_leaf
from schemas.leaf_steps import STATE_STEPS
from schemas.leaves import EVENTS, LEAVES
from schemas.leaves_account import AccountAmend, AccountClose
from schemas.leaves_agency import AgencyOpen
from schemas.leaves_case import CaseAmend, CaseFile, CaseInvestigate, CaseLink, CaseOpen, TieBasis
from schemas.leaves_device import DeviceRevoke
from schemas.leaves_log import ClockStep
from schemas.leaves_recording import RecordingSeal
from schemas.leaves_role import RoleEnd
from schemas.life import FaultCode, Here, Unlawful
from schemas.opening import Hidden, Shown
from schemas.reference import noun_of
from schemas.replay import APPLY, Folded, Missing, Turn, fold, turn_of
from tests.leaf_examples import drawn, example, thing
from tests.leaf_history import SIGNER, WORKER, World, begin, received, told

PROFILE = settings(max_examples=25)
SEEDS = st.integers(0, 2**32)
WORLD = told(7, is_every=True)
LONGEST = max(WORLD.history.turns, key=lambda of: (noun_of(of) == "case", len(WORLD.history.turns[of])))


@given(seed=SEEDS)
@PROFILE
def test_a_lawful_history_has_no_fault(seed: int) -> None:
    """Stories of all nouns, interleaved in any way: every chain folds without a fault to its head."""
    history = told(seed).history
    for of, folded in history.folded().items():
        assert folded.faults == []
        assert folded.is_known
        assert (folded.n, folded.head) == history.heads[of]


def test_the_stories_write_every_event() -> None:
    """What no story writes, no property below has seen."""
    written: set[str] = set()
    for seed in range(40):
        history = told(seed, is_every=True).history
        written |= {parse_leaf(payload).event for payload in history.payloads}
        if written == set(EVENTS):
            break
    assert written == set(EVENTS)


def _withheld(turns: list[Turn], rng: random.Random, share: float) -> list[Turn]:
    return [replace(turn, leaf=Missing.WITHHELD) if rng.random() < share else turn for turn in turns]


def _drop(turns: list[Turn], at: int) -> list[Turn]:
    return turns[:at] + turns[at + 1 :]


def _swap(turns: list[Turn], at: int) -> list[Turn]:
    return [*turns[:at], turns[at + 1], turns[at], *turns[at + 2 :]]


def _double(turns: list[Turn], at: int) -> list[Turn]:
    return [*turns[:at], turns[at], *turns[at:]]


def _cut(turns: list[Turn], at: int) -> list[Turn]:
    return turns[: at + 1]


def _replace(turns: list[Turn], at: int) -> list[Turn]:
    one = turns[at]
    return [*turns[:at], replace(one, digest=leaf_digest(one.digest.encode())), *turns[at + 1 :]]


def _relabel(turns: list[Turn], at: int) -> list[Turn]:
    return [*turns[:at], replace(turns[at], event="case:guess"), *turns[at + 1 :]]


def _renumber(turns: list[Turn], at: int) -> list[Turn]:
    """Two leaves change their places and their numbers with them."""
    one, two = replace(turns[at], n=turns[at + 1].n), replace(turns[at + 1], n=turns[at].n)
    return [*turns[:at], two, one, *turns[at + 2 :]]


def _close_up(turns: list[Turn], at: int) -> list[Turn]:
    """A leaf is dropped and the later ones are renumbered, so that no number is missing."""
    return turns[:at] + [replace(turn, n=turn.n - 1) for turn in turns[at + 1 :]]


@pytest.mark.parametrize("share", [0.0, 0.4], ids=["all shown", "40 % withheld"])
@pytest.mark.parametrize("change", [_drop, _swap, _double, _cut, _replace, _relabel, _renumber, _close_up])
@given(seed=SEEDS)
@settings(max_examples=15)
def test_every_other_history_is_named(
    change: Callable[[list[Turn], int], list[Turn]], share: float, seed: int
) -> None:
    """A chain that is cut, closed up, reordered, doubled or altered has a fault, or not the head it should have."""
    rng = random.Random(seed)
    turns = _withheld(WORLD.history.turns[LONGEST], rng, share)
    seen, head = WORLD.history.directory(), WORLD.history.heads[LONGEST]
    whole = fold(LONGEST, turns, seen)
    assert (whole.faults, (whole.n, whole.head)) == ([], head)
    changed = fold(LONGEST, change(turns, rng.randrange(len(turns) - 1)), seen)
    assert changed.faults or (changed.n, changed.head) != head


def test_a_dropped_leaf_is_named_once() -> None:
    """The hole is named at the number where it ends; what follows is read from what it says, and is no fault."""
    turns = WORLD.history.turns[LONGEST]
    folded = fold(LONGEST, _drop(turns, 3), WORLD.history.directory())
    assert [(fault.n, fault.code) for fault in folded.faults] == [(5, FaultCode.HOLE)]
    assert folded.unknown_from == 4
    assert folded.head == WORLD.history.heads[LONGEST][1]


def _revealed(history: Any, turns: list[Turn], shown: Callable[[], bool]) -> list[Turn]:
    made = []
    for turn in turns:
        assert isinstance(turn.leaf, Leaf)
        chosen = {m: o for m, o in history.openings[turn.digest].items() if shown()}
        act = turn.leaf.act.revealed(chosen)  # type: ignore[union-attr]
        made.append(replace(turn, leaf=replace(turn.leaf, act=act)))
    return made


@given(seed=SEEDS)
@PROFILE
def test_hidden_openings_change_no_verdict(seed: int) -> None:
    """Whatever is shown, hidden or erased: the same faults, the same head, the same states and versions."""
    history, rng = told(seed, stories=3).history, random.Random(seed)
    seen = history.directory()
    for of, turns in history.turns.items():
        bare = fold(of, turns, seen)
        some = fold(of, _revealed(history, turns, lambda: rng.random() < 0.5), seen)
        every = fold(of, _revealed(history, turns, lambda: True), seen)
        assert bare.faults == some.faults == every.faults == []
        assert bare.versions == some.versions == every.versions
        assert bare.head == every.head
        assert _clear(bare.life) == _clear(some.life) == _clear(every.life)


def _clear(value: Any) -> Any:
    """Return a life without its committed values."""
    if isinstance(value, (Shown, Hidden)):
        return "committed"
    if hasattr(value, "__dataclass_fields__"):
        return {name: _clear(getattr(value, name)) for name in value.__dataclass_fields__}
    if hasattr(value, "model_fields_set"):
        return {name: _clear(getattr(value, name)) for name in type(value).model_fields}
    if isinstance(value, dict):
        return {key: _clear(one) for key, one in value.items()}
    return [_clear(one) for one in value] if isinstance(value, tuple) else value


def _lives() -> Iterator[tuple[str, Any, list[Turn]]]:
    """Yield every life on the way of every chain, with the turns that led there."""
    for seed in range(4):
        history = told(seed, is_every=True).history
        seen = history.directory()
        for of, turns in history.turns.items():
            for length in range(len(turns) + 1):
                yield of, fold(of, turns[:length], seen).life, turns[:length]


def test_every_event_in_every_state() -> None:
    """No leaf stops a reducer: it is lawful from the states that its row names, or it is a fault."""
    taken: Counter[str] = Counter()
    seen: set[tuple[str, str]] = set()
    for of, life, turns in _lives():
        noun = noun_of(of)
        state = getattr(life, "state", "received" if noun == "monitoring" else "")
        if (noun, f"{state} {len(turns)}") in seen:
            continue
        seen.add((noun, f"{state} {len(turns)}"))
        for kind in LEAVES.values():
            if noun not in kind.spec.chains:
                continue
            leaf = _example_in(of, kind)
            here = Here(of, len(turns) + 1, "0" * 64, None, Directory(), is_whole=True)
            try:
                APPLY[noun](life, leaf, here)
            except Unlawful:
                continue
            taken[kind.spec.event] += 1
            rows = [row for row in STATE_STEPS.get(kind.spec.event, ()) if row.noun == noun]
            assert not rows or any(state in row.starts or not (row.starts or life) for row in rows), kind
    assert taken["case:file"]
    assert taken["equipment:suspend"]


def _example_in(of: str, kind: Any) -> Leaf:
    leaf = example(kind, is_full=True)
    own = thing(noun_of(of))
    text = leaf_bytes(leaf).decode().replace(own, of)
    return parse_leaf(text.encode())


def _chain(*leaves: Leaf) -> list[Turn]:
    return [turn_of(leaf_bytes(leaf), n=n, event=leaf.event) for n, leaf in enumerate(leaves, start=1)]


def test_a_leaf_that_is_no_json_is_a_fault_at_its_number() -> None:
    """Its digest stands in the head, its number and event are kept, the chain goes on, the life is unknown."""
    history = WORLD.history
    turns = history.turns[LONGEST]
    broken = turn_of(b"\x00no leaf", n=3, event=turns[2].event)
    assert broken.leaf is Missing.UNREADABLE
    folded = fold(LONGEST, [*turns[:2], broken, *turns[3:]], history.directory())
    codes = [(fault.n, fault.code) for fault in folded.faults]
    assert codes == [(3, FaultCode.UNREADABLE), (4, FaultCode.BROKEN)]
    assert (folded.unknown_from, folded.n) == (3, len(turns))


def test_an_unknown_pair_is_understood_from_nowhere_on() -> None:
    """The chain holds, the life is that of the leaf before, and it is not the life of the whole chain."""
    world = begin(3)
    history, case = world.history, world.history.thing("case")
    handler, head = world.people[Role.HANDLER], world.people[Role.HEAD]
    history.write(CaseOpen, case, handler, agency=world.agency)
    history.write(CaseFile, case, head)
    first, second = history.turns[case]
    act = Unknown(event="case:foretell", ev=1, members={}, committed={})
    assert isinstance(second.leaf, Leaf)
    odd = turn_of(leaf_bytes(replace(second.leaf, act=act)), n=2, event="case:foretell")
    folded = fold(case, [first, odd], history.directory())
    assert folded.faults == []
    assert (folded.not_understood_from, folded.is_known) == (2, False)
    assert folded.life.state == "lead"  # type: ignore[union-attr]


@pytest.mark.parametrize("why", [Missing.WITHHELD, Missing.ERASED])
def test_what_is_withheld_is_neutral_or_unknown(why: Missing) -> None:
    """A tie to another case leaves a recording's life known; a withheld step of a case does not."""
    world = begin(4)
    history = world.history
    handler, case = world.people[Role.HANDLER], world.history.thing("case")
    recording = received(world)
    history.write(CaseOpen, case, handler, agency=world.agency)
    tie = {"of": (case, recording), "case": case, "recording": recording}
    history.write(CaseLink, case, handler, **tie)
    history.write(RecordingSeal, recording, WORKER, size_bytes=7)
    history.write(CaseFile, case, world.people[Role.HEAD])
    for of, is_known in ((recording, True), (case, False)):
        turns = [
            replace(turn, leaf=why) if turn.event in ("case:link", "case:file") else turn
            for turn in history.turns[of]
        ]
        folded = fold(of, turns, history.directory())
        assert (folded.faults, folded.is_known) == ([], is_known)
        assert folded.head == history.heads[of][1]
        assert {one.why for one in folded.absent} == {why}


def _folded(world: World, of: str) -> Folded:
    return world.history.folded()[of]


def _codes(world: World, of: str) -> list[FaultCode]:
    return [fault.code for fault in _folded(world, of).faults]


def test_a_right_ends_with_its_leaf() -> None:
    """What somebody does after their role, their account or their key has ended is named; before, it is not."""
    world = begin(5)
    history, admin = world.history, world.people[Role.ADMIN]
    handler = world.people[Role.HANDLER]
    cases = [history.thing("case") for _ in range(3)]
    history.write(CaseOpen, cases[0], handler, agency=world.agency)
    grant = next(turn.digest for turn in history.turns[handler] if turn.event == "role:grant")
    history.write(RoleEnd, history.thing("role"), admin, of=(handler,), grant=grant)
    history.write(CaseOpen, cases[1], handler, agency=world.agency)
    history.write(AccountClose, handler, admin)
    history.write(CaseOpen, cases[2], handler, agency=world.agency)
    history.write(DeviceRevoke, world.device, world.people[Role.CUSTODIAN], kid=world.kid)
    recording = received(world)
    assert _codes(world, cases[0]) == []
    assert _codes(world, cases[1]) == [FaultCode.ROLE]
    assert FaultCode.ACTOR in _codes(world, cases[2])
    assert FaultCode.ACTOR in _codes(world, recording)


def test_where_somebody_belonged_is_asked_at_the_index() -> None:
    """Who moved to another agency acted lawfully before, for the old one, and after, for the new one – not across."""
    world = begin(11)
    history, admin = world.history, world.people[Role.ADMIN]
    handler, other = world.people[Role.HANDLER], world.history.thing("agency")
    history.write(AgencyOpen, other, admin, parent=None, principal=None)
    cases = [history.thing("case") for _ in range(4)]
    for case, agency in zip(cases[:2], (world.agency, other), strict=True):
        history.write(CaseOpen, case, handler, agency=agency)
    history.write(AccountAmend, handler, admin, agency=other)
    for case, agency in zip(cases[2:], (world.agency, other), strict=True):
        history.write(CaseOpen, case, handler, agency=agency)
    crossed = [FaultCode.AGENCY]
    assert [_codes(world, case) for case in cases] == [[], crossed, crossed, []]


def test_causes_precede_effects() -> None:
    """A tie before its recording came, or to one of another agency, is named; so is a seal nobody received."""
    world = begin(6)
    history, handler = world.history, world.people[Role.HANDLER]
    case, later, alone = (history.thing(noun) for noun in ("case", "recording", "recording"))
    history.write(CaseOpen, case, handler, agency=world.agency)
    history.write(CaseLink, case, handler, of=(case, later), case=case, recording=later)
    history.write(RecordingSeal, alone, WORKER)
    other = history.thing("agency")
    history.write(AgencyOpen, other, world.people[Role.ADMIN], parent=None, principal=None)
    stranger = history.thing("case")
    history.write(CaseOpen, stranger, handler, agency=other)
    recording = received(world)
    tie = {"case": stranger, "recording": recording}
    history.write(CaseLink, stranger, handler, of=(stranger, recording), **tie)
    assert _codes(world, case) == [FaultCode.EVIDENCE]
    assert _codes(world, later) == [FaultCode.NOT_BEGUN]
    assert _codes(world, alone) == [FaultCode.NOT_BEGUN]
    assert _codes(world, stranger)[0] is FaultCode.AGENCY


@pytest.mark.parametrize("basis", [None, *TieBasis])
def test_who_hands_in_ties_only_what_is_stated(basis: TieBasis | None) -> None:
    """A device, and an officer who handles no case, say what a recording is for; every other tie is a handler's."""
    world = begin(8)
    history, people = world.history, world.people
    case = history.thing("case")
    history.write(CaseOpen, case, people[Role.HANDLER], agency=world.agency)
    codes = []
    for actor in (world.device, people[Role.OFFICER], people[Role.HANDLER]):
        recording = received(world)
        tie = {"case": case, "recording": recording, "basis": basis}
        history.write(CaseLink, case, actor, of=(case, recording), **tie)
        codes.append(len(_codes(world, case)))
    assert codes == ([0, 0, 0] if basis is TieBasis.STATED else [1, 2, 2])
    assert set(_codes(world, case)) <= {FaultCode.ROLE}


def test_a_step_from_another_state_keeps_the_life() -> None:
    """An unlawful leaf is named at its number; the life stays at its last lawful value and goes on from there."""
    world = begin(8)
    history, case = world.history, world.history.thing("case")
    handler, head = world.people[Role.HANDLER], world.people[Role.HEAD]
    history.write(CaseOpen, case, handler, agency=world.agency)
    history.write(CaseInvestigate, case, handler)
    history.write(CaseFile, case, head)
    folded = _folded(world, case)
    assert [(fault.n, fault.code) for fault in folded.faults] == [(2, FaultCode.STEP)]
    assert folded.life.state == "filed"  # type: ignore[union-attr]


def test_a_time_that_runs_back_is_named_unless_it_is_bounded() -> None:
    """A leaf earlier than the one before it is a fault in words; a step of the clock before it explains it."""
    for is_bounded in (False, True):
        world = begin(9)
        history, case = world.history, world.history.thing("case")
        history.write(CaseOpen, case, world.people[Role.HANDLER], agency=world.agency)
        history.at -= timedelta(minutes=10)
        if is_bounded:
            history.write(ClockStep, history.thing("clock"), SIGNER)
        history.write(CaseFile, case, world.people[Role.HEAD])
        assert _codes(world, case) == ([] if is_bounded else [FaultCode.TIME_BACK])


def test_versions_are_numbers_of_leaves() -> None:
    """A thing's ETag is the number of the last leaf that changed it; ties and neighbours leave it alone."""
    world = begin(10)
    history, case = world.history, world.history.thing("case")
    handler = world.people[Role.HANDLER]
    recording = received(world)
    history.write(CaseOpen, case, handler, agency=world.agency)
    tie = {"of": (case, recording), "case": case, "recording": recording}
    history.write(CaseLink, case, handler, **tie)
    assert _folded(world, case).versions == {case: 1}
    history.write(CaseAmend, case, handler)
    assert _folded(world, case).versions == {case: 3}
    review = next(of for of in _folded(WORLD, LONGEST).versions if of.startswith("review/"))
    assert WORLD.history.turns[LONGEST][_folded(WORLD, LONGEST).versions[review] - 1].event.startswith(
        "review:"
    )


def test_a_partial_directory_accuses_nobody() -> None:
    """A package that withholds accounts, roles and other chains cannot tell: what is not known is no fault."""
    for of, turns in WORLD.history.turns.items():
        assert fold(of, turns, Directory()).faults == []


def test_a_leaf_in_the_wrong_chain_is_broken() -> None:
    """A leaf that does not stand in the chain it is shown in is named, and nothing of it is believed."""
    turns = WORLD.history.turns[LONGEST]
    elsewhere = f"case/{drawn('other')}"
    place = Place(n=2, of=elsewhere, prev="0" * 64)
    other = replace(example(CaseFile, is_full=True), subject=elsewhere, chains=(place,))
    forged = turn_of(leaf_bytes(other), n=2, event="case:file")
    folded = fold(LONGEST, [turns[0], forged], WORLD.history.directory())
    assert [fault.code for fault in folded.faults] == [FaultCode.BROKEN]
    assert folded.unknown_from == 2
