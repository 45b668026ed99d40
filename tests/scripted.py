"""Owns a script of answers that stands in for GitHub's API, and a client over it. It asserts nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import httpx
from fakes import API, error

from archiver.github.client import GitHub

NOW = datetime(2024, 5, 1, 12, 0, tzinfo=UTC)
TOKEN = "ghp_thisIsTheSecret0123456789"

Reply = httpx.Response | Exception | Callable[[httpx.Request], httpx.Response]


class Script(httpx.BaseTransport):
    """Answers requests in the order of a script; a request beyond its end is an AssertionError."""

    def __init__(self, *replies: Reply) -> None:
        self.replies = list(replies)
        self.requests: list[httpx.Request] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer with the next reply."""
        assert self.replies, f"unexpected request {request.url}"
        self.requests.append(request)
        reply = self.replies.pop(0)
        if isinstance(reply, Exception):
            raise reply
        return reply(request) if callable(reply) else reply


class Pauses(list[float]):
    """Notes the pauses asked for instead of sleeping."""

    def __call__(self, seconds: float) -> None:
        """Note a pause."""
        self.append(seconds)


@contextmanager
def github(script: httpx.BaseTransport, **options: Any) -> Iterator[GitHub]:
    """Open a client over a script, at a clock that stands still."""
    settings: dict[str, Any] = {"token": TOKEN, "pause": Pauses(), "now": lambda: NOW, **options}
    with GitHub(API, transport=script, **settings) as client:
        yield client


def ok(value: object = None, **headers: str) -> httpx.Response:
    """Return a good answer."""
    return httpx.Response(200, json=[] if value is None else value, headers=headers)


def exhausted(reset: datetime, **more: str) -> httpx.Response:
    """Return GitHub's answer when the primary limit is used up."""
    headers = {
        "x-ratelimit-limit": "60",
        "x-ratelimit-remaining": "0",
        "x-ratelimit-reset": str(int(reset.timestamp())),
        **more,
    }
    return error(403, "API rate limit exceeded for 1.2.3.4.", headers)
