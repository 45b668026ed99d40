"""Invented threads in any number, the same at every run, and GitHub's API over them without holding them in memory."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

API = "https://api.bench"
START = datetime(2015, 1, 1, tzinfo=UTC)
COMMENTS_EACH = 4

_COMMON = [
    "the",
    "a",
    "to",
    "of",
    "and",
    "in",
    "is",
    "for",
    "that",
    "it",
    "on",
    "with",
    "as",
    "this",
    "be",
    "not",
    "are",
    "we",
    "you",
    "can",
    "from",
    "have",
    "or",
    "if",
    "an",
    "at",
    "by",
    "would",
    "should",
    "will",
    "what",
    "when",
    "which",
    "there",
    "one",
    "all",
    "more",
    "their",
    "some",
    "how",
    "only",
    "into",
    "then",
    "than",
    "them",
    "could",
    "about",
    "other",
    "its",
    "use",
    "used",
    "using",
    "make",
    "code",
    "test",
    "build",
    "release",
    "version",
    "issue",
    "fix",
    "patch",
    "change",
    "branch",
    "merge",
    "user",
    "library",
    "function",
    "error",
    "build",
    "server",
    "client",
]
_RARE = [f"{a}{b}{c}" for a in ("zor", "mul", "ken", "tar", "vex", "pol") for b in ("ba", "ni", "tu", "lo", "ra")
         for c in ("dex", "mit", "rol", "gan", "pul", "set", "wick", "ford")]  # fmt: skip
_LICENSE = (
    "Would you consider a copyleft license such as the AGPL-3.0 for this project?",
    "The Apache License 2.0 has a patent grant that the MIT license lacks.",
    "We cannot relicense without the consent of every contributor.",
    "The GPL-2.0-only file in vendor/ is not compatible with our license.",
    "There is no LICENSE file, so nobody may copy this.",
)


def text(chance: random.Random, words: int, *, about_license: bool) -> str:
    """Return some sentences, with one about licensing if wanted."""
    picked = [chance.choice(_RARE) if chance.random() < 0.06 else chance.choice(_COMMON) for _ in range(words)]
    sentences = [" ".join(picked[at : at + 12]).capitalize() + "." for at in range(0, words, 12)]
    if about_license:
        sentences.insert(chance.randrange(len(sentences) + 1), chance.choice(_LICENSE))
    return "\n\n".join(" ".join(sentences[at : at + 3]) for at in range(0, len(sentences), 3))


def _stamp(minute: int) -> str:
    return (START + timedelta(minutes=minute)).strftime("%Y-%m-%dT%H:%M:%SZ")


def _user(number: int) -> dict[str, Any]:
    return {"login": f"person-{number % 500}", "id": 1000 + number % 500, "type": "User"}


def _texts(body: str) -> dict[str, str]:
    paragraphs = "".join(f'<p dir="auto">{each}</p>' for each in body.split("\n\n"))
    return {"body": body, "body_html": paragraphs, "body_text": body}


def issue(number: int, share: float) -> dict[str, Any]:
    """Return issue `number` (from 1) as a list response has it; `share` of them are about licensing."""
    chance = random.Random(number)
    about = chance.random() < share
    title = ("License: " if about else "") + " ".join(chance.choice(_RARE) for _ in range(3))
    return {
        "id": 10_000_000 + number,
        "number": number,
        "title": title,
        "user": _user(number),
        "author_association": "NONE",
        "state": "closed" if number % 2 else "open",
        "state_reason": "completed" if number % 2 else None,
        "locked": False,
        "labels": [{"name": "question"}] if number % 3 else [],
        "assignees": [],
        "milestone": None,
        "comments": COMMENTS_EACH,
        "created_at": _stamp(number * 10),
        "updated_at": _stamp(number * 10 + COMMENTS_EACH),
        "closed_at": _stamp(number * 10 + COMMENTS_EACH) if number % 2 else None,
        "repository_url": f"{API}/repos/bench/corpus",
        **_texts(text(chance, 60, about_license=about)),
    }


def comment(at: int, share: float) -> dict[str, Any]:
    """Return comment `at` (from 0): four of each issue, one after the other."""
    number, which = at // COMMENTS_EACH + 1, at % COMMENTS_EACH + 1
    chance = random.Random(-at - 1)
    about = random.Random(number).random() < share and chance.random() < 0.5
    return {
        "id": 20_000_000 + at,
        "issue_url": f"{API}/repos/bench/corpus/issues/{number}",
        "user": _user(at * 7),
        "author_association": "MEMBER" if at % 5 == 0 else "CONTRIBUTOR",
        "created_at": _stamp(number * 10 + which),
        "updated_at": _stamp(number * 10 + which),
        **_texts(text(chance, 70, about_license=about)),
    }


def timeline(number: int, share: float) -> list[dict[str, Any]]:
    """Return the timeline of issue `number`: a label, its comments, and who closed it."""
    about = issue(number, share)
    who = {"actor": _user(number)}
    first = (number - 1) * COMMENTS_EACH
    items = [
        {"id": number * 10, "event": "labeled", "label": {"name": "question"}, "created_at": about["created_at"], **who}
    ]
    for at in range(first, first + COMMENTS_EACH):
        one = comment(at, share)
        items.append({**one, "event": "commented", "actor": one["user"]})
    if about["closed_at"]:
        items.append({"id": number * 10 + 1, "event": "closed", "created_at": about["closed_at"], **who})
    return items


class CorpusTransport(httpx.BaseTransport):
    """GitHub's API over `threads` invented threads, each page made when it is asked for; ETags for timelines."""

    def __init__(self, threads: int, share: float) -> None:
        self.threads, self.share = threads, share
        self.bytes = 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer one request, or fail on an unexpected one."""
        path = request.url.path
        if path == "/repos/bench/corpus":
            return self._send({"id": 1, "full_name": "bench/corpus", "description": None, "created_at": _stamp(0)})
        if path == "/graphql":  # an API that has none, as that of another archive
            return httpx.Response(404, json={"message": "Not Found"})
        if path.endswith("/timeline"):
            etag = f'"{path}"'
            if request.headers.get("if-none-match") == etag:
                return httpx.Response(304, headers={"etag": etag})
            return self._send(timeline(int(path.split("/")[-2]), self.share), {"etag": etag})
        page = int(request.url.params.get("page", "1"))
        total = self.threads if path.endswith("/issues") else self.threads * COMMENTS_EACH
        first, last = (page - 1) * 100, min(page * 100, total)
        if path.endswith("/issues"):
            items = [issue(at + 1, self.share) for at in range(first, last)]
        elif path.endswith("/issues/comments"):
            items = [comment(at, self.share) for at in range(first, last)]
        else:
            raise AssertionError(f"unexpected request {request.url}")
        following = request.url.copy_set_param("page", str(page + 1))
        return self._send(items, {"link": f'<{following}>; rel="next"'} if last < total else {})

    def _send(self, value: Any, headers: dict[str, str] | None = None) -> httpx.Response:
        body = json.dumps(value).encode()
        self.bytes += len(body)
        return httpx.Response(200, headers=headers or {}, content=body)
