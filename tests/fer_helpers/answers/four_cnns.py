"""Right answers, and wrong ones with a piece of the hint that each must get."""

import numpy as np


def by_mask(history):
    accuracy, loss = np.array(history["val_accuracy"]), np.array(history["val_loss"])
    return int(np.argmin(np.where(accuracy == accuracy.max(), loss, np.inf)))


def by_sorting(history):
    pairs = zip(history["val_accuracy"], history["val_loss"], strict=True)
    ranked = sorted(enumerate(pairs), key=lambda entry: (-entry[1][0], entry[1][1]))
    return ranked[0][0]


def first(history):
    return int(np.argmax(history["val_accuracy"]))


def latest(history):
    accuracy = history["val_accuracy"]
    return max(epoch for epoch, value in enumerate(accuracy) if value == max(accuracy))


def by_loss(history):
    return int(np.argmin(history["val_loss"]))


def from_one(history):
    return by_mask(history) + 1


def in_place(history):
    history["val_loss"].sort()
    return by_mask(history)


def never(history):
    return 17


RIGHT = {
    "20-four-cnns.1": [45 * 705.9392 / 8.929416, 3558, 3557.6],
    "20-four-cnns.2": [4603, 4603.0, 4605],
    "20-four-cnns.3": [by_mask, by_sorting],
    "20-four-cnns.4": [(0.5, 0.25), [1 / 2, 1 / 4], np.array([0.5, 0.25])],
}
WRONG = [
    ("20-four-cnns.1", 79, "one epoch of VGG-16"),
    ("20-four-cnns.1", 0.57, "more epochs, not fewer"),
    ("20-four-cnns.1", 308, "for the work"),
    ("20-four-cnns.1", 45, "How often"),
    ("20-four-cnns.1", "many", "a number"),
    ("20-four-cnns.2", 4602, "very near"),
    ("20-four-cnns.2", 11, "number of steps"),
    ("20-four-cnns.2", 459, "How many nines"),
    ("20-four-cnns.2", 990, "what is left"),
    ("20-four-cnns.2", 20000, "A logarithm"),
    ("20-four-cnns.2", 4603.5, "a whole number"),
    ("20-four-cnns.3", 3, "a function"),
    ("20-four-cnns.3", first, "keeps the first"),
    ("20-four-cnns.3", latest, "keeps the last"),
    ("20-four-cnns.3", by_loss, "the loss alone"),
    ("20-four-cnns.3", from_one, "from 1"),
    ("20-four-cnns.3", in_place, "Work on a copy"),
    ("20-four-cnns.3", never, "the lowest loss"),
    ("20-four-cnns.3", lambda history: "2", "a"),
    ("20-four-cnns.4", (0.25, 0.5), "in this order"),
    ("20-four-cnns.4", (0.5, 0.5), "by the answers"),
    ("20-four-cnns.4", (0.5, 0.75), "precision is right"),
    ("20-four-cnns.4", (1.0, 0.25), "recall is right"),
    ("20-four-cnns.4", (1.0, 1.0), "mark each"),
    ("20-four-cnns.4", 0.5, "of shape"),
]
