"""A third inspector: named where totals lie too far apart, blind until they scored, counted by a dated rule."""

import re
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from uuid import UUID

import httpx
import pytest

from api.console.guard import form_token
from api.deps import COOKIE
from schemas.actor import Actor, Role
from schemas.duty import Duty
from schemas.errors import Conflict, EvidenceError, Refused, TransitionRefused
from schemas.event import Event
from schemas.setting import SettingIn
from schemas.setting_list import ListSetting
from storage.audit.values import Audit, Member
from storage.store import Store
from tests.chains import chain_events
from tests.factories import faults, folder_url, make_account, make_settings
from tests.server import serving
from tests.stand import PATIENCE_SECONDS
from tests.supervision import Bureau, Clock, make_supervision
from tests.web import TRUST
from workers.custody import integrate


@pytest.fixture(scope="module")
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def store(database_url: str, tmp_path_factory: pytest.TempPathFactory, clock: Clock) -> Iterator[Store]:
    settings = make_settings(database_url, folder_url(tmp_path_factory.mktemp("third")))
    with closing(Store(settings, clock=clock)) as made:
        yield made


@pytest.fixture(scope="module")
def bureau(store: Store, clock: Clock) -> Bureau:
    return make_supervision(store, clock, recordings=4)


def name(bureau: Bureau, audit: Audit, member: UUID, who: Actor, by: Actor | None = None) -> Member:
    with bureau.store.begin() as tx:
        seen = tx.audits.get(bureau.supervisor, audit.id).version
        return tx.audit_thirds.name(by or bureau.supervisor, audit.id, member, who.account_id, seen)


def score(bureau: Bureau, audit: Audit, member: UUID, who: Actor, lost: int) -> Member:
    with bureau.store.begin() as tx:
        return tx.audit_scores.score(who, audit.id, member, bureau.points(lost))


def seen_by(bureau: Bureau, audit: Audit, member: UUID, who: Actor) -> Member:
    with bureau.store.begin() as tx:
        return tx.audit_scores.member(who, audit.id, member)


def waits(bureau: Bureau, who: Actor) -> int:
    with bureau.store.begin() as tx:
        return sum(one.count for one in tx.duties.waiting(who) if one.duty is Duty.SCORE_MEMBER)


def refusal(bureau: Bureau, audit: Audit, member: UUID, who: Actor) -> tuple[type[EvidenceError], str]:
    with pytest.raises(EvidenceError) as caught:
        name(bureau, audit, member, who)
    return type(caught.value), caught.value.slug


def test_a_third_scores_what_lies_too_far_apart_and_is_blind_until_then(bureau: Bureau) -> None:
    """Named by who runs the audit, told of their own file alone, and of its points once they have given theirs."""
    audit, member = bureau.apart()
    third = bureau.another()
    assert seen_by(bureau, audit, member, bureau.supervisor).is_unsettled
    named = name(bureau, audit, member, third)
    assert named.third is not None
    assert (named.third.id, named.mean) == (third.account_id, None)
    assert name(bureau, audit, member, third) == named

    before = seen_by(bureau, audit, member, third)
    assert (before.scores, before.gap, before.mean, before.may_score) == ((), None, None, True)
    assert waits(bureau, third) == 1
    with bureau.store.begin() as tx:
        other = tx.audit_scores.drawn(third, audit.id)[1]
        assert not tx.audit_results.may_see(third, tx.audits.get(third, audit.id))
    assert not other.is_asked
    assert not seen_by(bureau, audit, other.member_id, third).may_score

    after = score(bureau, audit, member, third, 18)
    assert [
        (one.total, one.is_third, one.counts) for one in sorted(after.scores, key=lambda one: one.total)
    ] == [
        (80, False, True),
        (82, True, True),
        (100, False, False),
    ]
    assert (after.gap, after.mean, after.is_unsettled, waits(bureau, third)) == (20, 81.0, False, 0)
    assert chain_events(bureau.store, f"audit/{audit.id}")[-2:] == [Event.AUDIT_THIRD, Event.AUDIT_SCORE]


def test_the_result_and_the_end_take_it_for_settled(bureau: Bureau) -> None:
    """Until the third has scored, the end of the audit asks why; then the file counts as the rule says."""
    audit, member = bureau.apart()
    third = bureau.another()

    def wide() -> int:
        with bureau.store.begin() as tx:
            return tx.audit_ends.lacking(tx.audits.get(bureau.supervisor, audit.id)).wide

    counts = [wide()]
    name(bureau, audit, member, third)
    counts.append(wide())
    score(bureau, audit, member, third, 0)
    counts.append(wide())
    assert counts == [1, 1, 0]
    with bureau.store.begin() as tx:
        missing = tx.audit_ends.lacking(tx.audits.get(bureau.supervisor, audit.id)).missing
        told = tx.audit_results.of(bureau.supervisor, audit.id)
        drawn = {one.member_id: one.scored_by for one in tx.audit_scores.drawn(bureau.supervisor, audit.id)}
    assert (missing, drawn[member]) == (2 * 2, 2)
    (file,) = told.files
    assert (file.totals, file.third, file.counted, file.mean) in {
        ((80, 100), 100, (100, 100), 100.0),
        ((100, 80), 100, (100, 100), 100.0),
    }
    assert (told.wide, told.unsettled) == (1, 0)
    bureau.close(audit)
    integrate(bureau.store)
    assert faults(bureau.store) == []


def test_who_is_no_third(bureau: Bureau) -> None:
    """None of the audit's inspectors, nobody who sees its points, nobody of the audited agency; nor who took part in it."""
    audit, member = bureau.apart()
    insider = make_account(bureau.store, bureau.agency, Role.INSPECTOR)[1]
    runs = bureau.another(Role.INSPECTOR, Role.SUPERVISOR)
    captor = make_account(
        bureau.store, bureau.supervisor.agency_id, Role.INSPECTOR, certificate="10320001001"
    )[1]
    told = [refusal(bureau, audit, member, one)[1] for one in (bureau.inspectors[0], runs, insider, captor)]
    assert told == ["third-unfit", "third-unfit", "inspector-unknown", "inspector-took-part"]
    with bureau.store.begin() as tx:
        offered = {
            one.id
            for one in tx.audit_thirds.offered(
                bureau.supervisor, tx.audit_scores.member(bureau.supervisor, audit.id, member)
            )
        }
    unfit = {one.account_id for one in (*bureau.inspectors, runs, insider, captor)}
    assert not offered & unfit
    with pytest.raises(Refused):
        name(bureau, audit, member, bureau.another(), by=bureau.inspectors[0])


def test_a_third_is_named_once_and_where_one_is_needed(bureau: Bureau) -> None:
    """Not while an inspector has still to score, not where the totals lie near enough, and no second one."""
    near, member = bureau.apart(lost=10)
    with bureau.store.begin() as tx:
        unscored = tx.audit_scores.drawn(bureau.supervisor, near.id)[1].member_id
    third, other = bureau.another(), bureau.another()
    assert refusal(bureau, near, member, third) == (TransitionRefused, "third-needless")
    assert refusal(bureau, near, unscored, third) == (TransitionRefused, "third-needless")
    wide, apart = bureau.apart(lost=11)
    name(bureau, wide, apart, third)
    assert refusal(bureau, wide, apart, other) == (Conflict, "third-named")


def test_whose_points_count_is_set_as_of_the_freeze(bureau: Bureau) -> None:
    """An agency that takes the third's alone is asked so of audits frozen since; no later entry changes one."""
    admin = make_account(bureau.store, bureau.supervisor.agency_id, Role.ADMIN)[1]

    def change(items: tuple[str, ...] | None) -> None:
        with bureau.store.begin() as tx:
            name, at = ListSetting.SCORES_OF_THREE, tx.now - timedelta(days=1)
            wish = SettingIn(name=name, items=items, from_at=at, source="评查办法")
            tx.agency_settings.change(admin, bureau.supervisor.agency_id, wish)

    change(("third",))
    audit, member = bureau.apart()
    change(None)
    third = bureau.another()
    name(bureau, audit, member, third)
    after = score(bureau, audit, member, third, 18)
    assert (after.mean, [one.total for one in after.scores if one.counts]) == (82.0, [82])


def test_the_pages_name_a_third_and_tell_them_nothing(bureau: Bureau) -> None:
    """The supervisor's page of the file offers the candidates; the third's shows neither points nor distance before."""
    audit, member = bureau.apart()
    token = make_account(bureau.store, bureau.supervisor.agency_id, Role.SUPERVISOR)[0]
    third_token, third = make_account(bureau.store, bureau.supervisor.agency_id, Role.INSPECTOR)
    page = f"/console/audits/{audit.id}/members/{member}"
    with serving(bureau.store) as url:

        def client(one: str) -> httpx.Client:
            return httpx.Client(base_url=url, cookies={COOKIE: one}, verify=TRUST, timeout=PATIENCE_SECONDS)

        with client(token) as above, client(third_token) as asked:
            looked = above.get(page).text
            assert "须由第三人评分" in above.get(f"/console/audits/{audit.id}").text
            sent = {
                "csrf": form_token(token),
                "version": str(audit.version),
                "account_id": str(third.account_id),
            }
            named = above.post(f"{page}/third", data=sent)
            blind, listed = asked.get(page).text, asked.get(f"/console/audits/{audit.id}").text
            hidden = asked.get(f"/console/audits/{audit.id}/result").status_code
            sheet = asked.get(f"/console/audits/{audit.id}/print").text
            score(bureau, audit, member, third, 18)
            told, result = asked.get(page).text, above.get(f"/console/audits/{audit.id}/result").text
    assert str(third.account_id) in looked
    assert "下一步：指派第三名评查员" in looked
    assert named.status_code == 303
    assert "等您评查" in blind
    assert "等您评查" in listed
    assert hidden == 409
    for text in (blind, sheet):
        assert re.search(r"评分最多相差|未告知|<b>80</b>|<b>100</b>", text) is None
    assert "计 81 分" in told
    assert "不计入" in told
    assert "第三人 82，计 80 + 82" in result
