"""Words a citation as sentences, ready to be pasted: plain, Chicago, APA, Bluebook, Markdown.

It is pure, and makes no files. Every sentence has both links and the date of capture, which no style's own program
would print: docs/decisions/0015-citations-are-worded-here.md.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime

from web import render
from web.citation import Citation

# Bluebook, table T12.
_SHORT_MONTHS = ("Jan.", "Feb.", "Mar.", "Apr.", "May", "June", "July", "Aug.", "Sept.", "Oct.", "Nov.", "Dec.")
# What Markdown, GitHub's too, could take for its own; `&` begins an entity, `@` somebody who would be notified.
_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>#!|~&@^$])")


def plain(cited: Citation) -> str:
    """Word a citation in full: who, what, where, when, the original, who archived it when, which version, its link."""
    author = cited.author or f"({cited.unnamed})"
    if cited.part:
        what = f"{_quoted(cited.words)}, " if cited.words else ""
        what += f"{_lower(cited.part)} on {_quoted(cited.title)}"
    else:
        what = _quoted(cited.title)
    return (
        f"{author}, {what}, {cited.place}, GitHub, {render.day(cited.written_at)}{_in_brackets(edited(cited))}. "
        f"{cited.upstream_url}{_in_brackets(gone(cited))}. {_archived(cited)}: {cited.url}"
    )


def chicago(cited: Citation) -> str:
    """Word a citation as a note of the Chicago Manual of Style (17th ed., 14.208 to 14.210).

    An archived page is told by who archived it, and when (https://www.chicagomanualofstyle.org/qanda/data/faq/topics/
    Documentation/faq0434.html).
    """
    what = f"{_lower(cited.part)} on “{cited.title},”" if cited.part else f"“{cited.title},”"
    if cited.author:
        what = f"{cited.author}, {what}"
    return (
        f"{render.capitalize_first(what) if not cited.author else what} {cited.place}, GitHub, "
        f"{_american(cited.written_at)}{_after_comma(edited(cited, _american))}, "
        f"{cited.upstream_url}{_in_brackets(gone(cited, _american))}, archived {_american(cited.captured_at)}, "
        f"at {cited.site}, {cited.url}."
    )


def apa(cited: Citation) -> str:
    """Word a citation as an entry of the APA's reference list (7th ed., 10.15: online forum post).

    Where a thread is stands behind the title, as the number of a report does (10.4).
    """
    date = f"({cited.written_at.astimezone(UTC).year}, {_american(cited.written_at, year=False)})"
    since = edited(cited, _american)
    since = f"; {since}" if since else ""
    if cited.part:
        bracket = f"[{cited.part} on the online forum post “{cited.title}” ({cited.place}){since}]"
        what = f"{cited.words} {bracket}" if cited.words else bracket
    else:
        what = f"{cited.title} ({cited.place}) [Online forum post{since}]"
    # Without an author the title stands in its place.
    lead = f"{_stopped(cited.author)} {date}. {what}." if cited.author else f"{what}. {date}."
    original = f"{cited.upstream_url}{_in_brackets(gone(cited, _american))}"
    return f"{lead} GitHub. {original} Archived {_american(cited.captured_at)}, at {cited.url}"


def bluebook(cited: Citation) -> str:
    """Word a citation as the Bluebook does for a posting that is archived (21st ed., rules 18.2.1(d) and 18.2.2)."""
    what = f"{cited.part} to {cited.title}" if cited.part else cited.title
    moment = cited.written_at.astimezone(UTC)
    time = f"{moment.hour % 12 or 12}:{moment.minute:02} {'AM' if moment.hour < 12 else 'PM'} UTC"
    posted = f"({_short(moment)}, {time}){_in_brackets(edited(cited, _short))}"
    lead = f"{cited.author}, " if cited.author else ""
    original = f"{cited.upstream_url}{_in_brackets(gone(cited, _short))}"
    return f"{lead}{what}, {cited.place}, GitHub {posted}, {original} [{cited.url}]."


def markdown(cited: Citation) -> str:
    """Word a citation as a line of Markdown: the title is the permanent link."""
    author = escaped(cited.author or f"({cited.unnamed})")
    link = f"[{escaped(_quoted(cited.heading))}](<{cited.url}>)"
    on = f", {_lower(cited.part)} on {escaped(_quoted(cited.title))}" if cited.part and cited.words else ""
    return (
        f"{author}, {link}{on}, {escaped(cited.place)}, GitHub, {render.day(cited.written_at)}"
        f"{_after_comma(edited(cited))} "
        f"([original](<{cited.upstream_url}>){_after_comma(gone(cited))}; {_lower(escaped(_archived(cited)))})"
    )


def edited(cited: Citation, date: Callable[[datetime], str] = render.day) -> str:
    """Say when what is quoted was changed last: `edited 17 February 2018`; empty if it was not, as far as is known."""
    said = []
    if cited.edited:
        said.append(f"edited {'' if cited.edited.told else 'before '}{date(cited.edited.at)}")
    if cited.retitled_at:
        said.append(f"retitled {date(cited.retitled_at)}")
    return ", ".join(said)


def gone(cited: Citation, date: Callable[[datetime], str] = render.day) -> str:
    """Say that the original is not there any more, and when that was noticed; empty if it is there."""
    return f"gone from GitHub, noticed {date(cited.gone)}" if cited.gone else ""


def escaped(line: str) -> str:
    """Return words in which Markdown finds nothing but text, where they do not begin a line."""
    return _MARKDOWN.sub(r"\\\1", line)


STYLES: tuple[tuple[str, str, Callable[[Citation], str]], ...] = (
    ("plain", "Plain", plain),
    ("chicago", "Chicago (note)", chicago),
    ("apa", "APA", apa),
    ("bluebook", "Bluebook", bluebook),
    ("markdown", "Markdown", markdown),
)
"""The sentences that there are: a name for programs, one for people, and what words them."""


def _archived(cited: Citation) -> str:
    version = f", version {cited.version}" if cited.digest else ""
    return f"Archived by {cited.site} on {render.minute(cited.captured_at)}{version}"


def _quoted(text: str) -> str:
    return f"“{text}”"


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]


def _stopped(text: str) -> str:
    return text if text.endswith(".") else f"{text}."


def _in_brackets(words: str) -> str:
    return f" ({words})" if words else ""


def _after_comma(words: str) -> str:
    return f", {words}" if words else ""


def _short(moment: datetime) -> str:
    moment = moment.astimezone(UTC)
    return f"{_SHORT_MONTHS[moment.month - 1]} {moment.day}, {moment.year}"


def _american(moment: datetime, *, year: bool = True) -> str:
    moment = moment.astimezone(UTC)
    day = f"{render.MONTHS[moment.month - 1]} {moment.day}"
    return f"{day}, {moment.year}" if year else day
