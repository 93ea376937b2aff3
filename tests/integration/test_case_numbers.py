"""A case number is one however it is typed: to open, to find, to tie; and one unlike the agency's is asked about."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import text

from schemas.actor import Actor, Role
from schemas.case import CaseIn
from schemas.case_number import BLANKS, CLOSING, OPENING, number_key
from schemas.errors import Conflict, Invalid
from schemas.refusals_case import CASE_NUMBER_TAKEN, CASE_NUMBER_UNUSUAL
from schemas.setting import SettingIn
from schemas.setting_list import ListSetting
from storage.store import Store
from tests.casework import Bureau, make_bureau
from tests.factories import folder_url, make_account, make_settings


@pytest.fixture(scope="module")
def store(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    opened = Store(make_settings(database_url, folder_url(tmp_path_factory.mktemp("numbers"))))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def bureau(store: Store) -> Bureau:
    return make_bureau(store)


@pytest.fixture
def handler(store: Store, bureau: Bureau) -> Actor:
    return make_account(store, bureau.agency, Role.HANDLER, Role.OFFICER)[1]


def lead(number: str, **more: bool) -> CaseIn:
    return CaseIn(number=number, party="某店", matter="占道", place="建军路", **more)


def test_the_database_says_the_same_as_the_code(store: Store) -> None:
    """What is one number to the rules is one to the index: every bracket, blank and width."""
    marks = [
        *OPENING,
        *CLOSING,
        *BLANKS,
        "（",
        "）",
        "［",
        "］",
        "\u3000",
        "\xa0",
        "Ａ",
        "Ｚ",
        "é",
        "１",
        "①",
        "號",
    ]
    written = [f"苏{mark}2026{mark}Ab" for mark in marks]
    with store.begin() as tx:
        said = [tx.connection.scalar(text("SELECT case_number_fold(:it)"), {"it": one}) for one in written]

    assert said == [number_key(one) for one in written]


def test_a_number_is_taken_in_every_writing(store: Store, handler: Actor) -> None:
    """Nobody opens a second case under 〔2026〕 because the first was typed [2026]; what was typed is kept."""
    with store.begin() as tx:
        first = tx.cases.open(handler, lead("盐交执[2026]1号"))
    for other in ("盐交执〔2026〕1号", "盐交执（2026） 1 号", "盐交执【２０２６】１号"):
        with store.begin() as tx, pytest.raises(Conflict) as taken:
            tx.cases.open(handler, lead(other))
        assert taken.value.refusal is CASE_NUMBER_TAKEN
        with store.begin() as tx:
            found = tx.cases.numbered(handler, handler.agency_id, other)
            listed = tx.cases.page(handler, number=other).rows
        assert found is not None
        assert (found.id, found.number) == (first.id, "盐交执[2026]1号")
        assert [one.id for one in listed] == [first.id]


def test_a_number_unlike_the_agencys_is_asked_about(store: Store, bureau: Bureau, handler: Actor) -> None:
    """Until the agency says how it writes them every number stands; then a strange one stands only for who is sure."""
    with store.begin() as tx:
        tx.cases.open(handler, lead("乱写的案号"))
    admin = make_account(store, bureau.agency, Role.ADMIN)[1]
    with store.begin() as tx:
        wish = SettingIn(
            name=ListSetting.CASE_NUMBERS,
            items=("盐交执〔{year}〕{n}号",),
            from_at=tx.now - timedelta(minutes=1),
            source="本局文书规范",
        )
        tx.agency_settings.change(admin, bureau.agency, wish)
    with store.begin() as tx, pytest.raises(Invalid) as unusual:
        tx.cases.open(handler, lead("又一个乱写的"))
    assert unusual.value.refusal is CASE_NUMBER_UNUSUAL
    with store.begin() as tx:
        tx.cases.open(handler, lead("盐交执 [2026] 7 号"))
        tx.cases.open(handler, lead("又一个乱写的", number_is_sure=True))
        assert tx.cases.number_patterns(handler) == ("盐交执〔{year}〕{n}号",)
