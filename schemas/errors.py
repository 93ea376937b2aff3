"""One exception tree, split by who must act, and the form in which a refusal is declared.

EvidenceError
  +- NotFound         the id names nothing the actor may see
  |    +- Gone        it was there and has ended; what it was for may begin anew
  +- Refused          the actor lacks a permission, or the separation of duties forbids it
  |    +- NotAuthenticated   nobody is logged in, or the token has ended
  +- Conflict         a true request at the wrong moment
  |    +- OffsetMismatch, TransitionRefused, AlreadySealed, VersionConflict, LeaseLost
  +- Invalid          what was submitted contradicts itself or the rules
  |    +- ManifestInvalid, DigestMismatch, SignatureInvalid, TooLarge
  |    +- Malformed, MethodInvalid, MediaTypeInvalid, RangeInvalid, ProtocolInvalid, PreconditionRequired
  |    +- HeadTooLarge     the head of the request, or one header, is over its limit
  |    +- TooSlow          the request was not sent within its time
  +- Busy             every place is taken, or this one was given up; ask again
  |    +- ShareSpent       whoever asks has what one may have at once; what ends makes room
  +- Unavailable      a dependency does not answer; the only one that workers retry without end
  |    +- StorageFull
  +- Misconfigured    a setting of ours is missing or wrong: the operator must act, no retry helps
  +- IntegrityBroken  what we hold differs from what we recorded: stop, page, never retry, never catch
  |    +- StoredAltered    somebody asked for it: nothing of it is given

An error is made by its declared `Refusal` alone (`raise CASE_UNKNOWN("no such case")`), never from a slug. The
declarations stand in `schemas/refusals_*.py`; the HTTP status follows from the class, in `api/problems.py`.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Generic, TypeVar


class EvidenceError(Exception):
    """Root of the tree; raised as itself it is a fault of ours.

    Args:
        refusal: What was declared of it.
        detail: For the person who must act.
        facts: Machine-readable members.
    """

    def __init__(self, refusal: "Refusal[EvidenceError]", detail: str = "", **facts: object) -> None:
        super().__init__(detail)
        self.refusal = refusal
        self.detail = detail
        self.facts = facts

    @property
    def slug(self) -> str:
        """The stable name under which it is answered, logged and kept."""
        return self.refusal.slug


class NotFound(EvidenceError):
    """The id names nothing the actor may see; the same answer for absent and out of scope."""


class Gone(NotFound):
    """It was there and has ended; what it was for may begin anew."""


class Refused(EvidenceError):
    """The actor lacks a permission, or the separation of duties forbids the act."""


class NotAuthenticated(Refused):
    """Nobody is logged in, or the token is unknown, ended or revoked."""


class Conflict(EvidenceError):
    """A true request at the wrong moment."""


class OffsetMismatch(Conflict):
    """The client's offset is not the server's (tus 1.0, PATCH)."""


class TransitionRefused(Conflict):
    """The state does not allow this action."""


class AlreadySealed(Conflict):
    """A sealed recording never changes."""


class VersionConflict(Conflict):
    """Somebody else changed it since it was read (RFC 9110, If-Match)."""


class LeaseLost(Conflict):
    """Somebody else holds the job now; the results of this run are void."""


class Invalid(EvidenceError):
    """What was submitted contradicts itself or the rules."""


class ManifestInvalid(Invalid):
    """The manifest breaks its profile; the slug names the broken rule."""


class DigestMismatch(Invalid):
    """Bytes and digest disagree."""


class ChecksumMismatch(Invalid):
    """The bytes of one request are not those of its checksum (tus 1.0, Checksum); none of them counts."""


class SignatureInvalid(Invalid):
    """A signature does not verify, or its key or algorithm is not allowed."""


class TooLarge(Invalid):
    """More bytes than the limit or than declared."""


class Malformed(Invalid):
    """The request cannot be read: a header or the form of its body is not what the protocol says."""


class Misdirected(Invalid):
    """The request was meant for another host (RFC 9110, section 15.5.20)."""


class MethodInvalid(Invalid):
    """The address does not know this method."""


class MediaTypeInvalid(Invalid):
    """The body is not of the type that the address takes."""


class RangeInvalid(Invalid):
    """The range lies outside the bytes (RFC 9110, Range)."""


class ProtocolInvalid(Invalid):
    """The client speaks another version of the protocol (tus 1.0, Tus-Resumable)."""


class PreconditionRequired(Invalid):
    """A change came without If-Match (RFC 6585 section 3); nothing was done."""


class HeadTooLarge(Invalid):
    """The head of the request, or one header of it, is over its limit (RFC 6585 section 5)."""


class TooSlow(Invalid):
    """The request was not sent within its time (RFC 9110, 408)."""


class Busy(EvidenceError):
    """Every place is taken, or this one was given up; the same request may succeed in a moment."""


class ShareSpent(Busy):
    """Whoever asks has as much under way as one may have at once (RFC 6585 section 4); what ends makes room."""


class Unavailable(EvidenceError):
    """A dependency did not answer; the same request may succeed later."""


class StorageFull(Unavailable):
    """No room to keep more; nothing of the refused bytes was kept."""


class Misconfigured(EvidenceError):
    """A setting of ours is missing or wrong. The operator must act; nobody who asked did anything wrong."""


class IntegrityBroken(EvidenceError):
    """What we hold differs from what we recorded. Stop the task and page a person."""


class StoredAltered(IntegrityBroken):
    """The store behind us gave other bytes than were recorded, to somebody who asked for them: they are not passed on."""


class Level(IntEnum):
    """How loudly a refusal is logged; the numbers are those of the standard library's logging.

    DEBUG and INFO: the sender's own affair. WARNING: room or places run out. ERROR: a part or a rule of ours
    failed. CRITICAL: what we hold was altered.
    """

    DEBUG = 10
    INFO = 20
    WARNING = 30
    ERROR = 40
    CRITICAL = 50


E_co = TypeVar("E_co", bound=EvidenceError, covariant=True)


@dataclass(frozen=True, slots=True)
class Refusal(Generic[E_co]):
    """All there is to say about one refusal; called, it gives the error to raise.

    `zh` and `en` say what is wrong, `next_zh` and `next_en` what to do about it.
    """

    slug: str
    kind: type[E_co]
    level: Level
    zh: str
    en: str
    next_zh: str
    next_en: str

    def __call__(self, detail: str = "", /, **facts: object) -> E_co:
        """Return the error; `detail` is for the person who must act, `facts` are machine-readable."""
        return self.kind(self, detail, **facts)


AnyRefusal = Refusal[EvidenceError]
"""A declared refusal, of whatever class."""
