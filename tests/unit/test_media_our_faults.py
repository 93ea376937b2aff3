"""A fault of our own is no finding about a file: what a decoder says is told, whatever else goes wrong ends the look."""

from pathlib import Path

import pytest

from tests.media import mp4
from workers.media.document.probe import READ_TYPES, probe_document
from workers.media.result import Limits, Probe
from workers.media.sandbox.samples import SAMPLES
from workers.media.sniff import HEAD_BYTES, sniff
from workers.media.source import Source
from workers.media.still.photo import STILL_TYPES, probe_still
from workers.media.streams.video import DEMUXERS, probe_video
from workers.media.track.track import probe_track
from workers.media.work import SLOW, Work

FAULTS = (ValueError, KeyError, TypeError, RuntimeError, ZeroDivisionError, OSError, LookupError)


class OutOfOrder(Work):
    """Counting that breaks at one kind of work: code of ours in the middle of every reader."""

    def __init__(self, kind: str, fault: type[Exception]) -> None:
        super().__init__(SLOW)
        self._kind = kind
        self._fault = fault

    def pixels(self, count: int) -> None:
        self._spend("pixels")

    def packets(self, count: int = 1) -> None:
        self._spend("packets")

    def pieces(self, count: int = 1) -> None:
        self._spend("pieces")

    def samples(self, count: int) -> None:
        self._spend("samples")

    def unpacked(self, count_bytes: int) -> None:
        self._spend("unpacked")

    def _spend(self, kind: str) -> None:
        if kind == self._kind:
            raise self._fault("ours")


def look(path: Path, work: Work) -> Probe:
    with Source.at(path) as source:
        media_type = sniff(source.head(HEAD_BYTES))
        if media_type in STILL_TYPES:
            return probe_still(source, media_type, limits=Limits(), work=work)
        if media_type in DEMUXERS:
            return probe_video(source, media_type, limits=Limits(), work=work)
        if media_type in READ_TYPES:
            return probe_document(source, media_type, limits=Limits(), work=work)
        return probe_track(source, media_type, work)


def written(folder: Path, name: str) -> Path:
    if name == "b.mp4":
        return mp4(folder / name)
    path = folder / name
    path.write_bytes(SAMPLES[name])
    return path


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.jpg", "pixels"),
        ("a.jpg", "pieces"),
        ("a.png", "pixels"),
        ("a.gif", "pixels"),
        ("a.webp", "pixels"),
        ("a.tif", "pixels"),
        ("a.avif", "pixels"),
        ("a.heic", "pixels"),
        ("a.heic", "packets"),
        ("a.heic", "pieces"),
        ("a.pdf", "pixels"),
        ("a.pdf", "pieces"),
        ("a.pdf", "unpacked"),
        ("a.ofd", "pieces"),
        ("a.ofd", "unpacked"),
        ("b.mp4", "pixels"),
        ("b.mp4", "packets"),
        ("b.mp4", "pieces"),
        ("a.gpx", "pieces"),
        ("a.wav", "packets"),
        ("a.wav", "pieces"),
        ("a.wav", "samples"),
    ],
)
def test_a_fault_of_ours_is_told_as_none_of_the_file(
    tmp_path: Path, name: str, kind: str, fault: type[Exception]
) -> None:
    """Whatever of ours breaks in the middle of a sound file, it is not caught as what a decoder might say."""
    path = written(tmp_path, name)

    assert look(path, Work(SLOW)).media_type
    with pytest.raises(fault, match="ours"):
        look(path, OutOfOrder(kind, fault))
