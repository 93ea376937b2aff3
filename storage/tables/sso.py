"""Sign-ons that came back from the issuer."""

from sqlalchemy import Column, LargeBinary, Table

from storage.tables.base import metadata, moment

sign_ons = Table(
    "sign_ons",
    metadata,
    Column("state_hash", LargeBinary, primary_key=True),
    moment("expires_at", nullable=False),
)
"""States that were used: each counts once. What else is known of a sign-on its browser keeps, sealed."""
