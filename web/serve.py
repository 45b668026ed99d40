"""Serves a WSGI application with waitress, and stops without cutting off a running request.

What is served is not known here, nor which signals mean "stop".
"""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import waitress
from waitress import wasyncore
from waitress.channel import HTTPChannel
from waitress.task import ThreadedTaskDispatcher, WSGITask

from archiver.errors import ArchiveError

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

POLL_SECONDS = 0.25
STALLED_SECONDS = 30.0
"""Whoever reads nothing of an answer for so long, or asks for nothing while others want in, is hung up on."""
# Browsers keep connections open for minutes without asking. Each is a file; a process may have 1,024 as a rule.
MOST_CONNECTIONS = 500
AT_HAND = "onrecord.at_hand"
"""Where a request's environment has what was found to answer it with; see `Server`."""
Find = Callable[[Mapping[str, Any]], object | None]
_log = logging.getLogger(__name__)


class Server:
    """Answers at one listening address (see `listen`); `start` returns at once, `stop` lets running requests finish.

    `proxies` of our own stand before it, and say in `X-Forwarded-For` who asks. `at_hand` is given a request's method,
    path, query and headers, by their names in a WSGI environment, and returns at once what it can be answered with, or
    None. What it returns is in the environment as `AT_HAND` when the application is called, which then must not wait
    for anything: it is called by the thread that all connections depend on. All else is answered in `threads`.
    """

    def __init__(
        self,
        application: WSGIApplication,
        listener: socket.socket,
        *,
        threads: int = 8,
        proxies: int = 0,
        at_hand: Find = lambda _: None,
    ) -> None:
        self._listener = listener
        self.url = url_of(listener)
        self._stopping = threading.Event()
        self._grace = 0.0
        self._next_look = 0.0
        # `ident=None`: no header that tells which server this is. The two limits bound what is read of a request.
        # Of what proxies say, no more is believed than our own have written.
        believed = {"trusted_proxy": "*", "trusted_proxy_count": proxies, "trusted_proxy_headers": {"x-forwarded-for"}}
        self._dispatcher = _Dispatcher(at_hand)
        self._dispatcher.set_thread_count(threads)
        self._server = waitress.create_server(
            application,
            sockets=[listener],
            map={},
            _dispatcher=self._dispatcher,
            connection_limit=MOST_CONNECTIONS,
            # One request is read ahead, so that it is seen while a page is made if nobody waits for it any more.
            channel_request_lookahead=1,
            ident=None,
            clear_untrusted_proxy_headers=True,
            channel_timeout=STALLED_SECONDS,
            cleanup_interval=5,
            max_request_header_size=96 * 1024,
            max_request_body_size=1024 * 1024,
            # Up to here an answer waits in memory for its reader, beyond in a file: a long debate is 2 MB of HTML.
            outbuf_overflow=4 * 1024 * 1024,
            **(believed if proxies else {}),
        )
        self._server.channel_class = _Channel
        self._thread = threading.Thread(target=self._loop, name=f"site-{self.url}", daemon=True)

    def start(self) -> None:
        """Answer requests from now on, in a thread of its own."""
        self._thread.start()

    def stop(self, grace: float = 20.0) -> None:
        """Accept nothing more, let running requests finish for up to `grace` seconds, and close."""
        self._grace = grace
        self._stopping.set()
        with suppress(OSError):  # it may have seen that by itself, and be closed already
            self._server.pull_trigger()
        self._thread.join()

    def _loop(self) -> None:
        connections = self._server._map
        self._dispatcher.loop = threading.get_ident()
        while not self._stopping.is_set():
            self._turn()
        self._server.del_channel()
        self._listener.close()
        deadline = time.monotonic() + self._grace
        while time.monotonic() < deadline and self._busy():
            self._turn()
        self._dispatcher.shutdown(cancel_pending=True, timeout=1)
        for channel in list(self._server.active_channels.values()):
            channel.handle_close()  # with the files in which answers waited
        wasyncore.close_all(connections)

    def _turn(self) -> None:
        # `select` knows no file above number 1,023.
        wasyncore.loop(timeout=POLL_SECONDS, map=self._server._map, count=1, use_poll=True)
        self._dispatcher.answer()
        if (now := time.time()) >= self._next_look:
            self._next_look = now + 1
            for channel in list(self._server.active_channels.values()):
                # waitress waits for ever for those whose requests are not all answered; a thread may wait with it.
                if channel.total_outbufs_len and channel.last_activity < now - STALLED_SECONDS:
                    channel.handle_close()

    def _busy(self) -> bool:
        channels = list(self._server.active_channels.values())
        return any(channel.requests or channel.total_outbufs_len for channel in channels)


class _Channel(HTTPChannel):  # type: ignore[misc]
    """A connection, with what its next request is to be answered with, if that is at hand."""

    at_hand: object | None = None

    def readable(self) -> bool:
        # What was closed at the other end is ready to be read from for ever.
        return bool(self.connected and super().readable())


class _Task(WSGITask):  # type: ignore[misc]
    """One request to the application."""

    def get_environment(self) -> WSGIEnvironment:
        environ: WSGIEnvironment = super().get_environment()
        if self.channel.at_hand is not None:
            environ[AT_HAND] = self.channel.at_hand
        return environ


_Channel.task_class = _Task


class _Dispatcher(ThreadedTaskDispatcher):  # type: ignore[misc]
    """Answers what is at hand without passing it to another thread, and gives the rest to threads.

    With many connections the passing on takes several times as long as such an answer.
    """

    def __init__(self, at_hand: Find) -> None:
        super().__init__()
        self._at_hand = at_hand
        self._read: deque[_Channel] = deque()
        self.loop: int | None = None
        """Which thread the connections are read by."""

    def add_task(self, channel: _Channel) -> None:
        """Take a connection of which a request was read; it may be locked while this is called."""
        if threading.get_ident() == self.loop:
            self._read.append(channel)
        else:
            super().add_task(channel)

    def answer(self) -> None:
        """Answer the requests that were read, or give them to threads."""
        while self._read:
            channel = self._read.popleft()
            channel.at_hand = self._found(channel)
            if channel.at_hand is None:
                super().add_task(channel)
            else:
                channel.service()
                channel.at_hand = None

    def _found(self, channel: _Channel) -> object | None:
        # Whoever has not read the last answer yet may have to be waited for.
        if not channel.requests or channel.total_outbufs_len:
            return None
        request = channel.requests[0]
        if request.error:
            return None
        asked = {f"HTTP_{name}": value for name, value in request.headers.items()}
        asked |= {"REQUEST_METHOD": request.command.upper(), "QUERY_STRING": request.query}
        asked["PATH_INFO"] = "/" + request.path.lstrip("/") if request.path.startswith("/") else request.path
        try:
            return self._at_hand(asked)
        except Exception:  # noqa: BLE001
            # The application will say what is wrong; here it would end the site.
            _log.exception("cannot tell whether an answer is at hand")
            return None


def listen(host: str, port: int, elsewhere: str = "[site] listen chooses another address") -> socket.socket:
    """Open a listening socket; port 0 lets the system choose a free one. `elsewhere` ends the message if it cannot be.

    Raises ArchiveError if that address cannot be listened at.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            listener.listen(1024)
        except OSError:
            listener.close()
            raise
    except OSError as error:
        raise ArchiveError(
            f"cannot listen at {host}:{port}: {error.strerror or error}; {elsewhere}", key="listen"
        ) from None
    return listener


def url_of(listener: socket.socket) -> str:
    """Return the address of a listening socket as a browser on this machine writes it."""
    host, port = listener.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
