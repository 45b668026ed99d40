"""Keeps the threads that readers asked to have saved now, and saves them one after the other, in between crawls.

Who may ask, and how often, is `web.saving`'s; how a thread is fetched is `archiver.crawl`'s. All of it is in memory: it
is gone with the process, and whoever asked can ask again.
"""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from archiver.crawl import Crawler
from archiver.errors import (
    ArchiveError,
    BadResponse,
    Blocked,
    Forbidden,
    GitHubError,
    Gone,
    NotFound,
    RateLimited,
    StoreBusy,
    TokenNeeded,
    Unauthorized,
    Unreachable,
)
from archiver.fetch import Report
from archiver.github.client import GitHub, Stopped
from archiver.license import Vocabulary
from archiver.model import thread_key
from archiver.references import ThreadRef
from archiver.store import Store

log = logging.getLogger(__name__)

MOST_WAITING = 20
"""How many may wait at a time."""
MOST_KEPT = 500
"""Of how many it is known what became of them."""
FRESH = timedelta(minutes=5)
"""Whoever asks for a thread that was saved this short a time ago is told of that."""
DECLINED = "Its author asked not to be captured here, so it is not."
WITHDRAWN = "It was withdrawn here, so it is not saved again."
FAULT = "Something went wrong here, and was logged. Trying again later may help."


class TooManyWaiting(ArchiveError):
    """So many threads wait to be saved that no further one is taken."""


@dataclass(frozen=True, slots=True)
class Wish:
    """A thread that somebody asked to have saved: `status` is `waiting`, `working`, `done` or `failed`.

    `reason` is a sentence for the reader that says why it failed; `until` when it may work again, if that is known.
    `held` says that the thread is on the record all the same, from before; `withdrawn` that it is out of view here, and
    so is not saved.
    """

    id: str
    ref: ThreadRef
    status: str
    at: datetime
    reason: str = ""
    until: datetime | None = None
    held: bool = False
    withdrawn: bool = False

    @property
    def ended(self) -> bool:
        """Whether nothing more will come of it."""
        return self.status in {"done", "failed"}


class Desk:
    """Takes wishes and tells what became of them; safe for many threads. `clock` tells the present moment in UTC."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._changed = threading.Condition()
        self._wishes: OrderedDict[str, Wish] = OrderedDict()

    def known(self, ref: ThreadRef) -> Wish | None:
        """Return the wish for that thread that waits, is worked on or was fulfilled a moment ago."""
        with self._changed:
            return self._known(ref)

    def ask(self, ref: ThreadRef) -> Wish:
        """Take a wish, or find the one that there is for that thread. Raises TooManyWaiting."""
        with self._changed:
            if (found := self._known(ref)) is not None:
                return found
            if sum(each.status == "waiting" for each in self._wishes.values()) >= MOST_WAITING:
                raise TooManyWaiting("too many threads wait to be saved", key=str(ref))
            wish = Wish(secrets.token_urlsafe(16), ref, "waiting", self._clock())
            self._wishes[wish.id] = wish
            while len(self._wishes) > MOST_KEPT:
                self._wishes.pop(next(each.id for each in self._wishes.values() if each.ended))
            self._changed.notify_all()
            return wish

    def find(self, wish_id: str) -> Wish | None:
        """Return a wish by its number; None if it is not known, or not any more."""
        with self._changed:
            return self._wishes.get(wish_id)

    def before(self, wish: Wish) -> int:
        """Return how many have their turn before it."""
        with self._changed:
            waiting = [each.id for each in self._wishes.values() if not each.ended]
            return waiting.index(wish.id) if wish.id in waiting else 0

    def take(self) -> Wish | None:
        """Return the wish whose turn it is, as worked on from now on; None if there is none."""
        with self._changed:
            found = next((each for each in self._wishes.values() if each.status == "waiting"), None)
            return None if found is None else self._set(found, status="working")

    def put_back(self, wish: Wish) -> None:
        """Let a wish wait again."""
        with self._changed:
            self._set(wish, status="waiting")

    def end(
        self,
        wish: Wish,
        reason: str = "",
        until: datetime | None = None,
        *,
        held: bool = False,
        withdrawn: bool = False,
    ) -> None:
        """Note that a wish is fulfilled or, with a reason, that it is not; the flags are those of `Wish`."""
        status = "failed" if reason else "done"
        told = {"status": status, "reason": reason, "until": until, "held": held, "withdrawn": withdrawn}
        with self._changed:
            self._set(wish, **told, at=self._clock())

    def wait(self, seconds: float) -> bool:
        """Wait until there is something to do, so long at most; return whether there is."""
        with self._changed:
            return self._changed.wait_for(
                lambda: any(each.status == "waiting" for each in self._wishes.values()), seconds
            )

    def _set(self, wish: Wish, **changes: object) -> Wish:
        changed = replace(wish, **changes)  # type: ignore[arg-type]
        self._wishes[wish.id] = changed
        return changed

    def _known(self, ref: ThreadRef) -> Wish | None:
        fresh = self._clock() - FRESH
        for each in reversed(self._wishes.values()):
            same = (each.ref.repository.key, each.ref.number) == (ref.repository.key, ref.number)
            if same and (not each.ended or (each.status == "done" and each.at > fresh)):
                return each
        return None


class Saver:
    """Fulfils wishes: between the pages of this process's crawls, else in a thread of its own.

    `client` makes a client that does not wait for rate limits; `pause` sleeps.
    """

    def __init__(
        self,
        desk: Desk,
        store: Store,
        vocabulary: Vocabulary,
        client: Callable[[], GitHub],
        *,
        pause: Callable[[float], object] = time.sleep,
    ) -> None:
        self._desk = desk
        self._store = store
        self._vocabulary = vocabulary
        self._client = client
        self._pause = pause
        self._turn = threading.Lock()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Keep the saver's own thread from crawling for the length of the block, in which a crawl calls `between`."""
        with self._turn:
            yield

    def between(self) -> None:
        """Fulfil what is wished, from within a crawl that holds the store's lock, between two of its pages."""
        while (wish := self._desk.take()) is not None:
            self._save(wish, lambda crawler, ref: crawler.aside(ref))

    def refuse(self, until: datetime) -> None:
        """Tell all who wait that the rate limit is used up: a crawl waits for it too, and GitHub is left alone."""
        while (wish := self._desk.take()) is not None:
            self._desk.end(wish, _used_up(until), until)

    def run(self, stop: Callable[[], bool]) -> None:
        """Fulfil wishes until asked to stop. While a crawl is at work, that one sees to them."""
        while not stop():
            if self._desk.wait(1.0) and not self._work():
                self._pause(0.5)

    def _work(self) -> bool:
        """Fulfil one wish; return whether that could be tried: not while a crawl is at work, in whichever process."""
        if not self._turn.acquire(blocking=False):
            return False
        try:
            wish = self._desk.take()
            return wish is None or self._save(wish, lambda crawler, ref: crawler.crawl(ref))
        finally:
            self._turn.release()

    def _save(self, wish: Wish, how: Callable[[Crawler, ThreadRef], Report]) -> bool:
        try:
            if self._refused(wish):
                return True
            with self._client() as github:
                report = how(Crawler(self._store, github, self._vocabulary), wish.ref)
            # Under which name it is held may have been found out just now.
            if not self._refused(wish):
                self._desk.end(wish, "" if report.gone or self._is_held(wish.ref) else DECLINED)
        except (StoreBusy, Stopped):
            self._desk.put_back(wish)
            return False
        except ArchiveError as error:
            log.warning("saving %s: %s", wish.ref, error)
            if self._refused(wish):
                return True
            self._forget_failure(wish.ref)
            held = self._is_held(wish.ref)
            until = error.until if isinstance(error, RateLimited) else None
            self._desk.end(wish, why(error, held=held), until, held=held)
        except Exception:  # the outermost boundary: whoever asked is told, and the others have their turn
            log.exception("saving %s failed", wish.ref)
            self._desk.end(wish, FAULT)
        return True

    def _is_held(self, ref: ThreadRef) -> bool:
        """Return whether a thread is held, in public view, by now."""
        repository = self._store.find_repository(ref.repository)
        return repository is not None and bool(self._store.summaries_by_key([thread_key(repository.id, ref.number)]))

    def _refused(self, wish: Wish) -> bool:
        """End a wish for a thread that is withdrawn here as a whole; return whether it is."""
        repository = self._store.find_repository(wish.ref.repository)
        if repository is None or self._store.tombstone(repository.id, wish.ref.number) is None:
            return False
        self._desk.end(wish, WITHDRAWN, withdrawn=True)
        return True

    def _forget_failure(self, ref: ThreadRef) -> None:
        """Let a mistyped number that nothing is held of stand in no list of what could not be fetched."""
        repository = self._store.find_repository(ref.repository)
        if repository is not None and not self._is_held(ref):
            with self._store.transaction() as tx:
                tx.clear_failure(repository.id, f"#{ref.number}")


def why(error: ArchiveError, *, held: bool = False) -> str:
    """Say to a reader why a thread could not be saved (anew, if it is `held`), without what is the operator's alone."""
    rest = "What was captured before stays on the record here." if held else "Nothing of it is held here."
    match error:
        case NotFound():
            return f"GitHub answers that there is no such thread, or that it is private (404). {rest}"
        case Gone():
            return f"GitHub answers that it was deleted (410). {rest}"
        case Blocked():
            return f"GitHub answers that it is withheld for legal reasons (451). {rest}"
        case RateLimited():
            return _used_up(error.until)
        case TokenNeeded():
            return "GitHub gives discussions only to those who have a token, and this archive has none."
        case Unauthorized() | Forbidden():
            return (
                f"GitHub refuses this archive's requests (HTTP {error.status}). Whoever runs it finds more in the log."
            )
        case Unreachable() | BadResponse():
            return "GitHub did not answer as it should. Please try again later."
        case GitHubError():
            return "GitHub does not accept the request as it is."
        case _:
            return FAULT


def _used_up(until: datetime) -> str:
    return f"GitHub's rate limit is used up until {until:%H:%M} UTC. Please try again then."
