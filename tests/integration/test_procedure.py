"""Duties of procedure: documents are filed and withdrawn, and read wherever the case is."""

from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID, uuid4

import httpx
import pytest

from api.deps import COOKIE
from schemas.actor import Actor, Role
from schemas.case import Case, CaseState, CaseStep
from schemas.errors import EvidenceError
from schemas.leaves_procedure import DocumentFile, DocumentWithdraw
from schemas.procedure import DocumentIn, Formality, FormalityLine, ProcedureDocument
from schemas.trail import day_of
from storage.store import Store
from tests.casework import Bureau, make_bureau
from tests.factories import acts_of, faults, folder_url, make_account, make_agency, make_settings
from tests.server import serving
from tests.stand import PATIENCE_SECONDS
from workers.custody import integrate

FORM = {"formality": "notice", "title": "行政处罚事先告知书", "dated": "2026-01-05", "recording_id": ""}


@pytest.fixture(scope="module")
def store(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    made = Store(make_settings(database_url, folder_url(tmp_path_factory.mktemp("procedure"))))
    make_agency(made)
    integrate(made)  # opens the log
    yield made
    made.close()


@pytest.fixture
def bureau(store: Store) -> Bureau:
    return make_bureau(store, officers=(uuid4().hex, uuid4().hex))


def refused(slug: str) -> object:
    return pytest.raises(EvidenceError, check=lambda err: err.slug == slug)


def file(
    bureau: Bureau, case: Case, formality: Formality, *, by: Actor | None = None, **said: object
) -> ProcedureDocument:
    with bureau.store.begin() as tx:
        wish = {"formality": formality, "title": "告知书", "dated": day_of(tx.now), **said}
        return tx.procedures.file(by or bureau.handler, case.id, DocumentIn.model_validate(wish))


def withdraw(bureau: Bureau, found: ProcedureDocument, by: Actor | None = None) -> ProcedureDocument:
    with bureau.store.begin() as tx:
        return tx.procedures.withdraw(by or bureau.handler, found.case_id, found.id, "属于另一案件")


def line(bureau: Bureau, case: Case, formality: Formality) -> FormalityLine:
    with bureau.store.begin() as tx:
        lines = tx.procedures.of_case(bureau.handler, case.id)
    (found,) = (one for one in lines if one.formality is formality)
    return found


def test_a_duty_is_recorded_while_a_document_of_it_stands(bureau: Bureau) -> None:
    """Several may be filed, by handler or head; one that is withdrawn stays with its dates and shows nothing any more."""
    case = bureau.at(CaseState.INVESTIGATING)
    ident = bureau.capture(case)
    assert not line(bureau, case, Formality.NOTICE).is_recorded
    first = file(bureau, case, Formality.NOTICE, recording_id=ident, number=" 〔2026〕7号 ")
    second = file(bureau, case, Formality.NOTICE, by=bureau.head, title="补充告知书")
    assert (first.number, first.recording_id, first.is_linked) == ("〔2026〕7号", ident, True)
    withdraw(bureau, first, bureau.head)
    found = line(bureau, case, Formality.NOTICE)
    assert [one.stands for one in found.documents] == [False, True]
    assert found.is_recorded
    withdraw(bureau, second)
    assert not line(bureau, case, Formality.NOTICE).is_recorded
    assert [type(one) for one in acts_of(bureau.store, f"document/{first.id}")] == [
        DocumentFile,
        DocumentWithdraw,
    ]
    assert faults(bureau.store, case.id) == []


def test_the_same_document_twice_is_one(bureau: Bureau) -> None:
    """A second click files nothing; after it was withdrawn the same may be filed anew."""
    case = bureau.open()
    first = file(bureau, case, Formality.PLEA)
    assert file(bureau, case, Formality.PLEA).id == first.id
    withdraw(bureau, first)
    assert file(bureau, case, Formality.PLEA).id != first.id
    assert faults(bureau.store, case.id) == []


def test_what_is_no_document_is_refused_by_name(bureau: Bureau) -> None:
    """A day to come, a recording of another case, a duty that is computed, a stranger, a second withdrawal."""
    case, other = bureau.at(CaseState.INVESTIGATING), bureau.at(CaseState.INVESTIGATING)
    elsewhere = bureau.capture(other)
    with bureau.store.begin() as tx:
        tomorrow = day_of(tx.now) + timedelta(days=1)
    with refused("document-future"):
        file(bureau, case, Formality.NOTICE, dated=tomorrow)
    with refused("evidence-not-linked"):
        file(bureau, case, Formality.NOTICE, recording_id=elsewhere)
    with refused("document-computed"):
        file(bureau, case, Formality.TERM)
    stranger = make_account(bureau.store, make_agency(bureau.store), Role.HANDLER)[1]
    with refused("case-unknown"):
        file(bureau, case, Formality.NOTICE, by=stranger)
    colleague = make_account(bureau.store, bureau.agency, Role.HANDLER)[1]
    with refused("case-unknown"):
        file(bureau, case, Formality.NOTICE, by=colleague)
    found = file(bureau, case, Formality.NOTICE)
    withdraw(bureau, found)
    with refused("document-withdrawn"):
        withdraw(bureau, found)
    with refused("document-unknown"):
        withdraw(bureau, found.model_copy(update={"id": uuid4()}))
    assert faults(bureau.store, case.id) == []


def test_a_document_that_is_filed_later_says_so(bureau: Bureau) -> None:
    """Of a duty before the decision it is late after it (证据规定 60); of service it is not. A closed case takes none."""
    case = bureau.at(CaseState.LEGAL_REVIEW)
    early = file(bureau, case, Formality.NOTICE)
    case = bureau.at(CaseState.DECIDED)
    late, served = file(bureau, case, Formality.NOTICE), file(bureau, case, Formality.SERVICE)
    assert (early.is_late, late.is_late, served.is_late) == (False, True, False)
    bureau.step(case, CaseStep.CLOSE)
    for act in (lambda: file(bureau, case, Formality.SERVICE, title="x"), lambda: withdraw(bureau, served)):
        with refused("document-case-closed"):
            act()
    assert faults(bureau.store, case.id) == []


def test_the_term_is_counted_in_days_of_beijing(bureau: Bureau) -> None:
    """Not before the filing; on its day none has passed."""
    case = bureau.open()
    assert line(bureau, case, Formality.TERM).days is None
    case = bureau.step(case, CaseStep.FILE)
    found = line(bureau, case, Formality.TERM)
    assert (found.days, found.is_recorded) == (0, True)


def get(url: str, bureau: Bureau, who: UUID, path: str) -> str:
    cookies = {COOKIE: bureau.tokens[who]}
    with httpx.Client(base_url=url, cookies=cookies, timeout=PATIENCE_SECONDS) as client:
        answer = client.get(path)
        assert answer.status_code == 200
        return answer.text


def test_the_page_lists_every_duty_and_passes_none(store: Store, bureau: Bureau) -> None:
    """Each is recorded with title, number, day, who and a link, or not recorded; nowhere does the list say 通过."""
    case = bureau.at(CaseState.INVESTIGATING)
    ident = bureau.capture(case)
    file(bureau, case, Formality.NOTICE, recording_id=ident, number="〔2026〕7号")
    withdraw(bureau, file(bureau, case, Formality.HEARING, title="听证告知书"))
    with serving(store) as url:
        page = get(url, bureau, bureau.handler.id, f"/console/cases/{case.id}")
        said = get(url, bureau, bureau.handler.id, f"/v1/cases/{case.id}/procedure")
    panel = page.partition('<section id="procedure">')[2].partition("</section>")[0]
    for word in ("事先告知", "陈述、申辩", "听证", "集体讨论", "决定书载明事项", "九十日内", "送达"):
        assert word in panel
    for word in ("已记录", "未记录", "〔2026〕7号", f"/console/recordings/{ident}", "属于另一案件"):
        assert word in panel
    assert "通过" not in panel
    assert '"is_recorded":true' in said
    assert '"withdraw_reason":"属于另一案件"' in said
