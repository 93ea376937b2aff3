"""The forms of fixed equipment: its entry in the register, its dated facts, and who hands in its records."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import ClassVar, NamedTuple

from api.console.typed import (
    LATITUDE,
    LONGITUDE,
    Change,
    Fault,
    Forms,
    Mistaken,
    Typed,
    Versioned,
    change_of,
    day_at,
    degrees_e7,
    into,
    label,
    seen,
    time_at,
    time_or_none,
)
from api.equipment import BindIn, SourceIn
from schemas.equipment import (
    CertificateIn,
    EquipmentIn,
    EquipmentReviewIn,
    PublicationIn,
    SuspensionIn,
)
from schemas.equipment_amend import FactAmendIn
from schemas.equipment_annul import AnnulIn
from schemas.equipment_version import EquipmentDescribeIn


class EquipmentForm(Typed[EquipmentIn]):
    """A new piece of equipment; its position in degrees, both or neither."""

    number: str = label("设备编号")
    name: str = label("名称")
    kind: str = label("类别")
    site: str = label("设置地点")
    standard: str = label("执行标准")
    lat: str = label("纬度（度，可不填）")
    lon: str = label("经度（度，可不填）")
    crs: str = label("坐标基准")

    def wish(self) -> EquipmentIn:
        lat, lon = degrees_e7(self, "lat", LATITUDE), degrees_e7(self, "lon", LONGITUDE)
        if (lat is None) is not (lon is None):
            raise Mistaken("lat" if lat is None else "lon", Fault.HALF)
        crs = None if lat is None else self.crs or "WGS84"
        return into(self, EquipmentIn, lat_e7=lat, lon_e7=lon, crs=crs)


class SourceForm(Typed[SourceIn]):
    """A machine account."""

    name: str = label("名称")

    def wish(self) -> SourceIn:
        return into(self, SourceIn)


class CertificateForm(Versioned[Change[CertificateIn]]):
    """A certificate; the last day is a valid one."""

    number: str = label("证书编号")
    issuer: str = label("检定机构")
    valid_from: str = label("有效期从")
    valid_to: str = label("到（含当日）")
    recording_id: str = label("证书扫描件（可不选）")

    whole: ClassVar[tuple[str, Fault]] = ("valid_to", Fault.REVERSED)
    refused: ClassVar[Mapping[str, str]] = MappingProxyType({"certificate-scan-unknown": "recording_id"})

    def wish(self) -> Change[CertificateIn]:
        wish = into(
            self,
            CertificateIn,
            valid_from=day_at(self, "valid_from"),
            valid_until=day_at(self, "valid_to", days=1),
        )
        return Change(wish, seen(self))


class AnnulAsked(NamedTuple):
    """What somebody who annuls a certificate asks: what it would touch, or that it is done."""

    from_at: datetime | None
    change: Change[AnnulIn] | None


class AnnulForm(Versioned[AnnulAsked]):
    """A certificate is annulled in two steps: first what it would touch, then why, and that it is meant.

    `records` and `cases` are the numbers that the first step showed.
    """

    from_at: str = label("从何时起无效（东八区，自始无效不填）")
    reason: str = label("撤销的理由")
    records: str = label("受影响的记录")
    cases: str = label("受影响的案件")
    is_sure: str = label("确认")

    def wish(self) -> AnnulAsked:
        from_at, version = time_or_none(self, "from_at"), seen(self)
        if self.is_sure != "yes":
            return AnnulAsked(from_at, None)
        return AnnulAsked(from_at, Change(into(self, AnnulIn, from_at=from_at), version))


class ReviewForm(Versioned[Change[EquipmentReviewIn]]):
    """A technical or legal review."""

    kind: str = label("种类")
    document: str = label("文件")
    reviewed_at: str = label("审核时间（东八区）")

    def wish(self) -> Change[EquipmentReviewIn]:
        wish = into(self, EquipmentReviewIn, reviewed_at=time_at(self, "reviewed_at"))
        return Change(wish, seen(self))


class PublicationForm(Versioned[Change[PublicationIn]]):
    """Where and when the location was published."""

    url: str = label("公示网址")
    published_at: str = label("公示时间（东八区）")

    def wish(self) -> Change[PublicationIn]:
        wish = into(self, PublicationIn, published_at=time_at(self, "published_at"))
        return Change(wish, seen(self))


class SuspensionForm(Versioned[Change[SuspensionIn]]):
    """A time out of service; without a start it begins now."""

    from_at: str = label("从何时起（东八区，不填为现在）")
    reason: str = label("理由")

    def wish(self) -> Change[SuspensionIn]:
        wish = into(self, SuspensionIn, from_at=time_or_none(self, "from_at"))
        return Change(wish, seen(self))


class FactForm(Versioned[Change[FactAmendIn]]):
    """A dated fact, corrected; what stays empty stays as it is said."""

    from_at: str = label("实际开始时间（东八区，不填为不变）")
    until_at: str = label("实际结束时间（东八区，不填为不变）")
    number: str = label("证书编号（不填为不变）")
    issuer: str = label("检定机构（不填为不变）")
    document: str = label("文件（不填为不变）")
    url: str = label("公示网址（不填为不变）")
    never: str = label("是否确有此事")
    reason: str = label("更正的理由")

    whole: ClassVar[tuple[str, Fault]] = ("from_at", Fault.MISSING)

    def wish(self) -> Change[FactAmendIn]:
        begins, ends = time_or_none(self, "from_at"), time_or_none(self, "until_at")
        if self.never not in ("", "never"):
            raise Mistaken("never", Fault.NOT_LISTED)
        if self.never:
            wish = FactAmendIn.model_validate({"never": True, "reason": self.reason})
        else:
            wish = into(self, FactAmendIn, from_at=begins, until_at=ends, never=False)
        return Change(wish, seen(self))


class DescribeForm(Versioned[Change[EquipmentDescribeIn]]):
    """What equipment is, said anew; what stays empty stays as it is said."""

    kind: str = label("变更还是更正")
    from_at: str = label("从何时起（东八区）")
    number: str = label("设备编号（不填为不变）")
    name: str = label("名称（不填为不变）")
    site: str = label("设置地点（不填为不变）")
    standard: str = label("执行标准（不填为不变）")
    point: str = label("坐标")
    lat: str = label("纬度（度，不填为不变）")
    lon: str = label("经度（度，不填为不变）")
    crs: str = label("坐标基准")
    reason: str = label("变更或更正的理由")

    whole: ClassVar[tuple[str, Fault]] = ("reason", Fault.MISSING)
    renamed: ClassVar[dict[str, str]] = {"lat_e7": "lat", "lon_e7": "lon"}

    def wish(self) -> Change[EquipmentDescribeIn]:
        since = time_or_none(self, "from_at")
        if self.kind not in ("changed", "wrong"):
            raise Mistaken("kind", Fault.NOT_LISTED)
        if self.kind == "changed" and since is None:
            raise Mistaken("from_at", Fault.MISSING)
        if self.point not in ("", "none"):
            raise Mistaken("point", Fault.NOT_LISTED)
        lat, lon = degrees_e7(self, "lat", LATITUDE), degrees_e7(self, "lon", LONGITUDE)
        if (lat is None) is not (lon is None):
            raise Mistaken("lat" if lat is None else "lon", Fault.HALF)
        said = {"always": since is None, "from_at": since, "without_point": self.point == "none"}
        crs = None if lat is None else self.crs or "WGS84"
        return Change(into(self, EquipmentDescribeIn, **said, lat_e7=lat, lon_e7=lon, crs=crs), seen(self))


class BindForm(Versioned[Change[BindIn]]):
    """Who hands in what the equipment records."""

    source_id: str = label("由谁送来记录")

    def wish(self) -> Change[BindIn]:
        return change_of(self, BindIn)


class RegisterForms(Forms):
    """The forms of the register."""

    equipment: EquipmentForm = EquipmentForm()
    source: SourceForm = SourceForm()


class EquipmentForms(Forms):
    """The forms of one piece of equipment."""

    certificate: CertificateForm = CertificateForm()
    annul: AnnulForm = AnnulForm()
    review: ReviewForm = ReviewForm()
    publication: PublicationForm = PublicationForm()
    suspension: SuspensionForm = SuspensionForm()
    describe: DescribeForm = DescribeForm()
    fact: FactForm = FactForm()
    bind: BindForm = BindForm()
