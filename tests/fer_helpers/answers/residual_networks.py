"""Right answers, and wrong ones with a piece of the hint that each must get."""

import numpy as np


def pooled(x):
    images, height, width, channels = x.shape
    return x.reshape(images, height // 2, 2, width // 2, 2, channels)


def shortcut(x, kernels):
    return pooled(x).mean(axis=(2, 4)) @ kernels


RIGHT = {
    "12-residual-networks.1": [(2 ** (1 / 20) - 1) / 0.3, 0.118],
    "12-residual-networks.2": [37, 37.0],
    "12-residual-networks.3": [shortcut, lambda x, kernels: pooled(x @ kernels).mean(axis=(2, 4))],
    "12-residual-networks.4": [920_576],
}
WRONG = [
    ("12-residual-networks.1", 2 ** (1 / 20), "1 plus something"),
    ("12-residual-networks.1", 0.0353, "F' alone is 0.3"),
    ("12-residual-networks.1", 3.451, "where is the 1"),
    ("12-residual-networks.1", 1 / 6, "do not add up"),
    ("12-residual-networks.1", 2 / 1.3**20, "not once at the end"),
    ("12-residual-networks.1", 5, "what do 20 of them"),
    ("12-residual-networks.1", "small", "a number"),
    ("12-residual-networks.2", 28, "exactly six"),
    ("12-residual-networks.2", 36, "left out one path"),
    ("12-residual-networks.2", 9, "Six counts"),
    ("12-residual-networks.2", 256, "all paths"),
    ("12-residual-networks.2", 219, "fewer than six"),
    ("12-residual-networks.2", 3, "counts the lengths"),
    ("12-residual-networks.2", 21, "*chosen*"),
    ("12-residual-networks.2", 100, "out of eight"),
    ("12-residual-networks.3", 3, "a function"),
    ("12-residual-networks.3", lambda x, kernels: x @ kernels, "still whole"),
    (
        "12-residual-networks.3",
        lambda x, kernels: pooled(x).mean(axis=(2, 4)),
        "the matrix",
    ),
    ("12-residual-networks.3", lambda x, kernels: x[:, :3, :, :1], "halve height and width"),
    ("12-residual-networks.3", lambda x, kernels: x[:, ::2, ::2] @ kernels, "one pixel of four"),
    ("12-residual-networks.3", lambda x, kernels: pooled(x).max(axis=(2, 4)) @ kernels, "largest"),
    ("12-residual-networks.3", lambda x, kernels: 4 * shortcut(x, kernels), "a quarter of it"),
    ("12-residual-networks.3", lambda x, kernels: np.zeros((2, 3, 2, 5)), "Which four pixels"),
    ("12-residual-networks.3", lambda x: x, "takes 1 positional argument but 2 were given"),
    ("12-residual-networks.4", 886_784, "What does the shortcut need"),
    ("12-residual-networks.4", 887_808, "where are its own weights"),
    ("12-residual-networks.4", 919_552, "each has a normalisation"),
    ("12-residual-networks.4", 917_504, "What stands behind"),
    ("12-residual-networks.4", 919_040, "remembers a mean"),
    ("12-residual-networks.4", 921_344, "has a bias"),
    ("12-residual-networks.4", 1_215_488, "gets 128 maps"),
    ("12-residual-networks.4", 1_182_720, "1×1, not 3×3"),
    ("12-residual-networks.4", 1000, "list the convolutions"),
]
