"""What changed between two versions: the texts word by word, the page, and the line on a former version's page."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from archives import OPENED, Archive, event
from archives import post as comment
from bs4 import BeautifulSoup
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from archiver.model import PostKind
from archiver.references import ThreadKind
from web import comparing, differing
from web.differing import Stretch, differences, folded

THREAD = "/github.com/Acme/Rocket/issues/12"
SECRET = "Zanzibar"


def page(client: FlaskClient, path: str, status: int = 200) -> BeautifulSoup:
    """Return a page's tree, having followed redirects and checked its status."""
    response = client.get(path, follow_redirects=True)
    assert response.status_code == status, response.get_data(as_text=True)
    return BeautifulSoup(response.get_data(as_text=True), "html.parser")


def text(tree: BeautifulSoup, selector: str = "main") -> str:
    """Return what a reader sees of a part of a page, with single spaces."""
    return " ".join(" ".join(each.get_text() for each in tree.select(selector)).split())


def shown(stretches: list[Stretch]) -> str:
    """Write stretches as wdiff does."""
    signs = {"same": "{}", "del": "[-{}-]", "ins": "{{+{}+}}", "fold": "<{}>"}
    return "".join(signs[each.kind].format(each.text) for each in stretches)


# --- texts ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("", "", ""),
        ("Same.", "Same.", "Same."),
        ("", "All new.", "{+All new.+}"),
        ("All gone.", "", "[-All gone.-]"),
        ("Use the GPL here.", "Use the MIT license here.", "Use the [-GPL-]{+MIT license+} here."),
        ("It doesn't matter.", "It didn't matter.", "It [-doesn't-]{+didn't+} matter."),
        ("One.\n\nTwo.\n", "One.\n\nNew.\n\nTwo.\n", "One.\n\n{+New.\n\n+}Two.\n"),
        ("One\r\nTwo", "One\nTwo", "One\nTwo"),
        ("許可を変えます。", "許諾を変えます。", "許[-可-]{+諾+}を変えます。"),
        ("no more of this", "Something else entirely", "[-no more of this-]{+Something else entirely+}"),
    ],
)
def test_texts_are_told_apart_by_words(before: str, after: str, expected: str) -> None:
    """Words stay whole; line endings do not count; what has little in common is shown one after the other."""
    assert shown(differences(before, after)) == expected


@given(st.text(alphabet="ab \n.é😀", max_size=60), st.text(alphabet="ab \n.é😀", max_size=60))
def test_the_stretches_make_up_both_texts(before: str, after: str) -> None:
    """What is the same or gone is the former text, what is the same or new the latter; folding loses nothing."""
    for stretches in (differences(before, after), folded(differences(before, after))):
        assert "".join(each.text for each in stretches if each.kind != "ins") == before
        assert "".join(each.text for each in stretches if each.kind != "del") == after
        assert all(each.text for each in stretches)


def test_what_is_far_from_a_change_is_folded() -> None:
    """Two lines stay on each side; a text without a change is not folded at all."""
    lines = [f"This is line {number}.\n" for number in range(40)]
    found = folded(differences("".join(lines), "".join([*lines[:20], "New.\n", *lines[20:]])))
    assert [(each.kind, each.lines) for each in found] == [
        *[("fold", 18), ("same", 2), ("ins", 1), ("same", 2), ("fold", 18)]
    ]
    assert folded(differences("".join(lines), "".join(lines))) == [Stretch("same", "".join(lines))]


def test_huge_texts_are_compared_within_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where one text's words times the other's are too many, the whole is shown in place of the whole."""
    before, after = "x one two three four five y", "v two three four five six w"
    assert shown(differences(before, after)) == "[-x one -]{+v +}two three four five [-y-]{+six w+}"
    monkeypatch.setattr(differing, "_MOST_COMPARED", 99)
    monkeypatch.setattr(differing, "_MOST_COMPARED", 99)
    assert shown(differences(before, after)) == f"[-{before}-]{{+{after}+}}"


# --- the page ---------------------------------------------------------------------------------------------------------


def two_versions(archive: Archive) -> tuple[str, str]:
    """Save a thread twice: a post edited, one deleted, one new; retitled, relabelled and closed; return the digests."""
    kept = comment(500, "First comment, which stays.", "ann", minutes=5)
    edited = comment(501, "We will never use the GPL here.", "boss", minutes=10)
    first = archive.save(
        comments=(kept, edited, comment(502, "I agree with that.", "kim", minutes=20)), labels=("license", "question")
    )
    archive.happen(event("closed", minutes=(archive.now - OPENED) / timedelta(minutes=1) - 60))
    with archive.store.transaction() as tx:
        tx.mark_post_gone(77, 12, PostKind.COMMENT, 502, 404)
    again = comment(501, "We may use the LGPL here.", "boss", minutes=10, edited=OPENED + timedelta(minutes=900))
    second = archive.save(
        title="Relicense under the LGPL?",
        comments=(kept, again, comment(503, "Thank you!", "asker", minutes=950)),
        labels=("accepted", "license"),
        state="closed",
        state_reason="completed",
        closed_at=OPENED + timedelta(minutes=960),
    )
    return first, second


def test_two_versions_are_compared(archive: Archive) -> None:
    """Fields, the edited post word by word, the new and the deleted one, what did not change, and events between."""
    first, second = two_versions(archive)
    tree = page(archive.client(), f"{THREAD}/compare?from={first[:32]}&to={second[:32]}")
    assert (
        "Changed: 1 new post, 1 edited post, 1 deleted post, the title, the state, the labels and 1 event in between."
        in text(tree, ".lead")
    )
    fields = {
        text_of.dt.get_text(): " ".join(text_of.dd.get_text().split()) for text_of in tree.select(".diff-fields > div")
    }
    assert fields == {
        "Title": "−Relicense under a copyleft license? +Relicense under the LGPL?",
        "State": "−open +closed as completed",
        "Labels": "−question +accepted",
    }
    edited = tree.select_one("#issuecomment-501")
    assert " ".join(edited.select_one(".diff").get_text().split()) == "We −will never +may use the −GPL+LGPL here."
    assert [each.get_text() for each in edited.select("del, ins")] == ["−will never ", "+may ", "−GPL", "+LGPL"]
    assert "Edited" in text(edited, ".about")
    assert text(tree, "#issuecomment-502 .diff") == "−I agree with that."
    assert "No longer there" in text(tree, "#issuecomment-502 .about")
    assert text(tree, "#issuecomment-503 .diff") == "+Thank you!"
    assert text(tree, ".unchanged") == "Posts 1 to 2: unchanged"
    assert "closed" in text(tree, ".event")
    order = [each.get("id") for each in tree.select(".posts > article")]
    assert order == ["issuecomment-501", "issuecomment-502", "issuecomment-503"]
    assert tree.select_one("#issuecomment-502 a")["href"] == f"{THREAD}@{first[:32]}#issuecomment-502"
    assert tree.select_one("#issuecomment-503 a")["href"] == f"{THREAD}@{second[:32]}#issuecomment-503"


def test_the_versions_are_named_by_digests_by_times_or_not_at_all(archive: Archive) -> None:
    """All of these lead to the one address with the digests; more digits than needed stay as they are."""
    first, second = two_versions(archive)
    client = archive.client()
    wanted = f"{THREAD}/compare?from={first[:32]}&to={second[:32]}"
    for query in (
        "",
        f"?from={first[:32]}",
        f"?to={second[:32].upper()}&from={first[:32].upper()}",
        "?from=20260301T120000Z&to=20260302T120000Z",
        "?from=2026-03-01T13:30:00%2B01:00",
        f"?from={first[:32]}&to={second[:32]}&utm=x",
    ):
        response = client.get(f"{THREAD}/compare{query}")
        assert (response.status_code, response.headers["Location"]) == (302, wanted), query
    assert client.get(wanted).status_code == 200
    assert client.get(f"{THREAD}/compare?from={first}&to={second}").status_code == 200
    moved = client.get(f"/github.com/acme/rocket/issue/12/compare?from={first[:32]}")
    assert (moved.status_code, moved.headers["Location"]) == (301, f"{THREAD}/compare?from={first[:32]}")
    assert client.get(f"/lookup?url=http://archive.test{wanted.replace('&', '%26')}").headers["Location"] == wanted


def test_versions_that_are_not_held_are_told_kindly(archive: Archive) -> None:
    """Nonsense is 400, an unknown digest 404 with the ways on, a time before the first capture 404."""
    first, _ = two_versions(archive)
    client = archive.client()
    assert "names no version" in text(page(client, f"{THREAD}/compare?from=yesterday", 400))
    assert "none of its" in text(page(client, f"{THREAD}/compare?to=0123456789ab", 404))
    assert "Not yet on the record" in text(page(client, f"{THREAD}/compare?from=20170101T000000Z", 404))
    assert page(client, "/github.com/Acme/Rocket/issues/13/compare", 404)
    assert page(client, f"{THREAD}@{first[:32]}/compare", 404)


def test_a_comparison_may_be_read_backwards(archive: Archive) -> None:
    """It says so, and leads to the other direction."""
    first, second = two_versions(archive)
    tree = page(archive.client(), f"{THREAD}/compare?from={second[:32]}&to={first[:32]}")
    assert "reads backwards" in text(tree, ".warning")
    assert tree.select_one(".warning a")["href"] == f"{THREAD}/compare?from={first[:32]}&to={second[:32]}"
    assert "No longer there" in text(tree, "#issuecomment-503 .about")


def test_a_version_compared_with_itself_has_no_differences(archive: Archive) -> None:
    """The only capture of a thread is compared with itself."""
    archive.save()
    tree = page(archive.client(), f"{THREAD}/compare")
    assert text(tree, ".lead") == "Both are the same version."
    assert text(tree, ".unchanged") == "Post 1: unchanged"


def test_a_state_that_came_back_is_compared_to_its_return(archive: Archive) -> None:
    """Of a version that was captured twice, the first time counts at the beginning and the last one at the end."""
    first = archive.save(title="One")
    second = archive.save(title="Two")
    assert archive.save(title="One") == first
    client = archive.client()
    assert client.get(f"{THREAD}/compare").headers["Location"].endswith(f"from={second[:32]}&to={first[:32]}")
    tree = page(client, f"{THREAD}/compare?from={second[:32]}&to={first[:32]}")
    assert not tree.select(".warning")


def test_nothing_of_a_text_acts_as_markup(archive: Archive) -> None:
    """Texts, titles and labels are shown as text, whatever they hold."""
    archive.save(title="A", body="<script>alert(1)</script> one", labels=("x",))
    archive.save(title="<img src=x onerror=alert(1)>", body="<script>alert(2)</script> two", labels=("<b>y</b>",))
    tree = page(archive.client(), f"{THREAD}/compare")
    assert not tree.select("main script, main img, dd b")
    assert "<script>alert(" in text(tree, ".diff")
    assert "<img src=x onerror=alert(1)>" in text(tree, ".diff-fields")


def test_what_is_withdrawn_is_in_no_comparison(archive: Archive) -> None:
    """A post's text is not shown, a version that cannot be shown is a tombstone, and so is a thread."""
    old = comment(501, f"In {SECRET}.", "mallory", minutes=10)
    first = archive.save(comments=(old,))
    archive.save(
        comments=(comment(501, f"Not in {SECRET}.", "mallory", minutes=10, edited=OPENED + timedelta(days=9)),)
    )
    archive.withdraw("issuecomment-501")
    client = archive.client()
    tree = page(client, f"{THREAD}/compare")
    assert "withdrawn from public view" in text(tree, "#issuecomment-501")
    assert SECRET not in str(tree)
    assert "mallory" not in str(tree)
    archive.withdraw(reason="legal")
    response = archive.client().get(f"{THREAD}/compare?from={first[:32]}")
    assert response.status_code == 451
    assert response.headers["X-Robots-Tag"] == "noindex"


def test_masked_words_are_not_told_apart(archive: Archive) -> None:
    """What differs in an e-mail address alone is said to be hidden, not shown."""
    archive.save(body="Write to kim@example.org please")
    archive.save(body="Write to kate@example.org please")
    tree = page(archive.client(), f"{THREAD}/compare")
    assert "kim@" not in str(tree)
    assert "kate@" not in str(tree)
    assert "what is hidden as an address" in text(tree, "#issue-9012")
    shown_ = page(archive.client(mask=False), f"{THREAD}/compare")
    assert [each.get_text() for each in shown_.select("#issue-9012 del, #issue-9012 ins")] == ["−kim", "+kate"]


def test_too_much_text_is_named_and_not_shown(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond a bound posts that changed stand there without their texts, with the links that lead to them."""
    monkeypatch.setattr(comparing, "MOST_SHOWN", 100)
    archive.save()
    archive.save(comments=(comment(501, "x" * 90), comment(502, "y" * 90)))
    tree = page(archive.client(), f"{THREAD}/compare")
    assert "x" * 90 in text(tree, "#issuecomment-501")
    assert "no room" in text(tree, "#issuecomment-502")


def test_a_reviews_standing_is_compared(archive: Archive) -> None:
    """A review that was dismissed is told, though its text is the same."""
    for state in ("CHANGES_REQUESTED", "DISMISSED"):
        review = comment(601, "Needs a header.", kind=PostKind.REVIEW, state=state)
        archive.save(comments=(review,), kind=ThreadKind.PULL, upstream_comments=0)
    tree = page(archive.client(), "/github.com/Acme/Rocket/pull/12/compare")
    assert "Standing: −changes requested +review dismissed" in text(tree, "#pullrequestreview-601")
    assert "1 review or answer that stands otherwise" in text(tree, ".lead")


# --- where it is reached from -----------------------------------------------------------------------------------------


def test_a_former_version_says_what_changed_since(archive: Archive) -> None:
    """In a line, with the way to the comparison with the latest version; the latest one has nothing to say."""
    first, second = two_versions(archive)
    client = archive.client()
    tree = page(client, f"{THREAD}@{first[:32]}")
    line = text(tree, ".since")
    assert line.startswith("Changed since: 1 new post; 1 post no longer there; 1 post edited; retitled")
    assert tree.select_one(".since a")["href"] == f"{THREAD}/compare?from={first[:32]}"
    assert not page(client, f"{THREAD}@{second[:32]}").select(".since")
    assert not page(client, THREAD).select(".since")


def test_the_history_leads_to_what_each_capture_changed(archive: Archive) -> None:
    """Each capture but the first one has a link to the comparison with the one before."""
    first, second = two_versions(archive)
    tree = page(archive.client(), f"{THREAD}/history")
    links = [each["href"] for each in tree.select("a") if "/compare" in each["href"]]
    assert links == [f"{THREAD}/compare?from={first[:32]}&to={second[:32]}"]


def test_neighbouring_changes_are_linked(archive: Archive) -> None:
    """From one change one walks to the change before and after it."""
    digests = [archive.save(title=title)[:32] for title in ("One", "Two", "Three", "Four")]
    tree = page(archive.client(), f"{THREAD}/compare?from={digests[1]}&to={digests[2]}")
    found = {
        each.get_text(): each["href"] for each in tree.select(".head a") if re.match("the change", each.get_text())
    }
    assert found == {
        "the change before": f"{THREAD}/compare?from={digests[0]}&to={digests[1]}",
        "the change after": f"{THREAD}/compare?from={digests[2]}&to={digests[3]}",
    }
