"""Counts and times requests by route, and tells them with what is held in the form of Prometheus.

Labels are routes, methods and statuses alone: nothing that a visitor can choose. Nothing is kept beyond the process.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from flask import Flask
from flask.typing import ResponseReturnValue
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from werkzeug.wrappers import Response

from archiver import __version__
from archiver.errors import StoreError
from archiver.store import Reader
from search.errors import SearchError
from search.index import Index
from web.cache import PageCache

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

ROUTE = "onrecord.route"
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_METHODS = {"GET", "HEAD", "POST", "OPTIONS"}


class Metrics:
    """What is counted, and the WSGI application that counts it around another one."""

    def __init__(self, store: Reader, index: Index, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self._registry = CollectorRegistry(auto_describe=False)
        self._requests = Counter(
            "onrecord_http_requests", "Requests answered.", ["route", "method", "status"], registry=self._registry
        )
        self._seconds = Histogram(
            "onrecord_http_request_duration_seconds",
            "Time until an answer began to be sent.",
            ["route"],
            buckets=_BUCKETS,
            registry=self._registry,
        )
        self._held = _Held(store, index)
        self._registry.register(self._held)

    def around(self, application: WSGIApplication, cache: PageCache) -> WSGIApplication:
        """Return a WSGI application that does what the other does, and counts."""
        self._held.cache = cache

        def counted(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            began = self._clock()
            told = ["500"]

            def start(status: str, headers: list[tuple[str, str]], *error: Any) -> Callable[[bytes], object]:
                told[0] = status[:3]
                return start_response(status, headers, *error)

            try:
                return application(environ, start)
            finally:
                route = environ.get(ROUTE) or "none"
                method = environ["REQUEST_METHOD"]
                self._requests.labels(route, method if method in _METHODS else "other", told[0]).inc()
                self._seconds.labels(route).observe(self._clock() - began)

        return counted

    def add_to(self, app: Flask) -> None:
        """Add the route `/metrics`."""

        @app.get("/metrics")
        def metrics() -> ResponseReturnValue:
            """Answer all figures in the text format of Prometheus."""
            response = Response(generate_latest(self._registry))
            response.headers["Content-Type"] = "text/plain; version=0.0.4; charset=utf-8"
            response.headers["Cache-Control"] = "no-store"
            return response


class _Held:
    """Collects what is true at the moment of asking."""

    def __init__(self, store: Reader, index: Index) -> None:
        self._store = store
        self._index = index
        self.cache: PageCache | None = None

    def collect(self) -> Iterator[Metric]:
        """Yield the figures of store, index and cache; what cannot be read is left out, and told by `_up`."""
        yield _gauge("onrecord_info", "The program's version.", 1, version=__version__)
        last = None
        try:
            held = self._store.holdings()
            last = self._store.last_change()
        except StoreError:
            yield _gauge("onrecord_store_up", "Whether the store can be read.", 0)
        else:
            yield _gauge("onrecord_store_up", "Whether the store can be read.", 1)
            yield _gauge("onrecord_repositories", "Repositories of which a thread is held.", held.repositories)
            yield _gauge("onrecord_threads", "Threads held.", held.threads)
            yield _gauge("onrecord_posts", "Posts held.", held.posts)
            yield _gauge("onrecord_snapshots", "Snapshots held.", held.snapshots)
            if held.last_captured_at:
                when = held.last_captured_at.timestamp()
                yield _gauge("onrecord_last_capture_timestamp_seconds", "When a thread was captured last.", when)
        try:
            cursor = self._index.cursor()
        except SearchError:
            yield _gauge("onrecord_index_up", "Whether the index can be read.", 0)
        else:
            yield _gauge("onrecord_index_up", "Whether the index can be read.", 1)
            if last is not None:
                behind = max(0, last - cursor)
                yield _gauge("onrecord_index_lag_changes", "Changes that the index has not seen yet.", behind)
        if self.cache is not None:
            pages, size = self.cache.kept
            yield _gauge("onrecord_cache_pages", "Pages kept in memory.", pages)
            yield _gauge("onrecord_cache_bytes", "Memory taken by them.", size)
            found = CounterMetricFamily("onrecord_cache_requests", "Requests for pages.", labels=["answer"])
            found.add_metric(["kept"], self.cache.hits)
            found.add_metric(["made"], self.cache.misses)
            yield found


def _gauge(name: str, words: str, value: float, **labels: str) -> Metric:
    family = GaugeMetricFamily(name, words, labels=list(labels))
    family.add_metric(list(labels.values()), value)
    return family
