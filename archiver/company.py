"""Owns the company that words keep: names and rights that mean licensing only beside other words of the thread.

The words that mean it by themselves stand in `archiver.vocabulary`.
"""

from __future__ import annotations

from collections.abc import Iterable

from archiver.patterns import Pattern, lowered

MAX_COMPANY = 40_000
"""How many characters of a thread are looked at for company."""

# Names that mean other things, too (adders, clocks, leagues, log levels), by the words beside which they do not.
_OF_LAW = (
    r"\blicen[cs]|\bcopyright|\bcopyleft|gpl|\bpublic domain|\bopen[- ]source|\bproprietary\b|\blawyers?\b|"
    r"\blegal(?:ly)?\b|\bspdx\b|许可|協議|协议|授权|ライセンス|лиценз|lizenz"
)
AMBIGUOUS: dict[str, Pattern] = {
    name: Pattern(rf"{_OF_LAW}|{pattern}")
    for name, pattern in {
        "cla": r"contribut|agreement|employer|corporate|\bsign(?:ed|ing)? (?:the|a|our|your|any|this|that|an|up|it)\b|"
        r"\bdco\b|\blegal\b|owns? my work|\brights\b|easycla",
        "dco": r"sign(?:ed)?[- ]?off|contribut|certificate|\bcla\b|\bsign\b",
        "mpl": r"mozilla|apache[- ]2|\bmpl[- ]?v?[12]",
        "ofl": r"\bfonts?\b|typeface|\bsil\b|reserved (?:font )?name|\brfn\b|字体|フォント",
        "bsl": r"\bbusl\b|source[- ]available|business source|\bboost\b|\bmpl\b|hashicorp|fork\b|change date",
        "fsl": r"source[- ]available|functional source|sentry|competing use|non-?compete",
        "epl": r"eclipse",
        "ipr": r"\bdisclos|\bdeclar|patent|\bdraft\b|\brand\b|royalt|\bietf\b|working group",
        "rail": r"responsible ai|\bmodel weights|checkpoint|use restrictions|openrail|rail-[mds]\b",
        "notice": r"\bapache\b|attribution|third[- ]part|tarball|\bjars?\b|\bwheel\b|bundled|redistribut",
    }.items()
}
for _name in ("icla", "ccla"):
    AMBIGUOUS[_name] = AMBIGUOUS["cla"]
# Terms of rights: works have them, and so have accounts, tables and packages. These are of works.
OF_WORKS = frozenset({"permission", "redistribution"})
WORKS = Pattern(
    r"\bcopyright|licen[cs]|\bartworks?\b|\bartists?\b|\bauthors?\b(?! field)|\bimages?\b|\bphoto\w*|\bpictures?\b|"
    r"\bicons?\b|\bfonts?\b|\bmusic\b|\bsongs?\b|\bsounds?\b|\bbooks?\b|\barticles?\b|\blogos?\b|\btrade-?mark|"
    r"\bderivative|\bre-?use|\bworks\b|\bmy work\b|\btranslat|\blegal(?:ly)?\b|\broyalt|\bpatent|\b(?:my|our|your|"
    r"their|"
    r"the|his|her|this|source) code\b|\bsoftware\b|\bbinar|\bfreeware\b|\bcommercial|\bopen[- ]source|\bproprietary\b|"
    r"\bmodels?\b|\bweights\b|\bdata-?sets?\b|\bassets?\b|\bheaders?\b|\bsources?\b|\bsprites?\b|\btextures?\b|\bjdk\b|"
    r"\bsdk\b|\btarball"
)


class Company:
    """The words of one thread, as far as names that mean other things, too, need them."""

    def __init__(self, title: str, bodies: Iterable[str]) -> None:
        """Take the thread's title and the texts of its posts."""
        self._title = lowered(title)
        self._bodies = bodies
        self._text: str | None = None
        self._kept: dict[str, bool] = {}

    def is_lone(self, name: str) -> bool:
        """Say whether `name`, as it is written, means other things too, and nothing here says that it is licensing."""
        key = name.lower()
        key = key if key in AMBIGUOUS else key.removesuffix("s")
        return key in AMBIGUOUS and (not name[:2].isupper() or not self._keeps(key))

    def _keeps(self, key: str) -> bool:
        kept = self._kept.get(key)
        if kept is None:
            if self._text is None:
                self._text = lowered(" \n".join((self._title, *self._bodies))[:MAX_COMPANY])
            kept = self._kept[key] = AMBIGUOUS[key].search(self._text) is not None
        return kept

    def is_of_works(self, low: str) -> bool:
        """Say whether a paragraph, in lower case, speaks of rights in works, not in accounts, tables or packages."""
        return WORKS.search(low) is not None or WORKS.search(self._title) is not None
