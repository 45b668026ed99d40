"""Writes that threads were transferred and that names changed hands, keeping one record of each.

It asks for nothing (`archiver.fetch` and `archiver.sweep` do).
"""

from __future__ import annotations

from archiver.store.rows import Rows


class Moving(Rows):
    """The part of a writing transaction that is about names and places."""
