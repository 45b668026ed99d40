"""Judges again what is held, when the vocabulary is another than the one that judged it: no network is needed.

What the verdict is, is `archiver.license`'s; that nothing is forgotten for a verdict is the store's rule: what is held
stays, whatever is thought of it later.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from archiver.github.client import Stopped
from archiver.license import Vocabulary
from archiver.store import Store

log = logging.getLogger(__name__)

_NOTE = "judged"


@dataclass(slots=True)
class Judged:
    """How many threads were judged again, and of how many the verdict or its reasons differ now."""

    threads: int = 0
    differ: int = 0


def judge_again(
    store: Store,
    vocabulary: Vocabulary,
    repository_id: int | None = None,
    *,
    stop: Callable[[], bool] = lambda: False,
    on_progress: Callable[[Judged], None] = lambda _: None,
    at_once: int = 100,
) -> Judged:
    """Judge all held threads (of one repository, if given) that another vocabulary judged.

    Commits every `at_once` threads and asks `stop` after each commit; a further call goes on from there.
    Raises StoreError, or Stopped.
    """
    done = Judged()
    after: int | None = 0
    while after is not None:
        with store.transaction() as tx:
            after, judged, differ = tx.judge_all_again(
                vocabulary.judge, vocabulary.fingerprint, repository_id=repository_id, after=after, limit=at_once
            )
        done.threads += judged
        done.differ += differ
        on_progress(done)
        if after is not None and stop():
            raise Stopped("stopped on request; what was judged so far is kept")
    return done


def judge_if_another(store: Store, vocabulary: Vocabulary, *, stop: Callable[[], bool] = lambda: False) -> None:
    """Judge all that is held again if the vocabulary is another than the last time; nothing if it is the same.

    Raises what `judge_again` raises.
    """
    note = store.note(_NOTE)
    if note is not None and note["basis"] == vocabulary.fingerprint:
        return
    done = judge_again(store, vocabulary, stop=stop)
    if done.threads:
        log.info("the vocabulary is another: %d threads were judged again, %d differently", done.threads, done.differ)
    with store.transaction() as tx:
        tx.save_note(_NOTE, {"basis": vocabulary.fingerprint})
