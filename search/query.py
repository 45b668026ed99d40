"""Owns the query language: its grammar, and the notices about what could not be used.

It knows no index and no engine; what a word of a query matches, `search.analysis` says.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache

from lark import Lark, Token, Tree, UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from search.analysis import analyze, named_license, needle
from search.tree import And, Everything, Node, Phrase, Qualifier, Word, conjunction, disjunction, negation

MAX_LENGTH = 2_000
MAX_TERMS = 64
MAX_DEPTH = 20
MAX_GROUPS = 100
_MOST_IN_A_NAME = 9  # GNU Lesser General Public License version 3 or later

# --- the language -----------------------------------------------------------------------------------------------------

IS = ("open", "closed", "merged", "issue", "pr", "discussion", "locked", "gone")
SORTS = ("relevance", "created-desc", "created-asc", "updated-desc", "updated-asc", "comments-desc", "comments-asc")
_BUILT = ("repo", "is", "author", "sort")


def _names(names: str) -> frozenset[str]:
    return frozenset(names.split())


_UNBUILT = _names(
    # GitHub's
    "archived assignee base body closed commenter comments created draft head in interactions involves label language "
    "linked mentions merged milestone no org parent-issue project reactions reason review review-requested reviewed-by "
    "sha state status sub-issue team team-review-requested title type updated user user-review-requested "
    # ours
    "association license own topic"
)
_NAMES = "|".join(sorted((*_BUILT, *_UNBUILT), key=len, reverse=True))
# What looks like a qualifier but is none. `std::vector`, `10:30` and addresses do not look like one.
_LIKE_A_QUALIFIER = re.compile(r"([a-z]{2,}(?:-[a-z]+)*):(?!:|//)(.*)", re.DOTALL)
_SCHEMES = _names("data doi file ftp ftps git http https irc mailto news ssh svn tel urn")
_PREFIX = re.compile(r"([^*]*[^\W_])\*", re.DOTALL)
_QUOTES = '"“”„'

# A word that has a colon but no known name before it (a URL, `foo:bar`) is a word. `-` negates only where something
# follows it and it is not itself part of a word, so `foo-bar` and `--flag` are words.
_GRAMMAR = rf"""
    start: (either? stray)* either?
    stray: _RPAR
    ?either: both (_OR both)*
    ?both: (one | _AND one)+
    ?one: _NOT one -> negated
        | _LPAR either _RPAR
        | QUALIFIED | PHRASE | WORD

    _LPAR.9: "("
    _RPAR.9: ")"
    _OR.8: /OR(?![^\s(){_QUOTES}])/
    _AND.8: /AND(?![^\s(){_QUOTES}])/
    _NOT.8: /NOT(?![^\s(){_QUOTES}])|-(?![-\s)])(?=.)/s
    DASHES.7: /-+(?![^\s)])/
    QUALIFIED.6: /(?i:{_NAMES}):([{_QUOTES}][^{_QUOTES}]*[{_QUOTES}]?|[^\s(){_QUOTES}]*)/
    PHRASE.5: /[{_QUOTES}][^{_QUOTES}]*[{_QUOTES}]?/
    WORD.4: /[^\s(){_QUOTES}]+/
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


def parse(text: str) -> ParsedQuery:
    """Read a query; never raises. What cannot be used is left out and said in a notice.

    Words side by side are ANDed; AND binds tighter than OR. The language is described in docs/query-language.md.
    """
    reading = _Reading()
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
    return ParsedQuery(tree, reading.sort, tuple(reading.notices))


@lru_cache(maxsize=1)
def _grammar() -> Lark:
    return Lark(_GRAMMAR, parser="lalr", lexer="basic")


class _Reading:
    """One pass over one query: repairs its syntax, makes its tree, and collects the notices."""

    def __init__(self) -> None:
        self.notices: list[str] = []
        self.sort: str | None = None
        self.text = ""
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
            self.note(f"`{_shown(error.token)}` does not belong where it stands; it was passed over.")
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
        made: dict[int, tuple[Node | None, int]] = {}
        for branch in tree.iter_subtrees():
            children = [self._leaf(c) if isinstance(c, Token) else made[id(c)] for c in branch.children]
            made[id(branch)] = self._join(branch.data, children)
        return made[id(tree)][0] or Everything()

    def _join(self, rule: str, children: list[tuple[Node | None, int]]) -> tuple[Node | None, int]:
        """Join what is left of the children; returns the node and its depth."""
        if rule == "stray":
            self.note("A parenthesis was never opened; it was passed over.")
        kept: list[Node] = []
        depth = 0
        for node, its_depth in children:
            if node is not None and its_depth >= MAX_DEPTH:
                self.note(f"The query is nested deeper than {MAX_DEPTH} levels; what is inside was left out.")
            elif node is not None:
                kept.append(node)
                depth = max(depth, its_depth + 1)
        if not kept:
            return None, 0
        if rule == "negated":
            return negation(kept[0]), depth
        if rule == "either":
            return disjunction(kept), depth
        joined = conjunction(kept)
        if isinstance(joined, And):
            joined = conjunction(_licenses(_alternatives(joined.nodes)))
        return joined, depth

    def _leaf(self, token: Token) -> tuple[Node | None, int]:
        node = self._qualified(str(token)) if token.type == "QUALIFIED" else self._text(token)
        if node is not None:
            self._terms += 1
            if self._terms > MAX_TERMS:
                self.note(f"The query has more than {MAX_TERMS} terms; the others were left out.")
                return None, 0
        return node, 0

    def _text(self, token: Token) -> Node | None:
        text = str(token)
        if token.type == "PHRASE":
            if len(text) == 1 or text[-1] not in _QUOTES:
                self.note("A quotation mark is not closed; all that follows it was read as one phrase.")
            text = " ".join(text.strip(_QUOTES).split())
            if not text and len(token) > 1:
                self.note("Between two quotation marks stands nothing; they were left out.")
        else:
            self._doubt(text, token)
        if needle(text):
            return Phrase(text) if token.type == "PHRASE" else Word(text)
        if text:
            self.note(f"`{_shown(text)}` has no letter and no digit to search for; it was left out.")
        return None

    def _doubt(self, word: str, token: Token) -> None:
        """Note what the writer of a word may have meant by it, though it is searched as a word."""
        if (found := _LIKE_A_QUALIFIER.fullmatch(word)) and found[1] not in _SCHEMES:
            # The value may be a phrase: `labl:"help wanted"`.
            end = token.end_pos
            if found[2] or (end is not None and self.text[end : end + 1] and self.text[end] in _QUOTES):
                near = get_close_matches(found[1], sorted((*_BUILT, *_UNBUILT)), n=1, cutoff=0.7)
                meant = f"; did you mean `{near[0]}:`? It" if near else "; it"
                self.note(f"`{_shown(found[1])}:` is no qualifier{meant} was searched as words.")
        if found := _PREFIX.fullmatch(word):
            self.note(
                f"`{_shown(word)}`: beginnings of words are not searched yet; "
                f"it was searched as the word `{_shown(found[1])}`."
            )

    def _qualified(self, text: str) -> Node | None:
        name, _, value = text.partition(":")
        name, value = name.lower(), value.strip(_QUOTES).strip()
        if name in _UNBUILT:
            self.note(f"`{name}:` is not indexed yet; it was left out.")
            return None
        if not value:
            self.note(f"`{name}:` has no value (write it right after the colon); it was left out.")
            return None
        folded = value.lower()
        match name:
            case "is" if folded in IS:
                return Qualifier(name, folded)
            case "is":
                self.note(f"`is:{_shown(value)}` is not known; known are {', '.join(IS)}. It was left out.")
            case "repo" if re.fullmatch(r"[a-z0-9_.-]+/[a-z0-9_.-]+", folded):
                return Qualifier(name, folded)
            case "repo":
                self.note(f"`repo:{_shown(value)}` names no repository (write `repo:owner/name`); it was left out.")
            case "author" if folded == "@me":
                self.note("`author:@me` cannot be known here, since nobody signs in; it was left out.")
            case "author" if found := re.fullmatch(r"@?([a-z0-9_-]+(?:\[bot\])?)", folded):
                return Qualifier(name, found[1])
            case "author":
                self.note(f"`author:{_shown(value)}` is no login; it was left out.")
            case _:
                self._sort(folded)
        return None

    def _sort(self, value: str) -> None:
        wanted = value if value in SORTS else f"{value}-desc"
        if wanted in SORTS:
            self.sort = wanted
        else:
            self.note(f"`sort:{_shown(value)}` is not known; known are {', '.join(SORTS)}. It was left out.")


def _alternatives(nodes: Sequence[Node]) -> list[Node]:
    """Read several repositories (or authors) side by side as a choice, as GitHub does: no thread has two of them."""
    result: list[Node] = []
    choices: dict[str, list[Node]] = {}
    places: dict[str, int] = {}
    for node in nodes:
        if isinstance(node, Qualifier) and node.name in {"repo", "author"}:
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


def _shown(text: str) -> str:
    text = " ".join(text.replace("`", "'").split())
    return text if len(text) <= 40 else f"{text[:40]}…"
