"""Checks of the exercises of chapter 12-residual-networks."""

import numpy as np

from fer_helpers.exercises import WrongKind, close, exercise, number, numbers, whole_number


@exercise("12-residual-networks.1")
def _(answer):
    strength = number(answer)
    # 2 ** (1 / 20) is the factor of one link.
    if close(strength, (2 ** (1 / 20) - 1) / 0.3, 2e-3):
        return None
    if close(strength, 2 ** (1 / 20), 2e-3):
        return "that is the factor of one link. It is 1 plus something."
    if close(strength, 2 ** (1 / 20) - 1, 2e-3):
        return "that is what the branch may add in one link, and F' alone is 0.3."
    if close(strength, 2 ** (1 / 20) / 0.3, 1e-2):
        return "that would hold without the shortcut: where is the 1?"
    if close(strength, 1 / (20 * 0.3), 2e-3):
        return "the factors multiply, they do not add up: a sum of 20 shares is not their product."
    if close(strength, 2 / 1.3**20, 1e-3):
        return "a acts in every one of the 20 links, not once at the end."
    return "what does one link multiply the gradient by, and what do 20 of them?"


@exercise("12-residual-networks.2")
def _(answer):
    paths = whole_number(answer)
    return {
        37: None,
        28: "those are the paths through exactly six. 'At least' takes more of them in.",
        36: "you have left out one path: it passes every branch.",
        9: "those pass seven or eight branches. Six counts, too.",
        256: "those are all paths.",
        219: "those are the paths through fewer than six.",
        3: "that counts the lengths. How many paths are there of each length?",
        21: "six, seven and eight branches can be *chosen* in several ways each.",
    }.get(paths, "in how many ways can a path choose six branches out of eight?")


@exercise("12-residual-networks.3")
def _(answer):
    if not callable(answer):
        raise WrongKind("a function that takes maps and a matrix")
    rng = np.random.default_rng(12)
    x, kernels = rng.normal(size=(2, 6, 4, 3)), rng.normal(size=(3, 5))
    blocks = x.reshape(2, 3, 2, 2, 2, 3)
    given = numbers(answer(x.copy(), kernels.copy()))
    if given.shape == (2, 6, 4, 5):
        return "the sides are still whole. Two by two pixels become one."
    if given.shape == (2, 3, 2, 3):
        return "the number of maps has not changed. Where is the matrix?"
    if given.shape != (2, 3, 2, 5):
        return f"maps (2, 6, 4, 3) and a matrix (3, 5) gave {given.shape}: halve height and width."
    if close(given, blocks.mean(axis=(2, 4)) @ kernels):
        return None
    if close(given, x[:, ::2, ::2] @ kernels):
        return "that takes one pixel of four, as a stride of 2 does. Average them."
    if close(given, blocks.max(axis=(2, 4)) @ kernels):
        return "that takes the largest of four pixels. Average them."
    if close(given, blocks.sum(axis=(2, 4)) @ kernels):
        return "that is the sum of four pixels, and an average is a quarter of it."
    return "the shape is right, the values are not. Which four pixels go into the first one?"


@exercise("12-residual-networks.4")
def _(answer):
    count = whole_number(answer)
    shortcut, norm = 128 * 256, 4 * 256
    right = 9 * 128 * 256 + 9 * 256 * 256 + shortcut + 3 * norm
    return {
        right: None,
        right - shortcut - norm: "the shape changes here. What does the shortcut need?",
        right - shortcut: "you have normalised the shortcut, but where are its own weights?",
        right - norm: "three convolutions, and each has a normalisation behind it.",
        right - 3 * norm: "those are the convolutions. What stands behind each of them?",
        right - 3 * norm // 2: "a normalisation also remembers a mean and a variance for each map.",
        right + 3 * 256: "no convolution here has a bias.",
        right + 9 * 128 * 256: "the first convolution gets 128 maps, not 256.",
        right + 8 * shortcut: "the shortcut is 1×1, not 3×3.",
    }.get(count, "list the convolutions (side, maps in, maps out), then the normalisations.")
