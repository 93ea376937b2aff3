"""A log in memory, and lawful stories that write it: every event of the catalogue, in any interleaving.

`History.write` takes the next place of every chain, so whatever a story does is numbered and linked as the real
writers do it. A story is a generator that yields after each of its acts; a test interleaves them as it likes.
"""

import itertools
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from schemas import leaves_account as who
from schemas import leaves_agency as agencies
from schemas import leaves_annotation as annotations
from schemas import leaves_approval as approving
from schemas import leaves_audit as audits
from schemas import leaves_case as cases
from schemas import leaves_certificate as papers
from schemas import leaves_certificate_issue as issues
from schemas import leaves_device as things
from schemas import leaves_ending as ending
from schemas import leaves_equipment as register
from schemas import leaves_factor as factors
from schemas import leaves_finding as findings
from schemas import leaves_holding as held
from schemas import leaves_log as logs
from schemas import leaves_look as watching
from schemas import leaves_monitoring as records
from schemas import leaves_presence as there
from schemas import leaves_procedure as procedure
from schemas import leaves_recording as line
from schemas import leaves_rectification as mending
from schemas import leaves_recusal as away
from schemas import leaves_retention as keeping
from schemas import leaves_review as inside
from schemas import leaves_role as roles
from schemas import leaves_scope as scope
from schemas import leaves_scoring as scoring
from schemas import leaves_setting as settings
from schemas import leaves_shift as duties
from schemas import leaves_summary as summary
from schemas import leaves_training as training_leaves
from schemas.act import Act
from schemas.actor import Reach, Role
from schemas.chain import genesis, leaf_digest, step
from schemas.decision import DecisionOutcome, PenaltyKind
from schemas.declaration import HandInWay, Origin
from schemas.directory import Directory
from schemas.integrity import Verdict
from schemas.leaf import Leaf, Place, leaf_bytes, parse_leaf
from schemas.leaves_correction import CorrectionMake
from schemas.opening import Shown
from schemas.procedure import SUMMARY_RULES, Formality
from schemas.replay import Folded, Turn, fold, turn_of
from schemas.retention import RetentionClass
from schemas.review_scope import ScopeKind
from tests.leaf_examples import AT, drawn, members_of, salt_of

SIGNER, WORKER, API, EXPORTER = (f"service/{name}" for name in ("signer", "worker", "api", "exporter"))
LONG_AGO = AT - timedelta(days=400)
POINTS = (held.CheckedItem(item="battery", ok=True), held.CheckedItem(item="lens", ok=True))


def shown_text(text: str) -> Shown[str]:
    """A committed text that everybody sees."""
    return Shown(text, salt_of(text))


@dataclass
class History:
    """The leaves in order of index, the turns of every chain, and the directory that one pass gives."""

    rng: random.Random
    at: datetime = AT
    payloads: list[bytes] = field(default_factory=list)
    heads: dict[str, tuple[int, str]] = field(default_factory=dict)
    turns: dict[str, list[Turn]] = field(default_factory=dict)
    openings: dict[str, dict[str, bytes]] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=itertools.count)

    def thing(self, noun: str) -> str:
        """Return a new thing."""
        return f"{noun}/{drawn(f'{noun} {next(self.numbers)}')}"

    def write(
        self, kind: type[Act], subject: str, actor: str, /, *, of: tuple[str, ...] = (), **members: Any
    ) -> str:
        """Log one act and return its digest; members that are not given are sampled, optional ones by chance."""
        at = self.at = self.at + timedelta(milliseconds=self.rng.randrange(1, 5_000))
        names = sorted(of or ((subject,) if kind.spec.chains else ()))
        known = members_of(kind, is_full=self.rng.random() < 0.5)
        number = next(self.numbers)
        leaf = Leaf(
            id=drawn(f"leaf {number}"),
            salt=salt_of(f"leaf {number}"),
            actor=actor,
            subject=subject,
            at=at,
            chains=tuple(self._place(name) for name in names),
            act=kind(**{**known, **members}),
        )
        payload = leaf_bytes(leaf)
        digest = leaf_digest(payload)
        for place in leaf.chains:
            turn = turn_of(payload, n=place.n, event=leaf.event, index=len(self.payloads))
            self.turns.setdefault(place.of, []).append(turn)
            self.heads[place.of] = (place.n, step(place.prev, digest, leaf.event))
        self.openings[digest] = leaf.act.openings()
        self.payloads.append(payload)
        return digest

    def _place(self, of: str) -> Place:
        n, head = self.heads.get(of, (0, genesis(of)))
        return Place(n=n + 1, of=of, prev=head)

    def directory(self) -> Directory:
        """Return what one pass over the whole log gives."""
        seen = Directory(is_complete=True)
        for index, payload in enumerate(self.payloads):
            seen.learn(index, leaf_digest(payload), parse_leaf(payload))
        return seen

    def folded(self) -> Mapping[str, Folded]:
        """Return the fold of every chain."""
        seen = self.directory()
        return {of: fold(of, turns, seen) for of, turns in self.turns.items()}


@dataclass
class World:
    """Who is there before the stories begin."""

    history: History
    agency: str
    people: Mapping[Role, str]
    device: str
    kid: str
    seconds: Mapping[Role, str]


def begin(seed: int = 0) -> World:
    """Return a log with an agency, two people of every role, and a device."""
    history = History(random.Random(seed))
    log = history.thing("log")
    history.write(logs.LogOpen, log, SIGNER)
    agency = history.thing("agency")
    history.write(agencies.AgencyOpen, agency, API, parent=None, principal=None)
    first, second = ({role: _person(history, agency, role) for role in Role} for _ in range(2))
    device = history.thing("device")
    code = drawn(device)
    custodian = first[Role.CUSTODIAN]
    later = history.at + timedelta(days=1)
    history.write(
        things.DeviceCode, device, custodian, of=(agency,), agency=agency, code=code, expires_at=later
    )
    history.write(things.DeviceEnrol, device, device, agency=agency, code=code)
    kid = members_of(things.DeviceEnrol, is_full=True)["kid"]
    return World(history, agency, first, device, kid, second)


def _person(history: History, agency: str, role: Role) -> str:
    account = history.thing("account")
    history.write(who.AccountOpen, account, API, agency=agency)
    history.write(who.AccountCredential, account, API)
    history.write(
        roles.RoleGrantNamed,
        history.thing("role"),
        API,
        of=(account,),
        role=role,
        reach=Reach.AGENCY,
        from_=LONG_AGO,
        until=None,
    )
    return account


def received(world: World, actor: str | None = None) -> str:
    """Write a manifest and a recording it declares; return the recording."""
    history = world.history
    sha256 = leaf_digest(str(next(history.numbers)).encode())
    history.write(
        line.ManifestDeclare,
        history.thing("manifest"),
        world.device,
        agency=world.agency,
        device=world.device,
        sha256=sha256,
    )
    recording = history.thing("recording")
    history.write(
        line.RecordingReceive,
        recording,
        actor or world.device,
        agency=world.agency,
        manifest_sha256=sha256,
        size_bytes=7,
    )
    return recording


def story_of_a_recording(world: World) -> Iterator[None]:
    """Received, sealed or quarantined, found to differ later; a manifest refused, a transfer expired; one by browser."""
    history, rng = world.history, world.history.rng
    brought = received(world, world.people[Role.OFFICER])
    said = {"way": HandInWay.BROWSER, "origin": Origin.TAKEN, "source": None}
    history.write(line.RecordingDeclare, brought, world.people[Role.OFFICER], **said)
    recording = received(world)
    yield
    kind = rng.choice((line.RecordingSeal, line.RecordingQuarantine))
    digest = leaf_digest(recording.encode())
    history.write(kind, recording, WORKER, size_bytes=7, sha256=digest, run=1, verdict=Verdict.VERIFIED)
    yield
    history.write(
        line.DerivativeMake, history.thing("derivative"), WORKER, of=(recording,), parent_sha256=digest
    )
    head = world.people[Role.HEAD]
    history.write(keeping.RetentionMark, history.thing("retention"), head, of=(recording,), stands=True)
    history.write(keeping.RetentionMark, history.thing("retention"), head, of=(recording,), stands=False)
    history.write(
        keeping.RetentionRaise,
        history.thing("retention"),
        WORKER,
        of=(recording,),
        class_=RetentionClass.ROUTINE,
        until=LONG_AGO,
        because=None,
    )
    yield
    if kind is line.RecordingSeal:
        was = Verdict.VERIFIED
        for run in (2, 3):
            now = rng.choice(list(Verdict))
            again = {"sha256": digest, "size_bytes": 7, "run": run, "was": was, "verdict": now}
            history.write(line.RecordingExamine, recording, WORKER, **again)
            was = now
            yield
    history.write(line.ScrubFind, history.thing("scrub"), WORKER, of=(recording,))
    history.write(line.ScrubRun, history.thing("scrub"), WORKER)
    officer = world.people[Role.OFFICER]
    history.write(findings.FindingAnswer, history.thing("finding"), officer, of=(recording,))
    yield from _beside(history, officer, recording)
    yield
    history.write(line.ManifestRefuse, history.thing("manifest"), world.device, agency=world.agency)
    history.write(line.UploadExpire, history.thing("upload"), WORKER, agency=world.agency)


def _beside(history: History, who: str, of: str) -> Iterator[None]:
    """A note is taken back by whoever wrote it; a tag is put on, taken off, and put on again."""
    note, word = history.thing("note"), shown_text("疑难")
    history.write(annotations.NoteAdd, note, who, of=(of,))
    history.write(annotations.NoteWithdraw, note, who, of=(of,))
    yield
    tag, again = history.thing("tag"), history.thing("tag")
    for subject, stands in ((tag, True), (tag, False), (again, True)):
        history.write(annotations.TagSet, subject, who, of=(of,), stands=stands, word=word)


def story_of_a_duty(world: World) -> Iterator[None]:
    """Two people have a device, one of them leaves, and it ends; another duty is entered afterwards by the device."""
    history, (first, second) = (
        world.history,
        sorted((world.people[Role.OFFICER], world.people[Role.AUXILIARY])),
    )
    duty, begins = history.thing("duty"), history.at - timedelta(hours=2)
    given = {"agency": world.agency, "device": world.device}
    going_on = {"persons": (first, second), "from_": begins, "until": None, "due_at": None}
    history.write(duties.DutyOpen, duty, first, **given, **going_on)
    yield
    history.write(duties.DutyAmend, duty, world.people[Role.CUSTODIAN], persons=(second,), from_=begins)
    yield
    ends = {"until": history.at, "due_at": history.at + timedelta(hours=24)}
    history.write(duties.DutyClose, duty, second, **ends)
    yield
    over = {"persons": (first,), "from_": history.at - timedelta(seconds=1), **ends, "until": history.at}
    history.write(duties.DutyOpen, history.thing("duty"), world.device, **given, **over)


def story_of_a_device(world: World) -> Iterator[None]:
    """A device is described twice, handed out and brought back to somebody else, handed out wrongly, and revoked."""
    history, agency = world.history, world.agency
    custodian, person = world.people[Role.CUSTODIAN], world.people[Role.OFFICER]
    device, later = history.thing("device"), history.at + timedelta(days=1)
    code = {"agency": agency, "code": drawn(device)}
    history.write(things.DeviceCode, device, custodian, of=(agency,), expires_at=later, **code)
    history.write(things.DeviceEnrol, device, device, **code)
    yield
    for reason in (None, shown_text("铭牌抄错")):
        history.write(held.DeviceDescribe, device, custodian, reason=reason, from_=history.at)
    looked = history.write(held.DeviceCheck, device, custodian, items=POINTS, occasion="issue")
    begins, due = history.at, history.at + timedelta(hours=9)
    given = {"person": person, "from_": begins, "due_at": due, "check": looked}
    issue = history.write(held.DeviceIssue, device, custodian, **given)
    yield
    looked = history.write(held.DeviceCheck, device, custodian, items=POINTS, occasion="return")
    back = {"issue": issue, "until": history.at, "check": looked}
    history.write(held.DeviceReturn, device, custodian, **back)
    other = {"person": custodian, "from_": begins, "until": history.at}
    history.write(held.DeviceAmend, device, custodian, issue=issue, **other)
    yield
    given = {"person": person, "from_": history.at, "due_at": None, "check": None}
    wrong = history.write(held.DeviceIssue, device, custodian, reason=shown_text("补登"), **given)
    history.write(things.DeviceRevoke, device, custodian, kid=world.kid)
    never = {"person": None, "from_": None, "until": None}
    history.write(held.DeviceAmend, device, custodian, issue=wrong, **never)


def story_of_presence(world: World) -> Iterator[None]:
    """Two people are named: one was there, one says so first and then not; the head says what came of it. A third scans."""
    history, officer, handler = world.history, world.people[Role.OFFICER], world.people[Role.HANDLER]
    manifest = history.thing("manifest")
    declared = {"agency": world.agency, "device": world.device}
    history.write(line.ManifestDeclare, manifest, world.device, **declared)
    yield
    for person in (officer, handler):
        history.write(there.PresenceConfirm, history.thing("presence"), person, of=(manifest,), person=person)
        yield
    third = world.people[Role.CUSTODIAN]
    scanned = {"person": third, "partner": officer}
    history.write(there.PresenceConfirmByCode, history.thing("presence"), third, of=(manifest,), **scanned)
    yield
    denial = history.thing("presence")
    denied = history.write(there.PresenceDeny, denial, handler, of=(manifest,), person=handler)
    yield
    history.write(there.PresenceSettle, denial, world.people[Role.HEAD], of=(manifest,), denial=denied)


def story_of_a_record(world: World, *, outcome: str | None = None) -> Iterator[str]:
    """A batch, two opinions or one that ends it, attempts to tell the party; yields the record."""
    history, rng = world.history, world.history.rng
    source = world.people[Role.SOURCE]
    chain = source.replace("account", "source")
    seq = history.heads.get(chain, (0, ""))[0] + 1
    intake = history.thing("intake")
    history.write(records.IntakeReceive, intake, source, of=(chain,), agency=world.agency, seq=seq)
    record = history.thing("monitoring")
    yield record
    stages = [("first", Role.EVIDENCE_REVIEWER), ("second", Role.LEGAL_REVIEWER)]
    rng.shuffle(stages)
    word = outcome or rng.choice(("valid", "invalid"))
    ends = ("reviewing", "valid") if word == "valid" else ("invalid",)
    for (stage, role), to in zip(stages, ends, strict=False):
        history.write(records.MonitoringOpine, record, world.people[role], stage=stage, opinion=word, to=to)
        yield record
    if outcome is None and word == "valid":
        annulled = {"annulment": leaf_digest(b"annulled"), "round": 2, "due_at": AT + timedelta(days=20)}
        custodian = world.people[Role.CUSTODIAN]
        history.write(records.MonitoringReopen, record, custodian, to="recheck", **annulled)
        yield record
        for (stage, role), to in zip(reversed(stages), ends, strict=True):
            given = {"stage": stage, "opinion": word, "to": to}
            history.write(records.MonitoringOpine, record, world.people[role], **given)
    told = {"attempted_at": history.at, "proof_recording": None}
    history.write(records.MonitoringNotify, record, world.people[Role.HANDLER], **told)
    yield record


def story_of_a_case(world: World) -> Iterator[None]:
    """A case from its lead to its end: ties, facts, rounds with grounds and answers, packages."""
    history, rng = world.history, world.history.rng
    handler, head = world.people[Role.HANDLER], world.people[Role.HEAD]
    case = history.thing("case")

    def within(kind: type[Act], actor: str, subject: str = "", *also: str, **members: Any) -> str:
        return history.write(kind, subject or case, actor, of=(case, *also), **members)

    within(cases.CaseOpen, handler, agency=world.agency)
    yield
    within(cases.CaseAppoint, head, handler=world.seconds[Role.HANDLER])
    within(cases.CaseFile, head)
    yield
    within(cases.CaseInvestigate, handler)
    evidence = [received(world) for _ in range(rng.randrange(1, 4))]
    for recording in evidence:
        stated = {"case": case, "recording": recording, "basis": cases.TieBasis.STATED}
        within(cases.CaseLink, world.device, "", recording, **stated)
        yield
        history.write(line.RecordingSeal, recording, WORKER, size_bytes=7)
    for record in story_of_a_record(world, outcome="valid"):
        monitoring = record
        yield
    tie = {"case": case, "monitoring": monitoring}
    within(cases.MonitoringLink, handler, monitoring, monitoring, **tie)
    yield
    within(cases.MonitoringUnlink, handler, monitoring, monitoring, **tie)
    within(cases.CaseUnlink, handler, "", evidence[0], case=case, recording=evidence[0])
    within(cases.CaseLink, handler, "", evidence[0], case=case, recording=evidence[0])
    within(cases.CaseAmend, handler)
    yield
    for position in range(1, rng.randrange(2, 4)):
        fact = history.thing("fact")
        within(inside.FactAdd, handler, fact, position=position)
        within(inside.FactProve, handler, fact, evidence=rng.choice(evidence))
        yield
    second, recusal, own = (
        world.seconds[Role.LEGAL_REVIEWER],
        history.thing("recusal"),
        history.thing("recusal"),
    )
    by_head, by_self = away.RecusalGround.PARTY, away.RecusalGround.OWN
    bar = within(away.RecusalBar, head, recusal, person=second, ground=by_head)
    yield
    within(away.RecusalLift, head, recusal, bar=bar)
    within(away.RecusalBar, second, own, person=second, ground=by_self)
    yield
    paper, wrong = history.thing("document"), history.thing("document")
    within(procedure.DocumentFile, handler, paper, recording=evidence[0], formality=Formality.NOTICE)
    filed = within(procedure.DocumentFile, handler, wrong, recording=None, formality=Formality.PLEA)
    yield
    within(procedure.DocumentWithdraw, head, wrong, filed=filed)
    yield
    spare = history.thing("fact")
    within(inside.FactAdd, handler, spare, position=9)
    within(inside.FactProve, handler, spare, evidence=evidence[0])
    within(inside.FactAccept, handler, spare, evidence=evidence[0], verdict=Verdict.NOT_CHECKED)
    within(inside.FactAccept, handler, spare, evidence=evidence[0], verdict=Verdict.DOUBTFUL)
    within(inside.FactUnprove, handler, spare, evidence=evidence[0])
    within(inside.FactWithdraw, handler, spare)
    yield from _rounds(world, case)
    yield from _packages(world, case)
    listed, outcome = rng.choice(
        ((True, DecisionOutcome.PENALTY), (True, DecisionOutcome.MINOR), (False, None))
    )
    if outcome is None:
        within(cases.CaseDecide, head)
    else:
        kinds = (PenaltyKind.WARNING,) if outcome is DecisionOutcome.PENALTY else ()
        lines = [_line(one, documents=one is Formality.NOTICE) for one in tuple(Formality)[:6]]
        told = {"outcome": outcome, "penalties": kinds, "fine_fen": None, "formalities": tuple(lines)}
        within(procedure.CaseDecideListed, head, **told)
    yield
    if listed:
        within(procedure.CaseCloseListed, handler, formalities=(_line(Formality.SERVICE),))
    else:
        within(cases.CaseClose, handler)
    yield


def answered(*applying: ScopeKind) -> tuple[scope.LeafAnswer, ...]:
    """The answers of a conclusion: yes to some kinds of art. 58, no to the rest."""
    return tuple(
        scope.LeafAnswer(kind=kind, applies=kind in applying, ground=shown_text(f"因 {kind}"))
        for kind in ScopeKind
    )


def story_of_an_exempt_case(world: World) -> Iterator[None]:
    """A case that needs no legal review, taken back to its investigation once."""
    history, handler, head = world.history, world.people[Role.HANDLER], world.people[Role.HEAD]
    case, fact = history.thing("case"), history.thing("fact")
    history.write(cases.CaseOpen, case, handler, agency=world.agency, monitoring=None)
    history.write(cases.CaseFile, case, head)
    history.write(cases.CaseInvestigate, case, handler)
    yield
    recording = received(world)
    tie = {"case": case, "recording": recording, "basis": cases.TieBasis.STATED}
    history.write(cases.CaseLink, case, world.device, of=(case, recording), **tie)
    history.write(line.RecordingSeal, recording, WORKER, size_bytes=7)
    history.write(inside.FactAdd, fact, handler, of=(case,), position=1)
    history.write(inside.FactProve, fact, handler, of=(case,), evidence=recording)
    yield
    for ends in (scope.CaseReopen, cases.CaseDecide):
        proposal = None if ends is scope.CaseReopen else DecisionOutcome.MINOR
        history.write(scope.CaseConcludeProposed, case, handler, answers=answered(), proposal=proposal)
        history.write(scope.CaseExempt, case, head)
        history.write(ends, case, handler if ends is scope.CaseReopen else head)
        yield


def story_of_a_case_that_ends_without_a_decision(world: World) -> Iterator[None]:
    """A lead that is not filed, then filed after all; the case is annulled, restored, and annulled for good."""
    history, handler, head = world.history, world.people[Role.HANDLER], world.people[Role.HEAD]
    case = history.thing("case")
    history.write(cases.CaseOpen, case, handler, agency=world.agency, monitoring=None)
    history.write(ending.CaseRefuse, case, head)
    yield
    history.write(cases.CaseFile, case, head)
    history.write(ending.CaseAnnul, case, head)
    yield
    history.write(ending.CaseRestore, case, head)
    history.write(scope.CaseConcludeScoped, case, handler, answers=answered())
    history.write(ending.CaseAnnul, case, head)
    yield


def story_of_a_summary_case(world: World) -> Iterator[None]:
    """A case that is decided on the spot, its entry taken back once, then filed by the head and closed."""
    history, handler, head = world.history, world.people[Role.HANDLER], world.people[Role.HEAD]
    case, fact = history.thing("case"), history.thing("fact")
    officers = tuple(sorted((handler, world.people[Role.OFFICER])))
    history.write(cases.CaseOpen, case, handler, agency=world.agency, monitoring=None)
    recording = received(world)
    tie = {"case": case, "recording": recording, "basis": cases.TieBasis.STATED}
    history.write(cases.CaseLink, case, world.device, of=(case, recording), **tie)
    history.write(line.RecordingSeal, recording, WORKER, size_bytes=7)
    history.write(inside.FactAdd, fact, handler, of=(case,), position=1)
    history.write(inside.FactProve, fact, handler, of=(case,), evidence=recording)
    yield
    lines = tuple(map(_line, SUMMARY_RULES))
    fined = {"penalties": (PenaltyKind.FINE,), "fine_fen": 20_000}
    told = {"officers": officers, "made_at": LONG_AGO, "formalities": lines, **fined}
    for ends in (summary.CaseRetract, summary.CaseRecord):
        is_alone = ends is summary.CaseRecord
        kind = summary.CasePenaliseAlone if is_alone else summary.CasePenalise
        made = history.write(kind, case, handler, **{**told, "officers": officers[: 1 if is_alone else 2]})
        yield
        history.write(ends, case, handler if ends is summary.CaseRetract else head, penalised=made)
        yield
    history.write(procedure.CaseCloseListed, case, handler, formalities=())
    yield


def _line(formality: Formality, *, documents: bool = False) -> procedure.ListedFormality:
    """A duty that is recorded by one document, or says why it is not; the term is kept."""
    is_recorded = documents or formality is Formality.TERM
    why = None if is_recorded else shown_text("没有文书")
    return procedure.ListedFormality(formality=formality, documents=int(documents), why=why)


def qualify(world: World, account: str, *, kind: str = "legal", **members: Any) -> str:
    """Enter what qualifies somebody to give legal reviews; return the digest of its leaf."""
    given = {"from_": LONG_AGO, "until": AT + timedelta(days=900), "kind": kind, **members}
    certificate, custodian = world.history.thing("certificate"), world.people[Role.CUSTODIAN]
    return world.history.write(issues.CertificateIssueNamed, certificate, custodian, of=(account,), **given)


def _rounds(world: World, case: str) -> Iterator[None]:
    history, rng = world.history, world.history.rng
    handler, reviewer = world.people[Role.HANDLER], world.people[Role.LEGAL_REVIEWER]
    unhappy = [rng.choice((inside.ReviewSupplement, inside.ReviewReject)) for _ in range(rng.randrange(3))]
    qualified_by = qualify(world, reviewer)
    later: dict[type[Act], type[Act]] = {
        inside.ReviewPass: inside.ReviewPassQualified,
        inside.ReviewSupplement: inside.ReviewSupplementQualified,
        inside.ReviewReject: inside.ReviewRejectQualified,
    }
    for number, first in enumerate((*unhappy, inside.ReviewPass), start=1):
        kind = rng.choice((first, later[first]))
        history.write(rng.choice((cases.CaseConclude, scope.CaseConcludeScoped)), case, handler)
        review = history.thing("review")
        history.write(cases.CaseSubmit, case, handler, review=review, round=number)
        yield
        grounds = () if first is inside.ReviewPass else members_of(kind, is_full=True)["grounds"]
        told = {"qualified_by": qualified_by} if kind is not first else {}
        history.write(kind, review, reviewer, of=(case,), round=number, grounds=grounds, **told)
        yield
        for position in range(1, len(grounds) + 1):
            told = {"round": number, "position": position}
            history.write(inside.ReviewAnswer, review, handler, of=(case,), **told)
            yield


def _packages(world: World, case: str) -> Iterator[None]:
    history = world.history
    for kind in (inside.ExportBuild, inside.ExportFail):
        export = history.thing("export")
        asked = history.write(
            inside.ExportRequest, export, world.people[Role.HANDLER], of=(case,), for_="court"
        )
        yield
        history.write(kind, export, EXPORTER, of=(case,), request=asked)
        yield


def story_of_equipment(world: World) -> Iterator[None]:
    """Registered, bound, with its papers, suspended and back."""
    history, custodian = world.history, world.people[Role.CUSTODIAN]
    one = history.thing("equipment")
    papers = {"from_": LONG_AGO, "until": AT + timedelta(days=400)}
    history.write(things.EquipmentRegister, one, custodian, agency=world.agency)
    yield
    history.write(things.EquipmentBind, one, custodian, source=world.people[Role.SOURCE])
    certificate = history.write(things.EquipmentCertify, one, custodian, **papers)
    review = history.write(things.EquipmentReviewed, one, custodian, reviewed_at=LONG_AGO)
    publication = history.write(things.EquipmentPublish, one, custodian, published_at=LONG_AGO)
    wrong = history.write(things.EquipmentCertify, one, custodian, **papers)
    yield
    texts = {"number": None, "issuer": None, "title": None, "url": None}
    for entry, said in (
        (
            certificate,
            {"until": AT + timedelta(days=300), "number": shown_text("证-2"), "issuer": shown_text("院")},
        ),
        (review, {"until": None, "title": shown_text("审〔2〕号")}),
        (publication, {"until": None, "url": shown_text("https://example.invalid/2")}),
        (wrong, {"from_": None, "until": None}),
    ):
        told = {"entry": entry, "from_": LONG_AGO, **texts, **said}
        history.write(register.EquipmentCorrect, one, custodian, **told)
    yield
    _describes(world, one)
    yield
    void = history.write(things.EquipmentCertify, one, custodian, **papers)
    history.write(register.EquipmentAnnul, one, custodian, certificate=void, from_=None)
    history.write(register.EquipmentAnnul, one, custodian, certificate=certificate, from_=history.at)
    yield
    for _ in range(history.rng.randrange(1, 3)):
        since = history.at
        stopped = history.write(things.EquipmentSuspend, one, custodian, from_at=since)
        told = {"entry": stopped, **texts}
        begins = since - timedelta(days=1)
        history.write(register.EquipmentCorrect, one, custodian, from_=begins, until=None, **told)
        yield
        history.write(things.EquipmentResume, one, custodian, until_at=history.at)
        history.write(register.EquipmentCorrect, one, custodian, from_=begins, until=since, **told)
        yield


def _describes(world: World, one: str) -> None:
    """Moved; named otherwise from the beginning; where it was moved to was wrong."""
    history, custodian = world.history, world.people[Role.CUSTODIAN]
    moved, nothing = history.at, dict.fromkeys(("number", "name", "site", "standard", "point", "reason"))
    for told in (
        {"fields": ("site",), "from_": moved, "site": shown_text("K13")},
        {"fields": ("name",), "from_": None, "name": shown_text("衡"), "reason": shown_text("名称录错")},
        {
            "fields": ("number", "point", "site", "standard"),
            "from_": moved,
            **{name: shown_text(name) for name in ("number", "site", "standard", "reason")},
            "point": Shown({"lat_e7": 334000000, "lon_e7": 1200000000, "crs": "WGS84"}, salt_of("point")),
        },
    ):
        history.write(register.EquipmentDescribe, one, custodian, **{**nothing, **told})


def story_of_an_audit(world: World) -> Iterator[None]:
    """Defined, frozen, entered, confirmed, drawn, scored, mended, closed."""
    history = world.history
    supervisor, inspector = world.people[Role.SUPERVISOR], world.people[Role.INSPECTOR]
    audit, member = history.thing("audit"), history.thing("recording")
    values = leaf_digest(b"values")
    history.write(audits.AuditDefine, audit, supervisor, agency=world.agency)
    yield
    history.write(audits.AuditAmend, audit, supervisor, target=world.agency)
    yield
    dropped = history.thing("audit")
    history.write(audits.AuditDefine, dropped, supervisor, agency=world.agency)
    history.write(audits.AuditDrop, dropped, supervisor)
    history.write(audits.AuditFreeze, audit, supervisor, count=40, size=3)
    history.write(audits.AuditEnter, audit, supervisor, values_sha256=values)
    history.write(audits.AuditRetract, audit, supervisor)
    yield
    history.write(audits.AuditEnter, audit, supervisor, values_sha256=leaf_digest(b"misread"))
    history.write(audits.AuditMismatch, audit, inspector, values_sha256=values)
    yield
    history.write(audits.AuditEnter, audit, supervisor, values_sha256=values)
    yield
    history.write(audits.AuditConfirm, audit, inspector, values_sha256=values)
    history.write(audits.AuditDraw, audit, supervisor, size=3)
    history.write(scoring.AuditAssign, audit, supervisor, inspector=inspector)
    other, third = world.seconds[Role.INSPECTOR], world.people[Role.HEAD]
    history.write(scoring.AuditAssign, audit, supervisor, inspector=other)
    yield
    history.write(scoring.AuditRecheck, audit, WORKER, member=member, recording=member)
    scores = [scoring.LeafScore(code=f"A{k}", points=k) for k in (1, 2, 3)]
    history.write(scoring.AuditScore, audit, inspector, member=member, scores=scores, total=6)
    less = [scoring.LeafScore(code="A1", points=1)]
    history.write(scoring.AuditScore, audit, other, member=member, scores=less, total=1)
    history.write(scoring.AuditThird, audit, supervisor, member=member, inspector=third)
    yield
    yield from _mended(world, audit, member)
    if history.rng.random() < 0.5:  # as it ended before an end said all that was missing
        history.write(scoring.AuditClose, audit, supervisor)
    else:
        lacking = {"missing": 1, "wide": 0, "unmended": 0, "reason": shown_text("时间已到")}
        history.write(scoring.AuditCloseTold, audit, supervisor, **lacking)
    yield


def _mended(world: World, audit: str, member: str) -> Iterator[None]:
    history, supervisor = world.history, world.people[Role.SUPERVISOR]
    one, handler = history.thing("rectification"), world.people[Role.HANDLER]
    steps = [
        (mending.RectificationRaise, supervisor),
        (mending.RectificationAnswer, handler),
        (mending.RectificationReturn, supervisor),
        (mending.RectificationAnswer, handler),
        (mending.RectificationVerify, supervisor),
        (mending.RectificationClose, supervisor),
    ]
    other = history.thing("rectification")
    told = {"agency": world.agency, "member": member, "recording": member, "at_second": 83}
    history.write(mending.RectificationRaisePlaced, other, supervisor, of=(audit,), **told)
    for kind, actor in (
        (mending.RectificationAnswer, handler),
        *((one, supervisor) for one, _ in steps[-2:]),
    ):
        history.write(kind, other, actor, of=(audit,))
    for kind, actor in steps:
        raised = {"agency": world.agency, "member": member} if kind is mending.RectificationRaise else {}
        history.write(kind, one, actor, of=(audit,), **raised)
        yield


def story_of_people(world: World) -> Iterator[None]:
    """Agencies, accounts, roles, certificates and standards change; a device is renamed and revoked."""
    history, admin = world.history, world.people[Role.ADMIN]
    custodian, supervisor = world.people[Role.CUSTODIAN], world.people[Role.SUPERVISOR]
    agency, account = history.thing("agency"), history.thing("account")
    history.write(agencies.AgencyOpen, agency, admin, parent=world.agency, principal=None)
    history.write(agencies.AgencyAmend, agency, admin, parent=None, principal=None)
    history.write(agencies.StandardPublish, history.thing("standard"), supervisor, of=(agency,))
    yield
    history.write(who.RosterTake, history.thing("roster"), admin, of=(agency,))
    history.write(who.AccountAdmit, history.thing("account"), API)
    history.write(who.AccountOpen, account, admin, agency=agency)
    history.write(who.AccountAmend, account, admin, agency=agency)
    for unit, since in (
        (world.agency, LONG_AGO),
        (agency, LONG_AGO),
        (agency, LONG_AGO - timedelta(days=1)),
    ):
        history.write(who.AccountTransfer, account, admin, agency=unit, from_=since)
    link = {"link": drawn(account)}
    history.write(who.AccountLink, account, admin, expires_at=AT + timedelta(days=900), **link)
    history.write(who.AccountCredentialByLink, account, account, **link)
    history.write(who.AccountUnlock, account, admin)
    history.write(who.AccountUnlockApart, account, admin)
    history.write(who.AccountSignout, account, admin)
    old, new = history.thing("factor"), history.thing("factor")
    history.write(factors.FactorEnrol, old, account, of=(account,), codes=10)
    history.write(factors.FactorRecover, old, account, of=(account,), code=7)
    history.write(factors.FactorEnrol, new, account, of=(account,), codes=10)
    history.write(factors.FactorEnd, new, history.rng.choice((account, admin)), of=(account,))
    given = {"from_": LONG_AGO, "until": AT + timedelta(days=900)}
    role = history.thing("role")
    grant = history.write(roles.RoleGrant, role, admin, of=(account,), **given)
    named = {"role": Role.CUSTODIAN, "reach": Reach.AGENCY, **given}
    other = history.thing("role")
    second = history.write(roles.RoleGrantNamed, other, admin, of=(account,), **named)
    for until in (AT + timedelta(days=800), None):
        corrected = {"grant": second, "from_": LONG_AGO + timedelta(days=1), "until": until}
        history.write(roles.RoleAmend, other, admin, of=(account,), **corrected)
    yield
    for _ in range(2):
        training = history.thing("training")
        entry = history.write(training_leaves.TrainingEnter, training, custodian, of=(account,))
    history.write(training_leaves.TrainingWithdraw, training, custodian, of=(account,), entry=entry)
    yield
    certificate = history.thing("certificate")
    history.write(issues.CertificateIssue, certificate, custodian, of=(account,), **given)
    qualified = {**given, "kind": "legal"}
    history.write(
        issues.CertificateIssueNamed, history.thing("certificate"), custodian, of=(account,), **qualified
    )
    for kind in (papers.CertificateSuspend, papers.CertificateRestore, papers.CertificateVerify):
        history.write(kind, certificate, custodian, of=(account,))
    yield
    history.write(papers.CertificateWithdraw, certificate, custodian, of=(account,))
    history.write(roles.RoleEnd, role, admin, of=(account,), grant=grant)
    history.write(roles.RoleEndApart, other, admin, of=(account,), grant=second)
    sooner = {"grant": second, "from_": LONG_AGO, "until": history.at - timedelta(seconds=1)}
    history.write(roles.RoleAmend, other, admin, of=(account,), **sooner)
    history.write(who.AccountClose, account, admin)
    history.write(papers.CertificateCancel, certificate, custodian, of=(account,))
    yield
    head, until = world.people[Role.HEAD], AT + timedelta(days=900)
    names = history.thing("approval"), history.thing("approval")
    asked = {"agency": world.agency, "recording": received(world), "until": until}
    asks = [history.write(approving.ApprovalAsk, name, custodian, of=(custodian,), **asked) for name in names]
    history.write(approving.ApprovalGrant, names[0], head, of=(custodian,), ask=asks[0])
    yield
    for name, ask, actor in zip(names, asks, (head, custodian), strict=True):
        history.write(approving.ApprovalEnd, name, actor, of=(custodian,), ask=ask)
    yield
    sets = {"name": "hand-in-hours", "from_": history.at}
    history.write(settings.SettingChange, history.thing("setting"), admin, of=(agency,), **sets)
    items = {"count": 1, "items": Shown(("行政处罚法第五十一条",), salt_of("articles"))}
    sets = {"name": "officer-exceptions", "from_": history.at, **items}
    history.write(settings.SettingChangeList, history.thing("setting"), admin, of=(agency,), **sets)
    yield
    device, later = history.thing("device"), history.at + timedelta(days=1)
    code = {"agency": agency, "code": drawn(device)}
    history.write(things.DeviceCode, device, custodian, of=(agency,), expires_at=later, **code)
    history.write(things.DeviceEnrol, device, device, **code)
    spare = history.thing("device")
    unused = {"agency": agency, "code": drawn(spare)}
    history.write(things.DeviceCode, spare, custodian, of=(agency,), expires_at=later, **unused)
    history.write(things.DeviceVoid, spare, custodian, of=(agency,), **unused)
    yield
    history.write(things.DeviceRename, device, custodian)
    history.write(things.DeviceRevoke, device, custodian, kid=world.kid)
    history.write(agencies.AgencyClose, agency, admin)
    yield


def story_of_looks(world: World) -> Iterator[None]:
    """A recording is opened and left, its original and a package are taken away, it is printed."""
    history, officer = world.history, world.people[Role.OFFICER]
    view = history.thing("view")
    history.write(watching.ViewOpen, view, officer)
    yield
    history.write(watching.ViewDownload, history.thing("view"), officer)
    history.write(watching.ViewPrint, history.thing("view"), officer)
    history.write(watching.ExportFetch, history.thing("export"), officer)
    history.write(watching.ViewClose, view, WORKER)
    yield


def story_of_the_log(world: World) -> Iterator[None]:
    """Keys, witnesses, stamps, a sealed trail, a clock that went, a refused draft and a mended chain."""
    history = world.history
    log = next(of for of in history.turns if of.startswith("log/"))
    key = history.thing("key")
    old, new = f"key-{key[-8:]}-a", f"key-{key[-8:]}-b"
    history.write(logs.LogUpgrade, log, SIGNER)
    history.write(logs.KeyAnnounce, key, SIGNER, of=(log,), kid=old, role="ticket")
    yield
    history.write(logs.KeyRotate, key, SIGNER, of=(log,), role="ticket", old=old, new=new)
    history.write(logs.KeyRevoke, key, SIGNER, of=(log,), role="ticket", kid=new)
    yield
    witness = f"w{key[-8:]}.example.cn+0a1b2c3d+" + "A" * 44
    for kind in (logs.WitnessAdd, logs.WitnessMiss, logs.WitnessDrop):
        of = (log,) if kind.spec.chains else ()
        history.write(kind, history.thing("witness"), SIGNER, of=of, key=witness)
    for stamp in (logs.StampTake, logs.StampMiss, logs.StampRenew):
        history.write(stamp, history.thing("stamp"), SIGNER)
    history.write(logs.TrailSeal, history.thing("trail"), SIGNER)
    yield
    history.write(logs.LogRefuse, log, SIGNER)
    history.write(logs.LogResume, log, SIGNER)
    history.write(logs.ClockStep, history.thing("clock"), SIGNER)
    history.write(logs.ChainMend, log.replace("log/", "chain/"), SIGNER, of=(log,))
    wrong = history.turns[log][0].digest
    history.write(CorrectionMake, log.replace("log/", "correction/"), SIGNER, of=(log,), entry=wrong)


STORIES = (
    story_of_a_case,
    story_of_an_exempt_case,
    story_of_a_case_that_ends_without_a_decision,
    story_of_a_summary_case,
    story_of_a_recording,
    story_of_presence,
    story_of_a_device,
    story_of_a_duty,
    story_of_a_record,
    story_of_equipment,
    story_of_an_audit,
    story_of_people,
    story_of_looks,
    story_of_the_log,
)


def told(seed: int, *, stories: int = 7, is_every: bool = False) -> World:
    """Return a world in which stories took place, their acts interleaved as the seed says."""
    world = begin(seed)
    rng = world.history.rng
    chosen = STORIES if is_every else [rng.choice(STORIES) for _ in range(stories)]
    running: list[Iterator[Any]] = [story(world) for story in chosen]
    while running:
        story = rng.choice(running)
        if next(story, world) is world:
            running.remove(story)
    return world
