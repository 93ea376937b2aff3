"""Cases and their legal review over HTTP: versions in every change, one whole round, bad input, who may."""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID, uuid4

import httpx
import pytest

from schemas.actor import Actor, Role
from schemas.case import Case, CaseState, CaseStep
from storage.store import Store
from tests.casework import NONE, SUPPLEMENT, Bureau, make_bureau
from tests.chains import chain_events
from tests.factories import folder_url, make_account, make_agency, make_settings
from tests.server import serving
from tests.stand import PATIENCE_SECONDS
from tests.tus import bearer
from tests.web import TRUST

NO_KIND = [one.model_dump(mode="json") for one in NONE]
ENTERED = {"number": "访-1", "party": "某店", "matter": "占道经营", "place": "建军路"}


@dataclass
class Office:
    """A served bureau."""

    bureau: Bureau
    url: str

    def client(self, actor: Actor) -> httpx.Client:
        headers = bearer(self.bureau.tokens[actor.id])
        return httpx.Client(
            base_url=f"{self.url}/v1", headers=headers, verify=TRUST, timeout=PATIENCE_SECONDS
        )


WARNED = {"outcome": "penalty", "penalties": ["warning"]}


def unsaid(client: httpx.Client, case: str, step: str) -> list[dict[str, str]]:
    """A reason for every duty that a step answers for and that is not recorded."""
    lines = client.get(f"{case}/procedure").json()["formalities"]
    missing = [one["formality"] for one in lines if one["step"] == step and not one["is_recorded"]]
    return [{"formality": one, "reason": "测试中没有文书"} for one in missing]


@pytest.fixture(scope="module")
def office(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    store = Store(make_settings(database_url, folder_url(tmp_path_factory.mktemp("review"))))
    bureau = make_bureau(store)
    with serving(store) as url:
        yield Office(bureau, url)
    store.close()


def seen(version: int) -> dict[str, str]:
    return {"If-Match": f'"v{version}"'}


def on(answer: httpx.Response) -> dict[str, str]:
    """If-Match of the version that an answer came with."""
    return {"If-Match": answer.headers["ETag"]}


def test_a_case_is_returned_and_passed_over_http(office: Office) -> None:
    """Lead to closed with one return: every change takes the ETag of the answer before it, and no other is needed."""
    bureau = office.bureau
    with office.client(bureau.handler) as handler, office.client(bureau.head) as head:
        made = handler.post("/cases", json={**ENTERED, "number": f"访-{uuid4().hex[:8]}"})
        case = f"/cases/{made.json()['id']}"
        last = head.post(f"{case}/steps", json={"step": "file", "reason": "属实"}, headers=on(made))
        last = handler.post(f"{case}/steps", json={"step": "investigate"}, headers=on(last))
        recording = bureau.capture()
        last = head.post(f"{case}/recordings", json={"recording_id": str(recording)}, headers=on(last))
        last = handler.post(f"{case}/facts", json={"text": "当事人占道经营"}, headers=on(last))
        fact = last.json()["facts"][0]["id"]
        last = handler.post(f"{case}/steps", json={"step": "conclude", "answers": NO_KIND}, headers=on(last))
        last = handler.post(f"{case}/steps", json={"step": "submit"}, headers=on(last))
        assert last.json()["state"] == "legal_review"

        with office.client(bureau.reviewer) as reviewer:
            review = reviewer.get(f"{case}/reviews").json()["reviews"][0]
            page = reviewer.get(f"/reviews/{review['id']}")
            told = {one["finding"]["code"] for one in reviewer.get(f"{case}/findings").json()["findings"]}
            ground = {"item": "facts", "subject": f"fact/{fact}", "text": "没有证据"}
            wish = {"opinion": "supplement", "statement": "请补充", "grounds": [ground]}
            given = reviewer.post(f"/reviews/{review['id']}/opinion", json=wish, headers=on(page))
        assert page.json()["evidence"]["facts"] == [fact]
        assert page.json()["parts"] == []
        assert "fact-without-evidence" in told
        assert given.status_code == 201, given.text

        answered = handler.post(
            f"/reviews/{review['id']}/answers", json={"position": 1, "text": "已补证"}, headers=on(given)
        )
        assert answered.json()["grounds"][0]["answer"] == "已补证"
        last = handler.get(f"{case}/facts")
        last = handler.post(
            f"{case}/facts/{fact}/proofs", json={"recording_id": str(recording)}, headers=on(last)
        )
        assert last.json()["facts"][0]["is_proven"]
        last = handler.post(f"{case}/steps", json={"step": "conclude", "answers": NO_KIND}, headers=on(last))
        last = handler.post(f"{case}/steps", json={"step": "submit"}, headers=on(last))
        with office.client(bureau.reviewer) as reviewer:
            second = reviewer.get(f"{case}/reviews").json()["reviews"][1]
            wish = {"opinion": "pass", "statement": "同意"}
            given = reviewer.post(
                f"/reviews/{second['id']}/opinion", json=wish, headers=seen(second["version"])
            )
            assert given.status_code == 201, given.text
        now = head.get(case)
        last = head.post(
            f"{case}/decision", json={**WARNED, "unrecorded": unsaid(head, case, "decide")}, headers=on(now)
        )
        last = handler.post(
            f"{case}/closing", json={"unrecorded": unsaid(handler, case, "close")}, headers=on(last)
        )
        changes = handler.get(case).json()["changes"]

    assert (last.status_code, last.json()["state"]) == (201, "closed")
    assert [second["round"], second["state"]] == [2, "open"]
    assert [one["event"] for one in changes] == [
        *(
            "case:open",
            "case:file",
            "case:investigate",
            "case:link",
            "fact:add",
            "case:conclude",
            "case:submit",
        ),
        *("review:supplement", "review:answer", "fact:prove", "case:conclude", "case:submit"),
        *("review:pass", "case:decide", "case:close"),
    ]
    assert [one["n"] for one in changes] == list(range(1, 16))


CHANGES: list[tuple[str, str, dict | None]] = [
    ("PATCH", "/cases/{case}", {"party": "x", "reason": "x"}),
    ("POST", "/cases/{case}/handlers", {"login": "x"}),
    ("POST", "/cases/{case}/steps", {"step": "conclude"}),
    ("POST", "/cases/{case}/recordings", {"recording_id": "{recording}"}),
    ("POST", "/cases/{case}/recordings/{recording}/unlink", {"reason": "x"}),
    ("POST", "/cases/{case}/facts", {"text": "x"}),
    ("POST", "/cases/{case}/facts/{fact}/withdraw", None),
    ("POST", "/cases/{case}/facts/{fact}/proofs", {"recording_id": "{recording}"}),
    ("POST", "/cases/{case}/facts/{fact}/unprove", {"recording_id": "{recording}"}),
    ("POST", "/reviews/{review}/opinion", {"opinion": "pass", "statement": "x"}),
    ("POST", "/reviews/{review}/answers", {"position": 1, "text": "x"}),
]
PATHS = [path for _, path, _ in CHANGES]


def investigated(bureau: Bureau) -> tuple[Case, dict[str, object]]:
    """A case that was returned: one round with one ground to answer, one proven fact."""
    case, review = bureau.submitted()
    bureau.opine(review, SUPPLEMENT)
    with bureau.store.begin() as tx:
        (fact,) = tx.facts.of_case(case.id)
        (linked,) = tx.recordings.of_case(case.id)
    ids = {"case": case.id, "fact": fact.id, "recording": linked.id, "review": review.id}
    return bureau.get(case), ids


def sent(
    client: httpx.Client, change: tuple[str, str, dict | None], ids: dict, **headers: str
) -> httpx.Response:
    method, path, wish = change
    filled = {
        name: value.format(**ids) if isinstance(value, str) else value for name, value in (wish or {}).items()
    }
    return client.request(method, path.format(**ids), json=filled or None, headers=headers)


def actor_for(bureau: Bureau, path: str) -> Actor:
    if path.endswith("/handlers"):
        return bureau.head
    return bureau.reviewer if path.endswith("/opinion") else bureau.handler


@pytest.mark.parametrize("change", CHANGES, ids=PATHS)
@pytest.mark.parametrize(
    ("headers", "status", "slug"),
    [
        ({}, 428, "if-match-required"),
        ({"If-Match": "*"}, 400, "if-match-invalid"),
        ({"If-Match": 'W/"v1"'}, 400, "if-match-invalid"),
        ({"If-Match": '"v999"'}, 412, "version-conflict"),
    ],
    ids=["none", "any", "weak", "other"],
)
def test_every_change_names_its_version(
    office: Office, change: tuple[str, str, dict | None], headers: dict[str, str], status: int, slug: str
) -> None:
    """Without the version it is based on, or on another one, no change is made, and the problem says which."""
    case, ids = investigated(office.bureau)
    path = change[1]
    if path.endswith("/handlers"):
        change = (*change[:2], {"login": office.bureau.handler.login})
    if path.endswith("/opinion"):
        case, review = office.bureau.submitted()
        ids = {**ids, "case": case.id, "review": review.id}
    before = chain_events(office.bureau.store, f"case/{case.id}")
    with office.client(actor_for(office.bureau, path)) as client:
        answer = sent(client, change, ids, **headers)

    assert (answer.status_code, answer.json()["slug"]) == (status, slug), answer.text
    assert chain_events(office.bureau.store, f"case/{case.id}") == before
    assert office.bureau.get(case) == case


@pytest.mark.parametrize("change", CHANGES, ids=PATHS)
def test_a_strangers_change_finds_nothing(office: Office, change: tuple[str, str, dict | None]) -> None:
    """With every role in another agency, each change answers 404 exactly as for an id that names nothing."""
    case, ids = investigated(office.bureau)
    token, _ = make_account(office.bureau.store, make_agency(office.bureau.store), *Role)
    with httpx.Client(
        base_url=f"{office.url}/v1", headers=bearer(token), verify=TRUST, timeout=PATIENCE_SECONDS
    ) as client:
        answers = [sent(client, change, names, **seen(1)) for names in (ids, {name: uuid4() for name in ids})]

    bodies = [answer.json() for answer in answers]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert [body["slug"] for body in bodies] == [bodies[0]["slug"]] * 2
    assert office.bureau.get(case) == case


@pytest.mark.parametrize("change", CHANGES, ids=PATHS)
def test_a_missing_permission_of_a_change_is_named(
    office: Office, change: tuple[str, str, dict | None]
) -> None:
    """Somebody of the agency who sees the case but may not change it so is told which permission is missing."""
    case, ids = investigated(office.bureau)
    bureau, path = office.bureau, change[1]
    actor = bureau.handler if path.endswith(("/handlers", "/opinion")) else bureau.reviewer
    permission = {"handlers": "case:decide", "opinion": "case:review", "recordings": "case:link"}.get(
        path.rpartition("/")[2], "case:link" if path.endswith("/unlink") else "case:run"
    )
    with office.client(actor) as client:
        answer = sent(client, change, ids, **seen(case.version))

    assert (answer.status_code, answer.json()["slug"]) == (403, "permission-missing"), answer.text
    assert answer.json()["permission"] == permission


BAD: list[tuple[str, str, object]] = [
    ("POST", "/cases", {**ENTERED, "party": " "}),
    ("POST", "/cases", {**ENTERED, "lat_e7": 1}),
    ("POST", "/cases", {**ENTERED, "occurred_at": "2026-11-25T08:00:00+08:00"}),
    ("PATCH", "/cases/{case}", {"reason": "x"}),
    ("PATCH", "/cases/{case}", {"number": "别号", "reason": "x"}),
    ("PATCH", "/cases/{case}", {"party": None, "reason": "x"}),
    ("POST", "/cases/{case}/steps", {"step": "approve"}),
    ("POST", "/cases/{case}/facts", {"text": "\t"}),
    ("POST", "/cases/{case}/facts/{fact}/proofs", {}),
    ("POST", "/cases/{case}/facts/{fact}/proofs", {"recording_id": str(uuid4()), "monitoring_id": str(uuid4())}),
    ("POST", "/reviews/{review}/opinion", {"opinion": "maybe", "statement": "x"}),
    ("POST", "/reviews/{review}/opinion", {"opinion": "reject", "statement": "x", "grounds": [{"item": "x"}]}),
    ("POST", "/reviews/{review}/answers", {"position": 0, "text": "x"}),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path", "wish"), BAD, ids=[f"{p} {i}" for i, (_, p, _) in enumerate(BAD)])
def test_bad_input_writes_nothing(office: Office, method: str, path: str, wish: object) -> None:
    """What cannot be read is refused with 422 and one slug; the case is as it was."""
    case, ids = investigated(office.bureau)
    with office.client(actor_for(office.bureau, path)) as client:
        answer = client.request(method, path.format(**ids), json=wish, headers=seen(case.version))

    assert (answer.status_code, answer.json()["slug"]) == (422, "request-invalid"), answer.text
    assert office.bureau.get(case) == case


def test_an_opinion_over_http_says_why(office: Office) -> None:
    """A rejection without a ground answers 422 in Chinese and English, and the round stays open."""
    case, review = office.bureau.submitted()
    with office.client(office.bureau.reviewer) as client:
        wish = {"opinion": "reject", "statement": "不行"}
        answers = [
            client.post(
                f"/reviews/{review.id}/opinion",
                json=wish,
                headers={**seen(review.version), "Accept-Language": language},
            )
            for language in ("zh", "en")
        ]

    assert [answer.status_code for answer in answers] == [422, 422]
    assert {answer.json()["slug"] for answer in answers} == {"opinion-without-grounds"}
    assert office.bureau.rounds(case) == (review,)


def test_a_reviewer_who_captured_is_told_over_http(office: Office) -> None:
    """The refusal is a 403 that names how the person took part, not a missing permission."""
    bureau = office.bureau
    _, review = bureau.submitted()
    token, double = make_account(bureau.store, bureau.agency, Role.LEGAL_REVIEWER, Role.HANDLER)
    with bureau.store.begin() as tx:
        tx.cases.assign(bureau.head, review.case_id, double.login, tx.cases.known(review.case_id).version)
    with httpx.Client(
        base_url=f"{office.url}/v1", headers=bearer(token), verify=TRUST, timeout=PATIENCE_SECONDS
    ) as client:
        parts = client.get(f"/reviews/{review.id}").json()["parts"]
        wish = {"opinion": "pass", "statement": "同意"}
        answer = client.post(f"/reviews/{review.id}/opinion", json=wish, headers=seen(review.version))

    assert parts == ["handles"]
    assert (answer.status_code, answer.json()["slug"]) == (403, "reviewer-took-part")
    assert answer.json()["parts"] == ["handles"]


def test_the_second_opinion_meets_a_precondition(office: Office) -> None:
    """Of two reviewers on the same page the second gets 412; at the version with the opinion, which is the first's, 409."""
    _, review = office.bureau.submitted()
    url, wish = f"/reviews/{review.id}/opinion", {"opinion": "pass", "statement": "同意"}
    with office.client(office.bureau.reviewer) as one, office.client(office.bureau.second_reviewer) as other:
        first = one.post(url, json=wish, headers=seen(review.version))
        blind = other.post(url, json=wish, headers=seen(review.version))
        assert other.get(f"/reviews/{review.id}").status_code == 404
        knowing = other.post(url, json=wish, headers=on(one.get(f"/reviews/{review.id}")))

    assert [answer.status_code for answer in (first, blind, knowing)] == [201, 412, 409]
    assert [blind.json()["slug"], knowing.json()["slug"]] == ["version-conflict", "review-given"]


def test_the_queue_is_paged_by_its_cursor(office: Office) -> None:
    """Pages of one walk the whole queue once, by due date; a cursor of another making is refused."""
    made = {str(office.bureau.submitted()[1].id) for _ in range(3)}
    seen_ids: list[str] = []
    with office.client(office.bureau.reviewer) as client:
        page = client.get("/reviews", params={"limit": 1}).json()
        while True:
            seen_ids += [one["id"] for one in page["reviews"]]
            if page["next"] is None:
                break
            page = client.get("/reviews", params={"limit": 1, "after": page["next"]}).json()
        whole = [one["id"] for one in client.get("/reviews", params={"limit": 200}).json()["reviews"]]
        strange = [
            client.get("/reviews", params={"after": text}) for text in ("x", "~", "2026-01-01T00:00:00Z~x")
        ]

    assert seen_ids == whole
    assert made <= set(whole)
    assert {(answer.status_code, answer.json()["slug"]) for answer in strange} == {(422, "cursor-invalid")}


def test_a_reader_of_cases_reads_rounds(office: Office) -> None:
    """The head reads cases, facts, findings and rounds, and may give no opinion."""
    case, review = office.bureau.submitted()
    with office.client(office.bureau.head) as client:
        paths = [f"/cases/{case.id}{part}" for part in ("", "/facts", "/findings", "/reviews")]
        statuses = [client.get(path).status_code for path in (*paths, f"/reviews/{review.id}")]
        wish = {"opinion": "pass", "statement": "同意"}
        refused = client.post(f"/reviews/{review.id}/opinion", json=wish, headers=seen(review.version))

    assert statuses == [200] * 5
    assert (refused.status_code, refused.json()["permission"]) == (403, "case:review")


def test_steps_out_of_order_are_problems(office: Office) -> None:
    """A step the state does not allow answers 409 with its slug, whoever asks."""
    bureau = office.bureau
    lead = bureau.at(CaseState.LEAD)
    with office.client(bureau.handler) as handler, office.client(bureau.head) as head:
        for step, client in ((CaseStep.CLOSE, handler), (CaseStep.PASS, handler), (CaseStep.DECIDE, head)):
            answer = client.post(
                f"/cases/{lead.id}/steps", json={"step": step.value}, headers=seen(lead.version)
            )
            assert (answer.status_code, answer.json()["slug"]) == (409, "case-step-refused")

    assert bureau.get(lead) == lead


def test_ids_of_two_cases_do_not_mix(office: Office) -> None:
    """A fact of one case addressed under another is not found, even by the handler of both."""
    case, ids = investigated(office.bureau)
    other = office.bureau.at(CaseState.INVESTIGATING)
    mixed: dict[str, UUID] = {**ids, "case": other.id}
    with office.client(office.bureau.handler) as client:
        answers = [
            sent(client, change, mixed, **seen(other.version)) for change in CHANGES if "{fact}" in change[1]
        ]

    assert {(answer.status_code, answer.json()["slug"]) for answer in answers} == {(404, "fact-unknown")}
    assert office.bureau.get(case) == case
    assert office.bureau.get(other) == other
