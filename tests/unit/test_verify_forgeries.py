"""What whoever holds the export key, or the log key too, can do to a package, and what names it."""

import random
from argparse import ArgumentParser
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest

from mobile_contract.client import verify
from mobile_contract.client.verify import verify_package
from mobile_contract.client.verify_report import Report
from mobile_contract.client.verify_speech import headline, sentences
from schemas import leaves_account as who
from schemas import leaves_agency as agencies
from schemas import leaves_case as cases
from schemas import leaves_device as things
from schemas import leaves_equipment as register
from schemas import leaves_monitoring as records
from schemas import leaves_review as inside
from schemas.act import Act
from schemas.actor import Role
from schemas.canonical import canonical_bytes
from schemas.chain import leaf_digest
from schemas.disclosure import NotShown
from schemas.integrity import Outcome
from schemas.leaf import Leaf, Place, leaf_bytes, parse_leaf
from schemas.opening import opening_bytes
from schemas.package import CATALOGUE, SCHEMA, FileRole
from schemas.package_lines import LeafLine, WithheldLine
from schemas.ticket import sign_ticket
from tests.leaf_examples import TICKET_SEED
from tests.leaf_history import API
from tests.package import Made, begun, built, make_package, signed_line, whole
from tests.package_bureau import NUMBER, Bureau, make_bureau, open_case, text


@pytest.fixture
def made() -> Made:
    return whole().close()


def checked(made: Made, path: Path) -> Report:
    return verify_package(made.write(path / "p.zip"), made.office.trust)


def mismatches(report: Report) -> set[tuple[str, str]]:
    return {(c.claim, c.code) for c in report.claims if c.outcome is Outcome.MISMATCH}


def verdicts(report: Report) -> set[tuple[str, str]]:
    """Every claim that fails, or would have to hold and does not."""
    return {(c.claim, c.subject) for c in report.failed()}


def leaf_of(one: LeafLine) -> Leaf:
    return parse_leaf(one.leaf)


def about(made: Made, event: str) -> list[LeafLine]:
    return [one for one in made.shown if leaf_of(one).event == event]


def place_in(one: LeafLine, of: str) -> Place:
    place = leaf_of(one).place(of)
    assert place is not None
    return place


def drop(made: Made, gone: list[LeafLine]) -> None:
    made.shown = [one for one in made.shown if one not in gone]
    for one in gone:
        made.openings.pop(one.digest, None)


def adverse_round(made: Made) -> list[LeafLine]:
    """The first round: its submission, its opinion and the answer to it."""
    (opinion,) = about(made, "review:supplement")
    review = leaf_of(opinion).subject
    submitted = [one for one in about(made, "case:submit") if leaf_of(one).act.facts()["review"] == review]
    return [*submitted, opinion, *about(made, "review:answer")]


def test_an_adverse_round_that_was_dropped_leaves_a_hole(made: Made, tmp_path: Path) -> None:
    """Whoever leaves out the leaves of a round leaves numbers out of the case's chain."""
    drop(made, adverse_round(made))

    assert ("chain", "chain-broken") in mismatches(checked(made, tmp_path))


def test_a_round_that_the_exporter_withholds_is_not_on_the_requesters_ground(
    made: Made, tmp_path: Path
) -> None:
    """Withheld lines instead of leaves keep the head, and are named: nobody asked for them to be withheld."""
    gone = adverse_round(made)
    drop(made, gone)
    made.withheld += [
        WithheldLine(one.index, made.case, place.n, one.digest, leaf_of(one).event, "third-party")
        for one in gone
        for place in leaf_of(one).chains
    ]
    report = checked(made, tmp_path)

    assert {("opening", "hidden-differs")} <= mismatches(report)
    assert ("state", made.case) in verdicts(report)

    made.hidden = (*made.hidden, *(NotShown(one.digest, "*", "third-party") for one in gone))
    assert ("request", "hidden-differs") in mismatches(checked(made, tmp_path))


def test_a_round_that_the_requester_withholds_is_there_for_all_to_read(tmp_path: Path) -> None:
    """The requester may withhold it; number, event and ground are said, and the case's state holds no more."""
    made = whole()
    hide = [(digest_of(made, "review:supplement"), "*", "third-party")]
    report = checked(made.close(hide=hide), tmp_path)

    assert mismatches(report) == set()
    failed = {(c.claim, c.subject, c.code) for c in report.failed()}
    assert failed == {("state", made.case, "withheld-from")}
    assert report.story is not None
    assert any("法制审核退回补充" in line and "third-party" in line for line in sentences(report.story))


def digest_of(made: Made, event: str) -> str:
    history = made.bureau.history
    return next(leaf_digest(leaf) for leaf in history.payloads if parse_leaf(leaf).event == event)


@pytest.mark.parametrize("member", ["number", "party", "place"])
def test_another_word_is_not_what_the_leaf_commits_to(made: Made, tmp_path: Path, member: str) -> None:
    """Place, party and number are what opens the commitment; a better word does not."""
    (opened,) = about(made, "case:open")
    salt = "ab" * 16
    made.openings[opened.digest][member] = opening_bytes(member, salt, "另一处")

    report = checked(made, tmp_path)

    assert mismatches(report) == {("opening", "opening-differs")}
    assert report.story is not None
    assert "另一处" not in headline(report.story) + "".join(sentences(report.story))


def test_a_word_that_is_kept_back_is_missed(made: Made, tmp_path: Path) -> None:
    """What is committed and neither shown nor hidden on a ground is named."""
    (opened,) = about(made, "case:open")
    del made.openings[opened.digest]["place"]

    assert mismatches(checked(made, tmp_path)) == {("opening", "opening-missing")}


def test_a_word_that_was_to_be_hidden_is_not_shown_after_all(tmp_path: Path) -> None:
    """What the requester hides and the exporter shows is named too."""
    made = begun(contents=(b"one",))
    digest = digest_of(made, "case:open")
    made.close(hide=[(digest, "party", "third-party")])
    made.openings[digest]["party"] = made.bureau.history.openings[digest]["party"]

    assert mismatches(checked(made, tmp_path)) == {("opening", "hidden-differs")}


def altered(one: LeafLine, **facts: Any) -> LeafLine:
    leaf = leaf_of(one)
    assert isinstance(leaf.act, Act)
    payload = leaf_bytes(leaf.telling(leaf.act.model_copy(update=facts)))
    return signed_line(one.index, payload)


def test_a_leaf_with_another_media_type_is_not_in_the_log(made: Made, tmp_path: Path) -> None:
    """A changed leaf has another digest: no proof leads to it, and the chain does not go on from it."""
    seal = about(made, "recording:seal")[0]
    changed = altered(seal, media_type="video/mp4")
    made.shown[made.shown.index(seal)] = changed
    made.openings[changed.digest] = made.openings.pop(seal.digest)

    report = checked(made, tmp_path)

    assert ("log_inclusion", "proof-invalid") in mismatches(report)
    assert ("chain", "chain-cut") in mismatches(report)


def test_an_index_that_tells_another_story_is_not_believed(made: Made, tmp_path: Path) -> None:
    """The index finds files. With two of them exchanged the digests of the leaves say so."""
    keys = [(one, FileRole.ORIGINAL) for one in made.recordings[:2]]
    first, second = (made.files[key] for key in keys)
    made.files[keys[0]], made.files[keys[1]] = second, first

    told = mismatches(checked(made, tmp_path))
    assert told == {("recording_digest", "digest-differs"), ("index", "name-differs")}


def test_another_cases_package_says_so_in_its_first_line(tmp_path: Path) -> None:
    """A package under another name is the package it is: number and party come from its own chain."""
    bureau = make_bureau()
    other = Made(bureau, open_case(bureau, "示城管立字〔2026〕第002号"), ()).close()

    report = verify_package(other.write(tmp_path / f"{NUMBER.replace('/', '')}.zip"), other.office.trust)

    assert report.story is not None
    assert headline(report.story).startswith("示城管立字〔2026〕第002号 · ")
    assert mismatches(report) == {("case_number", "case-differs")}


def test_another_case_named_in_the_index_has_not_asked(tmp_path: Path) -> None:
    """An index that names another case, or another request of the same one, does not get a chain of its own."""
    made = make_package(contents=(b"one",))
    earlier = (made.export, made.request)
    made.close()
    made.export, made.request = earlier
    assert ("request", "request-missing") in mismatches(checked(made, tmp_path))

    made = make_package(contents=(b"one",))
    made.case = made.case[:-1] + ("0" if made.case[-1] != "0" else "1")
    assert ("request", "request-missing") in mismatches(checked(made, tmp_path))


@pytest.mark.parametrize("noun", ["log", "recording", "monitoring", "equipment", "device", "account"])
def test_one_chain_too_few_fails(tmp_path: Path, noun: str) -> None:
    """Even where the request itself leaves a chain out, whoever checks derives that it must stand."""
    made = whole()
    names = made.chains()
    gone = next(of for of in sorted(names) if of.startswith(noun))
    report = checked(made.close(only=names - {gone}), tmp_path)

    assert not report.holds
    # A picture of a monitoring record is missed by its row, whatever the scope derives.
    assert {"completeness", "record_media"} & {claim for claim, _ in mismatches(report)}


def test_a_chain_that_the_exporter_leaves_out_is_in_the_request(made: Made, tmp_path: Path) -> None:
    """chains.txt without a chain is not the one whose digest the request states."""
    gone = made.heads[-1].of
    made.heads = made.heads[:-1]
    drop(made, [one for one in made.shown if all(p.of == gone for p in leaf_of(one).chains)])

    assert ("request", "chains-differ") in mismatches(checked(made, tmp_path))


@pytest.mark.parametrize("noun", ["case", "recording", "account", "equipment"])
def test_a_chain_that_was_cut_does_not_reach_its_head(made: Made, tmp_path: Path, noun: str) -> None:
    """The last leaf of a chain is missed even when nothing after it names it."""
    of = next(head.of for head in made.heads if head.of.startswith(noun) and head.n > 1)
    last = max((one for one in made.shown if leaf_of(one).place(of)), key=lambda one: place_in(one, of).n)
    drop(made, [last])

    names = mismatches(checked(made, tmp_path))
    assert names & {("chain", "chain-cut"), ("request", "request-missing")}


def test_a_chain_cut_in_the_list_too_is_not_what_was_asked_for(made: Made, tmp_path: Path) -> None:
    """With its head cut in chains.txt as well, the request names the difference."""
    of = next(head for head in made.heads if head.of == made.bureau.equipment)
    turns = made.bureau.history.turns[of.of]
    (last,) = (one for one in made.shown if one.digest == turns[-1].digest)
    made.heads = tuple(sorted({*made.heads, of._replace(n=of.n - 1, head=place_in(last, of.of).prev)} - {of}))
    drop(made, [last])

    assert ("request", "chains-differ") in mismatches(checked(made, tmp_path))


def second_agency(bureau: Bureau) -> str:
    """Write another agency with a photo of its own; return the photo."""
    history = bureau.history
    agency, account = history.thing("agency"), history.thing("account")
    named = {"name": text("邻县城市管理局"), "code": text("B")}
    bureau.write(agencies.AgencyOpen, agency, API, agency, kind="agency", supervising=False, **named)
    told = {"agency": agency, "kind": "person", "login": text("n"), "name": text("邻人")}
    bureau.write(who.AccountOpen, account, API, account, **told)
    photo = bureau.receive(b"another agency's photo", None, agency=agency, source="account")
    bureau.conclude(photo, times=False)
    return photo


def test_another_agencys_photo_breaks_a_rule_of_the_case(tmp_path: Path) -> None:
    """A tie to another agency's photo is logged by whoever holds everything; the fold names it."""
    made = begun(contents=(b"one",))
    made.bureau.tie(made.case, second_agency(made.bureau))
    report = checked(made.close(), tmp_path)

    assert ("state", "unlawful") in mismatches(report)
    assert {c.subject for c in report.failed() if c.code == "unlawful"} >= {made.case}


def test_a_tie_before_the_photo_came_breaks_a_rule_of_the_case(tmp_path: Path) -> None:
    """A tie that stands in the log before its photo was received cannot be: causality by index."""
    made = begun(contents=(b"one",))
    bureau = made.bureau
    photo = f"recording/{open_case(bureau, 'x').partition('/')[2]}"
    bureau.tie(made.case, photo)

    assert ("state", "unlawful") in mismatches(checked(made.close(), tmp_path))


def test_a_record_of_equipment_that_was_suspended_does_not_pass_the_gate(tmp_path: Path) -> None:
    """Article 41 is judged from the equipment's own chain, not from what anybody says of it."""
    bureau = make_bureau()
    case = open_case(bureau)
    custodian = bureau.people[Role.CUSTODIAN]
    since = {"from_at": bureau.history.at - timedelta(hours=1), "reason": text("故障")}
    bureau.write(things.EquipmentSuspend, bureau.equipment, custodian, bureau.equipment, **since)
    made = Made(bureau, case, (), record=bureau.record())
    bureau.tie(case, made.record or "")
    report = checked(made.close(), tmp_path)

    assert mismatches(report) == {("record_gate", "gate-closed")}
    assert [c.detail for c in report.failed()] == ["suspended"]


@pytest.mark.parametrize("needs", [None, True, False])
def test_the_gate_is_judged_by_the_rule_of_its_tie(needs: bool | None, tmp_path: Path) -> None:
    """Without a certificate: a tie of version 1 was asked for one, one of version 2 says whether it was."""
    bureau = make_bureau()
    case, one = open_case(bureau), bureau.equipment
    certified = next(turn.digest for turn in bureau.history.turns[one] if turn.event == "equipment:certify")
    never = {"entry": certified, "from_": None, "until": None, "reason": text("登记有误")}
    nothing = dict.fromkeys(("number", "issuer", "title", "url"))
    custodian = bureau.people[Role.CUSTODIAN]
    bureau.write(register.EquipmentCorrect, one, custodian, one, **never, **nothing)
    made = Made(bureau, case, (), record=bureau.record())
    record = made.record or ""
    if needs is None:
        bureau.tie(case, record)
    else:
        bureau.tie_ruled(case, record, needs=needs)
    report = checked(made.close(), tmp_path)
    failed = set() if needs is False else {("record_gate", "gate-closed")}
    assert mismatches(report) == failed
    assert [c.detail for c in report.failed()] == ["certificate-missing"] * len(failed)


@pytest.mark.parametrize(
    ("again", "failed"),
    [
        ((), {("record_reviewed", "not-found-valid")}),
        (("reviewing",), {("record_reviewed", "not-found-valid")}),
        (("reviewing", "valid"), set()),
    ],
)
def test_a_record_that_was_reopened_is_judged_by_its_last_round(
    again: tuple[str, ...], failed: set[tuple[str, str]], tmp_path: Path
) -> None:
    """The certificate was annulled after the tie: two opinions of before prove nothing, two of after do; the tie stands."""
    bureau = make_bureau()
    case, one, custodian = open_case(bureau), bureau.equipment, bureau.people[Role.CUSTODIAN]
    made = Made(bureau, case, (), record=bureau.record())
    record = made.record or ""
    bureau.tie(case, record)
    certified = next(turn.digest for turn in bureau.history.turns[one] if turn.event == "equipment:certify")
    void = {"certificate": certified, "from_": None, "reason": text("机构撤销")}
    annulled = bureau.write(register.EquipmentAnnul, one, custodian, one, **void)
    told = {
        "annulment": annulled,
        "round": 2,
        "due_at": bureau.history.at + timedelta(days=7),
        "to": "recheck",
    }
    bureau.write(records.MonitoringReopen, record, custodian, record, **told)
    stages = (("second", Role.LEGAL_REVIEWER), ("first", Role.EVIDENCE_REVIEWER))
    for (stage, role), to in zip(stages, again, strict=False):
        bureau.opine(record, stage, role, to)
    report = checked(made.close(), tmp_path)
    assert mismatches(report) == failed


def test_a_round_that_is_not_the_next_is_named(tmp_path: Path) -> None:
    """Whoever skips a round, or re-opens what waits, breaks a rule of the record."""
    bureau = make_bureau()
    case, custodian = open_case(bureau), bureau.people[Role.CUSTODIAN]
    made = Made(bureau, case, (), record=bureau.record())
    record = made.record or ""
    bureau.tie(case, record)
    told = {"annulment": "a" * 64, "round": 3, "due_at": bureau.history.at, "to": "recheck"}
    bureau.write(records.MonitoringReopen, record, custodian, record, **told)
    report = checked(made.close(), tmp_path)
    assert {c.subject for c in report.failed() if c.code == "unlawful"} == {record}


def test_a_record_of_equipment_that_was_renumbered_is_found(tmp_path: Path) -> None:
    """A row names the number of its capture: told otherwise of a later time, it is still its equipment."""
    bureau = make_bureau()
    case, one = open_case(bureau), bureau.equipment
    record = bureau.record()
    said = {"fields": ("number",), "from_": bureau.history.at, "number": text("S-NEW"), "reason": None}
    nothing = dict.fromkeys(("name", "site", "standard", "point"))
    bureau.write(register.EquipmentDescribe, one, bureau.people[Role.CUSTODIAN], one, **said, **nothing)
    made = Made(bureau, case, (), record=record)
    bureau.tie(case, record)
    assert mismatches(checked(made.close(), tmp_path)) == set()


def test_a_record_that_one_person_judged_twice_is_unlawful(tmp_path: Path) -> None:
    """Both opinions by one person: the fold of the record says so."""
    bureau = make_bureau()
    case = open_case(bureau)
    bureau.people[Role.LEGAL_REVIEWER] = bureau.people[Role.EVIDENCE_REVIEWER]
    made = Made(bureau, case, (), record=bureau.record())
    bureau.tie(case, made.record or "")

    assert ("state", "unlawful") in mismatches(checked(made.close(), tmp_path))


def change_row(made: Made) -> None:
    (row,) = made.files[made.record or "", FileRole.ROW]
    made.put(made.record or "", FileRole.ROW, (row.payload or b"").replace("苏J".encode(), "苏K".encode()))


def change_place_in_batch(made: Made) -> None:
    (path,) = made.files[made.record or "", FileRole.ROW_PATH]
    made.put(
        made.record or "", FileRole.ROW_PATH, (path.payload or b"").replace(b'"position":1', b'"position":0')
    )


def change_evidence(made: Made) -> None:
    review = next(of for of, role in made.files if role is FileRole.EVIDENCE)
    made.put(review, FileRole.EVIDENCE, canonical_bytes({"evidence": [], "facts": []}))


def change_intake(made: Made) -> None:
    intake = next(of for of, role in made.files if role is FileRole.INTAKE)
    (file,) = made.files[intake, FileRole.INTAKE]
    made.put(intake, FileRole.INTAKE, (file.payload or b"").replace(b'"rows":3', b'"rows":4'))


def change_picture(made: Made) -> None:
    picture = next(of for of, role in made.files if role is FileRole.ORIGINAL and of not in made.recordings)
    made.put(picture, FileRole.ORIGINAL, b"picture of a truck")


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (change_row, ("record_row", "proof-invalid")),
        (change_place_in_batch, ("record_row", "proof-invalid")),
        (change_evidence, ("review_logged", "leaf-differs")),
        (change_intake, ("intake_logged", "leaf-differs")),
        (change_picture, ("recording_digest", "digest-differs")),
        (lambda made: made.over.update({CATALOGUE: b"{}"}), ("catalogue", "catalogue-differs")),
        (lambda made: made.over.update({SCHEMA: b"{}"}), ("catalogue", "catalogue-differs")),
    ],
)
def test_a_document_that_is_not_the_logged_one_fails(
    made: Made, tmp_path: Path, change: Callable[[Made], None], expected: tuple[str, str]
) -> None:
    """Row, path, batch, snapshot, picture and catalogue are bound by a digest in a leaf, whoever signs the bag."""
    change(made)

    assert expected in mismatches(checked(made, tmp_path))


def test_an_opening_hidden_on_a_ground_changes_no_verdict(tmp_path: Path) -> None:
    """Whatever openings the requester hides: values are hidden, no claim fails, and every ground is said."""
    rng, plain = random.Random(3), checked(whole().close(), tmp_path)
    for _ in range(6):
        made = whole()
        openings = made.bureau.history.openings
        every = [(digest, member) for digest, members in openings.items() for member in members]
        in_package = {line.digest for line in _closed_lines(made)}
        chosen = [one for one in every if one[0] in in_package and rng.random() < 0.4]
        hide = [(digest, member, "third-party") for digest, member in chosen]
        made.close(hide=hide)
        report = checked(made, tmp_path)
        assert report.holds == plain.holds, report.failed()
        assert mismatches(report) == set()
        codes = {c.code for c in report.claims if c.outcome is Outcome.NOT_CHECKED}
        assert codes <= {"manifest-absent", "not-shown", "no-trusted-checkpoint"}


def _closed_lines(made: Made) -> list[LeafLine]:
    """What the package of a copy of this story would show: the same story gives the same leaves."""
    history, names = made.bureau.history, made.chains()
    return [
        signed_line(n, leaf)
        for n, leaf in enumerate(history.payloads)
        if any(p.of in names and not p.of.startswith("account") for p in parse_leaf(leaf).chains)
        and not _is_of_another_case(made, parse_leaf(leaf))
    ]


def _is_of_another_case(made: Made, leaf: Leaf) -> bool:
    return leaf.act.facts().get("case", made.case) != made.case


def test_leaves_of_another_case_withheld_or_shown_change_nothing_of_this_one(tmp_path: Path) -> None:
    """A recording of four cases: whichever of the other ties are shown, the verdict is the same."""
    rng = random.Random(5)
    for _ in range(5):
        made = begun(contents=(b"one",))
        ties = [made.bureau.tie(open_case(made.bureau, f"另案 {n}"), made.recordings[0]) for n in range(3)]
        ties.append(made.bureau.untie(*_pair(made, ties[0])))
        shown = [one for one in ties if rng.random() < 0.5]
        report = checked(made.close(show=shown), tmp_path)

        assert report.holds, report.failed()
        assert report.story is not None
        assert len([one for one in report.story.withheld if one.ground == "other-case"]) == 4 - len(shown)
        assert {c.outcome for c in report.claims if c.claim == "state"} == {Outcome.VERIFIED}


def _pair(made: Made, tie: str) -> tuple[str, str]:
    turn = next(one for one in made.bureau.history.turns[made.recordings[0]] if one.digest == tie)
    assert isinstance(turn.leaf, Leaf)
    return turn.leaf.act.facts()["case"], made.recordings[0]


def test_a_package_names_no_other_case(made: Made) -> None:
    """The neighbour's case that a shared recording is tied to stands nowhere in the package."""
    others = [of for of in made.bureau.history.turns if of.startswith("case/") and of != made.case]

    assert others
    content = b"".join(file.payload or b"" for file in made.pack())
    leaves = b"".join(one.leaf for one in made.shown)
    assert not any(of.encode() in content + leaves for of in others)


class CaseFileOfTomorrow(cases.CaseFile):
    """A version of an event that this program does not know."""

    spec: ClassVar = replace(cases.CaseFile.spec, ev=9)


def test_an_event_of_tomorrow_is_neither_skipped_nor_believed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Form, chain and inclusion hold; the case is not understood from there, and the command says so by its own code."""
    made = begun(contents=(b"one",))
    head = made.bureau.people[Role.HEAD]
    made.bureau.write(CaseFileOfTomorrow, made.case, head, made.case)
    path = made.close().write(tmp_path / "p.zip")
    report = verify_package(path, made.office.trust)

    assert mismatches(report) == set()
    assert {(c.claim, c.subject, c.code) for c in report.failed()} == {("state", made.case, "not-understood")}
    assert not report.holds
    arguments = ArgumentParser()
    verify.add_arguments(arguments)
    assert verify.run(arguments.parse_args([str(path)])) == 4
    assert "不认识" in capsys.readouterr().out


def test_what_rests_on_what_is_not_understood_does_not_hold(tmp_path: Path) -> None:
    """An unknown event in a recording's chain: neither its bytes nor its report are said to hold."""
    made = begun(contents=(b"one", b"two"))
    recording = made.recordings[0]

    class SealOfTomorrow(things.DeviceRename):
        spec: ClassVar = replace(
            things.DeviceRename.spec,
            event="recording:annotate",
            chains=("recording",),
            ev=1,
            actors=("service",),
        )

    made.bureau.write(SealOfTomorrow, recording, "service/api", recording, name=text("x"))
    report = checked(made.close(), tmp_path)

    failed = {(c.claim, c.subject, c.code) for c in report.failed()}
    assert failed == {
        (claim, recording, "not-understood")
        for claim in (
            "state",
            *("recording_digest", "recording_logged"),
            *("manifest_agrees", "manifest_signature", "device_key"),
        )
    }
    held = {
        c.claim for c in report.claims if c.subject == made.recordings[1] and c.outcome is Outcome.VERIFIED
    }
    assert {"recording_digest", "recording_logged"} <= held


def test_the_next_package_shows_that_the_last_one_was_built(tmp_path: Path) -> None:
    """What was asked for and built stands in the chain of the next package: no package was ever made unseen."""
    made = make_package(contents=(b"one",))
    built(made)
    first = made.request
    report = checked(made.close(), tmp_path)

    assert report.holds, report.failed()
    assert {one.digest for one in made.shown} >= {first}
    assert about(made, "export:build")


def test_an_opinion_that_was_turned_round_is_another_leaf(tmp_path: Path) -> None:
    """Supplement cannot be read as pass: the event's name is in the head."""
    made = whole().close()
    (opinion,) = about(made, "review:supplement")
    leaf = leaf_of(opinion)
    facts = leaf.act.facts()
    passed = inside.ReviewPass(
        round=facts["round"], grounds=(), case_to="legal_review", statement=text("同意")
    )
    payload = leaf_bytes(leaf.telling(passed))
    made.shown[made.shown.index(opinion)] = signed_line(opinion.index, payload)
    made.openings.pop(opinion.digest)

    assert {("chain", "chain-broken"), ("log_inclusion", "proof-invalid")} & mismatches(
        checked(made, tmp_path)
    )


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"kid": "", "ticket": ""}, "ticket-missing"),
        ({"ticket": sign_ticket("ab" * 32, TICKET_SEED)}, "ticket-invalid"),
        ({"kid": "ticket-of-nobody"}, "ticket-invalid"),
        ({"kid": "made-up-key"}, "ticket-invalid"),
    ],
    ids=[
        "none",
        "of another leaf",
        "by a process that writes no such leaf",
        "under a key that the log does not know",
    ],
)
def test_a_leaf_that_no_process_of_ours_signed_is_named(
    tmp_path: Path, changed: dict[str, str], code: str
) -> None:
    """The log was made to hold it: inclusion and chain are in order, its ticket is not."""
    made = whole().close()
    (opinion,) = about(made, "review:supplement")
    made.shown[made.shown.index(opinion)] = replace(opinion, **changed)
    report = checked(made, tmp_path)

    assert mismatches(report) == {("ticket", code)}
    assert [one.subject for one in report.failed()] == [opinion.digest]


def test_a_log_of_before_tickets_is_asked_for_none(tmp_path: Path) -> None:
    """Where the log announced no key of a process nothing is claimed of tickets, and nothing is missing."""
    made = whole().close()
    announced = next(one for one in made.shown if leaf_of(one).event == "key:announce")
    made.shown = [replace(one, kid="", ticket="") for one in made.shown if one is not announced]
    claims = {one.claim for one in checked(made, tmp_path).claims}
    assert "ticket" not in claims
