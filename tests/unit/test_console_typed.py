"""What a typed text means, and what is said of one that means nothing."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from pydantic import ValidationError

from api.console.audit_form import AmendForm, AuditForm, CloseForm, ValuesForm
from api.console.audit_member import FoundForm, ScoresForm
from api.console.case_form import CaseForm, ProofForm
from api.console.equipment_form import CertificateForm, EquipmentForm
from api.console.monitoring_form import AttemptForm, LinkForm
from api.console.review import OpinionForm
from api.console.typed import Fault, Forms, Mistaken, Typed, VersionForm, into, meaning
from schemas.case import CaseIn
from schemas.monitoring import LinkBasis

CASE = {"number": "案-1", "party": "某店", "matter": "占道", "place": "建军路"}
SCALE = {"number": "S-1", "name": "秤", "kind": "axle_scale", "site": "K12", "standard": "GB/T 21296"}
ONE = UUID(int=1)
AUDIT = {
    "title": "抽查",
    "target": "00000000-0000-0000-0000-000000000001",
    "kind": "closed_cases",
    "from_day": "2026-01-01",
    "until_day": "2026-03-31",
    "defect": "5",
    "confidence": "95",
    "source": "双色球",
    "source_kind": "lottery",
    "happens_at": "2026-04-01T21:15",
}
PAPER = {
    "number": "证-1",
    "issuer": "省院",
    "valid_from": "2026-01-01",
    "valid_to": "2026-12-31",
    "version": "1",
}


@pytest.mark.parametrize(
    ("form", "field", "fault", "bound"),
    [
        (CaseForm(), "number", Fault.MISSING, ""),
        (CaseForm(**CASE | {"party": "  "}), "party", Fault.MISSING, ""),
        (CaseForm(**CASE | {"party": "长" * 201}), "party", Fault.TOO_LONG, 200),
        (CaseForm(**CASE | {"place": "a\0b"}), "place", Fault.MALFORMED, ""),
        (CaseForm(**CASE, occurred_at="昨天"), "occurred_at", Fault.NO_TIME, ""),
        (CaseForm(**CASE, occurred_at="0001-01-01T00:00"), "occurred_at", Fault.NO_TIME, ""),
        (EquipmentForm(**SCALE | {"number": "秤 一"}), "number", Fault.MALFORMED, ""),
        (EquipmentForm(**SCALE | {"kind": "x"}), "kind", Fault.NOT_LISTED, ""),
        (EquipmentForm(**SCALE, lat="33"), "lon", Fault.HALF, ""),
        (EquipmentForm(**SCALE, lon="120"), "lat", Fault.HALF, ""),
        (EquipmentForm(**SCALE, lat="90.1", lon="120"), "lat", Fault.TOO_LARGE, 90),
        (EquipmentForm(**SCALE, lat="33", lon="NaN"), "lon", Fault.NO_NUMBER, ""),
        (EquipmentForm(**SCALE, lat="33", lon="1e999"), "lon", Fault.TOO_LARGE, 180),
        (EquipmentForm(**SCALE, lat="33", lon="120", crs="x"), "crs", Fault.NOT_LISTED, ""),
        (CertificateForm(**PAPER | {"valid_to": "2025-12-30"}), "valid_to", Fault.REVERSED, ""),
        (CertificateForm(**PAPER | {"version": "-1"}), "version", Fault.TOO_SMALL, 0),
        (VersionForm(version="1.5"), "version", Fault.NO_NUMBER, ""),
        (VersionForm(version="9" * 400), "version", Fault.TOO_LARGE, 2**31 - 1),
        (AuditForm(**AUDIT | {"target": "x"}), "target", Fault.NOT_LISTED, ""),
        (AuditForm(**AUDIT | {"source": ""}), "source", Fault.MISSING, ""),
        (AuditForm(**AUDIT | {"source_kind": "x"}), "source_kind", Fault.NOT_LISTED, ""),
        (AuditForm(**AUDIT | {"until_day": "2025-12-30"}), "until_day", Fault.REVERSED, ""),
        (AuditForm(**AUDIT, size="0"), "size", Fault.TOO_SMALL, 1),
        (AmendForm(**AUDIT | {"source": ""}, version="1"), "source", Fault.MISSING, ""),
        (AmendForm(**AUDIT), "version", Fault.MISSING, ""),
        (CloseForm(missing="1", wide="x", unmended="0", version="1"), "wide", Fault.NO_NUMBER, ""),
        (CloseForm(missing="-1", wide="0", unmended="0", version="1"), "missing", Fault.TOO_SMALL, 0),
        (FoundForm(item_code="B1", text="x", at="1:23"), "at", Fault.HALF, ""),
        (FoundForm(item_code="B1", text="x", recording_id=str(ONE), at="1:2x"), "at", Fault.MALFORMED, ""),
        (FoundForm(item_code="B1", text="x", recording_id=str(ONE), at="1:2:3:4"), "at", Fault.MALFORMED, ""),
        (
            FoundForm(item_code="B1", text="x", recording_id=str(ONE), at="9999999:00"),
            "at",
            Fault.TOO_LARGE,
            10_000_000,
        ),
        (FoundForm(item_code="B1", text="x", recording_id="x"), "recording_id", Fault.NOT_LISTED, ""),
        (ValuesForm(version="1"), "value", Fault.MISSING, ""),
        (ValuesForm(version="1", value=["1", ""]), "value", Fault.MISSING, ""),
        (ProofForm(version="1", proof=["case/1"]), "proof", Fault.NOT_LISTED, ""),
        (ProofForm(version="1", proof=["recording/1"]), "proof", Fault.NOT_LISTED, ""),
        (LinkForm(), "number", Fault.MISSING, ""),
        (AttemptForm(channel="sms", outcome="sent"), "proof", Fault.MISSING, ""),
    ],
    ids=lambda one: type(one).__name__ if isinstance(one, Typed) else str(one),
)
def test_the_field_at_fault_is_named(form: Typed[Any], field: str, fault: Fault, bound: object) -> None:
    """The first field that means nothing is named, with what is wrong and the bound that was passed."""
    with pytest.raises(Mistaken) as caught:
        meaning(form)

    assert (caught.value.field, caught.value.fault) == (field, fault)
    assert caught.value.bound == bound


@pytest.mark.parametrize(
    ("typed", "second"), [("83", 83), ("1:23", 83), ("1：23", 83), ("1:02:03", 3723), ("0:00", 0), ("", None)]
)
def test_a_position_is_typed_as_a_player_shows_it(typed: str, second: int | None) -> None:
    """Seconds, minutes and hours with a colon of any width; nothing is no position."""
    assert meaning(FoundForm(item_code="B1", text="x", recording_id=str(ONE), at=typed)).at_second == second


def test_the_row_at_fault_is_named() -> None:
    """Where a field stands several times the sentence says in which row."""
    scores = ScoresForm(code=["A1", "B2"], points=["20", "x"], remark=["", ""])
    grounds = OpinionForm(version="1", opinion="pass", item=["law", "?"], about=["", ""], text=["a", "b"])

    for form, about in ((scores, "B2"), (grounds, "2")):
        with pytest.raises(Mistaken) as caught:
            meaning(form)
        assert caught.value.about == about


def test_texts_are_read_as_they_are_meant() -> None:
    """Spaces at the ends are nothing, times and days are of China, per cent become per mille, degrees E7."""
    case = meaning(CaseForm(**CASE | {"number": " 案-1 "}, occurred_at="2026-01-01T00:30"))
    scale = meaning(EquipmentForm(**SCALE, lat="33.3400001", lon="-120"))
    audit = meaning(AuditForm(**AUDIT | {"defect": "0.5"}))

    assert case.number == "案-1"
    assert case.occurred_at == datetime(2025, 12, 31, 16, 30, tzinfo=UTC)
    assert (scale.lat_e7, scale.lon_e7, scale.crs) == (333_400_001, -1_200_000_000, "WGS84")
    assert (audit.defect_permille, audit.confidence_permille, audit.size) == (5, 950, None)
    assert audit.until_at == datetime(2026, 3, 31, 16, tzinfo=UTC)
    assert meaning(LinkForm(number="案-1")).basis is LinkBasis.MANUAL


def test_a_fault_of_ours_is_no_mistake() -> None:
    """What no field of a form says is raised as it is: nobody is told that they typed it wrong."""

    class Broken(Typed[CaseIn]):
        number: str = "案-1"

        def wish(self) -> CaseIn:
            return into(self, CaseIn)

    with pytest.raises(ValidationError):
        meaning(Broken())


def test_a_repeated_form_keeps_what_was_typed_into_one_of_them() -> None:
    """Of the forms of one kind only the one that was sent shows its texts again."""

    class Page(Forms):
        proof: ProofForm = ProofForm()
        other: CaseForm = CaseForm()

    sent = ProofForm(proof=["recording/1"])
    page = Page.after(sent, "/a/1")

    assert page.at("proof", "/a/1") is sent
    assert page.at("proof", "/a/2") == ProofForm()
    assert page.other == CaseForm()
