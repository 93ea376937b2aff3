"""A second factor and a single sign-on in a real browser: the picture is scanned, the issuer is another process."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import cv2
import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from api.settings import ApiSettings
from api.sso_settings import SsoSettings
from schemas.actor import Actor, Role
from storage.store import Store, utc_now
from tests.authenticator import code_of, secret_of
from tests.axe import barriers
from tests.browser import overflows, widths, window
from tests.factories import PASSWORD, folder_url, make_account, make_agency, make_settings
from tests.issuer import CLIENT, SECRET, real_issuer
from tests.server import serving
from tests.stand import MissingPartError, free_port, is_ci


@pytest.fixture
def store(database_url: str, tmp_path: Path) -> Iterator[Store]:
    settings = make_settings(database_url, folder_url(tmp_path), second_factor_roles="admin")
    with closing(Store(settings)) as made:
        yield made


def begin(page: Page, actor: Actor) -> None:
    page.fill("[name=login]", actor.login)
    page.fill("[name=password]", PASSWORD)
    page.click("main button.primary")


def assert_fit(page: Page) -> None:
    """The page stands no barrier in the way, and nothing sticks out, wide and narrow."""
    assert barriers(page) == []
    assert not [size for size in widths(page) if overflows(page)]


def scanned(page: Page) -> bytes:
    """What a phone reads off the screen."""
    shot = cv2.imdecode(np.frombuffer(page.locator(".scan img").screenshot(), np.uint8), cv2.IMREAD_COLOR)
    assert shot is not None
    text, _, _ = cv2.QRCodeDetector().detectAndDecode(cv2.resize(shot, None, fx=3, fy=3))
    return secret_of(parse_qs(urlsplit(text).query)["secret"][0])


def test_a_second_factor_in_a_browser(browser: Browser, store: Store) -> None:
    """Whoever needs one scans the picture behind the password, notes ten codes, and comes in by one of them next time."""
    _, admin = make_account(store, make_agency(store), Role.ADMIN)
    with serving(store) as address, closing(window(browser)) as context:
        page = context.new_page()
        page.goto(f"{address}/console/accounts")
        begin(page, admin)
        expect(page.locator("h1")).to_have_text("先启用两步验证")
        assert_fit(page)
        page.fill("[name=factor_code]", code_of(scanned(page), utc_now()))
        page.click("main button.primary")
        expect(page.locator(".codes li")).to_have_count(10)
        assert_fit(page)
        codes = page.locator(".codes li").all_inner_texts()
        page.click("main a.primary")
        page.wait_for_url(f"{address}/console/accounts")
        page.goto(f"{address}/console/account")
        expect(page.locator("main")).to_contain_text("恢复码还剩 10 个")
        assert_fit(page)
        page.goto(f"{address}/console/account/factor")
        assert_fit(page)

        page.click("header form[action$=logout] button")
        begin(page, admin)
        expect(page.locator("h1")).to_have_text("输入验证码")
        assert_fit(page)
        page.fill("[name=factor_code]", "000000")
        page.click("main button.primary")
        expect(page.get_by_role("alert")).to_contain_text("验证码不正确")
        page.fill("[name=factor_code]", codes[0])
        page.click("main button.primary")
        page.wait_for_url(f"{address}/console")
        page.goto(f"{address}/console/account")
        expect(page.locator("main")).to_contain_text("恢复码还剩 9 个")
        page.click("header form[action$=language] button")
        expect(page.locator("main")).to_contain_text("recovery codes left: 9")


def test_a_single_sign_on_by_a_real_issuer(browser: Browser, store: Store) -> None:
    """The provider asks for PKCE and is another site; whom it names comes in and goes, whom nobody knows is told."""
    _, officer = make_account(store, make_agency(store), Role.OFFICER)
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    try:
        issuing = real_issuer(f"{address}/console/sso/callback")
        with issuing as issuer:
            sso = SsoSettings(issuer=issuer, client_id=CLIENT, client_secret=SECRET)
            with (
                serving(store, ApiSettings(), sso=sso, port=port),
                closing(window(browser)) as context,
                closing(window(browser)) as elsewhere,
            ):
                page = context.new_page()
                page.goto(f"{address}/console/recordings")
                assert_fit(page)
                _at_the_issuer(page, officer.login)
                page.wait_for_url(f"{address}/console/recordings")
                page.goto(f"{address}/console/account")
                expect(page.locator("main")).to_contain_text("凭统一认证")
                page.click("header form[action$=logout] button")
                page.wait_for_url(f"{address}/console/login")

                stranger = elsewhere.new_page()
                stranger.goto(f"{address}/console/login")
                _at_the_issuer(stranger, "nobody-here")
                expect(stranger.get_by_role("alert")).to_contain_text("没有与您对应的在用账号")
                assert_fit(stranger)
    except MissingPartError as why:
        if is_ci():
            raise
        pytest.skip(f"no provider: {why}")


def _at_the_issuer(page: Page, name: str) -> None:
    """Press our button, log in at the provider's own form, and agree."""
    page.click("form[action$='/sso'] button")
    page.fill("[name=login]", name)
    page.fill("[name=password]", "anything")
    page.click("button[type=submit]")
    page.click("button[type=submit]:has-text('Continue')")
