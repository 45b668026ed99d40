"""Describes a thread for search engines: schema.org's `DiscussionForumPosting` with its `Comment`s, as JSON-LD.

It is pure. The fields are those that Google documents for discussion forums; what is withdrawn is not described, and
what is described is bounded, however long the thread.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from markupsafe import Markup

from archiver.model import Account, Post, Thread, iso
from web import citation, permalinks, signposts
from web.citation import Citation
from web.config import SiteConfig

COMMENTS = 30
"""How many posts beside the opening one are described."""
LETTERS = 500
"""How much of each text is given."""
_WORDS = 100
# What could end the element, or a line of script, where JSON stands in a page.
_UNSAFE = {ord(each): f"\\u{ord(each):04x}" for each in "<>&\u2028\u2029"}


def posting(thread: Thread, cited: Citation, page_url: str, site: SiteConfig) -> dict[str, Any] | None:
    """Return the description of a thread whose page is `page_url`; None if its opening post is withdrawn or missing."""
    opening = signposts.opening_post(thread)
    if opening is None:
        return None
    summary = thread.summary
    others = [each for each in thread.posts if each is not opening and not each.withdrawn]
    return {
        "@context": "https://schema.org",
        "@type": "DiscussionForumPosting",
        "headline": cited.title,
        **_post(opening, page_url, site),
        "mainEntityOfPage": page_url,
        "archivedAt": cited.url,
        "isBasedOn": cited.upstream_url,
        "version": cited.digest,
        "isPartOf": {
            "@type": "CreativeWork",
            "name": cited.repository,
            "url": site.base_url + permalinks.repository(summary.repository.ref),
        },
        "commentCount": len(others),
        "interactionStatistic": [_counted("CommentAction", len(others)), *_likes(opening)],
        **_comments(thread, others[:COMMENTS], page_url, site),
    }


def script_safe(value: Mapping[str, Any]) -> Markup:
    """Return JSON that may stand in a `<script>`: nothing in it can end that."""
    return Markup(json.dumps(value, ensure_ascii=False, separators=(",", ":")).translate(_UNSAFE))  # noqa: S704


def _comments(thread: Thread, posts: list[Post], page_url: str, site: SiteConfig) -> dict[str, Any]:
    """Return the comments, replies within what they reply to."""
    tops: list[dict[str, Any]] = []
    by_id: dict[int, dict[str, Any]] = {}
    for post in posts:
        url = f"{page_url}#{permalinks.anchor(post, thread.summary.kind)}"
        told: dict[str, Any] = {"@type": "Comment", **_post(post, url, site)}
        if likes := list(_likes(post)):
            told["interactionStatistic"] = likes
        parent = by_id.get(post.reply_to) if post.reply_to is not None else None
        (tops if parent is None else parent.setdefault("comment", [])).append(told)
        by_id[post.id] = told
    return {"comment": tops} if tops else {}


def _post(post: Post, url: str, site: SiteConfig) -> dict[str, Any]:
    told = {
        "text": signposts.excerpt(post, site, words=_WORDS, letters=LETTERS) or "(nothing was written)",
        "url": url,
        "author": _author(post.author),
        "datePublished": iso(post.created_at),
    }
    if post.revision.edited_at:
        told["dateModified"] = iso(post.revision.edited_at)
    if post.gone:
        told["creativeWorkStatus"] = "Deleted"
    return told


def _author(account: Account | None) -> dict[str, str]:
    if account is None:
        return {"@type": "Person", "name": citation.DELETED}
    name = citation.one_line(account.login) or citation.DELETED
    address = signposts.profile(account)
    return {"@type": "Person", "name": name, **({"url": address} if address else {})}


def _likes(post: Post) -> Iterator[dict[str, Any]]:
    if count := post.reactions.get("+1", 0):
        yield _counted("LikeAction", count)


def _counted(action: str, count: int) -> dict[str, Any]:
    return {
        "@type": "InteractionCounter",
        "interactionType": f"https://schema.org/{action}",
        "userInteractionCount": count,
    }
