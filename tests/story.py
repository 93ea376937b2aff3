"""One case from a weigh-bridge to the supervisor, told by its own people in their browsers."""

import json
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from quancheng_demo import NUMBER, SITE
from schemas.base import rfc3339
from storage.store import utc_now
from tests import media as made
from tests.axe import barriers
from tests.browser import keep, overflows, widths, window
from tests.monitoring import jpeg_media
from tests.stand import PATIENCE_SECONDS, ROOT, until
from tests.web import TRUST

OFFICERS = ("10320002001", "10320002002")
CASE = "示交立字〔2026〕第088号"
UNRECORDED = (
    "不适用：当事人未要求听证",
    "纸质集体讨论笔录在卷，未扫描",
    "决定书与本决定同日制发",
)
"""Why the head says that the hearing, the discussion and the written decision are not recorded."""
PLATE = "苏J0W888"
PARTY, PARTY_CODE, PHONE = "某某建材公司", "91320903MA1DEM001U", "13805109988"
"""Who is weighed, and where they are told: in clear in no table and no log."""
DICE = "3 5 6 1 4"


@dataclass
class Person:
    """Somebody at a browser of their own."""

    page: Page
    address: str
    complaints: list[str] = field(default_factory=list)

    def open(self, path: str) -> None:
        self.page.goto(self.address + path)

    def shoot(self, name: str) -> None:
        """Keep the page at both widths, and hold that nothing sticks out sideways or keeps anybody out."""
        for width in widths(self.page):
            keep(self.page, f"story-{name}-{width}")
            assert not overflows(self.page), name
            assert barriers(self.page) == [], name

    def press(self, name: str) -> None:
        with self.page.expect_navigation():
            self.page.locator("main").get_by_role("button", name=name, exact=True).first.click()

    def take(self, name: str) -> None:
        """Open a legal act, which says what it fixes, and confirm it."""
        act = self.page.locator("main details.step").filter(has=self.page.get_by_text(name, exact=True))
        if act.get_attribute("open") is None:
            act.locator("summary").click()
        with self.page.expect_navigation():
            act.get_by_role("button", name=f"确认{name}", exact=True).click()

    def key(self, name: str) -> None:
        """Go to a button by its key, which does nothing by itself, and confirm it."""
        self.page.keyboard.press(name)
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")

    def sees(self, text: str) -> None:
        expect(self.page.locator("main")).to_contain_text(text)


@dataclass
class Story:
    """The product somewhere, its people's passwords, and what has happened so far."""

    browser: Browser
    address: str
    passwords: dict[str, str]
    folder: Path
    environment: dict[str, str]
    is_pictured: bool
    record: str = ""
    case: str = ""
    audit: str = ""
    member: str = ""
    people: ExitStack = field(default_factory=ExitStack)
    seated: dict[str, Person] = field(default_factory=dict)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, err: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.people.close()

    def person(self, login: str) -> Person:
        """Somebody logs in, or comes back to the window where they did, and is at home."""
        if login in self.seated:
            self.seated[login].open("/console")
            return self.seated[login]
        context = window(self.browser)
        self.people.callback(context.close)
        one = Person(context.new_page(), self.address)
        one.page.on("pageerror", lambda error: one.complaints.append(str(error)))
        one.open("/console")
        one.page.get_by_label("用户名").fill(login)
        one.page.get_by_label("密码").fill(self.passwords[login])
        one.page.get_by_role("button", name="登录").click()
        one.page.wait_for_url("**/console")
        self.seated[login] = one
        return one

    def picture(self, one: Person, name: str) -> None:
        if self.is_pictured:
            one.shoot(name)

    def api(self, login: str) -> httpx.Client:
        """The same person at the API."""
        client = self.people.enter_context(
            httpx.Client(base_url=self.address, verify=TRUST, timeout=PATIENCE_SECONDS)
        )
        wish = {"login": login, "password": self.passwords[login]}
        answer = client.post("/v1/sessions", json=wish)
        answer.raise_for_status()
        client.headers["Authorization"] = f"Bearer {answer.json()['token']}"
        return client

    def command(self, *words: str, **extra: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, str(ROOT / "quancheng.py"), *words],
            env={**self.environment, **extra},
            cwd=ROOT,
            check=False,
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
        )

    def tell(self) -> None:
        """From the truck on the scale to the fault that was mended."""
        self.a_truck_is_weighed()
        self.two_people_review_it()
        self.it_opens_a_case()
        self.two_officers_record_on_site()
        self.the_reviewer_returns_it_once()
        self.it_is_passed_decided_and_closed()
        self.the_supervisor_draws_it()
        self.an_inspector_finds_a_fault()
        self.the_agency_mends_it()
        self.the_case_verifies_offline()

    def a_truck_is_weighed(self) -> None:
        row = {
            "equipment": NUMBER,
            "record_id": "story-1",
            "captured_at": rfc3339(utc_now() - timedelta(minutes=3)),
            "matter": "超限运输",
            "place": SITE,
            "plate": PLATE,
            "party": PARTY,
            "party_code": PARTY_CODE,
            "lat_e7": 333_475_000,
            "lon_e7": 1_201_626_000,
            "crs": "WGS84",
            "values": [{"name": "gross_weight", "value": "58300", "unit": "kg", "limit": "49000"}],
            "media": [jpeg_media(made.jpeg(640, 400))],
        }
        source = self.api(self.passwords["source"])
        answer = source.post("/v1/monitoring/records", content=json.dumps(row).encode())
        assert answer.json()["received"] == 1, answer.text
        self.record = answer.json()["rows"][0]["id"]
        reader = self.api("liu")

        def is_sealed() -> bool:
            found = reader.get(f"/v1/monitoring/records/{self.record}").json()
            return all(one["state"] == "sealed" for one in found["recordings"])

        until(is_sealed, "the picture of the scale is sealed")

    def two_people_review_it(self) -> None:
        for login, stage in (("liu", "first"), ("xu", "second")):
            one = self.person(login)
            self.picture(one, f"home-{login}")
            one.page.locator(f"a.row[href*='stage={stage}']").click()
            self.picture(one, f"queue-{stage}")
            one.open(f"/console/monitoring/{self.record}")
            one.press("打开查看原图 o")
            expect(one.page.locator(".media img[src*='/media?look=']").first).to_be_visible()
            self.picture(one, f"record-{stage}")
            one.key("v")
            one.open(f"/console/monitoring/{self.record}")
            assert one.complaints == []
        one.sees("可以作为证据关联案件")

    def it_opens_a_case(self) -> None:
        chen = self.person("chen")
        chen.open(f"/console/monitoring/{self.record}")
        chen.page.get_by_label("由本记录登记线索（案源），案号").fill(CASE)
        chen.press("登记线索（案源）")
        chen.sees("尚未登记告知当事人的情况")
        chen.page.get_by_text("登记一次告知").click()
        chen.page.get_by_label("凭证").fill(f"短信 {PHONE}")
        chen.press("登记告知")
        self.picture(chen, "record-handler")
        chen.page.get_by_label("由本记录登记线索（案源），案号").fill(CASE)
        chen.press("登记线索（案源）")
        chen.page.wait_for_url("**/console/cases/*")
        self.case = chen.page.url.rsplit("/", 1)[1]
        zhang = self.person("zhang")
        self.picture(zhang, "home-head")
        zhang.open(f"/console/cases/{self.case}")
        zhang.take("立案")
        chen.open(f"/console/cases/{self.case}")
        chen.press("开始调查")
        chen.sees("调查取证")

    def two_officers_record_on_site(self) -> None:
        keeper = self.person("he")
        keeper.open("/console/devices")
        keeper.press("发放注册码")
        code = keeper.page.locator(".secret").inner_text()
        photos = [self.folder / f"现场-{number}.jpg" for number in (1, 2)]
        for number, photo in enumerate(photos):
            photo.write_bytes(made.jpeg(800 + number, 600, with_exif=Image.Exif()))
        officers = [word for number in OFFICERS for word in ("--officer", number)]
        done = self.command(
            "record", *map(str, photos), "--server", self.address, "--json", "--case", CASE, *officers,
            "--enrol", code, "--state", str(self.folder / "device"),
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr

    def the_reviewer_returns_it_once(self) -> None:
        chen = self.person("chen")
        chen.open(f"/console/cases/{self.case}")
        self._concludes(chen)
        chen.take("提交法制审核")
        chen.sees("不能提交法制审核")
        for text in ("该车于上述时间地点超限行驶", "当事人为该车所有人"):
            chen.page.get_by_label("增加待证事实").fill(text)
            chen.press("增加")
        chen.page.locator("#facts").get_by_text("选择证据").first.click()
        chen.page.locator(f"#facts input[value='monitoring/{self.record}']").first.check()
        chen.press("作为证据")
        chen.take("提交法制审核")
        chen.sees("法制审核")
        xu = self.person("xu")
        self.picture(xu, "home-reviewer")
        xu.open("/console/reviews")
        self.picture(xu, "reviews")
        xu.page.get_by_role("link", name=CASE).click()
        xu.sees("还不能作出行政处罚决定")
        self.picture(xu, "review-first")
        xu.page.get_by_label("总体说明").fill("车主身份未证明")
        xu.press("退回补充（补正） s")
        xu.sees("没有说明，或退回补充、审核不同意时没有列明理由")
        xu.page.get_by_label("理由", exact=True).first.fill("请补充车辆所有人的证据")
        xu.page.get_by_label("总体说明").press("Tab")
        xu.page.locator("h1").click()
        xu.key("s")
        xu.sees("本轮意见已给出")

    def _concludes(self, chen: Person) -> None:
        """Answer each kind of art. 58, propose a penalty, and end the investigation."""
        kinds = chen.page.get_by_role("radiogroup")
        for number in range(kinds.count()):
            kinds.nth(number).get_by_label("是" if number == 2 else "否", exact=True).check()
            kinds.nth(number).get_by_role("textbox").fill(
                "车主与驾驶人不一，关系待查" if number == 2 else "无此情形"
            )
        chen.page.get_by_label("建议的处理结果").select_option("penalty")
        self.picture(chen, "case-conclude")
        chen.press("调查终结")
        chen.sees("行政处罚法第五十八条所列情形")

    def it_is_passed_decided_and_closed(self) -> None:
        chen, xu, zhang = (self.person(login) for login in ("chen", "xu", "zhang"))
        chen.open(f"/console/cases/{self.case}")
        chen.sees("请补充车辆所有人的证据")
        self._concludes(chen)
        chen.take("提交法制审核")
        chen.sees("还有未答复的理由")
        chen.page.get_by_label("答复").fill("已补充现场照片，记明所有人")
        chen.press("提交答复")
        chen.page.locator("#facts").get_by_text("选择证据").nth(1).click()
        chosen = chen.page.locator("#facts details[open]")
        chosen.locator("input[value^='recording/']").first.check()
        chosen.get_by_role("button", name="作为证据").click()
        self.picture(chen, "case-handler")
        chen.take("提交法制审核")
        zhang.open(f"/console/cases/{self.case}")
        zhang.sees("法制审核未通过")
        xu.open("/console/reviews")
        xu.page.get_by_role("link", name=CASE).click()
        xu.sees("待证事实均有证据")
        self.picture(xu, "review-second")
        xu.page.get_by_label("总体说明").fill("事实清楚，证据充分")
        xu.press("审核通过 v")
        xu.sees("本轮意见已给出")
        self.the_procedure_is_recorded(chen)
        zhang.open(f"/console/cases/{self.case}")
        zhang.page.get_by_label("处理结果").select_option("penalty")
        zhang.page.get_by_label("罚款", exact=True).check()
        zhang.page.get_by_label("罚款金额（元）").fill("50000")
        boxes = zhang.page.get_by_label("未记录的理由")
        assert boxes.count() == len(UNRECORDED)
        for place, reason in enumerate(UNRECORDED):
            boxes.nth(place).fill(reason)
        self.picture(zhang, "decide")
        zhang.press("作出决定")
        zhang.sees("罚款 50,000 元")
        for reason in UNRECORDED:
            zhang.sees(f"未记录的理由：{reason}")
        chen.open(f"/console/cases/{self.case}")
        chen.page.get_by_label("未记录的理由").fill("当事人下落不明，公告送达期间未满")
        chen.press("结案")
        chen.sees("已结案")
        self.picture(chen, "case-closed")

    def the_procedure_is_recorded(self, chen: Person) -> None:
        """Two duties are recorded by their documents; the others are left for the head to answer for."""
        papers = (("notice", "行政处罚事先告知书"), ("plea", "陈述申辩笔录"))
        for formality, title in papers:
            chen.open(f"/console/cases/{self.case}")
            chen.page.locator("#procedure summary", has_text="登记程序文书").click()
            chen.page.locator("#procedure select[name=formality]").select_option(formality)
            chen.page.get_by_label("文书名称").fill(title)
            chen.page.get_by_label("文书日期").fill("2026-01-05")
            chen.page.locator("#procedure").get_by_role("button", name="登记", exact=True).click()
            chen.sees(title)
        self.picture(chen, "procedure")

    def the_supervisor_draws_it(self) -> None:
        wu, ding = self.person("wu"), self.person("ding")
        wu.open("/console/audits/new")
        self.picture(wu, "audit-new")
        happens = self._frozen(wu)
        wu.sees("下一步：录入公开随机值")
        until(lambda: utc_now() > happens, "the public event takes place")
        self._keep_pressing(wu, "录入")
        self._keep_pressing(ding, "核对")
        self._keep_pressing(wu, "抽样")
        wu.sees("任何人都能重演")
        reader = self.api("wu")

        def is_rechecked() -> bool:
            sample = reader.get(f"/v1/audits/{self.audit}").json()["sample"]
            return all(not one["rechecks"].get("waiting") for one in sample)

        until(is_rechecked, "what was drawn is re-hashed")
        for name in ("丁评查", "冯评查"):
            wu.open(f"/console/audits/{self.audit}")
            option = wu.page.locator("select[name=account_id] option", has_text=name)
            wu.page.locator("select[name=account_id]").select_option(value=option.get_attribute("value"))
            wu.press("指派")
        wu.open(f"/console/audits/{self.audit}")
        self.picture(wu, "audit-drawn")
        drawn = self.command_redraw(reader)
        assert drawn["holds"] is True
        assert self.case in drawn["sample"]
        self.member = self.case

    def _frozen(self, wu: Person) -> datetime:
        """Draw up an audit and freeze it; returns when its public event takes place.

        It has to be frozen before: where the machine was slower than that, another one is drawn up with more time.
        """
        for turn, seconds in enumerate((15, 60, 240)):
            wu.open("/console/audits/new")
            happens = utc_now() + timedelta(seconds=seconds)
            self._draw_up(wu, happens)
            if turn == 0:
                self.picture(wu, "audit-defined")
            wu.press("冻结抽查范围")
            if wu.page.get_by_role("alert").count() == 0:
                return happens
        raise AssertionError(wu.page.get_by_role("alert").inner_text())

    def _draw_up(self, wu: Person, happens: datetime) -> None:
        today = (utc_now() + timedelta(hours=8)).strftime("%Y-%m-%d")
        for label, text in (
            ("名称", "超限案卷评查"),
            ("时段从", today),
            ("到（含当日）", today),
            ("公开随机事件的名称", "监督科公开掷骰"),
        ):
            wu.page.get_by_label(label, exact=True).fill(text)
        wu.page.get_by_label("被查单位").select_option(label="示范区交通运输局")
        shown = (happens + timedelta(hours=8)).strftime("%Y-%m-%dT%H:%M:%S")
        wu.page.get_by_label("公开事件的时间（东八区）").fill(shown)
        wu.press("拟定")
        wu.page.wait_for_url("**/console/audits/*")
        self.audit = wu.page.url.rsplit("/", 1)[1]

    def _keep_pressing(self, one: Person, button: str) -> None:
        """Try until the public event has taken place and the log has taken the step before."""

        def has_gone_on() -> bool:
            one.open(f"/console/audits/{self.audit}")
            field_ = one.page.locator(".next-step input[name=value]")
            if field_.count():
                field_.fill(DICE)
            one.press(button)
            return one.page.get_by_role("alert").count() == 0

        until(has_gone_on, lambda: str(one.page.get_by_role("alert").inner_text()))

    def command_redraw(self, reader: httpx.Client) -> dict:
        draw, trust = self.folder / "draw.json", self.folder / "trust.json"
        until(lambda: reader.get(f"/v1/audits/{self.audit}/draw").is_success, "the draw is in the log")
        draw.write_text(reader.get(f"/v1/audits/{self.audit}/draw").text)
        trust.write_text(reader.get("/v1/trust").text)
        done = self.command("redraw", str(draw), "--trust", str(trust), "--json")
        assert done.returncode == 0, done.stdout
        return dict(json.loads(done.stdout))

    def an_inspector_finds_a_fault(self) -> None:
        ding, feng = self.person("ding"), self.person("feng")
        self.picture(ding, "home-inspector")
        for one in (ding, feng):
            one.open(f"/console/audits/{self.audit}/members/{self.member}")
            one.sees("等您评查")
            self.picture(one, "member")
            if one is feng:
                row = one.page.locator("tr", has=one.page.locator("input[value=B1]"))
                row.locator("input[name=points]").fill("4")
                row.locator("input[name=remark]").fill("未亮明身份")
            one.press("提交评分")
            one.sees("评分")
        feng.sees("评分最多相差")
        self.picture(feng, "member-scored")
        feng.page.get_by_label("评查项").select_option("B1")
        feng.page.get_by_label("发现的问题").fill("现场照片未见亮明身份")
        feng.press("提出整改")
        feng.page.wait_for_url("**/console/rectifications/*")

    def the_agency_mends_it(self) -> None:
        zhang, wu = self.person("zhang"), self.person("wu")
        zhang.open("/console/rectifications")
        self.picture(zhang, "rectifications")
        zhang.page.locator("a.row").first.click()
        zhang.page.get_by_label("说明").fill("已组织学习并补录说明")
        zhang.press("答复")
        wu.open(zhang.page.url.removeprefix(self.address))
        for button, words in (("核实通过", "待销号"), ("销号", "已销号")):
            wu.page.get_by_label("说明").fill("情况属实")
            wu.press(button)
            wu.sees(words)
        self.picture(wu, "rectification-closed")

    def the_case_verifies_offline(self) -> None:
        package, trust = self.folder / "case.zip", self.folder / "trust.json"
        secrets = {"QUANCHENG_LOGIN": "chen", "QUANCHENG_PASSWORD": self.passwords["chen"]}
        done = self.command("export", CASE, "-o", str(package), "--server", self.address, **secrets)
        assert done.returncode == 0, done.stdout + done.stderr
        checked = self.command("verify", str(package), "--trust", str(trust), "--json")
        report = json.loads(checked.stdout)
        wrong = [claim for claim in report["claims"] if claim["outcome"] != "verified"]
        assert checked.returncode == 0, wrong
        assert report["holds"] is True
        assert report["story"]["case"]["number"]["value"] == CASE
        assert len(report["story"]["recordings"]) >= 2
