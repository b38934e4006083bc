"""Checks of the exercises of chapter 13-vgg-and-transfer."""

import numpy as np

from fer_helpers import ops
from fer_helpers.exercises import WrongKind, close, exercise, number, numbers


@exercise("13-vgg-and-transfer.1")
def _(answer):
    share = number(answer)
    if close(share, 45 / 121, 2e-3):
        return None
    if close(share, 121 / 45, 2e-2):
        return "the right two numbers, the wrong way round: small ones over the large one."
    if share == 5:
        return "that is how many it takes. Now count the weights of both."
    if close(share, 54 / 121, 2e-3):
        return "that is one convolution too many: the first already sees three pixels, not one."
    if close(share, 36 / 121, 2e-3):
        return "that is one convolution too few. How far do four see?"
    if close(share, 9 / 121, 2e-3):
        return "that is a single 3×3. How many does it take?"
    if close(share, 15 / 11, 1e-2):
        return "a kernel has its weights along *both* axes: square the sides."
    return "how far do n convolutions of 3×3 see, and how many weights has each per pair of maps?"


@exercise("13-vgg-and-transfer.2")
def _(answer):
    if not callable(answer):
        raise WrongKind("a function that takes a 5×5 array")
    kernel = (np.arange(25.0).reshape(5, 5) - 7) ** 2 - 40
    pairs = answer(kernel.copy())
    try:
        pairs = list(pairs)
    except TypeError:
        raise WrongKind("a list of pairs of arrays", pairs) from None
    total, least = np.zeros((5, 5)), 0
    for pair in pairs:
        try:
            first, second = pair
        except (TypeError, ValueError):
            return "every entry should be a pair: two arrays of shape (3, 3)."
        first, second = numbers(first, shape=(3, 3)), numbers(second, shape=(3, 3))
        least += 1
        # The full convolution: the first kernel moves copies of the second about.
        total += ops.convolve2d(np.pad(first, 2), second)
    if least != 4:
        return f"the task allows four pairs, and your list has {least}."
    if close(total, kernel):
        return None
    if close(total, kernel[::-1, ::-1]):
        return "the sum is the kernel turned by 180°: each patch went to the opposite corner."
    if close(total[[0, 1, 3, 4]][:, [0, 1, 3, 4]], kernel[[0, 1, 3, 4]][:, [0, 1, 3, 4]]):
        return (
            "the corners are right; the middle row and column belong to several squares, and "
            "are counted more than once or not at all."
        )
    return "added up, the pairs do not give the kernel. Where does a single 1 move a patch to?"


@exercise("13-vgg-and-transfer.3")
def _(answer):
    more = number(answer)
    return {
        5_309_696: None,
        5_308_416: "almost: every one of the three has a bias per map.",
        7_079_424: "that is three of 512 maps. How wide is block 3?",
        4_719_616: "those are the two of 512 maps. The third is in block 3.",
        2_949_888: "blocks 4 and 5 are equally wide, and each gets one.",
        20_024_384: "that is all of VGG-19. How many *more* than VGG-16?",
        1_280: "those are the biases alone.",
        591_104: "a weight stands at each of the 9 places of a kernel.",
    }.get(more, "how many maps does each of the three see, and how many does it give?")


@exercise("13-vgg-and-transfer.4")
def _(answer):
    learning = number(answer)
    return {
        41_814: None,
        42_006: "the normalisation's four numbers per map are in it. Which of them learn here?",
        41_910: "the normalisation's scale and shift are in it. What does `fine_tuning` do there?",
        41_520: "that is the block alone. What else is new?",
        41_862: "the first convolution has no bias: the normalisation after it has one.",
        41_766: "the second convolution has a bias per map.",
        41_863: "that is a last layer for seven classes.",
        294: "that is feature extraction. Here block 4 learns as well.",
        44_166: "the shortcut has no weights: 48 maps go in and 48 come out.",
    }.get(learning, "write down both convolutions of the block and the last layer, then add.")
