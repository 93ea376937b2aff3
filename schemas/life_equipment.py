"""The life of fixed equipment: everything that was said of it, for which time, and since when."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, Generic, NamedTuple, TypeVar

from schemas.leaf import Leaf
from schemas.leaves_device import (
    EquipmentBind,
    EquipmentCertify,
    EquipmentPublish,
    EquipmentRegister,
    EquipmentResume,
    EquipmentReviewed,
    EquipmentSuspend,
)
from schemas.leaves_equipment import EquipmentAnnul, EquipmentCorrect, EquipmentDescribe
from schemas.life import FaultCode, Here, Takes, Unlawful, check_step, is_hidden, law, taken, told_until
from schemas.life_described import DescribedLife, redescribed, registered

Papers = EquipmentCertify | EquipmentReviewed | EquipmentPublish | EquipmentSuspend
Paper = TypeVar("Paper", bound=Papers)


class Said(NamedTuple, Generic[Paper]):
    """A fact from a time to another, as told from a time on until another one; `leaf` told it, `by` somebody.

    `paper` entered it, by the leaf `entry`; `amended` says it anew, `annulled` cut it since.
    """

    paper: Paper
    entry: str
    by: str
    since: datetime
    until: datetime | None
    known_from: datetime
    known_until: datetime | None
    leaf: str
    amended: EquipmentCorrect | None = None
    annulled: EquipmentAnnul | None = None


class Annulled(NamedTuple):
    """A certificate that was annulled, by whom and when; `leaf` said it."""

    act: EquipmentAnnul
    by: str
    at: datetime
    leaf: str


class EquipmentLife(NamedTuple):
    """Fixed equipment and everything that was ever told of it; `described` is what it is called and where it stands."""

    agency: str
    kind: str
    state: str
    registered: EquipmentRegister
    by: str
    at: datetime
    described: tuple[DescribedLife, ...]
    source: str | None = None
    certificates: tuple[Said[EquipmentCertify], ...] = ()
    reviews: tuple[Said[EquipmentReviewed], ...] = ()
    publications: tuple[Said[EquipmentPublish], ...] = ()
    suspensions: tuple[Said[EquipmentSuspend], ...] = ()
    annulments: tuple[Annulled, ...] = ()


def apply_equipment(life: EquipmentLife | None, leaf: Leaf, here: Here) -> EquipmentLife:
    """Return the equipment after this leaf.

    Raises:
        Unlawful: a rule does not hold.
    """
    act = leaf.act
    if type(act) is EquipmentRegister:
        check_step(leaf, None if life is None else life.state, act.to)
        law(here.seen.is_open(act.agency, here.index), FaultCode.AGENCY)
        return EquipmentLife(
            act.agency, act.kind, act.to, act, leaf.actor, leaf.at, registered(leaf, act, here)
        )
    return taken(EQUIPMENT_TAKES, life, leaf, here)


def _bound(life: EquipmentLife, leaf: Leaf, act: EquipmentBind, here: Here) -> EquipmentLife:
    del leaf, here
    return life._replace(source=act.source)


def _described(life: EquipmentLife, leaf: Leaf, act: EquipmentDescribe, here: Here) -> EquipmentLife:
    return life._replace(described=redescribed(life.described, leaf, act, here))


def _entered(
    act: Paper, leaf: Leaf, here: Here, since: datetime, until: datetime | None = None
) -> Said[Paper]:
    return Said(act, here.digest, leaf.actor, since, until, leaf.at, None, here.digest)


def _certified(life: EquipmentLife, leaf: Leaf, act: EquipmentCertify, here: Here) -> EquipmentLife:
    law(act.until > act.from_, FaultCode.PERIOD)
    new = _entered(act, leaf, here, act.from_, act.until)
    return life._replace(certificates=(*life.certificates, new))


def _reviewed(life: EquipmentLife, leaf: Leaf, act: EquipmentReviewed, here: Here) -> EquipmentLife:
    law(act.reviewed_at <= leaf.at, FaultCode.FUTURE)
    return life._replace(reviews=(*life.reviews, _entered(act, leaf, here, act.reviewed_at)))


def _published(life: EquipmentLife, leaf: Leaf, act: EquipmentPublish, here: Here) -> EquipmentLife:
    law(act.published_at <= leaf.at, FaultCode.FUTURE)
    return life._replace(publications=(*life.publications, _entered(act, leaf, here, act.published_at)))


def _suspended(life: EquipmentLife, leaf: Leaf, act: EquipmentSuspend, here: Here) -> EquipmentLife:
    check_step(leaf, life.state, act.to)
    law(act.from_at <= leaf.at, FaultCode.FUTURE)
    suspended = (*life.suspensions, _entered(act, leaf, here, act.from_at))
    return life._replace(state=act.to, suspensions=suspended)


def _resumed(life: EquipmentLife, leaf: Leaf, act: EquipmentResume, here: Here) -> EquipmentLife:
    check_step(leaf, life.state, act.to)
    law(act.until_at <= leaf.at, FaultCode.FUTURE)
    last = next(one for one in reversed(life.suspensions) if one.known_until is None and one.until is None)
    law(act.until_at >= last.since, FaultCode.PERIOD)
    ended = last._replace(
        by=leaf.actor, until=act.until_at, known_from=leaf.at, leaf=here.digest, amended=last.amended
    )
    new = ended if act.until_at > last.since else None
    return life._replace(state=act.to, suspensions=_restated(life.suspensions, last.entry, leaf.at, new))


def _amended(life: EquipmentLife, leaf: Leaf, act: EquipmentCorrect, here: Here) -> EquipmentLife:
    for name in _FACTS:
        told: tuple[Said[Papers], ...] = getattr(life, name)
        known = next((one for one in told if one.entry == act.entry and one.known_until is None), None)
        if known is not None:
            new = _corrected(known, leaf, act, here)
            changed: dict[str, Any] = {name: _restated(told, act.entry, leaf.at, new)}
            return life._replace(**changed)
    if is_hidden(None, here):
        return life
    raise Unlawful(FaultCode.NOT_BEGUN)


def _corrected(known: Said[Paper], leaf: Leaf, act: EquipmentCorrect, here: Here) -> Said[Paper] | None:
    """Return a fact as it is told anew; None: it never was.

    Raises:
        Unlawful: it has other members, ends before it begins, lies in the future, or a suspension that goes on would end.
    """
    is_open = type(known.paper) is EquipmentSuspend and known.until is None
    law(not is_open or (act.from_ is not None and act.until is None), FaultCode.STEP)
    if act.from_ is None:
        return None
    said = {name for name in ("number", "issuer", "title", "url") if getattr(act, name) is not None}
    law(said == _MEMBERS[type(known.paper)], FaultCode.VALUES)
    law((act.until is None) is (known.until is None), FaultCode.VALUES)
    law(act.until is None or act.until > act.from_, FaultCode.PERIOD)
    last = act.until or act.from_
    law(type(known.paper) is EquipmentCertify or last <= leaf.at, FaultCode.FUTURE)
    return known._replace(
        by=leaf.actor,
        since=act.from_,
        until=act.until,
        known_from=leaf.at,
        leaf=here.digest,
        amended=act,
        annulled=None,
    )


def _annulled(life: EquipmentLife, leaf: Leaf, act: EquipmentAnnul, here: Here) -> EquipmentLife:
    told, entry = life.certificates, act.certificate
    known = next((one for one in told if one.entry == entry and one.known_until is None), None)
    if known is None:
        if is_hidden(None, here):
            return life
        raise Unlawful(FaultCode.NOT_BEGUN)
    new = None
    if act.from_ is not None:
        law(act.from_ <= leaf.at, FaultCode.FUTURE)
        law(known.since < act.from_ and (known.until is None or act.from_ < known.until), FaultCode.PERIOD)
        new = known._replace(
            by=leaf.actor, until=act.from_, known_from=leaf.at, leaf=here.digest, annulled=act
        )
    made = Annulled(act, leaf.actor, leaf.at, here.digest)
    return life._replace(
        certificates=_restated(told, entry, leaf.at, new), annulments=(*life.annulments, made)
    )


def _restated(
    told: tuple[Said[Paper], ...], entry: str, at: datetime, new: Said[Paper] | None
) -> tuple[Said[Paper], ...]:
    """Close what is told of a fact."""
    kept = tuple(left for one in told for left in (told_until(one, at) if one.entry == entry else (one,)))
    return kept if new is None else (*kept, new)


_FACTS = ("certificates", "reviews", "publications", "suspensions")
_MEMBERS: Mapping[type, frozenset[str]] = MappingProxyType(
    {
        EquipmentCertify: frozenset({"number", "issuer"}),
        EquipmentReviewed: frozenset({"title"}),
        EquipmentPublish: frozenset({"url"}),
        EquipmentSuspend: frozenset(),
    }
)
EQUIPMENT_TAKES: Takes[EquipmentLife] = MappingProxyType(
    {
        EquipmentBind: _bound,
        EquipmentCertify: _certified,
        EquipmentReviewed: _reviewed,
        EquipmentPublish: _published,
        EquipmentSuspend: _suspended,
        EquipmentResume: _resumed,
        EquipmentCorrect: _amended,
        EquipmentAnnul: _annulled,
        EquipmentDescribe: _described,
    }
)
