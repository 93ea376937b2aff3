"""Every form of the console, found by walking the routes: a mistake is named where it was made, a fault is a fault."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape

import httpx
import pytest
from pydantic import ValidationError
from sqlalchemy import delete, func, select, text
from sqlalchemy.exc import IntegrityError, OperationalError

from api.console.typed import SENTENCES, Fault
from api.deps import COOKIE
from api.form_token import form_token
from api.problems import status_of
from schemas.case import CaseIn
from schemas.errors import AnyRefusal
from schemas.refusals_case import ACCOUNT_UNKNOWN
from schemas.refusals_monitoring import ARTICLE_41
from schemas.refusals_objects import DATABASE_UNAVAILABLE, OBJECTS_DAMAGED
from schemas.refusals_request import INTERNAL, VERSION_CONFLICT
from storage.tables.case import cases
from storage.tables.presence import partner_code_tries
from tests.factories import folder_url, make_settings
from tests.forms import BreakingStore, Controls, Place, Scene, Texts, make_scene, routes
from tests.owner import owning
from tests.server import serving
from tests.stand import PATIENCE_SECONDS
from tests.supervision import Clock
from tests.web import TRUST

FORMS = routes()
TYPED = {route: form for route, form in FORMS.items() if form.model_fields}
ACTED = sorted(
    set(FORMS)
    - {
        "/console/login",
        "/console/login/code",
        "/console/admit/{code}",
        "/console/link/{code}",
        "/console/account/password",
        "/console/account/factor",
        "/console/account/factor/end",
    }
)
"""What looks at a password is no change that is undone as a whole: no transaction is open while it is hashed."""

NONSENSE = ("！" * 3000, "9" * 400, "NaN", "2026-13-45", "<b>\"'")
"""What may be typed into any field; a text so long that no field takes it, first."""

UNKEPT = frozenset({"factor_code", "factor_now", "offer"})
"""Beside passwords: codes that count once, and a secret that is drawn anew."""

NAMED = re.compile("“([^”]+)”")
REFERENCE = re.compile(r'class="mono">[0-9a-f]{12}<')


@pytest.fixture(scope="module")
def scene(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    clock = Clock()
    settings = make_settings(database_url, folder_url(tmp_path_factory.mktemp("forms")))
    store = BreakingStore(settings, clock=clock)
    yield make_scene(store, clock)
    store.close()


@pytest.fixture(scope="module")
def address(scene: Scene) -> Iterator[str]:
    with serving(scene.store) as address:
        yield address


def sent(scene: Scene, address: str, place: Place, texts: Texts) -> httpx.Response:
    """The answer to a form of the person's own session."""
    token = scene.tokens.get(place.who, "")
    cookies = {COOKIE: token} if token else {}
    with httpx.Client(base_url=address, cookies=cookies, verify=TRUST, timeout=PATIENCE_SECONDS) as client:
        return client.post(place.path, data={"csrf": form_token(token), **texts})


@contextmanager
def breaking(scene: Scene, fault: Exception) -> Iterator[None]:
    """Whatever is acted upon inside the block fails."""
    scene.store.fault = fault
    try:
        yield
    finally:
        scene.store.fault = None


def titles(route: str) -> set[str]:
    """What the fields of a form are called."""
    return {str(field.title) for field in FORMS[route].model_fields.values() if field.title}


def assert_named(route: str, answer: httpx.Response, *wanted: str) -> None:
    """The form is there again, with a sentence that names a field of it – the one that is wanted, if one is."""
    assert answer.status_code == 422, (route, answer.status_code)
    notice = answer.text.partition('role="alert"')[2].partition("</div>")[0]
    (named,) = NAMED.findall(notice)
    assert any(named == title or named.endswith(f" {title}") for title in wanted or titles(route)), named
    assert not REFERENCE.search(answer.text)


def assert_kept(route: str, place: Place, answer: httpx.Response, texts: Texts) -> None:
    """What was typed into a field that a person sees stands there still, passwords and codes excepted."""
    page = Controls(place.path, answer.text)
    for name, typed in texts.items():
        wanted = typed if isinstance(typed, list) else [typed]
        is_offered = name not in page.offered or wanted[0] in page.offered[name]
        if name in page.found and "password" not in name and name not in UNKEPT and is_offered:
            assert page.found[name][: len(wanted)] == wanted, (route, name)


def test_every_form_is_walked() -> None:
    """The walk finds the forms of every desk, and each of them has a model."""
    assert len(FORMS) > 35
    assert {route.split("/")[2] for route in FORMS} == {
        "account", "accounts", "admit", "agencies", "approvals", "audits", "cases", "certificates", "denials", "devices",
        "duties", "equipment", "exports", "link", "login", "looks", "monitoring", "presence", "recordings",
        "rectifications", "reviews", "rosters", "training",
    }  # fmt: skip


def test_every_fault_of_a_field_has_its_sentence() -> None:
    """Whatever can be wrong with a field is said and names the field, in both languages."""
    assert set(SENTENCES) == set(Fault)
    for said, then in SENTENCES.values():
        assert "{field}" in said.zh
        assert "{field}" in said.en
        assert then.zh
        assert then.en


@pytest.mark.parametrize("route", sorted(set(TYPED) - {"/console/duties/{duty_id}/close"}))
def test_an_empty_form_is_told_what_is_missing(scene: Scene, address: str, route: str) -> None:
    """Sending nothing names a field and shows the form again; a duty is ended now where no time is said."""
    place = scene.places[route]

    assert_named(route, sent(scene, address, place, {}))


@pytest.mark.parametrize("route", sorted(TYPED))
def test_nonsense_in_every_field_is_told(scene: Scene, address: str, route: str) -> None:
    """No text of a stranger is a fault of ours: what means nothing is named, and stands in its field still."""
    place = scene.places[route]
    for nonsense in NONSENSE:
        lawful = scene.texts(route)
        texts: Texts = {
            name: [nonsense for _ in typed] if isinstance(typed, list) else nonsense
            for name, typed in lawful.items()
        }
        answer = sent(scene, address, place, texts)

        assert answer.status_code < 500, (route, nonsense)
        if len(nonsense) > 2000:
            assert_named(route, answer)
        if answer.status_code >= 400:
            assert_kept(route, place, answer, texts)


@pytest.mark.parametrize("route", sorted(TYPED))
def test_each_field_is_named_by_itself(scene: Scene, address: str, route: str) -> None:
    """One field that means nothing among lawful ones is the one that is named; the others keep what was typed."""
    place, lawful = scene.places[route], scene.texts(route)
    for name, field in FORMS[route].model_fields.items():
        if not field.title:
            continue
        wrong = "\0" if isinstance(lawful[name], str) else ["\0", *lawful[name][1:]]
        texts = {**lawful, name: wrong}
        answer = sent(scene, address, place, texts)

        assert_named(route, answer, field.title)
        assert_kept(route, place, answer, {key: typed for key, typed in texts.items() if key != name})


@pytest.fixture(autouse=True)
def _tries_left(scene: Scene) -> None:
    """Each test has the tries of a partner's code for itself: what is broken on purpose counts as one that was none."""
    with owning(scene.store) as tx:
        tx.connection.execute(delete(partner_code_tries))


@pytest.mark.parametrize("route", ACTED)
def test_a_refusal_keeps_what_was_typed(scene: Scene, address: str, route: str) -> None:
    """What storage refuses is told with the status of the refusal, and nothing has to be typed again."""
    place, texts = scene.places[route], scene.texts(route)
    for refusal in (VERSION_CONFLICT, ARTICLE_41, ACCOUNT_UNKNOWN):
        with breaking(scene, refusal("refused on purpose")):
            answer = sent(scene, address, place, texts)

        assert answer.status_code == status_of(refusal)
        assert escape(refusal.zh, quote=False) in answer.text
        assert 'role="alert"' in answer.text
        assert not REFERENCE.search(answer.text)
        assert_kept(route, place, answer, texts)


CORRECTED = {
    "/console/cases/{case_id}/amend": ("place", "解放路 9 号"),
    "/console/agencies/{agency_id}": ("name", "改名一中队"),
    "/console/audits/{audit_id}/amend": ("title", "改题的评查"),
    "/console/equipment/{equipment_id}/description": ("site", "S229 K99"),
    "/console/equipment/{equipment_id}/facts/{entry}/amend": ("from_at", "2019-03-04T05:06"),
}
"""Every form that corrects what stands, and something else for one of its fields."""


@pytest.mark.parametrize("route", sorted(CORRECTED))
def test_who_was_not_the_first_sees_both_and_goes_on_knowingly(
    scene: Scene, address: str, route: str
) -> None:
    """What stands now stands beside what they typed, nothing is lost, and sending it again is no conflict any more."""
    place, (name, typed) = scene.places[route], CORRECTED[route]
    texts: Texts = {**scene.texts(route), name: typed}
    with breaking(scene, VERSION_CONFLICT("somebody was faster")):
        answer = sent(scene, address, place, texts)

    assert answer.status_code == status_of(VERSION_CONFLICT)
    (both,) = re.findall('<section class="apart".*?</section>', answer.text)
    rows = re.findall("<tr><th>([^<]*)</th><td>([^<]*)</td><td>([^<]*)</td></tr>", both)
    told = {label: (now, mine) for label, now, mine in rows}
    now, mine = told[FORMS[route].model_fields[name].title or ""]
    assert mine == typed
    assert now not in ("", typed)
    assert_kept(route, place, answer, texts)
    form = answer.text.partition(f'action="{place.path}"')[2]
    version = re.findall('name="version" value="([0-9]+)"', form)[0]
    again = sent(scene, address, place, {**texts, "version": version})
    assert again.status_code != status_of(VERSION_CONFLICT), VERSION_CONFLICT.zh


def faults() -> list[tuple[Exception, AnyRefusal]]:
    """What can go wrong behind a form, and what is answered."""
    with pytest.raises(ValidationError) as caught:
        CaseIn.model_validate({})
    database = OperationalError("SELECT", {}, Exception("the connection is closed"))
    return [
        (ValueError("a fault of ours"), INTERNAL),
        (caught.value, INTERNAL),
        (IntegrityError("INSERT", {}, Exception("a constraint")), INTERNAL),
        (database, DATABASE_UNAVAILABLE),
        (OBJECTS_DAMAGED("a side file"), OBJECTS_DAMAGED),
    ]


@pytest.mark.parametrize("route", ACTED)
def test_a_fault_of_ours_is_never_a_mistake(scene: Scene, address: str, route: str) -> None:
    """A fault behind a lawful form is the page of problems with a reference, and names no field."""
    place, texts = scene.places[route], scene.texts(route)
    for fault, told in faults():
        with breaking(scene, fault):
            answer = sent(scene, address, place, texts)

        assert answer.status_code == status_of(told) >= 500, (route, fault)
        assert REFERENCE.search(answer.text)
        assert told.zh in answer.text
        assert not NAMED.findall(answer.text.partition('role="alert"')[2].partition("</div>")[0])


def test_a_database_that_refuses_the_entry_is_a_fault(scene: Scene, address: str) -> None:
    """When the log takes no entry the case is not opened, and nobody is told that a field is missing."""
    place = scene.places["/console/cases"]
    texts = {**scene.texts("/console/cases"), "number": "案-不成-1"}
    with owning(scene.store) as tx:
        tx.connection.execute(text(BREAK))
    try:
        answer = sent(scene, address, place, texts)
    finally:
        with owning(scene.store) as tx:
            tx.connection.execute(text(MEND))

    assert answer.status_code == 500
    assert "没有填写" not in answer.text
    with scene.store.begin() as tx:
        kept = select(func.count()).where(cases.c.number == "案-不成-1")
        assert tx.connection.scalar(kept) == 0
    assert sent(scene, address, place, texts).status_code == 303


BREAK = """
CREATE FUNCTION break_entry() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'no entry is taken'; END $$;
CREATE TRIGGER break_entry BEFORE INSERT ON custody_entries FOR EACH ROW EXECUTE FUNCTION break_entry();
"""
MEND = "DROP TRIGGER break_entry ON custody_entries; DROP FUNCTION break_entry()"
