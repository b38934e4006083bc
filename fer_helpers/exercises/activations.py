"""Checks of the exercises of chapter 03-activations."""

import numpy as np

from fer_helpers import ops
from fer_helpers.exercises import close, exercise, number, numbers


@exercise("03-activations.1")
def _(answer):
    width, parameters = numbers(answer, shape=(2,))
    if width == 9:
        return "three windows of width 3 side by side would be 9 wide. By how much do they overlap?"
    if width == 3:
        return "one value of the third layer sees more than 3×3 pixels."
    if width != 7:
        return "start with the width: how many pixels does one value of the second layer see?"
    if parameters == 49:
        return "the width is right. What becomes of the biases?"
    if parameters == 66:
        return "the width is right. How many constants are left when 17 biases have been added up?"
    if parameters == 737:
        return "those are the parameters of the three layers. How many does the one layer need?"
    if parameters == 50:
        return None
    return "the width is right. How many channels go into the one layer, and how many come out?"


@exercise("03-activations.2")
def _(answer):
    a, b, c, d = numbers(answer, shape=(4,))
    x = np.linspace(-3, 3, 61)
    if close(a * np.tanh(b * x + c) + d, 6 * ops.sigmoid(4 * x - 2) + 1, 1e-4):
        return None
    ends = sorted([d - abs(a), d + abs(a)])
    if close(ends, [1, 7], 1e-4):
        return "the two ends are right, 1 and 7. Is it steep enough, and in the right place?"
    if close([abs(b), abs(c)], [2, 1], 1e-4):
        return (
            f"inside, the sizes are right. Far out yours goes from {ends[0]:g} to {ends[1]:g}; "
            "and the original?"
        )
    return "solve tanh(u) = 2 sigmoid(2u) - 1 for the sigmoid, then put 4x - 2 in place of 2u."


@exercise("03-activations.3")
def _(answer):
    factor = number(answer)
    if close(factor, 2 / 1.04, 5e-3):
        return None
    if close(factor, 2, 1e-3):
        return "that is ReLU's, where nothing comes through from the negative side."
    if close(factor, 0.52, 1e-3):
        return "that is what comes through. Which factor makes up for it?"
    if close(factor, 2 / 1.2, 5e-3) or close(factor, 1 / 0.8, 1e-3):
        return "it is the mean *square* that must be kept. What is the square of a fifth?"
    if close(factor, 1 / 1.04, 5e-3) or close(factor, 1.04, 1e-3):
        return "each side of zero has only one half of the sums."
    if factor < 1:
        return "something is lost on the negative side, so the factor must be above 1."
    return "which part of the mean square comes from the positive sums, which from the negative?"


@exercise("03-activations.4")
def _(answer):
    p, given = numbers(answer, shape=(3,)), np.array([0.7, 0.2, 0.1])
    if close(p, np.sqrt(given) / np.sqrt(given).sum(), 5e-3):
        return None
    if close(p, given**2 / (given**2).sum(), 5e-3):
        return "that is temperature 1/2: sharper, and it should be flatter."
    if close(p, np.sqrt(given), 5e-3):
        return "nearly. What do your three numbers add up to?"
    if close(p, given / 2, 2e-3) or close(p, given, 2e-3):
        return "it is the logits that are divided by 2, and the probabilities are no logits."
    if close(p, ops.softmax(given / 2), 5e-3) or close(p, ops.softmax(given), 5e-3):
        return "you have used the probabilities as logits. Whose exponential is 0.7?"
    if not close(p.sum(), 1, 5e-3):
        return "your three numbers do not add up to 1."
    return "which logits would softmax turn into 0.7, 0.2 and 0.1?"


@exercise("03-activations.5")
def _(answer):
    bias = number(answer)
    if close(bias, -2.5):
        return None
    if close(bias, 2.5):
        return "the size is right. Should the bias help the sum or hold it down?"
    if close(bias, -1.5):
        return "that is for a white image. Can another image make the sum larger?"
    if close(bias, -3.5):
        return "dead with it, yes; but a pixel cannot be negative, so less is enough."
    if close(bias, -2):
        return "that reckons with one pixel alone. Which others can add to the sum?"
    if bias < -2.5:
        return "dead with it, yes, but not the largest such bias."
    return "there is an image that wakes it up: choose each pixel by the sign of its weight."
