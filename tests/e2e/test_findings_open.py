"""A reviewer opens each finding where it lies: the second, the point, the rows – at both widths, by mouse and by key."""

import io
import wave
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

import numpy as np
import pytest

from api.deps import COOKIE
from schemas.actor import Role
from schemas.base import rfc3339
from storage.outbox import JobKind
from storage.store import Store
from tests.browser import WIDE, overflows, widths, window
from tests.casework import make_bureau
from tests.factories import folder_url, make_account, make_settings
from tests.media import pixels, truncated_jpeg
from tests.media_containers import film
from tests.media_tracks import drive, gpx_of
from tests.server import serving
from tests.supervision import drain
from workers.custody import integrate

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

BEGAN = datetime(2026, 11, 2, 1, 0, tzinfo=UTC)
SECONDS, RATE = 24, 5
COVERED, FROZEN = (6, 18), (8, 20)


class World(NamedTuple):
    """A server, who looks, and what there is to look at, by name."""

    url: str
    token: str
    idents: dict[str, UUID]


@pytest.fixture(scope="module")
def world(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("places")
    files = {
        "遮挡镜头.mp4": _filmed(folder / "covered.mp4", _covered),
        "画面定格.mp4": _filmed(folder / "frozen.mp4", _frozen),
        "无声录音.wav": _silent(20),
        "轨迹跳变.gpx": _leaping(),
        "照片损坏.jpg": truncated_jpeg(),
    }
    settings = make_settings(database_url, folder_url(folder / "objects"))
    with closing(Store(settings)) as store:
        bureau = make_bureau(store)
        idents = {}
        for number, (name, payload) in enumerate(files.items()):
            at = rfc3339(BEGAN + timedelta(seconds=20 * number))
            idents[name] = bureau.device.capture(name, payload, captured_at=at)
        drain(store, JobKind.VERIFY)
        integrate(store)
        token, _ = make_account(store, bureau.agency, Role.HEAD)
        with serving(store) as url:
            yield World(url, token, idents)


def _filmed(path: Path, frame: object) -> bytes:
    return film(path, seconds=SECONDS, rate=RATE, frame=frame).read_bytes()  # type: ignore[arg-type] # a maker of frames


def _scene(number: int) -> np.ndarray:
    return np.roll(pixels(320, 240), number * 4, axis=1)


def _covered(number: int) -> np.ndarray:
    is_covered = COVERED[0] * RATE <= number <= COVERED[1] * RATE
    return np.zeros((240, 320, 3), np.uint8) if is_covered else _scene(number)


def _frozen(number: int) -> np.ndarray:
    is_still = FROZEN[0] * RATE <= number <= FROZEN[1] * RATE
    return _scene(FROZEN[0] * RATE if is_still else number)


def _silent(seconds: int) -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as written:
        written.setnchannels(1)
        written.setsampwidth(2)
        written.setframerate(8000)
        written.writeframes(bytes(2 * 8000 * seconds))
    return out.getvalue()


def _leaping() -> bytes:
    rows = drive(60)
    return gpx_of([*rows[:40], *((lat + 0.5, lon, at) for lat, lon, at in rows[40:])])


@pytest.fixture
def page(world: World, browser: "Browser") -> Iterator["Page"]:
    """A window of the head; whatever the console of the browser says against our pages fails the test."""
    with window(browser, size=WIDE) as context:
        context.add_cookies([{"name": COOKIE, "value": world.token, "url": world.url}])
        made = context.new_page()
        said: list[str] = []
        made.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
        made.on("pageerror", lambda error: said.append(str(error)))
        yield made
        assert said == []


def opened(page: "Page", world: World, name: str) -> str:
    """Open the content of a recording by the form that asks why; returns its address."""
    address = f"{world.url}/console/recordings/{world.idents[name]}"
    page.goto(address)
    if page.get_by_role("button", name="打开查看").count():
        page.get_by_role("button", name="打开查看").click()
        page.wait_for_load_state("networkidle")
    return address


def ready(page: "Page") -> None:
    page.wait_for_function("() => document.querySelector('video, audio').readyState >= 1")


def second(page: "Page") -> float:
    return float(page.locator("video, audio").evaluate("(one) => one.currentTime"))


@pytest.mark.parametrize(
    ("name", "code", "at"),
    [("遮挡镜头.mp4", "content-black-part", COVERED), ("画面定格.mp4", "content-frozen", FROZEN)],
)
def test_a_film_opens_at_the_second(
    page: "Page", world: World, name: str, code: str, at: tuple[int, int]
) -> None:
    """A covered lens, a frozen picture: the link, the line of time and the key go to its beginning, at both widths."""
    opened(page, world, name)
    ready(page)
    link = page.locator(f"a.place[data-finding={code}]")
    for width in widths(page):
        page.locator("video").evaluate("(one) => { one.currentTime = 1 }")
        link.click()
        assert second(page) == pytest.approx(at[0], abs=1.1)
        assert page.locator(f".film a[data-finding={code}]").get_attribute("aria-current") == "true"
        assert not overflows(page), width
    lane = page.locator(".film svg.black a, .film svg.frozen a").first
    lane.focus()
    page.keyboard.press("Enter")
    assert second(page) == pytest.approx(at[0], abs=1.1)
    page.keyboard.press(".")
    page.keyboard.press(".")
    after = second(page)
    page.keyboard.press(",")
    assert after - second(page) == pytest.approx(1 / RATE, abs=0.01)
    page.keyboard.press("+")
    assert page.locator("video").evaluate("(one) => one.playbackRate") == 1.5


def test_silence_is_shown_on_its_line(page: "Page", world: World) -> None:
    """A sound without a sound: the finding is about all of it, and n goes to its beginning."""
    opened(page, world, "无声录音.wav")
    ready(page)
    page.locator("audio").evaluate("(one) => { one.currentTime = 9 }")
    page.keyboard.press("n")
    assert second(page) == pytest.approx(0, abs=0.1)
    assert page.locator(".film svg.silent a").count() == 1
    assert page.locator(".film a[data-finding=sound-silent]").get_attribute("aria-current") == "true"


def test_a_leap_opens_on_its_points(page: "Page", world: World) -> None:
    """The link leads to the two points of the step: a dashed line, their numbers, and the speed between them."""
    opened(page, world, "轨迹跳变.gpx")
    page.locator("a.place[data-finding=track-teleport]").click()
    shown = page.locator("#at-track-teleport")
    assert page.url.endswith("#at-track-teleport")
    assert shown.locator("line.leap").count() == 1
    assert shown.locator("tr.named td:first-child").all_inner_texts() == ["40", "41"]
    assert "公里/小时" in shown.locator("tr.named").last.inner_text()
    for width in widths(page):
        assert not overflows(page), width


def test_damage_of_a_photo_is_framed(page: "Page", world: World) -> None:
    """The rows that a cut photo lost are framed on the picture, as large as it is shown at either width."""
    opened(page, world, "照片损坏.jpg")
    region = page.locator("[data-region=jpeg-damaged]")
    for width in widths(page):
        picture, frame = page.locator(".framed img").bounding_box(), region.bounding_box()
        assert picture is not None
        assert frame is not None
        assert frame["width"] == pytest.approx(picture["width"], abs=1.5)
        assert frame["height"] == pytest.approx(picture["height"], abs=1.5)
        assert not overflows(page), width
    assert "行起" in page.locator("a.place[data-finding=jpeg-damaged]").inner_text()


def test_without_a_script_the_same_links_open_there(world: World, browser: "Browser") -> None:
    """The form that asks why leads on to the finding; the address of the film carries the second as a fragment."""
    with window(browser, java_script_enabled=False) as context:
        context.add_cookies([{"name": COOKIE, "value": world.token, "url": world.url}])
        page = context.new_page()
        page.goto(f"{world.url}/console/recordings/{world.idents['画面定格.mp4']}?finding=content-frozen")
        if page.get_by_role("button", name="打开查看").count():
            page.get_by_role("button", name="打开查看").click()
        assert "?finding=content-frozen" in page.url
        source = page.locator("video").get_attribute("src") or ""
        assert f"#t={FROZEN[0]}," in source
        assert page.locator(".steer").is_hidden()


def test_neighbours_stand_beside(page: "Page", world: World) -> None:
    """What the device recorded before and after, with the time between, or by how much they overlap."""
    opened(page, world, "画面定格.mp4")
    beside = page.locator("#neighbours")
    assert beside.get_by_text("遮挡镜头.mp4").is_visible()
    assert beside.get_by_text("无声录音.wav").is_visible()
    assert beside.get_by_text("重叠 4.0 秒").count() == 2
