"""Indexes for what is asked at every alarm and at every quiet moment: the crowd, and what waits to be tried again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """From 0001."""
    crowd = sa.text("status = 'open' and urgency = 1 and not verified and not drill")
    op.create_index("ix_cases_crowd", "cases", ["desk", "id"], sqlite_where=crowd, postgresql_where=crowd)
    queued = sa.text("state = 'queued'")
    op.create_index("ix_outbox_ready", "outbox", ["ready_at"], sqlite_where=queued, postgresql_where=queued)


def downgrade() -> None:
    """Back to 0001."""
    op.drop_index("ix_outbox_ready", table_name="outbox")
    op.drop_index("ix_cases_crowd", table_name="cases")
