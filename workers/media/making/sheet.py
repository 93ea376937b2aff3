"""A contact sheet: pictures of a film at even distances, each with its time of the container."""

from typing import Any, NamedTuple

import numpy as np
import simplejpeg
from numpy.typing import NDArray

from schemas.derivative import MAKERS, DerivationFailure, DerivativeKind
from workers.media.making.film import Film
from workers.media.making.phrases import CONTAINER, MARK
from workers.media.making.wish import CannotError, Made
from workers.media.making.writing import ROW_PX, Band, digits, of_seconds
from workers.media.still.picture import TOOL, stood_upright
from workers.media.streams.upright import orientation

MOST = 24
_TILE_PX = 320
_ROW_PX = 1280
_QUALITY = 80
_ALL_PIXELS = 200_000_000
"""A film of no more pixels in all is decoded frame by frame: its few key frames would make no sheet."""

Picture = NDArray[np.uint8]


class _Tile(NamedTuple):
    at_s: float
    picture: Picture


class _Tiles:
    """Keeps at most twice as many as are shown, at even distances, however long the film turns out to be."""

    def __init__(self, length_s: float) -> None:
        self.kept: list[_Tile] = []
        self._step_s = length_s / MOST
        self._next_s = 0.0

    def wants(self, at_s: float) -> bool:
        return at_s >= self._next_s

    def take(self, tile: _Tile) -> None:
        self.kept.append(tile)
        if len(self.kept) >= 2 * MOST:  # it is longer than it says, or says nothing
            self.kept = self.kept[::2]
            self._step_s = max(2 * self._step_s, tile.at_s / MOST)
        self._next_s = tile.at_s + self._step_s

    def shown(self) -> list[_Tile]:
        places = np.linspace(0, len(self.kept) - 1, min(MOST, len(self.kept)))
        return [self.kept[round(place)] for place in places]


def make_sheet(film: Film) -> tuple[Made, bytes]:
    """Make the sheet; key frames of a long film, of a short one all frames.

    Raises:
        CannotError: not one picture could be decoded.
    """
    if film.picture is None:
        raise CannotError(DerivationFailure.NOTHING)
    tiles, is_whole = _Tiles(film.length_s), _is_short(film)
    begun, count = False, 0
    for packet in film.packets(film.picture):
        at_s = film.at_s(film.picture, packet.pts if packet.pts is not None else packet.dts)
        is_wanted = packet.is_keyframe and tiles.wants(count if at_s is None else at_s)
        if packet.size and not (is_wanted or (is_whole and begun)):
            continue
        if packet.size and not film.spend():
            break
        begun = True
        for frame in film.frames(packet):
            when = film.at_s(film.picture, frame.pts)
            when = float(count) if when is None else when
            count += 1
            if tiles.wants(when):
                tiles.take(_Tile(when, _small(film, frame)))
    if not tiles.kept:
        raise CannotError(DerivationFailure.NOTHING)
    return _encoded(film, tiles.shown(), is_whole=is_whole)


def _is_short(film: Film) -> bool:
    return 0 < film.expected_pixels <= _ALL_PIXELS


def _small(film: Film, frame: Any) -> Picture:  # noqa: ANN401 - PyAV's frames
    scale = _TILE_PX / max(frame.width, frame.height)
    width, height = (max(2, round(side * scale)) for side in (frame.width, frame.height))
    return stood_upright(film.scaled(frame, width, height, "bgr24"), orientation(frame))


def _encoded(film: Film, tiles: list[_Tile], *, is_whole: bool) -> tuple[Made, bytes]:
    wide, high = (max(one.picture.shape[side] for one in tiles) for side in (1, 0))
    columns = min(len(tiles), max(1, _ROW_PX // wide))
    rows = -(-len(tiles) // columns)
    head = Band([(MARK, ""), (CONTAINER, "")], max(columns * wide, MARK.shape[1]))
    sheet = np.zeros((head.height + rows * (high + ROW_PX), head.width, 3), np.uint8)
    sheet[: head.height] = head.draw([(MARK, ""), (CONTAINER, "")])[:, :, None]
    for number, one in enumerate(tiles):
        y, x = head.height + number // columns * (high + ROW_PX), number % columns * wide
        height, width = one.picture.shape[:2]
        sheet[y : y + height, x : x + width] = one.picture
        said = digits(of_seconds(one.at_s))[:, :wide]
        sheet[y + high + 1 : y + high + 1 + said.shape[0], x : x + said.shape[1]] = said[:, :, None]
    payload = simplejpeg.encode_jpeg(np.ascontiguousarray(sheet), quality=_QUALITY, colorspace="BGR")
    params = {
        "tool": f"{film.tool}, {TOOL}",
        "version": MAKERS[DerivativeKind.SHEET],
        "width": sheet.shape[1],
        "height": sheet.shape[0],
        "pictures": len(tiles),
        "columns": columns,
        "of": "frames" if is_whole else "keyframes",
        "times_ms": [round(one.at_s * 1000) for one in tiles],
        **film.told(),
    }
    return Made(media_type="image/jpeg", params=params), payload
