"""Penalties on the spot: entered by the rules of arts 51 and 52, filed by the head, taken back, and read everywhere."""

from collections.abc import Iterator
from datetime import timedelta
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import select

from api.deps import COOKIE
from schemas.actor import Actor, Role
from schemas.case import Case, CaseState, CaseStep
from schemas.decision import PenaltyKind
from schemas.duty import Duty
from schemas.errors import EvidenceError
from schemas.leaves_recusal import RecusalGround
from schemas.leaves_summary import CasePenalise, CaseRecord, CaseRetract
from schemas.procedure import SUMMARY_RULES, DocumentIn, Formality
from schemas.recusal import RecusalIn
from schemas.setting import Setting, SettingIn
from schemas.setting_list import ListSetting
from schemas.summary import PartyKind, PenaliseIn
from schemas.trail import day_of
from storage.reads.retention import ties_of
from storage.store import Store
from storage.tables.procedure import case_formalities
from storage.tables.summary import case_summaries
from tests.casework import UNRECORDED, Bureau, make_bureau, penalty
from tests.factories import acts_of, faults, folder_url, make_account, make_agency, make_settings
from tests.server import serving
from tests.stand import PATIENCE_SECONDS
from workers.custody import integrate


@pytest.fixture(scope="module")
def store(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    made = Store(make_settings(database_url, folder_url(tmp_path_factory.mktemp("summaries"))))
    make_agency(made)
    integrate(made)  # opens the log
    yield made
    made.close()


@pytest.fixture
def bureau(store: Store) -> Bureau:
    return make_bureau(store, officers=(uuid4().hex, uuid4().hex))


def refused(slug: str) -> object:
    return pytest.raises(EvidenceError, check=lambda err: err.slug == slug)


def wished(bureau: Bureau, case: Case, **said: object) -> PenaliseIn:
    with bureau.store.begin() as tx:
        return penalty(tx, bureau.head, case.id, **said)


def penalise(bureau: Bureau, case: Case, wish: PenaliseIn | None = None, by: Actor | None = None) -> Case:
    wish = wish or wished(bureau, case)
    with bureau.store.begin() as tx:
        seen = tx.cases.known(case.id).version
        return tx.summaries.penalise(by or bureau.handler, case.id, wish, seen)


def answers(bureau: Bureau, case: Case) -> dict[Formality, str | None]:
    with bureau.store.begin() as tx:
        lines = tx.procedures.of_case(bureau.head, case.id)
    return {one.formality: one.answer.reason for one in lines if one.answer is not None}


def waits(bureau: Bureau, who: Actor) -> dict[Duty, int]:
    with bureau.store.begin() as tx:
        return {line.duty: line.count for line in tx.duties.waiting(who)}


def test_a_penalty_on_the_spot_is_entered_filed_and_closed(bureau: Bureau) -> None:
    """Everything of its form stands in row and leaf, each duty is answered for, and closing has nothing left to list."""
    case = bureau.found()
    with bureau.store.begin() as tx:
        paper = DocumentIn(formality=Formality.CONTENTS, title="当场处罚决定书", dated=day_of(tx.now))
        tx.procedures.file(bureau.handler, case.id, paper)
    kinds = [PenaltyKind.FINE, PenaltyKind.WARNING]
    wish = wished(
        bureau, case, penalties=kinds, is_refused=True, reason=" 现场责令改正 ", number=" 〔2026〕7号 "
    )
    case = penalise(bureau, case, wish)
    assert (case.state, case.is_summary) == (CaseState.DECIDED, True)
    others = set(SUMMARY_RULES) - {Formality.CONTENTS}
    assert answers(bureau, case) == {Formality.CONTENTS: None} | dict.fromkeys(others, UNRECORDED)
    bureau.step(case, CaseStep.RECORD, "已核对")
    closed = bureau.step(case, CaseStep.CLOSE)
    with bureau.store.begin() as tx:
        (found,) = tx.summaries.of_case(bureau.handler, case.id)
    assert (found.kinds, found.fine_fen, found.number, found.remark) == (
        (PenaltyKind.WARNING, PenaltyKind.FINE),
        20_000,
        "〔2026〕7号",
        "现场责令改正",
    )
    assert (found.is_refused, len(found.officers), len(found.certificates)) == (True, 2, 2)
    assert (found.record_remark, found.stands, closed.state) == ("已核对", True, CaseState.CLOSED)
    acts = [type(one) for one in acts_of(bureau.store, f"case/{case.id}")]
    assert [one for one in acts if one in (CasePenalise, CaseRecord, CaseRetract)] == [
        CasePenalise,
        CaseRecord,
    ]
    assert faults(bureau.store, case.id) == []


def test_an_entry_is_taken_back_and_made_anew(bureau: Bureau) -> None:
    """The case is the lead that it was: evidence changes, the head may file it, and it may be entered again."""
    lead = bureau.found()
    case = penalise(bureau, lead)
    with refused("case-under-review"):
        bureau.fact(case)
    back = bureau.step(case, CaseStep.RETRACT, "金额录入错误")
    assert (back.state, back.decided_at, back.opened_at) == (CaseState.LEAD, None, lead.opened_at)
    assert answers(bureau, back) == {}
    again = penalise(bureau, back, wished(bureau, back, fine_fen=5_000))
    with bureau.store.begin() as tx:
        entered = tx.summaries.of_case(bureau.head, case.id)
    assert [(one.fine_fen, one.stands, one.retract_reason) for one in entered] == [
        (20_000, False, "金额录入错误"),
        (5_000, True, None),
    ]
    bureau.step(again, CaseStep.RETRACT)
    filed = bureau.step(again, CaseStep.FILE)
    assert (filed.state, filed.is_summary) == (CaseState.FILED, False)
    assert faults(bureau.store, case.id) == []


def test_what_art_51_forbids_is_refused_and_leaves_nothing(bureau: Bureau) -> None:
    """Kind, amount, officers and time, each by its own slug; neither row nor duty nor state is left behind."""
    case = bureau.found()
    good = wished(bureau, case)
    for slug, said in (
        ("summary-kind", {"penalties": [PenaltyKind.CRITICISM], "fine_fen": None}),
        ("summary-fine-high", {"fine_fen": 20_001}),
        ("summary-fine-high", {"party_kind": PartyKind.ORGANISATION, "fine_fen": 300_001}),
        ("summary-officers", {"officers": good.officers[:1]}),
        ("summary-officers", {"officers": [good.officers[0], "没有这个证号"]}),
        ("summary-time", {"made_at": good.made_at + timedelta(days=1)}),
        ("formality-unsaid", {"unrecorded": good.unrecorded[1:]}),
    ):
        wish = good.model_copy(update=said)
        with refused(slug):
            penalise(bureau, case, wish)
        with refused(slug), bureau.store.begin() as tx:
            tx.summaries.check(bureau.handler, case.id, wish)
    assert bureau.get(case) == case
    with bureau.store.begin() as tx:
        for table in (case_summaries, case_formalities):
            assert not tx.connection.scalars(select(table).where(table.c.case_id == case.id)).all()
        assert len(tx.summaries.check(bureau.handler, case.id, good).officers) == 2
    most = wished(bureau, case, party_kind=PartyKind.ORGANISATION, fine_fen=300_000)
    assert penalise(bureau, case, most).state is CaseState.DECIDED


def test_an_agency_says_less_than_the_law_never_more(bureau: Bureau) -> None:
    """Its number counts as of the penalty: what was decided before it began is judged by what held then."""
    admin = make_account(bureau.store, bureau.agency, Role.ADMIN)[1]
    name = Setting.SUMMARY_FINE_CITIZEN_YUAN
    with bureau.store.begin() as tx:
        since = tx.now - timedelta(hours=2)
        less = SettingIn(name=name, value=50, from_at=since, source="简易程序规定第二条")
        tx.agency_settings.change(admin, bureau.agency, less)
    with refused("setting-out-of-range"), bureau.store.begin() as tx:
        more = less.model_copy(update={"value": 201})
        tx.agency_settings.change(admin, bureau.agency, more)
    case = bureau.found()
    with refused("summary-fine-high"):
        penalise(bureau, case)
    before = wished(bureau, case, made_at=since - timedelta(minutes=1))
    assert penalise(bureau, case, before).state is CaseState.DECIDED


def test_one_officer_decides_by_an_article_of_the_agency_s_list(store: Store, bureau: Bureau) -> None:
    """The list as of the penalty; the article stands on its page, and the record names no fault."""
    admin = make_account(bureau.store, bureau.agency, Role.ADMIN)[1]
    article = "某某条例第十条"
    case = bureau.found()
    alone = {"officers": wished(bureau, case).officers[:1], "exception": article}
    with refused("summary-exception"):
        penalise(bureau, case, wished(bureau, case, **alone))
    with bureau.store.begin() as tx:
        name, since = ListSetting.OFFICER_EXCEPTIONS, tx.now - timedelta(hours=1)
        said = SettingIn(name=name, items=[article], from_at=since, source="条例第十条")
        tx.agency_settings.change(admin, bureau.agency, said)
    for slug, more in (
        ("summary-exception", {"officers": wished(bureau, case).officers, "exception": article}),
        ("summary-exception", {**alone, "made_at": since - timedelta(minutes=1)}),
        ("summary-officers", {"officers": alone["officers"]}),
    ):
        with refused(slug):
            penalise(bureau, case, wished(bureau, case, **more))
    with serving(store) as url, client(url, bureau, bureau.handler) as web:
        assert f'<option value="{article}">' in web.get(f"/console/cases/{case.id}/summary").text
        assert penalise(bureau, case, wished(bureau, case, **alone)).state is CaseState.DECIDED
        assert f"由一人执法的依据</th><td>{article}" in web.get(f"/console/cases/{case.id}").text
    assert faults(bureau.store, case.id) == []


def test_facts_are_proven_before_anything_is_decided_on_the_spot(bureau: Bureau) -> None:
    """None named, one without evidence: art. 51 asks for established facts, as elsewhere."""
    case = bureau.open()
    with refused("case-facts-missing"):
        penalise(bureau, case)
    bureau.fact(case)
    with refused("fact-unproven"):
        penalise(bureau, case)


def test_only_a_lead_is_decided_on_the_spot(bureau: Bureau) -> None:
    """What the head filed goes the ordinary way, and nothing of the three is a bare step."""
    case = bureau.investigated()
    with refused("case-step-refused"):
        penalise(bureau, case)
    for step in (CaseStep.PENALISE, CaseStep.RECORD, CaseStep.RETRACT):
        with refused("summary-apart"), bureau.store.begin() as tx:
            tx.cases.step(bureau.handler, case.id, step, "x", case.version)
    ordinary = bureau.at(CaseState.DECIDED)
    for step in (CaseStep.RECORD, CaseStep.RETRACT):
        with refused("summary-none"):
            bureau.step(ordinary, step)


def test_who_made_or_entered_it_does_not_file_it(bureau: Bureau) -> None:
    """Neither the head who entered it nor one who was an officer of it; another head does."""
    numbers = wished(bureau, bureau.found()).officers
    acting = make_account(bureau.store, bureau.agency, Role.HEAD, certificate=uuid4().hex)[1]
    case = bureau.found()
    wish = wished(bureau, case, officers=[numbers[0], *acting.certificates])
    case = penalise(bureau, case, wish, by=bureau.head)
    for who in (bureau.head, acting):
        with refused("summary-own"), bureau.store.begin() as tx:
            tx.summaries.record(who, case.id, "", case.version)
        assert Duty.RECORD_SUMMARY not in waits(bureau, who)
    other = make_account(bureau.store, bureau.agency, Role.HEAD)[1]
    assert waits(bureau, other)[Duty.RECORD_SUMMARY] == 1
    with bureau.store.begin() as tx:
        tx.summaries.record(other, case.id, "", case.version)
    assert Duty.RECORD_SUMMARY not in waits(bureau, other)
    assert faults(bureau.store, case.id) == []


def test_what_is_filed_stands_and_what_is_not_is_not_closed(bureau: Bureau) -> None:
    """Art. 52: no closing before it; and behind it no way back by the entry."""
    case = penalise(bureau, bureau.found())
    assert Duty.RUN_CASE not in waits(bureau, bureau.handler)
    with refused("summary-unrecorded"):
        bureau.step(case, CaseStep.CLOSE)
    case = bureau.step(case, CaseStep.RECORD)
    assert waits(bureau, bureau.handler)[Duty.RUN_CASE] == 1
    for step in (CaseStep.RECORD, CaseStep.RETRACT):
        with refused("summary-recorded"):
            bureau.step(case, step)


def test_a_lead_waits_for_the_head_alone(bureau: Bureau) -> None:
    """That a lead may be decided on the spot puts nothing on its handler's list."""
    bureau.open()
    assert Duty.RUN_CASE not in waits(bureau, bureau.handler)
    assert waits(bureau, bureau.head)[Duty.FILE_CASE] == 1


def test_nobody_decides_on_the_spot_who_is_barred(bureau: Bureau) -> None:
    """An officer who is barred from the case is no officer of its penalty (art. 43)."""
    case = bureau.found()
    bar = RecusalIn(login=bureau.officers[0].login, ground=RecusalGround.HEAD, reason="近亲属")
    wish = wished(bureau, case)
    with bureau.store.begin() as tx:
        tx.recusals.bar(bureau.head, case.id, bar)
    with refused("recused"):
        penalise(bureau, case, wish)


def test_two_who_act_at_once_meet_each_other(bureau: Bureau) -> None:
    """Who penalised, filed or took back on a page of before is told so."""
    case = bureau.found()
    wish = wished(bureau, case)
    penalise(bureau, case, wish)
    for act in (
        lambda tx: tx.summaries.penalise(bureau.handler, case.id, wish, case.version),
        lambda tx: tx.summaries.record(bureau.head, case.id, "", case.version),
        lambda tx: tx.summaries.retract(bureau.handler, case.id, "x", case.version),
    ):
        with refused("version-conflict"), bureau.store.begin() as tx:
            act(tx)


def test_what_a_summary_case_rests_on_is_kept_ten_years(bureau: Bureau) -> None:
    """R3, a setting as of the closing; an ordinary case is kept as before."""
    case = penalise(bureau, bureau.found())
    bureau.step(case, CaseStep.RECORD)
    closed = bureau.step(case, CaseStep.CLOSE)
    ordinary = bureau.at(CaseState.CLOSED)
    with bureau.store.begin() as tx:
        for one, years in ((closed, 10), (ordinary, 30)):
            (recording,) = tx.recordings.of_case(one.id)
            (tie,) = ties_of(tx.connection, bureau.store.settings, recording.id)
            assert (tie.case_id, tie.closed_at, tie.months) == (one.id, one.closed_at, years * 12)


def client(url: str, bureau: Bureau, who: Actor) -> httpx.Client:
    return httpx.Client(base_url=url, cookies={COOKIE: bureau.tokens[who.id]}, timeout=PATIENCE_SECONDS)


def fields(page: str, case: Case) -> dict[str, object]:
    token = page.partition('name="csrf" value="')[2].partition('"')[0]
    names = [one.value for one in SUMMARY_RULES]
    return {
        "csrf": token,
        "version": str(case.version),
        "formality": names,
        "why": ["口头告知，决定书已载明"] * len(names),
    }


def test_the_page_asks_twice_and_says_the_rule_beside_the_field(store: Store, bureau: Bureau) -> None:
    """What is wrong stands beside its field with all that was typed; then what will be fixed; then it is entered."""
    case = bureau.found()
    good = wished(bureau, case)
    path = f"/console/cases/{case.id}/summary"
    with serving(store) as url, client(url, bureau, bureau.handler) as web:
        blank = web.get(path)
        typed = fields(blank.text, case) | {
            "party_kind": "citizen",
            "penalties": ["fine"],
            "fine": "201",
            "basis": "条例第三十六条",
            "number": "当罚〔2026〕9号",
            "made_at": "2026-11-30T09:30",
            "place": "建军路",
            "first_officer": good.officers[0],
            "second_officer": good.officers[1],
            "signed": "refused",
        }
        wrong = web.post(path, data=typed)
        looked = web.post(path, data={**typed, "fine": "200"})
        nothing = bureau.get(case)
        done = web.post(path, data={**typed, "fine": "200", "is_sure": "yes"})
        page = web.get(f"/console/cases/{case.id}").text
        printed = web.get(f"/console/cases/{case.id}/print")
    assert "对公民处以 200 元以下" in blank.text
    beside = wrong.text.partition('name="fine" value="201"')[2].partition("</label>")[0]
    assert wrong.status_code == 422
    assert "罚款超过可以当场决定的数额" in beside
    assert 'value="当罚〔2026〕9号"' in wrong.text
    assert (looked.status_code, nothing.state) == (200, CaseState.LEAD)
    assert "将要固定的内容" in looked.text
    assert 'name="is_sure" value="yes"' in looked.text
    assert done.status_code == 303
    assert "待负责人备案" in page
    assert "拒绝签收，已在决定书上注明" in page
    assert "第五十七条至第六十条不适用" in page
    assert "当场处罚决定还没有报所属行政机关备案" in page
    assert printed.status_code == 200


def test_the_head_is_shown_what_to_file_and_who_is_next(store: Store, bureau: Bureau) -> None:
    """The head's list leads to it, the page offers the filing, and afterwards says who did it."""
    case = penalise(bureau, bureau.found())
    path = f"/console/cases/{case.id}"
    with serving(store) as url, client(url, bureau, bureau.head) as web:
        listed = web.get("/console/cases?only=unfiled").text
        before = web.get(path).text
        sent = {"csrf": fields(before, case)["csrf"], "version": str(case.version), "reason": "同意备案"}
        answer = web.post(f"{path}/summary/record", data=sent)
        after = web.get(path).text
    assert case.number in listed
    assert f'action="{path}/summary/record"' in before
    assert answer.status_code == 303
    assert "已备案" in after
    assert "同意备案" in after
    assert f'action="{path}/summary/record"' not in after


def seen_in(answer: httpx.Response) -> dict[str, str]:
    """If-Match of the version that an answer came with."""
    return {"If-Match": answer.headers["ETag"]}


def test_the_api_enters_files_and_tells_it(store: Store, bureau: Bureau) -> None:
    """The same acts by the API; a list tells every entry, and the case's duties are those of arts 44, 45 and 52."""
    case = bureau.found()
    wish = wished(bureau, case).model_dump(mode="json")
    at, first = f"/v1/cases/{case.id}", {"If-Match": f'"v{case.version}"'}

    def call(who: Actor) -> httpx.Client:
        headers = {"Authorization": f"Bearer {bureau.tokens[who.id]}"}
        return httpx.Client(base_url=url, headers=headers, timeout=PATIENCE_SECONDS)

    with serving(store) as url, call(bureau.handler) as web, call(bureau.head) as head:
        high = web.post(f"{at}/summaries", json={**wish, "fine_fen": 20_001}, headers=first)
        made = web.post(f"{at}/summaries", json=wish, headers=first)
        back = web.post(f"{at}/summaries/retract", json={"reason": "有误"}, headers=seen_in(made))
        made = web.post(f"{at}/summaries", json=wish, headers=seen_in(back))
        filed = head.post(f"{at}/summaries/record", json={}, headers=seen_in(made))
        told = web.get(f"{at}/summaries").json()["summaries"]
        duties = web.get(f"{at}/procedure").json()["formalities"]
    assert (high.status_code, high.json()["type"].rpartition(":")[2]) == (422, "summary-fine-high")
    assert [one.status_code for one in (made, back, filed)] == [201] * 3
    assert (back.json()["state"], filed.json()["state"]) == ("lead", "decided")
    assert [bool(one["retracted_at"]) for one in told] == [True, False]
    assert told[1]["recorded_at"]
    assert [(one["articles"], one["step"]) for one in duties] == [
        *(("44", "penalise"), ("45", "penalise"), ("52", "penalise"), ("52", "penalise")),
    ]
