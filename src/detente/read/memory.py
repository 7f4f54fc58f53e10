"""What a document has named so far, for its pronouns and group words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from detente.actors import Register
from detente.events import Party


class Memory:
    """What a document has named so far; filled sentence by sentence, read by pronouns and group words.

    The subject of a sentence is noted again when the sentence ends, so that it is what "it" means in the next one.

    Attributes:
        persons: whom a family name means that the text itself has introduced with a state.
        place: code of the state that the dateline names.
        issuer: the institution whose statement the document is: its "we".
    """

    def __init__(self, register: Register) -> None:
        self.register = register
        self.seen: list[tuple[int, tuple[Party, ...]]] = []
        self.codes: set[str] = set()
        self.persons: dict[str, Party] = {}
        self.place = ""
        self.issuer: tuple[Party, ...] = ()

    def note(self, at: int, parties: tuple[Party, ...]) -> None:
        """Remember the parties of a mention that stands at an offset of the text."""
        if parties:
            self.seen.append((at, parties))
            self.codes.update(p.code for p in parties if p.code)

    def _before(self, at: int) -> Iterator[tuple[Party, ...]]:
        return (parties for where, parties in reversed(self.seen) if where < at)

    def group(self, size: int | None, at: int) -> tuple[Party, ...]:
        """The last list of ``size`` parties (None: of any length) before an offset, or the last so many states."""
        for back, parties in enumerate(self._before(at)):
            if len(parties) == size if size else len(parties) > 1 and back < 6:
                return inferred(parties)
        states: dict[str, Party] = {}
        for parties in self._before(at):
            for party in reversed(parties):
                if party.code and party.kind == "state":
                    states.setdefault(party.code, party)
            if size is not None and len(states) >= size:
                return inferred(tuple(reversed(list(states.values())[:size])))
        return ()

    def last(self, kinds: frozenset[str], at: int, *, person: bool = False) -> tuple[Party, ...]:
        """The last single party of one of the kinds before an offset; ``person``: one that has an office."""
        for parties in self._before(at):
            if len(parties) == 1 and (parties[0].kind or "") in kinds and (not person or parties[0].role):
                return inferred(parties)
        return ()

    def organisation(self, noun: str, at: int) -> tuple[Party, ...]:
        """The last organisation before an offset that goes by this common noun ("the alliance")."""
        for parties in self._before(at):
            for party in parties:
                actor = self.register.actors.get(party.code or "")
                if actor and noun in actor.nouns:
                    return inferred((party,))
        return ()


def inferred(parties: Iterable[Party]) -> tuple[Party, ...]:
    """The same parties, marked as not named by the words at hand."""
    return tuple(Party(p.code, p.name, p.kind, p.role, p.span, True) for p in parties)
