"""What a thread's page tells programs: Link headers, metadata for reference managers, JSON-LD, oEmbed."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any
from xml.etree import ElementTree

import pytest
from archives import FOREIGN_SCRIPT, OPENED, Archive
from archives import post as comment
from bs4 import BeautifulSoup

from archiver.model import PostKind
from archiver.references import ThreadKind

THREAD = "/github.com/Acme/Rocket/issues/12"
HERE = f"http://archive.test{THREAD}"
SECRET = "Zanzibar"
EVIL = "</script><script>alert(1)</script><!-- <script> ]]> \" ' & \u2028 \u2029 \\u003c \x00"


def tree(archive: Archive, path: str = THREAD) -> BeautifulSoup:
    """Return the page's tree."""
    response = archive.client().get(path)
    assert response.status_code == 200
    return BeautifulSoup(response.get_data(as_text=True), "html.parser")


def links(header: str) -> list[tuple[str, str, str]]:
    """Read a Link header (RFC 8288): target, relation, media type or empty."""
    found = re.findall(r'<([^>]*)>; rel="([^"]*)"(?:; type="([^"]*)")?(?:, |\Z)', header)
    assert sum(len(each) for each in re.split(r"<[^>]*>", header)) > 0
    return found


# --- Link headers -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["", "@{digest}"])
def test_the_page_of_a_thread_signposts_its_citation(archive: Archive, version: str) -> None:
    """cite-as, author, type, describedby, item, collection; each link of ours answers, with the type that it has."""
    digest = archive.save(comments=(comment(501, "No."),))
    client = archive.client()
    header = client.get(f"{THREAD}{version.format(digest=digest)}").headers["Link"]
    fixed = f"{HERE}@{digest[:32]}"
    assert links(header) == [
        (fixed, "cite-as", ""),
        ("https://github.com/asker", "author", ""),
        ("https://schema.org/DiscussionForumPosting", "type", ""),
        ("https://schema.org/AboutPage", "type", ""),
        (f"{fixed}.bib", "describedby", "application/x-bibtex"),
        (f"{fixed}.ris", "describedby", "application/x-research-info-systems"),
        (f"{fixed}.csl.json", "describedby", "application/vnd.citationstyles.csl+json"),
        (f"{fixed}.md", "item", "text/markdown"),
        (f"{fixed}.json", "item", "application/json"),
        ("http://archive.test/github.com/Acme/Rocket", "collection", "text/html"),
    ]
    for target, _, mimetype in links(header):
        if target.startswith("http://archive.test"):
            answer = client.get(target.removeprefix("http://archive.test"))
            assert (answer.status_code, answer.mimetype) == (200, mimetype or "text/html")


def test_a_license_is_named_by_the_operator_or_by_nobody(archive: Archive) -> None:
    """The texts are not ours to license, and no page passes the program's own license off as theirs."""
    archive.save()
    plain = archive.client()
    terms = "https://rightsstatements.org/vocab/CNE/1.0/"
    client = archive.client(license=terms)
    assert 'rel="license"' not in plain.get(THREAD).headers["Link"]
    assert 'rel="license"' not in plain.get(THREAD).text + plain.get("/about").text
    assert (terms, "license", "") in links(client.get(THREAD).headers["Link"])
    for path in (THREAD, "/about"):
        found = BeautifulSoup(client.get(path).text, "html.parser").select("a[rel=license]")
        assert {each["href"] for each in found} == {terms}


@pytest.mark.parametrize("login", [None, "dependabot[bot]"])
def test_an_author_without_a_profile_is_not_linked(archive: Archive, login: str | None) -> None:
    """A deleted account has none, and a bot has none at that address."""
    archive.save(login=login)
    assert 'rel="author"' not in archive.client().get(THREAD).headers["Link"]


def test_a_withdrawn_author_is_told_nowhere_on_the_page(archive: Archive) -> None:
    """Neither in the header nor in the head; and a thread without its opening post is described to nobody."""
    archive.save(title=SECRET, body=SECRET, login="mallory", comments=(comment(501, "No."),))
    archive.withdraw("issue-9012")
    response = archive.client().get(THREAD)
    for each in (response.headers["Link"], response.text):
        assert "mallory" not in each
        assert SECRET not in each
    found = BeautifulSoup(response.text, "html.parser")
    assert not found.select('script[type="application/ld+json"], meta[name=description], meta[name=citation_author]')
    assert found.select_one("meta[name=citation_title]")["content"] == "(title withdrawn)"


# --- metadata ---------------------------------------------------------------------------------------------------------


def test_the_head_has_what_reference_managers_look_for(archive: Archive) -> None:
    """Zotero's type too: its translator would take the page for a journal's article; the author is one name."""
    digest = archive.save(title=f"A {EVIL}", labels=("legal",))
    fixed = f"{HERE}@{digest[:32]}"
    found = tree(archive)
    named = {each["name"]: each["content"] for each in found.select("meta[name][content]")}
    title = "A </script><script>alert(1)</script><!-- <script> ]]> \" ' & \\u003c"
    wanted = {
        "z:itemType": "forumPost",
        "citation_title": title,
        "citation_author": "asker",
        "citation_publication_date": "2018/02/16",
        "citation_public_url": fixed,
        "prism.publicationName": "Acme/Rocket, issue 12, GitHub",
        "DC.title": title,
        "DC.creator": "asker",
        "DC.date": "2018-02-16T09:12:00Z",
        "DC.identifier": fixed,
        "DC.source": "https://github.com/Acme/Rocket/issues/12",
        "DC.type": "GitHub issue",
        "description": "Would you consider a *copyleft* license?",
    }
    assert {name: named.get(name) for name in wanted} == wanted
    assert found.select_one('link[rel="schema.DC"]')["href"] == "http://purl.org/dc/elements/1.1/"
    graph = {each["property"]: each["content"] for each in found.select("meta[property]")}
    assert graph == {
        "og:type": "article",
        "og:title": title,
        "og:url": HERE,
        "og:site_name": "onrecord",
        "og:description": "Would you consider a *copyleft* license?",
        "article:published_time": "2018-02-16T09:12:00Z",
    }
    fixed_page = tree(archive, f"{THREAD}@{digest[:32]}")
    assert fixed_page.select_one('meta[property="og:url"]')["content"] == fixed


# --- JSON-LD ----------------------------------------------------------------------------------------------------------

# Google, "Discussion forum (DiscussionForumPosting) structured data": what is required, and what is recommended and can
# be known here. (Of `text`, `image` and `video` one is required; `agentInteractionStatistic`, `sharedContent` are
# for what is not held.)
POSTING = {"author", "datePublished", "text"}
POSTING_TOO = {"comment", "headline", "interactionStatistic", "isPartOf", "mainEntityOfPage", "url"}
COMMENT = {"author", "datePublished", "text"}
COMMENT_TOO = {"url"}
INTERACTIONS = {f"https://schema.org/{each}" for each in ("LikeAction", "CommentAction")}


def described(archive: Archive, path: str = THREAD) -> dict[str, Any]:
    """Return the JSON-LD of a page."""
    scripts = tree(archive, path).select('script[type="application/ld+json"]')
    assert len(scripts) == 1
    found: dict[str, Any] = json.loads(scripts[0].get_text())
    return found


def check(told: dict[str, Any], required: set[str], recommended: set[str]) -> None:
    """Check one posting or comment, and those within it, against what is documented."""
    assert required | recommended <= told.keys()
    assert told["author"]["@type"] in {"Person", "Organization"}
    assert told["author"]["name"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", told["datePublished"])
    assert re.fullmatch(r"http://archive\.test/\S+", told["url"])
    assert told["text"]
    assert told.get("creativeWorkStatus", "Deleted") == "Deleted"
    for each in told.get("interactionStatistic", []):
        assert each["@type"] == "InteractionCounter"
        assert each["interactionType"] in INTERACTIONS
        assert isinstance(each["userInteractionCount"], int)
    for each in told.get("comment", []):
        assert each["@type"] == "Comment"
        check(each, COMMENT, COMMENT_TOO)


def test_json_ld_has_googles_fields(archive: Archive) -> None:
    """Required and recommended ones, for the posting and every comment; who has a profile has its address."""
    comments = (
        comment(501, "No.", "boss", reactions={"+1": 3, "eyes": 1}),
        comment(502, "", None, edited=OPENED + timedelta(days=2)),
        comment(503, "Gone.", "kim"),
    )
    digest = archive.save(comments=comments)
    archive.lose(503)
    told = described(archive)
    assert (told["@context"], told["@type"]) == ("https://schema.org", "DiscussionForumPosting")
    check(told, POSTING, POSTING_TOO)
    assert told["headline"] == "Relicense under a copyleft license?"
    assert told["author"] == {"@type": "Person", "name": "asker", "url": "https://github.com/asker"}
    assert told["url"] == told["mainEntityOfPage"] == HERE
    assert told["isPartOf"]["url"] == "http://archive.test/github.com/Acme/Rocket"
    assert told["commentCount"] == told["interactionStatistic"][0]["userInteractionCount"] == 3
    first, second, third = told["comment"]
    assert first["interactionStatistic"][0]["userInteractionCount"] == 3
    assert second["author"] == {"@type": "Person", "name": "deleted account"}
    assert second["dateModified"] == "2018-02-18T09:12:00Z"
    assert third["creativeWorkStatus"] == "Deleted"
    assert third["url"] == f"{HERE}#issuecomment-503"
    fixed = described(archive, f"{THREAD}@{digest[:32]}")
    check(fixed, POSTING, POSTING_TOO)
    assert fixed["url"] == f"{HERE}@{digest[:32]}"
    assert "creativeWorkStatus" not in fixed["comment"][2]


def test_replies_are_nested_in_what_they_reply_to(archive: Archive) -> None:
    """Those of discussions and those below lines of code, however deep."""
    comments = (
        comment(901, "MIT?"),
        comment(902, "Why?", reply_to=901),
        comment(903, "So.", reply_to=902),
        comment(904, "Hm."),
    )
    archive.save(15, kind=ThreadKind.DISCUSSION, comments=comments)
    told = described(archive, "/github.com/Acme/Rocket/discussions/15")
    check(told, POSTING, POSTING_TOO)
    assert [each["text"] for each in told["comment"]] == ["MIT?", "Hm."]
    assert told["comment"][0]["comment"][0]["comment"][0]["text"] == "So."


def test_json_ld_cannot_be_ended_by_what_is_in_it(archive: Archive) -> None:
    """Neither by a tag nor by a comment, in title, text or login; and it says what they said."""
    archive.save(title=EVIL, body=EVIL, comments=(comment(501, EVIL, "</script>"),))
    found = tree(archive)
    assert not found.select(FOREIGN_SCRIPT)
    told = described(archive)
    assert told["headline"] == " ".join(EVIL.replace("\x00", "").split())
    assert told["comment"][0]["author"]["name"] == "</script>"
    raw = archive.client().get(THREAD).text
    script = raw.partition('<script type="application/ld+json">')[2].partition("</script>")[0]
    assert not set("<>&\u2028\u2029") & set(script)


def test_what_is_described_is_bounded_and_masked(archive: Archive) -> None:
    """A long thread is described by its first posts, and long texts by their beginnings."""
    comments = tuple(comment(1000 + number, f"Mail kim@example.org: {'word ' * 10_000}") for number in range(60))
    archive.save(body="é" * 50_000, comments=comments)
    found = tree(archive).select_one('script[type="application/ld+json"]').get_text()
    assert len(found) < 40_000
    told = json.loads(found)
    assert (told["commentCount"], len(told["comment"])) == (60, 30)
    assert all(len(each["text"]) <= 501 for each in told["comment"])
    assert "k…@example.org" in found
    assert "kim@example.org" not in found


def test_a_withdrawn_post_is_not_described(archive: Archive) -> None:
    """The others are, and are counted."""
    archive.save(comments=(comment(501, SECRET, "mallory"), comment(502, "Oh.")))
    archive.withdraw("issuecomment-501")
    told = described(archive)
    assert [each["text"] for each in told["comment"]] == ["Oh."]
    assert told["commentCount"] == 1


# --- oEmbed -----------------------------------------------------------------------------------------------------------


def test_oembed_is_found_and_quotes_the_thread(archive: Archive) -> None:
    """The page names both addresses; JSON and XML say the same; the HTML is a quotation with both links."""
    digest = archive.save()[:32]
    client = archive.client()
    found = tree(archive)
    addresses = {each["type"]: each["href"] for each in found.select("link[rel=alternate][type$=oembed]")}
    assert set(addresses) == {"application/json+oembed", "text/xml+oembed"}
    answers = [client.get(each.removeprefix("http://archive.test")) for each in addresses.values()]
    assert [each.mimetype for each in answers] == ["application/json", "text/xml"]
    told = answers[0].get_json()
    assert {each.tag: each.text for each in ElementTree.fromstring(answers[1].data)} == {
        k: str(v) for k, v in told.items()
    }
    assert (told["version"], told["type"], told["width"], told["height"]) == ("1.0", "rich", 600, 400)
    assert told["title"] == "Relicense under a copyleft license?"
    assert (told["author_name"], told["author_url"]) == ("asker", "https://github.com/asker")
    assert (told["provider_name"], told["provider_url"]) == ("onrecord", "http://archive.test/")
    html = BeautifulSoup(told["html"], "html.parser")
    assert html.p.get_text() == "Would you consider a *copyleft* license?"
    assert [each["href"] for each in html.select("a")] == [
        f"{HERE}@{digest}",
        "https://github.com/Acme/Rocket/issues/12",
    ]
    assert answers[0].headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize("form", ["json", "xml"])
def test_oembed_of_a_post_quotes_it_harmlessly(archive: Archive, form: str) -> None:
    """By its anchor, in this or another version; whatever it says, there is nothing but a quotation."""
    digest = archive.save(title=EVIL, comments=(comment(501, EVIL + " kim@example.org", '"><img>'),))
    for version in ("", f"@{digest}", "@20270101T000000Z"):
        url = f"{HERE}{version}#issuecomment-501"
        response = archive.client().get("/oembed", query_string={"url": url, "format": form})
        assert response.status_code == 200
        html = response.get_json()["html"] if form == "json" else ElementTree.fromstring(response.data).findtext("html")
        found = BeautifulSoup(html, "html.parser")
        assert {each.name for each in found.find_all(True)} == {"blockquote", "p", "footer", "a"}
        assert "alert(1)" in found.p.get_text()
        assert "k…@example.org" in found.p.get_text()
        assert found.blockquote["cite"] == f"{HERE}@{digest[:32]}#issuecomment-501"


def test_oembed_keeps_to_the_size_that_it_is_given(archive: Archive) -> None:
    """Never larger than its own."""
    archive.save()
    client = archive.client()
    told = client.get("/oembed", query_string={"url": HERE, "maxwidth": "320", "maxheight": "9999"}).get_json()
    assert (told["width"], told["height"]) == (320, 400)
    assert client.get("/oembed", query_string={"url": HERE, "maxwidth": "x"}).status_code == 400
    for limit in ({"maxwidth": "1"}, {"maxheight": "20"}):
        # Of what has no room there is a link: one pixel shows nothing, and more than was allowed must not be claimed.
        small = client.get("/oembed", query_string={"url": HERE, **limit}).get_json()
        assert small["type"] == "link"
        assert not small.keys() & {"html", "width", "height"}
        assert small["title"]


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"url": HERE, "format": "yaml"}, 501),
        ({}, 404),
        *(({"url": url}, 404) for url in (f"{HERE}/history", f"{HERE}.json", f"{HERE}@000000000000", "http://x.test/")),
        *(
            ({"url": url}, 404)
            for url in (f"{HERE}#issuecomment-9", f"{HERE}@20180101T000000Z", HERE.replace("12", "13"))
        ),
        ({"url": "http://archive.test/github.com/No/Where/issues/12"}, 404),
        ({"url": "http://archive.test/github.com/Acme/Rocket"}, 404),
    ],
)
def test_oembed_knows_nothing_but_threads(archive: Archive, query: dict[str, str], status: int) -> None:
    """Any other address is 404, another format 501, as the specification has them; in JSON."""
    archive.save()
    response = archive.client().get("/oembed", query_string=query)
    assert (response.status_code, response.mimetype) == (status, "application/json")


def test_oembed_of_what_is_withdrawn_is_a_tombstone(archive: Archive) -> None:
    """Of a post, and of a thread, with its reason."""
    archive.save(comments=(comment(501, SECRET, "mallory"),))
    archive.withdraw("issuecomment-501")
    client = archive.client()
    response = client.get("/oembed", query_string={"url": f"{HERE}#issuecomment-501"})
    assert response.status_code == 410
    assert SECRET not in response.text + client.get("/oembed", query_string={"url": HERE}).text
    archive.withdraw(reason="legal")
    assert archive.client().get("/oembed", query_string={"url": HERE}).status_code == 451


def test_oembed_of_a_review_comment_names_it_by_its_words(archive: Archive) -> None:
    """As its citation does."""
    archive.save(14, kind=ThreadKind.PULL, comments=(comment(821, "Why?", kind=PostKind.REVIEW_COMMENT),))
    url = "http://archive.test/github.com/Acme/Rocket/pull/14#discussion_r821"
    assert archive.client().get("/oembed", query_string={"url": url}).get_json()["title"] == "Why?"
