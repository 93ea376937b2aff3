"""Legal review of cases: the queue, rounds with their opinions and grounds, the handler's answers.

A round is opened by the submission of a case. Its opinion is given once, by somebody who took no part in the
investigation; what was given never changes, only answers are added.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import cache

from sqlalchemy import ColumnElement, RowMapping, Select, and_, insert, select, update

from schemas.act import Act
from schemas.actor import Actor
from schemas.case import CaseStep
from schemas.errors import Conflict, NotFound
from schemas.ids import AgencyId, CaseId, ReviewId
from schemas.leaves import LEAVES
from schemas.leaves_case import CaseSubmit
from schemas.leaves_review import LeafGround, ReviewAnswer
from schemas.office import carrying
from schemas.page import Cursor, Page
from schemas.policy import Action, Subject, holds, may, missing, roles_with
from schemas.reference import reference
from schemas.refusals_case import (
    GROUND_ANSWERED,
    GROUND_SUBJECT_UNKNOWN,
    GROUND_UNKNOWN,
    REVIEW_UNKNOWN,
)
from schemas.review import (
    STEPS,
    AnswerIn,
    Ground,
    GroundIn,
    OpinionFacts,
    Review,
    ReviewOpinionIn,
    ReviewState,
)
from schemas.review_findings import Finding
from schemas.separation import Charge, Part, kept_by
from storage.act import Deed
from storage.case.case import Cases
from storage.collection import Collection, Order, Unit
from storage.custody.values import shown
from storage.reads.account import with_name
from storage.reads.agency import with_agency
from storage.reads.case import with_case
from storage.reads.certificate import qualifications_at, qualified_by
from storage.reads.evidence import known_subjects
from storage.reads.findings import findings_of
from storage.reads.office import acted, offices_at
from storage.reads.participation import parts_of
from storage.reads.policy import require_within, within
from storage.reads.recusal import barred
from storage.tables.review import review_grounds, reviews
from storage.version import change_to, require_version

_DUE_FIRST = Order(reviews.c.id, reviews.c.due_at)


class Reviews(Collection):
    """Rounds of legal review, scoped like the cases they are about."""

    def __init__(self, unit: Unit, cases_: Cases) -> None:
        super().__init__(unit)
        self._cases = cases_

    def queue(self, actor: Actor, *, after: Cursor | None = None, limit: int = 50) -> Page[Review]:
        """List open rounds, the one due first on top, but for cases from which the actor is barred.

        Raises:
            Refused: the actor reviews no cases.
        """
        reached = require_within(actor, Action.CASE_REVIEW, self._now, reviews)
        free = ~barred(actor, reviews.c.case_id)
        wanted = _select().where(reached, free, reviews.c.state == ReviewState.OPEN)
        page = self._page(wanted, _DUE_FIRST, after=after, limit=limit)
        return page.having(self._values(page.rows))

    def get(self, actor: Actor, review_id: ReviewId) -> Review:
        """Return one round of a case that the actor may see.

        Raises:
            NotFound: no such review within the actor's scope (slug `review-unknown`).
            Refused: the actor may not see cases at all.
        """
        held = select(reviews.c.case_id, reviews.c.agency_id).where(reviews.c.id == review_id)
        row = self._connection.execute(held).one_or_none()
        if row is None or not self._is_visible(actor, row.case_id, row.agency_id):
            raise REVIEW_UNKNOWN("no such review")
        return self._rounds(reviews.c.id == review_id)[0]

    def _is_visible(self, actor: Actor, case_id: CaseId, agency_id: AgencyId) -> bool:
        """Only inside one's agencies is a missing permission named: elsewhere it would tell that there is a round."""
        if agency_id not in actor.agency_ids and not holds(actor, Action.CASE_VIEW, self._now):
            return False
        return self._cases.is_visible(actor, case_id)

    def of_case(self, case_id: CaseId) -> tuple[Review, ...]:
        """Return every round of a case, oldest first; the caller has checked the case."""
        return self._rounds(reviews.c.case_id == case_id)

    def snapshot(self, review_id: ReviewId) -> dict[str, object]:
        """Return what the case rested on when the round began; the caller has checked the review."""
        document: dict[str, object] = self._connection.execute(
            select(reviews.c.evidence).where(reviews.c.id == review_id)
        ).scalar_one()
        return document

    def parts(self, actor: Actor, case_id: CaseId) -> tuple[Part, ...]:
        """Return what keeps the actor from reviewing a case; empty: they may review it."""
        return kept_by(Charge.REVIEW, parts_of(self._connection, case_id, actor.account_id))

    def is_qualified(self, actor: Actor) -> bool:
        """Say whether the register holds of the actor what art. 58 asks of whoever gives a legal review."""
        return qualified_by(self._connection, actor.account_id, self._now) is not None

    def findings(self, actor: Actor, case_id: CaseId) -> list[Finding]:
        """Return what the case gives away by itself, as it stands now; the caller has checked the case."""
        last = self._connection.scalar(
            select(reviews.c.submitted_at)
            .where(reviews.c.case_id == case_id)
            .order_by(reviews.c.round.desc())
            .limit(1)
        )
        is_reviewer = may(actor, Action.CASE_REVIEW, Subject(agency_id=actor.agency_id), self._now)
        parts = self.parts(actor, case_id) if is_reviewer else ()
        return findings_of(
            self._connection,
            case_id,
            submitted_at=last,
            parts=parts,
            installed=self._unit.settings,
        )

    def opine(self, actor: Actor, review_id: ReviewId, wish: ReviewOpinionIn, seen: int) -> Review:
        """Give the opinion of a round; the case moves with it.

        Of two reviewers who saw the same round, the second is told that it has changed.

        Raises:
            NotFound: no such review within the actor's scope.
            Refused: the actor reviews no cases here, took part in this one (slug `reviewer-took-part`), is barred from
                it (`recused`), or holds no qualification of the legal profession (`reviewer-unqualified`).
            Invalid: the opinion does not say why (slug `opinion-without-grounds`), or a ground is about
                something that is not of this case (slug `ground-subject-unknown`).
            VersionConflict: somebody else gave an opinion since.
            TransitionRefused: the opinion was given before (slug `review-given`), or it passes a case with a
                fact that nothing proves (slug `fact-unproven`).
        """
        review = self._asked(actor, review_id, STEPS[wish.opinion].asks)
        deed, review = self._changing(actor, review, seen)
        row = STEPS[wish.opinion]
        facts = OpinionFacts(
            wish=wish,
            parts=self.parts(actor, review.case_id),
            qualified_by=qualified_by(self._connection, actor.account_id, deed.at),
        )
        row.check(facts)
        self._require_own_subjects(review, wish)
        after = STEPS.after(review.state, wish.opinion, facts)
        # Opinion, grounds and the case's step in one commit: a crash leaves an open round and an unmoved case.
        case = self._cases.known(review.case_id)
        case_to = self._cases.advance(deed, case, CaseStep(wish.opinion.value))
        statement = wish.statement.strip()
        change_to(
            self._connection,
            reviews,
            review_id,
            seen,
            deed.next_number(reference("case", case.id)),
            state=after,
            opinion=wish.opinion,
            statement=statement,
            reviewer_id=actor.id,
            **row.stamp(deed.at),
        )
        members = {
            "round": review.round,
            "grounds": self._keep_grounds(review_id, wish.grounds),
            "case_to": case_to,
            "statement": shown(statement),
            "qualified_by": facts.qualified_by,
        }
        self._write(deed, LEAVES[row.logs, 2].model_validate(members), review)
        return self.get(actor, review_id)

    def _asked(self, actor: Actor, review_id: ReviewId, action: Action) -> Review:
        """Return a round on which the actor may give an opinion, though another may have given it just now."""
        reached = within(actor, action, self._now, reviews)
        found = self._rounds(and_(reviews.c.id == review_id, reached))
        if not found:
            self.get(actor, review_id)
            raise missing(action)
        return found[0]

    def _changing(self, actor: Actor, review: Review, seen: int) -> tuple[Deed, Review]:
        """Begin an act on a round, which lives in its case's chain: of two who saw it, the second waits and is told."""
        deed = self._begin(actor, review.agency_id, reference("case", review.case_id))
        self._cases.lock(review.case_id)
        held = select(reviews.c.id).where(reviews.c.id == review.id)
        self._connection.execute(held.with_for_update(key_share=True))
        review = self._rounds(reviews.c.id == review.id)[0]
        require_version(review.version, seen)
        return deed, review

    def _require_own_subjects(self, review: Review, wish: ReviewOpinionIn) -> None:
        named = {ground.subject for ground in wish.grounds if ground.subject is not None}
        foreign = named - known_subjects(self._connection, review.case_id)
        if foreign:
            raise GROUND_SUBJECT_UNKNOWN(
                "a ground is about something that is not of this case", subjects=sorted(foreign)
            )

    def _keep_grounds(self, review_id: ReviewId, grounds: Iterable[GroundIn]) -> tuple[LeafGround, ...]:
        kept = []
        for position, ground in enumerate(grounds, 1):
            words = ground.text.strip()
            self._connection.execute(
                insert(review_grounds).values(
                    review_id=review_id,
                    position=position,
                    item=ground.item,
                    subject=ground.subject,
                    text=words,
                )
            )
            kept.append(LeafGround(item=ground.item, subject=ground.subject, text=shown(words)))
        return tuple(kept)

    def answer(
        self, actor: Actor, review_id: ReviewId, position: int, wish: AnswerIn, *, seen: int
    ) -> Review:
        """Answer one ground; an answer never changes.

        Raises:
            NotFound: no such review in scope, or no such ground (slug `ground-unknown`).
            Refused: the actor does not run the case.
            VersionConflict: the round has changed since.
            Conflict: the ground was answered before (slug `ground-answered`).
        """
        review = self.get(actor, review_id)
        self._cases.writable(actor, review.case_id, Action.CASE_RUN)
        deed, review = self._changing(actor, review, seen)
        self._cases.writable(actor, review.case_id, Action.CASE_RUN)
        words = wish.text.strip()
        ground = and_(review_grounds.c.review_id == review_id, review_grounds.c.position == position)
        answered = self._connection.execute(
            update(review_grounds)
            .where(ground, review_grounds.c.answer.is_(None))
            .values(answer=words, answered_by=actor.id, answered_at=deed.at)
        ).rowcount
        if not answered:
            raise self._unanswerable(ground)
        self._write(deed, ReviewAnswer(round=review.round, position=position, answer=shown(words)), review)
        return self.get(actor, review_id)

    def _unanswerable(self, ground: ColumnElement[bool]) -> Conflict | NotFound:
        if self._connection.scalar(select(review_grounds.c.id).where(ground)) is None:
            return GROUND_UNKNOWN("the review has no such ground")
        return GROUND_ANSWERED("the ground was answered before")

    def _rounds(self, condition: ColumnElement[bool]) -> tuple[Review, ...]:
        query = _select().where(condition).order_by(reviews.c.round)
        return self._values(self._connection.execute(query).mappings().all())

    def _values(self, rows: Sequence[RowMapping]) -> tuple[Review, ...]:
        grounds = self._grounds([row["id"] for row in rows])
        submitted = {row["id"]: acted(row["submitter_id"], row["submitted_at"]) for row in rows}
        given = {row["id"]: acted(row["reviewer_id"], row["given_at"]) for row in rows if row["reviewer_id"]}
        held = offices_at(self._connection, (*submitted.values(), *given.values()))
        qualified = qualifications_at(self._connection, {(one.account_id, one.at) for one in given.values()})

        def made(row: RowMapping) -> Review:
            by, sender = given.get(row["id"]), held[submitted[row["id"]]]
            return Review.of_row(
                row,
                grounds=tuple(grounds[row["id"]]),
                submitted_as=carrying(sender, CaseSubmit.spec.roles),
                given_as=() if by is None else carrying(held[by], roles_with(Action.CASE_REVIEW)),
                qualification=None if by is None else qualified.get((by.account_id, by.at)),
            )

        return tuple(map(made, rows))

    def _grounds(self, review_ids: list[ReviewId]) -> dict[ReviewId, list[Ground]]:
        found: dict[ReviewId, list[Ground]] = defaultdict(list)
        rows = self._connection.execute(
            select(review_grounds)
            .where(review_grounds.c.review_id.in_(review_ids))
            .order_by(review_grounds.c.review_id, review_grounds.c.position)
        ).mappings()
        for row in rows:
            found[row["review_id"]].append(Ground.of_row(row))
        return found

    @staticmethod
    def _write(deed: Deed, act: Act, review: Review) -> None:
        deed.write(act, reference("review", review.id), reference("case", review.case_id))


@cache
def _select() -> Select[tuple[object, ...]]:
    query = select(*(column for column in reviews.c if column.name not in {"submitted_by", "evidence"}))
    query = with_agency(with_case(query, reviews.c.case_id), reviews.c.agency_id)
    query = query.add_columns(reviews.c.submitted_by.label("submitter_id"))
    query = with_name(query, reviews.c.submitted_by, "submitted_by")
    return with_name(query, reviews.c.reviewer_id, "reviewer", is_optional=True)
