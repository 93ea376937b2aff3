"""Copies for viewing: a film that no browser plays, and copies entered without a decoder."""

from fractions import Fraction
from pathlib import Path
from typing import Any
from uuid import UUID

import av
import numpy as np

from schemas.base import HexDigest
from schemas.derivative import DerivativeKind, MadeCopy, wanted
from schemas.ids import RecordingId
from schemas.media import MediaFacts
from schemas.recording import Recording
from storage.recording.keeping import enter_derivations
from storage.transaction import Transaction

FILM = MediaFacts(container="avi", codec="mpeg4", audio_codec="pcm_s16le")
"""What no browser plays, with sound: every kind of copy is made of it."""


def enter_copies(tx: Transaction, of: RecordingId, *, by: UUID | None) -> None:
    """Ask for every kind."""
    kinds = ((of, kind) for kind in wanted("video/x-msvideo", FILM))
    enter_derivations(tx.connection, kinds, by=by, sender=of, at=tx.now)


def copy_of(found: Recording, kind: DerivativeKind) -> MadeCopy:
    """A copy of a recording that has its verdict."""
    digest = HexDigest(found.sha256 or "")
    return MadeCopy(
        media_type="video/webm",
        object_key=f"derivatives/{found.id}/{kind}-{digest[:16]}",
        version_id="v-1",
        size_bytes=7,
        sha256=digest,
        parent_sha256=digest,
        params={"tool": "a tool", "version": 1, "width": 2, "height": 2},
    )


def film(
    path: Path, *, form: str = "avi", codec: str = "mpeg4", seconds: int = 4, turned: bool = False
) -> Path:
    """Ten frames a second, the upper half white, the lower half grey by the second; in the second half a tone is heard."""
    with av.open(str(path), "w", format=form) as out:
        video: Any = out.add_stream(codec, rate=10)
        video.width, video.height, video.pix_fmt, video.gop_size = 320, 240, "yuv420p", 10
        sound: Any = out.add_stream("mp2", rate=32_000, layout="mono")
        for number in range(10 * seconds):
            grey = np.full((240, 320, 3), 40 * (number // 10), np.uint8)
            grey[:120] = 255
            frame = av.VideoFrame.from_ndarray(grey, format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, 10)
            out.mux(video.encode(frame))
        for number in range(seconds * 10):
            tone = np.sin(np.arange(3200) * 0.3) * (0.8 if number >= 5 * seconds else 0.0)
            heard = av.AudioFrame.from_ndarray(
                (tone * 32767).astype(np.int16)[None], format="s16", layout="mono"
            )
            heard.sample_rate, heard.pts, heard.time_base = 32_000, number * 3200, Fraction(1, 32_000)
            out.mux(sound.encode(heard))
        out.mux(video.encode(None))
        out.mux(sound.encode(None))
    return path
