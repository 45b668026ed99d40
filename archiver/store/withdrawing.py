"""Writes what is taken out of public view here, what is given back, and what is erased for good.

It decides nothing about who may ask for it. What an erasure leaves in the database's files is `Store.scrub`'s.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from archiver import digests
from archiver.errors import BadReference, NotHeld
from archiver.model import FindingKind, PostKind, iso, post_anchor
from archiver.references import RepositoryRef, ThreadKind, ThreadRef
from archiver.store import schema as s
from archiver.store.media import MediaWriting
from archiver.store.settling import Judge, Settling
from archiver.store.values import repositories_named
from archiver.store.withholding import post_key

REASONS = ("personal-data", "author-request", "legal", "secret", "other")
UNSCRUBBED = "unscrubbed"
"""The note that an erasure is committed whose traces may still be in the files."""

_ANCHOR_KINDS = {
    "issue": (PostKind.OPENING,),
    "discussion": (PostKind.OPENING,),
    "issuecomment": (PostKind.COMMENT,),
    "discussioncomment": (PostKind.COMMENT, PostKind.ANSWER),
    "pullrequestreview": (PostKind.REVIEW,),
    "discussion_r": (PostKind.REVIEW_COMMENT,),
    "r": (PostKind.REVIEW_COMMENT,),
}


@dataclass(frozen=True, slots=True)
class Target:
    """What a withdrawal is about: a `post`, a `thread`, or an `author` (in one thread or repository, or everywhere).

    `name` and `place` (of an author's withdrawal that is not everywhere) are for people, and are understood again.
    """

    scope: str
    name: str
    place: str = ""
    account_id: int | None = None
    repository_id: int | None = None
    thread_id: int | None = None
    kind: str | None = None
    github_id: int | None = None


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """What a withdrawal did: `posts` are withheld by it in `threads` threads, `titles` of threads with them.

    `new` is false where the same was withdrawn already; `erased` counts the texts erased now.
    """

    number: int
    new: bool
    posts: int
    threads: int
    titles: int
    erased: int


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restoration did: posts (and threads as a whole) seen again, and those that stay out of view.

    `erased` posts cannot come back, `elsewhere` are withheld by another withdrawal too.
    """

    posts: int
    threads: int
    erased: int
    elsewhere: int


class Withdrawing(Settling, MediaWriting):
    """The part of a writing transaction that is about withdrawals."""

    # --- what is meant ---

    def account_named(self, text: str) -> int:
        """Return the number of the account that bears or bore a login, or that has that number.

        Raises NotHeld for a login never seen, BadReference for one that several accounts bore one after the other.
        """
        if re.fullmatch(r"[0-9]{1,18}", text):
            return int(text)
        alias = s.account_alias
        login = text.removeprefix("@")
        query = sa.select(alias.c.account_id).where(alias.c.login_key == login.lower()).order_by(alias.c.account_id)
        found = list(self._connection.execute(query).scalars())
        if not found:
            raise NotHeld(f"no account with the login {login!r} was seen here; its number is understood too", key=login)
        if len(found) > 1:
            numbers = " and ".join(map(str, found))
            raise BadReference(f"{login!r} was borne by several accounts: name one by its number, {numbers}", key=login)
        return int(found[0])

    def target(self, ref: RepositoryRef | ThreadRef | None, account_id: int | None, *, whole: bool = False) -> Target:
        """Return what is meant by a reference, an account, or both; old names and places of what is held count.

        Raises NotHeld, or BadReference where it is not clear what is to be withdrawn.
        """
        repository = thread = None
        if ref is not None:
            repository, thread = self._place(ref)
        if account_id is not None:
            place = self._name_of(repository, thread)
            return Target(
                scope="author",
                name=f"{account_id} in {place}" if place else str(account_id),
                place=place,
                account_id=account_id,
                repository_id=repository["id"] if repository is not None and thread is None else None,
                thread_id=thread["id"] if thread is not None else None,
            )
        if not isinstance(ref, ThreadRef) or thread is None:
            raise BadReference("name a post, a thread with --whole-thread, or an account with --author", key=str(ref))
        name = self._name_of(repository, thread)
        if whole:
            if ref.anchor is not None:
                raise BadReference(f"{ref}: a post is named (#{ref.anchor}) and --whole-thread given: which?", key=name)
            return Target(scope="thread", name=name, thread_id=thread["id"])
        if ref.anchor is None:
            opening = self._one(
                s.post, (s.post.c.thread_id == thread["id"]) & (s.post.c.kind == PostKind.OPENING.value)
            )
            hint = f" (#issue-{opening['github_id']} is the opening post)" if opening is not None else ""
            raise BadReference(f"{name} is a thread: name a post by its anchor{hint}, or add --whole-thread", key=name)
        post = self._anchored(thread, ref.anchor)
        if post is None:
            raise NotHeld(f"{name} has no post #{ref.anchor} here", key=name)
        anchor = post_anchor(PostKind(post["kind"]), post["github_id"], ThreadKind(thread["kind"]))
        where = RepositoryRef(repository["owner"], repository["name"]) if repository is not None else ref.repository
        page = ThreadRef(where.owner, where.name, thread["number"], ThreadKind(thread["kind"])).upstream_url
        return Target(
            scope="post",
            name=f"{page}#{anchor}",
            thread_id=thread["id"],
            kind=post["kind"],
            github_id=post["github_id"],
        )

    def _place(self, ref: RepositoryRef | ThreadRef) -> tuple[sa.RowMapping, sa.RowMapping | None]:
        named = repositories_named(self._connection, ref if isinstance(ref, RepositoryRef) else ref.repository)
        for repository in named:
            row = self._one(s.repository, s.repository.c.id == repository.id)
            if row is None:
                continue
            if isinstance(ref, RepositoryRef):
                return row, None
            thread = self._thread(repository.id, ref.number)
            if thread is None:
                alias = s.thread_alias
                was = (alias.c.repository_id == repository.id) & (alias.c.number == ref.number)
                old = self._one(alias, was)
                thread = self._one(s.thread, s.thread.c.id == old["thread_id"]) if old is not None else None
            if thread is not None:
                return row, thread
        raise NotHeld(f"{ref} is not held", key=str(ref))

    def _name_of(self, repository: sa.RowMapping | None, thread: sa.RowMapping | None) -> str:
        if thread is not None:
            repository = self._one(s.repository, s.repository.c.id == thread["repository_id"])
        name = f"{repository['owner']}/{repository['name']}" if repository else ""
        return f"{name}#{thread['number']}" if thread is not None else name

    def _anchored(self, thread: sa.RowMapping, anchor: str) -> sa.RowMapping | None:
        found = re.fullmatch(r"(discussion_r|[a-z]+)[-_]?([0-9]+)", anchor)
        if found is None:
            return None
        kinds = [kind.value for kind in _ANCHOR_KINDS.get(found[1], ())]
        mine = (s.post.c.thread_id == thread["id"]) & (s.post.c.github_id == int(found[2])) & s.post.c.kind.in_(kinds)
        return self._one(s.post, mine)

    # --- withdraw and restore ---

    def withdraw(self, target: Target, *, reason: str, note: str | None, erase: bool, judge: Judge) -> Withdrawn:
        """Take a target out of public view, and with `erase` its texts out of the database for good.

        Doing it again changes nothing; erasing what was merely withdrawn before is an action of its own. For another
        reason it is withdrawn anew, and the former withdrawal is lifted: readers are told the reason given last.
        """
        standing = self._standing_for(target)
        former = [each for each in standing if each["reason"] != reason]
        same = [each for each in standing if each not in former and (each["erased"] or not erase)]
        if same:
            number = same[0]["id"]
        else:
            ids = [each["id"] for each in former]
            self._update(s.withdrawal, s.withdrawal.c.id.in_(ids), lifted_at=self.now)
            if former:
                instead = f"instead of withdrawal {', '.join(map(str, ids))}"
                note = f"{note} ({instead})" if note else instead
            number = self._insert(
                s.withdrawal,
                at=self.now,
                reason=reason,
                note=note,
                scope=target.scope,
                target=target.name,
                account_id=target.account_id,
                repository_id=target.repository_id,
                thread_id=target.thread_id,
                kind=target.kind,
                github_id=target.github_id,
                erased=erase or any(each["erased"] for each in former),
            )
        self._standing = None
        found = FindingKind.ERASED if erase else FindingKind.WITHDRAWN
        posts = titles = erased = 0
        threads = self._threads_of(target)
        for row in threads:
            if target.scope == "thread":
                self._update(s.thread, s.thread.c.id == row["id"], withdrawn=number)
                if not same:
                    self._find(found, row["repository_id"], {"reason": reason}, thread_id=row["id"])
            changed = self._withhold_again(row)
            for post in changed if not same else ():
                if target.scope != "thread":
                    where = {"thread_id": row["id"], "post_id": post["id"]}
                    self._find(found, row["repository_id"], {"reason": reason}, **where)
            if erase:
                erased += self._erase(self._fresh(row), number)
            posts += self._count(target, row)
            titles += bool(self._fresh(row)["fields"].get("title_withdrawn"))
            self._show_again(row, judge)
        self._note_named(target, threads)
        if erase:
            self._erase_unplaced(target)
            self.save_note(UNSCRUBBED, {"since": iso(self.now)})
        return Withdrawn(number, not same, posts, len(threads), titles, erased)

    def restore(self, target: Target, judge: Judge) -> Restored:
        """Give back what a withdrawal of this very target took, as far as it was not erased.

        Raises NotHeld if it is not withdrawn.
        """
        lifted = self._standing_for(target)
        if not lifted:
            message = f"{target.name} is not withdrawn by that name; see: onrecord withdraw --list"
            raise NotHeld(message, key=target.name)
        ids = [each["id"] for each in lifted]
        self._update(s.withdrawal, s.withdrawal.c.id.in_(ids), lifted_at=self.now)
        self._standing = None
        detail = {"reason": lifted[0]["reason"]}
        back = erased = elsewhere = whole = 0
        threads = self._threads_of(target)
        for row in threads:
            if row["withdrawn"] in ids:
                others = self._standing_withdrawals().get(("thread", row["id"]), ())
                still = min((each["id"] for each in others), default=None)
                self._update(s.thread, s.thread.c.id == row["id"], withdrawn=still)
                whole += still is None
                seen = (s.post.c.thread_id == row["id"]) & s.post.c.withdrawn.is_(None)
                count = sa.select(sa.func.count()).select_from(s.post).where(seen)
                back += self._connection.execute(count).scalar_one() if still is None else 0
                self._find(FindingKind.RESTORED, row["repository_id"], detail, thread_id=row["id"])
            before = self._withheld_posts(row, ids)
            self._withhold_again(row)
            for post in before:
                now = self._one(s.post, s.post.c.id == post["id"])
                if now is None or now["withdrawn"] is None:
                    back += 1
                    if target.scope != "thread":
                        where = {"thread_id": row["id"], "post_id": post["id"]}
                        self._find(FindingKind.RESTORED, row["repository_id"], detail, **where)
                elif now["withdrawn"] in ids:
                    erased += 1
                else:
                    elsewhere += 1
            self._show_again(row, judge)
        self._note_named(target, threads)
        return Restored(back, whole, erased, elsewhere)

    def scrubbed(self) -> None:
        """Note that the traces of erased texts are out of the files."""
        self._connection.execute(sa.delete(s.note).where(s.note.c.name == UNSCRUBBED))

    def _standing_for(self, target: Target) -> list[sa.RowMapping]:
        key = {
            "post": post_key(target.thread_id, target.kind, target.github_id),
            "thread": ("thread", target.thread_id),
            "author": ("author", target.account_id),
        }[target.scope]
        place = (target.repository_id, target.thread_id)
        found = self._standing_withdrawals().get(key, [])
        return [each for each in found if (each["repository_id"], each["thread_id"]) == place]

    def _threads_of(self, target: Target) -> Sequence[sa.RowMapping]:
        query = sa.select(s.thread).order_by(s.thread.c.id)
        if target.scope == "author":
            theirs = sa.select(s.post.c.thread_id).where(s.post.c.author_id == target.account_id)
            query = query.where(s.thread.c.id.in_(theirs))
            if target.repository_id is not None:
                was_there = sa.select(s.thread_alias.c.thread_id).where(
                    s.thread_alias.c.repository_id == target.repository_id
                )
                there = s.thread.c.repository_id == target.repository_id
                query = query.where(there | s.thread.c.id.in_(was_there))
        if target.thread_id is not None:
            query = query.where(s.thread.c.id == target.thread_id)
        return self._all(query)

    def _note_named(self, target: Target, done: Sequence[sa.RowMapping]) -> None:
        """Note that readers see something else of threads, beside those `done`, that name an account as an assignee."""
        if target.scope != "author":
            return
        alias = s.account_alias
        query = sa.select(alias.c.login_key).where(alias.c.account_id == target.account_id)
        logins = set(self._connection.execute(query).scalars())
        known = {row["id"] for row in done}
        t = s.thread.c
        rows = self._connection.execute(
            sa.select(t.id, t.repository_id, t.number, t.snapshot, t.withdrawn, t.summary).where(s.public)
        ).mappings()
        for row in rows.all():
            named = {each.lower() for each in row["summary"]["assignees"]}
            if row["id"] not in known and not logins.isdisjoint(named):
                self._changed(row)

    def _count(self, target: Target, row: sa.RowMapping) -> int:
        mine = s.post.c.thread_id == row["id"]
        if target.scope == "post":
            mine &= (s.post.c.kind == target.kind) & (s.post.c.github_id == target.github_id)
        elif target.scope == "author":
            mine &= s.post.c.author_id == target.account_id
        return int(self._connection.execute(sa.select(sa.func.count()).select_from(s.post).where(mine)).scalar_one())

    def _withheld_posts(self, row: sa.RowMapping, by: Sequence[int]) -> Sequence[sa.RowMapping]:
        return self._all(sa.select(s.post).where(s.post.c.thread_id == row["id"], s.post.c.withdrawn.in_(by)))

    def _withhold_again(self, thread: sa.RowMapping) -> list[sa.RowMapping]:
        """Set for each post of a thread, and for its title, what withholds it now; return the posts that changed."""
        query = (
            sa.select(s.post, s.revision.c.erased_at)
            .join(s.revision, s.current_revision)
            .where(s.post.c.thread_id == thread["id"])
        )
        opted_out = self._connection.execute(sa.select(s.withdrawal.c.id).where(s.withdrawal.c.scope == "opt-out"))
        placeholders = set(opted_out.scalars())
        changed = []
        title = False
        for post in self._all(query):
            now, _ = self._withheld(
                thread, thread["repository_id"], (post["kind"], post["github_id"]), post["author_id"]
            )
            if now is None and (post["erased_at"] is not None or post["withdrawn"] in placeholders):
                now = post["withdrawn"]  # there is nothing that could come back
            if now != post["withdrawn"]:
                self._update(s.post, s.post.c.id == post["id"], withdrawn=now)
                changed.append(post)
            title = title or (post["kind"] == PostKind.OPENING.value and now is not None)
        self._withhold_title(thread, title)
        return changed

    def _withhold_title(self, thread: sa.RowMapping, withdrawn: bool) -> None:
        values = {}
        for name in ("fields", "summary"):
            before = thread[name]
            if before is not None and bool(before.get("title_withdrawn")) != withdrawn:
                kept = {key: value for key, value in before.items() if key != "title_withdrawn"}
                values[name] = {**kept, "title_withdrawn": True} if withdrawn else kept
        if values:
            self._update(s.thread, s.thread.c.id == thread["id"], **values)

    def _show_again(self, thread: sa.RowMapping, judge: Judge) -> None:
        """Judge a thread by what is left of it, and note that readers see something else."""
        row = self._fresh(thread)
        erased = s.snapshot.c.erased_at.is_not(None) & (s.snapshot.c.digest == row["snapshot"])
        if row["snapshot"] is not None and self._one(s.snapshot, erased) is not None:
            # Its title is in no record any more: without it the thread is another snapshot, which can be read.
            self.settle(row["repository_id"], row["number"], judge)
        else:
            self.judge_again(row, judge)
        self._changed(self._fresh(row))

    def _fresh(self, thread: sa.RowMapping) -> sa.RowMapping:
        found = self._one(s.thread, s.thread.c.id == thread["id"])
        if found is None:
            raise NotHeld(f"no thread {thread['id']} is kept", key=str(thread["id"]))
        return found

    # --- erase ---

    def _erase(self, thread: sa.RowMapping, number: int) -> int:
        """Erase the texts of what a withdrawal withholds in a thread; return how many. Digests stay."""
        r = s.revision
        count = 0
        for post in self._withheld_posts(thread, [number]):
            mine = (r.c.thread_id == thread["id"]) & (r.c.kind == post["kind"]) & (r.c.github_id == post["github_id"])
            mine &= r.c.erased_at.is_(None)
            erase = sa.update(r).where(mine).values(body="", raw={}, erased_at=self.now)
            count += self._connection.execute(erase).rowcount
            self.forget_pictures(post["kind"], post["github_id"])
            if post["kind"] == PostKind.OPENING.value:
                self._erase_title(thread, post["github_id"])
        if self._erased_whole(thread):
            self._update(s.snapshot, s.snapshot.c.thread_id == thread["id"], record=b"")
        return count

    def _erase_unplaced(self, target: Target) -> None:
        """Erase the texts of an author that wait for their thread (`archiver.store.archived`)."""
        if target.scope == "author" and target.thread_id is None:
            theirs = s.unplaced.c.author_id == target.account_id
            if target.repository_id is not None:
                theirs &= s.unplaced.c.repository_id == target.repository_id
            self._connection.execute(sa.delete(s.unplaced).where(theirs))

    def _erase_title(self, thread: sa.RowMapping, opening_id: int) -> None:
        """Erase a thread's title wherever it stands: fields, snapshots, events of its own and of other threads."""
        values: dict[str, Any] = {"raw": {}, "relevance": None}
        for name in ("fields", "summary"):
            if thread[name] is not None:
                values[name] = {**thread[name], "title": None}
        self._update(s.thread, s.thread.c.id == thread["id"], **values)
        mine = (s.snapshot.c.thread_id == thread["id"]) & s.snapshot.c.erased_at.is_(None)
        for row in self._all(sa.select(s.snapshot).where(mine)):
            # What others wrote stays at its permanent links, so the rest of the record does.
            record = digests.canonical({**json.loads(row["record"]), "title": None})
            self._update(s.snapshot, s.snapshot.c.digest == row["digest"], record=record, raw={}, erased_at=self.now)
        renamed = (s.event.c.thread_id == thread["id"]) & (s.event.c.kind == "renamed")
        self._update(s.event, renamed, detail={})
        for row in self._all(sa.select(s.event).where(s.event.c.kind == "cross-referenced")):
            if row["detail"].get("source_id") == opening_id:
                self._update(s.event, s.event.c.id == row["id"], detail={**row["detail"], "title": None})
