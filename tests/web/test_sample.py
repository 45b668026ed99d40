"""The sample that `onrecord demo` crawls: its files keep their format and hold what the demo and the README show.

How the files become a GitHub-compatible API is tested with the demo.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from importlib.resources import files
from typing import Any

import pytest

from archiver.answers import Answer
from archiver.consent import consent_roll
from archiver.github import parse
from archiver.model import PostKind
from archiver.store import Store
from web.sample_data import load_sample

Table = dict[str, Any]

ASSOCIATIONS = {"OWNER", "MEMBER", "COLLABORATOR", "CONTRIBUTOR", "FIRST_TIME_CONTRIBUTOR", "NONE"}
REPOSITORY_KEYS = {"id", "full_name", "description", "created"}
THREAD_KEYS = {
    "id", "number", "kind", "title", "author", "association", "created", "updated", "closed", "closed_by",
    "state_reason", "merged", "locked", "lock_reason", "labels", "about_license", "body", "reactions", "post", "event",
}  # fmt: skip
POST_KEYS = {"id", "kind", "author", "association", "created", "updated", "body", "reactions"}
MORE_KEYS = {
    "comment": set(),
    "review": {"state"},
    "review_comment": {"path", "line", "diff_hunk", "reply_to"},
}
EVENT_KEYS = {
    "assigned": {"assignee"}, "closed": {"state_reason"}, "comment_deleted": set(), "convert_to_draft": set(),
    "cross-referenced": {"source"}, "demilestoned": {"milestone"}, "head_ref_force_pushed": {"commit_id"},
    "labeled": {"label"}, "locked": {"lock_reason"}, "merged": {"commit_id"}, "milestoned": {"milestone"},
    "pinned": set(), "ready_for_review": set(), "renamed": {"from", "to"}, "reopened": set(),
    "review_dismissed": {"review", "state", "message"}, "review_requested": {"reviewer"}, "unlabeled": {"label"},
    "unpinned": set(),
}  # fmt: skip


def load() -> dict[str, Table]:
    """Read every sample file; the result maps its name to its content."""
    folder = files("web") / "sample"
    return {
        entry.name: tomllib.loads(entry.read_text(encoding="utf-8"))
        for entry in sorted(folder.iterdir(), key=lambda entry: entry.name)
        if entry.name.endswith(".toml")
    }


SAMPLE = load()
THREADS = [
    pytest.param(sample, thread, id=f"{sample['repository']['full_name']}#{thread['number']}")
    for sample in SAMPLE.values()
    for thread in sample["thread"]
]


def threads() -> Iterator[Table]:
    for sample in SAMPLE.values():
        yield from sample["thread"]


def texts(thread: Table) -> Iterator[str]:
    """Yield the thread's texts, its opening first; a null body is an empty text."""
    yield thread.get("body", "")
    for post in thread.get("post", []):
        yield post.get("body", "")


def find(name: str, number: int) -> Table:
    sample = next(sample for sample in SAMPLE.values() if sample["repository"]["full_name"] == name)
    found: Table = next(thread for thread in sample["thread"] if thread["number"] == number)
    return found


def test_repositories_are_named_after_their_files() -> None:
    """A file is called `owner__name.toml` after the one repository that it holds, and has the agreed keys."""
    assert len(SAMPLE) >= 5
    for name, sample in SAMPLE.items():
        assert set(sample) == {"repository", "accounts", "thread"}
        assert set(sample["repository"]) == REPOSITORY_KEYS
        assert name == sample["repository"]["full_name"].replace("/", "__") + ".toml"


def test_ids_are_unique_across_files() -> None:
    """No two repositories, threads or posts of the sample share an id."""
    for ids in (
        [sample["repository"]["id"] for sample in SAMPLE.values()],
        [thread["id"] for thread in threads()],
        [post["id"] for thread in threads() for post in thread.get("post", [])],
        [event["id"] for thread in threads() for event in thread.get("event", []) if "id" in event],
    ):
        assert len(ids) == len(set(ids))


def test_numbers_are_unique_and_grow_with_time() -> None:
    """Within a repository a number stands for one thread, and a later thread has a higher one, as on GitHub."""
    for sample in SAMPLE.values():
        numbers = [thread["number"] for thread in sample["thread"]]
        assert len(numbers) == len(set(numbers))
        by_number = sorted(sample["thread"], key=lambda thread: int(thread["number"]))
        created = [thread["created"] for thread in by_number]
        assert created == sorted(created)


def test_accounts_have_one_id_everywhere() -> None:
    """A login has the same id in every file, and no two logins share one, whatever their case."""
    known: dict[str, int] = {}
    for sample in SAMPLE.values():
        for login, number in sample["accounts"].items():
            assert known.setdefault(login, number) == number
    assert len(set(known.values())) == len(known)
    assert len({login.lower() for login in known}) == len(known)


def test_accounts_are_those_who_take_part() -> None:
    """Every author and closer is among the file's accounts, and every account takes part in some thread."""
    for sample in SAMPLE.values():
        logins = set()
        for thread in sample["thread"]:
            logins |= {thread.get("author"), thread.get("closed_by")}
            logins |= {post.get("author") for post in thread.get("post", [])}
            logins |= {event.get("actor") for event in thread.get("event", [])}
        assert logins - {None} == set(sample["accounts"])


@pytest.mark.parametrize(("sample", "thread"), THREADS)
def test_thread_keeps_the_format(sample: Table, thread: Table) -> None:
    """A thread and its posts have the agreed keys, with values that GitHub's API could have."""
    assert set(thread) <= THREAD_KEYS
    assert thread["kind"] in {"issue", "pull"}
    assert thread["title"].strip()
    assert thread["association"] in ASSOCIATIONS
    assert isinstance(thread["about_license"], bool)
    assert isinstance(thread["labels"], list)
    if thread["kind"] == "pull":
        assert "state_reason" not in thread
    else:
        assert "merged" not in thread
        possible = {"completed", "not_planned"} if "closed" in thread else {"reopened"}
        assert thread.get("state_reason") in possible | {None}
    if "lock_reason" in thread:
        assert thread["locked"]
        assert thread["lock_reason"] in {"off-topic", "too heated", "resolved", "spam"}
    for post in thread.get("post", []):
        assert set(post) <= POST_KEYS | MORE_KEYS[post["kind"]]
        assert ("state" in post) == (post["kind"] == "review")
        assert set(post.get("reactions", ())) <= set(parse.REACTIONS)
        if "reply_to" in post:
            assert [each["kind"] for each in thread["post"] if each["id"] == post["reply_to"]] == ["review_comment"]
        assert post["kind"] in ({"comment", "review", "review_comment"} if thread["kind"] == "pull" else {"comment"})
        assert post["association"] in ASSOCIATIONS
        assert post["body"].strip()


@pytest.mark.parametrize(("sample", "thread"), THREADS)
def test_thread_runs_forward_in_time(sample: Table, thread: Table) -> None:
    """Posts stand in time order after the opening, nothing is older than its repository or newer than `updated`."""
    moments = [sample["repository"]["created"], thread["created"]]
    moments += [post["created"] for post in thread.get("post", [])]
    assert all(moment.tzinfo is not None for moment in moments)
    assert moments == sorted(moments)
    assert all(post.get("updated", post["created"]) >= post["created"] for post in thread.get("post", []))
    assert all(thread["updated"] >= post.get("updated", post["created"]) for post in thread.get("post", []))
    assert thread["updated"] >= thread["created"]
    if "closed" in thread:
        assert thread["created"] < thread["closed"] <= thread["updated"]
        assert thread.get("merged", thread["closed"]) == thread["closed"]
    else:
        assert "closed_by" not in thread
        assert "merged" not in thread


@pytest.mark.parametrize(("sample", "thread"), THREADS)
def test_events_keep_the_format_and_the_story(sample: Table, thread: Table) -> None:
    """Events stand in time order, say what GitHub's say, and agree with the thread: closed, merged, locked, renamed."""
    events = thread.get("event", [])
    by_kind = {event["kind"]: event for event in events}
    assert [event["at"] for event in events] == sorted(event["at"] for event in events)
    for event in events:
        assert event["at"] >= thread["created"]
        assert set(event) - {"id", "kind", "actor", "at"} <= EVENT_KEYS[event["kind"]]
        assert ("id" in event) == (event["kind"] != "cross-referenced")
    if "closed" in thread:
        assert by_kind["closed"]["at"] == thread["closed"]
        assert by_kind["closed"]["actor"] == thread["closed_by"]
        assert by_kind["closed"].get("state_reason") == thread.get("state_reason")
    assert ("merged" in thread) == ("merged" in by_kind)
    assert bool(thread.get("locked")) == ("locked" in by_kind)
    if "renamed" in by_kind:
        assert by_kind["renamed"]["to"] == thread["title"] != by_kind["renamed"]["from"]
    for event in events:
        if "source" in event:
            name, _, number = event["source"].rpartition("#")
            mentions = [text for text in texts(find(name, int(number))) if f"#{thread['number']}" in text]
            assert mentions


def test_sample_is_loaded_with_all_that_happened(store: Store) -> None:
    """Events with who did what, reviews with their state, review comments with what they stand at and answer."""
    load_sample(store)
    pull = store.thread(910002, 4127)
    assert pull is not None
    kinds = {event.kind for event in pull.events}
    assert {"merged", "closed", "head_ref_force_pushed", "review_requested"} <= kinds
    assert [post.state for post in pull.posts if post.kind is PostKind.REVIEW] == ["COMMENTED", "APPROVED"]
    remark, answer = [post for post in pull.posts if post.kind is PostKind.REVIEW_COMMENT][:2]
    assert remark.context["path"] == answer.context["path"] == "src/engine/page.cc"
    assert answer.reply_to == remark.id


def test_sample_is_large_enough_to_search() -> None:
    """There are enough threads and posts for a search to be worth making, over the years 2012 to 2026."""
    assert sum(1 for _ in threads()) >= 55
    assert sum(len(thread.get("post", [])) for thread in threads()) >= 300
    years = {thread["created"].year for thread in threads()}
    assert years == set(range(2012, 2027))


def test_some_threads_only_look_like_license_threads() -> None:
    """At least twelve threads speak of a license without debating one, and some do not speak of it at all."""
    others = [thread for thread in threads() if not thread["about_license"]]
    spoken = [bool(re.search("licen[cs]e", " ".join([thread["title"], *texts(thread)]).lower())) for thread in others]
    assert spoken.count(True) >= 12
    assert spoken.count(False) >= 8


def test_headline_is_refused_within_hours_without_a_link() -> None:
    """lanternfs/lantern#212 asks for a copyleft license, and a member closes it the same day, naming no thread."""
    thread = find("lanternfs/lantern", 212)
    assert "copyleft license" in thread["title"].lower()
    assert (thread["closed"] - thread["created"]).total_seconds() < 6 * 3600
    refusal = thread["post"][0]
    assert refusal["author"] == thread["closed_by"]
    assert refusal["association"] == "MEMBER"
    assert "We have thought about this in the past" in refusal["body"]
    assert "http" not in refusal["body"]


def test_earlier_debate_hides_in_a_thread_about_something_else() -> None:
    """What #212 asks for is in #3, whose title and opening say nothing of licensing; #305 is a second such thread."""
    licensing = re.compile(r"licen[cs]|copyleft|\bMIT\b|\bGPL|\bMPL|copyright", re.IGNORECASE)
    for number in (3, 305):
        thread = find("lanternfs/lantern", number)
        assert thread["about_license"]
        assert not licensing.search(thread["title"] + " " + thread["body"])
        assert sum(bool(licensing.search(text)) for text in texts(thread)) >= 3


def test_consent_round_has_boxes_and_all_sorts_of_answers() -> None:
    """fellside/tarnmap#412 lists its contributors with boxes; most agree, one on a condition, and one declines."""
    thread = find("fellside/tarnmap", 412)
    assert len(re.findall(r"^- \[[ x]\] @[\w-]+", thread["body"], re.MULTILINE)) >= 15
    answers = "\n".join(post["body"] for post in thread["post"])
    assert len(re.findall(r"\bI (?:consent|agree)\b", answers)) >= 15
    assert "I consent on one condition" in answers
    assert "I do not consent" in answers
    assert "I am not sure" in answers


def test_another_round_shows_every_state_of_an_answer(store: Store) -> None:
    """kettleui/kettle#1163 is open: agreed, on conditions, declined, unclear, taken back, unlisted, silent, ticked."""
    load_sample(store)
    thread = store.thread(910006, 1163)
    roll = consent_roll(thread) if thread else None
    assert roll is not None
    assert all(roll.count(each, listed=True) for each in Answer)
    assert any(each.earlier for each in roll.entries)
    assert any(each.listed is False for each in roll.entries)
    assert {each.ticked for each in roll.unanswered} == {True, False}


def test_uproar_is_long_and_locked() -> None:
    """ostrakadb/ostraka#4102 has over twenty posts, quotations and +1s, and is locked as too heated."""
    thread = find("ostrakadb/ostraka", 4102)
    assert thread["lock_reason"] == "too heated"
    assert len(thread["post"]) >= 20
    assert any(text.startswith("> ") for text in texts(thread))
    assert sum(text.startswith("+1") for text in texts(thread)) >= 3


@pytest.mark.parametrize(
    "is_there",
    [
        pytest.param(lambda thread: thread.get("locked"), id="locked"),
        pytest.param(lambda thread: "author" not in thread, id="null-author"),
        pytest.param(lambda thread: "body" not in thread, id="null-body"),
        pytest.param(lambda thread: "closed" not in thread, id="open"),
        pytest.param(lambda thread: thread.get("state_reason") == "not_planned", id="not-planned"),
        pytest.param(lambda thread: thread.get("state_reason") == "reopened", id="reopened"),
        pytest.param(lambda thread: "merged" in thread, id="merged"),
        pytest.param(lambda thread: thread["kind"] == "pull" and "closed" not in thread, id="open-pull"),
        pytest.param(
            lambda thread: {"review", "review_comment"} <= {post["kind"] for post in thread.get("post", [])},
            id="reviewed",
        ),
        pytest.param(lambda thread: any("author" not in post for post in thread.get("post", [])), id="null-poster"),
        pytest.param(lambda thread: any("updated" in post for post in thread.get("post", [])), id="edited"),
        pytest.param(
            lambda thread: (
                "closed" not in thread
                and thread["updated"] > max(post["created"] for post in [thread, *thread.get("post", [])])
            ),
            id="edited-after-the-last-post",
        ),
        pytest.param(
            lambda thread: any("[bot]" in post.get("author", "") for post in thread.get("post", [])), id="bot"
        ),
        pytest.param(lambda thread: "licence" in thread["title"] and thread["about_license"], id="british"),
        pytest.param(lambda thread: re.search("[\u3040-\u30ff]", thread["title"]), id="japanese"),
        pytest.param(lambda thread: re.search("[\u0600-\u06ff]", thread["title"]), id="right-to-left"),
        pytest.param(lambda thread: re.search("[\u2600-\u27bf\U0001f300-\U0001faff]", thread["title"]), id="emoji"),
        pytest.param(lambda thread: thread["title"].startswith("Darf ich "), id="german"),
        pytest.param(lambda thread: any("<details>" in text for text in texts(thread)), id="details"),
        pytest.param(
            lambda thread: any(re.search(r"^\|[ :|-]+\|$", text, re.MULTILINE) for text in texts(thread)), id="table"
        ),
        pytest.param(lambda thread: any(text.count("\n>") >= 15 for text in texts(thread)), id="long-quotation"),
        pytest.param(lambda thread: any("```" in text for text in texts(thread)), id="code-block"),
    ],
)
def test_sample_has_a_thread_of_each_sort(is_there: Callable[[Table], object]) -> None:
    """Each sort of thread that the site must be able to show occurs at least once."""
    assert any(is_there(thread) for thread in threads())


@pytest.mark.parametrize(
    "subject",
    [
        "CLA", "DCO", "PATENTS", "OFL-1.1", "GPL violation", "BUSL-1.1", "CC-BY-SA-4.0", "CC0", "WTFPL", "Unlicense",
        "Good, not Evil", "Dual licensing", "Trademark", "SPDX", "AGPL-3.0", "SSPL-1.0", "weights", "No licence file",
        "compatible", "metadata", "Generated pull requests", "Harbour Voices", "FlexLM", "poetic license",
        "Driver's license", "plate recognition", "license key", "accept the license agreement", "license-header",
    ],
)  # fmt: skip
def test_sample_speaks_of(subject: str) -> None:
    """Each subject that the sample is meant to show is spoken of somewhere."""
    assert any(subject in " ".join([thread["title"], *texts(thread)]) for thread in threads())


def test_outside_links_lead_nowhere_real() -> None:
    """Every link in the sample goes to a domain that is reserved for examples."""
    every_text = "\n".join(text for thread in threads() for text in texts(thread))
    assert set(re.findall(r"https?://([^/\s)]+)", every_text)) == {"example.org", "example.com"}


def test_nothing_is_from_the_future() -> None:
    """No date lies after the sample was made, so that no page says `in two years`."""
    newest = max(thread["updated"] for thread in threads())
    assert newest < datetime(2026, 11, 1, tzinfo=UTC)
