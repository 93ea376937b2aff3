"""A case of two hundred recordings: its pages cost about what short ones do, say what repeats once, and lose nothing."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

import httpx
import pytest
from sqlalchemy import event

from api.console.listing import PAGE_ROWS
from api.deps import COOKIE
from api.form_token import form_token
from schemas.case import Case, CaseStep
from schemas.ids import FactId
from storage.store import Store
from tests.casework import Bureau, make_bureau
from tests.factories import folder_url, make_settings
from tests.long_case import ALIKE, EVERY_OWN, put_recordings
from tests.server import serving
from tests.stand import PATIENCE_SECONDS
from tests.web import TRUST

MANY, FEW = 200, 10
MOST_BYTES = 450_000
"""Of a page of the long case. It was 825,000 with every recording, every sentence and every drop-down written out."""

ROW = re.compile(r'<a class="row" href="/console/recordings/([0-9a-f-]{36})')


@dataclass
class House:
    """A bureau with a long case and a short one, both under investigation."""

    bureau: Bureau
    url: str
    long: Case
    short: Case
    recordings: list[UUID]
    fact: FactId

    def browser(self, token: str) -> httpx.Client:
        return httpx.Client(
            base_url=self.url, cookies={COOKIE: token}, verify=TRUST, timeout=PATIENCE_SECONDS
        )

    @property
    def handler(self) -> str:
        return self.bureau.tokens[self.bureau.handler.id]

    def page(self, path: str) -> str:
        with self.browser(self.handler) as browser:
            answer = browser.get(path)
        assert answer.status_code == 200
        return answer.text

    def prove(self, *proofs: str) -> httpx.Response:
        with self.bureau.store.begin() as tx:
            version = tx.cases.get(self.bureau.handler, self.long.id).version
        wish = {"csrf": form_token(self.handler), "version": str(version), "proof": list(proofs)}
        with self.browser(self.handler) as browser:
            return browser.post(f"/console/cases/{self.long.id}/facts/{self.fact}/prove", data=wish)

    def proofs(self) -> list[UUID]:
        with self.bureau.store.begin() as tx:
            return [one.recording_id for fact in tx.facts.of_case(self.long.id) for one in fact.proofs]


@pytest.fixture(scope="module")
def house(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    store = Store(make_settings(database_url, folder_url(tmp_path_factory.mktemp("long"))))
    bureau = make_bureau(store)

    def begun(many: int) -> tuple[Case, list[UUID]]:
        case = bureau.open()
        for step in (CaseStep.FILE, CaseStep.INVESTIGATE):
            case = bureau.step(case, step)
        return case, put_recordings(bureau, case, many)

    long, recordings = begun(MANY)
    short, _ = begun(FEW)
    fact = bureau.fact(long).id
    bureau.fact(short)
    with serving(store) as url:
        yield House(bureau, url, long, short, recordings, fact)
    store.close()


@contextmanager
def counting(store: Store) -> Iterator[list[str]]:
    said: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        said.append(statement)

    event.listen(store.engine, "before_cursor_execute", note)
    yield said
    event.remove(store.engine, "before_cursor_execute", note)


def test_a_long_case_asks_no_more_than_a_short_one(house: House) -> None:
    """The same statements, none of them longer for more recordings; and the page is a bounded number of bytes."""
    asked = []
    for case in (house.short, house.long):
        with counting(house.bureau.store) as said:
            text = house.page(f"/console/cases/{case.id}")
        asked.append(sorted(said))
    assert [one for one in asked[1] if one not in asked[0]] == []
    assert len(asked[0]) == len(asked[1])
    assert len(text.encode()) < MOST_BYTES


def test_every_recording_is_in_one_part(house: House) -> None:
    """The parts together are the case, in its order; what reads otherwise than asked for is in none of them."""
    path = f"/console/cases/{house.long.id}"
    parts = [ROW.findall(house.page(f"{path}?part={number}")) for number in range(1, MANY // PAGE_ROWS + 1)]
    assert [UUID(one) for part in parts for one in part] == house.recordings
    assert {len(part) for part in parts} == {PAGE_ROWS}
    assert ROW.findall(house.page(f"{path}?only=doubtful")) == []
    assert ROW.findall(house.page(f"{path}?only=remarked&part=4")) == parts[3]


def test_a_sentence_is_said_once_and_leads_to_each(house: House) -> None:
    """Two findings of two hundred recordings are two rows, which unfold to two hundred links; ten of their own are ten."""
    text = (
        house.page(f"/console/cases/{house.long.id}").partition("系统发现")[2].partition('id="recordings"')[0]
    )
    for check, sentence in zip(ALIKE, ("没有写明拍摄地点", "没有写明录制时间"), strict=True):
        assert text.count(sentence) == 1
        link = rf"/console/recordings/([0-9a-f-]+)\?case=[0-9a-f-]+&amp;finding={check.code}"
        assert len(set(re.findall(link, text))) == MANY
    assert text.count(f"<b>{MANY} 份音像记录</b>") == len(ALIKE)
    assert text.count("finding=officers-fewer-than-two") == MANY // EVERY_OWN


def test_links_of_one_person_are_one_entry_of_the_history(house: House) -> None:
    """Each tie is in it, with its number in the log."""
    text = (
        house.page(f"/console/cases/{house.long.id}").partition("存证记录</h2>")[2].partition("</section>")[0]
    )
    assert f"{MANY} 次" in text
    assert text.count("<time") >= MANY


def test_several_pieces_prove_a_fact_at_once_or_none_does(house: House) -> None:
    """A choice that is none, or of another case, changes nothing and keeps the ticks; all of a good one are taken."""
    chosen = [f"recording/{one}" for one in house.recordings[3:6]]
    with house.bureau.store.begin() as tx:
        other = tx.recordings.of_case(house.short.id)[0].id
    for wrong in ("case/1", "recording/1", f"recording/{other}"):
        answer = house.prove(*chosen, wrong)
        assert answer.status_code in (409, 422)
        assert house.proofs() == []
        assert len(re.findall(r'value="recording/[0-9a-f-]+" checked', answer.text)) == len(chosen)
    assert house.prove().status_code == 422
    assert house.prove(*chosen, chosen[0]).status_code == 303
    assert house.proofs() == house.recordings[3:6]
    assert (
        house.page(f"/console/cases/{house.long.id}").count(f'value="{chosen[0]}"') == 1
    )  # to be taken away


def test_the_print_names_every_recording(house: House) -> None:
    """Paper has no parts and nothing folded: each of the two hundred is in the list, and under what was found in it."""
    why = {"reason_code": "dispute", "reason": "", "pictures": "without", "csrf": form_token(house.handler)}
    with house.browser(house.handler) as browser:
        sheet = browser.post(f"/console/cases/{house.long.id}/print", data=why)
    assert sheet.status_code == 200
    found, _, listed = sheet.text.partition("系统发现")[2].rpartition("音像记录</h2>")
    names = [f"现场{number:03}.jpg" for number in range(1, MANY + 1)]
    assert [one for one in names if found.count(one) < len(ALIKE)] == []
    assert [one for one in names if one not in listed] == []
    assert "<details" not in sheet.text


def walk_on(text: str) -> tuple[str, str, str]:
    """Where a page stands in its case, and where it leads: `place / total`, before, behind."""
    bar = text.partition("data-walk")[2].partition("</nav>")[0]
    ways = dict(re.findall(r'rel="(prev|next)" href="/console/recordings/([0-9a-f-]+)', bar))
    place = re.findall(r"<b>(\d+ / \d+)</b>", bar)
    return (place[0] if place else "", ways.get("prev", ""), ways.get("next", ""))


def test_the_recordings_of_a_case_are_gone_through_in_its_order(house: House) -> None:
    """Each page says where it stands and leads to the one before and the next; the ends say that they are."""
    known = [str(one) for one in house.recordings]
    for at in (0, 1, MANY // 2, MANY - 1):
        text = house.page(f"/console/recordings/{known[at]}?case={house.long.id}")
        before, behind = known[at - 1] if at else "", known[at + 1] if at + 1 < MANY else ""
        assert walk_on(text) == (f"{at + 1} / {MANY}", before, behind)
        part = at // PAGE_ROWS + 1
        assert (
            f'href="/console/cases/{house.long.id}{f"?part={part}" if part > 1 else ""}#recordings"' in text
        )


def test_only_recordings_of_a_case_that_one_sees_are_gone_through(house: House) -> None:
    """Another case, one out of reach and nonsense lead nowhere, and name nothing of that case."""
    stranger = make_bureau(house.bureau.store, officers=("远-1", "远-2"))
    far = stranger.open()
    for case in (house.short.id, far.id, "nonsense"):
        text = house.page(f"/console/recordings/{house.recordings[0]}?case={case}")
        assert walk_on(text) == ("", "", "")
        assert f"/console/cases/{case}" not in text
    assert "data-walk" not in house.page(f"/console/recordings/{house.recordings[0]}")


def test_a_look_keeps_the_way_through_the_case(house: House) -> None:
    """Opening the content and ending the look come back to the same place of the way."""
    page = f"/console/recordings/{house.recordings[7]}"
    with house.browser(house.handler) as browser:
        shown = browser.get(f"{page}?case={house.long.id}").text
        action = f"{page}/looks?case={house.long.id}"
        assert f'action="{action}"' in shown
        why = {
            "csrf": form_token(house.handler),
            "reason_code": "case-handling",
            "reason": "",
            "kind": "open",
        }
        opened = browser.post(action, data=why)
        assert (opened.status_code, opened.headers["location"]) == (
            303,
            f"{page}?case={house.long.id}#player",
        )
        shown = browser.get(opened.headers["location"]).text
        (close,) = re.findall(rf'action="({page}/looks/[0-9a-f-]+/close\?case={house.long.id})"', shown)
        ended = browser.post(close, data={"csrf": form_token(house.handler)})
    assert (ended.status_code, ended.headers["location"]) == (303, f"{page}?case={house.long.id}")
