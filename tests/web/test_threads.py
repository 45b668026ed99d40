"""Repositories, threads, snapshots, histories and lookups, as pages."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest
from archives import CAPTURED, FOREIGN_SCRIPT, OPENED, Archive
from archives import post as comment
from bs4 import BeautifulSoup
from pages import page, text

from archiver.model import Account, PostKind, Relevance, Repository, compact
from archiver.references import RepositoryRef, ThreadKind
from web.permalinks import SHOWN_DIGITS

THREAD = "/github.com/Acme/Rocket/issues/12"


# --- the thread -------------------------------------------------------------------------------------------------------


def test_a_thread_is_read_from_top_to_bottom(archive: Archive) -> None:
    """Title, posts with who, in which role and when, and each post's place, in reading order."""
    archive.save(comments=(comment(501, "No.", "boss"), comment(502, "> No.\n\nWhy?", "asker", association="NONE")))
    tree = page(archive.client(), THREAD)
    assert text(tree, "h1") == "Relicense under a copyleft license?"
    posts = tree.select("article.post")
    assert [each["id"] for each in posts] == ["issue-9012", "issuecomment-501", "issuecomment-502"]
    assert [text(each, "h3") for each in posts] == ["asker", "boss", "asker"]
    assert "member" in text(posts[1], ".about")
    assert "member" not in text(posts[2], ".about")
    assert tree.select_one("article.post time")["datetime"] == "2018-02-16T09:12:00Z"
    assert text(tree, "article.post blockquote") == "No."
    assert text(tree, "article.post em") == "copyleft"


def test_the_way_it_was_closed_is_told_where_it_happened(archive: Archive) -> None:
    """How, by whom and after how long: in the head, and between the posts written before and after."""
    closed = archive_closed(archive)
    tree = page(archive.client(), THREAD)
    words = "Closed as not planned, 7 hours 49 minutes after it was opened, by boss."
    assert text(tree, ".ending") == f"{words} Locked as too heated."
    places = [each.get("id") for each in tree.select("section.posts > *")]
    assert places == ["posts", "issue-9012", "issuecomment-501", "closed", "issuecomment-502"]
    assert tree.select_one("#closed time")["datetime"] == closed


def archive_closed(archive: Archive) -> str:
    """Save a thread that was refused within hours, with a post before and one after that."""
    closed = OPENED + timedelta(hours=7, minutes=49)
    archive.save(
        comments=(comment(501, "No.", minutes=60), comment(502, "Sad.", minutes=600)),
        state="closed",
        state_reason="not_planned",
        closed_at=closed,
        closed_by=Account(5, "boss"),
        locked=True,
        lock_reason="too heated",
    )
    return closed.strftime("%Y-%m-%dT%H:%M:%SZ")


def test_a_thread_closed_after_its_last_post_ends_with_that(archive: Archive) -> None:
    """The closing stands last where nothing was written after it."""
    archive.save(comments=(comment(501, "No."),), state="closed", closed_at=OPENED + timedelta(days=400))
    tree = page(archive.client(), THREAD)
    assert tree.select("section.posts > *")[-1]["id"] == "closed"
    assert "1 year 1 month after it was opened" in text(tree, "#closed")


def test_a_thread_says_which_licenses_it_mentions_and_why_it_is_kept(archive: Archive) -> None:
    """SPDX ids, topics and the evidence, which leads to the post that it stands in."""
    archive.save()
    tree = page(archive.client(), THREAD)
    assert [each.get_text() for each in tree.select(".spdx")] == ["AGPL-3.0-only", "MIT"]
    assert "licensing is what it is about" in text(tree, "details.why summary")
    assert tree.select_one("details.why a")["href"] == "#issue-9012"


def test_a_thread_kept_for_no_reason_gives_none(archive: Archive) -> None:
    """A watch may keep everything; then there is nothing to explain."""
    archive.save(relevance=Relevance())
    assert "Kept because" not in text(page(archive.client(), THREAD))


def test_a_thread_says_when_it_was_captured_and_where_its_permanent_link_and_original_are(archive: Archive) -> None:
    """The permanent link is written out, with the site's own address; so are the capture and the last check."""
    digest = archive.save()
    with archive.store.transaction() as tx:
        tx.mark_checked(77, 12)
    tree = page(archive.client(), THREAD)
    link = tree.select_one(".permalink a")
    assert link["href"] == f"{THREAD}@{digest[:SHOWN_DIGITS]}"
    assert link.get_text() == f"http://archive.test{THREAD}@{digest[:SHOWN_DIGITS]}"
    assert "Captured 1 March 2026, 12:00 UTC" in text(tree, ".captured")
    assert "Last checked 2 March 2026, 12:00 UTC" in text(tree, ".record")
    assert "https://github.com/Acme/Rocket/issues/12" in [each["href"] for each in tree.select("a[rel~=external]")]
    assert digest in text(tree, ".cite")


def test_every_post_has_a_permanent_link_to_this_version_of_it(archive: Archive) -> None:
    """It leads to the post within the snapshot at hand."""
    digest = archive.save(comments=(comment(501, "No."),))
    links = [each["href"] for each in page(archive.client(), THREAD).select(".fixed-link")]
    assert links == [f"{THREAD}@{digest[:32]}#issue-9012", f"{THREAD}@{digest[:32]}#issuecomment-501"]


def test_a_deleted_account_is_named_as_such(archive: Archive) -> None:
    """A null user is no empty name."""
    archive.save(login=None, comments=(comment(501, "No.", None),))
    tree = page(archive.client(), THREAD)
    assert [text(each, "h3") for each in tree.select("article.post")] == ["deleted account"] * 2
    assert "Opened by deleted account" in text(tree)


def test_an_edited_post_shows_its_earlier_text(archive: Archive) -> None:
    """Both versions can be read, the later as the post, the earlier folded away below it."""
    archive.save(comments=(comment(501, "I agree."),))
    archive.save(comments=(comment(501, "I do not agree.", edited=archive.now - timedelta(hours=2)),))
    tree = page(archive.client(), THREAD)
    post = tree.select_one("#issuecomment-501")
    assert text(post, ":scope > .text") == "I do not agree."
    assert text(post, ".versions .text") == "I agree."
    assert "edited, 2 versions" in text(post, ".about")


def test_a_post_edited_before_it_was_first_captured_says_so(archive: Archive) -> None:
    """What it said before is not known, but that it was edited is."""
    archive.save(comments=(comment(501, "I agree.", edited=archive.now - timedelta(days=9)),))
    assert "edited before capture" in text(page(archive.client(), THREAD), "#issuecomment-501 .about")


def test_empty_texts_and_titles_are_shown_as_such(archive: Archive) -> None:
    """A null body and an empty title leave no hole in the page."""
    archive.save(title="", body="")
    tree = page(archive.client(), THREAD)
    assert text(tree, "h1") == "(no title)"
    assert text(tree, ".empty") == "Nothing was written here."


def test_hostile_texts_stay_texts(archive: Archive) -> None:
    """Markup in titles, logins and labels is shown, and scripts in posts are gone."""
    evil = "<script>alert(1)</script><img src=x onerror=alert(2)>"
    comments = (comment(501, evil, evil, body_html=evil),)
    archive.save(title=evil, body=evil, labels=(evil,), milestone=evil, comments=comments)
    client = archive.client()
    for path in (THREAD, f"{THREAD}/history", "/", "/github.com/Acme/Rocket", "/search?q=alert"):
        tree = page(client, path)
        assert not tree.select(f"{FOREIGN_SCRIPT}, img, [onerror], [style]")
        assert "<script>" in text(tree)


def test_control_characters_do_not_reach_the_page(archive: Archive) -> None:
    """They are kept in the store, but no HTML page can hold them."""
    archive.save(title="a\x00b\x1b[31m", body="c\x07d", comments=(comment(501, "e\x9bf"),))
    body = archive.client().get(THREAD).get_data(as_text=True)
    assert not set("\x00\x1b\x07\x9b") & set(body)
    assert "ab[31m" in body


def test_a_merged_pull_request_is_not_merely_closed(archive: Archive) -> None:
    """Merged and closed are told apart in words."""
    ended = OPENED + timedelta(days=2)
    archive.save(12, kind=ThreadKind.PULL, state="closed", closed_at=ended, merged_at=ended)
    archive.save(13, kind=ThreadKind.PULL, state="closed", closed_at=ended)
    client = archive.client()
    assert "Merged, 2 days after it was opened" in text(page(client, "/github.com/Acme/Rocket/pull/12"), ".ending")
    assert "Closed, not merged, 2 days" in text(page(client, "/github.com/Acme/Rocket/pull/13"), ".ending")


def test_the_headings_make_an_outline(archive: Archive) -> None:
    """One h1, and no level is left out, whatever headings a post brings along."""
    archive.save(body="# Why\n\ntext\n\n### How", comments=(comment(501, "No."),))
    client = archive.client()
    repository = "/github.com/Acme/Rocket"
    for path in (THREAD, f"{THREAD}/history", "/", "/search?q=copyleft", repository, "/github.com/", "/lookup"):
        levels = [int(each.name[1]) for each in page(client, path).find_all(["h1", "h2", "h3", "h4", "h5", "h6"])]
        assert levels[0] == 1
        assert levels.count(1) == 1
        in_outline = [level for level in levels if level < 4]
        assert all(after - before <= 1 for before, after in pairwise(in_outline)), (path, levels)


# --- snapshots --------------------------------------------------------------------------------------------------------


def test_a_former_version_tells_at_each_post_what_became_of_it(archive: Archive) -> None:
    """Where a citation lands: edited, with the way to what changed, or deleted; each with its date."""
    comments = (comment(501, "I agree."), comment(502, "Me too.", "zoe"), comment(503, "So do I.", "lee"))
    digest = archive.save(comments=comments)
    assert page(archive.client(), f"{THREAD}@{digest}").select(".post .since") == []
    edited = comment(501, "I do not agree.", edited=archive.now)
    archive.save(comments=(edited, *comments[1:]))
    archive.lose(502)
    archive.save(comments=(edited, comments[2]))
    client = archive.client()
    for digits in (12, 64):
        tree = page(client, f"{THREAD}@{digest[:digits]}")
        assert [each.find_parent("article")["id"] for each in tree.select(".post .since")] == [
            "issuecomment-501",
            "issuecomment-502",
        ]
        assert text(tree, "#issuecomment-501 .since") == (
            "Edited on GitHub since this version was captured, on 2 March 2026: see what changed."
        )
        assert text(tree, "#issuecomment-502 .since") == (
            "Deleted on GitHub since this version was captured, noticed 3 March 2026."
        )
    address, _, anchor = str(tree.select_one("#issuecomment-501 .since a")["href"]).partition("#")
    compared = client.get(address, follow_redirects=True).get_data(as_text=True)
    assert BeautifulSoup(compared, "html.parser").select_one(f"article#{anchor}.was-edited")
    assert page(client, THREAD).select(".post .since") == []


def test_posts_have_the_numbers_by_which_they_are_called(archive: Archive) -> None:
    """Which of how many, tombstones counted; comparisons number the same posts the same, and no two alike."""
    comments = [comment(500 + at, f"Post {at}.", minutes=at) for at in range(1, 10)]
    first = archive.save(comments=tuple(comments))
    archive.lose(505)
    last = archive.save(comments=tuple(each for each in comments if each.id != 505))
    archive.withdraw("issuecomment-507")
    client = archive.client()
    tree = page(client, THREAD)
    numbers = {each.find_parent("article")["id"]: " ".join(each.get_text().split()) for each in tree.select(".nth a")}
    assert list(numbers.values()) == [f"Post {at} of 10" for at in range(1, 11)]
    assert "Gone from GitHub: post 6." in text(tree, ".told")
    assert numbers["issuecomment-505"] == "Post 6 of 10"
    assert "9 posts, and 1 gone from GitHub, by" in text(tree, ".head")
    assert "9 posts" in text(page(client, "/github.com/Acme/Rocket"), ".list .about")
    compared = page(client, f"{THREAD}/compare?from={first[:32]}&to={last[:32]}")
    assert text(compared, "#issuecomment-505 .about").startswith("No longer there Post 6 of 10")
    assert [each.get_text() for each in compared.select(".unchanged a")] == ["Posts 1 to 5", "Posts 7 to 10"]


def test_a_snapshot_stays_as_it_was(archive: Archive) -> None:
    """After an edit, a closing and a new post, the link to the first version shows the first version, word for word."""
    digest = archive.save(comments=(comment(501, "I agree."),))
    path = f"{THREAD}@{digest}"
    before = archive.client().get(path).get_data(as_text=True)
    archive.save(
        title="Renamed",
        comments=(comment(501, "I do not agree.", edited=archive.now), comment(502, "New.")),
        state="closed",
        closed_at=archive.now,
    )
    tree = page(archive.client(), path)
    # What became of a post is told beside it, and is no part of it.
    for told in tree.select("section.posts .since"):
        told.decompose()
    assert text(tree, "section.posts") == text(BeautifulSoup(before, "html.parser"), "section.posts")
    assert text(tree, "h1") == "Relicense under a copyleft license?"
    assert "I do not agree" not in text(tree)


def test_a_snapshot_is_marked_as_a_fixed_version(archive: Archive) -> None:
    """It says when it was captured, its whole digest, and that it is the latest, until the thread has changed."""
    digest = archive.save()
    path = f"{THREAD}@{digest[:32]}"
    record = text(page(archive.client(), path), ".record.fixed")
    assert "A fixed version" in record
    assert "1 March 2026, 12:00 UTC" in record
    assert digest in record
    assert "latest version" in record
    archive.save(title="Renamed")
    record = text(page(archive.client(), path), ".record.fixed")
    assert "the thread has changed since" in record
    assert "latest version" not in record


def test_a_snapshot_is_cached_for_good_but_not_beyond_a_withdrawal(archive: Archive) -> None:
    """Superseded snapshots are immutable for a day, the latest for minutes, by twelve digits too."""
    first, second = archive.save(), archive.save(title="Renamed")
    client = archive.client()
    assert client.get(f"{THREAD}@{first}").headers["Cache-Control"] == "public, max-age=86400, immutable"
    assert client.get(f"{THREAD}@{second}").headers["Cache-Control"] == "public, max-age=600, immutable"
    assert client.get(f"{THREAD}@{first}.json").headers["Cache-Control"] == "public, max-age=86400, immutable"
    assert client.get(f"{THREAD}@{first[:32]}").headers["Cache-Control"] == "public, max-age=86400, immutable"
    assert client.get(f"{THREAD}@{second[:32]}").headers["Cache-Control"] == "public, max-age=600, immutable"
    assert client.get(THREAD).headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("suffix", ["", "@{digest}", "/history", ".json"])
def test_what_was_seen_already_is_not_sent_again(archive: Archive, suffix: str) -> None:
    """Every page and form of a thread has an ETag, and answers 304 to it."""
    digest = archive.save()
    client = archive.client()
    path = THREAD + suffix.format(digest=digest)
    etag = client.get(path).headers["ETag"]
    assert client.get(path, headers={"If-None-Match": etag}).status_code == 304
    assert client.get(path, headers={"If-None-Match": '"other"'}).status_code == 200


def test_an_unknown_digest_says_what_is_held_instead(archive: Archive) -> None:
    """The thread is held, so the page leads to its captures."""
    archive.save()
    tree = page(archive.client(), f"{THREAD}@{'0' * 12}", 404)
    assert f"{THREAD}/history" in [each["href"] for each in tree.select("main a")]


def test_a_time_leads_to_the_snapshot_in_force_then(archive: Archive) -> None:
    """302, to the last capture not after that moment, in the form asked for."""
    first, second = archive.save(), archive.save(title="Renamed")
    client = archive.client()

    def target(at: str) -> str:
        response = client.get(f"{THREAD}@{at}")
        assert response.status_code == 302
        return response.headers["Location"]

    assert target(compact(CAPTURED)) == f"{THREAD}@{first}"
    assert target(compact(CAPTURED + timedelta(hours=23))) == f"{THREAD}@{first}"
    assert target(compact(CAPTURED + timedelta(days=1))) == f"{THREAD}@{second}"
    assert target(f"{compact(CAPTURED + timedelta(days=99))}.json") == f"{THREAD}@{second}.json"


def test_a_time_before_the_first_capture_says_since_when_it_is_held(archive: Archive) -> None:
    """There is nothing from before; the page says so and offers the first capture."""
    digest = archive.save()
    tree = page(archive.client(), f"{THREAD}@20180216T091200Z", 404)
    assert "first captured 1 March 2026, 12:00 UTC" in text(tree)
    assert f"{THREAD}@{digest[:32]}" in [each["href"] for each in tree.select("main a")]


def test_the_history_lists_every_capture_and_what_changed(archive: Archive) -> None:
    """Latest first, each with its permanent link; a state that came back is a capture of its own."""
    first = archive.save(comments=(comment(501, "I agree."),))
    second = archive.save(
        title="Renamed",
        comments=(comment(501, "No.", edited=archive.now), comment(502, "New.")),
        state="closed",
        closed_at=archive.now,
        locked=True,
        labels=("legal",),
    )
    tree = page(archive.client(), f"{THREAD}/history")
    assert [each.get_text() for each in tree.select(".list .digest")] == [second, first]
    links = [each["href"] for each in tree.select(".list .permalink a")]
    assert links == [f"{THREAD}@{second[:32]}", f"{THREAD}@{first[:32]}"]
    items = [" ".join(each.get_text(" ").split()) for each in tree.select(".list > li")]
    assert "1 new post; 1 post edited; retitled" in items[0]
    assert "closed; locked; labels changed" in items[0]
    assert "First capture, 2 posts" in items[1]
    assert f"{THREAD}#issuecomment-501-versions" in [each["href"] for each in tree.select("main a")]


# --- addresses --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", ["", "/history", ".json", "@20270101T000000Z", "@{digest}"])
@pytest.mark.parametrize(
    "spelling",
    [
        "/github.com/acme/rocket/issues/12{}",
        "/github.com/ACME/ROCKET/pull/12{}",
        "/github.com/Acme/Rocket/issue/12{}",
        "/github.com/Old/Name/issues/12{}",
        "/github.com/Acme/Rocket/issues/12{}/",
    ],
)
def test_every_spelling_of_a_thread_leads_to_one(archive: Archive, spelling: str, suffix: str) -> None:
    """Case, the other kind, a former name, a slash at the end: 301 to the one spelling, and nothing gets lost."""
    digest = archive.save()
    archive.save_repository(RepositoryRef("Old", "Name"))
    suffix = suffix.format(digest=digest)
    response = archive.client().get(f"{spelling.format(suffix)}?x=1")
    assert response.status_code == (302 if "@2027" in suffix else 301)
    expected = f"{THREAD}@{digest}" if "@2027" in suffix else f"{THREAD}{suffix}?x=1"
    assert response.headers["Location"] == expected
    if response.status_code == 301:
        # A browser that kept it for good would go round in circles when the repository is renamed back.
        assert response.headers["Cache-Control"] == "max-age=3600"


@pytest.mark.parametrize("suffix", ["", "/history", ".json", "@{digest}", "@20270101T000000Z"])
def test_a_transferred_thread_is_found_where_it_was(archive: Archive, suffix: str) -> None:
    """Every old address leads to its new place, versions and times too; so does a lookup."""
    digest = archive.save()
    with archive.store.transaction() as tx:
        tx.save_repository(Repository(78, "Acme", "Other"))
        tx.move_thread(77, 12, 78, 5)
    client = archive.client()
    response = client.get(THREAD + suffix.format(digest=digest))
    moved = "/github.com/Acme/Other/issues/5"
    expected = f"@{digest}" if "@2027" in suffix else suffix.format(digest=digest)
    assert response.status_code == (302 if "@2027" in suffix else 301)
    assert response.headers["Location"] == moved + expected
    assert client.get(response.headers["Location"]).status_code == 200
    assert client.get("/lookup?url=acme/rocket%2312").headers["Location"] == moved


def test_a_repository_is_found_by_any_spelling_and_former_name(archive: Archive) -> None:
    """A rename upstream breaks no link."""
    archive.save()
    archive.save_repository(owner="NewOwner", name="NewName")
    client = archive.client()
    for path in ("/github.com/Acme/Rocket", "/github.com/newowner/newname/", "/github.com/acme/ROCKET/"):
        response = client.get(path)
        assert response.status_code == 301
        assert response.headers["Location"] == "/github.com/NewOwner/NewName"
    tree = page(client, "/github.com/NewOwner/NewName")
    assert "Also known as Acme/Rocket" in text(tree)


@pytest.mark.parametrize(
    "path",
    [
        "/github.com/Acme/Rocket/issues/x",
        "/github.com/Acme/Rocket/issues/0",
        "/github.com/Acme/Rocket/wiki/12",
        "/github.com/Acme/Rocket/issues/12@abc",
        "/github.com/Acme/Rocket/issues/12.json/history",
        "/github.com/Acme",
        "/nowhere",
    ],
)
def test_what_is_no_address_of_ours_is_a_404_page(archive: Archive, path: str) -> None:
    """Malformed addresses get the designed page, not a guess."""
    archive.save()
    tree = page(archive.client(), path, 404)
    assert text(tree, "h1") == "There is nothing at this address"
    assert tree.select("main a[href='/lookup']")


@pytest.mark.parametrize("suffix", ["", "/history", "@0123456789ab", "@20270101T000000Z"])
@pytest.mark.parametrize("thread", ["/github.com/Acme/Rocket/issues/99", "/github.com/no/where/pull/99"])
def test_what_is_not_held_says_how_to_save_it(archive: Archive, thread: str, suffix: str) -> None:
    """The page shows the command, and the original."""
    tree = page(archive.client(), thread + suffix, 404)
    assert tree.select_one(".command").get_text() == f"onrecord crawl https:/{thread}"
    # What is held of the repository is only offered where there is something.
    assert bool(tree.select("main a[href='/github.com/Acme/Rocket']")) == ("Acme" in thread)


# --- repositories -----------------------------------------------------------------------------------------------------


def test_a_repository_lists_its_debates_newest_first_and_by_the_page(archive: Archive) -> None:
    """Fifty on a page; a page beyond the last is none."""
    for number in range(1, 53):
        archive.save(number, title=f"Debate {number}", created_at=OPENED + timedelta(days=number))
    client = archive.client()
    tree = page(client, "/github.com/Acme/Rocket")
    titles = [each.get_text() for each in tree.select(".list h3")]
    assert titles[:2] == ["Debate 52", "Debate 51"]
    assert len(titles) == 50
    following = tree.select_one("a[rel=next]")["href"]
    assert [each.get_text() for each in page(client, following).select(".list h3")] == ["Debate 2", "Debate 1"]
    beyond = page(client, "/github.com/Acme/Rocket?page=3", 404)
    assert "The last page is page 2" in text(beyond)
    assert [each["href"] for each in beyond.select("main a")] == [following]
    page(client, "/github.com/Acme/Rocket?page=1000000", 404)
    page(client, "/github.com/Acme/Rocket?page=0", 400)
    page(client, "/github.com/Acme/Rocket?page=x", 400)


def test_a_repository_says_what_is_missing(archive: Archive) -> None:
    """Gaps and failures are part of the record: an archive that hides them misleads."""
    archive.save(comments=())
    archive.save(13, comments=(), title="Short")
    with archive.store.transaction() as tx:
        tx.note_failure(77, "#14", "no answer in time")
    tree = page(archive.client(), "/github.com/Acme/Rocket")
    coverage = text(tree, "section[aria-labelledby=coverage]")
    assert "#14: no answer in time" in coverage
    assert "the list of threads was never read to its end" in coverage


def test_a_thread_with_missing_comments_is_named_as_a_gap(archive: Archive) -> None:
    """GitHub counts three comments, none could be fetched."""
    archive.save(13, upstream_comments=3)
    tree = page(archive.client(), "/github.com/Acme/Rocket")
    assert "0 of 3 comments could be fetched" in text(tree, "section[aria-labelledby=coverage]")


def test_the_repositories_are_listed(archive: Archive) -> None:
    """With what is held of each."""
    assert "0 debates" in text(page(archive.client(), "/github.com/"), ".list .about")
    archive.save()
    tree = page(archive.client(), "/github.com/")
    assert tree.select_one(".list a")["href"] == "/github.com/Acme/Rocket"
    assert "1 debate" in text(tree, ".list .about")


# --- lookup -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reference", "target"),
    [
        ("https://github.com/Acme/Rocket/issues/12", THREAD),
        ("http://www.github.com/acme/rocket/pull/12/?x=1#issuecomment-501", f"{THREAD}#issuecomment-501"),
        ("https://github.com/old/name/pull/12/files#r5", f"{THREAD}#discussion_r5"),
        ("api.github.com/repos/acme/rocket/issues/12", THREAD),
        ("  acme/rocket#12 ", THREAD),
        ("https://github.com/acme/rocket", "/github.com/Acme/Rocket"),
        ("acme/rocket", "/github.com/Acme/Rocket"),
        ("https://api.github.com/repos/old/name/issues/comments/501", f"{THREAD}#issuecomment-501"),
        (f"http://archive.test{THREAD}@0123456789ab#issuecomment-501", f"{THREAD}@0123456789ab#issuecomment-501"),
        ("archive.test/github.com/acme/rocket/issues/12/history", "/github.com/acme/rocket/issues/12/history"),
        ("https://ARCHIVE.test/github.com/acme/rocket", "/github.com/acme/rocket"),
        ("/github.com/Acme/Rocket/issues/12%4020270101T000000Z.json", f"{THREAD}@20270101T000000Z.json"),
    ],
)
def test_any_address_on_github_leads_to_its_record(archive: Archive, reference: str, target: str) -> None:
    """Of whatever form, by a former name too, with its anchor; a link of this archive leads where it always did."""
    archive.save(comments=(comment(501, "No."), comment(5, "Here.", kind=PostKind.REVIEW_COMMENT)))
    archive.save_repository(RepositoryRef("Old", "Name"))
    response = archive.client().get("/lookup", query_string={"url": reference})
    assert response.status_code == 302
    assert response.headers["Location"] == target


def test_a_lookup_of_what_is_not_held_shows_the_command(archive: Archive) -> None:
    """A thread of a repository that is held, and one of a repository that is not."""
    archive.save()
    client = archive.client()
    for reference in ("acme/rocket#99", "https://github.com/no/where/pull/3", "no/where"):
        tree = page(client, f"/lookup?url={reference.replace('#', '%23')}", 404)
        assert text(tree, ".command").startswith("onrecord crawl https://github.com/")


def test_a_lookup_of_something_else_says_what_is_understood(archive: Archive) -> None:
    """What was typed stays in the field, and is only text."""
    tree = page(archive.client(), "/lookup?url=%22%3E%3Cscript%3E", 400)
    assert tree.select_one("#url")["value"] == '"><script>'
    assert text(tree, "[role=alert]").startswith('“"><script>” is neither owner/repository')
    assert not tree.select(FOREIGN_SCRIPT)


def test_the_lookup_form_is_labelled(archive: Archive) -> None:
    """A screen reader says what the field is for."""
    tree = page(archive.client(), "/lookup")
    assert tree.select_one("label[for=url]")


@pytest.mark.parametrize("path", ["//evil.example/github.com/a/b", "https://evil.example/github.com/Acme/Rocket"])
def test_a_lookup_leads_nowhere_else(archive: Archive, path: str) -> None:
    """What merely looks like a link of this archive is refused, not followed."""
    response = archive.client().get("/lookup", query_string={"url": path})
    assert response.status_code == 400


def test_a_comment_that_is_not_held_is_said_to_be_so(archive: Archive) -> None:
    """Of an address of GitHub's API, which names no thread."""
    archive.save()
    for number in ("777", "9" * 18):
        reference = f"https://api.github.com/repos/acme/rocket/issues/comments/{number}"
        assert f"number {number}" in text(page(archive.client(), f"/lookup?url={reference}", 404), "[role=alert]")


# --- what a reader must be told ---------------------------------------------------------------------------------------


def test_a_thread_says_what_is_missing_from_it(archive: Archive) -> None:
    """At its head and in the exhibit, on its own page and on its snapshot's; an older snapshot is not vouched for."""
    first = archive.save(upstream_comments=3)
    client = archive.client()
    words = "Not everything is held. 0 of 3 comments could be fetched"
    for path in (THREAD, f"{THREAD}@{first}"):
        assert text(page(client, path), "header .gap") == f"{words}."
        assert words in text(page(client, path), ".cite")
    archive.save(title="Renamed", upstream_comments=4)
    assert "whether this version is complete is not known" in text(page(client, f"{THREAD}@{first}"), "header .gap")
    archive.save(13)
    assert not page(client, "/github.com/Acme/Rocket/issues/13").select(".gap")


def test_a_thread_without_a_title_is_cited_as_such(archive: Archive) -> None:
    """The citation has no empty quotation marks."""
    archive.save(title="")
    assert "“(no title)”" in text(page(archive.client(), THREAD), ".cited")


def test_letters_that_run_from_right_to_left_do(archive: Archive) -> None:
    """Each version of each post finds its own direction, and an old title does not turn the sentence around it."""
    archive.save(title="רישיון?", comments=(comment(501, "שלום"),))
    archive.save(title="License?", comments=(comment(501, "Hello", edited=archive.now - timedelta(hours=2)),))
    client = archive.client()
    assert all(each["dir"] == "auto" for each in page(client, THREAD).select("div.text"))
    assert text(page(client, f"{THREAD}/history"), ".list p:not(.meta) bdi") == "רישיון?"


def test_what_scrolls_sideways_can_be_reached_by_keyboard(archive: Archive) -> None:
    """Code and tables take the focus; the table's box has a name."""
    archive.save(body="```\ncode\n```\n\n| a | b |\n|--|--|\n| 1 | 2 |\n")
    tree = page(archive.client(), THREAD)
    assert [each["tabindex"] for each in tree.select(".text pre, .text .scroll")] == ["0", "0"]
    assert tree.select_one(".text .scroll[aria-label] > table")
    assert not tree.select(".text table table")


def test_what_is_put_into_a_post_cannot_break_out_of_an_attribute(archive: Archive) -> None:
    """A `<pre>` or `<table>` in an attribute's value stays text, whatever stands around it."""
    evil = '<abbr title="<pre><script>alert(1)</script><table><img src=x onerror=alert(2)></table>">x</abbr>'
    archive.save(body=evil)
    tree = page(archive.client(), THREAD)
    assert not tree.select(f"{FOREIGN_SCRIPT}, img, .text pre, .text table, .text .scroll")
    assert "alert(1)" in tree.select_one(".text abbr")["title"]
