"""Rows of what equipment is called and where it stands: said when it is registered, and said anew."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import Connection, func, select, text
from sqlalchemy.dialects.postgresql import Range

from schemas.actor import Actor
from schemas.equipment import EquipmentIn
from schemas.equipment_version import POINT, TEXTS, VALUES, EquipmentDescribeIn, Redescribed, Version
from schemas.ids import AgencyId, EquipmentId
from schemas.leaves_equipment import EquipmentDescribe, EquipmentField
from storage.act import Deed
from storage.custody.values import shown
from storage.tables.equipment import equipment_descriptions
from storage.told import tell_from


def tell_versions(
    connection: Connection,
    deed: Deed,
    leaf: str,
    *,
    by: Actor,
    about: EquipmentId,
    agency_id: AgencyId,
    versions: Iterable[Version],
    reason: str | None,
) -> None:
    """Say what equipment is from the beginning of the first version on, by the leaf of this digest, hex."""
    mine = equipment_descriptions.c.equipment_id == about
    for one in versions:
        row = {
            "equipment_id": about,
            "agency_id": agency_id,
            **{name: getattr(one, name) for name in VALUES},
            "valid_during": Range(one.valid_from, one.valid_until),
            "reason": reason,
            "described_by": by.id,
            "leaf": bytes.fromhex(leaf),
        }
        tell_from(connection, equipment_descriptions, mine, since=one.valid_from, at=deed.at, row=row)


def first_version(wish: EquipmentIn, deed: Deed) -> Version:
    """Return what a registration says: it always was so."""
    values = {name: getattr(wish, name) for name in VALUES}
    crs = None if wish.crs is None else wish.crs.value
    spans = dict.fromkeys(("valid_from", "valid_until", "known_until", "reason"))
    return Version(**values | spans | {"crs": crs}, known_from=deed.at, leaf="")


def describe_act(wish: EquipmentDescribeIn, change: Redescribed) -> EquipmentDescribe:
    """Return what the log says of equipment that is described anew."""
    first = change.versions[0]
    texts = {name: shown(getattr(first, name)) for name in TEXTS if name in change.fields}
    point = point_of(first) if "point" in change.fields else None
    reason = None if wish.reason is None else shown(wish.reason)
    return EquipmentDescribe(
        fields=tuple(map(EquipmentField, change.fields)),
        from_=wish.from_at,
        point=shown(point),
        reason=reason,
        **texts,
    )


def point_of(one: Version | EquipmentIn) -> dict[str, int | str] | None:
    """Return a position as leaves hold it, or none."""
    if one.lat_e7 is None or one.lon_e7 is None or one.crs is None:
        return None
    return dict(zip(POINT, (one.lat_e7, one.lon_e7, str(one.crs)), strict=True))


def is_number_free(
    connection: Connection, agency_id: AgencyId, about: UUID, versions: Iterable[Version]
) -> bool:
    """Say whether nothing else of the agency is said to have had a number of these at its time.

    Two pieces of equipment have two chains: those who give one number twice wait for each other here.
    """
    told = equipment_descriptions.c
    for one in versions:
        connection.execute(
            text("SELECT pg_advisory_xact_lock(hashtextextended(:number, 55))"),
            {"number": f"{agency_id}\n{one.number}"},
        )
        taken = select(told.id).where(
            told.agency_id == agency_id,
            told.number == one.number,
            told.equipment_id != about,
            told.valid_during.overlaps(Range(one.valid_from, one.valid_until)),
            func.upper_inf(told.known_during),
        )
        if connection.scalar(taken.limit(1)) is not None:
            return False
    return True
