"""The application's own database role: it logs in by `DATABASE_URL`, owns nothing, and may do what `RIGHTS` says.

Migrations run under the role that owns the tables (`MIGRATION_DATABASE_URL`), and grant here when they are done. So no
process that answers requests, verifies or signs can change or delete what is append-only, nor switch off a trigger:
the database itself refuses. Where both addresses name one role nothing is granted, and the doctor says so.
"""

import secrets
from pathlib import Path
from typing import Any, NamedTuple

from psycopg import sql
from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.engine import make_url

from schemas.refusals_command import APPLICATION_ROLE_MISSING
from storage.durable import write_private
from storage.tables.right import FUNCTIONS, RIGHTS, Right

ROLE = "quancheng_application"
"""The application's role where we make it: in the embedded default, and where compose is followed."""

_SCRAM = "scram-sha-256"
_ALONE = text(f"SELECT pg_advisory_xact_lock({0x5143_4752})")
_MAY_MAKE = text("SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user")
_IS_THERE = text("SELECT 1 FROM pg_roles WHERE rolname = :name")
_TABLES = text(
    "SELECT relname FROM pg_class WHERE relnamespace = to_regnamespace(current_schema()) AND relkind = 'r'"
)
_STANDING = text(
    """
    SELECT role.rolsuper OR role.rolcreaterole AS is_above, pg_has_role(held.relowner, 'MEMBER') AS is_owner
    FROM pg_roles AS role, pg_class AS held
    WHERE role.rolname = current_user AND held.oid = to_regclass('custody_entries')
    """
)


def embedded_address(owner: str, data_dir: Path) -> str | None:
    """Return the address of the application's role of an embedded server; None where it has none yet."""
    path = _password_path(data_dir)
    if not path.exists():
        return None
    own = make_url(owner).set(username=ROLE, password=path.read_text(encoding="ascii"))
    return own.render_as_string(hide_password=False)


def provide_embedded(owner: str, data_dir: Path) -> str:
    """Give the embedded server its application's role, a data folder of before too; returns the role's address."""
    path = _password_path(data_dir)
    if not path.exists():
        write_private(path, secrets.token_urlsafe(32))
    address = embedded_address(owner, data_dir) or owner
    engine = create_engine(owner, hide_parameters=True)
    try:
        provide(engine, address)
    finally:
        engine.dispose()
    return address


def _password_path(data_dir: Path) -> Path:
    return data_dir / "application"


def provide(owner: Engine, address: str) -> None:
    """Make the role that an address names where it is missing, give it that password, and grant it what it may.

    Args:
        owner: Connects as the role that owns the tables.
        address: Of the application, as `DATABASE_URL` says it. Where it names the owner nothing is done.

    Raises:
        Unavailable: the role is missing and the owner may make none (slug `application-role-missing`).
    """
    url = make_url(address)
    name = str(url.username)
    if name == owner.url.username:
        return
    with owner.begin() as connection:
        # Two that grant at once would meet in the rows of the catalogue, and one of them would fail.
        connection.execute(_ALONE)
        if connection.scalar(_MAY_MAKE):
            _make(connection, name, str(url.password))
        elif connection.scalar(_IS_THERE, {"name": name}) is None:
            raise APPLICATION_ROLE_MISSING(
                f"数据库中没有角色 {name}，且属主角色无权创建 there is no role {name}, and the owner may make none: "
                f"CREATE ROLE {name} LOGIN, then migrate again"
            )
        _grant(connection, name)


def _make(connection: Connection, name: str, password: str) -> None:
    role = sql.Identifier(name).as_string(None)
    if connection.scalar(_IS_THERE, {"name": name}) is None:
        connection.exec_driver_sql(f"CREATE ROLE {role} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE")
    driver: Any = connection.connection.driver_connection
    # Only what it is made into is sent: the password itself stands in no log of the server.
    kept = driver.pgconn.encrypt_password(password.encode(), name.encode(), _SCRAM.encode()).decode()
    connection.exec_driver_sql(f"ALTER ROLE {role} PASSWORD {sql.Literal(kept).as_string(None)}")


def _grant(connection: Connection, name: str) -> None:
    role = sql.Identifier(name).as_string(None)
    there = set(connection.scalars(_TABLES))
    words = [f"REVOKE ALL ON ALL TABLES IN SCHEMA {_schema(connection)} FROM {role}"]
    words += [
        f"GRANT {_words(RIGHTS[table])} ON {table} TO {role}" for table in sorted(there & RIGHTS.keys())
    ]
    if "alembic_version" in there:
        words.append(f"GRANT SELECT ON alembic_version TO {role}")
    words.append(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA {_schema(connection)} TO {role}")
    words += [f"GRANT EXECUTE ON FUNCTION {one} TO {role}" for one in _functions(connection)]
    connection.exec_driver_sql(";".join(words))


def _schema(connection: Connection) -> str:
    name = connection.scalar(text("SELECT current_schema()"))
    return sql.Identifier(str(name)).as_string(None)


def _functions(connection: Connection) -> list[str]:
    found = text("SELECT to_regprocedure(:one) IS NOT NULL")
    return [one for one in FUNCTIONS if connection.scalar(found, {"one": one})]


def _words(right: Right) -> str:
    changed = "" if right.columns is None else f" ({', '.join(sorted(right.columns))})"
    words = ["SELECT", "INSERT"]
    if right.columns is None or right.columns:
        words.append(f"UPDATE{changed}")
    return ", ".join([*words, "DELETE"] if right.is_removable else words)


class Standing(NamedTuple):
    """How the role that is connected stands to the tables.

    Attributes:
        is_above: It is a superuser, or may make roles.
        is_owner: The tables are its own, or it may act as their owner.
    """

    is_above: bool
    is_owner: bool

    @property
    def is_apart(self) -> bool:
        """Whether it may do no more than it is granted."""
        return not self.is_above and not self.is_owner


def standing(connection: Connection) -> Standing | None:
    """Return how the connected role stands; None where there are no tables yet."""
    row = connection.execute(_STANDING).one_or_none()
    return None if row is None else Standing(bool(row.is_above), bool(row.is_owner))
