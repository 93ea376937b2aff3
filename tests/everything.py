"""One of everything that a leaf can speak of, lawfully: no evidence table is empty, hardly a column is."""

import json
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select

from schemas.acceptance import AcceptanceGround
from schemas.account import AccountIn, AdmissionIn, RoleIn
from schemas.actor import Actor, Role
from schemas.agency import AgencyAmendIn, AgencyIn
from schemas.annotation import About, NoteIn, TagIn
from schemas.approval import ApprovalIn
from schemas.audit import AuditAmendIn, AuditReasonIn
from schemas.base import HexDigest, rfc3339
from schemas.case import CaseAmendIn, CaseIn, CaseStep
from schemas.certificate import (
    CertificateIssueIn,
    CertificateStep,
    CertificateStepIn,
    CertificateVerifyIn,
)
from schemas.checks.claims import VERIFICATION
from schemas.checks.manifest import SEQUENCE
from schemas.decision import DecisionOutcome, PenaltyKind
from schemas.declaration import HandInWay, parse_declaration
from schemas.equipment import CertificateIn, PublicationIn, SuspensionIn
from schemas.equipment_amend import FactAmendIn
from schemas.equipment_annul import AnnulIn
from schemas.equipment_version import EquipmentDescribeIn
from schemas.fact import AcceptanceIn, FactIn, ProofIn
from schemas.factor import SECRET_BYTES
from schemas.finding import FindingAnswerIn
from schemas.holding import (
    POINTS,
    CheckedIn,
    CheckIn,
    CheckOccasion,
    CheckPoint,
    DescribeIn,
    DeviceKind,
    HoldingAmendIn,
    IssueIn,
    ReturnIn,
)
from schemas.ids import AccountId, AgencyId, DeviceId, MonitoringId, RecordingId
from schemas.leaves_agency import AgencyKind
from schemas.leaves_recusal import RecusalGround
from schemas.leaves_training import TrainingKind
from schemas.look import LookFrom, LookIn, LookKind, LookReason, LookWay, WhyIn
from schemas.membership import TransferIn
from schemas.monitoring import (
    InvalidReason,
    LinkBasis,
    NotificationIn,
    NotifyChannel,
    NotifyOutcome,
    OpinionWord,
    ReviewStage,
)
from schemas.presence import PresenceAnswer, PresenceIn, PresencesIn, SettlementIn
from schemas.presence_code import ScanIn
from schemas.procedure import DocumentIn, Formality
from schemas.recording import RecordingFilter, RecordingState
from schemas.rectification import RectificationIn, RectificationStep, RectificationStepIn
from schemas.recusal import RecusalIn
from schemas.retention import MarkIn
from schemas.role import RoleAmendIn
from schemas.roster import parse_roster
from schemas.scrub import StoreFault
from schemas.setting import Setting, SettingIn
from schemas.setting_list import ListSetting
from schemas.shift import ShiftAmendIn, ShiftCloseIn, ShiftIn
from schemas.standard import ItemScore
from schemas.trail import LoginWay, TrailResult, day_of
from schemas.training import TrainingIn, TrainingWithdrawIn
from storage.actor.factor import Confirmed
from storage.outbox import JobKind
from storage.store import Store
from storage.tables.case import case_links
from storage.tables.export import exports
from storage.tables.recording import recordings
from tests.bringing import FULL, TAKEN, bring
from tests.casework import PASS, SUPPLEMENT, Bureau, decision, make_bureau, swapped, take
from tests.factories import LOST, enrol_device, make_account, password_hash
from tests.media import jpeg
from tests.monitoring import Highway, jpeg_media, make_highway
from tests.supervision import Clock, drain, make_supervision
from tests.viewing import copy_of, enter_copies
from workers.custody import integrate

LEAD = CaseIn(number="超-1", party="某某运输公司", matter="超限运输", place="S229")


def make_everything(store: Store, clock: Clock) -> None:
    """Fill an empty store; `clock` is the store's."""
    bureau, road = make_bureau(store), make_highway(store)
    integrate(store)  # opens the log
    _line(store, bureau)
    _presence(store, bureau)
    _duties(store, bureau)
    _case(bureau)
    _road(road)
    _supervision(store, clock)
    _people(store)
    _trail(store)
    _marks(store, bureau)
    lock(store)
    drain(store, JobKind.RETAIN)
    integrate(store)
    _looks(store, bureau, clock)
    _approvals(store, bureau)
    integrate(store)


def _marks(store: Store, bureau: Bureau) -> None:
    """The head marks a recording that is tied to nothing, and one of a case, of which the mark is taken back."""
    alone = RecordingId(bureau.capture())
    with store.begin() as tx:
        tied = RecordingId(tx.connection.scalars(select(case_links.c.recording_id).limit(1)).one())
        for one in (alone, tied):
            tx.retention_marks.mark(bureau.head, one, MarkIn(stands=True, reason="重大案件"))
    with store.begin() as tx:
        tx.retention_marks.mark(bureau.head, tied, MarkIn(stands=False, reason="已查明不属于重大"))
    _annotate(store, bureau, tied)


def _annotate(store: Store, bureau: Bureau, recording: RecordingId) -> None:
    """The head writes beside a recording and its case: notes, one of them taken back, and tags, one of them taken off."""
    with store.begin() as tx:
        case = tx.connection.scalars(
            select(case_links.c.case_id).where(case_links.c.recording_id == recording)
        ).first()
        for about in (About("recording", recording), About("case", case)):
            note = tx.annotations.note(bureau.head, about, NoteIn(text="原件另有光盘"))
            tx.annotations.note(bureau.head, about, NoteIn(text="已核对"))
            tx.annotations.withdraw(bureau.head, about, note.id, "写错了")
            for word in ("疑难", "复查"):
                tx.annotations.tag(bureau.head, about, TagIn(word=word))
            tx.annotations.tag(bureau.head, about, TagIn(word="复查", stands=False))


def _approvals(store: Store, bureau: Bureau) -> None:
    """A custodian asks for two recordings: one is opened by the head and closed again, the other withdrawn."""
    custodian = make_account(store, bureau.agency, Role.CUSTODIAN)[1]
    with store.begin() as tx:
        found = tx.connection.scalars(select(case_links.c.recording_id).distinct().limit(2)).all()
        first, second = (
            tx.approvals.ask(custodian, one, ApprovalIn(reason="设备送修前核对画面")) for one in found
        )
    with store.begin() as tx:
        tx.approvals.grant(bureau.head, first.id)
    with store.begin() as tx:
        tx.approvals.end(bureau.head, first.id, "已核对")
        tx.approvals.end(custodian, second.id, "不再需要")


def _looks(store: Store, bureau: Bureau, clock: Clock) -> None:
    """A recording is opened and left, its original and the package of its case are taken away, it is printed."""
    drain(store, JobKind.EXPORT)
    origin = LookFrom(way=LookWay.CONSOLE, address="10.20.30.40")
    why = WhyIn(reason_code=LookReason.OTHER, reason="上级调阅")
    with store.begin() as tx:
        (package,) = tx.connection.scalars(select(exports.c.id).where(exports.c.state == "ready"))
        recording_id = tx.connection.scalars(select(case_links.c.recording_id).limit(1)).one()
        tx.looks.fetch(bureau.handler, package, why, origin)
    for kind in (LookKind.DOWNLOAD, LookKind.PRINT, LookKind.OPEN):
        with store.begin() as tx:
            wish = LookIn(kind=kind, reason_code=LookReason.CASE_HANDLING)
            look = tx.looks.open(bureau.handler, recording_id, wish, origin)
    clock.ahead += timedelta(minutes=2)
    with store.begin() as tx:
        tx.looks.close(bureau.handler, look.id)
    with store.begin() as tx:
        assert tx.looks.end_left(limit=9) == 1


def _people(store: Store) -> None:
    """An administrator comes in; somebody is let in by a link, given a role for a time, and closed."""
    with store.begin() as tx:
        code = tx.links.offer().code
        wish = AdmissionIn(code=code, login="admin", name="管理员")
        admin = tx.accounts.account_actor(tx.links.admit(wish, password_hash()))
    with store.begin() as tx:
        above = admin.agency_id
        unit = AgencyIn(
            parent_id=above, name="一中队", code="YZD-1", kind=AgencyKind.ENTRUSTED, principal_id=above
        )
        made = tx.agencies.open(admin, unit)
        admin = tx.accounts.account_actor(admin.account_id)
        tx.agencies.amend(admin, made.id, AgencyAmendIn(name="执法一中队", supervising=True), made.version)
        gone = tx.agencies.open(admin, AgencyIn(parent_id=above, name="二中队", code="YZD-2"))
        admin = tx.accounts.account_actor(admin.account_id)
        tx.agencies.close(admin, gone.id, gone.version)
        wish = SettingIn(
            name=Setting.HAND_IN_HOURS, value=48, from_at=tx.now, source="音像记录管理办法第八条"
        )
        tx.agency_settings.change(admin, made.id, wish)
        again = wish.model_copy(update={"value": None, "source": "与机关统一"})
        tx.agency_settings.change(admin, made.id, again)
        articles = SettingIn(
            name=ListSetting.OFFICER_EXCEPTIONS,
            items=("行政处罚法第五十一条",),
            from_at=tx.now,
            source="执法规范第三条",
        )
        tx.agency_settings.change(admin, made.id, articles)
        tx.agency_settings.change(admin, made.id, articles.model_copy(update={"items": ()}))
        tx.agency_settings.change(admin, made.id, articles.model_copy(update={"items": None}))
    with store.begin() as tx:
        tx.links.offer()
        new = tx.people.open(admin, AccountIn(login="new", name="新人", agency_id=admin.agency_id))
        tx.links.set_password(new.link.code, password_hash())
        tx.people.hand_out_link(admin, new.account.id)
    with store.begin() as tx:
        table = [["姓名", "登录名", "单位", "角色"], ["赵六", "zhao6", "YZD-1", "执法人员"]]
        tx.rosters.take(tx.accounts.account_actor(admin.account_id), parse_roster(table))
    with store.begin() as tx:
        later = tx.now + timedelta(days=400)
        granted = tx.people.grant(admin, new.account.id, RoleIn(role=Role.OFFICER, valid_until=later))
        tx.people.grant(admin, new.account.id, RoleIn(role=Role.AUXILIARY))
        tx.people.unlock(admin, new.account.id)
        tx.people.sign_out(admin, new.account.id, "手机遗失")
    with store.begin() as tx:
        tx.people.end_role(admin, new.account.id, granted, "调离")
    for told in ({"valid_until": later}, {"for_good": True, "valid_from": later - timedelta(days=500)}):
        with store.begin() as tx:
            held = next(one for one in tx.people.grants(new.account.id) if one.role is Role.AUXILIARY)
            wish = RoleAmendIn(leaf=held.facts[0].leaf, reason="登记有误", **told)
            tx.roles.amend(admin, new.account.id, held.id, wish)
    _transfers(store, admin, new.account.id, made.id)
    _certificates(store, admin, new.account.id)
    _factors(store, admin, new.account.id)
    with store.begin() as tx:
        tx.people.close(admin, new.account.id, "退休")


def _transfers(store: Store, admin: Actor, who: AccountId, unit: AgencyId) -> None:
    """Somebody moves to a unit below and back, one of the moves corrected."""
    for agency_id, ago in ((unit, 2), (unit, 4), (admin.agency_id, 1)):
        with store.begin() as tx:
            mover = tx.accounts.account_actor(admin.account_id)
            since = tx.now - timedelta(hours=ago)
            tx.memberships.transfer(mover, who, TransferIn(agency_id=agency_id, from_at=since, reason="轮岗"))


def _factors(store: Store, admin: Actor, holder: AccountId) -> None:
    """Somebody has a second factor, uses a recovery code, has another, and loses that; the administrator keeps one."""
    with store.begin() as tx:
        codes = tx.factors.enrol(holder, Confirmed(bytes(SECRET_BYTES), 0))
    with store.begin() as tx:
        assert tx.factors.prove(holder, codes[2]) is LoginWay.RECOVERY
    with store.begin() as tx:
        tx.factors.enrol(holder, Confirmed(bytes(SECRET_BYTES), 0))
        tx.factors.enrol(admin.account_id, Confirmed(bytes(SECRET_BYTES), 0))
    with store.begin() as tx:
        tx.people.take_factor(admin, holder, "手机遗失")


def _trail(store: Store) -> None:
    """Log-ins, one of nobody; then every day so far is sealed: whoever runs this near midnight noted on two of them."""
    with store.begin("10.1.2.3") as tx:
        tx.trail.login("admin", TrailResult.DONE)
        tx.trail.login("nobody", TrailResult.FAILED, "login-failed")
        while day := tx.trail_seals.due(day_of(tx.now) + timedelta(days=1)):
            tx.trail_seals.seal(day)


def _certificates(store: Store, admin: Actor, holder: AccountId) -> None:
    """A certificate lives: every act once, one of them a correction; a second one is left as it was issued."""
    custodian = make_account(store, admin.agency_id, Role.CUSTODIAN)[1]
    with store.begin() as tx:
        wish = CertificateIssueIn(
            account_id=holder,
            number="证-全-1",
            valid_from=tx.now - timedelta(days=300),
            valid_until=tx.now + timedelta(days=65, hours=12),
        )
        held = tx.certificates.issue(custodian, wish)
        tx.certificates.issue(custodian, wish.model_copy(update={"number": "证-全-2"}))
    since = wish.valid_from + timedelta(days=10)
    for step, at in (
        (CertificateStep.SUSPEND, since),
        (CertificateStep.RESTORE, since),
        (CertificateStep.WITHDRAW, None),
        (CertificateStep.RESTORE, None),
    ):
        with store.begin() as tx:
            why = CertificateStepIn(from_at=at, reason="按规定办理")
            held = tx.certificates.step(custodian, held.id, step, why, held.version)
    with store.begin() as tx:
        held = tx.certificates.verify(custodian, held.id, CertificateVerifyIn(reason="合格"), held.version)
    with store.begin() as tx:
        wish = TrainingIn(
            kind=TrainingKind.PUBLIC_LAW, hours=8, held_on=tx.now.date(), topic="行政处罚法专题"
        )
        wrong = tx.trainings.enter(custodian, holder, wish)
        tx.trainings.enter(custodian, holder, wish.model_copy(update={"kind": TrainingKind.PROFESSIONAL}))
    with store.begin() as tx:
        tx.trainings.withdraw(custodian, holder, wrong.id, TrainingWithdrawIn(reason="登记重复"))
    with store.begin() as tx:
        why = CertificateStepIn(reason="退休")
        tx.certificates.step(custodian, held.id, CertificateStep.CANCEL, why, held.version)


def lock(store: Store) -> None:
    """Lock what was concluded by hand, as a worker does before it concludes; what stands longer since stays."""
    as_sealed = recordings.c.locked_until == recordings.c.retain_until
    with store.begin() as tx:
        rows = tx.connection.execute(recordings.select().where(as_sealed)).all()
    for row in rows:
        store.objects.retain(row.object_key, row.version_id, row.retain_until)


def _line(store: Store, bureau: Bureau) -> None:
    bureau.device.capture("photo.jpg", jpeg())
    drain(store, JobKind.VERIFY)
    bureau.device.send("waiting.bin", b"waiting")
    for name, said in (("照片.jpg", TAKEN), ("询问笔录.pdf", FULL)):
        declared = parse_declaration(json.dumps(said), HandInWay.BROWSER)
        bring(store, bureau.handler, name, name.encode(), declared)
    bureau.capture(None, VERIFICATION.found("stored-bytes-differ", reason=StoreFault.BROKEN))
    bureau.capture(None, swapped())
    broken = bureau.device.manifest({"a.bin": b"a"}) + b" "
    with store.begin() as tx:
        tx.manifests.declare(bureau.device.actor, broken, bureau.device.sign(broken))
    custodian = make_account(store, bureau.agency, Role.CUSTODIAN)[1]
    spare = enrol_device(store, custodian)
    with store.begin() as tx:
        tx.enrolments.issue_code(custodian)
        tx.enrolments.issue_code(custodian)
        tx.enrolments.void_code(custodian, tx.enrolments.codes(custodian)[0].id)
    _lives(store, custodian, spare.id, bureau)
    with store.begin() as tx:
        tx.devices.revoke(custodian, spare.id, LOST)
        for one in tx.recordings.page(custodian, RecordingFilter(state=RecordingState.SEALED), limit=2).rows:
            tx.examinations.ask(custodian, one.id)
            enter_copies(tx, one.id, by=custodian.account_id)
            for asked in tx.derivations.of_recording(one.id):
                tx.derivations.conclude(asked, copy_of(one, asked.kind))
    drain(store, JobKind.EXAMINE)


def _lives(store: Store, custodian: Actor, device: DeviceId, bureau: Bureau) -> None:
    """A device is described and corrected, checked, handed out, taken back, and what was wrong of that is said anew."""
    first, second = (one.account_id for one in bureau.officers)
    plate = DescribeIn(kind=DeviceKind.BODY_CAMERA, maker="某厂", model="DSJ-1", serial="SN-全-1")
    good = CheckIn(items=tuple(CheckedIn(item=one, ok=True) for one in POINTS[CheckOccasion.ISSUE]))
    bad = CheckIn(items=(CheckedIn(item=CheckPoint.LENS, ok=False, remark="镜头有划痕"),))
    with store.begin() as tx:
        tx.descriptions.describe(custodian, device, plate)
    with store.begin() as tx:
        other = plate.model_copy(update={"serial": "SN-全-2", "reason": "铭牌抄错"})
        tx.descriptions.describe(custodian, device, other)
        tx.device_checks.enter(custodian, device, good)
    with store.begin() as tx:
        due = tx.now + timedelta(hours=10)
        issued = tx.holdings.issue(custodian, device, IssueIn(person_id=first, due_at=due, check=good))
    with store.begin() as tx:
        tx.holdings.take_back(custodian, device, ReturnIn(check=bad))
        wish = HoldingAmendIn(person_id=second, from_at=issued.from_at, until_at=tx.now, reason="记错人")
        tx.holdings.amend(custodian, device, HexDigest(issued.issue), wish)
    with store.begin() as tx:
        wrong = tx.holdings.issue(custodian, device, IssueIn(person_id=first, check=bad, reason="急用"))
    with store.begin() as tx:
        tx.holdings.amend(
            custodian, device, HexDigest(wrong.issue), HoldingAmendIn(never=True, reason="没有领走")
        )
    with store.begin() as tx:
        tx.holdings.issue(custodian, device, IssueIn(person_id=second, reason="补登"))


def _duties(store: Store, bureau: Bureau) -> None:
    """A duty of two goes on, its beginning is corrected, and it ends before what it captured came: the holder says why."""
    first, second = bureau.officers
    number = min(second.certificates)
    with store.begin() as tx:
        begins, device = tx.now - timedelta(days=4), bureau.device.id
        opened = tx.shifts.open(first, ShiftIn(device_id=device, officers=(number,), from_at=begins))
    with store.begin() as tx:
        earlier = ShiftAmendIn(officers=(number,), from_at=begins - timedelta(hours=1), reason="记错一小时")
        tx.shifts.amend(first, opened.id, earlier)
    with store.begin() as tx:
        tx.shifts.close(first, opened.id, ShiftCloseIn(until_at=tx.now - timedelta(days=2)))
    captured_at = rfc3339(begins + timedelta(hours=3))
    late = bureau.device.capture("迟交.jpg", jpeg(64, 40), captured_at=captured_at)
    drain(store, JobKind.VERIFY)
    with store.begin() as tx:
        wish = FindingAnswerIn(code="late-after-duty", text="山区没有网络")
        tx.finding_answers.answer(first, late, wish)
        tx.shifts.open(first, ShiftIn(device_id=bureau.device.id))


def _presence(store: Store, bureau: Bureau) -> None:
    """Both whom a capture names were there; one of them says later that they were not, and the head settles it."""
    first, second = bureau.officers
    with store.begin() as tx:
        asked = tx.presences.questions(first)[0].manifest_id
        tx.presences.confirm(first, PresencesIn(manifest_ids=(asked,)))
    with store.begin() as tx:
        code = tx.partner_codes.show(first).code
        tx.partner_codes.confirm(tx.partner_codes.count(second), ScanIn(code=code, manifest_ids=(asked,)))
    with store.begin() as tx:
        tx.presences.answer(first, asked, PresenceIn(answer=PresenceAnswer.DENIED, reason="当日休假"))
    with store.begin() as tx:
        denial = tx.presences.denials(bureau.head)[0]
        tx.presences.settle(bureau.head, denial.id, SettlementIn(text="设备借给他人，已重新采集"))


def _case(bureau: Bureau) -> None:
    case = bureau.open(
        party_code="91320903MA1ABCDE01", plates=["苏J12345"], lat_e7=333_400_000, lon_e7=1_201_500_000
    )
    for step in (CaseStep.FILE, CaseStep.INVESTIGATE):
        case = bureau.step(case, step, "线索属实")
    kept, ended = bureau.capture(case), bureau.capture(case)
    login = _handler(bureau)
    with bureau.store.begin() as tx:
        seen = tx.cases.get(bureau.handler, case.id).version
        wish = CaseAmendIn(party="某某新店", occurred_at=tx.now - timedelta(days=2), reason="店名写错")
        seen = tx.cases.amend(bureau.handler, case.id, wish, seen).version
        tx.cases.assign(bureau.head, case.id, login, seen)
    _in(bureau, case.id, lambda tx, seen: tx.cases.unlink(bureau.handler, case.id, ended, "与本案无关", seen))
    bureau.fact(case, kept)
    spare = bureau.fact(case, kept, text="不必证明")
    doubted = bureau.capture(case, SEQUENCE.found("sequence-gap", seq=9, missing=1))
    word = bureau.fact(case, doubted, text="当事人当场承认")
    why = AcceptanceIn(
        recording_id=doubted, ground=AcceptanceGround.PARTY_CONFIRMS, text="当事人看过录像，认可属实"
    )
    _in(bureau, case.id, lambda tx, seen: tx.facts.accept(bureau.handler, case.id, word.id, why, seen=seen))
    proof = ProofIn(recording_id=kept)
    _in(
        bureau,
        case.id,
        lambda tx, seen: tx.facts.unprove(bureau.handler, case.id, spare.id, proof, seen=seen),
    )
    _in(bureau, case.id, lambda tx, seen: tx.facts.withdraw(bureau.handler, case.id, spare.id, seen))
    case, review = bureau.submit(case)
    given = bureau.opine(review, SUPPLEMENT)
    bureau.answer(given)
    case, review = bureau.submit(bureau.get(case))
    bureau.opine(review, PASS)
    _documents(bureau, case.id)
    with bureau.store.begin() as tx:
        fined = {"penalties": [PenaltyKind.WARNING, PenaltyKind.FINE], "fine_fen": 20_000}
        wish = decision(tx, bureau.head, case.id, reason="照此办理", **fined)
        tx.decisions.decide(bureau.head, case.id, wish, tx.cases.get(bureau.head, case.id).version)
    case = bureau.step(bureau.get(case), CaseStep.CLOSE, "照此办理")
    _exempt(bureau)
    _summary(bureau)
    other, _ = bureau.submitted()
    _recusals(bureau, other.id)
    with bureau.store.begin() as tx:
        failing = tx.exports.request(bureau.handler, other.id)
    with bureau.store.begin() as tx:
        tx.exports.fail(failing.id, "object-broken")
    with bureau.store.begin() as tx:
        tx.exports.request(bureau.handler, case.id)


def _exempt(bureau: Bureau) -> None:
    """A case that needs no legal review: taken back once, exempt again, and decided."""
    case = bureau.step(bureau.exempt(), CaseStep.REOPEN, "补充证据")
    with bureau.store.begin() as tx:
        case = take(tx, bureau.handler, case.id, CaseStep.CONCLUDE, proposal=DecisionOutcome.MINOR)
    for step in (CaseStep.EXEMPT, CaseStep.DECIDE):
        case = bureau.step(case, step, "照此办理")


def _summary(bureau: Bureau) -> None:
    """A penalty on the spot: its entry taken back once, entered again with a remark, filed and closed."""
    case = bureau.found()
    for step in (CaseStep.PENALISE, CaseStep.RETRACT, CaseStep.PENALISE, CaseStep.RECORD, CaseStep.CLOSE):
        case = bureau.step(case, step, "照此办理")


def _documents(bureau: Bureau, case_id: UUID) -> None:
    """A notice is filed with its recording, the record of a plea with its number alone, and withdrawn again."""
    with bureau.store.begin() as tx:
        recording = tx.recordings.of_case(case_id)[0].id
        day = day_of(tx.now)
        told = DocumentIn(
            formality=Formality.NOTICE, title="行政处罚事先告知书", dated=day, recording_id=recording
        )
        tx.procedures.file(bureau.handler, case_id, told)
        heard = DocumentIn(formality=Formality.PLEA, title="陈述申辩笔录", number="〔2026〕7号", dated=day)
        wrong = tx.procedures.file(bureau.head, case_id, heard)
    with bureau.store.begin() as tx:
        tx.procedures.withdraw(bureau.handler, case_id, wrong.id, "属于另一案件")


def _recusals(bureau: Bureau, case_id: UUID) -> None:
    """A party asks that a reviewer stays away, which is lifted again; another stays away by their own word."""
    with bureau.store.begin() as tx:
        asked = RecusalIn(login=bureau.reviewer.login, ground=RecusalGround.PARTY, reason="当事人的近亲属")
        bar = tx.recusals.bar(bureau.head, case_id, asked)
    with bureau.store.begin() as tx:
        tx.recusals.lift(bureau.head, case_id, bar.id, "查明不是近亲属")
    with bureau.store.begin() as tx:
        tx.recusals.bar(bureau.second_reviewer, case_id, RecusalIn(reason="与当事人有利害关系"))


def _handler(bureau: Bureau) -> str:
    """Open the account of one more handler; returns the login."""
    with bureau.store.begin() as tx:
        roles = frozenset({Role.HANDLER})
        kept = password_hash()
        tx.accounts.add(agency_id=bureau.agency, login="second", name="李四", password_hash=kept, roles=roles)
    return "second"


def _in(bureau: Bureau, case_id: UUID, act: Callable[..., object]) -> None:
    with bureau.store.begin() as tx:
        act(tx, tx.cases.get(bureau.handler, case_id).version)


def _road(road: Highway) -> None:
    record = road.one(media=[jpeg_media(jpeg())])
    drain(road.store, JobKind.VERIFY)
    for stage in ReviewStage:
        road.opine(record, stage)
    rejected = road.one()
    road.opine(rejected, ReviewStage.FIRST, OpinionWord.INVALID, reason_code=InvalidReason.UNCLEAR)
    with road.store.begin() as tx:
        told = NotificationIn(
            channel=NotifyChannel.SMS,
            outcome=NotifyOutcome.DELIVERED,
            attempted_at=tx.now - timedelta(minutes=1),
            proof="短信 2026-1",
        )
        tx.notifications.add(road.handler, record, told)
    with road.store.begin() as tx:
        case = tx.monitoring_links.open_case(road.handler, record, LEAD)
    with road.store.begin() as tx:
        tx.monitoring_links.unlink(road.handler, case.id, record, "另案处理", case.version)
    with road.store.begin() as tx:
        tx.monitoring_links.link(road.handler, case.id, record, LinkBasis.MANUAL, case.version)
        seen = tx.cases.get(road.handler, case.id).version
        fact = tx.facts.add(road.handler, case.id, FactIn(text="超限运输"), seen)
        tx.facts.prove(road.handler, case.id, fact.id, ProofIn(monitoring_id=record), seen=seen)
    with road.store.begin() as tx:
        seen = tx.equipment.get(road.custodian, road.equipment_id).version
        seen = tx.equipment.suspend(
            road.custodian, road.equipment_id, SuspensionIn(reason="检修"), seen
        ).version
        tx.equipment.resume(road.custodian, road.equipment_id, seen)
    _corrects_papers(road)
    _moves(road)
    _annuls(road, record)
    road.one()


def _moves(road: Highway) -> None:
    """The scale is moved and gets a position; then its name is corrected from the beginning, and the position dropped."""
    with road.store.begin() as tx:
        ago = tx.now - timedelta(hours=5)
    place: dict[str, object] = {
        "site": "S229 K13+100",
        "lat_e7": 334000000,
        "lon_e7": 1200000000,
        "crs": "WGS84",
    }
    for told in (
        {"from_at": ago, **place},
        {"always": True, "name": "S229 动态汽车衡", "reason": "名称录错"},
        {"from_at": ago, "without_point": True, "reason": "坐标未测"},
    ):
        with road.store.begin() as tx:
            seen = tx.equipment.get(road.custodian, road.equipment_id).version
            wish = EquipmentDescribeIn.model_validate(told)
            tx.equipment.describe(road.custodian, road.equipment_id, wish, seen)


def _annuls(road: Highway, record: MonitoringId) -> None:
    """The certificate is void; another is entered and the record found valid again; that is void since some hours."""
    for hours in (None, 1):
        with road.store.begin() as tx:
            (known,) = tx.equipment.facts(road.equipment_id).said().certificates
            since = None if hours is None else tx.now - timedelta(hours=hours)
            entry = HexDigest(known.entry)
            told = tx.reopenings.touched(road.custodian, road.equipment_id, entry, since)
            shown = {"records": told.records, "cases": told.cases}
            wish = AnnulIn(from_at=since, reason="检定机构撤销", **shown)
            seen = tx.equipment.get(road.custodian, road.equipment_id).version
            seen = tx.reopenings.annul(road.custodian, road.equipment_id, entry, wish, seen).version
            if since is None:
                span = {"valid_from": known.valid_from, "valid_until": known.valid_until}
                again = CertificateIn(number="C-重检", issuer="省计量院", **span)
                tx.equipment.certify(road.custodian, road.equipment_id, again, seen)
        if since is None:
            for stage in ReviewStage:
                road.opine(record, stage)


def _corrects_papers(road: Highway) -> None:
    """One fact of each kind is corrected, and one was entered that never was."""
    with road.store.begin() as tx:
        seen = tx.equipment.get(road.custodian, road.equipment_id).version
        twice = PublicationIn(url="https://example.invalid/2", published_at=tx.now - timedelta(days=9))
        seen = tx.equipment.publish(road.custodian, road.equipment_id, twice, seen).version
        stopped = SuspensionIn(from_at=tx.now - timedelta(seconds=2), reason="标定")
        seen = tx.equipment.suspend(road.custodian, road.equipment_id, stopped, seen).version
    with road.store.begin() as tx:
        tx.equipment.resume(road.custodian, road.equipment_id, seen)
    with road.store.begin() as tx:
        said = tx.equipment.facts(road.equipment_id).said()
    day = timedelta(days=1)
    for fact, told in (
        (said.certificates[0], {"number": "C-更正", "until_at": said.certificates[0].valid_until + day}),
        (said.reviews[0], {"from_at": said.reviews[0].reviewed_at - day, "document": "审-更正"}),
        (said.publications[0], {"url": "https://example.invalid/43"}),
        (said.suspensions[-1], {"from_at": said.suspensions[-1].from_at - timedelta(seconds=1)}),
        (said.publications[1], {"never": True}),
    ):
        wish = FactAmendIn(reason="登记有误", **told)
        with road.store.begin() as tx:
            seen = tx.equipment.get(road.custodian, road.equipment_id).version
            tx.equipment.amend(road.custodian, road.equipment_id, fact.entry, wish, seen)


def _supervision(store: Store, clock: Clock) -> None:
    bureau = make_supervision(store, clock, recordings=3)
    audit = bureau.assigned()
    inspector = bureau.inspectors[0]
    with store.begin() as tx:
        member = tx.audit_scores.drawn(inspector, audit.id)[0].member_id
        items = tx.audit_scores.standard(audit).items
        points = [ItemScore(code=item.code, points=item.points) for item in items]
        points[0] = ItemScore(code=items[0].code, points=0, remark="未告知")
        tx.audit_scores.score(inspector, audit.id, member, points)
        whole = [ItemScore(code=item.code, points=item.points) for item in items]
        tx.audit_scores.score(bureau.inspectors[1], audit.id, member, whole)
        third, seen = bureau.another(), tx.audits.get(bureau.supervisor, audit.id).version
        tx.audit_thirds.name(bureau.supervisor, audit.id, member, third.account_id, seen)
    with store.begin() as tx:
        wish = RectificationIn(
            member_id=member, item_code=items[0].code, text="补正告知", recording_id=member, at_second=7
        )
        found = tx.rectifications.raise_(inspector, audit.id, wish)
    said = RectificationStepIn(text="已整改", proof_recording_id=bureau.recordings[0])
    for actor, step in (
        (bureau.head, RectificationStep.ANSWER),
        (bureau.supervisor, RectificationStep.RETURN),
        (bureau.head, RectificationStep.ANSWER),
        (bureau.supervisor, RectificationStep.VERIFY),
        (bureau.supervisor, RectificationStep.CLOSE),
    ):
        with store.begin() as tx:
            found = tx.rectifications.step(actor, found.id, step, said, found.version)
    bureau.close(audit)
    for draft in (bureau.defined(), bureau.defined()):
        with store.begin() as tx:
            wish = AuditAmendIn(**bureau.wish(title="四季度抽查").model_dump(), reason="改季度")
            draft = tx.audit_drafts.amend(bureau.supervisor, draft.id, wish, draft.version)  # noqa: PLW2901
    with store.begin() as tx:
        dropped = AuditReasonIn(reason="另行安排")
        tx.audit_drafts.drop(bureau.supervisor, draft.id, dropped, draft.version)
    bureau.misread()
    bureau.retracted()
    bureau.drawn(size=None, defect_permille=100, confidence_permille=900)
