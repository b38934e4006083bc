"""Right answers, and wrong ones with a piece of the hint that each must get."""

import numpy as np

from fer_helpers.evaluation import wilson_interval

A, B = wilson_interval(280, 329), wilson_interval(60, 165)
SHARES = 280 / 329, 60 / 165
DIFFERENCE = SHARES[0] - SHARES[1]
LOW = DIFFERENCE - np.hypot(SHARES[0] - A.low, B.high - SHARES[1])
HIGH = DIFFERENCE + np.hypot(A.high - SHARES[0], SHARES[1] - B.low)


def renamed(labels, people, rng):
    new = labels.copy()
    for person in np.unique(people):
        new[people == person] = rng.permutation(6)[labels[people == person]]
    return new


def in_place(labels, people, rng):
    for person in np.unique(people):
        labels[people == person] = rng.permutation(6)[labels[people == person]]
    return labels


RIGHT = {
    "22-thermal.1": [45, 45.0],
    "22-thermal.2": [0.4, 2 / 5],
    "22-thermal.3": [renamed],
    "22-thermal.4": [100 * LOW, round(100 * LOW, 1)],
}
WRONG = [
    ("22-thermal.1", 90, "order matter"),
    ("22-thermal.1", 100, "drawn twice"),
    ("22-thermal.1", 10, "person 0 is in"),
    ("22-thermal.1", 17, "for the second"),
    ("22-thermal.1", 4.5, "a whole number"),
    ("22-thermal.2", 0.5, "all be wrong"),
    ("22-thermal.2", 1 / 3, "lucky guesses"),
    ("22-thermal.2", 40, "between 0 and 1"),
    ("22-thermal.2", 0.9, "a sixth of the rest"),
    ("22-thermal.3", 3, "a function"),
    ("22-thermal.3", in_place, "Work on a copy"),
    ("22-thermal.3", lambda labels, people, rng: labels[:5], "one label per image"),
    ("22-thermal.3", lambda labels, people, rng: rng.permutation(labels), "Rename emotions"),
    ("22-thermal.3", lambda labels, people, rng: labels // 2, "share a name"),
    ("22-thermal.3", lambda labels, people, rng: labels.copy(), "nothing has been"),
    ("22-thermal.3", lambda labels, people, rng: (labels + 1) % 6, "the same new names"),
    ("22-thermal.4", LOW, "0.01 is one point"),
    ("22-thermal.4", 100 * HIGH, "upper end"),
    ("22-thermal.4", 100 * DIFFERENCE, "difference itself"),
    ("22-thermal.4", 100 * (A.low - B.high), "as squares"),
    ("22-thermal.4", 100 * (A.low - B.low), "second one high"),
    ("22-thermal.4", 7, "use `points`"),
]
