"""Unpacking and cutting hourly files whatever is broken about them, and sifting their lines."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.errors import ConfigError
from archiver.gharchive.files import find, hour_of
from archiver.gharchive.lines import PIECE, Unpacked, cut
from archiver.gharchive.sifting import Sieve, texts
from archiver.license import Vocabulary

VOCABULARY = Vocabulary(["feldspat"])
SIEVE = Sieve(VOCABULARY)


def unpack(data: bytes, size: int = 1000, limit: int = 2**30) -> tuple[bytes, str | None]:
    """Unpack data that comes in chunks of a size; return what came out and the gap."""
    unpacked = Unpacked((data[at : at + size] for at in range(0, len(data), size)), limit)
    return b"".join(unpacked), unpacked.gap


# --- unpacking --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 7, 100_000])
def test_members_follow_each_other(size: int) -> None:
    """A file of several gzip members, padded with zeros between them, unpacks to all of them, in chunks of any size."""
    packed = gzip.compress(b"one\n", mtime=0) + b"\0" * 9 + gzip.compress(b"two\n", mtime=0) + b"\0" * 3
    assert unpack(packed, size) == (b"one\ntwo\n", None)


def test_a_file_that_is_cut_off_gives_what_is_readable() -> None:
    """Of a truncated file all comes out that was packed before its end, and the gap says so."""
    whole = b"".join(f"line {at}\n".encode() for at in range(50_000))
    packed = gzip.compress(whole, mtime=0)
    out, gap = unpack(packed[: len(packed) // 2])
    assert len(out) > 100_000
    assert whole.startswith(out)
    assert gap == f"the file is cut off after {len(out):,} bytes unpacked"


@pytest.mark.parametrize(
    ("data", "out", "gap"),
    [
        (b"", b"", "the file is empty"),
        (b"<html>Not Found</html>", b"", "no gzip data"),
        (gzip.compress(b"one\n", mtime=0) + b"<html>", b"one\n", "what follows the end of the packed data is not gzip"),
        (gzip.compress(b"one\n", mtime=0)[:-8] + b"damagedd", b"one\n", "the packed data is damaged after 4 bytes"),
        (gzip.compress(b"one\n", mtime=0)[:5], b"", "the file is cut off after 0 bytes unpacked"),
    ],
)
def test_what_is_broken_is_said(data: bytes, out: bytes, gap: str) -> None:
    """What is no gzip, in whole or from some byte on, is a gap in words; what came before it is given."""
    assert unpack(data) == (out, gap)


def test_memory_does_not_follow_from_how_well_a_file_is_packed() -> None:
    """A bomb comes out in pieces of a mebibyte, and is left when it exceeds the limit."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = packer.compress(bytes(64 * PIECE)) + packer.flush()
    assert len(bomb) < 100_000
    unpacked = Unpacked([bomb], limit=8 * PIECE)
    assert [len(piece) for piece in unpacked] == [PIECE] * 8
    assert unpacked.gap == "it unpacks to more than 8,388,608 bytes; the rest was left"


# --- lines ------------------------------------------------------------------------------------------------------------


@given(st.lists(st.binary(max_size=30).filter(lambda line: b"\n" not in line)), st.integers(1, 9))
def test_lines_are_cut_and_numbered(wanted: list[bytes], size: int) -> None:
    """Lines come out in order with their numbers, however the pieces cut them; those too long are told, and count."""
    data = b"\n".join([*wanted, b""])
    too_long: list[int] = []
    pieces = (data[at : at + size] for at in range(0, len(data), size))
    found = {
        first + at: line for first, lines in cut(pieces, too_long.append, limit=20) for at, line in enumerate(lines)
    }
    # One that ends within the piece in which it grew too long may pass: the limit is about memory.
    assert all(len(wanted[number - 1]) > 20 for number in too_long)
    assert all(len(line) <= 20 + size for line in found.values())
    assert found == {at: line for at, line in enumerate(wanted, 1) if at not in too_long}


def test_the_last_line_needs_no_end() -> None:
    """A last line without a line break is a line."""
    assert list(cut([b"one\ntw", b"o"], lambda _: None)) == [(1, [b"one"]), (2, [b"two"])]


# --- sifting ----------------------------------------------------------------------------------------------------------


def event(kind: str, body: str, **dump: bool) -> bytes:
    """Return an event's line."""
    payload = {"action": "opened", "issue": {"title": "A question", "body": body, "license": "mit"}}
    value = {"id": "12", "type": kind, "payload": payload}
    return json.dumps(value, separators=(",", ":"), **dump).encode()


SPEAKING = (
    "Under which license is this?",
    "GPL",
    "Please sign the CLA.",
    "Ein FELDSPAT bitte",
    "this is MIT/BSD",
    "Какая ЛИЦЕНЗИЯ?",
    "许可证",
    "Licença",
)


@pytest.mark.parametrize("body", SPEAKING)
@pytest.mark.parametrize("ascii_only", [True, False])
def test_lines_that_speak_of_licensing_pass(body: str, ascii_only: bool) -> None:
    """Whatever the vocabulary finds in a text is found in the line that holds it, escaped or not."""
    line = event("IssuesEvent", body, ensure_ascii=ascii_only)
    assert VOCABULARY.mentions(body)
    assert SIEVE.speaks(line)
    assert SIEVE.speaks(line.replace(b"/", b"\\/"))


@pytest.mark.parametrize(
    "line",
    [
        event("IssuesEvent", "It crashes."),  # its repository has a license: that is no text
        event("PushEvent", "Under which license is this?"),
        event("CommitCommentEvent", "Under which license is this?"),
        b'{"id":"1","type":"IssuesEvent","payload":{"issue":739022,"action":"opened"}}',
        event("IssuesEvent", 'He said: "body":"license"').replace(b"license", b"nothing"),
    ],
)
def test_other_lines_are_left(line: bytes) -> None:
    """Events that speak of something else, belong to no thread or hold no text do not pass."""
    assert not SIEVE.speaks(line)


def test_old_events_name_their_type_anywhere() -> None:
    """Until 2014 an event's names come in any order."""
    line = b'{"payload":{"pull_request":{"body":"GPL?","title":"x"}},"type":"PullRequestEvent","public":true}'
    assert SIEVE.speaks(line)
    assert not SIEVE.speaks(line.replace(b"PullRequest", b"Follow"))


def test_only_titles_and_bodies_are_texts() -> None:
    """What is written within a text is not taken for a name of the object, and null is no text."""
    line = b'{"body" : "say \\"title\\":\\"x\\" \\\\","title":"T","description":"D","body":null,"c":{"body":""}}'
    assert texts(line) == b'say \\"title\\":\\"x\\" \\\\\n\nT'


@given(st.text(max_size=40), st.sampled_from(SPEAKING), st.text(max_size=40), st.booleans())
def test_no_text_that_is_mentioned_is_missed(before: str, word: str, after: str, ascii_only: bool) -> None:
    """The sieve lets every line pass whose text the vocabulary's own fast look would let pass."""
    text = f"{before}{word}{after}"
    try:
        line = event("IssueCommentEvent", text, ensure_ascii=ascii_only)
    except UnicodeEncodeError:
        return  # a lone surrogate, which only escapes can carry
    if VOCABULARY.mentions(text):
        assert SIEVE.speaks(line)


# --- files ------------------------------------------------------------------------------------------------------------


def test_files_are_found_in_the_order_of_their_hours(tmp_path: Path) -> None:
    """Folders are gone through to the bottom; the tenth hour comes after the ninth; other files are named."""
    for name in ("b/2018-02-16-10.json.gz", "b/2018-02-16-9.json.gz", "a/2017-12-31-23.json.gz", "a/README"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(name.encode())
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / "2018-02-16-9.json.gz").write_bytes(b"b/2018-02-16-9.json.gz")
    found = find([tmp_path])
    assert [each.name for each in found.files] == [
        "2017-12-31-23.json.gz",
        "2018-02-16-9.json.gz",
        "2018-02-16-10.json.gz",
    ]
    assert [str(each.relative_to(tmp_path)) for each in found.others] == ["a/README", "c/2018-02-16-9.json.gz"]


@pytest.mark.parametrize("name", ["missing.json.gz", "notes.txt"])
def test_a_named_file_that_is_no_hour_is_an_error(tmp_path: Path, name: str) -> None:
    """What is named and is not there, or not an hourly file, is an error that names it."""
    (tmp_path / "notes.txt").write_text("x")
    with pytest.raises(ConfigError, match=name):
        find([tmp_path / name])


def names() -> Iterator[tuple[str, datetime | None]]:
    yield "2018-02-16-9.json.gz", datetime(2018, 2, 16, 9)  # noqa: DTZ001
    yield "2018-02-30-9.json.gz", None
    yield "2018-02-16-24.json.gz", None
    yield "2018-02-16.json.gz", None
    yield "2018-02-16-9.json", None


@pytest.mark.parametrize(("name", "hour"), list(names()))
def test_names_say_hours(name: str, hour: datetime | None) -> None:
    """A file's name says its hour; one that is no hour of any day says none."""
    assert hour_of(name) == hour


@given(st.text(max_size=30), st.text(max_size=30), st.booleans())
def test_texts_end_where_their_strings_end(first: str, second: str, spaced: bool) -> None:
    """Whatever is escaped in a text, with whatever spaces around its name, its value is found as JSON has it."""
    value = {"body": first + "\\", "x": '"title":"no', "user": {"title": second, "body": None}}
    line = json.dumps(value, separators=(" , ", " : ") if spaced else (",", ":")).encode()
    assert texts(line) == b"\n".join(json.dumps(each)[1:-1].encode() for each in (first + "\\", second))
