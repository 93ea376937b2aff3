"""A fact is proven by what is verified, or by what a person accepts with ground and text; a reviewer sees which."""

from collections.abc import Iterator
from uuid import UUID

import pytest

from schemas.acceptance import AcceptanceGround
from schemas.actor import Actor, Role
from schemas.case import Case, CaseState
from schemas.checks.claims import DEVICE_KEY, DIGEST, MANIFEST_SIGNATURE
from schemas.checks.manifest import OFFICERS, SEQUENCE
from schemas.errors import Conflict, NotFound, Refused, TransitionRefused
from schemas.fact import AcceptanceIn, Fact, ProofIn
from schemas.integrity import CheckResult, Verdict
from schemas.leaves_review import FactAccept
from schemas.media import MediaFacts
from schemas.recording import RecordingState
from schemas.unsigned import unsigned
from storage.outbox import JobKind
from storage.store import Store
from tests.casework import PASS, SUPPLEMENT, Bureau, make_bureau, swapped, version
from tests.chains import chain_of, folded
from tests.factories import faults, folder_url, make_account, make_settings
from tests.media import truncated_jpeg
from tests.supervision import drain

UNSIGNED = (
    DIGEST.found("declared-digest-absent"),
    MANIFEST_SIGNATURE.found("manifest-absent"),
    DEVICE_KEY.found("device-key-no-manifest"),
    OFFICERS.found("officers-fewer-than-two", officers=0),
    *unsigned(MediaFacts(), "image/jpeg"),
)
"""A photo that somebody brought: no signature, no officer, no place, no time."""

DOUBTFUL = (SEQUENCE.found("sequence-gap", seq=9, missing=1),)


@pytest.fixture(scope="module")
def store(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    made = Store(make_settings(database_url, folder_url(tmp_path_factory.mktemp("accept"))))
    yield made
    made.close()


@pytest.fixture(scope="module")
def bureau(store: Store) -> Bureau:
    return make_bureau(store)


def named(bureau: Bureau, *checks: CheckResult) -> tuple[Case, Fact, UUID]:
    """A case under investigation whose one fact names one recording, concluded with these checks."""
    case = bureau.at(CaseState.INVESTIGATING)
    ident = bureau.capture(case, *checks)
    return case, bureau.fact(case, ident), ident


def accept(
    bureau: Bureau,
    case: Case,
    fact: Fact,
    ident: UUID,
    *,
    actor: Actor | None = None,
    text: str = "已与原件核对",
) -> Fact:
    wish = AcceptanceIn(recording_id=ident, ground=AcceptanceGround.ORIGINAL_SEEN, text=text)
    who = actor or bureau.handler
    with bureau.store.begin() as tx:
        return tx.facts.accept(who, case.id, fact.id, wish, seen=version(tx, bureau.handler, case))


@pytest.mark.parametrize(
    ("checks", "verdict"),
    [(UNSIGNED, Verdict.NOT_CHECKED), (DOUBTFUL, Verdict.DOUBTFUL)],
    ids=["unsigned", "doubtful"],
)
def test_what_is_not_verified_proves_nothing_until_a_person_accepts_it(
    bureau: Bureau, checks: tuple[CheckResult, ...], verdict: Verdict
) -> None:
    """One unsigned photo without officer, place or time used to carry a whole decision."""
    case, fact, ident = named(bureau, *checks)
    assert (fact.proofs[0].verdict, fact.proofs[0].holds, fact.is_proven) == (verdict, False, False)
    assert fact.proofs[0].may_be_accepted
    case, review = bureau.submit(case)
    with pytest.raises(TransitionRefused) as refused:
        bureau.opine(review, PASS)
    assert refused.value.slug == "fact-unproven"

    bureau.answer(bureau.opine(review, SUPPLEMENT))
    proven = accept(bureau, case, fact, ident)
    case, review = bureau.submit(bureau.get(case))
    with bureau.store.begin() as tx:
        found = [one.check.code for one in tx.reviews.findings(bureau.reviewer, case.id)]

    assert proven.is_proven
    told = proven.proofs[0].acceptance
    assert told is not None
    assert (told.ground, told.text, told.verdict) == (AcceptanceGround.ORIGINAL_SEEN, "已与原件核对", verdict)
    assert told.accepted_by not in ("", bureau.handler.reference)
    assert "fact-by-acceptance" in found
    assert bureau.opine(review, PASS).opinion == "pass"
    (leaf,) = [one for one in chain_of(bureau.store, f"case/{case.id}") if one.event == "fact:accept"]
    assert isinstance(leaf.act, FactAccept)
    assert (leaf.act.evidence, leaf.act.verdict) == (f"recording/{ident}", verdict)
    assert folded(bureau.store, f"case/{case.id}").faults == []
    assert [one for one in faults(bureau.store) if str(fact.id) in one[1]] == []


def test_nobody_accepts_what_is_quarantined_verified_or_not_named(bureau: Bureau) -> None:
    """Bytes that are not those declared prove nothing whoever says so; what is verified needs no word."""
    case, fact, ident = named(bureau, swapped())
    with pytest.raises(Conflict) as apart:
        accept(bureau, case, fact, ident)
    assert (apart.value.slug, fact.proofs[0].may_be_accepted) == ("acceptance-impossible", False)

    case, fact, ident = named(bureau)
    with pytest.raises(Conflict) as needless:
        accept(bureau, case, fact, ident)
    assert (needless.value.slug, fact.is_proven) == ("acceptance-needless", True)

    other = bureau.capture(case, *DOUBTFUL)
    with pytest.raises(NotFound) as unnamed:
        accept(bureau, case, fact, other)
    assert unnamed.value.slug == "proof-unknown"


def test_it_is_given_once_and_ends_with_the_evidence(bureau: Bureau) -> None:
    """Twice is refused; evidence that is withdrawn and named anew has to be accepted anew."""
    case, fact, ident = named(bureau, *DOUBTFUL)
    accept(bureau, case, fact, ident)
    with pytest.raises(Conflict) as again:
        accept(bureau, case, fact, ident)
    assert again.value.slug == "acceptance-needless"

    proof = ProofIn(recording_id=ident)
    with bureau.store.begin() as tx:
        seen = version(tx, bureau.handler, case)
        tx.facts.unprove(bureau.handler, case.id, fact.id, proof, seen=seen)
        anew = tx.facts.prove(bureau.handler, case.id, fact.id, proof, seen=seen)
    assert (anew.is_proven, anew.proofs[0].acceptance) == (False, None)
    assert accept(bureau, case, fact, ident).is_proven
    assert [one for one in faults(bureau.store) if str(fact.id) in one[1]] == []


def test_what_turns_worse_is_no_longer_covered(bureau: Bureau) -> None:
    """Accepted as not checked, found damaged later: the word was not given of that; it can be given anew."""
    case = bureau.at(CaseState.INVESTIGATING)
    payload = truncated_jpeg()
    ident = bureau.device.capture("a.jpg", payload, context={"case": case.number})
    bureau.conclude(ident, payload, DIGEST.found("declared-digest-absent"))
    fact = bureau.fact(case, ident)
    assert accept(bureau, case, fact, ident).is_proven
    custodian = make_account(bureau.store, bureau.agency, Role.CUSTODIAN)[1]
    with bureau.store.begin() as tx:
        tx.examinations.ask(custodian, ident)
    drain(bureau.store, JobKind.EXAMINE)
    with bureau.store.begin() as tx:
        (now,) = tx.facts.of_case(case.id)

    assert (now.proofs[0].verdict, now.is_proven) == (Verdict.DOUBTFUL, False)
    assert now.proofs[0].acceptance is not None
    assert accept(bureau, case, fact, ident).is_proven
    assert [one for one in faults(bureau.store) if str(fact.id) in one[1]] == []


def test_only_whoever_runs_the_case_accepts_and_only_while_it_is_open(bureau: Bureau) -> None:
    """A reviewer judges the reasons and gives none; under review nothing of the evidence changes."""
    case, fact, ident = named(bureau, *DOUBTFUL)
    with pytest.raises((Refused, NotFound)):
        accept(bureau, case, fact, ident, actor=bureau.reviewer)
    bureau.submit(case)
    with pytest.raises(TransitionRefused) as closed:
        accept(bureau, case, fact, ident)
    assert closed.value.slug == "case-under-review"


def test_a_recording_that_is_being_verified_waits(bureau: Bureau) -> None:
    """Nobody accepts what has not been looked at."""
    case = bureau.at(CaseState.INVESTIGATING)
    ident = bureau.device.capture("a.bin", b"a moment", context={"case": case.number})
    fact = bureau.fact(case, ident)
    assert fact.proofs[0].state == RecordingState.RECEIVED
    with pytest.raises(Conflict) as early:
        accept(bureau, case, fact, ident)
    assert early.value.slug == "acceptance-impossible"
