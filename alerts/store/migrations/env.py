"""Alembic's entry: runs revisions on the connection it was given, inside that connection's own transaction.

So a change is there whole or not at all, on both databases, together with the number that says so.
"""

from __future__ import annotations

from alembic import context

context.configure(connection=context.config.attributes["connection"])
context.run_migrations()
