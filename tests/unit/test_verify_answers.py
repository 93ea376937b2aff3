"""`quancheng verify` as a command: exit codes, its first line, the case asked about, and a reader who stops reading."""

import json
import os
import subprocess
import sys
from argparse import ArgumentParser
from pathlib import Path

import pytest

from mobile_contract.client import verify
from mobile_contract.client.verify import verify_package
from schemas import leaves_case as cases
from schemas.actor import Role
from schemas.claim import NotProven
from schemas.package import FileRole, package_name, packed
from tests.package import Made, begun, make_package, trust_members
from tests.package_bureau import AGENCY, LATER, NUMBER, ORIGIN, make_bureau, open_case, text


@pytest.fixture
def made() -> Made:
    return make_package()


@pytest.fixture
def trusted(made: Made, tmp_path: Path) -> str:
    path = tmp_path / "trust.json"
    path.write_text(json.dumps(trust_members(made.office)))
    return str(path)


def run_verify(*args: str) -> int:
    parser = ArgumentParser()
    verify.add_arguments(parser)
    return verify.run(parser.parse_args(args))


def test_exit_codes_say_what_happened(
    made: Made, trusted: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    """0 holds, 1 does not, 2 a trust file that is none or a file that is not there, 3 without a trust file."""
    path = made.write(tmp_path / "p.zip")
    trust, bad = Path(trusted), tmp_path / "bad.json"
    bad.write_text('{"v": 1}')

    assert run_verify(str(path), "--trust", str(trust)) == 0
    assert run_verify(str(path)) == 3
    said = capsys.readouterr().out
    assert "字节完整，来源未知" in said.splitlines()[-1]
    assert "No trust anchor" in said
    assert run_verify(str(path), "--trust", str(bad)) == 2
    assert run_verify(str(tmp_path / "absent.zip")) == 2
    path.write_bytes(path.read_bytes()[:-1])
    assert run_verify(str(path), "--trust", str(trust)) == 1


@pytest.mark.parametrize("kind", ["absent", "folder", "pipe"])
def test_a_path_that_is_no_file_is_wrong_use(kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """Package or trust file: absent, a folder or a pipe ends at once with 2 and one JSON object that says why."""
    path = tmp_path / kind
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    (tmp_path / "p.zip").write_bytes(b"")

    for args in ((str(path),), (str(tmp_path / "p.zip"), "--trust", str(path))):
        assert run_verify(*args, "--json") == 2
        said = json.loads(capsys.readouterr().out)
        assert (said["holds"], said["exit_code"]) == (False, 2)
        assert str(path) in said["error"]


def test_a_trust_file_that_is_too_long_is_not_cut(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """What is longer than a trust file can be is refused as such, never read in part."""
    path = tmp_path / "trust.json"
    path.write_bytes(b" " * (verify.MAX_TRUST_BYTES + 1))

    assert run_verify(str(path), "--trust", str(path)) == 2
    assert "too long" in capsys.readouterr().err


def test_json_carries_every_claim_and_what_is_not_proven(
    made: Made, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    """A program gets each claim with outcome, code and both languages, and the limits of the proof."""
    path = made.write(tmp_path / "p.zip")

    run_verify(str(path), "--json")
    said = json.loads(capsys.readouterr().out)

    assert (said["holds"], said["understood"], said["anchored"]) == (False, True, False)
    assert (said["verdict"], said["exit_code"]) == ("origin-unknown", 3)
    by = {one["claim"]: one["vouched_by"] for one in said["claims"]}
    assert (by["package_signature"], by["chain"], by["manifest_signature"], by["device_key"]) == (
        *("export_key", "log", "device", "registry"),
    )
    assert said["story"]["case"]["number"]["value"] == NUMBER
    assert {"claim", "subject", "outcome", "code", "zh", "en"} <= said["claims"][0].keys()
    assert [one["slug"] for one in said["not_proven"]] == list(NotProven)


def test_a_hostile_name_does_not_steer_the_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """Escape sequences in what people wrote are shown as replacement characters."""
    bureau = make_bureau()
    case = open_case(bureau, "\x1b]0;owned\x07")
    path = Made(bureau, case, ()).close().write(tmp_path / "p.zip")

    run_verify(str(path))

    assert "\ufffd]0;owned\ufffd" in capsys.readouterr().out


def test_the_first_line_is_of_the_folded_case(
    made: Made, trusted: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    """Number, party and agency are said as the chain gives them after every correction, with date, origin and size."""
    fields = {"fields": ["party"], "party": text("另一家小吃店"), "reason": text("更正")}
    handler = made.bureau.people[Role.HANDLER]
    made.bureau.write(cases.CaseAmend, made.case, handler, made.case, **fields)
    made.close()
    path = str(made.write(tmp_path / "p.zip"))

    assert run_verify(path, "--trust", trusted) == 0
    first = capsys.readouterr().out.splitlines()[0].split(" · ")

    assert first[:3] == [NUMBER, "另一家小吃店", AGENCY]
    assert first[3].endswith(" +08:00")
    assert first[4:] == [ORIGIN, f"日志 {len(made.bureau.history.payloads)} 条 entries"]


def test_what_is_not_proven_is_not_said_plainly(
    made: Made, trusted: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    """A stranger's package, which is whole in itself: without a trust file 3, with it 1; both before the first word."""
    stranger = make_package()
    path = str(stranger.write(tmp_path / "p.zip"))

    assert run_verify(path) == 3
    assert capsys.readouterr().out.startswith("○ 字节完整，来源未知")
    assert run_verify(path, "--trust", trusted) == 1
    assert capsys.readouterr().out.startswith("✗ 不符")
    assert {c.code for c in verify_package(Path(path), made.office.trust).failed()} >= {"signature-invalid"}


@pytest.mark.parametrize(
    ("asked", "code"),
    [(NUMBER, 0), ("示城管立字[2026] 第００1号", 0), ("示城管立字〔2026〕第002号", 1), ("", 1)],
)
def test_the_case_that_is_asked_about_must_be_the_one(
    made: Made, trusted: str, tmp_path: Path, asked: str, code: int
):
    """Brackets, blanks and width of a number do not matter; another number does."""
    path = str(made.write(tmp_path / "p.zip"))

    assert run_verify(path, "--trust", trusted, "--case", asked) == code


@pytest.mark.parametrize(
    ("name", "code"),
    [
        (package_name(NUMBER, LATER.date()), 0),
        (package_name(NUMBER, LATER.date()).replace(".zip", " (2).zip"), 0),
        (package_name("示城管立字〔2026〕第002号", LATER.date()), 1),
        ("示城管立字〔2026〕第002号.zip", 1),
        (f"交法院 {NUMBER} 副本.zip", 0),
        (NUMBER.replace("001号", "0011号") + ".zip", 1),
        (f"乙{NUMBER}.zip", 0),
        ("1号执法记录仪导出.zip", 0),
        ("备份 (2026).zip", 0),
        ("backup-2026-01-01.zip", 0),
    ],
)
def test_another_case_does_not_pass_under_the_name_of_this_one(
    made: Made, trusted: str, tmp_path: Path, name: str, code: int
):
    """A file that is called by a case number holds that case; other names say nothing."""
    path = made.write(tmp_path / name)

    assert run_verify(str(path), "--trust", trusted) == code
    told = {(c.claim, c.code) for c in verify_package(path, made.office.trust).failed()}
    assert told == ({("case_number", "case-differs")} if code else set())


def test_a_number_that_is_not_shown_answers_no_question(tmp_path: Path):
    """Where the package hides the number, it cannot be said to be of a case that is asked for."""
    made = begun(contents=(b"one",))
    opened = next(turn.digest for turn in made.bureau.history.turns[made.case])
    made.close(hide=[(opened, "number", "other-case")])

    report = verify_package(made.write(tmp_path / "p.zip"), made.office.trust, number=NUMBER)

    assert {(c.claim, c.code) for c in report.failed()} == {("case_number", "not-shown")}


@pytest.mark.parametrize("role", [FileRole.ORIGINAL, FileRole.DERIVATIVE, FileRole.MANIFEST, FileRole.KEY])
def test_a_file_lies_where_its_leaf_says(made: Made, tmp_path: Path, role: FileRole):
    """Whoever holds the export key cannot lay a file under another name, or under another recording's."""
    (of, _), (old,) = next((key, files) for key, files in made.files.items() if key[1] is role)
    moved = f"{old.name.rpartition('/')[0]}/renamed.{old.name.rpartition('.')[2]}"
    made.files[of, role] = [packed(moved, old.payload or b"")]

    report = verify_package(made.write(tmp_path / "p.zip"), made.office.trust)

    assert {(c.claim, c.subject, c.code) for c in report.failed()} == {("index", moved, "name-differs")}


@pytest.mark.parametrize("more", [("--json",), ()])
def test_a_reader_may_stop_reading(made: Made, trusted: str, tmp_path: Path, more: tuple[str, ...]):
    """`… | head` ends quietly: the exit code is the verdict's, and no trace is shown."""
    path = made.write(tmp_path / "p.zip")
    words = ["-m", "mobile_contract.client.verify", str(path), "--trust", trusted, *more]
    unread, write = os.pipe()
    os.close(unread)

    done = subprocess.run([sys.executable, *words], stdout=write, stderr=subprocess.PIPE, check=False)
    os.close(write)

    assert (done.returncode, done.stderr) == (0, b"")
