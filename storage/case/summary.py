"""Penalties on the spot (arts 51 and 52): entered by a handler, filed by the head, or taken back before that."""

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Select, delete, insert, literal, select, update
from sqlalchemy.dialects.postgresql import ARRAY, UUID

from schemas.actor import Actor
from schemas.base import whole_milliseconds
from schemas.case import STEPS, Case, CaseState, CaseStep
from schemas.decision import Listed, listed
from schemas.ids import AccountId, CaseId
from schemas.leaves_summary import CasePenalise, CasePenaliseAlone, CaseRecord, CaseRetract
from schemas.officer import NamedOfficer
from schemas.reference import reference
from schemas.refusals_summary import SUMMARY_NONE
from schemas.separation import Charge, check_charge
from schemas.setting_list import Items, ListSetting
from schemas.summary import (
    LIMITS,
    PartyKind,
    PenaliseIn,
    SummaryPenalty,
    acting,
    check_exception,
    check_summary,
)
from storage.case.case import Cases
from storage.case.decision import Decisions, elements
from storage.case.procedure import Procedures
from storage.collection import Collection, Unit
from storage.custody.values import shown
from storage.reads.account import names_among, with_name
from storage.reads.officer import named_officers, officers_of
from storage.reads.participation import parts_of
from storage.reads.setting import list_at, setting_at
from storage.tables.procedure import case_formalities
from storage.tables.summary import case_summaries


class Checked(NamedTuple):
    """What would be fixed: by whom it was decided, by name, and what is found of each duty."""

    officers: tuple[str, ...]
    lines: tuple[Listed, ...]


class Summaries(Collection):
    """The summary procedure of a case; who may see the case sees it."""

    def __init__(self, unit: Unit, cases_: Cases, procedures: Procedures, decisions: Decisions) -> None:
        super().__init__(unit)
        self._cases = cases_
        self._procedures = procedures
        self._decisions = decisions

    def of_case(self, actor: Actor, case_id: CaseId) -> tuple[SummaryPenalty, ...]:
        """Return every penalty on the spot that was entered, those taken back included, oldest first.

        Raises:
            NotFound: no such case within the actor's scope.
        """
        self._cases.get(actor, case_id)
        query = _select().where(case_summaries.c.case_id == case_id).order_by(case_summaries.c.id)
        rows = self._connection.execute(query).mappings()
        return tuple(SummaryPenalty.of_row(row, leaf=bytes(row["leaf"]).hex()) for row in rows)

    def limits(self, case: Case) -> dict[PartyKind, int]:
        """Return up to how many yuan may be fined on the spot now; the caller has looked."""
        return {kind: self._most(case, kind, self._now) for kind in PartyKind}

    def _most(self, case: Case, kind: PartyKind, at: datetime) -> int:
        return setting_at(self._connection, self._unit.settings, case.agency_id, LIMITS[kind], at)

    def articles(self, case: Case, at: datetime | None = None) -> Items:
        """Return the articles by which one officer alone may act, as the agency lists them; the caller has looked."""
        name, when = ListSetting.OFFICER_EXCEPTIONS, at or self._now
        return list_at(self._connection, self._unit.settings, case.agency_id, name, when)

    def officers(self, case: Case) -> list[tuple[str, str]]:
        """Return number and name of every certificate of the case's agency, by name; the caller has looked."""
        return officers_of(self._connection, case.agency_id)

    def check(self, actor: Actor, case_id: CaseId, wish: PenaliseIn) -> Checked:
        """Say what `penalise` would fix, and change nothing; whoever reads it may still be too late.

        Raises: as `penalise`.
        """
        case = self._cases.writable(actor, case_id, STEPS[CaseStep.PENALISE].asks)
        STEPS.after(case.state, CaseStep.PENALISE, self._cases.gate_facts(case))
        people = self._judged(case, wish, self._now)
        documents = self._procedures.standing(case_id)
        lines = listed(CaseStep.PENALISE, self._now, documents, None, wish.reasons, is_summary=True)
        return Checked(self._names(people), lines)

    def _names(self, people: tuple[AccountId, ...]) -> tuple[str, ...]:
        named = names_among(literal(list(people), ARRAY(UUID(as_uuid=True))))
        return tuple(self._connection.execute(select(named)).scalar_one())

    def _judged(self, case: Case, wish: PenaliseIn, at: datetime) -> tuple[AccountId, ...]:
        """Return the officers who decided, by the register as of then, and as it is known at a time."""
        check_summary(
            wish,
            most_yuan=self._most(case, wish.party_kind, wish.made_at),
            party_code=case.party_code,
            occurred_at=case.occurred_at,
            now=at,
        )
        check_exception(wish.exception, self.articles(case, wish.made_at))
        named, is_excepted = self._named(case, wish, at), wish.exception is not None
        people = acting(set(wish.officers), named, is_excepted=is_excepted)
        for one in people:
            check_charge(Charge.HANDLE, parts_of(self._connection, case.id, one))
        return people

    def _named(self, case: Case, wish: PenaliseIn, known: datetime) -> tuple[NamedOfficer, ...]:
        return named_officers(
            self._connection, wish.officers, agency_id=case.agency_id, at=wish.made_at, known=known
        )

    def penalise(self, actor: Actor, case_id: CaseId, wish: PenaliseIn, seen: int) -> Case:
        """Enter a penalty that two officers decided on the spot, or one by an article, with its duties.

        Raises:
            NotFound: no such case within the actor's scope.
            Refused: the actor does not run this case, or an officer is barred from it (`recused`).
            TransitionRefused: it is no lead, or a gate does not allow it (`fact-unproven`, `case-facts-missing`).
            Invalid: art. 51 or 52 does not allow it (`summary-…`), or a duty is left unsaid (`formality-unsaid`).
            Conflict: a reason is given for a duty that is recorded (`formality-recorded`).
            VersionConflict: somebody else changed the case.
        """
        action = STEPS[CaseStep.PENALISE].asks
        case = self._cases.writable(actor, case_id, action)
        # Whose certificate changes meanwhile is waited for: the register is asked again behind their chains.
        relies = {reference("account", one.person) for one in self._named(case, wish, self._now)}
        deed, case = self._cases.changing(actor, case_id, action, seen, relies=relies)
        after = self._cases.advance(deed, case, CaseStep.PENALISE)
        wish = wish.model_copy(update={"made_at": whole_milliseconds(wish.made_at)})
        people = self._judged(case, wish, deed.at)
        lines = self._decisions.listed(deed, case, CaseStep.PENALISE, wish, is_summary=True)
        act = _act(wish, people, lines, to=after)
        leaf = deed.write(act, reference("case", case_id))
        entered = {"entered_by": actor.account_id, "entered_at": deed.at, "leaf": bytes.fromhex(leaf.digest)}
        self._connection.execute(
            insert(case_summaries).values(case_id=case_id, **_columns(wish, people), **entered)
        )
        return self._cases.get(actor, case_id)

    def record(self, actor: Actor, case_id: CaseId, remark: str, seen: int) -> Case:
        """File a decision on the spot with the agency (备案), as its head, who neither made nor entered it.

        Raises:
            NotFound: no such case within the actor's scope.
            Refused: the actor may not decide here, or made or entered it (`summary-own`).
            TransitionRefused: none stands (`summary-none`), or it is filed (`summary-recorded`).
            VersionConflict: somebody else changed the case.
        """
        deed, case = self._cases.changing(actor, case_id, STEPS[CaseStep.RECORD].asks, seen)
        after = self._cases.advance(deed, case, CaseStep.RECORD)
        check_charge(Charge.RECORD, parts_of(self._connection, case_id, actor.account_id))
        told = remark.strip()
        filed = {"recorded_by": actor.account_id, "recorded_at": deed.at, "record_remark": told or None}
        act = CaseRecord(to=after, penalised=self._change(case_id, filed), reason=shown(told))
        deed.write(act, reference("case", case_id))
        return self._cases.get(actor, case_id)

    def retract(self, actor: Actor, case_id: CaseId, reason: str, seen: int) -> Case:
        """Take the entry of a penalty on the spot back before it is filed; the case is a lead again.

        Raises:
            NotFound: no such case within the actor's scope.
            Refused: the actor does not run this case, or is barred from it (`recused`).
            TransitionRefused: none stands (`summary-none`), or it is filed (`summary-recorded`).
            VersionConflict: somebody else changed the case.
        """
        deed, case = self._cases.changing(actor, case_id, STEPS[CaseStep.RETRACT].asks, seen)
        after = self._cases.advance(deed, case, CaseStep.RETRACT)
        told = reason.strip()
        ended = {"retracted_by": actor.account_id, "retracted_at": deed.at, "retract_reason": told}
        act = CaseRetract(to=after, penalised=self._change(case_id, ended), reason=shown(told))
        # What its duties were found to be stands in its leaf; the case answers for none of them any more.
        self._connection.execute(delete(case_formalities).where(case_formalities.c.case_id == case_id))
        deed.write(act, reference("case", case_id))
        return self._cases.get(actor, case_id)

    def _change(self, case_id: CaseId, values: dict[str, Any]) -> str:
        """Change the row that stands; returns the digest of its leaf."""
        standing = case_summaries.c.case_id == case_id, case_summaries.c.retracted_at.is_(None)
        changed = update(case_summaries).where(*standing).values(**values)
        leaf: bytes | None = self._connection.scalar(changed.returning(case_summaries.c.leaf))
        if leaf is None:
            raise SUMMARY_NONE("no decision on the spot stands")
        return bytes(leaf).hex()


def _act(
    wish: PenaliseIn, people: tuple[AccountId, ...], lines: tuple[Listed, ...], *, to: CaseState
) -> CasePenalise:
    alone = {} if wish.exception is None else {"exception": shown(wish.exception)}
    kind = CasePenaliseAlone if alone else CasePenalise
    return kind.model_validate(
        {
            **alone,
            "to": to,
            "party_kind": wish.party_kind,
            "penalties": wish.kinds,
            "fine_fen": wish.fine_fen,
            "made_at": wish.made_at,
            "officers": tuple(sorted(reference("account", one) for one in people)),
            "refused": wish.is_refused,
            "formalities": elements(lines),
            "number": shown(wish.number.strip()),
            "basis": shown(wish.basis.strip()),
            "place": shown(wish.place.strip()),
            "certificates": shown(sorted(set(wish.officers))),
            "reason": shown(wish.reason.strip()),
        }
    )


def _columns(wish: PenaliseIn, people: tuple[AccountId, ...]) -> dict[str, Any]:
    return {
        "party_kind": wish.party_kind,
        "penalties": list(wish.kinds),
        "fine_fen": wish.fine_fen,
        "basis": wish.basis.strip(),
        "number": wish.number.strip(),
        "made_at": wish.made_at,
        "place": wish.place.strip(),
        "officers": list(people),
        "certificates": sorted(set(wish.officers)),
        "is_refused": wish.is_refused,
        "exception": wish.exception,
        "remark": wish.reason.strip() or None,
    }


def _select() -> Select[tuple[Any, ...]]:
    asked = [
        one for one in case_summaries.c if one.name in SummaryPenalty.model_fields and one.name != "officers"
    ]
    query: Select[tuple[Any, ...]] = select(*asked, names_among(case_summaries.c.officers).label("officers"))
    query = with_name(query, case_summaries.c.entered_by, "enterer")
    query = with_name(query, case_summaries.c.recorded_by, "recorder", is_optional=True)
    return with_name(query, case_summaries.c.retracted_by, "retracter", is_optional=True)
