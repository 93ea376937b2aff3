"""Headers of MPEG audio (ISO/IEC 11172-3, 13818-3), of AAC in ADTS (ISO/IEC 14496-3, 1.A), and of AMR (RFC 4867, 5.3)."""

from workers.media.sound.sound_frames import Frame

_V1_L1 = (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448)
_V1_L2 = (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384)
_V1_L3 = (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_V2_L1 = (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256)
_V2 = (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_KBPS = {(1, 1): _V1_L1, (1, 2): _V1_L2, (1, 3): _V1_L3, (2, 1): _V2_L1, (2, 2): _V2, (2, 3): _V2}
_MP3_RATES = (44_100, 48_000, 32_000)
_AAC_RATES = (
    96_000,
    88_200,
    64_000,
    48_000,
    44_100,
    32_000,
    24_000,
    22_050,
    16_000,
    12_000,
    11_025,
    8_000,
    7_350,
)
_NARROW = (12, 13, 15, 17, 19, 20, 26, 31, 5)
_WIDE = (17, 23, 32, 36, 40, 46, 50, 58, 60, 5)
_NO_DATA = 15
_LOST = 14
_V2_BITS, _V1_BITS, _RESERVED = 2, 3, 1


def mpeg(head: bytes) -> Frame | None:
    """Read the header of an MPEG audio frame of any layer; one of free bit rate does not say its length."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:  # noqa: PLR2004
        return None
    bits, layer = head[1] >> 3 & 3, 4 - (head[1] >> 1 & 3)
    rate_at, speed = head[2] >> 2 & 3, head[2] >> 4
    if bits == _RESERVED or layer == 4 or rate_at == 3 or not 0 < speed < 15:  # noqa: PLR2004
        return None
    version = 1 if bits == _V1_BITS else 2
    rate = _MP3_RATES[rate_at] >> (0 if bits == _V1_BITS else 1 if bits == _V2_BITS else 2)
    bit_rate, padding = _KBPS[version, layer][speed - 1] * 1000, head[2] >> 1 & 1
    kind = bits << 8 | layer << 4 | rate_at
    if layer == 1:
        return Frame((12 * bit_rate // rate + padding) * 4, 384, rate, kind)
    samples = 576 if version == 2 and layer == 3 else 1152  # noqa: PLR2004
    return Frame(samples // 8 * bit_rate // rate + padding, samples, rate, kind)


def is_free(head: bytes) -> bool:
    """Say whether an MPEG audio frame of free bit rate begins here: its length shows only where the next one begins."""
    return len(head) > 2 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0 and head[2] >> 4 == 0  # noqa: PLR2004


def adts(head: bytes) -> Frame | None:
    """Read the header of an AAC frame."""
    if len(head) < 7 or head[0] != 0xFF or head[1] & 0xF6 != 0xF0:  # noqa: PLR2004
        return None
    rate_at = head[2] >> 2 & 0xF
    size = (head[3] & 3) << 11 | head[4] << 3 | head[5] >> 5
    if rate_at >= len(_AAC_RATES) or size < 7:  # noqa: PLR2004
        return None
    kind = (head[1] & 0x08) << 8 | (head[2] & 0xFD) << 2 | head[3] >> 6
    return Frame(size, 1024 * (1 + (head[6] & 3)), _AAC_RATES[rate_at], kind)


def amr_narrow(head: bytes) -> Frame | None:
    """Read the first byte of a narrow-band AMR frame."""
    return _amr(head, _NARROW, 8_000)


def amr_wide(head: bytes) -> Frame | None:
    """Read the first byte of a wide-band AMR frame."""
    return _amr(head, _WIDE, 16_000)


def _amr(head: bytes, sizes: tuple[int, ...], rate: int) -> Frame | None:
    """Bits outside of type and quality are zero, and a frame that holds speech is of good quality: bad ones are damage."""
    if not head or head[0] & 0x83:
        return None
    number, is_good = head[0] >> 3 & 0xF, bool(head[0] & 4)
    if number == _NO_DATA or (number == _LOST and sizes is _WIDE):
        return Frame(1, rate // 50, rate, 0, is_pause=True)
    if number >= len(sizes) or not is_good:
        return None
    return Frame(1 + sizes[number], rate // 50, rate, 0, is_pause=number == len(sizes) - 1)
