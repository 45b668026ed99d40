"""Writes a repository's coverage as JSON and in words: what is held, and what is known to be missing.

How it is counted is the store's; who shows it (`onrecord status`, the API) is not known here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from archiver.model import Tombstone, iso
from archiver.store import Coverage, Imports, WatchState
from archiver.wording import plural


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
        "gone": _gone(coverage.repository.gone),
        "gone_threads": coverage.gone_threads,
        "gone_posts": coverage.gone_posts,
        "withdrawn_threads": coverage.withdrawn,
        "not_asked": dict(coverage.not_asked),
        "last_sweep_at": iso(coverage.last_sweep_at) if coverage.last_sweep_at else None,
        "swept": dict(coverage.swept) if coverage.swept else None,
        "flag": dict(coverage.flag) if coverage.flag else None,
        "gaps": [{"number": number, "gap": gap} for number, gap in coverage.gaps],
        "failures": [
            {"target": f.target, "reason": f.reason, "at": iso(f.at), "times": f.times} for f in coverage.failures
        ],
    }


def _gone(tombstone: Tombstone | None) -> dict[str, Any] | None:
    return {"status": tombstone.status, "since": iso(tombstone.since)} if tombstone else None


def coverage_lines(coverage: Coverage) -> list[tuple[str, str]]:
    """Return a repository's coverage as `onrecord status` prints it: (word, sentence), all that is worth a line."""
    counted = f"{coverage.posts:,} of {coverage.posts_upstream:,} posts that GitHub counts"
    lines = [("held", f"{plural(coverage.threads, 'thread')}, {counted}")]
    done = iso(coverage.last_complete_at) if coverage.last_complete_at else "never"
    lines.append(("complete pass", f"{done}{', another is under way' if coverage.unfinished else ''}"))
    if coverage.first_complete_at and coverage.first_complete_at != coverage.last_complete_at:
        lines.append(("first pass", iso(coverage.first_complete_at)))
    if coverage.last_sweep_at:
        lines.append(("swept", f"{iso(coverage.last_sweep_at)}{swept_sentence(coverage.swept)}"))
    if coverage.repository.gone:
        gone = coverage.repository.gone
        lines.append(("gone", f"the repository answers {gone.status} since {iso(gone.since)}"))
    if coverage.gone_threads or coverage.gone_posts:
        lines.append(
            (
                "gone",
                f"{plural(coverage.gone_threads, 'thread')}, {plural(coverage.gone_posts, 'single post')} upstream",
            )
        )
    if coverage.withdrawn:
        lines.append(("withdrawn", plural(coverage.withdrawn, "thread")))
    if coverage.flag:
        flag = coverage.flag
        lines.append(
            (
                "flagged",
                f"{flag['suspects']:,} of {flag['posts']:,} posts seemed gone at once on {flag['at']}; "
                "nothing was marked, the next sweep decides",
            )
        )
    lines += [("not asked for", f"{what} ({why})") for what, why in coverage.not_asked.items()]
    lines += [("gap", f"#{number}: {gap}") for number, gap in coverage.gaps]
    for failure in coverage.failures:
        times = "" if failure.times == 1 else f" ({failure.times} times)"
        lines.append(("failed", f"{failure.target} {failure.reason}, {iso(failure.at)}{times}".strip()))
    return lines


def watch_json(key: str, state: WatchState, found: int, left: int) -> dict[str, Any]:
    """Return where a watch stands that is more than one repository, or searches: `key` is its key in the store."""
    result = state.result or {}
    return {
        "watch": key,
        "first_complete_at": iso(state.first_complete_at) if state.first_complete_at else None,
        "last_complete_at": iso(state.last_complete_at) if state.last_complete_at else None,
        "unfinished": state.unfinished,
        "found": found,
        "to_fetch": left,
        "counted": result.get("counted"),
        "search_requests": result.get("requests"),
        "slices": result.get("slices"),
        "repositories": [name for _, name in result["repositories"]] if "repositories" in result else None,
        "without_issues": result.get("skipped"),
        "gaps": result.get("gaps", []),
        "failures": [{"target": where, "reason": why} for where, why in result.get("failures", [])],
    }


def watch_lines(state: WatchState, found: int, left: int) -> list[tuple[str, str]]:
    """Return where such a watch stands as `onrecord status` prints it: (word, sentence)."""
    result, plan = state.result or {}, state.plan or {}
    lines: list[tuple[str, str]] = []
    repositories = result.get("repositories", plan.get("repositories"))
    if repositories is not None:
        without = len(result.get("skipped", plan.get("skipped", [])))
        more = f", {without:,} of them without issues" if without else ""
        lines.append(("repositories", f"{len(repositories):,}{more}"))
    else:
        lines.append(("found", plural(found, "thread") + (f", {left:,} to be fetched" if left else "")))
    done = iso(state.last_complete_at) if state.last_complete_at else "never"
    lines.append(("complete pass", f"{done}{', another is under way' if state.unfinished else ''}"))
    if "left" in plan:
        lines.append(("under way", f"{plural(len(plan['left']), 'repository', 'repositories')} left"))
    elif plan.get("windows"):
        lines.append(("under way", f"{plural(len(plan['windows']), 'span')} of time left to search"))
    if "requests" in result:
        searched = f"{plural(result['requests'], 'request')} in {plural(result['slices'], 'slice')}"
        lines.append(("searched", f"{searched}, {plural(result['counted'], 'result')} counted by GitHub"))
    lines += [("gap", gap) for gap in result.get("gaps", [])]
    lines += [("failed", f"{where} {why}") for where, why in result.get("failures", [])]
    return lines


def swept_sentence(swept: Mapping[str, Any] | None) -> str:
    """Say what a sweep found, to follow its date; nothing where that is not known."""
    if not swept:
        return ""
    found = [
        f"{swept[name]:,} {word}"
        for name, word in (("gone", "gone"), ("back", "back"), ("moved", "moved"))
        if swept.get(name)
    ]
    return f": {plural(swept['threads'], 'thread')}, {', '.join(found) or 'nothing is gone'}"


def imports_json(imports: Imports | None) -> dict[str, Any] | None:
    """Return which hours of GH Archive were imported; None if none was."""
    if imports is None:
        return None
    return {
        "hours": imports.hours,
        "first": imports.first or None,
        "last": imports.last or None,
        "gaps": [{"file": name, "gap": gap} for name, gap in imports.gaps],
        "unfinished": imports.unfinished,
        "waiting": imports.waiting,
    }


def imports_sentence(imports: Imports) -> str:
    """Say in one line which hours of GH Archive were imported."""
    text = f"GH Archive: {plural(imports.hours, 'hour')} imported"
    if imports.hours:
        text += f" ({imports.first} to {imports.last})"
    if imports.gaps:
        text += f", {plural(len(imports.gaps), 'hour')} with a gap"
    if imports.unfinished:
        text += f", {imports.unfinished:,} unfinished"
    if imports.waiting:
        text += f"; {plural(imports.waiting, 'text')} of threads that are not held yet"
    return text
