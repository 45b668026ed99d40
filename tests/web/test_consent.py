"""How a thread went and who consented, on the page, in the API and as CSV; every text is invented."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import timedelta

import pytest
from archives import JUDGED, OPENED, Archive, event
from archives import post as comment
from bs4 import BeautifulSoup

from archiver.model import Account, Relicensing
from archiver.observed import ObservedPost
from archiver.outcome import facts
from web import rolls

THREAD = "/github.com/Acme/Rocket/issues/12"
API = "/api/v1/threads/github.com/Acme/Rocket/12"
SITE = "http://archive.test"
ASKS = (
    "We'd like to relicense to MIT. If you contributed and agree, please reply here with “I agree to MIT”.\n\n"
    "- [x] @kim\n- [ ] @lee\n- [ ] @mo\n- [x] @pat\n- [ ] @tom\n"
)


def answers(*more: ObservedPost) -> tuple[ObservedPost, ...]:
    """Return an answer of each kind."""
    return (
        comment(501, "I agree to MIT.", "kim"),
        comment(502, "I do not agree.", "lee", association="CONTRIBUTOR"),
        comment(503, "I agree as long as the moon stays. Mail me: mo@moon.example", "mo", association="CONTRIBUTOR"),
        comment(504, "I agree.", "zoe", association="NONE"),
        *more,
    )


def page(archive: Archive, path: str = THREAD, status: int = 200) -> BeautifulSoup:
    """Return a page's tree, having checked its status."""
    response = archive.client().get(path)
    assert response.status_code == status
    return BeautifulSoup(response.get_data(as_text=True), "html.parser")


def words(tree: BeautifulSoup, selector: str) -> str:
    """Return what a reader sees of a part of a page, with single spaces."""
    return " ".join(" ".join(each.get_text() for each in tree.select(selector)).split())


def rows(archive: Archive, path: str = f"{THREAD}/consent.csv") -> list[dict[str, str]]:
    """Return the rows of a roll as CSV."""
    response = archive.client().get(path)
    assert response.status_code == 200
    return list(csv.DictReader(io.StringIO(response.get_data(as_text=True), newline="")))


# --- how it went ------------------------------------------------------------------------------------------------------


def test_the_page_says_how_it_went(archive: Archive) -> None:
    """In plain sentences, with the table by role folded below."""
    archive.save(
        comments=(comment(501, "No.", "boss", minutes=60), comment(502, "Sad.", "asker", association="NONE")),
        state="closed",
        state_reason="not_planned",
        closed_at=OPENED + timedelta(hours=8),
        closed_by=Account(1000 + sum(b"boss"), "boss"),
        locked=True,
        lock_reason="too heated",
    )
    archive.happen(event("closed", minutes=480), event("locked", minutes=600, lock_reason="too heated"))
    tree = page(archive)
    assert words(tree, ".went p:first-child") == (
        "Closed as not planned after 8 hours by boss, a member; "
        "2 posts of 3 by others than owners, members and collaborators. "
        "First answered after 1 hour by boss, a member. Locked as too heated 2 hours later."
    )
    table = [[cell.get_text() for cell in row.select("th, td")] for row in tree.select(".went tbody tr")]
    assert table == [["Members", "1", "1"], ["No role in the project", "1", "2"]]
    assert all(each.get("scope") for each in tree.select(".went th"))


def test_large_numbers_are_written_alike(archive: Archive) -> None:
    """How many posts of how many: both with their thousands apart."""
    archive.save()
    thread = archive.store.thread(77, 12)
    assert thread is not None
    many = replace(facts(thread), posts={"NONE": 1199, "OWNER": 301})
    assert "1,199 posts of 1,500 by others than" in rolls.ending(many)


def test_what_is_not_known_is_said(archive: Archive) -> None:
    """Nobody is named as who closed it, no standing is guessed, and unknown counts are called so."""
    archive.save(state="closed", closed_at=OPENED + timedelta(hours=8))
    told = words(page(archive), ".went")
    assert (
        "Closed after 8 hours; by whom is not known; 1 post of 1 by others than owners, members and collaborators."
        in told
    )
    assert "How often it was closed and reopened is not known." in told
    archive.save(13, state="closed", closed_at=OPENED + timedelta(hours=8), closed_by=Account(5, "boss"))
    told = words(page(archive, THREAD.replace("12", "13")), ".went")
    assert "by boss, association not known;" in told


def test_the_page_says_what_it_is_about_in_words(archive: Archive) -> None:
    """Topics by their names, and from which license to which."""
    asked = replace(
        JUDGED, topics=("relicense", "cla-dco", "new-one"), relicensing=Relicensing(("MIT",), ("AGPL-3.0-only",))
    )
    archive.save(relevance=asked)
    told = {each.dt.get_text(): " ".join(each.dd.get_text().split()) for each in page(archive).select(".facts > div")}  # type: ignore[union-attr]
    assert told["About"] == "Relicensing, CLA or DCO, New one"
    assert told["Change asked"] == "from MIT to AGPL-3.0-only"
    found = archive.client().get(API).get_json()
    assert found["relevance"]["relicensing"] == {"from": ["MIT"], "to": ["AGPL-3.0-only"]}


def test_the_api_tells_the_facts(archive: Archive) -> None:
    """Whole seconds, GitHub's own words for a role, null where nothing is known."""
    archive.save(
        comments=(comment(501, "No.", "boss", minutes=60),), state="closed", closed_at=OPENED + timedelta(hours=8)
    )
    found = archive.client().get(API).get_json()["facts"]
    assert found["outcome"] == "closed"
    assert (found["seconds_to_end"], found["closed_by"], found["closings"], found["locked"]) == (
        28800,
        None,
        None,
        None,
    )
    reply = found["first_reply"]
    assert (reply["seconds"], reply["by"]) == (3600, {"login": "boss", "author_association": "MEMBER"})
    assert reply["post"]["url"] == f"{SITE}{THREAD}#issuecomment-501"
    assert (found["posts_from_outside"], found["posts_counted"]) == (1, 2)


# --- the roll on the page ---------------------------------------------------------------------------------------------


def test_the_page_has_the_roll(archive: Archive) -> None:
    """A summary, a row for each with links to the post and its snapshot, who is apart, and who is silent."""
    digest = archive.save(body=ASKS, comments=answers())
    tree = page(archive)
    assert words(tree, ".consent .lead") == (
        "1 agreed, 1 with conditions, 1 declined; 2 listed have not answered (1 of them ticked in the request’s list); "
        "1 answered without being listed."
    )
    assert tree.select_one("h2#consent") is not None
    assert tree.select_one('.facts a[href="#consent"]') is not None
    listed, apart = tree.select(".consent table.roll")
    assert [each.get_text(" ", strip=True) for each in listed.select('th[scope="row"]')] == [
        "kim member", "lee contributor", "mo contributor",
    ]  # fmt: skip
    assert [" ".join(each.get_text().split()) for each in listed.select("td:nth-child(2)")] == [
        "Agreed", "Declined", "Agreed with conditions",
    ]  # fmt: skip
    assert [each["href"] for each in listed.select("tr:nth-child(2) .where a")] == [
        "#issuecomment-502",
        f"{THREAD}@{digest[:32]}#issuecomment-502",
    ]
    assert tree.select_one("#issuecomment-502") is not None
    assert words(tree, ".consent table:nth-of-type(2) th[scope=row]") == "zoe"
    assert apart.select("tbody tr")
    assert words(tree, ".silent") == "pat marked as agreed by the request tom not marked by the request"
    assert tree.select_one(f'.consent a[href="{THREAD}/consent.csv"]') is not None


def test_the_table_stays_a_table_where_it_is_shown_as_blocks(archive: Archive) -> None:
    """Rows and cells say their roles, and the heads their scope."""
    archive.save(body=ASKS, comments=answers())
    tree = page(archive)
    assert {each.get("role") for each in tree.select(".roll, .roll thead, .roll tr, .roll th, .roll td")} == {
        "table", "rowgroup", "row", "columnheader", "rowheader", "cell",
    }  # fmt: skip
    assert len(tree.select(".roll caption")) == len(tree.select(".roll"))


def test_addresses_in_quoted_words_are_hidden(archive: Archive) -> None:
    """As everywhere on pages; the CSV hides them too, and neither does if masking is off."""
    archive.save(body=ASKS, comments=(comment(503, "I agree, mo@moon.example", "mo"),))
    assert "mo@moon" not in words(page(archive), ".consent")
    assert "m…" in words(page(archive), ".consent")
    assert rows(archive)[0]["words"] == "I agree, m…@moon.example"
    plain = archive.client(mask=False).get(f"{THREAD}/consent.csv").get_data(as_text=True)
    assert "mo@moon.example" in plain


def test_what_people_write_is_text(archive: Archive) -> None:
    """Names and words come out escaped."""
    archive.save(body=ASKS, comments=(comment(501, "I agree to `<b>this</b>`", "kim"),))
    assert page(archive).select(".consent q b") == []


def test_an_earlier_answer_is_shown_below_the_one_that_stands(archive: Archive) -> None:
    """With its own words and links; a text that was edited since leads to the post's versions."""
    archive.save(body=ASKS, comments=(comment(501, "I agree.", "kim"), comment(502, "I agree.", "lee")))
    edited = replace(comment(502, "I do not agree.", "lee"), updated_at=archive.now)
    archive.save(body=ASKS, comments=(comment(501, "I agree.", "kim"), edited, comment(503, "I object.", "kim")))
    tree = page(archive)
    before = [" ".join(each.get_text().split()) for each in tree.select(".roll .earlier")]
    assert before[0].startswith("Before that, kim: Agreed “I agree.”".replace("“", "").replace("”", ""))
    assert "in a text that was edited since" in before[1]
    assert tree.select(".roll .earlier")[1].select(".held") == []
    assert tree.select(".roll .earlier")[1].select_one("a")["href"] == "#issuecomment-502-versions"  # type: ignore[index]


def test_a_snapshot_has_the_roll_as_of_then(archive: Archive) -> None:
    """Its page, its JSON and its CSV tell what was answered by then."""
    first = archive.save(body=ASKS, comments=answers()[:1])
    archive.save(body=ASKS, comments=answers())
    lead = words(page(archive, f"{THREAD}@{first}"), ".consent .lead")
    assert lead.startswith("1 agreed; 4 listed have not answered (")
    assert len(page(archive).select(".roll tbody tr")) == 4
    fixed = archive.client().get(f"{THREAD}@{first}.json").get_json()
    assert [each["author"] for each in fixed["consent"]["answers"]] == ["kim"]
    assert page(archive, f"{THREAD}@{first}").select_one(f'a[href="{THREAD}@{first}/consent.csv"]') is not None
    old = rows(archive, f"{THREAD}@{first}/consent.csv")
    assert [each["login"] for each in old] == ["kim", "lee", "mo", "pat", "tom"]
    assert old[0]["snapshot"] == f"{SITE}{THREAD}@{first[:32]}#issuecomment-501"


def test_a_debate_without_a_request_has_no_roll(archive: Archive) -> None:
    """No section, null in the API, 404 for its own addresses."""
    archive.save(comments=(comment(501, "I agree."),))
    assert page(archive).select(".consent, a[href='#consent']") == []
    client = archive.client()
    assert client.get(API).get_json()["consent"] is None
    for path in (f"{API}/consent", f"{THREAD}/consent.csv"):
        response = client.get(path)
        assert response.status_code == 404
        assert response.get_json()["message"] == "nobody is asked for consent in Acme/Rocket#12"


def test_a_deleted_answer_is_held_and_called_so(archive: Archive) -> None:
    """Its permanent link is that of the last snapshot that has it."""
    digest = archive.save(body=ASKS, comments=answers())
    archive.lose(501)
    tree = page(archive)
    assert "(deleted on GitHub)" in words(tree, ".roll tr:first-child")
    assert tree.select(".roll .held")[0]["href"] == f"{THREAD}@{digest[:32]}#issuecomment-501"
    found = archive.client().get(f"{API}/consent").get_json()["answers"][0]
    assert found["deleted"] is True
    assert found["permalink"] == f"{SITE}{THREAD}@{digest}#issuecomment-501"


def test_a_withdrawn_answer_is_not_told(archive: Archive) -> None:
    """Neither name nor words of it, on any form; that something was not read is said."""
    archive.save(body="Contributors, please agree to the license change below.", comments=answers())
    archive.withdraw("issuecomment-502")
    tree = page(archive)
    assert "1 post after the request is withdrawn here, and was not read" in words(tree, ".consent")
    assert "lee" not in words(tree, ".consent")
    assert archive.client().get(f"{API}/consent").get_json()["posts_not_read"] == 1
    assert "lee" not in [each["login"] for each in rows(archive)]


def test_where_a_post_is_withdrawn_nobodys_silence_is_known(archive: Archive) -> None:
    """Who is listed without an answer may have given it there: that is said of all of them, so that none is named."""
    archive.save(body=ASKS, comments=answers())
    archive.withdraw("issuecomment-502")
    tree = page(archive)
    assert "3 listed have not answered as far as is known, since a post is withdrawn here (" in words(tree, ".lead")
    assert "no answer found" not in words(tree, ".consent")
    each = {who.bdi.get_text(): who.span.get_text() for who in tree.select(".silent li")}
    assert set(each) == {"lee", "pat", "tom"}
    assert all(said.startswith("not known: withdrawn") for said in each.values())
    told = {row["login"]: row["answer"] for row in rows(archive)}
    assert {told.pop(login) for login in ("lee", "pat", "tom")} == {"not known: withdrawn"}
    assert "not answered" not in told.values()
    roll = archive.client().get(f"{API}/consent").get_json()
    assert (roll["counts"]["not answered"], roll["counts"]["not known: withdrawn"]) == (0, 3)
    listed = {row["login"]: row["answer"] for row in roll["listed"]}
    assert {listed[login] for login in ("lee", "pat", "tom")} == {"not known: withdrawn"}


# --- API and CSV ------------------------------------------------------------------------------------------------------


def test_the_api_has_the_roll(archive: Archive) -> None:
    """At an address of its own the same as in the thread: counts, answers with links, who is listed."""
    digest = archive.save(body=ASKS, comments=answers())
    client = archive.client()
    roll = client.get(f"{API}/consent").get_json()
    assert roll == client.get(API).get_json()["consent"]
    assert roll["counts"] == {
        "agreed": 2, "agreed with conditions": 1, "declined": 1, "unclear": 0, "not answered": 2,
        "not known: withdrawn": 0,
    }  # fmt: skip
    assert roll["counts_of_listed"]["agreed"] == 1
    [asked] = roll["asked"]
    assert (asked["by"], asked["post"]["url"]) == ("asker", f"{SITE}{THREAD}#issue-9012")
    first = roll["answers"][0]
    assert (first["author"], first["answer"], first["words"], first["listed"]) == (
        "kim",
        "agreed",
        "I agree to MIT.",
        True,
    )
    assert first["permalink"] == f"{SITE}{THREAD}@{digest}#issuecomment-501"
    assert first["revision"] == client.get(API).get_json()["posts"][1]["revisions"][0]["digest"]
    assert roll["listed"][3] == {"login": "pat", "ticked": True, "listed_now": True, "asks": False, "answer": None}


def test_the_roll_as_csv(archive: Archive) -> None:
    """RFC 4180 with a row of names, in UTF-8, to be saved; who is listed and silent has a row too."""
    archive.save(body=ASKS, comments=answers(comment(505, 'Agreed, "gladly",\nand twice.', "tom")))
    response = archive.client().get(f"{THREAD}/consent.csv")
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8; header=present"
    assert response.headers["Content-Disposition"] == 'attachment; filename="Acme-Rocket-12-consent.csv"'
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert response.data.startswith(b"login,association,listed,")
    assert response.data.endswith(b"\r\n")
    found = {each["login"]: each for each in rows(archive)}
    assert list(found) == ["kim", "lee", "mo", "zoe", "tom", "pat"]
    assert found["kim"]["post"] == f"{SITE}{THREAD}#issuecomment-501"
    assert (found["kim"]["marked_by_request"], found["zoe"]["listed"]) == ("yes", "no")
    assert found["pat"]["answer"] == "not answered"


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@kim agree", "\t=1", "\r=1", " =1", "＝1"])
def test_no_cell_is_a_formula(cell: str) -> None:
    """A spreadsheet must not run what somebody wrote."""
    assert rolls._safe(cell) == f"'{cell}"


def test_words_that_look_like_a_formula_are_made_safe(archive: Archive) -> None:
    """`+1` is what people write who agree."""
    archive.save(body=ASKS, comments=(comment(501, "+1", "kim"),))
    assert rows(archive)[0]["words"] == "'+1"


def test_the_addresses_redirect_as_all_others_do(archive: Archive) -> None:
    """Another spelling, another kind of thread, a time, a former name."""
    archive.save(body=ASKS, comments=answers())
    digest = archive.store.captures(77, 12)[0].digest
    client = archive.client()
    for asked, there in (
        ("/github.com/acme/ROCKET/issues/12/consent.csv", f"{THREAD}/consent.csv"),
        ("/github.com/Acme/Rocket/pull/12/consent.csv", f"{THREAD}/consent.csv"),
        ("/api/v1/threads/github.com/acme/rocket/12/consent", f"{API}/consent"),
    ):
        response = client.get(asked)
        assert (response.status_code, response.headers["Location"]) == (301, there)
    response = client.get(f"{THREAD}@20270101T000000Z/consent.csv")
    assert (response.status_code, response.headers["Location"]) == (302, f"{THREAD}@{digest}/consent.csv")
    assert client.get(f"{THREAD}.json/consent.csv").status_code == 404
    assert client.get("/github.com/Acme/Rocket/issues/99/consent.csv").status_code == 404


def test_a_withdrawn_thread_has_a_tombstone_there(archive: Archive) -> None:
    """410 at both addresses, with the reason and no robot to keep it."""
    archive.save(body=ASKS, comments=answers())
    archive.withdraw()
    for path in (f"{THREAD}/consent.csv", f"{API}/consent"):
        response = archive.client().get(path)
        assert response.status_code == 410
        assert response.get_json()["reason"] == "personal-data"
        assert response.headers["X-Robots-Tag"] == "noindex"


@pytest.mark.parametrize(("reason", "status"), [("personal-data", 410), ("legal", 451)])
def test_where_the_asking_post_is_withdrawn_the_roll_is(archive: Archive, reason: str, status: int) -> None:
    """Not that nobody is asked, but that a post is withdrawn and any roll with it; neither who nor which one."""
    digest = archive.save(body=ASKS, comments=answers())
    paths = (f"{THREAD}/consent.csv", f"{THREAD}@{digest}/consent.csv", f"{API}/consent")
    for path in paths:
        assert archive.client().get(path).status_code == 200
    archive.withdraw("issue-9012", reason=reason)
    for path in paths:
        response = archive.client().get(path)
        assert response.status_code == status
        told = response.get_json()
        assert set(told) == {"error", "message", "reason", "since"}
        assert told["message"].startswith(
            "a post of Acme/Rocket#12, and with it any roll of consent there, was withdrawn"
        )
        assert "9012" not in told["message"]
        assert response.headers["X-Robots-Tag"] == "noindex"


def test_where_nobody_ever_asked_nothing_is_said_to_be_withdrawn(archive: Archive) -> None:
    """A version from before the post that is withdrawn goes on to answer that nobody is asked."""
    first = archive.save(body="Which license is it?")
    archive.now += timedelta(days=1)
    archive.save(body="Which license is it?", comments=(comment(501, "The MIT one.", "kim"),))
    archive.withdraw("issuecomment-501")
    response = archive.client().get(f"{THREAD}@{first}/consent.csv")
    assert (response.status_code, response.get_json()["error"]) == (404, "not_found")


def test_its_own_links_are_looked_up(archive: Archive) -> None:
    """A link to the CSV is one of this archive's links."""
    archive.save(body=ASKS)
    response = archive.client().get(f"/lookup?url={SITE}{THREAD}/consent.csv")
    assert response.headers["Location"] == f"{THREAD}/consent.csv"
