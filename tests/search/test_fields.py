"""Tests the values under which a document is found by qualifiers, counted and compared, and the names of licenses."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from archiver.model import PostKind, Tombstone
from archiver.references import ThreadKind
from archiver.store import Store
from search.document import document_of
from search.fields import FLAGS, keywords, numbers, spelled
from search.index import FACETS
from search.licenses import names_of, nearest, resolve
from search.tree import KEYWORDS, RANGES
from tests.search.builders import START, document, keep

THREAD = document(
    5,
    "Relicense?",
    [("Ann", "Please."), ("Bob", "No."), ("cyd", "> No.\n\nYes.")],
    repositories=("Acme/Rocket", "Old-Org/Rocket"),
    flags=("closed", "merged", "pr", "locked", "edited"),
    involved=("Dee", "ann"),
    associations=("owner", "none"),
    reason="not_planned",
    labels=("Help  Wanted", "legal"),
    spdx=("AGPL-3.0-only", "MIT"),
    topics=("relicense", "cla-dco"),
    closed_at=START,
    comments=2,
)


def test_every_name_has_its_values() -> None:
    """There are values for each qualifier, facet and range, and for no other."""
    assert set(keywords(THREAD)) == set(KEYWORDS)
    assert set(spelled(THREAD)) == set(FACETS)
    assert set(numbers(THREAD)) == set(RANGES)


def test_keywords() -> None:
    """Values are in lower case; former names, everybody involved, and a license's family are found too."""
    assert keywords(THREAD) == {
        "repo": {"acme/rocket", "old-org/rocket"},
        "org": {"acme", "old-org"},
        "author": {"ann"},
        "commenter": {"bob", "cyd"},
        "involves": {"ann", "bob", "cyd", "dee"},
        "is": {"closed", "merged", "pr", "locked", "edited"},
        "reason": {"not_planned"},
        "label": {"help wanted", "legal"},
        "license": {"agpl-3.0-only", "agpl-3.0", "agpl", "mit"},
        "topic": {"relicense", "cla-dco"},
        "association": {"owner", "none"},
        "no": set(),
    }
    assert keywords(document(1))["no"] == {"label", "license", "topic", "reason"}


def test_facet_values() -> None:
    """A thread counts once under its repository's present name, and under each of its licenses as it is spelled."""
    assert spelled(THREAD) == {
        "repository": ("Acme/Rocket",),
        "year": ("2020",),
        "license": ("AGPL-3.0-only", "MIT"),
        "topic": ("relicense", "cla-dco"),
        "state": ("merged",),
        "reason": ("not_planned",),
        "association": ("owner", "none"),
        "flag": ("locked", "edited"),
    }
    for name, field in (("repository", "repo"), ("license", "license"), ("reason", "reason"), ("flag", "is")):
        assert {value.lower() for value in spelled(THREAD)[name]} <= keywords(THREAD)[field]
    assert set(FLAGS) == {"locked", "gone", "edited"}


def test_numbers() -> None:
    """Times are seconds since 1970 in UTC; what did not happen has no time."""
    opened = 1_577_836_800 + 5 * 86_400
    assert numbers(THREAD) == {
        "created": opened,
        "updated": opened,
        "closed": 1_577_836_800,
        "merged": None,
        "comments": 2,
    }


def test_the_document_of_a_stored_thread_fills_them(store: Store) -> None:
    """Mentions, standing, reason, flags and times come from the thread as now known."""
    keep(store, 7, "Why?", ["cc @Dee and a@b.org, @org/team\n\n    @code\n", "No, @dee-x."], kind=ThreadKind.PULL)
    thread = store.thread_by_key("77/7")
    assert thread is not None
    now = datetime(2024, 1, 1, tzinfo=UTC)
    summary = replace(
        thread.summary,
        state="closed",
        state_reason="NOT_PLANNED",
        merged_at=now,
        closed_at=now,
        assignees=("Eve",),
        draft=True,
        gone=Tombstone(404, now),
    )
    first, second = thread.posts
    posts = [replace(first, author_association="OWNER"), replace(second, author_association="FIRST_TIMER")]
    assert (first.edited, second.edited) == (False, True)
    made = document_of(replace(thread, summary=summary, posts=posts))
    assert made.involved == ("Eve", "Dee", "dee-x")
    assert made.associations == ("owner", "first_timer")
    assert made.reason == "not_planned"
    assert made.flags == {"closed", "pr", "merged", "draft", "gone", "edited"}
    assert numbers(made)["merged"] == numbers(made)["closed"] == int(now.timestamp())
    withdrawn = replace(posts[1], gone=Tombstone(410, now, "privacy"))
    left = document_of(replace(thread, summary=summary, posts=[posts[0], withdrawn]))
    assert left.associations == ("owner",)
    assert "edited" not in left.flags
    assert keywords(left)["involves"] == {"asker", "eve", "dee"}


def test_a_discussion_is_answered_or_not(store: Store) -> None:
    """Only of a discussion it is said whether it has a chosen answer."""
    keep(store, 8, "Which license?", ["Hello.", "MIT."], kind=ThreadKind.DISCUSSION)
    thread = store.thread_by_key("77/8")
    assert thread is not None
    assert document_of(thread).flags == {"open", "discussion", "unanswered", "edited"}
    answer = replace(thread.posts[1], kind=PostKind.ANSWER)
    answered = document_of(replace(thread, posts=[thread.posts[0], answer]))
    assert answered.flags == {"open", "discussion", "answered", "edited"}


@pytest.mark.parametrize(
    ("license_id", "names"),
    [
        ("AGPL-3.0-or-later", {"agpl-3.0-or-later", "agpl-3.0", "agpl"}),
        ("GPL", {"gpl"}),
        ("LGPL-2.1-only", {"lgpl-2.1-only", "lgpl-2.1", "lgpl"}),
        ("BSD-3-Clause", {"bsd-3-clause", "bsd"}),
        ("0BSD", {"0bsd", "bsd"}),
        ("MIT", {"mit"}),
        ("MIT-0", {"mit-0"}),
        ("CC-BY-SA-4.0", {"cc-by-sa-4.0", "cc-by-sa", "cc"}),
        ("CC0-1.0", {"cc0-1.0", "cc0", "cc"}),
        ("public-domain", {"public-domain"}),
        ("PolyForm-Noncommercial-1.0.0", {"polyform-noncommercial-1.0.0", "polyform-noncommercial", "polyform"}),
    ],
)
def test_the_names_of_a_license(license_id: str, names: set[str]) -> None:
    """A license is found by its id, without what it says about later versions, and by its family; AGPL is not GPL."""
    assert names_of(license_id) == names


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("AGPL-3.0-only", "agpl-3.0-only"),
        ("agpl-3.0", "agpl-3.0"),
        ("GPL", "gpl"),
        ("GPLv3", "gpl-3.0"),
        ("GPLv3+", "gpl-3.0-or-later"),
        ("GPL-3.0+", "gpl-3.0-or-later"),
        ("GPL v2 only", "gpl-2.0-only"),
        ("GNU General Public License v3", "gpl-3.0"),
        ("apache 2", "apache-2.0"),
        ("Apache", "apache"),
        ("bsd3", "bsd-3-clause"),
        ("new BSD", "bsd-3-clause"),
        ("mit", "mit"),
        ("CC-BY-SA", "cc-by-sa"),
        ("public-domain", "public-domain"),
        ("AGLP-3.0", None),
        ("GPL-4", None),
        ("nonsense", None),
        ("", None),
        ("MIT or GPL", None),
    ],
)
def test_a_license_that_is_asked_for(written: str, name: str | None) -> None:
    """An id, a family and what people write for them give the name; what is no license gives none."""
    assert resolve(written) == name


def test_the_nearest_license() -> None:
    """Of what is no license, the one that may have been meant is told, as it is spelled."""
    assert nearest("aglp-3.0") == "AGPL-3.0"
    assert nearest("mitt") == "MIT"
    assert nearest("qqqqqq") is None
