"""Measures how long pages take to make: home, repository, thread (5 and 500 posts), snapshot, search, JSON, and a 304.

The peer is a Flask view that returns the same bytes, ready made: what is left is our own work. The last line is one
JSON object with milliseconds (median) for each page.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path

from corpus import API, comment, issue
from flask import Flask, Response
from prepared import filled_store, percentile, timed

from archiver.github import parse
from archiver.store import Store
from search.index import open_index
from search.sync import sync
from web.app import create_app
from web.config import SiteConfig

LONG = 900_001


def add_long_thread(store: Store, posts: int, number: int = LONG) -> None:
    """Add a thread of so many comments to the repository."""
    seen = parse.thread({**issue(number, 1.0), "comments": posts, "repository_url": f"{API}/repos/bench/corpus"})
    with store.transaction() as tx:
        tx.observe_thread(1, seen)
        replies = [parse.comment(comment(number * 4 + at, 1.0))[1] for at in range(posts)]
        tx.observe_posts(1, number, replies)
        tx.settle(1, number, lambda _title, _posts: store.summaries(limit=1)[0].relevance)


def main() -> None:
    """Run the benchmark and print its figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=300)
    parser.add_argument("--times", type=int, default=20)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        store = filled_store(folder, arguments.threads)
        add_long_thread(store, 500)
        index = open_index(f"whoosh:{folder / 'index'}")
        sync(store, index)
        client = create_app(store=store, index=index, site=SiteConfig()).test_client()
        thread = store.thread(1, 3)
        assert thread is not None
        base = "/github.com/bench/corpus/issues"
        pages = {
            "home": "/",
            "search": "/search?q=license+copyleft",
            "repository": "/github.com/bench/corpus",
            "thread_5_posts": f"{base}/3",
            "thread_500_posts": f"{base}/{LONG}",
            "snapshot": f"{base}/3@{thread.summary.snapshot}",
            "thread_json": "/api/v1/threads/github.com/bench/corpus/3",
            "search_json": "/api/v1/search?q=license+copyleft",
        }
        figures: dict[str, object] = {"benchmark": "pages", "threads": arguments.threads}
        for page, url in pages.items():
            answer = client.get(url)
            assert answer.status_code == 200, (url, answer.status_code)
            body, kind = answer.get_data(), answer.content_type
            etag = answer.headers.get("ETag")
            taken = timed(lambda url=url: client.get(url).get_data(), arguments.times)  # type: ignore[misc]
            plain = Flask("plain")
            plain.add_url_rule("/", "ready", lambda body=body, kind=kind: Response(body, content_type=kind))
            ready = timed(lambda it=plain: it.test_client().get("/").get_data(), arguments.times)  # type: ignore[misc]
            median, ratio = percentile(taken, 0.5), percentile(taken, 0.5) / percentile(ready, 0.5)
            print(f"{page:18} {median:8.2f} ms, {len(body) / 1024:7.1f} KiB, {ratio:6.1f} times a ready-made answer")
            figures[f"{page}_ms"] = round(median, 2)
            if page == "snapshot" and etag:
                again = timed(lambda url=url, etag=etag: client.get(url, headers={"If-None-Match": etag}))  # type: ignore[misc]
                figures["not_modified_ms"] = round(percentile(again, 0.5), 2)
            figures.setdefault("ratio_home_to_ready_made", round(ratio, 1))
        index.close()
        store.close()
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
