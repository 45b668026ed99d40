"""What a thread's page tells besides its posts: events, reviews, replies, reactions, and what is gone upstream."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from archives import CAPTURED, OPENED, Archive, edit, event
from archives import post as comment
from bs4 import BeautifulSoup
from flask.testing import FlaskClient

from archiver.model import PostKind, Repository
from archiver.references import ThreadKind
from archiver.store.memory import CrawlState

THREAD = "/github.com/Acme/Rocket/issues/12"
PULL = "/github.com/Acme/Rocket/pull/12"
HUNK = "@@ -1,2 +1,2 @@\n-GPL\n+<b>MIT</b>"


def page(client: FlaskClient, path: str = THREAD, status: int = 200) -> BeautifulSoup:
    """Return a page's tree, having checked its status."""
    response = client.get(path)
    assert response.status_code == status, response.get_data(as_text=True)
    return BeautifulSoup(response.get_data(as_text=True), "html.parser")


def words(tree: BeautifulSoup, selector: str) -> list[str]:
    """Return what a reader sees of each part, with single spaces."""
    return [" ".join(each.get_text().split()) for each in tree.select(selector)]


# --- events -----------------------------------------------------------------------------------------------------------


def test_events_stand_between_the_posts_in_their_order(archive: Archive) -> None:
    """Each is one line, with who did it and when, after what was written before it."""
    archive.save(comments=(comment(501, "No.", minutes=10), comment(502, "Why?", minutes=60)))
    archive.happen(
        event("renamed", minutes=5, **{"from": "Old?", "to": "New?"}),
        event("locked", minutes=90, lock_reason="too heated"),
        event("pinned", minutes=20, login=None),
    )
    tree = page(archive.client())
    places = [each.get("id") or each.select_one(".what").get_text() for each in tree.select("section.posts > *")]
    assert places == [
        *("posts", "issue-9012", "boss renamed this from “Old?” to “New?”", "issuecomment-501"),
        *("someone pinned this", "issuecomment-502", "locked-20180216T104200Z"),
    ]
    assert tree.select_one(".event time")["datetime"] == "2018-02-16T09:17:00Z"


def test_what_one_person_tidies_within_a_minute_is_one_line(archive: Archive) -> None:
    """Labels and assignees fold; another person's, or a later one, does not."""
    archive.save()
    archive.happen(
        event("labeled", minutes=1, label="legal"),
        event("labeled", minutes=1.1, label="question"),
        event("unlabeled", minutes=1.2, label="triage"),
        event("assigned", minutes=1.3, assignee="kim"),
        event("labeled", minutes=1.4, login="kim", label="later"),
        event("labeled", minutes=5, label="wontfix"),
    )
    assert words(page(archive.client()), ".event .what") == [
        "boss added the labels “legal” and “question”, removed the label “triage” and assigned kim",
        "kim added the label “later”",
        "boss added the label “wontfix”",
    ]


def test_the_closing_is_told_once(archive: Archive) -> None:
    """Where there is an event of it, that tells who; an earlier closing is a line of its own."""
    closed = OPENED + timedelta(minutes=30)
    archive.save(
        comments=(comment(501, "No.", minutes=10), comment(502, "Sad.", minutes=60)),
        state="closed",
        state_reason="not_planned",
        closed_at=closed,
        closed_by_known=False,
    )
    archive.happen(
        event("closed", minutes=4, state_reason="completed", commit_id="c0ffee1234567"),
        event("reopened", minutes=5, login="kim"),
        event("closed", minutes=30, state_reason="not_planned"),
    )
    tree = page(archive.client())
    assert words(tree, ".event .what") == ["boss closed this as completed with commit c0ffee1", "kim reopened this"]
    assert words(tree, "#closed .what") == ["Closed as not planned, 30 minutes after it was opened, by boss."]
    places = [each.get("id") for each in tree.select("section.posts > *")]
    assert places[-3:] == ["issuecomment-501", "closed", "issuecomment-502"]
    commit = tree.select_one(".event a")
    assert commit["href"] == "https://github.com/Acme/Rocket/commit/c0ffee1234567"


def test_a_merged_pull_request_is_told_to_be_merged_once(archive: Archive) -> None:
    """GitHub has two events for it, a second apart."""
    ended = OPENED + timedelta(minutes=30)
    archive.save(kind=ThreadKind.PULL, state="closed", closed_at=ended, merged_at=ended)
    archive.happen(event("merged", minutes=30, commit_id="c0ffee1"), event("closed", minutes=30 + 1 / 60))
    tree = page(archive.client(), PULL)
    assert not tree.select(".event")
    assert words(tree, "#closed .what") == ["Merged, 30 minutes after it was opened, by boss."]


def test_a_reference_leads_to_the_record_where_it_is_held(archive: Archive) -> None:
    """To the thread here with the original beside it, else to the original alone."""
    archive.save()
    archive.save(13, title="Copyleft again")
    held = "https://github.com/acme/rocket/pull/13"
    other = "https://github.com/else/where/issues/5"
    archive.happen(
        event("cross-referenced", minutes=1, source="acme/rocket#13", title="Copyleft again", url=held),
        event("cross-referenced", minutes=2, source="else/where#5", title="<b>Look", url=other),
        event("cross-referenced", minutes=3, source="else/where#6", title="No", url="javascript:alert(1)"),
    )
    tree = page(archive.client())
    assert words(tree, ".event .what") == [
        "boss mentioned this in acme/rocket#13: Copyleft again (original)",
        "boss mentioned this in else/where#5: <b>Look",
        "boss mentioned this in else/where#6: No",
    ]
    assert [each["href"] for each in tree.select(".event a")] == ["/github.com/Acme/Rocket/issues/13", held, other]


def test_a_reference_leads_to_where_the_thread_is_now(archive: Archive) -> None:
    """Transferred since, and its repository renamed."""
    archive.save()
    archive.save(13, title="Copyleft again", kind=ThreadKind.PULL)
    archive.happen(
        event("cross-referenced", source="acme/rocket#13"), event("cross-referenced", source="Acme/Rocket#0")
    )
    with archive.store.transaction() as tx:
        tx.save_repository(Repository(78, "Acme", "Other"))
        tx.move_thread(77, 13, 78, 5)
    archive.save_repository(name="Missile")
    tree = page(archive.client(), "/github.com/Acme/Missile/issues/12")
    assert [each["href"] for each in tree.select(".event a")] == ["/github.com/Acme/Other/pull/5"]


def test_an_event_of_an_unknown_kind_is_told_by_its_name(archive: Archive) -> None:
    """GitHub adds kinds; none of them is passed over, and none is markup."""
    archive.save()
    archive.happen(event("added_to_merge_queue", minutes=1), event("<i>odd</i>", minutes=2))
    assert words(page(archive.client()), ".event .what") == ["boss added to merge queue", "boss <i>odd</i>"]


def test_replies_are_not_torn_from_what_they_answer(archive: Archive) -> None:
    """A reply stands below its comment, and says so; what happened meanwhile comes before the next one."""
    comments = (
        comment(501, "Which license?", minutes=10),
        comment(502, "MIT.", minutes=50, reply_to=501),
        comment(503, "Another matter.", minutes=30),
        comment(504, "To nobody.", minutes=60, reply_to=999),
    )
    archive.save(kind=ThreadKind.DISCUSSION, category="Q&A", comments=comments)
    archive.happen(event("pinned", minutes=20))
    tree = page(archive.client(), "/github.com/Acme/Rocket/discussions/12")
    places = [each.get("id", "pinned") for each in tree.select("section.posts > *")]
    numbers = [each.rpartition("-")[2] for each in places]
    assert numbers == ["posts", "9012", "501", "502", "pinned", "503", "504"]
    assert words(tree, "article.post .on") == ["In reply to post 2, by kim", "In reply to a post that is not held"]
    assert tree.select_one(".on a")["href"] == "#discussioncomment-501"
    assert "Category Q&A" in " ".join(words(tree, ".about-thread div")).replace("CategoryQ&A", "Category Q&A")


def test_the_chosen_answer_is_marked(archive: Archive) -> None:
    """In a word, and with its anchor."""
    archive.save(kind=ThreadKind.DISCUSSION, comments=(comment(501, "MIT.", state="answer"),))
    archive.happen(event("answered", minutes=900, comment=501))
    tree = page(archive.client(), "/github.com/Acme/Rocket/discussions/12")
    assert tree.select_one(".event a")["href"] == "#discussioncomment-501"
    assert words(tree, "#discussioncomment-501 .review") == ["chosen answer"]


# --- reviews ----------------------------------------------------------------------------------------------------------


def test_reviews_say_what_they_came_to(archive: Archive) -> None:
    """Approved, changes requested, dismissed: in words, also where nothing was written."""
    states = ("APPROVED", "CHANGES_REQUESTED", "COMMENTED", "DISMISSED")
    reviews = tuple(comment(600 + at, "", kind=PostKind.REVIEW, state=state) for at, state in enumerate(states))
    archive.save(kind=ThreadKind.PULL, comments=reviews, upstream_comments=0)
    tree = page(archive.client(), PULL)
    assert words(tree, ".about .review") == ["approved", "changes requested", "review", "review dismissed"]
    assert tree.select_one("#pullrequestreview-600")


def test_review_comments_show_the_lines_that_they_stand_at(archive: Archive) -> None:
    """Path, line and diff can be folded away; a reply shows them no second time."""
    where = {"path": "LICENSE", "line": 3, "diff_hunk": HUNK}
    comments = (
        comment(701, "Why?", kind=PostKind.REVIEW_COMMENT, raw=where),
        comment(702, "Because.", kind=PostKind.REVIEW_COMMENT, raw=where, reply_to=701),
    )
    archive.save(kind=ThreadKind.PULL, comments=comments, upstream_comments=0)
    tree = page(archive.client(), PULL)
    assert words(tree, "#discussion_r701 .hunk summary") == ["On LICENSE, line 3"]
    assert tree.select_one("#discussion_r701 .hunk pre").get_text() == HUNK
    assert not tree.select("#discussion_r702 .hunk")
    assert words(tree, "#discussion_r702 .on") == ["In reply to post 2, by kim"]


def test_a_draft_says_so_and_reactions_are_counted_in_words(archive: Archive) -> None:
    """One quiet line, the most frequent first; counts of nothing are left out."""
    counts = {"heart": 1, "+1": 12, "-1": 0, "unheard-of": 5}
    archive.save(kind=ThreadKind.PULL, draft=True, comments=(comment(501, "Yes!", reactions=counts),))
    tree = page(archive.client(), PULL)
    assert words(tree, ".ending") == ["Open when it was captured. A draft."]
    assert words(tree, ".reactions") == ["Reactions: 12 thumbs up, 1 heart"]


def test_what_is_hidden_on_github_can_be_read(archive: Archive) -> None:
    """Folded, with the reason."""
    archive.save(comments=(comment(501, "Nonsense."),))
    archive.tell(501, minimized="OFF_TOPIC")
    tree = page(archive.client())
    assert words(tree, "#issuecomment-501 .folded summary") == ["Hidden on GitHub as off-topic: its text"]
    assert words(tree, "#issuecomment-501 .folded .text") == ["Nonsense."]
    assert "hidden on GitHub as off-topic" in words(tree, "#issuecomment-501 .about")[0]


# --- edits ------------------------------------------------------------------------------------------------------------


def test_githubs_own_edit_history_stands_among_the_texts(archive: Archive) -> None:
    """Each text with its date and editor, what it is known from, and what was deleted there."""
    archive.save(comments=(comment(501, "No.", minutes=10, edited=OPENED + timedelta(minutes=40)),))
    deleted = OPENED + timedelta(minutes=50)
    archive.tell(
        501,
        edit(10, "Yes."),
        edit(20, None, "boss", deleted),
        edit(40, "No.", "boss"),
    )
    tree = page(archive.client())
    post = tree.select_one("#issuecomment-501")
    assert "edited, 3 versions" in words(post, ".about")[0]
    assert words(post, ".versions summary") == ["2 other versions of this post"]
    assert words(post, ".versions h4") == [
        "16 February 2018, 09:22 UTC; from GitHub’s edit history",
        "16 February 2018, 09:32 UTC, edited by boss; from GitHub’s edit history",
        "16 February 2018, 09:52 UTC, edited by boss; seen by this archive on 1 March 2026",
    ]
    assert words(post, ".versions .text") == ["Yes."]
    assert words(post, ".versions .fate") == ["Content deleted on GitHub 16 February 2018."]
    assert words(post, ":scope > .text") == ["No."]
    assert words(post, ".versions .empty") == ["The text above."]


def test_a_text_that_github_does_not_list_stays_in_the_list(archive: Archive) -> None:
    """What this archive saw itself stands where it was seen."""
    archive.save(comments=(comment(501, "Seen.", minutes=10),))
    archive.save(comments=(comment(501, "Now.", minutes=10, edited=archive.now),))
    archive.tell(501, edit(10, "First."), edit(20, "Second."))
    tree = page(archive.client())
    assert words(tree, "#issuecomment-501 .versions .text") == ["First.", "Second.", "Seen."]
    assert words(tree, "#issuecomment-501 > .text") == ["Now."]


# --- gone -------------------------------------------------------------------------------------------------------------


def test_a_post_gone_upstream_stays_where_it_was(archive: Archive) -> None:
    """Its text can be read, its anchor works, and a sentence says since when it is gone."""
    digest = archive.save(comments=(comment(501, "Delete me."), comment(502, "Why?")))
    archive.lose(501)
    tree = page(archive.client())
    assert [each["id"] for each in tree.select("article.post")][1:] == ["issuecomment-501", "issuecomment-502"]
    post = tree.select_one("#issuecomment-501")
    assert words(post, ".text") == ["Delete me."]
    assert words(post, ".fate .state.gone") == [
        "Deleted on GitHub (404), noticed 2 March 2026. The text below is as captured 1 March 2026."
    ]
    assert "deleted on GitHub" in words(post, ".about")[0]
    permanent = post.select_one(".fixed-link")["href"]
    assert permanent == f"{THREAD}@{digest[:32]}#issuecomment-501"
    assert page(archive.client(), permanent.partition("#")[0]).select_one("#issuecomment-501")


def test_the_reasons_for_the_verdict_lead_to_their_posts_though_one_is_gone(archive: Archive) -> None:
    """They are counted among the posts that were there."""
    archive.save(comments=(comment(501, "Delete me."), comment(502, "Why?")))
    archive.lose(501)
    assert page(archive.client()).select_one("details.why a")["href"] == "#issue-9012"


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (410, "This issue was deleted on GitHub (410), noticed 2 March 2026."),
        (404, "This issue is not found on GitHub any more (404): it was deleted or hidden, noticed 2 March 2026."),
        (451, "This issue is blocked on GitHub for legal reasons (451), noticed 2 March 2026."),
        (301, "This issue was transferred to where it cannot be read (301), noticed 2 March 2026."),
    ],
)
def test_a_thread_gone_upstream_says_so_at_its_top(archive: Archive, status: int, said: str) -> None:
    """The page is our record: it stays 200, and its permanent links work."""
    digest = archive.save()
    with archive.store.transaction() as tx:
        tx.mark_thread_gone(77, 12, status)
    client = archive.client()
    assert words(page(client), "header .warning .state.gone") == [said]
    assert words(page(client, f"{THREAD}/history"), "header .warning") == [said]
    assert not page(client, f"{THREAD}@{digest}").select(".warning")
    assert f"({status})" in words(page(client, "/github.com/Acme/Rocket"), ".list .state.gone")[0]


def test_a_repository_gone_upstream_says_so_on_its_page_and_on_those_of_its_threads(archive: Archive) -> None:
    """Blocked for legal reasons, for instance."""
    archive.save()
    with archive.store.transaction() as tx:
        tx.mark_repository_gone(77, 451)
    client = archive.client()
    said = "The repository is blocked on GitHub for legal reasons (451)"
    assert words(page(client), "header .warning .state.gone") == [f"{said}, noticed 2 March 2026."]
    assert words(page(client, "/github.com/Acme/Rocket"), "header .warning .state.gone") == [said]


def test_a_flag_is_a_notice_on_the_repository_and_its_threads(archive: Archive) -> None:
    """So much seemed gone at once that nothing was marked."""
    archive.save()
    with archive.store.transaction() as tx:
        tx.set_flag(77, suspects=40, posts=50)
    client = archive.client()
    for path in (THREAD, "/github.com/Acme/Rocket"):
        (notice,) = words(page(client, path), ".warning")
        assert "40 of 50 posts of this repository seemed gone at once" in notice
        assert "On 2 March 2026, 12:00 UTC" in notice


def test_an_account_deleted_since_is_named_with_its_posts(archive: Archive) -> None:
    """Its login stays, with a word that it is gone."""
    archive.save(comments=(comment(501, "No.", "kim"),))
    archive.save(comments=(comment(501, "No.", None),))
    tree = page(archive.client())
    assert words(tree, "#issuecomment-501 h3") == ["kim"]
    assert "account deleted since" in words(tree, "#issuecomment-501 .about")[0]
    assert "account deleted since" not in words(tree, "#issue-9012 .about")[0]


# --- snapshots --------------------------------------------------------------------------------------------------------


def test_a_snapshot_tells_nothing_that_became_known_later(archive: Archive) -> None:
    """No later event, edit, tombstone, reaction or hiding: the page and the JSON stay byte for byte.

    But for what is about later times and says so: what changed since, and in citations that the original is gone.
    """
    archive.save(comments=(comment(501, "No.", minutes=10), comment(502, "Why?")))
    archive.happen(event("pinned", minutes=20))
    second = archive.save(title="Renamed", comments=(comment(501, "No.", minutes=10), comment(502, "Why?")))
    archive.save(title="Renamed again", comments=(comment(501, "No.", minutes=10), comment(502, "Why?")))

    def shown() -> list[bytes]:
        # At one and the same time, since the page says how long ago it was.
        now, archive.now = archive.now, CAPTURED + timedelta(days=99)
        client = archive.client()
        pages = [client.get(f"{THREAD}@{second}{form}").get_data() for form in ("", ".json")]
        archive.now = now
        gone = rb" \(gone from GitHub, noticed [^)]*\)|, gone from GitHub, noticed \d+ \w+ \d+"
        later = rb'<p class="(?:fate )?since">.*?</p>|' + gone
        return [re.sub(rb"\n+", b"\n", re.sub(later, b"", each, flags=re.DOTALL)) for each in pages]

    before = shown()
    assert b"pinned this" in before[0]
    late = (archive.now - OPENED) / timedelta(minutes=1)
    archive.happen(event("locked", minutes=late), event("unpinned", minutes=25))
    archive.tell(501, edit(10, "Yes."), edit(40, "No.", "boss"), minimized="spam")
    archive.save(
        title="Renamed again",
        comments=(comment(501, "No!", minutes=10, edited=archive.now, reactions={"+1": 3}), comment(502, "Why?", None)),
        draft=True,
        upstream_comments=1,
    )
    archive.lose(502)
    with archive.store.transaction() as tx:
        tx.mark_thread_gone(77, 12, 410)
        tx.set_flag(77, suspects=40, posts=50)
    after = shown()
    assert after == before
    tree = page(archive.client())
    assert "boss unpinned this" in words(tree, ".event .what")
    assert len(words(tree, ".state.gone")) == 3
    # The fixed version's page says of its thread, too, what became of it.
    gone = words(page(archive.client(), f"{THREAD}@{second}"), ".record .state.gone")
    assert gone == ["This issue was deleted on GitHub (410), noticed 6 March 2026."]


def test_the_latest_snapshot_tells_what_happened_before_it_though_it_was_asked_for_after_it(archive: Archive) -> None:
    """Events are asked for once a thread is held; what happened after the capture is no part of it."""
    digest = archive.save()
    late = (archive.now - OPENED) / timedelta(minutes=1)
    archive.happen(event("pinned", minutes=20), event("locked", minutes=late))
    assert archive.now > CAPTURED
    assert words(page(archive.client(), f"{THREAD}@{digest}"), ".event .what") == ["boss pinned this"]


# --- what is not held -------------------------------------------------------------------------------------------------


def test_the_foot_of_a_thread_says_what_is_not_held(archive: Archive) -> None:
    """Events not yet asked for, failures, what a token is needed for, the last sweep."""
    archive.save()
    archive.save(13, kind=ThreadKind.PULL)
    client = archive.client()
    assert words(page(client), ".upkeep li") == ["What happened between the posts: it was not asked for yet."]
    assert "Reviews" in words(page(client, "/github.com/Acme/Rocket/pull/13"), ".upkeep li")[0]
    archive.happen()
    assert words(page(client), ".upkeep li") == ["Nothing is known to be missing."]
    with archive.store.transaction() as tx:
        tx.note_failure(77, "#12", "no answer in time")
        tx.note_failure(77, "#13", "something else")
        swept = {"threads": 2, "gone": 0}
        never = {"edit history": "no token", "discussions": "no token"}
        state = CrawlState("basis", last_sweep_at=archive.now, swept=swept, not_asked=never)
        tx.save_crawl_state(77, state)
    tree = page(client)
    assert words(tree, ".upkeep li") == [
        "Not asked for by the last crawl: edit history and discussions (no token).",
        "What failed to be fetched: #12, no answer in time (3 March 2026).",
    ]
    said = "Last looked through for what is gone 3 March 2026, 12:00 UTC (just now): 2 threads, nothing is gone."
    assert words(tree, ".upkeep > p.quiet") == [said]
    coverage = words(page(client, "/github.com/Acme/Rocket"), "section[aria-labelledby=coverage] div")
    assert "Not asked for edit history and discussions (no token)" in coverage
    assert "Last sweep3 March 2026, 12:00 UTC (just now): 2 threads, nothing is gone" in coverage
