"""The page that says how to cite, and the files beside it, as a reader and a reference manager ask for them."""

from __future__ import annotations

from datetime import timedelta

import pytest
import rispy
import yaml
from archives import OPENED, Archive, edit, event
from archives import post as comment
from bs4 import BeautifulSoup
from pybtex.database import parse_string

from archiver.model import PostKind
from archiver.references import RepositoryRef, ThreadKind
from web.citation import shortened
from web.citation_texts import escaped

THREAD = "/github.com/Acme/Rocket/issues/12"
SECRET = "Zanzibar"
FORMS = ("bib", "ris", "csl.json", "md")


def tree(archive: Archive, path: str, status: int = 200) -> BeautifulSoup:
    """Return a page's tree, having checked its status."""
    response = archive.client().get(path)
    assert response.status_code == status
    return BeautifulSoup(response.get_data(as_text=True), "html.parser")


def taken(found: BeautifulSoup) -> dict[str, str]:
    """Return the forms of citing that a page has, by their names."""
    return {
        each.find(string=True).strip(): " ".join(each.find_next_sibling(class_="taken").get_text().split())
        for each in found.select(".form")
        if each.find_next_sibling(class_="taken")
    }


def test_a_thread_is_cited_in_every_form(archive: Archive) -> None:
    """Author, title, place, date, version, capture and both links, as each style has them; on its page too."""
    digest = archive.save()[:32]
    here, there = f"http://archive.test{THREAD}@{digest}", "https://github.com/Acme/Rocket/issues/12"
    found = taken(tree(archive, f"{THREAD}/cite"))
    assert list(found) == ["Plain", "Chicago (note)", "APA", "Bluebook", "Markdown", "BibTeX", "RIS", "CSL-JSON"]
    assert found["Plain"] == (
        "asker, “Relicense under a copyleft license?”, Acme/Rocket, issue 12, GitHub, 16 February 2018. "
        f"{there}. Archived by onrecord on 1 March 2026, 12:00 UTC, version {digest[:12]}: {here}"
    )
    assert found["Chicago (note)"] == (
        "asker, “Relicense under a copyleft license?,” Acme/Rocket, issue 12, GitHub, February 16, 2018, "
        f"{there}, archived March 1, 2026, at onrecord, {here}."
    )
    assert found["APA"] == (
        "asker. (2018, February 16). Relicense under a copyleft license? (Acme/Rocket, issue 12) [Online forum post]. "
        f"GitHub. {there} Archived March 1, 2026, at {here}"
    )
    assert found["Bluebook"] == (
        "asker, Relicense under a copyleft license?, Acme/Rocket, issue 12, GitHub (Feb. 16, 2018, 9:12 AM UTC), "
        f"{there} [{here}]."
    )
    assert found["Markdown"] == (
        f"asker, [“Relicense under a copyleft license?”](<{here}>), Acme/Rocket, issue 12, GitHub, 16 February 2018 "
        f"([original](<{there}>); archived by onrecord on 1 March 2026, 12:00 UTC, version {digest[:12]})"
    )
    thread = tree(archive, THREAD)
    assert taken(thread) == {name: text for name, text in found.items() if name != "Plain"}
    assert thread.select_one(".cited").get_text() == found["Plain"]
    assert thread.select_one(".record a[href='#cite']")


def test_a_post_is_cited_by_its_first_words(archive: Archive) -> None:
    """Its author's own, not those that it quotes; twenty of them; and with what it is a comment on."""
    body = "> Why not?\n\nWe **have** definitely thought about this,\n\nin the past. " + " ".join(map(str, range(30)))
    digest = archive.save(comments=(comment(501, body, "boss", edited=OPENED + timedelta(days=1)),))[:32]
    found = taken(tree(archive, f"{THREAD}@{digest}/cite?post=issuecomment-501"))
    words = "We have definitely thought about this, in the past. 0 1 2 3 4 5 6 7 8 9 10…"
    place = (
        "comment on “Relicense under a copyleft license?”, Acme/Rocket, issue 12, GitHub, 16 February 2018 (edited 17"
    )
    assert found["Plain"].startswith(f"boss, “{words}”, {place} February 2018). ")
    assert found["Plain"].endswith(f"http://archive.test{THREAD}@{digest}#issuecomment-501")
    assert found["Chicago (note)"].startswith("boss, comment on “Relicense under a copyleft license?,” Acme/Rocket, ")
    assert found["APA"].startswith(
        f"boss. (2018, February 16). {words} [Comment on the online forum post “Relicense under a copyleft license?” "
        "(Acme/Rocket, issue 12); edited February 17, 2018]. GitHub. https://"
    )
    assert found["Bluebook"].startswith(
        "boss, Comment to Relicense under a copyleft license?, Acme/Rocket, issue 12, GitHub"
    )
    assert f"[“{words}”](<http" in found["Markdown"]
    entry = next(
        iter(parse_string(archive.client().get(f"{THREAD}.bib?post=issuecomment-501").text, "bibtex").entries.values())
    )
    assert entry.fields["title"] == f"{{{words}}}"
    assert entry.fields["howpublished"].startswith("Comment on “Relicense")


def test_every_form_says_when_what_is_quoted_was_changed(archive: Archive) -> None:
    """Of a thread text and title, of a post its text; of a version, too, that was captured before GitHub told."""
    digest = archive.save()[:12]
    archive.tell(
        9012, edit(0, "Before."), edit(1440, "Would you consider a *copyleft* license?"), kind=PostKind.OPENING
    )
    archive.happen(event("renamed", minutes=2 * 1440, **{"from": "License?", "to": "Relicense"}))
    for path in (f"{THREAD}/cite", f"{THREAD}@{digest}/cite", f"{THREAD}@{digest}/cite?post=issue-9012"):
        found = taken(tree(archive, path))
        assert "GitHub, 16 February 2018 (edited 17 February 2018, retitled 18 February 2018). " in found["Plain"]
        assert "February 16, 2018, edited February 17, 2018, retitled February 18, 2018, h" in found["Chicago (note)"]
        assert "[Online forum post; edited February 17, 2018, retitled February 18, 2018]. " in found["APA"]
        assert "9:12 AM UTC) (edited Feb. 17, 2018, retitled Feb. 18, 2018), https" in found["Bluebook"]
        assert "16 February 2018, edited 17 February 2018, retitled 18 February 2018 (" in found["Markdown"]
        for form in ("BibTeX", "RIS", "CSL-JSON"):
            assert "Edited 2018-02-17T09:12:00Z, retitled 2018-02-18T09:12:00Z." in found[form]
    archive.save(comments=(comment(501, "No.", "boss"),))
    archive.save(comments=(comment(501, "No, never.", "boss"),))
    found = taken(tree(archive, f"{THREAD}/cite?post=issuecomment-501"))
    assert [name for name, text in found.items() if "dited before" not in text] == []
    assert "2018 (edited before 3 March 2026). " in found["Plain"]
    found = taken(tree(archive, f"{THREAD}@{archive.store.captures(77, 12)[1].digest}/cite?post=issuecomment-501"))
    assert [name for name, text in found.items() if "dited" in text] == []


def test_every_form_says_that_the_original_is_gone(archive: Archive) -> None:
    """And when that was noticed: also in the version that still has it, which is what its link leads to."""
    archive.save(comments=(comment(501, "No.", "boss"),))
    archive.lose(501)
    for path in (f"{THREAD}/cite?post=issuecomment-501", citing_link(archive, "issuecomment-501")):
        found = taken(tree(archive, path))
        assert "#issuecomment-501 (gone from GitHub, noticed 2 March 2026). Archived" in found["Plain"]
        assert "(gone from GitHub, noticed March 2, 2026), archived March 1" in found["Chicago (note)"]
        assert "(gone from GitHub, noticed March 2, 2026) Archived March 1" in found["APA"]
        assert "(gone from GitHub, noticed Mar. 2, 2026) [http" in found["Bluebook"]
        assert ">), gone from GitHub, noticed 2 March 2026; archived" in found["Markdown"]
        for form in ("BibTeX", "RIS", "CSL-JSON"):
            assert "gone from GitHub, noticed 2026-03-02" in found[form]
    with archive.store.transaction() as tx:
        tx.mark_thread_gone(77, 12, 410)
    assert [name for name, text in taken(tree(archive, f"{THREAD}/cite")).items() if "gone from" not in text] == []


def citing_link(archive: Archive, anchor: str) -> str:
    """Return where the page of a thread says that a post is cited."""
    (link,) = tree(archive, THREAD).select(f"[id='{anchor}'] a[href*='/cite?']")
    assert "@" in str(link["href"])
    return str(link["href"])


def test_every_post_leads_to_its_citation(archive: Archive) -> None:
    """As of the version at hand; a post that is gone, as of the last one that has it. One link each, and no more."""
    first = archive.save(comments=(comment(501, "No."), comment(502, "Gone.")))[:32]
    archive.lose(502)
    client = archive.client()
    found = tree(archive, THREAD)
    latest = found.select_one(".permalink a")["href"].rpartition("@")[2]
    links = [each["href"] for each in found.select("article.post a[href*='/cite?']")]
    assert links == [
        f"{THREAD}@{latest}/cite?post=issue-9012",
        f"{THREAD}@{latest}/cite?post=issuecomment-501",
        f"{THREAD}@{first}/cite?post=issuecomment-502",
    ]
    for link in links:
        page = client.get(link)
        assert page.status_code == 200
        assert link.partition("post=")[2] in page.text
    assert "gone from GitHub, noticed" in client.get(f"{THREAD}.ris?post=issuecomment-502").text


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("post", ["", "?post=issuecomment-501"])
def test_files_have_types_and_names_and_are_kept_like_pages(archive: Archive, form: str, post: str) -> None:
    """For the thread and for one version; a whole digest is cached as its page is; programs of other sites may read."""
    digest = archive.save(comments=(comment(501, "No."),))
    types = {
        "bib": "application/x-bibtex",
        "ris": "application/x-research-info-systems",
        "csl.json": "application/vnd.citationstyles.csl+json",
        "md": "text/markdown",
    }
    client = archive.client()
    answers = [client.get(f"{THREAD}{version}.{form}{post}") for version in ("", f"@{digest[:32]}", f"@{digest}")]
    for each in answers:
        assert each.status_code == 200
        assert each.headers["Content-Type"] == f"{types[form]}; charset=utf-8"
        where = "-issuecomment-501" if post else ""
        assert f'filename="acme-rocket-12{where}-{digest[:12]}.{form}"' in each.headers["Content-Disposition"]
        assert each.headers["Access-Control-Allow-Origin"] == "*"
        assert f"<http://archive.test{THREAD}@{digest[:32]}" in each.headers["Link"]
    assert len({each.text for each in answers}) == 1
    assert answers[0].headers["Cache-Control"] == "no-cache"
    assert all("immutable" in each.headers["Cache-Control"] for each in answers[1:])


@pytest.mark.parametrize("path", ["/cite", ".bib", ".ris", ".csl.json", ".md"])
def test_a_post_that_is_not_there_is_not_cited(archive: Archive, path: str) -> None:
    """404, as a page where a page was asked for, else in JSON; nothing else may stand behind the number either."""
    archive.save()
    client = archive.client()
    for query in ("?post=issuecomment-999", "?post=x", "?post=%3Cscript%3E"):
        response = client.get(f"{THREAD}{path}{query}")
        assert response.status_code == 404
        assert response.mimetype == ("text/html" if path == "/cite" else "application/json")
        assert "<script>" not in response.text
    assert client.get(f"{THREAD}.json/cite").status_code == 404
    assert client.get(f"{THREAD}/cite?post=").status_code == 200


@pytest.mark.parametrize("path", ["/cite", ".bib", ".md"])
def test_other_spellings_and_times_lead_to_the_citation(archive: Archive, path: str) -> None:
    """Which post is to be cited goes along on every redirect."""
    archive.save_repository(RepositoryRef("Old", "Name"))
    digest = archive.save(comments=(comment(501, "No."),))
    query = "?post=issuecomment-501"
    client = archive.client()
    for asked in ("/github.com/acme/rocket/pull/12", "/github.com/Old/Name/issues/12"):
        response = client.get(f"{asked}{path}{query}")
        assert (response.status_code, response.headers["Location"]) == (301, f"{THREAD}{path}{query}")
    response = client.get(f"{THREAD}@20270101T000000Z{path}{query}")
    assert (response.status_code, response.headers["Location"]) == (302, f"{THREAD}@{digest}{path}{query}")


@pytest.mark.parametrize("path", ["/cite", ".bib", ".ris", ".csl.json", ".md"])
@pytest.mark.parametrize("version", ["", "@{digest}"])
def test_a_withdrawn_post_is_cited_nowhere(archive: Archive, path: str, version: str) -> None:
    """Its tombstone instead, which no robot keeps; nor does the record of the whole thread tell its author or words."""
    digest = archive.save(comments=(comment(501, f"I live in {SECRET}.", "mallory"), comment(502, "Oh.")))
    archive.withdraw("issuecomment-501", reason="legal")
    client = archive.client()
    address = f"{THREAD}{version.format(digest=digest)}{path}"
    response = client.get(f"{address}?post=issuecomment-501")
    assert response.status_code == 451
    assert response.headers["X-Robots-Tag"] == "noindex"
    assert "for legal reasons" in response.text
    whole = client.get(address)
    assert whole.status_code == 200
    assert "immutable" not in whole.headers["Cache-Control"]
    for each in (response, whole):
        assert SECRET not in each.text
        assert "mallory" not in each.text


@pytest.mark.parametrize("path", ["/cite", ".bib", ".ris", ".csl.json", ".md"])
def test_of_a_withdrawn_opening_post_neither_author_nor_title_is_cited(archive: Archive, path: str) -> None:
    """The thread can be cited still, and says that its author is withdrawn, not that the account was deleted."""
    archive.save(title=f"{SECRET} license?", body=SECRET, login="mallory", comments=(comment(501, "No."),))
    archive.withdraw("issue-9012")
    client = archive.client()
    for query in ("", "?post=issuecomment-501"):
        response = client.get(f"{THREAD}{path}{query}")
        assert response.status_code == 200
        assert "(title withdrawn)" in response.text
        assert SECRET not in response.text
        assert "mallory" not in response.text
        assert "eleted account" not in response.text
    if path != ".md":
        assert "uthor withdrawn" in client.get(f"{THREAD}{path}").text


@pytest.mark.parametrize("path", ["/cite", ".bib", ".ris", ".csl.json", ".md"])
def test_a_withdrawn_thread_is_a_tombstone_in_every_form(archive: Archive, path: str) -> None:
    """A page, or an error in JSON."""
    digest = archive.save(title=SECRET)
    archive.withdraw()
    for version in ("", f"@{digest}"):
        response = archive.client().get(f"{THREAD}{version}{path}")
        assert response.status_code == 410
        assert response.mimetype == ("text/html" if path == "/cite" else "application/json")
        assert SECRET not in response.text


def test_a_deleted_account_is_no_author(archive: Archive) -> None:
    """Sentences say so or begin with the title, as the styles have it; files name nobody, and say so in the note."""
    archive.save(login=None, comments=(comment(501, "", None),))
    found = taken(tree(archive, f"{THREAD}/cite"))
    assert found["Plain"].startswith("(deleted account), “Relicense")
    assert found["Chicago (note)"].startswith("“Relicense under a copyleft license?,” Acme/Rocket")
    assert found["APA"].startswith(
        "Relicense under a copyleft license? (Acme/Rocket, issue 12) [Online forum post]. (2018, February 16). GitHub."
    )
    assert found["Bluebook"].startswith("Relicense under a copyleft license?, Acme/Rocket")
    record = rispy.loads(archive.client().get(f"{THREAD}.ris").text)[0]
    assert "authors" not in record
    assert record["notes"][0].endswith("Deleted account.")
    found = taken(tree(archive, f"{THREAD}/cite?post=issuecomment-501"))
    assert found["Plain"].startswith("(deleted account), comment on “Relicense")
    assert found["Chicago (note)"].startswith("Comment on “Relicense")
    assert found["APA"].startswith(
        "[Comment on the online forum post “Relicense under a copyleft license?” (Acme/Rocket, issue 12)]. (2018,"
    )


@pytest.mark.parametrize("mask", [True, False])
@pytest.mark.parametrize("path", ["/cite", ".bib", ".ris", ".csl.json", ".md"])
def test_addresses_are_masked_as_on_pages(archive: Archive, path: str, mask: bool) -> None:
    """Of title and first words, even if something unprintable interrupts them; unless the site shows all."""
    archive.save(title="Ask kim\u202e@example.org?", comments=(comment(501, "Mail lee@example.org."),))
    client = archive.client(mask=mask)
    for query, address in (("", "kim@example.org"), ("?post=issuecomment-501", "lee@example.org")):
        shown = client.get(f"{THREAD}{path}{query}").text.replace("\\", "")
        assert (address in shown) is not mask
        assert (address.replace(address[1:3], "…") in shown) is mask


def test_what_a_post_is_called_follows_from_its_kind(archive: Archive) -> None:
    """Reviews, comments on code, answers and replies are named as such."""
    kinds = (
        (comment(811, "Fine.", kind=PostKind.REVIEW, state="APPROVED"), "pullrequestreview-811", "review"),
        (comment(821, "Why?", kind=PostKind.REVIEW_COMMENT), "discussion_r821", "comment on code"),
    )
    archive.save(14, kind=ThreadKind.PULL, comments=tuple(each for each, _, _ in kinds))
    answer = comment(901, "MIT.", state="answer")
    reply = comment(902, "Thanks.", reply_to=901)
    archive.save(15, kind=ThreadKind.DISCUSSION, comments=(answer, reply))
    for anchor, part in ((anchor, part) for _, anchor, part in kinds):
        page = tree(archive, f"/github.com/Acme/Rocket/pull/14/cite?post={anchor}")
        assert page.select_one("h1").get_text() == f"To cite this {part}"
        assert f"{part} on “Relicense" in taken(page)["Plain"]
        assert "pull request 14" in taken(page)["Plain"]
    for number, part in ((901, "answer"), (902, "reply")):
        page = tree(archive, f"/github.com/Acme/Rocket/discussions/15/cite?post=discussioncomment-{number}")
        assert page.select_one("h1").get_text() == f"To cite this {part}"


def test_robots_keep_away_from_the_pages_that_say_how_to_cite(archive: Archive) -> None:
    """There is one for each post of each version."""
    archive.save()
    client = archive.client()
    assert client.get(f"{THREAD}/cite").headers["X-Robots-Tag"] == "noindex"
    assert "Disallow: /github.com/*/*/*/*/cite$\n" in client.get("/robots.txt").text


def test_a_link_to_a_citation_is_looked_up_as_a_link_of_ours(archive: Archive) -> None:
    """Pasted into the look-up, it leads to itself."""
    archive.save()
    response = archive.client().get("/lookup", query_string={"url": f"http://archive.test{THREAD}/cite"})
    assert (response.status_code, response.headers["Location"]) == (302, f"{THREAD}/cite")


# --- the whole record as Markdown -------------------------------------------------------------------------------------


def head(text: str) -> dict[str, object]:
    """Return the metadata at the head of a Markdown record."""
    start, metadata, _ = text.split("---\n", 2)
    assert start == ""
    found: dict[str, object] = yaml.safe_load(metadata)
    return found


def test_a_record_as_markdown_has_its_metadata_and_every_post(archive: Archive) -> None:
    """In reading order, with what happened between them, and what is known of each."""
    comments = (
        comment(501, "No.\r\n\r\n> why\r\n", "boss"),
        comment(502, "Pity.", None, association="NONE", minutes=60),
    )
    closed = OPENED + timedelta(minutes=55)
    digest = archive.save(
        title='Which "license"? {a} *b*\n--- x: y',
        comments=comments,
        labels=("legal: yes",),
        state="closed",
        closed_at=closed,
    )
    archive.happen(event("labeled", minutes=20, label="legal"))
    text = archive.client().get(f"{THREAD}.md").text
    found = head(text)
    assert found["title"] == 'Which "license"? {a} *b* --- x: y'
    assert (found["repository"], found["kind"], found["number"], found["author"]) == (
        "Acme/Rocket",
        "issue",
        12,
        "asker",
    )
    assert (found["state"], found["labels"], found["snapshot"]) == ("closed", ["legal: yes"], digest)
    assert found["url"] == f"http://archive.test{THREAD}@{digest[:32]}"
    assert found["original"] == "https://github.com/Acme/Rocket/issues/12"
    order = [
        r'# Which "license"? \{a\} \*b\* --- x: y',
        r"## 1. asker, 16 February 2018, 09:12 UTC \#issue-9012",
        "> Would you consider a *copyleft* license?",
        "*boss added the label “legal”, 16 February 2018, 09:32 UTC*",
        "*Closed, 16 February 2018, 10:07 UTC*",
        r"## 2. deleted account, 16 February 2018, 10:12 UTC \#issuecomment-502",
        "> Pity.",
        r"## 3. boss, 16 February 2018, 17:33 UTC \#issuecomment-501",
        "*member*",
        "> No.\n>\n> > why",
    ]
    assert [each for each in order if each not in text] == []
    places = [text.index(each) for each in order]
    assert places == sorted(places)


def test_a_post_in_a_record_cannot_pass_for_another(archive: Archive) -> None:
    """Every line of every text stands behind a sign of quotation: no heading, head or comment gets out of it."""
    evil = "Yes.\n\n## 7. boss, 1 May 2020 \\#issuecomment-9\n---\n<!--\n```\n\u2028## x\n\x0b# y\r# z"
    archive.save(body=evil, comments=(comment(501, evil, "mallory"),))
    text = archive.client().get(f"{THREAD}.md").text.split("---\n", 2)[2]
    free = [line for line in text.splitlines() if line and not line.startswith(">")]
    assert [line[:2] for line in free] == ["# ", "##", "##", "*m"]
    one = archive.client().get(f"{THREAD}.md?post=issuecomment-501").text.split("---\n", 2)[2]
    assert [line[:2] for line in one.splitlines() if line and not line.startswith(">")] == ["# ", "##", "*m"]


def test_markdown_takes_nothing_of_a_title_for_its_own() -> None:
    """Brackets, stars, tags, entities, mentions."""
    assert escaped("[a](b) *c* <d> &amp; @kim #1 `e` ~f~ \\") == (
        r"\[a\](b) \*c\* \<d\> \&amp; \@kim \#1 \`e\` \~f\~ \\"
    )


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("a b c", "a b c"),
        ("a b c d", "a b c…"),
        ("four five six", "four five…"),
        ("four five. six", "four five…"),
        ("1234567890", "1234567890"),
        ("12345678901", "1234567890…"),
        ("12345678901 2", "1234567890…"),
        ("123456789\u200d0", "123456789…"),
        ("", ""),
    ],
)
def test_a_long_text_is_cut_between_words(text: str, short: str) -> None:
    """At three words and ten letters here; an ellipsis says so, and no stop stands before it."""
    assert shortened(text, words=3, letters=10) == short
