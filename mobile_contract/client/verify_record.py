"""Claims about the record itself: the request that closes the case, the chains up to it, what is shown of them."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from mobile_contract.client.verify_bag import Bag
from mobile_contract.client.verify_origin import Trust
from mobile_contract.client.verify_report import Ledger
from schemas.checkpoint import Checkpoint
from schemas.claim import ClaimFault, PackageClaim
from schemas.digest import sha256_hex
from schemas.disclosure import WHOLE_LEAF, ChainHead, NotShown, parse_chains, parse_hidden
from schemas.errors import Invalid
from schemas.leaf import Leaf, Unknown
from schemas.leaves_log import LogOpen
from schemas.leaves_monitoring import IntakeReceive
from schemas.leaves_recording import ManifestDeclare
from schemas.leaves_review import ExportRequest
from schemas.life import FaultCode
from schemas.life_equipment import EquipmentLife
from schemas.life_evidence import RecordingLife
from schemas.life_log import LogLife
from schemas.package import CATALOGUE, CHAINS, HIDDEN, LEAVES, OPENINGS, SCHEMA, PackageIndex
from schemas.package_lines import parse_openings
from schemas.package_record import Carried, Record, record_of
from schemas.reference import noun_of
from schemas.replay import Folded, Turn, fold

_LINKAGE = frozenset({FaultCode.HOLE, FaultCode.ORDER, FaultCode.BROKEN})
_GROWS = "recording"
"""What was received when the package was asked for may be verified before it is built; the verdict is carried then."""


@dataclass(frozen=True)
class Case:
    """All that the claims about one package are drawn from."""

    bag: Bag
    index: PackageIndex
    record: Record
    heads: Mapping[str, ChainHead]
    hidden: tuple[NotShown, ...]
    request: Carried | None
    checkpoint: Checkpoint | None
    trust: Trust | None
    ledger: Ledger
    grounds: Mapping[tuple[str, str], str] = field(default_factory=dict)

    @property
    def of(self) -> str:
        """The case, `case/uuid`."""
        return self.index.case

    def folded(self, of: str) -> Folded | None:
        """Return what a chain folds to; None where it is not in the package."""
        return self.record.folded.get(of)

    def doubt(self, of: str) -> ClaimFault | None:
        """Return why no claim that rests on a thing can hold; None where all of it is known."""
        folded = self.folded(of)
        if folded is None:
            return ClaimFault.CHAIN_MISSING
        if folded.not_understood_from is not None:
            return ClaimFault.NOT_UNDERSTOOD
        return None if folded.unknown_from is None else ClaimFault.WITHHELD_FROM

    @cached_property
    def _alone(self) -> Mapping[str, list[Carried]]:
        found: dict[str, list[Carried]] = {}
        for one in sorted(self.record.standing_alone, key=lambda one: one.index):
            found.setdefault(one.leaf.event, []).append(one)
        return found

    @cached_property
    def declarations(self) -> Mapping[str, Carried]:
        """Return digest of a manifest → the first leaf that declared it."""
        found: dict[str, Carried] = {}
        for one in self._alone.get(ManifestDeclare.spec.event, ()):
            if isinstance(one.leaf.act, ManifestDeclare):
                found.setdefault(one.leaf.act.sha256, one)
        return found

    @cached_property
    def pictures(self) -> Mapping[str, list[str]]:
        """Return `sha256:…` of its bytes, and the upload it came by → recordings, as a row may name one."""
        found: dict[str, list[str]] = {}
        for of in sorted(self.heads):
            life = self.record.folded[of].life
            if isinstance(life, RecordingLife):
                digest = life.received.declared_sha256 if life.verified is None else life.verified.sha256
                found.setdefault(life.received.upload, []).append(of)
                found.setdefault(f"sha256:{digest}", []).append(of)
        return found

    def alone_of(self, subject: str) -> Carried | None:
        """Return the leaf by which a manifest was declared or a batch received."""
        return self._arrivals.get(subject)

    @cached_property
    def _arrivals(self) -> Mapping[str, Carried]:
        found: dict[str, Carried] = {}
        for event in (ManifestDeclare.spec.event, IntakeReceive.spec.event):
            for one in self._alone.get(event, ()):
                if isinstance(one.leaf.act, ManifestDeclare | IntakeReceive):
                    found.setdefault(one.leaf.subject, one)
        return found

    def alone(self, event: str) -> tuple[list[Carried], ClaimFault]:
        """Return the leaves of an event that stand in no chain of the package, and what it means that one lacks."""
        lacks = ClaimFault.NOT_UNDERSTOOD if event in self._unknown else ClaimFault.LEAF_MISSING
        return self._alone.get(event, []), lacks

    @cached_property
    def _unknown(self) -> frozenset[str]:
        """Events of which a version stands alone here that this program does not know; looked for once."""
        return frozenset(
            one.leaf.event for one in self.record.standing_alone if isinstance(one.leaf.act, Unknown)
        )

    @cached_property
    def equipment(self) -> tuple[tuple[str, EquipmentLife], ...]:
        """Every piece of equipment of the package, by name."""
        lives = ((of, self.record.folded[of].life) for of in sorted(self.heads))
        return tuple((of, life) for of, life in lives if isinstance(life, EquipmentLife))


def read_case(
    bag: Bag, index: PackageIndex, trust: Trust | None, checkpoint: Checkpoint | None, ledger: Ledger
) -> Case:
    """Read chains, hidden things and openings, and fold everything; what cannot be read is entered as a fault."""
    heads: tuple[ChainHead, ...] = ()
    hidden: tuple[NotShown, ...] = ()
    openings: dict[str, dict[str, bytes]] = {}
    try:
        heads = parse_chains(bag.text(CHAINS))
    except Invalid as err:
        ledger.fail(PackageClaim.REQUEST, CHAINS, ClaimFault.CHAINS_DIFFER, detail=err.detail)
    try:
        hidden = parse_hidden(bag.text(HIDDEN))
    except Invalid as err:
        ledger.fail(PackageClaim.REQUEST, HIDDEN, ClaimFault.HIDDEN_DIFFERS, detail=err.detail)
    try:
        openings = parse_openings(bag.text(OPENINGS))
    except Invalid as err:
        ledger.fail(PackageClaim.OPENING, OPENINGS, ClaimFault.ENTRIES_INVALID, detail=err.detail)
    record = record_of((head.of for head in heads), bag.leaves, bag.withheld, openings)
    return Case(
        bag=bag,
        index=index,
        record=record,
        heads={head.of: head for head in heads},
        hidden=hidden,
        request=record.carried.get(index.request),
        checkpoint=checkpoint,
        trust=trust,
        ledger=ledger,
        grounds={(line.digest, line.member): line.ground for line in hidden},
    )


def verify_request(case: Case) -> None:
    """Check that the case's chain ends with this request, and that it states these chains and hidden things."""
    faults = list(_request_faults(case))
    for subject, code in faults:
        case.ledger.fail(PackageClaim.REQUEST, subject, code)
    if not faults:
        case.ledger.hold(PackageClaim.REQUEST, case.index.export)


def _request_faults(case: Case) -> Iterator[tuple[str, ClaimFault]]:
    request = case.request
    act = None if request is None else request.leaf.act
    if request is None or not isinstance(act, ExportRequest):
        yield case.index.export, ClaimFault.REQUEST_MISSING
        return
    place, turns = request.leaf.place(case.of), case.record.turns.get(case.of, ())
    if request.leaf.subject != case.index.export or place is None or not turns or turns[-1].n != place.n:
        yield case.index.export, ClaimFault.REQUEST_MISSING
        return
    own, text = case.heads[case.of], case.bag.text(CHAINS)
    if (act.chains_sha256, act.chains) != (sha256_hex(text), len(case.heads)):
        yield CHAINS, ClaimFault.CHAINS_DIFFER
    elif (own.n + 1, own.head) != (place.n, place.prev):
        yield case.of, ClaimFault.CHAINS_DIFFER
    if (act.hidden_sha256, act.hidden) != (sha256_hex(case.bag.text(HIDDEN)), len(case.hidden)):
        yield HIDDEN, ClaimFault.HIDDEN_DIFFERS


def verify_shown(case: Case) -> None:
    """Check that everything committed is shown or named as hidden, and nothing is both."""
    faults = [(one.digest, ClaimFault.OPENING_DIFFERS, one.member) for one in case.record.opening_faults]
    faults += [(line.digest, ClaimFault.LEAF_INVALID, "") for line in case.record.unreadable]
    faults += _hidden_faults(case)
    for digest, code, detail in sorted(faults):
        case.ledger.fail(PackageClaim.OPENING, digest, code, detail=detail)
    if not faults:
        case.ledger.hold(PackageClaim.OPENING, OPENINGS)


def _hidden_faults(case: Case) -> Iterator[tuple[str, ClaimFault, str]]:
    record, grounds = case.record, dict(case.grounds)
    for line in record.withheld:
        if case.grounds.get((line.digest, WHOLE_LEAF)) != line.ground:
            yield line.digest, ClaimFault.HIDDEN_DIFFERS, line.ground
        grounds.pop((line.digest, WHOLE_LEAF), None)
    for digest, one in record.carried.items():
        shown = record.openings.get(digest, {})
        for member in one.leaf.act.commitments():
            is_hidden = grounds.pop((digest, member), None) is not None
            if not is_hidden and member not in shown:
                yield digest, ClaimFault.OPENING_MISSING, member
            elif is_hidden and member in shown:
                yield digest, ClaimFault.HIDDEN_DIFFERS, member
    for digest, member in grounds:  # a line that hides nothing of this package
        yield digest, ClaimFault.HIDDEN_DIFFERS, member


def verify_chains(case: Case) -> None:
    """Check every chain: gapless up to the head that the request states, and lawful."""
    for of in sorted(case.heads):
        if fault := _chain_fault(case, of):
            case.ledger.fail(PackageClaim.CHAIN, of, fault[0], detail=fault[1])
        else:
            case.ledger.hold(PackageClaim.CHAIN, of)
        _verify_state(case, case.record.folded[of])
    for one in case.record.standing_alone:
        _verify_alone(case, one)


def _chain_fault(case: Case, of: str) -> tuple[ClaimFault, str] | None:
    head, turns = case.heads[of], case.record.turns[of]
    broken = [fault for fault in case.record.folded[of].faults if fault.code in _LINKAGE]
    if broken:
        return ClaimFault.CHAIN_BROKEN, f"{broken[0].n}: {broken[0].code}"
    indices = [turn.index or 0 for turn in turns]
    if indices != sorted(set(indices)):
        return ClaimFault.CHAIN_BROKEN, "its leaves stand in another order in the log"
    more = turns[head.n :]
    expected = 1 if of == case.of else 0
    is_verdict = noun_of(of) == _GROWS and all(isinstance(turn.leaf, Leaf) for turn in more)
    if case.record.head(of, head.n) != head.head or (len(more) != expected and not is_verdict):
        return ClaimFault.CHAIN_CUT, f"{head.n}"
    return None


def _verify_state(case: Case, folded: Folded) -> None:
    against = [fault for fault in folded.faults if fault.code not in _LINKAGE]
    for fault in against:
        case.ledger.fail(
            PackageClaim.STATE, folded.of, ClaimFault.UNLAWFUL, detail=f"{fault.n}: {fault.code}"
        )
    if folded.not_understood_from is not None:
        told = str(folded.not_understood_from)
        case.ledger.skip(PackageClaim.STATE, folded.of, ClaimFault.NOT_UNDERSTOOD, detail=told)
    elif folded.unknown_from is not None:
        # An account's papers are withheld from every package; what it did stands in other chains.
        is_required = noun_of(folded.of) != "account"
        told = str(folded.unknown_from)
        case.ledger.skip(
            PackageClaim.STATE, folded.of, ClaimFault.WITHHELD_FROM, is_required=is_required, detail=told
        )
    elif not against:
        case.ledger.hold(PackageClaim.STATE, folded.of)


def _verify_alone(case: Case, one: Carried) -> None:
    """A leaf whose chain is not in the package: known, and lawful as far as it can be told alone."""
    if isinstance(one.leaf.act, Unknown):
        case.ledger.skip(PackageClaim.STATE, one.leaf.subject, ClaimFault.NOT_UNDERSTOOD, detail=one.digest)
        return
    first = [place for place in one.leaf.chains if place.n == 1 and place.of == one.leaf.subject]
    for place in first:
        turn = Turn(1, one.digest, one.leaf.event, one.leaf, one.index)
        for fault in fold(place.of, [turn], case.record.seen).faults:
            case.ledger.fail(PackageClaim.STATE, place.of, ClaimFault.UNLAWFUL, detail=f"1: {fault.code}")


def verify_catalogue(case: Case) -> None:
    """Check that log and checkpoint are one, and that catalogue and schema are those the log has in force."""
    logs = [of for of in case.heads if noun_of(of) == "log"]
    life = case.record.folded[logs[0]].life if len(logs) == 1 else None
    if not isinstance(life, LogLife) or not _is_first(case.record.leaves(logs[0]).values()):
        case.ledger.fail(PackageClaim.CATALOGUE, LEAVES, ClaimFault.LEAF_MISSING)
        return
    if case.checkpoint is not None and case.checkpoint.origin != life.origin:
        case.ledger.fail(PackageClaim.CATALOGUE, logs[0], ClaimFault.LOG_DIFFERS)
        return
    catalogue, schema = case.bag.text(CATALOGUE), case.bag.text(SCHEMA)
    if sha256_hex(catalogue) == life.catalogue_sha256 and _schema_of(catalogue) == sha256_hex(schema):
        case.ledger.hold(PackageClaim.CATALOGUE, CATALOGUE)
    else:
        case.ledger.fail(PackageClaim.CATALOGUE, CATALOGUE, ClaimFault.CATALOGUE_DIFFERS)


def _is_first(leaves: Iterable[Leaf]) -> bool:
    return isinstance(next(iter(leaves)).act, LogOpen)


def _schema_of(catalogue: bytes) -> str | None:
    try:
        members = json.loads(catalogue)
    except (ValueError, RecursionError):
        return None
    found = members.get("schema_sha256") if isinstance(members, dict) else None
    return found if isinstance(found, str) else None
