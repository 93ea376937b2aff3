"""What can be claimed about a package or a draw, and why a claim may not hold.

A claim is checked by anybody, offline; its name and its reasons are the same for the command and its reader.
"""

from enum import StrEnum


class PackageClaim(StrEnum):
    """Claims about an export package, in the order of the report."""

    CONTAINER = "container"
    FILE = "file"
    BAG = "bag"
    INDEX = "index"
    PACKAGE_SIGNATURE = "package_signature"
    CHECKPOINT_SIGNATURE = "checkpoint_signature"
    LOG_INCLUSION = "log_inclusion"
    RECORDING_DIGEST = "recording_digest"
    RECORDING_LOGGED = "recording_logged"
    DERIVATIVE = "derivative"
    MANIFEST_AGREES = "manifest_agrees"
    MANIFEST_SIGNATURE = "manifest_signature"
    DEVICE_KEY = "device_key"
    INTAKE_LOGGED = "intake_logged"
    INTAKE_SIGNATURE = "intake_signature"
    RECORD_ROW = "record_row"
    RECORD_MEDIA = "record_media"
    RECORD_REVIEWED = "record_reviewed"
    REVIEW_LOGGED = "review_logged"
    FACT_LOGGED = "fact_logged"
    DESKS_COMPLETE = "desks_complete"
    COMPLETENESS = "completeness"


class DrawClaim(StrEnum):
    """Claims about a supervision draw, in the order of the report."""

    PLAN = "plan"
    POPULATION = "population"
    VALUES = "values"
    SEED = "seed"
    SAMPLE = "sample"
    ORDER = "order"
    LOG = "log"


class ClaimFault(StrEnum):
    """Why a claim about a package did not hold or was not checked."""

    NO_TRUST_ANCHOR = "no-trust-anchor"
    CONTAINER_BROKEN = "container-broken"
    CRC_DIFFERS = "crc-differs"
    DIGEST_DIFFERS = "digest-differs"
    FILE_NOT_LISTED = "file-not-listed"
    FILE_MISSING = "file-missing"
    BAG_MALFORMED = "bag-malformed"
    OXUM_DIFFERS = "oxum-differs"
    INDEX_INVALID = "index-invalid"
    ENTRIES_INVALID = "entries-invalid"
    LEAF_INVALID = "leaf-invalid"
    LAYOUT_DIFFERS = "layout-differs"
    NOTE_DIFFERS = "note-differs"
    SIGNATURE_INVALID = "signature-invalid"
    NOTE_MALFORMED = "note-malformed"
    CHECKPOINT_MALFORMED = "checkpoint-malformed"
    CHECKPOINT_DIFFERS = "checkpoint-differs"
    PROOF_INVALID = "proof-invalid"
    PROOF_MISSING = "proof-missing"
    LEAF_MISSING = "leaf-missing"
    LEAF_DIFFERS = "leaf-differs"
    NOT_VERIFIED_YET = "not-verified-yet"
    MANIFEST_ABSENT = "manifest-absent"
    MANIFEST_REFUSED = "manifest-refused"
    MANIFEST_INVALID = "manifest-invalid"
    MANIFEST_DIGEST_DIFFERS = "manifest-digest-differs"
    FILE_NOT_IN_MANIFEST = "file-not-in-manifest"
    MANIFEST_FACTS_DIFFER = "manifest-facts-differ"
    KEY_ABSENT = "key-absent"
    KEY_MALFORMED = "key-malformed"
    KEY_DIFFERS = "key-differs"
    DEVICE_KEY_REVOKED = "device-key-revoked"
    RECORDING_OMITTED = "recording-omitted"
    RECORDING_NOT_LINKED = "recording-not-linked"
    RECORDING_DOUBLED = "recording-doubled"
    CASE_NOT_LOGGED = "case-not-logged"
    ROW_DIFFERS = "row-differs"
    MEDIA_DIFFERS = "media-differs"
    ORDER_DIFFERS = "order-differs"
    NOT_FOUND_VALID = "not-found-valid"
    INTAKE_INVALID = "intake-invalid"
    RECORD_OMITTED = "record-omitted"
    ROUND_OMITTED = "round-omitted"
    FACT_OMITTED = "fact-omitted"
    DESKS_OMITTED = "desks-omitted"
    STANDS_TWICE = "stands-twice"
    TIE_OMITTED = "tie-omitted"
    NOT_REACHED = "not-reached"


class DrawFault(StrEnum):
    """Why a claim about a draw did not hold or was not checked."""

    PLAN_INVALID = "plan-invalid"
    PLAN_DIFFERS = "plan-differs"
    POPULATION_INVALID = "population-invalid"
    POPULATION_DIFFERS = "population-differs"
    VALUE_DIFFERS = "value-differs"
    SEED_DIFFERS = "seed-differs"
    SAMPLE_IMPOSSIBLE = "sample-impossible"
    SAMPLE_DIFFERS = "sample-differs"
    ORDER_DIFFERS = "order-differs"
    LOG_NOT_CHECKED = "log-not-checked"
    NO_TRUST_ANCHOR = "no-trust-anchor"
    PROOF_MISSING = "proof-missing"
    PROOF_INVALID = "proof-invalid"
    INDEX_DIFFERS = "index-differs"


class NotProven(StrEnum):
    """What no package can prove; printed with every report, whatever its outcome."""

    SCENE = "scene"
    OFFICER = "officer"
    CLOCK = "clock"
    UNTRUSTED_TIME = "untrusted_time"
    WITNESSES = "witnesses"
    STATEMENTS = "statements"
    COMPLETENESS = "completeness"
