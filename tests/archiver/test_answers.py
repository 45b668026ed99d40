"""What one reply to a request for consent is read as; every text is invented."""

from __future__ import annotations

import pytest

from archiver import answers
from archiver.answers import Answer, Reading, read_answer
from archiver.markup import segments

ASKED = answers.normal("I allow my poems in this collection to be shared under the Quince License")


def read(body: str, *templates: str, login: str | None = "kim") -> Reading | None:
    """Read a reply in Markdown."""
    return read_answer(segments(body), templates=templates, login=login)


@pytest.mark.parametrize(
    "body",
    [
        "I agree",
        "Agreed.",
        "agree :)",
        "I, Kim Quince (@kim), agree to license my work under MIT.",
        "I, Kim Quince, license past and future contributions to Rocket under the MIT license.",
        "I hereby consent to my patches being relicensed.",
        "I license my code under Apache-2.0, too.",
        "Consent given for MPL 2.0.",
        "You have my permission.",
        "I give you my full permission, enjoy.",
        "My past contributions may be used under the MIT license.",
        "Feel free to relicense my commits.",
        "You may relicense my code.",
        "+1",
        "+1 from me",
        "👍",
        ":+1:",
        ":thumbsup: thanks!",
        "👍🏽 from me",
        "OK by me",
        "ok",
        "Fine with me!",
        "I'm fine with it if you need a word from me.",
        "It's okay for me.",
        "Works for me.",
        "Sounds good to me.",
        "Sure, no problem.",
        "No objection.",
        "I have no objections whatsoever.",
        "I don't mind.",
        "I also have no objection to the change.",
        "LGTM",
        "Aye!",
        "Yes",
        "Yes, yes, and yes again. I consent to that.",
        "@boss - I agree to the switch, thanks.",
        "Sorry for being late. I approve.",
        "Happy to relicense my two commits.",
        "I agree that my drawings may be used under CC0.",
        "I agree with this change.",
        "You can tick my box.",
        "Then it's a yes.",
        "I agree, no strings attached.",
        "I agree, whether or not my patches matter.",
        "Why not, I agree.",
        "I agree (four commits, and a typo that I'd rather forget).",
        "I agree. It's a pity about the old licence, I liked its smell.",
        "I have read the CLA Document and I hereby sign the CLA",
        "I agree\n\nOn Mon, 3 May 2021 at 10:00, Boss <boss@example.org> wrote:\n\n> Do you agree, or do you object?",
        "> Do you agree?\n\nYes, I do.",
        "Einverstanden.",
        "Ich stimme der Änderung zu.",
        "Je suis d'accord.",
        "J’accepte.",
        "Estoy de acuerdo",
        "Concordo!",
        "Sono d'accordo",
        "Akkoord",
        "Zgadzam się",
        "Я согласна",
        "не возражаю",
        "我同意",
        "没问题",
        "同意します。",
        "異議ありません",
        "동의합니다",
        "Ja",
        "oui",
    ],
)
def test_plain_words_agree(body: str) -> None:
    """What people write who agree, in a word or a sentence, in several languages, with a mail's tail below it."""
    found = read(body)
    assert found is not None
    assert found.answer is Answer.AGREED, found


@pytest.mark.parametrize(
    "body",
    [
        "No.",
        "no",
        "-1",
        "👎",
        "I do not agree.",
        "I don't consent to that.",
        "No, sorry. I do not agree.",
        "I object.",
        "I cannot agree to this.",
        "I'd rather not.",
        "I would prefer that you keep it as it is.",
        "I'm against this change.",
        "That is not okay with me.",
        "I forbid my work to be used under these terms.",
        "Under no circumstances are my drawings to be used without asking me.",
        "I withdraw my consent.",
        "Ich bin nicht einverstanden.",
        "Je ne suis pas d’accord",
        "No estoy de acuerdo",
        "Não concordo",
        "не согласен",
        "不同意",
        "同意できません",
        "Nein",
    ],
)
def test_plain_words_decline(body: str) -> None:
    """What people write who decline, a denial being looked for before the word that it denies."""
    found = read(body)
    assert found is not None
    assert found.answer is Answer.DECLINED, found


@pytest.mark.parametrize(
    "body",
    [
        "I agree as long as my name stays in the credits.",
        "I consent if everyone else does.",
        "I agree iff the patents are covered.",
        "Fine with me, provided that the icons stay under CC-BY.",
        "I agree, but only for MIT.",
        "I consent on one condition. The maps stay as they are. If that's acceptable, count me as a yes.",
        "I agree. As long as nobody sells it.",
        "I agree\nif everyone else does",
        "I agree to have all of my commits under the new license\nas long as the docs stay as they are",
        "I consent on one condition: the tests stay. If they can't, I'd rather keep all of it as it is.",
        "My commits may be relicensed if I can still use them, let me know if you need a signature.",
    ],
)
def test_a_condition_is_told(body: str) -> None:
    """A yes with a condition, in its sentence or in one beside it, is no mere yes."""
    found = read(body)
    assert found is not None
    assert found.answer is Answer.CONDITIONS, found


@pytest.mark.parametrize(
    ("body", "note"),
    [
        ("Is it enough if I write “I agree” here?", answers.QUESTION),
        ("Do we all have to agree?", answers.QUESTION),
        ("I suppose so, I never read it.", answers.UNSURE),
        ("I'd be fine with that.", answers.UNSURE),
        ("For myself, I consent. I need to ask my employer first.", answers.UNSURE),
        ("I agree. Please do not tick my box yet.", answers.UNSURE),
        ("I agree, but it makes me sad.", answers.BUT),
        ("I agree. But I wrote half of it in my working time.", answers.BUT),
        ("I agree with @lee that the wording is poor.", answers.OTHER),
        ("I agree with most of that.", answers.OTHER),
        ("I agree that a fork would be worse.", answers.OTHER),
        ("I couldn't agree more", answers.OTHER),
        ("I disagree with @lee on that.", answers.OTHER),
        ("I object to that tone.", answers.OTHER),
        ("I do not agree. Oh well. I agree.", answers.BOTH),
        ("I do not agree unless the docs stay free.", answers.NO_WITH_CONDITIONS),
        ("On behalf of Quince Ltd., I agree.", answers.BEHALF),
        ("My company agrees.", answers.BEHALF),
        ("We agree", answers.SEVERAL),
        ("I agree, for a million dollars", answers.JOKE),
        ("I agree /s", answers.JOKE),
        ("> I consent to my work being relicensed.", answers.QUOTED),
        ("I take that back.", answers.WITHDRAWN),
        ("I support the change.", answers.OPINION),
        ("I already agreed by mail.", answers.NO_ANSWER),
    ],
)
def test_what_is_not_plain_is_unclear(body: str, note: str) -> None:
    """Questions, doubts, jokes, others' words and agreement to something else are unclear, each with the reason."""
    found = read(body)
    assert found is not None
    assert (found.answer, found.note) == (Answer.UNCLEAR, note)


@pytest.mark.parametrize(
    "body",
    [
        *("I can't give you a date.", "I don't want to be rude.", "I won't release 2.0 before May."),
        "I refuse to believe it.",
        *(
            "Thanks for the explanation!",
            "No worries!",
            "Which license is that?",
            "Lee agreed by mail.",
            "",
            "See #12.",
        ),
    ],
)
def test_what_says_nothing_of_consent_is_no_answer(body: str) -> None:
    """Thanks, links and reports of what others said are passed over."""
    assert read(body) is None


def test_somebody_else_besides_is_noted() -> None:
    """One's own consent counts, and that it is also somebody else's is said."""
    found = read("I agree, also on behalf of the choir.")
    assert found is not None
    assert (found.answer, found.note) == (Answer.AGREED, answers.ALSO_BEHALF)


def test_the_sentence_that_was_asked_for_counts_in_any_words() -> None:
    """A template counts where nothing else in it would, within quotation marks or a fence, but not as a quotation."""
    words = "I allow my poems in this collection to be shared under the Quince License"
    odd = answers.normal("Gladly shall my poems wander under the Quince License")
    assert read("Gladly shall my poems wander under the Quince License!", odd).answer is Answer.AGREED  # type: ignore[union-attr]
    assert read("Gladly shall my poems wander under the Quince License!") is None
    for body in (f'"{words}."', f"```\n{words}\n```", f"Hi!\n\n```\n{words}\n```"):
        found = read(body, ASKED)
        assert found is not None
        assert found.answer is Answer.AGREED
    assert read(f"> {words}", ASKED).answer is Answer.UNCLEAR  # type: ignore[union-attr]


def test_code_alone_is_no_answer() -> None:
    """Words in a fence that were not asked for may be anything; a signed message is meant."""
    found = read("```\nI agree to everything\n```")
    assert found is not None
    assert (found.answer, found.note) == (Answer.UNCLEAR, answers.CODE)
    signed = "```\n-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nI consent to my work\nbeing relicensed.\n"
    found = read(signed + "-----BEGIN PGP SIGNATURE-----\nabc\n-----END PGP SIGNATURE-----\n```")
    assert found is not None
    assert found.answer is Answer.AGREED


def test_ones_own_box_may_be_ticked_in_a_reply() -> None:
    """A box with one's own name is an answer, one with another's name is not."""
    assert read("- [x] @kim") == Reading(Answer.AGREED, "☑ @kim", answers.BY_BOX)
    assert read("- [x] @lee") is None
    assert read("- [ ] @kim") is None


def test_the_deciding_sentence_is_quoted_and_no_more() -> None:
    """The words are the sentence that decided, cut where it is long."""
    found = read("Good morning to all of you. I agree to the change. Greetings from the shed.")
    assert found is not None
    assert found.words == "I agree to the change."
    fuller = read("No, sorry. I do not agree to that.")
    assert fuller is not None
    assert fuller.words == "I do not agree to that."
    long = read("I agree to license " + "all of my many " * 60 + "commits.")
    assert long is not None
    assert long.words.endswith("…")
    assert len(long.words) <= 240


def test_versions_and_brackets_do_not_end_a_sentence() -> None:
    """`2.0.` and a question within brackets belong to their sentence."""
    found = read("+1 from me (or was that all done at work? I forgot.)")
    assert found is not None
    assert found.answer is Answer.AGREED
    assert answers.sentences("I agree to MPL 2.0 for v. 3 of it. Bye.") == [
        "I agree to MPL 2.0 for v. 3 of it.",
        "Bye.",
    ]


def test_a_thousand_words_of_assent_are_read_piece_by_piece() -> None:
    """A long row of short words is read in one pass: a pattern over all of it would not come to an end."""
    assert read("aye " * 45 + "captain") is None
    found = read("👍" * 90)
    assert found is not None
    assert found.answer is Answer.AGREED


def test_who_asks_must_say_more_than_a_word() -> None:
    """`explicit` tells a whole sentence from a word that may answer anything."""
    assert answers.explicit("I consent to my own patches, too.")
    assert answers.explicit("+1 from me") is False
    assert answers.explicit("ok") is False


@pytest.mark.parametrize(
    ("body", "note"),
    [
        ("Dora answered by e-mail:\n\n“I agree to the relicensing.”", answers.BEHALF),
        ("Forwarding the answer of Dora:\n\nI agree to the new licence.", answers.BEHALF),
        ("From: Dora\nTo: Boss\nSubject: Re: licence\n\nI agree to the relicensing.", answers.BEHALF),
        ("Anna: I agree\nBob: I agree", answers.BEHALF),
        ("My colleague's reply:\n\nI agree to the relicensing.", answers.BEHALF),
        ("- [ ] I agree", answers.UNTICKED),
        ("I agree, this is a terrible plan", answers.OTHER),
        ("I agree this is a mess", answers.OTHER),
        ("I agree to disagree.", answers.OTHER),
        ("I agree to keeping the GPL.", answers.OTHER),
    ],
)
def test_words_of_others_and_of_other_things_are_unclear(body: str, note: str) -> None:
    """A mail that was passed on, a line in somebody's name, an empty box and a comment on something are no consent."""
    found = read(body)
    assert found is not None
    assert (found.answer, found.note) == (Answer.UNCLEAR, note)


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        ("agreed, but only for my translations", Answer.CONDITIONS),
        ("+1 from me, but only for docs/", Answer.CONDITIONS),
        ("I agree, with one condition: keep my name.", Answer.CONDITIONS),
        ("I agree, this is a great idea.", Answer.AGREED),
        ("I have nothing against it.", Answer.AGREED),
        ("You may use my code under MIT.", Answer.AGREED),
        ("Edit: I agree", Answer.AGREED),
        ("Late reply: I agree too.", Answer.AGREED),
        ("My belated reply:\n\nI agree to the relicensing.", Answer.AGREED),
        ("Sorry, late: I agree.", Answer.AGREED),
        ("- [x] I agree\n- [ ] I do not agree", Answer.AGREED),
        ("- [ ] I agree\n- [x] I do not agree", Answer.DECLINED),
        ("Disagree strongly.", Answer.DECLINED),
    ],
)
def test_what_is_said_around_a_yes_or_no_is_heard(body: str, answer: Answer) -> None:
    """Conditions behind a bare yes, ticked boxes, and further plain words are read as what they say."""
    found = read(body)
    assert found is not None
    assert found.answer is answer, found


@pytest.mark.parametrize(
    ("words", "points"),
    [("ok", True), ("+1", True), ("I disagree with that.", True), ("I agree", False), ("I agree to MIT.", False)],
)
def test_bare_words_point_at_what_was_said_before(words: str, points: bool) -> None:
    """A word, and a sentence that ends in "that", answer whatever was asked last."""
    assert answers.pointing(words) is points


@pytest.mark.parametrize(
    "body",
    [
        "I don't think I can agree to that.",
        "I can't imagine that I agree.",
        "There's no way that I agree.",
        "I doubt that I can approve it.",
        "I agree to nothing here.",
        "I consent to none of it.",
        "I agree not to sell it.",
        "I grant permission to nobody.",
        "If I agree, what becomes of my name",
        "Why would I agree",
        "How could I consent to such a thing!",
        "I agree until further notice",
        "Einverstanden bin ich damit nicht",
        "我不太同意",
        "同意しかねます",
        "No, I agree.",
    ],
)
def test_a_denial_before_the_words_of_assent_leaves_no_yes(body: str) -> None:
    """Words of assent that a denial before or behind them turns are never read as a yes."""
    found = read(body)
    assert found is not None
    assert found.answer is Answer.UNCLEAR, found


@pytest.mark.parametrize(
    "body",
    ["I don't see a problem, I agree.", "No doubt, I agree.", "I can't believe it took so long. I agree."],
)
def test_a_denial_of_something_else_leaves_the_yes(body: str) -> None:
    """A denial that a comma or a full stop parts from the assent denies something else."""
    found = read(body)
    assert found is not None
    assert found.answer is Answer.AGREED, found


@pytest.mark.parametrize(
    "body",
    [
        "Agreed (unless Kim objects)",
        "Yes (only for the maps)",
        "Ich stimme zu, solange mein Name genannt wird.",
        "Einverstanden, sofern alle zustimmen",
        "Je suis d'accord, à condition que mon nom reste.",
        "De acuerdo, siempre que se cite mi nombre",
        "Concordo, desde que o meu nome fique.",
        "Я согласна при условии, что имя останется",
        "我同意，只要保留署名",
    ],
)
def test_conditions_in_brackets_and_in_other_languages_are_told(body: str) -> None:
    """A bracket behind a bare yes, or the conjunction of another language, makes the yes one with a condition."""
    found = read(body)
    assert found is not None
    assert found.answer is Answer.CONDITIONS, found


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        ("Agreed (two commits)", Answer.AGREED),
        ("Hell yes!", Answer.AGREED),
        ("Consider this my consent.", Answer.AGREED),
        ("Absolutely!", Answer.AGREED),
        ("Absolutely not.", Answer.DECLINED),
        ("Of course not", Answer.DECLINED),
        ("No, thanks.", Answer.DECLINED),
    ],
)
def test_emphatic_words_answer_too(body: str, answer: Answer) -> None:
    """An emphatic yes is one, and `not` behind it makes it a no."""
    found = read(body)
    assert found is not None
    assert found.answer is answer, found


@pytest.mark.parametrize("body", ["I am not against it", "I'm not opposed to that"])
def test_not_to_be_against_is_no_refusal(body: str) -> None:
    """Who is not against it has not declined."""
    found = read(body)
    assert found is None or found.answer is not Answer.DECLINED, found
