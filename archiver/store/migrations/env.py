"""Runs migrations on the connection that `archiver.store.engine` hands over; it opens none of its own."""

from alembic import context

from archiver.store.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
