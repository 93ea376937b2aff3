"""A document is read in place: pictures of its pages, made after the verdict, given under a look, one page at a time."""

import io
import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from uuid import UUID

import httpx
import pytest
from PIL import Image

from schemas.actor import Role
from schemas.declaration import Declaration, DocumentKind, HandInWay, Origin
from schemas.derivative import DerivationFailure, DerivationState, DerivativeKind, pages_in
from schemas.ids import RecordingId
from schemas.leaves_recording import DerivativeMake
from storage.outbox import JobKind
from storage.store import Store
from tests.bringing import bring, browser
from tests.casework import Bureau, make_bureau
from tests.everything import lock
from tests.factories import acts_of, faults, folder_url, make_account, make_settings
from tests.media_documents import bodies, pdf, report
from tests.server import serving
from tests.stand import PATIENCE_SECONDS
from tests.tus import bearer
from tests.web import TRUST
from workers.custody import integrate
from workers.derivative import ask_for_copies
from workers.media.making.maker import Maker
from workers.media.sandbox.parent import Sandbox
from workers.runner import Runner
from workers.settings import WorkersSettings

SAID = Declaration(way=HandInWay.BROWSER, origin=Origin.TAKEN, document=DocumentKind.INTERVIEW_RECORD)


@dataclass
class House:
    store: Store
    url: str
    bureau: Bureau
    runner: Runner
    token: str
    paper: RecordingId

    def client(self) -> httpx.Client:
        return httpx.Client(
            base_url=self.url, headers=bearer(self.token), verify=TRUST, timeout=PATIENCE_SECONDS
        )

    def brought(self, name: str, payload: bytes) -> RecordingId:
        ident = RecordingId(bring(self.store, self.bureau.handler, name, payload, SAID))
        self.runner.drain(JobKind.VERIFY)
        self.runner.drain(JobKind.DERIVE)
        return ident

    def look(self, client: httpx.Client, ident: RecordingId, kind: str = "open") -> str:
        wish = {"kind": kind, "reason_code": "case-handling"}
        answer = client.post(f"/v1/recordings/{ident}/looks", json=wish)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])


@pytest.fixture(scope="module")
def house(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    store = Store(make_settings(database_url, folder_url(tmp_path_factory.mktemp("pages"))))
    bureau = make_bureau(store)
    integrate(store)
    token = bureau.tokens[bureau.handler.id]  # type: ignore[index]
    with closing(store), Sandbox() as sandbox, Maker() as maker, serving(store) as url:
        runner = Runner(store, sandbox, WorkersSettings(), maker=maker)
        made = House(store, url, bureau, runner, token, RecordingId(UUID(int=0)))
        made.paper = made.brought("询问笔录.pdf", pdf(bodies(pages=3)))
        yield made


def _address(ident: RecordingId, number: object) -> str:
    return f"/v1/recordings/{ident}/derivatives/pages/{number}"


def test_the_pictures_are_a_copy_like_every_other(house: House) -> None:
    """Made once, in the log with its parent and how it was made; nothing in the record differs."""
    with house.store.begin() as tx:
        found = tx.recordings.known(house.paper)
        (copy,) = tx.derivations.of_recording(house.paper)
    assert (copy.kind, copy.state) == (DerivativeKind.PAGES, DerivationState.MADE)
    assert copy.parent_sha256 == found.sha256
    (leaf,) = (
        one for one in acts_of(house.store, f"derivative/{copy.id}") if isinstance(one, DerivativeMake)
    )
    assert (leaf.kind, leaf.sha256) == ("pages", copy.sha256)
    integrate(house.store)
    lock(house.store)
    assert faults(house.store, house.paper) == []
    assert ask_for_copies(house.store) == 0


def test_a_page_is_given_under_a_look_alone(house: House) -> None:
    """Without one nothing; with one the very picture, whole and in ranges; a print shows it, too."""
    with house.client() as client:
        assert client.get(_address(house.paper, 2)).status_code == 428
        look = house.look(client, house.paper)
        given = [client.get(_address(house.paper, n), params={"look": look}) for n in (1, 2, 3)]
        assert [one.status_code for one in given] == [200, 200, 200]
        for one in given:
            assert one.headers["Content-Type"] == "image/jpeg"
            with Image.open(io.BytesIO(one.content)) as picture:
                picture.load()
        assert len({one.content for one in given}) == 3
        assert len({one.headers["ETag"] for one in given}) == 3
        part = client.get(_address(house.paper, 2), params={"look": look}, headers={"Range": "bytes=10-19"})
        assert (part.status_code, part.content) == (206, given[1].content[10:20])
        whole = client.get(f"/v1/recordings/{house.paper}/derivatives/pages", params={"look": look})
        assert whole.content == b"".join(one.content for one in given)
        printed = house.look(client, house.paper, kind="print")
        assert client.get(_address(house.paper, 1), params={"look": printed}).content == given[0].content


@pytest.mark.parametrize(("number", "status"), [(4, 404), (0, 422), (61, 422), ("x", 422), (-1, 422)])
def test_a_page_that_is_not_there_is_none(house: House, number: object, status: int) -> None:
    """Refused by a name, under a look that stands."""
    with house.client() as client:
        look = house.look(client, house.paper)
        answer = client.get(_address(house.paper, number), params={"look": look})
    assert answer.status_code == status
    assert answer.json()["slug"] == ("derivative-unknown" if status == 404 else "request-invalid")


def test_who_may_not_watch_sees_no_page(house: House) -> None:
    """Out of reach it is not there at all."""
    token = make_account(house.store, house.bureau.agency, Role.OFFICER)[0]
    with httpx.Client(
        base_url=house.url, headers=bearer(token), verify=TRUST, timeout=PATIENCE_SECONDS
    ) as client:
        assert client.get(_address(house.paper, 1)).status_code == 404


def test_the_page_of_the_recording_shows_one_page_with_the_way_to_the_next(house: House) -> None:
    """Before a look how many there are; under one the first, the next, the last; what lies beyond is the last."""
    here = f"/console/recordings/{house.paper}"
    with browser(house.url, house.token) as client, house.client() as program:
        assert "共 3 页，打开查看后逐页显示" in client.get(here).text
        del program
        csrf = client.headers["X-Form-Token"]
        fields = {"csrf": csrf, "kind": "open", "reason_code": "case-handling"}
        opened = client.post(f"{here}/looks?page=2", data=fields)
        assert (opened.status_code, opened.headers["Location"]) == (303, f"{here}?page=2#player")
        for page, number, ways in (
            ("", 1, [2]),
            ("?page=2", 2, [1, 3]),
            ("?page=3", 3, [2]),
            ("?page=9", 3, [2]),
        ):
            text = client.get(here + page).text
            assert f"第 {number} 页，共 3 页" in text
            assert re.findall(rf'href="{here}\?page=(\d)#player"', text) == [str(one) for one in ways]
            (source,) = re.findall(r'<div class="media page"><img src="([^"]*)"', text)
            assert source.startswith(_address(house.paper, number))
            assert client.get(source).status_code == 200
        assert client.get(f"{here}?page=nine").status_code == 200


def test_a_document_without_its_fonts_says_why_there_are_none(house: House) -> None:
    """A picture that lacks words would be worse than none; the original is downloaded."""
    ident = house.brought("无字体.pdf", report())
    with house.store.begin() as tx:
        (copy,) = tx.derivations.of_recording(ident)
    assert (copy.state, copy.failure) == (DerivationState.FAILED, DerivationFailure.FONTS)
    assert pages_in(copy.params).pages == ()
    with browser(house.url, house.token) as client:
        text = client.get(f"/console/recordings/{ident}").text
    assert "没有页面图：字体没有嵌入文件，页面图会缺字" in text
