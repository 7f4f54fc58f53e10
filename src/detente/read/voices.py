"""Who says so: the chain of speakers behind every word of a sentence.

The outermost voice is the author, then the outlet, then whom they quote, then whom that one quotes. A word stands
inside somebody's speech where it lies in the clause of a verb of saying ("X said that ..."), between quotation marks
that X opened, under "according to X", or in a list that X's announcement introduces. Verbs, documents and outlets are
data (``data/voices.toml``); the method is that of dependency rules for direct and indirect speech (Krestel, Bergler
and Witte 2008, "Minding the source: automatic tagging of reported speech in newspaper articles").
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import msgspec
from msgspec import Struct

from detente.actors import register
from detente.events import Report, Speaker, Stance
from detente.read.mentions import Mention
from detente.read.saying import (
    SUBJECTS,
    UNREAL,
    below,
    claimed,
    extent_of,
    is_denial,
    is_relative,
    rest_of,
    subject_of,
    turned,
    weighty,
)
from detente.read.speakers import (
    is_outlet,
    is_private,
    known_in,
    outermost,
    person_in,
    speaker,
    speaking,
    speaks,
    tidy,
    words,
)
from detente.read.words import Span, Token

_CLAUSES = frozenset({"ccomp", "xcomp"})
_PRONOUNS = frozenset({"he", "she", "they", "him", "her", "them", "his", "their"})
_STATE_NOUNS = frozenset({"regime", "government", "country", "nation", "leadership", "kingdom", "republic"})
_TOPICS = frozenset({"over", "about", "regarding", "concerning"})
_LABEL = re.compile(r"(?P<label>[A-Z](?:[\w.'’-]|\s(?=[A-Z])){0,40}):\s|Q\.?\s+(?=[A-Z])")
_LIST_KINDS = frozenset({"bullet", "table header", "table row"})


class Said(Struct, frozen=True):
    """An utterance of an earlier sentence, with the actors named in it and the group at issue."""

    speakers: tuple[Speaker, ...]
    sent: Span
    start: int
    end: int
    mentions: tuple[Mention, ...]
    group: tuple[str, ...]


class Utterance(Struct, frozen=True):
    """What somebody says in a sentence.

    Args:
        speakers: who says it, one link or none where the text does not tell ("it was noted that").
        start, end: tokens of the document that are the content.
        cue: token that reports it, None where only an open quotation or a list carries it on.
        stance: how the speaker stands to it.
        clausal: whether it is a clause or quotation, rather than a noun phrase ("emphasised the need for X").
        answers: the earlier utterance that a denial is about, where the document tells.
    """

    speakers: tuple[Speaker, ...]
    start: int
    end: int
    cue: int | None
    stance: Stance
    clausal: bool = True
    answers: Said | None = None


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
        over = [u for u in self.utterances if u.clausal and u.start <= token < u.end and u.cue != token]
        denied = {(u.start, u.end) for u in over if u.stance == "denies"}
        # Of a denied claim, the one who denies it tells what is coded, not the one who made it.
        links = [u.speakers for u in over if u.stance == "denies" or (u.start, u.end) not in denied]
        chain = list(self.base)
        for link in links:
            chain += [speaker for speaker in link if speaker not in chain]
        return tuple(chain)

    def reported(self, token: int) -> bool:
        """Whether the token lies in somebody's reported speech."""
        return any(u.clausal and u.start <= token < u.end and u.cue != token for u in self.utterances)


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
        self.base = outermost(report)
        self.published = report.published
        self.person: tuple[Speaker, ...] = ()
        self.state: tuple[Speaker, ...] = ()
        self.gathering: tuple[Speaker, ...] = ()
        self.open: tuple[Speaker, ...] | None = None
        self.open_stance: Stance = "asserts"
        self.lead: tuple[Speaker, ...] = ()
        self.group: tuple[str, ...] = ()
        self.quoted: tuple[Speaker, ...] = ()
        self.turn: tuple[Speaker, ...] = ()
        self.guest: tuple[Speaker, ...] | None = None
        self.people: dict[str, tuple[Speaker, ...]] = {}
        self.said: list[Said] = []

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
            self._take_turns(sent)
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
        quotations = list(self._quotations(sent, marks, spoken))
        found += quotations
        if marks:
            self.quoted = next((u.speakers for u in (*quotations, *spoken) if u.speakers and u.cue), self.quoted)
        elif new_block:
            self.quoted = ()
        if carried is None or marks:
            if len(marks) % 2:
                inside = [u for u in spoken if u.cue is not None and u.speakers]
                self.open = inside[-1].speakers if inside else self.quoted
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
        merged = [
            msgspec.structs.replace(u, stance="denies")
            if u.stance == "asserts" and u.clausal and is_denial(sent.doc[u.start : u.end])
            else u
            for u in _merged(found)
        ]
        self.said += [
            Said(u.speakers, sent, u.start, u.end, tuple(mentions), self.group)
            for u in merged
            if u.speakers and u.stance != "denies"
        ]
        heard = tuple(self._answering(u, sent) for u in merged)
        return Heard(self.base + self.turn, heard, self.group)

    def _take_turns(self, sent: Span) -> None:
        """Labels of an interview or a transcript ("Q:", "THE PRESIDENT:"): who speaks until the next one."""
        # The label may have been taken for a dateline, which is no part of the sentence.
        before = sent.doc[sent.start - 1].text.rpartition("\n")[2] if sent.start else ""
        match = _LABEL.match((before + sent.text).lstrip())
        if match is None:
            return
        label = match["label"] or "Q"
        plain = re.sub(r"^(?:(?:the|mr|ms|mrs|dr|amb|gen)\.?\s+)+", "", label.lower())
        asked = plain in {"q", "question", "questions", "interviewer"}
        if asked or plain in {"a", "answer"}:
            if self.guest is None:  # the person whom the text before the first question has introduced
                self.guest = next(reversed(self.people.values()), ())
            self.turn = () if asked else self.guest
            return
        title = " ".join(word.capitalize() for word in plain.split())
        row = register().lookup(title, self.published) or register().lookup(title.split()[-1], self.published)
        known = self.people.get(plain.rsplit(" ", 1)[-1], ())
        if label.isupper() and row is not None:
            self.turn = (Speaker(row.code, title, "quoted"),)
        elif known:
            self.turn = known
        elif label.isupper() and len(plain) > 2:
            self.turn = (Speaker(None, title, "quoted"),)

    def _answering(self, utterance: Utterance, sent: Span) -> Utterance:
        """A denial with what it denies: the last utterance by others that names the one who denies, or the last one."""
        if utterance.stance not in {"denies", "doubts"} or not utterance.speakers:
            return utterance
        codes = {speaker.code for speaker in utterance.speakers}
        told = weighty(sent.doc[utterance.start : utterance.end])
        best: tuple[int, Said] | None = None
        for said in self.said[-12:]:
            if {speaker.code for speaker in said.speakers} & codes and said.speakers[0].code:
                continue
            named = {p.code for m in said.mentions if said.start <= m.start < said.end for p in m.parties}
            shared = len(told & weighty(said.sent.doc[said.start : said.end]))
            bare = not told - words().disputed - {"involvement", "responsibility", "role", "part"}
            score = 2 * shared + 2 * bool(named & codes) + 2 * bare
            if score >= 2 and (best is None or score >= best[0]):
                best = score, said
        if best is None:
            return utterance
        return msgspec.structs.replace(utterance, answers=best[1])

    def _begins_block(self, sent: Span) -> bool:
        doc, at = sent.doc, sent.start - 1
        return at < 0 or "\n" in doc[at].text_with_ws

    def _by_token(self, token: Token, sent: Span, mentions: Sequence[Mention]) -> Iterator[Utterance]:
        if token.lower_ == "according":
            yield from self._according(token, sent, mentions)
        elif (
            token.lemma_.lower() in words().views and token.dep_ == "pobj" and token.head.lower_ in {"in", "from", "to"}
        ):
            owner = [child for child in token.children if child.dep_ == "poss"]
            owner += [k for c in token.children if c.lower_ == "of" and c.dep_ == "prep" for k in c.children]
            speakers = self._who(owner[0], sent, mentions, thing=True) if owner else ()
            if speakers:
                aside = token.head
                before = sent.doc[aside.left_edge.i - 1].text if aside.left_edge.i > sent.start else ""
                held = (token.i + 1, sent.end) if before in {":", ";"} else rest_of(aside, sent)
                yield Utterance(speakers, *held, token.i, "asserts")
        elif token.pos_ == "NOUN" and token.lemma_.lower() in words().nouns:
            yield from self._by_noun(token, sent, mentions)
        else:
            yield from self._by_verb(token, sent, mentions)

    def _by_noun(self, token: Token, sent: Span, mentions: Sequence[Mention]) -> Iterator[Utterance]:
        """ "Tokyo's concern over the drills", "allegations from Moscow that ...": what the noun is about."""
        owners = [child for child in token.children if child.dep_ == "poss" and child.lower_ not in {"its", "their"}]
        known = {m.start for m in mentions}
        owners += [child for child in token.children if child.dep_ in {"amod", "compound", "nmod"} and child.i in known]
        about: list[Token] = []
        if token.dep_ == "nsubj" and token.head.lemma_ == "be":  # "Tehran's position is that"
            about += [child for child in token.head.children if child.dep_ == "ccomp"]
        for child in token.children:
            if child.dep_ == "prep" and child.lower_ in {"from", "by"}:
                owners += [c for c in child.children if c.dep_ == "pobj"]
            elif child.dep_ == "prep" and child.lower_ in {
                *_TOPICS,
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
            elif child.dep_ in {"acl", "ccomp", "relcl"} and any(
                c.lower_ == "that" and c.dep_ == "mark" for c in child.children
            ):
                about.append(child)
        speakers = self._who(owners[0], sent, mentions, thing=True) if owners else ()
        if speakers and about:
            start, end = min(a.left_edge.i for a in about), max(a.right_edge.i + 1 for a in about)
            stance = words().nouns[token.lemma_.lower()]
            clausal = any(a.dep_ == "ccomp" or (a.dep_ == "acl" and a.lower_ not in _TOPICS) for a in about)
            yield Utterance(speakers, max(start, sent.start), min(end, sent.end), token.i, stance, clausal=clausal)

    def _by_verb(self, token: Token, sent: Span, mentions: Sequence[Mention]) -> Iterator[Utterance]:
        """Content of a verb of saying: its clause, or, for some verbs, its object."""
        lists = words()
        stance = lists.verbs.get(token.lemma_.lower())
        if stance is None or token.pos_ not in {"VERB", "AUX"}:
            return
        if token.lemma_.lower() == "call" and not any(
            c.lower_ in {"for", "on"} or c.dep_ == "xcomp" for c in token.children
        ):
            # To call for something is to demand it, to call it something is not.
            stance = "asserts"
        if token.lemma_.lower() == "expect" and any(
            k.lower_ == "to" for c in token.children if c.dep_ in _CLAUSES for k in c.children
        ):
            stance = "demands"  # "expects its neighbour to amend its constitution"
        if token.dep_ == "amod" or (token.dep_ == "acl" and token.tag_ == "VBN"):
            return
        if any(child.dep_ == "aux" and child.lower_ in UNREAL for child in token.children):
            return
        passive = any(child.dep_ in {"auxpass", "nsubjpass"} for child in token.children)
        subject = subject_of(token)
        content = [c for c in token.children if c.dep_ in _CLAUSES and not is_relative(c)]
        lemma = token.lemma_.lower()
        content = [c for c in content if c.dep_ == "ccomp" or stance in {"demands", "denies"} or passive]
        content = [c for c in content if not any(t.text == ";" for t in sent.doc[c.i : token.i])]
        if token.dep_ == "relcl":  # "who asked not to be named"
            content = [c for c in content if c.dep_ == "ccomp" or any(k.dep_ in SUBJECTS for k in c.children)]
        if lemma in {"quote", "cite"}:
            yield from self._quoting(token, sent, mentions, passive=passive)
            return
        speakers = self._who(subject, sent, mentions) if subject is not None else ()
        if passive:
            agents = [
                g for child in token.children if child.dep_ == "agent" for g in child.children if g.dep_ == "pobj"
            ]
            speakers = self._who(agents[0], sent, mentions) if agents else self._document(token, sent, mentions)
            if not agents and not content:
                if speakers and token.i + 1 < sent.end:
                    start = next((t.i for t in sent.doc[token.i + 1 : sent.end] if t.lower_ == "that"), token.i + 1)
                    yield Utterance(speakers, start, sent.end, token.i, turned(stance, token))
                return
        elif subject is not None and not speakers:
            # "the anniversary showed that": a thing proves, it does not speak.
            return
        if content:
            for clause in content:
                start, end = self._extent(clause, sent)
                whole = token.dep_ != "relcl" or any(c.dep_ in SUBJECTS for c in clause.children)
                if not whole:
                    # "measures they believe are necessary": the noun belongs to what is believed.
                    start = max(sent.start, token.head.left_edge.i)
                yield Utterance(speakers, start, end, token.i, turned(stance, token), clausal=whole)
            return
        if (
            speakers
            and token.dep_ == "advcl"
            and any(c.lower_ == "as" and c.dep_ in {"mark", "advmod"} for c in token.children)
        ):
            yield Utterance(speakers, *rest_of(token, sent), token.i, turned(stance, token))
            return
        topic = [
            g
            for c in token.children
            if c.dep_ == "prep" and c.lower_ in {"on", "about"}
            for g in c.children
            if g.dep_ == "pobj"
        ]
        if topic and speakers and speakers[0].as_ == "outlet":
            yield Utterance(speakers, *extent_of(topic[0], sent), token.i, stance)
            return
        before = self._inverted(token, sent)
        if before is not None and speakers:
            yield Utterance(speakers, *before, token.i, turned(stance, token))
            return
        if lemma not in lists.objects or not speakers:
            return
        noun = token.head
        if stance == "denies" and token.dep_ in {"relcl", "acl", "ccomp"} and noun.lemma_.lower() in lists.disputed:
            # "a charge that X rejects"
            yield Utterance(speakers, max(sent.start, noun.left_edge.i), noun.i + 1, token.i, stance, clausal=False)
            return
        objects = [c for c in token.children if c.dep_ in {"dobj", "oprd"} or (passive and c.dep_ == "nsubjpass")]
        prepositions = [c for c in token.children if c.dep_ == "prep" and c.lower_ in {"as", "for", "of"}]
        prepositions += [p for o in objects for p in o.children if p.dep_ == "prep" and p.lower_ == "as"]
        if lemma in lists.with_as and not (any(p.lower_ == "as" for p in prepositions) or len(objects) > 1):
            return
        if stance == "denies" and (inner := [c for o in objects for c in claimed(o)]):
            # "rejected claims that it supplies arms": what is denied is what the clause says.
            for clause in inner:
                yield Utterance(speakers, *self._extent(clause, sent), token.i, turned(stance, token))
            return
        # "what it perceives as a threat": what is claimed is that it is one.
        objects = [c for c in objects if c.lower_ != "what"] or [p for p in prepositions if p.lower_ == "as"]
        if objects:
            pieces = objects + prepositions
            starts = [piece.left_edge.i for piece in pieces]
            ends = [piece.right_edge.i + 1 for piece in pieces]
            start, end = max(sent.start, min(starts)), min(sent.end, max(ends))
            yield Utterance(speakers, start, end, token.i, turned(stance, token), clausal=False)

    def _quoting(self, token: Token, sent: Span, mentions: Sequence[Mention], *, passive: bool) -> Iterator[Utterance]:
        """ "TASS quoted an official as saying that ...": the outer voice."""
        saying = [g for c in token.children if c.dep_ == "prep" and c.lower_ == "as" for g in c.children]
        clauses = [c for g in saying if g.dep_ == "pcomp" for c in g.children if c.dep_ in _CLAUSES]
        by = [g for c in token.children if c.dep_ == "agent" for g in c.children if g.dep_ == "pobj"]
        who = by[0] if by else None if passive else subject_of(token)
        speakers = self._who(who, sent, mentions, thing=True) if who is not None else ()
        if speakers:
            for clause in clauses:
                yield Utterance(speakers, *extent_of(clause, sent), token.i, "asserts")

    def _extent(self, clause: Token, sent: Span) -> tuple[int, int]:
        """Tokens of what is said, without what others say of it behind a comma ("..., a charge that X rejects")."""
        start, end = extent_of(clause, sent)
        lists = words()
        for token in sent.doc[start:end]:
            if token.i <= clause.i or token.text != ",":
                continue
            heads = [t for t in sent.doc[token.i + 1 : end] if t.lemma_.lower() in lists.disputed | lists.nouns.keys()]
            clauses = {"relcl", "acl", "ccomp"}
            if heads and heads[0].left_edge.i == token.i + 1 and any(c.dep_ in clauses for c in heads[0].children):
                return start, token.i
            after = sent.doc[min(token.i + 1, sent.end - 1)]
            if after.lower_ in {"while", "whereas", "though", "although"} and after.head.lemma_.lower() in lists.verbs:
                return start, token.i
        return start, end

    def _inverted(self, token: Token, sent: Span) -> tuple[int, int] | None:
        """ "..., Tokyo announced." and "..., he said, ...": the verb of saying is put behind or into what is said."""
        doc = sent.doc
        if token.i + 1 < sent.end and doc[token.i + 1].text == "," and token.dep_ in {"parataxis", "ccomp", "advcl"}:
            subject = subject_of(token)
            first = min(token.i, subject.left_edge.i if subject is not None else token.i)
            if first > sent.start and doc[first - 1].text == "," and token.head.i > token.i:
                return sent.start, sent.end
        if token.dep_ in {"parataxis", "ccomp"} or (token.dep_ == "advcl" and token.head.i < token.i):
            head = token.head
            if head.pos_ in {"VERB", "AUX"} and head.i != token.i:
                subject = subject_of(token)
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
            if self.quoted and marks and marks[0] - sent.start < 2:
                # A sentence that is a quotation from its beginning goes on with who was quoted before it.
                end = marks[-1] if len(marks) > 1 else sent.end
                if len(marks) == 1 or sent.end - end < 4:
                    yield Utterance(self.quoted, marks[0] + 1, end, None, "asserts")
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
        subject = subject_of(root)
        passive = any(child.dep_ == "auxpass" for child in root.children)
        if not passive or subject is None or subject.lower_ not in {"this", "that", "it"}:
            return ()
        if root.lemma_.lower() not in words().verbs or any(c.dep_ in _CLAUSES for c in root.children):
            return ()
        agents = [g for child in root.children if child.dep_ == "agent" for g in child.children if g.dep_ == "pobj"]
        return self._who(agents[0], following, ()) if agents else ()

    def _document(self, verb: Token, sent: Span, mentions: Sequence[Mention]) -> tuple[Speaker, ...]:
        """Institution whose document states something ("In the declaration of the summit, it was stated")."""
        for token in sent:
            if token.lemma_.lower() not in words().documents or token.dep_ != "pobj":
                continue
            if token.head.lower_ not in {"in", "by"} or not below(token.head, verb):
                continue
            owners = [m for m in mentions if token.left_edge.i <= m.start <= token.right_edge.i]
            for mention in owners:
                if mention.parties and mention.parties[0].code:
                    return (Speaker(mention.parties[0].code, mention.parties[0].name, "institution"),)
            phrase = list(token.subtree)
            if any(part.lemma_.lower() in words().gatherings for part in phrase) and self.gathering:
                return self.gathering
            if token.lemma_.lower() != "paragraph":
                return (Speaker(None, tidy(sent.doc[token.left_edge.i : token.right_edge.i + 1].text), "institution"),)
        return ()

    def _who(self, head: Token, sent: Span, mentions: Sequence[Mention], *, thing: bool = False) -> tuple[Speaker, ...]:
        """The speaker that a noun phrase names: an actor, a person, an outlet; none for things, unless asked."""
        if head.lower_ in _PRONOUNS:
            people = [t for t in sent if t.i < head.i and t.dep_ in SUBJECTS and t.pos_ == "PROPN"]
            before = [t for t in people if t.ent_type_ not in {"GPE", "NORP", "LOC"}]
            return (self._who(before[-1], sent, mentions) if before else ()) or self.person
        if head.lower_ == "its":
            above = {t.i for t in sent if t.i < head.i and t.dep_ in SUBJECTS}
            meant = [m for m in mentions if above & set(range(m.start, m.end)) and m.parties[0].code]
            return speaking(meant[-1]) if meant else self.state
        if head.lower_ == "it" and any(c.lower_ == "what" for c in head.head.children):
            named = [m for m in mentions if m.start < head.i and len(m.parties) == 1 and m.parties[0].code]
            return speaking(named[-1]) if named else self.state
        if head.lower_ == "it" and head.dep_ == "nsubj" and head.head.lemma_.lower() in words().verbs:
            meant = [m for m in mentions if m.start <= head.i < m.end and m.parties[0].code]
            return speaking(meant[0]) if meant else self.state
        if head.lower_ in {"some", "others", "many", "most", "several"} and head.dep_ in SUBJECTS:
            return (Speaker(None, head.text, "quoted"),)
        if head.pos_ == "PRON" and head.lower_ not in {"who", "which"}:
            return ()
        if head.lower_ in {"who", "which"} and head.head.dep_ in {"relcl", "acl"}:
            return self._who(head.head.head, sent, mentions, thing=thing)
        first, last = head.left_edge.i, head.right_edge.i
        for child in head.children:
            if child.dep_ in {"relcl", "acl", "appos", "prep", "punct", "conj", "cc"} and child.i > head.i:
                last = min(last, child.left_edge.i - 1)
        phrase = sent.doc[max(first, sent.start) : max(last, head.i) + 1]
        name = tidy(phrase.text)
        person = person_in(phrase)
        inside = [m for m in mentions if phrase.start <= m.start < phrase.end]
        if not inside:
            # "officials of Japan", "the ministry in Seoul"
            inside = [
                m
                for m in mentions
                for child in head.children
                if child.dep_ == "prep" and child.left_edge.i <= m.start <= child.right_edge.i
            ][:1]
        if not inside and head.pos_ == "PROPN":
            # "Abdoulaye Maiga, the Malian spokesman"
            titles = [c for c in head.children if c.dep_ == "appos" and speaks(c)]
            inside = [m for m in mentions for c in titles if c.left_edge.i <= m.start <= c.i][:1]
        beside = [c for c in head.children if c.dep_ == "appos" and c.pos_ == "PROPN" and head.pos_ == "NOUN"]
        if is_outlet(name) and beside:  # "the news agency SANA"
            return (Speaker(None, tidy(beside[0].text), "outlet"),)
        if is_outlet(name) or (head.pos_ == "PROPN" and any(is_outlet(c.text) for c in head.children)):
            return (Speaker(None, name, "outlet"),)
        if (person or speaks(head)) and is_private(head, phrase):
            beside = [c for c in head.children if c.dep_ == "appos" and c.ent_type_ == "PERSON"]
            names = [tidy(sent.doc[c.left_edge.i : c.i + 1].text) for c in beside]
            return (Speaker(None, person or (names or [name])[0], "quoted"),)
        if head.lemma_.lower() in words().documents and not person:
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
                tuple(Speaker(s.code, s.name, "quoted") for s in speaking(mention, person))
                if person
                else speaking(mention, name)
            )
        definite = any(c.lower_ in {"the", "this"} and c.dep_ == "det" for c in head.children)
        if definite and head.pos_ == "NOUN" and self.person and len(phrase) < 4 and head.tag_ == "NN" and speaks(head):
            # "the minister added": who spoke before, by another name
            return tuple(Speaker(s.code, name, "quoted") for s in self.person[:1])
        code = known_in(phrase)
        if code is not None and (person or thing or speaks(head) or head.pos_ == "PROPN"):
            kind = None if person else register().actors[code].kind
            return (speaker(code, kind, person or name),)
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
            if (token.dep_ in SUBJECTS or passive_agent) and token.pos_ in {"PROPN", "NOUN"}:
                speakers = self._who(token, sent, mentions)
                phrase = sent.doc[token.left_edge.i : token.i + 1]
                if speakers and (person_in(phrase) or speaks(token)):
                    self.person = speakers
        for utterance in spoken:
            if utterance.speakers and utterance.speakers[0].as_ == "quoted":
                self.person = utterance.speakers
        for token in sent:
            last = token.i + 1 == len(sent.doc) or sent.doc[token.i + 1].ent_iob_ != "I"
            if token.ent_type_ == "PERSON" and last and token.lower_ not in self.people:
                start = token.i
                while start > sent.start and sent.doc[start].ent_iob_ == "I":
                    start -= 1
                name = sent.doc[start : token.i + 1].text
                if all(name != speaker.name for speaker in self.base):
                    codes = [m.parties[0].code for m in mentions if m.start <= token.i and start < m.end + 1]
                    self.people[token.lower_] = (Speaker(codes[0] if codes else None, name, "quoted"),)
        for mention in mentions:
            party = mention.parties[0]
            if (
                len(mention.parties) == 1
                and party.code
                and party.kind == "state"
                and sent.doc[mention.start].dep_ in SUBJECTS | {"poss", "amod"}
            ):
                self.state = speaking(mention)
            after = sent.doc[mention.end] if mention.end < len(sent.doc) else None
            meets = after is not None and after.lower_ in words().gatherings
            if meets and len(mention.parties) == 1 and party.kind == "organisation":
                self.gathering = (Speaker(party.code, party.name, "institution"),)
        if kind not in _LIST_KINDS and sent.text.rstrip().endswith(":"):
            reported = [u.speakers for u in spoken if u.speakers and u.cue is not None]
            self.lead = reported[0] if reported else ()


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
