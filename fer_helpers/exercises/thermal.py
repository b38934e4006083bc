"""Checks of the exercises of chapter 22-thermal."""

import numpy as np

from fer_helpers.evaluation import wilson_interval
from fer_helpers.exercises import WrongKind, close, exercise, number, numbers, whole_number


@exercise("22-thermal.1")
def _(answer):
    count = whole_number(answer)
    if count == 45:
        return None
    if count == 90:
        return "that counts Ada with Ben and Ben with Ada. Does the order matter?"
    if count == 100:
        return "can the same person be drawn twice?"
    if count in (2, 5, 10, 20):
        return "name the pairs that person 0 is in, then those of person 1 that are new, and so on."
    return "for the first there are ten people to choose from. How many for the second?"


@exercise("22-thermal.2")
def _(answer):
    share = number(answer)
    if close(share, 0.4, 0.005):
        return None
    if close(share, 0.5, 0.005):
        return "then the guesses among the others would all be wrong. Are they?"
    if close(share, 1 / 3, 0.005):
        return (
            "that takes a sixth of all images for lucky guesses. It guesses only where it "
            "does not recognise."
        )
    if close(share, 40, 0.5):
        return "as a share, please, between 0 and 1."
    return "write the accuracy with the share r: recognised, and a sixth of the rest."


@exercise("22-thermal.3")
def _(answer):
    if not callable(answer):
        raise WrongKind("a function of labels, people and a random generator", answer)
    people = np.repeat(np.arange(10), 18)
    labels = np.tile(np.repeat(np.arange(6), 3), 10)
    order = np.random.default_rng(5).permutation(len(labels))
    people, labels = people[order], labels[order]
    given, owners = labels.copy(), people.copy()
    new = numbers(answer(given, owners, np.random.default_rng(1)))
    if not (np.array_equal(given, labels) and np.array_equal(owners, people)):
        return "the arrays that came in have changed. Work on a copy."
    if new.shape != labels.shape:
        return "one label per image should come back."
    maps = []
    for person in range(10):
        own = people == person
        names = [np.unique(new[own & (labels == label)]) for label in range(6)]
        if any(len(found) > 1 for found in names):
            return "frames of one clip have got different labels. Rename emotions, not images."
        maps.append(tuple(float(found[0]) for found in names))
        if sorted(maps[-1]) != list(range(6)):
            return "two clips of one person share a name, or a name is none of the six."
    if all(own == tuple(range(6)) for own in maps):
        return "nothing has been renamed."
    if len(set(maps)) == 1:
        return "all people got the same new names, so a name still means the same in everybody."
    return None


@exercise("22-thermal.4")
def _(answer):
    points = number(answer)
    (low_a, high_a), (low_b, high_b) = wilson_interval(280, 329), wilson_interval(60, 165)
    share_a, share_b = 280 / 329, 60 / 165
    difference = share_a - share_b
    low = difference - np.hypot(share_a - low_a, high_b - share_b)
    high = difference + np.hypot(high_a - share_a, share_b - low_b)
    if close(points, 100 * low, 0.15):
        return None
    if close(points, low, 0.0015):
        return "in points, please: 0.01 is one point."
    if close(points, 100 * high, 0.15):
        return "that is the upper end."
    if close(points, 100 * difference, 0.15):
        return "that is the difference itself. How far down may it lie?"
    if close(points, 100 * (low_a - high_b), 0.15):
        return "that lets both shares be at their worst at once. Add the distances as squares."
    if close(points, 100 * (low_a - low_b), 0.15):
        return "a difference is low where the first share is low and the second one high."
    return "use `points` of the chapter: each way is a pair of right images and all images."
