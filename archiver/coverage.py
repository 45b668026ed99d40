"""Writes a repository's coverage as JSON: what is held, and what is known to be missing.

How it is counted is the store's; who shows it (`onrecord status`, the API) is not known here.
"""

from __future__ import annotations

from typing import Any

from archiver.model import iso
from archiver.store import Coverage


def coverage_json(coverage: Coverage) -> dict[str, Any]:
    """Return a repository's coverage as the API gives it."""
    return {
        "repository": str(coverage.repository.ref),
        "id": coverage.repository.id,
        "aliases": list(coverage.repository.aliases),
        "threads": coverage.threads,
        "posts": coverage.posts,
        "posts_upstream": coverage.posts_upstream,
        "first_complete_at": iso(coverage.first_complete_at) if coverage.first_complete_at else None,
        "last_complete_at": iso(coverage.last_complete_at) if coverage.last_complete_at else None,
        "unfinished": coverage.unfinished,
        "gaps": [{"number": number, "gap": gap} for number, gap in coverage.gaps],
        "failures": [
            {"target": f.target, "reason": f.reason, "at": iso(f.at), "times": f.times} for f in coverage.failures
        ],
    }
