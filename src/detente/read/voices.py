"""Who says so: the chain of speakers behind every word of a sentence.

The outermost voice is the author, then the outlet, then whom they quote, then whom that one quotes. A word stands
inside somebody's speech where it lies in the clause of a verb of saying ("X said that ..."), between quotation marks
that X opened, under "according to X", or in a list that X's announcement introduces. Verbs, documents and outlets are
data (``data/voices.toml``); the method is that of dependency rules for direct and indirect speech (Krestel, Bergler
and Witte 2008, "Minding the source: automatic tagging of reported speech in newspaper articles").
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from msgspec import Struct
from spacy.tokens import Doc, Span, Token

from detente.actors import register
from detente.events import Report, Speaker, Stance
from detente.read.mentions import Mention

_SUBJECTS = frozenset({"nsubj", "nsubjpass"})
_CLAUSES = frozenset({"ccomp", "xcomp"})
_PRONOUNS = frozenset({"he", "she", "they", "him", "her", "them"})
_STATE_NOUNS = frozenset({"regime", "government", "country", "nation", "leadership", "kingdom", "republic"})
_UNREAL = frozenset({"may", "might", "could", "would", "should", "must", "can"})
_LIST_KINDS = frozenset({"bullet", "table header", "table row"})


class Utterance(Struct, frozen=True):
    """What somebody says in a sentence.

    Args:
        speakers: who says it, one link or none where the text does not tell ("it was noted that").
        start, end: tokens of the document that are the content.
        cue: token that reports it, None where only an open quotation or a list carries it on.
        stance: how the speaker stands to it.
        clausal: whether it is a clause or quotation, rather than a noun phrase ("emphasised the need for X").
    """

    speakers: tuple[Speaker, ...]
    start: int
    end: int
    cue: int | None
    stance: Stance
    clausal: bool = True


class Heard(Struct, frozen=True):
    """The voices of one sentence.

    Args:
        base: the chain down to the author or outlet.
        utterances: what others say in it, outermost first.
        group: codes of the list of actors that the document named last, meant by "this coalition".
    """

    base: tuple[Speaker, ...]
    utterances: tuple[Utterance, ...]
    group: tuple[str, ...] = ()

    def speakers(self, token: int) -> tuple[Speaker, ...]:
        """The chain that vouches for a token of the document, outermost first."""
        links = [u.speakers for u in self.utterances if u.clausal and u.start <= token < u.end and u.cue != token]
        chain = list(self.base)
        for link in links:
            chain += [speaker for speaker in link if speaker not in chain]
        return tuple(chain)

    def reported(self, token: int) -> bool:
        """Whether the token lies in somebody's reported speech."""
        return any(u.clausal and u.start <= token < u.end and u.cue != token for u in self.utterances)


class _Words(Struct, frozen=True):
    verbs: dict[str, Stance]
    nouns: dict[str, Stance]
    objects: frozenset[str]
    with_as: frozenset[str]
    documents: frozenset[str]
    gatherings: frozenset[str]
    views: frozenset[str]
    speakers: frozenset[str]
    outlet_words: frozenset[str]
    outlet_names: frozenset[str]


@cache
def _words() -> _Words:
    data: dict[str, Any] = tomllib.loads((files("detente") / "data" / "voices.toml").read_text(encoding="utf-8"))
    return _Words(
        {lemma: stance for stance, lemmas in data["verbs"].items() for lemma in lemmas},
        {lemma: stance for stance, lemmas in data["nouns"].items() for lemma in lemmas},
        frozenset(data["objects"]["verbs"]),
        frozenset(data["objects"]["with_as"]),
        frozenset(data["documents"]["nouns"]),
        frozenset(data["documents"]["gatherings"]),
        frozenset(data["views"]["nouns"]),
        frozenset(data["speakers"]["nouns"]),
        frozenset(data["outlets"]["words"]),
        frozenset(data["outlets"]["names"]),
    )


class Voices:
    """Follows the speakers of one document, sentence by sentence, in order.

    Args:
        report: the document; its author and outlet are the outermost voices.

    Example:
        >>> voices = Voices(report)  # doctest: +SKIP
        >>> heard = voices.hear(doc[0:12], mentions)  # doctest: +SKIP
        >>> [speaker.name for speaker in heard.speakers(7)]  # doctest: +SKIP
        ['Jane Roe', 'Russia']
    """

    def __init__(self, report: Report) -> None:
        self.base = _base(report)
        self.person: tuple[Speaker, ...] = ()
        self.state: tuple[Speaker, ...] = ()
        self.gathering: tuple[Speaker, ...] = ()
        self.open: tuple[Speaker, ...] | None = None
        self.open_stance: Stance = "asserts"
        self.lead: tuple[Speaker, ...] = ()
        self.group: tuple[str, ...] = ()

    def hear(
        self, sent: Span, mentions: Sequence[Mention] = (), *, kind: str = "paragraph", following: Span | None = None
    ) -> Heard:
        """The voices of the next sentence.

        Args:
            sent: the sentence, parsed.
            mentions: actors in it, by token of the document.
            kind: kind of the block that it stands in (``paragraph``, ``bullet`` ...).
            following: the sentence after it, which may name its speaker ("This was announced by X").
        """
        new_block = self._begins_block(sent)
        if new_block:
            self.open = None
        found: list[Utterance] = []
        if kind in _LIST_KINDS:
            if self.lead:
                found.append(Utterance(self.lead, sent.start, sent.end, None, "asserts"))
        else:
            self.lead = ()
        marks = [token.i for token in sent if token.text in {'"', "``", "''"}]
        carried = self.open
        if carried is not None and kind not in _LIST_KINDS:
            stop = marks[0] + 1 if marks else sent.end
            if carried:
                found.append(Utterance(carried, sent.start, stop, None, self.open_stance))
            marks = marks[1:]
        spoken: list[Utterance] = []
        for token in sent:
            for utterance in self._by_token(token, sent, mentions):
                spoken.append(utterance)
                if utterance.speakers and utterance.speakers[0].as_ == "quoted":
                    self.person = utterance.speakers
        if not any(u.speakers for u in spoken):
            later = self._announced_by(following)
            if later:
                spoken = [Utterance(later, u.start, u.end, u.cue, u.stance, u.clausal) for u in spoken]
                spoken = spoken or [Utterance(later, sent.start, sent.end, None, "asserts")]
        found += spoken
        found += self._quotations(sent, marks, spoken)
        if carried is None or marks:
            if len(marks) % 2:
                inside = [u for u in spoken if u.cue is not None and u.speakers]
                self.open = inside[-1].speakers if inside else ()
                self.open_stance = inside[-1].stance if inside else "asserts"
            else:
                self.open = None
        elif sent.doc[sent.start : sent.end].text.count('"') % 2:
            self.open = None
        self._remember(sent, mentions, spoken, kind)
        for mention in mentions:
            codes = tuple(sorted({party.code for party in mention.parties if party.code}))
            if len(codes) > 1:
                self.group = codes
        return Heard(self.base, tuple(_merged(found)), self.group)

    def _begins_block(self, sent: Span) -> bool:
        doc, at = sent.doc, sent.start - 1
        return at < 0 or "\n" in doc[at].text_with_ws

    def _by_token(self, token: Token, sent: Span, mentions: Sequence[Mention]) -> Iterator[Utterance]:
        if token.lower_ == "according":
            yield from self._according(token, sent, mentions)
        elif token.lemma_.lower() in _words().views and token.dep_ == "pobj" and token.head.lower_ == "in":
            owner = [child for child in token.children if child.dep_ == "poss"]
            speakers = self._who(owner[0], sent, mentions, thing=True) if owner else ()
            if speakers:
                yield Utterance(speakers, *_rest(token.head, sent), token.i, "asserts")
        elif token.pos_ == "NOUN" and token.lemma_.lower() in _words().nouns:
            yield from self._by_noun(token, sent, mentions)
        else:
            yield from self._by_verb(token, sent, mentions)

    def _by_noun(self, token: Token, sent: Span, mentions: Sequence[Mention]) -> Iterator[Utterance]:
        """ "Tokyo's concern over the drills", "allegations from Moscow that ...": what the noun is about."""
        owners = [child for child in token.children if child.dep_ == "poss" and child.lower_ not in {"its", "their"}]
        about: list[Token] = []
        for child in token.children:
            if child.dep_ == "prep" and child.lower_ in {"from", "by"}:
                owners += [c for c in child.children if c.dep_ == "pobj"]
            elif child.dep_ == "prep" and child.lower_ in {
                "over",
                "about",
                "regarding",
                "concerning",
                "on",
                "of",
                "against",
                "to",
                "for",
            }:
                about += [c for c in child.children if c.dep_ in {"pobj", "pcomp"}]
            elif child.dep_ == "prep":
                about += [g for c in child.children if c.dep_ == "prep" for g in c.children if g.dep_ == "pobj"]
            elif child.dep_ == "acl" and child.lower_ in {"regarding", "concerning"}:
                about += [c for c in child.children if c.dep_ == "dobj"]
            elif child.dep_ in {"acl", "ccomp"} and any(
                c.lower_ == "that" and c.dep_ == "mark" for c in child.children
            ):
                about.append(child)
        speakers = self._who(owners[0], sent, mentions, thing=True) if owners else ()
        if speakers and about:
            start, end = min(a.left_edge.i for a in about), max(a.right_edge.i + 1 for a in about)
            stance = _words().nouns[token.lemma_.lower()]
            yield Utterance(speakers, max(start, sent.start), min(end, sent.end), token.i, stance, clausal=False)

    def _by_verb(self, token: Token, sent: Span, mentions: Sequence[Mention]) -> Iterator[Utterance]:
        """Content of a verb of saying: its clause, or, for some verbs, its object."""
        words = _words()
        stance = words.verbs.get(token.lemma_.lower())
        if stance is None or token.pos_ not in {"VERB", "AUX"}:
            return
        if token.lemma_.lower() == "call" and not any(
            c.lower_ in {"for", "on"} or c.dep_ == "xcomp" for c in token.children
        ):
            # To call for something is to demand it, to call it something is not.
            stance = "asserts"
        if token.dep_ == "amod" or (token.dep_ == "acl" and token.tag_ == "VBN"):
            return
        if any(child.dep_ == "aux" and child.lower_ in _UNREAL for child in token.children):
            return
        passive = any(child.dep_ in {"auxpass", "nsubjpass"} for child in token.children)
        subject = _subject(token)
        content = [c for c in token.children if c.dep_ in _CLAUSES and not _is_relative(c)]
        content = [c for c in content if c.dep_ == "ccomp" or stance == "demands" or passive]
        lemma = token.lemma_.lower()
        speakers = self._who(subject, sent, mentions) if subject is not None else ()
        if passive:
            agents = [
                g for child in token.children if child.dep_ == "agent" for g in child.children if g.dep_ == "pobj"
            ]
            speakers = self._who(agents[0], sent, mentions) if agents else self._document(token, sent, mentions)
            if not agents and not content:
                if speakers and token.i + 1 < sent.end:
                    start = next((t.i for t in sent.doc[token.i + 1 : sent.end] if t.lower_ == "that"), token.i + 1)
                    yield Utterance(speakers, start, sent.end, token.i, _turned(stance, token))
                return
        elif subject is not None and not speakers:
            # "the anniversary showed that": a thing proves, it does not speak.
            return
        if content:
            for clause in content:
                start, end = _extent(clause, sent)
                whole = token.dep_ != "relcl" or any(c.dep_ in _SUBJECTS for c in clause.children)
                if not whole:
                    # "measures they believe are necessary": the noun belongs to what is believed.
                    start = max(sent.start, token.head.left_edge.i)
                yield Utterance(speakers, start, end, token.i, _turned(stance, token), clausal=whole)
            return
        if (
            speakers
            and token.dep_ == "advcl"
            and any(c.lower_ == "as" and c.dep_ in {"mark", "advmod"} for c in token.children)
        ):
            yield Utterance(speakers, *_rest(token, sent), token.i, _turned(stance, token))
            return
        topic = [
            g
            for c in token.children
            if c.dep_ == "prep" and c.lower_ in {"on", "about"}
            for g in c.children
            if g.dep_ == "pobj"
        ]
        if topic and speakers and speakers[0].as_ == "outlet":
            yield Utterance(speakers, *_extent(topic[0], sent), token.i, stance)
            return
        before = self._inverted(token, sent)
        if before is not None and speakers:
            yield Utterance(speakers, *before, token.i, _turned(stance, token))
            return
        if lemma not in words.objects or not speakers:
            return
        objects = [c for c in token.children if c.dep_ in {"dobj", "oprd"} or (passive and c.dep_ == "nsubjpass")]
        prepositions = [c for c in token.children if c.dep_ == "prep" and c.lower_ in {"as", "for", "of"}]
        prepositions += [p for o in objects for p in o.children if p.dep_ == "prep" and p.lower_ == "as"]
        if lemma in words.with_as and not (any(p.lower_ == "as" for p in prepositions) or len(objects) > 1):
            return
        # "what it perceives as a threat": what is claimed is that it is one.
        objects = [c for c in objects if c.lower_ != "what"] or [p for p in prepositions if p.lower_ == "as"]
        if objects:
            pieces = objects + prepositions
            starts = [piece.left_edge.i for piece in pieces]
            ends = [piece.right_edge.i + 1 for piece in pieces]
            start, end = max(sent.start, min(starts)), min(sent.end, max(ends))
            yield Utterance(speakers, start, end, token.i, _turned(stance, token), clausal=False)

    def _inverted(self, token: Token, sent: Span) -> tuple[int, int] | None:
        """ "..., Tokyo announced." and "..., he said, ...": the verb of saying is put behind or into what is said."""
        doc = sent.doc
        if token.i + 1 < sent.end and doc[token.i + 1].text == "," and token.dep_ in {"parataxis", "ccomp", "advcl"}:
            subject = _subject(token)
            first = min(token.i, subject.left_edge.i if subject is not None else token.i)
            if first > sent.start and doc[first - 1].text == "," and token.head.i > token.i:
                return sent.start, sent.end
        if token.dep_ in {"parataxis", "ccomp"} or (token.dep_ == "advcl" and token.head.i < token.i):
            head = token.head
            if head.pos_ in {"VERB", "AUX"} and head.i != token.i:
                subject = _subject(token)
                first = min(token.i, subject.left_edge.i if subject is not None else token.i)
                if first > sent.start and sent.doc[first - 1].text in {",", '"'} and first > head.i:
                    return sent.start, first
        return None

    def _according(self, token: Token, sent: Span, mentions: Sequence[Mention]) -> Iterator[Utterance]:
        names = [g for child in token.children if child.lower_ == "to" for g in child.children if g.dep_ == "pobj"]
        if not names:
            to = sent.doc[token.i + 1 : min(token.i + 2, sent.end)]
            names = [g for part in to for g in part.children if g.dep_ == "pobj"]
        if not names:
            return
        speakers = self._who(names[0], sent, mentions, thing=True)
        last = names[0].right_edge.i
        if token.i <= sent.start + 1:
            start = min(last + 1, sent.end - 1)
            while start < sent.end - 1 and sent.doc[start].text == ",":
                start += 1
            if start < sent.end:
                yield Utterance(speakers, start, sent.end, token.i, "asserts")
        else:
            yield Utterance(speakers, sent.start, token.i, token.i, "asserts")

    def _quotations(self, sent: Span, marks: list[int], spoken: list[Utterance]) -> Iterator[Utterance]:
        """Words between quotation marks that a verb of saying in the sentence does not already cover."""
        cues = [u for u in spoken if u.cue is not None and u.speakers]
        if not cues:
            return
        for number in range(0, len(marks), 2):
            start = marks[number] + 1
            end = marks[number + 1] if number + 1 < len(marks) else sent.end
            if end - start < 4 or any(u.start <= start and end <= u.end for u in cues):
                continue
            nearest = min(cues, key=lambda u: abs((u.cue or 0) - start))
            yield Utterance(nearest.speakers, start, end, nearest.cue, nearest.stance)

    def _announced_by(self, following: Span | None) -> tuple[Speaker, ...]:
        """Speaker of a sentence that the next one names: "This was announced by X"."""
        if following is None or len(following) < 5 or self._begins_block(following):
            return ()
        root = following.root
        subject = _subject(root)
        passive = any(child.dep_ == "auxpass" for child in root.children)
        if not passive or subject is None or subject.lower_ not in {"this", "that", "it"}:
            return ()
        if root.lemma_.lower() not in _words().verbs or any(c.dep_ in _CLAUSES for c in root.children):
            return ()
        agents = [g for child in root.children if child.dep_ == "agent" for g in child.children if g.dep_ == "pobj"]
        return self._who(agents[0], following, ()) if agents else ()

    def _document(self, verb: Token, sent: Span, mentions: Sequence[Mention]) -> tuple[Speaker, ...]:
        """Institution whose document states something ("In the declaration of the summit, it was stated")."""
        for token in sent:
            if token.lemma_.lower() not in _words().documents or token.dep_ != "pobj":
                continue
            if token.head.lower_ not in {"in", "by"} or not _under(token.head, verb):
                continue
            owners = [m for m in mentions if token.left_edge.i <= m.start <= token.right_edge.i]
            for mention in owners:
                if mention.parties and mention.parties[0].code:
                    return (Speaker(mention.parties[0].code, mention.parties[0].name, "institution"),)
            phrase = list(token.subtree)
            if any(part.lemma_.lower() in _words().gatherings for part in phrase) and self.gathering:
                return self.gathering
            if token.lemma_.lower() != "paragraph":
                return (Speaker(None, _tidy(sent.doc[token.left_edge.i : token.right_edge.i + 1].text), "institution"),)
        return ()

    def _who(self, head: Token, sent: Span, mentions: Sequence[Mention], *, thing: bool = False) -> tuple[Speaker, ...]:
        """The speaker that a noun phrase names: an actor, a person, an outlet; none for things, unless asked."""
        if head.lower_ in _PRONOUNS:
            people = [t for t in sent if t.i < head.i and t.dep_ in _SUBJECTS and t.pos_ == "PROPN"]
            before = [t for t in people if t.ent_type_ not in {"GPE", "NORP", "LOC"}]
            return (self._who(before[-1], sent, mentions) if before else ()) or self.person
        if head.lower_ == "it" and any(c.lower_ == "what" for c in head.head.children):
            named = [m for m in mentions if m.start < head.i and len(m.parties) == 1 and m.parties[0].code]
            return _parties(named[-1]) if named else self.state
        if head.lower_ == "it" and head.dep_ == "nsubj" and head.head.lemma_.lower() in _words().verbs:
            meant = [m for m in mentions if m.start <= head.i < m.end and m.parties[0].code]
            return _parties(meant[0]) if meant else self.state
        if head.pos_ == "PRON" and head.lower_ not in {"who", "which"}:
            return ()
        if head.lower_ in {"who", "which"} and head.head.dep_ in {"relcl", "acl"}:
            return self._who(head.head.head, sent, mentions, thing=thing)
        first, last = head.left_edge.i, head.right_edge.i
        for child in head.children:
            if child.dep_ in {"relcl", "acl", "appos", "prep", "punct", "conj", "cc"} and child.i > head.i:
                last = min(last, child.left_edge.i - 1)
        phrase = sent.doc[max(first, sent.start) : max(last, head.i) + 1]
        name = _tidy(phrase.text)
        person = _person(phrase)
        inside = [m for m in mentions if phrase.start <= m.start < phrase.end]
        if not inside:
            # "officials of Japan", "the ministry in Seoul"
            inside = [
                m
                for m in mentions
                for child in head.children
                if child.dep_ == "prep" and child.left_edge.i <= m.start <= child.right_edge.i
            ][:1]
        if _is_outlet(name):
            return (Speaker(None, name, "outlet"),)
        if head.lemma_.lower() in _words().documents and not person:
            owners = [m for m in mentions if head.left_edge.i <= m.start <= head.right_edge.i and m.parties[0].code]
            party = owners[0].parties[0] if owners else None
            return (Speaker(party.code if party else None, name, "institution"),)
        if head.lemma_.lower() in _STATE_NOUNS and not any(
            m.start <= head.right_edge.i and m.end > head.left_edge.i for m in mentions
        ):
            return tuple(Speaker(s.code, name, "quoted") for s in self.state)
        if inside:
            at_head = [m for m in inside if m.start <= head.i < m.end]
            if not at_head and not person and not thing and not speaks(head):
                return ()
            known = [m for m in (*at_head, *inside) if m.parties[0].code]
            mention = (known or at_head or inside)[0]
            return (
                tuple(Speaker(s.code, s.name, "quoted") for s in _parties(mention, person))
                if person
                else _parties(mention, name)
            )
        code = _known(phrase)
        if code is not None and (person or thing or speaks(head) or head.pos_ == "PROPN"):
            kind = None if person else register().actors[code].kind
            return (_speaker(code, kind, person or name),)
        if (
            person
            or thing
            or speaks(head)
            or (head.pos_ == "PROPN" and head.ent_type_ in {"PERSON", "ORG", "GPE", "NORP"})
        ):
            return (Speaker(None, person or name, "quoted"),)
        return ()

    def _remember(self, sent: Span, mentions: Sequence[Mention], spoken: list[Utterance], kind: str) -> None:
        for token in sent:
            passive_agent = token.dep_ == "pobj" and token.head.dep_ == "agent"
            if (token.dep_ in _SUBJECTS or passive_agent) and token.pos_ in {"PROPN", "NOUN"}:
                speakers = self._who(token, sent, mentions)
                if speakers and (_person(sent.doc[token.left_edge.i : token.i + 1]) or speaks(token)):
                    self.person = speakers
        for utterance in spoken:
            if utterance.speakers and utterance.speakers[0].as_ == "quoted":
                self.person = utterance.speakers
        for mention in mentions:
            party = mention.parties[0]
            if (
                len(mention.parties) == 1
                and party.code
                and party.kind == "state"
                and sent.doc[mention.start].dep_ in _SUBJECTS | {"poss", "amod"}
            ):
                self.state = _parties(mention)
            after = sent.doc[mention.end] if mention.end < len(sent.doc) else None
            meets = after is not None and after.lower_ in _words().gatherings
            if meets and len(mention.parties) == 1 and party.kind == "organisation":
                self.gathering = (Speaker(party.code, party.name, "institution"),)
        if kind not in _LIST_KINDS and sent.text.rstrip().endswith(":"):
            reported = [u.speakers for u in spoken if u.speakers and u.cue is not None]
            self.lead = reported[0] if reported else ()


def _base(report: Report) -> tuple[Speaker, ...]:
    """The outermost voices: author, then outlet; an official text speaks for its institution."""
    chain: list[Speaker] = []
    if report.author:
        chain.append(Speaker(None, report.author, "author"))
    if report.outlet:
        official = "statement" in report.kind or "official" in report.kind
        name = register().lookup(report.outlet, report.published)
        code = name.code if name is not None else None
        chain.append(Speaker(code, report.outlet, "institution" if official else "outlet"))
    return tuple(chain) or (Speaker(None, "unnamed author", "author"),)


def _parties(mention: Mention, name: str = "") -> tuple[Speaker, ...]:
    """The parties of a mention as speakers; a single one goes by the name given."""
    alone = len(mention.parties) == 1
    return tuple(_speaker(p.code, p.kind, name if alone and name else p.name) for p in mention.parties)


def _rest(aside: Token, sent: Span) -> tuple[int, int]:
    """The sentence without an aside at its beginning or end ("In Beijing's view, ...")."""
    first, last = aside.left_edge.i, aside.right_edge.i + 1
    if first - sent.start <= 1:
        while last < sent.end - 1 and sent.doc[last].text == ",":
            last += 1
        return min(last, sent.end - 1), sent.end
    return sent.start, max(first, sent.start + 1)


def _is_relative(clause: Token) -> bool:
    """A clause that the parser took for what is said, though "that" is its subject ("reports on talks that ...")."""
    return any(child.dep_ in _SUBJECTS and child.lower_ in {"that", "which", "who"} for child in clause.children)


def _subject(verb: Token) -> Token | None:
    """Subject of a verb, its own or the one it shares with the verb it is joined to or depends on."""
    seen = 0
    while seen < 4:
        for child in verb.children:
            if child.dep_ in _SUBJECTS or child.dep_ == "expl":
                return child
        if verb.dep_ == "acl" and verb.tag_ == "VBG" and verb.i > 0 and verb.nbor(-1).text == ",":
            # ", labelling it ..." after a list: the parser hangs it on the last noun, the sentence on its subject.
            above = [token for token in verb.ancestors if token.pos_ in {"VERB", "AUX"}]
            if not above:
                return None
            verb = above[0]
            seen += 1
        elif verb.dep_ in {"conj", "xcomp", "advcl"} and verb.head.pos_ in {"VERB", "AUX"} and verb.head.i != verb.i:
            verb = verb.head
            seen += 1
        else:
            return None
    return None


def _under(token: Token, verb: Token) -> bool:
    return token.i == verb.i or any(ancestor.i == verb.i for ancestor in token.ancestors)


def _extent(clause: Token, sent: Span) -> tuple[int, int]:
    """Tokens of a clause, without the comma or stop that ends it."""
    start, end = max(sent.start, clause.left_edge.i), min(sent.end, clause.right_edge.i + 1)
    return start, end


def _turned(stance: Stance, verb: Token) -> Stance:
    """A denied verb turns the stance: "did not confirm that"."""
    negated = any(child.dep_ == "neg" for child in verb.children)
    if not negated:
        return stance
    return {"asserts": "doubts", "denies": "asserts", "doubts": "asserts"}.get(stance, stance)  # type: ignore[return-value]


def _merged(found: list[Utterance]) -> list[Utterance]:
    """Without those that lie in another one of the same speakers and cue."""
    out: list[Utterance] = []
    for u in sorted(found, key=lambda u: (u.start - u.end, not u.clausal)):
        if not any(
            v.start <= u.start and u.end <= v.end and v.speakers == u.speakers and (v.cue == u.cue or not u.cue)
            for v in out
        ):
            out.append(u)
    return out


def _tidy(name: str) -> str:
    return re.sub(r"^(?:the|The|a|A|an|An|some|Some)\s+", "", " ".join(name.split())).removesuffix("'s").strip(" ,\"'")


def _is_outlet(name: str) -> bool:
    if name in _words().outlet_names:
        return True
    last = name.rsplit(maxsplit=1)[-1] if name else ""
    return len(name.split()) > 1 and last[:1].isupper() and last.lower() in _words().outlet_words


def speaks(head: Token) -> bool:
    """Whether the noun is one for people or institutions, which can speak."""
    return head.lemma_.lower() in _words().speakers or head.lower_ in _words().speakers


def _person(phrase: Span) -> str:
    """Name of a person at the end of a title ("US Security Adviser Jake Sullivan"), empty where there is none."""
    entity = [token for token in phrase if token.ent_type_ == "PERSON"]
    if entity and entity[-1].i == phrase[-1].i:
        return " ".join(token.text for token in entity)
    named = [token for token in phrase if register().lookup(token.text) is not None and " " in token.text]
    for token in named:
        name = register().lookup(token.text)
        if name is not None and name.sort == "person":
            return token.text
    return ""


def _known(phrase: Span) -> str | None:
    """Code of an actor that the words of a phrase name, longest words first."""
    doc: Doc = phrase.doc
    for length in range(len(phrase), 0, -1):
        for start in range(phrase.start, phrase.end - length + 1):
            words = _tidy(doc[start : start + length].text)
            name = register().lookup(words) if words[:1].isupper() else None
            if name is not None:
                return name.code
    return None


def _speaker(code: str | None, kind: str | None, name: str) -> Speaker:
    return Speaker(code, name, "institution" if kind == "organisation" else "quoted")
