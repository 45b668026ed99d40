"""Events, edits, findings, tombstones, withdrawals; and names of accounts and threads that they had before.

Revision: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_MOMENT = sa.String(length=20)
_SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _foreign(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}_{other}"))


def upgrade() -> None:
    _new_tables()
    with op.batch_alter_table("repository") as batch:
        batch.add_column(sa.Column("has_discussions", sa.Boolean(), nullable=True))
        batch.add_column(sa.Column("gone_status", sa.Integer(), nullable=True))
        batch.add_column(sa.Column("gone_since", _MOMENT, nullable=True))
        batch.add_column(sa.Column("flag", sa.LargeBinary(), nullable=True))
    with op.batch_alter_table("thread") as batch:
        batch.add_column(sa.Column("gone_status", sa.Integer(), nullable=True))
        batch.add_column(sa.Column("gone_since", _MOMENT, nullable=True))
        batch.add_column(sa.Column("detailed_for", _MOMENT, nullable=True))
        batch.add_column(sa.Column("detailed_at", _MOMENT, nullable=True))
        batch.add_column(sa.Column("withdrawn", _SERIAL, nullable=True))
    with op.batch_alter_table("post") as batch:
        batch.add_column(sa.Column("node_id", sa.Text(), nullable=True))
        batch.add_column(sa.Column("state", sa.String(length=30), nullable=True))
        batch.add_column(sa.Column("reply_to", sa.BigInteger(), nullable=True))
        batch.add_column(sa.Column("reactions", sa.LargeBinary(), nullable=True))
        batch.add_column(sa.Column("minimized", sa.Text(), nullable=True))
        batch.add_column(sa.Column("edits_for", _MOMENT, nullable=True))
        batch.add_column(sa.Column("minimized_asked_at", _MOMENT, nullable=True))
        batch.add_column(sa.Column("gone_status", sa.Integer(), nullable=True))
        batch.add_column(sa.Column("gone_since", _MOMENT, nullable=True))
        batch.add_column(sa.Column("withdrawn", _SERIAL, nullable=True))
    with op.batch_alter_table("revision") as batch:
        batch.add_column(sa.Column("source", sa.String(length=10), nullable=True))
        batch.add_column(sa.Column("erased_at", _MOMENT, nullable=True))
    op.execute("UPDATE revision SET source = 'seen'")
    with op.batch_alter_table("revision") as batch:
        batch.alter_column("source", existing_type=sa.String(length=10), nullable=False)
    with op.batch_alter_table("snapshot") as batch:
        batch.add_column(sa.Column("erased_at", _MOMENT, nullable=True))
    with op.batch_alter_table("capture") as batch:
        batch.add_column(sa.Column("repository_id", sa.BigInteger(), nullable=True))
        batch.add_column(sa.Column("thread_number", sa.BigInteger(), nullable=True))
    op.execute(
        "UPDATE capture SET"
        " repository_id = (SELECT thread.repository_id FROM thread WHERE thread.id = capture.thread_id),"
        " thread_number = (SELECT thread.number FROM thread WHERE thread.id = capture.thread_id)"
    )
    with op.batch_alter_table("capture") as batch:
        batch.alter_column("repository_id", existing_type=sa.BigInteger(), nullable=False)
        batch.alter_column("thread_number", existing_type=sa.BigInteger(), nullable=False)
    with op.batch_alter_table("crawl_state") as batch:
        batch.add_column(sa.Column("discussions_cursor", _MOMENT, nullable=True))
        batch.add_column(sa.Column("last_sweep_at", _MOMENT, nullable=True))
        batch.add_column(sa.Column("swept", sa.LargeBinary(), nullable=True))
        batch.add_column(sa.Column("not_asked", sa.LargeBinary(), nullable=True))
    op.execute(
        "INSERT INTO account_alias (login_key, account_id, spelled, first_seen_at, last_seen_at)"
        " SELECT lower(login), id, login, first_seen_at, first_seen_at FROM account"
    )


def _new_tables() -> None:
    op.create_table(
        "account_alias",
        sa.Column("login_key", sa.Text(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("spelled", sa.Text(), nullable=False),
        sa.Column("first_seen_at", _MOMENT, nullable=False),
        sa.Column("last_seen_at", _MOMENT, nullable=False),
        _foreign("account_alias", "account_id", "account"),
        sa.PrimaryKeyConstraint("login_key", "account_id", name=op.f("pk_account_alias")),
    )
    op.create_table(
        "withdrawal",
        sa.Column("id", _SERIAL, nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("reason", sa.String(length=20), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("scope", sa.String(length=10), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=True),
        sa.Column("repository_id", sa.BigInteger(), nullable=True),
        sa.Column("thread_id", _SERIAL, nullable=True),
        sa.Column("kind", sa.String(length=20), nullable=True),
        sa.Column("github_id", sa.BigInteger(), nullable=True),
        sa.Column("erased", sa.Boolean(), nullable=False),
        sa.Column("lifted_at", _MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_withdrawal")),
    )
    op.create_table(
        "edit",
        sa.Column("id", _SERIAL, nullable=False),
        sa.Column("thread_id", _SERIAL, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("github_id", sa.BigInteger(), nullable=False),
        sa.Column("edited_at", _MOMENT, nullable=False),
        sa.Column("editor_id", sa.BigInteger(), nullable=True),
        sa.Column("editor_login", sa.Text(), nullable=True),
        sa.Column("revision", sa.String(length=64), nullable=True),
        sa.Column("deleted_at", _MOMENT, nullable=True),
        sa.Column("first_seen_at", _MOMENT, nullable=False),
        _foreign("edit", "thread_id", "thread"),
        _foreign("edit", "editor_id", "account"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_edit")),
        sa.UniqueConstraint("thread_id", "key", name=op.f("uq_edit_thread_id_key")),
    )
    op.create_index("ix_edit_post", "edit", ["thread_id", "kind", "github_id"])
    op.create_table(
        "event",
        sa.Column("id", _SERIAL, nullable=False),
        sa.Column("thread_id", _SERIAL, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("actor_id", sa.BigInteger(), nullable=True),
        sa.Column("actor_login", sa.Text(), nullable=True),
        sa.Column("detail", sa.LargeBinary(), nullable=False),
        sa.Column("captured_at", _MOMENT, nullable=False),
        _foreign("event", "thread_id", "thread"),
        _foreign("event", "actor_id", "account"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event")),
        sa.UniqueConstraint("thread_id", "key", name=op.f("uq_event_thread_id_key")),
    )
    op.create_index("ix_event_thread_id", "event", ["thread_id", "at"])
    op.create_table(
        "finding",
        sa.Column("id", _SERIAL, nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("repository_id", sa.BigInteger(), nullable=False),
        sa.Column("thread_id", _SERIAL, nullable=True),
        sa.Column("post_id", _SERIAL, nullable=True),
        sa.Column("detail", sa.LargeBinary(), nullable=False),
        _foreign("finding", "repository_id", "repository"),
        _foreign("finding", "thread_id", "thread"),
        _foreign("finding", "post_id", "post"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_finding")),
    )
    op.create_index("ix_finding_thread_id", "finding", ["thread_id"])
    op.create_index("ix_finding_repository_id", "finding", ["repository_id"])
    op.create_table(
        "thread_alias",
        sa.Column("repository_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("thread_id", _SERIAL, nullable=False),
        sa.Column("first_seen_at", _MOMENT, nullable=False),
        _foreign("thread_alias", "repository_id", "repository"),
        _foreign("thread_alias", "thread_id", "thread"),
        sa.PrimaryKeyConstraint("repository_id", "number", name=op.f("pk_thread_alias")),
    )
    op.create_index("ix_thread_alias_thread_id", "thread_alias", ["thread_id"])
    op.create_table(
        "opt_out",
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_opt_out")),
    )
    op.create_table(
        "asked_name",
        sa.Column("name_key", sa.Text(), nullable=False),
        sa.Column("repository_id", sa.BigInteger(), nullable=True),
        sa.Column("asked_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("name_key", name=op.f("pk_asked_name")),
    )


def downgrade() -> None:
    raise NotImplementedError("an archive's schema only goes forward; restore a backup instead")
