"""Claims about a package, each with its outcome, and what no package can prove."""

from dataclasses import dataclass
from typing import Any

from mobile_contract.client.verify_told import Story
from schemas.claim import ClaimFault, PackageClaim, PackageVerdict, voucher
from schemas.errors import Invalid
from schemas.integrity import Outcome
from schemas.words import Words
from schemas.words_claim import CLAIM_FAULTS, PACKAGE_CLAIMS

_OF_ORIGIN = frozenset({ClaimFault.NO_TRUST_ANCHOR, ClaimFault.HISTORY_UNPROVEN})
"""What is missing then was never in the package: nothing contradicts, and nothing says where it comes from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One claim. `subject` is a file name, an id, or `container`; `code` says why it is not verified."""

    claim: PackageClaim
    subject: str
    outcome: Outcome
    code: ClaimFault | None = None
    is_required: bool = True
    detail: str = ""

    @property
    def words(self) -> Words:
        """What to tell a person: why it does not hold, or what holds."""
        return CLAIM_FAULTS[self.code] if self.code else PACKAGE_CLAIMS[self.claim]

    def to_json(self) -> dict[str, Any]:
        """Return the members of one line of `--json`."""
        said = {"code": self.code or "", "zh": self.words.zh, "en": self.words.en}
        said["vouched_by"] = voucher(self.claim)
        stated = {"claim": self.claim.value, "subject": self.subject, "outcome": self.outcome.value}
        return {**stated, "is_required": self.is_required, "detail": self.detail, **said}


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Every claim about one package, and what its record tells."""

    claims: tuple[Claim, ...]
    is_anchored: bool
    story: Story | None = None

    @property
    def holds(self) -> bool:
        """Say whether every required claim was verified; a report that requires nothing proves nothing."""
        required = [claim for claim in self.claims if claim.is_required]
        return bool(required) and all(claim.outcome is Outcome.VERIFIED for claim in required)

    def failed(self) -> tuple[Claim, ...]:
        """Return the required claims that were not verified."""
        return tuple(c for c in self.claims if c.is_required and c.outcome is not Outcome.VERIFIED)

    @property
    def verdict(self) -> PackageVerdict:
        """What the package comes to; where nothing contradicts, what is missing says which of the others it is."""
        if self.holds:
            return PackageVerdict.HOLDS
        codes = {claim.code for claim in self.failed()}
        if not codes or not codes <= {ClaimFault.NOT_UNDERSTOOD, *_OF_ORIGIN}:
            return PackageVerdict.FAILS
        is_understood = ClaimFault.NOT_UNDERSTOOD not in codes
        return PackageVerdict.ORIGIN_UNKNOWN if is_understood else PackageVerdict.NOT_UNDERSTOOD


class Ledger:
    """Collects claims. A claim of origin that holds is verified only under a trust anchor; without one it is open."""

    def __init__(self, *, is_anchored: bool) -> None:
        self._is_anchored = is_anchored
        self._claims: list[Claim] = []

    def hold(self, claim: PackageClaim, subject: str, *, is_required: bool = True) -> None:
        """Enter a claim about the bytes that was verified."""
        self._enter(claim, subject, Outcome.VERIFIED, None, is_required=is_required)

    def hold_origin(self, claim: PackageClaim, subject: str, *, is_required: bool = True) -> None:
        """Enter a claim of origin whose mathematics hold: without an anchor that proves nothing."""
        if self._is_anchored:
            self.hold(claim, subject, is_required=is_required)
        else:
            self.skip(claim, subject, ClaimFault.NO_TRUST_ANCHOR, is_required=is_required)

    def skip(
        self,
        claim: PackageClaim,
        subject: str,
        code: ClaimFault,
        *,
        is_required: bool = True,
        detail: str = "",
    ) -> None:
        """Enter a claim that was not checked."""
        self._enter(claim, subject, Outcome.NOT_CHECKED, code, is_required=is_required, detail=detail)

    def fail(
        self,
        claim: PackageClaim,
        subject: str,
        code: ClaimFault,
        *,
        is_required: bool = True,
        detail: str = "",
    ) -> None:
        """Enter a claim that does not hold."""
        self._enter(claim, subject, Outcome.MISMATCH, code, is_required=is_required, detail=detail)

    def fail_as(self, claim: PackageClaim, subject: str, err: Invalid, *, otherwise: ClaimFault) -> None:
        """Enter a claim that does not hold for the reason of `err`, where a report knows it by name."""
        code = ClaimFault(err.slug) if err.slug in set(ClaimFault) else otherwise
        self.fail(claim, subject, code, detail=err.detail)

    def _enter(
        self,
        claim: PackageClaim,
        subject: str,
        outcome: Outcome,
        code: ClaimFault | None,
        *,
        is_required: bool,
        detail: str = "",
    ) -> None:
        self._claims.append(
            Claim(
                claim=claim,
                subject=subject,
                outcome=outcome,
                code=code,
                is_required=is_required,
                detail=detail,
            )
        )

    def report(self, story: Story | None = None) -> Report:
        """Return everything entered."""
        return Report(claims=tuple(self._claims), is_anchored=self._is_anchored, story=story)
