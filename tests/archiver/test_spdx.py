"""Owns the tests of `archiver.spdx`: licenses are known by the names that people write, and by the SPDX list."""

from __future__ import annotations

import pytest

from archiver.spdx import spdx_mentions


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("GPL v3", "GPL-3.0-only"),
        ("GPLv2+", "GPL-2.0-or-later"),
        ("GPL-3.0-or-later", "GPL-3.0-or-later"),
        ("GPL-2.0-only", "GPL-2.0-only"),
        ("GNU General Public License v3", "GPL-3.0-only"),
        ("GNU General Public License, version 2 or later", "GPL-2.0-or-later"),
        ("GNU Affero General Public Licence", "AGPL"),
        ("AGPL", "AGPL"),
        ("LGPL 2.1", "LGPL-2.1-only"),
        ("GPL'd", "GPL"),
        ("GPL 2 years ago", "GPL"),
        ("GPL 7", "GPL"),
        ("Apache 2", "Apache-2.0"),
        ("Apache-2.0", "Apache-2.0"),
        ("Apache License 2.0", "Apache-2.0"),
        ("Apache License, Version 2.0", "Apache-2.0"),
        ("ASL 2.0", "Apache-2.0"),
        ("AL2", "Apache-2.0"),
        ("Apache license", "Apache"),
        ("BSD 3-clause", "BSD-3-Clause"),
        ("3-clause BSD", "BSD-3-Clause"),
        ("new BSD", "BSD-3-Clause"),
        ("BSD-2-Clause", "BSD-2-Clause"),
        ("two-clause BSD", "BSD-2-Clause"),
        ("BSD licence", "BSD"),
        ("MIT license", "MIT"),
        ("MIT-licensed", "MIT"),
        ("BUSL", "BUSL-1.1"),
        ("Business Source License", "BUSL-1.1"),
        ("Boost Software License", "BSL-1.0"),
        ("BSL", "BSL"),
        ("SSPL", "SSPL-1.0"),
        ("MPL 2.0", "MPL-2.0"),
        ("Mozilla Public License", "MPL"),
        ("EPL-2.0", "EPL-2.0"),
        ("CDDL", "CDDL"),
        ("ISC license", "ISC"),
        ("zlib license", "Zlib"),
        ("Unlicense", "Unlicense"),
        ("WTFPL", "WTFPL"),
        ("CC0", "CC0-1.0"),
        ("CC-BY-SA 4.0", "CC-BY-SA-4.0"),
        ("CC BY-NC", "CC-BY-NC"),
        ("Creative Commons", "CC"),
        ("OFL", "OFL-1.1"),
        ("JSON license", "JSON"),
        ("Commons Clause", "Commons-Clause"),
        ("public domain", "public-domain"),
        ("Artistic License 2.0", "Artistic-2.0"),
        ("EUPL-1.2", "EUPL-1.2"),
        ("Elastic License 2.0", "Elastic-2.0"),
        ("PolyForm", "PolyForm"),
    ],
)
def test_licenses_are_known_by_the_names_people_write(text: str, expected: str) -> None:
    """Each spelling gives its SPDX id, or the family if it names no version, and its place in the text."""
    found = spdx_mentions(f"It is now {text}, they say.")
    assert [id_ for id_, _, _ in found] == [expected]
    assert f"It is now {text}, they say."[found[0][1] : found[0][2]] in text


@pytest.mark.parametrize(
    "text",
    [
        "He teaches at MIT since spring.",
        "The BSD tools behave differently there.",
        "OpenBSD and FreeBSD both fail.",
        "The Apache server answers slowly.",
        "ISC published a new name server.",
        "zlib fails on empty input.",
        "I will do it mit Vergnügen.",
        "Open gpl.html in a browser.",
    ],
)
def test_names_with_other_senses_need_company(text: str) -> None:
    """A university, an operating system or a server is no license."""
    assert spdx_mentions(text) == []


def test_ambiguous_names_count_near_words_of_licensing() -> None:
    """MIT beside a license is the license."""
    assert [id_ for id_, _, _ in spdx_mentions("MIT/Apache-2.0, or dual MIT and ISC")] == [
        "MIT",
        "Apache-2.0",
        "MIT",
        "ISC",
    ]


def test_bare_bsl_is_decided_by_context() -> None:
    """Three letters, two licenses: what else the text names tells them apart."""
    assert spdx_mentions("BSL, like the other Boost libraries")[0][0] == "BSL-1.0"
    assert spdx_mentions("They moved to BSL, which is not open source")[0][0] == "BUSL-1.1"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("the Academic Free License v3.0", ["AFL-3.0"]),
        ("Open Software License 3.0", ["OSL-3.0"]),
        ("European Union Public Licence 1.2", ["EUPL-1.2"]),
        ("Mulan Permissive Software License, Version 2", ["MulanPSL"]),
        ("licensed under MulanPSL-2.0", ["MulanPSL-2.0"]),
        ("license: bsd-2-clause-patent", ["BSD-2-Clause-Patent"]),
        ("dual licensed MIT OR Apache-2.0 WITH LLVM-exception", ["MIT", "Apache-2.0"]),
        ("Creative Commons Attribution-ShareAlike 4.0 International", ["CC-BY-SA-4.0"]),
        ("BSD + Patents", ["BSD+Patents"]),
        ("the CreativeML OpenRAIL-M license", ["OpenRAIL"]),
        ("the Llama 2 community license", ["Llama"]),
        ("the Functional Source License", ["FSL-1.1"]),
        ("PolyForm Noncommercial 1.0.0", ["PolyForm-Noncommercial-1.0.0"]),
        ("GNU Free Documentation License", ["GFDL"]),
        ("ODbL", ["ODbL-1.0"]),
        ("文章のライセンスをCC BYに変更", ["CC-BY"]),
        ("许可证是GPL的", ["GPL"]),
    ],
)
def test_the_spdx_list_and_longer_names_are_known(text: str, expected: list[str]) -> None:
    """Ids and full names of the SPDX list, families of licenses that it lacks, and names beside other scripts."""
    assert [id_ for id_, _, _ in spdx_mentions(text)] == expected


def test_an_id_of_the_list_needs_company_as_well() -> None:
    """Version numbers look like ids: near words of licensing they are."""
    assert spdx_mentions("Runs on Python-2.0 and up") == []
    assert [id_ for id_, _, _ in spdx_mentions("The license is Python-2.0.")] == ["Python-2.0"]


def test_the_caller_may_be_sure_that_licenses_are_meant() -> None:
    """A title in the company of its opening needs no other word."""
    assert spdx_mentions("Switch to MIT or BSD") == []
    assert [id_ for id_, _, _ in spdx_mentions("Switch to MIT or BSD", sure=True)] == ["MIT", "BSD"]
