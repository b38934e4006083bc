"""Three typical wrong solutions of assignment 4."""

from math import comb

import numpy as np

from fer_helpers.assignments import a4_study


def _right(work):
    from tests.fer_helpers.assignments.solvers import reference

    return reference("a4-study")(work)


def one_side(work):
    """Tests on one side, forgets the last batch, and reads Wilson's intervals off normal ones."""

    def p_value(only_a, only_b):
        n, fewer = only_a + only_b, min(only_a, only_b)
        return sum(comb(n, k) for k in range(fewer + 1)) / 2**n

    right = _right(work)
    steps = 4 * work.epochs["cpu"] * (3 * work.images["train"] // work.batch_size)
    compared = right["task-4"]
    size = len(compared["a"])
    errors = [1.96 * np.sqrt(share * (1 - share) / size) for share in compared["accuracy"]]
    ends = [
        [share - error, share + error]
        for share, error in zip(compared["accuracy"], errors, strict=True)
    ]
    return right | {
        "task-1": [steps, right["task-1"][1]],
        "task-2": p_value,
        "task-4": compared | {"interval": ends, "p_value": p_value(*compared["only"])},
    }


def numbers_not_digits(work):
    """Reads printed accuracies as numbers, and two networks as if each had images of its own."""

    def possible_sizes(printed, largest):
        printed = [str(float(text)) for text in printed]
        return a4_study.possible_sizes(printed, largest)

    right = _right(work)
    sizes = possible_sizes(work.supplement, 1000)
    gap, low, high = right["task-7"]
    size = work._paper.street_test
    shares = np.array(work._paper.right[1:3]) / size
    half = 1.96 * np.sqrt(np.sum(shares * (1 - shares)) / size)
    return right | {
        "task-5": possible_sizes,
        "task-6": [sizes[0], len(sizes)],
        "task-7": [gap, (low + high) / 2 - half, (low + high) / 2 + half],
    }


def one_arm(work):
    """Hands in the same network twice, mixes up two means, and suspects what is sound."""
    right = _right(work)
    majority, accuracy, recall, f1 = right["task-8"]
    faults = dict(list(right["task-9"].items())[:-1])
    sound = next(code for code in a4_study.FAULTS if code not in right["task-9"])
    return right | {
        "task-3": {"a": right["task-3"]["a"], "b": right["task-3"]["a"]},
        "task-8": [majority, recall, accuracy, f1],
        "task-9": faults | {sound: 1.0},
    }


SOLVERS = (one_side, numbers_not_digits, one_arm)
