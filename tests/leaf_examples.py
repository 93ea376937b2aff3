"""One leaf of every closed class, made from its members' types: all optional ones absent, or all present.

Ids, salts and times are fixed, so two runs give the same bytes. The keys are published here and worthless.
"""

import base64
import hashlib
import uuid
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from enum import Enum
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from schemas import members, reference
from schemas.act import ANY_CHAIN, Act, Element, Part
from schemas.chain import genesis
from schemas.leaf import Leaf, Place
from schemas.leaves import LEAVES
from schemas.leaves_case import CaseAmend
from schemas.leaves_equipment import EquipmentDescribe
from schemas.leaves_monitoring import CertificateKinds, IntakeReceiveRuled
from schemas.leaves_scope import CaseConcludeScoped, LeafAnswer
from schemas.leaves_summary import CasePenalise, CasePenaliseAlone
from schemas.opening import Salted, Shown
from schemas.review_scope import ScopeKind
from schemas.summary import SUMMARY_KINDS

AT = datetime(2026, 11, 28, 5, 12, 33, 417_000, tzinfo=UTC)
TICKET_SEED = bytes(range(32))
TICKET_KID = "ticket-api-1"
TICKET_PUBLIC = base64.b64encode(
    Ed25519PrivateKey.from_private_bytes(TICKET_SEED).public_key().public_bytes_raw()
).decode()

_SAMPLES: Mapping[Any, Any] = {
    members.Time: datetime(2026, 11, 27, 16, 0, 0, tzinfo=UTC),
    members.Flag: True,
    members.Count: 4_183_002,
    members.Ordinal: 3,
    members.Day: "2026-11-27",
    members.Slug: "key-lost",
    members.CheckName: "digest",
    members.CheckWord: "mismatch/digest-differs/1",
    members.EventName: "case:open",
    members.ItemCode: "A1",
    members.StandardCode: "DEMO",
    members.MediaType: "video/mp4",
    members.ObjectKey: "o/01/93a6e011b27a03",
    members.MemberPath: "party",
    members.VersionId: "1d04e70f-f14d-46a3-84c9-548e9b47e3e0",
    members.ReleaseVersion: "1.0.0",
    members.KeyId: "0Cq7lCkkMVUwYxjH_9Y0rJd4XEw_bT3XKzvu9xS0aUk",
    members.PublicKey: TICKET_PUBLIC,
    members.Signature: base64.b64encode(bytes(64)).decode(),
    members.Origin: "log.example.cn/2026",
    members.VerifierKey: "witness.example.cn+0a1b2c3d+" + base64.b64encode(b"\1" + bytes(32)).decode(),
}
_DIGESTS = (members.Digest256, members.LeafDigest, members.Root)
_REFERENCES = {
    reference.AccountReference: "account",
    reference.AgencyReference: "agency",
    reference.CaseReference: "case",
    reference.CertificateReference: "certificate",
    reference.DeviceReference: "device",
    reference.IntakeReference: "intake",
    reference.MonitoringReference: "monitoring",
    reference.RecordingReference: "recording",
    reference.ReviewReference: "review",
    reference.EvidenceReference: "recording",
    reference.GroundReference: "fact",
    reference.DrawnReference: "case",
    reference.Uuid: "",
}
_TEXTS = ("盐城某某运输有限公司", "苏J·12345", "第001号")


def drawn(text: str) -> str:
    """Return a uuid that always belongs to this text."""
    return str(uuid.UUID(bytes=hashlib.sha256(text.encode()).digest()[:16], version=4))


def salt_of(text: str) -> str:
    """Return a salt that always belongs to this text."""
    return hashlib.sha256(b"salt " + text.encode()).hexdigest()[:32]


def thing(noun: str) -> str:
    """Return the one thing of a noun that all examples are about."""
    return f"{noun}/{drawn(noun)}"


def example(kind: type[Act], *, is_full: bool) -> Leaf:
    """Return a leaf of the class, with every optional member or with none."""
    spec = kind.spec
    subject = thing(spec.noun)
    names = [subject] if spec.chains == (ANY_CHAIN,) else [thing(noun) for noun in spec.chains]
    if spec.chains == (ANY_CHAIN,):
        names = [f"recording/{reference.ident_of(subject)}"]
    return Leaf(
        id=drawn(f"id {spec.event} {is_full}"),
        salt=salt_of(f"{spec.event} {is_full}"),
        actor=f"service/{spec.by}" if spec.actors == ("service",) else thing(spec.actors[0]),
        subject=subject,
        at=AT,
        chains=tuple(_place(name, opens=spec.opens) for name in names),
        act=kind(**members_of(kind, is_full=is_full)),
    )


def _place(of: str, *, opens: bool) -> Place:
    head = genesis(of) if opens else hashlib.sha256(of.encode()).hexdigest()
    return Place(n=1 if opens else 2, of=of, prev=head)


def members_of(kind: type[Act] | type[Element] | type[Part], *, is_full: bool) -> dict[str, Any]:
    """Return sample members of a class, by field name."""
    made: dict[str, Any] = {}
    for name, hint in get_type_hints(kind, include_extras=True).items():
        if name not in kind.model_fields:
            continue
        if kind.model_fields[name].is_required() or is_full:
            made[name] = sample(hint, f"{kind.__name__}.{name}", is_full=is_full)
    if kind is CaseAmend and not is_full:
        made["fields"] = ["occurred_at"]
    if kind is EquipmentDescribe and not is_full:
        made |= {"fields": ["point"], "from_": AT}
    if kind is IntakeReceiveRuled:
        lists = (("camera",), ()) if is_full else ((),)
        made["certificates"] = [
            CertificateKinds(since=AT if place else None, kinds=kinds) for place, kinds in enumerate(lists)
        ]
    if issubclass(kind, CasePenalise):
        made["penalties"] = SUMMARY_KINDS[::-1] if is_full else SUMMARY_KINDS[:1]
    if kind is CasePenaliseAlone:
        made["officers"] = made["officers"][:1]
    if issubclass(kind, CaseConcludeScoped):
        given = (members_of(LeafAnswer, is_full=is_full) for _ in ScopeKind)
        made["answers"] = [
            LeafAnswer(**{**one, "kind": kind}) for kind, one in zip(ScopeKind, given, strict=True)
        ]
    return made


def sample(hint: Any, label: str, *, is_full: bool) -> Any:
    """Return a value of a member's type."""
    if hint in _SAMPLES:
        return _SAMPLES[hint]
    if hint in _REFERENCES:
        noun, member = _REFERENCES[hint], label.rpartition(".")[2]
        named = noun if member == noun or not noun else f"{noun} {member}"
        return f"{noun}/{drawn(named)}" if noun else drawn(label)
    if hint in _DIGESTS:
        return hashlib.sha256(label.encode()).hexdigest()
    return _sample_of_shape(hint, label, is_full=is_full)


def _sample_of_shape(hint: Any, label: str, *, is_full: bool) -> Any:
    origin, args = get_origin(hint), get_args(hint)
    if origin is Annotated and isinstance(args[1], Salted):
        return Shown(_salted_value(args[1], label), salt_of(label))
    if origin in (Union, UnionType):
        return sample(next(one for one in args if one is not NoneType), label, is_full=is_full)
    if origin is Literal:
        return args[0]
    if origin is tuple:
        return _sample_list(args[0], label, is_full=is_full)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return {_SAMPLES[args[0]]: _SAMPLES[args[1]]}
    assert isinstance(hint, type), f"{label} has a type that no leaf may hold: {hint}"
    return next(iter(hint)) if issubclass(hint, Enum) else hint(**members_of(hint, is_full=is_full))


def _sample_list(kind: Any, label: str, *, is_full: bool) -> list[Any]:
    if kind is reference.AccountReference:  # the two persons of an approval
        return sorted(f"account/{drawn(f'{label} {k}')}" for k in (1, 2))
    if isinstance(kind, type) and issubclass(kind, Enum):
        return sorted(kind)
    return [sample(kind, f"{label}.{k}", is_full=is_full) for k in ((1, 2) if is_full else (1,))]


def _salted_value(kind: Salted, label: str) -> Any:
    for value in (
        "2026-11-20T01:30:00.000Z" if label.endswith("occurred_at") else f"{_TEXTS[0]} {label}",
        _TEXTS[1:2],
        {"lat_e7": 333_380_000, "lon_e7": 1_201_540_000, "crs": "WGS84"},
        {"hash": "$argon2id$v=19$m=65536,t=3,p=4$example"},
    ):
        try:
            return kind.value_of(value)
        except ValueError:
            continue
    raise AssertionError(label)


def examples() -> Iterator[tuple[str, Leaf]]:
    """Yield the vectors of the contract: name → leaf, one of each class with all its optional members."""
    for (event, ev), kind in LEAVES.items():
        yield f"{event.replace(':', '-')}-{ev}", example(kind, is_full=True)


def sparse() -> Iterator[tuple[str, Leaf]]:
    """Yield a leaf of each class with no optional member."""
    for (event, ev), kind in LEAVES.items():
        yield f"{event.replace(':', '-')}-{ev}", example(kind, is_full=False)
