"""Owns the turning of many documents into postings at once: for each term the documents, and where in them it stands.

It says the same as `search.bag` does for one document, in arrays: a text becomes the numbers of its chunks, which are
looked up in a table of what each chunk stands for, and all else is arithmetic. It splits no text (`search.analysis`
does), and writes nothing.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
import numpy.typing as npt

from archiver.model import PostKind
from search.analysis import ALSO, chunk_tokens, chunks, license_tokens
from search.bag import ALSO_BIT, GAP, LATER, MAX_POSITION, OPENING, POSITION_SHIFT, TITLE, Bag, key_of
from search.document import Document

Numbers = npt.NDArray[Any]

TABLE = 250_000
"""How many chunks are remembered from one batch to the next, so that memory stays flat."""


@dataclass(frozen=True, slots=True)
class Inverted:
    """The postings of some documents, numbered from 0.

    Term i, of `keys` in order of their bytes, stands in `having[i]` documents. Their numbers, term by term and rising,
    are `documents`, each with how many of `codes` it has in `counts`; codes are in rising order.
    """

    keys: list[bytes]
    having: Numbers
    documents: Numbers
    counts: Numbers
    codes: Numbers

    def codes_of_terms(self) -> Numbers:
        """Return how many codes each term has."""
        if not len(self.codes):
            return np.zeros(len(self.keys), np.int64)
        return np.diff(running(self.counts)[running(self.having)])


class Inverter:
    """Takes documents, one after the other, and gives their postings."""

    def __init__(self) -> None:
        self._forget()
        self._begin()

    def _forget(self) -> None:
        self._chunks: dict[str, int] = {}
        self._keys: dict[str, int] = {}
        # What chunk i stands for: `words[i]` positions, and the terms from `firsts[i]` to `firsts[i + 1]`.
        self._words = array("I")
        self._firsts = array("I", [0])
        self._terms = array("I")
        self._bits = array("I")

    def _begin(self) -> None:
        # The chunks of all texts, one after the other, and of each text its document, place and number of chunks.
        self._found = array("I")
        self._documents = array("I")
        self._places = array("I")
        self._lengths = array("I")
        # Licenses: of which text, at which of its positions, under which term.
        self._named_in = array("I")
        self._named_at = array("I")
        self._named_as = array("I")
        self._texts_before = [0]
        self._shapes: list[list[int]] = []

    def add(self, document: Document) -> None:
        """Take a document; it gets the next number."""
        number = len(self._texts_before) - 1
        self._text(document.title, number, TITLE)
        for post in document.posts:
            places = OPENING if post.kind is PostKind.OPENING else LATER
            for segment in post.segments:
                self._text(segment.text, number, places[segment.place])
        self._texts_before.append(len(self._lengths))
        self._shapes.append([len(post.segments) for post in document.posts])

    def _text(self, text: str, document: int, place: int) -> None:
        known = self._chunks
        found = chunks(text)
        try:
            numbers = [known[chunk] for chunk in found]
        except KeyError:
            numbers = [known[chunk] if chunk in known else self._learn(chunk) for chunk in found]
        for token in license_tokens(text):
            self._named_in.append(len(self._lengths))
            self._named_at.append(token.position)
            self._named_as.append(self._key(key_of(token, text)))
        self._found.extend(numbers)
        self._documents.append(document)
        self._places.append(place)
        self._lengths.append(len(numbers))

    def _learn(self, chunk: str) -> int:
        tokens = chunk_tokens(chunk)
        for token in tokens:
            self._terms.append(self._key(key_of(token, chunk)))
            self._bits.append(token.position << POSITION_SHIFT | (ALSO_BIT if token.role == ALSO else 0))
        self._firsts.append(len(self._terms))
        self._words.append(tokens[-1].position + 1)
        number = self._chunks[chunk] = len(self._chunks)
        return number

    def _key(self, key: str) -> int:
        return self._keys.setdefault(key, len(self._keys))

    def finish(self) -> tuple[Inverted, list[Bag]]:
        """Return the postings, and of each document its bag without its entries; then begin again, from number 0."""
        terms, documents, codes, bags = self._occurrences()
        inverted = self._invert(terms, documents, codes)
        self._begin()
        if len(self._chunks) > TABLE:
            self._forget()
        return inverted, bags

    def _occurrences(self) -> tuple[Numbers, Numbers, Numbers, list[Bag]]:
        """Return the term, document and code of each occurrence, and the bags."""
        found = np.array(self._found, np.int64)
        lengths = np.array(self._lengths, np.int64)
        document_of = np.array(self._documents, np.int64)
        place_of = np.array(self._places, np.uint32)
        # Positions run through a document: in each text word by word, with a gap between two texts.
        words = np.array(self._words, np.int64)[found]
        before = running(words)
        words_in = np.diff(before[running(lengths)])
        firsts = np.array(self._texts_before, np.int64)
        start = running(words_in + GAP)
        start_of = start[:-1] - np.repeat(start[firsts[:-1]], np.diff(firsts))
        text_of = np.repeat(np.arange(len(lengths)), lengths)
        position = before[:-1] + (start_of - before[running(lengths)[:-1]])[text_of]
        # Each chunk stands for some terms.
        first_term = np.array(self._firsts, np.int64)
        many = np.diff(first_term)[found]
        ends = running(many)
        at = np.arange(ends[-1]) + np.repeat(first_term[found] - ends[:-1], many)
        bits = np.array(self._bits, np.int64)[at]
        text = np.repeat(text_of, many)
        codes = _coded(np.repeat(position, many) + (bits >> POSITION_SHIFT), place_of[text], bits & ALSO_BIT)
        terms = np.array(self._terms, np.uint32)[at]
        if self._named_in:
            named_in = np.array(self._named_in, np.int64)
            named_at = start_of[named_in] + np.array(self._named_at, np.int64)
            terms = np.concatenate([terms, np.array(self._named_as, np.uint32)])
            codes = np.concatenate([codes, _coded(named_at, place_of[named_in], np.array([ALSO_BIT]))])
            text = np.concatenate([text, named_in])
        bags = self._bags(start_of.tolist(), np.diff(running(words_in)[firsts]).tolist())
        return terms, document_of[text], codes, bags

    def _bags(self, starts: list[int], lengths: list[int]) -> list[Bag]:
        bags = []
        for first, shape, length in zip(self._texts_before, self._shapes, lengths, strict=False):
            its = iter(starts[first + 1 : first + 1 + sum(shape)])
            bags.append(Bag({}, tuple(tuple(islice(its, count)) for count in shape), length))
        return bags

    def _invert(self, terms: Numbers, documents: Numbers, codes: Numbers) -> Inverted:
        used = np.flatnonzero(np.bincount(terms, minlength=len(self._keys)))
        names = list(self._keys)
        pairs = sorted((names[number].encode("utf-8", "replace"), number) for number in used.tolist())
        rank = np.zeros(len(names), np.uint64)
        rank[[number for _, number in pairs]] = np.arange(len(pairs))
        # By term, document and position. The occurrences come nearly in the order of the last two: that goes fast.
        order = np.argsort(documents.astype(np.uint64) << np.uint64(32) | codes.astype(np.uint64), kind="stable")
        sorting = rank[terms[order]] << np.uint64(32) | np.arange(len(order), dtype=np.uint64)
        sorting.sort()
        order = order[(sorting & np.uint64(0xFFFFFFFF)).astype(np.int64)]
        term, document = (sorting >> np.uint64(32)).astype(np.int64), documents[order]
        new = np.ones(len(order), bool)
        new[1:] = (term[1:] != term[:-1]) | (document[1:] != document[:-1])
        posting = np.flatnonzero(new)
        return Inverted(
            keys=[key for key, _ in pairs],
            having=np.bincount(term[posting], minlength=len(pairs)),
            documents=document[posting].astype(np.uint32),
            counts=np.diff(posting, append=len(order)).astype(np.uint32),
            codes=codes[order],
        )


def running(numbers: Numbers) -> Numbers:
    """Return the sums of the numbers before each, and that of all."""
    sums = np.zeros(len(numbers) + 1, np.int64)
    np.cumsum(numbers, out=sums[1:])
    return sums


def _coded(position: Numbers, place: Numbers, also: Numbers) -> Numbers:
    code = np.minimum(position, MAX_POSITION) << POSITION_SHIFT | also | place
    return code.astype(np.uint32)


def merged(parts: Sequence[Inverted], renumbered: Sequence[Numbers]) -> Inverted:
    """Return the postings of several parts together.

    `renumbered` has for each part the new number of each of its documents, negative for one that is left out; numbers
    rise, within a part and from one to the next.
    """
    keys = sorted(set().union(*(part.keys for part in parts)))
    rank = {key: number for number, key in enumerate(keys)}
    terms, documents, counts, starts = [], [], [], []
    before = 0
    for part, numbers in zip(parts, renumbered, strict=True):
        ranks = np.array([rank[key] for key in part.keys], np.int64)
        number = numbers[part.documents]
        keep = number >= 0
        terms.append(np.repeat(ranks, part.having)[keep])
        documents.append(number[keep])
        if len(part.codes):
            counts.append(part.counts[keep].astype(np.int64))
            starts.append((running(part.counts)[:-1] + before)[keep])
            before += len(part.codes)
    term = np.concatenate(terms)
    order = np.argsort(term, kind="stable")
    having = np.bincount(term, minlength=len(keys))
    count = start = np.zeros(0, np.int64)
    codes = np.zeros(0, np.uint32)
    if before:
        count, start = np.concatenate(counts)[order], np.concatenate(starts)[order]
        ends = running(count)
        codes = np.concatenate([part.codes for part in parts])[
            np.arange(ends[-1]) + np.repeat(start - ends[:-1], count)
        ]
    return Inverted(
        keys=[key for key, left in zip(keys, having.tolist(), strict=True) if left],
        having=having[having > 0],
        documents=np.concatenate(documents)[order].astype(np.uint32),
        counts=count.astype(np.uint32),
        codes=codes,
    )


def keyword_postings(values: Iterable[tuple[str, int]]) -> Inverted:
    """Return the postings of a field without positions, from pairs of value and document, the documents rising."""
    found: dict[bytes, list[int]] = {}
    for value, document in values:
        found.setdefault(value.encode("utf-8", "replace"), []).append(document)
    keys = sorted(found)
    return Inverted(
        keys=keys,
        having=np.array([len(found[key]) for key in keys], np.int64),
        documents=np.array([document for key in keys for document in found[key]], np.uint32),
        counts=np.zeros(0, np.uint32),
        codes=np.zeros(0, np.uint32),
    )
