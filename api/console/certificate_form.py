"""The forms of people's certificates: issued by days or hours in UTC+8, moved from a time on, verified each year."""

from datetime import time, timedelta
from typing import ClassVar

from api.console.typed import (
    Change,
    Fault,
    Forms,
    Mistaken,
    Typed,
    Versioned,
    day_at,
    into,
    label,
    seen,
    time_or_none,
)
from schemas.certificate import CertificateIssueIn, CertificateStepIn, CertificateVerifyIn


class CertificateIssueForm(Typed[CertificateIssueIn]):
    """A new certificate by days in UTC+8: the last one is a valid one, whole or to an hour."""

    account_id: str = label("持证人")
    number: str = label("执法证号")
    kind: str = label("类别")
    valid_from: str = label("有效期从")
    valid_to: str = label("到（含当日）")
    ends_hour: str = label("当日几点失效（东八区，不填为当日结束）")

    whole: ClassVar[tuple[str, Fault]] = ("valid_to", Fault.REVERSED)
    renamed: ClassVar[dict[str, str]] = {"valid_until": "valid_to"}

    def wish(self) -> CertificateIssueIn:
        until = day_at(self, "valid_to", days=0 if self.ends_hour else 1)
        if self.ends_hour:
            until += _hours(self.ends_hour)
        return into(self, CertificateIssueIn, valid_from=day_at(self, "valid_from"), valid_until=until)


def _hours(text: str) -> timedelta:
    try:
        hour = time.fromisoformat(text)
    except ValueError:
        raise Mistaken("ends_hour", Fault.NO_TIME) from None
    return timedelta(hours=hour.hour, minutes=hour.minute)


class _StepForm(Versioned[Change[CertificateStepIn]]):
    from_at: str = label("从何时起（东八区，不填为现在）")
    reason: str = label("理由")

    def wish(self) -> Change[CertificateStepIn]:
        wish = into(self, CertificateStepIn, from_at=time_or_none(self, "from_at"))
        return Change(wish, seen(self))


class SuspendForm(_StepForm):
    """Why a certificate is suspended."""


class RestoreForm(_StepForm):
    """Why a certificate is given back."""


class WithdrawForm(_StepForm):
    """Why a certificate is withdrawn."""


class CancelForm(_StepForm):
    """Why a certificate is cancelled."""


class VerifyForm(Versioned[Change[CertificateVerifyIn]]):
    """An annual verification."""

    verified_at: str = label("年审时间（东八区，不填为现在）")
    reason: str = label("说明（可不填）")

    def wish(self) -> Change[CertificateVerifyIn]:
        wish = into(self, CertificateVerifyIn, verified_at=time_or_none(self, "verified_at"))
        return Change(wish, seen(self))


class RegisterForms(Forms):
    """The form of the list."""

    issue: CertificateIssueForm = CertificateIssueForm()


class CertificateForms(Forms):
    """The forms of one certificate."""

    suspend: SuspendForm = SuspendForm()
    restore: RestoreForm = RestoreForm()
    withdraw: WithdrawForm = WithdrawForm()
    cancel: CancelForm = CancelForm()
    verify: VerifyForm = VerifyForm()
