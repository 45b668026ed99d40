"""The one tree of errors that onrecord raises on purpose; how they are shown is left to the command lines and pages.

ArchiveError                anything that a user can cause or meet: one line on stderr, exit code 1
|-- ConfigError             the configuration or the command line is wrong: exit code 2
|-- BadReference            text that names no repository, thread or comment
|-- TooManyMatches          a search finds more threads than its watch allows for
|-- NotHeld                 a well-formed reference to something that this archive does not hold
|-- StoreError              the store cannot be opened, read or written
|   |-- SchemaOutdated      its schema is older than this program
|   |-- SchemaTooNew        its schema is newer than this program
|   `-- StoreBusy           another crawl is at work on it
|-- SearchError             the search package's branch (search.errors)
`-- GitHubError             the API did not give what was asked for
    |-- Unreachable         no connection, time-out or reset, after all retries
    |-- BadResponse         truncated, not JSON, too large, of the wrong shape, or 5xx, after all retries
    |-- RateLimited         a limit is used up and waiting was not wanted: says when to come back
    |-- TokenNeeded         only asked for with a token, and there is none
    |-- Unauthorized        401
    |-- Forbidden           403 that is no rate limit
    |-- NotFound            404
    |-- Gone                410
    |-- Blocked             451
    |-- Refused             any other 4xx
    |-- Moved               a permanent redirect to another repository or thread than was asked for
    `-- ForeignRedirect     a redirect that leaves the API's own host
"""

from __future__ import annotations

from datetime import datetime


class ArchiveError(Exception):
    """Stand at the root of every error that onrecord raises on purpose.

    `key` is what the error is about (a setting, a path, a URL, a reference); `str(error)` is one line for a person.
    """

    exit_code = 1

    def __init__(self, message: str, *, key: str = "") -> None:
        super().__init__(message)
        self.key = key


class ConfigError(ArchiveError):
    """The configuration or the command line is wrong; `key` is the setting's dotted name or the file."""

    exit_code = 2


class BadReference(ArchiveError):
    """A text names no repository, thread or comment; `key` is the text."""


class TooManyMatches(ArchiveError):
    """A search finds more threads than its watch allows for; `key` is the query."""


class NotHeld(ArchiveError):
    """The archive does not hold what a well-formed reference names; `key` is the reference."""


class StoreError(ArchiveError):
    """The store cannot be opened, read or written; `key` is its URL without a password."""


class SchemaOutdated(StoreError):
    """The store's schema is older than this program: `onrecord migrate` brings it up to date."""


class SchemaTooNew(StoreError):
    """The store's schema is newer than this program, which therefore refuses to touch it."""


class StoreBusy(StoreError):
    """Another crawl is at work on the store; the message says which process."""


class GitHubError(ArchiveError):
    """GitHub's API did not give what was asked for; `key` is the request's URL, `status` the HTTP status if any.

    `moved_to` is where a permanent redirect led before it came to that.
    """

    def __init__(self, message: str, *, key: str = "", status: int | None = None) -> None:
        super().__init__(message, key=key)
        self.status = status
        self.moved_to: str | None = None


class Unreachable(GitHubError):
    """No connection, a time-out or a reset, after all retries."""


class BadResponse(GitHubError):
    """An answer that cannot be used (truncated, not JSON, too large, of the wrong shape, 5xx), after all retries."""


class RateLimited(GitHubError):
    """A rate limit is used up and waiting was not wanted; `until` (UTC) says when to come back."""

    def __init__(self, message: str, *, key: str = "", status: int | None = None, until: datetime) -> None:
        super().__init__(message, key=key, status=status)
        self.until = until


class TokenNeeded(GitHubError):
    """GitHub answers this only with a token (GraphQL: edit histories, minimised comments, discussions)."""


class Unauthorized(GitHubError):
    """401: the token is wrong, expired or revoked."""


class Forbidden(GitHubError):
    """403 that is no rate limit."""


class NotFound(GitHubError):
    """404: not there, or not for us to see."""


class Gone(GitHubError):
    """410: deleted upstream (or issues are switched off)."""


class Blocked(GitHubError):
    """451: withheld upstream for legal reasons."""


class Refused(GitHubError):
    """Any other 4xx: GitHub does not accept the request as it is."""


class Moved(GitHubError):
    """A permanent redirect led to another repository or thread than was asked for."""


class ForeignRedirect(GitHubError):
    """A redirect that leaves the API's own host; it is not followed."""
