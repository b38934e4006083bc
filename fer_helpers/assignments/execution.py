"""Run a submission in the sandbox and bring back what it handed in, as plain data."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import secrets
import stat
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from fer_helpers.assignments import sandbox, worker
from fer_helpers.assignments.sandbox import Limits

LARGEST_FILE = 20 * 2**20


@dataclass(frozen=True)
class Order:
    """What to run: everything that a worker on another machine needs.

    Attributes
    ----------
    notebook
        The submission, as bytes.
    variant
        The student's own, whatever the notebook says.
    calls
        Arguments, as plain data, for the functions of each task that asks for one.
    cell_seconds
        Longest time for one cell.
    limits
        See `fer_helpers.assignments.sandbox`.
    hidden
        Folders that the submission must not see.
    """

    notebook: bytes
    variant: int
    calls: dict[str, list]
    cell_seconds: int = 60
    limits: Limits = field(default_factory=Limits)
    hidden: tuple[str, ...] = ()


@dataclass(frozen=True)
class Evidence:
    """What came back from a run; all of it was in the hands of the student's code.

    Attributes
    ----------
    records
        The answers and what functions returned, in order.
    executed
        The executed notebook as text, or None if there is none.
    stopped
        The limit that ended the run, or None.
    ended_well
        Whether the run came to its end.
    seconds, memory
        Wall time, and the peak of all its processes in bytes.
    """

    records: list[dict]
    executed: str | None
    stopped: str | None
    ended_well: bool
    seconds: float
    memory: int


def execute(order: Order, stop: threading.Event | None = None) -> Evidence:
    """Run a submission in a folder and a process of its own, until `stop` is set.

    Examples
    --------
    >>> execute(Order(b"not a notebook", 17, {})).ended_well
    False
    """
    with _folder() as folder:
        (folder / worker.SUBMISSION).write_bytes(order.notebook)
        spec = {
            "variant": order.variant,
            "calls": order.calls,
            "cell_seconds": order.cell_seconds,
        }
        (folder / worker.SPEC).write_text(json.dumps(spec))
        outcome = sandbox.run(
            [sys.executable, "-m", "fer_helpers.assignments.worker"],
            folder=folder,
            limits=order.limits,
            hidden=[Path(path) for path in order.hidden],
            stop=stop,
            environment={
                "PYTHONPATH": str(Path(__file__).resolve().parents[2]),
                "TF_CPP_MIN_LOG_LEVEL": "3",
                "MPLBACKEND": "module://matplotlib_inline.backend_inline",
            },
        )
        return Evidence(
            records=_records(folder / worker.ANSWER_FILE),
            executed=_text(folder / worker.EXECUTED),
            stopped=outcome.stopped,
            ended_well=outcome.returncode == 0,
            seconds=outcome.seconds,
            memory=outcome.memory,
        )


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    """Make a folder for one run, and remove it with whatever the run has left in it."""
    folder = Path(tempfile.mkdtemp(prefix="reading-faces-"))
    try:
        yield folder
    finally:
        # What cannot be removed takes place, and costs nobody a grade.
        with contextlib.suppress(OSError):
            _remove(folder)


def _remove(folder: Path) -> None:
    """Remove a folder of any depth: `shutil.rmtree` ends in a RecursionError some way down."""
    numbers = itertools.count()
    mark = secrets.token_hex(8)
    folder.chmod(stat.S_IRWXU)
    while entries := list(os.scandir(folder)):
        for entry in entries:
            if not entry.is_dir(follow_symlinks=False):
                os.unlink(entry.path)
                continue
            os.chmod(entry.path, stat.S_IRWXU)
            for inner in list(os.scandir(entry.path)):
                if inner.is_dir(follow_symlinks=False):
                    os.chmod(inner.path, stat.S_IRWXU)
                    os.rename(inner.path, folder / f"{mark}-{next(numbers)}")
                else:
                    os.unlink(inner.path)
            os.rmdir(entry.path)
    folder.rmdir()


def _text(path: Path) -> str | None:
    """Return a text file that the submission may have made anything of."""
    try:
        # A link could lead anywhere, and a pipe would be waited for.
        number = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with open(number, "rb") as file:
            facts = os.fstat(number)
            if not stat.S_ISREG(facts.st_mode) or facts.st_size > LARGEST_FILE:
                return None
            return file.read(LARGEST_FILE).decode("utf-8", "replace")
    except OSError:
        return None


def _records(path: Path) -> list[dict]:
    found = []
    for line in (_text(path) or "").splitlines():
        try:
            record = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(record, dict) and isinstance(record.get("task"), str):
            found.append(record)
    return found


def missing_protections() -> Sequence[tuple[str, str]]:
    """Return what this machine cannot enforce, and why."""
    return [(name, why) for name, why in sandbox.protections().items() if why is not None]
