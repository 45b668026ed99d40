"""Invents threads in any number, alike in what a search meets: many repositories, Zipf's law, debates on licensing.

The same at every run. It makes values of the model at once, with neither an API nor a store between; `corpus` is the
one that is crawled.
"""

from __future__ import annotations

import random
from bisect import bisect
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import accumulate

from archiver.model import Account, Post, PostKind, Relevance, Repository, Revision, Thread, ThreadSummary
from archiver.references import ThreadKind

REPOSITORIES, ACCOUNTS, WORDS = 300, 20_000, 60_000
_START = datetime(2012, 1, 1, tzinfo=UTC)
_DAYS = 4_700


def _words(text: str) -> list[str]:
    return text.split()


# The words of English that come first by frequency in any tracker, most frequent first.
_HEAD = _words(
    """the to a i it is of and in that this for be on with not as you have if but can are so or we an from would
there use at by when which do just code what will like my has should think one need all was some build using version
because only could more error your also type does work file make about test how than change other don any same run get
me no see want now into way function fix here issue project they then might library them since case works both first
new time add used really user its support name release each before most set call were right sure even same line good
find better where though instead something without problem default possible request value seems point still different
data however thing method please well while actually between already yes two own patch merge branch server client
package people maybe probably copy source open written text question answer reason"""
)

_ONSETS = _words("b br c ch cl cr d dr f fl g gl gr h j k kl l m n p pl pr qu r s sh sk sl sp st t th tr v w x z")
_NUCLEI = _words("a e i o u ai ea io ou")
_CODAS = _words("b ck d f g l ll m n nd ng nt p r rd rn s sh st t th x")

_LICENSES = ("MIT", "Apache-2.0", "GPL-3.0", "GPLv2", "AGPL-3.0-only", "LGPL-2.1", "MPL-2.0", "BSD-3-Clause", "EPL-2.0")
_SENTENCES = (
    "Would you consider to change the license from {a} to {b} ?",
    "We cannot relicense this without the consent of every contributor, and some of them are gone.",
    "The {a} has a patent grant that the {b} license lacks.",
    "There is no LICENSE file in this repository, so strictly nobody may copy the code.",
    "I agree to relicense my contributions under {a} or {b}.",
    "Our lawyers say that the {a} is not compatible with {b} in this combination.",
    "Please sign the contributor license agreement before we can merge.",
    "A dual license, {a} and {b}, would keep both camps happy.",
    "The header says {a} only, but the readme says any later version.",
    "Copyleft is the point: whoever distributes it has to offer the source.",
    "This file was copied from a project under {a}, and its copyright notice was removed.",
)
_TITLES = (
    "Change the license to {a}",
    "License is missing",
    "Relicense under {a} or {b}?",
    "Is {a} compatible with {b}?",
    "Add a copyright notice to the {w} {v}",
    "CLA for {w} contributors",
)
_LABELS = ("legal", "license", "question", "docs", "enhancement", "wontfix", "good first issue", "bug", "help wanted")
_TOPICS = ("relicense", "compatibility", "missing-license", "cla-dco", "violation-attribution", "patent")
_ASSOCIATIONS = ("NONE", "NONE", "NONE", "CONTRIBUTOR", "CONTRIBUTOR", "MEMBER", "OWNER")


class Inventor:
    """Makes threads by number: a thread depends on its number alone."""

    def __init__(self) -> None:
        chance = random.Random(4711)
        words = list(dict.fromkeys(_HEAD))
        known = set(words)
        while len(words) < WORDS:
            syllables = 1 + (len(words) > 1_000) + (chance.random() < 0.3)
            word = "".join(chance.choice(_ONSETS) + chance.choice(_NUCLEI) for _ in range(syllables))
            word += chance.choice(_CODAS)
            if word not in known:
                known.add(word)
                words.append(word)
        self.words = words
        # Zipf's law with Mandelbrot's shift, as English has it.
        self._weights = list(accumulate(1 / (rank + 2.7) for rank in range(WORDS)))
        names = chance.sample(words[500:20_000], 2 * REPOSITORIES)
        self.repositories = [
            Repository(1_000 + at, names[2 * (at // 4)], names[2 * at + 1]) for at in range(REPOSITORIES)
        ]
        rare = words[300:]
        self.logins = [f"{chance.choice(rare)}{at if at % 3 else ''}-{at % 97}" for at in range(ACCOUNTS)]

    def thread(self, number: int) -> Thread:
        """Make thread `number` (from 0), with 5.7 posts of 430 bytes on average."""
        chance = random.Random(number)
        repository = self.repositories[int(REPOSITORIES * chance.random() ** 2)]
        count = 1 + min(int(chance.expovariate(1 / 5.4)), 120)
        about = chance.random() < 0.5
        created = _START + timedelta(days=_DAYS * chance.random(), seconds=number % 86_400)
        people = [self._account(chance) for _ in range(1 + min(count // 2, 8))]
        posts = [self._post(chance, number, at, chance.choice(people), created, about) for at in range(count)]
        pull = chance.random() < 0.3
        state = "closed" if chance.random() < 0.7 else "open"
        updated = posts[-1].created_at
        licenses = tuple(dict.fromkeys(chance.choice(_LICENSES) for _ in range(2))) if about else ()
        summary = ThreadSummary(
            repository=repository,
            number=number + 1,
            kind=ThreadKind.PULL if pull else ThreadKind.ISSUE,
            title=self._title(chance, about),
            state=state,
            state_reason=None if pull or state == "open" else chance.choice(("completed", "not_planned")),
            locked=chance.random() < 0.04,
            lock_reason=None,
            labels=tuple(chance.sample(_LABELS, chance.randrange(3))),
            milestone=None,
            assignees=(),
            author=posts[0].author,
            author_association=posts[0].author_association,
            created_at=created,
            updated_at=updated,
            closed_at=updated if state == "closed" else None,
            merged_at=updated if pull and state == "closed" and chance.random() < 0.6 else None,
            closed_by=None,
            post_count=count,
            comments_upstream=count - 1,
            snapshot=f"{number:064x}",
            first_captured_at=updated,
            captured_at=updated,
            last_checked_at=updated,
            relevance=Relevance(
                "subject" if about else "debate",
                spdx=licenses,
                topics=tuple(chance.sample(_TOPICS, 1 + chance.randrange(2))) if about else (),
            ),
        )
        return Thread(summary, posts)

    def threads(self, posts: int) -> Iterator[Thread]:
        """Make threads until together they have so many posts."""
        number = 0
        while posts > 0:
            thread = self.thread(number)
            yield thread
            posts -= len(thread.posts)
            number += 1

    def _account(self, chance: random.Random) -> Account:
        which = int(ACCOUNTS * chance.random() ** 3)
        return Account(which + 1, self.logins[which])

    def _title(self, chance: random.Random, about: bool) -> str:
        if about:
            return chance.choice(_TITLES).format(
                a=chance.choice(_LICENSES), b=chance.choice(_LICENSES), w=self._word(chance), v=self._word(chance)
            )
        return " ".join(self._word(chance) for _ in range(3 + chance.randrange(6))).capitalize()

    def _post(
        self, chance: random.Random, thread: int, at: int, author: Account, created: datetime, about: bool
    ) -> Post:
        moment = created + timedelta(hours=at * 7, minutes=thread % 60)
        body = self._body(chance, about)
        return Post(
            kind=PostKind.COMMENT if at else PostKind.OPENING,
            id=(thread + 1) * 1_000 + at,
            author=author,
            author_association=chance.choice(_ASSOCIATIONS),
            created_at=moment,
            updated_at=moment,
            revision=Revision("", body, None, None, moment),
        )

    def _word(self, chance: random.Random) -> str:
        return self.words[bisect(self._weights, chance.random() * self._weights[-1])]

    def _body(self, chance: random.Random, about: bool) -> str:
        paragraphs = []
        if chance.random() < 0.2:
            paragraphs.append("> " + self._sentence(chance, about))
        for _ in range(1 + min(int(chance.expovariate(0.9)), 12)):
            paragraphs.append(" ".join(self._sentence(chance, about) for _ in range(1 + chance.randrange(4))))
        if chance.random() < 0.1:
            names = [f"{self._word(chance)}_{self._word(chance)}" for _ in range(4)]
            paragraphs.append(
                f"```\nlet {names[0]} = {names[1]}::{names[2]}({names[3]}); // {chance.getrandbits(40):x}\n```"
            )
        return "\n\n".join(paragraphs)

    def _sentence(self, chance: random.Random, about: bool) -> str:
        if chance.random() < (0.25 if about else 0.02):
            return chance.choice(_SENTENCES).format(a=chance.choice(_LICENSES), b=chance.choice(_LICENSES))
        words = [self._word(chance) for _ in range(4 + chance.randrange(22))]
        odd = chance.random()
        if odd < 0.05:
            words.append(f"#{chance.randrange(9_999)}")
        elif odd < 0.1:
            words.append(f"`{self._word(chance)}.{self._word(chance)}()`")
        elif odd < 0.13:
            words.append(f"@{self._account(chance).login}")
        return " ".join(words).capitalize() + "."
