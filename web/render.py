"""Turns values into words and safe HTML for the templates: dates, outcomes, roles, snippets, the text of posts.

It makes no page and reads no store; the present moment is a parameter.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache, partial
from hashlib import blake2b
from typing import Any

from markupsafe import Markup, escape

from archiver import markup, masking
from archiver.kept import Kept
from archiver.model import Account, Relevance, Revision, ThreadSummary, iso
from archiver.references import ThreadKind
from archiver.wording import plural as plural

MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
ROLES = {
    "OWNER": "owner",
    "MEMBER": "member",
    "COLLABORATOR": "collaborator",
    "CONTRIBUTOR": "contributor",
    "FIRST_TIME_CONTRIBUTOR": "first-time contributor",
    "FIRST_TIMER": "new to GitHub",
    "MANNEQUIN": "imported account",
}
NOUNS = {ThreadKind.ISSUE: "issue", ThreadKind.PULL: "pull request", ThreadKind.DISCUSSION: "discussion"}
CLOSED_AS = {
    "completed": "as completed",
    "not_planned": "as not planned",
    "duplicate": "as a duplicate",
    "resolved": "as resolved",
    "outdated": "as outdated",
}
_WHY = {
    "subject": "licensing is what it is about",
    "debate": "it holds a side debate about licensing",
    "mention": "it mentions licensing",
}
# Rendered texts are kept up to so many characters in all; a longer one than the second figure is not worth its place.
_KEPT_LENGTH = 24_000_000
_CACHED_LENGTH = 50_000
TAGS = re.compile(r"""(<(?:[^<>"]|"[^"]*")*>)""")
# Besides control characters, those that make all that follows read in the other direction: a title with one turns the
# words around it. What only embeds a stretch of another direction stays.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202d\u202e]")


# --- time -------------------------------------------------------------------------------------------------------------


def day(moment: datetime) -> str:
    """Print a date in full: `26 January 2016`."""
    moment = moment.astimezone(UTC)
    return f"{moment.day} {MONTHS[moment.month - 1]} {moment.year}"


def clock_time(moment: datetime) -> str:
    """Print a time of day: `14:13 UTC`."""
    moment = moment.astimezone(UTC)
    return f"{moment.hour:02}:{moment.minute:02} UTC"


def minute(moment: datetime) -> str:
    """Print a date with its time: `26 January 2016, 14:13 UTC`."""
    return f"{day(moment)}, {clock_time(moment)}"


@lru_cache(maxsize=4096)
def time_tag(moment: datetime) -> Markup:
    """Print a date with its time as an element that tells programs too."""
    return Markup(f'<time datetime="{iso(moment)}">{minute(moment)}</time>')  # noqa: S704 - digits and names of months


@lru_cache(maxsize=4096)
def date_tag(moment: datetime) -> Markup:
    """Print a date as an element that tells programs the time, too."""
    return Markup(f'<time datetime="{iso(moment)}">{day(moment)}</time>')  # noqa: S704 - digits and names of months


@lru_cache(maxsize=4096)
def stamp(moment: datetime) -> Markup:
    """Print a date with its time as an element; the time of day may stand on a line of its own."""
    clock = f'<span class="clock">, <span>{clock_time(moment)}</span></span>'
    return Markup(f'<time datetime="{iso(moment)}">{day(moment)}{clock}</time>')  # noqa: S704 - digits and our words


def relative(moment: datetime, now: datetime) -> str:
    """Say how long ago a moment was, in one unit: `8 years ago`; `just now` within a minute (clocks differ)."""
    if now - moment < timedelta(minutes=1):
        return "just now"
    return f"{_units(moment, now)[0]} ago"


def duration(start: datetime, end: datetime) -> str:
    """Say how much time lies between two moments, in its two largest units: `7 hours 49 minutes`."""
    if end - start < timedelta(minutes=1):
        return "less than a minute"
    return " ".join(_units(start, end)[:2])


def _units(start: datetime, end: datetime) -> list[str]:
    """Return the difference of two moments from its largest unit on, a unit of nothing left out after the first."""
    start, end = start.astimezone(UTC), end.astimezone(UTC)
    months = (end.year - start.year) * 12 + end.month - start.month
    # A month has passed when its day and time have: from the 31st of January, on the 1st of March at the latest.
    if (end.day, end.time()) < (start.day, start.time()):
        months -= 1
    rest = end - _months_later(start, months)
    minutes = int(rest.total_seconds()) // 60
    counts = [
        (months // 12, "year"),
        (months % 12, "month"),
        (minutes // 1440, "day"),
        (minutes // 60 % 24, "hour"),
        (minutes % 60, "minute"),
    ]
    first = next((at for at, (count, _) in enumerate(counts) if count), len(counts) - 1)
    return [plural(*counts[first])] + [plural(*each) for each in counts[first + 1 : first + 2] if each[0]]


def _months_later(moment: datetime, months: int) -> datetime:
    year, month = divmod(moment.year * 12 + moment.month - 1 + months, 12)
    # The 31st becomes the 28th, 29th or 30th where the month has no more days.
    for last in range(moment.day, moment.day - 4, -1):
        try:
            return moment.replace(year=year, month=month + 1, day=last)
        except ValueError:
            continue
    raise AssertionError("every month has 28 days")


# --- words ------------------------------------------------------------------------------------------------------------


def listed(words: Iterable[str]) -> str:
    """Join words as a sentence does: `a`, `a and b`, `a, b and c`."""
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last


def author(account: Account | None) -> Markup:
    """Name who wrote; that nobody can be named is said of GitHub alone, not of what is withdrawn here."""
    return Markup(f"<bdi>{escape(account.login)}</bdi>" if account else "deleted account")  # noqa: S704 - escaped


def spdx(ids: Sequence[str], most: int = 6) -> Markup:
    """List names of licenses as elements, `most` of them."""
    listed_ = "".join(f'<span class="spdx">{escape(each)}</span> ' for each in ids[:most])
    more = f"and {len(ids) - most} more" if len(ids) > most else ""
    return Markup(listed_ + more)  # noqa: S704 - escaped


def role(association: str) -> str:
    """Say in words what GitHub knows of an author's standing; empty for an outsider."""
    return ROLES.get(association.upper(), "")


def noun(kind: ThreadKind) -> str:
    """Return `issue`, `pull request` or `discussion`."""
    return NOUNS[kind]


def state(summary: ThreadSummary) -> str:
    """Say in a word or three how a thread stands: `open`, `merged`, `closed as not planned`, `closed, not merged`."""
    if summary.outcome == "closed":
        if summary.kind is ThreadKind.PULL:
            return "closed, not merged"
        reason = CLOSED_AS.get(summary.state_reason or "")
        return f"closed {reason}" if reason else "closed"
    return summary.outcome


def outcome(summary: ThreadSummary) -> str:
    """Say how a thread ended and after how long: `closed as not planned, 7 hours 49 minutes after it was opened`."""
    ended = summary.merged_at or summary.closed_at
    if summary.outcome == "open":
        again = "reopened, and " if summary.state_reason == "reopened" else ""
        return f"{again}open when it was captured"
    return f"{state(summary)}, {duration(summary.created_at, ended)} after it was opened" if ended else state(summary)


def lock(summary: ThreadSummary) -> str:
    """Say that a thread is locked, and why if that is known; empty if it is not."""
    if not summary.locked:
        return ""
    return f"locked as {summary.lock_reason}" if summary.lock_reason else "locked"


def why(relevance: Relevance) -> str:
    """Say why a thread is kept; empty where no verdict was reached (a watch may keep everything)."""
    return _WHY.get(relevance.verdict, "")


# --- texts ------------------------------------------------------------------------------------------------------------


def snippet(text: str, spans: Sequence[tuple[int, int]], *, mask: bool = False) -> Markup:
    """Mark the spans (start and end in characters) of a plain text; overlaps and spans out of range do no harm."""
    if mask:
        text, spans = masking.mask_spans(text, spans)
    parts: list[str] = []
    at = 0
    for start, end in sorted(spans):
        start, end = max(start, at), min(end, len(text))
        if start < end:
            parts += [escape(text[at:start]), "<mark>", escape(text[start:end]), "</mark>"]
            at = end
    return Markup("".join([*parts, escape(text[at:])]))  # noqa: S704 - put together of what is escaped


def prose(
    revision: Revision,
    base: str,
    terms: Sequence[str] = (),
    *,
    mask: bool = False,
    kept: Callable[[str], str | None] | None = None,
) -> Markup:
    """Return a revision's text as safe HTML; relative links are read from `base`, the thread's upstream address.

    The `terms` are marked in it where they stand in one piece. Pictures for whose address `kept` gives a digest
    are shown.
    """
    pictures = kept is not None and (_shows_pictures(revision.body) or _shows_pictures(revision.body_html or ""))
    # What is kept changes by itself: such a text is made anew each time.
    if pictures:
        return _marked_terms(_prose(revision.body, revision.body_html, base, mask, kept), terms)
    return _kept_prose(revision, base, terms, mask=mask)


def text(
    revision: Revision,
    base: str,
    linked: Callable[[Markup, Revision], Markup],
    terms: Sequence[str] = (),
    *,
    mask: bool = False,
    kept: Callable[[str], str | None] | None = None,
) -> Markup:
    """Return the text of a post as its page shows it: its prose, into which `linked` has put links, as an element."""
    if revision.body.strip():
        shown = linked(prose(revision, base, terms, mask=mask, kept=kept), revision)
    else:
        shown = Markup('<p class="empty">Nothing was written here.</p>')
    return Markup(f'<div class="text" dir="auto">\n{shown}\n</div>')  # noqa: S704 - safe as it came


def _shows_pictures(text: str) -> bool:
    """Return whether a picture, or a link to an attached file, may stand in a text, in Markdown or HTML."""
    return "![" in text or "<img" in text or "/files/" in text


def _marked_terms(text: Markup, terms: Sequence[str]) -> Markup:
    if not terms:
        return text
    longest = sorted({str(escape(term)) for term in terms}, key=len, reverse=True)
    pattern = re.compile(rf"(?<![\w&])(?:{'|'.join(map(re.escape, longest))})(?!\w)")
    # In what the sanitiser wrote, `<` begins a tag, but for the values of attributes, which stand in quotation marks.
    shown = [
        part if at % 2 else pattern.sub(lambda found: f"<mark>{found[0]}</mark>", part)
        for at, part in enumerate(TAGS.split(text))
    ]
    return Markup("".join(shown))  # noqa: S704 - as safe as it came


def _kept_prose(revision: Revision, base: str, terms: Sequence[str], *, mask: bool) -> Markup:
    def make() -> Markup:
        return _marked_terms(_prose(revision.body, revision.body_html, base, mask), terms)

    if len(revision.body) + len(revision.body_html or "") > _CACHED_LENGTH:
        return make()
    source = "\0".join((revision.body, str(revision.body_html), base, str(mask), *terms))
    key = blake2b(source.encode("utf-8", "surrogatepass"), digest_size=16).digest()
    return _texts.get(key, make)


def _prose(
    body: str, body_html: str | None, base: str, mask: bool, kept: Callable[[str], str | None] | None = None
) -> Markup:
    # `markup.render` ends in an allow-list, which is what makes this safe.
    return Markup(_reachable(markup.render(body, body_html, base, masked=mask, kept=kept)))  # noqa: S704


def _reachable(html: str) -> str:
    """Let the keyboard reach what may scroll sideways: code, and tables, each in a box of its own.

    What is put in has no quotation mark: in the value of an attribute, where `<` may stand, it is nothing but text.
    """
    html = html.replace("<pre>", "<pre tabindex=0>").replace("<pre ", "<pre tabindex=0 ")
    html = html.replace("</table>", "</table></div>")
    return re.sub(r"<table(?=[ >])", "<div class=scroll role=group aria-label=Table tabindex=0><table", html)


_texts = Kept[Markup](_KEPT_LENGTH, len)


def masked(words: str) -> str:
    """Hide e-mail addresses and what looks like a secret in words from outside, or in a sentence of ours with them."""
    if not isinstance(words, Markup):
        return masking.mask(words)
    # In a sentence that was put together with escaped words, `<` begins a tag and nothing else.
    parts = re.split(r"(<[^>]*>)", words)
    shown = [part if at % 2 else escape(masking.mask(Markup(part).unescape())) for at, part in enumerate(parts)]  # noqa: S704
    return Markup("").join(Markup(part) for part in shown)  # noqa: S704 - as safe as it came


def ticked(sentence: str) -> Markup:
    """Set what stands between backticks apart, as the notices of the query language use them."""
    parts = sentence.split("`")
    shown = [Markup("<code>{}</code>").format(part) if at % 2 else escape(part) for at, part in enumerate(parts)]
    return Markup("").join(shown)


def ways(anchor: str, number: int, page: str, cite: str) -> Markup:
    """Return the links of a post: the permanent one to its place in `page`, and the one to how it is cited.

    `page` and `cite` are the paths of the version and of its citations, `number` is the post's within its thread.
    """
    anchor, page, cite = escape(anchor), escape(page), escape(cite)
    return Markup(  # noqa: S704 - put together of what is escaped
        f'<span><a class="fixed-link" data-anchor="#{anchor}" href="{page}#{anchor}">'
        '<span><span class="clock">permanent </span>link</span>'
        f'<span class="unseen"> to post {number}</span></a><span class="no-print"> · '
        f'<a href="{cite}?post={anchor}">cite<span class="unseen"> post {number}</span></a></span></span>'
    )


def breakable(address: str) -> Markup:
    """Show an address so that a line breaks where a reader expects it: after a slash, before an `@`."""
    return Markup("<wbr>").join(re.split(r"(?<=[^/:]/)(?=[^/])|(?=@)", address))


def plain(words: str) -> str:
    """Return words without their markup, for programs."""
    return words.striptags() if isinstance(words, Markup) else words


def capitalize_first(text: str) -> str:
    """Begin a sentence, leaving the rest as it is (Jinja's own filter would make logins and names lower case)."""
    return text[:1].upper() + text[1:]


def printable(value: Any) -> Any:
    """Leave out of a template's output what no page should hold: control characters and overrides of direction.

    They stay in the JSON.
    """
    if not isinstance(value, str) or value.isprintable() or not _CONTROL.search(value):
        return value
    clean = _CONTROL.sub("", value)
    return Markup(clean) if isinstance(value, Markup) else clean  # noqa: S704 - it was Markup before


def filters(
    clock: Callable[[], datetime], *, mask: bool, kept: Callable[[str], str | None] | None = None
) -> dict[str, Callable[..., Any]]:
    """Return the templates' filters; `clock` tells the present moment in UTC, `mask` whether addresses are hidden."""
    return {
        "day": day,
        "minute": minute,
        "time": time_tag,
        "date": date_tag,
        "stamp": stamp,
        "author": author,
        "spdx": spdx,
        "clock": clock_time,
        "relative": lambda moment: relative(moment, clock()),
        "plural": plural,
        "listed": listed,
        "role": role,
        "noun": noun,
        "state": state,
        "outcome": outcome,
        "lock": lock,
        "why": why,
        "breakable": breakable,
        "ticked": ticked,
        "capitalize_first": capitalize_first,
        "marked": partial(snippet, mask=mask),
        "masked": masked if mask else lambda words: words,
        "snippet": lambda snippet_: snippet(snippet_.text, snippet_.spans, mask=mask),
        "text": partial(text, mask=mask, kept=kept),
        "ways": ways,
    }
