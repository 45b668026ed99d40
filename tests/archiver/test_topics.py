"""Owns the tests of `archiver.topics` and `archiver.relicensing`: what a debate is about, and where it would move."""

from __future__ import annotations

import pytest

from archiver.license import PostText, Vocabulary
from archiver.model import Relicensing
from archiver.relicensing import relicensing
from archiver.topics import NAMES, topics

TITLES = [
    ("Relicense under Apache-2.0", "relicense"),
    ("Switch to a permissive license", "relicense"),
    ("Lizenz von GPL zu MIT ändern", "relicense"),
    ("将许可证从 GPL 改为 MIT", "relicense"),
    ("GPLv3からMITへライセンス変更", "relicense"),
    ("Replace CC-BY-NC with CC-BY-SA 4.0", "relicense"),
    ("Use the MIT license instead of the Unlicense", "relicense"),
    ("Let's go with Apache 2.0", "relicense"),
    ("Move away from the AGPL", "relicense"),
    ("Make it GPL-2.0-or-later", "relicense"),
    ("Смена лицензии на MIT", "relicense"),
    ("协议变更为 Apache-2.0", "relicense"),
    ("What license is this under?", "which-license"),
    ("Why AGPL?", "which-license"),
    ("Commercial use?", "which-license"),
    ("Лицензия проекта", "which-license"),
    ("License", "which-license"),
    ("Please add a license", "missing-license"),
    ("No license file", "missing-license"),
    ("Falta la licencia", "missing-license"),
    ("Licenza mancante", "missing-license"),
    ("Brak licencji", "missing-license"),
    ("Licença ausente", "missing-license"),
    ("라이선스가 없습니다", "missing-license"),
    ("gemspec has no license", "wrong-metadata"),
    ("npm package is UNLICENSED", "wrong-metadata"),
    ("Remove the Qt dependency due to LGPL", "compatibility"),
    ("License of generated code", "compatibility"),
    ("My copyright was stripped: DMCA notice?", "violation-attribution"),
    ("Trademark policy", "other"),
    ("Urheberrecht der Bilder", "docs-or-data-license"),
    ("Wrong license in package.json", "wrong-metadata"),
    ("Use an SPDX expression for the licence field", "wrong-metadata"),
    ("Our license clashes with GPLv2 programs: incompatible?", "compatibility"),
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
    assert {topic for _, topic in TITLES} == set(NAMES)
    for title, _ in TITLES:
        assert set(Vocabulary().judge(title, [PostText("")]).topics) <= set(NAMES)


def test_posts_tell_the_topic_where_the_title_does_not() -> None:
    """The opening counts for more than later posts, and both for less than the title."""
    assert topics("", ["They violate the license."], [])[0] == "violation-attribution"
    assert topics("", ["The patent worries us."], ["They violate the license."])[0] == "patent"
    assert topics("Patent grant", ["They violate the license."] * 3, [])[0] == "patent"
    assert topics("", [], []) == ("other",)


@pytest.mark.parametrize(
    ("title", "opening", "topic"),
    [
        ("License?", "I can't find any license in the repository.", "missing-license"),
        ("Лицензия", "Добавьте, пожалуйста, файл лицензии.", "missing-license"),
        ("Licence", "Je ne trouve pas de fichier de licence.", "missing-license"),
        ("Licencia", "No encuentro la licencia en el repositorio.", "missing-license"),
        ("Update license", "Replaces MIT by GPLv3 for all future releases.", "relicense"),
        ("Textures", "Where are they from? I need author and license of each one.", "third-party-code"),
        ("License?", "Which one is it?", "which-license"),
    ],
)
def test_which_license_is_said_only_where_nothing_else_is(title: str, opening: str, topic: str) -> None:
    """Whoever asks for a license because it is missing, changed or taken along is about that."""
    assert Vocabulary().judge(title, [PostText(opening)]).topics[0] == topic


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
        ("Use MIT instead of Unlicense", "Their license terms differ.", ["Unlicense"], ["MIT"]),
        ("Let's go with Apache 2.0", "We discussed licenses.", [], ["Apache-2.0"]),
        ("Move away from the AGPL", "We'd like something permissive, e.g. to BSD.", ["AGPL"], ["BSD"]),
        ("Drop the GPL", "I'd suggest MPL-2.0 as the license.", ["GPL"], ["MPL-2.0"]),
        ("Update license", "Replaces MIT by GPLv3 for all future releases.", ["MIT"], ["GPL-3.0-only"]),
        ("Changer de licence : de la GPL à la MIT", "", ["GPL"], ["MIT"]),
        ("Смена лицензии", "Предлагаю перейти с GPL на MIT.", ["GPL"], ["MIT"]),
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
