"""The forms of a monitoring record: an opinion, an attempt to tell the party, ties to cases."""

from datetime import datetime
from typing import Annotated, NamedTuple

from pydantic import AwareDatetime, Field, TypeAdapter

from api.case import UnlinkIn
from api.console.look_form import WhyForm
from api.console.typed import (
    Change,
    Fault,
    Forms,
    Mistaken,
    Typed,
    Versioned,
    change_of,
    into,
    label,
    read,
    time_or_none,
)
from schemas.base import WireIn
from schemas.ids import CaseId
from schemas.monitoring import (
    LinkBasis,
    NotificationIn,
    NotifyChannel,
    NotifyOutcome,
    OpinionIn,
    Reason,
)

CASE_NUMBER = TypeAdapter(Annotated[str, Field(min_length=1, max_length=64)])


class OpinionForm(Versioned[Change[OpinionIn]]):
    """An opinion on the record."""

    opinion: str = label("意见")
    reason: str = label("说明（判定无效时必填）")
    reason_code: str = label("无效理由")

    def wish(self) -> Change[OpinionIn]:
        return change_of(self, OpinionIn)


class Attempt(WireIn):
    """An attempt to tell the party; without a time it is made now."""

    channel: NotifyChannel
    outcome: NotifyOutcome
    attempted_at: AwareDatetime | None
    proof: Reason

    def at(self, now: datetime) -> NotificationIn:
        return NotificationIn(**{**dict(self), "attempted_at": self.attempted_at or now})


class AttemptForm(Typed[Attempt]):
    """An attempt to tell the party."""

    channel: str = label("渠道")
    outcome: str = label("结果")
    attempted_at: str = label("时间（东八区，不填为现在）")
    proof: str = label("凭证（短信编号、通话记录、邮寄单号等）")

    def wish(self) -> Attempt:
        return into(self, Attempt, attempted_at=time_or_none(self, "attempted_at"))


class LinkWish(WireIn):
    """A case: one that was suggested, or one by its number."""

    case_id: CaseId | None = None
    number: str = Field(default="", max_length=64)
    basis: LinkBasis = LinkBasis.MANUAL


class LinkForm(Typed[LinkWish]):
    """A tie to a case."""

    case_id: str = label("案件")
    number: str = label("按案号关联")
    basis: str = label("关联依据")

    def wish(self) -> LinkWish:
        wish = into(self, LinkWish)
        if wish.case_id is None and not wish.number:
            raise Mistaken("number", Fault.MISSING)
        return wish


class UnlinkForm(Typed[UnlinkIn]):
    """Why a tie ends."""

    reason: str = label("理由")

    def wish(self) -> UnlinkIn:
        return into(self, UnlinkIn)


class Numbered(NamedTuple):
    """The number of a case that is opened, and whether it stands although it is like none of the agency's."""

    number: str
    is_sure: bool


class OpenForm(Typed[Numbered]):
    """The number of the case that is opened from the record."""

    number: str = label("由本记录登记线索（案源），案号")
    number_is_sure: str = label("案号确实这样写")

    def wish(self) -> Numbered:
        return Numbered(read(self, "number", CASE_NUMBER), bool(self.number_is_sure))


class RecordForms(Forms):
    """The forms of one record."""

    opinion: OpinionForm = OpinionForm()
    attempt: AttemptForm = AttemptForm()
    link: LinkForm = LinkForm()
    unlink: UnlinkForm = UnlinkForm()
    opening: OpenForm = OpenForm()
    why: WhyForm = WhyForm()
