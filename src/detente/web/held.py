"""A desk as the pages hold it: opened once, and what was worked out of it kept as long as its record is the same."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from datetime import date as Date
from pathlib import Path
from threading import Lock, Thread
from time import monotonic
from typing import Any, Final, TypeVar

from detente import desk as desks
from detente.record import manifest
from detente.web.index import Index, index
from detente.web.inputs import listed
from detente.web.jobs import Jobs

T = TypeVar("T")
Stamp = tuple[int, int, int]

MOST: Final = 96  # results that are kept
PROMPT: Final = 0.15  # seconds within which a changed record is taken in before the answer, not beside it
REST: Final = 9  # a record that changes all the time is taken in for at most one part in so many of the time


class Held:
    """A desk, and what was worked out of it.

    While somebody writes to a large desk, readers see the record as it was a few seconds ago, at once, rather than wait
    for the newest: what changed is taken in beside them, and then all pages change together.

    Args:
        path: folder of the desk; made where it does not exist.

    Raises:
        DeskError: the folder is no desk or cannot be read.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.desk = desks.open(path)
        self.name = self.path.resolve().name
        self.jobs = Jobs()
        self._lock = Lock()
        self._kept: OrderedDict[tuple[Any, ...], Future[Any]] = OrderedDict()
        self._stamp = self._on_disk()
        self._cost, self._since, self._renewing = 0.0, monotonic(), False
        self.renew()  # says, too, how long that takes

    def _on_disk(self) -> Stamp:
        found = (self.path / manifest.NAME).stat()
        return found.st_mtime_ns, found.st_size, found.st_ino

    @property
    def stamp(self) -> Stamp:
        """Which state of the record the pages show now."""
        if self._on_disk() != self._stamp:
            with self._lock:
                rested = monotonic() - self._since > REST * self._cost
                start = rested and not self._renewing
                self._renewing = self._renewing or start
            if start and self._cost < PROMPT:
                self.renew()
            elif start:
                Thread(target=self.renew, name="detente-web-renew", daemon=True).start()
        return self._stamp

    def renew(self) -> None:
        """Take in what changed on the disk, and show it from now on."""
        began = monotonic()
        try:
            fresh = self._on_disk()
            found: Index = self._work(("index", None), fresh, lambda: index(self.desk, None))
            # What every page asks is there before any reader sees the fresh record, so nobody waits for it.
            _ = found.options, found.first_day
            self._work(("day",), fresh, self.desk.last_day)
            self._work(("inputs", None), fresh, lambda: listed(self.desk, None))
            with self._lock:
                self._stamp = fresh
        finally:
            self._cost, self._since, self._renewing = monotonic() - began, monotonic(), False

    def once(self, *key: Any, make: Callable[[], T]) -> T:
        """What ``make`` gives, worked out once for a state of the record and a key; who asks meanwhile waits for it."""
        found: T = self._work(key, self.stamp, make)
        return found

    def later(self, *key: Any, make: Callable[[], T]) -> T | None:
        """As :meth:`once`, but None at first: it is worked out beside, for a page that says so and asks again.

        Raises:
            Whatever ``make`` raised, once it did; who asks after that has it tried again.
        """
        full = (self.stamp, *key)
        found, mine = self._take(full)
        if mine:
            Thread(target=_fill, args=(found, make), name="detente-web-work", daemon=True).start()
        return self._told(full, found) if found.done() else None

    def _work(self, key: tuple[Any, ...], stamp: Stamp, make: Callable[[], Any]) -> Any:
        full = (stamp, *key)
        found, mine = self._take(full)
        if mine:
            _fill(found, make)
        return self._told(full, found)

    def _take(self, full: tuple[Any, ...]) -> tuple[Future[Any], bool]:
        """The place of a result, and whether it is left to the caller to fill it."""
        with self._lock:
            found = self._kept.get(full)
            if found is not None:
                self._kept.move_to_end(full)
                return found, False
            found = self._kept[full] = Future()
            self._drop()
            return found, True

    def _told(self, full: tuple[Any, ...], found: Future[Any]) -> Any:
        """A result; a failure is told and let go of."""
        if found.exception() is not None:
            with self._lock:
                if self._kept.get(full) is found:
                    del self._kept[full]
        return found.result()

    def _drop(self) -> None:
        """Let go of what is of an older record, and of what nobody asked for longest."""
        for full in [full for full, done in self._kept.items() if done.done() and full[0] < self._stamp]:
            del self._kept[full]
        while len(self._kept) > MOST:
            self._kept.popitem(last=False)

    def index(self, as_of: Date | None) -> Index:
        """Every event of the record as known by a date, in the order in which pages show them."""
        return self.once("index", as_of, make=lambda: index(self.desk, as_of))

    def day(self, as_of: Date | None) -> Date:
        """The as-of date, or else the last day on which anything on the desk became known, or today."""
        return as_of or self.once("day", make=self.desk.last_day)

    def actors(self, as_of: Date | None) -> list[str]:
        """Codes of the actors of asserted events, the most active first."""
        return self.once("actors", as_of, make=lambda: self.desk.actors(as_of))

    def empty(self) -> bool:
        """Whether nothing was read or loaded yet."""
        return not self.desk.store.manifest().batches


def _fill(future: Future[Any], make: Callable[[], Any]) -> None:
    try:
        future.set_result(make())
    except BaseException as error:  # handed on to whoever asks for the result
        future.set_exception(error)
