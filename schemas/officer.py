"""Officers are people: how many of those whom a capture names may act together under art. 42, at the time it was made."""

from collections.abc import Collection

from schemas.base import Frozen
from schemas.checks.manifest import OFFICERS
from schemas.ids import AccountId
from schemas.integrity import Check, CheckResult, examines
from schemas.manifest import CaptureManifest

MIN_OFFICERS = 2
"""Administrative Penalty Law of the PRC, art. 42: not fewer than two officers."""


class NamedOfficer(Frozen):
    """A certificate that a capture names and the register knows, as of the corrected time of the capture.

    `is_ours`: its holder belongs to the agency of the device, to the one that entrusts it, or to one it entrusts
    (art. 20). `is_auxiliary`: the certificate, or the role of its holder, is that of an auxiliary.
    """

    number: str
    person: AccountId
    is_valid: bool
    is_ours: bool
    is_auxiliary: bool


@examines(OFFICERS)
def check_officers(
    check: Check, manifest: CaptureManifest | None, registered: Collection[NamedOfficer] = ()
) -> CheckResult:
    """Count the people behind the certificates that a capture names; without a manifest it names nobody.

    Certificate numbers name persons, so findings carry counts only. A time that rests on a clock which nobody ever
    compared says nothing of who was certified then.
    """
    named = set() if manifest is None else set(manifest.officers)
    if manifest is not None and named and manifest.clock.is_unchecked:
        return check.found("officers-clock-unchecked")
    behind = [one for one in registered if one.number in named]
    if unknown := len(named) - len({one.number for one in behind}):
        return check.found("officers-unknown-certificate", unknown=unknown)
    if invalid := sum(not one.is_valid for one in behind):
        return check.found("officers-invalid-certificate", invalid=invalid)
    if others := sum(not one.is_ours for one in behind):
        return check.found("officers-other-agency", others=others)
    people = len({one.person for one in behind if not one.is_auxiliary})
    if people < MIN_OFFICERS:
        exception = None if manifest is None else manifest.exception
        return (
            check.found("officers-fewer-than-two", officers=people)
            if exception is None
            else check.found("officers-exception", article=exception.article)
        )
    return check.held(officers=people)
