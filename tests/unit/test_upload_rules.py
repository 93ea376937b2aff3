import base64
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import Gone, IntegrityBroken, Malformed, OffsetMismatch, TooLarge
from schemas.recording import retain_until
from schemas.upload import (
    LARGE_UPLOAD_BYTES,
    LAST_NUMBERS,
    MIB,
    PART_NUMBERS,
    USABLE_PARTS,
    Part,
    Upload,
    UploadState,
    check_append,
    check_parts,
    clean_filename,
    has_room,
    makes_part,
    parse_metadata,
    part_size,
)

AT = datetime(2026, 1, 1, tzinfo=UTC)


def upload(*, offset: int = 0, length: int = 100, state: UploadState = UploadState.OPEN) -> Upload:
    return Upload(
        id=UUID(int=1),
        agency_id=UUID(int=2),
        state=state,
        filename="a.jpg",
        metadata="",
        length_bytes=length,
        offset_bytes=offset,
        part_bytes=8 * MIB,
        object_key="recordings/1",
        parts_ref=None,
        tail_bytes=0,
        leases=1,
        next_part=1,
        recording_id=None,
        opened_at=AT,
        expires_at=AT,
    )


@given(st.integers(0, 5 * 1024**4))
def test_parts_never_run_out(length: int) -> None:
    """Any length up to the store's limit fits into the usable part numbers, with parts of 8 MiB or more."""
    size = part_size(length)

    assert size * USABLE_PARTS >= length
    assert size >= 8 * MIB


def test_part_size_grows_with_the_length() -> None:
    """Phones send parts of 8 MiB; from 256 MiB on parts have 32 MiB."""
    assert part_size(LARGE_UPLOAD_BYTES - 1) == 8 * MIB
    assert part_size(LARGE_UPLOAD_BYTES) == 32 * MIB


def test_offset_must_be_the_servers() -> None:
    """Another offset is refused and the right one is told."""
    with pytest.raises(OffsetMismatch) as caught:
        check_append(upload(offset=10), offset=9, content_length=1)

    assert caught.value.facts["offset"] == 10


def test_no_byte_past_the_length() -> None:
    """A body that would pass the declared length is refused before it is read."""
    check_append(upload(offset=90), offset=90, content_length=10)
    with pytest.raises(TooLarge):
        check_append(upload(offset=90), offset=90, content_length=11)


def test_expired_upload_takes_nothing() -> None:
    """An expired upload is said to be expired, not merely at another offset."""
    with pytest.raises(Gone):
        check_append(upload(state=UploadState.EXPIRED), offset=0, content_length=1)


@given(st.dictionaries(st.from_regex(r"[a-z_]{1,10}", fullmatch=True), st.text(st.characters(codec="utf-8"))))
def test_metadata_round_trip(pairs: dict[str, str]) -> None:
    """Every set of pairs reads back from its header."""
    header = ",".join(f"{k} {base64.b64encode(v.encode()).decode()}" for k, v in pairs.items())

    assert parse_metadata(header) == pairs


@pytest.mark.parametrize("header", ["a YQ==,a YQ==", "ключ YQ==", "a !!", "a YQ==,", ","])
def test_malformed_metadata(header: str) -> None:
    """Repeated or foreign keys, empty pairs and values that are not base64 are refused."""
    with pytest.raises(Malformed):
        parse_metadata(header)


@pytest.mark.parametrize(
    ("raw", "read"), [("现场".encode("gb18030"), "现场"), ("现场".encode(), "现场"), (b"\xff", "\\xff")]
)
def test_a_value_in_any_encoding_is_read(raw: bytes, read: str) -> None:
    """UTF-8 first, then the encoding of old Chinese systems, then the bytes themselves."""
    assert parse_metadata(f"filename {base64.b64encode(raw).decode()}") == {"filename": read}


def test_empty_metadata_is_allowed() -> None:
    """Stock clients send an empty header, and keys without a value."""
    assert parse_metadata("") == {}
    assert parse_metadata("a,b YQ==") == {"a": "", "b": "a"}


@given(st.text(max_size=400))
def test_filename_is_safe(name: str) -> None:
    """Whatever a client calls a file, the kept name has no folder and no control character, and is not empty."""
    cleaned = clean_filename(name)

    assert cleaned
    assert len(cleaned) <= 200
    assert not set("/\\\x00\n\r") & set(cleaned)
    assert cleaned not in {".", ".."}


@pytest.mark.parametrize(
    ("received", "until"),
    [("2026-08-31", "2027-02-28"), ("2026-01-15", "2026-07-15"), ("2026-12-01", "2027-06-01")],
)
def test_six_calendar_months(received: str, until: str) -> None:
    """Six months are calendar months, clipped to the month's last day, not 180 days."""
    at = datetime.fromisoformat(received).replace(tzinfo=UTC)

    assert retain_until(at, months=6).date().isoformat() == until


@pytest.mark.parametrize(
    ("length", "own", "promised", "fits"),
    [
        (900, 0, 0, True),
        (901, 0, 0, False),
        (1, 900, 900, False),
        (10, 0, 900, True),
        (10, 0, 5000, True),
        (11, 0, 900, False),
        (4, 7, 907, False),
        (3, 7, 907, True),
    ],
)
def test_promises_fill_the_room_but_for_a_reserve(length: int, own: int, promised: int, fits: bool) -> None:
    """Of 1,000 free bytes 900 may be promised; whoever has little open gets ten of the reserve, whatever others did."""
    assert (
        has_room(length, own_bytes=own, promised_bytes=lambda: promised, room_bytes=1000, reserve_percent=10)
        is fits
    )


def test_nobody_counts_everything_for_a_sender_with_little_open() -> None:
    """What all have promised is asked for whoever has more open than a part of the reserve, and for nobody else."""
    asked = []

    def promised() -> int:
        asked.append(True)
        return 0

    for own in (9, 10):
        assert has_room(1, own_bytes=own, promised_bytes=promised, room_bytes=1000, reserve_percent=10)
    assert len(asked) == 1


def test_a_full_house_has_no_room() -> None:
    """Where nothing is free nothing is promised, not even from the reserve."""
    assert not has_room(1, own_bytes=0, promised_bytes=lambda: 0, room_bytes=0, reserve_percent=10)


def test_a_long_file_in_short_pieces_never_runs_out_of_numbers() -> None:
    """64 GiB in pieces of 500 KiB: short parts are stored only while full ones keep twice the numbers they need."""
    length, piece, waiting = 64 * 1024 * MIB, 500 * 1024, 0
    current = upload(length=length).model_copy(update={"part_bytes": part_size(length)})
    while current.offset_bytes < length:
        fresh = min(piece, length - current.offset_bytes)
        is_part = makes_part(current, waiting + fresh, least_bytes=5 * MIB)
        waiting = 0 if is_part else waiting + fresh
        current = current.model_copy(
            update={"offset_bytes": current.offset_bytes + fresh, "next_part": current.next_part + is_part}
        )
    assert current.next_part < PART_NUMBERS - LAST_NUMBERS
    assert waiting < 32 * MIB


def parts_of(*sizes: int) -> list[Part]:
    """Parts that follow each other, under ascending numbers with gaps."""
    starts = [sum(sizes[:at]) for at in range(len(sizes))]
    return [
        Part(number=2 * at + 1, start_bytes=start, size_bytes=size, sha256=b"", etag="")
        for at, (start, size) in enumerate(zip(starts, sizes, strict=True))
    ]


@given(st.lists(st.integers(1, 100), min_size=1, max_size=6), st.data())
def test_parts_that_are_not_the_file_are_never_joined(sizes: list[int], data: st.DataObject) -> None:
    """A store joins by number: a part under another's number, one too few or one moved by a byte is refused."""
    parts, length = parts_of(*sizes), sum(sizes)
    check_parts(list(reversed(parts)), length)

    at = data.draw(st.integers(0, len(parts) - 1))
    one, next_one = parts[at], parts[at - 1]
    wrong = [
        [*parts[:at], *parts[at + 1 :]],
        [*parts[:at], one.model_copy(update={"start_bytes": one.start_bytes + 1}), *parts[at + 1 :]],
        [*parts[:at], one.model_copy(update={"size_bytes": one.size_bytes + 1}), *parts[at + 1 :]],
    ]
    if len(parts) > 1:
        swapped = {one.number: next_one.number, next_one.number: one.number}
        wrong.append(
            [part.model_copy(update={"number": swapped.get(part.number, part.number)}) for part in parts]
        )
    for some in wrong:
        with pytest.raises(IntegrityBroken, check=lambda err: err.slug == "parts-disordered"):
            check_parts(some, length)
