"""What the templates say of states, events, codes and units: the catalogue, in the language of the page."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from enum import StrEnum
from functools import partial
from types import MappingProxyType
from typing import NamedTuple

from api.console import form
from schemas.account import AccountState
from schemas.actor import ActorKind, Role
from schemas.audit import AuditStep, RecheckOutcome
from schemas.case import CaseState
from schemas.catalogue import quantity_words, words_of
from schemas.certificate import CertificateNeed, CertificateStep
from schemas.declaration import DocumentKind
from schemas.derivative import ClockKind, DerivativeKind
from schemas.device import DeviceState
from schemas.equipment import EquipmentStep, GateFault
from schemas.export import ExportState
from schemas.gate import GateState, law_of
from schemas.integrity import Shown, Verdict
from schemas.leaves_account import AccountKind
from schemas.leaves_case import CaseField
from schemas.leaves_certificate import CertificateState
from schemas.login import LoginOutcome
from schemas.look import LookKind, LookReason
from schemas.media import Medium, medium_of
from schemas.monitoring import InvalidReason, MonitoringState
from schemas.monitoring import OpinionWord as RecordOpinion
from schemas.policy import Action, roles_with
from schemas.presence import PresenceState
from schemas.recording import RecordingState
from schemas.refusals import REFUSALS
from schemas.refusals_request import INTERNAL
from schemas.retention import RetentionClass
from schemas.review import OpinionWord, ReviewState
from schemas.scrub import StoreFault
from schemas.setting_list import ListSetting
from schemas.trail import TrailEvent, TrailResult
from schemas.verdict import shown
from schemas.words import Language, Words
from schemas.words_check import check_words
from schemas.words_format import format_name
from schemas.words_line import verdict_words
from schemas.words_monitoring import GATES
from schemas.words_summary import line_law
from schemas.words_trail import asked_words, why_words
from schemas.work import Sign

NAMED: Mapping[str, type[StrEnum]] = MappingProxyType(
    {
        "AccountKind": AccountKind,
        "AccountState": AccountState,
        "Action": Action,
        "ActorKind": ActorKind,
        "AuditStep": AuditStep,
        "CaseField": CaseField,
        "CaseState": CaseState,
        "CertificateNeed": CertificateNeed,
        "CertificateState": CertificateState,
        "CertificateStep": CertificateStep,
        "ClockKind": ClockKind,
        "DerivativeKind": DerivativeKind,
        "DocumentKind": DocumentKind,
        "StoreFault": StoreFault,
        "DeviceState": DeviceState,
        "EquipmentStep": EquipmentStep,
        "ExportState": ExportState,
        "GateFault": GateFault,
        "GateState": GateState,
        "InvalidReason": InvalidReason,
        "LoginOutcome": LoginOutcome,
        "ListSetting": ListSetting,
        "LookKind": LookKind,
        "LookReason": LookReason,
        "Medium": Medium,
        "MonitoringState": MonitoringState,
        "OpinionWord": OpinionWord,
        "RetentionClass": RetentionClass,
        "PresenceState": PresenceState,
        "RecheckOutcome": RecheckOutcome,
        "RecordOpinion": RecordOpinion,
        "RecordingState": RecordingState,
        "ReviewState": ReviewState,
        "Shown": Shown,
        "TrailEvent": TrailEvent,
        "TrailResult": TrailResult,
        "Verdict": Verdict,
    }
)
"""The enums that templates name: never a bare slug."""


def word(language: Language, value: StrEnum | str, kind: type[StrEnum] | None = None) -> str:
    """Return what a state, an event, a role … is called; `kind` is the enum of a value that is kept as text."""
    member = kind(value) if kind is not None else value
    if not isinstance(member, StrEnum):
        raise TypeError(f"{value!r} is a bare text: say of which enum")
    return words_of(member).spoken(language)


def sign(language: Language, value: Sign) -> str:
    """Return what is to be said of one part of the work."""
    return words_of(value.code).filled(**value.seen).spoken(language)


def refusal(language: Language, slug: str) -> str:
    """Return what a refusal says that was kept by its slug; one that is no longer declared was a fault of ours."""
    found = REFUSALS.get(slug, INTERNAL)
    return Words(found.zh, found.en).spoken(language)


def stood(value: object) -> object:
    """Return what stood in a field before it was corrected, as a page shows it; empty where nothing did."""
    match value:
        case list() | tuple():
            return "、".join(map(str, value))
        case {"lat_e7": int(lat), "lon_e7": int(lon)}:
            return form.degrees(Point(lat, lon))
        case str() if _TIME.fullmatch(value):
            return form.moment(datetime.fromisoformat(value))
        case _:
            return value or ""


class Point(NamedTuple):
    """A position."""

    lat_e7: int
    lon_e7: int


_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")


def why(language: Language, code: str, event: TrailEvent) -> str:
    """Return why something of the trail came so; empty where there is nothing to say."""
    found = why_words(event, code)
    return "" if found is None else found.spoken(language)


def permission(language: Language, asked: str) -> str:
    """Return the permission that was missing; empty where an address was asked for."""
    found = asked_words(asked)
    return "" if found is None else found.spoken(language)


def doers(action: Action) -> tuple[Role, ...]:
    """Return who does something by their role, whatever it is about."""
    return tuple(sorted(roles_with(action)))


def wording(language: Language) -> dict[str, Callable[..., object]]:
    """Return the filters that speak a language."""
    return {
        "word": partial(word, language),
        "doers": doers,
        "sign": partial(sign, language),
        "shown": lambda value, remarks: shown(Verdict(value), remarks),
        "verdict_word": lambda value, remarks: verdict_words(Verdict(value), remarks).spoken(language),
        "check": lambda name: check_words(name).spoken(language),
        "law": lambda fault: law_of(fault).spoken(language),
        "gate": lambda fault: GATES[fault].spoken(language),
        "formality_law": lambda one: line_law(one).spoken(language),
        "quantity": lambda name: quantity_words(name).spoken(language),
        "stood": stood,
        "refusal": partial(refusal, language),
        "why": partial(why, language),
        "permission": partial(permission, language),
        "medium": medium_of,
        "format_name": format_name,
        "size": partial(form.size, language),
        "metres": partial(form.metres, language),
        "distance": partial(form.distance, language),
        "span": partial(form.span, language),
        "span_parts": partial(form.span_parts, language),
    }
