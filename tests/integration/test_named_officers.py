"""Who stands behind the certificates that a capture names: people, of an agency, certified when it was made."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import update

from schemas.actor import Actor, Role
from schemas.base import rfc3339
from schemas.integrity import CheckResult, Outcome
from schemas.leaves_certificate_issue import CertificateKind
from storage.store import Store
from storage.tables.actor import agencies
from tests.factories import TestDevice, certify, enrol_device, faults, folder_store, make_account, make_agency

DAY = datetime(2026, 6, 1, tzinfo=UTC)
"""From when the certificates of these tests are valid; they end a hundred days later."""


@pytest.fixture(scope="module")
def store(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with folder_store(database_url, tmp_path_factory.mktemp("officers")) as made:
        yield made


@pytest.fixture(scope="module")
def agency(store: Store) -> UUID:
    return make_agency(store)


@pytest.fixture(scope="module")
def device(store: Store, agency: UUID) -> TestDevice:
    return enrol_device(store, make_account(store, agency, Role.CUSTODIAN)[1])


def certified(
    store: Store,
    agency: UUID,
    *numbers: str,
    role: Role = Role.OFFICER,
    kind: CertificateKind = CertificateKind.ENFORCEMENT,
    days: int = 100,
) -> Actor:
    """Somebody who holds these certificates."""
    _, actor = make_account(store, agency, role)
    with store.begin() as tx:
        for number in numbers:
            certify(
                tx,
                actor.account_id,
                number,
                valid_from=DAY,
                valid_until=DAY + timedelta(days=days),
                kind=kind,
            )
    return actor


def found(
    store: Store, device: TestDevice, *numbers: str, at: datetime = DAY, **changed: object
) -> CheckResult:
    """What is said of the officers of a capture at a time."""
    manifest = device.manifest({"a.jpg": b"a"}, officers=list(numbers), captured_at=rfc3339(at), **changed)
    with store.begin() as tx:
        declared = tx.manifests.declare(device.actor, manifest, device.sign(manifest))
    return next(one for one in declared.findings if one.name == "officers")


def test_two_certificates_of_one_person_are_one_officer(
    store: Store, agency: UUID, device: TestDevice
) -> None:
    """They are one person; a colleague makes two."""
    certified(store, agency, "双证-1", "双证-2")
    certified(store, agency, "双证-3")

    assert found(store, device, "双证-1", "双证-2").code == "officers-fewer-than-two"
    assert found(store, device, "双证-1", "双证-2").params == {"officers": 1}
    assert found(store, device, "双证-1", "双证-3").code == ""


def test_another_agencys_people_do_not_count(store: Store, agency: UUID, device: TestDevice) -> None:
    """A device that names certificates of a stranger's agency is told so."""
    stranger = make_agency(store)
    certified(store, stranger, "外单位-1")
    certified(store, stranger, "外单位-2")

    result = found(store, device, "外单位-1", "外单位-2")

    assert (result.outcome, result.code, result.params) == (
        Outcome.MISMATCH,
        "officers-other-agency",
        {"others": 2},
    )


def test_entrusted_and_entrusting_agencies_act_together(store: Store) -> None:
    """The device may be of either: an entrusted body acts in its principal's name (art. 20)."""
    principal, entrusted = make_agency(store), make_agency(store)
    with store.begin() as tx:
        tx.connection.execute(
            update(agencies).where(agencies.c.id == entrusted).values(principal_id=principal)
        )
    certified(store, principal, "委托-1")
    certified(store, entrusted, "委托-2")
    for one in (principal, entrusted):
        device = enrol_device(store, make_account(store, one, Role.CUSTODIAN)[1])
        assert found(store, device, "委托-1", "委托-2").code == ""


def test_an_auxiliary_never_counts(store: Store, agency: UUID, device: TestDevice) -> None:
    """Neither by an auxiliary's certificate nor as an auxiliary who holds an officer's."""
    certified(store, agency, "辅助-1", days=20_000)
    certified(store, agency, "辅助-2", kind=CertificateKind.AUXILIARY)
    certified(store, agency, "辅助-3", role=Role.AUXILIARY, days=20_000)
    now = store.clock()

    assert found(store, device, "辅助-1", "辅助-2").params == {"officers": 1}
    assert found(store, device, "辅助-1", "辅助-3", at=now).params == {"officers": 1}


@pytest.mark.parametrize(
    ("minutes", "offset_ms", "is_valid"),
    [(-1, 0, False), (-1, 60_000, True), (0, -1, False), (144_000, 0, False), (144_000, -1, True)],
)
def test_the_corrected_time_decides(
    store: Store, device: TestDevice, minutes: int, offset_ms: int, *, is_valid: bool
) -> None:
    """A slow clock makes a certificate seem too young, a fast one too old; its end is no more of it."""
    pair = [f"时间-{minutes}-{offset_ms}-{turn}" for turn in (1, 2)]
    for number in pair:
        certified(store, device.actor.agency_id, number)
    clock = {"source": "ntp", "offset_ms": offset_ms, "uncertainty_ms": 10, "synced_at": rfc3339(DAY)}

    result = found(store, device, *pair, at=DAY + timedelta(minutes=minutes), clock=clock)

    assert result.code == ("" if is_valid else "officers-invalid-certificate")


def test_a_clock_nobody_compared_leaves_it_open(store: Store, agency: UUID, device: TestDevice) -> None:
    """Not checked is not passed."""
    for number in ("未校-1", "未校-2"):
        certified(store, agency, number)
    clock = {"source": "none", "offset_ms": 0, "uncertainty_ms": 0, "synced_at": rfc3339(DAY)}

    result = found(store, device, "未校-1", "未校-2", clock=clock)

    assert (result.outcome, result.code) == (Outcome.NOT_CHECKED, "officers-clock-unchecked")


def test_a_name_is_told_within_ones_reach_alone(store: Store, agency: UUID) -> None:
    """A number that a device wrote may be anybody's; whoever acts is named to all who see the act."""
    stranger = certified(store, make_agency(store), "具名-1")
    reader = certified(store, agency, "具名-2")
    asked = ["具名-1", "具名-2", stranger.reference]

    with store.begin() as tx:
        assert set(tx.accounts.names(reader, asked)) == {"具名-2", stranger.reference}
        assert set(tx.accounts.names(stranger, asked)) == {"具名-1", stranger.reference}


def test_fsck_holds_the_kind_against_the_leaf(store: Store, agency: UUID) -> None:
    """What a certificate lets its holder do is told by its leaf."""
    holder = certified(store, agency, "种类-1", kind=CertificateKind.SUPERVISION)

    assert faults(store, holder.id) == []
