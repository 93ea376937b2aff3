"""The result of an audit: what it sums up, and who is told it when."""

from collections.abc import Iterator
from contextlib import ExitStack

import httpx
import pytest

from schemas.actor import Actor, Role
from schemas.audit_result import AuditResult, interval
from schemas.errors import EvidenceError, NotFound, Refused, TransitionRefused
from schemas.standard import DEMO_STANDARD, ItemScore
from storage.audit.values import Audit
from storage.store import Store
from tests.factories import folder_url, make_account, make_agency, make_settings
from tests.server import serving
from tests.stand import PATIENCE_SECONDS
from tests.supervision import Bureau, Clock, make_supervision
from tests.tus import bearer
from tests.web import TRUST

FULL = [ItemScore(code=item.code, points=item.points) for item in DEMO_STANDARD.items]
LOW = [score.model_copy(update={"points": 0, "remark": "缺"}) for score in FULL[:3]] + FULL[3:]


@pytest.fixture(scope="module")
def bureau(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bureau]:
    clock = Clock()
    store = Store(make_settings(database_url, folder_url(tmp_path_factory.mktemp("results"))), clock=clock)
    yield make_supervision(store, clock)
    store.close()


def refused(problem: str, kind: type[EvidenceError]) -> object:
    return pytest.raises(kind, check=lambda err: err.slug == problem)


def score(bureau: Bureau, audit: Audit, who: Actor, *given: list[ItemScore]) -> None:
    """Give points to the first members in their order."""
    with bureau.store.begin() as tx:
        members = [one.member_id for one in tx.audit_scores.drawn(who, audit.id)]
    for member, points in zip(members, given, strict=False):
        with bureau.store.begin() as tx:
            tx.audit_scores.score(who, audit.id, member, points)


def result(bureau: Bureau, who: Actor, audit: Audit) -> AuditResult:
    with bureau.store.begin() as tx:
        return tx.audit_results.of(who, audit.id)


def test_nothing_is_told_before_the_draw(bureau: Bureau) -> None:
    """There is no result of what was not drawn."""
    with refused("audit-not-drawn", TransitionRefused):
        result(bureau, bureau.supervisor, bureau.frozen())


def test_files_that_all_have_scored_are_summed_up(bureau: Bureau) -> None:
    """What one inspector has scored alone is in no sum, so that nobody reads the other's points off it."""
    made = bureau.assigned()
    one, two = bureau.inspectors
    score(bureau, made, one, FULL, LOW, FULL)
    assert (result(bureau, bureau.supervisor, made).scored, result(bureau, two, made).mean) == (0, None)
    score(bureau, made, two, FULL, LOW)
    told = result(bureau, two, made)

    assert (told.population, told.drawn, told.scored, told.is_final) == (8, 3, 2, False)
    assert [file.mean for file in told.files] == [100, 55]
    assert [file.is_passed for file in told.files] == [True, False]
    assert told.passed is not None
    assert (told.passed.low, told.passed.high) == tuple(map(float, interval(8, 3, 1, 1)))
    assert {item.code: item.whole.count for item in told.items}["A1"] == 1


def test_who_is_told_when(bureau: Bureau) -> None:
    """Who runs and who scores it at once; audited agency and head of the bureau after the end; nobody else ever."""
    made = bureau.assigned()
    top = bureau.supervisor.agency_id
    late = [bureau.head, make_account(bureau.store, top, Role.HEAD)[1]]
    stranger = make_account(bureau.store, make_agency(bureau.store), Role.HEAD)[1]
    idle = make_account(bureau.store, top, Role.INSPECTOR)[1]
    score(bureau, made, bureau.inspectors[0], FULL)
    score(bureau, made, bureau.inspectors[1], FULL)
    for who in (bureau.supervisor, bureau.colleague, *bureau.inspectors):
        assert result(bureau, who, made).scored == 1
    with bureau.store.begin() as tx:
        member = tx.audit_scores.drawn(bureau.head, made.id)[0].member_id
    for who in late:
        with refused("audit-not-closed", TransitionRefused):
            result(bureau, who, made)
        with bureau.store.begin() as tx:
            assert tx.audit_scores.member(who, made.id, member).scores == ()
            assert tx.audit_scores.member(who, made.id, member).gap is None
    bureau.close(made)
    for who in late:
        assert result(bureau, who, made).is_final
        with bureau.store.begin() as tx:
            assert len(tx.audit_scores.member(who, made.id, member).scores) == 2
    for who in (stranger, idle):
        with pytest.raises(NotFound):
            result(bureau, who, made)


def test_who_confirmed_a_value_is_told_no_points(bureau: Bureau) -> None:
    """An inspector who is not assigned sees the audit of which they confirmed the value, and no result of it."""
    with bureau.store.begin() as tx:
        entered = bureau.entered()
        confirmed = tx.audit_values.confirm(
            bureau.inspectors[0], entered.id, ["3 7 12 21 29 5"], entered.version
        )
    with pytest.raises(Refused):
        result(bureau, bureau.inspectors[0], confirmed)


def test_the_same_over_http(bureau: Bureau) -> None:
    """The API says it all in numbers, and refuses by the same words."""
    made = bureau.assigned()
    for who in bureau.inspectors:
        score(bureau, made, who, FULL, LOW)
    with serving(bureau.store) as url, ExitStack() as opened:

        def client(agency: object, role: Role) -> httpx.Client:
            token = make_account(bureau.store, agency, role)[0]
            return opened.enter_context(
                httpx.Client(base_url=url, headers=bearer(token), verify=TRUST, timeout=PATIENCE_SECONDS)
            )

        address = f"/v1/audits/{made.id}/result"
        told = client(bureau.supervisor.agency_id, Role.SUPERVISOR).get(address).json()
        early = client(bureau.agency, Role.HEAD).get(address)

    assert (told["scored"], told["passing"], told["passed"]["count"]) == (2, 80, 1)
    assert [file["totals"] for file in told["files"]] == [[100, 100], [55, 55]]
    assert told["files"][1]["deducted"] == ["A1", "A2", "A3"]
    assert (early.status_code, early.json()["slug"]) == (409, "audit-not-closed")
