"""A case that was decided on the spot, as a package that an outsider can check."""

from pathlib import Path

import pytest

from mobile_contract.client.verify import Report, verify_package
from mobile_contract.client.verify_origin import Trust
from mobile_contract.client.verify_speech import sentences
from schemas.case import CaseStep
from schemas.integrity import Outcome
from storage.outbox import JobKind
from storage.store import Store
from tests.casework import UNRECORDED, make_bureau
from tests.desk_case import packed_case
from tests.factories import folder_url, make_settings
from tests.media import jpeg
from tests.trust import trust_of
from workers.custody import integrate
from workers.media.sandbox.parent import Sandbox
from workers.runner import Runner
from workers.settings import WorkersSettings


@pytest.fixture(scope="module")
def report(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Report:
    """What the offline verifier says of a case whose entry was taken back once, then filed and closed."""
    folder: Path = tmp_path_factory.mktemp("summary")
    store = Store(make_settings(database_url, folder_url(folder / "objects")))
    try:
        with Sandbox() as sandbox:
            bureau, runner = make_bureau(store), Runner(store, sandbox, WorkersSettings())
            integrate(store)  # opens the log
            case = bureau.open()
            ident = bureau.device.capture("现场.jpg", jpeg(), context={"case": case.number})
            runner.drain(JobKind.VERIFY)
            bureau.fact(case, ident)
            for step in (CaseStep.PENALISE, CaseStep.RETRACT, CaseStep.PENALISE, CaseStep.RECORD):
                case = bureau.step(case, step, "照此办理")
            case = bureau.step(case, CaseStep.CLOSE)
            payload = packed_case(store, runner, bureau.handler, case.id)
        path = folder / "case.zip"
        path.write_bytes(payload)
        return verify_package(path, Trust.parse(trust_of(store.settings)))
    finally:
        store.close()


def test_everything_of_it_is_proven(report: Report) -> None:
    """Every claim is verified, completeness too: the officers' own chains are in the package."""
    assert report.holds, [claim for claim in report.claims if claim.outcome is not Outcome.VERIFIED]
    assert report.story is not None
    assert report.story.case is not None
    assert report.story.case.state == "closed"
    assert report.story.decision is None


def test_both_entries_are_told_with_who_made_filed_and_took_them_back(report: Report) -> None:
    """Amount, basis, officers by name, the reason of the way back; the duties of arts 44, 45 and 52 with why."""
    assert report.story is not None
    first, second = report.story.summaries
    assert (first.retract_reason.value, first.recorder, second.retracter) == ("照此办理", None, None)
    assert (second.fine_fen, second.penalties, second.party_kind) == (20_000, ("fine",), "citizen")
    assert [one.value for one in second.officers] == ["测试", "测试"]
    assert second.recorder is not None
    assert (second.recorder.value, second.recorded_at is not None) == ("测试", True)
    told = {one.formality: one.why.value for one in report.story.formalities}
    assert told == dict.fromkeys(("notice", "plea", "contents", "service"), UNRECORDED)


def test_it_is_said_in_words_and_nothing_of_it_passes(report: Report) -> None:
    """Penalty, filing and way back have a line each, in both languages; none of them is a verdict."""
    assert report.story is not None
    lines = list(sentences(report.story))
    for words in (
        "当场处罚 penalty on the spot: 罚款",
        "200.00 元 yuan",
        "备案 filed with the agency: 测试",
        "撤回登记 entry taken back: 测试",
        "登记当场处罚",
    ):
        assert any(words in line for line in lines), words
    assert not any("通过" in line for line in lines if "当场处罚" in line or "备案" in line)
