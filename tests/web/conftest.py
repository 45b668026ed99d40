"""Owns the fixture that the tests of the site share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from archives import Archive


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    """Make an archive that holds one repository, Acme/Rocket, and no thread."""
    made = Archive(tmp_path)
    yield made
    made.index.close()
    made.store.close()
