"""What of a case is not shown: any part of the words in a package that the product built, and every verdict stays.

The packages are the product's own, asked for, built and stored as always; drawn is only what the requester hides.
"""

import zipfile
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from mobile_contract.client.verify import verify_package
from mobile_contract.client.verify_origin import Trust
from mobile_contract.client.verify_report import Report
from schemas.actor import Actor
from schemas.digest import sha256_hex
from schemas.disclosure import NotShown, chains_text, hidden_text
from schemas.event import Event
from schemas.integrity import Outcome
from schemas.leaves_review import ExportPurpose, ExportRequest
from schemas.package import LEAVES, OPENINGS
from schemas.package_lines import parse_leaves, parse_openings
from schemas.reference import is_reference, noun_of, reference
from storage.act import Deed, fresh_id
from storage.export.scope import scope_of
from storage.objects.hashing import object_blocks
from storage.outbox import JobKind
from storage.store import Store
from storage.tables.export import exports
from tests.desk_case import make_desk_case
from tests.factories import folder_url, make_settings
from tests.trust import trust_of
from workers.custody import integrate
from workers.media.sandbox.parent import Sandbox
from workers.runner import Runner
from workers.settings import WorkersSettings

GROUND = "third-party"
EXAMPLES = 12


@dataclass(frozen=True)
class Office:
    """A case, whose packages its handler asks for, and what builds them."""

    store: Store
    runner: Runner
    case_id: UUID
    handler: Actor
    folder: Path

    def package(self, hide: Iterable[tuple[str, str]]) -> Path:
        """Have a package built in which these openings are not shown either: (digest of a leaf, member)."""
        export_id = self._asked(hide)
        integrate(self.store)
        self.runner.drain(JobKind.EXPORT)
        with self.store.begin() as tx:
            built = tx.exports.known(export_id)
        assert built.state == "ready", built.failure
        assert built.object_key is not None
        assert built.version_id is not None
        path = self.folder / f"{export_id}.zip"
        path.write_bytes(
            b"".join(map(bytes, object_blocks(self.store.objects, built.object_key, built.version_id)))
        )
        return path

    def _asked(self, hide: Iterable[tuple[str, str]]) -> UUID:
        """Ask as `Exports.request` does, and hide more: a requester's right that no page offers yet."""
        about, export_id = reference("case", self.case_id), fresh_id()
        with self.store.begin() as tx:
            agency = tx.cases.exportable(self.handler, self.case_id).agency_id
            relies = (self.handler.reference, reference("agency", agency))
            deed = Deed(
                tx.custody, self.handler.reference, tx.custody.hold(about, relies=relies), agency_id=agency
            )
            heads, own = scope_of(tx.connection, tx.custody, about)
            chains, hidden = (
                chains_text(heads),
                hidden_text({*own, *(NotShown(*one, GROUND) for one in hide)}),
            )
            tx.connection.execute(
                exports.insert().values(
                    id=export_id,
                    agency_id=agency,
                    case_id=self.case_id,
                    requested_by=self.handler.id,
                    chains=chains,
                    hidden=hidden,
                    state="building",
                    created_at=deed.at,
                )
            )
            asked = ExportRequest(
                for_=ExportPurpose.COURT,
                chains=len(heads),
                chains_sha256=sha256_hex(chains),
                hidden=hidden.count(b"\n"),
                hidden_sha256=sha256_hex(hidden),
            )
            deed.write(asked, reference("export", export_id), about)
            tx.jobs.enqueue(JobKind.EXPORT, export_id, sender_id=self.handler.id)
        return export_id

    def report(self, package: Path) -> Report:
        """What whoever has the trust file is told."""
        return verify_package(package, Trust.parse(trust_of(self.store.settings)))


@pytest.fixture(scope="module")
def office(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    folder = tmp_path_factory.mktemp("openings")
    with closing(Store(make_settings(database_url, folder_url(folder)))) as store, Sandbox() as sandbox:
        runner = Runner(store, sandbox, WorkersSettings())
        case_id, handler = make_desk_case(store, runner)
        integrate(store)
        yield Office(store, runner, case_id, handler, folder)


@pytest.fixture(scope="module")
def plain(office: Office) -> Path:
    """The package as the product makes it where nobody asks for less."""
    return office.package(())


def shown_in(package: Path) -> list[tuple[str, str]]:
    """What a package opens, in order of the log."""
    with zipfile.ZipFile(package) as archive:
        leaves, _ = parse_leaves(archive.read(LEAVES))
        openings = parse_openings(archive.read(OPENINGS))
    return [(one.digest, member) for one in leaves for member in sorted(openings.get(one.digest, ()))]


def verdicts(report: Report) -> dict[tuple[str, str], tuple[str, str | None]]:
    """What is said of each thing; files and the request are each package's own."""
    return {
        (one.claim, one.subject): (one.outcome, one.code)
        for one in report.claims
        if is_reference(one.subject) and noun_of(one.subject) != "export"
    }


def bare(story: Any) -> Any:
    """What a package tells without its words: states, ties, times, who and how many."""
    if isinstance(story, dict):
        if "not_shown" in story:
            return "words"
        apart = {
            "as_of",
            "size",
            "hidden",
        }  # each package is asked for later than the one before, which it tells
        return {name: bare(one) for name, one in story.items() if name not in apart}
    if isinstance(story, (list, tuple)):
        return [
            bare(one)
            for one in story
            if not (isinstance(one, dict) and one.get("event") == Event.EXPORT_REQUEST)
        ]
    return story


@given(data=st.data())
@settings(
    max_examples=EXAMPLES,
    phases=[Phase.explicit, Phase.generate],  # each example is a package: to make a smaller one takes minutes
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_any_part_of_the_words_is_hidden_and_every_verdict_stays(
    office: Office, plain: Path, data: st.DataObject
) -> None:
    """Hidden is what was asked, on the ground that was given; nothing fails, nothing else is missing or said."""
    every, whole = shown_in(plain), office.report(plain)
    hide = data.draw(st.one_of(st.just(set(every)), st.sets(st.sampled_from(every), min_size=1)))

    package = office.package(hide)
    report = office.report(package)

    assert set(every) - set(shown_in(package)) == hide
    assert report.holds, report.failed()
    assert [one for one in report.claims if one.outcome is Outcome.MISMATCH] == []
    then, now = verdicts(whole), verdicts(report)
    assert now.keys() == then.keys()
    assert {now[one] for one in now if now[one] != then[one]} <= {(Outcome.NOT_CHECKED, "not-shown")}
    assert report.story is not None
    assert whole.story is not None
    assert bare(report.story.model_dump(mode="json")) == bare(whole.story.model_dump(mode="json"))
    assert report.story.hidden == whole.story.hidden + len(hide)
