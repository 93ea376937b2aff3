r"""The custody leaf: one act of one actor and the outcome it made, in bytes that can never change.

    {"actor","at","chains","ev","event","facts","id","salt","salted","subject","v"}

RFC 8785 in a narrower profile: every string is printable ASCII without `"` and `\`, so no escape exists and
`jq -cS .`, sorted `json.dumps` and any RFC 8785 library give the same bytes. The log holds only the SHA-256 of
a leaf; `salt` keeps anybody from testing a guessed leaf against it.
"""

import json
import re
from copy import copy
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple

from pydantic_core import from_json, to_json

from schemas.act import ANY_CHAIN, Act, act_of
from schemas.base import rfc3339
from schemas.canonical import MAX_INTEGER, check_profile
from schemas.errors import Invalid, ManifestInvalid
from schemas.leaves import LEAVES
from schemas.members import TIME_FORM, parse_time
from schemas.reference import ACTOR_FORM, UUID_FORM, ident_of, is_actor, is_reference, noun_of
from schemas.refusals_custody import LEAF_INVALID, LEAF_TOO_LONG

VERSION: Final = 1
"""Of the envelope; a change is a new log."""

MAX_LEAF_BYTES = 16_384
MAX_CHAINS = 3

_TEXT = re.compile(r"[ -\[\]-~]*")
_SALT_FORM = "[0-9a-f]{32}"
_SALT = re.compile(_SALT_FORM)
_UUID = re.compile(UUID_FORM)
_NUMBER = "[1-9][0-9]{0,15}"
_THING = "[a-z]{1,16}/" + UUID_FORM
_HEX = "[0-9a-f]{64}"
_PLACE = re.compile(f"{_NUMBER} {_THING} {_HEX}")


def _listed(form: str, *, most: str = "") -> str:
    return f"(?:{form}(?:,{form}){{0,{most}}})?"


_PLACE_FORM = rf'\{{"n":({_NUMBER}),"of":"({_THING})","prev":"({_HEX})"\}}'
_MEMBER_FORM = rf'"([a-z][a-z0-9_]{{0,31}}(?:\.[1-9][0-9]{{0,4}})?)":"({_HEX})"'
_PLACES = re.compile(_PLACE_FORM)
_MEMBERS = re.compile(_MEMBER_FORM)
_LEAF = re.compile(
    rf'\{{"actor":"(?P<actor>{ACTOR_FORM})","at":"(?P<at>{TIME_FORM})"'
    rf',"chains":\[(?P<chains>{_listed(_PLACE_FORM, most=str(MAX_CHAINS - 1))})\]'
    rf',"ev":(?P<ev>{_NUMBER}),"event":"(?P<event>[a-z]{{1,16}}:[a-z]{{1,16}})","facts":(?P<facts>\{{.*\}})'
    rf',"id":"(?P<id>{UUID_FORM})","salt":"(?P<salt>{_SALT_FORM})","salted":\{{(?P<salted>{_listed(_MEMBER_FORM)})\}}'
    rf',"subject":"(?P<subject>{_THING})","v":{VERSION}\}}'
)
"""A leaf, but for its facts. No string has an escape, so each quote is one end of a string; and what stands after the
facts has no member that could hold them: there is one way at most to read bytes like this."""
_NAMES = ("actor", "at", "chains", "ev", "event", "facts", "id", "salt", "salted", "subject")

_JSON = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)


class Place(NamedTuple):
    """A place in a chain: leaf number `n` of the thing `of`, after the head `prev`."""

    n: int
    of: str
    prev: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """An act of a (event, version) that this program does not know. Form, chain and time still hold."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """A leaf. `act` is of one closed class, or `Unknown`; ids and salts come in as arguments.

    Raises:
        ValueError: a member has another form, or contradicts the class of the act.
    """

    id: str
    salt: str
    actor: str
    subject: str
    at: datetime
    chains: tuple[Place, ...]
    act: Act | Unknown

    def __post_init__(self) -> None:
        if not (_UUID.fullmatch(self.id) and _SALT.fullmatch(self.salt)):
            raise ValueError("an id is a lower-case uuid, a salt 16 bytes in lower-case hex")
        if not (is_actor(self.actor) and is_reference(self.subject)):
            raise ValueError("actor and subject are noun/uuid")
        parse_time(self.at)
        if not all(_PLACE.fullmatch(f"{n} {of} {prev}") for n, of, prev in self.chains):
            raise ValueError("a place has a number from 1, a thing and a head")
        self.check_agreement()

    def check_agreement(self) -> None:
        """Check how its members go together; their form is known.

        Raises:
            ValueError: they contradict each other, or the class of the act.
        """
        self._check_places()
        act = self.act
        if noun_of(self.subject) != act.event.partition(":")[0]:
            raise ValueError("the subject is of the event's noun")
        if not isinstance(act, Unknown):
            self._check_known(act)

    @property
    def event(self) -> str:
        """The name of its event."""
        return self.act.event

    @property
    def ev(self) -> int:
        """The version of its class."""
        return self.act.ev

    def telling(self, act: Act) -> "Leaf":
        """Return the same leaf with more, or less, of its members shown; nothing else of it can differ."""
        told = copy(self)
        object.__setattr__(told, "act", act)
        return told

    def place(self, of: str) -> Place | None:
        """Return its place in the chain of `of`; None where it stands in no such chain."""
        for place in self.chains:
            if place.of == of:
                return place
        return None

    def _check_places(self) -> None:
        last = ""
        for n, of, _ in self.chains:
            if n > MAX_INTEGER:
                raise ValueError("a number is an integer of 53 bits")
            if of <= last:
                raise ValueError("places are sorted by the name of their thing, and no thing stands twice")
            last = of
        if len(self.chains) > MAX_CHAINS:
            raise ValueError(f"a leaf stands in at most {MAX_CHAINS} chains")

    def _check_known(self, act: Act) -> None:
        spec = act.spec
        kind, _, who = self.actor.partition("/")
        if kind not in spec.actors or (kind == "service" and who != spec.by):
            raise ValueError(f"{self.actor} does not act in {spec.event}")
        things = {of.partition("/")[0]: of for _, of, _ in self.chains}
        if spec.among:
            if len(self.chains) != 1 or not things.keys() <= set(spec.among):
                raise ValueError(f"{spec.event} stands in one chain, of {spec.among}")
            return
        if spec.chains == (ANY_CHAIN,):
            if [ident_of(of) for of in things.values()] != [ident_of(self.subject)]:
                raise ValueError("the place is in the chain of the subject")
            return
        if tuple(things) != spec.chains or len(self.chains) != len(things):
            raise ValueError(f"{spec.event} stands in the chains of {spec.chains}")
        if things.setdefault(spec.noun, self.subject) != self.subject:
            raise ValueError("the chain of the subject's noun is the subject's")
        for member in act.agreeing:
            if getattr(act, member) != things[member]:
                raise ValueError(f"{member} is another thing than the one this leaf stands in")


def leaf_bytes(leaf: Leaf) -> bytes:
    """Return the bytes of a leaf.

    Raises:
        Invalid: more than 16,384 bytes (slug `leaf-too-long`), or a text outside the profile (`leaf-invalid`).
    """
    return _bytes(leaf, leaf.act.commitments())


def sealed_bytes(leaf: Leaf, act: Act) -> tuple[bytes, dict[str, bytes]]:
    """Return the bytes of a leaf of this act, and member → opening of what it commits to and shows.

    Raises:
        Invalid: as `leaf_bytes`.
    """
    commitments, openings = act.sealed()
    return _bytes(leaf, commitments), openings


def _bytes(leaf: Leaf, commitments: dict[str, str]) -> bytes:
    value = {
        "actor": leaf.actor,
        "at": rfc3339(leaf.at),
        "chains": [place._asdict() for place in leaf.chains],
        "ev": leaf.ev,
        "event": leaf.event,
        "facts": leaf.act.facts(),
        "id": leaf.id,
        "salt": leaf.salt,
        "salted": commitments,
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
    if not payload.isascii() or b"\\" in payload or b"\x7f" in payload:
        raise _invalid("a text is outside the profile")
    said = _LEAF.fullmatch(payload.decode("ascii"))
    if said is None:
        raise _invalid("the bytes are not a leaf")
    try:
        return _leaf_of(said)
    except (ManifestInvalid, LookupError, TypeError, ValueError, AttributeError) as err:
        raise _invalid("the bytes are not a leaf") from err


def _leaf_of(said: re.Match[str]) -> Leaf:
    actor, at, chains, ev, event, written, ident, salt, committed, subject = said.group(*_NAMES)
    facts, salted, version = _facts(written), _commitments(committed), int(ev)
    kind = LEAVES.get((event, version))
    leaf = object.__new__(Leaf)
    put = object.__setattr__  # their form is known: what is left to judge is how they agree
    put(leaf, "id", ident)
    put(leaf, "salt", salt)
    put(leaf, "actor", actor)
    put(leaf, "subject", subject)
    put(leaf, "at", datetime.fromisoformat(at))
    put(leaf, "chains", tuple([Place(int(n), of, prev) for n, of, prev in _PLACES.findall(chains)]))
    put(leaf, "act", act_of(kind, facts, salted) if kind else _unknown(event, version, facts, salted))
    leaf.check_agreement()
    return leaf


def _facts(written: str) -> dict[str, Any]:
    """Return the clear members of canonical JSON.

    Without escapes, what another spelling parses to is written back in the one spelling, in the order in which it
    stands; so equal bytes are one spelling, and the order is asked for. Floats are left to the members' types.
    """
    facts: dict[str, Any] = from_json(written, allow_inf_nan=False)
    if to_json(facts) != written.encode() or not _is_sorted(facts):
        raise ValueError("the bytes are not in canonical form")
    if "null" in written:  # as a value it is the one thing that typed members would let pass
        check_profile(facts)
    return facts


def _commitments(written: str) -> dict[str, str]:
    pairs = _MEMBERS.findall(written)
    salted = dict(pairs)
    if len(salted) != len(pairs) or list(salted) != sorted(salted):
        raise ValueError("the bytes are not in canonical form")
    return salted


def _unknown(event: str, ev: int, facts: dict[str, Any], salted: dict[str, str]) -> Unknown:
    check_profile(facts)
    if ev > MAX_INTEGER:
        raise ValueError("a version is an integer of 53 bits")
    return Unknown(event, ev, facts, salted)


def _encode(value: dict[str, Any]) -> bytes:
    try:
        payload = _JSON.encode(value).encode("ascii")
    except UnicodeEncodeError as err:
        raise _invalid("a text is not ASCII") from err
    if not _TEXT.fullmatch(payload.decode()):
        raise _invalid("a text holds a quote, a backslash or a control character")
    return payload


def _is_sorted(value: Any) -> bool:  # noqa: ANN401 - an object or a list
    inner = value
    if type(value) is dict:
        names = list(value)
        if names != sorted(names):
            return False
        inner = value.values()
    for one in inner:  # noqa: SIM110 - a third of the time of a generator, for every leaf there is
        if type(one) in (dict, list) and not _is_sorted(one):
            return False
    return True


def _invalid(detail: str) -> Invalid:
    return LEAF_INVALID(detail)
