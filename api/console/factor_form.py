"""The forms of a second factor, and the picture that an authenticator scans."""

from typing import Annotated, NamedTuple

import segno
from pydantic import Field, TypeAdapter

from api.console.account_form import Secret
from api.console.typed import Forms, Typed, label, read
from schemas.account import Password

CODE = TypeAdapter[str](Annotated[str, Field(min_length=1, max_length=64)])
_PASSWORD = TypeAdapter[str](Password)


def picture_of(uri: str) -> str:
    """Return the QR code of a secret, as the address of a picture that stands on the page itself."""
    return segno.make(uri, error="m", micro=False).svg_data_uri(scale=4, border=3, light="white")


class SetUp(NamedTuple):
    """The password, the code of the factor that stands, and the first one of the new."""

    password: str
    now: str
    new: str


class SetUpForm(Typed[SetUp]):
    """A second factor, set up or replaced. `factor_now` stands on the form where one stands."""

    password: Secret = label("密码")
    factor_now: str = label("现在的验证码或恢复码")
    factor_code: str = label("新验证器显示的验证码")
    offer: str = Field(default="", title="")

    def wish(self) -> SetUp:
        return SetUp(read(self, "password", _PASSWORD), self.factor_now, read(self, "factor_code", CODE))


class GiveUpForm(Typed[SetUp]):
    """A second factor, given up."""

    password: Secret = label("密码")
    factor_now: str = label("现在的验证码或恢复码")

    def wish(self) -> SetUp:
        return SetUp(read(self, "password", _PASSWORD), read(self, "factor_now", CODE), "")


class FactorForms(Forms):
    """The forms of the own second factor."""

    set_up: SetUpForm = SetUpForm()
    give_up: GiveUpForm = GiveUpForm()
