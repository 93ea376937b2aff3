"""Acts of every noun on a small world, drawn by chance: lawful ones, and ones that the product refuses.

One agency has everybody, so that acts meet: its cases, devices, equipment and records, with a supervising agency
above it. An act is one transaction that changes evidence; what it makes is noted in the world, for later acts.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from random import Random
from typing import TypeVar
from uuid import UUID, uuid4

from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import select

from schemas.acceptance import AcceptanceGround
from schemas.account import RoleIn
from schemas.actor import Actor, Role
from schemas.annotation import About, NoteIn, TagIn
from schemas.base import HexDigest, whole_milliseconds
from schemas.case import STEPS, CaseAmendIn, CaseIn, CaseState, CaseStep
from schemas.certificate import Certificate, CertificateStep, CertificateStepIn, CertificateVerifyIn
from schemas.derivative import DerivationFailure
from schemas.device import ENROL_TYP
from schemas.digest import sha256_hex
from schemas.equipment import CertificateIn, EquipmentReviewIn, PublicationIn, ReviewKind, SuspensionIn
from schemas.equipment_amend import FactAmendIn
from schemas.equipment_annul import AnnulIn
from schemas.equipment_version import EquipmentDescribeIn
from schemas.errors import Busy, Conflict, EvidenceError, Invalid, NotFound, Refused
from schemas.fact import AcceptanceIn, FactIn, ProofIn
from schemas.finding import FindingAnswerIn
from schemas.hand_in import LATE_CODES
from schemas.holding import (
    CheckedIn,
    CheckIn,
    CheckPoint,
    DescribeIn,
    DeviceKind,
    HoldingAmendIn,
    IssueIn,
    ReturnIn,
)
from schemas.ids import ManifestId, NoteId, RecordingId, RetentionId, ShiftId
from schemas.jws import public_jwk, sign_detached, thumbprint
from schemas.leaves_training import TrainingKind
from schemas.monitoring import (
    InvalidReason,
    LinkBasis,
    NotificationIn,
    NotifyChannel,
    NotifyOutcome,
    OpinionIn,
    OpinionWord,
    ReviewStage,
)
from schemas.policy import Action
from schemas.presence import PresenceAnswer, PresenceIn, SettlementIn
from schemas.presence_code import ScanIn
from schemas.retention import lock_until
from schemas.review import AnswerIn
from schemas.review_scope import ScopeAnswerIn, ScopeKind
from schemas.role import RoleAmendIn
from schemas.setting import DECLARED, Setting, SettingIn
from schemas.setting_list import LISTS, ListSetting
from schemas.shift import ShiftAmendIn, ShiftCloseIn, ShiftIn
from schemas.training import TrainingIn, TrainingWithdrawIn
from storage.device.enrolment import EnrolIn
from storage.recording.upload import NewUpload
from storage.store import Store
from storage.tables.retention import retentions
from storage.transaction import Transaction
from tests.casework import PASS, REJECT, SUPPLEMENT, Bureau, conclusion, make_bureau, swapped, take
from tests.factories import LOST, TestDevice, append, certify, make_account, make_agency, password_hash
from tests.media import jpeg
from tests.monitoring import Highway, jpeg_media, make_highway
from tests.supervision import Bureau as Supervision
from tests.supervision import Clock
from tests.viewing import copy_of, enter_copies

REFUSED = (NotFound, Refused, Conflict, Invalid, Busy)
"""What an act may end with beside success: something was wrong with it, never with what we hold."""

NOBODY = UUID(int=0)
"""An id that names nothing."""

Thing = TypeVar("Thing")


@dataclass
class World:
    """Who is there, and by id what has been made so far."""

    store: Store
    bureau: Bureau
    road: Highway
    above: Supervision
    admin: Actor
    cases: list[UUID] = field(default_factory=list)
    recordings: list[tuple[UUID, bytes]] = field(default_factory=list)
    records: list[UUID] = field(default_factory=list)
    devices: list[TestDevice] = field(default_factory=list)
    codes: list[str] = field(default_factory=list)
    declared: list[tuple[TestDevice, bytes, bytes]] = field(default_factory=list)
    exports: list[UUID] = field(default_factory=list)
    logins: list[str] = field(default_factory=list)
    rows: list[dict[str, object]] = field(default_factory=list)

    def at(self, store: Store, clock: Clock) -> "World":
        """The same world in a copy of its database, at a time of its own."""
        lists = {name: [*held] for name, held in vars(self).items() if isinstance(held, list)}
        return replace(
            self,
            store=store,
            bureau=replace(self.bureau, store=store),
            road=replace(self.road, store=store),
            above=replace(self.above, store=store, clock=clock),
            **lists | {"devices": [replace(one, store=store) for one in self.devices]},
        )

    def who(self, chance: Random, *right: Actor) -> Actor:
        """One of those whose act it is; now and then somebody else."""
        people = (self.bureau.handler, self.bureau.head, self.bureau.reviewer, self.road.custodian)
        return chance.choice(right if chance.random() < 0.95 else people)


Act = Callable[[World, Random], None]


def make_world(store: Store, clock: Clock) -> World:
    """Everybody, two cases under investigation, a closed one, two records, a device; `clock` is that of the store."""
    top = make_agency(store, is_supervising=True)
    bureau = make_bureau(store, above=top)
    road = make_highway(store, agency=bureau.agency)
    above = Supervision(
        store=store,
        clock=clock,
        agency=bureau.agency,
        supervisor=make_account(store, top, Role.SUPERVISOR)[1],
        colleague=make_account(store, top, Role.SUPERVISOR)[1],
        inspectors=[make_account(store, top, Role.INSPECTOR)[1] for _ in range(2)],
        head=bureau.head,
        device=bureau.device,
        recordings=[],
    )
    bureau.at(CaseState.CLOSED)
    cases = [bureau.at(CaseState.INVESTIGATING) for _ in range(2)]
    return World(
        store=store,
        bureau=bureau,
        road=road,
        above=above,
        admin=make_account(store, top, Role.ADMIN)[1],
        cases=[case.id for case in cases],
        recordings=[],
        records=[road.valid(), road.one()],
        devices=[bureau.device],
    )


def tried(world: World, act: Act, chance: Random) -> EvidenceError | None:
    """Act; returns what the product refused it with, if it did."""
    try:
        act(world, chance)
    except REFUSED as refused:
        return refused
    return None


def _any(chance: Random, things: Sequence[UUID]) -> UUID:
    """One of the last few things; now and then an id that names nothing."""
    return chance.choice(things[-4:]) if things and chance.random() < 0.98 else NOBODY


def _record(world: World, chance: Random) -> UUID:
    """One of the first, which people have found valid or nearly, or of the newest."""
    return _any(chance, [*world.records[:2], *world.records[-2:]])


def _case(tx: Transaction, world: World, chance: Random) -> tuple[UUID, int]:
    """A case and the version at which the actor saw it; now and then an old one."""
    ident = _any(chance, world.cases)
    return ident, tx.cases.known(ident).version - (chance.random() < 0.02)


def open_account(world: World, chance: Random) -> None:
    login = f"u{uuid4().hex[:10]}"
    roles = frozenset(chance.sample([Role.HANDLER, Role.OFFICER, Role.EVIDENCE_REVIEWER], 2))
    with world.store.begin() as tx:
        tx.accounts.add(
            agency_id=world.bureau.agency,
            login=login,
            name="王五",
            password_hash=password_hash(),
            roles=roles,
        )
    world.logins.append(login)


def restate_role(world: World, chance: Random) -> None:
    """A role of somebody who was let in is corrected, ended, or given anew."""
    if not world.logins:
        return
    with world.store.begin() as tx:
        admin = tx.accounts.account_actor(world.admin.account_id)
        known = tx.accounts.credential_of(chance.choice(world.logins))
        if known is None:
            return
        held = chance.choice(tx.people.grants(known.account_id))
        begins, ends = (tx.now + timedelta(hours=chance.randint(-90, 30)) for _ in range(2))
        told = chance.choice(({"valid_from": begins}, {"valid_until": ends}, {"for_good": True}))
        wish = RoleAmendIn(leaf=held.facts[0].leaf, reason="任命文件为准", **told)
        if chance.random() < 0.7:
            tx.roles.amend(admin, known.account_id, held.id, wish)
        elif chance.random() < 0.5:
            tx.people.end_role(admin, known.account_id, held.id, "调离")
        else:
            tx.people.grant(admin, known.account_id, RoleIn(role=held.role))


def certify_officer(world: World, chance: Random) -> None:
    with world.store.begin() as tx:
        certify(
            tx,
            chance.choice(world.bureau.officers).account_id,
            f"{chance.randrange(10**11)}",
            valid_from=tx.now,
            valid_until=tx.now + timedelta(days=chance.randint(1, 900)),
        )


def _certificate(tx: Transaction, world: World, chance: Random) -> Certificate:
    kept = [one for who in world.bureau.officers for one in tx.certificates.own(who)]
    return chance.choice(kept)


def step_certificate(world: World, chance: Random) -> None:
    with world.store.begin() as tx:
        held = _certificate(tx, world, chance)
        at = None if chance.random() < 0.5 else held.valid_from + timedelta(days=chance.randrange(40))
        wish = CertificateStepIn(from_at=at, reason="按规定办理")
        keeper = world.who(chance, world.road.custodian)
        tx.certificates.step(keeper, held.id, chance.choice([*CertificateStep]), wish, held.version)


def verify_certificate(world: World, chance: Random) -> None:
    with world.store.begin() as tx:
        held = _certificate(tx, world, chance)
        keeper = world.who(chance, world.road.custodian)
        tx.certificates.verify(keeper, held.id, CertificateVerifyIn(), held.version)


def train(world: World, chance: Random) -> None:
    kinds = list(TrainingKind)
    with world.store.begin() as tx:
        keeper = world.who(chance, world.road.custodian)
        person = chance.choice(world.bureau.officers).account_id
        known = tx.trainings.of_person(keeper, person)
        if known and chance.random() < 0.4:
            wrong = chance.choice(known).id
            tx.trainings.withdraw(keeper, person, wrong, TrainingWithdrawIn(reason="登记有误"))
            return
        day = tx.now.date() + timedelta(days=chance.choice([-300, -1, 0, 3]))
        wish = TrainingIn(
            kind=chance.choice(kinds), hours=chance.randint(1, 40), held_on=day, topic="集中培训"
        )
        tx.trainings.enter(keeper, person, wish)


def answer_presence(world: World, chance: Random) -> None:
    officer = chance.choice(world.bureau.officers)
    with world.store.begin() as tx:
        officer = tx.accounts.account_actor(officer.account_id)
        asked = [one.manifest_id for one in tx.presences.questions(officer)]
        no = PresenceIn(answer=PresenceAnswer.DENIED, reason="不在岗")
        yes = PresenceIn(answer=PresenceAnswer.CONFIRMED)
        tx.presences.answer(officer, ManifestId(_any(chance, asked)), chance.choice((yes, yes, no)))


def confirm_by_code(world: World, chance: Random) -> None:
    with world.store.begin() as tx:
        shown, scans = (
            tx.accounts.account_actor(one.account_id) for one in chance.sample(world.bureau.officers, 2)
        )
        code = tx.partner_codes.show(shown).code
        scans = world.who(chance, scans)
        tried = tx.partner_codes.count(scans)
        found = tx.partner_codes.scan(tried, code).questions
        tried = tx.partner_codes.count(scans)
        tx.partner_codes.confirm(tried, ScanIn(code=code, manifest_ids=(found[0].manifest_id,)))


def settle_denial(world: World, chance: Random) -> None:
    with world.store.begin() as tx:
        waiting = [one.id for one in tx.presences.denials(world.bureau.head)]
        actor = world.who(chance, world.bureau.head)
        tx.presences.settle(actor, _any(chance, waiting), SettlementIn(text="已查明"))


def open_duty(world: World, chance: Random) -> None:
    first, second = chance.sample(world.bureau.officers, 2)
    with world.store.begin() as tx:
        ago = chance.randrange(0, 48)
        begins = tx.now - timedelta(hours=ago)
        ends = begins + timedelta(hours=chance.randrange(1, 24))
        wish = ShiftIn(
            device_id=chance.choice(world.devices).id,
            officers=tuple(chance.sample(sorted(second.certificates), chance.randrange(2))),
            from_at=begins,
            until_at=chance.choice((None, ends)),
        )
        tx.shifts.open(world.who(chance, first), wish)


def keep_duty(world: World, chance: Random) -> None:
    officer = chance.choice(world.bureau.officers)
    with world.store.begin() as tx:
        ident = ShiftId(_any(chance, [one.id for one in tx.shifts.page(officer).rows]))
        earlier = ShiftAmendIn(from_at=tx.now - timedelta(hours=chance.randrange(60)), reason="记错")
        if chance.choice((True, False)):
            tx.shifts.amend(officer, ident, earlier)
        else:
            tx.shifts.close(officer, ident, ShiftCloseIn())


def examine_again(world: World, chance: Random) -> None:
    if not world.recordings:
        return
    with world.store.begin() as tx:
        ident, payload = chance.choice(world.recordings)
        asked = tx.examinations.ask(world.who(chance, world.road.custodian), RecordingId(ident))
        if chance.random() < 0.8:
            tx.examinations.conclude(asked, conclusion(payload, at_retain=tx.now))


def make_copy(world: World, chance: Random) -> None:
    if not world.recordings:
        return
    of = RecordingId(chance.choice(world.recordings)[0])
    with world.store.begin() as tx:
        enter_copies(tx, of, by=world.who(chance, world.road.custodian).account_id)
    with world.store.begin() as tx:
        found = tx.recordings.known(of)
        waiting = [one for one in tx.derivations.of_recording(of) if one.made_at is None]
        if not waiting:
            return
        asked = chance.choice(waiting)
        if found.sha256 is None or chance.random() < 0.2:
            tx.derivations.fail(asked.id, chance.choice(list(DerivationFailure)))
        else:
            tx.derivations.conclude(asked, copy_of(found, asked.kind))


def keep_for(world: World, chance: Random) -> None:
    """Enter for how long something is kept, of what was asked by a tie; the lock stands for it."""
    with world.store.begin() as tx:
        waits = select(retentions.c.id).where(retentions.c.raised_at.is_(None))
        ident = RetentionId(_any(chance, list(tx.connection.scalars(waits.order_by(retentions.c.id)))))
        asked = tx.retentions.asked(ident)
        if asked is None:
            return
        until = lock_until(asked.kept.until, tx.now, asked.lock.locked_until)
        tx.retentions.conclude(ident, asked.kept, None if until is None else whole_milliseconds(until))


def explain(world: World, chance: Random) -> None:
    officer = chance.choice(world.bureau.officers)
    with world.store.begin() as tx:
        ident = RecordingId(_any(chance, [one.id for one in tx.finding_answers.waiting(officer)]))
        code = chance.choice(LATE_CODES)
        tx.finding_answers.answer(officer, ident, FindingAnswerIn(code=code, text="无网络"))


def annotate(world: World, chance: Random) -> None:
    """A note is written or taken back, a tag put on or taken off, beside a case or a recording."""
    with world.store.begin() as tx:
        taken = [RecordingId(one) for one, _ in world.recordings]
        about = chance.choice(
            (About("case", _any(chance, world.cases)), About("recording", _any(chance, taken)))
        )
        actor, what = world.who(chance, world.bureau.head), chance.random()
        if what < 0.4:
            tx.annotations.note(actor, about, NoteIn(text="已核对"))
        elif what < 0.6:
            known = [one.id for one in tx.annotations.of(about).notes]
            tx.annotations.withdraw(actor, about, NoteId(_any(chance, known)), "写错了")
        else:
            wish = TagIn(word=chance.choice(("疑难", "复查")), stands=chance.random() < 0.6)
            tx.annotations.tag(actor, about, wish)


def change_setting(world: World, chance: Random) -> None:
    with world.store.begin() as tx:
        name = chance.choice([*Setting])
        value = chance.choice((None, DECLARED[name].least, DECLARED[name].most + chance.randrange(2)))
        begins = tx.now + timedelta(hours=chance.randrange(-48, 48))
        wish = SettingIn(name=name, value=value, from_at=begins, source="办法")
        tx.agency_settings.change(world.who(chance, world.admin), world.bureau.agency, wish)


def change_list(world: World, chance: Random) -> None:
    with world.store.begin() as tx:
        name = chance.choice([*ListSetting])
        items = chance.choice((None, LISTS[name].default, LISTS[name].default[:2], ("没有的",)))
        begins = tx.now + timedelta(hours=chance.randrange(0, 48))
        wish = SettingIn(name=name, items=items, from_at=begins, source="办法")
        tx.agency_settings.change(world.who(chance, world.admin), world.bureau.agency, wish)


def issue_code(world: World, chance: Random) -> None:
    with world.store.begin() as tx:
        code = tx.enrolments.issue_code(world.who(chance, world.road.custodian)).code
    world.codes.append(code)


def enrol(world: World, chance: Random) -> None:
    code = chance.choice(world.codes[-3:] or ["AAAA-BBBB-CCCC"])
    key = ec.generate_private_key(ec.SECP256R1())
    jwk = public_jwk(key.public_key())
    proof = sign_detached(code.encode(), key, kid=thumbprint(jwk), typ=ENROL_TYP)
    with world.store.begin() as tx:
        made = tx.enrolments.enrol(EnrolIn(code=code, jwk=jwk, model="test", name="测试设备", proof=proof))
        actor = tx.accounts.device_actor(made.device_id)
    world.devices.append(
        TestDevice(world.store, key, made.device_id, thumbprint(jwk), made.challenge, actor, token="")
    )


def revoke(world: World, chance: Random) -> None:
    ident = chance.choice(world.devices[-3:]).id
    with world.store.begin() as tx:
        tx.devices.revoke(world.who(chance, world.road.custodian), ident, LOST)


def describe_device(world: World, chance: Random) -> None:
    ident = chance.choice(world.devices[-3:]).id
    reason = chance.choice([None, "铭牌抄错"])
    wish = DescribeIn(
        kind=DeviceKind.PHONE, maker="某厂", model="M1", serial=f"S{chance.randrange(3)}", reason=reason
    )
    with world.store.begin() as tx:
        tx.descriptions.describe(world.who(chance, world.road.custodian), ident, wish)


def _looked(chance: Random) -> CheckIn | None:
    points = [CheckedIn(item=one, ok=chance.random() < 0.9) for one in CheckPoint]
    return chance.choice([None, CheckIn(items=tuple(points))])


def hand_out(world: World, chance: Random) -> None:
    ident, person = chance.choice(world.devices[-3:]).id, chance.choice(world.bureau.officers).account_id
    with world.store.begin() as tx:
        since = chance.choice([None, tx.now - timedelta(seconds=chance.randrange(9)), tx.now])
        wish = IssueIn(
            person_id=person, from_at=since, check=_looked(chance), reason=chance.choice([None, "急用"])
        )
        tx.holdings.issue(world.who(chance, world.road.custodian), ident, wish)


def take_back(world: World, chance: Random) -> None:
    ident = chance.choice(world.devices[-3:]).id
    wish = ReturnIn(check=_looked(chance), reason=chance.choice([None, "补登"]))
    with world.store.begin() as tx:
        keeper = world.who(chance, world.road.custodian)
        if chance.random() < 0.7:
            tx.holdings.take_back(keeper, ident, wish)
            return
        told = [one.issue for one in tx.holdings.facts(keeper, ident)]
        never = HoldingAmendIn(never=True, reason="登记有误")
        spans = [HoldingAmendIn(person_id=world.bureau.officers[0].account_id, from_at=tx.now, reason="记错")]
        issue = HexDigest(chance.choice(told or ["0" * 64]))
        tx.holdings.amend(keeper, ident, issue, chance.choice([never, *spans]))


def check_device(world: World, chance: Random) -> None:
    ident, looked = chance.choice(world.devices[-3:]).id, _looked(chance)
    if looked is not None:
        with world.store.begin() as tx:
            tx.device_checks.enter(world.who(chance, world.road.custodian), ident, looked)


def declare(world: World, chance: Random) -> None:
    device, payload = chance.choice(world.devices[-3:]), chance.randbytes(16)
    stated = {"context": {"case": _number(world, chance)}} if chance.random() < 0.6 else {}
    manifest = device.manifest({"a.bin": payload}, **stated)
    sent = manifest + b" " if chance.random() < 0.1 else manifest
    with world.store.begin() as tx:
        tx.manifests.declare(device.actor, sent, device.sign(sent))
    world.declared.append((device, sent, payload))


def receive_declared(world: World, chance: Random) -> None:
    """What a device declared arrives; the same file a second time is the same upload."""
    if not world.declared:
        return
    device, manifest, payload = chance.choice(world.declared[-3:])
    world.recordings.append((device.send("a.bin", payload, manifest=manifest), payload))


def receive(world: World, chance: Random) -> None:
    """A file without a manifest, of a device or a person; it may state its case."""
    device, payload = chance.choice(world.devices[-3:]), chance.randbytes(16)
    actor = chance.choice([device.actor, *world.bureau.officers])
    stated = _number(world, chance) if chance.random() < 0.8 else None
    wish = NewUpload(
        length_bytes=len(payload),
        filename="b.bin",
        declared_sha256=sha256_hex(payload) if chance.random() < 0.5 else None,
        case_number=stated,
    )
    with world.store.begin() as tx:
        opened = tx.uploads.open(actor, wish)
    done = append(world.store, actor, opened.id, payload)
    assert done.recording_id is not None
    world.recordings.append((done.recording_id, payload))


def _number(world: World, chance: Random) -> str:
    with world.store.begin() as tx:
        return tx.cases.known(chance.choice(world.cases[-4:])).number


def conclude(world: World, chance: Random) -> None:
    if not world.recordings:
        return
    ident, payload = chance.choice(world.recordings[-6:])
    found = [swapped()] if chance.random() < 0.15 else []
    with world.store.begin() as tx:
        tx.recordings.conclude(ident, conclusion(payload, *found, at_retain=tx.now))


def open_case(world: World, chance: Random) -> None:
    number = f"案-{uuid4().hex[:8]}" if chance.random() < 0.9 else _number(world, chance)
    entered = CaseIn(
        number=number,
        party="某店",
        matter="占道经营",
        place="建军路",
        plates=chance.sample(["苏J12345", "苏J54321"], chance.randint(0, 2)),
    )
    with world.store.begin() as tx:
        case = tx.cases.open(world.who(chance, world.bureau.handler), entered)
    world.cases.append(case.id)


def step_case(world: World, chance: Random) -> None:
    with world.store.begin() as tx:
        ident, seen = _case(tx, world, chance)
        step = chance.choice(list(CaseStep))
        asks = STEPS[step].asks
        actor = world.bureau.reviewer if asks is Action.CASE_REVIEW else world.bureau.who(step)
        reason = chance.choice(["", "线索属实"])
        answers = () if chance.random() < 0.2 else _answers(chance)
        tx.cases.step(world.who(chance, actor), ident, step, reason, seen, answers=answers)


def _answers(chance: Random) -> tuple[ScopeAnswerIn, ...]:
    """Of none of the kinds of art. 58 as often as of one."""
    of = chance.choice([*ScopeKind, *[None] * len(ScopeKind)])
    return tuple(ScopeAnswerIn(kind=kind, applies=kind is of, ground="见调查报告") for kind in ScopeKind)


_WAY = {
    "lead": [*[CaseStep.FILE] * 3, CaseStep.PENALISE],
    "filed": [CaseStep.INVESTIGATE],
    "investigating": [CaseStep.CONCLUDE],
    "investigation_closed": [CaseStep.SUBMIT, CaseStep.EXEMPT, CaseStep.REOPEN],
    "review_not_needed": [CaseStep.DECIDE, CaseStep.DECIDE, CaseStep.SUBMIT, CaseStep.REOPEN],
    "legal_review": [CaseStep.DECIDE],
    "decided": [CaseStep.CLOSE, CaseStep.RECORD, CaseStep.RETRACT],
}


def go_on_with_case(world: World, chance: Random) -> None:
    """The next step of the straight path, or now and then one back."""
    with world.store.begin() as tx:
        case = tx.cases.known(chance.choice(world.cases[-4:]))
        step = chance.choice(_WAY.get(case.state.value, [CaseStep.CLOSE]))
        answers = _answers(chance)
        take(tx, world.bureau.who(step), case.id, step, reason="照此办理", answers=answers)


def amend(world: World, chance: Random) -> None:
    with world.store.begin() as tx:
        wishes = [
            CaseAmendIn(party="某某新店", reason="店名写错"),
            CaseAmendIn(occurred_at=tx.now - timedelta(days=1), reason="时间"),
            CaseAmendIn(plates=["苏J00001"], party_code=None, reason="车牌"),
            CaseAmendIn(lat_e7=333_400_000, lon_e7=1_201_500_000, reason="位置"),
        ]
        ident, seen = _case(tx, world, chance)
        tx.cases.amend(world.who(chance, world.bureau.handler), ident, chance.choice(wishes), seen)


def appoint(world: World, chance: Random) -> None:
    with world.store.begin() as tx:
        ident, seen = _case(tx, world, chance)
        login = chance.choice(world.logins or ["nobody"])
        tx.cases.assign(world.who(chance, world.bureau.head), ident, login, seen)


def link(world: World, chance: Random) -> None:
    with world.store.begin() as tx:
        ident, seen = _case(tx, world, chance)
        tx.cases.link(world.who(chance, world.bureau.handler), ident, _recording(world, chance), seen)


def unlink(world: World, chance: Random) -> None:
    with world.store.begin() as tx:
        ident, seen = _case(tx, world, chance)
        standing = [one.recording_id for one in tx.cases.links(ident)]
        actor = world.who(chance, world.bureau.handler)
        tx.cases.unlink(actor, ident, _any(chance, standing), "与本案无关", seen)


def _recording(world: World, chance: Random) -> UUID:
    return _any(chance, [ident for ident, _ in world.recordings[-6:]])


def add_fact(world: World, chance: Random) -> None:
    with world.store.begin() as tx:
        ident, seen = _case(tx, world, chance)
        wish = FactIn(text=chance.choice(["当事人占道经营", "超限运输"]))
        tx.facts.add(world.who(chance, world.bureau.handler), ident, wish, seen)


def withdraw_fact(world: World, chance: Random) -> None:
    with world.store.begin() as tx:
        ident, seen = _case(tx, world, chance)
        fact = _any(chance, [one.id for one in tx.facts.of_case(ident)])
        tx.facts.withdraw(world.who(chance, world.bureau.handler), ident, fact, seen)


def prove(world: World, chance: Random) -> None:
    _proof(world, chance, is_ended=False)


def unprove(world: World, chance: Random) -> None:
    _proof(world, chance, is_ended=True)


def _proof(world: World, chance: Random, *, is_ended: bool) -> None:
    with world.store.begin() as tx:
        ident, seen = _case(tx, world, chance)
        fact = _any(chance, [one.id for one in tx.facts.of_case(ident)])
        tied = [ProofIn(recording_id=one.recording_id) for one in tx.cases.links(ident)]
        tied += [ProofIn(monitoring_id=one.monitoring_id) for one in tx.monitoring_links.links_of_case(ident)]
        proof = chance.choice(tied or [ProofIn(recording_id=NOBODY)])
        act = tx.facts.unprove if is_ended else tx.facts.prove
        act(world.who(chance, world.bureau.handler), ident, fact, proof, seen=seen)


def accept(world: World, chance: Random) -> None:
    with world.store.begin() as tx:
        ident, seen = _case(tx, world, chance)
        named = [
            (fact.id, one.recording_id)
            for fact in tx.facts.of_case(ident)
            for one in fact.proofs
            if one.recording_id is not None
        ]
        fact, recording = chance.choice(named or [(NOBODY, NOBODY)])
        wish = AcceptanceIn(
            recording_id=recording,
            ground=chance.choice(list(AcceptanceGround)),
            text="已与原件核对",
        )
        tx.facts.accept(world.who(chance, world.bureau.handler), ident, fact, wish, seen=seen)


def give_opinion(world: World, chance: Random) -> None:
    with world.store.begin() as tx:
        rounds = [one for case in world.cases[-4:] for one in tx.reviews.of_case(case)[-1:]]
        if not rounds:
            return
        review = chance.choice(rounds)
        actor = world.who(chance, world.bureau.reviewer, world.bureau.second_reviewer)
        tx.reviews.opine(actor, review.id, chance.choice([PASS, SUPPLEMENT, REJECT]), review.version)


def answer(world: World, chance: Random) -> None:
    with world.store.begin() as tx:
        rounds = [one for case in world.cases[-4:] for one in tx.reviews.of_case(case)[-1:]]
        if not rounds:
            return
        review = chance.choice(rounds)
        actor = world.who(chance, world.bureau.handler)
        tx.reviews.answer(actor, review.id, 1, AnswerIn(text="已补充"), seen=review.version)


def ask_for_package(world: World, chance: Random) -> None:
    with world.store.begin() as tx:
        ident, _ = _case(tx, world, chance)
        made = tx.exports.request(world.who(chance, world.bureau.handler), ident)
    world.exports.append(made.id)


def fail_package(world: World, chance: Random) -> None:
    with world.store.begin() as tx:
        tx.exports.fail(_any(chance, world.exports), "object-broken")


def enter_paper(world: World, chance: Random) -> None:
    with world.store.begin() as tx:
        ident, actor = world.road.equipment_id, world.who(chance, world.road.custodian)
        seen = tx.equipment.get(world.road.custodian, ident).version
        day = tx.now - timedelta(days=chance.randint(1, 300))
        match chance.randrange(3):
            case 0:
                until = tx.now + timedelta(days=chance.randint(1, 300))
                paper = CertificateIn(number="C-2", issuer="省计量院", valid_from=day, valid_until=until)
                tx.equipment.certify(actor, ident, paper, seen)
            case 1:
                kind = chance.choice(list(ReviewKind))
                review = EquipmentReviewIn(kind=kind, document="D-2", reviewed_at=day)
                tx.equipment.review(actor, ident, review, seen)
            case _:
                told = PublicationIn(url="https://example.invalid/42", published_at=day)
                tx.equipment.publish(actor, ident, told, seen)


def restate_paper(world: World, chance: Random) -> None:
    """A dated fact of the equipment is corrected, or said never to have been."""
    with world.store.begin() as tx:
        ident, actor = world.road.equipment_id, world.who(chance, world.road.custodian)
        seen = tx.equipment.get(world.road.custodian, ident).version
        said = tx.equipment.facts(ident).said()
        known = [*said.certificates, *said.reviews, *said.publications, *said.suspensions]
        if not known:
            return
        begins, ends = (tx.now + timedelta(days=chance.randint(-300, 20)) for _ in range(2))
        told = chance.choice(
            ({"from_at": begins}, {"until_at": ends}, {"number": "C-3"}, {"document": "D-3"}, {"never": True})
        )
        wish = FactAmendIn(reason="登记有误", **told)
        tx.equipment.amend(actor, ident, chance.choice(known).entry, wish, seen)


def annul_paper(world: World, chance: Random) -> None:
    """A certificate is annulled, from the beginning or since a time; whoever does it was shown what it touches."""
    with world.store.begin() as tx:
        ident, actor = world.road.equipment_id, world.who(chance, world.road.custodian)
        known = tx.equipment.facts(ident).said().certificates
        if not known or chance.random() < 0.5:
            return
        one = chance.choice(known)
        since = chance.choice((None, tx.now - timedelta(hours=chance.randint(-1, 9))))
        told = tx.reopenings.touched(actor, ident, HexDigest(one.entry), since)
        shown = {"records": told.records, "cases": told.cases + chance.choice((0, 0, 0, 1))}
        wish = AnnulIn(from_at=since, reason="检定机构撤销", **shown)
        seen = tx.equipment.get(world.road.custodian, ident).version
        tx.reopenings.annul(actor, ident, HexDigest(one.entry), wish, seen)


def describe_equipment(world: World, chance: Random) -> None:
    """The equipment is moved, or something of it was wrong; its number stays, for rows name it."""
    with world.store.begin() as tx:
        ident, actor = world.road.equipment_id, world.who(chance, world.road.custodian)
        seen = tx.equipment.get(world.road.custodian, ident).version
        point = {"lat_e7": chance.randrange(9), "lon_e7": 1, "crs": "WGS84"}
        told = chance.choice(
            (
                {"site": f"K{chance.randrange(3)}"},
                {"name": f"衡{chance.randrange(3)}"},
                point,
                {"without_point": True},
            )
        )
        since = {"from_at": tx.now - timedelta(days=chance.randint(-1, 9))}
        wish = {**told, **chance.choice((since, {"always": True}))}
        why = chance.choice(({}, {"reason": "登记有误"}))
        tx.equipment.describe(actor, ident, EquipmentDescribeIn.model_validate({**wish, **why}), seen)


def suspend(world: World, chance: Random) -> None:
    with world.store.begin() as tx:
        ident = world.road.equipment_id
        seen = tx.equipment.get(world.road.custodian, ident).version
        tx.equipment.suspend(
            world.who(chance, world.road.custodian), ident, SuspensionIn(reason="检修"), seen
        )


def resume(world: World, chance: Random) -> None:
    with world.store.begin() as tx:
        ident = world.road.equipment_id
        seen = tx.equipment.get(world.road.custodian, ident).version
        tx.equipment.resume(world.who(chance, world.road.custodian), ident, seen)


def take_in(world: World, chance: Random) -> None:
    """A batch: fresh rows, one that came before, one with a picture, one that is none."""
    plate = {"plate": chance.choice(["苏J12345", "苏J54321", None])}
    picture = {"media": [jpeg_media(jpeg(16 + chance.randrange(200), 16))]} if chance.random() < 0.3 else {}
    row = world.road.row(**plate, **picture)
    rows: list[dict[str, object] | bytes] = [row]
    rows += [chance.choice(world.rows[-4:])] if world.rows and chance.random() < 0.5 else []
    rows += [world.road.row() for _ in range(chance.randrange(2))]
    rows += [b"{}"] if chance.random() < 0.2 else []
    taken = world.road.send(*rows)
    world.rows.append(row)
    world.records.extend(one.id for one in taken.results if one.id is not None)


def judge_record(world: World, chance: Random) -> None:
    stage = chance.choice(list(ReviewStage))
    word = OpinionWord.VALID if chance.random() < 0.8 else OpinionWord.INVALID
    code = None if word is OpinionWord.VALID else InvalidReason.UNCLEAR
    wish = OpinionIn(opinion=word, reason_code=code, reason="看过")
    with world.store.begin() as tx:
        ident = _record(world, chance)
        right = world.road.first if stage is ReviewStage.FIRST else world.road.second
        seen = tx.monitoring.get(right, ident).version
        tx.monitoring.opine(world.who(chance, right), ident, stage, wish, seen)


def notify(world: World, chance: Random) -> None:
    with world.store.begin() as tx:
        told = NotificationIn(
            channel=chance.choice(list(NotifyChannel)),
            outcome=chance.choice(list(NotifyOutcome)),
            attempted_at=tx.now - timedelta(minutes=1),
            proof="短信 2026-1",
        )
        tx.notifications.add(world.who(chance, world.road.handler), _record(world, chance), told)


def link_record(world: World, chance: Random) -> None:
    with world.store.begin() as tx:
        ident, seen = _case(tx, world, chance)
        actor, record = world.who(chance, world.bureau.handler), _record(world, chance)
        tx.monitoring_links.link(actor, ident, record, LinkBasis.MANUAL, seen)


def unlink_record(world: World, chance: Random) -> None:
    with world.store.begin() as tx:
        ident, seen = _case(tx, world, chance)
        tied = [one.monitoring_id for one in tx.monitoring_links.links_of_case(ident)]
        actor = world.who(chance, world.bureau.handler)
        tx.monitoring_links.unlink(actor, ident, _any(chance, tied), "另案处理", seen)


def open_from_record(world: World, chance: Random) -> None:
    number = f"超-{uuid4().hex[:8]}" if chance.random() < 0.9 else _number(world, chance)
    lead = CaseIn(number=number, party="某某运输公司", matter="超限运输", place="S229")
    with world.store.begin() as tx:
        actor = world.who(chance, world.bureau.handler)
        made = tx.monitoring_links.open_case(actor, _record(world, chance), lead)
    world.cases.append(made.id)


LINE: tuple[Act, ...] = (
    issue_code,
    enrol,
    revoke,
    declare,
    receive_declared,
    receive,
    conclude,
    examine_again,
    make_copy,
    keep_for,
)
DESK: tuple[Act, ...] = (
    open_case, step_case, go_on_with_case, amend, appoint, link, unlink, add_fact, withdraw_fact, prove,
    unprove, accept, give_opinion, answer, ask_for_package, fail_package, annotate,
)  # fmt: skip
ROAD: tuple[Act, ...] = (
    enter_paper, enter_paper, restate_paper, annul_paper, describe_equipment, suspend, resume, take_in, judge_record,
    notify, link_record, unlink_record, open_from_record,
)  # fmt: skip
PEOPLE: tuple[Act, ...] = (
    open_account, certify_officer, step_certificate, verify_certificate, train,
    answer_presence, confirm_by_code, settle_denial, open_duty, keep_duty, explain, change_setting, change_list,
    describe_device, hand_out, hand_out, take_back, check_device, restate_role, restate_role,
)  # fmt: skip
