"""Finds out which repository a name means now: renamed, gone, or its name taken over by another one.

Everything is kept under GitHub's number of the repository, which stays whatever happens to its name.
"""

from __future__ import annotations

import logging
import re

from archiver.asking import Asker
from archiver.errors import BadResponse, Blocked, Forbidden, ForeignRedirect, GitHubError, Gone, NotFound, Refused
from archiver.github import parse
from archiver.model import Repository
from archiver.references import RepositoryRef

log = logging.getLogger(__name__)

MOST_NAMES = 20
"""How many names that only occur in links are asked for in one go."""

_PLACE = re.compile(r"/(?:repos/([^/]+/[^/]+)|repositories/([0-9]+))(/[^?]*)?")


class Naming(Asker):
    """Asks for repositories, by name and by number."""

    def repository(self, ref: RepositoryRef) -> Repository:
        """Ask which repository it is: its number is what everything is kept under. Raises GitHubError.

        One that does not answer to its name is asked for by its number. If the name belongs to another repository now,
        it is found out what the former bearer is called.
        """
        known = self.store.find_repository(ref)
        url = self.github.url(f"/repos/{ref.owner}/{ref.name}")
        try:
            answer, _ = self._ask(url, known is not None)
            if answer.not_modified and known:
                return self._is_there(known)
            repository = parse.repository(answer.data)
        except GitHubError as error:
            if known is None:
                raise
            if isinstance(error, NotFound | Gone | Blocked):
                return self._by_number(known)
            self._note_failure(known, error)
            raise
        self._tell_apart(repository, ref)
        with self.store.transaction() as tx:
            tx.save_repository(repository, ref)
            if answer.etag and answer.moved_to is None:
                tx.remember(url, answer.etag, None)
        return self._is_there(repository)

    def again(self, known: Repository) -> Repository:
        """Ask for a repository that is kept: by its name, and by its number if that leads elsewhere.

        Raises GitHubError; NotFound, Gone or Blocked only after both were asked for.
        """
        if "~" not in known.name:  # else it has no name of its own: see Transaction.detach
            found = self.repository(known.ref)
            if found.id == known.id:
                return found
        return self._by_number(known)

    def _is_there(self, repository: Repository) -> Repository:
        with self.store.transaction() as tx:
            tx.mark_repository_back(repository.id)
            tx.mark_repository_asked(repository.id)
        return repository

    def _by_number(self, known: Repository) -> Repository:
        try:
            found = self._ask_number(known.id)
        except GitHubError as error:
            self._note_failure(known, error)
            raise
        self._tell_apart(found, found.ref)
        with self.store.transaction() as tx:
            tx.save_repository(found)
        return self._is_there(found)

    def _ask_number(self, number: int) -> Repository:
        url = self.github.url(f"/repositories/{number}")
        found = parse.repository(self.github.get(url).data)
        if found.id != number:
            raise BadResponse(f"{url}: the answer is about repository {found.id}", key=url)
        return found

    def _tell_apart(self, bearer: Repository, asked_as: RepositoryRef) -> None:
        """See that no other repository that is kept claims a name that is `bearer`'s now."""
        names = {bearer.ref.key, asked_as.key}
        former = {
            each.id: each
            for name in (bearer.ref, asked_as)
            for each in self.store.repositories_named(name)
            if each.id != bearer.id and each.ref.key in names
        }
        for each in former.values():
            found: Repository | None = None
            try:
                found = self._ask_number(each.id)
            except (NotFound, Gone, Blocked, Forbidden) as error:
                log.info("%s belongs to another repository now; the former one: %s", each.ref, error)
            with self.store.transaction() as tx:
                tx.forget_answers(each.ref)
                if found is not None and found.ref.key not in names:
                    tx.save_repository(found)
                else:
                    tx.detach(each.id, by=bearer.id)

    def ask_for_linked_names(self, repository: Repository) -> None:
        """Ask whose the names are that links in a repository's posts have and that may once have been its own.

        A name that leads to a repository that is kept here becomes one of its aliases. Each is asked for once.
        """
        with self.store.transaction() as tx:
            names = tx.unasked_names(repository.id, MOST_NAMES)
        for name in names:
            found: Repository | None = None
            try:
                answer = self.github.get(self.github.url(f"/repos/{name.owner}/{name.name}"))
                found = parse.repository(answer.data)
            except (NotFound, Gone, Blocked):
                pass
            except (BadResponse, Forbidden, ForeignRedirect, Refused) as error:
                log.warning("%s: %s", name, error)
                continue  # no answer to keep: it is asked for again
            # Not redirected, it is another repository's present name: that one's own crawl takes care of it.
            former = found is not None and found.ref.key != name.key
            with self.store.transaction() as tx:
                tx.note_asked_name(name, found.id if found else None)
                if found is not None and former and tx.knows_repository(found.id):
                    tx.save_repository(found, name)

    def elsewhere(self, asked: str, target: str | None) -> bool:
        """Return whether a redirect leads to another repository or thread, and not just to the same by its new name."""
        if target is None:
            return False
        here, there = _PLACE.search(asked), _PLACE.search(target)
        if here is None or there is None or here[3] != there[3]:
            return True
        return self._bearer(here) != self._bearer(there)

    def _bearer(self, place: re.Match[str]) -> str:
        if place[2]:
            return str(place[2])
        owner, _, name = place[1].partition("/")
        known = self.store.find_repository(RepositoryRef(owner, name))
        return str(known.id) if known else str(place[1]).lower()

    def _note_failure(self, known: Repository, error: GitHubError) -> None:
        with self.store.transaction() as tx:
            tx.note_failure(known.id, "", str(error))
