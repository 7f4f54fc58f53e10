"""Writing files so that a crash leaves the old or the new one, and one writer at a time.

A file counts once it is complete under its own name: it is written under a temporary name, flushed to the disk,
renamed, and its folder flushed too, since a rename is an entry of the folder (Pillai et al. 2014, "All file systems
are not created equal").
"""

from __future__ import annotations

import errno
import hashlib
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

import filelock
import polars as pl

from detente.errors import DeskError, DeskLocked

NOTE = "writer.txt"
FRESH = ".new"  # ends the name of a file that is being written
GROUP = 16_384  # rows of a row group: what a filter can skip; a question of a pair takes a third of the time of 65,536


class Hashing:
    """A file that is hashed as it is written, so that nothing is read back for its digest."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self._hash = file, hashlib.sha256()
        self.error: OSError | None = None  # Polars tells only that there was one

    def write(self, data: bytes) -> int:
        self._hash.update(data)
        try:
            return self._file.write(data)
        except OSError as error:
            self.error = error
            raise

    def flush(self) -> None:
        self._file.flush()

    def hexdigest(self) -> str:
        return self._hash.hexdigest()


def put(path: Path, write: Callable[[Hashing], object], name: Callable[[str], str] | None = None) -> tuple[Path, str]:
    """Write a file whole or not at all.

    Args:
        path: where it goes; with ``name``, its folder and temporary name.
        write: writes it.
        name: makes the file's name from its digest.

    Returns:
        Where it went, and its SHA-256.
    """
    fresh = path.with_name(path.name + FRESH)
    try:
        with fresh.open("wb") as file:
            hashing = Hashing(file)
            try:
                write(hashing)
            except pl.exceptions.PolarsError:
                raise hashing.error or OSError("Polars could not write a batch") from None
            file.flush()
            os.fsync(file.fileno())
        digest = hashing.hexdigest()
        where = path.with_name(name(digest)) if name else path
        fresh.replace(where)
    except BaseException:
        with suppress(OSError):  # it would only take room
            fresh.unlink(missing_ok=True)
        raise
    settle(path.parent)
    return where, digest


def put_frame(folder: Path, serial: int, frame: pl.DataFrame, about: dict[str, str]) -> tuple[str, str]:
    """Write a batch; its name holds its serial number and the first digits of its digest.

    Args:
        folder: where.
        serial: number of the writing.
        frame: the batch.
        about: kept in the file, for the day on which it is all that is left.

    Returns:
        File name and SHA-256.
    """
    if not folder.exists():
        folder.mkdir()
        settle(folder.parent)
    where, digest = put(
        folder / "batch",
        lambda file: frame.write_parquet(
            file,  # type: ignore[arg-type]
            compression="zstd",
            compression_level=1,  # 4 % larger than the usual level, in two thirds of the time
            row_group_size=GROUP,
            metadata=about,
        ),
        lambda digest: f"{serial:06d}-{digest[:12]}.parquet",
    )
    return where.name, digest


def settle(folder: Path) -> None:
    """Flush the entries of a folder to the disk, where the system can."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # some network folders cannot, and need not
            raise
    finally:
        os.close(handle)


def digest(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def writing(desk: Path, patience: float, *, note: bool = True) -> Iterator[None]:
    """Hold a desk for writing; the lock ends with the process that holds it, however it ends.

    Args:
        desk: its folder.
        patience: seconds to wait for another writer.
        note: leave word who writes; it stays where the writing does not end well.

    Raises:
        DeskLocked: another process is writing; the message names it.
        DeskError: files cannot be locked there.
    """
    lock = filelock.FileLock(desk / "writing.lock", timeout=patience, fallback_to_soft=False)
    try:
        lock.acquire()
    except filelock.Timeout:
        raise DeskLocked(
            f"{desk} is being written by {writer(desk) or 'another process'}; it did not end within "
            f"{patience:g} seconds. Wait for it to end, then try again."
        ) from None
    except OSError as error:
        if error.errno in (errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOLCK):
            raise DeskError(
                f"{desk} lies on a file system that cannot lock files ({error.strerror}), so two writers could meet. "
                "Keep the desk on a local disk, or mount the share with locks, and copy it when nobody writes."
            ) from None
        raise
    try:
        since = datetime.now(UTC).replace(tzinfo=None).isoformat(" ", "seconds")
        if note:
            word = f"process {os.getpid()} on {socket.gethostname()} since {since} UTC"
            (desk / NOTE).write_text(word, encoding="utf-8")
        yield
        if note:
            with suppress(OSError):
                (desk / NOTE).unlink()
    finally:
        lock.release()


def writer(desk: Path) -> str:
    """Who writes, or wrote last and did not end well; empty where nobody left a note."""
    try:
        return (desk / NOTE).read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""


def why(error: OSError) -> str:
    """What a disk that takes no more says, and the remedy."""
    match error.errno:
        case errno.ENOSPC | errno.EDQUOT:
            return "the disk is full. Make room, then do the same again."
        case errno.EROFS:
            return "the disk can only be read. Copy the desk to one that can be written."
        case errno.EACCES | errno.EPERM:
            return "you may not write there. Ask its owner for permission, or copy the desk to a folder of yours."
        case _:
            return f"{error.strerror or error}."
