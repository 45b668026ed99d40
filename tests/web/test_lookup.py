"""Every form in which people and programs write an address on GitHub leads to the record."""

from __future__ import annotations

import pytest
from archives import Archive
from archives import post as comment
from bs4 import BeautifulSoup
from flask.testing import FlaskClient
from pages import text as seen

from archiver.model import PostKind
from archiver.references import ThreadKind
from web.lookup import bare

ISSUE = "/github.com/Acme/Rocket/issues/12"
PULL = "/github.com/Acme/Rocket/pull/13"


@pytest.fixture
def client(archive: Archive) -> FlaskClient:
    """Make a site that holds an issue with a comment, and a pull request with a review and a comment on code."""
    archive.save(comments=(comment(501, "A word."),))
    review = comment(601, "Fine.", kind=PostKind.REVIEW, state="APPROVED")
    on_code = comment(701, "Here.", kind=PostKind.REVIEW_COMMENT)
    archive.save(13, comments=(review, on_code), kind=ThreadKind.PULL, upstream_comments=0)
    archive.save(
        14, kind=ThreadKind.DISCUSSION, comments=(comment(805, "Hm."), comment(806, "So.", kind=PostKind.ANSWER))
    )
    return archive.client()


GITHUB = "https://github.com/Acme/Rocket"
API = "https://api.github.com/repos/Acme/Rocket"
FORMS = [
    (f"{GITHUB}/issues/12", ISSUE),
    (f"{GITHUB}/issues/12/", ISSUE),
    (f"{GITHUB}/issues/12?utm_source=x&y=z", ISSUE),
    (f"{GITHUB}/issues/12#issuecomment-501", f"{ISSUE}#issuecomment-501"),
    (f"{GITHUB}/issues/12/?q=1#issuecomment-501", f"{ISSUE}#issuecomment-501"),
    (f"{GITHUB}/issues/12#issue-9012", f"{ISSUE}#issue-9012"),
    (f"{GITHUB}/issues/12#event-77", ISSUE),
    (f"{GITHUB}/issues/12#partial-timeline", ISSUE),
    (f"{GITHUB}/issue/12", ISSUE),
    (f"{GITHUB}/pull/12", ISSUE),
    (f"{GITHUB}/issues/13", PULL),
    (f"{GITHUB}/pull/13/files", PULL),
    (f"{GITHUB}/pull/13/commits", PULL),
    (f"{GITHUB}/pull/13/commits/0123abc", PULL),
    (f"{GITHUB}/pull/13/checks", PULL),
    (f"{GITHUB}/pull/13.diff", PULL),
    (f"{GITHUB}/pull/13.patch", PULL),
    (f"{GITHUB}/pulls/13", PULL),
    (f"{GITHUB}/pull/13#discussion_r701", f"{PULL}#discussion_r701"),
    (f"{GITHUB}/pull/13/files#r701", f"{PULL}#discussion_r701"),
    (f"{GITHUB}/pull/13/files/a..b#r701", f"{PULL}#discussion_r701"),
    (f"{GITHUB}/pull/13#pullrequestreview-601", f"{PULL}#pullrequestreview-601"),
    (f"{GITHUB}/discussions/14", "/github.com/Acme/Rocket/discussions/14"),
    (f"{GITHUB}/discussions/14#discussioncomment-805", "/github.com/Acme/Rocket/discussions/14#discussioncomment-805"),
    (f"{GITHUB}/discussions/14#discussioncomment-806", "/github.com/Acme/Rocket/discussions/14#discussioncomment-806"),
    ("http://github.com/Acme/Rocket/issues/12", ISSUE),
    ("http://www.github.com/Acme/Rocket/issues/12", ISSUE),
    ("https://m.github.com/Acme/Rocket/issues/12", ISSUE),
    ("HTTPS://GitHub.com/ACME/rocket/issues/12", ISSUE),
    ("github.com/acme/rocket/issues/12", ISSUE),
    ("www.github.com/acme/rocket/issues/12", ISSUE),
    ("//github.com/acme/rocket/issues/12", ISSUE),
    ("acme/rocket/issues/12", ISSUE),
    ("acme/rocket#12", ISSUE),
    (" Acme/Rocket#13 ", PULL),
    ("<https://github.com/Acme/Rocket/issues/12>", ISSUE),
    ("https://github.com/Acme/Rocket/issues/12.", ISSUE),
    ("https://github.com/Acme/Rocket/issues/12),", ISSUE),
    ("“https://github.com/Acme/Rocket/issues/12”", ISSUE),
    ("<https://github.com/Acme/Rocket/issues/12>.", ISSUE),
    ("(https://github.com/Acme/Rocket/issues/12#issuecomment-501).", f"{ISSUE}#issuecomment-501"),
    ("[https://github.com/Acme/Rocket/issues/12]", ISSUE),
    ("“https://github.com/Acme/Rocket/issues/12”,", ISSUE),
    ("https%3A%2F%2Fgithub.com%2FAcme%2FRocket%2Fissues%2F12%23issuecomment-501", f"{ISSUE}#issuecomment-501"),
    ("https://github.com/Acme%2FRocket/issues/12", None),
    ("https://web.archive.org/web/20200101000000/https://github.com/Acme/Rocket/issues/12", ISSUE),
    ("web.archive.org/web/2020*/http://github.com/acme/rocket/issues/12", ISSUE),
    (f"{API}/issues/12", ISSUE),
    (f"{API}/issues/12/comments?per_page=100", ISSUE),
    (f"{API}/issues/12/timeline", ISSUE),
    (f"{API}/pulls/13", PULL),
    (f"{API}/pulls/13/reviews/601", f"{PULL}#pullrequestreview-601"),
    (f"{API}/issues/comments/501", f"{ISSUE}#issuecomment-501"),
    (f"{API}/issues/comments/501/reactions", None),
    (f"{API}/pulls/comments/701", f"{PULL}#discussion_r701"),
    ("https://api.github.com/repositories/77", "/github.com/Acme/Rocket"),
    ("https://api.github.com/repositories/77/issues/13", PULL),
    ("https://api.github.com/repositories/77/pulls/13/reviews/601", f"{PULL}#pullrequestreview-601"),
    (API, "/github.com/Acme/Rocket"),
    (GITHUB, "/github.com/Acme/Rocket"),
    (f"{GITHUB}.git", "/github.com/Acme/Rocket"),
    (f"{GITHUB}/issues", "/github.com/Acme/Rocket"),
    (f"{GITHUB}/blob/main/LICENSE", "/github.com/Acme/Rocket"),
    ("git@github.com:Acme/Rocket.git", "/github.com/Acme/Rocket"),
    ("acme/rocket", "/github.com/Acme/Rocket"),
    (f"http://archive.test{ISSUE}", ISSUE),
    (f"archive.test{ISSUE}@0123456789ab#issuecomment-501", f"{ISSUE}@0123456789ab#issuecomment-501"),
    (f"{ISSUE}/history", f"{ISSUE}/history"),
    (f"http://archive.test{ISSUE}.bib", f"{ISSUE}.bib"),
    (
        f"http://archive.test{ISSUE}/compare?from=0123456789ab&to=ba9876543210",
        f"{ISSUE}/compare?from=0123456789ab&to=ba9876543210",
    ),
]


@pytest.mark.parametrize(("text", "expected"), FORMS, ids=[each[0] for each in FORMS])
def test_every_form_of_an_address_leads_to_the_record(client: FlaskClient, text: str, expected: str | None) -> None:
    """One redirect, to the canonical address, with the anchor of the post; what leads nowhere is said kindly."""
    response = client.get("/lookup", query_string={"url": text})
    if expected is None:
        assert response.status_code in {400, 404}
        return
    assert (response.status_code, response.headers.get("Location")) == (302, expected)


def test_an_old_name_leads_to_the_record(archive: Archive) -> None:
    """In each of the forms that name a repository."""
    archive.save(comments=(comment(501, "A word."),))
    archive.save_repository(owner="Zenith", name="Probe")
    client = archive.client()
    now = "/github.com/Zenith/Probe/issues/12"
    for text, expected in (
        ("https://github.com/acme/rocket/issues/12#issuecomment-501", f"{now}#issuecomment-501"),
        ("acme/rocket#12", now),
        ("https://api.github.com/repos/acme/rocket/issues/comments/501", f"{now}#issuecomment-501"),
        ("acme/rocket", "/github.com/Zenith/Probe"),
    ):
        assert client.get("/lookup", query_string={"url": text}).headers["Location"] == expected


def test_what_is_not_held_can_be_saved(client: FlaskClient, archive: Archive) -> None:
    """The page says how, with the very command; a button is there only where the site says that it saves."""
    page = client.get("/lookup", query_string={"url": "https://github.com/Acme/Rocket/issues/99#issuecomment-1"})
    text = page.get_data(as_text=True)
    assert page.status_code == 404
    assert "onrecord crawl https://github.com/Acme/Rocket/issues/99" in text.replace("<wbr>", "")
    assert "/save" not in text


@pytest.mark.parametrize(
    "anchor", ["issuecomment-999", "discussion_r501", "r999", "pullrequestreview-999", "discussioncomment-999"]
)
def test_a_comment_that_is_not_held_is_said_so(client: FlaskClient, anchor: str) -> None:
    """Its thread is, but would be shown from its beginning, as if the comment had never been."""
    answer = client.get("/lookup", query_string={"url": f"{GITHUB}/issues/12#{anchor}"})
    assert answer.status_code == 404
    shown = seen(BeautifulSoup(answer.text, "html.parser"))
    assert "That comment is not on the record here" in shown
    assert "Relicense under a copyleft license?" in shown
    assert f'href="{ISSUE}"' in answer.text
    assert "onrecord crawl https://github.com/Acme/Rocket/issues/12" in shown
    assert "/save" not in answer.text


def test_withdrawn_and_deleted_comments_are_led_to(archive: Archive) -> None:
    """What stands in their place is at their anchor."""
    archive.save(comments=(comment(501, "A word."), comment(502, "Another.")))
    archive.lose(502)
    archive.withdraw("issuecomment-501")
    client = archive.client()
    for number in (501, 502):
        url = f"{GITHUB}/issues/12#issuecomment-{number}"
        assert client.get("/lookup", query_string={"url": url}).headers["Location"] == f"{ISSUE}#issuecomment-{number}"


@pytest.mark.parametrize(
    "text", ["https://example.org/a/b/issues/1", "what?", "https://gist.github.com/a/b", "http://["]
)
def test_what_is_no_address_is_400(client: FlaskClient, text: str) -> None:
    """With the form, and what was given in it, escaped."""
    page = client.get("/lookup", query_string={"url": text})
    assert page.status_code == 400
    assert "neither owner/repository" in page.get_data(as_text=True)


@pytest.mark.parametrize("number", ["999999999999999999", "5"])
def test_numbers_that_are_not_known_are_404(client: FlaskClient, number: str) -> None:
    """Of comments, reviews and repositories."""
    for url in (
        f"{API}/issues/comments/{number}",
        f"{API}/pulls/13/reviews/{number}",
        f"https://api.github.com/repositories/{number}",
    ):
        assert client.get("/lookup", query_string={"url": url}).status_code == 404


def test_what_stands_around_an_address_is_taken_off() -> None:
    """Brackets of Markdown and mail, stops at the end of a sentence, another archive's prefix."""
    assert bare("<https://a.b/c>") == "https://a.b/c"
    assert bare("https://a.b/c_(d)") == "https://a.b/c_(d)"
    assert bare("a/b#1.") == "a/b#1"
    assert bare("(<https://a.b/c>).") == "https://a.b/c"
    assert bare("(https://a.b/c_(d))") == "https://a.b/c_(d)"
