"""Which kinds of equipment need a verification certificate is what their agency says, as of the capture."""

import re
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from api.deps import COOKIE
from schemas.actor import Actor, Role
from schemas.base import rfc3339
from schemas.case import CaseIn
from schemas.duty import Duty
from schemas.equipment import EquipmentKind
from schemas.errors import EvidenceError
from schemas.ids import CaseId
from schemas.leaves_case import MonitoringLinkRuled
from schemas.leaves_monitoring import IntakeReceiveRuled
from schemas.monitoring import LinkBasis
from schemas.reference import reference
from schemas.setting import SettingIn
from schemas.setting_list import ListSetting
from storage.reads.findings import findings_of
from storage.store import Store
from tests.factories import faults, folder_url, make_account, make_settings
from tests.monitoring import Highway, make_highway
from tests.server import serving
from tests.stand import PATIENCE_SECONDS
from tests.web import TRUST
from workers.custody import integrate

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SOURCE = "省计量器具检定办法第六条"


@pytest.fixture(scope="module")
def store(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    settings = make_settings(database_url, folder_url(tmp_path_factory.mktemp("kinds")))
    with closing(Store(settings)) as made:
        yield made


class Desk:
    """Equipment of a kind without a certificate, and whoever sets what its agency asks."""

    def __init__(self, store: Store, kind: EquipmentKind) -> None:
        self.store = store
        self.road: Highway = make_highway(store, kind=kind, is_certified=False)
        self.admin: Actor = make_account(store, self.road.agency, Role.ADMIN)[1]

    def says(self, *kinds: str, ago: timedelta) -> None:
        with self.store.begin() as tx:
            wish = SettingIn(
                name=ListSetting.CERTIFICATE_KINDS, items=kinds, from_at=tx.now - ago, source=SOURCE
            )
            tx.agency_settings.change(self.admin, self.road.agency, wish)

    def now(self) -> datetime:
        with self.store.begin() as tx:
            return tx.now

    def faults_of(self, ident: UUID) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """What was missing at the intake, and what is missing now."""
        with self.store.begin() as tx:
            record = tx.monitoring.get(self.road.handler, ident)
            return record.gate_faults, tx.monitoring.faults(record)

    def link(self, ident: UUID) -> CaseId:
        with self.store.begin() as tx:
            lead = CaseIn(number=f"检-{uuid4().hex[:6]}", party="某公司", matter="超限", place="S229")
            case = tx.cases.open(self.road.handler, lead)
            tx.monitoring_links.link(self.road.handler, case.id, ident, LinkBasis.MANUAL, case.version)
        return case.id

    def acts(self, kind: type[Any], about: str) -> list[Any]:
        with self.store.begin() as tx:
            return [one.leaf.act for one in tx.custody.entries_for(about) if isinstance(one.leaf.act, kind)]

    def page(self, path: str, role: Role = Role.HANDLER) -> str:
        token = make_account(self.store, self.road.agency, role)[0]
        with (
            serving(self.store) as url,
            httpx.Client(
                base_url=url, cookies={COOKIE: token}, verify=TRUST, timeout=PATIENCE_SECONDS
            ) as client,
        ):
            return client.get(path).text


def test_a_street_camera_is_evidence_without_a_certificate(store: Store) -> None:
    """On no mandatory list: reviewed and published it may be tied; the page says that none is needed."""
    desk = Desk(store, EquipmentKind.CAMERA)
    ident = desk.road.valid()
    assert desk.faults_of(ident) == ((), ())
    desk.link(ident)
    (tied,) = desk.acts(MonitoringLinkRuled, reference("monitoring", ident))
    assert tied.needs_certificate is False
    for path, role in (
        (f"/console/monitoring/{ident}", Role.HANDLER),
        (f"/console/equipment/{desk.road.equipment_id}", Role.CUSTODIAN),
    ):
        text = desk.page(path, role)
        row = re.search(r"<tr><th>检定证书</th>.*?</tr>", text)
        assert row is not None
        assert "不需检定" in row[0]
        assert "1987 年强制检定目录未列此类设备" in row[0]
        assert "计量法第九条" in row[0]
        assert "is-verified" not in row[0]
        assert "行政处罚法第四十一条" in text
    assert "不需检定" in desk.page("/console/equipment", Role.CUSTODIAN)
    integrate(store)
    assert faults(store) == []


def test_a_scale_without_one_is_refused_by_the_metrology_law(store: Store) -> None:
    """On the mandatory list: found valid by two it is no evidence, and the refusal cites its own law."""
    desk = Desk(store, EquipmentKind.AXLE_SCALE)
    ident = desk.road.valid()
    with pytest.raises(EvidenceError) as refused:
        desk.link(ident)
    assert refused.value.slug == "metrology-9"
    assert refused.value.facts["laws"] == ["计量法第九条"]
    assert refused.value.facts["missing"] == ["certificate-missing"]


def test_the_list_of_the_capture_counts(store: Store) -> None:
    """An agency asks cameras, too, since an hour: earlier captures need none; the batch says by which lists."""
    desk = Desk(store, EquipmentKind.CAMERA)
    desk.says("camera", ago=HOUR)
    rows = [desk.road.row(captured_at=rfc3339(desk.now() - ago)) for ago in (2 * HOUR, HOUR / 2)]
    receipt = desk.road.send(*rows)
    before, after = (one.id for one in receipt.results)
    assert before
    assert after
    assert desk.faults_of(before) == ((), ())
    assert desk.faults_of(after) == (("certificate-missing",), ("certificate-missing",))
    (batch,) = desk.acts(IntakeReceiveRuled, reference("intake", receipt.intake_id or uuid4()))
    assert [one.kinds for one in batch.certificates][1] == ("camera",)
    assert "camera" not in batch.certificates[0].kinds
    text = desk.page(f"/console/monitoring/{after}")
    assert "检定证书不在有效期" in text
    integrate(store)
    assert faults(store) == []


def test_what_was_concluded_is_not_judged_again(store: Store) -> None:
    """A list entered later, from before the capture, counts for what still waits, and not for what two have found valid."""
    desk = Desk(store, EquipmentKind.CAMERA)
    concluded, waiting = desk.road.valid(), desk.road.one()
    desk.says("camera", ago=DAY)
    assert desk.faults_of(concluded) == ((), ())
    assert desk.faults_of(waiting) == ((), ("certificate-missing",))
    case = desk.link(concluded)
    with store.begin() as tx:
        found = findings_of(
            tx.connection,
            case,
            submitted_at=None,
            parts=(),
            installed=make_settings("postgresql://x", "file:///x"),
        )
    assert not {"gate-closed", "gate-uncertified"} & {one.check.code for one in found}
    integrate(store)
    assert faults(store) == []


def test_an_agency_asks_fewer(store: Store) -> None:
    """A scale that its agency asks for no certificate: by which document stands on the page; nothing is due."""
    desk = Desk(store, EquipmentKind.AXLE_SCALE)
    with store.begin() as tx:
        due = {one.duty for one in tx.duties.waiting(desk.road.custodian)}
    assert Duty.RENEW_CERTIFICATE in due
    desk.says("speed_camera", ago=DAY)
    with store.begin() as tx:
        due = {one.duty for one in tx.duties.waiting(desk.road.custodian)}
    assert Duty.RENEW_CERTIFICATE not in due
    ident = desk.road.valid()
    desk.link(ident)
    assert SOURCE in desk.page(f"/console/monitoring/{ident}")
    assert SOURCE in desk.page(f"/console/equipment/{desk.road.equipment_id}", Role.CUSTODIAN)
