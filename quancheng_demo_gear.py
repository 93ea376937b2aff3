"""Two more pieces of equipment of the demo: a street camera that needs no certificate, and a scale whose own is void.

The camera saw a lorry go round the scale. The second scale had its certificate annulled after two people had found one
of its records valid: the record waits for both again.
"""

import base64
import json
from datetime import timedelta
from typing import Any, NamedTuple

from quancheng_demo import LAT_E7, LON_E7, SITE, certify, publish
from schemas.actor import Actor
from schemas.base import HexDigest, rfc3339
from schemas.equipment import EquipmentIn, EquipmentKind
from schemas.equipment_annul import AnnulIn
from schemas.ids import EquipmentId, MonitoringId
from schemas.manifest import Datum
from schemas.monitoring import OpinionIn, OpinionWord, ReviewStage
from storage.flow.intake import receive_batch
from storage.store import Store
from storage.transaction import Transaction

CAMERA_PICTURE = "camera/1.jpg"
"""What the camera took, below the folder of the bundled media."""
CAMERA_PLATE = "苏J7D402"

_CAMERA = EquipmentIn(
    number="S229-K12-C1",
    name="S229 卡口摄像机",
    kind=EquipmentKind.CAMERA,
    site="省道 S229 K12+100 匝道口",
    standard="GA/T 497",
    lat_e7=LAT_E7 - 14_000,
    lon_e7=LON_E7 - 9_000,
    crs=Datum.WGS84,
)
_SCALE = EquipmentIn(
    number="S229-K12-02",
    name="S229 动态汽车衡（南向）",
    kind=EquipmentKind.AXLE_SCALE,
    site=SITE.replace("北向", "南向"),
    standard="GB/T 21296",
    lat_e7=LAT_E7,
    lon_e7=LON_E7 + 2_000,
    crs=Datum.WGS84,
)
_CERTIFICATE = "示检定字 2026-0013"
_WEIGHED = "demo-south-1"
_WHY_VOID = "检定机构来函：所用标准砝码超期，检定结论自始无效"


class Station(NamedTuple):
    """Who keeps the register, whose machine hands in, and the two who review what it hands in."""

    custodian: Actor
    source: Actor
    first: Actor
    second: Actor


def show_gear(store: Store, station: Station, picture: bytes) -> None:
    """Register both, hand in a record of each, and annul the certificate of the second scale; nothing the second time."""
    if _register(store, station) is None:
        return
    now = store.clock()
    lines = {
        1: _seen(rfc3339(now - timedelta(hours=3)), picture),
        2: _weighed(rfc3339(now - timedelta(hours=4))),
    }
    rows = {line: json.dumps(row, ensure_ascii=False).encode() for line, row in lines.items()}
    results = receive_batch(store, station.source, rows).results
    weighed = next((one.id for one in results if one.record_id == _WEIGHED), None)
    if weighed is not None:
        _judge(store, station, weighed)
        _annul(store, station)


def _register(store: Store, station: Station) -> EquipmentId | None:
    """Return the scale that was registered with the camera; None where both were before."""
    with store.begin() as tx:
        if _find(tx, station) is not None:
            return None
        camera = tx.equipment.register(station.custodian, _CAMERA)
        version = tx.equipment.bind(
            station.custodian, camera.id, station.source.account_id, camera.version
        ).version
        publish(tx, station.custodian, camera.id, version)
        scale = tx.equipment.register(station.custodian, _SCALE)
        version = tx.equipment.bind(
            station.custodian, scale.id, station.source.account_id, scale.version
        ).version
        version = certify(tx, station.custodian, scale.id, _CERTIFICATE, version)
        publish(tx, station.custodian, scale.id, version)
        return scale.id


def _find(tx: Transaction, station: Station) -> EquipmentId | None:
    rows = tx.equipment.page(station.custodian).rows
    return next((one.id for one in rows if one.number == _SCALE.number), None)


def _judge(store: Store, station: Station, ident: MonitoringId) -> None:
    """Let both find the record valid, each by what they see."""
    for reviewer, stage in ((station.first, ReviewStage.FIRST), (station.second, ReviewStage.SECOND)):
        with store.begin() as tx:
            seen = tx.monitoring.get(reviewer, ident).version
            wish = OpinionIn(opinion=OpinionWord.VALID, reason="称重数据完整，车牌清晰")
            tx.monitoring.opine(reviewer, ident, stage, wish, seen)


def _annul(store: Store, station: Station) -> None:
    with store.begin() as tx:
        ident = _find(tx, station)
        if ident is None:
            return
        held = tx.equipment.get(station.custodian, ident)
        (entry,) = (HexDigest(one.entry) for one in tx.equipment.facts(ident).said().certificates)
        shown = tx.reopenings.touched(station.custodian, ident, entry)
        wish = AnnulIn(reason=_WHY_VOID, records=shown.records, cases=shown.cases)
        tx.reopenings.annul(station.custodian, ident, entry, wish, held.version)


def _seen(captured_at: str, picture: bytes) -> dict[str, Any]:
    return {
        "equipment": _CAMERA.number,
        "record_id": "demo-camera-1",
        "captured_at": captured_at,
        "matter": "绕行逃避检测",
        "place": _CAMERA.site,
        "plate": CAMERA_PLATE,
        "party": "某某运输服务部",
        "lat_e7": _CAMERA.lat_e7,
        "lon_e7": _CAMERA.lon_e7,
        "crs": "WGS84",
        "values": [{"name": "speed", "value": "36.0", "unit": "km/h"}],
        "media": [{"jpeg": base64.b64encode(picture).decode(), "filename": f"{CAMERA_PLATE}.jpg"}],
    }


def _weighed(captured_at: str) -> dict[str, Any]:
    return {
        "equipment": _SCALE.number,
        "record_id": _WEIGHED,
        "captured_at": captured_at,
        "matter": "超限运输",
        "place": _SCALE.site,
        "plate": "苏J3C318",
        "party": "某某建材公司",
        "party_code": "91320903MA1DEM0045",
        "lat_e7": _SCALE.lat_e7,
        "lon_e7": _SCALE.lon_e7,
        "crs": "WGS84",
        "values": [
            {"name": "gross_weight", "value": "56180", "unit": "kg", "limit": "49000"},
            {"name": "axle_count", "value": "6"},
        ],
    }
