"""Frames of sound are put together in their order, whatever changes between one and the next."""

from itertools import pairwise, product

import av
import numpy as np
import pytest

from workers.media.sound.batch import Batch

KINDS = tuple(product(("fltp", "flt", "s16", "s16p"), ("mono", "stereo"), (44_100, 48_000)))
TYPES = {"fltp": np.float32, "flt": np.float32, "s16": np.int16, "s16p": np.int16}


def frame(form: str, layout: str, rate: int, samples: int = 1024) -> av.AudioFrame:
    channels = 1 if layout == "mono" else 2
    size = (channels, samples) if form.endswith("p") else (1, samples * channels)
    made = av.AudioFrame.from_ndarray(np.ones(size, TYPES[form]), format=form, layout=layout)
    made.sample_rate, made.pts = rate, 7
    return made


@pytest.mark.parametrize(("one", "other"), [*pairwise(KINDS), *pairwise(reversed(KINDS))])
def test_another_kind_begins_anew(one: tuple[str, str, int], other: tuple[str, str, int]) -> None:
    """Nothing is lost or mixed where format, channels or rate change in the middle of a sound."""
    batch = Batch()
    pieces = [piece for kind in (one, one, other, one) for piece in batch.take(frame(*kind))]
    pieces += batch.rest()
    channels = [1 if kind[1] == "mono" else 2 for kind in (one, other, one)]
    assert [piece.shape for piece in pieces] == list(zip(channels, (2048, 1024, 1024), strict=True))


def test_what_is_enough_comes_at_once() -> None:
    batch = Batch()
    assert [len(batch.take(frame("fltp", "stereo", 48_000))) for _ in range(17)] == [0] * 15 + [1, 0]
    assert [piece.shape for piece in batch.rest()] == [(2, 1024)]
    assert batch.rest() == ()
