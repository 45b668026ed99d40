"""Puts a `FakeGitHub` behind a real loopback port, for programs that run in a process of their own."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
from fakes import API, FakeGitHub


@contextmanager
def served(upstream: FakeGitHub, latency: float = 0.0) -> Iterator[str]:
    """Serve the API over HTTP for the length of the block; the value is its base URL."""
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self.do_GET()

        def do_GET(self) -> None:
            time.sleep(latency)
            content = self.rfile.read(int(self.headers.get("content-length", "0")))
            request = httpx.Request(self.command, API + self.path, headers=dict(self.headers.items()), content=content)
            with lock:
                response = upstream.handle_request(request)
            base = f"http://127.0.0.1:{self.server.server_address[1]}"
            body = response.content.replace(API.encode(), base.encode())
            try:
                self.send_response(response.status_code)
                for name, value in response.headers.items():
                    if name not in {"content-length", "content-encoding", "transfer-encoding"}:
                        self.send_header(name, value.replace(API, base))
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True  # the client was killed: that is what some tests do

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
