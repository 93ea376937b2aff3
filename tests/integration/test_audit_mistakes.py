"""Audits survive mistakes: drafts are amended and dropped, misread values withdrawn, ends say what is missing."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select, text

from mobile_contract.client.redraw import redraw
from schemas.actor import Actor, Role
from schemas.audit import (
    AuditAmendIn,
    AuditCloseIn,
    AuditReasonIn,
    AuditState,
    AuditStep,
    DrawFile,
)
from schemas.claim import DrawClaim
from schemas.errors import Conflict, EvidenceError, Invalid, NotFound, Refused, TransitionRefused
from schemas.integrity import Outcome
from schemas.leaves_audit import (
    AuditAmend,
    AuditConfirm,
    AuditDefine,
    AuditDraw,
    AuditDrop,
    AuditEnter,
    AuditFreeze,
    AuditMismatch,
    AuditRetract,
)
from schemas.leaves_scoring import AuditCloseTold
from schemas.randomness import SourceIn, SourceKind
from schemas.rectification import RectificationIn
from schemas.standard import DEMO_STANDARD, ItemScore
from storage.audit.values import Audit
from storage.store import Store
from storage.tables.audit import audit_entries, audits
from tests.factories import acts_of, faults, folder_url, make_account, make_settings
from tests.owner import owning, unguarded
from tests.supervision import VALUE, Bureau, Clock, make_supervision
from workers.custody import integrate

FULL = [ItemScore(code=item.code, points=item.points) for item in DEMO_STANDARD.items]
LOW = [FULL[0].model_copy(update={"points": 0, "remark": "缺"}), *FULL[1:]]
WRONG = "03 07 12 21 29 + 06"


@pytest.fixture(scope="module")
def bureau(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bureau]:
    clock = Clock()
    store = Store(make_settings(database_url, folder_url(tmp_path_factory.mktemp("mistakes"))), clock=clock)
    yield make_supervision(store, clock)
    store.close()


def refused(problem: str, kind: type[EvidenceError] = EvidenceError) -> object:
    return pytest.raises(kind, check=lambda err: err.slug == problem)


def amended(bureau: Bureau, audit: Audit, reason: str | None = None, **changed: object) -> Audit:
    wish = AuditAmendIn(**bureau.wish(**changed).model_dump(), reason=reason)
    with bureau.store.begin() as tx:
        return tx.audit_drafts.amend(bureau.supervisor, audit.id, wish, audit.version)


def enter(bureau: Bureau, who: Actor, audit: Audit, typed: str) -> Audit:
    with bureau.store.begin() as tx:
        made = tx.audit_values.enter(who, audit.id, [typed], audit.version)
    integrate(bureau.store)
    return made


def confirm(bureau: Bureau, who: Actor, audit: Audit, typed: str) -> Audit:
    with bureau.store.begin() as tx:
        made = tx.audit_values.confirm(who, audit.id, [typed], audit.version)
    integrate(bureau.store)
    return made


@pytest.mark.parametrize("typed", ["3 7 12 21 29 5", "03,07,12,21,29|05", "０３　０７ 12 21 29＋05"])
def test_another_spelling_confirms(bureau: Bureau, typed: str) -> None:
    """The second person may write the same result in their own way; both spellings are kept."""
    made = confirm(bureau, bureau.colleague, bureau.entered(), typed)
    with bureau.store.begin() as tx:
        said = tx.audit_values.said(made)

    assert (made.state, made.values) == (AuditState.CONFIRMED, ("3 7 12 21 29 5",))
    assert [(one.step, one.typed) for one in said] == [
        (AuditStep.ENTER, (VALUE,)),
        (AuditStep.CONFIRM, (typed.strip(),)),
    ]


def test_a_misread_value_kills_no_audit(bureau: Bureau) -> None:
    """Two that differ are both withdrawn by an entry; both enter again, and the draw repeats with all of it."""
    made = enter(bureau, bureau.supervisor, bureau.frozen_and_over(), WRONG)
    differs = confirm(bureau, bureau.colleague, made, VALUE)
    assert (differs.state, differs.values, differs.entered_by) == (AuditState.FROZEN, (), None)
    with bureau.store.begin() as tx:
        assert all(one.typed == () for one in tx.audit_values.said(differs))
        kept = tx.connection.execute(select(audits.c["values"]).where(audits.c.id == made.id)).scalar_one()
    assert kept is None
    again = enter(bureau, bureau.colleague, differs, VALUE)
    done = confirm(bureau, bureau.supervisor, again, "3 7 12 21 29 5")
    with bureau.store.begin() as tx:
        drawn = tx.audits.draw(bureau.supervisor, done.id, done.version)
        said = tx.audit_values.said(drawn)
    acts = acts_of(bureau.store, f"audit/{made.id}")

    assert [type(one) for one in acts] == [
        AuditDefine, AuditFreeze, AuditEnter, AuditMismatch, AuditEnter, AuditConfirm, AuditDraw,
    ]  # fmt: skip
    assert isinstance(acts[2], AuditEnter)
    assert isinstance(acts[3], AuditMismatch)
    assert acts[2].values_sha256 != acts[3].values_sha256
    assert [one.typed for one in said] == [(WRONG,), (VALUE,), (VALUE,), ("3 7 12 21 29 5",)]
    assert faults(bureau.store, made.id) == []


def test_a_drawing_with_withdrawals_repeats(bureau: Bureau) -> None:
    """The file holds every entry between freeze and draw; one that is left out, or moved, is a wrong order."""
    first = bureau.retracted()
    made = confirm(bureau, bureau.colleague, enter(bureau, bureau.supervisor, first, VALUE), VALUE)
    with bureau.store.begin() as tx:
        tx.audits.draw(bureau.supervisor, made.id, made.version)
    integrate(bureau.store)
    file = draw_file(bureau, made)
    outcomes = {one.claim: one.outcome for one in redraw(file, None)}

    assert Outcome.MISMATCH not in outcomes.values()
    assert outcomes[DrawClaim.SEED] is outcomes[DrawClaim.SAMPLE] is Outcome.VERIFIED
    for entries in (
        [*file.entries[:1], *file.entries[3:]],
        [file.entries[0], file.entries[2], file.entries[1], *file.entries[3:]],
    ):
        touched = file.model_copy(update={"entries": entries})
        found = {one.claim: one.outcome for one in redraw(touched, None)}
        assert found[DrawClaim.ORDER] is Outcome.MISMATCH


def draw_file(bureau: Bureau, audit: Audit) -> DrawFile:
    from api.audit import draw_document  # noqa: PLC0415 - the only test here that asks the API

    with bureau.store.begin() as tx:
        return draw_document(tx, bureau.supervisor, audit.id)


def test_who_entered_takes_it_back(bureau: Bureau) -> None:
    """Their own value, with a reason, before anybody confirmed it; nobody else's, and nothing that is confirmed."""
    made, wish = bureau.entered(), AuditReasonIn(reason=" 看错一位 ")
    with refused("retract-not-own", Refused), bureau.store.begin() as tx:
        tx.audit_values.retract(bureau.colleague, made.id, wish, made.version)
    with bureau.store.begin() as tx:
        back = tx.audit_values.retract(bureau.supervisor, made.id, wish, made.version)
    told = acts_of(bureau.store, f"audit/{made.id}")[-1]

    assert (back.state, back.entered_at, back.enter_entry_id) == (AuditState.FROZEN, None, None)
    assert isinstance(told, AuditRetract)
    assert told.reason.value == "看错一位"
    confirmed = bureau.confirmed()
    with refused("audit-step-refused", TransitionRefused), bureau.store.begin() as tx:
        tx.audit_values.retract(bureau.supervisor, confirmed.id, wish, confirmed.version)
    assert faults(bureau.store, made.id) == []


def test_a_new_entry_waits_for_what_withdrew_the_old(bureau: Bureau) -> None:
    """The log takes the withdrawal first: the order of all entries is proven by their places."""
    made = bureau.entered()
    with bureau.store.begin() as tx:
        back = tx.audit_values.retract(bureau.supervisor, made.id, AuditReasonIn(reason="错"), made.version)
    with refused("audit-not-logged", Conflict), bureau.store.begin() as tx:
        tx.audit_values.enter(bureau.supervisor, made.id, [VALUE], back.version)
    integrate(bureau.store)
    assert enter(bureau, bureau.supervisor, back, VALUE).state is AuditState.ENTERED


def test_an_inspector_who_misread_still_sees_the_audit(bureau: Bureau) -> None:
    """Whoever said something about its values is told what became of it."""
    inspector, other = bureau.inspectors
    made = confirm(bureau, inspector, bureau.entered(), WRONG)
    with bureau.store.begin() as tx:
        assert tx.audits.get(inspector, made.id).state is AuditState.FROZEN
        with pytest.raises(NotFound):
            tx.audits.get(other, made.id)


def test_what_is_no_result_enters_nothing(bureau: Bureau) -> None:
    """A text that is none of its kind is refused, by the first person and by the second."""
    made = bureau.frozen_and_over()
    with refused("randomness-invalid", Invalid), bureau.store.begin() as tx:
        tx.audit_values.enter(bureau.supervisor, made.id, ["双色球"], made.version)
    made = enter(bureau, bureau.supervisor, made, VALUE)
    with refused("randomness-invalid", Invalid), bureau.store.begin() as tx:
        tx.audit_values.confirm(bureau.colleague, made.id, ["双色球"], made.version)
    with bureau.store.begin() as tx:
        assert tx.audits.get(bureau.supervisor, made.id).version == made.version


def test_fsck_finds_an_exchanged_word(bureau: Bureau) -> None:
    """What was typed has the digest that its leaf says, whatever the spelling; another result has not."""
    made = bureau.misread()
    assert faults(bureau.store, made.id) == []
    with unguarded(bureau.store) as tx:
        for typed, step in (('["3 7 12 21 29 5"]', "enter"), ('["1 2"]', "mismatch")):
            tx.connection.execute(
                text(
                    "UPDATE audit_entries SET typed = CAST(:typed AS jsonb) WHERE audit_id = :id AND step = :step"
                ),
                {"typed": typed, "id": made.id, "step": step},
            )
    assert [code for code, _ in faults(bureau.store, made.id)] == ["column-differs"]


def test_a_draft_is_amended(bureau: Bureau) -> None:
    """Everything it says may be said anew until the freeze; what it said before is kept beside it, with who and why."""
    made = bureau.defined()
    later = SourceIn(
        name="上证指数收盘", kind=SourceKind.INDEX, happens_at=bureau.clock() + timedelta(hours=3)
    )
    once = amended(bureau, made, reason=" 改期 ", title="四季度抽查", size=None, sources=[later])
    twice = amended(bureau, once, title="年终抽查", size=2, sources=[later])
    with bureau.store.begin() as tx:
        first, second = tx.audit_drafts.earlier(made.id)
        frozen = tx.audits.freeze(bureau.supervisor, made.id, twice.version)
    acts = acts_of(bureau.store, f"audit/{made.id}")

    assert (first.title, first.size, first.reason) == ("三季度抽查", 3, "改期")
    assert [one.name for one in first.sources] == ["双色球第 2026137 期"]
    assert (second.title, second.size, second.reason) == ("四季度抽查", None, None)
    assert (frozen.title, frozen.size, frozen.state) == ("年终抽查", 2, AuditState.FROZEN)
    assert [type(one) for one in acts] == [AuditDefine, AuditAmend, AuditAmend, AuditFreeze]
    assert frozen.defined_at == made.defined_at
    assert faults(bureau.store, made.id) == []
    with refused("audit-step-refused", TransitionRefused):
        amended(bureau, frozen)


def test_an_audit_whose_event_is_over_goes_on(bureau: Bureau) -> None:
    """Its freeze is refused with what to do; amended with a later event it is frozen."""
    made = bureau.defined()
    bureau.clock.ahead += timedelta(hours=1)
    with refused("randomness-too-near", Invalid), bureau.store.begin() as tx:
        tx.audits.freeze(bureau.supervisor, made.id, made.version)
    again = amended(bureau, made)
    with bureau.store.begin() as tx:
        frozen = tx.audits.freeze(bureau.supervisor, again.id, again.version)
    assert frozen.state is AuditState.FROZEN


def test_a_draft_is_dropped(bureau: Bureau) -> None:
    """With a reason, and it stays in the list as dropped; nothing follows, and what is frozen is not dropped."""
    made, wish = bureau.defined(), AuditReasonIn(reason="另行安排")
    with bureau.store.begin() as tx:
        gone = tx.audit_drafts.drop(bureau.supervisor, made.id, wish, made.version)
        listed = {one.id: one.state for one in tx.audits.page(bureau.supervisor).rows}
    told = acts_of(bureau.store, f"audit/{made.id}")[-1]

    assert (gone.state, gone.drop_reason) == (AuditState.DROPPED, "另行安排")
    assert gone.dropped_by is not None
    assert listed[made.id] is AuditState.DROPPED
    assert isinstance(told, AuditDrop)
    assert told.reason.value == "另行安排"
    with refused("audit-step-refused", TransitionRefused), bureau.store.begin() as tx:
        tx.audits.freeze(bureau.supervisor, made.id, gone.version)
    frozen = bureau.frozen()
    with refused("audit-step-refused", TransitionRefused), bureau.store.begin() as tx:
        tx.audit_drafts.drop(bureau.supervisor, frozen.id, wish, frozen.version)
    assert faults(bureau.store, made.id) == []


def test_fsck_finds_an_exchanged_draft(bureau: Bureau) -> None:
    """What a draft said before has the digest that its leaf says."""
    made = amended(bureau, bureau.defined(), title="四季度抽查")
    assert faults(bureau.store, made.id) == []
    with unguarded(bureau.store) as tx:
        tx.connection.execute(
            text(
                "UPDATE audit_amendments SET title = 'x', sources = jsonb_set(sources, '{0,name}', '\"x\"')"
                " WHERE audit_id = :id"
            ),
            {"id": made.id},
        )
    assert [code for code, _ in faults(bureau.store, made.id)] == ["column-differs"] * 2


def test_a_draft_is_the_supervisors_alone(bureau: Bureau) -> None:
    """Before the freeze neither the audited agency, nor an inspector, nor the head of the bureau meets it anywhere."""
    top, target = bureau.supervisor.agency_id, bureau.agency
    outsiders = [
        bureau.head,
        make_account(bureau.store, target, Role.SUPERVISOR)[1],
        make_account(bureau.store, top, Role.HEAD)[1],
        make_account(bureau.store, top, Role.INSPECTOR)[1],
        *bureau.inspectors,
    ]
    made = bureau.defined()
    dropped = bureau.defined()
    with bureau.store.begin() as tx:
        wish = AuditReasonIn(reason="另行安排")
        tx.audit_drafts.drop(bureau.supervisor, dropped.id, wish, dropped.version)
    for draft in (made, dropped):
        for who in outsiders:
            with bureau.store.begin() as tx:
                assert draft.id not in {one.id for one in tx.audits.page(who, limit=200).rows}
                assert not tx.audits.is_visible(who, draft.id)
                with pytest.raises(NotFound):
                    tx.audits.get(who, draft.id)
                with pytest.raises(NotFound):
                    tx.audits.eligible(who, draft.id)
        for who in (bureau.supervisor, bureau.colleague):
            with bureau.store.begin() as tx:
                assert tx.audits.get(who, draft.id).id == draft.id
    with bureau.store.begin() as tx:
        tx.audits.freeze(bureau.supervisor, made.id, made.version)
        for who in outsiders[:3]:
            assert tx.audits.get(who, made.id).state is AuditState.FROZEN


def test_a_draft_waits_for_supervisors_alone(bureau: Bureau) -> None:
    """The home page counts it for who may go on with it, and for nobody else."""
    head = make_account(bureau.store, bureau.supervisor.agency_id, Role.HEAD)[1]
    people = (bureau.supervisor, bureau.head, head, bureau.inspectors[0])

    def counts() -> list[int]:
        with bureau.store.begin() as tx:
            return [sum(one.count for one in tx.duties.waiting(who)) for who in people]

    before = counts()
    bureau.defined()
    assert [now - then for now, then in zip(counts(), before, strict=True)] == [1, 0, 0, 0]


def lacking(bureau: Bureau, audit: Audit) -> tuple[int, int, int]:
    with bureau.store.begin() as tx:
        found = tx.audit_ends.lacking(tx.audits.get(bureau.supervisor, audit.id))
    return found.missing, found.wide, found.unmended


def test_an_end_says_what_is_missing(bureau: Bureau) -> None:
    """Scores, wide distances and open rectifications are counted; without a reason it does not end, with one it does."""
    made = bureau.assigned()
    one, two = bureau.inspectors
    with bureau.store.begin() as tx:
        first = tx.audit_scores.drawn(one, made.id)[0].member_id
    for who, scores in ((one, FULL), (two, LOW)):
        with bureau.store.begin() as tx:
            tx.audit_scores.score(who, made.id, first, scores)
    with bureau.store.begin() as tx:
        found = RectificationIn(member_id=first, item_code="B1", text="未亮明身份")
        tx.rectifications.raise_(one, made.id, found)
    assert lacking(bureau, made) == (4, 1, 1)
    with refused("audit-close-unsaid", Invalid):
        bureau.close(made, None)
    closed = bureau.close(made, " 时间已到 ")
    told = acts_of(bureau.store, f"audit/{made.id}")[-1]

    assert (closed.close_missing, closed.close_wide, closed.close_unmended) == (4, 1, 1)
    assert (closed.state, closed.close_reason) == (AuditState.CLOSED, "时间已到")
    assert isinstance(told, AuditCloseTold)
    assert (told.missing, told.wide, told.unmended) == (4, 1, 1)
    assert told.reason is not None
    assert told.reason.value == "时间已到"
    assert faults(bureau.store, made.id) == []


def test_an_end_is_of_what_was_shown(bureau: Bureau) -> None:
    """Where something was scored meanwhile, its closer is told, and nothing ends."""
    made = bureau.assigned()
    with bureau.store.begin() as tx:
        held = tx.audits.get(bureau.supervisor, made.id)
        shown = tx.audit_ends.lacking(held)
    one = bureau.inspectors[0]
    with bureau.store.begin() as tx:
        member = tx.audit_scores.drawn(one, made.id)[0].member_id
        tx.audit_scores.score(one, made.id, member, FULL)
    wish = AuditCloseIn(**shown.model_dump(), reason="时间已到")
    with refused("audit-close-changed", Conflict), bureau.store.begin() as tx:
        tx.audit_ends.close(bureau.supervisor, made.id, wish, held.version)
    with bureau.store.begin() as tx:
        assert tx.audits.get(bureau.supervisor, made.id).state is AuditState.DRAWN


def test_a_whole_audit_ends_without_a_reason(bureau: Bureau) -> None:
    """Where nothing is missing nothing is asked beyond the confirmation."""
    made = bureau.assigned()
    for who in bureau.inspectors:
        with bureau.store.begin() as tx:
            members = [one.member_id for one in tx.audit_scores.drawn(who, made.id)]
        for member in members:
            with bureau.store.begin() as tx:
                tx.audit_scores.score(who, made.id, member, FULL)
    assert lacking(bureau, made) == (0, 0, 0)
    closed = bureau.close(made, None)

    assert (closed.state, closed.close_missing, closed.close_reason) == (AuditState.CLOSED, 0, None)
    assert faults(bureau.store, made.id) == []


def test_words_about_values_are_append_only(bureau: Bureau) -> None:
    """The database itself refuses to change what was typed, or what a draft said."""
    bureau.misread()
    amended(bureau, bureau.defined())
    for table in ("audit_entries", "audit_amendments"):
        with pytest.raises(Exception, match="append-only"), owning(bureau.store) as tx:
            tx.connection.execute(text(f"DELETE FROM {table}"))
    with bureau.store.begin() as tx:
        assert tx.connection.scalars(select(audit_entries.c.entry_id)).all()
