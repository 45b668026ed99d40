"""Owns the query language: its grammar, and the notices about what could not be used.

It knows no index and no engine; what a word of a query matches, `search.analysis` says.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from functools import lru_cache
from typing import NamedTuple

from lark import Lark, Token, Tree, UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from search.analysis import analyze, named_license, needles
from search.qualifiers import IS, NOT_INDEXED, QUOTES, SORTS, VALUES, meaning, shown, word
from search.tree import (
    And,
    Everything,
    Node,
    Not,
    Or,
    Phrase,
    Qualifier,
    Within,
    Word,
    conjunction,
    disjunction,
    negation,
    within,
)

MAX_LENGTH = 2_000
MAX_TERMS = 64
MAX_DEPTH = 20
MAX_GROUPS = 100
MAX_NOTICES = 20
_MOST_IN_A_NAME = 9  # GNU Lesser General Public License version 3 or later

__all__ = ["IS", "MAX_DEPTH", "MAX_GROUPS", "MAX_LENGTH", "MAX_TERMS", "SORTS", "ParsedQuery", "parse"]

# --- the language -----------------------------------------------------------------------------------------------------

_NAMES = "|".join(map(re.escape, sorted((*VALUES, *NOT_INDEXED), key=len, reverse=True)))
# A quoted value stands after the colon or a comma, and what follows it begins with a comma.
_QUOTED = rf"[{QUOTES}][^{QUOTES}]*(?:[{QUOTES}](?:,[^\s(){QUOTES}]*)?)?"
_VALUES = rf"(?:(?:{_QUOTED}|[^\s(){QUOTES}]+)(?:(?<=,){_QUOTED})*)?"
# What looks like a qualifier but is none. `std::vector`, `10:30` and addresses do not look like one.
_LIKE_A_QUALIFIER = re.compile(r"([a-z]{2,}(?:-[a-z]+)*):(?!:|//)(.*)", re.DOTALL)
_SCHEMES = re.compile("data|doi|file|ftps?|git|https?|irc|mailto|news|ssh|svn|tel|urn")
# Side by side these are a choice, as on GitHub: no thread has two of them, or either will do.
_CHOICES = ("repo", "org", "author", "involves")

# A word that has a colon but no known name before it (a URL, `foo:bar`) is a word. `-` negates only where something
# follows it and it is not itself part of a word, so `foo-bar` and `--flag` are words. A qualifier has values with
# commas between, each quoted or not.
_GRAMMAR = rf"""
    start: (either? stray)* either?
    stray: _RPAR
    ?either: both (_OR both)*
    ?both: (one | _AND one)+
    ?one: _NOT one -> negated
        | _LPAR either _RPAR -> group
        | QUALIFIED | PHRASE | WORD

    _LPAR.9: "("
    _RPAR.9: ")"
    _OR.8: /OR(?![^\s(){QUOTES}])/
    _AND.8: /AND(?![^\s(){QUOTES}])/
    _NOT.8: /NOT(?![^\s(){QUOTES}])|-(?![-\s)])(?=.)/s
    DASHES.7: /-+(?![^\s)])/
    QUALIFIED.6: /(?i:{_NAMES}):{_VALUES}/
    PHRASE.5: /[{QUOTES}][^{QUOTES}]*[{QUOTES}]?/
    WORD.4: /[^\s(){QUOTES}]+/
    %ignore /\s+/
    %ignore DASHES
"""


_NOTHING_ASKED = "Nothing was asked for that can be searched; all threads are listed."
_NOTHING_FOLLOWS = "An operator or a group has nothing after it; it was passed over."


@dataclass(frozen=True, slots=True)
class ParsedQuery:
    """A query as understood. `sort` is one of SORTS or None; each notice is a sentence that says what was not used."""

    tree: Node
    sort: str | None = None
    notices: tuple[str, ...] = ()


def parse(text: str, *, now: datetime | None = None) -> ParsedQuery:
    """Read a query; never raises. What cannot be used is left out and said in a notice.

    `now` is the moment from which ages (`created:>1y`) are counted; without it they cannot be used. Words side by side
    are ANDed; AND binds tighter than OR. The language is described in docs/query-language.md.
    """
    reading = _Reading(now)
    blank = not text.strip()
    if len(text) > MAX_LENGTH:
        reading.note(f"The query is longer than {MAX_LENGTH:,} characters; the rest was left out.")
        text = text[:MAX_LENGTH]
    # Control characters and halves of surrogate pairs mean nothing here.
    text = re.sub(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]", " ", text)
    if text.count("(") > MAX_GROUPS:
        reading.note(f"The query has more than {MAX_GROUPS} parentheses; all were passed over.")
        text = text.replace("(", " ").replace(")", " ")
    reading.text = text
    tree = reading.understand(_grammar().parse(text, on_error=reading.repair))
    if isinstance(tree, Everything) and reading.sort is None and not blank:
        reading.note(_NOTHING_ASKED)
    notices = reading.notices
    if len(notices) > MAX_NOTICES:
        more = len(notices) - MAX_NOTICES + 1
        notices = [*notices[: MAX_NOTICES - 1], f"{more:,} more things could not be used as they stand."]
    return ParsedQuery(tree, reading.sort, tuple(notices))


@lru_cache(maxsize=1)
def _grammar() -> Lark:
    return Lark(_GRAMMAR, parser="lalr", lexer="basic")


class _Made(NamedTuple):
    """What was made of a part of a query: its node, how deep it is, and the places that it asks for in its group."""

    node: Node | None
    depth: int = 0
    places: tuple[str, ...] = ()


class _Reading:
    """One pass over one query: repairs its syntax, makes its tree, and collects the notices."""

    def __init__(self, now: datetime | None) -> None:
        self.notices: list[str] = []
        self.sort: str | None = None
        self.text = ""
        self._now = now
        self._terms = 0

    def note(self, notice: str) -> None:
        if notice not in self.notices:
            self.notices.append(notice)

    def repair(self, error: UnexpectedInput) -> bool:
        """Mend the input where the grammar cannot go on; the token at fault is dropped."""
        if isinstance(error, UnexpectedCharacters) or not isinstance(error, UnexpectedToken):
            return True  # the grammar knows every character; should one be missed, it is passed over
        parser = error.interactive_parser
        if error.token.type == "_RPAR":
            self.note(_NOTHING_FOLLOWS)
            parser.feed_token(Token("WORD", ""))
            parser.feed_token(error.token)
        elif error.token.type != "$END":
            self.note(f"`{shown(error.token)}` does not belong where it stands; it was passed over.")
        else:
            # The end comes too early: an operator without its right side, or a group left open.
            while "$END" not in (accepted := parser.accepts()):  # type: ignore[no-untyped-call]  # lark forgot to say
                if "_RPAR" in accepted:
                    self.note("A parenthesis is not closed; it was closed at the end.")
                    parser.feed_token(Token("_RPAR", ")"))
                else:
                    self.note(_NOTHING_FOLLOWS)
                    parser.feed_token(Token("WORD", ""))
        return True

    def understand(self, tree: Tree[Token]) -> Node:
        """Make the syntax tree, leaves first and without recursion, however deep the parentheses."""
        made: dict[int, _Made] = {}
        for branch in tree.iter_subtrees():
            children = [self._leaf(c) if isinstance(c, Token) else made[id(c)] for c in branch.children]
            made[id(branch)] = self._join(branch.data, children)
        return made[id(tree)].node or Everything()

    def _join(self, rule: str, children: list[_Made]) -> _Made:
        """Join what is left of the children."""
        if rule == "stray":
            self.note("A parenthesis was never opened; it was passed over.")
        places = tuple(place for child in children for place in child.places)
        if rule == "group":
            (child,) = children
            return _Made(self._placed(child.node, places), child.depth)
        if rule == "negated" and places:
            self.note("`in:` cannot be negated (write `-(word in:title)`); it was left out.")
            places = ()
        kept: list[Node] = []
        depth = 0
        for node, its_depth, _ in children:
            if node is not None and its_depth >= MAX_DEPTH:
                self.note(f"The query is nested deeper than {MAX_DEPTH} levels; what is inside was left out.")
            elif node is not None:
                kept.append(node)
                depth = max(depth, its_depth + 1)
        if not kept:
            return _Made(self._placed(None, places) if rule == "start" else None, 0, places)
        if rule == "negated":
            return _Made(negation(kept[0]), depth, places)
        if rule == "either":
            return _Made(disjunction(kept), depth, places)
        joined = conjunction(kept)
        if isinstance(joined, And):
            joined = conjunction(_licenses(_alternatives(joined.nodes)))
        return _Made(self._placed(joined, places) if rule == "start" else joined, depth, places)

    def _placed(self, node: Node | None, places: tuple[str, ...]) -> Node | None:
        """Let the words of a group stand in the places that were asked for in it."""
        if not places:
            return node
        # Words that one place has moved together may name a license now: `GPL (a in:title) 3 in:own`.
        placed = None if node is None else _named_anew(within(places, node))
        if placed == node:
            self.note(f"`in:{','.join(places)}` has no words beside it; it was left out.")
        return placed

    def _leaf(self, token: Token) -> _Made:
        made = self._qualified(token) if token.type == "QUALIFIED" else _Made(self._text(token))
        if made.node is None:
            return made
        # A list of values has as many terms.
        self._terms += len(made.node.nodes) if isinstance(made.node, Or) else 1
        if self._terms > MAX_TERMS:
            self.note(f"The query has more than {MAX_TERMS} terms; the others were left out.")
            return _Made(None)
        return made

    def _text(self, token: Token) -> Node | None:
        text = str(token)
        if token.type == "PHRASE":
            if len(text) == 1 or text[-1] not in QUOTES:
                self.note("A quotation mark is not closed; all that follows it was read as one phrase.")
            text = " ".join(text.strip(QUOTES).split())
            if not text and len(token) > 1:
                self.note("Between two quotation marks stands nothing; they were left out.")
        else:
            self._doubt(text, token)
        if needles(text):
            if token.type == "PHRASE":
                return Phrase(text)
            node, notice = word(text)
            if notice:
                self.note(notice)
            return node
        if text:
            self.note(f"`{shown(text)}` has no letter and no digit to search for; it was left out.")
        return None

    def _doubt(self, written: str, token: Token) -> None:
        """Note what the writer of a word may have meant by it, though it is searched as a word."""
        if (found := _LIKE_A_QUALIFIER.fullmatch(written)) and not _SCHEMES.fullmatch(found[1]):
            # The value may be a phrase: `labl:"help wanted"`.
            end = token.end_pos
            if found[2] or (end is not None and self.text[end : end + 1] and self.text[end] in QUOTES):
                near = get_close_matches(found[1], sorted((*VALUES, *NOT_INDEXED)), n=1, cutoff=0.7)
                meant = f"; did you mean `{near[0]}:`? It" if near else "; it"
                self.note(f"`{shown(found[1])}:` is no qualifier{meant} was searched as words.")

    def _qualified(self, token: Token) -> _Made:
        name, _, written = str(token).partition(":")
        if sum(written.count(quote) for quote in QUOTES) % 2:
            self.note("A quotation mark is not closed; all that follows it was read as one phrase.")
        found = meaning(name.lower(), written, self._now)
        for notice in found.notices:
            self.note(notice)
        if found.sort:
            if self.sort not in {None, found.sort}:
                self.note(f"There can be one order only; it is `sort:{found.sort}`.")
            self.sort = found.sort
        return _Made(found.node, 0, found.places)


def _alternatives(nodes: Sequence[Node]) -> list[Node]:
    """Read several repositories (or owners, authors, people involved) side by side as a choice, as GitHub does.

    A choice that is written as such stays apart: what is asked for beside it narrows it.
    """
    result: list[Node] = []
    choices: dict[str, list[Node]] = {}
    places: dict[str, int] = {}
    for node in nodes:
        if isinstance(node, Qualifier) and node.name in _CHOICES:
            places.setdefault(node.name, len(result))
            if node not in choices.setdefault(node.name, []):
                choices[node.name].append(node)
            if places[node.name] == len(result):
                result.append(node)
        else:
            result.append(node)
    for name, place in places.items():
        result[place] = disjunction(choices[name])
    return result


def _named_anew(node: Node) -> Node:
    """Read the words of each group with a place once more for the names of licenses."""
    match node:
        case Within(places, And(nodes)):
            return Within(places, conjunction(_licenses(nodes)))
        case And(nodes):
            return conjunction([_named_anew(each) for each in nodes])
        case Or(nodes):
            return disjunction([_named_anew(each) for each in nodes])
        case Not(inner):
            return negation(_named_anew(inner))
        case _:
            return node


def _licenses(nodes: Sequence[Node]) -> list[Node]:
    """Read words side by side that name a license with its version, as `GPL v3`, as a phrase.

    A version means nothing without the name before or after it.
    """
    result: list[Node] = []
    at = 0
    while at < len(nodes):
        run: list[str] = []
        for node in nodes[at : at + _MOST_IN_A_NAME + 1]:
            if not isinstance(node, Word):
                break
            run.append(node.text)
        for size in range(len(run), 1, -1):
            name = " ".join(run[:size])
            if not any(char.isdigit() for char in name) or not (term := named_license(name)):
                continue
            # Read with the word after it, it may be none: `GPL 2 years`.
            if any(token.term == term for token in analyze(" ".join(run[: size + 1]))):
                result.append(Phrase(name))
                at += size
                break
        else:
            result.append(nodes[at])
            at += 1
    return result
