"""Add: upload or paste reports, load event data that others coded, or take the embedded sample."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Sequence
from datetime import date as Date
from functools import partial
from pathlib import Path
from typing import Final

import anyio
from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from detente import words
from detente.actors import day
from detente.errors import DeskError, DetenteError
from detente.load.formats import FORMATS
from detente.web.held import Held
from detente.web.jobs import KEPT, Job
from detente.web.state import State, themed
from detente.web.view import Page, View

FILES: Final = 50  # at once
TEXT: Final = 2_000_000  # characters of a pasted report
_PLAIN = re.compile(r"[^\w .()+-]+", re.ASCII)


def view(held: Held, state: State) -> View:
    """The forms, and the job that one of them set going."""
    job = held.jobs.get(state.get("job"))
    if state.get("job") and job is None:
        raise DeskError(
            f"job = {state.get('job')!r} is none that is remembered: the desk remembers the newest {KEPT} since it was "
            "opened. Without job=, /add shows the forms; what was read or loaded stands under /sources."
        )
    return View(
        "Add",
        "add.html.j2",
        held.day(None),
        context={
            "job": job,
            "formats": [
                ("auto", "found out"),
                *((name, kinds[0].title if kinds else name) for name, kinds in FORMATS.items()),
            ],
            "path": held.path,
        },
        refresh=2 if job is not None and not job.done else 0,
        keep=False,
    )


async def post(held: Held, request: Request) -> Response:
    """Set a reading or a load going, and lead to the page that says how far it is."""
    async with request.form(max_files=FILES, max_fields=20, max_part_size=4 * TEXT) as form:
        what = str(form.get("what", ""))
        if what == "sample":
            job = held.jobs.start("Reading the sample", partial(_sample, held))
        elif what in ("report", "data"):
            job = await anyio.to_thread.run_sync(_begin, held, what, form)
        else:
            raise DeskError(f"{what!r} is nothing that can be added: report, data or sample.")
    state = themed("/add", request.query_params.multi_items())
    return RedirectResponse(state.url(job=job.id), 303)


def _begin(held: Held, what: str, form: FormData) -> Job:
    """Put what was given into a folder for the time of the job, and start it."""
    published, outlet, name = (str(form.get(key, "")).strip() for key in ("published", "outlet", "format"))
    when = day(published or None)
    folder = Path(tempfile.mkdtemp(prefix="detente-web-"))
    try:
        files = _put(folder, form)
        if not files:
            raise DeskError("Nothing was given: choose a file or paste a text.")
        if what == "report":
            work = partial(_read, held, folder, files, when, outlet)
            return held.jobs.start(f"Reading {words.count(len(files), 'report')}", work)
        return held.jobs.start(
            f"Loading {words.count(len(files), 'file')}", partial(_load, held, folder, files, name or "auto")
        )
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _put(folder: Path, form: FormData) -> tuple[Path, ...]:
    """What was uploaded and pasted, as files of a folder of their own; of their names only plain letters are kept."""
    out = []
    for number, given in enumerate(form.getlist("file")):
        if not isinstance(given, UploadFile) or not given.filename:
            continue
        place = folder / str(number)
        place.mkdir()
        target = place / plain_name(given.filename)
        with target.open("wb") as file:
            shutil.copyfileobj(given.file, file)
        out.append(target)
    pasted = str(form.get("text", "")).strip()
    if len(pasted) > TEXT:
        raise DeskError(
            f"The text has {len(pasted):,} characters, more than {TEXT:,}. Save it as a file and upload that."
        )
    if pasted:
        target = folder / "pasted.txt"
        target.write_text(pasted.replace("\r\n", "\n"), encoding="utf-8", errors="replace")
        out.append(target)
    return tuple(out)


def plain_name(given: str) -> str:
    """The name of an uploaded file without folders and odd characters; nothing in it can lead elsewhere.

    Example:
        >>> plain_name("../../etc/passwd"), plain_name("C:\\\\a\\\\events.csv"), plain_name("..")
        ('passwd', 'events.csv', 'file')
    """
    last = re.split(r"[/\\]", given)[-1]
    name = _PLAIN.sub("_", last).strip(" .")
    stem, dot, suffix = name.rpartition(".")
    return f"{stem[:80]}{dot}{suffix[:12]}" if stem else name[:80] or "file"


def _sample(held: Held, job: Job) -> tuple[str, ...]:
    outcome = held.desk.read_sample(progress=lambda done, total: _at(job, done, total))
    held.renew()
    return tuple(outcome.summary().splitlines())


def _read(
    held: Held, folder: Path, files: Sequence[Path], published: Date | None, outlet: str, job: Job
) -> tuple[str, ...]:
    try:
        outcome = held.desk.read(
            *files, published=published, outlet=outlet, workers=1, progress=lambda done, total: _at(job, done, total)
        )
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        held.renew()
    return (*outcome.summary().splitlines(), *(_short(line, folder) for line in outcome.skipped))


def _load(held: Held, folder: Path, files: Sequence[Path], form: str, job: Job) -> tuple[str, ...]:
    def at(name: str, n: int) -> None:
        job.at = f"{name}: {n:,} sightings so far"

    try:
        told = held.desk.load(form, *files, progress=at)
    except DetenteError as error:
        if "--map" not in str(error):
            raise
        shell = f"detente load auto FILE --map COLUMNS.toml --desk {held.path}"
        raise DeskError(f"{error} That takes the shell: {shell}") from None
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        held.renew()
    return (*told.summary().splitlines(), *(_short(line, folder) for line in told.left_out))


def _at(job: Job, done: int, total: int) -> None:
    job.at = f"{done:,} of {total:,}"


def _short(line: str, folder: Path) -> str:
    """A line about a file without the folder in which it lay for a moment."""
    return re.sub(re.escape(str(folder)) + r"/(\d+/)?", "", line)


PAGE = Page("/add", "Add", view, takes=("job",))
