"""Dated facts of equipment, corrected: what leaves tell of them for which time, since when, and what is no correction."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from schemas.actor import Role
from schemas.chain import leaf_digest
from schemas.equipment import (
    Certificate,
    EquipmentReview,
    GateFault,
    Publication,
    ReviewKind,
    Suspension,
)
from schemas.equipment_amend import Fact, FactAmendIn, corrected
from schemas.equipment_facts import facts_of
from schemas.errors import EvidenceError
from schemas.gate import gate_faults
from schemas.leaf import parse_leaf
from schemas.leaves_device import (
    EquipmentCertify,
    EquipmentPublish,
    EquipmentRegister,
    EquipmentResume,
    EquipmentReviewed,
    EquipmentSuspend,
)
from schemas.leaves_equipment import EquipmentAnnul, EquipmentCorrect
from schemas.life import FaultCode
from schemas.life_equipment import EquipmentLife
from tests.leaf_history import begin, shown_text

DAY = timedelta(days=1)
AT = datetime(2026, 11, 1, tzinfo=UTC)
TOLD = {"entry": "e", "leaf": "e", "known_from": AT}
FACTS: Mapping[str, Fact] = {
    "certificate": Certificate(number="C", issuer="院", valid_from=AT - DAY, valid_until=AT + DAY, **TOLD),
    "review": EquipmentReview(kind=ReviewKind.LEGAL, document="文", reviewed_at=AT - DAY, **TOLD),
    "publication": Publication(url="https://x", published_at=AT - DAY, **TOLD),
    "suspension": Suspension(from_at=AT - 2 * DAY, until_at=AT - DAY, reason="坏", **TOLD),
    "open": Suspension(from_at=AT - 2 * DAY, until_at=None, reason="坏", **TOLD),
}


class Piece:
    """A piece of equipment with one fact of each kind."""

    def __init__(self) -> None:
        self.world = begin(17)
        self.history, self.keeper = self.world.history, self.world.people[Role.CUSTODIAN]
        self.of = self.history.thing("equipment")
        self.write(EquipmentRegister, agency=self.world.agency)
        self.since = self.history.at - 9 * DAY
        until = self.history.at + 90 * DAY
        self.certificate = self.write(EquipmentCertify, from_=self.since, until=until)
        self.write(EquipmentReviewed, reviewed_at=self.since, kind=ReviewKind.TECHNICAL)
        self.review = self.write(EquipmentReviewed, reviewed_at=self.since, kind=ReviewKind.LEGAL)
        self.publication = self.write(EquipmentPublish, published_at=self.since)

    def write(self, kind: Any, /, **members: Any) -> str:
        return self.history.write(kind, self.of, self.keeper, **members)

    def amend(self, entry: str, since: datetime | None, until: datetime | None = None, **texts: str) -> None:
        words = dict.fromkeys(("number", "issuer", "title", "url"))
        words |= {name: shown_text(text) for name, text in texts.items()}  # type: ignore[misc]
        self.write(EquipmentCorrect, entry=entry, from_=since, until=until, **words)

    def codes(self) -> list[FaultCode]:
        return [one.code for one in self.history.folded()[self.of].faults]

    def life(self) -> EquipmentLife:
        life = self.history.folded()[self.of].life
        assert isinstance(life, EquipmentLife)
        return life

    def faults(self, at: datetime, leaves: int | None = None) -> tuple[GateFault, ...]:
        """What the gate misses by the first leaves of the log, all where no number is given."""
        payloads = self.history.payloads[:leaves]
        of_it = [(leaf_digest(one), parse_leaf(one)) for one in payloads]
        known = facts_of((digest, leaf) for digest, leaf in of_it if leaf.subject == self.of)
        return gate_faults(known, at, certificate=True)


def test_a_correction_closes_what_was_told_and_tells_anew() -> None:
    """A number mistyped, another last day: both words are there, with when each was told, and by which leaf."""
    piece = Piece()
    at = piece.history.at
    piece.amend(piece.certificate, piece.since, at, number="证-2", issuer="院")
    first, second = piece.life().certificates
    assert piece.codes() == []
    assert (first.entry, first.leaf, second.entry) == (piece.certificate,) * 3
    assert first.known_until == second.known_from == piece.history.at
    assert (second.since, second.until, second.known_until) == (piece.since, at, None)
    assert second.leaf != first.leaf


def test_the_gate_is_asked_by_what_was_known() -> None:
    """Before the correction the certificate covered that day, after it it does not; the earlier answer stays to be had."""
    piece = Piece()
    captured, known = piece.history.at, len(piece.history.payloads)
    piece.amend(piece.certificate, piece.since, captured - DAY, number="证", issuer="院")
    assert piece.faults(captured, known) == ()
    assert piece.faults(captured) == (GateFault.CERTIFICATE_MISSING,)
    assert piece.faults(captured - 2 * DAY) == ()


def test_what_never_was_is_told_no_more() -> None:
    """Entered for another piece of equipment: the gate shuts, and nothing of it can be corrected again."""
    piece = Piece()
    piece.amend(piece.review, None)
    assert piece.faults(piece.history.at) == (GateFault.LEGAL_REVIEW_MISSING,)
    assert [one.known_until for one in piece.life().reviews][-1] == piece.history.at
    piece.amend(piece.review, piece.since, title="审")
    assert piece.codes() == [FaultCode.NOT_BEGUN]


def test_a_suspension_is_corrected_and_resumed() -> None:
    """While it goes on its beginning may be corrected; its end is its return to service, and may be corrected then."""
    piece = Piece()
    stopped = piece.write(EquipmentSuspend, from_at=piece.history.at)
    piece.amend(stopped, None)
    piece.amend(stopped, piece.since, piece.history.at)
    assert piece.codes() == [FaultCode.STEP, FaultCode.STEP]
    piece = Piece()
    stopped = piece.write(EquipmentSuspend, from_at=piece.history.at)
    piece.amend(stopped, piece.since)
    assert piece.faults(piece.since) == (GateFault.SUSPENDED,)
    end = piece.history.at
    piece.write(EquipmentResume, until_at=end)
    assert piece.faults(end - timedelta(milliseconds=1)) == (GateFault.SUSPENDED,)
    assert piece.faults(end) == ()
    piece.amend(stopped, piece.since, end - DAY)
    assert piece.faults(end - DAY) == ()
    piece.amend(stopped, None)
    assert piece.faults(piece.since) == ()
    assert piece.codes() == []
    assert {one.known_until is None for one in piece.life().suspensions} == {False}


def test_nonsense_is_named() -> None:
    """Reversed, in the future, with the members of another fact, or of nothing."""
    piece = Piece()
    later = piece.history.at + 900 * DAY
    piece.amend(piece.certificate, later, piece.since, number="证", issuer="院")
    piece.amend(piece.certificate, piece.since, number="证", issuer="院")
    piece.amend(piece.certificate, piece.since, later, number="证")
    piece.amend(piece.review, later, title="审")
    piece.amend(piece.review, piece.since, url="https://x")
    piece.amend(piece.publication, piece.since, piece.history.at, url="https://x")
    piece.amend("0" * 64, piece.since, url="https://x")
    period, values, future = FaultCode.PERIOD, FaultCode.VALUES, FaultCode.FUTURE
    assert piece.codes() == [period, values, values, future, values, values, FaultCode.NOT_BEGUN]


def test_an_annulled_certificate_is_told_no_more_or_ends_earlier() -> None:
    """Since a time: both words stand, the later one ends there. From the beginning: nothing of it can be said again."""
    piece = Piece()
    captured, known = piece.history.at, len(piece.history.payloads)
    piece.write(EquipmentAnnul, certificate=piece.certificate, from_=captured - DAY)
    first, second = piece.life().certificates
    assert (first.known_until, second.until, second.annulled is None) == (
        second.known_from,
        captured - DAY,
        False,
    )
    assert piece.faults(captured, known) == piece.faults(captured - 2 * DAY) == ()
    assert piece.faults(captured - DAY) == (GateFault.CERTIFICATE_MISSING,)
    piece.write(EquipmentAnnul, certificate=piece.certificate, from_=None)
    assert piece.faults(captured - 2 * DAY) == (GateFault.CERTIFICATE_MISSING,)
    assert [one.known_until is None for one in piece.life().certificates] == [False, False]
    assert [one.act.from_ for one in piece.life().annulments] == [captured - DAY, None]
    assert piece.codes() == []
    piece.write(EquipmentAnnul, certificate=piece.certificate, from_=None)
    assert piece.codes() == [FaultCode.NOT_BEGUN]


def test_an_annulment_of_nonsense_is_named() -> None:
    """From a time to come, from before or after its validity, of what is no certificate."""
    piece = Piece()
    for since in (piece.history.at + DAY, piece.since, piece.since - DAY):
        piece.write(EquipmentAnnul, certificate=piece.certificate, from_=since)
    piece.write(EquipmentAnnul, certificate=piece.review, from_=None)
    assert piece.codes() == [FaultCode.FUTURE, FaultCode.PERIOD, FaultCode.PERIOD, FaultCode.NOT_BEGUN]
    assert piece.life().annulments == ()


def slug_of(fact: str, **wish: Any) -> str:
    try:
        corrected(FACTS[fact], FactAmendIn(reason="x", **wish), AT)
    except EvidenceError as err:
        return err.slug
    return ""


@pytest.mark.parametrize(
    ("fact", "wish", "slug"),
    [
        ("certificate", {"document": "x"}, "equipment-fact-member"),
        ("review", {"number": "x"}, "equipment-fact-member"),
        ("publication", {"until_at": AT}, "equipment-fact-member"),
        ("suspension", {"url": "https://y"}, "equipment-fact-member"),
        ("certificate", {"until_at": AT - DAY}, "equipment-fact-dates"),
        ("suspension", {"from_at": AT - DAY}, "equipment-fact-dates"),
        ("certificate", {"number": "C"}, "equipment-fact-same"),
        ("review", {"from_at": AT - DAY}, "equipment-fact-same"),
        ("review", {"from_at": AT + DAY}, "fact-in-future"),
        ("suspension", {"until_at": AT + DAY}, "fact-in-future"),
        ("open", {"until_at": AT}, "equipment-fact-suspended"),
        ("open", {"never": True}, "equipment-fact-suspended"),
        ("open", {"from_at": AT - 3 * DAY}, ""),
        ("certificate", {"until_at": AT + 9 * DAY, "number": "D"}, ""),
        ("suspension", {"until_at": AT}, ""),
        ("publication", {"never": True}, ""),
    ],
)
def test_what_is_no_correction(fact: str, wish: Mapping[str, Any], slug: str) -> None:
    """Each fact has its members and its dates; what is said already is none."""
    assert slug_of(fact, **wish) == slug


def test_what_is_left_out_stays() -> None:
    """One member corrected; nothing is left of what never was."""
    after = corrected(FACTS["certificate"], FactAmendIn(issuer="所", reason="x"), AT)
    assert after == FACTS["certificate"].model_copy(update={"issuer": "所"})
    assert corrected(FACTS["review"], FactAmendIn(never=True, reason="x"), AT) is None


@pytest.mark.parametrize("wish", [{}, {"never": True, "number": "C"}, {"url": "javascript:x"}])
def test_a_wish_says_what_is_corrected(wish: Mapping[str, Any]) -> None:
    """Nothing, or that it never was and a member of it, is no correction; an address leads somewhere."""
    with pytest.raises(ValidationError):
        FactAmendIn(reason="x", **wish)
