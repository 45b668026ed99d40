"""Owns the tests of `archiver.topics`: what a debate is about, and from which license to which it would move."""

from __future__ import annotations

import pytest

from archiver.license import PostText, Vocabulary
from archiver.model import Relicensing
from archiver.topics import NAMES, relicensing, topics

TITLES = [
    ("Relicense under Apache-2.0", "relicense"),
    ("Switch to a permissive license", "relicense"),
    ("Lizenz von GPL zu MIT ändern", "relicense"),
    ("将许可证从 GPL 改为 MIT", "relicense"),
    ("GPLv3からMITへライセンス変更", "relicense"),
    ("Replace CC-BY-NC with CC-BY-SA 4.0", "relicense"),
    ("What license is this under?", "which-license"),
    ("Why AGPL?", "which-license"),
    ("Commercial use?", "which-license"),
    ("Лицензия проекта", "which-license"),
    ("License", "which-license"),
    ("Please add a license", "missing-license"),
    ("No license file", "missing-license"),
    ("Falta la licencia", "missing-license"),
    ("Wrong license in package.json", "wrong-metadata"),
    ("Use an SPDX expression for the licence field", "wrong-metadata"),
    ("License is incompatible with GPLv2", "compatibility"),
    ("Linking with a GPL library", "compatibility"),
    ("GPL violation by a vendor", "violation-attribution"),
    ("Our work is used without attribution", "violation-attribution"),
    ("Drop the CLA in favour of a DCO", "cla-dco"),
    ("Patent grant", "patent"),
    ("License of the vendored library", "third-party-code"),
    ("Code copied from Stack Overflow is CC BY-SA", "third-party-code"),
    ("Ship the license files in the wheel", "license-files-packaging"),
    ("Add SPDX license headers", "license-files-packaging"),
    ("Licence of the model weights", "docs-or-data-license"),
    ("Under which license is the documentation?", "docs-or-data-license"),
    ("数据集的许可证是什么", "docs-or-data-license"),
]


@pytest.mark.parametrize(("title", "topic"), TITLES)
def test_a_title_names_the_chief_topic(title: str, topic: str) -> None:
    """Whatever else it touches, the first topic is what the title is about."""
    assert Vocabulary().judge(title, [PostText("")]).topics[0] == topic


def test_every_topic_has_an_example() -> None:
    """All the topics there are can be reached, and no others are given."""
    assert {topic for _, topic in TITLES} | {"other"} == set(NAMES)
    for title, _ in TITLES:
        assert set(Vocabulary().judge(title, [PostText("")]).topics) <= set(NAMES)


def test_posts_tell_the_topic_where_the_title_does_not() -> None:
    """The opening counts for more than later posts, and both for less than the title."""
    assert topics("", ["They violate the license."], [])[0] == "violation-attribution"
    assert topics("", ["The patent worries us."], ["They violate the license."])[0] == "patent"
    assert topics("Patent grant", ["They violate the license."] * 3, [])[0] == "patent"
    assert topics("", [], []) == ("other",)


def test_a_debate_has_topics_and_a_mention_has_none() -> None:
    """What is no debate is about nothing."""
    assert Vocabulary().judge("Parser fails", [PostText("It is MIT licensed.")]).topics == ()


@pytest.mark.parametrize(
    ("title", "opening", "before", "after"),
    [
        ("Relicense from GPLv2 to MIT", "", ["GPL-2.0-only"], ["MIT"]),
        ("Move from Apache 2.0 to BUSL", "", ["Apache-2.0"], ["BUSL-1.1"]),
        ("Relicense to MIT?", "The code is GPLv2 now.", ["GPL-2.0-only"], ["MIT"]),
        ("Relicense under MIT", "", [], ["MIT"]),
        (
            "License change",
            "We are currently under LGPL-3.0. I propose to move to MIT or BSD.",
            ["LGPL-3.0-only"],
            ["MIT", "BSD"],
        ),
        ("Switch license", "MIT -> Apache-2.0", ["MIT"], ["Apache-2.0"]),
        ("Dual license under MIT and Apache-2.0", "It is MIT now.", [], ["MIT", "Apache-2.0"]),
        ("Consider another license instead of the AGPL", "", ["AGPL"], []),
        ("Replace CC-BY-NC with CC-BY-SA 4.0", "", ["CC-BY-NC"], ["CC-BY-SA-4.0"]),
        ("Cambiar licencia de GPL a MIT", "", ["GPL"], ["MIT"]),
        ("GPLv3からMITへライセンス変更", "", ["GPL-3.0-only"], ["MIT"]),
        ("将许可证从 GPL 改为 MIT", "", ["GPL"], ["MIT"]),
    ],
)
def test_from_which_license_to_which(title: str, opening: str, before: list[str], after: list[str]) -> None:
    """The title is believed first, and the opening for what it leaves open."""
    found = Vocabulary().judge(title, [PostText(opening)])
    assert found.relicensing == Relicensing(tuple(before), tuple(after))


@pytest.mark.parametrize(
    ("title", "opening"),
    [
        ("Which license is this?", ["I know the GPL and MIT."]),
        ("Relicense?", []),
        ("License of the fonts", ["They are OFL."]),
    ],
)
def test_no_direction_is_made_up(title: str, opening: list[str]) -> None:
    """Where the text does not say from or to, nothing is said."""
    assert relicensing(title, opening) is None
