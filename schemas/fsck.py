"""What a run of `fsck` may say: every kind of fault, declared once, and what was looked at.

A fault is a contradiction between bytes, rows and log. What could not be looked at, because a part did not answer, is
no fault and must never look like something that passed: it is said as well, and counted. `words_fsck` has the sentences.
"""

from enum import StrEnum

from schemas.base import Frozen


class Part(StrEnum):
    """What is looked at, in this order."""

    LOG = "log"
    JOURNAL = "journal"
    LAID = "laid"
    CHAINS = "chains"
    DOCUMENTS = "documents"
    INTAKES = "intakes"
    REVIEWS = "reviews"
    AUDITS = "audits"
    LOOKS = "looks"
    TRAIL = "trail"
    PERSONAL = "personal"
    RECORDINGS = "recordings"
    OBJECTS = "objects"
    BYTES = "bytes"
    LISTING = "listing"


class FaultCode(StrEnum):
    """Every contradiction that is looked for."""

    LEAF_HASH_DIFFERS = "leaf-hash-differs"
    LEAF_UNREADABLE = "leaf-unreadable"
    ENTRY_DIFFERS_FROM_LEAF = "entry-differs-from-leaf"
    TICKET_MISSING = "ticket-missing"
    TICKET_INVALID = "ticket-invalid"
    ENTRY_REFUSED = "entry-refused"
    INDEX_GAP = "index-gap"
    TILE_MISSING = "tile-missing"
    TILE_DIFFERS = "tile-differs"
    TILE_UNEXPECTED = "tile-unexpected"
    CHECKPOINT_NOTE_INVALID = "checkpoint-note-invalid"
    CHECKPOINT_ROW_DIFFERS = "checkpoint-row-differs"
    CHECKPOINT_ROOT_DIFFERS = "checkpoint-root-differs"
    CHECKPOINT_MISSING = "checkpoint-missing"
    CHECKPOINT_BEYOND_LOG = "checkpoint-beyond-log"
    JOURNAL_MISSING = "journal-missing"
    JOURNAL_DIFFERS = "journal-differs"
    JOURNAL_AHEAD = "journal-ahead"
    LAID_MISSING = "laid-missing"
    LAID_DIFFERS = "laid-differs"
    LAID_UNLOCKED = "laid-unlocked"
    PLACE_DIFFERS = "place-differs"
    OPENING_MISSING = "opening-missing"
    OPENING_DIFFERS = "opening-differs"
    OPENING_UNEXPECTED = "opening-unexpected"
    PERSONAL_UNREADABLE = "personal-unreadable"
    CHAIN_BROKEN = "chain-broken"
    CHAIN_DIFFERS = "chain-differs"
    LEAF_UNLAWFUL = "leaf-unlawful"
    LEAF_WITHOUT_ROW = "leaf-without-row"
    ROW_WITHOUT_LEAF = "row-without-leaf"
    COLUMN_DIFFERS = "column-differs"
    INTAKE_ROWS_DIFFER = "intake-rows-differ"
    REVIEW_EVIDENCE_ALTERED = "review-evidence-altered"
    POPULATION_CHANGED = "population-changed"
    SAMPLE_DIFFERS = "sample-differs"
    TRAIL_DAY_MISSING = "trail-day-missing"
    TRAIL_ROW_CHANGED = "trail-row-changed"
    TRAIL_ROW_MISSING = "trail-row-missing"
    TRAIL_ROW_INSERTED = "trail-row-inserted"
    TRAIL_ROOT_DIFFERS = "trail-root-differs"
    TRAIL_KEPT_WRONG = "trail-kept-wrong"
    SEALED_WITH_BROKEN_CLAIM = "sealed-with-broken-claim"
    SEALED_WITH_OTHER_BYTES = "sealed-with-other-bytes"
    OBJECT_MISSING = "object-missing"
    OBJECT_DAMAGED = "object-damaged"
    OBJECT_SIZE_DIFFERS = "object-size-differs"
    OBJECT_HIDDEN = "object-hidden"
    OBJECT_BYTES_DIFFER = "object-bytes-differ"
    CHUNKS_DIFFER = "chunks-differ"
    OBJECT_UNNAMED = "object-unnamed"
    RETENTION_MISSING = "retention-missing"
    RETENTION_SHORT = "retention-short"
    DERIVATIVE_MISSING = "derivative-missing"
    DERIVATIVE_BYTES_DIFFER = "derivative-bytes-differ"
    DERIVATIVE_PARENT_DIFFERS = "derivative-parent-differs"


class Fault(Frozen):
    """One contradiction: its code, what it is about (`noun/id`), and what a person should see beside it."""

    code: FaultCode
    subject: str
    detail: str = ""


class Unchecked(Frozen):
    """What could not be looked at: `subject` names it, or where it began; `count` says how many questions."""

    part: Part
    subject: str
    detail: str
    count: int = 1


class Checked(Frozen):
    """How many more of a part were looked at, whatever was found."""

    part: Part
    count: int


Found = Fault | Unchecked | Checked
