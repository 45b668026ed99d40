"""Measures the judgement what a license debate is: its speed, and against hand-made labels how often it is right.

    python benchmarks/bench_relevance.py [--labels FILE --corpus DIR]

LABELS is a table, tab-separated, with the columns repo, number, label (2: licensing is the subject, 1: a real side
debate, 0: mentions at most), match (the place of the words that a plain search would find), topic, spdx and note.
CORPUS holds folders `owner__name/{issues,comments}.jsonl` in the shapes of GitHub's REST API, directly or one level
below. Without labels only the speed is measured, on generated posts. The peer is a plain regular expression in the same
run. The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import re
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from archiver.license import PostText, Vocabulary
from archiver.model import Relevance

PLACES = ("title", "body", "comment", "none")
SUBJECT, DEBATE = "subject", "debate"
# What a first attempt would be: any word of licensing, anywhere.
PLAIN = re.compile(r"licen[cs]|copyright|\b[AL]?GPL|\bcopyleft\b|\bSPDX\b|\bCLA\b", re.IGNORECASE)


@dataclass
class Labelled:
    """One row of the labels, with its thread's texts."""

    repo: str
    number: int
    label: int
    match: str
    topic: str
    spdx: tuple[str, ...]
    note: str
    title: str = ""
    posts: list[PostText] = field(default_factory=list)


def main() -> None:
    """Run the benchmark and print its figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--labels", type=Path)
    parser.add_argument("--corpus", type=Path)
    parser.add_argument("--quiet", action="store_true", help="do not list the errors")
    arguments = parser.parse_args()
    if (arguments.labels is None) != (arguments.corpus is None):
        parser.error("--labels and --corpus are needed together")
    vocabulary = Vocabulary()
    if arguments.labels is None:
        print(json.dumps({"benchmark": "relevance", **speed(vocabulary)}))
        return
    rows = read_labels(arguments.labels)
    read_texts(rows, arguments.corpus)
    begun, used = time.perf_counter(), time.process_time()
    judged = [(row, vocabulary.judge(row.title, row.posts)) for row in rows]
    seconds, used = time.perf_counter() - begun, time.process_time() - used
    posts = sum(len(row.posts) for row in rows)
    print(
        f"{len(rows)} threads, {posts} posts, judged in {seconds:.2f} s, {used:.2f} s of it on the processor:"
        f" {posts / used:,.0f} posts a second of that"
    )
    every = [post for row in rows for post in row.posts]
    mixed = {
        f"{name}_posts_per_cpu_second": round(rate(vocabulary, some))
        for name, telling in (("telling", True), ("silent", False))
        if (some := [post for post in every if vocabulary.mentions(post.body) is telling])
    }
    print(", ".join(f"{name.replace('_', ' ')}: {figure:,}" for name, figure in mixed.items()))
    figures: dict[str, Any] = {
        name: report(name, judged, wanted, verdicts)
        for name, wanted, verdicts in (
            (SUBJECT, lambda row: row.label == 2, {"subject"}),
            (DEBATE, lambda row: row.label > 0, {"subject", "debate"}),
        )
    }
    peer = [(row, bool(PLAIN.search("\n".join([row.title, *(post.body for post in row.posts)])))) for row in rows]
    plain = scores((row.label > 0, found) for row, found in peer)
    print(f"\na plain regular expression, for {DEBATE}: {line(plain)}")
    agreement([(row, relevance) for row, relevance in judged if row.label == 2])
    if not arguments.quiet:
        list_errors(judged)
    print(
        json.dumps(
            {**figures, "threads": len(rows), "seconds": round(seconds, 2), "cpu_seconds": round(used, 2), **mixed}
        )
    )


# --- reading ----------------------------------------------------------------------------------------------------------


def read_labels(path: Path) -> list[Labelled]:
    """Read the labels; a row that cannot be read ends the program with its number."""
    rows = []
    with path.open(encoding="utf-8", newline="") as file:
        for number, each in enumerate(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE), 2):
            try:
                rows.append(
                    Labelled(
                        each["repo"].strip(),
                        int(each["number"]),
                        int(each["label"]),
                        (each.get("match") or "none").strip() or "none",
                        (each.get("topic") or "").strip(),
                        tuple(re.split(r"[\s,;]+", (each.get("spdx") or "").strip())) if each.get("spdx") else (),
                        (each.get("note") or "").strip(),
                    )
                )
            except (KeyError, ValueError, TypeError, AttributeError) as error:
                sys.exit(f"{path}:{number}: not a row of labels: {error!r}")
    return rows


def read_texts(rows: Sequence[Labelled], corpus: Path) -> None:
    """Give the rows their threads' texts; a thread that is not in the corpus ends the program."""
    wanted: dict[str, dict[int, Labelled]] = defaultdict(dict)
    for row in rows:
        wanted[row.repo.lower()][row.number] = row
    folders = {
        each.parent.name.replace("__", "/", 1).lower(): each.parent
        for pattern in ("*/issues.jsonl", "*/*/issues.jsonl")
        for each in corpus.glob(pattern)
    }
    seen = set()
    for repo, numbers in wanted.items():
        folder = folders.get(repo)
        if folder is None:
            sys.exit(f"{corpus}: no folder {repo.replace('/', '__')} with issues.jsonl")
        for issue in objects(folder / "issues.jsonl"):
            row = numbers.get(issue["number"])
            if row is not None and (repo, row.number) not in seen:
                seen.add((repo, row.number))
                row.title = issue["title"] or ""
                row.posts.append(post_of(issue))
        comments = sorted(
            objects(folder / "comments.jsonl"), key=lambda each: (each.get("created_at") or "", each["id"])
        )
        for comment in comments:
            row = numbers.get(number_of(comment))
            if row is not None:
                row.posts.append(post_of(comment))
    for row in rows:
        if (row.repo.lower(), row.number) not in seen:
            sys.exit(f"{corpus}: {row.repo}#{row.number} is labelled, and not there")


def objects(path: Path) -> Iterator[dict[str, Any]]:
    """Read a file of JSON lines; one that is missing is empty."""
    if path.exists():
        with path.open(encoding="utf-8") as file:
            for text in file:
                if text.strip():
                    yield json.loads(text)


def number_of(comment: dict[str, Any]) -> int:
    """Return the number of the thread of a comment."""
    if "issue_number" in comment:
        return int(comment["issue_number"])
    return int(str(comment.get("issue_url") or comment.get("html_url")).split("#")[0].rstrip("/").rpartition("/")[2])


def post_of(item: dict[str, Any]) -> PostText:
    """Return what is judged of an object of the API."""
    user = item.get("user") or {}
    return PostText(item.get("body") or "", item.get("body_html"), user.get("login"), user.get("type") == "Bot")


# --- figures ----------------------------------------------------------------------------------------------------------


def scores(pairs: Iterable[tuple[bool, bool]]) -> dict[str, float]:
    """Return precision, recall and F1 of (wanted, found) pairs; an empty denominator makes 1."""
    counts = Counter(pairs)
    right, extra, missed = counts[True, True], counts[False, True], counts[True, False]
    precision = right / (right + extra) if right + extra else 1.0
    recall = right / (right + missed) if right + missed else 1.0
    f1 = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
    return {"precision": round(precision, 3), "recall": round(recall, 3), "f1": round(f1, 3)}


def line(figures: dict[str, float]) -> str:
    """Return figures in one line."""
    return ", ".join(f"{name} {value:.3f}" for name, value in figures.items())


def report(
    name: str,
    judged: Sequence[tuple[Labelled, Relevance]],
    wanted: Callable[[Labelled], bool],
    verdicts: set[str],
) -> dict[str, float]:
    """Print the figures of one question, in all and per place of match; return those in all."""
    pairs = [(row, wanted(row), relevance.verdict in verdicts) for row, relevance in judged]
    whole = scores((want, found) for _, want, found in pairs)
    print(f"\n{name}: {line(whole)}")
    for place in PLACES:
        some = [(want, found) for row, want, found in pairs if row.match == place]
        if some:
            right = sum(want == found for want, found in some)
            print(
                f"  {place:<8} {right:>4} of {len(some):>4} right, {sum(w for w, _ in some)} wanted: "
                f"{line(scores(some))}"
            )
    return whole


def agreement(judged: Sequence[tuple[Labelled, Relevance]]) -> None:
    """Print how often topics and licenses agree where licensing is the subject."""
    topical = [(row, each) for row, each in judged if row.topic]
    if topical:
        chief = sum(each.topics[:1] == (row.topic,) for row, each in topical)
        among = sum(row.topic in each.topics for row, each in topical)
        mean = sum(len(each.topics) for _, each in topical) / len(topical)
        print(
            f"\ntopic: the chief one in {chief} of {len(topical)}, among all given in {among}; {mean:.1f} given "
            f"on average"
        )
    wanted = found = both = exact = 0
    for row, each in judged:
        ours, theirs = set(each.spdx), set(row.spdx)
        wanted, found, both = wanted + len(theirs), found + len(ours), both + len(ours & theirs)
        exact += ours == theirs
    print(f"spdx: {both} of {wanted} labelled ids found, {found} given, the same set in {exact} of {len(judged)}")


def list_errors(judged: Sequence[tuple[Labelled, Relevance]]) -> None:
    """List what was judged otherwise than labelled, with the reasons, and topics and licenses that differ."""
    names = {2: "subject", 1: "debate", 0: "mention"}
    for row, relevance in judged:
        verdict = {"none": "mention"}.get(relevance.verdict, relevance.verdict)
        if verdict != names[row.label]:
            print(
                f"\n{row.repo}#{row.number} [{row.match}] labelled {names[row.label]}, judged {relevance.verdict}"
                f" ({relevance.score}): {row.title[:100]!r}\n  label's note: {row.note}"
            )
            for each in relevance.evidence[:6]:
                where = "title" if each.place == "title" else f"post {each.post}, {each.place}"
                print(f"  {each.weight:+.2f} {each.term}: {each.text[:70]!r} ({where})")
    for row, relevance in judged:
        if row.label == 2 and row.topic and relevance.topics[:1] != (row.topic,):
            print(f"topic  {row.repo}#{row.number} {row.topic}, given {list(relevance.topics)}: {row.title[:80]!r}")
    for row, relevance in judged:
        if row.label == 2 and set(row.spdx) != set(relevance.spdx):
            print(
                f"spdx   {row.repo}#{row.number} {sorted(row.spdx)}, given {list(relevance.spdx)}: {row.title[:80]!r}"
            )


# --- speed ------------------------------------------------------------------------------------------------------------

_WORDS = [
    "the",
    "build",
    "fails",
    "when",
    "I",
    "run",
    "it",
    "with",
    "a",
    "newer",
    "compiler",
    "and",
    "we",
    "should",
    "probably",
    "look",
    "at",
    "how",
    "the",
    "parser",
    "reads",
    "options",
    "because",
    "this",
    "error",
    "shows",
    "up",
    "only",
    "after",
    "an",
    "upgrade",
    "of",
    "that",
    "library",
    "so",
    "here",
    "is",
    "what",
    "happened",
    "on",
    "my",
    "machine",
    "today",
]
_DEBATE = (
    "Would you consider another license? The GPL keeps us from linking it into our application.",
    "I agree to relicense my contributions under MIT and Apache-2.0.",
    "This file was copied from a project under AGPLv3, so its notice must stay and the source must be offered.",
    "Our lawyers say that the patent clause is not compatible with GPL-2.0-only, is that so?",
)


def rate(vocabulary: Vocabulary, posts: Sequence[PostText]) -> float:
    """Return how many posts are judged in a second of the processor's time, which other programs hardly disturb."""
    begun = time.process_time()
    for post in posts:
        vocabulary.judge("", [post])
    return len(posts) / max(time.process_time() - begun, 1e-9)


def speed(vocabulary: Vocabulary) -> dict[str, float]:
    """Measure posts a second, for posts that mention nothing and for posts that argue, beside the plain expression."""
    chance = random.Random(4711)

    def text(sentences: int) -> str:
        return "\n\n".join(
            " ".join(" ".join(chance.choices(_WORDS, k=18)).capitalize() + "." for _ in range(3))
            for _ in range(sentences)
        )

    silent = [PostText(f"{text(2)}\n\n```\nlet x = {at};\n```\n> {text(1)}") for at in range(20_000)]
    telling = [PostText(f"{text(1)}\n\n{_DEBATE[at % len(_DEBATE)]}\n\n> {text(1)}") for at in range(1_000)]
    figures = {}
    dense = [PostText(" ".join(_DEBATE) * 2) for _ in range(300)]
    for name, posts in (("silent", silent), ("telling", telling), ("dense", dense)):
        used = len(posts) / rate(vocabulary, posts)
        begun = time.perf_counter()
        for post in posts:
            vocabulary.judge("", [post])
        ours = time.perf_counter() - begun
        begun = time.perf_counter()
        for post in posts:
            PLAIN.search(post.body)
        plain = time.perf_counter() - begun
        size = sum(len(post.body) for post in posts) / len(posts)
        print(
            f"{name} posts of {size:.0f} characters: {len(posts) / ours:,.0f} a second, {len(posts) / used:,.0f} a"
            f" second of the processor; the plain expression {len(posts) / plain:,.0f}"
        )
        figures[f"{name}_posts_per_cpu_second"] = round(len(posts) / used)
        figures[f"{name}_posts_per_second"] = round(len(posts) / ours)
        figures[f"{name}_ratio_to_plain"] = round(ours / plain, 1)
    return figures


if __name__ == "__main__":
    main()
