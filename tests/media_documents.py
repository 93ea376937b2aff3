"""Documents for tests: PDF as several writers write it, OFD, office formats and archives, each from nothing."""

import hashlib
import io
import zipfile
import zlib
from base64 import b64encode
from collections.abc import Iterable, Mapping
from functools import cache

import docx
import openpyxl
import pikepdf
from PIL import Image
from reportlab.lib.pagesizes import A4
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen import canvas

from tests.media import jpeg

MOMENT = (2026, 9, 1, 9, 30, 0)
WORDS = "行政执法询问笔录 问：请说明当时情况。答：车辆装载砂石，从城西出发。"


@cache
def report(pages: int = 3, *, pictures: bool = True, compression: int = 1, links: bool = False) -> bytes:
    """A report as reportlab writes it, with Chinese text and photos."""
    kept = io.BytesIO()
    drawing = canvas.Canvas(kept, pagesize=A4, invariant=1, pageCompression=compression)
    pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))
    picture = Image.open(io.BytesIO(jpeg(320, 240)))
    for number in range(pages):
        drawing.setFont("STSong-Light", 12)
        for line in range(40):
            drawing.drawString(60, 780 - 18 * line, f"{number + 1}.{line} {WORDS}")
        if pictures:
            drawing.drawInlineImage(picture, 60, 40, 80, 60) if number == 1 else drawing.drawImage(
                _reader(), 60, 40, 80, 60
            )
        if links:
            drawing.linkURL("https://example.org/", (60, 700, 200, 720))
        drawing.showPage()
    drawing.save()
    return kept.getvalue()


def _reader() -> object:
    from reportlab.lib.utils import ImageReader  # noqa: PLC0415 - loads Pillow's plug-ins anew

    return ImageReader(io.BytesIO(jpeg(320, 240)))


def resaved(whole: bytes, **how: object) -> bytes:
    """The same document as qpdf writes it."""
    kept = io.BytesIO()
    with pikepdf.open(io.BytesIO(whole)) as opened:
        opened.save(kept, deterministic_id="encryption" not in how, **how)  # type: ignore[arg-type]
    return kept.getvalue()


def scan(mode: str = "RGB", *, pages: int = 2, how: str = "PDF", size: tuple[int, int] = (620, 877)) -> bytes:
    """A scan: nothing but pictures, as Pillow writes it."""
    base = Image.effect_noise(size, 60).convert("L").point(lambda value: 255 if value > 90 else 0)
    one = base.convert(mode)
    kept = io.BytesIO()
    one.save(
        kept, how, save_all=True, append_images=[one.copy() for _ in range(pages - 1)], creationDate=None
    )
    return kept.getvalue()


def stream(payload: bytes, said: str = "", *, is_packed: bool = True) -> bytes:
    """A stream object's body."""
    body = zlib.compress(payload) if is_packed else payload
    packed = " /Filter /FlateDecode" if is_packed else ""
    return f"<< /Length {len(body)}{packed} {said} >>\nstream\n".encode() + body + b"\nendstream"


def text_page(line: str = "Hello") -> bytes:
    """Content that draws some lines."""
    lines = "".join(f"BT /F1 12 Tf 60 {760 - 14 * n} Td ({line} {n}) Tj ET\n" for n in range(40))
    return lines.encode()


def bodies(
    *, pages: int = 2, is_packed: bool = True, more: Mapping[int, bytes] | None = None
) -> dict[int, bytes]:
    """Objects of a small document by number: catalogue, tree, font, program, then a page and its content in turn."""
    kids = " ".join(f"{5 + 2 * n} 0 R" for n in range(pages))
    made = {
        1: b"<< /Type /Catalog /Pages 2 0 R >>",
        2: f"<< /Type /Pages /Kids [{kids}] /Count {pages} >>".encode(),
        3: b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        4: b"<< /Producer (writer of tests) /CreationDate (D:20260901093000+08'00') >>",
    }
    for n in range(pages):
        made[5 + 2 * n] = (
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents {6 + 2 * n} 0 R"
            " /Resources << /Font << /F1 3 0 R >> >> >>"
        ).encode()
        made[6 + 2 * n] = stream(text_page(f"page {n}"), is_packed=is_packed)
    return {**made, **(more or {})}


def pdf(
    objects: Mapping[int, bytes] | None = None,
    *,
    eol: bytes = b"\n",
    version: str = "1.7",
    trailer: str = "/Info 4 0 R",
    is_table: bool = True,
) -> bytes:
    """A document with one index, a table or a stream."""
    objects = objects if objects is not None else bodies()
    out = bytearray(b"%PDF-" + version.encode() + eol + b"%\xe2\xe3\xcf\xd3" + eol)
    return bytes(_written(out, objects, eol, f"/Root 1 0 R {trailer}", is_table=is_table))


def updated(whole: bytes, objects: Mapping[int, bytes], *, trailer: str = "/Root 1 0 R /Info 4 0 R") -> bytes:
    """The document with objects written behind its end."""
    start = int(whole[whole.rindex(b"startxref") + 9 :].split()[0])
    out = bytearray(whole if whole.endswith(b"\n") else whole + b"\n")
    return bytes(_written(out, objects, b"\n", f"{trailer} /Prev {start}", is_table=True))


def _written(
    out: bytearray, objects: Mapping[int, bytes], eol: bytes, trailer: str, *, is_table: bool
) -> bytearray:
    offsets = {}
    for number, body in objects.items():
        offsets[number] = len(out)
        out += f"{number} 0 obj".encode() + eol + body + eol + b"endobj" + eol
    start = len(out)
    if is_table:
        size = max(objects) + 1
        is_first = b"/Prev" not in trailer.encode()
        out += b"xref" + eol + (b"0 1" + eol + b"0000000000 65535 f" + _row_end(eol) if is_first else b"")
        for number, offset in sorted(offsets.items()):
            out += f"{number} 1".encode() + eol + f"{offset:010d} 00000 n".encode() + _row_end(eol)
        out += b"trailer" + eol + f"<< /Size {size} {trailer} >>".encode() + eol
    else:
        number = max(objects) + 1
        offsets[number] = start
        rows = b"".join(
            bytes((1 if one in offsets else 0,)) + offsets.get(one, 0).to_bytes(4) + b"\0"
            for one in range(number + 1)
        )
        out += f"{number} 0 obj\n".encode() + stream(
            rows, f"/Type /XRef /Size {number + 1} /W [1 4 1] {trailer}"
        )
        out += b"\nendobj\n"
    return out + b"startxref" + eol + str(start).encode() + eol + b"%%EOF" + eol


def _row_end(eol: bytes) -> bytes:
    return eol if len(eol) == 2 else b" " + eol


def signed(whole: bytes, *, number: int = 90, value: bytes = b"\x30\x82" + bytes(400)) -> bytes:
    """The document with a signature over everything but its own value; the value itself is made up."""
    hole = b"<" + value.hex().encode() + b">"
    ranges = "[0 0000000000 0000000000 0000000000]"
    body = f"<< /Type /Sig /Filter /Adobe.PPKLite /ByteRange {ranges} /Contents ".encode() + hole + b" >>"
    field = f"<< /FT /Sig /T (s{number}) /V {number} 0 R /Subtype /Widget /Rect [0 0 0 0] >>".encode()
    made = updated(whole, {number: body, number + 1: field})
    at = made.rindex(hole)
    after = at + len(hole)
    told = f"[0 {at:010d} {after:010d} {len(made) - after:010d}]"
    place = made.rindex(ranges.encode())
    return made[:place] + told.encode() + made[place + len(ranges) :]


def archive(
    files: Iterable[tuple[str, bytes]],
    *,
    method: int = zipfile.ZIP_DEFLATED,
    is_wide: bool = False,
    comment: bytes = b"",
) -> bytes:
    """A ZIP with these files."""
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w", method) as made:
        for name, payload in files:
            told = zipfile.ZipInfo(name, MOMENT)
            told.compress_type = method
            with made.open(told, "w", force_zip64=is_wide) as inner:
                inner.write(payload)
        made.comment = comment
    return kept.getvalue()


class _Line(io.RawIOBase):
    """A line that cannot go back: sizes then stand behind the data."""

    def __init__(self) -> None:
        self.kept = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, part: "bytes | bytearray | memoryview") -> int:  # type: ignore[override]
        self.kept += part
        return len(part)


def streamed(files: Iterable[tuple[str, bytes]]) -> bytes:
    """A ZIP as a server writes it to a line."""
    line = _Line()
    with zipfile.ZipFile(line, "w", zipfile.ZIP_DEFLATED) as made:  # type: ignore[arg-type]
        for name, payload in files:
            made.writestr(zipfile.ZipInfo(name, MOMENT), payload, zipfile.ZIP_DEFLATED)
    return bytes(line.kept)


def files_of(whole: bytes) -> list[tuple[str, bytes]]:
    """What an archive holds."""
    with zipfile.ZipFile(io.BytesIO(whole)) as opened:
        return [(one.filename, opened.read(one)) for one in opened.infolist()]


def repacked(whole: bytes, changes: Mapping[str, bytes | None], **how: object) -> bytes:
    """The archive with files replaced, added, or (None) left out."""
    files = dict(files_of(whole))
    files.update({name: payload for name, payload in changes.items() if payload is not None})
    left = [(name, payload) for name, payload in files.items() if changes.get(name, b"") is not None]
    return archive(left, **how)  # type: ignore[arg-type]


@cache
def letter(*, picture: bool = True) -> bytes:
    """A letter as python-docx writes it."""
    made = docx.Document()
    made.add_heading("现场笔录", 1)
    for _ in range(30):
        made.add_paragraph(WORDS)
    table = made.add_table(3, 3)
    table.cell(0, 0).text = "当事人"
    if picture:
        made.add_picture(io.BytesIO(jpeg(320, 240)))
    kept = io.BytesIO()
    made.save(kept)
    return archive(files_of(kept.getvalue()))


@cache
def sheet(rows: int = 200) -> bytes:
    """A table as openpyxl writes it."""
    book = openpyxl.Workbook()
    for number in range(rows):
        book.active.append([number, WORDS, number * 1.5])  # type: ignore[union-attr]
    kept = io.BytesIO()
    book.save(kept)
    return archive(files_of(kept.getvalue()))


def slides() -> bytes:
    """A presentation of one slide, as small as it may be."""
    main = "application/vnd.openxmlformats-officedocument.presentationml.presentation.main+xml"
    return archive(
        [
            ("[Content_Types].xml", types_of({"/ppt/presentation.xml": main})),
            ("_rels/.rels", relations({"officeDocument": "ppt/presentation.xml"})),
            ("ppt/presentation.xml", b"<p:presentation xmlns:p='urn:p'/>" * 1),
        ]
    )


def types_of(parts: Mapping[str, str]) -> bytes:
    """The list of content types."""
    rows = "".join(f'<Override PartName="{name}" ContentType="{kind}"/>' for name, kind in parts.items())
    space = "http://schemas.openxmlformats.org/package/2006/content-types"
    return f'<?xml version="1.0" encoding="UTF-8"?><Types xmlns="{space}">{rows}</Types>'.encode()


def relations(targets: Mapping[str, str], *, mode: str = "") -> bytes:
    """A list of relationships by their kind."""
    base = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
    told = f' TargetMode="{mode}"' if mode else ""
    rows = "".join(
        f'<Relationship Id="r{n}" Type="{base}{kind}" Target="{target}"{told}/>'
        for n, (kind, target) in enumerate(targets.items())
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?><Relationships'
        f' xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{rows}</Relationships>'
    ).encode()


def ofd_files(pages: int = 2, *, is_signed: bool = False, method: str = "sm3") -> list[tuple[str, bytes]]:
    """The parts of an OFD file (GB/T 33190)."""
    space = 'xmlns:ofd="http://www.ofdspec.org/2016"'
    head = '<?xml version="1.0" encoding="UTF-8"?>'
    signs = "<ofd:Signatures>/Doc_0/Signs/Signatures.xml</ofd:Signatures>" if is_signed else ""
    rows = "".join(f'<ofd:Page ID="{n + 1}" BaseLoc="Pages/Page_{n}/Content.xml"/>' for n in range(pages))
    objects = "".join(
        f'<ofd:TextObject ID="{n}" Boundary="10 {n} 100 5"><ofd:TextCode>{WORDS}</ofd:TextCode></ofd:TextObject>'
        for n in range(30)
    )
    files = [
        (
            "OFD.xml",
            (
                f'{head}<ofd:OFD {space} Version="1.1" DocType="OFD"><ofd:DocBody><ofd:DocInfo>'
                "<ofd:DocID>44f68ed0eaf341f7</ofd:DocID><ofd:Creator>数科 OFD</ofd:Creator>"
                "<ofd:CreatorVersion>3.0</ofd:CreatorVersion><ofd:CreationDate>2026-09-01</ofd:CreationDate>"
                f"</ofd:DocInfo><ofd:DocRoot>Doc_0/Document.xml</ofd:DocRoot>{signs}</ofd:DocBody></ofd:OFD>"
            ),
        ),
        (
            "Doc_0/Document.xml",
            (
                f"{head}<ofd:Document {space}><ofd:CommonData><ofd:MaxUnitID>99</ofd:MaxUnitID>"
                "<ofd:PublicRes>PublicRes.xml</ofd:PublicRes></ofd:CommonData>"
                f"<ofd:Pages>{rows}</ofd:Pages></ofd:Document>"
            ),
        ),
        ("Doc_0/PublicRes.xml", f'{head}<ofd:Res {space} BaseLoc="Res"/>'),
        *(
            (
                f"Doc_0/Pages/Page_{n}/Content.xml",
                f"{head}<ofd:Page {space}><ofd:Content><ofd:Layer>{objects}</ofd:Layer></ofd:Content></ofd:Page>",
            )
            for n in range(pages)
        ),
    ]
    made = [(name, text.encode()) for name, text in files]
    made.append(("Doc_0/Res/image_1.jpg", jpeg(320, 240)))
    return [*made, *_ofd_signature(made, method)] if is_signed else made


def _ofd_signature(files: list[tuple[str, bytes]], method: str) -> list[tuple[str, bytes]]:
    space = 'xmlns:ofd="http://www.ofdspec.org/2016"'
    kept = "".join(
        f'<ofd:Reference FileRef="/{name}"><ofd:CheckValue>'
        f"{b64encode(hashlib.new(method, payload).digest()).decode()}</ofd:CheckValue></ofd:Reference>"
        for name, payload in files
    )
    named = {"sm3": "1.2.156.10197.1.401"}.get(method, method)
    return [
        (
            "Doc_0/Signs/Signatures.xml",
            f'<ofd:Signatures {space}><ofd:MaxSignId>1</ofd:MaxSignId><ofd:Signature ID="1" Type="Seal"'
            ' BaseLoc="Sign_0/Signature.xml"/></ofd:Signatures>'.encode(),
        ),
        (
            "Doc_0/Signs/Sign_0/Signature.xml",
            f'<ofd:Signature {space}><ofd:SignedInfo><ofd:References CheckMethod="{named}">{kept}</ofd:References>'
            "</ofd:SignedInfo><ofd:SignedValue>SignedValue.dat</ofd:SignedValue></ofd:Signature>".encode(),
        ),
        ("Doc_0/Signs/Sign_0/SignedValue.dat", bytes(range(256)) * 2),
    ]


def ofd(pages: int = 2, *, is_signed: bool = False, method: str = "sm3") -> bytes:
    """An OFD file."""
    return archive(ofd_files(pages, is_signed=is_signed, method=method))


def ole(names: Iterable[str] = ("Root Entry", "WordDocument", "1Table")) -> bytes:
    """A compound file of one directory (MS-CFB), with nothing behind its names."""
    head = bytearray(512)
    head[:8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
    head[24:34] = b"\x3e\x00\x03\x00\xfe\xff\x09\x00\x06\x00"
    head[44:52] = (1).to_bytes(4, "little") + (1).to_bytes(4, "little")
    head[76:80] = (0).to_bytes(4, "little")
    table = (0xFFFF_FFFD).to_bytes(4, "little") + (0xFFFF_FFFE).to_bytes(4, "little") + b"\xff" * 504
    entries = b"".join(_entry(name, 5 if n == 0 else 2) for n, name in enumerate(names))
    return bytes(head) + table + entries.ljust(512, b"\0")


def _entry(name: str, kind: int) -> bytes:
    raw = name.encode("utf-16-le") + b"\0\0"
    return raw.ljust(64, b"\0") + len(raw).to_bytes(2, "little") + bytes((kind,)) + bytes(61)
