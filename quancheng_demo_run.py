"""The demo for the time of one `serve`: who may log in is said, and the device hands in what is missing.

The device is the reference device, a program of its own; it ends with the server. An interrupted start hands in
what is missing at the next one; `is_sent` in the data folder says when all of it is in.
"""

import subprocess
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from quancheng_demo import AGENCIES, CASES, PEOPLE, SCALE_PICTURES, bring_back, found, is_empty, send_rows
from quancheng_demo_audit import Bureau, DemoAudit
from quancheng_demo_case import Desk, decide_one, exempt_two, penalise_one
from quancheng_demo_gear import CAMERA_PICTURE, Station, show_gear
from schemas.actor import Actor
from schemas.errors import EvidenceError, Refused
from schemas.ids import AgencyId
from schemas.recording import RecordingFilter
from storage.flow.login import actor_of_password
from storage.setup.home import Home
from storage.store import Store
from workers.fsck import Teller

SUFFIXES = {".jpg", ".mp4", ".webm", ".gpx"}
_LOOKS, _PAUSE_SECONDS = 300, 0.2
"""So often it is looked whether the audit can go on, and how long is waited in between: a minute at least."""


class Demo:
    """The demo of one data folder, for the time of one `serve`."""

    def __init__(self, home: Home, store: Store, say: Teller, *, media: Path, command: Sequence[str]) -> None:
        """Nothing happens yet.

        Args:
            home: Data folder that keeps passwords and progress.
            store: The opened store.
            say: Who is told what happens.
            media: Folder of the bundled recordings.
            command: How the `quancheng` command is called.
        """
        self._home = home
        self._store = store
        self._say = say
        self._media = media
        self._command = command
        self._beside = _Beside()
        self._facts: Mapping[str, Any] = {}

    def make(self, address: str, *, authority: Path | None = None) -> None:
        """Make the organisation where there is nobody yet; issue fresh enrolment codes at every start.

        `authority` is whose certificate the server at `address` shows, where it is one of our own.
        """
        if is_empty(self._store):
            self._say("demo", "正在建立示例机构 making the demo organisation")
            found(
                self._store,
                lambda passwords: self._home.write_demo({"passwords": passwords, "is_sent": False}),
            )
        kept = self._home.read_demo()
        codes = self._codes(kept["passwords"]["sun"]) if kept else []
        if not codes:
            return
        self._facts = {
            **kept,
            "server": address,
            "authority": str(authority) if authority else None,
            "enrolment_code": codes[0],
            "demo_code": codes[1],
            "officers": [p.certificate for p in PEOPLE if p.agency == "urban" and p.certificate],
            "case": CASES[0][2].number,
            "export_login": "wang",
            "export_password": kept["passwords"]["wang"],
        }
        self._home.write_demo(self._facts)

    def _codes(self, password: str) -> list[str]:
        """Issue codes by the custodian's account: by what it may do, whatever somebody did to its log-in."""
        custodian = actor_of_password(self._store, "sun", password)
        try:
            if custodian is not None:
                with self._store.begin() as tx:
                    return [tx.enrolments.issue_code(custodian).code for _ in range(2)]
        except Refused:
            pass
        self._say(
            "demo_left", "示例账号已改动，不再发放注册码 the demo's people were changed: it is left as it is"
        )
        return []

    def introduce(self) -> None:
        """Say who may log in with what; then let the device hand in what is missing. Needs the server to be up."""
        if not self._facts:
            return
        self._say_passwords()
        code = self._facts["enrolment_code"]
        self._say("enrolment_code", f"设备注册码 enrolment code {code}  (quancheng record FILE…)", code=code)
        if self._facts["is_sent"]:
            return
        try:
            self._hand_in()
        except EvidenceError as err:  # the demo is a courtesy: the server goes on without it
            said = "示例上传中断，下次启动时继续 the demo hand-in broke off, the next start goes on"
            self._say("demo_failed", f"{said}: {err.detail}", problem=err.slug)

    def _say_passwords(self) -> None:
        """Say who may log in with what, once: logs of later starts are kept and read by others."""
        if self._facts.get("is_told"):
            self._say(
                "logins", f"登录名和密码 log-ins: {self._home.demo_path}", path=str(self._home.demo_path)
            )
            return
        for person in PEOPLE:
            roles = ", ".join(sorted(person.roles))
            who = f"{person.name} · {AGENCIES[person.agency][0]} · {roles}"
            password = self._facts["passwords"][person.login]
            self._say("login", f"  {person.login:6} {password}  {who}", login=person.login, password=password)
        # After the last one: a start that is killed before has told nobody, and the next one does.
        self._facts = {**self._facts, "is_told": True}
        self._home.write_demo(self._facts)

    def _hand_in(self) -> None:
        files = self._unsent()
        self._say(
            "demo_sending", f"示例设备正在上传 {len(files)} 个文件 the demo device hands in its recordings"
        )
        done = self._beside.run(self._record(files)) if files else (0, "")
        if done is None or self._beside.is_over:
            return
        code, said = done
        self._send_rows()
        self._bring_back()
        self._show_gear()
        self._decide_one()
        is_whole = self._audit()
        if self._beside.is_over:
            return
        self._home.write_demo({**self._facts, "is_sent": code == 0 and is_whole})
        if code == 0:
            self._say("demo_sent", "示例记录已送达并核验 the demo recordings are in and verified")
        else:
            self._say("demo_failed", f"示例上传失败 the demo hand-in failed: {said[-500:]}", code=code)

    def _record(self, files: Sequence[str]) -> list[str]:
        facts = self._facts
        officers = [part for number in facts["officers"] for part in ("--officer", number)]
        return [
            *(*self._command, "record", *files, "--server", facts["server"], "--json"),
            *("--enrol", facts["demo_code"], "--case", facts["case"], *officers),
            *("--state", str(self._home.path / "demo-device")),
        ]

    def _unsent(self) -> list[str]:
        """Return the bundled media that an interrupted start has not handed in yet."""
        officer = actor_of_password(self._store, "wang", self._facts["export_password"])
        if officer is None:
            return []
        with self._store.begin() as tx:
            page = tx.recordings.page(officer, RecordingFilter(case_number=self._facts["case"]))
        known = {row.filename for row in page.rows}
        files = (path for path in self._media.iterdir() if path.suffix in SUFFIXES)
        return sorted(str(path) for path in files if path.name not in known)

    def _send_rows(self) -> None:
        """Let the demo's scale hand in what it weighed; again they are duplicates of themselves."""
        (source,) = self._people("source")
        if source is not None:
            pictures = [(self._media / name).read_bytes() for name in SCALE_PICTURES]
            send_rows(self._store, source, pictures)

    def _bring_back(self) -> None:
        """Let the custodian enter who had the device that captured."""
        custodian, holder = self._people("sun", "wang")
        if custodian is not None and holder is not None:
            bring_back(self._store, custodian, holder.account_id)

    def _decide_one(self) -> None:
        """Let three people take one case through, and enter what was decided on the spot, as far as they still may."""
        wang, qian, zhou = self._people("wang", "qian", "zhou")
        if wang is not None and qian is not None and zhou is not None:
            desk = Desk(handler=wang, head=qian, reviewer=zhou)
            decide_one(self._store, desk, beside=self._facts["case"])
            penalise_one(self._store, desk, self._facts["officers"], beside=self._facts["case"])
            exempt_two(self._store, desk, beside=self._facts["case"])

    def _show_gear(self) -> None:
        """Let the station's people enter a camera, and annul the certificate of a second scale."""
        he, source, liu, xu = self._people("he", "source", "liu", "xu")
        if he is not None and source is not None and liu is not None and xu is not None:
            picture = (self._media / CAMERA_PICTURE).read_bytes()
            show_gear(self._store, Station(he, source, liu, xu), picture)

    def _audit(self) -> bool:
        """Let the bureau take one audit to its end; False: the log is slow to take it, and the next start goes on."""
        wu, ding, feng, qian, zhang = self._people("wu", "ding", "feng", "qian", "zhang")
        if wu is None or ding is None or feng is None or qian is None or zhang is None:
            return True
        bureau = Bureau(wu, (ding, feng), AgencyId(qian.agency_id), AgencyId(zhang.agency_id))
        audit = DemoAudit(self._store, bureau)
        for _ in range(_LOOKS):
            if self._beside.is_over:
                return False
            if audit.go_on():
                return True
            self._beside.wait(_PAUSE_SECONDS)
        return False

    def _people(self, *keys: str) -> list[Actor | None]:
        """Return who they are now, None of whoever does not come in any more."""
        passwords = self._facts["passwords"]
        logins = [passwords[key] if key == "source" else key for key in keys]
        return [actor_of_password(self._store, one, passwords[one]) for one in logins]

    def stop(self) -> None:
        """End the device; the next start goes on with it."""
        self._beside.stop()


class _Beside:
    """A program that ends with the server."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[str] | None = None
        self._over = threading.Event()

    def run(self, command: Sequence[str]) -> tuple[int, str] | None:
        """Run to the end; return code and standard error, or None when the server stops."""
        with self._lock:
            if self.is_over:
                return None
            self._process = subprocess.Popen(  # noqa: S603 - our own command with our own arguments
                command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True
            )
        _, said = self._process.communicate()
        return None if self.is_over else (self._process.returncode, said)

    def wait(self, seconds: float) -> None:
        """Wait so long, or until the server stops."""
        self._over.wait(seconds)

    @property
    def is_over(self) -> bool:
        """The server is stopping: nothing may touch its store any more."""
        return self._over.is_set()

    def stop(self) -> None:
        """End what runs, politely first; it keeps its own state by renaming files."""
        with self._lock:
            self._over.set()
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                self._process.kill()
