"""Keeps the list of accounts that are not to be captured, as salted hashes of GitHub's numbers, and asks it.

It decides nothing about who may be put on it.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from functools import lru_cache

import sqlalchemy as sa

from archiver.model import Account
from archiver.store import schema as s
from archiver.store.rows import Rows

NOTE = "opt-out"
# There are few accounts enough to try them all: each trial is to cost something. A crawl hashes each account once.
_ROUNDS = 1_000


@lru_cache(maxsize=100_000)
def opt_out_hash(salt: str, account_id: int) -> str:
    """Return what stands on the list for an account; `salt` is in hex."""
    return hashlib.pbkdf2_hmac("sha256", str(account_id).encode(), bytes.fromhex(salt), _ROUNDS).hex()


class Opting(Rows):
    """The part of a writing transaction that is about accounts that are not to be captured."""

    _listed: frozenset[str] | None = None

    def opted_out(self, account: Account | None) -> bool:
        """Return whether the account is on the list of those that are not to be captured."""
        if self._listed is None:
            self._listed = frozenset(self._connection.execute(sa.select(s.opt_out.c.hash)).scalars())
        if not self._listed or account is None:
            return False
        return any(opt_out_hash(salt, account.id) in self._listed for salt in self._salts())

    def opt_out(self, account_id: int) -> bool:
        """Put an account on the list; return whether it was not there yet."""
        if self.opted_out(Account(account_id, "")):
            return False
        self._connection.execute(sa.delete(s.unplaced).where(s.unplaced.c.author_id == account_id))
        salts = self._salts() or [secrets.token_hex(16)]
        self.join_opt_out_list(salts, [opt_out_hash(salts[0], account_id)])
        return True

    def opt_in(self, account_id: int) -> bool:
        """Take an account off the list; return whether it was on it."""
        if not self.opted_out(Account(account_id, "")):
            return False
        mine = [opt_out_hash(salt, account_id) for salt in self._salts()]
        self._connection.execute(sa.delete(s.opt_out).where(s.opt_out.c.hash.in_(mine)))
        self._listed = None
        return True

    def opt_out_list(self) -> tuple[list[str], list[str]]:
        """Return the list's salts and hashes: which of the salts belongs to a hash is not known."""
        query = sa.select(s.opt_out.c.hash).order_by(s.opt_out.c.hash)
        return self._salts(), list(self._connection.execute(query).scalars())

    def join_opt_out_list(self, salts: Sequence[str], hashes: Sequence[str]) -> int:
        """Add to the list what another one holds; return how many hashes are new."""
        known_salts, known = self.opt_out_list()
        new = sorted(set(hashes) - set(known))
        self.save_note(NOTE, {"salts": list(dict.fromkeys([*known_salts, *salts]))})
        self._insert_all(s.opt_out, [{"hash": each, "at": self.now} for each in new])
        if new and self._one(s.withdrawal, s.withdrawal.c.scope == "opt-out") is None:
            # What placeholders of all these accounts point to: the list must not tell whose they are.
            self._insert(
                s.withdrawal, at=self.now, reason="author-request", scope="opt-out", target="opt-out list", erased=False
            )
        self._listed = None
        return len(new)

    def _salts(self) -> list[str]:
        row = self._one(s.note, s.note.c.name == NOTE)
        return [] if row is None else list(row["value"]["salts"])
