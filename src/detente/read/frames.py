"""Which words stand for which event, and where in the sentence its parties are.

The frames are data (``data/frames.toml``, whose header documents the format); they name words and grammatical slots,
never actors. Three ways lead to an event: a verb ("condemned"), a noun with its parties ("the talks between A and B"),
and a verb that adds nothing to its noun ("held talks with"). Codebook: PLOVER types with CAMEO codes beside them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from importlib.resources import files
from typing import NamedTuple

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from detente import codebook
from detente.codebook import TYPES
from detente.errors import ReadError
from detente.events import Domain, Party
from detente.read.grammar import after, beside, charges, demands, is_passive, lemma, objects, subjects
from detente.read.mentions import Cast
from detente.read.modality import refuses
from detente.read.roles import (
    HELD,
    INNER,
    among,
    apart,
    at_home,
    at_odds,
    content,
    deep,
    faced,
    fill,
    ground,
    is_short,
    jailers,
    pair,
    scene,
    topic,
    where,
)
from detente.read.words import Token


class Frame(Struct, frozen=True):
    """One row of the frame file; its header says what each key means."""

    type: str
    cameo: str
    verbs: tuple[str, ...] = ()
    nouns: tuple[str, ...] = ()
    objects: tuple[str, ...] = ()
    clause: tuple[str, ...] = ()
    source: tuple[str, ...] = ("subj",)
    target: tuple[str, ...] = ()
    alone: bool = False
    mutual: bool = False
    bare: bool = True
    active: bool = False
    needs: bool = False
    near: bool = False
    roles: tuple[str, ...] = ()
    adjectives: tuple[str, ...] = ()
    domain: Domain | None = None


class Lexicon(Struct, frozen=True):
    """The frame file, indexed by lemma."""

    verbs: dict[str, tuple[tuple[Frame, tuple[str, ...]], ...]]
    nouns: dict[str, Frame]
    light: frozenset[str]
    quantities: frozenset[str]
    people: dict[str, str]
    documents: frozenset[str]
    domains: tuple[tuple[Domain, frozenset[str]], ...]
    classes: dict[str, frozenset[str]]


class Match(NamedTuple):
    """A frame found in a sentence.

    Attributes:
        frame: the frame.
        trigger: the word that stands for the event (verb or noun).
        verb: the verb whose tense and mood decide modality; the noun itself for a bare noun.
        source, target: parties, possibly empty.
        reciprocal: whether both sides act.
        direct: share of the filled roles that stand in the frame's own slots, 0 to 1.
        noun: whether the event is a bare noun.
    """

    frame: Frame
    trigger: Token
    verb: Token
    source: tuple[Party, ...]
    target: tuple[Party, ...]
    reciprocal: bool
    direct: float
    noun: bool


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    light: tuple[str, ...]
    quantities: tuple[str, ...]
    documents: tuple[str, ...]
    people: dict[str, tuple[str, ...]]
    classes: dict[str, tuple[str, ...]]
    domains: dict[Domain, tuple[str, ...]]
    frame: tuple[Frame, ...]


@cache
def lexicon() -> Lexicon:
    """The shipped frames, read once."""
    return load(files("detente").joinpath("data/frames.toml").read_bytes(), "frames.toml")


def asks(row: tuple[Frame, tuple[str, ...]]) -> int:
    """How much a frame asks for, with the words that go with its verb; those that ask for more are tried first."""
    frame, rest = row
    narrow = 9 * bool(frame.adjectives) + bool(frame.roles) - (frame.clause == ("*",))
    return narrow + 2 * bool(frame.objects) + len(rest) + 2 * bool(frame.clause)


def load(data: bytes, name: str) -> Lexicon:
    """Frames from the bytes of a TOML file.

    Args:
        data: content of the file.
        name: its name, for messages.

    Raises:
        ReadError: a key or value that the format does not know; the message names the frame.
    """
    try:
        book = msgspec.toml.decode(data, type=_File)
    except msgspec.MsgspecError as error:
        raise ReadError(f"{name}: {error}. The header of the shipped frames.toml explains each key.") from None
    classes = {k: frozenset(v) for k, v in book.classes.items()}
    verbs: dict[str, list[tuple[Frame, tuple[str, ...]]]] = {}
    nouns: dict[str, Frame] = {}
    for frame in book.frame:
        if frame.type not in TYPES:
            raise ReadError(f"{name}: frame {frame.verbs or frame.nouns}: {frame.type!r} is no PLOVER type.")
        for word in (*frame.objects, *frame.clause, *frame.roles):
            if word in {"*", "@actor"}:
                continue
            if word.startswith("@") and word[1:] not in classes:
                raise ReadError(f"{name}: frame {frame.verbs}: no class {word!r} stands in [classes].")
        for entry in frame.verbs:
            lemma, *rest = entry.split()
            verbs.setdefault(lemma, []).append((frame, tuple(rest)))
        for noun in frame.nouns:
            nouns[noun] = frame
    ordered = {lemma: tuple(sorted(rows, key=asks, reverse=True)) for lemma, rows in verbs.items()}
    people = {noun: role for role, row in book.people.items() for noun in row}
    domains = tuple((k, frozenset(v)) for k, v in book.domains.items())
    return Lexicon(
        ordered,
        nouns,
        frozenset(book.light),
        frozenset(book.quantities),
        people,
        frozenset(book.documents),
        domains,
        classes,
    )


_PREPS = (
    "with",
    "against",
    "to",
    "toward",
    "towards",
    "on",
    "upon",
    "at",
    "over",
    "from",
    "of",
    "for",
    "about",
    "into",
    "in",
)


def match(tokens: Sequence[Token], cast: Cast, lexicon: Lexicon) -> list[Match]:
    """All frames in a sentence, verbs first, each word used once.

    Args:
        tokens: the sentence.
        cast: who is who in it.
        lexicon: the frames.
    """
    out: list[Match] = []
    used: set[int] = set()
    for token in tokens:
        if token.i in cast.found:
            continue
        if token.tag_.startswith("VB") if token.pos_ != "AUX" else token.dep_ not in _HELPERS:
            hit = _verb(token, cast, lexicon, used)
            if not hit and lemma(token) in lexicon.classes["refused"] and refuses(token):
                hit = _roles(_REFUSED, token, token, cast, lexicon, ())
            if hit:
                out.append(hit)
    out = _settled([*out, *_statements(tokens, cast, lexicon, out)])
    for token in tokens:
        if token.pos_ in {"NOUN", "PROPN"} and token.i not in used and token.i not in cast.found:
            frame = lexicon.nouns.get(lemma(token))
            if frame and frame.bare and (hit := _noun(token, frame, cast, lexicon)):
                out.append(hit)
    return out


_HELPERS = frozenset({"aux", "auxpass"})
_WORDS = frozenset({"AGREE", "REQUEST", "REJECT", "THREATEN"})


_REFUSED = Frame("AGREE", "030", target=("obj", "iobj", "comp", "to", "with", "from", "of", "for", "by", "in"))
_DEMAND = Frame("REQUEST", "100")
_CHARGE = Frame("ACCUSE", "112")
_SAY = frozenset(
    {"say", "state", "declare", "insist", "stress", "tell", "add", "argue", "maintain", "emphasise", "emphasize"}
)


def _statements(tokens: Sequence[Token], cast: Cast, lexicon: Lexicon, hits: list[Match]) -> Iterator[Match]:
    """Demands and accusations in reported speech: "A says B must stop", "A said B was behind the attack"."""
    for token in tokens:
        if token.dep_ != "ccomp" or lemma(token.head) not in _SAY or token.pos_ not in {"VERB", "AUX"}:
            continue
        frame = _DEMAND if demands(token) else _CHARGE if charges(token) else None
        if frame is None or any(h.verb == token.head for h in hits):
            continue
        source = tuple(p for t in subjects(token.head) for p in cast.parties(t))
        named = [*subjects(token), *(objects(token) if is_passive(token) else ())]
        target = tuple(p for t in named for p in cast.parties(t) or topic(t, cast) if not among(p, source))
        if source and target:
            yield Match(frame, token.head, token.head, source, target, False, 1.0, False)


def _settled(hits: list[Match]) -> list[Match]:
    """Without acts that are only the content of a promise, request, refusal or threat; participles share the target."""
    by_verb = {hit.verb.i: hit for hit in hits}
    out: list[Match] = []
    for hit in hits:
        verb = hit.verb
        while verb.dep_ == "conj" and verb.head.i in by_verb and not any(c.dep_ == "nsubj" for c in verb.children):
            verb = verb.head
        above = verb.head
        if verb.dep_ == "pcomp" or (verb.dep_ == "xcomp" and above.pos_ == "ADJ"):
            above = above.head
        if verb.dep_ == "acl" and above.head.pos_ == "VERB" and above.dep_ == "dobj":
            above = above.head
        outer = by_verb.get(above.i) if above != verb else None
        if (
            outer is not None
            and verb.dep_ in {"xcomp", "ccomp", "acl"}
            and outer.frame.type in _WORDS
            and outer is not hit
        ):
            continue
        if outer is not None and outer is not hit and verb.dep_ == "pcomp" and lemma(outer.verb) in _WARN:
            continue  # what somebody is warned against has not come about
        if outer is not None and outer.frame is _CHARGE and verb.dep_ == "ccomp":
            continue  # "A said B was responsible for the attack" accuses
        content = outer is not None and outer is not hit and verb.dep_ == "pcomp" and outer.frame.type == "ACCUSE"
        if content and not (hit.source and hit.target):
            continue  # what somebody is accused of, where it names no victim
        if (
            outer is not None
            and verb.dep_ in {"advcl", "pcomp"}
            and not any(c.dep_ == "nsubj" for c in verb.children)
            and not hit.target
            and outer.target
            and not hit.reciprocal
        ):
            mutual = hit.frame.mutual and bool(hit.source)
            target = tuple(p for p in outer.target if not among(p, hit.source))
            out.append(hit._replace(target=target, reciprocal=mutual, direct=hit.direct / 2))
        else:
            out.append(hit)
    return out


def _verb(verb: Token, cast: Cast, lexicon: Lexicon, used: set[int]) -> Match | None:
    word = lemma(verb)
    rows = lexicon.verbs.get(word, ())
    if not rows and word not in lexicon.light:
        return None
    things = list(_objects(verb, lexicon))
    if word == "exercise" and things:
        return None  # restraint, a right
    near, particles = beside(verb)
    for frame, rest in rows:
        if not near.issuperset(rest) or (rest and not particles.issubset(rest)) or (frame.active and is_passive(verb)):
            continue
        trigger = verb
        if frame.objects:
            pool = [*(_through(after(verb, rest[-1]), lexicon) if rest else ()), *things]
            if frame.objects == ("@actor",):
                plain = [c for c in verb.children if c.dep_ == "dobj"]
                bound = any(c.dep_ in {"oprd", "ccomp"} for c in verb.children)
                if bound or not any(cast.parties(t) for t in plain):
                    continue
            elif frame.objects == ("*",):
                if not any(t.ent_type_ not in {"DATE", "TIME"} for t in things):
                    continue
            else:
                acts = [t for t in pool if _in(t, frame.objects, lexicon) and _described(t, frame)]
                if not acts:
                    continue
                used.update(t.i for t in acts)
                trigger = acts[0]
        if frame.clause:
            inner = [c for c in verb.children if c.dep_ in _CLAUSES and _opens(c, frame.clause, lexicon)]
            inner += [
                k
                for c in verb.children
                if c.dep_ in {"dobj", "attr"}
                for k in c.children
                if k.dep_ in {"acl", "relcl"} and _in(k, frame.clause, lexicon)
            ]
            if not inner:
                continue
            trigger = verb if frame.clause == ("*",) else inner[0]
        if word in _WARN and rest and any(cast.parties(t) for t in things):
            continue  # "warned A against B" threatens A
        hit = _roles(frame, verb, trigger, cast, lexicon, rest)
        if hit and frame.roles and not _played(hit.source, verb, frame, lexicon):
            continue
        if hit and hit.frame.type == "ASSAULT" and any(p.role == "crowd" for p in hit.source):
            hit = hit._replace(frame=_RIOT)
        if hit and word in _WARN and _is_reproach(verb, hit.source, cast):
            hit = hit._replace(frame=_REPROACH)
        if hit:
            used.update(t.i for t in things if lemma(t) in lexicon.nouns and frame.objects)
            return hit
    if word in lexicon.light:
        for act in things:
            frame_of = lexicon.nouns.get(lemma(act))
            if frame_of and act.i not in cast.found:
                hit = _roles(frame_of, verb, act, cast, lexicon, ())
                if hit:
                    used.add(act.i)
                    return hit
    return None


_WARN = frozenset({"warn", "caution"})
_REPROACH = Frame("ACCUSE", "111")
_RIOT = Frame("PROTEST", "145")


def _is_reproach(verb: Token, source: tuple[Party, ...], cast: Cast) -> bool:
    """Whether a warning tells what somebody else does now ("warned that the deployment harms security").

    An announced act or consequence ("will respond", "would pay a price") makes it a threat.
    """
    for clause in verb.children:
        if clause.dep_ == "ccomp" and clause.pos_ in {"VERB", "AUX"}:
            aux = {c.lower_ for c in clause.children if c.dep_ == "aux"}
            named = [c for c in clause.children if c.dep_ in {"nsubj", "nsubjpass"}]
            own = any(among(p, source) for t in named for p in cast.parties(t))
            return (
                bool(named) and not own and not aux & {"will", "would", "'ll", "shall", "to", "could", "may", "might"}
            )
    return False


_CLAUSES = frozenset({"xcomp", "ccomp", "advcl"})


def _opens(clause: Token, words: tuple[str, ...], lexicon: Lexicon) -> bool:
    """Whether a clause has one of the words; "*": whether it says what somebody should do ("wants A to stop")."""
    if words != ("*",):
        return _in(clause, words, lexicon)
    if clause.dep_ == "advcl" or not any(c.dep_ in {"nsubj", "nsubjpass"} for c in clause.children):
        return clause.dep_ == "xcomp" and any(c.lower_ == "to" for c in clause.children)
    helpers = {c.lower_ for c in clause.children if c.dep_ in _HELPERS}
    return "to" in helpers or "should" in helpers or (not helpers - {"be"} and clause.tag_ in {"VB", "VBP"})


def _played(parties: tuple[Party, ...], verb: Token, frame: Frame, lexicon: Lexicon) -> bool:
    """Whether one of the parties, or a subject, is what the frame's ``roles`` ask for."""
    known: set[str] = set()
    for word in frame.roles:
        known |= lexicon.classes.get(word[1:], frozenset()) if word.startswith("@") else {word}
    return any(p.role in known for p in parties) or any(lemma(t) in known for t in subjects(verb))


def _described(token: Token, frame: Frame) -> bool:
    """Whether a noun has one of the adjectives that the frame asks for ("a scathing attack")."""
    return not frame.adjectives or any(
        lemma(c) in frame.adjectives for c in token.children if c.dep_ in {"amod", "compound"}
    )


def _in(token: Token, words: Iterable[str], lexicon: Lexicon) -> bool:
    own = lemma(token)
    return any(own in lexicon.classes[w[1:]] if w.startswith("@") else own == w for w in words)


def _objects(verb: Token, lexicon: Lexicon) -> Iterator[Token]:
    """Heads of the (deep) object, coordinated ones too, seen through "a series of"."""
    yield from _through(objects(verb), lexicon)


def _through(tokens: Iterable[Token], lexicon: Lexicon) -> Iterator[Token]:
    for token in tokens:
        yield token
        for child in token.children:
            if child.dep_ == "conj":
                yield from _through([child], lexicon)
            elif lemma(token) not in lexicon.quantities:
                continue
            elif child.dep_ == "prep" and child.lower_ == "of":
                yield from _through([k for k in child.children if k.dep_ == "pobj"], lexicon)
            elif child.dep_ == "compound":
                yield child


def _roles(
    frame: Frame, verb: Token, trigger: Token, cast: Cast, lexicon: Lexicon, rest: tuple[str, ...]
) -> Match | None:
    act = trigger if trigger != verb and trigger.pos_ in {"NOUN", "PROPN"} else None
    source, straight = fill(frame.source, verb, act, cast)
    if not source and cast.lead and frame.source == ("subj",) and not is_passive(verb) and not subjects(verb):
        source = cast.lead  # an item of a list does what the list's sentence says who does
    if frame.source == ("subj",) and not is_passive(verb) and not straight:
        # Things do not speak ("this support threatens"), save documents; nor do they act for nobody.
        doers = [t for t in subjects(verb) if t.pos_ == "NOUN" and t.i not in cast.found and not is_short(t)]
        said = codebook.quad(frame.type).startswith("verbal")
        if (
            doers
            and (not source or said)
            and not any(lemma(t) in lexicon.people or lemma(t) in lexicon.documents for t in doers)
        ):
            return None
    if any(c.dep_ == "dobj" and c.lower_ in {"other", "another"} for c in verb.children) and not frame.mutual:
        return None  # "warn each other of"
    if not source and frame.source == ("subj",):
        if act is not None:
            source = cast.owners_of(act)
            straight = bool(source)
        if not source and act is not None:
            source = tuple(p for t in after(act, "by") for p in cast.parties(t))
    slots = frame.target or (*((rest[-1],) if rest and rest[-1] in _PREPS else ()), "obj", "iobj", *_PREPS)
    joint = frame.mutual and len(source) > 1
    if joint:  # "A and B met in C on D": C and D take no part
        slots = tuple(s for s in slots if s in _WITH)
    if frame.domain == "exercise" and frame.type == "COOPERATE":
        shown = tuple(
            p
            for prep in _NEAR
            for h in (verb, act, *objects(verb))
            if h is not None
            for t in after(h, prep)
            for p in cast.parties(t)
        )
        if shown and source:
            return Match(
                _SHOW, trigger, verb, source, tuple(p for p in shown if not among(p, source)), False, 1.0, False
            )
    target: tuple[Party, ...] = ()
    hit = True
    topics = not (joint or frame.near)
    spare: tuple[Party, ...] = ()
    if act is not None and source:  # "rejected A's proposal on B"
        target = tuple(p for p in cast.owners_of(act) if p.code and not among(p, source))
        if not target and lemma(act) in lexicon.people and lemma(act) not in lexicon.quantities:  # "expelled diplomats"
            theirs = any(c.dep_ == "poss" and c.pos_ == "PRON" for c in act.children)  # "recalled its ambassador in X"
            spare = () if theirs else tuple(p for p in cast.parties(act) if not among(p, source))
            if frame.type in _PERSONS or (frame.type not in _TOOLS and any(p.code for p in spare)):
                target = spare
            elif frame.type in _TOOLS:
                spare = ()
    if not target:
        core = _CORE | set(rest[-1:])
        target, hit = fill([s for s in slots if s in core], verb, act, cast, besides=source, topics=topics)
    if not target and frame.type in _WORDS and not joint:  # "agreed to open its border to"
        own = {p.code or p.name for p in source}
        for inner_verb in content(verb, act):
            found, _ = fill((*_INNER, "comp"), inner_verb, None, cast, besides=source)
            target = tuple(p for p in found if (p.code or p.name) not in own and (p.code or p.role is None))
            target = target or ground(_INNER, inner_verb, None, cast)
            if target:
                break
    if not target:
        target, hit = fill([s for s in slots if s not in _CORE], verb, act, cast, besides=source, topics=topics)
    if target and source and not any(p.code for p in target) and all(p.name.islower() for p in target):
        # "withdrew peacekeepers from X": the state counts rather than people of no known state
        known, straight_to = fill([s for s in slots if s not in _CORE], verb, act, cast, besides=source, topics=False)
        if any(p.code for p in known):
            target, hit = known, straight_to
    if not target and act is not None and topics:  # "held talks between", "the Japan-US drills"
        inner = _noun(act, frame, cast, lexicon, strict=False)
        if inner:
            extra = tuple(p for p in (*inner.source, *inner.target) if not among(p, source))
            if source:
                target = extra
            else:
                source, target = inner.source, inner.target
    if not source and frame.cameo.startswith(HELD) and is_passive(verb):  # "was arrested in X"
        source = tuple(replace(p, role="authorities", span=where(verb, p, cast)) for p in cast.located(verb))
    if not target and frame.type in _GROUND and not frame.near:
        target, hit = ground(slots, verb, act, cast), False
    if not target and frame.type == "ACCUSE":  # "condemned the bombing of a market in X"
        target, hit = scene(verb, source, cast, lexicon.nouns.keys()), False
    if not target and source and topics and (not frame.mutual or (frame.type == "AGREE" and not joint)):
        target, hit = deep(verb, source, cast, within=frame.mutual), False
    target = target or spare
    if source and target:
        target = apart(source, target, domestic=frame.type in _GROUND)
    if source and target and frame.type not in _TOOLS:
        source, target = at_home(source, target, lexicon.classes["home"])
    at_own = frame.cameo.startswith(INNER)
    source, target = at_odds(source, target, verb, cast, inner=at_own)
    if source and not target and (at_own or frame.type in _FACED):
        target = faced(source, verb, cast, crowd=frame.type == "PROTEST", inner=at_own)
    if target and not source and frame.cameo.startswith(HELD) and is_passive(verb):
        source = jailers(target, verb, cast)
    if frame.mutual and not source and len(target) > 1:  # "talks were held between A and B"
        source, target = target, ()
    if frame.mutual and not target and len(source) > 1:
        return Match(frame, trigger, verb, *pair(source), True, 1.0, False)
    if (not source and not target) or (frame.needs and not (source and target)):
        return None
    # "A and B clashed" has two sides alike; "A clashed with B" names the one that the text follows.
    reciprocal = frame.mutual and bool(source and target) and (frame.type != "ASSAULT" or bool(frame.objects))
    direct = ((1.0 if straight else 0.5) * bool(source) + (1.0 if hit else 0.5) * bool(target)) / 2
    return Match(frame, trigger, verb, source, target, reciprocal, direct, False)


# Acts whose object is a person: it is the target ("expelled diplomats"). Acts whose object is a means ("sent troops").
_PERSONS = frozenset({"RETREAT", "COERCE", "CONSULT"})
# Acts by which a crowd or rebels face the government of their state.
_FACED = frozenset({"PROTEST", "ASSAULT", "THREATEN", "REJECT", "CONCEDE"})
_TOOLS = frozenset({"MOBILIZE", "AID", "ASSAULT", "THREATEN", "COOPERATE"})
# Acts that reach whoever holds the ground on which they fall.
_GROUND = frozenset({"ASSAULT", "MOBILIZE", "AID", "RETREAT", "CONCEDE", "COERCE", "SANCTION"})


_WITH = frozenset({"with", "between", "among", "alongside", "obj", "iobj"})
_NEAR = ("around", "near", "off", "against", "toward", "towards")
_SHOW = Frame("MOBILIZE", "150", domain="exercise")
_CORE = frozenset({"obj", "iobj", "comp", "subj"})
_INNER = ("iobj", "with", "against", "to", "for", "obj", *_PREPS)


_BOTH = ("between", "among", "amongst")
_FROM = ("by", "from")
_ONTO = ("with", "against", "to", "toward", "towards", "on", "upon", "over", "at", "for", "into", "in", "of")


def _noun(noun: Token, frame: Frame, cast: Cast, lexicon: Lexicon, *, strict: bool = True) -> Match | None:
    """An event told by a noun and the actors around it."""
    holders = [noun, *after(noun, "of")]
    both = tuple(p for h in holders for prep in _BOTH for t in after(h, prep) for p in cast.parties(t))
    owners = tuple(p for p in cast.owners_of(noun) if p.code)
    if len(both) > 1 or (frame.mutual and len(owners) > 1):
        parties = both if len(both) > 1 else owners
        if frame.mutual:
            return Match(frame, noun, noun, *pair(parties), True, 1.0, True)
    by = tuple(p for prep in _FROM for t in after(noun, prep) for p in cast.parties(t))
    source = owners or by or cast.lead
    of = tuple(p for t in after(noun, "of") for p in cast.parties(t))
    onto: tuple[Party, ...] = ()
    direct = True
    for prep in frame.target or _ONTO:
        if prep in {"obj", "iobj", "subj"}:
            continue
        for thing in after(noun, prep):
            found = tuple(p for p in cast.parties(thing) if not among(p, source))
            if not found and prep != "in":
                found, direct = tuple(p for p in topic(thing, cast) if not among(p, source)), False
            if found and not onto and not (prep == "of" and frame.mutual):
                onto = found
    if frame.mutual and not source and len(of) > 1:
        return Match(frame, noun, noun, *pair(of), True, 1.0, True)
    if not source and of and of != onto:
        source = of
    if frame.mutual and not onto and len(source) > 1:
        return Match(frame, noun, noun, *pair(source), True, 1.0, True)
    if frame.type == "CONSULT" and noun.dep_ in {"nsubj", "nsubjpass"} and not source and not onto:
        # "Negotiations are under way to conclude an agreement with B": A is the actor of the sentence before.
        onto = tuple(p for t in noun.head.subtree for x in after(t, "with") for p in cast.parties(x))[:1]
        last = cast.memory.last(frozenset({"state", "organisation"}), noun.sent.start_char) if onto else ()
        source, direct = tuple(p for p in last if not among(p, onto)), False
    if strict:  # a noun alone is thin evidence: only with actors that the register knows
        source, onto = tuple(p for p in source if p.code), tuple(p for p in onto if p.code)
    if source and (onto or frame.alone):
        return Match(frame, noun, noun, source, onto, frame.mutual and bool(onto), 1.0 if direct else 0.75, True)
    if not strict and (source or onto):
        return Match(frame, noun, noun, source, onto, False, 0.5, True)
    return None


def domain(words: Iterable[str], lexicon: Lexicon) -> Domain | None:
    """The domain whose cue words are the most frequent among the lemmas; the file's order breaks ties.

    Example:
        >>> domain(["joint", "exercise"], lexicon())
        'exercise'
    """
    bag = list(words)
    best: tuple[int, Domain | None] = (0, None)
    seen = set(bag)
    for name, cues in lexicon.domains:
        if cues.isdisjoint(seen):
            continue
        count = sum(word in cues for word in bag)
        if count > best[0]:
            best = (count, name)
    return best[1]
