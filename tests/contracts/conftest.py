"""Owns the engines on which the contract is tested."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from search.index import Index, open_index

ENGINES = ("whoosh",)


@pytest.fixture(params=ENGINES)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the URL of an index that does not exist yet."""
    return f"{request.param}:{tmp_path / 'index'}"


@pytest.fixture
def index(url: str) -> Iterator[Index]:
    """Open an index that does not exist yet."""
    opened = open_index(url)
    yield opened
    opened.close()
