"""Sentences for what happened: whatever GitHub says, they stay sentences."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from archives import OPENED, account
from bs4 import BeautifulSoup
from hypothesis import given
from hypothesis import strategies as st

from archiver.model import Event, Finding, FindingKind
from archiver.references import RepositoryRef
from web.telling import event_sentence, finding_sentence, hidden, reactions, together

EVIL = "<script>alert(1)</script>"
KINDS = (
    *("closed", "merged", "locked", "renamed", "transferred", "cross-referenced", "referenced", "answered", "labeled"),
    *("assigned", "milestoned", "review_requested", "pinned", EVIL),
)
NAMES = (
    *("state_reason", "commit_id", "lock_reason", "from", "to", "source", "title", "url", "comment", "label"),
    *("assignee", "milestone", "reviewer", "status", "since", "login", "reason", "at", "name"),
)
VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.text(), st.just(EVIL), st.just(f'https://github.com/"{EVIL}')
)
DETAILS = st.dictionaries(st.sampled_from(NAMES), VALUES)


def is_harmless(words: str) -> bool:
    """Return whether a sentence has only the elements that we put into it, and leads only to GitHub and within."""
    tree = BeautifulSoup(words, "html.parser")
    links = [each["href"] for each in tree.select("a")]
    elements = {each.name for each in tree.find_all(True)}
    return elements <= {"a", "b", "bdi", "code", "i", "time"} and all(
        re.match(r"https://github\.com/|#discussioncomment-", each) for each in links
    )


@given(st.sampled_from(KINDS), DETAILS, st.sampled_from([None, "kim", EVIL]))
def test_an_event_is_a_harmless_sentence_whatever_it_says(kind: str, detail: dict[str, Any], login: str | None) -> None:
    """Nothing from outside is markup, and nothing that is missing or odd is an error."""
    event = Event(kind, OPENED, account(login), detail)
    assert is_harmless(event_sentence([event], RepositoryRef("acme", "rocket"), {}))


@given(st.sampled_from(list(FindingKind)), DETAILS, st.sampled_from(["post", "thread", "repository"]))
def test_a_finding_is_a_harmless_sentence_whatever_it_says(
    kind: FindingKind, detail: dict[str, Any], about: str
) -> None:
    """Of every kind, with all or nothing of what belongs to it."""
    finding = Finding(1, OPENED, kind, about, detail)
    words = finding_sentence(finding, EVIL)  # type: ignore[arg-type]
    assert is_harmless(words)
    assert words.endswith(".")


def test_only_what_one_person_does_within_a_minute_is_told_together() -> None:
    """Whatever is no label, assignee or the like stands alone, and parts what is around it."""
    made = [("labeled", 0), ("unlabeled", 59), ("labeled", 61), ("locked", 62), ("labeled", 63)]
    events = [Event(kind, OPENED + timedelta(seconds=seconds), account("kim")) for kind, seconds in made]
    assert [len(each) for each in together(events)] == [2, 1, 1, 1]


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("OFF_TOPIC", "hidden on GitHub as off-topic"),
        ("spam", "hidden on GitHub as spam"),
        ("", "hidden on GitHub"),
        ("minimized", "hidden on GitHub"),
    ],
)
def test_why_a_post_is_hidden_is_said_if_it_is_known(reason: str, said: str) -> None:
    """In GitHub's word, however it is spelled."""
    assert hidden(reason) == said


def test_reactions_are_counted_in_words() -> None:
    """One and several, the most frequent first."""
    assert reactions({"eyes": 1, "rocket": 1, "heart": 1001}) == "1,001 hearts, 1 rocket, 1 pair of eyes"
    assert reactions({}) == ""
