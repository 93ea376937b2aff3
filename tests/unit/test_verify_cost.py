"""What verification costs is bounded by what the package's last bytes say, and grows with the package alone."""

import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from mobile_contract.client.verify import verify_package
from mobile_contract.client.verify_origin import Trust
from schemas import container
from schemas.claim import PackageVerdict
from schemas.container import MAX_MEMBERS, Member, read_container
from schemas.errors import Invalid
from schemas.package import (
    CHAINS,
    HIDDEN,
    INDEX,
    LEAVES,
    MANIFEST,
    OPENINGS,
    packed,
)
from tests.package import Made, make_package, trust_file, zipped
from tests.package_bureau import make_bureau, open_case

OURS = str(Path(__file__).parents[2])


class Reader:
    """A container that counts what is read of it."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.reads = 0
        self.bytes = 0

    def read_at(self, at: int, length: int) -> bytes:
        self.reads += 1
        self.bytes += length
        return self.content[at : at + length]


def empty_files(count: int) -> bytes:
    """A container of so many empty files, whatever its writer would say to that."""
    members = [Member(name=f"a{n:06d}", size_bytes=0, crc32=0) for n in range(count)]
    return b"".join(container._local_header(one) for one in members) + container._directory(members)


def test_too_many_files_are_refused_by_the_last_bytes():
    """Half a million empty files, 45 MB: the end records are read, and nothing else."""
    reader = Reader(empty_files(MAX_MEMBERS + 1))

    with pytest.raises(Invalid, match="more than"):
        read_container(reader.read_at, len(reader.content))
    assert (reader.reads, reader.bytes) == (2, 22 + 56)


def test_a_directory_that_is_too_long_for_its_files_is_not_read():
    """The end record states few files and a long directory."""
    directory = bytearray(empty_files(2_000))
    directory[-14:-10] = (1).to_bytes(2, "little") * 2
    reader = Reader(bytes(directory))

    with pytest.raises(Invalid, match="does not lead"):
        read_container(reader.read_at, len(reader.content))
    assert reader.reads == 1


def test_files_that_no_list_names_are_not_looked_at(tmp_path: Path):
    """A package with thousands of files that its lists do not know fails by their length, and not file by file."""
    files = make_package(contents=(b"one",)).pack()
    path = tmp_path / "p.zip"
    path.write_bytes(zipped([*files, *(packed(f"data/x/{n:06d}", b"") for n in range(4_000))]))

    report = verify_package(path, None)

    assert [(c.claim, c.subject, c.code) for c in report.failed()] == [("bag", MANIFEST, "bag-malformed")]


@pytest.mark.parametrize("name", [INDEX, LEAVES, OPENINGS, CHAINS, HIDDEN])
def test_a_file_longer_than_what_it_names_is_not_read(name: str, tmp_path: Path):
    """Index and leaves of a small package have an end; what lies behind it is not taken into memory."""
    made = make_package(contents=(b"one",))
    files = {file.name: file for file in made.pack()}
    proofs = sum(each.endswith(".tlog-proof") for each in files)
    files[name] = packed(name, b"[" * (512 * 1024 * (proofs + 1) + 1))
    path = tmp_path / "p.zip"
    path.write_bytes(zipped([*files.values()]))

    report = verify_package(path, None)

    assert {c.subject for c in report.failed()} == {name}
    assert len(report.claims) < 3


@contextmanager
def counted() -> Iterator[Counter[tuple[str, int]]]:
    """Count how often each line of our own code runs: work, whatever the machine and its load."""
    lines: Counter[tuple[str, int]] = Counter()

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        if not frame.f_code.co_filename.startswith(OURS):
            return None
        if event == "line":
            lines[frame.f_code.co_filename, frame.f_lineno] += 1
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        yield lines
    finally:
        sys.settrace(before)


def many(count: int) -> Made:
    """A case of so many recordings, each with a manifest of its own: none has anything to do with another."""
    bureau = make_bureau()
    case, recordings = open_case(bureau), []
    for number in range(count):
        content = b"recording %d" % number
        recording = bureau.receive(content, bureau.declare([content]), 0)
        bureau.tie(case, recording, bureau.device)
        bureau.conclude(recording)
        recordings.append(recording)
    return Made(bureau, case, tuple(recordings)).close()


def test_work_grows_with_the_recordings_and_no_faster(tmp_path: Path):
    """Twenty recordings more are as much more work as the twenty before: no line of ours looks for one among all others."""
    works = []
    for count in (20, 40, 60):
        made = many(count)
        path = made.write(tmp_path / f"{count}.zip")
        trust = Trust.parse(trust_file(made.bureau))
        with counted() as lines:
            report = verify_package(path, trust)
        assert report.verdict is PackageVerdict.HOLDS
        works.append(lines)

    few, some, more = works
    grown = {
        line: (some[line] - few[line], times - some[line])
        for line, times in more.items()
        if times - some[line]
        > 1.25 * (some[line] - few[line]) + 200  # a proof grows with the depth of the tree
    }
    assert grown == {}
