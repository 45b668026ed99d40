"""Owns the browser that the tests of this folder share, and the site that it visits."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from archives import OPENED, Archive, edit, event
from archives import post as comment
from brinks import WaitedFor, brinks, illustrated, serving, waiting
from flask import Flask
from playwright.sync_api import Browser, Error, sync_playwright

from archiver.model import Account, Evidence, PostKind, Relevance
from archiver.references import ThreadKind
from web.app import create_app
from web.permalinks import SHOWN_DIGITS

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
    last = archive.save(
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
    happened(archive)
    consented(archive)
    debated(archive)
    archive.save(15, "Withdrawn")
    archive.withdraw(number=15)
    archive.save(19, "Blocked")
    archive.withdraw(number=19, reason="legal")
    illustrated(archive)
    archive.app()

    def make(base: str) -> Flask:
        site = replace(archive.site, base_url=base)
        return create_app(store=archive.store, index=archive.index, site=site, clock=archive.clock)

    with serving(make) as base, brinks(archive) as further:
        yield ordinary(base, first, last) | further
    archive.index.close()
    archive.store.close()


@pytest.fixture
def waited_for(tmp_path: Path) -> Iterator[WaitedFor]:
    """Serve a site on which somebody waits for a thread."""
    archive = Archive(tmp_path)
    archive.save(12)
    with waiting(archive) as found:
        yield found
    archive.index.close()
    archive.store.close()


def ordinary(base: str, first: str, last: str) -> dict[str, str]:
    """Return the address of each type of page that every site has; `first` and `last` are snapshots of thread 12."""
    home = f"{base}/github.com/Acme/Rocket"
    thread = f"{home}/issues/12"
    return {
        "home": f"{base}/",
        "about": f"{base}/about",
        "search": f"{base}/search?q=license",
        "no results": f"{base}/search?q=license+zebra+milestone:x",
        "search help": f"{base}/search",
        "repositories": f"{base}/github.com/",
        "repository": home,
        "thread": thread,
        "snapshot": f"{thread}@{first}",
        "latest snapshot": f"{thread}@{last}",
        "history": f"{thread}/history",
        "query help": f"{base}/help/search",
        "partial results": f"{base}/search?q=license+zebra+question",
        "narrowed results": f"{base}/search?q=license+is:open+repo:acme/rocket",
        "compare": f"{thread}/compare?from={first[:SHOWN_DIGITS]}&to={last[:SHOWN_DIGITS]}",
        "compare backwards": f"{thread}/compare?from={last[:12]}&to={first[:12]}",
        "cite": f"{thread}/cite",
        "cite a post": f"{thread}/cite?post=issuecomment-502",
        "too early": f"{thread}@20180216T091200Z",
        "no snapshot": f"{thread}@{'0' * 12}",
        "happened": f"{home}/pull/14",
        "what happened": f"{home}/pull/14/history",
        "debate": f"{home}/issues/17",
        "consent": f"{home}/issues/16",
        "pictures": f"{home}/issues/18",
        "withdrawn": f"{home}/issues/15",
        "withdrawn for legal reasons": f"{home}/issues/19",
        "lookup": f"{base}/lookup",
        "lookup refused": f"{base}/lookup?url={LONG}",
        "not held": f"{base}/lookup?url=no/where%2312",
        "comment not held": f"{base}/lookup?url=acme/rocket/issues/12%23issuecomment-999",
        "beyond the last": f"{base}/search?q=license&page=99",
        "nothing is saved": f"{base}/save",
        "bad request": f"{home}?page=x",
        "not found": f"{base}/nowhere",
    }


def consented(archive: Archive) -> None:
    """Save a thread that asks for consent, with answers of all kinds, as wide as they can be."""
    login = "a" * 39
    asks = "If you contributed and agree to the new license, please reply here.\n\n- [x] @kim\n- [ ] @lee\n"
    asks += f"- [ ] @{login}\n"
    first = (comment(901, f"I agree. {LONG}", login), comment(902, "I agree.", "kim"))
    archive.save(16, "Relicense: who agrees?", body=asks, comments=first)
    more = (
        replace(comment(902, f"I agree as long as {LONG} {EVIL}", "kim"), updated_at=archive.now),
        comment(903, "Do I have to agree?", "mo"),
        comment(904, f"I do not agree, {LONG}.", "zoe", association="FIRST_TIME_CONTRIBUTOR"),
        comment(905, "I object.", login),
    )
    archive.save(16, "Relicense: who agrees?", body=asks, comments=(first[0], *more))


def debated(archive: Archive) -> None:
    """Save a debate that is long enough to be streamed and drawn, with quotations, edits, and posts that are gone."""
    roles = ("OWNER", "NONE", "MEMBER", "NONE", "CONTRIBUTOR")
    posts = [
        comment(
            *(70_000 + at, f"> Which license?\n\nThe copyleft license of {at}." if at % 7 == 0 else LONG[:200] * 3),
            *("kim" if at % 3 else "lee",),
            minutes=at * (30 if at < 100 else 4000),
            association=roles[at % 5],
        )
        for at in range(1, 200)
    ]
    posts[20] = replace(posts[20], updated_at=posts[20].created_at + timedelta(days=2))
    reasons = tuple(Evidence("copyleft", "copyleft license", "own", at * 7, 2.0) for at in range(1, 20))
    archive.save(17, "A long debate", comments=tuple(posts), relevance=Relevance("subject", 9.5, evidence=reasons))
    archive.happen(event("closed", minutes=500), event("reopened", minutes=5000), number=17)
    with archive.store.transaction() as tx:
        tx.mark_post_gone(77, 17, PostKind.COMMENT, 70_030, 404)


def happened(archive: Archive) -> None:
    """Save a pull request to which everything happened that can, as wide as it can be."""
    lines = {"path": f"docs/{LONG}", "line": 3, "diff_hunk": f"@@ -1 +1 @@\n-{EVIL}\n+{LONG}"}
    comments = (
        comment(801, "Edited.", minutes=10, edited=OPENED + timedelta(minutes=40), reactions={"+1": 3, "eyes": 1}),
        comment(802, LONG, minutes=20),
        comment(803, EVIL, minutes=30, body_html=EVIL),
        comment(804, "Personal.", minutes=40),
        comment(811, "Fine.", minutes=50, kind=PostKind.REVIEW, state="APPROVED"),
        comment(812, "", minutes=51, kind=PostKind.REVIEW, state="CHANGES_REQUESTED"),
        comment(821, "Why?", minutes=52, kind=PostKind.REVIEW_COMMENT, raw=lines),
        comment(822, "So.", minutes=53, kind=PostKind.REVIEW_COMMENT, reply_to=821),
    )
    archive.save(14, comments=comments, kind=ThreadKind.PULL, draft=True, assignees=("boss", LONG))
    url = "https://github.com/else/where/issues/5"
    archive.happen(
        event("labeled", minutes=5, label=LONG),
        event("renamed", minutes=15, **{"from": LONG, "to": EVIL}),
        event("cross-referenced", minutes=25, source="else/where#5", title=LONG, url=url),
        event("closed", minutes=26, commit_id="c0ffee1"),
        event("locked", minutes=60, lock_reason="too heated"),
        number=14,
    )
    edits = (edit(10, "First."), edit(20, None, "boss", OPENED + timedelta(days=1)), edit(40, "Edited.", "boss"))
    archive.tell(801, *edits, number=14)
    archive.tell(803, minimized="off-topic", number=14)
    archive.lose(802, number=14)
    archive.withdraw("issuecomment-804", number=14)
    with archive.store.transaction() as tx:
        tx.mark_thread_gone(77, 14, 404)
        tx.set_flag(77, suspects=40, posts=50)
