"""Owns the fixtures that several test folders use."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

sys.path.insert(0, str(Path(__file__).parent))

from archives import Archive
from fakes import FakeGitHub, FakeRepository

from archiver.store import Store, open_store

# How long an example takes says more of the machine than of the program.
settings.register_profile("onrecord", deadline=None)
settings.load_profile("onrecord")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Open an empty store in a real SQLite file."""
    with open_store(f"sqlite:///{tmp_path / 'archive.db'}") as opened:
        yield opened


@pytest.fixture
def repository() -> FakeRepository:
    """Make a repository without threads."""
    return FakeRepository()


@pytest.fixture
def upstream(repository: FakeRepository) -> FakeGitHub:
    """GitHub with that one repository."""
    return FakeGitHub(repository)


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    """Make an archive that holds one repository, Acme/Rocket, and no thread."""
    made = Archive(tmp_path)
    yield made
    made.index.close()
    made.store.close()
