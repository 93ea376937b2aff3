"""What whoever holds a certificate is still asked: whether they were at a capture, and why a recording came late."""

from enum import StrEnum

from sqlalchemy import Column, Index, Table, Text
from sqlalchemy.dialects.postgresql import UUID

from storage.tables.base import metadata, moment, one_of


class QuestionKind(StrEnum):
    """What is asked; `about` is a manifest, or a recording."""

    PRESENCE = "presence"
    LATE = "late"


questions = Table(
    "questions",
    metadata,
    Column("about", UUID(as_uuid=True), primary_key=True),
    Column("number", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    moment("since", nullable=False),
    one_of("kind", QuestionKind),
    Index("ix_questions_number_kind_since", "number", "kind", "since"),
)
"""A row for each certificate that a capture names, until it is answered: where to look, and never the answer.

What is asked is judged by the capture, its checks and its answers themselves. `number` is as the capture names it, whether
anybody holds it or not.
"""
