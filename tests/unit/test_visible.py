"""What turns the reading direction in somebody's name is shown on pages and in commands, and obeyed nowhere."""

from io import StringIO

import pytest
from rich.console import Console
from starlette.requests import Request

from api.console.view import render, shown_plainly
from api.media import _disposition
from mobile_contract.client.misuse import os_sentence
from mobile_contract.client.report import show_verdict
from mobile_contract.client.verify import _one_line
from schemas.refusals_request import NOT_FOUND
from schemas.visible import printable, visible

MARKS = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
NAME = "photo\u202egpj.exe"
SHOWN = "photo⟨U+202E⟩gpj.exe"


@pytest.mark.parametrize("mark", MARKS)
def test_every_directional_mark_is_written_out(mark: str) -> None:
    """Embeddings, overrides, isolates and single marks, with their code point."""
    assert visible(f"a{mark}b") == printable(f"a{mark}b") == f"a⟨U+{ord(mark):04X}⟩b"


def test_ordinary_names_are_left_alone() -> None:
    """Chinese, right-to-left letters, emoji with joiners and digits stand as they came."""
    for name in ("现场照片 1.jpg", "صورة.jpg", "👨‍👩‍👧.png", "a b_c-d.JPG"):
        assert visible(name) == name
    assert printable("a\x1b[2Jb\nc") == "a\N{REPLACEMENT CHARACTER}[2Jb\nc"


def test_pages_show_it_and_forms_send_back_what_was_typed() -> None:
    """In text and attributes it is shown; in the fields of a form the typed value stays whole."""
    page = (
        f'<p title="{NAME}">{NAME}</p><input value="{NAME}"><textarea class="x">{NAME}</textarea>'
        f"<a>value=&#34;{NAME}&#34;</a>"
    )
    assert shown_plainly(page) == (
        f'<p title="{SHOWN}">{SHOWN}</p><input value="{NAME}"><textarea class="x">{NAME}</textarea>'
        f"<a>value=&#34;{SHOWN}&#34;</a>"
    )


def test_every_page_passes_there() -> None:
    """The one function that renders pages shows it; whatever a template prints is covered."""
    request = Request(
        {"type": "http", "method": "GET", "path": "/console", "headers": [], "query_string": b""}
    )
    view = {
        "problem": {"title": NAME, "next": NAME},
        "status": 404,
        "slug": NOT_FOUND.slug,
        "back": "/console",
        "is_form": False,
        "reference": NAME,
    }
    text = bytes(render(request, "problem.html", view).body).decode()
    assert SHOWN in text
    assert "\u202e" not in text


def test_a_download_is_not_named_by_it() -> None:
    """A desktop obeys the mark in a file's name, and opens what it does not look like."""
    assert "%E2%80%AE" not in _disposition(NAME, is_attachment=True)
    assert "U%2B202E" in _disposition(NAME, is_attachment=True)


def test_commands_and_the_verifier_show_it() -> None:
    """A verdict, a refusal and a line of the verifier, on a terminal that would obey."""
    out = StringIO()
    recording = {
        "verdict": "verified",
        "remarks": 1,
        "officer_word": "accepted",
        "officer_finding": None,
        "state": "sealed",
        "filename": NAME,
        "checks": [],
        "may_delete_local": True,
    }
    show_verdict(Console(file=out, width=200), recording)
    assert SHOWN in out.getvalue()
    assert os_sentence(FileNotFoundError(2, "no", NAME))[1].endswith(SHOWN)
    assert _one_line(f"{NAME}: sealed") == f"{SHOWN}: sealed"
