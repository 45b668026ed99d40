"""Tests of the words that are shown as speaking of licensing."""

from __future__ import annotations

import pytest

from archiver.speaking import MOST_TEXT, MOST_WORDS, speaking_words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("I agree to relicense my part under MIT and Apache-2.0.", ("relicense", "MIT", "Apache-2.0")),
        ("Dual-licensed, LGPLv3 or GPL-3.0-only; see LICENSE", ("Dual-licensed", "LGPLv3", "GPL-3.0-only", "LICENSE")),
        ("The licence says CC BY-SA 4.0, not CC0.", ("licence", "CC BY-SA 4.0", "CC0")),
        ("Die Lizenz steht im Urheberrecht", ("Lizenz", "Urheberrecht")),
        ("Лицензия и 许可证 と ライセンス", ("Лицензия", "许可证", "ライセンス")),
        ("A licença e a licencia", ("licença", "licencia")),
        ("license, License, license", ("license", "License")),
    ],
)  # fmt: skip
def test_words_that_speak_of_licensing_are_told(text: str, words: tuple[str, ...]) -> None:
    """They are told as they stand in the text, each once, in their order."""
    assert speaking_words(text) == words


@pytest.mark.parametrize(
    "text", ["", "It crashes in clap_derive.", "submit the omitted emit", "a class in scope", "Thanks, I agree!", "isc"]
)
def test_other_words_are_not(text: str) -> None:
    """Words that only hold such letters do not count, nor names of licenses in small letters that mean other things."""
    assert speaking_words(text) == ()


def test_however_long_a_text_is_little_is_told_of_it() -> None:
    """The number of words is bounded, and so is how much is looked at."""
    assert len(speaking_words(" ".join(f"license{number}" for number in range(500)))) == MOST_WORDS
    assert speaking_words("x" * MOST_TEXT + " license") == ()
