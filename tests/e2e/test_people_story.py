"""From an empty server to somebody at work, as an operator, an administrator and an officer meet it."""

import json
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import httpx
from playwright.sync_api import Browser, Page

from tests.axe import barriers
from tests.browser import overflows, widths, window
from tests.command import environment, serving
from tests.stand import PATIENCE_SECONDS, ROOT, free_port
from tests.web import TRUST

WORDS = "每天早上先看一遍待办"


def told(home: Path, *words: str) -> list[dict[str, object]]:
    """What a command says beside a server."""
    done = subprocess.run(
        [sys.executable, "quancheng.py", *words, "--json"],
        cwd=ROOT,
        env=environment(home),
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_from_an_empty_server_to_an_officer(home: Path, browser: Browser) -> None:
    """One link is printed at the first start and none at the second; behind it people come in, page by page, and the
    record of it has no difference."""
    port = free_port()
    with serving(home, port, "--no-demo") as one:
        url = str(one.wait_for("admission")["url"])
        assert url.startswith(f"{one.address}/console/admit/")
        assert [event["event"] for event in told(home, "admit", "--first")][-1] == "admission_known"
        with closing(window(browser)) as context:
            page = context.new_page()
            become_administrator(page, url)
            link = open_account(page, "李明", "liming", "officer")
            seen = [page.url, f"{one.address}/console/accounts", f"{one.address}/console/agencies"]
            for path in (*seen, f"{one.address}/console/account", f"{one.address}/console"):
                page.goto(path)
                assert barriers(page) == []
                assert not [size for size in widths(page) if overflows(page)], path
        with closing(window(browser)) as context:
            page = context.new_page()
            page.goto(link)
            assert barriers(page) == []
            set_password(page, WORDS)
            page.wait_for_url(f"{one.address}/console")
            assert "李明" in page.content()
            page.goto(link)
            assert "链接已使用过" in page.content()
    with serving(home, port, "--no-demo") as one:
        one.wait_for("up")
        again = str(told(home, "admit", "--address", one.address)[-1]["url"])
        assert not one.has_said("admission")
        assert not one.has_said("admission_missing")
        made = httpx.post(
            f"{one.address}/v1/admissions",
            json={"code": again.rpartition("/")[2], "login": "second", "name": "备用", "password": WORDS},
            verify=TRUST,
            timeout=PATIENCE_SECONDS,
        )
        assert made.status_code == 201
        assert told(home, "fsck")  # ends with 0: no difference


def become_administrator(page: Page, url: str) -> None:
    page.goto(url)
    assert barriers(page) == []
    for name, text in {"agency_name": "示范区司法局", "name": "张管理", "login": "zhang"}.items():
        page.fill(f"[name={name}]", text)
    set_password(page, "password1234")
    assert "常见密码" in page.content()
    assert page.input_value("[name=login]") == "zhang"
    set_password(page, WORDS)
    page.wait_for_url("**/console")


def set_password(page: Page, words: str) -> None:
    for name in ("password", "password_again"):
        page.fill(f"[name={name}]", words)
    page.click("main button.primary")


def open_account(page: Page, name: str, login: str, role: str) -> str:
    """Open an account as a person does; returns the link that is shown once."""
    page.goto(page.url.partition("/console")[0] + "/console/accounts/new")
    page.fill("[name=name]", name)
    page.fill("[name=login]", login)
    page.click("main button.primary")
    link = page.input_value("input.secret")
    page.select_option("[name=role]", role)
    page.click("main form.filters button")
    page.wait_for_selector("table.rows")
    return link
