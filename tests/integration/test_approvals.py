"""An approval opens one recording to one named person, and ends by itself."""

from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest

from api.deps import COOKIE
from api.form_token import form_token
from schemas.actor import Actor, Role
from schemas.approval import Approval, ApprovalIn, ApprovalState
from schemas.duty import Duty
from schemas.errors import EvidenceError, NotFound, Refused
from schemas.event import Event
from schemas.ids import RecordingId
from storage.store import Store
from tests.casework import Bureau, make_bureau
from tests.factories import events_of, folder_url, make_account, make_agency, make_settings
from tests.server import serving
from tests.stand import PATIENCE_SECONDS
from tests.supervision import Clock
from tests.web import TRUST
from workers.custody import integrate

WISH = ApprovalIn(reason="设备送修前核对画面", days=2)


@pytest.fixture(scope="module")
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def store(database_url: str, clock: Clock, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    made = Store(make_settings(database_url, folder_url(tmp_path_factory.mktemp("approvals"))), clock=clock)
    make_agency(made)
    integrate(made)
    yield made
    made.close()


@pytest.fixture(scope="module")
def above(store: Store) -> Actor:
    return make_account(store, make_agency(store, is_supervising=True), Role.SUPERVISOR)[1]


@pytest.fixture(scope="module")
def bureau(store: Store, above: Actor) -> Bureau:
    return make_bureau(store, above=above.agency_id)


@pytest.fixture
def custodian(store: Store, bureau: Bureau) -> Actor:
    return make_account(store, bureau.agency, Role.CUSTODIAN)[1]


def watches(store: Store, actor: Actor, recording_id: RecordingId) -> bool:
    with store.begin() as tx:
        fresh = tx.accounts.account_actor(actor.account_id)
        return bool(tx.recordings.watched(fresh, [recording_id]))


def asked(store: Store, actor: Actor, recording_id: RecordingId) -> Approval:
    with store.begin() as tx:
        return tx.approvals.ask(actor, recording_id, WISH)


def granted(store: Store, head: Actor, approval: Approval) -> Approval:
    with store.begin() as tx:
        return tx.approvals.grant(head, approval.id)


def refusal(store: Store, act: str, actor: Actor, *given: object) -> str:
    """The slug by which an act is refused; empty where it is done."""
    try:
        with store.begin() as tx:
            getattr(tx.approvals, act)(actor, *given)
    except EvidenceError as err:
        return err.slug
    return ""


def test_one_recording_is_opened_to_one_person_for_a_time(
    store: Store, bureau: Bureau, custodian: Actor, clock: Clock
) -> None:
    """Asked for it opens nothing; granted it opens that one to that one; at its end it is shut, without anybody's act."""
    mine, other = bureau.capture(), bureau.capture()
    colleague = make_account(store, bureau.agency, Role.CUSTODIAN)[1]
    approval = asked(store, custodian, mine)
    assert approval.state(clock()) is ApprovalState.ASKED
    assert not watches(store, custodian, mine)

    approval = granted(store, bureau.head, approval)
    assert approval.state(clock()) is ApprovalState.STANDING
    assert watches(store, custodian, mine)
    assert not watches(store, custodian, other)
    assert not watches(store, colleague, mine)
    clock.ahead += timedelta(days=2, seconds=1)
    assert approval.state(clock()) is ApprovalState.OVER
    assert not watches(store, custodian, mine)
    assert refusal(store, "end", custodian, approval.id, "还回") == "approval-over"
    assert events_of(store, f"approval/{approval.id}") == [Event.APPROVAL_ASK, Event.APPROVAL_GRANT]


def test_it_is_taken_back_by_the_head_and_given_back_by_who_asked(
    store: Store, bureau: Bureau, custodian: Actor
) -> None:
    """Ended by either, with a reason, before it is granted or after; then it may be asked for again."""
    recording_id = bureau.capture()
    for who, is_granted in ((bureau.head, True), (custodian, True), (bureau.head, False), (custodian, False)):
        approval = asked(store, custodian, recording_id)
        if is_granted:
            granted(store, bureau.head, approval)
        with store.begin() as tx:
            ended = tx.approvals.end(who, approval.id, "不再需要")
        assert (ended.end_reason, ended.granted_at is not None) == ("不再需要", is_granted)
        assert not watches(store, custodian, recording_id)
        assert refusal(store, "grant", bureau.head, approval.id) == "approval-over"


def test_who_may_ask_and_who_may_grant(store: Store, bureau: Bureau, custodian: Actor, above: Actor) -> None:
    """The head of the agency that holds it grants, nobody for themselves; who may watch asks for nothing."""
    recording_id = bureau.capture()
    double = make_account(store, bureau.agency, Role.HEAD, Role.CUSTODIAN)[1]
    stranger = make_account(store, make_agency(store), Role.HEAD, Role.CUSTODIAN)[1]
    admin = make_account(store, bureau.agency, Role.ADMIN)[1]
    approval = asked(store, custodian, recording_id)

    assert refusal(store, "ask", custodian, recording_id, WISH) == "approval-stands"
    assert refusal(store, "ask", double, recording_id, WISH) == "approval-needless"
    assert refusal(store, "ask", admin, recording_id, WISH) == "permission-missing"
    assert refusal(store, "ask", stranger, recording_id, WISH) == "recording-unknown"
    assert refusal(store, "grant", custodian, approval.id) == "permission-missing"
    assert refusal(store, "grant", stranger, approval.id) == "approval-unknown"
    assert refusal(store, "end", stranger, approval.id, "x") == "approval-unknown"
    fresh = store.begin()
    with fresh as tx:
        supervisor = tx.accounts.account_actor(above.account_id)
    assert not watches(store, supervisor, recording_id)
    granted(store, bureau.head, asked(store, supervisor, recording_id))
    assert watches(store, supervisor, recording_id)
    with store.begin() as tx:
        assert tx.recordings.get(supervisor, recording_id).id == recording_id


def test_a_role_that_ended_opens_nothing(store: Store, bureau: Bureau, custodian: Actor) -> None:
    """An approval is of no use to an account that may watch nothing: what it opens is still asked of a role."""
    recording_id = bureau.capture()
    granted(store, bureau.head, asked(store, custodian, recording_id))
    bare = custodian.model_copy(update={"grants": ()})
    with store.begin() as tx:
        assert not tx.recordings.watched(bare, [recording_id])
        with pytest.raises(Refused):
            tx.recordings.watchable(bare, recording_id)


def test_two_heads_at_once(store: Store, bureau: Bureau, custodian: Actor) -> None:
    """Of two who decide, the second is told that it is decided; what the first said stands."""
    second = make_account(store, bureau.agency, Role.HEAD)[1]
    approval = asked(store, custodian, bureau.capture())
    granted(store, bureau.head, approval)

    assert refusal(store, "grant", second, approval.id) == "approval-over"
    with store.begin() as tx:
        assert tx.approvals.get(second, approval.id).granter == bureau.head.name
    with pytest.raises(NotFound), store.begin() as tx:
        tx.approvals.get(bureau.reviewer, approval.id)


def test_the_pages_ask_and_grant(store: Store, bureau: Bureau) -> None:
    """From the recording's page to the form, from the head's home to the button, and back to the content."""
    token, custodian = make_account(store, bureau.agency, Role.CUSTODIAN)
    head, chief = make_account(
        store, bureau.agency, Role.HEAD
    )  # the sessions of the others have ended meanwhile
    recording_id = bureau.capture()
    with serving(store) as url, httpx.Client(base_url=url, verify=TRUST, timeout=PATIENCE_SECONDS) as client:

        def get(who: str, path: str) -> str:
            client.cookies.set(COOKIE, who)
            answer = client.get(path)
            assert answer.status_code == 200, (path, answer.status_code)
            return answer.text

        def post(who: str, path: str, **texts: str) -> int:
            client.cookies.set(COOKIE, who)
            return client.post(path, data={"csrf": form_token(who), **texts}).status_code

        form = f"/console/recordings/{recording_id}/approval"
        assert form in get(token, f"/console/recordings/{recording_id}")
        assert 'name="reason"' in get(token, form)
        assert post(token, form, reason="", days="7") == 422
        assert post(token, form, reason="核对画面", days="91") == 422
        assert post(token, form, reason="核对画面", days="7") == 303
        assert form not in get(token, f"/console/recordings/{recording_id}")
        with store.begin() as tx:
            (approval,) = tx.approvals.page(custodian).rows
            duties = {line.duty for line in tx.duties.waiting(chief)}
        assert Duty.GRANT_APPROVAL in duties
        assert "/console/approvals" in get(head, "/console")
        grant = f"/console/approvals/{approval.id}/grant"
        assert grant in get(head, "/console/approvals")
        assert grant not in get(token, "/console/approvals")
        assert post(head, grant) == 303
        assert watches(store, custodian, recording_id)
        assert post(token, f"/console/approvals/{approval.id}/end", reason="已核对") == 303
        assert not watches(store, custodian, recording_id)
        address = f"{url}/console/recordings/{recording_id}"
        client.cookies.set(COOKIE, token)
        led = client.get("/console/approvals", params={"recording": address})
        assert (led.status_code, led.headers["Location"]) == (303, form)
