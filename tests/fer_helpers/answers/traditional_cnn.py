"""Right answers, and wrong ones with a piece of the hint that each must get."""

import numpy as np


def parts(gamma, variance):
    return gamma / np.sqrt(variance + 0.001)


def folded(kernel, bias, gamma, beta, mean, variance):
    scale = parts(gamma, variance)
    return kernel * scale[:, None], bias + (beta - scale * mean) @ kernel


def wrong_axis(kernel, bias, gamma, beta, mean, variance):
    return kernel * parts(gamma, variance), bias


def no_epsilon(kernel, bias, gamma, beta, mean, variance):
    return kernel * (gamma / np.sqrt(variance))[:, None], bias


def by_variance(kernel, bias, gamma, beta, mean, variance):
    return kernel * (gamma / (variance + 0.001))[:, None], bias


def same_kernel(kernel, bias, gamma, beta, mean, variance):
    return kernel, bias + beta - mean


def no_gamma(kernel, bias, gamma, beta, mean, variance):
    return kernel / np.sqrt(variance + 0.001)[:, None], bias


def same_bias(kernel, bias, *normalisation):
    return folded(kernel, bias, *normalisation)[0], bias


def past_the_kernel(kernel, bias, gamma, beta, mean, variance):
    scale = parts(gamma, variance)
    return kernel * scale[:, None], bias + beta - scale * mean


def twice(kernel, bias, gamma, beta, mean, variance):
    scale = parts(gamma, variance)
    return kernel * scale[:, None], bias + (beta - scale * mean) @ (kernel * scale[:, None])


def mean_unscaled(kernel, bias, gamma, beta, mean, variance):
    return kernel * parts(gamma, variance)[:, None], bias + (beta - mean) @ kernel


def no_beta(kernel, bias, gamma, beta, mean, variance):
    scale = parts(gamma, variance)
    return kernel * scale[:, None], bias - (scale * mean) @ kernel


def kernel_alone(kernel, bias, gamma, beta, mean, variance):
    return kernel


RIGHT = {
    "10-traditional-cnn.1": [2_752_135, 2_752_135.0],
    "10-traditional-cnn.2": [folded],
    "10-traditional-cnn.3": [lambda blocks: 3 * 2**blocks - 2],
    "10-traditional-cnn.4": [(0.4, 0.4 + 1 - 0.4 / 0.75), [0.4, 0.867], (0.4, 0.87)],
}
WRONG = [
    ("10-traditional-cnn.1", 982_663, "Is there a layer that does not"),
    ("10-traditional-cnn.1", 3_930_652, "when its map grows"),
    ("10-traditional-cnn.1", 1_572_487, "the number of places"),
    ("10-traditional-cnn.1", 2_753_159, "four numbers per channel"),
    ("10-traditional-cnn.1", 2_359_552, "the dense layer alone"),
    ("10-traditional-cnn.1", 5_111_431, "the last maps were 3×3"),
    ("10-traditional-cnn.1", 5, "go through the layers"),
    ("10-traditional-cnn.1", "many", "a number"),
    ("10-traditional-cnn.2", wrong_axis, "each *input* is scaled"),
    ("10-traditional-cnn.2", no_epsilon, "lacks the epsilon"),
    ("10-traditional-cnn.2", by_variance, "divided by the variance"),
    ("10-traditional-cnn.2", same_kernel, "the kernel has not changed"),
    ("10-traditional-cnn.2", no_gamma, "scale · x + shift"),
    ("10-traditional-cnn.2", same_bias, "must go into the bias"),
    ("10-traditional-cnn.2", past_the_kernel, "goes through the kernel"),
    ("10-traditional-cnn.2", twice, "it meets the old kernel"),
    ("10-traditional-cnn.2", mean_unscaled, "*before* the scaling"),
    ("10-traditional-cnn.2", no_beta, "Put x = 0"),
    ("10-traditional-cnn.2", kernel_alone, "two things"),
    ("10-traditional-cnn.2", 3, "a function that takes kernel"),
    ("10-traditional-cnn.3", lambda blocks: 5 * 2 ** (blocks - 1) - 2, "the last *convolution*"),
    ("10-traditional-cnn.3", lambda blocks: 3 * 2**blocks - 3, "sees one pixel"),
    ("10-traditional-cnn.3", lambda blocks: 3 * blocks + 1, "twice as far apart"),
    ("10-traditional-cnn.3", lambda blocks: 2 ** (blocks + 1) - 1, "the convolutions alone"),
    ("10-traditional-cnn.3", lambda blocks: 4**blocks, "right for one block"),
    ("10-traditional-cnn.3", lambda blocks: 3, "begin with one block"),
    ("10-traditional-cnn.3", 46, "a function that takes the number"),
    ("10-traditional-cnn.4", (0.867, 0.4), "first the lower bound"),
    ("10-traditional-cnn.4", (0.4, 0.467), "the share of the undecided"),
    ("10-traditional-cnn.4", (0.4, 0.75), "about the faces that got a yes"),
    ("10-traditional-cnn.4", (0.4, 1), "a wrong yes is a wrong answer"),
    ("10-traditional-cnn.4", (0.4, 0.533), "the share of the yeses"),
    ("10-traditional-cnn.4", (0.2, 0.867), "at worst"),
    ("10-traditional-cnn.4", (0.4, 0.6), "at best"),
    ("10-traditional-cnn.4", 0.4, "an array of numbers of shape (2,)"),
]
