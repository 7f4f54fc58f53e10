"""The conductor: a report becomes a reading.

Clean text, find names, parse, match frames, decide modality and date, follow the speakers, collect claims, ties and
questions, mark repeated mentions, score confidence. Every span that leaves here counts characters of the report as
stored.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from functools import partial
from itertools import tee, zip_longest
from typing import NamedTuple

import msgspec

from detente import codebook
from detente.actors import Register, register
from detente.events import Claim, Event, Modality, Party, Question, Reading, Report, Span, Tie
from detente.read import clean as cleaning
from detente.read import dates, judge, modality
from detente.read.claims import claims
from detente.read.frames import Lexicon, Match, domain, lexicon, match
from detente.read.gazetteer import Gazetteer
from detente.read.grammar import antecedent, is_passive, subjects
from detente.read.heads import dateline
from detente.read.memory import Memory, inferred
from detente.read.mentions import Cast, find
from detente.read.parse import Parsed, Sentence, parse_many, sentences
from detente.read.relations import ties
from detente.read.voices import Heard, Voices
from detente.read.words import Span as Tokens
from detente.read.words import Token

# CAMEO: intent to cooperate (03) and threat (13), by the root of the act that is intended.
_INTENT = {"04": "036", "05": "032", "06": "031", "07": "033", "08": "035"}
_THREAT = {"14": "133", "16": "131", "17": "132", "18": "138", "19": "138", "20": "138"}
_WORDS = frozenset({"ACCUSE", "REQUEST", "THREATEN", "AGREE", "REJECT"})
_COUNTED = frozenset({"asserted", "planned", "historical"})  # what others are, is said to be in doubt anyway
_DEFINITE = frozenset({"the", "this", "these", "those", "such"})
_REPLIES = frozenset({"ACCUSE", "REJECT", "THREATEN"})
_BACK = frozenset({"it", "this", "that", "them"})
_TIMES = frozenset({"DATE", "TIME"})
_EXERCISED = frozenset({"restraint", "caution", "right", "power", "authority", "sovereignty", "jurisdiction"})
_GROUND = frozenset({"waters", "water", "river", "sea", "island", "islands", "coast", "strait"})
_NEAR = 600  # characters between an event and the reply to it


class _Place(NamedTuple):
    """Where a match stands: report, clean text, sentence, its date and its voices."""

    report: Report
    clean: cleaning.Clean
    mark: Sentence
    tokens: Tokens
    dating: dates.Dating | None
    heard: Heard
    setting: judge.Setting
    listed: Modality | None = None
    lead: frozenset[str | None] = frozenset()
    past: bool = False

    def stored(self, party: Party) -> Party:
        span = self.clean.back(*party.span) if party.span else None
        return msgspec.structs.replace(party, span=span)

    def words(self) -> str:
        """The sentence as stored."""
        return self.report.text[slice(*self.clean.back(self.mark.start, self.mark.end))]


class Coder:
    """Reads reports; the parser is loaded when the first report is read.

    Args:
        frames: frames other than the shipped ones.
        least: what is told as a fact or plan is left out where its confidence is below this.

    Attributes:
        seen: where a dictionary is put here, what the judge saw of each event, by id (for training it).

    Example:
        >>> reading = Coder().read(report)  # doctest: +SKIP
        >>> [(e.type, e.modality) for e in reading.events]  # doctest: +SKIP
        [('ACCUSE', 'asserted')]
    """

    def __init__(self, frames: Lexicon | None = None, *, least: float = judge.LEAST) -> None:
        self.frames = frames or lexicon()
        self.least = least
        self.seen: dict[str, tuple[str, ...]] | None = None
        self.register = register()
        named = ("agreements", "exercises", "talks", "arms")
        self.things = frozenset().union(*(self.frames.classes[k] for k in named)) - self.frames.people.keys()

    def read(self, report: Report) -> Reading:
        """All that one report tells."""
        return next(self.read_many([report]))

    def read_many(self, reports: Iterable[Report]) -> Iterator[Reading]:
        """Readings of many reports, in order, parsed in batches."""
        prepared = ((r, c, list(_sentences(c, r))) for r in reports for c in (cleaning.normalise(r.text),))
        to_parse, to_read = tee(prepared)
        texts = ((c.text, marks, Gazetteer(self.register, r.published)) for r, c, marks in to_parse)
        for parsed, (report, clean, _) in zip(parse_many(texts), to_read, strict=True):
            yield self._reading(report, clean, parsed)

    def _reading(self, report: Report, clean: cleaning.Clean, parsed: Parsed) -> Reading:
        memory = Memory(self.register)
        cast = Cast(parsed.doc, parsed.found, memory, self.frames.people, self.things)
        voices = Voices(report)
        events: list[Event] = []
        said: list[Claim] = []
        named: list[Tie] = []
        questions: dict[Question, None] = {}
        anchor: str | None = None
        past, end_before = False, 0
        lead: tuple[Party, ...] = ()
        listed: Modality | None = None
        only = len(parsed.sentences) == 1
        gazetteer = Gazetteer(self.register, report.published)
        memory.issuer = _issuer(report, clean.text, gazetteer)
        for (start, end, mark), following in zip_longest(parsed.sentences, parsed.sentences[1:]):
            tokens = parsed.doc[start:end]
            memory.place = _dateline(clean.text, mark, gazetteer) or memory.place
            mentions = find(parsed.doc, cast, start, end)
            after = parsed.doc[following[0] : following[1]] if following else None
            heard = voices.hear(tokens, mentions, kind=mark.kind, following=after)
            cast.voices = partial(_speaking, heard, self.register)
            dating = dates.find(tokens.text, report.published, anchor=anchor)
            anchor = dating.date if dating else anchor
            if dating or "\n" in clean.text[end_before : mark.start]:
                past = dating is not None and modality.is_historical(dating.date, report.published)
            end_before = mark.end
            if mark.kind != "bullet":
                lead, listed = _lead(tokens, cast)
            cast.lead = lead if mark.kind == "bullet" else ()
            # A heading repeats what the text says; a text of one line is a sentence, whatever it looks like.
            if only or mark.kind not in {"heading", "table header"}:
                words = [t for t in tokens if not t.is_space]
                hits = match(words, cast, self.frames)
                place = _Place(
                    report,
                    clean,
                    mark,
                    tokens,
                    dating,
                    heard,
                    judge.Setting(words, cast.found, hits, mark.kind, only),
                    listed if cast.lead else None,
                    frozenset(p.code for p in cast.lead),
                    past,
                )
                for hit in hits:
                    event = self._event(self._recalled(hit, events), place)
                    if event is not None:
                        events.append(event)
                        if event.reciprocal:  # "they" of the next sentence
                            memory.note(mark.end - 2, tuple(p for p in (*hit.source, *hit.target) if p.code))
                        questions.update(dict.fromkeys(_questions(event)))
                said += claims(tokens, mentions, heard, report, clean)
            named += ties(tokens, mentions, report, clean, before=named[-1] if named else None)
            _note_subjects(tokens, cast, memory, mark.end - 1)
        return Reading(report, tuple(_repeats(_unique(events))), tuple(said), tuple(named), tuple(questions))

    def _recalled(self, hit: Match, events: list[Event]) -> Match:
        """A match whose target is an earlier event ("protested against the upcoming exercises") takes its parties."""
        if hit.target or hit.noun or codebook.quad(hit.frame.type).startswith("material"):
            return hit
        for token in hit.verb.subtree:
            lemma = token.lemma_.lower()
            frame = self.frames.nouns.get(lemma)
            type_ = "SUPPORT" if lemma in self.frames.classes["agreements"] else frame.type if frame else ""
            if (
                not type_
                or token.dep_ not in {"dobj", "pobj"}
                or not any(c.lower_ in _DEFINITE for c in token.children)
            ):
                continue
            field = frame.domain if frame else None
            for event in reversed(events[-6:]):
                sides = [{p.code for p in side} for side in (event.source, event.target)]
                own = {p.code for p in hit.source}
                if event.type == type_ and type_ in _WORDS and own & sides[1]:  # "rejected the accusation"
                    return hit._replace(target=_bare(event.source), direct=hit.direct / 2)
                if type_ in _WORDS or token == hit.trigger:
                    continue
                if event.type == type_ or (field is not None and event.domain == field):
                    target = tuple(p for p in (*event.source, *event.target) if p.code and p.code not in own)
                    return hit._replace(target=_bare(target), direct=hit.direct / 2)
        return self._answered(hit, events)

    def _answered(self, hit: Match, events: list[Event]) -> Match:
        """A reply that names nobody ("Canberra protested", "dismissed the charge") is to the last event's other side.

        "Condemned the move" is to whoever made it. An event between others, or one told long before, is not answered.
        """
        if hit.frame.type not in _REPLIES or not hit.source or not events or is_passive(hit.verb):
            return hit
        about = [t for t in hit.verb.subtree if t.dep_ in {"dobj", "pobj", "ccomp"} and t.ent_type_ not in _TIMES]
        word, move = self.frames.classes["replied"], self.frames.classes["moves"]
        kinds = {t.lemma_.lower() for t in about if t.lower_ in _BACK or any(c.lower_ in _DEFINITE for c in t.children)}
        own = {p.code for p in hit.source}
        start, dyad = hit.verb.sent.start_char, _dyad(events[-1])
        for last in reversed(events[-3:]):
            doers, others = ({p.code for p in side} for side in (last.source, last.target))
            if _dyad(last) != dyad or start - last.span[1] > _NEAR or None in dyad or not (doers - own or others - own):
                break
            target: tuple[Party, ...] = ()
            if not about or kinds & (word | _BACK):
                if own & others and doers - own:
                    target = last.source
                elif own & doers and others - own and (last.reciprocal or last.type in _REPLIES):
                    target = last.target
            elif kinds & move and hit.frame.type == "ACCUSE" and doers and others and not own & doers:
                target = last.source
            if target:
                return hit._replace(target=_bare(target), direct=hit.direct / 2)
        return hit

    def _is_cue(self, token: Token) -> bool:
        """Whether a word may tell the domain: not "exercise restraint", nor "Waters" in the name of a treaty."""
        if token.lemma_.lower() == "exercise":
            right = any(k.lemma_.lower() in _EXERCISED for c in token.children if c.lower_ == "of" for k in c.children)
            return token.pos_ == "NOUN" and not right
        named = token.pos_ == "PROPN" and token.dep_ == "compound" and token.head.text[:1].isupper()
        return not (named and token.lower_ in _GROUND and token.head.lower_ in self.frames.classes["agreements"])

    def _event(self, hit: Match, place: _Place) -> Event | None:
        if not any(p.code or p.name[:1].isupper() for p in (*hit.source, *hit.target)):
            return None
        how, type_, cameo = _told(hit, place)
        report, clean = place.report, place.clean
        source = tuple(place.stored(p) for p in hit.source)
        target = tuple(place.stored(p) for p in hit.target)
        trigger = clean.back(hit.trigger.idx, hit.trigger.idx + len(hit.trigger))
        sentence = clean.back(place.mark.start, place.mark.end)
        spans = [s for s in (trigger, *(p.span for p in (*source, *target))) if s and sentence[0] <= s[0] < sentence[1]]
        span = min(s[0] for s in spans), max(s[1] for s in spans)
        lemmas = [t.lemma_.lower() for t in hit.trigger.subtree if self._is_cue(t)]
        dating = place.dating
        id_ = _id(report.id, type_, source, target, span, how)
        signs = judge.signs(hit, type_, how, place.heard.reported(hit.trigger.i), place.setting)
        confidence = judge.confidence(signs)
        if confidence < self.least and how in _COUNTED:
            return None
        if self.seen is not None:
            self.seen[id_] = signs
        return Event(
            id=id_,
            report=report.id,
            type=type_,
            cameo=cameo,
            quad=codebook.quad(type_),
            source=source,
            target=target,
            reciprocal=hit.reciprocal,
            domain=hit.frame.domain or domain(lemmas, self.frames),
            modality=how,
            date=dating.date if dating else None,
            date_precision=dating.precision if dating else None,
            date_from=dating.date_from if dating else None,
            speakers=place.heard.speakers(hit.trigger.i),
            sentence=place.words(),
            span=span,
            trigger=trigger,
            confidence=confidence,
        )


def _dyad(event: Event) -> frozenset[str | None]:
    """Codes of all that take part in an event."""
    return frozenset(p.code for p in (*event.source, *event.target))


def _bare(parties: Iterable[Party]) -> tuple[Party, ...]:
    """Parties that are named elsewhere in the report only."""
    return tuple(msgspec.structs.replace(p, span=None, inferred=True) for p in parties)


def _told(hit: Match, place: _Place) -> tuple[Modality, str, str]:
    """Modality, and the type and CAMEO code that the modality makes of the frame's."""
    verb, type_, cameo = hit.verb, hit.frame.type, hit.frame.cameo
    noun = hit.trigger if hit.trigger != verb and hit.trigger.pos_ != "VERB" else None
    how = modality.of_noun(hit.trigger) if hit.noun else modality.of_verb(verb, noun=noun)
    if type_ == "COOPERATE" and hit.frame.domain == "exercise" and not hit.reciprocal and not _is_joint(hit):
        type_, cameo = "MOBILIZE", "150"  # drills held alone are a show of force
    kind = codebook.quad(type_)
    if not hit.noun and hit.source and kind.endswith("cooperation"):
        if how == "negated" and modality.refuses(verb):
            return "asserted", "REJECT", "120"
        if how == "hypothetical" and modality.is_willing(verb):
            how = "planned"
    if place.listed and how == "asserted" and {p.code for p in hit.source} & place.lead:
        how = place.listed
    if how == "planned" and hit.source:
        # PLOVER: what is announced for the future is AGREE or THREATEN; CAMEO 03 and 13 say which kind.
        if kind.endswith("cooperation") and type_ != "AGREE":
            return how, "AGREE", _INTENT.get(cameo[:2], "030")
        if kind == "material conflict" and type_ != "MOBILIZE" and not hit.noun:
            return how, "THREATEN", _THREAT.get(cameo[:2], "130")
    if how == "asserted":
        if place.past and (place.dating or modality.is_narrated(hit.verb)):
            return "historical", type_, cameo
        if kind.endswith("conflict") and place.heard.reported(hit.trigger.i):
            # What a side says was done to it is its claim.
            speaker = place.heard.speakers(hit.trigger.i)[-1:]
            sides = [{p.code for p in side if p.code} for side in (hit.source, hit.target)]
            if speaker and speaker[0].code in sides[1] - sides[0]:
                return "claimed", type_, cameo
    return how, type_, cameo


def _is_joint(hit: Match) -> bool:
    """Whether a drill is held with others, though the text does not name them."""
    near = {c.lower_ for word in {hit.trigger, hit.verb} for c in word.children}
    return bool(
        near & {"joint", "combined", "bilateral", "trilateral", "multilateral", "multinational", "with", "allied"}
    )


def _sentences(clean: cleaning.Clean, report: Report) -> Iterator[Sentence]:
    for block in cleaning.blocks(clean, report.boilerplate):
        if block.kind != "boilerplate":
            for start, end in block.parts:
                yield from (Sentence(s, e, block.kind) for s, e in sentences(clean.text, start, end))


def _dateline(text: str, mark: Sentence, gazetteer: Gazetteer) -> str:
    """Code of the state that the dateline before a sentence names, empty where there is none."""
    line = text.rfind("\n", 0, mark.start) + 1
    if not 0 < mark.start - line < 80 or dateline(text, line, mark.end) != mark.start:
        return ""
    for found in gazetteer.scan(text[line : mark.start].title()):
        codes = {name.code for _, _, names in found.names for name in names}
        if found.home or len(codes) == 1:
            return found.home or codes.pop()
    return ""


_OFFICIAL = re.compile(
    r"\b(?:Ministry|Department|Embassy|Government|Secretariat|Mission|Commission|Council|Cabinet|Command|Office of|"
    r"Foreign Office|White House|Kremlin|Chancellery|Armed Forces|Prime Minister's Office)\b"
)
_STATEMENT = re.compile(
    r"\s*(?:Press |Joint |Official |Foreign Ministry )?(?:Statement|Communiqu[eé]|Declaration|Comment|Remarks|"
    r"Press Release)\s+(?:by|of|from)\b([^\n.]{3,120})"
)


def _issuer(report: Report, text: str, gazetteer: Gazetteer) -> tuple[Party, ...]:
    """The institution whose statement a report is: what its "we" and "the Ministry" mean; none for articles."""
    opening = _STATEMENT.match(report.title) or _STATEMENT.match(text)
    official = [words for words in (report.outlet, report.standpoint, report.title) if _OFFICIAL.search(words)]
    exact = [words for words in (report.outlet, report.author) if gazetteer.register.lookup(words)]
    for words in [*([opening[1]] if opening else []), *official, *exact]:
        for found in gazetteer.scan(words):
            codes = {name.code: name for _, _, names in found.names[:1] for name in names}
            if len(codes) == 1:
                ((code, name),) = codes.items()
                actor = gazetteer.register.actor(code)
                return (Party(code, actor.name, actor.kind, name.role, None, True),)
    return ()


_ANNOUNCE = modality.WORDS["announces"]


def _lead(tokens: Tokens, cast: Cast) -> tuple[tuple[Party, ...], Modality | None]:
    """Who does what a list tells, and how: the subject of the sentence that introduces it ("A outlined steps:")."""
    if not tokens.text.rstrip().endswith(":"):
        return (), None
    root = next((t for t in tokens if t.dep_ == "ROOT"), None)
    if root is None:
        return (), None
    told = modality.of_verb(root)
    if told == "asserted":
        told = "planned" if root.lemma_.lower() in _ANNOUNCE else "claimed"
    return inferred(p for t in subjects(root) for p in cast.parties(t) if p.code), told


def _speaking(heard: Heard, register: Register, token: int) -> tuple[Party, ...]:
    """Who says "we" in quoted words: their innermost speaker."""
    for speaker in reversed(heard.speakers(token)):
        if speaker.as_ in {"author", "outlet"}:
            return ()
        if speaker.code and speaker.code in register.actors:
            actor = register.actor(speaker.code)
            return (Party(actor.code, actor.name, actor.kind, None, None, True),)
    return ()


def _note_subjects(tokens: Iterable[Token], cast: Cast, memory: Memory, at: int) -> None:
    """Subjects are what the next sentence's pronouns mean, the main clause's before others."""
    heads = [t for t in tokens if t.dep_ in {"nsubj", "nsubjpass"}]
    for token in sorted(heads, key=lambda t: (t.head.dep_ == "ROOT", t.i)):
        memory.note(at, tuple(p for p in cast.parties(antecedent(token)) if p.code))


def _key(parties: Iterable[Party]) -> tuple[str, ...]:
    return tuple(p.code or p.name for p in parties)


def _id(report: str, type_: str, source: tuple[Party, ...], target: tuple[Party, ...], span: Span, how: str) -> str:
    words = repr((report, type_, _key(source), _key(target), span, how))
    return hashlib.sha256(words.encode()).hexdigest()[:16]


def _questions(event: Event) -> Iterator[Question]:
    for party in (*event.source, *event.target):
        if party.code is None and party.span and party.name[:1].isupper():
            yield Question(event.report, "unknown actor", party.name, event.sentence, party.span)


def _unique(events: list[Event]) -> list[Event]:
    """Each event of a sentence once."""
    seen: dict[object, Event] = {}
    for e in events:
        seen.setdefault((e.type, _key(e.source), _key(e.target), e.sentence, e.modality), e)
    return list(seen.values())


def _repeats(events: list[Event]) -> Iterator[Event]:
    """Within a report, a second mention of an event points to the first."""
    first: dict[object, Event] = {}
    for e in events:
        sides = (frozenset(_key(e.source)), frozenset(_key(e.target)))
        key = (e.cameo, sides[0] | sides[1] if e.reciprocal else sides, e.modality)
        known = first.setdefault(key, e)
        apart = any(a and b and a != b for a, b in ((known.date, e.date), (known.domain, e.domain)))
        if known is e or apart:
            yield e
        else:
            yield msgspec.structs.replace(e, same_as=known.id)
