"""Keeps pictures and attached files of held posts: looks texts through, and asks for what is not kept yet.

How a picture is fetched is `archiver.github.media`'s, how it is kept `archiver.store.media`'s, how shown `web.media`'s.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from archiver.github.client import Stopped
from archiver.github.media import MediaClient, NoPicture
from archiver.markup import pictures
from archiver.store import Store

log = logging.getLogger(__name__)

MOST_TRIES = 4
AGAIN_AFTER = timedelta(hours=20)
AT_ONCE = 200
MOST_AT_ONCE = 2_000
"""How many are asked for in one pass; the next one goes on."""


@dataclass(slots=True)
class Kept:
    """What a pass did: pictures kept, and those that could not be had."""

    new: int = 0
    failed: int = 0


def keep_pictures(
    store: Store,
    client: MediaClient,
    *,
    stop: Callable[[], bool] = lambda: False,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Kept:
    """Ask for what pictures and attached files of held posts are not kept yet; what fails is tried again another day.

    Each picture is committed by itself. Raises StoreError, or Stopped.
    """
    done = Kept()
    _look_through(store, client, stop)
    for url in store.wanted_pictures(now() - AGAIN_AFTER, MOST_TRIES, MOST_AT_ONCE):
        if stop():
            raise Stopped("stopped on request; the pictures fetched so far are kept")
        try:
            kind, content = client.fetch(url)
        except NoPicture as error:
            done.failed += 1
            with store.transaction() as tx:
                tx.fail_picture(url, str(error))
            continue
        digest = store.media_files.add(content)
        with store.transaction() as tx:
            tx.save_picture(url, digest, kind, len(content))
        done.new += 1
    if done.new or done.failed:
        log.info("pictures and attached files: %d kept, %d could not be had", done.new, done.failed)
    return done


def _look_through(store: Store, client: MediaClient, stop: Callable[[], bool]) -> None:
    """Note which pictures the texts show that were not looked through yet."""
    while True:
        if stop():
            raise Stopped("stopped on request")
        with store.transaction() as tx:
            texts = tx.unread_texts(AT_ONCE)
        found = [
            (text, [url for url in pictures(text.body, text.body_html, text.base) if client.allows(url)])
            for text in texts
        ]
        if not found:
            return
        with store.transaction() as tx:
            for text, urls in found:
                tx.note_pictures(text, urls)
