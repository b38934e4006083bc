"""Three typical wrong solutions of assignment 2."""

import numpy as np


def _right(work):
    from tests.fer_helpers.assignments.solvers import reference

    return reference("a2-training-and-metrics")(work)


def _softmax(logits):
    powers = np.exp(logits)
    return powers / powers.sum(axis=1, keepdims=True)


def mixes_up_directions(work):
    """Climbs the loss, swaps recall and precision, ranks upside down."""
    right = _right(work)
    wrong = (_softmax(work.inputs @ work.weights) - np.eye(2)[work.targets]) / 2
    step = work.momentum * work.velocity + work.rate * work.inputs.T @ wrong
    recall, precision, laziest = right["task-5"]
    return right | {
        "task-2": work.weights + step,
        "task-5": [precision, recall, laziest],
        "task-7": 1 - right["task-7"],
        "task-9": right["task-9"][::-1],
    }


def trusts_too_soon(work):
    """Lets the test faces choose, stops at rises in a row, and tests one side only."""

    def early_stop(losses, patience):
        rises = 0
        for epoch in range(1, len(losses)):
            rises = rises + 1 if losses[epoch] >= losses[epoch - 1] else 0
            if rises >= patience:
                return [epoch + 1, int(np.argmin(losses[: epoch + 1])) + 1]
        return [len(losses), int(np.argmin(losses)) + 1]

    right = _right(work)
    tested = work.history["test_accuracy"]
    only_a, only_b, p_value = right["task-8"]
    place, value = right["task-10"]
    return right | {
        "task-3": [int(np.argmax(tested)) + 1, max(tested), 0.0],
        "task-4": early_stop,
        "task-8": [only_a, only_b, p_value / 2],
        "task-10": [place % 6 + 1, value],
    }


def averages_badly(work):
    """Sums where a mean is asked for, weighs classes by size, forgets ties, and is naive."""

    def weighted_f1(labels, predictions, classes):
        scores = []
        for index in range(classes):
            true, said = labels == index, predictions == index
            both = true.sum() + said.sum()
            scores.append(2 * (true & said).sum() / both if both else 0)
        return np.average(scores, weights=np.bincount(labels, minlength=classes))

    right = _right(work)
    ahead = work.scores[work.positive][:, None] > work.scores[~work.positive]
    share = work.right / work.faces
    half = 1.96 * np.sqrt(share * (1 - share) / work.faces)
    place, value = right["task-10"]
    return right | {
        "task-1": 4 * right["task-1"],
        "task-6": weighted_f1,
        "task-7": ahead.mean(),
        "task-9": [share - half, share + half],
        "task-10": [place, value + 20],
    }


SOLVERS = (mixes_up_directions, trusts_too_soon, averages_badly)
