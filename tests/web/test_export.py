"""Export and import: a new archive answers as the old one did; what is withdrawn stays behind, as do broken files."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import stat
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from archives import Archive, edit, event, post
from click.testing import CliRunner, Result

from archiver.errors import StoreError
from archiver.exporting import BadExport, Exported, export, import_from
from archiver.license import Vocabulary
from archiver.model import Repository
from archiver.references import RepositoryRef
from archiver.store import Store, open_store
from search.index import open_index
from search.sync import sync
from web.app import create_app
from web.cli import main

SECRET = "zebrasecret"
NOTE = "asked for by letter"
HELD = "/github.com/Acme/Rocket"


@pytest.fixture
def full(archive: Archive) -> Archive:
    """Fill an archive with all that a permanent link may lead to."""
    archive.digests = [  # type: ignore[attr-defined]
        archive.save(12, comments=(post(1, "First."), post(2, f"The number is {SECRET}."))),
        archive.save(12, comments=(post(1, "Second.", edited=archive.now), post(2, f"The number is {SECRET}."))),
    ]
    archive.tell(1, edit(1, "Zeroth."), edit(9, "First."))
    archive.happen(event("closed"), event("labeled", label="license"))
    archive.save(13, "Another one", comments=(post(3, "Stays."), post(4, "Goes.", "bob")))
    archive.lose(4, number=13)
    archive.digests.append(  # type: ignore[attr-defined]
        archive.save(14, f"Call {SECRET}", f"My number: {SECRET}", comments=(post(5, "An answer.", "bob"),))
    )
    archive.save(15, "All of it goes", f"Here too: {SECRET}", comments=(post(6, SECRET),))
    with archive.store.transaction() as tx:
        tx.save_repository(Repository(88, "Acme", "Legal", "Papers.", archive.repository.created_at))
        tx.move_thread(77, 13, 88, 5)
    archive.save_repository(asked_as=RepositoryRef("old", "rocket"), name="Rocket2")
    archive.save_repository(name="Rocket")
    return archive


def withdraw(archive: Archive) -> None:
    """Withdraw a comment, an opening post with its title, and a thread as a whole."""
    archive.withdraw("issuecomment-2", number=12)
    archive.withdraw("issue-9014", number=14, reason="legal")
    archive.withdraw(number=15, reason="secret")
    with archive.store.transaction() as tx:
        tx._connection.exec_driver_sql("UPDATE withdrawal SET note = ?", (NOTE,))
        tx.opt_out(4711)


def addresses(archive: Archive) -> list[str]:
    """Return permanent links of every kind."""
    first, second, other = archive.digests  # type: ignore[attr-defined]
    mine = f"{HELD}/issues/12"
    return [
        *(f"{HELD}/issues/{number}{form}" for number in (12, 14, 15) for form in ("", ".json", "/history", ".md")),
        f"{mine}@{first[:32]}",
        f"{mine}@{second}",
        f"{HELD}/issues/14@{other}",
        f"{mine}@20260301T130000Z",
        f"{mine}/compare?from={first[:32]}&to={second[:32]}",
        f"{mine}/cite",
        f"{mine}.bib",
        f"{HELD}/issues/13",
        "/github.com/old/rocket/issues/12",
        "/github.com/acme/rocket2/issues/12",
        "/github.com/acme/legal/issues/5",
        "/github.com/acme/legal/issues/5/history",
        HELD,
        "/api/v1/threads/github.com/acme/rocket/12",
        "/api/v1/threads/github.com/acme/rocket/12/history",
        "/lookup?url=https://github.com/acme/rocket/issues/12%23issuecomment-1",
        "/search?q=copyleft",
    ]


def answers(archive: Archive, store: Store, index: Any) -> dict[str, tuple[int, str | None, bytes]]:
    """Return what a site over a store answers at each of the addresses: status, where it leads, body."""
    sync(store, index)
    client = create_app(store=store, index=index, site=archive.site, clock=archive.clock).test_client()
    found = {address: client.get(address) for address in addresses(archive)}
    return {address: (each.status_code, each.location, each.data) for address, each in found.items()}


@pytest.fixture
def copy(tmp_path: Path) -> Iterator[Callable[[Path], tuple[Store, Any]]]:
    """Return what imports a file into a new archive, with an index of its own."""
    opened: list[Any] = []

    def make(path: Path) -> tuple[Store, Any]:
        url = f"sqlite:///{tmp_path / 'new' / 'archive.db'}"
        assert import_from(path, url, lambda: open_store(url)).new
        opened.extend([open_store(url), open_index(f"whoosh:{tmp_path / 'new' / 'index'}")])
        return opened[0], opened[1]

    yield make
    for each in opened:
        each.close()


def written(archive: Archive, path: Path, *, complete: bool = False) -> Exported:
    """Export an archive."""
    return export(archive.store, path, Vocabulary(), complete=complete, now=archive.clock)


def contents(path: Path) -> bytes:
    """Return an export's database, and its log beside it if there were one."""
    with zipfile.ZipFile(path) as file:
        assert file.namelist() == ["archive.db", "manifest.json"]
        return file.read("archive.db")


def test_every_permanent_link_answers_as_before(full: Archive, tmp_path: Path, copy: Any) -> None:
    """Pages, versions, redirects, tombstones, citations and APIs of a new archive are, byte for byte, the old one's."""
    withdraw(full)
    done = written(full, tmp_path / "all.zip", complete=True)
    before = answers(full, full.store, full.index)
    assert {each[0] for each in before.values()} >= {200, 301, 302, 410}
    store, index = copy(tmp_path / "all.zip")
    assert answers(full, store, index) == before
    assert list(store.verification().differences()) == []
    assert str(store.verification().checkpoint()) == str(full.store.verification().checkpoint())
    assert done.manifest.checkpoint == str(store.verification().checkpoint())
    with store.transaction() as tx:
        assert tx.opted_out(post(1, "", "kim").author) is False
        assert len(tx.opt_out_list()[1]) == 1
    assert [each.note for each in store.withdrawals()].count(NOTE) == 3


def test_what_is_withdrawn_is_not_handed_on(full: Archive, tmp_path: Path, copy: Any) -> None:
    """No withdrawn text or title, no note about it and no opt-out list is in an export's bytes, its tombstones are."""
    withdraw(full)
    before = answers(full, full.store, full.index)
    done = written(full, tmp_path / "some.zip")
    assert done.erased == 4
    data = contents(tmp_path / "some.zip")
    assert SECRET.encode() not in data
    assert NOTE.encode() not in data
    store, index = copy(tmp_path / "some.zip")
    assert list(store.verification().differences()) == []
    with closing(sqlite3.connect(tmp_path / "new" / "archive.db")) as raw:
        texts = [row for (row,) in raw.execute("SELECT body FROM revision")]
        assert [each for each in texts if SECRET in each] == []
        assert raw.execute("SELECT count(*) FROM opt_out").fetchone() == (0,)
    after = answers(full, store, index)
    # Of a thread whose title was withdrawn, the versions go on without it: what others wrote stays at its links.
    other = f"{HELD}/issues/14@{full.digests[2]}"  # type: ignore[attr-defined]
    for found in (before[other], after[other]):
        assert (found[0], b"An answer." in found[2], b"for legal reasons" in found[2]) == (200, True, True)
        assert SECRET.encode() not in found[2]
    assert {name: each[:2] for name, each in after.items()} == {name: each[:2] for name, each in before.items()}
    fixed = [name for name in before if "12@" in name or "/cite" in name or "compare" in name]
    assert len(fixed) == 5
    assert [after[name] for name in fixed] == [before[name] for name in fixed]


def test_the_dates_and_reasons_of_tombstones_survive(full: Archive, tmp_path: Path, copy: Any) -> None:
    """A tombstone goes on saying when and why something was withdrawn, not when it was exported."""
    withdraw(full)
    wanted = [(each.at, each.reason, each.scope, each.target) for each in full.store.withdrawals()]
    full.now = full.now.replace(year=2027)
    written(full, tmp_path / "some.zip")
    store, _ = copy(tmp_path / "some.zip")
    assert [(each.at, each.reason, each.scope, each.target) for each in store.withdrawals()] == wanted


def test_exporting_changes_nothing(full: Archive, tmp_path: Path) -> None:
    """The archive that was exported is as before, what is withheld in it included; the file is its owner's alone."""
    withdraw(full)

    def dump() -> list[str]:
        with closing(sqlite3.connect(tmp_path / "archive.db")) as raw:
            return list(raw.iterdump())

    before = dump()
    written(full, tmp_path / "some.zip")
    assert dump() == before
    assert stat.S_IMODE((tmp_path / "some.zip").stat().st_mode) == 0o600
    assert [each.name for each in tmp_path.iterdir() if each.name.startswith(".")] == []


def test_a_file_that_is_there_is_left_as_it_is(full: Archive, tmp_path: Path) -> None:
    """An export takes the place of nothing."""
    path = tmp_path / "there.zip"
    path.write_text("mine")
    with pytest.raises(Exception, match="exists already"):
        written(full, path)
    assert path.read_text() == "mine"


def test_importing_twice_changes_nothing(full: Archive, tmp_path: Path, copy: Any) -> None:
    """The same file again is no error and no change; another file, or a store with something in it, is refused."""
    path = tmp_path / "all.zip"
    written(full, path)
    store, _ = copy(path)
    before = store.last_change()
    url = store.url
    again = import_from(path, url, lambda: open_store(url))
    assert not again.new
    assert store.last_change() == before
    full.save(16, "New")
    written(full, tmp_path / "later.zip")
    with pytest.raises(StoreError, match="holds an archive already"):
        import_from(tmp_path / "later.zip", url, lambda: open_store(url))
    assert store.last_change() == before
    assert list(store.verification().differences()) == []


def repacked(path: Path, target: Path, *, database: bytes | None = None, **changes: Any) -> Path:
    """Write an export anew with something changed."""
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(target, "w") as new:
        new.writestr("archive.db", old.read("archive.db") if database is None else database)
        new.writestr("manifest.json", json.dumps({**json.loads(old.read("manifest.json")), **changes}))
    return target


def broken(path: Path, folder: Path) -> Iterator[tuple[str, Path]]:
    """Yield files that are not as they were written."""
    data = path.read_bytes()
    for share in (0, 10, len(data) // 2, len(data) - 1):
        cut = folder / f"cut-{share}.zip"
        cut.write_bytes(data[:share])
        yield f"cut after {share}", cut
    flipped = bytearray(data)
    flipped[len(data) // 2] ^= 1
    (folder / "flipped.zip").write_bytes(flipped)
    yield "one bit changed", folder / "flipped.zip"
    inside = contents(path)
    yield "another database", repacked(path, folder / "a.zip", database=inside.replace(b"Second.", b"2econd."))
    yield "shorter", repacked(path, folder / "b.zip", size=len(inside) - 1)
    yield "another checkpoint", repacked(path, folder / "c.zip", checkpoint="1:" + "0" * 64)
    yield "another form", repacked(path, folder / "d.zip", format="onrecord.export.v2")
    yield "a value of another type", repacked(path, folder / "e.zip", size="7")
    (folder / "text.zip").write_text("no ZIP at all")
    yield "a text", folder / "text.zip"
    yield "missing", folder / "missing.zip"


def test_a_broken_file_is_one_clear_error_and_changes_nothing(full: Archive, tmp_path: Path) -> None:
    """A file that is cut off or changed anywhere is refused by name, and the store stays empty."""
    path = tmp_path / "all.zip"
    written(full, path)
    (tmp_path / "empty").mkdir()
    url = f"sqlite:///{tmp_path / 'empty' / 'archive.db'}"
    for what, each in broken(path, tmp_path):
        with pytest.raises(BadExport, match=each.name):
            import_from(each, url, lambda: open_store(url))
        if (tmp_path / "empty" / "archive.db").exists():
            with open_store(url) as store:
                assert store.is_empty(), what
    assert [each.name for each in (tmp_path / "empty").iterdir() if each.name.startswith(".onrecord")] == []


def test_a_changed_text_is_found_though_the_manifest_fits(full: Archive, tmp_path: Path) -> None:
    """Whoever changes a text and the manifest with it is found out by the text's own digest."""
    path = tmp_path / "all.zip"
    written(full, path)
    changed = contents(path).replace(b"Second.", b"2econd.")
    assert changed != contents(path)
    told = {"sha256": hashlib.sha256(changed).hexdigest(), "size": len(changed)}
    other = repacked(path, tmp_path / "other.zip", database=changed, **told)
    url = f"sqlite:///{tmp_path / 'new.db'}"
    with pytest.raises(BadExport, match="does not agree with itself: revision"):
        import_from(other, url, lambda: open_store(url))
    with open_store(url) as store:
        assert store.is_empty()


def test_an_import_may_stand_beside_a_site(full: Archive, tmp_path: Path) -> None:
    """A site that is open over the empty store shows the new content at once."""
    written(full, tmp_path / "all.zip")
    url = f"sqlite:///{tmp_path / 'new.db'}"
    with open_store(url) as shown, closing(open_index(f"whoosh:{tmp_path / 'new-index'}")) as index:
        client = create_app(store=shown, index=index, site=full.site, clock=full.clock).test_client()
        assert client.get(f"{HELD}/issues/12").status_code == 404
        import_from(tmp_path / "all.zip", url, lambda: open_store(url))
        assert client.get(f"{HELD}/issues/12").status_code == 200


# --- the commands -----------------------------------------------------------------------------------------------------


def run(folder: Path, *arguments: str) -> Result:
    """Run the program with a configuration in a folder."""
    folder.mkdir(exist_ok=True)
    (folder / "config.toml").write_text("")
    return CliRunner().invoke(main, ["--config", str(folder / "config.toml"), *arguments])


def test_the_commands_move_an_archive(full: Archive, tmp_path: Path) -> None:
    """`export`, `import`, `sync` and `verify` carry an archive over, and print the same checkpoint."""
    archive_url = full.store.url
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "config.toml").write_text(f'[store]\nurl = "{archive_url}"\n')
    done = CliRunner().invoke(
        main, ["--config", str(tmp_path / "old" / "config.toml"), "export", str(tmp_path / "all.zip")]
    )
    assert done.exit_code == 0, done.output
    checkpoint = done.output.splitlines()[1]
    assert checkpoint.startswith("checkpoint ")
    done = run(tmp_path / "new", "import", str(tmp_path / "all.zip"))
    assert done.exit_code == 0, done.output
    assert checkpoint in done.output.splitlines()
    assert run(tmp_path / "new", "sync").exit_code == 0
    done = run(tmp_path / "new", "verify")
    assert done.exit_code == 0, done.output
    assert checkpoint in done.output.splitlines()
    done = run(tmp_path / "new", "import", str(tmp_path / "all.zip"))
    assert (done.exit_code, "nothing is changed" in done.output) == (0, True)
    (tmp_path / "half.zip").write_bytes((tmp_path / "all.zip").read_bytes()[:-9])
    done = run(tmp_path / "new", "import", str(tmp_path / "half.zip"))
    assert (done.exit_code, len(done.output.splitlines())) == (1, 1)
