"""Tickets: what no process of ours signed is no leaf, what was honestly signed is never lost, and every answer says so."""

import base64
from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from pydantic import SecretStr
from sqlalchemy import select, text

from mobile_contract.client.verify import verify_package
from mobile_contract.client.verify_origin import Trust
from schemas.act import Process
from schemas.actor import Role
from schemas.base import whole_milliseconds
from schemas.case import CaseStep
from schemas.errors import IntegrityBroken, Invalid, Unavailable
from schemas.event import Event
from schemas.health import Health, HealthPart
from schemas.leaves_case import CaseLink
from schemas.leaves_log import ChainMend, ClockStep, KeyAnnounce, KeyRole, LogOpen, LogRefuse, LogResume
from schemas.ticket import Ticket, Tickets, verify_ticket, written_with
from schemas.work import signs
from storage.setup.home import TICKET_KEYS
from storage.setup.writer import require_writer
from storage.store import Store, utc_now
from storage.tables.custody import custody_entries
from storage.ticket import signer_tickets, tickets
from tests.casework import Bureau, make_bureau
from tests.chains import indexed_acts
from tests.factories import (
    PASSWORD,
    faults,
    folder_store,
    folder_url,
    make_account,
    make_agency,
    make_settings,
    seed64,
)
from tests.forging import Forged, as_superuser, forge, forged_tie
from tests.packaging import packaged
from tests.server import serving
from tests.stand import PATIENCE_SECONDS
from tests.traces import leave_trace
from tests.trust import trust_of
from tests.web import TRUST
from workers.custody import integrate
from workers.mend import Mend
from workers.mend import run as mend

ORIGINAL_SEEDS = {Process.API: b"a" * 32, Process.WORKER: b"w" * 32, Process.SIGNER: b"s" * 32}


@pytest.fixture
def store(own_database_url: str, tmp_path: Path) -> Iterator[Store]:
    """A store with a log that has begun."""
    with folder_store(own_database_url, tmp_path) as made:
        yield made


@pytest.fixture
def bureau(store: Store) -> Bureau:
    """Everybody of an agency."""
    return make_bureau(store)


def test_every_leaf_carries_the_ticket_of_its_process(store: Store, bureau: Bureau) -> None:
    """The log announces which key may sign what, and each ticket holds under the key that it names."""
    bureau.capture(bureau.open())
    integrate(store)
    keys = signer_tickets(store.settings).keys()
    with store.begin() as tx:
        rows = tx.connection.execute(select(custody_entries)).all()
    for row in rows:
        key = keys[row.ticket_kid]
        assert key.events is None or row.event in key.events
        verify_ticket(base64.b64encode(row.ticket).decode(), bytes(row.digest).hex(), key.public)
    opened, *rest = indexed_acts(store)
    assert isinstance(opened, LogOpen)
    said = {
        one.kid: one.events for one in rest if isinstance(one, KeyAnnounce) and one.role is KeyRole.TICKET
    }
    assert opened.tickets.keys() | said.keys() == keys.keys()
    assert {frozenset(events or ()) for events in said.values()} == {
        written_with(Process.API),
        written_with(Process.WORKER),
    }
    assert unsound(store) == []


def unsound(store: Store) -> list[tuple[str, str]]:
    """What a check finds; the photos of these tests are locked by nobody."""
    return [(code, about) for code, about in faults(store) if code != "retention-missing"]


def test_an_insert_is_no_leaf(store: Store, bureau: Bureau) -> None:
    """The forger's tie gets no index; the log says so, the check names it and its row, and health is red."""
    case, photo, made = forged_tie(bureau)
    assert integrate(store) == 0
    assert [one.digest for one in indexed_acts(store) if isinstance(one, LogRefuse)] == [made.digest]
    with store.begin() as tx:
        index = tx.connection.scalar(
            select(custody_entries.c.leaf_index).where(custody_entries.c.id == made.row)
        )
        log = next(one for one in signs(tx.heartbeats.work()) if one.part is HealthPart.LOG)
    assert index is None
    assert (log.is_good, log.code, log.seen) == (False, Health.LOG_REFUSES, {"count": 1})
    named = unsound(store)
    assert {code for code, _ in named} == {
        "entry-refused",
        "chain-differs",
        "row-without-leaf",
        "column-differs",
    }
    assert {subject for code, subject in named if code == "chain-differs"} == {case, photo}
    assert integrate(store) == 0  # it is told once


def test_nothing_is_built_on_what_the_log_refuses(store: Store, bureau: Bureau) -> None:
    """Whoever acts on that case next is told; every other case goes on."""
    case, _, _ = forged_tie(bureau)
    integrate(store)
    with store.begin() as tx, pytest.raises(IntegrityBroken) as caught:
        tx.custody.hold(case)
    assert caught.value.slug == "chain-refused"
    bureau.capture(bureau.open())
    assert integrate(store) > 0


def mended(store: Store, of: str, *logins: str, reason: str = "伪造的关联") -> str | None:
    """Let a chain go on, with a password of each; the slug of why it does not."""
    wish = Mend(of, logins, reason)
    try:
        mend(store, wish, lambda _: PASSWORD, lambda *_, **__: None)
    except Invalid as err:
        return err.slug
    return None


def test_a_stopped_chain_goes_on_when_two_persons_say_so(
    store: Store, bureau: Bureau, tmp_path: Path
) -> None:
    """Its leaf lists what is refused, health and check name it no more, the case goes on, and its package holds."""
    case, photo, _ = forged_tie(bureau)
    integrate(store)
    head, admin = bureau.head.login, make_account(store, bureau.agency, Role.ADMIN)[1].login
    for by in ((head,), (head, head), (head, bureau.handler.login)):
        assert mended(store, case, *by) == "two-persons"
    assert mended(store, case, head, admin, reason=" ") == "claim-invalid"
    assert [mended(store, of, head, admin) for of in (case, photo, case)] == [None, None, "chain-sound"]

    with store.begin() as tx:
        told = tx.custody.chain(case)[-1].act
        log = next(one for one in signs(tx.heartbeats.work()) if one.part is HealthPart.LOG)
    assert isinstance(told, ChainMend)
    assert (told.refused, len(told.approvals)) == (1, 2)
    assert (log.is_good, log.code, log.seen) == (True, Health.LOG_REFUSED, {"count": 1})
    with as_superuser(store) as tx:
        tx.connection.execute(
            text("DELETE FROM case_links WHERE recording_id = :photo"), {"photo": photo[-36:]}
        )
    with store.begin() as tx:
        opened = tx.cases.get(bureau.handler, UUID(case[-36:]))
    bureau.capture(bureau.step(opened, CaseStep.FILE))
    integrate(store)
    assert unsound(store) == []
    package = packaged(store, bureau, opened, tmp_path / "p.zip")
    assert verify_package(package, Trust.parse(trust_of(store.settings))).holds


def test_a_list_that_names_other_drafts_settles_nothing(store: Store, bureau: Bureau) -> None:
    """What is refused behind a mended chain is named again, until it is listed too."""
    case, _, first = forged_tie(bureau)
    integrate(store)
    head, admin = bureau.head.login, make_account(store, bureau.agency, Role.ADMIN)[1].login
    assert mended(store, case, head, admin) is None
    with as_superuser(store) as tx:
        act = CaseLink(case=case, recording=f"recording/{bureau.capture()}")
        again = forge(tx, act, case, actor=bureau.handler.reference, at=whole_milliseconds(utc_now()))
    integrate(store)
    named = {subject for code, subject in faults(store) if code == "entry-refused"}
    assert named == {
        f"entry/{entry_of(store, one)}" for one in (first, again)
    }  # the photo's chain stands still


@pytest.mark.parametrize(
    ("how", "code"),
    [
        ("another leaf's ticket", "ticket-invalid"),
        ("no signature", "ticket-invalid"),
        ("the worker's key", "ticket-not-for-event"),
    ],
)
def test_a_ticket_that_does_not_hold_is_refused(store: Store, bureau: Bureau, how: str, code: str) -> None:
    """A ticket of another leaf, bytes that are no signature, a stolen key of a process that writes no such event."""
    settings = store.settings
    worker = Tickets({Process.WORKER: base64.b64decode(settings.worker_ticket_key.get_secret_value())})
    api = tickets(settings)
    copied = api.sign("case:link", "ab" * 32)
    stolen = next(iter(worker.keys()))

    def sign(event: str, digest: str) -> Ticket | None:
        if how == "another leaf's ticket":
            return copied
        if how == "no signature":
            return Ticket(copied.kid, b"short")
        signed = worker.sign("recording:seal", digest)
        assert signed.kid == stolen
        return signed

    _, _, made = forged_tie(bureau, sign)
    integrate(store)
    refused = [one for one in indexed_acts(store) if isinstance(one, LogRefuse)]
    assert [(one.digest, one.code) for one in refused] == [(made.digest, code)]


def test_a_made_up_key_waits_for_ever(store: Store, bureau: Bureau) -> None:
    """A key that the signer does not know gets nothing indexed; the check names it."""
    _, _, made = forged_tie(bureau, Tickets(ORIGINAL_SEEDS).sign)
    assert integrate(store) == 0
    assert not any(isinstance(one, LogRefuse) for one in indexed_acts(store))
    assert ("ticket-invalid", f"entry/{entry_of(store, made)}") in faults(store)


def entry_of(store: Store, made: Forged) -> object:
    with store.begin() as tx:
        return tx.connection.scalar(
            select(custody_entries.c.entry_id).where(custody_entries.c.id == made.row)
        )


def test_an_honest_entry_waits_for_the_signer_to_learn_its_key(own_database_url: str, tmp_path: Path) -> None:
    """A writer that got a new key before the signer loses nothing: it is indexed once the signer has it, in order."""
    new = seed64()
    settings = make_settings(own_database_url, folder_url(tmp_path))
    with closing(Store(settings)) as signer, closing(Store(moved(settings, new))) as writer:
        agency = make_agency(signer)
        integrate(signer)
        ahead = make_agency(writer, parent=agency)
        assert integrate(signer) == 0
        make_agency(signer)  # others go on
        assert integrate(signer) == 1
        with closing(Store(moved(settings, new))) as later:
            assert integrate(later) == 1
            assert faults(later, f"agency/{ahead}") == []


def moved(settings: object, new: SecretStr) -> object:
    """The same settings with another key of the API."""
    return settings.model_copy(update={"api_ticket_key": new})


def test_an_index_that_nobody_signed_stops_the_signer(store: Store, bureau: Bureau) -> None:
    """Whoever gives an entry its index in the database gets no signature for it."""
    _, _, made = forged_tie(bureau)
    with as_superuser(store) as tx:
        size = tx.custody.size()
        tx.connection.execute(
            text("UPDATE custody_entries SET leaf_index = :size WHERE id = :row"),
            {"size": size, "row": made.row},
        )
    with pytest.raises(IntegrityBroken) as caught:
        integrate(store)
    assert caught.value.slug == "sequence-broken"


def test_an_entry_altered_before_its_index_is_refused(store: Store) -> None:
    """A leaf whose bytes changed between commit and sequencing is never indexed; the log says so, and goes on."""
    with store.begin() as tx:
        altered, *_ = [leave_trace(tx.custody, offset_bytes=n) for n in range(3)]
    with as_superuser(store) as tx:
        tx.connection.execute(
            text("UPDATE custody_entries SET leaf = leaf || ' ' WHERE entry_id = :id"),
            {"id": altered.entry_id},
        )
    assert integrate(store) == 2
    assert [one.code for one in indexed_acts(store) if isinstance(one, LogRefuse)] == ["leaf-altered"]
    assert unsound(store) == [("entry-refused", f"entry/{altered.entry_id}")]


def test_whoever_marks_an_honest_entry_refused_is_named(store: Store, bureau: Bureau) -> None:
    """A mark that no leaf of the log gives its reason for is the database owner's."""
    case = bureau.open()
    with as_superuser(store) as tx:
        tx.connection.execute(text("UPDATE custody_entries SET refused_by = digest WHERE leaf_index IS NULL"))
    integrate(store)
    assert "entry-refused" in {code for code, _ in faults(store)}
    assert ("row-without-leaf", f"case/{case.id}") in faults(store)


def test_a_process_without_a_key_writes_nothing(own_database_url: str, tmp_path: Path) -> None:
    """Without a ticket key no act is possible; without all of them no signer runs."""
    keys = dict.fromkeys(TICKET_KEYS)
    keyless = make_settings(own_database_url, folder_url(tmp_path), **keys)
    with closing(Store(keyless)) as store:
        with store.begin() as tx:
            before = tx.connection.scalar(text("SELECT count(*) FROM custody_entries"))
        with pytest.raises(Unavailable) as caught:
            make_agency(store)
        assert caught.value.slug == "ticket-key-missing"
        with pytest.raises(ValueError, match="API_TICKET_KEY"):
            integrate(store)
        with store.begin() as tx:
            assert tx.connection.scalar(text("SELECT count(*) FROM custody_entries")) == before


@pytest.mark.parametrize(
    ("off", "kind"), [(timedelta(minutes=-10), LogResume), (timedelta(minutes=10), ClockStep)]
)
def test_a_time_out_of_order_is_bounded_and_never_refused(
    own_database_url: str, tmp_path: Path, off: timedelta, kind: type
) -> None:
    """An entry ten minutes late, or ahead, is indexed behind one leaf of the signer that bounds it."""
    settings = make_settings(own_database_url, folder_url(tmp_path))
    elsewhere = Store(settings, clock=lambda: utc_now() + off)
    with closing(Store(settings)) as store, closing(elsewhere):
        make_agency(store)
        integrate(store)
        with elsewhere.begin() as tx:
            for _ in range(3):
                leave_trace(tx.custody)
        assert integrate(store) == 3
        last = indexed_acts(store)[-4:]
        assert type(last[0]) is kind
        assert sum(type(one) is kind for one in last) == 1
        assert faults(store, "entry") == []


def test_another_release_announces_what_a_key_may_write_anew(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A key whose process may write another event is said again, once; nothing else of it changes."""
    before = sum(isinstance(one, KeyAnnounce) for one in indexed_acts(store))
    monkeypatch.setattr(
        "schemas.ticket.written_with", lambda process: written_with(process) | {Event.WITNESS_ADD.value}
    )
    integrate(store)
    monkeypatch.undo()
    assert sum(isinstance(one, KeyAnnounce) for one in indexed_acts(store)) == before + 2
    assert faults(store, "log/") == []


def test_a_savepoint_that_is_undone_promises_nothing(store: Store) -> None:
    """What a step wrote and took back is in no answer."""
    with store.begin() as tx:
        kept = leave_trace(tx.custody)
        with suppress(LookupError), tx.attempt():
            leave_trace(tx.custody)
            raise LookupError
        assert [one.digest for one in tx.custody.promised] == [kept.digest]


def test_the_answer_to_an_act_carries_its_tickets(store: Store, bureau: Bureau) -> None:
    """Digest, key and signature of each leaf, in a header; a look that writes nothing has none; a receipt has its own."""
    keys = signer_tickets(store.settings).keys()
    with serving(store) as url, httpx.Client(base_url=url, verify=TRUST, timeout=PATIENCE_SECONDS) as client:
        bearer = {"Authorization": f"Bearer {bureau.tokens[bureau.handler.id]}"}
        entered = {"number": "案-票", "party": "某店", "matter": "占道经营", "place": "建军路"}
        opened = client.post("/v1/cases", json=entered, headers=bearer)
        looked = client.get("/v1/cases", headers=bearer)
    assert opened.status_code == 201, opened.text
    assert "Custody-Ticket" not in looked.headers
    said = [
        value.split(" ") for name, value in opened.headers.multi_items() if name.lower() == "custody-ticket"
    ]
    with store.begin() as tx:
        case = f"case/{opened.json()['id']}"
        assert [digest for digest, _, _ in said] == [one.digest for one in tx.custody.chain(case)]
    for digest, kid, ticket in said:
        verify_ticket(ticket, digest, keys[kid].public)


def test_a_process_with_a_key_that_the_log_does_not_know_does_not_start(
    own_database_url: str, tmp_path: Path
) -> None:
    """One sentence ends it; before the log has announced any key, and with the right one, it starts."""
    settings = make_settings(own_database_url, folder_url(tmp_path))
    with closing(Store(settings)) as right, closing(Store(moved(settings, seed64()))) as wrong:
        for store in (right, wrong):
            require_writer(store, Process.API)
        make_agency(right)
        integrate(right)
        require_writer(right, Process.API)
        with pytest.raises(SystemExit, match="scheduler"):
            require_writer(wrong, Process.API)
        require_writer(wrong, Process.WORKER)
