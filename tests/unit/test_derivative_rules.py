"""What is made of a recording after its verdict, and what a browser plays by itself."""

import pytest

from schemas.derivative import DerivativeKind, plays, wanted
from schemas.media import MediaFacts

SHEET, WAVE, PROXY = DerivativeKind.SHEET, DerivativeKind.WAVE, DerivativeKind.PROXY


def facts(codec: str | None, sound: str | None) -> MediaFacts:
    return MediaFacts(container="x", codec=codec, audio_codec=sound)


@pytest.mark.parametrize(
    ("media_type", "codec", "sound", "kinds"),
    [
        ("video/mp4", "h264", "aac", (SHEET, WAVE)),
        ("video/mp4", "h264", None, (SHEET,)),
        ("video/mp4", "hevc", "aac", (SHEET, WAVE, PROXY)),
        ("video/mp4", "h264", "pcm_alaw", (SHEET, WAVE, PROXY)),
        ("video/webm", "vp9", "opus", (SHEET, WAVE)),
        ("video/mp2t", "h264", "aac", (SHEET, WAVE, PROXY)),
        ("video/mpeg", "h264", "pcm_alaw", (SHEET, WAVE, PROXY)),
        ("video/x-msvideo", "h264", "mp3float", (SHEET, WAVE, PROXY)),
        ("video/x-matroska", "h264", "aac", (SHEET, WAVE, PROXY)),
        ("audio/mpeg", None, "mp3float", (WAVE,)),
        ("audio/wav", None, "pcm_s16le", (WAVE,)),
        ("audio/amr", None, "amrnb", (WAVE, PROXY)),
        ("image/jpeg", None, None, ()),
        ("application/gpx+xml", None, None, ()),
    ],
)
def test_what_is_made_of_what(
    media_type: str, codec: str | None, sound: str | None, kinds: tuple[DerivativeKind, ...]
) -> None:
    """A copy to play only of what is not played as it is; of a photo or a track nothing."""
    assert wanted(media_type, facts(codec, sound)) == kinds
    assert (PROXY in kinds) is (bool(kinds) and not plays(media_type, facts(codec, sound)))


def test_of_what_nobody_could_open_nothing_is_made() -> None:
    """A film whose structure was unreadable, or that nobody looked at, has no container."""
    assert wanted("video/mp4", MediaFacts()) == ()
