"""Makes of a thread or a post, as one of its versions has it, the record of what a citation says of it.

It is pure, and knows no form of citing: sentences are `web.citation_texts`'s, files `web.citation_files`'s. What is
withdrawn here is in no record; what the site masks is masked in it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from archiver import markup, masking
from archiver.model import Account, Post, PostKind, Thread, ThreadSummary
from archiver.references import ThreadKind
from web import permalinks, render
from web.config import SiteConfig

NO_TITLE = "(no title)"
DELETED = "deleted account"
WITHDRAWN = "author withdrawn"
# APA cites a comment by its first 20 words; where words are long, or not told apart by spaces, by so many characters.
WORDS, LETTERS = 20, 150
# No more of a post is read for its first words: enough to mask what begins in them, and reaches beyond.
_READ = 5000
# What no line of text can hold: control characters; marks that reverse the direction of what follows them; halves of
# surrogate pairs, and what Unicode says is no character.
_UNPRINTABLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]"
)
_COMMENTS = frozenset({PostKind.COMMENT, PostKind.ANSWER})
_NOT_IN_KEYS = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True)
class Edited:
    """When a text was edited last; not `told`, it is known only to have been edited before then."""

    at: datetime
    told: bool = True


@dataclass(frozen=True, slots=True)
class Citation:
    """What a citation says of a thread, or of one post of it (`part` names what that is; empty for a thread).

    `author` is a login: names of people are not known here. It is None where nobody can be named; `unnamed` says why.
    `words` are the first words of a post, empty for a thread and for a post without any. `written_at` is when thread or
    post was written, `edited` when the text at hand was last, `retitled_at` when a thread got the title at hand.
    `captured_at` and `digest` are of the version of the thread (the digest is empty for a post that was gone before a
    version had it); `url` leads to it here, `upstream_url` to the original, which may be `gone` (noticed then). All
    texts are clean: one line, nothing unprintable.
    """

    key: str
    author: str | None
    unnamed: str
    title: str
    part: str
    words: str
    noun: str
    number: int
    repository: str
    written_at: datetime
    edited: Edited | None
    retitled_at: datetime | None
    captured_at: datetime
    digest: str
    url: str
    upstream_url: str
    gone: datetime | None
    site: str

    @property
    def version(self) -> str:
        """The digest as it stands in sentences: its first 12 digits."""
        return self.digest[: permalinks.NAMED_DIGITS]

    @property
    def place(self) -> str:
        """Where the thread is, in words: `acme/rocket, issue 12`."""
        return f"{self.repository}, {self.noun} {self.number}"

    @property
    def heading(self) -> str:
        """What stands as the title in a list: a thread's title, or a post's first words, or what it is a part of."""
        return (self.words or f"{self.part} on “{self.title}”") if self.part else self.title


def of_thread(thread: Thread, site: SiteConfig, now: Thread | None = None) -> Citation:
    """Return the record of a thread, as the version at hand has it.

    Where that is as captured, `now` is the same with all that is known of it now: when GitHub says that the words were
    edited, and whether the original is gone.
    """
    summary = thread.summary
    now = now or thread
    opening = next((each for each in thread.posts if each.kind is PostKind.OPENING), None)
    return Citation(
        key=_key(summary, "", summary.snapshot),
        author=_login(summary.author),
        unnamed=WITHDRAWN if summary.author_withdrawn else _unnamed(summary.author),
        title=_title(summary, site),
        part="",
        words="",
        noun=render.noun(summary.kind),
        number=summary.number,
        repository=str(summary.repository.ref),
        written_at=summary.created_at,
        edited=_edited(opening, now, summary.captured_at) if opening else None,
        retitled_at=_retitled(now, summary.captured_at),
        captured_at=summary.captured_at,
        digest=summary.snapshot,
        url=site.base_url + permalinks.snapshot(summary),
        upstream_url=summary.upstream_url,
        gone=now.summary.gone.since if now.summary.gone else None,
        site=one_line(site.title),
    )


def of_post(thread: Thread, post: Post, site: SiteConfig, now: Thread | None = None) -> Citation:
    """Return the record of a post; of one that is gone upstream, as of the last version that has it.

    `now` is what it is for a thread. Raises ValueError for a post that is withdrawn here: nothing can be cited of it.
    """
    if post.withdrawn:
        raise ValueError("a withdrawn post is not cited")
    summary = thread.summary
    now = now or thread
    anchor = permalinks.anchor(post, summary.kind)
    opening = post.kind is PostKind.OPENING
    digest = thread.holding(post.kind, post.id) or ""
    captured_at = _captured_at(thread, digest) if digest else post.revision.captured_at
    known = _as_known(post, now)
    gone = (known.gone if known else None) or now.summary.gone
    return Citation(
        key=_key(summary, anchor, digest),
        author=_login(post.author),
        unnamed=_unnamed(post.author),
        title=_title(summary, site),
        part="" if opening else _part(post, summary.kind),
        words="" if opening else first_words(post, site),
        noun=render.noun(summary.kind),
        number=summary.number,
        repository=str(summary.repository.ref),
        written_at=post.created_at,
        edited=_edited(post, now, captured_at),
        retitled_at=_retitled(now, captured_at) if opening else None,
        captured_at=captured_at,
        digest=digest,
        url=site.base_url + permalinks.post(summary, post.kind, post.id, digest=digest or None),
        upstream_url=permalinks.upstream_post(summary, post.kind, post.id),
        gone=gone.since if gone else None,
        site=one_line(site.title),
    )


def find_post(thread: Thread, anchor: str) -> Post | None:
    """Return the post with an anchor, as on GitHub, without the `#`; None if the version at hand has none such."""
    wanted = permalinks.same_anchor(anchor)
    return next((each for each in thread.posts if permalinks.anchor(each, thread.summary.kind) == wanted), None)


def first_words(post: Post, site: SiteConfig) -> str:
    """Return the words that a post begins with, its author's own if there are any; empty if it has none."""
    found = markup.segments(post.body, post.revision.body_html)
    own = " ".join(each.text for each in found if each.place == "own") or " ".join(each.text for each in found)
    return shortened(shown(own[:_READ], site), words=WORDS, letters=LETTERS)


def shortened(text: str, *, words: int, letters: int) -> str:
    """Return a line of text as it is, or its first words with an ellipsis, no longer than so many words and letters."""
    if len(text) <= letters and text.count(" ") < words:
        return text
    short = " ".join(text.split(" ", words)[:words])
    if len(short) > letters:
        # A word that is longer than all there is room for is cut, but not between the parts of one emoji.
        short = short[: letters + 1].rpartition(" ")[0] or short[:letters].rstrip("\u200d")
    return short if short == text else f"{short.rstrip(' .,;:')}…"


def shown(text: str, site: SiteConfig) -> str:
    """Return a text as one clean line, masked if the site masks."""
    # Cleaned first: what is to be masked may be interrupted by what is not printed.
    line = one_line(text)
    return masking.mask(line) if site.mask else line


def one_line(text: str) -> str:
    """Return a text as one line: single spaces, nothing that cannot be printed, nothing that turns a line round."""
    line = " ".join(text.split())
    return line if line.isprintable() else " ".join(_UNPRINTABLE.sub("", line).split())


def _title(summary: ThreadSummary, site: SiteConfig) -> str:
    return shown(summary.title, site) or NO_TITLE


def _login(account: Account | None) -> str | None:
    return one_line(account.login) or None if account else None


def _unnamed(account: Account | None) -> str:
    return "" if _login(account) else DELETED


def _part(post: Post, kind: ThreadKind) -> str:
    match post.kind:
        case PostKind.REVIEW:
            return "Review"
        case PostKind.REVIEW_COMMENT:
            return "Comment on code"
        case PostKind.ANSWER:
            return "Answer"
        case _:
            return "Reply" if kind is ThreadKind.DISCUSSION and post.reply_to is not None else "Comment"


def _as_known(post: Post, now: Thread) -> Post | None:
    """Return a post as it is now known; an answer is a comment that was chosen."""
    kinds = {post.kind} if post.kind not in _COMMENTS else _COMMENTS
    return next((each for each in now.posts if each.id == post.id and each.kind in kinds), None)


def _edited(post: Post, now: Thread, captured_at: datetime) -> Edited | None:
    """Return when the text at hand of a post was edited last, by what is now known; None if it seems it never was."""
    if post.withdrawn:
        return None
    text = post.revision
    known = _as_known(post, now) or post
    told = [each.at for each in known.edits[1:] if each.revision == text.digest and each.at <= captured_at]
    if told or text.edited_at:
        return Edited(max(told) if told else text.edited_at or captured_at)
    # Texts that came before it are held, and nobody told when that ended.
    earlier = [each for each in known.revisions if each.digest != text.digest and each.captured_at < captured_at]
    first = min((each.captured_at for each in earlier), default=None)
    if first is None:
        return None
    return Edited(text.captured_at if text.captured_at > first else captured_at, told=False)


def _retitled(now: Thread, captured_at: datetime) -> datetime | None:
    """Return when a thread got the title that it was captured with; None if it was opened so, as far as is known."""
    return max((each.at for each in now.events if each.kind == "renamed" and each.at <= captured_at), default=None)


def _captured_at(thread: Thread, digest: str) -> datetime:
    """Return when a version was captured: the one at hand, or an earlier one, when it was last."""
    if digest == thread.summary.snapshot:
        return thread.summary.captured_at
    return next(each.at for each in reversed(thread.captures) if each.digest == digest)


def _key(summary: ThreadSummary, anchor: str, digest: str) -> str:
    """Return a name for reference managers: lower-case letters, digits and hyphens."""
    ref = summary.ref
    parts = [ref.owner, ref.name, str(ref.number), anchor, digest[: permalinks.NAMED_DIGITS]]
    return "-".join(cleaned for each in parts if (cleaned := _NOT_IN_KEYS.sub("-", each.lower()).strip("-")))
