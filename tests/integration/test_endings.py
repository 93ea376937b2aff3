"""A case that ends without a decision: a lead that is not filed, a case that is annulled, and the way back of both."""

from collections.abc import Iterator

import httpx
import pytest

from api.console.evidence import evidence_of
from api.console.guard import form_token
from api.deps import COOKIE
from schemas.actor import Actor, Role
from schemas.case import Case, CaseAmendIn, CaseState, CaseStep
from schemas.case_change import exemption_in
from schemas.errors import EvidenceError, Invalid, Refused, TransitionRefused
from schemas.event import Event
from schemas.refusals_scope import STEP_REASON_MISSING
from schemas.separation import Part
from schemas.words import Language
from storage.reads.participation import parts_of
from storage.store import Store
from tests.casework import Bureau, make_bureau, take
from tests.chains import chain_events
from tests.factories import faults, folder_url, make_account, make_settings
from tests.server import serving
from tests.stand import PATIENCE_SECONDS
from tests.web import TRUST
from workers.custody import integrate


@pytest.fixture(scope="module")
def store(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    opened = Store(make_settings(database_url, folder_url(tmp_path_factory.mktemp("endings"))))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def bureau(store: Store) -> Bureau:
    return make_bureau(store)


def step(
    bureau: Bureau, case: Case, name: CaseStep, reason: str = "违法事实不成立", who: Actor | None = None
) -> Case:
    with bureau.store.begin() as tx:
        return take(tx, who or bureau.head, case.id, name, reason=reason)


def refusal(bureau: Bureau, case: Case, name: CaseStep, **options: object) -> EvidenceError:
    with pytest.raises(EvidenceError) as caught:
        step(bureau, case, name, **options)  # type: ignore[arg-type] # options of the call above
    return caught.value


@pytest.mark.parametrize(
    ("state", "ended"),
    [(CaseState.CLOSED, "结案"), (CaseState.ANNULLED, "撤销案件"), (CaseState.NOT_FILED, "不予立案")],
)
def test_the_time_picture_tells_the_one_end_of_a_case(
    store: Store, bureau: Bureau, state: CaseState, ended: str
) -> None:
    """Closed, annulled and not filed date by one column: the picture flags what happened, and neither of the others."""
    if state is CaseState.CLOSED:
        case = bureau.at(state)
    elif state is CaseState.ANNULLED:
        case = step(bureau, bureau.at(CaseState.INVESTIGATING), CaseStep.ANNUL)
    else:
        case = step(bureau, bureau.open(), CaseStep.REFUSE)
    with store.begin() as tx:
        picture = evidence_of(tx, bureau.head, case, Language.ZH).picture
    assert picture is not None
    told = {one.flag.label for one in picture.poles} & {"结案", "撤销案件", "不予立案"}

    assert told == {ended}


def test_a_lead_is_not_filed_and_may_be_filed_later(store: Store, bureau: Bureau) -> None:
    """The head says why; the case is over from then on, and goes on where something new is found."""
    case = step(bureau, bureau.open(), CaseStep.REFUSE)
    assert case.state is CaseState.NOT_FILED
    assert case.closed_at is not None
    filed = step(bureau, case, CaseStep.FILE, "发现新的证据")

    assert (filed.state, filed.closed_at) == (CaseState.FILED, None)
    assert chain_events(store, f"case/{case.id}") == [Event.CASE_OPEN, Event.CASE_REFUSE, Event.CASE_FILE]


@pytest.mark.parametrize(
    "state",
    [CaseState.FILED, CaseState.INVESTIGATING, CaseState.INVESTIGATION_CLOSED, CaseState.REVIEW_NOT_NEEDED],
)
def test_a_case_is_annulled_and_restored(store: Store, bureau: Bureau, state: CaseState) -> None:
    """Before a review and a decision the head ends it with a reason; restored, its investigation goes on."""
    case = step(bureau, bureau.at(state), CaseStep.ANNUL)
    assert (case.state, case.closed_at is None) == (CaseState.ANNULLED, False)
    with store.begin() as tx:
        assert case.number not in {
            one.number for one in tx.cases.page(bureau.head, state=CaseState.FILED).rows
        }
    back = step(bureau, case, CaseStep.RESTORE, "撤错")

    assert (back.state, back.closed_at) == (CaseState.INVESTIGATING, None)
    assert step(bureau, back, CaseStep.ANNUL).state is CaseState.ANNULLED


@pytest.mark.parametrize("state", [CaseState.LEGAL_REVIEW, CaseState.DECIDED, CaseState.CLOSED])
def test_what_is_reviewed_or_decided_is_not_annulled(bureau: Bureau, state: CaseState) -> None:
    """A review is answered, and a decision stands: neither is ended around."""
    assert isinstance(refusal(bureau, bureau.at(state), CaseStep.ANNUL), TransitionRefused)


def test_only_the_head_ends_a_case_and_says_why(bureau: Bureau) -> None:
    """A handler may not, and nobody may without a reason."""
    for state, name in ((CaseState.LEAD, CaseStep.REFUSE), (CaseState.FILED, CaseStep.ANNUL)):
        case = bureau.at(state)
        assert isinstance(refusal(bureau, case, name, who=bureau.handler), Refused)
        missing = refusal(bureau, case, name, reason=" ")
        assert isinstance(missing, Invalid)
        assert missing.refusal is STEP_REASON_MISSING


def test_nothing_is_done_in_a_case_that_is_over(store: Store, bureau: Bureau) -> None:
    """It takes no correction, no handler and no evidence; what its sender ties to it stays a finding."""
    case = step(bureau, bureau.open(), CaseStep.REFUSE)
    _, colleague = make_account(store, bureau.agency, Role.HANDLER)
    with store.begin() as tx, pytest.raises(TransitionRefused):
        tx.cases.amend(bureau.handler, case.id, CaseAmendIn(place="别处", reason="改"), case.version)
    with store.begin() as tx, pytest.raises(TransitionRefused):
        tx.cases.assign(bureau.head, case.id, colleague.login, case.version)
    bureau.capture(case)
    assert bureau.get(case).recordings == 0


def test_the_page_says_how_it_ended_and_who_goes_on(store: Store, bureau: Bureau) -> None:
    """Steps with what they mean, the reason once taken, whose the next step is for whoever cannot take it."""
    case = bureau.open()
    tokens = {who: bureau.tokens[who.id] for who in (bureau.head, bureau.handler)}
    with serving(store) as url:

        def page(who: Actor) -> httpx.Response:
            cookies = {COOKIE: tokens[who]}
            with httpx.Client(
                base_url=url, cookies=cookies, verify=TRUST, timeout=PATIENCE_SECONDS
            ) as client:
                return client.get(f"/console/cases/{case.id}")

        def send(verb: str, **texts: str) -> httpx.Response:
            token = tokens[bureau.head]
            form = {"csrf": form_token(token), "version": str(bureau.get(case).version), **texts}
            with httpx.Client(
                base_url=url, cookies={COOKIE: token}, verify=TRUST, timeout=PATIENCE_SECONDS
            ) as client:
                return client.post(f"/console/cases/{case.id}/{verb}", data=form)

        assert "下一步：立案，由行政机关负责人办理。" in page(bureau.handler).text
        assert "不予立案后不再办理" in page(bureau.head).text
        assert send("refuse", reason="").status_code == 422
        assert send("refuse", reason="没有违法事实").status_code == 303
        for who in (bureau.head, bureau.handler):
            assert "不予立案：没有违法事实" in page(who).text
        assert "下一步" not in page(bureau.handler).text
        assert "/amend" not in page(bureau.handler).text


def test_who_ends_a_case_has_led_it(store: Store, bureau: Bureau) -> None:
    """Whoever refused, annulled or restored it as the head is kept from its review and its audit like who filed it."""
    other = make_account(store, bureau.agency, Role.HEAD)[1]
    for state, name in ((CaseState.LEAD, CaseStep.REFUSE), (CaseState.FILED, CaseStep.ANNUL)):
        case = step(bureau, bureau.at(state), name, who=other)
        with store.begin() as tx:
            assert Part.LED in parts_of(tx.connection, case.id, other.account_id)


def test_what_was_agreed_ends_with_the_restoring(bureau: Bureau, store: Store) -> None:
    """Exempt from review, annulled and restored: the investigation goes on, and nothing is agreed any more."""
    case = step(bureau, bureau.at(CaseState.REVIEW_NOT_NEEDED), CaseStep.ANNUL)
    case = step(bureau, case, CaseStep.RESTORE, "撤错")
    with store.begin() as tx:
        assert exemption_in(tx.cases.history(case)) is None


def test_the_log_tells_the_same(store: Store, bureau: Bureau) -> None:
    """From the leaves alone every such case is what its row says."""
    for name, state in ((CaseStep.REFUSE, CaseState.LEAD), (CaseStep.ANNUL, CaseState.INVESTIGATING)):
        step(bureau, bureau.at(state), name)
    integrate(store)
    assert [one for one in faults(store) if one[1].startswith("case/")] == []
