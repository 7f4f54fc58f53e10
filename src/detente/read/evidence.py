"""What a second reader says, held against the text: nothing of it counts that the report does not bear out.

A second reader (the language-model plug-in) lists acts with the words of the text. An act becomes an event where

- the quoted words stand in the report, in one sentence, and the words for the act and its parties stand in the
  quotation;
- type and modality are among those of the codebook;
- its parties are whom the register says those words mean: the reader cannot name a code.

Date, speakers, quad class and id are worked out here.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from typing import get_args

import msgspec
from msgspec import Struct

from detente import codebook
from detente.actors import Name, register
from detente.errors import CodebookError
from detente.events import Event, Modality, Party, Question, Reading, Report
from detente.read import dates
from detente.read.gazetteer import Gazetteer
from detente.read.parse import sentences
from detente.read.voices import Voices

# Nobody has measured how often an act that one reader alone finds is right: one in two, until somebody has.
CONFIDENCE = 0.5
# The ids of its events begin so.
MARK = "llm-"


class Act(Struct, frozen=True):
    """An act as a second reader tells it, all of it in words of the text but type and modality."""

    quote: str
    trigger: str
    type: str
    source: tuple[str, ...]
    target: tuple[str, ...] = ()
    modality: str = "asserted"


class Refused(Exception):
    """An act that the text or the codebook does not bear out."""


def check(act: Act, report: Report, start: int, end: int) -> Event:
    """The event that an act is.

    Args:
        act: what the second reader says.
        report: the report.
        start, end: offsets in its text between which the act must stand.

    Raises:
        Refused: the text or the codebook does not bear it out; the message goes on from "an act ...".
    """
    at = report.text.find(act.quote, start, end) if len(act.quote.split()) > 1 else -1
    if at < 0:
        raise Refused("with words that are not in the text")
    if len(list(sentences(act.quote, 0, len(act.quote)))) != 1:
        raise Refused("quoted from more than one sentence")
    try:
        quad = codebook.quad(act.type)
    except CodebookError:
        raise Refused("of an unknown type") from None
    if act.modality not in get_args(Modality):
        raise Refused("of an unknown modality")
    trigger = at + _within(act.trigger, act.quote)
    source, target = (
        tuple(_party(words, act.quote, at, report) for words in side) for side in (act.source, act.target)
    )
    if not source or not any(p.code for p in (*source, *target)):
        raise Refused("without an actor that the register knows")
    dating = dates.find(act.quote, report.published)
    codes = repr(([p.code or p.name for p in source], [p.code or p.name for p in target]))
    seed = repr((report.id, act.type, codes, at, act.quote, act.modality))
    return Event(
        id=MARK + hashlib.sha256(seed.encode()).hexdigest()[:16],
        report=report.id,
        type=act.type,
        cameo=codebook.to_cameo(act.type)[0],
        quad=quad,
        source=source,
        target=target,
        reciprocal=False,
        domain=None,
        modality=msgspec.convert(act.modality, Modality),
        date=dating.date if dating else None,
        date_precision=dating.precision if dating else None,
        date_from=dating.date_from if dating else None,
        speakers=Voices(report).base,
        sentence=act.quote,
        span=(at, at + len(act.quote)),
        trigger=(trigger, trigger + len(act.trigger)),
        confidence=CONFIDENCE,
    )


def _within(words: str, quote: str) -> int:
    hit = re.search(rf"(?<!\w){re.escape(words)}(?!\w)", quote) if words.strip() else None
    if hit is None:
        raise Refused("with an act or a party that its quotation does not name")
    return hit.start()


def _party(words: str, quote: str, at: int, report: Report) -> Party:
    """Who the register says the words mean; without a code where it knows nobody, or more than one."""
    here = at + _within(words, quote)
    span = here, here + len(words)
    named: set[Name] = set()
    for found in Gazetteer(register(), report.published).scan(words):
        named |= {name for _, _, names in found.names for name in names}
    if len({n.code for n in named}) != 1:
        return Party(None, words, None, None, span)
    name = min(named, key=lambda n: n.form)
    actor = register().actors[name.code]
    return Party(actor.code, actor.name, actor.kind, name.role, span)


def together(reading: Reading, told: Sequence[Event]) -> Reading:
    """The rules' events, those that only the second reader found, and a question for each that only one of them found.

    Args:
        reading: what the rules read.
        told: what the second reader found in the same report, checked.
    """
    ours = reading.events
    heard = [(e.span, e.speakers) for e in ours] + [(c.span, c.speakers) for c in reading.claims]
    fresh = []
    for event in {e.id: e for e in told}.values():
        if not any(_same(e, event) for e in ours):
            speakers = next((s for span, s in heard if _meet(span, event.span)), event.speakers)
            fresh.append(msgspec.structs.replace(event, speakers=speakers))
    asked = [_question(e, "only the rules") for e in ours if not any(_same(e, t) for t in told)]
    asked += [_question(e, "only the second reader") for e in fresh]
    return msgspec.structs.replace(
        reading, events=(*ours, *fresh), questions=tuple(dict.fromkeys((*reading.questions, *asked)))
    )


def _meet(a: tuple[int, int], b: tuple[int, int]) -> bool:
    return a[0] < b[1] and b[0] < a[1]


def _same(ours: Event, theirs: Event) -> bool:
    """Whether two events of one report are the same act: type, an actor in common on each side, words that overlap."""
    sides = [({p.code for p in a}, {p.code for p in b}) for a, b in zip(_sides(ours), _sides(theirs), strict=True)]
    alike = ours.type == theirs.type and _meet(ours.span, theirs.span)
    return alike and all(a & b or not (a or b) for a, b in sides)


def _sides(event: Event) -> tuple[tuple[Party, ...], tuple[Party, ...]]:
    everyone = (*event.source, *event.target)
    return (everyone, everyone) if event.reciprocal else (event.source, event.target)


def _question(event: Event, who: str) -> Question:
    words = f"{who}: {event.type} ({event.modality})"
    return Question(event.report, "coders disagree", words, event.sentence, event.span)
