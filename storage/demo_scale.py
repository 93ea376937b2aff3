"""The demo's fixed equipment: one axle scale in good order, and the rows it hands in. Everything is made up."""

import base64
import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from schemas.actor import Actor
from schemas.base import rfc3339
from schemas.equipment import (
    CertificateIn,
    EquipmentIn,
    EquipmentKind,
    EquipmentReviewIn,
    PublicationIn,
    ReviewKind,
)
from schemas.manifest import Datum
from storage.equipment import NewSource
from storage.intake_batch import Receipt
from storage.receive_batch import receive_batch
from storage.store import Store, Transaction

NUMBER = "S229-K12-01"
SITE = "省道 S229 K12+300 北向"
LAT_E7, LON_E7 = 333_475_000, 1_201_626_000

TRUCKS: Sequence[tuple[str, str, str, str, str]] = (
    ("苏J8K213", "某某运输公司", "91320903MA1DEM001U", "52300", "49000"),
    ("苏J5B760", "某某物流公司", "91320903MA1DEM002Y", "61240", "49000"),
    ("苏J1T095", "某某砂石经营部", "91320903MA1DEM0032", "33800", "31000"),
)
"""Plate, party, party code, weight and limit in kilograms."""


def admit_scale(tx: Transaction, custodian: Actor) -> NewSource:
    """Register the scale, bind a source to it and enter every fact that article 41 asks for."""
    wish = EquipmentIn(
        number=NUMBER,
        name="S229 动态汽车衡",
        kind=EquipmentKind.AXLE_SCALE,
        site=SITE,
        standard="GB/T 21296",
        lat_e7=LAT_E7,
        lon_e7=LON_E7,
        crs=Datum.WGS84,
    )
    made = tx.equipment.register(custodian, wish)
    source = tx.equipment.make_source(custodian, "S229 K12 称重站")
    version = tx.equipment.bind(custodian, made.id, source.account_id, made.version).version
    year = timedelta(days=365)
    certificate = CertificateIn(
        number="示检定字 2026-0012",
        issuer="示范计量检定所",
        valid_from=tx.now - year / 2,
        valid_until=tx.now + year / 2,
    )
    version = tx.equipment.certify(custodian, made.id, certificate, version).version
    for kind, document in (
        (ReviewKind.TECHNICAL, "技术审核意见 2026-03"),
        (ReviewKind.LEGAL, "法制审核意见 2026-03"),
    ):
        review = EquipmentReviewIn(kind=kind, document=document, reviewed_at=tx.now - year / 3)
        version = tx.equipment.review(custodian, made.id, review, version).version
    publication = PublicationIn(url="https://example.invalid/notice/s229-k12", published_at=tx.now - year / 4)
    tx.equipment.publish(custodian, made.id, publication, version)
    return source


def rows(now: datetime, pictures: Sequence[bytes]) -> list[bytes]:
    """Return the demo's overload rows as lines of a batch, each with one of the pictures where there are any."""
    return [
        json.dumps(_row(number, now, pictures), ensure_ascii=False).encode() for number in range(len(TRUCKS))
    ]


def _row(number: int, now: datetime, pictures: Sequence[bytes]) -> dict[str, Any]:
    plate, party, code, weight, limit = TRUCKS[number]
    row: dict[str, Any] = {
        "equipment": NUMBER,
        "record_id": f"demo-{number + 1}",
        "captured_at": rfc3339(now - timedelta(hours=2, minutes=7 * number)),
        "matter": "超限运输",
        "place": SITE,
        "plate": plate,
        "party": party,
        "party_code": code,
        "lat_e7": LAT_E7,
        "lon_e7": LON_E7,
        "crs": "WGS84",
        "values": [
            {"name": "gross_weight", "value": weight, "unit": "kg", "limit": limit},
            {"name": "axle_count", "value": "6"},
            {"name": "speed", "value": "42.5", "unit": "km/h"},
        ],
    }
    if pictures:
        picture = base64.b64encode(pictures[number % len(pictures)]).decode()
        row["media"] = [{"jpeg": picture, "filename": f"{plate}.jpg"}]
    return row


def send_rows(store: Store, source: Actor, pictures: Sequence[bytes]) -> Receipt:
    """Hand in the demo's rows; again they are duplicates of themselves."""
    return receive_batch(store, source, rows(store.clock(), pictures))
