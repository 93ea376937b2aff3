"""The gate of a record: who needs a certificate is handed in, and each fact that is missing cites its own law."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from pydantic import ValidationError

from schemas.equipment import (
    MANDATORY_KINDS,
    EquipmentFacts,
    EquipmentKind,
    EquipmentReview,
    GateFault,
    Publication,
    ReviewKind,
)
from schemas.errors import EvidenceError
from schemas.gate import (
    ARTICLE_41,
    METROLOGY_9,
    GateState,
    KindsFrom,
    check_evidence,
    conditions,
    gate_faults,
    is_needed,
    law_of,
    recorded_later,
)
from schemas.leaves_monitoring import CertificateKinds, IntakeReceiveRuled
from schemas.monitoring import MonitoringState, ReviewFault
from schemas.review_findings import SeenRecord, case_findings
from schemas.setting import SettingIn
from schemas.setting_list import LISTS, ListSetting
from tests.leaf_examples import members_of

AT = datetime(2026, 11, 1, tzinfo=UTC)
DAY = timedelta(days=1)
TOLD = {"entry": "e", "leaf": "e", "known_from": AT - 9 * DAY}
UNCERTIFIED = EquipmentFacts(
    reviews=tuple(
        EquipmentReview(kind=kind, document="文", reviewed_at=AT - DAY, **TOLD) for kind in ReviewKind
    ),
    publications=(Publication(url="https://x", published_at=AT - DAY, **TOLD),),
)


def test_a_street_camera_needs_no_certificate() -> None:
    """The mandatory list names six kinds: no camera, and nothing that is of no kind."""
    asked = set(LISTS[ListSetting.CERTIFICATE_KINDS].default)
    assert set(EquipmentKind) - asked == {EquipmentKind.CAMERA, EquipmentKind.OTHER}
    assert asked == set(MANDATORY_KINDS)


def test_the_gate_asks_what_is_handed_in() -> None:
    """Without a certificate it is closed to a kind that needs one, open to one that needs none."""
    assert gate_faults(UNCERTIFIED, AT, certificate=True) == (GateFault.CERTIFICATE_MISSING,)
    assert gate_faults(UNCERTIFIED, AT, certificate=False) == ()
    bare = EquipmentFacts()
    asked = [gate_faults(bare, AT, certificate=one) for one in (True, False)]
    assert set(asked[0]) - set(asked[1]) == {GateFault.CERTIFICATE_MISSING}
    late = UNCERTIFIED.model_copy(
        update={"publications": (UNCERTIFIED.publications[0].model_copy(update={"known_from": AT + DAY}),)}
    )
    assert recorded_later(late, AT, certificate=False)
    assert not recorded_later(late, AT, certificate=True)


def test_what_is_not_asked_never_reads_as_held() -> None:
    """A camera's certificate is not needed, whether somebody entered one or not."""
    told = {one.fault: one.state for one in conditions(("suspended",), certificate=False)}
    assert told == {
        **dict.fromkeys(GateFault, GateState.HELD),
        GateFault.CERTIFICATE_MISSING: GateState.NOT_NEEDED,
        GateFault.SUSPENDED: GateState.MISSING,
    }
    asked = {one.fault: one.state for one in conditions(("certificate-missing",), certificate=True)}
    assert asked[GateFault.CERTIFICATE_MISSING] is GateState.MISSING


@pytest.mark.parametrize(
    ("state", "faults", "slug", "laws"),
    [
        (MonitoringState.VALID, ("certificate-missing",), "metrology-9", ["计量法第九条"]),
        (MonitoringState.VALID, ("publication-missing",), "article-41", ["行政处罚法第四十一条"]),
        (
            MonitoringState.VALID,
            ("certificate-missing", "suspended"),
            "article-41",
            ["计量法第九条", "行政处罚法第四十一条"],
        ),
        (
            MonitoringState.RECEIVED,
            ("certificate-missing",),
            "article-41",
            ["行政处罚法第四十一条", "计量法第九条"],
        ),
    ],
)
def test_each_missing_fact_cites_its_own_law(
    state: MonitoringState, faults: tuple[str, ...], slug: str, laws: list[str]
) -> None:
    """A certificate by the metrology law, the reviews and the publication by the penalty law."""
    with pytest.raises(EvidenceError) as refused:
        check_evidence(state, faults)
    assert (refused.value.slug, refused.value.facts["laws"]) == (slug, laws)
    assert refused.value.facts["article"] == "、".join(dict.fromkeys(laws))
    assert len(refused.value.facts["missing"]) == len(laws)


def test_every_fault_has_a_law() -> None:
    """Of the gate and of the review."""
    assert {law_of(one) for one in GateFault} == {ARTICLE_41, METROLOGY_9}
    assert {law_of(one) for one in ReviewFault} == {ARTICLE_41}


def test_a_case_is_told_by_which_law() -> None:
    """A record whose equipment lacked its certificate alone is named by the metrology law."""
    seen = [
        SeenRecord(subject=f"monitoring/{uuid4()}", faults=faults, is_recorded_later=False, linked_at=AT)
        for faults in (("certificate-missing",), ("certificate-missing", "suspended"))
    ]
    found = case_findings(f"case/{uuid4()}", recordings=[], records=seen, facts=[])
    assert sorted(one.check.code for one in found if "gate" in one.check.code) == [
        "gate-closed",
        "gate-uncertified",
    ]


def test_lists_hold_from_their_time_on() -> None:
    """Before the first that has a time the first holds; no list needs nothing."""
    kinds = (KindsFrom(None, ("camera",)), KindsFrom(AT, ()))
    assert [is_needed(kinds, EquipmentKind.CAMERA, at) for at in (AT - DAY, AT)] == [True, False]
    assert not is_needed((), EquipmentKind.AXLE_SCALE, AT)


@pytest.mark.parametrize("times", [(AT,), (None, None), (None, AT, AT), (None, AT, AT - DAY)])
def test_a_batch_says_its_lists_in_order(times: tuple[datetime | None, ...]) -> None:
    """The first holds since ever, the others each from a later time."""
    lists = tuple(CertificateKinds(since=one, kinds=()) for one in times)
    with pytest.raises(ValidationError):
        IntakeReceiveRuled(**{**members_of(IntakeReceiveRuled, is_full=False), "certificates": lists})


def test_what_an_agency_may_say() -> None:
    """Kinds of the closed list, also none at all."""
    for items in ((), ("camera", "axle_scale")):
        SettingIn(name=ListSetting.CERTIFICATE_KINDS, items=items, from_at=AT, source="文").check_range()
    with pytest.raises(EvidenceError):
        SettingIn(
            name=ListSetting.CERTIFICATE_KINDS, items=("telescope",), from_at=AT, source="文"
        ).check_range()
