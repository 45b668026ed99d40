"""Tests the small parts that engines are made of: merging, caching, lending."""

from __future__ import annotations

import random
import threading
from functools import partial

from search.cache import Cache
from search.lending import Lender
from search.merging import FAN, LARGEST, to_merge


def test_merging_waits_for_eight_of_a_size() -> None:
    """Seven small segments are left alone, eight are merged; large and other-sized ones are not drawn in."""
    assert to_merge([(10, 10)] * (FAN - 1)) == set()
    assert to_merge([(10, 10)] * FAN + [(500, 500)]) == set(range(FAN))
    assert to_merge([(LARGEST + 1, LARGEST + 1)] * 20) == set()


def test_merging_takes_what_is_mostly_deleted() -> None:
    """A segment of which a third is deleted is merged on its own account, even a large one."""
    assert to_merge([(100, 101), (60, 100), (2 * LARGEST, 4 * LARGEST)]) == {1, 2}


def test_merging_stays_logarithmic() -> None:
    """After many commits there are few segments, and no document was copied often."""
    segments: list[int] = []
    copied = 0
    for _ in range(2_000):
        merged = to_merge([(size, size) for size in segments])
        size = 1 + sum(segments[n] for n in merged)
        copied += size - 1
        segments = [s for n, s in enumerate(segments) if n not in merged] + [size]
    assert sum(segments) == 2_000
    assert len(segments) < 35
    assert copied < 5 * 2_000


class Bulk:
    """Something that takes room."""

    def __init__(self, size: int) -> None:
        self.size = size


def test_cache_is_bounded() -> None:
    """What was used last stays; together what is kept never takes more than allowed."""
    made: list[str] = []

    def get(name: str) -> None:
        cache.get(("owner", name), lambda: made.append(name) or Bulk(700))  # type: ignore[func-returns-value]
        assert cache.size <= 3_000

    cache = Cache(3_000)
    for name in "abcabcdad":
        get(name)
    # d pushes out a (used longest ago), which then is made anew and pushes out b.
    assert made == list("abcda")


def test_cache_lets_one_large_thing_pass() -> None:
    """What would push out most of the rest is not kept."""
    cache = Cache(3_000)
    cache.get(("owner", "small"), lambda: Bulk(700))
    assert cache.get(("owner", "large"), lambda: Bulk(2_000)).size == 2_000
    assert cache.get(("owner", "small"), lambda: Bulk(1)).size == 700


def test_cache_drops_what_is_of_the_past() -> None:
    """What belongs to a state that is gone is dropped at once."""
    cache = Cache(9_000)
    for owner in "ab":
        cache.get((owner, 1), lambda: Bulk(100))
    cache.keep({"b"})
    assert cache.get(("a", 1), lambda: Bulk(7)).size == 7
    assert cache.get(("b", 1), lambda: Bulk(7)).size == 100


def test_cache_serves_many_threads() -> None:
    """Eight threads that ask at once all get what belongs to their key, and the bound holds."""
    cache = Cache(20_000)
    wrong: list[object] = []

    def ask(seed: int) -> None:
        chance = random.Random(seed)
        for _ in range(2_000):
            size = chance.randrange(1, 60) * 100
            if cache.get(("owner", size), partial(Bulk, size)).size != size or cache.size > 20_000:
                wrong.append(size)

    threads = [threading.Thread(target=ask, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


class Thing:
    """Something to lend that knows whether it is closed."""

    def __init__(self) -> None:
        self.closed = 0

    def close(self) -> None:
        """Count the closing."""
        self.closed += 1


def test_what_is_lent_stays_open() -> None:
    """A replaced thing is closed once, when its last borrower is done; one that nobody has, at once."""
    first, second, third = Thing(), Thing(), Thing()
    latest = first
    lender: Lender[Thing] = Lender(lambda _present: latest)
    with lender.lend() as one:
        latest = second
        with lender.lend() as two:
            assert (one, two) == (first, second)
            assert not first.closed
        latest = third
        with lender.lend():
            assert (first.closed, second.closed) == (0, 1)
    assert (first.closed, second.closed, third.closed) == (1, 1, 0)
    lender.close()
    assert third.closed == 1


def test_lending_to_many_threads() -> None:
    """Nobody ever holds a closed thing, and everything but the last is closed exactly once."""
    made: list[Thing] = []
    chance = random.Random(1)

    def latest(present: Thing | None) -> Thing:
        if present is None or chance.random() < 0.3:
            made.append(Thing())
            return made[-1]
        return present

    lender: Lender[Thing] = Lender(latest)
    bad: list[Thing] = []

    def borrow() -> None:
        for _ in range(300):
            with lender.lend() as thing:
                if thing is None or thing.closed:
                    bad.append(thing or Thing())

    threads = [threading.Thread(target=borrow) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert bad == []
    assert {thing.closed for thing in made[:-1]} == {1}
    assert made[-1].closed == 0
