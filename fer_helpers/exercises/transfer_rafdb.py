"""Checks of the exercises of chapter 21-transfer-rafdb."""

import math

from fer_helpers.exercises import close, exercise, number


@exercise("21-transfer-rafdb.1")
def _(answer):
    mean = number(answer)
    kept = 1 - (714 - 71 - 173 - 324) / 492
    if close(mean, (kept + 2) / 6, 0.001):
        return None
    if close(mean, (1 - (474 - 71 - 173) / 324 + 3) / 6, 0.001):
        return "that is VGG-16's. ResNet50 has more images wrong."
    if close(mean, 0.9001, 0.001):
        return "that is the highest, with all errors in the largest class. Where do they hurt most?"
    if close(mean, 3 / 6, 0.001):
        return "three classes can be lost whole, and then there are errors left."
    if close(mean, 0.7531, 0.0005):
        return "that is the accuracy, a mean over images. Here every class counts the same."
    if close(mean, (kept + 2) / 3, 0.002):
        return "the classes of which nothing is found belong to the mean, too."
    if mean > 1:
        return "a recall is a share, and so is a mean of recalls."
    return "how many are wrong, and which classes, from the smallest on, can they swallow?"


@exercise("21-transfer-rafdb.2")
def _(answer):
    loss = number(answer)
    wrong = 1 - 0.7531
    if close(loss, wrong * math.log(2), 0.001):
        return None
    if close(loss, math.log(2), 0.001):
        return "that is the smallest loss of one wrong image. How many of the images are wrong?"
    if close(loss, (1 - wrong) * math.log(2), 0.001):
        return "that counts the right images. Their loss can be as small as you like."
    if close(loss, wrong, 0.0005):
        return "that is in bits. Keras takes the natural logarithm."
    if close(loss, wrong * math.log(6), 0.001):
        return "one of six for the truth is not the most that a wrong answer can leave it."
    if loss <= 0:
        return "an image that is answered wrongly cannot have a loss of nothing. Why?"
    return (
        "what is the largest probability that the true class can have without being the answer? "
        "Take its loss, and the share of images that pay it."
    )


@exercise("21-transfer-rafdb.3")
def _(answer):
    numbers = number(answer)
    return {
        4 * 4 * 2048: None,
        3 * 3 * 2048: "VGG's poolings drop an odd row, and ResNet-50's padded strides keep it.",
        2048: "that is after averaging over the places. How many places are there?",
        4 * 4 * 512: "the last stage of ResNet-50 has four times as many maps as that of VGG-16.",
        3 * 3 * 512: "that is VGG-16's.",
        7 * 7 * 2048: "that is for images of 224 pixels.",
        16: "those are the places. Each has a number from every map.",
    }.get(
        numbers,
        "halve the side five times, rounding up where the padding keeps the last row; then "
        "multiply by the number of maps.",
    )


@exercise("21-transfer-rafdb.4")
def _(answer):
    times = number(answer)
    if close(times, 11 * 3 / 2, 0.05):
        return None
    if close(times, 33, 0.05):
        return "a mirrored image has features of its own. How many passes does an image need then?"
    if close(times, 11, 0.05):
        return "a training step costs more than a forward pass, and mirroring costs one pass more."
    if close(times, 11 / 2, 0.05):
        return "that counts a training step as one forward pass."
    if close(times, 3 / 2, 0.01):
        return "that is one epoch of each. The features need to be computed once only."
    if close(times, 2 / 33, 0.001):
        return "the right two numbers, the wrong way round."
    return "count forward passes per image: eleven epochs of training steps, and the features once."
