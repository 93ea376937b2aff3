"""The demo of the embedded default: a district justice bureau, two agencies, a township, their people, one scale.

Made once, beside the composition root; `quancheng_demo_run.py` lets its recordings be handed in like anybody's.
Passwords are drawn at the first start and kept beside the data; none is written in code. Names, numbers and places
are made up.
"""

import base64
import csv
import io
import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from cryptography.hazmat.primitives.asymmetric import ec

from schemas.account import AdmissionIn
from schemas.actor import Actor, Role
from schemas.agency import AgencyIn
from schemas.base import rfc3339
from schemas.case import CaseIn, CaseStep
from schemas.certificate import CertificateIssueIn
from schemas.device import ENROL_TYP
from schemas.equipment import (
    CertificateIn,
    EquipmentIn,
    EquipmentKind,
    EquipmentReviewIn,
    PublicationIn,
    ReviewKind,
)
from schemas.holding import (
    POINTS,
    CheckedIn,
    CheckIn,
    CheckOccasion,
    DescribeIn,
    DeviceKind,
    IssueIn,
    ReturnIn,
)
from schemas.ids import AccountId, AgencyId, EquipmentId
from schemas.jws import public_jwk, sign_detached, thumbprint
from schemas.leaves_agency import AgencyKind
from schemas.leaves_certificate_issue import CertificateKind
from schemas.manifest import Datum
from schemas.roster import parse_roster
from schemas.words_role import ROLES
from storage.device.enrolment import EnrolIn
from storage.equipment.register import NewSource
from storage.flow.intake import receive_batch
from storage.flow.sheet import table_of
from storage.monitoring.batch import Receipt
from storage.password import FreshPassword, PasswordHash, fresh_password, hash_of
from storage.store import Store
from storage.transaction import Transaction

NUMBER = "S229-K12-01"
SITE = "省道 S229 K12+300 北向"
PUBLISHED = "https://example.invalid/notice/s229-k12"
LAT_E7, LON_E7 = 333_475_000, 1_201_626_000


class Truck(NamedTuple):
    """What the scale weighed, in kilograms; the limit is that of GB 1589 for the number of axles."""

    plate: str
    party: str
    party_code: str
    weight: str
    limit: str
    axles: int


TRUCKS = (
    Truck("苏J8K213", "某某运输公司", "91320903MA1DEM001U", "52300", "49000", 6),
    Truck("苏J5B760", "某某物流公司", "91320903MA1DEM002Y", "61240", "49000", 6),
    Truck("苏J1T095", "某某砂石经营部", "91320903MA1DEM0032", "33800", "31000", 4),
)
SCALE_PICTURES = tuple(f"scale/{number + 1}.jpg" for number in range(len(TRUCKS)))
"""The picture of each, below the folder of the bundled media."""


class DemoPerson(NamedTuple):
    """One account of the demo; `certificate` is a made-up enforcement certificate number."""

    login: str
    name: str
    agency: str
    roles: frozenset[Role]
    certificate: str | None = None


AGENCIES: Mapping[str, tuple[str, AgencyKind, bool]] = {
    "bureau": ("示范区司法局", AgencyKind.AGENCY, True),
    "urban": ("示范区城市管理局", AgencyKind.AGENCY, False),
    "transport": ("示范区交通运输局", AgencyKind.AGENCY, False),
    "township": ("示范区龙冈镇人民政府", AgencyKind.AUTHORISED, False),
}
"""Key → name, kind of entity, and whether it supervises the others."""

PEOPLE: tuple[DemoPerson, ...] = (
    DemoPerson("wang", "王建国", "urban", frozenset({Role.OFFICER, Role.HANDLER}), "10320001001"),
    DemoPerson("li", "李明", "urban", frozenset({Role.OFFICER}), "10320001002"),
    DemoPerson("zhao", "赵小兵", "urban", frozenset({Role.AUXILIARY})),
    DemoPerson("sun", "孙保管", "urban", frozenset({Role.CUSTODIAN})),
    DemoPerson("qian", "钱局长", "urban", frozenset({Role.HEAD})),
    DemoPerson("zhou", "周法制", "urban", frozenset({Role.LEGAL_REVIEWER})),
    DemoPerson("chen", "陈路政", "transport", frozenset({Role.OFFICER, Role.HANDLER}), "10320002001"),
    DemoPerson("lin", "林路政", "transport", frozenset({Role.OFFICER}), "10320002002"),
    DemoPerson("zhang", "张局长", "transport", frozenset({Role.HEAD})),
    DemoPerson("he", "何保管", "transport", frozenset({Role.CUSTODIAN})),
    DemoPerson("xu", "许法制", "transport", frozenset({Role.LEGAL_REVIEWER})),
    DemoPerson("liu", "刘证据", "transport", frozenset({Role.EVIDENCE_REVIEWER})),
    DemoPerson("gao", "高镇队", "township", frozenset({Role.OFFICER}), "10320003001"),
    DemoPerson("ma", "马保管", "township", frozenset({Role.CUSTODIAN})),
    DemoPerson("wu", "吴监督", "bureau", frozenset({Role.SUPERVISOR})),
    DemoPerson("ding", "丁评查", "bureau", frozenset({Role.INSPECTOR})),
    DemoPerson("feng", "冯评查", "bureau", frozenset({Role.INSPECTOR})),
    DemoPerson("admin", "系统管理员", "bureau", frozenset({Role.ADMIN})),
    DemoPerson("shen", "沈审计", "bureau", frozenset({Role.TRAIL_READER})),
)

ADMINISTRATOR = next(person for person in PEOPLE if Role.ADMIN in person.roles)

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
        return tx.accounts.is_empty()


def found(store: Store, keep: Keep = _keep_nothing) -> dict[str, str]:
    """Let the demo's people in, by the doors that anybody's come in by; return login → password.

    `admit` makes the administrator, who opens the agencies and takes the roster; each link that comes of it sets a
    password, as its owner would. Then two cases are opened and one scale is registered.

    One transaction. `keep` is called with the passwords just before it commits: a kill in between leaves words
    for nobody, and never people whose words are lost.
    """
    passwords = {person.login: secrets.token_urlsafe(9) for person in PEOPLE}
    kept = {login: hash_of(password) for login, password in passwords.items()}
    fresh = fresh_password()
    with store.begin() as tx:
        administrator = _admitted(tx, kept[ADMINISTRATOR.login])
        _open_agencies(tx, administrator)
        actors = _taken(tx, tx.accounts.account_actor(AccountId(administrator.id)), kept)
        _certify(tx, actors)
        for handler, head, wish in CASES:
            _open_case(tx, actors[handler], actors[head], wish)
        _hand_out(tx, actors["sun"], actors["li"])
        source = admit_scale(tx, actors["he"], fresh)
        passwords[source.login] = source.password
        keep({**passwords, "source": source.login})
    return passwords


def _admitted(tx: Transaction, password_hash: PasswordHash) -> Actor:
    """Come in by the link of `quancheng admit`; the agency at the top is founded with it."""
    wish = AdmissionIn(
        code=tx.links.offer().code,
        login=ADMINISTRATOR.login,
        name=ADMINISTRATOR.name,
        agency_name=AGENCIES[ADMINISTRATOR.agency][0],
    )
    return tx.accounts.account_actor(tx.links.admit(wish, password_hash))


def _open_agencies(tx: Transaction, administrator: Actor) -> None:
    for key, (name, kind, is_supervising) in AGENCIES.items():
        if key != ADMINISTRATOR.agency:
            below = AgencyIn(
                parent_id=AgencyId(administrator.agency_id),
                name=name,
                code=f"DEMO-{key.upper()}",
                kind=kind,
                supervising=is_supervising,
            )
            tx.agencies.open(administrator, below)


def roster_file() -> bytes:
    """Return the sheet by which everybody but the administrator comes in, as an administrator would write it."""
    sheet = io.StringIO()
    lines = csv.writer(sheet)
    lines.writerow(("姓名", "登录名", "单位", "角色"))
    for person in PEOPLE:
        if person != ADMINISTRATOR:
            roles = "、".join(ROLES[role].zh for role in sorted(person.roles))
            lines.writerow((person.name, person.login, AGENCIES[person.agency][0], roles))
    return sheet.getvalue().encode()


def _taken(tx: Transaction, administrator: Actor, kept: Mapping[str, PasswordHash]) -> dict[str, Actor]:
    """Take the roster, and let everybody set the password by the own link."""
    taken = tx.rosters.take(administrator, parse_roster(table_of(roster_file())))
    idents = {one.line.row.login: one.account_id for one in taken}
    for one in taken:
        tx.links.set_password(one.code, kept[one.line.row.login])
    return {login: tx.accounts.account_actor(ident) for login, ident in idents.items()}


def _certify(tx: Transaction, actors: Mapping[str, Actor]) -> None:
    """Let each agency's custodian enter the certificates of its officers, and the qualifications of its legal reviewers."""
    keepers = {one.agency: actors[one.login] for one in PEOPLE if Role.CUSTODIAN in one.roles}
    for person in PEOPLE:
        if person.certificate is not None:
            wish = CertificateIssueIn(
                account_id=AccountId(actors[person.login].id),
                number=person.certificate,
                valid_from=_years(tx.now, -30),
                valid_until=_years(tx.now, 5),
            )
            tx.certificates.issue(keepers[person.agency], wish)
        if Role.LEGAL_REVIEWER in person.roles:
            qualified = CertificateIssueIn(
                account_id=AccountId(actors[person.login].id),
                number=f"A2020320903{person.login}",
                kind=CertificateKind.LEGAL,
                valid_from=_years(tx.now, -6),
                valid_until=_years(tx.now, 60),
            )
            tx.certificates.issue(keepers[person.agency], qualified)


def _open_case(tx: Transaction, handler: Actor, head: Actor, wish: CaseIn) -> None:
    """Open a case, have the head file it, and begin to investigate: the way every case goes."""
    case = tx.cases.open(handler, wish)
    case = tx.cases.step(head, case.id, CaseStep.FILE, "", case.version)
    tx.cases.step(handler, case.id, CaseStep.INVESTIGATE, "", case.version)


def _hand_out(tx: Transaction, custodian: Actor, holder: Actor) -> None:
    """Enrol a body camera, say what it is, and hand it out; its key is lost with this line: it captures nothing."""
    code = tx.enrolments.issue_code(custodian).code
    key = ec.generate_private_key(ec.SECP256R1())
    jwk = public_jwk(key.public_key())
    proof = sign_detached(code.encode(), key, kid=thumbprint(jwk), typ=ENROL_TYP)
    wish = EnrolIn(code=code, jwk=jwk, model="DSJ-示", name="二号执法记录仪", proof=proof)
    device = tx.enrolments.enrol(wish).device_id
    plate = DescribeIn(kind=DeviceKind.BODY_CAMERA, maker="示范电子", model="DSJ-A7", serial="SF2026-00217")
    tx.descriptions.describe(custodian, device, plate)
    due = tx.now + timedelta(hours=10)
    tx.holdings.issue(
        custodian,
        device,
        IssueIn(person_id=AccountId(holder.id), due_at=due, check=_well(CheckOccasion.ISSUE)),
    )


def _well(occasion: CheckOccasion) -> CheckIn:
    return CheckIn(items=tuple(CheckedIn(item=point, ok=True) for point in POINTS[occasion]))


def bring_back(store: Store, custodian: Actor, holder: AccountId) -> None:
    """Enter afterwards that the demo's capturing device was out since it enrolled, and is back; nothing the second time."""
    with store.begin() as tx:
        found = [one for one in tx.devices.seen_by(custodian) if one.last_seq is not None]
        device = next((one for one in found if not tx.holdings.facts(custodian, one.id)), None)
        if device is None:
            return
        plate = DescribeIn(kind=DeviceKind.PHONE, maker="示范电子", model="执法通 P2", serial="SF2026-00101")
        tx.descriptions.describe(custodian, device.id, plate)
        check = _well(CheckOccasion.ISSUE)
        out = IssueIn(person_id=holder, from_at=device.enrolled_at, check=check)
        tx.holdings.issue(custodian, device.id, out)
        tx.holdings.take_back(custodian, device.id, ReturnIn(check=_well(CheckOccasion.RETURN)))


def _years(at: datetime, years: int) -> datetime:
    return at + timedelta(days=365 * years)


def admit_scale(tx: Transaction, custodian: Actor, fresh: FreshPassword) -> NewSource:
    """Register the scale, bind a source to it and enter every fact that article 41 asks for."""
    wish = EquipmentIn(
        number=NUMBER,
        name="S229 动态汽车衡",
        kind=EquipmentKind.AXLE_SCALE,
        site=SITE,
        standard="GB/T 21296",
        lat_e7=LAT_E7,
        lon_e7=LON_E7,
        crs=Datum.WGS84,
    )
    made = tx.equipment.register(custodian, wish)
    source = tx.equipment.make_source(custodian, "S229 K12 称重站", fresh)
    version = tx.equipment.bind(custodian, made.id, source.account_id, made.version).version
    version = certify(tx, custodian, made.id, "示检定字 2026-0012", version)
    publish(tx, custodian, made.id, version)
    return source


def certify(tx: Transaction, custodian: Actor, ident: EquipmentId, number: str, version: int) -> int:
    """Enter a verification certificate of half a year ago; return the equipment's version."""
    half = timedelta(days=365) / 2
    certificate = CertificateIn(
        number=number,
        issuer="示范计量检定所",
        valid_from=tx.now - half,
        valid_until=tx.now + half,
    )
    return tx.equipment.certify(custodian, ident, certificate, version).version


def publish(tx: Transaction, custodian: Actor, ident: EquipmentId, version: int) -> None:
    """Enter both reviews of a site and its publication."""
    year = timedelta(days=365)
    for kind, document in (
        (ReviewKind.TECHNICAL, "技术审核意见 2026-03"),
        (ReviewKind.LEGAL, "法制审核意见 2026-03"),
    ):
        review = EquipmentReviewIn(kind=kind, document=document, reviewed_at=tx.now - year / 3)
        version = tx.equipment.review(custodian, ident, review, version).version
    publication = PublicationIn(url=PUBLISHED, published_at=tx.now - year / 4)
    tx.equipment.publish(custodian, ident, publication, version)


def rows(now: datetime, pictures: Sequence[bytes]) -> list[bytes]:
    """Return the demo's overload rows as lines of a batch, each with its own picture where there are any."""
    return [
        json.dumps(_row(number, now, pictures), ensure_ascii=False).encode() for number in range(len(TRUCKS))
    ]


def _row(number: int, now: datetime, pictures: Sequence[bytes]) -> dict[str, Any]:
    truck = TRUCKS[number]
    row: dict[str, Any] = {
        "equipment": NUMBER,
        "record_id": f"demo-{number + 1}",
        "captured_at": rfc3339(now - timedelta(hours=2, minutes=7 * number)),
        "matter": "超限运输",
        "place": SITE,
        "plate": truck.plate,
        "party": truck.party,
        "party_code": truck.party_code,
        "lat_e7": LAT_E7,
        "lon_e7": LON_E7,
        "crs": "WGS84",
        "values": [
            {"name": "gross_weight", "value": truck.weight, "unit": "kg", "limit": truck.limit},
            {"name": "axle_count", "value": str(truck.axles)},
            {"name": "speed", "value": "42.5", "unit": "km/h"},
        ],
    }
    if pictures:
        picture = base64.b64encode(pictures[number]).decode()
        row["media"] = [{"jpeg": picture, "filename": f"{truck.plate}.jpg"}]
    return row


def send_rows(store: Store, source: Actor, pictures: Sequence[bytes]) -> Receipt:
    """Hand in the demo's rows; again they are duplicates of themselves."""
    return receive_batch(store, source, dict(enumerate(rows(store.clock(), pictures), 1)))
