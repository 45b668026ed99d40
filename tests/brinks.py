"""Owns the pages that a reader seldom sees, for the browser: saving, kept pictures, and sites that cannot answer.

It asserts nothing; the pages that every site shows are in `tests/browser/conftest.py`.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import httpx
from archives import Archive
from archives import post as comment
from flask import Flask, Response
from playwright.sync_api import Page

from archiver.config import GITHUB_MEDIA_HOSTS, PICTURE_TYPES
from archiver.errors import StoreError
from archiver.github.media import MediaClient
from archiver.media import keep_pictures
from archiver.references import ThreadRef
from archiver.saving import Desk
from archiver.store import Store
from web.app import create_app, site_server
from web.saving import Saving
from web.serve import listen, url_of

KEY = "a key that nobody guesses"
PICTURES = "https://user-images.githubusercontent.com"


def _ask(page: Page, text: str) -> None:
    page.fill("#url", text)
    _send(page, "main form[action='/save'] button")


def _send(page: Page, button: str) -> None:
    with page.expect_navigation(wait_until="load"):
        page.click(button)


def _sign_in(page: Page, key: str) -> None:
    page.fill("#key", key)
    _send(page, "main form button")


# What is done on a page before it is looked at, which works without scripts, too.
STEPS: dict[str, Callable[[Page], None]] = {
    "save refused": lambda page: _ask(page, f"https://elsewhere.test/{'a' * 400}"),
    "sign in refused": lambda page: _sign_in(page, "not the key"),
    "signed in": lambda page: _sign_in(page, KEY),
}

# --- pictures ---------------------------------------------------------------------------------------------------------


def png(width: int, height: int) -> bytes:
    """Draw a picture: slanting stripes, in two greys."""
    rows = b"".join(b"\0" + bytes(90 if (x + y) // 40 % 2 else 200 for x in range(width)) for y in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    )


def illustrated(archive: Archive) -> None:
    """Save a thread with pictures that are kept, wide, small, tall and in a table, and with some that are not."""
    kept = {"wide": png(1600, 500), "badge": png(90, 20), "tall": png(40, 900)}
    texts = (
        f"A chart of who agreed:\n\n![who agreed]({PICTURES}/wide.png)\n\n![]({PICTURES}/badge.png) says it all.",
        f"> ![a tall one]({PICTURES}/tall.png)\n\nAs in the first chart.",
        f"This one is lost: ![a scan of the license]({PICTURES}/lost.png), and ![]({PICTURES}/lost.png), too.",
        f"[![build]({PICTURES}/badge.png)](https://elsewhere.test/build) "
        "[![passing](https://elsewhere.test/b.svg)](https://elsewhere.test/b)",
        f"| before | after |\n|--|--|\n| ![before]({PICTURES}/wide.png) | ![after]({PICTURES}/lost.png) |",
        f"![{'a' * 400}](https://elsewhere.test/{'b' * 400}.png)",
    )
    comments = tuple(comment(1800 + at, text) for at, text in enumerate(texts[1:]))
    archive.save(18, "Pictures of a license", body=texts[0], comments=comments)

    def answer(request: httpx.Request) -> httpx.Response:
        found = kept.get(request.url.path.strip("/").removesuffix(".png"))
        return (
            httpx.Response(404, stream=httpx.ByteStream(b""))
            if found is None
            else httpx.Response(200, stream=httpx.ByteStream(found))
        )

    transport = httpx.MockTransport(answer)
    client = MediaClient(GITHUB_MEDIA_HOSTS, types=PICTURE_TYPES, max_bytes=2**20, transport=transport)
    with client:
        keep_pictures(archive.store, client, now=archive.clock)


# --- sites ------------------------------------------------------------------------------------------------------------


@contextmanager
def serving(make: Callable[[str], Flask]) -> Iterator[str]:
    """Serve what `make` makes for an address, at a free loopback port; return the address."""
    listener = listen("127.0.0.1", 0)
    base = url_of(listener)
    server = site_server(make(base), listener)
    server.start()
    try:
        yield base
    finally:
        server.stop()


def standing_still(app: Flask) -> Flask:
    """Take out of an app's answers that a page asks again by itself, so that it can be looked at in peace."""

    def without(response: Response) -> Response:
        response.headers.pop("Refresh", None)
        return response

    app.after_request(without)
    return app


class Failing:
    """A store that answers until it is asked for something about a thread of which it knows that it fails."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def find_repository(self, ref: Any) -> Any:
        """Fail as a broken disk does, or as no program should."""
        if ref.name.startswith("down"):
            raise StoreError("cannot be read", key="sqlite:///somewhere")
        if ref.name.startswith("fault"):
            raise ZeroDivisionError
        return self._store.find_repository(ref)


@dataclass(frozen=True)
class WaitedFor:
    """A thread that is held here, and waits to be saved anew: the page that says so, and where it is to lead."""

    url: str
    record: str
    fulfil: Callable[[], object]


@contextmanager
def waiting(archive: Archive) -> Iterator[WaitedFor]:
    """Serve an archive in which somebody waits for thread 12, which nobody but `fulfil` works on."""
    desk = Desk(archive.clock)

    def make(base: str) -> Flask:
        site = replace(archive.site, base_url=base, save="open")
        return create_app(store=archive.store, index=archive.index, site=site, clock=archive.clock, saving=Saving(desk))

    wish = desk.ask(ThreadRef("acme", "rocket", 12))
    with serving(make) as base:
        yield WaitedFor(f"{base}/save/{wish.id}", f"{base}/github.com/Acme/Rocket/issues/12", lambda: desk.end(wish))


@contextmanager
def brinks(archive: Archive) -> Iterator[dict[str, str]]:
    """Serve an archive at its limits; return the address of each type of page that only there is to be seen."""
    desk = Desk(archive.clock)
    hours = iter(range(1_000_000))

    def later() -> datetime:
        # Each look at the clock is an hour later, so that nobody signs in too often.
        return archive.now + timedelta(hours=next(hours))

    def site(save: str, key: str | None, **more: Any) -> Callable[[str], Flask]:
        def make(base: str) -> Flask:
            config = replace(archive.site, base_url=base, save=save)
            more.setdefault("clock", archive.clock)
            more.setdefault("store", archive.store)
            return create_app(index=archive.index, site=config, saving=Saving(desk, key), **more)

        return make

    refs = [ThreadRef("acme", "rocket", number) for number in (91, 92, 93)]
    failed, working, waiting = (desk.ask(ref) for ref in refs)
    desk.end(failed, "GitHub answers that there is no such thread, or that it is private (404).")
    desk.take()
    with (
        serving(lambda base: standing_still(site("open", None)(base))) as anyone,
        serving(site("operators", KEY, clock=later)) as operators,
        serving(site("off", None, store=Failing(archive.store))) as broken,
    ):
        yield {
            "save": f"{anyone}/save?url=https://github.com/acme/rocket/issues/91",
            "save refused": f"{anyone}/save",
            "saving": f"{anyone}/save/{working.id}",
            "waiting to be saved": f"{anyone}/save/{waiting.id}",
            "not saved": f"{anyone}/save/{failed.id}",
            "an offer to save anew": f"{anyone}/lookup?url=https://github.com/acme/rocket/issues/12%23issuecomment-999",
            "sign in refused": f"{operators}/save?url=https://github.com/acme/rocket/issues/91",
            "signed in": f"{operators}/save",
            "server error": f"{broken}/github.com/acme/fault",
            "store down": f"{broken}/github.com/acme/down",
        }
