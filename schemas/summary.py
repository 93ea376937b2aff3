"""The summary procedure: a penalty that officers decide on the spot, and that is filed with their agency (arts 51 and 52).

Administrative Penalty Law (2021): the facts are established and have a legal basis, and the penalty is a warning, or a
fine of up to 200 yuan for a citizen, 3,000 for a legal person or another organisation (art. 51). Two officers (42) show
their certificates, fill in a numbered form and hand it over; a refusal to sign is noted on it; the agency is told (52).
The rights to be told and heard (44, 45) hold; the head's examination, legal review, the ordinary form and the term
(57–60) do not.
"""

from collections.abc import Collection, Mapping
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated, NamedTuple

from pydantic import Field, model_validator

from schemas.base import Frozen, HexDigest, Reason, UtcDatetime, WireIn
from schemas.decision import MOST_FEN, ClosingIn, PenaltyKind
from schemas.ids import AccountId
from schemas.officer import MIN_OFFICERS, NamedOfficer
from schemas.party_code import is_resident_id
from schemas.refusals_summary import (
    SUMMARY_EXCEPTION,
    SUMMARY_FINE_HIGH,
    SUMMARY_KIND,
    SUMMARY_OFFICERS,
    SUMMARY_PARTY,
    SUMMARY_TIME,
)
from schemas.setting import Setting
from schemas.trail import day_of

MOST_OFFICERS = 8
_FEN = 100


class PartyKind(StrEnum):
    """Who may be fined how much on the spot (art. 51)."""

    CITIZEN = "citizen"
    ORGANISATION = "organisation"


LIMITS: Mapping[PartyKind, Setting] = MappingProxyType(
    {
        PartyKind.CITIZEN: Setting.SUMMARY_FINE_CITIZEN_YUAN,
        PartyKind.ORGANISATION: Setting.SUMMARY_FINE_ORGANISATION_YUAN,
    }
)
"""Up to how many yuan: an agency may say less, never more than the law does."""


class LawLimit(NamedTuple):
    """Up to how many fen a law lets anybody be fined on the spot, from a day on."""

    since: date
    most_fen: Mapping[PartyKind, int]


LAW_LIMITS = (
    LawLimit(date(1996, 10, 1), {PartyKind.CITIZEN: 50 * _FEN, PartyKind.ORGANISATION: 1000 * _FEN}),
    LawLimit(date(2021, 7, 15), {PartyKind.CITIZEN: 200 * _FEN, PartyKind.ORGANISATION: 3000 * _FEN}),
)
"""Art. 33 of the law of 1996, art. 51 of that of 2021. No agency goes beyond it, and the fold names what does."""


def most_fen(kind: PartyKind, at: datetime) -> int:
    """Return up to how many fen the law lets this kind of party be fined on the spot at a time; 0 before there was one."""
    held = [one.most_fen[kind] for one in LAW_LIMITS if one.since <= day_of(at)]
    return held[-1] if held else 0


SUMMARY_KINDS = (PenaltyKind.WARNING, PenaltyKind.FINE)
"""Art. 51, in the order of art. 9: no notice of criticism, no confiscation."""

Number = Annotated[str, Field(min_length=1, max_length=100, pattern=r"\S")]
Article = Annotated[str, Field(min_length=1, max_length=200, pattern=r"\S")]
Certificate = Annotated[str, Field(min_length=1, max_length=64, pattern=r"\S")]


class PenaliseIn(ClosingIn):
    """A penalty on the spot as its form says it; `officers` are numbers of certificates, a fine is in fen.

    `reason` is a remark. `unrecorded` says why a duty of arts 44, 45 and 52 has no document. `exception` is the article
    by which one officer alone may act (art. 42), out of the agency's list; without it there are two.
    """

    party_kind: PartyKind
    penalties: Annotated[list[PenaltyKind], Field(min_length=1, max_length=len(PenaltyKind))]
    fine_fen: Annotated[int, Field(ge=1, le=MOST_FEN)] | None = None
    basis: Reason
    number: Number
    made_at: UtcDatetime
    place: Annotated[str, Field(min_length=1, max_length=200, pattern=r"\S")]
    officers: Annotated[list[Certificate], Field(min_length=1, max_length=MOST_OFFICERS)]
    is_refused: bool
    exception: Article | None = None

    @model_validator(mode="after")
    def _goes_together(self) -> "PenaliseIn":
        if (self.fine_fen is not None) is not (PenaltyKind.FINE in self.penalties):
            raise ValueError("a fine has an amount, and nothing else has one")
        return self

    @property
    def kinds(self) -> tuple[PenaltyKind, ...]:
        """Return the kinds, sorted and each once, as the leaf names them."""
        return tuple(sorted(set(self.penalties)))


class RecordIn(WireIn):
    """What is remarked where the head files a decision on the spot."""

    reason: Annotated[str, Field(max_length=500)] = ""


class RetractIn(WireIn):
    """Why the entry of a penalty on the spot is taken back."""

    reason: Reason


def check_summary(
    wish: PenaliseIn, *, most_yuan: int, party_code: str | None, occurred_at: datetime | None, now: datetime
) -> None:
    """Refuse what may not be decided on the spot.

    Args:
        wish: What was decided.
        most_yuan: The highest fine for this kind of party, as the agency had it then.
        party_code: Of the case.
        occurred_at: When the act happened, as the case says.
        now: When it is entered.

    Raises:
        Invalid: slugs `summary-kind`, `summary-fine-high`, `summary-party`, `summary-time`.
    """
    if not set(wish.penalties) <= set(SUMMARY_KINDS):
        raise SUMMARY_KIND("a kind that is not decided on the spot")
    if wish.fine_fen is not None and wish.fine_fen > min(
        most_yuan * _FEN, most_fen(wish.party_kind, wish.made_at)
    ):
        raise SUMMARY_FINE_HIGH(f"a fine on the spot is {most_yuan} yuan at most", most=most_yuan)
    if wish.party_kind is PartyKind.ORGANISATION and party_code and is_resident_id(party_code):
        raise SUMMARY_PARTY("the party's code is that of a citizen")
    if wish.made_at > now or (occurred_at is not None and wish.made_at < occurred_at):
        raise SUMMARY_TIME("it is dated later than now, or before the act")


def check_exception(article: str | None, listed: Collection[str]) -> None:
    """Refuse an article by which nobody may act alone.

    Raises:
        Invalid: it does not stand in the agency's list (slug `summary-exception`).
    """
    if article is not None and article not in listed:
        raise SUMMARY_EXCEPTION("the agency's list has no such article")


def acting(
    wanted: Collection[str], named: Collection[NamedOfficer], *, is_excepted: bool = False
) -> tuple[AccountId, ...]:
    """Return the officers who decided, sorted: people, of whom two certificates are one.

    `is_excepted`: an article lets one act alone (art. 42); where two did, none is cited.

    Raises:
        Invalid: a certificate is unknown, or was not valid then, or is another agency's or an auxiliary's; or there are
            fewer than two people (slug `summary-officers`); or two and an article (`summary-exception`).
    """
    sound = {one.number: one.person for one in named if one.is_valid and one.is_ours and not one.is_auxiliary}
    people, least = set(sound.values()), 1 if is_excepted else MIN_OFFICERS
    if set(wanted) - sound.keys() or len(people) < least:
        raise SUMMARY_OFFICERS("fewer officers with valid certificates than it takes", officers=len(people))
    if is_excepted and len(people) >= MIN_OFFICERS:
        raise SUMMARY_EXCEPTION("two officers need no article")
    return tuple(sorted(people))


class SummaryPenalty(Frozen):
    """A penalty on the spot as it was entered, by names; when and by whom it was filed, or taken back.

    `leaf` is the digest of the leaf that entered it.
    """

    party_kind: PartyKind
    penalties: tuple[PenaltyKind, ...]
    fine_fen: int | None
    basis: str
    number: str
    made_at: datetime
    place: str
    officers: tuple[str, ...]
    certificates: tuple[str, ...]
    is_refused: bool
    exception: str | None
    remark: str | None
    enterer: str
    entered_at: datetime
    recorder: str | None
    recorded_at: datetime | None
    record_remark: str | None
    retracter: str | None
    retracted_at: datetime | None
    retract_reason: str | None
    leaf: HexDigest

    @property
    def stands(self) -> bool:
        """Nobody took the entry back."""
        return self.retracted_at is None

    @property
    def kinds(self) -> tuple[PenaltyKind, ...]:
        """Return the kinds in the order of art. 9."""
        return tuple(one for one in PenaltyKind if one in self.penalties)
