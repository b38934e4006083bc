"""Right and wrong answers of every exercise: each common mistake gets its own hint."""

import numpy as np
import pytest

from fer_helpers import exercises, ops, results

WINDOW = np.array([[8, 6, 5], [2, 3, 0], [0, 0, 1]])
KERNEL = np.array([[0, -1, -3], [1, 0, 3], [-2, 2, 4]])
CORRELATED, CONVOLVED = -15, 40
MOVER = np.array([[0, 0, 0], [0, 0, 1], [0, 0, 0]])

VIEWS = [("image", 0), ("contour", 0), ("inverted", 0)]
SEEDS = [("image", 0), ("image", 1), ("image", 2)]


def right_of(mean, members):
    runs = results.stored("three-view-ensemble", "fer2013", "cpu")
    labels = results.reference("three-view-ensemble", "fer2013", "cpu").labels["test"]
    stack = np.stack([runs[member].probabilities["test"] for member in members])
    return int(np.sum(getattr(np, mean)(stack, axis=0).argmax(axis=1) == labels))


# Exercise -> right answers, and wrong answers with a piece of the hint that each must get.
RIGHT = {
    # ---- 02-convolution
    "02-convolution.1": [(WINDOW, KERNEL, CORRELATED, CONVOLVED)],
    "02-convolution.2": [MOVER, MOVER.astype(float).tolist()],
    "02-convolution.3": [
        [(2, "same"), (2, "same"), (2, "valid")],
        [(3, "valid"), (3, "valid"), (1, "same")],
    ],
    "02-convolution.4": [(25632, 18496), [25632.0, 18496.0]],
    "02-convolution.5": [{"A", "B", "D"}, ["d", "b", "a"]],
    "02-convolution.6": [(1, 23)],
    # ---- 04-pooling
    "04-pooling.1": [4, 4.0],
    "04-pooling.2": [9 / 16, 0.5625],
    "04-pooling.3": [lambda image: -ops.max_pool(-image), lambda x: 5 - ops.max_pool(5 - x)],
    "04-pooling.4": [4, 3.999],
    "04-pooling.5": [np.full((4, 4), 0.0625), [[1 / 16] * 4] * 4],
    # ---- 05-sobel-contours
    "05-sobel-contours.1": [100, np.hypot(80, 60)],
    "05-sobel-contours.2": [np.sqrt(20), 4.47],
    "05-sobel-contours.3": [np.sqrt(12), 3.46],
    "05-sobel-contours.4": [
        lambda image: ops.sobel(image)[2] / ops.sobel(image)[2].mean(),
        lambda image: ops.sobel(image / image.std())[2],
    ],
    # ---- 24-three-view-ensemble
    "24-three-view-ensemble.1": [7683, 7500.0],
    "24-three-view-ensemble.2": [1, 1.0],
    "24-three-view-ensemble.3": [right_of("prod", VIEWS)],
    "24-three-view-ensemble.4": [0.0918, 0.09183767826908254],
}
WRONG = [
    # ---- 02-convolution
    ("02-convolution.1", 7, "four things"),
    ("02-convolution.1", (WINDOW, KERNEL, CONVOLVED, CORRELATED), "other order"),
    ("02-convolution.1", (WINDOW, KERNEL, 0, CONVOLVED), "start with cross-correlation"),
    ("02-convolution.1", (WINDOW, KERNEL, CORRELATED, 0), "turn the kernel"),
    ("02-convolution.1", (WINDOW, KERNEL, CORRELATED, (WINDOW * KERNEL[::-1]).sum()), "mirrored"),
    ("02-convolution.1", (WINDOW, KERNEL, CORRELATED, (WINDOW * KERNEL.T).sum()), "transposed"),
    ("02-convolution.2", MOVER[:, ::-1], "to the right"),
    ("02-convolution.2", MOVER.T, "up or down"),
    ("02-convolution.2", 2 * MOVER, "brightness"),
    ("02-convolution.2", np.ones((3, 3)), "How many weights"),
    ("02-convolution.2", np.diag([1, 0, 0]), "one bright pixel"),
    ("02-convolution.2", np.ones(3), "shape (3, 3)"),
    ("02-convolution.3", [(1, "valid"), (2, "same"), (3, "valid")], "48, 46, 23, 7"),
    ("02-convolution.3", [(2, "same")], "three layers"),
    ("02-convolution.3", [2, 2, 2], "three layers"),
    ("02-convolution.3", [(10, "valid"), (1, "same"), (1, "same")], "1, 2 or 3"),
    ("02-convolution.3", [(2, "full"), (2, "same"), (2, "valid")], "'valid', 'same'"),
    ("02-convolution.4", (25600, 18432), "bias"),
    ("02-convolution.4", (832, 640), "input channels"),
    ("02-convolution.4", (18496, 25632), "other way round"),
    ("02-convolution.4", (25632, 9248), "two layers"),
    ("02-convolution.4", (1, 2), "one filter first"),
    ("02-convolution.5", "ABD", "set of letters"),
    ("02-convolution.5", {"A", "B", "D", "E"}, "too many"),
    ("02-convolution.5", {"A", "D"}, "plainest"),
    ("02-convolution.5", {"A"}, "there are more"),
    ("02-convolution.5", {"C", "F"}, "multiple of the same row"),
    ("02-convolution.6", (6, 13), "after the sixth"),
    ("02-convolution.6", (3, 19), "after it"),
    ("02-convolution.6", (1, 18), "that is the layer"),
    ("02-convolution.6", (0, 23), "from 1 to 6"),
    # ---- 04-pooling
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
    # ---- 05-sobel-contours
    ("05-sobel-contours.1", 140, "root of the sum of squares"),
    ("05-sobel-contours.1", -80, "the width alone"),
    ("05-sobel-contours.1", 60, "one of the two"),
    ("05-sobel-contours.1", 10000, "the root is missing"),
    ("05-sobel-contours.1", 12.5, "per pixel"),
    ("05-sobel-contours.1", np.hypot(60, 40), "weight 2"),
    ("05-sobel-contours.1", 7, "minus that of the other"),
    ("05-sobel-contours.2", 4 * np.sqrt(2), "both kernels"),
    ("05-sobel-contours.2", 4, "straight edge"),
    ("05-sobel-contours.2", 3 * np.sqrt(2), "45°"),
    ("05-sobel-contours.2", 20, "root"),
    ("05-sobel-contours.2", 1140, "between 0 and 1"),
    ("05-sobel-contours.2", 5, "256"),
    ("05-sobel-contours.3", 12, "variance"),
    ("05-sobel-contours.3", 8, "absolute"),
    ("05-sobel-contours.3", 0, "spread"),
    ("05-sobel-contours.3", np.sqrt(6), "four times"),
    ("05-sobel-contours.3", np.sqrt(8), "squares"),
    ("05-sobel-contours.3", 1, "squared weights"),
    ("05-sobel-contours.4", 1, "a function"),
    ("05-sobel-contours.4", lambda image: ops.sobel(image)[2], "still another"),
    ("05-sobel-contours.4", lambda image: 0 * image, "no contour"),
    ("05-sobel-contours.4", lambda image: image[1:], "of shape"),
    ("05-sobel-contours.4", lambda image: image / 0, "finite"),
    ("05-sobel-contours.4", lambda image: -image / image.mean(), "not larger"),
    ("05-sobel-contours.4", lambda image: ops.sobel(np.log(image + 1))[2], "nearly"),
    # ---- 24-three-view-ensemble
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


@pytest.mark.parametrize("name", RIGHT)
def test_right_answers(name, capsys):
    for answer in RIGHT[name]:
        assert exercises.check(name, answer), capsys.readouterr().out
        assert capsys.readouterr().out == "Right.\n"


@pytest.mark.parametrize(("name", "answer", "hint"), WRONG)
def test_wrong_answers(name, answer, hint, capsys):
    assert not exercises.check(name, answer)
    printed = capsys.readouterr().out
    assert printed.startswith("Not yet: ")
    assert hint in printed


def test_every_exercise_is_tested():
    names = set(exercises._CHECKS)
    assert names == set(RIGHT) == {name for name, _, _ in WRONG}
