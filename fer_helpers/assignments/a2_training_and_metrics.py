"""Assignment 2: what training changes, and how its result is judged; NumPy alone.

A variant draws the numbers of every task from one generator, again and again until the right
answer and every known mistake of a task differ visibly.

What a variant draws: ``logits`` ``(4, 3)`` with one decimal and ``labels`` of four faces, of which
one at least is classified wrongly; ``inputs`` ``(2, 3)``, ``weights`` ``(3, 2)``, ``targets``,
``rate``, ``momentum`` and ``velocity`` ``(3, 2)`` of one step of training; ``history``, 14 epochs
of four curves, in which the lowest validation loss, the highest validation accuracy and the
highest test accuracy fall on three different epochs; ``class_names`` of four expressions, 40 faces
``truth`` with ``probabilities`` ``(40, 4)``, and the rare class ``asked``; ``positive`` and
``scores`` of 14 faces, with ties; ``answers_a`` and ``answers_b`` of two networks for the 120
faces of ``both_truth``; ``right`` of ``faces`` for the interval; and a ``report`` of six
statements, one of them with a wrong number.
"""

from __future__ import annotations

from functools import partial
from math import comb, erfc, sqrt

import numpy as np

from fer_helpers.assignments.draws import settle
from fer_helpers.assignments.tasks import (
    Assignment,
    Cases,
    Slip,
    Task,
    Work,
    array,
    number,
    several,
)

EXPRESSIONS = ("angry", "disgust", "fear", "happy", "neutral", "sad", "surprise")


def _draw(rng: np.random.Generator) -> Work:
    work = Work()
    tasks = {task.name: task for task in TASKS}
    for draw, name in (
        (_draw_logits, "task-1"),
        (_draw_step, "task-2"),
        (_draw_history, "task-3"),
        (_draw_answers, "task-5"),
        (_draw_scores, "task-7"),
        (_draw_pair, "task-8"),
        (_draw_count, "task-9"),
    ):
        settle(work, rng, draw, [tasks[name]])
    _draw_report(work, rng)
    return work


# Task 1: softmax and cross-entropy.


def _draw_logits(work: Work, rng: np.random.Generator) -> None:
    work.logits = rng.integers(-20, 26, (4, 3)) / 10
    work.labels = rng.integers(0, 3, 4)
    # Kept, as all answers are made of them; the underscore keeps them from the student.
    work._probabilities = _softmax(work.logits)
    work._of_the_truth = work._probabilities[np.arange(4), work.labels]


def _softmax(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def _loss(work: Work) -> float:
    return float(-np.log(work._of_the_truth).mean())


# Task 2: one step of gradient descent with momentum.


def _draw_step(work: Work, rng: np.random.Generator) -> None:
    work.inputs = rng.choice([-2.0, -1, 1, 2, 3], (2, 3))
    work.weights = rng.integers(-5, 6, (3, 2)) / 10
    work.targets = rng.permutation(2)
    work.rate = float(rng.choice([0.1, 0.2, 0.3, 0.4]))
    work.momentum = float(rng.choice([0.5, 0.6, 0.7, 0.8, 0.9]))
    work.velocity = rng.integers(-9, 10, (3, 2)) / 100
    work._said = _softmax(work.inputs @ work.weights)
    work._true = np.eye(2)[work.targets]


def _step(work: Work, sign=-1.0, momentum=None, images=2, truth=1.0) -> np.ndarray:
    gradient = work.inputs.T @ (work._said - truth * work._true) / images
    momentum = work.momentum if momentum is None else momentum
    return work.weights + momentum * work.velocity + sign * work.rate * gradient


# Tasks 3 and 4: the history of a training.


def _draw_history(work: Work, rng: np.random.Generator) -> None:
    epoch = np.arange(14)
    work.history = {
        "loss": (1.9 * np.exp(-epoch / rng.uniform(4, 6)) + 0.05).round(3).tolist(),
        "val_loss": (1.1 + 0.8 * np.exp(-epoch / 2) + 0.03 * epoch + rng.normal(0, 0.05, 14))
        .round(3)
        .tolist(),
    }
    for name in ("val_accuracy", "test_accuracy"):
        curve = 0.62 - 0.3 * np.exp(-epoch / 2.5) + rng.normal(0, 0.015, 14)
        work.history[name] = curve.round(3).tolist()


def _reading(work: Work, by: str = "val_loss", sign: int = 1) -> tuple[float, float, float]:
    """Return epoch from 1, test accuracy there, and points by which the best epoch flatters."""
    curve = work.history[by]
    epoch = curve.index(min(curve) if sign > 0 else max(curve))
    tested = work.history["test_accuracy"]
    return epoch + 1, tested[epoch], 100 * (max(tested) - tested[epoch])


def early_stop(losses: list[float], patience: int) -> list[int]:
    """Return the epoch after which training ends, and the one that is kept, both from 1."""
    best = 0
    for epoch, loss in enumerate(losses):
        if loss < losses[best]:
            best = epoch
        elif epoch - best >= patience:
            return [epoch + 1, best + 1]
    return [len(losses), best + 1]


def _falling(rng: np.random.Generator, epochs: int, end: float = 1.2) -> list[float]:
    """Return so many falling losses, all above `end`."""
    return [round(end + step, 3) for step in np.cumsum(rng.uniform(0.02, 0.2, epochs))[::-1]]


def _valley(work: Work, rng: np.random.Generator) -> list[tuple]:
    calls = []
    for patience in (2, 3, 5):
        rising = np.cumsum(rng.uniform(0.02, 0.2, patience + 4)) + 1.15
        calls.append((_falling(rng, int(rng.integers(3, 7))) + rising.round(3).tolist(), patience))
    return calls


def _zigzag(work: Work, rng: np.random.Generator) -> list[tuple]:
    """Draw losses that go up and down above the best one, and in the end fall below it."""
    calls = []
    for patience in (3, 4):
        fall = _falling(rng, int(rng.integers(3, 6)))
        heights = np.where(np.arange(patience + 3) % 2, 0.1, 0.2) + fall[-1]
        heights = heights + rng.uniform(0, 0.04, len(heights))
        calls.append((fall + heights.round(3).tolist() + [0.9, 0.8], patience))
    return calls


def _level(work: Work, rng: np.random.Generator) -> list[tuple]:
    """Draw curves in which the lowest loss comes back, which is no improvement."""
    calls = []
    for patience in (2, 3):
        fall = _falling(rng, int(rng.integers(3, 6)))
        again = [round(fall[-1] + 0.1, 3)] * (patience - 1) + [fall[-1]]
        calls.append((fall + again + [round(fall[-1] + 0.2, 3)] * patience, patience))
    return calls


def _endless(work: Work, rng: np.random.Generator) -> list[tuple]:
    """Draw curves that patience outlasts."""
    falling = _falling(rng, 6)
    return [(falling, 2), (falling[:4] + [2.5, 2.4], 3)]


# Tasks 5 and 6: answers, class by class.


def _draw_answers(work: Work, rng: np.random.Generator) -> None:
    work.class_names = rng.choice(EXPRESSIONS, 4, replace=False).tolist()
    # One common class, two in between, and a rare one; which is which is drawn.
    sizes = rng.permutation([int(rng.integers(15, 18)), 10, 8, 0])
    sizes[sizes == 0] = 40 - sizes.sum()
    rare = int(sizes.argmin())
    work.asked = work.class_names[rare]
    work.truth = rng.permutation(np.repeat(np.arange(4), sizes))
    shares = rng.dirichlet(np.ones(4), 40) + 0.55 * np.eye(4)[work.truth] * rng.random((40, 1))
    shares = (shares / shares.sum(axis=1, keepdims=True)).round(3)
    # The first two places must be clear, or rounding would decide.
    first, second = np.sort(shares, axis=1)[:, :-3:-1].T
    shares[np.arange(40), shares.argmax(axis=1)] += 0.001 * (first == second)
    work.probabilities = shares
    work._asked = rare


def _one_class(work: Work, threshold: bool = False) -> tuple[float, float, float]:
    """Return recall, precision, and the accuracy of always giving the commonest class."""
    true = work.truth == work._asked
    said = work.probabilities.argmax(axis=1) == work._asked
    if threshold:
        said = work.probabilities[:, work._asked] > 0.5
    hits = (true & said).sum()
    lazy = np.bincount(work.truth).max() / 40
    return float(hits / true.sum()), float(hits / max(said.sum(), 1)), float(lazy)


def _lazy_by_classes(work: Work) -> tuple[float, float, float]:
    return *_one_class(work)[:2], 0.25


def _swapped(work: Work) -> tuple[float, float, float]:
    recall, precision, lazy = _one_class(work)
    return precision, recall, lazy


def macro_f1(labels: np.ndarray, predictions: np.ndarray, classes: int) -> float:
    """Return the mean F1 of the classes that have faces."""
    table = np.zeros((classes, classes))
    np.add.at(table, (labels, predictions), 1)
    faces, answered = table.sum(axis=1), table.sum(axis=0)
    present = faces > 0
    return float((2 * table.diagonal()[present] / (faces + answered)[present]).mean())


def _predicted(rng: np.random.Generator, sizes: list[int], rights: list[int], wrong) -> tuple:
    """Return labels and predictions: of each class so many faces and so many of these right.

    ``wrong[c]`` lists what the others of class c are taken for.
    """
    labels, predictions = [], []
    for label, (size, right) in enumerate(zip(sizes, rights, strict=True)):
        labels += [label] * size
        predictions += [label] * right
        predictions += [int(rng.choice(wrong[label])) for _ in range(size - right)]
    order = rng.permutation(len(labels))
    return np.array(labels)[order], np.array(predictions)[order], len(sizes)


def _all_answered(work: Work, rng: np.random.Generator) -> list[tuple]:
    """Draw uneven classes: a common one that is easy, and a rare one that is hard."""
    return [
        _predicted(
            rng,
            [int(rng.integers(30, 40)), 12, 6],
            [28, 8, 2],
            [[1, 2], [0, 2], [0, 1]],
        ),
        _predicted(rng, [5, 25, 9, 7], [1, 22, 6, 4], [[1, 2], [2, 3], [1, 3], [1, 2]]),
    ]


def _never_answered(work: Work, rng: np.random.Generator) -> list[tuple]:
    return [
        _predicted(rng, [20, 10, 4], [16, 7, 0], [[1], [0], [0, 1]]),
        _predicted(rng, [6, 20, 9, 8], [0, 15, 5, 6], [[1, 2], [2, 3], [1, 3], [1, 2]]),
    ]


def _without_faces(work: Work, rng: np.random.Generator) -> list[tuple]:
    """Draw a class without faces, once taken for others and once not even that."""
    return [
        _predicted(rng, [20, 0, 9], [14, 0, 5], [[1, 2], [0], [0, 1]]),
        _predicted(rng, [12, 8, 9, 0], [9, 5, 6, 0], [[1, 2], [0, 2], [0, 1], [0]]),
    ]


# Task 7: the area under the ROC curve.


def _draw_scores(work: Work, rng: np.random.Generator) -> None:
    work.positive = rng.permutation([True] * 5 + [False] * 9)
    raw = rng.normal(0.42, 0.2, 14) + 0.2 * work.positive
    work.scores = np.clip(raw, 0.05, 0.95).round(1)


def _area(work: Work, tie: float = 0.5, at: float | None = None) -> float:
    scores = work.scores if at is None else (work.scores > at).astype(float)
    ahead = scores[work.positive][:, None] - scores[~work.positive]
    return float(((ahead > 1e-9).sum() + tie * (abs(ahead) < 1e-9).sum()) / ahead.size)


# Task 8: two networks on the same faces.


def _draw_pair(work: Work, rng: np.random.Generator) -> None:
    """Draw answers for which the chi-square with its usual correction is as good as exact."""
    while True:
        _draw_two_answers(work, rng)
        _count(work)
        one, other = work._only
        if one + other and abs(_bell(one, other, 1) - _exact(one, other)) < 0.004:
            return


def _draw_two_answers(work: Work, rng: np.random.Generator) -> None:
    work.both_truth = rng.integers(0, 4, 120)
    # A face is hard for both or for none, so that the two verdicts resemble each other.
    hard = rng.random(120) < 0.35
    for name, ease in (("answers_a", 0.87), ("answers_b", 0.78)):
        right = rng.random(120) < np.where(hard, 0.2, ease + 0.08)
        other = (work.both_truth + rng.integers(1, 4, 120)) % 4
        setattr(work, name, np.where(right, work.both_truth, other))


def _count(work: Work) -> None:
    """Keep what all answers are made of: right answers of both, and of one network alone."""
    right_a, right_b = work.answers_a == work.both_truth, work.answers_b == work.both_truth
    work._rights = int(right_a.sum()), int(right_b.sum())
    both = int((right_a & right_b).sum())
    work._only = work._rights[0] - both, work._rights[1] - both


def _tail(one: int, other: int) -> float:
    """Return the chance that a fair coin is at least as uneven, on this side."""
    tosses, heads = one + other, max(one, other)
    ways = total = comb(tosses, heads)
    for k in range(heads, tosses):
        ways = ways * (tosses - k) // (k + 1)
        total += ways
    return total / 2**tosses


def _exact(one: int, other: int) -> float:
    return min(1.0, 2 * _tail(one, other))


def _bell(one: int, other: int, correction: int) -> float:
    """Return the approximate p-value by chi-square, with one degree of freedom."""
    return erfc((abs(one - other) - correction) / sqrt(2 * max(one + other, 1)))


def _mcnemar(work: Work, p_value=_exact) -> tuple[float, float, float]:
    return *work._only, p_value(*work._only)


def _all_right(work: Work) -> tuple[float, float, float]:
    """Compare the numbers of right answers, as if the faces were not the same."""
    return *work._rights, _exact(*work._rights)


# Task 9: the interval of an accuracy.


def _draw_count(work: Work, rng: np.random.Generator) -> None:
    work.faces = int(rng.integers(25, 60))
    work.right = int(round(work.faces * rng.uniform(0.85, 0.95)))


def _wilson(work: Work, z: float = 1.96) -> tuple[float, float]:
    share, faces = work.right / work.faces, work.faces
    middle = (share + z**2 / (2 * faces)) / (1 + z**2 / faces)
    half = z / (1 + z**2 / faces) * sqrt(share * (1 - share) / faces + (z / (2 * faces)) ** 2)
    return middle - half, middle + half


def _naive(work: Work) -> tuple[float, float]:
    share = work.right / work.faces
    half = 1.96 * sqrt(share * (1 - share) / work.faces)
    return share - half, share + half


# Task 10: a report with a fault.


def _draw_report(work: Work, rng: np.random.Generator) -> None:
    """Write six statements in a drawn order; the last number of one of them is wrong."""
    one, two, three = rng.choice(EXPRESSIONS, 3, replace=False).tolist()
    parts = rng.integers(60, 200, 3)
    faces = int(parts.sum())
    right = int(faces * rng.uniform(0.55, 0.75))
    found = int(parts[2] * rng.uniform(0.4, 0.7))
    recall, precision = rng.integers(40, 90, 2) / 100
    scores = rng.integers(40, 90, 3) / 100
    only_a, only_b = int(rng.integers(20, 40)), int(rng.integers(5, 18))
    statements = [
        (f"There are {parts[0]} faces of {one}, {parts[1]} of {two} and {parts[2]} of {three}; "
         "together these are", faces, 0),
        (f"Network A is right on {right} of the {faces} faces: an accuracy of",
         right / faces, 3),
        (f"Network A finds {found} of the {parts[2]} faces of {three}: a recall of",
         found / parts[2], 3),
        (f"For {two}, A has a precision of {precision:.2f} and a recall of {recall:.2f}: an F1 of",
         2 * precision * recall / (precision + recall), 3),
        (f"The F1 of the three classes are {scores[0]:.2f}, {scores[1]:.2f} and "
         f"{scores[2]:.2f}: a macro-F1 of", float(scores.mean()), 3),
        (f"On {only_a} of the {faces} faces only A is right, on {only_b} only B: A is better, "
         "in points of accuracy, by", 100 * (only_a - only_b) / faces, 1),
    ]  # fmt: skip
    order = rng.permutation(6)
    wrong = int(rng.integers(6))
    work.report = []
    for place, (text, value, digits) in enumerate(statements[i] for i in order):
        value = round(float(value), digits)
        if place == wrong:
            work._fault = (place + 1, float(value))
            # Large enough that no way of rounding explains it, and the same for all in its kind.
            value += int(rng.choice([-1, 1])) * {0: 10, 1: 0.9, 3: 0.03}[digits]
        work.report.append(f"{text} {value:.{digits}f}.")


def _judge_report(work: Work, answer: np.ndarray) -> tuple[float, str]:
    place, value = work._fault
    if round(float(answer[0]), 6) != place:
        return 0, "That statement can be true: work out its last number from those before it."
    # Three statements have three decimals, one has one, one none: half a unit of each, and a bit.
    off = 0.06 if " points " in work.report[place - 1] else 0.0011
    if abs(answer[1] - value) <= off:
        return 1, "Right."
    return 0.5, "That is the statement; what its last number should be is not right."


TASKS = (
    Task(
        "task-1",
        "softmax and cross-entropy",
        10,
        number,
        _loss,
        (
            Slip(lambda w: 4 * _loss(w), 0.6, "The loss is the mean over the faces."),
            Slip(
                lambda w: _loss(w) / np.log(10),
                0.7,
                "It asks for the natural logarithm.",
            ),
            Slip(
                lambda w: float(-np.log(w._probabilities.max(axis=1)).mean()),
                0.3,
                "What counts is the probability of the true class, not the highest one.",
            ),
            Slip(
                lambda w: float(1 - w._of_the_truth.mean()),
                0.2,
                "Cross-entropy is minus the logarithm of a probability, not what is missing of 1.",
            ),
        ),
        tolerance=1e-3,
    ),
    Task(
        "task-2",
        "one step of training",
        10,
        array,
        _step,
        (
            Slip(partial(_step, sign=1.0), 0.4, "The step goes against the gradient."),
            Slip(partial(_step, momentum=0.0), 0.5, "A share of the step before is added."),
            Slip(partial(_step, momentum=1.0), 0.6, "Only a share of the step before is kept."),
            Slip(partial(_step, images=1), 0.6, "The gradient of a mean is a mean as well."),
            Slip(
                partial(_step, truth=0.0),
                0.3,
                "The gradient for the logits is what the network said, minus what was true.",
            ),
            Slip(lambda w: _step(w).T, 0.8, "Inputs go down the rows, classes along the columns."),
        ),
        tolerance=1e-3,
    ),
    Task(
        "task-3",
        "reading a history",
        10,
        several(3),
        _reading,
        (
            Slip(
                lambda w: (_reading(w)[0] - 1, *_reading(w)[1:]),
                0.8,
                "Epochs are counted from 1.",
            ),
            Slip(
                partial(_reading, by="val_accuracy", sign=-1),
                0.5,
                "The rule asks for the loss, and the best accuracy is in another epoch.",
            ),
            Slip(
                partial(_reading, by="loss"),
                0.3,
                "The rule is about the validation faces, not those of training.",
            ),
            Slip(
                partial(_reading, by="test_accuracy", sign=-1),
                0.1,
                "The test faces have chosen: then they measure nothing any more.",
            ),
            Slip(
                lambda w: (*_reading(w)[:2], _reading(w)[2] / 100),
                0.8,
                "The last number should be in points, hundredths.",
            ),
        ),
        tolerance=1e-3,
    ),
    Task(
        "task-4",
        "early stopping as a function",
        10,
        several(2),
        lambda work: early_stop,
        cases=(
            Cases("curves with one valley", 0.4, _valley),
            Cases("curves that go up and down after the best epoch", 0.3, _zigzag),
            Cases("the lowest loss comes back", 0.15, _level),
            Cases("patience that outlasts the training", 0.15, _endless),
        ),
    ),
    Task(
        "task-5",
        "one class, and the laziest answer",
        10,
        several(3),
        _one_class,
        (
            Slip(
                _swapped,
                0.6,
                "Recall is a share of the faces of the class, precision of the answers.",
            ),
            Slip(
                partial(_one_class, threshold=True),
                0.5,
                "Each face gets one answer, its most probable class, below one half as well.",
            ),
            Slip(
                _lazy_by_classes,
                0.7,
                "The laziest network names the commonest class, and the classes differ in size.",
            ),
        ),
        tolerance=1e-3,
    ),
    Task(
        "task-6",
        "macro-F1 as a function",
        15,
        number,
        lambda work: macro_f1,
        cases=(
            Cases("every class is answered", 0.4, _all_answered),
            Cases("a class that is never answered", 0.3, _never_answered),
            Cases("a class without faces", 0.3, _without_faces),
        ),
        # The assignment allows three decimals.
        tolerance=1e-3,
    ),
    Task(
        "task-7",
        "the area under a ROC curve",
        10,
        number,
        _area,
        (
            Slip(partial(_area, tie=0), 0.6, "A pair with equal scores counts as well."),
            Slip(partial(_area, tie=1), 0.6, "A pair with equal scores is not won."),
            Slip(lambda w: 1 - _area(w), 0.4, "The faces of the class should come out ahead."),
            Slip(
                partial(_area, at=0.55),
                0.3,
                "The area is of the scores; a yes or no for each face has lost their order.",
            ),
        ),
        tolerance=1e-3,
    ),
    Task(
        "task-8",
        "two networks on the same faces",
        10,
        several(3),
        _mcnemar,
        (
            Slip(
                partial(_mcnemar, p_value=_tail),
                0.7,
                "The counts are right; the test has two sides.",
            ),
            Slip(
                partial(_mcnemar, p_value=partial(_bell, correction=0)),
                0.7,
                "The counts are right; the task asks for the exact p-value, of a fair coin.",
            ),
            Slip(
                lambda w: (*w._only[::-1], _exact(*w._only)),
                0.8,
                "The count of network A comes first.",
            ),
            Slip(
                _all_right,
                0.2,
                "Both networks saw the same faces: only those count on which they part.",
            ),
        ),
        # Wide enough for the corrected chi-square, and for three decimals.
        tolerance=5e-3,
    ),
    Task(
        "task-9",
        "the interval of an accuracy",
        5,
        several(2),
        _wilson,
        (
            Slip(_naive, 0.5, "That is the accuracy ± 1.96 standard errors; Wilson's is another."),
            Slip(partial(_wilson, z=1.0), 0.5, "The formula is right; 95 % need 1.96."),
            Slip(lambda w: _wilson(w)[::-1], 0.8, "The lower end comes first."),
        ),
        tolerance=1e-3,
    ),
    Task(
        "task-10",
        "a report with a fault",
        10,
        several(2),
        lambda work: work._fault,
        bar=_judge_report,
    ),
)

ASSIGNMENT = Assignment(
    "a2-training-and-metrics",
    "Assignment 2: training and metrics",
    _draw,
    TASKS,
)
