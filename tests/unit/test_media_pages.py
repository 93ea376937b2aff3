"""Pictures of the pages of a document: which are made, what stands on them, and what is said of those that are not."""

import io
from pathlib import Path
from typing import Any, cast

import numpy as np
import pikepdf
import pytest
from PIL import Image

from schemas.derivative import (
    MOST_PAGES,
    PAGES_TYPE,
    DerivationFailure,
    DerivativeKind,
    PagePictures,
    UndrawnWhy,
    pages_in,
    wanted,
)
from schemas.document import DOCX, PDF, Document
from schemas.media import MediaFacts
from tests.media_documents import bodies, letter, pdf, report, resaved, scan
from workers.media.making.make import make
from workers.media.making.maker import Maker
from workers.media.making.pages import LONGEST_PX
from workers.media.making.wish import CannotError, Wish
from workers.media.result import Limits
from workers.media.source import Source
from workers.media.work import LATER

PAGES = DerivativeKind.PAGES


def drawn(
    path: Path, payload: bytes, limits: Limits | None = None
) -> tuple[PagePictures, dict[str, Any], bytes]:
    path.write_bytes(payload)
    out = io.BytesIO()
    with Source.at(path) as source:
        made = make(source, Wish(kind=PAGES), limits or Limits(), cast("Any", out))
    assert made.media_type == PAGES_TYPE
    return pages_in(made.params), made.params, out.getvalue()


def test_pages_are_made_of_documents_in_pages_alone() -> None:
    """Of a PDF whose pages were found; never of one that nobody could open, and of no other document."""
    paged = MediaFacts(container="pdf", document=Document(pages=3))
    assert wanted(PDF, paged) == (PAGES,)
    assert wanted(PDF, MediaFacts(container="pdf", document=Document(pages=0))) == ()
    assert wanted(PDF, MediaFacts(container="pdf")) == ()
    assert wanted(DOCX, MediaFacts(container="docx", document=Document(pages=3))) == ()


def test_each_page_is_a_picture_of_its_own(tmp_path: Path) -> None:
    """In their order, one behind the other, each a JPEG of the size that is told, and no two alike."""
    told, params, payload = drawn(tmp_path / "a.pdf", pdf(bodies(pages=3)))

    assert (told.of, told.is_cut, told.undrawn) == (3, False, ())
    assert [one.number for one in told.pages] == [1, 2, 3]
    assert (params["version"], "pdfium" in params["tool"]) == (1, True)
    at, seen = 0, set()
    for one in told.pages:
        assert one.at == at
        at += one.size
        with Image.open(io.BytesIO(payload[one.at : at])) as picture:
            assert (picture.format, picture.size) == ("JPEG", (one.width, one.height))
            assert max(picture.size) == LONGEST_PX
            pixels = np.asarray(picture.convert("L"))
        assert pixels.min() < 128 < pixels.max(), "something stands on it"
        seen.add(pixels.tobytes())
    assert (at, len(seen)) == (len(payload), 3)


def test_a_scan_is_shown(tmp_path: Path) -> None:
    """A picture on an empty page."""
    told, _, payload = drawn(tmp_path / "a.pdf", scan(pages=2))
    assert [one.number for one in told.pages] == [1, 2]
    assert len(payload) == sum(one.size for one in told.pages)


def test_a_long_document_is_cut_and_says_so(tmp_path: Path) -> None:
    """No more than so many; how many there are is told all the same."""
    told, _, _ = drawn(tmp_path / "a.pdf", pdf(bodies(pages=MOST_PAGES + 2)))
    assert (len(told.pages), told.of, told.is_cut) == (MOST_PAGES, MOST_PAGES + 2, True)


def test_what_there_is_no_work_left_for_is_cut(tmp_path: Path) -> None:
    """Counted in pixels, never in seconds."""
    few = LATER.model_copy(update={"pixels": 2 * LONGEST_PX * LONGEST_PX + 1_000_000})
    told, params, _ = drawn(tmp_path / "a.pdf", pdf(bodies(pages=9)), Limits(later=few))
    assert 0 < len(told.pages) < 9
    assert (told.of, told.is_cut, params["until"]) == (9, True, "work")


@pytest.mark.parametrize("payload", [b"%PDF-1.7\nnothing", letter(), b""], ids=["broken", "docx", "empty"])
def test_what_is_no_readable_pdf_has_none(tmp_path: Path, payload: bytes) -> None:
    """The failure says it; nothing is drawn in its place."""
    with pytest.raises(CannotError) as caught:
        drawn(tmp_path / "a.pdf", payload)
    assert caught.value.failure is DerivationFailure.UNREADABLE


def test_a_page_without_its_fonts_is_not_drawn(tmp_path: Path) -> None:
    """It would look empty where words are: beside other pages it says why, alone the copy does."""
    with pytest.raises(CannotError) as caught:
        drawn(tmp_path / "a.pdf", report())
    assert caught.value.failure is DerivationFailure.FONTS
    mixed = io.BytesIO()
    with (
        pikepdf.open(io.BytesIO(pdf(bodies(pages=2)))) as whole,
        pikepdf.open(io.BytesIO(report(pages=1))) as other,
    ):
        whole.pages.insert(1, other.pages[0])
        whole.save(mixed)
    told, _, _ = drawn(tmp_path / "b.pdf", mixed.getvalue())
    assert [one.number for one in told.pages] == [1, 3]
    assert [(one.number, one.why) for one in told.undrawn] == [(2, UndrawnWhy.FONTS)]
    assert (told.of, told.is_cut) == (3, False)


def test_an_encrypted_document_has_none(tmp_path: Path) -> None:
    """Behind a password nobody looks."""
    locked = resaved(pdf(), encryption=pikepdf.Encryption(owner="o", user="u"))
    with pytest.raises(CannotError) as caught:
        drawn(tmp_path / "a.pdf", locked)
    assert caught.value.failure is DerivationFailure.UNREADABLE


def test_pages_come_out_of_the_confined_child(tmp_path: Path) -> None:
    """As every copy: over the pipe, with the same bytes as beside it."""
    path = tmp_path / "a.pdf"
    told, _, payload = drawn(path, pdf(bodies(pages=2)))
    with Maker() as maker, (tmp_path / "out").open("w+b") as out:
        made = maker.make(path, Wish(kind=PAGES), out.fileno())
        out.seek(0)
        assert out.read() == payload
    assert pages_in(made.params) == told


def test_a_copy_that_says_nothing_of_pages_has_none() -> None:
    """An older copy, or none at all."""
    for params in (None, {}, {"tool": "x"}):
        assert pages_in(params) == PagePictures(of=0, pages=())
    assert {one.value for one in UndrawnWhy} == {"fonts", "work", "unreadable"}
