"""The lists of the desks as spreadsheets: what the page shows whoever asks, under a name that says what it is."""

import csv
import io
from collections.abc import Iterator
from urllib.parse import unquote

import httpx
import pytest
from openpyxl import load_workbook

from api.deps import COOKIE
from schemas.actor import Role
from schemas.case import Case
from schemas.checks.manifest import HAND_IN
from schemas.errors import Invalid
from schemas.page import Cursor
from schemas.recording import Recording, RecordingFilter
from storage.store import Store
from tests.casework import Bureau, make_bureau
from tests.factories import folder_url, make_account, make_settings
from tests.server import serving
from tests.stand import PATIENCE_SECONDS
from tests.web import TRUST


@pytest.fixture(scope="module")
def store(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    opened = Store(make_settings(database_url, folder_url(tmp_path_factory.mktemp("files"))))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def bureau(store: Store) -> Bureau:
    made = make_bureau(store)
    case = made.open(number="苏表〔2026〕1号", party="李四饭店")
    made.capture(case)
    for _ in range(2):
        made.capture(made.open(number=f"苏表〔2025〕{_}号"))
    made.open(number="苏表〔2026〕2号")
    return made


@pytest.fixture(scope="module")
def address(store: Store) -> Iterator[str]:
    with serving(store) as url:
        yield url


def get(address: str, token: str, path: str) -> httpx.Response:
    with httpx.Client(
        base_url=address, cookies={COOKIE: token}, verify=TRUST, timeout=PATIENCE_SECONDS
    ) as client:
        return client.get(f"/console/{path}")


def test_cases_are_a_sheet_in_words(address: str, bureau: Bureau) -> None:
    """The filters' cases, with state and sums as the page says them."""
    token = bureau.tokens[bureau.head.id]
    answer = get(address, token, "cases.xlsx?number=[2026]1号")
    sheet = load_workbook(io.BytesIO(answer.content)).active
    heads, row, end = ([cell.value for cell in line] for line in sheet.iter_rows())

    assert answer.status_code == 200
    assert unquote(answer.headers["Content-Disposition"]).startswith("attachment; filename*=UTF-8''案件-20")
    said = dict(zip(heads, row, strict=True))
    assert [said[name] for name in ("案号", "当事人", "状态", "音像记录")] == [
        "苏表〔2026〕1号",
        "李四饭店",
        "线索（案源）",
        1,
    ]
    assert end[0] == "合计 · 共 1 行"


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
@pytest.mark.parametrize("path", ["cases", "recordings", "monitoring"])
def test_every_list_has_its_file(address: str, bureau: Bureau, path: str, kind: str) -> None:
    """The page links both, and both open; who may not see the list gets neither."""
    token = bureau.tokens[bureau.head.id]
    assert f'href="/console/{path}.{kind}"' in get(address, token, path).text
    assert get(address, token, f"{path}.{kind}").status_code == 200


def test_who_may_not_see_a_list_gets_no_file(store: Store, address: str, bureau: Bureau) -> None:
    """A file is a list, and asks the same permission."""
    token, _ = make_account(store, bureau.agency, Role.ADMIN)
    for path in ("cases.csv", "cases.xlsx", "recordings.xlsx", "monitoring.xlsx"):
        assert get(address, token, path).status_code == 403, path


def test_an_unknown_kind_of_file_is_no_page(address: str, bureau: Bureau) -> None:
    """Only what is offered is answered."""
    assert get(address, bureau.tokens[bureau.head.id], "cases.pdf").status_code == 404


def test_a_masked_party_is_masked_in_the_file(store: Store, address: str, bureau: Bureau) -> None:
    """Whoever reads a party masked on the page does not read it whole in the file."""
    token, _ = make_account(store, bureau.agency, Role.OFFICER)
    page, file = get(address, token, "cases"), get(address, token, "cases.csv")
    if page.status_code == 200:
        rows = list(csv.reader(io.StringIO(file.text.removeprefix("\ufeff"))))
        assert ("李四饭店" in page.text) == any("李四饭店" in row for row in rows)
    else:
        assert file.status_code == page.status_code


@pytest.mark.parametrize("sort", ["number", "-number", "opened", "-opened", None, "party"])
def test_a_list_of_cases_is_read_in_the_order_that_was_asked_for(
    store: Store, bureau: Bureau, sort: str | None
) -> None:
    """Page by page nothing is told twice or left out, ties included; what no list is sorted by is passed over."""
    with store.begin() as tx:
        whole = tx.cases.page(bureau.head, limit=50).rows
        told: list[Case] = []
        after = None
        for _ in whole:
            page = tx.cases.page(bureau.head, sort=sort, after=after, limit=1)
            told += page.rows
            after = None if page.next_text is None else Cursor.parse(page.next_text)
        assert after is None

    names = {"number": lambda one: (one.number, one.id), "opened": lambda one: one.id}
    name, is_down = (sort or "").removeprefix("-"), not sort or sort.startswith("-")
    wanted = sorted(whole, key=names.get(name, names["opened"]), reverse=is_down or name not in names)
    assert [one.id for one in told] == [one.id for one in wanted]


@pytest.mark.parametrize("sort", ["captured", "-captured", "size", "-size", "received"])
def test_a_list_of_recordings_is_read_in_the_order_that_was_asked_for(
    store: Store, bureau: Bureau, sort: str
) -> None:
    """By time of capture, size or receipt; equal ones go by their ids, in the same direction."""
    keys = {
        "captured": lambda one: (one.captured_at or one.received_at, one.id),
        "size": lambda one: (one.size_bytes, one.id),
        "received": lambda one: one.id,
    }
    with store.begin() as tx:
        whole = tx.recordings.page(bureau.head, RecordingFilter()).rows
        told: list[Recording] = []
        after = None
        for _ in whole:
            page = tx.recordings.page(bureau.head, RecordingFilter(sort=sort), after=after, limit=1)
            told += page.rows
            after = None if page.next_text is None else Cursor.parse(page.next_text)
    wanted = sorted(whole, key=keys[sort.removeprefix("-")], reverse=sort.startswith("-"))

    assert after is None
    assert [one.id for one in told] == [one.id for one in wanted]


def test_a_place_of_one_order_is_none_of_another(store: Store, bureau: Bureau) -> None:
    """Whoever changes the order of a list in an address begins anew; nothing is read from a place that is none."""
    with store.begin() as tx:
        by_size = tx.recordings.page(bureau.head, RecordingFilter(sort="size"), limit=1).next
        assert by_size is not None
        for sort, after in ((None, by_size), ("captured", by_size), ("size", Cursor(ident=by_size.ident))):
            with pytest.raises(Invalid, match="another list"):
                tx.recordings.page(bureau.head, RecordingFilter(sort=sort), after=after)


def test_heads_of_a_list_sort_it_and_its_file(address: str, bureau: Bureau) -> None:
    """A head is a link that says how the list stands; the file has the same order; filters stay."""
    token = bureau.tokens[bureau.head.id]
    page = get(address, token, "cases?by=-number&state=lead").text
    assert (
        '<th aria-sort="descending"><a class="sort" href="/console/cases?by=number&amp;state=lead">' in page
    )
    rows = csv.DictReader(
        io.StringIO(get(address, token, "cases.csv?by=-number").text.removeprefix("\ufeff"))
    )
    numbers = [row["案号"] for row in rows][:-1]
    assert numbers == sorted(numbers, reverse=True)
    assert len(numbers) > 1
    assert "本页合计" in get(address, token, "recordings?by=-size").text
    remarked = get(address, token, "recordings?only=remark")
    assert remarked.status_code == 200


@pytest.mark.parametrize(
    ("path", "columns"),
    [
        ("cases", "number opened"), ("recordings", "captured size"), ("monitoring", "captured"),
        ("equipment", "name number"), ("audits", "title defined"), ("accounts", "name login opened"),
    ],
)  # fmt: skip
def test_every_list_is_sorted_both_ways(
    store: Store, bureau: Bureau, address: str, path: str, columns: str
) -> None:
    """Whatever a head leads to is answered and told in the head; an order that is none leaves the list as it is."""
    token, _ = make_account(store, bureau.agency, *(Role.HEAD, Role.HANDLER, Role.SUPERVISOR, Role.ADMIN))
    has_rows = path in {"cases", "recordings", "accounts"}
    for name in (*columns.split(), "nonsense"):
        for sort, word in ((name, "ascending"), (f"-{name}", "descending")):
            answer = get(address, token, f"{path}?by={sort}")
            assert answer.status_code == 200, sort
            assert (f'aria-sort="{word}"' in answer.text) is (has_rows and name != "nonsense"), sort
            assert ("本页合计" in answer.text) is has_rows


def test_recordings_with_remarks_are_those_that_read_so(store: Store, bureau: Bureau) -> None:
    """The list is narrowed by what each row says, page by page, and no other row is in it."""
    bureau.capture(None, HAND_IN.found("late-handin", hours=30))
    with store.begin() as tx:
        whole = tx.recordings.page(bureau.head, RecordingFilter()).rows
        found = tx.recordings.page(bureau.head, RecordingFilter(is_remarked=True)).rows

    assert [one.id for one in found] == [one.id for one in whole if one.remarks]
    assert any(not one.remarks for one in whole)
    assert found
