"""Leaves of settings: what an agency sets, from when on, by which document. They stand in the agency's chain."""

from typing import ClassVar

from pydantic import Field

from schemas.act import Act, Spec
from schemas.actor import Role
from schemas.members import Count, Slug, Time
from schemas.opening import SaltedText
from schemas.words import Words


class SettingChange(Act):
    """A setting has a value from a time on; without one, the agency takes again what stands above it.

    The list of names lives elsewhere and grows: a reader that does not know a name knows who set it, to what and when.
    """

    spec: ClassVar = Spec(
        event="setting:change",
        chains=("agency",),
        roles=frozenset({Role.ADMIN}),
        neutral=("agency",),
        words=Words("变更单位设置", "Setting changed"),
        follows="the agency is open",
        columns={
            "subject": "agency_settings.id",
            "name": "agency_settings.name",
            "from": "agency_settings.valid_from",
            "value": "agency_settings.value",
            "at": "agency_settings.known_at",
            "actor": "agency_settings.set_by",
            "source": "agency_settings.source",
        },
    )
    name: Slug
    from_: Time = Field(alias="from")
    value: Count | None = None
    source: SaltedText
