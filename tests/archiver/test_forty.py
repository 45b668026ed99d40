"""Forty things happen to a repository; after each there is a crawl and a sweep, and the history tells it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from archiver.crawl import Crawler
from archiver.errors import Blocked, NotFound
from archiver.github.client import GitHub
from archiver.license import Vocabulary
from archiver.model import FindingKind, Post, PostKind, Thread, iso
from archiver.references import RepositoryRef
from archiver.store import Store, open_store
from tests.fakes import API, FakeGitHub, FakeRepository, user

K = FindingKind
ROCKET, BOOSTER, NEWCOMER = 77, 88, 99


class World:
    """Two repositories at GitHub, and an archive that crawls and sweeps after each thing that happens."""

    def __init__(self, folder: Path) -> None:
        self.rocket = FakeRepository("acme/rocket", ROCKET)
        self.booster = FakeRepository("acme/booster", BOOSTER)
        self.github = FakeGitHub(self.rocket, self.booster)
        self.now = datetime(2026, 1, 1, tzinfo=UTC)
        self.store: Store = open_store(f"sqlite:///{folder / 'archive.db'}", lambda: self.now)
        self.watched = ["acme/rocket", "acme/booster"]
        r = self.rocket
        self.relicense = r.issue("Relicense under AGPL-3.0?", "Would you consider a copyleft license?")
        self.c1 = r.comment(self.relicense, "We want the GPL, too.", login="ann")
        self.c2 = r.comment(self.relicense, "The license stays permissive.", login="bob")
        self.c3 = r.comment(self.relicense, "MIT is fine for me.", login="cleo")
        self.parser = r.issue("GPL compatibility of the parser's license", "Is the parser's license GPL compatible?")
        self.p1 = r.comment(self.parser, "The license is BSD-3-Clause.", login="ann")
        self.p2 = r.comment(self.parser, "BSD is compatible with the GPL.", login="dora")
        self.p3 = r.comment(self.parser, "Thanks for the license check.", login="eve")
        self.pull = r.issue(
            "Change the license to Apache-2.0",
            "Relicense to Apache-2.0.",
            pull_request={"merged_at": None},
            draft=False,
        )
        r.comment(self.pull, "Did all authors agree to the license?", login="ann")
        self.review = r.review(self.pull, "The license header is wrong.", "CHANGES_REQUESTED")
        self.line = r.review_comment(self.pull, "This says GPL.", review=self.review)
        self.missing = r.issue("Missing license file", "There is no license file in the sdist.")
        self.m1 = r.comment(self.missing, "The LICENSE is in the repository.", login="dora")
        self.moving = r.issue("CLA or DCO for the booster's license?", "Does the license need a CLA?")
        self.v1 = r.comment(self.moving, "A DCO is enough for this license.", login="ann")
        self.fonts = r.issue("License of the fonts", "The OFL license is missing for the fonts.")
        r.comment(self.fonts, "They are under the OFL.", login="cleo")
        self.booster.issue("License of the booster", "Which license has the booster?")

    def look(self) -> None:
        """Crawl and sweep all that is watched, a day later."""
        self.now += timedelta(days=1)
        for name in self.watched:
            ref = RepositoryRef(*name.split("/"))
            with GitHub(API, token="t", transport=self.github, pause=lambda _: None, now=lambda: self.now) as client:
                crawler = Crawler(self.store, client, Vocabulary())
                for act in (crawler.crawl, crawler.sweep):
                    with suppress(NotFound, Blocked):  # a repository that is gone is no error of the archive's
                        act(ref)

    # --- what is told ---

    def thread(self, number: int, repository: int = ROCKET) -> Thread:
        """Return a thread as now known."""
        found = self.store.thread(repository, number)
        assert found is not None, f"{repository}/{number} is not held"
        return found

    def post(self, number: int, post_id: int, kind: PostKind = PostKind.COMMENT) -> Post:
        """Return a post as now known."""
        return next(each for each in self.thread(number).posts if (each.kind, each.id) == (kind, post_id))

    def findings(self, number: int, kind: FindingKind, post_id: int | None = None) -> list[dict[str, Any]]:
        """Return the details of a thread's findings of a kind, perhaps those about one post."""
        return [
            dict(each.detail)
            for each in self.thread(number).findings
            if each.kind is kind and (post_id is None or (each.post is not None and each.post[1] == post_id))
        ]

    def states(self, number: int, field: str, repository: int = ROCKET) -> list[Any]:
        """Return what a field was in each of the thread's captures, one after the other."""
        values = []
        for capture in self.thread(number, repository).captures:
            record = self.store.snapshot_record(capture.digest)
            assert record is not None
            values.append(json.loads(record)[field])
        return values

    def texts(self, number: int, post_id: int, kind: PostKind = PostKind.COMMENT) -> list[str]:
        """Return all texts known of a post, oldest first."""
        return [each.body for each in self.post(number, post_id, kind).revisions]

    def events(self, number: int, repository: int = ROCKET) -> list[str]:
        """Return the kinds of a thread's events."""
        return [each.kind for each in self.thread(number, repository).events]


@dataclass(frozen=True)
class Step:
    """One thing that happens, and whether the history tells it afterwards."""

    name: str
    happens: Callable[[World], object]
    told: Callable[[World], bool]


def _hide_lists(world: World) -> None:
    """Make all lists of comments and events come back empty, as GitHub has done by mistake."""

    def empty(request: Any) -> Any:
        path = request.url.path
        if path.endswith(("/timeline", "/comments")):
            return world.github._send(request, 200, [])
        return None

    world.github.interfere = empty


def _steps() -> Iterator[Step]:
    yield Step(
        "a comment is edited",
        lambda w: w.rocket.edit_comment(w.c1, "We want the AGPL license, too."),
        lambda w: w.texts(w.relicense, w.c1) == ["We want the GPL, too.", "We want the AGPL license, too."],
    )
    yield Step(
        "and again",
        lambda w: w.rocket.edit_comment(w.c1, "We want any copyleft license."),
        lambda w: len(w.texts(w.relicense, w.c1)) == 3,
    )
    yield Step(
        "and back to what it was first",
        lambda w: w.rocket.edit_comment(w.c1, "We want the GPL, too."),
        lambda w: w.post(w.relicense, w.c1).body == "We want the GPL, too." and len(w.texts(w.relicense, w.c1)) == 3,
    )
    yield Step(
        "an opening post is edited",
        lambda w: w.rocket.edit_issue(w.relicense, body="Would you consider a strong copyleft license?"),
        lambda w: len(w.texts(w.relicense, w.rocket.issues[w.relicense]["id"], PostKind.OPENING)) == 2,
    )
    yield Step(
        "a thread is renamed",
        lambda w: w.rocket.rename(w.relicense, "Relicense under a copyleft license?"),
        lambda w: "renamed" in w.events(w.relicense) and len(set(w.states(w.relicense, "title"))) == 2,
    )
    yield Step(
        "a thread is closed",
        lambda w: w.rocket.close(w.relicense, "bob"),
        lambda w: (
            w.states(w.relicense, "state")[-1] == "closed"
            and "closed" in w.events(w.relicense)
            and w.thread(w.relicense).summary.closed_by is not None
        ),
    )
    yield Step(
        "and reopened",
        lambda w: (
            w.rocket.edit_issue(w.relicense, state="open", state_reason="reopened", closed_at=None, closed_by=None),
            w.rocket.event(w.relicense, "reopened"),
        ),
        lambda w: w.states(w.relicense, "state")[-1] == "open" and "reopened" in w.events(w.relicense),
    )
    yield Step(
        "and closed for another reason",
        lambda w: w.rocket.close(w.relicense, "ann", "completed"),
        lambda w: (
            w.states(w.relicense, "state_reason")[-1] == "completed" and w.events(w.relicense).count("closed") == 2
        ),
    )
    yield Step(
        "a thread is locked",
        lambda w: w.rocket.lock(w.relicense, "too heated"),
        lambda w: w.states(w.relicense, "lock_reason")[-1] == "too heated" and "locked" in w.events(w.relicense),
    )
    yield Step(
        "and unlocked",
        lambda w: (
            w.rocket.event(w.relicense, "unlocked"),
            w.rocket.edit_issue(w.relicense, locked=False, active_lock_reason=None),
        ),
        lambda w: w.states(w.relicense, "locked")[-1] is False and "unlocked" in w.events(w.relicense),
    )
    yield Step(
        "a label is put on",
        lambda w: (
            w.rocket.event(w.relicense, "labeled", label={"name": "legal"}),
            w.rocket.edit_issue(w.relicense, labels=[{"name": "legal"}]),
        ),
        lambda w: w.states(w.relicense, "labels")[-1] == ["legal"] and "labeled" in w.events(w.relicense),
    )
    yield Step(
        "and taken off",
        lambda w: (
            w.rocket.event(w.relicense, "unlabeled", label={"name": "legal"}),
            w.rocket.edit_issue(w.relicense, labels=[]),
        ),
        lambda w: w.states(w.relicense, "labels")[-1] == [] and "unlabeled" in w.events(w.relicense),
    )
    yield Step(
        "a milestone is set",
        lambda w: w.rocket.edit_issue(w.parser, milestone={"title": "2.0"}),
        lambda w: w.states(w.parser, "milestone")[-1] == "2.0",
    )
    yield Step(
        "somebody is assigned",
        lambda w: w.rocket.edit_issue(w.parser, assignees=[user("ann")]),
        lambda w: w.states(w.parser, "assignees")[-1] == ["ann"],
    )
    yield Step(
        "a comment is added",
        lambda w: w.rocket.comment(w.parser, "Also see the license of the lexer.", login="cleo"),
        lambda w: len(w.thread(w.parser).posts) == 5,
    )
    yield Step(
        "a comment is deleted",
        lambda w: w.rocket.delete_comment(w.p3),
        lambda w: w.findings(w.parser, K.GONE, w.p3) == [{"status": 404}] and "comment_deleted" in w.events(w.parser),
    )
    yield Step(
        "a comment is deleted, and the thread's time of update does not move",
        lambda w: w.rocket.delete_comment(w.p2, touch=False),
        lambda w: (
            w.findings(w.parser, K.GONE, w.p2) == [{"status": 404}]
            and w.post(w.parser, w.p2).body == "BSD is compatible with the GPL."
        ),
    )
    yield Step(
        "a thread is closed without an event",
        lambda w: w.rocket.edit_issue(w.missing, state="closed", closed_at=w.rocket.tick(), state_reason="completed"),
        lambda w: w.states(w.missing, "state")[-1] == "closed" and "closed" not in w.events(w.missing),
    )
    yield Step(
        "and reopened without an event",
        lambda w: w.rocket.edit_issue(w.missing, state="open", closed_at=None, state_reason=None),
        lambda w: w.states(w.missing, "state") == ["open", "closed", "open"] and w.events(w.missing) == [],
    )
    yield Step(
        "a review approves",
        lambda w: w.rocket.review(w.pull, "The license is right now.", "APPROVED", login="fay"),
        lambda w: w.thread(w.pull).posts[-1].state == "APPROVED",
    )
    yield Step(
        "a review comment is answered",
        lambda w: w.rocket.review_comment(w.pull, "Fixed the license header.", login="asker", in_reply_to_id=w.line),
        lambda w: any(each.reply_to == w.line for each in w.thread(w.pull).posts),
    )
    yield Step(
        "a review is dismissed",
        lambda w: (w.rocket.reviews[w.review].update(state="DISMISSED"), w.rocket.event(w.pull, "review_dismissed")),
        lambda w: (
            w.post(w.pull, w.review, PostKind.REVIEW).state == "DISMISSED" and "review_dismissed" in w.events(w.pull)
        ),
    )
    yield Step(
        "a pull request is merged",
        lambda w: (
            w.rocket.event(w.pull, "merged", commit_id="c0ffee"),
            w.rocket.close(w.pull, "bob"),
            w.rocket.edit_issue(w.pull, pull_request={"merged_at": w.rocket.issues[w.pull]["closed_at"]}),
        ),
        lambda w: w.thread(w.pull).summary.outcome == "merged" and "merged" in w.events(w.pull),
    )
    yield Step(
        "a review comment is deleted",
        lambda w: w.rocket.review_comments.pop(
            next(key for key, each in w.rocket.review_comments.items() if each.get("in_reply_to_id"))
        ),
        lambda w: (
            len(w.findings(w.pull, K.GONE)) == 1
            and [each.gone.status for each in w.thread(w.pull).posts if each.gone] == [404]
        ),
    )
    yield Step(
        "an account is deleted",
        lambda w: w.github.hidden.update(cleo=None),
        lambda w: (
            [each["login"] for each in w.findings(w.relicense, K.AUTHOR_GONE)] == ["cleo"]
            and _author(w.post(w.relicense, w.c3)) == "cleo"
        ),
    )
    yield Step(
        "an account becomes GitHub's ghost",
        lambda w: w.github.hidden.update(bob="ghost"),
        lambda w: (
            [each["login"] for each in w.findings(w.relicense, K.AUTHOR_GONE)] == ["cleo", "bob"]
            and _author(w.post(w.relicense, w.c2)) == "bob"
        ),
    )
    yield Step(
        "an account bears another name",
        lambda w: _rename_account(w, "dora", "theodora"),
        lambda w: (
            (found := w.store.account_by_login("theodora")) is not None
            and found == w.store.account_by_login("dora")
            and _author(w.post(w.missing, w.m1)) == "dora"
        ),
    )
    yield Step(
        "another thread refers to one, and nothing else moves",
        lambda w: w.rocket.event(
            w.missing,
            "cross-referenced",
            at=w.rocket.tick(),
            source={
                "type": "issue",
                "issue": {
                    "number": w.parser,
                    "title": "GPL compatibility",
                    "html_url": f"https://github.com/acme/rocket/issues/{w.parser}",
                    "repository": {"full_name": "acme/rocket"},
                    "state": "open",
                },
            },
        ),
        lambda w: w.events(w.missing) == ["cross-referenced"],
    )
    yield Step(
        "a thread is deleted",
        lambda w: w.rocket.delete_issue(w.fonts),
        lambda w: w.findings(w.fonts, K.GONE) == [{"status": 410}] and len(w.thread(w.fonts).posts) == 2,
    )
    yield Step(
        "a thread is transferred",
        lambda w: _transfer(w),
        lambda w: (
            w.thread(w.moving).summary.repository.id == BOOSTER
            and w.findings(w.moving, K.MOVED) == [{"from": f"acme/rocket#{w.moving}", "to": "acme/booster#2"}]
            and len(w.thread(w.moving).posts) == 2
        ),
    )
    yield Step(
        "a comment is hidden",
        lambda w: w.__dict__.update(hidden=w.rocket.comments.pop(w.p1)),
        lambda w: w.findings(w.parser, K.GONE, w.p1) == [{"status": 404}],
    )
    yield Step(
        "and is back",
        lambda w: (w.rocket.comments.update({w.p1: w.__dict__["hidden"]}), w.rocket.edit_issue(w.parser)),
        lambda w: len(w.findings(w.parser, K.BACK, w.p1)) == 1 and w.post(w.parser, w.p1).gone is None,
    )
    yield Step(
        "all lists are empty by mistake",
        _hide_lists,
        lambda w: len(w.findings(w.parser, K.FLAGGED)) == 1 and w.findings(w.relicense, K.GONE) == [],
    )
    yield Step(
        "and whole again",
        lambda w: w.github.__dict__.update(interfere=None),
        lambda w: w.findings(w.parser, K.UNFLAGGED) == [{"gone": 0}] and w.findings(w.relicense, K.GONE) == [],
    )
    yield Step(
        "the repository is renamed",
        lambda w: _rename(w, "acme/rocket", "acme/orbiter"),
        lambda w: {"from": "acme/rocket", "to": "acme/orbiter"} in w.findings(w.parser, K.RENAMED),
    )
    yield Step(
        "and again",
        lambda w: _rename(w, "acme/orbiter", "stars/orbiter"),
        lambda w: (
            {"from": "acme/orbiter", "to": "stars/orbiter"} in w.findings(w.parser, K.RENAMED)
            and _id_of(w, "acme/orbiter") == ROCKET
        ),
    )
    yield Step(
        "its first name is taken over by another repository",
        lambda w: _take_over(w),
        lambda w: (
            _id_of(w, "acme/rocket") == NEWCOMER
            and w.thread(1, NEWCOMER).summary.title == "License of the new rocket"
            and w.thread(1).summary.title == "Relicense under a copyleft license?"
        ),
    )
    yield Step(
        "a thread becomes unreachable",
        lambda w: w.github.gone.update({("stars/orbiter", w.missing): 404}),
        lambda w: w.findings(w.missing, K.GONE) == [{"status": 404}],
    )
    yield Step(
        "and is back, too",
        lambda w: w.github.gone.clear(),
        lambda w: (
            [each["status"] for each in w.findings(w.missing, K.BACK)] == [404]
            and w.thread(w.missing).summary.gone is None
        ),
    )
    yield Step(
        "the repository is blocked for legal reasons",
        lambda w: w.github.blocked.update({ROCKET: 451}),
        lambda w: (
            {"status": 451} in w.findings(w.parser, K.GONE)
            and (gone := w.thread(w.parser).summary.gone) is not None
            and gone.status == 451
        ),
    )


def _author(post: Post) -> str | None:
    return post.author.login if post.author else None


def _rename_account(world: World, before: str, after: str) -> None:
    number = user(before)
    assert number is not None
    for row in world.rocket.comments.values():
        if row["user"]["login"] == before:
            row["user"] = {**number, "login": after}


def _transfer(world: World) -> None:
    row = world.rocket.issues.pop(world.moving)
    world.booster.clock = max(world.booster.clock, world.rocket.clock)
    number = world.booster.issue(row["title"], row["body"], id=row["id"], user=row["user"])
    for key in [key for key, each in world.rocket.comments.items() if each["number"] == world.moving]:
        world.booster.comments[key] = {**world.rocket.comments.pop(key), "number": number}
    world.github.transferred["acme/rocket", world.moving] = ("acme/booster", number)


def _rename(world: World, before: str, after: str) -> None:
    world.rocket.full_name = after
    for old in [before, *(key for key, name in world.github.renamed.items() if name == before)]:
        world.github.renamed[old] = after
    world.github.transferred = {
        (after if name == before else name, number): to for (name, number), to in world.github.transferred.items()
    }


def _take_over(world: World) -> None:
    del world.github.renamed["acme/rocket"]
    newcomer = FakeRepository("acme/rocket", NEWCOMER, clock=world.rocket.clock)
    newcomer.issue("License of the new rocket", "Which license has the new rocket?", id=555_001)
    world.github.repositories.append(newcomer)


def _id_of(world: World, name: str) -> int | None:
    found = world.store.find_repository(RepositoryRef(*name.split("/")))
    return found.id if found else None


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """Return a world, whose store is closed in the end."""
    made = World(tmp_path)
    yield made
    made.store.close()


def test_the_history_tells_all_of_forty_things_that_happened(world: World) -> None:
    """Each step is told by the history right after it and at the end, and nothing is said to be gone that is not."""
    world.look()
    assert world.store.holdings().threads == 7
    steps = list(_steps())
    assert len(steps) >= 40
    for step in steps:
        step.happens(world)
        world.look()
        assert step.told(world), step.name
    gone = [
        (each.key, each.gone.status)
        for each in world.store.summaries(limit=50)
        if each.gone is not None and each.repository.gone is None
    ]
    assert gone == []
    dead = {
        (post.kind, post.id): post.gone.status
        for summary in world.store.summaries(limit=50)
        if (thread := world.store.thread_by_key(summary.key))
        for post in thread.posts
        if post.gone is not None
    }
    assert sorted(key[1] for key in dead if key[0] is PostKind.COMMENT) == sorted([world.p2, world.p3])
    assert len(dead) == 3
    assert list(world.store.verification().differences()) == []


def test_times_are_in_order(world: World) -> None:
    """Captures and findings are dated by the archive's clock, and never go back."""
    world.look()
    world.rocket.delete_comment(world.p3)
    world.look()
    thread = world.thread(world.parser)
    assert [iso(each.at) for each in thread.captures] == ["2026-01-02T00:00:00Z", "2026-01-03T00:00:00Z"]
    assert [iso(each.at) for each in thread.findings] == ["2026-01-03T00:00:00Z"]


@pytest.fixture(autouse=True)
def _no_noise(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("ERROR")
