"""Nothing that a person typed about a case is in a leaf: every writer of the case's chain is fed marked texts."""

import hashlib
from collections.abc import Iterator
from itertools import count

import pytest
from sqlalchemy import select

from schemas.case import CaseAmendIn, CaseIn, CaseState, CaseStep
from schemas.chain import leaf_digest
from schemas.disclosure import chains_text, parse_chains, parse_hidden
from schemas.errors import Conflict
from schemas.fact import FactIn, ProofIn
from schemas.leaf import leaf_bytes
from schemas.leaves_review import ExportBuild, ExportFail, ExportRequest
from schemas.monitoring import LinkBasis
from schemas.review import AnswerIn, GroundIn, GroundItem, OpinionWord, ReviewOpinionIn
from storage.export.export import Export
from storage.objects.port import Stored
from storage.store import Store
from storage.tables.custody import custody_entries
from storage.tables.export import exports
from tests.casework import NONE, UNRECORDED, Bureau, make_bureau
from tests.chains import chain_events, chain_of, folded, opened
from tests.factories import folder_url, make_settings
from tests.monitoring import make_highway
from workers.custody import integrate

_numbers = count(1)
COLD_POINT = (333_412_345, 1_201_598_765)


@pytest.fixture(scope="module")
def store(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    made = Store(make_settings(database_url, folder_url(tmp_path_factory.mktemp("marks"))))
    yield made
    made.close()


@pytest.fixture(scope="module")
def bureau(store: Store) -> Bureau:
    made = make_bureau(store)
    integrate(store)  # opens the log
    return made


class Marks:
    """Texts that stand nowhere else; plain ASCII, so that a leaf could hold them."""

    def __init__(self) -> None:
        self.given: list[str] = []

    def __call__(self) -> str:
        self.given.append(f"MARK{next(_numbers):06d}X")
        return self.given[-1]


def entered(mark: Marks) -> dict[str, object]:
    """Every field of a case that can be corrected, marked."""
    plain = {name: mark() for name in ("party", "matter", "place", "party_code")}
    lat, lon = COLD_POINT
    return {**plain, "plates": [mark(), mark()], "lat_e7": lat, "lon_e7": lon}


def opinion(mark: Marks, word: OpinionWord, *grounds: str) -> ReviewOpinionIn:
    items = [GroundIn(item=GroundItem.EVIDENCE, subject=one, text=mark()) for one in grounds]
    return ReviewOpinionIn(opinion=word, statement=mark(), grounds=items)


def all_leaves(store: Store) -> bytes:
    with store.begin() as tx:
        return b"\n".join(tx.connection.scalars(select(custody_entries.c.leaf)))


def shown_texts(store: Store, about: str) -> set[str]:
    """Every text that the openings of a chain show."""
    told = [one for event in set(chain_events(store, about)) for one in opened(store, about, event)]
    values = [value for one in told for value in one.values()]
    return {
        text
        for value in values
        for text in (value if isinstance(value, tuple) else [value])
        if isinstance(text, str)
    }


def assert_nowhere(store: Store, mark: Marks) -> None:
    kept = all_leaves(store)
    for text in mark.given:
        assert text.encode() not in kept
        assert hashlib.sha256(text.encode()).hexdigest().encode() not in kept
    assert not any(str(part).encode() in kept for part in COLD_POINT)


def test_no_typed_word_is_in_a_leaf(store: Store, bureau: Bureau) -> None:
    """From the lead to the end: every text is opened beside its leaf, and stands in none."""
    mark, handler = Marks(), bureau.handler
    with store.begin() as tx:
        case = tx.cases.open(handler, CaseIn.model_validate({**entered(mark), "number": mark()}))
        wish = CaseAmendIn.model_validate({**entered(mark), "reason": mark()})
        tx.cases.amend(handler, case.id, wish, case.version)
    about = f"case/{case.id}"
    for step in (CaseStep.FILE, CaseStep.INVESTIGATE):
        bureau.step(case, step, mark())
    ident, other = bureau.capture(), bureau.capture()
    with store.begin() as tx:
        seen = tx.cases.get(handler, case.id).version
        tx.cases.link(handler, case.id, other, seen)
        tx.cases.unlink(handler, case.id, other, mark(), seen)
        tx.cases.link(handler, case.id, ident, seen)
        fact = tx.facts.add(handler, case.id, FactIn(text=mark()), seen)
        gone = tx.facts.add(handler, case.id, FactIn(text=mark()), seen)
        tx.facts.withdraw(handler, case.id, gone.id, seen)
        proof = ProofIn(recording_id=ident)
        tx.facts.prove(handler, case.id, fact.id, proof, seen=seen)
        tx.facts.unprove(handler, case.id, fact.id, proof, seen=seen)
        tx.facts.prove(handler, case.id, fact.id, proof, seen=seen)
    for word in (OpinionWord.SUPPLEMENT, OpinionWord.REJECT, OpinionWord.PASS):
        answers = [one.model_copy(update={"ground": mark()}) for one in NONE]
        bureau.step(case, CaseStep.CONCLUDE, mark(), answers)
        bureau.step(case, CaseStep.SUBMIT, mark())
        review = bureau.rounds(case)[-1]
        grounds = () if word is OpinionWord.PASS else (f"recording/{ident}", f"fact/{fact.id}")
        review = bureau.opine(review, opinion(mark, word, *grounds))
        for position in range(1, len(grounds) + 1):
            with store.begin() as tx:
                answer = AnswerIn(text=mark())
                tx.reviews.answer(handler, review.id, position, answer, seen=review.version)
    for step in (CaseStep.DECIDE, CaseStep.CLOSE):
        bureau.step(case, step, mark())

    assert bureau.get(case).state is CaseState.CLOSED
    assert shown_texts(store, about) == {*mark.given, UNRECORDED}
    assert_nowhere(store, mark)
    life = folded(store, about)
    assert (life.faults, life.versions[about]) == ([], bureau.get(case).version)


def test_no_word_about_a_tied_record_is_in_a_leaf(store: Store) -> None:
    """A case that is opened from a monitoring record, and a tie that ends."""
    mark, road = Marks(), make_highway(store)
    ident = road.valid()
    with store.begin() as tx:
        plain = {name: mark() for name in ("number", "party", "matter", "place")}
        case = tx.cases.open(road.handler, CaseIn(**plain))
        tx.monitoring_links.link(road.handler, case.id, ident, LinkBasis.PLATE, case.version)
    with store.begin() as tx:
        tx.monitoring_links.unlink(road.handler, case.id, ident, mark(), case.version)

    assert_nowhere(store, mark)
    assert folded(store, f"case/{case.id}").faults == []


def requested(bureau: Bureau, case_id: object) -> Export:
    with bureau.store.begin() as tx:
        return tx.exports.request(bureau.handler, case_id)


def test_a_package_is_asked_for_with_its_chains(store: Store, bureau: Bureau) -> None:
    """The request's leaf states the chains of everything the case ever rested on, as they stood before it."""
    case = bureau.open()
    kept, gone = bureau.capture(case), bureau.capture(case)
    with store.begin() as tx:
        tx.cases.unlink(bureau.handler, case.id, gone, "无关", case.version)
    export = requested(bureau, case.id)

    with store.begin() as tx:
        row = tx.connection.execute(select(exports).where(exports.c.id == export.id)).one()
        heads = {one.of: one for one in parse_chains(row.chains)}
        assert chains_text(tx.custody.heads(heads)) != row.chains  # the case has gone on, by this very leaf
    leaf = chain_of(store, f"case/{case.id}")[-1]
    assert isinstance(leaf.act, ExportRequest)
    assert leaf.subject == f"export/{export.id}"
    assert leaf.act.chains == len(heads)
    assert leaf.act.chains_sha256 == hashlib.sha256(row.chains).hexdigest()
    hidden = parse_hidden(row.hidden)
    assert (leaf.act.hidden, leaf.act.hidden_sha256) == (len(hidden), hashlib.sha256(row.hidden).hexdigest())
    unlinked, standing = (
        {leaf_digest(leaf_bytes(leaf)) for leaf in chain_of(store, f"recording/{ident}")}
        for ident in (gone, kept)
    )
    assert {one.ground for one in hidden if one.digest in unlinked} == {"tie-ended"}
    assert not standing & {one.digest for one in hidden}
    place = leaf.place(f"case/{case.id}")
    assert place is not None
    assert (heads[place.of].n, heads[place.of].head) == (place.n - 1, place.prev)
    assert {of for of in heads if not of.startswith("log/")} == {
        f"case/{case.id}",
        f"recording/{kept}",
        f"recording/{gone}",
        f"device/{bureau.device.id}",
        bureau.handler.reference,
        *(leaf.actor for leaf in chain_of(store, f"device/{bureau.device.id}") if "account" in leaf.actor),
    }
    assert folded(store, f"case/{case.id}").faults == []


def test_a_package_holds_the_chains_of_its_records(store: Store) -> None:
    """A tied record brings its equipment and its pictures, and whoever judged them."""
    road = make_highway(store)
    integrate(store)
    ident = road.valid()
    with store.begin() as tx:
        case = tx.cases.open(road.handler, CaseIn(number=f"单-{ident}", party="x", matter="x", place="x"))
        tx.monitoring_links.link(road.handler, case.id, ident, LinkBasis.MANUAL, case.version)
        export = tx.exports.request(road.handler, case.id)
        row = tx.connection.execute(select(exports).where(exports.c.id == export.id)).one()
    names = {one.of for one in parse_chains(row.chains)}
    people = {road.handler.reference, road.first.reference, road.second.reference, road.custodian.reference}
    assert names >= {f"monitoring/{ident}", f"equipment/{road.equipment_id}", *people}


def test_a_package_ends_once(store: Store, bureau: Bureau) -> None:
    """The exporter says that it is built, or why not, in the case's chain, and names the leaf that asked for it."""
    case = bureau.open()
    built = requested(bureau, case.id)
    with store.begin() as tx:
        stored = Stored(version_id="v-1", size_bytes=7)
        digest = "ab" * 32
        tx.exports.ready(
            built, stored, key=f"exports/{built.id}/abcd.zip", sha256=digest, tagmanifest_sha256=digest
        )
    failed = requested(bureau, case.id)  # while one was being built, it would be that one
    with store.begin() as tx:
        tx.exports.fail(failed.id, "worker-lost")
        requests = {
            export.id: next(one.digest for one in tx.custody.entries_for(f"export/{export.id}"))
            for export in (built, failed)
        }
    *_, ready, _, gone = chain_of(store, f"case/{case.id}")
    assert isinstance(ready.act, ExportBuild)
    assert isinstance(gone.act, ExportFail)
    assert {ready.actor, gone.actor} == {"service/exporter"}
    assert (ready.act.request, gone.act.request) == (requests[built.id], requests[failed.id])
    assert (gone.act.code, ready.act.size_bytes) == ("worker-lost", 7)
    for export in (built, failed):
        with pytest.raises(Conflict) as refused, store.begin() as tx:
            tx.exports.fail(export.id, "late")
        assert refused.value.slug == "export-not-ready"
    life = folded(store, f"case/{case.id}")
    assert life.faults == []
    assert life.versions[f"case/{case.id}"] == case.version
