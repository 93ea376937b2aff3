"""What somebody is still asked of captures and recordings: found by their certificates, however much they ever captured."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, any_, func, select

from schemas.actor import Actor
from storage.tables.question import QuestionKind, questions


def is_asked(
    about: ColumnElement[Any], kind: QuestionKind, actor: Actor, *, since: datetime | None = None
) -> ColumnElement[bool]:
    """Say of the thing behind a column whether it stands among what the actor is asked: all that may wait, and some more.

    An array, so that the few are looked up one by one, whatever the planner believes of their number.
    """
    listed = select(questions.c.about).where(
        questions.c.number.in_(sorted(actor.certificates)), questions.c.kind == kind
    )
    if since is not None:
        listed = listed.where(questions.c.since > since)
    return about == any_(func.array(listed.scalar_subquery()))
