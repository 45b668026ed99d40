"""Writes what is held as GitHub's REST API shows it: repositories, issues, posts, timelines.

It asks for nothing and knows no request. Texts are given as they were captured, nothing is made safe here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from archiver.github.parse import REACTIONS
from archiver.model import Account, PostKind, Repository, iso, post_anchor
from archiver.references import ThreadKind
from archiver.store.upstream import UpstreamEvent, UpstreamIssue, UpstreamPost

TEXTS = ("body", "body_html", "body_text")
JsonObject = dict[str, Any]

PATHS = {
    PostKind.COMMENT: ("issues", "comments"),
    PostKind.REVIEW: ("pulls", "reviews"),
    PostKind.REVIEW_COMMENT: ("pulls", "comments"),
}
"""Where GitHub has the posts of a kind: below issues or pull requests, under this name."""


class Shapes:
    """GitHub's objects, with addresses below `root`, and those `texts` that are asked for (some of `TEXTS`)."""

    def __init__(self, root: str, texts: tuple[str, ...]) -> None:
        self._root = root
        self._wanted = texts

    def repository(self, repository: Repository) -> JsonObject:
        """Return a repository's object."""
        url = f"{self._root}/repos/{repository.ref}"
        return {
            "id": repository.id,
            "name": repository.name,
            "full_name": str(repository.ref),
            "private": False,
            "owner": {"login": repository.owner, "html_url": f"https://github.com/{repository.owner}"},
            "html_url": repository.ref.upstream_url,
            "description": repository.description,
            "fork": False,
            "url": url,
            "issues_url": f"{url}/issues{{/number}}",
            "issue_comment_url": f"{url}/issues/comments{{/number}}",
            "created_at": iso(repository.created_at) if repository.created_at else None,
            "has_issues": True,
            "archived": False,
            "disabled": False,
            "visibility": "public",
        }

    def issue(self, repository: Repository, issue: UpstreamIssue, *, alone: bool) -> JsonObject:
        """Return an issue or pull request, as a list has it or `alone`."""
        fields, raw = issue.fields, self._ours(issue.raw)
        base = f"{self._root}/repos/{repository.ref}"
        url = f"{base}/issues/{fields['number']}"
        web = f"{repository.ref.upstream_url}/{issue.kind.path}/{fields['number']}"
        milestone = raw.get("milestone")
        if not isinstance(milestone, Mapping) or milestone.get("title") != fields["milestone"]:
            milestone = {"title": fields["milestone"]} if fields["milestone"] else None
        made: JsonObject = {
            "url": url,
            "repository_url": base,
            "labels_url": f"{url}/labels{{/name}}",
            "comments_url": f"{url}/comments",
            "events_url": f"{url}/events",
            "timeline_url": f"{url}/timeline",
            "html_url": web,
            "id": issue.id,
            "number": fields["number"],
            "title": fields["title"],
            "user": self._user(_account(fields["author"]), raw.get("user")),
            "labels": _named(fields["labels"], raw.get("labels"), "name"),
            "state": fields["state"],
            "locked": fields["locked"],
            "assignees": _named(fields["assignees"], raw.get("assignees"), "login"),
            "milestone": milestone,
            "comments": issue.comments,
            "created_at": fields["created_at"],
            "updated_at": iso(issue.updated_at),
            "closed_at": fields["closed_at"],
            "author_association": fields["author_association"] or "NONE",
            "active_lock_reason": fields["lock_reason"],
            "state_reason": fields["state_reason"],
        }
        if issue.kind is ThreadKind.PULL:
            made["draft"] = bool(fields.get("draft"))
            made["pull_request"] = {
                "url": f"{base}/pulls/{fields['number']}",
                "html_url": web,
                "diff_url": f"{web}.diff",
                "patch_url": f"{web}.patch",
                "merged_at": fields["merged_at"],
            }
        if alone:
            made["closed_by"] = self._user(_account(fields["closed_by"]), raw.get("closed_by"))
        # GitHub's lists say nothing of who closed an issue.
        kept = {key: value for key, value in raw.items() if key not in TEXTS and key != "closed_by"}
        return {**kept, **made, **_reactions(issue.reactions, url), **self._texts(raw, issue.body)}

    def post(self, repository: Repository, post: UpstreamPost) -> JsonObject:
        """Return a comment, review or review comment."""
        raw = self._ours(post.raw)
        base = f"{self._root}/repos/{repository.ref}"
        web = f"{repository.ref.upstream_url}/{post.thread_kind.path}/{post.number}"
        made: JsonObject = {
            "html_url": f"{web}#{post_anchor(post.kind, post.id)}",
            "id": post.id,
            "user": self._user(post.author, raw.get("user")),
            "author_association": post.author_association or "NONE",
        }
        if post.kind is PostKind.REVIEW:
            made |= {"state": post.state or "COMMENTED", "submitted_at": iso(post.created_at)}
            if "updated_at" in raw:
                made["updated_at"] = iso(post.updated_at)
        else:
            parent, name = PATHS[post.kind]
            made |= {
                "url": f"{base}/{parent}/{name}/{post.id}",
                "created_at": iso(post.created_at),
                "updated_at": iso(post.updated_at),
            }
        if post.kind is PostKind.COMMENT:
            made["issue_url"] = f"{base}/issues/{post.number}"
        else:
            made["pull_request_url"] = f"{base}/pulls/{post.number}"
        if post.reply_to is not None:
            made["in_reply_to_id"] = post.reply_to
        kept = {key: value for key, value in raw.items() if key not in TEXTS}
        return {**kept, **made, **_reactions(post.reactions, made.get("url", "")), **self._texts(raw, post.body)}

    def timeline(self, repository: Repository, item: UpstreamPost | UpstreamEvent) -> JsonObject:
        """Return an item of a timeline."""
        if isinstance(item, UpstreamPost):
            made = self.post(repository, item)
            if item.kind is PostKind.COMMENT:
                return {**made, "event": "commented", "actor": made["user"]}
            return {**made, "event": "reviewed", "state": made["state"].lower()}  # as GitHub's timelines write it
        made = {"event": item.kind, "actor": self._user(item.actor, None), "created_at": iso(item.at)}
        if item.key.isdigit():
            url = f"{self._root}/repos/{repository.ref}/issues/events/{item.key}"
            made = {"id": int(item.key), "url": url, **made, "commit_id": None}
        if item.kind == "cross-referenced":
            return {**made, "source": {"type": "issue", "issue": self._source(item.detail)}}
        return {**made, **_event_fields(item.kind, item.detail)}

    def _source(self, detail: Mapping[str, Any]) -> JsonObject:
        """Return the issue that a cross-reference comes from, as far as it is kept."""
        name, _, number = str(detail.get("source") or "").rpartition("#")
        issue: JsonObject = {
            "id": detail.get("source_id"),
            "number": int(number) if number.isdigit() else None,
            "title": detail.get("title"),
            "state": "closed" if detail.get("merged_at") else detail.get("state"),
            "html_url": detail.get("url"),
            "repository_url": f"{self._root}/repos/{name}" if name else None,
        }
        if "/pull/" in str(detail.get("url")):
            issue["pull_request"] = {"merged_at": detail.get("merged_at")}
        return {key: value for key, value in issue.items() if value is not None}

    def _user(self, account: Account | None, raw: Any) -> JsonObject | None:
        if account is None:
            return None
        if isinstance(raw, Mapping) and raw.get("id") == account.id:
            return {**raw, "login": account.login}
        return {
            "login": account.login,
            "id": account.id,
            "url": f"{self._root}/users/{account.login}",
            "html_url": f"https://github.com/{account.login}",
            "type": "Bot" if account.bot or account.login.endswith("[bot]") else "User",
            "site_admin": False,
        }

    def _ours(self, raw: Mapping[str, Any]) -> JsonObject:
        """Copy an API object with the addresses within the API it came from turned into ours."""
        # A review has no address of its own in the API.
        theirs = str(raw.get("url") or raw.get("pull_request_url") or "").partition("/repos/")[0]
        moved = _moved(raw, theirs, self._root) if theirs else raw
        return dict(moved)

    def _texts(self, raw: Mapping[str, Any], body: str) -> JsonObject:
        """Return the texts that are asked for, as captured."""
        texts = {"body": body or raw.get("body"), "body_html": raw.get("body_html"), "body_text": raw.get("body_text")}
        return {name: texts[name] for name in self._wanted}


# --- parts of objects ------------------------------------------------------------------------------------------------


def _moved(value: Any, theirs: str, ours: str) -> Any:
    if isinstance(value, str):
        return ours + value[len(theirs) :] if value.startswith(f"{theirs}/") else value
    if isinstance(value, Mapping):
        # Texts stay as they are, whatever they begin with.
        return {key: each if key in TEXTS else _moved(each, theirs, ours) for key, each in value.items()}
    return [_moved(each, theirs, ours) for each in value] if isinstance(value, list) else value


def _reactions(counts: Mapping[str, int] | None, url: str) -> JsonObject:
    """Return GitHub's roll-up of reactions; nothing where none was seen."""
    if counts is None:
        return {}
    every = {name: counts.get(name, 0) for name in REACTIONS}
    return {"reactions": {"url": f"{url}/reactions", "total_count": sum(every.values()), **every}}


def _event_fields(kind: str, detail: Mapping[str, Any]) -> JsonObject:
    """Return what an event says as GitHub's timeline nests it: what `archiver.github.parse.event` made flat."""
    match kind:
        case "renamed":
            return {"rename": {"from": detail.get("from"), "to": detail.get("to")}}
        case "labeled" | "unlabeled":
            return {"label": {"name": detail.get("label")}}
        case "milestoned" | "demilestoned":
            return {"milestone": {"title": detail.get("milestone")}}
        case "assigned" | "unassigned":
            return {"assignee": {"login": detail.get("assignee")}}
        case "review_requested" | "review_request_removed":
            named = {"requested_reviewer": ("login", "reviewer"), "requested_team": ("name", "team")}
            return {key: {inner: detail[name]} for key, (inner, name) in named.items() if name in detail}
        case "review_dismissed":
            names = {"review_id": "review", "state": "state", "dismissal_message": "message"}
            return {"dismissed_review": {key: detail.get(name) for key, name in names.items()}}
    return dict(detail)


def _account(record: Mapping[str, Any] | None) -> Account | None:
    return Account(record["id"], record["login"]) if record else None


def _named(names: list[str], raw: Any, key: str) -> list[Any]:
    known = {each[key]: each for each in raw or () if isinstance(each, Mapping) and key in each}
    return [known.get(name, {key: name}) for name in names]
