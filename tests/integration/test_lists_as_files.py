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
