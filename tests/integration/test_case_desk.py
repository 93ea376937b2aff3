"""The life of a case over the real database: steps, corrections, links, facts – each under its version."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid4

import pytest
from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError

from schemas.actor import Role
from schemas.case import EVIDENCE_STATES, Case, CaseAmendIn, CaseState, CaseStep
from schemas.errors import (
    Conflict,
    EvidenceError,
    Invalid,
    NotFound,
    Refused,
    TransitionRefused,
    VersionConflict,
)
from schemas.event import Event
from schemas.fact import FactIn, ProofIn
from schemas.leaf import Leaf
from schemas.leaves_case import CaseAmend, CaseAppoint, CaseField, CaseLink, TieBasis
from schemas.leaves_review import FactProve
from schemas.life_of_case import CaseLife
from storage.recording.upload import NewUpload
from storage.store import Store
from storage.tables.case import case_facts
from storage.transaction import Transaction
from tests.casework import PASS, Bureau, make_bureau, swapped, take, version
from tests.chains import chain_events, chain_of, folded, opened
from tests.factories import append, folder_url, make_account, make_agency, make_settings
from tests.owner import owning
from tests.stand import PATIENCE_SECONDS


@pytest.fixture(scope="module")
def store(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    made = Store(make_settings(database_url, folder_url(tmp_path_factory.mktemp("case"))))
    yield made
    made.close()


@pytest.fixture(scope="module")
def bureau(store: Store) -> Bureau:
    return make_bureau(store)


def leaves(store: Store, case: Case) -> list[Leaf]:
    return chain_of(store, f"case/{case.id}")


def test_every_step_is_logged_with_its_actor_and_time(bureau: Bureau) -> None:
    """The walk from lead to closed leaves one leaf per step, by who took it, and dates the three milestones."""
    case = bureau.at(CaseState.CLOSED)

    kept = leaves(bureau.store, case)
    steps = [one.event for one in kept if one.event.startswith("case:") and one.event != Event.CASE_LINK]
    assert steps == [
        Event.CASE_OPEN,
        Event.CASE_FILE,
        Event.CASE_INVESTIGATE,
        Event.CASE_CONCLUDE,
        Event.CASE_SUBMIT,
        Event.CASE_DECIDE,
        Event.CASE_CLOSE,
    ]
    by_head = [one.event for one in kept if one.actor == bureau.head.reference]
    assert by_head == [Event.CASE_FILE, Event.CASE_DECIDE]
    at = {one.event: one.at for one in kept}
    times = (case.opened_at, case.filed_at, case.decided_at, case.closed_at)
    assert times == tuple(
        at[name] for name in (Event.CASE_OPEN, Event.CASE_FILE, Event.CASE_DECIDE, Event.CASE_CLOSE)
    )


@pytest.mark.parametrize("state", CaseState)
def test_the_fold_of_a_chain_is_the_case(bureau: Bureau, state: CaseState) -> None:
    """In every state the life that the leaves alone tell is lawful, and has the row's state, version and handlers."""
    case = bureau.at(state)
    told = folded(bureau.store, f"case/{case.id}")

    assert told.faults == []
    assert isinstance(told.life, CaseLife)
    assert told.life.state == case.state
    assert told.versions[f"case/{case.id}"] == case.version
    assert told.life.handlers == {bureau.handler.reference}
    rounds = bureau.rounds(case)
    assert [(one.review, one.round, one.opinion) for one in told.life.rounds] == [
        (f"review/{one.id}", one.round, one.opinion) for one in rounds
    ]
    assert {f"review/{one.id}": one.version for one in rounds} == {
        name: n for name, n in told.versions.items() if name.startswith("review/")
    }


def test_a_correction_keeps_what_stood_before(bureau: Bureau) -> None:
    """A correction changes the named fields only; the old ones are read from the leaves before it."""
    case = bureau.open(plates=["苏J12345"], lat_e7=333_400_000, lon_e7=1_201_500_000)
    wish = CaseAmendIn(
        party="某某餐饮店",
        plates=["苏J54321"],
        lat_e7=None,
        lon_e7=None,
        party_code="91320903MA1ABCDE01",
        reason="名称写错",
    )
    with bureau.store.begin() as tx:
        amended = tx.cases.amend(bureau.handler, case.id, wish, case.version)
        again = tx.cases.amend(
            bureau.handler, case.id, CaseAmendIn(party="第三家店", reason="又写错"), amended.version
        )
        opening, first, second = tx.cases.history(case)

    assert (amended.party, amended.plates, amended.matter) == ("某某餐饮店", ("苏J54321",), case.matter)
    assert (case.version, amended.version, again.version) == (1, 2, 3)
    assert (opening.event, opening.before, opening.reason) == (Event.CASE_OPEN, {}, "")
    assert first.before == {
        "party": "某店",
        "party_code": None,
        "plates": ("苏J12345",),
        "point": {"lat_e7": 333_400_000, "lon_e7": 1_201_500_000},
    }
    assert (first.event, first.reason, first.changed_by) == (
        Event.CASE_AMEND,
        "名称写错",
        bureau.handler.reference,
    )
    assert (second.before, second.n) == ({"party": "某某餐饮店"}, 3)
    act = leaves(bureau.store, case)[1].act
    assert isinstance(act, CaseAmend)
    assert act.fields == (CaseField.PARTY, CaseField.PARTY_CODE, CaseField.PLATES, CaseField.POINT)
    assert act.point is None
    assert folded(bureau.store, f"case/{case.id}").faults == []


def test_a_code_with_a_wrong_character_is_refused(bureau: Bureau) -> None:
    """Typed at the opening or later: refused by name, and nothing of the case is there or changed."""
    case = bureau.open()
    with pytest.raises(Invalid) as opening:
        bureau.open(party_code="91320903MA1ABCDE0X")
    amending = CaseAmendIn(party="另一家店", party_code="110105194912310020", reason="补填")
    with pytest.raises(Invalid) as amended, bureau.store.begin() as tx:
        tx.cases.amend(bureau.handler, case.id, amending, case.version)
    with bureau.store.begin() as tx:
        after = tx.cases.get(bureau.handler, case.id)
    assert (opening.value.slug, amended.value.slug) == ("party-code-wrong",) * 2
    assert (after.version, after.party, after.party_code) == (case.version, case.party, None)


def test_facts_of_a_case_are_never_deleted(bureau: Bureau) -> None:
    """The database refuses to delete a fact of a case, and the openings of its leaves stay where they are."""
    case = bureau.step(bureau.open(), CaseStep.FILE, "属实")
    bureau.fact(case)
    with pytest.raises(IntegrityError), owning(bureau.store) as tx:
        tx.connection.execute(delete(case_facts).where(case_facts.c.case_id == case.id))
    assert opened(bureau.store, f"case/{case.id}", Event.CASE_FILE) == [{"reason": "属实"}]
    assert opened(bureau.store, f"case/{case.id}", Event.FACT_ADD) == [{"text": "当事人占道经营"}]


WRITES: dict[str, Callable[[Transaction, Bureau, Case, UUID], object]] = {
    "amend": lambda tx, b, c, _: tx.cases.amend(
        b.handler, c.id, CaseAmendIn(party="x", reason="x"), c.version
    ),
    "assign": lambda tx, b, c, _: tx.cases.assign(b.head, c.id, b.handler.login, c.version),
    "step": lambda tx, b, c, _: tx.cases.step(b.handler, c.id, CaseStep.CONCLUDE, "", c.version),
    "link": lambda tx, b, c, r: tx.cases.link(b.handler, c.id, r, c.version),
    "unlink": lambda tx, b, c, r: tx.cases.unlink(b.handler, c.id, r, "x", c.version),
    "fact": lambda tx, b, c, _: tx.facts.add(b.handler, c.id, FactIn(text="x"), c.version),
}


@pytest.mark.parametrize("name", WRITES)
def test_a_change_on_an_old_version_is_told_so(bureau: Bureau, name: str) -> None:
    """Every change names the version it is based on; on an older one it writes nothing, not even an entry."""
    case = bureau.at(CaseState.INVESTIGATING)
    ident = bureau.capture(case)
    fresh = bureau.fact(case)
    wish = CaseAmendIn(matter="占道", reason="改")
    with bureau.store.begin() as tx:  # moves the version on
        moved = tx.cases.amend(bureau.handler, case.id, wish, bureau.get(case).version)
    before = chain_events(bureau.store, f"case/{case.id}")
    with pytest.raises(VersionConflict) as refused, bureau.store.begin() as tx:
        WRITES[name](tx, bureau, case, ident)

    assert refused.value.facts["version"] == bureau.get(case).version == moved.version > case.version
    assert chain_events(bureau.store, f"case/{case.id}") == before
    with bureau.store.begin() as tx:
        assert [one.id for one in tx.facts.of_case(case.id)] == [fresh.id]
        assert [one.id for one in tx.recordings.of_case(case.id)] == [ident]


def test_of_two_at_once_one_is_told(bureau: Bureau) -> None:
    """Two people who correct what both saw at the same moment: one change stands, the other is refused."""
    case = bureau.open()
    gate = threading.Barrier(2)

    def amend(party: str) -> str:
        with bureau.store.begin() as tx:
            tx.cases.get(bureau.handler, case.id)
            gate.wait(PATIENCE_SECONDS)
            tx.cases.amend(bureau.handler, case.id, CaseAmendIn(party=party, reason="改"), case.version)
        return party

    with ThreadPoolExecutor(2) as pool:
        tasks = [pool.submit(amend, party) for party in ("甲店", "乙店")]
        outcomes = [task.exception() or task.result() for task in tasks]

    (told,) = [one for one in outcomes if isinstance(one, EvidenceError)]
    (stands,) = [one for one in outcomes if isinstance(one, str)]
    assert told.slug == "version-conflict"
    assert bureau.get(case).party == stands
    assert chain_events(bureau.store, f"case/{case.id}").count(Event.CASE_AMEND) == 1


@pytest.mark.parametrize("name", [name for name in WRITES if name not in {"assign", "step"}])
@pytest.mark.parametrize("state", sorted(set(CaseState) - EVIDENCE_STATES))
def test_what_is_reviewed_or_decided_stands(bureau: Bureau, state: CaseState, name: str) -> None:
    """Under review and after it nobody changes by hand what the case rests on."""
    case = bureau.at(state)
    with bureau.store.begin() as tx:
        (linked,) = tx.recordings.of_case(case.id)
    ident = linked.id if name == "unlink" else bureau.capture()
    with pytest.raises(TransitionRefused) as refused, bureau.store.begin() as tx:
        WRITES[name](tx, bureau, case, ident)

    takes_papers = name == "link" and state is CaseState.DECIDED
    assert refused.value.slug == ("tie-not-later" if takes_papers else "case-under-review")
    assert bureau.get(case).version == case.version


def test_a_device_still_links_by_itself(bureau: Bureau) -> None:
    """A recording that names the case while it is reviewed is kept, linked, and shown as late; nobody is blocked."""
    case, review = bureau.submitted()
    late = bureau.capture(case)
    with bureau.store.begin() as tx:
        assert late in {one.id for one in tx.recordings.of_case(case.id)}
        found = tx.reviews.findings(bureau.reviewer, case.id)
        snapshot = str(tx.reviews.snapshot(review.id))
    assert (f"recording/{late}", "evidence-after-submission") in {(f.subject, f.check.code) for f in found}
    assert str(late) not in snapshot

    bureau.opine(review, PASS)
    bureau.step(case, CaseStep.DECIDE)
    later = bureau.capture(case)
    with bureau.store.begin() as tx:
        found = tx.reviews.findings(bureau.reviewer, case.id)
    codes = {(f.subject, f.check.code) for f in found}
    assert (f"recording/{later}", "evidence-after-decision") in codes
    assert (f"recording/{late}", "evidence-after-submission") in codes


def test_a_statement_ties_nothing_to_a_case_that_no_longer_takes_it(bureau: Bureau) -> None:
    """A device ties to nothing that is closed, a person to nothing that is under review; the recording is kept."""
    closed, (reviewed, _) = bureau.at(CaseState.CLOSED), bureau.submitted()
    with bureau.store.begin() as tx:
        before = [len(tx.cases.links(one.id)) for one in (closed, reviewed)]
        sent = NewUpload(length_bytes=4, filename="a.bin", case_number=reviewed.number)
        upload = tx.uploads.open(bureau.officers[0], sent)
    late = bureau.capture(closed)
    done = append(bureau.store, bureau.officers[0], upload.id, b"byte")

    assert done.recording_id is not None
    with bureau.store.begin() as tx:
        assert [len(tx.cases.links(one.id)) for one in (closed, reviewed)] == before
        assert tx.recordings.known(late).stated_case == closed.number
        assert tx.recordings.known(done.recording_id).stated_case == reviewed.number


def test_a_fact_that_is_named_twice_stands_once(bureau: Bureau) -> None:
    """A form that is sent twice names one fact: no version stops it, for a fact is none of the case."""
    case = bureau.open()
    first, again = bureau.fact(case), bureau.fact(case)

    assert first == again
    assert chain_events(bureau.store, f"case/{case.id}") == [Event.CASE_OPEN, Event.FACT_ADD]


def test_evidence_must_be_of_the_case(bureau: Bureau) -> None:
    """A recording that is not linked proves nothing; one that was unlinked no longer does."""
    case = bureau.at(CaseState.INVESTIGATING)
    ident, foreign = bureau.capture(case), bureau.capture()
    fact = bureau.fact(case, ident)
    proof = ProofIn(recording_id=foreign)
    with pytest.raises(Conflict, match="not linked") as refused, bureau.store.begin() as tx:
        tx.facts.prove(bureau.handler, case.id, fact.id, proof, seen=bureau.get(case).version)
    assert refused.value.slug == "evidence-not-linked"
    assert fact.is_proven

    with bureau.store.begin() as tx:
        tx.cases.unlink(bureau.handler, case.id, ident, "无关", tx.cases.get(bureau.handler, case.id).version)
        (fact,) = tx.facts.of_case(case.id)
    assert not fact.is_proven
    assert (fact.proofs[0].is_linked, fact.proofs[0].holds) == (False, False)


def test_a_quarantined_recording_proves_nothing(bureau: Bureau) -> None:
    """A recording whose digest does not hold may be named, but the fact stays unproven."""
    case = bureau.at(CaseState.INVESTIGATING)
    fact = bureau.fact(case, bureau.capture(case, swapped()))

    assert not fact.is_proven
    assert fact.proofs[0].state == "quarantined"


def test_a_proof_is_named_once_and_taken_back_once(bureau: Bureau) -> None:
    """Naming a proof twice adds nothing to the log; taking it back twice is refused."""
    case = bureau.at(CaseState.INVESTIGATING)
    ident = bureau.capture(case)
    fact = bureau.fact(case, ident, ident)
    proof = ProofIn(recording_id=ident)
    with bureau.store.begin() as tx:
        seen = tx.cases.get(bureau.handler, case.id).version
        left = tx.facts.unprove(bureau.handler, case.id, fact.id, proof, seen=seen)
    with pytest.raises(NotFound) as refused, bureau.store.begin() as tx:
        tx.facts.unprove(bureau.handler, case.id, fact.id, proof, seen=seen)

    assert (left.proofs, refused.value.slug) == ((), "proof-unknown")
    changes = [one for one in leaves(bureau.store, case) if one.subject == f"fact/{fact.id}"]
    assert [one.event for one in changes] == [Event.FACT_ADD, Event.FACT_PROVE, Event.FACT_UNPROVE]
    assert changes[1].act == FactProve(evidence=f"recording/{ident}")
    assert seen == bureau.get(case).version


def test_a_withdrawn_fact_counts_no_more(bureau: Bureau) -> None:
    """A withdrawn fact is gone from the case, cannot be proven, and its place is not given again."""
    case = bureau.at(CaseState.INVESTIGATING)
    first = bureau.fact(case)
    with bureau.store.begin() as tx:
        tx.facts.withdraw(bureau.handler, case.id, first.id, tx.cases.get(bureau.handler, case.id).version)
    second = bureau.fact(case)
    with pytest.raises(NotFound) as refused, bureau.store.begin() as tx:
        tx.facts.withdraw(bureau.handler, case.id, first.id, tx.cases.get(bureau.handler, case.id).version)

    assert refused.value.slug == "fact-unknown"
    assert (first.position, second.position) == (1, 2)


def test_nothing_is_submitted_without_a_fact(bureau: Bureau) -> None:
    """Without a fact to be proven the submission is refused, and no round appears."""
    case = bureau.at(CaseState.INVESTIGATION_CLOSED)
    with pytest.raises(TransitionRefused) as refused:
        bureau.step(case, CaseStep.SUBMIT)

    assert refused.value.slug == "case-facts-missing"
    assert bureau.rounds(case) == ()
    assert bureau.get(case).state is CaseState.INVESTIGATION_CLOSED


def test_opinions_are_not_steps_of_a_hand(bureau: Bureau) -> None:
    """Pass, supplement and reject cannot be taken as a step: only a review's opinion moves the case so."""
    case, _ = bureau.submitted()
    for step in (CaseStep.PASS, CaseStep.SUPPLEMENT, CaseStep.REJECT):
        with pytest.raises(TransitionRefused) as refused:
            bureau.step(case, step)
        assert refused.value.slug == "case-step-refused"


@pytest.mark.parametrize("step", [CaseStep.FILE, CaseStep.DECIDE])
def test_only_a_head_files_and_decides(bureau: Bureau, step: CaseStep) -> None:
    """A handler who files or decides their own case is refused with the permission's name."""
    case = bureau.open()
    with pytest.raises(Refused) as refused, bureau.store.begin() as tx:
        tx.cases.step(bureau.handler, case.id, step, "", case.version)

    assert refused.value.facts["permission"] == "case:decide"


def test_a_handler_is_named_by_the_head(bureau: Bureau) -> None:
    """A head names a second handler by login; they then run the case. Others cannot be named."""
    case = bureau.at(CaseState.INVESTIGATING)
    _, colleague = make_account(bureau.store, bureau.agency, Role.HANDLER)
    _, stranger = make_account(bureau.store, make_agency(bureau.store), Role.HANDLER)
    with pytest.raises(NotFound), bureau.store.begin() as tx:
        tx.cases.get(colleague, case.id)
    for login in (stranger.login, bureau.reviewer.login, "nobody"):
        with pytest.raises(NotFound) as refused, bureau.store.begin() as tx:
            tx.cases.assign(bureau.head, case.id, login, case.version)
        assert refused.value.slug == "account-unknown"
    with bureau.store.begin() as tx:
        tx.cases.assign(bureau.head, case.id, colleague.login, case.version)
        named = tx.cases.assign(bureau.head, case.id, colleague.login, case.version + 1)
        concluded = take(tx, colleague, case.id, CaseStep.CONCLUDE, seen=named.version)

    assert concluded.state is CaseState.INVESTIGATION_CLOSED
    assert len(concluded.handlers) == 2
    (appointed,) = [one.act for one in leaves(bureau.store, case) if one.event == Event.CASE_APPOINT]
    assert appointed == CaseAppoint(handler=colleague.reference)
    assert folded(bureau.store, f"case/{case.id}").faults == []


def test_a_closed_case_takes_no_more_handlers(bureau: Bureau) -> None:
    """Who is named after the end would have handled nothing."""
    case = bureau.at(CaseState.CLOSED)
    _, colleague = make_account(bureau.store, bureau.agency, Role.HANDLER)
    with pytest.raises(TransitionRefused) as refused, bureau.store.begin() as tx:
        tx.cases.assign(bureau.head, case.id, colleague.login, case.version)
    assert refused.value.slug == "case-step-refused"


def test_a_tie_is_no_new_version_of_the_case(bureau: Bureau) -> None:
    """A photo that arrives costs nobody who reads the case a conflict; the tie stands in both chains."""
    case = bureau.open()
    ident = bureau.capture(case)
    with bureau.store.begin() as tx:
        tx.cases.unlink(bureau.handler, case.id, ident, "关联错误", case.version)
        tx.cases.link(bureau.handler, case.id, ident, case.version)
        link = tx.cases.link(bureau.handler, case.id, ident, case.version)

    ties = [Event.CASE_LINK, Event.CASE_UNLINK, Event.CASE_LINK]
    assert chain_events(bureau.store, f"case/{case.id}") == [Event.CASE_OPEN, *ties]
    assert [name for name in chain_events(bureau.store, f"recording/{ident}") if name in ties] == ties
    assert [one.act.basis for one in leaves(bureau.store, case) if isinstance(one.act, CaseLink)] == [
        TieBasis.STATED,
        TieBasis.MANUAL,
    ]
    assert link.linked_at == leaves(bureau.store, case)[-1].at
    assert opened(bureau.store, f"case/{case.id}", Event.CASE_UNLINK) == [{"reason": "关联错误"}]
    assert bureau.get(case).version == case.version
    assert folded(bureau.store, f"case/{case.id}").faults == []


def test_the_list_is_narrowed_and_paged(bureau: Bureau) -> None:
    """Cases are found by state and by a part of number or party, newest first, each exactly once."""
    word = uuid4().hex[:8]
    made = [bureau.open(party=f"{word}店").id for _ in range(3)]
    filed = bureau.step(bureau.open(party=f"{word}店"), CaseStep.FILE)
    with bureau.store.begin() as tx:
        first = tx.cases.page(bureau.head, number=word.upper(), limit=3)
        rest = tx.cases.page(bureau.head, number=word, after=first.next, limit=3)
        leads = tx.cases.page(bureau.head, number=word, state=CaseState.LEAD)

    assert [one.id for one in (*first.rows, *rest.rows)] == [filed.id, *reversed(made)]
    assert rest.next is None
    assert [one.id for one in leads.rows] == list(reversed(made))


def test_holes_between_the_recordings_of_a_case_are_told(bureau: Bureau) -> None:
    """Of what a device numbered in between: what never arrived, and what arrived and belongs elsewhere."""
    case, other = bureau.open(), bureau.open()
    device = bureau.device
    bureau.capture(case)
    first = device.seq
    bureau.capture(other)
    device.manifest({"lost.bin": b"never sent"})
    lone = bureau.capture()
    bureau.capture(case)
    bureau.capture(case)
    with bureau.store.begin() as tx:
        (gap,) = tx.recordings.gaps_of_case(case.id)
        ends = {one.id: one.captured_at for one in tx.recordings.of_case(case.id)}

    assert (gap.first_seq, gap.last_seq) == (first + 1, first + 3)
    assert (gap.missing, gap.elsewhere) == (1, 2)
    assert (gap.after_at, gap.before_at) == tuple(sorted(ends.values())[:2])

    with bureau.store.begin() as tx:
        tx.cases.link(bureau.handler, case.id, lone, tx.cases.get(bureau.handler, case.id).version)
        (gap,) = tx.recordings.gaps_of_case(case.id)
        assert (gap.first_seq, gap.last_seq, gap.missing, gap.elsewhere) == (first + 1, first + 2, 1, 1)
        assert tx.recordings.gaps_of_case(other.id) == ()


def test_a_handler_is_chosen_by_name(store: Store, bureau: Bureau) -> None:
    """Whoever may be named is offered by name, and nobody who handles the case already or cannot."""
    case = bureau.open()
    _, colleague = make_account(store, bureau.agency, Role.HANDLER)
    with store.begin() as tx:
        offered = tx.cases.offered(bureau.head, tx.cases.get(bureau.head, case.id))
        assert (colleague.login, colleague.name) in offered
        assert bureau.handler.login not in {one.login for one in offered}
        assert bureau.reviewer.login not in {one.login for one in offered}
        tx.cases.assign(bureau.head, case.id, colleague.login, version(tx, bureau.head, case))
        again = tx.cases.offered(bureau.head, tx.cases.get(bureau.head, case.id))
        assert colleague.login not in {one.login for one in again}
    with store.begin() as tx, pytest.raises(Refused):
        tx.cases.offered(bureau.handler, case)
