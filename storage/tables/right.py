"""What the application's database role may do with each table, beside reading it and adding rows.

Migrations run under another role, which owns the tables; the application is granted what stands here and nothing else,
by `storage.setup.application` after every migration. It may never truncate, alter, or touch a trigger: that is its owner's.
A test walks the schema: a table that is not named here is one that nobody decided about.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple


class Right(NamedTuple):
    """What may be done with rows that are there.

    Attributes:
        columns: Those that may be changed; None is every one, none is no change.
        is_removable: Whether rows may be deleted.
    """

    columns: frozenset[str] | None = frozenset()
    is_removable: bool = False

    @property
    def is_append_only(self) -> bool:
        """Whether rows are only ever added."""
        return not self.is_removable and self.columns == frozenset()


ADDED: Final = Right()
"""Rows are added, and stay as they are."""

CHANGED: Final = Right(None)
"""Rows change by acts – what may change of them is for their triggers and for `fsck` to say –, and stay."""

WORKING: Final = Right(None, is_removable=True)
"""Rows of what is under way: no evidence, and gone when it is over."""

TOLD: Final = Right(frozenset({"known_during"}), is_removable=True)
"""What was told is closed; what was told for no moment – two acts of one millisecond – is no row (`storage.told`)."""


def gains(*columns: str) -> Right:
    """Return the right to give rows that are there the values of a few columns."""
    return Right(frozenset(columns))


_ADDED = (
    "admissions",
    "agency_settings",
    "audit_amendments",
    "audit_entries",
    "audit_inspectors",
    "audit_population",
    "audit_sample",
    "audit_scores",
    "audit_thirds",
    "case_decisions",
    "case_handlers",
    "case_proposals",
    "case_scopes",
    "chain_places",
    "checks",
    "declarations",
    "derivatives",
    "device_check_items",
    "device_checks",
    "equipment_annulments",
    "finding_answers",
    "intakes",
    "likenesses",
    "likeness_searches",
    "manifests",
    "monitoring_media",
    "monitoring_opinions",
    "monitoring_reopenings",
    "notifications",
    "openings",
    "rectification_steps",
    "retention_marks",
    "scrub_finds",
    "standards",
    "trail_seals",
    "upload_parts",
)
_CHANGED = (
    "account_links",
    "accounts",
    "agencies",
    "approvals",
    "audit_rechecks",
    "audits",
    "case_documents",
    "case_facts",
    "case_links",
    "case_summaries",
    "cases",
    "certificates",
    "chains",
    "derivations",
    "devices",
    "enrolment_codes",
    "equipment",
    "examinations",
    "exports",
    "fact_evidence",
    "jobs",
    "looks",
    "monitoring_links",
    "monitoring_records",
    "notes",
    "object_chunks",
    "partner_code_tries",
    "partner_codes",
    "picture_codes",
    "presences",
    "readings",
    "recordings",
    "recovery_codes",
    "rectifications",
    "recusals",
    "renewals",
    "review_grounds",
    "reviews",
    "scrubs",
    "second_factors",
    "shifts",
    "tags",
    "trainings",
    "uploads",
)
_WORKING = (
    "assertions",
    "case_formalities",
    "halfways",
    "heartbeats",
    "idempotency_keys",
    "login_tries",
    "questions",
    "retentions",
    "rosters",
    "sessions",
    "sign_ons",
    "upload_tails",
)
_TOLD = (
    "certificate_facts",
    "device_descriptions",
    "device_holdings",
    "equipment_certificates",
    "equipment_descriptions",
    "equipment_publications",
    "equipment_reviews",
    "equipment_suspensions",
    "memberships",
    "role_grants",
)

RIGHTS: Final[Mapping[str, Right]] = MappingProxyType(
    {
        **dict.fromkeys(_ADDED, ADDED),
        **dict.fromkeys(_CHANGED, CHANGED),
        **dict.fromkeys(_WORKING, WORKING),
        **dict.fromkeys(_TOLD, TOLD),
        # The signer gives a draft its index, or says which leaf refuses it; neither is ever taken back (`only_index`).
        "custody_entries": gains("leaf_index", "refused_by"),
        "checkpoints": gains("published_at", "published_from", "bundles"),
        "log_tiles": gains("hashes"),
        # A row is counted until its day is sealed, gets its place then, and goes with its day by `drop_trail` alone.
        "trail_rows": gains("times", "last_at", "n", "digest", "fold"),
    }
)
"""Table → what the application may do with rows that are there."""

FUNCTIONS: Final = ("drop_trail()", "free_refused(text)", "rare_grams(text, text)")
"""What runs with its owner's rights, and the application may call: it lets days of the access trail go that were kept long
enough, and the places of what the log refuses in a chain that is mended; and tells which pairs of a word are rare."""
