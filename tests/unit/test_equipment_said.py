"""What equipment is said to be: changed from a date on, or wrong from the beginning, by storage's rule and by the fold."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from schemas.actor import Role
from schemas.equipment import Publication
from schemas.equipment_version import (
    VALUES,
    EquipmentDescribeIn,
    PlaceRemark,
    Version,
    last_said,
    place_remark,
    redescribed,
    standing,
)
from schemas.errors import EvidenceError
from schemas.leaf import Leaf, Unknown
from schemas.leaves_device import EquipmentRegister
from schemas.leaves_equipment import EquipmentDescribe
from schemas.life import FaultCode
from schemas.life_described import number_told
from schemas.life_equipment import EquipmentLife
from schemas.opening import Hidden, Shown
from schemas.replay import Folded, fold
from tests.leaf_history import begin, shown_text

DAY = timedelta(days=1)
AT = datetime(2026, 11, 1, tzinfo=UTC)
MARCH, APRIL, JUNE = (datetime(2026, month, 1, tzinfo=UTC) for month in (3, 4, 6))
FIRST = Version(
    number="S-1",
    name="汽车衡",
    site="K12",
    standard="JJG 907",
    lat_e7=1,
    lon_e7=2,
    crs="WGS84",
    valid_from=None,
    valid_until=None,
    known_from=datetime(2026, 1, 1, tzinfo=UTC),
    known_until=None,
    reason=None,
    leaf="00",
)


class Told:
    """Versions as storage tells them, by the pure rule: what passes the time of an act is closed and told anew."""

    def __init__(self) -> None:
        self.versions: tuple[Version, ...] = (FIRST,)
        self.at = AT

    def say(self, **wish: Any) -> tuple[str, ...]:
        self.at += timedelta(days=1)
        if "from_at" not in wish:
            wish["always"] = True
        told = EquipmentDescribeIn.model_validate({"reason": "r", **wish})
        change = redescribed(self.versions, told, self.at)
        since = change.versions[0].valid_from
        kept = []
        for one in self.versions:
            if not one.is_said() or (since and one.valid_until is not None and one.valid_until <= since):
                kept.append(one)
                continue
            kept.append(one.model_copy(update={"known_until": self.at}))
            if since is not None and (one.valid_from is None or one.valid_from < since):
                kept.append(one.model_copy(update={"valid_until": since, "known_from": self.at}))
        new = [one.model_copy(update={"known_from": self.at, "leaf": "01"}) for one in change.versions]
        self.versions = (*kept, *new)
        return change.fields

    def sites(self) -> list[tuple[str, datetime | None]]:
        said = [one for one in self.versions if one.is_said()]
        return sorted(
            ((one.site, one.valid_from) for one in said), key=lambda one: one[1] or FIRST.known_from
        )


def test_a_camera_that_was_moved_stands_where_it_stood_before() -> None:
    """From a date on: a capture of before has the place of before, one of later the new one."""
    told = Told()
    assert told.say(from_at=MARCH, site="K20", reason=None) == ("site",)
    before, after = standing(told.versions, MARCH - DAY), standing(told.versions, MARCH)
    assert (before and before.site, after and after.site) == ("K12", "K20")
    assert last_said(told.versions).site == "K20"
    then = standing(told.versions, MARCH, AT)
    assert then
    assert then.site == "K12"
    assert standing(told.versions, MARCH, FIRST.known_from - DAY) is None


def test_a_correction_goes_as_far_as_what_was_wrong() -> None:
    """Wrong from the beginning: a later move stays, a name that never changed is mended throughout."""
    told = Told()
    told.say(from_at=MARCH, site="K20")
    assert told.say(site="K11", name="动态汽车衡") == ("name", "site")
    assert told.sites() == [("K11", None), ("K20", MARCH)]
    assert {one.name for one in told.versions if one.is_said()} == {"动态汽车衡"}


def test_a_move_that_never_was_and_one_on_another_day() -> None:
    """Taken back by saying the old place of its day; told earlier, the earlier day counts."""
    told = Told()
    told.say(from_at=APRIL, site="K20")
    told.say(from_at=MARCH, site="K20")
    assert [one.site for one in told.versions if one.is_said() and one.covers(MARCH)] == ["K20"]
    told.say(from_at=MARCH, site="K12")
    assert {one.site for one in told.versions if one.is_said()} == {"K12"}


def test_a_position_is_changed_and_taken_away() -> None:
    """As a whole, with its datum; a value that is the same is not named."""
    told = Told()
    point = {"lat_e7": 9, "lon_e7": 2, "crs": "GCJ02"}
    assert told.say(from_at=MARCH, name="汽车衡", **point) == ("point",)
    assert last_said(told.versions).says(("lat_e7", "lon_e7", "crs")) == (9, 2, "GCJ02")
    assert told.say(from_at=MARCH, without_point=True) == ("point",)
    assert last_said(told.versions).lat_e7 is None


@pytest.mark.parametrize(
    ("wish", "slug"),
    [
        ({"from_at": AT + 9 * DAY, "site": "x"}, "fact-in-future"),
        ({"from_at": MARCH, "site": "K12"}, "equipment-described-same"),
        ({"from_at": MARCH}, "equipment-described-same"),
        ({"site": "x", "reason": None}, "equipment-described-reason"),
    ],
)
def test_what_is_no_change(wish: dict[str, Any], slug: str) -> None:
    """In the future, what is said already, or a correction that does not say why."""
    with pytest.raises(EvidenceError) as caught:
        Told().say(**wish)
    assert caught.value.slug == slug


def test_what_was_said_of_a_later_time_is_corrected_with_a_reason() -> None:
    """The first move needs none; saying anew from its day on, or an earlier one, does."""
    told = Told()
    told.say(from_at=MARCH, site="K20", reason=None)
    told.say(from_at=APRIL, site="K21", reason=None)
    for since in (MARCH, APRIL, MARCH + DAY):
        with pytest.raises(EvidenceError) as caught:
            told.say(from_at=since, site="K30", reason=None)
        assert caught.value.slug == "equipment-described-reason"


@pytest.mark.parametrize(
    "wish",
    [
        {"site": "x"},
        {"site": "x", "always": True, "from_at": MARCH},
        {"always": True, "lat_e7": 1},
        {"always": True, "lat_e7": 1, "lon_e7": 1, "crs": "WGS84", "without_point": True},
        {"always": True, "number": "空 格"},
    ],
)
def test_what_cannot_be_asked(wish: dict[str, Any]) -> None:
    """No time or two, half a position, a position and none, a number that is none."""
    with pytest.raises(ValidationError):
        EquipmentDescribeIn.model_validate(wish)


def published(at: datetime, known: datetime) -> Publication:
    return Publication(url="https://x", published_at=at, entry="e", leaf="e", known_from=known)


def test_a_place_that_was_published_before_the_move() -> None:
    """A remark, until the new place is published; a number or a name changes no place."""
    told, early = Told(), published(MARCH - DAY, AT - DAY)
    assert place_remark(told.versions, ()) is None
    told.say(from_at=MARCH, number="S-2", name="另名")
    assert place_remark(told.versions, (early,)) is None
    told.say(from_at=MARCH, site="K20")
    assert place_remark(told.versions, (early,)) is PlaceRemark.MOVED
    later = published(MARCH, told.at)
    assert place_remark(told.versions, (early, later)) is None
    gone = later.model_copy(update={"known_until": told.at + DAY})
    assert place_remark(told.versions, (early, gone)) is PlaceRemark.MOVED


def test_a_place_that_was_corrected_after_its_publication() -> None:
    """Nobody can tell which of the two was published, until it is entered again."""
    told, known = Told(), published(MARCH, AT - DAY)
    told.say(site="K11")
    assert place_remark(told.versions, (known,)) is PlaceRemark.CORRECTED
    again = published(MARCH, told.at + DAY)
    assert place_remark(told.versions, (known, again)) is None


class Piece:
    """A registered piece of equipment in the fold."""

    def __init__(self) -> None:
        self.world = begin(17)
        self.history, self.keeper = self.world.history, self.world.people[Role.CUSTODIAN]
        self.of = self.history.thing("equipment")
        values = {name: shown_text(getattr(FIRST, name)) for name in ("number", "name", "site", "standard")}
        point = Shown({"lat_e7": 1, "lon_e7": 2, "crs": "WGS84"}, shown_text("point").salt)
        self.write(EquipmentRegister, agency=self.world.agency, **values, point=point)

    def write(self, kind: Any, /, **members: Any) -> str:
        return self.history.write(kind, self.of, self.keeper, **members)

    def say(self, since: datetime | None, *, reason: str | None = "r", **texts: str | None) -> None:
        words: dict[str, Any] = dict.fromkeys(("number", "name", "site", "standard", "point"))
        words |= {name: text and shown_text(text) for name, text in texts.items()}
        why = reason and shown_text(reason)
        self.write(EquipmentDescribe, fields=tuple(sorted(texts)), from_=since, reason=why, **words)

    @property
    def folded(self) -> Folded:
        """The fold of its chain with everything opened, as fsck reads it."""
        history = self.history
        turns = [
            replace(turn, leaf=turn.leaf.telling(turn.leaf.act.revealed(history.openings[turn.digest])))
            for turn in history.turns[self.of]
            if isinstance(turn.leaf, Leaf) and not isinstance(turn.leaf.act, Unknown)
        ]
        return fold(self.of, turns, history.directory())

    @property
    def codes(self) -> list[FaultCode]:
        return [one.code for one in self.folded.faults]

    @property
    def life(self) -> EquipmentLife:
        life = self.folded.life
        assert isinstance(life, EquipmentLife)
        return life

    def said(self) -> set[tuple[object, ...]]:
        return {
            (
                *(_text(one.values[name]) for name in ("number", "name", "site")),
                one.valid_from,
                one.valid_until,
            )
            for one in self.life.described
            if one.known_until is None
        }


def _text(one: object) -> object:
    return one.value if isinstance(one, Shown) else None


def test_the_fold_refuses_what_storage_refuses() -> None:
    """The future, what is said already, a later word corrected without a reason; each leaves what was said."""
    piece = Piece()
    before = piece.history.at - 9 * DAY
    piece.say(before, reason=None, site="K20")
    assert piece.codes == []
    piece.say(piece.history.at + 90 * DAY, site="K30")
    piece.say(before, site="K20")
    piece.say(before, reason=None, site="K31")
    assert piece.codes == [FaultCode.FUTURE, FaultCode.TWICE, FaultCode.VALUES]
    assert {one[2] for one in piece.said()} == {"K12", "K20"}


def test_a_number_is_told_of_its_time() -> None:
    """Of the capture, as it was ever said; where it is withheld nobody can tell."""
    piece = Piece()
    since = piece.history.at - 9 * DAY
    piece.say(since, reason=None, number="S-2")
    told = piece.life.described
    assert [number_told(told, at, "S-2") for at in (since - DAY, since, None)] == [False, True, True]
    assert number_told(told, since, "S-1") is True  # it was said so until the change was entered
    assert number_told(told, since - DAY, "S-3") is False
    hidden = tuple(one._replace(values={**one.values, "number": Hidden("00" * 32)}) for one in told)
    assert number_told(hidden, since, "S-1") is None


@pytest.mark.parametrize(
    "members",
    [
        {"fields": ("site", "name"), "name": shown_text("x"), "site": shown_text("x")},
        {"fields": ("name",), "site": shown_text("x")},
        {"fields": ("name",)},
        {"fields": ("name",), "name": shown_text("x"), "from_": None, "reason": None},
    ],
)
def test_what_is_no_such_leaf(members: dict[str, Any]) -> None:
    """Unsorted, another value than is named, none, or a correction without a reason."""
    given: dict[str, Any] = {"from_": AT, **members}
    with pytest.raises(ValidationError):
        EquipmentDescribe.model_validate(
            {"from" if name == "from_" else name: value for name, value in given.items()}
        )


WISHES = st.lists(
    st.tuples(
        st.sampled_from([None, 9, 7, 5, 3]),
        st.dictionaries(st.sampled_from(["number", "name", "site"]), st.sampled_from("ABC"), min_size=1),
    ),
    max_size=6,
)


@given(wishes=WISHES)
def test_the_fold_says_what_storage_tells(wishes: list[tuple[int | None, dict[str, str]]]) -> None:
    """Any changes and corrections in any order: the same versions now, and the same of every time known before."""
    piece, told = Piece(), Told()
    day = piece.history.at
    told.versions = (FIRST.model_copy(update={"known_from": day}),)
    for ago, texts in wishes:
        since = None if ago is None else day - ago * DAY
        wish = EquipmentDescribeIn.model_validate(
            {"from_at": since, "always": since is None, "reason": "r", **texts}
        )
        try:
            change = redescribed(told.versions, wish, day)
        except EvidenceError:
            continue
        told.at = day
        told.say(**({} if since is None else {"from_at": since}), **texts)
        first = change.versions[0]
        piece.say(since, **{name: getattr(first, name) for name in change.fields})
    assert piece.codes == []
    assert piece.said() == {
        (one.number, one.name, one.site, one.valid_from, one.valid_until)
        for one in told.versions
        if one.is_said()
    }
    assert len(piece.life.described) == len(told.versions)
    assert set(VALUES) >= {"number", "name", "site"}
