"""Right answers, and wrong ones with a piece of the hint that each must get."""

from itertools import count

import numpy as np

_CALLS = count()


def families(family, share, seed):
    names = np.random.default_rng(seed).permutation(np.unique(family))
    return np.isin(family, names[: max(1, round(share * len(names)))])


def each_by_lot(family, share, seed):
    names = np.unique(family)
    if len(names) == 3:
        return family == names[seed % 3]
    return np.isin(family, names[np.random.default_rng(seed).random(len(names)) < share])


def images(family, share, seed):
    return np.random.default_rng(seed).random(len(family)) < share


def the_first(family, share, seed):
    names = np.unique(family)
    return np.isin(family, names[: round(share * len(names))])


def too_many(family, share, seed):
    return families(family, 2 * share, seed)


def without_seed(family, share, seed):
    return families(family, share, next(_CALLS))


def neighbours(family, share, seed):
    names = np.unique(family)[seed % 2 :: 5]
    return np.isin(family, names[: max(1, round(share * 50))])


def until_full(family, share, seed):
    names = np.random.default_rng(seed).permutation(np.unique(family))
    sizes = np.array([np.sum(family == name) for name in names])
    return np.isin(family, names[sizes.cumsum() <= share * len(family)])


def nobody(family, share, seed):
    return np.zeros(len(family), bool)


def positions(family, share, seed):
    return np.flatnonzero(families(family, share, seed))


RIGHT = {
    "26-leaks.1": [0.72, 8 * 0.09],
    "26-leaks.2": [families, each_by_lot],
    "26-leaks.3": [38, 38.0],
    "26-leaks.4": [0.9975, 1 - 0.05 / 20],
}
WRONG = [
    ("26-leaks.1", 0.0072, "hundredths"),
    ("26-leaks.1", 1.12, "all minus without"),
    ("26-leaks.1", 0.4, "*not* memory"),
    ("26-leaks.1", 9, "on the copies alone"),
    ("26-leaks.1", 2.5, "twice"),
    ("26-leaks.1", "0.72", "a number"),
    ("26-leaks.2", images, "both sides"),
    ("26-leaks.2", nobody, "empty"),
    ("26-leaks.2", too_many, "about ten"),
    ("26-leaks.2", the_first, "for every seed"),
    ("26-leaks.2", without_seed, "two different divisions"),
    ("26-leaks.2", neighbours, "never drawn"),
    ("26-leaks.2", until_full, "differ in size"),
    ("26-leaks.2", positions, "a mask"),
    ("26-leaks.2", 0.2, "a function"),
    ("26-leaks.3", 37, "very close"),
    ("26-leaks.3", 35, "1.96"),
    ("26-leaks.3", 6, "the root"),
    ("26-leaks.3", 20, "too few"),
    ("26-leaks.3", 60, "more than needed"),
    ("26-leaks.3", 37.6, "a whole number"),
    ("26-leaks.4", 99.75, "between 0 and 1"),
    ("26-leaks.4", 0.0025, "confidence is asked"),
    ("26-leaks.4", 0.95**20, "all 20 hold"),
    ("26-leaks.4", 0.95, "on average"),
    ("26-leaks.4", 0.95 ** (1 / 20), "independent intervals"),
    ("26-leaks.4", 0.99, "add up"),
]
