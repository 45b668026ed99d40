"""What is withdrawn here: its place with a tombstone, and nothing of what was said, on every address of it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from archives import OPENED, Archive, edit, event
from archives import post as comment
from bs4 import BeautifulSoup

from archiver.model import Repository
from archiver.references import RepositoryRef

THREAD = "/github.com/Acme/Rocket/issues/12"
API = "/api/v1/threads/github.com/Acme/Rocket/12"
SECRET = "Zanzibar"


def tree(archive: Archive, path: str, status: int = 200) -> BeautifulSoup:
    """Return a page's tree, having checked its status."""
    response = archive.client().get(path)
    assert response.status_code == status
    return BeautifulSoup(response.get_data(as_text=True), "html.parser")


def words(found: BeautifulSoup, selector: str) -> list[str]:
    """Return what a reader sees of each part, with single spaces."""
    return [" ".join(each.get_text().split()) for each in found.select(selector)]


def withdrawn_post(archive: Archive, reason: str = "personal-data") -> str:
    """Save a thread with a comment that is withdrawn, and return its snapshot's digest."""
    said = comment(501, f"I live in {SECRET}.", "mallory", minutes=10, edited=OPENED + timedelta(minutes=40))
    digest = archive.save(comments=(said, comment(502, "Oh.")))
    archive.tell(501, edit(10, f"In {SECRET} city."), edit(40, f"I live in {SECRET}."))
    archive.withdraw("issuecomment-501", reason=reason)
    return digest


def test_a_withdrawn_post_leaves_its_place_with_a_tombstone(archive: Archive) -> None:
    """Date, reason and digest; no author, no text, no other texts."""
    withdrawn_post(archive)
    found = tree(archive, THREAD)
    assert [each["id"] for each in found.select("article.post")][1:] == ["issuecomment-501", "issuecomment-502"]
    post = found.select_one("#issuecomment-501")
    assert words(post, ".fate") == [
        "This post was withdrawn from public view here on 2 March 2026: it held personal data (410)."
    ]
    assert len(post.select_one(".digest").get_text()) == 64
    assert not post.select(".text, .versions, .fixed-link")
    assert "mallory" not in str(found)
    assert SECRET not in str(found)


def test_a_withdrawn_author_is_not_called_a_deleted_account(archive: Archive) -> None:
    """Whose opening post is withdrawn may well be on GitHub: only of GitHub's own ghosts it is said otherwise."""
    archive.save(12)
    archive.withdraw("issue-9012")
    for path in (THREAD, "/github.com/Acme/Rocket", "/"):
        found = tree(archive, path).get_text()
        assert "pened by (author withdrawn)" in found
        assert "deleted account" not in found


@pytest.mark.parametrize("path", ["", "@{digest}", ".json", "@{digest}.json", "/history"])
def test_a_withdrawn_post_is_on_no_page_and_in_no_form(archive: Archive, path: str) -> None:
    """Nor is the page of a snapshot that has it cached as if it never changed."""
    digest = withdrawn_post(archive)
    response = archive.client().get(THREAD + path.format(digest=digest))
    assert response.status_code == 200
    assert SECRET not in response.get_data(as_text=True)
    assert "mallory" not in response.get_data(as_text=True)
    assert response.headers["Cache-Control"] == "no-cache"


def test_a_withdrawn_post_in_json_has_its_tombstone(archive: Archive) -> None:
    """With the reason's class, which upstream's tombstones do not have."""
    withdrawn_post(archive, "legal")
    posts = archive.client().get(API).get_json()["posts"]
    assert posts[1]["gone"] == {"status": 451, "since": "2026-03-02T12:00:00Z", "reason": "legal"}
    assert (posts[1]["author"], posts[1]["body"], posts[1]["revisions"], posts[1]["edits"]) == (None, "", [], [])
    findings = archive.client().get(f"{API}/history").get_json()["findings"]
    assert [(each["kind"], each["about"]) for each in findings] == [("withdrawn", "post")]


def test_no_address_tells_who_wrote_a_withdrawn_post(archive: Archive) -> None:
    """The record of the snapshot names its author, too: it is not given out, and goes on to be listed and cited."""
    digest = withdrawn_post(archive)
    client = archive.client()
    response = client.get(f"/api/v1/snapshots/{digest}")
    assert (response.status_code, response.get_json()["reason"]) == (410, "personal-data")
    assert client.get(f"{THREAD}@{digest}").status_code == 200
    assert digest in client.get(f"/timemap/link/https://github.com{THREAD.removeprefix('/github.com')}").text
    assert "first capture, 3 posts" in client.get(f"{API}/history").text


def test_a_withdrawn_post_is_not_found(archive: Archive) -> None:
    """What stands around it is."""
    withdrawn_post(archive)
    client = archive.client()
    for query, total in ((SECRET, 0), ("copyleft", 1)):
        assert client.get("/api/v1/search", query_string={"q": query}).get_json()["total"] == total


def test_a_withdrawn_opening_post_takes_the_title_along(archive: Archive) -> None:
    """On pages, in the history, in search, and where other threads mention it."""
    archive.save(title=f"First {SECRET}")
    digest = archive.save(title=f"{SECRET} license", body=f"{SECRET}?")
    archive.save(13, title="Other")
    url = "https://github.com/Acme/Rocket/issues/12"
    mention = event("cross-referenced", source="Acme/Rocket#12", source_id=9012, title=f"{SECRET} license", url=url)
    archive.happen(mention, number=13)
    archive.withdraw("issue-9012")
    client = archive.client()
    paths = [THREAD, f"{THREAD}@{digest}", f"{THREAD}/history", f"{THREAD}.json", f"{API}/history"]
    paths += ["/", "/github.com/Acme/Rocket", "/github.com/Acme/Rocket/issues/13", "/search?q=Other"]
    paths += ["/github.com/Acme/Rocket/issues/13.json"]
    for path in paths:
        response = client.get(path)
        assert response.status_code == 200
        assert SECRET not in response.get_data(as_text=True), path
    assert client.get("/api/v1/search?q=withdrawn").get_json()["total"] == 0
    assert client.get(f"/api/v1/search?q={SECRET}").get_json()["total"] == 0


@pytest.mark.parametrize(("reason", "status"), [("author-request", 410), ("legal", 451)])
@pytest.mark.parametrize("path", ["", "@{digest}", "@20270101T000000Z", "/history", "@000000000000"])
def test_a_withdrawn_thread_is_a_tombstone_on_every_address(
    archive: Archive, path: str, reason: str, status: int
) -> None:
    """A designed page with 410 or 451, which no robot is to keep; by an old name of the repository, too."""
    digest = archive.save(title=SECRET)
    archive.save_repository(name="Missile")
    archive.withdraw(reason=reason)
    for name in ("Rocket", "Missile"):
        response = archive.client().get(f"/github.com/Acme/{name}/issues/12{path.format(digest=digest)}")
        assert response.status_code == status
        assert response.headers["X-Robots-Tag"] == "noindex"
        page = BeautifulSoup(response.get_data(as_text=True), "html.parser")
        assert words(page, "h1") == [f"Acme/{name}#12 was withdrawn"]
        why = {"author-request": "its author asked for it", "legal": "for legal reasons"}[reason]
        assert "on 2 March 2026" in words(page, ".lead")[0]
        assert why in words(page, ".lead")[0]
        assert SECRET not in str(page)


@pytest.mark.parametrize(
    "path",
    [
        *(f"{THREAD}.json", f"{THREAD}@{{digest}}.json", f"{THREAD}@20270101T000000Z.json", API, f"{API}/history"),
        "/api/v1/snapshots/{digest}",
    ],
)
def test_a_withdrawn_thread_is_an_error_in_json(archive: Archive, path: str) -> None:
    """With the page's status, a word, a sentence, and the reason's class."""
    digest = archive.save(title=SECRET)
    archive.withdraw()
    response = archive.client().get(path.format(digest=digest))
    assert (response.status_code, response.mimetype) == (410, "application/json")
    found = response.get_json()
    assert (found["error"], found["reason"], found["since"]) == ("gone", "personal-data", "2026-03-02T12:00:00Z")
    assert response.headers["X-Robots-Tag"] == "noindex"


def test_a_lookup_of_a_withdrawn_thread_leads_to_its_tombstone(archive: Archive) -> None:
    """It does not claim that the thread was never held."""
    archive.save()
    archive.withdraw()
    response = archive.client().get("/lookup?url=https://github.com/acme/rocket/issues/12")
    assert response.status_code == 302
    assert archive.client().get(response.headers["Location"]).status_code == 410


def test_what_mentions_a_withdrawn_thread_does_not_repeat_its_title(archive: Archive) -> None:
    """Neither on the page nor in JSON; its number leads to the tombstone."""
    archive.save(title=SECRET)
    archive.save(13)
    url = "https://github.com/Acme/Rocket/issues/12"
    archive.happen(event("cross-referenced", source="Acme/Rocket#12", source_id=9012, title=SECRET, url=url), number=13)
    archive.withdraw()
    found = tree(archive, "/github.com/Acme/Rocket/issues/13")
    assert words(found, ".event .what") == ["boss mentioned this in Acme/Rocket#12 (original)"]
    assert SECRET not in archive.client().get("/github.com/Acme/Rocket/issues/13.json").get_data(as_text=True)


@pytest.mark.parametrize("form", ["", ".json"])
def test_a_version_whose_title_is_erased_goes_on_without_it(archive: Archive, form: str) -> None:
    """What others wrote stays at its permanent links; the record that held the title is not given out."""
    answer = comment(502, "Please do not.", "bob")
    first = archive.save(title=SECRET, body=f"{SECRET}?", comments=(answer,))
    second = archive.save(title=f"{SECRET}!", body=f"{SECRET}?", comments=(answer, comment(503, "I agree.")))
    archive.withdraw("issue-9012", erase=True)
    response = archive.client().get(f"{THREAD}@{first}{form}")
    assert response.status_code == 200
    assert response.headers["Cache-Control"] == "no-cache"
    assert SECRET not in response.get_data(as_text=True)
    assert "asker" not in response.get_data(as_text=True)
    assert "deleted account" not in response.get_data(as_text=True)
    assert "Please do not." in response.get_data(as_text=True)
    compared = archive.client().get(f"{THREAD}/compare?from={first[:12]}&to={second[:12]}")
    assert compared.status_code == 200
    assert SECRET not in compared.get_data(as_text=True)
    assert archive.client().get(f"/api/v1/snapshots/{second}").status_code == 410
    for path in (THREAD, f"{THREAD}.json", f"{THREAD}/history", f"{API}/history"):
        response = archive.client().get(path)
        assert response.status_code == 200
        assert SECRET not in response.get_data(as_text=True)
    told = [each["changes"] for each in archive.client().get(f"{API}/history").get_json()["captures"]]
    assert told[:2] == [["first capture, 2 posts"], ["1 new post"]]
    assert "retitled" not in str(told)


def test_no_address_at_all_shows_a_withdrawn_thread(archive: Archive) -> None:
    """Whatever answered with its text, under present and former names, answers without it, lists and searches too."""
    archive.save_repository(RepositoryRef("Old", "Name"))
    said = comment(501, f"{SECRET} agrees.")
    digest = archive.save(title=f"{SECRET}?", body=f"{SECRET} license.", comments=(said,))
    paths = [f"/api/v1/snapshots/{digest}", "/", "/github.com/", f"/search?q={SECRET}", f"/search.json?q={SECRET}"]
    for name in ("Acme/Rocket", "acme/rocket", "Old/Name"):
        suffixes = ("", "/", ".json", "/history", f"@{digest}", f"@{digest[:12]}.json", "@20270101T000000Z")
        paths += [f"/github.com/{name}", *(f"/github.com/{name}/issues/12{suffix}" for suffix in suffixes)]
        paths += [f"/api/v1/threads/github.com/{name}/12{rest}" for rest in ("", "/", "/history")]
        paths += [f"/api/v3/repos/{name}/issues{rest}" for rest in ("", "/12", "/12/comments", "/12/timeline")]
        paths += [f"/api/v3/repos/{name}/issues/comments{rest}" for rest in ("", "/501")]
    paths += [f"/api/v3/repositories/77/issues{rest}" for rest in ("", "/12", "/12/comments", "/comments")]

    def shown() -> int:
        client = archive.client()
        answers = [client.get(path, follow_redirects=True) for path in paths]
        assert all(each.status_code < 500 for each in answers)
        # A search repeats what was searched for.
        return sum(f"{SECRET} agrees" in each.text or f"{SECRET} license" in each.text for each in answers)

    assert shown() > 30
    archive.withdraw()
    assert shown() == 0


def test_a_withdrawn_thread_is_a_tombstone_though_its_repositorys_name_was_taken_over(archive: Archive) -> None:
    """The old address still means what it meant, unless the new bearer has a thread of that number."""
    archive.save(title=SECRET)
    archive.withdraw()
    with archive.store.transaction() as tx:
        tx.detach(77, 78)
    archive.now += timedelta(days=1)
    with archive.store.transaction() as tx:
        tx.save_repository(Repository(78, "Acme", "Rocket"))
    client = archive.client()
    assert client.get(THREAD).status_code == 410
    assert client.get(f"{THREAD}/history").status_code == 410
    assert client.get(API).status_code == 410
    assert client.get(THREAD.replace("12", "13")).status_code == 404


@pytest.mark.parametrize("whole", [False, True])
def test_a_search_shows_nothing_withdrawn_while_the_index_is_behind(archive: Archive, whole: bool) -> None:
    """The command may be killed between store and index: neither text nor author, nor that such a thing was said."""
    said = comment(501, f"Please take that back, {SECRET}.", "mallory")
    archive.save(comments=(said,))
    archive.save(13, title="Another debate", body="Nobody takes that back.", login="kim")
    client = archive.client()  # in step with the store
    paths = [
        *(f"/search{form}?q={query}" for form in ("", ".json", ".atom") for query in (SECRET, "that+back")),
        *(f"/api/v1/search?q={query}" for query in (SECRET, "author:mallory", "commenter:mallory", "Zanzibat")),
        *(f"/search/suggest?q={query}" for query in ("author:mal", "commenter:mal")),
    ]
    told = (f"back, {SECRET}", "mallory")

    def telling() -> list[str]:
        answers = {path: client.get(path).get_data(as_text=True) for path in paths}
        # What is asked for is repeated; marks around what matched are taken off.
        plain = {path: text.replace("<mark>", "").replace("</mark>", "") for path, text in answers.items()}
        return [path for path, text in plain.items() if any(each in text.replace(path, "") for each in told)]

    assert len(telling()) > 6
    archive.withdraw(None if whole else "issuecomment-501", reason="secret")
    assert [path for path in telling() if "mallory" not in path and "Zanzibat" not in path] == []
    for query in (SECRET, "author:mallory", "commenter:mallory", "Zanzibat"):
        found = client.get("/api/v1/search", query_string={"q": query}).get_json()
        assert (found["total"], found["results"], found["did_you_mean"]) == (0, [], None), query
    assert client.get("/search/suggest?q=commenter:mal").get_json()["suggestions"] == []
    assert client.get("/api/v1/search?q=back").get_json()["total"] == 1
    # What merely changed is still found.
    archive.save(13, title="Another debate", body="Nobody takes that back now.", login="kim")
    assert client.get("/api/v1/search?q=back").get_json()["total"] == 1
