"""Opens a store by URL: pragmas, transactions, schema versions, and the translation of the driver's errors.

It knows no table but Alembic's.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy import event
from sqlalchemy.engine import make_url

from archiver.errors import SchemaOutdated, SchemaTooNew, StoreError

MIGRATIONS = Path(__file__).parent / "migrations"
BUSY_SECONDS = 30


def shown(url: str) -> str:
    """Return the store's URL without a password, for messages."""
    try:
        return make_url(url).render_as_string(hide_password=True)
    except sa.exc.ArgumentError:
        return "the store's URL"


@contextmanager
def translated(url: str) -> Iterator[None]:
    """Turn SQLAlchemy's and the driver's errors into StoreErrors that say what a person can do."""
    try:
        yield
    except (sa.exc.SQLAlchemyError, sqlite3.Error) as error:
        cause = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
        where = shown(url)
        lowered = cause.lower()
        if "disk is full" in lowered or "no space" in lowered:
            message = f"{where}: no space is left; nothing was changed by the step that failed"
        elif "locked" in lowered or "busy" in lowered:
            message = f"{where}: another process has been writing for over {BUSY_SECONDS} seconds; try again later"
        elif "not a database" in lowered or "malformed" in lowered:
            message = f"{where}: this file is damaged or no onrecord store ({cause})"
        elif "unable to open" in lowered or "readonly" in lowered:
            message = f"{where}: cannot be opened for reading and writing ({cause})"
        else:
            message = f"{where}: {cause}"
        raise StoreError(message, key=where) from error


def connect(url: str) -> sa.Engine:
    """Make the engine for a store's URL, with its pragmas; nothing is opened yet.

    Raises StoreError for a URL that names no supported database, or a folder that cannot be made.
    """
    try:
        parsed = make_url(url)
    except sa.exc.ArgumentError:
        raise StoreError(f"{url!r} is no store URL; write sqlite:///path/to/archive.db", key=url) from None
    if parsed.get_backend_name() != "sqlite":
        raise StoreError(
            f"{shown(url)}: this version keeps its store in SQLite only; write sqlite:///path/to/archive.db",
            key=shown(url),
        )
    if parsed.database and parsed.database != ":memory:":
        try:
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"{shown(url)}: its folder cannot be made: {error.strerror}", key=shown(url)) from None
    engine = sa.create_engine(parsed, connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False})
    event.listen(engine, "connect", _set_pragmas)
    event.listen(engine, "begin", _begin)
    return engine


def _set_pragmas(connection: Any, _record: Any) -> None:
    # The driver must not open transactions by itself: we say BEGIN, so that a reader sees one state from first to last.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}")
    cursor.close()


def _begin(connection: sa.Connection) -> None:
    # A writer takes the lock at once: two that read first and write later could not both go on.
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


# --- schema versions --------------------------------------------------------------------------------------------------


def _alembic(connection: sa.Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def head() -> str:
    """Return the schema revision that this program works with."""
    found = ScriptDirectory.from_config(_alembic()).get_current_head()
    assert found is not None
    return found


def check_schema(engine: sa.Engine, url: str) -> None:
    """Create an empty store's schema; otherwise make sure that it is ours.

    Raises SchemaOutdated, SchemaTooNew, or StoreError for a database that holds something else.
    """
    with translated(url), engine.connect().execution_options(writes=True) as connection:
        with connection.begin():
            current = MigrationContext.configure(connection).get_current_revision()
            if current == head():
                return
            if current is None:
                tables = [name for name in sa.inspect(connection).get_table_names() if name != "alembic_version"]
                if tables:
                    raise StoreError(
                        f"{shown(url)}: this database holds other things than an onrecord store", key=shown(url)
                    )
                command.upgrade(_alembic(connection), "head")
                return
    known = {script.revision for script in ScriptDirectory.from_config(_alembic()).walk_revisions()}
    if current in known:
        raise SchemaOutdated(f"{shown(url)}: its schema is of an older version; run: onrecord migrate", key=shown(url))
    raise SchemaTooNew(
        f"{shown(url)}: its schema ({current}) is newer than this program; upgrade onrecord to use it", key=shown(url)
    )


def migrate(url: str) -> tuple[str | None, str]:
    """Bring a store's schema up to date and return the revisions before and after.

    Raises SchemaTooNew for a schema that this program does not know.
    """
    engine = connect(url)
    try:
        with translated(url), engine.connect().execution_options(writes=True) as connection, connection.begin():
            before = MigrationContext.configure(connection).get_current_revision()
            try:
                command.upgrade(_alembic(connection), "head")
            except CommandError:
                raise SchemaTooNew(
                    f"{shown(url)}: its schema ({before}) is newer than this program; upgrade onrecord to use it",
                    key=shown(url),
                ) from None
            return before, head()
    finally:
        engine.dispose()
