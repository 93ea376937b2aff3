"""Deciding and closing: each duty of procedure is recorded or says why not, wherever the case is read afterwards."""

from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import select

from api.deps import COOKIE
from schemas.case import STEPS, Case, CaseState, CaseStep
from schemas.decision import DecisionIn, DecisionOutcome, PenaltyKind, UnrecordedIn
from schemas.errors import EvidenceError
from schemas.leaves_case import CaseDecide
from schemas.leaves_procedure import CaseDecideListed
from schemas.opening import Shown
from schemas.procedure import DocumentIn, Formality
from schemas.trail import day_of
from storage.store import Store
from storage.tables.procedure import case_decisions, case_formalities
from tests.casework import PASS, UNRECORDED, Bureau, decision, make_bureau
from tests.factories import acts_of, faults, folder_url, make_agency, make_settings
from tests.server import serving
from tests.stand import PATIENCE_SECONDS
from workers.custody import integrate


@pytest.fixture(scope="module")
def store(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    made = Store(make_settings(database_url, folder_url(tmp_path_factory.mktemp("decisions"))))
    make_agency(made)
    integrate(made)  # opens the log
    yield made
    made.close()


@pytest.fixture
def bureau(store: Store) -> Bureau:
    return make_bureau(store, officers=(uuid4().hex, uuid4().hex))


def refused(slug: str, **facts: object) -> object:
    def is_it(err: EvidenceError) -> bool:
        return err.slug == slug and all(err.facts[name] == value for name, value in facts.items())

    return pytest.raises(EvidenceError, check=is_it)


def passed(bureau: Bureau) -> Case:
    """A case whose review was passed, with a notice on file."""
    case, review = bureau.submitted()
    bureau.opine(review, PASS)
    file(bureau, case, Formality.NOTICE)
    return bureau.get(case)


def file(bureau: Bureau, case: Case, formality: Formality) -> None:
    with bureau.store.begin() as tx:
        wish = DocumentIn(formality=formality, title="告知书", dated=day_of(tx.now))
        tx.procedures.file(bureau.handler, case.id, wish)


def wished(bureau: Bureau, case: Case, **said: object) -> DecisionIn:
    with bureau.store.begin() as tx:
        return decision(tx, bureau.head, case.id, **said)


def decide(bureau: Bureau, case: Case, wish: DecisionIn) -> Case:
    with bureau.store.begin() as tx:
        return tx.decisions.decide(bureau.head, case.id, wish, tx.cases.get(bureau.head, case.id).version)


def answers(bureau: Bureau, case: Case) -> dict[Formality, str | None]:
    with bureau.store.begin() as tx:
        lines = tx.procedures.of_case(bureau.head, case.id)
    return {one.formality: one.answer.reason for one in lines if one.answer is not None}


def test_a_decision_says_what_it_is_and_of_each_duty_why_it_is_not_recorded(bureau: Bureau) -> None:
    """The outcome, kinds and fine, so many documents, and a reason for each of the rest stand in rows and leaf."""
    case = passed(bureau)
    kinds = [PenaltyKind.FINE, PenaltyKind.WARNING]
    decide(bureau, case, wished(bureau, case, penalties=kinds, fine_fen=5_000_000, reason="照此办理"))
    missing = (Formality.PLEA, Formality.HEARING, Formality.DISCUSSION, Formality.CONTENTS)
    kept = {Formality.NOTICE: None, Formality.TERM: None}
    assert answers(bureau, case) == kept | dict.fromkeys(missing, UNRECORDED)
    with bureau.store.begin() as tx:
        found = tx.decisions.of_case(bureau.handler, case.id)
    assert found is not None
    assert (found.outcome, found.kinds, found.fine_fen) == (
        DecisionOutcome.PENALTY,
        (PenaltyKind.WARNING, PenaltyKind.FINE),
        5_000_000,
    )
    (act,) = (one for one in acts_of(bureau.store, f"case/{case.id}") if isinstance(one, CaseDecideListed))
    assert next((one.formality, one.documents) for one in act.formalities) == (Formality.NOTICE, 1)
    assert isinstance(act.formalities[1].why, Shown)
    assert faults(bureau.store, case.id) == []


def test_a_line_without_document_and_reason_is_refused_by_name(bureau: Bureau) -> None:
    """Every such line is named; a reason for one that is recorded is refused, too; neither moves the case."""
    case = passed(bureau)
    whole = wished(bureau, case)
    less = whole.model_copy(update={"unrecorded": whole.unrecorded[2:]})
    with refused("formality-unsaid", formalities=["plea", "hearing"]):
        decide(bureau, case, less)
    more = [*whole.unrecorded, UnrecordedIn(formality=Formality.NOTICE, reason="x")]
    with refused("formality-recorded", formalities=["notice"]):
        decide(bureau, case, whole.model_copy(update={"unrecorded": more}))
    file(bureau, case, Formality.PLEA)
    with refused("formality-recorded", formalities=["plea"]):
        decide(bureau, case, whole)
    assert bureau.get(case).state is CaseState.LEGAL_REVIEW
    assert answers(bureau, case) == {}


@pytest.mark.parametrize("outcome", DecisionOutcome)
def test_only_what_finds_the_act_needs_its_proof(bureau: Bureau, outcome: DecisionOutcome) -> None:
    """A fact whose evidence no longer holds forbids a penalty and a minor act (art. 40), and neither of the other two."""
    case = passed(bureau)
    with bureau.store.begin() as tx:
        (recording,) = tx.recordings.of_case(case.id)
        tx.connection.exec_driver_sql(
            "UPDATE recordings SET verdict = 'mismatch' WHERE id = %s", (recording.id,)
        )
    wish = wished(bureau, case, outcome=outcome)
    if outcome in (DecisionOutcome.PENALTY, DecisionOutcome.MINOR):
        with refused("fact-unproven"):
            decide(bureau, case, wish)
        return
    assert decide(bureau, case, wish).state is CaseState.DECIDED


def test_a_decision_whose_parts_do_not_go_together_is_none() -> None:
    """A penalty has a kind, a fine an amount, what is no penalty has neither, and a duty is answered for once."""
    unsaid = {"formality": "plea", "reason": "x"}
    for wrong in (
        {"outcome": "penalty"},
        {"outcome": "minor", "penalties": ["warning"]},
        {"outcome": "penalty", "penalties": ["fine"]},
        {"outcome": "penalty", "penalties": ["warning"], "fine_fen": 1},
        {"outcome": "no_facts", "unrecorded": [unsaid, unsaid]},
        {"outcome": "no_facts", "unrecorded": [{"formality": "plea", "reason": "  "}]},
    ):
        with pytest.raises(ValueError):
            DecisionIn.model_validate(wrong)


def test_a_decision_after_ninety_days_says_why(bureau: Bureau) -> None:
    """No document shows the term: what was filed a hundred days ago asks for a reason (art. 60)."""
    case = passed(bureau)
    with bureau.store.begin() as tx:
        long_ago = case.filed_at - timedelta(days=91)
        tx.connection.exec_driver_sql("UPDATE cases SET filed_at = %s WHERE id = %s", (long_ago, case.id))
    whole = wished(bureau, case)
    late = [one for one in whole.unrecorded if one.formality is Formality.TERM]
    assert len(late) == 1
    others = [one for one in whole.unrecorded if one not in late]
    with refused("formality-unsaid", formalities=["term"]):
        decide(bureau, case, whole.model_copy(update={"unrecorded": others}))
    decide(bureau, case, whole)
    assert answers(bureau, case)[Formality.TERM] == UNRECORDED


def test_a_case_is_closed_with_its_service_or_says_why_not(bureau: Bureau) -> None:
    """Service recorded after the decision needs no reason; without it one is asked for, and kept."""
    served, unserved = bureau.at(CaseState.DECIDED), bureau.at(CaseState.DECIDED)
    file(bureau, served, Formality.SERVICE)
    bureau.step(served, CaseStep.CLOSE)
    assert answers(bureau, served)[Formality.SERVICE] is None
    with refused("formality-unsaid", formalities=["service"]), bureau.store.begin() as tx:
        wish = wished(bureau, unserved).model_copy(update={"unrecorded": []})
        tx.decisions.close(bureau.handler, unserved.id, wish, unserved.version)
    bureau.step(unserved, CaseStep.CLOSE)
    assert answers(bureau, unserved)[Formality.SERVICE] == UNRECORDED
    assert faults(bureau.store, served.id) == faults(bureau.store, unserved.id) == []


def test_the_bare_step_neither_decides_nor_closes(bureau: Bureau) -> None:
    """What lists its duties is not taken without them."""
    case = passed(bureau)
    with refused("case-step-listed"), bureau.store.begin() as tx:
        tx.cases.step(bureau.head, case.id, CaseStep.DECIDE, "", case.version)
    decided = bureau.at(CaseState.DECIDED)
    with refused("case-step-listed"), bureau.store.begin() as tx:
        tx.cases.step(bureau.handler, decided.id, CaseStep.CLOSE, "", decided.version)


def unlisted(bureau: Bureau) -> Case:
    """A case that was decided before decisions listed anything: a leaf of version 1, and no rows."""
    case = passed(bureau)
    with bureau.store.begin() as tx:
        deed, found = tx.cases.changing(
            bureau.head, case.id, STEPS[CaseStep.DECIDE].asks, tx.cases.get(bureau.head, case.id).version
        )
        after = tx.cases.advance(deed, found, CaseStep.DECIDE)
        deed.write(CaseDecide(to=after), f"case/{case.id}")
    return bureau.get(case)


def page(url: str, bureau: Bureau, who: UUID, path: str) -> str:
    cookies = {COOKIE: bureau.tokens[who]}
    with httpx.Client(base_url=url, cookies=cookies, timeout=PATIENCE_SECONDS) as client:
        answer = client.get(path)
        assert answer.status_code == 200
        return answer.text


def test_the_decide_form_asks_beside_each_line_and_the_page_keeps_it(store: Store, bureau: Bureau) -> None:
    """A box stands beside each line that is not recorded and no other; afterwards the reasons stand there. No 通过."""
    case = passed(bureau)
    with serving(store) as url:
        before = page(url, bureau, bureau.head.id, f"/console/cases/{case.id}")
        decide(bureau, case, wished(bureau, case, outcome=DecisionOutcome.MINOR))
        after = page(url, bureau, bureau.handler.id, f"/console/cases/{case.id}")
    form = before.partition(f'action="/console/cases/{case.id}/decision"')[2].partition("</form>")[0]
    asked = [one.value for one in Formality if f'name="formality" value="{one.value}"' in form]
    assert asked == ["plea", "hearing", "discussion", "contents"]
    panel = after.partition('<section id="procedure">')[2].partition("</section>")[0]
    assert panel.count(f"未记录的理由：{UNRECORDED}") == 4
    assert "不予行政处罚（违法行为轻微）" in panel
    assert "通过" not in form + panel


def test_an_old_decision_is_told_nothing_it_did_not_say(store: Store, bureau: Bureau) -> None:
    """What was filed stands there and no other line of it; its service may be listed when it is closed."""
    case = unlisted(bureau)
    with serving(store) as url:
        panel = page(url, bureau, bureau.handler.id, f"/console/cases/{case.id}")
    panel = panel.partition('<section id="procedure">')[2].partition("</section>")[0]
    assert "作出决定时未登记程序事项" in panel
    lines = panel.partition("<tbody>")[2].partition("</tbody>")[0]
    assert (lines.count("<tr>"), lines.count("事先告知</b>"), lines.count("送达</b>")) == (2, 1, 1)
    bureau.step(case, CaseStep.CLOSE)
    with store.begin() as tx:
        asked = select(case_formalities.c.formality).where(case_formalities.c.case_id == case.id)
        assert tx.connection.scalars(asked).all() == ["service"]
        assert not tx.connection.scalars(
            select(case_decisions).where(case_decisions.c.case_id == case.id)
        ).all()
    assert faults(store, case.id) == []
