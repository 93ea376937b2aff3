"""What can be claimed about a package or a draw, and why a claim may not hold.

A claim is checked by anybody, offline; its name and its reasons are the same for the command and its reader.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class PackageClaim(StrEnum):
    """Claims about an export package, in the order of the report."""

    CONTAINER = "container"
    FILE = "file"
    BAG = "bag"
    INDEX = "index"
    PACKAGE_SIGNATURE = "package_signature"
    CHECKPOINT_SIGNATURE = "checkpoint_signature"
    LOG_INCLUSION = "log_inclusion"
    LOG_HISTORY = "log_history"
    TICKET = "ticket"
    CATALOGUE = "catalogue"
    OPENING = "opening"
    REQUEST = "request"
    CASE_NUMBER = "case_number"
    CHAIN = "chain"
    STATE = "state"
    COMPLETENESS = "completeness"
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
    RECORD_GATE = "record_gate"
    RECORD_REVIEWED = "record_reviewed"
    REVIEW_LOGGED = "review_logged"


class Voucher(StrEnum):
    """Whose word a claim rests on, if it holds. What rests on the export key alone is never told of a case."""

    DEVICE = "device"
    REGISTRY = "registry"
    TICKET = "ticket"
    LOG = "log"
    EXPORT_KEY = "export_key"


VOUCHERS: Final[Mapping[PackageClaim, Voucher]] = MappingProxyType(
    {
        PackageClaim.CONTAINER: Voucher.EXPORT_KEY,
        PackageClaim.FILE: Voucher.EXPORT_KEY,
        PackageClaim.BAG: Voucher.EXPORT_KEY,
        PackageClaim.INDEX: Voucher.EXPORT_KEY,
        PackageClaim.PACKAGE_SIGNATURE: Voucher.EXPORT_KEY,
        PackageClaim.TICKET: Voucher.TICKET,
        PackageClaim.MANIFEST_AGREES: Voucher.DEVICE,
        PackageClaim.MANIFEST_SIGNATURE: Voucher.DEVICE,
        PackageClaim.DEVICE_KEY: Voucher.REGISTRY,
        PackageClaim.INTAKE_SIGNATURE: Voucher.REGISTRY,
    }
)
"""Where it is not the log: every other claim follows from leaves that stand under its signed checkpoint."""


def voucher(claim: PackageClaim) -> Voucher:
    """Return whose word a claim rests on."""
    return VOUCHERS.get(claim, Voucher.LOG)


class PackageVerdict(StrEnum):
    """What a package comes to, and the exit code of whoever checked it."""

    HOLDS = "holds"
    FAILS = "fails"
    ORIGIN_UNKNOWN = "origin-unknown"
    NOT_UNDERSTOOD = "not-understood"

    @property
    def exit_code(self) -> int:
        """0 holds, 1 fails, 3 the origin is not proven, 4 of a kind unknown here; 2 is wrong use."""
        return {"holds": 0, "fails": 1, "origin-unknown": 3, "not-understood": 4}[self]


class DrawClaim(StrEnum):
    """Claims about a supervision draw, in the order of the report."""

    PLAN = "plan"
    LEAD = "lead"
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
    NAME_DIFFERS = "name-differs"
    NOTE_DIFFERS = "note-differs"
    SIGNATURE_INVALID = "signature-invalid"
    NOTE_MALFORMED = "note-malformed"
    CHECKPOINT_MALFORMED = "checkpoint-malformed"
    CHECKPOINT_DIFFERS = "checkpoint-differs"
    PROOF_INVALID = "proof-invalid"
    PROOF_MISSING = "proof-missing"
    TICKET_MISSING = "ticket-missing"
    TICKET_INVALID = "ticket-invalid"
    KEY_SUSPECT = "key-suspect"
    KEY_ENDED = "key-ended"
    CATALOGUE_DIFFERS = "catalogue-differs"
    LOG_DIFFERS = "log-differs"
    LOG_FORKED = "log-forked"
    HISTORY_UNPROVEN = "history-unproven"
    NO_TRUSTED_CHECKPOINT = "no-trusted-checkpoint"
    REQUEST_MISSING = "request-missing"
    CASE_DIFFERS = "case-differs"
    CHAINS_DIFFER = "chains-differ"
    HIDDEN_DIFFERS = "hidden-differs"
    OPENING_MISSING = "opening-missing"
    OPENING_DIFFERS = "opening-differs"
    CHAIN_MISSING = "chain-missing"
    CHAIN_BROKEN = "chain-broken"
    CHAIN_CUT = "chain-cut"
    UNLAWFUL = "unlawful"
    NOT_UNDERSTOOD = "not-understood"
    WITHHELD_FROM = "withheld-from"
    NOT_SHOWN = "not-shown"
    LEAF_MISSING = "leaf-missing"
    LEAF_DIFFERS = "leaf-differs"
    NOT_VERIFIED_YET = "not-verified-yet"
    DIGEST_UNKNOWN = "digest-unknown"
    MANIFEST_ABSENT = "manifest-absent"
    MANIFEST_INVALID = "manifest-invalid"
    MANIFEST_DIGEST_DIFFERS = "manifest-digest-differs"
    FILE_NOT_IN_MANIFEST = "file-not-in-manifest"
    MANIFEST_FACTS_DIFFER = "manifest-facts-differ"
    KEY_ABSENT = "key-absent"
    KEY_MALFORMED = "key-malformed"
    KEY_DIFFERS = "key-differs"
    DEVICE_KEY_REVOKED = "device-key-revoked"
    ROW_DIFFERS = "row-differs"
    MEDIA_DIFFERS = "media-differs"
    GATE_CLOSED = "gate-closed"
    NOT_FOUND_VALID = "not-found-valid"
    INTAKE_INVALID = "intake-invalid"
    NOT_REACHED = "not-reached"


class DrawFault(StrEnum):
    """Why a claim about a draw did not hold or was not checked."""

    PLAN_INVALID = "plan-invalid"
    PLAN_DIFFERS = "plan-differs"
    LEAD_BROKEN = "lead-broken"
    POPULATION_INVALID = "population-invalid"
    POPULATION_DIFFERS = "population-differs"
    VALUE_DIFFERS = "value-differs"
    SEED_DIFFERS = "seed-differs"
    SAMPLE_IMPOSSIBLE = "sample-impossible"
    SAMPLE_DIFFERS = "sample-differs"
    ORDER_DIFFERS = "order-differs"
    LOG_NOT_CHECKED = "log-not-checked"
    NO_TRUST_ANCHOR = "no-trust-anchor"
    LOG_FORKED = "log-forked"
    HISTORY_UNPROVEN = "history-unproven"
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
    READERS = "readers"
    LATER = "later"
