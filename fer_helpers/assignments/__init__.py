"""Graded assignments: what a student's notebook calls.

A notebook begins its assignment with a variant, reads its data, and hands in values::

    work = assignments.begin("a1-convolution", variant)
    assignments.answer("task-1", work.image[0, 0])

Nothing here knows what is right: `fer_helpers.assignments.tasks` compares, in the process of
whoever grades.
"""

from __future__ import annotations

import importlib
import inspect
import json
import os
from pathlib import Path
from types import SimpleNamespace

from fer_helpers.assignments.values import decode, encode
from fer_helpers.choices import one_of
from fer_helpers.exercises import WrongKind, describe

NAMES = ("a1-convolution", "a2-training-and-metrics", "a3-architectures", "a4-study")
VARIANTS = 10_000

# The grader names the file that takes the answers, and the variant, whatever the notebook says.
ANSWERS = "READING_FACES_ANSWERS"
VARIANT = "READING_FACES_VARIANT"

_FUNCTIONS: dict[str, object] = {}
_begun: list[str] = []


def get(name: str):
    """Return the `fer_helpers.assignments.tasks.Assignment` of a name.

    Raises
    ------
    ValueError
        If there is no such assignment; the message lists the choices.

    Examples
    --------
    >>> get("a1-convolution").tasks[0].points
    10
    """
    one_of(name, NAMES, "assignment")
    module = importlib.import_module(f"{__name__}.{name.replace('-', '_')}")
    return module.ASSIGNMENT


def begin(name: str, variant: int) -> SimpleNamespace:
    """Draw the data of a variant.

    Parameters
    ----------
    name
        One of `NAMES`.
    variant
        A whole number from 0 to 9,999.

    Returns
    -------
    work
        The variant's data as attributes; each assignment says which.

    Raises
    ------
    ValueError
        If there is no such assignment or variant.

    Examples
    --------
    >>> begin("a1-convolution", 17).image.shape
    (9, 9)
    >>> begin("a1-convolution", "17")
    Traceback (most recent call last):
    ValueError: variant must be a whole number from 0 to 9999, not '17'
    """
    assignment = get(name)
    work = assignment.work(check_variant(os.environ.get(VARIANT, variant)))
    _begun[:] = [name]
    _FUNCTIONS.clear()
    # What a task asks for may be part of the draw: it is not handed out.
    shown = {key: value for key, value in vars(work).items() if not key.startswith("_")}
    return SimpleNamespace(**shown)


def check_variant(variant: object) -> int:
    """Return a variant, or raise a ValueError that says what one is.

    Examples
    --------
    >>> check_variant(9999)
    9999
    """
    whole = type(variant) is int
    if isinstance(variant, str) and variant == os.environ.get(VARIANT):
        whole, variant = variant.isdecimal(), int(variant)
    if not whole or not 0 <= variant < VARIANTS:
        raise ValueError(
            f"variant must be a whole number from 0 to {VARIANTS - 1}, not {variant!r}"
        )
    return variant


def answer(task: str, value: object) -> None:
    """Hand in the answer to a task; the last one counts.

    It is noted if it is of the kind that the task asks for. Whether it is right is said by
    whoever grades.

    Parameters
    ----------
    task
        Such as ``"task-3"``.
    value
        A number, text, a list or an array, or, where the task asks for one, a function.

    Raises
    ------
    ValueError
        If nothing was begun or there is no such task.

    Examples
    --------
    >>> work = begin("a1-convolution", 17)
    >>> answer("task-1", 3)
    task-1: noted, a value of type int.
    >>> answer("task-1", "three")
    task-1: not noted. It asks for a number, and you gave text.
    """
    if not _begun:
        raise ValueError("begin an assignment first: work = assignments.begin(NAME, variant)")
    asked = {item.name: item for item in get(_begun[0]).tasks}
    one_of(task, tuple(asked), f"task of {_begun[0]}:")
    try:
        if asked[task].cases:
            if not (inspect.isroutine(value) or inspect.isclass(value)):
                raise WrongKind("a function")
            _FUNCTIONS[task], record = value, {"task": task, "function": True}
        else:
            # What the task asks for says more than what can be written down.
            asked[task].reads(value)
            record = {"task": task, "value": encode(value)}
    except WrongKind as unfit:
        print(f"{task}: not noted. It asks for {unfit}, and you gave {_given(value, unfit)}.")
        return
    _note(record)
    print(f"{task}: noted, {describe(value)}.")


def _given(value: object, unfit: WrongKind) -> str:
    """Say what was given, and which part of it does not fit where that is known."""
    given = describe(value)
    if type(value) not in (list, tuple, dict):
        return given
    items = list(value.values() if type(value) is dict else value)[:100]
    inner = [deeper for item in items if type(item) in (list, tuple) for deeper in item[:100]]
    if any(item is Ellipsis for item in items + inner):
        return f"{given} with dots in it, which are there to be replaced"
    part = unfit.part[0] if unfit.part else value
    if part is value:
        return given
    return f"{given} with {repr(part)[:40] if type(part) is str else describe(part)} in it"


def _note(record: dict) -> None:
    """Append to the grader's file, at once: what comes later may end this process."""
    path = os.environ.get(ANSWERS)
    if path:
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(json.dumps(record) + "\n")


def call(task: str, cases: list) -> None:
    """Call a function that was handed in on the grader's inputs, and note what it returns.

    Parameters
    ----------
    task
        Such as ``"task-3"``.
    cases
        The arguments of each call, encoded.
    """
    function = _FUNCTIONS.get(task)
    if function is None:
        return
    for number, arguments in enumerate(cases):
        record = {"task": task, "case": number}
        try:
            record["value"] = encode(function(*decode(arguments)))
        except WrongKind as unfit:
            record["error"] = f"it should return {unfit}"
        except Exception as error:
            record["error"] = f"it ended in {type(error).__name__}: {error}"[:200]
        _note(record)
