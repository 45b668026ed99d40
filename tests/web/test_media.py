"""Pictures of posts: from where they are fetched, what is kept, how they are shown, and how they go out of view."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import httpx
import pytest
from archives import Archive, post
from click.testing import CliRunner

from archiver.config import GITHUB_MEDIA_HOSTS, MEDIA_TYPES, MediaConfig
from archiver.errors import ConfigError
from archiver.exporting import BadExport, export, import_from
from archiver.github.media import MediaClient, NoPicture, kind_of
from archiver.license import Vocabulary
from archiver.media import MOST_TRIES, Kept, keep_pictures
from archiver.store import open_store
from web.cli import main

HOST = "https://user-images.githubusercontent.com"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)
DIGEST = sha256(PNG).hexdigest()
PAGE = "/github.com/Acme/Rocket/issues/12"


class Web:
    """The rest of the world: answers at known addresses, and fails the test at any other."""

    def __init__(self, **pages: bytes | httpx.Response) -> None:
        self.pages = {f"{HOST}/{name}.png": page for name, page in pages.items()}
        self.asked: list[str] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answer a request."""
        url = str(request.url)
        self.asked.append(url)
        assert "authorization" not in request.headers
        assert "cookie" not in request.headers
        assert url in self.pages, f"nobody was to ask for {url}"
        page = self.pages[url]
        if isinstance(page, httpx.Response):
            return httpx.Response(page.status_code, headers=page.headers, stream=httpx.ByteStream(b""))
        headers = {"set-cookie": "a=b; Domain=githubusercontent.com", "content-type": "text/html"}
        return httpx.Response(200, stream=httpx.ByteStream(page), headers=headers)

    def client(self, *, max_bytes: int = 2**20) -> MediaClient:
        """Make a client that reaches nothing else."""
        transport = httpx.MockTransport(self)
        return MediaClient(GITHUB_MEDIA_HOSTS, types=MEDIA_TYPES, max_bytes=max_bytes, transport=transport)


def keep(archive: Archive, web: Web) -> Kept:
    """Make one pass."""
    with web.client() as client:
        return keep_pictures(archive.store, client, now=archive.clock)


def image(name: str, alt: str = "a chart") -> str:
    """Write a picture as Markdown."""
    return f"Look: ![{alt}]({HOST}/{name}.png)"


# --- showing ----------------------------------------------------------------------------------------------------------


def test_a_kept_picture_is_shown_from_here(archive: Archive) -> None:
    """The page shows it from its digest, with its words, in a link to the original; before, there is a link alone."""
    archive.save(12, body=image("a"))
    client = archive.client()
    before = client.get(PAGE)
    assert "<img" not in before.text
    assert f'href="{HOST}/a.png" class="media"' in before.text
    assert keep(archive, Web(a=PNG)) == Kept(new=1)
    page = client.get(PAGE, headers={"If-None-Match": before.headers["ETag"]})
    assert page.status_code == 200
    assert f'<img src="/media/{DIGEST}" alt="a chart" loading="lazy">' in page.text
    assert f'<a href="{HOST}/a.png"' in page.text


def test_a_picture_is_fenced_in(archive: Archive) -> None:
    """It is sent with the type that its bytes have, sandboxed, not to be guessed at, and cached for a day at most."""
    archive.save(12, body=image("a"))
    keep(archive, Web(a=PNG))
    client = archive.client()
    answer = client.get(f"/media/{DIGEST}")
    assert (answer.status_code, answer.data, answer.headers["Content-Type"]) == (200, PNG, "image/png")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert answer.headers["Cache-Control"] == "public, max-age=86400, immutable"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert answer.last_modified is not None
    since = client.get(f"/media/{DIGEST}", headers={"If-Modified-Since": answer.headers["Last-Modified"]})
    assert since.status_code == 304
    again = client.get(f"/media/{DIGEST}", headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert client.get(f"/media/{'0' * 64}").status_code == 404
    assert client.get("/media/..%2f..%2farchive.db").status_code == 404


def test_hostile_texts_show_nothing_else(archive: Archive) -> None:
    """A post cannot show a picture by its digest, nor one from elsewhere, nor smuggle attributes in."""
    hostile = (
        f'<img src="/media/{DIGEST}"> <img src="https://media.invalid/{DIGEST}"> '
        f'<img src="{HOST}/a.png" alt=\'x" onerror="alert(1)\' onload=alert(2) srcset="https://evil.test/x 2x">'
    )
    archive.save(12, body=hostile)
    web = Web(a=PNG)
    web.pages[f"https://github.com/media/{DIGEST}"] = httpx.Response(404)  # to where the first one leads on GitHub
    keep(archive, web)
    text = archive.client().get(PAGE).text
    body = text[text.index("<main") :]
    shown = f'<img src="/media/{DIGEST}" alt="x&quot; onerror=&quot;alert(1)" loading="lazy">'
    assert re.findall("<img[^>]*>", body) == [shown]


# --- attached files ---------------------------------------------------------------------------------------------------

FILES = "https://github.com/user-attachments/files/17"


def attached(archive: Archive, name: str, content: bytes, *, markdown: str = "See [the letter]({url}).") -> str:
    """Save a thread with an attached file, keep it, and return the text of its page."""
    url = f"{FILES}/{name}"
    archive.save(12, body=markdown.format(url=url))
    web = Web()
    web.pages[url] = content
    keep(archive, web)
    return str(archive.client().get(PAGE).text)


@pytest.mark.parametrize(
    ("name", "content", "media_type"),
    [
        ("Letter%20of%20consent.pdf", b"%PDF-1.7 ...", "application/pdf"),
        ("names.docx", b"PK\x03\x04" + bytes(30), "application/zip"),
        ("logs.tar.gz", b"\x1f\x8b\x08" + bytes(30), "application/gzip"),
        ("NOTICE.txt", "Ünïcode".encode(), "text/plain; charset=utf-8"),
        ("page.html", b"<script>alert(1)</script>", "text/plain; charset=utf-8"),
        ("drawing.svg", b"<svg onload='alert(1)'/>", "text/plain; charset=utf-8"),
    ],
)
def test_an_attached_file_is_kept_and_offered(archive: Archive, name: str, content: bytes, media_type: str) -> None:
    """A copy stands beside the link to it; it is sent to be saved under its name, and can do nothing here."""
    text = attached(archive, name, content)
    digest = sha256(content).hexdigest()
    assert re.search(
        rf'<a href="{re.escape(FILES)}/{re.escape(name)}"[^>]*>the letter</a> '
        rf'\(<a href="/media/{digest}"[^>]*>copy kept here</a>\)',
        text,
    )
    answer = archive.client().get(f"/media/{digest}")
    assert (answer.data, answer.headers["Content-Type"]) == (content, media_type)
    saved_as = name.replace("%20", "-").replace(".html", ".html.txt").replace(".svg", ".svg.txt")
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{saved_as}"'
    assert answer.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_what_is_no_attachment_or_of_no_kind_is_not_kept(archive: Archive) -> None:
    """Programs are not; a file that lies elsewhere is not even asked for; only a picture is shown as one."""
    elsewhere = "[a](https://github.com/Acme/Rocket/blob/main/LICENSE.pdf) [b](https://evil.test/files/1/a.pdf)"
    archive.save(12, body=f"[p]({FILES}/setup.exe) {elsewhere} ![c]({FILES}/a.txt) ![d]({FILES}/d.png)")
    web = Web()
    web.pages |= {f"{FILES}/setup.exe": b"MZ\x90\x00" + bytes(30), f"{FILES}/a.txt": b"text", f"{FILES}/d.png": PNG}
    keep(archive, web)
    assert set(web.asked) <= set(web.pages)
    text = archive.client().get(PAGE).text
    text = text[text.index("<main") :]
    assert re.findall("<img src=([^ ]*)", text) == [f'"/media/{DIGEST}"']
    assert text.count("/media/") == 1


def test_a_file_whose_name_is_hostile_is_offered_under_a_plain_one(archive: Archive) -> None:
    """What is special in a header, or leads to another folder, is no part of the name."""
    attached(archive, "..%2f%22;%0d%0aX:y.txt", b"text")
    answer = archive.client().get(f"/media/{sha256(b'text').hexdigest()}")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="X-y.txt"'
    assert "X" not in answer.headers


def test_an_attached_file_goes_out_of_view_with_its_post(archive: Archive) -> None:
    """As a picture does."""
    attached(archive, "a.txt", b"text")
    archive.withdraw("issue-9012")
    assert archive.client().get(f"/media/{sha256(b'text').hexdigest()}").status_code == 410


def test_a_post_cannot_name_a_copy(archive: Archive) -> None:
    """A link that is written as those to copies are while they are cleaned leads nowhere."""
    archive.save(12, body=f'<a href="https://media.invalid/{DIGEST}">x</a> [y](https://media.invalid/{DIGEST})')
    text = archive.client().get(PAGE).text
    assert f"/media/{DIGEST}" not in text
    assert 'href="https://media.invalid' not in text


# --- fetching ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.test/a.png",
        "http://user-images.githubusercontent.com/a.png",
        "https://user-images.githubusercontent.com:8443/a.png",
        "https://token@user-images.githubusercontent.com/a.png",
        "https://user-images.githubusercontent.com.evil.test/a.png",
        "https://169.254.169.254/latest",
        "https://[::1]/a.png",
        "https://[/a.png",
        "file:///etc/passwd",
    ],
)
def test_nothing_is_asked_of_other_hosts(archive: Archive, url: str) -> None:
    """Neither a post nor a redirect has anything fetched but by https from an allowed host."""
    archive.save(12, body=f'<img src="{url}">')
    assert keep(archive, Web()) == Kept()
    web = Web(a=httpx.Response(302, headers={"location": url}))
    with web.client() as client, pytest.raises(NoPicture):
        client.fetch(f"{HOST}/a.png")
    assert web.asked == [f"{HOST}/a.png"]


def test_redirects_to_allowed_hosts_are_followed() -> None:
    """An attachment redirects to where it lies; no more than three times."""
    target = "https://github-production-user-asset-6210df.s3.amazonaws.com/1?X-Amz-Signature=abc"
    web = Web(a=httpx.Response(302, headers={"location": target, "set-cookie": "a=b"}))
    web.pages[target] = PNG
    with web.client() as client:
        assert client.fetch(f"{HOST}/a.png") == ("png", PNG)
    circle = Web(a=httpx.Response(302, headers={"location": "/a.png"}))
    with circle.client() as client, pytest.raises(NoPicture, match="redirects"):
        client.fetch(f"{HOST}/a.png")
    assert len(circle.asked) == 4


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "no picture"),
        (b"<!doctype html><script>alert(1)</script>", "no picture"),
        (b"", "no picture"),
        (b"%PDF-1.7 and so on and so on", "no picture"),
        (PNG + bytes(2**20), "larger than 1 MiB"),
        (httpx.Response(404), "HTTP 404"),
        (httpx.Response(200, headers={"content-encoding": "gzip"}), "packed"),
    ],
)
def test_what_is_no_fit_picture_is_not_kept(archive: Archive, answer: bytes | httpx.Response, said: str) -> None:
    """By its bytes alone it is told what it is; the reason stands in the store, and the page keeps its link."""
    archive.save(12, body=image("a"))
    assert keep(archive, Web(a=answer)) == Kept(failed=1)
    with archive.store.transaction() as tx:
        failure = tx._connection.exec_driver_sql("SELECT failure FROM media").scalar_one()
    assert said in failure
    assert list(archive.store.media_files.digests()) == []
    assert "<img" not in archive.client().get(PAGE).text


@pytest.mark.parametrize(
    ("start", "kind"),
    [
        (b"\xff\xd8\xff\xe0", "jpeg"),
        (b"GIF89a", "gif"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "webp"),
        (b"\x00\x00\x00\x1cftypavif", "avif"),
        (b"RIFF\x00\x00\x00\x00WAVEfmt ", None),
        (b"\x00\x00\x00\x1cftypisom", None),
    ],
)
def test_kinds_are_told_by_their_first_bytes(start: bytes, kind: str | None) -> None:
    """Each kind that is kept has its sign, and what merely resembles it has not."""
    assert kind_of(start + bytes(16)) == kind


def test_failures_are_tried_again_another_day_and_then_given_up(archive: Archive) -> None:
    """What could not be had is asked for once a day, four times in all, and stops nothing else."""
    archive.save(12, body=image("gone") + "\n\n" + image("b"))
    web = Web(gone=httpx.Response(500), b=PNG)
    assert keep(archive, web) == Kept(new=1, failed=1)
    assert keep(archive, web) == Kept()
    for _ in range(MOST_TRIES + 2):
        archive.now += timedelta(days=1)
        keep(archive, web)
    assert web.asked.count(f"{HOST}/gone.png") == MOST_TRIES
    assert web.asked.count(f"{HOST}/b.png") == 1


def test_an_unreachable_host_is_noted(archive: Archive) -> None:
    """A broken connection is a failure of that picture alone."""
    archive.save(12, body=image("a"))

    def broken(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("no route", request=request)

    transport = httpx.MockTransport(broken)
    with MediaClient(GITHUB_MEDIA_HOSTS, types=MEDIA_TYPES, max_bytes=9, transport=transport) as client:
        assert keep_pictures(archive.store, client, now=archive.clock) == Kept(failed=1)


# --- keeping ----------------------------------------------------------------------------------------------------------


def test_the_same_picture_is_one_file(archive: Archive) -> None:
    """Two addresses with the same bytes are one file, in folders by its first digits."""
    archive.save(12, body=image("a"), comments=(post(1, image("b")),))
    assert keep(archive, Web(a=PNG, b=PNG)) == Kept(new=2)
    folder = archive.store.media_files.folder
    files = [each for each in folder.rglob("*") if each.is_file()]
    assert files == [folder / DIGEST[:2] / DIGEST[2:4] / DIGEST]


def test_a_withdrawn_post_takes_its_picture_along(archive: Archive) -> None:
    """What only withdrawn posts show is 410; it comes back with them, and is not fetched while they are out of view."""
    archive.save(12, comments=(post(1, image("a")), post(2, image("b"), "bob")))
    keep(archive, Web(a=PNG, b=PNG))
    client = archive.client()
    archive.withdraw("issuecomment-1")
    assert client.get(f"/media/{DIGEST}").status_code == 200  # the other one shows it too
    archive.withdraw("issuecomment-2")
    assert client.get(f"/media/{DIGEST}").status_code == 410
    assert archive.store.media_files.wrong(DIGEST) is None
    archive.save(13, body=image("c"))
    archive.withdraw(number=13)
    assert keep(archive, Web()) == Kept()


def test_an_erased_post_has_its_picture_erased(archive: Archive) -> None:
    """Row and file are gone for good when nothing else shows it, not before."""
    archive.save(12, comments=(post(1, image("a")), post(2, image("b"), "bob")))
    keep(archive, Web(a=PNG, b=PNG))
    archive.withdraw("issuecomment-1", erase=True)
    archive.store.scrub()
    assert archive.store.media_files.wrong(DIGEST) is None
    archive.withdraw("issuecomment-2", erase=True)
    archive.store.scrub()
    assert archive.store.media_files.wrong(DIGEST) == "its file is missing"
    assert archive.client().get(f"/media/{DIGEST}").status_code == 404
    with archive.store.transaction() as tx:
        tx.scrubbed()
    assert list(archive.store.verification().differences()) == []


def test_verification_recomputes_pictures(archive: Archive) -> None:
    """A file that is missing or changed is a difference, and not shown if it is no picture any more."""
    archive.save(12, body=image("a"))
    keep(archive, Web(a=PNG))
    assert list(archive.store.verification().differences()) == []
    path = archive.store.media_files.path(DIGEST)
    path.write_bytes(b"<script>alert(1)</script>")
    assert [str(each) for each in archive.store.verification().differences()] == [
        f"picture {DIGEST}: its file has another digest"
    ]
    assert archive.client().get(f"/media/{DIGEST}").status_code == 404
    path.unlink()
    assert [each.what for each in archive.store.verification().differences()] == ["its file is missing"]


def test_pictures_go_along_with_an_export(archive: Archive, tmp_path: Path) -> None:
    """A new archive shows the pictures of the old one, but for those of withdrawn posts."""
    other = b"GIF89a" + bytes(50)
    archive.save(12, comments=(post(1, image("a")), post(2, image("b"), "bob")))
    keep(archive, Web(a=PNG, b=other))
    archive.withdraw("issuecomment-2")
    export(archive.store, tmp_path / "all.zip", Vocabulary(), complete=False, now=archive.clock)
    url = f"sqlite:///{tmp_path / 'new' / 'archive.db'}"
    import_from(tmp_path / "all.zip", url, lambda: open_store(url))
    with open_store(url) as store:
        assert list(store.media_files.digests()) == [DIGEST]
        assert list(store.verification().differences()) == []
        assert store.picture_type(DIGEST) == ("png", True)
    archive.store.media_files.path(DIGEST).unlink()
    export(archive.store, tmp_path / "less.zip", Vocabulary(), complete=False, now=archive.clock)
    url = f"sqlite:///{tmp_path / 'other.db'}"
    with pytest.raises(BadExport, match="is not in it"):
        import_from(tmp_path / "less.zip", url, lambda: open_store(url))


# --- configuration ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "make",
    [
        lambda: MediaConfig(hosts=("https://example.org",)),
        lambda: MediaConfig(hosts=("localhost",)),
        lambda: MediaConfig(hosts=("127.0.0.1",)),
        lambda: MediaConfig(types=("svg",)),
        lambda: MediaConfig(max_mb=101),
    ],
)
def test_settings_that_make_no_sense_are_refused(make: Callable[[], MediaConfig]) -> None:
    """Hosts are names, types are those that can be kept safely, sizes are bounded."""
    with pytest.raises(ConfigError):
        make()


def test_nothing_is_fetched_unless_switched_on(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    """By default no client for pictures is even made."""
    from archiver import cli
    from archiver.config import ConfigFile

    def never(*_: object, **__: object) -> None:
        raise AssertionError("no pictures are wanted")

    monkeypatch.setattr(cli, "MediaClient", never)
    archive.save(12, body=image("a"))
    settings = cli.bind(ConfigFile(None, Path(), {}))
    settings.keep_pictures(archive.store, lambda: False)
    with pytest.raises(AssertionError, match="no pictures are wanted"):
        cli.bind(ConfigFile(None, Path(), {"media": {"keep": True}})).keep_pictures(archive.store, lambda: False)
    assert CliRunner().invoke(main, ["--version"]).exit_code == 0


def test_a_crawl_elsewhere_puts_pictures_off(archive: Archive) -> None:
    """While another crawl holds the store's lock no picture is asked for, and that is no error."""
    from archiver import cli
    from archiver.config import ConfigFile

    archive.save(12, body=image("a"))
    settings = cli.bind(ConfigFile(None, Path(), {"media": {"keep": True, "hosts": []}}))
    with archive.store.crawl_lock():
        settings.keep_pictures(archive.store, lambda: False)
    with archive.store.transaction() as tx:
        assert len(tx.unread_texts(10)) == 1
    settings.keep_pictures(archive.store, lambda: False)
    with archive.store.transaction() as tx:
        assert tx.unread_texts(10) == []
