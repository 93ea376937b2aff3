"""Agencies, accounts, their roles, links, certificates and sessions."""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import TSTZRANGE, UUID, ExcludeConstraint

from schemas.actor import Reach, Role
from schemas.leaves_account import AccountKind
from schemas.leaves_certificate import CertificateState
from schemas.leaves_certificate_issue import CertificateKind
from storage.tables.base import ident, metadata, moment, one_of, ref, words_index, words_of

agencies = Table(
    "agencies",
    metadata,
    ident(),
    ref("parent_id", "agencies.id", nullable=True),
    ref("principal_id", "agencies.id", nullable=True),
    Column("name", Text, nullable=False),
    Column("code", Text, nullable=False, unique=True),
    Column("kind", Text, nullable=False),
    Column("is_supervising", Boolean, nullable=False, server_default=text("false")),
    moment("closed_at"),
    CheckConstraint("kind IN ('agency', 'authorised', 'entrusted')", name="kind"),
    Index(None, "parent_id"),
)

ACCOUNT_WORDS = words_of("accounts.login", "accounts.name")
"""What accounts are searched by."""

accounts = Table(
    "accounts",
    metadata,
    ident(),
    ref("agency_id", "agencies.id"),
    Column("login", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("password_hash", Text),
    Column("is_active", Boolean, nullable=False, server_default=text("true")),
    moment("created_at", nullable=False, now=True),
    one_of("kind", AccountKind),
    Index(None, "agency_id"),
    Index("ix_accounts_name_id", "name", "id"),
    words_index("ix_accounts_words", ACCOUNT_WORDS),
)

role_grants = Table(
    "role_grants",
    metadata,
    ident(),
    Column("grant_id", UUID(as_uuid=True), nullable=False),
    ref("account_id", "accounts.id"),
    Column("role", Text, nullable=False),
    Column("reach", Text, nullable=False),
    Column("valid_during", TSTZRANGE, nullable=False),
    Column("known_during", TSTZRANGE, nullable=False),
    Column("reason", Text),
    Column("grant_leaf", LargeBinary, nullable=False),
    Column("leaf", LargeBinary, nullable=False, unique=True),
    one_of("role", Role),
    one_of("reach", Reach),
    CheckConstraint("NOT isempty(valid_during) AND NOT isempty(known_during)", name="lasts"),
    Index(None, "account_id"),
    Index("ix_role_grants_standing", "role", postgresql_where=text("upper_inf(known_during)")),
    ExcludeConstraint(
        ("account_id", "="),
        ("role", "="),
        ("valid_during", "&&"),
        ("known_during", "&&"),
        name="ex_role_grants_one_grant",
        using="gist",
    ),
)
"""From when to when a role was held, and from when to when that was said; both ranges half-open.

`grant_leaf` is the digest of the leaf that gave the role, `leaf` of the one that said this: the same, its end, or a
correction.
"""

memberships = Table(
    "memberships",
    metadata,
    ident(),
    ref("account_id", "accounts.id"),
    ref("agency_id", "agencies.id"),
    Column("valid_during", TSTZRANGE, nullable=False),
    Column("known_during", TSTZRANGE, nullable=False),
    Column("reason", Text),
    Column("leaf", LargeBinary, nullable=False),
    CheckConstraint("NOT isempty(valid_during) AND NOT isempty(known_during)", name="lasts"),
    ExcludeConstraint(
        ("account_id", "="),
        ("valid_during", "&&"),
        ("known_during", "&&"),
        name="ex_memberships_one_agency",
        using="gist",
    ),
)
"""To which agency a person belonged when, and since when it was said, of those alone who ever moved: everybody else
always belonged to the agency of the account. The first move tells where they had been, too.
"""

account_links = Table(
    "account_links",
    metadata,
    ident(),
    ref("account_id", "accounts.id"),
    Column("code_hash", LargeBinary, nullable=False, unique=True),
    ref("issued_by", "accounts.id"),
    moment("issued_at", nullable=False),
    moment("expires_at", nullable=False),
    moment("used_at"),
    Index(None, "account_id"),
)
"""One-time links by which the owner of an account sets its password; of those of one account the newest counts."""

admissions = Table(
    "admissions",
    metadata,
    ident(),
    Column("code_hash", LargeBinary, nullable=False, unique=True),
    Column("is_first", Boolean, nullable=False),
    moment("offered_at", nullable=False),
    moment("expires_at", nullable=False),
)
"""One-time links by which an administrator comes in; the id is that of the account, which is there once it was used."""

certificates = Table(
    "certificates",
    metadata,
    ident(),
    ref("account_id", "accounts.id"),
    Column("number", Text, nullable=False, unique=True),
    Column("kind", Text, nullable=False),
    moment("valid_from", nullable=False),
    moment("valid_until", nullable=False),
    Column("state", Text, nullable=False),
    moment("verified_at"),
    Column("version", Integer, nullable=False),
    one_of("kind", CertificateKind),
    one_of("state", CertificateState),
    CheckConstraint("valid_until > valid_from", name="validity"),
    Index(None, "account_id"),
)
"""Certificates as issued; `state` is that of the last entry, `version` its number in the chain of the holder."""

certificate_facts = Table(
    "certificate_facts",
    metadata,
    ident(),
    ref("certificate_id", "certificates.id"),
    Column("state", Text, nullable=False),
    Column("valid_during", TSTZRANGE, nullable=False),
    Column("known_during", TSTZRANGE, nullable=False),
    Column("reason", Text),
    Column("leaf", LargeBinary, nullable=False),
    one_of("state", CertificateState),
    CheckConstraint("NOT isempty(valid_during) AND NOT isempty(known_during)", name="lasts"),
    ExcludeConstraint(
        ("certificate_id", "="),
        ("valid_during", "&&"),
        ("known_during", "&&"),
        name="ex_certificate_facts_one_word",
        using="gist",
    ),
)
"""What the register said: a state, for which time, and from when to when it was said; both ranges half-open.

`leaf` is the digest of the leaf that stated it. Of one time, as known at one time, there is one row at most.
"""

sessions = Table(
    "sessions",
    metadata,
    Column("token_hash", LargeBinary, primary_key=True),
    Column("id", UUID(as_uuid=True), nullable=False, unique=True, server_default=text("uuidv7()")),
    ref("account_id", "accounts.id", nullable=True),
    ref("device_id", "devices.id", nullable=True),
    Column("address", Text, nullable=False, server_default=text("''")),
    moment("created_at", nullable=False, now=True),
    moment("used_at", nullable=False, now=True),
    moment("expires_at", nullable=False),
    moment("idle_at"),
    CheckConstraint("num_nonnulls(account_id, device_id) = 1", name="one_holder"),
    Index(None, "account_id"),
)
"""Who is logged in. A session ends at `expires_at`, and at `idle_at` unless it is used before; a machine's has none."""

assertions = Table(
    "assertions",
    metadata,
    Column("kid", Text, primary_key=True),
    Column("jti", Text, primary_key=True),
    moment("expires_at", nullable=False),
)
