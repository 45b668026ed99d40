"""Faults of every kind in one request of five, seeds 1 to 20: what is held in the end is what a quiet crawl holds."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import httpx
import pytest

from archiver.crawl import Crawler
from archiver.github.client import GitHub
from archiver.license import Vocabulary
from archiver.references import RepositoryRef
from archiver.store import Store, open_store
from tests.fakes import API, FakeGitHub, FakeRepository, error

TARGET = RepositoryRef("acme", "rocket")
SHARE = 0.2


class BrokenStream(httpx.SyncByteStream):
    """A body that breaks off, or never comes."""

    def __init__(self, body: bytes, problem: Exception) -> None:
        self._body, self._problem = body, problem

    def __iter__(self) -> Iterator[bytes]:
        yield self._body
        raise self._problem


class Trouble:
    """Disturbs one request of five, each time in a way that chance chooses."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.met: set[str] = set()

    def __call__(self, request: httpx.Request) -> httpx.Response | None:
        """Answer in place of the API, raise, or return None."""
        if self.chance.random() >= SHARE:
            return None
        kinds = [name.removeprefix("_") for name in vars(Trouble) if name.startswith("_") and name[1] != "_"]
        kind = self.chance.choice(sorted(kinds))
        self.met.add(kind)
        answer: httpx.Response | None = getattr(self, f"_{kind}")(request)
        return answer

    def _primary_limit(self, _request: httpx.Request) -> httpx.Response:
        reset = int(datetime.now(UTC).timestamp()) + 60
        headers = {"x-ratelimit-limit": "5000", "x-ratelimit-remaining": "0", "x-ratelimit-reset": str(reset)}
        return error(403, "API rate limit exceeded", headers)

    def _secondary_limit(self, _request: httpx.Request) -> httpx.Response:
        return error(403, "You have exceeded a secondary rate limit", {"retry-after": "1"})

    def _too_many(self, _request: httpx.Request) -> httpx.Response:
        return error(429, "Slow down")

    def _bad_gateway(self, _request: httpx.Request) -> httpx.Response:
        return httpx.Response(502, headers={"content-type": "text/html"}, text="<h1>Unicorn!</h1>")

    def _unavailable(self, _request: httpx.Request) -> httpx.Response:
        return error(503, "Service Unavailable", {"retry-after": "2"})

    def _reset(self, request: httpx.Request) -> httpx.Response:
        raise httpx.ReadError("connection reset by peer", request=request)

    def _no_connection(self, request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("no route to host", request=request)

    def _slow_body(self, request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, stream=BrokenStream(b'[{"id"', httpx.ReadTimeout("slow", request=request)))

    def _cut_off(self, _request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, stream=BrokenStream(b'[{"id": 1', httpx.RemoteProtocolError("body too short")))

    def _half_json(self, _request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, headers={"content-type": "application/json"}, content=b'[{"id": 1, "title": "Lic')

    def _no_json(self, _request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, headers={"content-type": "text/html"}, text="<title>Sign in</title>")

    def _lying_cache(self, request: httpx.Request) -> httpx.Response | None:
        # "As you know it", to one who said nothing of knowing it. (A lie to one who did cannot be told from the truth.)
        return None if "if-none-match" in request.headers else httpx.Response(304, headers={"etag": '"lie"'})

    def _skewed_limit(self, _request: httpx.Request) -> httpx.Response:
        # The server's clock is three days ahead of ours; its reset is right by its own clock.
        ahead = datetime.now(UTC) + timedelta(days=3)
        headers = {
            "x-ratelimit-limit": "5000",
            "x-ratelimit-remaining": "0",
            "x-ratelimit-reset": str(int(ahead.timestamp()) + 30),
            "date": format_datetime(ahead, usegmt=True),
        }
        return error(403, "API rate limit exceeded", headers)


def _repository() -> FakeRepository:
    repository = FakeRepository()
    for number in range(1, 61):
        about = "license" if number % 2 else "engine"
        repository.issue(f"The {about} of part {number}", f"What about the {about}?")
        for each in range(number % 4):
            text = "Relicense under the GPL?" if number % 10 == 2 else f"Answer {each} on the {about}."
            repository.comment(number, text, login=f"user{each}")
    for number in (7, 21):
        repository.issues[number]["pull_request"] = {"merged_at": None}
        review = repository.review(number, "The license header is wrong.", "CHANGES_REQUESTED")
        line = repository.review_comment(number, "Here.", review=review)
        repository.review_comment(number, "Done.", login="asker", in_reply_to_id=line)
    repository.close(3)
    repository.lock(5, "resolved")
    repository.rename(9, "The license of part nine")
    return repository


def _crawl(store: Store, github: FakeGitHub) -> None:
    with GitHub(API, token="t", transport=github, pause=lambda _: None) as client:
        Crawler(store, client, Vocabulary()).crawl(TARGET)


def _later(repository: FakeRepository) -> None:
    repository.edit_comment(next(iter(repository.comments)), "I take it all back, the license is fine.")
    repository.comment(11, "One more thing about the license.")
    repository.close(13, "user1", "completed")


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, str]]:
    """Return the latest snapshots after each of two undisturbed crawls."""
    repository = _repository()
    github = FakeGitHub(repository, per_page_limit=10)
    found = []
    with open_store(f"sqlite:///{tmp_path_factory.mktemp('quiet') / 'archive.db'}") as store:
        _crawl(store, github)
        found.append(store.latest_snapshots())
        _later(repository)
        _crawl(store, github)
        found.append(store.latest_snapshots())
    return found


@pytest.mark.parametrize("seed", range(1, 21))
def test_digests_are_those_of_an_undisturbed_crawl(seed: int, quiet: list[dict[str, str]], tmp_path: Path) -> None:
    """A first crawl and a second one, both disturbed, end with the same snapshots; the store verifies."""
    repository = _repository()
    github = FakeGitHub(repository, per_page_limit=10)
    github.interfere = trouble = Trouble(seed)
    with open_store(f"sqlite:///{tmp_path / 'archive.db'}") as store:
        _crawl(store, github)
        assert store.latest_snapshots() == quiet[0]
        _later(repository)
        _crawl(store, github)
        assert store.latest_snapshots() == quiet[1]
        assert list(store.verification().differences()) == []
        assert store.coverage(repository.id).failures == ()
    assert len(trouble.met) > 5
