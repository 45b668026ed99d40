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
        "Our license clashes with GPLv2 programs: incompatible?",
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
        "Tokenizer splits 'license' wrongly",
        "Exception while parsing the license field",
        "License header plugin complains about a blank line",
        "Copyright in the footer overlaps",
    ],
)
def test_titles_about_tools_and_cosmetics_settle_nothing(title: str) -> None:
    """What a program does with licenses, and a year or a typo, are a mention at most."""
    assert judge(title, "").verdict in {"none", "mention"}


@pytest.mark.parametrize(
    ("title", "opening"),
    [
        ("Update license", "Replaces MIT by GPLv3 for all future releases."),
        ("Fix license", "package.json said MIT, it's ISC."),
        ("Update LICENSE", "Switch from the custom text to the standard BSD 3-clause license."),
        ("package.json says ISC, README says MIT", "Which one is right?"),
        ("Kernel sources for this phone?", "According to GPLv2 you must release the kernel source."),
        ("Reserved Font Name forbids subsets", "The OFL does not let us use the name."),
        ("OpenSSL exception", "We can't ship it linked with OpenSSL under plain GPL."),
        ("Model weights: commercial usage?", "The weights are tagged CC-BY-NC-4.0, the code is Apache 2.0."),
        ("Sprites are ripped from a game", "You cannot put those under the GPL."),
        ("'Not for evil' clause", "The JSON license makes it non-free."),
        ("[Legal] Code from a forum", "This function is CC BY-SA 3.0."),
        ("Using my icons without credit", "The icons are from my pack, which is CC BY 4.0. Please give credit."),
        ("Remove code copied from a vendor", "Those sources are GPL and were pasted here."),
        ("third-party notices", "We need one file that lists all bundled libraries and their licenses."),
        ("Use of asset store assets", "The terms don't allow redistribution of the raw files."),
        ("Can I use the checkpoints in a product?", "We would like to ship it to paying customers."),
        ("GitHub doesn't recognize the license", "Please use the verbatim text."),
        (
            "License header in generated files",
            "That claims copyright on the code of users. Please remove the Apache header.",
        ),
        ("CLA bot does not know our corporate CLA", "We signed as a company, who can add me?"),
        ("NuGet: licenseUrl is deprecated", "Please use the expression."),
        ("App strips our copyright", "Should we send a DMCA notice?"),
        ("My photo is used without permission", "Remove it or credit me."),
        ("请问这个项目是什么协议", "没有找到文件。"),
        ("Your module holds a copy of my library", "src/trie.c is mine (zlib licence). Please restore the header."),
        ("Our parser is in here without our name", "Its MIT license asks you to keep the notice."),
        ("代码抄袭", "没有保留原作者版权声明。"),
        ("关于授权", "公司想使用，需要授权吗？"),
        ("数据集的使用许可", "可以用于商业训练吗"),
        ("フォントの再配布", "アプリに同梱して配布してもよいですか？"),
        ("Nutzungsrechte der Bilder", "Sind die frei verwendbar?"),
        ("Nutzungsbedingungen", "Unter welchen Bedingungen darf ich den Code verwenden?"),
        ("Weitergabe erlaubt?", "Keine Lizenz gefunden."),
        ("Utilisation commerciale", "Peut-on l'utiliser dans un produit payant ?"),
        ("Jaka licencja?", "Czy mogę użyć tego w projekcie komercyjnym?"),
        ("Licenza?", "Posso usarlo per scopi commerciali?"),
    ],
)
def test_the_opening_decides_below_a_title_that_only_hints(title: str, opening: str) -> None:
    """A title about sources, rights or pictures, or a bare update, is about licensing if its opening is."""
    assert judge(title, opening).verdict == "subject"


@pytest.mark.parametrize(
    ("title", "opening"),
    [
        ("Update license", "Bump the year."),
        ("Update LICENSE", "Fix a typo in the name of our company."),
        ("Icons are blurred", "The icons in the toolbar are blurred. By the way, which license plate is that?"),
        ("Remove code from the parser", "It is dead code. We keep the license header."),
        ("Docker image size", "Can we shrink it? It holds LICENSE, NOTICE and COPYING."),
        ("Clause order is wrong", "WHERE comes before JOIN. BSD make fails."),
        ("Index of headers", "This makes GPL code easier to find."),
        ("A copy of my file is left in /tmp", "The upload leaves a copy. The driver's license scan is affected."),
    ],
)
def test_a_hint_alone_is_nothing(title: str, opening: str) -> None:
    """The same titles over openings about something else are no debate."""
    assert not judge(title, opening).kept


@pytest.mark.parametrize(
    ("opening", "reply"),
    [
        (
            "Users want mp3.",
            "LAME is LGPL, and mp3 was patent encumbered; now the patents have expired, so we can ship it.",
        ),
        (
            "Use the new icons.",
            "They are CC BY 4.0, so we must show attribution somewhere. Is that okay for everybody?",
        ),
        ("Use the faster parser.", "It is GPL-3, we're MIT. We can't pull that in."),
        ("Use the faster parser.", "We are BSD, and that one is AGPL."),
        ("Link the encoder.", "That makes the whole binary GPL."),
        ("性能更好", "新版的协议是 SSPL，我们做云服务可能违反协议，建议换一个。"),
        (
            "Könnten wir diese Kacheln nutzen?",
            "Das verbieten die Nutzungsbedingungen, und die Lizenz wäre nicht kompatibel.",
        ),
    ],
)
def test_a_side_debate_may_be_stated_as_a_fact(opening: str, reply: str) -> None:
    """What follows from a license is a debate without a question, in other languages, too."""
    assert judge("Upgrade it", opening, reply).verdict == "debate"


def test_one_sentence_among_many_posts_must_say_more() -> None:
    """What nobody takes up weighs less in a long thread than in a short one."""
    words = "We would have to change the license."
    assert judge("Parser fails", "It fails.", words).kept
    assert not judge("Parser fails", "It fails.", words, *["I see that, too."] * 9).kept
    assert judge("Parser fails", "It fails.", words, words, *["I see that, too."] * 9).kept


def test_bare_names_are_licenses_in_a_thread_about_licensing() -> None:
    """In fields, in answers without another word, and in the names of files; elsewhere they need company."""
    assert judge("Which license?", "Is it free?", "It is MIT.").spdx == ("MIT",)
    assert judge("License missing in the gemspec", "It should say `spec.license = 'ISC'`.").spdx == ("ISC",)
    assert set(judge("Ship the licenses", "LICENSE-MIT and LICENSE-APACHE are missing.").spdx) == {"MIT", "Apache-2.0"}
    assert set(judge("Wrong SPDX license", "`Unlicense/MIT` is deprecated.").spdx) == {"MIT", "Unlicense"}
    assert judge("Parser fails", "It fails.", "It is MIT.").spdx == ()


def test_a_tool_title_is_no_subject_whatever_its_opening_asks() -> None:
    """Below a title about a scanner or a form, a few sentences about licenses are the tool's."""
    body = "Why does it decide so? Which license should it print? The license field must be read first."
    assert not judge("Trivy reports the license as unknown", body).kept
    assert judge("The file has no license", body).verdict == "subject"


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
    "year": "Sets the copyright notice to the present year, as each January",
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
