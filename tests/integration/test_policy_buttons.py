"""A button is shown by the question that its act asks: whoever is shown one is not refused for who they are."""

from collections import Counter
from collections.abc import Iterator
from html.parser import HTMLParser

import httpx
import pytest

from api.console.language import COOKIE as LANGUAGE
from api.deps import COOKIE
from quancheng_demo import PEOPLE, found
from schemas.actor import Role
from schemas.case import CaseIn, CaseState
from schemas.monitoring import LinkBasis
from schemas.words import Language
from tests.casework import SUPPLEMENT, make_bureau
from tests.factories import folder_url, make_account, make_settings
from tests.forms import LAWFUL, OUTSIDE
from tests.monitoring import make_highway
from tests.server import serving
from tests.stand import PATIENCE_SECONDS
from tests.supervision import Clock, make_supervision
from tests.undoing import UndoingStore
from tests.walk import shape, walk
from tests.web import TRUST
from workers.custody import integrate

PERSONS = sorted(set(Role) - {Role.PARTY, Role.SOURCE})
APART = dict.fromkeys(
    ("/console/account/password", "/console/account/factor", "/console/account/factor/end"),
    "looks at a password, in no transaction that is undone",
)
OTHERS = ("10320009001", "10320009002")
"""Certificates of the desk's officers; the others are those of the demo."""
TYPED = {
    **LAWFUL,
    "text": "已核对",
    "number": "案-按-1",
    "name": "某",
    "login": "newcomer-1",
    "title": "抽查",
}
"""What is typed where a field is blank; what names a thing wrongly is told at its field."""


class Forms(HTMLParser):
    """The forms of a page that change something: where each goes, what stands in its fields, and its buttons."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str], list[tuple[str, str]]]] = []
        self._select = ""
        self._is_inside = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "form":
            self._is_inside = (given.get("method") or "").lower() == "post"
            if self._is_inside:
                self.found.append((given.get("action") or "", {}, []))
        if not self._is_inside:
            return
        _, fields, buttons = self.found[-1]
        name, value = given.get("name") or "", given.get("value") or ""
        if tag == "button" and "disabled" not in given:
            buttons.append((name, value))
        elif tag in ("input", "textarea") and name and given.get("type") != "checkbox":
            fields[name] = value or ("" if given.get("type") == "file" else TYPED.get(name, ""))
        elif tag == "select":
            self._select = name
        elif tag == "option" and (self._select not in fields or "selected" in given):
            fields[self._select] = value

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._is_inside = False


@pytest.fixture(scope="module")
def store(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[UndoingStore]:
    made = UndoingStore(
        make_settings(database_url, folder_url(tmp_path_factory.mktemp("buttons"))), clock=Clock()
    )
    yield made
    made.close()


@pytest.fixture(scope="module")
def people(store: UndoingStore) -> dict[str, str]:
    """Name → token: everybody of the demo, and of three desks at work one person in each role."""
    found(store)
    tokens = {}
    with store.begin() as tx:
        for person in PEOPLE:
            account = tx.accounts.credential_of(person.login)
            tokens[f"demo {person.login}"] = tx.accounts.open_session(account.account_id).token
    bureau, road = make_bureau(store, officers=OTHERS), make_highway(store)
    for state in CaseState:
        bureau.at(state)
    _, review = bureau.submitted()
    bureau.opine(review, SUPPLEMENT)
    bureau.submitted()
    running = bureau.at(CaseState.INVESTIGATING)
    bureau.device.capture("b.bin", b"b", context={"case": running.number}, officers=list(OTHERS))
    valid = road.valid()
    road.one()
    with store.begin() as tx:
        opened = tx.cases.open(
            road.handler, CaseIn(number="案-钮-1", party="某", matter="超限", place="S229")
        )
        tx.monitoring_links.link(road.handler, opened.id, valid, LinkBasis.MANUAL, opened.version)
    above = make_supervision(store, store.clock, recordings=3)
    for made in (above.defined, above.frozen, above.entered, above.confirmed, above.assigned):
        made()
    known = {one.id: one for one in (bureau.handler, bureau.head, bureau.reviewer, *bureau.officers)}
    tokens |= {f"case {min(one.roles)}": bureau.tokens[ident] for ident, one in known.items()}
    with store.begin() as tx:
        for one in (road.handler, road.first, road.second, above.supervisor, above.colleague, above.head):
            tokens[f"desk {one.login}"] = tx.accounts.open_session(one.account_id).token
        for one in above.inspectors:
            tokens[f"inspector {one.login}"] = tx.accounts.open_session(one.account_id).token
    for agency in (bureau.agency, road.agency, above.agency, above.supervisor.agency_id):
        for role in PERSONS:
            tokens[f"{role} {agency}"] = make_account(store, agency, role)[0]
    integrate(store)
    return tokens


def test_whoever_is_shown_a_button_may_press_it(store: UndoingStore, people: dict[str, str]) -> None:
    """No form of any page answers 403 to its reader, nor leads where nothing is for them; a gate may say: not now.

    The page of each thing, in whatever state and to whomever, says what is next and who does it, or that nothing is.
    """
    wrong, pressed, told = [], Counter[str](), dict[str, set[int]]()
    with serving(store) as url, httpx.Client(base_url=url, verify=TRUST, timeout=PATIENCE_SECONDS) as client:
        for who, token in people.items():
            client.cookies.update({COOKIE: token, LANGUAGE: Language.ZH.value})
            seen: set[str] = set()
            for step in [one for one in walk(url, token, Language.ZH) if one.is_page]:
                assert step.status < 400, (who, step.path, step.status)
                if step.is_of_a_thing:
                    told.setdefault(shape(step.path).partition("?")[0], set()).add(len(step.next_steps))
                for action, fields, buttons in Forms(step.text).found:
                    if action in OUTSIDE | set(APART) or f"{shape(step.path)} {action}" in seen:
                        continue
                    seen.add(f"{shape(step.path)} {action}")
                    for name, value in buttons:
                        store.is_undoing = True
                        answer = client.post(action, data={**fields, **({name: value} if name else {})})
                        store.is_undoing = False
                        pressed[shape(action)] += 1
                        is_elsewhere = (
                            answer.status_code == 404
                            and "<code>" in answer.text.partition('class="soft small"')[2]
                        )
                        if answer.status_code in (401, 403, 500) or is_elsewhere:
                            wrong.append((who, shape(step.path), shape(action), answer.status_code))

    assert not wrong, "\n".join(map(str, sorted(set(wrong))))
    assert len(pressed) > 30, pressed
    assert {kind: numbers for kind, numbers in told.items() if numbers != {1}} == {}
    assert {kind.split("/")[2] for kind in told} >= {
        *("cases", "recordings", "reviews", "monitoring", "audits", "devices", "accounts", "equipment"),
        *("certificates", "training", "agencies"),
    }
