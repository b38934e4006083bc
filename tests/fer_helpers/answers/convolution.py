"""Right answers, and wrong ones with a piece of the hint that each must get."""

import numpy as np

WINDOW = np.array([[8, 6, 5], [2, 3, 0], [0, 0, 1]])
KERNEL = np.array([[0, -1, -3], [1, 0, 3], [-2, 2, 4]])
CORRELATED, CONVOLVED = -15, 40
MOVER = np.array([[0, 0, 0], [0, 0, 1], [0, 0, 0]])

RIGHT = {
    "02-convolution.1": [(WINDOW, KERNEL, CORRELATED, CONVOLVED)],
    "02-convolution.2": [MOVER, MOVER.astype(float).tolist()],
    "02-convolution.3": [
        [(2, "same"), (2, "same"), (2, "valid")],
        [(3, "valid"), (3, "valid"), (1, "same")],
    ],
    "02-convolution.4": [(25632, 18496), [25632.0, 18496.0]],
    "02-convolution.5": [{"A", "B", "D"}, ["d", "b", "a"]],
    "02-convolution.6": [(1, 23)],
}
WRONG = [
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
]
