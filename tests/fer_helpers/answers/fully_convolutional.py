"""Right answers, and wrong ones with a piece of the hint that each must get."""

import numpy as np


def overlaps(kernel, stride):
    return sorted(len(range(position, kernel, stride)) for position in range(stride))


def by_array(kernel, stride):
    return np.sort(np.bincount(np.arange(kernel) % stride, minlength=stride))


def unsorted(kernel, stride):
    return [len(range(position, kernel, stride)) for position in range(stride)]


def whole_line(kernel, stride):
    return [1] * (kernel + stride)


def spread_evenly(kernel, stride):
    return [kernel / stride] * stride


def rounded_up(kernel, stride):
    return [-(-kernel // stride)] * stride


def in_words(kernel, stride):
    return "one and two"


def never(kernel, stride):
    return {"kernel": kernel}[stride]


RIGHT = {
    "17-fully-convolutional.1": [49, 49.0],
    "17-fully-convolutional.2": [0.625, 5 / 8],
    "17-fully-convolutional.3": [overlaps, by_array],
    "17-fully-convolutional.4": [15, 15.0],
}
WRONG = [
    ("17-fully-convolutional.1", 7, "along one axis"),
    ("17-fully-convolutional.1", 4, "may overlap"),
    ("17-fully-convolutional.1", 144, "places of the map"),
    ("17-fully-convolutional.1", 36, "Where is the first"),
    ("17-fully-convolutional.1", 1, "as large as the window"),
    ("17-fully-convolutional.1", 294, "counted probabilities"),
    ("17-fully-convolutional.1", 8281, "slides over the image"),
    ("17-fully-convolutional.1", 100, "how many places"),
    ("17-fully-convolutional.1", 0.5, "a whole number"),
    ("17-fully-convolutional.2", 1, "not silent"),
    ("17-fully-convolutional.2", 1.75, "side is doubled"),
    ("17-fully-convolutional.2", 3.5, "weigh the two scores"),
    ("17-fully-convolutional.2", 90, "sum over all places"),
    ("17-fully-convolutional.2", 4, "only the face's places"),
    ("17-fully-convolutional.2", 0.5, "how many are left"),
    ("17-fully-convolutional.2", 0.875, "three times as many places"),
    ("17-fully-convolutional.2", -2, "how many are face"),
    ("17-fully-convolutional.2", "happy", "a number"),
    ("17-fully-convolutional.3", [1, 2], "a function that takes"),
    ("17-fully-convolutional.3", unsorted, "sort them"),
    ("17-fully-convolutional.3", whole_line, "as many as the stride"),
    ("17-fully-convolutional.3", spread_evenly, "spread otherwise"),
    ("17-fully-convolutional.3", rounded_up, "Is their sum right"),
    ("17-fully-convolutional.3", in_words, "a list of numbers"),
    ("17-fully-convolutional.3", never, "your function was called"),
    ("17-fully-convolutional.4", 14, "very near"),
    ("17-fully-convolutional.4", 23, "0.01"),
    ("17-fully-convolutional.4", 7, "one-sided"),
    ("17-fully-convolutional.4", 40, "at most as many"),
    ("17-fully-convolutional.4", 18, "already for a smaller number"),
    ("17-fully-convolutional.4", 3, "raise m"),
    ("17-fully-convolutional.4", 14.5, "a whole number"),
]
