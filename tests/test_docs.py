"""Holds the documentation to the code: commands, settings, addresses, dependencies, links, the script of the format."""

from __future__ import annotations

import dataclasses
import importlib
import importlib.metadata
import json
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import pytest
from fakes import FakeGitHub, FakeRepository
from packaging.specifiers import SpecifierSet

from archiver import __version__
from archiver.config import read_config
from archiver.crawl import Crawler
from archiver.github.client import GitHub
from archiver.license import Vocabulary
from archiver.references import RepositoryRef
from archiver.store import Store

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def crawl(store: Store, upstream: FakeGitHub) -> None:
    with GitHub("https://api.test", transport=upstream) as github:
        assert Crawler(store, github, Vocabulary()).crawl(RepositoryRef("acme", "rocket"), "all").captured == 1


def sections(text: str) -> dict[str, str]:
    """Return what stands under each second-level heading, by the heading without its backticks."""
    parts = re.split(r"^## +(.+)$", text, flags=re.MULTILINE)
    return {heading.replace("`", "").strip(): body for heading, body in zip(parts[1::2], parts[2::2], strict=True)}


# --- commands ---------------------------------------------------------------------------------------------------------


def program() -> click.Group:
    main = importlib.import_module("web.cli").main
    assert isinstance(main, click.Group)
    return main


def options(command: click.Command) -> list[str]:
    return [name for each in command.params if isinstance(each, click.Option) for name in each.opts]


def test_every_command_and_option_is_documented() -> None:
    """Each command has a section in docs/command-line.md, and each of its options stands there."""
    found = sections(text_of("docs/command-line.md"))
    before = found["Options before the command"]
    assert [each for each in options(program()) if f"`{each}" not in before] == []
    for name, command in program().commands.items():
        section = found.get(f"onrecord {name}")
        assert section is not None, f"{name} has no section"
        assert [each for each in options(command) if f"`{each}" not in section] == [], name


def test_no_command_is_documented_that_does_not_exist() -> None:
    """Each section of docs/command-line.md about a command is about one that there is."""
    documented = {each.split()[1] for each in sections(text_of("docs/command-line.md")) if each.startswith("onrecord ")}
    assert documented == set(program().commands)


def command_lines() -> Iterator[tuple[str, str]]:
    """Yield (page, arguments) for each call of the program in an indented block."""
    before = r"(?:\$ |sudo -u \w+ |ExecStart=)?(?:/opt/onrecord/bin/|\.venv/bin/)?"
    for page in PAGES:
        for arguments in re.findall(rf"^ {{4}}{before}onrecord (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE):
            yield page.name, arguments


@pytest.mark.parametrize(("page", "line"), sorted(set(command_lines())))
def test_printed_command_lines_are_understood(page: str, line: str) -> None:
    """Every command line in the documentation names a command that exists, with options that it has."""
    words = shlex.split(line, comments=True)
    if {"[--config", "[PATH]", "[TARGET]...", "COMMAND"} & set(words):
        return  # a synopsis
    while words and words[0].startswith("-"):
        words = words[2:] if words[0] == "--config" else words[1:]
    name, *arguments = words
    assert name in program().commands, f"{page}: onrecord {line}"
    program().commands[name].make_context(name, arguments, resilient_parsing=False)


# --- configuration ----------------------------------------------------------------------------------------------------


def tables() -> dict[str, Any]:
    found: dict[str, Any] = importlib.import_module("web.cli").TABLES
    return found


def settings_in_example() -> dict[str, set[str]]:
    """Return the names of the settings in config.example.toml by table, those that are commented out too."""
    found: dict[str, set[str]] = {}
    current = ""
    for line in text_of("config.example.toml").splitlines():
        if table := re.match(r"(?:# )?\[+(\w+)\]+\s*\Z", line):
            current = table[1]
        elif setting := re.match(r"(?:# )?(\w+) = ", line):
            found.setdefault(current, set()).add(setting[1])
    return found


def test_every_setting_is_documented() -> None:
    """Each setting of each table has a row in docs/configuration.md, and there are no rows besides."""
    found = sections(text_of("docs/configuration.md"))
    for name, shape in tables().items():
        section = found.get(f"[{name}]") or found.get(f"[[{name}]]")
        assert section is not None, f"[{name}] has no section"
        documented = set(re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE))
        assert documented == {each.name for each in dataclasses.fields(shape)}, name


def test_every_setting_stands_in_the_example() -> None:
    """Each setting of each table stands in config.example.toml, and nothing else does."""
    wanted = {name: {each.name for each in dataclasses.fields(shape)} for name, shape in tables().items()}
    assert settings_in_example() == wanted


def test_the_example_binds_to_the_defaults() -> None:
    """config.example.toml is read without an error, and what is set in it is what holds without it."""
    file = read_config(ROOT / "config.example.toml")
    importlib.import_module("web.cli").bind(file)
    assert "watch" not in file.tables
    for name, shape in tables().items():
        if name != "watch":
            assert file.bind(name, shape) == shape(), name


def test_defaults_are_documented() -> None:
    """The default in each row of docs/configuration.md is the one of the code."""
    found = sections(text_of("docs/configuration.md"))
    unit = {"s": 1, "m": 60, "h": 3600, "d": 86400}
    for name, shape in tables().items():
        section = found.get(f"[{name}]") or found[f"[[{name}]]"]
        for each in dataclasses.fields(shape):
            row = re.search(rf"^\| `{each.name}` \| [^|]+ \| ([^|]+) \|", section, re.MULTILINE)
            assert row is not None, each.name
            shown = row[1].strip().strip("`")
            value: Any = None if shown == "none" else tomllib.loads(f"value = {shown}")["value"]
            default = tuple(each.default) if isinstance(each.default, tuple) else each.default
            if hasattr(default, "total_seconds"):
                value = int(value[:-1]) * unit[value[-1]]
                default = default.total_seconds()
            assert (tuple(value) if isinstance(value, list) else value) == default, f"{name}.{each.name}"


def test_every_environment_variable_is_documented() -> None:
    """The variables that are read stand in docs/configuration.md."""
    read = {
        *importlib.import_module("archiver.config").TOKEN_VARIABLES,
        importlib.import_module("web.cli").CONFIG_VARIABLE,
        importlib.import_module("web.config").OPERATOR_VARIABLE,
    }
    assert [each for each in read if f"`{each}`" not in sections(text_of("docs/configuration.md"))["Environment"]] == []


# --- addresses --------------------------------------------------------------------------------------------------------


def test_every_address_is_documented(store: Store, tmp_path: Path) -> None:
    """Every URL rule of the site stands in docs/urls.md."""
    app = importlib.import_module("web.app")
    index = importlib.import_module("search.index").open_index(f"whoosh:{tmp_path / 'index'}")
    site = importlib.import_module("web.config").SiteConfig()
    app_rules = app.create_app(store=store, index=index, site=site).url_map.iter_rules()
    # `<int:number>` stands as `{number}` in the documentation.
    rules = [re.sub(r"<(?:[a-z]+:)?(\w+)>", r"{\1}", each.rule) for each in app_rules]
    text = text_of("docs/urls.md")
    assert [each for each in rules if f"`{each}`" not in text and f"`{each}?" not in text] == []


# --- the language and the shapes --------------------------------------------------------------------------------------


def test_the_query_language_is_documented() -> None:
    """Each qualifier, each value that is known beforehand and each order stands in docs/query-language.md."""
    qualifiers = importlib.import_module("search.qualifiers")
    text = text_of("docs/query-language.md")
    assert [each for each in qualifiers.VALUES if f"`{each}:" not in text] == []
    assert [each for each in qualifiers.VALUES["is"] if f"`is:{each}`" not in text] == []
    for name in ("reason", "association", "topic", "no", "sort", "in"):
        missing = [v for v in qualifiers.VALUES[name] if f"`{v}`" not in text and f"`{name}:{v}`" not in text]
        assert [each for each in missing if f"{name}:" not in text or each not in text] == []
    assert [each for each in qualifiers.NOT_INDEXED if f"`{each}:`" not in text] == []


def test_every_example_of_the_query_language_works() -> None:
    """What docs/query-language.md shows in its tables is understood as it stands; only an age says how it was read."""
    query = importlib.import_module("search.query")
    works, _, useless = text_of("docs/query-language.md").partition("## What cannot be used")
    cells = [line.split(" | ")[0] for line in works.splitlines() if line.startswith("| `")]
    examples = [each for cell in cells for each in re.findall(r"`([^`]+)`", cell)]
    examples += re.findall(r"`(-?[a-z]+:[^`]+)`", works)
    assert len(examples) > 100
    now = datetime(2026, 3, 31, tzinfo=UTC)
    for example in examples:
        # A place is asked for words beside it.
        notices = query.parse(f"copyleft {example}" if example.startswith("in:") else example, now=now).notices
        assert [each for each in notices if "is read as an age" not in each] == [], example
    for example in re.findall(r"`((?:is|no|sort):[^`]+)`", useless):
        assert "not indexed" in query.parse(example).notices[0], example


def keys(value: Any) -> set[str]:
    """Return all names in a JSON value."""
    if isinstance(value, dict):
        return set(value).union(*(keys(each) for each in value.values()))
    return set().union(*(keys(each) for each in value)) if isinstance(value, list) else set()


def test_every_field_of_the_api_is_documented(
    tmp_path: Path, store: Store, repository: FakeRepository, upstream: FakeGitHub
) -> None:
    """Each field of a thread, of results and of a repository's coverage stands in docs/api.md."""
    number = repository.issue("Which license?", "Consider the GPL-3.0 license, a copyleft license, please.")
    crawl(store, upstream)
    index = importlib.import_module("search.index").open_index(f"whoosh:{tmp_path / 'index'}")
    importlib.import_module("search.sync").sync(store, index)
    site = importlib.import_module("web.config").SiteConfig()
    client = importlib.import_module("web.app").create_app(store=store, index=index, site=site).test_client()
    text = text_of("docs/api.md")
    for address in (
        f"/api/v1/threads/github.com/acme/rocket/{number}",
        f"/api/v1/threads/github.com/acme/rocket/{number}/history",
        "/api/v1/search?q=copyleft",
        "/api/v1/repositories",
        "/api/v1/threads/github.com/acme/rocket/999",
    ):
        found = keys(client.get(address).get_json())
        assert found, address
        assert [each for each in sorted(found) if f'"{each}"' not in text] == [], address
    index.close()


# --- the format -------------------------------------------------------------------------------------------------------

HOSTILE = 'Q\u2028"\\/\x00\x1f\x7f\r\n\té😀\ud800 <b>&amp;</b> \uffff'


def script(folder: Path) -> Path:
    """Write the script of docs/format.md into a folder."""
    blocks = re.findall(r"^```python\n(.*?)^```$", text_of("docs/format.md"), re.MULTILINE | re.DOTALL)
    assert len(blocks) == 1
    path = folder / "recompute.py"
    path.write_text(blocks[0], encoding="utf-8")
    return path


def test_the_script_of_the_format_is_small_and_free_of_us(tmp_path: Path) -> None:
    """The script has at most 30 lines, and imports from the standard library only."""
    text = script(tmp_path).read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 30
    assert set(re.findall(r"^(?:import|from) (\w+)", text, re.MULTILINE)) <= sys.stdlib_module_names


def test_the_script_of_the_format_recomputes_digests(
    tmp_path: Path, store: Store, repository: FakeRepository, upstream: FakeGitHub
) -> None:
    """From a stored record and a thread as the API gives it, the script gets our digests; a changed text fails."""
    number = repository.issue(
        "License " + HOSTILE, "Consider the GPL-3.0 license? " + HOSTILE, labels=[{"name": "é"}, {"name": "Z"}]
    )
    repository.comment(number, None, login=None)
    repository.comment(number, HOSTILE)
    crawl(store, upstream)
    thread = store.thread(repository.id, number)
    assert thread is not None
    record = store.snapshot_record(thread.summary.snapshot)
    assert record is not None
    # Other spacing and order: the script has to make it canonical itself.
    shuffled = dict(reversed(json.loads(record).items()))
    (tmp_path / "record.json").write_text(json.dumps(shuffled, indent=3), encoding="utf-8")
    shown = importlib.import_module("search.serial").thread_json(thread, base_url="http://archive.test")
    (tmp_path / "thread.json").write_text(json.dumps(shown), encoding="utf-8")

    def run() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-I", str(script(tmp_path)), "record.json", "thread.json"],
            cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip

    done = run()
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == f"snapshot {thread.summary.snapshot}"
    assert lines[1:] == [f"{post.kind} {post.id} {post.revision.digest} fits" for post in thread.posts]
    shown["posts"][2]["revisions"][0]["body"] += "."
    (tmp_path / "thread.json").write_text(json.dumps(shown), encoding="utf-8")
    done = run()
    assert done.returncode == 1
    assert [each.endswith("DOES NOT FIT") for each in done.stdout.splitlines()[1:]] == [False, False, True]


def test_every_hashed_field_is_described() -> None:
    """Each field of a revision, a snapshot and a log entry stands in docs/format.md, under its record."""
    digests = importlib.import_module("archiver.digests")
    found = sections(text_of("docs/format.md"))
    kind = importlib.import_module("archiver.model").PostKind.COMMENT
    revision = digests.revision_record(kind=kind, post_id=1, author=None, created_at="", body="")
    snapshot = digests.snapshot_record(repository_id=1, fields=dict.fromkeys(digests.THREAD_FIELDS), posts=[])
    told = {"repository_id": 1, "thread": 1, "snapshot": "", "captured_at": "", "previous": None}
    entry = digests.entry_record(number=1, **told)
    for heading, record in (
        ("A revision: one text of one post", revision),
        ("A snapshot: one state of one thread", snapshot),
        ("An entry of the log of captures", entry),
    ):
        names = {
            name
            for row in re.findall(r"^\| (`.+?) \|", found[heading], re.MULTILINE)
            for name in re.findall(r"`(\w+)`", row)
        }
        assert names == set(record), heading
        assert f'`"{record["type"]}"`' in found[heading]


# --- pages, links, dependencies ---------------------------------------------------------------------------------------


def anchors(text: str) -> set[str]:
    """Return the anchors that GitHub makes of a page's headings."""
    text = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^#+ +(.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", each.lower()).strip().replace(" ", "-") for each in headings}


@pytest.mark.parametrize("page", PAGES, ids=[str(each.relative_to(ROOT)) for each in PAGES])
def test_relative_links_lead_somewhere(page: Path) -> None:
    """Every relative link of a page leads to a file, and to a heading in it where it names one."""
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^()\s]+)\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, fragment = target.partition("#")
        file = (page.parent / path) if path else page
        assert file.exists(), f"{page.name}: {target}"
        if fragment:
            assert fragment in anchors(file.read_text(encoding="utf-8")), f"{page.name}: {target}"


def test_every_page_stands_in_the_index() -> None:
    """docs/README.md leads to every page under docs/."""
    index = text_of("docs/README.md")
    pages = [str(each.relative_to(DOCS)) for each in PAGES if each.is_relative_to(DOCS) and each != DOCS / "README.md"]
    assert [each for each in pages if f"({each})" not in index] == []


def test_every_dependency_has_its_reason() -> None:
    """Each dependency of pyproject.toml stands in docs/decisions/0002-dependencies.md, and nothing else does."""
    project = tomllib.loads(text_of("pyproject.toml"))
    extras = project["project"]["optional-dependencies"].values()
    wanted = [
        *project["project"]["dependencies"],
        *(each for extra in extras for each in extra),
        *project["build-system"]["requires"],
    ]
    names = {re.split(r"[^\w.-]", each, maxsplit=1)[0] for each in wanted}
    text = text_of("docs/decisions/0002-dependencies.md")
    assert [each for each in sorted(names) if f"`{each}`" not in text] == []
    assert set(re.findall(r"^- `([^`]+)`", text, re.MULTILINE)) <= names


def test_the_changelog_has_the_version() -> None:
    """CHANGELOG.md has a section for the present version."""
    assert any(each.split()[0] == __version__ for each in sections(text_of("CHANGELOG.md")))


def test_every_pinned_version_runs_on_the_oldest_python() -> None:
    """Each version in constraints.txt accepts the oldest Python that pyproject.toml promises, in its first release."""
    checked = 0
    for line in text_of("constraints.txt").splitlines():
        if line.startswith("#"):
            continue
        try:
            wanted = importlib.metadata.metadata(line.partition("==")[0]).get("Requires-Python") or ""
        except importlib.metadata.PackageNotFoundError:
            continue  # tools for linting need not be installed to run the tests
        assert SpecifierSet(wanted).contains("3.11.0"), f"{line} wants Python {wanted}"
        checked += 1
    assert checked > 30
