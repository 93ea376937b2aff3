"""A dated fact of fixed equipment, corrected: what was said of it before stays known for its time."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Annotated, NamedTuple

from pydantic import Field, model_validator

from schemas.base import Moment, Reason, WireIn
from schemas.equipment import Certificate, EquipmentReview, Line, Publication, Suspension
from schemas.refusals_monitoring import (
    EQUIPMENT_FACT_DATES,
    EQUIPMENT_FACT_MEMBER,
    EQUIPMENT_FACT_SAME,
    EQUIPMENT_FACT_SUSPENDED,
    FACT_IN_FUTURE,
)

Fact = Certificate | EquipmentReview | Publication | Suspension


class FactAmendIn(WireIn):
    """What is corrected of a certificate, a review, a publication or a suspension; what is left out stays as it is said.

    `from_at` is when the certificate begins, the review or the publication was, the suspension began. `never`: it was
    entered though it never was.
    """

    never: bool = False
    from_at: Moment | None = None
    until_at: Moment | None = None
    number: Line | None = None
    issuer: Line | None = None
    document: Line | None = None
    url: Annotated[str, Field(min_length=1, max_length=500, pattern=r"^https?://[^\s<>\"]+$")] | None = None
    reason: Reason

    @model_validator(mode="after")
    def _corrects(self) -> "FactAmendIn":
        changes = any(getattr(self, name) is not None for name in _MEMBERS)
        if changes is self.never:
            raise ValueError("something is corrected, or it never was")
        return self


class _Shape(NamedTuple):
    begins: str
    ends: str | None
    texts: frozenset[str]


_SHAPES: Mapping[type, _Shape] = MappingProxyType(
    {
        Certificate: _Shape("valid_from", "valid_until", frozenset({"number", "issuer"})),
        EquipmentReview: _Shape("reviewed_at", None, frozenset({"document"})),
        Publication: _Shape("published_at", None, frozenset({"url"})),
        Suspension: _Shape("from_at", "until_at", frozenset()),
    }
)
_TEXTS = ("number", "issuer", "document", "url")
_MEMBERS = ("from_at", "until_at", *_TEXTS)


def span_of(fact: Fact) -> tuple[datetime, datetime | None]:
    """Return from when to when a fact holds: a review and a publication have no end."""
    shape = _SHAPES[type(fact)]
    return getattr(fact, shape.begins), getattr(fact, shape.ends) if shape.ends else None


def texts_of(fact: Fact) -> dict[str, str]:
    """Return what a correction may say of a fact beside its times: member → text."""
    return {name: getattr(fact, name) for name in sorted(_SHAPES[type(fact)].texts)}


def corrected(fact: Fact, wish: FactAmendIn, at: datetime) -> Fact | None:
    """Return a fact as it is said from `at` on; None: it never was.

    Raises:
        Invalid: it has no such member (slug `equipment-fact-member`), ends before it begins (`equipment-fact-dates`),
            or what is past by its kind would lie in the future (`fact-in-future`).
        Conflict: this is what is said (slug `equipment-fact-same`), or the equipment is suspended by it now, which
            its return to service ends (`equipment-fact-suspended`).
    """
    shape = _SHAPES[type(fact)]
    given = {name: text for name in _TEXTS if (text := getattr(wish, name)) is not None}
    if not given.keys() <= shape.texts or (wish.until_at is not None and shape.ends is None):
        raise EQUIPMENT_FACT_MEMBER("the fact has no such member")
    since, until = span_of(fact)
    if isinstance(fact, Suspension) and until is None and (wish.never or wish.until_at is not None):
        raise EQUIPMENT_FACT_SUSPENDED("the equipment is suspended by it now")
    if wish.never:
        return None
    since, until = wish.from_at or since, wish.until_at or until
    if until is not None and until <= since:
        raise EQUIPMENT_FACT_DATES("a fact ends after it begins")
    if not isinstance(fact, Certificate) and (since > at or (until is not None and until > at)):
        raise FACT_IN_FUTURE("it lies in the future")
    dates = {shape.begins: since} | ({shape.ends: until} if shape.ends else {})
    after = fact.model_copy(update={**given, **dates})
    if after == fact:
        raise EQUIPMENT_FACT_SAME("this is what is said")
    return after
