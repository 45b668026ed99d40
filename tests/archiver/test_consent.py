"""Consent rounds: who asks whom, who is listed, and the roll of those who answered; every text is invented."""

from __future__ import annotations

from dataclasses import replace

import pytest
from threads import DELETED, WITHDRAWN, at, opening, post, text, thread

from archiver.answers import BY_APPROVING, EDITED_AWAY, ELSEWHERE, NO_ANSWER, OTHER_LICENSE, STRUCK, UNSURE, Answer
from archiver.consent import ConsentRoll, Entry, consent_roll
from archiver.consent_requests import read_request
from archiver.model import Post, PostKind, Thread
from archiver.references import ThreadKind

TITLE = "Relicense Rocket from GPL-2.0 to MIT"
ASKS = "We want to relicense to MIT. If you contributed and agree, please reply to this issue with “I agree”."
LISTS = f"{ASKS}\n\n- [x] @boss\n- [x] @kim\n- [ ] @lee\n- [ ] @mo-2 (drew the moon)\n"


def asked(*posts: Post, body: str = LISTS, login: str = "boss", association: str = "OWNER") -> Thread:
    """Return a thread whose opening asks for consent."""
    return thread(opening(body, login, association), *posts, title=TITLE)


def roll_of(found: Thread) -> ConsentRoll:
    """Return the roll of a thread that has one."""
    roll = consent_roll(found)
    assert roll is not None
    return roll


def only(roll: ConsentRoll) -> Entry:
    """Return a roll's one entry."""
    [entry] = roll.entries
    return entry


# --- requests ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("title", "body"),
    [
        (TITLE, ASKS),
        (TITLE, "Can everyone who contributed please agree to this? @kim @lee"),
        (TITLE, "Contributors that need to agree:\n\n- [x] @kim for #14\n- [ ] @lee for #39"),
        (TITLE, "All contributors have to approve:\n\n@kim\n@lee"),
        (TITLE, "To agree, comment with:\n\n```\nI, <name>, license past and future contributions under MIT.\n```"),
        (TITLE, "@kim, @lee: do you approve that the code that you contributed is put under MIT?"),
        (TITLE, "@kim, can I have your permission to change the license?"),
        (
            TITLE,
            "I'd like to hear from all contributors whether they are OK with that.\n\n@kim @lee speak now, please.",
        ),
        (TITLE, "@kim are you fine with us relicensing this repository?"),
        (TITLE, "Please let us know if you have anything against the relicensing of your patches, @kim and @lee."),
        (
            "License change",
            "Could all contributors give their opinion?\n\n| who | state |\n|--|--|\n| @kim | Approved |",
        ),
        (
            "Add a CLA",
            "Please reply below with this sentence: “I have read the CLA and I hereby sign the CLA”. @kim @lee",
        ),
        ("DCO", "Please sign the DCO for your past contributions here, @kim @lee, by saying that you agree."),
        ("Lizenzwechsel", "Bitte antwortet hier, ob ihr mit der neuen Lizenz einverstanden seid: @kim @lee"),
        ("ライセンスの変更", "MIT ライセンスに変更したいです。同意する方はコメントしてください。 @kim @lee"),
    ],
)
def test_a_request_for_consent_is_recognised(title: str, body: str) -> None:
    """What asks contributors for an answer, in the ways that people ask."""
    assert read_request(body, title) is not None


@pytest.mark.parametrize(
    ("title", "body"),
    [
        (
            "Would you consider the MIT license?",
            "First of all, thank you. Would you consider MIT? I would agree to it.",
        ),
        ("Shall we change the license?", "That would need the consent of everybody whose work is in there."),
        ("Missing license", "Could you please add a license? Let me know if I can help."),
        ("Relicense?", "You'd need the agreement of all external contributors for relicensing, as far as I know."),
        ("License of the docs", "Please let me know under which license the docs are."),
        ("Which license?", "I think we agree that MIT is best. What do you think, @kim?"),
        ("SPDX headers", "Please review and approve this PR. It adds SPDX license identifiers."),
        ("Use tabs", "If you contributed and agree, please reply with “I agree”."),
        ("License", "Thanks @kim, @lee and @mo-2 for your contributions. The MIT license is in, as agreed."),
        (
            "Other license?",
            "I contributed twice. Could you please consider MIT, and tell me whether you agree? Thanks!",
        ),
        (
            "Notes on licensing",
            "Contributors agree to nothing here. One. Two. Three. Please comment on the typos. Four. Five. Six.",
        ),
        ("Crash on start", "It crashes. Please tell me what else you need."),
    ],
)
def test_a_debate_about_consent_is_no_request(title: str, body: str) -> None:
    """That consent would be needed, that somebody wishes another license, or another question: no request."""
    assert read_request(body, title) is None


def test_threads_without_a_request_have_no_roll() -> None:
    """Agreement to what nobody asked for is nothing."""
    assert consent_roll(thread(post(5, "kim", "I agree to MIT."), title=TITLE)) is None


def test_only_the_project_and_the_opener_ask() -> None:
    """A later post asks if a member or the opener wrote it; an outsider and a robot ask in vain."""
    assert consent_roll(thread(post(5, "kim", LISTS, "NONE"), title=TITLE)) is None
    assert consent_roll(thread(post(5, "ask[bot]", LISTS, "MEMBER"), title=TITLE)) is None
    for found in (post(5, "boss", LISTS, "MEMBER"), post(5, "opener", LISTS, "NONE")):
        assert [each.id for each in roll_of(thread(found, title=TITLE)).requests] == [5]


def test_answers_come_after_the_request() -> None:
    """What was said before it was asked answers something else."""
    found = thread(
        post(3, "kim", "I agree."), post(5, "boss", LISTS, "MEMBER"), post(9, "lee", "I agree."), title=TITLE
    )
    assert [each.author and each.author.login for each in roll_of(found).entries] == ["lee"]


# --- lists ------------------------------------------------------------------------------------------------------------


def named(body: str) -> list[tuple[str, bool | None]]:
    """Return whom a request lists, with what its boxes say."""
    request = read_request(body, TITLE)
    assert request is not None
    return [(each.login, each.ticked) for each in request.named]


def test_lists_of_all_sorts_are_read() -> None:
    """Boxes, tables, bullets, rows of names, links to accounts; who asks for what is no name."""
    assert named(LISTS) == [("boss", True), ("kim", True), ("lee", False), ("mo-2", False)]
    table = "\n\n| who | agreed |\n|---|---|\n| @kim | ✔ |\n| [lee](https://github.com/lee) | |\n"
    assert named(ASKS + table) == [("kim", True), ("lee", False)]
    assert named(f"{ASKS}\n\n| who | commits |\n|---|---|\n| @kim | 3 |\n") == [("kim", None)]
    assert named(f"{ASKS}\n\n* @kim\n* @lee\n\n1. @mo-2") == [("kim", None), ("lee", None), ("mo-2", None)]
    assert named(f"{ASKS}\n\n@kim, @lee and @mo-2") == [("kim", None), ("lee", None), ("mo-2", None)]
    assert named(f"{ASKS}\n\n- [x] Kim Quince, @kim, <kim@example.org>\n- [ ] ~~@lee~~ rewritten") == [("kim", True)]


def test_names_in_passing_are_not_listed() -> None:
    """Thanks, teams, addresses, robots, code and quotations list nobody, nor does a sentence folded before a name."""
    body = (
        f"{ASKS}\n\nThanks to @lee for the idea, and see @mo-2's patch. The @Acme/core team helped; mail me@kim.org."
        "\n\n```\n@code please agree\n```\n\n> @quoted please agree\n\n@helper[bot] counts."
    )
    assert named(body) == []
    assert named(f"{ASKS} The only other trace of somebody is\n@lee in the blame of one file.") == []


def test_who_is_listed_and_silent_is_told_with_the_askers_own_word() -> None:
    """A ticked box is the asker's claim, not an answer; the asker is not expected to answer."""
    roll = roll_of(asked(post(5, "lee", "I agree.")))
    assert [(each.login, each.ticked) for each in roll.unanswered] == [("kim", True), ("mo-2", False)]
    assert [each.login for each in roll.listed if each.asker] == ["boss"]
    assert only(roll).listed is True
    assert roll.count(Answer.AGREED) == 1


def test_who_is_not_listed_is_apart() -> None:
    """Somebody else may agree too; with no list, everybody is asked."""
    assert only(roll_of(asked(post(5, "zoe", "I agree.")))).listed is False
    roll = roll_of(asked(post(5, "zoe", "I agree."), body=ASKS))
    assert only(roll).listed is None
    assert roll.unanswered == ()


def test_earlier_texts_of_the_request_list_too() -> None:
    """Who was listed once and is not any more is told apart, and not missed."""
    roll = roll_of(asked(body=f"{ASKS}\n\n- [ ] @kim"))
    assert [(each.login, each.now) for each in roll.listed] == [("kim", True)]
    before = thread(opening(f"{ASKS}\n\n- [ ] @kim", "boss", "OWNER", before=(LISTS,)), title=TITLE)
    roll = roll_of(before)
    assert [(each.login, each.now) for each in roll.listed] == [
        ("kim", True), ("boss", False), ("lee", False), ("mo-2", False),
    ]  # fmt: skip
    assert [each.login for each in roll.unanswered] == ["kim"]


def test_a_later_request_says_the_boxes_anew() -> None:
    """A second list is the asker's later word, and asks more people."""
    again = post(50, "boss", "Please answer, contributors, if you agree:\n\n- [x] @lee\n- [ ] @pat", "OWNER")
    roll = roll_of(asked(again))
    assert len(roll.requests) == 2
    assert [(each.login, each.ticked) for each in roll.listed if each.login in {"lee", "pat"}] == [
        ("lee", True),
        ("pat", False),
    ]


def test_logins_are_compared_in_any_case() -> None:
    """GitHub's names know no case."""
    roll = roll_of(asked(post(5, "KIM", "I agree.")))
    assert only(roll).listed is True
    assert [each.login for each in roll.unanswered] == ["lee", "mo-2"]


# --- answers ----------------------------------------------------------------------------------------------------------


def test_an_entry_names_the_very_post_and_revision() -> None:
    """Who, what, when, in which words, and where to find them."""
    answer = post(5, "kim", "Good day. I agree to MIT. Bye.", "CONTRIBUTOR")
    entry = only(roll_of(asked(answer)))
    assert entry.author is not None
    assert (entry.author.login, entry.association, entry.answer) == ("kim", "CONTRIBUTOR", Answer.AGREED)
    given = entry.given
    assert (given.words, given.at, given.kind, given.id) == ("I agree to MIT.", at(5), PostKind.COMMENT, 5)
    assert given.revision == answer.revision.digest


def test_the_latest_answer_counts_and_the_earlier_stays() -> None:
    """A yes after a condition, a no after a yes; a question after a yes changes nothing."""
    said = (
        post(5, "kim", "I agree as long as the moon stays."),
        post(6, "kim", "Then it's a yes."),
        post(7, "lee", "I agree."),
        post(8, "lee", "I withdraw my consent."),
        post(9, "mo-2", "I agree."),
        post(10, "mo-2", "Do I have to agree once more?"),
    )
    entries = {each.author.login: each for each in roll_of(asked(*said)).entries if each.author}
    assert [(name, each.answer, len(each.earlier)) for name, each in entries.items()] == [
        ("kim", Answer.AGREED, 1), ("lee", Answer.DECLINED, 1), ("mo-2", Answer.AGREED, 0),
    ]  # fmt: skip
    assert entries["kim"].earlier[0].answer is Answer.CONDITIONS


def test_a_doubt_after_a_yes_counts() -> None:
    """Somebody who said yes and then has to ask the employer has not plainly agreed."""
    entry = only(
        roll_of(asked(post(5, "kim", "I agree."), post(6, "kim", "Hm. I agree, I think; I need to ask my boss.")))
    )
    assert (entry.answer, entry.given.note) == (Answer.UNCLEAR, UNSURE)
    assert [each.answer for each in entry.earlier] == [Answer.AGREED]


def test_said_twice_is_said_at_first() -> None:
    """The same answer again adds nothing, and does not make it later."""
    entry = only(roll_of(asked(post(5, "kim", "I agree."), post(99, "kim", "As said, I agree."))))
    assert (entry.given.id, entry.earlier) == (5, ())


def test_an_edited_answer_shows_what_it_was() -> None:
    """The present text counts; an earlier text that said otherwise stays, with its own digest."""
    entry = only(roll_of(asked(post(5, "kim", "I do not agree.", before=("I agree.",)))))
    assert entry.answer is Answer.DECLINED
    [before] = entry.earlier
    assert (before.answer, before.current, before.revision) == (Answer.AGREED, False, text("I agree.").digest)
    same = only(roll_of(asked(post(5, "kim", "I agree!", before=("I agree.",)))))
    assert same.earlier == ()
    away = only(roll_of(asked(post(5, "kim", "Never mind.", before=("I agree.",)))))
    assert (away.answer, away.given.note) == (Answer.UNCLEAR, EDITED_AWAY)


def test_reactions_and_silence_are_no_answers() -> None:
    """Counts of reactions to the request are told, since GitHub says no names with them."""
    found = asked(body=ASKS)
    found = replace(found, posts=[replace(found.posts[0], reactions={"+1": 7, "heart": 0})])
    roll = roll_of(found)
    assert roll.entries == ()
    assert roll.reactions == {"+1": 7}


def test_robots_never_answer() -> None:
    """A robot that says "approved" is a robot."""
    assert roll_of(asked(post(5, "kim[bot]", "I agree."))).entries == ()


def test_who_asks_must_say_so_in_full() -> None:
    """The asker's "ok" and "agreed" answer other people; a whole sentence counts."""
    assert roll_of(asked(post(5, "boss", "Agreed, thanks!", "OWNER"))).entries == ()
    weighed = post(5, "boss", "If people want MIT, I don't have any objections.", "OWNER")
    assert roll_of(asked(weighed)).entries == ()
    entry = only(roll_of(asked(post(5, "boss", "I start: I consent to my patches being under MIT.", "OWNER"))))
    assert entry.answer is Answer.AGREED


def test_who_is_listed_and_wrote_without_an_answer_is_unclear() -> None:
    """A reader may find an answer there; who is not listed and says nothing of consent is passed over."""
    roll = roll_of(asked(post(5, "kim", "You have my axe."), post(6, "zoe", "Nice axe.")))
    entry = only(roll)
    assert (entry.answer, entry.given.note, entry.given.words) == (Answer.UNCLEAR, NO_ANSWER, "You have my axe.")
    assert [each.login for each in roll.unanswered] == ["lee", "mo-2"]


def test_deleted_accounts_answer_each_for_themselves() -> None:
    """Nobody knows whether two of them are one."""
    roll = roll_of(asked(post(5, None, "I agree."), post(6, None, "I do not agree.")))
    assert [(each.author, each.answer) for each in roll.entries] == [(None, Answer.AGREED), (None, Answer.DECLINED)]


def test_a_deleted_post_was_an_answer_and_a_withdrawn_one_is_not_read() -> None:
    """What GitHub deleted is told as deleted; what is withdrawn here is only counted."""
    roll = roll_of(asked(post(5, "kim", "I agree.", gone=DELETED), post(6, None, "", gone=WITHDRAWN)))
    assert only(roll).given.gone
    assert roll.unread == 1


def test_a_withdrawn_request_asks_nobody() -> None:
    """Nothing of its text, and so no roll, is shown."""
    assert consent_roll(thread(opening("", None, gone=WITHDRAWN), post(5, "kim", "I agree."), title=TITLE)) is None


def test_an_approval_counts_where_it_was_asked_for() -> None:
    """The approval of a pull request is an answer if the request says so, and else unclear."""
    approval = post(5, "kim", "", kind=PostKind.REVIEW, state="APPROVED")
    for words, answer in (("by approving this pull request", Answer.AGREED), ("in a comment", Answer.UNCLEAR)):
        body = f"All contributors, please agree to the new license {words}: @kim @lee"
        found = asked(approval, body=body)
        found = replace(found, summary=replace(found.summary, kind=ThreadKind.PULL))
        entry = only(roll_of(found))
        assert entry.answer is answer
        assert (entry.given.note == BY_APPROVING) is (answer is Answer.AGREED)


def test_comments_on_lines_of_code_are_not_read() -> None:
    """There, "ok" is said about a line."""
    assert roll_of(asked(post(5, "kim", "ok", kind=PostKind.REVIEW_COMMENT))).entries == ()


@pytest.mark.parametrize("body", ["~~I agree~~", "I ~~don't~~ agree", "<s>I agree</s> see below"])
def test_what_was_struck_out_is_no_answer(body: str) -> None:
    """Where striking out makes the difference, a reader has to see."""
    given = only(roll_of(asked(post(1, "kim", body)))).given
    assert (given.answer, given.note) == (Answer.UNCLEAR, STRUCK)


def test_what_was_struck_out_beside_an_answer_is_passed_over() -> None:
    """A word that was mended within an agreement takes nothing from it."""
    assert only(roll_of(asked(post(1, "kim", "I agree to the ~~relicesning~~ relicensing.")))).answer is Answer.AGREED


def test_striking_out_is_seen_in_the_html_of_github() -> None:
    """GitHub's rendering is what counts where it was captured."""
    said = post(1, "kim", "I agree")
    struck = replace(said.revision, body_html="<p><del>I agree</del></p>")
    assert only(roll_of(asked(replace(said, revision=struck, revisions=(struck,))))).given.note == STRUCK


@pytest.mark.parametrize(
    "body", ["I agree to LGPL only", "I agree to relicense under GPL-3.0-only, nothing else", "Fine by me, not to MIT."]
)
def test_consent_to_another_license_is_unclear(body: str) -> None:
    """Who agrees to a license that was not asked for has not agreed to the one that was."""
    given = only(roll_of(asked(post(1, "kim", body)))).given
    assert (given.answer, given.note) == (Answer.UNCLEAR, OTHER_LICENSE)


def test_consent_to_one_of_two_licenses_is_a_condition() -> None:
    """Of a dual license that was asked for, one alone is agreed to under conditions."""
    request = "We want to relicense from GPL to MIT or Apache-2.0. If you agree, please reply with “I agree”. @kim @lee"
    found = thread(
        opening(request, "boss", "OWNER"),
        post(1, "kim", "I agree to MIT only."),
        post(2, "lee", "I agree to relicense from GPL to MIT or Apache-2.0."),
        title="Relicense from GPL to MIT or Apache-2.0",
    )
    assert [each.answer for each in roll_of(found).entries] == [Answer.CONDITIONS, Answer.AGREED]


def test_a_bare_word_after_another_question_is_no_answer() -> None:
    """What somebody else asked right before, about something else, may be what "no" and "ok" answer."""
    roll = roll_of(
        asked(
            post(1, "kim", "I agree"),
            post(2, "lee", "Should we drop the old parser first?"),
            post(3, "kim", "No."),
            post(4, "boss", "@mo-2 can you rebase your branch?", "OWNER"),
            post(5, "mo-2", "ok"),
        )
    )
    answers = {each.author.login: each for each in roll.entries if each.author}
    assert answers["kim"].answer is Answer.AGREED
    assert (answers["mo-2"].answer, answers["mo-2"].given.note) == (Answer.UNCLEAR, ELSEWHERE)


def test_a_bare_word_after_a_question_about_the_request_is_an_answer() -> None:
    """Whether somebody agrees may be asked again."""
    roll = roll_of(asked(post(1, "boss", "@kim do you agree, too?", "OWNER"), post(2, "kim", "yes")))
    assert only(roll).answer is Answer.AGREED
