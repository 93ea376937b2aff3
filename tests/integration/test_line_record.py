"""What the line and its people leave in the permanent record: lawful chains, and not a word of anybody."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import select, text, update

from schemas.actor import Actor, Role
from schemas.checks.claims import DIGEST
from schemas.checks.manifest import CASE
from schemas.digest import sha256_hex
from schemas.errors import SignatureInvalid
from schemas.integrity import CheckResult, Outcome, Severity
from schemas.jws import public_jwk, sign_detached, thumbprint
from schemas.leaf import MAX_LEAF_BYTES, parse_leaf
from schemas.leaves_account import AccountCredentialByLink, AccountKind, AccountOpen
from schemas.leaves_agency import AgencyKind
from schemas.leaves_device import DeviceCode, DeviceEnrol
from schemas.leaves_recording import ReceivedFrom, RecordingReceive, RecordingSeal
from schemas.opening import Shown, parse_opening
from schemas.recording import RecordingState
from schemas.report import report_of
from storage.device.enrolment import EnrolIn
from storage.flow.receive import Receiving, complete_left
from storage.password import fresh_password, hash_of
from storage.recording.upload import NewUpload
from storage.store import Store
from storage.tables.custody import openings
from storage.tables.recording import uploads
from tests.casework import Bureau, conclusion, make_bureau
from tests.factories import (
    ENROL_TYP,
    LOST,
    TestDevice,
    append,
    certify,
    enrol_device,
    faults,
    folder_url,
    found_agency,
    make_account,
    make_agency,
    make_settings,
)
from tests.media import jpeg
from tests.monitoring import Highway, jpeg_media, make_highway
from tests.replayed import folded, leaves_of
from tests.stand import PATIENCE_SECONDS

MINE = ("agency", "account", "device", "manifest", "recording")
MARK = "Zzmark"
RECEIPTS = 100
FINDINGS = 10_000


@pytest.fixture(scope="module")
def store(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    made = Store(make_settings(database_url, folder_url(tmp_path_factory.mktemp("record"))))
    yield made
    made.close()


@pytest.fixture(scope="module")
def bureau(store: Store) -> Bureau:
    return make_bureau(store)


def marked(what: str) -> str:
    """A text that a leaf must never hold."""
    return f"{MARK} {what} 张三"


def lawful(store: Store) -> None:
    """Every chain of the family is whole, and the fold has nothing against any of its leaves."""
    found = folded(store, *MINE)
    assert {one.of.partition("/")[0] for one in found.values()} == set(MINE)
    assert [fault for one in found.values() for fault in one.faults] == []
    with store.begin() as tx:
        heads = tx.connection.execute(text("SELECT of, n, head FROM chains")).all()
    assert {row.of: (row.n, row.head.hex()) for row in heads if row.of in found} == {
        of: (one.n, one.head) for of, one in found.items()
    }


def test_no_word_of_anybody_enters_a_leaf(store: Store) -> None:
    """Whatever text the writers of this family are given stands in openings, and in no leaf."""
    with store.begin() as tx:
        agency = found_agency(tx, name=marked("局"), kind=AgencyKind.AGENCY, code=marked("code"))
        account = tx.accounts.add(
            agency_id=agency,
            login=marked("login"),
            name=marked("name"),
            password_hash=hash_of(marked("password")),
            roles=frozenset({Role.CUSTODIAN, Role.OFFICER}),
            kind=AccountKind.PERSON,
            reason=marked("reason"),
        )
        certify(tx, account, marked("certificate"), valid_from=tx.now, valid_until=tx.now + timedelta(days=1))
        custodian = tx.accounts.account_actor(account)
        source = tx.equipment.make_source(custodian, marked("source"), fresh_password())
    device = _marked_device(store, custodian)
    _hand_in(store, device)
    with store.begin() as tx:
        tx.devices.revoke(custodian, device.id, LOST)
        tx.manifests.declare(custodian, marked("no manifest").encode(), marked("signature"))
    _expire(store, custodian)

    told = "\n".join(payload.decode() for _, _, payload in leaves_of(store))
    with store.begin() as tx:
        opened = [bytes(one) for one in tx.connection.scalars(select(openings.c.opening))]
    shown = {parse_opening(one).member: one for one in opened if MARK.encode() in one}
    assert MARK.lower() not in told.lower()
    assert source.login not in told
    assert sha256_hex(marked("password").encode()) not in told
    assert shown.keys() == {
        *("name", "code", "login", "reason", "number", "model", "filename", "stated_case", "report"),
    }


def _marked_device(store: Store, custodian: Actor) -> TestDevice:
    key = ec.generate_private_key(ec.SECP256R1())
    jwk = public_jwk(key.public_key())
    with store.begin() as tx:
        code = tx.enrolments.issue_code(custodian).code
        proof = sign_detached(code.encode(), key, kid=thumbprint(jwk), typ=ENROL_TYP)
        wish = EnrolIn(code=code, jwk=jwk, model=marked("model"), name=marked("device"), proof=proof)
        made = tx.enrolments.enrol(wish)
    with store.begin() as tx:
        actor = tx.accounts.device_actor(made.device_id)
    leaves = [parse_leaf(payload).act for _, _, payload in leaves_of(store)]
    issued = next(act for act in leaves if isinstance(act, DeviceCode))
    enrolled = next(act for act in leaves if isinstance(act, DeviceEnrol))
    assert (issued.code, issued.agency) == (enrolled.code, enrolled.agency)
    assert code not in str(leaves)
    return TestDevice(
        store=store, key=key, id=made.device_id, kid=made.kid, prev=made.challenge, actor=actor, token=""
    )


def _hand_in(store: Store, device: TestDevice) -> None:
    """A manifest and its file, both with words, sealed with a finding that has some, too."""
    payload = uuid4().bytes
    ident = device.capture(marked("file.bin"), payload, context={"case": marked("case")})
    finding = CASE.found("case-unknown", number=marked("case"))
    with store.begin() as tx:
        tx.recordings.conclude(ident, conclusion(payload, finding, at_retain=tx.now))


def _expire(store: Store, sender: Actor) -> None:
    with store.begin() as tx:
        wish = NewUpload(length_bytes=9, filename=marked("left.bin"), case_number=marked("case"))
        opened = tx.uploads.open(sender, wish)
    append(store, sender, opened.id, b"begun")
    with store.begin() as tx:
        past = tx.now - timedelta(seconds=1)
        tx.connection.execute(update(uploads).where(uploads.c.id == opened.id).values(expires_at=past))
    with store.begin() as tx:
        assert [one.id for one in tx.uploads.expire(limit=100)] == [opened.id]


def test_an_account_begins_with_its_credential_and_roles(store: Store) -> None:
    """The stored hash stands in an opening beside the leaf: a hash exchanged in the table is found out."""
    token, actor = make_account(store, make_agency(store), Role.HANDLER, Role.OFFICER)
    with store.begin() as tx:
        leaves = tx.custody.entries_for(actor.reference)
        known = tx.custody.openings_of([one.digest for one in leaves])
        kept = tx.connection.scalar(
            text("SELECT password_hash FROM accounts WHERE id = :id"), {"id": actor.id}
        )
    opened, credential = (one.act for one in leaves)
    life = folded(store, "account")[actor.reference].life

    assert token
    assert isinstance(opened, AccountOpen)
    assert isinstance(credential, AccountCredentialByLink)
    told = credential.revealed(known[leaves[1].digest])
    assert isinstance(told.record, Shown)
    assert told.record.value == {"password_hash": kept}
    assert {role.grant.role for role in (life.roles or {}).values()} == {Role.HANDLER, Role.OFFICER}


def test_a_recording_with_thousands_of_findings_seals(store: Store, bureau: Bureau) -> None:
    """The leaf is as short as any: the findings stand in the report, and the leaf commits to it."""
    payload = uuid4().bytes
    ident = bureau.device.capture("a.bin", payload)
    made = [
        CheckResult(
            name=f"finding_{number}",
            version=1,
            outcome=Outcome.VERIFIED,
            severity=Severity.INFO,
            code="seen",
            params={"at_ms": number, "rate": 12.5, "none": None, "large": 2**60},
        )
        for number in range(FINDINGS)
    ]
    with store.begin() as tx:
        found = conclusion(payload, *made, at_retain=tx.now)
        kept_as = tx.recordings.known(ident)
        store.objects.retain(kept_as.object_key, kept_as.version_id, found.retain_until)
        assert tx.recordings.conclude(ident, found) is RecordingState.SEALED
    with store.begin() as tx:
        *_, last = tx.custody.entries_for(f"recording/{ident}")
        known = tx.custody.openings_of([last.digest])[last.digest]
        kept = [row.check for row in tx.recordings.checks(ident)]
        payload = tx.custody.leaf(last.entry_id)
        again = report_of(kept, tx.recordings.known(ident).facts, tx.recordings.derivatives(ident))

    assert isinstance(last.act, RecordingSeal)
    assert len(payload) < MAX_LEAF_BYTES
    assert last.act.checks_count == FINDINGS + 6
    assert last.act.checks["digest"] == f"verified//{DIGEST.version}"
    told = last.act.revealed(known)
    assert isinstance(told.report, Shown)
    assert told.report.value == again
    assert told.report.value["checks"][-1] == {
        "name": f"finding_{FINDINGS - 1}",
        "version": 1,
        "outcome": "verified",
        "severity": "info",
        "code": "seen",
        "params": {"at_ms": FINDINGS - 1, "rate": "12.5", "large": str(2**60)},
    }
    assert faults(store, ident) == []


def test_a_picture_names_its_place_in_the_batch(store: Store) -> None:
    """The recording of an inline picture is received from its row: batch, row and position stand in the leaf."""
    road: Highway = make_highway(store)
    batch = road.send(road.row(), road.row(media=[jpeg_media(jpeg(40, 30)), jpeg_media(jpeg(30, 40))]))
    with store.begin() as tx:
        rows = tx.connection.execute(
            text(
                "SELECT position, recording_id FROM monitoring_media WHERE monitoring_id = :id ORDER BY position"
            ),
            {"id": batch.results[1].id},
        ).all()
        acts = [tx.custody.entries_for(f"recording/{row.recording_id}")[0].act for row in rows]

    received = [act for act in acts if isinstance(act, RecordingReceive)]
    assert [(one.source, one.intake, one.row, one.position) for one in received] == [
        (ReceivedFrom.INTAKE, f"intake/{batch.intake_id}", 1, position) for position in (0, 1)
    ]


def test_a_dead_key_hands_in_nothing(store: Store, bureau: Bureau) -> None:
    """A transfer that is all here when its device is revoked is kept as it stands: nobody receives it any more."""
    keeper = make_account(store, bureau.agency, Role.CUSTODIAN)[1]
    device = enrol_device(store, keeper)
    with store.begin() as tx:
        opened = tx.uploads.open(device.actor, NewUpload(length_bytes=4, filename="left.bin"))
    receiving = Receiving.begin(store, device.actor, opened.id, offset=0, content_length=4)
    receiving.keep([b"left"])
    with store.begin() as tx:
        tx.devices.revoke(keeper, device.id, LOST)

    with pytest.raises(SignatureInvalid, check=lambda err: err.slug == "device-key-revoked"):
        complete_left(store, receiving.upload)
    with store.begin() as tx:
        assert [one.id for one in tx.uploads.full(limit=100)] == [opened.id]


def test_a_hundred_receipts_at_once(store: Store, bureau: Bureau) -> None:
    """From one device and from people, naming one case or none, while codes are drawn and a device is revoked."""
    case, other = bureau.open(), bureau.open()
    keeper = make_account(store, bureau.agency, Role.CUSTODIAN)[1]
    leaver = enrol_device(store, keeper)

    def send(number: int) -> UUID | None:
        sender = bureau.handler if number % 10 == 0 else bureau.device.actor
        named = (case.number, other.number, None)[number % 3]
        payload = number.to_bytes(4)
        wish = NewUpload(length_bytes=len(payload), filename=f"{number}.bin", case_number=named)
        with store.begin() as tx:
            opened = tx.uploads.open(sender, wish)
        return append(store, sender, opened.id, payload).recording_id

    def issue() -> None:
        with store.begin() as tx:
            tx.enrolments.issue_code(keeper)

    def revoke() -> None:
        with store.begin() as tx:
            tx.devices.revoke(keeper, leaver.id, LOST)

    work: list[Callable[[], object]] = [lambda number=number: send(number) for number in range(RECEIPTS)]
    work[10:10] = [issue, revoke]
    work[50:50] = [issue, issue]
    with ThreadPoolExecutor(max_workers=14) as pool:
        done = [task.result(timeout=PATIENCE_SECONDS) for task in [pool.submit(one) for one in work]]

    received = [one for one in done if one is not None]
    assert len(set(received)) == RECEIPTS
    with store.begin() as tx:
        ties = [link.recording_id for one in (case, other) for link in tx.cases.links(one.id)]
    assert len(ties) == sum(number % 3 < 2 for number in range(RECEIPTS))
    assert set(ties) <= set(received)


def test_every_chain_of_the_family_is_lawful(store: Store, bureau: Bureau) -> None:
    """All that this module has written, folded from the leaves alone."""
    bureau.capture()
    lawful(store)
