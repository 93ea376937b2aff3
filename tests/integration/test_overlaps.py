"""Before a lead is filed: what the agency has of the same party, plate, matter and place, and who is told which."""

from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID, uuid4

import httpx
import pytest

from api.deps import COOKIE
from schemas.actor import Actor, Role
from schemas.case import Case, CaseIn, CaseState, CaseStep
from schemas.errors import EvidenceError
from schemas.overlap import LOOK_BACK, Overlap, Overlapping
from storage.case.overlap import MOST_READ
from storage.store import Store
from storage.tables.case import cases
from tests.casework import Bureau, make_bureau
from tests.factories import folder_url, make_account, make_agency, make_settings
from tests.rows import Rows
from tests.server import serving
from tests.stand import PATIENCE_SECONDS
from workers.custody import integrate

CODE = "91320903MA1DEM001U"
POINT = {"lat_e7": 333_475_000, "lon_e7": 1_201_626_000}


@pytest.fixture(scope="module")
def store(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    made = Store(make_settings(database_url, folder_url(tmp_path_factory.mktemp("overlaps"))))
    make_agency(made)
    integrate(made)  # opens the log
    yield made
    made.close()


@pytest.fixture
def bureau(store: Store) -> Bureau:
    return make_bureau(store, officers=(uuid4().hex, uuid4().hex))


def other(bureau: Bureau, **said: object) -> Case:
    """A case of nobody's party, matter or place, but for what is said."""
    apart = {"party": f"某店{uuid4().hex[:6]}", "matter": "其他事由", "place": f"某路{uuid4().hex[:6]}"}
    return bureau.open(**{**apart, **said})


def overlaps(bureau: Bureau, case: Case, who: Actor | None = None) -> Overlapping:
    with bureau.store.begin() as tx:
        return tx.overlaps.of_case(who or bureau.handler, case.id)


def test_each_case_says_why_it_is_listed(bureau: Bureau) -> None:
    """By code, by name, by plate, by matter with place; those that share most stand first, and a matter alone is none."""
    mine = bureau.open(
        party="某某运输公司", party_code=CODE, plates=["苏J8K213"], matter="超限运输", place="S229", **POINT
    )
    by_code = other(bureau, party_code=CODE)
    by_name = other(bureau, party="某某运输公司")
    by_plate = other(bureau, plates=["苏J00001", "苏J8K213"])
    near = other(bureau, matter="超限运输", lat_e7=333_475_900, lon_e7=1_201_626_000)
    whole = other(bureau, party="某某运输公司", plates=["苏J8K213"], matter="超限运输", place="S229")
    other(bureau, matter="超限运输")
    other(bureau, place="S229")
    other(bureau, party="某某运输公司的邻居")
    found = overlaps(bureau, mine)
    assert found.count == 5
    assert found.cases[0].number == whole.number
    assert {one.number: one.overlaps for one in found.cases} == {
        by_code.number: (Overlap.PARTY,),
        by_name.number: (Overlap.PARTY,),
        by_plate.number: (Overlap.PLATE,),
        near.number: (Overlap.MATTER, Overlap.PLACE),
        whole.number: tuple(Overlap),
    }
    assert next(one.metres for one in found.cases if one.number == near.number) == 10


def test_a_case_of_any_state_counts_for_two_years(bureau: Bureau) -> None:
    """A decided one is found as an open one is; what was opened more than two years ago is not."""
    mine, old = other(bureau, party="某某商行"), other(bureau, party="某某商行")
    decided = bureau.at(CaseState.DECIDED)
    with bureau.store.begin() as tx:
        before = tx.now - LOOK_BACK - timedelta(days=1)
        tx.connection.exec_driver_sql("UPDATE cases SET opened_at = %s WHERE id = %s", (before, old.id))
    assert overlaps(bureau, mine).count == 0
    found = overlaps(bureau, bureau.open()).cases
    assert (decided.number, CaseState.DECIDED) in {(one.number, one.state) for one in found}


def test_another_agency_is_never_shown(store: Store, bureau: Bureau) -> None:
    """Not its number, not that there is one, not how many."""
    foreign = make_bureau(store, officers=(uuid4().hex, uuid4().hex))
    foreign.open(party="某某商行二", party_code=CODE, plates=["苏J1T095"])
    mine = bureau.open(party="某某商行二", party_code=CODE, plates=["苏J1T095"])
    assert overlaps(bureau, mine).count == overlaps(bureau, mine, bureau.head).count == 0


def test_who_may_not_see_the_other_learns_only_that_it_fits(store: Store, bureau: Bureau) -> None:
    """A colleague's case has no number and no link for a handler; the head of the agency reads both."""
    colleague = make_account(store, bureau.agency, Role.HANDLER)[1]
    with store.begin() as tx:
        entered = {"number": f"同事-{uuid4().hex[:6]}", "party": "某某商行三", "matter": "x", "place": "y"}
        theirs = tx.cases.open(colleague, CaseIn.model_validate(entered))
    mine = bureau.open(party="某某商行三")
    (told,) = overlaps(bureau, mine).cases
    assert (told.id, told.number, told.overlaps) == (None, None, (Overlap.PARTY,))
    (told,) = overlaps(bureau, mine, bureau.head).cases
    assert (told.id, told.number) == (theirs.id, theirs.number)
    with pytest.raises(EvidenceError, check=lambda err: err.slug == "case-unknown"):
        overlaps(bureau, mine, colleague)
    with pytest.raises(EvidenceError, check=lambda err: err.slug == "case-unknown"):
        overlaps(bureau, mine, bureau.reviewer)


def page(url: str, bureau: Bureau, who: UUID, case: Case) -> str:
    cookies = {COOKIE: bureau.tokens[who]}
    with httpx.Client(base_url=url, cookies=cookies, timeout=PATIENCE_SECONDS) as client:
        answer = client.get(f"/console/cases/{case.id}")
        assert answer.status_code == 200
        return answer.text


def test_the_lead_s_page_shows_them_and_blocks_nothing(store: Store, bureau: Bureau) -> None:
    """The filing says how many there are and goes on; behind it they are shown no more."""
    first, mine = bureau.open(party="某某商行四"), bureau.open(party="某某商行四")
    with serving(store) as url:
        lead = page(url, bureau, bureau.head.id, mine)
        alone = page(url, bureau, bureau.head.id, other(bureau))
        bureau.step(mine, CaseStep.FILE)
        filed = page(url, bureau, bureau.head.id, mine)
    assert "本单位近两年有 1 件相近的案件，立案前请核对" in lead
    assert f'href="/console/cases/{first.id}"' in lead
    assert "同一当事人" in lead
    assert "本单位近两年没有同一当事人" in alone
    assert "立案前核对" not in filed


def test_beyond_what_is_compared_the_number_says_that_there_may_be_more(bureau: Bureau) -> None:
    """Exactly as many as are compared are counted; one more, and nobody is told that this is all."""
    mine = bureau.open(plates=["苏J8K213"])
    known = {"agencies": bureau.agency, "accounts": bureau.handler.id, "colleague": bureau.head.id}
    with bureau.store.begin() as tx:
        rows = Rows(tx.connection, known, is_full=False)
        for _ in range(MOST_READ):
            rows.put(cases, state="lead", plates=["苏J8K213"], opened_at=tx.now)
    found = overlaps(bureau, mine)
    assert (found.count, found.is_more) == (MOST_READ, False)
    other(bureau, plates=["苏J8K213"])
    found = overlaps(bureau, mine)
    assert (found.count, found.is_more) == (MOST_READ, True)
    with serving(bureau.store) as url:
        cookies = {COOKIE: bureau.tokens[bureau.head.id]}
        page = httpx.get(f"{url}/console/cases/{mine.id}", cookies=cookies, timeout=PATIENCE_SECONDS).text
    assert page.count(f"{MOST_READ} 以上 件") == 2
