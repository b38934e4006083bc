"""Checks of the exercises of chapter 04-pooling."""

import numpy as np

from fer_helpers import ops
from fer_helpers.exercises import WrongKind, close, exercise, number, numbers


@exercise("04-pooling.1")
def _(answer):
    side = number(answer)
    if side == 6:
        return "the poolings alone would leave that. What does a convolution without padding take?"
    if side == 5:
        return "an odd side cannot be halved; which way does pooling round?"
    return None if side == 4 else "write the side down after each of the six layers."


@exercise("04-pooling.2")
def _(answer):
    share = number(answer)
    if close(share, 9 / 16, 1e-3):
        return None
    if close(share, 7 / 16, 1e-3):
        return "that is the share in which the step shows."
    if close(share, 3 / 4, 1e-3):
        return "that is one direction alone; both steps must stay invisible."
    if close(share, 1 / 4, 1e-3):
        return "that is one pooling. How large are the blocks after two?"
    if close(share, 1 / 16, 1e-3):
        return "from how many of a block's 16 places does the step stay in the block?"
    return "how many input pixels does one final value cover, and from which of them may one step?"


@exercise("04-pooling.3")
def _(answer):
    if not callable(answer):
        raise WrongKind("a function that takes a map")
    maps = [
        np.array([[3.0, -2.0, 7.0, 0.0], [5.0, 1.0, -4.0, 6.0]]),
        np.arange(36.0).reshape(6, 6) * 1.5 - 20,
    ]
    for values in maps:
        got, right = numbers(answer(values.copy())), -ops.max_pool(-values)
        if close(got, right):
            continue
        if close(got, -right):
            return "nearly: the sizes are right and the signs are turned over. Turn them back."
        if close(got, ops.max_pool(values)):
            return "that is still the largest value. What becomes of the order when signs turn?"
        if close(got, -ops.max_pool(values)):
            return "turning the result over is too late. What must go *into* the maximum?"
        if got.shape != right.shape:
            return f"a {values.shape} map should become {right.shape}, and becomes {got.shape}."
        return "for a map with negative numbers the result is wrong."
    return None


@exercise("04-pooling.4")
def _(answer):
    slope = number(answer)
    if close(slope, 1, 1e-2):
        return "1 for each window that it wins. How many windows is it in?"
    if close(slope, 4 / 9, 1e-2) or close(slope, 1 / 9, 1e-2):
        return "average pooling shares out; max pooling does not."
    return None if close(slope, 4, 1e-2) else "draw the windows: where does each begin?"


@exercise("04-pooling.5")
def _(answer):
    kernel = numbers(answer)
    if kernel.shape == (2, 2):
        return "one value of the result depends on more than 2×2 pixels. On how many?"
    if kernel.shape != (4, 4):
        return f"a kernel of shape {kernel.shape} does not cover what one value of the result sees."
    if close(kernel, np.full((4, 4), 1 / 16)):
        return None
    if close(kernel, np.full((4, 4), 1 / 4)):
        return "the size is right, but a map of ones would come out as something else than ones."
    return "the size is right. Which pixels count more than others, if any?"
