"""Terms of roles: what leaves tell of them, for which time and since when, and that no act is judged by a later word."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from pydantic import ValidationError

from schemas.actor import Reach, Role
from schemas.leaves_case import CaseOpen
from schemas.leaves_role import RoleAmend, RoleEndApart, RoleGrantNamed
from schemas.life import FaultCode
from schemas.life_account import AccountLife
from schemas.life_role import RoleLife
from schemas.replay import Folded
from schemas.role import Grant, RoleAmendIn, RoleFact
from tests.leaf_history import World, begin

DAY = timedelta(days=1)


class Post:
    """Somebody without a role, to whom one is given."""

    def __init__(self, *, since: datetime | None = None, until: datetime | None = None) -> None:
        self.world: World = begin(13)
        self.history, self.admin = self.world.history, self.world.people[Role.ADMIN]
        self.who = self.world.people[Role.OFFICER]
        self.role = self.history.thing("role")
        self.begins = since or self.history.at - 9 * DAY
        self.grant = self.given(self.role, self.begins, until)

    def given(self, role: str, since: datetime, until: datetime | None) -> str:
        named = {"role": Role.HANDLER, "reach": Reach.AGENCY, "from_": since, "until": until}
        return self.history.write(RoleGrantNamed, role, self.admin, of=(self.who,), **named)

    def amended(self, since: datetime, until: datetime | None, grant: str = "") -> None:
        said: Mapping[str, Any] = {"grant": grant or self.grant, "from_": since, "until": until}
        self.history.write(RoleAmend, self.role, self.admin, of=(self.who,), **said)

    def ended(self) -> datetime:
        self.history.write(RoleEndApart, self.role, self.admin, of=(self.who,), grant=self.grant)
        return self.history.at

    def opens_a_case(self) -> str:
        case = self.history.thing("case")
        self.history.write(CaseOpen, case, self.who, agency=self.world.agency)
        return case

    def folded(self, of: str = "") -> Folded:
        return self.history.folded()[of or self.who]

    def codes(self, of: str = "") -> list[FaultCode]:
        return [one.code for one in self.folded(of).faults]

    def life(self) -> RoleLife:
        life = self.folded().life
        assert isinstance(life, AccountLife)
        return life.roles[self.grant]

    def terms(self) -> list[tuple[datetime, datetime | None, bool]]:
        return [(one.valid_from, one.valid_until, one.known_until is None) for one in self.life().told]


def test_a_correction_closes_what_was_told_and_tells_anew() -> None:
    """Of every moment, as known at every moment, one thing is told; what was told first is still there."""
    post = Post()
    told_at = post.history.at
    post.amended(post.begins + DAY, post.history.at + DAY)
    first, second = post.life().told
    assert post.codes() == []
    assert (first.valid_from, first.valid_until) == (post.begins, None)
    assert (first.known_from, first.known_until) == (told_at, post.history.at)
    assert (second.valid_from, second.known_from, second.known_until) == (
        post.begins + DAY,
        post.history.at,
        None,
    )
    assert first.leaf == post.grant != second.leaf


def test_an_end_is_the_last_word_with_its_reason() -> None:
    """Ended by hand: held until then, told from then on, by the leaf of the end."""
    post = Post()
    at = post.ended()
    assert post.terms() == [(post.begins, None, False), (post.begins, at, True)]
    assert post.life().told[-1].reason is not None
    post.ended()
    assert post.codes() == [FaultCode.GRANT]


def test_a_role_that_ends_before_it_begins_was_never_held() -> None:
    """Nothing is told of it any more, so there is nothing to correct."""
    post = Post(since=begin(13).history.at + 400 * DAY)
    post.ended()
    assert post.terms() == [(post.begins, None, False)]
    post.amended(post.begins - 900 * DAY, post.begins - 800 * DAY)
    assert post.codes() == [FaultCode.GRANT]


@pytest.mark.parametrize("by", ["hand", "date"])
def test_a_role_that_is_over_does_not_come_back(by: str) -> None:
    """Its past is corrected; no correction makes it last beyond its own time."""
    over = begin(13).history.at + timedelta(milliseconds=1)
    post = Post(until=over if by == "date" else None)
    for _ in range(3):
        post.history.at += DAY
    if by == "hand":
        post.ended()
    post.amended(post.begins, post.history.at + DAY)
    post.amended(post.begins, None)
    assert post.codes() == [FaultCode.GRANT, FaultCode.GRANT]
    post.amended(post.begins + DAY, post.begins + 2 * DAY)
    assert len(post.codes()) == 2
    assert post.terms()[-1] == (post.begins + DAY, post.begins + 2 * DAY, True)


def test_nonsense_is_named() -> None:
    """Reversed times, the same again, no such grant, and a time in which another grant of the role holds."""
    post = Post(until=begin(13).history.at + 90 * DAY)
    post.amended(post.begins, post.begins)
    post.amended(post.begins, post.life().grant.until)
    post.amended(post.begins, None, grant="0" * 64)
    after = post.life().grant.until
    assert after is not None
    post.given(post.history.thing("role"), after, None)
    post.amended(post.begins, after + DAY)
    post.amended(post.begins + DAY, after)
    assert post.codes() == [FaultCode.PERIOD, FaultCode.TWICE, FaultCode.GRANT, FaultCode.TWICE]


def test_no_correction_makes_a_lawful_act_a_fault() -> None:
    """Done while the role was held as far as anybody knew: lawful for ever. What follows is judged by the new word."""
    post = Post()
    before = post.opens_a_case()
    post.amended(post.history.at + 30 * DAY, None)
    between = post.opens_a_case()
    post.amended(post.begins, None)
    after = post.opens_a_case()
    assert [post.codes(case) for case in (before, between, after)] == [[], [FaultCode.ROLE], []]


def test_no_correction_makes_a_fault_a_lawful_act() -> None:
    """A role that is told to have been held earlier carries no act that was done before it was told."""
    post = Post(since=begin(13).history.at + 400 * DAY)
    before = post.opens_a_case()
    post.amended(post.history.at - 9 * DAY, None)
    after = post.opens_a_case()
    assert [post.codes(case) for case in (before, after)] == [[FaultCode.ROLE], []]


def test_a_correction_of_the_past_gives_no_right_back() -> None:
    """After the end nothing is lawful again, whatever is told of the time before, also where a clock went back."""
    post = Post()
    post.ended()
    post.amended(post.begins + DAY, post.history.at)
    post.history.at -= timedelta(seconds=30)
    assert FaultCode.ROLE in post.codes(post.opens_a_case())


def _fact(first: int, last: int | None, known: int, until: int | None) -> RoleFact:
    at = datetime.fromisoformat("2026-11-01T00:00:00Z")
    times = [None if one is None else at + one * DAY for one in (first, last, known, until)]
    return RoleFact.model_validate(
        dict(zip(("valid_from", "valid_until", "known_from", "known_until"), times, strict=True))
        | {"reason": None, "leaf": "a" * 64}
    )


def test_a_question_names_two_times() -> None:
    """From the first moment on, no more at the last: for both ranges."""
    told = (_fact(5, 9, 6, None), _fact(0, None, 2, 6))
    grant = Grant(id=UUID(int=1), role=Role.HEAD, reach=Reach.AGENCY, leaf="a" * 64, facts=told)
    at = told[1].valid_from
    asked = {
        (day, known): grant.fact_at(at + day * DAY, at + known * DAY)
        for day in range(11)
        for known in range(8)
    }
    for (day, known), found in asked.items():
        wanted = told[1] if 2 <= known < 6 else told[0] if known >= 6 and 5 <= day < 9 else None
        assert found is wanted, (day, known)
    assert [grant.stands(at + day * DAY) for day in (4, 5, 9)] == [False, True, False]
    assert [grant.is_over(at + day * DAY) for day in (8, 9)] == [False, True]
    assert (grant.granted_at, grant.valid_until) == (told[1].known_from, told[0].valid_until)
    void = grant.model_copy(update={"facts": (_fact(5, 9, 2, 6),)})
    assert (void.said, void.is_over(at), void.stands(at + 6 * DAY)) == (None, True, False)
    assert void.valid_until == void.valid_from


@pytest.mark.parametrize(
    "told",
    [{}, {"for_good": True, "valid_until": "2026-11-01T00:00:00Z"}, {"for_good": True, "leaf": "x"}],
)
def test_a_wish_says_what_is_corrected(told: dict[str, object]) -> None:
    """Nothing, or an end and none at once, is no correction; nor is one of no leaf."""
    with pytest.raises(ValidationError):
        RoleAmendIn.model_validate({"leaf": "a" * 64, "reason": "x", **told})
