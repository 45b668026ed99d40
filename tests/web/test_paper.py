"""What pages other than threads are on paper: no navigation, and no words that are true for a day."""

from __future__ import annotations

from archives import Archive
from archives import post as comment
from bs4 import BeautifulSoup
from pages import page, text

THREAD = "/github.com/Acme/Rocket/issues/12"
# What site.css leaves out of print.
NOT_PRINTED = ".no-print, .by-now, .top, .foot, .skip, .unseen"


def printed(tree: BeautifulSoup) -> str:
    """Return what of a page's main part is on paper."""
    for each in tree.select(NOT_PRINTED):
        each.decompose()
    return text(tree)


def test_a_tombstone_names_its_address_and_the_contact(archive: Archive) -> None:
    """Whose it is, what stood there, whom to ask; links to elsewhere in the archive are no use on paper."""
    archive.save()
    archive.withdraw()
    told = printed(page(archive.client(), THREAD, 410))
    assert f"http://archive.test{THREAD}" in told
    assert "Original: https://github.com/Acme/Rocket/issues/12" in told
    assert "whoever runs this archive (desk@archive.test)" in told
    assert "Search the archive" not in told


def test_a_history_says_nothing_that_is_untrue_tomorrow(archive: Archive) -> None:
    """Dates, and not how long ago they were; its own address and that of the original; no way to elsewhere."""
    archive.save()
    archive.save(comments=(comment(501, "No."),))
    told = printed(page(archive.client(), f"{THREAD}/history"))
    assert "ago" not in told.split()
    assert "just now" not in told
    assert f"http://archive.test{THREAD}/history" in told
    assert "Compare" not in told
    assert "or to a tombstone for what is withdrawn" in told


def test_who_cannot_cite_a_withdrawn_post_can_read_its_thread(archive: Archive) -> None:
    """The page that says so leads to where the tombstone stands."""
    archive.save(comments=(comment(501, "No."),))
    archive.withdraw("issuecomment-501")
    tree = page(archive.client(), f"{THREAD}/cite?post=issuecomment-501", 410)
    assert tree.select_one(f"main a[href='{THREAD}#issuecomment-501']")


def test_every_foot_names_the_program(archive: Archive) -> None:
    """With its version, on tombstones as elsewhere."""
    archive.save()
    archive.save(13)
    archive.withdraw()
    client = archive.client()
    foot = text(page(client, THREAD.replace("12", "13")), ".foot")
    assert "onrecord 0." in foot
    assert foot.split("Free software")[1] == text(page(client, THREAD, 410), ".foot").split("Free software")[1]
