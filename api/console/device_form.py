"""The forms of one device: what it is called and is, how it was found, who has it, and its end."""

from pydantic import ValidationError

from api.console.typed import (
    IDENT,
    Fault,
    Forms,
    Mistaken,
    Typed,
    W,
    into,
    label,
    labels,
    mistaken,
    read,
    time_or_none,
)
from schemas.device import RenameIn, RevokeIn
from schemas.holding import CheckedIn, CheckIn, DescribeIn, HoldingAmendIn, IssueIn, ReturnIn
from schemas.ids import AccountId

OK, BAD = "ok", "bad"
"""What is typed of a point; nothing: it was not looked at."""
NOBODY = "nobody"
"""What is chosen where a device was never handed out so."""


class RenameForm(Typed[RenameIn]):
    """What a device is called from now on."""

    name: str = label("设备名称")

    def wish(self) -> RenameIn:
        return into(self, RenameIn)


class RevokeForm(Typed[RevokeIn]):
    """Why a device is revoked."""

    reason_code: str = label("原因")
    reason: str = label("说明")

    def wish(self) -> RevokeIn:
        return into(self, RevokeIn)


class DescribeForm(Typed[DescribeIn]):
    """What a device is, by its plate."""

    kind: str = label("设备种类")
    maker: str = label("厂商")
    model: str = label("型号（铭牌）")
    serial: str = label("出厂编号")
    reason: str = label("更正的原因")

    def wish(self) -> DescribeIn:
        return into(self, DescribeIn)


class Checking(Typed[W]):
    """Every point of a check: three lists that stand side by side, a row for each."""

    item: list[str] = labels("检查项目")
    found: list[str] = labels("检查结果")
    remark: list[str] = labels("备注")

    def check(self) -> CheckIn | None:
        """Return the check; None where nobody looked at any point."""
        if not len(self.item) == len(self.found) == len(self.remark):
            raise Mistaken("found", Fault.HALF)
        if not any(self.found):
            return None
        rows = zip(self.item, self.found, self.remark, strict=True)
        return CheckIn(items=tuple(self._point(str(place), *row) for place, row in enumerate(rows, start=1)))

    def _point(self, place: str, item: str, found: str, remark: str) -> CheckedIn:
        if found not in (OK, BAD):
            raise Mistaken("found", Fault.NOT_LISTED if found else Fault.MISSING, about=place)
        try:
            return CheckedIn.model_validate({"item": item, "ok": found == OK, "remark": remark})
        except ValidationError as err:
            raise mistaken(self, err, about=place) from err

    def row(self, place: int) -> tuple[str, str]:
        """Return result and remark that were typed in one row."""
        rows = list(zip(self.found, self.remark, strict=False))
        return rows[place] if place < len(rows) else ("", "")


class CheckForm(Checking[CheckIn]):
    """How a device was found, in between."""

    def wish(self) -> CheckIn:
        found = self.check()
        if found is None:
            raise Mistaken("found", Fault.MISSING)
        return found


class IssueForm(Checking[IssueIn]):
    """Who is handed a device, and how it was found."""

    person_id: str = label("领用人")
    from_at: str = label("领用时间（东八区，不填为现在）")
    due_at: str = label("应归还时间（东八区，长期领用不填）")
    reason: str = label("检查不合格或未检查仍发放的原因")

    def wish(self) -> IssueIn:
        return IssueIn(
            person_id=AccountId(read(self, "person_id", IDENT)),
            from_at=time_or_none(self, "from_at"),
            due_at=time_or_none(self, "due_at"),
            check=self.check(),
            reason=self.reason or None,
        )


class ReturnForm(Checking[ReturnIn]):
    """Since when a device is back, and how it was found."""

    until_at: str = label("归还时间（东八区，不填为现在）")
    reason: str = label("未检查的原因（如遗失、补登）")

    def wish(self) -> ReturnIn:
        return ReturnIn(
            until_at=time_or_none(self, "until_at"), check=self._looked(), reason=self.reason or None
        )

    def _looked(self) -> CheckIn | None:
        found = self.check()
        if found is None and not self.reason:
            raise Mistaken("reason", Fault.MISSING)
        return found


class HoldingAmendForm(Typed[HoldingAmendIn]):
    """Who really had a device; nobody where that is chosen."""

    person_id: str = label("实际领用人")
    from_at: str = label("实际领用时间（东八区，不填为不变）")
    until_at: str = label("实际归还时间（东八区，不填为不变）")
    reason: str = label("更正的理由")

    def wish(self) -> HoldingAmendIn:
        begins, ends = time_or_none(self, "from_at"), time_or_none(self, "until_at")
        if self.person_id == NOBODY:  # the times do not count; nonsense is named all the same
            return HoldingAmendIn.model_validate({"never": True, "reason": self.reason})
        person = read(self, "person_id", IDENT)
        return into(self, HoldingAmendIn, person_id=person, from_at=begins, until_at=ends)


class DeviceForms(Forms):
    """The forms of one device."""

    rename: RenameForm = RenameForm()
    revoke: RevokeForm = RevokeForm()
    describe: DescribeForm = DescribeForm()
    check: CheckForm = CheckForm()
    issue: IssueForm = IssueForm()
    give_back: ReturnForm = ReturnForm()
    amend: HoldingAmendForm = HoldingAmendForm()
