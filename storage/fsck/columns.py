"""Which columns no leaf fixes, and why that is no hole: everything else is held against the log.

`schemas.leaves_*` name the columns that a member of a leaf repeats; the mirrors compare them. What stands here is
re-derived in another way, is a convenience, or is no evidence. A column in none of these lists fails the build.
"""

from collections.abc import Mapping
from types import MappingProxyType

NOT_EVIDENCE: Mapping[str, str] = MappingProxyType(
    {
        "assertions": "used once, then forgotten",
        "halfways": "who has typed a password and no code yet; forgotten after minutes",
        "heartbeats": "which loops live",
        "idempotency_keys": "what a sender may repeat, for a day; what was done under a key has its own leaf",
        "jobs": "what is still to be done",
        "likeness_searches": "a hint is no evidence; made anew from the pictures, whose digests are in reports",
        "likenesses": "as above",
        "picture_codes": "as above",
        "login_tries": "who guessed how often; forgotten after a while",
        "partner_codes": "for ten minutes; who confirmed by one, and who showed it, has its own leaf",
        "object_chunks": "digests of the chunks of what is stored; fsck makes them anew from the bytes, and compares",
        "questions": "where to look for what is still asked; capture, checks and answers themselves say what is",
        "readings": "when stored bytes were last read whole; fsck reads them itself",
        "scrubs": "how far a night of reading is; what it came to has its own leaf",
        "renewals": "which locks were renewed in which night; how far they stand, fsck asks the store itself",
        "rosters": "sheets that are looked at and taken; what came of one has its own leaf",
        "partner_code_tries": "who guessed lately; the last quarter of an hour counts",
        "sessions": "who is logged in",
        "sign_ons": "which states came back; forgotten after minutes",
        "upload_parts": "in flight, no evidence yet",
        "upload_tails": "in flight, no evidence yet",
        "uploads": "in flight, no evidence yet; what it became says its recording's receipt",
    }
)
"""Tables that hold nothing a court would read."""

LOG = frozenset({"chain_places", "chains", "checkpoints", "custody_entries", "log_tiles", "openings"})
"""Tables of the record itself: recomputed from the leaves' bytes, and anchored by what was signed."""

CONVENIENCE: Mapping[str, str] = MappingProxyType(
    {
        "audit_rechecks.id": "the row's own key, nothing refers to it",
        "audit_scores.id": "the row's own key, nothing refers to it",
        "second_factors.last_step": "up to which code is used; one of the last ninety seconds, where it is put back",
        "trail_rows.fold": "finds what is counted in the same row, until its day is sealed",
        "certificate_facts.id": "the row's own key, nothing refers to it",
        "memberships.id": "the row's own key, nothing refers to it",
        "device_check_items.id": "the row's own key, nothing refers to it",
        "device_checks.id": "the row's own key, nothing refers to it",
        "device_descriptions.id": "the row's own key, nothing refers to it",
        "device_holdings.id": "the row's own key, nothing refers to it",
        "case_links.id": "the row's own key, nothing refers to it",
        "case_summaries.id": "the row's own key, nothing refers to it",
        "checkpoints.signed_at": "by the server's clock; the outside times stand in the log",
        "checkpoints.published_at": "since when it is told; nothing is judged by it",
        "checkpoints.published_from": "held against the pieces that the evidence store keeps",
        "checkpoints.bundles": "held against the tiles and bundles that the evidence store keeps",
        "custody_entries.agency_id": "for whom an entry is listed; the chain's first leaf says whose it is",
        "custody_entries.id": "the order of inserts; the index is the order that counts",
        "derivatives.id": "the row's own key, nothing refers to it",
        "derivations.asked_at": "when it was asked for; when it was made, and by whom it was asked, stands in the leaf",
        "derivations.failure": "why none could be made; the recording is what it was",
        "recordings.locked_until": "how far the store was asked to lock last; fsck asks the store itself",
        "retentions.asked_at": "when it was asked for; when it was entered stands in the leaf",
        "examinations.asked_at": "when it was asked for; when it was done, and by whom it was asked, stands in the leaf",
        "examinations.every_frame": "how far it was asked to go; how far it went stands in its report",
        "examinations.failure": "why it could not be done; nothing was found and nothing changed",
        "equipment_annulments.id": "the row's own key, nothing refers to it",
        "equipment_descriptions.id": "the row's own key, nothing refers to it",
        "equipment_certificates.id": "the row's own key, nothing refers to it",
        "equipment_publications.id": "the row's own key, nothing refers to it",
        "equipment_reviews.id": "the row's own key, nothing refers to it",
        "equipment_suspensions.id": "the row's own key, nothing refers to it",
        "exports.progress_done": "how far a package is while it is built",
        "exports.progress_total": "how far a package is while it is built",
        "fact_evidence.id": "the row's own key, nothing refers to it",
        "looks.expires_at": "how long content is still given under a look; its end is in the leaf that closes it",
        "looks.seen_at": "the last sign of life; what it comes to is in the leaf that closes the look",
        "manifests.findings": "what its sender was told; the report of each recording holds the same checks, made again",
        "monitoring_links.id": "the row's own key, nothing refers to it",
        "monitoring_reopenings.id": "the row's own key, nothing refers to it",
        "monitoring_opinions.id": "the row's own key, nothing refers to it",
        "role_grants.id": "the row's own key, nothing refers to it",
        "rectification_steps.id": "the row's own key, nothing refers to it",
        "review_grounds.id": "the row's own key, nothing refers to it",
    }
)
"""Columns that repeat or order, and whose change changes nothing that anybody is told."""
