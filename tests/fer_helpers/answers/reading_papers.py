"""Right answers, and wrong ones with a piece of the hint that each must get."""

import numpy as np
from scipy.stats import binomtest

FAULTS = {1: 0.9019, 2: 1350, 5: 2160 / 2699, 8: 40, 10: 483, 13: binomtest(34, 58).pvalue}


def but(**changes):
    """The right faults with some of them changed; None takes one out."""
    faults = FAULTS | {int(name.strip("_")): value for name, value in changes.items()}
    return {number: value for number, value in faults.items() if value is not None}


RIGHT = {
    "25-reading-papers.1": [14, 14.0],
    "25-reading-papers.2": [20, 20.0],
    "25-reading-papers.3": [1500 / 1999, 0.75, 0.7504],
    "25-reading-papers.4": [
        FAULTS,
        {1: 0.9019, 2: 1350, 5: 0.8, 8: 40, 10: 483, 13: 0.237},
        {np.int64(number): np.float64(value) for number, value in FAULTS.items()},
    ],
}
WRONG = [
    ("25-reading-papers.1", 28, "a smaller number"),
    ("25-reading-papers.1", 30, "the text's number"),
    ("25-reading-papers.1", 7, "the first two"),
    ("25-reading-papers.1", 10, "try each number"),
    ("25-reading-papers.1", 14.5, "a whole number"),
    ("25-reading-papers.2", 22, "one step too far"),
    ("25-reading-papers.2", 12, "more images may differ"),
    ("25-reading-papers.2", 23, "odd number"),
    ("25-reading-papers.2", 540, "do not count"),
    ("25-reading-papers.2", 116, "that split surprising"),
    ("25-reading-papers.3", 0.25, "*test* part"),
    ("25-reading-papers.3", 0.5625, "already"),
    ("25-reading-papers.3", 0.5, "Where do they go"),
    ("25-reading-papers.3", 1, "together"),
    ("25-reading-papers.3", 0.6, "take one test image"),
    ("25-reading-papers.3", "most", "a number"),
    ("25-reading-papers.4", [1, 2, 5, 8, 10, 13], "a dictionary"),
    ("25-reading-papers.4", {"two": 1350}, "a number"),
    ("25-reading-papers.4", {2: "many"}, "a number"),
    ("25-reading-papers.4", {15: 1}, "1 to 14"),
    ("25-reading-papers.4", {3: 45, 7: 64}, "after each epoch"),
    ("25-reading-papers.4", {2: 1350, 4: 0.8}, "harms nobody"),
    ("25-reading-papers.4", {2: 1350, 12: 10}, "concluded from it"),
    ("25-reading-papers.4", {2: 1350, 9: 0.9019}, "contradicts it"),
    ("25-reading-papers.4", {2: 1350, 6: 540, 14: 0.3}, "1 of those that you name are faulty, 2"),
    ("25-reading-papers.4", {}, "0 of six"),
    ("25-reading-papers.4", but(_2=None), "A sum is missing"),
    ("25-reading-papers.4", but(_1=None), "The text is missing"),
    ("25-reading-papers.4", but(_10=None), "A size is missing"),
    ("25-reading-papers.4", but(_13=None), "The noise is missing"),
    ("25-reading-papers.4", but(_8=None), "A choice is missing"),
    ("25-reading-papers.4", but(_5=None), "The leak is missing"),
    ("25-reading-papers.4", but(_1=90.19), "as a share"),
    ("25-reading-papers.4", but(_1=0.9093), "What does the table say"),
    ("25-reading-papers.4", but(_1=0.8951), "which row is it about"),
    ("25-reading-papers.4", but(_2=1380), "four parts"),
    ("25-reading-papers.4", but(_2=1340), "four numbers"),
    ("25-reading-papers.4", but(_10=484), "a neighbour"),
    ("25-reading-papers.4", but(_10=0.8944), "not a share"),
    ("25-reading-papers.4", but(_10=500), "and round"),
    ("25-reading-papers.4", but(_13=0.1185), "one side"),
    ("25-reading-papers.4", but(_13=0.5), "as uneven as"),
    ("25-reading-papers.4", but(_5=0.2), "meet in the test part"),
    ("25-reading-papers.4", but(_5=0.5), "of all the others"),
    ("25-reading-papers.4", but(_8=120), "looked at"),
]
