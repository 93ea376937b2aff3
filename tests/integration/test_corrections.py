"""An entry that is wrong is answered by another: two say what is true, nothing signed changes, and packages show both."""

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import select

from mobile_contract.client.verify import verify_package
from mobile_contract.client.verify_origin import Trust
from mobile_contract.client.verify_speech import sentences
from schemas.actor import Role
from schemas.errors import EvidenceError
from schemas.leaves_correction import CorrectionMake
from storage.custody.values import shown
from storage.store import Store
from storage.tables.custody import custody_entries
from tests.casework import Bureau, make_bureau
from tests.factories import PASSWORD, faults, folder_store, make_account
from tests.packaging import packaged
from tests.trust import trust_of
from workers.correct import Correction, parse_values
from workers.correct import run as correct
from workers.custody import integrate


@pytest.fixture
def store(own_database_url: str, tmp_path: Path) -> Iterator[Store]:
    with folder_store(own_database_url, tmp_path) as made:
        yield made


@pytest.fixture
def bureau(store: Store) -> Bureau:
    return make_bureau(store)


def corrected(
    store: Store, digest: str, *logins: str, values: tuple[str, ...], reason: str = "系统录入有误"
) -> str | None:
    """Answer an entry, with a password of each; the slug of why not."""
    try:
        wish = Correction(digest, parse_values(values), logins, reason)
        correct(store, wish, lambda _: PASSWORD, lambda *_, **__: None)
    except EvidenceError as err:
        return err.slug
    return None


def test_a_wrong_entry_is_answered_and_the_package_shows_both(
    store: Store, bureau: Bureau, tmp_path: Path
) -> None:
    """The tie stands in two chains, and so does what is true of it; state and rows stay; the verifier says it once."""
    case = bureau.open()
    photo = bureau.capture(case)
    integrate(store)
    head, admin = bureau.head.login, make_account(store, bureau.agency, Role.ADMIN)[1].login
    of = f"case/{case.id}"
    with store.begin() as tx:
        tie = next(one for one in tx.custody.chain(of) if one.leaf.event == "case:link")
        before = tx.cases.get(bureau.handler, case.id)
    said = ("basis=由承办人关联，不是拍摄时注明",)

    for by, values, reason, slug in (
        ((head,), said, "误", "two-persons"),
        ((head, bureau.handler.login), said, "误", "two-persons"),
        ((head, admin), said, " ", "claim-invalid"),
        ((head, admin), ("basis= ",), "误", "claim-invalid"),
        ((head, admin), ("basis",), "误", "claim-invalid"),
        ((head, admin), ("colour=red",), "误", "correction-member"),
    ):
        assert corrected(store, tie.digest, *by, values=values, reason=reason) == slug
    assert corrected(store, "ab" * 32, head, admin, values=said) == "entry-unknown"
    with store.begin() as tx:
        opening = tx.connection.scalar(
            select(custody_entries.c.digest).where(custody_entries.c.leaf_index == 0)
        )
    assert (
        corrected(store, bytes(opening or b"").hex(), head, admin, values=("origin=x",))
        == "correction-nowhere"
    )

    assert corrected(store, tie.digest, head, admin, values=said) is None

    with store.begin() as tx:
        acts = [tx.custody.chain(one)[-1].act for one in (of, f"recording/{photo}")]
        after = tx.cases.get(bureau.handler, case.id)
    for act in acts:
        assert isinstance(act, CorrectionMake)
        assert (act.entry, act.members[0].member, len(act.approvals)) == (tie.digest, "basis", 2)
    assert (after.version, after.state) == (before.version, before.state)
    assert [code for code, _ in faults(store) if code != "retention-missing"] == []

    report = verify_package(
        packaged(store, bureau, after, tmp_path / "p.zip"), Trust.parse(trust_of(store.settings))
    )
    assert report.holds
    assert report.story is not None
    (told,) = report.story.corrections
    assert (told.entry, told.event) == (tie.digest, "case:link")
    assert told.members[0].value.value == "由承办人关联，不是拍摄时注明"
    assert told.reason.value == "系统录入有误"
    assert all(one.value for one in told.approvals)
    (line,) = [one for one in sentences(report.story) if one.startswith("更正")]
    assert tie.digest[:16] in line


def test_a_correction_of_what_is_not_in_its_chain_is_a_fault(store: Store, bureau: Bureau) -> None:
    """Whoever writes one past the command, of an entry of somebody else, is named by the check."""
    case, other = bureau.open(), bureau.open()
    integrate(store)
    with store.begin() as tx:
        foreign = tx.custody.chain(f"case/{other.id}")[0].digest
    made = forged(foreign)
    of = f"case/{case.id}"
    with store.begin() as tx:
        tx.custody.hold(of)
        tx.custody.append(made, f"correction/{case.id}", of, actor="service/signer")
    integrate(store)
    assert ("leaf-unlawful", of) in {(code, about) for code, about in faults(store)}


def forged(digest: str) -> CorrectionMake:
    persons = tuple(sorted(f"account/{UUID(int=n)}" for n in (1, 2)))
    return CorrectionMake.model_validate(
        {
            "entry": digest,
            "members": [{"member": "party", "value": shown("某人")}],
            "approvals": persons,
            "reason": shown("误"),
        }
    )
