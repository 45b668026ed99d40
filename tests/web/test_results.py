"""The home page and searches, as pages and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from archives import FOREIGN_SCRIPT, JUDGED, OPENED, Archive
from archives import post as comment
from bs4 import BeautifulSoup
from flask.testing import FlaskClient

from archiver.references import ThreadKind
from search.errors import IndexUnavailable
from search.index import Hit, Index, ResultPage
from search.query import parse
from search.tree import Node
from web.render import plural
from web.sample_data import load_sample


class DownIndex:
    """An index that cannot be read."""

    def search(self, *_: Any, **__: Any) -> Any:
        """Fail."""
        raise IndexUnavailable("/secret/place: damaged", key="/secret/place")

    cursor = values = similar = search


class StaleIndex:
    """An index that still has a thread which the store has no more."""

    def search(self, *_: Any, **__: Any) -> ResultPage:
        """Find it."""
        return ResultPage(1, (Hit("77/404", 1.0, None, 0),), {}, 1, 20)

    def cursor(self) -> int:
        """Be up to date."""
        return 0


def page(client: FlaskClient, path: str, status: int = 200) -> BeautifulSoup:
    """Return a page's tree, having checked its status."""
    response = client.get(path)
    assert response.status_code == status, response.get_data(as_text=True)
    return BeautifulSoup(response.get_data(as_text=True), "html.parser")


def text(tree: BeautifulSoup, selector: str = "main") -> str:
    """Return what a reader sees of a part of a page, with single spaces."""
    return " ".join(" ".join(each.get_text(" ") for each in tree.select(selector)).split())


@pytest.fixture
def filled(archive: Archive) -> FlaskClient:
    """Make a site with three threads."""
    refusal = comment(501, "Our lawyers say no to copyleft.", "boss")
    comments = (refusal, comment(502, "> copyleft\n\nI see, copyleft it is not."))
    archive.save(12, "Relicense?", "Would you consider the AGPL?", comments)
    archive.save(13, "Missing LICENSE file", "There is no license file.", state="closed")
    archive.save(14, "MIT & <Apache>", "Dual license?", kind=ThreadKind.PULL)
    return archive.client()


def test_the_home_page_has_the_search_the_numbers_and_the_newest_debates(filled: FlaskClient) -> None:
    """What can be done here, what is held, and what is new."""
    tree = page(filled, "/")
    assert tree.select_one("main form[action='/search'] input[name=q]")
    assert text(tree, ".numbers") == "debates 3 posts 5 versions 3 repository 1"
    titles = sorted(each.get_text() for each in tree.select(".list h3"))
    assert titles == ["MIT & <Apache>", "Missing LICENSE file", "Relicense?"]


def test_a_title_that_matches_is_marked(filled: FlaskClient) -> None:
    """What matched in a result's title is marked there, and the title is escaped all the same."""
    assert [each.get_text() for each in page(filled, "/search?q=relicense").select(".list h3 mark")] == ["Relicense"]
    titles = page(filled, "/search?q=mit").select(".list h3")
    assert "MIT & <Apache>" in [each.get_text() for each in titles]
    assert "MIT" in [each.get_text() for title in titles for each in title.select("mark")]


def test_an_empty_archive_says_how_to_begin(archive: Archive) -> None:
    """A new mirror's first page is no list of zeros."""
    assert "onrecord crawl owner/repository" in text(page(archive.client(), "/"))


def test_a_result_shows_the_best_post_and_leads_to_it(filled: FlaskClient) -> None:
    """Title, the stretch that matches with the match marked, who wrote it, and how many more posts match."""
    tree = page(filled, "/search?q=copyleft+lawyers")
    assert text(tree, "#results") == "1 debate"
    assert [each.get_text() for each in tree.select(".snippet mark")] == ["lawyers", "copyleft"]
    links = [each["href"] for each in tree.select(".list a")]
    assert "/github.com/Acme/Rocket/issues/12#issuecomment-501" in links
    assert "Post by boss, 1 more post fits" in text(tree, ".list").replace(" ,", ",")


def test_the_query_stays_in_its_field_and_is_only_text(filled: FlaskClient) -> None:
    """What was asked is shown as it was asked."""
    tree = page(filled, "/search?q=%22%3E%3Cscript%3E+license")
    assert tree.select_one("#q")["value"] == '"><script> license'
    assert not tree.select(FOREIGN_SCRIPT)


def test_what_was_not_understood_is_said(filled: FlaskClient) -> None:
    """An unknown qualifier or order is a visible notice, on the page and in the JSON."""
    tree = page(filled, "/search?q=license+milestone:x&sort=upwards")
    assert "milestone:" in text(tree, ".warning")
    assert "upwards" in text(tree, ".warning")
    notices = filled.get("/search.json?q=license+milestone:x&sort=upwards").get_json()["notices"]
    assert len(notices) == 2


def test_an_empty_result_says_what_to_leave_out(filled: FlaskClient) -> None:
    """Each part of the query without which there are results, with their number."""
    tree = page(filled, "/search?q=file+zebra")
    assert text(tree, "#results") == "No debate holds all of it"
    assert "without zebra : 1 debate" in text(tree)
    assert "/search?q=file" in [each["href"] for each in tree.select("main a")]


def test_where_no_single_part_is_to_blame_each_is_offered_alone(filled: FlaskClient) -> None:
    """Leaving one word out does not help where two find nothing."""
    assert "only license : 3 debates" in text(page(filled, "/search?q=license+zebra+unicorn"))


def test_an_empty_result_of_one_word_gives_advice(filled: FlaskClient) -> None:
    """There is nothing to leave out."""
    assert "Try fewer or other words" in text(page(filled, "/search?q=zebra"))


def test_without_a_query_the_page_explains_the_language(filled: FlaskClient) -> None:
    """An empty query is no error."""
    assert "repo:" in text(page(filled, "/search?q=+"))


QUERIES = (
    *("gpl OR mit", '"license"', "(gpl OR mit", "license OR", "license AND (gpl OR mit)", "-gpl", '"gpl license'),
    *("-is:merged", "license sort:created-asc", "NOT (gpl OR mit)", "gpl )", "milestone:x license"),
    *("repo:acme/rocket OR mit", "is:closed license", "license OR -is:open", "--", "repo:acme/rocket repo:acme/boat"),
)


SPDX = (("GPL-3.0-only",), ("MIT", "GPL"), ("GPL-3.0-or-later", "GPL-3.0-only"), ("MIT",), ("AGPL-3.0-only",))
TOPICS = (("relicense",), ("cla-dco", "relicense"), ())


@pytest.fixture(scope="module")
def varied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    """Make a site with fourteen threads that differ in all that is counted; nothing is changed there."""
    archive = Archive(tmp_path_factory.mktemp("varied"))
    merged = {"kind": ThreadKind.PULL, "state": "closed", "closed_at": archive.now, "merged_at": archive.now}
    closed = {"state": "closed", "closed_at": archive.now, "state_reason": "not_planned"}
    states: tuple[dict[str, Any], ...] = (closed, merged, merged, {}, closed | {"locked": True}, {}, {})
    for repository_id, name in ((77, "Rocket"), (78, "Boat")):
        archive.save_repository(id=repository_id, name=name)
        for at, fields in enumerate(states):
            word = ("GPL", "MIT", "file")[at % 3]
            judged = replace(JUDGED, spdx=SPDX[at % 5], topics=TOPICS[at % 3])
            reply = comment(600 + 20 * repository_id + at, f"{word} again", association=("OWNER", "NONE")[at % 2])
            opened = {"created_at": OPENED + timedelta(days=200 * at), "comments": (reply,), "relevance": judged}
            archive.save(20 + at, f"{word} in thread {at}", body=f"About the {word} license.", **opened, **fields)
    yield archive.client()
    archive.index.close()
    archive.store.close()


def facets(tree: BeautifulSoup) -> dict[str, dict[str, tuple[int, str | None]]]:
    """Return what the facets show: by heading and value, how many debates, and the address of the link."""
    found: dict[str, dict[str, tuple[int, str | None]]] = {}
    for facet in tree.select(".facet"):
        heading = facet.select_one(".by")
        values = found.setdefault(heading.get_text().rstrip(":"), {}) if heading else next(reversed(found.values()))
        for value in facet.select(".value"):
            count = value.select_one(".number")
            link = value.select_one("a")
            assert count is not None
            words = value.get_text(" ").split()
            values[" ".join(words[:-1]).replace("/ ", "/")] = int(count.get_text()), str(link["href"]) if link else None
    return found


@pytest.mark.parametrize("query", QUERIES)
def test_a_facets_link_finds_what_the_facet_counts(varied: FlaskClient, query: str) -> None:
    """Whatever the query is, with operators, open ends and all: exactly the number shown, and in the same order."""
    whole = page(varied, f"/search?{urlencode({'q': query})}")
    shown = facets(whole)
    assert len(shown) > 4
    for values in shown.values():
        for words, (count, link) in values.items():
            if words.endswith("(leave out)"):
                continue
            assert link is not None
            found = varied.get(link.replace("/search?", "/search.json?per_page=1&")).get_json()
            assert found["total"] == count
            assert ("sort=created-asc" in link) == ("sort:" in query)


def test_every_facet_is_shown_that_divides_the_results(varied: FlaskClient) -> None:
    """By all that is counted, years the latest first, the rest the most frequent first; families find their members."""
    shown = facets(page(varied, "/search?q=thread"))
    headings = ["Repository", "Opened in", "License", "About", "State", "Closed as", "With a post by", "Marked"]
    assert list(shown) == headings
    assert list(shown["Opened in"]) == ["2021", "2020", "2019", "2018"]
    assert {value: count for value, (count, _) in shown["License"].items()} == {
        "GPL": 10,
        "GPL-3.0-only": 6,
        "MIT": 6,
        "GPL-3.0-or-later": 2,
        "AGPL-3.0-only": 2,
    }
    assert [*shown["State"]] == ["open", "closed", "merged"]
    assert "not planned" in shown["Closed as"]
    assert shown["Marked"]["locked"][0] == 2


def test_names_stand_in_facets_as_they_are(archive: Archive) -> None:
    """An underscore of a repository's name is one; in GitHub's own words it stands for a space."""
    closed = {"state": "closed", "closed_at": archive.now, "state_reason": "not_planned"}
    for repository_id, name, fields in ((77, "hostile.repo_x", closed), (78, "Boat", {})):
        archive.save_repository(id=repository_id, name=name)
        archive.save(
            20, "Relicense?", comments=(comment(700 + repository_id, "license", association="NONE"),), **fields
        )
    shown = facets(page(archive.client(), "/search?q=license"))
    assert list(shown["Repository"]) == ["Acme/Boat", "Acme/hostile.repo_x"]
    assert "not planned" in shown["Closed as"]


def test_a_facet_that_does_not_divide_is_not_shown(filled: FlaskClient) -> None:
    """All are in one repository, of one year: that is no choice."""
    assert list(facets(page(filled, "/search?q=license"))) == ["State", "With a post by"]


@pytest.mark.parametrize(
    ("query", "value", "rest"),
    [
        ("thread license:MIT", "MIT", "thread"),
        ("license:mit (gpl OR mit) created:2018", "2018", "license:mit (gpl OR mit)"),
        ("thread is:closed -is:merged", "closed", "thread"),
        ("thread is:locked repo:acme/boat", "Acme/Boat", "thread is:locked"),
        ("is:locked thread", "locked", "thread"),
    ],
)
def test_a_facet_that_is_asked_for_can_be_left_out(varied: FlaskClient, query: str, value: str, rest: str) -> None:
    """Its link leads to the query without it, and its number is that of all results."""
    tree = page(varied, f"/search?{urlencode({'q': query})}")
    found = {words: at for values in facets(tree).values() for words, at in values.items()}
    count, link = found[f"{value} (leave out)"]
    assert link == f"/search?{urlencode({'q': rest})}"
    assert text(tree, "#results") == plural(count, "debate")


def test_of_a_choice_a_facet_leaves_what_was_chosen(varied: FlaskClient) -> None:
    """`license:MIT,GPL` narrowed to one of them is that one; the other parts stay."""
    shown = facets(page(varied, "/search?q=thread+license:mit,agpl-3.0-only"))["License"]
    assert shown["MIT"][1] == "/search?q=thread+license%3Amit"
    assert shown["AGPL-3.0-only"] == (2, "/search?q=thread+license%3Aagpl-3.0-only")


def test_whatever_narrows_a_query_can_be_left_out(varied: FlaskClient) -> None:
    """Each qualifier beside the words has a link without it; words are the reader's own to take out."""
    query = "thread -is:merged label:x,y created:>2017 is:open"
    tree = page(varied, f"/search?{urlencode({'q': query})}")
    assert [each.get_text() for each in tree.select(".narrowed code")] == [
        "-is:merged",
        "label:x OR label:y",
        "created:>=2018-01-01",
        "is:open",
    ]
    rest = "thread (label:x OR label:y) created:>=2018-01-01 is:open"
    assert tree.select(".narrowed a")[0]["href"] == f"/search?{urlencode({'q': rest})}"
    assert not page(varied, "/search?q=is:open").select(".narrowed")


def test_a_facet_that_cannot_be_added_to_the_query_is_no_link(filled: FlaskClient) -> None:
    """A query that is as long as can be has no room: the count is shown, and a link would find something else."""
    most = " ".join(["license"] * 64)
    assert facets(page(filled, f"/search?{urlencode({'q': most})}"))["State"]["closed"] == (1, None)


class PartialIndex:
    """An index in which one thread fits all of a query, or none does, and the rest fit a part of it."""

    def __init__(self, index: Index, whole: int) -> None:
        self._index = index
        self._whole = whole

    def search(self, query: Node, **how: Any) -> ResultPage:
        """Find what there is, and mark it."""
        found = self._index.search(parse("license").tree, **how)
        hits = tuple(replace(hit, partial=at >= self._whole) for at, hit in enumerate(found.hits))
        partial = found.total - self._whole
        meant = parse("copyleft license").tree
        return replace(found, total=self._whole, hits=hits, partial_total=partial, did_you_mean=meant)

    def cursor(self) -> int:
        """Be up to date."""
        return self._index.cursor()


def test_partial_matches_follow_and_are_said_to_be_partial(archive: Archive) -> None:
    """Under a heading of their own, numbered on; they are not counted among what was found."""
    for number in range(1, 4):
        archive.save(number, f"License {number}")
    client = archive.client(PartialIndex(archive.index, 1))  # type: ignore[arg-type]
    tree = page(client, "/search?q=license+lisence")
    assert text(tree, "#results") == "1 debate"
    assert text(tree, "#partial") == "These hold some of the words"
    assert [len(each.select("li.beside")) for each in tree.select("ol.list")] == [1, 2]
    assert [each["start"] for each in tree.select("ol.list")] == ["1", "2"]
    assert text(tree, ".meant") == "Did you mean copyleft license ?"
    assert tree.select(".meant a")[0]["href"] == "/search?q=copyleft+license"
    found = client.get("/api/v1/search?q=license+lisence").get_json()
    assert (found["total"], found["partial_total"], found["did_you_mean"]) == (1, 2, "copyleft license")
    assert [each["partial"] for each in found["results"]] == [False, True, True]


def test_where_only_partial_matches_are_found_nothing_else_is_claimed(archive: Archive) -> None:
    """The heading says that nothing holds all of it; what to drop is still offered, and pages lead on."""
    for number in range(1, 24):
        archive.save(number, f"License {number}")
    client = archive.client(PartialIndex(archive.index, 0))  # type: ignore[arg-type]
    tree = page(client, "/search?q=license+lisence")
    assert text(tree, "#results") == "No debate holds all of it, page 1 of 2"
    assert "23 debates, those that hold most of it first" in text(tree)
    assert "Try fewer or other words" not in text(tree)
    following = page(client, str(tree.select("a[rel=next]")[0]["href"]))
    assert [each["start"] for each in following.select("ol.list")] == ["21"]


def test_the_order_is_the_forms_unless_the_query_says_otherwise(filled: FlaskClient) -> None:
    """The chosen order stays chosen; `sort:` in the query wins."""
    tree = page(filled, "/search?q=license&sort=created-asc")
    assert tree.select_one("option[selected]")["value"] == "created-asc"
    assert page(filled, "/search?q=license&sort=updated-asc").select_one("option[selected]")["value"] == "updated-asc"
    results = filled.get("/api/v1/search?q=license+sort:updated-asc&sort=updated-desc").get_json()["results"]
    assert [each["thread"]["number"] for each in results] == [12, 13, 14]


def test_pages_lead_to_one_another(archive: Archive) -> None:
    """Twenty on a page, numbered on; beyond the last there is none."""
    for number in range(1, 23):
        archive.save(number, f"License {number}")
    client = archive.client()
    tree = page(client, "/search?q=license&sort=created-desc")
    assert len(tree.select(".list > li")) == 20
    following = tree.select_one("a[rel=next]")["href"]
    tree = page(client, following)
    assert len(tree.select(".list > li")) == 2
    assert tree.select_one("ol.list")["start"] == "21"
    assert tree.select_one("a[rel=prev]")["href"] == "/search?q=license&sort=created-desc"
    beyond = page(client, "/search?q=license&sort=created-desc&page=3", 404)
    assert text(beyond, "h1") == "There is no page 3"
    assert [each["href"] for each in beyond.select("main a")] == [following]
    nothing = page(client, "/search?q=zebra&page=2", 404)
    assert [each["href"] for each in nothing.select("main a")] == ["/search?q=zebra"]


def test_the_json_of_a_search_has_the_contracts_shape(filled: FlaskClient) -> None:
    """Exactly the keys of the contract, at both addresses, with absolute links."""
    for address in ("/api/v1/search", "/search.json"):
        found = filled.get(f"{address}?q=copyleft&per_page=1").get_json()
        keys = {"query", "total", "partial_total", "page", "per_page", "notices", "did_you_mean", "results", "facets"}
        assert set(found) == keys
        assert (found["query"], found["total"], found["page"], found["per_page"]) == ("copyleft", 1, 1, 1)
        (result,) = found["results"]
        assert set(result) == {"thread", "score", "partial", "best_post"}
        assert "posts" not in result["thread"]
        best = result["best_post"]
        assert best["url"].startswith("http://archive.test/github.com/Acme/Rocket/issues/12#issuecomment-")
        snippet = best["snippet"]
        assert [snippet["text"][start:end] for start, end in snippet["spans"]] == ["copyleft"] * len(snippet["spans"])


def test_what_can_be_typed_next_is_told_as_json(filled: FlaskClient) -> None:
    """Names, values that are held and how many debates have them, and where they go; a browser may keep it a while."""
    response = filled.get("/search/suggest?q=gpl+repo:ac&at=11")
    assert response.get_json() == {
        "start": 9,
        "end": 11,
        "suggestions": [{"text": "Acme/Rocket ", "note": "3 debates"}],
    }
    assert response.headers["Cache-Control"] == "private, max-age=60"
    assert filled.get("/search/suggest?q=is:lo&at=x").get_json()["suggestions"] == [{"text": "locked ", "note": ""}]
    assert filled.get("/search/suggest").get_json()["start"] == 0


def test_with_the_index_down_what_is_known_beforehand_is_still_suggested(archive: Archive) -> None:
    """Values that are held are not, and that is no error."""
    client = archive.client(DownIndex())  # type: ignore[arg-type]
    assert client.get("/search/suggest?q=repo:ac&at=7").get_json()["suggestions"] == []
    assert client.get("/search/suggest?q=rep&at=3").get_json()["suggestions"][0]["text"] == "repo:"


@pytest.mark.parametrize("page_", ["0", "-1", "x", "", "99999999999999"])
def test_an_odd_page_number_is_no_error_of_the_api(filled: FlaskClient, page_: str) -> None:
    """It is taken for the nearest that makes sense."""
    assert filled.get(f"/api/v1/search?q=license&page={page_}&per_page={page_}").status_code == 200


def test_a_hit_that_is_held_no_more_is_left_out(archive: Archive) -> None:
    """The index may be a moment behind the store."""
    client = archive.client(StaleIndex())  # type: ignore[arg-type]
    assert not page(client, "/search?q=x").select(".list li")
    assert client.get("/api/v1/search?q=x").get_json()["results"] == []


def test_with_the_index_down_search_is_503_and_every_permalink_works(archive: Archive) -> None:
    """Search says so without telling where the index is; reading goes on."""
    digest = archive.save()
    client = archive.client(DownIndex())  # type: ignore[arg-type]
    response = client.get("/search?q=license")
    assert response.status_code == 503
    offered = BeautifulSoup(response.get_data(as_text=True), "html.parser").select("main .plain a")
    assert [each["href"] for each in offered] == ["", "/github.com/", "/lookup"]
    assert response.headers["Retry-After"] == "60"
    assert "Search is down" in response.get_data(as_text=True)
    assert "secret" not in response.get_data(as_text=True)
    assert json.loads(client.get("/api/v1/search?q=license").data)["error"] == "unavailable"
    thread = "/github.com/Acme/Rocket/issues/12"
    for path in ("/", thread, f"{thread}@{digest}", f"{thread}/history", f"{thread}.json", "/github.com/", "/lookup"):
        assert client.get(path).status_code == 200
    ready = client.get("/readyz")
    assert (ready.status_code, ready.get_data(as_text=True)) == (503, "not readable: index\n")


@pytest.fixture
def unindexed(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> FlaskClient:
    """Make a site that holds a thread, over an index that does not exist."""
    monkeypatch.setattr("archives.sync", lambda *_: None)
    archive.save()
    return archive.client()


def test_what_is_held_but_not_indexed_is_not_nothing(unindexed: FlaskClient) -> None:
    """Page, JSON and health check say 503 and what to run, never that nothing was found; permanent links work."""
    response = unindexed.get("/search?q=license")
    assert response.status_code == 503
    assert response.headers["Retry-After"] == "60"
    shown = response.get_data(as_text=True)
    assert "onrecord sync" in shown
    assert "Nothing was found" not in shown
    for path in ("/api/v1/search?q=license", "/search.json?q=license"):
        answer = unindexed.get(path)
        assert (answer.status_code, answer.get_json()["error"]) == (503, "unavailable")
        assert "onrecord sync" in answer.get_json()["message"]
    ready = unindexed.get("/readyz")
    assert ready.status_code == 503
    assert "onrecord sync" in ready.get_data(as_text=True)
    assert unindexed.get("/github.com/Acme/Rocket/issues/12").status_code == 200
    assert unindexed.get("/").status_code == 200


def test_an_archive_that_holds_nothing_finds_nothing(archive: Archive) -> None:
    """An empty index over an empty store is right."""
    client = archive.client()
    assert text(page(client, "/search?q=license"), "#results") == "Nothing was found"
    assert client.get("/readyz").status_code == 200


def test_an_index_that_is_behind_says_so(archive: Archive) -> None:
    """What was captured since cannot be found yet, and the reader of page or JSON is told."""
    archive.save()
    client = archive.client()
    assert not page(client, "/search?q=copyleft").select(".warning")
    archive.save(13)
    behind = archive.store.last_change() - archive.index.cursor()
    words = f"The index is {plural(behind, 'change')} behind"
    assert words in text(page(client, "/search?q=copyleft"), ".warning")
    assert words in client.get("/api/v1/search?q=copyleft").get_json()["notices"][0]
    assert client.get("/readyz").status_code == 200


@pytest.mark.parametrize(
    "query",
    [
        "https://github.com/acme/rocket/issues/12",
        "acme/rocket#12",
        "github.com/acme/rocket",
        "http://archive.test/github.com/Acme/Rocket/issues/12@0123456789ab",
    ],
)
def test_a_query_that_is_an_address_leads_to_the_lookup(filled: FlaskClient, query: str) -> None:
    """Who pastes a link wants its record: the page has a link that is filled in, the JSON the address."""
    links = [each["href"] for each in page(filled, f"/search?{urlencode({'q': query})}").select(".warning a")]
    assert links == [f"/lookup?{urlencode({'url': query})}"]
    found = filled.get("/api/v1/search", query_string={"q": query}).get_json()
    assert f"http://archive.test{links[0]}" in found["notices"][-1]
    assert filled.get(links[0]).status_code == 302


@pytest.mark.parametrize("query", ["and/or", "license", "acme/rocket#12 license", "https://elsewhere.test/acme/rocket"])
def test_a_query_that_is_words_is_only_searched_for(filled: FlaskClient, query: str) -> None:
    """A slash makes no address."""
    assert not page(filled, f"/search?{urlencode({'q': query})}").select(".warning a")


def test_the_example_in_the_search_field_finds_something(archive: Archive) -> None:
    """Who tries on the demonstration what the home page suggests is not left with nothing."""
    load_sample(archive.store)
    client = archive.client()
    example = page(client, "/").select_one("#q")["placeholder"]
    assert client.get("/api/v1/search", query_string={"q": example}).get_json()["total"] >= 3


@pytest.mark.parametrize("asked", ["abc", "0", "-1", "1.5", ""])
def test_a_page_that_is_no_number_is_said_so(filled: FlaskClient, asked: str) -> None:
    """400, as on the other pages; the APIs take the nearest that makes sense."""
    answer = filled.get("/search", query_string={"q": "license", "page": asked})
    assert (answer.status_code, "The page is a number from 1 on." in answer.text) == (400, True)
    assert filled.get("/search.json", query_string={"q": "license", "page": asked}).status_code == 200


def test_suggestions_that_are_known_cost_no_body(filled: FlaskClient) -> None:
    """A second look is a 304, as everywhere."""
    first = filled.get("/search/suggest?q=lic")
    again = filled.get("/search/suggest?q=lic", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert filled.get("/search/suggest?q=auth", headers={"If-None-Match": first.headers["ETag"]}).status_code == 200
