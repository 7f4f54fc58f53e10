"""How codes, dates and numbers read in plain English; the same words in tables, figures and the brief."""

from __future__ import annotations

import math
import re
import unicodedata
from datetime import date as Date

from detente.actors import register

DID = {
    "AGREE": "agreed to cooperate with",
    "CONSULT": "met or talked with",
    "SUPPORT": "backed in words",
    "CONCEDE": "gave way in words to",
    "COOPERATE": "worked together with",
    "AID": "gave aid to",
    "RETREAT": "gave way in deeds to",
    "REQUEST": "asked or demanded of",
    "ACCUSE": "accused or criticised",
    "REJECT": "refused or rejected",
    "THREATEN": "threatened or warned",
    "PROTEST": "demonstrated against",
    "SANCTION": "cut back relations with",
    "MOBILIZE": "moved, readied or tested forces toward",
    "COERCE": "used pressure on",
    "ASSAULT": "attacked",
}
"""Each PLOVER type as a verb between source and target."""

DID_CAMEO = {"057": "signed an agreement with"}
"""CAMEO codes that a reader would not recognise under the verb of their type."""

DEEDS = {
    "AGREE": "agreement to cooperate",
    "CONSULT": "meeting or talk",
    "SUPPORT": "backing in words",
    "CONCEDE": "giving way in words",
    "COOPERATE": "joint work",
    "AID": "aid",
    "RETREAT": "giving way in deeds",
    "REQUEST": "request or demand",
    "ACCUSE": "accusation or criticism",
    "REJECT": "refusal",
    "THREATEN": "threat or warning",
    "PROTEST": "demonstration",
    "SANCTION": "cut in relations",
    "MOBILIZE": "movement or test of forces",
    "COERCE": "pressure",
    "ASSAULT": "attack",
}
"""Each PLOVER type as a noun."""

DEEDS_CAMEO = {"057": "signing of an agreement"}
"""The same for :data:`DID_CAMEO`."""

_WITH_ARTICLE = frozenset(
    {
        "Philippines",
        "Netherlands",
        "Maldives",
        "Marshall Islands",
        "Solomon Islands",
        "Bahamas",
        "Gambia",
        "Czech Republic",
    }
)

# What would reorder or hide the text around it: bidirectional controls, and other control or invisible characters.
_HIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]")
_LONE = re.compile("[\ud800-\udfff]")


def did(type: str, cameo: str = "", *, alone: bool = False, mutual: bool = False) -> str:
    """What a source did, as a verb; without its preposition where no target follows.

    Args:
        type: PLOVER type. cameo: CAMEO code.
        alone: no target follows.
        mutual: both sides did it to each other.

    Example:
        >>> did("CONSULT"), did("MOBILIZE", alone=True), did("ASSAULT", mutual=True)
        ('met or talked with', 'moved, readied or tested forces', 'attacked each other')
    """
    verb = DID_CAMEO.get(cameo, DID[type])
    if mutual:
        return f"{verb} each other"
    return re.sub(r" (with|to|toward|of|against|on)$", "", verb) if alone else verb


def deed(type: str, cameo: str = "") -> str:
    """What was done, as a noun.

    Example:
        >>> deed("SUPPORT"), deed("SUPPORT", "057")
        ('backing in words', 'signing of an agreement')
    """
    return DEEDS_CAMEO.get(cameo, DEEDS[type])


def visible(text: str) -> str:
    """The text with control, bidirectional and invisible characters shown by number, so that nothing is disguised.

    Example:
        >>> visible("left\\u202eright")
        'left[U+202E]right'
    """
    return _LONE.sub("\ufffd", _HIDDEN.sub(_by_number, text))


def _by_number(hit: re.Match[str]) -> str:
    return " " if hit.group() == "\r" else f"[U+{ord(hit.group()):04X}]"


def clip(text: str, most: int) -> str:
    """At most so many characters, cut at a space where there is one near, with an ellipsis.

    Example:
        >>> clip("a long proposition", 12)
        'a long…'
    """
    if len(text) <= most:
        return text
    cut = text[: most - 1]
    space = cut.rfind(" ", most // 2)
    cut = cut[:space] if space > 0 else cut
    while cut and unicodedata.combining(cut[-1]):
        cut = cut[:-1]
    return cut.rstrip(" ,;:") + "…"


def name(code: str) -> str:
    """Name of an actor; the code itself where the register does not know it.

    Example:
        >>> name("PRK"), name("NATO")
        ('North Korea', 'NATO')
    """
    actor = register().actors.get(code)
    # An organisation goes by its acronym where that is one of its names.
    known = actor is not None and (actor.kind == "state" or code not in actor.aliases)
    return actor.name if actor and known else code


def the(code: str) -> str:
    """Name of an actor as a sentence takes it.

    Example:
        >>> the("PHL"), the("JPN")
        ('the Philippines', 'Japan')
    """
    known = name(code)
    return f"the {known}" if known.startswith("United ") or known in _WITH_ARTICLE else known


def listed(words: list[str] | tuple[str, ...], most: int | None = None) -> str:
    """Words joined as in a sentence.

    Example:
        >>> listed(["Japan", "China", "Russia"])
        'Japan, China and Russia'
        >>> listed(["Japan", "China", "Russia"], most=1)
        'Japan and 2 others'
    """
    words = list(words)
    if most and len(words) > most:
        left = len(words) - most
        words = [*words[:most], f"{left} other{'s' if left > 1 else ''}"]
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]])) if words else ""


def names(codes: list[str] | tuple[str, ...], most: int | None = None) -> str:
    """Names of actors joined as in a sentence."""
    return listed([name(code) for code in codes], most)


def day(date: Date | str | None) -> str:
    """A date of any precision as people write it.

    Example:
        >>> day("2024-07-11"), day("2024-07"), day("2023"), day("2024-07-01/2024-07-05"), day(None)
        ('11 July 2024', 'July 2024', '2023', '1 to 5 July 2024', 'undated')
    """
    if not date:
        return "undated"
    first, _, last = str(date).partition("/")
    if last:
        begin, end = day(first), day(last)
        same = len(first) == len(last) == 10 and first[:7] == last[:7]
        return f"{begin.split()[0] if same else begin} to {end}"
    parts = [int(part) for part in first.split("-")]
    if len(parts) == 1:
        return first
    month = Date(parts[0], parts[1], 1).strftime("%B %Y")
    return f"{parts[2]} {month}" if len(parts) == 3 else month


def count(n: int, what: str, many: str = "") -> str:
    """A count with its noun.

    Example:
        >>> count(1, "event"), count(2000, "reply", "replies")
        ('1 event', '2,000 replies')
    """
    return f"{n:,} {what if n == 1 else many or what + 's'}"


def number(x: float | None, digits: int = 2) -> str:
    """A number with so many significant digits, a true minus sign and no exponent.

    Example:
        >>> number(0.01234), number(-1.5), number(1234.5), number(None)
        ('0.012', '−1.5', '1,234', '–')
    """
    if x is None or not math.isfinite(x):
        return "–"
    if x == 0:
        return "0"
    places = max(0, digits - 1 - math.floor(math.log10(abs(x))))
    text = f"{abs(x):,.{places}f}" if places <= 6 else f"{abs(x):.1e}"
    return ("−" if x < 0 else "") + text


def signed(x: float | None, digits: int = 2) -> str:
    """As :func:`number`, with a plus sign before what is above zero."""
    return ("+" if x is not None and x > 0 and math.isfinite(x) else "") + number(x, digits)


def fixed(x: float, places: int = 3) -> str:
    """A number with its sign and so many decimal places.

    Example:
        >>> fixed(0.1), fixed(-0.02)
        ('+0.100', '−0.020')
    """
    return f"{x:+.{places}f}".replace("-", "−")


def confidence(x: float) -> str:
    """Confidence in a word.

    Example:
        >>> confidence(0.83), confidence(0.65), confidence(0.3)
        ('high', 'fair', 'low')
    """
    return "high" if x >= 0.8 else "fair" if x >= 0.6 else "low"


def in_twenty(share: float) -> str:
    """A share as a frequency people can picture.

    Example:
        >>> in_twenty(0.16), in_twenty(0.001), in_twenty(1.0)
        ('3 of 20', 'fewer than 1 of 20', '20 of 20')
    """
    if 0 < share < 0.025:
        return "fewer than 1 of 20"
    if 0.975 < share < 1:
        return "more than 19 of 20"
    return f"{round(20 * share)} of 20"
