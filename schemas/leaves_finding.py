"""Leaves of what people say to a finding. It stands beside what was signed, and changes none of it."""

from typing import ClassVar

from schemas.act import Act, Spec
from schemas.actor import Role
from schemas.members import Slug
from schemas.opening import SaltedText
from schemas.words import Words


class FindingAnswer(Act):
    """Whoever captured or sent a recording explains a finding of it, by its code."""

    spec: ClassVar = Spec(
        event="finding:answer",
        chains=("recording",),
        roles=frozenset({Role.OFFICER, Role.AUXILIARY, Role.HANDLER}),
        neutral=("recording",),
        words=Words("说明发现的问题", "Finding explained"),
        follows="the recording is kept; the person has said nothing to this finding yet",
        columns={
            "subject": "finding_answers.id",
            "code": "finding_answers.code",
            "text": "finding_answers.text",
            "actor": "finding_answers.answered_by",
            "at": "finding_answers.answered_at",
        },
    )
    code: Slug
    text: SaltedText
