"""The policy in SQL: the one place that turns what an actor may do into a condition over the rows of a noun.

`schemas.policy.may` is the same question about one subject; a property test holds the two equal. A noun names the column
of its agency and, for each relation that a rule reaches it by, the condition under which a row stands in it.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, NamedTuple

from sqlalchemy import Column, ColumnElement, Table, and_, exists, false, or_, select, true

from schemas.actor import Actor, ActorKind
from schemas.audit import AuditState
from schemas.monitoring import OPEN_STATES
from schemas.policy import FAR, NEAR, Action, Relation, require_scope, scope
from schemas.rectification import RectificationState
from schemas.review import ReviewState
from storage.tables.actor import accounts, agencies
from storage.tables.approval import approvals
from storage.tables.audit import audit_entries, audit_inspectors, audit_rechecks, audit_sample, audits
from storage.tables.case import case_handlers, case_links, cases
from storage.tables.device import devices
from storage.tables.equipment import equipment
from storage.tables.export import exports
from storage.tables.monitoring import (
    monitoring_links,
    monitoring_media,
    monitoring_opinions,
    monitoring_records,
)
from storage.tables.recording import recordings
from storage.tables.rectification import rectification_steps, rectifications
from storage.tables.review import reviews


class _Asker(NamedTuple):
    """Who asks, and at what time."""

    actor: Actor
    at: datetime


Tie = Callable[[_Asker], ColumnElement[bool]]


class _Noun(NamedTuple):
    """Where a row's agency stands, and when it stands in a relation to an actor."""

    agency: Column[Any]
    ties: Mapping[Relation, Tie] = MappingProxyType({})


def within(actor: Actor, action: Action, at: datetime, noun: Table) -> ColumnElement[bool]:
    """Return the condition that the actor may do `action` to a row of `noun` at a time; nothing where they may not."""
    allowed, (agency, ties) = scope(actor, action, at), _NOUNS[noun.name]
    parts: list[ColumnElement[bool]] = [agency.in_(sorted(allowed.agency_ids))] if allowed.agency_ids else []
    near, far = (
        [tie(_Asker(actor, at)) for relation, tie in ties.items() if relation in allowed.relations & group]
        for group in (NEAR, FAR)
    )
    if near:
        parts.append(and_(agency.in_(sorted(allowed.near_ids)), or_(*near)))
    return or_(false(), *parts, *far)


def within_seen(actor: Actor, action: Action, seen: Action, at: datetime, noun: Table) -> ColumnElement[bool]:
    """Return the same among rows to which the actor may do `seen`: where both reach as far nothing is asked twice."""
    if scope(actor, action, at) == scope(actor, seen, at):
        return true()
    return within(actor, action, at, noun)


def require_within(actor: Actor, action: Action, at: datetime, noun: Table) -> ColumnElement[bool]:
    """Return the same for those who may do `action` to anything.

    Raises:
        Refused: the permission is missing on whatever subject (slug `permission-missing`).
    """
    require_scope(actor, action, at)
    return within(actor, action, at, noun)


def _own_recording(asker: _Asker) -> ColumnElement[bool]:
    """A device owns what it sent; an account what it sent, and what names one of its certificates."""
    if asker.actor.kind is ActorKind.DEVICE:
        return recordings.c.device_id == asker.actor.id
    return or_(
        recordings.c.account_id == asker.actor.id,
        recordings.c.officers.overlap(sorted(asker.actor.certificates)),
    )


def _handles(case_id: ColumnElement[Any]) -> Tie:
    return lambda asker: exists().where(
        case_handlers.c.case_id == case_id, case_handlers.c.account_id == asker.actor.id
    )


def _reviews(case_id: ColumnElement[Any]) -> Tie:
    return lambda asker: exists().where(
        reviews.c.case_id == case_id,
        or_(reviews.c.state == ReviewState.OPEN, reviews.c.reviewer_id == asker.actor.id),
    )


def _linked(tie: Callable[[ColumnElement[Any]], Tie]) -> Tie:
    """A recording stands in a case to which the actor stands so."""
    return lambda asker: exists().where(
        case_links.c.recording_id == recordings.c.id,
        case_links.c.unlinked_at.is_(None),
        tie(case_links.c.case_id)(asker),
    )


def _record_linked(monitoring_id: ColumnElement[Any], tie: Callable[[ColumnElement[Any]], Tie]) -> Tie:
    """A monitoring record is tied to a case to which the actor stands so."""
    return lambda asker: exists().where(
        monitoring_links.c.monitoring_id == monitoring_id,
        monitoring_links.c.unlinked_at.is_(None),
        tie(monitoring_links.c.case_id)(asker),
    )


def _media_of(tie: Callable[[ColumnElement[Any]], Tie]) -> Tie:
    """A recording is among the media of a monitoring record to which the actor stands so."""
    return lambda asker: exists().where(
        monitoring_media.c.recording_id == recordings.c.id, tie(monitoring_media.c.monitoring_id)(asker)
    )


def _judges(monitoring_id: ColumnElement[Any]) -> Tie:
    waiting = exists().where(
        monitoring_records.c.id == monitoring_id, monitoring_records.c.state.in_(OPEN_STATES)
    )
    return lambda asker: or_(waiting, _gave(monitoring_id)(asker))


def _gave(monitoring_id: ColumnElement[Any]) -> Tie:
    return lambda asker: exists().where(
        monitoring_opinions.c.monitoring_id == monitoring_id,
        monitoring_opinions.c.reviewer_id == asker.actor.id,
    )


def _of_own_audits(audit_id: ColumnElement[Any]) -> Tie:
    return lambda asker: exists().where(
        audits.c.id == audit_id, audits.c.agency_id.in_(sorted(asker.actor.agency_ids))
    )


def _inspects(audit_id: ColumnElement[Any]) -> Tie:
    return lambda asker: exists().where(
        audit_inspectors.c.audit_id == audit_id, audit_inspectors.c.account_id == asker.actor.id
    )


def _drawn_case(audit: Callable[[ColumnElement[Any]], Tie]) -> Callable[[ColumnElement[Any]], Tie]:
    return lambda case_id: (
        lambda asker: exists().where(
            audit_sample.c.member_id == case_id, audit(audit_sample.c.audit_id)(asker)
        )
    )


def _drawn_recording(audit: Callable[[ColumnElement[Any]], Tie]) -> Tie:
    """Drawn itself or with its case, linked to a drawn case since, or answered to what was found."""

    def tie(asker: _Asker) -> ColumnElement[bool]:
        rechecked = exists().where(
            audit_rechecks.c.recording_id == recordings.c.id, audit(audit_rechecks.c.audit_id)(asker)
        )
        answered = exists().where(
            rectification_steps.c.proof_recording_id == recordings.c.id,
            rectification_steps.c.rectification_id == rectifications.c.id,
            audit(rectifications.c.audit_id)(asker),
        )
        return or_(rechecked, _linked(_drawn_case(audit))(asker), answered)

    return tie


def _drawn_record(audit: Callable[[ColumnElement[Any]], Tie]) -> Tie:
    """Tied to a drawn case, or a recording of it was drawn."""

    def tie(asker: _Asker) -> ColumnElement[bool]:
        rechecked = exists().where(
            monitoring_media.c.monitoring_id == monitoring_records.c.id,
            audit_rechecks.c.recording_id == monitoring_media.c.recording_id,
            audit(audit_rechecks.c.audit_id)(asker),
        )
        return or_(_record_linked(monitoring_records.c.id, _drawn_case(audit))(asker), rechecked)

    return tie


def _to_mend(ident: ColumnElement[Any], *named: Column[Any]) -> Tie:
    """Named by an open rectification of the own agency. Few are open: they are read once, and not for every row."""

    def tie(asker: _Asker) -> ColumnElement[bool]:
        own = (
            rectifications.c.agency_id == asker.actor.agency_id,
            rectifications.c.state != RectificationState.CLOSED,
        )
        return or_(*(ident.in_(select(one).where(*own, one.is_not(None))) for one in named))

    return tie


def _approved(asker: _Asker) -> ColumnElement[bool]:
    return exists().where(
        approvals.c.recording_id == recordings.c.id,
        approvals.c.account_id == asker.actor.id,
        approvals.c.granted_at <= asker.at,
        approvals.c.until_at > asker.at,
        or_(approvals.c.ended_at.is_(None), approvals.c.ended_at > asker.at),
    )


def _own_case(asker: _Asker) -> ColumnElement[bool]:
    return exists().where(
        case_links.c.case_id == cases.c.id,
        case_links.c.unlinked_at.is_(None),
        case_links.c.recording_id == recordings.c.id,
        _own_recording(asker),
    )


def _waits_for_confirmation(asker: _Asker) -> ColumnElement[bool]:
    said = exists().where(audit_entries.c.audit_id == audits.c.id, audit_entries.c.said_by == asker.actor.id)
    return or_(audits.c.state == AuditState.ENTERED, said)


def _asked_for(asker: _Asker) -> ColumnElement[bool]:
    return exports.c.requested_by == asker.actor.id


_NOUNS: Mapping[str, _Noun] = MappingProxyType(
    {
        "recordings": _Noun(
            recordings.c.agency_id,
            {
                Relation.OWN: _own_recording,
                Relation.HANDLED: _linked(_handles),
                Relation.ASSIGNED: lambda asker: or_(
                    _linked(_reviews)(asker),
                    _media_of(lambda one: _record_linked(one, _reviews))(asker),
                ),
                Relation.JUDGED: _media_of(_judges),
                Relation.MONITORED: lambda _: exists().where(
                    monitoring_media.c.recording_id == recordings.c.id
                ),
                Relation.SAMPLED: _drawn_recording(_of_own_audits),
                Relation.INSPECTED: _drawn_recording(_inspects),
                Relation.APPROVED: _approved,
                Relation.MENDED: _to_mend(
                    recordings.c.id, rectifications.c.member_id, rectifications.c.recording_id
                ),
            },
        ),
        "cases": _Noun(
            cases.c.agency_id,
            {
                # Before the own one: whoever handles a case is not asked for what they recorded in it, which the
                # database finds by all that they ever recorded.
                Relation.HANDLED: _handles(cases.c.id),
                Relation.OWN: _own_case,
                Relation.ASSIGNED: _reviews(cases.c.id),
                Relation.SAMPLED: _drawn_case(_of_own_audits)(cases.c.id),
                Relation.INSPECTED: _drawn_case(_inspects)(cases.c.id),
                Relation.MENDED: _to_mend(cases.c.id, rectifications.c.member_id),
            },
        ),
        "reviews": _Noun(reviews.c.agency_id),
        "exports": _Noun(exports.c.agency_id, {Relation.HANDLED: _asked_for, Relation.ASSIGNED: _asked_for}),
        "monitoring_records": _Noun(
            monitoring_records.c.agency_id,
            {
                Relation.ASSIGNED: _record_linked(monitoring_records.c.id, _reviews),
                Relation.JUDGED: lambda asker: or_(
                    monitoring_records.c.state.in_(OPEN_STATES), _gave(monitoring_records.c.id)(asker)
                ),
                Relation.SAMPLED: _drawn_record(_of_own_audits),
                Relation.INSPECTED: _drawn_record(_inspects),
            },
        ),
        "audits": _Noun(
            audits.c.agency_id,
            {
                Relation.OWN: _waits_for_confirmation,
                Relation.INSPECTED: _inspects(audits.c.id),
                Relation.AUDITED: lambda asker: audits.c.target_agency_id == asker.actor.agency_id,
            },
        ),
        "rectifications": _Noun(
            rectifications.c.agency_id,
            {
                Relation.INSPECTED: lambda asker: or_(
                    _inspects(rectifications.c.audit_id)(asker), rectifications.c.raised_by == asker.actor.id
                )
            },
        ),
        "approvals": _Noun(approvals.c.agency_id),
        "equipment": _Noun(equipment.c.agency_id),
        "devices": _Noun(devices.c.agency_id),
        "accounts": _Noun(accounts.c.agency_id),
        "agencies": _Noun(agencies.c.id),
    }
)
