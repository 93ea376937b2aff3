"""Content credentials: what a signature says about the bytes, and that their absence says nothing."""

from pathlib import Path

import pytest

from schemas.integrity import CheckResult, Outcome, Severity, Verdict
from schemas.verdict import verdict
from tests.media import jpeg
from tests.media_credentials import signed_jpeg
from workers.media.metadata.credentials import check_credentials
from workers.media.probe import probe
from workers.media.result import Limits


def credentials(folder: Path, payload: bytes) -> CheckResult | None:
    path = folder / "photo.jpg"
    path.write_bytes(payload)
    found = probe(path, filename=path.name, limits=Limits())
    assert verdict(found.checks) is not Verdict.MISMATCH
    return next((check for check in found.checks if check.name == "credentials"), None)


def test_a_photo_without_credentials_says_nothing(tmp_path: Path) -> None:
    """Most photos have none; a photo that only names the word has none either."""
    assert credentials(tmp_path, jpeg(64, 64)) is None
    assert credentials(tmp_path, jpeg(64, 64)[:2] + b"\xff\xfe\x00\x06c2pa" + jpeg(64, 64)[2:]) is None


def test_a_signature_of_nobody_we_know_is_explained(tmp_path: Path) -> None:
    """It fits the content, and its signer is on no list: that is told and weighs nothing."""
    made = credentials(tmp_path, signed_jpeg())

    assert made is not None
    assert (made.code, made.severity, made.outcome) == (
        "c2pa-signer-unknown",
        Severity.INFO,
        Outcome.VERIFIED,
    )


def test_one_changed_pixel_byte_is_told_and_no_gate(tmp_path: Path) -> None:
    """The same photo with one byte of its picture changed, and with bytes behind its end: a person has to judge."""
    whole = bytearray(signed_jpeg())
    whole[-3_000] ^= 1
    changed = credentials(tmp_path, bytes(whole))
    longer = credentials(tmp_path, signed_jpeg() + b"12345")

    for made in (changed, longer):
        assert made is not None
        assert (made.code, made.severity, made.outcome) == ("c2pa-altered", Severity.WARN, Outcome.MISMATCH)


def test_credentials_that_are_cut_out_in_part_are_no_fault_of_ours() -> None:
    """Half a store of manifests is a remark."""
    whole = signed_jpeg()
    at = whole.index(b"c2pa")
    made = check_credentials(whole[:at] + b"c2pa" * 40 + whole[at + 160 :], "image/jpeg")

    assert made is not None
    assert (made.code, made.severity) == ("c2pa-unreadable", Severity.REMARK)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("adobe-20220124-C.jpg", "c2pa-signer-unknown"),
        ("adobe-20220124-CA.jpg", "c2pa-signer-unknown"),
        ("adobe-20220124-E-sig-CA.jpg", "c2pa-altered"),
    ],
)
def test_photos_of_the_standards_own_set(media: Path, tmp_path: Path, name: str, code: str) -> None:
    """Two that hold, and one whose signature is broken on purpose."""
    made = credentials(tmp_path, (media / name).read_bytes())

    assert made is not None
    assert made.code == code
