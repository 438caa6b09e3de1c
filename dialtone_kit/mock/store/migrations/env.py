"""How Alembic runs the steps: on the connection, and in the transaction, that upgrade.py passes."""

from alembic import context

from dialtone_kit.mock.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=False,  # BEGIN and COMMIT are the store's
)
context.run_migrations()
