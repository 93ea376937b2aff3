"""Copies for viewing, made of a recording after its verdict: which there are, what is made of what, and how far each is.

None is evidence, and no verdict waits for one. Each names its parent by digest, and how it was made. What a browser plays
is played as it is; of what it cannot play a copy is made that it can.
"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from schemas.base import Frozen, HexDigest, WireIn
from schemas.document import PDF
from schemas.ids import AccountId, DerivationId, RecordingId
from schemas.media import MediaFacts, Medium, medium_of


class DerivativeKind(StrEnum):
    """What is made of a recording: the first two while it is verified, the others afterwards."""

    THUMBNAIL = "thumbnail"
    POSTER = "poster"
    SHEET = "sheet"
    WAVE = "wave"
    PROXY = "proxy"
    PAGES = "pages"


MAKERS: Mapping[DerivativeKind, int] = MappingProxyType(
    {DerivativeKind.SHEET: 1, DerivativeKind.WAVE: 1, DerivativeKind.PROXY: 1, DerivativeKind.PAGES: 1}
)
"""What is made afterwards, and the version of our way of making it: what an older one made may be made anew."""

PAGES_TYPE = "application/vnd.quancheng.pages"
"""Pictures of pages, JPEG behind JPEG; where each lies stands in `params`."""

MOST_PAGES = 60
"""Pages of which pictures are made: a record of an interview and a decision have fewer. What is cut says so."""

SHOWN_FREELY = frozenset({DerivativeKind.WAVE})
"""How loud it was, and nothing that can be seen or heard: given without a look, as thumbnails are."""


class DerivationState(StrEnum):
    """From the asking to its end."""

    WAITING = "waiting"
    MADE = "made"
    FAILED = "failed"


class DerivationFailure(StrEnum):
    """Why none could be made. The recording is what it was, and can be downloaded."""

    UNREADABLE = "media-unreadable"
    NOTHING = "nothing-to-show"
    FONTS = "fonts-absent"
    WORK = "work-too-large"
    TIME = "decoder-timeout"
    MEMORY = "decoder-memory"
    CRASH = "decoder-crashed"
    SANDBOX = "no-sandbox"
    BYTES = "object-broken"
    OTHER = "not-made"


TRANSIENT = frozenset({DerivationFailure.TIME, DerivationFailure.MEMORY, DerivationFailure.CRASH})
"""What another try may not meet."""


class UndrawnWhy(StrEnum):
    """Why there is no picture of a page: without its fonts it would lack words, and a page may ask for too much."""

    FONTS = "fonts"
    WORK = "work"
    UNREADABLE = "unreadable"


class ClockKind(StrEnum):
    """By which clock a time of capture is told."""

    CORRECTED = "corrected"
    DEVICE = "device"


class DerivationIn(WireIn):
    """Which copy is to be made anew."""

    kind: DerivativeKind


class Derivation(Frozen):
    """One copy for viewing. `asked_by` is absent where nobody but the product, or the operator, asked.

    All from `media_type` to `made_at` is there once it is made: `params` says how – tool, version, width, height, and how
    far –, `parent_sha256` of which bytes; `failure` says why it was not.
    """

    id: DerivationId
    recording_id: RecordingId
    kind: DerivativeKind
    asked_by: AccountId | None
    asked_at: datetime
    media_type: str | None = None
    object_key: str | None = None
    version_id: str | None = None
    size_bytes: int | None = None
    sha256: HexDigest | None = None
    parent_sha256: HexDigest | None = None
    params: Mapping[str, Any] | None = None
    made_at: datetime | None = None
    failure: DerivationFailure | None = None

    @property
    def state(self) -> DerivationState:
        """How far it is."""
        if self.failure is not None:
            return DerivationState.FAILED
        return DerivationState.WAITING if self.made_at is None else DerivationState.MADE


class PagePicture(Frozen):
    """The picture of one page, from 1 on, and where it lies in the copy."""

    number: int
    at: int
    size: int
    width: int
    height: int


class Undrawn(Frozen):
    """A page of which there is no picture, and why."""

    number: int
    why: UndrawnWhy


class PagePictures(Frozen):
    """What `params` of a copy says of its pages: how many the document has, and of which there is a picture."""

    of: int
    pages: tuple[PagePicture, ...]
    undrawn: tuple[Undrawn, ...] = ()
    is_cut: bool = False

    def page(self, number: int) -> PagePicture | None:
        """Return the picture of a page; None where there is none."""
        return next((one for one in self.pages if one.number == number), None)


def pages_in(params: Mapping[str, Any] | None) -> PagePictures:
    """Return what a copy says of its pages; one that says nothing has none."""
    said = {name: value for name, value in (params or {}).items() if name in PagePictures.model_fields}
    return PagePictures.model_validate({"of": 0, "pages": (), **said}, strict=False)


class MadeCopy(Frozen):
    """A copy that lies in the store, ready to be entered."""

    media_type: str
    object_key: str
    version_id: str
    size_bytes: int
    sha256: HexDigest
    parent_sha256: HexDigest
    params: Mapping[str, Any]


_BOXED = frozenset({"video/mp4", "video/quicktime", "video/3gpp", "audio/mp4", "audio/3gpp"})
_WEB = frozenset({"video/webm", "audio/webm", "audio/ogg"})
_PICTURES: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(_BOXED, frozenset({"h264", "vp9", "av1"})),
    **dict.fromkeys(_WEB, frozenset({"vp8", "vp9", "av1"})),
}
_SOUNDS: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(_BOXED, frozenset({"aac", "mp3", "mp3float", "opus", "flac"})),
    **dict.fromkeys(_WEB, frozenset({"opus", "vorbis", "flac"})),
    "audio/wav": frozenset({"pcm_u8", "pcm_s16le", "pcm_s24le", "pcm_s32le", "pcm_f32le"}),
    "audio/mpeg": frozenset({"mp3", "mp3float"}),
    "audio/aac": frozenset({"aac"}),
    "audio/flac": frozenset({"flac"}),
}


def plays(media_type: str, facts: MediaFacts) -> bool:
    """Say whether the browsers of our time play the original: its container, its pictures and its sound."""
    if medium_of(media_type) is Medium.VIDEO and facts.codec not in _PICTURES.get(media_type, ()):
        return False
    known = _SOUNDS.get(media_type, frozenset())
    return media_type in _SOUNDS and (facts.audio_codec is None or facts.audio_codec in known)


def wanted(media_type: str, facts: MediaFacts) -> tuple[DerivativeKind, ...]:
    """Return what is made of a recording after its verdict; of what nobody could open, nothing."""
    medium = medium_of(media_type)
    if media_type == PDF and facts.document is not None and facts.document.pages:
        return (DerivativeKind.PAGES,)
    if medium not in (Medium.VIDEO, Medium.AUDIO) or facts.container is None:
        return ()
    kinds = [DerivativeKind.SHEET] if medium is Medium.VIDEO else []
    if facts.audio_codec is not None:
        kinds.append(DerivativeKind.WAVE)
    if not plays(media_type, facts):
        kinds.append(DerivativeKind.PROXY)
    return tuple(kinds)
