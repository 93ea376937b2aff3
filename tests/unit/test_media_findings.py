"""The sentence of a finding: filled without ever failing."""

from schemas.findings import sentence


def test_parameters_are_filled() -> None:
    """A sentence shows the numbers of its check."""
    text = sentence("video-packets-damaged", {"count": 2, "packets": 40})

    assert text.en == "2 of 40 video packets are damaged."
    assert text.zh == "40 个视频数据包中有 2 个损坏。"


def test_a_missing_parameter_or_code_never_fails() -> None:
    """A report shows the gap and goes on."""
    assert sentence("xml-damaged", {}).en.startswith("The track is damaged at line {line};")
    assert sentence("never-heard-of", {}).zh == "never-heard-of"


def test_a_hostile_parameter_stays_text() -> None:
    """Braces in a value taken from a file are shown, never interpreted."""
    assert "{0.__class__}" in sentence("jpeg-damaged", {"reason": "{0.__class__}"}).en
