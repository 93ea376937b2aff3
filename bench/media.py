"""Made media of realistic size: 12 MP photos of some 4 MB, and videos of any length in bytes."""

import io
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from PIL import Image

WIDTH, HEIGHT = 4032, 3024


def photo_bases(count: int, rng: np.random.Generator) -> list[bytes]:
    """Return `count` JPEGs of 12 MP: smooth shapes and noise, so that they weigh about 4 MB at quality 92."""
    bases = []
    for _ in range(count):
        coarse = rng.integers(0, 255, (HEIGHT // 63, WIDTH // 63, 3), dtype=np.uint8)
        smooth = np.asarray(
            Image.fromarray(coarse).resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC), np.int16
        )
        noise = rng.normal(0, 9, (HEIGHT // 2, WIDTH // 2, 1)).astype(np.int16).repeat(2, 0).repeat(2, 1)
        picture = Image.fromarray(np.clip(smooth + noise, 0, 255).astype(np.uint8))
        buffer = io.BytesIO()
        picture.save(buffer, "JPEG", quality=92, subsampling="4:2:0")
        bases.append(buffer.getvalue())
    return bases


def vary(jpeg: bytes, number: int) -> bytes:
    """Return the same picture with a comment segment of its own, so that every file has its own digest."""
    text = f"quancheng bench {number:08d}".encode()
    return jpeg[:2] + b"\xff\xfe" + (len(text) + 2).to_bytes(2, "big") + text + jpeg[2:]


def video(path: Path, size_bytes: int, *, seed: int) -> None:
    """Write an H.264 MP4 of about `size_bytes`: a short clip, encoded once, repeated packet by packet."""
    clip = _clip(seed)
    with av.open(io.BytesIO(clip)) as source, av.open(str(path), "w", format="mp4") as target:
        stream = source.streams.video[0]
        copy = target.add_stream_from_template(stream)
        packets = [packet for packet in source.demux(stream) if packet.dts is not None]
        length = packets[-1].dts + packets[-1].duration - packets[0].dts
        raw = [(bytes(p), p.pts, p.dts, p.duration, p.is_keyframe) for p in packets]
        written, turn = 0, 0
        while written < size_bytes:
            for payload, pts, dts, duration, is_key in raw:
                packet = av.Packet(payload)
                packet.stream, packet.time_base = copy, stream.time_base
                packet.pts, packet.dts = pts + turn * length, dts + turn * length
                packet.duration, packet.is_keyframe = duration, is_key
                target.mux(packet)
                written += len(payload)
            turn += 1


def _clip(seed: int) -> bytes:
    rng = np.random.default_rng(seed)
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as target:
        stream = target.add_stream("libx264", rate=30, options={"preset": "ultrafast", "g": "60"})
        stream.width, stream.height, stream.pix_fmt = 1920, 1080, "yuv420p"
        stream.bit_rate = 12_000_000
        stream.time_base = Fraction(1, 30)
        for number in range(60):
            pixels = rng.integers(0, 255, (54, 96, 3), dtype=np.uint8).repeat(20, 0).repeat(20, 1)
            pixels[:, number * 30 : number * 30 + 60] = 255
            target.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        target.mux(stream.encode())
    return buffer.getvalue()
