"""Writes what only GraphQL tells of posts: GitHub's own history of their edits, and which are minimized.

It asks for nothing (`archiver.histories` does) and overwrites no text.
"""

from __future__ import annotations

from archiver.store.rows import Rows


class Editing(Rows):
    """The part of a writing transaction that is about GitHub's edit histories."""
