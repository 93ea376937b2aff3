"""The demo organisation: a district justice bureau, two agencies, a township, and their people.

Only the embedded default makes it. Passwords are drawn at the first start and kept beside the data; none is
written in code. Names, numbers and places are made up.
"""

import secrets
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection, func, select

from schemas.actor import Actor, Role
from schemas.base import Frozen
from schemas.case import CaseIn, CaseStep
from storage.demo_scale import admit_scale
from storage.store import Store, Transaction
from storage.tables import accounts, agencies


class DemoPerson(Frozen):
    """One account of the demo; `certificate` is a made-up enforcement certificate number."""

    login: str
    name: str
    agency: str
    roles: frozenset[Role]
    certificate: str | None = None


AGENCIES: Mapping[str, tuple[str, str, bool]] = {
    "bureau": ("示范区司法局", "agency", True),
    "urban": ("示范区城市管理局", "agency", False),
    "transport": ("示范区交通运输局", "agency", False),
    "township": ("示范区龙冈镇人民政府", "authorised", False),
}
"""Key → name, kind of entity, and whether it supervises the others."""

PEOPLE: tuple[DemoPerson, ...] = (
    DemoPerson(
        login="wang",
        name="王建国",
        agency="urban",
        roles=frozenset({Role.OFFICER, Role.HANDLER}),
        certificate="10320001001",
    ),
    DemoPerson(
        login="li", name="李明", agency="urban", roles=frozenset({Role.OFFICER}), certificate="10320001002"
    ),
    DemoPerson(login="zhao", name="赵小兵", agency="urban", roles=frozenset({Role.AUXILIARY})),
    DemoPerson(login="sun", name="孙保管", agency="urban", roles=frozenset({Role.CUSTODIAN})),
    DemoPerson(login="qian", name="钱局长", agency="urban", roles=frozenset({Role.HEAD})),
    DemoPerson(login="zhou", name="周法制", agency="urban", roles=frozenset({Role.LEGAL_REVIEWER})),
    DemoPerson(
        login="chen",
        name="陈路政",
        agency="transport",
        roles=frozenset({Role.OFFICER, Role.HANDLER}),
        certificate="10320002001",
    ),
    DemoPerson(
        login="lin",
        name="林路政",
        agency="transport",
        roles=frozenset({Role.OFFICER}),
        certificate="10320002002",
    ),
    DemoPerson(login="zhang", name="张局长", agency="transport", roles=frozenset({Role.HEAD})),
    DemoPerson(login="he", name="何保管", agency="transport", roles=frozenset({Role.CUSTODIAN})),
    DemoPerson(login="xu", name="许法制", agency="transport", roles=frozenset({Role.LEGAL_REVIEWER})),
    DemoPerson(login="liu", name="刘证据", agency="transport", roles=frozenset({Role.EVIDENCE_REVIEWER})),
    DemoPerson(
        login="gao",
        name="高镇队",
        agency="township",
        roles=frozenset({Role.OFFICER}),
        certificate="10320003001",
    ),
    DemoPerson(login="wu", name="吴监督", agency="bureau", roles=frozenset({Role.SUPERVISOR})),
    DemoPerson(login="ding", name="丁评查", agency="bureau", roles=frozenset({Role.INSPECTOR})),
    DemoPerson(login="feng", name="冯评查", agency="bureau", roles=frozenset({Role.INSPECTOR})),
    DemoPerson(login="admin", name="系统管理员", agency="bureau", roles=frozenset({Role.ADMIN})),
)

CASES: tuple[tuple[str, str, CaseIn], ...] = (
    (
        "wang",
        "qian",
        CaseIn(
            number="示城管立字〔2026〕第001号",
            party="某某小吃店",
            matter="占道经营",
            place="建军路与解放路口",
        ),
    ),
    (
        "chen",
        "zhang",
        CaseIn(
            number="示交立字〔2026〕第001号", party="某某运输公司", matter="超限运输", place="省道 S229 K12"
        ),
    ),
)


Keep = Callable[[dict[str, str]], None]


def _keep_nothing(_: dict[str, str]) -> None:
    """For callers that hold the passwords themselves."""


def is_empty(store: Store) -> bool:
    """Say whether nobody can log in yet."""
    with store.begin() as tx:
        return tx.connection.scalar(select(func.count()).select_from(accounts)) == 0


def found(store: Store, keep: Keep = _keep_nothing) -> dict[str, str]:
    """Create the demo organisation, its people, two open cases and one scale; return login → password.

    One transaction. `keep` is called with the passwords just before it commits: a kill in between leaves words
    for nobody, and never people whose words are lost.
    """
    with store.begin() as tx:
        ids = _agencies(tx.connection)
        passwords = {person.login: secrets.token_urlsafe(9) for person in PEOPLE}
        actors = {
            person.login: _person(tx, person, ids[person.agency], passwords[person.login])
            for person in PEOPLE
        }
        for handler, head, wish in CASES:
            _open_case(tx, actors[handler], actors[head], wish)
        source = admit_scale(tx, actors["he"])
        passwords[source.login] = source.password
        keep({**passwords, "source": source.login})
    return passwords


def _agencies(connection: Connection) -> dict[str, UUID]:
    ids: dict[str, UUID] = {}
    for position, (key, (name, kind, is_supervising)) in enumerate(AGENCIES.items()):
        ids[key] = connection.execute(
            agencies.insert()
            .values(
                name=name,
                kind=kind,
                code=f"DEMO-{position:02d}",
                is_supervising=is_supervising,
                parent_id=ids.get("bureau"),
            )
            .returning(agencies.c.id)
        ).scalar_one()
    return ids


def _person(tx: Transaction, person: DemoPerson, agency_id: UUID, password: str) -> Actor:
    account_id = tx.accounts.add(
        agency_id=agency_id, login=person.login, name=person.name, password=password, roles=person.roles
    )
    if person.certificate is not None:
        tx.accounts.certify(
            account_id,
            person.certificate,
            valid_from=_years(tx.now, -30),
            valid_until=_years(tx.now, 5),
        )
    return tx.accounts.account_actor(account_id)


def _open_case(tx: Transaction, handler: Actor, head: Actor, wish: CaseIn) -> None:
    """Open a case, have the head file it, and begin to investigate: the way every case goes."""
    case = tx.cases.open(handler, wish)
    case = tx.cases.step(head, case.id, CaseStep.FILE, "", case.version)
    tx.cases.step(handler, case.id, CaseStep.INVESTIGATE, "", case.version)


def _years(at: datetime, years: int) -> datetime:
    return at + timedelta(days=365 * years)
