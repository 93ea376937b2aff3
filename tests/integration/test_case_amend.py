"""What was entered of a case is corrected on its page: what stood before is kept and shown, with who, when and why."""

import re
from collections.abc import Iterator

import httpx
import pytest

from api.console.guard import form_token
from api.deps import COOKIE
from schemas.annotation import About, NoteIn, TagIn
from schemas.case import Case, CaseState
from schemas.errors import Conflict
from schemas.event import Event
from schemas.recusal import RecusalIn
from schemas.refusals_annotation import NOTE_FOREIGN
from schemas.refusals_case import CASE_UNCHANGED, CASE_UNDER_REVIEW
from schemas.refusals_recusal import RECUSED
from storage.store import Store
from tests.casework import Bureau, make_bureau
from tests.chains import chain_events
from tests.factories import folder_url, make_settings
from tests.forms import Controls
from tests.server import serving
from tests.stand import PATIENCE_SECONDS
from tests.web import TRUST


@pytest.fixture(scope="module")
def store(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    opened = Store(make_settings(database_url, folder_url(tmp_path_factory.mktemp("amend"))))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def bureau(store: Store) -> Bureau:
    return make_bureau(store)


@pytest.fixture(scope="module")
def client(store: Store, bureau: Bureau) -> Iterator[httpx.Client]:
    token = bureau.tokens[bureau.handler.id]
    with (
        serving(store) as url,
        httpx.Client(base_url=url, cookies={COOKIE: token}, verify=TRUST, timeout=PATIENCE_SECONDS) as made,
    ):
        yield made


FULL = {
    "party_code": "91110000600037341L",
    "plates": ["苏J12345"],
    "lat_e7": 333456789,
    "lon_e7": 1201234567,
    "occurred_at": "2026-01-05T01:30:17.250Z",
}


@pytest.fixture(params=[{}, FULL], ids=["bare", "full"])
def case(bureau: Bureau, request: pytest.FixtureRequest) -> Case:
    return bureau.open(**request.param)


def typed(client: httpx.Client, case: Case, **texts: str) -> dict[str, str]:
    """The form as its page shows it, with some texts typed over."""
    path = f"/console/cases/{case.id}/amend"
    page = client.get(path).text
    found = Controls(path, page).found
    shown = {name: values[0] for name, values in found.items() if values}
    shown |= dict(re.findall(r'name="(once|version|whole_party)" value="([0-9a-z]+)"', page))
    return {**shown, "csrf": form_token(client.cookies[COOKIE]), **texts}


def test_a_mistyped_party_is_corrected(client: httpx.Client, bureau: Bureau, case: Case) -> None:
    """One field is changed, the others stay to the last digit and millisecond; the history shows what stood there."""
    answer = client.post(
        f"/console/cases/{case.id}/amend", data=typed(client, case, party="某某饭店", reason="抄错")
    )

    assert (answer.status_code, answer.headers["Location"]) == (303, f"/console/cases/{case.id}")
    after = bureau.get(case)
    assert after.party == "某某饭店"
    assert after.model_copy(update={"party": case.party, "version": case.version}) == case
    page = client.get(f"/console/cases/{case.id}").text
    assert "原来的当事人：某店" in page
    assert "抄错" in page


def test_every_other_field_is_corrected(client: httpx.Client, bureau: Bureau, case: Case) -> None:
    """Matter, place, plates, position and time, each with what stood before."""
    texts = {
        "matter": "超限运输",
        "place": "解放路",
        "plates": "苏j99999 苏J88888",
        "lat": "33.5",
        "lon": "120.5",
        "occurred_at": "2026-02-01T08:00",
    }
    answer = client.post(
        f"/console/cases/{case.id}/amend", data=typed(client, case, reason="重新核对", **texts)
    )

    assert answer.status_code == 303
    after = bureau.get(case)
    assert (after.matter, after.place, after.plates) == ("超限运输", "解放路", ("苏J99999", "苏J88888"))
    assert (after.lat_e7, after.lon_e7, after.party_code) == (335000000, 1205000000, case.party_code)
    page = client.get(f"/console/cases/{case.id}").text
    stood = ("苏J12345", "33.345679°N", "2026-01-05 09:30:17") if case.plates else ("没有填",)
    assert all(one in page for one in ("占道经营", "建军路", *stood))


def test_nothing_changed_is_told(client: httpx.Client, case: Case) -> None:
    """Sending what stands enters nothing, and says so; nothing typed is lost."""
    answer = client.post(f"/console/cases/{case.id}/amend", data=typed(client, case, reason="没有改"))

    assert answer.status_code == 422
    assert CASE_UNCHANGED.zh in answer.text
    assert "没有改</textarea>" in answer.text


@pytest.mark.parametrize(
    ("texts", "named"),
    [({"reason": ""}, "更正的理由"), ({"lat": "33", "lon": ""}, "经度"), ({"lat": "99", "lon": "120"}, "纬度"),
     ({"party": ""}, "当事人"), ({"party_code": "？"}, "信用代码"), ({"plates": "x" * 17}, "号牌"),
     ({"occurred_at": "昨天"}, "违法行为发生时间")],
)  # fmt: skip
def test_a_wrong_field_is_named(
    client: httpx.Client, bureau: Bureau, texts: dict[str, str], named: str
) -> None:
    """Each field says its own rule beside it, and the page keeps what was typed."""
    case = bureau.open()
    answer = client.post(
        f"/console/cases/{case.id}/amend",
        data=typed(client, case, **{"reason": "改", "matter": "新", **texts}),
    )

    assert answer.status_code == 422
    assert named in answer.text.partition('role="alert"')[2].partition("</div>")[0]
    assert 'value="新"' in answer.text


def test_what_a_decision_rests_on_is_not_corrected(client: httpx.Client, bureau: Bureau) -> None:
    """Under review and behind it the page says why, and offers nothing."""
    case = bureau.at(CaseState.LEGAL_REVIEW)
    answer = client.get(f"/console/cases/{case.id}/amend")

    assert answer.status_code == 409
    assert CASE_UNDER_REVIEW.zh in answer.text
    assert f"/console/cases/{case.id}/amend" not in client.get(f"/console/cases/{case.id}").text


def test_the_correction_is_an_entry(client: httpx.Client, bureau: Bureau, store: Store) -> None:
    """It is a leaf of the case's chain, and one click sends it once."""
    case = bureau.open()
    sent = typed(client, case, place="人民路", reason="更正")
    for _ in range(2):
        assert client.post(f"/console/cases/{case.id}/amend", data=sent).status_code == 303

    assert chain_events(store, f"case/{case.id}").count(Event.CASE_AMEND) == 1


def press(client: httpx.Client, path: str, **texts: str) -> httpx.Response:
    return client.post(path, data={"csrf": form_token(client.cookies[COOKIE]), **texts})


@pytest.mark.parametrize("noun", ["case", "recording"])
def test_a_note_is_written_and_taken_back_and_a_tag_narrows_the_list(
    client: httpx.Client, bureau: Bureau, store: Store, noun: str
) -> None:
    """Both are entries of the thing's chain; what was taken back stays to be read, beside the reason."""
    case = bureau.open()
    ident = case.id if noun == "case" else bureau.capture(case)
    page, word = f"/console/{noun}s/{ident}", f"疑难{ident}"[:40]
    assert press(client, f"{page}/notes", text="当事人另交光盘\n一张").status_code == 303
    assert press(client, f"{page}/tags", word=f" {word} ", stands="true").status_code == 303
    shown = client.get(page).text
    assert "当事人另交光盘" in shown
    (note,) = set(re.findall(rf"{page}/notes/([0-9a-f-]+)/withdraw", shown))
    assert press(client, f"{page}/notes/{note}/withdraw", reason="光盘已退").status_code == 303

    shown = client.get(page).text
    assert "<s>当事人另交光盘" in shown
    assert "光盘已退" in shown
    lists = {tag: client.get(f"/console/{noun}s", params={"tag": tag}).text for tag in (word, "没有的")}
    assert [f'{page}"' in lists[tag] for tag in (word, "没有的")] == [True, False]
    assert press(client, f"{page}/tags", word=word, stands="false").status_code == 303
    assert f'{page}"' not in client.get(f"/console/{noun}s", params={"tag": word}).text
    events = chain_events(store, f"{noun}/{ident}")[-4:]
    assert events == [Event.NOTE_ADD, Event.TAG_SET, Event.NOTE_WITHDRAW, Event.TAG_SET]


def test_a_note_is_its_authors_and_ends_once(client: httpx.Client, bureau: Bureau, store: Store) -> None:
    """Another person writes one of their own; who is barred from a case writes none; each refusal says so."""
    case = bureau.open()
    about = About("case", case.id)
    with store.begin() as tx:
        note = tx.annotations.note(bureau.head, about, NoteIn(text="请核对"))
    page = f"/console/cases/{case.id}"
    answer = press(client, f"{page}/notes/{note.id}/withdraw", reason="不是我写的")
    assert (answer.status_code, NOTE_FOREIGN.zh in answer.text) == (403, True)
    with store.begin() as tx:
        tx.annotations.withdraw(bureau.head, about, note.id, "已核对")
    with pytest.raises(Conflict, match="taken back"), store.begin() as tx:
        tx.annotations.withdraw(bureau.head, about, note.id, "再次")
    for stands in (True, False):
        with store.begin() as tx:
            tx.annotations.tag(bureau.head, about, TagIn(word="复查", stands=stands))
        with pytest.raises(Conflict), store.begin() as tx:
            tx.annotations.tag(bureau.head, about, TagIn(word="复查", stands=stands))
    with store.begin() as tx:
        tx.recusals.bar(bureau.handler, case.id, RecusalIn(reason="近亲属"))
    assert RECUSED.zh in press(client, f"{page}/notes", text="不应写入").text
