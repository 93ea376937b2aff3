"""The forms of people: coming in by a link, the own password, and what an administrator types."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Annotated, ClassVar, NamedTuple

from pydantic import StringConstraints, TypeAdapter

from api.console.typed import Fault, Forms, Mistaken, Typed, W, day_at, into, label, read, time_or_none
from schemas.account import AccountAmendIn, AccountIn, AdmissionIn, Password, RoleIn
from schemas.base import Reason
from schemas.membership import TransferIn
from schemas.password import PasswordFault, password_fault
from schemas.role import RoleAmendIn

Secret = Annotated[str, StringConstraints(strip_whitespace=False)]
"""A password, as typed: blanks are part of it, and no page ever shows it again."""

_PASSWORD = TypeAdapter[str](Password)
_REASON = TypeAdapter[str](Reason)
_FAULTS: Mapping[PasswordFault, Fault] = MappingProxyType(
    {
        PasswordFault.SHORT: Fault.PASSWORD_SHORT,
        PasswordFault.SIMPLE: Fault.PASSWORD_SIMPLE,
        PasswordFault.KNOWN: Fault.PASSWORD_KNOWN,
        PasswordFault.PERSONAL: Fault.PASSWORD_PERSONAL,
    }
)


class NewPassword(Typed[W]):
    """A form with a password that is typed twice."""

    password: Secret = label("密码")
    password_again: Secret = label("再输入一次")

    def wanted(self, *about: str) -> str:
        """Return the password that is wanted.

        Raises:
            Mistaken: it is not taken, or the two differ.
        """
        typed = read(self, "password", _PASSWORD)
        fault = password_fault(typed, about)
        if fault is not None:
            raise Mistaken("password", _FAULTS[fault])
        if read(self, "password_again", _PASSWORD) != typed:
            raise Mistaken("password_again", Fault.DIFFERS)
        return typed


class Admitted(NamedTuple):
    """Who comes in as an administrator, and the password that is wanted."""

    wish: AdmissionIn
    password: str


class AdmissionForm(NewPassword[Admitted]):
    """Whoever comes in by an administrator's link."""

    agency_name: str = label("单位名称")
    agency_code: str = label("统一社会信用代码（可不填）")
    name: str = label("姓名")
    login: str = label("登录名")

    def wish(self) -> Admitted:
        wish = into(self, AdmissionIn, code="-")
        return Admitted(wish, self.wanted(wish.login, wish.name, wish.agency_name or ""))


class LinkForm(NewPassword[str]):
    """The password of an account, set by its owner."""

    def wish(self) -> str:
        return self.wanted()


class Changed(NamedTuple):
    """The password that holds, and the one that is wanted."""

    old: str
    new: str


class PasswordForm(NewPassword[Changed]):
    """The own password, changed."""

    old_password: Secret = label("原密码")
    password: Secret = label("新密码")

    def wish(self) -> Changed:
        return Changed(read(self, "old_password", _PASSWORD), self.wanted())


class AccountForm(Typed[AccountIn]):
    """A person who gets an account."""

    name: str = label("姓名")
    login: str = label("登录名")
    agency_id: str = label("单位")

    def wish(self) -> AccountIn:
        return into(self, AccountIn)


class AmendForm(Typed[AccountAmendIn]):
    """The name and the log-in name of a person, corrected."""

    name: str = label("姓名")
    login: str = label("登录名")
    reason: str = label("理由")

    def wish(self) -> AccountAmendIn:
        return into(self, AccountAmendIn)


class RoleForm(Typed[RoleIn]):
    """A role by days in UTC+8; the last day is held too."""

    role: str = label("角色")
    from_day: str = label("从（不填为现在）")
    until_day: str = label("到（含当日，不填为长期）")

    whole: ClassVar[tuple[str, Fault]] = ("until_day", Fault.REVERSED)

    def wish(self) -> RoleIn:
        since = _day(self, "from_day")
        until = _day(self, "until_day", days=1)
        return into(self, RoleIn, valid_from=since, valid_until=until)


def _day(form: RoleForm, name: str, *, days: int = 0) -> datetime | None:
    return day_at(form, name, days=days) if getattr(form, name) else None


class TransferForm(Typed[TransferIn]):
    """To which agency a person moves, and from when on."""

    agency_id: str = label("调入单位")
    from_at: str = label("从（不填为现在）")
    reason: str = label("理由")

    def wish(self) -> TransferIn:
        return into(self, TransferIn, from_at=time_or_none(self, "from_at"))


class _Reasoned(Typed[str]):
    reason: str = label("理由")

    def wish(self) -> str:
        return read(self, "reason", _REASON)


class AmendRoleForm(Typed[RoleAmendIn]):
    """From when to when a role is held; what stays empty stays as it is said."""

    leaf: str = label("所更正的登记")
    from_at: str = label("实际开始时间（东八区，不填为不变）")
    until_at: str = label("实际结束时间（东八区，不填为不变）")
    for_good: str = label("期限")
    reason: str = label("更正的理由")

    whole: ClassVar[tuple[str, Fault]] = ("from_at", Fault.MISSING)

    def wish(self) -> RoleAmendIn:
        since, until = time_or_none(self, "from_at"), time_or_none(self, "until_at")
        if self.for_good not in ("", "yes"):
            raise Mistaken("for_good", Fault.NOT_LISTED)
        ends = {"for_good": True} if self.for_good else {"for_good": False, "valid_until": until}
        return into(self, RoleAmendIn, valid_from=since, **ends)


class CloseForm(_Reasoned):
    """Why an account is closed."""


class SignoutForm(_Reasoned):
    """Why the sessions of an account are ended."""


class TakeFactorForm(_Reasoned):
    """Why a second factor is taken away."""


class EndRoleForm(_Reasoned):
    """Why a role is ended."""


class NewAccountForms(Forms):
    """The form of a new account."""

    account: AccountForm = AccountForm()


class AccountForms(Forms):
    """The forms of one account."""

    amend: AmendForm = AmendForm()
    transfer: TransferForm = TransferForm()
    role: RoleForm = RoleForm()
    end_role: EndRoleForm = EndRoleForm()
    amend_role: AmendRoleForm = AmendRoleForm()
    close: CloseForm = CloseForm()
    signout: SignoutForm = SignoutForm()
    factor: TakeFactorForm = TakeFactorForm()


class OwnForms(Forms):
    """The forms of the own account."""

    password: PasswordForm = PasswordForm()
