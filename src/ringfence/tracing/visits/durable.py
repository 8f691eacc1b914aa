"""Small durable acts on files: a directory lock, a whole new file under a new name, a pointer moved by rename."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


def flush_directory(path: Path) -> None:
    """Make the names in a directory durable."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def make_room(path: Path) -> None:
    """Make a directory, its parents too, so that a loss of power does not take it away again."""
    missing = [room for room in (path, *path.parents) if not room.exists()]
    path.mkdir(parents=True, exist_ok=True)
    for room in missing:
        flush_directory(room.parent)


def write_new(path: Path, data: bytes, *, mode: int = 0o644) -> None:
    """Write a file that must not exist yet, flushed to the disk."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def replace(path: Path, data: bytes, *, mode: int = 0o644) -> None:
    """Put a file in the place of another in one step: after a crash either the old or the new one is there, whole."""
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    write_new(fresh, data, mode=mode)
    fresh.rename(path)
    flush_directory(path.parent)


@contextmanager
def only_writer(path: Path, waiting: Callable[[], None] | None = None) -> Iterator[None]:
    """Hold a directory's writer lock; another writer waits its turn, and `waiting` is called once when that is so."""
    handle = take_lock(path, waiting)
    try:
        yield
    finally:
        os.close(handle)


def take_lock(path: Path, waiting: Callable[[], None] | None = None) -> int:
    """Take a directory's writer lock and return its file handle; closing the handle gives the lock back."""
    handle = os.open(path / "LOCK", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if waiting is not None:
                waiting()
            fcntl.flock(handle, fcntl.LOCK_EX)
    except BaseException:
        os.close(handle)
        raise
    return handle
