"""Leaves of the log itself: what rules change by, its keys, its witnesses and outside times, and mended chains."""

from collections.abc import Mapping
from enum import StrEnum
from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from schemas.act import ANY_CHAIN, Act, Part, Process, Spec
from schemas.members import (
    Count,
    Day,
    Digest256,
    EventName,
    KeyId,
    LeafDigest,
    Ordinal,
    Origin,
    PublicKey,
    ReleaseVersion,
    Root,
    Signature,
    Slug,
    Time,
    VerifierKey,
)
from schemas.opening import SaltedText
from schemas.reference import AccountReference
from schemas.words import Words

_SERVICE = ("service",)
_TWO_PERSONS = 2


class KeyRole(StrEnum):
    """What a key of ours signs."""

    LOG = "log"
    TICKET = "ticket"
    REGISTRY = "registry"
    EXPORT = "export"


class KeyAlgorithm(StrEnum):
    """By what algorithm it signs."""

    ED25519 = "ed25519"
    SM2 = "sm2"


class LeafRehash(Part):
    """A tree of the old shape under another hash, made before the old one weakens."""

    alg: Literal["sha384", "sha512", "sm3", "sha3-256"]
    size: Count
    root: Root


class LeafBefore(Part):
    """The final head of the log that this one follows."""

    origin: Origin
    size: Count
    root: Root
    rehash: LeafRehash | None = None


class LogOpen(Act):
    """The first leaf of a log. The one leaf whose ticket is checked with a key that it brings itself."""

    spec: ClassVar = Spec(
        event="log:open",
        chains=("log",),
        opens=True,
        by=Process.SIGNER,
        actors=_SERVICE,
        words=Words("存证日志启用", "Log opened"),
        follows="nothing",
    )
    origin: Origin
    vkey: VerifierKey
    tickets: Mapping[KeyId, PublicKey] = Field(min_length=1, max_length=4)
    catalogue_sha256: Digest256
    before: LeafBefore | None = None


class LogUpgrade(Act):
    """Catalogue and policy of another version are in force from here."""

    spec: ClassVar = Spec(
        event="log:upgrade",
        chains=("log",),
        by=Process.SIGNER,
        actors=_SERVICE,
        words=Words("存证规则升级", "Log upgraded"),
        follows="the log is open",
    )
    version: ReleaseVersion
    catalogue_sha256: Digest256


class LogRefuse(Act):
    """A draft that is never indexed, and why."""

    spec: ClassVar = Spec(
        event="log:refuse",
        by=Process.SIGNER,
        actors=_SERVICE,
        words=Words("拒绝收录条目", "Draft refused"),
        follows="the draft is not in the log",
    )
    digest: LeafDigest
    code: Slug


class LogResume(Act):
    """Signer or commit was away; drafts since then are indexed all the same."""

    spec: ClassVar = Spec(
        event="log:resume",
        by=Process.SIGNER,
        actors=_SERVICE,
        words=Words("存证恢复", "Log resumed"),
        follows="the log is open",
    )
    since: Time
    waiting: Count


class ClockStep(Act):
    """The server's clock went."""

    spec: ClassVar = Spec(
        event="clock:step",
        by=Process.SIGNER,
        actors=_SERVICE,
        words=Words("服务器时钟调整", "Clock stepped"),
        follows="the log is open",
    )
    before: Time
    after: Time
    source: Slug


class KeyAnnounce(Act):
    """A key is in use; of a key that signs tickets, `events` says what its process may write."""

    spec: ClassVar = Spec(
        event="key:announce",
        chains=("log",),
        by=Process.SIGNER,
        actors=_SERVICE,
        words=Words("公布密钥", "Key announced"),
        follows="the log is open",
    )
    kid: KeyId
    role: KeyRole
    alg: KeyAlgorithm
    public: PublicKey
    events: tuple[EventName, ...] | None = Field(default=None, max_length=300)


class KeyRotate(Act):
    """A key gives way to another; `proof` is the old key's signature over the new."""

    spec: ClassVar = Spec(
        event="key:rotate",
        chains=("log",),
        by=Process.SIGNER,
        actors=_SERVICE,
        words=Words("更换密钥", "Key rotated"),
        follows="the old key is alive",
    )
    role: KeyRole
    old: KeyId
    new: KeyId
    alg: KeyAlgorithm
    public: PublicKey
    proof: Signature


class KeyRevoke(Act):
    """A key is dead from this leaf on, never earlier. What `suspect_from` covers is named, never refused."""

    spec: ClassVar = Spec(
        event="key:revoke",
        chains=("log",),
        by=Process.SIGNER,
        actors=_SERVICE,
        words=Words("停用密钥", "Key revoked"),
        follows="the key is alive",
    )
    kid: KeyId
    role: KeyRole
    suspect_from: Count | Time | None = None
    reason: SaltedText


class WitnessAdd(Act):
    """A witness's cosignatures are asked for."""

    spec: ClassVar = Spec(
        event="witness:add",
        chains=("log",),
        by=Process.SIGNER,
        actors=_SERVICE,
        words=Words("增加见证方", "Witness added"),
        follows="the log is open",
    )
    key: VerifierKey


class WitnessDrop(Act):
    """A witness is no longer asked."""

    spec: ClassVar = Spec(
        event="witness:drop",
        chains=("log",),
        by=Process.SIGNER,
        actors=_SERVICE,
        words=Words("移除见证方", "Witness dropped"),
        follows="the witness was added",
    )
    key: VerifierKey


class WitnessMiss(Act):
    """A witness did not cosign a head in time."""

    spec: ClassVar = Spec(
        event="witness:miss",
        by=Process.SIGNER,
        actors=_SERVICE,
        words=Words("见证缺失", "Witness missed"),
        follows="the witness was added",
    )
    key: VerifierKey
    size: Count


class StampTake(Act):
    """An authority of time stamped a head (RFC 3161)."""

    spec: ClassVar = Spec(
        event="stamp:take",
        by=Process.SIGNER,
        actors=_SERVICE,
        words=Words("取得可信时间戳", "Time stamp taken"),
        follows="a checkpoint of this size is signed",
    )
    authority: Origin
    size: Count
    token_sha256: Digest256
    gen_time: Time


class StampMiss(Act):
    """An authority did not answer; there is no token to name."""

    spec: ClassVar = Spec(
        event="stamp:miss",
        by=Process.SIGNER,
        actors=_SERVICE,
        words=Words("可信时间戳缺失", "Time stamp missed"),
        follows="a checkpoint of this size is signed",
    )
    authority: Origin
    size: Count


class StampRenew(Act):
    """An older stamp is stamped again before its algorithms age."""

    spec: ClassVar = Spec(
        event="stamp:renew",
        by=Process.SIGNER,
        actors=_SERVICE,
        words=Words("续期可信时间戳", "Time stamp renewed"),
        follows="an older stamp is kept",
    )
    authority: Origin
    size: Count
    token_sha256: Digest256
    gen_time: Time


class TrailSeal(Act):
    """A day of the access trail is over: how many rows it has, and the head of their chain (`schemas.trail`).

    The day is one of UTC+8. Rows of days before `kept_from` are dropped with this leaf; their seals stay.
    """

    spec: ClassVar = Spec(
        event="trail:seal",
        by=Process.SIGNER,
        actors=_SERVICE,
        words=Words("封存访问日志", "Access trail sealed"),
        follows="the day is over, and the day before is sealed",
        columns={
            "subject": "trail_seals.id",
            "day": "trail_seals.day",
            "count": "trail_seals.count",
            "root": "trail_seals.root",
            "kept_from": "trail_seals.kept_from",
            "at": "trail_seals.sealed_at",
        },
    )
    day: Day
    count: Count
    root: Digest256
    kept_from: Day


class ChainMend(Act):
    """A chain that stood still goes on: the refused drafts are listed, their acts are logged again."""

    spec: ClassVar = Spec(
        event="chain:mend",
        chains=(ANY_CHAIN,),
        by=Process.SIGNER,
        actors=_SERVICE,
        neutral=(ANY_CHAIN,),
        words=Words("修复编号链", "Chain mended"),
        follows="drafts of this chain were refused; two persons approve",
    )
    refused: Ordinal
    list_sha256: Digest256
    approvals: tuple[AccountReference, ...] = Field(max_length=4)
    reason: SaltedText

    @model_validator(mode="after")
    def _two_persons(self) -> Self:
        if len(set(self.approvals)) < _TWO_PERSONS or list(self.approvals) != sorted(set(self.approvals)):
            raise ValueError("two persons approve, each once, sorted")
        return self
