"""Owns how results of a search look on a terminal: hits with what matched, facets, what to ask instead.

It asks no index and reads no store; elsewhere than on a terminal the same words are printed without colour.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.text import Text

from archiver.model import ThreadSummary, iso
from archiver.wording import plural
from search.dropping import Drop
from search.index import Hit, ResultPage
from search.serial import post_url, thread_url

# What could move a terminal's cursor, colour it, or turn the direction of what follows.
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_FACETS = {
    "repository": "repository",
    "year": "opened in",
    "license": "license",
    "topic": "about",
    "state": "state",
    "reason": "closed as",
    "association": "with a post by",
    "flag": "marked",
}
_SHOWN = 10
"""How many values of a facet are printed; `--json` has more."""


def printable(text: str) -> str:
    """Return a text without what would act on a terminal, character for character."""
    return _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", text)


class Printer:
    """Prints results to a console; `base_url` is the site's, with which links begin."""

    def __init__(self, console: Console, base_url: str) -> None:
        self._console = console
        self._base_url = base_url

    def page(
        self, answer: ResultPage, summaries: Mapping[str, ThreadSummary], drops: Sequence[Drop], *, facets: bool
    ) -> None:
        """Print a page of results; hits not in `summaries` are left out."""
        whole = [hit for hit in answer.hits if not hit.partial]
        partial = [hit for hit in answer.hits if hit.partial]
        for hit in whole:
            self._hit(hit, summaries)
        if partial:
            self._line(Text("These hold some of the words", style="bold underline"))
            self._line(Text())
            for hit in partial:
                self._hit(hit, summaries)
        if facets:
            self._facets(answer)
        for drop in drops:
            self._line(Text(printable(f"{drop}: {plural(drop.total, 'thread')}")))
        self._line(Text(_counted(answer, len(whole), len(partial))))

    def _hit(self, hit: Hit, summaries: Mapping[str, ThreadSummary]) -> None:
        summary = summaries.get(hit.key)
        if summary is None:  # the index may be a moment behind the store
            return
        title = printable(summary.title)
        shown = Text(title or "(no title)", style="bold")
        if title:
            _mark(shown, hit.title_spans)
        self._line(shown)
        posts = plural(summary.post_count, "post")
        about = f"  {summary.ref}  {summary.outcome}  {iso(summary.created_at)[:10]}  {posts}"
        self._line(Text(about + ("  partial match" if hit.partial else ""), style="dim"))
        best = hit.best_post
        link = post_url(summary, best.kind, best.id, self._base_url) if best else thread_url(summary, self._base_url)
        self._console.print(Text(f"  {link}"), soft_wrap=True)
        if best is not None and best.snippet.text:
            # Each character is replaced by one, so that the spans still fit.
            snippet = Text(printable(best.snippet.text))
            _mark(snippet, best.snippet.spans)
            self._line(Text("  ").append_text(snippet))
        if best is not None and hit.more_posts:
            self._line(Text(f"  {plural(hit.more_posts, 'more post fits', 'more posts fit')}", style="dim"))
        self._line(Text())

    def _facets(self, answer: ResultPage) -> None:
        for name, words in _FACETS.items():
            counts = answer.facets.get(name, ())
            if not counts:
                continue
            line = Text(f"{words}: ", style="bold")
            for at, each in enumerate(counts[:_SHOWN]):
                line.append(", " if at else "", style="not bold")
                line.append(printable(each.value), style="not bold cyan")
                line.append(f" {each.count:,}", style="not bold")
            if len(counts) > _SHOWN:
                line.append(f", {len(counts) - _SHOWN} more", style="not bold dim")
            self._line(line)
        self._line(Text())

    def _line(self, text: Text) -> None:
        self._console.print(text)


def _mark(text: Text, spans: Sequence[tuple[int, int]]) -> None:
    for start, end in spans:
        text.stylize("bold yellow", start, end)


def _counted(answer: ResultPage, whole: int, partial: int) -> str:
    """Say how many were found, and how many of them are not shown."""
    found = f"{plural(answer.total, 'thread')} found"
    if answer.total > whole:
        found += f", {answer.total - whole:,} of them not shown"
    if not answer.partial_total:
        return found
    hidden = f", {answer.partial_total - partial:,} of them not shown" if answer.partial_total > partial else ""
    return f"{found}; {plural(answer.partial_total, 'partial match', 'partial matches')}{hidden}"
