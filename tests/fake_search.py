"""Owns the stand-in for GitHub's issue search over the repositories of a `FakeGitHub`. It asserts nothing but its use.

It knows words, phrases, `in:title`, `repo:`, `user:`, `is:issue`, `is:pull-request`, `created:`, `updated:`, and
alternatives in one pair of parentheses.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx

if TYPE_CHECKING:
    from fakes import FakeGitHub

CAP = 1000
_TERM = re.compile(r'\(|\)|(?:[a-z]+:)?"[^"]*"|[^\s()]+')


@dataclass
class Index:
    """How the search behaves. `asked` has the query of each request with its page.

    `incomplete` says of a query, with its span, whether GitHub runs out of time; `limit` is what the search bucket
    gives before it is used up; `needs_kind` refuses queries that name no kind, `no_alternatives` those with OR.
    """

    asked: list[tuple[str, int]] = field(default_factory=list)
    incomplete: Callable[[str, str, str], bool] = lambda query, low, high: False
    remaining: int | None = None
    reset: int = 0
    needs_kind: bool = False
    no_alternatives: bool = False
    ignores_time: bool = False

    @property
    def spans(self) -> list[str]:
        """The spans of time that were asked for, each once, in order."""
        return list(dict.fromkeys(re.sub(r".*(created|updated):", "", query) for query, _ in self.asked))

    def answer(self, api: FakeGitHub, request: httpx.Request) -> httpx.Response:
        """Answer a request to /search/issues."""
        params = dict(request.url.params)
        query, page, per_page = params["q"], int(params.get("page", "1")), int(params.get("per_page", "30"))
        assert len(query) <= 256, f"{len(query)} characters: {query}"
        headers = {}
        if self.remaining is not None:
            assert self.remaining > 0, "a search beyond the limit"
            self.remaining -= 1
            headers = {
                "x-ratelimit-limit": "30",
                "x-ratelimit-remaining": str(self.remaining),
                "x-ratelimit-reset": str(self.reset),
                "x-ratelimit-resource": "search",
            }
        self.asked.append((query, page))
        if self.needs_kind and not re.search(r"is:(issue|pull-request)", query):
            message = "Query must include 'is:issue' or 'is:pull-request'"
            return httpx.Response(422, headers=headers, json={"message": message, "status": "422"})
        if self.no_alternatives and " OR " in query:
            error = {"message": "The search OR operator is not supported.", "resource": "Search", "field": "q"}
            return httpx.Response(422, headers=headers, json={"message": "Validation Failed", "errors": [error]})
        if (page - 1) * per_page >= CAP:
            message = "Only the first 1000 search results are available"
            return httpx.Response(422, headers=headers, json={"message": message})
        found = self.found(api, query)
        by = {"created": "created_at", "updated": "updated_at"}[params.get("sort", "created")]
        found.sort(key=lambda each: (each[by], each["id"]), reverse=params.get("order", "desc") == "desc")
        low, high = self._span(query)
        incomplete = self.incomplete(query, low, high)
        items = [] if incomplete else found[:CAP][(page - 1) * per_page : page * per_page]
        value = {"total_count": len(items) if incomplete else len(found), "incomplete_results": incomplete}
        body = json.dumps({**value, "items": items}).encode()
        return httpx.Response(200, headers={**headers, "content-type": "application/json"}, content=body)

    def found(self, api: FakeGitHub, query: str) -> list[dict[str, Any]]:
        """Return the issues that match, as the API shows them."""
        results = []
        for repository in api.repositories:
            for number in repository.issues:
                item = api.issue_json(repository, number, listed=True)
                if self._matches(query, repository.full_name, item):
                    results.append({**item, "score": 1.0})
        return results

    def _matches(self, query: str, name: str, item: dict[str, Any]) -> bool:
        terms = _TERM.findall(query)
        text = item["title"].lower()
        if "in:title" not in terms:
            text += "\n" + (item["body"] or "").lower()
        within = terms[terms.index("(") + 1 : terms.index(")")] if "(" in terms else []
        outside = [each for each in terms if each not in {"(", ")"} and each not in within]
        alternatives = [each for each in within if each != "OR"]
        if alternatives and not any(_says(text, each) for each in alternatives):
            return False
        return all(self._term(each, text, name, item) for each in outside)

    def _term(self, term: str, text: str, name: str, item: dict[str, Any]) -> bool:
        key, colon, value = term.partition(":")
        match key if colon else "":
            case "repo":
                return name.lower() == value.lower()
            case "user" | "org":
                return name.lower().startswith(f"{value.lower()}/")
            case "is":
                return (value == "issue") != ("pull_request" in item)
            case "in":
                return True
            case "created" | "updated":
                low, _, high = value.partition("..")
                return self.ignores_time or bool(low <= item[f"{key}_at"] <= high)
            case _:
                return _says(text, term)

    def _span(self, query: str) -> tuple[str, str]:
        found = re.search(r"(?:created|updated):(\S+)\.\.(\S+)", query)
        return (found[1], found[2]) if found else ("", "")


def _says(text: str, term: str) -> bool:
    return re.search(rf"\b{re.escape(term.strip(chr(34)).lower())}\b", text) is not None
