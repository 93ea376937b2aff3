"""The catalogue: every closed class by its (event, version), and the names that are kept for what is still to come."""

from collections.abc import Mapping
from inspect import isclass
from types import MappingProxyType, ModuleType
from typing import NamedTuple

from schemas import (
    leaves_account,
    leaves_agency,
    leaves_annotation,
    leaves_approval,
    leaves_audit,
    leaves_case,
    leaves_certificate,
    leaves_certificate_issue,
    leaves_correction,
    leaves_device,
    leaves_ending,
    leaves_equipment,
    leaves_factor,
    leaves_finding,
    leaves_holding,
    leaves_log,
    leaves_look,
    leaves_monitoring,
    leaves_presence,
    leaves_procedure,
    leaves_recording,
    leaves_rectification,
    leaves_recusal,
    leaves_retention,
    leaves_review,
    leaves_role,
    leaves_scope,
    leaves_scoring,
    leaves_setting,
    leaves_shift,
    leaves_summary,
    leaves_training,
)
from schemas.act import Act

_MODULES: tuple[ModuleType, ...] = (
    leaves_log,
    leaves_agency,
    leaves_account,
    leaves_role,
    leaves_certificate_issue,
    leaves_factor,
    leaves_certificate,
    leaves_training,
    leaves_approval,
    leaves_setting,
    leaves_device,
    leaves_equipment,
    leaves_holding,
    leaves_shift,
    leaves_recording,
    leaves_retention,
    leaves_finding,
    leaves_annotation,
    leaves_correction,
    leaves_presence,
    leaves_case,
    leaves_ending,
    leaves_scope,
    leaves_recusal,
    leaves_procedure,
    leaves_summary,
    leaves_review,
    leaves_look,
    leaves_monitoring,
    leaves_audit,
    leaves_scoring,
    leaves_rectification,
)


def _classes() -> list[type[Act]]:
    return [
        kind
        for module in _MODULES
        for kind in vars(module).values()
        if isclass(kind) and issubclass(kind, Act) and kind is not Act
    ]


LEAVES: Mapping[tuple[str, int], type[Act]] = MappingProxyType(
    {(kind.spec.event, kind.spec.ev): kind for kind in _classes()}
)
"""(event, version) → its class. Old versions stay for ever."""


def newest(event: str) -> type[Act]:
    """Return the last version of an event's class: the one that is written now."""
    return LEAVES[event, max(ev for one, ev in LEAVES if one == event)]


EVENTS: tuple[str, ...] = tuple(dict.fromkeys(event for event, _ in LEAVES))
"""Every event that can be written, in the catalogue's order."""

CHAIN_NOUNS = (
    "account",
    "agency",
    "audit",
    "case",
    "device",
    "duty",
    "equipment",
    "log",
    "manifest",
    "monitoring",
    "recording",
    "source",
)
"""Things that have a chain of their own; what lives inside one stands in its owner's."""


class Reserved(NamedTuple):
    """A name that is kept: its event and the chains it will stand in; members are fixed when it is built."""

    event: str
    chains: tuple[str, ...]


def _reserved(noun: str, verbs: str, *chains: str) -> list[Reserved]:
    return [Reserved(f"{noun}:{verb}", chains) for verb in verbs.split()]


OF_THE_THING = "*"
"""The chain of whatever thing it is about."""

RESERVED: Mapping[str, Reserved] = MappingProxyType(
    {
        one.event: one
        for group in (
            _reserved("recording", "annotate", "recording"),
            _reserved("hold", "place lift", OF_THE_THING),
            _reserved("disposal", "propose approve", "recording"),
            _reserved("recording", "dispose", "recording"),
            _reserved("opening", "erase"),
            _reserved("leaf", "erase"),
            _reserved("share", "grant use end"),
            _reserved("case", "relieve handover", "case"),
            _reserved("case", "transfer suspend resume terminate recall archive", "case"),
            _reserved("case", "merge", "case", "case"),
            _reserved("review", "assign", "case"),
            _reserved("act", "start step interrupt resume end exempt", "case"),
            _reserved("equipment", "amend retire unbind", "equipment"),
            _reserved("audit", "relieve", "audit"),
            _reserved("rectification", "extend object", "audit"),
            _reserved("instrument", "issue reply verify escalate close object", "instrument"),
            _reserved("package", "receive", "package"),
        )
        for one in group
    }
)
"""Names nobody else may use. Whole nouns are kept too, see `RESERVED_NOUNS`."""

RESERVED_NOUNS = frozenset({"notice", "plea", "hearing", "decision", "service", "measure"})
"""Nouns of the statutory machine whose verbs are still to be fixed; they will stand in the case's chain."""
