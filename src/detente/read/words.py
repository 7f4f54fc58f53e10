"""A parsed report: its words, what the parser says of them, and the tree that they form.

The names are those of spaCy's documents, and so are their meanings, down to trees whose branches cross. Here every
word is one object whose properties are worked out once; spaCy makes a new object each time that one is asked for, and
the rules of reading ask a hundred times a word.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import overload


class Token:
    """A word.

    Attributes:
        doc: the document.
        i: its index in the document.
        idx: offset of its first character in the document's text.
        text, lower_: as printed, and in lower case.
        whitespace_: the space after it, if any.
        tag_, pos_, lemma_, dep_: tag, part of speech, lemma, and how it hangs on its head.
        ent_iob_, ent_type_: "B" or "I" in a name of a person, body or place, a date or a sum, "O" otherwise; of which.
        head: the word that it hangs on; itself, for a root.
        children: the words that hang on it, in order.
    """

    __slots__ = (
        "_subtree",
        "children",
        "dep_",
        "doc",
        "ent_iob_",
        "ent_type_",
        "head",
        "i",
        "idx",
        "lemma_",
        "lower_",
        "pos_",
        "tag_",
        "text",
        "whitespace_",
    )

    def __init__(
        self, doc: Doc, i: int, idx: int, text: str, space: str, tag: str, pos: str, lemma: str, dep: str, name: str
    ) -> None:
        self.doc = doc
        self.i = i
        self.idx = idx
        self.text = text
        self.lower_ = text.lower()
        self.whitespace_ = space
        self.tag_ = tag
        self.pos_ = pos
        self.lemma_ = lemma
        self.dep_ = dep
        self.ent_iob_ = name[:1]
        self.ent_type_ = name[2:]
        self.head = self
        self.children: Sequence[Token] = ()
        self._subtree: tuple[Token, ...] | None = None

    def __len__(self) -> int:
        return len(self.text)

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return self.text

    @property
    def text_with_ws(self) -> str:
        """The word and the space after it."""
        return self.text + self.whitespace_

    @property
    def is_space(self) -> bool:
        """Whether it is white space."""
        return self.text.isspace()

    @property
    def is_alpha(self) -> bool:
        """Whether it is of letters only."""
        return self.text.isalpha()

    @property
    def is_upper(self) -> bool:
        """Whether its letters are capitals."""
        return self.text.isupper()

    @property
    def is_punct(self) -> bool:
        """Whether it is of punctuation only."""
        return all(unicodedata.category(character)[0] == "P" for character in self.text)

    @property
    def subtree(self) -> tuple[Token, ...]:
        """The word and all that hangs on it, what stands before it first."""
        if self._subtree is None:
            if self.children:
                before = [t for child in self.children if child.i < self.i for t in child.subtree]
                after = [t for child in self.children if child.i > self.i for t in child.subtree]
                self._subtree = (*before, self, *after)
            else:
                self._subtree = (self,)
        return self._subtree

    @property
    def ancestors(self) -> Iterator[Token]:
        """The words above it, the nearest first."""
        above = self.head
        below = self
        while above is not below:
            yield above
            below, above = above, above.head

    def is_ancestor(self, other: Token) -> bool:
        """Whether another word hangs on it, directly or not."""
        return any(above is self for above in other.ancestors)

    @property
    def left_edge(self) -> Token:
        """The first word of its subtree."""
        return self.doc.tokens[self.doc.lefts[self.i]]

    @property
    def right_edge(self) -> Token:
        """The last word of its subtree."""
        return self.doc.tokens[self.doc.rights[self.i]]

    @property
    def sent(self) -> Span:
        """The tree that it is part of."""
        return self.doc.trees[self.i]

    @property
    def conjuncts(self) -> tuple[Token, ...]:
        """The words that are coordinated with it, without itself."""
        first = self
        while first.head is not first and first.dep_ == "conj":
            first = first.head
        out = [first]
        for word in out:
            out += [child for child in word.children if child.i > word.i and child.dep_ == "conj"]
        return tuple(word for word in out if word is not self)

    def nbor(self, by: int = 1) -> Token:
        """The word so many places after it.

        Raises:
            IndexError: there is none.
        """
        if self.i + by < 0:
            raise IndexError("no word before the first")
        return self.doc.tokens[self.i + by]


class Span:
    """Words ``doc[start:end]``."""

    __slots__ = ("doc", "end", "start")

    def __init__(self, doc: Doc, start: int, end: int) -> None:
        self.doc = doc
        self.start = start
        self.end = end

    def __len__(self) -> int:
        return self.end - self.start

    def __iter__(self) -> Iterator[Token]:
        return iter(self.doc.tokens[self.start : self.end])

    @overload
    def __getitem__(self, at: int) -> Token: ...
    @overload
    def __getitem__(self, at: slice) -> Span: ...
    def __getitem__(self, at: int | slice) -> Token | Span:
        if isinstance(at, int):
            return self.doc.tokens[self.start : self.end][at]
        start, end, _ = at.indices(len(self))
        return Span(self.doc, self.start + start, self.start + max(start, end))

    def __str__(self) -> str:
        return self.text

    @property
    def start_char(self) -> int:
        """Offset of its first character."""
        tokens = self.doc.tokens
        return tokens[self.start].idx if self.start < len(tokens) else len(self.doc.text)

    @property
    def end_char(self) -> int:
        """Offset after its last character."""
        if self.end == self.start:
            return self.start_char
        last = self.doc.tokens[self.end - 1]
        return last.idx + len(last.text)

    @property
    def text(self) -> str:
        """As printed."""
        return self.doc.text[self.start_char : self.end_char]

    @property
    def root(self) -> Token:
        """The word nearest to the root of the sentence, the first of several; no lone mark where there is a word."""
        words = self.doc.tokens[self.start : self.end]
        for word in words:
            if word.head is word:
                return word
        outside = [word for word in words if not self.start <= word.head.i < self.end]
        return min(outside, key=_depth, default=self.doc.tokens[self.start])


class Doc:
    """A parsed report.

    Attributes:
        text: the text.
        tokens: its words.
        lefts, rights: index of the first and the last word that hangs on each word, directly or not.
        trees: for each word, the words from its tree's root's first to before the next tree's.
    """

    __slots__ = ("lefts", "rights", "text", "tokens", "trees")

    def __init__(
        self,
        words: Sequence[str],
        spaces: Sequence[bool],
        classes: Sequence[tuple[str, str, str, str]],
        heads: Sequence[int],
        names: Sequence[str],
    ) -> None:
        """Build the document.

        Args:
            words: the words, which may be white space.
            spaces: whether a space follows each.
            classes: tag, part of speech, lemma and dependency of each.
            heads: index of the word that each hangs on.
            names: "B-PERSON", "I-PERSON" or "O" for each.
        """
        at = 0
        self.tokens: list[Token] = []
        for i, (word, space, (tag, pos, lemma, dep), name) in enumerate(
            zip(words, spaces, classes, names, strict=True)
        ):
            self.tokens.append(Token(self, i, at, word, " " if space else "", tag, pos, lemma, dep, name))
            at += len(word) + space
        self.text = "".join([word + " " if space else word for word, space in zip(words, spaces, strict=True)])
        children: dict[int, list[Token]] = {}
        for token, head in zip(self.tokens, heads, strict=True):
            if head != token.i:
                token.head = self.tokens[head]
                children.setdefault(head, []).append(token)
        for head, below in children.items():
            self.tokens[head].children = below
        self.lefts, self.rights = _edges(heads)
        self.trees = self._trees()

    def _trees(self) -> list[Span]:
        starts = {self.lefts[t.i] for t in self.tokens if t.head is t and t.dep_}
        bounds = [0, *sorted(starts - {0}), len(self.tokens)]
        return [tree for start, end in pairwise(bounds) for tree in [Span(self, start, end)] for _ in range(start, end)]

    def __len__(self) -> int:
        return len(self.tokens)

    def __iter__(self) -> Iterator[Token]:
        return iter(self.tokens)

    @overload
    def __getitem__(self, at: int) -> Token: ...
    @overload
    def __getitem__(self, at: slice) -> Span: ...
    def __getitem__(self, at: int | slice) -> Token | Span:
        if isinstance(at, int):
            return self.tokens[at]
        start, end, _ = at.indices(len(self.tokens))
        return Span(self, start, max(start, end))


def _depth(word: Token) -> int:
    """How many words are above a word; white space and punctuation that carry nothing come last."""
    if not word.children and (word.is_space or word.is_punct):
        return len(word.doc) - 1
    return sum(1 for _ in word.ancestors)


def _edges(heads: Sequence[int]) -> tuple[list[int], list[int]]:
    """First and last word below each word. Where branches cross, a second pass finds what the first has missed."""
    lefts = list(range(len(heads)))
    rights = list(range(len(heads)))
    changed = True
    while changed:
        changed = False
        for order in (range(len(heads)), range(len(heads) - 1, -1, -1)):
            for i in order:
                head = heads[i]
                if lefts[i] < lefts[head]:
                    lefts[head] = lefts[i]
                    changed = True
                if rights[i] > rights[head]:
                    rights[head] = rights[i]
                    changed = True
    return lefts, rights
