"""The parse: sentences of bounded length, and the same words, names and trees as spaCy's whole pipeline gives."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.tokens import Doc

from detente.actors import register
from detente.read.entities import recognise
from detente.read.gazetteer import Gazetteer
from detente.read.heads import dateline
from detente.read.parse import LONGEST, Sentence, model, parse_many, sentences
from detente.read.words import Doc as Words
from detente.read.words import Token

TEXTS = [
    "There are two ships off the coast, and there were three; we ain't gonna let's go.",
    "The ministers who met here have said that they did not want it, although it had been planned.",
    "He was hit by the crew, who were angry about the delays, and that was that.",
    "Y'all come on: I've got ta go, you'd better think of the children's mice.",
    "Which of these had they wanted to do, and what is done is done.",
]


@pytest.mark.parametrize("text", TEXTS)
def test_words_are_classed_as_by_the_whole_pipeline(text: str) -> None:
    def told(doc: Doc) -> list[tuple[str, str, str, str, str]]:
        return [(t.text, t.tag_, t.pos_, t.lemma_, t.dep_) for t in doc]

    (parsed,) = parse_many([(text, [Sentence(0, len(text), "paragraph")], Gazetteer(register()))])
    assert told(parsed.doc) == told(model()(text))


def test_a_bracket_begins_a_sentence_after_a_full_stop_and_not_after_an_abbreviation() -> None:
    text = 'A called it "provocation". [x](javascript:alert(1)) North Korea threatened South Korea.'
    assert next(text[a:b] for a, b in sentences(text, 0, len(text))) == 'A called it "provocation".'
    text = "The U.S. [sic] ships came at 5 p.m. [local time]."
    assert len(list(sentences(text, 0, len(text)))) == 1


NAMED = [
    *TEXTS,
    "On 5 May 2023 Maria Lopez of the Red Cross paid $40 million, or 12 per cent, to the World Food Programme in Rome.",
    "The  Prime Minister,   John Smith",
    "Rome",
    "The second of two French warships left Lake Geneva on Monday at 9 p.m. after the Olympic Games.",
]


def test_names_are_those_of_the_whole_pipeline() -> None:
    nlp = model()
    told = [[f"{t.ent_iob_}-{t.ent_type_}" if t.ent_type_ else "O" for t in doc] for doc in map(nlp, NAMED)]
    assert {"PERSON", "DATE", "MONEY", "GPE"} <= {mark[2:] for marks in told for mark in marks}
    alone = [recognise(nlp.get_pipe("ner"), [nlp.make_doc(text)])[0] for text in NAMED]
    abreast = recognise(nlp.get_pipe("ner"), [nlp.make_doc(text) for text in NAMED])
    assert alone == abreast == told


@st.composite
def trees(draw: st.DrawFn) -> tuple[list[int], list[str], list[bool]]:
    """Heads of a tree over some words, whose branches may cross, with dependencies and spaces."""
    size = draw(st.integers(1, 14))
    order = draw(st.permutations(range(size)))
    heads = [0] * size
    for rank, word in enumerate(order):
        heads[word] = word if rank == 0 else order[draw(st.integers(0, rank - 1))]
    deps = ["ROOT" if heads[i] == i else draw(st.sampled_from(["conj", "nsubj", "dobj", "prep"])) for i in range(size)]
    return heads, deps, draw(st.lists(st.booleans(), min_size=size, max_size=size))


@settings(max_examples=200, deadline=None)
@given(trees(), st.data())
def test_a_tree_is_what_spacy_makes_of_it(tree: tuple[list[int], list[str], list[bool]], data: st.DataObject) -> None:
    heads, deps, spaces = tree
    words = [data.draw(st.sampled_from(["Ship", "port", ",", "US", " ", "x1"])) for _ in heads]
    size = len(words)
    theirs = Doc(model().vocab, words=words, spaces=spaces, heads=heads, deps=deps, tags=["NN"] * size)
    ours = Words(
        words, spaces, [("NN", "NOUN", word, dep) for word, dep in zip(words, deps, strict=True)], heads, ["O"] * size
    )

    def told(token: Token) -> object:
        flags = (token.is_space, token.is_alpha, token.is_upper, token.is_punct)
        kin = [[t.i for t in group] for group in (token.children, token.subtree, token.ancestors, token.conjuncts)]
        return token.i, token.idx, token.lower_, token.text_with_ws, token.head.i, len(token), flags, kin

    assert [told(t) for t in ours] == [told(t) for t in theirs]
    assert ours.text == theirs.text
    for token in ours:
        below = [t.i for t in token.subtree]
        assert (token.left_edge.i, token.right_edge.i) == (min(below), max(below))
        assert all(token.is_ancestor(t) == (t.i != token.i) for t in token.subtree)
    start = data.draw(st.integers(0, size - 1))
    end = data.draw(st.integers(start + 1, size))
    mine, its = ours[start:end], theirs[start:end]
    assert (mine.text, mine.start_char, mine.end_char, len(mine)) == (its.text, its.start_char, its.end_char, len(its))
    assert (mine.root.i, [t.i for t in mine], mine[0].i, mine[-1].i) == (its.root.i, [t.i for t in its], start, end - 1)


def test_what_stands_between_sentences_belongs_to_the_one_before() -> None:
    text = "Ships left the port. They came back.\n\nA crew was hurt."
    spans = list(sentences(text, 0, len(text)))
    marks = [Sentence(start, end, "paragraph") for start, end in spans]
    (parsed,) = parse_many([(text, marks, Gazetteer(register()))])
    assert [parsed.doc[start:end].text for start, end, _ in parsed.sentences] == [text[s:e] for s, e in spans]
    assert [parsed.doc[start].sent.text.strip() for start, _, _ in parsed.sentences] == [text[s:e] for s, e in spans]
    assert parsed.doc.text == text


def whole(text: str) -> None:
    """Sentences are in order, none too long, and all that is no white space or dateline is in one."""
    spans = list(sentences(text, 0, len(text)))
    at = dateline(text, 0, len(text))
    for start, end in spans:
        assert not text[at:start].strip()
        assert start < end <= start + LONGEST
        assert text[start:end] == text[start:end].strip()
        at = end
    assert not text[at:].strip()


PARTS = st.sampled_from(["word ", "ship, ", "x" * 700, "\n", "; ", " — ", "A. ", "end. Then ", "said "])


@settings(max_examples=100, deadline=None)
@given(st.lists(PARTS, max_size=400))
def test_no_sentence_is_endless(parts: list[str]) -> None:
    whole("".join(parts))


def test_an_endless_sentence_is_cut_at_a_clause() -> None:
    dice = random.Random(3)
    clauses = ["the ships of the navy", "a port", "and the crew"]
    text = "".join(dice.choice(clauses) + dice.choice([" ", ", "]) for _ in range(5000))
    whole(text)
    spans = list(sentences(text, 0, len(text)))
    assert len(spans) < 2.2 * len(text) / LONGEST
    assert all(text[end - 1] == "," for _, end in spans[:-1])


def test_a_full_memory_of_words_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def told() -> list[list[tuple[str, str, str, str, int, str]]]:
        texts = [(text, [Sentence(0, len(text), "paragraph")], Gazetteer(register())) for text in NAMED]
        docs = [parsed.doc for parsed in parse_many(texts)]
        return [[(t.text, t.tag_, t.lemma_, t.dep_, t.head.i, t.ent_type_) for t in doc] for doc in docs]

    before = told()
    monkeypatch.setattr("detente.read.parse._MOST", 0)
    monkeypatch.setattr("detente.read.entities._MOST", 0)
    assert told() == before == told()
