"""A package made from nothing: real leaves of a log in memory, documents that they name, keys drawn anew each time."""

import base64
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from schemas import leaves_agency as agencies
from schemas import leaves_case as cases
from schemas import leaves_monitoring as records
from schemas import leaves_recording as line
from schemas import leaves_review as inside
from schemas.actor import Role
from schemas.canonical import canonical_bytes
from schemas.chain import leaf_digest, tree_hash
from schemas.checkpoint import Checkpoint, checkpoint_text, proof_text
from schemas.consistency import PACKAGE_REACH, TRUST_REACH, tiles_text
from schemas.container import container_chunks
from schemas.digest import sha256_hex
from schemas.disclosure import ChainHead, NotShown, chains_text, hidden_text
from schemas.leaf import Leaf
from schemas.leaf import parse_leaf as parse
from schemas.leaf_catalogue import catalogue_bytes, schema_bytes
from schemas.merkle import Tiles, extend, inclusion_proof, root_from_tiles
from schemas.note import sign_note
from schemas.package import (
    CATALOGUE,
    CHAINS,
    CHECKPOINT,
    HIDDEN,
    LEAVES,
    OPENINGS,
    SCHEMA,
    TREE,
    UNNAMED,
    FileRole,
    IndexedFile,
    PackageIndex,
    Packed,
    complete,
    evidence_name,
    export_key_name,
    original_name,
    packed,
    proof_name,
)
from schemas.package_lines import LeafLine, leaves_text, openings_text
from schemas.package_record import disclosed, record_of
from schemas.package_scope import actors_of, evidence_of, is_followed, not_shown
from schemas.ticket import sign_ticket
from tests.leaf_examples import TICKET_KID, TICKET_SEED
from tests.leaf_history import EXPORTER, History
from tests.package_bureau import LATER, NUMBER, ORIGIN, Bureau, Office, make_bureau, open_case, text


@dataclass
class Made:
    """A package as parts, so that a test can change one and put it together again."""

    bureau: Bureau
    case: str
    recordings: tuple[str, ...]
    record: str | None = None
    export: str = ""
    request: str = ""
    heads: tuple[ChainHead, ...] = ()
    hidden: tuple[NotShown, ...] = ()
    shown: list[LeafLine] = field(default_factory=list)
    withheld: list[Any] = field(default_factory=list)
    openings: dict[str, dict[str, bytes]] = field(default_factory=dict)
    files: dict[tuple[str, FileRole], list[Packed]] = field(default_factory=dict)
    over: dict[str, bytes] = field(default_factory=dict)

    @property
    def office(self) -> Office:
        return self.bureau.office

    def close(
        self,
        *,
        hide: Iterable[tuple[str, str, str]] = (),
        show: Iterable[str] = (),
        only: set[str] | None = None,
    ) -> "Made":
        """Ask for the package: derive its chains and what is not shown, and end the case's chain with it.

        Args:
            hide: Further things to hide, digest, member and ground: what a requester may decide.
            show: Leaves of other cases to show all the same.
            only: The chains to state instead of those that must stand.
        """
        history = self.bureau.history
        names = only if only is not None else self.chains()
        told = record_of(names, lines_of(history), (), history.openings)
        opened = {of: told.leaves(of) for of in names}
        more = [NotShown(*one) for one in hide]
        whole = {one.digest for one in more if one.member == "*"} | set(show)
        kept = [one for one in not_shown(self.case, NUMBER, opened) if one.digest not in whole]
        self.hidden = tuple(sorted({(one.digest, one.member): one for one in (*kept, *more)}.values()))
        self.heads = tuple(sorted(ChainHead(of, *_head(history, of)) for of in names))
        self.export = history.thing("export")
        self.request = self.bureau.write(
            inside.ExportRequest,
            self.export,
            self.bureau.people[Role.HANDLER],
            self.case,
            for_="court",
            chains=len(self.heads),
            chains_sha256=sha256_hex(chains_text(self.heads)),
            hidden=len(self.hidden),
            hidden_sha256=sha256_hex(hidden_text(self.hidden)),
        )
        self.gather()
        return self

    def gather(self) -> None:
        """Take leaves, openings and files as an honest exporter does."""
        history, names = self.bureau.history, {head.of for head in self.heads}
        alone = self.alone()
        lines = [one for one in lines_of(history) if _stands(one, names) or one.digest in alone]
        told = disclosed(names, lines, history.openings, self.hidden)
        self.shown, self.withheld = list(told.shown), list(told.withheld)
        self.openings = {digest: dict(members) for digest, members in told.openings.items()}
        wanted = self.evidence()
        secret = {one.digest for one in self.hidden if one.member == "filename"}
        hidden = {of for of in wanted if of.startswith("recording") and self._hides_report(of)}
        self.files = {
            key: list(files)
            for key, files in self.bureau.files.items()
            if key[0] in wanted and not (key[1] is FileRole.DERIVATIVE and key[0] in hidden)
        }
        for of in wanted:
            if (of, FileRole.ORIGINAL) in self.files and self.bureau.history.turns[of][0].digest in secret:
                (file,) = self.files[of, FileRole.ORIGINAL]
                self.files[of, FileRole.ORIGINAL] = [packed(original_name(of, UNNAMED), file.payload or b"")]

    def _hides_report(self, recording: str) -> bool:
        """Without the report nothing says what was made of a recording, so that is left out too."""
        digests = {turn.digest for turn in self.bureau.history.turns[recording]}
        return any(one.member == "report" and one.digest in digests for one in self.hidden)

    def evidence(self) -> set[str]:
        """Whose files belong into the package."""
        ties = evidence_of(
            parse_leaf(one.leaf) for one in lines_of(self.bureau.history) if _stands(one, {self.case})
        )
        held = {name for name, stands in ties.items() if stands}
        pictures = {
            of for of, _ in self.bureau.files if of.startswith("recording") and self._is_picture(of, held)
        }
        recordings = {one for one in held if one.startswith("recording")} | pictures
        manifests = {self.declaration(one) for one in recordings} - {None}
        rounds = {of for of, role in self.bureau.files if role is FileRole.EVIDENCE}
        intakes = {
            of
            for of, role in self.bureau.files
            if role is FileRole.INTAKE and any("monitoring" in n for n in held)
        }
        devices = {self.bureau.device} if manifests else set()
        return held | recordings | {one for one in manifests if one} | rounds | intakes | devices

    def _is_picture(self, of: str, held: set[str]) -> bool:
        received = self._received(of)
        return bool(received and received.intake) and any(name.startswith("monitoring") for name in held)

    def _received(self, recording: str) -> line.RecordingReceive | None:
        leaf = self.bureau.history.turns[recording][0].leaf
        return leaf.act if isinstance(leaf, Leaf) and isinstance(leaf.act, line.RecordingReceive) else None

    def declaration(self, recording: str) -> str | None:
        received = self._received(recording)
        for one in lines_of(self.bureau.history):
            leaf = parse_leaf(one.leaf)
            if (
                isinstance(leaf.act, line.ManifestDeclare)
                and received
                and leaf.act.sha256 == received.manifest_sha256
            ):
                return leaf.subject
        return None

    def alone(self) -> set[str]:
        """The leaves that stand in no chain of the package and belong to it all the same."""
        found = set()
        kinds = (line.ManifestDeclare, records.IntakeReceive, agencies.AgencyOpen)
        wanted = self.evidence() | {self.bureau.agency}
        for one in lines_of(self.bureau.history):
            leaf = parse_leaf(one.leaf)
            if isinstance(leaf.act, kinds) and leaf.subject in wanted:
                found.add(one.digest)
        return found

    def chains(self) -> set[str]:
        """The chains that must stand, as whoever checks derives them."""
        history = self.bureau.history
        names = {self.case, self.bureau.log} | set(evidence_of(_leaves(history, self.case)))
        wanted = self.evidence()
        names |= {of for of in wanted if of.startswith(("recording", "device"))}
        if any(of.startswith("monitoring") for of in wanted):
            names.add(self.bureau.equipment)
        acting = [leaf for of in names if is_followed(of) for leaf in _leaves(history, of)]
        alone = self.alone()
        acting += [
            leaf for one in lines_of(history) if one.digest in alone
            if is_followed((leaf := parse_leaf(one.leaf)).subject)
        ]  # fmt: skip
        return names | actors_of(one for one in acting if self._is_shown(one))

    def _is_shown(self, leaf: Any) -> bool:
        return getattr(leaf.act, "case", self.case) == self.case

    def index(self) -> PackageIndex:
        files = [
            IndexedFile(file=file.name, of=of, role=role)
            for (of, role), files in self.files.items()
            for file in files
        ]
        return PackageIndex(case=self.case, export=self.export, request=self.request, files=files)

    def put(self, of: str, role: FileRole, payload: bytes) -> None:
        """Exchange the bytes of a file under its name."""
        (old,) = self.files[of, role]
        self.files[of, role] = [packed(old.name, payload)]

    def log_files(self) -> list[Packed]:
        hashes, tiles, note = signed_log(self.bureau)
        files = {
            CHECKPOINT: note.encode(),
            TREE: tiles_text(len(hashes), PACKAGE_REACH, lambda level, n: tiles[level, n]).encode(),
            LEAVES: leaves_text(self.shown, self.withheld),
            OPENINGS: openings_text(self.openings),
            CHAINS: chains_text(self.heads),
            HIDDEN: hidden_text(self.hidden),
            CATALOGUE: catalogue_bytes(),
            SCHEMA: schema_bytes(),
        }
        for one in (*self.shown, *self.withheld):
            if one.index < len(hashes):
                proof = inclusion_proof(one.index, len(hashes), lambda level, n: tiles[level, n])
                files[proof_name(one.digest)] = proof_text(one.index, proof, note).encode()
        return [packed(name, payload) for name, payload in (files | self.over).items()]

    def pack(self) -> list[Packed]:
        given = [file for files in self.files.values() for file in files] + self.log_files()
        return complete(self.index(), given, signer=export_key_name(ORIGIN), seed=self.office.export_seed)[0]

    def bytes(self) -> bytes:
        return zipped(self.pack())

    def write(self, path: Path) -> Path:
        path.write_bytes(self.bytes())
        return path


def signed_log(bureau: Bureau) -> tuple[list[bytes], Tiles, str]:
    """Return the entry hashes of a log, its tiles and its signed checkpoint."""
    hashes = [tree_hash(leaf) for leaf in bureau.history.payloads]
    tiles = extend(lambda *_: b"", 0, hashes)
    root = root_from_tiles(len(hashes), lambda level, n: tiles[level, n])
    body = checkpoint_text(Checkpoint(origin=ORIGIN, size=len(hashes), root=root))
    note = sign_note(body, ORIGIN, bureau.office.log_seed)
    if bureau.office.witness_seed is not None:
        note = cosigned(note, "witness.test/a", bureau.office.witness_seed)
    return hashes, tiles, note


def cosigned(note: str, name: str, secret: bytes) -> str:
    """Return a note with one more signature line, which stands before the others."""
    text, _, lines = note.rpartition("\n\n")
    _, _, mine = sign_note(f"{text}\n", name, secret).rpartition("\n\n")
    return f"{text}\n\n{mine}{lines}{mine.replace(' witness', ' zitness')}"


def trust_file(bureau: Bureau, *, reach: int = TRUST_REACH) -> dict[str, object]:
    """A trust file that is fetched now, with the log's newest checkpoint and the end of its tree."""
    hashes, tiles, note = signed_log(bureau)
    end = tiles_text(len(hashes), reach, lambda level, n: tiles[level, n])
    return trust_members(bureau.office, checkpoint=note, tiles=end)


def trust_members(office: Office, **others: object) -> dict[str, object]:
    """A trust file as the server publishes it."""
    trust = office.trust
    return {
        "v": 1,
        "origin": trust.origin,
        "log_vkey": trust.log_vkey,
        "registry_key": base64.b64encode(trust.registry_key).decode(),
        "export_vkey": trust.export_vkey,
        "checkpoint": None,
        **others,
    }


@cache
def parse_leaf(payload: bytes) -> Leaf:
    return parse(payload)


def lines_of(history: History) -> list[LeafLine]:
    return [signed_line(index, leaf) for index, leaf in enumerate(history.payloads)]


def signed_line(index: int, leaf: bytes) -> LeafLine:
    """The line of a leaf with the ticket of whoever wrote it: one key writes everything here."""
    digest = leaf_digest(leaf)
    return LeafLine(index, digest, leaf, TICKET_KID, sign_ticket(digest, TICKET_SEED))


def _stands(one: LeafLine, names: set[str]) -> bool:
    return any(place.of in names for place in parse_leaf(one.leaf).chains)


def _leaves(history: History, of: str) -> list[Any]:
    return [turn.leaf for turn in history.turns.get(of, ())]


def _head(history: History, of: str) -> tuple[int, str]:
    return history.heads[of]


def zipped(files: list[Packed]) -> bytes:
    by_name = {file.name: file for file in files}
    ordered = sorted(files, key=lambda file: file.name.encode())
    return b"".join(container_chunks(ordered, lambda member: [by_name[member.name].payload or b""]))


def make_package(
    *, contents: tuple[bytes, ...] = (b"first recording", b"second recording"), bureau: Bureau | None = None
) -> Made:
    """A case with recordings of one device."""
    return begun(contents=contents, bureau=bureau).close()


def begun(
    *, contents: tuple[bytes, ...] = (b"first recording", b"second recording"), bureau: Bureau | None = None
) -> Made:
    """The same, not asked for yet."""
    bureau = bureau or make_bureau()
    case = open_case(bureau)
    manifest = bureau.declare(contents)
    recordings = []
    for index, content in enumerate(contents):
        recording = bureau.receive(content, manifest, index)
        bureau.tie(case, recording, bureau.device)
        bureau.conclude(recording)
        recordings.append(recording)
    return Made(bureau, case, tuple(recordings))


def whole() -> Made:
    """A case with a record, a tie of each kind that was ended, facts, a round that was returned and one that passed.

    A neighbour's case is tied to the first recording too.
    """
    made = begun(contents=(b"first recording", b"second recording", b"dropped recording"))
    bureau, case, handler = made.bureau, made.case, made.bureau.people[Role.HANDLER]
    first, second, dropped = made.recordings
    bureau.tie(open_case(bureau, "另案"), first)
    bureau.untie(case, dropped)
    record = made.record = bureau.record()
    told = {"channel": "phone", "outcome": "sent", "attempted_at": bureau.history.at, "proof": text("通话 1")}
    bureau.write(records.MonitoringNotify, record, handler, record, **told)
    bureau.tie(case, record)
    fact = bureau.history.thing("fact")
    bureau.write(inside.FactAdd, fact, handler, case, position=1, text=text("该车超限"))
    for evidence in (record, second):
        bureau.write(inside.FactProve, fact, handler, case, evidence=evidence)
    ground = inside.LeafGround(item="evidence", subject=first, text=text("请说明地点"))
    for number, kind, grounds in ((1, inside.ReviewSupplement, (ground,)), (2, inside.ReviewPass, ())):
        review_round(made, number, kind, grounds)
    bureau.write(cases.CaseDecide, case, bureau.people[Role.HEAD], case)
    return made


def review_round(made: Made, number: int, kind: Any, grounds: tuple[Any, ...]) -> str:
    """Write a round of legal review, with what it rested on; return it."""
    bureau, case, handler = made.bureau, made.case, made.bureau.people[Role.HANDLER]
    review = bureau.history.thing("review")
    document = canonical_bytes({"evidence": [], "facts": [str(number)]})
    bureau.keep(review, FileRole.EVIDENCE, evidence_name(review), document)
    bureau.write(cases.CaseConclude, case, handler, case)
    asked = {"review": review, "round": number, "due_at": LATER, "evidence_sha256": sha256_hex(document)}
    bureau.write(cases.CaseSubmit, case, handler, case, **asked)
    given = {"round": number, "grounds": grounds, "statement": text(f"意见 {number}")}
    bureau.write(kind, review, bureau.people[Role.LEGAL_REVIEWER], case, **given)
    for position in range(1, len(grounds) + 1):
        told = {"round": number, "position": position, "answer": text("已说明")}
        bureau.write(inside.ReviewAnswer, review, handler, case, **told)
    return review


def built(made: Made) -> str:
    """Write that the package of the last request was built."""
    return made.bureau.write(
        inside.ExportBuild,
        made.export,
        EXPORTER,
        made.case,
        request=made.request,
        sha256="ab" * 32,
        size_bytes=1,
        tagmanifest_sha256="cd" * 32,
        object_key="exports/a.zip",
        version_id="1",
    )
