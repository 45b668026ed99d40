"""Owns the reading of pages in tests: a page's tree, and what a reader sees of a part of it.

It asserts nothing but a page's status and type.
"""

from __future__ import annotations

import re

from bs4 import BeautifulSoup
from flask.testing import FlaskClient


def page(client: FlaskClient, path: str, status: int = 200) -> BeautifulSoup:
    """Return a page's tree, having checked its status."""
    response = client.get(path)
    assert response.status_code == status, response.get_data(as_text=True)
    assert response.mimetype == "text/html"
    return BeautifulSoup(response.get_data(as_text=True), "html.parser")


def text(tree: BeautifulSoup, selector: str = "main") -> str:
    """Return what a reader sees of a part of a page, with single spaces."""
    parts = (BeautifulSoup(str(each).replace("<wbr/>", ""), "html.parser") for each in tree.select(selector))
    words = " ".join(" ".join(each.get_text(" ") for each in parts).split())
    return re.sub(r" ([,.;:)])", r"\1", words)
