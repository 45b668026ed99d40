"""Owns the tests of `archiver.judging`: another vocabulary judges what is held, without network and without loss."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from archives import Archive
from click.testing import CliRunner

from archiver.cli import bind, judge_command
from archiver.config import read_config
from archiver.github.client import Stopped
from archiver.judging import Judged, judge_again, judge_if_another
from archiver.license import PostText, Vocabulary
from archiver.model import Relevance

BUILT_IN = Vocabulary()
OWN = Vocabulary(terms=["frobnication clause"])
BODIES = {12: "Which license is it?", 13: "The frobnication clause is a problem, it must go.", 14: "It fails."}


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    """Hold three threads, judged by the built-in vocabulary."""
    made = Archive(tmp_path)
    for number, body in BODIES.items():
        made.save(
            number=number, title="A question", body=body, relevance=BUILT_IN.judge("A question", [PostText(body)])
        )
    yield made
    made.index.close()
    made.store.close()


def relevance(archive: Archive, number: int) -> Relevance:
    """Return what is thought of a thread."""
    thread = archive.store.thread(archive.repository.id, number)
    assert thread is not None
    return thread.summary.relevance


def latest_changes(archive: Archive) -> dict[str, int]:
    """Return the number of each thread's latest change, by its key."""
    return {each.key: each.number for each in archive.store.changes(since=0, limit=100)}


def test_another_vocabulary_judges_again(archive: Archive) -> None:
    """An operator's new term makes a debate of what was none, and the index is told of what readers see differently."""
    before = latest_changes(archive)
    assert not relevance(archive, 13).kept
    assert judge_again(archive.store, OWN) == Judged(threads=3, differ=1)
    assert relevance(archive, 13).kept
    assert relevance(archive, 13).terms == ("frobnication clause",)
    assert {key for key, number in latest_changes(archive).items() if before[key] != number} == {"77/13"}


def test_the_same_vocabulary_judges_nothing_twice(archive: Archive) -> None:
    """What was judged by a vocabulary is not judged by it again, and no change is noted."""
    assert judge_again(archive.store, BUILT_IN) == Judged()
    judge_again(archive.store, OWN)
    changes = latest_changes(archive)
    assert judge_again(archive.store, OWN) == Judged()
    assert latest_changes(archive) == changes
    assert {relevance(archive, number).basis for number in BODIES} == {OWN.fingerprint}


def test_nothing_is_forgotten_for_a_verdict(archive: Archive) -> None:
    """A thread that is no debate any more stays held, with its snapshots."""
    captures = {number: archive.store.thread(77, number) for number in BODIES}
    judge_again(archive.store, Vocabulary(ignore=["license"]))
    assert not relevance(archive, 12).kept
    for number, was in captures.items():
        now = archive.store.thread(77, number)
        assert was is not None
        assert now is not None
        assert (now.captures, now.posts) == (was.captures, was.posts)


def test_it_goes_on_where_it_was_stopped(archive: Archive) -> None:
    """What was judged before a stop stays judged."""
    with pytest.raises(Stopped):
        judge_again(archive.store, OWN, stop=lambda: True, at_once=2)
    assert judge_again(archive.store, OWN).threads == 1


def test_one_repository_can_be_judged(archive: Archive) -> None:
    """Others keep the verdicts that they have."""
    assert judge_again(archive.store, OWN, repository_id=78) == Judged()
    assert judge_again(archive.store, OWN, repository_id=77).threads == 3


def test_what_is_withdrawn_is_judged_without_its_words(archive: Archive) -> None:
    """The words of a withdrawn post make no debate, whatever the vocabulary."""
    archive.withdraw("issue-9013", number=13)
    judge_again(archive.store, OWN)
    assert relevance(archive, 13).terms == ()


def test_a_crawl_judges_again_before_it_asks(archive: Archive) -> None:
    """A crawl with another vocabulary than the last one judges what is held, once."""
    judge_if_another(archive.store, OWN)
    assert relevance(archive, 13).kept
    changes = latest_changes(archive)
    judge_if_another(archive.store, OWN)
    assert latest_changes(archive) == changes
    judge_if_another(archive.store, BUILT_IN)
    assert not relevance(archive, 13).kept


def test_the_command_judges_and_says_so(archive: Archive, tmp_path: Path) -> None:
    """`onrecord judge` needs no network, and tells how much came out differently."""
    (tmp_path / "config.toml").write_text(
        f'[store]\nurl = "sqlite:///{tmp_path}/archive.db"\n[license]\nterms = ["frobnication clause"]\n'
    )
    result = CliRunner().invoke(judge_command, [], obj=bind(read_config(tmp_path / "config.toml")))
    assert result.exit_code == 0, result.output
    assert result.output == "3 threads judged again, 1 differently than before.\n"
    assert relevance(archive, 13).kept
