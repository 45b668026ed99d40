"""Store and index under any sequence of observing, editing, deleting, renaming, withdrawing, crashing and syncing."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import tempfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from archiver.errors import NotHeld
from archiver.license import PostText
from archiver.model import Account, Evidence, Finding, PostKind, Relevance, Repository, iso, post_anchor
from archiver.observed import ObservedEvent, ObservedPost, ObservedThread
from archiver.references import RepositoryRef, ThreadKind, ThreadRef
from archiver.store import Store, open_store
from search.index import Index, open_index
from search.query import parse
from search.serial import thread_json
from search.sync import rebuild, sync
from search.verification import index_differences

START = datetime(2020, 1, 1, tzinfo=UTC)
NUMBERS = st.integers(1, 3)
SLOTS = st.integers(0, 3)
LOGINS = st.sampled_from(["ann", "bob", "cleo"])
WORD = re.compile(r"qz[0-9]+zq")


class Crash(Exception):
    """The program is gone in the middle of a transaction."""


def judge(_title: str, posts: Sequence[PostText]) -> Relevance:
    """Judge every thread relevant, with its texts as the evidence: what is withdrawn must not stay there either."""
    evidence = tuple(Evidence("license", post.body, "own", at, 1.0) for at, post in enumerate(posts))
    return Relevance("subject", 1.0, ("license",), evidence=evidence)


class Machine(RuleBasedStateMachine):
    """Every text has a word of its own (`qz17zq`), so that it can be told where it is found."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.url = f"sqlite:///{self.folder / 'archive.db'}"
        self.time = START
        self.words = 0
        self.name = "rocket"
        self.upstream: dict[int, ObservedThread] = {}
        self.comments: dict[int, dict[int, ObservedPost]] = {}
        self.author_of: dict[str, str] = {}
        self.post_of: dict[str, tuple[int, PostKind, int]] = {}
        self.hidden: dict[tuple[Any, ...], set[str]] = {}
        self.erased: set[str] = set()
        self.captures: dict[int, list[Any]] = {}
        self.findings: dict[int, list[Finding]] = {}
        self.records: dict[str, bytes] = {}
        self.log: list[str] = []
        self.synced = False
        self.store: Store = open_store(self.url, self.clock)
        self.index: Index = open_index(f"whoosh:{self.folder / 'index'}")

    def clock(self) -> datetime:
        """Return the time."""
        return self.time

    def tick(self) -> datetime:
        """Move on by a minute."""
        self.time += timedelta(minutes=1)
        return self.time

    def word(self, number: int, kind: PostKind, post_id: int, login: str) -> str:
        """Return a text that occurs nowhere else."""
        self.words += 1
        word = f"qz{self.words}zq"
        self.author_of[word] = login
        self.post_of[word] = (number, kind, post_id)
        return f"license {word}"

    def teardown(self) -> None:
        """Close everything and remove the folder."""
        self.store.close()
        self.index.close()
        try:
            self.find_nothing_erased()
        finally:
            shutil.rmtree(self.folder)

    @initialize()
    def begin(self) -> None:
        """Make the repository known."""
        with self.store.transaction() as tx:
            tx.save_repository(Repository(77, "acme", self.name))

    # --- what happens at GitHub ---

    def post(self, number: int, kind: PostKind, post_id: int, login: str) -> ObservedPost:
        """Return a post of this moment."""
        body = self.word(number, kind, post_id, login)
        now = self.tick()
        account = Account({"ann": 1, "bob": 2, "cleo": 3}[login], login)
        html = f"<p>{body}</p>"
        return ObservedPost(kind, post_id, account, "NONE", now, now, body, html, {"body": body, "body_html": html})

    @rule(number=NUMBERS, login=LOGINS)
    def ask(self, number: int, login: str) -> None:
        """Open a thread."""
        if number in self.upstream:
            return
        opening = self.post(number, PostKind.OPENING, 1000 + number, login)
        self.comments[number] = {}
        title = self.word(number, PostKind.OPENING, 1000 + number, login)
        self.upstream[number] = ObservedThread(
            number=number,
            kind=ThreadKind.ISSUE,
            title=title,
            state="open",
            state_reason=None,
            locked=False,
            lock_reason=None,
            labels=(),
            milestone=None,
            assignees=(),
            created_at=opening.created_at,
            updated_at=opening.updated_at,
            closed_at=None,
            merged_at=None,
            closed_by=None,
            closed_by_known=True,
            comments=0,
            opening=replace(opening, raw={**opening.raw, "title": title}),
        )

    @rule(number=NUMBERS, slot=SLOTS, login=LOGINS)
    def reply_or_edit(self, number: int, slot: int, login: str) -> None:
        """Add a comment, or give it another text."""
        if number not in self.upstream:
            return
        post_id = number * 100 + slot
        before = self.comments[number].get(post_id)
        if before is None:
            self.comments[number][post_id] = self.post(number, PostKind.COMMENT, post_id, login)
        else:
            assert before.author is not None
            body = self.word(number, PostKind.COMMENT, post_id, before.author.login)
            raw = {"body": body, "body_html": f"<p>{body}</p>"}
            self.comments[number][post_id] = replace(before, body=body, updated_at=self.tick(), raw=raw)
        self.touch(number)

    @rule(number=NUMBERS, slot=SLOTS)
    def delete(self, number: int, slot: int) -> None:
        """Delete a comment; one of the same number may come back with another text."""
        if self.comments.get(number, {}).pop(number * 100 + slot, None):
            self.touch(number)

    @rule(number=NUMBERS)
    def edit_thread(self, number: int) -> None:
        """Give a thread another title and opening text."""
        if number in self.upstream:
            opening = self.upstream[number].opening
            assert opening.author is not None
            login = opening.author.login
            body = self.word(number, PostKind.OPENING, opening.id, login)
            title = self.word(number, PostKind.OPENING, opening.id, login)
            raw = {"body": body, "body_html": f"<p>{body}</p>", "title": title}
            self.touch(number, title=title, opening=replace(opening, body=body, raw=raw))

    def touch(self, number: int, **changes: Any) -> None:
        """Move a thread's time on."""
        now = self.tick()
        opening = replace(changes.pop("opening", self.upstream[number].opening), updated_at=now)
        count = len(self.comments[number])
        self.upstream[number] = replace(
            self.upstream[number], opening=opening, updated_at=now, comments=count, **changes
        )

    @rule()
    def rename(self) -> None:
        """Give the repository another name, as the next crawl sees it."""
        self.tick()
        self.name = {"rocket": "orbiter", "orbiter": "rocket"}[self.name]
        with self.store.transaction() as tx:
            tx.save_repository(Repository(77, "acme", self.name))

    # --- what the archive does ---

    @rule(number=NUMBERS, crash=st.booleans())
    def look(self, number: int, crash: bool) -> None:
        """Fetch a thread with its comments and events; a crash in the middle leaves no trace."""
        self.tick()
        if number not in self.upstream:
            return
        seen = self.upstream[number]
        before = self.store.last_change()
        with suppress(Crash), self.store.transaction() as tx:
            tx.observe_thread(77, seen)
            posts = list(self.comments[number].values())
            tx.observe_posts(77, number, posts)
            held = tx.present_posts(77, number).get(PostKind.COMMENT, set())
            for post_id in sorted(held - {post.id for post in posts}):
                tx.mark_post_gone(77, number, PostKind.COMMENT, post_id, 404)
            event = ObservedEvent(
                f"e{self.words}", "renamed", self.time, seen.opening.author, {"from": seen.title, "to": seen.title}
            )
            tx.save_events(77, number, [event])
            if crash:
                raise Crash
            if tx.unsettled(77, [number]):
                tx.settle(77, number, judge)
        if crash:
            assert self.store.last_change() == before
        self.synced = False

    @rule(number=NUMBERS, crash=st.booleans())
    def lose_and_find(self, number: int, crash: bool) -> None:
        """Find a whole thread gone, and back with the next look."""
        self.tick()
        with suppress(NotHeld, Crash), self.store.transaction() as tx:
            tx.mark_thread_gone(77, number, 410)
            if crash:
                raise Crash
        self.synced = False

    @rule(number=NUMBERS, slot=st.none() | SLOTS, login=st.none() | LOGINS, erase=st.booleans())
    def withdraw(self, number: int, slot: int | None, login: str | None, erase: bool) -> None:
        """Withdraw a post, a whole thread or all of an account's posts."""
        self.tick()
        with suppress(NotHeld), self.store.transaction() as tx:
            target = self.target(tx, number, slot, login)
            tx.withdraw(target, reason="other", note=None, erase=erase, judge=judge)
            # An account is one target, whichever thread it was met in.
            key = (number, slot, None) if login is None else (0, None, login)
            self.hidden[key] = self.words_of(number, slot, login)
            if erase:
                self.erased |= self.held_words() & self.hidden[key]
        self.synced = False
        if erase:
            self.follow(anew=True)
            self.find_nothing_erased()

    @rule(data=st.data())
    def restore(self, data: st.DataObject) -> None:
        """Undo a withdrawal, as far as it was not erased."""
        self.tick()
        if self.hidden:
            key = data.draw(st.sampled_from(sorted(self.hidden, key=str)))
            with self.store.transaction() as tx:
                tx.restore(self.target(tx, *key), judge)
            del self.hidden[key]
            self.synced = False

    def target(self, tx: Any, number: int, slot: int | None, login: str | None) -> Any:
        """Return what is to be withdrawn: an account's posts, or a comment, or the thread."""
        if login is not None:
            return tx.target(None, {"ann": 1, "bob": 2, "cleo": 3}[login])
        if slot is None:
            return tx.target(ThreadRef("acme", self.name, number), None, whole=True)
        anchor = post_anchor(PostKind.COMMENT, number * 100 + slot)
        return tx.target(ThreadRef("acme", self.name, number, None, anchor), None)

    def words_of(self, number: int, slot: int | None, login: str | None) -> set[str]:
        """Return the words that such a withdrawal takes."""
        if login is not None:
            return {word for word, each in self.author_of.items() if each == login}
        if slot is None:
            return {word for word, each in self.post_of.items() if each[0] == number}
        wanted = (number, PostKind.COMMENT, number * 100 + slot)
        return {word for word, each in self.post_of.items() if each == wanted}

    @rule(anew=st.booleans())
    def follow(self, anew: bool) -> None:
        """Bring the index up to date, or build it anew."""
        if anew:
            self.store.scrub()
            rebuild(self.store, self.index)
            with self.store.transaction() as tx:
                tx.scrubbed()
        else:
            sync(self.store, self.index)
        self.synced = True
        assert list(index_differences(self.store, self.index)) == []

    @rule()
    def reopen(self) -> None:
        """Close store and index, and open them again."""
        self.store.close()
        self.index.close()
        self.store = open_store(self.url, self.clock)
        self.index = open_index(f"whoosh:{self.folder / 'index'}")

    # --- what always holds ---

    def out_of_view(self) -> set[str]:
        """Return the words that no reader may see: of what is withdrawn now (also later texts), and what was erased."""
        return set().union(self.erased, *(self.words_of(*key) for key in self.hidden))

    def held_words(self) -> set[str]:
        """Return the words that stand anywhere in the files, packed or not."""
        return {word for blob in _blobs(self.folder) for word in WORD.findall(blob)}

    @invariant()
    def withdrawn_texts_are_in_no_page(self) -> None:
        """Find no withdrawn word in any thread, at any of its snapshots, nor in any list."""
        hidden = self.out_of_view()
        if not hidden:
            return
        shown = [str(self.store.summaries())]
        for number in self.upstream:
            threads = [self.store.thread(77, number)]
            threads += [self.store.thread(77, number, each.digest) for each in self.store.captures(77, number)]
            for thread in threads:
                if thread is not None:
                    shown += [json.dumps(thread_json(thread, "http://x")), repr(thread)]
                    record = self.store.snapshot_record(thread.summary.snapshot)
                    shown.append((record or b"").decode())
        assert hidden.isdisjoint(WORD.findall("\n".join(shown)))

    @invariant()
    def withdrawn_texts_are_not_in_a_synced_index(self) -> None:
        """Find no withdrawn word by searching, once the index has followed."""
        if self.synced:
            for word in sorted(self.out_of_view())[-5:]:
                assert self.index.search(parse(word).tree).total == 0

    def find_nothing_erased(self) -> None:
        """Find no erased word in any file of store and index, whatever was captured since."""
        if self.erased:
            assert self.erased.isdisjoint(self.held_words())

    @invariant()
    def history_only_grows(self) -> None:
        """Check that captures and findings are only ever added, at times that never go back."""
        for number in self.upstream:
            if (thread := self.store.thread(77, number)) is None:
                continue
            now = [(each.number, each.digest, each.at) for each in thread.captures]
            assert now[: len(self.captures.get(number, []))] == self.captures.get(number, [])
            assert all(first[0] < second[0] and first[2] <= second[2] for first, second in pairwise(now))
            self.captures[number] = now
            found = [(each.number, each.at, each.kind) for each in thread.findings]
            before = self.findings.get(number, [])
            assert found[: len(before)] == before
            self.findings[number] = found  # type: ignore[assignment]

    @invariant()
    def digests_recompute(self) -> None:
        """Check that the store verifies, and that no entry of the log of captures ever changes."""
        assert [str(each) for each in self.store.verification().differences()] == []
        verification = self.store.verification()
        size = verification.checkpoint().size
        entries = [verification.entry(number) or "" for number in range(1, size + 1)]
        assert entries[: len(self.log)] == self.log
        self.log = entries
        for number in self.upstream:
            for capture in self.store.captures(77, number):
                record = self.store.snapshot_record(capture.digest)
                if record is not None:
                    assert hashlib.sha256(record).hexdigest() == capture.digest
                    assert self.records.setdefault(capture.digest, record) == record

    @invariant()
    def names_lead_to_the_record(self) -> None:
        """Check that both names lead to the one repository."""
        for name in ("rocket", self.name):
            found = self.store.find_repository(RepositoryRef("acme", name))
            assert found is not None
            assert found.id == 77
        assert iso(self.time) >= iso(START)


def _blobs(folder: Path) -> Iterator[str]:
    """Yield the content of all files as text, and whatever in them is packed, unpacked."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            content = path.read_bytes()
            yield content.decode("latin-1")
            for at in (match.start() for match in re.finditer(rb"\x78[\x01\x5e\x9c\xda]", content)):
                with suppress(zlib.error):
                    yield zlib.decompressobj().decompress(content[at : at + 200_000]).decode("latin-1")


Machine.TestCase.settings = settings(
    max_examples=15, stateful_step_count=20, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
TestNothingLost = Machine.TestCase
