"""The one catalogue of words: what each name of the product is called. Pages, commands and verifier read it here.

Checks, findings and refusals carry their sentences where they are declared; a page's own prose is gettext's.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from schemas.monitoring_row import Quantity
from schemas.words import Words, joined
from schemas.words_audit import (
    AUDIT_KINDS,
    AUDIT_STATES,
    AUDIT_STEPS,
    AUTO_CHECKS,
    RECHECKS,
    RECTIFICATION_STATES,
    RECTIFICATION_STEPS,
    SCORES_OF_THREE,
    SOURCE_KINDS,
)
from schemas.words_case import (
    ACCEPTANCE_GROUNDS,
    CASE_FIELDS,
    CASE_STATES,
    CASE_STEPS,
    GROUND_ITEMS,
    OPINIONS,
    PARTS,
    RECUSAL_GROUNDS,
    REVIEW_RULES,
    REVIEW_STATES,
    SCOPE_KINDS,
)
from schemas.words_claim import (
    CLAIM_FAULTS,
    DRAW_CLAIMS,
    DRAW_FAULTS,
    GROUNDS,
    NOT_PROVEN,
    PACKAGE_CLAIMS,
    PACKAGE_VERDICTS,
    VOUCHED,
)
from schemas.words_continuity import SEAM_KINDS, SEGMENT_STATES
from schemas.words_declaration import DOCUMENT_KINDS, HAND_IN_WAYS, ORIGINS
from schemas.words_document import RISKS
from schemas.words_event import EVENTS
from schemas.words_examined import MEASURES, PART_KINDS, STORE_FAULTS, STRETCHES
from schemas.words_fsck import FAULTS, FSCK_PARTS
from schemas.words_health import HEALTH, HEALTH_PARTS
from schemas.words_holding import CHECK_OCCASIONS, CHECK_POINTS, DEVICE_KINDS
from schemas.words_line import (
    CLOCKS,
    DATUMS,
    DERIVATION_FAILURES,
    DERIVATION_STATES,
    DERIVATIVES,
    DEVICE_STATES,
    EXAMINATION_STATES,
    EXPORT_STATES,
    LIKENESSES,
    MANIFEST_STATES,
    MEDIA,
    OFFICER_WORDS,
    OUTCOMES,
    RECORDING_STATES,
    RETENTIONS,
    REVOKE_REASONS,
    SHOWN,
    UNDRAWN,
    UPLOAD_STATES,
    VERDICTS,
)
from schemas.words_look import LOOK_KINDS, LOOK_REASONS, LOOK_WAYS
from schemas.words_monitoring import (
    BASES,
    CHANNELS,
    EQUIPMENT_KINDS,
    EQUIPMENT_STATES,
    EQUIPMENT_STEPS,
    GATE_FAULTS,
    GATE_STATES,
    MONITORING_STATES,
    NOTIFY_OUTCOMES,
    PLACE_REMARKS,
    QUANTITIES,
    REASONS,
    RECORD_OPINIONS,
    REVIEW_FAULTS,
    REVIEW_KINDS,
    ROW_OUTCOMES,
    STAGES,
)
from schemas.words_overlap import OVERLAPS
from schemas.words_people import (
    ACCOUNT_KINDS,
    ACCOUNT_NEEDS,
    ACCOUNT_STATES,
    ACTIONS,
    ACTOR_KINDS,
    AGENCY_KINDS,
    APPROVAL_STATES,
    CERTIFICATE_KINDS,
    CERTIFICATE_NEEDS,
    CERTIFICATE_STATES,
    CERTIFICATE_STEPS,
    DUTIES,
    LOGIN_OUTCOMES,
    PRESENCE_STATES,
    PRESENCE_WAYS,
    ROSTER_FAULTS,
    ROSTER_STATES,
    STANDING,
    TRAINING_FAULTS,
)
from schemas.words_procedure import DECISION_OUTCOMES, FORMALITIES, PENALTY_KINDS
from schemas.words_role import ROLES
from schemas.words_setting import AS_OF, LIST_SETTINGS, SETTINGS
from schemas.words_summary import PARTY_KINDS
from schemas.words_trail import FACTOR_DEEDS, LOGIN_WAYS, SESSION_ENDS, TRAIL_EVENTS, TRAIL_RESULTS
from schemas.words_training import TRAINING_KINDS
from schemas.words_unit import UNITS

_TABLES: tuple[Mapping[Any, Words], ...] = (
    *(AUDIT_KINDS, AUDIT_STATES, AUDIT_STEPS, AUTO_CHECKS, RECHECKS, SCORES_OF_THREE, SOURCE_KINDS),
    *(RECTIFICATION_STATES, RECTIFICATION_STEPS),
    *(
        ACCEPTANCE_GROUNDS,
        CASE_STATES,
        CASE_FIELDS,
        CASE_STEPS,
        GROUND_ITEMS,
        OPINIONS,
        PARTS,
        RECUSAL_GROUNDS,
        REVIEW_STATES,
    ),
    *(REVIEW_RULES, SCOPE_KINDS),
    *(DECISION_OUTCOMES, FORMALITIES, PARTY_KINDS, PENALTY_KINDS),
    OVERLAPS,
    *(CLAIM_FAULTS, DRAW_CLAIMS, DRAW_FAULTS, GROUNDS, NOT_PROVEN, PACKAGE_CLAIMS, PACKAGE_VERDICTS, VOUCHED),
    *(EVENTS, FAULTS, FSCK_PARTS, HEALTH, HEALTH_PARTS),
    *(CLOCKS, DERIVATION_FAILURES, DERIVATION_STATES, RETENTIONS),
    *(DATUMS, DERIVATIVES, DEVICE_STATES, EXPORT_STATES, MANIFEST_STATES, MEDIA, OUTCOMES),
    *(CHECK_OCCASIONS, CHECK_POINTS, DEVICE_KINDS),
    *(EXAMINATION_STATES, OFFICER_WORDS, RECORDING_STATES, REVOKE_REASONS, SHOWN, UPLOAD_STATES, VERDICTS),
    LIKENESSES,
    *(DOCUMENT_KINDS, HAND_IN_WAYS, ORIGINS, UNDRAWN),
    *(LOOK_KINDS, LOOK_REASONS, LOOK_WAYS),
    *(
        EQUIPMENT_KINDS,
        EQUIPMENT_STATES,
        EQUIPMENT_STEPS,
        GATE_FAULTS,
        GATE_STATES,
        PLACE_REMARKS,
        REVIEW_FAULTS,
        REVIEW_KINDS,
    ),
    *(BASES, CHANNELS, MONITORING_STATES, NOTIFY_OUTCOMES, QUANTITIES, REASONS, RECORD_OPINIONS),
    *(ROW_OUTCOMES, STAGES),
    *(
        ACCOUNT_KINDS,
        ACCOUNT_NEEDS,
        ACCOUNT_STATES,
        APPROVAL_STATES,
        AGENCY_KINDS,
        ACTIONS,
        ACTOR_KINDS,
        CERTIFICATE_KINDS,
        CERTIFICATE_NEEDS,
        CERTIFICATE_STATES,
        CERTIFICATE_STEPS,
        DUTIES,
        LOGIN_OUTCOMES,
        PRESENCE_STATES,
        PRESENCE_WAYS,
        TRAINING_FAULTS,
        TRAINING_KINDS,
        ROSTER_FAULTS,
        ROSTER_STATES,
        STANDING,
        ROLES,
    ),
    *(FACTOR_DEEDS, LOGIN_WAYS, SESSION_ENDS, TRAIL_EVENTS, TRAIL_RESULTS),
    *(AS_OF, LIST_SETTINGS, SETTINGS),
    *(MEASURES, PART_KINDS, RISKS, STORE_FAULTS, STRETCHES),
    *(SEAM_KINDS, SEGMENT_STATES),
    UNITS,
)

CATALOGUE: Mapping[type[StrEnum], Mapping[Any, Words]] = MappingProxyType(
    {type(next(iter(table))): table for table in _TABLES}
)
"""Enum → member → words. By the enum first: members of two enums with one value are equal, their words are not."""


def words_of(member: StrEnum) -> Words:
    """Return what a state, an event, a role … is called.

    Raises:
        KeyError: not a member of a catalogued enum; a bare text has no words.
    """
    return CATALOGUE[type(member)][member]


def words_of_all(members: Iterable[StrEnum]) -> Words:
    """Return several names as one list."""
    return joined(words_of(member) for member in members)


def quantity_words(name: str) -> Words:
    """Return what a measured quantity is called; one that we do not know is quoted as its equipment wrote it."""
    if name in set(Quantity):
        return words_of(Quantity(name))
    return Words(f"其他数值“{name}”", f"another value “{name}”")
