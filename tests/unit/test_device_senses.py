"""What the reference device reads out of a file, and what it says when it cannot use it."""

import os
import struct
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mobile_contract.client.capture import CaptureWish, look_at, manifest_for, plain_name
from mobile_contract.client.device import DeviceFolder, DeviceState, Pending
from mobile_contract.client.gpx import read_track
from mobile_contract.client.mp4 import Film, read_film
from mobile_contract.client.place import parse_iso_6709, parse_place
from schemas.manifest import build_manifest, parse_manifest
from tests.make_contract import TEST_KID
from tests.media import CAPTURED_AT, exif, jpeg, mp4

AT = datetime(2020, 5, 1, 10, tzinfo=UTC)
TRACK = b"""<?xml version="1.0"?><gpx><metadata><time>2001-01-01T00:00:00Z</time></metadata><trk><trkseg>
<trkpt lat="45.5" lon="-13.25"><ele>1</ele><time> 2020-05-01T10:00:00Z </time></trkpt>
<trkpt lat="0" lon="0"><time>2021-05-01T10:00:00Z</time></trkpt></trkseg></trk></gpx>"""
STATE = DeviceState(
    device_id="d",
    kid=TEST_KID,
    agency_id="a",
    seq=0,
    prev="c0" * 32,  # type: ignore[arg-type] # any digest
    clock_offset_ms=5,
    clock_uncertainty_ms=1,
    clock_synced_at=AT,
)


def track(time: str, *, declared: str = "", name: str = "a") -> bytes:
    head = f'<?xml version="1.0" encoding="{declared}"?>' if declared else ""
    text = f'{head}<gpx><name>{name}</name><trkpt lat="33.3" lon="120.1"><time>{time}</time></trkpt></gpx>'
    return text.encode(declared or "utf-8")


def test_first_track_point_with_its_time() -> None:
    """The first point counts, not the file's own time and not later points."""
    fix = read_track(TRACK).fix
    assert fix is not None
    assert (fix.lat_e7, fix.lon_e7, fix.at) == (455_000_000, -132_500_000, AT)


def test_first_track_point_of_the_beginning_of_a_long_track() -> None:
    """A megabyte of a longer file is enough: what follows is not read."""
    whole, cut = read_track(TRACK).fix, read_track(TRACK[:160]).fix
    assert whole is not None
    assert cut == whole._replace(at=None)


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"<gpx/>",
        b"<gpx><trkpt lat='91' lon='0'/></gpx>",
        b"<gpx><trkpt lat='x' lon='0'/></gpx>",
        b"<gpx><trkpt lon='0'/></gpx>",
        b"<!DOCTYPE gpx [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;'>]><gpx><trkpt lat='1' lon='1'/></gpx>",
        b"not xml",
        b"<?xml version='1.0' encoding='euc-kr'?><gpx><trkpt lat='1' lon='1'/></gpx>",
        b"<?xml version='1.0' encoding='no-such'?><gpx><trkpt lat='1' lon='1'/></gpx>",
    ],
)
def test_what_is_no_track_gives_no_place(head: bytes) -> None:
    """Impossible numbers, document types, entities and unknown encodings end the reading without a place."""
    assert read_track(head).fix is None


@pytest.mark.parametrize("encoding", ["GBK", "gb2312", "GB18030", "big5"])
def test_a_track_in_an_encoding_of_this_country_is_read(encoding: str) -> None:
    """What a recorder here writes is a track like any other."""
    fix = read_track(track("2020-05-01T10:00:00Z", declared=encoding, name="大丰")).fix
    assert fix is not None
    assert (fix.lat_e7, fix.at) == (333_000_000, AT)


def test_a_track_s_time_with_an_offset_is_a_time_and_one_without_is_said() -> None:
    """A zone is never guessed, and nothing that stood there is passed over in silence."""
    zoned = read_track(track("2020-05-01T18:00:00+08:00")).fix
    bare = read_track(track("2020-05-01T18:00:00"))
    assert zoned is not None
    assert zoned.at == AT
    assert bare.fix is not None
    assert (bare.fix.at, bare.unread) == (None, ("2020-05-01T18:00:00",))


def test_place_by_hand() -> None:
    """LAT,LON in degrees; anything else is refused."""
    assert parse_place("33.338,120.154")[:3] == (333_380_000, 1_201_540_000, None)
    for text in ("", "1", "1,2,3", "91,0", "0,181", "nan,0", "a,b"):
        with pytest.raises(ValueError, match=r"."):
            parse_place(text)


def test_a_place_as_cameras_write_it() -> None:
    """Degrees with a sign, an altitude or not; other forms of ISO 6709 are refused, not misread."""
    assert parse_iso_6709("+33.3380+120.1540+004.2/", source="mp4")[:2] == (333_380_000, 1_201_540_000)
    for text in ("", "+3320.28+12009.24/", "33.3,120.1", "+91.0+000.0/"):
        with pytest.raises(ValueError, match=r"."):
            parse_iso_6709(text, source="mp4")


@pytest.mark.parametrize(
    "content",
    [
        track("1969-12-31T23:59:59Z"),
        track("9999-12-31T23:59:59Z"),
        track("2020-05-01T10:00:00Z", declared="GBK", name="大丰"),
        b"<?xml version='1.0' encoding='euc-kr'?><gpx><trkpt lat='1' lon='1'/></gpx>",
        b"<gpx \xff\xfe\x00",
        jpeg(64, 64, with_exif=exif(taken="0000:00:00 00:00:00")),
        jpeg(64, 64, with_exif=exif(taken="1965:01:01 00:00:00")),
        jpeg(64, 64, with_exif=exif(place=(1_000_000_000, 0))),
        b"",
    ],
)
def test_no_content_keeps_a_file_from_being_signed(content: bytes, tmp_path: Path) -> None:
    """Whatever a file says of itself, it ends in valid signed bytes with a time that can be."""
    path = tmp_path / "file"
    path.write_bytes(content)
    seen = look_at(path)
    assert parse_manifest(build_manifest(manifest_for(seen, CaptureWish(officers=()), STATE)))
    assert seen.captured_at <= datetime.now(UTC)


def test_a_track_of_1969_keeps_its_place_and_says_that_its_time_is_left_out(tmp_path: Path) -> None:
    """The place is used, the impossible time is not, and a person is told."""
    path = tmp_path / "old.gpx"
    path.write_bytes(track("1969-12-31T23:59:59Z"))
    seen = look_at(path)
    assert seen.time_source == "file-mtime"
    assert seen.fix is not None
    assert seen.fix.at is None
    assert any("1969" in sentence for sentence in seen.left_out)


def test_a_time_in_the_future_is_left_out(tmp_path: Path) -> None:
    """A film whose camera wrote local time as UTC would be quarantined as captured after its receipt."""
    path = tmp_path / "a.gpx"
    path.write_bytes(track((datetime.now(UTC) + timedelta(hours=8)).isoformat()))
    seen = look_at(path)
    assert seen.captured_at <= datetime.now(UTC)
    assert (seen.time_source, len(seen.left_out)) == ("file-mtime", 1)


@pytest.mark.parametrize("mtime", [-86_400, 4_000_000_000])
def test_a_file_written_at_an_impossible_time_takes_the_device_s_clock(mtime: int, tmp_path: Path) -> None:
    """Before 1970 and in the future are no times of capture; the manifest says where its time is from."""
    path = tmp_path / "a.bin"
    path.write_bytes(b"x")
    os.utime(path, (mtime, mtime))
    seen = look_at(path)
    assert seen.time_source == "device-clock"
    assert seen.left_out


def test_a_typed_place_holds_for_the_time_of_the_capture(tmp_path: Path) -> None:
    """An older file gets no fix later than its capture, which no position can have."""
    path = tmp_path / "a.bin"
    path.write_bytes(b"x")
    os.utime(path, (1_700_000_000, 1_700_000_000))
    place = parse_place("33.3,120.1")
    manifest = manifest_for(look_at(path, place=place), CaptureWish(officers=(), place=place), STATE)
    assert manifest.loc is not None
    assert (manifest.loc.src, manifest.loc.fix_at) == ("manual", manifest.captured_at)


def test_a_file_s_own_place_stands_before_a_typed_one(tmp_path: Path) -> None:
    """What the receiver wrote is better evidence than what is typed for a whole batch."""
    path = tmp_path / "a.gpx"
    path.write_bytes(TRACK)
    seen = look_at(path, place=parse_place("1,1"))
    assert seen.fix is not None
    assert seen.fix.source == "track"


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        ("现场.jpg".encode(), "现场.jpg"),
        (b"a\\b.jpg", "a_b.jpg"),
        (b"line\nend\x7f.jpg", "line_end_.jpg"),
        ("现场.jpg".encode("gb18030"), "现场.jpg"),
        (b"\xff\xff.jpg", "\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}.jpg"),
    ],
)
def test_any_name_becomes_one_that_a_manifest_can_carry(raw: bytes, name: str, tmp_path: Path) -> None:
    """Separators, control characters and other encodings refuse no file; what was changed is said."""
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + raw))
    path.write_bytes(b"x")
    seen = look_at(path)
    assert parse_manifest(build_manifest(manifest_for(seen, CaptureWish(officers=()), STATE)))
    assert seen.file.name == name
    assert bool(plain_name(path)[1]) == (raw != name.encode())


def test_a_name_in_another_encoding_is_found_again_in_the_memory(tmp_path: Path) -> None:
    """The unfinished capture of a file with a GBK name is kept, loaded and found."""
    path = Path(os.fsdecode(b"/tmp/" + "现场.jpg".encode("gbk")))
    one = Pending.of(path, seq=1, payload="{}", signature="a..b", sha256="ab" * 32)
    DeviceFolder(tmp_path).save(STATE.with_pending(one))
    loaded = DeviceFolder(tmp_path).load()
    assert loaded is not None
    assert loaded.find(path, "ab" * 32) == one
    assert one.file == path


def box(kind: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">I4s", len(body) + 8, kind) + body


def mvhd(seconds: int) -> bytes:
    return box(b"mvhd", struct.pack(">IIIII", 0, seconds, seconds, 1000, 1000), bytes(80))


def apple(**values: str) -> bytes:
    names = {"place": "location.ISO6709", "date": "creationdate"}
    keys = [box(b"mdta", f"com.apple.quicktime.{names[name]}".encode()) for name in values]
    items = [
        box(struct.pack(">I", number), box(b"data", struct.pack(">II", 1, 0), text.encode()))
        for number, text in enumerate(values.values(), 1)
    ]
    listed = box(b"keys", struct.pack(">II", 0, len(keys)), *keys)
    return box(b"meta", box(b"hdlr", bytes(24)), listed, box(b"ilst", *items))


def film(*parts: bytes) -> Film:
    """A film whose index stands behind its pictures, as a camera writes it."""
    return read_film(BytesIO(box(b"ftyp", b"mp42") + box(b"mdat", bytes(5000)) + box(b"moov", *parts)))


SINCE_1904 = int((AT - datetime(1904, 1, 1, tzinfo=UTC)).total_seconds())


def test_a_film_s_time_and_place_are_read_wherever_its_index_stands() -> None:
    """The header's time in UTC, and the place as Android and as Apple write it."""
    android = box(b"udta", box(b"\xa9xyz", struct.pack(">HH", 17, 0x15C7), b"+33.3380+120.1540/"))
    told = film(mvhd(SINCE_1904), android)
    assert told.fix is not None
    assert (told.at, told.fix.lat_e7, told.fix.lon_e7) == (AT, 333_380_000, 1_201_540_000)

    iphone = film(
        mvhd(SINCE_1904 + 99), apple(place="+33.3380+120.1540+004/", date="2020-05-01T18:00:00+0800")
    )
    assert iphone.fix == told.fix
    assert iphone.at == AT


def test_a_film_without_a_time_has_none_and_a_broken_one_is_said() -> None:
    """0 means "not set"; texts that are neither time nor place are named."""
    told = film(mvhd(0), apple(place="north", date="yesterday"))
    assert (told.at, told.fix, told.unread) == (None, None, ("north", "yesterday"))


def test_the_time_of_a_real_film(tmp_path: Path) -> None:
    """What an encoder wrote is what is read, and the manifest says so."""
    seen = look_at(mp4(tmp_path / "a.mp4", seconds=1))
    assert (seen.captured_at, seen.time_source) == (CAPTURED_AT, "mp4")


@given(st.binary(max_size=300))
def test_hostile_boxes_say_nothing(tail: bytes) -> None:
    """Whatever stands in the boxes, the reader ends and never raises."""
    read_film(BytesIO(tail))
    film(tail)
    film(mvhd(5), box(b"meta", tail), box(b"udta", tail))


@given(st.integers(0, 400), st.integers(1, 255))
def test_one_broken_byte_in_an_index_never_raises(place: int, change: int) -> None:
    """An index with one byte changed anywhere is read or not, without an error."""
    whole = bytearray(
        box(b"moov", mvhd(SINCE_1904), apple(place="+33.3380+120.1540/", date="2020-05-01T18:00:00+0800"))
    )
    whole[place % len(whole)] ^= change
    read_film(BytesIO(bytes(whole)))
