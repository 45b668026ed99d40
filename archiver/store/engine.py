"""Opens a store by URL: pragmas, transactions, schema versions, and the translation of the driver's errors.

It knows no table but Alembic's.
"""

from __future__ import annotations

import json
import sqlite3
import zlib
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

from archiver.errors import ConfigError, SchemaOutdated, SchemaTooNew, StoreError

MIGRATIONS = Path(__file__).parent / "migrations"
BUSY_SECONDS = 30


def shown(url: str) -> str:
    """Return the store's URL without a password, for messages."""
    try:
        return make_url(url).render_as_string(hide_password=True)
    except (sa.exc.ArgumentError, ValueError):
        return "the store's URL" if "@" in url else repr(url)


@contextmanager
def translated(url: str) -> Iterator[None]:
    """Turn SQLAlchemy's and the driver's errors into StoreErrors that say what a person can do."""
    try:
        yield
    except (zlib.error, json.JSONDecodeError) as error:
        where = shown(url)
        raise StoreError(
            f"{where}: a stored value is damaged ({error}); onrecord verify says which, a backup has it", key=where
        ) from error
    except (sa.exc.SQLAlchemyError, sqlite3.Error) as error:
        cause = (str(getattr(error, "orig", None) or error).strip() or type(error).__name__).splitlines()[0]
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

    Raises ConfigError for a URL that names no supported database, StoreError for a folder that cannot be made.
    """
    try:
        parsed = make_url(url)
    except (sa.exc.ArgumentError, ValueError):  # a port that is no number is a plain ValueError
        raise ConfigError(f"{shown(url)} is no store URL; write sqlite:///path/to/archive.db", key=shown(url)) from None
    if parsed.drivername not in {"sqlite", "sqlite+pysqlite"}:
        raise ConfigError(
            f"{shown(url)}: this version keeps its store in SQLite only; write sqlite:///path/to/archive.db",
            key=shown(url),
        )
    if parsed.query or parsed.host or "\0" in (parsed.database or ""):
        raise ConfigError(
            f"{shown(url)}: only a path is wanted, after three slashes: sqlite:///path/to/archive.db", key=shown(url)
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
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
    except sqlite3.Error:
        connection.close()  # the pool forgets a connection that it could not set up
        raise


def refuse_writes(engine: sa.Engine) -> None:
    """Make SQLite itself refuse to write through this engine from now on."""
    event.listen(engine, "connect", lambda connection, _record: connection.execute("PRAGMA query_only = ON"))
    engine.dispose()


def _begin(connection: sa.Connection) -> None:
    # A writer takes the lock at once: two that read first and write later could not both go on.
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def scrub(engine: sa.Engine, url: str) -> None:
    """Write the database anew, so that nothing of what was erased is left in its files, its write-ahead log included.

    Raises StoreError: when another process reads or writes all the while, or there is no space for a second copy.
    """
    with translated(url):
        pooled = engine.raw_connection()
        try:
            cursor = pooled.cursor()
            # So that unused parts of pages are zeroed as well.
            cursor.execute("PRAGMA secure_delete = ON")
            cursor.execute("VACUUM")
            busy, _, _ = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            cursor.execute("PRAGMA secure_delete = OFF")
        finally:
            pooled.close()
    if busy:
        raise StoreError(
            f"{shown(url)}: another process is reading, and what was erased is still in the write-ahead log beside it; "
            "stop the other process and run the same command again",
            key=shown(url),
        )


def settle(engine: sa.Engine, url: str) -> None:
    """Move what stands in the write-ahead log into the database's own file. Raises StoreError."""
    with translated(url):
        pooled = engine.raw_connection()
        try:
            pooled.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            pooled.close()


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
    if found is None:
        raise StoreError(f"{MIGRATIONS}: this installation lacks its migrations", key=str(MIGRATIONS))
    return found


def check_schema(engine: sa.Engine, url: str) -> None:
    """Create an empty store's schema; otherwise make sure that it is ours.

    Raises SchemaOutdated, SchemaTooNew, or StoreError for a database that holds something else.
    """
    with translated(url), engine.connect() as connection, connection.begin():
        current = _revision(connection, url)
    if current is None:
        with translated(url), engine.connect().execution_options(writes=True) as connection, connection.begin():
            # Asked again under the writer's lock: another process may have created it meanwhile.
            current = _revision(connection, url)
            if current is None:
                command.upgrade(_alembic(connection), "head")
                return
    if current == head():
        return
    known = {script.revision for script in ScriptDirectory.from_config(_alembic()).walk_revisions()}
    if current in known:
        raise SchemaOutdated(f"{shown(url)}: its schema is of an older version; run: onrecord migrate", key=shown(url))
    raise SchemaTooNew(
        f"{shown(url)}: its schema ({current}) is newer than this program; upgrade onrecord to use it", key=shown(url)
    )


def _revision(connection: sa.Connection, url: str) -> str | None:
    """Return the schema's revision; None for an empty database. Raises StoreError for one that is not ours."""
    revisions = MigrationContext.configure(connection).get_current_heads()
    foreign = not revisions and set(sa.inspect(connection).get_table_names()) - {"alembic_version"}
    if foreign or len(revisions) > 1:
        raise StoreError(f"{shown(url)}: this database holds other things than an onrecord store", key=shown(url))
    return revisions[0] if revisions else None


def migrate(url: str) -> tuple[str | None, str]:
    """Bring a store's schema up to date and return the revisions before and after.

    Raises SchemaTooNew for a schema that this program does not know, StoreError for a database of another kind.
    """
    engine = connect(url)
    try:
        with translated(url), engine.connect().execution_options(writes=True) as connection, connection.begin():
            before = _revision(connection, url)
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
