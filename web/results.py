"""Shows the home page and the results of searches.

What fits a query is the index's to say; what a hit's thread is, the store's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Blueprint, abort, current_app, jsonify, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import ServiceUnavailable

from archiver.errors import BadReference
from archiver.model import ThreadSummary
from archiver.references import HOST, RepositoryRef, parse_reference
from archiver.store import Reader
from search import qualifiers
from search.dropping import drops
from search.errors import SearchError
from search.index import MAX_OFFSET, MAX_PER_PAGE, FacetCount, Hit, Index, ResultPage
from search.query import MAX_LENGTH, SORTS, parse
from search.serial import results_json
from search.sync import withheld
from search.tree import Node
from web import completing, narrowing, permalinks
from web.config import SiteConfig
from web.render import plural

PER_PAGE = 20
MAX_PAGE = MAX_OFFSET // PER_PAGE
NEWEST = 6
# The orders that the form offers; more can be written into the query as `sort:`.
OFFERED_SORTS = {
    "": "best match",
    "created-desc": "newest",
    "created-asc": "oldest",
    "updated-desc": "last active",
    "comments-desc": "most discussed",
}
NOT_INDEXED = "What is held has not been indexed yet, so nothing can be found. The command that does it: onrecord sync"


@dataclass(frozen=True, slots=True)
class Found:
    """One page of results: what was asked, what the index answered, and the threads of its hits.

    `notices` say what of the query could not be used; the answer has its own. `tree` is the query as understood, and
    `order` how it was sorted: as the query says, else as the form does. `reference` is the query where that is nothing
    but an address on GitHub or in this archive, and empty otherwise.
    """

    query: str
    sort: str
    tree: Node
    order: str
    reference: str
    answer: ResultPage
    notices: tuple[str, ...]
    results: tuple[tuple[ThreadSummary, Hit], ...]

    @property
    def pages(self) -> int:
        """How many pages there are, those of partial matches included, as far as one can page through."""
        listed = self.answer.total + self.answer.partial_total
        return min(MAX_OFFSET // self.answer.per_page, -(-listed // self.answer.per_page))

    @property
    def whole(self) -> tuple[tuple[ThreadSummary, Hit], ...]:
        """The results that fit all of the query."""
        return tuple(each for each in self.results if not each[1].partial)

    @property
    def partial(self) -> tuple[tuple[ThreadSummary, Hit], ...]:
        """The results that fit a part of it; they come after the others."""
        return tuple(each for each in self.results if each[1].partial)


class Searcher:
    """Runs a request's search: reads its parameters, asks the index, and looks the hits' threads up in the store.

    `clock` tells the present moment in UTC.
    """

    def __init__(self, store: Reader, index: Index, site: SiteConfig, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._index = index
        self._site = site
        self._clock = clock

    def find(self, parameters: Mapping[str, str], *, per_page: int = PER_PAGE) -> Found:
        """Return the page of results that a request's parameters ask for.

        Raises SearchError if the index is down, and ServiceUnavailable if it does not exist yet though something is
        held: that nothing was found would be a false answer.
        """
        behind = changes_behind(self._store, self._index)
        if behind is None:
            raise ServiceUnavailable(NOT_INDEXED, retry_after=60)
        query = " ".join(parameters.get("q", "").split())
        parsed = parse(query, now=self._clock())
        query = query[:MAX_LENGTH]  # the rest was left out, and is not carried on from link to link
        sort = parameters.get("sort", "")
        notices = list(parsed.notices)
        if sort and sort not in SORTS:
            notices.append(f"The order `{sort[:40]}` is not known; known are {', '.join(SORTS)}. It was left out.")
            sort = ""
        if behind:
            notices.append(f"The index is {plural(behind, 'change')} behind: the newest captures may not be found yet.")
        page = whole_number(parameters.get("page"), 1, MAX_OFFSET)
        # What is written in the query wins over the form's order.
        order = parsed.sort or sort
        without = withheld(self._store, self._index)
        answer = self._index.search(parsed.tree, sort=order or None, page=page, per_page=per_page, without=without)
        summaries = self._store.summaries_by_key([each.key for each in answer.hits])
        # The index may be a moment behind the store: what is no longer held is left out.
        results = tuple((summaries[each.key], each) for each in answer.hits if each.key in summaries)
        reference = query if self._is_reference(query) else ""
        return Found(query, sort, parsed.tree, order, reference, answer, tuple(notices), results)

    def _is_reference(self, query: str) -> bool:
        """Return whether a query is nothing but an address on GitHub or here (`and/or` is words)."""
        if " " in query:
            return False
        if permalinks.own_path(query, self._site.base_url):
            return True
        try:
            asked = parse_reference(query)
        except BadReference:
            return False
        return not isinstance(asked, RepositoryRef) or HOST in query.lower()

    def json(self, parameters: Mapping[str, str]) -> Any:
        """Return the API's answer to a request's parameters."""
        found = self.find(parameters, per_page=whole_number(parameters.get("per_page"), PER_PAGE, MAX_PER_PAGE))
        summaries = {summary.key: summary for summary, _ in found.results}
        notices = found.notices
        if found.reference:
            record = self._site.base_url + permalinks.lookup(found.reference)
            notices = (*notices, f"The query is an address; this looks its record up: {record}")
        return results_json(found.query, found.answer, summaries, base_url=self._site.base_url, notices=notices)

    def completion(self, query: str, at: int) -> completing.Completion:
        """Return what the word at a place of a query may go on as; without an index, what needs none."""

        def values(name: str, begun: str, most: int) -> Sequence[FacetCount]:
            try:
                return self._index.values(name, begun, most, without=withheld(self._store, self._index))
            except SearchError as error:
                current_app.logger.warning("no suggestions: %s", error)
                return ()

        return completing.complete(query[:MAX_LENGTH], at, values)

    def total(self, query: Node) -> int:
        """Return how many threads a query finds."""
        return self._index.search(query, per_page=1, without=withheld(self._store, self._index)).total


class ResultPages:
    """The home page and the search page, over a store and an index."""

    def __init__(self, store: Reader, index: Index, site: SiteConfig, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._searcher = Searcher(store, index, site, clock)

    def blueprint(self) -> Blueprint:
        """Return the routes of these pages."""
        pages = Blueprint("results", __name__)
        pages.add_url_rule("/", "home", self.home)
        pages.add_url_rule("/search", "search", self.search)
        pages.add_url_rule("/search/suggest", "suggest", self.suggest)
        pages.add_url_rule("/help/search", "search_help", self.search_help)
        return pages

    def home(self) -> ResponseReturnValue:
        """Show the search box, what is held in numbers, and what is new: debates, activity, the last crawl."""
        newest = self._store.summaries(order="created", limit=NEWEST)
        shown = {each.key for each in newest}
        active = [each for each in self._store.summaries(order="updated", limit=2 * NEWEST) if each.key not in shown]
        return render_template(
            "home.html",
            holdings=self._store.holdings(),
            last_pass_at=self._store.last_pass_at(),
            newest=newest,
            active=active[:NEWEST],
        )

    def search(self) -> ResponseReturnValue:
        """Show a page of results; without a query, only the form and what it understands."""
        if not request.args.get("q", "").strip():
            return render_template("search.html", found=None, sorts=OFFERED_SORTS)
        if not re.fullmatch(r"[1-9][0-9]{0,8}", request.args.get("page", "1")):
            abort(400, "The page is a number from 1 on.")
        found = self._searcher.find(request.args)
        if found.answer.page > max(1, found.pages):
            last = permalinks.search(found.query, sort=found.sort, page=max(1, found.pages))
            return render_template("beyond.html", page=found.answer.page, pages=found.pages, last=last), 404

        def pager(page: int) -> str:
            return permalinks.search(found.query, sort=found.sort, page=page)

        return render_template(
            "search.html",
            found=found,
            sorts=OFFERED_SORTS | ({found.sort: found.sort} if found.sort not in OFFERED_SORTS else {}),
            drops=[] if found.answer.total else drops(found.tree, self._searcher.total),
            facets=narrowing.facets(found.tree, found.answer.facets, found.answer.total, self._searcher.total),
            shown=narrowing.SHOWN,
            parts_asked=narrowing.parts(found.tree),
            meant=narrowing.readable(found.answer.did_you_mean) if found.answer.did_you_mean else "",
            pager=pager,
        )

    def suggest(self) -> ResponseReturnValue:
        """Answer what can be typed next in the query `q`, at the place `at` (after so many characters)."""
        query = request.args.get("q", "")
        at = request.args.get("at", "")
        place = int(at[:9]) if at.isascii() and at.isdigit() else len(query)
        response = jsonify(self._searcher.completion(query, place).json())
        # The browser keeps it for as long as somebody types; it is not worth a place among the pages kept here.
        response.headers["Cache-Control"] = "private, max-age=60"
        response.add_etag()
        return response.make_conditional(request)

    def search_help(self) -> ResponseReturnValue:
        """Explain the query language; every example is a search."""
        return render_template("query_help.html", values=qualifiers.VALUES, not_indexed=sorted(qualifiers.NOT_INDEXED))


def changes_behind(store: Reader, index: Index) -> int | None:
    """Return how many of the store's changes the index has not seen; None if it has seen none of those that there are.

    Raises StoreError or SearchError where one of them cannot be read.
    """
    cursor = index.cursor()
    last = store.last_change()
    return None if last and not cursor else max(0, last - cursor)


def whole_number(text: str | None, default: int, most: int) -> int:
    """Read a positive number, at most `most`; `default` for anything else."""
    if not text or not (text.isascii() and text.isdigit()):
        return default
    return min(most, max(1, int(text[:9])))
