"""Hides e-mail addresses and what looks like a secret in text that is shown: `kim@example.org`, a token, a private key.

It is pure, takes time in proportion to the text, and knows no HTML. What is stored is never masked.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

SECRET = "[secret hidden]"  # noqa: S105 - what stands in the place of one
_ELLIPSIS = "…"
_KEY_LENGTH = 20_000

# Each begins where no longer word of its own letters could have begun, so that no stretch is read twice.
_TOKEN = re.compile(
    r"(?<!\w)(?:gh[oprsu]_[A-Za-z0-9]{30,}|github_pat_[A-Za-z0-9_]{22,})"
    r"|(?<!\w)(?:AKIA|ASIA)[A-Z0-9]{16}(?!\w)"
    r"|(?<![\w-])xox[a-z]-[A-Za-z0-9-]{10,}"
    r"|(?<!\w)[rs]k_(?:live|test)_[A-Za-z0-9]{16,}"
    r"|(?<![\w-])(?:sk|glpat)-[\w-]{20,}"
    r"|(?<![\w-])eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]*",
    re.ASCII,
)
_KEY = re.compile(r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
_KEY_END = re.compile(r"-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
_KEY_BODY = re.compile(r"[A-Za-z0-9+/=\s]{0,20000}")

# What follows the sign of an address: at least two labels, of which the last is letters.
_DOMAIN = re.compile(r"@((?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+[^\W\d_]{2,24})(?!\w)")
_LOCAL = re.compile(r"[\w.%+'-]")
_LOCAL_LENGTH = 64
_NOBODY = {"git", "noreply", "no-reply", "notifications"}
# `react@16.2.beta` is a version, `icon@2x.png` a file.
_NO_DOMAIN = re.compile(
    r"v?\d+\.(?:\d|x\b)|.*\.(?:png|jpe?g|gif|svg|webp|js|ts|json|tgz|gz|txt|html|css|ya?ml|toml|lock)\Z"
)


@dataclass(frozen=True, slots=True)
class Mask:
    """What is shown in the place of `start:end` of a text."""

    start: int
    end: int
    shown: str


def masks(text: str) -> list[Mask]:
    """Return what is to be hidden of a text, in order and apart."""
    if "@" not in text and not _suspect(text):
        return []
    secrets = list(_secrets(text)) if _suspect(text) else []
    return sorted([*secrets, *_addresses(text, secrets)], key=lambda each: each.start)


def mask(text: str) -> str:
    """Return a text with what is to be hidden of it masked; the same text if there is nothing."""
    return mask_spans(text, ())[0]


def has_secret(text: str) -> bool:
    """Return whether something in a text looks like a secret; addresses do not count."""
    return _suspect(text) and next(_secrets(text), None) is not None


def mask_spans(text: str, spans: Sequence[tuple[int, int]]) -> tuple[str, list[tuple[int, int]]]:
    """Mask a text, and move (start, end) of what is marked in it along; a mask is marked as a whole or not at all."""
    found = masks(text)
    if not found:
        return text, list(spans)
    parts: list[str] = []
    borders: list[tuple[int, int]] = []  # where each stretch that stays begins: in the text, in what is shown
    at = length = 0
    for each in found:
        borders.append((at, length))
        parts += [text[at : each.start], each.shown]
        length += each.start - at + len(each.shown)
        at = each.end
    borders.append((at, length))
    parts.append(text[at:])
    begins = [each.start for each in found]

    def moved(position: int, *, end: bool) -> int:
        which = bisect_right(begins, position - end) - 1
        if which >= 0 and position - end < found[which].end:  # inside of a mask
            shown_end = borders[which + 1][1]
            return shown_end if end else shown_end - len(found[which].shown)
        start, shown = borders[which + 1]
        return shown + position - start

    return "".join(parts), [(moved(start, end=False), moved(end, end=True)) for start, end in spans if start < end]


# --- secrets ----------------------------------------------------------------------------------------------------------

_HINTS = (
    *("gho_", "ghp_", "ghr_", "ghs_", "ghu_", "github_pat_", "glpat-", "AKIA", "ASIA", "xox"),
    *("k_live_", "k_test_", "sk-", "eyJ", "PRIVATE KEY"),
)


def _suspect(text: str) -> bool:
    return any(map(text.__contains__, _HINTS))


def _secrets(text: str) -> Iterator[Mask]:
    """Yield the secrets of a text in order: keys, and tokens in what is between them."""
    at = 0
    for key in _keys(text):
        yield from _tokens(text[at : key.start], at)
        yield key
        at = key.end
    yield from _tokens(text[at:], at)


def _tokens(text: str, offset: int) -> Iterator[Mask]:
    for match in _TOKEN.finditer(text):
        word = match[0]
        # `sk-` begins many words; a key has digits and letters of both kinds.
        mixed = re.search("[0-9]", word) and re.search("[a-z]", word[3:]) and re.search("[A-Z]", word)
        if not word.startswith("sk-") or mixed:
            yield Mask(offset + match.start(), offset + match.end(), SECRET)


def _keys(text: str) -> Iterator[Mask]:
    at = 0
    end: re.Match[str] | None = None
    for begin in _KEY.finditer(text):
        if begin.start() < at:
            continue
        if end is None or end.start() < begin.end():
            end = _KEY_END.search(text, begin.end())
            if end is None:
                # The rest of it is missing: what follows as long as it looks like a key.
                yield from _headless(text, begin.start())
                return
        if end.start() - begin.end() <= _KEY_LENGTH:
            at = end.end()
        else:
            body = _KEY_BODY.match(text, begin.end())
            at = body.end() if body else begin.end()
        yield Mask(begin.start(), at, SECRET)


def _headless(text: str, start: int) -> Iterator[Mask]:
    at = start
    for begin in _KEY.finditer(text, start):
        if begin.start() < at:
            continue
        body = _KEY_BODY.match(text, begin.end())
        at = body.end() if body else begin.end()
        yield Mask(begin.start(), at, SECRET)


# --- addresses --------------------------------------------------------------------------------------------------------


def _addresses(text: str, secrets: Sequence[Mask]) -> Iterator[Mask]:
    floor = 0
    starts = [each.start for each in secrets]
    for match in _DOMAIN.finditer(text):
        at = match.start()
        if _NO_DOMAIN.match(match[1]):
            continue
        which = bisect_right(starts, match.end() - 1) - 1
        if which >= 0:
            if secrets[which].end > at:
                continue  # it is in a secret, or leads into one
            floor = max(floor, secrets[which].end)
        start = at
        while start > max(floor, at - _LOCAL_LENGTH) and _LOCAL.match(text[start - 1]):
            start -= 1
        local = text[start:at].lstrip("._%+'-")
        start = at - len(local)
        # `@kim@example.social` is a public name, git@github.com:owner/repo a repository, noreply@example.org nobody.
        if not local or local.lower() in _NOBODY or text[start - 1 : start] == "@":
            continue
        yield Mask(start, at, local[0] + _ELLIPSIS)
        floor = match.end()
