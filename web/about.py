"""Shows the page about the archive: how to cite, how to mirror, who runs it, what is withheld and why, contact.

What is held is told on the home page; the words are in the template.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from archiver.model import Withdrawal
from archiver.store import REASONS, Reader

SCOPES = {
    "post": ("single post", "single posts"),
    "thread": ("whole thread", "whole threads"),
    "author": ("account with all of its posts", "accounts with all of their posts"),
    "opt-out": ("list of accounts that are not captured", "lists of accounts that are not captured"),
}


class AboutPages:
    """The page about an archive, over its store."""

    def __init__(self, store: Reader) -> None:
        self._store = store

    def blueprint(self) -> Blueprint:
        """Return the route of this page."""
        pages = Blueprint("about", __name__)
        pages.add_url_rule("/about", "about", self.about)
        return pages

    def about(self) -> ResponseReturnValue:
        """Tell what the foot of every page leads to."""
        return render_template("about.html", withheld=withheld(self._store.withdrawals()), scopes=SCOPES)


def withheld(withdrawals: Sequence[Withdrawal]) -> list[tuple[str, list[tuple[str, int]]]]:
    """Count what is out of view, by reason and then by what it is (of `SCOPES`); what was restored is not counted."""
    standing = [each for each in withdrawals if each.lifted_at is None]
    counts = Counter((each.reason, each.scope) for each in standing)
    found = []
    for reason in REASONS:
        rows = [(scope, counts[reason, scope]) for scope in SCOPES if counts[reason, scope]]
        if rows:
            found.append((reason, rows))
    return found
