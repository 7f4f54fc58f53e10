"""What a form sets going that takes longer than a page: one at a time, beside the readers."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock, Thread

from detente.errors import DeskLocked, DetenteError

KEPT = 20  # finished ones that can still be asked for


@dataclass
class Job:
    """Something under way.

    Args:
        what: in words.
        id: in the address of the page that shows it.
        at: how far it is, in words.
        lines: what came of it.
        wrong: why it failed; empty where it did not.
        done: whether it ended.
    """

    what: str
    id: str = field(default_factory=lambda: secrets.token_hex(8))
    at: str = ""
    lines: tuple[str, ...] = ()
    wrong: str = ""
    done: bool = False


Work = Callable[[Job], tuple[str, ...]]


class Jobs:
    """The jobs of a desk; a second one is refused while one is under way."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._jobs: OrderedDict[str, Job] = OrderedDict()

    def get(self, id_: str) -> Job | None:
        """The job of an id, while it is remembered."""
        return self._jobs.get(id_)

    def start(self, what: str, work: Work) -> Job:
        """Do something beside the readers.

        Args:
            what: in words. work: does it, notes in the job how far it is, and gives what came of it.

        Raises:
            DeskLocked: another job is under way.
        """
        with self._lock:
            if running := next((job for job in self._jobs.values() if not job.done), None):
                raise DeskLocked(f"{running.what} is under way. Wait until it is done, then try again.")
            job = Job(what)
            self._jobs[job.id] = job
            while len(self._jobs) > KEPT:
                self._jobs.popitem(last=False)
        Thread(target=_run, args=(job, work), name="detente-web-job", daemon=True).start()
        return job


def _run(job: Job, work: Work) -> None:
    try:
        job.lines = work(job)
    except DetenteError as error:
        job.wrong = str(error)
    except BaseException:
        job.wrong = "A fault of Detente itself; the terminal that runs detente web says which."
        raise
    finally:
        job.done = True
