"""Documents that are sound: PDF of several writers, OFD, office formats, archives, and what desks do to them."""

import io
import zipfile
import zlib
from collections.abc import Callable, Iterator
from functools import partial

import pikepdf
import pypdfium2
from PIL import Image

from tests import media_documents as made
from tests.corpus.kinds import Whole
from tests.media import jpeg

_FONT = b"<< /Type /Font /Subtype /Type1 /BaseFont /Times-Roman >>"


def _by_pdfium(whole: bytes) -> bytes:
    kept = io.BytesIO()
    opened = pypdfium2.PdfDocument(whole)
    opened.save(kept)
    opened.close()
    return kept.getvalue()


def _with_object(body: bytes, catalogue: bytes = b"") -> bytes:
    return made.pdf(
        made.bodies(
            more={
                1: b"<< /Type /Catalog /Pages 2 0 R " + catalogue + b" >>",
                20: body,
            }
        )
    )


def _filtered(name: str, coded: bytes) -> bytes:
    body = f"<< /Length {len(coded)} /Filter /{name} >>\nstream\n".encode() + coded + b"\nendstream"
    return made.pdf(made.bodies(more={6: body}))


def _lzw(raw: bytes) -> bytes:
    """Codes of nine bits, cleared before they would have to grow."""
    bits = (
        "".join(f"{256:09b}" * (at % 200 == 0) + f"{byte:09b}" for at, byte in enumerate(raw)) + f"{257:09b}"
    )
    return int(bits.ljust(-(-len(bits) // 8) * 8, "0"), 2).to_bytes(-(-len(bits) // 8))


def _runs(raw: bytes) -> bytes:
    pieces = [raw[at : at + 100] for at in range(0, len(raw), 100)]
    return b"".join(bytes((len(one) - 1,)) + one for one in pieces) + b"\x80"


def _lengths_apart() -> bytes:
    body = zlib.compress(made.text_page("apart"))
    return made.pdf(
        made.bodies(
            more={
                6: b"<< /Filter /FlateDecode /Length 30 0 R >>\nstream\r\n" + body + b"\r\nendstream",
                30: str(len(body)).encode(),
            }
        )
    )


def _tree_of_trees() -> bytes:
    bodies = made.bodies(pages=2)
    bodies[2] = b"<< /Type /Pages /Kids [40 0 R 41 0 R] /Count 2 >>"
    bodies[40] = b"<< /Type /Pages /Parent 2 0 R /Kids [5 0 R] /Count 1 >>"
    bodies[41] = b"<< /Type /Pages /Parent 2 0 R /Kids [7 0 R] /Count 1 >>"
    return made.pdf(bodies)


def _info(text: bytes) -> bytes:
    return made.pdf(made.bodies(more={4: b"<< /Producer (" + text + b") /CreationDate (D:20260901) >>"}))


def _wrong_start() -> bytes:
    whole = made.pdf()
    at = whole.rindex(b"startxref\n") + 10
    return whole[:at] + str(int(whole[at:].split()[0]) + 7).encode() + b"\n%%EOF\n"


def _from_one() -> bytes:
    """A table that counts its first, free entry as number one."""
    whole = made.pdf()
    return whole.replace(b"xref\n0 1\n0000000000 65535 f", b"xref\n1 1\n0000000000 65535 f", 1)


def _unclosed_checksum() -> bytes:
    body = zlib.compress(made.text_page("short"))[:-4]
    return made.pdf(
        made.bodies(
            more={
                6: f"<< /Length {len(body)} /Filter /FlateDecode >>\nstream\n".encode()
                + body
                + b"\nendstream",
            }
        )
    )


def _longer_by_one() -> bytes:
    body = zlib.compress(made.text_page("line end"))
    return made.pdf(
        made.bodies(
            more={
                6: f"<< /Length {len(body) + 1} /Filter /FlateDecode >>\nstream\n".encode()
                + body
                + b"\nendstream",
            }
        )
    )


def _xmp() -> bytes:
    text = (
        b'<?xpacket begin="" id="W5M0"?><x:xmpmeta xmlns:x="adobe:ns:meta/"></x:xmpmeta><?xpacket end="w"?>'
    )
    return _with_object(
        made.stream(text, "/Type /Metadata /Subtype /XML", is_packed=False), b"/Metadata 20 0 R"
    )


def _jpeg2000() -> bytes:
    kept = io.BytesIO()
    Image.open(io.BytesIO(jpeg(160, 120))).save(kept, "JPEG2000")
    coded = kept.getvalue()
    said = "/Type /XObject /Subtype /Image /Width 160 /Height 120 /Filter /JPXDecode"
    return _with_object(
        f"<< /Length {len(coded)} {said} >>\nstream\n".encode() + coded + b"\nendstream", b"/Keep 20 0 R"
    )


def _restricted(revision: int, *, has_aes: bool) -> bytes:
    """Anybody may open it; only printing and copying ask for a password."""
    how = pikepdf.Encryption(owner="a", user="", R=revision, aes=has_aes, metadata=has_aes)  # type: ignore[arg-type]
    return made.resaved(made.report(), encryption=how)


PDFS: dict[str, Callable[[], bytes]] = {
    "reportlab: with photos": made.report,
    "reportlab: one page": partial(made.report, 1),
    "reportlab: twenty pages": partial(made.report, 20, pictures=False),
    "reportlab: not packed": partial(made.report, compression=0),
    "reportlab: links": partial(made.report, links=True),
    "qpdf": lambda: made.resaved(made.report()),
    "qpdf: for the web": lambda: made.resaved(made.report(), linearize=True),
    "qpdf: for the web, packed objects": lambda: made.resaved(
        made.report(5), linearize=True, object_stream_mode=pikepdf.ObjectStreamMode.generate
    ),
    "qpdf: packed objects": lambda: made.resaved(
        made.report(), object_stream_mode=pikepdf.ObjectStreamMode.generate
    ),
    "qpdf: unpacked": lambda: made.resaved(
        made.report(), compress_streams=False, stream_decode_level=pikepdf.StreamDecodeLevel.generalized
    ),
    "qpdf: for an editor": lambda: made.resaved(made.report(), qdf=True),
    "qpdf: of a scan": lambda: made.resaved(made.scan()),
    "pdfium": lambda: _by_pdfium(made.report()),
    "pdfium: of a scan": lambda: _by_pdfium(made.scan()),
    **{f"scan: {mode}": partial(made.scan, mode) for mode in ("RGB", "L", "1", "CMYK")},
    "scan: one page": partial(made.scan, pages=1),
    "scan: twelve pages": partial(made.scan, pages=12, size=(310, 438)),
    "JPEG 2000": _jpeg2000,
    "1.4": partial(made.pdf, version="1.4"),
    "2.0": partial(made.pdf, version="2.0"),
    "lines of Windows": partial(made.pdf, eol=b"\r\n"),
    "lines of old Macs": partial(made.pdf, eol=b"\r"),
    "stream of references": partial(made.pdf, is_table=False),
    "not packed": lambda: made.pdf(made.bodies(is_packed=False)),
    "without information": partial(made.pdf, trailer=""),
    "information in UTF-16": lambda: _info("笔录".encode("utf-16")),
    "information in GBK": lambda: _info("笔录".encode("gbk")),
    "an identifier": partial(made.pdf, trailer="/Info 4 0 R /ID [<00112233> <00112233>]"),
    "tree of trees": _tree_of_trees,
    "blank page": lambda: made.pdf(
        made.bodies(more={5: b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>"})
    ),
    "content in parts": lambda: made.pdf(
        made.bodies(
            more={
                5: b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents [6 0 R 20 0 R] >>",
                20: made.stream(made.text_page("part")),
            }
        )
    ),
    "lengths apart": _lengths_apart,
    "length with its line end": _longer_by_one,
    "checksum left out": _unclosed_checksum,
    "hexadecimal": lambda: _filtered("ASCIIHexDecode", made.text_page().hex().encode() + b">"),
    "run lengths": lambda: _filtered("RunLengthDecode", _runs(made.text_page())),
    "LZW": lambda: _filtered("LZWDecode", _lzw(made.text_page())),
    "metadata in XML": _xmp,
    "index a little off": _wrong_start,
    "index from one": _from_one,
    "update": lambda: made.updated(made.pdf(), {3: _FONT}),
    "three updates": lambda: made.updated(
        made.updated(made.updated(made.pdf(), {3: _FONT}), {21: b"(a)"}), {22: b"(b)"}
    ),
    "update of a file for the web": lambda: made.updated(
        made.resaved(made.report(), linearize=True), {99: b"(note)"}, trailer=_trailer_of(made.report())
    ),
    "signed": lambda: made.signed(made.pdf()),
    "signed twice": lambda: made.signed(made.signed(made.pdf()), number=95),
    "signed, then a note": lambda: made.updated(
        made.signed(made.pdf()), {98: b"<< /Type /Annot /Subtype /Text >>"}
    ),
    "signed, then certificates": lambda: made.updated(
        made.signed(made.pdf()), {97: b"<< /Type /DSS /Certs [96 0 R] >>", 96: made.stream(bytes(600))}
    ),
    "room for a signature": lambda: _with_object(
        b"<< /Type /Sig /ByteRange [0 0 0 0] /Contents <0000> >>", b"/AcroForm << /Fields [20 0 R] >>"
    ),
    "script": lambda: _with_object(b"<< /S /JavaScript /JS (app.alert\\(1\\)) >>", b"/OpenAction 20 0 R"),
    "attachment": lambda: _with_object(
        b"<< /Type /Filespec /F (a.xml) /EF << /F 6 0 R >> >>",
        b"/Names << /EmbeddedFiles << /Names [(a.xml) 20 0 R] >> >>",
    ),
    "form": lambda: _with_object(
        b"<< /FT /Tx /T (name) /V (value) /Subtype /Widget /Rect [0 0 9 9] >>",
        b"/AcroForm << /Fields [20 0 R] >>",
    ),
    "blank bytes behind": lambda: made.pdf() + bytes(512),
    "lines behind": lambda: made.pdf() + b"\r\n\r\n",
    "no line end": lambda: made.pdf().rstrip(),
    "a line before": lambda: b"\r\n" + made.pdf(),
    "a mark before": lambda: b"\xef\xbb\xbf" + made.pdf(),
    "something behind": lambda: made.pdf() + b"\nprinted by station 7\n",
    "two hundred pages": lambda: made.pdf(made.bodies(pages=200)),
    **{
        f"restricted, revision {revision}": partial(_restricted, revision, has_aes=has_aes)
        for revision, has_aes in ((2, False), (3, False), (4, True), (6, True))
    },
    "encrypted": lambda: made.resaved(made.report(), encryption=pikepdf.Encryption(owner="a", user="b")),
}


def _trailer_of(whole: bytes) -> str:
    with pikepdf.open(io.BytesIO(made.resaved(whole, linearize=True))) as opened:
        return f"/Root {opened.Root.objgen[0]} 0 R"


def _template(target: str) -> bytes:
    return made.repacked(
        made.letter(),
        {"word/_rels/settings.xml.rels": made.relations({"attachedTemplate": target}, mode="External")},
    )


def _hyperlink() -> bytes:
    rows = dict(made.files_of(made.letter()))["word/_rels/document.xml.rels"]
    link = made.relations({"hyperlink": "https://example.org/"}, mode="External").split(b"<Relationship ")[1]
    told = b"<Relationship " + link.replace(b'Id="r0"', b'Id="rIdLink"').removesuffix(b"</Relationships>")
    return made.repacked(
        made.letter(),
        {"word/_rels/document.xml.rels": rows.replace(b"</Relationships>", told + b"</Relationships>")},
    )


def _appended() -> bytes:
    """An archive that was added to in place: the old directory is written over."""
    kept = io.BytesIO(made.archive([("a.txt", b"first" * 100)]))
    with zipfile.ZipFile(kept, "a", zipfile.ZIP_DEFLATED) as more:
        more.writestr("b.txt", b"second" * 100)
    return kept.getvalue()


def _many(count: int) -> list[tuple[str, bytes]]:
    return [(f"folder/{number:05}.txt", f"line {number}\n".encode() * 9) for number in range(count)]


_FILES = [
    ("说明.txt", made.WORDS.encode() * 20),
    ("photo.jpg", jpeg(320, 240)),
    ("empty.txt", b""),
    ("sub/", b""),
]

OTHERS: dict[str, tuple[str, Callable[[], bytes]]] = {
    "docx": ("a.docx", made.letter),
    "docx: words alone": ("a.docx", partial(made.letter, picture=False)),
    "docx: written to a line": ("a.docx", lambda: made.streamed(made.files_of(made.letter()))),
    "docx: stored": ("a.docx", lambda: made.archive(made.files_of(made.letter()), method=zipfile.ZIP_STORED)),
    "docx: ZIP64": ("a.docx", lambda: made.archive(made.files_of(made.letter()), is_wide=True)),
    "docx: parts in another order": ("a.docx", lambda: made.archive(made.files_of(made.letter())[::-1])),
    "docx: a template of its writer": ("a.docx", lambda: _template("file:///C:/Users/a/Normal.dotm")),
    "docx: a template of the office": ("a.docx", lambda: _template("file:///\\\\server\\t\\a.dotm")),
    "docx: an empty part": ("a.docx", lambda: made.repacked(made.letter(), {"customXml/item9.xml": b""})),
    "docx: a drawing in VML": (
        "a.docx",
        lambda: made.repacked(made.letter(), {"word/drawing1.vml": b"<xml><br></xml>"}),
    ),
    "xls: a page": ("a.xls", lambda: b"<html><body><table><tr><td>1</td></tr></table></body></html>"),
    "docx: a link": ("a.docx", _hyperlink),
    "docx: signed": (
        "a.docx",
        lambda: made.repacked(made.letter(), {"_xmlsignatures/sig1.xml": b"<Signature/>"}),
    ),
    "docm: macros": ("a.docm", lambda: made.repacked(made.letter(), {"word/vbaProject.bin": made.ole()})),
    "docx: an object": (
        "a.docx",
        lambda: made.repacked(made.letter(), {"word/embeddings/oleObject1.bin": made.ole()}),
    ),
    "docx: a table inside": (
        "a.docx",
        lambda: made.repacked(made.letter(), {"word/embeddings/sheet.xlsx": made.sheet()}),
    ),
    "docx: a part in UTF-16": (
        "a.docx",
        lambda: made.repacked(made.letter(), {"customXml/item9.xml": "<a>笔录</a>".encode("utf-16")}),
    ),
    "xlsx": ("a.xlsx", made.sheet),
    "xlsx: thousands of rows": ("a.xlsx", partial(made.sheet, 3_000)),
    "pptx": ("a.pptx", made.slides),
    "ofd": ("a.ofd", made.ofd),
    "ofd: ten pages": ("a.ofd", partial(made.ofd, 10)),
    **{
        f"ofd: signed, {method}": ("a.ofd", partial(made.ofd, is_signed=True, method=method))
        for method in ("sm3", "sha1", "md5", "sha256")
    },
    "ofd: stored": ("a.ofd", lambda: made.archive(made.ofd_files(), method=zipfile.ZIP_STORED)),
    "ofd: written to a line": ("a.ofd", lambda: made.streamed(made.ofd_files())),
    "zip: stored": ("a.zip", lambda: made.archive(_FILES, method=zipfile.ZIP_STORED)),
    "zip: deflated": ("a.zip", lambda: made.archive(_FILES)),
    "zip: bzip2": ("a.zip", lambda: made.archive(_FILES, method=zipfile.ZIP_BZIP2)),
    "zip: lzma": ("a.zip", lambda: made.archive(_FILES, method=zipfile.ZIP_LZMA)),
    "zip: ZIP64": ("a.zip", lambda: made.archive(_FILES, is_wide=True)),
    "zip: written to a line": ("a.zip", lambda: made.streamed(_FILES)),
    "zip: a comment": ("a.zip", lambda: made.archive(_FILES, comment="2026年9月".encode())),
    "zip: two thousand files": ("a.zip", lambda: made.archive(_many(2_000))),
    "zip: an archive inside": ("a.zip", lambda: made.archive([("inner.zip", made.archive(_FILES))])),
    "zip: stored archive inside": (
        "a.zip",
        lambda: made.archive([("inner.zip", made.archive(_FILES))], method=zipfile.ZIP_STORED),
    ),
    "zip: a document inside": (
        "a.zip",
        lambda: made.archive([("a.pdf", made.report())], method=zipfile.ZIP_STORED),
    ),
    "zip: added to": ("a.zip", _appended),
    "zip: blank bytes behind": ("a.zip", lambda: made.archive(_FILES) + bytes(300)),
    "zip: names of Windows": (
        "a.zip",
        lambda: made.archive([("folder\\a.txt", b"x" * 99), ("folder\\b.txt", b"y" * 99)]),
    ),
    "zip: highly packed": ("a.zip", lambda: made.archive([("zeros.bin", bytes(4_000_000))])),
    "doc": ("a.doc", made.ole),
    "xls: macros": ("a.xls", lambda: made.ole(("Root Entry", "Workbook", "_VBA_PROJECT_CUR"))),
    "docx: encrypted": ("a.docx", lambda: made.ole(("Root Entry", "EncryptionInfo", "EncryptedPackage"))),
}


def wholes() -> Iterator[Whole]:
    """Every sound document."""
    for kind, make in PDFS.items():
        yield Whole("document", f"pdf: {kind}", "a.pdf", make)
    for kind, (name, make) in OTHERS.items():
        yield Whole("document", kind, name, make)
