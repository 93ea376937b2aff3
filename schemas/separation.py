"""Separation of duties for one case: how somebody took part in it, and what that keeps them from (职责分离).

One rule, asked by the act, by the page that offers it, and by the fold. Who captured, handled or led a case gives no
legal review of it (Administrative Penalty Law art. 58, 国办发〔2018〕118号); who did any of it, or reviewed it, does not
inspect it; who reviewed it does not handle it afterwards. Who is barred from it (回避, art. 43) does
nothing in it. Who is barred from a case (art. 43) does nothing in it.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType

from schemas.errors import Refusal, Refused
from schemas.refusals_audit import INSPECTOR_TOOK_PART
from schemas.refusals_case import HANDLER_REVIEWED, REVIEWER_TOOK_PART
from schemas.refusals_recusal import RECUSED
from schemas.refusals_scope import EXEMPTER_CONCLUDED
from schemas.refusals_summary import SUMMARY_OWN


class Part(StrEnum):
    """How a person took part in a case, or in one piece of its evidence.

    Attributes:
        CAPTURED: Handed in a recording that is tied to it, is named by its capture, or confirmed to have been there.
        HANDLES: Opened it, or is named as a handler.
        SUBMITTED: Submitted a round of it to legal review.
        CONCLUDED: Answered at its conclusion of which kinds of art. 58 it is.
        PENALISED: Decided a penalty on the spot in it as one of the officers (art. 51), or entered it.
        LED: Filed or decided it, agreed that it needs no legal review, filed what was decided on the spot, ended it without
            a decision or took it up again, as the head.
        JUDGED: Gave the opinion on the evidence of a monitoring record that is tied to it (art. 41, 初审).
        AGREED: Gave the opinion on the law of such a record (复核).
        REVIEWED: Gave the opinion of a round of its legal review.
        BARRED: Is barred from it now.
    """

    CAPTURED = "captured"
    HANDLES = "handles"
    SUBMITTED = "submitted"
    CONCLUDED = "concluded"
    PENALISED = "penalised"
    LED = "led"
    JUDGED = "judged"
    AGREED = "agreed"
    REVIEWED = "reviewed"
    BARRED = "barred"


class Charge(StrEnum):
    """What somebody is to do in a case that not everybody may who took part in it."""

    HANDLE = "handle"
    REVIEW = "review"
    INSPECT = "inspect"
    EXEMPT = "exempt"
    RECORD = "record"


INVESTIGATING = frozenset(
    {Part.CAPTURED, Part.HANDLES, Part.SUBMITTED, Part.CONCLUDED, Part.PENALISED, Part.LED}
)

KEPT_FROM: Mapping[Charge, frozenset[Part]] = MappingProxyType(
    {
        Charge.HANDLE: frozenset({Part.REVIEWED, Part.BARRED}),
        Charge.REVIEW: INVESTIGATING | {Part.JUDGED, Part.BARRED},
        Charge.INSPECT: INVESTIGATING | {Part.JUDGED, Part.AGREED, Part.REVIEWED, Part.BARRED},
        Charge.EXEMPT: frozenset({Part.CONCLUDED, Part.BARRED}),
        Charge.RECORD: frozenset({Part.PENALISED, Part.BARRED}),
    }
)
"""Charge → the parts that keep somebody from it. Both opinions on the law, of a record and of the case, may be one
person's: both are legal reviews, and neither investigates. The opinion on the evidence of a record needs no row: records
come from machines, and its two opinions are two people's (`schemas.monitoring`). That a case needs no legal review
is agreed by another person than the one who answered; nothing else keeps a head from it. So is a decision on the spot
filed by another person than those who made or entered it."""

_REFUSED: Mapping[Charge, Refusal[Refused]] = MappingProxyType(
    {
        Charge.HANDLE: HANDLER_REVIEWED,
        Charge.REVIEW: REVIEWER_TOOK_PART,
        Charge.INSPECT: INSPECTOR_TOOK_PART,
        Charge.EXEMPT: EXEMPTER_CONCLUDED,
        Charge.RECORD: SUMMARY_OWN,
    }
)


def kept_by(charge: Charge, parts: Iterable[Part]) -> tuple[Part, ...]:
    """Return the parts that keep somebody from a charge; empty where nothing does."""
    return tuple(part for part in Part if part in KEPT_FROM[charge].intersection(parts))


def check_charge(charge: Charge, parts: Iterable[Part]) -> None:
    """Refuse whoever took part in what keeps them from a charge.

    Raises:
        Refused: the person is barred from the case (slug `recused`), or took part; the facts name how.
    """
    taken = kept_by(charge, parts)
    if Part.BARRED in taken:
        raise RECUSED("the person is barred from the case")
    if taken:
        names = [part.value for part in taken]
        raise _REFUSED[charge](f"the person took part: {', '.join(names)}", parts=names)
