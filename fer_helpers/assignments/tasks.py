"""What an assignment is: its data by variant, its tasks, and how answers earn points."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from types import SimpleNamespace

import numpy as np

from fer_helpers import exercises
from fer_helpers.assignments.values import decode, encode
from fer_helpers.exercises import WrongKind

Work = SimpleNamespace


def number(value: object) -> float:
    """Read a number."""
    return exercises.number(value)


def whole(value: object) -> int:
    """Read a whole number."""
    return exercises.whole_number(value)


def array(value: object) -> np.ndarray:
    """Read an array of numbers of any shape: which one may be the question."""
    return exercises.numbers(value)


def row(value: object, length: int) -> np.ndarray:
    """Read a list of so many numbers; a batch of one, which is what Keras gives, is one."""
    kind = f"a list of {length} numbers"
    try:
        found = exercises.numbers(value)
    except WrongKind:
        odd = (
            [item for item in value if not _is_number(item)] if type(value) in (list, tuple) else ()
        )
        raise WrongKind(kind, *(odd[:1] or [value])) from None
    if found.shape not in ((length,), (1, length)):
        raise WrongKind(kind, value)
    return found.reshape(length)


def _is_number(value: object) -> bool:
    try:
        exercises.number(value)
    except WrongKind:
        return False
    return True


def names(value: object, options: tuple[str, ...], length: int) -> list[str]:
    """Read a list of so many of the options."""
    listed = ", ".join(repr(option) for option in options)
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, (list, tuple)) and len(value) == length:
        found = [item.strip() if isinstance(item, str) else item for item in value]
        # An array among them would be compared number by number.
        unknown = [item for item in found if not isinstance(item, str) or item not in options]
        if not unknown:
            return found
        value = unknown[0]
    raise WrongKind(f"a list of {length}, each one of {listed}", value)


def several(length: int) -> Callable:
    """Return what reads a list of so many numbers."""
    return partial(row, length=length)


@dataclass(frozen=True)
class Slip:
    """A known mistake: what it gives, the share of the points that it earns, what to say.

    Attributes
    ----------
    gives
        ``gives(work)`` is the answer of who makes the mistake.
    share
        Of the task's points, from 0 to below 1.
    says
        Feedback; it names the idea that is missing, and no number of the key.
    """

    gives: Callable[[Work], object]
    share: float
    says: str


@dataclass(frozen=True)
class Cases:
    """Hidden calls of one kind for a function that is handed in: all right or no points.

    Attributes
    ----------
    name
        What they have in common, for the feedback.
    share
        Of the task's points; the shares of a task add up to 1.
    draw
        ``draw(work, rng)`` gives a list of tuples of arguments.
    """

    name: str
    share: float
    draw: Callable[[Work, np.random.Generator], list[tuple]]


@dataclass(frozen=True)
class Task:
    """One task.

    Attributes
    ----------
    name, title, points
        ``"task-1"``, what it is about, and what it is worth.
    reads
        Turns an answer into what is compared, or raises `fer_helpers.exercises.WrongKind` with
        what is asked for.
    key
        ``key(work)`` is the right answer; for a function, the right function.
    slips
        Known mistakes, the first that fits counts.
    cases
        Of a function: what it is called on.
    tolerance
        Largest absolute difference of a number that counts as equal.
    bar
        ``bar(work, answer)`` takes the place of `key` where many answers are right: it returns
        the share of the points and what to say.
    """

    name: str
    title: str
    points: int
    reads: Callable[[object], object]
    key: Callable[[Work], object]
    slips: tuple[Slip, ...] = ()
    cases: tuple[Cases, ...] = ()
    tolerance: float = 1e-6
    bar: Callable[[Work, object], tuple[float, str]] | None = None

    def same(self, one: object, other: object) -> bool:
        """Tell whether two answers are equal, up to the tolerance; shapes count."""
        one, other = np.asarray(one), np.asarray(other)
        if one.shape != other.shape or one.dtype.kind in "US" or other.dtype.kind in "US":
            return one.shape == other.shape and bool(np.all(one == other))
        return bool(np.allclose(one, other, rtol=0, atol=self.tolerance))

    def calls(self, work: Work, seed: int) -> list[list[tuple]]:
        """Draw the hidden calls: for each of `cases` a list of tuples of arguments."""
        rng = np.random.default_rng(seed)
        return [kind.draw(work, rng) for kind in self.cases]


@dataclass(frozen=True)
class Result:
    """What an answer has earned, and why."""

    points: float
    says: str


@dataclass(frozen=True)
class Assignment:
    """Tasks over one draw of data.

    Attributes
    ----------
    name, title
        ``"a1-convolution"``, and how the feedback calls it.
    draw
        ``draw(rng)`` returns the data of a variant as a `types.SimpleNamespace`.
    tasks
        They are worth 100 points together.
    cell_seconds, seconds
        The longest time for one cell and for a whole submission, unless the grader says
        otherwise: several times of what the solutions take on two slow cores.
    """

    name: str
    title: str
    draw: Callable[[np.random.Generator], Work]
    tasks: tuple[Task, ...]
    cell_seconds: int = 60
    seconds: int = 300

    def __post_init__(self) -> None:
        """Refuse an assignment that cannot be graded as promised."""
        if sum(task.points for task in self.tasks) != 100:
            raise ValueError(f"the tasks of {self.name} are not worth 100 points together")
        for task in self.tasks:
            if task.cases and abs(sum(kind.share for kind in task.cases) - 1) > 1e-9:
                raise ValueError(f"the cases of {self.name}, {task.name} do not add up to 1")

    def work(self, variant: int) -> Work:
        """Draw a variant: a function of the assignment's name and the number alone."""
        work = self.draw(np.random.default_rng([zlib.crc32(self.name.encode()), variant]))
        work.variant = variant
        return work

    def key(self, work: Work) -> dict[str, object]:
        """Return the right answers, by task; functions are left out."""
        return {task.name: task.key(work) for task in self.tasks if not task.cases}


def judge(task: Task, work: Work, records: list[dict], seed: int) -> Result:
    """Compare what a student has handed in to the key, in this process.

    Parameters
    ----------
    task, work
        The task, and the data of the student's variant.
    records
        What the student's process has noted for this task, in order: answers, or what a function
        has returned. Nothing of it is trusted.
    seed
        Of the hidden calls.

    Returns
    -------
    result
        Points, and feedback that says what was expected in kind.
    """
    if task.cases:
        return _judge_function(task, work, records, seed)
    given = [record for record in records if "value" in record]
    if not given:
        return Result(0, "Nothing was handed in. What its cell printed, or its error, says why.")
    try:
        answer = task.reads(decode(given[-1]["value"]))
    except WrongKind as kind:
        return Result(0, f"It asks for {kind}.")
    if task.bar:
        share, says = task.bar(work, answer)
        return Result(round(share * task.points, 2), says)
    if task.same(answer, task.key(work)):
        return Result(task.points, "Right.")
    for slip in task.slips:
        if task.same(answer, slip.gives(work)):
            return Result(round(slip.share * task.points, 2), slip.says)
    return Result(0, "Not right.")


def _judge_function(task: Task, work: Work, records: list[dict], seed: int) -> Result:
    if not any(record.get("function") is True for record in records):
        return Result(0, "No function was handed in.")
    returned = {}
    for record in records:
        if type(record.get("case")) is int:
            # The first counts: only one comes from the grader's call.
            returned.setdefault(record["case"], record)
    points, said, number = 0.0, [], 0
    for kind, calls in zip(task.cases, task.calls(work, seed), strict=True):
        wrong = None
        for arguments in calls:
            wrong = wrong or _wrong(task, work, returned.get(number), arguments)
            number += 1
        points += 0 if wrong else kind.share * task.points
        if wrong:
            said.append(f"{kind.name[0].upper()}{kind.name[1:]}: {wrong}.")
    return Result(round(points, 2), " ".join(said) or "Right.")


def _wrong(task: Task, work: Work, record: dict | None, arguments: tuple) -> str | None:
    """Return what is wrong with what a function returned for one call, or None."""
    if record is None:
        return "it did not come to an end"
    if "value" not in record:
        return str(record.get("error", "nothing came back"))[:200]
    try:
        answer = task.reads(decode(record["value"]))
    except WrongKind as kind:
        return f"it should return {kind}"
    return None if task.same(answer, task.key(work)(*arguments)) else "not right"


def encoded(calls: list[list[tuple]]) -> list:
    """Return the arguments of all hidden calls of a task as plain data, one after the other.

    Tuples stay tuples: a function may add to a shape, and was written for a tuple.
    """
    return [encode(list(arguments), tuples=True) for kind in calls for arguments in kind]
