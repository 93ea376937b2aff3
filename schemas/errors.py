"""One exception tree, split by who must act.

EvidenceError
  +- NotFound         the id names nothing the actor may see
  +- Refused          the actor lacks a permission, or the separation of duties forbids it
  |    +- NotAuthenticated   nobody is logged in, or the token has ended
  +- Conflict         a true request at the wrong moment
  |    +- OffsetMismatch, TransitionRefused, AlreadySealed, VersionConflict
  +- Invalid          what was submitted contradicts itself or the rules
  |    +- ManifestInvalid, DigestMismatch, SignatureInvalid, TooLarge
  +- Unavailable      a dependency did not answer; the only retryable one
  |    +- StorageFull
  +- IntegrityBroken  what we hold differs from what we recorded: stop, page, never retry, never catch

Every error carries a stable `slug`; the HTTP status and the Chinese and English sentences live in
`api/problems.py`, nowhere else.
"""

from typing import ClassVar


class EvidenceError(Exception):
    """Root of the tree. `detail` is for the person who must act; `facts` are machine-readable members."""

    slug: ClassVar[str] = "evidence-error"

    def __init__(self, detail: str = "", *, slug: str | None = None, **facts: object) -> None:
        super().__init__(detail)
        self.detail = detail
        self.problem = slug or self.slug
        self.facts = facts


class NotFound(EvidenceError):
    """The id names nothing the actor may see; the same answer for absent and out of scope."""

    slug = "not-found"


class Refused(EvidenceError):
    """The actor lacks a permission, or the separation of duties forbids the act."""

    slug = "refused"


class NotAuthenticated(Refused):
    """Nobody is logged in, or the token is unknown, ended or revoked."""

    slug = "not-authenticated"


class Conflict(EvidenceError):
    """A true request at the wrong moment."""

    slug = "conflict"


class OffsetMismatch(Conflict):
    """The client's offset is not the server's (tus 1.0, PATCH)."""

    slug = "offset-mismatch"


class TransitionRefused(Conflict):
    """The state does not allow this action."""

    slug = "transition-refused"


class AlreadySealed(Conflict):
    """A sealed recording never changes."""

    slug = "already-sealed"


class VersionConflict(Conflict):
    """Somebody else changed it since it was read (RFC 9110, If-Match)."""

    slug = "version-conflict"


class Invalid(EvidenceError):
    """What was submitted contradicts itself or the rules."""

    slug = "invalid"


class ManifestInvalid(Invalid):
    """The manifest breaks its profile; `problem` names the broken rule."""

    slug = "manifest-invalid"


class DigestMismatch(Invalid):
    """Bytes and digest disagree."""

    slug = "digest-mismatch"


class SignatureInvalid(Invalid):
    """A signature does not verify, or its key or algorithm is not allowed."""

    slug = "signature-invalid"


class TooLarge(Invalid):
    """More bytes than the limit or than declared."""

    slug = "too-large"


class Unavailable(EvidenceError):
    """A dependency did not answer; the same request may succeed later."""

    slug = "unavailable"


class StorageFull(Unavailable):
    """No room to keep more; nothing of the refused bytes was kept."""

    slug = "storage-full"


class IntegrityBroken(EvidenceError):
    """What we hold differs from what we recorded. Stop the task and page a person."""

    slug = "integrity-broken"
