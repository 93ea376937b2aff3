"""What a decoded sound is like: silent, clipped, or held at one value where it broke off.

A storage that lost a block, or a recorder that dropped a buffer, leaves zeros in the middle of a sound. A pause of
speech is never exactly zero at once and never loud just before: only what breaks off and sets in abruptly is held
against a recording, and not where a device does it all the time, as one that gates pauses.
"""

from math import isfinite
from typing import NamedTuple

import numpy as np

Samples = np.ndarray
"""Channels by samples, from -1 to 1."""

SILENT = 2.0**-14
"""Largest value of digital silence: two steps of 16 bit, which is less than the noise of any microphone."""

_RAIL = 0.99
_NEAR_ZERO = 0.02
_ABRUPT = 0.003
_HELD_S, _RAIL_S = 0.02, 0.1
_JUST_S = 0.003
"""What is just before and just after, in seconds: more than half a wave of any voice, whose zero crossings are no pause."""

_LATELY = 4096
_GATED = 10
_BLOCK = 16_384
_MUTED_S = 5.0
"""Longest stretch of nothing that is taken for a loss, in seconds; what is longer somebody may have switched off."""


class Span(NamedTuple):
    """A stretch of a sound, in seconds."""

    start_s: float
    end_s: float


class Levels:
    """Takes decoded sound piece by piece and keeps a few numbers; `is_exact` where what was stored is what comes out."""

    def __init__(self, rate: int, *, is_exact: bool) -> None:
        self.samples = self.silent = self.clipped = 0
        self.longest_silence = Span(0, 0)
        self.dropped: list[Span] = []
        self.drops = 0
        self.rate = rate
        self._is_exact = is_exact
        self._just = max(16, round(_JUST_S * rate))
        self._pieces: list[Samples] = []
        self._held_back = 0
        self._silence = 0
        self._tail: Samples | None = None
        self._lead: Samples | None = None
        self._run = self._length = 0

    def take(self, piece: Samples) -> None:
        """Take the next samples; another number of channels begins anew."""
        if self._pieces and self._pieces[0].shape[0] != piece.shape[0]:
            self.close()
        self._pieces.append(piece)
        self._held_back += piece.shape[1]
        if self._held_back >= _BLOCK:
            self._look()

    def close(self) -> None:
        """Look at what was held back."""
        if self._held_back:
            self._look()
        self._tail, self._lead, self._run = None, None, 0

    @property
    def is_silent(self) -> bool:
        """Nothing was heard from beginning to end."""
        return self.samples > 0 and self.silent == self.samples

    @property
    def is_gated(self) -> bool:
        """The device breaks pauses off all the time."""
        return self.drops > _GATED

    def _look(self) -> None:
        """Judge what was held back; what a decoder makes of noise may be no number."""
        block = self._pieces[0] if len(self._pieces) == 1 else np.concatenate(self._pieces, axis=1)
        self._pieces, self._held_back = [], 0
        loud, self._length = np.abs(block).max(axis=0), block.shape[1]
        peak = float(loud.max())
        if not isfinite(peak):
            block = np.nan_to_num(block, posinf=1.0, neginf=-1.0)
            loud = np.abs(block).max(axis=0)
            peak = float(loud.max())
        self._silences(loud)
        if peak >= _RAIL:
            rail = loud >= _RAIL
            self.clipped += int((rail[2:] & rail[1:-1] & rail[:-2]).sum())
        if self._is_exact:
            self._held(block)
        self.samples += block.shape[1]

    def _silences(self, loud: Samples) -> None:
        quiet, length = loud <= SILENT, len(loud)
        count = int(np.count_nonzero(quiet))
        self.silent += count
        if count == length:
            self._longest(self.samples - self._silence, self.samples + length)
            self._silence += length
            return
        lead, trail = int(quiet.argmin()), int(quiet[::-1].argmin())
        self._longest(self.samples - self._silence, self.samples + lead)
        longest = self.longest_silence.end_s - self.longest_silence.start_s
        if (count - lead - trail) / self.rate > longest:  # else none inside can be longer
            heard = np.flatnonzero(~quiet)
            at = int(np.diff(heard).argmax())
            self._longest(self.samples + int(heard[at]) + 1, self.samples + int(heard[at + 1]))
        self._longest(self.samples + length - trail, self.samples + length)
        self._silence = trail

    def _longest(self, start: int, end: int) -> None:
        if (end - start) / self.rate > self.longest_silence.end_s - self.longest_silence.start_s:
            self.longest_silence = Span(start / self.rate, end / self.rate)

    def _held(self, block: Samples) -> None:
        """Find runs of one value, those that go on from the block before as well."""
        tail = block[:, :1] if self._tail is None else self._tail
        whole, shift = np.concatenate((tail, block), axis=1), tail.shape[1]
        changes = np.flatnonzero((whole[:, 1:] != whole[:, :-1]).any(axis=0)) + 1
        starts = [shift - self._run, *changes[changes >= shift].tolist()]
        for at in np.flatnonzero(np.diff(starts) >= int(_HELD_S * self.rate)).tolist():
            start, end = starts[at], starts[at + 1]
            lead = self._lead if at == 0 and self._run else whole[:, max(0, start - _LATELY) : start]
            self._judge(whole, start, end, lead)
        if len(starts) > 1:
            self._lead = whole[:, max(0, starts[-1] - _LATELY) : starts[-1]].copy()
        self._run = whole.shape[1] - starts[-1]
        self._tail = whole[:, -_LATELY:].copy()

    def _judge(self, whole: Samples, start: int, end: int, lead: Samples | None) -> None:
        value, seconds = float(np.abs(whole[:, end - 1]).max()), (end - start) / self.rate
        if value >= _NEAR_ZERO:
            is_dropped = value < _RAIL or seconds >= _RAIL_S
        else:
            is_dropped = seconds <= _MUTED_S and _is_abrupt(
                lead, whole[:, end : end + self._just], self._just
            )
        if is_dropped:
            first = self.samples + start - (whole.shape[1] - self._length)
            self.drops += 1
            if len(self.dropped) < _GATED:
                self.dropped.append(Span(first / self.rate, (first + end - start) / self.rate))


def _is_abrupt(lead: Samples | None, after: Samples, just: int) -> bool:
    """As loud to the last sample before as lately, and loud at once after; a device fades out for longer than `just`."""
    if lead is None or lead.shape[1] < just or after.shape[1] == 0:
        return False
    parts = (lead[:, -10 * just :], lead[:, -just:], after, after[:, :just])
    lately, before, soon, then = (float(np.abs(part).mean()) for part in parts)
    return min(before, then) >= _ABRUPT and before >= lately / 4 and then >= soon / 8
