"""Words that all commands and pages share."""

from __future__ import annotations


def plural(count: int, noun: str, several: str | None = None) -> str:
    """Print a count with its noun: `1 post`, `1,204 posts`."""
    return f"{count:,} {noun if count == 1 else several or noun + 's'}"
