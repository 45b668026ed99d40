"""Tests of serving: what is at hand does not wait, all comes in order, nothing is made for those who went away."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from http.client import HTTPConnection, parse_headers
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from archives import Archive

from web import serve
from web.app import create_app, site_server
from web.serve import AT_HAND, MOST_CONNECTIONS, Server, listen

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

PATIENCE = 12


class Origin:
    """A WSGI application: it says which thread answers, from what; `/slow` waits until it is let go."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.waiting = threading.Semaphore(0)
        self.asked: list[str] = []

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        path = environ["PATH_INFO"]
        self.asked.append(path)
        if path.startswith("/slow"):
            self.waiting.release()
            self.go.wait(PATIENCE)
        held = environ.get(AT_HAND)
        body = f"{path} {held} {threading.current_thread().name}".encode()
        if path == "/large":
            body = b"x" * 9_000_000
        start_response("200 OK", [("Content-Length", str(len(body)))])
        return [body]


def held(asked: Mapping[str, Any]) -> object | None:
    """Find what is at hand: all below `/kept`, and nothing where it cannot be told."""
    if asked["PATH_INFO"] == "/broken":
        raise RuntimeError("no idea")
    if not asked["PATH_INFO"].startswith(("/kept", "/large")):
        return None
    return f"{asked['REQUEST_METHOD']} {asked['QUERY_STRING']} {asked.get('HTTP_IF_NONE_MATCH')}"


@contextmanager
def serving(origin: Origin, at_hand: Callable[[Mapping[str, Any]], object | None] = held) -> Iterator[Server]:
    """Serve it with two threads."""
    server = Server(origin, listen("127.0.0.1", 0), threads=2, at_hand=at_hand)
    server.start()
    try:
        yield server
    finally:
        origin.go.set()
        server.stop()


def connected(server: Server) -> HTTPConnection:
    """Open a connection."""
    return HTTPConnection(urlsplit(server.url).netloc, timeout=PATIENCE)


def text(server: Server, path: str, **headers: str) -> str:
    """Ask for a path over a new connection."""
    with closing(connected(server)) as connection:
        connection.request("GET", path, headers=headers)
        return connection.getresponse().read().decode()


def answers(connection: HTTPConnection, count: int) -> list[bytes]:
    """Read the bodies of so many answers that come one after the other."""
    bodies = []
    assert connection.sock is not None
    with connection.sock.makefile("rb") as stream:
        for _ in range(count):
            assert stream.readline() == b"HTTP/1.1 200 OK\r\n"
            bodies.append(stream.read(int(parse_headers(stream)["Content-Length"])))
    return bodies


def test_what_is_at_hand_is_answered_by_the_thread_that_reads() -> None:
    """The application gets what was found for a request, in the thread of the connections; all else is in others."""
    with serving(Origin()) as server:
        kept = text(server, "/kept/%41?q=1", **{"If-None-Match": '"e"'})
        assert kept == f'/kept/A GET q=1 "e" site-{server.url}'
        assert text(server, "/other").startswith("/other None waitress-")


def test_what_is_at_hand_is_not_handed_to_the_next_request() -> None:
    """Each request over one connection is answered with what was found for itself."""
    with serving(Origin()) as server, closing(connected(server)) as connection:
        told = []
        for path in ("/kept?1", "/other", "/kept?2"):
            connection.request("GET", path)
            told.append(connection.getresponse().read().decode().rsplit(maxsplit=1)[0])
        assert told == ["/kept GET 1 None", "/other None", "/kept GET 2 None"]


def test_pages_at_hand_do_not_wait_for_pages_that_are_made() -> None:
    """While all threads are busy and more requests wait for them, what is at hand is answered."""
    origin = Origin()
    with serving(origin) as server:
        busy = [connected(server) for _ in range(6)]
        for each in busy:
            each.request("GET", "/slow")
        assert all(origin.waiting.acquire(timeout=PATIENCE) for _ in range(2))
        assert text(server, "/kept").startswith("/kept GET")
        assert not origin.go.is_set()
        origin.go.set()
        for each in busy:
            assert each.getresponse().read().startswith(b"/slow")
            each.close()


def test_requests_sent_at_once_are_answered_in_order() -> None:
    """Requests that come in one packet are answered one after the other, by whichever thread."""
    paths = ["/kept/1", "/a", "/kept/2", "/kept/3", "/b", "/kept/4"] * 5
    with serving(Origin()) as server, closing(connected(server)) as connection:
        connection.connect()
        assert connection.sock is not None
        connection.sock.sendall("".join(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n" for path in paths).encode())
        told = [each.decode().split()[0] for each in answers(connection, len(paths))]
    assert told == paths


def test_large_answers_at_hand_to_somebody_who_does_not_read_hold_nobody_up() -> None:
    """Whoever asks for much at once and reads nothing of it waits alone."""
    with serving(Origin()) as server, closing(connected(server)) as connection:
        connection.connect()
        assert connection.sock is not None
        connection.sock.sendall(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n" * 4)
        assert text(server, "/kept").startswith("/kept GET")
        assert text(server, "/other").startswith("/other None")
        assert [len(each) for each in answers(connection, 4)] == [9_000_000] * 4


def test_where_it_cannot_be_told_what_is_at_hand_the_application_answers(caplog: pytest.LogCaptureFixture) -> None:
    """A fault in finding is logged, and ends nothing."""
    with serving(Origin()) as server:
        assert text(server, "/broken").startswith("/broken None waitress-")
        assert text(server, "/kept").startswith("/kept GET")
    assert "cannot tell whether an answer is at hand" in caplog.text


def test_many_open_connections_do_not_keep_others_out() -> None:
    """Hundreds of browsers may keep their connections open without asking for anything."""
    with serving(Origin()) as server:
        address = urlsplit(server.url)
        idle = [
            socket.create_connection((address.hostname, address.port), PATIENCE) for _ in range(MOST_CONNECTIONS - 50)
        ]
        assert text(server, "/kept").startswith("/kept GET")
        for each in idle:
            each.close()


def test_a_page_is_not_made_for_somebody_who_went_away() -> None:
    """What waits for its turn is not begun if its reader has gone."""
    origin = Origin()
    with serving(origin) as server:
        busy = [connected(server) for _ in range(2)]
        for each in busy:
            each.request("GET", "/slow")
            assert origin.waiting.acquire(timeout=PATIENCE)
        for _ in range(5):
            with closing(connected(server)) as gone:
                gone.request("GET", "/unwanted")
                assert text(server, "/kept").startswith("/kept GET")
        assert text(server, "/kept").startswith("/kept GET")
        origin.go.set()
        assert text(server, "/after").startswith("/after None")
        for each in busy:
            each.close()
    assert "/unwanted" not in origin.asked


def test_whoever_reads_nothing_is_hung_up_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests for more than is kept waiting for a reader occupy a thread for a while at most, not for ever."""
    monkeypatch.setattr(serve, "STALLED_SECONDS", 0.5)
    origin = Origin()
    with serving(origin) as server:
        stalled = [connected(server) for _ in range(3)]
        for each in stalled:
            each.connect()
            assert each.sock is not None
            each.sock.sendall(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n" * 6)
        # Three answers fill what is kept for a reader. By then both threads wait, until these readers are given up.
        while origin.asked.count("/large") < 7:
            assert text(server, "/kept").startswith("/kept GET")
        assert text(server, "/other").startswith("/other None")
        for each in stalled:
            each.close()


def test_the_site_answers_kept_pages_at_hand(archive: Archive) -> None:
    """A page of the site is made by one of the threads, and from then on at hand until the store changes."""
    archive.save(12, "Consider GPL")
    archive.app()
    app = create_app(store=archive.store, index=archive.index, site=archive.site, clock=archive.clock)
    threads: list[str] = []
    inner = app.wsgi_app

    def noting(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        threads.append(threading.current_thread().name.partition("-")[0])
        return inner(environ, start_response)

    app.wsgi_app = noting  # type: ignore[method-assign, assignment]
    server = site_server(app, listen("127.0.0.1", 0))
    server.start()
    try:
        path = "/github.com/Acme/Rocket/issues/12"
        made, kept = text(server, path), text(server, path)
        assert made == kept
        assert "Consider GPL" in kept
        assert "Consider" in text(server, path, Cookie="session=1")
        archive.save(13, "Another license")
        assert "Consider GPL" in text(server, path)
        archive.withdraw(number=12)
        assert "Consider GPL" not in text(server, path)
    finally:
        server.stop()
    assert threads == ["waitress", "site", "waitress", "waitress", "waitress"]
