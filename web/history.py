"""Tells the history of a thread: its captures, what was found out about it, and GitHub's own edits, in one list.

It reads the records of snapshots from the store, and makes no page.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from markupsafe import Markup

from archiver.model import Capture, Finding, Thread
from archiver.store import Reader
from web import permalinks, render
from web.reading import Entry, PostKey, Version, entries, known_posts, post_key
from web.render import date_tag
from web.telling import finding_sentence, who

Record = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Step:
    """One entry of the list, as of `at`: a `capture`, or something `noticed` by us, `told` by GitHub, or `archived`.

    What is `archived` was seen by GH Archive then, and came to be held here later.

    `posts` are those that a capture shows edited or gone; `previous` is the capture that it can be compared with.
    """

    at: datetime
    kind: str
    words: Markup
    capture: Capture | None = None
    previous: Capture | None = None
    posts: tuple[Entry, ...] = ()


def records(store: Reader, thread: Thread) -> dict[str, Record | None]:
    """Return what may be told of each of a thread's snapshots by its digest; None for what is erased as a whole."""
    summary = thread.summary
    return store.snapshots_told(summary.repository.id, summary.number, {each.digest for each in thread.captures})


def steps(thread: Thread, held: Mapping[str, Record | None]) -> list[Step]:
    """Return all that is known to have happened to a thread, the latest first; `held` are its snapshots' records."""
    found = entries(thread)
    posts = known_posts(found)
    told = [
        *_captures(thread, held, posts),
        *(_finding(each, thread, posts) for each in thread.findings),
        *(step for entry in found for step in _edits(entry, thread)),
        *(step for entry in found for step in _archived(entry, thread)),
    ]
    # What was noticed is in the capture that was made then.
    return sorted(told, key=lambda each: (each.at, each.kind == "capture"))[::-1]


def changes(thread: Thread, held: Mapping[str, Record | None]) -> Iterator[tuple[Capture, list[str]]]:
    """Yield each capture, oldest first, with what changed from the one before it, in words."""
    before: Capture | None = None
    for capture in thread.captures:
        after = held[capture.digest]
        if after is None or (before is not None and held[before.digest] is None):
            # Without both of their records nothing can be compared.
            yield capture, ["captured; what changed is withdrawn here"]
        else:
            yield capture, differences(held[before.digest] if before else None, after)
        before = capture


def _captures(thread: Thread, held: Mapping[str, Record | None], posts: Mapping[PostKey, Entry]) -> Iterator[Step]:
    before: Record | None = None
    previous: Capture | None = None
    for capture, words in changes(thread, held):
        after = held[capture.digest]
        comparable = previous if before is not None and after is not None else None
        touched = [posts[key] for key in _touched(before, after) if key in posts]
        sentence = Markup("; ").join([render.capitalize_first(words[0]), *words[1:]])
        yield Step(capture.at, "capture", sentence, capture, comparable, tuple(touched[:12]))
        before, previous = after, capture


def _touched(before: Record | None, after: Record | None) -> list[PostKey]:
    """Return the posts that were edited between two snapshots, or are in the first one only."""
    if before is None or after is None:
        return []
    now = _revisions(after)
    return [key for key, revision in _revisions(before).items() if now.get(key) != revision]


def _revisions(record: Record) -> dict[PostKey, str]:
    return {(each["kind"], each["id"]): each["revision"] for each in record["posts"]}


def differences(before: Record | None, after: Record) -> list[str]:
    """Say in words what distinguishes two snapshot records; `before` is None for the first capture."""
    posts = _revisions(after)
    if before is None:
        return [f"first capture, {render.plural(len(posts), 'post')}"]
    earlier = _revisions(before)
    words: list[str] = []
    if (before["repository_id"], before["number"]) != (after["repository_id"], after["number"]):
        words.append("transferred")
    if added := len(posts.keys() - earlier.keys()):
        words.append(render.plural(added, "new post"))
    if gone := len(earlier.keys() - posts.keys()):
        words.append(f"{render.plural(gone, 'post')} no longer there")
    if edited := sum(posts[key] != earlier[key] for key in posts.keys() & earlier.keys()):
        words.append(f"{render.plural(edited, 'post')} edited")
    if before["title"] != after["title"] and None not in (before["title"], after["title"]):  # null: not told
        # In an element of its own, since a title may run from right to left.
        words.append(Markup("retitled, before: “<bdi>{}</bdi>”").format(before["title"] or "(no title)"))
    if (before["state"], before["merged_at"]) != (after["state"], after["merged_at"]):
        words.append("merged" if after["merged_at"] else _ended(after) if after["state"] == "closed" else "reopened")
    elif before["state_reason"] != after["state_reason"] or before["closed_at"] != after["closed_at"]:
        words.append("closed anew" if after["state"] == "closed" else "its state's reason changed")
    if before["locked"] != after["locked"]:
        reason = f" as {after['lock_reason']}" if after["lock_reason"] else ""
        words.append(f"locked{reason}" if after["locked"] else "unlocked")
    if _states(before, posts) != _states(after, earlier):
        words.append("a review's or an answer's standing changed")
    for name in ("labels", "milestone", "assignees"):
        if before[name] != after[name]:
            words.append(f"{name} changed")
    return words or ["details changed"]


def _ended(record: Record) -> str:
    reason = render.CLOSED_AS.get(record["state_reason"] or "")
    return f"closed {reason}" if reason else "closed"


def _states(record: Record, also: Mapping[PostKey, str]) -> dict[PostKey, str | None]:
    """Return the states of the posts that another record has too."""
    states = {(each["kind"], each["id"]): each.get("state") for each in record["posts"]}
    return {key: state for key, state in states.items() if key in also}


def _finding(finding: Finding, thread: Thread, posts: Mapping[PostKey, Entry]) -> Step:
    about = Markup("The repository")
    if finding.about == "thread":
        about = Markup("The thread")
    elif finding.post is not None:
        entry = posts.get(post_key(*finding.post))
        about = named(entry, thread) if entry else Markup("A post")
    return Step(finding.at, "noticed", finding_sentence(finding, about))


def named(entry: Entry, thread: Thread) -> Markup:
    """Name a post, by a link to it: `Post 3 by kim (16 February 2018)`."""
    post = entry.post
    author = Markup(" by <bdi>{}</bdi>").format(post.author.login) if post.author else Markup("")
    address = f"{permalinks.thread(thread.summary.ref)}#{entry.anchor}"
    return Markup('<a href="{}">Post {}{} ({})</a>').format(address, entry.number, author, date_tag(post.created_at))


def _edits(entry: Entry, thread: Thread) -> Iterator[Step]:
    """Yield GitHub's own edits of a post; its first text is no edit, unless it was deleted."""
    told = [each for each in entry.versions if each.told]
    for number, version in enumerate(told):
        if version.at is not None and (number or version.revision is None):
            yield Step(version.at, "told", _edited(entry, version, thread, first=number == 0))


def _archived(entry: Entry, thread: Thread) -> Iterator[Step]:
    """Yield when GH Archive saw the texts of a post first; with which of them, where there are several."""
    for revision in entry.post.revisions:
        if revision.archived_at is not None:
            text = "this text" if revision.digest == entry.post.revision.digest else "another text"
            words = f"with {text} " if len(entry.post.revisions) > 1 else ""
            sentence = Markup("{} was seen {}through GH Archive.").format(named(entry, thread), words)
            yield Step(revision.archived_at, "archived", sentence)


def _edited(entry: Entry, version: Version, thread: Thread, *, first: bool) -> Markup:
    about = named(entry, thread)
    if first:
        words = Markup("{}: its first text").format(about)
    else:
        by = Markup(" by {}").format(who(version.editor)) if version.editor else Markup("")
        words = Markup("{} was edited{}").format(about, by)
    if version.deleted_at is None:
        return Markup("{}.").format(words)
    held = "it is held here" if version.revision else "it is not held here"
    joined = "" if first else "; this text"
    return Markup("{}{} was deleted on GitHub on {}, {}.").format(words, joined, date_tag(version.deleted_at), held)
