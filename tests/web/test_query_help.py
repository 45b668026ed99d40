"""The page that explains the query language: every example on it is a search that works."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

from archives import Archive
from bs4 import BeautifulSoup
from flask.testing import FlaskClient

from search.qualifiers import NOT_INDEXED, VALUES


def read(client: FlaskClient, path: str) -> BeautifulSoup:
    """Return a page's tree, having checked that it is there."""
    response = client.get(path)
    assert response.status_code == 200, path
    return BeautifulSoup(response.get_data(as_text=True), "html.parser")


def test_every_example_works(archive: Archive) -> None:
    """Each link to a search finds what it says, or nothing, and no notice says that something could not be used."""
    archive.save(1, "Relicense?", body="Is copyleft refused?")
    client = archive.client()
    tree = read(client, "/help/search")
    links = [str(each["href"]) for each in tree.select("main a") if str(each["href"]).startswith("/search?")]
    asked = [parse_qs(urlsplit(each).query)["q"][0] for each in links]
    assert len(set(asked)) > 90
    ages = 0
    for path in dict.fromkeys(links):
        said = [each.get_text() for each in read(client, path).select(".warning")]
        ages += sum("is read as an age" in each for each in said)
        assert [each for each in said if "is read as an age" not in each] == [], path
    assert ages == 3
    assert [each.get_text() for each in tree.select("main a code")] == asked


def test_all_of_the_language_is_there(archive: Archive) -> None:
    """Each qualifier that can be used stands in an example, and each that cannot is named."""
    tree = read(archive.client(), "/help/search")
    examples = " ".join(each.get_text() for each in tree.select("main a code"))
    assert [name for name in VALUES if f"{name}:" not in examples] == []
    for name in ("is", "topic", "association", "in"):
        missing = [value for value in VALUES[name] if f"{name}:{value}" not in examples]
        assert [value for value in missing if (name, value) != ("in", "own")] == []
    named = {each.get_text() for each in tree.select("main code")}
    assert {f"{name}:" for name in NOT_INDEXED} <= named


def test_it_is_linked_from_the_search_page(archive: Archive) -> None:
    """Who searches finds the way to it, with a query and without."""
    archive.save(1, "Relicense?", body="Is copyleft refused?")
    client = archive.client()
    for path in ("/search", "/search?q=copyleft"):
        assert read(client, path).select_one('main a[href="/help/search"]') is not None


def test_its_outline_is_made_of_headings(archive: Archive) -> None:
    """One first heading, then one for each part, each of which can be linked to."""
    tree = read(archive.client(), "/help/search")
    assert [each.get_text() for each in tree.select("h1")] == ["How to search"]
    parts = tree.select("main section")
    assert len(parts) == 8
    for part in parts:
        heading = part.select_one("h2")
        assert heading is not None
        assert heading["id"] == part["aria-labelledby"]
