"""Sends requests to GitHub's REST and GraphQL APIs, one at a time: the only module that opens an outgoing connection.

What an answer means for the next request is decided in `limits`, what its objects mean in `parse` and `graphql`; it
stores nothing.
"""

from __future__ import annotations

import json
import logging
import random
import re
import ssl
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any, cast
from urllib.parse import urljoin, urlsplit

import httpx

from archiver.errors import (
    BadResponse,
    Blocked,
    Forbidden,
    ForeignRedirect,
    GitHubError,
    Gone,
    NotFound,
    RateLimited,
    Refused,
    TokenNeeded,
    Unauthorized,
    Unreachable,
)
from archiver.github import bodies, limits
from archiver.github.graphql import QueryErrors, endpoint
from archiver.github.limits import Decision, Rate, Verdict

log = logging.getLogger(__name__)

ACCEPT = "application/vnd.github.full+json"
API_VERSION = "2022-11-28"
MAX_REDIRECTS = 5
_REDIRECTS = {301, 302, 307, 308}
_BY_STATUS: dict[int, type[GitHubError]] = {
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    410: Gone,
    451: Blocked,
}


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer: `data` is its JSON (None for 304), `url` is where it came from after redirects.

    `moved_to` is the target of a permanent redirect on the way, if there was one; `date` is the server's clock.
    """

    url: str
    data: Any
    etag: str | None
    next_url: str | None
    date: datetime
    not_modified: bool = False
    moved_to: str | None = None


@dataclass(frozen=True, slots=True)
class _Request:
    """What is sent: a GET, with an ETag if one is known, or the POST of a query."""

    url: str
    etag: str | None = None
    query: bytes | None = None

    @property
    def headers(self) -> dict[str, str]:
        """The headers that this request has besides those of all."""
        if self.query is not None:
            return {"Accept": "application/json", "Content-Type": "application/json"}
        return {"If-None-Match": self.etag} if self.etag else {}


class Stopped(Exception):
    """Somebody asked to stop while a request was waiting; progress up to the last committed page is kept."""


def _now() -> datetime:
    return datetime.now(UTC)


class GitHub:
    """A polite client: serial, conditional, within the limits, and only ever on the API's own host.

    `wait=False` raises RateLimited where waiting would be needed. `pause(seconds)` sleeps (the scheduler hands in one
    that a signal interrupts by raising Stopped). `contact` goes into the User-Agent, as GitHub asks. Of all `requests`,
    `counted` are those that use up the rate limit: all but a 304 to a request with a token. `rate` is what is left of
    the hourly limit, as of the last answer that counts against it.
    """

    def __init__(
        self,
        api_url: str,
        *,
        token: str | None = None,
        contact: str = "",
        version: str = "0",
        timeout: timedelta = timedelta(seconds=30),
        max_bytes: int = 64 * 2**20,
        wait: bool = True,
        transport: httpx.BaseTransport | None = None,
        pause: Callable[[float], None] | None = None,
        now: Callable[[], datetime] = _now,
        on_wait: Callable[[datetime, str], None] | None = None,
    ) -> None:
        self.api_url = api_url.rstrip("/")
        self.requests = 0
        self.counted = 0
        self.rate: Rate | None = None
        self._search_after: tuple[datetime, str] | None = None  # until then, why: searches have a limit of their own
        self.authenticated = token is not None
        self._max_bytes = max_bytes
        self._wait = wait
        self._pause = time.sleep if pause is None else pause
        self._now = now
        self._on_wait = on_wait
        agent = f"onrecord/{version}" + (f" (+{_header_text(contact)})" if contact else "")
        headers = {
            "Accept": ACCEPT,
            "X-GitHub-Api-Version": API_VERSION,
            "User-Agent": agent,
            "Accept-Encoding": "gzip",
        }
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        self._token = token
        self._http = connection(headers, timeout, transport)

    def __enter__(self) -> GitHub:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._http.close()

    def url(self, path: str, params: Mapping[str, str] | None = None) -> str:
        """Return the whole URL of an API path, with its query in the order given."""
        return str(httpx.URL(self.api_url + path, params=dict(params) if params else None))

    def get(self, url: str, etag: str | None = None) -> Answer:
        """Fetch one URL of the API; with `etag`, a 304 comes back as `not_modified`.

        Raises the GitHubError of what went wrong, after all retries; RateLimited if waiting is not wanted.
        """
        moved_to: str | None = None
        for _ in range(MAX_REDIRECTS + 1):
            try:
                self._check_host(url)
                status, headers, data = self._exchange(_Request(url, etag))
            except GitHubError as error:
                error.moved_to = moved_to
                raise
            if status not in _REDIRECTS:
                return Answer(
                    url=url,
                    data=data,
                    etag=headers.get("etag"),
                    next_url=_next(headers.get("link"), url),
                    not_modified=status == 304,
                    moved_to=moved_to,
                    date=limits.server_time(headers, self._now()),
                )
            location = headers.get("location", "")
            if not location:
                raise BadResponse(f"{url}: a redirect without a target", key=url, status=status)
            url = _join(url, location)
            if status in {301, 308}:
                moved_to = url
            etag = None
        raise BadResponse(f"{url}: more than {MAX_REDIRECTS} redirects", key=url)

    def search(self, query: str, params: Mapping[str, str]) -> Answer:
        """Search issues and pull requests, in time with the limit that GitHub has for searches.

        Never conditional: an ETag of results says nothing of those on other pages. Raises what `get` raises.
        """
        url = self.url("/search/issues", {"q": query, **params})
        if self._search_after is not None:
            until, reason = self._search_after
            pause = (until - self._now()).total_seconds()
            if pause > 0:
                self._hold(url, Decision(Verdict.PRIMARY_LIMIT, pause, until, reason))
            self._search_after = None
        return self.get(url)

    def query(self, text: str, variables: Mapping[str, Any], *, strict: bool = False) -> Mapping[str, Any]:
        """Ask GraphQL and return the answer's `data`, in which what was not found is null.

        `strict` takes no answer with an error other than "not found"; otherwise one that holds anything will do.
        Raises TokenNeeded without a token, and otherwise what `get` raises.
        """
        url = endpoint(self.api_url)
        if not self.authenticated:
            raise TokenNeeded(f"{url}: GitHub answers queries only with a token", key=url)
        self._check_host(url)
        body = json.dumps({"query": text, "variables": dict(variables)}).encode()
        status, _, answer = self._exchange(_Request(url, query=body))
        data = answer.get("data") if isinstance(answer, Mapping) else None
        errors = QueryErrors.of(answer)
        if not isinstance(data, Mapping) or not errors.harmless(data, strict=strict):
            said = self._without_token(errors.message)[:200] or "no answer to the query"
            raise BadResponse(f"{url}: {said}", key=url, status=status)
        return data

    # --- one request, with its retries ---

    def _exchange(self, request: _Request) -> tuple[int, Mapping[str, str], Any]:
        url = request.url
        attempt = secondary = 0
        while True:
            attempt += 1
            failure: GitHubError
            try:
                status, headers, body = self._send(request)
            except httpx.HTTPError as error:
                failure = Unreachable(f"{url}: {_reason(error)}", key=url)
                decision = limits.failed(attempt, _reason(error))
            else:
                seen = limits.rate(headers)
                if seen is not None and seen.resource == "core":  # GraphQL and searches have budgets of their own
                    self.rate = seen
                elif seen is not None and seen.resource == "search":
                    until = limits.resumes(seen, headers, self._now())
                    self._search_after = (until, limits.used_up(seen)) if until else None
                data, message, broken = bodies.read(status, headers, body)
                if status == 304 and request.etag is None and request.query is None:
                    broken = "HTTP 304 to a request that set no condition"
                errors = QueryErrors.of(data) if request.query is not None else None
                if broken:
                    failure = BadResponse(f"{url}: {broken}", key=url, status=status)
                    decision = limits.failed(attempt, broken)
                elif errors is not None and 200 <= status < 300:
                    failure = BadResponse(f"{url}: {self._without_token(errors.message)[:200]}", key=url, status=status)
                    decision = limits.decide_query(
                        headers, errors.kinds, errors.message, now=self._now(), attempt=attempt, secondary=secondary
                    )
                else:
                    failure = self._error(url, status, message)
                    decision = limits.decide(
                        status, headers, message, now=self._now(), attempt=attempt, secondary=secondary
                    )
                if decision.verdict in {Verdict.USE, Verdict.NOT_MODIFIED, Verdict.REDIRECT}:
                    return status, headers, data
            if decision.verdict is Verdict.FAIL:
                if decision.until is not None:
                    raise RateLimited(f"{url}: {decision.reason}", key=url, until=decision.until)
                raise failure
            if decision.verdict is Verdict.SECONDARY_LIMIT:
                secondary += 1
            if decision.verdict is not Verdict.RETRY:
                attempt -= 1  # being asked to wait is no failure
            self._hold(url, decision)

    def _hold(self, url: str, decision: Decision) -> None:
        until = decision.until
        if until is None and decision.pause > limits.LONGEST_PAUSE:  # asked for by Retry-After
            until = self._now() + timedelta(seconds=decision.pause)
        if until is not None and not self._wait:
            raise RateLimited(f"{decision.reason}; come back after {until:%Y-%m-%d %H:%M:%S} UTC", key=url, until=until)
        if decision.until is not None:
            log.warning("%s: waiting until %s UTC", decision.reason, f"{decision.until:%Y-%m-%d %H:%M:%S}")
            if self._on_wait:
                self._on_wait(decision.until, decision.reason)
        else:
            log.warning("%s: %s; trying again in about %.0f s", url, decision.reason, decision.pause)
        # Jitter, so that many archives that met the same fault do not come back as one.
        self._pause(limits.jittered(decision.pause, random.random()))  # noqa: S311

    def _send(self, request: _Request) -> tuple[int, Mapping[str, str], bytes | None]:
        """Send one request; the body is None if it was cut off or damaged on its way."""
        self.requests += 1
        url, method = request.url, "GET" if request.query is None else "POST"
        with (
            self._cleaned(),
            self._http.stream(method, url, headers=request.headers, content=request.query) as response,
        ):
            if response.status_code != 304 or not self.authenticated:
                self.counted += 1
            headers = {name.lower(): value for name, value in response.headers.items()}
            # The stream itself, not iter_bytes(): that one expands a small packed body to any size before it can be
            # measured.
            packed = cast(httpx.SyncByteStream, response.stream)
            chunks: list[bytes] = []
            size = 0
            try:
                for chunk in bodies.unpacked(packed, headers.get("content-encoding", "")):
                    size += len(chunk)
                    if size > self._max_bytes:
                        raise BadResponse(
                            f"{url}: the answer is larger than {self._max_bytes // 2**20} MiB"
                            " ([github] max_response_mb)",
                            key=url,
                            status=response.status_code,
                        )
                    chunks.append(chunk)
            except (httpx.RemoteProtocolError, zlib.error):
                return response.status_code, headers, None
            return response.status_code, headers, b"".join(chunks)

    @contextmanager
    def _cleaned(self) -> Iterator[None]:
        # httpx quotes an illegal header value in its error, and that value could be the token.
        try:
            yield
        except httpx.LocalProtocolError as error:
            text = str(error)
            if self._token is not None and self._token in text:
                text = "an illegal header value"
            raise httpx.RequestError(text) from None
        except httpx.InvalidURL as error:
            raise BadResponse(f"an address that cannot be asked for: {error}") from None

    def _error(self, url: str, status: int, message: str) -> GitHubError:
        kind = _BY_STATUS.get(status, Refused if status < 500 else BadResponse)
        said = f": {self._without_token(message)[:200]}" if message else ""
        hint = ""
        if status == 401:
            hint = " (the token is wrong, expired or revoked: check ONRECORD_GITHUB_TOKEN or GITHUB_TOKEN)"
        return kind(f"{url}: HTTP {status}{said}{hint}", key=url, status=status)

    def _without_token(self, message: str) -> str:
        # A proxy may quote the request that it refuses.
        return message if self._token is None else message.replace(self._token, "[token]")

    # --- hosts and links ---

    def _check_host(self, url: str) -> None:
        try:
            ours, theirs = urlsplit(self.api_url), urlsplit(url)
        except ValueError:
            raise BadResponse(f"{url}: an address that cannot be asked for", key=url) from None
        if (ours.scheme, ours.netloc.lower()) != (theirs.scheme, theirs.netloc.lower()):
            raise ForeignRedirect(f"{url}: leads away from {ours.scheme}://{ours.netloc}, and is not followed", key=url)


def _next(link: str | None, base: str) -> str | None:
    """Return the `rel="next"` target of a Link header."""
    if not link:
        return None
    target = httpx.Response(200, headers={"link": link}).links.get("next", {}).get("url")
    return _join(base, target) if target else None


def _join(base: str, target: str) -> str:
    try:
        return urljoin(base, target)
    except ValueError:
        return target  # no address at all, as will be said when it is asked for


def connection(headers: Mapping[str, str], timeout: timedelta, transport: httpx.BaseTransport | None) -> httpx.Client:
    """Return what all requests go out by: one at a time, no redirect followed unseen, nothing of the environment."""
    return httpx.Client(
        headers=dict(headers),
        timeout=httpx.Timeout(timeout.total_seconds(), connect=min(timeout.total_seconds(), 15.0)),
        limits=httpx.Limits(max_connections=1, max_keepalive_connections=1),
        transport=transport,
        verify=True if transport else _trusted(),
        follow_redirects=False,
        # A proxy or a .netrc of the environment would see the token, or replace it.
        trust_env=False,
    )


def _trusted() -> ssl.SSLContext:
    """Trust the certificates that httpx ships, and those of the system or of SSL_CERT_FILE."""
    context = httpx.create_ssl_context()
    context.load_default_certs()
    return context


def _reason(error: httpx.HTTPError) -> str:
    if isinstance(error, httpx.TimeoutException):
        return "no answer in time"
    if isinstance(error, httpx.ConnectError):
        return f"no connection ({error})" if str(error) else "no connection"
    if isinstance(error, httpx.RemoteProtocolError | httpx.ReadError):
        return "the connection broke off"
    return f"{type(error).__name__}: {error}"


def _header_text(text: str) -> str:
    return re.sub(r"[^\x20-\x7e]", "?", text)[:200]
