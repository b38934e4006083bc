"""Right answers, and wrong ones with a piece of the hint that each must get."""

import numpy as np

from fer_helpers import results

VIEWS = [("image", 0), ("contour", 0), ("inverted", 0)]
SEEDS = [("image", 0), ("image", 1), ("image", 2)]


def right_of(mean, members):
    runs = results.stored("three-view-ensemble", "fer2013", "cpu")
    labels = results.reference("three-view-ensemble", "fer2013", "cpu").labels["test"]
    stack = np.stack([runs[member].probabilities["test"] for member in members])
    return int(np.sum(getattr(np, mean)(stack, axis=0).argmax(axis=1) == labels))


RIGHT = {
    "24-three-view-ensemble.1": [7683, 7500.0],
    "24-three-view-ensemble.2": [1, 1.0],
    "24-three-view-ensemble.3": [right_of("prod", VIEWS)],
    "24-three-view-ensemble.4": [0.0918, 0.09183767826908254],
}
WRONG = [
    ("24-three-view-ensemble.1", 1537, "discordant faces alone"),
    ("24-three-view-ensemble.1", 38416, "On how many"),
    ("24-three-view-ensemble.1", 100, "rule of thumb"),
    ("24-three-view-ensemble.1", "many", "a number"),
    ("24-three-view-ensemble.2", 0, "made the difference"),
    ("24-three-view-ensemble.2", 255, "which value is white"),
    ("24-three-view-ensemble.2", 0.5, "surrounds the image"),
    ("24-three-view-ensemble.3", right_of("mean", VIEWS), "arithmetic"),
    ("24-three-view-ensemble.3", right_of("prod", SEEDS), "three seeds"),
    ("24-three-view-ensemble.3", 1, "not for a share"),
    ("24-three-view-ensemble.3", 0.63, "whole number"),
    ("24-three-view-ensemble.3", 3589, "multiply"),
    ("24-three-view-ensemble.4", 0.0459, "one side"),
    ("24-three-view-ensemble.4", 0.0747, "chi-square"),
    ("24-three-view-ensemble.4", 0.5, "as uneven"),
]
