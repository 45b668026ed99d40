"""Each entry of the capture log gets a digest that covers it and the entry before it.

Revision: 0002
Revises: 0001
"""

import hashlib
import json

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("capture") as batch:
        batch.add_column(sa.Column("entry", sa.String(length=64), nullable=True))
    connection = op.get_bind()
    rows = connection.execute(
        sa.text(
            "SELECT capture.number, thread.repository_id, thread.number, capture.snapshot, capture.captured_at"
            " FROM capture JOIN thread ON thread.id = capture.thread_id ORDER BY capture.number"
        )
    ).all()
    previous = None
    for number, repository_id, thread, snapshot, captured_at in rows:
        # Written out here, not taken from the program: what this migration did must not change when the program does.
        record = {
            "type": "onrecord.entry.v1",
            "number": number,
            "repository_id": repository_id,
            "thread": thread,
            "snapshot": snapshot,
            "captured_at": captured_at,
            "previous": previous,
        }
        text = json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        previous = hashlib.sha256(text.encode()).hexdigest()
        connection.execute(
            sa.text("UPDATE capture SET entry = :entry WHERE number = :number"), {"entry": previous, "number": number}
        )
    with op.batch_alter_table("capture") as batch:
        batch.alter_column("entry", existing_type=sa.String(length=64), nullable=False)


def downgrade() -> None:
    raise NotImplementedError("an archive's schema only goes forward; restore a backup instead")
