"""Right answers, and wrong ones with a piece of the hint that each must get."""

import numpy as np

P = np.array([0.7, 0.2, 0.1])
EXPONENTIALS = np.exp(P)

RIGHT = {
    "03-activations.1": [(7, 50), [7.0, 50.0]],
    "03-activations.2": [(3, 2, -1, 4), (-3, -2, 1, 4)],
    "03-activations.3": [2 / 1.04, 1.923, 1.92],
    "03-activations.4": [np.sqrt(P) / np.sqrt(P).sum(), [0.523, 0.279, 0.198], (0.52, 0.28, 0.2)],
    "03-activations.5": [-2.5, np.float32(-2.5)],
}
WRONG = [
    ("03-activations.1", (9, 82), "overlap"),
    ("03-activations.1", (3, 10), "more than 3×3"),
    ("03-activations.1", (5, 26), "second layer see"),
    ("03-activations.1", (7, 49), "becomes of the biases"),
    ("03-activations.1", (7, 66), "17 biases"),
    ("03-activations.1", (7, 737), "of the three layers"),
    ("03-activations.1", (7, 400), "how many come out"),
    ("03-activations.1", 7, "shape (2,)"),
    ("03-activations.2", (3, 4, -2, 4), "steep enough"),
    ("03-activations.2", (6, 2, -1, 1), "from -5 to 7"),
    ("03-activations.2", (6, 4, -2, 1), "solve tanh"),
    ("03-activations.2", (3, 2, -1), "shape (4,)"),
    ("03-activations.3", 2, "ReLU's"),
    ("03-activations.3", 0.52, "comes through"),
    ("03-activations.3", 2 / 1.2, "square of a fifth"),
    ("03-activations.3", 1.04, "one half of the sums"),
    ("03-activations.3", 0.2, "above 1"),
    ("03-activations.3", 5, "which part"),
    ("03-activations.4", P**2 / (P**2).sum(), "sharper"),
    ("03-activations.4", np.sqrt(P), "add up to"),
    ("03-activations.4", P / 2, "no logits"),
    ("03-activations.4", EXPONENTIALS / EXPONENTIALS.sum(), "as logits"),
    ("03-activations.4", [0.5, 0.3, 0.2], "which logits"),
    ("03-activations.4", [0.5, 0.5, 0.5], "do not add up"),
    ("03-activations.4", [0.6, 0.2, 0.2], "which logits"),
    ("03-activations.4", 0.52, "shape (3,)"),
    ("03-activations.5", 2.5, "hold it down"),
    ("03-activations.5", -1.5, "white image"),
    ("03-activations.5", -3.5, "cannot be negative"),
    ("03-activations.5", -2, "one pixel alone"),
    ("03-activations.5", -10, "not the largest"),
    ("03-activations.5", 0, "wakes it up"),
]
