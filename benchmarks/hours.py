"""Invented hours of GH Archive, the same at every run: the mix of event types and the sizes of a real hour of 2018 on.

It writes files; what is measured on them stands in `bench_gharchive`.
"""

from __future__ import annotations

import json
import random
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from corpus import text

# Share of the events, and the payload that they have. Issues and comments are 15 in a hundred, as on a working day.
MIX = {
    "PushEvent": 0.50,
    "CreateEvent": 0.125,
    "WatchEvent": 0.085,
    "IssueCommentEvent": 0.105,
    "IssuesEvent": 0.045,
    "PullRequestEvent": 0.055,
    "PullRequestReviewCommentEvent": 0.015,
    "ForkEvent": 0.03,
    "DeleteEvent": 0.04,
}
# Of the bodies; so that of the events about threads, which show one to three, one in a hundred is about licensing.
ABOUT_LICENSES = 0.005


def _user(number: int) -> dict[str, Any]:
    login = f"person-{number}"
    api = f"https://api.github.com/users/{login}"
    return {
        "login": login,
        "id": 1000 + number,
        "node_id": f"MDQ6VXNlc{number:x}",
        "avatar_url": f"https://avatars2.githubusercontent.com/u/{1000 + number}?v=4",
        "gravatar_id": "",
        "url": api,
        "html_url": f"https://github.com/{login}",
        "followers_url": f"{api}/followers",
        "following_url": f"{api}/following{{/other_user}}",
        "gists_url": f"{api}/gists{{/gist_id}}",
        "starred_url": f"{api}/starred{{/owner}}{{/repo}}",
        "subscriptions_url": f"{api}/subscriptions",
        "organizations_url": f"{api}/orgs",
        "repos_url": f"{api}/repos",
        "events_url": f"{api}/events{{/privacy}}",
        "received_events_url": f"{api}/received_events",
        "type": "User",
        "site_admin": False,
    }


_REPOSITORY_URLS = (
    "forks", "keys{/key_id}", "collaborators{/collaborator}", "teams", "hooks", "issues/events{/number}",
    "events", "assignees{/user}", "branches{/branch}", "tags", "git/blobs{/sha}", "git/tags{/sha}",
    "git/refs{/sha}", "git/trees{/sha}", "statuses/{sha}", "languages", "stargazers", "contributors",
    "subscribers", "subscription", "commits{/sha}", "git/commits{/sha}", "comments{/number}",
    "issues/comments{/number}", "contents/{+path}", "compare/{base}...{head}", "merges",
    "{archive_format}{/ref}", "downloads", "issues{/number}", "pulls{/number}", "milestones{/number}",
    "notifications{?since,all,participating}", "labels{/name}", "releases{/id}", "deployments",
)  # fmt: skip


def _repository(number: int) -> dict[str, Any]:
    owner = _user(number % 5000)
    full = f"{owner['login']}/project-{number}"
    api = f"https://api.github.com/repos/{full}"
    urls = {each.split("{")[0].strip("/").replace("/", "_") + "_url": f"{api}/{each}" for each in _REPOSITORY_URLS}
    return {
        "id": 70_000 + number,
        "node_id": f"MDEwOlJlcG9zaXRvcnk{number:x}",
        "name": f"project-{number}",
        "full_name": full,
        "private": False,
        "owner": owner,
        "html_url": f"https://github.com/{full}",
        "description": "An invented project that does invented things",
        "fork": False,
        "url": api,
        **urls,
        "created_at": "2016-05-05T10:00:00Z",
        "updated_at": "2018-02-15T10:00:00Z",
        "pushed_at": "2018-02-16T08:00:00Z",
        "homepage": None,
        "size": 1234,
        "stargazers_count": 12,
        "watchers_count": 12,
        "language": "Python",
        "has_issues": True,
        "has_projects": True,
        "has_downloads": True,
        "has_wiki": True,
        "has_pages": False,
        "forks_count": 3,
        "archived": False,
        "open_issues_count": 5,
        # This is why a search for the word alone finds every pull request.
        "license": {
            "key": "mit",
            "name": "MIT License",
            "spdx_id": "MIT",
            "url": "https://api.github.com/licenses/mit",
        },
        "forks": 3,
        "open_issues": 5,
        "watchers": 12,
        "default_branch": "master",
    }


class Hour:
    """An hour of events; `chance` decides everything about them."""

    def __init__(self, at: datetime, seed: int = 1) -> None:
        self._at = at
        self._chance = random.Random(seed * 1_000_003 + int(at.timestamp()))
        self._number = int(at.timestamp()) * 1000

    def lines(self) -> Iterator[bytes]:
        """Yield events without end, one JSON object a line."""
        kinds, shares = list(MIX), list(MIX.values())
        while True:
            kind = self._chance.choices(kinds, shares)[0]
            yield json.dumps(self.event(kind), separators=(",", ":"), ensure_ascii=False).encode() + b"\n"

    def event(self, kind: str) -> dict[str, Any]:
        """Return one event of that type."""
        self._number += 1
        chance = self._chance
        self._repo = _repository(chance.randrange(200_000))
        self._person = _user(chance.randrange(100_000))
        at = (self._at + timedelta(seconds=chance.randrange(3600))).strftime("%Y-%m-%dT%H:%M:%SZ")
        payload = {
            "PushEvent": self._push,
            "IssuesEvent": self._issues,
            "IssueCommentEvent": self._comment,
            "PullRequestEvent": self._pull,
            "PullRequestReviewCommentEvent": self._review_comment,
            "ForkEvent": lambda _: {"forkee": _repository(chance.randrange(200_000))},
        }.get(kind, self._small)(at)
        actor = {key: self._person[key] for key in ("id", "login", "gravatar_id", "url", "avatar_url")}
        return {
            "id": str(self._number),
            "type": kind,
            "actor": {**actor, "display_login": actor["login"]},
            "repo": {"id": self._repo["id"], "name": self._repo["full_name"], "url": self._repo["url"]},
            "payload": payload,
            "public": True,
            "created_at": at,
        }

    def _body(self, words: int) -> str:
        about = self._chance.random() < ABOUT_LICENSES
        return text(self._chance, max(3, int(self._chance.expovariate(1 / words))), about_license=about)

    def _small(self, _at: str) -> dict[str, Any]:
        return {"ref": "v1.0.2", "ref_type": "tag", "master_branch": "master", "description": "", "pusher_type": "user"}

    def _push(self, _at: str) -> dict[str, Any]:
        commits = [
            {
                "sha": f"{self._chance.getrandbits(160):040x}",
                "author": {"email": f"{self._chance.getrandbits(160):040x}@example.org", "name": self._person["login"]},
                "message": text(self._chance, 9, about_license=self._chance.random() < 0.02),
                "distinct": True,
                "url": f"{self._repo['url']}/commits/{self._chance.getrandbits(160):040x}",
            }
            for _ in range(self._chance.choice((1, 1, 1, 1, 2, 3, 8)))
        ]
        head = f"{self._chance.getrandbits(160):040x}"
        return {
            "push_id": self._number,
            "size": len(commits),
            "ref": "refs/heads/master",
            "head": head,
            "commits": commits,
        }

    def _issue(self, at: str) -> dict[str, Any]:
        number = self._chance.randrange(1, 9000)
        url = f"{self._repo['url']}/issues/{number}"
        return {
            "url": url,
            "repository_url": self._repo["url"],
            "labels_url": f"{url}/labels{{/name}}",
            "comments_url": f"{url}/comments",
            "events_url": f"{url}/events",
            "html_url": f"{self._repo['html_url']}/issues/{number}",
            "id": self._number % 10**12,
            "number": number,
            "title": text(self._chance, 7, about_license=self._chance.random() < ABOUT_LICENSES / 3),
            "user": _user(self._chance.randrange(100_000)),
            "labels": [],
            "state": "open",
            "locked": False,
            "assignee": None,
            "assignees": [],
            "milestone": None,
            "comments": self._chance.randrange(9),
            "created_at": "2018-02-15T10:00:00Z",
            "updated_at": at,
            "closed_at": None,
            "author_association": "NONE",
            "body": self._body(90),
        }

    def _issues(self, at: str) -> dict[str, Any]:
        return {"action": self._chance.choice(("opened", "opened", "closed")), "issue": self._issue(at)}

    def _comment(self, at: str) -> dict[str, Any]:
        issue = self._issue(at)
        comment = {
            "url": f"{self._repo['url']}/issues/comments/{self._number}",
            "html_url": f"{issue['html_url']}#issuecomment-{self._number}",
            "issue_url": issue["url"],
            "id": self._number,
            "user": self._person,
            "created_at": at,
            "updated_at": at,
            "author_association": "CONTRIBUTOR",
            "body": self._body(60),
        }
        return {"action": "created", "issue": issue, "comment": comment}

    def _pull_request(self, at: str) -> dict[str, Any]:
        number = self._chance.randrange(1, 9000)
        url = f"{self._repo['url']}/pulls/{number}"
        side = {"label": "a:b", "ref": "b", "sha": f"{self._chance.getrandbits(160):040x}", "user": self._person}
        return {
            "url": url,
            "id": self._number,
            "html_url": f"{self._repo['html_url']}/pull/{number}",
            "diff_url": f"{self._repo['html_url']}/pull/{number}.diff",
            "patch_url": f"{self._repo['html_url']}/pull/{number}.patch",
            "issue_url": f"{self._repo['url']}/issues/{number}",
            "number": number,
            "state": "open",
            "locked": False,
            "title": text(self._chance, 7, about_license=self._chance.random() < ABOUT_LICENSES / 3),
            "user": self._person,
            "body": self._body(70),
            "created_at": at,
            "updated_at": at,
            "closed_at": None,
            "merged_at": None,
            "merge_commit_sha": None,
            "assignee": None,
            "assignees": [],
            "requested_reviewers": [],
            "requested_teams": [],
            "labels": [],
            "milestone": None,
            "head": {**side, "repo": _repository(self._chance.randrange(200_000))},
            "base": {**side, "repo": self._repo},
            "_links": {"self": {"href": url}, "html": {"href": f"{self._repo['html_url']}/pull/{number}"}},
            "author_association": "NONE",
        }

    def _pull(self, at: str) -> dict[str, Any]:
        pull = self._pull_request(at)
        counts = {"merged": False, "comments": 0, "review_comments": 0, "commits": 1, "additions": 3, "deletions": 1}
        return {"action": "opened", "number": pull["number"], "pull_request": {**pull, **counts}}

    def _review_comment(self, at: str) -> dict[str, Any]:
        pull = self._pull_request(at)
        comment = {
            "url": f"{self._repo['url']}/pulls/comments/{self._number}",
            "pull_request_review_id": self._number - 1,
            "id": self._number,
            "diff_hunk": "@@ -1,4 +1,4 @@\n-" + text(self._chance, 20, about_license=False),
            "path": "src/main.py",
            "position": 3,
            "user": self._person,
            "body": self._body(25),
            "created_at": at,
            "updated_at": at,
            "html_url": f"{pull['html_url']}#discussion_r{self._number}",
            "pull_request_url": pull["url"],
            "author_association": "MEMBER",
        }
        return {"action": "created", "comment": comment, "pull_request": pull}


def write_hour(folder: Path, at: datetime, size: int, seed: int = 1) -> tuple[Path, int, int]:
    """Write one hour of at least `size` bytes before packing; return the file, its bytes unpacked, and its lines."""
    path = folder / f"{at:%Y-%m-%d}-{at.hour}.json.gz"
    pack = zlib.compressobj(6, zlib.DEFLATED, 31)
    count = written = 0
    with path.open("wb") as file:
        for line in Hour(at, seed).lines():
            file.write(pack.compress(line))
            written += len(line)
            count += 1
            if written >= size:
                break
        file.write(pack.flush())
    return path, written, count


HOUR = datetime(2018, 2, 16, 9, tzinfo=UTC)
