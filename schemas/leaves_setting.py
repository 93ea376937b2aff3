"""Leaves of settings: what an agency sets, from when on, by which document. They stand in the agency's chain."""

from typing import ClassVar, Self

from pydantic import Field, model_validator

from schemas.act import Act, Spec
from schemas.actor import Role
from schemas.members import Count, Slug, Time
from schemas.opening import SaltedText, SaltedTexts
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


class SettingChangeList(Act):
    """A setting has a list from a time on, committed as a whole; without one, the agency takes again what stands above it.

    `count` says how many items: none at all is a list, too.
    """

    spec: ClassVar = Spec(
        event="setting:change",
        ev=2,
        chains=("agency",),
        roles=frozenset({Role.ADMIN}),
        neutral=("agency",),
        words=Words("变更单位设置", "Setting changed"),
        follows="the agency is open",
        columns={
            "subject": "agency_settings.id",
            "name": "agency_settings.name",
            "from": "agency_settings.valid_from",
            "items": "agency_settings.items",
            "count": "agency_settings.items",
            "at": "agency_settings.known_at",
            "actor": "agency_settings.set_by",
            "source": "agency_settings.source",
        },
    )
    name: Slug
    from_: Time = Field(alias="from")
    count: Count | None = None
    items: SaltedTexts | None = None
    source: SaltedText

    @model_validator(mode="after")
    def _says_both(self) -> Self:
        if (self.count is None) is not (self.items is None):
            raise ValueError("a list is committed to with its count")
        return self
