"""What searches found and where they stand; which files of GH Archive were read.

Revision: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_MOMENT = sa.String(length=20)


def upgrade() -> None:
    op.create_table(
        "watch_state",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("cursor", _MOMENT, nullable=True),
        sa.Column("began_at", _MOMENT, nullable=True),
        sa.Column("plan", sa.LargeBinary(), nullable=True),
        sa.Column("result", sa.LargeBinary(), nullable=True),
        sa.Column("first_complete_at", _MOMENT, nullable=True),
        sa.Column("last_complete_at", _MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_watch_state")),
    )
    op.create_table(
        "found",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("name_key", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("spelled", sa.Text(), nullable=False),
        sa.Column("repository_id", sa.BigInteger(), nullable=True),
        sa.Column("updated_at", _MOMENT, nullable=False),
        sa.Column("seen_for", _MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["key"], ["watch_state.key"], name=op.f("fk_found_key_watch_state")),
        sa.PrimaryKeyConstraint("key", "name_key", "number", name=op.f("pk_found")),
    )
    op.create_index("ix_found_repository_id", "found", ["repository_id"])
    op.create_table(
        "import_file",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("done_at", _MOMENT, nullable=True),
        sa.Column("counts", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_import_file")),
    )
    op.add_column("revision", sa.Column("archived_at", _MOMENT, nullable=True))
    op.create_table(
        "unplaced",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("repository_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("author_id", sa.BigInteger(), nullable=True),
        sa.Column("archived_at", _MOMENT, nullable=False),
        sa.Column("record", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["repository_id"], ["repository.id"], name=op.f("fk_unplaced_repository_id_repository")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unplaced")),
        sa.UniqueConstraint("repository_id", "number", "key", name=op.f("uq_unplaced_repository_id_number_key")),
    )
    op.create_index("ix_unplaced_author_id", "unplaced", ["author_id"])


def downgrade() -> None:
    raise NotImplementedError("an archive's schema only goes forward; restore a backup instead")
