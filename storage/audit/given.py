"""The points that were given for a member, and whom they are told: inspectors are blind to each other, a third to all."""

from collections.abc import Sequence
from itertools import groupby

from sqlalchemy import Connection, select

from schemas.actor import Actor
from schemas.ids import AuditId, MemberId
from schemas.leaves_scoring import AuditScore
from schemas.office import carrying
from schemas.third import counted
from storage.audit.values import GivenScore, Inspector, Terms
from storage.reads.account import with_name
from storage.reads.office import acted, offices_at
from storage.tables.audit import audit_scores


def is_of(actor: Actor, third: Inspector | None) -> bool:
    """Say whether the actor is the third inspector of a file."""
    return third is not None and third.id == actor.id


def given_scores(
    connection: Connection,
    actor: Actor,
    of: tuple[AuditId, MemberId],
    terms: Terms,
    third: Inspector | None,
) -> tuple[GivenScore, ...]:
    """Return all scores once all are given, the third's last, and one's own before. A third is blind until then."""
    audit_id, member_id = of
    rows = connection.execute(
        with_name(select(audit_scores), audit_scores.c.inspector_id, "name")
        .where(audit_scores.c.audit_id == audit_id, audit_scores.c.member_id == member_id)
        .order_by(audit_scores.c.inspector_id, audit_scores.c.item_code)
    ).all()
    given = [list(some) for _, some in groupby(rows, key=lambda row: row.inspector_id)]
    held = offices_at(connection, (acted(one[0].inspector_id, one[0].given_at) for one in given))
    made = [
        GivenScore(
            inspector=some[0].name,
            is_own=some[0].inspector_id == actor.id,
            points={row.item_code: row.points for row in some},
            remarks={row.item_code: row.remark for row in some if row.remark},
            total=sum(row.points for row in some),
            given_at=some[0].given_at,
            given_as=carrying(held[acted(some[0].inspector_id, some[0].given_at)], AuditScore.spec.roles),
            is_third=third is not None and some[0].inspector_id == third.id,
        )
        for some in given
    ]
    is_whole = sum(not one.is_third for one in made) >= terms.inspectors
    is_blind = is_of(actor, third) and not any(one.is_own for one in made)
    return _weighed([one for one in made if one.is_own or (is_whole and not is_blind)], terms)


def _weighed(scores: Sequence[GivenScore], terms: Terms) -> tuple[GivenScore, ...]:
    """Say of each score whether it counts; the third's stands last."""
    own = [one for one in scores if not one.is_third]
    third = next((one for one in scores if one.is_third), None)
    if third is None or not own:
        return tuple(scores)
    flags = counted([one.total for one in own], third.total, terms.of_three)
    return tuple(
        one.model_copy(update={"counts": flag}) for one, flag in zip((*own, third), flags, strict=True)
    )
