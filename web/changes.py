"""Shows what changed between two versions of a thread, as a page; and as a line, on the page of a former version.

How they are compared is `web.comparing`'s; which thread is meant has been found out before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from flask import abort, redirect, render_template, request
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from archiver import masking
from archiver.model import Capture, Post, Thread, Tombstone
from archiver.references import ThreadRef
from archiver.store import Reader
from web import history, permalinks, reading, telling
from web.comparing import compare, pair
from web.references import referred

_NAMES = {"from": "the former version", "to": "the latter version"}


class Withdrawn(Exception):
    """One of the versions that were asked for is withdrawn here: with its tombstone, and its digest."""

    def __init__(self, tombstone: Tombstone, digest: str) -> None:
        super().__init__(digest)
        self.tombstone = tombstone
        self.digest = digest


class NoVersion(Exception):
    """The thread has not got one of the versions that were asked for; `answer` says so."""

    def __init__(self, answer: ResponseReturnValue) -> None:
        super().__init__("no such version")
        self.answer = answer


def comparison(store: Reader, thread: Thread, *, mask: bool) -> ResponseReturnValue:
    """Answer a request for the comparison of two versions of a thread, named by its parameters `from` and `to`.

    `thread` is the thread as now known. Times, upper case, and what is left out lead to the address that names the two
    by their digests. Raises Withdrawn for a version that is out of view, NoVersion for one that is not there.
    """
    ref = thread.summary.ref
    digests: dict[str, str | None] = {}
    for name in _NAMES:
        found = _digest(store, thread, name)
        if found is not None and not isinstance(found, str):
            raise NoVersion(found)
        digests[name] = found
    before, after = pair(thread.captures, digests["from"], digests["to"])
    address = permalinks.compare(ref, _named("from", before.digest), _named("to", after.digest))
    if f"{request.path}?{request.query_string.decode('ascii', 'replace')}" != address:
        return redirect(address, 302)
    versions = []
    for capture in (before, after):
        version = store.thread(thread.summary.repository.id, thread.summary.number, capture.digest)
        if version is None:
            raise Withdrawn(_tombstone(store, capture), capture.digest)
        versions.append(reading.as_captured(version, capture))
    links = referred(store, versions[1])
    hide = masking.mask if mask else str
    return render_template(
        "compare.html",
        thread=thread.summary,
        before=before,
        after=after,
        backward=after.number < before.number,
        latest=thread.captures[-1].digest,
        found=compare(versions[0], versions[1], (before.at, after.at), links, hide),
        nearby=_nearby(thread.captures, before, after),
    )


def versions() -> list[str | datetime]:
    """Return what a request's parameters `from` and `to` name: beginnings of digests, or times."""
    named = (permalinks.parse_version(request.args.get(name, "")) for name in _NAMES)
    return [each for each in named if each is not None]


@dataclass(frozen=True, slots=True)
class Since:
    """What became of a version: in a line (empty where its record or the latest is erased), and of its posts."""

    words: Markup
    posts: Mapping[reading.PostKey, reading.Fate]


def since(store: Reader, thread: Thread, digest: str) -> Since | None:
    """Say what changed in a thread since the snapshot at hand, which has that digest; None for the latest snapshot.

    The thread is the snapshot with all that is known of it now.
    """
    latest = thread.captures[-1].digest
    if digest == latest:
        return None
    told = store.snapshots_told(thread.summary.repository.id, thread.summary.number, (digest, latest))
    before, after = told[digest], told[latest]
    if before is None or after is None:
        return Since(Markup(""), {})
    texts = {(each["kind"], each["id"]): each["revision"] for each in after["posts"]}
    fates = {reading.post_key(each.kind, each.id): _fate(each, texts) for each in thread.posts}
    return Since(
        Markup("; ").join(history.differences(before, after)), {key: fate for key, fate in fates.items() if fate}
    )


def _fate(post: Post, texts: Mapping[reading.PostKey, str]) -> reading.Fate | None:
    """Return what became of a post of a former version, by the `texts` of the latest; None if it is the same there."""
    text = texts.get(reading.post_key(post.kind, post.id))
    if post.withdrawn or text == post.revision.digest:
        return None
    if text is None:
        return reading.Fate(telling.gone_since(post.gone), gone=True)
    told = [each.at for each in post.edits[1:] if each.revision == text]
    at = max(told) if told else next((each.edited_at for each in post.revisions if each.digest == text), None)
    return reading.Fate(telling.edited_since(at))


def _digest(store: Reader, thread: Thread, name: str) -> ResponseReturnValue | str | None:
    """Return the whole digest that a parameter means, None where there is none, or the page that says what is wrong."""
    text = request.args.get(name, "").strip()
    if not text:
        return None
    wanted = permalinks.parse_version(text)
    summary = thread.summary
    if wanted is None:
        abort(
            400, f"“{text[:80]}” names no version: {_NAMES[name]} is 12 to 64 digits of its digest, or a time in UTC."
        )
    if isinstance(wanted, datetime):
        past = [each for each in thread.captures if each.at <= wanted]
        if not past:
            return render_template("too_early.html", ref=summary.ref, at=wanted, first=thread.captures[0]), 404
        return past[-1].digest
    found = store.resolve_digest(summary.repository.id, summary.number, wanted)
    return found or no_snapshot(summary.ref, thread.captures)


def no_snapshot(ref: ThreadRef, captures: Sequence[Capture]) -> ResponseReturnValue:
    """Return the page that says that none of a thread's snapshots has the digits asked for."""
    return render_template("no_snapshot.html", ref=ref, captures=captures), 404


def _named(name: str, digest: str) -> str:
    """Return as many digits as were given, and those of permanent links where none were."""
    given = request.args.get(name, "").strip().lower()
    return given if given and digest.startswith(given) else digest[: permalinks.SHOWN_DIGITS]


def _tombstone(store: Reader, capture: Capture) -> Tombstone:
    return store.snapshot_withdrawn(capture.digest) or Tombstone(410, capture.at, "other")


def _nearby(captures: Sequence[Capture], before: Capture, after: Capture) -> tuple[tuple[str, str], ...]:
    """Return the comparisons next to one of two neighbours: the one before it and the one after it, in words."""
    steps = [(old, new) for old, new in pairwise(captures) if old.digest != new.digest]
    at = next((number for number, pair_ in enumerate(steps) if pair_ == (before, after)), None)
    if at is None:
        return ()
    found = []
    for number, words in ((at - 1, "the change before"), (at + 1, "the change after")):
        if 0 <= number < len(steps):
            old, new = steps[number]
            query = (old.digest[: permalinks.SHOWN_DIGITS], new.digest[: permalinks.SHOWN_DIGITS])
            found.append((words, "?" + f"from={query[0]}&to={query[1]}"))
    return tuple(found)
