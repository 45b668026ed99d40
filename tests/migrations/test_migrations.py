"""Schema versions: what a new store gets, what an old, newer or foreign one is told; nothing moves silently."""

from __future__ import annotations

import hashlib
import sqlite3
import zlib
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from archiver.errors import SchemaOutdated, SchemaTooNew, StoreError
from archiver.model import Repository
from archiver.store import engine as engines
from archiver.store import migrate, open_store
from archiver.store.schema import metadata


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return where the store's file is."""
    return tmp_path / "archive.db"


@pytest.fixture
def url(path: Path) -> str:
    """Return the store's URL."""
    return f"sqlite:///{path}"


def sql(path: Path, *statements: str) -> list[tuple[object, ...]]:
    """Run statements on the file by a connection of its own; return what the last one found."""
    with closing(sqlite3.connect(path)) as connection, connection:
        return [connection.execute(each).fetchall() for each in statements][-1]


def fingerprint(path: Path) -> str:
    """Return a digest of all that the database holds."""
    with closing(sqlite3.connect(path)) as connection:
        return hashlib.sha256("\n".join(connection.iterdump()).encode()).hexdigest()


def fill(url: str) -> None:
    """Keep something in a store."""
    with open_store(url) as store, store.transaction() as tx:
        tx.save_repository(Repository(77, "acme", "rocket"))


@pytest.fixture
def next_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Give the program a further migration, which adds a table, and return its revision."""
    folder = tmp_path / "migrations"
    (folder / "versions").mkdir(parents=True)
    for source in [engines.MIGRATIONS / "env.py", *(engines.MIGRATIONS / "versions").glob("*.py")]:
        (folder / source.relative_to(engines.MIGRATIONS)).write_text(source.read_text())
    (folder / "versions" / "next.py").write_text(
        "import sqlalchemy as sa\nfrom alembic import op\n"
        f"revision = 'next'\ndown_revision = {engines.head()!r}\n"
        "def upgrade():\n    op.create_table('added', sa.Column('id', sa.Integer(), primary_key=True))\n"
    )
    monkeypatch.setattr(engines, "MIGRATIONS", folder)
    return "next"


def test_the_migrations_make_the_schema_that_the_program_works_with(url: str) -> None:
    """An empty database brought up to date has the tables, columns, keys and indexes of the metadata, and no others."""
    assert migrate(url) == (None, engines.head())
    engine = sa.create_engine(url)
    try:
        with engine.connect() as connection:
            context = MigrationContext.configure(connection, opts={"compare_type": True})
            assert compare_metadata(context, metadata) == []
            found = sa.inspect(connection)
            for table in metadata.sorted_tables:
                assert found.get_pk_constraint(table.name)["constrained_columns"] == [
                    column.name for column in table.primary_key
                ], table.name
    finally:
        engine.dispose()


def test_there_is_one_line_of_migrations() -> None:
    """The migrations have one head and one base, and none goes back."""
    script = ScriptDirectory.from_config(engines._alembic())
    assert script.get_heads() == [engines.head()]
    assert len(script.get_bases()) == 1
    for each in script.walk_revisions():
        with pytest.raises(NotImplementedError, match="only goes forward"):
            each.module.downgrade()


def test_a_store_that_does_not_exist_is_created(url: str, path: Path) -> None:
    """Opening makes the file, its folder and its schema at once."""
    deeper = path.parent / "a" / "b" / "archive.db"
    fill(f"sqlite:///{deeper}")
    assert sql(deeper, "SELECT version_num FROM alembic_version") == [(engines.head(),)]
    assert sql(deeper, "PRAGMA journal_mode") == [("wal",)]


def test_an_older_schema_is_told_how_to_migrate_and_not_touched(url: str, path: Path, next_version: str) -> None:
    """Opening a store of an older version names the command, and never migrates by itself."""
    with pytest.MonkeyPatch.context() as before:
        before.setattr(engines, "MIGRATIONS", Path(engines.__file__).parent / "migrations")
        fill(url)
    held = fingerprint(path)
    with pytest.raises(SchemaOutdated, match=r"its schema is of an older version; run: onrecord migrate"):
        open_store(url)
    assert fingerprint(path) == held


def test_migrate_brings_an_older_schema_up_to_date_and_keeps_what_is_held(
    url: str, path: Path, next_version: str
) -> None:
    """After `migrate` the store opens, has the new table and everything that it held before."""
    with pytest.MonkeyPatch.context() as before:
        before.setattr(engines, "MIGRATIONS", Path(engines.__file__).parent / "migrations")
        fill(url)
        old = engines.head()
    assert migrate(url) == (old, next_version)
    assert sql(path, "SELECT count(*) FROM added") == [(0,)]
    with open_store(url) as store:
        assert store.coverage(77).repository.name == "rocket"


def test_a_migration_that_fails_leaves_the_store_as_it_was(url: str, path: Path, next_version: str) -> None:
    """A migration is one transaction: half of it is never there."""
    with pytest.MonkeyPatch.context() as before:
        before.setattr(engines, "MIGRATIONS", Path(engines.__file__).parent / "migrations")
        fill(url)
    script = engines.MIGRATIONS / "versions" / "next.py"
    script.write_text(script.read_text() + "    op.create_table('repository', sa.Column('id', sa.Integer()))\n")
    held = fingerprint(path)
    with pytest.raises(StoreError, match="table repository already exists"):
        migrate(url)
    assert fingerprint(path) == held


@pytest.mark.parametrize("use", [open_store, migrate])
def test_a_newer_schema_is_refused_and_not_touched(url: str, path: Path, use: object) -> None:
    """A store of a newer program is neither opened nor migrated, and the message says what to upgrade."""
    fill(url)
    sql(path, "UPDATE alembic_version SET version_num = '9999'")
    held = fingerprint(path)
    assert callable(use)
    with pytest.raises(SchemaTooNew, match=r"its schema \(9999\) is newer than this program; upgrade onrecord"):
        use(url)
    assert fingerprint(path) == held


def test_migrate_of_an_up_to_date_store_changes_nothing(url: str, path: Path) -> None:
    """Where there is nothing to do, nothing is done."""
    fill(url)
    held = fingerprint(path)
    assert migrate(url) == (engines.head(), engines.head())
    assert fingerprint(path) == held


@pytest.mark.parametrize("use", [open_store, migrate])
@pytest.mark.parametrize(
    "statements",
    [
        ["CREATE TABLE recipes (id INTEGER)"],
        ["CREATE TABLE recipes (id INTEGER)", "CREATE TABLE alembic_version (version_num TEXT)"],
        ["CREATE TABLE alembic_version (version_num TEXT)", "INSERT INTO alembic_version VALUES ('a'), ('b')"],
    ],
)
def test_a_database_of_another_program_is_refused_and_not_touched(
    url: str, path: Path, statements: list[str], use: object
) -> None:
    """A database that holds other things is neither opened as a store nor given its tables."""
    sql(path, *statements)
    held = fingerprint(path)
    assert callable(use)
    with pytest.raises(StoreError, match="this database holds other things than an onrecord store"):
        use(url)
    assert fingerprint(path) == held


def test_an_empty_file_becomes_a_store(url: str, path: Path) -> None:
    """A file of no bytes, as `touch` makes it, is an empty database."""
    path.touch()
    with open_store(url, lambda: datetime(2024, 1, 1, tzinfo=UTC)) as store:
        assert store.last_change() == 0


def test_captures_from_before_the_chain_are_chained(url: str, path: Path) -> None:
    """A store of the first schema keeps its captures, and their log verifies after `migrate`."""
    engine = engines.connect(url)
    with engine.connect().execution_options(writes=True) as connection, connection.begin():
        command.upgrade(engines._alembic(connection), "0001")
    engine.dispose()
    record = zlib.compress(b'{"posts":[]}')
    digest = hashlib.sha256(b'{"posts":[]}').hexdigest()
    nothing = zlib.compress(b"{}")
    with closing(sqlite3.connect(path)) as database, database:
        at = "2026-01-01T00:00:00Z"
        database.execute("INSERT INTO repository VALUES (77, 'acme', 'rocket', NULL, NULL, ?, ?)", [at, at])
        thread = {
            "id": 1, "repository_id": 77, "number": 5, "kind": "issue", "fields": nothing, "raw": nothing,
            "comments_upstream": 0, "updated_at": at, "dirty": 0, "last_checked_at": at, "snapshot": digest,
            "post_count": 0, "created_at": at,
        }  # fmt: skip
        columns = ", ".join(thread)
        database.execute(f"INSERT INTO thread ({columns}) VALUES ({', '.join('?' * len(thread))})", [*thread.values()])
        database.execute("INSERT INTO repository_alias VALUES ('acme/rocket', 77, 'acme/rocket', ?, ?)", [at, at])
        database.execute("INSERT INTO change VALUES ('77/5', 1, 'put')")
        database.execute("INSERT INTO snapshot VALUES (?, 1, ?, ?)", [digest, record, nothing])
        for number in (1, 2):
            database.execute("INSERT INTO capture VALUES (?, 1, ?, ?)", [number, digest, at])
    with pytest.raises(SchemaOutdated, match="onrecord migrate"):
        open_store(url)
    assert migrate(url)[0] == "0001"
    with open_store(url) as store:
        assert [str(each) for each in store.verification().differences()] == []
        assert store.verification().checkpoint().size == 2
