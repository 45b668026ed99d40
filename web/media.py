"""Answers with kept pictures and attached files of posts, fenced in so that nothing in them can do anything here.

Which may be seen is the store's to say; what they are was seen when they were kept.
"""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Blueprint, abort, request
from flask.typing import ResponseReturnValue
from werkzeug.routing import BaseConverter
from werkzeug.wrappers import Response

from archiver.attachments import FILE_TYPES, file_name, file_type
from archiver.github.media import kind_of
from archiver.store import Reader

# A picture never changes, but it may be withdrawn, and must then be out of every cache within a day.
CACHING = "public, max-age=86400, immutable"
# Whoever opens a picture by itself sees a document of nothing but it, without scripts, forms or an origin.
POLICY = "sandbox; default-src 'none'"


class Digest(BaseConverter):
    """A whole digest in an address."""

    regex = "[0-9a-f]{64}"


class MediaPages:
    """The addresses of kept pictures, over a store."""

    def __init__(self, store: Reader) -> None:
        self._store = store

    def blueprint(self) -> Blueprint:
        """Return the route."""
        pages = Blueprint("media", __name__)
        pages.record_once(lambda state: state.app.url_map.converters.update(digest=Digest))
        pages.add_url_rule("/media/<digest:picture>", "picture", self.picture)
        return pages

    def picture(self, picture: str) -> ResponseReturnValue:
        """Send a picture to be looked at, or a file to be saved; 410 if all that showed it was withdrawn."""
        kind, known = self._store.picture_type(picture)
        if kind is None:
            abort(410 if known else 404)
        try:
            path = self._store.media_files.path(picture)
            content, kept = path.read_bytes(), path.stat().st_mtime
        except OSError:
            abort(404)
        if (kind_of(content[:16]) or file_type(content)) != kind:  # not what was kept: onrecord verify says so
            abort(404)
        response = Response(content, mimetype=FILE_TYPES.get(kind, f"image/{kind}"))
        response.headers["Cache-Control"] = CACHING
        response.headers["Content-Security-Policy"] = POLICY
        response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
        shown = f'inline; filename="{picture[:12]}.{kind}"'
        if kind in FILE_TYPES:
            shown = f'attachment; filename="{file_name(self._store.media_url(picture) or "", kind)}"'
        response.headers["Content-Disposition"] = shown
        response.set_etag(picture)
        response.last_modified = datetime.fromtimestamp(kept, UTC)
        return response.make_conditional(request.environ)
