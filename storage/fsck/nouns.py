"""Every noun with a chain: its tables, and what makes its rows of its life."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from schemas.life_monitoring import MonitoringLife
from schemas.replay import Folded
from storage.fsck.mirror import Mirror, Told
from storage.fsck.rows_actor import ACCOUNT_MIRRORS, AGENCY_MIRRORS, account_rows, agency_rows
from storage.fsck.rows_audit import AUDIT_MIRRORS, audit_rows
from storage.fsck.rows_case import CASE_MIRRORS, case_rows
from storage.fsck.rows_device import DEVICE_MIRRORS, device_rows
from storage.fsck.rows_line import (
    DUTY_MIRRORS,
    MANIFEST_MIRRORS,
    RECORDING_MIRRORS,
    duty_rows,
    manifest_rows,
    recording_rows,
)
from storage.fsck.rows_monitoring import (
    EQUIPMENT_MIRRORS,
    MONITORING_MIRRORS,
    SOURCE_MIRRORS,
    equipment_rows,
    monitoring_rows,
    source_rows,
)


class Noun(NamedTuple):
    """One noun. `begun` is the life of a thing whose chain has no leaf yet: it came with something else."""

    name: str
    mirrors: tuple[Mirror, ...]
    rows: Callable[[Any, Folded], Told]
    begun: object | None = None


NOUNS: Mapping[str, Noun] = MappingProxyType(
    {
        one.name: one
        for one in (
            Noun("account", ACCOUNT_MIRRORS, account_rows),
            Noun("agency", AGENCY_MIRRORS, agency_rows),
            Noun("audit", AUDIT_MIRRORS, audit_rows),
            Noun("case", CASE_MIRRORS, case_rows),
            Noun("device", DEVICE_MIRRORS, device_rows),
            Noun("duty", DUTY_MIRRORS, duty_rows),
            Noun("equipment", EQUIPMENT_MIRRORS, equipment_rows),
            Noun("manifest", MANIFEST_MIRRORS, manifest_rows),
            Noun("monitoring", MONITORING_MIRRORS, monitoring_rows, MonitoringLife()),
            Noun("recording", RECORDING_MIRRORS, recording_rows),
            Noun("source", SOURCE_MIRRORS, source_rows),
        )
    }
)
