"""The pages on which readers have a thread saved now: a form, what became of it, and signing in where that is needed.

How threads are saved, and in which order, is `archiver.saving`'s. Everything here is answered anew each time.
"""

from __future__ import annotations

import hmac
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from flask import Blueprint, Flask, abort, redirect, render_template, request, session
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from archiver.errors import BadReference
from archiver.references import RepositoryRef, ThreadRef, parse_reference
from archiver.saving import Desk, TooManyWaiting
from web import permalinks
from web.allowance import Allowance, network
from web.config import SiteConfig
from web.lookup import bare

PATH = "/save"
REFRESH_SECONDS = 3
SIGNED_IN_FOR = timedelta(hours=12)
ATTEMPTS = Allowance(each=5, window=timedelta(minutes=15))
MOST_SIGNED_IN = 100
MOST_FORM_BYTES = 16 * 1024
_TOKEN, _OPERATOR = "form", "operator"


@dataclass(frozen=True, slots=True)
class Saving:
    """What saves here: the desk that takes wishes, and the operators' key if only they may ask."""

    desk: Desk
    key: str | None = None


class SavePages:
    """The pages about saving; without `saving`, they say that this process does not save."""

    def __init__(self, site: SiteConfig, saving: Saving | None, clock: Callable[[], datetime]) -> None:
        self._site = site
        self._saving = saving
        self._clock = clock
        self._allowance = Allowance(each=site.save_limit_each, most=site.save_limit, window=site.save_window)
        self._attempts = Allowance(each=ATTEMPTS.each, window=ATTEMPTS.window)
        self._lock = threading.Lock()
        # Who is signed in, and until when: a cookie that was copied before is worth nothing after signing out.
        self._signed_in: dict[str, datetime] = {}

    def register(self, app: Flask) -> None:
        """Add the routes to an app, and sessions, whose cookie is sent to these pages alone.

        The key that signs it is made anew with each process: whoever was signed in signs in again.
        """
        app.secret_key = secrets.token_bytes(32)
        app.permanent_session_lifetime = SIGNED_IN_FOR
        app.config.update(
            SESSION_COOKIE_NAME="onrecord_save",
            SESSION_COOKIE_PATH=PATH,
            SESSION_COOKIE_HTTPONLY=True,
            SESSION_COOKIE_SAMESITE="Strict",
            SESSION_COOKIE_SECURE=self._site.base_url.startswith("https:"),
        )
        pages = Blueprint("saving", __name__)
        pages.add_url_rule(PATH, "form", self.form)
        pages.add_url_rule(PATH, "ask", self.ask, methods=["POST"])
        pages.add_url_rule(f"{PATH}/sign-in", "sign_in", self.sign_in, methods=["POST"])
        pages.add_url_rule(f"{PATH}/sign-out", "sign_out", self.sign_out, methods=["POST"])
        pages.add_url_rule(f"{PATH}/<wish>", "status", self.status)
        pages.before_request(_limit_body)
        pages.after_request(_never_kept)
        app.register_blueprint(pages)

    def form(self) -> ResponseReturnValue:
        """Show the form: to save, or to sign in first."""
        return self._form(request.args.get("url", ""))

    def ask(self) -> ResponseReturnValue:
        """Take a wish, and lead to the page that says what becomes of it."""
        saving = self._saving
        text = request.form.get("url", "").strip()
        if saving is None:
            return self._form(text)
        if not _from_our_form():
            return self._form(text, "That form was too old, or not from here. Please send it again", 403)
        if not self._may(saving):
            return self._form(text, "Only operators may save here. Please sign in", 403)
        try:
            ref = parse_reference(bare(text))
        except BadReference:
            return self._form(text, "That is no address of an issue, a pull request or a discussion on GitHub", 400)
        if isinstance(ref, RepositoryRef):
            return self._form(text, f"{ref} is a repository: what is saved here is one thread at a time", 400)
        return self._take(saving, ref, text)

    def _take(self, saving: Saving, ref: ThreadRef, text: str) -> ResponseReturnValue:
        now = self._clock()
        if (known := saving.desk.known(ref)) is not None:
            return redirect(f"{PATH}/{known.id}", 303)
        if saving.key is None and (until := self._allowance.take(network(request.remote_addr), now)) is not None:
            problem = f"That is enough for the moment: more can be saved from {until:%H:%M} UTC on"
            return self._form(text, problem, 429, retry_after=until - now)
        try:
            wish = saving.desk.ask(ref)
        except TooManyWaiting:
            problem = "Too many threads wait to be saved. Please try again in a few minutes"
            return self._form(text, problem, 429, retry_after=timedelta(minutes=2))
        return redirect(f"{PATH}/{wish.id}", 303)

    def status(self, wish: str) -> ResponseReturnValue:
        """Say what became of a wish; the page asks again by itself until it can lead to the record."""
        found = self._saving.desk.find(wish) if self._saving else None
        if self._saving is None or found is None:
            abort(404)
        if found.status == "done":
            anchor = f"#{found.ref.anchor}" if found.ref.anchor else ""
            return redirect(permalinks.lookup(found.ref.upstream_url + anchor), 303)
        response = Response(
            render_template("saving.html", wish=found, before=self._saving.desk.before(found)), mimetype="text/html"
        )
        if not found.ended:
            response.headers["Refresh"] = str(REFRESH_SECONDS)
        return response

    # --- signing in ---

    def sign_in(self) -> ResponseReturnValue:
        """Compare the key that was given with the operators', in a time that tells nothing of it."""
        saving = self._saving
        text = request.form.get("url", "")
        if saving is None or saving.key is None:
            abort(404)
        if not _from_our_form():
            return self._form(text, "That form was too old, or not from here. Please send it again", 403)
        now = self._clock()
        if (until := self._attempts.take(network(request.remote_addr), now)) is not None:
            problem = f"Too many attempts to sign in: try again from {until:%H:%M} UTC on"
            return self._form(text, problem, 429, retry_after=until - now)
        given, wanted = (sha256(each.encode()).digest() for each in (request.form.get("key", ""), saving.key))
        if not hmac.compare_digest(given, wanted):
            return self._form(text, "That is not the operators' key", 403)
        session.clear()  # a session that somebody else could have put there is not made an operator's
        session[_OPERATOR] = self._let_in(now)
        return redirect(f"{PATH}?{permalinks.query(url=text)}" if text else PATH, 303)

    def sign_out(self) -> ResponseReturnValue:
        """Forget who is signed in."""
        if _from_our_form():
            with self._lock:
                self._signed_in.pop(str(session.get(_OPERATOR)), None)
            session.clear()
        return redirect(PATH, 303)

    def _let_in(self, now: datetime) -> str:
        """Return a name that nobody guesses for somebody who signed in just now."""
        with self._lock:
            still = {name: until for name, until in self._signed_in.items() if until > now}
            # Whoever signed in first is signed out if there are too many: each of them has the key.
            self._signed_in = dict(list(still.items())[-MOST_SIGNED_IN + 1 :])
            name = secrets.token_urlsafe(24)
            self._signed_in[name] = now + SIGNED_IN_FOR
            return name

    def _may(self, saving: Saving) -> bool:
        if saving.key is None:
            return True
        with self._lock:
            until = self._signed_in.get(str(session.get(_OPERATOR)))
        return until is not None and self._clock() < until

    def _form(
        self, text: str, problem: str = "", status: int = 200, *, retry_after: timedelta | None = None
    ) -> ResponseReturnValue:
        saving = self._saving
        if saving is None:
            return render_template("save.html", state="off", text="", problem=""), 404
        state = "ask" if self._may(saving) else "sign-in"
        token = session.setdefault(_TOKEN, secrets.token_urlsafe(24))
        page = render_template(
            "save.html", state=state, text=text[:1000], problem=problem, token=token, operator=saving.key is not None
        )
        response = Response(page, status, mimetype="text/html")
        if retry_after is not None:
            response.headers["Retry-After"] = str(max(1, int(retry_after.total_seconds())))
        return response


def _from_our_form() -> bool:
    """Return whether a form that was sent was made for this session: no other site knows its token."""
    known, given = session.get(_TOKEN), request.form.get(_TOKEN, "")
    return isinstance(known, str) and hmac.compare_digest(known.encode(), given.encode())


def _limit_body() -> None:
    request.max_content_length = MOST_FORM_BYTES


def _never_kept(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    response.headers.setdefault("X-Robots-Tag", "noindex")
    return response
