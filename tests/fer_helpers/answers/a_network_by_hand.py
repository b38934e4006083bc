"""Right answers, and wrong ones with a piece of the hint that each must get."""

from fractions import Fraction

import numpy as np

from fer_helpers import ops


def quarters(upstream):
    return np.kron(upstream, np.ones((2, 2))) / 4


def to_the_first(upstream):
    routed = np.zeros((2 * upstream.shape[0], 2 * upstream.shape[1]))
    routed[::2, ::2] = upstream
    return routed


RIGHT = {
    "06-a-network-by-hand.1": [
        [1 / 8, -6 / 8, 5 / 8],
        np.array([0.125, -0.75, 0.625]),
        [Fraction(1, 8), Fraction(-3, 4), Fraction(5, 8)],
    ],
    "06-a-network-by-hand.2": [{"bias of logits"}, ["bias of logits"], "bias of logits"],
    "06-a-network-by-hand.3": [[3, 6, -4, -2, 1], np.array([3.0, 6, -4, -2, 1])],
    "06-a-network-by-hand.4": [0.2, 0.1999],
    "06-a-network-by-hand.5": [
        quarters,
        lambda upstream: ops.average_pool_gradient(
            np.zeros(2 * np.array(upstream.shape)), upstream
        ),
    ],
}
WRONG = [
    ("06-a-network-by-hand.1", [-1 / 8, 6 / 8, -5 / 8], "turned over"),
    ("06-a-network-by-hand.1", [1 / 8, 2 / 8, 5 / 8], "taken away"),
    ("06-a-network-by-hand.1", [0, -4, 0], "through softmax"),
    ("06-a-network-by-hand.1", [1 / 24, -6 / 24, 5 / 24], "mean is over images"),
    ("06-a-network-by-hand.1", [1, 2, 5], "add up to zero"),
    ("06-a-network-by-hand.1", [0.25, -0.5, 0.25], "whole numbers"),
    ("06-a-network-by-hand.1", 3, "shape (3,)"),
    ("06-a-network-by-hand.2", set(), "not zero"),
    ("06-a-network-by-hand.2", {"bias", "bias of logits"}, "stands ReLU"),
    ("06-a-network-by-hand.2", {"matrix", "bias of logits"}, "input times"),
    ("06-a-network-by-hand.2", {"weights"}, "a set of names"),
    ("06-a-network-by-hand.2", 1, "a set of names"),
    ("06-a-network-by-hand.2", [["bias"]], "a set of names"),
    ("06-a-network-by-hand.3", [3, 6, -4], "five pixels"),
    ("06-a-network-by-hand.3", [-3, 6, 4, -2, -1], "turned kernel"),
    ("06-a-network-by-hand.3", [3, 5, -5, 1, 0], "stride 1"),
    ("06-a-network-by-hand.3", [3, 6, -3, -2, 1], "both windows"),
    ("06-a-network-by-hand.3", [1, 2, 0, 2, -1], "upstream of ones"),
    ("06-a-network-by-hand.3", [1, 2, 0, 0, 0], "two stamps"),
    ("06-a-network-by-hand.4", -0.2, "positive number"),
    ("06-a-network-by-hand.4", 0.02, "first step"),
    ("06-a-network-by-hand.4", 0.038, "second step"),
    ("06-a-network-by-hand.4", 10, "Longer than what"),
    ("06-a-network-by-hand.4", 0.018, "the step *before*"),
    ("06-a-network-by-hand.4", 1, "equation"),
    ("06-a-network-by-hand.5", 0.25, "a function"),
    ("06-a-network-by-hand.5", lambda upstream: None, "your function should return an array"),
    ("06-a-network-by-hand.5", lambda upstream: upstream / 4, "belongs to an input"),
    ("06-a-network-by-hand.5", lambda upstream: 4 * quarters(upstream), "one of four grows"),
    ("06-a-network-by-hand.5", lambda upstream: 2 * quarters(upstream), "How many values"),
    ("06-a-network-by-hand.5", lambda upstream: np.tile(upstream, (2, 2)) / 4, "np.tile"),
    ("06-a-network-by-hand.5", to_the_first, "max pooling does"),
    ("06-a-network-by-hand.5", lambda upstream: -quarters(upstream), "a single 1"),
]
