"""Every form of the console: its route, a person who is shown it, and something lawful to type into each field."""

import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Any
from uuid import UUID, uuid4

from fastapi.routing import APIRoute

from api.console import router
from api.console.typed import Typed
from schemas.account import AccountIn, RoleIn
from schemas.actor import Actor, Role
from schemas.agency import AgencyIn
from schemas.annotation import About, NoteIn
from schemas.approval import ApprovalIn
from schemas.case import CaseIn, CaseState, CaseStep
from schemas.certificate import CertificateIssueIn, CertificateStep, CertificateStepIn
from schemas.factor import SECRET_BYTES, Demand
from schemas.holding import IssueIn
from schemas.ids import AccountId
from schemas.leaves_recusal import RecusalGround
from schemas.look import LookFrom, LookIn, LookReason, LookWay
from schemas.monitoring import LinkBasis, ReviewStage
from schemas.presence import PresenceAnswer, PresenceIn
from schemas.procedure import SUMMARY_RULES, DocumentIn, Formality
from schemas.rectification import RectificationIn
from schemas.recusal import RecusalIn
from schemas.review_scope import ScopeKind
from schemas.roster import Roster
from schemas.shift import ShiftIn
from schemas.standard import DEMO_STANDARD
from schemas.trail import day_of
from schemas.training import TrainingIn
from storage.actor.factor import Confirmed
from storage.flow.sheet import rows_of
from storage.objects.values import Stored
from storage.store import Store
from storage.transaction import Transaction
from tests.casework import PASS, SUPPLEMENT, Bureau, make_bureau
from tests.factories import PASSWORD, enrol_device, make_account, make_agency
from tests.monitoring import make_highway
from tests.supervision import Clock, make_supervision
from workers.custody import integrate

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
EVERYBODY = frozenset(Role) - {Role.PARTY, Role.SOURCE}
OUTSIDE = {"/console/logout", "/console/language", "/console/login/again", "/console/sso", "/console/rosters"}
"""Buttons: nothing is typed into them, and they change nothing that is kept; and a file that is sent as it is."""

HERE = LookFrom(way=LookWay.CONSOLE, address="127.0.0.1")
"""From where the tests' requests come."""

Texts = dict[str, str | list[str]]


class BreakingTransaction(Transaction):
    """A transaction whose next step fails as it is told to."""

    fault: Exception | None

    @contextmanager
    def attempt(self) -> Iterator[None]:
        with super().attempt():
            if self.fault is not None:
                raise self.fault
            yield


class BreakingStore(Store):
    """A store that fails where a form is acted upon, and nowhere else."""

    fault: Exception | None = None

    @contextmanager
    def begin(self, address: str = "") -> Iterator[Transaction]:
        with super().begin(address) as tx:
            breaking = BreakingTransaction(tx.connection, tx.settings, tx.now, tx.clock, tx.address)
            object.__setattr__(breaking, "fault", self.fault)
            yield breaking


def routes() -> dict[str, type[Typed[Any]]]:
    """Every address that takes a form, with the model of the form."""
    found = {}
    for route in router.routes:
        if isinstance(route, APIRoute) and "POST" in route.methods and route.path not in OUTSIDE:
            found[route.path] = inspect.signature(route.endpoint).parameters["form"].annotation.__origin__
    return found


LAWFUL: Mapping[str, str] = {
    "about": "",
    "attempted_at": "2026-01-05T09:30",
    "basis": LinkBasis.PLATE.value,
    "channel": "phone",
    "confidence": "90",
    "crs": "CGCS2000",
    "defect": "4",
    "ends_hour": "12:00",
    "document": "苏交执审〔2026〕1号",
    "from_at": "2026-01-05T09:30",
    "from_day": "2026-01-05",
    "happens_at": "2027-01-05T09:30",
    "issuer": "省计量院",
    "lat": "33.34",
    "lon": "120.15",
    "matter": "占道经营",
    "number_is_sure": "",
    "occurred_at": "2026-01-05T09:30",
    "outcome": "sent",
    "party": "某某商店",
    "party_code": "",
    "plates": "苏J12345",
    "whole_party": "yes",
    "place": "建军路",
    "proof": "",
    "held_on": "2026-01-05",
    "hours": "8",
    "topic": "行政处罚法专题",
    "published_at": "2026-01-05T09:30",
    "reason": "已核对原件",
    "reason_code": "unclear",
    "reviewed_at": "2026-01-05T09:30",
    "site": "S229 K12",
    "size": "3",
    "source": "双色球第 2026137 期",
    "source_kind": "dice",
    "standard": "GB/T 21296",
    "statement": "事实清楚",
    "title": "三季度抽查",
    "until_day": "2027-03-05",
    "url": "https://example.invalid/41",
    "valid_from": "2026-01-05",
    "valid_to": "2027-01-05",
    "verified_at": "2026-01-05T09:30",
    "version": "1",
}
"""What is typed into a field of this name, unless its place says otherwise."""


@dataclass
class Place:
    """Where one form stands: its address, whose page shows it, and what only fits here."""

    path: str
    who: str
    texts: Texts = field(default_factory=dict)


@dataclass
class Scene:
    """A product in which every form of the console is on somebody's page."""

    store: BreakingStore
    tokens: dict[str, str]
    places: dict[str, Place]

    def texts(self, route: str) -> Texts:
        """Something lawful in every field of the form."""
        own = self.places[route].texts
        fields = routes()[route].model_fields
        return {name: own[name] if name in own else LAWFUL[name] for name in fields}


def make_scene(store: BreakingStore, clock: Clock) -> Scene:
    """Build all three desks, each with somebody who holds every role there."""
    scene = Scene(store, {}, {})
    for build in (_case, _monitoring, _audits, _people, _certificates, _presence):
        build(scene, clock)
    scene.places["/console/login"] = Place(
        "/console/login",
        "",
        {"login": "nobody", "password": "secret word", "back": "/console", "kept": "", "to": ""},
    )
    assert set(scene.places) == set(routes())
    return scene


def _person(scene: Scene, name: str, agency: UUID) -> Actor:
    scene.tokens[name], actor = make_account(scene.store, agency, *EVERYBODY)
    return actor


def _add(scene: Scene, who: str, route: str, ids: Mapping[str, object] | None = None, **texts: Any) -> None:
    scene.places[route] = Place(route.format(**(ids or {})), who, texts)


def _case(scene: Scene, _: Clock) -> None:
    bureau = make_bureau(scene.store)
    integrate(scene.store)  # opens the log
    person = _person(scene, "case", bureau.agency)
    case, review = bureau.submitted()
    bureau.opine(review, SUPPLEMENT)
    recording_id = bureau.capture(case)
    bare = bureau.fact(case)
    one = "/console/cases/{case_id}"
    ids = {"case_id": case.id, "review_id": review.id, "fact_id": bare.id, "recording_id": recording_id}
    proof = f"recording/{recording_id}"
    _add(scene, "case", "/console/cases", number="案-新-1")
    _add(scene, "case", f"{one}/steps/{{step}}", {**ids, "step": CaseStep.SUBMIT})
    answers = {kind.value: "no" for kind in ScopeKind} | {
        f"{kind.value}_ground": "不属于" for kind in ScopeKind
    }
    _add(scene, "case", f"{one}/conclude", ids, proposal="penalty", **answers)
    _add(scene, "case", f"{one}/reopen", ids, reason="补充证据")
    _add(scene, "case", f"{one}/exempt", ids, reason="均不属于")
    for verb in ("refuse", "annul", "restore"):
        _add(scene, "case", f"{one}/{verb}", ids, reason="违法事实不成立")
    _add(scene, "case", f"{one}/handlers", ids, login="nobody-here")
    _add(scene, "case", f"{one}/amend", ids)
    _add(scene, "case", f"{one}/facts", ids, text="当事人占道")
    _add(scene, "case", f"{one}/facts/{{fact_id}}/withdraw", ids)
    _add(scene, "case", f"{one}/facts/{{fact_id}}/prove", ids, proof=[proof])
    _add(scene, "case", f"{one}/facts/{{fact_id}}/unprove", ids, proof=[proof])
    _add(
        scene, "case", f"{one}/facts/{{fact_id}}/accept/{{recording_id}}", ids, ground="other", text="已核对"
    )
    ground = {**ids, "position": 1}
    _add(scene, "case", f"{one}/reviews/{{review_id}}/grounds/{{position}}/answer", ground, text="已补充")
    _add(scene, "case", f"{one}/link", ids, recording_id=str(uuid4()))
    _add(scene, "case", f"{one}/recordings/{{recording_id}}/unlink", ids)
    _add(scene, "case", f"{one}/exports", ids)
    why = {"reason_code": "dispute", "reason": "复议机关调阅"}
    with bureau.store.begin() as tx:
        export = tx.exports.request(bureau.handler, case.id)
        stored, digest = Stored(version_id="v-1", size_bytes=7), "ab" * 32
        tx.exports.ready(export, stored, key="exports/a.zip", sha256=digest, tagmanifest_sha256=digest)
        look = tx.looks.open(person, recording_id, LookIn(reason_code=LookReason.DISPUTE), HERE)
    ids = {**ids, "export_id": export.id, "look_id": look.id}
    at = "/console/recordings/{recording_id}/looks"
    _add(scene, "case", "/console/exports/{export_id}/looks", ids, **why)
    _add(scene, "case", f"{one}/print", ids, pictures="with", **why)
    _add(scene, "case", at, ids, kind="open", **why)
    _add(scene, "case", f"{at}/{{look_id}}/close", ids)
    _add(scene, "case", "/console/recordings/{recording_id}/examinations", ids)
    _add(scene, "case", "/console/recordings/{recording_id}/examinations/frames", ids)
    copies = {**ids, "kind": "sheet"}
    _add(scene, "case", "/console/recordings/{recording_id}/derivatives/{kind}", copies)
    for verb in ("seen", "leave"):
        _add(scene, "case", f"/console/looks/{{look_id}}/{verb}", ids)
    with scene.store.begin() as tx:
        head = bureau.head
        barred = RecusalIn(login=bureau.second_reviewer.login, ground=RecusalGround.HEAD, reason="近亲属")
        bar = tx.recusals.bar(head, case.id, barred)
    away = {"login": bureau.handler.login, "ground": "head", "reason": "当事人申请"}
    _add(scene, "case", "/console/cases/{case_id}/recusals", ids, **away)
    lift = {**ids, "recusal_id": bar.id}
    _add(scene, "case", "/console/cases/{case_id}/recusals/{recusal_id}/lift", lift)
    with scene.store.begin() as tx:
        served = DocumentIn(formality=Formality.SERVICE, title="送达回证", dated=day_of(tx.now))
        document = {**ids, "document_id": tx.procedures.file(bureau.handler, case.id, served).id}
    notice = {
        "formality": "notice",
        "title": "行政处罚事先告知书",
        "number": "",
        "dated": "2026-01-05",
        "recording_id": "",
    }
    _add(scene, "case", "/console/cases/{case_id}/documents", ids, **notice)
    _add(scene, "case", "/console/cases/{case_id}/documents/{document_id}/withdraw", document)
    passed, round_ = bureau.submitted()
    bureau.opine(round_, PASS)
    six = [one.value for one in Formality if one not in (Formality.TERM, Formality.SERVICE)]
    fined = {"outcome": "penalty", "penalties": ["fine"], "fine": "200"}
    listed = {"formality": six, "why": ["测试中没有文书"] * len(six)}
    _add(scene, "case", "/console/cases/{case_id}/decision", {"case_id": passed.id}, **fined, **listed)
    ended, listed = bureau.at(CaseState.DECIDED), {"formality": ["service"], "why": ["当事人尚未签收"]}
    _add(scene, "case", "/console/cases/{case_id}/closing", {"case_id": ended.id}, **listed)
    _summary(scene, bureau)
    _add(scene, "case", "/console/devices/codes")
    keeper = make_account(scene.store, bureau.agency, Role.CUSTODIAN)[1]
    with scene.store.begin() as tx:
        tx.enrolments.issue_code(keeper)
        code = {"code_id": tx.enrolments.codes(keeper)[0].id}
    _add(scene, "case", "/console/devices/codes/{code_id}/void", code)
    _add(scene, "case", "/console/recordings/{recording_id}/approval", ids, days="7")
    asker = make_account(scene.store, bureau.agency, Role.CUSTODIAN)[1]
    with scene.store.begin() as tx:
        approval = tx.approvals.ask(asker, recording_id, ApprovalIn(reason="核对画面"))
    for verb in ("grant", "end"):
        _add(scene, "case", f"/console/approvals/{{approval_id}}/{verb}", {"approval_id": approval.id})
    _add(
        scene,
        "case",
        "/console/recordings/{recording_id}/answers",
        ids,
        code="late-handin",
        text="山区无信号",
    )
    _add(
        scene,
        "case",
        "/console/recordings/{recording_id}/retention-marks",
        ids,
        stands="true",
        reason="重大案件",
    )
    for noun, ident in (("recording", recording_id), ("case", case.id)):
        with scene.store.begin() as tx:
            note = tx.annotations.note(person, About(noun, ident), NoteIn(text="另有光盘"))
        at, named = f"/console/{noun}s/{{{noun}_id}}", {**ids, "note_id": note.id}
        _add(scene, "case", f"{at}/notes", named, text="当事人另有陈述")
        _add(scene, "case", f"{at}/notes/{{note_id}}/withdraw", named, reason="写错了")
        _add(scene, "case", f"{at}/tags", named, word="疑难", stands="true")
    officer = bureau.officers[0]
    with scene.store.begin() as tx:
        duty = {"duty_id": tx.shifts.open(officer, ShiftIn(device_id=bureau.device.id)).id}
    spare = enrol_device(scene.store, keeper)
    _add(scene, "case", "/console/duties", device_id=str(spare.id), partner="", from_at="", until_at="")
    _add(scene, "case", "/console/duties/{duty_id}/close", duty, until_at="")
    _add(scene, "case", "/console/duties/{duty_id}/amend", duty, from_at="2026-01-05T09:30", reason="漏记")
    mine = {"device_id": bureau.device.id}
    _add(scene, "case", "/console/devices/{device_id}/name", mine, name="一号记录仪")
    _add(scene, "case", "/console/devices/{device_id}/revoke", mine, reason_code="lost", reason="遗失")
    person = str(bureau.officers[0].account_id)
    at, held = "/console/devices/{device_id}", {"device_id": enrol_device(scene.store, keeper).id}
    with scene.store.begin() as tx:
        wish = IssueIn(person_id=bureau.officers[0].account_id, reason="急用")
        out = tx.holdings.issue(keeper, held["device_id"], wish)
    plate = {"kind": "phone", "maker": "某厂", "model": "M1", "serial": "SN-1"}
    looked = {"item": ["battery", "lens"], "found": ["ok", "bad"], "remark": ["", "有划痕"]}
    _add(scene, "case", f"{at}/description", mine, **plate)
    _add(scene, "case", f"{at}/checks", mine, **looked)
    _add(scene, "case", f"{at}/issue", mine, person_id=person, due_at="", from_at="", **looked)
    _add(scene, "case", f"{at}/return", held, until_at="", **looked)
    mended = {"person_id": person, "from_at": "", "until_at": ""}
    amend = {**held, "issue": out.issue}
    _add(scene, "case", f"{at}/holdings/{{issue}}/amend", amend, **mended | {"person_id": "nobody"})
    _, review = bureau.submitted()
    _add(
        scene,
        "case",
        "/console/reviews/{review_id}/opinion",
        {"review_id": review.id},
        opinion="pass",
        item=["evidence", "law"],
        about=["", ""],
        text=["只有一名执法人员出镜", "法条引用有误"],
    )


def _summary(scene: Scene, bureau: Bureau) -> None:
    """A lead that may be decided on the spot, and two cases that were: one to be filed, one to be taken back."""
    lead, filed, wrong = bureau.found(), bureau.found(), bureau.found()
    with scene.store.begin() as tx:
        numbers = [number for number, _ in tx.summaries.officers(lead)]
    typed = {
        "party_kind": "citizen",
        "penalties": ["fine"],
        "fine": "200",
        "basis": "条例第三十六条",
        "number": "当罚〔2026〕1号",
        "made_at": "2026-01-05T09:30",
        "first_officer": numbers[0],
        "second_officer": numbers[1],
        "exception": "",
        "signed": "refused",
        "is_sure": "yes",
        "formality": [one.value for one in SUMMARY_RULES],
        "why": ["测试中没有文书"] * len(SUMMARY_RULES),
    }
    one = "/console/cases/{case_id}/summary"
    _add(scene, "case", one, {"case_id": lead.id}, **typed)
    for case, verb in ((filed, "record"), (wrong, "retract")):
        made = bureau.step(case, CaseStep.PENALISE)
        _add(scene, "case", f"{one}/{verb}", {"case_id": made.id}, version=str(made.version))


def _monitoring(scene: Scene, _: Clock) -> None:
    highway = make_highway(scene.store)
    _person(scene, "monitoring", highway.agency)
    waiting, valid = highway.one(), highway.valid()
    with scene.store.begin() as tx:
        wish = CaseIn(number="案-路-1", party="某公司", matter="超限", place="S229")
        case = tx.cases.open(highway.handler, wish)
        tx.monitoring_links.link(highway.handler, case.id, valid, LinkBasis.MANUAL, case.version)
        register = tx.equipment.get(highway.custodian, highway.equipment_id)
        source_id = str(register.source_id)
        (certificate,) = tx.equipment.facts(highway.equipment_id).certificates
    one, ids = "/console/monitoring/{monitoring_id}", {"monitoring_id": waiting}
    tied = {"monitoring_id": valid, "case_id": case.id}
    first = {**ids, "stage": ReviewStage.FIRST}
    _add(scene, "monitoring", f"{one}/opinions/{{stage}}", first, opinion="invalid")
    _add(scene, "monitoring", f"{one}/notification", ids, proof="短信 1 号")
    why = {"reason_code": "dispute", "reason": "复议机关调阅"}
    _add(scene, "monitoring", f"{one}/looks", ids, **why)
    _add(scene, "monitoring", f"{one}/link", ids, number="案-路-1", case_id="")
    _add(scene, "monitoring", f"{one}/cases/{{case_id}}/unlink", tied)
    _add(scene, "monitoring", f"{one}/case", ids, number="案-路-2")
    piece = {"equipment_id": highway.equipment_id}
    at = "/console/equipment"
    _add(scene, "monitoring", at, number="SCALE-9", name="动态称重", kind="axle_scale")
    _add(scene, "monitoring", f"{at}/sources", name="S230 站")
    _add(scene, "monitoring", f"{at}/{{equipment_id}}/certificate", piece, number="证-1", recording_id="")
    _add(scene, "monitoring", f"{at}/{{equipment_id}}/review", piece, kind="legal")
    _add(scene, "monitoring", f"{at}/{{equipment_id}}/publication", piece)
    mended = {"until_at": "", "document": "", "url": "", "never": "", "number": "证-2"}
    entered = {**piece, "entry": certificate.entry}
    _add(scene, "monitoring", f"{at}/{{equipment_id}}/facts/{{entry}}/amend", entered, **mended)
    asked = {"from_at": "", "reason": "检定机构撤销", "records": "0", "cases": "0", "is_sure": "yes"}
    _add(scene, "monitoring", f"{at}/{{equipment_id}}/certificates/{{entry}}/annul", entered, **asked)
    moved = {"number": "", "name": "", "standard": "", "kind": "changed", "point": "", "lat": "", "lon": ""}
    _add(scene, "monitoring", f"{at}/{{equipment_id}}/description", piece, site="S229 K13", **moved)
    _add(scene, "monitoring", f"{at}/{{equipment_id}}/suspend", piece)
    _add(scene, "monitoring", f"{at}/{{equipment_id}}/resume", piece)
    _add(scene, "monitoring", f"{at}/{{equipment_id}}/bind", piece, source_id=source_id)


def _audits(scene: Scene, clock: Clock) -> None:
    bureau = make_supervision(scene.store, clock, recordings=3)
    person = _person(scene, "audit", bureau.supervisor.agency_id)
    _person(scene, "audited", bureau.agency)
    bureau.inspectors[0] = person
    scored = bureau.assigned()
    with scene.store.begin() as tx:
        member_id = tx.audit_scores.drawn(bureau.supervisor, scored.id)[0].member_id
        finding = RectificationIn(member_id=member_id, item_code="A1", text="缺少说明")
        raised = tx.rectifications.raise_(bureau.supervisor, scored.id, finding)
    one = "/console/audits/{audit_id}"
    states: dict[str, Callable[[], Any]] = {
        "freeze": bureau.defined,
        "amend": bureau.defined,
        "drop": bureau.defined,
        "enter": bureau.frozen,
        "retract": bureau.entered,
        "confirm": bureau.entered,
        "draw": bureau.confirmed,
        "close": bureau.drawn,
    }
    _add(scene, "audit", "/console/audits", target=str(bureau.agency), kind="sealed_recordings")
    own = {
        "amend": {"target": str(bureau.agency), "kind": "sealed_recordings"},
        "close": {"missing": "6", "wide": "0", "unmended": "0"},
    }
    for verb, made in states.items():
        said: Texts = {"value": ["03 07 12"], **own.get(verb, {})}
        _add(scene, "audit", f"{one}/{verb}", {"audit_id": made().id}, **said)
    drawn = {"audit_id": bureau.rechecked().id}
    _add(scene, "audit", f"{one}/inspectors", drawn, account_id=str(person.id))
    member = {"audit_id": scored.id, "member_id": member_id}
    items = DEMO_STANDARD.items
    rows = {
        "code": [item.code for item in items],
        "points": ["1" for _ in items],
        "remark": [f"扣分 {item.code}" for item in items],
    }
    _add(scene, "audit", f"{one}/members/{{member_id}}/scores", member, **rows)
    wide, apart = bureau.apart()
    third = {"audit_id": wide.id, "member_id": apart}
    _add(
        scene,
        "audit",
        f"{one}/members/{{member_id}}/third",
        third,
        account_id=str(bureau.another().account_id),
    )
    code = items[-1].code
    found = {"item_code": code, "text": "缺页", "recording_id": str(member_id), "at": "1:23"}
    _add(scene, "audit", f"{one}/members/{{member_id}}/rectification", member, **found)
    _add(
        scene,
        "audited",
        "/console/rectifications/{rectification_id}/step",
        {"rectification_id": raised.id},
        step="answer",
        text="已整改",
        paper="",
        proof=str(uuid4()),
    )


def _people(scene: Scene, _: Clock) -> None:
    agency = make_agency(scene.store)
    admin = _person(scene, "people", agency)
    with scene.store.begin() as tx:
        new = tx.people.open(admin, AccountIn(login="somebody", name="某人", agency_id=admin.agency_id))
        granted = tx.people.grant(admin, new.account.id, RoleIn(role=Role.OFFICER))
        (held,) = tx.people.grants(new.account.id)
        wish = AccountIn(login="invited", name="待入", agency_id=admin.agency_id)
        link = tx.people.open(admin, wish).link.code
        offered = tx.links.offer().code
    sheet = "姓名,登录名,单位代码\n某人,someone-else,一中队"
    _add(scene, "people", "/console/accounts/import", sheet=sheet, file="", is_sure="")
    with scene.store.begin() as tx:
        code = tx.agencies.get(admin, agency).code
        payload = sheet.replace("一中队", code).encode()
        kept = tx.roster_sheets.send(admin, payload, Roster(rows_of(payload)))
    _add(scene, "people", "/console/rosters/{roster_id}/take", {"roster_id": kept.id})
    _add(scene, "people", "/console/accounts/links", agency=str(agency))
    unit = {"name": "一中队", "code": "YZD-1", "parent_id": str(agency), "supervising": ""}
    _add(scene, "people", "/console/agencies", kind="agency", principal_id="", **unit)
    _add(scene, "people", "/console/agencies/{agency_id}", {"agency_id": agency}, **unit)
    with scene.store.begin() as tx:
        bare, other = (
            tx.agencies.open(admin, AgencyIn(parent_id=agency, name=name, code=code))
            for name, code in (("空队", "KD-1"), ("二中队", "KD-2"))
        )
    _add(scene, "people", "/console/agencies/{agency_id}/close", {"agency_id": bare.id})
    change = {
        "name": "link-days",
        "value": "14",
        "inherits": "",
        "from_day": "2026-12-01",
        "source": "办法第八条",
    }
    _add(scene, "people", "/console/agencies/{agency_id}/settings", {"agency_id": agency}, **change)
    lists = {**change, "name": "officer-exceptions", "items": "行政处罚法第五十一条"}
    del lists["value"]
    _add(scene, "people", "/console/agencies/{agency_id}/lists", {"agency_id": agency}, **lists)
    one, ids = "/console/accounts/{account_id}", {"account_id": new.account.id, "grant_id": granted}
    _add(scene, "people", "/console/accounts", name="新人", login="newcomer", agency_id=str(agency))
    _add(scene, "people", one, ids, name="某人甲", login="somebody-else")
    for verb in ("link", "unlock", "signout", "factor/end", "close"):
        _add(scene, "people", f"{one}/{verb}", ids)
    _add(scene, "people", f"{one}/transfer", ids, agency_id=str(other.id))
    _add(scene, "people", f"{one}/roles", ids, role="head")
    _add(scene, "people", f"{one}/roles/{{grant_id}}/end", ids)
    _add(scene, "people", f"{one}/roles/{{grant_id}}/amend", ids, leaf=held.leaf, until_at="", for_good="")
    _add(scene, "people", "/console/account/sessions/end")
    _add(scene, "people", "/console/account/sessions/{session_id}/end", {"session_id": uuid4()})
    typed = {"password": PASSWORD, "password_again": PASSWORD}
    _add(scene, "people", "/console/account/password", old_password="the old words", **typed)
    _add(scene, "", "/console/link/{code}", {"code": link}, **typed)
    _factors(scene, agency, new.account.id)
    admitted = {
        "agency_name": "某局",
        "agency_code": "91350100M000100Y43",
        "name": "管理员",
        "login": "root-1",
    }
    _add(scene, "", "/console/admit/{code}", {"code": offered}, **admitted, **typed)


def _factors(scene: Scene, agency: UUID, lost: AccountId) -> None:
    """Two second factors, one of them lost, and a log-in that waits for the other."""
    owner = _person(scene, "factor", agency)
    with scene.store.begin() as tx:
        for one in (owner.account_id, lost):
            tx.factors.enrol(one, Confirmed(bytes(SECRET_BYTES), 0))
        offer = tx.factors.offer(owner.account_id, owner.login, "Quancheng").sealed
        known = tx.accounts.credential_of(owner.login)
        assert known is not None
        halfway = tx.halfways.open(owner.account_id, known.password_hash, Demand.CODE)
    typed = {"password": "the old words", "factor_now": "000000"}
    _add(scene, "factor", "/console/account/factor", factor_code="000000", offer=offer, **typed)
    _add(scene, "factor", "/console/account/factor/end", **typed)
    waiting = {"halfway": halfway, "offer": "", "back": "/console", "kept": "", "to": ""}
    _add(scene, "", "/console/login/code", factor_code="000000", **waiting)


def _certificates(scene: Scene, _: Clock) -> None:
    agency = make_agency(scene.store)
    keeper = _person(scene, "certificates", agency)
    wish = CertificateIssueIn(
        account_id=keeper.account_id,
        number="表-1",
        valid_from=LONG_AGO,
        valid_until=LONG_AGO.replace(year=2100),
    )
    with scene.store.begin() as tx:
        made = tx.certificates.issue(keeper, wish)
        kept = tx.certificates.issue(keeper, wish.model_copy(update={"number": "表-2"}))
        away = CertificateStepIn(reason="离岗")
        held = tx.certificates.step(keeper, kept.id, CertificateStep.WITHDRAW, away, kept.version)
    one, ids = "/console/certificates/{certificate_id}", {"certificate_id": made.id}
    issued = {"account_id": str(keeper.id), "number": "表-3", "kind": "enforcement"}
    _add(scene, "certificates", "/console/certificates", **issued)
    for verb in ("suspend", "withdraw", "cancel", "verify"):
        _add(scene, "certificates", f"{one}/{verb}", ids)
    _add(scene, "certificates", f"{one}/restore", {"certificate_id": held.id})
    attended = TrainingIn(kind="public_law", hours=8, held_on=LONG_AGO.date(), topic="行政处罚法专题")
    with scene.store.begin() as tx:
        entry = tx.trainings.enter(keeper, keeper.account_id, attended)
    trained, ids = "/console/training/{account_id}", {"account_id": keeper.id, "training_id": entry.id}
    _add(scene, "certificates", trained, ids, kind="professional")
    _add(scene, "certificates", f"{trained}/{{training_id}}/withdraw", ids)
    sheet = "登录名,日期,类别,学时,内容\nnobody,2026-01-05,业务,8,x"
    _add(scene, "certificates", "/console/training/sheet", sheet=sheet, file="", is_sure="")


def _presence(scene: Scene, _: Clock) -> None:
    agency = make_agency(scene.store)
    scene.tokens["presence"], named = make_account(scene.store, agency, *EVERYBODY, certificate="在-1")
    _, other = make_account(scene.store, agency, Role.OFFICER, certificate="在-2")
    device = enrol_device(scene.store, named)
    made = [device.capture(f"{turn}.bin", b"x", officers=["在-1", "在-2"]) for turn in range(4)]
    no = PresenceIn(answer=PresenceAnswer.DENIED, reason="当日休假")
    with scene.store.begin() as tx:
        asked = [tx.recordings.known(one).manifest_id for one in made]
        tx.presences.answer(other, asked[0], no)
        denial = tx.presences.denials(named)[0].id
        code = tx.partner_codes.show(tx.accounts.account_actor(other.account_id)).code
    ids = {"manifest_id": asked[0], "denial_id": denial}
    _add(scene, "presence", "/console/presence/day", manifest_ids=[str(one) for one in asked[1:3]])
    _add(scene, "presence", "/console/presence/code")
    _add(scene, "presence", "/console/presence/code/void")
    _add(scene, "presence", "/console/presence/scan", code=code, manifest_ids=[str(asked[3])])
    _add(scene, "presence", "/console/presence/{manifest_id}/confirm", ids)
    _add(scene, "presence", "/console/presence/{manifest_id}/deny", ids)
    _add(scene, "presence", "/console/denials/{denial_id}", ids, text="设备借给他人，已更正管理")


class Controls(HTMLParser):
    """What stands in the fields of one form that a person can see, and what its lists offer, by name."""

    def __init__(self, action: str, page: str) -> None:
        super().__init__()
        self.found: dict[str, list[str]] = {}
        self.offered: dict[str, set[str]] = {}
        self._action = action
        self._is_inside = False
        self._name = ""
        self._text = ""
        self._count = 0
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "form":
            self._is_inside = given.get("action") == self._action
        if not self._is_inside:
            return
        name, value = given.get("name") or "", given.get("value") or ""
        if tag == "input" and given.get("type") in ("checkbox", "radio"):
            self.offered.setdefault(name, set()).add(value)
            self.found.setdefault(name, []).extend([value] if "checked" in given else [])
        elif tag == "input" and given.get("type") != "hidden":
            self.found.setdefault(name, []).append(value)
        elif tag in ("textarea", "select"):
            self._name, self._text = name, ""
            self.found.setdefault(name, [])
            self._count = len(self.found[name])
        elif tag == "option":
            self.offered.setdefault(self._name, set()).add(value)
            if "selected" in given or len(self.found[self._name]) == self._count:
                self.found[self._name][self._count :] = [value]

    def handle_data(self, data: str) -> None:
        self._text += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._is_inside = False
        if tag == "textarea" and self._is_inside:
            self.found[self._name].append(self._text)
