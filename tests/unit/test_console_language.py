import re
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir

from api.console.continuity import TEXTS as COURSE_TEXTS
from api.console.evidence import TEXTS as EVIDENCE_TEXTS
from api.console.hand_in import TEXTS as HAND_IN_TEXTS
from api.console.language import english, gettext, language_of
from api.console.roster import TEXTS as ROSTER_TEXTS
from api.console.sheet import TEXTS as SHEET_TEXTS
from api.console.table import TEXTS as TABLE_TEXTS
from api.console.table_case import CASES
from api.console.table_monitoring import RECORDS
from api.console.table_recording import recordings_table
from api.console.trail import TEXTS as TRAIL_TEXTS
from api.console.training import TEXTS as TRAINING_TEXTS
from api.console.typed import Typed
from api.console.wording import refusal, word
from schemas.case import CaseState
from schemas.equipment import GateFault
from schemas.words import Language

CONSOLE = Path(__file__).resolve().parents[2] / "api" / "console"
TEMPLATES = CONSOLE / "templates"
CHINESE = re.compile("[一-鿿]")

TABLES = (CASES, RECORDS, recordings_table({}))


def texts() -> set[str]:
    """Every source text the templates, the CSV and the time picture use."""
    found = extract_from_dir(str(TEMPLATES), [("**.html", "jinja2.ext.babel_extract")])
    return {message if isinstance(message, str) else message[0] for _, _, message, _, _ in found} | {
        *HAND_IN_TEXTS,
        *ROSTER_TEXTS,
        *SHEET_TEXTS,
        *TABLE_TEXTS,
        *(text for one in TABLES for text in (one.title, *(column.title for column in one.columns))),
        *EVIDENCE_TEXTS,
        *COURSE_TEXTS,
        *TRAIL_TEXTS,
        *TRAINING_TEXTS,
        *(field.title for form in forms_of(Typed) for field in form.model_fields.values() if field.title),
    }


def forms_of(kind: type[Typed]) -> set[type[Typed]]:
    """Every form of the console."""
    return {kind}.union(*map(forms_of, kind.__subclasses__()))


def test_every_text_has_an_english_sentence() -> None:
    """No text of the console is shown in Chinese to somebody who chose English."""
    assert sorted(texts() - set(english())) == []


def test_no_translation_is_left_over() -> None:
    """The catalogue holds nothing that no page says."""
    assert sorted(set(english()) - texts()) == []


def test_no_template_writes_chinese_outside_the_catalogue() -> None:
    """Every Chinese word of a template passes through gettext, the language's own name apart."""
    for path in TEMPLATES.iterdir():
        bare = re.sub(r'_\(\s*(["\']).*?\1', "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        left = [line for line in bare.splitlines() if CHINESE.search(line) and "中文" not in line]
        assert left == [], path.name


def test_translations_keep_the_parameters() -> None:
    """An English sentence has the same blanks to fill as its Chinese source."""
    blank = re.compile(r"%\(\w+\)s")
    for source, sentence in english().items():
        assert sorted(blank.findall(source)) == sorted(blank.findall(sentence)), source


def test_a_page_says_what_the_catalogue_says() -> None:
    """A member is shown in the page's words, a text as a member of the enum that is named, a bare text never."""
    assert word(Language.ZH, CaseState.DECIDED) == "已作出决定"
    assert word(Language.EN, "suspended", GateFault) == "equipment suspended"
    with pytest.raises(TypeError):
        word(Language.ZH, "suspended")
    with pytest.raises(ValueError, match="no such"):
        word(Language.ZH, "no such", GateFault)
    assert refusal(Language.ZH, "objects-unavailable") == "证据存储没有应答"
    assert refusal(Language.EN, "of-yesterday") == "Internal fault"


def test_chinese_is_the_default_and_unknown_choices_are_chinese() -> None:
    """Only the cookie's own word for English chooses English."""
    assert language_of({}) is Language.ZH
    assert language_of({"qc_lang": "de"}) is Language.ZH
    assert language_of({"qc_lang": "en"}) is Language.EN
    assert gettext(Language.EN, "没有这句") == "没有这句"
