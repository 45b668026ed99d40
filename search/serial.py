"""Owns the JSON shapes of threads and of results, as docs/api.md describes them (`/api/v1`, `--json`).

It reads no store and asks no index: what it prints, it is given.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from archiver.consent import consent_roll
from archiver.model import (
    Account,
    Edit,
    Event,
    Finding,
    Post,
    PostKind,
    Revision,
    Thread,
    ThreadSummary,
    Tombstone,
    iso,
    post_anchor,
)
from archiver.outcome import facts
from archiver.references import HOST
from search.index import Hit, ResultPage
from search.outcomes import consent_json, facts_json

Json = dict[str, Any]


def thread_url(summary: ThreadSummary, base_url: str) -> str:
    """Return the permanent link of a thread in the archive at `base_url` (no slash at its end)."""
    return f"{base_url}/{HOST}/{summary.repository.ref}/{summary.kind.path}/{summary.number}"


def post_url(summary: ThreadSummary, kind: PostKind, number: int, base_url: str) -> str:
    """Return the permanent link of a post in its thread."""
    return thread_url(summary, base_url) + _anchor(kind, number, summary)


def thread_json(thread: Thread | ThreadSummary, base_url: str) -> Json:
    """Return a thread; a ThreadSummary without `posts` and `events`. Times are UTC ISO 8601 with `Z`."""
    summary = thread.summary if isinstance(thread, Thread) else thread
    value: Json = {
        "repository": str(summary.repository.ref),
        "number": summary.number,
        "kind": summary.kind.value,
        "title": summary.title,
        "state": summary.state,
        "state_reason": summary.state_reason,
        "locked": summary.locked,
        "lock_reason": summary.lock_reason,
        "draft": summary.draft,
        "category": summary.category,
        "labels": list(summary.labels),
        "milestone": summary.milestone,
        "assignees": list(summary.assignees),
        "author": _login(summary.author),
        "author_association": summary.author_association or None,  # GH Archive's early events do not tell it
        "created_at": iso(summary.created_at),
        "updated_at": iso(summary.updated_at),
        "closed_at": _iso(summary.closed_at),
        "closed_by": _login(summary.closed_by),
        "merged_at": _iso(summary.merged_at),
        "url": thread_url(summary, base_url),
        "upstream_url": summary.upstream_url,
        "snapshot": summary.snapshot,
        "first_captured_at": iso(summary.first_captured_at),
        "last_checked_at": iso(summary.last_checked_at),
        "gone": _gone(summary.gone),
        "gap": summary.gap,
        "relevance": {
            "terms": list(summary.relevance.terms),
            "spdx": list(summary.relevance.spdx),
            "topics": list(summary.relevance.topics),
            "relicensing": _relicensing(summary),
        },
    }
    if isinstance(thread, Thread):
        value["posts"] = [post_json(post, summary, base_url) for post in thread.posts]
        value["events"] = [_event(event) for event in thread.events]
        value["facts"] = facts_json(facts(thread), lambda kind, number: _place(kind, number, summary, base_url))
        value["consent"] = roll_json(thread, base_url)
    return value


def roll_json(thread: Thread, base_url: str) -> Json | None:
    """Return the consent roll of a thread; None where nobody is asked for consent."""
    roll = consent_roll(thread)
    if roll is None:
        return None
    url = thread_url(thread.summary, base_url)
    return consent_json(roll, thread, url, lambda kind, number: _place(kind, number, thread.summary, base_url))


def post_json(post: Post, summary: ThreadSummary, base_url: str) -> Json:
    """Return a post of a thread, with all its revisions; `body_html` is GitHub's, as it was captured."""
    anchor = _anchor(post.kind, post.id, summary)
    return {
        "id": post.id,
        "kind": post.kind.value,
        "url": thread_url(summary, base_url) + anchor,
        "upstream_url": summary.upstream_url + anchor,
        "author": _login(post.author),
        "author_association": post.author_association or None,
        "created_at": iso(post.created_at),
        "updated_at": iso(post.updated_at),
        "body": post.body,
        "body_html": post.revision.body_html,
        "gone": _gone(post.gone),
        "state": post.state,
        "reply_to": post.reply_to,
        "reactions": dict(post.reactions),
        "minimized": post.minimized,
        "context": _context(post),
        "revisions": [_revision(each) for each in post.revisions],
        "edits": [_edit(each) for each in post.edits],
    }


def history_json(thread: Thread, changes: Mapping[int, Sequence[str]], base_url: str) -> Json:
    """Return what is known to have happened to a thread; `changes` says in words what each capture changed."""
    summary = thread.summary
    url = thread_url(summary, base_url)
    return {
        "captures": [
            {
                "number": each.number,
                "at": iso(each.at),
                "snapshot": each.digest,
                "url": f"{url}@{each.digest}",
                "changes": list(changes.get(each.number, ())),
            }
            for each in thread.captures
        ],
        "findings": [_finding(each, summary, base_url) for each in thread.findings],
        "edits": [
            {"post": _place(post.kind, post.id, summary, base_url), **_edit(each)}
            for post in thread.posts
            for each in post.edits
        ],
    }


def _finding(finding: Finding, summary: ThreadSummary, base_url: str) -> Json:
    return {
        "number": finding.number,
        "at": iso(finding.at),
        "kind": finding.kind.value,
        "about": finding.about,
        "post": _place(*finding.post, summary, base_url) if finding.post else None,
        "detail": dict(finding.detail),
    }


def _place(kind: PostKind, number: int, summary: ThreadSummary, base_url: str) -> Json:
    return {"kind": kind.value, "id": number, "url": post_url(summary, kind, number, base_url)}


def results_json(
    query: str,
    answer: ResultPage,
    summaries: Mapping[str, ThreadSummary],
    *,
    base_url: str,
    notices: Sequence[str] = (),
) -> Json:
    """Return a page of results. `notices` come before the answer's own; hits not in `summaries` are left out."""
    return {
        "query": query,
        "total": answer.total,
        "partial_total": answer.partial_total,
        "page": answer.page,
        "per_page": answer.per_page,
        "notices": [*notices, *answer.notices],
        "did_you_mean": None if answer.did_you_mean is None else str(answer.did_you_mean),
        "results": [_hit(hit, summaries[hit.key], base_url) for hit in answer.hits if hit.key in summaries],
        "facets": {
            name: [{"value": each.value, "count": each.count} for each in counts]
            for name, counts in answer.facets.items()
        },
    }


def _hit(hit: Hit, summary: ThreadSummary, base_url: str) -> Json:
    best: Json | None = None
    if hit.best_post is not None:
        post = hit.best_post
        best = {
            "id": post.id,
            "url": post_url(summary, post.kind, post.id, base_url),
            "author": post.author,
            "snippet": {"text": post.snippet.text, "spans": [list(span) for span in post.snippet.spans]},
        }
    return {
        "thread": thread_json(summary, base_url),
        "score": round(hit.score, 6),
        "partial": hit.partial,
        "best_post": best,
    }


def _relicensing(summary: ThreadSummary) -> Json | None:
    asked = summary.relevance.relicensing
    return {"from": list(asked.before), "to": list(asked.after)} if asked else None


def _anchor(kind: PostKind, number: int, summary: ThreadSummary) -> str:
    return f"#{post_anchor(kind, number, summary.kind)}"


def _login(account: Account | None) -> str | None:
    return account.login if account else None


def _iso(moment: datetime | None) -> str | None:
    return iso(moment) if moment else None


def _gone(tombstone: Tombstone | None) -> Json | None:
    if tombstone is None:
        return None
    value: Json = {"status": tombstone.status, "since": iso(tombstone.since)}
    return value | ({"reason": tombstone.reason} if tombstone.reason else {})


def _context(post: Post) -> Json | None:
    """Return where a review comment stands; None for other posts."""
    if not post.context:
        return None
    line = post.context.get("line") or post.context.get("original_line")
    return {"path": post.context.get("path"), "line": line, "diff_hunk": post.context.get("diff_hunk")}


def _revision(revision: Revision) -> Json:
    value: Json = {
        "digest": revision.digest,
        "edited_at": _iso(revision.edited_at),
        "captured_at": iso(revision.captured_at),
        "source": revision.source,
        "body": revision.body,
    }
    return value | ({"archived_at": iso(revision.archived_at)} if revision.archived_at else {})


def _edit(edit: Edit) -> Json:
    return {
        "at": iso(edit.at),
        "editor": _login(edit.editor),
        "revision": edit.revision,
        "deleted_at": _iso(edit.deleted_at),
    }


def _event(event: Event) -> Json:
    return {"kind": event.kind, "at": iso(event.at), "actor": _login(event.actor), "detail": dict(event.detail)}
