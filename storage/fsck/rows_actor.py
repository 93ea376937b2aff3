"""What leaves make of the rows of agencies, the codes they hand out and what they set, and accounts with all they hold."""

from collections.abc import Mapping

from schemas.leaves_setting import SettingChange, SettingChangeList
from schemas.life_account import AccountLife, FactorLife
from schemas.life_agency import AgencyLife
from schemas.life_training import TrainingLife
from schemas.reference import ident_of
from schemas.replay import Folded
from storage.fsck.mirror import NOT_TOLD, Mirror, Span, Told, ident, value_of
from storage.tables.actor import (
    account_links,
    accounts,
    agencies,
    certificate_facts,
    certificates,
    memberships,
    role_grants,
)
from storage.tables.approval import approvals
from storage.tables.device import enrolment_codes
from storage.tables.factor import recovery_codes, second_factors
from storage.tables.setting import agency_settings
from storage.tables.training import trainings

AGENCY_MIRRORS = (
    Mirror(
        agencies,
        agencies.c.id,
        (),
        ("parent_id", "principal_id", "name", "code", "kind", "is_supervising", "closed_at"),
    ),
    Mirror(
        enrolment_codes,
        enrolment_codes.c.agency_id,
        ("id",),
        ("device_id", "code_hash", "issued_by", "expires_at", "voided_at"),
    ),
    Mirror(
        agency_settings,
        agency_settings.c.agency_id,
        ("id",),
        ("name", "value", "items", "valid_from", "known_at", "set_by", "source"),
    ),
)
ACCOUNT_MIRRORS = (
    Mirror(
        accounts,
        accounts.c.id,
        (),
        ("agency_id", "kind", "login", "name", "password_hash", "is_active", "created_at"),
    ),
    Mirror(
        memberships,
        memberships.c.account_id,
        (),
        ("agency_id", "valid_during", "known_during", "reason", "leaf"),
    ),
    Mirror(
        role_grants,
        role_grants.c.account_id,
        ("grant_id",),
        ("role", "reach", "valid_during", "known_during", "reason", "grant_leaf", "leaf"),
    ),
    Mirror(
        account_links,
        account_links.c.account_id,
        ("id",),
        ("code_hash", "issued_by", "issued_at", "expires_at", "used_at"),
    ),
    Mirror(
        approvals,
        approvals.c.account_id,
        ("id",),
        (
            "agency_id",
            "recording_id",
            "reason",
            "asked_at",
            "until_at",
            "granted_by",
            "granted_at",
            "ended_by",
            "ended_at",
            "end_reason",
            "leaf",
        ),
    ),
    Mirror(
        trainings,
        trainings.c.account_id,
        ("id",),
        (
            *("kind", "hours", "held_on", "topic", "entered_by", "entered_at"),
            *("withdrawn_by", "withdrawn_at", "reason", "leaf"),
        ),
    ),
    Mirror(
        certificates,
        certificates.c.account_id,
        ("id",),
        ("number", "kind", "valid_from", "valid_until", "state", "verified_at", "version"),
    ),
    Mirror(
        certificate_facts,
        certificates.c.account_id,
        ("certificate_id",),
        ("state", "valid_during", "known_during", "reason", "leaf"),
        source=certificate_facts.join(certificates),
    ),
    Mirror(
        second_factors,
        second_factors.c.account_id,
        ("id",),
        ("method", "sealed", "enrolled_at", "ended_at"),
    ),
    Mirror(
        recovery_codes,
        second_factors.c.account_id,
        ("factor_id", "number"),
        ("code_hash", "used_at"),
        source=recovery_codes.join(second_factors),
    ),
)


def agency_rows(life: AgencyLife, folded: Folded) -> Told:
    """Return the rows that the leaves of an agency make."""
    del folded
    return {
        "agencies": [
            {
                "parent_id": ident(life.parent),
                "principal_id": ident(life.principal),
                "name": value_of(life.name),
                "code": value_of(life.code),
                "kind": life.kind,
                "is_supervising": life.supervising,
                "closed_at": life.closed_at,
            }
        ],
        "enrolment_codes": [
            {
                "id": code,
                "device_id": ident_of(handed.device),
                "code_hash": value_of(handed.code.code_hash),
                "issued_by": ident_of(handed.by),
                "expires_at": handed.code.expires_at,
                "voided_at": handed.voided_at,
            }
            for code, handed in life.codes.items()
        ],
        "agency_settings": [
            {
                "id": ident_of(name),
                "name": one.change.name,
                "value": one.change.value if isinstance(one.change, SettingChange) else None,
                "items": value_of(one.change.items) if isinstance(one.change, SettingChangeList) else None,
                "valid_from": one.change.from_,
                "known_at": one.at,
                "set_by": ident_of(one.by),
                "source": value_of(one.change.source),
            }
            for name, one in life.settings.items()
        ],
    }


def account_rows(life: AccountLife, folded: Folded) -> Told:
    """Return the rows that the leaves of an account make."""
    del folded
    return {
        "accounts": [
            {
                "agency_id": ident_of(life.agency),
                "kind": life.kind,
                "login": value_of(life.login),
                "name": value_of(life.name),
                "password_hash": _secret(life),
                "is_active": life.closed_at is None,
                "created_at": life.opened_at,
            }
        ],
        "memberships": [
            {
                "agency_id": ident_of(one.agency),
                "valid_during": Span(one.valid_from, one.valid_until),
                "known_during": Span(one.known_from, one.known_until),
                "reason": value_of(one.reason),
                "leaf": one.leaf,
            }
            for one in life.memberships
        ],
        "role_grants": [
            {
                "grant_id": ident_of(one.name),
                "role": one.grant.role,
                "reach": one.grant.reach,
                "valid_during": Span(told.valid_from, told.valid_until),
                "known_during": Span(told.known_from, told.known_until),
                "reason": value_of(told.reason),
                "grant_leaf": digest,
                "leaf": told.leaf,
            }
            for digest, one in life.roles.items()
            for told in one.told
        ],
        "account_links": [
            {
                "id": link,
                "code_hash": value_of(one.link.code_hash),
                "issued_by": ident_of(one.by),
                "issued_at": one.at,
                "expires_at": one.link.expires_at,
                "used_at": one.used_at,
            }
            for link, one in life.links.items()
        ],
        "approvals": [
            {
                "id": ident_of(one.name),
                "agency_id": ident_of(one.ask.agency),
                "recording_id": ident_of(one.ask.recording),
                "reason": value_of(one.ask.reason),
                "asked_at": one.at,
                "until_at": one.ask.until,
                "granted_by": ident(one.granted_by),
                "granted_at": one.granted_at,
                "ended_by": ident(one.ended_by),
                "ended_at": one.ended_at,
                "end_reason": None if one.end_reason is None else value_of(one.end_reason),
                "leaf": digest,
            }
            for digest, one in life.approvals.items()
        ],
        "trainings": [_training(digest, one) for digest, one in life.trainings.items()],
        "certificates": [
            {
                "id": ident_of(name),
                "number": value_of(one.issued.number),
                "kind": one.issued.kind,
                "valid_from": one.issued.from_,
                "valid_until": one.issued.until,
                "state": one.state,
                "verified_at": one.verified_at,
                "version": one.n,
            }
            for name, one in (life.certificates or {}).items()
        ],
        "certificate_facts": [
            {
                "certificate_id": ident_of(name),
                "state": told.state,
                "valid_during": Span(told.valid_from, told.valid_until),
                "known_during": Span(told.known_from, told.known_until),
                "reason": value_of(told.reason),
                "leaf": told.leaf,
            }
            for name, one in (life.certificates or {}).items()
            for told in one.told
        ],
        "second_factors": [
            {
                "id": ident_of(name),
                "method": one.enrolled.method,
                "sealed": _recorded(one, "sealed"),
                "enrolled_at": one.at,
                "ended_at": one.ended_at,
            }
            for name, one in life.factors.items()
        ],
        "recovery_codes": [
            {
                "factor_id": ident_of(name),
                "number": number,
                "code_hash": _recorded(one, f"code.{number}"),
                "used_at": one.used.get(number),
            }
            for name, one in life.factors.items()
            for number in range(1, one.enrolled.codes + 1)
        ],
    }


def _recorded(factor: FactorLife, name: str) -> object:
    """Return a member of the record of a second factor, in hex."""
    record = value_of(factor.enrolled.record)
    if record is NOT_TOLD:
        return NOT_TOLD
    return record.get(name) if isinstance(record, Mapping) else None


def _training(digest: str, one: TrainingLife) -> Mapping[str, object]:
    return {
        "id": ident_of(one.name),
        "kind": one.entry.kind,
        "hours": one.entry.hours,
        "held_on": one.entry.on,
        "topic": value_of(one.entry.topic),
        "entered_by": ident_of(one.by),
        "entered_at": one.at,
        "withdrawn_by": ident(one.withdrawn_by),
        "withdrawn_at": one.withdrawn_at,
        "reason": None if one.reason is None else value_of(one.reason),
        "leaf": digest,
    }


def _secret(life: AccountLife) -> object:
    record = value_of(life.credential)
    if record is NOT_TOLD:
        return NOT_TOLD
    return record.get("password_hash") if isinstance(record, Mapping) else None
