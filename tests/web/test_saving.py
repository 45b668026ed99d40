"""Saving now: who may ask and how often, what is fetched and from where, and what the reader is told of it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup
from fakes import API, FakeGitHub, FakeRepository, error
from flask.testing import FlaskClient
from served import served
from werkzeug.test import TestResponse

from archiver.crawl import Crawler
from archiver.errors import ConfigError
from archiver.github.client import GitHub
from archiver.license import Vocabulary
from archiver.model import Account
from archiver.references import RepositoryRef, ThreadRef
from archiver.saving import MOST_KEPT, MOST_WAITING, Desk, Saver, TooManyWaiting
from archiver.store import Store
from search.index import open_index
from web.allowance import Allowance, network
from web.app import create_app
from web.config import SiteConfig, operator_key
from web.saving import Saving
from web.serve import Server, listen

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
KEY = "a key that nobody guesses"
ASK = "Please consider the GPL-3.0 or another copyleft license."


class Site:
    """A site that saves, over a store, with GitHub behind a transport that refuses every other host."""

    def __init__(self, store: Store, upstream: FakeGitHub, folder: Path, *, key: str | None = None, **site: object):
        self.now = NOW
        self.upstream = upstream
        self.desk = Desk(lambda: self.now)
        self.saver = Saver(self.desk, store, Vocabulary(), self.github, pause=lambda _seconds: None)
        self.index = open_index(f"whoosh:{folder / 'index'}")
        config = SiteConfig(base_url="http://archive.test", save="operators" if key else "open", **site)  # type: ignore[arg-type]
        self.app = create_app(
            store=store, index=self.index, site=config, clock=lambda: self.now, saving=Saving(self.desk, key)
        )
        self.client = self.app.test_client()

    def github(self) -> GitHub:
        """Make a client that reaches the fake alone."""
        return GitHub(API, token="t0ken", transport=self.upstream, wait=False, pause=lambda _seconds: None)

    def token(self, client: FlaskClient | None = None) -> str:
        """Get the form, and return what is hidden in it."""
        found = re.search(r'name="form" value="([^"]+)"', (client or self.client).get("/save").text)
        assert found is not None
        return found[1]

    def ask(self, url: str, client: FlaskClient | None = None, address: str = "192.0.2.1") -> TestResponse:
        """Send the form."""
        client = client or self.client
        data = {"form": self.token(client), "url": url}
        return client.post("/save", data=data, environ_base={"REMOTE_ADDR": address})


@pytest.fixture
def number(repository: FakeRepository) -> int:
    """Open an issue upstream, with a comment."""
    number = repository.issue("Which license?", ASK)
    repository.comment(number, "The MIT one.")
    return number


@pytest.fixture
def make(store: Store, upstream: FakeGitHub, tmp_path: Path) -> Iterator[Callable[..., Site]]:
    """Return what makes a site that saves."""
    made: list[Site] = []

    def site(**more: object) -> Site:
        made.append(Site(store, upstream, tmp_path, **more))  # type: ignore[arg-type]
        return made[-1]

    yield site
    for each in made:
        each.index.close()


def url(number: int, fragment: str = "") -> str:
    """Return an issue's address on GitHub."""
    return f"https://github.com/acme/rocket/issues/{number}{fragment}"


def work(site: Site) -> None:
    """Let the saver do all that is wished."""
    while site.desk.wait(0):
        assert site.saver._work()


# --- what a reader sees -----------------------------------------------------------------------------------------------


def test_a_thread_is_saved_and_the_reader_led_to_it(
    make: Callable[..., Site], number: int, store: Store, repository: FakeRepository
) -> None:
    """Asked for, it waits on a page that asks again by itself, is fetched with its comments, and then shown."""
    site = make()
    anchor = f"#issuecomment-{next(iter(repository.comments))}"
    answer = site.ask(url(number, anchor))
    assert answer.status_code == 303
    waiting = site.client.get(answer.location)
    assert (waiting.status_code, waiting.headers["Refresh"], waiting.headers["Cache-Control"]) == (200, "3", "no-store")
    assert "is being saved" in waiting.text
    work(site)
    done = site.client.get(answer.location)
    assert done.status_code == 303
    record = site.client.get(done.location)
    assert (record.status_code, record.location) == (302, f"/github.com/acme/rocket/issues/{number}{anchor}")
    thread = store.thread(77, number)
    assert thread is not None
    assert [each.body for each in thread.posts] == [ASK, "The MIT one."]
    unknown = site.client.get("/lookup", query_string={"url": url(number, "#issuecomment-999")})
    assert unknown.status_code == 404
    link = re.search(r'href="(/save\?[^"]+)"', unknown.text)
    assert link is not None
    assert f'value="{url(number, "#issuecomment-999")}"' in site.client.get(link[1]).text


def test_what_is_done_and_what_comes_is_told_in_words(make: Callable[..., Site], number: int) -> None:
    """Shapes alone would not reach a text browser: each step says whether it is past, present or to come."""
    site = make()
    paths = [site.ask(url(each)).location for each in (number, number + 1, number + 2)]

    def steps(path: str) -> list[str]:
        tree = BeautifulSoup(site.client.get(path).text, "html.parser")
        assert len(tree.select("[aria-current=step]")) == 1
        return [each.get_text() for each in tree.select(".steps li")]

    later = ["Then it is fetched from GitHub", "Then it is on the record here"]
    asked = "Asked for at 12:00 UTC"
    assert steps(paths[0]) == [
        asked,
        "Waiting: it is the next one, and a crawl that is at work makes room for it",
        *later,
    ]
    assert steps(paths[1]) == [asked, "Waiting: 1 thread before it has to be fetched first", *later]
    assert steps(paths[2]) == [asked, "Waiting: 2 threads before it have to be fetched first", *later]
    site.desk.take()
    assert steps(paths[0]) == [asked, "Its turn came", "Being fetched from GitHub, with all of its posts", later[1]]


def test_what_is_not_held_is_offered_where_saving_is_on(make: Callable[..., Site], number: int) -> None:
    """The page about what is not held leads to the form with the address in it; GET saves nothing."""
    site = make()
    page = site.client.get(f"/lookup?url={url(number)}")
    assert page.status_code == 404
    link = re.search(r'href="(/save\?[^"]+)"', page.text)
    assert link is not None
    form = site.client.get(link[1])
    assert f'value="{url(number)}"' in form.text
    assert not site.desk.wait(0)
    assert site.upstream.log == []


def test_a_process_that_does_not_save_offers_nothing(store: Store, tmp_path: Path) -> None:
    """Where `saving` is none, as in `onrecord serve` or by default, nothing is offered and nothing is taken."""
    index = open_index(f"whoosh:{tmp_path / 'index'}")
    app = create_app(store=store, index=index, site=SiteConfig(save="open"))
    client = app.test_client()
    assert "/save" not in client.get("/lookup?url=acme/rocket%231").text
    assert client.get("/save").status_code == 404
    assert client.post("/save", data={"url": url(1)}).status_code == 404
    assert client.get("/save/abc").status_code == 404
    assert "Set-Cookie" not in client.get("/save").headers
    index.close()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no address"),
        ("https://gitlab.com/acme/rocket/issues/1", "no address"),
        ("http://169.254.169.254/latest/meta-data", "no address"),
        ("https://github.com.evil.example/acme/rocket/issues/1", "no address"),
        ("https://github.com@evil.example/acme/rocket/issues/1", "no address"),
        ("file:///etc/passwd", "no address"),
        ("acme/rocket", "is a repository"),
        ("<script>alert(1)</script>", "no address"),
    ],
)
def test_only_threads_on_github_are_taken(make: Callable[..., Site], text: str, said: str) -> None:
    """Whatever is no thread on GitHub is refused at once, in words, and no request is made."""
    site = make()
    answer = site.ask(text)
    assert answer.status_code == 400
    assert said in answer.text
    assert "<script>alert" not in answer.text
    assert not site.desk.wait(0)
    assert site.upstream.log == []


@pytest.mark.parametrize(
    ("status", "said"),
    [(404, "no such thread"), (410, "deleted"), (451, "legal reasons"), (401, "refuses"), (422, "does not accept")],
)
def test_failures_are_told(
    make: Callable[..., Site], upstream: FakeGitHub, number: int, store: Store, status: int, said: str
) -> None:
    """What GitHub answers is said in words without the operator's details, and a mistyped number is kept nowhere."""
    site = make()
    path = f"/repos/acme/rocket/issues/{number}"
    upstream.interfere = lambda request: error(status, "No.") if request.url.path == path else None
    answer = site.ask(url(number))
    work(site)
    page = site.client.get(answer.location)
    assert page.status_code == 200
    assert said in page.text
    assert "api.test" not in page.text
    assert "Refresh" not in page.headers
    assert store.coverage(77).failures == ()


@pytest.mark.parametrize("status", [404, 410, 451])
def test_what_is_held_from_before_is_said_to_be(
    make: Callable[..., Site], upstream: FakeGitHub, number: int, status: int
) -> None:
    """A thread of which GitHub shows a part no more stays on the record here, and the page leads there."""
    site = make()
    path = f"/repos/acme/rocket/issues/{number}/comments"
    upstream.interfere = lambda request: error(status, "No.") if request.url.path == path else None
    answer = site.ask(url(number))
    work(site)
    told = site.client.get(answer.location).text
    assert "Nothing of it is held here" in told
    assert "/lookup" not in BeautifulSoup(told, "html.parser").select_one("main ul").decode()  # type: ignore[union-attr]
    upstream.interfere = None
    site.ask(url(number))
    work(site)
    upstream.interfere = lambda request: error(status, "No.") if request.url.path == path else None
    site.now += timedelta(hours=1)
    answer = site.ask(url(number))
    work(site)
    told = site.client.get(answer.location).text
    assert "Nothing of it is held" not in told
    assert "What was captured before stays on the record here" in told
    (link,) = (each["href"] for each in BeautifulSoup(told, "html.parser").select('main ul a[href^="/lookup"]'))
    assert site.client.get(str(link)).status_code == 302


@pytest.mark.parametrize(("reason", "status"), [("other", 410), ("legal", 451)])
def test_what_is_withdrawn_is_not_saved_again(
    make: Callable[..., Site], store: Store, upstream: FakeGitHub, number: int, reason: str, status: int
) -> None:
    """The page says that it is withdrawn here and leads to the tombstone; GitHub is not asked, nor more promised."""
    site = make()
    site.ask(url(number))
    work(site)
    with store.transaction() as tx:
        target = tx.target(ThreadRef("acme", "rocket", number), None, whole=True)
        tx.withdraw(target, reason=reason, note=None, erase=False, judge=Vocabulary().judge)
    site.now += timedelta(hours=1)
    asked = len(upstream.log)
    answer = site.ask(url(number))
    work(site)
    assert len(upstream.log) == asked
    page = BeautifulSoup(site.client.get(answer.location).text, "html.parser").select_one("main")
    assert page is not None
    assert "It was withdrawn here, so it is not saved again." in page.get_text()
    assert "on the record" not in page.get_text()
    assert "Try again" not in page.get_text()
    (link,) = page.select('ul a[href^="/"]')
    assert site.client.get(str(link["href"])).status_code == status


def test_what_is_withdrawn_is_known_by_its_new_name(
    make: Callable[..., Site], store: Store, upstream: FakeGitHub, repository: FakeRepository, number: int
) -> None:
    """A rename that is found out only while it is fetched leads to the same answer, and nothing becomes public."""
    site = make()
    site.ask(url(number))
    work(site)
    with store.transaction() as tx:
        target = tx.target(ThreadRef("acme", "rocket", number), None, whole=True)
        tx.withdraw(target, reason="other", note=None, erase=False, judge=Vocabulary().judge)
    upstream.renamed["acme/rocket"] = "acme/starship"
    repository.full_name = "acme/starship"
    answer = site.ask(f"https://github.com/acme/starship/issues/{number}")
    work(site)
    assert "It was withdrawn here, so it is not saved again." in site.client.get(answer.location).text
    assert store.summaries() == []
    assert site.client.get(f"/github.com/acme/starship/issues/{number}").status_code == 410


def test_of_a_repository_nothing_is_offered_that_is_not_done(make: Callable[..., Site]) -> None:
    """Threads are saved one at a time: the page about a repository that is not held names the command alone."""
    site = make()
    page = site.client.get("/github.com/none/none")
    assert page.status_code == 404
    assert "/save?" not in page.text
    assert "onrecord crawl" in page.text
    assert "/save?" in site.client.get("/github.com/none/none/issues/1").text


def test_a_rate_limit_is_told_with_its_time(make: Callable[..., Site], upstream: FakeGitHub, number: int) -> None:
    """Where the rate limit is used up the reader is told until when, and nothing waits for it."""
    site = make()
    upstream.limit = 0
    answer = site.ask(url(number))
    work(site)
    wish = site.desk.find(answer.location.rpartition("/")[2])
    assert wish is not None
    assert wish.until is not None
    assert f"used up until {wish.until:%H:%M} UTC" in site.client.get(answer.location).text
    assert len(upstream.log) == 1


def test_an_author_who_opted_out_is_not_captured(
    make: Callable[..., Site], repository: FakeRepository, store: Store
) -> None:
    """A thread by somebody on the opt-out list is not saved, and the reader is told why."""
    number = repository.issue("Which license?", ASK, login="shy")
    shy = Account(int(repository.issues[number]["user"]["id"]), "shy")
    with store.transaction() as tx:
        tx.opt_out(shy.id)
    site = make()
    answer = site.ask(url(number))
    work(site)
    assert "asked not to be captured" in site.client.get(answer.location).text
    assert store.thread(77, number) is None


def test_an_unexpected_fault_is_told_and_others_have_their_turn(
    make: Callable[..., Site], number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fault of ours is logged and told without its details, and does not end the saver."""
    site = make()
    with monkeypatch.context() as broken:
        broken.setattr(Crawler, "_crawl_thread", lambda *_: 1 // 0)
        answer = site.ask(url(number))
        work(site)
    assert "Something went wrong here" in site.client.get(answer.location).text
    answer = site.ask(url(number))
    work(site)
    assert site.client.get(answer.location).status_code == 303


# --- forms and sessions -----------------------------------------------------------------------------------------------


def test_a_form_of_another_site_saves_nothing(make: Callable[..., Site], number: int) -> None:
    """Without the token of the session's own form nothing is taken: none, another's, or one without a session."""
    site = make()
    other = site.token(site.app.test_client())
    for data in ({}, {"form": ""}, {"form": other}):
        site.token()
        answer = site.client.post("/save", data={"url": url(number), **data})
        assert answer.status_code == 403
    assert site.app.test_client().post("/save", data={"form": other, "url": url(number)}).status_code == 403
    assert not site.desk.wait(0)


def test_the_cookie_is_fenced_in(make: Callable[..., Site]) -> None:
    """The cookie is for these pages alone, out of reach of scripts and other sites; no other page sets one."""
    site = make()
    cookie = site.client.get("/save").headers["Set-Cookie"]
    assert {"HttpOnly", "SameSite=Strict", "Path=/save"} <= set(cookie.split("; "))
    assert "Set-Cookie" not in site.client.get("/").headers


def test_operators_sign_in(make: Callable[..., Site], number: int) -> None:
    """Without the key nothing is taken; with it, until signed out; it stands on no page and in no cookie."""
    site = make(key=KEY)
    assert site.ask(url(number)).status_code == 403
    assert not site.desk.wait(0)
    wrong = site.client.post("/save/sign-in", data={"form": site.token(), "key": KEY[:-1]})
    assert (wrong.status_code, "not the operators" in wrong.text) == (403, True)
    right = site.client.post("/save/sign-in", data={"form": site.token(), "key": KEY, "url": url(number)})
    assert right.status_code == 303
    assert KEY not in str(right.headers)
    form = site.client.get(right.location)
    assert url(number) in form.text
    assert KEY not in form.text
    assert site.ask(url(number)).status_code == 303
    assert site.client.post("/save/sign-out", data={"form": site.token()}).status_code == 303
    assert site.ask(url(number + 1)).status_code == 403


def test_signing_out_ends_the_session_wherever_it_was_copied(make: Callable[..., Site], number: int) -> None:
    """A cookie that is sent again afterwards saves nothing; other operators stay signed in, for twelve hours."""
    site = make(key=KEY)
    others = [site.client, site.app.test_client(), site.app.test_client()]
    for client in others[:2]:
        client.post("/save/sign-in", data={"form": site.token(client), "key": KEY})
        assert site.ask(url(number), client).status_code == 303
    cookie = site.client.get_cookie("onrecord_save", path="/save")
    assert cookie is not None
    assert site.client.post("/save/sign-out", data={"form": site.token()}).status_code == 303
    others[2].set_cookie("onrecord_save", cookie.value, path="/save")
    assert site.ask(url(number), others[2]).status_code == 403
    assert "sign-in" in others[2].get("/save").text
    assert site.ask(url(number), others[1]).status_code == 303
    site.now += timedelta(hours=12)
    assert site.ask(url(number), others[1]).status_code == 403


def test_a_forged_cookie_signs_nobody_in(make: Callable[..., Site], number: int) -> None:
    """A cookie that another key signed is no session."""
    one, site = make(key=KEY), make(key=KEY)
    one.client.post("/save/sign-in", data={"form": one.token(), "key": KEY})
    cookie = one.client.get_cookie("onrecord_save", path="/save")
    assert cookie is not None
    site.client.set_cookie("onrecord_save", cookie.value, path="/save")
    assert site.ask(url(number)).status_code == 403


def test_signing_in_by_trial_is_stopped(make: Callable[..., Site]) -> None:
    """After five attempts from an address the right key is refused too, for a while; other addresses are not."""
    site = make(key=KEY)

    def attempt(key: str, address: str) -> int:
        data = {"form": site.token(), "key": key}
        return site.client.post("/save/sign-in", data=data, environ_base={"REMOTE_ADDR": address}).status_code

    assert [attempt("wrong", "192.0.2.1") for _ in range(6)] == [403] * 5 + [429]
    assert attempt(KEY, "192.0.2.1") == 429
    assert attempt(KEY, "192.0.2.2") == 303
    site.now += timedelta(minutes=15)
    assert attempt(KEY, "192.0.2.1") == 303


def test_the_key_is_long_enough() -> None:
    """A key that is missing or short is an error of the configuration that does not print it."""
    for environ in ({}, {"ONRECORD_OPERATOR_KEY": "short"}):
        with pytest.raises(ConfigError) as caught:
            operator_key(environ)
        assert "short" not in str(caught.value)
    assert operator_key({"ONRECORD_OPERATOR_KEY": KEY}) == KEY


# --- limits -----------------------------------------------------------------------------------------------------------


def test_each_address_may_save_so_many(make: Callable[..., Site], number: int, store: Store) -> None:
    """Beyond the limits, of an address and of all, 429 says when more can be saved; asking for the same is free."""
    site = make(save_limit=3, save_limit_each=2)
    asked = [site.ask(url(each), address="192.0.2.1") for each in (1, 1, 2, 3)]
    assert [each.status_code for each in asked] == [303, 303, 303, 429]
    assert asked[0].location == asked[1].location
    assert int(asked[3].headers["Retry-After"]) == 3600
    assert "from 13:00 UTC" in asked[3].text
    assert site.ask(url(3), address="192.0.2.2").status_code == 303
    assert site.ask(url(4), address="192.0.2.3").status_code == 429
    site.now += timedelta(hours=1)
    assert site.ask(url(4), address="192.0.2.1").status_code == 303


def test_the_forwarded_address_is_not_believed_unasked(make: Callable[..., Site]) -> None:
    """A header that anybody can send does not change whose the limit is."""
    site = make(save_limit_each=1)
    for at, wanted in ((1, 303), (2, 429)):
        data = {"form": site.token(), "url": url(at)}
        headers = {"X-Forwarded-For": f"198.51.100.{at}"}
        answer = site.client.post("/save", data=data, headers=headers, environ_base={"REMOTE_ADDR": "192.0.2.1"})
        assert answer.status_code == wanted


def test_a_household_is_one_address() -> None:
    """IPv6 addresses count by their first 64 bits, IPv4 ones each, mapped ones as IPv4."""
    assert network("2001:db8:1:2::1") == network("2001:db8:1:2:ffff::9") != network("2001:db8:1:3::1")
    assert network("192.0.2.1") == network("::ffff:192.0.2.1") != network("192.0.2.2")
    assert network(None) == network("nonsense")


def test_no_more_is_remembered_than_is_allowed() -> None:
    """However many addresses ask, memory is bounded by what is allowed in all."""
    allowance = Allowance(each=2, window=timedelta(hours=1), most=10)
    refused = [allowance.take(f"192.0.2.{at}", NOW) for at in range(200)]
    assert [each is None for each in refused].count(True) == 10
    assert len(allowance._done) == 10
    assert allowance.take("192.0.2.250", NOW + timedelta(hours=1)) is None
    assert len(allowance._done) == 1


def test_the_desk_is_bounded() -> None:
    """So many may wait; what became of the oldest is forgotten, never what waits."""
    desk = Desk(lambda: NOW)
    wishes = [desk.ask(ThreadRef("acme", "rocket", at)) for at in range(1, MOST_WAITING + 1)]
    with pytest.raises(TooManyWaiting):
        desk.ask(ThreadRef("acme", "rocket", 999))
    assert desk.ask(ThreadRef("Acme", "Rocket", 1)) == wishes[0]
    assert [desk.before(each) for each in wishes[:3]] == [0, 1, 2]
    for at in range(1000, 1000 + MOST_KEPT):
        taken = desk.take()
        assert taken is not None
        desk.end(taken, "no")
        desk.ask(ThreadRef("acme", "rocket", at))
    assert len(desk._wishes) == MOST_KEPT
    assert desk.find(wishes[0].id) is None


def test_a_full_queue_is_told(make: Callable[..., Site]) -> None:
    """When too many wait, 429 says so."""
    site = make(save_limit=100, save_limit_each=100)
    codes = [site.ask(url(at)).status_code for at in range(1, MOST_WAITING + 2)]
    assert codes == [303] * MOST_WAITING + [429]


def test_a_large_body_is_refused(make: Callable[..., Site]) -> None:
    """A form larger than any address is not read."""
    site = make()
    assert site.client.post("/save", data={"url": "x" * 20_000}).status_code == 413


# --- beside crawls ----------------------------------------------------------------------------------------------------


def test_a_crawl_makes_room_between_its_pages(
    make: Callable[..., Site], repository: FakeRepository, upstream: FakeGitHub, store: Store, number: int
) -> None:
    """What is wished while a long crawl holds the lock is saved between two of its pages, and nothing is lost."""
    upstream.per_page_limit = 2
    for at in range(8):
        repository.issue(f"License question {at}", ASK)
    site = make()
    wished = repository.issue("Nothing of that kind", "It crashes.")
    wish = site.desk.ask(ThreadRef("acme", "rocket", wished))
    status = []

    def stop() -> bool:
        assert not site.saver._work()  # its own thread leaves it to the crawl
        site.saver.between()
        status.append(site.desk.find(wish.id).status)  # type: ignore[union-attr]
        return False

    with site.saver.turn(), site.github() as github:
        report = Crawler(store, github, Vocabulary(), stop=stop).crawl(RepositoryRef("acme", "rocket"))
    assert status[0] == "done"
    assert report.captured >= 9
    assert store.thread(77, wished) is not None
    assert list(store.verification().differences()) == []


def test_another_process_at_work_is_waited_for(make: Callable[..., Site], store: Store, number: int) -> None:
    """While another process crawls, the wish waits, and is fulfilled when that one is done."""
    site = make()
    wish = site.desk.ask(ThreadRef("acme", "rocket", number))
    with store.crawl_lock():
        assert not site.saver._work()
    assert site.desk.find(wish.id).status == "waiting"  # type: ignore[union-attr]
    assert site.saver._work()
    assert site.desk.find(wish.id).status == "done"  # type: ignore[union-attr]


def test_whoever_waits_for_a_waiting_crawl_is_told(make: Callable[..., Site], number: int) -> None:
    """While a crawl waits for the rate limit, wishes are refused with its time, and GitHub is left alone."""
    site = make()
    answer = site.ask(url(number))
    site.saver.refuse(NOW + timedelta(minutes=40))
    assert "used up until 12:40 UTC" in site.client.get(answer.location).text
    assert site.upstream.log == []


# --- the program ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("proxies", "seen"), [(0, "127.0.0.1"), (1, "198.51.100.7")])
def test_forwarded_addresses_are_believed_as_configured(proxies: int, seen: str) -> None:
    """The server tells pages the address that the last so many proxies saw, and without proxies the peer's own."""

    def tell(environ: dict[str, Any], start: Any) -> list[bytes]:
        start("200 OK", [("Content-Type", "text/plain")])
        return [f"{environ['REMOTE_ADDR']} {environ.get('HTTP_X_FORWARDED_FOR', '')}".encode()]

    server = Server(tell, listen("127.0.0.1", 0), proxies=proxies)
    server.start()
    try:
        headers = {"X-Forwarded-For": "203.0.113.9, 198.51.100.7"}
        with urllib.request.urlopen(urllib.request.Request(server.url, headers=headers), timeout=20) as answer:
            assert answer.read().decode().split()[0] == seen
    finally:
        server.stop()


def test_the_program_saves_what_is_asked_for(tmp_path: Path, upstream: FakeGitHub, number: int) -> None:
    """`onrecord run` takes the form, fetches the thread, and leads to its record; `serve` offers nothing of that."""
    environment = {name: value for name, value in os.environ.items() if name in {"PATH", "LANG"}}
    environment |= {"PYTHONPATH": str(Path(__file__).parents[2]), "PYTHONUNBUFFERED": "1"}
    cookies = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
    with served(upstream) as api:
        (tmp_path / "config.toml").write_text(
            f'[github]\napi_url = "{api}"\n[site]\nlisten = "127.0.0.1:0"\nsave = "open"\n', encoding="utf-8"
        )
        with subprocess.Popen(
            [sys.executable, "-m", "web", "run"],
            cwd=tmp_path,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        ) as process:
            try:
                assert process.stdout is not None
                site = re.findall(r"http://[0-9.:]+", process.stdout.readline())[0]
                form = cookies.open(f"{site}/save", timeout=20).read().decode()
                token = re.findall(r'name="form" value="([^"]+)"', form)[0]
                data = urllib.parse.urlencode({"form": token, "url": url(number)}).encode()
                answer = cookies.open(f"{site}/save", data=data, timeout=20)
                for _ in range(200):
                    if "/issues/" in answer.url:
                        break
                    time.sleep(0.1)
                    answer = cookies.open(answer.url, timeout=20)
                assert answer.url == f"{site}/github.com/acme/rocket/issues/{number}"
                assert "The MIT one." in answer.read().decode()
            finally:
                process.terminate()
                assert process.wait(60) == 0
