"""Which originals a page lets a browser decode."""

import pytest

from api.console.recording import shown_as
from schemas.media import MediaFacts
from schemas.recording import (
    MAX_SHOWN_BYTES,
    MAX_SHOWN_PIXELS,
    Recording,
    RecordingState,
    Sight,
    sight_of,
)
from tests.unit.test_console_form import recording


def of(width: int | None, height: int | None, **changed: object) -> Recording:
    return recording("a.jpg").model_copy(update={"facts": MediaFacts(width=width, height=height), **changed})


@pytest.mark.parametrize(
    ("found", "sight"),
    [
        (of(8000, 6000), Sight.WHOLE),
        (of(MAX_SHOWN_PIXELS, 1), Sight.WHOLE),
        (of(MAX_SHOWN_PIXELS, 2), Sight.TOO_LARGE),
        (of(63_000, 63_000), Sight.TOO_LARGE),
        (of(100, 100, size_bytes=MAX_SHOWN_BYTES + 1), Sight.TOO_LARGE),
        (of(None, None), Sight.UNKNOWN),
        (of(100, None), Sight.UNKNOWN),
        (of(None, None, media_type="video/mp4", size_bytes=10**10), Sight.WHOLE),
    ],
)
def test_a_picture_beyond_the_limit_is_not_shown_whole(found: Recording, sight: Sight) -> None:
    """Pixels and bytes count, each by itself; what nobody has measured is not taken for small."""
    assert sight_of(found) is sight


def test_a_huge_picture_is_shown_as_what_was_made_of_it() -> None:
    """The page shows the thumbnail where there is one, else nothing; the original stays a download."""
    huge = {"width": 20_000, "height": 10_000}
    assert shown_as(of(**huge, has_thumbnail=True)) == "picture"
    assert shown_as(of(**huge, state=RecordingState.QUARANTINED)) == "nothing"
    assert shown_as(of(4000, 3000, has_thumbnail=True)) == "image"


def test_a_picture_is_not_decoded_by_a_browser_before_it_was_looked_at_here() -> None:
    """A scan bomb that has just come in waits for its verdict like everybody."""
    assert shown_as(of(None, None, state=RecordingState.RECEIVED)) == "waiting"
    assert shown_as(of(None, None, state=RecordingState.QUARANTINED)) == "nothing"
