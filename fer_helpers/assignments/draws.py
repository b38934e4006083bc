"""Draws of which every known mistake shows."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import combinations

import numpy as np

from fer_helpers.assignments.tasks import Task, Work

# A draw that never settles is a mistake of its author, to be seen at once.
_ATTEMPTS = 2_000


def settle(
    work: Work,
    rng: np.random.Generator,
    draw: Callable[[Work, np.random.Generator], None],
    tasks: Iterable[Task],
) -> None:
    """Repeat a draw until right answer and known mistakes of the tasks are all told apart.

    Parameters
    ----------
    work
        `draw` sets its attributes.
    rng
        Source of the draws.
    draw
        ``draw(work, rng)``.
    tasks
        Those that ask about what is drawn here; without hidden calls.

    Raises
    ------
    RuntimeError
        If two of the answers coincide in thousands of draws.
    """
    tasks = tuple(tasks)
    for _ in range(_ATTEMPTS):
        draw(work, rng)
        if all(told_apart(task, work) for task in tasks):
            return
    raise RuntimeError(f"{draw.__name__} does not tell the known mistakes apart")


def told_apart(task: Task, work: Work) -> bool:
    """Tell whether a task's right answer and its known mistakes differ by four tolerances."""
    answers = [np.asarray(give(work)) for give in (task.key, *(s.gives for s in task.slips))]
    # Lists: for a handful of numbers NumPy's own comparison takes several times as long.
    plain = [(answer.shape, answer.ravel().tolist()) for answer in answers]
    return all(_differ(one, other, 4 * task.tolerance) for one, other in combinations(plain, 2))


def _differ(one: tuple, other: tuple, least: float) -> bool:
    if one[0] != other[0]:
        return True
    return any(
        a != b if isinstance(a, str) else abs(a - b) > least
        for a, b in zip(one[1], other[1], strict=True)
    )
