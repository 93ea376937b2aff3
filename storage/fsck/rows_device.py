"""What leaves make of the rows of devices: their keys, what they are, how they were found, and who had them."""

from collections.abc import Iterator, Mapping

from schemas.life_device import DeviceLife
from schemas.life_holding import DescribedLife, HoldingLife
from schemas.reference import ident_of
from schemas.replay import Folded
from storage.fsck.mirror import Mirror, Span, Told, value_of
from storage.tables.device import devices, enrolment_codes
from storage.tables.holding import device_check_items, device_checks, device_descriptions, device_holdings

Row = Mapping[str, object]

DEVICE_MIRRORS = (
    Mirror(
        devices,
        devices.c.id,
        (),
        ("agency_id", "kid", "name", "model", "enrolled_at", "revoked_at"),
        digests=("registration",),
    ),
    Mirror(
        enrolment_codes,
        enrolment_codes.c.device_id,
        (),
        ("used_at",),
        condition=enrolment_codes.c.used_at.is_not(None),
    ),
    Mirror(
        device_descriptions,
        device_descriptions.c.device_id,
        ("leaf",),
        (
            *("kind", "maker", "model", "serial", "reason", "valid_during", "known_during"),
            "described_by",
        ),
    ),
    Mirror(
        device_checks,
        device_checks.c.device_id,
        ("leaf",),
        ("occasion", "passed", "checked_by", "checked_at"),
    ),
    Mirror(
        device_check_items,
        device_checks.c.device_id,
        ("leaf", "position"),
        ("item", "is_ok", "remark"),
        source=device_check_items.join(device_checks),
    ),
    Mirror(
        device_holdings,
        device_holdings.c.device_id,
        ("issue",),
        (
            *("person_id", "valid_during", "known_during", "due_at", "issue_check", "issue_reason"),
            *("return_check", "return_reason", "amend_reason", "leaf"),
        ),
    ),
)


def device_rows(life: DeviceLife, folded: Folded) -> Told:
    """Return the rows that the leaves of a device make."""
    del folded
    return {
        "devices": [
            {
                "agency_id": ident_of(life.agency),
                "kid": life.kid,
                "name": value_of(life.name),
                "model": value_of(life.model),
                "enrolled_at": life.enrolled_at,
                "revoked_at": life.revoked_at,
                "registration": life.registration_sha256,
            }
        ],
        "enrolment_codes": [{"used_at": life.enrolled_at}],
        "device_descriptions": [_description(one) for one in life.described],
        "device_checks": [
            {
                "leaf": leaf,
                "occasion": one.check.occasion,
                "passed": one.check.passed,
                "checked_by": ident_of(one.by),
                "checked_at": one.at,
            }
            for leaf, one in life.checks.items()
        ],
        "device_check_items": list(_points(life)),
        "device_holdings": [_holding(one) for one in life.holdings],
    }


def _description(one: DescribedLife) -> Row:
    return {
        "leaf": one.leaf,
        "kind": one.said.kind,
        "maker": value_of(one.said.maker),
        "model": value_of(one.said.model),
        "serial": value_of(one.said.serial),
        "reason": value_of(one.said.reason),
        "valid_during": Span(one.valid_from, one.valid_until),
        "known_during": Span(one.known_from, one.known_until),
        "described_by": ident_of(one.by),
    }


def _points(life: DeviceLife) -> Iterator[Row]:
    for leaf, one in life.checks.items():
        for position, point in enumerate(one.check.items, start=1):
            yield {
                "leaf": leaf,
                "position": position,
                "item": point.item,
                "is_ok": point.ok,
                "remark": value_of(point.remark),
            }


def _holding(one: HoldingLife) -> Row:
    issued, returned = one.issued, one.returned
    return {
        "issue": one.issue,
        "person_id": ident_of(one.person),
        "valid_during": Span(one.since, one.until),
        "known_during": Span(one.known_from, one.known_until),
        "due_at": issued.due_at,
        "issue_check": issued.check,
        "issue_reason": value_of(issued.reason),
        "return_check": None if returned is None else returned.check,
        "return_reason": None if returned is None else value_of(returned.reason),
        "amend_reason": value_of(one.amend_reason),
        "leaf": one.leaf,
    }
