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
    unknown = sentence("never-heard-of", {})
    assert "never-heard-of" not in unknown.zh + unknown.en
    assert unknown.zh
    assert unknown.en


def test_a_parameter_that_is_a_name_speaks_the_language_of_its_sentence() -> None:
    """Faults of a gate, parts somebody took and refusals are told in words, in Chinese and in English."""
    gate = sentence("gate-closed", {"faults": ["certificate-missing", "suspended"]})
    part = sentence("reviewer-took-part", {"parts": ["captured"]})
    failed = sentence("verification-failed", {"reason": "objects-unavailable"})

    assert "（检定证书不在有效期、设备停用期间）" in gate.zh
    assert "(no certificate in force, equipment suspended)" in gate.en
    assert ("（参与采集）" in part.zh, "(captured evidence)" in part.en) == (True, True)
    assert ("证据存储没有应答" in failed.zh, "objects-unavailable" in failed.zh + failed.en) == (True, False)


def test_a_hostile_parameter_stays_text() -> None:
    """Braces in a value taken from a file are shown, never interpreted."""
    assert "{0.__class__}" in sentence("jpeg-damaged", {"reason": "{0.__class__}"}).en
