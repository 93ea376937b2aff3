"""The one catalogue of words: every name of the product is called something, in both languages."""

import importlib
import pkgutil
import re
from collections.abc import Iterator
from enum import Enum, Flag, IntEnum, StrEnum

import pytest

import schemas
from schemas import life
from schemas.act import Process
from schemas.actor import Reach
from schemas.case import CaseState, CaseStep
from schemas.catalogue import CATALOGUE, quantity_words, words_of, words_of_all
from schemas.checks.table import CHECKS
from schemas.device import DeviceStep
from schemas.errors import Level
from schemas.examined import Extent
from schemas.export import ExportStep
from schemas.factor import CodeFault, Demand
from schemas.integrity import Asked, Outcome, Severity, Verdict
from schemas.leaves_case import TieBasis
from schemas.leaves_certificate_issue import IssuedKind
from schemas.leaves_equipment import EquipmentField
from schemas.leaves_log import KeyAlgorithm, KeyRole
from schemas.leaves_recording import ReceivedFrom
from schemas.leaves_review import ExportPurpose
from schemas.look import Pictures
from schemas.mark import MarkKind
from schemas.monitoring import MonitoringStep, ReviewStage
from schemas.package import FileRole
from schemas.password import PasswordFault
from schemas.policy import Relation
from schemas.presence import PresenceAnswer
from schemas.recording import RecordingStep, Sight
from schemas.replay import Missing
from schemas.roster import RosterColumn
from schemas.separation import Charge
from schemas.sso import SsoMatch
from schemas.ticket import Answer
from schemas.ticket_keys import TicketFault
from schemas.training_sheet import TrainingColumn
from schemas.upload import UploadStep
from schemas.words import Language, Words, vocabulary
from schemas.words_check import check_words
from schemas.words_monitoring import GATES
from schemas.work import LoopPart

CHINESE = re.compile("[一-鿿]")
BLANK = re.compile(r"\{\w+\}")

UNSPOKEN: dict[type[Enum], str] = {
    Level: "how loudly a refusal is logged",
    MarkKind: "on what a finding opens; a person reads the place itself",
    Charge: "chooses what keeps somebody away; a person reads the part they took",
    Language: "chooses between words, has none",
    Relation: "what a rule of the policy reaches; a person meets the permission, never how far it goes",
    Reach: "a column of the policy; a person meets the permission, never how far it goes",
    MonitoringStep: "what an opinion does; a person reads the opinion and the events it enters",
    RecordingStep: "taken by the verification; a person reads its event",
    UploadStep: "taken by the transfer; a person reads its state",
    ExportStep: "taken by the builder; a person reads its state",
    FileRole: "finds a file of a package; nothing is printed from it",
    DeviceStep: "the one step of a device; a person reads its event",
    LoopPart: "names a place in the table of heartbeats; a person reads which part of health it is",
    Sight: "chooses what a page shows of an original; nothing is printed from it",
    PresenceAnswer: "what one types; a person reads the state that it makes",
    CodeFault: "chooses a refusal",
    Demand: "chooses the page of a log-in, or a refusal; those are what a person reads",
    PasswordFault: "chooses a refusal, or the sentence of a field; those are what a person reads",
    RosterColumn: "names the columns of a sheet, as its first row may; the page says them in its own prose",
    Extent: "how much of a part the verdict asks for; a person reads what was examined",
    TrainingColumn: "as above",
    SsoMatch: "a setting of the operator",
    Pictures: "a choice of one form, whose prose says what each prints",
    Asked: "chooses the officer's word, and that is what a person reads",
    Severity: "orders findings; what a person sees of it is the verdict and the finding's own sentence",
}
"""Enums that never reach a person, and why."""

UNSPOKEN |= dict.fromkeys(
    (
        Answer,
        IssuedKind,
        EquipmentField,
        ExportPurpose,
        KeyAlgorithm,
        KeyRole,
        Missing,
        Process,
        ReceivedFrom,
        TicketFault,
        TieBasis,
        life.FaultCode,
    ),
    "of leaves: no page or command shows one of this form yet",
)

OF_ONE_LANGUAGE = {"WGS84", "CGCS2000", "GCJ02", "BD09"}
"""Names that are the same in both languages."""


def every_enum() -> Iterator[type[Enum]]:
    for module in pkgutil.walk_packages(schemas.__path__, "schemas."):
        for value in vars(importlib.import_module(module.name)).values():
            if (
                isinstance(value, type)
                and issubclass(value, Enum)
                and value not in {StrEnum, IntEnum, Flag, Enum}
            ):
                yield value


def test_every_enum_has_words_or_a_reason_to_have_none() -> None:
    """A new state, event or role cannot reach a person before it is called something."""
    found = set(every_enum())

    assert {CaseState, Verdict} < found
    assert found == set(CATALOGUE) | set(UNSPOKEN)
    assert set(CATALOGUE) & set(UNSPOKEN) == set()


@pytest.mark.parametrize("kind", CATALOGUE, ids=lambda kind: f"{kind.__module__}.{kind.__name__}")
def test_every_member_is_called_something_in_both_languages(kind: type[StrEnum]) -> None:
    """Chinese says it in Chinese, English without a Chinese letter; neither is the bare slug."""
    for member in kind:
        words = words_of(member)
        if words.zh in OF_ONE_LANGUAGE:
            continue
        assert CHINESE.search(words.zh), member
        assert not CHINESE.search(words.en), member
        assert words.zh != member.value
        assert not re.search("[a-z]_[a-z]", BLANK.sub("", words.zh + words.en))


@pytest.mark.parametrize("kind", CATALOGUE, ids=lambda kind: f"{kind.__module__}.{kind.__name__}")
def test_two_members_are_told_apart(kind: type[StrEnum]) -> None:
    """Two states of one noun, two events of the log never carry the same name."""
    for language in Language:
        said = [words_of(member).spoken(language) for member in kind]
        assert len(set(said)) == len(said)


def test_a_missing_word_stops_the_import() -> None:
    """A table that lacks a member, or has one too many, is refused when it is made."""
    with pytest.raises(ValueError, match="mismatch"):
        vocabulary(
            Outcome, {Outcome.VERIFIED: ("通过", "Verified"), Outcome.NOT_CHECKED: ("未检查", "Not checked")}
        )
    with pytest.raises(ValueError, match="missing"):
        Words("通过", " ")


def test_a_bare_text_has_no_words() -> None:
    """The value of a member is not the member: a slug that lost its enum is an error, never shown."""
    with pytest.raises(KeyError):
        words_of("verified")  # type: ignore[arg-type]


def test_equal_values_of_two_enums_keep_their_own_words() -> None:
    """`legal_review` is a state of a case and nothing else; a step and a state may share a value."""
    assert words_of(Verdict.VERIFIED) == words_of(Outcome.VERIFIED)
    assert words_of(CaseStep.CLOSE) != words_of(CaseState.CLOSED)
    assert words_of_all(ReviewStage) == Words(
        "初审（证据审核）、复核（法制审核）", "First review (evidence), Second review (legal)"
    )


def test_every_gate_is_named_by_its_fault() -> None:
    """What must be there has a name of its own beside the sentence that it is missing."""
    assert all(GATES[fault] != words_of(fault) for fault in GATES)


def test_an_unknown_quantity_is_quoted_and_an_unknown_check_is_not_named_by_its_slug() -> None:
    """Field data may name quantities of its own; a check of another version is called just that."""
    assert quantity_words("speed").zh == "车速"
    assert quantity_words("vibration") == Words("其他数值“vibration”", "another value “vibration”")
    assert check_words("of_tomorrow") == Words("其他检查", "Another check")
    assert check_words("digest") == CHECKS["digest"].title


def test_blanks_speak_the_language_of_their_sentence() -> None:
    """Words inside of words are said in the same language; a blank that nothing fills is an error."""
    sentence = Words("缺少：{what}", "missing: {what}")

    assert sentence.filled(what=words_of(CaseState.LEAD)) == Words("缺少：线索（案源）", "missing: Lead")
    with pytest.raises(KeyError):
        sentence.filled()
    assert str(Words("通过", "Verified")) == "通过 · Verified"
    assert str(Words("WGS84", "WGS84")) == "WGS84"
