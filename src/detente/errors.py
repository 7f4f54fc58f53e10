"""What can go wrong, and what to do about it.

::

    DetenteError
    ├── CodebookError        a type or code that the codebook does not hold
    ├── RegisterError        a fault in the actor or tie register (names file and row)
    ├── ReadError            a file that cannot be read as a report (empty, binary, too large, not English)
    ├── DeskError            a desk that cannot be opened or written
    │   └── DeskLocked       another process is writing to it
    ├── LoadError            event data that others made and that cannot be understood
    ├── LearnError           a model that cannot be fitted or applied
    └── ScenarioError        a measure or scenario that makes no sense (names the key)

    DetenteWarning
    ├── ShortHistory         too few events for this desk to say much by itself
    ├── OneSource            nearly all events come from one outlet or data set
    ├── CountedTwice         events of this desk are also among those of the shipped prior
    ├── CoverageShift        much more is reported in one part of the record than in another
    └── NotIdentified        actors of whom too little is known to tell their reactions from the average

Every message says what is wrong, where, and the remedy.
"""

from __future__ import annotations


class DetenteError(Exception):
    """Base of all errors that Detente raises on purpose; the command line prints it without a traceback."""


class CodebookError(DetenteError):
    """A type or code that the codebook does not hold."""


class RegisterError(DetenteError):
    """A fault in the actor or tie register."""


class ReadError(DetenteError):
    """A file that cannot be read as a report."""


class DeskError(DetenteError):
    """A desk that cannot be opened or written."""


class DeskLocked(DeskError):
    """Another process is writing to the desk."""


class LoadError(DetenteError):
    """Event data that others made and that cannot be understood."""


class LearnError(DetenteError):
    """A model that cannot be fitted or applied."""


class ScenarioError(DetenteError):
    """A measure or scenario that makes no sense."""


class DetenteWarning(UserWarning):
    """Base of all warnings that Detente gives about a result."""


class ShortHistory(DetenteWarning):
    """Too few events for this desk to say much by itself."""


class OneSource(DetenteWarning):
    """Nearly all events come from one outlet or data set: what it leaves out is left out."""


class CountedTwice(DetenteWarning):
    """Events of this desk are also among those of the shipped prior, so that prior and data are in part the same."""


class CoverageShift(DetenteWarning):
    """Much more is reported in one part of the record than in another: growth of coverage can pass for escalation."""


class NotIdentified(DetenteWarning):
    """Actors of whom too little is known to tell their reactions from the average of all."""
