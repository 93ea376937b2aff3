"""What a package says of the desks: monitoring records with their intakes, review rounds, facts, ended ties.

Texts travel with their salts, so that a reader can hold each against the commitment in its custody entry.
"""

from typing import Annotated

from pydantic import Field

from schemas.base import HexDigest, Sha256Hex, WireIn
from schemas.custody import commitment

Salt = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]


class PackagedText(WireIn):
    """A text and the salt under which the log committed to it."""

    text: str
    salt: Salt

    @property
    def commitment(self) -> str:
        """What the log must hold."""
        return commitment(bytes.fromhex(self.salt), self.text)


class PackagedOpinion(WireIn):
    """One of the two opinions on a monitoring record."""

    stage: str
    opinion: str
    reason_code: str | None = None
    reason: PackagedText | None = None
    given_at: str


class PackagedRecord(WireIn):
    """A monitoring record: its row as kept with its salt, its place in the signed batch, and who found it valid."""

    id: str
    record_id: str
    equipment: str
    equipment_name: str
    captured_at: str
    received_at: str
    state: str
    file: str
    intake: Sha256Hex
    intake_index: Annotated[int, Field(ge=0)]
    salt: Salt
    path: list[Sha256Hex]
    media: list[str]
    gate_faults: list[str]
    opinions: list[PackagedOpinion]
    basis: str
    linked_at: str


class PackagedIntake(WireIn):
    """A batch's manifest and the registry's signature over it."""

    id: str
    sha256: Sha256Hex
    file: str
    signature_file: str


class PackagedGround(WireIn):
    """A ground of an opinion, and the handler's answer."""

    position: int
    item: str
    subject: str | None = None
    text: PackagedText
    answer: PackagedText | None = None


class PackagedRound(WireIn):
    """A round of legal review; `evidence_file` is what the case rested on when it was submitted."""

    id: str
    round: int
    submitted_at: str
    evidence_file: str
    evidence_sha256: Sha256Hex
    opinion: str | None = None
    statement: PackagedText | None = None
    given_at: str | None = None
    grounds: list[PackagedGround]


class PackagedFact(WireIn):
    """A fact to be proven and what was named as its evidence."""

    id: str
    position: int
    text: PackagedText
    evidence: list[str]


class PackagedEndedTie(WireIn):
    """A tie that was ended by a dated counter-entry; `subject` is `recording/…` or `monitoring/…`."""

    subject: str
    linked_at: str
    unlinked_at: str
    reason: PackagedText | None = None


class PackagedDesks(WireIn):
    """Everything of the desks that belongs to one case."""

    records: list[PackagedRecord]
    intakes: list[PackagedIntake]
    rounds: list[PackagedRound]
    facts: list[PackagedFact]
    ended_ties: list[PackagedEndedTie]

    @property
    def files(self) -> set[str]:
        """The files that the index speaks of here."""
        intakes = {name for one in self.intakes for name in (one.file, one.signature_file)}
        return intakes | {one.file for one in self.records} | {one.evidence_file for one in self.rounds}


def row_name(record_id: str) -> str:
    """Return the path of a monitoring record's row."""
    return f"data/monitoring/{record_id}.json"


def intake_names(sha256: HexDigest) -> tuple[str, str]:
    """Return the paths of an intake manifest and of its signature."""
    return f"data/intakes/{sha256}.json", f"data/intakes/{sha256}.sig"


def evidence_name(review_id: str) -> str:
    """Return the path of the snapshot a review round rests on."""
    return f"data/reviews/{review_id}.json"
