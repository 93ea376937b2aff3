"""What the law asks to be done around a penalty decision, duty by duty, and the documents that show that it was done.

Administrative Penalty Law (2021, in force 2021-07-15): notice (44), plea and review (45, 62), hearing (63–65), the head's
examination or collective discussion (57), contents of the decision (59), 90 days (60), service (61). In the summary
procedure arts 44, 45 and 52 alone: notice, plea, the numbered form, handed over at once. A duty is *recorded*,
with a document, or *not recorded*: then whoever decides or closes says why. That something is recorded is no
judgement that it was done well, and that it is not recorded none that it was not done.
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated, NamedTuple

from pydantic import Field

from schemas.base import Frozen, Reason, WireIn
from schemas.case import CaseState, CaseStep
from schemas.declaration import DocumentKind
from schemas.ids import CaseId, DocumentId, RecordingId
from schemas.trail import day_of

_FIRST_YEAR = 2000

TERM_DAYS = 90
"""Art. 60: calendar days; art. 85 counts working days for periods of two, three, five and seven days alone."""


class Formality(StrEnum):
    """A duty of procedure (程序事项), in the order in which they come up."""

    NOTICE = "notice"
    PLEA = "plea"
    HEARING = "hearing"
    DISCUSSION = "discussion"
    CONTENTS = "contents"
    TERM = "term"
    SERVICE = "service"


class Rule(NamedTuple):
    """Where the law says it, by which step of the case it is done, and whether a document shows it.

    `since` is the day from which the law holds: of an earlier act nothing is asked.
    """

    articles: str
    by: CaseStep
    is_shown: bool = True
    since: date = date(2021, 7, 15)


RULES: Mapping[Formality, Rule] = MappingProxyType(
    {
        Formality.NOTICE: Rule("44", CaseStep.DECIDE),
        Formality.PLEA: Rule("45", CaseStep.DECIDE),
        Formality.HEARING: Rule("63", CaseStep.DECIDE),
        Formality.DISCUSSION: Rule("57", CaseStep.DECIDE),
        Formality.CONTENTS: Rule("59", CaseStep.DECIDE),
        Formality.TERM: Rule("60", CaseStep.DECIDE, is_shown=False),
        Formality.SERVICE: Rule("61", CaseStep.CLOSE),
    }
)
"""Every duty, with what the law says of it."""

SUMMARY_RULES: Mapping[Formality, Rule] = MappingProxyType(
    {
        Formality.NOTICE: Rule("44", CaseStep.PENALISE),
        Formality.PLEA: Rule("45", CaseStep.PENALISE),
        Formality.CONTENTS: Rule("52", CaseStep.PENALISE),
        Formality.SERVICE: Rule("52", CaseStep.PENALISE),
    }
)
"""The duties of a case that is decided on the spot (arts 51 and 52): the others are not of its procedure."""


class Paper(NamedTuple):
    """By which articles a kind of paper is made after the decision, and from which day on."""

    articles: str
    since: date = date(2021, 7, 15)


AFTER_DECISION: Mapping[DocumentKind, Paper] = MappingProxyType(
    {
        DocumentKind.DECISION: Paper("59"),
        DocumentKind.SERVICE_RECEIPT: Paper("61"),
        DocumentKind.PAYMENT_RECEIPT: Paper("66, 67, 70"),
        DocumentKind.ENFORCEMENT: Paper("72"),
        DocumentKind.RECTIFICATION_REPORT: Paper("28"),
    }
)
"""Papers that the law itself lets come after the decision: the decision as it was written, its service, its payment, what
enforces it, and that the act was put right. They are tied to a decided case; what is to prove a fact comes before it."""


def may_follow(state: CaseState, kind: DocumentKind | None, at: datetime) -> bool:
    """Say whether a case at this state takes a paper of this kind by hand although its evidence stands."""
    paper = None if kind is None else AFTER_DECISION.get(kind)
    return state is CaseState.DECIDED and paper is not None and paper.since <= day_of(at)


FILED = tuple(one for one, rule in RULES.items() if rule.is_shown)
"""The duties that a document shows; the others are computed."""


LISTING = frozenset(rule.by for rule in (*RULES.values(), *SUMMARY_RULES.values()))
"""The steps that list the duties that are done by then."""


def rules_of(*, is_summary: bool) -> Mapping[Formality, Rule]:
    """Return the duties of a case, by its procedure."""
    return SUMMARY_RULES if is_summary else RULES


def asked_by(step: CaseStep, at: datetime, *, is_summary: bool = False) -> tuple[Formality, ...]:
    """Return the duties that a step of a case answers for, as the law stands on its day."""
    day = day_of(at)
    rules = rules_of(is_summary=is_summary)
    return tuple(one for one, rule in rules.items() if rule.by is step and rule.since <= day)


class DocumentIn(WireIn):
    """A document that shows a duty: what it is called, its number and its day; `recording_id` where it is kept here."""

    formality: Formality
    title: Annotated[str, Field(min_length=1, max_length=200, pattern=r"\S")]
    number: Annotated[str, Field(min_length=1, max_length=100, pattern=r"\S")] | None = None
    dated: Annotated[date, Field(ge=date(_FIRST_YEAR, 1, 1))]
    recording_id: RecordingId | None = None


class DocumentWithdrawIn(WireIn):
    """Why a document shows nothing any more."""

    reason: Reason


class ProcedureDocument(Frozen):
    """A document of a case as it was filed, by name of who filed it and who withdrew it.

    `is_linked`: its recording is still tied to the case. `is_late`: it was filed after the step that it is for.
    """

    id: DocumentId
    case_id: CaseId
    formality: Formality
    title: str
    number: str | None
    dated: date
    recording_id: RecordingId | None
    is_linked: bool
    filer: str
    filed_at: datetime
    is_late: bool
    withdrawer: str | None
    withdrawn_at: datetime | None
    withdraw_reason: str | None

    @property
    def stands(self) -> bool:
        """It was not withdrawn."""
        return self.withdrawn_at is None


class FormalityAnswer(Frozen):
    """What the step that answers for a duty found: recorded by so many documents, or why it was not."""

    documents: int
    reason: str | None


class FormalityLine(Frozen):
    """A duty of one case with its documents, withdrawn ones included; `days` since filing, of the one that is computed.

    `answer` is what its step found; None before it, and where the step listed nothing. `is_summary`: as it is in the
    summary procedure.
    """

    formality: Formality
    documents: tuple[ProcedureDocument, ...]
    days: int | None = None
    answer: FormalityAnswer | None = None
    is_summary: bool = False

    @property
    def rule(self) -> Rule:
        """Where the law says it, in this procedure; what is filed for a duty of the other one stands under that."""
        return rules_of(is_summary=self.is_summary).get(self.formality, RULES[self.formality])

    @property
    def applies(self) -> bool:
        """It is a duty of this procedure."""
        return self.formality in rules_of(is_summary=self.is_summary)

    @property
    def is_recorded(self) -> bool:
        """A document of it stands, or the term was kept; by what its step found, once that was taken."""
        if self.answer is not None:
            return self.answer.reason is None
        return is_recorded(self.formality, sum(one.stands for one in self.documents), self.days)


def is_recorded(formality: Formality, documents: int, days: int | None) -> bool:
    """Say whether a duty is recorded: by so many documents, or by so many days since filing."""
    if RULES[formality].is_shown:
        return documents > 0
    return days is not None and days <= TERM_DAYS


def days_since(filed_at: datetime | None, at: datetime) -> int | None:
    """Return how many days after the day of filing a time lies; that day itself does not count."""
    return None if filed_at is None else (day_of(at) - day_of(filed_at)).days


def lines_of(
    documents: Iterable[ProcedureDocument],
    days: int | None,
    answers: Mapping[Formality, FormalityAnswer],
    *,
    is_summary: bool = False,
) -> tuple[FormalityLine, ...]:
    """Return every duty with the documents of a case and what its step found; for the term the days since the filing.

    Of a summary case its own duties, and any other that a document was filed for.
    """
    known = tuple(documents)
    wanted = {*rules_of(is_summary=is_summary), *(doc.formality for doc in known)}
    return tuple(
        FormalityLine(
            formality=one,
            documents=tuple(doc for doc in known if doc.formality is one),
            days=None if rule.is_shown else days,
            answer=answers.get(one),
            is_summary=is_summary,
        )
        for one, rule in RULES.items()
        if one in wanted
    )
