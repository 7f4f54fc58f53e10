"""Which words are names of persons, bodies and places, dates and sums: spaCy's recogniser, many sentences abreast.

The network and its rules are spaCy's (a pushdown automaton over B, I, L, U and O; Lample et al. 2016). spaCy asks one
word and one label at a time; here a step takes the next word of every sentence of a batch, as one product of matrices,
which costs a tenth.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from spacy.tokens import Doc

_CLOSED, _BLANK, _OPEN = 0, 1, 2  # states: no name is open; none, and the word is white space; a name of a label is


_MOST = 20_000  # words whose vectors are kept, half a kilobyte each


class _Moves(NamedTuple):
    """What each move does, and which are allowed, in the order of the network's scores.

    Attributes:
        next: the state after each move, shape (moves,).
        opens: whether it begins a name that goes on, shape (moves,).
        marks: what a word is marked with, "B-GPE" or "O".
        barred: 0 where a move is allowed and minus infinity where not, by state and by whether the word is the last,
            shape (states, 2, moves).
    """

    next: NDArray[np.intp]
    opens: NDArray[np.bool_]
    marks: list[str]
    barred: NDArray[np.float32]


@lru_cache(maxsize=2)
def _moves(names: tuple[str, ...]) -> _Moves:
    labels = list(dict.fromkeys(label for _, _, label in (name.partition("-") for name in names) if label))
    follows = np.zeros(len(names), dtype=np.intp)
    barred = np.full((_OPEN + len(labels), 2, len(names)), -np.inf, dtype=np.float32)
    marks = []
    for move, name in enumerate(names):
        kind, _, label = name.partition("-")
        state = _OPEN + labels.index(label) if label else _CLOSED
        marks.append("O" if kind == "O" else f"{'B' if kind in 'BU' else 'I'}-{label}")
        if kind in "BI":
            follows[move] = state
        if kind == "O":
            barred[:_OPEN, :, move] = 0
        elif kind == "U" and label:
            barred[_CLOSED, :, move] = 0
        elif kind == "B":
            barred[_CLOSED, 0, move] = 0
        elif kind == "I":
            barred[state, 0, move] = 0
        elif kind == "L":
            barred[state, :, move] = 0
    return _Moves(follows, np.array([name[0] == "B" for name in names]), marks, barred)


def vectors(model: Any, docs: Sequence[Doc]) -> list[NDArray[np.float32]]:
    """The vector of each word in its sentence, as spaCy's network gives it.

    What a word is by itself, before its neighbours are looked at, is worked out once for each word: it depends on
    nothing but the word and on whether a space follows.

    Args:
        model: spaCy's "tok2vec": a table of words and the layers over it.
        docs: sentences.

    Returns:
        For each sentence an array of shape (words, width).
    """
    table, over = model.layers
    kept = _kept(model.id)
    if len(kept) > _MOST:
        _kept.cache_clear()
        kept = _kept(model.id)
    keys = [[(token.text, bool(token.whitespace_)) for token in doc] for doc in docs]
    unseen = list({key: None for words in keys for key in words if key not in kept})
    if unseen:
        lone = Doc(docs[0].vocab, words=[word for word, _ in unseen], spaces=[space for _, space in unseen])
        kept.update(zip(unseen, table.predict([lone])[0], strict=True))
    out: list[NDArray[np.float32]] = over.predict([np.array([kept[key] for key in words]) for words in keys])
    return out


@lru_cache(maxsize=4)
def _kept(model: int) -> dict[tuple[str, bool], NDArray[np.float32]]:
    """Vectors of the words that have been read, by the number of the network."""
    return {}


def recognise(recogniser: Any, docs: Sequence[Doc]) -> list[list[str]]:
    """The mark of each word of each sentence: "B-PERSON", "I-PERSON", "O".

    Args:
        recogniser: spaCy's trained recogniser.
        docs: sentences, none without a word.

    Returns:
        As many lists as sentences, each with as many marks as the sentence has words.
    """
    model = recogniser.model
    lower, upper = model.get_ref("lower"), model.get_ref("upper")
    moves = _moves(tuple(recogniser.moves.get_class_name(move) for move in range(upper.get_dim("nO"))))
    # What each word adds to the hidden layer as the current word, as the first and as the last of an open name. Row 0
    # stands for no word.
    tokens, *rest = model.get_ref("tok2vec").layers
    told: Any = vectors(tokens, docs)
    for layer in rest:
        told = layer.predict(told)
    words = lower.predict(told)
    words = words.reshape(len(words), 3, -1)
    bias, weights, threshold = lower.get_param("b"), upper.get_param("W").T, upper.get_param("b")
    lengths = np.array([len(doc) for doc in docs])
    firsts = 1 + np.cumsum(lengths) - lengths
    blank = np.array([False, *(token.is_space for doc in docs for token in doc)])
    longest = np.argsort(-lengths, kind="stable")
    begins, ends = firsts[longest], lengths[longest] - 1
    opened = np.zeros(len(docs), dtype=np.intp)
    state = np.zeros(len(docs), dtype=np.intp)
    chosen = np.zeros(len(words), dtype=np.intp)
    for at in range(lengths.max()):
        going = int(np.count_nonzero(ends >= at))
        row, first = begins[:going] + at, opened[:going]
        last = np.where(first > 0, row - 1, 0)
        hidden = words[row, 0] + words[first, 1] + words[last, 2]
        hidden = (hidden.reshape(going, *bias.shape) + bias).max(axis=-1)
        now = np.where(blank[row] & (state[:going] == _CLOSED), _BLANK, state[:going])
        scores = hidden @ weights + threshold + moves.barred[now, (ends[:going] == at).astype(np.intp)]
        best = scores.argmax(axis=1)
        chosen[row] = best
        state = moves.next[best]
        opened = np.where(moves.opens[best], row, np.where(state > 0, first, 0))
    marks = [moves.marks[move] for move in chosen[1:].tolist()]
    return [marks[first - 1 : first - 1 + length] for first, length in zip(firsts, lengths, strict=True)]
