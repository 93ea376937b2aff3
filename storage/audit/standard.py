"""Standards that audits score against, kept by version; their digest is part of an audit's plan."""

from typing import Any

from sqlalchemy import Connection, Select, select
from sqlalchemy.dialects.postgresql import insert

from schemas.ids import StandardId
from schemas.leaves_agency import StandardPublish
from schemas.reference import reference
from schemas.standard import Standard
from storage.act import Deed, fresh_id
from storage.custody.values import shown
from storage.tables.audit import standards


class Standards:
    """The standards of this installation."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def find(self, standard: Standard) -> StandardId | None:
        """Return the id of a version that was published; None before."""
        known: StandardId | None = self._connection.scalar(_of(standard))
        return known

    def publish(self, standard: Standard, deed: Deed, agency: str) -> StandardId:
        """Keep a version once and return its id; a version never changes. The agency's chain is held."""
        ident = StandardId(fresh_id())
        made = self._connection.scalar(
            insert(standards)
            .values(
                id=ident,
                code=standard.code,
                version=standard.version,
                name=standard.zh,
                is_demo=standard.is_demo,
                items=standard.document,
                sha256=standard.sha256,
                created_at=deed.at,
            )
            .on_conflict_do_nothing(index_elements=[standards.c.code, standards.c.version])
            .returning(standards.c.id)
        )
        if made is None:  # another agency published it meanwhile
            kept: StandardId = self._connection.execute(_of(standard)).scalar_one()
            return kept
        published = StandardPublish(
            code=standard.code,
            version=standard.version,
            sha256=standard.sha256,
            is_demo=standard.is_demo,
            name=shown(standard.zh),
        )
        deed.write(published, reference("standard", ident), agency)
        return ident

    def get(self, ident: StandardId) -> Standard:
        """Return a standard by its id."""
        row = self._connection.execute(select(standards).where(standards.c.id == ident)).one()
        return Standard.of_kept(
            code=row.code, version=row.version, name=row.name, is_demo=row.is_demo, document=row.items
        )


def _of(standard: Standard) -> Select[Any]:
    return select(standards.c.id).where(
        standards.c.code == standard.code, standards.c.version == standard.version
    )
