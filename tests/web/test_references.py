"""References in posts lead to the records here, with the original beside."""

from __future__ import annotations

import pytest
from archives import Archive
from archives import post as comment
from pages import page, text

from archiver.references import RepositoryRef

THREAD = "/github.com/Acme/Rocket/issues/12"
OTHER = "/github.com/Acme/Rocket/issues/13"
UPSTREAM = "https://github.com/Acme/Rocket/issues"


def links(archive: Archive, body: str, body_html: str | None = None) -> list[tuple[str, str]]:
    """Save a thread with one comment, and one that it may refer to; return the links of the comment's text."""
    archive.save(13, comments=(comment(701, "Here."),))
    archive.save(comments=(comment(501, body, body_html=body_html),))
    shown = page(archive.client(), THREAD).select_one("#issuecomment-501 .text")
    return [(each.get_text(), each.get("href")) for each in shown.select("a")]


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("#13", "#13"),
        ("Acme/Rocket#13", "Acme/Rocket#13"),
        ("(acme/rocket#13),", "acme/rocket#13"),
        ("GH-13", "GH-13"),
        ("(gh-13)", "gh-13"),
        (f"{UPSTREAM}/13", f"{UPSTREAM}/13"),
        (f"[this]({UPSTREAM.replace('https', 'http')}/13)", "this"),
        ("https://www.github.com/acme/ROCKET/pull/13", "https://www.github.com/acme/ROCKET/pull/13"),
    ],
)
def test_a_reference_in_markdown_leads_to_the_record(archive: Archive, written: str, words: str) -> None:
    """However it is spelled; the original stands beside it."""
    found = links(archive, f"See {written} for that.")
    assert found[0] == (words, OTHER)
    assert [each[0] for each in found] == [words, "original"]
    assert found[1][1].lower().endswith("/13")
    assert "github.com" in found[1][1]


def test_a_reference_that_github_rendered_leads_to_the_record(archive: Archive) -> None:
    """With its anchor; what it does not link is not read for references."""
    html = f'<p>As <a class="issue-link" href="{UPSTREAM}/13#issuecomment-701">#13 (comment)</a>, not #13.</p>'
    assert links(archive, "As #13 (comment), not #13.", html) == [
        ("#13 (comment)", f"{OTHER}#issuecomment-701"),
        ("original", f"{UPSTREAM}/13#issuecomment-701"),
    ]


@pytest.mark.parametrize(
    "written",
    [
        *(
            "#14",
            "`#13`",
            "a#13",
            "##13",
            "#13a",
            "&#13;",
            "else/where#13",
            "    #13",
            "https://example.org/#13",
            "x/#13",
        ),
        *("GH-14", "`GH-13`", "XGH-13", "GH-13a", "GH-13-2", "x/GH-13", "GH13"),
    ],
)
def test_what_is_no_reference_or_not_held_stays_as_it_is(archive: Archive, written: str) -> None:
    """Nothing but what GitHub would link is read; what is not held gets no link here."""
    assert all("/github.com/Acme" not in (href or "") for _, href in links(archive, f"\n\n{written}\n"))


def test_a_link_within_the_thread_stays_within_the_page(archive: Archive) -> None:
    """In a version, too: there it leads to the post of that version."""
    body = f"As I said: {UPSTREAM}/12#issuecomment-501"
    digest = archive.save(comments=(comment(501, "No."), comment(502, body)))
    client = archive.client()
    for path in (THREAD, f"{THREAD}@{digest}"):
        shown = page(client, path).select("#issuecomment-502 .text a")
        assert [each["href"] for each in shown] == ["#issuecomment-501"]


def test_a_former_name_leads_to_the_record(archive: Archive) -> None:
    """A repository that was renamed is known under both names."""
    archive.save(13)
    archive.save_repository(RepositoryRef("Acme", "Spaceship"), name="Spaceship")
    archive.save(comments=(comment(501, "See acme/rocket#13."),))
    shown = page(archive.client(), THREAD.replace("Rocket", "Spaceship")).select("#issuecomment-501 .text a")
    assert [each["href"] for each in shown] == [
        "/github.com/Acme/Spaceship/issues/13",
        "https://github.com/acme/rocket/issues/13",
    ]


def test_a_reference_to_what_is_withdrawn_leads_to_its_tombstone(archive: Archive) -> None:
    """The reader learns what became of it."""
    archive.save(13)
    archive.withdraw(number=13)
    archive.save(comments=(comment(501, "See #13."),))
    client = archive.client()
    shown = page(client, THREAD).select_one("#issuecomment-501 .text a")
    assert "withdrawn" in text(page(client, shown["href"], 410))


def test_what_follows_a_reference_cannot_break_out(archive: Archive) -> None:
    """An address goes on being escaped wherever it is put."""
    evil = f'<a href="{UPSTREAM}/13?&quot;onclick=&quot;x&lt;script&gt;">#13</a>'
    archive.save(13)
    archive.save(comments=(comment(501, "#13", body_html=evil),))
    shown = page(archive.client(), THREAD).select_one("#issuecomment-501 .text")
    assert shown.select_one("a")["href"] == OTHER
    assert not shown.select("script, [onclick]")
