"""Documents: gone through to their last byte within bounds, never run, and nothing about a signature that was not seen."""

import io
import zipfile
import zlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pikepdf
import pytest
from PIL import Image

from schemas.checks.table import CHECKS
from schemas.document import DOC, DOCM, DOCX, OFD, OLE, PDF, PPTX, XLSX, ZIP, Document
from schemas.document_time import document_time, read_time
from schemas.integrity import CheckResult, Outcome, Severity
from schemas.media import MediaFacts, Medium, medium_of
from tests import media_documents as made
from workers.media.document.bytes_at import BLOCK_BYTES, Bytes
from workers.media.document.pdf_filters import DamagedStreamError, ascii85, lzw, unpredicted
from workers.media.document.pdf_lexer import CutShort, Lexer, Name, Ref, SyntaxFault
from workers.media.probe import probe
from workers.media.result import Limits, Probe, Stop
from workers.media.source import Source
from workers.media.work import SLOW, Work

LITTLE = Limits(slow=SLOW.model_copy(update={"unpacked_bytes": 2_000_000, "pieces": 200_000}))
RECEIVED = datetime(2026, 9, 2, tzinfo=UTC)


def look(folder: Path, payload: bytes, name: str = "a.pdf", *, limits: Limits | None = None) -> Probe:
    path = folder / name
    path.write_bytes(payload)
    return probe(path, filename=name, limits=limits or Limits())


def codes(found: Probe) -> dict[str, str]:
    return {one.name: one.code for one in found.checks if one.code}


def one(found: Probe, name: str) -> CheckResult:
    return next(check for check in found.checks if check.name == name)


@pytest.mark.parametrize(
    ("make", "name", "media_type"),
    [
        (made.pdf, "a.pdf", PDF),
        (made.letter, "a.docx", DOCX),
        (made.sheet, "a.xlsx", XLSX),
        (made.slides, "a.pptx", PPTX),
        (lambda: made.repacked(made.letter(), {"word/vbaProject.bin": b"x"}), "a.docm", DOCM),
        (made.ofd, "a.ofd", OFD),
        (lambda: made.archive([("a.txt", b"a")]), "a.zip", ZIP),
        (made.ole, "a.doc", DOC),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_document_is_known_by_its_bytes(
    tmp_path: Path, make: Callable[[], bytes], name: str, media_type: str
) -> None:
    """Each format has its type, is a document, and meets only checks that are declared for one."""
    found = look(tmp_path, make(), name)

    assert found.media_type == media_type
    assert medium_of(media_type) is Medium.DOCUMENT
    assert {Medium.DOCUMENT} <= frozenset.intersection(*(CHECKS[check.name].media for check in found.checks))
    assert codes(found).get("media_type") is None


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        (
            lambda: made.resaved(made.pdf(), encryption=pikepdf.Encryption(owner="a", user="b")),
            "document-encrypted",
        ),
        (lambda: made.ole(("Root Entry", "EncryptedPackage")), "document-encrypted"),
        (made.ole, "document-unread"),
    ],
)
def test_what_cannot_be_read_is_not_checked(tmp_path: Path, payload: Callable[[], bytes], code: str) -> None:
    """An encrypted document, and one of an older format, is told as not checked and why, and never as damaged."""
    container = one(look(tmp_path, payload(), "a.bin"), "container")

    assert (container.code, container.outcome) == (code, Outcome.NOT_CHECKED)
    assert container.severity.rank < Severity.WARN.rank


def test_a_file_under_a_password_is_a_part_that_was_not_examined(tmp_path: Path) -> None:
    """An archive with one encrypted file is read as far as it goes; the verdict knows what is missing."""
    whole = made.archive([("a.txt", b"a" * 99), ("b.txt", b"b" * 99)])
    at = whole.rindex(b"PK\x01\x02") + 8
    local = whole.rindex(b"PK\x03\x04") + 6
    locked = bytearray(whole)
    locked[at] |= 1
    locked[local] |= 1

    found = look(tmp_path, bytes(locked), "a.zip")

    assert one(found, "examined").code == "parts-not-examined"
    assert one(found, "document_content").outcome is Outcome.VERIFIED


def test_signatures_say_what_was_seen_and_no_more(tmp_path: Path) -> None:
    """Kept, noted, changed: three sentences, and each of them leaves the signature itself unverified."""
    signed = made.signed(made.pdf())
    noted = made.updated(signed, {98: b"<< /Type /Annot >>"})
    changed = made.updated(signed, {8: made.stream(made.text_page("other"))})

    said = [one(look(tmp_path, payload), "document_signed") for payload in (signed, noted, changed)]

    assert [check.code for check in said] == [
        "document-signature-kept",
        "document-updated-after-signature",
        "document-pages-changed",
    ]
    assert said[2].params == {"count": 1, "first": 2}
    assert look(tmp_path, noted).facts.document == Document(
        pages=2, producer="writer of tests", created_raw="D:20260901093000+08'00'", updates=2, signatures=1
    )


def test_what_may_run_is_named(tmp_path: Path) -> None:
    """A script is a remark; a program that is started, or a template that is fetched, a doubt."""
    script = made.pdf(made.bodies(more={20: b"<< /S /JavaScript /JS (x) >>"}))
    program = made.pdf(made.bodies(more={20: b"<< /S /Launch /F (cmd.exe) >>"}))

    remark, doubt = (one(look(tmp_path, payload), "document_active") for payload in (script, program))

    assert (remark.params["risks"], remark.severity) == (["javascript"], Severity.REMARK)
    assert (doubt.params["risks"], doubt.severity) == (["launch"], Severity.WARN)


def _packed_bomb() -> bytes:
    return made.pdf(made.bodies(more={6: made.stream(bytes(8_000_000))}))


def _doubly_packed_bomb() -> bytes:
    body = zlib.compress(zlib.compress(bytes(80_000_000), 9), 9)
    said = f"<< /Length {len(body)} /Filter [/FlateDecode /FlateDecode] >>"
    return made.pdf(made.bodies(more={6: said.encode() + b"\nstream\n" + body + b"\nendstream"}))


def _archive_bomb() -> bytes:
    return made.archive([(f"{number}.bin", bytes(1_000_000)) for number in range(4)])


def _many_files() -> bytes:
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w") as opened:
        for number in range(2_000):
            opened.writestr(zipfile.ZipInfo(f"{number}", made.MOMENT), b"")
    return kept.getvalue()


@pytest.mark.parametrize(
    ("make", "limits"),
    [
        (_packed_bomb, LITTLE),
        (_doubly_packed_bomb, LITTLE),
        (_archive_bomb, LITTLE),
        (_many_files, Limits(slow=SLOW.model_copy(update={"pieces": 1_000}))),
    ],
)
def test_a_bomb_ends_at_the_bound(tmp_path: Path, make: Callable[[], bytes], limits: Limits) -> None:
    """What unpacks to more than one look may cost is not checked, and says so."""
    found = look(tmp_path, make(), "a.bin", limits=limits)

    assert one(found, "container").code == "work-too-large"
    assert found.stopped is Stop.WORK


def test_forms_that_draw_forms_are_counted_before_they_are_drawn(tmp_path: Path) -> None:
    """Ten forms that each draw the next one ten times are read like any others, and no page is drawn of them."""
    more = {5: b"<< /Type /Page /Parent 2 0 R /Contents 6 0 R /Resources << /XObject << /F 30 0 R >> >> >>",
            6: made.stream(b"/F Do " * 10)}  # fmt: skip
    for number in range(30, 40):
        said = f"/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /F {number + 1} 0 R >> >>"
        more[number] = made.stream(b"/F Do " * 10, said)

    found = look(tmp_path, made.pdf(made.bodies(more=more)))

    assert found.derivatives == ()
    assert codes(found) == {}
    assert len(look(tmp_path, made.pdf()).derivatives) == 1


def test_no_page_is_drawn_without_its_words(tmp_path: Path) -> None:
    """A Chinese font that is not in the document is out of reach: an empty page in its place would be a false one."""
    assert look(tmp_path, made.report(1)).derivatives == ()
    (picture,) = look(tmp_path, made.scan(pages=1)).derivatives
    assert (picture.kind, max(picture.width, picture.height)) == ("thumbnail", Limits().thumbnail_px // 2)


@pytest.mark.parametrize(
    "bodies",
    [
        {2: b"<< /Type /Pages /Kids [2 0 R] /Count 1 >>"},
        {6: b"<< /Length 6 0 R /Filter /FlateDecode >>\nstream\nx\nendstream"},
        {4: b"[" * 5_000},
        {4: b"<< /Producer 4 0 R >>"},
        {5: b"5 0 R"},
    ],
)
def test_what_leads_back_to_itself_ends(tmp_path: Path, bodies: dict[int, bytes]) -> None:
    """Rings of references, and objects without a bottom, are faults of the document and nothing else."""
    found = look(tmp_path, made.pdf(made.bodies(more=bodies)), limits=LITTLE)

    assert found.stopped is None


@pytest.mark.parametrize("base", ["pdf", "packed", "docx", "ofd"])
def test_no_damage_is_an_error_of_ours(tmp_path: Path, base: str) -> None:
    """Whatever bytes are overwritten, a look ends with an answer."""
    packed = pikepdf.ObjectStreamMode.generate
    whole = {
        "pdf": lambda: made.signed(made.pdf()),
        "packed": lambda: made.resaved(made.pdf(), object_stream_mode=packed),
        "docx": lambda: made.letter(picture=False),
        "ofd": lambda: made.ofd(is_signed=True),
    }[base]()
    chance = Random(base)
    for _ in range(40):
        broken = bytearray(whole)
        for _ in range(chance.randrange(1, 6)):
            at = chance.randrange(len(whole))
            broken[at : at + 4] = chance.randbytes(chance.randrange(5))
        assert look(tmp_path, bytes(broken), "a.bin", limits=LITTLE).checks


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ("D:20260901093000+08'00'", None),
        ("D:20260904", "document-time-late"),
        ("2026-09-04T09:30:00Z", "document-time-late"),
        ("D:20260903120000+14'00'", None),
        ("D:19700101000000Z", "document-time-unset"),
        ("yesterday", "document-time-unreadable"),
        ("D:20261301", "document-time-unreadable"),
    ],
)
def test_times_beside_the_receipt(raw: str, code: str | None) -> None:
    """A time behind the receipt is a doubt, one that was never set or cannot be read is told as that."""
    facts = MediaFacts(document=Document(created_raw=raw))

    (made_of,) = document_time(facts, None, RECEIVED)

    assert (made_of.code or None) == code
    assert document_time(MediaFacts(document=Document()), None, RECEIVED) == []


def test_a_time_with_a_zone_is_that_moment() -> None:
    """The zone is taken off; without one the time may be that of any zone."""
    stated = read_time("D:20260901093000+08'00'")

    assert stated is not None
    assert stated.is_behind(datetime(2026, 9, 1, 1, 29, tzinfo=UTC))
    assert not stated.is_behind(datetime(2026, 9, 1, 1, 30, tzinfo=UTC))
    bare = read_time("20260901")
    assert bare is not None
    assert not bare.is_behind(datetime(2026, 9, 1, tzinfo=UTC) - timedelta(hours=14))


def test_objects_are_read_as_the_standard_writes_them() -> None:
    """Strings with brackets and escapes, names with numbers of signs, references, and what is none of these."""
    lexer = Lexer(rb"<< /A#42 (a\(b\)(c)\101\n) /C [1 -2.5 3 0 R <48 6> true null] % end" + b"\n>>")

    assert lexer.value() == {"AB": b"a(b)(c)A\n", "C": [1, -2.5, Ref(3, 0), b"H`", True, None]}
    assert isinstance(Lexer(b"/Name").value(), Name)
    for broken in (b"<< 1 2 >>", b"]", b"<4g>", b"\xff"):
        with pytest.raises(SyntaxFault):
            Lexer(broken).value()
    for short in (b"<< /A ", b"(a", b"[1 2", b"<48"):
        with pytest.raises(CutShort):
            Lexer(short).value()


def test_filters_of_old_writers() -> None:
    """LZW as in the standard's own example, base 85, and rows that were predicted."""
    assert b"".join(lzw(bytes.fromhex("800B6050220C0C8501"))) == b"-----A---B"
    kept, words = io.BytesIO(), made.WORDS.encode() * 900
    side = len(words) // 90
    Image.frombytes("L", (90, side), words[: 90 * side]).save(kept, "TIFF", compression="tiff_lzw")
    with Image.open(kept) as tiff:
        strips = zip(tiff.tag_v2[273], tiff.tag_v2[279], strict=True)
        coded = [kept.getvalue()[at : at + length] for at, length in strips]
    assert b"".join(b"".join(lzw(one)) for one in coded) == words[: 90 * side]
    assert ascii85(b'<~87cURD]i,"Ebo80~>') == b"Hello World!"
    assert unpredicted(bytes((2, 1, 2, 2, 1, 1)), {"Predictor": 12, "Columns": 2}) == bytes((1, 2, 2, 3))
    with pytest.raises(DamagedStreamError):
        list(lzw(b"\xff\xff\xff"))


def test_a_mark_is_found_across_blocks(tmp_path: Path) -> None:
    """A search in blocks misses nothing that lies on the edge of two of them."""
    for at in (0, BLOCK_BYTES - 3, BLOCK_BYTES, 2 * BLOCK_BYTES - 1):
        path = tmp_path / "a"
        path.write_bytes(bytes(at) + b"%%EOF" + bytes(BLOCK_BYTES))
        with Source.at(path) as source:
            data = Bytes(source, Work(SLOW))
            assert data.find(b"%%EOF", 0) == at
            assert data.rfind(b"%%EOF", data.size) == at
            assert data.rfind(b"%%EOF", at) == -1


def test_an_envelope_of_no_known_format_is_one(tmp_path: Path) -> None:
    """A compound file whose directory names nothing that is known is told as what it is."""
    assert look(tmp_path, made.ole(("Root Entry", "Contents")), "a.bin").media_type == OLE
