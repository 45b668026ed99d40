"""Names and places change: a rename, a transfer or a name taken over keeps one record of each thing, and mixes none."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from fakes import API, FakeGitHub, FakeRepository

from archiver.crawl import Crawler
from archiver.errors import GitHubError, NotFound, NotHeld
from archiver.github.client import GitHub
from archiver.license import PostText, Vocabulary
from archiver.model import Account, PostKind, Relevance, Repository, Thread
from archiver.observed import ObservedEvent, ObservedPost, ObservedThread
from archiver.references import RepositoryRef, ThreadKind, ThreadRef, parse_reference
from archiver.store import Store, open_store
from archiver.sweep import Swept

ASK = "Please consider the GPL-3.0 or another copyleft license for this project."
ANSWER = "We discussed the license before; the project stays under the Apache License 2.0."
OLD, NEW = 77, 78


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Open an empty store whose clock moves an hour on with each transaction."""
    now = datetime(2026, 3, 1, tzinfo=UTC)

    def clock() -> datetime:
        nonlocal now
        now += timedelta(hours=1)
        return now

    with open_store(f"sqlite:///{tmp_path / 'archive.db'}", clock) as opened:
        yield opened


@pytest.fixture
def docs(upstream: FakeGitHub) -> FakeRepository:
    """Add a second repository."""
    other = FakeRepository("acme/docs", NEW)
    upstream.repositories.append(other)
    return other


def crawler(store: Store, upstream: FakeGitHub) -> Crawler:
    github = GitHub(API, token="t0ken", transport=upstream, wait=False, pause=lambda _: None)
    return Crawler(store, github, Vocabulary())


def crawl(store: Store, upstream: FakeGitHub, target: str = "acme/rocket") -> None:
    crawler(store, upstream).crawl(parse_reference(target))


def sweep(store: Store, upstream: FakeGitHub, name: str = "acme/rocket") -> list[Swept]:
    return crawler(store, upstream).sweep(ref(name))


def ref(name: str) -> RepositoryRef:
    owner, _, rest = name.partition("/")
    return RepositoryRef(owner, rest)


def thread(store: Store, number: int, repository: int = OLD) -> Thread:
    found = store.thread(repository, number)
    assert found is not None, f"{repository}/{number} is not held"
    return found


def findings(store: Store, number: int, repository: int = OLD) -> list[tuple[str, dict[str, object]]]:
    return [(each.kind.value, dict(each.detail)) for each in thread(store, number, repository).findings]


def bearer(store: Store, name: str) -> int | None:
    found = store.find_repository(ref(name))
    return found.id if found else None


def transfer(
    upstream: FakeGitHub, source: FakeRepository, number: int, target: FakeRepository, *, renumber: bool = False
) -> int:
    """Transfer a thread with its comments, perhaps under other numbers, and return where it is then."""
    target.clock = max(source.clock, target.clock)
    row = source.issues.pop(number)
    place = target.issue(row["title"], row["body"])
    changes = {"id": row["id"] + 500_000} if renumber else {}
    target.issues[place] = {**row, **changes, "number": place, "updated_at": target.tick()}
    for key in [key for key, each in source.comments.items() if each["number"] == number]:
        comment = source.comments.pop(key)
        fresh = key + 500_000 if renumber else key
        target.comments[fresh] = {**comment, "id": fresh, "number": place}
    target.events[place] = [
        *source.events.pop(number, []),
        {"id": 900_000 + place, "event": "transferred", "actor": row["user"], "created_at": target.tick()},
    ]
    upstream.transferred[source.full_name, number] = (target.full_name, place)
    return place


def judge(_title: str, _posts: Sequence[PostText]) -> Relevance:
    """Take everything for a debate."""
    return Relevance("subject")


def intact(store: Store) -> None:
    assert list(store.verification().differences()) == []


# --- transfers --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("found_by", ["sweep", "thread", "crawl and sweep"])
def test_a_transferred_thread_keeps_one_record(
    store: Store, repository: FakeRepository, upstream: FakeGitHub, docs: FakeRepository, found_by: str
) -> None:
    """A thread that moves is one record at its new place, found from the old one, with all that it was before."""
    number = repository.issue("License", ASK)
    comment = repository.comment(number, ANSWER)
    crawl(store, upstream)
    before = thread(store, number)
    place = transfer(upstream, repository, number, docs)
    docs.edit_issue(place, title="License of the docs")
    match found_by:
        case "sweep":
            assert sweep(store, upstream)[0].moved == 1
        case "thread":
            crawl(store, upstream, f"acme/rocket#{number}")
        case _:
            crawl(store, upstream)
            sweep(store, upstream)
    after = thread(store, place, NEW)
    assert (after.summary.title, after.summary.repository.id) == ("License of the docs", NEW)
    assert [each.id for each in after.posts] == [before.posts[0].id, comment]
    assert after.captures[: len(before.captures)] == before.captures
    assert after.summary.first_captured_at == before.summary.first_captured_at
    assert thread(store, number) == after
    assert store.thread(OLD, number, before.summary.snapshot) is not None
    assert store.resolve_digest(OLD, number, before.summary.snapshot[:12]) == before.summary.snapshot
    assert findings(store, number) == [("moved", {"from": f"acme/rocket#{number}", "to": f"acme/docs#{place}"})]
    assert [(each.action, each.key) for each in store.changes(0, 10)] == [
        ("delete", f"{OLD}/{number}"),
        ("put", f"{NEW}/{place}"),
    ]
    assert store.holdings().threads == 1
    intact(store)


def test_a_thread_that_moves_on_and_back(
    store: Store, repository: FakeRepository, upstream: FakeGitHub, docs: FakeRepository
) -> None:
    """After several transfers every place that the thread ever had leads to its record."""
    number = repository.issue("License", ASK)
    crawl(store, upstream)
    first = transfer(upstream, repository, number, docs)
    sweep(store, upstream)
    crawl(store, upstream, "acme/docs")
    repository.issue("Another")
    repository.issue("And another")
    second = transfer(upstream, docs, first, repository)
    sweep(store, upstream, "acme/docs")
    assert thread(store, number) == thread(store, first, NEW) == thread(store, second)
    assert thread(store, second).summary.key == f"{OLD}/{second}"
    assert [kind for kind, _ in findings(store, second)] == ["moved", "moved"]
    assert store.holdings().threads == 1
    intact(store)


@pytest.mark.parametrize("renumber", [False, True])
@pytest.mark.parametrize("crawled_last", ["old", "new"])
def test_a_thread_held_at_both_places_becomes_one(
    store: Store,
    repository: FakeRepository,
    upstream: FakeGitHub,
    docs: FakeRepository,
    renumber: bool,
    crawled_last: str,
) -> None:
    """If the new place was crawled first, the record of the old one goes into it: every text, capture and event."""
    number = repository.issue("License", ASK)
    comment = repository.comment(number, ANSWER)
    repository.event(number, "labeled", label={"name": "legal"})
    crawl(store, upstream)
    repository.edit_comment(comment, "Edited: " + ANSWER)
    crawl(store, upstream)
    old = thread(store, number)
    first_seen = old.summary.first_captured_at
    place = transfer(upstream, repository, number, docs, renumber=renumber)
    crawl(store, upstream, "acme/docs")
    if crawled_last == "old":
        # A capture of the old place that comes after those of the new one, by a settling that came late.
        with store.transaction() as tx:
            tx.mark_post_gone(OLD, number, PostKind.COMMENT, comment, 404)
            tx.settle(OLD, number, judge)
    captures = [*thread(store, number).captures, *thread(store, place, NEW).captures]
    assert store.holdings().threads == 2
    sweep(store, upstream)
    assert store.holdings().threads == 1
    merged = thread(store, place, NEW)
    assert thread(store, number) == merged
    assert merged.summary.first_captured_at == first_seen
    assert {each.number for each in captures} <= {each.number for each in merged.captures}
    assert [each.kind for each in merged.events].count("labeled") == 1
    texts = {text.body for each in merged.posts for text in each.revisions}
    assert texts == {ASK, ANSWER, "Edited: " + ANSWER}
    there = [each.body for each in merged.posts if each.gone is None]
    assert there == [ASK, "Edited: " + ANSWER]
    moved = [each.gone.status for each in merged.posts if each.gone is not None]
    if crawled_last == "new":
        assert moved == ([301, 301] if renumber else [])
    assert merged.summary.gone is None
    intact(store)
    before = store.last_change()
    sweep(store, upstream, "acme/docs")
    assert store.last_change() == before


def test_an_opening_post_with_another_number(
    store: Store, repository: FakeRepository, upstream: FakeGitHub, docs: FakeRepository
) -> None:
    """If GitHub numbers the posts anew on the way, the old numbers are said to have moved, not to be deleted."""
    number = repository.issue("License", ASK)
    repository.comment(number, ANSWER)
    crawl(store, upstream)
    place = transfer(upstream, repository, number, docs, renumber=True)
    sweep(store, upstream)
    merged = thread(store, place, NEW)
    assert [each.gone.status for each in merged.posts if each.gone] == [301, 301]
    assert [each.body for each in merged.posts if each.gone is None] == [ASK, ANSWER]
    assert merged.posts[0].gone is None
    intact(store)


def post(number: int, login: str | None = "asker", kind: PostKind = PostKind.COMMENT) -> ObservedPost:
    at = datetime(2020, 1, 1, tzinfo=UTC)
    author = Account(5, login) if login else None
    body = f"Text {number}"
    return ObservedPost(kind, number, author, "NONE", at, at, body, None, {"id": number, "body": body})


def observed(number: int, login: str | None = "asker") -> ObservedThread:
    opening = post(1000, login, PostKind.OPENING)
    return ObservedThread(
        number=number,
        kind=ThreadKind.ISSUE,
        title="License",
        state="open",
        state_reason=None,
        locked=False,
        lock_reason=None,
        labels=(),
        milestone=None,
        assignees=(),
        created_at=opening.created_at,
        updated_at=opening.updated_at,
        closed_at=None,
        merged_at=None,
        closed_by=None,
        closed_by_known=True,
        comments=1,
        opening=opening,
    )


@pytest.mark.parametrize("first", [OLD, NEW])
def test_both_records_keep_the_author_seen_first(store: Store, first: int) -> None:
    """Of two records the author's name is the one seen first, whichever it was, and every digest still fits."""
    logins = {first: "ada", (OLD + NEW - first): "ada-renamed"}
    for repository_id, login in logins.items():
        with store.transaction() as tx:
            tx.save_repository(Repository(repository_id, "acme", f"r{repository_id}"))
            tx.observe_thread(repository_id, observed(5, login))
            tx.observe_posts(repository_id, 5, [post(2000, login), post(repository_id, None)])
            event = ObservedEvent("e1", "closed", post(1).created_at, Account(9, "bob"), {})
            tx.save_events(repository_id, 5, [event])
            tx.settle(repository_id, 5, judge)
    with store.transaction() as tx:
        tx.move_thread(OLD, 5, NEW, 5)
    intact(store)
    with store.transaction() as tx:
        tx.settle(NEW, 5, judge)
    merged = thread(store, 5, NEW)
    assert sorted(each.id for each in merged.posts) == [77, 78, 1000, 2000]
    assert len(merged.events) == 1
    assert len(merged.captures) == 3
    intact(store)
    with store.transaction() as tx:
        tx.observe_thread(NEW, observed(5, "ada-renamed"))
        tx.settle(NEW, 5, judge)
    merged = thread(store, 5, NEW)
    assert {each.author.login for each in merged.posts if each.author} == {"ada"}
    assert all(len(each.revisions) <= 2 for each in merged.posts)
    intact(store)


@pytest.mark.parametrize("erase", [False, True])
@pytest.mark.parametrize("renumbered", [False, True])
@pytest.mark.parametrize("at", [OLD, NEW])
def test_what_was_withdrawn_at_one_place_is_withdrawn_in_the_record_of_both(
    store: Store, at: int, renumbered: bool, erase: bool
) -> None:
    """A post withdrawn in one of two records of a thread stays withdrawn when they become one, and erased if it was."""
    for repository_id in (OLD, NEW):
        number = 2000 + (repository_id if renumbered else 0)
        with store.transaction() as tx:
            tx.save_repository(Repository(repository_id, "acme", f"r{repository_id}"))
            tx.observe_thread(repository_id, observed(5))
            tx.observe_posts(repository_id, 5, [replace(post(number), body=f"zebrasecret {repository_id}")])
            tx.settle(repository_id, 5, judge)
    withdrawn = 2000 + (at if renumbered else 0)
    with store.transaction() as tx:
        target = tx.target(ThreadRef("acme", f"r{at}", 5, anchor=f"issuecomment-{withdrawn}"), None)
        tx.withdraw(target, reason="personal-data", note=None, erase=erase, judge=judge)
    with store.transaction() as tx:
        tx.move_thread(OLD, 5, NEW, 5)
        tx.settle(NEW, 5, judge)
    merged = thread(store, 5, NEW)
    assert [each.body for each in merged.posts if not each.withdrawn] == ["Text 1000"]
    assert "zebrasecret" not in repr(merged)
    if erase:
        with store.transaction() as tx:
            tx.scrubbed()
        assert store.verification().erased() == 2
    intact(store)


def test_a_thread_that_is_not_held_cannot_move(store: Store) -> None:
    """Only what is kept has a place here."""
    with pytest.raises(NotHeld), store.transaction() as tx:
        tx.move_thread(OLD, 5, NEW, 5)


# --- names ------------------------------------------------------------------------------------------------------------


def rename(upstream: FakeGitHub, repository: FakeRepository, name: str, *, redirects: bool = True) -> None:
    """Rename a repository; its former name leads to it, or to nothing."""
    if redirects:
        upstream.renamed[repository.full_name] = name
    repository.full_name = name


@pytest.mark.parametrize("redirects", [True, False])
@pytest.mark.parametrize("act", [crawl, sweep])
def test_a_rename_is_found_by_redirect_and_by_number(
    store: Store,
    repository: FakeRepository,
    upstream: FakeGitHub,
    redirects: bool,
    act: Callable[[Store, FakeGitHub], object],
) -> None:
    """A renamed repository stays one record, also where its old name leads nowhere any more."""
    repository.issue("License", ASK)
    crawl(store, upstream)
    rename(upstream, repository, "acme/starship", redirects=redirects)
    act(store, upstream)
    assert bearer(store, "acme/rocket") == bearer(store, "acme/starship") == OLD
    assert findings(store, 1) == [("renamed", {"from": "acme/rocket", "to": "acme/starship"})]
    assert thread(store, 1).summary.gone is None
    assert store.coverage(OLD).failures == ()


def newcomer(upstream: FakeGitHub, name: str = "acme/rocket") -> FakeRepository:
    """Add another repository that bears that name now."""
    upstream.renamed.pop(name, None)
    other = FakeRepository(name, NEW)
    upstream.repositories.append(other)
    other.issue("License of the new rocket", ASK)
    return other


@pytest.mark.parametrize("act", [crawl, sweep])
def test_a_name_taken_over_by_another_repository(
    store: Store, repository: FakeRepository, upstream: FakeGitHub, act: Callable[[Store, FakeGitHub], object]
) -> None:
    """The former bearer is found under its present name by its number, and the threads of the two do not mix."""
    repository.issue("License of the old rocket", ASK)
    repository.issue("And its logo's license", ASK)
    crawl(store, upstream)
    rename(upstream, repository, "acme/starship", redirects=False)
    newcomer(upstream)
    act(store, upstream)
    crawl(store, upstream)
    assert bearer(store, "acme/rocket") == NEW
    assert bearer(store, "acme/starship") == OLD
    assert [each.id for each in store.repositories_named(ref("acme/rocket"))] == [NEW, OLD]
    assert thread(store, 1).summary.title == "License of the old rocket"
    assert thread(store, 1, NEW).summary.title == "License of the new rocket"
    assert store.thread(NEW, 2) is None
    assert findings(store, 1) == [("renamed", {"from": "acme/rocket", "to": "acme/starship"})]
    intact(store)


def test_a_name_taken_over_from_one_that_is_gone(
    store: Store, repository: FakeRepository, upstream: FakeGitHub
) -> None:
    """A former bearer that nobody can ask any more is kept under a name that no other can take."""
    repository.issue("License of the old rocket", ASK)
    crawl(store, upstream)
    upstream.repositories.clear()
    newcomer(upstream)
    crawl(store, upstream)
    assert bearer(store, "acme/rocket") == NEW
    own = store.find_repository(RepositoryRef("acme", "rocket~77"))
    assert own is not None
    assert (own.id, own.name, own.ref.upstream_url) == (OLD, "rocket~77", "https://github.com/acme/rocket")
    assert findings(store, 1) == [("name-taken", {"name": "acme/rocket", "by": NEW})]
    assert thread(store, 1).summary.title == "License of the old rocket"
    upstream.clear()
    crawl(store, upstream)
    assert "/repositories/77" not in upstream.paths()
    assert findings(store, 1) == [("name-taken", {"name": "acme/rocket", "by": NEW})]


def test_a_sweep_looks_for_former_bearers_of_the_name(
    store: Store, repository: FakeRepository, upstream: FakeGitHub
) -> None:
    """Who watches a name is told of all that was ever held under it."""
    repository.issue("License of the old rocket", ASK)
    comment = repository.comment(1, ANSWER)
    crawl(store, upstream)
    rename(upstream, repository, "acme/starship", redirects=False)
    newcomer(upstream)
    crawl(store, upstream)
    repository.delete_comment(comment)
    assert [each.target for each in sweep(store, upstream)] == ["acme/rocket", "acme/starship"]
    assert ("gone", {"status": 404}) in findings(store, 1)


def test_a_detached_repository_that_is_gone_and_one_that_is_back(
    store: Store, repository: FakeRepository, upstream: FakeGitHub
) -> None:
    """A repository without a name of its own is asked for by its number, and gets a name again when it has one."""
    repository.issue("License of the old rocket", ASK)
    crawl(store, upstream)
    upstream.repositories.clear()
    newcomer(upstream)
    crawl(store, upstream)
    for _ in range(2):
        sweep(store, upstream)
    assert [kind for kind, _ in findings(store, 1)] == ["name-taken", "flagged", "gone", "unflagged"]
    repository.full_name = "acme/old-rocket"
    upstream.repositories.append(repository)
    sweep(store, upstream)
    assert bearer(store, "acme/old-rocket") == OLD
    assert thread(store, 1).summary.gone is None
    assert ("renamed", {"from": "acme/rocket~77", "to": "acme/old-rocket"}) in findings(store, 1)


def test_a_name_is_not_given_away_while_nobody_answers(
    store: Store, repository: FakeRepository, upstream: FakeGitHub
) -> None:
    """If the former bearer cannot be asked for the moment, nothing is decided; the next crawl asks again."""
    repository.issue("License of the old rocket", ASK)
    crawl(store, upstream)
    rename(upstream, repository, "acme/starship", redirects=False)
    newcomer(upstream)

    def dead(request: httpx.Request) -> httpx.Response | None:
        if request.url.path == "/repositories/77":
            raise httpx.ConnectError("no route")
        return None

    upstream.interfere = dead
    with pytest.raises(GitHubError):
        crawl(store, upstream)
    assert bearer(store, "acme/rocket") == OLD
    upstream.interfere = None
    crawl(store, upstream)
    assert bearer(store, "acme/rocket") == NEW


@pytest.mark.parametrize("renamed", [True, False])
def test_etags_of_a_former_bearer_are_not_used_for_the_next(
    store: Store, repository: FakeRepository, upstream: FakeGitHub, renamed: bool
) -> None:
    """What was answered about the one under a name says nothing about the other."""
    repository.issue("License of the old rocket", ASK)
    crawl(store, upstream)
    if renamed:
        rename(upstream, repository, "acme/starship", redirects=False)
    else:
        upstream.repositories.clear()
    newcomer(upstream)
    conditional: list[str] = []

    def note(request: httpx.Request) -> None:
        if "if-none-match" in request.headers:
            conditional.append(request.url.path)

    upstream.interfere = note
    crawl(store, upstream)
    assert conditional == ["/repos/acme/rocket"]


# --- names in links ---------------------------------------------------------------------------------------------------


def test_a_name_that_only_occurs_in_links(store: Store, repository: FakeRepository, upstream: FakeGitHub) -> None:
    """An old name of the repository that only its posts' links know becomes an alias once GitHub leads from it here."""
    upstream.renamed["acme/firework"] = "acme/rocket"
    repository.issue(
        "License",
        ASK + " See https://github.com/acme/firework/issues/7, https://github.com/acme/nothing/pull/2"
        " and https://github.com/torvalds/linux.",
    )
    crawl(store, upstream)
    assert bearer(store, "acme/firework") == OLD
    assert bearer(store, "acme/rocket") == OLD
    assert upstream.paths()[-3:] == ["/repos/acme/firework", "/repositories/77", "/repos/acme/nothing"]
    upstream.clear()
    assert sweep(store, upstream)[0].counted == 0
    assert findings(store, 1) == []


def test_names_in_links_are_asked_for_a_few_at_a_time(
    store: Store, repository: FakeRepository, upstream: FakeGitHub
) -> None:
    """A crawl or sweep that found something new asks for 20 names at most; the next one goes on."""
    links = " ".join(f"https://github.com/acme/part-{at}" for at in range(25))
    repository.issue("License", f"{ASK} {links}")
    for act, expected in ((crawl, 20), (sweep, 0), (crawl, 0), (sweep, 5), (crawl, 0), (sweep, 0)):
        if expected == 5:
            repository.event(1, "labeled", label={"name": "legal"})
        upstream.clear()
        act(store, upstream)
        assert sum("/repos/acme/part-" in path for path in upstream.paths()) == expected


# --- accounts ---------------------------------------------------------------------------------------------------------


def test_an_account_is_found_by_every_login(store: Store) -> None:
    """All logins lead to the account, in any case; one that changed hands leads to who was seen under it last."""
    with store.transaction() as tx:
        tx.save_repository(Repository(OLD, "acme", "rocket"))
        tx.observe_thread(OLD, observed(5, "Ada"))
    with store.transaction() as tx:
        tx.observe_posts(OLD, 5, [replace(post(1), author=Account(5, "lovelace"))])
    with store.transaction() as tx:
        tx.observe_posts(OLD, 5, [replace(post(2), author=Account(6, "ada"))])
    assert store.account_by_login("LOVELACE") == Account(5, "Ada")
    assert store.account_by_login("ada") == Account(6, "ada")
    assert store.account_by_login("nobody") is None


def test_unknown_repository_is_still_an_error(store: Store, upstream: FakeGitHub) -> None:
    """A name that never meant anything is asked for once, and that is all."""
    with pytest.raises(NotFound):
        crawl(store, upstream, "acme/unknown")
    assert upstream.paths() == ["/repos/acme/unknown"]
