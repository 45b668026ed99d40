"""Owns a slow and obvious evaluator of queries over documents, to hold engines against; it knows no index."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from archiver.model import PostKind
from search.analysis import WORD, analyze, beginning, needles, written
from search.document import Document
from search.fields import keywords, numbers
from search.tree import And, Everything, Node, Not, Or, Phrase, Prefix, Qualifier, Range, Within, Word

Text = tuple[str, str, bool]
"""A text, where it stands (`title`, `body`, `comments`), and whether it is quoted."""


def texts_of(document: Document) -> list[Text]:
    """Return all texts of a document."""
    result: list[Text] = [("title", document.title, False)]
    for post in document.posts:
        place = "body" if post.kind is PostKind.OPENING else "comments"
        result += [(place, each.text, each.place == "quote") for each in post.segments]
    return result


def chosen(texts: Sequence[Text], places: Collection[str]) -> list[Text]:
    """Return the texts in some places; `own` narrows the others."""
    named = {place for place in places if place != "own"} or {"title", "body", "comments"}
    return [each for each in texts if each[0] in named and not ("own" in places and each[2])]


def terms_at(text: str) -> dict[int, set[str]]:
    """Return the terms that stand at each position of a text."""
    at: dict[int, set[str]] = {}
    for token in analyze(text):
        at.setdefault(token.position, set()).add(token.term)
    return at


def holds(text: str, terms: Sequence[str]) -> bool:
    """Whether the terms stand one after the other in a text."""
    at = terms_at(text)
    return any(all(term in at.get(start + n, ()) for n, term in enumerate(terms)) for start in at)


def begins(text: str, prefix: str) -> bool:
    """Whether a word begins so in a text, after the words before it."""
    before, start = beginning(prefix)
    at = terms_at(text)
    words = {t.position: written(text[t.start : t.end]) for t in analyze(text) if t.role == WORD}
    return any(
        word.startswith(start) and all(term in at.get(position - len(before) + n, ()) for n, term in enumerate(before))
        for position, word in words.items()
    )


def matches(tree: Node, document: Document) -> bool | None:
    """Whether a document matches, by reading all of its texts; None if the tree asks for nothing."""
    return _matches(tree, document, texts_of(document))


def _matches(tree: Node, document: Document, texts: Sequence[Text]) -> bool | None:
    match tree:
        case Everything():
            return None
        case Word(text) | Phrase(text):
            ways = needles(text)
            return any(holds(each, terms) for _, each, _ in texts for terms in ways) if ways else None
        case Prefix(text):
            return any(begins(each, text) for _, each, _ in texts) if beginning(text)[1] else None
        case Qualifier(name, value):
            return value in keywords(document)[name]
        case Range(name, low, high):
            number = numbers(document)[name]
            return number is not None and (low is None or number >= low) and (high is None or number <= high)
        case Within(places, node):
            return _matches(node, document, chosen(texts, places))
        case Not(node):
            inner = _matches(node, document, texts)
            return None if inner is None else not inner
        case And(nodes) | Or(nodes):
            asked = [each for node in nodes if (each := _matches(node, document, texts)) is not None]
            return (all(asked) if isinstance(tree, And) else any(asked)) if asked else None
