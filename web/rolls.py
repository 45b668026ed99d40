"""Arranges how a thread went, and its consent roll, for its page and as CSV: sentences, rows, links.

It makes no page and reads no store; what came from outside stands in the sentences escaped.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from markupsafe import Markup, escape

from archiver import masking
from archiver.answers import Answer
from archiver.consent import NOT_ANSWERED, NOT_KNOWN, ConsentRoll, Given, Listed, consent_roll
from archiver.consent import Entry as Answered
from archiver.model import PostKind, Thread, iso
from archiver.outcome import Actor, Facts
from archiver.wording import plural
from web import permalinks
from web.reading import Entry, PostKey, known_posts, post_key
from web.render import CLOSED_AS, duration, listed
from web.telling import reactions

TOPICS = {
    "relicense": "Relicensing",
    "which-license": "Which license",
    "missing-license": "Missing license",
    "wrong-metadata": "Wrong metadata",
    "compatibility": "Compatibility",
    "violation-attribution": "Violation or attribution",
    "cla-dco": "CLA or DCO",
    "patent": "Patents",
    "third-party-code": "Third-party code",
    "license-files-packaging": "License files and packaging",
    "docs-or-data-license": "License of documentation or data",
    "other": "Something else about licensing",
}
STANDINGS = {
    "OWNER": ("Owners", "an owner"),
    "MEMBER": ("Members", "a member"),
    "COLLABORATOR": ("Collaborators", "a collaborator"),
    "CONTRIBUTOR": ("Contributors", "a contributor"),
    "FIRST_TIME_CONTRIBUTOR": ("First-time contributors", "a first-time contributor"),
    "FIRST_TIMER": ("New to GitHub", "new to GitHub"),
    "MANNEQUIN": ("Imported accounts", "an imported account"),
    "NONE": ("No role in the project", "with no role in the project"),
}
# A spreadsheet takes a cell that begins so for a formula; the wide forms are those of East Asian keyboards.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
COLUMNS = (
    *(
        "login",
        "association",
        "listed",
        "marked_by_request",
        "answer",
        "note",
        "words",
        "answered_at",
        "post",
        "snapshot",
    ),
    *("revision", "earlier_answers", "deleted_on_github"),
)


# --- how it went ------------------------------------------------------------------------------------------------------


def topic(name: str) -> str:
    """Say a topic in words."""
    return TOPICS.get(name, name.replace("-", " ").capitalize())


def standing(association: str) -> str:
    """Name a group of people by what GitHub says of their role in the project."""
    return STANDINGS[association][0] if association in STANDINGS else association.replace("_", " ").capitalize()


def ending(facts: Facts) -> Markup:
    """Say in a sentence how a thread ended, after how long and by whom, and how much was written by whom."""
    share = Markup("{} of {} by others than owners, members and collaborators").format(
        plural(facts.outside, "post"), f"{facts.counted:,}"
    )
    tail = Markup("; {}").format(share) if facts.counted else Markup("")
    again = facts.reopenings or 0
    if facts.outcome == "open":
        return Markup("{}{}.").format("Reopened, and open" if again else "Open", tail)
    verb = "Merged" if facts.outcome == "merged" else "Closed"
    reason = CLOSED_AS.get(facts.outcome, "")
    words = Markup(" ").join(each for each in (escape(verb), escape(reason)) if each)
    if facts.ended_at and facts.after is not None:
        words += Markup(" after {}").format(_length(facts.opened_at, facts.after))
    who = facts.merged_by or facts.closed_by
    words += Markup(" by {}").format(_named(who)) if who else Markup("; by whom is not known")
    return Markup("{}{}.").format(words, tail)


def beginnings(facts: Facts) -> list[Markup]:
    """Say in sentences when a thread was first answered, how often it was closed, how it was locked."""
    told: list[Markup] = []
    if reply := facts.first_reply:
        by = _named(reply.by) if reply.by else Markup("a deleted account")
        sure = "" if reply.certain else " at the latest"
        told.append(Markup("First answered after {}{} by {}.").format(_length(facts.opened_at, reply.after), sure, by))
    elif not facts.withdrawn_posts:
        told.append(Markup("Nobody else has written in it."))
    if facts.reopenings:
        told.append(Markup("Closed {} and reopened {}.").format(_times(facts.closings or 0), _times(facts.reopenings)))
    if facts.locked and facts.locked.at:
        after = facts.locked.after
        when = ""
        if after is not None and facts.ended_at:
            when = " at once" if after < timedelta(minutes=1) else f" {_length(facts.ended_at, after)} later"
        told.append(Markup("Locked{}{}.").format(f" as {facts.locked.reason}" if facts.locked.reason else "", when))
    if facts.answered is not None:
        told.append(Markup("An answer was chosen.") if facts.answered else Markup("No answer was chosen."))
    if facts.moved:
        told.append(Markup("It was moved elsewhere."))
    return told


def standings(facts: Facts) -> list[tuple[str, int | None, int]]:
    """Return the rows of the table by association: in words, how many people, how many posts; the odd ones last."""
    rows: list[tuple[str, int | None, int]] = [
        (standing(each), facts.participants.get(each, 0), count) for each, count in facts.posts.items()
    ]
    if facts.robot_posts:
        rows.append(("Robots", facts.robots, facts.robot_posts))
    if facts.ghost_posts:
        rows.append(("Deleted accounts", None, facts.ghost_posts))
    if facts.withdrawn_posts:
        rows.append(("Withdrawn here", None, facts.withdrawn_posts))
    return rows


def writers(facts: Facts) -> str:
    """Say how many wrote: people, robots, and deleted accounts, which cannot be told apart; empty if nobody is."""
    told = [plural(facts.people, "person", "people")] if facts.people else []
    told += [plural(facts.robots, "robot")] if facts.robots else []
    told += ["a deleted account" if facts.ghost_posts == 1 else "deleted accounts"] if facts.ghost_posts else []
    return listed(told) if told else ""


def _named(actor: Actor) -> Markup:
    role = STANDINGS[actor.association][1] if actor.association in STANDINGS else "association not known"
    return Markup("<bdi>{}</bdi>, {}").format(actor.account.login, role)


def _length(start: datetime, length: timedelta) -> str:
    return duration(start, start + length)


def _times(count: int) -> str:
    return {1: "once", 2: "twice"}.get(count, f"{count} times")


# --- the roll ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Row:
    """One answer as the page shows it: `here` is where its post stands on the page, `fixed` in which snapshot."""

    given: Given
    here: str
    number: int | None
    fixed: str | None


@dataclass(frozen=True, slots=True)
class Line:
    """One person's line of the roll: the answer that stands, and those before it."""

    entry: Answered
    row: Row
    earlier: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class RollView:
    """A consent roll as the page shows it; `apart` holds those who answered and whom no request lists."""

    roll: ConsentRoll
    asked: tuple[Entry, ...]
    lines: tuple[Line, ...]
    apart: tuple[Line, ...]
    silent: tuple[Listed, ...]
    former: tuple[Listed, ...]


def roll_view(thread: Thread, entries: Sequence[Entry]) -> RollView | None:
    """Arrange the consent roll of a thread; None where nobody is asked for consent."""
    roll = consent_roll(thread)
    if roll is None:
        return None
    known = known_posts(entries)
    lines = [
        Line(each, _row(each.given, thread, known), tuple(_row(one, thread, known) for one in each.earlier))
        for each in roll.entries
    ]
    asked = (known.get(post_key(each.kind, each.id)) for each in roll.requests)
    return RollView(
        roll,
        tuple(each for each in asked if each),
        tuple(each for each in lines if each.entry.listed is not False),
        tuple(each for each in lines if each.entry.listed is False),
        roll.unanswered,
        tuple(each for each in roll.listed if not each.now and each.answer is None),
    )


def tally(roll: ConsentRoll) -> str:
    """Sum up a roll: `7 agreed, 1 with conditions, 1 unclear; 3 listed have not answered; 2 answered unlisted`."""
    words = {
        Answer.AGREED: "agreed",
        Answer.CONDITIONS: "with conditions",
        Answer.DECLINED: "declined",
        Answer.UNCLEAR: "unclear",
    }
    listed_only = True if roll.lists else None
    counts = {said: roll.count(each, listed=listed_only) for each, said in words.items()}
    told = ", ".join(f"{count} {said}" for said, count in counts.items() if count) or "No answer yet"
    silent = len(roll.unanswered)
    apart = sum(each.listed is False for each in roll.entries)
    if silent:
        told += f"; {silent} listed {'has' if silent == 1 else 'have'} not answered"
        if roll.unread:
            posts = "a post is" if roll.unread == 1 else f"{roll.unread} posts are"
            told += f" as far as is known, since {posts} withdrawn here"
        if ticked := sum(each.ticked is True for each in roll.unanswered):
            told += (
                f" ({ticked} of them ticked in the request’s list)" if silent > 1 else " (ticked in the request’s list)"
            )
    if apart:
        told += f"; {apart} answered without being listed"
    return told


def request_reactions(roll: ConsentRoll) -> str:
    """Count the reactions to the requests in words; empty if there are none."""
    return reactions(roll.reactions)


def silent_words(each: Listed, roll: ConsentRoll) -> str:
    """Say what is known of somebody of whom no answer is: what a request itself says, that posts are withdrawn."""
    told = [NOT_KNOWN] if roll.unread else []
    if each.ticked is not None:
        told.append("marked as agreed by the request" if each.ticked else "not marked by the request")
    return "; ".join(told)


def _row(given: Given, thread: Thread, known: Mapping[PostKey, Entry]) -> Row:
    entry = known.get(post_key(given.kind, given.id))
    anchor = permalinks.anchor(entry.post, thread.summary.kind) if entry else ""
    here = f"#{anchor}" if given.current or not (entry and entry.versions) else f"#{anchor}-versions"
    return Row(given, here, entry.number if entry else None, _snapshot(given, thread))


def _snapshot(given: Given, thread: Thread) -> str | None:
    """Return the path of the snapshot that holds an answer's very text; None for a text that was edited since."""
    digest = thread.holding(given.kind, given.id) if given.current else None
    return permalinks.post(thread.summary, given.kind, given.id, digest=digest) if digest else None


# --- CSV --------------------------------------------------------------------------------------------------------------


def table(roll: ConsentRoll, thread: Thread, base_url: str, *, mask: bool) -> str:
    """Return a roll as CSV (RFC 4180): one row for each who answered, then one for each who is listed and did not.

    A cell that a spreadsheet would run as a formula has an apostrophe before it. With `mask`, e-mail addresses and what
    looks like a secret are hidden, as on the page.
    """
    ticked = {each.login.lower(): each.ticked for each in roll.listed}
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for row in _rows(roll, thread, base_url, ticked):
        writer.writerow([_safe(masking.mask(cell) if mask else cell) for cell in row])
    return out.getvalue()


def _rows(
    roll: ConsentRoll, thread: Thread, base_url: str, ticked: Mapping[str, bool | None]
) -> Iterator[tuple[str, ...]]:
    for entry in roll.entries:
        given = entry.given
        login = entry.author.login if entry.author else ""
        snapshot = _snapshot(given, thread)
        yield (
            login,
            entry.association,
            _word(entry.listed),
            _word(ticked.get(login.lower())),
            given.answer.value,
            given.note or "",
            given.words,
            iso(given.at),
            _post(thread, given.kind, given.id, base_url),
            base_url + snapshot if snapshot else "",
            given.revision,
            "; ".join(f"{each.answer.value} ({iso(each.at)})" for each in entry.earlier),
            _word(given.gone),
        )
    for each in roll.listed:
        if each.answer is None:
            silence = NOT_KNOWN if roll.unread else NOT_ANSWERED
            said = "asks" if each.asker else silence if each.now else f"{silence}, no longer listed"
            yield each.login, "", "yes" if each.now else "no", _word(each.ticked), said, *[""] * (len(COLUMNS) - 5)


def _post(thread: Thread, kind: PostKind, post_id: int, base_url: str) -> str:
    return base_url + permalinks.post(thread.summary, kind, post_id)


def _word(value: bool | None) -> str:
    return "" if value is None else "yes" if value else "no"


def _safe(cell: str) -> str:
    return f"'{cell}" if cell.lstrip(" \u00a0").startswith(_FORMULA) or cell.startswith(_FORMULA) else cell
