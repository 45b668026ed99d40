"""Writes what is taken out of public view here, what is given back, and what is erased for good.

It decides nothing about who may ask for it.
"""

from __future__ import annotations

from archiver.store.rows import Rows


class Withdrawing(Rows):
    """The part of a writing transaction that is about withdrawals."""
