"""For how long evidence is kept, as people read it: the class, its last day, the case and the lock."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

import httpx
import pytest

from api.console.form import final_day
from api.console.language import COOKIE as LANGUAGE
from api.deps import COOKIE
from schemas.actor import Role
from schemas.case import Case, CaseState
from schemas.ids import RecordingId
from schemas.retention import months_after
from storage.outbox import JobKind
from storage.store import Store
from tests.browser import keep, overflows, widths, window
from tests.casework import Bureau, make_bureau
from tests.everything import lock
from tests.factories import folder_url, make_account, make_settings
from tests.server import serving
from tests.stand import PATIENCE_SECONDS
from tests.supervision import drain
from tests.web import TRUST
from workers.custody import integrate

if TYPE_CHECKING:
    from playwright.sync_api import Browser

_TAG = re.compile(r"<[^>]+>")


@dataclass
class Desk:
    """A recording tied to nothing, one of an open case, one of a closed case, one whose tie was undone."""

    store: Store
    url: str
    bureau: Bureau
    token: str
    case: Case
    closed: Case
    alone: UUID
    tied: UUID
    over: UUID
    untied: UUID

    def text(self, path: str, *, language: str = "zh") -> str:
        cookies = {COOKIE: self.token, LANGUAGE: language}
        with httpx.Client(base_url=self.url, cookies=cookies, verify=TRUST, timeout=PATIENCE_SECONDS) as web:
            answer = web.get(path)
        assert answer.status_code == 200, answer.text
        return " ".join(_TAG.sub("", answer.text).split())

    def told(self, ident: UUID) -> dict[str, object]:
        with httpx.Client(base_url=self.url, verify=TRUST, timeout=PATIENCE_SECONDS) as web:
            answer = web.get(f"/v1/recordings/{ident}", headers={"Authorization": f"Bearer {self.token}"})
        found: dict[str, object] = answer.json()
        return found


@pytest.fixture(scope="module")
def desk(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    store = Store(make_settings(database_url, folder_url(tmp_path_factory.mktemp("kept"))))
    bureau = make_bureau(store)
    integrate(store)
    case, closed = bureau.open(), bureau.at(CaseState.CLOSED)
    alone, tied, untied = bureau.capture(), bureau.capture(case), bureau.capture(case)
    lock(store)
    drain(store, JobKind.RETAIN)
    with store.begin() as tx:
        seen = tx.cases.get(bureau.handler, case.id).version
        tx.cases.unlink(bureau.handler, case.id, RecordingId(untied), "关联错误", seen)
        (over,) = (one.recording_id for one in tx.cases.links(closed.id))
    drain(store, JobKind.RETAIN)
    integrate(store)
    token = make_account(store, bureau.agency, Role.HEAD)[0]
    with serving(store) as url:
        yield Desk(store, url, bureau, token, bureau.get(case), closed, alone, tied, over, untied)
    store.close()


def day(at: object) -> str:
    return _TAG.sub("", str(final_day(at)))  # type: ignore[arg-type]


def test_a_recordings_page_says_for_what_it_is_kept_and_how_far_it_is_locked(desk: Desk) -> None:
    """The class in words with its last day, never the midnight behind it; whose case; and the lock with its date."""
    with desk.store.begin() as tx:
        rows = {one: tx.recordings.known(RecordingId(one)) for one in (desk.alone, desk.untied, desk.over)}
    pages = {
        one: desk.text(f"/console/recordings/{one}")
        for one in (desk.alone, desk.tied, desk.over, desk.untied)
    }
    assert desk.closed.closed_at is not None
    until = day(months_after(desk.closed.closed_at, 360))

    routine = day(rows[desk.alone].kept_until)
    assert f"未关联：至 {routine}" in pages[desk.alone]
    assert f"存储锁至 {routine}，只能延长" in pages[desk.alone]
    assert f"案件办理中：不到期 · {desk.case.number}" in pages[desk.tied]
    assert "到期前自动续期" in pages[desk.tied]
    assert f"案件已办结：至 {until} · {desk.closed.number}" in pages[desk.over]
    assert f"未关联：至 {day(rows[desk.untied].kept_until)}" in pages[desk.untied]
    assert f"存储锁至 {day(rows[desk.untied].locked_until)}，只能延长" in pages[desk.untied]
    assert rows[desk.untied].locked_until > rows[desk.untied].kept_until
    english = desk.text(f"/console/recordings/{desk.tied}", language="en")
    assert "Of an open case: no end" in english
    assert "renewed before that by itself" in english


def test_a_case_says_for_how_long_its_evidence_is_kept(desk: Desk) -> None:
    """Open: no end; closed: its last day."""
    assert desk.closed.closed_at is not None
    until = day(months_after(desk.closed.closed_at, 360))
    for case, said in ((desk.case, "案件办理中：不到期"), (desk.closed, f"案件已办结：至 {until}")):
        assert f"证据保存期限{said}" in desk.text(f"/console/cases/{case.id}")


def test_the_interface_says_the_end_of_what_it_is_kept_for_now(desk: Desk) -> None:
    """No end is null; what the seal said stands in the log alone."""
    tied, over, alone = (desk.told(one) for one in (desk.tied, desk.over, desk.alone))

    assert (tied["retention"], tied["retain_until"], tied["retained_for"]) == (
        "open_case",
        None,
        desk.case.number,
    )
    assert (over["retention"], over["retained_for"]) == ("case", desk.closed.number)
    assert over["retain_until"] is not None
    assert (alone["retention"], alone["retained_for"]) == ("routine", None)
    assert alone["retain_until"] == alone["locked_until"] is not None
    assert str(tied["locked_until"]) > str(alone["locked_until"])


def test_the_head_marks_on_the_page_what_is_kept_for_ever(desk: Desk, browser: "Browser") -> None:
    """With a reason, which stands on the page; the class follows, and it can be taken back. Others are not offered it."""
    path = f"{desk.url}/console/recordings/{desk.alone}"
    with window(browser) as context:
        context.add_cookies([{"name": COOKIE, "value": desk.token, "url": desk.url}])
        page = context.new_page()
        page.goto(path)
        page.get_by_text("标记为永久保存").click()
        page.locator("details[open] input[name=reason]").fill("重大案件")
        page.get_by_role("button", name="标记", exact=True).click()
        page.get_by_text("取消永久保存标记").wait_for()
        drain(desk.store, JobKind.RETAIN)
        page.goto(path)
        for width in widths(page):
            keep(page, f"kept-marked-{width}")
            assert not overflows(page)
    said = desk.text(f"/console/recordings/{desk.alone}")
    assert "保存期限永久" in said
    assert "重大案件" in said
    assert "到期前自动续期" in said
    handler = make_account(desk.store, desk.bureau.agency, Role.OFFICER)[0]
    with httpx.Client(
        base_url=desk.url, cookies={COOKIE: handler}, verify=TRUST, timeout=PATIENCE_SECONDS
    ) as web:
        assert "/retention-marks" not in web.get(f"/console/recordings/{desk.alone}").text


def test_it_fits_a_desk_and_a_phone(desk: Desk, browser: "Browser") -> None:
    """At both widths, in both places; `SHOTS` keeps the pictures."""
    with window(browser) as context:
        context.add_cookies([{"name": COOKIE, "value": desk.token, "url": desk.url}])
        page = context.new_page()
        for name, path in (
            ("tied", f"recordings/{desk.tied}"),
            ("over", f"recordings/{desk.over}"),
            ("untied", f"recordings/{desk.untied}"),
            ("case", f"cases/{desk.case.id}"),
            ("closed", f"cases/{desk.closed.id}"),
        ):
            page.goto(f"{desk.url}/console/{path}")
            for width in widths(page):
                keep(page, f"kept-{name}-{width}")
                assert not overflows(page)
