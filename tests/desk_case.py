"""A case of both desks, as far as it goes: a monitoring record, media, review rounds, facts, and ties that have ended."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from schemas.actor import Actor, Role
from schemas.case import CaseIn, CaseState, CaseStep
from schemas.fact import FactIn, ProofIn
from schemas.ids import CaseId
from schemas.monitoring import LinkBasis, NotificationIn, NotifyChannel, NotifyOutcome, ReviewStage
from schemas.review import AnswerIn, GroundIn, GroundItem, OpinionWord, ReviewOpinionIn
from storage.outbox import JobKind
from storage.store import Store
from tests.casework import take
from tests.factories import OFFICERS, enrol_device, make_account
from tests.media import jpeg
from tests.monitoring import jpeg_media, make_highway
from workers.custody import integrate
from workers.runner import Runner


def make_desk_case(
    store: Store, runner: Runner, meanwhile: Callable[[Actor], object] = lambda _: None
) -> tuple[UUID, Actor]:
    """Make a case that was returned once and passed the second time, with one tie of each kind that was ended.

    While it is investigated, `meanwhile` is done by its handler. Returns it and its handler.
    """
    road = make_highway(store)
    for number in OFFICERS:
        make_account(store, road.agency, Role.OFFICER, certificate=number)
    head = make_account(store, road.agency, Role.HEAD)[1]
    ident, other = (road.one(media=[jpeg_media(jpeg(50 + n, 50))]) for n in range(2))
    for _ in range(7):  # a record does not disclose its batch
        road.one()
    device = enrol_device(store, road.custodian)
    photo, dropped = (device.capture(f"{n}.jpg", jpeg(60 + n, 60)) for n in range(2))
    runner.drain(JobKind.VERIFY)
    for one in (ident, other):
        road.opine(one, ReviewStage.FIRST)
        road.opine(one, ReviewStage.SECOND)
    with store.begin() as tx:
        attempt = NotificationIn(
            channel=NotifyChannel.PHONE, outcome=NotifyOutcome.SENT, attempted_at=tx.now, proof="通话 1"
        )
        tx.notifications.add(road.handler, ident, attempt)
        wish = CaseIn(number="包-1", party="某公司", matter="超限运输", place="S229")
        case = tx.monitoring_links.open_case(road.handler, ident, wish)

    def now(act: Callable[[Any, int], object]) -> None:
        with store.begin() as tx:
            act(tx, tx.cases.get(road.handler, case.id).version)

    handler, ref = road.handler, case.id
    now(lambda tx, seen: tx.monitoring_links.link(handler, ref, other, LinkBasis.PLATE, seen))
    now(lambda tx, seen: tx.monitoring_links.unlink(handler, ref, other, "另案处理", seen))
    now(lambda tx, seen: tx.cases.link(handler, ref, photo, seen))
    now(lambda tx, seen: tx.cases.link(handler, ref, dropped, seen))
    now(lambda tx, seen: tx.cases.unlink(handler, ref, dropped, "误关联", seen))
    now(lambda tx, seen: tx.cases.step(head, ref, CaseStep.FILE, "", seen))
    now(lambda tx, seen: tx.cases.step(handler, ref, CaseStep.INVESTIGATE, "", seen))
    meanwhile(handler)
    now(lambda tx, seen: tx.facts.add(handler, ref, FactIn(text="该车超限"), seen))
    with store.begin() as tx:
        fact = tx.facts.of_case(ref)[0].id
    for proof in (ProofIn(monitoring_id=ident), ProofIn(recording_id=photo)):
        now(lambda tx, seen, proof=proof: tx.facts.prove(handler, ref, fact, proof, seen=seen))
    now(lambda tx, seen: tx.facts.unprove(handler, ref, fact, ProofIn(recording_id=photo), seen=seen))
    grounds = [GroundIn(item=GroundItem.EVIDENCE, subject=f"recording/{photo}", text="请说明地点")]
    for opinion in (
        ReviewOpinionIn(opinion=OpinionWord.SUPPLEMENT, statement="请补充", grounds=grounds),
        ReviewOpinionIn(opinion=OpinionWord.PASS, statement="同意"),
    ):
        now(lambda tx, seen: take(tx, handler, ref, CaseStep.CONCLUDE, seen=seen))
        now(lambda tx, seen: tx.cases.step(handler, ref, CaseStep.SUBMIT, "", seen))
        with store.begin() as tx:
            review = tx.reviews.of_case(ref)[-1]
            review = tx.reviews.opine(road.second, review.id, opinion, review.version)
            if review.grounds:
                tx.reviews.answer(handler, review.id, 1, AnswerIn(text="已说明"), seen=review.version)
    now(lambda tx, seen: take(tx, head, ref, CaseStep.DECIDE, seen=seen))
    with store.begin() as tx:
        assert tx.cases.get(handler, ref).state is CaseState.DECIDED
    return ref, handler


def packed_case(store: Store, runner: Runner, handler: Actor, case_id: CaseId) -> bytes:
    """The package of a case, asked for and built now."""
    integrate(store)
    with store.begin() as tx:
        ordered = tx.exports.request(handler, case_id)
    integrate(store)
    runner.drain(JobKind.EXPORT)
    with store.begin() as tx:
        built = tx.exports.known(ordered.id)
    assert built.state == "ready", built.failure
    payload = bytearray(built.size_bytes or 0)
    view, at = memoryview(payload), 0
    with store.objects.open(built.object_key or "", built.version_id or "") as source:
        while count := source.readinto(view[at:]):
            at += count
    return bytes(payload)
