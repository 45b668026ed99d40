"""Owns `Recorder`, which writes down what happens at a `FakeRepository` as GH Archive does: events, hour by hour.

It asserts nothing.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from fakes import API, FakeGitHub, FakeRepository, stamp, user

# What GH Archive's events had of an object: what GitHub's API has of it today is more.
_ISSUE = ("id", "number", "title", "body", "user", "author_association", "state", "locked", "labels", "assignees",
          "milestone", "created_at", "updated_at", "closed_at", "comments", "pull_request", "node_id",
          "repository_url")  # fmt: skip
_COMMENT = ["id", "body", "user", "author_association", "created_at", "updated_at", "issue_url", "node_id"]


class Recorder:
    """Events of one repository, as of the moment when each is recorded."""

    def __init__(self, repository: FakeRepository) -> None:
        self.repository = repository
        self._github = FakeGitHub(repository)
        self.events: list[tuple[datetime, dict[str, Any]]] = []

    def record(self, kind: str, payload: dict[str, Any], actor: str = "somebody") -> dict[str, Any]:
        """Record an event of the Events API, as it is told since 2015."""
        clock = self.repository.clock
        event = {
            "id": str(10_000_000_000 + len(self.events)),
            "type": kind,
            "actor": user(actor),
            "repo": {
                "id": self.repository.id,
                "name": self.repository.full_name,
                "url": f"{API}/repos/{self.repository.full_name}",
            },
            "payload": payload,
            "public": True,
            "created_at": stamp(clock),
        }
        self.events.append((clock, event))
        return event

    def issue(self, number: int, action: str = "opened", actor: str = "asker", **payload: Any) -> dict[str, Any]:
        """Record that something was done to an issue."""
        return self.record("IssuesEvent", {"action": action, "issue": self.issue_object(number), **payload}, actor)

    def comment(self, comment_id: int, action: str = "created", **payload: Any) -> dict[str, Any]:
        """Record that a comment was written."""
        whole = self._github.comment_json(self.repository, comment_id)
        comment = {name: whole[name] for name in _COMMENT}
        issue = self.issue_object(self.repository.comments[comment_id]["number"])
        return self.record("IssueCommentEvent", {"action": action, "issue": issue, "comment": comment, **payload})

    def pull(self, number: int, action: str = "opened", **payload: Any) -> dict[str, Any]:
        """Record that something was done to a pull request."""
        pull = self.pull_object(number)
        return self.record("PullRequestEvent", {"action": action, "number": number, "pull_request": pull, **payload})

    def review_comment(self, comment_id: int, pull: dict[str, Any] | None = None) -> dict[str, Any]:
        """Record that a review comment was written."""
        comment = self._without_html(self._github.review_comment_json(self.repository, comment_id))
        pull = pull or self.pull_object(self.repository.review_comments[comment_id]["number"])
        payload = {"action": "created", "comment": comment, "pull_request": pull}
        return self.record("PullRequestReviewCommentEvent", payload)

    def review(self, review_id: int) -> dict[str, Any]:
        """Record that a review was submitted."""
        review = self._without_html(self._github.review_json(self.repository, review_id))
        pull = self.pull_object(self.repository.reviews[review_id]["number"])
        return self.record("PullRequestReviewEvent", {"action": "created", "review": review, "pull_request": pull})

    def issue_object(self, number: int) -> dict[str, Any]:
        """Return an issue as events had it."""
        whole = self._github.issue_json(self.repository, number, listed=True)
        return {name: whole[name] for name in _ISSUE if name in whole}

    def pull_object(self, number: int) -> dict[str, Any]:
        """Return a pull request's own object, which has a number of its own and not the issue's."""
        whole = self.issue_object(number)
        repo = {"id": self.repository.id, "name": self.repository.full_name.partition("/")[2]}
        repo |= {"owner": user(self.repository.full_name.partition("/")[0]), "license": {"key": "mit"}}
        links = whole.pop("pull_request", {})
        for name in ("repository_url", "comments"):
            whole.pop(name)
        side = {"ref": "master", "repo": repo}
        return {**whole, **links, "id": 9_000_000 + number, "head": side, "base": side, "merged_at": None}

    def _without_html(self, item: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in item.items() if name not in {"body_html", "body_text"}}

    def write(self, folder: Path) -> list[Path]:
        """Write all that was recorded into hourly files, and return them."""
        hours: dict[str, list[dict[str, Any]]] = {}
        for at, event in self.events:
            hours.setdefault(f"{at:%Y-%m-%d}-{at.hour}.json.gz", []).append(event)
        return [write(folder / name, events) for name, events in hours.items()]


def lines(events: Sequence[Any]) -> bytes:
    """Return events as lines, as they are written there: without spaces, without escapes for other languages."""
    return b"".join(json.dumps(e, separators=(",", ":"), ensure_ascii=False).encode() + b"\n" for e in events)


def write(path: Path, events: Sequence[Any]) -> Path:
    """Write an hourly file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(lines(events), mtime=0))
    return path
