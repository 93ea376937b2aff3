"""The reader of pages sees what may not be left on one."""

import pytest

from schemas.words import Language
from tests.leftovers import leftovers, slugs


@pytest.mark.parametrize(
    "text",
    [
        "case:open",
        "状态 not_checked",
        "thumbnail",
        "照片 · quarantined · 3",
        "没有生成：objects-unavailable",
        "间隔 3 min",
        "± 12.5 m",
        "Verified",
    ],
)
def test_a_chinese_page_with_a_slug_a_unit_or_an_english_word_is_seen(text: str) -> None:
    """Whether it stands alone, between dots or inside of a sentence."""
    assert leftovers(f"<p>好</p><td>{text}</td>", Language.ZH) == [text]
    assert leftovers(f"<img alt='{text}'>", Language.ZH) == [text]


@pytest.mark.parametrize("text", ["通过", "照片 · Sealed", "关联", "monitoring_records case:open"])
def test_an_english_page_with_a_chinese_word_or_a_slug_is_seen(text: str) -> None:
    """A text of the console that was not translated is seen, too."""
    assert leftovers(f"<td>{text}</td>", Language.EN) == [text]


def test_what_people_and_devices_say_is_left_alone() -> None:
    """File names, plates, units of measurement, code and hidden text are no leftovers."""
    page = "<style>.open{}</style><code>quancheng record</code><td>camera-1.jpg</td><td>52300 kg</td><td>3 km/h</td>"

    assert leftovers(page + "<td>苏J8K213 · 3 分 12 秒 · 4.0 MiB</td>", Language.ZH) == []
    assert leftovers("<td>闪光 camera</td>", Language.ZH) == []
    assert leftovers("<td>admin</td>", Language.ZH, data={"admin"}) == []
    assert {"case:open", "fixity", "digest-mismatch", "article-41"} <= slugs()
