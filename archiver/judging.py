"""Judges again what is held, when the vocabulary is another than the one that judged it: no network is needed.

What the verdict is, is `archiver.license`'s; that nothing is forgotten for a verdict is the store's rule: what is held
stays, whatever is thought of it later.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from archiver.github.client import Stopped
from archiver.license import Vocabulary
from archiver.store import Store


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
) -> Judged:
    """Judge all held threads (of one repository, if given) that another vocabulary judged.

    Commits every so many threads; a further call goes on from there. Raises StoreError, or Stopped.
    """
    done = Judged()
    after: int | None = 0
    while after is not None:
        if stop():
            raise Stopped("stopped on request; what was judged so far is kept")
        with store.transaction() as tx:
            after, judged, differ = tx.judge_all_again(
                vocabulary.judge, vocabulary.fingerprint, repository_id=repository_id, after=after
            )
        done.threads += judged
        done.differ += differ
        on_progress(done)
    return done
