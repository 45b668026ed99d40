"""Owns the tests of `archiver.license`: which threads are about licensing, and what the verdict says of itself."""

from __future__ import annotations

import pytest

from archiver.errors import ConfigError
from archiver.license import PostText, Vocabulary
from archiver.model import Relevance, Relicensing
from archiver.spdx import spdx_mentions
from archiver.verdicts import MAX_EVIDENCE

VOCABULARY = Vocabulary()


def judge(title: str, *bodies: str) -> Relevance:
    return VOCABULARY.judge(title, [PostText(body) for body in bodies])


@pytest.mark.parametrize(
    "title",
    [
        "Relicense under Apache-2.0",
        "Re-licence the project",
        "Dual licensing?",
        "What license is this under?",
        "Why AGPL?",
        "Please add a license",
        "Create LICENSE.md",
        "Wrong license in package.json",
        "Use an SPDX expression for the licence field in pyproject.toml",
        "Adding SPDX-License-Identifier headers to the sources",
        "License is incompatible with GPLv2",
        "GPL violation by a vendor",
        "Drop the CLA in favour of a DCO",
        "Patent grant missing from the license",
        "Patents?",
        "License of the vendored library",
        "Ship the license files in the wheel",
        "Licence of the model weights",
        "Which license covers the error messages?",
        "Wrong license shown on the about page",
        "SSPL",
        "Change to MIT/Apache-2.0",
        "Is commercial use allowed?",
        "Commons Clause is not open source",
        "Source available, or open source?",
        "Public domain?",
        "Lizenz unklar",
        "¿Qué licencia tiene esto?",
        "Licença do projeto",
        "Quelle licence libre ?",
        "Лицензия проекта",
        "这个项目的许可证是什么",
        "可以商用吗？",
        "授權條款",
        "ライセンスについて",
        "라이선스 문의",
    ],
)
def test_titles_about_licensing_make_the_subject(title: str) -> None:
    """A title that speaks of licensing settles the verdict, in several languages."""
    found = judge(title, "")
    assert found.verdict == "subject"
    assert found.evidence[0].place == "title"


@pytest.mark.parametrize(
    "title", ["Switch to MIT?", "Change to BSD", "Move from Apache to ISC", "Can I use this in a closed source app?"]
)
def test_a_title_is_read_in_the_company_of_its_opening(title: str) -> None:
    """A name that means other things too is a license where the opening post speaks of licenses."""
    assert judge(title, "The other license keeps us from using it.").verdict == "subject"
    assert judge(title, "The other editor keeps us from using it.").verdict != "subject"


@pytest.mark.parametrize(
    "title",
    [
        "Driver's license is not recognised",
        "License plate detection",
        "License key rejected after update",
        "License server not reachable",
        "License dongle driver",
        "Poetic licence in the docs",
        "Add artistic licence to the theme",
        "A license to print money",
        "Floating licenses run out",
        "Bump license-checker-webpack-plugin from 1 to 2",
        "`app.license()` panics",
        "Fix non-license changes",
        "BSD support",
        "Public domain names do not resolve",
        "Bump copyright year",
        "Cannot activate my license",
        "Enterprise license expired",
        "Buy a license for the CI machine",
        "Fails to link: GPL-only symbol 'frob_init'",
        "Xcode license agreement must be accepted",
        "Accept licenses in sdkmanager",
        "Attribution control overlaps the map",
        "MIT Scheme port",
        "Apache Spark connector",
        "Ship it, commit the limits",
    ],
)
def test_other_senses_of_the_words_are_nothing(title: str) -> None:
    """Driving licenses, license keys, calls and package names are no licensing."""
    assert judge(title, "").verdict == "none"


@pytest.mark.parametrize(
    "title",
    [
        "Add a linter for license headers",
        "Update LICENSE",
        "Fix typo in license",
        "Crash when opening the license dialog",
        "Show licenses on the about page",
        "License scanning in CI",
        "license badge is broken",
        "DCO check fails",
        "Crash when I load a wrong license",
        "Exception while parsing the license field",
        "License header plugin complains about a blank line",
        "Copyright in the footer overlaps",
    ],
)
def test_titles_about_tools_and_cosmetics_settle_nothing(title: str) -> None:
    """What a program does with licenses, and a year or a typo, are a mention at most."""
    assert judge(title, "").verdict in {"none", "mention"}


def test_a_tool_title_over_a_real_debate_is_kept() -> None:
    """The posts can still show that licensing is debated."""
    body = "The GPL requires this notice. Without it we violate the license. Is that compatible with our terms?"
    assert judge("Show licenses on the about page", body, body).kept


def test_a_saturated_opening_is_the_subject_without_the_title() -> None:
    """When most of what the opening says is about licensing, so is the thread."""
    body = "May we use this under the GPL? Our lawyers say its license terms forbid that. Would you relicense it?"
    assert judge("A question from our company", body).verdict == "subject"
    assert (
        judge("A question from our company", "Hello there. It crashes. Always. On start.\n" * 5 + body).verdict
        == "debate"
    )


@pytest.mark.parametrize(
    "body",
    [
        "I agree to relicense my contributions under MIT.",
        "We cannot use this library since it is LGPL, which is incompatible with our license.",
        "My employer owns the copyright of this patch, is that acceptable? The license stays the same.",
        "This may violate the license: the notice must be distributed with the binaries.",
        "No copyleft licenses are allowed in our dependencies.",
        "Are you willing to release it under the Apache license? The license of the tests should be clear.",
    ],
)
def test_a_lone_comment_can_start_a_debate(body: str) -> None:
    """Comments are judged one by one as they pass; one that argues about licensing is enough."""
    assert judge("", body).verdict == "debate"
    assert judge("Parser fails on empty input", "It fails.", body).kept


@pytest.mark.parametrize(
    "body",
    [
        "I wrote a tool for that, it is MIT licensed.",
        "The package has a homepage, a description and a license.",
        "Thanks for this great program and its free license.",
    ],
)
def test_passing_words_are_mentions(body: str) -> None:
    """To name a license in passing is no debate, but it is not nothing."""
    assert judge("Parser fails on empty input", body).verdict == "mention"


def test_place_matters() -> None:
    """The same words weigh most in one's own voice, less when quoted, least as code."""
    words = "Would you relicense this, since the GPL is incompatible with our terms?"
    own, quote, code = judge("", words), judge("", f"> {words}"), judge("", f"```\n{words}\n```")
    assert own.score > quote.score > code.score
    assert own.kept
    assert not quote.kept
    assert not code.kept
    assert {e.place for e in own.evidence + quote.evidence + code.evidence} == {"own", "quote", "code"}


PASTED = {
    "header": "// Copyright 2014 Frobnicators. See COPYRIGHT.\n// Licensed under the X License, Version 2.0",
    "banner": "frob 7.1\nCopyright (C) 2013 Example Foundation, Inc.\nLicense GPLv3+: GNU GPL version 3 or later\n"
    "This is free software: you are free to change and redistribute it. There is NO WARRANTY.",
    "bsd": "Redistribution and use in source and binary forms are permitted under this license; retain the copyright.",
    "listing": "./src/main.c\n./LICENSE\n./docs/LICENSE.md\n/usr/share/licenses/frob/COPYING",
    "log": "main.c:12: // Copyright the license owner\nDEBUG ignoring ./LICENSE: must not change license",
    "prompt": 'Type "help", "copyright", "credits" or "license" for more information.',
    "configure": "checking for a BSD-compatible install... /usr/bin/install",
    "mail": "This message may be confidential; if you are not the intended recipient, copyright law forbids its use.",
    "year": "Updated the copyright year from 2022 to 2025 in the license",
}


@pytest.mark.parametrize("name", PASTED)
def test_pasted_notices_and_listings_are_left_out(name: str) -> None:
    """Text that is a notice, a banner or a listing says nothing about licensing, fenced or not."""
    for body in (PASTED[name], f"It crashes:\n\n```\n{PASTED[name]}\n```"):
        assert judge("Crash on start", body).verdict in {"none", "mention"}
        assert judge("Crash on start", *[body] * 6).verdict in {"none", "mention"}


def test_a_manifest_line_is_at_most_a_mention() -> None:
    """`license = "MIT"` in a pasted manifest is not talk."""
    body = 'My manifest:\n\n```toml\n[package]\nlicense = "MIT"\n```\n'
    assert not judge("Build fails", *[body] * 9).kept


def test_messages_of_robots_count_for_nothing() -> None:
    """A robot that asks for a signature starts no debate, by its account or by its words."""
    text = "Do you agree to the license? You must sign a contributor license agreement to grant copyright permission."
    assert judge("", text).kept
    assert judge("", "I cannot sign the CLA since my employer owns the copyright of what I write.").kept
    for post in (
        PostText(text, author="frob-cla[bot]"),
        PostText(text, author="CLAassistant"),
        PostText(text, bot=True),
    ):
        assert VOCABULARY.judge("Bump frob", [PostText("Bump."), post]).verdict == "none"
    assert not judge(
        "", "Thank you! Please sign our Contributor License Agreement before we can merge. License terms apply."
    ).kept


def test_a_title_by_a_robot_counts_for_nothing() -> None:
    """Robots name licenses in the titles of their pull requests."""
    assert VOCABULARY.judge("License change in frob 2", [PostText("", author="dependabot[bot]")]).verdict == "none"


def test_the_verdict_explains_itself() -> None:
    """Terms, ids, topics and evidence say what was found, where and in which post."""
    found = judge("Relicense to MIT?", "The code is GPLv2 now.", "I agree to relicense it under the MIT license.")
    assert found.terms[0] == "relicense"
    assert found.spdx[0] == "MIT"
    assert "GPL-2.0-only" in found.spdx
    assert {(e.place, e.post) for e in found.evidence} == {("title", 0), ("own", 0), ("own", 1)}
    assert any(e.term == "relicense, grants" and e.text == "relicense" and e.post == 1 for e in found.evidence)
    assert found.topics[0] == "relicense"
    assert found.relicensing == Relicensing(("GPL-2.0-only",), ("MIT",))
    assert found.basis == VOCABULARY.fingerprint
    weights = [e.weight for e in found.evidence]
    assert weights == sorted(weights, reverse=True)


def test_evidence_is_bounded() -> None:
    """A thread of hundreds of consents does not carry hundreds of reasons."""
    assert len(judge("Relicense", *["I agree to relicense under the MIT license."] * 200).evidence) == MAX_EVIDENCE


def test_the_rendering_is_read_when_there_is_one() -> None:
    """Quotations that only the rendering shows are recognised."""
    words = "Would you relicense this, since the GPL is incompatible with our terms?"
    post = PostText(words, f'<div class="email-quoted-reply">{words}</div>')
    assert not VOCABULARY.judge("", [post]).kept


def test_nothing_gives_nothing() -> None:
    """An empty thread, and one about other things, get the empty verdict."""
    nothing = Relevance(basis=VOCABULARY.fingerprint)
    assert judge("", "") == nothing
    assert VOCABULARY.judge("Parser fails", []) == nothing
    assert judge("Parser fails", "It fails on an empty line.") == nothing


@pytest.mark.parametrize(
    "text",
    [
        "The licence is unclear",
        "COPYLEFT",
        "a lizenz",
        "лицензия",
        "許可協議",
        "ライセンス",
        "gplv3",
        "Apache",
        "a CLA",
        "the DCO",
        "CC0",
        "GPL 2 or later",
        "AL 2.0",
        "BSD + Patents",
        "BUSL",
        "BSL",
        "SSPL",
        "Commons Clause",
        "fair source",
        "source available",
        "public domain",
        "CC-BY-SA",
        "OFL",
        "WTFPL",
        "OpenRAIL-M",
        "proprietary",
        "trademark",
        "uso comercial",
        "可以商用吗",
    ],
)
def test_the_first_look_lets_pass_what_may_matter(text: str) -> None:
    """The cheap look says yes to all that `judge` could find."""
    assert VOCABULARY.mentions(text)


@pytest.mark.parametrize("text", ["", "commit the limits", "DECLARE CLASS", "Parser fails on an empty line", "日本語"])
def test_the_first_look_rejects_the_rest(text: str) -> None:
    """Most posts are done with after the cheap look, and `judge` agrees."""
    assert not VOCABULARY.mentions(text)
    assert judge("", text).verdict == "none"


@pytest.mark.parametrize(
    "body",
    [
        "license" * 14_000,
        "license " * 12_500,
        "LICENSE-" * 12_500,
        "license" + "-" * 100_000,
        "a/" * 50_000 + "license",
        "GPL " * 25_000,
        "MIT BSD Apache ISC zlib license " * 3_000,
        "```\nGPL" + " " * 100_000 + "v\nlicense" + " " * 90_000 + "=\n```",
        "no " * 33_000 + "license",
        "1.1." * 25_000 + " license",
        "I agree that the license is incompatible with the GPL. " * 1_800,
    ],
)
@pytest.mark.timeout(60)
def test_no_text_stalls_the_judgement(body: str) -> None:
    """No pattern runs away on 100 kB of one thing: one that does would not end within the test's time-out."""
    assert judge(body, body).verdict in {"subject", "debate", "mention", "none"}
    assert all(body[start:end] for _, start, end in spdx_mentions(body))


def test_own_terms_are_strong() -> None:
    """An operator's words count like "relicense", whatever their case and spacing."""
    own = Vocabulary(terms=["Frobnication clause"])
    assert own.mentions("the FROBNICATION\nclause")
    assert own.judge("About the frobnication  clause", [PostText("")]).verdict == "subject"
    assert own.judge("", [PostText("Is the frobnication  clause legal? The frobnication\nclause must go.")]).kept
    assert judge("About the frobnication clause", "").verdict == "none"
    assert own.judge("refrobnication clauses", [PostText("")]).verdict == "none"


def test_ignored_phrases_are_passed_over() -> None:
    """An operator's product may bear a word of licensing in its name."""
    ignoring = Vocabulary(ignore=["License Hub"])
    assert ignoring.judge("license  hub is slow", [PostText("The License Hub should change.")]).verdict == "none"
    assert ignoring.judge("License of License Hub", [PostText("")]).verdict == "subject"


@pytest.mark.parametrize("bad", ["", "   ", "x" * 101])
def test_unusable_terms_are_configuration_errors(bad: str) -> None:
    """An empty term would match everything, an endless one nothing."""
    with pytest.raises(ConfigError) as caught:
        Vocabulary(terms=[bad])
    assert caught.value.key == "license.terms"
    with pytest.raises(ConfigError) as caught:
        Vocabulary(ignore=[bad])
    assert caught.value.key == "license.ignore"


def test_the_fingerprint_tells_vocabularies_apart() -> None:
    """It changes with the words, and not with their order, case or repetition."""
    assert Vocabulary().fingerprint == Vocabulary().fingerprint
    assert Vocabulary(["a b", "C"]).fingerprint == Vocabulary(["c", "A  b", "c"]).fingerprint
    prints = {Vocabulary().fingerprint, Vocabulary(["a"]).fingerprint, Vocabulary(ignore=["a"]).fingerprint}
    assert len(prints) == 3
