"""What a package tells of its case, as values: each word of them from a leaf, an opening, or the fold of a chain."""

from mobile_contract.client.verify_said import DeclaredTold, Said
from mobile_contract.client.verify_summary import SummaryTold
from schemas.base import Frozen


class CaseTold(Frozen):
    """The case as its chain folds. `unknown_from` says from which number on that is not known."""

    id: str
    number: Said
    party: Said
    matter: Said
    place: Said
    agency: Said
    agency_said_at: str | None
    handlers: tuple[Said, ...]
    state: str
    opened_at: str
    unknown_from: int | None


class AgainTold(Frozen):
    """A later examination of a sealed recording: when, and the verdict before and after it."""

    at: str
    was: str
    verdict: str


class StoreTold(Frozen):
    """The store gave otherwise than was recorded: when that was found, and what."""

    at: str
    code: str


class RecordingTold(Frozen):
    """A recording of the case: what it is called, and what the server concluded."""

    id: str
    filename: Said
    state: str
    verdict: str
    is_evidence: bool
    received_at: str
    again: tuple[AgainTold, ...] = ()
    store: tuple[StoreTold, ...] = ()
    declared: DeclaredTold | None = None


class RecordTold(Frozen):
    """A record of fixed equipment: its state, and every attempt to tell the party."""

    id: str
    state: str
    is_evidence: bool
    notifications: tuple[str, ...]


class RoundTold(Frozen):
    """A round of legal review: what was said, and on how many grounds."""

    round: int
    opinion: str | None
    statement: Said
    grounds: int
    unanswered: int


class ScopeAnswerTold(Frozen):
    """Whether the case is of one kind of art. 58, and why."""

    kind: str
    applies: bool
    ground: Said


class ScopeTold(Frozen):
    """What the last conclusion of the investigation answered of art. 58, and which outcome it proposed, if any."""

    person: Said
    at: str
    answers: tuple[ScopeAnswerTold, ...]
    proposal: str | None = None


class ExemptionTold(Frozen):
    """By whom, when and why it was agreed that the case needs no legal review."""

    person: Said
    at: str
    reason: Said


class ActTold(Frozen):
    """What a person did in the case: the roles that carried it, as the log held them before it.

    Empty where the package withholds them. `corrected`: the log says otherwise of that time by now.
    """

    event: str
    at: str
    person: Said
    roles: tuple[str, ...]
    corrected: bool


class FactTold(Frozen):
    """A fact to be proven, and the evidence that is named for it."""

    text: Said
    evidence: tuple[str, ...]


class RecusalTold(Frozen):
    """Somebody who was barred from the case: who, on what ground, from when; and since when no longer, if ended."""

    person: Said
    ground: str
    reason: Said
    barred_at: str
    lifted_at: str | None
    lift_reason: Said


class FormalityTold(Frozen):
    """A duty of procedure: the documents that stand, and what its step found; `at_step` is None where that listed none."""

    formality: str
    documents: tuple[Said, ...]
    at_step: int | None
    why: Said


class DecisionTold(Frozen):
    """What the case ended in; `is_listed`: the decision says so, and lists its duties. Before version 2 it did neither."""

    is_listed: bool
    outcome: str = ""
    penalties: tuple[str, ...] = ()
    fine_fen: int | None = None


class CorrectedTold(Frozen):
    """A member of an entry, and what it should have said."""

    member: str
    value: Said


class CorrectionTold(Frozen):
    """An entry that was wrong, and the one that answers it; `event` is None where the package does not say what it was."""

    entry: str
    event: str | None
    at: str
    members: tuple[CorrectedTold, ...]
    approvals: tuple[Said, ...]
    reason: Said


class WithheldTold(Frozen):
    """A leaf that is not shown: number n of a chain up to `last`, of what kind, on what ground."""

    of: str
    n: int
    last: int
    event: str
    ground: str


class Story(Frozen):
    """What a package tells."""

    as_of: str
    origin: str
    size: int | None
    case: CaseTold | None
    recordings: tuple[RecordingTold, ...]
    records: tuple[RecordTold, ...]
    rounds: tuple[RoundTold, ...]
    facts: tuple[FactTold, ...]
    recusals: tuple[RecusalTold, ...]
    decision: DecisionTold | None
    formalities: tuple[FormalityTold, ...]
    withheld: tuple[WithheldTold, ...]
    hidden: int
    acts: tuple[ActTold, ...] = ()
    scope: ScopeTold | None = None
    """None: no conclusion was asked."""
    exemption: ExemptionTold | None = None
    """While it stands."""
    summaries: tuple[SummaryTold, ...] = ()
    """Penalties on the spot, those taken back included."""
    corrections: tuple[CorrectionTold, ...] = ()
    looks: int | None = None
    """How many looks the log held at this evidence when the package was asked for; None: the request does not say."""
