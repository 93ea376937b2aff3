"""What is to be put right names case, recording and second, and opens those two to whoever answers it, while it is open."""

from collections.abc import Iterator
from datetime import timedelta
from typing import NamedTuple
from uuid import UUID

import pytest
from pydantic import ValidationError

from schemas.actor import Actor, Role
from schemas.audit import AuditKind
from schemas.case import CaseState
from schemas.errors import NotFound
from schemas.ids import RectificationId
from schemas.leaves_rectification import RectificationRaisePlaced
from schemas.policy import Action
from schemas.rectification import RectificationIn, RectificationStep, RectificationStepIn
from storage.reads.policy import within
from storage.store import Store
from storage.tables.case import cases
from tests.casework import make_bureau
from tests.factories import acts_of, faults, folder_url, make_account, make_settings
from tests.supervision import Bureau, Clock, make_supervision


@pytest.fixture(scope="module")
def bureau(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bureau]:
    clock = Clock()
    store = Store(make_settings(database_url, folder_url(tmp_path_factory.mktemp("places"))), clock=clock)
    yield make_supervision(store, clock)
    store.close()


class Raised(NamedTuple):
    """A rectification of one drawn recording, the other ones of its agency, and who has to answer it."""

    bureau: Bureau
    ident: RectificationId
    recording: UUID
    others: list[UUID]
    handler: Actor


@pytest.fixture
def raised(bureau: Bureau) -> Raised:
    own = make_supervision(bureau.store, bureau.clock, recordings=4)
    made = own.assigned()
    with own.store.begin() as tx:
        first = tx.audit_scores.drawn(own.supervisor, made.id)[0].member_id
        wish = RectificationIn(
            member_id=first, item_code="B1", text="未亮明身份", recording_id=first, at_second=83
        )
        ident = tx.rectifications.raise_(own.inspectors[0], made.id, wish).id
    others = [one for one in own.recordings if one != first]
    return Raised(own, ident, first, others, make_account(own.store, own.agency, Role.HANDLER)[1])


def test_it_says_where_it_was_found(bureau: Bureau, raised: Raised) -> None:
    """Recording and second stand in the leaf, in the row, and on the page of whoever answers."""
    with bureau.store.begin() as tx:
        found = tx.rectifications.get(raised.handler, raised.ident)
        item = tx.rectifications.item(found)
    (told,) = acts_of(bureau.store, f"rectification/{raised.ident}")

    assert (found.recording_id, found.at_second) == (raised.recording, 83)
    assert found.filename
    assert found.filename.endswith(".jpg")
    assert item is not None
    assert item.code == "B1"
    assert isinstance(told, RectificationRaisePlaced)
    assert (told.recording, told.at_second) == (f"recording/{raised.recording}", 83)
    assert faults(bureau.store, found.audit_id) == []


def test_the_duty_opens_what_it_needs_and_nothing_else(bureau: Bureau, raised: Raised) -> None:
    """Who answers watches the named recording until the end of the rectification, no other, and nobody else does."""
    stranger = make_account(bureau.store, bureau.supervisor.agency_id, Role.HANDLER)[1]
    with bureau.store.begin() as tx:
        assert tx.recordings.watchable(raised.handler, raised.recording).id == raised.recording
        assert tx.recordings.visible(raised.handler, [raised.recording, *raised.others]) == {raised.recording}
        for other in raised.others:
            with pytest.raises(NotFound):
                tx.recordings.watchable(raised.handler, other)
        with pytest.raises(NotFound):
            tx.recordings.watchable(stranger, raised.recording)
    steps = (
        (raised.handler, RectificationStep.ANSWER),
        (raised.bureau.supervisor, RectificationStep.VERIFY),
        (raised.bureau.supervisor, RectificationStep.CLOSE),
    )
    for who, step in steps:
        with bureau.store.begin() as tx:
            seen = tx.rectifications.get(who, raised.ident).version
            tx.rectifications.step(who, raised.ident, step, RectificationStepIn(text="已整改"), seen)
    with bureau.store.begin() as tx:
        with pytest.raises(NotFound):
            tx.recordings.watchable(raised.handler, raised.recording)
        assert tx.rectifications.get(raised.handler, raised.ident).filename


def test_a_recording_that_was_not_drawn_is_refused(bureau: Bureau) -> None:
    """A finding names a recording of what was drawn, and a second only with one."""
    made = bureau.assigned()
    with bureau.store.begin() as tx:
        member = tx.audit_scores.drawn(bureau.supervisor, made.id)[0].member_id
    other = next(one for one in bureau.recordings if one != member)
    wish = RectificationIn(member_id=member, item_code="B1", text="x", recording_id=other)
    with pytest.raises(NotFound), bureau.store.begin() as tx:
        tx.rectifications.raise_(bureau.inspectors[0], made.id, wish)
    with pytest.raises(ValidationError):
        RectificationIn(member_id=member, item_code="B1", text="x", at_second=3)


def test_a_drawn_case_is_named_and_opened(bureau: Bureau) -> None:
    """A handler of the agency who has no part in the case sees it by its number, without its party, while it is open."""
    office, clock = make_bureau(bureau.store), bureau.clock
    case = office.at(CaseState.CLOSED)
    store, agency = office.store, office.handler.agency_id
    supervisor = make_account(store, agency, Role.SUPERVISOR)[1]
    colleague = make_account(store, agency, Role.SUPERVISOR)[1]
    outsider = make_account(store, agency, Role.HANDLER)[1]
    above = Bureau(
        store=store,
        clock=clock,
        agency=agency,
        supervisor=supervisor,
        colleague=colleague,
        inspectors=[],
        head=office.head,
        device=office.device,
        recordings=[],
    )
    made = above.rechecked(
        kind=AuditKind.CLOSED_CASES,
        size=1,
        from_at=clock() - timedelta(days=30),
        until_at=clock() + timedelta(days=30),
    )
    with store.begin() as tx:
        with pytest.raises(NotFound):
            tx.cases.get(outsider, case.id)
        wish = RectificationIn(member_id=case.id, item_code="B1", text="未亮明身份")
        raised = tx.rectifications.raise_(supervisor, made.id, wish)
        found = tx.rectifications.get(outsider, raised.id)
        assert (found.case_id, found.case_number, found.recording_id) == (case.id, case.number, None)
        assert tx.cases.get(outsider, case.id).number == case.number
        reads = tx.connection.scalar(
            cases.select()
            .with_only_columns(within(outsider, Action.CASE_PARTY, tx.now, cases))
            .where(cases.c.id == case.id)
        )
        assert not reads
