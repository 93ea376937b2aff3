"""From empty stores to a sealed recording by a confirmed pair, as a new user goes: `python -m tests.compose_walk`.

The processes of docker-compose.yml are started natively, by its commands and its variables, over stores in which nothing
is, with its proxy before them. Everything else is done as the README says, in a browser and by the command: the link
that `admit` prints, an agency, people by a sheet, their own links, certificates, an enrolment code, the reference device.
Prints what each step took; ends with 1 where one does not come out, or the record has a difference.
"""

import csv
import io
import json
import os
import re
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml
from playwright.sync_api import Browser, Page

from tests.browser import browsing, trust, window
from tests.media import jpeg
from tests.owner import application_of
from tests.proxied import Proxied, proxied
from tests.stand import (
    LOG_ORIGIN,
    PATIENCE_SECONDS,
    ROOT,
    Stand,
    answers,
    find_chromium,
    free_port,
    temporary_stand,
    until,
)
from tests.stand.program import find_caddy, find_certutil

SERVICES: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))[
    "services"
]
README = (ROOT / "README.md").read_text(encoding="utf-8")
SHEET = textwrap.dedent(README.partition("   ```csv\n")[2].partition("   ```")[0])
"""What the README tells a new user to paste."""
PEOPLE = list(csv.DictReader(io.StringIO(SHEET)))
AGENCY = ("示范区城市管理局", PEOPLE[0]["单位代码"])
CUSTODIAN = next(one["登录名"] for one in PEOPLE if one["角色"] == "设备保管员")
PAIR = tuple(one["登录名"] for one in PEOPLE if "执法人员" in one["角色"])
OFFICERS = [one["姓名"] for one in PEOPLE if "执法人员" in one["角色"]]
WORDS = "晨检设备再出门，{login} 记在本上"
CERTIFICATES = ("10320001001", "10320001002")


@dataclass
class Walk:
    """The processes, the browser, and where they meet."""

    stand: Stand
    folder: Path
    secrets: dict[str, str]
    proxy: Proxied
    browser: Browser
    given: dict[str, str]

    def environment(self, service: str) -> dict[str, str]:
        """What a container of this service would be given, and nothing else."""
        written = SERVICES[service].get("environment", {})
        chosen = {name: _filled(text, self.given) for name, text in written.items()}
        if SERVICES[service].get("env_file") == ".env.owner":
            chosen["MIGRATION_DATABASE_URL"] = self.stand.env["DATABASE_URL"]
        return {name: self.secrets.get(text, text) for name, text in chosen.items()}

    @contextmanager
    def person(self) -> Iterator[Page]:
        """Somebody at a browser of their own."""
        context = window(self.browser)
        try:
            yield context.new_page()
        finally:
            context.close()

    def run(self, *words: str, service: str = "admit", **more: str) -> subprocess.CompletedProcess[str]:
        """`docker compose run --rm …`: a command beside the services, with what they are given."""
        return subprocess.run(
            [sys.executable, *words],
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], "HOME": str(self.folder), **self.environment(service), **more},
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
            check=False,
        )


def _filled(text: str, given: dict[str, str]) -> str:
    return re.sub(r"\$\{(\w+):[-?]([^}]*)\}", lambda found: given.get(found[1]) or found[2], text)


def _secret_files(stand: Stand, folder: Path) -> dict[str, str]:
    folder.mkdir()
    owner = stand.env["DATABASE_URL"]
    empty = {"PERSONAL_KEY_BEFORE": "", "OIDC_CLIENT_SECRET": ""}  # of /dev/null, by default
    for name, text in (empty | stand.env | {"DATABASE_URL": application_of(owner)}).items():
        (folder / name.lower()).write_text(f"{text}\n")
    return {f"/run/secrets/{path.name}": str(path) for path in folder.iterdir()}


@contextmanager
def composed(folder: Path) -> Iterator[Walk]:
    """`docker compose --profile tls up` over empty stores; yields when the API answers through the proxy."""
    with ExitStack() as started:
        stand = started.enter_context(temporary_stand(is_apart=True))
        stand.up()
        port = free_port()
        proxy = started.enter_context(proxied(find_caddy(), f"http://127.0.0.1:{port}", folder / "proxy"))
        trust(find_certutil(), proxy.authority, folder / "person")
        browser = started.enter_context(browsing(find_chromium(), home=folder / "person"))
        given = {"CONSOLE_URL": proxy.address, "API_HOSTS": "localhost", "API_PROXIES": "127.0.0.1"}
        given |= {"LOG_ORIGIN": LOG_ORIGIN}
        walk = Walk(stand, folder, _secret_files(stand, folder / "secrets"), proxy, browser, given)
        for name in ("migrate", "admit"):
            process = stand.start(name, stand.command(name), walk.environment(name), is_alone=True)
            if process.wait(PATIENCE_SECONDS) != 0:
                raise AssertionError(_log(stand, name))
        for name in ("api", "worker", "slow-worker", "later-worker", "export-worker", "scheduler"):
            stand.start(name, stand.command(name, port=port), walk.environment(name), is_alone=True)
        until(lambda: answers(f"http://127.0.0.1:{port}/v1/health"), lambda: _log(stand, "api"))
        yield walk


def _log(stand: Stand, name: str) -> str:
    return stand.log_path(name).read_text(errors="replace")


def become_administrator(walk: Walk, page: Page) -> None:
    """The link that `docker compose logs admit` shows."""
    (link,) = re.findall(r"https://\S+/console/admit/\S+", _log(walk.stand, "admit"))
    page.goto(link)
    for name, text in {"agency_name": "示范区司法局", "name": "张管理", "login": "zhang"}.items():
        page.fill(f"[name={name}]", text)
    set_password(page, "zhang")


def set_password(page: Page, login: str) -> None:
    for name in ("password", "password_again"):
        page.fill(f"[name={name}]", WORDS.format(login=login))
    page.click("main button.primary")
    page.wait_for_url("**/console")


def open_agency(walk: Walk, page: Page) -> None:
    page.goto(f"{walk.proxy.address}/console/agencies")
    page.fill("[name=name]", AGENCY[0])
    page.fill("[name=code]", AGENCY[1])
    page.select_option("[name=kind]", "agency")
    page.click("main form button.primary")
    page.get_by_role("link", name=AGENCY[0]).wait_for()


def import_people(walk: Walk, page: Page) -> dict[str, str]:
    """The sheet as it is pasted, looked at, and taken; returns login → one-time link."""
    page.goto(f"{walk.proxy.address}/console/accounts/import")
    page.fill("[name=sheet]", SHEET)
    page.click("main form button.primary")
    page.get_by_role("button", name=f"开通 {len(PEOPLE)} 个账号").click()
    rows = page.locator("table.rows tbody tr")
    rows.first.wait_for()
    return {
        row.locator("td").nth(1).inner_text().strip(): row.locator("td").nth(2).inner_text().strip()
        for row in rows.all()
    }


def come_in(walk: Walk, links: dict[str, str]) -> None:
    """Everybody opens the own link and sets the own password."""
    for login, link in links.items():
        with walk.person() as page:
            page.goto(link)
            set_password(page, login)


def enter_certificates(walk: Walk, page: Page) -> None:
    """The custodian enters a certificate of each officer."""
    log_in(walk, page, CUSTODIAN, "/console/certificates")
    for name, number in zip(OFFICERS, CERTIFICATES, strict=True):
        page.goto(f"{walk.proxy.address}/console/certificates")
        page.select_option("[name=account_id]", label=f"{name} · {AGENCY[0]}")
        for field, text in {"number": number, "valid_from": "2024-01-01", "valid_to": "2029-12-31"}.items():
            page.fill(f"[name={field}]", text)
        with page.expect_navigation():
            page.click("form.form button.primary")
        if number not in page.content():
            raise AssertionError(page.content())


def enrolment_code(walk: Walk, page: Page) -> str:
    """What the custodian is shown once."""
    page.goto(f"{walk.proxy.address}/console/devices")
    page.get_by_role("button", name="发放注册码").click()
    return page.locator(".secret").inner_text().strip()


def log_in(walk: Walk, page: Page, login: str, path: str) -> None:
    page.goto(f"{walk.proxy.address}{path}")
    page.fill("[name=login]", login)
    page.fill("[name=password]", WORDS.format(login=login))
    page.click("main button.primary")
    page.wait_for_url(f"**{path}")


def hand_in(walk: Walk, code: str) -> str:
    """The reference device enrols and hands in; returns what became of it."""
    photo = walk.folder / "现场.jpg"
    photo.write_bytes(jpeg())
    officers = [part for number in CERTIFICATES for part in ("--officer", number)]
    words = ["--server", walk.proxy.address, "--enrol", code, *officers, "--place", "33.3475,120.1626"]
    trusted = {
        "QUANCHENG_AUTHORITY": str(walk.proxy.authority),
        "QUANCHENG_HOME": str(walk.folder / "device"),
    }
    done = subprocess.run(
        [sys.executable, "quancheng.py", "record", str(photo), *words, "--json"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "HOME": str(walk.folder), **trusted},
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    if done.returncode != 0:
        raise AssertionError(done.stdout + done.stderr)
    (found,) = map(json.loads, done.stdout.splitlines())
    if (found["state"], found["verdict"]) != ("sealed", "verified"):
        raise AssertionError(done.stdout)
    return f"{found['filename']}: {found['state']}, {found['verdict']}"


def confirm(walk: Walk) -> None:
    """Each of the two whom the recording names is asked, and says that they were there; its page says so."""
    for already, login in enumerate(PAIR, 1):
        with walk.person() as page:
            log_in(walk, page, login, "/console/presence")
            page.get_by_role("button", name="我在场", exact=True).click()
            page.wait_for_url("**/console")
            page.goto(f"{walk.proxy.address}/console/recordings")
            page.get_by_role("link", name="现场.jpg").click()
            page.get_by_role("heading", name="写明的人员", exact=True).wait_for()
            if page.get_by_text("本人确认在场", exact=True).count() != already:
                raise AssertionError(page.content())


def main() -> int:
    """Walk, and say what each step took."""
    began = last = time.monotonic()

    def told(step: str) -> None:
        nonlocal last
        now = time.monotonic()
        print(f"{now - last:7.1f} s  {step}", flush=True)
        last = now

    with TemporaryDirectory() as folder, composed(Path(folder)) as walk:
        told("the processes of docker-compose.yml over empty stores")
        begun = last
        with walk.person() as page:
            become_administrator(walk, page)
            told("first administrator by the printed link")
            open_agency(walk, page)
            told("an agency")
            links = import_people(walk, page)
        told(f"{len(links)} people by a sheet")
        come_in(walk, links)
        told("they set their passwords")
        with walk.person() as page:
            enter_certificates(walk, page)
            told("certificates of both officers by the custodian")
            code = enrolment_code(walk, page)
        told("enrolment code by the custodian")
        print(f"           {hand_in(walk, code)}")
        told("reference device: enrolled, handed in, sealed")
        confirm(walk)
        told("both officers whom it names confirm that they were there")
        print(f"{last - begun:7.1f} s  from the running processes to a sealed recording by a confirmed pair")
        for words in (("quancheng.py", "doctor"), ("quancheng.py", "fsck")):
            done = walk.run(*words, service="scheduler" if words[1] == "fsck" else "api")
            print("\n".join(f"           {line}" for line in done.stdout.strip().splitlines()[-24:]))
            if done.returncode != 0:
                print(done.stderr[-2000:])
                return 1
            told(" ".join(words[1:]))
    print(f"{time.monotonic() - began:7.1f} s  in all")
    return 0


if __name__ == "__main__":
    sys.exit(main())
