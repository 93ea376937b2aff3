"""The table of all checks, by name, and of all findings, by code."""

from collections.abc import Mapping
from itertools import chain

from schemas.checks.agreement import AGREEMENT
from schemas.checks.audit import AUDIT
from schemas.checks.claims import CLAIMS
from schemas.checks.containers import CONTAINERS
from schemas.checks.content import CONTENTS
from schemas.checks.documents import DOCUMENTS
from schemas.checks.examined import EXAMINATION
from schemas.checks.facts import FACTS
from schemas.checks.holding import HOLDING
from schemas.checks.manifest import MANIFEST
from schemas.checks.register import REGISTER
from schemas.checks.review import REVIEW
from schemas.checks.scene import SCENES
from schemas.checks.sound import SOUNDS
from schemas.checks.stills import STILLS
from schemas.checks.streams import STREAMS
from schemas.checks.structure import STRUCTURE
from schemas.checks.timing import TIMINGS
from schemas.checks.tracks import TRACKS
from schemas.checks.unsigned import UNSIGNED
from schemas.integrity import Check, DeclaredFinding

CHECKS: Mapping[str, Check] = {
    check.name: check
    for check in chain(
        CLAIMS,
        MANIFEST,
        AGREEMENT,
        UNSIGNED,
        HOLDING,
        REGISTER,
        EXAMINATION,
        STRUCTURE,
        CONTAINERS,
        STREAMS,
        SOUNDS,
        STILLS,
        TIMINGS,
        CONTENTS,
        FACTS,
        TRACKS,
        DOCUMENTS,
        REVIEW,
        SCENES,
        AUDIT,
    )
}

FINDINGS: Mapping[str, DeclaredFinding] = {
    finding.code: finding for check in CHECKS.values() for finding in check.findings
}
"""Every code by its sentences; no two checks share one."""
