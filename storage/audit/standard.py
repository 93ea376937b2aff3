"""Standards that audits score against, kept by version; their digest is part of an audit's plan."""

from datetime import datetime

from sqlalchemy import Connection, select
from sqlalchemy.dialects.postgresql import insert

from schemas.ids import StandardId
from schemas.standard import Standard, StandardItem
from storage.tables.audit import standards


class Standards:
    """The standards of this installation."""

    def __init__(self, connection: Connection, now: datetime) -> None:
        self._connection = connection
        self._now = now

    def keep(self, standard: Standard) -> StandardId:
        """Keep a version once and return its id; a version never changes."""
        self._connection.execute(
            insert(standards)
            .values(
                code=standard.code,
                version=standard.version,
                name=standard.zh,
                is_demo=standard.is_demo,
                items={"en": standard.en, "items": [item.model_dump(mode="json") for item in standard.items]},
                sha256=standard.sha256,
                created_at=self._now,
            )
            .on_conflict_do_nothing(index_elements=[standards.c.code, standards.c.version])
        )
        kept: StandardId = self._connection.execute(
            select(standards.c.id).where(
                standards.c.code == standard.code, standards.c.version == standard.version
            )
        ).scalar_one()
        return kept

    def get(self, ident: StandardId) -> Standard:
        """Return a standard by its id."""
        row = self._connection.execute(select(standards).where(standards.c.id == ident)).one()
        return Standard(
            code=row.code,
            version=row.version,
            zh=row.name,
            en=row.items["en"],
            is_demo=row.is_demo,
            items=tuple(StandardItem.model_validate(item, strict=False) for item in row.items["items"]),
        )
