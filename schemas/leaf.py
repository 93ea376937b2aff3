r"""The custody leaf: one act of one actor and the outcome it made, in bytes that can never change.

    {"actor","at","chains","ev","event","facts","id","salt","salted","subject","v"}

RFC 8785 in a narrower profile: every string is printable ASCII without `"` and `\`, so no escape exists and
`jq -cS .`, sorted `json.dumps` and any RFC 8785 library give the same bytes. The log holds only the SHA-256 of
a leaf; `salt` keeps anybody from testing a guessed leaf against it.
"""

import json
import re
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from schemas.act import ANY_CHAIN, Act, act_of
from schemas.base import Frozen, rfc3339
from schemas.canonical import check_profile
from schemas.errors import Invalid, ManifestInvalid
from schemas.leaves import LEAVES
from schemas.members import Digest256, EventName, Ordinal, Time
from schemas.reference import ActorReference, Reference, Uuid, ident_of, noun_of
from schemas.refusals_custody import LEAF_INVALID, LEAF_TOO_LONG

VERSION: Final = 1
"""Of the envelope; a change is a new log."""

MAX_LEAF_BYTES = 16_384
MAX_CHAINS = 3

_MEMBERS = frozenset(
    {"v", "event", "ev", "id", "salt", "actor", "subject", "at", "chains", "facts", "salted"}
)
_LEAF = re.compile(rb"[ -\[\]-~]+")
_HEX = re.compile(r"[0-9a-f]{64}")
_MEMBER = re.compile(r"[a-z][a-z0-9_]{0,31}(\.[1-9][0-9]{0,4})?")


class Place(Frozen):
    """A place in a chain: leaf number `n` of the thing `of`, after the head `prev`."""

    n: Ordinal
    of: Reference
    prev: Digest256


class Unknown(BaseModel):
    """An act of a (event, version) that this program does not know. Form, chain and time still hold."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    event: str
    ev: int
    members: dict[str, Any]
    committed: dict[str, str]

    def facts(self) -> dict[str, Any]:
        """Return the clear members as they stand in the leaf."""
        return self.members

    def commitments(self) -> dict[str, str]:
        """Return member → commitment, hex, as they stand in the leaf."""
        return self.committed


class Leaf(Frozen):
    """A leaf. `act` is of one closed class, or `Unknown`; ids and salts come in as arguments."""

    id: Uuid
    salt: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
    actor: ActorReference
    subject: Reference
    at: Time
    chains: tuple[Place, ...] = Field(max_length=MAX_CHAINS)
    act: Act | Unknown

    @property
    def event(self) -> str:
        """The name of its event."""
        return self.act.event if isinstance(self.act, Unknown) else self.act.spec.event

    @property
    def ev(self) -> int:
        """The version of its class."""
        return self.act.ev if isinstance(self.act, Unknown) else self.act.spec.ev

    def place(self, of: str) -> Place | None:
        """Return its place in the chain of `of`; None where it stands in no such chain."""
        return next((place for place in self.chains if place.of == of), None)

    @model_validator(mode="after")
    def _agrees(self) -> "Leaf":
        names = [place.of for place in self.chains]
        if names != sorted(set(names)):
            raise ValueError("places are sorted by the name of their thing, and no thing stands twice")
        if noun_of(self.subject) != self.event.partition(":")[0]:
            raise ValueError("the subject is of the event's noun")
        if isinstance(self.act, Act):
            self._check_known(self.act, names)
        return self

    def _check_known(self, act: Act, names: list[str]) -> None:
        spec = act.spec
        if noun_of(self.actor) not in spec.actors or (
            self.actor.startswith("service/") and not _writes(self)
        ):
            raise ValueError(f"{self.actor} does not act in {spec.event}")
        if spec.chains == (ANY_CHAIN,):
            if [ident_of(name) for name in names] != [ident_of(self.subject)]:
                raise ValueError("the place is in the chain of the subject")
            return
        if tuple(noun_of(name) for name in names) != spec.chains:
            raise ValueError(f"{spec.event} stands in the chains of {spec.chains}")
        things = {noun_of(name): name for name in names}
        if things.setdefault(spec.noun, self.subject) != self.subject:
            raise ValueError("the chain of the subject's noun is the subject's")
        for member in act.agreeing:
            if getattr(act, member) != things[member]:
                raise ValueError(f"{member} is another thing than the one this leaf stands in")


def _writes(leaf: Leaf) -> bool:
    act = leaf.act
    return isinstance(act, Unknown) or "account" in act.spec.actors or leaf.actor == f"service/{act.spec.by}"


def leaf_bytes(leaf: Leaf) -> bytes:
    """Return the bytes of a leaf.

    Raises:
        Invalid: more than 16,384 bytes (slug `leaf-too-long`), or a text outside the profile (`leaf-invalid`).
    """
    value = {
        "actor": leaf.actor,
        "at": rfc3339(leaf.at),
        "chains": [{"n": place.n, "of": place.of, "prev": place.prev} for place in leaf.chains],
        "ev": leaf.ev,
        "event": leaf.event,
        "facts": leaf.act.facts(),
        "id": leaf.id,
        "salt": leaf.salt,
        "salted": leaf.act.commitments(),
        "subject": leaf.subject,
        "v": VERSION,
    }
    payload = _encode(value)
    if len(payload) > MAX_LEAF_BYTES:
        raise LEAF_TOO_LONG(f"a leaf of {len(payload)} bytes is too long for the log")
    return payload


def parse_leaf(payload: bytes) -> Leaf:
    """Return the leaf whose bytes are exactly these; a (event, version) nobody knows gives `Unknown`.

    Raises:
        Invalid: slug `leaf-invalid`; nothing but the bytes that `leaf_bytes` makes is a leaf.
    """
    if len(payload) > MAX_LEAF_BYTES:
        raise _invalid("longer than a leaf can be")
    try:
        return _leaf_of(_decode(payload))
    except (ValidationError, ManifestInvalid, KeyError, IndexError, TypeError, ValueError) as err:
        raise _invalid("the bytes are not a leaf") from err


def _leaf_of(value: dict[str, Any]) -> Leaf:
    if value.keys() != _MEMBERS or type(value["ev"]) is not int:
        raise ValueError("the members of a leaf are fixed")
    if value["v"] != VERSION or value["v"] is True:  # True equals 1
        raise ValueError("another envelope")
    salted = value["salted"]
    if not all(_MEMBER.fullmatch(member) and _HEX.fullmatch(digest) for member, digest in salted.items()):
        raise ValueError("a commitment has 64 hexadecimal digits")
    kind = LEAVES.get((value["event"], value["ev"]))
    return Leaf(
        id=value["id"],
        salt=value["salt"],
        actor=value["actor"],
        subject=value["subject"],
        at=value["at"],
        chains=tuple(Place(**place) for place in value["chains"]),
        act=act_of(kind, value["facts"], salted) if kind else _unknown(value),
    )


class _Pair(Frozen):
    event: EventName
    ev: Ordinal


def _unknown(value: dict[str, Any]) -> Unknown:
    pair = _Pair(event=value["event"], ev=value["ev"])
    check_profile(value["facts"])
    return Unknown(event=pair.event, ev=pair.ev, members=value["facts"], committed=value["salted"])


def _encode(value: dict[str, Any]) -> bytes:
    try:
        payload = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode("ascii")
    except UnicodeEncodeError as err:
        raise _invalid("a text is not ASCII") from err
    if not _LEAF.fullmatch(payload):
        raise _invalid("a text holds a quote, a backslash or a control character")
    return payload


def _no_float(text: str) -> None:
    raise ValueError(f"{text[:32]} is not an integer")


_DECODER = json.JSONDecoder(parse_float=_no_float, parse_constant=_no_float)


def _decode(payload: bytes) -> dict[str, Any]:
    """Return the JSON of canonical bytes: whatever has another spelling is not what it encodes to."""
    value = _DECODER.decode(payload.decode("ascii"))
    if not isinstance(value, dict) or _encode(value) != payload:
        raise ValueError("the bytes are not in canonical form")
    if b"null" in payload:  # as a value it is the one thing that typed members would let pass
        check_profile(value)
    return value


def _invalid(detail: str) -> Invalid:
    return LEAF_INVALID(detail)
