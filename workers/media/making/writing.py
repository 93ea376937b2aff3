"""Time and marks written into pictures: beside what was filmed, never over it."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone

import cv2
import numpy as np

from workers.media.making.phrases import Grey

ROW_PX = 26
_GAP_PX = 12
_DIGIT = 0.6
_ZONE = timezone(timedelta(hours=8))

Item = tuple[Grey | None, str]
"""A drawn phrase, and digits behind it."""


def of_seconds(at_s: float) -> str:
    """Return a time from the beginning on as `00:01:23.4`."""
    tenths = max(0, int(at_s * 10 + 1e-6))
    minutes, seconds = divmod(tenths // 10, 60)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{seconds:02d}.{tenths % 10}"


def of_moment(at_ms: int) -> str:
    """Return a moment as `2026-11-30 10:00:23.4 +08:00`."""
    at = datetime.fromtimestamp(at_ms // 1000, UTC).astimezone(_ZONE)
    return f"{at:%Y-%m-%d %H:%M:%S}.{at_ms % 1000 // 100} +08:00"


def digits(text: str) -> Grey:
    """Draw ASCII, white on black, one row high."""
    (width, _), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, _DIGIT, 1)
    made = np.zeros((ROW_PX - 2, width + 2), np.uint8)
    cv2.putText(made, text, (1, ROW_PX - 8), cv2.FONT_HERSHEY_SIMPLEX, _DIGIT, 255, 1, cv2.LINE_AA)
    return made


class Band:
    """Rows of text of one width; what does not fit behind its neighbour begins a row. Drawn anew for every frame."""

    def __init__(self, items: Sequence[Item], width: int) -> None:
        """`items` are the longest there will be."""
        self.width = width
        self._places: list[tuple[int, int]] = []
        x = y = 0
        for phrase, text in items:
            wanted = (0 if phrase is None else phrase.shape[1] + 4) + (digits(text).shape[1] if text else 0)
            if x and x + wanted > width:
                x, y = 0, y + ROW_PX
            self._places.append((x, y))
            x += wanted + _GAP_PX
        self.height = y + ROW_PX

    def draw(self, items: Sequence[Item]) -> Grey:
        """Return the rows, white on black; what is too wide is cut."""
        made = np.zeros((self.height, self.width), np.uint8)
        for (x, y), (phrase, text) in zip(self._places, items, strict=True):
            at = x
            if phrase is not None:
                at = _put(made, phrase, at, y) + 4
            if text:
                _put(made, digits(text), at, y)
        return made


def _put(target: Grey, picture: Grey, x: int, y: int) -> int:
    end: int = min(target.shape[1], x + picture.shape[1])
    if end > x:
        target[y + 1 : y + 1 + picture.shape[0], x:end] = picture[:, : end - x]
    return end
