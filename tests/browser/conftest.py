"""Owns the browser that the tests of this folder share, and the site that it visits."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from archives import OPENED, Archive
from archives import post as comment
from playwright.sync_api import Browser, Error, sync_playwright

from archiver.model import Account
from web.app import create_app
from web.serve import Server, listen, url_of

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
EVIL = """<script>document.title = "pwned"; fetch("https://elsewhere.test/")</script>
<img src="https://elsewhere.test/x.png" onerror="document.title = 'pwned'">
<a href="javascript:document.title = 'pwned'">a link</a> <style>* { background: url(https://elsewhere.test/y) }</style>

![picture](https://elsewhere.test/z.png) <details open ontoggle="document.title = 'pwned'">here</details>
"""
LONG = "a" * 400


def _missing(reason: str) -> None:
    """Skip where no browser is to be had, unless this is a run that promised one."""
    if os.environ.get("CI_REQUIRE_BROWSER") == "1":
        pytest.fail(f"CI_REQUIRE_BROWSER=1, but {reason}")
    pytest.skip(reason)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Start the system's Chromium or Chrome, headless."""
    wanted = os.environ.get("ONRECORD_CHROMIUM")
    path = wanted or next((found for name in NAMES if (found := shutil.which(name))), None)
    if path is None:
        _missing(f"none of {', '.join(NAMES)} is installed (ONRECORD_CHROMIUM=PATH names another)")
    with sync_playwright() as playwright:
        try:
            started = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        except Error as error:
            _missing(f"{path} does not start: {str(error).splitlines()[0]}")
        yield started
        started.close()


@pytest.fixture(scope="session")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Serve a site on a free loopback port; return the address of each type of page."""
    archive = Archive(tmp_path_factory.mktemp("archive"))
    wide = f"> {LONG}\n\n`{LONG}`\n\n```python\n{LONG}\n```\n\nhttps://elsewhere.test/{LONG}"
    table = "| " + " | ".join("column" for _ in range(30)) + " |\n" + "|--" * 30 + "|\n"
    comments = [comment(501, EVIL, "mallory", body_html=EVIL), comment(502, wide, None), comment(503, table)]
    comments.append(comment(504, "Which license?\n\nאיזה רישיון?"))
    first = archive.save(12, comments=tuple(comments), body=EVIL)
    comments[0] = replace(comment(501, "Taken back.", "mallory"), updated_at=archive.now)
    archive.save(
        12,
        title=f"Relicense? <script>document.title = 'pwned'</script> {LONG}",
        comments=tuple(comments),
        body=EVIL,
        labels=("legal", LONG),
        state="closed",
        state_reason="not_planned",
        closed_at=OPENED + timedelta(hours=7, minutes=49),
        closed_by=Account(5, "boss"),
    )
    for number in range(20, 45):
        archive.save(number, f"License question {number}")
    listener = listen("127.0.0.1", 0)
    base = url_of(listener)
    archive.app()
    app = create_app(
        store=archive.store, index=archive.index, site=replace(archive.site, base_url=base), clock=archive.clock
    )
    server = Server(app, listener)
    server.start()
    thread = f"{base}/github.com/Acme/Rocket/issues/12"
    yield {
        "home": f"{base}/",
        "search": f"{base}/search?q=license",
        "no results": f"{base}/search?q=license+zebra+milestone:x",
        "search help": f"{base}/search",
        "repositories": f"{base}/github.com/",
        "repository": f"{base}/github.com/Acme/Rocket",
        "thread": thread,
        "snapshot": f"{thread}@{first}",
        "history": f"{thread}/history",
        "too early": f"{thread}@20180216T091200Z",
        "no snapshot": f"{thread}@{'0' * 12}",
        "lookup": f"{base}/lookup",
        "lookup refused": f"{base}/lookup?url={LONG}",
        "not held": f"{base}/lookup?url=no/where%2312",
        "beyond the last": f"{base}/search?q=license&page=99",
        "not found": f"{base}/nowhere",
    }
    server.stop()
    archive.index.close()
    archive.store.close()
