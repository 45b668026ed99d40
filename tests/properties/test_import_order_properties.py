"""In whatever order hours are imported and repositories crawled, the same texts are held in the end."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from fakes import API, FakeGitHub, FakeRepository
from hourly import Recorder, write
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archiver.crawl import Crawler
from archiver.gharchive.files import find
from archiver.gharchive.importing import Importer
from archiver.github.client import GitHub
from archiver.license import Vocabulary
from archiver.references import RepositoryRef
from archiver.store import Store, open_store

# What happens upstream, an hour apart; each text is about licensing, so that everybody keeps every thread.
ACTIONS = st.sampled_from(
    ["issue", "pull", "comment", "comment", "review comment", "edit", "edit comment", "edit comment", "delete comment",
     "delete issue", "close", "crawl"]
)  # fmt: skip
STORIES = st.lists(st.tuples(ACTIONS, st.integers(0, 5)), min_size=2, max_size=9)
# After how many further steps each hour is imported: some at once, some at the very end.
DELAYS = st.lists(st.sampled_from([0, 1, 3, 99]), min_size=10, max_size=10)
VOCABULARY = Vocabulary()


class Run:
    """One way through a story: the store that comes of it."""

    def __init__(self, folder: Path, story: Sequence[tuple[str, int]], delays: Sequence[int]) -> None:
        self.repository = FakeRepository()
        self.upstream = FakeGitHub(self.repository)
        self.folder = folder
        self.words = 0
        with open_store(f"sqlite:///{folder / 'archive.db'}") as store:
            waiting: list[tuple[int, Path]] = []
            for at, (action, which) in enumerate(story):
                if action == "crawl":
                    self.crawl(store)
                elif (path := self.act(action, which, at)) is not None:
                    waiting.append((at + delays[at % len(delays)], path))
                for due, path in [each for each in waiting if each[0] <= at]:
                    waiting.remove((due, path))
                    self.take(store, path)
            for _, path in sorted(waiting, key=lambda each: (each[0] * 7919) % 11):
                self.take(store, path)
            self.crawl(store)
            self.crawl(store)
            assert list(store.verification().differences()) == []
            self.texts = held(store)

    def text(self) -> str:
        """Return a text that occurs nowhere else, and is about licensing."""
        self.words += 1
        return f"We must relicense this project from the GPL-3.0 to the MIT license, number {self.words}."

    def act(self, action: str, which: int, at: int) -> Path | None:
        """Let something happen; return the hour in which GH Archive saw it."""
        repository, recorder = self.repository, Recorder(self.repository)
        repository.clock += timedelta(hours=1)
        issues = list(repository.issues)
        comments = list(repository.comments)
        pulls = [number for number in issues if "pull_request" in repository.issues[number]]
        if action in {"issue", "pull"} or not issues:
            more = {"pull_request": {"html_url": "x"}} if action == "pull" else {}
            number = repository.issue("Change the license", self.text(), number=at + 1, **more)
            recorder.pull(number) if action == "pull" else recorder.issue(number)
            return self.write(recorder, at)
        number = issues[which % len(issues)]
        if action == "comment":
            recorder.comment(repository.comment(number, self.text()))
        elif action == "review comment" and pulls:
            recorder.review_comment(repository.review_comment(pulls[which % len(pulls)], self.text()))
        elif action == "close":
            repository.close(number)
            recorder.pull(number, "closed") if number in pulls else recorder.issue(number, "closed")
        elif action == "edit":
            # GH Archive sees an edit with the next event only; perhaps nobody comes by in between.
            repository.edit_issue(number, body=self.text())
        elif action == "delete issue":
            repository.delete_issue(number)
        elif action == "edit comment" and comments:
            repository.edit_comment(comments[which % len(comments)], self.text())
        elif action == "delete comment" and comments:
            repository.delete_comment(comments[which % len(comments)])
        return self.write(recorder, at) if recorder.events else None

    def write(self, recorder: Recorder, at: int) -> Path:
        """Write what was recorded."""
        clock = self.repository.clock
        events = [event for _, event in recorder.events]
        return write(self.folder / str(at) / f"{clock:%Y-%m-%d}-{clock.hour}.json.gz", events)

    def take(self, store: Store, path: Path) -> None:
        """Import an hour."""
        Importer(store, VOCABULARY).run(find([path]).files)

    def crawl(self, store: Store) -> None:
        """Crawl without a token: GitHub's own edit history would tell each text anyway."""
        with GitHub(API, transport=self.upstream, pause=lambda _: None) as github:
            Crawler(store, github, VOCABULARY).crawl(RepositoryRef("acme", "rocket"))


def held(store: Store) -> set[tuple[int, str, int, str]]:
    """Return all texts of all threads that readers may see."""
    found = set()
    for summary in store.summaries(limit=100):
        thread = store.thread(77, summary.number)
        assert thread is not None
        for post in thread.posts:
            found |= {(summary.number, post.kind.value, post.id, each.body) for each in post.revisions}
    return found


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(STORIES, DELAYS)
def test_the_order_of_imports_and_crawls_does_not_matter(story: list[tuple[str, int]], delays: list[int]) -> None:
    """Importing each hour at once, all of them at the end, or here and there, ends with the same texts."""
    folder = Path(tempfile.mkdtemp())
    try:
        ends = []
        for name, each in (("at once", [0]), ("at the end", [99]), ("mixed", delays)):
            (folder / name).mkdir()
            ends.append(Run(folder / name, story, each).texts)
        assert ends[0] == ends[1] == ends[2]
    finally:
        shutil.rmtree(folder)
