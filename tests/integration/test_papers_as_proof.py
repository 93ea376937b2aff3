"""Documents that people handed in stand wherever a proof is asked: in a rectification, and beside a duty of procedure."""

import re
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from api.form_token import form_token
from schemas.actor import Actor, Role
from schemas.base import HexDigest
from schemas.case import CaseState, CaseStep
from schemas.declaration import Declaration, DocumentKind, HandInWay, Origin
from schemas.equipment import CertificateIn
from schemas.equipment_amend import FactAmendIn
from schemas.errors import Invalid, TransitionRefused
from schemas.ids import RectificationId
from schemas.procedure import FormalityAnswer
from schemas.rectification import RectificationIn
from schemas.refusals_monitoring import CERTIFICATE_SCAN_UNKNOWN
from schemas.refusals_procedure import TIE_NOT_LATER
from storage.store import Store
from tests.bringing import bring, browser
from tests.casework import conclusion, make_bureau
from tests.factories import faults, folder_url, make_account, make_agency, make_settings
from tests.media_documents import report
from tests.monitoring import make_highway
from tests.server import serving
from tests.supervision import Clock, make_supervision
from workers.custody import integrate


def paper(kind: DocumentKind | None) -> Declaration:
    return Declaration(way=HandInWay.BROWSER, origin=Origin.TAKEN, document=kind)


@pytest.fixture
def store(own_database_url: str, tmp_path: Path) -> Iterator[tuple[Store, Clock]]:
    clock = Clock()
    with closing(Store(make_settings(own_database_url, folder_url(tmp_path)), clock=clock)) as made:
        yield made, clock


def _options(page: str, name: str) -> list[tuple[str, str]]:
    (inside,) = re.findall(rf'<select name="{name}".*?</select>', page, re.DOTALL)
    return re.findall(r'<option value="([^"]*)"[^>]*>([^<]*)</option>', inside)


def _rectification(store: Store, clock: Clock) -> tuple[RectificationId, Actor, str]:
    bureau = make_supervision(store, clock, recordings=3)
    scored = bureau.assigned()
    with store.begin() as tx:
        member_id = tx.audit_scores.drawn(bureau.supervisor, scored.id)[0].member_id
        finding = RectificationIn(member_id=member_id, item_code="A1", text="缺少说明")
        raised = tx.rectifications.raise_(bureau.supervisor, scored.id, finding)
    token, handler = make_account(store, bureau.agency, Role.HANDLER)
    return raised.id, handler, token


def test_a_report_is_chosen_as_the_proof_of_a_rectification(store: tuple[Store, Clock]) -> None:
    """The agency's documents are offered, reports before all others; no id is typed, and nobody else's is offered."""
    made, clock = store
    ident, handler, token = _rectification(made, clock)
    stranger = make_account(made, make_agency(made), Role.HANDLER)[1]
    whole = report()
    other = bring(made, handler, "其他.pdf", whole + b"1", paper(DocumentKind.NOTICE))
    proof = bring(made, handler, "整改报告.pdf", whole, paper(DocumentKind.RECTIFICATION_REPORT))
    later = bring(made, handler, "笔录.pdf", whole + b"2", paper(DocumentKind.OTHER))
    bring(made, handler, "照片.jpg", b"photo", paper(None))
    bring(made, stranger, "别家.pdf", whole, paper(DocumentKind.RECTIFICATION_REPORT))
    address = f"/console/rectifications/{ident}"
    with serving(made) as url, browser(url, token) as client:
        page = client.get(address).text
        offered = _options(page, "paper")
        assert [value for value, _ in offered] == ["", str(proof), str(later), str(other)]
        assert offered[1][1] == "整改报告 · 整改报告.pdf"
        assert 'href="/console/hand-in"' in page
        fields = {"csrf": form_token(token), "step": "answer", "text": "已整改"}
        fields["version"] = re.findall(r'name="version" value="(\d+)"', page)[0]
        wrong = _sent(client, address, {**fields, "paper": "整改报告.pdf"})
        assert wrong.status_code == 422
        assert _sent(client, address, {**fields, "paper": str(proof)}).status_code == 303
        assert f"/console/recordings/{proof}" in client.get(address).text
    with made.begin() as tx:
        (step,) = tx.rectifications.get(handler, ident).steps
    assert step.proof_recording_id == proof


def _sent(client: httpx.Client, address: str, fields: dict[str, str]) -> httpx.Response:
    return client.post(f"{address}/step", data=fields)


def test_a_case_lists_its_papers_and_offers_them_to_its_duties(store: tuple[Store, Clock]) -> None:
    """By kind, with the way to the list of each; first among what a document of procedure may be kept as."""
    made, _ = store
    bureau = make_bureau(made)
    case = bureau.open()
    for step in (CaseStep.FILE, CaseStep.INVESTIGATE):
        case = bureau.step(case, step)
    token = bureau.tokens[bureau.handler.id]  # type: ignore[index]
    photo = bureau.capture(case)
    notice = bring(
        made, bureau.handler, "告知书.pdf", report(), paper(DocumentKind.NOTICE), case_number=case.number
    )
    integrate(made)
    with serving(made) as url, browser(url, token) as client:
        page = client.get(f"/console/cases/{case.id}").text
        offered = _options(page, "recording_id")
        assert [value for value, _ in offered] == ["", str(notice), str(photo)]
        assert offered[1][1] == "告知书 · 告知书.pdf"
        assert f"/console/hand-in?case={case.id}" in page
        (href,) = re.findall(r'<a class="chip" href="([^"]*)">告知书 1</a>', page)
        listed = client.get(href.replace("&amp;", "&")).text
        assert str(notice) in listed
        assert str(photo) not in listed


def test_what_follows_a_decision_shows_its_service(store: tuple[Store, Clock]) -> None:
    """The receipt of service is handed in to a decided case, filed, and listed as it is closed; nothing else is added."""
    made, _ = store
    make_agency(made)
    integrate(made)
    bureau = make_bureau(made)
    case = bureau.at(CaseState.DECIDED)
    whole, by = report(), bureau.handler
    record = bring(made, by, "笔录.pdf", whole, paper(DocumentKind.INTERVIEW_RECORD), case_number=case.number)
    served = bring(
        made, by, "回证.pdf", whole + b"1", paper(DocumentKind.SERVICE_RECEIPT), case_number=case.number
    )
    paid = bring(made, by, "缴款.pdf", whole + b"2", paper(DocumentKind.PAYMENT_RECEIPT))
    with (
        pytest.raises(TransitionRefused, check=lambda err: err.slug == TIE_NOT_LATER.slug),
        made.begin() as tx,
    ):
        tx.cases.link(by, case.id, record, case.version)
    address = f"/console/cases/{case.id}"
    with serving(made) as url, browser(url, bureau.tokens[by.id]) as client:
        page = client.get(address).text
        assert "决定后关联" in page
        assert [value for value, _ in _options(page, "recording_id")][1] == str(served)
        assert re.findall(r'name="recording_id" value="([^"]*)"', page) == [str(paid)]
        token = {"csrf": form_token(bureau.tokens[by.id]), "version": str(case.version)}
        assert client.post(f"{address}/link", data={**token, "recording_id": str(paid)}).status_code == 303
        wrong = {**token, "reason": "缴款凭证属于另一案件"}
        assert client.post(f"{address}/recordings/{paid}/unlink", data=wrong).status_code == 303
        filed = {
            "formality": "service",
            "title": "送达回证",
            "dated": "2026-01-05",
            "recording_id": str(served),
        }
        assert client.post(f"{address}/documents", data={**token, **filed}).status_code == 303
        assert f'/console/recordings/{served}?case={case.id}">回证.pdf</a>' in client.get(address).text
        assert client.post(f"{address}/closing", data=token).status_code == 303
        assert "/unlink" not in client.get(address).text
    assert faults(made, case.id) == []
    with made.begin() as tx:
        (service,) = (one for one in tx.procedures.of_case(by, case.id) if one.rule.by is CaseStep.CLOSE)
        kept = {one.recording_id: one.document for one in tx.cases.links(case.id) if one.document}
    assert service.answer == FormalityAnswer(documents=1, reason=None)
    assert kept == {served: DocumentKind.SERVICE_RECEIPT, paid: DocumentKind.PAYMENT_RECEIPT}


def _is_unknown(err: Invalid) -> bool:
    return err.slug == CERTIFICATE_SCAN_UNKNOWN.slug


def test_the_scan_of_a_certificate_is_chosen_and_shown(store: tuple[Store, Clock]) -> None:
    """A sealed document of that kind, and no other; it stays with the certificate where that is corrected."""
    made, _ = store
    road, whole = make_highway(made), report()
    kind = DocumentKind.VERIFICATION_CERTIFICATE
    scan = bring(made, road.handler, "检定证书.pdf", whole, paper(kind))
    other = bring(made, road.handler, "告知书.pdf", whole + b"1", paper(DocumentKind.NOTICE))
    token, keeper = make_account(made, road.agency, Role.CUSTODIAN)
    with made.begin() as tx:
        now = tx.now
        for ident, payload in ((scan, whole), (other, whole + b"1")):
            tx.recordings.conclude(ident, conclusion(payload, at_retain=now))
    said = {
        "number": "检-9",
        "issuer": "省计量院",
        "valid_from": now,
        "valid_until": now + timedelta(days=90),
    }
    wrong = CertificateIn(**said, recording_id=other)
    with made.begin() as tx:
        seen = tx.equipment.get(keeper, road.equipment_id).version
    with pytest.raises(Invalid, check=_is_unknown), made.begin() as tx:
        tx.equipment.certify(keeper, road.equipment_id, wrong, seen)
    address = f"/console/equipment/{road.equipment_id}"
    with serving(made) as url, browser(url, token) as client:
        assert [value for value, _ in _options(client.get(address).text, "recording_id")] == ["", str(scan)]
        fields = {
            "csrf": form_token(token),
            "version": str(seen),
            "number": "检-9",
            "issuer": "省计量院",
            "valid_from": "2026-01-05",
            "valid_to": "2027-01-04",
            "recording_id": str(scan),
        }
        assert client.post(f"{address}/certificate", data=fields).status_code == 303
        assert f'<a href="/console/recordings/{scan}">检定证书.pdf</a>' in client.get(address).text
    with made.begin() as tx:
        (entered,) = (one for one in tx.equipment.facts(road.equipment_id).said().certificates if one.scan)
        held = tx.equipment.get(keeper, road.equipment_id)
        wish = FactAmendIn(number="检-10", reason="编号录错")
        tx.equipment.amend(keeper, held.id, HexDigest(entered.entry), wish, held.version)
        (corrected,) = (one for one in tx.equipment.facts(held.id).said().certificates if one.scan)
    assert (corrected.number, corrected.scan) == ("检-10", entered.scan)
    assert faults(made, road.equipment_id) == []
