"""Right answers, and wrong ones with a piece of the hint that each must get."""

import numpy as np

from fer_helpers import ops

RIGHT = {
    "04-pooling.1": [4, 4.0],
    "04-pooling.2": [9 / 16, 0.5625],
    "04-pooling.3": [lambda image: -ops.max_pool(-image), lambda x: 5 - ops.max_pool(5 - x)],
    "04-pooling.4": [4, 3.999],
    "04-pooling.5": [np.full((4, 4), 0.0625), [[1 / 16] * 4] * 4],
}
WRONG = [
    ("04-pooling.1", 6, "the poolings alone"),
    ("04-pooling.1", 5, "which way"),
    ("04-pooling.1", 46, "each of the six layers"),
    ("04-pooling.1", "four", "a number"),
    ("04-pooling.2", 7 / 16, "in which the step shows"),
    ("04-pooling.2", 0.75, "one direction"),
    ("04-pooling.2", 0.25, "one pooling"),
    ("04-pooling.2", 1 / 16, "16 places"),
    ("04-pooling.2", 0.5, "how many input pixels"),
    ("04-pooling.3", 3, "a function"),
    ("04-pooling.3", ops.max_pool, "still the largest"),
    ("04-pooling.3", lambda image: ops.max_pool(-image), "turned over"),
    ("04-pooling.3", lambda image: -ops.max_pool(image), "too late"),
    ("04-pooling.3", lambda image: -ops.max_pool(-image, stride=1), "(2, 4) map should become"),
    ("04-pooling.3", ops.average_pool, "negative numbers"),
    ("04-pooling.4", 1, "How many windows"),
    ("04-pooling.4", 4 / 9, "average pooling"),
    ("04-pooling.4", 2, "draw the windows"),
    ("04-pooling.5", np.full((2, 2), 0.25), "more than 2×2"),
    ("04-pooling.5", np.full((3, 3), 1 / 9), "does not cover"),
    ("04-pooling.5", np.full((4, 4), 0.25), "a map of ones"),
    ("04-pooling.5", np.outer([1, 2, 2, 1], [1, 2, 2, 1]) / 36, "count more"),
]
