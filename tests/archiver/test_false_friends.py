"""Owns the tests of words with other senses: what is sold, clocks and leagues, accounts and tools is no licensing."""

from __future__ import annotations

import pytest

from archiver.false_friends import blanked
from archiver.license import PostText, Vocabulary
from archiver.model import Relevance

VOCABULARY = Vocabulary()


def judge(title: str, *bodies: str) -> Relevance:
    return VOCABULARY.judge(title, [PostText(body) for body in bodies])


@pytest.mark.parametrize(
    ("title", "body"),
    [
        # Keys, servers, activation and time of what is sold, in the languages whose terms are known.
        ("Enterprise: cannot upload the license file", "My license expires next week and we have 20 seats licensed."),
        ("Lizenzschlüssel funktioniert nicht", "Der Lizenzserver sagt, die Lizenz sei abgelaufen."),
        ("Lizenz lässt sich nicht aktivieren", "Ich habe die Lizenz gestern gekauft."),
        ("Clé de licence refusée", "Impossible d'activer la licence, elle serait expirée."),
        ("Error de licencia al arrancar", "La licencia ha caducado, dice."),
        ("Chave de licença não funciona", "A licença aparece como expirada."),
        ("Licenza scaduta", "Il server di licenze non risponde."),
        ("Klucz licencji odrzucony", "Licencja wygasła według programu."),
        ("Не удаётся активировать лицензию", "Лицензионный ключ куплен вчера."),
        ("许可证激活失败", "输入许可证密钥之后提示已过期。"),
        ("微信授权登录失败", "授权回调地址打不开。"),
        ("HTTP2 协议解析错误", "协议版本不对。"),
        ("ライセンスキーのエラー", "ライセンス認証に失敗します。"),
        ("라이선스 키 오류", "라이선스 만료라고 나옵니다."),
        # Names that mean other things, too.
        ("NOTICE: table exists already", "Should NOTICE be shown at all? I think it must not."),
        ("CLA: wrong carry of the lookahead adder", "The CLA must handle odd widths, should it not?"),
        ("DCO drifts after warm-up", "Should we trim the DCO? It requires a crystal."),
        ("RAIL timetable is empty", "Does the RAIL endpoint still work? It should return trains."),
        ("MPL plots stay blank", "Which backend should I use for MPL 3.5?"),
        ("OFL standings are off by one", "Is the OFL season missing? It must be there."),
        ("BSL tag is split in two", "Should the tokenizer keep BSL?"),
        # Rights of accounts and tables.
        (
            "Publishing fails with 403",
            "You need explicit permission of the scope. Do I have rights to publish? I own it.",
        ),
        ("GRANT to the owner", "The owner's permission is required. Who has the rights to use the schema?"),
        ("Redistribution policy of shards", "Redistribution terms must be pluggable when a node leaves."),
        # Tools whose subject is the tool.
        (
            "scancode reports a license twice",
            "Why does the license matcher decide so? Should it read the license once?",
        ),
        (
            "REST API: add `license` to the repository model",
            "The license is missing in the model. Should it be optional?",
        ),
        ("Project wizard: license step", "Which license should be the default? I would prefer MIT there."),
        ("Add AGPL-3.0 to the license dropdown", "The form should offer GPL-3.0 as well."),
        ("Skip the license check at startup", "The pro license check must not block the start."),
        ("Export the SBOM", "SPDX JSON or CycloneDX? I would prefer SPDX 2.3, it is required here."),
        ("GPL ghostscript not found", "`gs: GPL Ghostscript 9.50: Unrecoverable error`. Which version is needed?"),
        ("Trademark search tool misses records", "The trademark list is incomplete, why?"),
        ("Free software recommendation", "Which free software can I use to view these files?"),
        ("Royalties calculation is off by a cent", "The royalty report must be rounded. Why are royalties paid twice?"),
        ("JDK download fails", "You must accept the Oracle Binary Code License Agreement first. How?"),
        ("Installer: EULA is cut off", "The EULA shows only ten lines. Should it not scroll?"),
        ("License check fails on Windows", "Why does it fail? The license header is there, and it must pass."),
        ("It says unlicensed copy", "I entered the key. Why does it show an unlicensed copy?"),
        ("Loader of patents", "It splits patents into claims. How do we handle patents without any?"),
        ("Copyright symbol is not escaped", "The copyright text in the footer must be centered, should it not?"),
    ],
)
def test_other_senses_are_no_debate(title: str, body: str) -> None:
    """Other senses of the words make no debate, whatever the sentences around them ask or demand."""
    assert not judge(title, body, "I think so, too. Could you try again?").kept


@pytest.mark.parametrize(
    ("title", "body"),
    [
        ("Lizenz unklar", "Welche Lizenz gilt für den Code?"),
        ("Clarifier la licence", "Sous quelle licence est ce projet ?"),
        ("Cambio de licencia", "Propongo pasar de GPL a MIT."),
        ("Лицензия не указана", "Под какой лицензией проект?"),
        ("许可证问题", "这个项目的许可证是什么？"),
        ("ライセンスの確認", "商用利用は可能でしょうか。"),
        ("Add a NOTICE file", "The Apache license requires it."),
        ("CLA", "Why does every contributor have to sign one?"),
        ("MPL?", "Would you consider another license? The Mozilla one."),
        ("OFL and the Reserved Font Name", "The font cannot be subset under that name."),
        ("The EULA forbids benchmarks", "The EULA does not allow us to publish them. Is that license open source?"),
        ("Permission of the author", "Is there a written permission to ship the artwork under our license?"),
        ("License file is missing", "The tarball contains none, and the license requires it."),
    ],
)
def test_the_same_words_in_their_own_sense_are_the_subject(title: str, body: str) -> None:
    """What is blanked or needs company for its other senses is found where licensing is meant."""
    assert judge(title, body).verdict == "subject"


@pytest.mark.parametrize(
    "body",
    [
        "Please sign the CLA, then I can merge.",
        "You need to sign off your commits for the DCO.",
        "The CLA check is red since my address is another. How can I fix that?",
        "This needs a commercial license of the IDE to reproduce, sorry.",
        "I don't have a license for that editor, can someone else test it?",
        "Each seat needs a license, so we run one instance.",
        "I searched for `license` in the folder and the count is wrong. Why?",
        "The library is tested, BSD-licensed and has no dependencies.",
        "We use it commercially and see no leaks.",
        "Their permission model is odd: the owner has no rights to publish.",
    ],
)
def test_the_routine_of_work_is_no_debate(body: str) -> None:
    """To be told to sign, to lack a product's license, to search for the word: none of it argues about licensing."""
    assert not judge("Parser fails on empty input", "It fails.", body).kept


def test_what_is_blanked_keeps_its_place() -> None:
    """Other senses become spaces in the text and in its lower case alike, so that places stay true."""
    text = "Enter the License key. The LICENSE.md says GPL."
    blank, low = blanked(text, text.lower())
    assert len(blank) == len(low) == len(text)
    assert blank.lower() == low
    assert "key" not in blank
    assert "LICENSE" not in blank
    assert blank.endswith("says GPL.")
