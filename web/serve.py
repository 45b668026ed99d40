"""Serves a WSGI application with waitress, and stops without cutting off a running request.

What is served is not known here, nor which signals mean "stop".
"""

from __future__ import annotations

import socket
import threading
import time
from typing import TYPE_CHECKING

import waitress
from waitress import wasyncore

from archiver.errors import ArchiveError

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

POLL_SECONDS = 0.25


class Server:
    """Answers at one listening address (see `listen`); `start` returns at once, `stop` lets running requests finish.

    `proxies` of our own stand before it, and say in `X-Forwarded-For` who asks.
    """

    def __init__(
        self, application: WSGIApplication, listener: socket.socket, *, threads: int = 8, proxies: int = 0
    ) -> None:
        self._listener = listener
        self.url = url_of(listener)
        self._stopping = threading.Event()
        self._grace = 0.0
        # `ident=None`: no header that tells which server this is. The two limits bound what is read of a request.
        # Of what proxies say, no more is believed than our own have written.
        believed = {"trusted_proxy": "*", "trusted_proxy_count": proxies, "trusted_proxy_headers": {"x-forwarded-for"}}
        self._server = waitress.create_server(
            application,
            sockets=[listener],
            map={},
            threads=threads,
            ident=None,
            clear_untrusted_proxy_headers=True,
            max_request_header_size=96 * 1024,
            max_request_body_size=1024 * 1024,
            # Up to here an answer waits in memory for its reader, beyond in a file: a long debate is 2 MB of HTML.
            outbuf_overflow=4 * 1024 * 1024,
            **(believed if proxies else {}),
        )
        self._thread = threading.Thread(target=self._loop, name=f"site-{self.url}", daemon=True)

    def start(self) -> None:
        """Answer requests from now on, in a thread of its own."""
        self._thread.start()

    def stop(self, grace: float = 20.0) -> None:
        """Accept nothing more, let running requests finish for up to `grace` seconds, and close."""
        self._grace = grace
        self._stopping.set()
        self._server.pull_trigger()
        self._thread.join()

    def _loop(self) -> None:
        connections = self._server._map
        while not self._stopping.is_set():
            wasyncore.loop(timeout=POLL_SECONDS, map=connections, count=1)
        self._server.del_channel()
        self._listener.close()
        deadline = time.monotonic() + self._grace
        while time.monotonic() < deadline and self._busy():
            wasyncore.loop(timeout=POLL_SECONDS, map=connections, count=1)
        self._server.task_dispatcher.shutdown(cancel_pending=True, timeout=1)
        wasyncore.close_all(connections)

    def _busy(self) -> bool:
        channels = list(self._server.active_channels.values())
        return any(channel.requests or channel.total_outbufs_len for channel in channels)


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
