"""The HTTP client: what it sends, how it follows, waits and gives up, and that the token stays with it."""

from __future__ import annotations

import gzip
import logging
import socket
import threading
import traceback
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from fakes import API, error
from hypothesis import given
from hypothesis import strategies as st
from scripted import NOW, TOKEN, Pauses, Reply, Script, exhausted, github, ok

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
    Unauthorized,
    Unreachable,
)
from archiver.github.client import ACCEPT, API_VERSION, GitHub, Stopped
from archiver.github.limits import MAX_ATTEMPTS, MAX_SECONDARY

URL = f"{API}/repos/acme/rocket/issues"


# --- what is sent -----------------------------------------------------------------------------------------------------


def test_headers_of_a_request() -> None:
    """Every request says the API's version, the media type, who asks and whom to write to, and carries the token."""
    script = Script(ok())
    with github(script, contact="mailto:ops@example.org", version="1.2") as client:
        client.get(URL)
    sent = script.requests[0].headers
    assert sent["x-github-api-version"] == API_VERSION == "2022-11-28"
    assert sent["accept"] == ACCEPT == "application/vnd.github.full+json"
    assert sent["user-agent"] == "onrecord/1.2 (+mailto:ops@example.org)"
    assert sent["authorization"] == f"Bearer {TOKEN}"
    assert "if-none-match" not in sent


def test_without_a_token_there_is_no_authorization() -> None:
    """Without a token nothing is sent in its place, and the client says that it is not authenticated."""
    script = Script(ok())
    with github(script, token=None) as client:
        client.get(URL)
        assert not client.authenticated
    assert "authorization" not in script.requests[0].headers
    assert script.requests[0].headers["user-agent"] == "onrecord/0"


def test_contact_cannot_break_the_header() -> None:
    """A contact with line breaks or other scripts is made harmless, and cut."""
    script = Script(ok())
    with github(script, contact="Jürgen\r\nX-Evil: 1" + "x" * 500) as client:
        client.get(URL)
    sent = script.requests[0].headers
    assert "x-evil" not in sent
    assert sent["user-agent"].startswith("onrecord/0 (+J?rgen??X-Evil: 1x")
    assert len(sent["user-agent"]) < 250


def test_url_keeps_the_order_of_its_query() -> None:
    """Addresses are made from the configured API, with the query as given."""
    with github(Script()) as client:
        assert client.url("/a/b") == f"{API}/a/b"
        assert client.url("/a", {"sort": "updated", "since": "2020-01-01T00:00:00Z"}) == (
            f"{API}/a?sort=updated&since=2020-01-01T00%3A00%3A00Z"
        )


def test_api_below_a_path_keeps_its_path() -> None:
    """An API at `/api/v3` of a host is asked below that path."""
    script = Script(ok())
    with GitHub(f"{API}/api/v3/", transport=script) as client:
        client.get(client.url("/repos/a/b"))
    assert str(script.requests[0].url) == f"{API}/api/v3/repos/a/b"


def test_proxies_and_netrc_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    """A proxy of the environment would see the token, and a .netrc would replace it: neither is read."""
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login evil password evil\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    with loopback(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]") as (url, seen), GitHub(url) as client:
        assert client.get(f"{url}/x").data == []
    assert b"authorization" not in seen[0].lower()
    assert seen[0].startswith(b"GET /x HTTP/1.1\r\n")


# --- answers ----------------------------------------------------------------------------------------------------------


def test_answer_and_next_page() -> None:
    """The next page is where the Link header leads, never a page number counted by us."""
    link = f'<{API}/repositories/7/issues?page=2>; rel="next", <{API}/repositories/7/issues?page=9>; rel="last"'
    script = Script(ok([1], link=link, etag='"abc"'), ok([2], link=f'<{API}/x>; rel="prev"'))
    with github(script) as client:
        first = client.get(URL)
        assert (first.data, first.etag, first.not_modified, first.moved_to) == ([1], '"abc"', False, None)
        assert first.next_url == f"{API}/repositories/7/issues?page=2"
        second = client.get(first.next_url)
        assert (second.data, second.next_url) == ([2], None)
        assert client.requests == 2


def test_relative_link_is_joined() -> None:
    """A Link that is relative counts from the page it stands on."""
    with github(Script(ok(link='</next?page=2>; rel="next"'))) as client:
        assert client.get(URL).next_url == f"{API}/next?page=2"


def test_not_modified() -> None:
    """With an ETag the request is conditional, and a 304 comes back without data."""
    script = Script(httpx.Response(304, headers={"etag": '"abc"'}))
    with github(script) as client:
        answer = client.get(URL, '"abc"')
    assert script.requests[0].headers["if-none-match"] == '"abc"'
    assert (answer.not_modified, answer.data, answer.etag) == (True, None, '"abc"')


def test_packed_not_modified_and_no_content() -> None:
    """A 304 or 204 that claims to be packed has no body all the same."""
    script = Script(
        httpx.Response(304, headers={"content-encoding": "gzip"}),
        httpx.Response(204, headers={"content-encoding": "gzip"}),
    )
    with github(script) as client:
        assert client.get(URL, '"a"').not_modified
        assert client.get(URL).data is None


def test_rate_is_that_of_the_last_answer_that_told_it() -> None:
    """The count of what is left is kept, also from answers that are errors."""
    headers = {"x-ratelimit-limit": "5000", "x-ratelimit-remaining": "41", "x-ratelimit-reset": "1714564800"}
    with github(Script(ok(**headers), error(404, "Not Found"))) as client:
        client.get(URL)
        with pytest.raises(NotFound):
            client.get(URL)
        assert client.rate is not None
        assert client.rate.remaining == 41


# --- redirects --------------------------------------------------------------------------------------------------------


def moved(location: str, status: int = 301) -> httpx.Response:
    """Return a redirect."""
    return httpx.Response(status, headers={"location": location}, json={"message": "Moved Permanently"})


@pytest.mark.parametrize("status", [301, 308])
def test_permanent_redirect_is_followed_and_told(status: int) -> None:
    """A permanent redirect on the API's host is followed without the ETag of the old address, and its target told."""
    script = Script(moved("/repositories/7/issues", status), ok([1]))
    with github(script) as client:
        answer = client.get(URL, '"old"')
    assert (answer.url, answer.moved_to, answer.data) == (f"{API}/repositories/7/issues",) * 2 + ([1],)
    assert "if-none-match" not in script.requests[1].headers


@pytest.mark.parametrize("status", [302, 307])
def test_temporary_redirect_is_followed_and_not_told(status: int) -> None:
    """A temporary redirect leads to the answer, but is no move."""
    with github(Script(moved("/elsewhere", status), ok([1]))) as client:
        answer = client.get(URL)
    assert (answer.url, answer.moved_to) == (f"{API}/elsewhere", None)


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.test/x",
        "//evil.test/x",
        "http://api.test/x",
        "https://api.test:8443/x",
        "https://api.test@evil.test/x",
        "https://me@api.test/x",
        "https://api.test.evil.test/x",
        "ftp://api.test/x",
    ],
)
def test_foreign_redirect_is_refused_and_nothing_sent_there(target: str) -> None:
    """A redirect to another host, scheme or port ends the request; nobody there hears of it."""
    script = Script(moved(target))
    with github(script) as client, pytest.raises(ForeignRedirect, match="leads away from"):
        client.get(URL)
    assert [request.url.host for request in script.requests] == ["api.test"]


def test_foreign_link_is_refused() -> None:
    """A next page on another host is not asked for either."""
    script = Script(ok(link='<https://evil.test/x>; rel="next"'))
    with github(script) as client:
        following = client.get(URL).next_url
        assert following is not None
        with pytest.raises(ForeignRedirect):
            client.get(following)
    assert len(script.requests) == 1


def test_redirect_in_a_circle_ends() -> None:
    """Redirects without end are a BadResponse after a few."""
    script = Script(*[moved("/again", 302) for _ in range(6)])
    with github(script) as client, pytest.raises(BadResponse, match="more than 5 redirects"):
        client.get(URL)


def test_redirect_without_a_target() -> None:
    """A redirect that leads nowhere is a BadResponse."""
    with github(Script(httpx.Response(301))) as client, pytest.raises(BadResponse, match="without a target"):
        client.get(URL)


@pytest.mark.parametrize("address", ["https://[oops", "//[oops", "https://api.test:port/x", "https://api.test/\x7f"])
def test_an_address_that_is_none_is_a_bad_response(address: str) -> None:
    """A Link or Location that is no address is an error of ours, not of a library."""
    with github(Script(*[moved(address) for _ in range(MAX_ATTEMPTS)])) as client, pytest.raises(GitHubError):
        client.get(URL)
    with github(Script(ok(link=f'<{address}>; rel="next"'))) as client:
        following = client.get(URL).next_url
        assert following is not None
        with pytest.raises(GitHubError):
            client.get(following)


@given(st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E)))
def test_any_link_or_location_is_followed_or_a_github_error(text: str) -> None:
    """Whatever a server writes into these headers, no other error than ours comes out."""
    with github(Script(ok(link=f'<{text}>; rel="next"'))) as client:
        answer = client.get(URL)
        assert answer.next_url is None or isinstance(answer.next_url, str)
    with github(Script(moved(text), *[ok([7])])) as client, suppress(GitHubError):
        assert client.get(URL).data == [7]


# --- errors -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (401, Unauthorized),
        (403, Forbidden),
        (404, NotFound),
        (410, Gone),
        (451, Blocked),
        (422, Refused),
        (400, Refused),
        (303, Refused),
    ],
)
def test_each_status_has_its_own_error(status: int, kind: type[GitHubError]) -> None:
    """A refusal is told at once by its own error, with the URL as key, the status and GitHub's own words."""
    script = Script(error(status, "The  words\nof \x1b[31mGitHub"))
    with github(script) as client, pytest.raises(kind, match=f"HTTP {status}: The words of \\[31mGitHub") as caught:
        client.get(URL)
    assert type(caught.value) is kind
    assert (caught.value.status, caught.value.key) == (status, URL)


def test_a_wrong_token_says_where_to_look() -> None:
    """401 names the two variables that the token may come from."""
    wrong = pytest.raises(Unauthorized, match="check ONRECORD_GITHUB_TOKEN or GITHUB_TOKEN")
    with github(Script(error(401, "Bad credentials"))) as client, wrong:
        client.get(URL)


def test_error_without_json_is_still_its_error() -> None:
    """An error page in HTML does not hide the status, nor does one that is cut off."""
    page = httpx.Response(404, html="<h1>gone</h1>")
    torn = httpx.Response(404, headers={"content-encoding": "gzip"}, stream=httpx.ByteStream(gzip.compress(b"{}")[:-9]))
    with github(Script(page, torn)) as client:
        for _ in range(2):
            with pytest.raises(NotFound):
                client.get(URL)


# --- limits -----------------------------------------------------------------------------------------------------------


def test_primary_limit_is_waited_out() -> None:
    """With waiting wanted, the client sleeps until the reset, says so, and goes on as if nothing had been."""
    waits: list[tuple[datetime, str]] = []
    pauses = Pauses()
    script = Script(exhausted(NOW + timedelta(minutes=10)), ok([1]))
    with github(script, pause=pauses, on_wait=lambda until, reason: waits.append((until, reason))) as client:
        assert client.get(URL).data == [1]
    assert 601 <= pauses[0] <= 601 * 1.25
    assert waits == [(NOW + timedelta(seconds=601), "the hourly rate limit is used up")]


def test_primary_limit_without_waiting_says_when_to_come_back() -> None:
    """Without waiting, RateLimited tells the time of the reset, and nothing is slept."""
    pauses = Pauses()
    script = Script(exhausted(NOW + timedelta(minutes=10)))
    ends = pytest.raises(RateLimited, match="come back after 2024-05-01 12:10:01 UTC")
    with github(script, wait=False, pause=pauses) as client, ends as caught:
        client.get(URL)
    assert caught.value.until == NOW + timedelta(seconds=601)
    assert pauses == []


def test_long_pause_asked_for_by_a_failing_server_counts_as_waiting() -> None:
    """A 503 that asks for half an hour is no matter of a retry: without waiting, RateLimited says when to come back."""
    pauses = Pauses()
    script = Script(error(503, "down for maintenance", {"retry-after": "1800"}))
    with github(script, wait=False, pause=pauses) as client, pytest.raises(RateLimited) as caught:
        client.get(URL)
    assert caught.value.until == NOW + timedelta(minutes=30)
    assert pauses == []


def test_secondary_limit_is_waited_out_and_doubles() -> None:
    """Without Retry-After the pauses are a minute and doubling; with it they are as long as was asked for."""
    pauses = Pauses()
    message = "You have exceeded a secondary rate limit."
    script = Script(error(403, message), error(403, message), error(429, "", {"retry-after": "7"}), ok())
    with github(script, pause=pauses) as client:
        client.get(URL)
    for pause, asked in zip(pauses, (60, 120, 7), strict=True):
        assert asked <= pause <= asked * 1.25


def test_secondary_limit_that_does_not_end() -> None:
    """After six pauses the request is given up, with a time to come back."""
    pauses = Pauses()
    script = Script(*[error(429, "slow down") for _ in range(MAX_SECONDARY + 1)])
    with github(script, pause=pauses) as client, pytest.raises(RateLimited, match="does not end") as caught:
        client.get(URL)
    assert len(pauses) == MAX_SECONDARY
    assert caught.value.until == NOW + timedelta(hours=1)


def test_secondary_limit_without_waiting() -> None:
    """The secondary limit, too, ends a run that does not want to wait."""
    with github(Script(error(429, "slow down")), wait=False) as client, pytest.raises(RateLimited) as caught:
        client.get(URL)
    assert caught.value.until == NOW + timedelta(seconds=60)


def test_waiting_for_a_limit_is_no_failure() -> None:
    """Pauses for limits do not use up the attempts that are there for faults."""
    faults = [error(502, "oops") for _ in range(MAX_ATTEMPTS - 1)]
    script = Script(error(429, ""), *faults, exhausted(NOW + timedelta(seconds=5)), ok([1]))
    with github(script) as client:
        assert client.get(URL).data == [1]


def test_a_wish_to_stop_ends_a_pause() -> None:
    """What the pause raises, comes out: a signal does not have to wait for the reset."""

    def stop(_seconds: float) -> None:
        raise Stopped("stopped")

    with github(Script(exhausted(NOW + timedelta(hours=1))), pause=stop) as client, pytest.raises(Stopped):
        client.get(URL)


# --- faults -----------------------------------------------------------------------------------------------------------


def packed(body: bytes, encoding: str = "gzip") -> httpx.Response:
    """Return an answer whose body arrives packed."""
    return httpx.Response(200, headers={"content-encoding": encoding}, stream=httpx.ByteStream(body))


def fresh(reply: Reply) -> Reply:
    """Return the reply as it can be sent again."""
    return (
        httpx.Response(reply.status_code, headers=reply.headers, stream=reply.stream)
        if isinstance(reply, httpx.Response)
        else reply
    )


FAULTS = [
    pytest.param(error(500, "oops"), BadResponse, "HTTP 500: oops", id="500"),
    pytest.param(error(503, ""), BadResponse, "HTTP 503", id="503"),
    pytest.param(httpx.ConnectError("refused"), Unreachable, r"no connection \(refused\)", id="no connection"),
    pytest.param(httpx.ConnectTimeout(""), Unreachable, "no answer in time", id="connect time-out"),
    pytest.param(httpx.ReadTimeout(""), Unreachable, "no answer in time", id="read time-out"),
    pytest.param(httpx.ReadError("reset"), Unreachable, "the connection broke off", id="reset"),
    pytest.param(httpx.RemoteProtocolError("closed"), Unreachable, "the connection broke off", id="no answer"),
    pytest.param(httpx.WriteError("pipe"), Unreachable, "WriteError: pipe", id="write"),
    pytest.param(httpx.Response(200, content=b'[{"number": 1'), BadResponse, "no JSON", id="truncated JSON"),
    pytest.param(httpx.Response(200, content=b""), BadResponse, r"no JSON \(no content type, 0 bytes\)", id="empty"),
    pytest.param(httpx.Response(200, html="<p>login</p>"), BadResponse, r"no JSON \(text/html", id="HTML"),
    pytest.param(httpx.Response(200, content=b"\xff\xfe[\xff"), BadResponse, "no JSON", id="not UTF-8"),
    pytest.param(httpx.Response(200, content=b"[" * 100_000), BadResponse, "no JSON", id="nested"),
    pytest.param(packed(b"no gzip at all"), BadResponse, "cut off or damaged", id="no gzip"),
    pytest.param(packed(gzip.compress(b"[]" * 99)[:-9]), BadResponse, "cut off or damaged", id="torn gzip"),
    pytest.param(packed(b""), BadResponse, "cut off or damaged", id="empty gzip"),
    pytest.param(packed(zlib.compress(b"[]"), "deflate"), BadResponse, "cut off or damaged", id="not asked for"),
    pytest.param(packed(gzip.compress(b"[]"), "gzip, gzip"), BadResponse, "cut off or damaged", id="packed twice"),
]


@pytest.mark.parametrize(("fault", "kind", "said"), FAULTS)
def test_a_fault_is_tried_again_a_bounded_number_of_times(fault: Reply, kind: type[GitHubError], said: str) -> None:
    """A fault that stays is asked for six times, with growing pauses, and then its own error that names the URL."""
    pauses = Pauses()
    script = Script(*[fresh(fault) for _ in range(MAX_ATTEMPTS)])
    with github(script, pause=pauses) as client, pytest.raises(kind, match=said) as caught:
        client.get(URL)
    assert type(caught.value) is kind
    assert caught.value.key == URL
    assert script.replies == []
    assert [int(pause) for pause in pauses] == sorted(int(pause) for pause in pauses)
    assert len(pauses) == MAX_ATTEMPTS - 1


@pytest.mark.parametrize(("fault", "kind", "said"), FAULTS)
def test_a_fault_that_passes_leaves_no_trace(fault: Reply, kind: type[GitHubError], said: str) -> None:
    """A fault that is over at the last attempt costs nothing but time."""
    script = Script(*[fresh(fault) for _ in range(MAX_ATTEMPTS - 1)], ok([1]))
    with github(script) as client:
        assert client.get(URL).data == [1]
        assert client.requests == MAX_ATTEMPTS


def test_packed_answer_is_unpacked() -> None:
    """Only gzip is asked for, and it is unpacked, in however small pieces it comes."""
    body = gzip.compress(b'["' + b"license " * 50_000 + b'"]')

    class Drops(httpx.SyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            return (body[at : at + 7] for at in range(0, len(body), 7))

    script = Script(httpx.Response(200, headers={"content-encoding": "GZIP"}, stream=Drops()))
    with github(script) as client:
        assert client.get(URL).data == ["license " * 50_000]
    assert script.requests[0].headers["accept-encoding"] == "gzip"


class Counted(httpx.SyncByteStream):
    """A body in pieces that notes how many of them were taken, and whether it was closed."""

    def __init__(self, piece: bytes, count: int) -> None:
        self.piece, self.count = piece, count
        self.taken = 0
        self.closed = False

    def __iter__(self) -> Iterator[bytes]:
        for _ in range(self.count):
            self.taken += 1
            yield self.piece

    def close(self) -> None:
        """Note that the body was closed."""
        self.closed = True


def test_answer_that_is_too_large_is_cut_short() -> None:
    """A body beyond the cap is given up as soon as it is, at once and for good, and names the setting."""
    body = Counted(b"x" * 2**16, 10_000)
    refused = pytest.raises(BadResponse, match=r"larger than 1 MiB \(\[github\] max_response_mb\)")
    with github(Script(httpx.Response(200, stream=body)), max_bytes=2**20) as client, refused as caught:
        client.get(URL)
    assert body.taken == 17
    assert body.closed
    assert caught.value.status == 200


def test_answer_of_just_the_cap_is_taken() -> None:
    """The cap itself is still allowed."""
    text = b'"' + b"x" * (2**20 - 2) + b'"'
    with github(Script(httpx.Response(200, content=text)), max_bytes=2**20) as client:
        assert len(client.get(URL).data) == 2**20 - 2


def test_gzip_bomb_stops_early(monkeypatch: pytest.MonkeyPatch) -> None:
    """A small body that would unpack to a gigabyte is unpacked only as far as the cap reaches."""
    unpacked = 0
    real = zlib.decompressobj

    class Measured:
        def __init__(self, *arguments: Any) -> None:
            self._real = real(*arguments)

        def decompress(self, data: bytes, most: int = 0) -> bytes:
            nonlocal unpacked
            piece = self._real.decompress(data, most)
            unpacked += len(piece)
            return piece

        def __getattr__(self, name: str) -> Any:
            return getattr(self._real, name)

    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = b"".join(packer.compress(b"\0" * 2**24) for _ in range(8)) + packer.flush()
    assert len(bomb) < 2**18
    monkeypatch.setattr("zlib.decompressobj", Measured)
    with github(Script(packed(bomb)), max_bytes=2**20) as client, pytest.raises(BadResponse, match="larger than 1 MiB"):
        client.get(URL)
    assert 2**20 < unpacked <= 2**21


# --- a real connection ------------------------------------------------------------------------------------------------


@contextmanager
def loopback(*answers: bytes) -> Iterator[tuple[str, list[bytes]]]:
    """Serve raw answers on a loopback port, one connection each; yield its URL and the requests as they came."""
    seen: list[bytes] = []
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        listener.settimeout(20)

        def serve() -> None:
            for answer in answers:
                connection, _ = listener.accept()
                with connection:
                    connection.settimeout(20)
                    request = b""
                    while b"\r\n\r\n" not in request:
                        request += connection.recv(65_536)
                    seen.append(request)
                    connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}", seen
        finally:
            thread.join()


TRUNCATED = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n[1, 2"
WHOLE = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 6\r\nConnection: close\r\n\r\n[1, 2]"


def test_truncated_body_over_a_real_connection() -> None:
    """A body shorter than its Content-Length is asked for again, never taken for whole."""
    with loopback(TRUNCATED, TRUNCATED, WHOLE) as (url, seen), GitHub(url, token=TOKEN, pause=Pauses()) as client:
        assert client.get(f"{url}/x").data == [1, 2]
    assert len(seen) == 3


def test_body_that_stays_truncated() -> None:
    """A body that is cut off every time is a BadResponse that says so."""
    with (
        loopback(*[TRUNCATED] * MAX_ATTEMPTS) as (url, seen),
        GitHub(url, token=TOKEN, pause=Pauses()) as client,
        pytest.raises(BadResponse, match="cut off or damaged"),
    ):
        client.get(f"{url}/x")
    assert len(seen) == MAX_ATTEMPTS


def test_nobody_there() -> None:
    """A port where nobody listens is Unreachable."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    with GitHub(url, token=TOKEN, pause=Pauses()) as client, pytest.raises(Unreachable, match="no connection"):
        client.get(f"{url}/x")


# --- the token --------------------------------------------------------------------------------------------------------


def chain(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an exception and all that led to it."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def echo(request: httpx.Request) -> httpx.Response:
    """Refuse a request and quote it, as some proxies do."""
    return error(403, f"not allowed: {request.headers.get('authorization')}")


@pytest.mark.parametrize(
    "replies",
    [
        pytest.param([error(401, "Bad credentials")], id="401"),
        pytest.param([echo], id="echo"),
        pytest.param([httpx.ConnectError("refused")] * MAX_ATTEMPTS, id="no connection"),
        pytest.param([httpx.LocalProtocolError(f"Illegal header value b'Bearer {TOKEN}'")] * MAX_ATTEMPTS, id="header"),
        pytest.param([moved("https://evil.test/")], id="foreign redirect"),
        pytest.param([httpx.Response(200, content=b"<html>")] * MAX_ATTEMPTS, id="no JSON"),
    ],
)
def test_token_is_in_no_error(replies: list[Reply], caplog: pytest.LogCaptureFixture) -> None:
    """However a request fails, the token is in no message, repr, attribute, traceback or log record."""
    caplog.set_level(logging.DEBUG)
    with github(Script(*replies)) as client:
        with pytest.raises(GitHubError) as caught:
            client.get(URL)
        assert TOKEN not in repr(client)
    for each in chain(caught.value):
        assert TOKEN not in f"{each} {each!r} {vars(each)}"
    assert TOKEN not in "".join(traceback.format_exception(caught.value))
    assert TOKEN not in caplog.text


def test_token_is_in_no_log_of_a_real_connection(caplog: pytest.LogCaptureFixture) -> None:
    """At the most talkative level of all libraries involved, the token is sent and not logged."""
    for name in ("", "httpx", "httpcore", "httpcore.connection", "httpcore.http11", "archiver"):
        caplog.set_level(logging.DEBUG, logger=name)
    with loopback(TRUNCATED, WHOLE) as (url, seen), GitHub(url, token=TOKEN, pause=Pauses()) as client:
        client.get(f"{url}/x")
    assert f"Bearer {TOKEN}".encode() in seen[0]
    assert any(record.name.startswith("httpcore") for record in caplog.records)
    for record in caplog.records:
        assert TOKEN not in f"{record.getMessage()} {record.args!r} {record.exc_text}"


def test_what_is_wrong_with_a_search_is_said() -> None:
    """Of an invalid search GitHub's first error tells what is wrong, in one line; and searches set no condition."""
    said = {
        "message": "Validation Failed",
        "errors": [{"message": "The listed\nusers cannot be searched.", "code": "x"}],
    }
    script = Script(httpx.Response(422, json=said), httpx.Response(422, json={"message": "Validation Failed"}))
    with github(script) as client:
        with pytest.raises(Refused, match=r"HTTP 422: Validation Failed: The listed users cannot be searched\."):
            client.search("license user:nobody", {"per_page": "1"})
        with pytest.raises(Refused, match=r"HTTP 422: Validation Failed$"):
            client.search("license", {})
    assert str(script.requests[0].url) == f"{API}/search/issues?q=license+user%3Anobody&per_page=1"
    assert "if-none-match" not in script.requests[0].headers
