"""The first schema.

Revision: 0001
Revises: nothing
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "account",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("bot", sa.Boolean(), nullable=False),
        sa.Column("first_seen_at", sa.String(length=20), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
    )
    op.create_table(
        "change",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("action", sa.String(length=10), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_change")),
        sa.UniqueConstraint("number", name=op.f("uq_change_number")),
    )
    op.create_table(
        "change_counter",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_change_counter_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_change_counter")),
    )
    op.create_table(
        "http_cache",
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("etag", sa.Text(), nullable=False),
        sa.Column("next_url", sa.Text(), nullable=True),
        sa.Column("stored_at", sa.String(length=20), nullable=False),
        sa.PrimaryKeyConstraint("url", name=op.f("pk_http_cache")),
    )
    op.create_table(
        "note",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_note")),
    )
    op.create_table(
        "repository",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("created_at", sa.String(length=20), nullable=True),
        sa.Column("first_seen_at", sa.String(length=20), nullable=False),
        sa.Column("last_seen_at", sa.String(length=20), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_repository")),
    )
    op.create_table(
        "candidate",
        sa.Column("repository_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["repository_id"], ["repository.id"], name=op.f("fk_candidate_repository_id_repository")
        ),
        sa.PrimaryKeyConstraint("repository_id", "number", name=op.f("pk_candidate")),
    )
    op.create_table(
        "crawl_state",
        sa.Column("repository_id", sa.BigInteger(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("issues_cursor", sa.String(length=20), nullable=True),
        sa.Column("comments_cursor", sa.String(length=20), nullable=True),
        sa.Column("phase", sa.String(length=10), nullable=True),
        sa.Column("progress", sa.String(length=20), nullable=True),
        sa.Column("issues_high", sa.String(length=20), nullable=True),
        sa.Column("comments_high", sa.String(length=20), nullable=True),
        sa.Column("phase_started_at", sa.String(length=20), nullable=True),
        sa.Column("first_complete_at", sa.String(length=20), nullable=True),
        sa.Column("last_complete_at", sa.String(length=20), nullable=True),
        sa.ForeignKeyConstraint(
            ["repository_id"], ["repository.id"], name=op.f("fk_crawl_state_repository_id_repository")
        ),
        sa.PrimaryKeyConstraint("repository_id", name=op.f("pk_crawl_state")),
    )
    op.create_table(
        "failure",
        sa.Column("repository_id", sa.BigInteger(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", sa.String(length=20), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["repository_id"], ["repository.id"], name=op.f("fk_failure_repository_id_repository")),
        sa.PrimaryKeyConstraint("repository_id", "target", name=op.f("pk_failure")),
    )
    op.create_table(
        "repository_alias",
        sa.Column("name_key", sa.Text(), nullable=False),
        sa.Column("repository_id", sa.BigInteger(), nullable=False),
        sa.Column("spelled", sa.Text(), nullable=False),
        sa.Column("first_seen_at", sa.String(length=20), nullable=False),
        sa.Column("last_seen_at", sa.String(length=20), nullable=False),
        sa.ForeignKeyConstraint(
            ["repository_id"], ["repository.id"], name=op.f("fk_repository_alias_repository_id_repository")
        ),
        sa.PrimaryKeyConstraint("name_key", "repository_id", name=op.f("pk_repository_alias")),
    )
    op.create_table(
        "thread",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("repository_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("fields", sa.LargeBinary(), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.Column("comments_upstream", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.String(length=20), nullable=False),
        sa.Column("dirty", sa.Boolean(), nullable=False),
        sa.Column("last_checked_at", sa.String(length=20), nullable=False),
        sa.Column("snapshot", sa.String(length=64), nullable=True),
        sa.Column("summary", sa.LargeBinary(), nullable=True),
        sa.Column("relevance", sa.LargeBinary(), nullable=True),
        sa.Column("post_count", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.String(length=20), nullable=False),
        sa.Column("first_captured_at", sa.String(length=20), nullable=True),
        sa.Column("captured_at", sa.String(length=20), nullable=True),
        sa.Column("gap", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["repository_id"], ["repository.id"], name=op.f("fk_thread_repository_id_repository")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_thread")),
        sa.UniqueConstraint("repository_id", "number", name=op.f("uq_thread_repository_id_number")),
    )
    with op.batch_alter_table("thread", schema=None) as batch_op:
        batch_op.create_index("ix_thread_created_at", ["created_at"], unique=False)
        batch_op.create_index("ix_thread_dirty", ["repository_id", "dirty"], unique=False)
        batch_op.create_index("ix_thread_updated_at", ["updated_at"], unique=False)

    op.create_table(
        "post",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("thread_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("github_id", sa.BigInteger(), nullable=False),
        sa.Column("author_id", sa.BigInteger(), nullable=True),
        sa.Column("author_login", sa.Text(), nullable=True),
        sa.Column("author_association", sa.String(length=40), nullable=False),
        sa.Column("created_at", sa.String(length=20), nullable=False),
        sa.Column("updated_at", sa.String(length=20), nullable=False),
        sa.Column("revision", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["author_id"], ["account.id"], name=op.f("fk_post_author_id_account")),
        sa.ForeignKeyConstraint(["thread_id"], ["thread.id"], name=op.f("fk_post_thread_id_thread")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_post")),
        sa.UniqueConstraint("kind", "github_id", "thread_id", name=op.f("uq_post_kind_github_id_thread_id")),
    )
    with op.batch_alter_table("post", schema=None) as batch_op:
        batch_op.create_index("ix_post_thread_id", ["thread_id", "created_at"], unique=False)

    op.create_table(
        "revision",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("thread_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("github_id", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("edited_at", sa.String(length=20), nullable=True),
        sa.Column("captured_at", sa.String(length=20), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["thread_id"], ["thread.id"], name=op.f("fk_revision_thread_id_thread")),
        sa.PrimaryKeyConstraint("digest", "thread_id", name=op.f("pk_revision")),
    )
    with op.batch_alter_table("revision", schema=None) as batch_op:
        batch_op.create_index("ix_revision_thread_id", ["thread_id"], unique=False)

    op.create_table(
        "snapshot",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("thread_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("record", sa.LargeBinary(), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["thread_id"], ["thread.id"], name=op.f("fk_snapshot_thread_id_thread")),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_snapshot")),
    )
    with op.batch_alter_table("snapshot", schema=None) as batch_op:
        batch_op.create_index("ix_snapshot_thread_id", ["thread_id"], unique=False)

    op.create_table(
        "capture",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("thread_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("snapshot", sa.String(length=64), nullable=False),
        sa.Column("captured_at", sa.String(length=20), nullable=False),
        sa.ForeignKeyConstraint(["snapshot"], ["snapshot.digest"], name=op.f("fk_capture_snapshot_snapshot")),
        sa.ForeignKeyConstraint(["thread_id"], ["thread.id"], name=op.f("fk_capture_thread_id_thread")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_capture")),
    )
    with op.batch_alter_table("capture", schema=None) as batch_op:
        batch_op.create_index("ix_capture_thread_id", ["thread_id", "captured_at"], unique=False)


def downgrade() -> None:
    raise NotImplementedError("an archive's schema only goes forward; restore a backup instead")
