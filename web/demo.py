"""The demonstration: a GitHub-compatible API over the bundled sample, really crawled, indexed and served, all offline.

The commands around it are `web.cli`'s.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from archiver import __version__
from archiver.crawl import Crawler
from archiver.errors import ArchiveError
from archiver.github.client import GitHub
from archiver.license import Vocabulary
from archiver.references import parse_reference
from archiver.store import open_store
from search.index import open_index
from search.sync import sync
from web.app import create_app, site_server
from web.config import SiteConfig
from web.github_api import create_upstream_app
from web.sample_data import load_sample
from web.serve import Server, listen, url_of

MARK = "onrecord-demo"
"""Stands in the data folder: what holds it may be used again, and anything else is left alone."""


@contextmanager
def running_demo(folder: Path, port: int, say: Callable[[str], None]) -> Iterator[Server]:
    """Crawl the sample into `folder` and serve it on a loopback port until the block ends.

    Raises ArchiveError if `folder` holds something else than an earlier demonstration, or the port is taken.
    """
    listener = listen("127.0.0.1", port, "--port chooses another port, 0 any free one")
    _claim(folder)
    with ExitStack() as stack:
        upstream = stack.enter_context(open_store(f"sqlite:///{folder / 'upstream.db'}"))
        names = load_sample(upstream)
        api = Server(create_upstream_app(upstream), listen("127.0.0.1", 0), threads=2)
        api.start()
        stack.callback(api.stop, 2.0)
        held = upstream.holdings()
        say(f"1. {api.url} serves {held.threads} invented threads of {len(names)} projects, as GitHub's API would.")
        store = stack.enter_context(open_store(f"sqlite:///{folder / 'archive.db'}"))
        new = 0
        with GitHub(f"{api.url}/api/v3", version=__version__) as github:
            for name in names:
                new += Crawler(store, github, Vocabulary()).crawl(parse_reference(name)).captured
            kept = store.holdings().threads
            say(f"2. Crawled in {github.requests} requests: {kept} threads are about licenses ({new} new or changed).")
        index = open_index(f"whoosh:{folder / 'index'}")
        stack.callback(index.close)
        say(f"3. Indexed {sync(store, index).puts} threads.")
        site = SiteConfig(
            title="onrecord demo", base_url=url_of(listener), listen=url_of(listener).removeprefix("http://")
        )
        (folder / "config.toml").write_text(_config(site), encoding="utf-8")
        server = site_server(create_app(store=store, index=index, site=site), listener)
        server.start()
        stack.callback(server.stop)
        yield server


def _claim(folder: Path) -> None:
    """Make the data folder, or make sure that it is one of ours."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        mark = folder / MARK
        if not mark.exists():
            if any(folder.iterdir()):
                raise ArchiveError(
                    f"{folder}: this folder holds other things; choose another with --data", key=str(folder)
                )
            mark.write_text("Data of `onrecord demo`; the folder may be deleted at any time.\n", encoding="utf-8")
    except OSError as error:
        raise ArchiveError(f"{folder}: {error.strerror}; choose another folder with --data", key=str(folder)) from None


def _config(site: SiteConfig) -> str:
    """Return a configuration with which the other commands work on the demonstration's data."""
    return f"""\
# Written by `onrecord demo`: with it, the other commands work on the demonstration's data.
[store]
url = "sqlite:///archive.db"

[index]
url = "whoosh:index"

[site]
title = {json.dumps(site.title)}
base_url = {json.dumps(site.base_url)}
listen = {json.dumps(site.listen)}
"""
