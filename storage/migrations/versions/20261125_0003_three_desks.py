"""The three desks: monitoring records, legal review, supervision sampling; cases gain their states.

New tables and four nullable columns of `cases`; its new indexes lock the table for the time of one scan. Rolling
back drops everything the desks have recorded and every link of theirs: only a test and a person with a backup do
that. The custody entries about it stay, they are never dropped.

Revision ID: 20261125_0003
Revises: 20261125_0002
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "20261125_0003"
down_revision = "20261125_0002"
branch_labels = None
depends_on = None


APPEND_ONLY = (
    "case_changes",
    "intakes",
    "monitoring_opinions",
    "equipment_certificates",
    "equipment_reviews",
    "equipment_publications",
    "notifications",
    "audit_population",
    "audit_sample",
    "audit_scores",
    "rectification_steps",
)
"""Rows that are only ever added; a guard rail like those of the first schema."""

GUARDS = """
CREATE FUNCTION keep_raw_row() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (OLD.raw, OLD.content_sha256, OLD.equipment_id, OLD.record_id, OLD.intake_id, OLD.intake_index)
       IS DISTINCT FROM
       (NEW.raw, NEW.content_sha256, NEW.equipment_id, NEW.record_id, NEW.intake_id, NEW.intake_index) THEN
        RAISE EXCEPTION 'what a monitoring record said never changes'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER keep_raw_row BEFORE UPDATE ON monitoring_records FOR EACH ROW EXECUTE FUNCTION keep_raw_row();
CREATE TRIGGER append_only BEFORE DELETE ON monitoring_records FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE FUNCTION keep_given_review() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state = 'given' AND to_jsonb(OLD) - 'version' IS DISTINCT FROM to_jsonb(NEW) - 'version' THEN
        RAISE EXCEPTION 'an opinion that was given never changes'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER keep_given_review BEFORE UPDATE ON reviews FOR EACH ROW EXECUTE FUNCTION keep_given_review();
CREATE TRIGGER append_only BEFORE DELETE ON reviews FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE FUNCTION keep_ground() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.answer IS NOT NULL
       OR (OLD.review_id, OLD.position, OLD.item, OLD.subject, OLD.text, OLD.text_salt)
       IS DISTINCT FROM (NEW.review_id, NEW.position, NEW.item, NEW.subject, NEW.text, NEW.text_salt) THEN
        RAISE EXCEPTION 'a ground never changes, and is answered once'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER keep_ground BEFORE UPDATE ON review_grounds FOR EACH ROW EXECUTE FUNCTION keep_ground();
CREATE TRIGGER append_only BEFORE DELETE ON review_grounds FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE DELETE ON case_facts FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE DELETE ON fact_evidence FOR EACH ROW EXECUTE FUNCTION refuse_change();
"""


def upgrade() -> None:
    op.create_table(
        "standards",
        sa.Column("id", sa.UUID(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("is_demo", sa.Boolean(), nullable=False),
        sa.Column("items", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_standards")),
        sa.UniqueConstraint("code", "version", name=op.f("uq_standards_code_version")),
    )
    op.create_table(
        "audits",
        sa.Column("id", sa.UUID(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("agency_id", sa.UUID(), nullable=False),
        sa.Column("target_agency_id", sa.UUID(), nullable=False),
        sa.Column("standard_id", sa.UUID(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("from_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("defect_permille", sa.Integer(), nullable=False),
        sa.Column("confidence_permille", sa.Integer(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=True),
        sa.Column("sources", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("population_count", sa.Integer(), nullable=True),
        sa.Column("population_root", sa.LargeBinary(), nullable=True),
        sa.Column("plan", sa.LargeBinary(), nullable=True),
        sa.Column("plan_sha256", sa.Text(), nullable=True),
        sa.Column("values", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("seed", sa.LargeBinary(), nullable=True),
        sa.Column("defined_by", sa.UUID(), nullable=False),
        sa.Column("defined_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("frozen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("freeze_entry_id", sa.UUID(), nullable=True),
        sa.Column("entered_by", sa.UUID(), nullable=True),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("enter_entry_id", sa.UUID(), nullable=True),
        sa.Column("confirmed_by", sa.UUID(), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("confirm_entry_id", sa.UUID(), nullable=True),
        sa.Column("drawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("draw_entry_id", sa.UUID(), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint("kind IN ('closed_cases', 'sealed_recordings')", name=op.f("ck_audits_kind")),
        sa.CheckConstraint(
            "state IN ('defined') OR population_root IS NOT NULL", name=op.f("ck_audits_frozen")
        ),
        sa.CheckConstraint(
            "state IN ('defined', 'frozen', 'entered', 'confirmed', 'drawn', 'closed')",
            name=op.f("ck_audits_state"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('drawn', 'closed') OR seed IS NOT NULL", name=op.f("ck_audits_drawn")
        ),
        sa.CheckConstraint(
            "entered_by IS DISTINCT FROM confirmed_by OR entered_by IS NULL",
            name=op.f("ck_audits_two_persons"),
        ),
        sa.CheckConstraint("until_at > from_at", name=op.f("ck_audits_period")),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_audits_agency_id_agencies")),
        sa.ForeignKeyConstraint(
            ["confirmed_by"], ["accounts.id"], name=op.f("fk_audits_confirmed_by_accounts")
        ),
        sa.ForeignKeyConstraint(["defined_by"], ["accounts.id"], name=op.f("fk_audits_defined_by_accounts")),
        sa.ForeignKeyConstraint(["entered_by"], ["accounts.id"], name=op.f("fk_audits_entered_by_accounts")),
        sa.ForeignKeyConstraint(
            ["standard_id"], ["standards.id"], name=op.f("fk_audits_standard_id_standards")
        ),
        sa.ForeignKeyConstraint(
            ["target_agency_id"], ["agencies.id"], name=op.f("fk_audits_target_agency_id_agencies")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audits")),
    )
    op.create_index("ix_audits_agency_id_id", "audits", ["agency_id", "id"], unique=False)
    op.create_index("ix_audits_target_agency_id_id", "audits", ["target_agency_id", "id"], unique=False)
    op.create_table(
        "equipment",
        sa.Column("id", sa.UUID(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("agency_id", sa.UUID(), nullable=False),
        sa.Column("source_id", sa.UUID(), nullable=True),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("standard", sa.Text(), nullable=False),
        sa.Column("lat_e7", sa.BigInteger(), nullable=True),
        sa.Column("lon_e7", sa.BigInteger(), nullable=True),
        sa.Column("crs", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("registered_by", sa.UUID(), nullable=False),
        sa.Column("registered_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("state IN ('in_service', 'suspended')", name=op.f("ck_equipment_state")),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_equipment_agency_id_agencies")),
        sa.ForeignKeyConstraint(
            ["registered_by"], ["accounts.id"], name=op.f("fk_equipment_registered_by_accounts")
        ),
        sa.ForeignKeyConstraint(["source_id"], ["accounts.id"], name=op.f("fk_equipment_source_id_accounts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_equipment")),
        sa.UniqueConstraint("agency_id", "number", name=op.f("uq_equipment_agency_id_number")),
    )
    op.create_index("ix_equipment_source_id", "equipment", ["source_id"], unique=False)
    op.create_table(
        "intakes",
        sa.Column("id", sa.UUID(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("agency_id", sa.UUID(), nullable=False),
        sa.Column("source_id", sa.UUID(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("prev", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("signature", sa.Text(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_intakes_agency_id_agencies")),
        sa.ForeignKeyConstraint(["source_id"], ["accounts.id"], name=op.f("fk_intakes_source_id_accounts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_intakes")),
        sa.UniqueConstraint("sha256", name=op.f("uq_intakes_sha256")),
        sa.UniqueConstraint("source_id", "seq", name=op.f("uq_intakes_source_id_seq")),
    )
    op.create_table(
        "audit_inspectors",
        sa.Column("audit_id", sa.UUID(), nullable=False),
        sa.Column("account_id", sa.UUID(), nullable=False),
        sa.Column("assigned_by", sa.Text(), nullable=False),
        sa.Column("assigned_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_audit_inspectors_account_id_accounts")
        ),
        sa.ForeignKeyConstraint(
            ["audit_id"], ["audits.id"], name=op.f("fk_audit_inspectors_audit_id_audits")
        ),
        sa.PrimaryKeyConstraint("audit_id", "account_id", name=op.f("pk_audit_inspectors")),
    )
    op.create_table(
        "audit_population",
        sa.Column("audit_id", sa.UUID(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.UUID(), nullable=False),
        sa.ForeignKeyConstraint(
            ["audit_id"], ["audits.id"], name=op.f("fk_audit_population_audit_id_audits")
        ),
        sa.PrimaryKeyConstraint("audit_id", "position", name=op.f("pk_audit_population")),
    )
    op.create_table(
        "audit_sample",
        sa.Column("audit_id", sa.UUID(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.UUID(), nullable=False),
        sa.Column("ticket", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["audit_id"], ["audits.id"], name=op.f("fk_audit_sample_audit_id_audits")),
        sa.PrimaryKeyConstraint("audit_id", "rank", name=op.f("pk_audit_sample")),
        sa.UniqueConstraint("audit_id", "member_id", name=op.f("uq_audit_sample_audit_id_member_id")),
    )
    op.create_table(
        "audit_scores",
        sa.Column("id", sa.UUID(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("audit_id", sa.UUID(), nullable=False),
        sa.Column("member_id", sa.UUID(), nullable=False),
        sa.Column("inspector_id", sa.UUID(), nullable=False),
        sa.Column("item_code", sa.Text(), nullable=False),
        sa.Column("points", sa.SmallInteger(), nullable=False),
        sa.Column("remark", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["audit_id"], ["audits.id"], name=op.f("fk_audit_scores_audit_id_audits")),
        sa.ForeignKeyConstraint(
            ["inspector_id"], ["accounts.id"], name=op.f("fk_audit_scores_inspector_id_accounts")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_scores")),
        sa.UniqueConstraint(
            "audit_id",
            "member_id",
            "inspector_id",
            "item_code",
            name=op.f("uq_audit_scores_audit_id_member_id_inspector_id_item_code"),
        ),
    )
    op.create_table(
        "case_changes",
        sa.Column("id", sa.UUID(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("case_id", sa.UUID(), nullable=False),
        sa.Column("verb", sa.Text(), nullable=False),
        sa.Column(
            "before",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("reason_salt", sa.LargeBinary(), nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_case_changes_case_id_cases")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_changes")),
    )
    op.create_index("ix_case_changes_case_id_id", "case_changes", ["case_id", "id"], unique=False)
    op.create_table(
        "case_facts",
        sa.Column("id", sa.UUID(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("case_id", sa.UUID(), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("text_salt", sa.LargeBinary(), nullable=False),
        sa.Column("added_by", sa.Text(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_case_facts_case_id_cases")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_facts")),
        sa.UniqueConstraint("case_id", "position", name=op.f("uq_case_facts_case_id_position")),
    )
    op.create_table(
        "equipment_certificates",
        sa.Column("id", sa.UUID(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("equipment_id", sa.UUID(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.UUID(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("valid_until > valid_from", name=op.f("ck_equipment_certificates_validity")),
        sa.ForeignKeyConstraint(
            ["equipment_id"], ["equipment.id"], name=op.f("fk_equipment_certificates_equipment_id_equipment")
        ),
        sa.ForeignKeyConstraint(
            ["recorded_by"], ["accounts.id"], name=op.f("fk_equipment_certificates_recorded_by_accounts")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_equipment_certificates")),
    )
    op.create_index(
        "ix_equipment_certificates_equipment_id", "equipment_certificates", ["equipment_id"], unique=False
    )
    op.create_table(
        "equipment_publications",
        sa.Column("id", sa.UUID(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("equipment_id", sa.UUID(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.UUID(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["equipment_id"], ["equipment.id"], name=op.f("fk_equipment_publications_equipment_id_equipment")
        ),
        sa.ForeignKeyConstraint(
            ["recorded_by"], ["accounts.id"], name=op.f("fk_equipment_publications_recorded_by_accounts")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_equipment_publications")),
    )
    op.create_index(
        "ix_equipment_publications_equipment_id", "equipment_publications", ["equipment_id"], unique=False
    )
    op.create_table(
        "equipment_reviews",
        sa.Column("id", sa.UUID(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("equipment_id", sa.UUID(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("reviewed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.UUID(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('technical', 'legal')", name=op.f("ck_equipment_reviews_kind")),
        sa.ForeignKeyConstraint(
            ["equipment_id"], ["equipment.id"], name=op.f("fk_equipment_reviews_equipment_id_equipment")
        ),
        sa.ForeignKeyConstraint(
            ["recorded_by"], ["accounts.id"], name=op.f("fk_equipment_reviews_recorded_by_accounts")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_equipment_reviews")),
    )
    op.create_index("ix_equipment_reviews_equipment_id", "equipment_reviews", ["equipment_id"], unique=False)
    op.create_table(
        "equipment_suspensions",
        sa.Column("id", sa.UUID(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("equipment_id", sa.UUID(), nullable=False),
        sa.Column("from_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("reason_salt", sa.LargeBinary(), nullable=False),
        sa.Column("recorded_by", sa.UUID(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "until_at IS NULL OR until_at >= from_at", name=op.f("ck_equipment_suspensions_span")
        ),
        sa.ForeignKeyConstraint(
            ["equipment_id"], ["equipment.id"], name=op.f("fk_equipment_suspensions_equipment_id_equipment")
        ),
        sa.ForeignKeyConstraint(
            ["recorded_by"], ["accounts.id"], name=op.f("fk_equipment_suspensions_recorded_by_accounts")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_equipment_suspensions")),
    )
    op.create_index(
        "ix_equipment_suspensions_equipment_id", "equipment_suspensions", ["equipment_id"], unique=False
    )
    op.create_index(
        "uq_equipment_suspensions_open",
        "equipment_suspensions",
        ["equipment_id"],
        unique=True,
        postgresql_where=sa.text("until_at IS NULL"),
    )
    op.create_table(
        "monitoring_records",
        sa.Column("id", sa.UUID(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("agency_id", sa.UUID(), nullable=False),
        sa.Column("equipment_id", sa.UUID(), nullable=False),
        sa.Column("record_id", sa.Text(), nullable=False),
        sa.Column("intake_id", sa.UUID(), nullable=False),
        sa.Column("intake_index", sa.Integer(), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.Column("content_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("captured_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("matter", sa.Text(), nullable=False),
        sa.Column("plate", sa.Text(), nullable=True),
        sa.Column("party_code", sa.Text(), nullable=True),
        sa.Column("party", sa.Text(), nullable=True),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("lat_e7", sa.BigInteger(), nullable=True),
        sa.Column("lon_e7", sa.BigInteger(), nullable=True),
        sa.Column("crs", sa.Text(), nullable=True),
        sa.Column(
            "values", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'"), nullable=False
        ),
        sa.Column(
            "findings",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'"),
            nullable=False,
        ),
        sa.Column("gate_faults", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("concluded_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('received', 'reviewing', 'valid', 'invalid')", name=op.f("ck_monitoring_records_state")
        ),
        sa.ForeignKeyConstraint(
            ["agency_id"], ["agencies.id"], name=op.f("fk_monitoring_records_agency_id_agencies")
        ),
        sa.ForeignKeyConstraint(
            ["equipment_id"], ["equipment.id"], name=op.f("fk_monitoring_records_equipment_id_equipment")
        ),
        sa.ForeignKeyConstraint(
            ["intake_id"], ["intakes.id"], name=op.f("fk_monitoring_records_intake_id_intakes")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_monitoring_records")),
        sa.UniqueConstraint(
            "equipment_id", "record_id", name=op.f("uq_monitoring_records_equipment_id_record_id")
        ),
    )
    op.create_index(
        "ix_monitoring_records_agency_id_id", "monitoring_records", ["agency_id", "id"], unique=False
    )
    op.create_index(
        "ix_monitoring_records_agency_id_party_code",
        "monitoring_records",
        ["agency_id", "party_code"],
        unique=False,
    )
    op.create_index(
        "ix_monitoring_records_agency_id_plate", "monitoring_records", ["agency_id", "plate"], unique=False
    )
    op.create_index(
        "ix_monitoring_records_agency_id_state_id",
        "monitoring_records",
        ["agency_id", "state", "id"],
        unique=False,
    )
    op.create_index(
        "ix_monitoring_records_due",
        "monitoring_records",
        ["agency_id", "due_at", "id"],
        unique=False,
        postgresql_where=sa.text("state IN ('received', 'reviewing')"),
    )
    op.create_index(
        "ix_monitoring_records_equipment_id_id", "monitoring_records", ["equipment_id", "id"], unique=False
    )
    op.create_index("ix_monitoring_records_intake_id", "monitoring_records", ["intake_id"], unique=False)
    op.create_table(
        "rectifications",
        sa.Column("id", sa.UUID(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("audit_id", sa.UUID(), nullable=False),
        sa.Column("member_id", sa.UUID(), nullable=False),
        sa.Column("agency_id", sa.UUID(), nullable=False),
        sa.Column("item_code", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("text_salt", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("raised_by", sa.UUID(), nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint(
            "state IN ('raised', 'answered', 'returned', 'verified', 'closed')",
            name=op.f("ck_rectifications_state"),
        ),
        sa.ForeignKeyConstraint(
            ["agency_id"], ["agencies.id"], name=op.f("fk_rectifications_agency_id_agencies")
        ),
        sa.ForeignKeyConstraint(["audit_id"], ["audits.id"], name=op.f("fk_rectifications_audit_id_audits")),
        sa.ForeignKeyConstraint(
            ["raised_by"], ["accounts.id"], name=op.f("fk_rectifications_raised_by_accounts")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rectifications")),
    )
    op.create_index(
        "ix_rectifications_agency_id_state_due_at_id",
        "rectifications",
        ["agency_id", "state", "due_at", "id"],
        unique=False,
    )
    op.create_index("ix_rectifications_audit_id", "rectifications", ["audit_id"], unique=False)
    op.create_table(
        "reviews",
        sa.Column("id", sa.UUID(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("case_id", sa.UUID(), nullable=False),
        sa.Column("agency_id", sa.UUID(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("submitted_by", sa.UUID(), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("evidence", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("evidence_sha256", sa.Text(), nullable=False),
        sa.Column("opinion", sa.Text(), nullable=True),
        sa.Column("statement", sa.Text(), nullable=True),
        sa.Column("statement_salt", sa.LargeBinary(), nullable=True),
        sa.Column("reviewer_id", sa.UUID(), nullable=True),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint(
            "(state = 'given') = (num_nonnulls(opinion, reviewer_id, given_at, statement) = 4)",
            name=op.f("ck_reviews_given"),
        ),
        sa.CheckConstraint("opinion IN ('pass', 'supplement', 'reject')", name=op.f("ck_reviews_opinion")),
        sa.CheckConstraint("state IN ('open', 'given')", name=op.f("ck_reviews_state")),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_reviews_agency_id_agencies")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_reviews_case_id_cases")),
        sa.ForeignKeyConstraint(
            ["reviewer_id"], ["accounts.id"], name=op.f("fk_reviews_reviewer_id_accounts")
        ),
        sa.ForeignKeyConstraint(
            ["submitted_by"], ["accounts.id"], name=op.f("fk_reviews_submitted_by_accounts")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reviews")),
        sa.UniqueConstraint("case_id", "round", name=op.f("uq_reviews_case_id_round")),
    )
    op.create_index(
        "ix_reviews_queue",
        "reviews",
        ["agency_id", "due_at", "id"],
        unique=False,
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_table(
        "monitoring_links",
        sa.Column("id", sa.UUID(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("case_id", sa.UUID(), nullable=False),
        sa.Column("monitoring_id", sa.UUID(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("linked_by", sa.Text(), nullable=False),
        sa.Column("linked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("unlinked_by", sa.Text(), nullable=True),
        sa.Column("unlinked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason_salt", sa.LargeBinary(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "basis IN ('manual', 'opened', 'plate', 'party_code', 'place_time')",
            name=op.f("ck_monitoring_links_basis"),
        ),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_monitoring_links_case_id_cases")),
        sa.ForeignKeyConstraint(
            ["monitoring_id"],
            ["monitoring_records.id"],
            name=op.f("fk_monitoring_links_monitoring_id_monitoring_records"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_monitoring_links")),
    )
    op.create_index("ix_monitoring_links_monitoring_id", "monitoring_links", ["monitoring_id"], unique=False)
    op.create_index(
        "uq_monitoring_links_live",
        "monitoring_links",
        ["case_id", "monitoring_id"],
        unique=True,
        postgresql_where=sa.text("unlinked_at IS NULL"),
    )
    op.create_table(
        "monitoring_opinions",
        sa.Column("id", sa.UUID(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("monitoring_id", sa.UUID(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("reviewer_id", sa.UUID(), nullable=False),
        sa.Column("opinion", sa.Text(), nullable=False),
        sa.Column("reason_code", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("reason_salt", sa.LargeBinary(), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "opinion = 'valid' OR reason_code IS NOT NULL", name=op.f("ck_monitoring_opinions_reasoned")
        ),
        sa.CheckConstraint("opinion IN ('valid', 'invalid')", name=op.f("ck_monitoring_opinions_opinion")),
        sa.CheckConstraint("stage IN ('first', 'second')", name=op.f("ck_monitoring_opinions_stage")),
        sa.ForeignKeyConstraint(
            ["monitoring_id"],
            ["monitoring_records.id"],
            name=op.f("fk_monitoring_opinions_monitoring_id_monitoring_records"),
        ),
        sa.ForeignKeyConstraint(
            ["reviewer_id"], ["accounts.id"], name=op.f("fk_monitoring_opinions_reviewer_id_accounts")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_monitoring_opinions")),
        sa.UniqueConstraint(
            "monitoring_id", "reviewer_id", name=op.f("uq_monitoring_opinions_monitoring_id_reviewer_id")
        ),
        sa.UniqueConstraint(
            "monitoring_id", "stage", name=op.f("uq_monitoring_opinions_monitoring_id_stage")
        ),
    )
    op.create_table(
        "review_grounds",
        sa.Column("id", sa.UUID(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("review_id", sa.UUID(), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("text_salt", sa.LargeBinary(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("answer_salt", sa.LargeBinary(), nullable=True),
        sa.Column("answered_by", sa.UUID(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["answered_by"], ["accounts.id"], name=op.f("fk_review_grounds_answered_by_accounts")
        ),
        sa.ForeignKeyConstraint(
            ["review_id"], ["reviews.id"], name=op.f("fk_review_grounds_review_id_reviews")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_grounds")),
        sa.UniqueConstraint("review_id", "position", name=op.f("uq_review_grounds_review_id_position")),
    )
    op.create_table(
        "audit_rechecks",
        sa.Column("id", sa.UUID(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("audit_id", sa.UUID(), nullable=False),
        sa.Column("member_id", sa.UUID(), nullable=False),
        sa.Column("recording_id", sa.UUID(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=True),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "outcome IN ('waiting', 'verified', 'mismatch', 'not_checked')",
            name=op.f("ck_audit_rechecks_outcome"),
        ),
        sa.ForeignKeyConstraint(["audit_id"], ["audits.id"], name=op.f("fk_audit_rechecks_audit_id_audits")),
        sa.ForeignKeyConstraint(
            ["recording_id"], ["recordings.id"], name=op.f("fk_audit_rechecks_recording_id_recordings")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_rechecks")),
        sa.UniqueConstraint(
            "audit_id",
            "member_id",
            "recording_id",
            name=op.f("uq_audit_rechecks_audit_id_member_id_recording_id"),
        ),
    )
    op.create_index("ix_audit_rechecks_recording_id", "audit_rechecks", ["recording_id"], unique=False)
    op.create_table(
        "fact_evidence",
        sa.Column("id", sa.UUID(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("fact_id", sa.UUID(), nullable=False),
        sa.Column("recording_id", sa.UUID(), nullable=True),
        sa.Column("monitoring_id", sa.UUID(), nullable=True),
        sa.Column("added_by", sa.Text(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("removed_by", sa.Text(), nullable=True),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "num_nonnulls(recording_id, monitoring_id) = 1", name=op.f("ck_fact_evidence_one_evidence")
        ),
        sa.ForeignKeyConstraint(
            ["fact_id"], ["case_facts.id"], name=op.f("fk_fact_evidence_fact_id_case_facts")
        ),
        sa.ForeignKeyConstraint(
            ["monitoring_id"],
            ["monitoring_records.id"],
            name=op.f("fk_fact_evidence_monitoring_id_monitoring_records"),
        ),
        sa.ForeignKeyConstraint(
            ["recording_id"], ["recordings.id"], name=op.f("fk_fact_evidence_recording_id_recordings")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fact_evidence")),
    )
    op.create_index(
        "uq_fact_evidence_live",
        "fact_evidence",
        ["fact_id", "recording_id", "monitoring_id"],
        unique=True,
        postgresql_where=sa.text("removed_at IS NULL"),
        postgresql_nulls_not_distinct=True,
    )
    op.create_table(
        "monitoring_media",
        sa.Column("monitoring_id", sa.UUID(), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("recording_id", sa.UUID(), nullable=False),
        sa.ForeignKeyConstraint(
            ["monitoring_id"],
            ["monitoring_records.id"],
            name=op.f("fk_monitoring_media_monitoring_id_monitoring_records"),
        ),
        sa.ForeignKeyConstraint(
            ["recording_id"], ["recordings.id"], name=op.f("fk_monitoring_media_recording_id_recordings")
        ),
        sa.PrimaryKeyConstraint("monitoring_id", "position", name=op.f("pk_monitoring_media")),
    )
    op.create_index("ix_monitoring_media_recording_id", "monitoring_media", ["recording_id"], unique=False)
    op.create_table(
        "notifications",
        sa.Column("id", sa.UUID(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("monitoring_id", sa.UUID(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("proof", sa.Text(), nullable=False),
        sa.Column("proof_salt", sa.LargeBinary(), nullable=False),
        sa.Column("proof_recording_id", sa.UUID(), nullable=True),
        sa.Column("attempted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.UUID(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "outcome IN ('delivered', 'sent', 'failed', 'refused')", name=op.f("ck_notifications_outcome")
        ),
        sa.ForeignKeyConstraint(
            ["monitoring_id"],
            ["monitoring_records.id"],
            name=op.f("fk_notifications_monitoring_id_monitoring_records"),
        ),
        sa.ForeignKeyConstraint(
            ["proof_recording_id"],
            ["recordings.id"],
            name=op.f("fk_notifications_proof_recording_id_recordings"),
        ),
        sa.ForeignKeyConstraint(
            ["recorded_by"], ["accounts.id"], name=op.f("fk_notifications_recorded_by_accounts")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notifications")),
    )
    op.create_index("ix_notifications_monitoring_id", "notifications", ["monitoring_id"], unique=False)
    op.create_table(
        "rectification_steps",
        sa.Column("id", sa.UUID(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("rectification_id", sa.UUID(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("text_salt", sa.LargeBinary(), nullable=False),
        sa.Column("proof_recording_id", sa.UUID(), nullable=True),
        sa.Column("taken_by", sa.UUID(), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "step IN ('answer', 'return', 'verify', 'close')", name=op.f("ck_rectification_steps_step")
        ),
        sa.ForeignKeyConstraint(
            ["proof_recording_id"],
            ["recordings.id"],
            name=op.f("fk_rectification_steps_proof_recording_id_recordings"),
        ),
        sa.ForeignKeyConstraint(
            ["rectification_id"],
            ["rectifications.id"],
            name=op.f("fk_rectification_steps_rectification_id_rectifications"),
        ),
        sa.ForeignKeyConstraint(
            ["taken_by"], ["accounts.id"], name=op.f("fk_rectification_steps_taken_by_accounts")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rectification_steps")),
    )
    op.create_index(
        "ix_rectification_steps_rectification_id", "rectification_steps", ["rectification_id"], unique=False
    )
    op.add_column("cases", sa.Column("party_code", sa.Text(), nullable=True))
    op.add_column(
        "cases",
        sa.Column("plates", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
    )
    op.add_column("cases", sa.Column("lat_e7", sa.BigInteger(), nullable=True))
    op.add_column("cases", sa.Column("lon_e7", sa.BigInteger(), nullable=True))
    op.add_column("cases", sa.Column("filed_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("cases", sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("cases", sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_cases_agency_id_closed_at",
        "cases",
        ["agency_id", "closed_at"],
        unique=False,
        postgresql_where=sa.text("closed_at IS NOT NULL"),
    )
    op.create_index("ix_cases_agency_id_party_code", "cases", ["agency_id", "party_code"], unique=False)
    op.create_index("ix_cases_agency_id_state_id", "cases", ["agency_id", "state", "id"], unique=False)
    op.create_index("ix_cases_plates", "cases", ["plates"], unique=False, postgresql_using="gin")
    op.create_check_constraint(
        op.f("ck_cases_state"),
        "cases",
        "state IN ('lead', 'filed', 'investigating', 'investigation_closed', 'legal_review', 'decided', 'closed')",
    )
    op.execute(GUARDS)
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )


def downgrade() -> None:
    """Drop what the desks have recorded."""
    op.drop_constraint(op.f("ck_cases_state"), "cases")
    op.drop_index("ix_cases_plates", table_name="cases", postgresql_using="gin")
    op.drop_index("ix_cases_agency_id_state_id", table_name="cases")
    op.drop_index("ix_cases_agency_id_party_code", table_name="cases")
    op.drop_index(
        "ix_cases_agency_id_closed_at", table_name="cases", postgresql_where=sa.text("closed_at IS NOT NULL")
    )
    op.drop_column("cases", "closed_at")
    op.drop_column("cases", "decided_at")
    op.drop_column("cases", "filed_at")
    op.drop_column("cases", "lon_e7")
    op.drop_column("cases", "lat_e7")
    op.drop_column("cases", "plates")
    op.drop_column("cases", "party_code")
    op.drop_index("ix_rectification_steps_rectification_id", table_name="rectification_steps")
    op.drop_table("rectification_steps")
    op.drop_index("ix_notifications_monitoring_id", table_name="notifications")
    op.drop_table("notifications")
    op.drop_index("ix_monitoring_media_recording_id", table_name="monitoring_media")
    op.drop_table("monitoring_media")
    op.drop_index(
        "uq_fact_evidence_live",
        table_name="fact_evidence",
        postgresql_where=sa.text("removed_at IS NULL"),
        postgresql_nulls_not_distinct=True,
    )
    op.drop_table("fact_evidence")
    op.drop_index("ix_audit_rechecks_recording_id", table_name="audit_rechecks")
    op.drop_table("audit_rechecks")
    op.drop_table("review_grounds")
    op.drop_table("monitoring_opinions")
    op.drop_index(
        "uq_monitoring_links_live",
        table_name="monitoring_links",
        postgresql_where=sa.text("unlinked_at IS NULL"),
    )
    op.drop_index("ix_monitoring_links_monitoring_id", table_name="monitoring_links")
    op.drop_table("monitoring_links")
    op.drop_index("ix_reviews_queue", table_name="reviews", postgresql_where=sa.text("state = 'open'"))
    op.drop_table("reviews")
    op.drop_index("ix_rectifications_audit_id", table_name="rectifications")
    op.drop_index("ix_rectifications_agency_id_state_due_at_id", table_name="rectifications")
    op.drop_table("rectifications")
    op.drop_index("ix_monitoring_records_intake_id", table_name="monitoring_records")
    op.drop_index("ix_monitoring_records_equipment_id_id", table_name="monitoring_records")
    op.drop_index(
        "ix_monitoring_records_due",
        table_name="monitoring_records",
        postgresql_where=sa.text("state IN ('received', 'reviewing')"),
    )
    op.drop_index("ix_monitoring_records_agency_id_state_id", table_name="monitoring_records")
    op.drop_index("ix_monitoring_records_agency_id_plate", table_name="monitoring_records")
    op.drop_index("ix_monitoring_records_agency_id_party_code", table_name="monitoring_records")
    op.drop_index("ix_monitoring_records_agency_id_id", table_name="monitoring_records")
    op.drop_table("monitoring_records")
    op.drop_index(
        "uq_equipment_suspensions_open",
        table_name="equipment_suspensions",
        postgresql_where=sa.text("until_at IS NULL"),
    )
    op.drop_index("ix_equipment_suspensions_equipment_id", table_name="equipment_suspensions")
    op.drop_table("equipment_suspensions")
    op.drop_index("ix_equipment_reviews_equipment_id", table_name="equipment_reviews")
    op.drop_table("equipment_reviews")
    op.drop_index("ix_equipment_publications_equipment_id", table_name="equipment_publications")
    op.drop_table("equipment_publications")
    op.drop_index("ix_equipment_certificates_equipment_id", table_name="equipment_certificates")
    op.drop_table("equipment_certificates")
    op.drop_table("case_facts")
    op.drop_index("ix_case_changes_case_id_id", table_name="case_changes")
    op.drop_table("case_changes")
    op.drop_table("audit_scores")
    op.drop_table("audit_sample")
    op.drop_table("audit_population")
    op.drop_table("audit_inspectors")
    op.drop_table("intakes")
    op.drop_index("ix_equipment_source_id", table_name="equipment")
    op.drop_table("equipment")
    op.drop_index("ix_audits_target_agency_id_id", table_name="audits")
    op.drop_index("ix_audits_agency_id_id", table_name="audits")
    op.drop_table("audits")
    op.drop_table("standards")
    op.execute("DROP FUNCTION keep_raw_row(); DROP FUNCTION keep_given_review(); DROP FUNCTION keep_ground()")
