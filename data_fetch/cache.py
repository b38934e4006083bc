"""Where made and converted data sets are kept, so that a second load takes no time.

An entry is a folder ``NAME/`` with one sub-folder of ``.npy`` files and ``current.json``,
which names that sub-folder. The file is replaced atomically and last, so a reader sees either a
complete entry or none, however a writer ended. Writers of one entry take turns by a lock that
the operating system releases when a process ends.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import itertools
import json
import os
import shutil
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from tokenize import TokenError

import numpy as np
import platformdirs

from data_fetch.dataset import DataError, FaceDataset, Source

POINTER = "current.json"
ARRAYS = ("images", "labels", "split", "subject", "files")


class CacheError(DataError):
    """The cache cannot be written."""


def cache_dir() -> Path:
    """Return the cache's folder: ``READING_FACES_DATA`` if set, else the user's cache folder."""
    chosen = os.environ.get("READING_FACES_DATA")
    folder = Path(chosen or platformdirs.user_cache_dir("reading-faces"))
    try:
        return folder.expanduser()
    except RuntimeError as error:
        raise CacheError(f"READING_FACES_DATA is {chosen}, and there is no such home") from error


def describe(name: str) -> dict | None:
    """Return what ``current.json`` records about the entry `name`, ``None`` without an entry.

    Raises
    ------
    DataError
        If the record is damaged.
    """
    pointer = cache_dir() / name / POINTER
    try:
        record = json.loads(pointer.read_text(encoding="utf-8"))
        kinds = {"folder": str, "class_names": list, "source": dict, "files": dict}
        if not isinstance(record, dict) or not all(
            isinstance(record.get(key), kind) for key, kind in kinds.items()
        ):
            raise ValueError("an incomplete record")
        if not {"images.npy", "labels.npy", "split.npy"} <= set(record["files"]):
            raise ValueError("a record without images, labels or split")
        return record
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as error:
        raise DataError(
            f"{pointer} is damaged ({error}); run `python -m data_fetch get {name}` again"
        ) from error


def read(name: str) -> FaceDataset | None:
    """Return the entry `name`, its images memory-mapped, or ``None`` without an entry.

    Raises
    ------
    DataError
        If a file of the entry is missing or damaged.
    """
    for attempt in (1, 2):
        record = describe(name)
        if record is None:
            return None
        place = cache_dir() / name / record["folder"]
        try:
            arrays = {
                key: np.load(place / f"{key}.npy", mmap_mode="r" if key == "images" else None)
                for key in ARRAYS
                if f"{key}.npy" in record["files"]
            }
            return FaceDataset(
                **{key: arrays.get(key) for key in ARRAYS},
                class_names=tuple(record["class_names"]),
                source=Source(**record["source"]),
            )
        # The last three: damage in an array's header, and in what the record says.
        except (OSError, ValueError, EOFError, TokenError, TypeError, AttributeError) as error:
            # Another process may have replaced the entry since its record was read.
            if attempt == 2 or describe(name) == record:
                raise DataError(
                    f"the arrays in {place} are damaged ({error}); run `python -m data_fetch get "
                    f"{name}` again"
                ) from error
    raise AssertionError("unreachable")


def read_if_sound(name: str) -> FaceDataset | None:
    """Return the entry `name`, or ``None`` where it is missing or damaged."""
    try:
        return read(name)
    except DataError:
        return None


def store(name: str, faces: FaceDataset, **extra: object) -> FaceDataset:
    """Write `faces` as the entry `name`, in place of an earlier one, and read it back.

    The caller holds :func:`lock`. `extra` is recorded with the entry.

    Raises
    ------
    CacheError
        If there is no space or no permission; nothing is left behind then.
    """
    entry = cache_dir() / name
    with _clear_errors(entry):
        require_space(sum(array.nbytes for array in _arrays(faces).values()))
        entry.mkdir(parents=True, exist_ok=True)
        place = Path(tempfile.mkdtemp(prefix="arrays-", dir=entry))
        try:
            hashes = {
                f"{key}.npy": _write_array(place / f"{key}.npy", array)
                for key, array in _arrays(faces).items()
            }
            record = {
                "folder": place.name,
                "class_names": faces.class_names,
                "source": asdict(faces.source),
                "files": hashes,
                **extra,
            }
            draft = place / POINTER
            draft.write_text(json.dumps(record, indent=1), encoding="utf-8")
            os.replace(draft, entry / POINTER)
        except BaseException:
            shutil.rmtree(place, ignore_errors=True)
            raise
    for other in entry.glob("arrays-*"):
        if other != place:
            # Windows keeps files that a notebook still has open; the next writer removes them.
            shutil.rmtree(other, ignore_errors=True)
    return read(name)


def cached(name: str, make: Callable[[], FaceDataset]) -> FaceDataset:
    """Return the entry `name`; make and store it first where it is missing or damaged.

    Where the cache cannot be written, warn and return what `make` returns, in memory.
    """
    faces = read_if_sound(name)
    if faces is not None:
        return faces
    made = None
    try:
        with lock(name):
            faces = read_if_sound(name)
            if faces is not None:
                return faces
            made = make()
            return store(name, made)
    except CacheError as error:
        warnings.warn(f"not kept for the next time: {error}", stacklevel=3)
        return make() if made is None else made


def check(name: str) -> None:
    """Hash every file of the entry `name` again.

    Raises
    ------
    DataError
        If a file is not as it was written; the entry is then set aside.
    """
    record = describe(name)
    damaged = []
    for file, expected in record["files"].items():
        path = cache_dir() / name / record["folder"] / file
        if not path.exists() or sha256(path) != expected:
            damaged.append(str(path))
    if damaged:
        raise DataError(
            f"{', '.join(damaged)} changed since it was written; {set_aside(cache_dir() / name)}; "
            f"run `python -m data_fetch get {name}` again"
        )


def set_aside(path: Path) -> str:
    """Rename a file or folder that failed its check, and say where it is now."""
    numbers = itertools.count(1)
    aside = next(
        place
        for place in (path.with_name(f"{path.name}.rejected-{number}") for number in numbers)
        if not place.exists()
    )
    try:
        path.rename(aside)
    except OSError as error:
        return f"{path} could not be set aside ({error.strerror}), delete it"
    return f"{path} was set aside as {aside.name}"


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal."""
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def require_space(size: int) -> None:
    """Raise :class:`CacheError` unless `size` bytes and a margin are free in the cache."""
    place = cache_dir()
    while not place.exists() and place != place.parent:
        place = place.parent
    free = shutil.disk_usage(place).free
    if free < 1.05 * size:
        raise CacheError(
            f"no space in {cache_dir()}: {size / 1e6:.0f} MB are needed and {free / 1e6:.0f} MB "
            "are free; free some, or set READING_FACES_DATA to a folder on another disk"
        )


@contextlib.contextmanager
def lock(name: str) -> Iterator[None]:
    """Hold the entry `name` against other processes; wait for one that holds it.

    Raises
    ------
    CacheError
        If the cache cannot be written.
    """
    path = cache_dir() / f"{name}.lock"
    with contextlib.ExitStack() as stack:
        with _clear_errors(path):
            stack.enter_context(
                locked(path, f"waiting for another process that writes {cache_dir() / name}")
            )
        yield


@contextlib.contextmanager
def locked(path: Path, wait: str) -> Iterator[None]:
    """Hold a lock file against other processes; print `wait` and wait for one that holds it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "ab") as stream:
        _acquire(stream, wait)
        yield


if sys.platform == "win32":
    import msvcrt
    import time

    def _acquire(stream, wait: str) -> None:
        told = False
        while True:
            try:
                stream.seek(0)
                msvcrt.locking(stream.fileno(), msvcrt.LK_NBLCK, 1)
                return
            except OSError:
                if not told:
                    print(wait, file=sys.stderr)
                    told = True
                time.sleep(0.2)

else:
    import fcntl

    def _acquire(stream, wait: str) -> None:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(wait, file=sys.stderr)
            fcntl.flock(stream, fcntl.LOCK_EX)


def _arrays(faces: FaceDataset) -> dict[str, np.ndarray]:
    return {key: getattr(faces, key) for key in ARRAYS if getattr(faces, key) is not None}


def _write_array(path: Path, array: np.ndarray) -> str:
    with open(path, "wb") as stream:
        np.save(stream, array, allow_pickle=False)
        stream.flush()
        os.fsync(stream.fileno())
    return sha256(path)


@contextlib.contextmanager
def _clear_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)):
            problem = f"no space left for {path}; free some"
        else:
            problem = f"cannot write {path} ({error.strerror or error}); make it writable"
        raise CacheError(f"{problem}, or set READING_FACES_DATA to another folder") from error
