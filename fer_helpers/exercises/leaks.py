"""Checks of the exercises of chapter 26-leaks."""

import numpy as np

from fer_helpers.exercises import WrongKind, close, exercise, number, whole_number


@exercise("26-leaks.1")
def _(answer):
    points = number(answer)
    if close(points, 0.72, 5e-3):
        return None
    if close(points, 0.0072, 5e-5):
        return "that is a share; the question asks for points, hundredths."
    if close(points, 1.12, 5e-3):
        return "that is all minus without. The copies would not have scored what the rest does."
    if close(points, 0.4, 5e-3):
        return "that is the part that is *not* memory: what doubles are ahead of the rest."
    if close(points, 9, 1e-2):
        return "that is the inflation on the copies alone. What share of the images are they?"
    return "compute the score on all images twice: as it is, and with copies as easy as doubles."


@exercise("26-leaks.2")
def _(answer):
    if not callable(answer):
        raise WrongKind("a function")
    family = np.random.default_rng(7).permutation(np.repeat(np.arange(50), 4))
    masks = [_mask(answer, family, 0.2, seed) for seed in range(20)]
    if any(len({*family[mask]} & {*family[~mask]}) for mask in masks):
        return "a family is on both sides. Draw families, not images."
    counts = [len({*family[mask]}) for mask in masks]
    if not any(counts) or all(count == 50 for count in counts):
        return "one of the two sides is empty."
    if not 8 <= np.mean(counts) <= 12:
        return "a share of 0.2 of 50 families should judge, on average about ten."
    if all(np.array_equal(masks[0], mask) for mask in masks):
        return "the same families judge for every seed."
    if not np.array_equal(masks[3], _mask(answer, family, 0.2, 3)):
        return "the same seed gave two different divisions."
    if len({int(name) for mask in masks for name in family[mask]}) < 40:
        return "with twenty seeds some families were never drawn. Are all equally likely?"
    uneven = np.repeat([3, 11, 40], [1, 200, 5])
    mask = _mask(answer, uneven, 0.34, 0)
    if len({*uneven[mask]}) != 1 or len({*uneven[mask]} & {*uneven[~mask]}):
        return "families may differ in size: of three, a share of 0.34 is one."
    return None


def _mask(function, family, share, seed):
    mask = np.asarray(function(family.copy(), share, seed))
    if mask.shape != family.shape or mask.dtype != bool:
        raise WrongKind("a mask: True or False for each image", mask)
    return mask


@exercise("26-leaks.3")
def _(answer):
    repetitions = whole_number(answer)
    if repetitions == 38:
        return None
    if repetitions == 37:
        return "very close: compute the half width there, to three decimals."
    if repetitions in (34, 35):
        return "1.96 is for a known standard deviation. What does Student's t take for it?"
    if repetitions in (6, 7):
        return "the half width falls with the root of the number of repetitions."
    if repetitions < 37:
        return "too few: the half width is still above 1 point."
    return "more than needed: fewer repetitions give a half width below 1 point, too."


@exercise("26-leaks.4")
def _(answer):
    confidence = number(answer)
    if 1 < confidence <= 100:
        return "give it as a number between 0 and 1."
    if close(confidence, 0.9975, 3e-5):
        return None
    if close(confidence, 0.0025, 1e-4):
        return "that is the chance to miss which each may have. The confidence is asked."
    if close(confidence, 0.95**20, 5e-3):
        return "that is the chance that all 20 hold, if each has 95 % and they are independent."
    if close(confidence, 0.95, 1e-4):
        return "with 95 % each, one of the 20 misses on average."
    if close(confidence, 0.95 ** (1 / 20), 3e-5):
        return "that is for independent intervals. Nothing is known here about how they depend."
    return "the chances to miss add up to at most 0.05. How much may each have?"
