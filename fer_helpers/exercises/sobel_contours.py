"""Checks of the exercises of chapter 05-sobel-contours."""

import numpy as np

from fer_helpers import ops
from fer_helpers.exercises import WrongKind, close, exercise, number, numbers


@exercise("05-sobel-contours.1")
def _(answer):
    magnitude = number(answer)
    if close(magnitude, 100, 0.1):
        return None
    hints = {
        140: "that adds the two up; the magnitude is the root of the sum of squares.",
        80: "that is the change along the width alone.",
        60: "that is one of the two, or both without the weight 2 in the middle.",
        10000: "the root is missing.",
        12.5: "that is brightness per pixel; the exercise asks for the kernels' own numbers.",
        20: "the squares are added, not subtracted from each other.",
    }
    if close(magnitude, np.hypot(60, 40), 0.1):
        return "the pixels next to the centre have the weight 2."
    for wrong, hint in hints.items():
        if close(abs(magnitude), wrong, 0.1):
            return hint
    return "each kernel: the weighted sum of one side minus that of the other. The centre counts 0."


@exercise("05-sobel-contours.2")
def _(answer):
    largest = number(answer)
    if close(largest, np.sqrt(20), 0.01):
        return None
    if close(largest, 4 * np.sqrt(2), 0.01):
        return "that needs both kernels at their largest in one window. Is there such a window?"
    if close(largest, 4, 0.01):
        return "that is a straight edge along a row or column. Can another window do better?"
    if close(largest, 3 * np.sqrt(2), 0.01):
        return "that is an edge at 45°, a good try; not every angle has been tried."
    if close(largest, 20, 0.01):
        return "the root is missing."
    if largest > 8:
        return "the pixels lie between 0 and 1 here, not between 0 and 255."
    return "try all windows whose eight outer pixels are 0 or 1: there are only 256."


@exercise("05-sobel-contours.3")
def _(answer):
    growth = number(answer)
    if close(growth, np.sqrt(12), 0.02):
        return None
    if close(growth, 12, 0.02):
        return "that is by how much the *variance* grows."
    if close(growth, 8, 0.02):
        return "that adds the absolute weights, as if all noise pulled the same way."
    if close(growth, 0, 0.02):
        return "weights that add up to zero remove the mean of the noise, not its spread."
    if close(growth, np.sqrt(6), 0.02):
        return "the two weights of 2 count four times in the variance, not once."
    if close(growth, np.sqrt(8), 0.02):
        return "variances add with the *squares* of the weights."
    return "the variance of a weighted sum of independent numbers: add up the squared weights."


@exercise("05-sobel-contours.4")
def _(answer):
    if not callable(answer):
        raise WrongKind("a function that takes an image")
    down, across = np.mgrid[0:24, 0:24] / 24
    image = 40 + 120 * across**2 + 60 * np.sin(7 * down) * (across > 0.5) + 20 * down
    bright, dim = numbers(answer(image.copy())), numbers(answer(0.4 * image))
    if bright.shape != image.shape:
        return f"a contour of shape {image.shape} is asked for, not {bright.shape}."
    if not (np.isfinite(bright).all() and np.isfinite(dim).all()):
        return "the result holds values that are not finite. What was divided by zero?"
    if bright.std() < 1e-9 * max(1.0, np.abs(bright).max()):
        return "a constant does not change with the light, but it shows no contour either."
    likeness = np.corrcoef(bright.ravel(), ops.sobel(image)[2].ravel())[0, 1]
    if likeness < 0.5:
        return "steady it is, but where the image has its edges the result is not larger."
    change = np.abs(bright - dim).max() / np.abs(bright).max()
    if change > 0.05:
        return "in dimmer light the result is still another. What shrinks as the contour does?"
    return None if change < 1e-3 else "nearly: what you add before dividing does not shrink along."
