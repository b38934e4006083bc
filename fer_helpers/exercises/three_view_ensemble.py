"""Checks of the exercises of chapter 24-three-view-ensemble."""

import numpy as np
from scipy.stats import binomtest, chi2

from fer_helpers import results, views
from fer_helpers.exercises import close, exercise, number, whole_number


@exercise("24-three-view-ensemble.1")
def _(answer):
    count = number(answer)
    if 7_000 <= count <= 8_500:
        return None
    if 1_400 <= count <= 1_700:
        return "those are the discordant faces alone. Which share of all faces are they?"
    if 35_000 <= count <= 42_000:
        return "that takes every face for a coin toss. On how many do the two networks differ?"
    return (
        "of n faces, how many are discordant, and by how many do the two counts differ? "
        "Put both into the rule of thumb."
    )


@exercise("24-three-view-ensemble.2")
def _(answer):
    constant = number(answer)
    if close(constant, 1):
        return None
    if close(constant, 0):
        return "zeros are what made the difference."
    if close(constant, 255):
        return "the views are floats: which value is white?"
    return "which value surrounds the image, and what is its negative?"


@exercise("24-three-view-ensemble.3")
def _(answer):
    count = whole_number(answer)
    runs = results.stored("three-view-ensemble", "fer2013", "cpu")
    labels = results.reference("three-view-ensemble", "fer2013", "cpu").labels["test"]
    stack = np.stack([runs[view, 0].probabilities["test"] for view in views.VIEWS])
    seeds = np.stack([runs["image", seed].probabilities["test"] for seed in range(3)])

    def right(rows):
        return int(np.sum(rows.argmax(axis=1) == labels))

    # A product of rounded probabilities may tie where a sum of logarithms does not.
    if abs(count - right(stack.prod(axis=0))) <= 2:
        return None
    if count == right(stack.mean(axis=0)):
        return "that is the arithmetic mean."
    if count == right(seeds.prod(axis=0)):
        return "that is the product of three seeds of the image; take the three views."
    if count <= 1:
        return "this asks for a number of faces, not for a share."
    return (
        "multiply the three arrays of probabilities, take the largest class, count the right ones."
    )


@exercise("24-three-view-ensemble.4")
def _(answer):
    p_value = number(answer)
    right = binomtest(60, 102).pvalue
    if close(p_value, right, 0.002):
        return None
    if close(p_value, right / 2, 0.002):
        return "that is one side of the coin: nobody said beforehand which network is better."
    if close(p_value, binomtest(60, 3589).pvalue, 1e-9):
        return "not every face is a toss: on how many do the two networks differ?"
    if close(p_value, chi2.sf(18**2 / 102, 1), 0.002):
        return "that is the chi-square approximation. Ask for the exact binomial test."
    return (
        "how likely is a split at least as uneven as 60 to 42, of that many tosses of a fair coin?"
    )
