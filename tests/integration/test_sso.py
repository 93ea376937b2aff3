"""Single sign-on: code and PKCE, state and nonce; a token that does not hold is refused by name; local log-ins go on."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from joserfc.jwk import OctKey

from api.deps import COOKIE
from api.settings import ApiSettings
from api.sso_settings import SsoSettings
from schemas.actor import Actor, Role
from schemas.sso import SIGN_ON_LIFETIME, SsoMatch, challenge_of
from storage.store import Store
from tests.factories import PASSWORD, folder_url, make_account, make_agency, make_settings
from tests.issuer import CLIENT, SECRET, Crooked, crooked_issuer, form_of, fresh_key
from tests.server import serving
from tests.stand import PATIENCE_SECONDS
from tests.supervision import Clock
from tests.web import TRUST

CALLBACK = "/console/sso/callback"


@dataclass
class World:
    """A server whose people may come by an issuer, and an officer whom the issuer knows."""

    store: Store
    url: str
    issuer: Crooked
    officer: Actor
    clock: Clock

    def browser(self) -> httpx.Client:
        return httpx.Client(base_url=self.url, verify=TRUST, timeout=PATIENCE_SECONDS)

    def begin(self, client: httpx.Client, back: str = "/console") -> str:
        """Press the button; return the address of the issuer that the browser is led to."""
        self.issuer.person, self.issuer.now = self.officer.login, self.clock().timestamp()
        page = client.post("/console/sso", data={"back": back})
        assert page.status_code == 200, page.text
        return form_of(page)

    def come_back(self, client: httpx.Client, there: str) -> httpx.Response:
        return client.get(self.issuer.authorize(there))

    def told(self) -> list[tuple[str, str, str]]:
        """What the trail says of all, the newest first."""
        with self.store.begin() as tx:
            rows = tx.connection.exec_driver_sql(
                "SELECT event, result, code FROM trail_rows ORDER BY last_at DESC, id DESC"
            )
            return [tuple(row) for row in rows]


@pytest.fixture(scope="module")
def world(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    clock = Clock()
    settings = make_settings(
        database_url,
        folder_url(tmp_path_factory.mktemp("sso")),
        trail_strangers=1000,
        second_factor_roles="all",
    )
    with crooked_issuer() as issuer, closing(Store(settings, clock=clock)) as store:
        sso = SsoSettings(
            issuer=issuer.url, client_id=CLIENT, client_secret=SECRET, timeout_seconds=2, name="区统一认证"
        )
        officer = make_account(store, make_agency(store), Role.OFFICER, certificate="执-单点-1")[1]
        with serving(store, ApiSettings(), sso=sso) as url:
            yield World(store, url, issuer, officer, clock)


@pytest.fixture(autouse=True)
def _honest(world: World) -> None:
    world.issuer.reset()


def test_a_person_comes_in_by_the_issuer(world: World) -> None:
    """The button leads there with a challenge, the code leads back, and the trail says by which way."""
    with world.browser() as client:
        assert "用区统一认证登录" in client.get("/console/login").text
        there = world.begin(client, back="/console/recordings")
        asked = {name: one for name, (one,) in parse_qs(urlsplit(there).query).items()}
        assert asked["response_type"] == "code"
        assert asked["client_id"] == CLIENT
        assert asked["scope"] == "openid profile"
        assert asked["code_challenge_method"] == "S256"
        assert asked["redirect_uri"] == f"{world.url}{CALLBACK}"
        assert COOKIE not in client.cookies
        answer = world.come_back(client, there)
        assert (answer.status_code, form_of(answer)) == (200, "/console/recordings")
        assert "SameSite=strict" in next(
            one for one in answer.headers.get_list("set-cookie") if one.startswith(f"{COOKIE}=")
        )
        own = client.get("/console/account").text
        assert world.officer.name in own
        assert "凭统一认证" in own
        client.post(
            "/console/logout", data={"csrf": own.partition('name="csrf" value="')[2].partition('"')[0]}
        )
        assert client.get("/console").status_code == 303
    assert ("login", "done", "sso") in world.told()


def test_the_challenge_is_that_of_the_standard() -> None:
    """RFC 7636, appendix B."""
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    assert challenge_of(verifier) == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


WRONG = {
    "another issuer": ({"iss": "https://other.example"}, "sso-token-issuer"),
    "another audience": ({"aud": "other"}, "sso-token-audience"),
    "no audience": ({"aud": None}, "sso-token-audience"),
    "two audiences without a party": ({"aud": [CLIENT, "other"]}, "sso-token-audience"),
    "another party": ({"azp": "other"}, "sso-token-audience"),
    "another nonce": ({"nonce": "x"}, "sso-token-nonce"),
    "no nonce": ({"nonce": None}, "sso-token-nonce"),
    "no end": ({"exp": None}, "sso-token-time"),
    "an end in words": ({"exp": "soon"}, "sso-token-time"),
    "an end that is no number": ({"exp": float("nan")}, "sso-token-time"),
    "an end behind all time": ({"exp": float("inf")}, "sso-token-time"),
    "an end too large": ({"exp": 10**400}, "sso-token-time"),
    "no name": ({"preferred_username": None}, "sso-claim-missing"),
    "a name that is none": ({"preferred_username": ["wang"]}, "sso-claim-missing"),
    "a name without an end": ({"preferred_username": "w" * 65}, "sso-claim-missing"),
}


@pytest.mark.parametrize(("claims", "slug"), WRONG.values(), ids=WRONG)
def test_a_token_that_says_something_else_is_refused(
    world: World, claims: dict[str, object], slug: str
) -> None:
    """Whatever of it is wrong is told by name at the door, noted, and opens nothing."""
    world.issuer.claims.update(claims)
    with world.browser() as client:
        answer = world.come_back(client, world.begin(client))
        assert answer.status_code == 403
        assert 'role="alert"' in answer.text
        assert 'name="password"' in answer.text
        assert COOKIE not in client.cookies
    assert world.told()[0] == ("login", "failed", slug)


def test_an_unsigned_token_is_refused(world: World) -> None:
    """`alg: none` is taken from nobody, whatever stands in it."""
    world.issuer.unsigned = True
    with world.browser() as client:
        assert world.come_back(client, world.begin(client)).status_code == 403
    assert world.told()[0] == ("login", "failed", "sso-token-algorithm")


def test_a_token_by_a_shared_secret_is_refused(world: World) -> None:
    """Nobody signs with what this server has too."""
    world.issuer.header["alg"] = "HS256"
    world.issuer.signer = OctKey.import_key(SECRET.encode().ljust(32), {"kid": "one"})
    with world.browser() as client:
        assert world.come_back(client, world.begin(client)).status_code == 403
    assert world.told()[0] == ("login", "failed", "sso-token-algorithm")


@pytest.mark.parametrize("kid", ["one", "unknown"])
def test_a_token_by_another_key_is_refused(world: World, kid: str) -> None:
    """Under the name of a key that is published, and under another one."""
    world.issuer.signer = fresh_key(kid)
    with world.browser() as client:
        assert world.come_back(client, world.begin(client)).status_code == 403
    assert world.told()[0] == ("login", "failed", "sso-token-signature")


@pytest.mark.parametrize(("seconds", "is_taken"), [(-330, True), (-390, False), (30, True), (90, False)])
def test_clocks_may_differ_by_a_minute(world: World, seconds: int, is_taken: bool) -> None:
    """A token that ended a minute ago, or begins within one, counts; beyond it the clocks are named."""
    with world.browser() as client:
        there = world.begin(client)
        world.issuer.now = world.clock().timestamp() + seconds
        answer = world.come_back(client, there)
        assert (COOKIE in client.cookies) is is_taken, answer.text
    assert world.told()[0][2] == ("sso" if is_taken else "sso-token-time")


def test_what_was_kept_of_one_sign_on_opens_no_other(world: World) -> None:
    """The seal is ours, and the name fits the state; what is sealed is of another sign-on."""
    with world.browser() as client:
        world.begin(client)
        (first,) = client.cookies.values()
        there = world.begin(client)
        name = next(name for name, kept in client.cookies.items() if kept != first)
        client.cookies.set(name, first, domain=urlsplit(world.url).hostname or "", path="/console/sso")
        assert client.cookies.get(name) == first
        assert world.come_back(client, there).status_code == 403
        assert COOKIE not in client.cookies
    assert world.told()[0] == ("login", "failed", "sso-state-unknown")


def test_a_state_counts_once_and_in_its_browser(world: World) -> None:
    """What was brought back before, in another browser, of nobody, or too late, is refused by name."""
    with world.browser() as client, world.browser() as other:
        there = world.begin(client)
        back = world.issuer.authorize(there)
        kept = dict(client.cookies)
        assert other.get(back).status_code == 403
        assert client.get(back).status_code == 200
        other.cookies.update(kept)
        again = other.get(back)
        assert again.status_code == 403
        assert "已用过" in again.text, again.text.partition("<main>")[2]
        assert other.get(f"{CALLBACK}?state=x&code=y").status_code == 403
        assert other.get(CALLBACK).status_code == 403
    assert world.told()[0] == ("login", "failed", "sso-state-unknown")
    with world.browser() as client:
        there = world.begin(client)
        world.clock.ahead += SIGN_ON_LIFETIME + timedelta(seconds=1)
        assert world.come_back(client, there).status_code == 403


def test_a_code_of_another_sign_on_is_refused(world: World) -> None:
    """A code that was made for another challenge is worth nothing here: PKCE."""
    with world.browser() as client:
        first, second = world.begin(client), world.begin(client)
        stolen = parse_qs(urlsplit(world.issuer.authorize(first)).query)["code"][0]
        state = parse_qs(urlsplit(second).query)["state"][0]
        assert client.get(f"{CALLBACK}?state={state}&code={stolen}").status_code == 403
    assert world.told()[0] == ("login", "failed", "sso-denied")


def test_an_answer_of_another_issuer_is_refused(world: World) -> None:
    """RFC 9207: whoever answers says who it is, where it says so at all."""
    with world.browser() as client:
        back = world.issuer.authorize(world.begin(client)).partition("&iss=")[0]
        assert client.get(f"{back}&iss=https://other.example").status_code == 403
    assert world.told()[0] == ("login", "failed", "sso-token-issuer")


def test_an_issuer_that_lets_nobody_in(world: World) -> None:
    """Whoever gave up there comes back to the door, in words."""
    with world.browser() as client:
        state = parse_qs(urlsplit(world.begin(client)).query)["state"][0]
        answer = client.get(f"{CALLBACK}?state={state}&error=access_denied")
        assert answer.status_code == 403
        assert "没有放行" in answer.text


def test_nobody_without_an_open_account_comes_in(world: World) -> None:
    """Unknown, closed, a machine: the door says that no account is theirs, and the trail keeps who it was."""
    agency = world.officer.agency_id
    admin, closed = (
        make_account(world.store, agency, Role.ADMIN)[1],
        make_account(world.store, agency, Role.OFFICER)[1],
    )
    with world.store.begin() as tx:
        tx.people.close(admin, closed.account_id, "离职")
    for name in ("nobody-here", closed.login):
        with world.browser() as client:
            there = world.begin(client)
            world.issuer.person = name
            answer = world.come_back(client, there)
            assert answer.status_code == 403
            assert "没有与您对应的在用账号" in answer.text
            assert COOKIE not in client.cookies
    assert world.told()[0] == ("login", "failed", "sso-account-missing")


def test_userinfo_names_whom_the_token_does_not(world: World) -> None:
    """An issuer that says the claim there alone is asked there; what it says of another subject counts for nothing."""
    world.issuer.claims["preferred_username"] = None
    subject = f"subject-of-{world.officer.login}"
    world.issuer.userinfo.update(sub=subject, preferred_username=world.officer.login, iss="x")
    with world.browser() as client:
        assert world.come_back(client, world.begin(client)).status_code == 200
        assert COOKIE in client.cookies
    world.issuer.userinfo["sub"] = "other"
    with world.browser() as client:
        assert world.come_back(client, world.begin(client)).status_code == 403
    assert world.told()[0] == ("login", "failed", "sso-token-issuer")


def test_keys_that_were_changed_are_asked_for_anew(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """An issuer may sign by a new key from one moment to the next."""
    monkeypatch.setattr("api.provider._ASKED_AGAIN_SECONDS", 0.0)
    world.issuer.key = fresh_key("two")
    with world.browser() as client:
        assert world.come_back(client, world.begin(client)).status_code == 200


@pytest.mark.parametrize(
    "metadata",
    [{"issuer": "http://127.0.0.1:1"}, {"jwks_uri": "http://issuer.example/keys"}, {"token_endpoint": None}],
)
def test_an_issuer_that_does_not_fit_is_told(world: World, metadata: dict[str, object]) -> None:
    """Another name, an address without TLS, or none: the operator has to look, and people log in locally."""
    world.issuer.metadata.update(metadata)
    sso = SsoSettings(issuer=world.issuer.url, client_id=CLIENT, timeout_seconds=2)
    with (
        serving(world.store, ApiSettings(), sso=sso) as url,
        httpx.Client(base_url=url, verify=TRUST, timeout=PATIENCE_SECONDS) as client,
    ):
        answer = client.post("/console/sso", data={"back": "/console"})
        assert answer.status_code == 503
        assert "与设置不符" in answer.text


def test_while_the_issuer_is_away_people_log_in_locally(world: World) -> None:
    """A clear page says so, and the local log-in is on it; the trail says that a password was used."""
    agency = world.officer.agency_id
    break_glass = make_account(world.store, agency, Role.OFFICER)[1]
    lenient = Store(world.store.settings.model_copy(update={"second_factor_roles": ()}), clock=world.clock)
    sso = SsoSettings(issuer="http://127.0.0.1:1", client_id=CLIENT, timeout_seconds=2)
    with (
        closing(lenient),
        serving(lenient, ApiSettings(), sso=sso) as url,
        httpx.Client(base_url=url, verify=TRUST, timeout=PATIENCE_SECONDS) as client,
    ):
        away = client.post("/console/sso", data={"back": "/console/cases"})
        assert away.status_code == 503
        assert "统一认证没有应答" in away.text
        assert 'value="/console/cases"' in away.text
        answer = client.post("/console/login", data={"login": break_glass.login, "password": PASSWORD})
        assert answer.status_code == 303
    assert ("login", "done", "password") in world.told()
    world.issuer.status = 500
    with world.browser() as client:
        there = world.begin(client)
        answer = world.come_back(client, there)
        assert answer.status_code == 503
        assert "统一认证没有应答" in answer.text


def test_a_claim_may_be_a_certificate_number(world: World) -> None:
    """The issuer knows people by their certificates; the log-in name is ours."""
    sso = SsoSettings(
        issuer=world.issuer.url,
        client_id=CLIENT,
        client_secret=SECRET,
        claim="employee",
        matches=SsoMatch.CERTIFICATE,
    )
    with (
        serving(world.store, ApiSettings(), sso=sso) as url,
        httpx.Client(base_url=url, verify=TRUST, timeout=PATIENCE_SECONDS) as client,
    ):
        world.issuer.claims["employee"] = "执-单点-1"
        there = world.begin(client)
        assert world.come_back(client, there).status_code == 200
        assert world.officer.name in client.get("/console/account").text


def test_without_an_issuer_there_is_no_button(world: World) -> None:
    """Nothing of it is there, and its addresses say so."""
    with (
        serving(world.store) as url,
        httpx.Client(base_url=url, verify=TRUST, timeout=PATIENCE_SECONDS) as client,
    ):
        assert "/console/sso" not in client.get("/console/login").text
        assert client.post("/console/sso", data={"back": "/console"}).status_code == 404
        assert client.get(f"{CALLBACK}?state=x&code=y").status_code == 404


def test_a_foreign_site_begins_no_sign_on(world: World) -> None:
    """Nobody is logged in by a page of somebody else's."""
    with world.browser() as client:
        answer = client.post(
            "/console/sso", data={"back": "/console"}, headers={"Origin": "https://x.example"}
        )
        assert answer.status_code == 403


def test_what_was_typed_comes_back_from_another_tab(world: World) -> None:
    """Whoever logs in by the issuer in another tab goes on with the form whose session had ended."""
    kept = {"kept": "statement=%E4%BA%8B%E5%AE%9E", "to": "/console/cases"}
    with world.browser() as client:
        assert client.post("/console/login/again", data=kept).status_code == 401
        world.come_back(client, world.begin(client))
        page = client.post("/console/login/again", data=kept)
        assert 'name="statement" value="事实"' in page.text


@pytest.mark.parametrize(
    "given",
    [
        {"issuer": "http://issuer.example", "client_id": "x"},
        {"issuer": "https://issuer.example"},
        {"scopes": "profile"},
    ],
)
def test_settings_that_mean_nothing_are_refused(given: dict[str, str]) -> None:
    """An issuer without TLS, one that nobody introduced this server to, and scopes without openid."""
    with pytest.raises(ValueError, match=r"TLS|OIDC_CLIENT_ID|openid"):
        SsoSettings.model_validate(given)
