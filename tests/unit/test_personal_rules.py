"""Personal data of parties: bound to key, column and row; found by tokens; masked, and for whom."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.actor import Actor, ActorKind, Grant, Role
from schemas.errors import IntegrityBroken
from schemas.ids import AgencyId
from schemas.leaves_case import CaseAmend, CaseOpen
from schemas.leaves_monitoring import IntakeReceive, MonitoringNotify
from schemas.leaves_review import ReviewAnswer
from schemas.personal import (
    MASKED,
    NONCE_BYTES,
    PersonalSeal,
    fold,
    grams,
    is_personal,
    is_sealed,
    masked,
    masked_code,
    masked_name,
)
from schemas.policy import POLICY, Action, Relation, Subject, may

SEAL, NONCE = PersonalSeal(bytes(32)), bytes(NONCE_BYTES)
PARTY = ("cases.party", "0190")
WHOLE: dict[Action, dict[Role, Relation]] = {
    Action.CASE_PARTY: {
        Role.HANDLER: Relation.HANDLED,
        Role.HEAD: Relation.UNIT | Relation.ENTRUSTED,
        Role.LEGAL_REVIEWER: Relation.ASSIGNED,
        Role.INSPECTOR: Relation.INSPECTED,
    },
    Action.MONITORING_PARTY: {
        Role.HANDLER: Relation.UNIT,
        Role.HEAD: Relation.UNIT | Relation.ENTRUSTED,
        Role.LEGAL_REVIEWER: Relation.ASSIGNED,
        Role.INSPECTOR: Relation.INSPECTED,
    },
}
SEEN_BY = {Action.CASE_PARTY: Action.CASE_VIEW, Action.MONITORING_PARTY: Action.MONITORING_VIEW}


@given(st.binary(max_size=200), st.text(max_size=40))
def test_what_is_sealed_opens_in_its_place(plain: bytes, row: str) -> None:
    """And holds neither itself nor a way to tell it from another."""
    kept = SEAL.sealed(plain, NONCE, "cases.party", row)

    assert is_sealed(kept)
    assert SEAL.opened(kept, "cases.party", row) == plain
    assert len(kept) == 1 + 8 + 12 + len(plain) + 16


def test_two_keys_are_known_while_values_move() -> None:
    """What either sealed opens; what is sealed is the newer one's; a third key's value is named."""
    before, third = PersonalSeal(bytes([1]) * 32), PersonalSeal(bytes([2]) * 32)
    both = PersonalSeal(bytes(32), before)
    kept = before.sealed(b"name", NONCE, *PARTY)

    assert both.opened(kept, *PARTY) == both.opened(both.sealed(b"name", NONCE, *PARTY), *PARTY) == b"name"
    assert both.sealed(b"name", NONCE, *PARTY) == SEAL.sealed(b"name", NONCE, *PARTY)
    assert (both.of(kept), both.known) == (before, (both, before))
    assert both.tokens(PARTY[0], "name") == SEAL.tokens(PARTY[0], "name") != before.tokens(PARTY[0], "name")
    with pytest.raises(IntegrityBroken) as refused:
        both.opened(third.sealed(b"name", NONCE, *PARTY), *PARTY)
    assert refused.value.slug == "personal-unreadable"


@pytest.mark.parametrize(
    ("seal", "column", "row"),
    [
        (PersonalSeal(bytes([1] * 32)), *PARTY),
        (SEAL, "cases.party_code", "0190"),
        (SEAL, "monitoring_records.party", "0190"),
        (SEAL, "cases.party", "0191"),
    ],
)
def test_a_value_that_was_moved_or_is_of_another_key_does_not_open(
    seal: PersonalSeal, column: str, row: str
) -> None:
    """Key, table, column and row are bound."""
    kept = SEAL.sealed("张三".encode(), NONCE, *PARTY)
    with pytest.raises(IntegrityBroken) as refused:
        seal.opened(kept, column, row)
    assert refused.value.slug == "personal-unreadable"
    assert "张三" not in str(refused.value)


def test_no_byte_of_a_value_can_be_changed_or_cut() -> None:
    """Mark, name of the key, nonce, ciphertext and tag; nothing that is shorter either."""
    kept = SEAL.sealed("张三".encode(), NONCE, *PARTY)
    spoilt = [kept[:at] + bytes([kept[at] ^ 1]) + kept[at + 1 :] for at in range(len(kept))]
    for one in [*spoilt, *(kept[:at] for at in range(len(kept))), kept + b"x", b""]:
        with pytest.raises(IntegrityBroken):
            SEAL.opened(one, *PARTY)


def test_the_key_is_shown_nowhere() -> None:
    """Neither in the seal's own words nor in what names the key."""
    secret = bytes(range(32))
    assert repr(PersonalSeal(secret)) == "PersonalSeal(…)"
    assert PersonalSeal(secret).key_id not in secret


@given(st.text(max_size=30), st.data())
def test_every_part_of_a_name_is_found(name: str, data: st.DataObject) -> None:
    """Tokens of a part are among those of the whole, however it is typed; blanks apart, which no word has."""
    words = [word for word in fold(name).split() if word]
    kept = set(SEAL.tokens("cases.party", name))
    for word in words:
        start = data.draw(st.integers(0, len(word) - 1))
        part = word[start : start + data.draw(st.integers(1, len(word)))]
        assert set(SEAL.tokens("cases.party", part)) <= kept


def test_tokens_tell_no_order_and_no_column() -> None:
    """They are sorted by themselves, are 64 bits, and differ from column to column and from key to key."""
    made = SEAL.tokens("cases.party", "盐城张三店")

    assert made == sorted(made)
    assert len(made) == len(grams("盐城张三店")) == 9
    assert all(-(2**63) <= one < 2**63 for one in made)
    assert not set(made) & set(SEAL.tokens("monitoring_records.party", "盐城张三店"))
    assert not set(made) & set(PersonalSeal(bytes([1] * 32)).tokens("cases.party", "盐城张三店"))
    assert SEAL.tokens("cases.party", "ＡＢＣ") == SEAL.tokens("cases.party", "abc")
    assert SEAL.digest("cases.party_code", b"1") != SEAL.digest("monitoring_records.party_code", b"1")


def test_which_openings_are_sealed() -> None:
    """Names and codes of a case, the proof of a notification, the salts of a batch's rows; no other text."""
    assert all(is_personal(kind, one) for kind in (CaseOpen, CaseAmend) for one in ("party", "party_code"))
    assert not any(is_personal(CaseOpen, one) for one in ("number", "matter", "place", "plates", "point"))
    assert is_personal(MonitoringNotify, "proof")
    assert is_personal(IntakeReceive, "row.12")
    assert not any(is_personal(IntakeReceive, one) for one in ("row.0", "row.", "row.1x", "root"))
    assert not is_personal(ReviewAnswer, "text")


@pytest.mark.parametrize(
    ("name", "shown"),
    [("张三", "张＊"), ("欧阳小明", "欧＊"), ("张", "＊"), ("盐城某某运输公司", "盐城＊公司"), ("", "＊")],
)
def test_names_are_masked(name: str, shown: str) -> None:
    """Of a person the first character, of a company two at each end; how long it is, is not told."""
    assert masked_name(name) == shown


@pytest.mark.parametrize(
    ("code", "shown"),
    [("320903199001011234", "3209…1234"), ("13800001111", "1…1"), ("91320903MA1DEM001U", "9132…001U")],
)
def test_codes_are_masked(code: str, shown: str) -> None:
    """Four characters at each end of a long one, one of a short one."""
    assert masked_code(code) == shown


def test_no_mask_holds_what_it_hides() -> None:
    """Every personal member has its mask, and none leaves a text as it was."""
    assert {"party", "party_code", "proof"} == MASKED
    for one in ("张三", "盐城某某运输公司", "320903199001011234", "短信 13800001111"):
        assert all(one not in masked(member, one) for member in MASKED)


@pytest.mark.parametrize("action", WHOLE)
@pytest.mark.parametrize("role", Role)
def test_who_reads_a_party_whole(role: Role, action: Action) -> None:
    """Who works on the matter, and nobody else of those who see it; no relation more than by which they see it."""
    given_to = POLICY[role].get(action, Relation(0))

    assert given_to == WHOLE[action].get(role, Relation(0))
    assert given_to in POLICY[role].get(SEEN_BY[action], Relation(0))


@pytest.mark.parametrize(
    "relation", [one for one in Relation if one not in (Relation.UNIT, Relation.SUBTREE)]
)
@pytest.mark.parametrize("role", Role)
def test_no_role_reads_a_party_whole_by_another_relation(role: Role, relation: Relation) -> None:
    """The policy's own answer for a case of another agency, and of the own one, by each relation."""
    at, agency = datetime(2026, 11, 1, tzinfo=UTC), AgencyId(uuid4())
    grant = Grant(role=role, since=at - timedelta(days=1))
    actor = Actor(
        id=uuid4(),
        kind=ActorKind.ACCOUNT,
        agency_id=agency,
        agency_ids=frozenset(),
        name="某",
        grants=(grant,),
    )
    for agency_id in (agency, AgencyId(uuid4())):
        subject = Subject(agency_id=agency_id, related=relation)
        if may(actor, Action.CASE_PARTY, subject, at):
            assert may(actor, Action.CASE_VIEW, subject, at)
            assert role in WHOLE[Action.CASE_PARTY]
