"""Owns the one analysis by which texts and queries become terms.

It knows no engine, no document and no query language: data in, data out.
"""

from __future__ import annotations

import re
import sys
import threading
import unicodedata
from collections.abc import Collection, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

import snowballstemmer

from archiver.spdx import spdx_mentions

WORD = 0
"""The role of a token that stands for its word: a query for the word looks for these alone."""
WHOLE = 1
"""The role of a compound kept in one piece beside its parts: `node.js`, at the position of `node`."""
ALSO = 2
"""The role of a term under which a word is found too: `licens` for `relicense`, `gpl` for `GPLv3`, and of a license's
own term (`spdx:gpl-3.0`), which stands where its name begins, however that is written; and of `@login` and `#123`."""

MAX_TERM = 64
_MAX_WHOLE = 80
_MAX_PARTS = 8
_MAX_CACHED = 40


class Token(NamedTuple):
    """A term at a word position; the word stands at `start:end` (characters) of the text analysed."""

    term: str
    position: int
    start: int
    end: int
    role: int


def _ranges(wanted: tuple[str, ...], last: int = 0xFFFF) -> str:
    """Return the inside of a regular expression's class with all characters of some Unicode categories."""
    found: list[str] = []
    first = previous = -2
    for code in range(0x300, last + 2):
        if code <= last and unicodedata.category(chr(code)) in wanted:
            if code != previous + 1:
                first = code
            previous = code
        elif previous == code - 1 and first >= 0:
            found.append(f"\\u{first:04x}-\\u{previous:04x}")
    return "".join(found)


# Scripts written without spaces between words: every character is a token, and a query for a run of them is a phrase.
_UNSPACED = (
    "\\u0e00-\\u0eff\\u1000-\\u109f\\u1780-\\u17ff\\u3005-\\u3007\\u3040-\\u30ff\\u31f0-\\u31ff\\u3400-\\u4dbf"
    "\\u4e00-\\u9fff\\uac00-\\ud7af\\uf900-\\ufaff\\uff66-\\uff9f\\U00020000-\\U0003ffff"
)
_MARKS = f"[{_ranges(('Mn', 'Mc'))}]"
_LETTER = f"[^\\W_{_UNSPACED}]"
_HYPHEN = "\\-\\u2010\\u2011"
_PLAIN = f"{_LETTER}+(?:{_MARKS}+{_LETTER}*)*"
_SUFFIX = "(?:\\+\\+(?!\\+)|(?<=\\b[cCfFjJ])#|['’][sS](?![^\\W_]))?"
# "re-license" is one word, since "relicense" is.
_ONE_WORD = f"(?:(?i:re|sub)[{_HYPHEN}])?{_PLAIN}{_SUFFIX}"
_CHUNK = re.compile(f"(?P<cjk>[{_UNSPACED}]){_MARKS}*|{_PLAIN}(?:[._/{_HYPHEN}]{{1,3}}{_PLAIN}){{0,15}}{_SUFFIX}")
_CHUNKS = re.compile(_CHUNK.pattern.replace("(?P<cjk>", "(?:").replace("|", "|(?:#|(?<![\\w.+\\-])@)?", 1))
_IN_CHUNK = re.compile(_ONE_WORD)
_IN_UNSPACED = re.compile(f"[{_UNSPACED}]")
_IN_ADDRESS = re.compile("[\\w.+\\-]")
_POSSESSIVE = re.compile("['’][sS]\\Z")
_LICENSE_PREFIX = re.compile("(?:re|sub|un|cross|dual|multi)(licens.*)")
ABBREVIATED = 7
"""To how many digits GitHub abbreviates a commit's hash."""
_COMMIT = re.compile("[0-9a-f]{7,64}")
_VERSIONED = re.compile("([a-z]{2,}?)v?[0-9]+")

_stemmer = snowballstemmer.stemmer("english")
_stemmer_lock = threading.Lock()  # a stemmer keeps its word in itself

_Expansion = tuple[tuple[str, int, int, int, int], ...]


def analyze(text: str) -> Iterator[Token]:
    """Yield the tokens of a text in order: for indexing, for queries and for highlighting alike.

    Words are runs of Unicode letters and digits, case- and accent-folded and stemmed as English; a compound joined by
    `_ . - /` yields its parts one position after the other, and the whole of it beside the first. In scripts without
    spaces (Chinese, Japanese, Korean, Thai ...) each character is a word. A license that is named with its version
    yields its own term too, and so do `@login`, `#123`, and a commit's hash by its abbreviation.
    """
    licenses = _licenses(text)
    if not licenses:
        yield from _tokens(text)
        return
    licenses.reverse()
    for token in _tokens(text):
        yield token
        while licenses and token.role == WORD and licenses[-1].start < token.end:
            found = licenses.pop()
            for term in found.terms:
                yield Token(term, token.position, found.start, found.end, ALSO)


def chunks(text: str) -> list[str]:
    """Return the stretches of a text that are analysed each by itself, in order: `analyze` joins what they yield.

    An @ or # before a word is part of its chunk.
    """
    return _CHUNKS.findall(text)


def chunk_tokens(chunk: str) -> Sequence[Token]:
    """Return the tokens of one of a text's chunks, with positions and characters counted from where it begins."""
    if _IN_UNSPACED.match(chunk):
        return [Token(unicodedata.normalize("NFKC", chunk), 0, 0, len(chunk), WORD)]
    marked = int(chunk[0] in "@#")
    tokens = [
        Token(term, offset, marked + start, marked + end, role)
        for term, offset, start, end, role in _expansion(chunk[marked:])
    ]
    if marked and (reference := _reference(chunk, 1, chunk[1:])):
        tokens.insert(0, Token(reference, 0, 0, len(chunk), ALSO))
    return tokens


def license_tokens(text: str) -> list[Token]:
    """Return those of a text's tokens that stand for licenses which it names; all others are those of its chunks."""
    licenses = _licenses(text)
    licenses.reverse()
    found: list[Token] = []
    position = 0
    for match in _CHUNK.finditer(text) if licenses else ():
        begin, end = match.span()
        if match.lastgroup:
            words = [(position, end)]
        else:
            expansion = _expand(match[0]) if end - begin <= _MAX_CACHED else _expansion(match[0])
            if end <= licenses[-1].start:
                position += expansion[-1][1] + 1
                continue
            words = [(position + offset, begin + stop) for _, offset, _, stop, role in expansion if role == WORD]
        for at, stop in words:
            while licenses and licenses[-1].start < stop:
                named = licenses.pop()
                found += [Token(term, at, named.start, named.end, ALSO) for term in named.terms]
        if not licenses:
            break
        position = words[-1][0] + 1
    return found


def _tokens(text: str) -> Iterator[Token]:
    """Yield the tokens of the words of a text."""
    position = end = 0
    for match in _CHUNK.finditer(text):
        before = end
        begin, end = match.span()
        if match.lastgroup:
            yield Token(unicodedata.normalize("NFKC", match[0]), position, begin, end, WORD)
            position += 1
            continue
        chunk = match[0]
        if begin > before and text[begin - 1] in "@#" and (reference := _reference(text, begin, chunk)):
            yield Token(reference, position, begin - 1, end, ALSO)
        expansion = _expand(chunk) if len(chunk) <= _MAX_CACHED else _expansion(chunk)
        for term, offset, start, stop, role in expansion:
            yield Token(term, position + offset, begin + start, begin + stop, role)
        position += expansion[-1][1] + 1


def _reference(text: str, begin: int, chunk: str) -> str | None:
    """Return the term of a mention or of a thread's number, `@login` or `#123`, of which the chunk is what follows."""
    if text[begin - 1] == "#":
        return f"#{chunk}" if chunk.isascii() and chunk.isdigit() else None
    # What stands before the @ of an address is no end of a word.
    if begin > 1 and _IN_ADDRESS.match(text[begin - 2]):
        return None
    return f"@{_fold(_POSSESSIVE.sub('', chunk))}"[:MAX_TERM]


def needle(text: str) -> tuple[str, ...]:
    """Return the terms that have to stand one after the other where a text contains these words; may be empty."""
    return tuple(token.term for token in _tokens(text) if token.role == WORD)


@lru_cache(maxsize=30_000)
def written(word: str) -> str:
    """Return a word as it is written, unstemmed: in lower case, without accents."""
    if word.isascii() and word.isalpha():  # by far the most
        return word.lower()[:MAX_TERM]
    if _IN_UNSPACED.match(word):
        return unicodedata.normalize("NFKC", word)
    return _fold(_POSSESSIVE.sub("", word))[:MAX_TERM]


def beginning(text: str) -> tuple[tuple[str, ...], str]:
    """Return what `text*` looks for: the terms of all words but the last, side by side, and how the next one begins."""
    tokens = [token for token in _tokens(text) if token.role == WORD]
    if not tokens:
        return (), ""
    return tuple(token.term for token in tokens[:-1]), written(text[tokens[-1].start : tokens[-1].end])


def word_spans(text: str, positions: Collection[int]) -> dict[int, tuple[int, int]]:
    """Return (start, end) in characters of the words at some positions of a text, those that it has."""
    found: dict[int, tuple[int, int]] = {}
    wanted = iter(sorted(positions))
    next_one, following, at = next(wanted, None), 0, 0
    # No word goes beyond a space, so that what was read between two can be remembered.
    for piece in text.split(" "):
        if next_one is None:
            break
        words = _words_in(piece) if len(piece) <= _MAX_CACHED else tuple(_spans(piece))
        first, following = following, following + len(words)
        while next_one is not None and next_one < following:
            if next_one >= first:
                start, end = words[next_one - first]
                found[next_one] = at + start, at + end
            next_one = next(wanted, None)
        at += len(piece) + 1
    return found


def words_of(text: str) -> list[tuple[str, int, int]]:
    """Return the words of a text as they are written, unstemmed, each with its start and end in characters."""
    return [(written(text[start:end]), start, end) for start, end in _spans(text)]


@lru_cache(maxsize=60_000)
def _words_in(piece: str) -> tuple[tuple[int, int], ...]:
    return tuple(_spans(piece))


def _spans(text: str) -> Iterator[tuple[int, int]]:
    """Yield (start, end) of each word."""
    for match in _CHUNK.finditer(text):
        if match.lastgroup:
            yield match.span()
        else:
            for word in _IN_CHUNK.finditer(match[0]):
                yield match.start() + word.start(), match.start() + word.end()


def license_span(text: str, term: str, start: int, end: int) -> tuple[int, int]:
    """Return where a name that is found under `term` stands, of which `start:end` is the first word.

    That is the word itself where no such name is: the term is one under which the word is found.
    """
    begin = text.rfind(" ", 0, max(start - _BEFORE, 0)) + 1
    for name in _licenses(text[begin : end + _AFTER]):
        if term in name.terms and start <= begin + name.start < end:
            return begin + name.start, begin + name.end
    return start, end


def needles(text: str) -> tuple[tuple[str, ...], ...]:
    """Return each needle by which these words are found: their own and, if they name a license, that of its term.

    `@login` and `#123` are looked for as such, a commit by its abbreviation too. A text that holds any of the needles
    meets the words; without a letter or digit there are none.
    """
    tokens = list(_tokens(text))
    if tokens and tokens[0].term[0] in "@#" and (tokens[0].start, tokens[0].end) == (0, len(text)):
        return ((tokens[0].term,),)
    own = tuple(token.term for token in tokens if token.role == WORD)
    other = named_license(text) or (own[0][:ABBREVIATED] if len(own) == 1 and _is_commit(own[0]) else None)
    return tuple(each for each in (own, (other,) if other else ()) if each)


def named_license(text: str) -> str | None:
    """Return the term of the license that a text names, version and all, if it says nothing else: `GPL v3`."""
    found = _licenses(text)
    if len(found) != 1 or needle(text[: found[0].start]) or needle(text[found[0].end :]):
        return None
    term = found[0].terms[0]
    return term if term.startswith(_LICENSE_TERM) else None


def wholes(text: str) -> tuple[str, ...]:
    """Return the compounds of a text, each in one piece; where one of them stands, its parts stand too."""
    return tuple(token.term for token in _tokens(text) if token.role == WHOLE)


def _expansion(chunk: str) -> _Expansion:
    if chunk.isascii() and chunk.isalpha():
        return tuple((sys.intern(term), 0, 0, len(chunk), role) for term, role in _terms(chunk))
    found: list[tuple[str, int, int, int, int]] = []
    words = list(_IN_CHUNK.finditer(chunk))
    for offset, match in enumerate(words):
        start, end = match.span()
        for term, role in _terms(match[0]):
            found.append((sys.intern(term), offset, start, end, role))
    if 1 < len(words) <= _MAX_PARTS and len(chunk) <= _MAX_WHOLE:
        whole = _fold(re.sub(f"[{_HYPHEN}]", "-", _POSSESSIVE.sub("", chunk)))[:MAX_TERM]
        found.append((whole, 0, words[0].start(), words[-1].end(), WHOLE))
        found.sort(key=lambda each: each[1])
    return tuple(found)


_expand = lru_cache(maxsize=30_000)(_expansion)


def _terms(word: str) -> Iterator[tuple[str, int]]:
    """Yield the terms of one word, the one that stands for it first."""
    if word.isascii() and word.isalpha():  # the same as below, of which most does not concern it
        stem = _stem(word.lower())
        yield stem, WORD
        if "licens" in stem and (found := _LICENSE_PREFIX.fullmatch(stem)):
            yield found[1], ALSO
        return
    word = _fold(_POSSESSIVE.sub("", word))
    bare = word.rstrip("+#")
    if bare != word:
        yield word[:MAX_TERM], WORD
        yield _stem(bare), ALSO
        return
    prefix, hyphen, rest = _partition(word)
    stem = _stem(prefix + rest)
    yield stem, WORD
    if hyphen:
        yield _stem(rest), ALSO
    elif found := _LICENSE_PREFIX.fullmatch(stem):
        yield found[1], ALSO
    if _is_commit(word):
        yield word[:ABBREVIATED], ALSO
    elif found := _VERSIONED.fullmatch(word):
        yield _stem(found[1]), ALSO


def _is_commit(word: str) -> bool:
    """Whether a word looks like a commit's hash that can be abbreviated; letters or digits alone do not."""
    return len(word) > ABBREVIATED and _COMMIT.fullmatch(word) is not None and not word.isalpha() and not word.isdigit()


def _partition(word: str) -> tuple[str, str, str]:
    for hyphen in "-\u2010\u2011":
        if hyphen in word:
            return word.partition(hyphen)
    return "", "", word


def _fold(word: str) -> str:
    if word.isascii():
        return word.lower()
    decomposed = unicodedata.normalize("NFKD", word)
    kept = "".join(char for char in decomposed if not unicodedata.combining(char))
    return kept.casefold() or word


@lru_cache(maxsize=30_000)
def _stem(word: str) -> str:
    if not (word.isascii() and word.isalpha()) or len(word) > MAX_TERM:
        return word[:MAX_TERM]
    # British: a licence, to license. One term for both.
    word = word.replace("licenc", "licens")
    with _stemmer_lock:
        stem: str = _stemmer.stemWord(word)
    return stem


# Each name of a license with its version has one of these in it. To look for them is much faster than to look for the
# names: only the surroundings of what is found here are read as `archiver.spdx` does.
_HINT = re.compile(
    r"(?<![a-z0-9])(?:[al]?gpl|general public|0?bsd|clause|apache|a(?:sl|pl|l)[- ]?v?2|busl|business source|bsl|boost|"
    r"sspl|server side|mpl|mozilla|epl|eclipse|cddl|eupl|cc[- ]?0|cc[- ]zero|cc[- ]by|ofl|open font|mit[- ](?:0|no )|"
    r"artistic|elastic|elv2|psf|python software)"
)
_BEFORE, _AFTER = 70, 100
_LICENSE_TERM = "spdx:"  # no word has a colon
_IN_FULL = {"agpl", "gpl", "lgpl", "mpl", "epl"}


class _Named(NamedTuple):
    """A license named at `start:end` of a text; the first of its terms says the most."""

    terms: tuple[str, ...]
    start: int
    end: int


def _licenses(text: str) -> list[_Named]:
    """Return the licenses that a text names with their versions, or in full (`General Public License`), in order."""
    found = []
    for name, start, end in _mentions(text):
        written = text[start:end].lower()
        name = name.lower()
        terms = []
        versioned = any(char.isdigit() for char in name)
        if versioned:
            # What says nothing of later versions is `-only` by SPDX's rules, but not what somebody asked for.
            base = name.removesuffix("-only").removesuffix("-or-later")
            if base != name and (name.endswith("-or-later") or "only" in written):
                terms.append(_LICENSE_TERM + name)
            terms.append(_LICENSE_TERM + base)
        family = name.partition("-")[0]
        if family not in written and (versioned or family in _IN_FULL):
            terms.append(_stem(family))
        if terms:
            found.append(_Named(tuple(terms), start, end))
    return found


def _mentions(text: str) -> Iterator[tuple[str, int, int]]:
    """Yield (SPDX id or family, start, end) of the licenses that a text names, at least those with their versions."""
    lowered = text.lower()
    if len(lowered) != len(text):  # a dotted capital I, in lower case, is two characters
        lowered = "".join(each if len(each.lower()) > 1 else each.lower() for each in text)
    stretches: list[tuple[int, int]] = []
    for match in _HINT.finditer(lowered):
        begin = text.rfind(" ", 0, max(match.start() - _BEFORE, 0)) + 1
        end = text.find(" ", match.end() + _AFTER)
        end = len(text) if end < 0 else end
        if stretches and begin <= stretches[-1][1]:
            begin = stretches.pop()[0]
        stretches.append((begin, end))
    for begin, end in stretches:
        for name, start, stop in spdx_mentions(text[begin:end]):
            yield name, begin + start, begin + stop
