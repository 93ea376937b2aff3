"""One act of one actor, typed: the base of the closed classes, one for each (event, version).

A class says what a leaf of its event holds: clear members that are ids, slugs, states, counts, times and digests
of what cannot be guessed, and salted members for everything a person wrote or is named by. What else must be
known of the event stands beside its members in `spec`. Nothing is ever added to, taken from or re-read in a
published class: a new member is a new version, a class beside the old one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, StrEnum
from types import MappingProxyType
from typing import Any, ClassVar, Self, get_args, get_origin

from pydantic import BaseModel, ConfigDict
from pydantic.fields import FieldInfo

from schemas.actor import Role
from schemas.base import rfc3339
from schemas.digest import sha256_hex
from schemas.opening import Erased, Hidden, Salted, Shown, commitment, hidden, opened, opening_bytes
from schemas.reference import UUID_FORM
from schemas.refusals_custody import LEAF_INVALID
from schemas.words import Words

ANY_CHAIN = "*"
"""Stands for the chain of whatever thing the subject is."""

_NOTHING: Mapping[str, str] = MappingProxyType({})


class Process(StrEnum):
    """Which process writes an event, with its own key."""

    API = "api"
    WORKER = "worker"
    SIGNER = "signer"
    EXPORTER = "exporter"
    KEEPER = "keeper"


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """What is known of an event beside its members.

    Attributes:
        event: `noun:verb`.
        ev: Version of the class.
        chains: Nouns of the chains a leaf takes a place in, sorted.
        among: Where it stands in the chain of whatever it is about: the nouns of what that may be; none where its subject
            has that chain itself.
        opens: It begins its chain, and only it can.
        by: Process that writes it.
        actors: Nouns of those who may act in it.
        roles: Roles of which an account that acts has one; none where the account acts for itself alone.
        by_itself: The account it is about may act in it too, whatever its roles.
        versions: Nouns of the things whose ETag its number becomes.
        neutral: Nouns whose state it leaves alone, so that withholding it hides nothing of theirs. For ever:
            heads bind names of events, not versions.
        words: The event in Chinese and in English.
        follows: What must be so before it, in words.
        columns: Member, or `at`, `actor`, `subject`, `n` → the columns that repeat it.
    """

    event: str
    ev: int = 1
    chains: tuple[str, ...] = ()
    among: tuple[str, ...] = ()
    opens: bool = False
    by: Process = Process.API
    actors: tuple[str, ...] = ("account",)
    roles: frozenset[Role] = frozenset()
    by_itself: bool = False
    versions: tuple[str, ...] = ()
    neutral: tuple[str, ...] = ()
    words: Words
    follows: str
    columns: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    noun: str = field(init=False)
    """The noun of the event and of its subject."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "noun", self.event.partition(":")[0])


class Part(BaseModel):
    """An object inside `facts`; all its members are clear."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_by_name=True, validate_by_alias=True)


class Element(BaseModel):
    """An element of a list in `facts`; a salted member of the k-th is committed as `member.k`, from 1."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)
    salted: ClassVar[Mapping[str, Salted]]

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:  # noqa: ANN401 - pydantic's own signature
        super().__pydantic_init_subclass__(**kwargs)
        cls.salted = _salted(cls)


class Act(BaseModel):
    """The members of one (event, version). Absent members are left out of the leaf, never null."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        arbitrary_types_allowed=True,
        validate_by_name=True,
        validate_by_alias=True,
    )
    spec: ClassVar[Spec]
    event: ClassVar[str]
    ev: ClassVar[int]
    salted: ClassVar[Mapping[str, Salted]]
    elements: ClassVar[Mapping[str, type[Element]]]
    agreeing: ClassVar[tuple[str, ...]]
    """Clear members named like a noun: they must name the chain's thing or the subject of that noun."""

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:  # noqa: ANN401 - pydantic's own signature
        super().__pydantic_init_subclass__(**kwargs)
        cls.event, cls.ev = cls.spec.event, cls.spec.ev
        cls.salted = _salted(cls)
        cls.elements = MappingProxyType(
            {name: kind for name, one in cls.model_fields.items() if (kind := _element_of(one.annotation))}
        )
        things = {*cls.spec.chains, cls.spec.noun}
        cls.agreeing = tuple(
            name for name, one in cls.model_fields.items() if name in things and _is_reference(name, one)
        )

    def facts(self) -> dict[str, Any]:
        """Return the clear members as they stand in the leaf."""
        return _facts(self, self.salted)

    def commitments(self) -> dict[str, str]:
        """Return member → commitment, hex, as they stand in the leaf."""
        return self.sealed()[0]

    def openings(self) -> dict[str, bytes]:
        """Return member → bytes of its opening, of every member that is shown."""
        return self.sealed()[1]

    def sealed(self) -> tuple[dict[str, str], dict[str, bytes]]:
        """Return the commitments, hex, and the openings of what is shown, each made once."""
        digests: dict[str, str] = {}
        openings: dict[str, bytes] = {}
        for member, value in self.committed().items():
            if isinstance(value, Shown):
                openings[member] = opening_bytes(member, value.salt, value.value)
                digests[member] = sha256_hex(openings[member])
            else:
                digests[member] = value.digest
        return digests, openings

    def committed(self) -> dict[str, Shown[Any] | Hidden | Erased]:
        """Return every salted member that stands in the leaf, those of elements as `member.k`."""
        found = {name: value for name in self.salted if (value := getattr(self, name)) is not None}
        for name, kind in self.elements.items():
            for k, element in enumerate(getattr(self, name) or (), start=1):
                found |= {
                    f"{member}.{k}": value
                    for member in kind.salted
                    if (value := getattr(element, member)) is not None
                }
        return found

    def revealed(self, openings: Mapping[str, bytes], erased: Mapping[str, str] = _NOTHING) -> Self:
        """Return the act with these members shown, and those of `erased` (member → leaf) named as erased.

        Raises:
            Invalid: an opening is of no member, not what the leaf commits to, or of another type.
        """
        known = self.committed()
        unknown = {*openings, *erased} - known.keys()
        if unknown:
            raise LEAF_INVALID(f"the leaf commits to no {min(unknown)}")
        seen = {
            member: opened(payload, member, _digest(member, known[member]), self._kind(member))
            for member, payload in openings.items()
        }
        gone = {
            member: Erased(_digest(member, known[member]), leaf)
            for member, leaf in erased.items()
            if member not in seen
        }
        return self._with({**gone, **seen})

    def _kind(self, member: str) -> Salted:
        name, dot, _ = member.partition(".")
        if not dot:
            return self.salted[name]
        return next(kind.salted[name] for kind in self.elements.values() if name in kind.salted)

    def _with(self, values: Mapping[str, Shown[Any] | Erased]) -> Self:
        changed: dict[str, Any] = {member: value for member, value in values.items() if "." not in member}
        for name, kind in self.elements.items():
            changed[name] = tuple(
                element.model_copy(
                    update={m: values[f"{m}.{k}"] for m in kind.salted if f"{m}.{k}" in values}
                )
                for k, element in enumerate(getattr(self, name) or (), start=1)
            )
        return self.model_copy(update=changed)


def act_of(kind: type[Act], facts: Mapping[str, Any], salted: Mapping[str, str]) -> Act:
    """Return the typed act that these members of a leaf say; nothing is shown yet.

    Raises:
        ValueError: a member is missing, unknown, of another type, or in the wrong half of the leaf.
    """
    members = dict(facts)
    for member, digest in salted.items():
        name, dot, k = member.partition(".")
        if dot:
            _place_in_element(kind, members, name, k, digest)
        elif name in members:
            raise ValueError(f"{name} is clear and salted")
        else:
            members[name] = hidden(digest)
    act: Act = kind.__pydantic_validator__.validate_python(members, by_alias=True, by_name=False)
    return act


def _place_in_element(kind: type[Act], members: dict[str, Any], name: str, k: str, digest: str) -> None:
    for listed, element in kind.elements.items():
        if name in element.salted and k.isascii() and k.isdigit() and k[0] != "0":
            elements = list(members[listed])
            elements[int(k) - 1] = {**elements[int(k) - 1], name: hidden(digest)}
            members[listed] = elements
            return
    raise ValueError(f"no list has {name}.{k}")


def _digest(member: str, value: Shown[Any] | Hidden | Erased) -> str:
    return commitment(member, value.salt, value.value) if isinstance(value, Shown) else value.digest


def _facts(value: BaseModel, salted: Mapping[str, Salted]) -> dict[str, Any]:
    return {
        one.alias or name: _plain(member)
        for name, one in type(value).model_fields.items()
        if name not in salted and (member := getattr(value, name)) is not None
    }


def _plain(value: Any) -> Any:  # noqa: ANN401 - any member
    if isinstance(value, BaseModel):
        return _facts(value, value.salted if isinstance(value, Element) else {})
    if isinstance(value, datetime):
        return rfc3339(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    if isinstance(value, Mapping):
        return {key: _plain(one) for key, one in value.items()}
    return value


def _salted(kind: type[BaseModel]) -> Mapping[str, Salted]:
    marks = {
        name: [mark for mark in (*one.metadata, *_inner_marks(one.annotation)) if isinstance(mark, Salted)]
        for name, one in kind.model_fields.items()
    }
    return MappingProxyType({name: found[0] for name, found in marks.items() if found})


def _inner_marks(annotation: Any) -> list[object]:  # noqa: ANN401 - a type
    """Marks of the alternatives of `X | None`, where pydantic leaves them inside."""
    parts = getattr(annotation, "__args__", ())
    return [mark for part in parts for mark in getattr(part, "__metadata__", ())]


def _is_reference(noun: str, member: FieldInfo) -> bool:
    return any(getattr(mark, "pattern", None) == f"^{noun}/{UUID_FORM}$" for mark in member.metadata)


def _element_of(annotation: Any) -> type[Element] | None:  # noqa: ANN401 - a type
    if get_origin(annotation) is not tuple:
        return None
    kind = get_args(annotation)[0]
    return kind if isinstance(kind, type) and issubclass(kind, Element) else None
