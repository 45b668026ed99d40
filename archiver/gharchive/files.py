"""Finds GH Archive's hourly files in what was named, in the order of their hours.

It reads no file.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from archiver.errors import ConfigError

_NAME = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})-([0-9]{1,2})\.json\.gz")


@dataclass(frozen=True, slots=True, order=True)
class HourFile:
    """One hourly file: `hour` as its name says it (without a zone), `size` in bytes as it lies there."""

    hour: datetime
    path: Path
    size: int

    @property
    def name(self) -> str:
        """The file's name without its folder: what is remembered of it."""
        return self.path.name


@dataclass(frozen=True, slots=True)
class Found:
    """The hourly files that were found, and the others that were met on the way."""

    files: tuple[HourFile, ...]
    others: tuple[Path, ...]


def hour_of(name: str) -> datetime | None:
    """Read the hour of `2018-02-16-9.json.gz`; None for any other name."""
    found = _NAME.fullmatch(name)
    if found is None:
        return None
    try:
        return datetime(*map(int, found.groups()))  # type: ignore[arg-type]  # noqa: DTZ001  # the zone is its events'
    except ValueError:
        return None


def find(named: Sequence[Path]) -> Found:
    """Find all hourly files among what is named: files, and folders with all that is below them.

    The same hour in the same size is taken once. Raises ConfigError for a name that is neither a folder nor an hourly
    file.
    """
    files: dict[tuple[str, int], HourFile] = {}
    others: list[Path] = []
    for path in named:
        if not path.exists():
            raise ConfigError(f"{path}: there is no such file or folder", key=str(path))
        if not path.is_dir() and hour_of(path.name) is None:
            message = f"{path}: no hourly file of GH Archive; they are named as 2018-02-16-9.json.gz"
            raise ConfigError(message, key=str(path))
        for each in _below(path):
            hour = hour_of(each.name)
            if hour is None or not each.is_file():
                others.append(each)
                continue
            size = each.stat().st_size
            if (each.name, size) in files:
                others.append(each)
            else:
                files[each.name, size] = HourFile(hour, each, size)
    return Found(tuple(sorted(files.values())), tuple(sorted(others)))


def _below(path: Path) -> Iterable[Path]:
    if not path.is_dir():
        yield path
        return
    for folder, _, names in os.walk(path):
        for name in sorted(names):
            yield Path(folder) / name
