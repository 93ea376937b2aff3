"""The container has one form, and a reader accepts no other."""

import io
import random
import struct
import zipfile
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.container import Member, container_chunks, container_size, is_safe_part, read_container
from schemas.errors import IntegrityBroken, Invalid
from schemas.package import safe_filename

FILES = {"a.txt": b"alpha", "b/空.jpg": b"", "b/文件.jpg": b"\x00" * 700, "c": b"PK\x05\x06 not an end"}


def members_of(files: dict[str, bytes]) -> list[Member]:
    ordered = sorted(files, key=str.encode)
    return [Member(name=n, size_bytes=len(files[n]), crc32=zlib.crc32(files[n])) for n in ordered]


def packed(files: dict[str, bytes]) -> bytes:
    return b"".join(container_chunks(members_of(files), lambda member: [files[member.name]]))


def read(container: bytes):
    return read_container(lambda at, length: container[at : at + length], len(container))


class Sparse:
    """A container whose contents are zeros that are never in memory."""

    def __init__(self, members: list[Member]) -> None:
        self.pieces: list[tuple[int, bytes]] = []
        self.size = 0
        for chunk in container_chunks(members, lambda member: [Zeros(member.size_bytes, member.crc32)]):
            if not isinstance(chunk, Zeros):
                self.pieces.append((self.size, chunk))
            self.size += len(chunk)

    def read_at(self, at: int, length: int) -> bytes:
        start, piece = max((p for p in self.pieces if p[0] <= at), key=lambda p: p[0])
        return piece[at - start : at - start + length]


class Zeros(bytes):
    """Claims a length it does not hold in memory."""

    def __new__(cls, size: int, crc: int):
        made = super().__new__(cls)
        made.claimed = size
        return made

    def __init__(self, size: int, crc: int) -> None:
        del crc
        self.claimed = size

    def __len__(self) -> int:
        return self.claimed


def test_standard_tools_read_it():
    """Python's zipfile reads every member and finds stored files of 1980 without flags of its own."""
    with zipfile.ZipFile(io.BytesIO(packed(FILES))) as archive:
        assert archive.testzip() is None
        assert {entry.filename: archive.read(entry) for entry in archive.infolist()} == FILES
        assert {(e.compress_type, e.date_time, e.extra) for e in archive.infolist()} == {
            (zipfile.ZIP_STORED, (1980, 1, 1, 0, 0, 0), b"")
        }


def test_reader_returns_what_was_written():
    """The reader gives names, sizes and content offsets back."""
    container = packed(FILES)

    found = {m.name: container[m.content_at : m.content_at + m.size_bytes] for m in read(container)}

    assert found == FILES
    assert container_size(members_of(FILES)) == len(container)


def test_no_file_is_a_container_too():
    """A container without members is its end record."""
    assert read(packed({})) == ()


def test_every_header_bit_counts():
    """Flipping any bit outside of the contents breaks the container."""
    files = {"a": b"x" * 40, "b/c.txt": b"y"}
    container = packed(files)
    contents = {at for m in read(container) for at in range(m.content_at, m.content_at + m.size_bytes)}
    for at in range(len(container)):
        for bit in range(8):
            flipped = bytearray(container)
            flipped[at] ^= 1 << bit
            if at in contents:
                assert read(bytes(flipped))
            else:
                with pytest.raises(Invalid):
                    read(bytes(flipped))


@settings(max_examples=200)
@given(st.integers(0, 10**6), st.sampled_from(["cut", "add", "insert", "remove"]))
def test_lengths_count(seed: int, kind: str):
    """Cutting, adding, inserting or removing bytes breaks the container, or it is found by no content."""
    container, chance = packed(FILES), random.Random(seed)
    at = chance.randrange(len(container))
    changed = {
        "cut": container[:at],
        "add": container + chance.randbytes(1 + at % 64),
        "insert": container[:at] + chance.randbytes(1 + at % 64) + container[at:],
        "remove": container[:at] + container[at + 1 :],
    }[kind]
    with pytest.raises(Invalid):
        read(changed)


@pytest.mark.parametrize(
    "name",
    [
        "/etc/passwd",
        "../up",
        "a/../b",
        "a//b",
        "a/",
        "",
        ".",
        "a\\b",
        "C:x",
        "a\x00b",
        "a\nb",
        "e\u0301.jpg",
        "con.txt",
        "a.",
        " a",
        "a\u202eb",
        "a%b",
        "x" * 256,
        "/".join(["x" * 200] * 6),
    ],
)
def test_unsafe_names_are_refused(name: str):
    """A name that is not a plain relative path in one spelling enters no container."""
    with pytest.raises(Invalid):
        list(container_chunks([Member(name=name, size_bytes=0, crc32=0)], lambda _: []))


@pytest.mark.parametrize(
    "pair", [("a", "a"), ("A/x", "a/y"), ("STRASSE", "straße"), ("a", "a/b"), ("b", "a")]
)
def test_ambiguous_names_are_refused(pair: tuple[str, str]):
    """Duplicates, wrong order, names that differ in case, and a file that is also a folder are refused."""
    with pytest.raises(Invalid):
        list(container_chunks([Member(name=n, size_bytes=0, crc32=0) for n in pair], lambda _: []))


def test_foreign_zips_are_refused():
    """A zip of another writer, with compression, comment, symlink or data descriptor, is not canonical."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(zipfile.ZipInfo("a.txt"), b"alpha")
        link = zipfile.ZipInfo("link")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, b"/etc/passwd")
    with pytest.raises(Invalid):
        read(stream.getvalue())


def test_changed_contents_stop_the_writer():
    """A content that is not what was measured ends the writing: the container would lie."""
    members = members_of({"a": b"12345"})
    with pytest.raises(IntegrityBroken):
        list(container_chunks(members, lambda _: [b"12346"]))


@pytest.mark.parametrize("size", [2**32 - 2, 2**32 - 1, 2**32, 50 * 10**9])
def test_zip64_stands_exactly_where_it_must(size: int):
    """Sizes and offsets beyond 32 bits are kept in 64-bit fields; smaller ones never are."""
    sparse = Sparse([Member(name=name, size_bytes=size, crc32=0) for name in ("a", "b")])

    placed = read_container(sparse.read_at, sparse.size)

    assert [m.size_bytes for m in placed] == [size, size]
    extra = struct.unpack_from("<H", sparse.read_at(0, 30), 28)[0]
    assert (extra > 0) == (size >= 2**32 - 1)
    assert placed[1].content_at == 30 + 1 + extra + size + 30 + 1 + extra


def test_many_members_need_zip64_too():
    """65,535 members do not fit the short end record."""
    members = [Member(name=f"{n:06}", size_bytes=0, crc32=0) for n in range(65_535)]
    container = b"".join(container_chunks(members, lambda _: []))

    assert len(read(container)) == 65_535
    with zipfile.ZipFile(io.BytesIO(container)) as archive:
        assert len(archive.infolist()) == 65_535


def test_a_hostile_directory_size_costs_no_memory():
    """An end record that claims a gigantic directory is refused before it is read."""
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 1, 1, 2**32 - 2, 0, 0)
    with pytest.raises(Invalid):
        read(end)


@settings(max_examples=300)
@given(st.text(max_size=120))
def test_safe_filenames_are_safe(text: str):
    """Whatever a device called its file, the package's name for it is safe on every file system."""
    assert is_safe_part(safe_filename(text))


@pytest.mark.parametrize(
    ("given_name", "kept"),
    [
        ("现场 01.jpg", "现场 01.jpg"),
        ("../../etc/passwd", "_.._etc_passwd"),
        ("con", "_con"),
        ("", "recording"),
        ("a:b.mp4", "a_b.mp4"),
        ("x" * 300 + ".mp4", "x" * 76 + ".mp4"),
    ],
)
def test_safe_filenames_stay_readable(given_name: str, kept: str):
    """A harmless name is kept; a harmful one loses only what is harmful."""
    assert safe_filename(given_name) == kept
