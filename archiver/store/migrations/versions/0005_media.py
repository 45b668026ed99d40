"""Pictures of posts: where each is from, what came of asking for it, and which posts show it.

Revision: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_MOMENT = sa.String(length=20)


def upgrade() -> None:
    op.create_table(
        "media",
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=True),
        sa.Column("type", sa.String(length=20), nullable=True),
        sa.Column("size", sa.BigInteger(), nullable=True),
        sa.Column("fetched_at", _MOMENT, nullable=True),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("tried_at", _MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("url", name=op.f("pk_media")),
    )
    op.create_index("ix_media_digest", "media", ["digest"])
    op.create_table(
        "media_use",
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("github_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["url"], ["media.url"], name=op.f("fk_media_use_url_media")),
        sa.PrimaryKeyConstraint("url", "kind", "github_id", name=op.f("pk_media_use")),
    )
    op.create_index("ix_media_use_kind_github_id", "media_use", ["kind", "github_id"])
    op.add_column("revision", sa.Column("pictures_at", _MOMENT, nullable=True))
    op.create_index("ix_revision_pictures_at", "revision", ["pictures_at"])


def downgrade() -> None:
    raise NotImplementedError("an archive's schema only goes forward; restore a backup instead")
