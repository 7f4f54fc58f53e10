"""Many articles: read in this process, in several, or on a Dask cluster, with the same outcomes in the same order.

Each article is read by itself, so what becomes of one depends neither on its neighbours nor on the number of workers.
Only a few chunks are under way at any time, whatever the number of articles. A worker is a plain subprocess that is
spoken to over its standard input and output: it ends with the process that started it, however that ends, needs no
guard in the analyst's script, and where an article kills it, that article alone is lost, with a line that says so.
"""

from __future__ import annotations

import importlib
import os
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import date as Date
from functools import lru_cache
from itertools import islice
from pathlib import Path
from queue import SimpleQueue
from threading import Lock, Timer, current_thread, main_thread
from typing import IO, Any

import msgspec
from msgspec import Struct

from detente import __version__
from detente.errors import ReadError
from detente.events import Event, Reading, Report

ARTICLES = (".txt", ".md", ".html", ".htm", ".xhtml", ".pdf")
CHUNK = 8  # articles handed over at a time
FEWEST = 12  # articles for which one more worker is worth loading the parser
AHEAD = 4  # chunks under way for each worker
PATIENCE = 600.0  # seconds for an article

Second = Callable[[Report], list[Event]]
"""A second reader: the events that it finds in a report, checked (the language-model plug-in)."""


class Article(Struct, frozen=True):
    """One article to be read.

    Args:
        name: its path as text, or what it is called in messages.
        path: its path as the system spells it; None where only the content is given.
        content: the bytes of the file; None where they are to be read from the path.
    """

    name: str
    path: bytes | None = None
    content: bytes | None = None


class Setup(Struct, frozen=True):
    """How all articles of a batch are read.

    Args:
        published, outlet: what holds where a file does not say.
        frames: name and content of files with own frames.
        held: ids of reports that are known already and are not read again.
    """

    published: Date | None = None
    outlet: str = ""
    frames: tuple[tuple[str, bytes], ...] = ()
    held: frozenset[str] = frozenset()


class Outcome(Struct, frozen=True):
    """What became of one article.

    Args:
        id: id of its report; empty where it could not be read.
        reading: what was read; None where the report is known already.
        skipped: why it could not be read, in one line.
    """

    id: str = ""
    reading: Reading | None = None
    skipped: str = ""


def expand(articles: Iterable[str | Path], desk: Path) -> list[Path]:
    """Files of folders and patterns, each once, in a settled order; a folder's desk is no article of it."""
    found: list[Path] = []
    for article in articles:
        path = Path(article)
        if os.path.isdir(path):  # noqa: PTH112 - unlike Path's, false for names that no file can have
            own = desk.resolve()
            inside = (p for p in path.rglob("*") if p.suffix.lower() in ARTICLES and p.is_file())
            found += sorted(p for p in inside if not p.resolve().is_relative_to(own))
        elif any(c in str(article) for c in "*?[") and not os.path.exists(path):  # noqa: PTH110
            fitting: list[Path] = []
            with suppress(ValueError):  # no pattern ("**x"): taken for the name of a file
                fitting = sorted(Path(path.anchor or ".").glob(str(path.relative_to(path.anchor))))
            found += fitting or [path]
        else:
            found.append(path)
    return list(dict.fromkeys(found))


def article(path: Path) -> Article:
    """The article in a file. Its name is printable even where the file's name is no valid UTF-8."""
    raw = os.fsencode(path)
    return Article(raw.decode("utf-8", errors="replace"), raw)


def content(article: Article) -> bytes:
    """The bytes of an article.

    Raises:
        ReadError: its file is missing, a folder, or too large.
    """
    from detente.read import pages

    if article.content is not None:
        return article.content
    return pages.content(Path(os.fsdecode(article.path or b"")), name=article.name)


def workers_for(articles: int) -> int:
    """Workers that are worth their start: one below some 24 articles, at most one for each core."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(cores, articles // FEWEST))


class Reader:
    """Reads one article after another; nothing that an article holds raises.

    Args:
        setup: how.
        second: reads each report again (see :data:`Second`).
    """

    def __init__(self, setup: Setup, second: Second | None = None) -> None:
        from detente.read import make_coder

        self.setup = setup
        self.second = second
        self.coder = make_coder(setup.frames)

    def __call__(self, article: Article) -> Outcome:
        """What became of the article."""
        try:
            with at_most(PATIENCE):
                found = self._report(article)
            if found.id in self.setup.held:
                return Outcome(found.id)
            # First: where it cannot be asked, the report waits for the next run.
            told = self.second(found) if self.second else None
            with at_most(PATIENCE):
                reading = self.coder.read(found)
            if told is None:
                return Outcome(found.id, reading)
            from detente.read.evidence import together

            return Outcome(found.id, together(reading, told))
        except TooLong:
            return Outcome(skipped=_TOO_LONG.format(article.name))
        except ReadError as error:
            return Outcome(skipped=str(error))
        except Exception as error:  # a fault of ours must not cost the other articles
            return Outcome(
                skipped=f"{article.name}: the reader failed on it ({type(error).__name__}: {_line(error)}); "
                "the others go on. Please report this with the file."
            )

    def _report(self, article: Article) -> Report:
        from detente.read import report

        path = article.name if article.path is not None else ""
        setup = self.setup
        return report(content(article), name=article.name, path=path, published=setup.published, outlet=setup.outlet)


class TooLong(BaseException):
    """An article took longer than :data:`PATIENCE`; no ``Exception``, which libraries catch at will."""


def can_interrupt() -> bool:
    """Whether :func:`at_most` can end what takes too long: in the main thread of a system with timers."""
    return hasattr(signal, "setitimer") and current_thread() is main_thread()


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Raise :class:`TooLong` inside where it takes longer, as far as :func:`can_interrupt`.

    Example:
        >>> with at_most(60.0):
        ...     pass
    """
    if not can_interrupt():
        yield
        return

    def ring(*_: object) -> None:
        raise TooLong

    before = signal.signal(signal.SIGALRM, ring)
    try:
        signal.setitimer(signal.ITIMER_REAL, seconds, 5.0)  # again, where a library swallowed the first
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def read_articles(
    articles: Iterable[Article],
    setup: Setup,
    *,
    workers: int = 1,
    cluster: str = "",
    second: Second | None = None,
) -> Generator[Outcome]:
    """What became of each article, in their order.

    Args:
        articles: taken as they are needed.
        setup: how they are read.
        workers: processes; 1 reads in this one, save where an article that takes too long could not be interrupted.
        cluster: address of a Dask scheduler (``tcp://host:8786``) that reads them instead.
        second: reads each report again; only in this process.

    Raises:
        ReadError: the workers cannot be started, the cluster does not answer or has another version.
    """
    if cluster:
        yield from _on_cluster(articles, setup, cluster)
    elif workers > 1 or not (second or can_interrupt()):
        yield from _in_processes(articles, setup, workers)
    else:
        yield from map(Reader(setup, second), articles)


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]


def _chunks(articles: Iterable[Article]) -> Iterator[list[Article]]:
    articles = iter(articles)
    while chunk := list(islice(articles, CHUNK)):
        yield chunk


def _in_order(chunks: Iterable[list[Article]], submit: Callable[[list[Article]], Any], ahead: int) -> Iterator[Outcome]:
    """Outcomes of chunks that are worked on elsewhere, ``ahead`` of them at a time."""
    waiting: deque[Any] = deque()
    try:
        for chunk in chunks:
            waiting.append(submit(chunk))
            if len(waiting) >= ahead:
                yield from waiting.popleft().result()
        while waiting:
            yield from waiting.popleft().result()
    finally:
        for future in waiting:
            future.cancel()


# -- processes ---------------------------------------------------------------------------------------------------------

_TOO_LONG = "{}: it takes more than ten minutes to read; the others go on. Split it into its parts or leave it out."
_DIED = "{}: the reading process died on it, or hung; the others go on. Split it into its parts or leave it out."


_SERVE = "from detente.read.batch import serve; serve()"


class _Worker:
    """A process that reads chunks."""

    def __init__(self, setup: Setup) -> None:
        self.setup = msgspec.msgpack.encode(setup)
        self.process: subprocess.Popen[bytes] | None = None
        self.closed = False

    def start(self) -> None:
        """Start the process and wait until its parser is loaded.

        Raises:
            ReadError: it ends before.
        """
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-c", _SERVE],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(p for p in sys.path if p)},
        )
        if self._ask(self.setup) != b"ready":
            self.stop()
            raise ReadError("A reading process could not be started; read in one with --workers 1.")

    def read(self, chunk: list[Article]) -> list[Outcome]:
        """Outcomes of a chunk; where the process dies, each article gets a process of its own to die in."""
        if self.closed:
            return []
        if self.process is None:
            self.start()
        answer = self._ask(msgspec.msgpack.encode(chunk))
        if answer is not None:
            return _OUTCOMES.decode(answer)
        self.stop()
        if len(chunk) == 1:
            return [Outcome(skipped=_DIED.format(chunk[0].name))]
        return [outcome for one in chunk for outcome in self.read([one])]

    def _ask(self, message: bytes) -> bytes | None:
        process = self.process
        assert process and process.stdin and process.stdout
        watch = Timer(2 * PATIENCE + 60.0, process.kill)  # for what cannot be interrupted from within
        watch.start()
        try:
            _send(process.stdin, message)
            return _receive(process.stdout)
        except (OSError, ValueError):  # ValueError: closed by stop() of another thread
            return None
        finally:
            watch.cancel()

    def close(self) -> None:
        """Stop for good, whatever is under way."""
        self.closed = True
        self.stop()

    def stop(self) -> None:
        """End the process."""
        process, self.process = self.process, None
        if process:
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                with suppress(OSError):  # what was still to be sent has no reader any more
                    if pipe:
                        pipe.close()


def _in_processes(articles: Iterable[Article], setup: Setup, workers: int) -> Iterator[Outcome]:
    crew = [_Worker(setup) for _ in range(workers)]
    idle: SimpleQueue[_Worker] = SimpleQueue()
    for worker in crew:
        idle.put(worker)

    def work(chunk: list[Article]) -> list[Outcome]:
        worker = idle.get()
        try:
            return worker.read(chunk)
        finally:
            idle.put(worker)

    with ThreadPoolExecutor(workers) as pool:
        try:
            yield from _in_order(_chunks(articles), lambda chunk: pool.submit(work, chunk), AHEAD * workers)
        finally:
            for worker in crew:
                worker.close()


_OUTCOMES = msgspec.msgpack.Decoder(list[Outcome])
_ARTICLES = msgspec.msgpack.Decoder(list[Article])


def _send(pipe: IO[bytes], message: bytes) -> None:
    pipe.write(len(message).to_bytes(8, "big") + message)
    pipe.flush()


def _receive(pipe: IO[bytes]) -> bytes | None:
    """The next message; None where the other side has gone."""
    head = pipe.read(8)
    if len(head) < 8:
        return None
    size = int.from_bytes(head, "big")
    message = pipe.read(size)
    return message if len(message) == size else None


def serve() -> None:
    """Read chunks from standard input until it closes: the main loop of a worker."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the process that started this one decides what an interrupt means
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints must not end up among the answers
    setup = _receive(sys.stdin.buffer)
    if setup is None:
        return
    reader = Reader(msgspec.msgpack.decode(setup, type=Setup))
    with suppress(BrokenPipeError):  # nobody is left to answer
        _send(answers, b"ready")
        while (chunk := _receive(sys.stdin.buffer)) is not None:
            _send(answers, msgspec.msgpack.encode([reader(one) for one in _ARTICLES.decode(chunk)]))


# -- cluster -----------------------------------------------------------------------------------------------------------

_one_at_a_time = Lock()  # the parser serves one thread


@lru_cache(maxsize=2)
def _reader(setup: bytes) -> Reader:
    return Reader(msgspec.msgpack.decode(setup, type=Setup))


def read_chunk(setup: bytes, chunk: bytes) -> bytes:
    """Outcomes of a chunk, encoded: what a Dask worker runs."""
    with _one_at_a_time:
        reader = _reader(setup)
        return msgspec.msgpack.encode([reader(one) for one in _ARTICLES.decode(chunk)])


def version() -> str:
    """The version of Detente that a Dask worker has."""
    return __version__


class _Task:
    """A chunk on its way through the cluster."""

    def __init__(self, client: Any, setup: Any, chunk: list[Article]) -> None:
        self.client, self.setup = client, setup
        self.unread: list[Outcome | None] = []
        self.chunk: list[Article] = []
        for one in chunk:
            try:
                self.chunk.append(Article(one.name, one.path, content(one)))
                self.unread.append(None)
            except ReadError as error:
                self.unread.append(Outcome(skipped=str(error)))
        self.future = self._submit(self.chunk)

    def _submit(self, chunk: list[Article]) -> Any:
        return self.client.submit(read_chunk, self.setup, msgspec.msgpack.encode(chunk), pure=False)

    def result(self) -> list[Outcome]:
        """The outcomes, in the order of the articles."""
        distributed = importlib.import_module("distributed")
        try:
            read = iter(_OUTCOMES.decode(self.future.result()))
        except distributed.KilledWorker:  # Dask gives up on a chunk that killed several workers: find the article
            read = iter([outcome for one in self.chunk for outcome in self._alone(one, distributed.KilledWorker)])
        return [outcome or next(read) for outcome in self.unread]

    def _alone(self, one: Article, killed: type[Exception]) -> list[Outcome]:
        try:
            return _OUTCOMES.decode(self._submit([one]).result())
        except killed:
            return [Outcome(skipped=_DIED.format(one.name))]

    def cancel(self) -> None:
        """Take it back."""
        self.future.cancel()


def _on_cluster(articles: Iterable[Article], setup: Setup, address: str) -> Iterator[Outcome]:
    """Files are read here and sent as bytes: the cluster need not see the folder."""
    try:
        distributed = importlib.import_module("distributed")
    except ImportError:
        raise ReadError("--cluster needs Dask, which is not installed: pip install 'detente[cluster]'.") from None
    try:
        client = distributed.Client(address, timeout=10, set_as_default=False)
    except (OSError, ValueError) as error:
        raise ReadError(
            f"No Dask scheduler answers at {address} ({_line(error)}). Start one with `dask scheduler` and "
            "`dask worker`, or leave --cluster out."
        ) from None
    with client:
        try:
            theirs = set(client.run(version).values())
        except ImportError:
            theirs = {"none"}
        if not theirs:
            raise ReadError(f"The scheduler at {address} has no workers. Start some with `dask worker {address}`.")
        if theirs != {__version__}:
            raise ReadError(
                f"The workers of {address} have Detente {', '.join(sorted(theirs))}, this side has {__version__}: "
                "install the same version on both, so that the results are the same."
            )
        shared = client.scatter(msgspec.msgpack.encode(setup), broadcast=True)
        ahead = AHEAD * sum(client.nthreads().values())
        yield from _in_order(_chunks(articles), lambda chunk: _Task(client, shared, chunk), ahead)
