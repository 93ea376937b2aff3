"""Forms: what was typed, what it means, and which field means nothing.

A form holds texts alone, each of them empty until something is typed. So the framework refuses none of them, a page
can always show again what it was given, and no template meets a member that is not there. `wish` says what the texts
mean together; a text that means nothing is told by the name of its field, by `meaning`.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated, Any, ClassVar, Generic, NamedTuple, Self, TypeVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from api.console.form import day_start, local_time
from schemas.words import Words

W = TypeVar("W")
B = TypeVar("B", bound=BaseModel)
_E7 = 10_000_000


class Fault(StrEnum):
    """What can be wrong with one field."""

    MISSING = "missing"
    TOO_LONG = "too_long"
    TOO_SHORT = "too_short"
    TOO_SMALL = "too_small"
    TOO_LARGE = "too_large"
    NO_NUMBER = "no_number"
    NO_TIME = "no_time"
    NOT_LISTED = "not_listed"
    REVERSED = "reversed"
    HALF = "half"
    MALFORMED = "malformed"
    NO_SHEET = "no_sheet"
    NO_TRAINING_SHEET = "no_training_sheet"
    DIFFERS = "differs"
    PASSWORD_SHORT = "password_short"  # noqa: S105 - what is wrong with one
    PASSWORD_SIMPLE = "password_simple"  # noqa: S105 - as above
    PASSWORD_KNOWN = "password_known"  # noqa: S105 - as above
    PASSWORD_PERSONAL = "password_personal"  # noqa: S105 - as above


class Sentence(NamedTuple):
    """What is wrong with `{field}`, and what to do."""

    said: Words
    next: Words


_OTHER = Words("换一个密码后重新提交。", "Choose another password, and send again.")
_CORRECT = Words("改正后重新提交。", "Correct it, and send again.")

SENTENCES: Mapping[Fault, Sentence] = MappingProxyType(
    {
        Fault.MISSING: Sentence(
            Words("“{field}”没有填写。", "“{field}” is missing."),
            Words("填写后重新提交。", "Fill it in, and send again."),
        ),
        Fault.TOO_LONG: Sentence(
            Words("“{field}”太长，最多 {bound} 个字。", "“{field}” may have {bound} characters at most."),
            Words("写短一些后重新提交。", "Shorten it, and send again."),
        ),
        Fault.TOO_SHORT: Sentence(
            Words("“{field}”太短，至少 {bound} 个字。", "“{field}” must have {bound} characters at least."),
            Words("补全后重新提交。", "Complete it, and send again."),
        ),
        Fault.TOO_SMALL: Sentence(
            Words("“{field}”不能小于 {bound}。", "“{field}” must be {bound} at least."), _CORRECT
        ),
        Fault.TOO_LARGE: Sentence(
            Words("“{field}”不能大于 {bound}。", "“{field}” may be {bound} at most."), _CORRECT
        ),
        Fault.NO_NUMBER: Sentence(Words("“{field}”不是有效的数字。", "“{field}” is no number."), _CORRECT),
        Fault.NO_TIME: Sentence(
            Words("“{field}”不是有效的日期或时间。", "“{field}” is no date or time."), _CORRECT
        ),
        Fault.NOT_LISTED: Sentence(
            Words("“{field}”不在可选范围内。", "“{field}” is none of the choices."),
            Words("从列出的各项中选择后重新提交。", "Choose from the list, and send again."),
        ),
        Fault.REVERSED: Sentence(
            Words("“{field}”早于开始的日期。", "“{field}” is before the start."), _CORRECT
        ),
        Fault.HALF: Sentence(
            Words("“{field}”没有成对填写。", "“{field}” lacks its counterpart."),
            Words("两项都填写，或都不填写，再重新提交。", "Fill in both or neither, and send again."),
        ),
        Fault.NO_SHEET: Sentence(
            Words(
                "“{field}”不是能读的名册：首行须有姓名、登录名、单位代码，至多 500 人。",
                "“{field}” is no roster: the first row names name, login and agency, and it holds 500 people at most.",
            ),
            _CORRECT,
        ),
        Fault.NO_TRAINING_SHEET: Sentence(
            Words(
                "“{field}”不是能读的培训表：首行须有登录名或执法证号、培训日期、培训类别、学时、培训内容，至多 2000 行。",
                "“{field}” is no sheet of training: the first row names login or certificate, date, kind, hours and"
                " subject, and it holds 2,000 rows at most.",
            ),
            _CORRECT,
        ),
        Fault.DIFFERS: Sentence(
            Words("“{field}”与前面输入的不同。", "“{field}” differs from what was typed before."),
            Words("两处输入相同的密码后重新提交。", "Type the same password twice, and send again."),
        ),
        Fault.PASSWORD_SHORT: Sentence(
            Words(
                "“{field}”太短：至少 12 个字符，或 8 个以上汉字的短语。",
                "“{field}” is too short: 12 characters, or a phrase of 8 Chinese characters.",
            ),
            _OTHER,
        ),
        Fault.PASSWORD_SIMPLE: Sentence(
            Words(
                "“{field}”太简单：只有数字，或是重复、连续的字符。",
                "“{field}” is too simple: digits alone, repeated signs or runs of the keyboard.",
            ),
            _OTHER,
        ),
        Fault.PASSWORD_KNOWN: Sentence(
            Words("“{field}”是常见密码，最先被猜到。", "“{field}” is a common one, guessed first."), _OTHER
        ),
        Fault.PASSWORD_PERSONAL: Sentence(
            Words(
                "“{field}”主要由登录名、姓名或单位名称组成。",
                "“{field}” is mostly the log-in name, the name or the agency.",
            ),
            _OTHER,
        ),
        Fault.MALFORMED: Sentence(
            Words("“{field}”的写法不符合要求。", "“{field}” is not written as it must be."), _CORRECT
        ),
    }
)
"""The sentences of a form's mistakes."""

_FAULTS: Mapping[str, Fault] = MappingProxyType(
    {
        "string_too_long": Fault.TOO_LONG,
        "string_too_short": Fault.TOO_SHORT,
        "greater_than_equal": Fault.TOO_SMALL,
        "less_than_equal": Fault.TOO_LARGE,
        "int_parsing": Fault.NO_NUMBER,
        "int_parsing_size": Fault.NO_NUMBER,
        "decimal_parsing": Fault.NO_NUMBER,
        "finite_number": Fault.NO_NUMBER,
        "uuid_parsing": Fault.NOT_LISTED,
        "enum": Fault.NOT_LISTED,
        "literal_error": Fault.NOT_LISTED,
    }
)
"""What a broken constraint means to a person; every other one is a way of writing that is not allowed."""

_BOUNDS = ("max_length", "min_length", "ge", "le")


class Mistaken(Exception):
    """A field means nothing; `about` says in which row. No error of the product: it never leaves the console."""

    def __init__(self, field: str, fault: Fault, *, bound: object = "", about: str = "") -> None:
        super().__init__(f"{field}: {fault}")
        self.field = field
        self.fault = fault
        self.bound = bound
        self.about = about


class Typed(BaseModel, Generic[W]):
    """The texts of one form, without the spaces at their ends.

    `renamed` says into which field a member of the wish (`a`, or `a.0.b`) is typed where the two have different
    names, `whole` which field and fault is told when all fields are right and together wrong, `refused` beside which
    field a refusal is told, by its slug.
    """

    model_config = ConfigDict(frozen=True, str_strip_whitespace=True)

    renamed: ClassVar[Mapping[str, str]] = MappingProxyType({})
    whole: ClassVar[tuple[str, Fault] | None] = None
    refused: ClassVar[Mapping[str, str]] = MappingProxyType({})

    def wish(self) -> W:
        """Return what the texts mean.

        Raises:
            ValidationError, Mistaken: a text means nothing.
        """
        raise NotImplementedError

    def texts(self) -> Iterator[tuple[str, str]]:
        """Every text with the name of its field."""
        for name in type(self).model_fields:
            value = getattr(self, name)
            yield from ((name, text) for text in ([value] if isinstance(value, str) else value))


class Forms(BaseModel):
    """The forms of one page: blank, but for the one that is shown again; `path` is the address it was sent to."""

    model_config = ConfigDict(frozen=True)

    path: str = ""

    @classmethod
    def after(cls, form: BaseModel | None, path: str) -> Self:
        """Return the forms of a page that shows `form` again."""
        mine = [name for name, field in cls.model_fields.items() if field.annotation is type(form)]
        return cls.model_validate({**dict.fromkeys(mine, form), "path": path})

    def at(self, name: str, path: str) -> BaseModel:
        """Return the form that is sent to `path`, of those that the page repeats: a blank one but for one of them."""
        form: BaseModel = getattr(self, name)
        return form if path == self.path else type(form)()


def label(title: str) -> Any:  # noqa: ANN401 - stands in for a text, as pydantic's own Field does
    """Declare a field with its name on the screen: a source text, translated like those of the templates."""
    return Field(default="", title=title)


def labels(title: str) -> Any:  # noqa: ANN401 - as above
    """Declare a field that stands on the form several times."""
    return Field(default_factory=list, title=title)


def meaning(form: Typed[W]) -> W:
    """Return what a form means.

    Raises:
        Mistaken: a field means nothing.
    """
    for name, text in form.texts():
        if "\0" in text:  # no database keeps it, and nobody types it
            raise Mistaken(name, Fault.MALFORMED)
    try:
        return form.wish()
    except ValidationError as err:
        raise mistaken(form, err) from err


def read(form: Typed[Any], name: str, kind: TypeAdapter[W]) -> W:
    """Return what the text of one field means.

    Raises:
        Mistaken: it means nothing.
    """
    try:
        return kind.validate_python(getattr(form, name))
    except ValidationError as err:
        raise mistaken(form, err, name) from err


def mistaken(form: Typed[Any], err: ValidationError, field: str = "", *, about: str = "") -> Mistaken:
    """Name the field of the first thing that is wrong; what no field of the form says is a fault of ours."""
    first = err.errors(include_url=False)[0]
    path = [str(step) for step in first["loc"]]
    if not field and not path and form.whole is not None:
        return Mistaken(*form.whole)
    name = field or form.renamed.get(".".join(path), path[0] if path else "")
    if name not in type(form).model_fields:
        raise err
    bounds = {key: first["ctx"][key] for key in _BOUNDS if key in first.get("ctx", {})}
    if first["type"] == "missing" or first["input"] == "" or bounds.get("min_length") == 1:
        return Mistaken(name, Fault.MISSING, about=about)
    fault = _FAULTS.get(first["type"], Fault.MALFORMED)
    return Mistaken(name, fault, bound=next(iter(bounds.values()), ""), about=about)


def into(form: Typed[Any], kind: type[B], **changed: object) -> B:
    """Return the model that is typed into this form, field by field; what is empty was not given."""
    given = {name: getattr(form, name, "") for name in kind.model_fields}
    return kind.model_validate({name: text for name, text in given.items() if text} | changed)


IDENT = TypeAdapter(UUID)
VERSION = TypeAdapter(Annotated[int, Field(ge=0, le=2**31 - 1)])


class Change(NamedTuple, Generic[W]):
    """A wish, and the version of the page that it was made on."""

    wish: W
    seen: int


def change_of(form: "Versioned[Any]", kind: type[B]) -> Change[B]:
    """Return the model that is typed into this form, with the version of its page."""
    return Change(into(form, kind), seen(form))


class Versioned(Typed[W]):
    """A form that changes what was seen in one version; a later one refuses it."""

    version: str = label("页面版本")


class VersionForm(Versioned[int]):
    """A button: nothing but the version of the page."""

    def wish(self) -> int:
        return seen(self)


class NoFields(Typed[None]):
    """A button that needs not even a version."""

    def wish(self) -> None:
        return None


def seen(form: Versioned[Any]) -> int:
    """Return the version of the page that a form stood on."""
    return read(form, "version", VERSION)


def time_at(form: Typed[Any], name: str) -> datetime:
    """Return a time that has to be typed, read in UTC+8."""
    at = time_or_none(form, name)
    if at is None:
        raise Mistaken(name, Fault.MISSING)
    return at


def time_or_none(form: Typed[Any], name: str) -> datetime | None:
    """Return a time that may be left out, read in UTC+8."""
    text = getattr(form, name)
    return _found(name, local_time(text)) if text else None


def day_at(form: Typed[Any], name: str, *, days: int = 0) -> datetime:
    """Return the start of a day that has to be typed, read in UTC+8, or of one `days` later."""
    text = getattr(form, name)
    if not text:
        raise Mistaken(name, Fault.MISSING)
    return _found(name, day_start(text, days=days))


def _found(name: str, at: datetime | None) -> datetime:
    if at is None:
        raise Mistaken(name, Fault.NO_TIME)
    return at


LATITUDE = TypeAdapter[Decimal](Annotated[Decimal, Field(ge=-90, le=90)])
LONGITUDE = TypeAdapter[Decimal](Annotated[Decimal, Field(ge=-180, le=180)])


def degrees_e7(form: Typed[Any], name: str, kind: TypeAdapter[Decimal]) -> int | None:
    """Return degrees times 10^7; None when nothing is typed."""
    return round(read(form, name, kind) * _E7) if getattr(form, name) else None
