"""Owns the tests of the words: each term of `archiver.vocabulary` and each act of `archiver.acts` has its example."""

from __future__ import annotations

import pytest

from archiver.acts import ACTS, ASKS, acts_in
from archiver.license import PostText, Vocabulary
from archiver.vocabulary import TERMS

VOCABULARY = Vocabulary()

# A sentence in which the term stands, and of the others only those that cannot be told from it.
EXAMPLES = {
    "relicense": "They re-licensed it last year.",
    "dual-license": "It is dual-licensed.",
    "license-change": "We heard of the license change.",
    "copyleft": "That is copyleft.",
    "cla": "There is a CLA for contributors.",
    "dco": "There is a DCO for contributors.",
    "copyright-assignment": "He talks to the copyright holder.",
    "license-terms": "Look at the licensing terms.",
    "named-license": "It has an MIT license.",
    "license-file": "I read the license file.",
    "license-field": "There is a license field.",
    "license-header": "There is a license header.",
    "license": "I read the licence.",
    "gpl": "I like the AGPLv3.",
    "public-domain": "It went into the public domain.",
    "source-available": "They call it fair source.",
    "commercial-use": "It is meant for commercial use.",
    "closed-source": "That app is closed source.",
    "redistribution": "They talk of software and redistribution rights.",
    "non-free": "Debian calls it non-free.",
    "patent": "There is a patent.",
    "eula": "There is an EULA.",
    "royalties": "They live on royalties.",
    "copyright": "There is copyright.",
    "ietf-terms": "See BCP 78 for that.",
    "permission": "It has the author's permission.",
    "trademark": "The name is a trademark.",
    "intellectual-property": "This is intellectual property.",
    "attribution": "They gave no attribution.",
    "stolen-code": "It is plagiarized.",
    "derivative-work": "It is a derivative work.",
    "open-source-status": "It is free software.",
    "proprietary": "The other one is proprietary.",
    "spdx": "We heard of SPDX.",
    "model-license": "It comes with OpenRAIL.",
    "german": "Da steht eine Lizenz.",
    "romance": "Tiene una licencia.",
    "slavic": "To jest licencja.",
    "russian": "Там лицензия.",
    "chinese": "这是许可证。",
    "japanese": "これはライセンスです。",
    "korean": "라이선스",
}

ACT_EXAMPLES = {
    "gives-it-as-the-reason": "We left for licensing reasons.",
    "is-about-compatibility": "That license is incompatible.",
    "refuses": "We can't include code with that license.",
    "claims-a-violation": "They violate the license.",
    "grants": "I release it under that license.",
    "requests": "Please name the license.",
    "owns": "My employer holds the copyright.",
    "obliges": "The license requires a notice.",
    "permits": "The license allows that.",
    "finds-it-missing": "There is no license.",
    "weighs": "I prefer the other license.",
    "finds-it-wrong": "The license is listed as that one, which is wrong.",
    "speaks-of-law": "Our lawyers read the license.",
    "shares": "The license is about code that we distribute.",
    "concludes": "It was under that license until last year.",
    "forbids": "Die Lizenz ist nicht kompatibel.",
    "argues": "Unter der Lizenz fehlt noch etwas.",
}


def test_every_term_and_every_act_has_an_example() -> None:
    """A term or an act without an example is one that nobody tried."""
    assert set(EXAMPLES) == {name for name, _, _ in TERMS}
    assert set(ACT_EXAMPLES) == {act.name for act in ACTS}


@pytest.mark.parametrize("name", EXAMPLES)
def test_each_term_is_found_where_it_stands(name: str) -> None:
    """The fast look lets its example pass, and the judgement names the term."""
    text = EXAMPLES[name]
    assert VOCABULARY.mentions(text)
    assert name in VOCABULARY.judge("", [PostText(text)]).terms


# Terms that name what is done as well.
DOING = {"license-change", "stolen-code", "copyright-assignment"}


@pytest.mark.parametrize("name", sorted({name for name, _, weight in TERMS if weight >= 2.0} - DOING))
def test_what_means_licensing_by_itself_is_only_a_mention_in_passing(name: str) -> None:
    """However sure the term, a sentence that does nothing with it starts no debate."""
    assert (
        VOCABULARY.judge("Parser fails on empty input", [PostText("It fails. " + EXAMPLES[name])]).verdict == "mention"
    )


@pytest.mark.parametrize("name", ACT_EXAMPLES)
def test_each_act_is_seen_beside_a_term(name: str) -> None:
    """What the example does about licensing is recognised, and makes it weigh more than a sentence in passing."""
    text = ACT_EXAMPLES[name]
    terms = [
        match.span()
        for _, pattern, weight in TERMS
        for match in [pattern.search(text.lower())]
        if match and weight >= 1.0
    ]
    done = [act for act in acts_in(text.lower()) if act.name == name]
    assert any(act.near_to(terms) for act in done)
    judged = VOCABULARY.judge("", [PostText(text)])
    assert judged.score > VOCABULARY.judge("", [PostText("I read the license.")]).score


def test_an_act_far_from_the_term_is_another_matter() -> None:
    """What a long sentence does at its other end is not about the license."""
    near = "We cannot include it, and the license says why."
    far = "We cannot include it, " + "and so on and so forth " * 8 + "by the way there is a license."
    for text, is_near in ((near, True), (far, False)):
        term = (text.index("license"), text.index("license") + 7)
        (refusal,) = [act for act in acts_in(text.lower()) if act.name == "refuses"]
        assert refusal.near_to([term]) is is_near
    assert VOCABULARY.judge("", [PostText(near)]).score > VOCABULARY.judge("", [PostText(far)]).score


def test_what_the_sentence_beside_it_does_counts_in_part() -> None:
    """A license in one sentence, and what follows from it in the next."""
    one = "We can't ship that, since it is under the AGPL."
    two = "It is under the AGPL. We can't ship that."
    apart = "It is under the AGPL.\n\nWe can't ship that."
    scores = [VOCABULARY.judge("", [PostText(text)]).score for text in (one, two, apart)]
    assert scores[0] > scores[1] > scores[2]


@pytest.mark.parametrize(
    ("text", "weighty"),
    [("Which license is it?", True), ("How is it licensed?", True), ("Does the license matter here?", False)],
)
def test_a_question_for_the_license_itself_weighs_most(text: str, weighty: bool) -> None:
    """To ask which license holds is surely about licensing; other questions near the word are so less surely."""
    weight = max(act.weight for act in acts_in(text.lower()) if act.name == ASKS)
    assert (weight > 3.0) is weighty


@pytest.mark.parametrize(
    ("program", "debate"),
    [
        ("The parser has a problem with the license field.", "The maintainer has a problem with the license."),
        ("Can the command print the license?", "Can the company keep the license?"),
    ],
)
def test_a_sentence_about_a_program_weighs_less(program: str, debate: str) -> None:
    """A program that shows, reads or checks licenses is what its sentences are about."""
    assert VOCABULARY.judge("", [PostText(program)]).score < VOCABULARY.judge("", [PostText(debate)]).score


def test_a_license_that_is_named_is_about_licensing_whatever_the_program_does() -> None:
    """An option to build without a GPL library is a matter of licensing."""
    body = "This option builds it without that library, since it is GPL and we cannot ship that."
    assert VOCABULARY.judge("Add a configure option", [PostText(body)]).kept


def test_what_several_people_take_up_weighs_more() -> None:
    """The same words by two people make more of a debate than by one."""
    words = "I wonder about the license of that file."
    alone = VOCABULARY.judge("", [PostText(words, author="ann"), PostText(words, author="ann")])
    together = VOCABULARY.judge("", [PostText(words, author="ann"), PostText(words, author="bob")])
    assert together.score > alone.score


def test_lines_that_were_wrapped_are_one_sentence() -> None:
    """An e-mail's line ends do not part what is done from what it is done to."""
    wrapped = "As far as anybody here could see we can't include this\nfile, which has a license from somewhere."
    parted = wrapped.replace("\n", ".\n\n")
    scores = [VOCABULARY.judge("", [PostText(text)]).score for text in (wrapped, wrapped.replace("\n", " "), parted)]
    assert scores[0] == scores[1] > scores[2]


@pytest.mark.parametrize(
    "form",
    [
        "- [x] I agree that my code comes under the license of this project, as its policy requires.",
        "1. [ ] The license permits this, and I own the copyright of all that I changed.",
        "By opening this pull request you agree that your work comes under the license of the project.",
        "With this pull request I confirm that I make my contribution under the terms of the Apache license.",
        "When you submit a pull request you agree to assign the copyright to the author.",
    ],
)
def test_what_a_form_makes_everybody_say_is_no_debate(form: str) -> None:
    """Boxes to tick and sentences of templates say nothing about the thread."""
    assert not VOCABULARY.judge("Fix typo", [PostText(f"Fixes a typo.\n\n{form}\n")]).kept


def test_consent_is_no_form() -> None:
    """Somebody who agrees to a new license in their own words is part of the debate."""
    assert VOCABULARY.judge("", [PostText("I agree to license my contributions under the MIT license.")]).kept
