"""`[site]`: what is refused, and what follows from the rest."""

from __future__ import annotations

import pytest

from archiver.errors import ConfigError
from web.config import SiteConfig


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("title", "  "),
        ("base_url", "archive.test"),
        ("base_url", "ftp://archive.test"),
        ("base_url", "https://user:secret@archive.test"),
        ("base_url", "https://archive.test/below"),
        ("listen", "8000"),
        ("listen", "127.0.0.1:99999"),
        ("listen", "127.0.0.1:x"),
        ("source", "javascript:alert(1)"),
        ("license", "MIT"),
    ],
)
def test_a_wrong_value_is_refused_by_name(setting: str, value: str) -> None:
    """The error names the setting, so that it can be found in the file."""
    with pytest.raises(ConfigError) as caught:
        SiteConfig(**{setting: value})
    assert caught.value.key == f"site.{setting}"


def test_a_slash_at_the_end_of_the_base_url_does_no_harm() -> None:
    """Permanent links are the base URL and a path, with one slash between them."""
    assert SiteConfig(base_url="https://archive.test/").base_url == "https://archive.test"


@pytest.mark.parametrize(
    ("listen", "host", "port"),
    [("127.0.0.1:8000", "127.0.0.1", 8000), ("[::1]:0", "::1", 0), ("localhost:80", "localhost", 80)],
)
def test_the_address_to_listen_at_is_taken_apart(listen: str, host: str, port: int) -> None:
    """IPv6 addresses lose their brackets, port 0 lets the system choose."""
    site = SiteConfig(listen=listen)
    assert (site.host, site.port) == (host, port)


@pytest.mark.parametrize(
    ("contact", "url"),
    [
        ("desk@archive.test", "mailto:desk@archive.test"),
        ("https://archive.test/desk", "https://archive.test/desk"),
        ("javascript:alert(1)", None),
        ("ask at the desk", None),
        ("", None),
    ],
)
def test_a_contact_is_a_link_only_if_it_is_one(contact: str, url: str | None) -> None:
    """Mail addresses and web addresses can be clicked on; anything else is shown as text."""
    assert SiteConfig(contact=contact).contact_url == url
