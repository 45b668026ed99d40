"""The store under arbitrary sequences of observations: history only grows, and every digest can be recomputed."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from archiver.model import Account, PostKind, Relevance, Repository, Thread, iso
from archiver.observed import ObservedPost, ObservedThread
from archiver.references import ThreadKind
from archiver.store import Store, open_store

START = datetime(2020, 1, 1, tzinfo=UTC)
NUMBERS = st.integers(1, 3)
BODIES = st.sampled_from(["", "A", "B", "ライセンス \x00"]) | st.text(
    st.characters(exclude_categories=["Cs"]), max_size=8
)
LOGINS = st.none() | st.sampled_from(["ann", "bob"])
FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "title": st.sampled_from(["License", "Licence"]),
        "locked": st.booleans(),
        "labels": st.sampled_from([(), ("legal",)]),
        "milestone": st.sampled_from([None, "2.0"]),
    },
)


def recomputed(record: dict[str, Any]) -> str:
    """Return a record's digest with the standard library alone."""
    text = json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def lasting(thread: Thread) -> dict[str, Any]:
    """Return what must be the same forever of a thread as one snapshot has it."""
    s = thread.summary
    return {
        "fields": (s.number, s.kind, s.title, s.state, s.state_reason, s.locked, s.lock_reason, s.labels, s.milestone,
                   s.assignees, s.author, s.author_association, s.created_at, s.closed_at, s.closed_by, s.merged_at,
                   s.snapshot, s.post_count, s.first_captured_at),
        "posts": [
            (p.kind, p.id, p.author, p.author_association, p.created_at, p.revision) for p in thread.posts
        ],
    }  # fmt: skip


class Archive(RuleBasedStateMachine):
    """A GitHub repository that changes at will, and a store that observes it, late, twice or not at all."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.url = f"sqlite:///{self.folder / 'archive.db'}"
        self.time = START
        self.upstream: dict[int, ObservedThread] = {}
        self.comments: dict[int, dict[int, ObservedPost]] = {}
        self.old: list[tuple[int, ObservedThread, list[ObservedPost]]] = []
        self.remembered: dict[tuple[int, str], dict[str, Any]] = {}
        self.records: dict[str, bytes] = {}
        self.history: dict[int, list[tuple[int, str, datetime]]] = {}
        self.changes = 0
        self.store: Store = open_store(self.url, self.clock)

    def clock(self) -> datetime:
        """Return the time."""
        return self.time

    def tick(self) -> datetime:
        """Move on by a minute."""
        self.time += timedelta(minutes=1)
        return self.time

    def teardown(self) -> None:
        """Close the store and remove its folder."""
        self.store.close()
        shutil.rmtree(self.folder)

    @initialize()
    def begin(self) -> None:
        """Make the repository known."""
        with self.store.transaction() as tx:
            tx.save_repository(Repository(77, "acme", "rocket"))

    # --- what happens at GitHub ---

    def post(self, kind: PostKind, post_id: int, body: str, login: str | None) -> ObservedPost:
        """Return a post of this moment."""
        author = None if login is None else Account(sum(login.encode()), login)
        now = self.tick()
        return ObservedPost(
            kind, post_id, author, "NONE", now, now, body, f"<p>{body}</p>", {"body_html": f"<p>{body}</p>"}
        )

    @rule(number=NUMBERS, body=BODIES, login=LOGINS)
    def ask(self, number: int, body: str, login: str | None) -> None:
        """Open a thread."""
        if number not in self.upstream:
            opening = self.post(PostKind.OPENING, 1000 + number, body, login)
            self.upstream[number] = ObservedThread(
                number, ThreadKind.ISSUE, "License", "open", None, False, None, (), None, (), opening.created_at,
                opening.updated_at, None, None, None, True, 0, opening,
            )  # fmt: skip
            self.comments[number] = {}

    @rule(number=NUMBERS, body=BODIES, login=LOGINS)
    def reply(self, number: int, body: str, login: str | None) -> None:
        """Add a comment."""
        if number in self.upstream:
            mine = self.comments[number]
            seen = self.post(PostKind.COMMENT, number * 100 + len(mine), body, login)
            mine[seen.id] = seen
            self.touch(number, comments=len(mine))

    @rule(number=NUMBERS, body=BODIES, at=st.integers(0, 9))
    def edit_comment(self, number: int, body: str, at: int) -> None:
        """Change the text of a comment; sometimes its account is deleted, too."""
        mine = self.comments.get(number, {})
        if post := mine.get(number * 100 + at):
            author = None if body == "A" else post.author
            mine[post.id] = replace(
                post, body=body, author=author, updated_at=self.tick(), raw={"body_html": f"<p>{body}</p>"}
            )
            self.touch(number)

    @rule(number=NUMBERS, body=BODIES, fields=FIELDS)
    def edit(self, number: int, body: str, fields: dict[str, Any]) -> None:
        """Change the text of the opening post, or fields of the thread."""
        if number in self.upstream:
            self.touch(number, opening=replace(self.upstream[number].opening, body=body), **fields)

    @rule(number=NUMBERS, known=st.booleans())
    def close(self, number: int, known: bool) -> None:
        """Close a thread, or open it again."""
        if number in self.upstream:
            if self.upstream[number].state == "open":
                by = Account(5, "maintainer") if known else None
                self.touch(number, state="closed", closed_at=self.tick(), closed_by=by, closed_by_known=known)
            else:
                self.touch(number, state="open", closed_at=None, closed_by=None, closed_by_known=True)

    def touch(self, number: int, **changes: Any) -> None:
        """Keep the answer that an outdated replica would still give, and move the thread's time on."""
        thread = self.upstream[number]
        self.old.append((number, thread, list(self.comments[number].values())))
        now = self.tick()
        opening = replace(changes.pop("opening", thread.opening), updated_at=now)
        self.upstream[number] = replace(thread, opening=opening, updated_at=now, **changes)

    # --- what the archive does ---

    @rule(number=NUMBERS, settle=st.booleans())
    def observe(self, number: int, settle: bool) -> None:
        """Fetch a thread whole, and publish it or not yet."""
        self.tick()
        if number in self.upstream:
            with self.store.transaction() as tx:
                tx.observe_thread(77, self.upstream[number])
                tx.observe_posts(77, number, list(self.comments[number].values()))
                if settle:
                    tx.settle(77, number, lambda _title, _posts: Relevance(verdict="subject"))

    @rule(data=st.data())
    def observe_outdated(self, data: st.DataObject) -> None:
        """Get an answer from a replica that is behind."""
        self.tick()
        if self.old:
            number, thread, posts = data.draw(st.sampled_from(self.old))
            with self.store.transaction() as tx:
                tx.observe_thread(77, thread)
                tx.observe_posts(77, number, posts)

    @rule()
    def settle(self) -> None:
        """Publish all that is not yet."""
        self.tick()
        with self.store.transaction() as tx:
            for each in tx.unsettled(77):
                tx.settle(77, each.number, lambda _title, _posts: Relevance(verdict="subject"))
        for number in self.upstream:
            with self.store.transaction() as tx:
                held = tx.held_numbers(77, [number])
            assert (self.store.thread(77, number) is not None) == bool(held)

    @rule(number=NUMBERS)
    def catch_up(self, number: int) -> None:
        """Observe and publish: what is held then is what GitHub has, text for text."""
        self.observe(number, settle=True)
        if number in self.upstream:
            held = self.store.thread(77, number)
            assert held is not None
            wanted = self.upstream[number]
            assert [post.body for post in held.posts] == [
                wanted.opening.body,
                *(each.body for each in self.comments[number].values()),
            ]
            assert (held.summary.title, held.summary.state) == (wanted.title, wanted.state)

    @rule()
    def reopen(self) -> None:
        """Close the store and open it again."""
        self.store.close()
        self.store = open_store(self.url, self.clock)

    # --- what always holds ---

    @invariant()
    def history_only_grows(self) -> None:
        """Check that captures are only ever added, at rising numbers and times."""
        for number in self.upstream:
            now = [(each.number, each.digest, each.at) for each in self.store.captures(77, number)]
            before = self.history.get(number, [])
            assert now[: len(before)] == before
            assert now == sorted(now, key=lambda each: (each[0], each[2]))
            assert all(first[1] != second[1] for first, second in pairwise(now))
            self.history[number] = now

    @invariant()
    def every_digest_recomputes(self) -> None:
        """Check that the SHA-256 of each record is its digest, and likewise for the revisions that it names."""
        for number, captures in self.history.items():
            for _, digest, _ in captures:
                packed = self.store.snapshot_record(digest)
                assert packed is not None
                assert hashlib.sha256(packed).hexdigest() == digest
                assert self.records.setdefault(digest, packed) == packed
                record = json.loads(packed)
                assert recomputed(record) == digest
                held = self.store.thread(77, number, digest)
                assert held is not None
                for entry, post in zip(record["posts"], held.posts, strict=True):
                    fields = {"type": "onrecord.revision.v1", "host": "github.com", "body": post.body}
                    fields |= {name: entry[name] for name in ("kind", "id", "created_at")}
                    # The author of a text is the one known then: an account that shows up later is another revision.
                    assert entry["revision"] == recomputed({**fields, "author": entry["author"]})
                    assert iso(post.created_at) == entry["created_at"]

    @invariant()
    def old_digests_read_the_same_forever(self) -> None:
        """Check that a thread by an old digest is what it was when the digest was first handed out."""
        for number, captures in self.history.items():
            for _, digest, _ in captures:
                held = self.store.thread(77, number, digest)
                assert held is not None
                assert self.remembered.setdefault((number, digest), lasting(held)) == lasting(held)

    @invariant()
    def revisions_only_grow(self) -> None:
        """Find every text that was ever published among the revisions of its post."""
        for number, digest in self.remembered:
            held, old = self.store.thread(77, number), self.store.thread(77, number, digest)
            assert held is not None
            assert old is not None
            known = {post.id: set(post.revisions) for post in held.posts}
            assert all(post.revision in known[post.id] for post in old.posts)

    @invariant()
    def changes_are_in_step(self) -> None:
        """Check that the counter never falls, and that each published thread has one change."""
        last = self.store.last_change()
        changes = self.store.changes(0, 1000)
        assert last >= self.changes
        assert [each.key for each in changes] == list(dict.fromkeys(each.key for each in changes))
        assert {each.key for each in changes} == {each.key for each in self.store.summaries()}
        assert [each.number for each in changes][-1:] == ([last] if last else [])
        self.changes = last


Archive.TestCase.settings = settings(
    max_examples=25, stateful_step_count=25, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
TestArchive = Archive.TestCase
