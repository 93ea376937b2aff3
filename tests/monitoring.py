"""Fixed equipment and its rows for tests: a world with a register, a source and both reviewers."""

import base64
import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from schemas.actor import Actor, Role
from schemas.base import rfc3339
from schemas.equipment import (
    CertificateIn,
    EquipmentIn,
    EquipmentKind,
    EquipmentReviewIn,
    PublicationIn,
    ReviewKind,
)
from schemas.monitoring import OpinionIn, OpinionWord, ReviewStage
from storage.flow.intake import receive_batch
from storage.monitoring.batch import Receipt
from storage.password import fresh_password
from storage.store import Store, utc_now
from tests.factories import make_account, make_agency


@dataclass
class Highway:
    """An agency with one axle scale in good order and everybody who has to do with its records."""

    store: Store
    agency: UUID
    custodian: Actor
    source: Actor
    source_token: str
    first: Actor
    second: Actor
    handler: Actor
    equipment_id: UUID
    number: str

    def row(self, **changed: Any) -> dict[str, Any]:
        """A plain overload row; members that are None are left out."""
        members: dict[str, Any] = {
            "equipment": self.number,
            "record_id": uuid4().hex,
            "captured_at": rfc3339(utc_now() - timedelta(minutes=5)),
            "matter": "超限运输",
            "place": "S229 K12+300",
            "plate": "苏J12345",
            "party": "某某运输公司",
            "party_code": "91320903MA1ABCDE0X",
            "lat_e7": 333_400_000,
            "lon_e7": 1_201_500_000,
            "crs": "WGS84",
            "values": [{"name": "gross_weight", "value": 52300, "unit": "kg", "limit": "49000"}],
        }
        return {name: value for name, value in {**members, **changed}.items() if value is not None}

    def send(self, *rows: dict[str, Any] | bytes) -> Receipt:
        """One batch of the source; bytes are sent as they are."""
        lines = [row if isinstance(row, bytes) else json.dumps(row).encode() for row in rows]
        return receive_batch(self.store, self.source, dict(enumerate(lines, 1)))

    def one(self, **changed: Any) -> UUID:
        """One record that was received."""
        ident = self.send(self.row(**changed)).results[0].id
        assert ident is not None
        return ident

    def opine(
        self, ident: UUID, stage: ReviewStage, word: OpinionWord = OpinionWord.VALID, **wish: Any
    ) -> None:
        """An opinion of the stage's own reviewer."""
        actor = self.first if stage is ReviewStage.FIRST else self.second
        with self.store.begin() as tx:
            seen = tx.monitoring.get(actor, ident).version
            tx.monitoring.opine(actor, ident, stage, OpinionIn(opinion=word, reason="看过", **wish), seen)

    def valid(self, **changed: Any) -> UUID:
        """A record that both found valid."""
        ident = self.one(**changed)
        self.opine(ident, ReviewStage.FIRST)
        self.opine(ident, ReviewStage.SECOND)
        return ident


def jpeg_media(payload: bytes) -> dict[str, str]:
    """Media of a row as an inline picture."""
    return {"jpeg": base64.b64encode(payload).decode()}


def make_highway(
    store: Store,
    *,
    agency: UUID | None = None,
    is_admitted: bool = True,
    kind: EquipmentKind = EquipmentKind.AXLE_SCALE,
    is_certified: bool = True,
) -> Highway:
    """Register one scale, bind a source to it, and – unless told otherwise – open its gate."""
    agency = agency or make_agency(store)
    _, custodian = make_account(store, agency, Role.CUSTODIAN)
    number = f"SCALE-{uuid4().hex[:8]}"
    wish = EquipmentIn(
        number=number,
        name="S229 动态称重",
        kind=kind,
        site="S229 K12",
        standard="GB/T 21296",
    )
    with store.begin() as tx:
        made = tx.equipment.register(custodian, wish)
        fresh = tx.equipment.make_source(custodian, "S229 站", fresh_password())
        tx.equipment.bind(custodian, made.id, fresh.account_id, made.version)
    with store.begin() as tx:
        session = tx.accounts.open_session(fresh.account_id)
    if is_admitted:
        admit(store, custodian, made.id, is_certified=is_certified)
    return Highway(
        store=store,
        agency=agency,
        custodian=custodian,
        source=session.actor,
        source_token=session.token,
        first=make_account(store, agency, Role.EVIDENCE_REVIEWER)[1],
        second=make_account(store, agency, Role.LEGAL_REVIEWER)[1],
        handler=make_account(store, agency, Role.HANDLER)[1],
        equipment_id=made.id,
        number=number,
    )


def admit(store: Store, custodian: Actor, ident: UUID, *, is_certified: bool = True) -> None:
    """Enter every fact that the gate asks for, a year back; a certificate unless told otherwise."""
    with store.begin() as tx:
        year_ago = tx.now - timedelta(days=365)
        version = tx.equipment.get(custodian, ident).version
        certificate = CertificateIn(
            number="C-1", issuer="省计量院", valid_from=year_ago, valid_until=tx.now + timedelta(days=30)
        )
        if is_certified:
            version = tx.equipment.certify(custodian, ident, certificate, version).version
        for kind in ReviewKind:
            review = EquipmentReviewIn(kind=kind, document=f"{kind}-1", reviewed_at=year_ago)
            version = tx.equipment.review(custodian, ident, review, version).version
        publication = PublicationIn(url="https://example.invalid/41", published_at=year_ago)
        tx.equipment.publish(custodian, ident, publication, version)
