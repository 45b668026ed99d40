"""Tells in sentences what happened to a thread: GitHub's events, what is gone, hidden, withdrawn or found out.

It makes no page and reads no store. What came from outside stands in the sentences escaped.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from markupsafe import Markup, escape

from archiver.model import (
    Account,
    Event,
    Finding,
    FindingKind,
    Post,
    Revision,
    ThreadSummary,
    Tombstone,
    parse_iso,
)
from archiver.references import RepositoryRef
from web.render import CLOSED_AS, date_tag, listed, noun, plural, time_tag

Links = Mapping[str, str]
"""Where the threads that are referred to (`owner/repo#12`) are held here."""

WHY_WITHDRAWN = {
    "personal-data": "it held personal data",
    "author-request": "its author asked for it",
    "legal": "for legal reasons",
    "secret": "it held a password, a key or another secret",
    "other": "for a reason of another kind",
}
_REVIEWS = {
    "APPROVED": "approved",
    "CHANGES_REQUESTED": "changes requested",
    "COMMENTED": "review",
    "DISMISSED": "review dismissed",
}
_REACTIONS = {
    "+1": ("thumbs up", "thumbs up"),
    "-1": ("thumbs down", "thumbs down"),
    "laugh": ("laugh", "laughs"),
    "hooray": ("hooray", "hoorays"),
    "confused": ("confused", "confused"),
    "heart": ("heart", "hearts"),
    "rocket": ("rocket", "rockets"),
    "eyes": ("pair of eyes", "pairs of eyes"),
}
# What is done to a thread's folder, as it were: what one person does of it within a minute is told in one line.
_TIDYING = {
    "labeled": ("added the label", "added the labels", ("label",)),
    "unlabeled": ("removed the label", "removed the labels", ("label",)),
    "assigned": ("assigned", "assigned", ("assignee",)),
    "unassigned": ("unassigned", "unassigned", ("assignee",)),
    "milestoned": ("added this to the milestone", "added this to the milestones", ("milestone",)),
    "demilestoned": ("removed this from the milestone", "removed this from the milestones", ("milestone",)),
    "review_requested": ("asked for a review by", "asked for reviews by", ("reviewer", "team")),
    "review_request_removed": (
        *("no longer asked for a review by", "no longer asked for reviews by"),
        ("reviewer", "team"),
    ),
}
_TOGETHER = timedelta(minutes=1)
_PLAIN = {
    "reopened": "reopened this",
    "unlocked": "unlocked this",
    "comment_deleted": "deleted a comment",
    "marked_as_duplicate": "marked this as a duplicate",
    "unmarked_as_duplicate": "no longer marked this as a duplicate",
    "pinned": "pinned this",
    "unpinned": "unpinned this",
    "converted_to_discussion": "made this a discussion",
    "review_dismissed": "dismissed a review",
    "ready_for_review": "marked this as ready for review",
    "convert_to_draft": "made this a draft",
    "converted_to_draft": "made this a draft",
    "head_ref_force_pushed": "pushed other commits in place of the former ones",
    "head_ref_deleted": "deleted the branch",
    "head_ref_restored": "restored the branch",
    "base_ref_changed": "changed the branch that this goes to",
    "connected": "linked this with a pull request or issue",
    "disconnected": "unlinked this from a pull request or issue",
    "user_blocked": "blocked a user",
    "answered": "chose an answer",
    "unanswered": "no longer chose an answer",
    "auto_merge_enabled": "set this to merge by itself",
    "deployed": "deployed this",
}
_COMMIT = re.compile(r"[0-9a-f]{7,64}\Z")


# --- small words ------------------------------------------------------------------------------------------------------


def who(account: Account | None) -> Markup:
    """Name an account; what GitHub names no actor of was done by someone."""
    return Markup("<b><bdi>{}</bdi></b>").format(account.login) if account else Markup("someone")


def review(state: str | None) -> str:
    """Say what a review came to; empty for what is none."""
    return _REVIEWS.get(state or "", "")


def reactions(counts: Mapping[str, int]) -> str:
    """Count reactions in words, the most frequent first: `12 thumbs up, 3 hearts`; empty if there are none."""
    known = [(count, name) for name, count in counts.items() if count > 0 and name in _REACTIONS]
    known.sort(key=lambda each: (-each[0], list(_REACTIONS).index(each[1])))
    return ", ".join(plural(count, *_REACTIONS[name]) for count, name in known)


def hidden(reason: str | None) -> str:
    """Say why a post is minimized upstream: `hidden on GitHub as off-topic`."""
    word = (reason or "").lower().replace("_", "-")
    return f"hidden on GitHub as {word}" if word and word != "minimized" else "hidden on GitHub"


def why_withdrawn(tombstone: Tombstone) -> str:
    """Say the reason's class in plain words."""
    return WHY_WITHDRAWN.get(tombstone.reason or "", WHY_WITHDRAWN["other"])


def archived(revision: Revision) -> Markup:
    """Say that GH Archive saw a text: `Seen through GH Archive, 16 February 2018, 09:00 UTC`; empty if it did not."""
    if revision.archived_at is None:
        return Markup("")
    also = "" if revision.source == "gharchive" else ", and by this archive since"
    return Markup("Seen through GH Archive, {}{}").format(time_tag(revision.archived_at), also)


# --- what is gone -----------------------------------------------------------------------------------------------------


def gone_post(tombstone: Tombstone, post: Post) -> Markup:
    """Say what became of a post upstream, and from when the text is that is shown."""
    said = {
        301: "Moved away on GitHub (301)",
        451: "Blocked on GitHub for legal reasons (451)",
    }.get(tombstone.status, f"Deleted on GitHub ({tombstone.status})")
    how = "seen through GH Archive" if post.revision.source == "gharchive" else "captured"
    return Markup("{}, noticed {}. The text below is as {} {}.").format(
        said, date_tag(tombstone.since), how, date_tag(post.revision.captured_at)
    )


def gone_since(tombstone: Tombstone | None) -> Markup:
    """Say of a post in a former version that it is not in the thread any more."""
    if tombstone is None:
        return Markup("No longer in the thread, since this version was captured")
    return Markup("Deleted on GitHub since this version was captured, noticed {}").format(date_tag(tombstone.since))


def edited_since(at: datetime | None) -> Markup:
    """Say of a post in a former version that its text is another by now; when that was, if GitHub told."""
    when = Markup(", on {}").format(date_tag(at)) if at else Markup("")
    return Markup("Edited on GitHub since this version was captured{}").format(when)


def gone_thread(tombstone: Tombstone, summary: ThreadSummary) -> Markup:
    """Say what became of a thread upstream, or of its whole repository."""
    status = tombstone.status
    if tombstone == summary.repository.gone:
        said = gone_repository(tombstone)
    else:
        what = f"This {noun(summary.kind)}"
        said = {
            301: f"{what} was transferred to where it cannot be read (301)",
            404: f"{what} is not found on GitHub any more (404): it was deleted or hidden",
            410: f"{what} was deleted on GitHub (410)",
            451: f"{what} is blocked on GitHub for legal reasons (451)",
        }.get(status, f"{what} is gone from GitHub ({status})")
    return Markup("{}, noticed {}.").format(said, date_tag(tombstone.since))


def gone_repository(tombstone: Tombstone) -> str:
    """Say what became of a repository upstream."""
    return {
        404: "The repository is not found on GitHub any more (404): it was deleted or made private",
        410: "The repository's issues are gone from GitHub (410)",
        451: "The repository is blocked on GitHub for legal reasons (451)",
    }.get(tombstone.status, f"The repository is gone from GitHub ({tombstone.status})")


def gone_mark(tombstone: Tombstone) -> str:
    """Say in three words that a thread of a list is gone upstream."""
    said = {
        301: "moved away on GitHub",
        404: "not found on GitHub",
        410: "deleted on GitHub",
        451: "blocked on GitHub",
    }.get(tombstone.status, "gone from GitHub")
    return f"{said} ({tombstone.status})"


# --- events -----------------------------------------------------------------------------------------------------------


def together(events: Sequence[Event]) -> list[list[Event]]:
    """Fold what one person did within a minute to labels, assignees and the like; all else stands alone."""
    groups: list[list[Event]] = []
    for event in events:
        first = groups[-1][0] if groups else None
        if (
            first is not None
            and first.kind in _TIDYING
            and event.kind in _TIDYING
            and first.actor == event.actor
            and event.at - first.at <= _TOGETHER
        ):
            groups[-1].append(event)
        else:
            groups.append([event])
    return groups


def event_sentence(events: Sequence[Event], repository: RepositoryRef, links: Links) -> Markup:
    """Tell events that belong `together` as a sentence without a full stop: who did what.

    Commits are links into `repository`; threads that are held here (`links`) lead to their record, with the original
    beside it.
    """
    actor = who(events[0].actor)
    if events[0].kind in _TIDYING:
        return Markup("{} {}").format(actor, _tidied(events))
    return Markup("{} {}").format(actor, _done(events[0], repository, links))


def _tidied(events: Sequence[Event]) -> Markup:
    parts: list[Markup] = []
    for kind in dict.fromkeys(each.kind for each in events):
        one, several, keys = _TIDYING[kind]
        names = [_named(each.detail, keys) for each in events if each.kind == kind]
        # Labels and milestones may hold spaces and commas; logins do not.
        quoted = Markup("<bdi>{}</bdi>") if "assign" in kind or "review" in kind else Markup("“<bdi>{}</bdi>”")
        known = [quoted.format(name) for name in dict.fromkeys(names) if name]
        objects = Markup(listed(known)) if known else Markup("")  # noqa: S704 - joined from escaped names
        parts.append(Markup("{} {}").format(one if len(known) < 2 else several, objects) if known else escape(one))
    return Markup(listed(parts))  # noqa: S704 - joined from escaped parts


def _named(detail: Mapping[str, Any], keys: Iterable[str]) -> str:
    found = next((detail[key] for key in keys if detail.get(key)), "")
    return str(found)


def _done(event: Event, repository: RepositoryRef, links: Links) -> Markup:
    detail = event.detail
    commit = _commit(detail.get("commit_id"), repository)
    match event.kind:
        case "closed":
            reason = CLOSED_AS.get(_text(detail, "state_reason").lower(), "")
            words = escape(f"closed this {reason}" if reason else "closed this")
            return Markup("{} with commit {}").format(words, commit) if commit else words
        case "merged":
            return Markup("merged this as commit {}").format(commit) if commit else Markup("merged this")
        case "locked":
            reason = _text(detail, "lock_reason")
            return escape(f"locked this as {reason}" if reason else "locked this")
        case "renamed" if "from" in detail and "to" in detail:
            return Markup("renamed this from “<bdi>{}</bdi>” to “<bdi>{}</bdi>”").format(detail["from"], detail["to"])
        case "renamed":
            return Markup("gave this another title")
        case "transferred":
            place = _text(detail, "from")
            return escape(f"transferred this from {place}" if place else "transferred this here")
        case "cross-referenced":
            return Markup("mentioned this in {}").format(_source(detail, links))
        case "referenced" if commit:
            return Markup("referred to this in commit {}").format(commit)
        case "referenced":
            return Markup("referred to this in a commit")
        case "answered" if isinstance(detail.get("comment"), int):
            return Markup('chose <a href="#discussioncomment-{}">an answer</a>').format(detail["comment"])
        case kind if kind in _PLAIN:
            return Markup(_PLAIN[kind])  # noqa: S704 - our own words
        case kind:
            # An event that GitHub has added since: its own name is better than nothing.
            return Markup("<i>{}</i>").format(kind.replace("_", " ").replace("-", " "))


def _text(detail: Mapping[str, Any], key: str) -> str:
    value = detail.get(key)
    return value if isinstance(value, str) else ""


def _commit(value: Any, repository: RepositoryRef) -> Markup | None:
    """Return a commit by its short hash, as a link to GitHub."""
    if not isinstance(value, str) or not _COMMIT.match(value):
        return None
    address = f"{repository.upstream_url}/commit/{value}"
    return Markup('<a href="{}" rel="external nofollow"><code>{}</code></a>').format(address, value[:7])


def source_of(event: Event) -> str | None:
    """Return which thread a cross-reference stands in, as `owner/repo#12`; None for other events."""
    source = event.detail.get("source")
    return source if event.kind == "cross-referenced" and isinstance(source, str) else None


def _source(detail: Mapping[str, Any], links: Links) -> Markup:
    """Return the thread that refers to this one: to the record here where it is held, and to the original."""
    source, address = _text(detail, "source"), _text(detail, "url")
    title = _text(detail, "title")
    words = Markup("{}{}").format(source, Markup(": <bdi>{}</bdi>").format(title) if title else "")
    if not source and not title:
        words = Markup("another thread")
    original = address if address.startswith("https://github.com/") else ""
    if here := links.get(source):
        beside = Markup(' (<a href="{}" rel="external nofollow">original</a>)').format(original) if original else ""
        return Markup('<a href="{}">{}</a>{}').format(here, words, beside)
    return Markup('<a href="{}" rel="external nofollow">{}</a>').format(original, words) if original else words


# --- findings ---------------------------------------------------------------------------------------------------------


def finding_sentence(finding: Finding, about: Markup) -> Markup:
    """Tell what was found out, as a sentence with its full stop; `about` names the post, thread or repository."""
    return Markup("{}.").format(_found(finding, about))


def _found(finding: Finding, about: Markup) -> Markup:
    detail = finding.detail
    match finding.kind:
        case FindingKind.GONE:
            return Markup("{} is gone: {}").format(about, _answer(detail.get("status"), finding.about))
        case FindingKind.BACK:
            since = moment(detail.get("since"))
            gap = Markup(" from {} to {}").format(date_tag(since), date_tag(finding.at)) if since else Markup("")
            return Markup("{} is back; it was gone{}, when GitHub answered {}").format(
                about, gap, detail.get("status", "otherwise")
            )
        case FindingKind.MOVED:
            return Markup("The thread was transferred from {} to {}").format(detail.get("from"), detail.get("to"))
        case FindingKind.RENAMED:
            return Markup("The repository was renamed from {} to {}").format(detail.get("from"), detail.get("to"))
        case FindingKind.NAME_TAKEN:
            return Markup("The name {} belongs to another repository now; what is held stays with this one").format(
                detail.get("name")
            )
        case FindingKind.AUTHOR_GONE if detail.get("login"):
            return Markup("The account <bdi>{}</bdi> was deleted; here its posts keep their author").format(
                detail["login"]
            )
        case FindingKind.AUTHOR_GONE:
            return Markup("An author's account was deleted")
        case FindingKind.MINIMIZED:
            return Markup("{} is {}").format(about, hidden(_text(detail, "reason")))
        case FindingKind.UNMINIMIZED:
            return Markup("{} is no longer hidden on GitHub").format(about)
        case FindingKind.EDIT_DELETED:
            edited = moment(detail.get("at"))
            when = Markup(" of {}").format(date_tag(edited)) if edited else Markup("")
            return Markup("The content of an edit{} was deleted on GitHub: {}").format(when, about)
        case FindingKind.FLAGGED:
            return Markup(
                "So much of the repository seemed gone at once ({} of {}) that it was not believed: nothing was marked"
            ).format(detail.get("suspects"), plural(int(detail.get("posts", 0)), "post"))
        case FindingKind.UNFLAGGED if not detail.get("gone"):
            return Markup("What had seemed gone from the repository at once is there again: nothing was marked")
        case FindingKind.UNFLAGGED:
            return Markup("What had seemed gone from the repository at once was looked at again: {} gone").format(
                plural(int(detail["gone"]), "post is", "posts are")
            )
        case FindingKind.WITHDRAWN | FindingKind.RESTORED | FindingKind.ERASED:
            return _withheld(finding, about)


def _withheld(finding: Finding, about: Markup) -> Markup:
    done = {
        FindingKind.WITHDRAWN: "was withdrawn from public view here",
        FindingKind.RESTORED: "was given back to public view here",
        FindingKind.ERASED: "was erased here for good",
    }[finding.kind]
    reason = WHY_WITHDRAWN.get(_text(finding.detail, "reason"))
    return Markup("{} {}{}").format(about, done, f" ({reason})" if reason else "")


def _answer(status: Any, about: str) -> str:
    if about == "repository":
        known = {404: "deleted or made private", 451: "blocked for legal reasons"}
    else:
        known = {301: "moved to where it cannot be read", 410: "deleted", 451: "blocked for legal reasons"}
        known[404] = "deleted" if about == "post" else "deleted or hidden"
    words = known.get(status)
    return f"{words} (GitHub answers {status})" if words else f"GitHub answers {status}"


def moment(value: Any) -> datetime | None:
    """Read a time as findings and flags have it; None for what is none."""
    try:
        return parse_iso(value) if isinstance(value, str) else None
    except ValueError:
        return None
