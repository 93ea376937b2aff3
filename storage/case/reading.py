"""Cases as they are found: the list and what narrows it, the ties of one, what its conclusion answered."""

from collections.abc import Mapping

from sqlalchemy import true

from schemas.actor import Actor
from schemas.case import Case, CaseLink, CaseState
from schemas.ids import CaseId
from schemas.page import Cursor, Page
from schemas.policy import Action
from schemas.review_scope import Scope
from storage.case.access import CaseAccess
from storage.case.link import links_where
from storage.case.values import case_of
from storage.collection import By, sorted_order
from storage.reads.annotation import is_tagged
from storage.reads.examination import is_doubted
from storage.reads.monitoring import rests_on_reopened
from storage.reads.policy import require_within
from storage.reads.scope import scope_of
from storage.reads.summary import is_unfiled as unfiled
from storage.tables.case import case_links, cases
from storage.words import Sought

SORTS: Mapping[str, By | None] = {"opened": None, "number": By(cases.c.number)}
"""By what a reader may sort cases: when they were entered, and their number."""


class CaseReading(CaseAccess):
    """Cases as they are found."""

    def scope(self, case_id: CaseId) -> Scope | None:
        """Return what the last conclusion answered of art. 58, where it was asked; the caller has checked the case."""
        return scope_of(self._connection, case_id)

    def page(
        self,
        actor: Actor,
        *,
        number: str | None = None,
        state: CaseState | None = None,
        is_worse: bool = False,
        is_reopened: bool = False,
        is_unfiled: bool = False,
        tag: str | None = None,
        sort: str | None = None,
        after: Cursor | None = None,
        limit: int = 50,
    ) -> Page[Case]:
        """List cases the actor may see, newest first, or as `sort` says (`SORTS`).

        With `is_worse` those decided whose evidence was found worse since.

        With `is_reopened` those decided that rest on a monitoring record to be judged anew, or found invalid then; with
        `is_unfiled` those decided on the spot that nobody filed.

        Raises:
            Refused: the actor may not see cases at all.
        """
        wanted = self._select(actor).where(require_within(actor, Action.CASE_VIEW, self._now, cases))
        sought = self._sought(actor, number) if number else Sought(true())
        wanted = wanted.add_columns(*sought.columns).where(sought.condition)
        if state:
            wanted = wanted.where(cases.c.state == state)
        if is_worse:
            wanted = wanted.where(is_doubted())
        if is_reopened:
            wanted = wanted.where(rests_on_reopened())
        if tag:
            wanted = wanted.where(is_tagged("case", cases.c.id, tag))
        if is_unfiled:
            wanted = wanted.where(unfiled(cases.c.id))
        page = self._page(
            wanted, sorted_order(cases.c.id, SORTS, sort), after=after, limit=limit, keep=sought.keep
        )
        return page.each(case_of(self._connection))

    def links(self, case_id: CaseId) -> tuple[CaseLink, ...]:
        """Return every tie of a case, past ones included, oldest first."""
        return links_where(self._connection, case_links.c.case_id == case_id)
