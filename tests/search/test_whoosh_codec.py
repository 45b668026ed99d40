"""Terms and postings are read as they were written: one by one, by their beginning, and many at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from search.inverting import Inverted, Inverter, keyword_postings
from search.whoosh_codec import TermsReader, TermsWriter, having, new_segment
from search.whoosh_files import Storage, open_segment
from tests.search.builders import document

LONG = "x" * 5_000


@pytest.fixture
def words() -> Inverted:
    """Return the postings of some texts."""
    inverter = Inverter()
    for number in range(1, 300):
        inverter.add(document(number, f"License {number}", [("ann", f"word{number % 7} and again word{number % 7}")]))
    return inverter.finish()[0]


@pytest.fixture
def reader(tmp_path: Path, words: Inverted) -> TermsReader:
    """Return a reader of a segment with these words, and with labels of which one is very long."""
    storage, segment = Storage(tmp_path), new_segment()
    writer = TermsWriter(storage, segment)
    writer.write("label", keyword_postings([("bug", 0), (LONG, 1), ("bug", 2), ("z", 3)]))
    writer.write("text", words)
    writer.close()
    segment.create_compound_file(storage)
    return TermsReader(open_segment(storage, segment), segment)


def listed(arrays: tuple[Any, ...]) -> list[list[int]]:
    return [each.tolist() for each in arrays]


def test_terms_one_by_one(reader: TermsReader, words: Inverted) -> None:
    """Each term has its documents, how often it stands in each, and where."""
    posting = code = 0
    for key, count, codes in zip(words.keys, words.having.tolist(), words.codes_of_terms().tolist(), strict=True):
        entry = reader.entry("text", key)
        assert entry is not None
        assert having(entry) == count
        found = (words.documents, posting, count), (words.counts, posting, count), (words.codes, code, codes)
        assert listed(reader.postings(entry)) == [numbers[at : at + many].tolist() for numbers, at, many in found]
        posting, code = posting + count, code + codes
    assert reader.entry("text", b"nowhere") is None
    assert reader.entry("topic", b"cla") is None


def test_terms_by_their_beginning(reader: TermsReader, words: Inverted) -> None:
    """All terms that begin so are found, in order, however long they are, and no others."""
    assert [key for key, _ in reader.entries("text")] == words.keys
    assert [key for key, _ in reader.entries("text", b"word")] == [key for key in words.keys if key.startswith(b"word")]
    assert [key for key, _ in reader.entries("label")] == [b"bug", LONG.encode(), b"z"]
    assert [key for key, _ in reader.entries("label", b"xx")] == [LONG.encode()]
    assert list(reader.entries("topic")) == []


def test_many_terms_at_once(reader: TermsReader, words: Inverted) -> None:
    """A run of terms is read back as it was written, of texts and of labels."""
    whole = reader.many(list(reader.entries("text")))
    assert whole.keys == words.keys
    for name in ("having", "documents", "counts", "codes"):
        assert np.array_equal(getattr(whole, name), getattr(words, name)), name
    labels = reader.many(list(reader.entries("label")))
    assert (labels.having.tolist(), labels.documents.tolist()) == ([2, 1, 1], [0, 2, 1, 3])
    assert len(reader.many([]).keys) == 0
